/* The inner loops of the mixer as a table, one for each SIMD level. Every level gives the bits of the C reference:
 * products and sums are rounded one by one, in an order that the reference's header states.
 *
 * None reads outside the frames that its arguments name, but for MOTET_KERNEL_SLACK floats behind the last frame of a
 * window that is resampled (`in`), which must be readable memory; what is there changes nothing. None needs more
 * alignment than the sample's own. */
#ifndef MOTET_DSP_KERNELS_H
#define MOTET_DSP_KERNELS_H

#include "base/nonblocking.h"
#include "dsp/biquad.h"
#include "dsp/fdn.h"
#include "dsp/fft_kernels.h"
#include "dsp/interpolate.h"
#include "dsp/limiter_kernels.h"
#include "dsp/mix.h"
#include "dsp/ramp_kernels.h"
#include "dsp/sinc.h"
#include "dsp/true_peak.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { MOTET_KERNEL_SLACK = 64 };

typedef struct motet_kernels {
    const char *name; /* "c", "sse2", "avx2", "avx512", "neon" */

    /* dsp/mix.h */
    motet_mix_mono_fn *mix_mono_s16, *mix_mono_f32;
    motet_mix_stereo_fn *mix_stereo_s16, *mix_stereo_f32;
    motet_mix_mono_ramped_fn *mix_mono_ramped;
    motet_mix_stereo_ramped_fn *mix_stereo_ramped;
    motet_add_fn *add;
    motet_add_split_fn *add_split;
    motet_scale_fn *scale;
    motet_scale_ramped_fn *scale_ramped;
    motet_swap_fn *swap;
    motet_largest_fn *largest;
    motet_sum_of_squares_fn *sum_of_squares;

    /* dsp/convert.h */
    void (*convert_s16_to_f32)(float *out, const int16_t *in, size_t sample_count) MOTET_NONBLOCKING;
    void (*convert_f32_to_s16)(int16_t *out, const float *in, size_t sample_count) MOTET_NONBLOCKING;
    void (*interleave)(float *out, const float *left, const float *right, size_t frame_count) MOTET_NONBLOCKING;

    /* dsp/interpolate.h, dsp/sinc.h */
    motet_walk_fn *walk;
    motet_glide_fn *glide;
    motet_interpolate_fn *linear_mono, *linear_stereo, *cubic_mono, *cubic_stereo;
    motet_sinc_fn *sinc_mono, *sinc_stereo;

    /* dsp/ramp_kernels.h */
    motet_ramp_weights_fn *smooth_weights, *shed_weights;
    motet_ramp_run_fn *ramp_write, *ramp_multiply;
    motet_ramp_gains_fn *ramp_gains;

    /* dsp/limiter_kernels.h */
    motet_limiter_reductions_fn *limiter_reductions;
    motet_limiter_exchange_fn *limiter_exchange;

    /* dsp/true_peak.h */
    motet_true_peak_fn *true_peak;

    /* dsp/biquad.h */
    motet_biquad_bank_fn *biquad_bank;

    /* dsp/fdn.h */
    motet_fdn_run_fn *fdn_run;
    motet_allpass_run_fn *allpass_run;
    motet_tap_add_fn *tap_add;
    motet_slope_run_fn *slope_run;
    motet_room_blend_fn *room_blend;

    /* dsp/fft_kernels.h */
    motet_fft_pass_fn *fft_four, *fft_two;
    motet_fft_real_fn *fft_split_real, *fft_join_real;
    motet_add_products_fn *add_products;
    motet_multiply_complex_fn *multiply_complex;
    motet_add_filtered_fn *add_filtered;
} motet_kernels;

/* The levels that this build has, each in a file of its own that alone is compiled for that instruction set. */
#if defined(__x86_64__) || (defined(__i386__) && defined(__SSE2__))
#    define MOTET_KERNELS_X86 1
extern const motet_kernels motet_kernels_sse2, motet_kernels_avx2, motet_kernels_avx512;
#elif defined(__aarch64__) && !defined(__AARCH64EB__)
#    define MOTET_KERNELS_NEON 1
extern const motet_kernels motet_kernels_neon;
#endif

/* Those of them that this machine can run, the plain C reference first, the fastest last. */
uint32_t motet_kernels_count(void);
const motet_kernels *motet_kernels_at(uint32_t index);

/* By name; NULL where there is none of that name, or this machine cannot run it. */
const motet_kernels *motet_kernels_find(const char *name);

/* Those of that name; NULL: those that MOTET_SIMD in the environment names, else the fastest, which also stand in for a
 * name that motet_kernels_find would not find. Reads the environment: not for the audio thread. */
const motet_kernels *motet_kernels_choose(const char *name);

/* What MOTET_SIMD names in vain; NULL where it names nothing, or what can be had. */
const char *motet_kernels_unknown(void);

/* "c, sse2, avx2": the names of all that this machine can run, cut to the text's size. Returns `text`. */
const char *motet_kernels_names(char *text, size_t size);

#endif /* MOTET_DSP_KERNELS_H */
