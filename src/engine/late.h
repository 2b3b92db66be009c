/* Voices whose sound is not loaded yet. Audio thread.
 *
 * Such a voice stands as one that waits for its frame: what is asked of it sets the values that it starts with. What
 * depends on its material is worked out when that is there. One that is still without at its frame waits in a list,
 * which is looked at at the start of each block. */
#ifndef MOTET_ENGINE_LATE_H
#define MOTET_ENGINE_LATE_H

#include "engine/slot.h"

/* Of a voice that waits for its frame: takes its material in, if that is there by now. */
void motet_late_take(motet_engine *engine, motet_slot *slot) MOTET_NONBLOCKING;

/* At its frame, of a voice that has no material: takes it in, or else lets the voice wait, or ends it. True when it may
 * start. */
bool motet_late_may_start(motet_engine *engine, motet_slot *slot, uint64_t frame) MOTET_NONBLOCKING;

/* Of a voice that has not started: notes where it is to read. True when that is all there is to the command. */
bool motet_late_note(motet_engine *engine, motet_slot *slot, const motet_command *command) MOTET_NONBLOCKING;

/* It waits no more. */
void motet_late_leave(motet_engine *engine, motet_slot *slot) MOTET_NONBLOCKING;

/* At the start of a block: starts those whose sound has come. */
void motet_late_begin(motet_engine *engine) MOTET_NONBLOCKING;
/* Ends those that may not start before the frame `until` any more. */
void motet_late_expire(motet_engine *engine, uint64_t until) MOTET_NONBLOCKING;

#endif /* MOTET_ENGINE_LATE_H */
