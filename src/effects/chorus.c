/* Copies of the sound whose delay sways. Chorus: a few of them, late enough to be heard as other players. Flanger: one,
 * so early that it and the sound itself cancel each other at some frequencies, which travel.
 *
 *   in -> (+) -> line -> copies, each read at its own place -> their sum -> out
 *          ^                                  |
 *          +------- feedback <--- their mean -+
 *
 * Every copy has its place in the oscillator's turn, the golden section after the one before it, so that one more or
 * less moves none of the others. */
#include "dsp/delay_line.h"
#include "dsp/lfo.h"
#include "effects/effects.h"

#include <string.h>

enum { MOST_VOICES = 6 };

#define SETTLING_SECONDS 0.08
#define LONGEST_SECONDS 0.06

/* What either effect's parameters come to. */
typedef struct sway {
    double rate_hz;
    double centre_seconds, swing_seconds; /* the swing is the smaller one */
    double feedback, stereo_turns;
    uint32_t voices;
} sway;

typedef sway sway_fn(const float *values) MOTET_NONBLOCKING;

enum { CENTRE, SWING, FEEDBACK, STEREO, LEVEL, SHARE, FOLLOWED = SHARE + MOST_VOICES };

typedef struct chorus {
    double sample_rate;
    bool started;
    uint64_t phase; /* at the end of the cell */
    double followed[FOLLOWED];
    motet_lfo_ramp delay[2][MOST_VOICES], share[MOST_VOICES], feedback, level;
    motet_delay_line lines[2];
} chorus;

static uint32_t capacity(uint32_t sample_rate_hz) MOTET_NONBLOCKING
{
    return (uint32_t)(LONGEST_SECONDS * sample_rate_hz) + MOTET_DELAY_MARGIN + 4;
}

static size_t size(const motet_effect_setup *setup)
{
    return sizeof(chorus) + setup->channels * capacity(setup->sample_rate_hz) * sizeof(float);
}

static void init(void *state, const motet_effect_setup *setup)
{
    chorus *c = state;
    c->sample_rate = setup->sample_rate_hz;
    for (uint32_t i = 0; i < setup->channels; i++) {
        c->lines[i].capacity = capacity(setup->sample_rate_hz);
        c->lines[i].samples = (float *)(c + 1) + (size_t)i * c->lines[i].capacity;
    }
}

static void reset(void *state) MOTET_NONBLOCKING
{
    chorus *c = state;
    c->started = false;
    for (int i = 0; i < 2; i++) {
        c->lines[i].write = 0;
        if (c->lines[i].samples != NULL) {
            memset(c->lines[i].samples, 0, c->lines[i].capacity * sizeof(float));
        }
    }
}

/* In frames, at the end of the cell. */
static double delay_of(const chorus *c, int side, int voice) MOTET_NONBLOCKING
{
    const double golden = 0.61803398874989484820;
    double turns = motet_lfo_turns(c->phase) + voice * golden + side * c->followed[STEREO];
    double frames = (c->followed[CENTRE] + c->followed[SWING] * motet_sin_turns(turns)) * c->sample_rate;
    double longest = LONGEST_SECONDS * c->sample_rate;
    return frames < 1 ? 1 : frames > longest ? longest : frames;
}

/* Aims everything at its value at the end of the cell. A voice that comes in stands still in its first. */
static void aim(chorus *c) MOTET_NONBLOCKING
{
    const double *f = c->followed;
    for (int side = 0; side < 2; side++) {
        for (int v = 0; v < MOST_VOICES; v++) {
            if (f[SHARE + v] != 0) {
                motet_lfo_aim(&c->delay[side][v], delay_of(c, side, v));
            }
            if (c->share[v].next == 0) {
                c->delay[side][v].now = c->delay[side][v].next;
            }
        }
    }
    for (int v = 0; v < MOST_VOICES; v++) {
        motet_lfo_aim(&c->share[v], f[SHARE + v]);
    }
    motet_lfo_aim(&c->feedback, f[FEEDBACK]);
    motet_lfo_aim(&c->level, f[LEVEL]);
}

static void follow(chorus *c, const sway *s, bool at_once) MOTET_NONBLOCKING
{
    double wanted[FOLLOWED] = {s->centre_seconds, s->swing_seconds, s->feedback, s->stereo_turns, sqrt(s->voices)};
    for (uint32_t v = 0; v < MOST_VOICES; v++) {
        wanted[SHARE + v] = v < s->voices ? 1.0 / s->voices : 0;
    }
    for (int i = 0; i < FOLLOWED; i++) {
        motet_lfo_follow(&c->followed[i], wanted[i], SETTLING_SECONDS, c->sample_rate, at_once);
    }
}

static void begin_cell(chorus *c, const sway *s, uint64_t frame) MOTET_NONBLOCKING
{
    uint64_t increment = motet_lfo_increment(s->rate_hz, c->sample_rate);
    if (!c->started) {
        c->started = true;
        c->phase = increment * (frame / MOTET_LFO_CELL);
        follow(c, s, true);
        aim(c);
    }
    c->phase += increment;
    follow(c, s, false);
    aim(c);
}

static void process_some(chorus *c, float *samples, int side, uint32_t first, uint32_t count) MOTET_NONBLOCKING
{
    int sounding[MOST_VOICES], sounding_count = 0;
    for (int v = 0; v < MOST_VOICES; v++) {
        if (c->share[v].now != 0 || c->share[v].next != 0) {
            sounding[sounding_count++] = v;
        }
    }
    motet_delay_line line = c->lines[side];
    for (uint32_t k = 0; k < count; k++) {
        double mean = 0;
        for (int i = 0; i < sounding_count; i++) {
            int v = sounding[i];
            double copy = (double)motet_delay_between(&line, motet_lfo_at(&c->delay[side][v], first + k));
            mean += copy * motet_lfo_at(&c->share[v], first + k);
        }
        motet_delay_write(&line, (double)samples[k] + mean * motet_lfo_at(&c->feedback, first + k));
        double out = mean * motet_lfo_at(&c->level, first + k);
        samples[k] = fabs(out) < MOTET_DELAY_FLOOR ? 0 : (float)out;
    }
    c->lines[side] = line;
}

static void process(chorus *c, const motet_effect_run *run, uint32_t parameter_count,
                    sway_fn *sway_of) MOTET_NONBLOCKING
{
    uint32_t count;
    for (uint32_t done = 0; done < run->frame_count; done += count) {
        uint32_t first = (uint32_t)((run->frame + done) % MOTET_LFO_CELL);
        if (first == 0 || !c->started) {
            float values[MOTET_MAX_PARAMETERS];
            for (uint32_t i = 0; i < parameter_count; i++) {
                values[i] = motet_effect_value(run, i, done);
            }
            sway s = sway_of(values);
            begin_cell(c, &s, run->frame + done);
        }
        count = run->frame_count - done < MOTET_LFO_CELL - first ? run->frame_count - done : MOTET_LFO_CELL - first;
        for (uint32_t side = 0; side < run->channel_count; side++) {
            process_some(c, run->channels[side] + done, (int)side, first, count);
        }
    }
}

/* Until what goes round has lost 140 dB. */
static double tail_of(const chorus *c, const sway *s) MOTET_NONBLOCKING
{
    const double bits = -23.25;
    double feedback = fabs(s->feedback);
    feedback = c->started && fabs(c->followed[FEEDBACK]) > feedback ? fabs(c->followed[FEEDBACK]) : feedback;
    return LONGEST_SECONDS * (2 + (feedback > 1e-6 ? bits / motet_log2(feedback) : 0));
}

/* -------------------------------------------------------------------------------------------------------- Chorus */

enum { C_RATE_HZ, C_DEPTH, C_DELAY_SECONDS, C_VOICES, C_FEEDBACK, C_STEREO_PHASE, C_PARAMETERS };

static const motet_parameter chorus_parameters[C_PARAMETERS] = {
    [C_RATE_HZ] = {"rate_hz", "Hz", 0.01f, 10, 0.7f, MOTET_PARAMETER_LOG, NULL, "How often a copy sways to and fro."},
    [C_DEPTH] = {"depth", "", 0, 1, 0.3f, MOTET_PARAMETER_LINEAR, NULL,
                 "How far it sways, and so how much its pitch does: at 1 by 8 ms, or by 0.9 of delay_seconds."},
    [C_DELAY_SECONDS] = {"delay_seconds", "s", 0.002f, 0.05f, 0.015f, MOTET_PARAMETER_LOG, NULL,
                         "How late the copies are in the middle."},
    [C_VOICES] = {"voices", "", 1, MOST_VOICES, 3, MOTET_PARAMETER_STEP, NULL, "How many copies."},
    [C_FEEDBACK] = {"feedback", "", -0.9f, 0.9f, 0, MOTET_PARAMETER_LINEAR, NULL,
                    "How much of the copies is copied again; below 0 upside down."},
    [C_STEREO_PHASE] = {"stereo_phase", "turns", 0, 0.5f, 0.25f, MOTET_PARAMETER_LINEAR, NULL,
                        "How far the right side is ahead of the left one; at 0.5 they sway against each other."},
};

static sway chorus_sway(const float *values) MOTET_NONBLOCKING
{
    double centre = (double)values[C_DELAY_SECONDS];
    double most = centre * 0.9 < 0.008 ? centre * 0.9 : 0.008;
    return (sway){
        .rate_hz = (double)values[C_RATE_HZ],
        .centre_seconds = centre,
        .swing_seconds = (double)values[C_DEPTH] * most,
        .feedback = (double)values[C_FEEDBACK],
        .stereo_turns = (double)values[C_STEREO_PHASE],
        .voices = (uint32_t)values[C_VOICES],
    };
}

static void chorus_process(void *state, const motet_effect_run *run) MOTET_NONBLOCKING
{
    process(state, run, C_PARAMETERS, chorus_sway);
}

static double chorus_tail(const void *state, const float *values) MOTET_NONBLOCKING
{
    sway s = chorus_sway(values);
    return tail_of(state, &s);
}

const motet_effect_type motet_effect_chorus = {
    .name = "chorus",
    .text = "Copies whose pitch sways: one player becomes several.",
    .parameters = chorus_parameters,
    .parameter_count = C_PARAMETERS,
    .wet = 0.5f,
    .size = size,
    .init = init,
    .process = chorus_process,
    .reset = reset,
    .tail_seconds = chorus_tail,
};

/* ------------------------------------------------------------------------------------------------------- Flanger */

enum { F_RATE_HZ, F_DEPTH, F_DELAY_SECONDS, F_FEEDBACK, F_STEREO_PHASE, F_PARAMETERS };

static const motet_parameter flanger_parameters[F_PARAMETERS] = {
    [F_RATE_HZ] = {"rate_hz", "Hz", 0.01f, 10, 0.25f, MOTET_PARAMETER_LOG, NULL, "How often it goes up and down."},
    [F_DEPTH] = {"depth", "", 0, 1, 0.8f, MOTET_PARAMETER_LINEAR, NULL,
                 "How far down from delay_seconds the delay goes; at 1 to nothing."},
    [F_DELAY_SECONDS] = {"delay_seconds", "s", 0.0005f, 0.02f, 0.004f, MOTET_PARAMETER_LOG, NULL,
                         "The longest delay: the first gap lies at 0.5 / delay."},
    [F_FEEDBACK] = {"feedback", "", -0.95f, 0.95f, 0.5f, MOTET_PARAMETER_LINEAR, NULL,
                    "How sharp the peaks are; below 0 they lie where the gaps were."},
    [F_STEREO_PHASE] = {"stereo_phase", "turns", 0, 0.5f, 0.25f, MOTET_PARAMETER_LINEAR, NULL,
                        "How far the right side is ahead of the left one."},
};

static sway flanger_sway(const float *values) MOTET_NONBLOCKING
{
    double swing = 0.5 * (double)values[F_DEPTH] * (double)values[F_DELAY_SECONDS];
    return (sway){
        .rate_hz = (double)values[F_RATE_HZ],
        .centre_seconds = (double)values[F_DELAY_SECONDS] - swing,
        .swing_seconds = swing,
        .feedback = (double)values[F_FEEDBACK],
        .stereo_turns = (double)values[F_STEREO_PHASE],
        .voices = 1,
    };
}

static void flanger_process(void *state, const motet_effect_run *run) MOTET_NONBLOCKING
{
    process(state, run, F_PARAMETERS, flanger_sway);
}

static double flanger_tail(const void *state, const float *values) MOTET_NONBLOCKING
{
    sway s = flanger_sway(values);
    return tail_of(state, &s);
}

const motet_effect_type motet_effect_flanger = {
    .name = "flanger",
    .text = "Gaps and peaks that travel through the sound, like a jet.",
    .parameters = flanger_parameters,
    .parameter_count = F_PARAMETERS,
    .wet = 0.5f,
    .size = size,
    .init = init,
    .process = flanger_process,
    .reset = reset,
    .tail_seconds = flanger_tail,
};
