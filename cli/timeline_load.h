/* What a timeline needs from outside: its sounds in an engine, and the bytes of its feeds. */
#ifndef MOTET_CLI_TIMELINE_LOAD_H
#define MOTET_CLI_TIMELINE_LOAD_H

#include "timeline.h"

typedef struct motet_loaded {
    motet_sound *sounds;   /* beside timeline->sounds; {0} where it could not be loaded */
    uint32_t *sound_rates; /* their own, in which positions count */
    motet_bytes *chunks;   /* beside timeline->chunks */
    size_t sound_count, chunk_count;
} motet_loaded;

/* The engine that a header asks for, to be rendered by hand; the caller may change the def before creating it. */
motet_engine_def motet_timeline_engine_def(const motet_timeline *timeline);

/* Opens every file that the timeline names and makes its sounds. False when some of it failed: all of that has been
 * added to `problems`. */
bool motet_timeline_load(const motet_timeline *timeline, motet_engine *engine, motet_loaded *loaded,
                         motet_problems *problems);

/* Whether every file that the timeline names can be opened, without an engine to load it into; else as above. */
bool motet_timeline_find_files(const motet_timeline *timeline, motet_problems *problems);

void motet_loaded_free(motet_loaded *loaded);

#endif /* MOTET_CLI_TIMELINE_LOAD_H */
