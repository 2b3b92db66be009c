/* What the stream thread and the workers beside it share. */
#ifndef MOTET_ENGINE_STREAM_PRIVATE_H
#define MOTET_ENGINE_STREAM_PRIVATE_H

#include "engine/stream.h"

typedef struct motet_stream_worker motet_stream_worker;

struct motet_streams {
    motet_mutex lock; /* of all below, for a slice at a time */
    motet_signal_flag wake;
    motet_thread thread;
    motet_atomic_u32 closing;
    motet_atomic_u32 callers;      /* threads that wait for the lock */
    motet_atomic_pointer arrivals; /* from the control side, linked by `next` */
    motet_stream *first;
    bool held;     /* a caller goes through the list: nothing is freed */
    uint32_t open; /* under the API lock */
    void *scratch;
    motet_stream_worker *workers; /* linked */
    uint32_t worker_count, busy_workers;
};

/* Times between two looks for work, while there are streams and while there are none. */
enum { MOTET_STREAM_POLL_NS = 5000000, MOTET_STREAM_IDLE_NS = 1000000000 };

/* What a stream should have next; a key of 0: it has all. */
motet_stream_want motet_stream_next_want(const motet_engine *engine, const motet_stream *stream);
/* Fills one page and hands it over; false where there is none to fill. */
bool motet_stream_fill(motet_engine *engine, motet_stream *stream, motet_stream_key key, void *scratch);
void motet_stream_free(motet_stream *stream);
/* With the lock: takes in what has come from the control side. */
void motet_streams_take_arrivals(motet_streams *streams);

/* Workers: threads for the streams of the program's own files, of which every call may take as long as it likes. There
 * is always one more of them than are in such a call, as long as there are streams for it: so a file that is slow holds
 * up its own voice and nothing else. */

/* With the lock: sees to it that there is one that is free, if there can be, and wakes all that sleep. */
void motet_stream_workers_wake(motet_engine *engine);
/* With the lock: lets the calling thread be the one that fills a stream, when no worker does any more. */
void motet_stream_workers_claim(motet_streams *streams, motet_stream *stream);
void motet_stream_workers_release(motet_stream *stream);
/* Without the lock, when `closing` is set: waits until they have ended, and frees what was theirs. `forked`: they have
 * stayed with the parent. */
void motet_stream_workers_destroy(motet_engine *engine, bool forked);

#endif /* MOTET_ENGINE_STREAM_PRIVATE_H */
