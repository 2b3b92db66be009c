#include "engine/schedule.h"

#include <assert.h>

bool motet_schedule_create(motet_schedule *schedule, motet_heap *heap, const motet_command *commands, uint32_t capacity)
{
    schedule->commands = commands;
    schedule->capacity = capacity;
    schedule->count = 0;
    schedule->heap = motet_heap_take(heap, capacity * sizeof *schedule->heap, _Alignof(uint32_t));
    return schedule->heap != NULL;
}

void motet_schedule_destroy(motet_schedule *schedule, motet_heap *heap)
{
    motet_heap_give(heap, schedule->heap, schedule->capacity * sizeof *schedule->heap);
    schedule->heap = NULL;
}

static bool is_before(const motet_schedule *schedule, uint32_t a, uint32_t b) MOTET_NONBLOCKING
{
    const motet_command *x = &schedule->commands[a];
    const motet_command *y = &schedule->commands[b];
    return x->frame != y->frame ? x->frame < y->frame : x->sequence < y->sequence;
}

void motet_schedule_add(motet_schedule *schedule, uint32_t command) MOTET_NONBLOCKING
{
    assert(schedule->count < schedule->capacity);
    uint32_t at = schedule->count++;
    while (at > 0 && is_before(schedule, command, schedule->heap[(at - 1) / 2])) {
        schedule->heap[at] = schedule->heap[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    schedule->heap[at] = command;
}

uint32_t motet_schedule_due(const motet_schedule *schedule, uint64_t before_frame) MOTET_NONBLOCKING
{
    bool due = schedule->count > 0 && schedule->commands[schedule->heap[0]].frame < before_frame;
    return due ? schedule->heap[0] : MOTET_NO_COMMAND;
}

void motet_schedule_remove_first(motet_schedule *schedule) MOTET_NONBLOCKING
{
    assert(schedule->count > 0);
    uint32_t moved = schedule->heap[--schedule->count];
    uint32_t at = 0;
    for (;;) {
        uint32_t child = 2 * at + 1;
        if (child >= schedule->count) {
            break;
        }
        if (child + 1 < schedule->count && is_before(schedule, schedule->heap[child + 1], schedule->heap[child])) {
            child++;
        }
        if (!is_before(schedule, schedule->heap[child], moved)) {
            break;
        }
        schedule->heap[at] = schedule->heap[child];
        at = child;
    }
    schedule->heap[at] = moved;
}
