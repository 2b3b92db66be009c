/* A line of samples that is read some way behind the place where it is written, and a one-pole filter for its loop:
 * what echoes, choruses and flangers are made of. */
#ifndef MOTET_DSP_DELAY_LINE_H
#define MOTET_DSP_DELAY_LINE_H

#include "base/nonblocking.h"
#include "dsp/math.h"

#include <math.h>
#include <stdint.h>

/* Below this a sample that goes round in a loop is taken for 0, far above the denormals. */
#define MOTET_DELAY_FLOOR 1e-20

/* Frames that a line must hold beyond its longest delay, for the samples around a place between two of them. */
enum { MOTET_DELAY_MARGIN = 4 };

typedef struct motet_delay_line {
    float *samples;
    uint32_t capacity, write; /* `write` is where the next sample goes */
} motet_delay_line;

static inline void motet_delay_write(motet_delay_line *line, double value) MOTET_NONBLOCKING
{
    line->samples[line->write] = fabs(value) < MOTET_DELAY_FLOOR ? 0.0f : (float)value;
    line->write = line->write + 1 < line->capacity ? line->write + 1 : 0;
}

/* The sample written `delay` writes ago: 1 is the last. */
static inline float motet_delay_at(const motet_delay_line *line, uint32_t delay) MOTET_NONBLOCKING
{
    return line->samples[line->write >= delay ? line->write - delay : line->write + line->capacity - delay];
}

/* Between two samples by the polynomial of fifth order through the six around the place (Lagrange's; see T. I. Laakso
 * and others, "Splitting the unit delay", 1996), within 0.15 dB up to 0.2 of the sample rate and 0.5 dB up to 0.25,
 * nowhere louder than it was; a whole delay is the sample itself. 1 <= delay <= capacity - MOTET_DELAY_MARGIN; below 3,
 * where samples are wanting, straight. */
static inline float motet_delay_between(const motet_delay_line *line, double delay) MOTET_NONBLOCKING
{
    uint32_t whole = (uint32_t)delay;
    double t = delay - (double)whole;
    if (t == 0 || whole < 3) {
        double x0 = (double)motet_delay_at(line, whole);
        return (float)(t == 0 ? x0 : x0 + ((double)motet_delay_at(line, whole + 1) - x0) * t);
    }
    float wrapped[6];
    const float *x = line->samples + line->write - whole - 3; /* the oldest of the six */
    if (line->write < whole + 3) {
        for (uint32_t i = 0; i < 6; i++) {
            wrapped[i] = motet_delay_at(line, whole + 3 - i);
        }
        x = wrapped;
    }
    double a = t + 2, b = t + 1, c = t - 1, d = t - 2, e = t - 3;
    double newer = t * b * a, older = c * d * e;
    double ends = (double)x[0] * (newer * (c * d)) - (double)x[5] * ((b * t) * older);
    double next = (double)x[4] * ((a * t) * older) - (double)x[1] * ((newer * c) * e);
    double middle = (double)x[2] * (newer * (d * e)) - (double)x[3] * ((b * older) * a);
    return (float)(ends * (1.0 / 120) + next * (1.0 / 24) + middle * (1.0 / 12));
}

/* The curve 3t^2 - 2t^3 from 0 to 1, level at both ends. */
static inline double motet_delay_fade(uint32_t step, uint32_t steps) MOTET_NONBLOCKING
{
    double t = (double)step / (double)steps;
    return t * t * (3 - 2 * t);
}

/* The low-pass of first order by the trapezoidal rule (V. Zavalishin, The Art of VA Filter Design, chapter 3), which
 * may be retuned in every frame; what it leaves over is the high-pass. */
typedef struct motet_one_pole {
    double state;
} motet_one_pole;

/* Its coefficient for a corner frequency, which is lowered to 0.49 of the sample rate. */
static inline double motet_one_pole_coefficient(double corner_hz, double sample_rate_hz) MOTET_NONBLOCKING
{
    double turns = corner_hz / sample_rate_hz;
    turns = 0.5 * (turns < 0.49 ? turns : 0.49);
    double tangent = motet_sin_turns(turns) / motet_cos_turns(turns);
    return tangent / (1 + tangent);
}

static inline double motet_one_pole_low(motet_one_pole *filter, double coefficient, double in) MOTET_NONBLOCKING
{
    double change = (in - filter->state) * coefficient;
    double low = change + filter->state;
    filter->state = low + change;
    return low;
}

/* Now and then, at a multiple of some number of engine frames. */
static inline void motet_one_pole_settle(motet_one_pole *filter) MOTET_NONBLOCKING
{
    double state = filter->state;
    filter->state = state > -MOTET_DELAY_FLOOR && state < MOTET_DELAY_FLOOR ? 0 : state;
}

#endif /* MOTET_DSP_DELAY_LINE_H */
