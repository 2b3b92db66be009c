/* A look-ahead peak limiter for a stereo signal.
 *
 * What it does to the sound: nothing while it stays at or below the ceiling (each frame comes out unchanged, to the
 * bit, `latency` frames later); above it the gain has come down smoothly before the peak arrives, both channels alike,
 * and recovers exponentially, by 1/e in 100 ms, until it is exactly 1 again. Per frame: wanted reduction 1 - ceiling /
 * peak (0 up to the ceiling); its maximum over the look-ahead; hold and exponential release; two running means over
 * half the look-ahead each, so that the gain moves without corners and still reaches the full reduction when the peak
 * comes out. Reductions are kept as fixed-point integers: running sums of them are exact, so silence of the limiter is
 * exactly 0 and nothing drifts however long it runs. */
#ifndef MOTET_DSP_LIMITER_H
#define MOTET_DSP_LIMITER_H

#include "base/nonblocking.h"
#include "dsp/kernels.h"

#include <stddef.h>
#include <stdint.h>

typedef struct motet_limiter motet_limiter;

/* Frames from input to output at a sample rate: 2 ms, rounded up to an even number, at least 2. */
uint32_t motet_limiter_latency_frames(uint32_t sample_rate_hz);

/* Bytes that a limiter needs; the caller provides them, zeroed and aligned to 64. */
size_t motet_limiter_size(uint32_t sample_rate_hz);
/* `ceiling_gain` is linear, in (0, 1]; kept as the float at or below it. Starts from silence. */
void motet_limiter_init(motet_limiter *limiter, const motet_kernels *kernels, uint32_t sample_rate_hz,
                        double ceiling_gain);

/* In place over planar stereo. No frame that it returns is above the ceiling. The result does not depend on how
 * frames are spread over calls. Inputs are finite; one that is not leaves no trace after the gain has recovered. */
void motet_limiter_process(motet_limiter *limiter, float *left, float *right, size_t frame_count) MOTET_NONBLOCKING;

/* The same, where a frame asks for a reduction by `peaks` in place of its own samples. */
void motet_limiter_process_peaks(motet_limiter *limiter, float *left, float *right, const float *peaks,
                                 size_t frame_count) MOTET_NONBLOCKING;

/* The time of 1/e, from now on. */
void motet_limiter_set_release(motet_limiter *limiter, double seconds, uint32_t sample_rate_hz) MOTET_NONBLOCKING;
/* Silence, as after init; the release stays. */
void motet_limiter_reset(motet_limiter *limiter) MOTET_NONBLOCKING;

#endif /* MOTET_DSP_LIMITER_H */
