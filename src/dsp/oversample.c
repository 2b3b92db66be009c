#include "dsp/oversample.h"

#include "dsp/math.h"
#include "dsp/window.h"

#include <string.h>

/* Four samples beside each other, which gcc and clang make vectors of wherever there are any. */
typedef float quad __attribute__((vector_size(16)));

enum {
    QUAD = 4,
    FIRST = MOTET_OVERSAMPLE_FIRST,
    SECOND = MOTET_OVERSAMPLE_SECOND,
    FRAMES = MOTET_OVERSAMPLE_FRAMES,
    SLACK = MOTET_OVERSAMPLE_SLACK
};

/* The taps that give the sample half-way between two: a sinc at -pairs + 1/2 ... pairs - 1/2 by Kaiser's window of 90
 * dB, brought to a sum of 1. */
static void design(float *taps, int pairs)
{
    const double pi = 3.14159265358979323846, window = 8.96;
    double values[FIRST], sum = 0;
    for (int i = 0; i < pairs; i++) {
        double t = i - pairs + 0.5;
        values[i] = motet_sin_turns(0.5 * t) / (pi * t) * motet_kaiser(window, t / pairs);
        sum += 2 * values[i];
    }
    for (int i = 0; i < pairs; i++) {
        taps[i] = (float)(values[i] / sum);
    }
}

void motet_oversample_design(motet_oversample_taps *taps)
{
    design(taps->first, FIRST);
    design(taps->second, SECOND);
}

/* out[k] = the sum of taps[i] (x[k - i] + x[k - (2 pairs - 1 - i)]), i rising. Vectors may go past `count`. */
static inline void interpolate(float *out, const float *x, const float *taps, int pairs,
                               uint32_t count) MOTET_NONBLOCKING
{
    for (uint32_t k = 0; k < count; k += QUAD) {
        quad sum = {0, 0, 0, 0};
        for (int i = 0; i < pairs; i++) {
            quad near, far;
            memcpy(&near, x + (int32_t)k - i, sizeof near);
            memcpy(&far, x + (int32_t)k - (2 * pairs - 1 - i), sizeof far);
            sum = sum + (near + far) * taps[i];
        }
        memcpy(out + k, &sum, sizeof sum);
    }
}

/* What a stage remembers, then what comes in, then what only vectors see; it remembers the last of it. */
static inline void take_in(float *line, float *past, uint32_t length, const float *in, uint32_t count) MOTET_NONBLOCKING
{
    memcpy(line, past, length * sizeof(float));
    memcpy(line + length, in, count * sizeof(float));
    memset(line + length + count, 0, SLACK * sizeof(float));
    memcpy(past, line + count, length * sizeof(float));
}

void motet_oversample_up(motet_oversampler *state, const motet_oversample_taps *taps, motet_oversampled *out,
                         const float *in, uint32_t count) MOTET_NONBLOCKING
{
    float line[2 * FIRST + FRAMES + SLACK], between[FRAMES + SLACK];
    take_in(line, state->in, 2 * FIRST, in, count);
    interpolate(between, line + 2 * FIRST, taps->first, FIRST, count);

    float doubled[2 * FRAMES], longer[2 * SECOND + 2 * FRAMES + SLACK];
    for (uint32_t k = 0; k < count; k++) {
        doubled[2 * k] = line[FIRST + k];
        doubled[2 * k + 1] = between[k];
    }
    take_in(longer, state->doubled, 2 * SECOND, doubled, 2 * count);
    memcpy(out->even, longer + SECOND, (2 * (size_t)count + SLACK) * sizeof(float));
    memset(out->odd + 2 * count, 0, SLACK * sizeof(float)); /* a vector may not get that far */
    interpolate(out->odd, longer + 2 * SECOND, taps->second, SECOND, 2 * count);
}

/* A sample of the higher rate goes through the filter's middle, and those around it through the rest. In the inner
 * stage one more is waited for, so that the whole is late by whole frames. */
void motet_oversample_down(motet_oversampler *state, const motet_oversample_taps *taps, float *out,
                           const motet_oversampled *in, uint32_t count) MOTET_NONBLOCKING
{
    float even[SECOND + 2 * FRAMES + SLACK], odd[2 * SECOND + 2 * FRAMES + SLACK], around[2 * FRAMES + SLACK];
    take_in(even, state->even, SECOND, in->even, 2 * count);
    take_in(odd, state->odd, 2 * SECOND, in->odd, 2 * count);
    interpolate(around, odd + 2 * SECOND - 1, taps->second, SECOND, 2 * count);

    float first[FRAMES], second[FRAMES];
    for (uint32_t k = 0; k < count; k++) {
        first[k] = 0.5f * (even[2 * k] + around[2 * k]);
        second[k] = 0.5f * (even[2 * k + 1] + around[2 * k + 1]);
    }
    float even_down[FIRST + FRAMES + SLACK], odd_down[2 * FIRST + FRAMES + SLACK], last[FRAMES + SLACK];
    take_in(even_down, state->even_down, FIRST, first, count);
    take_in(odd_down, state->odd_down, 2 * FIRST, second, count);
    interpolate(last, odd_down + 2 * FIRST, taps->first, FIRST, count);
    for (uint32_t k = 0; k < count; k++) {
        out[k] = 0.5f * (even_down[k + 1] + last[k]);
    }
}
