/* The effects of this library: the list that everything reads, and what their tables have in common. */
#ifndef MOTET_EFFECTS_EFFECTS_H
#define MOTET_EFFECTS_EFFECTS_H

#include "base/nonblocking.h"
#include "dsp/kernels.h"
#include "motet/effect.h"

/* In the order in which they are listed: by what they are for. */
/* clang-format off */
#define MOTET_EFFECT_LIST(X)    \
    X(motet_effect_gain)        \
    X(motet_effect_lowpass)     \
    X(motet_effect_highpass)    \
    X(motet_effect_bandpass)    \
    X(motet_effect_notch)       \
    X(motet_effect_peak)        \
    X(motet_effect_lowshelf)    \
    X(motet_effect_highshelf)   \
    X(motet_effect_eq)          \
    X(motet_effect_delay)       \
    X(motet_effect_reverb)      \
    X(motet_effect_convolution) \
    X(motet_effect_chorus)      \
    X(motet_effect_flanger)     \
    X(motet_effect_phaser)      \
    X(motet_effect_tremolo)     \
    X(motet_effect_distortion)  \
    X(motet_effect_crusher)     \
    X(motet_effect_pitch_shift) \
    X(motet_effect_compressor)  \
    X(motet_effect_gate)        \
    X(motet_effect_limiter)     \
    X(motet_effect_width)       \
    X(motet_effect_balance)     \
    X(motet_effect_mono)        \
    X(motet_effect_dc_blocker)
/* clang-format on */

#define MOTET_EFFECT_DECLARE(name) extern const motet_effect_type name;
MOTET_EFFECT_LIST(MOTET_EFFECT_DECLARE)
#undef MOTET_EFFECT_DECLARE

/* The value of a parameter in frame `k` of a run. */
static inline float motet_effect_value(const motet_effect_run *run, uint32_t parameter, uint32_t k) MOTET_NONBLOCKING
{
    const float *moving = run->moving[parameter];
    return moving != NULL ? moving[k] : run->values[parameter];
}

/* Whether any of the parameters [first, end) moves in a run. */
static inline bool motet_effect_moves(const motet_effect_run *run, uint32_t first, uint32_t end) MOTET_NONBLOCKING
{
    for (uint32_t i = first; i < end; i++) {
        if (run->moving[i] != NULL) {
            return true;
        }
    }
    return false;
}

/* Frames from `k` on in which a STEP parameter keeps the value that it has there. */
static inline uint32_t motet_effect_steady_frames(const motet_effect_run *run, uint32_t parameter,
                                                  uint32_t k) MOTET_NONBLOCKING
{
    const float *moving = run->moving[parameter];
    uint32_t end = run->frame_count;
    if (moving != NULL) {
        for (end = k + 1; end < run->frame_count && moving[end] == moving[k]; end++) {}
    }
    return end - k;
}

/* Multiplies every channel of a run by a gain for each frame. */
static inline void motet_effect_scale(const motet_effect_run *run, const float *gains) MOTET_NONBLOCKING
{
    for (uint32_t c = 0; c < run->channel_count; c++) {
        for (uint32_t k = 0; k < run->frame_count; k++) {
            run->channels[c][k] *= gains[k];
        }
    }
}

#endif /* MOTET_EFFECTS_EFFECTS_H */
