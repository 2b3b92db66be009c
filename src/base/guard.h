/* A hook around everything that runs on the audio thread, for tests that prove what it never does. */
#ifndef MOTET_BASE_GUARD_H
#define MOTET_BASE_GUARD_H

#include "base/nonblocking.h"

#include <stdbool.h>

/* Called with true at render entry and false at exit, on the audio thread, unless NULL. Set it before the first
 * engine is created. */
typedef void motet_guard_fn(bool entered);
extern motet_guard_fn *motet_guard;

/* True between render entry and exit on the calling thread. */
bool motet_on_audio_thread(void) MOTET_NONBLOCKING;
void motet_guard_enter(void) MOTET_NONBLOCKING;
void motet_guard_leave(void) MOTET_NONBLOCKING;

#endif /* MOTET_BASE_GUARD_H */
