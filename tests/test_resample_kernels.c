/* The kernels that read between frames: every SIMD level that this machine has gives the bits of the C reference. */
#include "dsp/kernels.h"
#include "support/resample_check.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static void every_level_gives_the_reference_bits(void **state)
{
    (void)state;
    for (uint32_t index = 0; index < motet_kernels_count(); index++) {
        char text[256] = "";
        print_message("%s\n", motet_kernels_at(index)->name);
        if (!motet_check_resample(motet_kernels_at(index), text, sizeof text)) {
            fail_msg("%s", text);
        }
    }
}

/* ------------------------------------------------------------------------------ What the check must find */

/* The other order of the same sum. */
static void reordered(float *out, const float *in, const uint64_t *positions, uint32_t count) MOTET_NONBLOCKING
{
    for (uint32_t k = 0; k < count; k++) {
        const float *at = in + (positions[k] >> 32);
        float f = (float)((uint32_t)positions[k] >> 8) * 0x1p-24f;
        out[k] = at[0] * (1 - f) + at[1] * f;
    }
}

static void writes_one_too_many(float *out, const float *in, const uint64_t *positions,
                                uint32_t count) MOTET_NONBLOCKING
{
    motet_linear_mono(out, in, positions, count);
    out[count] = 0;
}

static void lets_the_slack_in(float *out, const float *in, const uint64_t *positions, uint32_t count) MOTET_NONBLOCKING
{
    motet_linear_mono(out, in, positions, count);
    if (count > 0) {
        out[count - 1] += 0.0f * in[(positions[count - 1] >> 32) + 2];
    }
}

static void sums_in_another_order(float *out, const float *in, const uint64_t *positions, uint32_t count,
                                  const motet_sinc_bank *bank) MOTET_NONBLOCKING
{
    for (uint32_t k = 0; k < count; k++) {
        motet_sinc_place at = motet_sinc_place_of(bank, positions[k]);
        const float *from = in + (positions[k] >> 32) - motet_sinc_before(bank);
        float sum = 0;
        for (uint32_t tap = 0; tap < bank->taps; tap++) {
            sum += from[tap] * (at.row[tap] + at.f * (at.row[tap + bank->taps] - at.row[tap]));
        }
        out[k] = sum;
    }
}

static void skips_a_position(uint64_t *positions, uint64_t at, uint64_t step, uint32_t count) MOTET_NONBLOCKING
{
    motet_walk(positions, at, step, count > 64 ? count - 1 : count);
}

static void what_is_wrong_is_found(void **state)
{
    (void)state;
    motet_kernels wrong[5];
    for (int i = 0; i < 5; i++) {
        wrong[i] = *motet_kernels_find("c");
        wrong[i].name = "wrong";
    }
    wrong[0].linear_mono = reordered;
    wrong[1].linear_mono = writes_one_too_many;
    wrong[2].linear_mono = lets_the_slack_in;
    wrong[3].sinc_mono = sums_in_another_order;
    wrong[4].walk = skips_a_position;
    for (int i = 0; i < 5; i++) {
        char text[256] = "";
        assert_false(motet_check_resample(&wrong[i], text, sizeof text));
        assert_true(text[0] != '\0');
    }
}

/* One float behind what may be read. */
static void reads_too_far(float *out, const float *in, const uint64_t *positions, uint32_t count) MOTET_NONBLOCKING
{
    motet_linear_mono(out, in, positions, count);
    if (count > 0) {
        (void)*(const volatile float *)&in[(positions[count - 1] >> 32) + MOTET_LINEAR_AFTER + 1 + MOTET_KERNEL_SLACK];
    }
}

static void a_read_too_far_is_trapped(void **state)
{
    (void)state;
    motet_kernels wrong = *motet_kernels_find("c");
    wrong.linear_mono = reads_too_far;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        const struct rlimit no_core = {0, 0};
        (void)setrlimit(RLIMIT_CORE, &no_core);
        (void)signal(SIGSEGV, SIG_DFL); /* cmocka's would go on with the tests */
        (void)signal(SIGBUS, SIG_DFL);
        char text[256] = "";
        (void)motet_check_resample(&wrong, text, sizeof text);
        _exit(0);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_level_gives_the_reference_bits),
        cmocka_unit_test(what_is_wrong_is_found),
        cmocka_unit_test(a_read_too_far_is_trapped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
