/* Old machines: fewer bits make it grainy, fewer samples a second make it dull and full of mirrored tones. Each channel
 * is held for as long as a sample of the lower rate lasts, then rounded to the nearest of the steps that the bits
 * leave, of which 0 is one: silence stays. Nothing is filtered: what is heard of that is what it is for. */
#include "dsp/math.h"
#include "effects/effects.h"

enum { BITS, RATE_HZ, PARAMETER_COUNT };

static const motet_parameter parameters[PARAMETER_COUNT] = {
    [BITS] = {"bits", "bits", 1, 16, 8, MOTET_PARAMETER_LINEAR, NULL, "The fewer, the grainier; 1 leaves -1, 0 and 1."},
    [RATE_HZ] = {"rate_hz", "Hz", 100, 96000, 12000, MOTET_PARAMETER_LOG, NULL,
                 "How often a sample is taken; the engine's rate and above: always."},
};

typedef struct crusher {
    double phase; /* of the lower rate's sample: the next is due at 1 */
    float held[2];
    uint32_t sample_rate_hz;
    bool started;
} crusher;

static size_t size(const motet_effect_setup *setup)
{
    (void)setup;
    return sizeof(crusher);
}

static void init(void *state, const motet_effect_setup *setup)
{
    crusher *c = state;
    c->sample_rate_hz = setup->sample_rate_hz;
}

static void reset(void *state) MOTET_NONBLOCKING
{
    crusher *c = state;
    *c = (crusher){.sample_rate_hz = c->sample_rate_hz};
}

/* To the nearest whole number, halves away from 0. From 2^30 steps on a float is as good as a whole one. */
static double rounded(double x) MOTET_NONBLOCKING
{
    if (!(x > -0x1p30 && x < 0x1p30)) {
        return x;
    }
    return (double)(int64_t)(x < 0 ? x - 0.5 : x + 0.5);
}

static bool sample_is_due(crusher *c, double step) MOTET_NONBLOCKING
{
    c->phase += step;
    if (c->started && c->phase < 1) {
        return false;
    }
    c->phase = c->started && step < 1 ? c->phase - 1 : 0;
    c->started = true;
    return true;
}

static void process(void *state, const motet_effect_run *run) MOTET_NONBLOCKING
{
    crusher *c = state;
    float bits = 0;
    double steps = 1;
    for (uint32_t k = 0; k < run->frame_count; k++) {
        float now = motet_effect_value(run, BITS, k);
        if (now != bits) {
            bits = now;
            steps = motet_exp2((double)bits - 1);
        }
        bool due = sample_is_due(c, (double)motet_effect_value(run, RATE_HZ, k) / (double)c->sample_rate_hz);
        for (uint32_t i = 0; i < run->channel_count; i++) {
            c->held[i] = due ? run->channels[i][k] : c->held[i];
            run->channels[i][k] = (float)(rounded((double)c->held[i] * steps) / steps);
        }
    }
}

/* The last sample is held. */
static double tail_seconds(const void *state, const float *values) MOTET_NONBLOCKING
{
    const crusher *c = state;
    return 1 / (double)values[RATE_HZ] + 2 / (double)c->sample_rate_hz;
}

const motet_effect_type motet_effect_crusher = {
    .name = "crusher",
    .text = "Leaves fewer bits and fewer samples a second.",
    .parameters = parameters,
    .parameter_count = PARAMETER_COUNT,
    .wet = 1,
    .size = size,
    .init = init,
    .process = process,
    .reset = reset,
    .tail_seconds = tail_seconds,
};
