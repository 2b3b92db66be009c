#include "support/pulse.h"

#include "motet/motet.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

extern char **environ;

/* SDL's PulseAudio driver forgets an operation each time it starts: LeakSanitizer, in this process and in the tool. */
#define LEAKS_OF_SDL "leak:libpulse\n"
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
    return LEAKS_OF_SDL;
}

static char folder[64];
static pid_t server, recorder;

/* ----------------------------------------------------------------------------------------------- Programs */

static bool program_exists(const char *name)
{
    const char *path = getenv("PATH");
    char whole[512];
    while (path != NULL && *path != '\0') {
        size_t length = strcspn(path, ":");
        snprintf(whole, sizeof whole, "%.*s/%s", (int)length, path, name);
        if (access(whole, X_OK) == 0) {
            return true;
        }
        path += length + (path[length] == ':');
    }
    return false;
}

bool pulse_installed(void)
{
    static const char *const programs[] = {"pulseaudio", "pactl", "parec"};
    for (size_t i = 0; i < sizeof programs / sizeof programs[0]; i++) {
        if (!program_exists(programs[i])) {
            printf("no %s here (packages pulseaudio, pulseaudio-utils)\n", programs[i]);
            return false;
        }
    }
    return true;
}

static pid_t spawn(const char *const *arguments, const char *output_path, const char *error_path)
{
    posix_spawn_file_actions_t actions;
    pid_t pid = 0;
    assert_int_equal(posix_spawn_file_actions_init(&actions), 0);
    if (output_path != NULL) {
        posix_spawn_file_actions_addopen(&actions, 1, output_path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    }
    if (error_path != NULL) {
        posix_spawn_file_actions_addopen(&actions, 2, error_path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    }
    int failed = posix_spawnp(&pid, arguments[0], &actions, NULL, (char *const *)arguments, environ);
    posix_spawn_file_actions_destroy(&actions);
    if (failed != 0) {
        fail_msg("%s: %s", arguments[0], strerror(failed));
    }
    return pid;
}

pid_t pulse_spawn(const char *const *arguments, const char *output_path)
{
    return spawn(arguments, output_path, NULL);
}

bool pulse_await(pid_t pid)
{
    int status = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static const char *in_folder(const char *name)
{
    static char path[4][128];
    static int turn;
    turn = (turn + 1) % 4;
    snprintf(path[turn], sizeof path[turn], "%s/%s", folder, name);
    return path[turn];
}

static char *read_file(const char *path, size_t *size)
{
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    fseek(file, 0, SEEK_END);
    long length = ftell(file);
    rewind(file);
    char *bytes = malloc((size_t)length + 1);
    assert_non_null(bytes);
    *size = fread(bytes, 1, (size_t)length, file);
    bytes[*size] = '\0';
    fclose(file);
    return bytes;
}

static void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
}

/* -------------------------------------------------------------------------------------------------- Server */

void pulse_prepare(void)
{
    strcpy(folder, "/tmp/motet-pulse-XXXXXX");
    assert_non_null(mkdtemp(folder));
    setenv("XDG_RUNTIME_DIR", folder, 1);
    setenv("PULSE_STATE_PATH", folder, 1);
    setenv("PULSE_CONFIG_PATH", folder, 1);
    setenv("PULSE_CONFIG", in_folder("daemon.conf"), 1);
    setenv("SDL_AUDIODRIVER", "pulseaudio", 1); /* not the machine's own card while the server is away */
    unsetenv("DISPLAY");
    unsetenv("DBUS_SESSION_BUS_ADDRESS");
    unsetenv("PULSE_SERVER");
    unsetenv("MOTET_DEVICE");
    write_file(in_folder("client.conf"), "autospawn = no\n");
    setenv("PULSE_CLIENTCONFIG", in_folder("client.conf"), 1);
    write_file(in_folder("leaks"), LEAKS_OF_SDL);
    char options[128];
    snprintf(options, sizeof options, "print_suppressions=0:suppressions=%s", in_folder("leaks"));
    setenv("LSAN_OPTIONS", options, 1);
    write_file(in_folder("daemon.conf"), "default-sample-rate = 48000\nalternate-sample-rate = 48000\n"
                                         "default-sample-format = float32le\n");
    /* Without norewinds a stream stalls for 2 s at its start. */
    write_file(in_folder("pulse.pa"), ".fail\nload-module module-native-protocol-unix auth-anonymous=1\n"
                                      "load-module module-null-sink sink_name=out rate=48000 channels=2 "
                                      "format=float32le norewinds=1\nset-default-sink out\n");
}

static void end_process(pid_t *pid, int signal)
{
    if (*pid != 0) {
        kill(*pid, signal);
        kill(*pid, SIGCONT);
        waitpid(*pid, NULL, 0);
        *pid = 0;
    }
}

void pulse_clean_up(void)
{
    end_process(&recorder, SIGTERM);
    end_process(&server, SIGKILL);
    if (folder[0] != '\0') {
        const char *const arguments[] = {"rm", "-rf", folder, NULL};
        pulse_await(pulse_spawn(arguments, NULL));
        folder[0] = '\0';
    }
}

const char *pulse_folder(void)
{
    return folder;
}

/* True when the server answers. */
static bool answers(void)
{
    const char *const arguments[] = {"pactl", "info", NULL};
    pid_t pid = spawn(arguments, "/dev/null", "/dev/null");
    return pulse_await(pid);
}

void pulse_start(void)
{
    assert_int_equal(server, 0);
    const char *const arguments[] = {"pulseaudio",
                                     "-n",
                                     "-F",
                                     in_folder("pulse.pa"),
                                     "--daemonize=no",
                                     "--exit-idle-time=60", /* it ends by itself where the test has died */
                                     "--use-pid-file=no",
                                     "--realtime=yes", /* as far as it may; a starved server counts underruns */
                                     "--high-priority=yes",
                                     "--log-level=debug",
                                     NULL};
    server = spawn(arguments, in_folder("server.out"), in_folder("server.log"));
    for (int i = 0; !answers(); i++) {
        if (i == 200 || waitpid(server, NULL, WNOHANG) != 0) {
            size_t size;
            fail_msg("pulseaudio does not answer:\n%s", read_file(in_folder("server.log"), &size));
        }
        motet_sleep_ms(50);
    }
}

void pulse_signal(int signal)
{
    assert_true(server != 0);
    if (signal == SIGKILL || signal == SIGTERM) {
        end_process(&server, signal);
    } else {
        kill(server, signal);
    }
}

static int count_text(const char *text, const char *wanted)
{
    int count = 0;
    for (; (text = strstr(text, wanted)) != NULL; text++) {
        count++;
    }
    return count;
}

int pulse_underruns(void)
{
    size_t size;
    char *text = read_file(in_folder("server.log"), &size);
    /* Each stream begins with the end of an underrun. */
    int count = count_text(text, "end of underrun") - count_text(text, "sink-input.c: Created input");
    free(text);
    return count;
}

/* ----------------------------------------------------------------------------------------------- Recording */

static off_t size_of(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 ? status.st_size : 0;
}

void pulse_record(void)
{
    assert_int_equal(recorder, 0);
    const char *const arguments[] = {
        "parec", "-d", "out.monitor", "--format=float32le", "--rate=48000", "--channels=2", "--latency-msec=20",
        "--raw", NULL};
    unlink(in_folder("capture.f32"));
    recorder = spawn(arguments, in_folder("capture.f32"), "/dev/null"); /* it complains when its server is killed */
    for (int i = 0; size_of(in_folder("capture.f32")) == 0; i++) {
        assert_true(i < 400 && waitpid(recorder, NULL, WNOHANG) == 0);
        motet_sleep_ms(25);
    }
}

float *pulse_recorded(uint32_t *frame_count)
{
    end_process(&recorder, SIGTERM);
    size_t size;
    char *bytes = read_file(in_folder("capture.f32"), &size);
    *frame_count = (uint32_t)(size / (2 * sizeof(float)));
    return (float *)(void *)bytes;
}
