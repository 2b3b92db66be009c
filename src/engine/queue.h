/* Voices that wait for others. Audio thread.
 *
 * A *queued* voice is a slot that waits for its *leader* to come to the end of its material. The frame at which that
 * will be is found by arithmetic, and the block ends there for all: so the follower's first frame is that frame,
 * wherever blocks begin. Voices without a follower cost nothing. A crossfade begins at the first frame at which no more
 * than the fade is left of the leader, at its step in that frame.
 *
 * Stems that wait for each other stand in the same list: engine/stems.h. */
#ifndef MOTET_ENGINE_QUEUE_H
#define MOTET_ENGINE_QUEUE_H

#include "engine/slot.h"

/* What a slot in phase MOTET_SLOT_WAITING waits for, if not for a frame. */
typedef enum motet_wait {
    MOTET_WAITS_FOR_NONE,
    MOTET_WAITS_FOR_LEADER,
    MOTET_WAITS_FOR_START, /* its leader has ended: it starts before anything else happens */
    MOTET_WAITS_FOR_STEMS
} motet_wait;

/* The slots that wait so, in the order of their plays. */
typedef struct motet_waiting {
    uint32_t first, last;
    uint32_t due; /* how many wait for their start */
} motet_waiting;

void motet_waiting_append(motet_engine *engine, motet_slot *slot, motet_wait wait) MOTET_NONBLOCKING;
void motet_waiting_remove(motet_engine *engine, motet_slot *slot) MOTET_NONBLOCKING;

/* The play of a queued voice has arrived. */
void motet_queue_arrive(motet_engine *engine, motet_slot *slot) MOTET_NONBLOCKING;

/* A voice ends: it waits no more, and is waited for no more. Returns the follower that ends with it, or
 * MOTET_NO_SLOT. */
uint32_t motet_queue_leave(motet_engine *engine, motet_slot *slot, motet_end_reason reason) MOTET_NONBLOCKING;

/* At the block's first frame: starts those whose leaders have ended. */
void motet_queue_start_due(motet_engine *engine) MOTET_NONBLOCKING;
/* The same for those whose crossfade begins here, when everything else of this frame has been applied. */
void motet_queue_crossfade(motet_engine *engine) MOTET_NONBLOCKING;
/* The length of a block of at most `count` frames that ends where a follower may start. */
uint32_t motet_queue_limit(motet_engine *engine, uint32_t count) MOTET_NONBLOCKING;

/* Whether a command may move the end that a follower waits for. */
bool motet_queue_is_moved_by(const motet_slot *slot, const motet_command *command) MOTET_NONBLOCKING;

/* A streamed voice that waits has been moved: what it starts with is wanted anew. */
void motet_queue_replan(motet_engine *engine, motet_slot *slot, const motet_command *command) MOTET_NONBLOCKING;

#endif /* MOTET_ENGINE_QUEUE_H */
