#include "engine/engine.h"
#include "engine/generator.h"
#include "engine/late.h"
#include "engine/render.h"
#include "engine/slot_private.h"
#include "engine/source.h"
#include "engine/stream.h"

/* Rendering by hand must not depend on how fast the machine decodes. So this thread, which is the audio thread's in
 * that case, works out what the next frames will read, before they do: from copies of the slots, on which the commands
 * that are due now are tried out. Frames after the next command are left to the next call. */

enum { POLL_NS = 5000000 };

/* What waits for the audio thread: in its schedule and in its inbox. */
static uint32_t waiting_count(const motet_engine *engine)
{
    return engine->schedule.count + motet_ring_count(&engine->commands.inbox);
}

static const motet_command *waiting_at(const motet_engine *engine, uint32_t at)
{
    uint32_t index;
    if (at < engine->schedule.count) {
        index = engine->schedule.heap[at];
    } else {
        motet_ring_peek(&engine->commands.inbox, at - engine->schedule.count, &index);
    }
    return &engine->commands.commands[index];
}

/* How many frames there are to the next command behind the present frame, or to the next choice of who is real. */
static uint32_t frames_to_next(const motet_engine *engine, uint32_t frame_count)
{
    uint64_t frames = MOTET_BLOCK_FRAMES - engine->now % MOTET_BLOCK_FRAMES;
    frames = frame_count < frames ? frame_count : frames;
    uint32_t count = waiting_count(engine);
    for (uint32_t i = 0; i < count; i++) {
        uint64_t frame = waiting_at(engine, i)->frame;
        frames = frame > engine->now && frame - engine->now < frames ? frame - engine->now : frames;
    }
    return (uint32_t)frames;
}

/* A voice whose play has not arrived yet, as it will be. */
static motet_slot slot_to_come(const motet_engine *engine, motet_stream *stream)
{
    const motet_voice_start *start = &engine->voices[stream->voice].start;
    motet_slot slot = {.material = start->material, .stream = stream, .passes = start->loop_count};
    slot.pitch = motet_ramp_hold(MOTET_RAMP_FACTOR, start->pitch);
    slot.now = engine->now;
    motet_loop_range range = start->range; /* of a sound that was still loading */
    motet_material_settle_loop(start->material, start->loop_whole, start->loop_crossfade_seconds, &range);
    motet_source_begin(&slot, start->from_frame, range, start->loop);
    return slot;
}

static void plan_stream(motet_engine *engine, motet_stream *stream, uint32_t frames)
{
    if (stream->feed != NULL || motet_load_acquire_u32(&stream->over) != 0) {
        return; /* written at its own pace; or its voice is gone, and its sound may be */
    }
    motet_slot *slots = engine->slots.slots;
    motet_slot *voice = &slots[stream->voice];
    if (voice->phase == MOTET_SLOT_WAITING) {
        motet_late_take(engine, voice);
    }
    bool has_come = voice->stream == stream && voice->phase != MOTET_SLOT_FREE;
    motet_slot copy = has_come ? *voice : slot_to_come(engine, stream);
    motet_stream_take(stream);
    motet_stream_empty_plan(stream);
    if (has_come && voice->phase == MOTET_SLOT_PLAYING && voice->place.is_virtual) {
        motet_stream_bring_up(engine, &copy, engine->now);
    }
    copy.now = engine->now;
    if (!has_come || voice->phase != MOTET_SLOT_ENDED) {
        motet_source_shorten(&copy);
        motet_stream_plan_ahead(engine, stream, &copy, frames);
        uint32_t count = waiting_count(engine);
        for (uint32_t i = 0; i < count; i++) {
            const motet_command *command = waiting_at(engine, i);
            bool is_due = command->frame <= engine->now && command->target == stream->voice;
            if (is_due && command->kind >= MOTET_COMMAND_SEEK && command->kind <= MOTET_COMMAND_SET_LOOP_RANGE) {
                motet_stream_try(&copy, command);
                motet_stream_plan(engine, stream, &copy, frames);
            }
        }
    }
    for (uint32_t t = has_come ? voice->place.first_tail : MOTET_NO_SLOT; t != MOTET_NO_SLOT;
         t = slots[t].place.next_sibling) {
        if (!slots[t].place.is_reserved) {
            motet_stream_plan(engine, stream, &slots[t], frames);
        }
    }
    motet_stream_settle_plan(stream);
}

/* ------------------------------------------------------------------------------- Sounds that are still loading */

static bool is_loading(const motet_sound_entry *sound)
{
    return sound != NULL && sound->load != NULL && !sound->load->is_reload;
}

/* Under the lock: has a sound read first that the present frame needs; false when none is missing. */
static bool hurry_missing(motet_engine *engine)
{
    motet_sound_entry *missing = NULL;
    for (uint32_t i = engine->late.first; i != MOTET_NO_SLOT; i = engine->slots.slots[i].late_next) {
        motet_sound_entry *sound = engine->voices[i].sound;
        missing = is_loading(sound) ? sound : missing;
    }
    uint32_t count = waiting_count(engine);
    for (uint32_t i = 0; i < count; i++) {
        const motet_command *command = waiting_at(engine, i);
        bool is_due = command->kind == MOTET_COMMAND_PLAY && command->frame <= engine->now;
        motet_sound_entry *sound = is_due ? engine->voices[command->target].sound : NULL;
        missing = is_loading(sound) ? sound : missing;
    }
    if (missing != NULL) {
        motet_loader_hurry(missing, 0);
    }
    return missing != NULL;
}

/* Waits for the sounds that the present frame needs. Returns for how many frames that holds. */
static uint32_t prepare_sounds(motet_engine *engine, uint32_t frame_count)
{
    motet_result result;
    uint32_t frames = 0;
    bool missing = true;
    while (missing && motet_engine_enter(engine, &result)) {
        missing = hurry_missing(engine);
        bool loading = engine->loader.first != NULL || engine->loader.current != NULL;
        frames = loading ? frames_to_next(engine, frame_count) : frame_count;
        motet_engine_leave(engine);
        if (missing) {
            motet_signal_flag_wait(&engine->loader.done, POLL_NS);
        }
    }
    return frames;
}

/* ---------------------------------------------------------------------------------------------------- Preparing */

static uint32_t prepare_streams(motet_engine *engine, motet_streams *streams, uint32_t frame_count)
{
    motet_result result;
    motet_streams_lock(streams);
    uint32_t frames = 0;
    motet_stream *first = NULL;
    if (motet_engine_enter(engine, &result)) {
        first = motet_streams_first(streams);
        frames = frames_to_next(engine, frame_count);
        for (motet_stream *stream = first; stream != NULL; stream = stream->next) {
            plan_stream(engine, stream, frames);
        }
        motet_engine_leave(engine);
    }
    for (motet_stream *stream = first; stream != NULL; stream = stream->next) {
        motet_streams_fill_plan(engine, stream);
    }
    motet_streams_unlock(streams);
    return frames;
}

uint32_t motet_engine_prepare(motet_engine *engine, uint32_t frame_count)
{
    motet_result result;
    if (!motet_engine_enter(engine, &result)) {
        return 0;
    }
    bool loads = engine->loader.thread.running;
    bool has_threads = engine->awaited_feeds != NULL;
    bool has_streams = engine->streams != NULL;
    motet_engine_leave(engine);
    if ((!has_streams && !loads && !has_threads) || engine->output != NULL || frame_count == 0) {
        return frame_count;
    }
    if (!motet_render_claim(engine, 0)) {
        return 0;
    }
    frame_count = loads ? prepare_sounds(engine, frame_count) : frame_count;
    uint32_t frames = has_streams ? prepare_streams(engine, engine->streams, frame_count) : frame_count;
    if (has_threads && frames > 0) {
        frames = motet_generators_await(engine, frames_to_next(engine, frames));
    }
    motet_render_release(engine, 0);
    return frames;
}
