/* The cheaper filter of quiet voices, where a program asked for it (`quiet_voice_db`). Audio thread.
 *
 * On every multiple of MOTET_CHOICE_FRAMES a real voice of a sound that is read by a sinc filter is looked at: where
 * the highest level that its fades and those of its buses let it have from here on is below the threshold, it is read
 * by the cubic; where that is MOTET_QUIET_MARGIN above, by its own filter again. A change that may make it louder (of
 * its volume, its bus, a bus's gain; a resume) gives it its own filter back on that frame. So the choice depends on
 * engine frames alone. All filters pass through the source's frames without a delay: going from one to the other leaves
 * a difference no larger than the cubic's own error, below the threshold. */
#ifndef MOTET_ENGINE_QUIET_H
#define MOTET_ENGINE_QUIET_H

#include "engine/slot.h"

#define MOTET_QUIET_MARGIN 1.9952623149688795 /* 6 dB */

typedef struct motet_quiet {
    double threshold;   /* a gain; 0: off */
    double *bus_levels; /* by index: the most that a bus and those above let through from here on */
    bool bus_moved;     /* a gain of a bus has been changed at the present frame */
} motet_quiet;

bool motet_quiet_create(motet_quiet *quiet, motet_heap *heap, double threshold_db, uint32_t max_buses);
void motet_quiet_destroy(motet_quiet *quiet, motet_heap *heap, uint32_t max_buses);

/* At a block's first frame, behind the commands of that frame and before those of later ones. */
void motet_quiet_choose(motet_engine *engine) MOTET_NONBLOCKING;

/* Gives a voice its own filter back at its present frame. */
static inline void motet_quiet_rouse(motet_slot *slot) MOTET_NONBLOCKING
{
    if (slot->is_quiet) {
        motet_steady_leave(slot);
        slot->is_quiet = false;
        slot->bank_frame = UINT64_MAX; /* it starts with the right bank */
    }
}

#endif /* MOTET_ENGINE_QUIET_H */
