/* The delay: where echoes lie and how loud they are, its loop, and that another time makes no click. */
#include "dsp/delay_line.h"
#include "support/effect_rig.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { RATE = 48000, SECONDS = 4, FRAMES = SECONDS * RATE };

static const double PI = 3.14159265358979323846;

static float left[FRAMES], right[FRAMES];

static effect_rig *delay_rig(float seconds, float feedback)
{
    effect_rig *rig = effect_rig_create("delay", RATE, 2, NULL);
    effect_rig_set(rig, "delay_seconds", seconds);
    effect_rig_set(rig, "feedback", feedback);
    memset(left, 0, sizeof left);
    memset(right, 0, sizeof right);
    return rig;
}

static void fill_sine(double hz, double amplitude)
{
    for (uint32_t k = 0; k < FRAMES; k++) {
        left[k] = right[k] = (float)(amplitude * sin(2 * PI * hz * k / RATE));
    }
}

static double peak(const float *samples, uint32_t count)
{
    double most = 0;
    for (uint32_t k = 0; k < count; k++) {
        most = fmax(most, fabs((double)samples[k]));
    }
    return most;
}

static double power(const float *samples, uint32_t count)
{
    double sum = 0;
    for (uint32_t k = 0; k < count; k++) {
        sum += (double)samples[k] * (double)samples[k];
    }
    return sum / count;
}

static double roughest(const float *samples, uint32_t count)
{
    double most = 0;
    for (uint32_t k = 2; k < count; k++) {
        most = fmax(most, fabs((double)samples[k] - 2 * (double)samples[k - 1] + (double)samples[k - 2]));
    }
    return most;
}

static void test_echoes_lie_where_they_were_asked_for(void **context)
{
    (void)context;
    effect_rig *rig = delay_rig(0.25f, 0.5f);
    effect_rig_start(rig);
    left[100] = 1;
    right[7] = -0.5f;
    effect_rig_run(rig, left, right, FRAMES, 512);
    for (uint32_t k = 0; k < 6 * 12000; k++) {
        float echo = k % 12000 == 100 && k > 12000 ? ldexpf(2, -(int)(k / 12000)) : 0;
        float other = k % 12000 == 7 && k > 12000 ? -ldexpf(1, -(int)(k / 12000)) : 0;
        assert_true(left[k] == echo && right[k] == other);
    }
    effect_rig_destroy(rig);
}

static void test_beats_say_the_time(void **context)
{
    static const struct {
        float beats, tempo;
        uint32_t frame;
    } cases[] = {{1, 120, 24000}, {0.75f, 90, 24000}, {0.25f, 140, 5143}, {16, 20, FRAMES}, {0, 77, 14400}};
    (void)context;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        static float longer[FRAMES + 512];
        effect_rig *rig = delay_rig(0.3f, 0);
        effect_rig_set(rig, "beats", cases[i].beats);
        effect_rig_set(rig, "tempo_bpm", cases[i].tempo);
        effect_rig_start(rig);
        memset(longer, 0, sizeof longer);
        longer[0] = 1;
        static float silence[FRAMES + 512];
        effect_rig_run(rig, longer, silence, FRAMES + 512, 512);
        for (uint32_t k = 0; k < FRAMES + 512; k++) {
            assert_true(longer[k] == (k == cases[i].frame ? 1.0f : 0.0f));
        }
        effect_rig_destroy(rig);
    }
}

static void test_ping_pong_goes_from_side_to_side(void **context)
{
    (void)context;
    effect_rig *rig = delay_rig(0.1f, 0.5f);
    effect_rig_set(rig, "ping_pong", 1);
    effect_rig_start(rig);
    left[0] = 1;
    right[0] = 1;
    effect_rig_run(rig, left, right, FRAMES, 512);
    for (uint32_t echo = 1; echo <= 6; echo++) {
        float gain = ldexpf(2, -(int)echo);
        assert_true(left[4800 * echo] == (echo % 2 == 1 ? gain : 0));
        assert_true(right[4800 * echo] == (echo % 2 == 0 ? gain : 0));
    }
    effect_rig_destroy(rig);
}

static void test_full_feedback_is_bounded(void **context)
{
    (void)context;
    effect_rig *rig = delay_rig(0.01f, 1);
    effect_rig_start(rig);
    for (int pass = 0; pass < 3; pass++) {
        fill_sine(500, 1); /* the echoes meet the sine */
        effect_rig_run(rig, left, right, FRAMES, 512);
        assert_true(peak(left, FRAMES) <= 8);
    }
    assert_true(peak(left, FRAMES) > 4); /* it does go round */
    effect_rig_destroy(rig);
}

/* How loud a sine is in its second echo, over the first. */
static double loop_gain_db(const char *parameter, float value, double hz)
{
    effect_rig *rig = delay_rig(0.5f, 1);
    effect_rig_set(rig, parameter, value);
    effect_rig_start(rig);
    fill_sine(hz, 0.5);
    memset(left + RATE / 2, 0, sizeof left - RATE / 2 * sizeof *left);
    effect_rig_run(rig, left, right, FRAMES, 512);
    double first = power(left + RATE / 2 + RATE / 4, RATE / 8);
    double second = power(left + RATE + RATE / 4, RATE / 8);
    effect_rig_destroy(rig);
    return 10 * log10(second / first);
}

static void test_loop_filters_have_their_corners(void **context)
{
    (void)context;
    assert_true(fabs(loop_gain_db("lowpass_hz", 1000, 1000) + 3.01) < 0.05);
    assert_true(fabs(loop_gain_db("lowpass_hz", 8000, 8000) + 3.01) < 0.05);
    assert_true(fabs(loop_gain_db("highpass_hz", 400, 400) + 3.01) < 0.05);
    assert_true(fabs(loop_gain_db("highpass_hz", 400, 100) + 12.3) < 0.05);
    assert_true(loop_gain_db("lowpass_hz", 20000, 10000) == 0);
}

/* A sine through a change of time; how rough it is over a steady one, and that it arrives at the exact delay. */
static double change_roughness(float change, float from, float to, uint32_t frames)
{
    const double hz = 200;
    effect_rig *rig = delay_rig(from, 0);
    effect_rig_set(rig, "change", change);
    effect_rig_start(rig);
    fill_sine(hz, 0.5);
    double steady = roughest(left, FRAMES);
    effect_rig_run(rig, left, right, RATE, 512);
    if (frames > 0) {
        effect_rig_glide(rig, "delay_seconds", to, frames);
    } else {
        effect_rig_set(rig, "delay_seconds", to);
    }
    effect_rig_run(rig, left + RATE, right + RATE, FRAMES - RATE, 0);
    uint32_t late = (uint32_t)lround((double)to * RATE);
    for (uint32_t k = FRAMES - 4800; k < FRAMES; k++) {
        assert_true(left[k] == (float)(0.5 * sin(2 * PI * hz * (k - late) / RATE)));
    }
    effect_rig_destroy(rig);
    return roughest(left + RATE, FRAMES - RATE) / steady;
}

static void test_another_time_makes_no_click(void **context)
{
    (void)context;
    /* Gliding is at most 1.75 times as fast, and so rougher by the square. */
    assert_true(change_roughness(0, 0.3f, 0.1f, 0) < 3.2);
    assert_true(change_roughness(0, 0.1f, 0.3f, 0) < 3.2);
    assert_true(change_roughness(0, 0.3f, 0.2987f, 0) < 1.2);
    assert_true(change_roughness(0, 0.2f, 0.3f, 4800) < 3.2);
    assert_true(change_roughness(1, 0.3f, 0.1f, 0) < 2);
    assert_true(change_roughness(1, 0.1f, 0.3f, 0) < 2);
    assert_true(change_roughness(1, 0.1f, 0.3f, 20000) < 2);
}

static void test_between_two_samples(void **context)
{
    float samples[64];
    motet_delay_line line = {samples, 64, 0};
    (void)context;
    for (double turns = 0.01; turns <= 0.49; turns += 0.01) {
        for (double t = 0; t < 1; t += 0.125) {
            double re = 0, im = 0;
            for (int part = 0; part < 2; part++) { /* the response to e^(i w n), cosine and sine by themselves */
                for (int n = 0; n < 64; n++) {
                    double angle = 2 * PI * turns * n;
                    motet_delay_write(&line, part == 0 ? cos(angle) : sin(angle));
                }
                *(part == 0 ? &re : &im) = (double)motet_delay_between(&line, 20 + t);
            }
            double gain = hypot(re, im);
            assert_true(gain < 1 + 1e-6);
            double angle = 2 * PI * turns * (44 - t);
            assert_true(turns > 0.251 || 20 * log10(gain) > -0.5);
            assert_true(turns > 0.201 || 20 * log10(gain) > -0.15);
            assert_true(turns > 0.201 || hypot(re - cos(angle), im - sin(angle)) < 0.016);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_echoes_lie_where_they_were_asked_for),
        cmocka_unit_test(test_beats_say_the_time),
        cmocka_unit_test(test_ping_pong_goes_from_side_to_side),
        cmocka_unit_test(test_full_feedback_is_bounded),
        cmocka_unit_test(test_loop_filters_have_their_corners),
        cmocka_unit_test(test_another_time_makes_no_click),
        cmocka_unit_test(test_between_two_samples),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
