/* The table of an engine's sounds, and how one gets into it. Control side. */
#ifndef MOTET_ENGINE_SOUND_H
#define MOTET_ENGINE_SOUND_H

#include "engine/engine.h"

/* Under the lock: a new entry with a place and an id; NULL when out of memory. */
motet_sound_entry *motet_sound_take_entry(motet_engine *engine);
motet_sound motet_sound_id(const motet_engine *engine, const motet_sound_entry *entry);

#endif /* MOTET_ENGINE_SOUND_H */
