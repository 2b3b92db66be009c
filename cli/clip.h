/* A whole sound file, or the rendering of a timeline, as floats in memory: what compare and info look at. */
#ifndef MOTET_CLI_CLIP_H
#define MOTET_CLI_CLIP_H

#include "motet/motet.h"
#include "problems.h"

typedef struct motet_clip {
    uint32_t rate_hz;
    uint32_t channels;      /* of the samples: files with more are folded to stereo */
    uint32_t file_channels; /* of the file */
    uint64_t frames;
    float *samples;
    size_t capacity;
} motet_clip;

/* An engine that only holds sounds. NULL after a message in `problems`. */
motet_engine *motet_clip_engine(motet_problems *problems);

/* Loads a sound file into an engine, kept as floats. {0} after a message in `problems`. */
motet_sound motet_clip_load(motet_engine *engine, const char *path, motet_problems *problems);

/* Reads all samples of a loaded sound; false after a message. */
bool motet_clip_read_sound(motet_clip *clip, motet_engine *engine, motet_sound sound, motet_problems *problems);

/* Reads a sound file, or renders a timeline. False after a message; warnings too go to `problems`. */
bool motet_clip_read(motet_clip *clip, const char *path, motet_problems *problems);

/* Adds frames behind the last; the rate and the channels are the caller's. */
void motet_clip_append(motet_clip *clip, const float *interleaved, uint32_t frame_count);

void motet_clip_free(motet_clip *clip);

#endif /* MOTET_CLI_CLIP_H */
