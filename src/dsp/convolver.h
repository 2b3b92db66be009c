/* Convolution of one or two channels with an impulse response of up to ten seconds, without latency.
 *
 * The first 64 taps are summed directly, the others by transforms in three levels of parts (dsp/impulse.h), whose
 * inputs' spectra are kept as long as a response can be. The work of the two longer levels is cut into units of about
 * the same cost and spread evenly over the block that it may take: no frame is much dearer than another. All of it sits
 * on multiples of 64 engine frames, so that the sound does not depend on runs, nor on when the convolver was last
 * reset.
 *
 * A new response takes over in a crossfade: it runs along silently until it has caught up (never more than two of its
 * longest blocks), and then fades in while the old one fades out. */
#ifndef MOTET_DSP_CONVOLVER_H
#define MOTET_DSP_CONVOLVER_H

#include "dsp/impulse.h"

typedef struct motet_convolver motet_convolver;

/* Bytes for `channels` channels, 1 or 2; zeroed, aligned to 64. */
size_t motet_convolver_size(uint32_t channels, uint32_t sample_rate_hz);
void motet_convolver_init(motet_convolver *convolver, uint32_t channels, uint32_t sample_rate_hz,
                          const motet_kernels *kernels);

/* Silence before; the response stays, or if one was to take its place, that one. */
void motet_convolver_reset(motet_convolver *convolver) MOTET_NONBLOCKING;

/* NULL for none, which is silence. Before the first run it is there at once. */
void motet_convolver_set(motet_convolver *convolver, const motet_impulse *impulse) MOTET_NONBLOCKING;
bool motet_convolver_uses(const motet_convolver *convolver, const motet_impulse *impulse) MOTET_NONBLOCKING;

/* Frames of the longest response that sounds or is going to. */
uint32_t motet_convolver_frames(const motet_convolver *convolver) MOTET_NONBLOCKING;

/* In place. In frame k responses are scaled by 1 + normal[k] (scale - 1). A frame that does not follow the last run's
 * is a reset. */
void motet_convolver_run(motet_convolver *convolver, float *const channels[2], const float *normal, uint64_t frame,
                         uint32_t count) MOTET_NONBLOCKING;

#endif /* MOTET_DSP_CONVOLVER_H */
