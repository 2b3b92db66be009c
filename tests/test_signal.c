/* Test signals against the formulas of the timeline format, restated here as an outside script would. */
#include "dsp/signal.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { MOST_SAMPLES = 20000 };

static float rendered[MOST_SAMPLES + 1];

/* Renders into `rendered`, with a canary behind. */
static void render(const motet_signal *signal, uint64_t frame_count)
{
    size_t count = (size_t)frame_count * signal->channels;
    assert_true(count <= MOST_SAMPLES);
    rendered[count] = 1234.5f;
    motet_signal_render(signal, rendered, frame_count);
    assert_true(rendered[count] == 1234.5f);
}

static void counts_of_frames(void **state)
{
    (void)state;
    assert_int_equal(motet_signal_frame_count(0, 48000), 0);
    assert_int_equal(motet_signal_frame_count(1, 48000), 48000);
    assert_int_equal(motet_signal_frame_count(0.5, 3), 2);  /* 1.5: half up */
    assert_int_equal(motet_signal_frame_count(0.25, 2), 1); /* 0.5 */
    assert_int_equal(motet_signal_frame_count(0.2499, 2), 0);
    assert_int_equal(motet_signal_frame_count(0.0001, 44100), 4); /* 4.41 */
    assert_int_equal(motet_signal_frame_count(3600.0 * 24 * 365, 384000), UINT64_C(12109824000000));
    assert_int_equal(motet_signal_frame_count(1e300, 48000), UINT64_MAX);
    assert_int_equal(motet_signal_frame_count(INFINITY, 1), UINT64_MAX);
    assert_int_equal(motet_signal_frame_count(NAN, 48000), 0);
    assert_int_equal(motet_signal_frame_count(-1, 48000), 0);
}

static void sine_by_hand(void **state)
{
    (void)state;
    motet_signal signal = {.kind = MOTET_SIGNAL_SINE, .hz = 1, .amplitude = 0.5, .channels = 1, .sample_rate_hz = 4};
    const float quarters[] = {0, 0.5f, 0, -0.5f, 0, 0.5f, 0, -0.5f};
    render(&signal, 8);
    for (int n = 0; n < 8; n++) {
        assert_true(rendered[n] == quarters[n]);
    }
    signal.sample_rate_hz = 12; /* sin(30 degrees) is a half, sin(60) sqrt(3)/2 */
    const float twelfths[] = {0, 0.25f, 0.4330127f, 0.5f, 0.4330127f, 0.25f, 0};
    render(&signal, 7);
    for (int n = 0; n < 7; n++) {
        assert_true(fabsf(rendered[n] - twelfths[n]) <= 3e-8f);
    }
}

static void sine_is_the_formula(void **state)
{
    (void)state;
    static const double hz[] = {440, 997, 0.1, 19999.9, 123456.7};
    static const uint32_t rates[] = {48000, 44100, 8000, 1, 384000};
    for (int i = 0; i < 5; i++) {
        motet_signal signal = {
            .kind = MOTET_SIGNAL_SINE, .hz = hz[i], .amplitude = 0.8, .channels = 2, .sample_rate_hz = rates[i]};
        render(&signal, 10000);
        int differing = 0;
        for (int n = 0; n < 10000; n++) {
            double turns = hz[i] * n / rates[i];
            double exact = 0.8 * sin(6.283185307179586476925 * (turns - floor(turns)));
            assert_true(rendered[2 * n] == rendered[2 * n + 1]);
            assert_true(fabs(rendered[2 * n] - exact) <= fabs(exact) * 6e-8 + 1e-15);
            differing += fabs(exact) > 1e-6 && rendered[2 * n] != (float)exact;
        }
        assert_true(differing <= 1); /* an error of 1e-16 meets the edge between two floats once in 10^8 samples */
    }
}

static void sine_stays_in_phase_for_long(void **state)
{
    (void)state;
    /* A minute in, a phase in float would be off by 3e-3 turns, and one of another order of operations by 1e-12: that
     * shows in one sample of 10^4. */
    enum { FROM = 1880000, COUNT = 2880000 };
    static float samples[COUNT];
    motet_signal signal = {
        .kind = MOTET_SIGNAL_SINE, .hz = 440.5, .amplitude = 1, .channels = 1, .sample_rate_hz = 48000};
    motet_signal_render(&signal, samples, COUNT);
    int differing = 0;
    for (int n = FROM; n < COUNT; n++) {
        double turns = 440.5 * n / 48000;
        double exact = sin(6.283185307179586476925 * (turns - floor(turns)));
        assert_true(fabs(samples[n] - exact) < 1e-7);
        differing += fabs(exact) > 1e-6 && samples[n] != (float)exact;
    }
    assert_true(differing <= 2);
    signal.hz = 1e25;
    render(&signal, 3);
    assert_true(rendered[0] == 0 && rendered[1] == 0 && rendered[2] == 0);
    signal.hz = 1e300; /* without a fraction, or without an end: silence, not undefined behaviour */
    render(&signal, 3);
    assert_true(rendered[0] == 0 && rendered[1] == 0 && rendered[2] == 0);
    signal.hz = 1.7e308;
    render(&signal, 3);
    assert_true(rendered[2] == 0);
}

static void ramp_by_hand_and_by_formula(void **state)
{
    (void)state;
    motet_signal signal = {.kind = MOTET_SIGNAL_RAMP, .from = -0.5, .to = 0.5, .channels = 2, .sample_rate_hz = 10};
    const float five[] = {-0.5f, -0.25f, 0, 0.25f, 0.5f};
    render(&signal, 5);
    for (int n = 0; n < 5; n++) {
        assert_true(rendered[2 * n] == five[n] && rendered[2 * n + 1] == five[n]);
    }
    render(&signal, 2);
    assert_true(rendered[0] == -0.5f && rendered[2] == 0.5f);
    render(&signal, 1);
    assert_true(rendered[0] == -0.5f && rendered[1] == -0.5f);
    render(&signal, 0);

    signal.from = 0.9;
    signal.to = -0.3;
    signal.channels = 1;
    render(&signal, 9999);
    for (int n = 0; n < 9999; n++) {
        assert_true(rendered[n] == (float)(0.9 + (-0.3 - 0.9) * n / 9998));
    }
    assert_true(rendered[9998] == -0.3f);
}

static void constant_and_impulse(void **state)
{
    (void)state;
    motet_signal signal = {.kind = MOTET_SIGNAL_CONSTANT, .from = 0.1, .to = 5, .channels = 2, .sample_rate_hz = 1};
    render(&signal, 7);
    for (int k = 0; k < 14; k++) {
        assert_true(rendered[k] == 0.1f);
    }
    signal = (motet_signal){
        .kind = MOTET_SIGNAL_IMPULSE, .amplitude = -0.7, .at_frame = 3, .channels = 2, .sample_rate_hz = 1};
    render(&signal, 7);
    for (int k = 0; k < 14; k++) {
        assert_true(rendered[k] == (k / 2 == 3 ? -0.7f : 0.0f));
    }
    signal.at_frame = 7; /* behind the end */
    render(&signal, 7);
    for (int k = 0; k < 14; k++) {
        assert_true(rendered[k] == 0);
    }
}

/* Five outputs of the published splitmix64 from seed 1234567, as its users check their own against. */
static const uint64_t published[5] = {UINT64_C(6457827717110365317), UINT64_C(3203168211198807973),
                                      UINT64_C(9817491932198370423), UINT64_C(4593380528125082431),
                                      UINT64_C(16408922859458223821)};

static void noise_is_splitmix64(void **state)
{
    (void)state;
    for (uint32_t channels = 1; channels <= 2; channels++) {
        motet_signal signal = {
            .kind = MOTET_SIGNAL_NOISE, .amplitude = 0.5, .seed = 1234567, .channels = channels, .sample_rate_hz = 1};
        render(&signal, channels == 1 ? 5 : 2);
        for (uint32_t k = 0; k < (channels == 1 ? 5 : 4); k++) {
            double unit = (double)(published[k] >> 11) / 4503599627370496.0 - 1.0;
            assert_true(rendered[k] == (float)(0.5 * unit));
        }
    }
}

static void noise_is_uniform_and_differs_by_seed_and_channel(void **state)
{
    (void)state;
    motet_signal signal = {
        .kind = MOTET_SIGNAL_NOISE, .amplitude = 0.25, .seed = 7, .channels = 2, .sample_rate_hz = 48000};
    static float other[MOST_SAMPLES];
    render(&signal, MOST_SAMPLES / 2);
    memcpy(other, rendered, sizeof other);
    signal.seed = 8;
    render(&signal, MOST_SAMPLES / 2);
    int slots[10] = {0}, same = 0, alike = 0;
    double sum = 0;
    for (int k = 0; k < MOST_SAMPLES; k++) {
        assert_true(fabsf(rendered[k]) <= 0.25f);
        sum += rendered[k];
        int slot = (int)((rendered[k] + 0.25f) / 0.05f);
        slots[slot < 9 ? slot : 9]++;
        same += rendered[k] == other[k];
        alike += rendered[k] == rendered[k ^ 1];
    }
    for (int i = 0; i < 10; i++) {
        assert_in_range(slots[i], 1800, 2200); /* 2000 +- 4.7 standard deviations */
    }
    assert_true(fabs(sum / MOST_SAMPLES) < 0.005);
    assert_true(same < 5 && alike < 5);
}

/* A golden value: changing it changes every golden render with a generated sound. */
static void bits_are_the_same_everywhere(void **state)
{
    (void)state;
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (int kind = MOTET_SIGNAL_SINE; kind <= MOTET_SIGNAL_RAMP; kind++) {
        motet_signal signal = {.kind = (motet_signal_kind)kind,
                               .hz = 441.3,
                               .amplitude = 0.7,
                               .from = -0.9,
                               .to = 0.8,
                               .seed = 99,
                               .channels = 2,
                               .sample_rate_hz = 44100};
        render(&signal, 5000);
        for (int k = 0; k < 10000; k++) {
            uint32_t bits;
            memcpy(&bits, &rendered[k], sizeof bits);
            hash = (hash ^ bits) * UINT64_C(0x100000001b3);
        }
    }
    assert_int_equal(hash, UINT64_C(0x3c30f72a0e8b605d));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_of_frames),
        cmocka_unit_test(sine_by_hand),
        cmocka_unit_test(sine_is_the_formula),
        cmocka_unit_test(sine_stays_in_phase_for_long),
        cmocka_unit_test(ramp_by_hand_and_by_formula),
        cmocka_unit_test(constant_and_impulse),
        cmocka_unit_test(noise_is_splitmix64),
        cmocka_unit_test(noise_is_uniform_and_differs_by_seed_and_channel),
        cmocka_unit_test(bits_are_the_same_everywhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
