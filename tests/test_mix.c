/* Mixing: sums by hand, the formula with one rounding for each product and each sum, odd sizes and offsets between
 * canaries. */
#include "dsp/mix.h"

#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { LONGEST = 131, ROOM = LONGEST + 16 };

static float random_sample(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return (float)(*seed >> 8) * 0x1p-23f - 1.0f;
}

/* sum + sample * gain with each operation rounded once. The product is exact in double, and a sum that is rounded to
 * double first rounds to the same float (53 bits are more than 2 * 24 + 1); volatile, so that nothing is fused. */
static float added(float sum, float sample, float gain)
{
    volatile float product = (float)((double)sample * (double)gain);
    volatile double total = (double)sum + (double)product;
    return (float)total;
}

/* One call of a mixing function over random material, the same every time. */
typedef struct run {
    float left[ROOM], right[ROOM];
    float before_left[ROOM], before_right[ROOM];
    int16_t shorts[2 * ROOM];
    float floats[2 * ROOM];
    float planar_left[ROOM], planar_right[ROOM];
    float gains_left[ROOM], gains_right[ROOM];
    float gain_left, gain_right;
    uint32_t offset, count;
} run;

static run prepared(uint32_t seed, uint32_t offset, uint32_t count)
{
    run r;
    memset(&r, 0, sizeof r);
    for (int i = 0; i < ROOM; i++) {
        r.before_left[i] = r.left[i] = random_sample(&seed);
        r.before_right[i] = r.right[i] = random_sample(&seed) * 1e-3f;
        r.planar_left[i] = random_sample(&seed);
        r.planar_right[i] = random_sample(&seed);
        r.gains_left[i] = random_sample(&seed);
        r.gains_right[i] = random_sample(&seed);
    }
    for (int i = 0; i < 2 * ROOM; i++) {
        r.floats[i] = random_sample(&seed);
        r.shorts[i] = (int16_t)(i % 7 == 0 ? INT16_MIN : i % 11 == 0 ? INT16_MAX : (int)(random_sample(&seed) * 32768));
    }
    r.gain_left = random_sample(&seed) * 2;
    r.gain_right = random_sample(&seed);
    r.offset = offset;
    r.count = count;
    return r;
}

static motet_stereo_sum sum_of(run *r)
{
    return (motet_stereo_sum){r->left + r->offset, r->right + r->offset};
}

/* Frame k of the call added sample * gain to each side, and nothing else has changed. */
static void assert_added(const run *r, uint32_t k, float sample_left, float gain_left, float sample_right,
                         float gain_right)
{
    uint32_t i = r->offset + k;
    assert_true(r->left[i] == added(r->before_left[i], sample_left, gain_left));
    assert_true(r->right[i] == added(r->before_right[i], sample_right, gain_right));
}

static void assert_nothing_else(const run *r)
{
    for (uint32_t i = 0; i < ROOM; i++) {
        if (i < r->offset || i >= r->offset + r->count) {
            assert_true(r->left[i] == r->before_left[i]);
            assert_true(r->right[i] == r->before_right[i]);
        }
    }
}

static const float unit = 1.0f / 32768;

static void check_mono_s16(uint32_t offset, uint32_t count)
{
    run r = prepared(1, offset, count);
    const int16_t *frames = r.shorts + offset;
    motet_mix_mono_s16(sum_of(&r), frames, r.gain_left, r.gain_right, count);
    for (uint32_t k = 0; k < count; k++) {
        float sample = (float)frames[k] * unit;
        assert_added(&r, k, sample, r.gain_left, sample, r.gain_right);
    }
    assert_nothing_else(&r);
}

static void check_mono_f32(uint32_t offset, uint32_t count)
{
    run r = prepared(2, offset, count);
    const float *frames = r.floats + offset;
    motet_mix_mono_f32(sum_of(&r), frames, r.gain_left, r.gain_right, count);
    for (uint32_t k = 0; k < count; k++) {
        assert_added(&r, k, frames[k], r.gain_left, frames[k], r.gain_right);
    }
    assert_nothing_else(&r);
}

static void check_stereo_s16(uint32_t offset, uint32_t count)
{
    run r = prepared(3, offset, count);
    const int16_t *frames = r.shorts + offset;
    motet_mix_stereo_s16(sum_of(&r), frames, r.gain_left, r.gain_right, count);
    for (uint32_t k = 0; k < count; k++) {
        assert_added(&r, k, (float)frames[2 * k] * unit, r.gain_left, (float)frames[2 * k + 1] * unit, r.gain_right);
    }
    assert_nothing_else(&r);
}

static void check_stereo_f32(uint32_t offset, uint32_t count)
{
    run r = prepared(4, offset, count);
    const float *frames = r.floats + offset;
    motet_mix_stereo_f32(sum_of(&r), frames, r.gain_left, r.gain_right, count);
    for (uint32_t k = 0; k < count; k++) {
        assert_added(&r, k, frames[2 * k], r.gain_left, frames[2 * k + 1], r.gain_right);
    }
    assert_nothing_else(&r);
}

static void check_planar(uint32_t offset, uint32_t count)
{
    for (int mono = 0; mono < 2; mono++) {
        run r = prepared(5, offset, count);
        const float *left = r.planar_left + offset, *right = mono ? left : r.planar_right + offset;
        motet_mix_planar(sum_of(&r), left, right, r.gain_left, r.gain_right, count);
        for (uint32_t k = 0; k < count; k++) {
            assert_added(&r, k, left[k], r.gain_left, right[k], r.gain_right);
        }
        assert_nothing_else(&r);
    }
}

static void check_planar_ramped(uint32_t offset, uint32_t count)
{
    for (int mono = 0; mono < 2; mono++) {
        run r = prepared(6, offset, count);
        const float *left = r.planar_left + offset, *right = mono ? left : r.planar_right + offset;
        motet_mix_planar_ramped(sum_of(&r), left, right, r.gains_left + 1, r.gains_right + 2, count);
        for (uint32_t k = 0; k < count; k++) {
            assert_added(&r, k, left[k], r.gains_left[1 + k], right[k], r.gains_right[2 + k]);
        }
        assert_nothing_else(&r);
    }
}

static void check_add_and_scale(uint32_t offset, uint32_t count)
{
    run r = prepared(7, offset, count);
    motet_add(r.left + offset, r.planar_left + 1, count);
    motet_scale(r.right + offset, r.gain_right, count);
    for (uint32_t k = 0; k < count; k++) {
        uint32_t i = offset + k;
        assert_true(r.left[i] == added(r.before_left[i], r.planar_left[1 + k], 1));
        assert_true(r.right[i] == added(0, r.before_right[i], r.gain_right));
    }
    assert_nothing_else(&r);

    r = prepared(8, offset, count);
    motet_scale_ramped(r.left + offset, r.gains_left + 3, count);
    for (uint32_t k = 0; k < count; k++) {
        assert_true(r.left[offset + k] == added(0, r.before_left[offset + k], r.gains_left[3 + k]));
    }
    assert_nothing_else(&r);
}

static void over_sizes_and_offsets(void (*check)(uint32_t offset, uint32_t count))
{
    for (uint32_t count = 0; count <= LONGEST; count = count < 20 ? count + 1 : count * 3 / 2) {
        for (uint32_t offset = 0; offset < 9; offset++) {
            check(offset, count);
        }
    }
    check(5, LONGEST);
}

static void mono_s16(void **state)
{
    (void)state;
    over_sizes_and_offsets(check_mono_s16);
}

static void mono_f32(void **state)
{
    (void)state;
    over_sizes_and_offsets(check_mono_f32);
}

static void stereo_s16(void **state)
{
    (void)state;
    over_sizes_and_offsets(check_stereo_s16);
}

static void stereo_f32(void **state)
{
    (void)state;
    over_sizes_and_offsets(check_stereo_f32);
}

static void planar(void **state)
{
    (void)state;
    over_sizes_and_offsets(check_planar);
}

static void planar_ramped(void **state)
{
    (void)state;
    over_sizes_and_offsets(check_planar_ramped);
}

static void adding_and_scaling(void **state)
{
    (void)state;
    over_sizes_and_offsets(check_add_and_scale);
}

static void by_hand(void **state)
{
    (void)state;
    float left[3] = {0, 1, -1}, right[3] = {0, 0.5f, 0};
    motet_stereo_sum sum = {left, right};
    const int16_t mono[3] = {-32768, 16384, 1};
    motet_mix_mono_s16(sum, mono, 0.5f, 2.0f, 3);
    assert_true(left[0] == -0.5f && left[1] == 1.25f && left[2] == -1.0f + 0x1p-16f);
    assert_true(right[0] == -2.0f && right[1] == 1.5f && right[2] == 0x1p-14f);
    const float stereo[6] = {1, 10, 2, 20, 3, 30};
    motet_mix_stereo_f32(sum, stereo, 1, 0.5f, 2);
    assert_true(left[0] == 0.5f && left[1] == 3.25f && left[2] == -1.0f + 0x1p-16f);
    assert_true(right[0] == 3.0f && right[1] == 11.5f && right[2] == 0x1p-14f);
}

/* A fused multiply-add would keep what the product's rounding drops: (1 + 2^-12)^2 - 1 - 2^-11 is 2^-24, or 0. */
static void products_are_rounded(void **state)
{
    (void)state;
    const float sample = 1.0f + 0x1p-12f, minus = -1.0f - 0x1p-11f;
    float left[4] = {minus, minus, minus, minus}, right[4] = {minus, minus, minus, minus};
    const float samples[8] = {sample, sample, sample, sample, sample, sample, sample, sample};
    motet_stereo_sum sum = {left, right};
    motet_mix_mono_f32(sum, samples, sample, sample, 1);
    motet_mix_stereo_f32((motet_stereo_sum){left + 1, right + 1}, samples, sample, sample, 1);
    motet_mix_planar((motet_stereo_sum){left + 2, right + 2}, samples, samples, sample, sample, 1);
    motet_mix_planar_ramped((motet_stereo_sum){left + 3, right + 3}, samples, samples, samples, samples, 1);
    for (int i = 0; i < 4; i++) {
        assert_true(left[i] == 0 && right[i] == 0);
    }
}

/* The order of the calls is the order of the sum. */
static void sums_are_in_the_order_of_the_calls(void **state)
{
    (void)state;
    float left[1] = {1}, right[1] = {1};
    motet_stereo_sum sum = {left, right};
    const float tiny[1] = {0x1p-25f};
    for (int i = 0; i < 4; i++) {
        motet_mix_mono_f32(sum, tiny, 1, 1, 1);
    }
    assert_true(left[0] == 1 && right[0] == 1); /* 2^-23 if the four had been added together first */
}

static void non_finite_frames_are_silenced(void **state)
{
    (void)state;
    static const float bad[] = {NAN, -NAN, INFINITY, -INFINITY};
    for (uint32_t count = 0; count < 40; count++) {
        for (uint32_t at = 0; at < count; at++) {
            for (int side = 0; side < 3; side++) {
                run r = prepared(count, 3, count);
                r.left[3 + count / 2] = FLT_MAX; /* large, and finite */
                r.right[3 + count / 2] = -FLT_MAX;
                r.left[2] = r.right[3 + count] = NAN; /* outside */
                run whole = r;
                float peak = 0;
                assert_int_equal(motet_silence_non_finite(sum_of(&r), count, &peak), 0);
                assert_memory_equal(&r, &whole, sizeof r);
                assert_true(peak == FLT_MAX);
                if (side != 1) {
                    r.left[3 + at] = bad[at % 4];
                }
                if (side != 0) {
                    r.right[3 + at] = bad[(at + 2) % 4];
                }
                assert_int_equal(motet_silence_non_finite(sum_of(&r), count, &peak), 1);
                whole.left[3 + at] = whole.right[3 + at] = 0;
                assert_memory_equal(&r, &whole, sizeof r);
                float left = motet_peak(r.left + 3, count);
                float right = motet_peak(r.right + 3, count);
                assert_true(peak == (left > right ? left : right));
            }
        }
        run all = prepared(1, 0, count);
        for (uint32_t i = 0; i < count; i++) {
            all.left[i] = bad[i % 4];
            all.right[i] = i % 3 == 0 ? INFINITY : 1;
        }
        float peak = 1;
        assert_int_equal(motet_silence_non_finite(sum_of(&all), count, &peak), count);
        assert_true(peak == 0);
        for (uint32_t i = 0; i < count; i++) {
            assert_true(all.left[i] == 0 && all.right[i] == 0);
        }
        assert_nothing_else(&all);
    }
}

static void peaks(void **state)
{
    (void)state;
    const float samples[] = {0.25f, -0.75f, 0.5f, -0.0f};
    assert_true(motet_peak(samples, 0) == 0);
    assert_true(motet_peak(samples, 1) == 0.25f);
    assert_true(motet_peak(samples, 4) == 0.75f);
    assert_true(motet_peak(samples + 2, 2) == 0.5f);
    assert_true(motet_peak(samples + 3, 1) == 0);
    float many[100];
    for (uint32_t count = 1; count < 100; count++) {
        for (uint32_t at = 0; at < count; at++) {
            memset(many, 0, sizeof many);
            many[at] = at % 2 == 0 ? -3.0f : 3.0f;
            many[count] = 9; /* outside */
            assert_true(motet_peak(many, count) == 3);
        }
    }
    many[0] = -FLT_MAX;
    assert_true(motet_peak(many, 1) == FLT_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mono_s16),
        cmocka_unit_test(mono_f32),
        cmocka_unit_test(stereo_s16),
        cmocka_unit_test(stereo_f32),
        cmocka_unit_test(planar),
        cmocka_unit_test(planar_ramped),
        cmocka_unit_test(adding_and_scaling),
        cmocka_unit_test(by_hand),
        cmocka_unit_test(products_are_rounded),
        cmocka_unit_test(sums_are_in_the_order_of_the_calls),
        cmocka_unit_test(non_finite_frames_are_silenced),
        cmocka_unit_test(peaks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
