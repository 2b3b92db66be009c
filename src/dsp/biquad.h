/* Second-order filters: y[n] = b0 x[n] + b1 x[n-1] + b2 x[n-2] - a1 y[n-1] - a2 y[n-2], in the transposed direct form
 * II (J. O. Smith, Introduction to Digital Filters, "Direct-Form II Transposed"):
 *   y  = b0 x + s1
 *   s1 = (b1 x + s2) - a1 y
 *   s2 = b2 x - a2 y
 * State and arithmetic are double, each operation rounded once, whatever the samples are: with a float's state a
 * low-pass at 20 Hz has more noise than signal. A sample below MOTET_BIQUAD_FLOOR comes out as 0.
 *
 * A filter left alone would die away into the denormals. So that it ends instead, the user settles its state at each
 * multiple of some number of frames, where it also changes coefficients: never where a block happens to end, or the
 * result would depend on that. In each frame it would cost half as much again, as a frame waits for the one before
 * it. */
#ifndef MOTET_DSP_BIQUAD_H
#define MOTET_DSP_BIQUAD_H

#include "base/nonblocking.h"

#include <stdint.h>

#define MOTET_BIQUAD_FLOOR 1e-20

typedef struct motet_biquad {
    double b0, b1, b2, a1, a2; /* a0 is 1 */
} motet_biquad;

typedef struct motet_biquad_state {
    double s1, s2;
} motet_biquad_state;

/* A state below the floor becomes 0. */
static inline void motet_biquad_settle(motet_biquad_state *state) MOTET_NONBLOCKING
{
    state->s1 = state->s1 > -MOTET_BIQUAD_FLOOR && state->s1 < MOTET_BIQUAD_FLOOR ? 0 : state->s1;
    state->s2 = state->s2 > -MOTET_BIQUAD_FLOOR && state->s2 < MOTET_BIQUAD_FLOOR ? 0 : state->s2;
}

/* One channel, or both sides of a signal by one filter; in place. There is nothing to gain by SIMD: each frame waits
 * for the one before it, and two sides fit beside each other into that wait. */
void motet_biquad_mono(float *samples, uint32_t count, const motet_biquad *filter,
                       motet_biquad_state *state) MOTET_NONBLOCKING;
void motet_biquad_stereo(float *left, float *right, uint32_t count, const motet_biquad *filter,
                         motet_biquad_state state[2]) MOTET_NONBLOCKING;

/* Many channels at once, each by a filter of its own: frame k of channel c is samples[k * MOTET_BIQUAD_CHANNELS + c].
 * A channel without a filter has b0 = 1 and the rest 0. This is the reference; dsp/kernels.h has faster ones with the
 * same bits. */
enum { MOTET_BIQUAD_CHANNELS = 16 };

typedef struct motet_biquad_bank {
    double b0[MOTET_BIQUAD_CHANNELS], b1[MOTET_BIQUAD_CHANNELS], b2[MOTET_BIQUAD_CHANNELS];
    double a1[MOTET_BIQUAD_CHANNELS], a2[MOTET_BIQUAD_CHANNELS];
    double s1[MOTET_BIQUAD_CHANNELS], s2[MOTET_BIQUAD_CHANNELS];
} motet_biquad_bank;

typedef void motet_biquad_bank_fn(float *samples, uint32_t count, motet_biquad_bank *bank) MOTET_NONBLOCKING;
motet_biquad_bank_fn motet_biquad_bank_run;

void motet_biquad_bank_settle(motet_biquad_bank *bank) MOTET_NONBLOCKING;

#endif /* MOTET_DSP_BIQUAD_H */
