/* Voices that a program's code makes while they play: the frames lie in a feed, whose writer is the audio thread itself
 * or a thread of the feed's own (may_block).
 *
 * On the audio thread frames are made in pieces of one length, when the first of a voice and its tails comes to need
 * them. All of the family read in step (their pitch is one), so at most a block's frames at the highest pitch lie
 * between two of them: for so many there is room, and no piece is ever refused. */
#ifndef MOTET_ENGINE_GENERATOR_H
#define MOTET_ENGINE_GENERATOR_H

#include "engine/slot.h"

typedef struct motet_generator {
    motet_generate_fn *generate;
    void (*close)(void *user); /* NULL: nothing */
    void *user;
} motet_generator;

/* Without the lock: the feed's voice is over. */
void motet_generator_close(motet_engine *engine, motet_feed *feed);
/* Under the lock: takes the feed off the list of those that motet_generators_await waits for, if it is there. */
void motet_generator_let_go(motet_engine *engine, motet_feed *feed);

/* Rendering by hand, with the engine claimed: waits for what voices that are made by threads need for the next frames,
 * up to `frame_count`, and returns for how many that holds. */
uint32_t motet_generators_await(motet_engine *engine, uint32_t frame_count);

/* Audio thread, of a generator there. Once in a block, before anything is read: makes room. */
void motet_generator_make_room(motet_feed *feed) MOTET_NONBLOCKING;
/* Makes frames until `frame` lies behind them, or there are no more. Returns the first frame of the first piece that
 * held NaN or infinity, and was silenced; UINT64_MAX: none. */
uint64_t motet_generator_reach(motet_feed *feed, uint64_t frame) MOTET_NONBLOCKING;
/* Notes that the frames just silenced were needed first at an engine frame. */
void motet_generator_note_bad(motet_feed *feed, uint64_t engine_frame) MOTET_NONBLOCKING;

/* Audio thread: raises an event if frames have been silenced since the last one. */
void motet_generator_tell_bad(motet_engine *engine, motet_slot *voice) MOTET_NONBLOCKING;

#endif /* MOTET_ENGINE_GENERATOR_H */
