#include "engine/schedule.h"

#include <assert.h>

bool motet_schedule_create(motet_schedule *schedule, motet_heap *heap, const motet_command *commands, uint32_t capacity)
{
    schedule->commands = commands;
    schedule->capacity = capacity;
    schedule->count = 0;
    schedule->heap = motet_heap_take(heap, capacity * sizeof *schedule->heap, _Alignof(uint32_t));
    schedule->places = motet_heap_take(heap, capacity * sizeof *schedule->places, _Alignof(uint32_t));
    for (uint32_t i = 0; schedule->places != NULL && i < capacity; i++) {
        schedule->places[i] = MOTET_NO_COMMAND;
    }
    return schedule->heap != NULL && schedule->places != NULL;
}

void motet_schedule_destroy(motet_schedule *schedule, motet_heap *heap)
{
    motet_heap_give(heap, schedule->heap, schedule->capacity * sizeof *schedule->heap);
    motet_heap_give(heap, schedule->places, schedule->capacity * sizeof *schedule->places);
    schedule->heap = schedule->places = NULL;
}

static bool is_before(const motet_schedule *schedule, uint32_t a, uint32_t b) MOTET_NONBLOCKING
{
    const motet_command *x = &schedule->commands[a];
    const motet_command *y = &schedule->commands[b];
    return x->frame != y->frame ? x->frame < y->frame : x->sequence < y->sequence;
}

static void put(motet_schedule *schedule, uint32_t at, uint32_t command) MOTET_NONBLOCKING
{
    schedule->heap[at] = command;
    schedule->places[command] = at;
}

/* Puts a command into the free place `at` or above it. */
static void put_upward(motet_schedule *schedule, uint32_t at, uint32_t command) MOTET_NONBLOCKING
{
    while (at > 0 && is_before(schedule, command, schedule->heap[(at - 1) / 2])) {
        put(schedule, at, schedule->heap[(at - 1) / 2]);
        at = (at - 1) / 2;
    }
    put(schedule, at, command);
}

/* Puts a command into the free place `at` or below it. */
static void put_downward(motet_schedule *schedule, uint32_t at, uint32_t command) MOTET_NONBLOCKING
{
    for (;;) {
        uint32_t child = 2 * at + 1;
        if (child >= schedule->count) {
            break;
        }
        if (child + 1 < schedule->count && is_before(schedule, schedule->heap[child + 1], schedule->heap[child])) {
            child++;
        }
        if (!is_before(schedule, schedule->heap[child], command)) {
            break;
        }
        put(schedule, at, schedule->heap[child]);
        at = child;
    }
    put(schedule, at, command);
}

void motet_schedule_add(motet_schedule *schedule, uint32_t command) MOTET_NONBLOCKING
{
    assert(schedule->count < schedule->capacity);
    put_upward(schedule, schedule->count++, command);
}

uint32_t motet_schedule_due(const motet_schedule *schedule, uint64_t before_frame) MOTET_NONBLOCKING
{
    bool due = schedule->count > 0 && schedule->commands[schedule->heap[0]].frame < before_frame;
    return due ? schedule->heap[0] : MOTET_NO_COMMAND;
}

bool motet_schedule_remove(motet_schedule *schedule, uint32_t command) MOTET_NONBLOCKING
{
    uint32_t at = schedule->places[command];
    if (at == MOTET_NO_COMMAND) {
        return false;
    }
    schedule->places[command] = MOTET_NO_COMMAND;
    uint32_t moved = schedule->heap[--schedule->count];
    if (moved == command) {
        return true;
    }
    if (at > 0 && is_before(schedule, moved, schedule->heap[(at - 1) / 2])) {
        put_upward(schedule, at, moved);
    } else {
        put_downward(schedule, at, moved);
    }
    return true;
}

void motet_schedule_remove_first(motet_schedule *schedule) MOTET_NONBLOCKING
{
    assert(schedule->count > 0);
    motet_schedule_remove(schedule, schedule->heap[0]);
}
