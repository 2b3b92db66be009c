/* The kernels of a SIMD level that loads the frames of each position by themselves: the ways through
 * dsp/resample_body.h group by group, included after it. */
#ifndef MOTET_DSP_RESAMPLE_EACH_H
#define MOTET_DSP_RESAMPLE_EACH_H

#include "dsp/resample_groups.h"

void KERNEL(motet_linear_mono)(float *out, const float *in, const uint64_t *positions, uint32_t count) MOTET_NONBLOCKING
{
    motet_interpolate_in_groups(KERNEL(motet_linear_mono), linear_mono_group, FLOATS, 1, out, in, positions, count);
}

void KERNEL(motet_linear_stereo)(float *out, const float *in, const uint64_t *positions,
                                 uint32_t count) MOTET_NONBLOCKING
{
    motet_interpolate_in_groups(KERNEL(motet_linear_stereo), linear_stereo_group, FLOATS / 2, 2, out, in, positions,
                                count);
}

void KERNEL(motet_cubic_mono)(float *out, const float *in, const uint64_t *positions, uint32_t count) MOTET_NONBLOCKING
{
    motet_interpolate_in_groups(KERNEL(motet_cubic_mono), cubic_mono_group, FLOATS, 1, out, in, positions, count);
}

void KERNEL(motet_cubic_stereo)(float *out, const float *in, const uint64_t *positions,
                                uint32_t count) MOTET_NONBLOCKING
{
    motet_interpolate_in_groups(KERNEL(motet_cubic_stereo), cubic_stereo_group, FLOATS / 2, 2, out, in, positions,
                                count);
}

static MOTET_ALWAYS_INLINE floats mono_group(const float *from, const uint64_t *positions, const motet_sinc_bank *bank,
                                             uint32_t taps) MOTET_NONBLOCKING
{
    floats sums[FLOATS];
    MOTET_WRITE_OUT
    for (uint32_t k = 0; k < FLOATS; k++) {
        sums[k] = mono_sums(from + (positions[k] >> 32), motet_sinc_place_of(bank, positions[k]), taps);
    }
    return mono_fold(sums);
}

static MOTET_ALWAYS_INLINE floats stereo_group(const float *from, const uint64_t *positions,
                                               const motet_sinc_bank *bank, uint32_t taps) MOTET_NONBLOCKING
{
    floats sums[FLOATS / 2];
    MOTET_WRITE_OUT
    for (uint32_t k = 0; k < FLOATS / 2; k++) {
        sums[k] = stereo_sums(from + 2 * (positions[k] >> 32), motet_sinc_place_of(bank, positions[k]), taps);
    }
    return stereo_fold(sums);
}

typedef floats sinc_group(const float *from, const uint64_t *positions, const motet_sinc_bank *bank,
                          uint32_t taps) MOTET_NONBLOCKING;

/* Whole groups; returns for how many positions. */
static MOTET_ALWAYS_INLINE uint32_t sinc_groups(sinc_group *group, uint32_t channels, float *out, const float *in,
                                                const uint64_t *positions, uint32_t count, const motet_sinc_bank *bank,
                                                uint32_t taps, uint32_t phases) MOTET_NONBLOCKING
{
    const motet_sinc_bank own = {bank->rows, taps, phases}; /* which no output can overlap */
    const float *from = in - channels * (taps / 2 - 1);
    const uint32_t size = FLOATS / channels;
    uint32_t k = 0;
    for (; count - k >= size; k += size) {
        floats_store(out + k * channels, group(from, positions + k, &own, taps));
    }
    return k;
}

#endif /* MOTET_DSP_RESAMPLE_EACH_H */
