#include "engine/queue.h"

#include "engine/engine.h"
#include "engine/loop.h"
#include "engine/slot_private.h"
#include "engine/source.h"
#include "engine/stems.h"
#include "engine/stream.h"

#include <assert.h>

static motet_slot *slot_at(motet_engine *engine, uint32_t index) MOTET_NONBLOCKING
{
    return &engine->slots.slots[index];
}

/* --------------------------------------------------------------------------------------------- Those that wait */

void motet_waiting_append(motet_engine *engine, motet_slot *slot, motet_wait wait) MOTET_NONBLOCKING
{
    motet_waiting *waiting = &engine->waiting;
    slot->place.waits = (uint8_t)wait;
    slot->place.next_waiting = MOTET_NO_SLOT;
    slot->place.previous_waiting = waiting->last;
    *(waiting->last != MOTET_NO_SLOT ? &slot_at(engine, waiting->last)->place.next_waiting : &waiting->first) =
        slot->place.index;
    waiting->last = slot->place.index;
}

void motet_waiting_remove(motet_engine *engine, motet_slot *slot) MOTET_NONBLOCKING
{
    motet_waiting *waiting = &engine->waiting;
    uint32_t next = slot->place.next_waiting;
    uint32_t previous = slot->place.previous_waiting;
    *(previous != MOTET_NO_SLOT ? &slot_at(engine, previous)->place.next_waiting : &waiting->first) = next;
    *(next != MOTET_NO_SLOT ? &slot_at(engine, next)->place.previous_waiting : &waiting->last) = previous;
    waiting->due -= slot->place.waits == MOTET_WAITS_FOR_START;
    slot->place.waits = MOTET_WAITS_FOR_NONE;
}

static bool is_alive(const motet_slot *slot) MOTET_NONBLOCKING
{
    return slot->phase == MOTET_SLOT_WAITING || slot->phase == MOTET_SLOT_PLAYING;
}

static bool came_to_its_end(motet_end_reason reason) MOTET_NONBLOCKING
{
    return reason == MOTET_END_ENDED || reason == MOTET_END_FAILED;
}

/* Stems have one follower together. */
static bool is_followed(motet_engine *engine, const motet_slot *leader) MOTET_NONBLOCKING
{
    const motet_slot *stem = leader;
    do {
        if (stem->place.follower != MOTET_NO_SLOT) {
            return true;
        }
        stem = motet_stems_next(engine, stem);
    } while (stem != leader);
    return false;
}

void motet_queue_arrive(motet_engine *engine, motet_slot *slot) MOTET_NONBLOCKING
{
    const motet_voice_start *start = &engine->voices[slot->place.index].start;
    motet_slot *leader = slot_at(engine, start->after);
    bool same_voice = leader->generation == start->after_generation;
    if (same_voice && is_alive(leader) && !is_followed(engine, leader)) {
        leader->place.follower = slot->place.index;
        slot->place.leader = leader->place.index;
        motet_waiting_append(engine, slot, MOTET_WAITS_FOR_LEADER);
    } else if (same_voice && (is_alive(leader) || !came_to_its_end((motet_end_reason)leader->ended_as))) {
        motet_slot_end(engine, slot, engine->now, MOTET_END_STOPPED);
    } else {
        motet_slot_start(engine, slot, engine->now);
    }
}

static void part(motet_slot *leader, motet_slot *follower) MOTET_NONBLOCKING
{
    leader->place.follower = MOTET_NO_SLOT;
    follower->place.leader = MOTET_NO_SLOT;
}

uint32_t motet_queue_leave(motet_engine *engine, motet_slot *slot, motet_end_reason reason) MOTET_NONBLOCKING
{
    if (slot->place.leader != MOTET_NO_SLOT) {
        part(slot_at(engine, slot->place.leader), slot);
    }
    if (slot->place.waits != MOTET_WAITS_FOR_NONE) {
        motet_waiting_remove(engine, slot);
    }
    if (slot->place.follower == MOTET_NO_SLOT) {
        return MOTET_NO_SLOT;
    }
    motet_slot *follower = slot_at(engine, slot->place.follower);
    part(slot, follower);
    motet_slot *stem = motet_stems_next(engine, slot);
    if (stem != slot) { /* it waits for the last of them */
        stem->place.follower = follower->place.index;
        follower->place.leader = stem->place.index;
        return MOTET_NO_SLOT;
    }
    if (!came_to_its_end(reason)) {
        return follower->place.index;
    }
    follower->place.waits = MOTET_WAITS_FOR_START;
    engine->waiting.due++;
    return MOTET_NO_SLOT;
}

/* ---------------------------------------------------------------------------------------------------- Starting */

/* Starts a slot of the list, and returns the one behind it: a start may end others of the list, so it stays in its
 * place until then. */
static uint32_t start(motet_engine *engine, motet_slot *slot) MOTET_NONBLOCKING
{
    engine->waiting.due -= slot->place.waits == MOTET_WAITS_FOR_START;
    slot->place.waits = MOTET_WAITS_FOR_NONE;
    motet_slot_start(engine, slot, engine->now);
    uint32_t next = slot->place.next_waiting;
    motet_waiting_remove(engine, slot);
    return next;
}

void motet_queue_start_due(motet_engine *engine) MOTET_NONBLOCKING
{
    uint32_t next;
    for (uint32_t i = engine->waiting.first; engine->waiting.due > 0 && i != MOTET_NO_SLOT; i = next) {
        motet_slot *slot = slot_at(engine, i);
        next = slot->place.waits == MOTET_WAITS_FOR_START ? start(engine, slot) : slot->place.next_waiting;
    }
}

/* ------------------------------------------------------------------------------------------------------ Where? */

/* The fade by which a follower comes in while its leader goes out; 0: none. */
static uint32_t fade_of(const motet_slot *follower) MOTET_NONBLOCKING
{
    return follower->fade_in_default ? 0 : follower->fade_in_frames;
}

/* Whether the leader is on its way to its end, so that a crossfade may begin. */
static bool runs_on(const motet_engine *engine, const motet_slot *leader) MOTET_NONBLOCKING
{
    bool moves = leader->stream == NULL || leader->place.is_virtual ||
                 (!leader->gap && (leader->sounded || motet_stream_is_primed(engine, leader)));
    return (moves || leader->locked) && leader->phase == MOTET_SLOT_PLAYING && !leader->paused && !leader->stopping;
}

/* Takes in what has become known of a leader's end. */
static void look(motet_engine *engine, motet_slot *leader) MOTET_NONBLOCKING
{
    if (leader->phase != MOTET_SLOT_PLAYING) {
        return;
    }
    if (leader->feed != NULL) {
        motet_source_look(leader->feed, engine->now);
    }
    if (leader->stream != NULL && !leader->place.is_virtual) {
        motet_stream_look(engine, leader, engine->now);
        motet_source_shorten(leader);
    }
}

/* Of stems, the one that is heard longest, of those that are not being stopped if there are any. */
static motet_slot *longest_of(motet_engine *engine, motet_slot *leader) MOTET_NONBLOCKING
{
    motet_slot *longest = leader;
    look(engine, leader);
    for (motet_slot *s = motet_stems_next(engine, leader); s != leader; s = motet_stems_next(engine, s)) {
        look(engine, s);
        bool longer = motet_loop_limit(s) > motet_loop_limit(longest);
        longest = s->stopping != longest->stopping ? (longest->stopping ? s : longest) : longer ? s : longest;
    }
    return longest;
}

/* Moves the copy of a slot on to a frame at most, and to the end of its material at most. */
static void move_on(motet_engine *engine, motet_slot *copy, uint64_t frame) MOTET_NONBLOCKING
{
    while (copy->now < frame && !copy->held && !motet_source_is_over(copy) &&
           !(copy->stopping && motet_ramp_done(&copy->stop_gate, copy->now))) {
        uint64_t cut = motet_slot_next_cut(engine, copy, frame);
        uint64_t left = motet_source_frames_to_end(engine, copy);
        bool glides = !motet_ramp_done(&copy->pitch, copy->now);
        uint64_t count = !glides && left < cut - copy->now ? left : cut - copy->now;
        copy->now += motet_source_advance(engine, copy, count);
        copy->held = copy->paused && motet_ramp_done(&copy->pause_gate, copy->now);
    }
}

/* The first frame before `end` at which a moving slot has at most `fade` frames left; `end` if there is none. */
static uint64_t find_crossfade(motet_engine *engine, motet_slot *copy, uint32_t fade, uint64_t end) MOTET_NONBLOCKING
{
    while (copy->now < end) {
        uint64_t left = motet_source_frames_to_end(engine, copy);
        if (left <= fade) {
            return copy->now;
        }
        bool glides = !motet_ramp_done(&copy->pitch, copy->now);
        if (!glides && left - fade >= end - copy->now) {
            return end;
        }
        /* However it glides, it does not get faster than this. */
        double pitch = motet_ramp_value(&copy->pitch, copy->now);
        if (glides && (double)left * (pitch / MOTET_PITCH_MAX) > (double)fade + (double)(end - copy->now) + 1) {
            return end;
        }
        move_on(engine, copy, copy->now + (glides ? 1 : left - fade));
    }
    return end;
}

/* The first frame of this block, at most `end`, at which the follower of a leader may start. */
static uint64_t find_start(motet_engine *engine, motet_slot *leader, uint32_t fade, uint64_t end) MOTET_NONBLOCKING
{
    if (leader->phase != MOTET_SLOT_PLAYING || leader->held) {
        return end;
    }
    if (leader->stream != NULL && leader->gap && !leader->locked && !leader->place.is_virtual &&
        !motet_stream_is_primed(engine, leader)) {
        return end;
    }
    if (motet_source_frames_to_end(engine, leader) == UINT64_MAX) {
        return end;
    }
    motet_slot copy = *leader;
    copy.marked = false;
    copy.place.is_virtual = true; /* moved by arithmetic */
    move_on(engine, &copy, engine->now);
    if (fade > 0 && runs_on(engine, leader)) {
        return find_crossfade(engine, &copy, fade, end);
    }
    move_on(engine, &copy, end);
    return motet_source_is_over(&copy) ? copy.now : end;
}

uint32_t motet_queue_limit(motet_engine *engine, uint32_t count) MOTET_NONBLOCKING
{
    uint64_t end = engine->now + count;
    for (uint32_t i = engine->waiting.first; i != MOTET_NO_SLOT; i = slot_at(engine, i)->place.next_waiting) {
        const motet_slot *slot = slot_at(engine, i);
        if (slot->place.waits == MOTET_WAITS_FOR_LEADER) {
            end = find_start(engine, longest_of(engine, slot_at(engine, slot->place.leader)), fade_of(slot), end);
        }
    }
    assert(end > engine->now);
    return end > engine->now ? (uint32_t)(end - engine->now) : 1; /* whatever happens, a block has a frame */
}

static bool begins_crossfade(motet_engine *engine, motet_slot *leader, uint32_t fade, uint64_t *left) MOTET_NONBLOCKING
{
    if (fade == 0 || !runs_on(engine, leader)) {
        return false;
    }
    motet_slot copy = *leader;
    copy.marked = false;
    copy.place.is_virtual = true;
    move_on(engine, &copy, engine->now);
    *left = motet_source_frames_to_end(engine, &copy);
    return *left <= fade && *left > 0;
}

/* One whose end has come without a further frame: it would be told when it is rendered. */
static bool has_run_out(const motet_slot *leader) MOTET_NONBLOCKING
{
    return leader->phase == MOTET_SLOT_PLAYING && !leader->held && !leader->place.is_virtual &&
           motet_source_is_over(leader);
}

/* Ends leaders that have run out; false when the follower waits no more. */
static bool still_waits(motet_engine *engine, motet_slot *slot) MOTET_NONBLOCKING
{
    while (slot->place.waits == MOTET_WAITS_FOR_LEADER) {
        motet_slot *leader = longest_of(engine, slot_at(engine, slot->place.leader));
        bool glides = leader->phase == MOTET_SLOT_PLAYING && leader->place.is_virtual &&
                      !motet_ramp_done(&leader->pitch, leader->now);
        if (glides) { /* its alarm may come too late for its end */
            motet_virtual_advance(engine, leader, engine->now);
        }
        if (has_run_out(leader)) {
            motet_slot_end(engine, leader, engine->now, motet_source_end_reason(leader));
        } else if (leader->phase == MOTET_SLOT_PLAYING || leader->phase == MOTET_SLOT_WAITING) {
            return true;
        }
    }
    return false;
}

static void begin_crossfades(motet_engine *engine) MOTET_NONBLOCKING
{
    uint32_t next;
    for (uint32_t i = engine->waiting.first; i != MOTET_NO_SLOT; i = next) {
        motet_slot *slot = slot_at(engine, i);
        uint64_t left;
        if (still_waits(engine, slot)) {
            motet_slot *leader = longest_of(engine, slot_at(engine, slot->place.leader));
            if (begins_crossfade(engine, leader, fade_of(slot), &left)) {
                motet_slot *stem = leader;
                part(slot_at(engine, slot->place.leader), slot);
                slot->fade_in_frames = (uint32_t)left;
                do {
                    motet_slot_fade_away(engine, stem, (uint32_t)left, (motet_curve)slot->fade_in_curve);
                    stem = motet_stems_next(engine, stem);
                } while (stem != leader);
                next = start(engine, slot);
                continue;
            }
        }
        next = slot->place.next_waiting;
    }
}

void motet_queue_crossfade(motet_engine *engine) MOTET_NONBLOCKING
{
    begin_crossfades(engine);
    while (engine->waiting.due > 0) {
        motet_queue_start_due(engine);
        begin_crossfades(engine);
    }
}

/* ---------------------------------------------------------------------------------------------------- Commands */

static bool moves_position(motet_command_kind kind) MOTET_NONBLOCKING
{
    return kind == MOTET_COMMAND_SEEK || kind == MOTET_COMMAND_SET_PITCH || kind == MOTET_COMMAND_SET_VALUES ||
           kind == MOTET_COMMAND_SET_LOOP || kind == MOTET_COMMAND_SET_LOOP_RANGE;
}

bool motet_queue_is_moved_by(const motet_slot *slot, const motet_command *command) MOTET_NONBLOCKING
{
    motet_command_kind kind = (motet_command_kind)command->kind;
    return slot->place.follower != MOTET_NO_SLOT &&
           (moves_position(kind) || kind == MOTET_COMMAND_PLAY || kind == MOTET_COMMAND_STOP ||
            kind == MOTET_COMMAND_PAUSE || kind == MOTET_COMMAND_RESUME);
}

void motet_queue_replan(motet_engine *engine, motet_slot *slot, const motet_command *command) MOTET_NONBLOCKING
{
    if (slot->stream != NULL && slot->phase == MOTET_SLOT_WAITING &&
        moves_position((motet_command_kind)command->kind)) {
        slot->now = engine->now;
        motet_stream_take(slot->stream);
        motet_stream_plan(engine, slot->stream, slot, 0);
        motet_stream_settle_plan(slot->stream);
    }
}
