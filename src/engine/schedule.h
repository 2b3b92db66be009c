/* Commands that wait for their frame on the audio side: a binary heap ordered by (frame, sequence). */
#ifndef MOTET_ENGINE_SCHEDULE_H
#define MOTET_ENGINE_SCHEDULE_H

#include "base/alloc.h"
#include "base/nonblocking.h"
#include "engine/command.h"

typedef struct motet_schedule {
    const motet_command *commands;
    uint32_t *heap;   /* indices; [0] is the earliest */
    uint32_t *places; /* in the heap, by index of the command; MOTET_NO_COMMAND: not in it */
    uint32_t count, capacity;
} motet_schedule;

bool motet_schedule_create(motet_schedule *schedule, motet_heap *heap, const motet_command *commands,
                           uint32_t capacity);
void motet_schedule_destroy(motet_schedule *schedule, motet_heap *heap);

/* There is room for every command of the pool. */
void motet_schedule_add(motet_schedule *schedule, uint32_t command) MOTET_NONBLOCKING;
/* The earliest command if it is due before `frame`, else MOTET_NO_COMMAND; it stays. */
uint32_t motet_schedule_due(const motet_schedule *schedule, uint64_t before_frame) MOTET_NONBLOCKING;
void motet_schedule_remove_first(motet_schedule *schedule) MOTET_NONBLOCKING;
/* Removes a command wherever it stands; false when it is not here. */
bool motet_schedule_remove(motet_schedule *schedule, uint32_t command) MOTET_NONBLOCKING;

#endif /* MOTET_ENGINE_SCHEDULE_H */
