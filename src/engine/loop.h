/* How a voice goes round its loop. Audio thread.
 *
 * Positions may be given *unrolled*: counted on past the loop's end as if each further pass lay behind the one before,
 * and behind the last one what follows the loop. So a reader looks at consecutive frames wherever they really lie. */
#ifndef MOTET_ENGINE_LOOP_H
#define MOTET_ENGINE_LOOP_H

#include "engine/slot.h"

/* In its loop, or on the way to it, and to go round at its end. One that has been moved past the loop, or is on its
 * last pass, plays to the sound's end. */
static inline bool motet_loop_is_on(const motet_slot *slot) MOTET_NONBLOCKING
{
    return slot->loop && slot->passes != 1 && slot->position < slot->loop_end;
}

/* The unrolled frame at which the material ends; UINT64_MAX: never. */
uint64_t motet_loop_limit(const motet_slot *slot) MOTET_NONBLOCKING;

/* Brings a position that has moved past the loop's end back into it. The slot was in the loop before. */
void motet_loop_wrap(motet_slot *slot) MOTET_NONBLOCKING;

/* The unrolled frame at which the first pass began: before it lies what the sound has before the loop. A whole sound
 * that loops has no first pass: each has the same samples, and the end of the last one before its start. */
int64_t motet_loop_first(const motet_slot *slot) MOTET_NONBLOCKING;

/* A run of consecutive frames of the sound, or of silence. */
typedef struct motet_loop_piece {
    bool silent;
    bool goes_round; /* on a pass that ends, or has ended, by going round: the crossfade applies */
    uint64_t frame;
    uint64_t frames;
} motet_loop_piece;

/* What is heard from unrolled frame `at` on. */
motet_loop_piece motet_loop_piece_at(const motet_slot *slot, int64_t at) MOTET_NONBLOCKING;

/* Fades frames at the end of the loop over to those before its start: `frames` holds the piece's first `count`,
 * interleaved where they are stereo. */
void motet_loop_crossfade(const motet_slot *slot, motet_loop_piece piece, float *frames,
                          uint32_t count) MOTET_NONBLOCKING;

#endif /* MOTET_ENGINE_LOOP_H */
