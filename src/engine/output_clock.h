/* The null clock: renders in real time, and discards, while no device asks for sound.
 *
 * Block by block it keeps to a grid of absolute times, so a late wake-up loses nothing: up to 8 blocks are rendered at
 * once and the rest on the next wake-ups. Only a debt beyond `most_debt_ns` (the process was stopped) is let go, and
 * counted. */
#ifndef MOTET_ENGINE_OUTPUT_CLOCK_H
#define MOTET_ENGINE_OUTPUT_CLOCK_H

#include "base/alloc.h"
#include "base/thread.h"

typedef struct motet_null_clock {
    motet_engine *engine;
    motet_heap *heap;
    uint32_t sample_rate_hz;
    uint32_t period_frames;
    size_t block_bytes;
    float *block; /* what it renders goes nowhere */

    motet_mutex mutex;     /* guards the next three */
    uint32_t epoch;        /* under which it claims the engine; 0: it rests */
    uint64_t anchor_frame; /* the block that begins at this frame is due at `anchor_ns` */
    uint64_t anchor_ns;

    motet_atomic_u32 stopping;
    motet_signal_flag wake;
    motet_thread thread;
    motet_atomic_u64 blocks_missed;
    motet_atomic_f32 load;
} motet_null_clock;

/* Starts its thread, at rest. False when out of memory or threads, with nothing left behind. */
bool motet_null_clock_create(motet_null_clock *clock, motet_engine *engine, motet_heap *heap, uint32_t sample_rate_hz,
                             uint32_t channels, uint32_t period_frames);
void motet_null_clock_destroy(motet_null_clock *clock);
/* In a fork's child: frees the memory; the thread is not there. */
void motet_null_clock_forget(motet_null_clock *clock);

/* Goes on with the engine's time: the block that begins at `frame` was or will be due at `due_ns`. The engine must have
 * been handed over to `epoch`. */
void motet_null_clock_run(motet_null_clock *clock, uint32_t epoch, uint64_t frame, uint64_t due_ns);
/* Rests: the engine has been handed over to somebody else. */
void motet_null_clock_rest(motet_null_clock *clock);

#endif /* MOTET_ENGINE_OUTPUT_CLOCK_H */
