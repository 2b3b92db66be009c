/* Distortion: its curves, how little comes back mirrored, its latency. Crusher: by hand. */
#include "support/effect_rig.h"

#include <complex.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { RATE = 48000, LATENCY = 41 };

static const double PI = 3.14159265358979323846;

static effect_rig *start(const char *type, const char *first, float a, const char *second, float b)
{
    effect_rig *rig = effect_rig_create(type, RATE, 1, NULL);
    effect_rig_set(rig, first, a);
    effect_rig_set(rig, second, b);
    effect_rig_start(rig);
    return rig;
}

static double curve(int mode, double x)
{
    switch (mode) {
    case 0: return fabs(x) < 3 ? x * (27 + x * x) / (27 + 9 * x * x) : copysign(1, x);
    case 1: return fmax(-1, fmin(1, x));
    default: return asin(sin(x * PI / 2)) * 2 / PI;
    }
}

/* Of a constant, which all the filters leave. */
static void constants_follow_the_curve(void **context)
{
    (void)context;
    for (int mode = 0; mode < 3; mode++) {
        for (double x = -5; x <= 5; x += 0.37) {
            float heard[400];
            effect_rig *rig = start("distortion", "mode", (float)mode, "drive_db", 12);
            for (int k = 0; k < 400; k++) {
                heard[k] = (float)x;
            }
            effect_rig_run(rig, heard, NULL, 400, 512);
            assert_true(fabs((double)heard[399] - curve(mode, x * pow(10, 12.0 / 20))) < 2e-4);
            effect_rig_destroy(rig);
        }
    }
}

/* A small signal comes out as it was, later: what is reported. */
static void quiet_sounds_pass(void **context)
{
    (void)context;
    motet_effect_setup setup = {.sample_rate_hz = RATE, .channels = 1};
    assert_int_equal(motet_effect_type_find("distortion")->latency_frames(&setup), LATENCY);
    for (int mode = 0; mode < 3; mode++) {
        static float heard[4800];
        effect_rig *rig = start("distortion", "mode", (float)mode, "drive_db", 0);
        for (int k = 0; k < 4800; k++) {
            heard[k] = (float)(1e-3 * (sin(2 * PI * 15000 * k / RATE) + sin(2 * PI * 440 * k / RATE)));
        }
        effect_rig_run(rig, heard, NULL, 4800, 512);
        for (int k = 200; k < 4800; k++) {
            double in = 1e-3 * (sin(2 * PI * 15000 * (k - LATENCY) / RATE) + sin(2 * PI * 440 * (k - LATENCY) / RATE));
            assert_true(fabs((double)heard[k] - in) < 2e-7);
        }
        effect_rig_destroy(rig);
    }
}

/* Power of the overtones that came back mirrored against that of those below 20 kHz, in decibels, of a second of a tone
 * of whole hertz. They lie at |m rate - n tone|: the first 400. */
static double mirrored_db(const float *x, uint32_t tone)
{
    static bool seen[RATE];
    double own = 0, mirrored = 0;
    memset(seen, 0, sizeof seen);
    for (uint32_t n = 1; n < 400; n++) {
        uint32_t hz = (uint32_t)(((uint64_t)n * tone) % RATE);
        hz = hz > RATE / 2 ? RATE - hz : hz;
        if (seen[hz] || hz > 20000) {
            continue;
        }
        seen[hz] = true;
        double complex turn = cexp(-2 * PI * hz / RATE * I), sum = 0;
        for (uint32_t k = RATE; k > 0; k--) {
            sum = sum * turn + (double)x[k - 1];
        }
        *(hz % tone == 0 ? &own : &mirrored) += creal(sum) * creal(sum) + cimag(sum) * cimag(sum);
    }
    return 10 * log10(mirrored / own);
}

static double mirrored_at(int mode, float drive_db, uint32_t tone, bool oversampled)
{
    static float heard[2 * RATE];
    effect_rig *rig = start("distortion", "mode", (float)mode, "drive_db", drive_db);
    for (uint32_t k = 0; k < 2 * RATE; k++) {
        heard[k] = (float)sin(2 * PI * tone * (k % RATE) / RATE);
        if (!oversampled) {
            heard[k] = (float)curve(mode, (double)heard[k] * pow(10, (double)drive_db / 20));
        }
    }
    if (oversampled) {
        effect_rig_run(rig, heard, NULL, 2 * RATE, 512);
    }
    effect_rig_destroy(rig);
    return mirrored_db(heard + RATE, tone);
}

static void little_is_mirrored(void **context)
{
    static const double most_db[] = {-70, -50, -45}; /* of a tone of 1249 Hz at 12 dB of drive */
    (void)context;
    for (int mode = 0; mode < 3; mode++) {
        double heard = mirrored_at(mode, 12, 1249, true), plain = mirrored_at(mode, 12, 1249, false);
        if (heard > most_db[mode] || heard > plain - 12) {
            fail_msg("mode %d: mirrored %g dB, %g dB without", mode, heard, plain);
        }
    }
}

static void another_mode_fades_in(void **context)
{
    (void)context;
    static float heard[4800];
    for (int k = 0; k < 4800; k++) {
        heard[k] = 0.5f;
    }
    effect_rig *rig = start("distortion", "mode", 0, "drive_db", 12);
    effect_rig_run(rig, heard, NULL, 2400, 512);
    effect_rig_set(rig, "mode", 2);
    effect_rig_run(rig, heard + 2400, NULL, 2400, 512);
    effect_rig_destroy(rig);
    assert_true(fabs((double)heard[2399] - curve(0, 0.5 * pow(10, 0.6))) < 1e-3);
    assert_true(fabs((double)heard[4799] - curve(2, 0.5 * pow(10, 0.6))) < 1e-3);
    for (int k = 2400; k < 4800; k++) {
        assert_true(fabsf(heard[k] - heard[k - 1]) < 0.01f);
    }
}

static void crushed_by_hand(void **context)
{
    (void)context;
    effect_rig *rig = start("crusher", "bits", 3, "rate_hz", 96000);
    float bits[] = {0, 0.1f, 0.13f, -0.4f, 0.99f, -1, 1.3f};
    effect_rig_run(rig, bits, NULL, 7, 512);
    const float expected[] = {0, 0, 0.25f, -0.5f, 1, -1, 1.25f};
    assert_memory_equal(bits, expected, sizeof bits);
    effect_rig_destroy(rig);

    rig = start("crusher", "bits", 16, "rate_hz", 16000);
    float steps[9];
    for (int k = 0; k < 9; k++) {
        steps[k] = (float)k / 32;
    }
    effect_rig_run(rig, steps, NULL, 9, 1);
    for (int k = 0; k < 9; k++) {
        assert_true(steps[k] == (float)(k / 3 * 3) / 32);
    }
    effect_rig_destroy(rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(constants_follow_the_curve),
        cmocka_unit_test(quiet_sounds_pass),
        cmocka_unit_test(little_is_mirrored),
        cmocka_unit_test(another_mode_fades_in),
        cmocka_unit_test(crushed_by_hand),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
