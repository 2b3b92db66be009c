#ifndef _GNU_SOURCE
#    define _GNU_SOURCE /* RTLD_DEFAULT */
#endif
#include "support/guarded.h"

#include "base/guard.h"

#include <dlfcn.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static struct {
    void (*mark)(bool entered);
    unsigned (*count)(void);
    const char *(*name)(unsigned index, unsigned *count);
    void (*reset)(void);
} interposer;

/* dlsym gives an object pointer, and C has no cast from that to one of a function. */
static void find(const char *name, void *function)
{
    void *symbol = dlsym(RTLD_DEFAULT, name);
    memcpy(function, &symbol, sizeof symbol);
}

void guarded_start(char **arguments)
{
    find("interposer_mark", &interposer.mark);
    find("interposer_count", &interposer.count);
    find("interposer_name", &interposer.name);
    find("interposer_reset", &interposer.reset);
    const char *library = getenv("MOTET_GUARD");
    if (library != NULL && interposer.mark == NULL) {
        if (getenv("LD_PRELOAD") == NULL) {
            setenv("LD_PRELOAD", library, 1);
            execv("/proc/self/exe", arguments);
        }
        fprintf(stderr, "%s could not be preloaded\n", library);
        exit(1);
    }
}

void guarded_begin(void)
{
    if (interposer.mark != NULL) {
        interposer.reset();
        motet_guard = interposer.mark;
    }
}

void guarded_end(void)
{
    motet_guard = NULL;
    if (interposer.mark != NULL && interposer.count() > 0) {
        unsigned count;
        const char *name = interposer.name(0, &count);
        fail_msg("the audio thread called %s %u times", name, count);
    }
}
