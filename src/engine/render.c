#include "engine/render.h"

#include "base/fpu.h"
#include "base/guard.h"
#include "engine/desk.h"
#include "engine/engine.h"
#include "engine/late.h"
#include "engine/pause.h"
#include "engine/slot_private.h"
#include "engine/stems.h"
#include "engine/stream.h"

#include <string.h>

/* ------------------------------------------------------------------------------------------------- Claiming */

bool motet_render_claim(motet_engine *engine, uint32_t epoch) MOTET_NONBLOCKING
{
    return motet_claim_acquire_u64(&engine->claim, (uint64_t)epoch << 1, (uint64_t)epoch << 1 | 1);
}

void motet_render_release(motet_engine *engine, uint32_t epoch) MOTET_NONBLOCKING
{
    motet_store_release_u64(&engine->claim, (uint64_t)epoch << 1);
}

bool motet_render_hand_over(motet_engine *engine, uint32_t from_epoch, uint32_t to_epoch)
{
    return motet_claim_acquire_u64(&engine->claim, (uint64_t)from_epoch << 1, (uint64_t)to_epoch << 1);
}

uint64_t motet_render_frame(const motet_engine *engine)
{
    return motet_load_acquire_u64(&engine->frame);
}

/* ------------------------------------------------------------------------------------------------- Commands */

static void hand_back(motet_engine *engine, uint32_t index) MOTET_NONBLOCKING
{
    motet_ring_push(&engine->commands.returned, &index); /* as large as the pool: never full */
    motet_count_u64(&engine->counters.commands_applied, 1);
}

void motet_render_cancel_stop(motet_engine *engine, uint32_t slot) MOTET_NONBLOCKING
{
    uint32_t index = engine->commands.shared_count + slot;
    if (motet_schedule_remove(&engine->schedule, index)) {
        hand_back(engine, index);
    }
}

static void set_topology(motet_engine *engine, motet_topology *topology) MOTET_NONBLOCKING
{
    motet_topology *old = (motet_topology *)engine->mixer.topology;
    void *top;
    do { /* fails only when the control side took the whole list in between */
        top = motet_load_acquire_pointer(&engine->topology_garbage);
        old->next_garbage = top;
    } while (!motet_replace_release_pointer(&engine->topology_garbage, top, old));
    engine->mixer.topology = topology;
    /* Before the first frame nothing sounds yet, so a soloed bus silences the others without a fade. */
    uint32_t fade_frames = engine->now == 0 ? 0 : engine->declick_frames;
    motet_desk_open_solo_gates(engine, engine->now, fade_frames, MOTET_CURVE_SMOOTH);
    motet_pause_settle_buses(engine, fade_frames, MOTET_CURVE_SMOOTH);
}

/* At the first frame of the block. */
static void apply_now(motet_engine *engine, uint32_t index) MOTET_NONBLOCKING
{
    motet_command *command = &engine->commands.commands[index];
    if (command->kind == MOTET_COMMAND_RELOAD) {
        motet_reload_apply(engine, command);
    } else if (command->kind == MOTET_COMMAND_SET_TOPOLOGY) {
        set_topology(engine, command->value.pointer);
        engine->quiet.bus_moved = true;
    } else if (motet_desk_has(command)) {
        motet_desk_apply_now(engine, index);
        engine->quiet.bus_moved = true;
    } else {
        motet_slot_apply_now(engine, index);
        motet_queue_start_due(engine); /* behind a voice that this has brought to its end */
    }
    hand_back(engine, index);
}

/* At a frame inside the block. */
static void apply_later(motet_engine *engine, uint32_t index) MOTET_NONBLOCKING
{
    motet_command *command = &engine->commands.commands[index];
    if (motet_desk_has(command)) {
        motet_desk_apply_later(engine, index);
    } else {
        motet_slot_apply_later(engine, index);
    }
    command->next_in_block = engine->first_in_block;
    engine->first_in_block = index;
}

static bool ends_block(motet_engine *engine, uint32_t index, motet_block_needs *needs) MOTET_NONBLOCKING
{
    const motet_command *command = &engine->commands.commands[index];
    if (command->kind == MOTET_COMMAND_SET_TOPOLOGY || command->kind == MOTET_COMMAND_RELOAD) {
        return true;
    }
    return motet_desk_has(command) ? motet_desk_ends_block(engine, command)
                                   : motet_slot_ends_block(engine, command, needs);
}

/* Takes in what has been published, at most a ring's worth: commands for this frame apply, later ones wait. */
static void receive(motet_engine *engine) MOTET_NONBLOCKING
{
    uint32_t index;
    for (uint32_t count = motet_ring_count(&engine->commands.inbox); count > 0; count--) {
        motet_ring_pop(&engine->commands.inbox, &index);
        motet_command *command = &engine->commands.commands[index];
        command->sequence = ++engine->sequence;
        if (command->frame < engine->now) {
            motet_count_u64(&engine->counters.commands_late, command->frame != 0);
            command->frame = engine->now;
        }
        if (command->kind == MOTET_COMMAND_PLAY) {
            motet_slot_prepare(engine, command);
        }
        if (command->frame == engine->now) {
            apply_now(engine, index);
        } else if (command->kind == MOTET_COMMAND_STOP && motet_slot_is_over(engine, command)) {
            hand_back(engine, index); /* nor may it keep the next voice of its slot from being stopped */
        } else {
            motet_schedule_add(&engine->schedule, index);
            motet_stream_await(engine, command);
        }
    }
}

static void apply_due_now(motet_engine *engine) MOTET_NONBLOCKING
{
    uint32_t index;
    while ((index = motet_schedule_due(&engine->schedule, engine->now + 1)) != MOTET_NO_COMMAND) {
        motet_schedule_remove_first(&engine->schedule);
        apply_now(engine, index);
    }
}

/* Takes the commands of one frame out of the schedule, linked in their order by `next`; true when one of them ends the
 * block. */
static bool take_frame(motet_engine *engine, uint64_t frame, uint32_t *first) MOTET_NONBLOCKING
{
    uint32_t index;
    motet_block_needs needs = {0};
    uint32_t *link = first;
    bool ends = false;
    while ((index = motet_schedule_due(&engine->schedule, frame + 1)) != MOTET_NO_COMMAND) {
        motet_schedule_remove_first(&engine->schedule);
        ends = ends_block(engine, index, &needs) || ends;
        *link = index;
        link = &engine->commands.commands[index].next;
    }
    *link = MOTET_NO_COMMAND;
    return ends;
}

/* Chains the commands due inside the block to what they change; returns the block's length, shorter where one of them
 * concerns too much to wait for its frame. The commands of one frame go the same way, so that their order is kept. */
static uint32_t chain_block(motet_engine *engine, uint32_t count) MOTET_NONBLOCKING
{
    uint32_t due, next;
    engine->first_in_block = MOTET_NO_COMMAND;
    while ((due = motet_schedule_due(&engine->schedule, engine->now + count)) != MOTET_NO_COMMAND) {
        uint64_t frame = engine->commands.commands[due].frame;
        bool ends = take_frame(engine, frame, &due);
        for (; due != MOTET_NO_COMMAND; due = next) {
            next = engine->commands.commands[due].next;
            if (ends) {
                motet_schedule_add(&engine->schedule, due);
            } else {
                apply_later(engine, due);
            }
        }
        if (ends) {
            return (uint32_t)(frame - engine->now);
        }
    }
    return count;
}

static void unchain_block(motet_engine *engine) MOTET_NONBLOCKING
{
    uint32_t next;
    for (uint32_t index = engine->first_in_block; index != MOTET_NO_COMMAND; index = next) {
        const motet_command *command = &engine->commands.commands[index];
        next = command->next_in_block;
        if (motet_desk_has(command)) {
            motet_desk_unchain(engine, index);
        } else {
            motet_slot_unchain(engine, index);
        }
        hand_back(engine, index);
    }
}

/* ------------------------------------------------------------------------------------------------ Rendering */

static void tell_clock(motet_engine *engine, uint64_t host_ns, uint32_t device_latency_frames) MOTET_NONBLOCKING
{
    uint64_t words[] = {engine->now, host_ns, device_latency_frames};
    motet_seqlock_write(&engine->clock, words, 3);
}

/* Hands the records of voices that are over to the control side: after their events, so that these still find the
 * record's sound, and so that no slot ever has two end events in the ring. */
static void hand_back_records(motet_engine *engine) MOTET_NONBLOCKING
{
    while (engine->finished != NULL) {
        motet_voice_record *record = engine->finished;
        engine->finished = motet_load_acquire_pointer(&record->next_garbage);
        void *top;
        do { /* fails only when the control side took the whole list in between */
            top = motet_load_acquire_pointer(&engine->voice_garbage);
            motet_store_release_pointer(&record->next_garbage, top);
        } while (!motet_replace_release_pointer(&engine->voice_garbage, top, record));
    }
}

/* One block: at most `count` frames, none across a multiple of MOTET_BLOCK_FRAMES; returns how many. */
static uint32_t render_block(motet_engine *engine, float *interleaved, uint32_t count) MOTET_NONBLOCKING
{
    uint32_t to_grid = MOTET_BLOCK_FRAMES - (uint32_t)(engine->now % MOTET_BLOCK_FRAMES);
    count = count < to_grid ? count : to_grid;
    motet_reload_look(engine);
    motet_streams_look_aside(engine);
    motet_virtual_choose(engine);
    motet_pause_look(engine);
    motet_late_begin(engine);
    motet_queue_start_due(engine);
    apply_due_now(engine); /* these were given before anything that is still in the ring */
    receive(engine);
    motet_quiet_choose(engine);
    motet_stems_start_ready(engine);
    motet_queue_crossfade(engine);
    count = motet_queue_limit(engine, count);
    count = chain_block(engine, count);
    motet_late_expire(engine, engine->now + count);
    motet_virtual_ring(engine, engine->now + count);
    motet_mixer_render(engine, interleaved, engine->now, count);
    unchain_block(engine);
    motet_ring_publish(&engine->events);
    hand_back_records(engine);
    engine->now += count;
    motet_store_release_u64(&engine->frame, engine->now);
    motet_store_relaxed_u64(&engine->counters.voices_active, engine->live);
    motet_store_relaxed_u64(&engine->counters.voices_virtual, engine->slots.virtual.count);
    return count;
}

void motet_render_f32(motet_engine *engine, float *interleaved, uint32_t frame_count, uint64_t host_ns,
                      uint32_t device_latency_frames) MOTET_NONBLOCKING
{
    motet_guard_enter();
    motet_fpu_state fpu = motet_fpu_enter();
    tell_clock(engine, host_ns, device_latency_frames);
    while (frame_count > 0) {
        uint32_t count = render_block(engine, interleaved, frame_count);
        interleaved += (size_t)count * engine->def.channels;
        frame_count -= count;
    }
    motet_fpu_leave(fpu);
    motet_guard_leave();
}

static void render_s16(motet_engine *engine, int16_t *interleaved, uint32_t frame_count) MOTET_NONBLOCKING
{
    motet_guard_enter();
    motet_fpu_state fpu = motet_fpu_enter();
    tell_clock(engine, 0, 0);
    while (frame_count > 0) {
        uint32_t count = render_block(engine, engine->mixer.output, frame_count);
        size_t samples = (size_t)count * engine->def.channels;
        engine->mixer.kernels->convert_f32_to_s16(interleaved, engine->mixer.output, samples);
        interleaved += samples;
        frame_count -= count;
    }
    motet_fpu_leave(fpu);
    motet_guard_leave();
}

/* The program's own rendering: allowed while no device and no clock has the engine, and not in a fork's child. */
static bool claim_by_hand(motet_engine *engine) MOTET_NONBLOCKING
{
    return engine->output == NULL && engine->fork_count == motet_fork_count_seen() && motet_render_claim(engine, 0);
}

void motet_engine_render_f32(motet_engine *engine, float *interleaved, uint32_t frame_count)
{
    if (engine == NULL || interleaved == NULL) {
        return;
    }
    if (!claim_by_hand(engine)) {
        memset(interleaved, 0, (size_t)frame_count * engine->def.channels * sizeof *interleaved);
        return;
    }
    motet_render_f32(engine, interleaved, frame_count, 0, 0);
    motet_render_release(engine, 0);
}

void motet_engine_render_s16(motet_engine *engine, int16_t *interleaved, uint32_t frame_count)
{
    if (engine == NULL || interleaved == NULL) {
        return;
    }
    if (!claim_by_hand(engine)) {
        memset(interleaved, 0, (size_t)frame_count * engine->def.channels * sizeof *interleaved);
        return;
    }
    render_s16(engine, interleaved, frame_count);
    motet_render_release(engine, 0);
}
