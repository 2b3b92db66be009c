/* The SDL adapter without a sound card or a sound server: what it takes for a device and what it says of none. A real
 * server is in test_pulse.c. */
#include "device/sdl.h"
#include "motet/motet.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static char log_text[1024];

static void keep_log(void *user, motet_log_level level, const char *text)
{
    (void)user;
    (void)level;
    snprintf(log_text, sizeof log_text, "%s", text);
}

/* Neither a server nor a driver that could find one. */
static int hide_sound(void **state)
{
    (void)state;
    unsetenv("MOTET_DEVICE");
    setenv("SDL_AUDIODRIVER", "pulseaudio", 1);
    setenv("PULSE_SERVER", "unix:/nowhere/at/all", 1);
    log_text[0] = '\0';
    return 0;
}

static motet_engine *create_engine(motet_device_kind kind)
{
    motet_engine_def def = {.device = kind, .period_frames = 480, .log = keep_log};
    return motet_engine_create(&def);
}

static void no_sound_is_told_in_words(void **state)
{
    (void)state;
    motet_device_info device;
    assert_int_equal(motet_device_list(&device, 1), 0);
    assert_non_null(strstr(motet_last_error(), "no sound device (SDL: "));
    assert_null(create_engine(MOTET_DEVICE_STRICT));
    assert_non_null(strstr(motet_last_error(), "no sound device (SDL: "));

    motet_engine *engine = create_engine(MOTET_DEVICE_DEFAULT);
    assert_non_null(engine);
    motet_engine_info info;
    motet_engine_get_info(engine, &info);
    assert_true(info.is_null);
    assert_non_null(strstr(log_text, "no sound device (SDL: "));
    assert_non_null(strstr(log_text, "); playing to the null device in real time"));
    motet_engine_destroy(engine);
}

/* SDL's drivers without sound are devices for those who name them. */
static void dummy_is_a_device_when_asked_for(void **state)
{
    (void)state;
    setenv("SDL_AUDIODRIVER", "dummy", 1);
    motet_engine *engine = create_engine(MOTET_DEVICE_STRICT);
    assert_non_null(engine);
    motet_engine_info info;
    motet_engine_get_info(engine, &info);
    assert_false(info.is_null);
    assert_string_equal(info.device_driver, "dummy");
    assert_int_equal(info.period_frames, 512); /* a power of two: SDL's drivers need it */
    motet_clock clock = {0};
    for (int i = 0; i < 10000 && clock.frame < 48000 / 4; i++) {
        motet_sleep_ms(1);
        motet_engine_get_clock(engine, &clock);
    }
    assert_true(clock.frame >= 48000 / 4);
    motet_engine_destroy(engine);
}

static void nothing_of_the_process_is_touched(void **state)
{
    (void)state;
    struct sigaction before[2], after[2];
    setenv("SDL_AUDIODRIVER", "dummy", 1);
    sigaction(SIGINT, NULL, &before[0]);
    sigaction(SIGTERM, NULL, &before[1]);
    motet_engine *engine = create_engine(MOTET_DEVICE_STRICT);
    assert_non_null(engine);
    sigaction(SIGINT, NULL, &after[0]);
    sigaction(SIGTERM, NULL, &after[1]);
    motet_engine_destroy(engine);
    for (int i = 0; i < 2; i++) {
        assert_true(before[i].sa_handler == after[i].sa_handler);
    }
}

/* A child of a process that was using SDL gets an answer, and not a lock that nobody will open. */
static void child_of_a_fork_is_refused(void **state)
{
    (void)state;
    setenv("SDL_AUDIODRIVER", "dummy", 1);
    motet_engine *engine = create_engine(MOTET_DEVICE_STRICT);
    assert_non_null(engine);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        alarm(20); /* ends a child that hangs */
        motet_device *device;
        motet_device_opened opened;
        motet_device_request request = {.sample_rate_hz = 48000, .channels = 2, .period_frames = 512};
        char error[200] = "";
        motet_result result = motet_sdl_device_backend.open(&request, &device, &opened, error, sizeof error);
        _exit(result == MOTET_ERROR_DEVICE && strstr(error, "child") != NULL ? 7 : 1);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 7);
    motet_engine_destroy(engine);
}

static void library_is_described(void **state)
{
    (void)state;
    char text[128] = "";
    assert_true(motet_sdl_device_backend.describe(text, sizeof text));
    assert_non_null(strstr(text, "SDL 2."));
    char little[8];
    assert_true(motet_sdl_device_backend.describe(little, sizeof little));
    assert_true(strlen(little) < sizeof little);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, hide_sound)
    const struct CMUnitTest tests[] = {
        TEST(no_sound_is_told_in_words),
        TEST(dummy_is_a_device_when_asked_for),
        TEST(nothing_of_the_process_is_touched),
        TEST(child_of_a_fork_is_refused),
        TEST(library_is_described),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
