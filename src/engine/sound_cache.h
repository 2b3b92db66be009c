/* Sounds of files that nobody holds any more, kept decoded within the budget of motet_engine_def.cache_bytes: the one
 * that was released first goes first. They are in no table and have no id. Under the API lock. */
#ifndef MOTET_ENGINE_SOUND_CACHE_H
#define MOTET_ENGINE_SOUND_CACHE_H

#include "engine/file_stamp.h"
#include "motet/motet.h"

struct motet_sound_entry;

typedef struct motet_sound_cache {
    struct motet_sound_entry *newest; /* linked by `next_garbage` */
    uint64_t bytes;
    uint64_t hits;
} motet_sound_cache;

/* Keeps a sound that has left the table; false where it may not be kept. */
bool motet_sound_cache_keep(motet_engine *engine, struct motet_sound_entry *entry);
/* Takes out the sound of a path, a name and a def, as its file is now; what is kept of an older file goes. NULL: there
 * is none. */
struct motet_sound_entry *motet_sound_cache_take(motet_engine *engine, const char *path, const char *name,
                                                 const motet_sound_def *def, const motet_file_stamp *stamp);
/* Gives up what was released first, until at most so many bytes are kept. */
void motet_sound_cache_shrink(motet_engine *engine, uint64_t bytes);

#endif /* MOTET_ENGINE_SOUND_CACHE_H */
