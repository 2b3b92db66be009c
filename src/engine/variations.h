/* Sets of sounds, of which each play picks one. Under the API lock. */
#ifndef MOTET_ENGINE_VARIATIONS_H
#define MOTET_ENGINE_VARIATIONS_H

#include "engine/engine.h"

typedef struct motet_variations {
    uint32_t count;
    uint32_t last; /* the one picked last; `count`: none yet */
    double volume_jitter_db, pitch_jitter_semitones;
    motet_sound_entry *sounds[MOTET_MAX_VARIATIONS]; /* held: each counts as loaded once more */
    double weights[MOTET_MAX_VARIATIONS];
} motet_variations;

/* Picks a sound, and moves the volume and pitch of `def` by the set's jitter. */
motet_sound_entry *motet_variations_pick(motet_engine *engine, motet_variations *set, motet_voice_def *def);

/* Gives the set's sounds back. */
void motet_variations_release(motet_engine *engine, motet_variations *set);

#endif /* MOTET_ENGINE_VARIATIONS_H */
