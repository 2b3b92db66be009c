/* Gaps that travel through the sound, unevenly spread: a chain of all-passes of first order turns its phase, and mixed
 * half and half with the sound itself it cancels where the phase is turned by a half. Each pair of stages makes one
 * gap.
 *
 *   in -> (+) -> all-pass -> ... -> all-pass -> out      all-pass = 2 low-pass - in (dsp/delay_line.h)
 *          ^                                 |
 *          +--- feedback <-- a frame later --+ */
#include "dsp/delay_line.h"
#include "dsp/lfo.h"
#include "effects/effects.h"

#include <string.h>

enum { RATE_HZ, DEPTH, CENTRE_HZ, STAGES, FEEDBACK, STEREO_PHASE, PARAMETER_COUNT };

enum { MOST_STAGES = 12 };

#define SETTLING_SECONDS 0.03
#define FADE_SECONDS 0.03
#define OCTAVES 2.5 /* of a whole depth, up and down */
#define MOST_FEEDBACK 0.95f

static const motet_parameter parameters[PARAMETER_COUNT] = {
    [RATE_HZ] = {"rate_hz", "Hz", 0.01f, 10, 0.4f, MOTET_PARAMETER_LOG, NULL, "How often the gaps go up and down."},
    [DEPTH] = {"depth", "", 0, 1, 0.5f, MOTET_PARAMETER_LINEAR, NULL,
               "How far they go; at 1 two and a half octaves up and down."},
    [CENTRE_HZ] = {"centre_hz", "Hz", 100, 5000, 800, MOTET_PARAMETER_LOG, NULL,
                   "Their middle: where each stage turns the phase by a quarter."},
    [STAGES] = {"stages", "", 2, MOST_STAGES, 6, MOTET_PARAMETER_STEP, NULL, "All-passes; two for each gap."},
    [FEEDBACK] = {"feedback", "", -MOST_FEEDBACK, MOST_FEEDBACK, 0.3f, MOTET_PARAMETER_LINEAR, NULL,
                  "How sharp the peaks between the gaps are; below 0 they move."},
    [STEREO_PHASE] = {"stereo_phase", "turns", 0, 0.5f, 0.1f, MOTET_PARAMETER_LINEAR, NULL,
                      "How far the right side is ahead of the left one."},
};

enum { FOLLOWED_DEPTH, FOLLOWED_CENTRE, FOLLOWED_FEEDBACK, FOLLOWED_STEREO, FOLLOWED };

typedef struct side {
    motet_one_pole stages[MOST_STAGES];
    double last;
    motet_lfo_ramp coefficient;
} side;

typedef struct phaser {
    double sample_rate;
    bool started;
    uint64_t phase;
    double followed[FOLLOWED];
    motet_lfo_ramp feedback;
    uint32_t stages, next_stages, fade, fade_cells; /* from so many to so many; cells of the fade done, 0: none */
    side sides[2];
} phaser;

static size_t size(const motet_effect_setup *setup)
{
    (void)setup;
    return sizeof(phaser);
}

static void init(void *state, const motet_effect_setup *setup)
{
    phaser *p = state;
    p->sample_rate = setup->sample_rate_hz;
    p->fade_cells = (uint32_t)(FADE_SECONDS * p->sample_rate) / MOTET_LFO_CELL + 1;
}

static void reset(void *state) MOTET_NONBLOCKING
{
    phaser *p = state;
    p->started = false;
    p->fade = 0;
    memset(p->sides, 0, sizeof p->sides);
}

static void aim(phaser *p) MOTET_NONBLOCKING
{
    double turns = motet_lfo_turns(p->phase);
    for (int c = 0; c < 2; c++) {
        double wave = motet_sin_turns(turns + c * p->followed[FOLLOWED_STEREO]);
        double hz = motet_exp2(p->followed[FOLLOWED_CENTRE] + OCTAVES * p->followed[FOLLOWED_DEPTH] * wave);
        motet_lfo_aim(&p->sides[c].coefficient, motet_one_pole_coefficient(hz, p->sample_rate));
    }
    motet_lfo_aim(&p->feedback, p->followed[FOLLOWED_FEEDBACK]);
}

/* Another number of stages fades over; what is not in use is silent. */
static void move_stages(phaser *p, uint32_t wanted) MOTET_NONBLOCKING
{
    if (p->fade > 0 && p->fade < p->fade_cells) {
        p->fade++;
        return;
    }
    p->stages = p->next_stages;
    p->fade = 0;
    if (wanted != p->stages) {
        p->next_stages = wanted;
        p->fade = 1;
    }
    uint32_t used = p->stages > p->next_stages ? p->stages : p->next_stages;
    for (int c = 0; c < 2; c++) {
        for (uint32_t i = used; i < MOST_STAGES; i++) {
            p->sides[c].stages[i].state = 0;
        }
    }
}

static void settle(phaser *p) MOTET_NONBLOCKING
{
    for (int c = 0; c < 2; c++) {
        side *s = &p->sides[c];
        for (int i = 0; i < MOST_STAGES; i++) {
            motet_one_pole_settle(&s->stages[i]);
        }
        s->last = fabs(s->last) < MOTET_DELAY_FLOOR ? 0 : s->last;
    }
}

static void follow(phaser *p, const float *values, bool at_once) MOTET_NONBLOCKING
{
    double wanted[FOLLOWED] = {(double)values[DEPTH], motet_log2((double)values[CENTRE_HZ]), (double)values[FEEDBACK],
                               (double)values[STEREO_PHASE]};
    for (int i = 0; i < FOLLOWED; i++) {
        motet_lfo_follow(&p->followed[i], wanted[i], SETTLING_SECONDS, p->sample_rate, at_once);
    }
}

static void begin_cell(phaser *p, const float *values, uint64_t frame) MOTET_NONBLOCKING
{
    uint64_t increment = motet_lfo_increment((double)values[RATE_HZ], p->sample_rate);
    uint32_t stages = (uint32_t)values[STAGES];
    if (!p->started) {
        p->started = true;
        p->phase = increment * (frame / MOTET_LFO_CELL);
        p->stages = p->next_stages = stages;
        follow(p, values, true);
        aim(p);
    }
    p->phase += increment;
    follow(p, values, false);
    aim(p);
    move_stages(p, stages);
    settle(p);
}

/* Through the stages [from, end), both sides beside each other: each stage waits for the one before it. */
static inline void run_stages(phaser *p, uint32_t from, uint32_t end, const double coefficients[2],
                              double x[2]) MOTET_NONBLOCKING
{
    for (uint32_t i = from; i < end; i++) {
        for (int c = 0; c < 2; c++) {
            x[c] = 2 * motet_one_pole_low(&p->sides[c].stages[i], coefficients[c], x[c]) - x[c];
        }
    }
}

/* How much the longer chain of a fade is heard. */
static double longer_share(const phaser *p, uint32_t frame_in_cell) MOTET_NONBLOCKING
{
    double share = motet_delay_fade((p->fade - 1) * MOTET_LFO_CELL + frame_in_cell, p->fade_cells * MOTET_LFO_CELL);
    return p->stages < p->next_stages ? share : 1 - share;
}

/* With one channel the second is silent. */
static void process_some(phaser *p, float *const channels[2], uint32_t first, uint32_t count) MOTET_NONBLOCKING
{
    uint32_t fewer = p->stages < p->next_stages ? p->stages : p->next_stages;
    uint32_t more = p->stages < p->next_stages ? p->next_stages : p->stages;
    for (uint32_t k = 0; k < count; k++) {
        double feedback = motet_lfo_at(&p->feedback, first + k);
        double x[2], coefficients[2];
        for (int c = 0; c < 2; c++) {
            coefficients[c] = motet_lfo_at(&p->sides[c].coefficient, first + k);
            x[c] = (channels[c] != NULL ? (double)channels[c][k] : 0) + p->sides[c].last * feedback;
        }
        run_stages(p, 0, fewer, coefficients, x);
        if (more > fewer) {
            double longer[2] = {x[0], x[1]}, share = longer_share(p, first + k);
            run_stages(p, fewer, more, coefficients, longer);
            x[0] += share * (longer[0] - x[0]);
            x[1] += share * (longer[1] - x[1]);
        }
        for (int c = 0; c < 2; c++) {
            p->sides[c].last = x[c];
            if (channels[c] != NULL) {
                channels[c][k] = fabs(x[c]) < MOTET_DELAY_FLOOR ? 0 : (float)x[c];
            }
        }
    }
}

static void process(void *state, const motet_effect_run *run) MOTET_NONBLOCKING
{
    phaser *p = state;
    uint32_t count;
    for (uint32_t done = 0; done < run->frame_count; done += count) {
        uint32_t first = (uint32_t)((run->frame + done) % MOTET_LFO_CELL);
        if (first == 0 || !p->started) {
            float values[PARAMETER_COUNT];
            for (uint32_t i = 0; i < PARAMETER_COUNT; i++) {
                values[i] = motet_effect_value(run, i, done);
            }
            begin_cell(p, values, run->frame + done);
        }
        count = run->frame_count - done < MOTET_LFO_CELL - first ? run->frame_count - done : MOTET_LFO_CELL - first;
        float *channels[2] = {run->channels[0] + done, run->channel_count == 2 ? run->channels[1] + done : NULL};
        process_some(p, channels, first, count);
    }
}

/* An all-pass delays the lowest tones by 1 / (pi corner), and as often as feedback brings them round again. */
static double tail_seconds(const void *state, const float *values) MOTET_NONBLOCKING
{
    const double pi = 3.14159265358979323846, bits = -23.25;
    const phaser *p = state;
    double lowest = motet_log2((double)values[CENTRE_HZ]) - OCTAVES * (double)values[DEPTH];
    double feedback = fabs((double)values[FEEDBACK]);
    if (p->started) {
        double other = p->followed[FOLLOWED_CENTRE] - OCTAVES * p->followed[FOLLOWED_DEPTH];
        lowest = other < lowest ? other : lowest;
        feedback = fabs(p->followed[FOLLOWED_FEEDBACK]) > feedback ? fabs(p->followed[FOLLOWED_FEEDBACK]) : feedback;
    }
    double pass = MOST_STAGES / (pi * motet_exp2(lowest));
    return 0.1 + pass * (4 + (feedback > 1e-6 ? bits / motet_log2(feedback) : 0));
}

const motet_effect_type motet_effect_phaser = {
    .name = "phaser",
    .text = "Gaps that travel through the sound, softly.",
    .parameters = parameters,
    .parameter_count = PARAMETER_COUNT,
    .wet = 0.5f,
    .size = size,
    .init = init,
    .process = process,
    .reset = reset,
    .tail_seconds = tail_seconds,
};
