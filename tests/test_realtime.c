/* labels: realtime */
/* What the audio thread never does, whatever it is asked to render: call a function that may allocate, lock, wait or
 * print, and enter the kernel.
 *
 * The first is watched by the interposer of tests/guard, with which the test starts itself again; the second by a
 * seccomp filter on a thread that renders and nothing else, under which every system call is the end of the process.
 * Each watcher is shown to see a planted fault. Under a sanitizer there is no interposer; RealtimeSanitizer has its
 * own. */
#ifndef _GNU_SOURCE
#    define _GNU_SOURCE /* RTLD_DEFAULT, syscall */
#endif
#include "base/guard.h"
#include "guard/interposer.h"
#include "support/realtime_scenes.h"

#include <dlfcn.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <math.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* ------------------------------------------------------------------------------------------ Forbidden calls */

static struct {
    bool present;
    void (*mark)(bool);
    unsigned (*count)(void);
    const char *(*name)(unsigned, unsigned *);
    void (*reset)(void);
} interposer;

static void find_interposer(void)
{
    *(void **)&interposer.mark = dlsym(RTLD_DEFAULT, "interposer_mark");
    *(void **)&interposer.count = dlsym(RTLD_DEFAULT, "interposer_count");
    *(void **)&interposer.name = dlsym(RTLD_DEFAULT, "interposer_name");
    *(void **)&interposer.reset = dlsym(RTLD_DEFAULT, "interposer_reset");
    interposer.present = interposer.mark != NULL;
}

static void assert_no_call(const char *scene)
{
    if (interposer.present && interposer.count() > 0) {
        unsigned count;
        const char *name = interposer.name(0, &count);
        fail_msg("%s: the audio thread called %s, %u times, and %u other functions", scene, name, count,
                 interposer.count() - 1);
    }
}

static bool was_called(const char *wanted)
{
    for (unsigned i = 0; i < interposer.count(); i++) {
        unsigned count;
        if (strcmp(interposer.name(i, &count), wanted) == 0) {
            return count > 0;
        }
    }
    return false;
}

static void scenes_make_no_call(void **state)
{
    (void)state;
    motet_guard = interposer.mark;
    for (int i = 0; i < SCENES; i++) {
        if (interposer.present) {
            interposer.reset();
        }
        scenes[i].run();
        assert_no_call(scenes[i].name);
    }
    motet_guard = NULL;
}

static void null_clock_makes_no_call(void **state)
{
    (void)state;
    if (interposer.present) {
        interposer.reset();
    }
    motet_guard = interposer.mark;
    motet_engine_def def = {.device = MOTET_DEVICE_NULL, .period_frames = 64};
    motet_engine *engine = motet_engine_create(&def);
    assert_non_null(engine);
    must_play(engine, any_sound(engine), NULL);
    while (stats_of(engine).frames_rendered < 2000) {
        motet_sleep_ms(5);
    }
    motet_engine_destroy(engine);
    motet_guard = NULL;
    assert_no_call("the null clock");
}

static void *(*volatile allocate)(size_t) = malloc;
static void (*volatile give_back)(void *) = free;
static pthread_mutex_t planted_lock = PTHREAD_MUTEX_INITIALIZER;

/* What render must never do, done as the guard sees render. */
static void plant(bool entered)
{
    interposer.mark(entered);
    if (entered) {
        char text[16];
        give_back(allocate(7));
        pthread_mutex_lock(&planted_lock);
        pthread_mutex_unlock(&planted_lock);
        snprintf(text, sizeof text, "%d", (int)entered);
        sched_yield();
        syscall(SYS_getppid);
    }
}

static void planted_calls_are_seen(void **state)
{
    (void)state;
    if (!interposer.present) {
        skip();
    }
    interposer.reset();
    give_back(allocate(7)); /* not marked, so not counted */
    assert_int_equal(interposer.count(), 0);
    motet_engine *engine = make_engine((motet_engine_def){0});
    motet_guard = plant;
    render_here(engine, 1, false);
    motet_guard = NULL;
    motet_engine_destroy(engine);
    static const char *const planted[] = {
        "malloc", "free", "pthread_mutex_lock", "pthread_mutex_unlock", "snprintf", "sched_yield", "syscall",
    };
    for (size_t i = 0; i < sizeof planted / sizeof planted[0]; i++) {
        if (!was_called(planted[i])) {
            fail_msg("a planted call of %s was not seen", planted[i]);
        }
    }
}

/* A generator that breaks the rule. */
static uint32_t allocate_and_lock(void *user, float *interleaved, uint32_t frame_count)
{
    (void)user;
    give_back(allocate(7));
    pthread_mutex_lock(&planted_lock);
    pthread_mutex_unlock(&planted_lock);
    interleaved[0] = 0.5f;
    return frame_count;
}

static void generators_that_break_the_rule_are_seen(void **state)
{
    (void)state;
    if (!interposer.present) {
        skip();
    }
    for (int may_block = 0; may_block < 2; may_block++) { /* on a thread of its own it may do all this */
        interposer.reset();
        motet_engine *engine = make_engine((motet_engine_def){0});
        motet_generator_def def = {.generate = allocate_and_lock, .may_block = may_block};
        assert_int_not_equal(motet_generator_open(engine, &def).id, 0);
        motet_guard = interposer.mark;
        assert_int_equal(motet_engine_prepare(engine, 100), 100);
        render_here(engine, 100, false);
        motet_guard = NULL;
        motet_engine_destroy(engine);
        assert_int_equal(was_called("malloc"), !may_block);
        assert_int_equal(was_called("pthread_mutex_lock"), !may_block);
    }
}

/* -------------------------------------------------------------------------------------------------- Kernel */

enum { NO_SECCOMP = 77 };

/* Shared with the child: the system call that ended it. */
static volatile int *trapped_number;

static void trapped(int signal_number, siginfo_t *info, void *context)
{
    (void)signal_number;
    (void)context;
    *trapped_number = info->si_syscall; /* and the return from here is one more */
}

static bool forbid_system_calls(void)
{
    struct sock_filter everything[] = {BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP)};
    struct sock_fprog program = {1, everything};
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

static void *render_under_filter(void *unused)
{
    (void)unused;
    if (!forbid_system_calls()) {
        _exit(NO_SECCOMP);
    }
    for (uint32_t done = 0;;) {
        if (motet_load_acquire_u32(&order.asked) != done) {
            render_here(order.engine, order.frames, order.s16);
            motet_store_release_u32(&order.done, ++done);
        }
    }
    return NULL;
}

static void plant_system_call(bool entered)
{
    if (entered) {
        syscall(SYS_getppid);
    }
}

/* Runs the scenes in a child whose renderer is under the filter; returns how it ended. */
static int run_child(motet_guard_fn *guard)
{
    fflush(NULL);
    *trapped_number = -1;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct sigaction action = {.sa_sigaction = trapped, .sa_flags = SA_SIGINFO};
        sigaction(SIGSYS, &action, NULL);
        signal(SIGABRT, SIG_DFL);
        pthread_t thread;
        motet_guard = guard;
        through_thread = true;
        if (pthread_create(&thread, NULL, render_under_filter, NULL) != 0) {
            _exit(1);
        }
        for (int i = 0; i < SCENES; i++) {
            scenes[i].run();
        }
        _exit(0); /* ends the renderer too, which cannot end itself */
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    return status;
}

static void scenes_make_no_system_call(void **state)
{
    (void)state;
    int status = run_child(NULL);
    if (WIFEXITED(status) && WEXITSTATUS(status) == NO_SECCOMP) {
        skip();
    }
    if (*trapped_number >= 0) {
        fail_msg("the audio thread made system call %d", *trapped_number);
    }
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

static void planted_system_call_is_seen(void **state)
{
    (void)state;
    int status = run_child(plant_system_call);
    if (WIFEXITED(status) && WEXITSTATUS(status) == NO_SECCOMP) {
        skip();
    }
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGSYS);
    const char *sanitizer = getenv("MOTET_SANITIZE");
    if (sanitizer == NULL ||
        strstr(sanitizer, "realtime") == NULL) { /* which makes calls of its own to tell of this one */
        assert_int_equal(*trapped_number, SYS_getppid);
    }
}

/* Starts this program again with the interposer in front of the C library. */
static void start_with_interposer(char **arguments)
{
    const char *library = getenv("MOTET_GUARD");
    if (library != NULL && getenv("LD_PRELOAD") == NULL && !interposer.present) {
        setenv("LD_PRELOAD", library, 1);
        execv("/proc/self/exe", arguments);
        perror("execv");
        exit(1);
    }
    if (library != NULL && !interposer.present) {
        fprintf(stderr, "%s could not be preloaded\n", library);
        exit(1);
    }
}

int main(int count, char **arguments)
{
    (void)count;
    find_interposer();
    start_with_interposer(arguments);
    void *shared = mmap(NULL, sizeof *trapped_number, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED) {
        return 1;
    }
    trapped_number = shared;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(planted_calls_are_seen),      cmocka_unit_test(generators_that_break_the_rule_are_seen),
        cmocka_unit_test(scenes_make_no_call),         cmocka_unit_test(null_clock_makes_no_call),
        cmocka_unit_test(planted_system_call_is_seen), cmocka_unit_test(scenes_make_no_system_call),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
