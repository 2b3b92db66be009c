/* The sound of a real room, or of a spring, a telephone, a guitar's cabinet: every sample sets off the impulse response
 * that was recorded there.
 *
 * A delay line for the predelay, then the convolution of dsp/convolver.h, which adds no latency, then the gain. The
 * sound is wet only; `wet` mixes in the dry one. `normalise` makes noise come out as loud as it went in, whatever the
 * level of the response is: its louder side gets an energy of 1. */
#include "dsp/convolver.h"
#include "dsp/math.h"
#include "effects/effects.h"

#include <string.h>

enum { GAIN_DB, PREDELAY_SECONDS, NORMALISE, PARAMETER_COUNT };
enum { GRID = 64, MOST_RUN = 512, FADES_A_SECOND = 20 };

static const double most_predelay = 0.5;
static const char *const switch_names[] = {"off", "on", NULL};

static const motet_parameter parameters[PARAMETER_COUNT] = {
    [GAIN_DB] = {"gain_db", "dB", MOTET_VOLUME_MIN_DB, MOTET_VOLUME_MAX_DB, 0, MOTET_PARAMETER_LINEAR, NULL,
                 "How loud the response is; the lowest is silence."},
    [PREDELAY_SECONDS] = {"predelay_seconds", "s", 0, 0.5f, 0, MOTET_PARAMETER_LINEAR, NULL,
                          "How much later the response begins: larger rooms, clearer voices."},
    [NORMALISE] =
        {"normalise", "", 0, 1, 1, MOTET_PARAMETER_STEP, switch_names,
         "Whether the response is scaled so that noise keeps its level; off, it is taken as it was recorded."},
};

typedef struct convolution {
    uint32_t channels, sample_rate_hz;
    float *lines[2]; /* of the predelay: frame f at f & mask */
    uint32_t mask;
    uint32_t delay, next_delay; /* frames; from the one to the other it fades */
    bool fading, fresh;
    uint64_t fade_start;
    uint32_t fade_frames;
    float normal, normal_step; /* 0 off ... 1 on, and on the way between */
    motet_convolver *convolver;
} convolution;

/* ------------------------------------------------------------------------------------------------------- Making */

static uint32_t line_frames(uint32_t sample_rate_hz)
{
    uint32_t frames = GRID;
    while (frames < (uint32_t)(most_predelay * sample_rate_hz) + GRID + 1) {
        frames *= 2;
    }
    return frames;
}

static size_t header_bytes(void)
{
    return (sizeof(convolution) + 63) / 64 * 64;
}

static size_t size(const motet_effect_setup *setup)
{
    return header_bytes() + (size_t)setup->channels * line_frames(setup->sample_rate_hz) * sizeof(float) +
           motet_convolver_size(setup->channels, setup->sample_rate_hz);
}

static void init(void *state, const motet_effect_setup *setup)
{
    convolution *c = state;
    char *memory = (char *)state + header_bytes();
    uint32_t frames = line_frames(setup->sample_rate_hz);
    *c = (convolution){.channels = setup->channels,
                       .sample_rate_hz = setup->sample_rate_hz,
                       .mask = frames - 1,
                       .fresh = true,
                       .fade_frames = setup->sample_rate_hz / FADES_A_SECOND + 1};
    c->normal_step = 1 / (float)c->fade_frames;
    for (uint32_t i = 0; i < setup->channels; i++) {
        c->lines[i] = (float *)(void *)memory;
        memory += frames * sizeof(float);
    }
    c->convolver = (motet_convolver *)(void *)memory;
    motet_convolver_init(c->convolver, setup->channels, setup->sample_rate_hz, setup->kernels);
}

static void reset(void *state) MOTET_NONBLOCKING
{
    convolution *c = state;
    for (uint32_t i = 0; i < c->channels; i++) {
        memset(c->lines[i], 0, ((size_t)c->mask + 1) * sizeof(float));
    }
    c->fading = false;
    c->fresh = true;
    motet_convolver_reset(c->convolver);
}

/* ----------------------------------------------------------------------------------------------------- Predelay */

static uint32_t frames_of_predelay(const convolution *c, float seconds) MOTET_NONBLOCKING
{
    return (uint32_t)((double)seconds * c->sample_rate_hz + 0.5);
}

/* At a multiple of the grid: whether the delay moves on. */
static void steer_delay(convolution *c, uint32_t wanted, uint64_t frame) MOTET_NONBLOCKING
{
    if (c->fading && frame >= c->fade_start + c->fade_frames) {
        c->delay = c->next_delay;
        c->fading = false;
    }
    if (!c->fading && wanted != c->delay) {
        c->next_delay = wanted;
        c->fading = true;
        c->fade_start = frame;
    }
}

static void delay_piece(convolution *c, float *samples, float *line, uint64_t frame, uint32_t count) MOTET_NONBLOCKING
{
    for (uint32_t k = 0; k < count; k++) {
        line[(frame + k) & c->mask] = samples[k];
    }
    if (c->delay == 0 && !c->fading) {
        return;
    }
    for (uint32_t k = 0; k < count; k++) {
        samples[k] = line[(frame + k - c->delay) & c->mask];
    }
    for (uint32_t k = 0; c->fading && k < count; k++) {
        uint64_t gone = frame + k - c->fade_start;
        float t = gone < c->fade_frames ? (float)gone * c->normal_step : 1;
        samples[k] += t * (line[(frame + k - c->next_delay) & c->mask] - samples[k]);
    }
}

static void delay_run(convolution *c, const motet_effect_run *run) MOTET_NONBLOCKING
{
    for (uint32_t done = 0; done < run->frame_count;) {
        uint64_t frame = run->frame + done;
        uint32_t to_grid = GRID - (uint32_t)(frame % GRID);
        uint32_t count = run->frame_count - done < to_grid ? run->frame_count - done : to_grid;
        if (frame % GRID == 0) {
            steer_delay(c, frames_of_predelay(c, motet_effect_value(run, PREDELAY_SECONDS, done)), frame);
        }
        for (uint32_t i = 0; i < c->channels; i++) {
            delay_piece(c, run->channels[i] + done, c->lines[i], frame, count);
        }
        done += count;
    }
}

/* ------------------------------------------------------------------------------------------------------ Running */

static float towards(float now, float target, float step) MOTET_NONBLOCKING
{
    float distance = target - now;
    return distance > step ? now + step : distance < -step ? now - step : target;
}

static void apply_gain(const convolution *c, const motet_effect_run *run) MOTET_NONBLOCKING
{
    float gain = (float)motet_db_to_gain((double)run->values[GAIN_DB]);
    for (uint32_t k = 0; k < run->frame_count; k++) {
        if (run->moving[GAIN_DB] != NULL) {
            gain = (float)motet_db_to_gain((double)run->moving[GAIN_DB][k]);
        }
        for (uint32_t i = 0; i < c->channels; i++) {
            run->channels[i][k] *= gain;
        }
    }
}

static void process(void *state, const motet_effect_run *run) MOTET_NONBLOCKING
{
    float normal[MOST_RUN];
    convolution *c = state;
    if (c->fresh) {
        c->delay = frames_of_predelay(c, motet_effect_value(run, PREDELAY_SECONDS, 0));
        c->normal = motet_effect_value(run, NORMALISE, 0);
        c->fresh = false;
    }
    for (uint32_t k = 0; k < run->frame_count; k++) {
        normal[k] = c->normal = towards(c->normal, motet_effect_value(run, NORMALISE, k), c->normal_step);
    }
    delay_run(c, run);
    motet_convolver_run(c->convolver, run->channels, normal, run->frame, run->frame_count);
    if (run->moving[GAIN_DB] != NULL || run->values[GAIN_DB] != 0) {
        apply_gain(c, run);
    }
}

static double tail_seconds(const void *state, const float *values) MOTET_NONBLOCKING
{
    const convolution *c = state;
    uint32_t frames = motet_convolver_frames(c->convolver);
    uint32_t delay = frames_of_predelay(c, values[PREDELAY_SECONDS]);
    delay = c->delay > delay ? c->delay : delay;
    delay = c->fading && c->next_delay > delay ? c->next_delay : delay;
    return frames > 0 ? ((double)frames + delay) / c->sample_rate_hz : 0;
}

/* ----------------------------------------------------------------------------------------------------- Material */

static size_t material_size(const motet_effect_setup *setup, const motet_pcm *pcm)
{
    return motet_impulse_size(pcm, setup->channels, setup->sample_rate_hz);
}

static void material_build(const motet_effect_setup *setup, const motet_pcm *pcm, void *material)
{
    motet_impulse_build(material, pcm, setup->channels, setup->sample_rate_hz, setup->kernels);
}

static void material_set(void *state, void *material) MOTET_NONBLOCKING
{
    motet_convolver_set(((convolution *)state)->convolver, material);
}

static bool material_uses(const void *state, const void *material) MOTET_NONBLOCKING
{
    return motet_convolver_uses(((const convolution *)state)->convolver, material);
}

const motet_effect_type motet_effect_convolution = {
    .name = "convolution",
    .text = "Gives a sound the room, or the device, whose impulse response is its material; silence without one.",
    .parameters = parameters,
    .parameter_count = PARAMETER_COUNT,
    .wet = 1,
    .size = size,
    .init = init,
    .process = process,
    .reset = reset,
    .tail_seconds = tail_seconds,
    .material_size = material_size,
    .material_build = material_build,
    .material_set = material_set,
    .material_uses = material_uses,
};
