/* How a SIMD level's resampling kernels go through their positions: in groups of so many as its vectors hold. Each
 * level's source compiles this with its own instructions, so everything here is inlined. */
#ifndef MOTET_DSP_RESAMPLE_GROUPS_H
#define MOTET_DSP_RESAMPLE_GROUPS_H

#include "dsp/resample.h"

#include <string.h>

#define MOTET_ALWAYS_INLINE inline __attribute__((always_inline))

/* Before a loop of a constant count, which is to be written out: gcc does so at -O3 only. */
#if defined(__clang__)
#    define MOTET_WRITE_OUT _Pragma("clang loop unroll(full)")
#elif defined(__GNUC__)
#    define MOTET_WRITE_OUT _Pragma("GCC unroll 16")
#else
#    define MOTET_WRITE_OUT
#endif

enum { MOTET_GROUP_MAX = 16 };

/* What is left over at the end is made up to a group whose last position comes again and again: nothing is read that
 * it does not read itself. `kernel` is the caller, which makes the group. */
static MOTET_ALWAYS_INLINE void motet_pad_positions(uint64_t *padded, uint32_t size, const uint64_t *positions,
                                                    uint32_t count) MOTET_NONBLOCKING
{
    for (uint32_t k = 0; k < size; k++) {
        padded[k] = positions[k < count ? k : count - 1];
    }
}

static MOTET_ALWAYS_INLINE void motet_interpolate_rest(motet_interpolate_fn *kernel, uint32_t size, uint32_t channels,
                                                       float *out, const float *in, const uint64_t *positions,
                                                       uint32_t count) MOTET_NONBLOCKING
{
    uint64_t padded[MOTET_GROUP_MAX];
    float made[2 * MOTET_GROUP_MAX];
    motet_pad_positions(padded, size, positions, count);
    kernel(made, in, padded, size);
    memcpy(out, made, count * channels * sizeof *out);
}

static MOTET_ALWAYS_INLINE void motet_sinc_rest(motet_sinc_fn *kernel, uint32_t size, uint32_t channels, float *out,
                                                const float *in, const uint64_t *positions, uint32_t count,
                                                const motet_sinc_bank *bank) MOTET_NONBLOCKING
{
    uint64_t padded[MOTET_GROUP_MAX];
    float made[2 * MOTET_GROUP_MAX];
    motet_pad_positions(padded, size, positions, count);
    kernel(made, in, padded, size, bank);
    memcpy(out, made, count * channels * sizeof *out);
}

/* Writes the frames for a whole group of positions. */
typedef void motet_interpolate_group(float *out, const float *in, const uint64_t *positions) MOTET_NONBLOCKING;

static MOTET_ALWAYS_INLINE void motet_interpolate_in_groups(motet_interpolate_fn *kernel,
                                                            motet_interpolate_group *group, uint32_t size,
                                                            uint32_t channels, float *out, const float *in,
                                                            const uint64_t *positions, uint32_t count) MOTET_NONBLOCKING
{
    for (; count >= size; count -= size) {
        group(out, in, positions);
        out += size * channels;
        positions += size;
    }
    if (count > 0) {
        motet_interpolate_rest(kernel, size, channels, out, in, positions, count);
    }
}

#endif /* MOTET_DSP_RESAMPLE_GROUPS_H */
