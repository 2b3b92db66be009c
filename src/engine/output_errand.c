#include "engine/output_errand.h"

#include "base/thread.h"

#include <stdlib.h>

/* How often a waiting caller looks whether it is to give up. */
enum { CANCEL_POLL_NS = 10000000 };

typedef enum errand_state { ERRAND_RUNNING, ERRAND_ENDED, ERRAND_LEFT } errand_state;

typedef struct errand {
    motet_errand_fn *run, *discard;
    void *work;
    motet_mutex mutex; /* guards `state` */
    errand_state state;
    motet_signal_flag ended;
} errand;

static errand *errand_create(void)
{
    /* Not from the engine's heap: an errand left behind outlives the engine, and perhaps the program's allocator. */
    errand *it = calloc(1, sizeof *it);
    if (it == NULL) {
        return NULL;
    }
    if (!motet_mutex_init(&it->mutex)) {
        free(it);
        return NULL;
    }
    if (!motet_signal_flag_init(&it->ended)) {
        motet_mutex_destroy(&it->mutex);
        free(it);
        return NULL;
    }
    return it;
}

static void errand_free(errand *it)
{
    motet_signal_flag_destroy(&it->ended);
    motet_mutex_destroy(&it->mutex);
    free(it);
}

/* Sets the state unless the other side was first; true if it was not. */
static bool errand_decide(errand *it, errand_state state)
{
    motet_mutex_lock(&it->mutex);
    bool first = it->state == ERRAND_RUNNING;
    if (first) {
        it->state = state;
    }
    motet_mutex_unlock(&it->mutex);
    return first;
}

static void *errand_thread(void *user)
{
    errand *it = user;
    it->run(it->work);
    if (errand_decide(it, ERRAND_ENDED)) {
        motet_signal_flag_raise(&it->ended);
    } else {
        it->discard(it->work);
        errand_free(it);
    }
    return NULL;
}

bool motet_errand_run(const char *thread_name, motet_errand_fn *run, motet_errand_fn *discard, void *work,
                      uint64_t limit_ns, const motet_atomic_u32 *cancel)
{
    motet_thread thread = {0};
    errand *it = errand_create();
    if (it != NULL) {
        it->run = run;
        it->discard = discard;
        it->work = work;
        if (!motet_thread_start(&thread, thread_name, errand_thread, it)) {
            errand_free(it);
            it = NULL;
        }
    }
    if (it == NULL) {
        run(work); /* without a limit rather than not at all */
        return true;
    }

    uint64_t until = motet_monotonic_ns() + limit_ns;
    bool ended = false;
    while (!ended && motet_monotonic_ns() < until && (cancel == NULL || motet_load_relaxed_u32(cancel) == 0)) {
        ended = motet_signal_flag_wait(&it->ended, CANCEL_POLL_NS);
    }
    if (!ended && errand_decide(it, ERRAND_LEFT)) {
        motet_thread_abandon(&thread);
        return false;
    }
    motet_thread_join(&thread);
    errand_free(it);
    return true;
}
