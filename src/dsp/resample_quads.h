/* What dsp/resample_body.h asks of a SIMD level, for levels of four lanes, over
 *   two_pairs                    two frames of mono at each of two positions
 *   four_fours                   the four frames from each of four positions on, transposed
 *   first_halves, second_halves  of two vectors
 *   pair_sums                    of the first vector's neighbouring lanes, then the second's */
#ifndef MOTET_DSP_RESAMPLE_QUADS_H
#define MOTET_DSP_RESAMPLE_QUADS_H

#include "dsp/resample_groups.h"

static MOTET_ALWAYS_INLINE void mono_frames(floats frames[], uint32_t frame_count, const float *in,
                                            const uint64_t *positions) MOTET_NONBLOCKING
{
    if (frame_count == 2) {
        floats low = two_pairs(in, positions);
        floats high = two_pairs(in, positions + 2);
        floats_split(low, high, frames);
        return;
    }
    four_fours(frames, in, positions);
}

static MOTET_ALWAYS_INLINE void stereo_frames(floats frames[], uint32_t frame_count, const float *in,
                                              const uint64_t *positions) MOTET_NONBLOCKING
{
    MOTET_WRITE_OUT
    for (uint32_t j = 0; j < frame_count; j += 2) {
        floats first = floats_load(in + 2 * (positions[0] >> 32) + 2 * j);
        floats second = floats_load(in + 2 * (positions[1] >> 32) + 2 * j);
        frames[j] = first_halves(first, second);
        frames[j + 1] = second_halves(first, second);
    }
}

static MOTET_ALWAYS_INLINE void each_twice(floats v, floats out[2]) MOTET_NONBLOCKING
{
    floats_interleave(v, v, out);
}

static MOTET_ALWAYS_INLINE floats fold_2(floats a, floats b) MOTET_NONBLOCKING
{
    return floats_add(first_halves(a, b), second_halves(a, b));
}

static MOTET_ALWAYS_INLINE floats mono_fold(const floats sums[]) MOTET_NONBLOCKING
{
    floats low = fold_2(sums[0], sums[1]);
    floats high = fold_2(sums[2], sums[3]);
    return pair_sums(low, high);
}

/* A tap is two lanes wide here. */
static MOTET_ALWAYS_INLINE floats stereo_fold(const floats sums[]) MOTET_NONBLOCKING
{
    return fold_2(sums[0], sums[1]);
}

#endif /* MOTET_DSP_RESAMPLE_QUADS_H */
