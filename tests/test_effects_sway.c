/* Chorus, flanger, phaser and tremolo: that their oscillators are exact, where their gaps lie, how loud they are, and
 * that no change of them clicks. */
#include "support/effect_rig.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { RATE = 48000, FRAMES = 4 * RATE };

static const double PI = 3.14159265358979323846;

static float left[FRAMES], right[FRAMES];

static void fill_sine(double hz, double amplitude)
{
    for (uint32_t k = 0; k < FRAMES; k++) {
        left[k] = right[k] = (float)(amplitude * sin(2 * PI * hz * k / RATE));
    }
}

static double power(const float *samples, uint32_t from, uint32_t count)
{
    double sum = 0;
    for (uint32_t k = from; k < from + count; k++) {
        sum += (double)samples[k] * (double)samples[k];
    }
    return sum / count;
}

/* The delay that an effect of one copy has in each frame: of a signal that rises evenly it takes off just that. */
static void measure_delay(effect_rig *rig)
{
    for (uint32_t k = 0; k < FRAMES; k++) {
        left[k] = right[k] = (float)k * 0x1p-20f;
    }
    effect_rig_start(rig);
    effect_rig_run(rig, left, right, FRAMES, 0);
    for (uint32_t k = 0; k < FRAMES; k++) {
        left[k] = (float)k - left[k] * 0x1p20f;
        right[k] = (float)k - right[k] * 0x1p20f;
    }
}

static void test_chorus_sways_as_asked_for(void **context)
{
    (void)context;
    effect_rig *rig = effect_rig_create("chorus", RATE, 2, NULL);
    effect_rig_set(rig, "voices", 1);
    effect_rig_set(rig, "depth", 1);
    effect_rig_set(rig, "rate_hz", 2);
    rig->frame = (uint64_t)1 << 40; /* counted from the engine's first frame, at which the turn began */
    measure_delay(rig);
    for (uint32_t k = 2000; k < FRAMES; k++) {
        double turn = 2 * PI * (double)((((uint64_t)1 << 40) + k) % (RATE / 2)) / (RATE / 2);
        assert_true(fabs((double)left[k] - (720 + 384 * sin(turn))) < 0.5);
        assert_true(fabs((double)right[k] - (720 + 384 * cos(turn))) < 0.5); /* a quarter of a turn ahead */
    }
    effect_rig_destroy(rig);
}

static void test_flanger_goes_down_to_nothing(void **context)
{
    (void)context;
    effect_rig *rig = effect_rig_create("flanger", RATE, 2, NULL);
    effect_rig_set(rig, "depth", 1);
    effect_rig_set(rig, "rate_hz", 1);
    effect_rig_set(rig, "feedback", 0);
    measure_delay(rig);
    double least = INFINITY, most = 0;
    for (uint32_t k = 2000; k < FRAMES; k++) {
        least = fmin(least, (double)left[k]);
        most = fmax(most, (double)left[k]);
    }
    assert_true(least < 1.2 && least > 0.8);
    assert_true(fabs(most - 192) < 0.2);
    effect_rig_destroy(rig);
}

static void test_chorus_copies_are_as_loud_together_as_one(void **context)
{
    (void)context;
    for (uint32_t voices = 1; voices <= 6; voices++) {
        effect_rig *rig = effect_rig_create("chorus", RATE, 2, NULL);
        effect_rig_set(rig, "voices", (float)voices);
        effect_rig_set(rig, "depth", 1);
        effect_rig_start(rig);
        uint32_t seed = 5;
        for (uint32_t k = 0; k < FRAMES; k++) { /* below 5 kHz, where reading between samples loses nothing */
            seed = seed * 1664525u + 1013904223u;
            left[k] = right[k] = (k > 0 ? 0.7f * left[k - 1] : 0) + (float)(int32_t)seed * 0x1p-33f;
        }
        double before = power(left, 0, FRAMES);
        effect_rig_run(rig, left, right, FRAMES, 512);
        assert_true(fabs(10 * log10(power(left, RATE, FRAMES - RATE) / before)) < 0.7);
        effect_rig_destroy(rig);
    }
}

/* Of a sine: half the sound itself and half what the effect makes of it, over the sound; and the effect alone. */
typedef struct gains {
    double both, wet;
} gains;

static gains gains_at(effect_rig *rig, double hz)
{
    fill_sine(hz, 0.5);
    effect_rig_start(rig);
    effect_rig_run(rig, left, right, FRAMES, 512);
    gains heard;
    heard.wet = sqrt(power(left, 3 * RATE, RATE) / 0.125);
    for (uint32_t k = 0; k < FRAMES; k++) {
        left[k] = 0.5f * (left[k] + (float)(0.5 * sin(2 * PI * hz * k / RATE)));
    }
    heard.both = sqrt(power(left, 3 * RATE, RATE) / 0.125);
    return heard;
}

static void test_flanger_has_its_gaps_and_peaks(void **context)
{
    (void)context;
    effect_rig *rig = effect_rig_create("flanger", RATE, 2, NULL);
    effect_rig_set(rig, "depth", 0);
    effect_rig_set(rig, "feedback", 0);
    assert_true(gains_at(rig, 125).both < 1e-5); /* 0.5 / 4 ms */
    assert_true(fabs(gains_at(rig, 250).both - 1) < 1e-5);
    effect_rig_set(rig, "feedback", 0.5f);
    assert_true(fabs(gains_at(rig, 250).wet - 2) < 1e-5);
    assert_true(fabs(gains_at(rig, 125).wet - 1 / 1.5) < 1e-5);
    effect_rig_set(rig, "feedback", -0.5f);
    assert_true(fabs(gains_at(rig, 125).wet - 2) < 1e-5);
    effect_rig_destroy(rig);
}

static void test_phaser_has_its_gaps(void **context)
{
    (void)context;
    effect_rig *rig = effect_rig_create("phaser", RATE, 2, NULL);
    effect_rig_set(rig, "depth", 0);
    effect_rig_set(rig, "feedback", 0);
    for (int stages = 2; stages <= 12; stages += 2) {
        effect_rig_set(rig, "stages", (float)stages);
        for (int gap = 0; gap < stages / 2; gap++) { /* where all stages together turn by an odd number of halves */
            double corner = tan(PI * 800 / RATE) * tan(PI * (2 * gap + 1) / (2 * stages));
            gains heard = gains_at(rig, RATE / PI * atan(corner));
            assert_true(heard.both < 1e-4 && fabs(heard.wet - 1) < 1e-3);
        }
        assert_true(gains_at(rig, 20).both > 0.9);
    }
    effect_rig_destroy(rig);
}

static void fill_ones(void)
{
    for (uint32_t k = 0; k < FRAMES; k++) {
        left[k] = right[k] = 1;
    }
}

static void test_tremolo_runs_as_its_shape_says(void **context)
{
    (void)context;
    for (int shape = 0; shape < 3; shape++) {
        effect_rig *rig = effect_rig_create("tremolo", RATE, 2, NULL);
        effect_rig_set(rig, "shape", (float)shape);
        effect_rig_set(rig, "depth", 0.6f);
        effect_rig_set(rig, "rate_hz", 4);
        effect_rig_set(rig, "auto_pan", 1);
        fill_ones();
        effect_rig_start(rig);
        effect_rig_run(rig, left, right, FRAMES, 0);
        for (uint32_t k = 0; k < FRAMES; k++) {
            double turn = (double)(k % (RATE / 4)) / (RATE / 4);
            double from_peak = fmod(turn + 0.75, 1);
            double triangle = 4 * fabs(from_peak - 0.5) - 1;
            double near_edge = fmin(fabs(turn - 0.5), fmin(turn, 1 - turn)) / 4;
            double wave = shape == 0 ? sin(2 * PI * turn) : shape == 1 ? triangle : turn < 0.5 ? 1 : -1;
            double error = fabs((double)left[k] - (1 - 0.6 * (0.5 - 0.5 * wave)));
            assert_true(error < 1e-3 || (shape == 1 && error < 3e-3) || (shape == 2 && near_edge < 0.006));
            assert_true(fabs((double)left[k] + (double)right[k] - (2 - 0.6)) < 1e-3);
        }
        effect_rig_destroy(rig);
    }
}

static void test_tremolo_without_depth_changes_nothing(void **context)
{
    static float before[FRAMES];
    (void)context;
    effect_rig *rig = effect_rig_create("tremolo", RATE, 2, NULL);
    effect_rig_set(rig, "depth", 0);
    fill_sine(1234, 0.7);
    memcpy(before, left, sizeof before);
    effect_rig_start(rig);
    effect_rig_run(rig, left, right, FRAMES, 512);
    assert_memory_equal(before, left, sizeof before);
    assert_memory_equal(before, right, sizeof before);
    effect_rig_destroy(rig);
}

static double roughest(uint32_t from, uint32_t count)
{
    double most = 0;
    for (uint32_t k = from + 2; k < from + count; k++) {
        most = fmax(most, fabs((double)left[k] - 2 * (double)left[k - 1] + (double)left[k - 2]));
    }
    return most;
}

/* A sine through a sudden change, in second differences over those of a sine that is as loud. */
static void check_change(const char *type, const char *parameter, float from, float to)
{
    effect_rig *rig = effect_rig_create(type, RATE, 2, NULL);
    effect_rig_set(rig, parameter, from);
    effect_rig_start(rig);
    fill_sine(200, 0.5);
    effect_rig_run(rig, left, right, 2 * RATE + 100, 512);
    effect_rig_set(rig, parameter, to);
    effect_rig_run(rig, left + 2 * RATE + 100, right + 2 * RATE + 100, 2 * RATE - 100, 512);
    double peak = 0;
    for (uint32_t k = RATE; k < FRAMES; k++) {
        peak = fmax(peak, fabs((double)left[k]));
    }
    double ratio = roughest(RATE, FRAMES - RATE) / (peak * pow(2 * PI * 200 / RATE, 2));
    if (!(ratio < 2)) {
        fail_msg("%s, %s %g -> %g: %g times as rough as a sine", type, parameter, (double)from, (double)to, ratio);
    }
    effect_rig_destroy(rig);
}

static void test_no_change_clicks(void **context)
{
    static const struct {
        const char *type, *parameter;
        float from, to;
    } changes[] = {
        {"chorus", "rate_hz", 0.1f, 3},
        {"chorus", "depth", 0, 0.5f},
        {"chorus", "delay_seconds", 0.03f, 0.01f},
        {"chorus", "voices", 1, 6},
        {"chorus", "voices", 6, 2},
        {"chorus", "feedback", -0.5f, 0.5f},
        {"chorus", "stereo_phase", 0.5f, 0},
        {"flanger", "rate_hz", 0.1f, 5},
        {"flanger", "depth", 0, 1},
        {"flanger", "delay_seconds", 0.001f, 0.01f},
        {"flanger", "feedback", 0.9f, -0.9f},
        {"phaser", "rate_hz", 0.1f, 5},
        {"phaser", "depth", 0, 1},
        {"phaser", "centre_hz", 200, 3000},
        {"phaser", "stages", 2, 12},
        {"phaser", "stages", 12, 3},
        {"phaser", "feedback", 0.9f, -0.9f},
        {"tremolo", "depth", 0, 1},
        {"tremolo", "rate_hz", 0.5f, 10},
        {"tremolo", "shape", 0, 2},
        {"tremolo", "shape", 2, 1},
        {"tremolo", "auto_pan", 0, 1},
    };
    (void)context;
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        check_change(changes[i].type, changes[i].parameter, changes[i].from, changes[i].to);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_chorus_sways_as_asked_for),
        cmocka_unit_test(test_flanger_goes_down_to_nothing),
        cmocka_unit_test(test_chorus_copies_are_as_loud_together_as_one),
        cmocka_unit_test(test_flanger_has_its_gaps_and_peaks),
        cmocka_unit_test(test_phaser_has_its_gaps),
        cmocka_unit_test(test_tremolo_runs_as_its_shape_says),
        cmocka_unit_test(test_tremolo_without_depth_changes_nothing),
        cmocka_unit_test(test_no_change_clicks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
