/* What lint.c and lint_clicks.c have in common. */
#ifndef MOTET_CLI_LINT_PRIVATE_H
#define MOTET_CLI_LINT_PRIVATE_H

#include "lint.h"

#include <math.h>

/* Second differences below -60 dBFS are no clicks, even where nothing else sounds. */
#define MOTET_LINT_FLOOR 0.001F

/* What is clipped is clipped near full scale: -1 dBFS. */
#define MOTET_LINT_NEAR_FULL 0.89F

enum {
    MOTET_LINT_WIDTH = 2, /* samples on each side that belong to a peak */
    MOTET_LINT_NEAR = 24  /* frames that are called near, where 1 ms is less */
};

/* Frames of so many milliseconds. */
static inline size_t motet_lint_frames(const motet_lint_sound *sound, uint32_t ms)
{
    return (size_t)((uint64_t)sound->rate_hz * ms / 1000);
}

/* |second difference| at each of `count` samples; 0 at the ends. */
void motet_lint_differ(const float *x, size_t count, float *d);

/* Whether a wave whose first (or last) samples are these comes from zero by its own slope: then the first is at most
 * one and a half steps of that slope away from it. */
static inline bool motet_lint_leaves_zero(float edge, float inner)
{
    float slope = inner - edge;
    return slope * edge >= 0 && fabsf(edge) <= 1.6F * fabsf(slope);
}

/* What is not finite is told by itself, and counts as silence for all else. */
static inline float motet_lint_sample(const motet_lint_sound *sound, uint64_t frame, uint32_t channel)
{
    float sample = sound->samples[(size_t)frame * sound->channels + channel];
    return isfinite(sample) ? sample : 0;
}

/* The step between neighbouring values of a channel, where it is coarse: 1/128 in 8-bit material. 0 where it is finer
 * than 14 bits. */
double motet_lint_quantum(const motet_lint_sound *sound, uint32_t channel);

/* Sorts the findings from place `from` on by kind, frame and channel, and makes one of those that all channels have in
 * the same place: with the larger values, and MOTET_LINT_ALL_CHANNELS. */
void motet_lint_merge(motet_lint_report *report, size_t from, uint32_t channels);

#endif /* MOTET_CLI_LINT_PRIVATE_H */
