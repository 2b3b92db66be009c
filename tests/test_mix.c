/* Mixing, by the kernels of every SIMD level: sums by hand, the formula with one rounding for each product and each
 * sum, odd sizes and offsets between canaries. */
#include "dsp/kernels.h"

#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { LONGEST = 131, ROOM = LONGEST + 16, VOICES = MOTET_MIX_VOICES };

static const motet_kernels *kernels; /* those under test */

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
    float left[ROOM], right[ROOM], both[2 * ROOM];
    float before_left[ROOM], before_right[ROOM], before_both[2 * ROOM];
    int16_t shorts[VOICES][2 * ROOM];
    float floats[VOICES][2 * ROOM];
    float gains_left[ROOM], gains_right[ROOM];
    motet_mix_voice voices[VOICES];
    uint32_t offset, count;
} run;

static run r;

static void prepare(uint32_t seed, uint32_t offset, uint32_t count)
{
    memset(&r, 0, sizeof r);
    for (int i = 0; i < ROOM; i++) {
        r.before_left[i] = r.left[i] = random_sample(&seed);
        r.before_right[i] = r.right[i] = random_sample(&seed) * 1e-3f;
        r.gains_left[i] = random_sample(&seed);
        r.gains_right[i] = random_sample(&seed);
    }
    for (int i = 0; i < 2 * ROOM; i++) {
        r.before_both[i] = r.both[i] = random_sample(&seed);
    }
    for (int v = 0; v < VOICES; v++) {
        for (int i = 0; i < 2 * ROOM; i++) {
            int16_t any = (int16_t)(random_sample(&seed) * 32768);
            r.floats[v][i] = random_sample(&seed);
            r.shorts[v][i] = i % 7 == 0 ? INT16_MIN : i % 11 == 0 ? INT16_MAX : any;
        }
        r.voices[v].gain_left = random_sample(&seed) * 2;
        r.voices[v].gain_right = random_sample(&seed);
    }
    r.offset = offset;
    r.count = count;
}

static motet_stereo_sum planar_sum(void)
{
    return (motet_stereo_sum){r.left + r.offset, r.right + r.offset};
}

static void assert_nothing_else(void)
{
    for (uint32_t i = 0; i < ROOM; i++) {
        if (i < r.offset || i >= r.offset + r.count) {
            assert_true(r.left[i] == r.before_left[i] && r.right[i] == r.before_right[i]);
        }
    }
    for (uint32_t i = 0; i < 2 * ROOM; i++) {
        if (i < r.offset || i >= r.offset + 2 * r.count) {
            assert_true(r.both[i] == r.before_both[i]);
        }
    }
}

static const float unit = 1.0f / 32768;

static float sample_of(bool shorts, uint32_t voice, uint32_t sample)
{
    uint32_t at = (r.offset + voice) % 5 + sample;
    return shorts ? (float)r.shorts[voice][at] * unit : r.floats[voice][at];
}

/* Every voice starts elsewhere. */
static void place_voices(bool shorts)
{
    for (uint32_t v = 0; v < VOICES; v++) {
        uint32_t at = (r.offset + v) % 5;
        r.voices[v].frames = shorts ? (const void *)(r.shorts[v] + at) : (const void *)(r.floats[v] + at);
    }
}

static void check_mono(uint32_t offset, uint32_t count)
{
    for (uint32_t voices = 0; voices <= VOICES; voices++) {
        for (int shorts = 0; shorts < 2; shorts++) {
            prepare(voices, offset, count);
            place_voices(shorts);
            (shorts ? kernels->mix_mono_s16 : kernels->mix_mono_f32)(planar_sum(), r.voices, voices, count);
            for (uint32_t k = 0; k < count; k++) {
                float left = r.before_left[offset + k];
                float right = r.before_right[offset + k];
                for (uint32_t v = 0; v < voices; v++) {
                    left = added(left, sample_of(shorts, v, k), r.voices[v].gain_left);
                    right = added(right, sample_of(shorts, v, k), r.voices[v].gain_right);
                }
                assert_true(r.left[offset + k] == left && r.right[offset + k] == right);
            }
            assert_nothing_else();
        }
    }
}

static void check_stereo(uint32_t offset, uint32_t count)
{
    for (uint32_t voices = 0; voices <= VOICES; voices++) {
        for (int shorts = 0; shorts < 2; shorts++) {
            prepare(voices + 100, offset, count);
            place_voices(shorts);
            (shorts ? kernels->mix_stereo_s16 : kernels->mix_stereo_f32)(r.both + offset, r.voices, voices, count);
            for (uint32_t k = 0; k < 2 * count; k++) {
                float sum = r.before_both[offset + k];
                for (uint32_t v = 0; v < voices; v++) {
                    float gain = k % 2 == 0 ? r.voices[v].gain_left : r.voices[v].gain_right;
                    sum = added(sum, sample_of(shorts, v, k), gain);
                }
                assert_true(r.both[offset + k] == sum);
            }
            assert_nothing_else();
        }
    }
}

static void check_ramped(uint32_t offset, uint32_t count)
{
    prepare(6, offset, count);
    const float *frames = r.floats[0] + offset;
    kernels->mix_mono_ramped(planar_sum(), frames, r.gains_left + 1, r.gains_right + 2, count);
    kernels->mix_stereo_ramped(r.both + offset, frames, r.gains_left + 2, r.gains_right + 1, count);
    for (uint32_t k = 0; k < count; k++) {
        assert_true(r.left[offset + k] == added(r.before_left[offset + k], frames[k], r.gains_left[1 + k]));
        assert_true(r.right[offset + k] == added(r.before_right[offset + k], frames[k], r.gains_right[2 + k]));
        const float *before = r.before_both + offset + 2 * k;
        assert_true(r.both[offset + 2 * k] == added(before[0], frames[2 * k], r.gains_left[2 + k]));
        assert_true(r.both[offset + 2 * k + 1] == added(before[1], frames[2 * k + 1], r.gains_right[1 + k]));
    }
    assert_nothing_else();
}

static void check_add_and_scale(uint32_t offset, uint32_t count)
{
    prepare(7, offset, count);
    kernels->add(r.left + offset, r.floats[0] + 1, count);
    kernels->scale(r.right + offset, r.voices[0].gain_left, count);
    for (uint32_t k = 0; k < count; k++) {
        uint32_t i = offset + k;
        assert_true(r.left[i] == added(r.before_left[i], r.floats[0][1 + k], 1));
        assert_true(r.right[i] == added(0, r.before_right[i], r.voices[0].gain_left));
    }
    assert_nothing_else();

    prepare(8, offset, count);
    kernels->scale_ramped(r.left + offset, r.gains_left + 3, count);
    for (uint32_t k = 0; k < count; k++) {
        assert_true(r.left[offset + k] == added(0, r.before_left[offset + k], r.gains_left[3 + k]));
    }
    assert_nothing_else();

    prepare(9, offset, count);
    kernels->add_split(planar_sum(), r.floats[1] + 1, count);
    for (uint32_t k = 0; k < count; k++) {
        assert_true(r.left[offset + k] == added(r.before_left[offset + k], r.floats[1][1 + 2 * k], 1));
        assert_true(r.right[offset + k] == added(r.before_right[offset + k], r.floats[1][2 + 2 * k], 1));
    }
    assert_nothing_else();
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

static void mono_voices(void **state)
{
    (void)state;
    over_sizes_and_offsets(check_mono);
}

static void stereo_voices(void **state)
{
    (void)state;
    over_sizes_and_offsets(check_stereo);
}

static void gains_for_each_frame(void **state)
{
    (void)state;
    over_sizes_and_offsets(check_ramped);
}

static void adding_and_scaling(void **state)
{
    (void)state;
    over_sizes_and_offsets(check_add_and_scale);
}

static void by_hand(void **state)
{
    (void)state;
    float left[3] = {0, 1, -1}, right[3] = {0, 0.5f, 0}, both[4] = {0, 1, 2, 3};
    const int16_t mono[3] = {-32768, 16384, 1};
    kernels->mix_mono_s16((motet_stereo_sum){left, right}, &(motet_mix_voice){mono, 0.5f, 2.0f, NULL}, 1, 3);
    assert_true(left[0] == -0.5f && left[1] == 1.25f && left[2] == -1.0f + 0x1p-16f);
    assert_true(right[0] == -2.0f && right[1] == 1.5f && right[2] == 0x1p-14f);
    const float stereo[4] = {1, 10, 2, 20};
    kernels->mix_stereo_f32(both, &(motet_mix_voice){stereo, 1, 0.5f, NULL}, 1, 2);
    assert_true(both[0] == 1 && both[1] == 6 && both[2] == 4 && both[3] == 13);
}

/* A fused multiply-add would keep what the product's rounding drops: (1 + 2^-12)^2 - 1 - 2^-11 is 2^-24, or 0. */
static void products_are_rounded(void **state)
{
    (void)state;
    enum { FRAMES = 67 };
    const float sample = 1.0f + 0x1p-12f, minus = -1.0f - 0x1p-11f;
    float left[FRAMES], right[FRAMES], both[2 * FRAMES], samples[2 * FRAMES];
    for (int form = 0; form < 2; form++) {
        for (int i = 0; i < 2 * FRAMES; i++) {
            left[i / 2] = right[i / 2] = both[i] = minus;
            samples[i] = sample;
        }
        motet_stereo_sum sum = {left, right};
        motet_mix_voice voice = {samples, sample, sample, NULL};
        if (form == 0) {
            kernels->mix_mono_f32(sum, &voice, 1, FRAMES);
            kernels->mix_stereo_f32(both, &voice, 1, FRAMES);
        } else {
            kernels->mix_mono_ramped(sum, samples, samples, samples, FRAMES);
            kernels->mix_stereo_ramped(both, samples, samples, samples, FRAMES);
        }
        for (int i = 0; i < 2 * FRAMES; i++) {
            assert_true(left[i / 2] == 0 && right[i / 2] == 0 && both[i] == 0);
        }
    }
}

/* The order of the voices is the order of the sum. */
static void sums_are_in_the_order_of_the_voices(void **state)
{
    (void)state;
    enum { FRAMES = 35 };
    float left[FRAMES], right[FRAMES], both[2 * FRAMES], tiny[2 * FRAMES];
    motet_mix_voice voices[4];
    for (int i = 0; i < 2 * FRAMES; i++) {
        left[i / 2] = right[i / 2] = both[i] = 1;
        tiny[i] = 0x1p-25f;
    }
    for (int v = 0; v < 4; v++) {
        voices[v] = (motet_mix_voice){tiny, 1, 1, NULL};
    }
    kernels->mix_mono_f32((motet_stereo_sum){left, right}, voices, 4, FRAMES);
    kernels->mix_stereo_f32(both, voices, 4, FRAMES);
    for (int i = 0; i < 2 * FRAMES; i++) { /* 1 + 2^-23 if the four had been added together first */
        assert_true(left[i / 2] == 1 && right[i / 2] == 1 && both[i] == 1);
    }
}

static void non_finite_frames_are_silenced(void **state)
{
    (void)state;
    static const float bad[] = {NAN, -NAN, INFINITY, -INFINITY};
    static run whole;
    for (uint32_t count = 0; count < 40; count++) {
        for (uint32_t at = 0; at < count; at++) {
            for (int side = 0; side < 3; side++) {
                prepare(count, 3, count);
                r.left[3 + count / 2] = FLT_MAX; /* large, and finite */
                r.right[3 + count / 2] = -FLT_MAX;
                r.left[2] = r.right[3 + count] = NAN; /* outside */
                whole = r;
                assert_int_equal(motet_silence_non_finite(planar_sum(), count), 0);
                assert_memory_equal(&r, &whole, sizeof r);
                r.left[3 + at] = side != 1 ? bad[at % 4] : r.left[3 + at];
                r.right[3 + at] = side != 0 ? bad[(at + 2) % 4] : r.right[3 + at];
                assert_int_equal(motet_silence_non_finite(planar_sum(), count), 1);
                whole.left[3 + at] = whole.right[3 + at] = 0;
                assert_memory_equal(&r, &whole, sizeof r);
            }
        }
    }
}

static void largest_magnitudes(void **state)
{
    (void)state;
    const float samples[] = {0.25f, -0.75f, 0.5f, -0.0f};
    assert_true(kernels->largest(samples, 0) == 0);
    assert_true(kernels->largest(samples, 1) == 0.25f);
    assert_true(kernels->largest(samples, 4) == 0.75f);
    assert_true(kernels->largest(samples + 2, 2) == 0.5f);
    assert_true(kernels->largest(samples + 3, 1) == 0 && !signbit(kernels->largest(samples + 3, 1)));
    float many[150];
    for (uint32_t count = 1; count < 140; count++) {
        for (uint32_t at = 0; at < count; at++) {
            memset(many, 0, sizeof many);
            many[at] = at % 2 == 0 ? -3.0f : 3.0f;
            many[count] = 9; /* outside */
            assert_true(kernels->largest(many, count) == 3);
            many[(at + 1) % count] = FLT_MAX;
            many[at] = at % 2 == 0 ? -INFINITY : INFINITY;
            assert_true(kernels->largest(many, count) == INFINITY);
            many[at] = at % 2 == 0 ? -NAN : NAN;
            assert_true(isnan(kernels->largest(many, count)));
        }
    }
    many[0] = -FLT_MAX;
    assert_true(kernels->largest(many, 1) == FLT_MAX);
}

/* 16 partial sums, folded by halves. */
static void squares_are_summed_in_their_order(void **state)
{
    (void)state;
    uint32_t seed = 77;
    float samples[150];
    int order_matters = 0;
    for (uint32_t count = 0; count < 140; count++) {
        double sums[16] = {0};
        double plain = 0;
        for (uint32_t k = 0; k < count; k++) {
            samples[k] = random_sample(&seed) * (k % 5 == 0 ? 1e-3f : 1);
            sums[k % 16] += (double)samples[k] * (double)samples[k];
            plain += (double)samples[k] * (double)samples[k];
        }
        for (int j = 0; j < 8; j++) {
            sums[j] += sums[j + 8];
        }
        for (int j = 0; j < 4; j++) {
            sums[j] += sums[j + 4];
        }
        double expected = (sums[0] + sums[2]) + (sums[1] + sums[3]);
        samples[count] = 9; /* outside */
        assert_true(kernels->sum_of_squares(samples, count) == expected);
        order_matters += expected != plain;
    }
    assert_true(order_matters > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mono_voices),
        cmocka_unit_test(stereo_voices),
        cmocka_unit_test(gains_for_each_frame),
        cmocka_unit_test(adding_and_scaling),
        cmocka_unit_test(by_hand),
        cmocka_unit_test(products_are_rounded),
        cmocka_unit_test(sums_are_in_the_order_of_the_voices),
        cmocka_unit_test(non_finite_frames_are_silenced),
        cmocka_unit_test(largest_magnitudes),
        cmocka_unit_test(squares_are_summed_in_their_order),
    };
    int failures = 0;
    for (uint32_t level = 0; level < motet_kernels_count(); level++) {
        kernels = motet_kernels_at(level);
        failures += cmocka_run_group_tests_name(kernels->name, tests, NULL, NULL);
    }
    return failures;
}
