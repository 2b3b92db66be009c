#include "output.h"

#include <errno.h>
#include <math.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* The engine's own threads tell of a lost device while the line is shown. */
static atomic_bool progress_shown;

static void clear_progress(void)
{
    if (atomic_exchange(&progress_shown, false)) {
        fputs("\r\033[K", stderr);
    }
}

bool motet_output_flush(void)
{
    if (fflush(stdout) != 0 || ferror(stdout) != 0) {
        motet_output_error("standard output: writing failed: %s", strerror(errno));
        return false;
    }
    return true;
}

bool motet_output_json(json_t *document)
{
    (void)json_dumpf(document, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(12));
    (void)putchar('\n');
    json_decref(document);
    return motet_output_flush();
}

void motet_output_error(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    clear_progress();
    fputs("motet: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
}

bool motet_output_has_terminal(void)
{
    return isatty(STDERR_FILENO) == 1;
}

void motet_output_progress(const char *text)
{
    if (text == NULL) {
        clear_progress();
    } else if (motet_output_has_terminal()) {
        fprintf(stderr, "\r%s\033[K", text);
        atomic_store(&progress_shown, true);
    }
    (void)fflush(stderr);
}

bool motet_output_is_time(void)
{
    static const double step_seconds = 0.1;
    static double last;
    struct timespec time = {0};
    (void)clock_gettime(CLOCK_MONOTONIC, &time);
    double now = (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
    if (now - last < step_seconds) {
        return false;
    }
    last = now;
    return true;
}

json_t *motet_json_number(double number)
{
    return isfinite(number) ? json_real(number) : json_null();
}

json_t *motet_json_text(const char *text)
{
    json_t *value = json_string(text);
    if (value != NULL) {
        return value;
    }
    char *ascii = motet_string_copy(text);
    for (char *c = ascii; *c != '\0'; c++) {
        *c = (unsigned char)*c < 0x80 ? *c : '?';
    }
    value = json_string(ascii);
    free(ascii);
    return value;
}

double motet_level_db(double level)
{
    return level > 0 ? 20 * log10(level) : -INFINITY;
}

void motet_output_drop_log(void *user, motet_log_level level, const char *text)
{
    (void)user;
    (void)level;
    (void)text;
}
