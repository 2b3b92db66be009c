/* The sinc kernels of a SIMD level over its `sinc_groups`, `mono_group` and `stereo_group`, included after them. */
#ifndef MOTET_DSP_RESAMPLE_SINC_H
#define MOTET_DSP_RESAMPLE_SINC_H

#include "dsp/resample_groups.h"

/* The banks for ordinary ratios are faster as constants. */
static MOTET_ALWAYS_INLINE uint32_t sinc(sinc_group *group, uint32_t channels, float *out, const float *in,
                                         const uint64_t *positions, uint32_t count,
                                         const motet_sinc_bank *bank) MOTET_NONBLOCKING
{
    if (bank->taps == 16 && bank->phases == 128) {
        return sinc_groups(group, channels, out, in, positions, count, bank, 16, 128);
    }
    if (bank->taps == 32 && bank->phases == 128) {
        return sinc_groups(group, channels, out, in, positions, count, bank, 32, 128);
    }
    return sinc_groups(group, channels, out, in, positions, count, bank, bank->taps, bank->phases);
}

void KERNEL(motet_sinc_mono)(float *out, const float *in, const uint64_t *positions, uint32_t count,
                             const motet_sinc_bank *bank) MOTET_NONBLOCKING
{
    uint32_t done = sinc(mono_group, 1, out, in, positions, count, bank);
    if (done < count) {
        motet_sinc_rest(KERNEL(motet_sinc_mono), FLOATS, 1, out + done, in, positions + done, count - done, bank);
    }
}

void KERNEL(motet_sinc_stereo)(float *out, const float *in, const uint64_t *positions, uint32_t count,
                               const motet_sinc_bank *bank) MOTET_NONBLOCKING
{
    uint32_t done = sinc(stereo_group, 2, out, in, positions, count, bank);
    if (done < count) {
        motet_sinc_rest(KERNEL(motet_sinc_stereo), FLOATS / 2, 2, out + 2 * done, in, positions + done, count - done,
                        bank);
    }
}

#endif /* MOTET_DSP_RESAMPLE_SINC_H */
