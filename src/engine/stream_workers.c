#include "engine/engine.h"
#include "engine/stream_private.h"

enum { SCRATCH_ALIGNMENT = 64, CLAIM_NS = 200000 /* between two looks whether a stream is free */ };

struct motet_stream_worker {
    motet_stream_worker *next;
    motet_engine *engine;
    motet_thread thread;
    motet_signal_flag wake;
    void *scratch;
};

static void *run_worker(void *user);

static void start_worker(motet_engine *engine)
{
    motet_streams *streams = engine->streams;
    motet_heap *heap = &engine->heap;
    motet_stream_worker *worker = motet_heap_take(heap, sizeof *worker, _Alignof(motet_stream_worker));
    void *scratch = motet_heap_take(heap, motet_stream_scratch_bytes(), SCRATCH_ALIGNMENT);
    if (worker != NULL && scratch != NULL && motet_signal_flag_init(&worker->wake)) {
        worker->engine = engine;
        worker->scratch = scratch;
        if (motet_thread_start(&worker->thread, "motet-file", run_worker, worker)) {
            worker->next = streams->workers;
            streams->workers = worker;
            streams->worker_count++;
            return;
        }
        motet_signal_flag_destroy(&worker->wake);
    }
    /* Those that there are have to do; where there is none it is tried again with the next look for work. */
    motet_heap_give(heap, scratch, motet_stream_scratch_bytes());
    motet_heap_give(heap, worker, sizeof *worker);
}

/* One that is free, as long as there are more streams than workers. */
static void provide(motet_engine *engine)
{
    motet_streams *streams = engine->streams;
    uint32_t count = 0;
    for (const motet_stream *stream = streams->first; stream != NULL; stream = stream->next) {
        count += stream->is_own;
    }
    bool closing = motet_load_relaxed_u32(&streams->closing) != 0;
    if (!closing && streams->worker_count == streams->busy_workers && streams->worker_count < count) {
        start_worker(engine);
    }
}

/* Leaves the lock for what may take long. */
static void begin_work(motet_engine *engine, motet_streams *streams)
{
    streams->busy_workers++;
    provide(engine);
    motet_mutex_unlock(&streams->lock);
}

static void end_work(motet_streams *streams)
{
    motet_mutex_lock(&streams->lock);
    streams->busy_workers--;
}

/* Takes a stream that is over out of the list. */
static motet_stream *take_one_over(motet_streams *streams)
{
    for (motet_stream **link = &streams->first; *link != NULL && !streams->held; link = &(*link)->next) {
        motet_stream *stream = *link;
        if (stream->is_own && !stream->busy && motet_load_acquire_u32(&stream->over) != 0) {
            *link = stream->next;
            return stream;
        }
    }
    return NULL;
}

static motet_stream *choose(const motet_engine *engine, motet_streams *streams, motet_stream_want *want)
{
    motet_stream *chosen = NULL;
    for (motet_stream *stream = streams->first; stream != NULL; stream = stream->next) {
        if (stream->is_own && !stream->busy && motet_load_acquire_u32(&stream->over) == 0) {
            motet_stream_want next = motet_stream_next_want(engine, stream);
            if (next.key != 0 && (chosen == NULL || next.due < want->due)) {
                chosen = stream;
                *want = next;
            }
        }
    }
    return chosen;
}

/* With the lock, which is left in between. */
static bool work(motet_engine *engine, motet_streams *streams, void *scratch)
{
    motet_stream_want want = {0};
    motet_stream *over = take_one_over(streams);
    motet_stream *chosen = over == NULL ? choose(engine, streams, &want) : NULL;
    if (over == NULL && chosen == NULL) {
        return false;
    }
    if (chosen != NULL) {
        chosen->busy = true;
    }
    begin_work(engine, streams);
    bool worked = true;
    if (over != NULL) {
        motet_stream_free(over);
    } else {
        worked = motet_stream_fill(engine, chosen, want.key, scratch);
    }
    end_work(streams);
    if (chosen != NULL) {
        chosen->busy = false;
    }
    return worked;
}

static bool has_own(const motet_streams *streams)
{
    const motet_stream *stream = streams->first;
    while (stream != NULL && !stream->is_own) {
        stream = stream->next;
    }
    return stream != NULL;
}

static void *run_worker(void *user)
{
    motet_stream_worker *worker = user;
    motet_streams *streams = worker->engine->streams;
    while (motet_load_acquire_u32(&streams->closing) == 0) {
        motet_mutex_lock(&streams->lock);
        bool worked = work(worker->engine, streams, worker->scratch);
        bool live = has_own(streams);
        motet_mutex_unlock(&streams->lock);
        if (!worked) {
            motet_signal_flag_wait(&worker->wake, live ? MOTET_STREAM_POLL_NS : MOTET_STREAM_IDLE_NS);
        }
    }
    return NULL;
}

void motet_stream_workers_wake(motet_engine *engine)
{
    provide(engine);
    for (motet_stream_worker *worker = engine->streams->workers; worker != NULL; worker = worker->next) {
        motet_signal_flag_raise(&worker->wake);
    }
}

void motet_stream_workers_claim(motet_streams *streams, motet_stream *stream)
{
    while (stream->busy) {
        motet_mutex_unlock(&streams->lock);
        motet_sleep_until_ns(motet_monotonic_ns() + CLAIM_NS);
        motet_mutex_lock(&streams->lock);
    }
    stream->busy = true;
}

void motet_stream_workers_release(motet_stream *stream)
{
    stream->busy = false;
}

void motet_stream_workers_destroy(motet_engine *engine, bool forked)
{
    motet_streams *streams = engine->streams;
    if (!forked) {
        motet_mutex_lock(&streams->lock); /* whoever started one in the meantime has listed it */
        motet_stream_workers_wake(engine);
        motet_mutex_unlock(&streams->lock);
    }
    while (streams->workers != NULL) {
        motet_stream_worker *worker = streams->workers;
        streams->workers = worker->next;
        if (!forked) {
            motet_thread_join(&worker->thread);
            motet_signal_flag_destroy(&worker->wake);
        }
        motet_heap_give(&engine->heap, worker->scratch, motet_stream_scratch_bytes());
        motet_heap_give(&engine->heap, worker, sizeof *worker);
    }
}
