/* The analysis behind `motet lint`: what is planted is found at its frame, and sound as it is gives no report. */
#include "lint.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { RATE = 48000, FRAMES = 72000 };

static const double PI = 3.14159265358979323846;

static float *new_samples(size_t count)
{
    float *samples = calloc(count, sizeof *samples);
    assert_non_null(samples);
    return samples;
}

static motet_lint_sound mono(const float *samples, uint64_t frames)
{
    return (motet_lint_sound){.samples = samples, .frames = frames, .channels = 1, .rate_hz = RATE};
}

static double random_unit(uint32_t *state)
{
    *state = *state * 1664525U + 1013904223U;
    return (double)(*state >> 8) / (1 << 24) * 2 - 1;
}

/* ------------------------------------------------------------------------------------------------------- Materials */

static void add_sine(float *x, size_t from, size_t to, double hz, double amplitude)
{
    for (size_t i = from; i < to; i++) {
        x[i] += (float)(amplitude * sin(2 * PI * hz * (double)(i - from) / RATE));
    }
}

static void add_noise(float *x, size_t from, size_t to, double amplitude, double decay_frames)
{
    uint32_t state = 1;
    for (size_t i = from; i < to; i++) {
        x[i] += (float)(amplitude * random_unit(&state) * exp(-(double)(i - from) / decay_frames));
    }
}

static const double steady = 1e12; /* as a decay */

typedef enum material { SILENCE, CONSTANT, SINE_60, SINE_200, SINE_1000, CHORD, NOISE, MATERIALS } material;

static float *make(material kind)
{
    float *x = new_samples(FRAMES);
    switch (kind) {
    case SILENCE: break;
    case CONSTANT:
        for (size_t i = 0; i < FRAMES; i++) {
            x[i] = 0.5F;
        }
        break;
    case SINE_60: add_sine(x, 0, FRAMES, 60, 0.5); break;
    case SINE_200: add_sine(x, 0, FRAMES, 200, 0.5); break;
    case SINE_1000: add_sine(x, 0, FRAMES, 1000, 0.07); break;
    case CHORD:
        add_sine(x, 0, FRAMES, 110, 0.3);
        add_sine(x, 0, FRAMES, 277, 0.1);
        add_sine(x, 0, FRAMES, 659, 0.05);
        break;
    case NOISE: add_noise(x, 0, FRAMES, 0.0004, steady); break;
    case MATERIALS: break;
    }
    return x;
}

static size_t count_clicks(const float *x, size_t frames)
{
    motet_lint_report report = {0};
    motet_lint_sound sound = mono(x, frames);
    size_t count = motet_lint_find_clicks(&sound, 0, frames, &report);
    assert_int_equal(count, report.count);
    motet_lint_free(&report);
    return count;
}

/* Expects exactly one click, at `frame`. */
static motet_lint_finding expect_click(const float *x, size_t frames, uint64_t frame)
{
    motet_lint_report report = {0};
    motet_lint_sound sound = mono(x, frames);
    assert_int_equal(motet_lint_find_clicks(&sound, 0, frames, &report), 1);
    motet_lint_finding finding = report.list[0];
    assert_int_equal(finding.kind, MOTET_LINT_CLICK);
    assert_int_equal(finding.frame, frame);
    assert_true(finding.times >= 5);
    motet_lint_free(&report);
    return finding;
}

/* ---------------------------------------------------------------------------------------------------------- Clicks */

static const size_t places[] = {200, 4799, 24576, 65534, 65535, 65536, 65537, 71800};
enum { PLACES = sizeof places / sizeof *places };

static void test_planted_steps(void **state)
{
    (void)state;
    for (material kind = SILENCE; kind < MATERIALS; kind++) {
        for (size_t p = 0; p < PLACES; p++) {
            float *x = make(kind);
            assert_int_equal(count_clicks(x, FRAMES), 0);
            for (size_t i = places[p]; i < FRAMES; i++) {
                x[i] += 0.01F; /* -40 dBFS */
            }
            motet_lint_finding finding = expect_click(x, FRAMES, places[p]);
            assert_true(fabs(finding.size - 0.01) < 0.0031);
            free(x);
        }
    }
}

static void test_planted_impulses_corners_and_gaps(void **state)
{
    (void)state;
    for (material kind = SILENCE; kind < MATERIALS; kind++) {
        float *x = make(kind);
        x[30000] += 0.01F;
        (void)expect_click(x, FRAMES, 30000);
        free(x);

        x = make(kind);
        for (size_t i = 30000; i < FRAMES; i++) { /* down a slope: a corner at each end */
            x[i] -= 0.01F * (float)(i < 30060 ? i - 30000 : 60);
        }
        assert_int_equal(count_clicks(x, FRAMES), kind == SILENCE ? 1 : 2); /* out of silence it is a natural start */
        free(x);

        for (size_t length = 1; length < 200; length += 7) {
            x = make(kind);
            for (size_t i = 30000; i < 30000 + length; i++) {
                x[i] += 0.02F;
            }
            size_t count = count_clicks(x, FRAMES);
            assert_in_range(count, 1, 2);
            free(x);
        }
    }
    /* Missing samples in a loud sound. */
    float *x = make(SINE_200);
    memset(x + 30060, 0, 64 * sizeof *x);
    assert_int_equal(count_clicks(x, FRAMES), 2);
    free(x);
}

static void test_clicks_in_a_row(void **state)
{
    (void)state;
    /* At every block of 512 frames: none hides the others. */
    float *x = make(SINE_200);
    for (size_t i = 0; i < FRAMES; i++) {
        x[i] += i / 512 % 2 == 1 ? 0.02F : 0;
    }
    assert_int_equal(count_clicks(x, FRAMES), (FRAMES - 1) / 512);
    free(x);
}

static void test_range_and_channels(void **state)
{
    (void)state;
    enum { CHANNELS = 2 };
    float *x = new_samples((size_t)FRAMES * CHANNELS);
    for (size_t i = 10000; i < FRAMES; i++) {
        x[i * CHANNELS] += 0.05F;
        x[i * CHANNELS + 1] += 0.1F;
    }
    for (size_t i = 50000; i < FRAMES; i++) {
        x[i * CHANNELS + 1] += 0.05F;
    }
    motet_lint_report report = {0};
    const motet_lint_sound sound = {x, FRAMES, CHANNELS, RATE};
    assert_int_equal(motet_lint_find_clicks(&sound, 0, FRAMES, &report), 2);
    assert_int_equal(report.list[0].frame, 10000);
    assert_int_equal(report.list[0].channel, MOTET_LINT_ALL_CHANNELS);
    assert_true(fabs(report.list[0].size - 0.1) < 1e-6);
    assert_int_equal(report.list[1].frame, 50000);
    assert_int_equal(report.list[1].channel, 1);
    assert_int_equal(motet_lint_find_clicks(&sound, 0, 30000, &report), 1);
    assert_int_equal(motet_lint_find_clicks(&sound, 30000, FRAMES, &report), 1);
    assert_int_equal(motet_lint_find_clicks(&sound, 20000, 40000, &report), 0);
    assert_int_equal(motet_lint_find_clicks(&sound, 9000, UINT64_MAX, &report), 2);
    motet_lint_free(&report);
    free(x);
}

/* ------------------------------------------------------------------------------------------------ Sound as it is */

static void test_waves_are_no_clicks(void **state)
{
    (void)state;
    for (double hz = 35; hz < 3000; hz *= 1.31) {
        for (int shape = 0; shape < 3; shape++) {
            float *x = new_samples(FRAMES);
            for (size_t i = 0; i < FRAMES; i++) {
                double phase = fmod(hz * (double)i / RATE, 1);
                double saw = 2 * phase - 1;
                double pulse = phase < 0.25 ? 1 : -1;
                double square = phase < 0.5 ? 1 : -1;
                x[i] = (float)(0.5 * (shape == 0 ? saw : shape == 1 ? pulse : square));
            }
            assert_int_equal(count_clicks(x, FRAMES), 0);
            free(x);
        }
    }
}

static void test_onsets_are_no_clicks(void **state)
{
    (void)state;
    float *x = new_samples(FRAMES);
    add_noise(x, 10000, FRAMES, 0.8, 2000); /* a drum, from digital silence */
    add_noise(x, 30000, FRAMES, 0.8, 100);  /* a short one */
    add_sine(x, 50000, 62000, 440, 0.5);    /* from zero, and back */
    assert_int_equal(count_clicks(x, FRAMES), 0);
    free(x);
    for (double hz = 50; hz < 5000; hz *= 1.7) {
        x = new_samples(FRAMES);
        add_sine(x, 20000, 20000 + (size_t)(RATE / hz * 10 + 0.5), hz, 0.5);
        assert_int_equal(count_clicks(x, FRAMES), 0);
        free(x);
    }
    /* Sharp, but it rings: it came through a converter or a codec. */
    x = new_samples(FRAMES);
    for (size_t i = 0; i < 200; i++) {
        x[20000 + i] = (float)(0.5 * exp(-(double)i / 15) * sin(2 * PI * 7000 * (double)i / RATE));
    }
    assert_int_equal(count_clicks(x, FRAMES), 0);
    free(x);
    /* Cut off in the middle it is one. */
    x = new_samples(FRAMES);
    add_sine(x, 20000, 20000 + 48000 / 440 * 10 + 30, 440, 0.5);
    assert_int_equal(count_clicks(x, FRAMES), 1);
    free(x);
}

static void test_fades_are_no_clicks(void **state)
{
    (void)state;
    for (material kind = CONSTANT; kind < MATERIALS; kind++) {
        float *x = make(kind);
        for (size_t i = 0; i < 480; i++) {
            double t = (double)i / 480;
            x[20000 + i] *= (float)(1 - t * t * (3 - 2 * t));
        }
        memset(x + 20480, 0, 5000 * sizeof *x);
        for (size_t i = 0; i < 480; i++) {
            double t = (double)i / 480;
            x[25480 + i] *= (float)(t * t * (3 - 2 * t));
        }
        assert_int_equal(count_clicks(x, FRAMES), 0);
        free(x);
    }
}

static void test_coarse_samples_are_no_clicks(void **state)
{
    (void)state;
    float *x = make(SINE_60);
    for (size_t i = 0; i < FRAMES; i++) {
        x[i] = rintf(x[i] * 128) / 128; /* 8 bit */
    }
    assert_int_equal(count_clicks(x, FRAMES), 0);
    for (size_t i = 30000; i < FRAMES; i++) {
        x[i] += 0.125F;
    }
    assert_int_equal(count_clicks(x, FRAMES), 1);
    memset(x, 0, FRAMES * sizeof *x);
    add_sine(x, 0, FRAMES, 5, 0.03);
    for (size_t i = 0; i < FRAMES; i++) {
        x[i] = rintf(x[i] * 128) / 128; /* 8 steps in all, each alone */
    }
    assert_int_equal(count_clicks(x, FRAMES), 0);
    free(x);
}

static void test_step_out_of_noise_floor(void **state)
{
    (void)state;
    float *x = new_samples(FRAMES);
    uint32_t random = 7;
    for (size_t i = 0; i < FRAMES; i++) {
        x[i] = rintf((float)random_unit(&random)) / 32768 + (i >= 30000 ? 0.01F : 0);
    }
    x[29999] = 1.0F / 32768; /* not a slope that starts here */
    (void)expect_click(x, FRAMES, 30000);
    free(x);
}

static void test_click_beside_nan(void **state)
{
    (void)state;
    float *x = make(SINE_200);
    x[30010] = NAN;
    x[30500] = INFINITY;
    x[31000] = -INFINITY;
    assert_int_equal(count_clicks(x, FRAMES), 0);
    for (size_t i = 30200; i < FRAMES; i++) {
        x[i] += 0.01F;
    }
    (void)expect_click(x, FRAMES, 30200);
    free(x);
}

/* ------------------------------------------------------------------------------------------------- Other findings */

static motet_lint_report run(const motet_lint_sound *sound, const motet_lint_loop *loop)
{
    const motet_lint_request request = {.sound = *sound, .loops = loop, .loop_count = loop != NULL ? 1 : 0};
    motet_lint_report report = {0};
    motet_lint_run(&request, &report);
    return report;
}

static const motet_lint_finding *find(const motet_lint_report *report, motet_lint_kind kind)
{
    for (size_t i = 0; i < report->count; i++) {
        if (report->list[i].kind == kind) {
            return &report->list[i];
        }
    }
    return NULL;
}

/* Expects one finding of the kind and nothing else. */
static motet_lint_finding expect_only(const motet_lint_sound *sound, motet_lint_kind kind)
{
    motet_lint_report report = run(sound, NULL);
    assert_int_equal(report.count, 1);
    motet_lint_finding finding = report.list[0];
    assert_int_equal(finding.kind, kind);
    motet_lint_free(&report);
    return finding;
}

static void test_clean(void **state)
{
    (void)state;
    float *x = make(SINE_200);
    motet_lint_sound sound = mono(x, FRAMES);
    motet_lint_report report = run(&sound, &(motet_lint_loop){0, FRAMES});
    assert_int_equal(report.count, 0);
    motet_lint_free(&report);
    free(x);
}

static void test_clipping(void **state)
{
    (void)state;
    float *x = new_samples(FRAMES);
    add_sine(x, 0, FRAMES, 200, 0.95);
    motet_lint_sound sound = mono(x, FRAMES);
    for (size_t i = 24000; i < 24240; i++) { /* one period: a run at the top, one at the bottom */
        x[i] = x[i] > 0.9F ? 0.9F : x[i] < -0.9F ? -0.9F : x[i];
    }
    motet_lint_report report = run(&sound, NULL);
    assert_null(find(&report, MOTET_LINT_CLIPPING)); /* the extreme is elsewhere */
    motet_lint_free(&report);
    for (size_t i = 0; i < FRAMES; i++) {
        x[i] = x[i] > 0.9F ? 0.9F : x[i] < -0.9F ? -0.9F : x[i];
    }
    report = run(&sound, NULL);
    const motet_lint_finding *finding = find(&report, MOTET_LINT_CLIPPING);
    assert_non_null(finding);
    assert_true(fabs(finding->size - 0.9) < 1e-6);
    assert_in_range(finding->frame, 48, 55); /* asin(0.9 / 0.95) */
    assert_in_range(finding->count, 300 * 2 * 18, 300 * 2 * 30);
    motet_lint_free(&report);
    /* The corners of a clipped wave are not told once more as clicks. */
    memset(x, 0, FRAMES * sizeof *x);
    add_sine(x, 0, FRAMES, 200, 1.5);
    for (size_t i = 0; i < FRAMES; i++) {
        x[i] = x[i] > 0.9F ? 0.9F : x[i] < -0.9F ? -0.9F : x[i];
    }
    report = run(&sound, NULL);
    assert_int_equal(report.count, 1);
    motet_lint_free(&report);
    /* As high, but round at the top; and in 16 bit, where some samples at the top of a slow wave are one. */
    memset(x, 0, FRAMES * sizeof *x);
    add_sine(x, 0, FRAMES, 20, 0.999);
    for (size_t i = 0; i < FRAMES; i++) {
        x[i] = rintf(x[i] * 32767) / 32768;
    }
    report = run(&sound, NULL);
    assert_int_equal(report.count, 0);
    motet_lint_free(&report);
    free(x);
}

static void test_over(void **state)
{
    (void)state;
    float *x = make(SINE_200);
    motet_lint_sound sound = mono(x, FRAMES);
    for (size_t i = 0; i < FRAMES; i++) {
        x[i] *= 2.01F; /* 1.005: less than 0.1 dB */
    }
    motet_lint_report report = run(&sound, NULL);
    assert_int_equal(report.count, 0);
    motet_lint_free(&report);
    add_sine(x, 24000, 24000 + 240, 200, 0.2);
    report = run(&sound, NULL);
    const motet_lint_finding *finding = find(&report, MOTET_LINT_OVER);
    assert_non_null(finding);
    assert_int_equal(finding->frame, 24060);
    assert_true(fabs(finding->size - 1.205) < 1e-4);
    motet_lint_free(&report);
    free(x);
}

static void test_dc(void **state)
{
    (void)state;
    float *x = make(SINE_200);
    motet_lint_sound sound = mono(x, FRAMES);
    for (size_t i = 0; i < FRAMES; i++) {
        x[i] -= 0.015F;
    }
    motet_lint_finding finding = expect_only(&sound, MOTET_LINT_DC);
    assert_true(fabs(finding.size + 0.015) < 1e-6);
    for (size_t i = 0; i < FRAMES; i++) {
        x[i] += i < FRAMES / 2 ? -0.01F : 0.015F; /* the same mean in all, but nothing in the second half */
    }
    motet_lint_report report = run(&sound, NULL);
    assert_null(find(&report, MOTET_LINT_DC));
    motet_lint_free(&report);
    free(x);
}

static void test_hard_edges(void **state)
{
    (void)state;
    float *x = new_samples(FRAMES);
    for (size_t i = 0; i < FRAMES; i++) {
        x[i] = (float)(0.3 * cos(2 * PI * 200 * (double)i / RATE));
    }
    motet_lint_sound sound = mono(x, FRAMES);
    motet_lint_report report = run(&sound, NULL);
    assert_int_equal(report.count, 2);
    assert_int_equal(report.list[0].kind, MOTET_LINT_HARD_START);
    assert_int_equal(report.list[0].frame, 0);
    assert_int_equal(report.list[1].kind, MOTET_LINT_HARD_END);
    assert_int_equal(report.list[1].frame, FRAMES - 1);
    motet_lint_free(&report);
    report = run(&sound, &(motet_lint_loop){0, FRAMES}); /* whole periods: as a loop it has no edges, nor a seam */
    assert_int_equal(report.count, 0);
    motet_lint_free(&report);
    motet_lint_request scene = {.sound = sound, .scene = true};
    motet_lint_run(&scene, &report);
    assert_int_equal(report.count, 0);
    free(x);
}

static void test_silence(void **state)
{
    (void)state;
    float *x = new_samples(FRAMES);
    motet_lint_sound sound = mono(x, FRAMES);
    assert_int_equal(expect_only(&sound, MOTET_LINT_SILENT).frame_count, FRAMES);
    add_sine(x, 2400, 60001, 200, 0.5);
    assert_int_equal(expect_only(&sound, MOTET_LINT_SILENT_START).frame_count, 2401); /* a sine starts with a zero */
    memset(x, 0, FRAMES * sizeof *x);
    add_sine(x, 2399, 2399 + 241 * 240, 200, 0.5);
    motet_lint_report report = run(&sound, NULL);
    assert_int_equal(report.count, 0);
    motet_lint_free(&report);
    memset(x, 0, FRAMES * sizeof *x);
    add_sine(x, 0, 48000, 200, 0.5);
    motet_lint_finding finding = expect_only(&sound, MOTET_LINT_SILENT_END);
    assert_int_equal(finding.frame, 48000);
    assert_int_equal(finding.frame_count, FRAMES - 48000);
    free(x);
}

static void test_non_finite(void **state)
{
    (void)state;
    float *x = make(SINE_200);
    motet_lint_sound sound = mono(x, FRAMES);
    x[240 * 50] = NAN; /* where the wave is zero */
    x[240 * 50 + 240] = INFINITY;
    x[240 * 150] = -INFINITY;
    motet_lint_report report = run(&sound, NULL);
    assert_int_equal(report.count, 2);
    assert_int_equal(report.list[0].kind, MOTET_LINT_NON_FINITE);
    assert_int_equal(report.list[0].frame, 240 * 50);
    assert_int_equal(report.list[0].count, 2);
    assert_int_equal(report.list[1].frame, 240 * 150);
    motet_lint_free(&report);
    free(x);
}

static void test_seams(void **state)
{
    (void)state;
    float *x = make(SINE_200);
    motet_lint_sound sound = mono(x, FRAMES);
    const struct {
        motet_lint_loop loop;
        bool found;
    } cases[] = {
        {{240, 480}, false},     {{240, 48000}, false},      {{250, 250 + 240 * 7}, false}, {{240, 482}, true},
        {{0, 24000 + 60}, true}, {{240, 480 - 120}, true}, /* a corner: zero, but the slope turns round */
        {{240, 245}, false},     {{240, FRAMES + 1}, false}, {{480, 480}, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        motet_lint_report report = {0};
        motet_lint_find_seam(&sound, &cases[i].loop, &report);
        assert_int_equal(report.count, cases[i].found ? 1 : 0);
        if (report.count > 0) {
            assert_int_equal(report.list[0].frame, cases[i].loop.end);
            assert_int_equal(report.list[0].loop_start, cases[i].loop.start);
            assert_true(report.list[0].times > 2);
        }
        motet_lint_free(&report);
    }
    free(x);
}

/* ----------------------------------------------------------------------------------------------------- Transitions */

typedef double curve_fn(double t);

static double smooth(double t)
{
    return t * t * (3 - 2 * t);
}

static double straight(double t)
{
    return t;
}

static double step(double t)
{
    return t > 0.5 ? 1 : 0;
}

static double measure_times(const motet_lint_sound *sound, uint32_t channel, uint64_t at, uint64_t length)
{
    motet_lint_transition measured = motet_lint_measure(sound, channel, at, length);
    return motet_lint_times(&measured);
}

static double measure_fade_out(double hz, curve_fn *curve)
{
    enum { AT = 24000, LENGTH = 480 };
    float *x = new_samples(FRAMES);
    add_sine(x, 0, FRAMES, hz, 0.5);
    for (size_t i = 0; i < LENGTH; i++) {
        x[AT + i] *= (float)(1 - curve((double)i / LENGTH));
    }
    memset(x + AT + LENGTH, 0, (FRAMES - AT - LENGTH) * sizeof *x);
    motet_lint_sound sound = mono(x, FRAMES);
    double result = measure_times(&sound, 0, AT, LENGTH);
    free(x);
    return result;
}

static void test_measure(void **state)
{
    (void)state;
    assert_true(measure_fade_out(60, smooth) < 2);
    assert_true(measure_fade_out(200, smooth) < 2);
    assert_true(measure_fade_out(60, straight) > 10); /* the corner that the smooth curve is for */
    assert_true(measure_fade_out(60, step) > 1000);
    float *x = make(SINE_200);
    motet_lint_sound sound = mono(x, FRAMES);
    double unchanged = measure_times(&sound, 0, 24000, 480);
    assert_true(unchanged > 0.99 && unchanged < 1.01);
    memset(x, 0, FRAMES * sizeof *x);
    assert_true(measure_times(&sound, 0, 24000, 480) == 0);
    /* A constant has no second difference of its own: it is held against a sine of 60 Hz as high. */
    for (size_t i = 0; i < FRAMES; i++) {
        x[i] = i < 24000 ? 0.5F : 0.5F + 6.2e-5F * 0.5F;
    }
    double small = measure_times(&sound, 0, 24000, 480);
    assert_true(fabs(small - 1) < 0.02);
    free(x);
}

/* ----------------------------------------------------------------------------------------------------------- Sizes */

static void test_odd_sizes(void **state)
{
    (void)state;
    static const uint32_t rates[] = {1, 10, 100, 1000, 8000, 22050, 44100, 48000, 192000, 768000};
    for (size_t r = 0; r < sizeof rates / sizeof *rates; r++) {
        for (uint32_t channels = 1; channels <= 3; channels++) {
            for (size_t frames = 0; frames < 600; frames = frames < 70 ? frames + 1 : frames * 3 / 2) {
                float *x = new_samples(frames * channels + 1);
                uint32_t random = (uint32_t)frames;
                for (size_t i = 0; i < frames * channels; i++) {
                    x[i] = (float)random_unit(&random);
                }
                if (frames > 5) {
                    x[3] = NAN;
                    x[frames * channels - 1] = -INFINITY;
                }
                motet_lint_sound sound = {x, frames, channels, rates[r]};
                motet_lint_report report = run(&sound, &(motet_lint_loop){0, frames});
                for (size_t i = 0; i < report.count; i++) {
                    assert_true(report.list[i].frame <= frames);
                }
                motet_lint_free(&report);
                (void)measure_times(&sound, channels - 1, 0, frames);
                (void)measure_times(&sound, 0, frames + 10, 1);
                free(x);
            }
        }
    }
}

static void test_words(void **state)
{
    (void)state;
    for (motet_lint_kind kind = 0; kind < MOTET_LINT_KIND_COUNT; kind++) {
        assert_true(strlen(motet_lint_kind_text(kind)) > 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_planted_steps),
        cmocka_unit_test(test_planted_impulses_corners_and_gaps),
        cmocka_unit_test(test_clicks_in_a_row),
        cmocka_unit_test(test_range_and_channels),
        cmocka_unit_test(test_waves_are_no_clicks),
        cmocka_unit_test(test_onsets_are_no_clicks),
        cmocka_unit_test(test_fades_are_no_clicks),
        cmocka_unit_test(test_coarse_samples_are_no_clicks),
        cmocka_unit_test(test_step_out_of_noise_floor),
        cmocka_unit_test(test_click_beside_nan),
        cmocka_unit_test(test_clean),
        cmocka_unit_test(test_clipping),
        cmocka_unit_test(test_over),
        cmocka_unit_test(test_dc),
        cmocka_unit_test(test_hard_edges),
        cmocka_unit_test(test_silence),
        cmocka_unit_test(test_non_finite),
        cmocka_unit_test(test_seams),
        cmocka_unit_test(test_measure),
        cmocka_unit_test(test_odd_sizes),
        cmocka_unit_test(test_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
