/* Voices whose samples the program writes, or makes while they play. A part of motet.h, which includes it. */
#ifndef MOTET_FEED_H
#define MOTET_FEED_H

#include "motet/motet.h"

#ifdef __cplusplus
extern "C" {
#endif

/* --------------------------------------------------------------------------------------------- Fed voices */

/* A voice whose material the program writes while it plays: radio, voice chat, a film's sound. */
typedef struct motet_feed_def {
    uint32_t sample_rate_hz;    /* of what is written: 1 ... 768000, default the engine's */
    uint32_t channels;          /* of what is written: 1 ... 8, default 2; folded like a sound's */
    double buffer_seconds;      /* the most that is held: 0.01 ... 60, default 0.5 */
    double start_after_seconds; /* held before it starts, and again after each gap: 0 ... buffer, default 0 */
    motet_voice_def voice;      /* `loop` and `from_frame` must be zero */
} motet_feed_def;

MOTET_API motet_feed_def motet_default_feed_def(void);

/* Opens a fed voice. Errors ({0}): as motet_voice_play, MEMORY. */
MOTET_API MOTET_USE_RESULT motet_voice motet_feed_open(motet_engine *engine, const motet_feed_def *def);

/* Appends interleaved frames, as many as there is room for; `taken` (may be NULL) receives how many. The voice
 * plays exactly what it holds and then silence, with an event at the start of each gap.
 * Thread: one writer a voice at a time; no other call waits for it. Errors: STALE it is over; INVALID not a fed voice,
 * finished, or another thread is writing. */
MOTET_API motet_result motet_feed_write_s16(motet_engine *engine, motet_voice voice, const int16_t *interleaved,
                                            uint32_t frame_count, uint32_t *taken);
MOTET_API motet_result motet_feed_write_f32(motet_engine *engine, motet_voice voice, const float *interleaved,
                                            uint32_t frame_count, uint32_t *taken);

/* Says that nothing more comes: the voice plays out what it holds and ends. Errors: STALE, INVALID. */
MOTET_API motet_result motet_feed_finish(motet_engine *engine, motet_voice voice);

typedef struct motet_feed_state {
    uint32_t queued_frames; /* written and not yet played */
    uint32_t free_frames;   /* that a write would take now */
    uint32_t underruns;     /* gaps so far */
    bool finished;
} motet_feed_state;

MOTET_API motet_result motet_feed_get_state(const motet_engine *engine, motet_voice voice, motet_feed_state *state);

/* ---------------------------------------------------------------------------------------------- Generators */

/* Frames that a generator is asked for at once. */
#define MOTET_GENERATOR_FRAMES 64

/* A program's code that makes the samples of a voice while it plays. Writes the next `frame_count` frames, interleaved,
 * into memory that holds zeros, and returns how many; fewer than asked for end the voice behind them. Whatever the
 * engine is asked to render, it is called for MOTET_GENERATOR_FRAMES frames each time, one piece after the other, as
 * late as the voice's filter allows, and not while the voice is paused or has yet to start: so results do not depend on
 * blocks. A piece with NaN or infinity in it is silenced, with MOTET_EVENT_NON_FINITE.
 *
 * Thread: the audio thread, inside a call that has a few milliseconds for everything. The rule for all code there: no
 * allocation, no lock, no waiting, no files, no output, no other system call, no call of the engine; what it shares
 * with other threads are atomics or rings that nobody holds. Code that cannot promise this sets `may_block`. */
typedef uint32_t motet_generate_fn(void *user, float *interleaved, uint32_t frame_count);

typedef struct motet_generator_def {
    motet_generate_fn *generate; /* required */
    void *user;
    /* Called once, when `generate` will not be called any more; NULL: not. Must not call the engine.
     * Thread: any but the audio thread. */
    void (*close)(void *user);
    uint32_t sample_rate_hz; /* default the engine's; at most 768000, and 16 times the engine's unless may_block */
    uint32_t channels;       /* 1 ... 8, default 2; folded like a sound's */
    /* Called ahead of time on a thread of its own, for a quarter of the buffer at once (at most 1024 frames): there it
     * may allocate, lock, wait, and call the engine. */
    bool may_block;
    double buffer_seconds; /* with may_block: how far ahead. 0.01 ... 10, default 0.1 */
    motet_voice_def voice; /* `loop` and `from_frame` must be zero */
} motet_generator_def;

MOTET_API motet_generator_def motet_default_generator_def(void);

/* Opens a voice that a generator makes. It can do what fed voices can; motet_feed_get_state tells how far ahead it is.
 * With may_block it falls silent where the generator is late, as a fed voice that runs dry, and goes on with the frame
 * that comes next; motet_engine_prepare waits for it. Stopping never waits for `generate`; motet_engine_destroy waits
 * half a second for it to return, and otherwise leaves it, and the call of `close` behind it, to its thread.
 * Errors ({0}; `close` is not called): as motet_voice_play, MEMORY. */
MOTET_API MOTET_USE_RESULT motet_voice motet_generator_open(motet_engine *engine, const motet_generator_def *def);

#ifdef __cplusplus
}
#endif

#endif /* MOTET_FEED_H */
