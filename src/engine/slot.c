#include "engine/slot.h"

#include "engine/engine.h"
#include "engine/generator.h"
#include "engine/late.h"
#include "engine/markers.h"
#include "engine/pause.h"
#include "engine/queue.h"
#include "engine/quiet.h"
#include "engine/rules.h"
#include "engine/slot_private.h"
#include "engine/source.h"
#include "engine/stems.h"
#include "engine/stream.h"
#include "engine/virtual.h"

#include <assert.h>

bool motet_slots_create(motet_slots *slots, motet_heap *heap, uint32_t max_real, uint32_t max_virtual)
{
    uint32_t voices = max_real + max_virtual;
    slots->voice_count = voices;
    slots->slot_count = voices + max_real;
    slots->slots = motet_heap_take(heap, slots->slot_count * sizeof *slots->slots, MOTET_CACHE_LINE);
    slots->real.slots = motet_heap_take(heap, voices * sizeof(uint32_t), MOTET_CACHE_LINE);
    slots->virtual.slots = motet_heap_take(heap, voices * sizeof(uint32_t), MOTET_CACHE_LINE);
    if (slots->slots == NULL || slots->real.slots == NULL || slots->virtual.slots == NULL) {
        return false;
    }
    slots->free_tail = slots->oldest_tail = slots->newest_tail = MOTET_NO_SLOT;
    for (uint32_t i = slots->slot_count; i-- > 0;) {
        motet_slot *slot = &slots->slots[i];
        slot->place.index = i;
        slot->place.first_tail = slot->place.alarm_at = MOTET_NO_SLOT;
        slot->place.follower = slot->place.leader = slot->place.next_stem = MOTET_NO_SLOT;
        slot->cursor = slot->chain_last = slot->dry_until = slot->voice_until = MOTET_NO_COMMAND;
        if (i >= voices) {
            slot->place.is_tail = true;
            slot->place.next = slots->free_tail;
            slots->free_tail = i;
            slots->free_tail_count++;
        }
    }
    return true;
}

void motet_slots_destroy(motet_slots *slots, motet_heap *heap)
{
    motet_heap_give(heap, slots->slots, slots->slot_count * sizeof *slots->slots);
    motet_heap_give(heap, slots->real.slots, slots->voice_count * sizeof(uint32_t));
    motet_heap_give(heap, slots->virtual.slots, slots->voice_count * sizeof(uint32_t));
    slots->slots = NULL;
}

static motet_slot *slot_at(motet_engine *engine, uint32_t index) MOTET_NONBLOCKING
{
    assert(index < engine->slots.slot_count);
    return &engine->slots.slots[index];
}

/* ------------------------------------------------------------------------------------------- Coming and going */

static void set_phase(motet_engine *engine, const motet_slot *slot, motet_voice_phase phase) MOTET_NONBLOCKING
{
    motet_voice_record *record = &engine->voices[slot->place.index];
    motet_store_release_u64(&record->state, (uint64_t)slot->generation << 8 | (uint64_t)phase);
}

void motet_slot_give_back(motet_engine *engine, motet_slot *slot) MOTET_NONBLOCKING
{
    motet_voice_record *record = &engine->voices[slot->place.index];
    slot->phase = MOTET_SLOT_FREE;
    if (slot->stream != NULL) {
        motet_stream_leave(engine, slot->stream);
    }
    motet_render_cancel_stop(engine, slot->place.index);
    motet_store_release_pointer(&record->next_garbage, engine->finished);
    engine->finished = record;
}

static void end_voice(motet_engine *engine, motet_slot *slot, uint64_t frame, motet_end_reason reason) MOTET_NONBLOCKING
{
    if (slot->phase == MOTET_SLOT_PLAYING) {
        motet_slot_tell_laps(engine, slot);
        motet_markers_tell(engine, slot);
        motet_generator_tell_bad(engine, slot);
        motet_virtual_remove(engine, slot);
        motet_rules_leave(engine, slot);
        engine->live--;
    }
    motet_late_leave(engine, slot);
    slot->phase = MOTET_SLOT_ENDED;
    slot->ended_as = (uint8_t)reason;
    set_phase(engine, slot, MOTET_VOICE_ENDED);
    motet_event event = {.type = MOTET_EVENT_VOICE_ENDED,
                         .reason = reason,
                         .frame = frame,
                         .voice = {motet_id_make(engine, slot->place.index, slot->generation)},
                         .user = slot->user};
    motet_event_stage(engine, &event);
    if (slot->place.tail_count == 0) {
        motet_slot_give_back(engine, slot);
    }
}

void motet_slot_end(motet_engine *engine, motet_slot *slot, uint64_t frame, motet_end_reason reason) MOTET_NONBLOCKING
{
    if (slot->place.is_tail) {
        motet_bus_remove_slot(engine, slot);
        motet_slot_free_tail(engine, slot);
        return;
    }
    for (;;) { /* with those that are queued after it, if it has not come to its end */
        uint32_t follower = motet_queue_leave(engine, slot, reason);
        motet_stems_leave(engine, slot);
        end_voice(engine, slot, frame, reason);
        if (follower == MOTET_NO_SLOT) {
            return;
        }
        slot = slot_at(engine, follower);
        reason = MOTET_END_STOPPED;
    }
}

void motet_slot_tell_laps(motet_engine *engine, motet_slot *slot) MOTET_NONBLOCKING
{
    if (slot->laps > 0) {
        motet_event event = {.type = MOTET_EVENT_VOICE_LOOPED,
                             .frame = slot->lap_frame,
                             .voice = {motet_id_make(engine, slot->place.index, slot->generation)},
                             .user = slot->user,
                             .count = slot->laps};
        motet_event_stage(engine, &event);
        slot->laps = 0;
    }
}

void motet_slot_tell_track(motet_engine *engine, motet_slot *slot) MOTET_NONBLOCKING
{
    bool stands = slot->held || (slot->gap && !slot->locked);
    bool goes_round = slot->loop && slot->passes != 1;
    uint64_t place = motet_source_position(slot);
    uint64_t words[] = {
        slot->now,
        place >> 16,
        (place & 0xffff) << 16 | (uint64_t)goes_round << 32 | (uint64_t)slot->place.is_virtual << 33 |
            (uint64_t)slot->begun << 34,
        stands ? 0 : motet_source_file_step(engine, slot),
        slot->range.start,
        slot->range.end,
        slot->passes,
    };
    motet_seqlock_write(&engine->voices[slot->place.index].track, words, 7);
    slot->moved = !motet_ramp_done(&slot->pitch, slot->now); /* to be told again, and once more behind its end */
}

static void set_fade_in(motet_engine *engine, motet_slot *slot) MOTET_NONBLOCKING
{
    uint32_t frames = slot->fade_in_frames;
    if (slot->fade_in_default) {
        frames = slot->position > 0 || slot->fraction > 0 ? engine->declick_frames : 0;
    }
    slot->fade_in = motet_ramp_hold(MOTET_RAMP_GAIN, 0);
    motet_ramp_start(&slot->fade_in, slot->start_frame, frames, (motet_curve)slot->fade_in_curve, 1);
}

/* The balance: 0 dB on both sides at the centre, no cross-feed. */
static double left_of(double pan) MOTET_NONBLOCKING
{
    return pan > 0 ? 1 - pan : 1;
}

static double right_of(double pan) MOTET_NONBLOCKING
{
    return pan < 0 ? 1 + pan : 1;
}

void motet_slot_prepare(motet_engine *engine, const motet_command *play) MOTET_NONBLOCKING
{
    motet_slot *slot = slot_at(engine, play->target);
    const motet_voice_start *start = &engine->voices[play->target].start;
    assert(slot->phase == MOTET_SLOT_FREE && slot->place.tail_count == 0);
    slot->generation = play->generation;
    slot->phase = MOTET_SLOT_WAITING;
    slot->steady.kind = MOTET_NOT_STEADY;
    slot->place.bus = start->bus;
    slot->edition = start->edition;
    slot->material = start->material;
    slot->feed = start->feed;
    slot->supply = start->feed != NULL ? MOTET_SUPPLY_THERE : MOTET_SUPPLY_MISSING;
    slot->stream = NULL;
    slot->channels = start->feed != NULL ? start->feed->channels : 0;
    slot->loop = start->loop;
    slot->range = start->range;
    slot->from_frame = start->from_frame;
    slot->missed = 0;
    slot->start_frame = play->frame;
    slot->quality = start->quality;
    bool stands = motet_pause_wanted_by_bus(engine, slot);
    slot->pauses = (uint8_t)((start->paused ? MOTET_PAUSED_ITSELF : 0) | (stands ? MOTET_PAUSED_BY_BUS : 0));
    slot->paused = slot->held = slot->pauses != 0;
    slot->stopping = slot->sounded = slot->begun = slot->is_quiet = false;
    slot->dry_until = MOTET_NO_COMMAND; /* the slot's last voice may have ended on its way to another bus */
    slot->gap = start->feed != NULL && start->feed->generator == NULL;
    slot->gap_seen = UINT64_MAX;
    slot->passes = start->loop_count;
    slot->laps = 0;
    slot->marked = false;
    slot->markers_passed = 0;
    if (start->feed != NULL) {
        motet_source_begin(slot, 0, start->range, false);
    }
    slot->volume = motet_ramp_hold(MOTET_RAMP_GAIN, start->gain);
    slot->share_left = motet_ramp_hold(MOTET_RAMP_PAN, left_of(start->pan));
    slot->share_right = motet_ramp_hold(MOTET_RAMP_PAN, right_of(start->pan));
    slot->pitch = motet_ramp_hold(MOTET_RAMP_FACTOR, start->pitch);
    slot->jump = slot->stop_gate = motet_ramp_hold(MOTET_RAMP_GAIN, 1);
    slot->pause_gate = motet_ramp_hold(MOTET_RAMP_GAIN, slot->paused ? 0 : 1);
    slot->sequence = play->sequence;
    slot->cancelled = 0;
    slot->end_reason = MOTET_END_STOPPED;
    slot->weight = start->weight;
    slot->rules = start->rules;
    slot->sound = start->sound;
    slot->played = start->played;
    slot->place.is_virtual = false;
    slot->user = start->user;
    slot->fade_in_frames = play->fade_frames;
    slot->fade_in_curve = play->curve;
    slot->fade_in_default = play->default_fade;
    slot->locked = start->is_stem;
    if (start->is_last_stem) {
        motet_stems_link(engine, slot);
    }
    motet_late_take(engine, slot);
}

void motet_slot_start(motet_engine *engine, motet_slot *slot, uint64_t frame) MOTET_NONBLOCKING
{
    if (slot->supply != MOTET_SUPPLY_THERE && !motet_late_may_start(engine, slot, frame)) {
        return;
    }
    if (!motet_rules_admit(engine, slot, frame)) {
        motet_slot_end(engine, slot, frame, MOTET_END_REFUSED);
        return;
    }
    slot->phase = MOTET_SLOT_PLAYING;
    slot->start_frame = frame;
    slot->now = frame;
    slot->play_number = ++engine->slots.plays;
    set_fade_in(engine, slot);
    set_phase(engine, slot, MOTET_VOICE_PLAYING);
    motet_rules_join(engine, slot);
    bool placed = motet_virtual_place(engine, slot);
    motet_slot_tell_track(engine, slot);
    engine->live++;
    motet_count_u64(&engine->counters.voices_started, 1);
    if (engine->live > motet_load_relaxed_u64(&engine->counters.voices_peak)) {
        motet_store_relaxed_u64(&engine->counters.voices_peak, engine->live);
    }
    if (!placed) {
        motet_slot_end(engine, slot, frame, MOTET_END_REFUSED); /* a fed voice, and all real ones are fed */
    } else if (slot->feed == NULL && motet_source_is_over(slot)) {
        motet_slot_end(engine, slot, frame, motet_source_end_reason(slot));
    }
}

/* --------------------------------------------------------------------------------------------- What commands do */

/* Gates move by the command's fade, or stand at once before the first frame. */
static void move(motet_ramp *ramp, const motet_slot *slot, const motet_command *command, double to) MOTET_NONBLOCKING
{
    if (motet_slot_is_before_first_frame(slot)) {
        *ramp = motet_ramp_hold((motet_ramp_unit)ramp->unit, to);
    } else {
        motet_ramp_start(ramp, slot->now, command->fade_frames, (motet_curve)command->curve, to);
    }
}

static void move_pan(motet_slot *slot, const motet_command *command, double pan) MOTET_NONBLOCKING
{
    move(&slot->share_left, slot, command, left_of(pan));
    move(&slot->share_right, slot, command, right_of(pan));
}

/* The gate follows what has the slot paused, all in all. */
static void set_pauses(motet_slot *slot, const motet_command *command, uint32_t pauses) MOTET_NONBLOCKING
{
    slot->pauses = (uint8_t)pauses;
    if (slot->paused == (pauses != 0)) {
        return;
    }
    slot->paused = pauses != 0;
    if (slot->paused) {
        move(&slot->pause_gate, slot, command, 0);
        slot->held = motet_ramp_done(&slot->pause_gate, slot->now);
        return;
    }
    if (!slot->place.is_tail && slot->jump.to == 0) { /* it has gone into a paused bus, silently */
        if (slot->held) {
            slot->jump = motet_ramp_hold(MOTET_RAMP_GAIN, 1);
        } else {
            motet_ramp_start(&slot->jump, slot->now, command->fade_frames, (motet_curve)command->curve, 1);
        }
    }
    slot->held = false;
    if (slot->phase == MOTET_SLOT_WAITING || slot->now == slot->start_frame) {
        slot->pause_gate = motet_ramp_hold(MOTET_RAMP_GAIN, 1); /* it has not waited */
    } else {
        motet_ramp_start(&slot->pause_gate, slot->now, command->fade_frames, (motet_curve)command->curve, 1);
    }
}

/* Sets the stop gate moving; true when there is nothing left to hear. */
static bool apply_stop(motet_slot *slot, const motet_command *command) MOTET_NONBLOCKING
{
    if (motet_slot_is_before_first_frame(slot) || slot->held || command->fade_frames == 0) {
        return true;
    }
    slot->stopping = true;
    motet_ramp_start(&slot->stop_gate, slot->now, command->fade_frames, (motet_curve)command->curve, 0);
    return motet_ramp_done(&slot->stop_gate, slot->now); /* one stop upon another can find the gate closed */
}

/* The old place of a voice that seeks. A tail that was reserved for it stands in the list that is being walked and may
 * be the next in it: where it is not needed it ends when its turn comes. */
static void leave_tail(motet_engine *engine, const motet_slot *slot, const motet_command *command) MOTET_NONBLOCKING
{
    motet_slot *tail = slot_at(engine, command->tail);
    if (motet_slot_leaves_sound(slot, command)) {
        motet_slot_become_copy(tail, slot);
        tail->voice_until = MOTET_NO_COMMAND;
        tail->cursor = command->next;
        motet_slot_fade_out_copy(tail, command);
    } else if (!tail->place.is_reserved) {
        motet_slot_end(engine, tail, slot->now, MOTET_END_NONE);
    }
}

static void apply_seek(motet_engine *engine, motet_slot *slot, const motet_command *command) MOTET_NONBLOCKING
{
    bool at_start = motet_slot_is_before_first_frame(slot);
    if (!at_start && command->tail != MOTET_NO_SLOT && slot->dry_until == MOTET_NO_COMMAND) {
        leave_tail(engine, slot, command);
    }
    motet_source_seek(slot, command->value.position);
    slot->sounded = false;
    if (slot->phase == MOTET_SLOT_PLAYING && motet_source_is_over(slot)) {
        motet_slot_end(engine, slot, slot->now, motet_source_end_reason(slot));
    } else if (!at_start) {
        motet_slot_fade_in_jump(slot, command);
    } else if (slot->phase == MOTET_SLOT_PLAYING) {
        set_fade_in(engine, slot);
    }
}

static bool may_make_louder(const motet_command *command) MOTET_NONBLOCKING
{
    return command->kind == MOTET_COMMAND_SET_VOLUME || command->kind == MOTET_COMMAND_SET_VALUES ||
           command->kind == MOTET_COMMAND_SET_BUS || command->kind == MOTET_COMMAND_RESUME ||
           command->kind == MOTET_COMMAND_LET_GO;
}

void motet_slot_apply(motet_engine *engine, motet_slot *slot, const motet_command *command) MOTET_NONBLOCKING
{
    motet_steady_leave(slot);
    slot->moved = true;
    if (may_make_louder(command)) {
        motet_quiet_rouse(slot);
    }
    if (slot->phase == MOTET_SLOT_WAITING && motet_late_note(engine, slot, command)) {
        return;
    }
    switch ((motet_command_kind)command->kind) {
    case MOTET_COMMAND_STOP:
    case MOTET_COMMAND_STOP_SOUND:
    case MOTET_COMMAND_STOP_BUS:
        if (apply_stop(slot, command)) {
            motet_slot_end(engine, slot, slot->phase == MOTET_SLOT_WAITING ? engine->now : slot->now,
                           (motet_end_reason)slot->end_reason);
        }
        break;
    case MOTET_COMMAND_PAUSE: set_pauses(slot, command, slot->pauses | MOTET_PAUSED_ITSELF); break;
    case MOTET_COMMAND_RESUME: set_pauses(slot, command, slot->pauses & ~(uint32_t)MOTET_PAUSED_ITSELF); break;
    case MOTET_COMMAND_HOLD: set_pauses(slot, command, slot->pauses | MOTET_PAUSED_BY_BUS); break;
    case MOTET_COMMAND_LET_GO: set_pauses(slot, command, slot->pauses & ~(uint32_t)MOTET_PAUSED_BY_BUS); break;
    case MOTET_COMMAND_SEEK: apply_seek(engine, slot, command); break;
    case MOTET_COMMAND_SET_VOLUME: move(&slot->volume, slot, command, command->value.number); break;
    case MOTET_COMMAND_SET_PAN: move_pan(slot, command, command->value.number); break;
    case MOTET_COMMAND_SET_PITCH: move(&slot->pitch, slot, command, command->value.number); break;
    case MOTET_COMMAND_SET_VALUES:
        move(&slot->volume, slot, command, command->value.values.gain);
        move_pan(slot, command, (double)command->value.values.pan);
        move(&slot->pitch, slot, command, command->value.values.pitch);
        break;
    case MOTET_COMMAND_SET_LOOP: motet_source_set_loop(slot, command->index != 0); break;
    case MOTET_COMMAND_SET_LOOP_RANGE:
        motet_source_set_loop_range(slot, command->value.range.start, command->value.range.end);
        break;
    case MOTET_COMMAND_SET_BUS:
        motet_slot_fade_in_jump(slot, command); /* it stands in the new bus's list already */
        break;
    case MOTET_COMMAND_CANCEL: slot->cancelled = command->sequence; break;
    default: assert(false && "not a voice's command");
    }
}

static double pitch_of(const motet_command *command) MOTET_NONBLOCKING
{
    return command->kind == MOTET_COMMAND_SET_PITCH ? command->value.number : command->value.values.pitch;
}

/* A tail follows its voice's stops and pauses, from its own present state. Where frames are made as they are needed it
 * follows the pitch too, or the two would need to have more and more of them kept. */
static void apply_to_tail(motet_engine *engine, motet_slot *tail, const motet_command *command) MOTET_NONBLOCKING
{
    switch ((motet_command_kind)command->kind) {
    case MOTET_COMMAND_STOP:
    case MOTET_COMMAND_STOP_SOUND:
    case MOTET_COMMAND_STOP_BUS:
    case MOTET_COMMAND_PAUSE:
    case MOTET_COMMAND_RESUME: motet_slot_apply(engine, tail, command); break;
    case MOTET_COMMAND_SET_PITCH:
    case MOTET_COMMAND_SET_VALUES:
        if (tail->feed != NULL && motet_feed_is_made(tail->feed)) {
            move(&tail->pitch, tail, command, pitch_of(command));
        }
        break;
    default: break;
    }
}

void motet_slot_apply_due(motet_engine *engine, motet_slot *slot) MOTET_NONBLOCKING
{
    while (slot->phase == MOTET_SLOT_PLAYING && slot->cursor != MOTET_NO_COMMAND) {
        uint32_t index = slot->cursor;
        const motet_command *command = &engine->commands.commands[index];
        if (command->frame > slot->now) {
            return;
        }
        slot->cursor = command->next;
        if (index == slot->dry_until) {
            slot->dry_until = MOTET_NO_COMMAND;
        }
        if (index == slot->voice_until) {
            slot->voice_until = MOTET_NO_COMMAND;
            if (!motet_slot_fade_out_copy(slot, command)) {
                motet_slot_end(engine, slot, slot->now, MOTET_END_NONE);
            }
        } else if (slot->place.is_tail && slot->voice_until == MOTET_NO_COMMAND) {
            apply_to_tail(engine, slot, command);
        } else {
            motet_slot_apply(engine, slot, command);
        }
    }
}

/* -------------------------------------------------------------------------------------- At once, or in the block */

/* Takes a playing voice into another bus's list. Where it sounds, `tail` (taken in the old bus already) stays behind
 * as a copy. */
static void move_to_bus(motet_engine *engine, motet_slot *voice, uint32_t bus, motet_slot *tail) MOTET_NONBLOCKING
{
    if (tail != NULL) {
        motet_slot_become_copy(tail, voice);
    }
    motet_steady_leave(voice);
    motet_bus_remove_slot(engine, voice);
    voice->place.bus = bus;
    motet_bus_insert_slot(engine, voice);
}

static void set_bus_now(motet_engine *engine, motet_slot *slot, const motet_command *command) MOTET_NONBLOCKING
{
    motet_curve curve = (motet_curve)command->curve;
    if (slot->place.bus == command->index) {
        return;
    }
    if (slot->phase == MOTET_SLOT_WAITING || slot->place.is_virtual) {
        slot->place.bus = command->index;
        motet_pause_settle_voice(engine, slot, command->fade_frames, curve);
        return;
    }
    /* Where nothing would be heard of a tail, no other may be dropped for it. */
    motet_slot *tail = motet_slot_leaves_sound(slot, command) ? motet_slot_take_tail_or_drop(engine, slot) : NULL;
    bool at_start = motet_slot_is_before_first_frame(slot);
    move_to_bus(engine, slot, command->index, tail);
    if (tail != NULL) {
        motet_slot_fade_out_copy(tail, command);
    }
    motet_quiet_rouse(slot);
    if (!at_start) {
        motet_slot_fade_in_jump(slot, command);
    }
    motet_pause_settle_voice(engine, slot, command->fade_frames, curve);
    if (!at_start && engine->mixer.topology->by_index[command->index]->stands) {
        /* It runs on until it is held, but is not heard in a bus that is paused. */
        slot->jump = motet_ramp_hold(MOTET_RAMP_GAIN, slot->held ? 1 : 0);
    }
}

static void apply_to_tails_now(motet_engine *engine, motet_slot *slot, const motet_command *command) MOTET_NONBLOCKING
{
    uint32_t next;
    for (uint32_t tail = slot->place.first_tail; tail != MOTET_NO_SLOT; tail = next) {
        next = slot_at(engine, tail)->place.next_sibling;
        apply_to_tail(engine, slot_at(engine, tail), command);
    }
}

static void apply_to_voice_now(motet_engine *engine, motet_slot *slot, motet_command *command) MOTET_NONBLOCKING
{
    if (command->kind == MOTET_COMMAND_SET_BUS) {
        set_bus_now(engine, slot, command);
        return;
    }
    command->tail = MOTET_NO_SLOT;
    command->next = MOTET_NO_COMMAND;
    if (command->kind == MOTET_COMMAND_SEEK && !slot->place.is_virtual && motet_slot_leaves_sound(slot, command)) {
        command->tail = motet_slot_take_tail_or_drop(engine, slot)->place.index;
    }
    apply_to_tails_now(engine, slot, command); /* before the voice: its end may free the last of them */
    motet_slot_apply(engine, slot, command);
    motet_queue_replan(engine, slot, command);
    if (slot->phase == MOTET_SLOT_PLAYING && slot->place.is_virtual) {
        motet_slot_tell_track(engine, slot);
        motet_virtual_set_alarm(engine, slot);
    }
}

bool motet_slot_is_over(motet_engine *engine, const motet_command *command) MOTET_NONBLOCKING
{
    const motet_slot *slot = slot_at(engine, command->target);
    return slot->generation != command->generation || slot->phase == MOTET_SLOT_FREE;
}

/* A virtual voice is brought to the frame first, and may end on the way. */
static void apply_where_it_is(motet_engine *engine, motet_slot *slot, motet_command *command,
                              uint64_t frame) MOTET_NONBLOCKING
{
    if (slot->phase == MOTET_SLOT_PLAYING && slot->place.is_virtual) {
        motet_virtual_advance(engine, slot, frame);
    }
    if (motet_slot_is_alive(slot)) {
        apply_to_voice_now(engine, slot, command);
    }
}

void motet_slot_apply_own(motet_engine *engine, motet_slot *slot, motet_command *command) MOTET_NONBLOCKING
{
    apply_where_it_is(engine, slot, command, engine->now);
}

void motet_slot_steal(motet_engine *engine, motet_slot *victim) MOTET_NONBLOCKING
{
    motet_command stop = {.kind = MOTET_COMMAND_STOP, .fade_frames = engine->declick_frames};
    motet_rules_leave(engine, victim);
    victim->end_reason = MOTET_END_STOLEN;
    apply_where_it_is(engine, victim, &stop, engine->now);
}

void motet_slot_fade_away(motet_engine *engine, motet_slot *slot, uint32_t frames, motet_curve curve) MOTET_NONBLOCKING
{
    motet_command stop = {.kind = MOTET_COMMAND_STOP, .fade_frames = frames, .curve = (uint8_t)curve};
    if (slot->place.is_virtual) {
        motet_virtual_advance(engine, slot, engine->now);
    }
    apply_to_tails_now(engine, slot, &stop);
    motet_steady_leave(slot);
    slot->moved = slot->stopping = true;
    slot->end_reason = MOTET_END_ENDED;
    motet_ramp_start(&slot->stop_gate, slot->now, frames, curve, 0);
    if (slot->place.is_virtual) {
        motet_virtual_set_alarm(engine, slot);
    }
}

static bool is_cancelled(const motet_slot *slot, const motet_command *command) MOTET_NONBLOCKING
{
    return command->sequence <= slot->cancelled && command->kind != MOTET_COMMAND_PLAY;
}

static bool is_stopped_by(const motet_engine *engine, const motet_slot *slot,
                          const motet_command *command) MOTET_NONBLOCKING
{
    if (!motet_slot_is_alive(slot) || slot->sequence >= command->sequence) {
        return false;
    }
    if (command->kind == MOTET_COMMAND_STOP_BUS) {
        return motet_topology_is_under(engine->mixer.topology, slot->place.bus, command->target);
    }
    return slot->sound == command->value.pointer || slot->played == command->value.pointer;
}

static void stop_many_now(motet_engine *engine, motet_command *command) MOTET_NONBLOCKING
{
    for (uint32_t i = 0; i < engine->slots.voice_count; i++) {
        motet_slot *slot = slot_at(engine, i);
        if (is_stopped_by(engine, slot, command)) {
            apply_where_it_is(engine, slot, command, engine->now);
        }
    }
}

static bool stops_many(const motet_command *command) MOTET_NONBLOCKING
{
    return command->kind == MOTET_COMMAND_STOP_SOUND || command->kind == MOTET_COMMAND_STOP_BUS;
}

void motet_slot_apply_now(motet_engine *engine, uint32_t index) MOTET_NONBLOCKING
{
    motet_command *command = &engine->commands.commands[index];
    if (stops_many(command)) {
        stop_many_now(engine, command);
        return;
    }
    motet_slot *slot = slot_at(engine, command->target);
    if (slot->generation != command->generation || !motet_slot_is_alive(slot) || is_cancelled(slot, command) ||
        (command->is_shared && motet_stems_have_lost(engine, command))) {
        return;
    }
    const motet_voice_start *start = &engine->voices[command->target].start;
    if (command->kind == MOTET_COMMAND_PLAY && start->after_generation != 0) {
        motet_queue_arrive(engine, slot);
    } else if (command->kind == MOTET_COMMAND_PLAY && start->is_stem) {
        motet_stems_arrive(engine, slot);
    } else if (command->kind == MOTET_COMMAND_PLAY) {
        motet_slot_start(engine, slot, command->frame);
    } else {
        apply_where_it_is(engine, slot, command, engine->now);
    }
}

/* Appends a command to the chain of a voice, which its tails follow too. */
static void chain(motet_engine *engine, motet_slot *slot, uint32_t index) MOTET_NONBLOCKING
{
    motet_command *commands = engine->commands.commands;
    motet_steady_leave(slot);
    commands[index].next = MOTET_NO_COMMAND;
    commands[index].tail = MOTET_NO_SLOT;
    if (slot->chain_last != MOTET_NO_COMMAND) {
        commands[slot->chain_last].next = index;
    } else {
        slot->cursor = index;
        for (uint32_t t = slot->place.first_tail; t != MOTET_NO_SLOT; t = slot_at(engine, t)->place.next_sibling) {
            slot_at(engine, t)->cursor = index;
        }
    }
    slot->chain_last = index;
}

static void set_bus_later(motet_engine *engine, motet_slot *slot, uint32_t index) MOTET_NONBLOCKING
{
    const motet_command *command = &engine->commands.commands[index];
    motet_slot *tail = motet_slot_take_tail(engine, slot);
    chain(engine, slot, index);
    move_to_bus(engine, slot, command->index, tail);
    tail->voice_until = index;
    slot->dry_until = index;
}

bool motet_slot_ends_block(motet_engine *engine, const motet_command *command,
                           motet_block_needs *needs) MOTET_NONBLOCKING
{
    if (stops_many(command)) {
        return true; /* rare, and concerns any number of voices */
    }
    bool is_jump = command->kind == MOTET_COMMAND_SEEK || command->kind == MOTET_COMMAND_SET_BUS;
    needs->tails += is_jump && command->fade_frames > 0;
    const motet_slot *slot = slot_at(engine, command->target);
    if (motet_queue_is_moved_by(slot, command) || (command->kind == MOTET_COMMAND_PLAY && slot->locked) ||
        command->is_shared) {
        return true;
    }
    /* Tails follow their voice only while it lives. One in another bus may be rendered before the voice, and cannot
     * know whether the voice ends before the command does. */
    bool has_tails = slot->place.tail_count > 0 || needs->tails > 0;
    switch ((motet_command_kind)command->kind) {
    case MOTET_COMMAND_PLAY:
        if (motet_rules_may_bind(slot, needs->starts) || motet_virtual_may_be_full(engine, needs->starts)) {
            return true;
        }
        needs->starts++;
        break;
    case MOTET_COMMAND_STOP:
        if (slot->phase == MOTET_SLOT_WAITING) {
            return true; /* its event carries the block's frame */
        }
        return has_tails;
    case MOTET_COMMAND_PAUSE:
    case MOTET_COMMAND_RESUME: return has_tails;
    case MOTET_COMMAND_SET_BUS:
        if (command->fade_frames == 0 || motet_pause_meets(engine, slot, command->index)) {
            return true; /* a step between two buses: the voice just moves; or more than this voice stops or runs */
        }
        break;
    default: break;
    }
    return is_jump && needs->tails > engine->slots.free_tail_count;
}

void motet_slot_apply_later(motet_engine *engine, uint32_t index) MOTET_NONBLOCKING
{
    motet_command *command = &engine->commands.commands[index];
    motet_slot *slot = slot_at(engine, command->target);
    if (slot->generation != command->generation || !motet_slot_is_alive(slot) || is_cancelled(slot, command)) {
        return;
    }
    if (command->kind == MOTET_COMMAND_PLAY) {
        motet_slot_start(engine, slot, command->frame);
        return;
    }
    if (command->kind == MOTET_COMMAND_CANCEL) {
        slot->cancelled = command->sequence;
        return;
    }
    if (slot->phase == MOTET_SLOT_PLAYING && slot->place.is_virtual) {
        apply_where_it_is(engine, slot, command, command->frame);
        return;
    }
    if (slot->phase == MOTET_SLOT_WAITING) {
        apply_to_voice_now(engine, slot, command);
        return;
    }
    bool at_start = slot->start_frame == command->frame;
    if (command->kind != MOTET_COMMAND_SET_BUS) {
        chain(engine, slot, index);
        if (command->kind == MOTET_COMMAND_SEEK && !at_start && command->fade_frames > 0) {
            motet_slot *tail = motet_slot_take_tail(engine, slot);
            tail->place.is_reserved = true;
            command->tail = tail->place.index;
        }
    } else if (at_start) {
        move_to_bus(engine, slot, command->index, NULL);
    } else if (command->index != slot->place.bus) {
        set_bus_later(engine, slot, index);
    }
}

void motet_slot_unchain(motet_engine *engine, uint32_t index) MOTET_NONBLOCKING
{
    motet_slot *slot = slot_at(engine, engine->commands.commands[index].target);
    slot->cursor = slot->chain_last = MOTET_NO_COMMAND;
    for (uint32_t t = slot->place.first_tail; t != MOTET_NO_SLOT; t = slot_at(engine, t)->place.next_sibling) {
        slot_at(engine, t)->cursor = MOTET_NO_COMMAND;
    }
}
