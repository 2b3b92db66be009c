#include "base/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT_SIZE = 512 };

static _Thread_local char last_error[TEXT_SIZE];

static _Thread_local motet_result last_result;

motet_result motet_last_result(void)
{
    return last_result;
}

const char *motet_last_error(void)
{
    return last_error;
}

static int level_of_environment(void)
{
    static const char *const names[] = {"off", "error", "warning", "info"};
    const char *wanted = getenv("MOTET_LOG");
    for (int level = 0; wanted != NULL && level < 4; level++) {
        if (strcmp(wanted, names[level]) == 0) {
            return level;
        }
    }
    return MOTET_LOG_WARNING;
}

bool motet_log_init(motet_log *log, motet_log_fn *fn, void *user)
{
    memset(log, 0, sizeof *log);
    log->fn = fn;
    log->user = user;
    log->level = level_of_environment();
    return motet_mutex_init(&log->mutex);
}

void motet_log_destroy(motet_log *log)
{
    motet_mutex_destroy(&log->mutex);
}

/* FNV-1a. */
static uint64_t hash_text(const char *text)
{
    uint64_t hash = 0xcbf29ce484222325u;
    for (; *text != '\0'; text++) {
        hash = (hash ^ (uint8_t)*text) * 0x100000001b3u;
    }
    return hash;
}

static bool shown_this_second(motet_log *log, const char *text)
{
    uint64_t hash = hash_text(text);
    uint64_t now = motet_monotonic_ns();
    bool shown = false;
    motet_mutex_lock(&log->mutex);
    int at = log->next;
    for (int i = 0; i < MOTET_LOG_REMEMBERED; i++) {
        if (log->remembered[i].hash == hash && log->remembered[i].shown_ns != 0) {
            shown = now - log->remembered[i].shown_ns < 1000000000u;
            at = i;
            break;
        }
    }
    if (!shown) {
        log->remembered[at].hash = hash;
        log->remembered[at].shown_ns = now;
        log->next = at == log->next ? (log->next + 1) % MOTET_LOG_REMEMBERED : log->next;
    }
    motet_mutex_unlock(&log->mutex);
    return shown;
}

static void write_text(motet_log *log, motet_log_level level, const char *text)
{
    if ((int)level > log->level) {
        return;
    }
    if (log->fn != NULL) {
        log->fn(log->user, level, text);
    } else if (!shown_this_second(log, text)) {
        fprintf(stderr, "motet: %s\n", text);
    }
}

void motet_log_write(motet_log *log, motet_log_level level, const char *format, ...)
{
    char text[TEXT_SIZE];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    write_text(log, level, text);
}

motet_result motet_fail(motet_log *log, motet_result result, const char *format, ...)
{
    char text[TEXT_SIZE];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments); /* aside first: an argument may be the last error itself */
    va_end(arguments);
    memcpy(last_error, text, sizeof last_error);
    last_result = result;
    if (log != NULL) {
        write_text(log, MOTET_LOG_ERROR, text);
    }
    return result;
}
