/* Frames and nanoseconds, and how much of real time rendering takes. */
#ifndef MOTET_ENGINE_OUTPUT_TIME_H
#define MOTET_ENGINE_OUTPUT_TIME_H

#include "base/atomics.h"
#include "base/thread.h"

/* Without overflow for any count of frames that an engine reaches. */
static inline uint64_t motet_frames_to_ns(uint64_t frames, uint32_t sample_rate_hz)
{
    return frames / sample_rate_hz * 1000000000u + frames % sample_rate_hz * 1000000000u / sample_rate_hz;
}

/* Takes in a block of `frame_count` frames whose rendering began at `begun_ns` and ends now; smoothed over a quarter
 * of a second. One thread writes a load. */
static inline void motet_load_measure(motet_atomic_f32 *load, uint64_t begun_ns, uint32_t frame_count,
                                      uint32_t sample_rate_hz)
{
    float block_seconds = (float)frame_count / (float)sample_rate_hz;
    float now = (float)(motet_monotonic_ns() - begun_ns) * 1e-9f / block_seconds;
    float before = motet_load_relaxed_f32(load);
    float weight = block_seconds < 0.25f ? block_seconds * 4.0f : 1.0f;
    motet_store_relaxed_f32(load, before + (now - before) * weight);
}

#endif /* MOTET_ENGINE_OUTPUT_TIME_H */
