/* A value that moves by a curve between two engine frames: every fade, glide and gate is one of these.
 *
 * A ramp started at frame T over N frames has the old value at T, curve(i/N) of the way at T+i, and exactly the new
 * value from T+N on. Each frame is computed from its own 64-bit index in double, so the values do not depend on how
 * frames are spread over calls, however long the ramp. */
#ifndef MOTET_DSP_RAMP_H
#define MOTET_DSP_RAMP_H

#include "base/nonblocking.h"
#include "motet/motet.h"

/* What kind of value it is: sets its bounds and what MOTET_CURVE_DB means for it. */
typedef enum motet_ramp_unit {
    MOTET_RAMP_GAIN,   /* 0 and above; "db" is even in decibels between -80 dB and up */
    MOTET_RAMP_PAN,    /* -1 ... 1; "db" is linear */
    MOTET_RAMP_FACTOR, /* pitch, MOTET_PITCH_MIN ... MOTET_PITCH_MAX; "db" is even in octaves */
    MOTET_RAMP_NUMBER  /* any; "db" is linear */
} motet_ramp_unit;

enum { MOTET_RAMP_SHEDDING = 4 };

typedef enum motet_ramp_shape {
    MOTET_RAMP_HOLD,  /* stands at `to` */
    MOTET_RAMP_CUBIC, /* from + (to - from)(3t^2 - 2t^3) + M slope s(1-s)^2, s = i/M below 1 */
    MOTET_RAMP_LINEAR,
    MOTET_RAMP_EXPONENTIAL, /* from_log + (to_log - from_log) t, as a power of 2 */
    MOTET_RAMP_SINE_UP,     /* from + (to - from) sin(t pi/2) */
    MOTET_RAMP_SINE_DOWN    /* from + (to - from)(1 - cos(t pi/2)) */
} motet_ramp_shape;

typedef struct motet_ramp {
    uint64_t start;  /* engine frame T */
    uint32_t length; /* N */
    uint8_t shape;   /* motet_ramp_shape */
    uint8_t unit;    /* motet_ramp_unit */
    double from, to;
    double slope;      /* CUBIC: per frame at T, inherited from the ramp it replaced ... */
    uint32_t shedding; /* ... and shed over M frames */
} motet_ramp;

/* A value at rest. */
motet_ramp motet_ramp_hold(motet_ramp_unit unit, double value) MOTET_NONBLOCKING;

/* Moves to `to` from frame `frame` on over `length` frames; 0 is a step. A running ramp is replaced by the cubic from
 * its present value and slope, whatever `curve` says: any other curve would have a corner there. The slope is shed over
 * the new length, or over MOTET_RAMP_SHEDDING times the length of the ramp that had it where that is shorter: carried
 * through a much longer fade, the slope of a short one would swing the value far beyond both ends (by 27 dB for a
 * declick replaced by a second's fade). */
void motet_ramp_start(motet_ramp *ramp, uint64_t frame, uint32_t length, motet_curve curve,
                      double to) MOTET_NONBLOCKING;

/* True from the first frame on at which the ramp has exactly its goal. */
static inline bool motet_ramp_done(const motet_ramp *ramp, uint64_t frame) MOTET_NONBLOCKING
{
    return ramp->shape == MOTET_RAMP_HOLD || frame >= ramp->start + ramp->length;
}

/* First frame at which the ramp has its goal; 0 at rest. */
static inline uint64_t motet_ramp_end(const motet_ramp *ramp) MOTET_NONBLOCKING
{
    return ramp->shape == MOTET_RAMP_HOLD ? 0 : ramp->start + ramp->length;
}

/* The value at a frame at or after the start. */
double motet_ramp_value(const motet_ramp *ramp, uint64_t frame) MOTET_NONBLOCKING;
/* Its change per frame there; 0 at rest and from the end on. */
double motet_ramp_slope(const motet_ramp *ramp, uint64_t frame) MOTET_NONBLOCKING;

/* What ramps over the same frames have in common: the weights of their curves. Ramps that began together, as those of
 * many voices do that are moved at once, find them here worked out. */
enum { MOTET_RAMP_FRAMES = 512, MOTET_RAMP_TABLES = 4 };

typedef struct motet_ramp_table {
    uint64_t first; /* frames after the ramp's start */
    uint32_t length, count;
    double weights[MOTET_RAMP_FRAMES];
} motet_ramp_table;

/* Zeroed, but for the kernels. Of one thread. */
typedef struct motet_ramp_tables {
    const struct motet_kernels *kernels;
    motet_ramp_table smooth[MOTET_RAMP_TABLES], shed[MOTET_RAMP_TABLES];
    uint32_t next_smooth, next_shed; /* to be given up next */
} motet_ramp_tables;

/* The values of `count` frames from `frame` on, at most MOTET_RAMP_FRAMES, written, or multiplied onto what is there. */
void motet_ramp_write(motet_ramp_tables *tables, double *out, const motet_ramp *ramp, uint64_t frame,
                      uint32_t count) MOTET_NONBLOCKING;
void motet_ramp_multiply(motet_ramp_tables *tables, double *out, const motet_ramp *ramp, uint64_t frame,
                         uint32_t count) MOTET_NONBLOCKING;

#endif /* MOTET_DSP_RAMP_H */
