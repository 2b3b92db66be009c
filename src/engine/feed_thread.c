#include "engine/feed_thread.h"

#include "engine/engine.h"
#include "engine/feed_ring.h"

#include <stdlib.h>
#include <string.h>

/* How long a destroy waits for those that are inside `fill`: the header and docs/generators.md say so. */
static const uint64_t LEAVE_NS = 500000000;
/* How long somebody who waits for frames sleeps before he looks again. */
static const uint64_t AWAIT_NS = 20000000;
/* How often a full ring is looked at: an eighth of what it holds, but not more often, and not less, than this. */
static const uint64_t LEAST_POLL_NS = 1000000;
static const uint64_t MOST_POLL_NS = 5000000;

struct motet_feed_thread {
    motet_feed_thread *next; /* of the engine's, under its lock */
    motet_feed *feed;
    motet_feed_filler filler;
    uint64_t poll_ns;
    uint32_t piece_samples;
    motet_thread thread;
    motet_signal_flag wake;  /* to be looked at: it may begin, the feed has been left */
    motet_signal_flag wrote; /* frames, or its end: for those who wait */
    motet_mutex gate;        /* of the following, and held while frames are copied into the feed */
    bool begun, left, ended;
    bool abandoned; /* nobody will join it: it frees itself */
    float piece[];
};

/* ---------------------------------------------------------------------------------------------------- The thread */

static void destroy(motet_feed_thread *thread)
{
    motet_mutex_destroy(&thread->gate);
    motet_signal_flag_destroy(&thread->wake);
    motet_signal_flag_destroy(&thread->wrote);
    free(thread);
}

/* Waits for leave to begin; false when the feed has been left before. */
static bool wait_to_begin(motet_feed_thread *thread)
{
    bool begun, left;
    do {
        motet_signal_flag_wait(&thread->wake, 1000000000);
        motet_mutex_lock(&thread->gate);
        begun = thread->begun;
        left = thread->left;
        motet_mutex_unlock(&thread->gate);
    } while (!begun && !left);
    return begun;
}

/* Hands over what `fill` has made, unless the feed has gone meanwhile. */
static bool hand_over(motet_feed_thread *thread, motet_fill_result result, uint32_t filled, uint32_t bad)
{
    motet_mutex_lock(&thread->gate);
    bool left = thread->left;
    bool ends = result == MOTET_FILL_ENDED || result == MOTET_FILL_FAILED;
    if (!left) {
        bad += motet_feed_put_f32(thread->feed, thread->piece, filled);
        motet_count_u64(&thread->feed->bad, bad);
        if (ends) {
            motet_feed_end(thread->feed, result == MOTET_FILL_FAILED);
        }
    }
    motet_mutex_unlock(&thread->gate);
    motet_signal_flag_raise(&thread->wrote);
    return !left && !ends;
}

/* Whether another piece is wanted now; `*left` when none ever will be. */
static bool wants_piece(motet_feed_thread *thread, bool *left)
{
    motet_mutex_lock(&thread->gate);
    *left = thread->left;
    bool wants = !*left && motet_feed_room(thread->feed) > 0;
    motet_mutex_unlock(&thread->gate);
    return wants;
}

static void fill_feed(motet_feed_thread *thread)
{
    bool left = false;
    bool goes_on = true;
    while (goes_on && !left) {
        motet_fill_result result = MOTET_FILL_LATER;
        if (wants_piece(thread, &left)) {
            uint32_t filled = 0;
            uint32_t bad = 0;
            memset(thread->piece, 0, thread->piece_samples * sizeof *thread->piece);
            result =
                thread->filler.fill(thread->filler.user, thread->piece, thread->filler.piece_frames, &filled, &bad);
            goes_on = hand_over(thread, result, filled, bad);
        }
        if (result == MOTET_FILL_LATER && !left) {
            motet_signal_flag_wait(&thread->wake, thread->poll_ns);
        }
    }
}

static void *run_thread(void *user)
{
    motet_feed_thread *thread = user;
    if (wait_to_begin(thread)) {
        fill_feed(thread);
        if (thread->filler.close != NULL) {
            thread->filler.close(thread->filler.user);
        }
    }
    motet_mutex_lock(&thread->gate);
    thread->ended = true;
    bool abandoned = thread->abandoned;
    motet_mutex_unlock(&thread->gate);
    if (abandoned) {
        destroy(thread);
    } else {
        motet_signal_flag_raise(&thread->wrote);
    }
    return NULL;
}

/* -------------------------------------------------------------------------------------------------- The engine */

static bool has_ended(motet_feed_thread *thread)
{
    motet_mutex_lock(&thread->gate);
    bool ended = thread->ended;
    motet_mutex_unlock(&thread->gate);
    return ended;
}

/* Those that have come to their end, and whose feed is gone. */
static motet_feed_thread *take_ended(motet_engine *engine)
{
    motet_feed_thread *ended = NULL;
    motet_mutex_lock(&engine->lock);
    for (motet_feed_thread **link = &engine->feed_threads; *link != NULL;) {
        motet_feed_thread *thread = *link;
        motet_mutex_lock(&thread->gate);
        bool over = thread->ended && thread->left;
        motet_mutex_unlock(&thread->gate);
        if (over) {
            *link = thread->next;
            thread->next = ended;
            ended = thread;
        } else {
            link = &thread->next;
        }
    }
    motet_mutex_unlock(&engine->lock);
    return ended;
}

static void join_ended(motet_engine *engine)
{
    motet_feed_thread *next;
    for (motet_feed_thread *thread = take_ended(engine); thread != NULL; thread = next) {
        next = thread->next;
        motet_thread_join(&thread->thread);
        destroy(thread);
    }
}

static motet_feed_thread *make_thread(motet_feed *feed, const motet_feed_filler *filler)
{
    uint32_t samples = filler->piece_frames * feed->written_channels;
    motet_feed_thread *thread = calloc(1, sizeof *thread + samples * sizeof(float));
    if (thread == NULL) {
        return NULL;
    }
    thread->feed = feed;
    thread->filler = *filler;
    thread->piece_samples = samples;
    uint64_t eighth_ns = (uint64_t)feed->buffer_frames * 125000000 / feed->sample_rate_hz;
    thread->poll_ns = eighth_ns < LEAST_POLL_NS ? LEAST_POLL_NS : eighth_ns > MOST_POLL_NS ? MOST_POLL_NS : eighth_ns;
    bool gate = motet_mutex_init(&thread->gate);
    bool wake = gate && motet_signal_flag_init(&thread->wake);
    if (wake && motet_signal_flag_init(&thread->wrote)) {
        return thread;
    }
    if (wake) {
        motet_signal_flag_destroy(&thread->wake);
    }
    if (gate) {
        motet_mutex_destroy(&thread->gate);
    }
    free(thread);
    return NULL;
}

bool motet_feed_thread_create(motet_engine *engine, motet_feed *feed, const motet_feed_filler *filler)
{
    join_ended(engine);
    motet_feed_thread *thread = make_thread(feed, filler);
    if (thread != NULL && !motet_thread_start(&thread->thread, filler->thread_name, run_thread, thread)) {
        destroy(thread);
        thread = NULL;
    }
    if (thread == NULL) {
        motet_fail(&engine->log, MOTET_ERROR_MEMORY, "no memory, or no thread, to fill a feed with");
        return false;
    }
    feed->thread = thread;
    motet_mutex_lock(&engine->lock);
    thread->next = engine->feed_threads;
    engine->feed_threads = thread;
    motet_mutex_unlock(&engine->lock);
    return true;
}

void motet_feed_thread_begin(motet_feed_thread *thread)
{
    motet_mutex_lock(&thread->gate);
    thread->begun = true;
    motet_mutex_unlock(&thread->gate);
    motet_signal_flag_raise(&thread->wake);
}

void motet_feed_thread_leave(motet_feed_thread *thread)
{
    motet_mutex_lock(&thread->gate);
    thread->left = true;
    motet_mutex_unlock(&thread->gate);
    motet_signal_flag_raise(&thread->wake);
}

void motet_feed_thread_await(motet_feed_thread *thread, uint64_t frame)
{
    const motet_feed *feed = thread->feed;
    while (motet_load_acquire_u64(&feed->written) < frame && motet_load_acquire_u32(&feed->finished) == 0) {
        motet_signal_flag_raise(&thread->wake); /* it may sleep on a ring that was full */
        motet_signal_flag_wait(&thread->wrote, AWAIT_NS);
    }
}

/* ----------------------------------------------------------------------------------------------------- The end */

void motet_feed_threads_leave(motet_engine *engine)
{
    for (motet_feed_thread *thread = engine->feed_threads; thread != NULL; thread = thread->next) {
        motet_feed_thread_leave(thread);
    }
    uint64_t until_ns = motet_monotonic_ns() + LEAVE_NS;
    for (motet_feed_thread *thread = engine->feed_threads; thread != NULL; thread = thread->next) {
        while (!has_ended(thread) && motet_monotonic_ns() < until_ns) {
            motet_signal_flag_wait(&thread->wrote, AWAIT_NS);
        }
    }
}

/* Joined, or left to free itself. */
static void give_up(motet_feed_thread *thread)
{
    motet_thread handle = thread->thread; /* it may be gone as soon as it is given up */
    motet_mutex_lock(&thread->gate);
    bool ended = thread->ended;
    thread->abandoned = !ended;
    motet_mutex_unlock(&thread->gate);
    if (!ended) {
        motet_thread_abandon(&handle);
        return;
    }
    motet_thread_join(&handle);
    destroy(thread);
}

void motet_feed_threads_destroy(motet_engine *engine, bool forked)
{
    motet_feed_thread *next;
    for (motet_feed_thread *thread = engine->feed_threads; thread != NULL; thread = next) {
        next = thread->next;
        if (forked) {
            free(thread); /* there is no thread in a child, and its locks may be locked for ever */
        } else {
            give_up(thread);
        }
    }
    engine->feed_threads = NULL;
}
