/* motet_exp2, log2, sin, cos, tan and the decibel conversions: accuracy against libm's long double, exact points, and
 * one hash of their bits that every compiler and machine must give. */
#include "dsp/math.h"

#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { POINTS = 300000 };

static const long double two_pi = 6.28318530717958647692528676655900577L;

static uint64_t next_random(uint64_t *state)
{
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return *state >> 11;
}

/* Uniform in [low, high). */
static double between(uint64_t *state, double low, double high)
{
    return low + (high - low) * ((double)next_random(state) / 9007199254740992.0);
}

static long double relative(double value, long double exact)
{
    return fabsl((long double)value - exact) / fabsl(exact);
}

static void exp2_is_accurate(void **state)
{
    (void)state;
    uint64_t random = 1;
    for (int i = 0; i < POINTS; i++) {
        double x = i % 2 == 0 ? between(&random, -1000, 1000) : between(&random, -1, 1);
        assert_true(relative(motet_exp2(x), exp2l(x)) <= 1e-15L);
    }
}

static void exp2_is_exact_at_integers(void **state)
{
    (void)state;
    for (int n = -1000; n <= 1000; n++) {
        assert_true(motet_exp2(n) == ldexp(1.0, n));
    }
    assert_true(motet_exp2(-0.0) == 1.0);
}

/* Where the whole part changes, one side's polynomial meets the other's. */
static void exp2_rises_over_its_seams(void **state)
{
    (void)state;
    for (int n = -20; n <= 20; n++) {
        double seam = n + 0.5;
        double x = seam;
        for (int i = 0; i < 8; i++) {
            x = nextafter(x, -1e9);
        }
        for (double last = motet_exp2(x); x < seam + 1e-14; last = motet_exp2(x), x = nextafter(x, 1e9)) {
            assert_true(motet_exp2(x) >= last);
            assert_true(relative(motet_exp2(x), exp2l(x)) <= 1e-15L);
        }
    }
}

static void log2_is_accurate(void **state)
{
    (void)state;
    uint64_t random = 2;
    for (int i = 0; i < POINTS; i++) {
        double x = i % 2 == 0 ? exp2(between(&random, -1021, 1023)) : between(&random, 0.5, 2.0);
        long double exact = log2l(x);
        long double error = fabsl((long double)motet_log2(x) - exact);
        assert_true(error <= 1e-15L || error <= 1e-15L * fabsl(exact));
    }
    assert_true(relative(motet_log2(DBL_MIN), -1022.0L) == 0);
    assert_true(relative(motet_log2(DBL_MAX), 1024.0L) <= 1e-15L);
}

static void log2_is_exact_at_powers_of_two(void **state)
{
    (void)state;
    for (int n = -1022; n <= 1023; n++) {
        assert_true(motet_log2(ldexp(1.0, n)) == n);
    }
    assert_true(motet_log2(nextafter(1.0, 2.0)) > 0);
    assert_true(motet_log2(nextafter(1.0, 0.0)) < 0);
}

static void sine_and_cosine_are_accurate(void **state)
{
    (void)state;
    static const double spans[] = {0.125, 1, 1000, 1125899906842624.0 /* 2^50 */};
    uint64_t random = 3;
    for (int i = 0; i < POINTS; i++) {
        double span = spans[i % 4];
        double turns = between(&random, -span, span);
        long double angle = two_pi * ((long double)turns - (long double)rint(turns));
        assert_true(fabsl((long double)motet_sin_turns(turns) - sinl(angle)) <= 3e-16L);
        assert_true(fabsl((long double)motet_cos_turns(turns) - cosl(angle)) <= 3e-16L);
    }
}

static void sine_and_cosine_are_exact_at_quarter_turns(void **state)
{
    (void)state;
    static const double sines[] = {0, 1, 0, -1};
    static const double whole[] = {0, 1, 2, 123456, 281474976710656.0 /* 2^48 */};
    for (int sign = -1; sign <= 1; sign += 2) {
        for (size_t w = 0; w < sizeof whole / sizeof *whole; w++) {
            for (int quarter = 0; quarter < 4; quarter++) {
                double turns = whole[w] + 0.25 * quarter;
                assert_true(motet_sin_turns(sign * turns) == sign * sines[quarter]);
                assert_true(motet_cos_turns(sign * turns) == sines[(quarter + 1) % 4]);
            }
        }
    }
}

/* Either side of every eighth, where one series hands over to the other, and just below a half, where adding a half
 * would round. */
static void sine_is_accurate_at_its_seams(void **state)
{
    (void)state;
    for (int eighth = -16; eighth <= 16; eighth++) {
        double seam = 0.125 * eighth;
        double around[] = {nextafter(nextafter(seam, -9), -9), nextafter(seam, -9), seam, nextafter(seam, 9)};
        for (size_t i = 0; i < 4; i++) {
            long double angle = two_pi * (long double)around[i];
            assert_true(fabsl((long double)motet_sin_turns(around[i]) - sinl(angle)) <= 3e-16L);
            assert_true(fabsl((long double)motet_cos_turns(around[i]) - cosl(angle)) <= 3e-16L);
        }
    }
}

static void sine_is_odd_and_cosine_even(void **state)
{
    (void)state;
    uint64_t random = 4;
    for (int i = 0; i < 10000; i++) {
        double turns = between(&random, 0, 100);
        assert_true(motet_sin_turns(-turns) == -motet_sin_turns(turns));
        assert_true(motet_cos_turns(-turns) == motet_cos_turns(turns));
        assert_true(fabs(motet_sin_turns(turns)) <= 1 && fabs(motet_cos_turns(turns)) <= 1);
    }
}

static void tangent_is_accurate(void **state)
{
    (void)state;
    uint64_t random = 7;
    for (int i = 0; i < POINTS; i++) {
        double turns = i % 2 == 0 ? between(&random, 0, 0.25) : exp2(between(&random, -40, -2.01));
        long double rest = 0.25L - (long double)turns; /* near the pole the angle itself has too few places */
        long double exact = turns < 0.125 ? tanl(two_pi * (long double)turns) : 1 / tanl(two_pi * rest);
        assert_true(relative(motet_tan_turns(turns), exact) <= 1e-15L);
    }
    double seam[] = {nextafter(0.125, 0), 0.125, nextafter(0.125, 1)};
    for (size_t i = 0; i < 3; i++) {
        assert_true(relative(motet_tan_turns(seam[i]), tanl(two_pi * (long double)seam[i])) <= 1e-15L);
    }
    assert_true(motet_tan_turns(0) == 0);
}

static void gains_of_decibels(void **state)
{
    (void)state;
    assert_true(motet_db_to_gain(0) == 1.0);
    assert_true(motet_db_to_gain(-80) == 0.0);
    assert_true(motet_db_to_gain(-80.0001) == 0.0);
    assert_true(motet_db_to_gain(-1e300) == 0.0);
    assert_true(motet_db_to_gain(NAN) == 0.0);
    assert_true(motet_db_to_gain(nextafter(-80.0, 0.0)) > 0.99e-4);
    uint64_t random = 5;
    for (int i = 0; i < POINTS; i++) {
        double db = i % 2 == 0 ? between(&random, -79.999, 24) : (double)(float)between(&random, -79.9, 24);
        assert_true(relative(motet_db_to_gain(db), powl(10.0L, (long double)db / 20)) <= 2e-15L);
    }
    for (double db = -79.99; db < 24; db += 0.01) {
        assert_true(motet_db_to_gain(db) > motet_db_to_gain(db - 0.01));
    }
}

static void decibels_of_gains(void **state)
{
    (void)state;
    assert_true(motet_gain_to_db(1) == 0.0);
    assert_true(motet_gain_to_db(0) == -80.0);
    assert_true(motet_gain_to_db(1e-4) == -80.0);
    assert_true(motet_gain_to_db(-1) == -80.0);
    assert_true(motet_gain_to_db(NAN) == -80.0);
    assert_true(motet_gain_to_db(DBL_MIN / 4) == -80.0);
    uint64_t random = 6;
    for (int i = 0; i < POINTS; i++) {
        double gain = i % 2 == 0 ? between(&random, 1.01e-4, 16) : exp2(between(&random, -13, 4));
        assert_true(fabsl((long double)motet_gain_to_db(gain) - 20 * log10l(gain)) <= 2e-14L);
        double db = between(&random, -79.9, 24);
        assert_true(fabs(motet_gain_to_db(motet_db_to_gain(db)) - db) <= 1e-13);
    }
}

static uint64_t hash_value(uint64_t hash, double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    for (int i = 0; i < 64; i += 8) {
        hash = (hash ^ ((bits >> i) & 0xff)) * UINT64_C(0x100000001b3);
    }
    return hash;
}

/* A golden value: it changes only when a function does, and then every golden value of a mix changes too. */
static void bits_are_the_same_everywhere(void **state)
{
    (void)state;
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (int i = 0; i < 20000; i++) {
        double x = (double)i * (1.0 / 1024.0);
        hash = hash_value(hash, motet_exp2(x - 10.0));
        hash = hash_value(hash, motet_log2(x + 0.01));
        hash = hash_value(hash, motet_sin_turns(x * 0.1));
        hash = hash_value(hash, motet_cos_turns(x * 0.1));
        hash = hash_value(hash, motet_db_to_gain(x * 5.0 - 75.0));
        hash = hash_value(hash, motet_gain_to_db(x * 0.5 + 0.001));
    }
    assert_int_equal(hash, UINT64_C(0x3e89f9e5b7407c31));
    for (int i = 0; i < 20000; i++) {
        hash = hash_value(hash, motet_tan_turns((double)i * (1.0 / 81920.0)));
    }
    assert_int_equal(hash, UINT64_C(0xb422b70db5fa3e13));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exp2_is_accurate),
        cmocka_unit_test(exp2_is_exact_at_integers),
        cmocka_unit_test(exp2_rises_over_its_seams),
        cmocka_unit_test(log2_is_accurate),
        cmocka_unit_test(log2_is_exact_at_powers_of_two),
        cmocka_unit_test(sine_and_cosine_are_accurate),
        cmocka_unit_test(sine_and_cosine_are_exact_at_quarter_turns),
        cmocka_unit_test(sine_is_accurate_at_its_seams),
        cmocka_unit_test(sine_is_odd_and_cosine_even),
        cmocka_unit_test(tangent_is_accurate),
        cmocka_unit_test(gains_of_decibels),
        cmocka_unit_test(decibels_of_gains),
        cmocka_unit_test(bits_are_the_same_everywhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
