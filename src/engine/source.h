/* Reads a slot's material at its pitch: the step from source frames to engine frames. Audio thread. */
#ifndef MOTET_ENGINE_SOURCE_H
#define MOTET_ENGINE_SOURCE_H

#include "engine/slot.h"

/* Source frames per engine frame as 32.32: round(pitch * source_rate / engine_rate * 2^32). */
uint64_t motet_source_step(double pitch, uint32_t source_rate_hz, uint32_t engine_rate_hz) MOTET_NONBLOCKING;

typedef struct motet_source_run {
    uint32_t frames; /* written; fewer than asked for only at the end of the material */
    bool starved;    /* a gap of a feed began in them */
    uint64_t starved_frame;
} motet_source_run;

/* Writes the next `count` frames (at most MOTET_BLOCK_FRAMES) as planar floats from the slot's engine frame on, and
 * moves its position past them. `right` is written for stereo material only. */
motet_source_run motet_source_read(motet_engine *engine, motet_slot *slot, float *left, float *right,
                                   uint32_t count) MOTET_NONBLOCKING;

/* Where the slot's position would be read out of memory in its own format, when its next `count` frames are plain
 * copies of consecutive frames; else NULL. */
const void *motet_source_direct(const motet_engine *engine, const motet_slot *slot, uint32_t count) MOTET_NONBLOCKING;
/* Moves the position past frames read that way. */
void motet_source_skip(motet_slot *slot, uint32_t count) MOTET_NONBLOCKING;

/* True when the material has no further frame, now or ever. */
bool motet_source_is_over(const motet_slot *slot) MOTET_NONBLOCKING;

/* Takes a look at how much a feed holds, once a block. */
void motet_source_look(motet_feed *feed, uint64_t block_start) MOTET_NONBLOCKING;

#endif /* MOTET_ENGINE_SOURCE_H */
