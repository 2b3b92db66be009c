/* Overtones: warm and round (soft), hard and buzzing (hard), or glassy and hollow (fold). The sound, made louder by the
 * drive, goes through a curve:
 *   soft   x (27 + x^2) / (27 + 9 x^2) within +-3, beyond it +-1: close to tanh (its continued fraction, cut short)
 *   hard   x within +-1, beyond it +-1
 *   fold   x within +-1, beyond it thrown back again and again: a triangle
 * at four times the rate (dsp/oversample.h), so that the overtones that leave the audible range do not come back
 * mirrored. */
#include "dsp/math.h"
#include "dsp/oversample.h"
#include "dsp/pair.h"
#include "effects/effects.h"

#include <string.h>

enum { MODE, DRIVE_DB, OUTPUT_DB, PARAMETER_COUNT };
enum { SOFT, HARD, FOLD, MODES };
enum { CHUNK_FRAMES = MOTET_OVERSAMPLE_FRAMES };

static const char *const modes[] = {"soft", "hard", "fold", NULL};

static const motet_parameter parameters[PARAMETER_COUNT] = {
    [MODE] = {"mode", "", 0, MODES - 1, 0, MOTET_PARAMETER_STEP, modes, "The curve: round, flat or thrown back."},
    [DRIVE_DB] = {"drive_db", "dB", 0, 48, 12, MOTET_PARAMETER_LINEAR, NULL,
                  "How much louder it goes into the curve: the more, the more overtones."},
    [OUTPUT_DB] = {"output_db", "dB", -48, 12, 0, MOTET_PARAMETER_LINEAR, NULL, "How much louder it comes out."},
};

typedef struct distortion {
    motet_oversample_taps taps;
    motet_oversampler channels[2];
    float weights[MODES], from[MODES]; /* of the curves; they change over the declick */
    uint32_t mode;
    uint32_t fade_at, fade_frames;
    bool started;
} distortion;

static size_t size(const motet_effect_setup *setup)
{
    (void)setup;
    return sizeof(distortion);
}

static void init(void *state, const motet_effect_setup *setup)
{
    distortion *d = state;
    motet_oversample_design(&d->taps);
    d->fade_frames = setup->sample_rate_hz / 100 > 0 ? setup->sample_rate_hz / 100 : 1;
    d->fade_at = d->fade_frames;
}

static void reset(void *state) MOTET_NONBLOCKING
{
    distortion *d = state;
    memset(d->channels, 0, sizeof d->channels);
    memset(d->weights, 0, sizeof d->weights);
    d->fade_at = d->fade_frames;
    d->started = false;
}

/* ------------------------------------------------------------------------------------------------------- Curves */

/* Four samples beside each other, which gcc and clang make vectors of wherever there are any. */
typedef float quad __attribute__((vector_size(16)));
typedef int32_t quad_bits __attribute__((vector_size(16)));

static quad chosen(quad_bits where, quad a, quad b) MOTET_NONBLOCKING
{
    return (quad)(((quad_bits)a & where) | ((quad_bits)b & ~where));
}

static quad clipped(quad x, float most) MOTET_NONBLOCKING
{
    quad high = {most, most, most, most};
    x = chosen(x > high, high, x);
    return chosen(x < -high, -high, x);
}

static quad soft(quad x) MOTET_NONBLOCKING
{
    x = clipped(x, 3);
    quad square = x * x;
    return x * (27 + square) / (27 + 9 * square);
}

/* The nearest even number is taken off; of every second one, the rest is turned around. */
static quad folded(quad x) MOTET_NONBLOCKING
{
    x = clipped(x, 0x1p30f);
    const quad low = {-0.5f, -0.5f, -0.5f, -0.5f}, high = {0.5f, 0.5f, 0.5f, 0.5f};
    quad half = 0.5f * x;
    quad_bits n = __builtin_convertvector(half + chosen(half < 0, low, high), quad_bits);
    return (x - 2 * __builtin_convertvector(n, quad)) * __builtin_convertvector(1 - 2 * (n & 1), quad);
}

/* Vectors may go past `count`. */
static void bend(float *samples, uint32_t count, uint32_t mode) MOTET_NONBLOCKING
{
    for (uint32_t k = 0; k < count; k += 4) {
        quad x;
        memcpy(&x, samples + k, sizeof x);
        switch (mode) {
        case SOFT: x = soft(x); break;
        case HARD: x = clipped(x, 1); break;
        default: x = folded(x); break;
        }
        memcpy(samples + k, &x, sizeof x);
    }
}

/* ----------------------------------------------------------------------------------------------------- Changes */

static void choose_mode(distortion *d, uint32_t mode) MOTET_NONBLOCKING
{
    if (!d->started) {
        d->started = true;
        d->weights[mode] = 1;
    } else if (mode != d->mode) {
        memcpy(d->from, d->weights, sizeof d->from);
        d->fade_at = 0;
    }
    d->mode = mode;
}

/* Of the next frame, while a change is under way. */
static void move_weights(distortion *d) MOTET_NONBLOCKING
{
    d->fade_at++;
    float t = (float)d->fade_at / (float)d->fade_frames;
    float share = t * t * (3 - 2 * t);
    for (uint32_t i = 0; i < MODES; i++) {
        float to = i == d->mode ? 1 : 0;
        d->weights[i] = d->from[i] + (to - d->from[i]) * share;
    }
    if (d->fade_at == d->fade_frames) {
        memset(d->weights, 0, sizeof d->weights);
        d->weights[d->mode] = 1;
    }
}

/* All three, mixed. */
static void bend_by_weights(float *samples, float (*weights)[MODES], uint32_t count) MOTET_NONBLOCKING
{
    float each[MODES][2 * CHUNK_FRAMES + MOTET_OVERSAMPLE_SLACK];
    for (uint32_t mode = 0; mode < MODES; mode++) {
        memcpy(each[mode], samples, (2 * (size_t)count + MOTET_OVERSAMPLE_SLACK) * sizeof(float));
        bend(each[mode], 2 * count, mode);
    }
    for (uint32_t k = 0; k < 2 * count; k++) {
        const float *w = weights[k / 2];
        samples[k] = (w[SOFT] * each[SOFT][k] + w[HARD] * each[HARD][k]) + w[FOLD] * each[FOLD][k];
    }
}

/* ----------------------------------------------------------------------------------------------------- Process */

/* No further than the end of a change. */
static void process_chunk(distortion *d, const motet_effect_run *run, uint32_t at, uint32_t count) MOTET_NONBLOCKING
{
    float weights[CHUNK_FRAMES][MODES];
    bool fades = d->fade_at < d->fade_frames;
    for (uint32_t k = 0; fades && k < count; k++) {
        move_weights(d);
        memcpy(weights[k], d->weights, sizeof weights[k]);
    }
    float drives[CHUNK_FRAMES], outputs[CHUNK_FRAMES];
    for (uint32_t k = 0; k < count; k++) {
        bool first = k == 0;
        drives[k] = first || run->moving[DRIVE_DB] != NULL
                        ? (float)motet_db_to_gain((double)motet_effect_value(run, DRIVE_DB, at + k))
                        : drives[0];
        outputs[k] = first || run->moving[OUTPUT_DB] != NULL
                         ? (float)motet_db_to_gain((double)motet_effect_value(run, OUTPUT_DB, at + k))
                         : outputs[0];
    }
    for (uint32_t c = 0; c < run->channel_count; c++) {
        float samples[CHUNK_FRAMES + MOTET_OVERSAMPLE_SLACK];
        motet_oversampled higher;
        for (uint32_t k = 0; k < count; k++) {
            samples[k] = run->channels[c][at + k] * drives[k];
        }
        motet_oversample_up(&d->channels[c], &d->taps, &higher, samples, count);
        if (fades) {
            bend_by_weights(higher.even, weights, count);
            bend_by_weights(higher.odd, weights, count);
        } else {
            bend(higher.even, 2 * count, d->mode);
            bend(higher.odd, 2 * count, d->mode);
        }
        motet_oversample_down(&d->channels[c], &d->taps, samples, &higher, count);
        motet_floats_settle(samples, count);
        for (uint32_t k = 0; k < count; k++) {
            run->channels[c][at + k] = samples[k] * outputs[k];
        }
    }
}

static void process(void *state, const motet_effect_run *run) MOTET_NONBLOCKING
{
    distortion *d = state;
    for (uint32_t at = 0; at < run->frame_count;) {
        choose_mode(d, (uint32_t)motet_effect_value(run, MODE, at));
        uint32_t count = motet_effect_steady_frames(run, MODE, at);
        uint32_t left = d->fade_frames - d->fade_at;
        count = count < CHUNK_FRAMES ? count : CHUNK_FRAMES;
        count = left > 0 && left < count ? left : count;
        process_chunk(d, run, at, count);
        at += count;
    }
}

static uint32_t latency_frames(const motet_effect_setup *setup)
{
    (void)setup;
    return MOTET_OVERSAMPLE_LATENCY;
}

/* Twice the latency: the filters' whole length. */
static double tail_seconds(const void *state, const float *values) MOTET_NONBLOCKING
{
    (void)values;
    const distortion *d = state;
    return 2.0 * MOTET_OVERSAMPLE_LATENCY / (100.0 * d->fade_frames);
}

const motet_effect_type motet_effect_distortion = {
    .name = "distortion",
    .text = "Adds overtones: soft or hard clipping, or folding.",
    .parameters = parameters,
    .parameter_count = PARAMETER_COUNT,
    .wet = 1,
    .size = size,
    .init = init,
    .process = process,
    .reset = reset,
    .tail_seconds = tail_seconds,
    .latency_frames = latency_frames,
};
