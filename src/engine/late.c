#include "engine/late.h"

#include "engine/engine.h"
#include "engine/slot_private.h"
#include "engine/source.h"
#include "engine/stream.h"

static motet_slot *slot_at(motet_engine *engine, uint32_t index) MOTET_NONBLOCKING
{
    return &engine->slots.slots[index];
}

static const motet_voice_start *start_of(const motet_engine *engine, const motet_slot *slot) MOTET_NONBLOCKING
{
    return &engine->voices[slot->place.index].start;
}

/* ---------------------------------------------------------------------------------------------------- Its material */

void motet_late_take(motet_engine *engine, motet_slot *slot) MOTET_NONBLOCKING
{
    const motet_voice_start *start = start_of(engine, slot);
    if (slot->supply != MOTET_SUPPLY_MISSING) {
        return;
    }
    uint32_t state = motet_load_acquire_u32(&slot->edition->state);
    if (state == MOTET_SOUND_LOADING) {
        return;
    }
    const motet_material *material = &slot->edition->material;
    bool lacks_stream = start->streams && start->stream == NULL && start->feed == NULL;
    if (state == MOTET_SOUND_FAILED || lacks_stream ||
        !motet_material_settle_loop(material, start->loop_whole, start->loop_crossfade_seconds, &slot->range)) {
        slot->supply = MOTET_SUPPLY_FAILED;
        return;
    }
    slot->supply = MOTET_SUPPLY_THERE;
    if (start->feed != NULL) { /* its file cannot seek: it is fed as it comes */
        slot->feed = start->feed;
        slot->channels = start->feed->channels;
        slot->gap = true;
        motet_source_begin(slot, 0, slot->range, false);
        return;
    }
    slot->stream = start->stream;
    if (slot->stream != NULL) {
        motet_stream_arrive(engine, slot->stream, slot->start_frame);
    }
    slot->channels = material->channels;
    slot->marked = material->marker_count > 0;
    motet_source_begin(slot, slot->from_frame, slot->range, slot->loop);
}

bool motet_late_note(motet_engine *engine, motet_slot *slot, const motet_command *command) MOTET_NONBLOCKING
{
    switch ((motet_command_kind)command->kind) {
    case MOTET_COMMAND_SEEK: slot->from_frame = command->value.position; break;
    case MOTET_COMMAND_SET_LOOP: slot->loop = command->index != 0; break;
    case MOTET_COMMAND_SET_LOOP_RANGE:
        slot->range.start = command->value.range.start;
        slot->range.end = command->value.range.end;
        break;
    case MOTET_COMMAND_SET_PITCH:
    case MOTET_COMMAND_SET_VALUES:
    case MOTET_COMMAND_PAUSE:
    case MOTET_COMMAND_RESUME:
    case MOTET_COMMAND_HOLD:
    case MOTET_COMMAND_LET_GO:
        if (slot->is_late && !slot->paused) { /* what it has missed so far, in frames at a pitch of 1 */
            slot->missed += (double)(command->frame - slot->late_frame) * slot->pitch.to;
        }
        slot->late_frame = command->frame;
        return false;
    default: return false;
    }
    if (command->kind == MOTET_COMMAND_SEEK) {
        slot->missed = 0;
        slot->late_frame = command->frame;
    }
    if (slot->supply == MOTET_SUPPLY_THERE && slot->feed == NULL) {
        bool is_range = command->kind == MOTET_COMMAND_SET_LOOP_RANGE;
        if (is_range && !motet_material_settle_loop(&slot->edition->material, true,
                                                    start_of(engine, slot)->loop_crossfade_seconds, &slot->range)) {
            slot->supply = MOTET_SUPPLY_FAILED;
            return true;
        }
        motet_source_begin(slot, slot->from_frame, slot->range, slot->loop);
    }
    return true;
}

/* ---------------------------------------------------------------------------------------------------- Its start */

/* Moves a voice to where it would be, had it started on its frame. */
static void catch_up(motet_engine *engine, motet_slot *slot, uint64_t frame) MOTET_NONBLOCKING
{
    double missed = slot->missed / slot->pitch.to + 0.5;
    uint64_t left = (missed < 1e15 ? (uint64_t)missed : 0) + (slot->paused ? 0 : frame - slot->late_frame);
    slot->now = frame;
    while (left > 0 && !motet_source_is_over(slot)) {
        uint64_t to_end = motet_source_frames_to_end(engine, slot);
        uint64_t count = motet_source_advance(engine, slot, left < to_end ? left : to_end);
        left = count > 0 ? left - count : 0;
    }
    slot->laps = slot->markers_passed = 0; /* nobody has heard them */
}

bool motet_late_may_start(motet_engine *engine, motet_slot *slot, uint64_t frame) MOTET_NONBLOCKING
{
    motet_late_take(engine, slot);
    if (slot->supply == MOTET_SUPPLY_THERE) {
        return true;
    }
    if (slot->supply == MOTET_SUPPLY_FAILED) {
        motet_slot_end(engine, slot, frame, MOTET_END_FAILED);
        return false;
    }
    uint64_t wait = start_of(engine, slot)->wait_frames;
    slot->is_late = true;
    slot->late_frame = frame;
    slot->late_until = wait > UINT64_MAX - frame ? UINT64_MAX : frame + wait;
    slot->late_next = MOTET_NO_SLOT;
    slot->late_previous = engine->late.last;
    *(engine->late.last != MOTET_NO_SLOT ? &slot_at(engine, engine->late.last)->late_next : &engine->late.first) =
        slot->place.index;
    engine->late.last = slot->place.index;
    return false;
}

void motet_late_leave(motet_engine *engine, motet_slot *slot) MOTET_NONBLOCKING
{
    if (!slot->is_late) {
        return;
    }
    slot->is_late = false;
    uint32_t next = slot->late_next;
    uint32_t previous = slot->late_previous;
    *(previous != MOTET_NO_SLOT ? &slot_at(engine, previous)->late_next : &engine->late.first) = next;
    *(next != MOTET_NO_SLOT ? &slot_at(engine, next)->late_previous : &engine->late.last) = previous;
}

static void start_late(motet_engine *engine, motet_slot *slot) MOTET_NONBLOCKING
{
    bool skips = start_of(engine, slot)->late == MOTET_LATE_SKIP;
    motet_late_leave(engine, slot);
    if (slot->supply == MOTET_SUPPLY_FAILED) {
        motet_slot_end(engine, slot, engine->now, MOTET_END_FAILED);
        return;
    }
    if (skips) {
        catch_up(engine, slot, engine->now);
    }
    if (skips && motet_source_is_over(slot)) {
        motet_slot_end(engine, slot, engine->now, MOTET_END_LATE);
    } else {
        motet_slot_start(engine, slot, engine->now);
    }
}

void motet_late_begin(motet_engine *engine) MOTET_NONBLOCKING
{
    uint32_t next;
    for (uint32_t index = engine->late.first; index != MOTET_NO_SLOT; index = next) {
        motet_slot *slot = slot_at(engine, index);
        next = slot->late_next;
        motet_late_take(engine, slot);
        if (slot->supply != MOTET_SUPPLY_MISSING) {
            start_late(engine, slot); /* which may end others of its sound, but none that waits */
        }
    }
}

void motet_late_expire(motet_engine *engine, uint64_t until) MOTET_NONBLOCKING
{
    uint32_t next;
    for (uint32_t index = engine->late.first; index != MOTET_NO_SLOT; index = next) {
        motet_slot *slot = slot_at(engine, index);
        next = slot->late_next;
        if (slot->late_until < until) {
            motet_slot_end(engine, slot, slot->late_until, MOTET_END_LATE);
        }
    }
}
