/* Adds material onto a planar stereo sum: left[k] += sample * gain, each product and each sum rounded once.
 *
 * `frames` is interleaved in its own format; s16 counts as sample * 2^-15. A mono frame goes to both sides. */
#ifndef MOTET_DSP_MIX_H
#define MOTET_DSP_MIX_H

#include "base/nonblocking.h"

#include <stdint.h>

typedef struct motet_stereo_sum {
    float *left, *right;
} motet_stereo_sum;

/* Constant gains. */
void motet_mix_mono_s16(motet_stereo_sum sum, const int16_t *frames, float gain_left, float gain_right,
                        uint32_t count) MOTET_NONBLOCKING;
void motet_mix_mono_f32(motet_stereo_sum sum, const float *frames, float gain_left, float gain_right,
                        uint32_t count) MOTET_NONBLOCKING;
void motet_mix_stereo_s16(motet_stereo_sum sum, const int16_t *frames, float gain_left, float gain_right,
                          uint32_t count) MOTET_NONBLOCKING;
void motet_mix_stereo_f32(motet_stereo_sum sum, const float *frames, float gain_left, float gain_right,
                          uint32_t count) MOTET_NONBLOCKING;

/* Planar material; `right` is `left` for mono. */
void motet_mix_planar(motet_stereo_sum sum, const float *left, const float *right, float gain_left, float gain_right,
                      uint32_t count) MOTET_NONBLOCKING;
/* The same with a gain for each frame. */
void motet_mix_planar_ramped(motet_stereo_sum sum, const float *left, const float *right, const float *gains_left,
                             const float *gains_right, uint32_t count) MOTET_NONBLOCKING;

/* out[k] += in[k], and out[k] *= gain or gains[k]. */
void motet_add(float *out, const float *in, uint32_t count) MOTET_NONBLOCKING;
void motet_scale(float *samples, float gain, uint32_t count) MOTET_NONBLOCKING;
void motet_scale_ramped(float *samples, const float *gains, uint32_t count) MOTET_NONBLOCKING;

/* Silences each frame that holds a sample that is not finite; returns how many frames. `peak` receives the largest
 * magnitude that is left. */
uint32_t motet_silence_non_finite(motet_stereo_sum sum, uint32_t count, float *peak) MOTET_NONBLOCKING;

/* The largest magnitude. */
float motet_peak(const float *samples, uint32_t count) MOTET_NONBLOCKING;

#endif /* MOTET_DSP_MIX_H */
