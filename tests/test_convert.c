/* Sample formats and channel layouts: every s16 value, the floats around every rounding step, odd sizes between
 * canaries, and each fold worked by hand. */
#include "dsp/convert.h"

#include <fenv.h>
#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* The contract restated in long double, where the product and its distance to an integer are exact. */
static int s16_by_definition(float sample)
{
    if (isnan(sample)) {
        return 0;
    }
    long double scaled = (sample > 1 ? 1.0L : sample < -1 ? -1.0L : (long double)sample) * 32767.0L;
    long double below = floorl(scaled);
    long double over = scaled - below;
    int floor_value = (int)below;
    if (over == 0.5L) {
        return floor_value % 2 == 0 ? floor_value : floor_value + 1;
    }
    return over < 0.5L ? floor_value : floor_value + 1;
}

static void s16_at_marks(void **state)
{
    (void)state;
    assert_int_equal(motet_f32_to_s16(0.0f), 0);
    assert_int_equal(motet_f32_to_s16(-0.0f), 0);
    assert_int_equal(motet_f32_to_s16(1.0f), 32767);
    assert_int_equal(motet_f32_to_s16(-1.0f), -32767);
    assert_int_equal(motet_f32_to_s16(1.5f), 32767);
    assert_int_equal(motet_f32_to_s16(-1e30f), -32767);
    assert_int_equal(motet_f32_to_s16(INFINITY), 32767);
    assert_int_equal(motet_f32_to_s16(-INFINITY), -32767);
    assert_int_equal(motet_f32_to_s16(NAN), 0);
    assert_int_equal(motet_f32_to_s16(-NAN), 0);
    assert_int_equal(motet_f32_to_s16(FLT_MIN / 2), 0);
    /* The only ties: 16383.5 goes to its even neighbour. */
    assert_int_equal(motet_f32_to_s16(0.5f), 16384);
    assert_int_equal(motet_f32_to_s16(-0.5f), -16384);
    assert_int_equal(motet_f32_to_s16(nextafterf(0.5f, 0)), 16383);
    assert_int_equal(motet_f32_to_s16(nextafterf(-0.5f, 0)), -16383);
}

static void s16_around_every_step(void **state)
{
    (void)state;
    int rounded_twice = 0;
    for (int k = -32768; k <= 32767; k++) {
        float step = (float)((k + 0.5) / 32767.0);
        float sample = nextafterf(nextafterf(step, -2), -2);
        for (int i = 0; i < 5; i++, sample = nextafterf(sample, 2)) {
            int expected = s16_by_definition(sample);
            assert_int_equal(motet_f32_to_s16(sample), expected);
            rounded_twice += sample > -1 && sample < 1 && (int)rintf(sample * 32767.0f) != expected;
        }
    }
    assert_true(rounded_twice > 0); /* a product in float would be seen here */
}

static void s16_of_floats_of_every_size(void **state)
{
    (void)state;
    for (uint64_t bits = 0; bits < UINT64_C(1) << 32; bits += 10007) {
        uint32_t pattern = (uint32_t)bits;
        float sample;
        memcpy(&sample, &pattern, sizeof sample);
        assert_int_equal(motet_f32_to_s16(sample), s16_by_definition(sample));
    }
}

static void s16_in_every_rounding_mode(void **state)
{
    (void)state;
    static const int modes[] = {FE_TONEAREST, FE_DOWNWARD, FE_UPWARD, FE_TOWARDZERO};
    enum { COUNT = 4096 };
    static float samples[COUNT];
    static int16_t out[COUNT];
    int16_t expected[COUNT];
    for (int i = 0; i < COUNT; i++) {
        samples[i] = (float)((i - 2000) / 1900.0);
        expected[i] = (int16_t)s16_by_definition(samples[i]);
    }
    for (size_t m = 0; m < sizeof modes / sizeof *modes; m++) {
        fesetround(modes[m]);
        motet_convert_f32_to_s16(out, samples, COUNT);
        fesetround(FE_TONEAREST);
        assert_memory_equal(out, expected, sizeof expected);
    }
}

/* Every s16 comes back from the float that it stands for, or one nearer to 0: 32767 steps a side, not 32768. */
static void s16_to_f32_is_exact(void **state)
{
    (void)state;
    static int16_t in[65536], back[65536];
    static float out[65536];
    for (int i = 0; i < 65536; i++) {
        in[i] = (int16_t)(i - 32768);
    }
    motet_convert_s16_to_f32(out, in, 65536);
    motet_convert_f32_to_s16(back, out, 65536);
    for (int i = 0; i < 65536; i++) {
        assert_true(out[i] == (float)((double)in[i] / 32768.0));
        int lost = in[i] > 0 ? in[i] - back[i] : back[i] - in[i];
        assert_true(lost == 0 || lost == 1);
    }
}

static void arrays_keep_to_their_size(void **state)
{
    (void)state;
    static const size_t sizes[] = {0, 1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33, 63, 65, 100};
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
        for (size_t offset = 0; offset < 5; offset++) {
            size_t count = sizes[s];
            float in[128], floats[128];
            int16_t shorts[128];
            for (int i = 0; i < 128; i++) {
                in[i] = (float)(i - 50) * 0.017f;
                floats[i] = 99.0f;
                shorts[i] = 9999;
            }
            motet_convert_f32_to_s16(shorts + 8 + offset, in + offset, count);
            for (size_t i = 0; i < 128; i++) {
                bool inside = i >= 8 + offset && i < 8 + offset + count;
                assert_int_equal(shorts[i], inside ? s16_by_definition(in[i - 8]) : 9999);
            }
            motet_convert_s16_to_f32(floats + 8 + offset, shorts + 8 + offset, count);
            for (size_t i = 0; i < 128; i++) {
                bool inside = i >= 8 + offset && i < 8 + offset + count;
                assert_true(floats[i] == (inside ? (float)shorts[i] / 32768.0f : 99.0f));
            }
        }
    }
}

static void cleaning(void **state)
{
    (void)state;
    float samples[] = {0.25f,
                       NAN,
                       INFINITY,
                       -INFINITY,
                       MOTET_SAMPLE_FLOOR,
                       nextafterf(MOTET_SAMPLE_FLOOR, 0),
                       -MOTET_SAMPLE_FLOOR,
                       -nextafterf(MOTET_SAMPLE_FLOOR, 0),
                       FLT_TRUE_MIN,
                       -0.0f,
                       1e6f,
                       1.1e6f,
                       -FLT_MAX,
                       -1.0f};
    const float expected[] = {0.25f, 0,    0,     0,    MOTET_SAMPLE_FLOOR, 0, -MOTET_SAMPLE_FLOOR, 0, 0, 0,
                              1e6f,  1e6f, -1e6f, -1.0f};
    enum { COUNT = sizeof samples / sizeof *samples };
    assert_int_equal(motet_clean_f32(samples, COUNT), 3);
    assert_memory_equal(samples, expected, sizeof expected); /* to the bit: no -0 is left */
    assert_int_equal(motet_clean_f32(samples, COUNT), 0);
    assert_memory_equal(samples, expected, sizeof expected);
    assert_int_equal(motet_clean_f32(samples, 0), 0);
}

static void cleaning_keeps_to_its_size(void **state)
{
    (void)state;
    for (size_t count = 0; count < 40; count++) {
        float samples[64];
        for (int i = 0; i < 64; i++) {
            samples[i] = NAN;
        }
        assert_int_equal(motet_clean_f32(samples + 3, count), count);
        for (size_t i = 0; i < 64; i++) {
            bool inside = i >= 3 && i < 3 + count;
            assert_true(inside ? samples[i] == 0.0f : isnan(samples[i]));
        }
    }
}

/* What each channel alone adds to the two sides, by layout: L, R, full; C, both; and so on. */
static void folds_by_channel(void **state)
{
    (void)state;
    const float h = 0.70710678f;
    static const char *const names[9] = {"", "", "", "LRC", "LRlr", "LRClr", "LRCElr", "LRCEclr", "LRCEbdlr"};
    for (uint32_t channels = 3; channels <= 8; channels++) {
        for (uint32_t c = 0; c < channels; c++) {
            float in[8] = {0};
            float out[4] = {9, 9, 9, 9};
            in[c] = -0.5f;
            motet_fold_to_stereo(out + 1, in, channels, 1);
            float left = 0, right = 0;
            switch (names[channels][c]) {
            case 'L': left = 1; break;
            case 'R': right = 1; break;
            case 'C': /* the centre, and the centre surround */
            case 'c': left = right = h; break;
            case 'l': /* a left surround or back */
            case 'b': left = h; break;
            case 'r':
            case 'd': right = h; break;
            default: break; /* LFE */
            }
            assert_true(out[1] == left * -0.5f && out[2] == right * -0.5f);
            assert_true(out[0] == 9 && out[3] == 9);
        }
    }
}

/* The sum's order is part of the bits. */
static void folds_add_in_channel_order(void **state)
{
    (void)state;
    const float h = 0.70710678f;
    uint32_t seed = 1;
    int order_matters = 0;
    for (int i = 0; i < 1000; i++) {
        float in[7], out[2];
        for (int c = 0; c < 7; c++) {
            seed = seed * 1664525u + 1013904223u;
            in[c] = (float)(seed >> 8) * 0x1p-24f - 0.5f;
        }
        motet_fold_to_stereo(out, in, 7, 1);
        float centre = in[2] * h, behind = in[4] * h, left = in[5] * h, right = in[6] * h;
        assert_true(out[0] == ((in[0] + centre) + behind) + left);
        assert_true(out[1] == ((in[1] + centre) + behind) + right);
        order_matters += out[0] != ((in[0] + left) + behind) + centre;
    }
    assert_true(order_matters > 0);
}

static void folds_in_place_and_without_the_bass_channel(void **state)
{
    (void)state;
    for (uint32_t channels = 3; channels <= 8; channels++) {
        float in[8 * 9], apart[2 * 9];
        for (uint32_t i = 0; i < channels * 9; i++) {
            in[i] = (float)((i * 37) % 101) / 101.0f;
            if (channels >= 6 && i % channels == 3) {
                in[i] = NAN; /* not even as 0 times it */
            }
        }
        motet_fold_to_stereo(apart, in, channels, 9);
        motet_fold_to_stereo(in, in, channels, 9);
        assert_memory_equal(in, apart, sizeof apart);
        for (int i = 0; i < 18; i++) {
            assert_true(isfinite(apart[i]));
        }
    }
}

static void output_is_interleaved(void **state)
{
    (void)state;
    for (size_t count = 0; count < 37; count++) {
        float left[40], right[40], out[100];
        for (int i = 0; i < 40; i++) {
            left[i] = (float)i * 0.1f;
            right[i] = (float)i * -0.3f + 0.77f;
        }
        for (int i = 0; i < 100; i++) {
            out[i] = 99;
        }
        motet_interleave(out + 1, left + 1, right + 2, count);
        for (size_t i = 0; i < 100; i++) {
            size_t k = (i - 1) / 2;
            float expected = i < 1 || k >= count ? 99.0f : i % 2 == 1 ? left[1 + k] : right[2 + k];
            assert_true(out[i] == expected);
            out[i] = 99;
        }
        motet_fold_to_mono(out + 1, left + 1, right + 2, count);
        for (size_t i = 0; i < 100; i++) {
            assert_true(out[i] == (i < 1 || i - 1 >= count ? 99.0f : 0.5f * (left[i] + right[i + 1])));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(s16_at_marks),
        cmocka_unit_test(s16_around_every_step),
        cmocka_unit_test(s16_of_floats_of_every_size),
        cmocka_unit_test(s16_in_every_rounding_mode),
        cmocka_unit_test(s16_to_f32_is_exact),
        cmocka_unit_test(arrays_keep_to_their_size),
        cmocka_unit_test(cleaning),
        cmocka_unit_test(cleaning_keeps_to_its_size),
        cmocka_unit_test(folds_by_channel),
        cmocka_unit_test(folds_add_in_channel_order),
        cmocka_unit_test(folds_in_place_and_without_the_bass_channel),
        cmocka_unit_test(output_is_interleaved),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
