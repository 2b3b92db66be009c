/* The inner loops of dsp/ramp.h, over a run of frames. These are the reference; dsp/kernels.h has faster ones with the
 * same bits. */
#ifndef MOTET_DSP_RAMP_KERNELS_H
#define MOTET_DSP_RAMP_KERNELS_H

#include "base/nonblocking.h"

#include <stdint.h>

/* For i = first ... first + count - 1, all below 2^53, and below `length` for the first:
 *   smooth: t t (3 - 2t), t = i / length
 *   shed:   s (1-s) (1-s), s = i / length; 0 from i = length on */
typedef void motet_ramp_weights_fn(double *out, uint64_t first, uint32_t length, uint32_t count) MOTET_NONBLOCKING;
motet_ramp_weights_fn motet_smooth_weights, motet_shed_weights;

/* (from + distance smooth[k]) + lift shed[k], kept within low ... high. */
typedef struct motet_ramp_run {
    const double *smooth;
    const double *shed; /* NULL: no slope was inherited */
    double from, distance, lift;
    double low, high;
} motet_ramp_run;

/* Written, or multiplied onto what is there. */
typedef void motet_ramp_run_fn(double *out, const motet_ramp_run *run, uint32_t count) MOTET_NONBLOCKING;
motet_ramp_run_fn motet_ramp_run_write, motet_ramp_run_multiply;

/* A gain below this counts as 0, so that no product with a sample comes near the denormals. */
#define MOTET_GAIN_FLOOR 1e-20

/* left[k] = level[k] share_left[k], floored, rounded once to float; right likewise. */
typedef void motet_ramp_gains_fn(float *left, float *right, const double *level, const double *share_left,
                                 const double *share_right, uint32_t count) MOTET_NONBLOCKING;
motet_ramp_gains_fn motet_ramp_gains;

#endif /* MOTET_DSP_RAMP_KERNELS_H */
