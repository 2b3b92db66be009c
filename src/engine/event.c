#include "engine/event.h"

#include "engine/engine.h"

#include <stdlib.h>

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
    return event->type == MOTET_EVENT_VOICE_ENDED ? MOTET_EVENT_OVERFLOW + 1 : (int)event->type;
}

/* The ring holds whole blocks, but inside a block the order of mixing: sorted here by frame, then by what cannot
 * depend on blocks. */
static int compare_events(const void *a, const void *b)
{
    const motet_event *x = a;
    const motet_event *y = b;
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

void motet_event_drain(motet_engine *engine)
{
    uint32_t count = motet_ring_count(&engine->events);
    for (uint32_t i = 0; i < count; i++) {
        motet_ring_pop(&engine->events, &engine->drained[i]);
    }
    qsort(engine->drained, count, sizeof *engine->drained, compare_events);
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
    case MOTET_END_NONE: break;
    }
    return "none";
}
