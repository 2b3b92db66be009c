/* Louder or quieter, and nothing else: the building block that a fader in the middle of a chain of effects is. */
#include "dsp/math.h"
#include "effects/effects.h"

enum { VOLUME_DB, PARAMETER_COUNT };

static const motet_parameter parameters[PARAMETER_COUNT] = {
    [VOLUME_DB] = {"volume_db", "dB", MOTET_VOLUME_MIN_DB, MOTET_VOLUME_MAX_DB, 0, MOTET_PARAMETER_LINEAR, NULL,
                   "How much louder; the lowest is silence."},
};

static size_t size(const motet_effect_setup *setup)
{
    (void)setup;
    return 0;
}

static void init(void *state, const motet_effect_setup *setup)
{
    (void)state;
    (void)setup;
}

static void reset(void *state) MOTET_NONBLOCKING
{
    (void)state;
}

static void process(void *state, const motet_effect_run *run) MOTET_NONBLOCKING
{
    (void)state;
    float gain = (float)motet_db_to_gain((double)run->values[VOLUME_DB]);
    for (uint32_t k = 0; k < run->frame_count; k++) {
        if (run->moving[VOLUME_DB] != NULL) {
            gain = (float)motet_db_to_gain((double)run->moving[VOLUME_DB][k]);
        }
        for (uint32_t c = 0; c < run->channel_count; c++) {
            run->channels[c][k] *= gain;
        }
    }
}

const motet_effect_type motet_effect_gain = {
    .name = "gain",
    .text = "Louder or quieter.",
    .parameters = parameters,
    .parameter_count = PARAMETER_COUNT,
    .wet = 1,
    .size = size,
    .init = init,
    .process = process,
    .reset = reset,
};
