/* A parametric equaliser: eight bands, one after the other, each a section of its own type (dsp/svf.h, as
 * effects/filter.c). With all bands off it does nothing, to the bit. */
#include "effects/band.h"

enum { BANDS = 8, TYPE = 0, HZ, Q, GAIN_DB, PARAMETERS_A_BAND };

typedef struct equaliser {
    uint32_t sample_rate_hz;
    motet_band bands[BANDS];
} equaliser;

/* In the order of motet_svf_type. */
static const char *const types[] = {"off", "peak", "lowshelf", "highshelf", "lowpass", "highpass", "notch", NULL};

/* clang-format off */
#define EQ_BAND(number, initial_hz)                                                                                \
    {"band" #number "_type", "", 0, 6, 0, MOTET_PARAMETER_STEP, types, "What the band does; off, it costs nothing."}, \
    {"band" #number "_hz", "Hz", 10, 22000, initial_hz, MOTET_PARAMETER_LOG, NULL,                                 \
     "The band's frequency: the centre of a peak or notch, the cutoff, the middle of a shelf's step."},            \
    {"band" #number "_q", "", 0.1f, 30, 0.70710678f, MOTET_PARAMETER_LOG, NULL,                                    \
     "The higher, the narrower; of cutoffs and shelves, how much they ring."},                                     \
    {"band" #number "_gain_db", "dB", -24, 24, 0, MOTET_PARAMETER_LINEAR, NULL,                                    \
     "How much louder it is there, of peaks and shelves."}
/* clang-format on */

static const motet_parameter parameters[BANDS * PARAMETERS_A_BAND] = {
    EQ_BAND(1, 60),   EQ_BAND(2, 150),  EQ_BAND(3, 350),  EQ_BAND(4, 800),
    EQ_BAND(5, 2000), EQ_BAND(6, 4500), EQ_BAND(7, 9000), EQ_BAND(8, 14000),
};

static size_t size(const motet_effect_setup *setup)
{
    (void)setup;
    return sizeof(equaliser);
}

static void init(void *state, const motet_effect_setup *setup)
{
    equaliser *eq = state;
    eq->sample_rate_hz = setup->sample_rate_hz;
}

static void reset(void *state) MOTET_NONBLOCKING
{
    equaliser *eq = state;
    for (uint32_t i = 0; i < BANDS; i++) {
        motet_band_reset(&eq->bands[i]);
    }
}

/* Frames from `at` on in which no band changes its type. */
static uint32_t frames_of_types(const motet_effect_run *run, uint32_t at) MOTET_NONBLOCKING
{
    uint32_t count = run->frame_count - at;
    for (uint32_t i = 0; i < BANDS; i++) {
        uint32_t steady = motet_effect_steady_frames(run, i * PARAMETERS_A_BAND + TYPE, at);
        count = steady < count ? steady : count;
    }
    return count;
}

static void process(void *state, const motet_effect_run *run) MOTET_NONBLOCKING
{
    equaliser *eq = state;
    for (uint32_t at = 0; at < run->frame_count;) {
        uint32_t count = frames_of_types(run, at);
        motet_band_plan plans[BANDS];
        for (uint32_t i = 0; i < BANDS; i++) {
            uint32_t first = i * PARAMETERS_A_BAND;
            plans[i].type = (motet_svf_type)motet_effect_value(run, first + TYPE, at);
            plans[i].variant = 0;
            plans[i].cutoff_hz = motet_band_number_of(run, first + HZ);
            plans[i].q = motet_band_number_of(run, first + Q);
            plans[i].gain_db = motet_band_number_of(run, first + GAIN_DB);
        }
        motet_bands_process(eq->bands, plans, BANDS, eq->sample_rate_hz, run, at, count);
        at += count;
    }
}

/* One band feeds the next. */
static double tail_seconds(const void *state, const float *values) MOTET_NONBLOCKING
{
    const equaliser *eq = state;
    double seconds = 0;
    for (uint32_t i = 0; i < BANDS; i++) {
        const float *band = values + (size_t)i * PARAMETERS_A_BAND;
        seconds += motet_band_tail_seconds((motet_svf_type)band[TYPE], (double)band[HZ], (double)band[Q],
                                           (double)band[GAIN_DB], eq->sample_rate_hz);
    }
    return seconds;
}

const motet_effect_type motet_effect_eq = {
    .name = "eq",
    .text = "A parametric equaliser of eight bands.",
    .parameters = parameters,
    .parameter_count = BANDS * PARAMETERS_A_BAND,
    .wet = 1,
    .size = size,
    .init = init,
    .process = process,
    .reset = reset,
    .tail_seconds = tail_seconds,
};
