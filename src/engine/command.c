#include "engine/command.h"

#include "engine/engine.h"

#include <math.h>
#include <string.h>

bool motet_command_pool_create(motet_command_pool *pool, motet_heap *heap, uint32_t max_scheduled, uint32_t voices)
{
    pool->shared_count = max_scheduled;
    pool->count = max_scheduled + voices;
    pool->commands = motet_heap_take(heap, pool->count * sizeof *pool->commands, MOTET_CACHE_LINE);
    pool->free = motet_heap_take(heap, max_scheduled * sizeof *pool->free, _Alignof(uint32_t));
    pool->stop_taken = motet_heap_take(heap, voices * sizeof *pool->stop_taken, 1);
    bool inbox = motet_ring_create(&pool->inbox, heap, pool->count, sizeof(uint32_t));
    bool returned = motet_ring_create(&pool->returned, heap, pool->count, sizeof(uint32_t));
    if (pool->commands == NULL || pool->free == NULL || pool->stop_taken == NULL || !inbox || !returned) {
        return false;
    }
    for (uint32_t i = 0; i < max_scheduled; i++) {
        pool->free[i] = max_scheduled - 1 - i;
    }
    pool->free_count = max_scheduled;
    return true;
}

void motet_command_pool_destroy(motet_command_pool *pool, motet_heap *heap)
{
    uint32_t voices = pool->count - pool->shared_count;
    motet_heap_give(heap, pool->commands, pool->count * sizeof *pool->commands);
    motet_heap_give(heap, pool->free, pool->shared_count * sizeof *pool->free);
    motet_heap_give(heap, pool->stop_taken, voices * sizeof *pool->stop_taken);
    motet_ring_destroy(&pool->inbox, heap);
    motet_ring_destroy(&pool->returned, heap);
    for (int i = 0; i < MOTET_MAX_GROUPS; i++) {
        motet_heap_give(heap, pool->groups[i].commands, pool->groups[i].capacity * sizeof *pool->groups[i].commands);
    }
}

void motet_command_reclaim(motet_command_pool *pool)
{
    uint32_t index;
    while (motet_ring_pop(&pool->returned, &index)) {
        if (index < pool->shared_count) {
            pool->free[pool->free_count++] = index;
        } else {
            pool->stop_taken[index - pool->shared_count] = false;
        }
    }
}

uint32_t motet_command_waiting(const motet_command_pool *pool)
{
    uint32_t waiting = pool->shared_count - pool->free_count;
    for (uint32_t i = 0; i < pool->count - pool->shared_count; i++) {
        waiting += pool->stop_taken[i];
    }
    return waiting;
}

motet_result motet_command_time(motet_engine *engine, motet_command *command, motet_timing timing)
{
    if (!motet_check_number(engine, timing.fade_seconds, "timing.fade_seconds")) {
        return MOTET_ERROR_INVALID;
    }
    if (timing.fade_seconds < 0 && timing.fade_seconds != MOTET_FADE_NONE) {
        return motet_fail(&engine->log, MOTET_ERROR_INVALID,
                          "timing.fade_seconds is %g; expected 0 (the declick), MOTET_FADE_NONE or a length above 0",
                          timing.fade_seconds);
    }
    if (timing.curve < MOTET_CURVE_SMOOTH || timing.curve > MOTET_CURVE_POWER) {
        return motet_fail(&engine->log, MOTET_ERROR_INVALID, "timing.curve is %d; expected a motet_curve",
                          (int)timing.curve);
    }
    command->frame = timing.at_frame;
    command->curve = (uint8_t)timing.curve;
    command->default_fade = timing.fade_seconds == 0;
    if (timing.fade_seconds == 0) {
        command->fade_frames = engine->declick_frames;
    } else if (timing.fade_seconds == MOTET_FADE_NONE) {
        command->fade_frames = 0;
    } else {
        double seconds = motet_clamp(timing.fade_seconds, 0, MOTET_MAX_FADE_SECONDS);
        double frames = floor(seconds * engine->def.sample_rate_hz + 0.5);
        command->fade_frames = frames > 4294967295.0 ? UINT32_MAX : (uint32_t)frames;
    }
    return MOTET_OK;
}

/* ---------------------------------------------------------------------------------------------------- Groups */

static motet_group *group_of_thread(motet_command_pool *pool)
{
    for (int i = 0; pool->open_groups > 0 && i < MOTET_MAX_GROUPS; i++) {
        if (pool->groups[i].open && pthread_equal(pool->groups[i].thread, pthread_self())) {
            return &pool->groups[i];
        }
    }
    return NULL;
}

/* So that `count` more can be added, which cannot fail then. */
static motet_result reserve_in_group(motet_engine *engine, motet_group *group, uint32_t count)
{
    if (count > engine->commands.shared_count - group->count) {
        return motet_fail(&engine->log, MOTET_ERROR_LIMIT, "a group of more than %u commands (max_scheduled)",
                          engine->commands.shared_count);
    }
    uint32_t capacity = group->capacity == 0 ? 64 : group->capacity;
    while (capacity < group->count + count) {
        capacity *= 2;
    }
    if (capacity > group->capacity) {
        motet_command *grown = motet_heap_resize(&engine->heap, group->commands, group->capacity * sizeof *grown,
                                                 capacity * sizeof *grown, _Alignof(motet_command));
        if (grown == NULL) {
            return motet_fail(&engine->log, MOTET_ERROR_MEMORY, "out of memory for a group of %u commands", capacity);
        }
        group->commands = grown;
        group->capacity = capacity;
    }
    return MOTET_OK;
}

static motet_result add_to_group(motet_engine *engine, motet_group *group, const motet_command *command)
{
    motet_result result = reserve_in_group(engine, group, 1);
    if (result == MOTET_OK) {
        group->commands[group->count++] = *command;
    }
    return result;
}

/* --------------------------------------------------------------------------------------------------- Sending */

static motet_result busy(motet_engine *engine)
{
    engine->commands.refused++;
    return motet_fail(NULL, MOTET_ERROR_BUSY, "%u commands are waiting to be applied; at most %u may (max_scheduled)",
                      motet_command_waiting(&engine->commands), engine->commands.shared_count);
}

motet_result motet_command_reserve(motet_engine *engine, uint32_t count)
{
    motet_group *group = group_of_thread(&engine->commands);
    if (group != NULL) {
        return reserve_in_group(engine, group, count);
    }
    return engine->commands.free_count >= count ? MOTET_OK : busy(engine);
}

motet_result motet_command_reserve_behind(motet_engine *engine, uint32_t count, uint32_t group)
{
    return reserve_in_group(engine, &engine->commands.groups[group - 1], count);
}

/* Takes a command from the pool, for a stop the voice's own if it is there; MOTET_NO_COMMAND when there is none. */
static uint32_t take(motet_command_pool *pool, const motet_command *command)
{
    if (command->kind == MOTET_COMMAND_STOP && !pool->stop_taken[command->target]) {
        pool->stop_taken[command->target] = true;
        return pool->shared_count + command->target;
    }
    return pool->free_count > 0 ? pool->free[--pool->free_count] : MOTET_NO_COMMAND;
}

static bool stage(motet_command_pool *pool, const motet_command *command)
{
    uint32_t index = take(pool, command);
    if (index != MOTET_NO_COMMAND) {
        pool->commands[index] = *command;
        motet_ring_stage(&pool->inbox, &index);
    }
    return index != MOTET_NO_COMMAND;
}

static void wake_loader(motet_engine *engine)
{
    if (motet_load_acquire_u32(&engine->loader.idle) != 0) { /* else it looks by itself, and waking it costs a call */
        motet_loader_wake(engine);
    }
}

motet_result motet_command_stage(motet_engine *engine, const motet_command *command)
{
    motet_group *group = group_of_thread(&engine->commands);
    if (group != NULL) {
        return add_to_group(engine, group, command);
    }
    return stage(&engine->commands, command) ? MOTET_OK : busy(engine);
}

void motet_command_publish(motet_engine *engine)
{
    motet_ring_publish(&engine->commands.inbox);
    wake_loader(engine);
}

motet_result motet_command_send_at_once(motet_engine *engine, const motet_command *command)
{
    if (!stage(&engine->commands, command)) {
        return busy(engine);
    }
    motet_command_publish(engine);
    return MOTET_OK;
}

motet_result motet_command_send(motet_engine *engine, const motet_command *command)
{
    motet_result result = motet_command_stage(engine, command);
    motet_command_publish(engine);
    return result;
}

motet_result motet_command_send_behind(motet_engine *engine, const motet_command *command, uint32_t group)
{
    return group != 0 ? add_to_group(engine, &engine->commands.groups[group - 1], command)
                      : motet_command_send(engine, command);
}

motet_result motet_command_stage_behind(motet_engine *engine, const motet_command *command, uint32_t group)
{
    return group != 0 ? add_to_group(engine, &engine->commands.groups[group - 1], command)
                      : motet_command_stage(engine, command);
}

uint32_t motet_command_open_group(motet_engine *engine)
{
    const motet_group *group = group_of_thread(&engine->commands);
    return group != NULL ? (uint32_t)(group - engine->commands.groups) + 1 : 0;
}

motet_result motet_engine_begin(motet_engine *engine)
{
    motet_result result;
    if (!motet_engine_enter(engine, &result)) {
        return result;
    }
    motet_command_pool *pool = &engine->commands;
    if (group_of_thread(pool) != NULL) {
        result = motet_fail(&engine->log, MOTET_ERROR_INVALID, "this thread has a group open; commit it first");
    } else if (pool->open_groups == MOTET_MAX_GROUPS) {
        result = motet_fail(&engine->log, MOTET_ERROR_LIMIT, "%d threads have a group open", MOTET_MAX_GROUPS);
    } else {
        motet_group *group = pool->groups;
        while (group->open) {
            group++;
        }
        group->open = true;
        group->thread = pthread_self();
        group->count = 0;
        pool->open_groups++;
    }
    motet_engine_leave(engine);
    return result;
}

/* Whether every command of a group can be taken from the pool at once: stops by their voices' own as far as those are
 * there. */
static bool fits(motet_command_pool *pool, motet_group *group)
{
    uint32_t needed = 0;
    for (uint32_t i = 0; i < group->count; i++) {
        motet_command *command = &group->commands[i];
        bool own = command->kind == MOTET_COMMAND_STOP && !pool->stop_taken[command->target];
        if (own) {
            pool->stop_taken[command->target] = true;
        }
        command->next = own; /* to be undone below */
        needed += !own;
    }
    for (uint32_t i = 0; i < group->count; i++) {
        if (group->commands[i].next != 0) {
            pool->stop_taken[group->commands[i].target] = false;
        }
    }
    return needed <= pool->free_count;
}

motet_result motet_engine_commit(motet_engine *engine)
{
    motet_result result;
    if (!motet_engine_enter(engine, &result)) {
        return result;
    }
    motet_command_pool *pool = &engine->commands;
    motet_group *group = group_of_thread(pool);
    if (group == NULL) {
        result = motet_fail(&engine->log, MOTET_ERROR_INVALID, "commit without begin on this thread");
    } else if (!fits(pool, group)) {
        result = busy(engine);
    } else {
        for (uint32_t i = 0; i < group->count; i++) {
            stage(pool, &group->commands[i]);
            if (group->commands[i].kind == MOTET_COMMAND_PLAY) {
                engine->voices[group->commands[i].target].group = 0;
            }
        }
        motet_ring_publish(&pool->inbox);
        wake_loader(engine);
        group->open = false;
        pool->open_groups--;
    }
    motet_engine_leave(engine);
    return result;
}
