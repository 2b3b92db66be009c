#include "dsp/kernels.h"

#include "dsp/convert.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const motet_kernels plain = {
    .name = "c",
    .mix_mono_s16 = motet_mix_mono_s16,
    .mix_mono_f32 = motet_mix_mono_f32,
    .mix_stereo_s16 = motet_mix_stereo_s16,
    .mix_stereo_f32 = motet_mix_stereo_f32,
    .mix_mono_ramped = motet_mix_mono_ramped,
    .mix_stereo_ramped = motet_mix_stereo_ramped,
    .add = motet_add,
    .add_split = motet_add_split,
    .scale = motet_scale,
    .scale_ramped = motet_scale_ramped,
    .swap = motet_swap,
    .largest = motet_largest,
    .sum_of_squares = motet_sum_of_squares,
    .convert_s16_to_f32 = motet_convert_s16_to_f32,
    .convert_f32_to_s16 = motet_convert_f32_to_s16,
    .interleave = motet_interleave,
    .walk = motet_walk,
    .glide = motet_glide,
    .linear_mono = motet_linear_mono,
    .linear_stereo = motet_linear_stereo,
    .cubic_mono = motet_cubic_mono,
    .cubic_stereo = motet_cubic_stereo,
    .sinc_mono = motet_sinc_mono,
    .sinc_stereo = motet_sinc_stereo,
    .smooth_weights = motet_smooth_weights,
    .shed_weights = motet_shed_weights,
    .ramp_write = motet_ramp_run_write,
    .ramp_multiply = motet_ramp_run_multiply,
    .ramp_gains = motet_ramp_gains,
    .limiter_reductions = motet_limiter_reductions,
    .limiter_exchange = motet_limiter_exchange,
    .true_peak = motet_true_peak_raise,
    .biquad_bank = motet_biquad_bank_run,
    .fdn_run = motet_fdn_run,
    .allpass_run = motet_allpass_run,
    .tap_add = motet_tap_add,
    .slope_run = motet_slope_run,
    .room_blend = motet_room_blend_run,
    .fft_four = motet_fft_four,
    .fft_two = motet_fft_two,
    .fft_split_real = motet_fft_split_real,
    .fft_join_real = motet_fft_join_real,
    .add_products = motet_add_products,
    .multiply_complex = motet_multiply_complex,
    .add_filtered = motet_add_filtered,
};

enum { MOST_LEVELS = 4 };

/* Fills the list with the tables that this machine can run; returns how many. The builtins ask the CPU once, when the
 * program starts, and count what the system keeps for each thread: the wide registers as well as the instructions. */
static uint32_t list_levels(const motet_kernels *levels[MOST_LEVELS])
{
    uint32_t count = 0;
    levels[count++] = &plain;
#if defined(MOTET_KERNELS_X86)
    __builtin_cpu_init();
    levels[count++] = &motet_kernels_sse2; /* the whole build is for machines that have it */
    if (__builtin_cpu_supports("avx2")) {
        levels[count++] = &motet_kernels_avx2;
    }
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
        __builtin_cpu_supports("avx512vl")) {
        levels[count++] = &motet_kernels_avx512;
    }
#elif defined(MOTET_KERNELS_NEON)
    levels[count++] = &motet_kernels_neon; /* every AArch64 has it */
#endif
    return count;
}

uint32_t motet_kernels_count(void)
{
    const motet_kernels *levels[MOST_LEVELS];
    return list_levels(levels);
}

const motet_kernels *motet_kernels_at(uint32_t index)
{
    const motet_kernels *levels[MOST_LEVELS];
    return index < list_levels(levels) ? levels[index] : NULL;
}

const motet_kernels *motet_kernels_find(const char *name)
{
    const motet_kernels *levels[MOST_LEVELS];
    for (uint32_t count = list_levels(levels); count > 0; count--) {
        if (strcmp(levels[count - 1]->name, name) == 0) {
            return levels[count - 1];
        }
    }
    return NULL;
}

static const char *wanted_by_environment(void)
{
    const char *wanted = getenv("MOTET_SIMD");
    return wanted != NULL && *wanted != '\0' ? wanted : NULL;
}

const motet_kernels *motet_kernels_choose(const char *name)
{
    const char *wanted = name != NULL ? name : wanted_by_environment();
    const motet_kernels *found = wanted != NULL ? motet_kernels_find(wanted) : NULL;
    return found != NULL ? found : motet_kernels_at(motet_kernels_count() - 1);
}

const char *motet_kernels_unknown(void)
{
    const char *wanted = wanted_by_environment();
    return wanted == NULL || motet_kernels_find(wanted) != NULL ? NULL : wanted;
}

const char *motet_kernels_names(char *text, size_t size)
{
    size_t length = 0;
    text[0] = '\0';
    for (uint32_t i = 0; i < motet_kernels_count() && length < size; i++) {
        int written = snprintf(text + length, size - length, "%s%s", i > 0 ? ", " : "", motet_kernels_at(i)->name);
        length += written > 0 ? (size_t)written : 0;
    }
    return text;
}
