/* The frames that a slot hears, as floats, wherever they lie: in a sound, round its loop, in a feed's ring. Audio
 * thread; of source.c. */
#ifndef MOTET_ENGINE_SOURCE_GATHER_H
#define MOTET_ENGINE_SOURCE_GATHER_H

#include "dsp/kernels.h"
#include "engine/slot.h"
#include "engine/stream.h"

/* What the slot reads, if not a feed. A loop is exact in the file's own frames only. */
static inline const motet_material *motet_source_material(const motet_slot *slot) MOTET_NONBLOCKING
{
    if (slot->stream != NULL) {
        return slot->from_original ? &slot->stream->original : &slot->stream->material;
    }
    return slot->from_original ? slot->material->original : slot->material;
}

/* Where so many frames from `at` on lie in memory as floats, one after the other, and MOTET_KERNEL_SLACK floats behind
 * them; NULL: not so. */
const float *motet_source_in_place(const motet_slot *slot, int64_t at, uint32_t count) MOTET_NONBLOCKING;

/* Writes `count` frames from `at` on as floats, interleaved where they are stereo; `at` counts on past the loop's end
 * as if it were unrolled. What lies before the first frame and behind the last is silent. */
void motet_source_gather(const motet_kernels *kernels, const motet_slot *slot, int64_t at, float *out,
                         uint32_t count) MOTET_NONBLOCKING;

#endif /* MOTET_ENGINE_SOURCE_GATHER_H */
