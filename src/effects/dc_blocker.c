/* Takes away what does not move: an offset, which costs headroom and thumps when a sound starts or stops, and is not
 * heard itself. A high-pass of first order in trapezoidal integration (V. Zavalishin, "The Art of VA Filter Design",
 * chapter 3): 6 dB an octave below its cutoff, so that almost nothing else changes. */
#include "dsp/pair.h"
#include "dsp/svf.h"
#include "effects/effects.h"

enum { CUTOFF_HZ, PARAMETER_COUNT };
enum { GRID_FRAMES = 64 };

static const motet_parameter parameters[PARAMETER_COUNT] = {
    [CUTOFF_HZ] = {"cutoff_hz", "Hz", 1, 200, 20, MOTET_PARAMETER_LOG, NULL,
                   "Where it starts: the lower, the less is lost and the slower an offset goes."},
};

typedef struct blocker {
    motet_pair sum; /* the integrator's */
    uint32_t sample_rate_hz;
} blocker;

static size_t size(const motet_effect_setup *setup)
{
    (void)setup;
    return sizeof(blocker);
}

static void init(void *state, const motet_effect_setup *setup)
{
    blocker *b = state;
    b->sample_rate_hz = setup->sample_rate_hz;
}

static void reset(void *state) MOTET_NONBLOCKING
{
    blocker *b = state;
    b->sum = (motet_pair){0, 0};
}

/* Of a cutoff g = tan(pi cutoff / rate): the output is (x - sum) share with share = 1 / (1 + g), and 2 g times that
 * goes into the sum. Written so that a frame waits for one product and one sum of the frame before. */
typedef struct coefficients {
    double share, take, keep;
} coefficients;

static coefficients coefficients_of(float cutoff_hz, uint32_t sample_rate_hz) MOTET_NONBLOCKING
{
    double g = motet_svf_tangent((double)cutoff_hz, (double)sample_rate_hz);
    double share = 1 / (1 + g), take = 2 * g * share;
    return (coefficients){share, take, 1 - take};
}

static void process_piece(blocker *b, const motet_effect_run *run, uint32_t at, uint32_t count,
                          coefficients c) MOTET_NONBLOCKING
{
    motet_pair frames[GRID_FRAMES];
    float *left = run->channels[0] + at, *right = run->channel_count == 2 ? run->channels[1] + at : NULL;
    const float *moving = run->moving[CUTOFF_HZ];
    motet_pair sum = b->sum;
    motet_pair_gather(frames, left, right, count);
    for (uint32_t k = 0; k < count; k++) {
        if (moving != NULL) {
            c = coefficients_of(moving[at + k], b->sample_rate_hz);
        }
        motet_pair x = frames[k];
        frames[k] = (x - sum) * c.share;
        sum = sum * c.keep + x * c.take;
    }
    b->sum = sum;
    motet_pair_spread(frames, left, right, count);
}

static void process(void *state, const motet_effect_run *run) MOTET_NONBLOCKING
{
    blocker *b = state;
    coefficients c = coefficients_of(run->values[CUTOFF_HZ], b->sample_rate_hz);
    for (uint32_t at = 0; at < run->frame_count;) {
        uint32_t in_grid = (uint32_t)((run->frame + at) % GRID_FRAMES);
        uint32_t count = run->frame_count - at;
        count = count < GRID_FRAMES - in_grid ? count : GRID_FRAMES - in_grid;
        if (in_grid == 0) {
            b->sum = motet_pair_settled(b->sum);
        }
        process_piece(b, run, at, count, c);
        at += count;
    }
}

/* e^(-2 pi cutoff t) to 1e-8. */
static double tail_seconds(const void *state, const float *values) MOTET_NONBLOCKING
{
    (void)state;
    return 3 / (double)values[CUTOFF_HZ] + 0.01;
}

const motet_effect_type motet_effect_dc_blocker = {
    .name = "dc_blocker",
    .text = "Takes away a constant offset.",
    .parameters = parameters,
    .parameter_count = PARAMETER_COUNT,
    .wet = 1,
    .size = size,
    .init = init,
    .process = process,
    .reset = reset,
    .tail_seconds = tail_seconds,
};
