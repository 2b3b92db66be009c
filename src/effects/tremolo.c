/* Louder and quieter, again and again, or with auto_pan from side to side. The gain is 1 at its most and 1 - depth at
 * its least. */
#include "dsp/lfo.h"
#include "effects/effects.h"

enum { RATE_HZ, DEPTH, SHAPE, AUTO_PAN, PARAMETER_COUNT };

enum { SINE, TRIANGLE, SQUARE, SHAPES };

#define SETTLING_SECONDS 0.02
#define EDGE_SECONDS 0.01 /* of the square, from one side to the other: no click */

static const char *const shapes[] = {"sine", "triangle", "square", NULL};
static const char *const off_on[] = {"off", "on", NULL};

static const motet_parameter parameters[PARAMETER_COUNT] = {
    [RATE_HZ] = {"rate_hz", "Hz", 0.01f, 20, 5, MOTET_PARAMETER_LOG, NULL, "How often it is loud in a second."},
    [DEPTH] = {"depth", "", 0, 1, 0.5f, MOTET_PARAMETER_LINEAR, NULL, "How much is taken off; at 1 down to silence."},
    [SHAPE] = {"shape", "", SINE, SQUARE, SINE, MOTET_PARAMETER_STEP, shapes, "How the volume runs."},
    [AUTO_PAN] = {"auto_pan", "", 0, 1, 0, MOTET_PARAMETER_STEP, off_on,
                  "The right side is loud while the left one is quiet."},
};

enum { FOLLOWED_DEPTH, FOLLOWED_PAN, FOLLOWED_SHAPES, FOLLOWED = FOLLOWED_SHAPES + SHAPES };

typedef struct tremolo {
    double sample_rate;
    bool started;
    uint64_t phase;
    double followed[FOLLOWED];
    motet_lfo_ramp gain[2];
} tremolo;

static size_t size(const motet_effect_setup *setup)
{
    (void)setup;
    return sizeof(tremolo);
}

static void init(void *state, const motet_effect_setup *setup)
{
    tremolo *t = state;
    t->sample_rate = setup->sample_rate_hz;
}

static void reset(void *state) MOTET_NONBLOCKING
{
    tremolo *t = state;
    t->started = false;
}

/* -1 ... 1, loudest in the first quarter's end. */
static double wave_at(const tremolo *t, double turns, double rate_hz) MOTET_NONBLOCKING
{
    const double *weights = t->followed + FOLLOWED_SHAPES;
    double sine = weights[SINE] != 0 ? motet_sin_turns(turns) : 0;
    double from_peak = turns - 0.25 - floor(turns - 0.25);
    double triangle = from_peak < 0.5 ? 1 - 4 * from_peak : 4 * from_peak - 3;
    double steepness = 1 / (2 * rate_hz * EDGE_SECONDS);
    double square = triangle * (steepness > 1 ? steepness : 1);
    square = square < -1 ? -1 : square > 1 ? 1 : square;
    square = 0.5 * square * (3 - square * square);
    return weights[SINE] * sine + weights[TRIANGLE] * triangle + weights[SQUARE] * square;
}

static void aim(tremolo *t, double rate_hz) MOTET_NONBLOCKING
{
    double turns = motet_lfo_turns(t->phase), pan = t->followed[FOLLOWED_PAN];
    double left = wave_at(t, turns, rate_hz);
    double right = pan == 0 ? left : left + pan * (wave_at(t, turns + 0.5, rate_hz) - left);
    motet_lfo_aim(&t->gain[0], 1 - t->followed[FOLLOWED_DEPTH] * (0.5 - 0.5 * left));
    motet_lfo_aim(&t->gain[1], 1 - t->followed[FOLLOWED_DEPTH] * (0.5 - 0.5 * right));
}

static void follow(tremolo *t, const float *values, bool at_once) MOTET_NONBLOCKING
{
    double wanted[FOLLOWED] = {(double)values[DEPTH], values[AUTO_PAN] >= 0.5f ? 1 : 0};
    wanted[FOLLOWED_SHAPES + (int)values[SHAPE]] = 1;
    for (int i = 0; i < FOLLOWED; i++) {
        motet_lfo_follow(&t->followed[i], wanted[i], SETTLING_SECONDS, t->sample_rate, at_once);
    }
}

static void begin_cell(tremolo *t, const float *values, uint64_t frame) MOTET_NONBLOCKING
{
    double rate_hz = (double)values[RATE_HZ];
    uint64_t increment = motet_lfo_increment(rate_hz, t->sample_rate);
    if (!t->started) {
        t->started = true;
        t->phase = increment * (frame / MOTET_LFO_CELL);
        follow(t, values, true);
        aim(t, rate_hz);
    }
    t->phase += increment;
    follow(t, values, false);
    aim(t, rate_hz);
}

static void process(void *state, const motet_effect_run *run) MOTET_NONBLOCKING
{
    tremolo *t = state;
    uint32_t count;
    for (uint32_t done = 0; done < run->frame_count; done += count) {
        uint32_t first = (uint32_t)((run->frame + done) % MOTET_LFO_CELL);
        if (first == 0 || !t->started) {
            float values[PARAMETER_COUNT];
            for (uint32_t i = 0; i < PARAMETER_COUNT; i++) {
                values[i] = motet_effect_value(run, i, done);
            }
            begin_cell(t, values, run->frame + done);
        }
        count = run->frame_count - done < MOTET_LFO_CELL - first ? run->frame_count - done : MOTET_LFO_CELL - first;
        for (uint32_t c = 0; c < run->channel_count; c++) {
            float *samples = run->channels[c] + done;
            for (uint32_t k = 0; k < count; k++) {
                samples[k] *= (float)motet_lfo_at(&t->gain[c], first + k);
            }
        }
    }
}

const motet_effect_type motet_effect_tremolo = {
    .name = "tremolo",
    .text = "Louder and quieter again and again, or from side to side.",
    .parameters = parameters,
    .parameter_count = PARAMETER_COUNT,
    .wet = 1,
    .size = size,
    .init = init,
    .process = process,
    .reset = reset,
};
