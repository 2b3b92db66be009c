/* Between sample formats and channel layouts. Interleaved means frame by frame. */
#ifndef MOTET_DSP_CONVERT_H
#define MOTET_DSP_CONVERT_H

#include "base/nonblocking.h"

#include <stddef.h>
#include <stdint.h>

/* Below this a float sample of material counts as 0: far under any audible level, and far enough above the
 * denormals that no product with a gain reaches them. */
#define MOTET_SAMPLE_FLOOR 1e-17f

/* One float sample to s16: clamped to +-1, times 32767 exactly, then rounded once to nearest even, in whatever mode the
 * FPU is; NaN gives 0. The engine's output uses this. */
int16_t motet_f32_to_s16(float sample) MOTET_NONBLOCKING;

void motet_convert_f32_to_s16(int16_t *out, const float *in, size_t sample_count) MOTET_NONBLOCKING;
/* Times 2^-15, exactly. */
void motet_convert_s16_to_f32(float *out, const int16_t *in, size_t sample_count) MOTET_NONBLOCKING;

/* Float material to s16 as it is kept: times 32768, rounded once to nearest even, clamped; the exact inverse of the
 * conversion above for what came from s16. The samples are clean. */
void motet_pack_s16(int16_t *out, const float *in, size_t sample_count) MOTET_NONBLOCKING;

/* Makes material safe in place: NaN and infinity become 0, samples below MOTET_SAMPLE_FLOOR become 0, finite ones
 * beyond +-1e6 are clamped. Returns how many samples were not finite. */
size_t motet_clean_f32(float *samples, size_t sample_count) MOTET_NONBLOCKING;

/* Folds 3 ... 8 interleaved channels to stereo: centre and surrounds at sqrt(1/2), LFE dropped. Orders:
 *   3: L R C   4: L R Ls Rs   5: L R C Ls Rs   6: L R C LFE Ls Rs   7: L R C LFE Cs Ls Rs   8: L R C LFE Lb Rb Ls Rs
 * (the order of WAV's channel mask; the centre surround of 7 goes to both sides). Each side starts with its front
 * channel and adds the others in their order, in float; s16 material is converted first. `out` may be `in`. */
void motet_fold_to_stereo(float *out, const float *in, uint32_t channels, size_t frame_count) MOTET_NONBLOCKING;

/* Planar stereo to interleaved, and to mono as 0.5 L + 0.5 R, which cannot overflow as 0.5 (L + R) can. */
void motet_interleave(float *out, const float *left, const float *right, size_t frame_count) MOTET_NONBLOCKING;
void motet_fold_to_mono(float *out, const float *left, const float *right, size_t frame_count) MOTET_NONBLOCKING;

#endif /* MOTET_DSP_CONVERT_H */
