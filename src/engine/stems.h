/* Stems: voices that are locked together, sample for sample.
 *
 * The control side keeps them in a ring: what moves the position of one is sent to all of them at once, so that it
 * applies to all at one frame. From then on they stay together by themselves, since positions are exact, heard or not.
 * Two things are left to the audio thread: they start together, when every streamed one of them has what it starts
 * with, and one that runs dry keeps the position of the others and comes back to it. */
#ifndef MOTET_ENGINE_STEMS_H
#define MOTET_ENGINE_STEMS_H

#include "engine/slot.h"

enum { MOTET_MAX_STEMS = 32 };

typedef struct motet_voice_record motet_voice_record;

/* ------------------------------------------------------------------------------------------------ Audio thread */

/* The last one's play has arrived, and with it those of all. */
void motet_stems_link(motet_engine *engine, motet_slot *last) MOTET_NONBLOCKING;
/* The frame of a stem's play has come. */
void motet_stems_arrive(motet_engine *engine, motet_slot *slot) MOTET_NONBLOCKING;
/* A stem ends: the others go on. */
void motet_stems_leave(motet_engine *engine, motet_slot *slot) MOTET_NONBLOCKING;
/* At the block's first frame: starts those that have waited for their streams. */
void motet_stems_start_ready(motet_engine *engine) MOTET_NONBLOCKING;

/* Whether the stem that a command was asked of has ended since: then it is no other one's either. */
bool motet_stems_have_lost(motet_engine *engine, const motet_command *command) MOTET_NONBLOCKING;

/* The next stem of a slot's ring, itself at last. */
motet_slot *motet_stems_next(motet_engine *engine, const motet_slot *slot) MOTET_NONBLOCKING;

/* Moves a stem that has run dry past at most `count` engine frames, from the one that lies `offset` behind its own on,
 * without a sound; fewer only where it comes to its end. */
uint32_t motet_stems_pass(motet_engine *engine, motet_slot *slot, uint32_t offset, uint32_t count) MOTET_NONBLOCKING;

/* ------------------------------------------------------------------------------------------------ Control side */

/* Under the API lock: the next voice of a record's ring, itself where it is not a stem. */
motet_voice_record *motet_stems_next_record(motet_engine *engine, const motet_voice_record *record);
/* Under the API lock: a voice is over. */
void motet_stems_forget(motet_engine *engine, motet_voice_record *record);
/* Under the API lock: how long the longest of them is, in the file's frames. */
uint64_t motet_stems_longest(motet_engine *engine, const motet_voice_record *record);

#endif /* MOTET_ENGINE_STEMS_H */
