/* Tails: fading copies of a voice at the place that it has left. */
#include "engine/engine.h"
#include "engine/markers.h"
#include "engine/quiet.h"
#include "engine/slot_private.h"
#include "engine/source.h"
#include "engine/virtual.h"

#include <assert.h>

static motet_slot *slot_at(motet_engine *engine, uint32_t index) MOTET_NONBLOCKING
{
    assert(index < engine->slots.slot_count);
    return &engine->slots.slots[index];
}

motet_slot *motet_slot_take_tail(motet_engine *engine, motet_slot *voice) MOTET_NONBLOCKING
{
    motet_slots *slots = &engine->slots;
    if (slots->free_tail == MOTET_NO_SLOT) {
        return NULL;
    }
    motet_slot *tail = slot_at(engine, slots->free_tail);
    slots->free_tail = tail->place.next;
    slots->free_tail_count--;
    tail->place.owner = voice->place.index;
    tail->place.rank = ++slots->tails;
    tail->place.bus = voice->place.bus;
    tail->place.next_sibling = voice->place.first_tail;
    voice->place.first_tail = tail->place.index;
    voice->place.tail_count++;
    tail->place.older_tail = slots->newest_tail;
    tail->place.newer_tail = MOTET_NO_SLOT;
    if (slots->newest_tail != MOTET_NO_SLOT) {
        slot_at(engine, slots->newest_tail)->place.newer_tail = tail->place.index;
    } else {
        slots->oldest_tail = tail->place.index;
    }
    slots->newest_tail = tail->place.index;
    tail->phase = MOTET_SLOT_PLAYING;
    tail->channels = voice->channels;
    tail->play_number = voice->play_number;
    motet_bus_insert_slot(engine, tail);
    return tail;
}

static void unlink_from_family(motet_engine *engine, motet_slot *owner, uint32_t index) MOTET_NONBLOCKING
{
    uint32_t *link = &owner->place.first_tail;
    while (*link != index) {
        link = &slot_at(engine, *link)->place.next_sibling;
    }
    *link = slot_at(engine, index)->place.next_sibling;
    owner->place.tail_count--;
}

static void unlink_by_age(motet_engine *engine, motet_slot *tail) MOTET_NONBLOCKING
{
    motet_slots *slots = &engine->slots;
    if (tail->place.older_tail != MOTET_NO_SLOT) {
        slot_at(engine, tail->place.older_tail)->place.newer_tail = tail->place.newer_tail;
    } else {
        slots->oldest_tail = tail->place.newer_tail;
    }
    if (tail->place.newer_tail != MOTET_NO_SLOT) {
        slot_at(engine, tail->place.newer_tail)->place.older_tail = tail->place.older_tail;
    } else {
        slots->newest_tail = tail->place.older_tail;
    }
}

void motet_slot_free_tail(motet_engine *engine, motet_slot *tail) MOTET_NONBLOCKING
{
    motet_slot *owner = slot_at(engine, tail->place.owner);
    unlink_from_family(engine, owner, tail->place.index);
    unlink_by_age(engine, tail);
    tail->phase = MOTET_SLOT_FREE;
    tail->place.is_reserved = false;
    tail->cursor = tail->dry_until = tail->voice_until = MOTET_NO_COMMAND;
    tail->place.next = engine->slots.free_tail;
    engine->slots.free_tail = tail->place.index;
    engine->slots.free_tail_count++;
    if (owner->phase == MOTET_SLOT_ENDED && owner->place.tail_count == 0) {
        motet_slot_give_back(engine, owner);
    }
}

static void drop_oldest_tail(motet_engine *engine) MOTET_NONBLOCKING
{
    motet_slot *oldest = slot_at(engine, engine->slots.oldest_tail);
    motet_bus_remove_slot(engine, oldest);
    motet_slot_free_tail(engine, oldest);
    motet_count_u64(&engine->counters.tails_dropped, 1);
}

motet_slot *motet_slot_take_tail_or_drop(motet_engine *engine, motet_slot *voice) MOTET_NONBLOCKING
{
    if (engine->slots.free_tail == MOTET_NO_SLOT) {
        drop_oldest_tail(engine);
    }
    return motet_slot_take_tail(engine, voice);
}

void motet_slot_become_copy(motet_slot *tail, const motet_slot *voice) MOTET_NONBLOCKING
{
    motet_slot_place place = tail->place;
    *tail = *voice;
    tail->place = place;
    tail->place.is_reserved = false;
    tail->chain_last = MOTET_NO_COMMAND;
    tail->marked = false;
    motet_steady_leave(tail);
}

bool motet_slot_leaves_sound(const motet_slot *slot, const motet_command *command) MOTET_NONBLOCKING
{
    uint64_t frame = slot->now;
    bool silent = motet_ramp_value(&slot->jump, frame) == 0 && motet_ramp_slope(&slot->jump, frame) == 0;
    return !motet_slot_is_before_first_frame(slot) && !slot->held && !silent && command->fade_frames > 0;
}

bool motet_slot_fade_out_copy(motet_slot *tail, const motet_command *command) MOTET_NONBLOCKING
{
    if (!motet_slot_leaves_sound(tail, command)) {
        return false;
    }
    motet_ramp_start(&tail->jump, tail->now, command->fade_frames, (motet_curve)command->curve, 0);
    return true;
}

void motet_slot_fade_in_jump(motet_slot *slot, const motet_command *command) MOTET_NONBLOCKING
{
    if (slot->held || motet_slot_is_before_first_frame(slot)) {
        slot->jump = motet_ramp_hold(MOTET_RAMP_GAIN, 1); /* its resume fades in */
        return;
    }
    slot->jump = motet_ramp_hold(MOTET_RAMP_GAIN, 0);
    motet_ramp_start(&slot->jump, slot->now, command->fade_frames, (motet_curve)command->curve, 1);
}

void motet_slot_leave_tail(motet_engine *engine, motet_slot *slot) MOTET_NONBLOCKING
{
    motet_steady_leave(slot);
    motet_command declick = {.fade_frames = engine->declick_frames};
    if (motet_slot_leaves_sound(slot, &declick)) {
        motet_slot *tail = motet_slot_take_tail_or_drop(engine, slot);
        motet_slot_become_copy(tail, slot);
        motet_slot_fade_out_copy(tail, &declick);
    }
}

void motet_slot_come_back(motet_engine *engine, motet_slot *slot) MOTET_NONBLOCKING
{
    motet_command declick = {.fade_frames = engine->declick_frames};
    motet_quiet_rouse(slot);
    slot->sounded = false;
    motet_slot_fade_in_jump(slot, &declick);
}

void motet_slot_cross_over(motet_engine *engine, motet_slot *slot, const motet_edition *edition,
                           const motet_command *command) MOTET_NONBLOCKING
{
    motet_markers_tell(engine, slot); /* numbers of the old ones */
    motet_steady_leave(slot);
    bool is_real = !slot->place.is_virtual;
    if (is_real && motet_slot_leaves_sound(slot, command)) {
        motet_slot *tail = motet_slot_take_tail_or_drop(engine, slot);
        motet_slot_become_copy(tail, slot);
        motet_slot_fade_out_copy(tail, command);
    }
    if (is_real) { /* mono and stereo voices have lists of their own */
        motet_bus_remove_slot(engine, slot);
    }
    motet_source_change_material(slot, &edition->material);
    slot->edition = edition;
    slot->channels = edition->material.channels;
    slot->marked = edition->material.marker_count > 0;
    if (is_real) {
        motet_bus_insert_slot(engine, slot);
    }
    if (motet_source_is_over(slot)) {
        motet_slot_end(engine, slot, slot->now, MOTET_END_ENDED);
        return;
    }
    motet_slot_fade_in_jump(slot, command);
    motet_slot_tell_track(engine, slot);
    if (!is_real) {
        motet_virtual_set_alarm(engine, slot);
    }
}
