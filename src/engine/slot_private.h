/* Between slot.c (coming and going, tails, commands), slot_render.c (the sound) and render.c (the block). */
#ifndef MOTET_ENGINE_SLOT_PRIVATE_H
#define MOTET_ENGINE_SLOT_PRIVATE_H

#include "engine/slot.h"

/* Takes a slot out of its list and ends it: a voice with its event, a tail without. */
void motet_slot_end(motet_engine *engine, motet_slot *slot, uint64_t frame, motet_end_reason reason) MOTET_NONBLOCKING;
/* A tail that is in no list any more goes back to the free ones. */
void motet_slot_free_tail(motet_engine *engine, motet_slot *tail) MOTET_NONBLOCKING;

void motet_slot_apply(motet_engine *engine, motet_slot *slot, const motet_command *command) MOTET_NONBLOCKING;
/* Applies those commands of the slot's chain that are due at its present frame. */
void motet_slot_apply_due(motet_engine *engine, motet_slot *slot) MOTET_NONBLOCKING;

/* At the block's end: the command's voice has no chain any more. */
void motet_slot_unchain(motet_engine *engine, uint32_t index) MOTET_NONBLOCKING;

/* A voice is over: the stop that is kept for it and waits for a later frame is the next voice's again. */
void motet_render_cancel_stop(motet_engine *engine, uint32_t slot) MOTET_NONBLOCKING;

#endif /* MOTET_ENGINE_SLOT_PRIVATE_H */
