/* Reads one or two channels of material at fractional positions through a low-pass filter: the tiers sinc16 and
 * sinc32.
 *
 * A tier is a row of banks, each the same kind of filter for a range of ratios r (source frames for each output frame).
 * Bank 0 serves r <= 1 and passes through the source's own frames: at a position without a fraction it gives the frame
 * itself, to the bit. From there on the pass band narrows, so that what would land above the output's Nyquist frequency
 * and fold back is gone before. Up to r = 1.42 a filter has 16 or 32 taps and there are 15 banks; above, taps and width
 * grow with r up to 64 and stay there for ratios beyond. docs/pitch.md has the figures.
 *
 * Each bank is a table of *phases*: the coefficients for that many fractions of a frame, with linear interpolation
 * between them. Where filters are longer they are as much smoother, and need as many phases less: every bank has about
 * the same size. */
#ifndef MOTET_DSP_SINC_H
#define MOTET_DSP_SINC_H

#include "base/nonblocking.h"

#include <stddef.h>
#include <stdint.h>

enum {
    MOTET_SINC_BANKS = 48,      /* of a tier */
    MOTET_SINC_BASE_BANKS = 15, /* of them with the fewest taps */
    MOTET_SINC_LANES = 16,      /* partial sums of a dot product; taps are a multiple of it */
    MOTET_SINC_MAX_TAPS = 1472  /* of the last bank of sinc32 */
};

typedef struct motet_sinc_bank {
    const float *rows; /* phases + 1 of `taps` coefficients each; the last is the first, one frame on */
    uint32_t taps;
    uint32_t phases;
} motet_sinc_bank;

/* All the banks of one tier. */
typedef struct motet_sinc {
    uint64_t steps[MOTET_SINC_BANKS]; /* the highest 32.32 step that each bank serves; the last serves all above too */
    motet_sinc_bank banks[MOTET_SINC_BANKS];
} motet_sinc;

/* Bytes of coefficients that a tier of 16 or 32 taps has. */
size_t motet_sinc_size(uint32_t least_taps);
/* Designs a tier into that much memory, aligned to 64: the same bits on every machine, in a few milliseconds. */
void motet_sinc_build(motet_sinc *sinc, uint32_t least_taps, float *coefficients);

/* Which bank serves a step. */
uint32_t motet_sinc_bank_of(const motet_sinc *sinc, uint64_t step) MOTET_NONBLOCKING;

/* Frames that a bank reads before and after the whole part of a position. */
static inline uint32_t motet_sinc_before(const motet_sinc_bank *bank) MOTET_NONBLOCKING
{
    return bank->taps / 2 - 1;
}

static inline uint32_t motet_sinc_after(const motet_sinc_bank *bank) MOTET_NONBLOCKING
{
    return bank->taps / 2;
}

/* `in` is a window of consecutive frames, stereo ones interleaved, and `positions` are 32.32 fixed point, counted from
 * the window's first frame; each must leave room in the window for the taps around it. A dot product keeps 16 partial
 * sums, tap k in the (k mod 16)th, each starting from its first product, folded by halves: lanes 8 apart, then 4, 2 and
 * 1. A coefficient is c + f d, where d is the difference to the next row. These are the reference; dsp/kernels.h has
 * faster ones with the same bits. */
typedef void motet_sinc_fn(float *out, const float *in, const uint64_t *positions, uint32_t count,
                           const motet_sinc_bank *bank) MOTET_NONBLOCKING;
motet_sinc_fn motet_sinc_mono, motet_sinc_stereo;

/* Where a position's coefficients lie: between a row and the one that follows it, a part `f` of the way. */
typedef struct motet_sinc_place {
    const float *row;
    float f;
} motet_sinc_place;

static inline motet_sinc_place motet_sinc_place_of(const motet_sinc_bank *bank, uint64_t position) MOTET_NONBLOCKING
{
    uint64_t phase = (uint64_t)(uint32_t)position * bank->phases;
    float f = (float)((uint32_t)phase >> 8) * 0x1p-24f; /* 24 bits: exact as a float, and never 1 */
    return (motet_sinc_place){bank->rows + (phase >> 32) * bank->taps, f};
}

#endif /* MOTET_DSP_SINC_H */
