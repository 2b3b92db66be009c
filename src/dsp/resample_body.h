/* The arithmetic of the resampling kernels, written once for all SIMD levels. dsp/resample_<level>.c includes its
 * vectors (dsp/vector_<level>.h), says how it brings frames and sums into their lanes, and then includes this. The
 * formulas and their order are those of the references (dsp/interpolate.c, sinc.c): lane by lane the same bits.
 *
 * A group is FLOATS positions of mono, or FLOATS / 2 of stereo with the channels side by side. A level says for one:
 *   fractions_of, pair_fractions_of   the positions' fractions; each twice
 *   mono_frames, stereo_frames        the frames at the positions, then those behind them; 2 or 4 in all
 *   each_twice                        lanes 0 0 1 1 2 2 ..., in two vectors
 *   mono_fold, stereo_fold            the outputs, each the sum of all lanes (of its channel) of a vector, by halves
 * and KERNEL(name), which puts the level behind a name, for dsp/resample_each.h and resample_sinc.h after this. */
#ifndef MOTET_DSP_RESAMPLE_BODY_H
#define MOTET_DSP_RESAMPLE_BODY_H

#include "dsp/resample_groups.h"

/* ----------------------------------------------------------------------------------------------- Linear and cubic */

static MOTET_ALWAYS_INLINE floats linear(floats a, floats b, floats f) MOTET_NONBLOCKING
{
    return floats_add(a, floats_multiply(f, floats_subtract(b, a)));
}

static MOTET_ALWAYS_INLINE floats cubic(floats a, floats b, floats c, floats d, floats f) MOTET_NONBLOCKING
{
    const floats half = floats_fill(0.5f);
    floats c1 = floats_multiply(half, floats_subtract(c, a));
    floats c3 = floats_add(floats_multiply(half, floats_subtract(d, a)),
                           floats_multiply(floats_fill(1.5f), floats_subtract(b, c)));
    floats c2 = floats_add(floats_subtract(a, floats_multiply(floats_fill(2.5f), b)),
                           floats_subtract(floats_add(c, c), floats_multiply(half, d)));
    floats sum = floats_add(floats_multiply(c3, f), c2);
    sum = floats_add(floats_multiply(sum, f), c1);
    return floats_add(floats_multiply(sum, f), b);
}

static MOTET_ALWAYS_INLINE void linear_mono_group(float *out, const float *in,
                                                  const uint64_t *positions) MOTET_NONBLOCKING
{
    floats frames[2];
    mono_frames(frames, 2, in, positions);
    floats_store(out, linear(frames[0], frames[1], fractions_of(positions)));
}

static MOTET_ALWAYS_INLINE void linear_stereo_group(float *out, const float *in,
                                                    const uint64_t *positions) MOTET_NONBLOCKING
{
    floats frames[2];
    stereo_frames(frames, 2, in, positions);
    floats_store(out, linear(frames[0], frames[1], pair_fractions_of(positions)));
}

static MOTET_ALWAYS_INLINE void cubic_mono_group(float *out, const float *in,
                                                 const uint64_t *positions) MOTET_NONBLOCKING
{
    floats frames[4];
    mono_frames(frames, 4, in - 1, positions);
    floats_store(out, cubic(frames[0], frames[1], frames[2], frames[3], fractions_of(positions)));
}

static MOTET_ALWAYS_INLINE void cubic_stereo_group(float *out, const float *in,
                                                   const uint64_t *positions) MOTET_NONBLOCKING
{
    floats frames[4];
    stereo_frames(frames, 4, in - 2, positions);
    floats_store(out, cubic(frames[0], frames[1], frames[2], frames[3], pair_fractions_of(positions)));
}

/* -------------------------------------------------------------------------------------------------------- Sinc */

/* Vectors that hold the partial sums of an output. */
enum { SUMS = MOTET_SINC_LANES / FLOATS };

/* The sum of 1, 2, 4 or 8 vectors, by halves. */
static MOTET_ALWAYS_INLINE floats sum_by_halves(floats sums[], uint32_t count) MOTET_NONBLOCKING
{
    if (count == 8) {
        MOTET_WRITE_OUT
        for (uint32_t j = 0; j < 4; j++) {
            sums[j] = floats_add(sums[j], sums[j + 4]);
        }
    }
    if (count >= 4) {
        sums[0] = floats_add(sums[0], sums[2]);
        sums[1] = floats_add(sums[1], sums[3]);
    }
    return count == 1 ? sums[0] : floats_add(sums[0], sums[1]);
}

/* Coefficients between two rows. c - f (c - n) has the bits of c + f (n - c), as in no table both are -0, and spares
 * an instruction: what is subtracted may come from memory. */
static MOTET_ALWAYS_INLINE floats coefficients(const float *row, uint32_t taps, floats f) MOTET_NONBLOCKING
{
    floats c = floats_load(row);
    return floats_subtract(c, floats_multiply(floats_subtract(c, floats_load(row + taps)), f));
}

/* The partial sums of an output whose taps begin at `frame`, folded to one vector. */
static MOTET_ALWAYS_INLINE floats mono_sums(const float *frame, motet_sinc_place place, uint32_t taps) MOTET_NONBLOCKING
{
    floats f = floats_fill(place.f);
    floats sums[SUMS];
    MOTET_WRITE_OUT
    for (uint32_t j = 0; j < SUMS; j++) {
        sums[j] = floats_multiply(coefficients(place.row + FLOATS * j, taps, f), floats_load(frame + FLOATS * j));
    }
    for (uint32_t tap = MOTET_SINC_LANES; tap < taps; tap += MOTET_SINC_LANES) {
        MOTET_WRITE_OUT
        for (uint32_t j = 0; j < SUMS; j++) {
            floats h = coefficients(place.row + tap + FLOATS * j, taps, f);
            sums[j] = floats_add(sums[j], floats_multiply(h, floats_load(frame + tap + FLOATS * j)));
        }
    }
    return sum_by_halves(sums, SUMS);
}

/* The same in stereo, channels side by side. */
static MOTET_ALWAYS_INLINE floats stereo_sums(const float *frame, motet_sinc_place place,
                                              uint32_t taps) MOTET_NONBLOCKING
{
    floats f = floats_fill(place.f);
    floats sums[2 * SUMS];
    floats h[2];
    MOTET_WRITE_OUT
    for (uint32_t j = 0; j < SUMS; j++) {
        const float *from = frame + 2 * FLOATS * j;
        each_twice(coefficients(place.row + FLOATS * j, taps, f), h);
        sums[2 * j] = floats_multiply(h[0], floats_load(from));
        sums[2 * j + 1] = floats_multiply(h[1], floats_load(from + FLOATS));
    }
    for (uint32_t tap = MOTET_SINC_LANES; tap < taps; tap += MOTET_SINC_LANES) {
        frame += 2 * MOTET_SINC_LANES;
        MOTET_WRITE_OUT
        for (uint32_t j = 0; j < SUMS; j++) {
            const float *from = frame + 2 * FLOATS * j;
            each_twice(coefficients(place.row + tap + FLOATS * j, taps, f), h);
            sums[2 * j] = floats_add(sums[2 * j], floats_multiply(h[0], floats_load(from)));
            sums[2 * j + 1] = floats_add(sums[2 * j + 1], floats_multiply(h[1], floats_load(from + FLOATS)));
        }
    }
    return sum_by_halves(sums, 2 * SUMS);
}

#endif /* MOTET_DSP_RESAMPLE_BODY_H */
