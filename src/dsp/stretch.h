/* Faster or slower at the same pitch, for a source that is read in order.
 *
 * The result's frame n sounds like the source around the sum of the steps of the frames before it: exactly, for any
 * time, and without latency, because the source is read ahead. By the phase vocoder (dsp/vocoder.h): at a step of 1 the
 * source comes out as it is. The result depends on the step of each frame and on nothing else: neither on how frames
 * are spread over calls, nor on the SIMD level. */
#ifndef MOTET_DSP_STRETCH_H
#define MOTET_DSP_STRETCH_H

#include "dsp/vocoder.h"

#include <stdbool.h>

/* Source frames to a frame of the result, 32.32: 0, which stands still and goes on sounding, to 4. */
#define MOTET_STRETCH_ONE (UINT64_C(1) << 32)
#define MOTET_STRETCH_MOST_STEP (4 * MOTET_STRETCH_ONE)

/* Writes the source's next frames, silence behind its end. 1 ... MOTET_STRETCH_PULL at a time. */
enum { MOTET_STRETCH_PULL = 512 };
typedef void motet_stretch_pull_fn(void *user, float *const channels[2], uint32_t count) MOTET_NONBLOCKING;

typedef struct motet_stretch motet_stretch;

/* Bytes for 1 or 2 channels; zeroed, aligned to 64. Not for the audio thread. */
size_t motet_stretch_size(uint32_t channels, uint32_t sample_rate_hz);
void motet_stretch_init(motet_stretch *stretch, uint32_t channels, uint32_t sample_rate_hz,
                        const motet_kernels *kernels);

/* As after motet_stretch_init: for a source that begins, or goes on at another place. The next run then lays out eight
 * windows at once, where it takes one for each 1/8 of motet_vocoder_frames later. */
void motet_stretch_reset(motet_stretch *stretch) MOTET_NONBLOCKING;

/* The next frames of the result; steps[k] leads from frame k to the next. */
void motet_stretch_run(motet_stretch *stretch, float *const channels[2], const uint64_t *steps, uint32_t count,
                       motet_stretch_pull_fn *pull, void *user) MOTET_NONBLOCKING;

/* The place in the source that the next frame sounds like, 32.32 frames since the last reset; and how many frames have
 * been pulled since then, which is at most four and a half windows more. */
uint64_t motet_stretch_position(const motet_stretch *stretch) MOTET_NONBLOCKING;
uint64_t motet_stretch_pulled(const motet_stretch *stretch) MOTET_NONBLOCKING;

#endif /* MOTET_DSP_STRETCH_H */
