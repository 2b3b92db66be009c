/* Four times as many samples, and back: what is bent in between makes overtones, and those above the room of the lower
 * rate would be heard where they do not belong. Two half-band filters in each direction (of 71 and 23 taps, linear in
 * phase, windowed by Kaiser's): nothing changes up to 0.41 of the rate, and what is mirrored from above 0.59 is 90 dB
 * down. Every second tap of a half-band filter is 0, so that a stage costs a quarter of its taps. */
#ifndef MOTET_DSP_OVERSAMPLE_H
#define MOTET_DSP_OVERSAMPLE_H

#include "base/nonblocking.h"

#include <stdint.h>

enum {
    MOTET_OVERSAMPLE_FIRST = 18, /* pairs of taps of the stage next to the lower rate; the outer one */
    MOTET_OVERSAMPLE_SECOND = 6,
    MOTET_OVERSAMPLE_FRAMES = 64, /* at once, at most */
    MOTET_OVERSAMPLE_SLACK = 4,
    /* Frames by which what went up and down again is late. */
    MOTET_OVERSAMPLE_LATENCY = 2 * MOTET_OVERSAMPLE_FIRST - 1 + MOTET_OVERSAMPLE_SECOND
};

/* Both filters, the outer half of each. */
typedef struct motet_oversample_taps {
    float first[MOTET_OVERSAMPLE_FIRST], second[MOTET_OVERSAMPLE_SECOND];
} motet_oversample_taps;

/* The same bits on every machine. Not for the audio thread. */
void motet_oversample_design(motet_oversample_taps *taps);

/* What one channel remembers; zeroed at first. */
typedef struct motet_oversampler {
    float in[2 * MOTET_OVERSAMPLE_FIRST];
    float doubled[2 * MOTET_OVERSAMPLE_SECOND];
    float even[MOTET_OVERSAMPLE_SECOND], odd[2 * MOTET_OVERSAMPLE_SECOND];
    float even_down[MOTET_OVERSAMPLE_FIRST], odd_down[2 * MOTET_OVERSAMPLE_FIRST];
} motet_oversampler;

/* The samples of 4 `count` in turn: even[0] odd[0] even[1] odd[1] ...; each holds 2 count. */
typedef struct motet_oversampled {
    float even[2 * MOTET_OVERSAMPLE_FRAMES + MOTET_OVERSAMPLE_SLACK];
    float odd[2 * MOTET_OVERSAMPLE_FRAMES + MOTET_OVERSAMPLE_SLACK];
} motet_oversampled;

void motet_oversample_up(motet_oversampler *state, const motet_oversample_taps *taps, motet_oversampled *out,
                         const float *in, uint32_t count) MOTET_NONBLOCKING;
void motet_oversample_down(motet_oversampler *state, const motet_oversample_taps *taps, float *out,
                           const motet_oversampled *in, uint32_t count) MOTET_NONBLOCKING;

#endif /* MOTET_DSP_OVERSAMPLE_H */
