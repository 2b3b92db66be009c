#include "base/guard.h"

#include <stddef.h>

motet_guard_fn *motet_guard;

/* Initial-exec: the first touch on a new thread must not allocate, as dynamic thread-local storage does. */
#if defined(__GNUC__) && !defined(_WIN32)
__attribute__((tls_model("initial-exec")))
#endif
static _Thread_local bool on_audio_thread;

/* An initial-exec variable is a plain load, and the hook is a test's own: both unknown to the compiler's check. */
#if defined(__clang__) && __clang_major__ >= 20
#    pragma clang diagnostic ignored "-Wfunction-effects"
#endif

bool motet_on_audio_thread(void) MOTET_NONBLOCKING
{
    return on_audio_thread;
}

void motet_guard_enter(void) MOTET_NONBLOCKING
{
    on_audio_thread = true;
    if (motet_guard != NULL) {
        motet_guard(true);
    }
}

void motet_guard_leave(void) MOTET_NONBLOCKING
{
    if (motet_guard != NULL) {
        motet_guard(false);
    }
    on_audio_thread = false;
}
