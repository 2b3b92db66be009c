/* Pitch shifting: frequency, level and noise of tones, where things come out in time, the stereo image, and that
 * nothing shifted is nothing changed. */
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

static effect_rig *make_rig(uint32_t channels, float semitones)
{
    effect_rig *rig = effect_rig_create("pitch_shift", RATE, channels, NULL);
    effect_rig_set(rig, "semitones", semitones);
    effect_rig_start(rig);
    return rig;
}

static uint32_t latency_of(const effect_rig *rig)
{
    motet_effect_setup setup = {rig->sample_rate_hz, rig->channels, rig->values, rig->kernels};
    return rig->type->latency_frames(&setup);
}

typedef struct tone {
    double amplitude, phase, rest; /* rest: root of the mean square of what is not the tone */
} tone;

/* The tone of that frequency in some frames, by least squares. */
static tone fit(const float *samples, uint32_t count, double hz)
{
    double ss = 0, cc = 0, sc = 0, xs = 0, xc = 0, xx = 0;
    for (uint32_t n = 0; n < count; n++) {
        double s = sin(2 * PI * hz * n / RATE), c = cos(2 * PI * hz * n / RATE), x = (double)samples[n];
        ss += s * s;
        cc += c * c;
        sc += s * c;
        xs += x * s;
        xc += x * c;
        xx += x * x;
    }
    double determinant = ss * cc - sc * sc;
    double a = (xs * cc - xc * sc) / determinant, b = (xc * ss - xs * sc) / determinant;
    double rest = xx - (a * xs + b * xc);
    return (tone){hypot(a, b), atan2(b, a), sqrt(fmax(rest, 0) / count)};
}

static void check_tone(double hz, float semitones)
{
    enum { COUNT = 96000, FROM = 24000, PART = 24000 };
    float *samples = malloc(COUNT * sizeof(float));
    effect_rig *rig = make_rig(1, semitones);
    for (uint32_t n = 0; n < COUNT; n++) {
        samples[n] = (float)(0.5 * sin(2 * PI * hz * n / RATE));
    }
    effect_rig_run(rig, samples, NULL, COUNT, 0);
    double expected = hz * pow(2, (double)semitones / 12);
    tone first = fit(samples + FROM, PART, expected);
    tone second = fit(samples + FROM + PART, PART, expected);
    double drift = remainder(second.phase - first.phase - 2 * PI * fmod(expected * PART / RATE, 1), 2 * PI);
    double cents = 1200 * log2(1 + drift / (2 * PI * PART / RATE) / expected);
    double level = 20 * log10(first.amplitude / 0.5);
    double noise = 20 * log10(first.rest * sqrt(2) / first.amplitude);
    print_message("%7.1f Hz by %5.1f: %8.4f cents, %6.3f dB, THD+N %6.1f dB\n", hz, (double)semitones, cents, level,
                  noise);
    assert_true(fabs(cents) < 0.1);
    assert_true(fabs(level) < (expected < 15000 ? 0.05 : 0.5)); /* the filters' pass band ends */
    assert_true(noise < (expected < 200 ? -60 : -78));          /* low tones meet their own mirror image */
    free(samples);
    effect_rig_destroy(rig);
}

static void tones_keep_their_level(void **state)
{
    (void)state;
    static const float shifts[] = {-24, -12, -7, -0.5f, 0.1f, 3, 7, 12, 19, 24};
    for (size_t i = 0; i < sizeof shifts / sizeof *shifts; i++) {
        check_tone(440, shifts[i]);
        check_tone(1234.5, shifts[i]);
        check_tone(3000, shifts[i]); /* the same in each window: gaps between lobes are empty to the bit */
        check_tone(4000, shifts[i]);
    }
}

/* By 0 semitones it is the sound itself, late by what it says. */
static void unshifted_is_unchanged(void **state)
{
    (void)state;
    enum { COUNT = 20000 };
    float *samples = malloc(COUNT * sizeof(float)), *dry = malloc(COUNT * sizeof(float));
    effect_rig *rig = make_rig(1, 0);
    uint32_t latency = latency_of(rig);
    uint32_t seed = 5;
    for (uint32_t n = 0; n < COUNT; n++) {
        seed = seed * 1664525u + 1013904223u;
        samples[n] = dry[n] = (float)(int32_t)seed * 0x1p-31f;
    }
    effect_rig_run(rig, samples, NULL, COUNT, 512);
    for (uint32_t n = latency; n < COUNT; n++) {
        assert_true(fabsf(samples[n] - dry[n - latency]) < 2e-6f);
    }
    free(samples);
    free(dry);
    effect_rig_destroy(rig);
}

/* A tone at half the level on the right and a quarter of a turn later stays that. */
static void the_image_is_kept(void **state)
{
    (void)state;
    enum { COUNT = 48000, FROM = 24000 };
    float *left = malloc(COUNT * sizeof(float)), *right = malloc(COUNT * sizeof(float));
    effect_rig *rig = make_rig(2, 5);
    for (uint32_t n = 0; n < COUNT; n++) {
        left[n] = (float)(0.5 * sin(2 * PI * 600 * n / RATE));
        right[n] = (float)(-0.25 * cos(2 * PI * 600 * n / RATE));
    }
    effect_rig_run(rig, left, right, COUNT, 512);
    double hz = 600 * pow(2, 5.0 / 12);
    tone l = fit(left + FROM, COUNT - FROM, hz), r = fit(right + FROM, COUNT - FROM, hz);
    assert_true(fabs(20 * log10(r.amplitude / l.amplitude * 2)) < 0.05);
    assert_true(fabs(remainder(r.phase - l.phase + PI / 2, 2 * PI)) < 0.01);
    free(left);
    free(right);
    effect_rig_destroy(rig);
}

/* A click comes out where it was, and is not smeared over the window. */
static void clicks_stay_clicks(void **state)
{
    (void)state;
    static const float shifts[] = {-12, -5, 4, 7, 12};
    enum { COUNT = 16000, AT = 9000 };
    for (size_t i = 0; i < sizeof shifts / sizeof *shifts; i++) {
        float *samples = calloc(COUNT, sizeof(float));
        effect_rig *rig = make_rig(1, shifts[i]);
        samples[AT] = 1;
        effect_rig_run(rig, samples, NULL, COUNT, 512);
        double near = 0, all = 0;
        for (int n = 0; n < COUNT; n++) {
            double power = (double)samples[n] * (double)samples[n];
            all += power;
            near += abs(n - AT - (int)latency_of(rig)) < 480 ? power : 0;
        }
        print_message("%5.1f: %.3f of a click within 10 ms\n", (double)shifts[i], near / all);
        assert_true(near > 0.5 * all);
        free(samples);
        effect_rig_destroy(rig);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tones_keep_their_level),
        cmocka_unit_test(unshifted_is_unchanged),
        cmocka_unit_test(the_image_is_kept),
        cmocka_unit_test(clicks_stay_clicks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
