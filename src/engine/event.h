/* What happened, on its way to the program: a ring out of the audio thread, a bounded queue behind it. */
#ifndef MOTET_ENGINE_EVENT_H
#define MOTET_ENGINE_EVENT_H

#include "base/nonblocking.h"
#include "base/ring.h"

/* The control side's queue, under the API lock. */
typedef struct motet_event_queue {
    motet_event *events; /* a circle */
    uint32_t size, first, count;
    uint32_t lost_untold;  /* lost since the last OVERFLOW was taken, here or before */
    uint64_t lost;         /* here */
    uint64_t lost_in_ring; /* of the audio thread's own count, what has been added to `lost_untold` */
} motet_event_queue;

/* Audio thread: stages an event for the end of the block. End events always find room; others are counted as lost
 * when the ring runs full, and told by the next OVERFLOW. */
void motet_event_stage(motet_engine *engine, const motet_event *event) MOTET_NONBLOCKING;

/* Under the API lock: moves what the audio thread has published into the queue, in the order of frames. */
void motet_event_drain(motet_engine *engine);

/* Any other thread: takes the API lock itself. */
void motet_event_append(motet_engine *engine, const motet_event *event);
/* Under the API lock. */
void motet_event_append_locked(motet_engine *engine, const motet_event *event);

#endif /* MOTET_ENGINE_EVENT_H */
