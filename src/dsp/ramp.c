#include "dsp/ramp.h"

#include "dsp/kernels.h"
#include "dsp/math.h"

#include <assert.h>

/* 2 pi / 4: turns of a quarter circle to radians per t. */
static const double HALF_PI = 1.5707963267948966;

static const double LOG2_10_OVER_20 = 0.16609640474436812; /* octaves of gain in a decibel */

motet_ramp motet_ramp_hold(motet_ramp_unit unit, double value) MOTET_NONBLOCKING
{
    return (motet_ramp){.shape = MOTET_RAMP_HOLD, .unit = (uint8_t)unit, .from = value, .to = value};
}

static double lowest(motet_ramp_unit unit) MOTET_NONBLOCKING
{
    switch (unit) {
    case MOTET_RAMP_GAIN: return 0;
    case MOTET_RAMP_PAN: return -1;
    case MOTET_RAMP_FACTOR: return MOTET_PITCH_MIN;
    case MOTET_RAMP_NUMBER: break;
    }
    return -1e9;
}

static double highest(motet_ramp_unit unit) MOTET_NONBLOCKING
{
    return unit == MOTET_RAMP_PAN ? 1 : unit == MOTET_RAMP_FACTOR ? MOTET_PITCH_MAX : 1e9;
}

static double bounded(double value, motet_ramp_unit unit) MOTET_NONBLOCKING
{
    double low = lowest(unit);
    double high = highest(unit);
    return value < low ? low : value > high ? high : value;
}

/* The logarithm that an exponential ramp is even in. A gain of 0 counts as -80 dB. */
static double log_of(double value, motet_ramp_unit unit) MOTET_NONBLOCKING
{
    return unit == MOTET_RAMP_GAIN ? motet_gain_to_db(value) * LOG2_10_OVER_20 : motet_log2(value);
}

static motet_ramp_shape shape_of(motet_curve curve, motet_ramp_unit unit, bool rises) MOTET_NONBLOCKING
{
    switch (curve) {
    case MOTET_CURVE_LINEAR: return MOTET_RAMP_LINEAR;
    case MOTET_CURVE_DB:
        return unit == MOTET_RAMP_PAN || unit == MOTET_RAMP_NUMBER ? MOTET_RAMP_LINEAR : MOTET_RAMP_EXPONENTIAL;
    case MOTET_CURVE_POWER: return rises ? MOTET_RAMP_SINE_UP : MOTET_RAMP_SINE_DOWN;
    case MOTET_CURVE_SMOOTH: break;
    }
    return MOTET_RAMP_CUBIC;
}

void motet_ramp_start(motet_ramp *ramp, uint64_t frame, uint32_t length, motet_curve curve, double to) MOTET_NONBLOCKING
{
    /* One that starts at this very frame has not moved yet. */
    bool running = !motet_ramp_done(ramp, frame) && (frame != ramp->start || ramp->slope != 0);
    double from = motet_ramp_value(ramp, frame);
    double slope = motet_ramp_slope(ramp, frame);
    motet_ramp_unit unit = (motet_ramp_unit)ramp->unit;
    if (length == 0 || (!running && from == to)) {
        *ramp = motet_ramp_hold(unit, to);
        return;
    }
    uint64_t longest = frame == ramp->start ? ramp->shedding : (uint64_t)MOTET_RAMP_SHEDDING * ramp->length;
    ramp->start = frame;
    ramp->shedding = longest < length ? (uint32_t)longest : length;
    ramp->length = length;
    ramp->shape = (uint8_t)(running ? MOTET_RAMP_CUBIC : shape_of(curve, unit, to > from));
    ramp->from = from;
    ramp->to = to;
    ramp->slope = running ? slope : 0;
}

/* What the slope inherited at T still adds at T+i. */
static double inherited(const motet_ramp *ramp, uint64_t i) MOTET_NONBLOCKING
{
    if (i >= ramp->shedding) {
        return 0;
    }
    double m = (double)ramp->shedding;
    double s = (double)i / m;
    double rest = 1 - s;
    return m * ramp->slope * (s * rest * rest);
}

static double inherited_slope(const motet_ramp *ramp, uint64_t i) MOTET_NONBLOCKING
{
    double s = (double)i / (double)ramp->shedding;
    return i < ramp->shedding ? ramp->slope * ((1 - s) * (1 - 3 * s)) : 0;
}

/* Between the ends: 0 <= i < N. */
static double value_inside(const motet_ramp *ramp, uint64_t i) MOTET_NONBLOCKING
{
    double t = (double)i / (double)ramp->length;
    double distance = ramp->to - ramp->from;
    motet_ramp_unit unit = (motet_ramp_unit)ramp->unit;
    switch ((motet_ramp_shape)ramp->shape) {
    case MOTET_RAMP_CUBIC: return bounded(ramp->from + distance * (t * t * (3 - 2 * t)) + inherited(ramp, i), unit);
    case MOTET_RAMP_LINEAR: return ramp->from + distance * t;
    case MOTET_RAMP_EXPONENTIAL: {
        double from = log_of(ramp->from, unit);
        double to = log_of(ramp->to, unit);
        return i == 0 ? ramp->from : motet_exp2(from + (to - from) * t);
    }
    case MOTET_RAMP_SINE_UP: return ramp->from + distance * motet_sin_turns(0.25 * t);
    case MOTET_RAMP_SINE_DOWN: return ramp->from + distance * (1 - motet_cos_turns(0.25 * t));
    case MOTET_RAMP_HOLD: break;
    }
    return ramp->to;
}

double motet_ramp_value(const motet_ramp *ramp, uint64_t frame) MOTET_NONBLOCKING
{
    return motet_ramp_done(ramp, frame) ? ramp->to : value_inside(ramp, frame - ramp->start);
}

double motet_ramp_slope(const motet_ramp *ramp, uint64_t frame) MOTET_NONBLOCKING
{
    if (motet_ramp_done(ramp, frame)) {
        return 0;
    }
    if (frame == ramp->start) {
        return ramp->slope; /* nothing has moved yet: what led here goes on */
    }
    uint64_t i = frame - ramp->start;
    double n = (double)ramp->length;
    double t = (double)i / n;
    double distance = ramp->to - ramp->from;
    motet_ramp_unit unit = (motet_ramp_unit)ramp->unit;
    switch ((motet_ramp_shape)ramp->shape) {
    case MOTET_RAMP_CUBIC: {
        double free = ramp->from + distance * (t * t * (3 - 2 * t)) + inherited(ramp, i);
        bool at_bound = bounded(free, unit) != free;
        return at_bound ? 0 : distance * (6 * t * (1 - t)) / n + inherited_slope(ramp, i);
    }
    case MOTET_RAMP_LINEAR: return distance / n;
    case MOTET_RAMP_EXPONENTIAL: {
        double octaves = log_of(ramp->to, unit) - log_of(ramp->from, unit);
        return value_inside(ramp, i) * octaves / n * 0.69314718055994531; /* ln 2 */
    }
    case MOTET_RAMP_SINE_UP: return distance * motet_cos_turns(0.25 * t) * HALF_PI / n;
    case MOTET_RAMP_SINE_DOWN: return distance * motet_sin_turns(0.25 * t) * HALF_PI / n;
    case MOTET_RAMP_HOLD: break;
    }
    return 0;
}

/* Frames of the run that lie inside the ramp; the rest stand at the goal. */
static uint32_t frames_inside(const motet_ramp *ramp, uint64_t frame, uint32_t count) MOTET_NONBLOCKING
{
    if (motet_ramp_done(ramp, frame)) {
        return 0;
    }
    uint64_t left = ramp->start + ramp->length - frame;
    return left < count ? (uint32_t)left : count;
}

/* ------------------------------------------------------------------------------------------------------- Runs */

static bool holds(const motet_ramp_table *table, uint64_t first, uint32_t length, uint32_t count) MOTET_NONBLOCKING
{
    return table->length == length && table->first <= first && first + count <= table->first + table->count;
}

/* Worked out as far as a block may need them: a ramp is often read in pieces. */
static const double *weights_of(motet_ramp_table *tables, uint32_t *next, motet_ramp_weights_fn *work_out,
                                uint64_t first, uint32_t length, uint32_t count) MOTET_NONBLOCKING
{
    for (uint32_t i = 0; i < MOTET_RAMP_TABLES; i++) {
        if (holds(&tables[i], first, length, count)) {
            return tables[i].weights + (first - tables[i].first);
        }
    }
    motet_ramp_table *table = &tables[*next];
    *next = (*next + 1) % MOTET_RAMP_TABLES;
    table->first = first;
    table->length = length;
    table->count = length - first < MOTET_RAMP_FRAMES ? (uint32_t)(length - first) : MOTET_RAMP_FRAMES;
    table->count = table->count > count ? table->count : count;
    work_out(table->weights, first, length, table->count);
    return table->weights;
}

static motet_ramp_run run_of(motet_ramp_tables *tables, const motet_ramp *ramp, uint64_t i,
                             uint32_t count) MOTET_NONBLOCKING
{
    motet_ramp_unit unit = (motet_ramp_unit)ramp->unit;
    motet_ramp_run run = {.from = ramp->from, .distance = ramp->to - ramp->from};
    run.low = lowest(unit);
    run.high = highest(unit);
    run.smooth =
        weights_of(tables->smooth, &tables->next_smooth, tables->kernels->smooth_weights, i, ramp->length, count);
    if (ramp->slope != 0 && i < ramp->shedding) {
        run.shed =
            weights_of(tables->shed, &tables->next_shed, tables->kernels->shed_weights, i, ramp->shedding, count);
        run.lift = (double)ramp->shedding * ramp->slope;
    }
    return run;
}

void motet_ramp_write(motet_ramp_tables *tables, double *out, const motet_ramp *ramp, uint64_t frame,
                      uint32_t count) MOTET_NONBLOCKING
{
    assert(count <= MOTET_RAMP_FRAMES);
    uint32_t inside = frames_inside(ramp, frame, count);
    if (inside > 0 && ramp->shape == MOTET_RAMP_CUBIC) {
        motet_ramp_run run = run_of(tables, ramp, frame - ramp->start, inside);
        tables->kernels->ramp_write(out, &run, inside);
    } else {
        for (uint32_t k = 0; k < inside; k++) {
            out[k] = value_inside(ramp, frame - ramp->start + k);
        }
    }
    for (uint32_t k = inside; k < count; k++) {
        out[k] = ramp->to;
    }
}

void motet_ramp_multiply(motet_ramp_tables *tables, double *out, const motet_ramp *ramp, uint64_t frame,
                         uint32_t count) MOTET_NONBLOCKING
{
    assert(count <= MOTET_RAMP_FRAMES);
    uint32_t inside = frames_inside(ramp, frame, count);
    if (inside > 0 && ramp->shape == MOTET_RAMP_CUBIC) {
        motet_ramp_run run = run_of(tables, ramp, frame - ramp->start, inside);
        tables->kernels->ramp_multiply(out, &run, inside);
    } else {
        for (uint32_t k = 0; k < inside; k++) {
            out[k] *= value_inside(ramp, frame - ramp->start + k);
        }
    }
    if (ramp->to != 1) {
        for (uint32_t k = inside; k < count; k++) {
            out[k] *= ramp->to;
        }
    }
}
