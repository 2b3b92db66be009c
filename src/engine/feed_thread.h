/* A thread that fills a feed ahead of time, for material that must be waited for: a program's code that may block, a
 * source that arrives when it likes.
 *
 * The thread may be inside `fill` for as long as it likes, and nobody ever waits for that: the engine lets the feed go
 * at once, and what `fill` returns later is thrown away. Therefore what the thread needs of itself is not from the
 * engine's heap, which it may outlive. */
#ifndef MOTET_ENGINE_FEED_THREAD_H
#define MOTET_ENGINE_FEED_THREAD_H

#include "base/alloc.h"
#include "engine/material.h"

typedef struct motet_feed_thread motet_feed_thread;

typedef enum motet_fill_result {
    MOTET_FILL_MORE = 0,
    MOTET_FILL_LATER, /* nothing (more) now: asked again in a few milliseconds */
    MOTET_FILL_ENDED, /* behind the frames just written */
    MOTET_FILL_FAILED /* likewise, and the voice ends as MOTET_END_FAILED */
} motet_fill_result;

typedef struct motet_feed_filler {
    /* Writes the next frames, in the channels in which the feed is written, into `interleaved`, which holds zeros, and
     * their number, at most `frame_count`, into `*filled`. On the thread, without any lock. `*bad` (0 before) counts
     * frames that it has made silent because they were not finite. */
    motet_fill_result (*fill)(void *user, float *interleaved, uint32_t frame_count, uint32_t *filled, uint32_t *bad);
    void (*close)(void *user); /* once, behind the last `fill`, on the thread; NULL: nothing. Not in a fork's child */
    void *user;
    const char *thread_name;
    uint32_t piece_frames; /* asked for at once: the feed needs so many spare frames */
} motet_feed_filler;

/* Without the lock: makes a thread for a feed; it waits for motet_feed_thread_begin. False, with the failure told,
 * where there is no memory or no thread. */
bool motet_feed_thread_create(motet_engine *engine, motet_feed *feed, const motet_feed_filler *filler);
/* Lets it fill the feed from now on. */
void motet_feed_thread_begin(motet_feed_thread *thread);
/* Without the lock: when this returns nothing is written into the feed any more. A thread that had begun closes what it
 * has, when `fill` comes back; one that had not does not. */
void motet_feed_thread_leave(motet_feed_thread *thread);

/* Waits until the feed has been written up to a frame, or for good: as long as `fill` takes. */
void motet_feed_thread_await(motet_feed_thread *thread, uint64_t frame);

/* Before an engine is destroyed, as long as what `fill` calls of it still works: lets go of all feeds, and waits half a
 * second for the threads to come to their ends. Not in a fork's child. */
void motet_feed_threads_leave(motet_engine *engine);
/* When the feeds are gone: those that have not come back are left to themselves. */
void motet_feed_threads_destroy(motet_engine *engine, bool forked);

#endif /* MOTET_ENGINE_FEED_THREAD_H */
