/* Which voices are mixed, when there are more than may be: the others are *virtual*. Audio thread.
 *
 * A virtual voice stands in no bus's list. It keeps its exact time by arithmetic: its position is moved only when
 * something happens to it, and its next own event (its end, a gate that closes) waits as an alarm in a heap, so that it
 * costs nothing in the blocks between.
 * Who is real is decided by the score: the voice's level in its bus and those above, times its weight (10 ^ (priority
 * / 20)). On every multiple of MOTET_CHOICE_FRAMES the best virtual voices take free places, and then those of real
 * voices that they beat by MOTET_CHOICE_MARGIN; a voice that starts while all places are taken takes one of the lowest
 * at once, so that its attack is heard. The one that leaves fades out as a tail, the one that comes fades in, in the
 * right place. Fed voices are always real. */
#ifndef MOTET_ENGINE_VIRTUAL_H
#define MOTET_ENGINE_VIRTUAL_H

#include "engine/slot.h"

enum {
    MOTET_CHOICE_FRAMES = 512,
    MOTET_CHOICE_SWAPS = 32,  /* at most so many voices change places at one choice */
    MOTET_CHOICE_SLICE = 2048 /* of the virtual voices so many are looked at in one choice, in turn */
};
#define MOTET_CHOICE_MARGIN 1.4125375446227544 /* 3 dB */

typedef struct motet_candidate {
    uint32_t slot;
    uint64_t play_number; /* of its voice: another may have the slot since */
    double score;
} motet_candidate;

typedef struct motet_choice {
    uint32_t *alarms; /* a heap of slots by `alarm` */
    uint32_t alarm_count;
    double *bus_gains;                          /* by index: of a voice in the bus, on its way out of Master */
    uint64_t ranked_frame;                      /* when `lowest` was made + 1 */
    motet_candidate lowest[MOTET_CHOICE_SWAPS]; /* real voices, the lowest first, not yet displaced */
    uint32_t lowest_first, lowest_count;
    uint32_t slice_at;
} motet_choice;

bool motet_choice_create(motet_choice *choice, motet_heap *heap, uint32_t max_virtual, uint32_t max_buses);
void motet_choice_destroy(motet_choice *choice, motet_heap *heap, uint32_t max_virtual, uint32_t max_buses);

/* At a block's first frame, if it is one for choosing. */
void motet_virtual_choose(motet_engine *engine) MOTET_NONBLOCKING;

/* A place for a voice that starts: real if one is free or can be won, else virtual. It is in no list yet. False when
 * there is none: for a fed voice, when all others are fed too; it stands among the virtual ones then, to be ended. */
bool motet_virtual_place(motet_engine *engine, motet_slot *slot) MOTET_NONBLOCKING;
/* Whether a start, after `starts` others, may find no free place: then all voices must stand at its frame, so that
 * places of those that have ended by then are free, and others can be weighed. */
bool motet_virtual_may_be_full(const motet_engine *engine, uint32_t starts) MOTET_NONBLOCKING;
/* Takes a voice out of where it stands. */
void motet_virtual_remove(motet_engine *engine, motet_slot *slot) MOTET_NONBLOCKING;

/* Moves a virtual voice to an engine frame; it may end on the way. */
void motet_virtual_advance(motet_engine *engine, motet_slot *slot, uint64_t frame) MOTET_NONBLOCKING;
/* Sets the alarm of a virtual voice anew, after a change. */
void motet_virtual_set_alarm(motet_engine *engine, motet_slot *slot) MOTET_NONBLOCKING;
/* Lets happen what happens to virtual voices up to an engine frame. */
void motet_virtual_ring(motet_engine *engine, uint64_t until_frame) MOTET_NONBLOCKING;

/* The level that a voice is ranked by, at the block's first frame; the buses must have been measured there. */
void motet_virtual_measure(motet_engine *engine) MOTET_NONBLOCKING;
double motet_virtual_score_now(const motet_engine *engine, const motet_slot *slot) MOTET_NONBLOCKING;

#endif /* MOTET_ENGINE_VIRTUAL_H */
