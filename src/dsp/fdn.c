#include "dsp/fdn.h"

#include "dsp/math.h"

#define FDN_NAME(name) name
#include "dsp/fdn_body.h"

#define FLOOR 1e-20f

void motet_fdn_run(const motet_fdn_filters *filters, motet_fdn_state *state,
                   const motet_fdn_cell *cell) MOTET_NONBLOCKING
{
    fdn_run(filters, state, cell);
}

void motet_allpass_run(float *samples, const float *delayed, float *line, float gain, float slope, uint32_t first,
                       uint32_t count) MOTET_NONBLOCKING
{
    allpass_run(samples, delayed, line, gain, slope, first, count);
}

void motet_tap_add(float *sum, const float *in, float gain, uint32_t count) MOTET_NONBLOCKING
{
    tap_add(sum, in, gain, count);
}

void motet_slope_run(float *out, const float *in, float now, float step, uint32_t first,
                     uint32_t count) MOTET_NONBLOCKING
{
    slope_run(out, in, now, step, first, count);
}

void motet_room_blend_run(float *left, float *right, const motet_room_blend *blend) MOTET_NONBLOCKING
{
    room_blend(left, right, blend);
}

static float settled(float value) MOTET_NONBLOCKING
{
    return value > -FLOOR && value < FLOOR ? 0 : value;
}

void motet_fdn_settle(motet_fdn_state *state) MOTET_NONBLOCKING
{
    for (int i = 0; i < MOTET_FDN_LINES; i++) {
        state->low[i] = settled(state->low[i]);
        state->low_before[i] = settled(state->low_before[i]);
        state->high[i] = settled(state->high[i]);
        state->high_before[i] = settled(state->high_before[i]);
    }
}

/* The pole of a one-pole low-pass by the trapezoidal rule. */
static double pole(double corner_hz, double sample_rate_hz) MOTET_NONBLOCKING
{
    double turns = corner_hz / sample_rate_hz;
    turns = 0.5 * (turns < 0.49 ? turns : 0.49);
    double sine = motet_sin_turns(turns), cosine = motet_cos_turns(turns);
    return (cosine - sine) / (cosine + sine);
}

static double at_least(double value, double least) MOTET_NONBLOCKING
{
    return value > least ? value : least;
}

/* Shelves whose gain, in dB, is half of the whole at their corner: a low one of ratio r is 1 + (r - 1) low-pass of the
 * corner / sqrt(r), a high one r + (1 - r) low-pass of the corner * sqrt(r). */
void motet_fdn_design(motet_fdn_filters *filters, const uint32_t delays[MOTET_FDN_LINES], const motet_fdn_decay *decay,
                      double sample_rate_hz) MOTET_NONBLOCKING
{
    const double log2_of_60_db = -9.96578428466208704362, least = -120; /* log2(10^-3); -720 dB a pass are silence */
    for (int i = 0; i < MOTET_FDN_LINES; i++) {
        double seconds = (double)delays[i] / sample_rate_hz;
        double mid = at_least(log2_of_60_db * seconds / decay->mid_seconds, least);
        double low = at_least(log2_of_60_db * seconds / decay->low_seconds, least) - mid;
        double high = at_least(log2_of_60_db * seconds / decay->high_seconds, least) - mid;
        double gain = 0.25 * motet_exp2(mid), low_ratio = motet_exp2(low), high_ratio = motet_exp2(high);
        double low_pole = pole(decay->low_hz * motet_exp2(-0.5 * low), sample_rate_hz);
        double high_pole = pole(decay->high_hz * motet_exp2(0.5 * high), sample_rate_hz);
        filters->gain[i] = (float)gain;
        filters->low_pole[i] = (float)low_pole;
        filters->low_feed[i] = (float)(0.5 * (1 - low_pole));
        filters->low_mix[i] = (float)(gain * (low_ratio - 1));
        filters->high_pole[i] = (float)high_pole;
        filters->high_feed[i] = (float)(0.5 * (1 - high_pole));
        filters->high_through[i] = (float)high_ratio;
        filters->high_mix[i] = (float)(1 - high_ratio);
    }
}
