/* The way into the audio thread's code: whoever has claimed the engine renders. */
#ifndef MOTET_ENGINE_RENDER_H
#define MOTET_ENGINE_RENDER_H

#include "base/nonblocking.h"
#include "motet/motet.h"

/* The engine is rendered by one party at a time, named by an epoch: the device opened last, the null clock, or, with
 * epoch 0, the program itself. A claim succeeds when the epoch is the current one and nobody is inside; it never
 * waits. */
bool motet_render_claim(motet_engine *engine, uint32_t epoch) MOTET_NONBLOCKING;
void motet_render_release(motet_engine *engine, uint32_t epoch) MOTET_NONBLOCKING;
/* Makes another epoch the current one: returns false while somebody is inside (try again a little later). Not on the
 * audio thread. */
bool motet_render_hand_over(motet_engine *engine, uint32_t from_epoch, uint32_t to_epoch);

/* Renders the next frames, interleaved, in the engine's channel count; only between claim and release.
 * `host_ns` is the monotonic time at which the call began and `device_latency_frames` what lies between this call
 * and the ear, for the clock query; 0 and 0 where there is no device. */
void motet_render_f32(motet_engine *engine, float *interleaved, uint32_t frame_count, uint64_t host_ns,
                      uint32_t device_latency_frames) MOTET_NONBLOCKING;

/* Frames rendered so far, from any thread. */
uint64_t motet_render_frame(const motet_engine *engine);

#endif /* MOTET_ENGINE_RENDER_H */
