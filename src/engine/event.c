#include "engine/event.h"

#include "engine/engine.h"

void motet_event_stage(motet_engine *engine, const motet_event *event) MOTET_NONBLOCKING
{
    /* Each voice has at most one end event in the ring, for its slot is not used again before that is taken out: so
     * as long as the others leave that many places, an end event always finds one. */
    bool must = event->type == MOTET_EVENT_VOICE_ENDED;
    if (must || motet_ring_room(&engine->events) > engine->slots.voice_count) {
        motet_ring_stage(&engine->events, event);
    } else {
        motet_count_u64(&engine->counters.events_lost, 1);
    }
}

void motet_event_append_locked(motet_engine *engine, const motet_event *event)
{
    motet_event_queue *queue = &engine->queue;
    if (queue->count == queue->size) {
        queue->first = (queue->first + 1) % queue->size;
        queue->count--;
        queue->lost++;
        queue->lost_untold++;
    }
    queue->events[(queue->first + queue->count++) % queue->size] = *event;
}

void motet_event_append(motet_engine *engine, const motet_event *event)
{
    motet_mutex_lock(&engine->lock);
    motet_event_append_locked(engine, event);
    motet_mutex_unlock(&engine->lock);
}

/* What is told first of one frame: the end of a voice last. */
static int rank_of(const motet_event *event)
{
    return event->type == MOTET_EVENT_VOICE_ENDED ? MOTET_EVENT_SOUND_FAILED + 1 : (int)event->type;
}

/* The ring holds whole blocks, but inside a block the order of mixing: sorted here by frame, then by what cannot
 * depend on blocks. */
static int compare_events(const motet_event *x, const motet_event *y)
{
    if (x->frame != y->frame) {
        return x->frame < y->frame ? -1 : 1;
    }
    if (rank_of(x) != rank_of(y)) {
        return rank_of(x) < rank_of(y) ? -1 : 1;
    }
    uint64_t x_id = x->voice.id != 0 ? x->voice.id : x->bus.id;
    uint64_t y_id = y->voice.id != 0 ? y->voice.id : y->bus.id;
    if (x_id != y_id) {
        return x_id < y_id ? -1 : 1;
    }
    return x->marker < y->marker ? -1 : x->marker > y->marker;
}

/* Lets the event at a place of a heap sink to where it belongs, the last one at the top. */
static void sink(motet_event *events, uint32_t count, uint32_t at)
{
    motet_event event = events[at];
    for (uint32_t child = 2 * at + 1; child < count; child = 2 * at + 1) {
        if (child + 1 < count && compare_events(&events[child], &events[child + 1]) < 0) {
            child++;
        }
        if (compare_events(&event, &events[child]) >= 0) {
            break;
        }
        events[at] = events[child];
        at = child;
    }
    events[at] = event;
}

/* In place: qsort may allocate, and this runs under the API lock. */
static void sort_events(motet_event *events, uint32_t count)
{
    for (uint32_t at = count / 2; at-- > 0;) {
        sink(events, count, at);
    }
    for (uint32_t left = count; left > 1; left--) {
        motet_event last = events[0];
        events[0] = events[left - 1];
        events[left - 1] = last;
        sink(events, left - 1, 0);
    }
}

/* Those for which the ring had no room. */
static void count_lost(motet_engine *engine)
{
    uint64_t lost = motet_load_relaxed_u64(&engine->counters.events_lost);
    engine->queue.lost_untold += (uint32_t)(lost - engine->queue.lost_in_ring);
    engine->queue.lost_in_ring = lost;
}

void motet_event_drain(motet_engine *engine)
{
    count_lost(engine);
    uint32_t count = motet_ring_count(&engine->events);
    for (uint32_t i = 0; i < count; i++) {
        motet_ring_pop(&engine->events, &engine->drained[i]);
    }
    sort_events(engine->drained, count);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t index, generation;
        motet_event *event = &engine->drained[i];
        if (motet_id_split(engine, event->voice.id, &index, &generation)) {
            const motet_voice_record *voice = &engine->voices[index]; /* still this one: its slot is not free yet */
            event->sound = voice->sound_id;
            if (event->type == MOTET_EVENT_VOICE_MARKER) { /* its number is of the sound that the set has picked */
                event->sound.id = motet_id_make(engine, voice->sound->index, voice->sound->generation);
            }
        }
        motet_event_append_locked(engine, event);
    }
}

bool motet_engine_poll_event(motet_engine *engine, motet_event *event)
{
    motet_result result;
    if (event == NULL || !motet_engine_enter(engine, &result)) {
        return false;
    }
    motet_event_queue *queue = &engine->queue;
    bool found = true;
    if (queue->lost_untold > 0) {
        *event = (motet_event){.type = MOTET_EVENT_OVERFLOW, .count = queue->lost_untold};
        queue->lost_untold = 0;
    } else if (queue->count > 0) {
        *event = queue->events[queue->first];
        queue->first = (queue->first + 1) % queue->size;
        queue->count--;
    } else {
        found = false;
    }
    motet_engine_leave(engine);
    return found;
}

const char *motet_end_reason_text(motet_end_reason reason)
{
    switch (reason) {
    case MOTET_END_ENDED: return "ended";
    case MOTET_END_STOPPED: return "stopped";
    case MOTET_END_STOLEN: return "stolen";
    case MOTET_END_REFUSED: return "refused";
    case MOTET_END_FAILED: return "failed";
    case MOTET_END_LATE: return "late";
    case MOTET_END_NONE: break;
    }
    return "none";
}
