/* What a test finds by dlsym in the preloaded interposer. Each is there under its own name. */
#ifndef MOTET_TESTS_GUARD_INTERPOSER_H
#define MOTET_TESTS_GUARD_INTERPOSER_H

#include <stdbool.h>

/* Marks the calling thread as rendering, or not: what the engine's motet_guard is set to. */
void interposer_mark(bool entered);

/* How many different functions were called by marked threads, and which, in the order of their first calls. */
unsigned interposer_count(void);
const char *interposer_name(unsigned index, unsigned *count);
void interposer_reset(void);

#endif /* MOTET_TESTS_GUARD_INTERPOSER_H */
