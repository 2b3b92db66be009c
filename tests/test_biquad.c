/* Second-order filters: responses by hand and by the difference equation, sides and banks like single channels, any
 * split, and an end in silence. */
#include "dsp/biquad.h"
#include "dsp/kernels.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

enum { FRAMES = 700, CHANNELS = MOTET_BIQUAD_CHANNELS };

static double random_number(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return (double)(*seed >> 8) * 0x1p-23 - 1;
}

/* With both poles within a circle of radius 0.99. */
static motet_biquad random_filter(uint32_t *seed)
{
    double a2 = 0.98 * random_number(seed);
    double a1 = (1 + a2) * 0.99 * random_number(seed);
    motet_biquad filter = {.b0 = random_number(seed), .b1 = random_number(seed), .b2 = random_number(seed)};
    filter.a1 = a1;
    filter.a2 = a2;
    return filter;
}

static void four_frames_by_hand(void **state)
{
    (void)state;
    const motet_biquad filter = {.b0 = 0.5, .b1 = 1, .b2 = 2, .a1 = -0.5, .a2 = 0.25};
    motet_biquad_state s = {0, 0};
    float samples[4] = {1, 0, 0, 1};
    motet_biquad_mono(samples, 4, &filter, &s);
    assert_true(samples[0] == 0.5f);    /* s1 = 1 + 0.25, s2 = 2 - 0.125 */
    assert_true(samples[1] == 1.25f);   /* s1 = 1.875 + 0.625, s2 = -0.3125 */
    assert_true(samples[2] == 2.5f);    /* s1 = -0.3125 + 1.25, s2 = -0.625 */
    assert_true(samples[3] == 1.4375f); /* s1 = 1 - 0.625 + 0.71875, s2 = 2 - 0.359375 */
    assert_true(s.s1 == 1.09375 && s.s2 == 1.640625);
}

static void responses_follow_the_difference_equation(void **state)
{
    (void)state;
    uint32_t seed = 3;
    for (int round = 0; round < 50; round++) {
        motet_biquad f = random_filter(&seed);
        motet_biquad_state s = {0, 0};
        float samples[FRAMES];
        double x[FRAMES + 2] = {0}, y[FRAMES + 2] = {0};
        for (int n = 0; n < FRAMES; n++) {
            samples[n] = (float)random_number(&seed);
            x[n + 2] = (double)samples[n];
            y[n + 2] = f.b0 * x[n + 2] + f.b1 * x[n + 1] + f.b2 * x[n] - f.a1 * y[n + 1] - f.a2 * y[n];
        }
        motet_biquad_mono(samples, FRAMES, &f, &s);
        for (int n = 0; n < FRAMES; n++) {
            assert_true(fabs((double)samples[n] - y[n + 2]) <= 1e-7 * fabs(y[n + 2]) + 1e-11);
        }
    }
}

/* A low-pass at 5 Hz of 48 kHz, where a state of floats loses the signal: a constant comes through as it is. */
static void low_frequencies_stay_exact(void **state)
{
    (void)state;
    const double w = 6.283185307179586 * 5 / 48000;
    const double alpha = sin(w) / 1.4142135623730951;
    const double a0 = 1 + alpha;
    const motet_biquad filter = {.b0 = (1 - cos(w)) / 2 / a0,
                                 .b1 = (1 - cos(w)) / a0,
                                 .b2 = (1 - cos(w)) / 2 / a0,
                                 .a1 = -2 * cos(w) / a0,
                                 .a2 = (1 - alpha) / a0};
    motet_biquad_state s = {0, 0};
    float samples[FRAMES];
    for (int block = 0; block < 500; block++) {
        for (int n = 0; n < FRAMES; n++) {
            samples[n] = 0.7f;
        }
        motet_biquad_mono(samples, FRAMES, &filter, &s);
    }
    assert_true(fabs((double)samples[FRAMES - 1] - (double)0.7f) < 1e-7);
}

static void sides_are_two_channels_and_splits_do_not_matter(void **state)
{
    (void)state;
    uint32_t seed = 5;
    for (int round = 0; round < 20; round++) {
        motet_biquad filter = random_filter(&seed);
        motet_biquad_state one[2] = {{0.1, -0.2}, {0, 0.3}}, two[2], three[2];
        memcpy(two, one, sizeof one);
        memcpy(three, one, sizeof one);
        float sides[2][FRAMES], single[2][FRAMES], pieces[2][FRAMES];
        for (int n = 0; n < 2 * FRAMES; n++) {
            sides[n % 2][n / 2] = (float)random_number(&seed);
        }
        memcpy(single, sides, sizeof sides);
        memcpy(pieces, sides, sizeof sides);
        motet_biquad_stereo(sides[0], sides[1], FRAMES, &filter, one);
        for (int side = 0; side < 2; side++) {
            motet_biquad_mono(single[side], FRAMES, &filter, &two[side]);
        }
        for (uint32_t at = 0; at < FRAMES;) {
            uint32_t piece = (uint32_t)(fabs(random_number(&seed)) * 40);
            piece = piece < FRAMES - at ? piece : FRAMES - at;
            motet_biquad_stereo(pieces[0] + at, pieces[1] + at, piece, &filter, three);
            at += piece;
        }
        assert_memory_equal(sides, single, sizeof sides);
        assert_memory_equal(sides, pieces, sizeof sides);
        assert_memory_equal(one, two, sizeof one);
        assert_memory_equal(one, three, sizeof one);
    }
}

static void banks_are_channels(void **state)
{
    (void)state;
    for (uint32_t level = 0; level < motet_kernels_count(); level++) {
        static float samples[FRAMES * CHANNELS];
        static float channels[CHANNELS][FRAMES];
        uint32_t seed = 7;
        motet_biquad filters[CHANNELS];
        motet_biquad_state states[CHANNELS] = {{0}};
        motet_biquad_bank bank = {.b0 = {0}};
        for (int c = 0; c < CHANNELS; c++) {
            filters[c] = c == 3 ? (motet_biquad){.b0 = 1} : random_filter(&seed);
            bank.b0[c] = filters[c].b0;
            bank.b1[c] = filters[c].b1;
            bank.b2[c] = filters[c].b2;
            bank.a1[c] = filters[c].a1;
            bank.a2[c] = filters[c].a2;
            for (int n = 0; n < FRAMES; n++) {
                channels[c][n] = samples[n * CHANNELS + c] = n < 400 ? (float)random_number(&seed) : 0;
            }
            motet_biquad_mono(channels[c], FRAMES, &filters[c], &states[c]);
        }
        const motet_kernels *kernels = motet_kernels_at(level);
        kernels->biquad_bank(samples, 123, &bank);
        kernels->biquad_bank(samples + 123 * CHANNELS, FRAMES - 123, &bank);
        for (int c = 0; c < CHANNELS; c++) {
            for (int n = 0; n < FRAMES; n++) {
                assert_memory_equal(&samples[n * CHANNELS + c], &channels[c][n], sizeof(float));
            }
            assert_true(bank.s1[c] == states[c].s1 && bank.s2[c] == states[c].s2);
        }
    }
}

static void a_filter_left_alone_ends_in_silence(void **state)
{
    (void)state;
    uint32_t seed = 9;
    motet_biquad filter = {.b0 = 0.1, .b1 = 0.2, .b2 = 0.1, .a1 = -1.2, .a2 = 0.6};
    motet_biquad_state s = {0, 0};
    motet_biquad_bank bank = {.b0 = {0}};
    float samples[64];
    bool below_floor = false;
    for (int n = 0; n < 64; n++) {
        samples[n] = (float)random_number(&seed);
    }
    for (int block = 0; block < 40; block++) {
        motet_biquad_mono(samples, 64, &filter, &s);
        for (int n = 0; n < 64; n++) {
            assert_true(samples[n] == 0 || fabs((double)samples[n]) >= 0.99 * MOTET_BIQUAD_FLOOR);
        }
        below_floor = below_floor || (s.s1 != 0 && fabs(s.s1) < MOTET_BIQUAD_FLOOR);
        bank.s1[block % CHANNELS] = s.s1;
        bank.s2[block % CHANNELS] = s.s2;
        motet_biquad_bank_settle(&bank);
        motet_biquad_settle(&s);
        assert_true(bank.s1[block % CHANNELS] == s.s1 && bank.s2[block % CHANNELS] == s.s2);
        assert_true(s.s1 == 0 || fabs(s.s1) >= MOTET_BIQUAD_FLOOR);
        memset(samples, 0, sizeof samples);
    }
    assert_true(below_floor);
    assert_true(s.s1 == 0 && s.s2 == 0 && !signbit(s.s1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(four_frames_by_hand),        cmocka_unit_test(responses_follow_the_difference_equation),
        cmocka_unit_test(low_frequencies_stay_exact), cmocka_unit_test(sides_are_two_channels_and_splits_do_not_matter),
        cmocka_unit_test(banks_are_channels),         cmocka_unit_test(a_filter_left_alone_ends_in_silence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
