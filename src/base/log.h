/* Messages to the program, and each thread's last error. Never on the audio thread. */
#ifndef MOTET_BASE_LOG_H
#define MOTET_BASE_LOG_H

#include "base/thread.h"
#include "motet/motet.h"

#include <stdarg.h>

/* Texts remembered so that each is written to standard error at most once a second. */
enum { MOTET_LOG_REMEMBERED = 32 };

typedef struct motet_log {
    motet_log_fn *fn; /* NULL: standard error */
    void *user;
    int level; /* the least important level shown; 0 shows nothing */
    motet_mutex mutex;
    struct {
        uint64_t hash;
        uint64_t shown_ns;
    } remembered[MOTET_LOG_REMEMBERED];
    int next;
} motet_log;

/* MOTET_LOG=off|error|warning|info in the environment sets the level; default: warning. */
bool motet_log_init(motet_log *log, motet_log_fn *fn, void *user);
void motet_log_destroy(motet_log *log);

#if defined(__GNUC__)
#    define MOTET_PRINTF(text, first) __attribute__((format(printf, text, first)))
#else
#    define MOTET_PRINTF(text, first)
#endif

void motet_log_write(motet_log *log, motet_log_level level, const char *format, ...) MOTET_PRINTF(3, 4);

/* Keeps the sentence for motet_last_error, logs it as an error unless `log` is NULL, and returns `result`. */
motet_result motet_fail(motet_log *log, motet_result result, const char *format, ...) MOTET_PRINTF(3, 4);

#endif /* MOTET_BASE_LOG_H */
