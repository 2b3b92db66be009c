/* The loop of a feedback delay network of 16 lines (J.-M. Jot and A. Chaigne, "Digital delay networks for designing
 * artificial reverberators", 1991): what comes out of the lines is absorbed, turned, mixed by a Hadamard matrix, and
 * goes back into them with what enters. Turning and mixing lose nothing, so that the absorption alone says how long it
 * rings.
 *
 *   each line:     x = its delayed sample, bounded; below 1e-20 it is 0
 *                  low  = low_pole low + low_feed (x + x before)         x[1] = gain x + low_mix low
 *                  high = high_pole high + high_feed (x[1] + x[1] before)     y = high_through x[1] + high_mix high
 *   out:           two orthogonal sums of all y with signs
 *   turning:       y[i], y[i + 8] by an angle of its own for i < 4 and for 4 <= i < 8, given frame by frame
 *   mixing:        by the Hadamard matrix of order 16; its factor 1/4 is part of `gain`
 *   into a line:   the mixed sample and both inputs with signs
 *
 * No line may be shorter than a cell, so that a whole cell comes out before any of it goes back in. */
#ifndef MOTET_DSP_FDN_H
#define MOTET_DSP_FDN_H

#include "base/nonblocking.h"

#include <stdint.h>

enum { MOTET_FDN_LINES = 16, MOTET_FDN_CELL = 64 };

typedef struct motet_fdn_filters {
    float gain[MOTET_FDN_LINES];
    float low_pole[MOTET_FDN_LINES], low_feed[MOTET_FDN_LINES], low_mix[MOTET_FDN_LINES];
    float high_pole[MOTET_FDN_LINES], high_feed[MOTET_FDN_LINES], high_through[MOTET_FDN_LINES],
        high_mix[MOTET_FDN_LINES];
} motet_fdn_filters;

typedef struct motet_fdn_state {
    float low[MOTET_FDN_LINES], low_before[MOTET_FDN_LINES];
    float high[MOTET_FDN_LINES], high_before[MOTET_FDN_LINES];
} motet_fdn_state;

/* At most MOTET_FDN_CELL frames. */
typedef struct motet_fdn_cell {
    const float *read[MOTET_FDN_LINES]; /* what each line has delayed */
    float *write[MOTET_FDN_LINES];      /* where it goes on; nothing that is read */
    const float *in[2];
    float *out[2];
    const float *cosine[2], *sine[2]; /* of the angles, in each frame */
    uint32_t count;
} motet_fdn_cell;

/* These are the references; dsp/kernels.h has faster ones with the same bits. */
typedef void motet_fdn_run_fn(const motet_fdn_filters *filters, motet_fdn_state *state,
                              const motet_fdn_cell *cell) MOTET_NONBLOCKING;
motet_fdn_run_fn motet_fdn_run;

/* An all-pass of a line and a gain (M. R. Schroeder, "Natural sounding artificial reverberation", 1962), in place:
 *   v = x + g delayed, into the line; x = delayed - g v; g = gain + (first + k) slope in frame k. Below 1e-20 v is 0.
 *   */
typedef void motet_allpass_run_fn(float *samples, const float *delayed, float *line, float gain, float slope,
                                  uint32_t first, uint32_t count) MOTET_NONBLOCKING;
motet_allpass_run_fn motet_allpass_run;

/* sum += gain in */
typedef void motet_tap_add_fn(float *sum, const float *in, float gain, uint32_t count) MOTET_NONBLOCKING;
motet_tap_add_fn motet_tap_add;

/* out[k] = in[k] (now + (first + k) step) */
typedef void motet_slope_run_fn(float *out, const float *in, float now, float step, uint32_t first,
                                uint32_t count) MOTET_NONBLOCKING;
motet_slope_run_fn motet_slope_run;

/* What is heard of a room: each side is late + early by their gains; the difference of the sides by a gain of its own.
 * In frame k a gain is now + (first + k) step; below 1e-20 a sample is 0. Nothing overlaps. */
typedef struct motet_room_blend {
    const float *late[2], *early[2];
    float late_now, late_step, early_now, early_step, side_now, side_step;
    uint32_t first, count;
} motet_room_blend;

typedef void motet_room_blend_fn(float *left, float *right, const motet_room_blend *blend) MOTET_NONBLOCKING;
motet_room_blend_fn motet_room_blend_run;

/* Sets a state that has died away to 0; at multiples of MOTET_FDN_CELL engine frames. */
void motet_fdn_settle(motet_fdn_state *state) MOTET_NONBLOCKING;

/* What a line of so many frames absorbs in one pass, when all lines together shall ring for these times (until -60 dB)
 * at low, middle and high frequencies. In between the rate of decay goes over as a shelf of first order does:
 *   60 dB / RT(f) = mid + (low - mid) / (1 + (f / low_hz)^2) + (high - mid) / (1 + (high_hz / f)^2) */
typedef struct motet_fdn_decay {
    double mid_seconds, low_seconds, high_seconds; /* INFINITY is allowed */
    double low_hz, high_hz;
} motet_fdn_decay;

void motet_fdn_design(motet_fdn_filters *filters, const uint32_t delays[MOTET_FDN_LINES], const motet_fdn_decay *decay,
                      double sample_rate_hz) MOTET_NONBLOCKING;

#endif /* MOTET_DSP_FDN_H */
