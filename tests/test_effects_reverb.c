/* The reverb: how fast it dies away, where its reflections lie, that it ends, and that no change of it clicks. How it
 * rings in every octave, make effects measures. */
#include "effects/reverb_early.h"
#include "effects/reverb_presets.h"
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

static effect_rig *reverb_rig(const char *simd)
{
    memset(left, 0, sizeof left);
    memset(right, 0, sizeof right);
    return effect_rig_create("reverb", RATE, 2, simd);
}

static double energy(uint32_t from, uint32_t count)
{
    double sum = 0;
    for (uint32_t k = from; k < from + count; k++) {
        sum += (double)left[k] * (double)left[k] + (double)right[k] * (double)right[k];
    }
    return sum;
}

/* The slope of an impulse's energy between two times, as seconds for 60 dB. */
static double rt60(float seconds, float size, float high, bool of_treble)
{
    effect_rig *rig = reverb_rig(NULL);
    effect_rig_set(rig, "rt60_seconds", seconds);
    effect_rig_set(rig, "rt60_low", 1);
    effect_rig_set(rig, "rt60_high", high);
    effect_rig_set(rig, "high_hz", 1000);
    effect_rig_set(rig, "size", size);
    effect_rig_set(rig, "early_db", -80);
    effect_rig_start(rig);
    left[0] = 1;
    effect_rig_run(rig, left, right, FRAMES, 512);
    for (uint32_t k = FRAMES - 1; k >= 4 && of_treble; k--) {
        left[k] += left[k - 4] - 2 * left[k - 2];
        right[k] += right[k - 4] - 2 * right[k - 2];
    }
    uint32_t first = (uint32_t)(0.3f * seconds * RATE), second = (uint32_t)(0.9f * seconds * RATE);
    double db = 10 * log10(energy(first, RATE / 5) / energy(second, RATE / 5));
    effect_rig_destroy(rig);
    return 60 * (double)(second - first) / RATE / db;
}

static void test_dies_away_as_fast_as_asked_for(void **context)
{
    (void)context;
    for (float size = 0; size <= 1; size += 0.5f) {
        assert_true(fabs(rt60(0.6f, size, 1, false) / 0.6 - 1) < 0.05);
        assert_true(fabs(rt60(2, size, 1, false) / 2 - 1) < 0.03);
    }
    /* Twice x[k] - x[k - 2]: most of it around 12 kHz. */
    assert_true(fabs(rt60(2, 0.5f, 0.5f, true) - 1) < 0.06);
}

/* As loud, whatever the size and the time. */
static void test_is_as_loud_in_every_room(void **context)
{
    (void)context;
    for (int i = 0; i < 8; i++) {
        effect_rig *rig = reverb_rig(NULL);
        effect_rig_set(rig, "rt60_seconds", i % 2 == 0 ? 1.0f : 3.0f);
        effect_rig_set(rig, "rt60_low", 1);
        effect_rig_set(rig, "rt60_high", 1);
        effect_rig_set(rig, "size", i / 2 % 2 == 0 ? 0.1f : 0.9f);
        effect_rig_set(rig, "early_db", -80);
        effect_rig_start(rig);
        (i / 4 == 0 ? left : right)[0] = 1;
        effect_rig_run(rig, left, right, FRAMES, 512);
        assert_true(fabs(10 * log10(energy(0, FRAMES))) < 1);
        effect_rig_destroy(rig);
    }
}

static void test_reflections_are_those_of_the_room(void **context)
{
    motet_early_pattern pattern;
    (void)context;
    motet_early_pattern_make(&pattern);
    effect_rig *rig = reverb_rig(NULL);
    effect_rig_set(rig, "late_db", -80);
    effect_rig_set(rig, "early_db", 0);
    effect_rig_set(rig, "size", 0);
    effect_rig_set(rig, "predelay_seconds", 0.1f);
    effect_rig_start(rig);
    left[0] = 1;
    effect_rig_run(rig, left, right, FRAMES, 512);
    uint32_t found = 0;
    for (int ear = 0; ear < 2; ear++) {
        double sum = 0;
        for (int i = 0; i < MOTET_EARLY_TAPS; i++) {
            const motet_early_tap *tap = &pattern.taps[ear][i];
            assert_true(tap->path > 0 && tap->path < 2 && tap->gain > 0);
            sum += (double)tap->gain * (double)tap->gain;
            if (tap->input == 0) {
                uint32_t at = (uint32_t)((0.1 + 2.5 / 343 * tap->path) * RATE + 0.5);
                const float *side = ear == 0 ? left : right;
                assert_true(fabsf(side[at] - tap->gain) < 1e-6f);
                found++;
            }
        }
        assert_true(fabs(sum - 1) < 1e-6);
    }
    uint32_t heard = 0;
    for (uint32_t k = 0; k < FRAMES; k++) {
        heard += (fabsf(left[k]) > 1e-6f) + (fabsf(right[k]) > 1e-6f);
    }
    assert_true(found > 6 && heard == found);
    effect_rig_destroy(rig);
}

static void test_sides_are_alike_without_width(void **context)
{
    (void)context;
    effect_rig *rig = reverb_rig(NULL);
    effect_rig_set(rig, "width", 0);
    effect_rig_start(rig);
    left[0] = 1;
    effect_rig_run(rig, left, right, FRAMES, 512);
    assert_memory_equal(left, right, sizeof left);
    assert_true(energy(0, FRAMES) > 0.1);
    effect_rig_destroy(rig);
}

static void test_ends_in_exact_silence(void **context)
{
    (void)context;
    effect_rig *rig = reverb_rig(NULL);
    effect_rig_set(rig, "rt60_seconds", 0.3f);
    effect_rig_start(rig);
    left[0] = 1;
    effect_rig_run(rig, left, right, FRAMES, 512);
    assert_true(energy(RATE, RATE) > 0);
    assert_true(energy(FRAMES - 512, 512) == 0);
    effect_rig_destroy(rig);
}

/* Long enough for every ring to come round, with delays shorter than a cell, and through changes. */
static void test_any_cut_is_the_same(void **context)
{
    static float other_left[FRAMES], other_right[FRAMES];
    static const uint32_t cuts[] = {1, 7, 64, 480, 0};
    (void)context;
    for (size_t i = 0; i <= sizeof cuts / sizeof *cuts; i++) {
        effect_rig *rig = reverb_rig(i % 2 == 0 ? NULL : "c");
        effect_rig_set(rig, "predelay_seconds", 0.0004f);
        effect_rig_set(rig, "size", 0);
        effect_rig_start(rig);
        uint32_t seed = 1;
        for (uint32_t k = 0; k < FRAMES; k++) {
            seed = seed * 1664525u + 1013904223u;
            left[k] = (float)(int32_t)seed * 0x1p-33f;
            right[k] = k % 999 == 0 ? 1 : 0;
        }
        uint32_t run = i == 0 ? 512 : cuts[i - 1];
        effect_rig_run(rig, left, right, FRAMES / 2, run);
        effect_rig_glide(rig, "size", 0.7f, 3000);
        effect_rig_glide(rig, "rt60_seconds", 5, 1000);
        effect_rig_glide(rig, "predelay_seconds", 0, 10000);
        effect_rig_run(rig, left + FRAMES / 2, right + FRAMES / 2, FRAMES / 2, run);
        if (i == 0) {
            memcpy(other_left, left, sizeof left);
            memcpy(other_right, right, sizeof right);
        }
        assert_memory_equal(left, other_left, sizeof left);
        assert_memory_equal(right, other_right, sizeof right);
        effect_rig_destroy(rig);
    }
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
static void check_change(const char *parameter, float from, float to)
{
    effect_rig *rig = reverb_rig(NULL);
    effect_rig_set(rig, parameter, from);
    effect_rig_set(rig, "rt60_low", 1);
    effect_rig_start(rig);
    for (uint32_t k = 0; k < FRAMES; k++) {
        left[k] = right[k] = (float)(0.5 * sin(2 * PI * 200 * k / RATE));
    }
    effect_rig_run(rig, left, right, 2 * RATE + 100, 512);
    effect_rig_set(rig, parameter, to);
    effect_rig_run(rig, left + 2 * RATE + 100, right + 2 * RATE + 100, 2 * RATE - 100, 512);
    double during = roughest(2 * RATE, RATE / 2), peak = 0;
    for (uint32_t k = 2 * RATE; k < 5 * RATE / 2; k++) {
        peak = fmax(peak, fabs((double)left[k]));
    }
    double of_sine = peak * pow(2 * PI * 200 / RATE, 2);
    if (!(during < 2 * of_sine)) {
        fail_msg("%s %g -> %g: %g times as rough as a sine", parameter, (double)from, (double)to, during / of_sine);
    }
    effect_rig_destroy(rig);
}

static void test_no_change_clicks(void **context)
{
    (void)context;
    check_change("size", 0.55f, 0.2f);
    check_change("size", 0.1f, 1);
    check_change("predelay_seconds", 0.01f, 0.2f);
    check_change("rt60_seconds", 1.8f, 0.2f);
    check_change("rt60_seconds", 0.3f, 8);
    check_change("rt60_high", 0.1f, 1);
    check_change("diffusion", 0, 1);
    check_change("early_db", 6, -80);
    check_change("late_db", 0, -80);
    check_change("width", 1, 0);
    check_change("modulation", 0, 1);
}

/* To and fro as fast as it goes, in a room that loses next to nothing. */
static void test_stays_bounded_at_any_change(void **context)
{
    (void)context;
    effect_rig *rig = reverb_rig(NULL);
    effect_rig_set(rig, "rt60_seconds", 20);
    effect_rig_set(rig, "rt60_low", 3);
    effect_rig_set(rig, "rt60_high", 2);
    effect_rig_start(rig);
    for (uint32_t k = 0; k < FRAMES; k++) {
        left[k] = right[k] = k < RATE ? (float)sin(2 * PI * 90 * k / RATE) : 0;
    }
    double loudest = 0;
    for (uint32_t done = 0; done < FRAMES; done += 1600) {
        effect_rig_set(rig, "size", (float)(done / 1600 % 3) * 0.5f);
        effect_rig_set(rig, "modulation", done / 1600 % 2 == 0 ? 0 : 1);
        effect_rig_run(rig, left + done, right + done, 1600, 512);
        for (uint32_t k = done; k < done + 1600; k++) {
            loudest = fmax(loudest, fabs((double)left[k]));
        }
    }
    assert_true(loudest < 20);
    effect_rig_destroy(rig);
}

static void test_presets_fit_the_table(void **context)
{
    const motet_effect_type *type = motet_effect_type_find("reverb");
    (void)context;
    for (int i = 0; i < MOTET_REVERB_PRESETS; i++) {
        const motet_reverb_preset *preset = &motet_reverb_presets[i];
        for (uint32_t p = 0; p < MOTET_REVERB_PARAMETERS; p++) {
            assert_true(preset->values[p] >= type->parameters[p].minimum);
            assert_true(preset->values[p] <= type->parameters[p].maximum);
        }
        for (int j = 0; j < i; j++) {
            assert_string_not_equal(preset->name, motet_reverb_presets[j].name);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dies_away_as_fast_as_asked_for),
        cmocka_unit_test(test_is_as_loud_in_every_room),
        cmocka_unit_test(test_reflections_are_those_of_the_room),
        cmocka_unit_test(test_sides_are_alike_without_width),
        cmocka_unit_test(test_ends_in_exact_silence),
        cmocka_unit_test(test_any_cut_is_the_same),
        cmocka_unit_test(test_no_change_clicks),
        cmocka_unit_test(test_stays_bounded_at_any_change),
        cmocka_unit_test(test_presets_fit_the_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
