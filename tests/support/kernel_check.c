#define _GNU_SOURCE /* MAP_ANONYMOUS */
#include "support/kernel_check.h"

#include "base/fpu.h"

#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* One call of a kernel works on a handful of arrays. They are placed anew for each call and filled from a seed, so that
 * a second call, by the other table, finds the same. */

enum { MAX_ARRAYS = 24, AREA_BYTES = 65536, MARGIN_BYTES = 192, MARGIN = 0xa5, OFFSETS = 16 };

typedef enum array_kind { FLOAT_ARRAY, DOUBLE_ARRAY, OTHER_ARRAY } array_kind;

typedef struct array {
    array_kind kind;
    unsigned char *start;
    size_t bytes;
} array;

typedef struct stage {
    unsigned char *areas[MAX_ARRAYS]; /* AREA_BYTES each, between pages that nobody may touch */
    array arrays[MAX_ARRAYS];
    uint32_t array_count;
    bool at_end;     /* arrays end where their area does; else `offset` elements behind a multiple of 64 bytes */
    uint32_t offset; /* 0 ... OFFSETS - 1 */
    bool wild;       /* infinities, NaN and denormals too */
    uint32_t seed, random;
    uint32_t voice_count;
} stage;

static uint32_t random_bits(stage *s)
{
    s->random ^= s->random << 13;
    s->random ^= s->random >> 17;
    s->random ^= s->random << 5;
    return s->random;
}

/* In [-1, 1). */
static double random_number(stage *s)
{
    return (double)random_bits(s) * 0x1p-31 - 1;
}

static void *place(stage *s, array_kind kind, size_t count, size_t size)
{
    unsigned char *area = s->areas[s->array_count];
    array *a = &s->arrays[s->array_count++];
    a->kind = kind;
    a->bytes = count * size;
    /* Arrays of one call lie differently. */
    size_t offset = (s->offset + 3 * s->array_count) % OFFSETS * size;
    a->start = s->at_end ? area + AREA_BYTES - a->bytes : area + MARGIN_BYTES + offset;
    size_t behind = (size_t)(area + AREA_BYTES - (a->start + a->bytes));
    memset(a->start - MARGIN_BYTES, MARGIN, MARGIN_BYTES);
    memset(a->start + a->bytes, MARGIN, behind < MARGIN_BYTES ? behind : MARGIN_BYTES);
    return a->start;
}

static bool margins_are_whole(const stage *s, const array *a)
{
    const unsigned char *end = a->start + a->bytes;
    size_t behind = (size_t)(s->areas[a - s->arrays] + AREA_BYTES - end);
    for (size_t i = 1; i <= MARGIN_BYTES; i++) {
        if (a->start[-(ptrdiff_t)i] != MARGIN || (i <= behind && end[i - 1] != MARGIN)) {
            return false;
        }
    }
    return true;
}

static const float special_floats[] = {0.0f,         -0.0f,         1.0f,    -1.0f,       FLT_MIN,     -FLT_MIN / 2,
                                       FLT_TRUE_MIN, -FLT_TRUE_MIN, FLT_MAX, -FLT_MAX,    INFINITY,    -INFINITY,
                                       NAN,          -NAN,          1e-20f,  9e-21f,      0.5f,        -0.5f,
                                       1.0000001f,   3e30f,         -1e-30f, 16777216.0f, 0.99999994f, -1.5f};

static float *floats(stage *s, size_t count)
{
    float *values = place(s, FLOAT_ARRAY, count, sizeof *values);
    for (size_t i = 0; i < count; i++) {
        uint32_t bits = random_bits(s);
        values[i] = (float)random_number(s);
        if (s->wild && bits % 5 == 0) {
            values[i] = special_floats[(bits >> 8) % (sizeof special_floats / sizeof *special_floats)];
        }
    }
    return values;
}

/* Of ramps: mostly within 0 ... 1, with values around the gain's floor. */
static double *doubles(stage *s, size_t count)
{
    static const double specials[] = {0,      1,      1e-20, 9.9999e-21, 1.0001e-20, 1e-11,  1e-10,
                                      1e-300, -1e-20, 2,     -0.0,       1e9,        -1e-11, 1e-9};
    double *values = place(s, DOUBLE_ARRAY, count, sizeof *values);
    for (size_t i = 0; i < count; i++) {
        uint32_t bits = random_bits(s);
        values[i] = 0.5 + 0.5 * random_number(s);
        if (bits % 5 == 0) {
            values[i] = specials[(bits >> 8) % (sizeof specials / sizeof *specials)];
        }
        if (s->wild && bits % 67 == 1) {
            values[i] = (double)NAN;
        }
    }
    return values;
}

static int16_t *shorts(stage *s, size_t count)
{
    int16_t *values = place(s, OTHER_ARRAY, count, sizeof *values);
    for (size_t i = 0; i < count; i++) {
        uint32_t bits = random_bits(s);
        values[i] = bits % 9 == 0 ? INT16_MIN : bits % 9 == 1 ? INT16_MAX : bits % 9 == 2 ? 0 : (int16_t)(bits >> 16);
    }
    return values;
}

static uint32_t *words(stage *s, size_t count)
{
    uint32_t *values = place(s, OTHER_ARRAY, count, sizeof *values);
    memset(values, 0, count * sizeof *values);
    return values;
}

/* ----------------------------------------------------------------------------------------------------- Kernels */

static float gain(stage *s)
{
    static const float gains[] = {0, 1, 1e-20f, -1, 15.848932f};
    uint32_t bits = random_bits(s);
    return bits % 4 == 0 ? gains[(bits >> 8) % 5] : (float)random_number(s) * 2;
}

static void make_voices(stage *s, motet_mix_voice *voices, size_t samples, bool s16)
{
    for (uint32_t v = 0; v < s->voice_count; v++) {
        voices[v].gain_left = gain(s);
        voices[v].gain_right = gain(s);
        voices[v].frames = s16 ? (const void *)shorts(s, samples) : (const void *)floats(s, samples);
        voices[v].next = NULL;
    }
    if (s->seed % 4 < 2) { /* memory that nobody may read */
        for (uint32_t v = 0; v < s->voice_count; v++) {
            voices[v].next = v == 3 ? NULL : s->areas[v] - 64;
        }
    }
}

static motet_stereo_sum planar(stage *s, uint32_t count)
{
    float *left = floats(s, count);
    return (motet_stereo_sum){left, floats(s, count)};
}

static void run_mix_mono_s16(stage *s, const motet_kernels *k, uint32_t count)
{
    motet_mix_voice voices[MOTET_MIX_VOICES];
    make_voices(s, voices, count, true);
    k->mix_mono_s16(planar(s, count), voices, s->voice_count, count);
}

static void run_mix_mono_f32(stage *s, const motet_kernels *k, uint32_t count)
{
    motet_mix_voice voices[MOTET_MIX_VOICES];
    make_voices(s, voices, count, false);
    k->mix_mono_f32(planar(s, count), voices, s->voice_count, count);
}

static void run_mix_stereo_s16(stage *s, const motet_kernels *k, uint32_t count)
{
    motet_mix_voice voices[MOTET_MIX_VOICES];
    make_voices(s, voices, 2 * (size_t)count, true);
    k->mix_stereo_s16(floats(s, 2 * (size_t)count), voices, s->voice_count, count);
}

static void run_mix_stereo_f32(stage *s, const motet_kernels *k, uint32_t count)
{
    motet_mix_voice voices[MOTET_MIX_VOICES];
    make_voices(s, voices, 2 * (size_t)count, false);
    k->mix_stereo_f32(floats(s, 2 * (size_t)count), voices, s->voice_count, count);
}

static void run_mix_mono_ramped(stage *s, const motet_kernels *k, uint32_t count)
{
    motet_stereo_sum sum = planar(s, count);
    const float *frames = floats(s, count);
    const float *left = floats(s, count);
    k->mix_mono_ramped(sum, frames, left, floats(s, count), count);
}

static void run_mix_stereo_ramped(stage *s, const motet_kernels *k, uint32_t count)
{
    float *sum = floats(s, 2 * (size_t)count);
    const float *frames = floats(s, 2 * (size_t)count);
    const float *left = floats(s, count);
    k->mix_stereo_ramped(sum, frames, left, floats(s, count), count);
}

static void run_add(stage *s, const motet_kernels *k, uint32_t count)
{
    float *out = floats(s, count);
    k->add(out, floats(s, count), count);
}

static void run_add_split(stage *s, const motet_kernels *k, uint32_t count)
{
    motet_stereo_sum sum = planar(s, count);
    k->add_split(sum, floats(s, 2 * (size_t)count), count);
}

static void run_scale(stage *s, const motet_kernels *k, uint32_t count)
{
    float factor = gain(s);
    k->scale(floats(s, count), factor, count);
}

static void run_scale_ramped(stage *s, const motet_kernels *k, uint32_t count)
{
    float *samples = floats(s, count);
    k->scale_ramped(samples, floats(s, count), count);
}

static void run_swap(stage *s, const motet_kernels *k, uint32_t count)
{
    float *a = floats(s, count);
    k->swap(a, floats(s, count), count);
}

static void run_largest(stage *s, const motet_kernels *k, uint32_t count)
{
    float *out = floats(s, 1);
    *out = k->largest(floats(s, count), count);
}

static void run_sum_of_squares(stage *s, const motet_kernels *k, uint32_t count)
{
    double *out = doubles(s, 1);
    *out = k->sum_of_squares(floats(s, count), count);
}

static void run_convert_s16_to_f32(stage *s, const motet_kernels *k, uint32_t count)
{
    float *out = floats(s, count);
    k->convert_s16_to_f32(out, shorts(s, count), count);
}

static void run_convert_f32_to_s16(stage *s, const motet_kernels *k, uint32_t count)
{
    int16_t *out = shorts(s, count);
    float *in = floats(s, count);
    for (uint32_t i = 0; i < count; i += 3) { /* around the steps of the rounding */
        in[i] = nextafterf((float)(((int32_t)(random_bits(s) >> 16) - 32767 + 0.5) / 32767.0), i % 2 == 0 ? -2 : 2);
    }
    k->convert_f32_to_s16(out, in, count);
}

static void run_interleave(stage *s, const motet_kernels *k, uint32_t count)
{
    float *out = floats(s, 2 * (size_t)count);
    const float *left = floats(s, count);
    k->interleave(out, left, floats(s, count), count);
}

static uint64_t first_frame(stage *s, uint32_t length, uint32_t count)
{
    switch (random_bits(s) % 5) {
    case 0: return 0;
    case 1: return random_bits(s) % length;
    case 2: return length > count ? length - count : 0;
    case 3: return UINT32_MAX - count / 2;              /* whose index leaves 32 bits on the way */
    default: return (UINT64_C(1) << 53) - count - 1000; /* the last that are exact */
    }
}

static uint32_t ramp_length(stage *s)
{
    static const uint32_t lengths[] = {1, 7, 480, 96000, 0x1000001, UINT32_MAX};
    return lengths[random_bits(s) % 6];
}

static void run_smooth_weights(stage *s, const motet_kernels *k, uint32_t count)
{
    uint32_t length = ramp_length(s);
    uint64_t first = first_frame(s, length, count);
    k->smooth_weights(doubles(s, count), first, length, count);
}

static void run_shed_weights(stage *s, const motet_kernels *k, uint32_t count)
{
    uint32_t length = ramp_length(s);
    uint64_t first = first_frame(s, length, count);
    k->shed_weights(doubles(s, count), first, length, count);
}

static motet_ramp_run ramp_run(stage *s, uint32_t count)
{
    motet_ramp_run run = {.from = random_number(s), .distance = 2 * random_number(s), .lift = random_number(s)};
    run.low = random_bits(s) % 2 == 0 ? 0 : -1;
    run.high = random_bits(s) % 3 == 0 ? 1e9 : 1;
    run.smooth = doubles(s, count);
    run.shed = random_bits(s) % 2 == 0 ? doubles(s, count) : NULL;
    return run;
}

static void run_ramp_write(stage *s, const motet_kernels *k, uint32_t count)
{
    motet_ramp_run run = ramp_run(s, count);
    k->ramp_write(doubles(s, count), &run, count);
}

static void run_ramp_multiply(stage *s, const motet_kernels *k, uint32_t count)
{
    motet_ramp_run run = ramp_run(s, count);
    k->ramp_multiply(doubles(s, count), &run, count);
}

static void run_ramp_gains(stage *s, const motet_kernels *k, uint32_t count)
{
    motet_stereo_sum gains = planar(s, count);
    const double *level = doubles(s, count);
    const double *left = doubles(s, count);
    k->ramp_gains(gains.left, gains.right, level, left, doubles(s, count), count);
}

static void run_limiter_reductions(stage *s, const motet_kernels *k, uint32_t count)
{
    uint32_t *reductions = words(s, count);
    float ceiling = random_bits(s) % 3 == 0 ? 1 : (float)(0.51 + 0.49 * random_number(s));
    const float *left = floats(s, count);
    k->limiter_reductions(reductions, ceiling, left, floats(s, count), count);
}

static void run_limiter_exchange(stage *s, const motet_kernels *k, uint32_t count)
{
    float *samples = floats(s, count);
    float *delayed = floats(s, count);
    k->limiter_exchange(samples, delayed, doubles(s, count), count);
}

static void run_true_peak(stage *s, const motet_kernels *k, uint32_t count)
{
    float *peaks = floats(s, count);
    k->true_peak(peaks, floats(s, (size_t)count + MOTET_TRUE_PEAK_PAST) + MOTET_TRUE_PEAK_PAST, count);
}

static void run_biquad_bank(stage *s, const motet_kernels *k, uint32_t count)
{
    uint32_t frames = count % 200;
    motet_biquad_bank *bank = place(s, DOUBLE_ARRAY, sizeof *bank / sizeof(double), sizeof(double));
    for (int c = 0; c < MOTET_BIQUAD_CHANNELS; c++) { /* poles within the circle: |a2| < 1, |a1| < 1 + a2 */
        bank->a2[c] = 0.999 * random_number(s);
        bank->a1[c] = (1 + bank->a2[c]) * 0.999 * random_number(s);
        bank->b0[c] = random_number(s);
        bank->b1[c] = random_number(s);
        bank->b2[c] = random_number(s);
        bank->s1[c] = c % 3 == 0 ? 0 : random_number(s);
        bank->s2[c] = c % 3 == 0 ? 0 : random_number(s) * 1e-21;
    }
    float *samples = floats(s, (size_t)frames * MOTET_BIQUAD_CHANNELS);
    for (uint32_t i = 0; i < frames * MOTET_BIQUAD_CHANNELS; i++) {
        samples[i] = (i / 160) % 2 == 0 ? samples[i] : 0; /* also dying away */
    }
    k->biquad_bank(samples, frames, bank);
}

/* Filters that die away, or they would run into the bound of the loop and hide what they do. */
static void run_fdn(stage *s, const motet_kernels *k, uint32_t count)
{
    motet_fdn_cell cell = {.count = count % (MOTET_FDN_CELL + 1)};
    motet_fdn_filters *filters = place(s, FLOAT_ARRAY, sizeof *filters / sizeof(float), sizeof(float));
    for (int i = 0; i < MOTET_FDN_LINES; i++) {
        filters->gain[i] = (float)(0.25 * random_number(s));
        filters->low_pole[i] = (float)random_number(s);
        filters->low_feed[i] = (float)random_number(s);
        filters->low_mix[i] = (float)(0.2 * random_number(s));
        filters->high_pole[i] = (float)random_number(s);
        filters->high_feed[i] = (float)random_number(s);
        filters->high_through[i] = (float)random_number(s);
        filters->high_mix[i] = (float)random_number(s);
    }
    motet_fdn_state *state = place(s, FLOAT_ARRAY, sizeof *state / sizeof(float), sizeof(float));
    for (size_t i = 0; i < sizeof *state / sizeof(float); i++) {
        ((float *)state)[i] = (float)random_number(s);
    }
    /* A few arrays hold all lines, as there are only so many places. */
    const float *read = floats(s, (size_t)MOTET_FDN_LINES * MOTET_FDN_CELL);
    float *write = floats(s, (size_t)MOTET_FDN_LINES * MOTET_FDN_CELL);
    for (int i = 0; i < MOTET_FDN_LINES; i++) {
        cell.read[i] = read + (ptrdiff_t)i * MOTET_FDN_CELL;
        cell.write[i] = write + (ptrdiff_t)i * MOTET_FDN_CELL;
    }
    for (int c = 0; c < 2; c++) {
        cell.in[c] = floats(s, cell.count);
        cell.out[c] = floats(s, cell.count);
        cell.cosine[c] = floats(s, cell.count);
        cell.sine[c] = floats(s, cell.count);
    }
    k->fdn_run(filters, state, &cell);
}

static void run_allpass(stage *s, const motet_kernels *k, uint32_t count)
{
    float *samples = floats(s, count);
    const float *delayed = floats(s, count);
    float *line = floats(s, count);
    float gain = (float)random_number(s);
    k->allpass_run(samples, delayed, line, gain, 1e-3f * (float)random_number(s), count % 7, count);
}

static void run_tap_add(stage *s, const motet_kernels *k, uint32_t count)
{
    float *sum = floats(s, count);
    const float *in = floats(s, count);
    k->tap_add(sum, in, (float)random_number(s), count);
}

static void run_slope(stage *s, const motet_kernels *k, uint32_t count)
{
    float *out = floats(s, count);
    const float *in = floats(s, count);
    float now = (float)random_number(s);
    k->slope_run(out, in, now, 1e-3f * (float)random_number(s), count % 5, count);
}

static void run_room_blend(stage *s, const motet_kernels *k, uint32_t count)
{
    float *left = floats(s, count), *right = floats(s, count);
    motet_room_blend blend = {.first = count % 7, .count = count};
    for (int c = 0; c < 2; c++) {
        blend.late[c] = floats(s, count);
        blend.early[c] = floats(s, count);
    }
    blend.late_now = (float)random_number(s);
    blend.late_step = 1e-3f * (float)random_number(s);
    blend.early_now = (float)random_number(s);
    blend.early_step = 1e-3f * (float)random_number(s);
    blend.side_now = (float)random_number(s);
    blend.side_step = 1e-3f * (float)random_number(s);
    k->room_blend(left, right, &blend);
}

static motet_complexes complexes(stage *s, uint32_t count)
{
    float *re = floats(s, count);
    return (motet_complexes){re, floats(s, count)};
}

/* A pass of a transform of 32 ... 2048 points, whole or in part. */
static void run_fft(stage *s, const motet_kernels *k, uint32_t count, bool two)
{
    uint32_t points = 32u << random_bits(s) % 7;
    uint32_t radix = two ? 2 : 4;
    motet_fft_pass pass = {.points = points, .stride = points / 2};
    if (!two) {
        pass.stride = 1;
        for (uint32_t level = random_bits(s) % 5; level > 0 && points / pass.stride >= 16; level--) {
            pass.stride *= 4;
        }
        pass.columns = pass.stride < 16 ? points / 4 : points / 4 / pass.stride;
        pass.twiddles = floats(s, 6 * (size_t)pass.columns);
    }
    uint32_t first = random_bits(s) % 4 == 0 ? random_bits(s) % (points / radix) : 16 % (points / radix);
    uint32_t rest = points / radix - first;
    motet_complexes in = complexes(s, points);
    (two ? k->fft_two : k->fft_four)(&pass, in, complexes(s, points), first, count < rest ? count : rest);
}

static void run_fft_four(stage *s, const motet_kernels *k, uint32_t count)
{
    run_fft(s, k, count, false);
}

static void run_fft_two(stage *s, const motet_kernels *k, uint32_t count)
{
    run_fft(s, k, count, true);
}

static void run_fft_real(stage *s, motet_fft_real_fn *run)
{
    uint32_t points = 32u << random_bits(s) % 7;
    float scale = (float)random_number(s);
    motet_complexes out = complexes(s, points);
    motet_complexes in = complexes(s, points);
    run(out, in, complexes(s, points), points, scale);
}

static void run_fft_split_real(stage *s, const motet_kernels *k, uint32_t count)
{
    (void)count;
    run_fft_real(s, k->fft_split_real);
}

static void run_fft_join_real(stage *s, const motet_kernels *k, uint32_t count)
{
    (void)count;
    run_fft_real(s, k->fft_join_real);
}

static void run_add_products(stage *s, const motet_kernels *k, uint32_t count)
{
    motet_products products = {.count = 1 + random_bits(s) % MOTET_PRODUCTS};
    for (uint32_t i = 0; i < products.count; i++) {
        products.x[i] = complexes(s, count);
        products.h[i] = complexes(s, count);
    }
    k->add_products(complexes(s, count), &products, count);
}

static void run_multiply_complex(stage *s, const motet_kernels *k, uint32_t count)
{
    motet_complexes out = complexes(s, count);
    motet_complexes in = complexes(s, count);
    k->multiply_complex(out, in, complexes(s, count), count);
}

static void run_add_filtered(stage *s, const motet_kernels *k, uint32_t count)
{
    uint32_t tap_count = 1 + random_bits(s) % 64;
    const float *taps = floats(s, tap_count);
    float *out = floats(s, count);
    k->add_filtered(out, floats(s, count + tap_count - 1) + tap_count - 1, taps, tap_count, count);
}

typedef struct kernel_run {
    const char *name;
    void (*run)(stage *s, const motet_kernels *kernels, uint32_t count);
    bool has_voices;
} kernel_run;

static const kernel_run runs[] = {
    {"mix_mono_s16", run_mix_mono_s16, true},
    {"mix_mono_f32", run_mix_mono_f32, true},
    {"mix_stereo_s16", run_mix_stereo_s16, true},
    {"mix_stereo_f32", run_mix_stereo_f32, true},
    {"mix_mono_ramped", run_mix_mono_ramped, false},
    {"mix_stereo_ramped", run_mix_stereo_ramped, false},
    {"add", run_add, false},
    {"add_split", run_add_split, false},
    {"scale", run_scale, false},
    {"scale_ramped", run_scale_ramped, false},
    {"swap", run_swap, false},
    {"largest", run_largest, false},
    {"sum_of_squares", run_sum_of_squares, false},
    {"convert_s16_to_f32", run_convert_s16_to_f32, false},
    {"convert_f32_to_s16", run_convert_f32_to_s16, false},
    {"interleave", run_interleave, false},
    {"smooth_weights", run_smooth_weights, false},
    {"shed_weights", run_shed_weights, false},
    {"ramp_write", run_ramp_write, false},
    {"ramp_multiply", run_ramp_multiply, false},
    {"ramp_gains", run_ramp_gains, false},
    {"limiter_reductions", run_limiter_reductions, false},
    {"limiter_exchange", run_limiter_exchange, false},
    {"true_peak", run_true_peak, false},
    {"biquad_bank", run_biquad_bank, false},
    {"fdn_run", run_fdn, false},
    {"allpass_run", run_allpass, false},
    {"tap_add", run_tap_add, false},
    {"slope_run", run_slope, false},
    {"room_blend", run_room_blend, false},
    {"fft_four", run_fft_four, false},
    {"fft_two", run_fft_two, false},
    {"fft_split_real", run_fft_split_real, false},
    {"fft_join_real", run_fft_join_real, false},
    {"add_products", run_add_products, false},
    {"multiply_complex", run_multiply_complex, false},
    {"add_filtered", run_add_filtered, false},
};

/* --------------------------------------------------------------------------------------------------- Comparing */

static bool same_number(array_kind kind, const void *a, const void *b)
{
    if (kind == FLOAT_ARRAY) {
        float x, y;
        memcpy(&x, a, sizeof x);
        memcpy(&y, b, sizeof y);
        return isnan(x) && isnan(y);
    }
    double x, y;
    memcpy(&x, a, sizeof x);
    memcpy(&y, b, sizeof y);
    return isnan(x) && isnan(y);
}

/* The same bits, or NaN in the same places. */
static bool same_array(array_kind kind, const unsigned char *a, const unsigned char *b, size_t bytes)
{
    if (memcmp(a, b, bytes) == 0) {
        return true;
    }
    size_t size = kind == FLOAT_ARRAY ? sizeof(float) : sizeof(double);
    for (size_t at = 0; kind != OTHER_ARRAY && at < bytes; at += size) {
        if (memcmp(a + at, b + at, size) != 0 && !same_number(kind, a + at, b + at)) {
            return false;
        }
    }
    return kind != OTHER_ARRAY;
}

/* Denormals are flushed in every other pair of calls, as on the audio thread. */
static void call(stage *s, const kernel_run *run, const motet_kernels *kernels, uint32_t count, bool flush)
{
    s->array_count = 0;
    s->random = s->seed | 1;
    motet_fpu_state fpu = {0};
    if (flush) {
        fpu = motet_fpu_enter();
    }
    run->run(s, kernels, count);
    if (flush) {
        motet_fpu_leave(fpu);
    }
}

static const char *fault_of(stage *s, const kernel_run *run, const motet_kernels *reference,
                            const motet_kernels *kernels, uint32_t count, unsigned char *kept)
{
    bool flush = s->seed % 2 == 0;
    call(s, run, reference, count, flush);
    size_t used = 0;
    for (uint32_t i = 0; i < s->array_count; i++) {
        memcpy(kept + used, s->arrays[i].start, s->arrays[i].bytes);
        used += s->arrays[i].bytes;
    }
    call(s, run, kernels, count, flush);
    used = 0;
    for (uint32_t i = 0; i < s->array_count; i++) {
        const array *a = &s->arrays[i];
        if (!margins_are_whole(s, a)) {
            return "writes beside an array";
        }
        if (!same_array(a->kind, kept + used, a->start, a->bytes)) {
            return "gives other bits";
        }
        used += a->bytes;
    }
    return NULL;
}

static unsigned char *map_area(void)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    unsigned char *mapped =
        mmap(NULL, AREA_BYTES + 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (mapped == MAP_FAILED || mprotect(mapped, page, PROT_NONE) != 0 ||
        mprotect(mapped + page + AREA_BYTES, page, PROT_NONE) != 0) {
        abort();
    }
    return mapped + page;
}

static void unmap_area(unsigned char *area)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    (void)munmap(area - page, AREA_BYTES + 2 * page);
}

static uint32_t check_run(stage *s, const kernel_run *run, const motet_kernels *kernels, unsigned char *kept)
{
    enum { LONGEST = 2048, TOLD = 5 };
    const motet_kernels *reference = motet_kernels_find("c");
    uint32_t faults = 0;
    for (uint32_t count = 0; count <= LONGEST; count = count < 67 ? count + 1 : count * 2 - 19) {
        for (uint32_t placement = 0; placement <= OFFSETS; placement++) {
            s->at_end = placement == OFFSETS;
            s->offset = placement;
            for (int wild = 0; wild < 2; wild++) {
                s->wild = wild != 0;
                s->seed = s->seed * 1664525u + 1013904223u;
                s->voice_count = run->has_voices ? (count + 7 * placement + 5 * wild) % (MOTET_MIX_VOICES + 1) : 0;
                const char *fault = fault_of(s, run, reference, kernels, count, kept);
                if (fault != NULL && faults++ < TOLD) {
                    fprintf(stderr, "%s of %s %s: %u frames, %u voices, %s %u, %s samples\n", run->name, kernels->name,
                            fault, count, s->voice_count, s->at_end ? "at the end of a page" : "offset", s->offset,
                            s->wild ? "wild" : "plain");
                }
            }
        }
    }
    return faults;
}

uint32_t motet_kernel_check(const motet_kernels *kernels)
{
    stage *s = calloc(1, sizeof *s);
    unsigned char *kept = malloc((size_t)MAX_ARRAYS * AREA_BYTES);
    uint32_t faults = 0;
    if (s == NULL || kept == NULL) {
        abort();
    }
    for (int i = 0; i < MAX_ARRAYS; i++) {
        s->areas[i] = map_area();
    }
    for (size_t i = 0; i < sizeof runs / sizeof *runs; i++) {
        faults += check_run(s, &runs[i], kernels, kept);
    }
    for (int i = 0; i < MAX_ARRAYS; i++) {
        unmap_area(s->areas[i]);
    }
    free(kept);
    free(s);
    return faults;
}
