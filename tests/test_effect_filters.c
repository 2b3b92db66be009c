/* The filters against the cookbook, under fast modulation, and where their type changes. */
#include "support/cookbook.h"
#include "support/effect_rig.h"

#include "dsp/svf.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { RATE = 48000, MOST_FRAMES = 30 * RATE };

static const double PI = 3.14159265358979323846;

static const char *const types[] = {"lowpass", "highpass", "bandpass", "notch", "peak", "lowshelf", "highshelf"};

static bool has_gain(const char *type)
{
    return strcmp(type, "peak") == 0 || strcmp(type, "lowshelf") == 0 || strcmp(type, "highshelf") == 0;
}

/* The largest distance to `expected_db` at 24 frequencies up to 0.8 of Nyquist's, where that is above -80 dB. */
static double worst_error_db(effect_rig *rig, const char *type, double cutoff_hz, double q, double gain_db,
                             double steep_q)
{
    effect_rig_start(rig);
    uint32_t frames = (uint32_t)effect_rig_tail_frames(rig) + 10;
    float *heard = calloc(frames, sizeof *heard);
    heard[0] = 1;
    effect_rig_run(rig, heard, NULL, frames, 512);
    double worst = 0;
    double rate = rig->sample_rate_hz;
    for (int i = 0; i < 24; i++) {
        double hz = 15 * pow(0.4 * rate / 15, i / 23.0);
        double expected = cookbook_db(type, cutoff_hz, q, gain_db, rate, hz);
        expected += steep_q > 0 ? cookbook_db(type, cutoff_hz, steep_q, gain_db, rate, hz) : 0;
        if (expected > -80) {
            worst = fmax(worst, fabs(response_db(heard, frames, rate, hz) - expected));
        }
    }
    free(heard);
    return worst;
}

static void responses_are_the_cookbooks(void **context)
{
    static const float cutoffs[] = {10, 150, 1000, 9000, 22000};
    static const float qs[] = {0.1f, 0.70710678f, 6};
    static const uint32_t rates[] = {48000, 11025};
    (void)context;
    for (size_t t = 0; t < sizeof types / sizeof *types; t++) {
        for (int i = 0; i < 5 * 3 * 2 * 2; i++) {
            float cutoff = cutoffs[i % 5], q = qs[i / 5 % 3], gain = i / 15 % 2 == 0 ? -15 : 24;
            effect_rig *rig = effect_rig_create(types[t], rates[i / 30], 1, NULL);
            effect_rig_set(rig, "cutoff_hz", cutoff);
            effect_rig_set(rig, "q", q);
            if (has_gain(types[t])) {
                effect_rig_set(rig, "gain_db", gain);
            }
            double error = worst_error_db(rig, types[t], (double)cutoff, (double)q, (double)gain, 0);
            if (error > 0.01) {
                fail_msg("%s at %g Hz, q %g, %g dB, rate %u: off by %g dB", types[t], (double)cutoff, (double)q,
                         (double)gain, rates[i / 30], error);
            }
            effect_rig_destroy(rig);
        }
    }
}

static void steep_slopes_are_butterworths(void **context)
{
    (void)context;
    for (int t = 0; t < 2; t++) {
        effect_rig *rig = effect_rig_create(types[t], RATE, 1, NULL);
        effect_rig_set(rig, "cutoff_hz", 2000);
        effect_rig_set(rig, "slope", 1);
        double error = worst_error_db(rig, types[t], 2000, 1 / (2 * cos(PI / 8)), 0, 1 / (2 * cos(3 * PI / 8)));
        assert_true(error < 0.01);
        effect_rig_destroy(rig);
    }
}

static void q_is_the_gain_at_the_cutoff(void **context)
{
    (void)context;
    for (int i = 0; i < 8; i++) {
        float q = i / 4 == 0 ? 0.5f : 4;
        effect_rig *rig = effect_rig_create(types[i % 2], RATE, 1, NULL);
        effect_rig_set(rig, "cutoff_hz", 1000);
        effect_rig_set(rig, "q", q);
        effect_rig_set(rig, "slope", (float)(i / 2 % 2));
        effect_rig_start(rig);
        float heard[RATE / 2] = {1};
        effect_rig_run(rig, heard, NULL, RATE / 2, 512);
        assert_true(fabs(response_db(heard, RATE / 2, RATE, 1000) - 20 * log10((double)q)) < 0.01);
        effect_rig_destroy(rig);
    }
}

/* Without input the sums never grow, whatever happens to the filter from one frame to the next. */
static void no_modulation_makes_energy(void **context)
{
    (void)context;
    uint32_t seed = 1;
    motet_svf_state state = {.s1 = {1, -0.5}, .s2 = {0.3, 0.8}};
    for (int n = 0; n < 20000; n++) {
        double draws[3];
        for (int i = 0; i < 3; i++) {
            seed = seed * 1664525u + 1013904223u;
            draws[i] = (seed >> 8) * 0x1p-24;
        }
        double q = 0.1 * pow(300, draws[1]);
        motet_svf_shape shape = motet_svf_shape_of(MOTET_SVF_PEAK, motet_svf_tangent(10 * pow(2200, draws[0]), RATE), q,
                                                   motet_svf_amplitude(48 * draws[2] - 24));
        motet_svf filter = motet_svf_of(&shape);
        double before = state.s1[0] * state.s1[0] + state.s2[0] * state.s2[0];
        motet_svf_step(&filter, &state, (motet_pair){0, 0});
        double after = state.s1[0] * state.s1[0] + state.s2[0] * state.s2[0];
        assert_true(after <= before * (1 + 1e-12));
        if (after < 1e-20) {
            state = (motet_svf_state){.s1 = {0.1, -0.5}, .s2 = {-0.3, 0.8}};
        }
    }
}

/* A tone of 440 Hz through a filter that is told something at its middle; the largest second difference around there
 * against the largest of the steady tone before. */
static double click_of(const char *type, const char *parameter, float from, float to, uint32_t glide)
{
    enum { FRAMES = 48000 };
    float *tone = malloc(FRAMES * sizeof *tone);
    for (int k = 0; k < FRAMES; k++) {
        tone[k] = (float)(0.5 * sin(2 * PI * 440 * k / RATE));
    }
    effect_rig *rig = effect_rig_create(type, RATE, 1, NULL);
    if (strcmp(type, "eq") != 0) {
        effect_rig_set(rig, "cutoff_hz", 500);
    }
    effect_rig_set(rig, parameter, from);
    effect_rig_start(rig);
    effect_rig_run(rig, tone, NULL, FRAMES / 2, 512);
    if (glide > 0) {
        effect_rig_glide(rig, parameter, to, glide);
    } else {
        effect_rig_set(rig, parameter, to);
    }
    effect_rig_run(rig, tone + FRAMES / 2, NULL, FRAMES / 2, 512);
    effect_rig_destroy(rig);
    double steady = 0, around = 0;
    for (int k = FRAMES / 4; k < FRAMES - 1; k++) {
        double second = fabs((double)tone[k + 1] - 2 * (double)tone[k] + (double)tone[k - 1]);
        bool is_steady = k < FRAMES / 2 - 2 || k > FRAMES - 4000;
        steady = is_steady ? fmax(steady, second) : steady;
        around = is_steady ? around : fmax(around, second);
    }
    free(tone);
    return around / steady;
}

static void changes_do_not_click(void **context)
{
    (void)context;
    assert_true(click_of("lowpass", "slope", 0, 1, 0) < 2);
    assert_true(click_of("highpass", "slope", 1, 0, 0) < 2);
    assert_true(click_of("lowpass", "cutoff_hz", 500, 5000, 480) < 2);
    assert_true(click_of("peak", "gain_db", -12, 12, 480) < 2);
    assert_true(click_of("eq", "band8_type", 0, 4, 0) < 2);
    assert_true(click_of("eq", "band7_type", 5, 0, 0) < 2);
    assert_true(click_of("eq", "band1_type", 1, 6, 0) < 2);
    assert_true(click_of("lowpass", "cutoff_hz", 500, 5000, 0) > 2); /* a step is one: this would be seen */
}

/* A cutoff that glides, and then stands, against the textbook's equations frame by frame. */
static void moving_filters_follow_every_frame(void **context)
{
    enum { FRAMES = 3000, MOVING = 1501 };
    (void)context;
    float heard[FRAMES], in[FRAMES];
    effect_rig *rig = effect_rig_create("lowpass", RATE, 1, NULL);
    effect_rig_set(rig, "cutoff_hz", 200);
    effect_rig_set(rig, "q", 3);
    effect_rig_start(rig);
    for (int k = 0; k < FRAMES; k++) {
        heard[k] = in[k] = (float)sin(k * k * 1e-3);
    }
    effect_rig_run(rig, heard, NULL, 1, 512); /* so that the glide starts in an odd frame */
    effect_rig_glide(rig, "cutoff_hz", 9000, MOVING);
    effect_rig_run(rig, heard + 1, NULL, FRAMES - 1, 0);
    effect_rig_destroy(rig);
    double s1 = 0, s2 = 0;
    for (int k = 0; k < FRAMES; k++) {
        double share = k < 1 ? 0 : k - 1 < MOVING ? (double)(k - 1) / MOVING : 1;
        double g = tan(PI * 200 * pow(45, share) / RATE);
        double a1 = 1 / (1 + g * (g + 1.0 / 3)), v3 = (double)in[k] - s2;
        double v1 = a1 * s1 + g * a1 * v3, v2 = s2 + g * a1 * s1 + g * g * a1 * v3;
        s1 = 2 * v1 - s1;
        s2 = 2 * v2 - s2;
        assert_true(fabs((double)heard[k] - v2) < 1e-5);
    }
}

/* Each band of the equaliser is the filter of its type, and a band that is off leaves every bit. */
static void the_equalisers_bands_are_these_filters(void **context)
{
    static const char *const of_bands[] = {"peak", "lowshelf", "highshelf", "lowpass", "highpass", "notch"};
    enum { FRAMES = 4000 };
    (void)context;
    for (int b = 0; b <= 6; b++) {
        effect_rig *eq = effect_rig_create("eq", RATE, 2, NULL);
        float heard[2][FRAMES], expected[2][FRAMES];
        for (int k = 0; k < FRAMES; k++) {
            heard[0][k] = expected[0][k] = (float)sin(k * k * 1e-3);
            heard[1][k] = expected[1][k] = (float)cos(k * k * 1.3e-3);
        }
        if (b > 0) {
            effect_rig *one = effect_rig_create(of_bands[b - 1], RATE, 2, NULL);
            char name[32];
            const char *const parts[] = {"type", "hz", "q", "gain_db"};
            const float values[] = {(float)b, 700, 2, -6};
            for (int i = 0; i < 4; i++) {
                snprintf(name, sizeof name, "band%d_%s", b, parts[i]);
                effect_rig_set(eq, name, values[i]);
            }
            effect_rig_set(one, "cutoff_hz", 700);
            effect_rig_set(one, "q", 2);
            if (has_gain(of_bands[b - 1])) {
                effect_rig_set(one, "gain_db", -6);
            }
            effect_rig_start(one);
            effect_rig_run(one, expected[0], expected[1], FRAMES, 512);
            effect_rig_destroy(one);
        }
        effect_rig_start(eq);
        effect_rig_run(eq, heard[0], heard[1], FRAMES, 512);
        assert_memory_equal(heard, expected, sizeof heard);
        effect_rig_destroy(eq);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(responses_are_the_cookbooks),
        cmocka_unit_test(steep_slopes_are_butterworths),
        cmocka_unit_test(q_is_the_gain_at_the_cutoff),
        cmocka_unit_test(no_modulation_makes_energy),
        cmocka_unit_test(moving_filters_follow_every_frame),
        cmocka_unit_test(changes_do_not_click),
        cmocka_unit_test(the_equalisers_bands_are_these_filters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
