#include "engine/engine.h"
#include "engine/slot_private.h"
#include "engine/source.h"
#include "engine/source_gather.h"
#include "engine/stream.h"
#include "engine/virtual.h"

#include <string.h>

/* What a stream is to have next, by what its voice does now and by what has been asked of it for later. */

enum {
    HISTORY_FRAMES = MOTET_FEED_HISTORY_FRAMES, /* taps before a position, and behind it */
    PIECES_MOST = 128,                          /* of a loop that are looked at: shorter ones are whole by then */
    AHEAD_MOST = 180 * MOTET_STREAM_PAGE_FRAMES,
    REPLAN_FRAMES = 1024, /* a plan is as good for so many source frames more: it reaches further than is needed */
    AHEAD_SECONDS = 2     /* how far behind the present frame a change may lie that is planned for */
};

/* Source frames in one engine frame, at the highest of the pitches on the way. */
static uint64_t fastest_step(const motet_engine *engine, const motet_slot *slot) MOTET_NONBLOCKING
{
    uint64_t now = motet_source_present_step(engine, slot);
    uint64_t later =
        motet_source_step(slot->pitch.to, motet_source_material(slot)->sample_rate_hz, engine->def.sample_rate_hz);
    return now > later ? now : later;
}

static uint64_t source_frames(uint64_t frames, uint64_t step) MOTET_NONBLOCKING
{
    frames = frames < UINT32_MAX ? frames : UINT32_MAX;
    uint64_t whole = frames * (step >> 32) + (frames * (step & UINT32_MAX) >> 32);
    return whole < AHEAD_MOST ? whole : AHEAD_MOST;
}

/* What it takes to start, at the slot's pitch: while these are heard, those that follow are due before all that others
 * have in store. */
static uint64_t primed_frames(const motet_engine *engine, const motet_slot *slot) MOTET_NONBLOCKING
{
    uint64_t start = engine->def.sample_rate_hz / MOTET_STREAM_STARTS_PER_SECOND;
    return source_frames(start, fastest_step(engine, slot)) + HISTORY_FRAMES;
}

/* What is kept ahead: half a second. */
static uint64_t held_frames(const motet_engine *engine, const motet_slot *slot) MOTET_NONBLOCKING
{
    uint64_t half = engine->def.sample_rate_hz / 2;
    uint64_t frames = source_frames(half, fastest_step(engine, slot)) + 2 * HISTORY_FRAMES;
    return frames < 2 * MOTET_WINDOW_FRAMES ? 2 * MOTET_WINDOW_FRAMES : frames;
}

bool motet_stream_is_primed(const motet_engine *engine, const motet_slot *slot) MOTET_NONBLOCKING
{
    int64_t from = (int64_t)slot->position - HISTORY_FRAMES;
    int64_t to = (int64_t)(slot->position + primed_frames(engine, slot));
    return motet_stream_missing(slot, from, to) == to;
}

void motet_stream_empty_plan(motet_stream *stream) MOTET_NONBLOCKING
{
    stream->plan_count = 0;
    memset(stream->plan_places, 0, sizeof stream->plan_places);
}

motet_stream_want *motet_stream_planned(motet_stream *stream, motet_stream_key key, uint32_t *place) MOTET_NONBLOCKING
{
    uint32_t at = (uint32_t)(key ^ key >> 9) % MOTET_STREAM_PLACES;
    while (stream->plan_places[at] != 0 && stream->plan[stream->plan_places[at] - 1].key != key) {
        at = (at + 1) % MOTET_STREAM_PLACES;
    }
    if (place != NULL) {
        *place = at;
    }
    return stream->plan_places[at] != 0 ? &stream->plan[stream->plan_places[at] - 1] : NULL;
}

static void want(motet_stream *stream, motet_stream_key key, uint64_t due) MOTET_NONBLOCKING
{
    uint32_t place;
    motet_stream_want *planned = motet_stream_planned(stream, key, &place);
    if (planned != NULL) {
        planned->due = due < planned->due ? due : planned->due;
    } else if (stream->plan_count < MOTET_STREAM_WANTED) {
        stream->plan[stream->plan_count++] = (motet_stream_want){key, due};
        stream->plan_places[place] = (uint16_t)stream->plan_count;
    }
}

static void want_frames(motet_stream *stream, bool original, uint64_t frame, uint64_t count, uint64_t due,
                        uint64_t step) MOTET_NONBLOCKING
{
    uint64_t whole = (original ? &stream->original : &stream->material)->frame_count;
    uint64_t end = frame + count < whole ? frame + count : whole;
    uint64_t page = frame / MOTET_STREAM_PAGE_FRAMES;
    due += stream->plan_delay;
    for (uint64_t at = frame; at < end; at = ++page * MOTET_STREAM_PAGE_FRAMES) {
        want(stream, motet_stream_key_of(original, page), due + ((at - frame) << 32) / step);
    }
}

void motet_stream_plan(const motet_engine *engine, motet_stream *stream, const motet_slot *slot,
                       uint64_t frames) MOTET_NONBLOCKING
{
    bool original = slot->from_original;
    uint64_t step = fastest_step(engine, slot);
    uint64_t ahead = held_frames(engine, slot) + source_frames(frames, step);
    ahead = ahead < AHEAD_MOST ? ahead : AHEAD_MOST;
    int64_t position = (int64_t)slot->position;
    int64_t end = position + (int64_t)ahead;
    int64_t at = position - HISTORY_FRAMES;
    for (uint32_t pieces = 0; at < end && pieces < PIECES_MOST; pieces++) {
        motet_loop_piece piece = motet_loop_piece_at(slot, at);
        uint64_t left = (uint64_t)(end - at);
        uint64_t count = piece.frames < left ? piece.frames : left;
        uint64_t due = slot->now + (at > position ? ((uint64_t)(at - position) << 32) / step : 0);
        uint64_t before;
        uint64_t first = piece.silent ? UINT64_MAX : motet_stream_crossfaded(slot, piece, count, &before);
        if (!piece.silent) {
            want_frames(stream, original, piece.frame, count, due, step);
        }
        if (first != UINT64_MAX) {
            want_frames(stream, original, before, piece.frame + count - first,
                        due + ((first - piece.frame) << 32) / step, step);
        }
        at += (int64_t)count;
    }
    if (motet_loop_is_on(slot)) {
        /* The start of the loop is kept, and where it is short what comes behind it. */
        uint64_t half = motet_source_material(slot)->sample_rate_hz / 2;
        uint64_t length = slot->loop_end - slot->loop_start;
        uint64_t due =
            slot->now + (length < AHEAD_MOST ? ((slot->loop_end - slot->position) << 32) / step : AHEAD_MOST);
        want_frames(stream, original, slot->loop_start, half < length ? half : length, due, step);
        if (slot->passes != 0 && length * slot->passes < ahead) {
            want_frames(stream, original, slot->loop_end, ahead, due, step);
        }
    }
}

/* ---------------------------------------------------------------------------------------- What is asked for later */

static bool sends_elsewhere(const motet_command *command) MOTET_NONBLOCKING
{
    return command->kind >= MOTET_COMMAND_SEEK && command->kind <= MOTET_COMMAND_SET_LOOP_RANGE &&
           command->kind != MOTET_COMMAND_SET_VOLUME && command->kind != MOTET_COMMAND_SET_PAN;
}

/* Keeps the earliest ones, in their order. */
static void await(motet_stream *stream, const motet_command *command) MOTET_NONBLOCKING
{
    uint32_t at = stream->awaited_count;
    while (at > 0 &&
           (stream->awaited[at - 1].frame > command->frame || (stream->awaited[at - 1].frame == command->frame &&
                                                               stream->awaited[at - 1].sequence > command->sequence))) {
        at--;
    }
    if (stream->awaited_count == MOTET_STREAM_AWAITED) {
        stream->awaited_more = true;
        if (at == MOTET_STREAM_AWAITED) {
            return;
        }
        stream->awaited_count--;
    }
    for (uint32_t i = stream->awaited_count++; i > at; i--) {
        stream->awaited[i] = stream->awaited[i - 1];
    }
    stream->awaited[at] = *command;
    stream->changes++;
}

static bool is_for(const motet_slot *slot, const motet_command *command) MOTET_NONBLOCKING
{
    return sends_elsewhere(command) && slot->generation == command->generation && command->sequence > slot->cancelled;
}

void motet_stream_await(motet_engine *engine, const motet_command *command) MOTET_NONBLOCKING
{
    if (!sends_elsewhere(command)) {
        return;
    }
    const motet_slot *slot = &engine->slots.slots[command->target];
    bool lives = slot->phase == MOTET_SLOT_WAITING || slot->phase == MOTET_SLOT_PLAYING;
    if (lives && slot->stream != NULL && is_for(slot, command)) {
        await(slot->stream, command);
    }
}

/* Where there were more than are kept, the next ones are looked for among all that wait: for one stream in a block. */
static void find_more(motet_engine *engine, motet_stream *stream, const motet_slot *voice) MOTET_NONBLOCKING
{
    if (!stream->awaited_more || stream->awaited_count > MOTET_STREAM_AWAITED / 2 ||
        engine->streams_searched == engine->now + 1) {
        return;
    }
    engine->streams_searched = engine->now + 1;
    stream->awaited_more = false;
    stream->awaited_count = 0;
    for (uint32_t i = 0; i < engine->schedule.count; i++) {
        const motet_command *command = &engine->commands.commands[engine->schedule.heap[i]];
        if (command->target == stream->voice && is_for(voice, command)) {
            await(stream, command);
        }
    }
}

/* Forgets what has happened, or has been cancelled, and returns how many of the rest lie near enough to plan for. */
static uint32_t count_near(motet_engine *engine, motet_stream *stream, const motet_slot *voice) MOTET_NONBLOCKING
{
    uint32_t kept = 0, near = 0;
    uint64_t horizon = engine->now + (uint64_t)AHEAD_SECONDS * engine->def.sample_rate_hz;
    for (uint32_t i = 0; i < stream->awaited_count; i++) {
        const motet_command *command = &stream->awaited[i];
        if (command->frame >= engine->now && is_for(voice, command)) {
            near += command->frame < horizon;
            stream->awaited[kept++] = *command;
        }
    }
    stream->awaited_count = kept;
    find_more(engine, stream, voice);
    return near;
}

void motet_stream_try(motet_slot *copy, const motet_command *command) MOTET_NONBLOCKING
{
    switch ((motet_command_kind)command->kind) {
    case MOTET_COMMAND_SEEK: motet_source_seek(copy, command->value.position); break;
    case MOTET_COMMAND_SET_LOOP: motet_source_set_loop(copy, command->index != 0); break;
    case MOTET_COMMAND_SET_LOOP_RANGE:
        motet_source_set_loop_range(copy, command->value.range.start, command->value.range.end);
        break;
    case MOTET_COMMAND_SET_PITCH: copy->pitch = motet_ramp_hold(MOTET_RAMP_FACTOR, command->value.number); break;
    case MOTET_COMMAND_SET_VALUES: copy->pitch = motet_ramp_hold(MOTET_RAMP_FACTOR, command->value.values.pitch); break;
    default: break;
    }
}

void motet_stream_bring_up(motet_engine *engine, motet_slot *copy, uint64_t frame) MOTET_NONBLOCKING
{
    copy->marked = false;
    while (copy->now < frame && !motet_source_is_over(copy)) {
        uint64_t cut = motet_slot_next_cut(engine, copy, frame);
        copy->now = copy->held ? cut : copy->now + motet_source_advance(engine, copy, cut - copy->now);
        copy->held = copy->held || (copy->paused && motet_ramp_done(&copy->pause_gate, copy->now));
    }
    copy->now = frame;
}

/* Where the voice will be is worked out as if its pitch stood still: the nearer the change, the truer. */
static void plan_awaited(motet_engine *engine, motet_stream *stream, const motet_slot *voice,
                         uint32_t near) MOTET_NONBLOCKING
{
    motet_slot copy = *voice;
    copy.pitch = motet_ramp_hold(MOTET_RAMP_FACTOR, voice->pitch.to);
    copy.marked = false;
    for (uint32_t i = 0; i < near && stream->plan_count < MOTET_STREAM_WANTED; i++) {
        const motet_command *command = &stream->awaited[i];
        while (copy.now < command->frame && !copy.held && !copy.gap && !motet_source_is_over(&copy)) {
            copy.now += motet_source_advance(engine, &copy, command->frame - copy.now);
        }
        copy.now = command->frame;
        motet_stream_try(&copy, command);
        if (i + 1 == near || stream->awaited[i + 1].frame > command->frame) {
            motet_stream_plan(engine, stream, &copy, 0);
        }
    }
}

void motet_stream_plan_ahead(motet_engine *engine, motet_stream *stream, const motet_slot *voice,
                             uint64_t frames) MOTET_NONBLOCKING
{
    uint32_t near = count_near(engine, stream, voice);
    motet_stream_plan(engine, stream, voice, frames);
    if (near > 0) {
        plan_awaited(engine, stream, voice, near);
    }
}

/* ------------------------------------------------------------------------------------------------ Once a block */

static motet_stream_place place_of(motet_engine *engine, motet_stream *stream, const motet_slot *slot) MOTET_NONBLOCKING
{
    return (motet_stream_place){.made = slot->place.tail_count == 0,
                                .original = slot->from_original,
                                .loop = slot->loop,
                                .is_virtual = slot->place.is_virtual,
                                .passes = slot->passes,
                                .rounds = slot->rounds,
                                .near = count_near(engine, stream, slot),
                                .changes = stream->changes,
                                .position = slot->position,
                                .step = fastest_step(engine, slot),
                                .loop_start = slot->loop_start,
                                .loop_end = slot->loop_end,
                                .loop_crossfade = slot->loop_crossfade,
                                .frame_count = motet_source_material(slot)->frame_count};
}

/* Whether a plan made for one place will do for another. */
static bool serves(const motet_stream_place *planned, const motet_stream_place *place) MOTET_NONBLOCKING
{
    return planned->made && place->made && place->position >= planned->position &&
           place->position - planned->position < REPLAN_FRAMES && planned->original == place->original &&
           planned->loop == place->loop && planned->is_virtual == place->is_virtual &&
           planned->passes == place->passes && planned->rounds == place->rounds && planned->near == place->near &&
           planned->changes == place->changes && planned->step == place->step &&
           planned->loop_start == place->loop_start && planned->loop_end == place->loop_end &&
           planned->loop_crossfade == place->loop_crossfade && planned->frame_count == place->frame_count;
}

/* Plans for a voice, brought to the present frame, and its tails. */
static void plan_all(motet_engine *engine, motet_stream *stream, const motet_slot *voice) MOTET_NONBLOCKING
{
    const motet_slot *slots = engine->slots.slots;
    bool is_alive = voice->phase == MOTET_SLOT_WAITING || voice->phase == MOTET_SLOT_PLAYING;
    motet_stream_place place = {0};
    if (is_alive) {
        place = place_of(engine, stream, voice);
        if (serves(&stream->planned, &place)) {
            return;
        }
    }
    motet_stream_empty_plan(stream);
    if (is_alive) {
        stream->plan_delay = voice->place.is_virtual ? engine->def.sample_rate_hz : 0;
        motet_stream_plan_ahead(engine, stream, voice, 0);
        stream->plan_delay = 0;
    }
    for (uint32_t t = voice->place.first_tail; t != MOTET_NO_SLOT; t = slots[t].place.next_sibling) {
        if (!slots[t].place.is_reserved) {
            motet_stream_plan(engine, stream, &slots[t], 0);
        }
    }
    motet_stream_settle_plan(stream);
    stream->planned = place;
}

/* A voice that waits for its start, or that is not mixed, as it is at the present frame. */
static motet_slot present_of(motet_engine *engine, motet_stream *stream, const motet_slot *voice) MOTET_NONBLOCKING
{
    motet_slot copy = *voice;
    if (voice->phase == MOTET_SLOT_WAITING) {
        copy.now = stream->start_frame;
    } else {
        motet_stream_bring_up(engine, &copy, engine->now);
    }
    return copy;
}

static void plan_aside(motet_engine *engine, motet_stream *stream, const motet_slot *voice) MOTET_NONBLOCKING
{
    motet_slot copy = present_of(engine, stream, voice);
    plan_all(engine, stream, &copy);
    stream->ready = motet_stream_is_primed(engine, &copy);
}

/* How far the voice could go on from here with what is there, up to a second. */
static void tell_ahead(const motet_engine *engine, motet_stream *stream, const motet_slot *voice) MOTET_NONBLOCKING
{
    uint64_t step = motet_source_present_step(engine, voice);
    int64_t from = (int64_t)voice->position;
    int64_t to = from + (int64_t)source_frames(engine->def.sample_rate_hz, step);
    uint64_t there = (uint64_t)(motet_stream_missing(voice, from, to) - from);
    motet_store_relaxed_u32(&stream->ahead, (uint32_t)((there << 32) / (step > 0 ? step : 1)));
}

void motet_stream_look(motet_engine *engine, const motet_slot *slot, uint64_t block_start) MOTET_NONBLOCKING
{
    motet_stream *stream = slot->stream;
    if (stream->looked_at == block_start + 1) {
        return;
    }
    stream->looked_at = block_start + 1;
    const motet_slot *voice = slot->place.is_tail ? &engine->slots.slots[slot->place.owner] : slot;
    motet_stream_take(stream);
    if (voice->phase == MOTET_SLOT_PLAYING && voice->place.is_virtual) {
        plan_aside(engine, stream, voice);
    } else {
        plan_all(engine, stream, voice);
    }
    tell_ahead(engine, stream, voice);
}

/* What decoding has found out about the length concerns a voice that is not mixed too. */
static void shorten_virtual(motet_engine *engine, motet_slot *voice) MOTET_NONBLOCKING
{
    motet_virtual_advance(engine, voice, engine->now);
    if (voice->phase != MOTET_SLOT_PLAYING) {
        return;
    }
    motet_source_shorten(voice);
    if (motet_source_is_over(voice)) {
        motet_slot_end(engine, voice, voice->now, motet_source_end_reason(voice));
    } else {
        motet_virtual_set_alarm(engine, voice);
    }
}

void motet_streams_look_aside(motet_engine *engine) MOTET_NONBLOCKING
{
    motet_stream *next;
    if (engine->now % MOTET_CHOICE_FRAMES != 0) {
        return;
    }
    for (motet_stream *stream = engine->first_stream; stream != NULL; stream = next) {
        motet_slot *voice = &engine->slots.slots[stream->voice];
        bool is_virtual = voice->phase == MOTET_SLOT_PLAYING && voice->place.is_virtual;
        next = stream->next_here;
        if (!is_virtual && voice->phase != MOTET_SLOT_WAITING) {
            continue; /* it is looked at when it is mixed */
        }
        bool shorter = motet_stream_take(stream);
        if (is_virtual && shorter) {
            shorten_virtual(engine, voice);
        }
        if (voice->phase == MOTET_SLOT_WAITING || voice->phase == MOTET_SLOT_PLAYING) {
            plan_aside(engine, stream, voice);
        }
    }
}

void motet_stream_arrive(motet_engine *engine, motet_stream *stream, uint64_t start_frame) MOTET_NONBLOCKING
{
    stream->start_frame = start_frame;
    stream->next_here = engine->first_stream;
    if (stream->next_here != NULL) {
        stream->next_here->previous_here = stream;
    }
    engine->first_stream = stream;
}

void motet_stream_leave(motet_engine *engine, motet_stream *stream) MOTET_NONBLOCKING
{
    if (stream->previous_here != NULL) {
        stream->previous_here->next_here = stream->next_here;
    } else {
        engine->first_stream = stream->next_here;
    }
    if (stream->next_here != NULL) {
        stream->next_here->previous_here = stream->previous_here;
    }
}
