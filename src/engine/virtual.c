#include "engine/virtual.h"

#include "engine/engine.h"
#include "engine/loop.h"
#include "engine/markers.h"
#include "engine/slot_private.h"
#include "engine/source.h"
#include "engine/stream.h"

#include <assert.h>

bool motet_choice_create(motet_choice *choice, motet_heap *heap, uint32_t max_virtual, uint32_t max_buses)
{
    choice->alarms = motet_heap_take(heap, max_virtual * sizeof *choice->alarms, MOTET_CACHE_LINE);
    choice->bus_gains = motet_heap_take(heap, max_buses * sizeof *choice->bus_gains, MOTET_CACHE_LINE);
    return choice->alarms != NULL && choice->bus_gains != NULL;
}

void motet_choice_destroy(motet_choice *choice, motet_heap *heap, uint32_t max_virtual, uint32_t max_buses)
{
    motet_heap_give(heap, choice->alarms, max_virtual * sizeof *choice->alarms);
    motet_heap_give(heap, choice->bus_gains, max_buses * sizeof *choice->bus_gains);
}

static motet_slot *slot_at(motet_engine *engine, uint32_t index) MOTET_NONBLOCKING
{
    return &engine->slots.slots[index];
}

/* ------------------------------------------------------------------------------------------------------ Crowds */

static void join(motet_crowd *crowd, motet_slot *slot) MOTET_NONBLOCKING
{
    slot->place.crowd_at = crowd->count;
    crowd->slots[crowd->count++] = slot->place.index;
}

static void leave(motet_engine *engine, motet_crowd *crowd, motet_slot *slot) MOTET_NONBLOCKING
{
    uint32_t last = crowd->slots[--crowd->count];
    crowd->slots[slot->place.crowd_at] = last;
    slot_at(engine, last)->place.crowd_at = slot->place.crowd_at;
}

/* ------------------------------------------------------------------------------------------------------ Alarms */

static void put_alarm(motet_engine *engine, uint32_t at, uint32_t slot) MOTET_NONBLOCKING
{
    engine->choice.alarms[at] = slot;
    slot_at(engine, slot)->place.alarm_at = at;
}

static uint64_t alarm_of(motet_engine *engine, uint32_t at) MOTET_NONBLOCKING
{
    return slot_at(engine, engine->choice.alarms[at])->alarm;
}

/* Moves the slot at a place of the heap to where its alarm belongs. */
static void sift(motet_engine *engine, uint32_t at) MOTET_NONBLOCKING
{
    uint32_t count = engine->choice.alarm_count;
    uint32_t slot = engine->choice.alarms[at];
    uint64_t alarm = slot_at(engine, slot)->alarm;
    while (at > 0 && alarm < alarm_of(engine, (at - 1) / 2)) {
        put_alarm(engine, at, engine->choice.alarms[(at - 1) / 2]);
        at = (at - 1) / 2;
    }
    for (uint32_t child = 2 * at + 1; child < count; child = 2 * at + 1) {
        if (child + 1 < count && alarm_of(engine, child + 1) < alarm_of(engine, child)) {
            child++;
        }
        if (alarm <= alarm_of(engine, child)) {
            break;
        }
        put_alarm(engine, at, engine->choice.alarms[child]);
        at = child;
    }
    put_alarm(engine, at, slot);
}

static void clear_alarm(motet_engine *engine, motet_slot *slot) MOTET_NONBLOCKING
{
    uint32_t at = slot->place.alarm_at;
    if (at == MOTET_NO_SLOT) {
        return;
    }
    slot->place.alarm_at = MOTET_NO_SLOT;
    uint32_t last = --engine->choice.alarm_count;
    if (at != last) {
        put_alarm(engine, at, engine->choice.alarms[last]);
        sift(engine, at);
    }
}

void motet_virtual_set_alarm(motet_engine *engine, motet_slot *slot) MOTET_NONBLOCKING
{
    slot->alarm = motet_slot_next_cut(engine, slot, UINT64_MAX);
    if (!slot->held) {
        uint64_t left = motet_source_frames_left(engine, slot);
        if (motet_loop_is_on(slot) && left < MOTET_BLOCK_FRAMES) { /* the passes of a short loop are told together */
            uint64_t to_end = motet_source_frames_to_end(engine, slot);
            left = to_end < MOTET_BLOCK_FRAMES ? to_end : MOTET_BLOCK_FRAMES;
        }
        slot->alarm = left < slot->alarm - slot->now ? slot->now + left : slot->alarm;
        if (!motet_ramp_done(&slot->pitch, slot->now) && slot->now + MOTET_CHOICE_FRAMES < slot->alarm) {
            slot->alarm = slot->now + MOTET_CHOICE_FRAMES; /* a glide is added up frame by frame, a little at a time */
        }
    }
    uint64_t markers = motet_markers_alarm(engine, slot);
    slot->alarm = markers < slot->alarm ? markers : slot->alarm;
    if (slot->alarm == UINT64_MAX) {
        clear_alarm(engine, slot);
        return;
    }
    if (slot->place.alarm_at == MOTET_NO_SLOT) {
        slot->place.alarm_at = engine->choice.alarm_count++;
        engine->choice.alarms[slot->place.alarm_at] = slot->place.index;
    }
    sift(engine, slot->place.alarm_at);
}

static void move_on(motet_engine *engine, motet_slot *slot, uint64_t frame) MOTET_NONBLOCKING
{
    while (slot->phase == MOTET_SLOT_PLAYING && slot->now < frame) {
        uint64_t cut = motet_slot_next_cut(engine, slot, frame);
        if (slot->held) {
            slot->now = cut;
        } else {
            uint64_t left = motet_source_frames_to_end(engine, slot);
            uint64_t count = cut - slot->now < left ? cut - slot->now : left;
            count = motet_source_advance(engine, slot, count);
            slot->now += count;
            slot->begun = true;
            if (motet_source_is_over(slot)) {
                motet_slot_end(engine, slot, slot->now, motet_source_end_reason(slot));
                return;
            }
        }
        motet_slot_settle(engine, slot);
    }
}

/* The alarm that is due: what happens then, and the next one. */
static void ring(motet_engine *engine, motet_slot *slot) MOTET_NONBLOCKING
{
    move_on(engine, slot, slot->alarm);
    if (slot->phase == MOTET_SLOT_PLAYING) {
        motet_slot_tell_laps(engine, slot);
        if (slot->now % MOTET_BLOCK_FRAMES == 0) { /* as a real voice does */
            motet_markers_tell(engine, slot);
        }
        motet_slot_tell_track(engine, slot);
        motet_virtual_set_alarm(engine, slot);
    }
}

void motet_virtual_advance(motet_engine *engine, motet_slot *slot, uint64_t frame) MOTET_NONBLOCKING
{
    while (slot->phase == MOTET_SLOT_PLAYING && slot->place.alarm_at != MOTET_NO_SLOT && slot->alarm <= frame) {
        ring(engine, slot);
    }
    move_on(engine, slot, frame);
}

void motet_virtual_ring(motet_engine *engine, uint64_t until_frame) MOTET_NONBLOCKING
{
    while (engine->choice.alarm_count > 0 && alarm_of(engine, 0) <= until_frame) {
        ring(engine, slot_at(engine, engine->choice.alarms[0]));
    }
}

/* ----------------------------------------------------------------------------------------------------- Ranking */

void motet_virtual_measure(motet_engine *engine) MOTET_NONBLOCKING
{
    motet_topology_measure(engine->mixer.topology, engine->now, motet_ramp_value, engine->choice.bus_gains);
}

double motet_virtual_score_now(const motet_engine *engine, const motet_slot *slot) MOTET_NONBLOCKING
{
    uint64_t now = engine->now; /* a virtual voice may stand at an earlier frame; its ramps need no position */
    const motet_bus_node *node = engine->mixer.topology->by_index[slot->place.bus];
    return motet_ramp_value(&slot->volume, now) * motet_ramp_value(&slot->fade_in, now) *
           motet_ramp_value(&slot->pause_gate, now) * motet_ramp_value(&slot->stop_gate, now) *
           motet_ramp_value(&node->solo_gate, now) * engine->choice.bus_gains[slot->place.bus] * slot->weight;
}

static motet_candidate candidate_of(const motet_engine *engine, const motet_slot *slot) MOTET_NONBLOCKING
{
    return (motet_candidate){slot->place.index, slot->play_number, motet_virtual_score_now(engine, slot)};
}

/* Ties go to the older voice. */
static bool ranks_below(motet_candidate a, motet_candidate b) MOTET_NONBLOCKING
{
    return a.score != b.score ? a.score < b.score : a.play_number > b.play_number;
}

/* Keeps the first MOTET_CHOICE_SWAPS in a sorted list: lowest first, or highest first. */
static uint32_t enlist(motet_candidate *list, uint32_t count, motet_candidate candidate,
                       bool lowest_first) MOTET_NONBLOCKING
{
    uint32_t at = count;
    while (at > 0 && ranks_below(lowest_first ? candidate : list[at - 1], lowest_first ? list[at - 1] : candidate)) {
        at--;
    }
    if (at == MOTET_CHOICE_SWAPS) {
        return count;
    }
    count = count < MOTET_CHOICE_SWAPS ? count + 1 : count;
    for (uint32_t i = count - 1; i > at; i--) {
        list[i] = list[i - 1];
    }
    list[at] = candidate;
    return count;
}

static void rank_real(motet_engine *engine) MOTET_NONBLOCKING
{
    motet_choice *choice = &engine->choice;
    const motet_crowd *real = &engine->slots.real;
    motet_virtual_measure(engine);
    choice->lowest_first = choice->lowest_count = 0;
    choice->ranked_frame = engine->now + 1;
    for (uint32_t i = 0; i < real->count; i++) {
        const motet_slot *slot = slot_at(engine, real->slots[i]);
        if (slot->feed == NULL) {
            choice->lowest_count = enlist(choice->lowest, choice->lowest_count, candidate_of(engine, slot), true);
        }
    }
}

static uint32_t rank_virtual(motet_engine *engine, motet_candidate *best) MOTET_NONBLOCKING
{
    motet_choice *choice = &engine->choice;
    const motet_crowd *crowd = &engine->slots.virtual;
    uint32_t looked_at = crowd->count < MOTET_CHOICE_SLICE ? crowd->count : MOTET_CHOICE_SLICE;
    uint32_t count = 0;
    for (uint32_t i = 0; i < looked_at; i++) {
        choice->slice_at = choice->slice_at + 1 < crowd->count ? choice->slice_at + 1 : 0;
        const motet_slot *slot = slot_at(engine, crowd->slots[choice->slice_at]);
        if (slot->stream == NULL || slot->stream->ready) {
            count = enlist(best, count, candidate_of(engine, slot), false);
        }
    }
    return count;
}

/* ------------------------------------------------------------------------------------------------------- Moves */

static void stand_real(motet_engine *engine, motet_slot *slot) MOTET_NONBLOCKING
{
    slot->place.is_virtual = false;
    join(&engine->slots.real, slot);
    motet_bus_insert_slot(engine, slot);
}

static void stand_virtual(motet_engine *engine, motet_slot *slot) MOTET_NONBLOCKING
{
    slot->place.is_virtual = true;
    join(&engine->slots.virtual, slot);
    slot->place.alarm_at = MOTET_NO_SLOT;
    motet_virtual_set_alarm(engine, slot);
}

void motet_virtual_remove(motet_engine *engine, motet_slot *slot) MOTET_NONBLOCKING
{
    if (slot->place.is_virtual) {
        clear_alarm(engine, slot);
        leave(engine, &engine->slots.virtual, slot);
    } else {
        motet_bus_remove_slot(engine, slot);
        leave(engine, &engine->slots.real, slot);
    }
}

/* A real voice goes on silently; where it sounded, it fades out. */
static void make_virtual(motet_engine *engine, motet_slot *slot) MOTET_NONBLOCKING
{
    motet_slot_leave_tail(engine, slot);
    motet_virtual_remove(engine, slot);
    stand_virtual(engine, slot);
    motet_slot_tell_track(engine, slot);
}

static void make_real(motet_engine *engine, motet_slot *slot) MOTET_NONBLOCKING
{
    motet_virtual_advance(engine, slot, engine->now);
    if (slot->phase == MOTET_SLOT_PLAYING) {
        motet_virtual_remove(engine, slot);
        stand_real(engine, slot);
        motet_slot_come_back(engine, slot);
        motet_slot_tell_track(engine, slot);
    }
}

/* The lowest real voice that has not changed its place since they were ranked. */
static motet_candidate *next_lowest(motet_engine *engine) MOTET_NONBLOCKING
{
    motet_choice *choice = &engine->choice;
    while (choice->lowest_first < choice->lowest_count) {
        motet_candidate *candidate = &choice->lowest[choice->lowest_first];
        const motet_slot *slot = slot_at(engine, candidate->slot);
        bool same_voice = slot->phase == MOTET_SLOT_PLAYING && slot->play_number == candidate->play_number;
        if (same_voice && !slot->place.is_virtual && slot->feed == NULL) {
            return candidate;
        }
        choice->lowest_first++;
    }
    return NULL;
}

static bool is_full(const motet_engine *engine) MOTET_NONBLOCKING
{
    return motet_virtual_may_be_full(engine, 0);
}

void motet_virtual_choose(motet_engine *engine) MOTET_NONBLOCKING
{
    motet_candidate best[MOTET_CHOICE_SWAPS];
    if (engine->now % MOTET_CHOICE_FRAMES != 0 || engine->slots.virtual.count == 0) {
        return;
    }
    rank_real(engine);
    uint32_t count = rank_virtual(engine, best);
    for (uint32_t i = 0; i < count && best[i].score > 0; i++) {
        if (is_full(engine)) {
            motet_candidate *lowest = next_lowest(engine);
            if (lowest == NULL || best[i].score <= lowest->score * MOTET_CHOICE_MARGIN) {
                break;
            }
            engine->choice.lowest_first++;
            make_virtual(engine, slot_at(engine, lowest->slot));
        }
        make_real(engine, slot_at(engine, best[i].slot));
    }
}

/* Ranked once for all starts up to the next choice: that bounds what a burst of them costs. */
static bool is_ranked(const motet_engine *engine) MOTET_NONBLOCKING
{
    uint64_t ranked = engine->choice.ranked_frame;
    return ranked != 0 && (ranked - 1) / MOTET_CHOICE_FRAMES == engine->now / MOTET_CHOICE_FRAMES;
}

bool motet_virtual_may_be_full(const motet_engine *engine, uint32_t starts) MOTET_NONBLOCKING
{
    return engine->slots.real.count + starts >= engine->def.max_voices;
}

bool motet_virtual_place(motet_engine *engine, motet_slot *slot) MOTET_NONBLOCKING
{
    if (!is_full(engine)) {
        stand_real(engine, slot);
        return true;
    }
    if (!is_ranked(engine)) {
        rank_real(engine);
    }
    motet_candidate *lowest = next_lowest(engine);
    if (lowest != NULL && (slot->feed != NULL || motet_virtual_score_now(engine, slot) > lowest->score)) {
        engine->choice.lowest_first++;
        make_virtual(engine, slot_at(engine, lowest->slot));
        stand_real(engine, slot);
        return true;
    }
    stand_virtual(engine, slot);
    return slot->feed == NULL;
}
