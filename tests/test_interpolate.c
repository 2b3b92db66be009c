/* Interpolation: positions by hand, the polynomials that each tier must reproduce, the formula in double, no frame read
 * beyond the stated ones. */
#include "dsp/interpolate.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

typedef struct tier {
    motet_interpolate_fn *run;
    int before, after;
    double (*formula)(const float *at, double f);
} tier;

static double linear_formula(const float *at, double f)
{
    return (1 - f) * at[0] + f * at[1];
}

/* Catmull-Rom as its four weights. */
static double cubic_formula(const float *at, double f)
{
    double f2 = f * f, f3 = f2 * f;
    return at[-1] * (-0.5 * f + f2 - 0.5 * f3) + at[0] * (1 - 2.5 * f2 + 1.5 * f3) +
           at[1] * (0.5 * f + 2 * f2 - 1.5 * f3) + at[2] * (-0.5 * f2 + 0.5 * f3);
}

static const tier tiers[] = {
    {motet_linear_mono, MOTET_LINEAR_BEFORE, MOTET_LINEAR_AFTER, linear_formula},
    {motet_cubic_mono, MOTET_CUBIC_BEFORE, MOTET_CUBIC_AFTER, cubic_formula},
};

static uint64_t position_of(double frames)
{
    return (uint64_t)(frames * 4294967296.0);
}

static float random_sample(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return (float)(*seed >> 8) * 0x1p-23f - 1.0f;
}

static void by_hand(void **state)
{
    (void)state;
    const float in[] = {0, 0, 1, 1, 0, -4};
    const uint64_t positions[] = {position_of(1), position_of(1.5), position_of(1.25), position_of(2.5),
                                  position_of(3.5)};
    float out[5];
    motet_linear_mono(out, in, positions, 5);
    const float lines[] = {0, 0.5f, 0.25f, 1, 0.5f};
    for (int i = 0; i < 5; i++) {
        assert_true(out[i] == lines[i]);
    }
    motet_cubic_mono(out, in, positions, 5);
    /* At a half the weights are -1/16, 9/16, 9/16, -1/16; at a quarter -9/128, 111/128, 29/128, -3/128. */
    const float cubics[] = {0, 0.5f, 29.0f / 128 - 3.0f / 128, 18.0f / 16, 9.0f / 16 - 1.0f / 16 + 4.0f / 16};
    for (int i = 0; i < 5; i++) {
        assert_true(out[i] == cubics[i]);
    }
}

static void whole_positions_give_the_frames_themselves(void **state)
{
    (void)state;
    uint32_t seed = 1;
    float in[300], out[200];
    uint64_t positions[200];
    for (int i = 0; i < 300; i++) {
        in[i] = random_sample(&seed) * (i % 5 == 0 ? 1e-9f : 1.0f);
    }
    for (size_t t = 0; t < 2; t++) {
        for (uint64_t i = 0; i < 200; i++) {
            positions[i] = (5 + (i * 37) % 200) << 32;
        }
        tiers[t].run(out, in, positions, 200);
        for (int i = 0; i < 200; i++) {
            assert_true(out[i] == in[positions[i] >> 32]);
        }
    }
}

/* Linear: lines. Cubic: parabolas. Both are exact up to float's rounding. */
static void polynomials_are_reproduced(void **state)
{
    (void)state;
    float line[40], parabola[40], out[1];
    for (int i = 0; i < 40; i++) {
        line[i] = (float)(0.5 - 0.02 * i);
        parabola[i] = (float)(0.9 - 0.003 * (i - 17) * (i - 17));
    }
    for (double x = 1; x < 37; x += 0.0137) {
        uint64_t position = position_of(x);
        for (size_t t = 0; t < 2; t++) {
            tiers[t].run(out, line, &position, 1);
            assert_true(fabs(out[0] - (0.5 - 0.02 * x)) < 1.5e-7);
        }
        motet_cubic_mono(out, parabola, &position, 1);
        assert_true(fabs(out[0] - (0.9 - 0.003 * (x - 17) * (x - 17))) < 2.5e-7);
    }
}

static void the_formula_in_double(void **state)
{
    (void)state;
    enum { COUNT = 5000 };
    static float in[1000], out[COUNT];
    static uint64_t positions[COUNT];
    uint32_t seed = 3;
    for (int i = 0; i < 1000; i++) {
        in[i] = random_sample(&seed);
    }
    for (size_t t = 0; t < 2; t++) {
        uint64_t random = 7;
        for (int i = 0; i < COUNT; i++) {
            random = random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
            uint64_t whole = (uint64_t)tiers[t].before + (random >> 33) % (1000 - 4);
            uint32_t fraction = i % 10 == 0 ? UINT32_MAX : i % 10 == 1 ? 1 : (uint32_t)(random >> 20);
            positions[i] = whole << 32 | fraction;
        }
        tiers[t].run(out, in, positions, COUNT);
        for (int i = 0; i < COUNT; i++) {
            double f = (double)(uint32_t)positions[i] / 4294967296.0;
            double expected = tiers[t].formula(in + (positions[i] >> 32), f);
            assert_true(fabs(out[i] - expected) < 8e-7); /* some roundings, and 24 bits of the fraction */
        }
    }
}

/* From frame to frame there is no step: just below a whole position is next to it. */
static void seams_are_continuous(void **state)
{
    (void)state;
    uint32_t seed = 5;
    float in[100], out[2];
    for (int i = 0; i < 100; i++) {
        in[i] = random_sample(&seed);
    }
    for (size_t t = 0; t < 2; t++) {
        for (uint64_t i = 2; i < 97; i++) {
            uint64_t positions[] = {(i << 32) - 1, i << 32};
            tiers[t].run(out, in, positions, 2);
            assert_true(fabsf(out[0] - out[1]) < 1e-6f);
        }
    }
}

/* The window is exactly as large as stated, on the heap, where AddressSanitizer watches its ends; elsewhere a canary of
 * NaN would come through. */
static void only_the_stated_frames_are_read(void **state)
{
    (void)state;
    for (size_t t = 0; t < 2; t++) {
        for (int frames = 1; frames < 6; frames++) {
            size_t size = (size_t)(tiers[t].before + frames - 1 + 1 + tiers[t].after);
            float *window = malloc(size * sizeof *window);
            assert_non_null(window);
            for (size_t i = 0; i < size; i++) {
                window[i] = (float)(i + 1);
            }
            uint64_t last = (uint64_t)(tiers[t].before + frames - 1);
            uint64_t positions[] = {(uint64_t)tiers[t].before << 32, last << 32 | 0xffffffffu, last << 32};
            float out[3];
            tiers[t].run(out, window, positions, 3);
            assert_true(out[0] == (float)(tiers[t].before + 1) && out[2] == (float)(last + 1));
            assert_true(fabsf(out[1] - (float)(last + 2)) < 1e-6f);
            free(window);

            float guarded[20];
            for (int i = 0; i < 20; i++) {
                guarded[i] = i >= 5 && i < 5 + (int)size ? 1.0f : NAN;
            }
            tiers[t].run(out, guarded + 5, positions, 3);
            assert_true(out[0] == 1 && out[1] == 1 && out[2] == 1);
        }
    }
}

static void counts_and_splits_change_nothing(void **state)
{
    (void)state;
    enum { COUNT = 200, CANARY = 3 };
    uint32_t seed = 9;
    float in[300];
    uint64_t positions[COUNT];
    for (int i = 0; i < 300; i++) {
        in[i] = random_sample(&seed);
    }
    for (uint64_t i = 0; i < COUNT; i++) {
        positions[i] = (UINT64_C(1) << 32) + i * UINT64_C(0x123456789);
    }
    for (size_t t = 0; t < 2; t++) {
        float one_by_one[COUNT];
        for (int i = 0; i < COUNT; i++) {
            tiers[t].run(one_by_one + i, in, positions + i, 1);
        }
        for (uint32_t count = 0; count < 70; count++) {
            for (uint32_t offset = 0; offset < 4; offset++) {
                float out[CANARY + COUNT + CANARY];
                for (int i = 0; i < COUNT + 2 * CANARY; i++) {
                    out[i] = 77;
                }
                tiers[t].run(out + CANARY + offset, in, positions + offset, count);
                for (uint32_t i = 0; i < COUNT + 2 * CANARY; i++) {
                    bool inside = i >= CANARY + offset && i < CANARY + offset + count;
                    assert_true(out[i] == (inside ? one_by_one[i - CANARY] : 77));
                }
            }
        }
    }
}

/* The bits, not only the values: each operation rounded once, in the order that the header gives. */
static void bits_by_the_stated_order(void **state)
{
    (void)state;
    uint32_t seed = 11;
    for (int i = 0; i < 20000; i++) {
        float a = random_sample(&seed), b = random_sample(&seed), c = random_sample(&seed), d = random_sample(&seed);
        const float in[] = {a, b, c, d};
        uint32_t fraction = (uint32_t)((i * UINT64_C(2654435761)) & 0xffffff00u);
        uint64_t position = UINT64_C(1) << 32 | fraction;
        volatile float f = (float)fraction * 0x1p-32f; /* volatile: no two operations can be fused */
        float out;
        motet_linear_mono(&out, in, &position, 1);
        volatile float rise = c - b;
        volatile float part = f * rise;
        assert_true(out == b + part);
        motet_cubic_mono(&out, in, &position, 1);
        volatile float c1 = 0.5f * (c - a);
        volatile float b25 = 2.5f * b, c2a = 2.0f * c, d05 = 0.5f * d;
        volatile float c2 = (a - b25) + (c2a - d05);
        volatile float c3a = 0.5f * (d - a), c3b = 1.5f * (b - c);
        volatile float c3 = c3a + c3b;
        volatile float sum = c3 * f;
        sum = sum + c2;
        sum = sum * f;
        sum = sum + c1;
        sum = sum * f;
        assert_true(out == sum + b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(by_hand),
        cmocka_unit_test(whole_positions_give_the_frames_themselves),
        cmocka_unit_test(polynomials_are_reproduced),
        cmocka_unit_test(the_formula_in_double),
        cmocka_unit_test(seams_are_continuous),
        cmocka_unit_test(only_the_stated_frames_are_read),
        cmocka_unit_test(counts_and_splits_change_nothing),
        cmocka_unit_test(bits_by_the_stated_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
