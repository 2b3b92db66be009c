/* The sinc filters: their tables, their kernels against the formula, what they let through and what not. */
#include "dsp/sinc.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const double PI = 3.14159265358979323846;

/* ---------------------------------------------------------------------------------------------------- The tables */

static motet_sinc tiers[2];
static float *coefficients[2];

static int build_tables(void **state)
{
    (void)state;
    for (uint32_t tier = 0; tier < 2; tier++) {
        coefficients[tier] = malloc(motet_sinc_size(16 << tier));
        assert_non_null(coefficients[tier]);
        motet_sinc_build(&tiers[tier], 16 << tier, coefficients[tier]);
    }
    return 0;
}

static int free_tables(void **state)
{
    (void)state;
    free(coefficients[0]);
    free(coefficients[1]);
    return 0;
}

static double ratio_of(const motet_sinc *sinc, uint32_t bank)
{
    return (double)sinc->steps[bank] / 4294967296.0;
}

static const float *row_of(const motet_sinc_bank *bank, uint32_t phase)
{
    return bank->rows + (size_t)phase * bank->taps;
}

static void banks_cover_every_ratio(void **state)
{
    (void)state;
    for (uint32_t tier = 0; tier < 2; tier++) {
        const motet_sinc *sinc = &tiers[tier];
        assert_true(sinc->steps[0] == UINT64_C(1) << 32);
        assert_true(ratio_of(sinc, 10) > 1.2999999 && sinc->steps[10] == (uint64_t)(1.3 * 4294967296.0 + 0.5));
        assert_true(ratio_of(sinc, MOTET_SINC_BANKS - 1) >= 64);
        assert_true(sinc->banks[MOTET_SINC_BANKS - 1].taps <= MOTET_SINC_MAX_TAPS);
        for (uint32_t bank = 0; bank < MOTET_SINC_BANKS; bank++) {
            const motet_sinc_bank *b = &sinc->banks[bank];
            assert_int_equal(b->taps % MOTET_SINC_LANES, 0);
            assert_true(b->taps == (16u << tier) || bank >= MOTET_SINC_BASE_BANKS);
            assert_true(b->taps >= (16 << tier) * ratio_of(sinc, bank) / 1.42 - 1e-6);
            assert_int_equal(motet_sinc_bank_of(sinc, sinc->steps[bank]), bank);
            if (bank + 1 < MOTET_SINC_BANKS) {
                assert_true(sinc->steps[bank] < sinc->steps[bank + 1]);
                assert_int_equal(motet_sinc_bank_of(sinc, sinc->steps[bank] + 1), bank + 1);
            }
        }
        assert_int_equal(motet_sinc_bank_of(sinc, 0), 0);
        assert_int_equal(motet_sinc_bank_of(sinc, UINT64_MAX), MOTET_SINC_BANKS - 1);
        /* All that serves ordinary ratios stays in half of a megabyte of second cache. */
        size_t base =
            (size_t)((const char *)sinc->banks[MOTET_SINC_BASE_BANKS].rows - (const char *)sinc->banks[0].rows);
        assert_true(base <= 262144);
    }
}

static void rows_sum_to_one_and_join(void **state)
{
    (void)state;
    for (uint32_t tier = 0; tier < 2; tier++) {
        for (uint32_t bank = 0; bank < MOTET_SINC_BANKS; bank++) {
            const motet_sinc_bank *b = &tiers[tier].banks[bank];
            for (uint32_t phase = 0; phase <= b->phases; phase++) {
                double sum = 0;
                for (uint32_t k = 0; k < b->taps; k++) {
                    sum += (double)row_of(b, phase)[k];
                    assert_true(row_of(b, phase)[k] == row_of(b, b->phases - phase)[b->taps - 1 - k]);
                }
                assert_true(fabs(sum - 1) < 1e-6);
            }
            /* The last row is the first, one frame on, but for the step at the ends. */
            for (uint32_t k = 1; k < b->taps; k++) {
                assert_true(fabs((double)row_of(b, b->phases)[k] - (double)row_of(b, 0)[k - 1]) < 1e-4);
            }
        }
        const motet_sinc_bank *whole = &tiers[tier].banks[0];
        for (uint32_t k = 0; k < whole->taps; k++) {
            assert_true(row_of(whole, 0)[k] == (k == whole->taps / 2 - 1 ? 1.0f : 0.0f));
        }
    }
}

static bool is_minus_zero(float value)
{
    return value == 0 && signbit(value);
}

/* c + f (n - c) and c - f (c - n) have the same bits unless both are -0: kernels take the second. */
static void no_two_neighbours_are_minus_zero(void **state)
{
    (void)state;
    for (uint32_t tier = 0; tier < 2; tier++) {
        for (uint32_t bank = 0; bank < MOTET_SINC_BANKS; bank++) {
            const motet_sinc_bank *b = &tiers[tier].banks[bank];
            for (size_t i = 0; i < (size_t)b->phases * b->taps; i++) {
                assert_false(is_minus_zero(b->rows[i]) && is_minus_zero(b->rows[i + b->taps]));
            }
        }
    }
}

/* The same bits on every machine, compiler and level of optimisation. */
static void tables_have_golden_bits(void **state)
{
    (void)state;
    static const uint64_t golden[2] = {UINT64_C(0xb80f4e9bc818084d), UINT64_C(0x13b6c718b3b41515)};
    for (uint32_t tier = 0; tier < 2; tier++) {
        uint64_t hash = UINT64_C(0xcbf29ce484222325);
        for (size_t i = 0; i < motet_sinc_size(16 << tier) / sizeof(float); i++) {
            uint32_t bits;
            memcpy(&bits, &coefficients[tier][i], sizeof bits);
            hash = (hash ^ bits) * UINT64_C(0x100000001b3);
        }
        if (hash != golden[tier]) {
            fail_msg("tier %u hashes to %#llx", 16u << tier, (unsigned long long)hash);
        }
    }
}

/* ---------------------------------------------------------------------------------------------------- The kernels */

static uint32_t random_bits(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 8;
}

static float random_sample(uint32_t *seed)
{
    return (float)random_bits(seed) * 0x1p-23f - 1.0f;
}

static uint64_t random_position(uint32_t *seed, uint32_t whole)
{
    uint32_t fraction = random_bits(seed) << 8 | (random_bits(seed) & 0xff);
    switch (random_bits(seed) % 8) {
    case 0: fraction = 0; break;
    case 1: fraction = UINT32_MAX; break;
    case 2: fraction &= 0xfe000000; break; /* on one of 128 rows */
    default: break;
    }
    return (uint64_t)whole << 32 | fraction;
}

/* The expression as the rules fix it: 16 partial sums, folded by halves, a coefficient of two roundings. */
static float stated_dot(const float *in, const motet_sinc_bank *bank, uint64_t position)
{
    uint64_t phase = (position & UINT32_MAX) * bank->phases;
    const float *row = row_of(bank, (uint32_t)(phase >> 32));
    float f = (float)((uint32_t)phase >> 8) * 0x1p-24f;
    const float *from = in + (position >> 32) - (bank->taps / 2 - 1);
    float sums[16] = {0};
    for (uint32_t k = 0; k < bank->taps; k++) {
        float d = row[k + bank->taps] - row[k];
        float fd = f * d;
        float h = row[k] + fd;
        float product = from[k] * h;
        sums[k % 16] = k < 16 ? product : sums[k % 16] + product;
    }
    for (uint32_t half = 8; half >= 1; half /= 2) {
        for (uint32_t j = 0; j < half; j++) {
            sums[j] = sums[j] + sums[j + half];
        }
    }
    return sums[0];
}

static double exact_dot(const float *in, const motet_sinc_bank *bank, uint64_t position)
{
    double phase = (double)(position & UINT32_MAX) / 4294967296.0 * bank->phases;
    const float *row = row_of(bank, (uint32_t)phase);
    double f = phase - floor(phase);
    const float *from = in + (position >> 32) - (bank->taps / 2 - 1);
    double sum = 0;
    for (uint32_t k = 0; k < bank->taps; k++) {
        sum += (double)from[k] * ((double)row[k] + f * ((double)row[k + bank->taps] - (double)row[k]));
    }
    return sum;
}

enum { COUNT = 67, WINDOW = MOTET_SINC_MAX_TAPS + 2 * COUNT };

/* Windows are as long as the stated taps and not a frame longer, between NaNs; so is what is written. */
static void kernels_follow_the_formula(void **state)
{
    (void)state;
    static float memory[2][WINDOW + 2], both[2 * (WINDOW + 2)], out[3][COUNT + 2], out_both[2 * (COUNT + 2)];
    uint64_t positions[COUNT];
    uint32_t seed = 7;
    for (uint32_t tier = 0; tier < 2; tier++) {
        for (uint32_t index = 0; index < MOTET_SINC_BANKS; index++) {
            const motet_sinc_bank *bank = &tiers[tier].banks[index];
            for (uint32_t count = 1; count <= COUNT; count += 33) {
                uint32_t before = motet_sinc_before(bank);
                uint32_t window = before + count + motet_sinc_after(bank);
                for (uint32_t k = 0; k < window + 2; k++) {
                    bool outside = k == 0 || k == window + 1;
                    memory[0][k] = outside ? NAN : random_sample(&seed);
                    memory[1][k] = outside ? NAN : random_sample(&seed);
                }
                for (uint32_t k = 0; k < count; k++) {
                    positions[k] = random_position(&seed, before + k);
                }
                for (int o = 0; o < 3; o++) {
                    for (uint32_t k = 0; k < COUNT + 2; k++) {
                        out[o][k] = 1e9f;
                    }
                }
                motet_sinc_mono(out[0] + 1, memory[0] + 1, positions, count, bank);
                for (uint32_t k = 0; k < window + 2; k++) {
                    both[2 * k] = memory[0][k];
                    both[2 * k + 1] = memory[1][k];
                }
                for (uint32_t k = 0; k < 2 * (COUNT + 2); k++) {
                    out_both[k] = 1e9f;
                }
                motet_sinc_stereo(out_both + 2, both + 2, positions, count, bank);
                for (uint32_t k = 0; k < COUNT + 2; k++) {
                    out[1][k] = out_both[2 * k];
                    out[2][k] = out_both[2 * k + 1];
                }
                for (uint32_t k = 0; k < count; k++) {
                    assert_true(out[0][k + 1] == stated_dot(memory[0] + 1, bank, positions[k]));
                    assert_true(out[1][k + 1] == out[0][k + 1]);
                    assert_true(out[2][k + 1] == stated_dot(memory[1] + 1, bank, positions[k]));
                    assert_true(fabs((double)out[0][k + 1] - exact_dot(memory[0] + 1, bank, positions[k])) < 1e-6);
                }
                for (int o = 0; o < 3; o++) {
                    assert_true(out[o][0] == 1e9f && out[o][count + 1] == 1e9f);
                }
            }
        }
    }
}

static void whole_positions_give_the_frames_themselves(void **state)
{
    (void)state;
    uint32_t seed = 3;
    float in[128], out[64];
    uint64_t positions[64];
    for (int k = 0; k < 128; k++) {
        in[k] = random_sample(&seed) * (k % 5 == 0 ? 1e-9f : 1.0f);
    }
    for (uint32_t tier = 0; tier < 2; tier++) {
        for (uint32_t k = 0; k < 64; k++) {
            positions[k] = (uint64_t)(k + 32) << 32;
        }
        motet_sinc_mono(out, in, positions, 64, &tiers[tier].banks[0]);
        assert_memory_equal(out, in + 32, sizeof out);
    }
}

/* ------------------------------------------------------------------------------------------- What they let through */

typedef struct response {
    double gain;  /* of a tone */
    double noise; /* all that the phases add to it, against it */
} response;

/* The answer to a tone of so many turns a frame, over all fractions. */
static response respond(const motet_sinc_bank *bank, double turns)
{
    enum { BETWEEN = 4 };
    double real = 0, imaginary = 0, power = 0;
    uint32_t count = bank->phases * BETWEEN;
    for (uint32_t i = 0; i < count; i++) {
        double f = (double)(i % BETWEEN) / BETWEEN;
        const float *row = row_of(bank, i / BETWEEN);
        double x = 0, y = 0;
        for (uint32_t k = 0; k < bank->taps; k++) {
            double h = (double)row[k] + f * ((double)row[k + bank->taps] - (double)row[k]);
            double angle = 2 * PI * turns * ((double)k - (bank->taps / 2 - 1) - (double)i / count);
            x += h * cos(angle);
            y += h * sin(angle);
        }
        real += x / count;
        imaginary += y / count;
        power += (x * x + y * y) / count;
    }
    double tone = real * real + imaginary * imaginary;
    return (response){.gain = sqrt(tone), .noise = sqrt(fmax(power - tone, 0) / tone)};
}

static double decibels(double ratio)
{
    return 20 * log10(ratio + 1e-12);
}

/* Frequencies are in kHz at 48 kHz of output. */
static void bands_are_as_designed(void **state)
{
    (void)state;
    static const uint32_t looked_at[] = {1, 3, 5, 8, 10, 12, 14, 15, 20, 23, 30};
    static const struct {
        double transition_khz, ripple_db, stop_db, noise_db;
    } designs[2] = {{11, 0.35, -67, -85}, {8.15, 0.04, -96, -105}};
    for (uint32_t tier = 0; tier < 2; tier++) {
        for (size_t i = 0; i < sizeof looked_at / sizeof *looked_at; i++) {
            const motet_sinc_bank *bank = &tiers[tier].banks[looked_at[i]];
            double ratio = ratio_of(&tiers[tier], looked_at[i]);
            double stop = ratio < 1.3 ? 29 - 30 * (ratio - 1) : 26 / ratio;
            double pass = stop - designs[tier].transition_khz * (16 << tier) / bank->taps;
            for (int part = 0; part <= 8; part++) {
                response passed = respond(bank, pass / 48 * part / 8);
                assert_true(fabs(decibels(passed.gain)) < designs[tier].ripple_db);
                response heard = respond(bank, 10.0 / 48 / ratio * (part + 0.1) / 8);
                assert_true(decibels(heard.noise) < designs[tier].noise_db);
                response stopped = respond(bank, stop * (1 + part / 16.0) / 48);
                assert_true(decibels(stopped.gain) < designs[tier].stop_db);
            }
        }
        /* Bank 0 passes nearly all of the source's band: to 16 and 18 kHz of 24. */
        for (double khz = 0.5; khz <= (tier == 0 ? 16 : 18); khz += 0.5) {
            response heard = respond(&tiers[tier].banks[0], khz / 48);
            assert_true(fabs(decibels(heard.gain)) < 0.02);
            assert_true(decibels(heard.noise) < (tier == 0 ? -81 : -95));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(banks_cover_every_ratio),
        cmocka_unit_test(rows_sum_to_one_and_join),
        cmocka_unit_test(no_two_neighbours_are_minus_zero),
        cmocka_unit_test(tables_have_golden_bits),
        cmocka_unit_test(kernels_follow_the_formula),
        cmocka_unit_test(whole_positions_give_the_frames_themselves),
        cmocka_unit_test(bands_are_as_designed),
    };
    return cmocka_run_group_tests(tests, build_tables, free_tables);
}
