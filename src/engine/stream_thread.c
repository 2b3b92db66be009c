#include "engine/engine.h"
#include "engine/feed_ring.h"
#include "engine/sound.h"
#include "engine/source.h"
#include "engine/stream_live.h"
#include "engine/stream_private.h"

#include <assert.h>
#include <string.h>

enum {
    PAGE_ALIGNMENT = 64,
    SPARE_PAGES = 4,   /* kept by a stream beyond those that are in use */
    POLITE_NS = 200000 /* left to a thread that waits to decode by itself */
};

/* --------------------------------------------------------------------------------------------------- Filling */

static bool is_there(const motet_stream *stream, motet_stream_key key)
{
    uint32_t pages = motet_load_relaxed_u32(&stream->page_count);
    for (uint32_t i = 0; i < pages; i++) {
        if (motet_load_relaxed_u64(&stream->pages[i].key) == key) {
            return true;
        }
    }
    return false;
}

static const motet_material *material_of(const motet_stream_file *file, motet_stream_key key)
{
    bool own = ((key - 1) & 1) != 0 || file->converted.sample_rate_hz == 0;
    return own ? &file->file : &file->converted;
}

/* Room for frames of either kind. */
static size_t page_bytes(const motet_stream_file *file)
{
    bool s16 = file->file.format == MOTET_FORMAT_S16 &&
               (file->converted.sample_rate_hz == 0 || file->converted.format == MOTET_FORMAT_S16);
    return (size_t)MOTET_STREAM_PAGE_FRAMES * file->file.channels * (s16 ? sizeof(int16_t) : sizeof(float));
}

/* A page that belongs to this side; one with memory, if there is one. */
static motet_stream_page *free_page(motet_stream *stream)
{
    uint32_t count = motet_load_relaxed_u32(&stream->page_count);
    motet_stream_page *bare = count < MOTET_STREAM_PAGES ? &stream->pages[count] : NULL;
    for (uint32_t i = 0; i < count; i++) {
        motet_stream_page *page = &stream->pages[i];
        if (motet_load_acquire_u64(&page->key) == 0) {
            if (page->samples != NULL) {
                return page;
            }
            bare = page;
        }
    }
    const motet_stream_file *file = stream->reader.file;
    if (bare != NULL) {
        bare->samples = motet_heap_take(file->heap, page_bytes(file), PAGE_ALIGNMENT);
    }
    if (bare == NULL || bare->samples == NULL) {
        return NULL;
    }
    if (bare == &stream->pages[count]) {
        motet_store_release_u32(&stream->page_count, count + 1);
    }
    return bare;
}

/* Gives back the memory of pages that seeks and high pitches have left. */
static void trim(motet_stream *stream)
{
    const motet_stream_file *file = stream->reader.file;
    uint32_t count = motet_load_relaxed_u32(&stream->page_count);
    uint32_t spare = 0;
    for (uint32_t i = 0; i < count; i++) {
        motet_stream_page *page = &stream->pages[i];
        if (page->samples != NULL && motet_load_acquire_u64(&page->key) == 0 && ++spare > SPARE_PAGES) {
            motet_heap_give(file->heap, page->samples, page_bytes(file));
            page->samples = NULL;
        }
    }
    while (count > 0 && stream->pages[count - 1].samples == NULL) {
        count--; /* whoever still looks at more finds them without a key */
    }
    motet_store_release_u32(&stream->page_count, count);
}

static void tell_end(motet_engine *engine, motet_stream *stream)
{
    const motet_stream_reader *reader = &stream->reader;
    bool is_new = reader->shorter && motet_load_relaxed_u64(&stream->end) != reader->end;
    if (!is_new || motet_load_relaxed_u32(&stream->over) != 0) {
        return; /* of one that is over it may be that it was given up */
    }
    const motet_stream_file *file = reader->file;
    bool converts = file->converted.sample_rate_hz != 0;
    motet_store_relaxed_u32(&stream->failed, reader->failed);
    motet_store_relaxed_u64(&stream->end_converted, converts ? motet_rate_frames(&file->filter, reader->end) : 0);
    motet_store_release_u64(&stream->end, reader->end);
    motet_log_write(&engine->log, MOTET_LOG_WARNING, "%s: the stream ends at frame %llu of %llu%s%s",
                    file->path != NULL ? file->path : "memory", (unsigned long long)reader->end,
                    (unsigned long long)file->file.frame_count, reader->error[0] != '\0' ? ": " : "", reader->error);
}

/* What is found in a sound's file while it plays is told by an event, once a sound. Never with what the audio thread
 * waits for: it may wait for the API lock. */
static void tell_found(motet_engine *engine, motet_stream *stream)
{
    const motet_stream_reader *reader = &stream->reader;
    motet_stream_file *file = reader->file;
    motet_event event = {.sound = stream->sound, .frame = motet_load_relaxed_u64(&engine->frame)};
    if (reader->shorter && !reader->failed && motet_claim_acquire_u64(&file->told_truncated, 0, 1)) {
        event.type = MOTET_EVENT_SOUND_TRUNCATED;
        motet_event_append(engine, &event);
    }
    if (reader->non_finite > 0 && motet_claim_acquire_u64(&file->told_non_finite, 0, 1)) {
        event.type = MOTET_EVENT_NON_FINITE;
        event.count = reader->non_finite > UINT32_MAX ? UINT32_MAX : (uint32_t)reader->non_finite;
        motet_event_append(engine, &event);
    }
}

bool motet_stream_fill(motet_engine *engine, motet_stream *stream, motet_stream_key key, void *scratch)
{
    if (stream->feed != NULL) {
        motet_stream_live_fill(engine, stream, scratch);
        tell_found(engine, stream);
        return true;
    }
    motet_stream_page *page = free_page(stream);
    if (page == NULL) {
        return false;
    }
    const motet_stream_file *file = stream->reader.file;
    const motet_material *material = material_of(file, key);
    uint64_t first = ((key - 1) >> 1) * MOTET_STREAM_PAGE_FRAMES;
    uint64_t whole =
        material == &file->file ? file->file.frame_count : motet_rate_frames(&file->filter, file->file.frame_count);
    uint64_t left = whole > first ? whole - first : 0;
    uint32_t count = left < MOTET_STREAM_PAGE_FRAMES ? (uint32_t)left : MOTET_STREAM_PAGE_FRAMES;
    uint64_t began_ns = motet_monotonic_ns();
    motet_stream_reader_read(&stream->reader, engine->mixer.kernels, scratch, material == &file->file, first, count,
                             page->samples);
    uint64_t took_ns = motet_monotonic_ns() - began_ns;
    if (!stream->is_own && took_ns > motet_load_relaxed_u64(&engine->counters.stream_slice_ns)) {
        motet_store_relaxed_u64(&engine->counters.stream_slice_ns, took_ns);
    }
    tell_end(engine, stream); /* before the page: whoever sees that one knows the end */
    stream->next_key = key + 2;
    motet_store_release_u64(&page->key, key);
    tell_found(engine, stream);
    return true;
}

/* ---------------------------------------------------------------------------------------------------- Choosing */

static uint32_t read_wants(const motet_stream *stream, motet_stream_want *wants)
{
    uint32_t turn, count;
    do {
        turn = motet_load_acquire_u32(&stream->turn);
        count = motet_load_acquire_u32(&stream->want_count[turn & 1]);
        for (uint32_t i = 0; i < count; i++) {
            wants[i].key = motet_load_acquire_u64(&stream->wants[turn & 1][2 * i]);
            wants[i].due = motet_load_acquire_u64(&stream->wants[turn & 1][2 * i + 1]);
        }
    } while (motet_load_relaxed_u32(&stream->turn) != turn);
    return count;
}

/* What a stream should have next: the page that is due first; but the decoder goes straight on as long as that one is
 * far off, since going back and forth costs more than decoding. */
motet_stream_want motet_stream_next_want(const motet_engine *engine, const motet_stream *stream)
{
    if (stream->feed != NULL) {
        return motet_stream_live_want(engine, stream);
    }
    motet_stream_want wants[MOTET_STREAM_WANTED];
    motet_stream_want best = {0, UINT64_MAX};
    motet_stream_want straight = {0, UINT64_MAX};
    uint32_t count = read_wants(stream, wants);
    for (uint32_t i = 0; i < count; i++) {
        if (is_there(stream, wants[i].key)) {
            continue;
        }
        best = wants[i].due < best.due ? wants[i] : best;
        straight = wants[i].key == stream->next_key ? wants[i] : straight;
    }
    uint64_t soon = motet_load_relaxed_u64(&engine->frame) + engine->def.sample_rate_hz / 5;
    return straight.key != 0 && best.due > soon ? (motet_stream_want){straight.key, best.due} : best;
}

void motet_streams_take_arrivals(motet_streams *streams)
{
    motet_stream *stream = motet_exchange_acquire_pointer(&streams->arrivals, NULL);
    while (stream != NULL) {
        motet_stream *next = stream->next;
        stream->next = streams->first;
        streams->first = stream;
        stream = next;
    }
}

void motet_stream_free(motet_stream *stream)
{
    motet_stream_file *file = motet_stream_file_hold(stream->reader.file);
    motet_heap *heap = file->heap;
    for (uint32_t i = 0; i < motet_load_relaxed_u32(&stream->page_count); i++) {
        if (stream->pages[i].samples != NULL) {
            motet_heap_give(heap, stream->pages[i].samples, page_bytes(file));
        }
    }
    motet_stream_reader_close(&stream->reader);
    motet_live_file_close(stream->live);
    if (stream->feed != NULL) {
        motet_feed_destroy(heap, stream->feed);
    }
    motet_heap_give(heap, stream, sizeof *stream);
    motet_stream_file_drop(file);
}

static void free_those_over(motet_streams *streams)
{
    for (motet_stream **link = &streams->first; *link != NULL;) {
        motet_stream *stream = *link;
        bool is_mine = !stream->is_own || streams->worker_count == 0;
        if (motet_load_acquire_u32(&stream->over) != 0 && is_mine) {
            *link = stream->next;
            motet_stream_free(stream);
        } else {
            link = &stream->next;
        }
    }
}

/* Fills the page that is due first of all; false when every stream has what it wants. */
static bool work_a_slice(motet_engine *engine, motet_streams *streams)
{
    motet_stream *chosen = NULL;
    motet_stream_want best = {0, UINT64_MAX};
    const motet_stream *newest = streams->first;
    motet_streams_take_arrivals(streams);
    if (streams->first != newest || streams->worker_count == 0) {
        motet_stream_workers_wake(engine);
    }
    if (!streams->held) {
        free_those_over(streams);
    }
    for (motet_stream *stream = streams->first; stream != NULL; stream = stream->next) {
        if (stream->is_own) {
            continue; /* the workers' */
        }
        motet_stream_want next = motet_stream_next_want(engine, stream);
        if (next.key != 0 && (chosen == NULL || next.due < best.due)) {
            chosen = stream;
            best = next;
        }
    }
    return chosen != NULL && motet_stream_fill(engine, chosen, best.key, streams->scratch);
}

static void *run_streams(void *user)
{
    motet_engine *engine = user;
    motet_streams *streams = engine->streams;
    while (motet_load_acquire_u32(&streams->closing) == 0) {
        motet_mutex_lock(&streams->lock);
        bool worked = work_a_slice(engine, streams);
        bool live = streams->first != NULL;
        for (motet_stream *stream = streams->first; !worked && stream != NULL; stream = stream->next) {
            if (!stream->busy) {
                trim(stream);
            }
        }
        motet_mutex_unlock(&streams->lock);
        if (!worked) {
            motet_signal_flag_wait(&streams->wake, live ? MOTET_STREAM_POLL_NS : MOTET_STREAM_IDLE_NS);
        } else if (motet_load_relaxed_u32(&streams->callers) != 0) {
            motet_sleep_until_ns(motet_monotonic_ns() + POLITE_NS);
        }
    }
    return NULL;
}

/* ------------------------------------------------------------------------------------------------ Control side */

bool motet_streams_begin(motet_engine *engine)
{
    if (engine->streams != NULL) {
        return true;
    }
    motet_streams *streams = motet_heap_take(&engine->heap, sizeof *streams, MOTET_CACHE_LINE);
    void *scratch = motet_heap_take(&engine->heap, motet_stream_scratch_bytes(), PAGE_ALIGNMENT);
    bool made = streams != NULL && scratch != NULL && motet_mutex_init(&streams->lock);
    if (made && !motet_signal_flag_init(&streams->wake)) {
        motet_mutex_destroy(&streams->lock);
        made = false;
    }
    if (made) {
        streams->scratch = scratch;
        engine->streams = streams;
        if (motet_thread_start(&streams->thread, "motet-stream", run_streams, engine)) {
            return true;
        }
        engine->streams = NULL;
        motet_mutex_destroy(&streams->lock);
        motet_signal_flag_destroy(&streams->wake);
    }
    motet_heap_give(&engine->heap, streams, sizeof *streams);
    motet_heap_give(&engine->heap, scratch, motet_stream_scratch_bytes());
    motet_fail(&engine->log, MOTET_ERROR_MEMORY, "no thread, or no memory, to stream sounds with");
    return false;
}

void motet_streams_destroy(motet_engine *engine, bool forked)
{
    motet_streams *streams = engine->streams;
    if (streams == NULL) {
        return;
    }
    if (!forked) {
        motet_store_release_u32(&streams->closing, 1);
        motet_signal_flag_raise(&streams->wake);
        motet_mutex_lock(&streams->lock);
        motet_streams_take_arrivals(streams);
        for (motet_stream *stream = streams->first; stream != NULL; stream = stream->next) {
            motet_store_release_u32(&stream->over, 1); /* what is being read is given up */
        }
        motet_mutex_unlock(&streams->lock);
        motet_thread_join(&streams->thread);
    }
    motet_stream_workers_destroy(engine, forked);
    motet_streams_take_arrivals(streams);
    while (streams->first != NULL) {
        motet_stream *stream = streams->first;
        streams->first = stream->next;
        motet_stream_free(stream);
    }
    if (!forked) { /* a child's copies may be locked for ever */
        motet_mutex_destroy(&streams->lock);
        motet_signal_flag_destroy(&streams->wake);
    }
    motet_heap_give(&engine->heap, streams->scratch, motet_stream_scratch_bytes());
    motet_heap_give(&engine->heap, streams, sizeof *streams);
    engine->streams = NULL;
}

/* What the voice will want when it starts: so that it is there by then. */
static void plan_start(motet_engine *engine, motet_stream *stream, const motet_voice_start *start, uint64_t frame)
{
    motet_slot slot = {.material = start->material, .stream = stream, .passes = start->loop_count};
    slot.pitch = motet_ramp_hold(MOTET_RAMP_FACTOR, start->pitch);
    slot.now = frame;
    motet_source_begin(&slot, start->from_frame, start->range, start->loop);
    motet_stream_plan(engine, stream, &slot, 0);
    motet_stream_show_plan(stream);
}

bool motet_stream_reserve(motet_engine *engine, const motet_sound_entry *sound)
{
    if (engine->streams->open == engine->def.max_streams) {
        motet_fail(NULL, MOTET_ERROR_LIMIT, "%s: all %u streams are in use (max_streams)", sound->name,
                   engine->def.max_streams);
        return false;
    }
    engine->streams->open++;
    return true;
}

void motet_stream_unreserve(motet_engine *engine)
{
    engine->streams->open--;
}

motet_stream *motet_stream_create(motet_engine *engine, motet_sound_entry *sound, uint32_t voice)
{
    motet_stream *stream = motet_heap_take(&engine->heap, sizeof *stream, MOTET_CACHE_LINE);
    bool live = sound->streamed->is_live;
    if (stream != NULL && live && (stream->feed = motet_stream_live_feed(engine, sound->streamed)) == NULL) {
        motet_heap_give(&engine->heap, stream, sizeof *stream);
        stream = NULL;
    }
    if (stream == NULL) {
        motet_fail(&engine->log, MOTET_ERROR_MEMORY, "%s: out of memory for a stream", sound->name);
        return NULL;
    }
    stream->voice = voice;
    const motet_material *material = &sound->edition->material;
    stream->sound = motet_sound_id(engine, sound);
    stream->is_own = motet_stream_file_is_own(sound->streamed);
    stream->material = *material;
    stream->original = material->original != NULL ? *material->original : *material;
    motet_store_relaxed_u64(&stream->end, UINT64_MAX);
    motet_stream_reader_init(&stream->reader, sound->streamed, &stream->over);
    return stream;
}

void motet_stream_send(motet_engine *engine, motet_stream *stream, const motet_voice_start *start, uint64_t frame)
{
    motet_streams *streams = engine->streams;
    void *top;
    if (stream->feed == NULL) {
        plan_start(engine, stream, start, frame);
    }
    do { /* fails only when the stream thread took the whole list in between */
        top = motet_load_acquire_pointer(&streams->arrivals);
        stream->next = top;
    } while (!motet_replace_release_pointer(&streams->arrivals, top, stream));
    motet_signal_flag_raise(&streams->wake);
}

void motet_stream_discard(motet_engine *engine, motet_stream *stream)
{
    engine->streams->open--;
    motet_stream_free(stream);
}

void motet_stream_drop(motet_engine *engine, motet_stream *stream)
{
    motet_stream_unreserve(engine);
    motet_store_release_u32(&stream->over, 1);
}

/* ------------------------------------------------------------------------------------- On the calling thread */

void motet_streams_lock(motet_streams *streams)
{
    motet_store_relaxed_u32(&streams->callers, 1);
    motet_mutex_lock(&streams->lock);
    motet_store_relaxed_u32(&streams->callers, 0);
    streams->held = true;
}

void motet_streams_unlock(motet_streams *streams)
{
    streams->held = false;
    motet_mutex_unlock(&streams->lock);
}

motet_stream *motet_streams_first(motet_streams *streams)
{
    motet_streams_take_arrivals(streams);
    free_those_over(streams);
    return streams->first;
}

void motet_streams_fill_plan(motet_engine *engine, motet_stream *stream)
{
    if (stream->feed != NULL || motet_load_acquire_u32(&stream->over) != 0) {
        return; /* its bytes come when they come, or to nobody any more */
    }
    motet_stream_workers_claim(engine->streams, stream);
    for (uint32_t i = 0; i < stream->plan_count; i++) {
        if (!is_there(stream, stream->plan[i].key)) {
            motet_stream_fill(engine, stream, stream->plan[i].key, engine->streams->scratch);
        }
    }
    motet_stream_workers_release(stream);
}
