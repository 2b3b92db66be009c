/* What slow oscillators have in common: a phase that counts engine frames exactly, and values that are computed once in
 * a cell of 32 engine frames and run straight in between, which at 20 Hz is within 0.1 % of the curve at 48 kHz.
 *
 * Phases are fractions of a turn in 2^-64; they wrap by themselves. */
#ifndef MOTET_DSP_LFO_H
#define MOTET_DSP_LFO_H

#include "base/nonblocking.h"
#include "dsp/math.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>

enum { MOTET_LFO_CELL = 32 };

/* What a phase goes on in a cell. */
static inline uint64_t motet_lfo_increment(double rate_hz, double sample_rate_hz) MOTET_NONBLOCKING
{
    double turns = rate_hz * MOTET_LFO_CELL / sample_rate_hz;
    turns -= floor(turns);
    return (uint64_t)(turns * 0x1p64);
}

static inline double motet_lfo_turns(uint64_t phase) MOTET_NONBLOCKING
{
    return (double)(phase >> 11) * 0x1p-53;
}

/* A value through a cell: `now` at its first frame, `next` at the first one of the cell that follows. */
typedef struct motet_lfo_ramp {
    double now, next;
} motet_lfo_ramp;

static inline void motet_lfo_aim(motet_lfo_ramp *ramp, double value) MOTET_NONBLOCKING
{
    ramp->now = ramp->next;
    ramp->next = value;
}

static inline double motet_lfo_at(const motet_lfo_ramp *ramp, uint32_t frame_in_cell) MOTET_NONBLOCKING
{
    return ramp->now + (ramp->next - ramp->now) * ((double)frame_in_cell * (1.0 / MOTET_LFO_CELL));
}

/* A setting that is followed with a time constant, cell by cell, and at once before the first. */
static inline void motet_lfo_follow(double *followed, double wanted, double time_seconds, double sample_rate_hz,
                                    bool at_once) MOTET_NONBLOCKING
{
    double distance = wanted - *followed;
    double share = MOTET_LFO_CELL / (time_seconds * sample_rate_hz + MOTET_LFO_CELL);
    bool there = at_once || fabs(distance) < 1e-7 * (fabs(wanted) + 1e-3);
    *followed = there ? wanted : *followed + share * distance;
}

#endif /* MOTET_DSP_LFO_H */
