/* The convolution effect against a plain sum in double, at any cut and SIMD level; its swaps, predelay, rates and
 * channels. */
#include "support/effect_rig.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { RATE = 48000 };

static void fill_noise(float *samples, size_t count, uint32_t seed)
{
    for (size_t n = 0; n < count; n++) {
        seed = seed * 1664525u + 1013904223u;
        samples[n] = (float)(int32_t)seed * 0x1p-31f;
    }
}

/* Interleaved noise that dies away by 60 dB. */
static motet_pcm make_response(uint32_t channels, uint32_t rate, uint32_t frames, uint32_t seed)
{
    float *samples = malloc((size_t)channels * frames * sizeof *samples);
    fill_noise(samples, (size_t)channels * frames, seed);
    for (uint32_t n = 0; n < frames; n++) {
        for (uint32_t c = 0; c < channels; c++) {
            samples[n * channels + c] *= powf(0.001f, (float)n / (float)frames);
        }
    }
    return (motet_pcm){samples, MOTET_FORMAT_F32, channels, rate, frames};
}

static void *build(const effect_rig *rig, const motet_pcm *pcm)
{
    motet_effect_setup setup = {rig->sample_rate_hz, rig->channels, rig->values, rig->kernels};
    size_t bytes = (rig->type->material_size(&setup, pcm) + 63) / 64 * 64;
    void *material = aligned_alloc(64, bytes);
    memset(material, 0, bytes);
    rig->type->material_build(&setup, pcm, material);
    return material;
}

static effect_rig *make_rig(uint32_t channels, const char *simd)
{
    effect_rig *rig = effect_rig_create("convolution", RATE, channels, simd);
    effect_rig_set(rig, "normalise", 0);
    return rig;
}

/* Adds samples * response to a sum of doubles; `from` and `to` as in the response's channels. */
static void convolve(double *sum, const float *samples, uint32_t count, const motet_pcm *pcm, uint32_t channel)
{
    const float *response = pcm->samples;
    for (uint32_t n = 0; n < count; n++) {
        uint32_t most = n < pcm->frame_count ? n + 1 : (uint32_t)pcm->frame_count;
        for (uint32_t k = 0; k < most; k++) {
            sum[n] += (double)samples[n - k] * (double)response[k * pcm->channels + channel];
        }
    }
}

/* In dB of the loudest sample. */
static double error_db(const float *heard, const double *expected, uint32_t count)
{
    double worst = 0, peak = 0;
    for (uint32_t n = 0; n < count; n++) {
        worst = fmax(worst, fabs((double)heard[n] - expected[n]));
        peak = fmax(peak, fabs(expected[n]));
    }
    return 20 * log10(worst / peak + 1e-30);
}

static void check_length(uint32_t frames, uint32_t count, uint64_t start)
{
    float *sides[2] = {malloc(count * sizeof(float)), malloc(count * sizeof(float))};
    motet_pcm pcm = make_response(2, RATE, frames, frames);
    effect_rig *rig = make_rig(2, NULL);
    rig->frame = start;
    effect_rig_start(rig);
    void *material = build(rig, &pcm);
    rig->type->material_set(rig->state, material);
    double *expected[2];
    for (uint32_t c = 0; c < 2; c++) {
        expected[c] = calloc(count, sizeof(double));
        fill_noise(sides[c], count, 7 + c);
        convolve(expected[c], sides[c], count, &pcm, c);
    }
    effect_rig_run(rig, sides[0], sides[1], count, 0);
    for (uint32_t c = 0; c < 2; c++) {
        double error = error_db(sides[c], expected[c], count);
        if (!(error < -120)) {
            fail_msg("%u taps: off by %.1f dB", frames, error);
        }
        free(expected[c]);
        free(sides[c]);
    }
    assert_true(effect_rig_tail_frames(rig) >= frames && effect_rig_tail_frames(rig) <= frames + 1);
    free(material);
    free((void *)pcm.samples);
    effect_rig_destroy(rig);
}

static void it_is_direct_convolution(void **state)
{
    (void)state;
    static const uint32_t lengths[] = {1, 2, 63, 64, 65, 128, 129, 1023, 1025, 1700};
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        check_length(lengths[i], 4000, 1000 * i + 17);
    }
    check_length(16383, 20000, 5);
    check_length(27000, 45000, 123457);
}

/* ------------------------------------------------------------------------------------------------- Wild takes */

/* Swaps of responses, moving parameters, a reset; cut as asked. */
static void perform(const char *simd, uint32_t run_frames, float *left, float *right, uint32_t count)
{
    effect_rig *rig = make_rig(2, simd);
    motet_pcm pcms[3] = {make_response(2, RATE, 20000, 1), make_response(1, RATE, 700, 2),
                         make_response(4, RATE, 3000, 3)};
    void *materials[4] = {NULL};
    effect_rig_start(rig);
    for (int i = 0; i < 3; i++) {
        materials[i] = build(rig, &pcms[i]);
    }
    fill_noise(left, count, 11);
    fill_noise(right, count, 12);
    static const int order[] = {0, 1, 2, 2, 3, 1, 0, 1};
    for (uint32_t part = 0; part < 8; part++) {
        uint32_t length = count / 8;
        rig->type->material_set(rig->state, materials[order[part]]);
        effect_rig_glide(rig, "predelay_seconds", (float)(part % 3) * 0.01f, 2000);
        effect_rig_glide(rig, "gain_db", (float)part - 3, 3000);
        effect_rig_glide(rig, "normalise", (float)(part % 2), 10);
        effect_rig_run(rig, left + part * length, right + part * length, length, run_frames);
        if (part == 6) {
            rig->type->reset(rig->state);
        }
    }
    for (int i = 0; i < 3; i++) {
        free(materials[i]);
        free((void *)pcms[i].samples);
    }
    effect_rig_destroy(rig);
}

static void cuts_and_levels_give_the_same_bits(void **state)
{
    (void)state;
    enum { COUNT = 8 * 7003 };
    float *whole[2] = {malloc(COUNT * sizeof(float)), malloc(COUNT * sizeof(float))};
    float *other[2] = {malloc(COUNT * sizeof(float)), malloc(COUNT * sizeof(float))};
    perform("c", 512, whole[0], whole[1], COUNT);
    static const uint32_t cuts[] = {0, 1, 63, 64};
    for (uint32_t i = 0; i < 4 + motet_kernels_count(); i++) {
        perform(i < 4 ? NULL : motet_kernels_at(i - 4)->name, i < 4 ? cuts[i] : 512, other[0], other[1], COUNT);
        assert_memory_equal(other[0], whole[0], COUNT * sizeof(float));
        assert_memory_equal(other[1], whole[1], COUNT * sizeof(float));
    }
    for (int c = 0; c < 2; c++) {
        free(whole[c]);
        free(other[c]);
    }
}

/* -------------------------------------------------------------------------------------------------------- Swaps */

/* A swap in the middle: before it the one, from some time on the other, as if it had been there all along, and no jump
 * on the way. */
static void swaps_fade(void **state)
{
    (void)state;
    enum { COUNT = 48000, AT = 20011, READY = AT + 64 + 1024 + 512 + 2401 + 64 };
    float *samples = malloc(COUNT * sizeof(float));
    double *before = calloc(COUNT, sizeof(double)), *after = calloc(COUNT, sizeof(double));
    motet_pcm pcms[2] = {make_response(1, RATE, 1500, 1), make_response(1, RATE, 3000, 2)};
    effect_rig *rig = make_rig(1, NULL);
    effect_rig_start(rig);
    void *materials[2] = {build(rig, &pcms[0]), build(rig, &pcms[1])};
    for (uint32_t n = 0; n < COUNT; n++) {
        samples[n] = (float)sin(0.02 * n);
    }
    convolve(before, samples, COUNT, &pcms[0], 0);
    convolve(after, samples, COUNT, &pcms[1], 0);
    rig->type->material_set(rig->state, materials[0]);
    assert_true(rig->type->material_uses(rig->state, materials[0]));
    assert_false(rig->type->material_uses(rig->state, materials[1]));
    effect_rig_run(rig, samples, NULL, AT, 512);
    rig->type->material_set(rig->state, materials[1]);
    effect_rig_run(rig, samples + AT, NULL, 100, 512);
    assert_true(rig->type->material_uses(rig->state, materials[0]));
    assert_true(rig->type->material_uses(rig->state, materials[1]));
    effect_rig_run(rig, samples + AT + 100, NULL, READY - AT - 100, 512);
    assert_false(rig->type->material_uses(rig->state, materials[0]));
    effect_rig_run(rig, samples + READY, NULL, COUNT - READY, 512);
    assert_true(error_db(samples, before, AT) < -120);
    assert_true(error_db(samples + READY, after + READY, COUNT - READY) < -120);
    double largest = 0, steepest = 0;
    for (uint32_t n = 1; n < COUNT; n++) {
        largest = fmax(largest, fmax(fabs(before[n] - before[n - 1]), fabs(after[n] - after[n - 1])));
        steepest = fmax(steepest, fabs((double)samples[n] - (double)samples[n - 1]));
    }
    assert_true(steepest < 1.3 * largest);
    free(materials[0]);
    free(materials[1]);
    free((void *)pcms[0].samples);
    free((void *)pcms[1].samples);
    free(samples);
    free(before);
    free(after);
    effect_rig_destroy(rig);
}

/* Of responses that reach into the longest parts: the old one sounds until the new one has two of their blocks, and
 * after the fade there is the new one; every 97th frame. */
static void long_responses_are_swapped_whole(void **state)
{
    (void)state;
    enum { COUNT = 70000, AT = 31234, READY = AT + 2 * 8192 + 2401 + 128, START = 777, CAUGHT_UP = 5 * 8192 - START };
    float *samples = malloc(COUNT * sizeof(float)), *dry = malloc(COUNT * sizeof(float));
    motet_pcm pcms[2] = {make_response(1, RATE, 30000, 1), make_response(1, RATE, 27000, 2)};
    effect_rig *rig = make_rig(1, NULL);
    rig->frame = START;
    effect_rig_start(rig);
    void *materials[2] = {build(rig, &pcms[0]), build(rig, &pcms[1])};
    fill_noise(samples, COUNT, 5);
    memcpy(dry, samples, COUNT * sizeof(float));
    rig->type->material_set(rig->state, materials[0]);
    effect_rig_run(rig, samples, NULL, AT, 512);
    rig->type->material_set(rig->state, materials[1]);
    effect_rig_run(rig, samples + AT, NULL, READY - AT, 512);
    assert_false(rig->type->material_uses(rig->state, materials[0]));
    effect_rig_run(rig, samples + READY, NULL, COUNT - READY, 512);
    double worst = 0, peak = 0;
    for (uint32_t n = AT; n < COUNT; n = n + 97 < CAUGHT_UP || n >= READY ? n + 97 : READY) {
        const motet_pcm *pcm = &pcms[n < READY ? 0 : 1];
        double sum = 0;
        for (uint32_t k = 0; k < pcm->frame_count && k <= n; k++) {
            sum += (double)dry[n - k] * (double)((const float *)pcm->samples)[k];
        }
        worst = fmax(worst, fabs(sum - (double)samples[n]));
        peak = fmax(peak, fabs(sum));
    }
    assert_true(worst < 1e-6 * peak);
    for (int i = 0; i < 2; i++) {
        free(materials[i]);
        free((void *)pcms[i].samples);
    }
    free(samples);
    free(dry);
    effect_rig_destroy(rig);
}

static void without_material_it_is_silent(void **state)
{
    (void)state;
    float samples[8192];
    motet_pcm pcm = make_response(1, RATE, 500, 1);
    effect_rig *rig = make_rig(1, NULL);
    effect_rig_start(rig);
    void *material = build(rig, &pcm);
    fill_noise(samples, 8192, 1);
    effect_rig_run(rig, samples, NULL, 3000, 512);
    for (int n = 0; n < 3000; n++) {
        assert_true(samples[n] == 0);
    }
    assert_int_equal(effect_rig_tail_frames(rig), 0);
    rig->type->material_set(rig->state, material);
    effect_rig_run(rig, samples + 3000, NULL, 500, 512);
    assert_int_equal(effect_rig_tail_frames(rig), 500);
    rig->type->material_set(rig->state, NULL); /* waits until the first one has faded in */
    assert_true(rig->type->material_uses(rig->state, material));
    float rest[6000];
    fill_noise(rest, 6000, 2);
    effect_rig_run(rig, rest, NULL, 6000, 512);
    assert_true(rest[100] != 0);
    assert_true(rest[5999] == 0);
    assert_false(rig->type->material_uses(rig->state, material));
    assert_int_equal(effect_rig_tail_frames(rig), 0);
    free(material);
    free((void *)pcm.samples);
    effect_rig_destroy(rig);
}

/* ------------------------------------------------------------------------------------- Channels, rates, levels */

static void four_channels_are_true_stereo(void **state)
{
    (void)state;
    enum { COUNT = 5000 };
    motet_pcm pcm = make_response(4, RATE, 2000, 4);
    effect_rig *rig = make_rig(2, NULL);
    effect_rig_start(rig);
    void *material = build(rig, &pcm);
    rig->type->material_set(rig->state, material);
    float left[COUNT], right[COUNT];
    double *sums[2] = {calloc(COUNT, sizeof(double)), calloc(COUNT, sizeof(double))};
    fill_noise(left, COUNT, 1);
    fill_noise(right, COUNT, 2);
    convolve(sums[0], left, COUNT, &pcm, 0);
    convolve(sums[1], left, COUNT, &pcm, 1);
    convolve(sums[0], right, COUNT, &pcm, 2);
    convolve(sums[1], right, COUNT, &pcm, 3);
    effect_rig_run(rig, left, right, COUNT, 512);
    assert_true(error_db(left, sums[0], COUNT) < -120);
    assert_true(error_db(right, sums[1], COUNT) < -120);
    free(sums[0]);
    free(sums[1]);
    free(material);
    free((void *)pcm.samples);
    effect_rig_destroy(rig);
}

/* A response of half and of twice the rate has the gain at 1 kHz that it has at its own. */
static void rates_are_converted(void **state)
{
    (void)state;
    static const uint32_t rates[] = {24000, 96000, 44100};
    enum { COUNT = 9600 };
    for (int i = 0; i < 3; i++) {
        uint32_t frames = rates[i] / 20;
        float *samples = malloc(frames * sizeof(float));
        double re = 0, im = 0;
        for (uint32_t n = 0; n < frames; n++) { /* a smooth one, which begins and ends in silence */
            double t = (double)n / frames;
            samples[n] = (float)(0.001 * (1 - cos(6.283185307179586 * t)) * cos(5000.0 * n / rates[i]));
            re += (double)samples[n] * cos(6.283185307179586 * 1000 * n / rates[i]);
            im += (double)samples[n] * sin(6.283185307179586 * 1000 * n / rates[i]);
        }
        motet_pcm pcm = {samples, MOTET_FORMAT_F32, 1, rates[i], frames};
        effect_rig *rig = make_rig(1, NULL);
        effect_rig_start(rig);
        void *material = build(rig, &pcm);
        rig->type->material_set(rig->state, material);
        float heard[COUNT];
        for (uint32_t n = 0; n < COUNT; n++) {
            heard[n] = (float)sin(6.283185307179586 * 1000 * n / RATE);
        }
        effect_rig_run(rig, heard, NULL, COUNT, 512);
        double a = 0, b = 0;
        for (uint32_t n = COUNT / 2; n < COUNT; n++) {
            a += (double)heard[n] * cos(6.283185307179586 * 1000 * n / RATE) / (COUNT / 4);
            b += (double)heard[n] * sin(6.283185307179586 * 1000 * n / RATE) / (COUNT / 4);
        }
        assert_true(fabs(20 * log10(hypot(a, b) / hypot(re, im))) < 0.01);
        free(material);
        free(samples);
        effect_rig_destroy(rig);
    }
}

static void normalised_noise_keeps_its_level(void **state)
{
    (void)state;
    enum { COUNT = 48000 };
    int16_t *samples = malloc(2 * 4000 * sizeof *samples);
    uint32_t seed = 3;
    for (uint32_t n = 0; n < 8000; n++) {
        seed = seed * 1664525u + 1013904223u;
        samples[n] = (int16_t)((int32_t)seed >> (n % 2 == 0 ? 18 : 20));
    }
    motet_pcm pcm = {samples, MOTET_FORMAT_S16, 2, RATE, 4000};
    effect_rig *rig = effect_rig_create("convolution", RATE, 2, NULL);
    effect_rig_start(rig);
    void *material = build(rig, &pcm);
    rig->type->material_set(rig->state, material);
    float *sides[2] = {malloc(COUNT * sizeof(float)), malloc(COUNT * sizeof(float))};
    double in = 0, left = 0, right = 0;
    for (uint32_t c = 0; c < 2; c++) {
        fill_noise(sides[c], COUNT, 8 + c);
    }
    for (uint32_t n = 8000; n < COUNT; n++) {
        in += (double)sides[0][n] * (double)sides[0][n];
    }
    effect_rig_run(rig, sides[0], sides[1], COUNT, 512);
    for (uint32_t n = 8000; n < COUNT; n++) {
        left += (double)sides[0][n] * (double)sides[0][n];
        right += (double)sides[1][n] * (double)sides[1][n];
    }
    assert_true(fabs(10 * log10(left / in)) < 0.3);
    assert_true(fabs(10 * log10(right / in) + 12) < 0.3);
    free(sides[0]);
    free(sides[1]);
    free(samples);
    free(material);
    effect_rig_destroy(rig);
}

static void the_predelay_is_whole_frames(void **state)
{
    (void)state;
    enum { COUNT = 6000 };
    float samples[COUNT] = {0};
    float one = 0.5f;
    motet_pcm pcm = {&one, MOTET_FORMAT_F32, 1, RATE, 1};
    effect_rig *rig = make_rig(1, NULL);
    effect_rig_set(rig, "predelay_seconds", 0.1f);
    effect_rig_set(rig, "gain_db", 6);
    effect_rig_start(rig);
    void *material = build(rig, &pcm);
    rig->type->material_set(rig->state, material);
    samples[100] = 1;
    effect_rig_run(rig, samples, NULL, COUNT, 512);
    for (int n = 0; n < COUNT; n++) {
        assert_true(n == 4900 ? fabsf(samples[n] - 0.99763f) < 1e-5f : samples[n] == 0);
    }
    assert_int_equal(effect_rig_tail_frames(rig), 4801);
    free(material);
    effect_rig_destroy(rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_direct_convolution),
        cmocka_unit_test(cuts_and_levels_give_the_same_bits),
        cmocka_unit_test(swaps_fade),
        cmocka_unit_test(long_responses_are_swapped_whole),
        cmocka_unit_test(without_material_it_is_silent),
        cmocka_unit_test(four_channels_are_true_stereo),
        cmocka_unit_test(rates_are_converted),
        cmocka_unit_test(normalised_noise_keeps_its_level),
        cmocka_unit_test(the_predelay_is_whole_frames),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
