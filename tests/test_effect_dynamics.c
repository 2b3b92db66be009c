/* Compressor and gate: static curves, times, side-chain, hysteresis and hold. The gain is read off directly: the sound
 * is a constant 1, and what is listened to is a tone in the side-chain. */
#include "support/effect_rig.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { RATE = 48000 };

static const double PI = 3.14159265358979323846;

/* A tone of 1 kHz, whose level changes once; the gains that it makes, in decibels. */
typedef struct take {
    float *key, *gains;
    uint32_t count;
} take;

static take make_take(double first_db, uint32_t change, double then_db, uint32_t count)
{
    take t = {malloc(count * sizeof(float)), malloc(count * sizeof(float)), count};
    for (uint32_t k = 0; k < count; k++) {
        double amplitude = pow(10, (k < change ? first_db : then_db) / 20);
        t.key[k] = (float)(amplitude * sin(2 * PI * 1000 * k / RATE));
        t.gains[k] = 1;
    }
    return t;
}

static void run_take(effect_rig *rig, take *t)
{
    rig->key[0] = rig->key[1] = t->key;
    effect_rig_start(rig);
    for (uint32_t at = 0; at < t->count; at += 512) { /* the rig's key begins with what is run */
        rig->key[0] = rig->key[1] = t->key + at;
        effect_rig_run(rig, t->gains + at, NULL, t->count - at < 512 ? t->count - at : 512, 512);
    }
    for (uint32_t k = 0; k < t->count; k++) {
        t->gains[k] = (float)(20 * log10((double)t->gains[k] + 1e-30));
    }
}

static void free_take(take *t)
{
    free(t->key);
    free(t->gains);
}

static double settled_gain_db(effect_rig *rig, double level_db)
{
    take t = make_take(level_db, 0, level_db, RATE);
    run_take(rig, &t);
    double gain = (double)t.gains[RATE - 1];
    free_take(&t);
    return gain;
}

static double compressed_db(double level, double threshold, double ratio, double knee)
{
    double over = level - threshold, slope = 1 / ratio - 1;
    if (2 * over <= -knee) {
        return 0;
    }
    return 2 * over < knee ? slope * pow(over + knee / 2, 2) / (2 * knee) : slope * over;
}

static void compressors_curve(void **context)
{
    static const float knees[] = {0, 6, 24}, ratios[] = {1.5f, 4, 100};
    (void)context;
    for (int i = 0; i < 3 * 3 * 2; i++) {
        for (double level = -50; level <= 6; level += 4) {
            effect_rig *rig = effect_rig_create("compressor", RATE, 1, NULL);
            effect_rig_set(rig, "threshold_db", -20);
            effect_rig_set(rig, "knee_db", knees[i % 3]);
            effect_rig_set(rig, "ratio", ratios[i / 3 % 3]);
            effect_rig_set(rig, "makeup_db", 5);
            effect_rig_set(rig, "detector", (float)(i / 9));
            double heard = settled_gain_db(rig, level);
            double seen = i / 9 == 1 ? level - 3.0103 : level;
            double expected = 5 + compressed_db(seen, -20, (double)ratios[i / 3 % 3], (double)knees[i % 3]);
            if (fabs(heard - expected) > 0.1) {
                fail_msg("level %g, case %d: %g in place of %g dB", level, i, heard, expected);
            }
            effect_rig_destroy(rig);
        }
    }
}

/* Frames from `change` until 63 % of the way. */
static uint32_t frames_to_63(const take *t, uint32_t change)
{
    double from = (double)t->gains[change - 1], to = (double)t->gains[t->count - 1];
    double place = from + (to - from) * (1 - exp(-1));
    uint32_t k = change;
    while (k < t->count && fabs((double)t->gains[k] - from) < fabs(place - from)) {
        k++;
    }
    return k - change;
}

static void check_time(const char *type, const char *parameter, float seconds, double from_db, double to_db,
                       double known_delay)
{
    uint32_t change = RATE / 2, count = change + (uint32_t)(12 * (double)seconds * RATE) + 4800;
    effect_rig *rig = effect_rig_create(type, RATE, 1, NULL);
    effect_rig_set(rig, "threshold_db", -30);
    effect_rig_set(rig, "attack_seconds", 0.001f);
    effect_rig_set(rig, "release_seconds", 0.02f);
    if (strcmp(type, "gate") == 0) {
        effect_rig_set(rig, "hold_seconds", 0);
    } else {
        effect_rig_set(rig, "knee_db", 0);
    }
    effect_rig_set(rig, parameter, seconds);
    take t = make_take(from_db, change, to_db, count);
    run_take(rig, &t);
    double heard = frames_to_63(&t, change) / (double)RATE - known_delay;
    if (fabs(heard / (double)seconds - 1) > 0.05) {
        fail_msg("%s: %s of %g took %g", type, parameter, (double)seconds, heard);
    }
    free_take(&t);
    effect_rig_destroy(rig);
}

/* A tone takes a quarter of its period, 0.25 ms, to get to its peak, and the detector holds it for 5 ms. */
static void times_are_as_asked(void **context)
{
    static const float seconds[] = {0.02f, 0.1f, 0.5f};
    (void)context;
    for (int i = 0; i < 3; i++) {
        check_time("compressor", "attack_seconds", seconds[i], -60, 0, 0.00025);
        check_time("compressor", "release_seconds", seconds[i], 0, -60, 0.005);
        check_time("gate", "attack_seconds", seconds[i], -60, 0, 0.0001);
        check_time("gate", "release_seconds", seconds[i], 0, -60, 0.005);
    }
}

static void gates_curve(void **context)
{
    (void)context;
    for (int i = 0; i < 4; i++) {
        float ratio = i % 2 == 0 ? 2 : 10, range = i / 2 == 0 ? 40 : 80;
        for (double level = -79; level < 0; level += 6) {
            effect_rig *rig = effect_rig_create("gate", RATE, 1, NULL);
            effect_rig_set(rig, "threshold_db", -30);
            effect_rig_set(rig, "ratio", ratio);
            effect_rig_set(rig, "range_db", range);
            effect_rig_set(rig, "release_seconds", 0.02f);
            double heard = settled_gain_db(rig, level);
            double expected = -fmax(0, fmin((double)range, (-30 - level) * ((double)ratio - 1)));
            if (expected <= -80 ? heard > -200 : fabs(heard - expected) > 0.1) {
                fail_msg("level %g, ratio %g: %g in place of %g dB", level, (double)ratio, heard, expected);
            }
            effect_rig_destroy(rig);
        }
    }
}

static float gate_after(double first_db, double then_db, float hysteresis_db, float hold_seconds, double seconds)
{
    effect_rig *rig = effect_rig_create("gate", RATE, 1, NULL);
    effect_rig_set(rig, "threshold_db", -30);
    effect_rig_set(rig, "hysteresis_db", hysteresis_db);
    effect_rig_set(rig, "hold_seconds", hold_seconds);
    effect_rig_set(rig, "release_seconds", 0.01f);
    take t = make_take(first_db, RATE / 2, then_db, RATE);
    run_take(rig, &t);
    float gain = t.gains[RATE / 2 + (uint32_t)(seconds * RATE)];
    free_take(&t);
    effect_rig_destroy(rig);
    return gain;
}

static void hysteresis_and_hold(void **context)
{
    (void)context;
    assert_true(gate_after(-20, -34, 6, 0, 0.4) == 0);    /* within: it stays open */
    assert_true(gate_after(-60, -34, 6, 0, 0.4) < -30);   /* and closed */
    assert_true(gate_after(-20, -34, 3, 0, 0.4) < -30);   /* beyond: it closes */
    assert_true(gate_after(-20, -60, 3, 0.2f, 0.2) == 0); /* held */
    assert_true(gate_after(-20, -60, 3, 0.2f, 0.25) < -20);
}

/* Bass in the side-chain counts with the high-pass out, and not with it in. */
static void the_key_may_be_filtered(void **context)
{
    static float key[RATE], heard[RATE];
    (void)context;
    for (int pass = 0; pass < 2; pass++) {
        effect_rig *rig = effect_rig_create("compressor", RATE, 1, NULL);
        effect_rig_set(rig, "key_highpass_hz", pass == 0 ? 10 : 1000);
        effect_rig_start(rig);
        for (int k = 0; k < RATE; k++) {
            key[k] = (float)sin(2 * PI * 50 * k / RATE);
            heard[k] = 1;
        }
        for (uint32_t at = 0; at + 480 <= RATE; at += 480) {
            rig->key[0] = rig->key[1] = key + at;
            effect_rig_run(rig, heard + at, NULL, 480, 512);
        }
        assert_true(pass == 0 ? heard[RATE - 1] < 0.4f : heard[RATE - 1] == 1);
        effect_rig_destroy(rig);
    }
}

static void without_a_key_it_hears_itself_and_both_sides_alike(void **context)
{
    static float left[RATE], right[RATE];
    (void)context;
    effect_rig *rig = effect_rig_create("compressor", RATE, 2, NULL);
    effect_rig_set(rig, "knee_db", 0);
    effect_rig_start(rig);
    for (int k = 0; k < RATE; k++) {
        left[k] = (float)sin(2 * PI * 1000 * k / RATE);
        right[k] = 0.25f * left[k];
    }
    float in = left[RATE - 13];
    effect_rig_run(rig, left, right, RATE, 512);
    assert_true(fabs(20 * log10((double)left[RATE - 13] / (double)in) + 13.5) < 0.1);
    assert_true(fabsf(right[RATE - 13] - 0.25f * left[RATE - 13]) < 1e-6f);
    effect_rig_destroy(rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(compressors_curve),
        cmocka_unit_test(times_are_as_asked),
        cmocka_unit_test(gates_curve),
        cmocka_unit_test(hysteresis_and_hold),
        cmocka_unit_test(the_key_may_be_filtered),
        cmocka_unit_test(without_a_key_it_hears_itself_and_both_sides_alike),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
