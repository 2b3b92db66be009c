/* Between slot.c (coming and going, commands), slot_tail.c (tails), slot_render.c (the sound) and render.c (the block). */
#ifndef MOTET_ENGINE_SLOT_PRIVATE_H
#define MOTET_ENGINE_SLOT_PRIVATE_H

#include "engine/slot.h"

/* Takes a slot out of its list and ends it: a voice with its event, a tail without. */
void motet_slot_end(motet_engine *engine, motet_slot *slot, uint64_t frame, motet_end_reason reason) MOTET_NONBLOCKING;
/* Nothing of the voice sounds any more: its record goes back to the control side with the block. */
void motet_slot_give_back(motet_engine *engine, motet_slot *slot) MOTET_NONBLOCKING;

/* What applies here sets the values that the voice starts with. */
static inline bool motet_slot_is_before_first_frame(const motet_slot *slot) MOTET_NONBLOCKING
{
    return slot->phase == MOTET_SLOT_WAITING || !slot->begun;
}

/* Takes a free tail into a voice's family and into the bus's list right behind the voice; NULL when there is none, or
 * else the oldest one is dropped for it. */
motet_slot *motet_slot_take_tail(motet_engine *engine, motet_slot *voice) MOTET_NONBLOCKING;
motet_slot *motet_slot_take_tail_or_drop(motet_engine *engine, motet_slot *voice) MOTET_NONBLOCKING;
/* A tail that is in no list any more goes back to the free ones. */
void motet_slot_free_tail(motet_engine *engine, motet_slot *tail) MOTET_NONBLOCKING;
/* Makes a tail the copy of a voice as it is now. */
void motet_slot_become_copy(motet_slot *tail, const motet_slot *voice) MOTET_NONBLOCKING;
/* Whether anything would be heard of a copy of the slot that fades out from here on. */
bool motet_slot_leaves_sound(const motet_slot *slot, const motet_command *command) MOTET_NONBLOCKING;
/* From here on a copy of a voice fades out. False when there is nothing to hear of it. */
bool motet_slot_fade_out_copy(motet_slot *tail, const motet_command *command) MOTET_NONBLOCKING;
/* And the voice fades in at its new place. */
void motet_slot_fade_in_jump(motet_slot *slot, const motet_command *command) MOTET_NONBLOCKING;

/* Applies a command made here to a voice, at the block's first frame. */
void motet_slot_apply_own(motet_engine *engine, motet_slot *slot, motet_command *command) MOTET_NONBLOCKING;

static inline bool motet_slot_is_alive(const motet_slot *slot) MOTET_NONBLOCKING
{
    return slot->phase == MOTET_SLOT_WAITING || slot->phase == MOTET_SLOT_PLAYING;
}

void motet_slot_apply(motet_engine *engine, motet_slot *slot, const motet_command *command) MOTET_NONBLOCKING;
/* Applies those commands of the slot's chain that are due at its present frame. */
void motet_slot_apply_due(motet_engine *engine, motet_slot *slot) MOTET_NONBLOCKING;

/* The frame, at most `end`, at which the slot must be looked at again, and what has come to its end there. */
uint64_t motet_slot_next_cut(const motet_engine *engine, const motet_slot *slot, uint64_t end) MOTET_NONBLOCKING;
void motet_slot_settle(motet_engine *engine, motet_slot *slot) MOTET_NONBLOCKING;

/* Whether the gains of a slot stand still from its present frame on, and then what they are. */
bool motet_slot_gains_rest(const motet_slot *slot) MOTET_NONBLOCKING;
motet_mix_voice motet_slot_steady_voice(const motet_slot *slot, const void *frames) MOTET_NONBLOCKING;

/* A voice goes out of hearing at its present frame, and comes back to it: with the declick. */
void motet_slot_leave_tail(motet_engine *engine, motet_slot *slot) MOTET_NONBLOCKING;
void motet_slot_come_back(motet_engine *engine, motet_slot *slot) MOTET_NONBLOCKING;

/* A voice goes over to the same place in another edition of its sound, by the command's fade. */
void motet_slot_cross_over(motet_engine *engine, motet_slot *slot, const struct motet_edition *edition,
                           const motet_command *command) MOTET_NONBLOCKING;

/* Lets a voice go at the block's first frame, with the declick, for another one of its sound. */
void motet_slot_steal(motet_engine *engine, motet_slot *victim) MOTET_NONBLOCKING;

/* Lets a voice fade out over its last frames at the block's first frame: it comes to its end, and is not stopped. */
void motet_slot_fade_away(motet_engine *engine, motet_slot *slot, uint32_t frames, motet_curve curve) MOTET_NONBLOCKING;

/* Raises an event if the voice has gone round its loop since the last one. */
void motet_slot_tell_laps(motet_engine *engine, motet_slot *slot) MOTET_NONBLOCKING;

/* Shows the other threads where the voice is and how it moves on. */
void motet_slot_tell_track(motet_engine *engine, motet_slot *slot) MOTET_NONBLOCKING;

/* At the block's end: the command's voice has no chain any more. */
void motet_slot_unchain(motet_engine *engine, uint32_t index) MOTET_NONBLOCKING;

/* A voice is over: the stop that is kept for it and waits for a later frame is the next voice's again. */
void motet_render_cancel_stop(motet_engine *engine, uint32_t slot) MOTET_NONBLOCKING;

#endif /* MOTET_ENGINE_SLOT_PRIVATE_H */
