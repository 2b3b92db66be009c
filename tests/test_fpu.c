/* The floating-point mode of render: set whatever the thread was in, and put back after. */
#include "base/fpu.h"

#include <fenv.h>
#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

/* Arithmetic that the compiler can neither do itself nor move out of a call: it knows nothing of the mode, and could
 * take a sum that it sees across a change of it. */
static float sum_of(float a, float b)
{
    return a + b;
}

static float product_of(float a, float b)
{
    return a * b;
}

static float (*volatile sum)(float, float) = sum_of;
static float (*volatile product)(float, float) = product_of;

static float rounded_sum(void)
{
    return sum(1.0f, FLT_EPSILON / 3);
}

static float denormal_result(void)
{
    return product(FLT_MIN, 0.5f);
}

static float denormal_operand(void)
{
    return product(FLT_TRUE_MIN, 4.0f * (1.0f / FLT_EPSILON));
}

static const int modes[] = {FE_TONEAREST, FE_DOWNWARD, FE_UPWARD, FE_TOWARDZERO};

#if defined(__x86_64__) || defined(__SSE2__) || defined(__aarch64__)
static const int known = 1;
#else
static const int known = 0;
#endif

static void require_a_known_machine(void)
{
    if (!known) {
        skip();
    }
}

static void rounding_is_to_nearest_inside_and_restored(void **state)
{
    (void)state;
    require_a_known_machine();
    for (int m = 0; m < 4; m++) {
        fesetround(modes[m]);
        float before = rounded_sum();
        motet_fpu_state saved = motet_fpu_enter();
        float inside = rounded_sum();
        motet_fpu_leave(saved);
        int after_mode = fegetround();
        float after = rounded_sum();
        fesetround(FE_TONEAREST);
        assert_true(inside == 1.0f);
        assert_int_equal(after_mode, modes[m]);
        assert_true(after == before);
        assert_true((before == 1.0f) == (modes[m] != FE_UPWARD)); /* the modes do differ here */
    }
}

static void denormals_are_flushed_inside_only(void **state)
{
    (void)state;
    require_a_known_machine();
    assert_true(denormal_result() > 0);
    assert_true(denormal_operand() > 0);
    motet_fpu_state saved = motet_fpu_enter();
    float result = denormal_result();
    float operand = denormal_operand();
    motet_fpu_leave(saved);
    assert_true(result == 0);
    assert_true(operand == 0);
    assert_true(denormal_result() > 0);
    assert_true(denormal_operand() > 0);
}

static void it_nests(void **state)
{
    (void)state;
    require_a_known_machine();
    motet_fpu_state outer = motet_fpu_enter();
    motet_fpu_state inner = motet_fpu_enter();
    motet_fpu_leave(inner);
    float still = denormal_result();
    motet_fpu_leave(outer);
    assert_true(still == 0);
    assert_true(denormal_result() > 0);
}

#if defined(__x86_64__) || defined(__SSE2__)

/* A program that traps on invalid operations must not be ended by a mix of NaN; and of what happens inside, not even
 * the flags may show after. */
static void exceptions_neither_trap_nor_leak(void **state)
{
    (void)state;
    enum { INVALID_MASK = 0x80, FLAGS = 0x3f };
    uint32_t usual = _mm_getcsr();
    _mm_setcsr(usual & ~(uint32_t)(INVALID_MASK | FLAGS));
    uint32_t before = _mm_getcsr();
    motet_fpu_state saved = motet_fpu_enter();
    float nothing = product(INFINITY, 0.0f);
    motet_fpu_leave(saved);
    uint32_t after = _mm_getcsr();
    _mm_setcsr(usual);
    assert_int_equal(after, before);
    assert_true(isnan(nothing));
}

#else

static void exceptions_neither_trap_nor_leak(void **state)
{
    (void)state;
    skip();
}

#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rounding_is_to_nearest_inside_and_restored),
        cmocka_unit_test(denormals_are_flushed_inside_only),
        cmocka_unit_test(it_nests),
        cmocka_unit_test(exceptions_neither_trap_nor_leak),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
