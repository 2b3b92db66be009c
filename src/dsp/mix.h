/* Adds material onto sums, and works on sums. Mono voices are summed in a planar stereo sum, stereo voices in an
 * interleaved one, as their frames lie in memory.
 *
 * Every product and every sum is rounded once to float. These are the reference; dsp/kernels.h has faster ones with the
 * same bits. */
#ifndef MOTET_DSP_MIX_H
#define MOTET_DSP_MIX_H

#include "base/nonblocking.h"

#include <stdint.h>

typedef struct motet_stereo_sum {
    float *left, *right;
} motet_stereo_sum;

/* A voice whose gains stand still. Each is 0 or large enough that its 2^-15th part is no denormal. */
typedef struct motet_mix_voice {
    const void *frames; /* s16, which count as sample * 2^-15, or f32; stereo is interleaved */
    float gain_left, gain_right;
    const void *next; /* as many frames that the next pass will read: brought near, never read; NULL: none */
} motet_mix_voice;

enum { MOTET_MIX_VOICES = 8 }; /* the most in one pass */

/* left[k] = ((left[k] + v0[k] gain_left0) + v1[k] gain_left1) + ..., and right likewise. */
typedef void motet_mix_mono_fn(motet_stereo_sum sum, const motet_mix_voice *voices, uint32_t voice_count,
                               uint32_t count) MOTET_NONBLOCKING;
motet_mix_mono_fn motet_mix_mono_s16, motet_mix_mono_f32;

/* The same for interleaved frames onto an interleaved sum. */
typedef void motet_mix_stereo_fn(float *sum, const motet_mix_voice *voices, uint32_t voice_count,
                                 uint32_t count) MOTET_NONBLOCKING;
motet_mix_stereo_fn motet_mix_stereo_s16, motet_mix_stereo_f32;

/* One voice of f32 frames with gains for each frame. */
typedef void motet_mix_mono_ramped_fn(motet_stereo_sum sum, const float *frames, const float *gains_left,
                                      const float *gains_right, uint32_t count) MOTET_NONBLOCKING;
motet_mix_mono_ramped_fn motet_mix_mono_ramped;
typedef void motet_mix_stereo_ramped_fn(float *sum, const float *frames, const float *gains_left,
                                        const float *gains_right, uint32_t count) MOTET_NONBLOCKING;
motet_mix_stereo_ramped_fn motet_mix_stereo_ramped;

/* out[k] += in[k]; left[k] += in[2k] and right[k] += in[2k + 1]; samples[k] *= gain or gains[k]. */
typedef void motet_add_fn(float *out, const float *in, uint32_t count) MOTET_NONBLOCKING;
motet_add_fn motet_add;
typedef void motet_add_split_fn(motet_stereo_sum sum, const float *interleaved, uint32_t count) MOTET_NONBLOCKING;
motet_add_split_fn motet_add_split;
typedef void motet_scale_fn(float *samples, float gain, uint32_t count) MOTET_NONBLOCKING;
motet_scale_fn motet_scale;
/* to += from * gain, one product and one sum a sample; a gain for all or for each. */
void motet_add_scaled(float *to, const float *from, float gain, uint32_t count) MOTET_NONBLOCKING;
void motet_add_scaled_ramped(float *to, const float *from, const float *gains, uint32_t count) MOTET_NONBLOCKING;

typedef void motet_scale_ramped_fn(float *samples, const float *gains, uint32_t count) MOTET_NONBLOCKING;
motet_scale_ramped_fn motet_scale_ramped;

/* Exchanges what two arrays hold, which do not overlap. */
typedef void motet_swap_fn(float *a, float *b, uint32_t count) MOTET_NONBLOCKING;
motet_swap_fn motet_swap;

/* The largest magnitude, where infinity and NaN count as larger than every number, so that one tells of any; 0 without
 * samples. */
typedef float motet_largest_fn(const float *samples, uint32_t count) MOTET_NONBLOCKING;
motet_largest_fn motet_largest;

/* For the RMS of a run, in double: square k is added to the (k mod 16)th of MOTET_SQUARE_SUMS partial sums, which start
 * from 0 and are folded by halves: lanes 8 apart, then 4, 2 and 1. */
enum { MOTET_SQUARE_SUMS = 16 };
typedef double motet_sum_of_squares_fn(const float *samples, uint32_t count) MOTET_NONBLOCKING;
motet_sum_of_squares_fn motet_sum_of_squares;
/* The last part of it: adds the squares of fewer than MOTET_SQUARE_SUMS samples to the partial sums and folds them. */
double motet_fold_squares(double sums[MOTET_SQUARE_SUMS], const float *rest, uint32_t rest_count) MOTET_NONBLOCKING;

/* Silences each frame that holds a sample that is not finite; returns how many. */
uint32_t motet_silence_non_finite(motet_stereo_sum sum, uint32_t count) MOTET_NONBLOCKING;

#endif /* MOTET_DSP_MIX_H */
