/* What a timeline needs from outside: its sounds in an engine, and the bytes of its feeds. */
#ifndef MOTET_CLI_TIMELINE_LOAD_H
#define MOTET_CLI_TIMELINE_LOAD_H

#include "timeline.h"

/* Frames [start, end) of a sound; an end of 0 is the sound's. */
typedef struct motet_frame_range {
    uint64_t start, end;
} motet_frame_range;

/* Of a set, what its sounds have in common. */
typedef struct motet_loaded_sound {
    motet_sound id;         /* {0} where it could not be loaded */
    uint32_t rate_hz;       /* its own, in which positions count; 0: several */
    uint64_t frames;        /* of a set: of the shortest that has any */
    motet_frame_range loop; /* the file's loop points; both 0: all of it */
    bool has_several_loops;
} motet_loaded_sound;

typedef struct motet_loaded {
    motet_loaded_sound *sounds; /* beside timeline->sounds */
    motet_bytes *chunks;        /* beside timeline->chunks */
    size_t sound_count, chunk_count;
    bool has_markers; /* one of the sounds */
} motet_loaded;

/* The engine that a header asks for, to be rendered by hand; the caller may change the def before creating it. */
motet_engine_def motet_timeline_engine_def(const motet_timeline *timeline);

/* Opens every file that the timeline names and makes its sounds. False when some of it failed: all of that has been
 * added to `problems`. */
bool motet_timeline_load(const motet_timeline *timeline, motet_engine *engine, motet_loaded *loaded,
                         motet_problems *problems);

/* A place in a sound, in frames of its own. */
uint64_t motet_loaded_frame(const motet_timeline *timeline, const motet_loaded *loaded, uint32_t sound,
                            motet_duration position);

/* The range that the loop of a voice has after a "play" or "set" of it; `before` is what it had before a "set". */
motet_frame_range motet_loaded_loop(const motet_timeline *timeline, const motet_loaded *loaded,
                                    const motet_timeline_command *command, motet_frame_range before);

/* Whether every file that the timeline names can be opened, without an engine to load it into; else as above. */
bool motet_timeline_find_files(const motet_timeline *timeline, motet_problems *problems);

void motet_loaded_free(motet_loaded *loaded);

#endif /* MOTET_CLI_TIMELINE_LOAD_H */
