/* The SIMD levels: every kernel gives the reference's bits and keeps to its arrays, with controls that must be caught;
 * and who chooses the level. */
#include "dsp/kernels.h"
#include "motet/motet.h"
#include "support/kernel_check.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static void every_level_gives_the_bits_of_the_reference(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < motet_kernels_count(); i++) {
        const motet_kernels *kernels = motet_kernels_at(i);
        print_message("%s\n", kernels->name);
        assert_int_equal(motet_kernel_check(kernels), 0);
    }
}

/* ----------------------------------------------------------------------------------------------------- Controls */

static void add_in_double(float *out, const float *in, uint32_t count) MOTET_NONBLOCKING
{
    for (uint32_t k = 0; k < count; k++) {
        out[k] = k == 40 ? (float)((double)out[k] + (double)in[k] * (1 + 0x1p-22)) : out[k] + in[k];
    }
}

static void scale_one_too_many(float *samples, float gain, uint32_t count) MOTET_NONBLOCKING
{
    motet_scale(samples, gain, count % 16 == 15 ? count + 1 : count);
}

static float largest_of_one_more(const float *samples, uint32_t count) MOTET_NONBLOCKING
{
    volatile float beyond = count == 33 ? samples[count] : 0;
    (void)beyond;
    return motet_largest(samples, count);
}

/* Silently, in a process of its own: whether the check passes. */
static bool passes(const motet_kernels *kernels)
{
    fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        signal(SIGSEGV, SIG_DFL); /* cmocka would go on with the next test */
        signal(SIGBUS, SIG_DFL);
        (void)!freopen("/dev/null", "w", stderr);
        _exit(motet_kernel_check(kernels) == 0 ? 0 : 1);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static void faults_are_caught(void **state)
{
    (void)state;
    motet_kernels faulty = *motet_kernels_find("c");
    faulty.name = "faulty";
    assert_true(passes(&faulty));
    faulty.add = add_in_double;
    assert_false(passes(&faulty));
    faulty = *motet_kernels_find("c");
    faulty.scale = scale_one_too_many;
    assert_false(passes(&faulty));
    faulty = *motet_kernels_find("c");
    faulty.largest = largest_of_one_more; /* gives the right answer */
    assert_false(passes(&faulty));
}

/* ----------------------------------------------------------------------------------------------------- Choosing */

typedef struct log_lines {
    uint32_t count;
    char last[256];
    motet_log_level level;
} log_lines;

static void keep_line(void *user, motet_log_level level, const char *text)
{
    log_lines *lines = user;
    lines->count++;
    lines->level = level;
    snprintf(lines->last, sizeof lines->last, "%s", text);
}

/* The level of an engine made by this def's `simd`, in `name`; false where it is refused. */
static bool level_of_engine(const char *simd, log_lines *lines, const char **name)
{
    *lines = (log_lines){0};
    *name = "";
    motet_engine_def def = {.device = MOTET_DEVICE_MANUAL, .simd = simd, .log = keep_line, .log_user = lines};
    motet_engine *engine = motet_engine_create(&def);
    motet_engine_info info;
    if (engine == NULL) {
        return false;
    }
    assert_int_equal(motet_engine_get_info(engine, &info), MOTET_OK);
    *name = info.simd;
    motet_engine_destroy(engine);
    return true;
}

static const char *level_by_default(void)
{
    motet_build_info info;
    assert_int_equal(motet_get_build_info(&info), MOTET_OK);
    return info.simd;
}

static void the_def_chooses(void **state)
{
    (void)state;
    log_lines lines;
    const char *name = "";
    setenv("MOTET_SIMD", "c", 1);
    for (uint32_t i = 0; i < motet_kernels_count(); i++) {
        char given[16];
        snprintf(given, sizeof given, "%s", motet_kernels_at(i)->name);
        assert_true(level_of_engine(given, &lines, &name));
        assert_string_equal(name, motet_kernels_at(i)->name);
        assert_int_equal(lines.count, 0);
    }
    unsetenv("MOTET_SIMD");
    static const char *const wrong[] = {"", "mmx", "C", "sse2 ", "avx"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        char names[64], expected[128];
        assert_false(level_of_engine(wrong[i], &lines, &name));
        assert_int_equal(motet_last_result(), MOTET_ERROR_INVALID);
        snprintf(expected, sizeof expected, "simd is \"%s\"; expected one of %s", wrong[i],
                 motet_kernels_names(names, sizeof names));
        assert_string_equal(motet_last_error(), expected);
    }
}

static void the_environment_chooses(void **state)
{
    (void)state;
    log_lines lines;
    const char *name = "";
    for (uint32_t i = 0; i < motet_kernels_count(); i++) {
        setenv("MOTET_SIMD", motet_kernels_at(i)->name, 1);
        assert_true(level_of_engine(NULL, &lines, &name));
        assert_string_equal(name, motet_kernels_at(i)->name);
        assert_string_equal(level_by_default(), name);
        assert_int_equal(lines.count, 0);
    }
    const char *best = motet_kernels_at(motet_kernels_count() - 1)->name;
    setenv("MOTET_SIMD", "mmx", 1);
    assert_true(level_of_engine(NULL, &lines, &name));
    assert_string_equal(name, best);
    assert_string_equal(level_by_default(), best);
    char names[64], expected[160];
    snprintf(expected, sizeof expected, "MOTET_SIMD is \"mmx\"; expected one of %s; %s is used",
             motet_kernels_names(names, sizeof names), best);
    assert_int_equal(lines.count, 1);
    assert_int_equal(lines.level, MOTET_LOG_WARNING);
    assert_string_equal(lines.last, expected);
    assert_true(level_of_engine("c", &lines, &name)); /* nobody asks the environment */
    assert_int_equal(lines.count, 0);

    setenv("MOTET_SIMD", "", 1);
    assert_true(level_of_engine(NULL, &lines, &name));
    assert_string_equal(name, best);
    assert_int_equal(lines.count, 0);
    unsetenv("MOTET_SIMD");
    assert_true(level_of_engine(NULL, &lines, &name));
    assert_string_equal(name, best);
    assert_int_equal(lines.count, 0);
}

static void names_are_cut_to_their_room(void **state)
{
    (void)state;
    char text[8];
    memset(text, 'x', sizeof text);
    assert_string_equal(motet_kernels_names(text, 1), "");
    assert_string_equal(motet_kernels_names(text, 2), "c");
    motet_kernels_names(text, 5);
    assert_true(strlen(text) <= 4 && text[5] == 'x');
    assert_null(motet_kernels_find("mmx"));
    assert_null(motet_kernels_at(motet_kernels_count()));
    assert_string_equal(motet_kernels_at(0)->name, "c");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_level_gives_the_bits_of_the_reference),
        cmocka_unit_test(faults_are_caught),
        cmocka_unit_test(the_def_chooses),
        cmocka_unit_test(the_environment_chooses),
        cmocka_unit_test(names_are_cut_to_their_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
