/* Ramps: the frames of each curve by hand and by formula, what a change on the way does, splits, great lengths. */
#include "dsp/kernels.h"
#include "dsp/ramp.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static motet_ramp_tables tables; /* with the kernels under test */

/* In pieces as long as a block. */
static void write_ramp(double *out, const motet_ramp *ramp, uint64_t frame, uint32_t count)
{
    for (uint32_t done = 0; done < count; done += MOTET_RAMP_FRAMES) {
        uint32_t piece = count - done < MOTET_RAMP_FRAMES ? count - done : MOTET_RAMP_FRAMES;
        motet_ramp_write(&tables, out + done, ramp, frame + done, piece);
    }
}

static void multiply_ramp(double *out, const motet_ramp *ramp, uint64_t frame, uint32_t count)
{
    for (uint32_t done = 0; done < count; done += MOTET_RAMP_FRAMES) {
        uint32_t piece = count - done < MOTET_RAMP_FRAMES ? count - done : MOTET_RAMP_FRAMES;
        motet_ramp_multiply(&tables, out + done, ramp, frame + done, piece);
    }
}

static const double pi = 3.14159265358979323846;

static void assert_near(double value, double expected, double tolerance)
{
    if (!(fabs(value - expected) <= tolerance)) {
        fail_msg("%.17g is not %.17g", value, expected);
    }
}

static motet_ramp started(motet_ramp_unit unit, double from, double to, uint64_t frame, uint32_t length,
                          motet_curve curve)
{
    motet_ramp ramp = motet_ramp_hold(unit, from);
    motet_ramp_start(&ramp, frame, length, curve, to);
    return ramp;
}

static void at_rest(void **state)
{
    (void)state;
    motet_ramp ramp = motet_ramp_hold(MOTET_RAMP_GAIN, 0.7);
    assert_true(motet_ramp_done(&ramp, 0));
    assert_int_equal(motet_ramp_end(&ramp), 0);
    for (uint64_t frame = 0; frame < 1000000; frame += 9999) {
        assert_true(motet_ramp_value(&ramp, frame) == 0.7);
        assert_true(motet_ramp_slope(&ramp, frame) == 0);
    }
    motet_ramp_start(&ramp, 50, 100, MOTET_CURVE_SMOOTH, 0.7); /* nowhere to go */
    assert_true(motet_ramp_done(&ramp, 50));
    assert_true(motet_ramp_value(&ramp, 70) == 0.7);
}

/* Frame T has the old value, T + N the new one. */
static void four_frames_by_hand(void **state)
{
    (void)state;
    static const struct {
        motet_ramp_unit unit;
        motet_curve curve;
        double values[5];
    } cases[] = {
        {MOTET_RAMP_GAIN, MOTET_CURVE_SMOOTH, {0, 0.15625, 0.5, 0.84375, 1}},
        {MOTET_RAMP_GAIN, MOTET_CURVE_LINEAR, {0, 0.25, 0.5, 0.75, 1}},
        {MOTET_RAMP_GAIN, MOTET_CURVE_DB, {0, 0.001, 0.01, 0.1, 1}}, /* -80, -60, -40, -20, 0 dB */
        {MOTET_RAMP_GAIN, MOTET_CURVE_POWER, {0, 0.38268343236508977, 0.70710678118654752, 0.92387953251128674, 1}},
        {MOTET_RAMP_GAIN, MOTET_CURVE_POWER, {1, 0.92387953251128674, 0.70710678118654752, 0.38268343236508977, 0}},
        {MOTET_RAMP_GAIN, MOTET_CURVE_DB, {1, 0.1, 0.01, 0.001, 0}},
        {MOTET_RAMP_GAIN, MOTET_CURVE_DB, {0.5, 1, 2, 4, 8}},
        {MOTET_RAMP_GAIN, MOTET_CURVE_SMOOTH, {8, 6.75, 4, 1.25, 0}},
        {MOTET_RAMP_PAN, MOTET_CURVE_SMOOTH, {-1, -0.6875, 0, 0.6875, 1}},
        {MOTET_RAMP_PAN, MOTET_CURVE_DB, {1, 0.5, 0, -0.5, -1}},
        {MOTET_RAMP_FACTOR, MOTET_CURVE_DB, {16, 8, 4, 2, 1}},
        {MOTET_RAMP_FACTOR, MOTET_CURVE_LINEAR, {1, 1.25, 1.5, 1.75, 2}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const double *values = cases[i].values;
        motet_ramp ramp = started(cases[i].unit, values[0], values[4], 100, 4, cases[i].curve);
        assert_int_equal(motet_ramp_end(&ramp), 104);
        for (uint32_t k = 0; k < 4; k++) {
            assert_false(motet_ramp_done(&ramp, 100 + k));
            assert_near(motet_ramp_value(&ramp, 100 + k), values[k], 1e-14);
        }
        assert_true(motet_ramp_value(&ramp, 100) == values[0]); /* both ends to the bit */
        for (uint64_t frame = 104; frame < 110; frame++) {
            assert_true(motet_ramp_done(&ramp, frame));
            assert_true(motet_ramp_value(&ramp, frame) == values[4]);
            assert_true(motet_ramp_slope(&ramp, frame) == 0);
        }
    }
}

static void no_length_is_a_step(void **state)
{
    (void)state;
    motet_ramp ramp = started(MOTET_RAMP_GAIN, 1, 0.25, 7, 0, MOTET_CURVE_SMOOTH);
    assert_true(motet_ramp_done(&ramp, 7));
    assert_true(motet_ramp_value(&ramp, 7) == 0.25);
    motet_ramp_start(&ramp, 10, 8, MOTET_CURVE_SMOOTH, 1); /* and it ends one that runs */
    motet_ramp_start(&ramp, 12, 0, MOTET_CURVE_SMOOTH, 0.5);
    assert_true(motet_ramp_value(&ramp, 12) == 0.5 && motet_ramp_done(&ramp, 12));
    motet_ramp one = started(MOTET_RAMP_GAIN, 1, 0, 7, 1, MOTET_CURVE_DB); /* one frame: the old, then the new */
    assert_true(motet_ramp_value(&one, 7) == 1 && motet_ramp_value(&one, 8) == 0);
}

static double formula(motet_curve curve, double from, double to, double t)
{
    switch (curve) {
    case MOTET_CURVE_SMOOTH: return from + (to - from) * (3 * t * t - 2 * t * t * t);
    case MOTET_CURVE_LINEAR: return from + (to - from) * t;
    case MOTET_CURVE_DB: return from * pow(to / from, t);
    case MOTET_CURVE_POWER: break;
    }
    return to > from ? from + (to - from) * sin(t * pi / 2) : from + (to - from) * (1 - cos(t * pi / 2));
}

static void declicks_by_formula(void **state)
{
    (void)state;
    static const double ends[][2] = {{1, 0.5}, {0.5, 1}, {0.031, 15.8}, {4, 0.001}};
    for (int e = 0; e < 4; e++) {
        for (int curve = MOTET_CURVE_SMOOTH; curve <= MOTET_CURVE_POWER; curve++) {
            motet_ramp ramp = started(MOTET_RAMP_GAIN, ends[e][0], ends[e][1], 4800, 480, (motet_curve)curve);
            double values[500];
            write_ramp(values, &ramp, 4800, 500);
            for (int i = 0; i < 500; i++) {
                double t = i < 480 ? i / 480.0 : 1;
                assert_near(values[i], formula((motet_curve)curve, ends[e][0], ends[e][1], t), 1e-13);
            }
            for (int i = 480; i < 500; i++) {
                assert_true(values[i] == ends[e][1]);
            }
        }
    }
}

static void power_curves_keep_their_power(void **state)
{
    (void)state;
    motet_ramp up = started(MOTET_RAMP_GAIN, 0, 1, 0, 333, MOTET_CURVE_POWER);
    motet_ramp down = started(MOTET_RAMP_GAIN, 1, 0, 0, 333, MOTET_CURVE_POWER);
    for (uint64_t i = 0; i <= 333; i++) {
        double rising = motet_ramp_value(&up, i), falling = motet_ramp_value(&down, i);
        assert_near(rising * rising + falling * falling, 1, 1e-14);
    }
}

/* The slope is the derivative, of every shape. */
static void slopes_are_derivatives(void **state)
{
    (void)state;
    for (int curve = MOTET_CURVE_SMOOTH; curve <= MOTET_CURVE_POWER + 1; curve++) {
        for (int rises = 0; rises < 2; rises++) {
            motet_curve first = curve <= MOTET_CURVE_POWER ? (motet_curve)curve : MOTET_CURVE_SMOOTH;
            motet_ramp ramp = started(MOTET_RAMP_GAIN, rises ? 1 : 2, rises ? 2 : 1, 0, 10000, first);
            uint64_t from = 1;
            if (curve > MOTET_CURVE_POWER) { /* with a slope of its own */
                motet_ramp_start(&ramp, 3000, 10000, MOTET_CURVE_SMOOTH, 1.7);
                from = 3001;
            }
            for (uint64_t frame = from; frame < from + 9998; frame += 7) {
                double before = motet_ramp_value(&ramp, frame - 1), after = motet_ramp_value(&ramp, frame + 1);
                assert_near(motet_ramp_slope(&ramp, frame), (after - before) / 2, 1e-10);
            }
        }
    }
}

/* Of 60 Hz at 48 kHz, at its peak around frame 250: a change must not stand out from it by more than its double. */
static double worst_second_difference(const double *gains, int count)
{
    double worst = 0;
    for (int i = 1; i + 1 < count; i++) {
        double x[3];
        for (int k = 0; k < 3; k++) {
            x[k] = gains[i - 1 + k] * sin(2 * pi * 60 * (i - 1 + k) / 48000 - 0.4);
        }
        worst = fmax(worst, fabs(x[0] - 2 * x[1] + x[2]));
    }
    return worst;
}

static const double second_difference_of_60_hz = 6.2e-5;

static void a_change_on_the_way_goes_on_from_value_and_slope(void **state)
{
    (void)state;
    enum { COUNT = 1500 };
    static double gains[COUNT], restarted[COUNT];
    for (int curve = MOTET_CURVE_SMOOTH; curve <= MOTET_CURVE_POWER; curve++) {
        for (uint64_t when = 101; when < 480; when += 63) {
            motet_ramp ramp = started(MOTET_RAMP_GAIN, 1, 0.25, 100, 480, MOTET_CURVE_SMOOTH);
            double value = motet_ramp_value(&ramp, 100 + when), slope = motet_ramp_slope(&ramp, 100 + when);
            write_ramp(gains, &ramp, 0 + 100, (uint32_t)when);
            motet_ramp_start(&ramp, 100 + when, 480, (motet_curve)curve, 0.8);
            write_ramp(gains + when, &ramp, 100 + when, COUNT - (uint32_t)when);
            assert_true(gains[when] == value); /* frame T still has the old value */
            assert_near(motet_ramp_slope(&ramp, 100 + when), slope, 0);
            for (uint64_t i = 0; i < 480; i++) {
                double t = (double)i / 480;
                double expected =
                    value + (0.8 - value) * (3 * t * t - 2 * t * t * t) + 480 * slope * t * (1 - t) * (1 - t);
                assert_near(gains[when + i], expected, 1e-14);
            }
            assert_true(gains[when + 480] == 0.8);
            assert_true(worst_second_difference(gains, COUNT) <= 2 * second_difference_of_60_hz);
            /* The measure would see a restart with slope 0, where the sine is not near 0. */
            memcpy(restarted, gains, sizeof gains);
            for (uint64_t i = 0; i < 480; i++) {
                restarted[when + i] = formula(MOTET_CURVE_SMOOTH, value, 0.8, (double)i / 480);
            }
            assert_true(when < 150 || when > 400 ||
                        worst_second_difference(restarted, COUNT) > 2 * second_difference_of_60_hz);
        }
    }
}

static void changes_upon_changes_stay_smooth(void **state)
{
    (void)state;
    enum { COUNT = 9000 };
    static double gains[COUNT];
    motet_ramp ramp = motet_ramp_hold(MOTET_RAMP_GAIN, 0.5);
    uint32_t random = 1;
    for (uint32_t frame = 0; frame < COUNT;) {
        random = random * 1664525u + 1013904223u;
        uint32_t count = 1 + (random >> 8) % 200;
        count = count < COUNT - frame ? count : COUNT - frame;
        motet_ramp_start(&ramp, frame, 480, MOTET_CURVE_SMOOTH, (double)(random >> 16) / 65536.0);
        write_ramp(gains + frame, &ramp, frame, count);
        frame += count;
    }
    for (int i = 0; i < COUNT; i++) {
        assert_true(gains[i] >= 0 && gains[i] < 1.2);
    }
    for (int i = 1; i < COUNT; i++) {
        assert_true(fabs(gains[i] - gains[i - 1]) <
                    0.006); /* the steepest that 480 frames and an inherited slope allow */
    }
}

/* A slope carried through a fade a hundred times as long as the one it came from would swing far beyond both ends. */
static void a_long_fade_after_a_short_one_does_not_overshoot(void **state)
{
    (void)state;
    for (uint32_t length = 480; length <= 480000; length *= 10) {
        motet_ramp ramp = started(MOTET_RAMP_GAIN, 0, 1, 0, 480, MOTET_CURVE_SMOOTH);
        motet_ramp_start(&ramp, 240, length, MOTET_CURVE_SMOOTH, 0.5);
        double highest = 0;
        for (uint64_t frame = 240; frame <= 240 + length; frame++) {
            double value = motet_ramp_value(&ramp, frame);
            highest = value > highest ? value : highest;
        }
        /* On from 0.5 by its slope; within 480 frames that lifts it by 0.22, within the most, 1920, by 0.89. */
        assert_true(highest > 0.6 && highest < (length == 480 ? 0.75 : 1.4));
    }
}

/* The second change at one frame meets a ramp that has not moved: its curve counts. */
static void the_last_of_two_changes_at_one_frame_counts(void **state)
{
    (void)state;
    motet_ramp ramp = started(MOTET_RAMP_GAIN, 0.25, 1, 100, 50, MOTET_CURVE_SMOOTH);
    motet_ramp_start(&ramp, 100, 10, MOTET_CURVE_LINEAR, 0.75);
    for (uint64_t i = 0; i <= 10; i++) {
        assert_true(fabs(motet_ramp_value(&ramp, 100 + i) - (0.25 + 0.05 * (double)i)) < 1e-15);
    }
}

static void bounds_hold_on_the_way(void **state)
{
    (void)state;
    static const struct {
        motet_ramp_unit unit;
        double from, to, back, low, high;
    } cases[] = {
        {MOTET_RAMP_GAIN, 1, 0, 0.001, 0, 1},
        {MOTET_RAMP_PAN, -1, 1, 0.999, -1, 1},
        {MOTET_RAMP_PAN, 1, -1, -0.999, -1, 1},
        {MOTET_RAMP_FACTOR, 64, MOTET_PITCH_MIN, 0.011, MOTET_PITCH_MIN, 64},
        {MOTET_RAMP_FACTOR, 1, MOTET_PITCH_MAX, 63.9, 1, MOTET_PITCH_MAX},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        motet_ramp ramp = started(cases[i].unit, cases[i].from, cases[i].to, 0, 100, MOTET_CURVE_SMOOTH);
        motet_ramp_start(&ramp, 90, 1000, MOTET_CURVE_SMOOTH, cases[i].back); /* would shoot past the bound */
        bool at_bound = false;
        for (uint64_t frame = 90; frame <= 1090; frame++) {
            double value = motet_ramp_value(&ramp, frame);
            assert_true(value >= cases[i].low && value <= cases[i].high);
            if (value == cases[i].low || value == cases[i].high) {
                at_bound = true;
                assert_true(motet_ramp_slope(&ramp, frame) == 0);
            }
        }
        assert_true(at_bound); /* else the case shows nothing */
        assert_true(motet_ramp_value(&ramp, 1090) == cases[i].back);
    }
}

static void a_change_at_the_end_is_one_from_rest(void **state)
{
    (void)state;
    motet_ramp ramp = started(MOTET_RAMP_GAIN, 1, 0.5, 0, 10, MOTET_CURVE_LINEAR);
    motet_ramp_start(&ramp, 10, 4, MOTET_CURVE_LINEAR, 0.9);
    static const double values[] = {0.5, 0.6, 0.7, 0.8, 0.9};
    for (uint64_t i = 0; i < 5; i++) {
        assert_near(motet_ramp_value(&ramp, 10 + i), values[i], 1e-15);
    }
}

static void writing_is_value_by_value_in_any_split(void **state)
{
    (void)state;
    enum { COUNT = 700, CANARY = 4 };
    for (int curve = MOTET_CURVE_SMOOTH; curve <= MOTET_CURVE_POWER; curve++) {
        motet_ramp ramp = started(MOTET_RAMP_GAIN, 0.9, 0.2, 1000000007, 441, (motet_curve)curve);
        motet_ramp_start(&ramp, 1000000017, 441, MOTET_CURVE_SMOOTH, curve == 0 ? 0.3 : 0.9);
        for (uint32_t longest = 1; longest < 200; longest = longest * 3 + 1) {
            double out[COUNT + 2 * CANARY], product[COUNT + 2 * CANARY];
            for (int i = 0; i < COUNT + 2 * CANARY; i++) {
                out[i] = -5;
                product[i] = 0.1 * i;
            }
            uint32_t random = longest;
            for (uint32_t at = 0; at < COUNT;) {
                random = random * 1664525u + 1013904223u;
                uint32_t count = (random >> 16) % (longest + 1);
                count = count < COUNT - at ? count : COUNT - at;
                write_ramp(out + CANARY + at, &ramp, 1000000017 + at, count);
                multiply_ramp(product + CANARY + at, &ramp, 1000000017 + at, count);
                at += count;
            }
            for (int i = 0; i < COUNT + 2 * CANARY; i++) {
                bool inside = i >= CANARY && i < CANARY + COUNT;
                double value = inside ? motet_ramp_value(&ramp, 1000000017 + (uint64_t)(i - CANARY)) : 1;
                assert_true(out[i] == (inside ? value : -5));
                assert_true(product[i] == 0.1 * i * value);
            }
        }
    }
}

/* A day and more at 48 kHz, far from frame 0: where a float's index would stand still for thousands of frames. */
static void long_ramps_stay_exact(void **state)
{
    (void)state;
    const uint64_t start = (UINT64_C(1) << 52) - 12345;
    const uint32_t length = UINT32_MAX;
    motet_ramp ramp = started(MOTET_RAMP_GAIN, 0, 1, start, length, MOTET_CURVE_LINEAR);
    assert_true(motet_ramp_value(&ramp, start) == 0);
    assert_true(motet_ramp_value(&ramp, start + length) == 1);
    assert_int_equal(motet_ramp_end(&ramp), start + length);
    double last = 0;
    for (uint64_t i = 1; i < length; i += i < 100 ? 1 : 40000003) {
        double value = motet_ramp_value(&ramp, start + i);
        assert_near(value, (double)i / length, 1e-16);
        assert_true(value > last && value < 1);
        assert_near(motet_ramp_value(&ramp, start + i) - motet_ramp_value(&ramp, start + i - 1), 1.0 / length, 3e-16);
        last = value;
    }
    assert_near(motet_ramp_value(&ramp, start + length - 1), 1 - 1.0 / length, 1e-16);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(at_rest),
        cmocka_unit_test(four_frames_by_hand),
        cmocka_unit_test(no_length_is_a_step),
        cmocka_unit_test(declicks_by_formula),
        cmocka_unit_test(power_curves_keep_their_power),
        cmocka_unit_test(slopes_are_derivatives),
        cmocka_unit_test(a_change_on_the_way_goes_on_from_value_and_slope),
        cmocka_unit_test(changes_upon_changes_stay_smooth),
        cmocka_unit_test(a_long_fade_after_a_short_one_does_not_overshoot),
        cmocka_unit_test(the_last_of_two_changes_at_one_frame_counts),
        cmocka_unit_test(bounds_hold_on_the_way),
        cmocka_unit_test(a_change_at_the_end_is_one_from_rest),
        cmocka_unit_test(writing_is_value_by_value_in_any_split),
        cmocka_unit_test(long_ramps_stay_exact),
    };
    int failures = 0;
    for (uint32_t level = 0; level < motet_kernels_count(); level++) {
        tables = (motet_ramp_tables){.kernels = motet_kernels_at(level)};
        failures += cmocka_run_group_tests_name(tables.kernels->name, tests, NULL, NULL);
    }
    return failures;
}
