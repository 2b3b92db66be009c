/* Buses that are paused, and what that does to voices. Audio thread.
 *
 * A voice runs while neither it nor its bus, nor one above that, is paused. Of stems the buses of all count for each,
 * so that they stay locked. A tail in another bus than its voice's is held by its own. What holds a slot is in its
 * `pauses` at all times: each command that may change that ends the block for all. One thing does not: a stem that
 * comes to its end, or is stopped; those that its bus alone has held go on at the next multiple of
 * MOTET_BLOCK_FRAMES. */
#ifndef MOTET_ENGINE_PAUSE_H
#define MOTET_ENGINE_PAUSE_H

#include "engine/slot.h"

/* Whether a bus holds a slot. */
bool motet_pause_wanted_by_bus(const motet_engine *engine, const motet_slot *slot) MOTET_NONBLOCKING;
/* Whether a voice's move to a bus may change what is held. */
bool motet_pause_meets(const motet_engine *engine, const motet_slot *slot, uint32_t bus) MOTET_NONBLOCKING;

/* At the block's first frame, with a fade: buses have been paused, resumed, moved or made. */
void motet_pause_settle_buses(motet_engine *engine, uint32_t fade_frames, motet_curve curve) MOTET_NONBLOCKING;
/* A voice has come to another bus, or stems have found each other. */
void motet_pause_settle_voice(motet_engine *engine, motet_slot *slot, uint32_t fade_frames,
                              motet_curve curve) MOTET_NONBLOCKING;

/* A stem is over. */
void motet_pause_stem_left(motet_engine *engine, const motet_slot *slot) MOTET_NONBLOCKING;
/* At the start of each block: lets go what such a one has held. */
void motet_pause_look(motet_engine *engine) MOTET_NONBLOCKING;

#endif /* MOTET_ENGINE_PAUSE_H */
