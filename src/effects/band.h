/* A section of a filter whose type, frequency, q and gain may change while it sounds: the part that the filter effects
 * and the equaliser are made of. Numbers that move give each frame a filter of its own; another type is reached through
 * mixtures of the old and the new shape, over the declick's 10 ms. */
#ifndef MOTET_EFFECTS_BAND_H
#define MOTET_EFFECTS_BAND_H

#include "dsp/svf.h"
#include "effects/effects.h"

typedef struct motet_band {
    motet_svf_state state;
    motet_svf_shape from;  /* where a change of type started */
    motet_svf_shape shape; /* of the last frame */
    motet_svf filter;      /* of the last frame */
    double cutoff_hz, q, gain_db;
    double tangent, amplitude; /* of cutoff_hz and gain_db */
    uint32_t type, variant;
    uint32_t fade_at, fade_frames; /* equal: no change of type is under way */
    bool started;
    bool is_settled; /* `filter` is that of the numbers above */
} motet_band;

/* A number of a band in the frames of a run: `moving` or NULL, as in motet_effect_run. */
typedef struct motet_band_number {
    double value, factor;
    const float *moving;
} motet_band_number;

/* What a band is to be in a run. */
typedef struct motet_band_plan {
    motet_svf_type type;
    uint32_t variant; /* another one is reached as another type is: where a number jumps for a reason of its own */
    motet_band_number cutoff_hz, q, gain_db;
} motet_band_plan;

/* The state that a zeroed band has, too. */
void motet_band_reset(motet_band *band) MOTET_NONBLOCKING;

/* Frames `at` ... `at + count - 1` of a run, in place, through bands one after the other. */
void motet_bands_process(motet_band *bands, const motet_band_plan *plans, uint32_t band_count, uint32_t sample_rate_hz,
                         const motet_effect_run *run, uint32_t at, uint32_t count) MOTET_NONBLOCKING;

/* Seconds that a band at these numbers goes on sounding. */
double motet_band_tail_seconds(motet_svf_type type, double cutoff_hz, double q, double gain_db,
                               uint32_t sample_rate_hz) MOTET_NONBLOCKING;

/* A parameter of a run, as a number of a band. */
static inline motet_band_number motet_band_number_of(const motet_effect_run *run, uint32_t parameter) MOTET_NONBLOCKING
{
    return (motet_band_number){(double)run->values[parameter], 1, run->moving[parameter]};
}

static inline motet_band_number motet_band_constant(double value) MOTET_NONBLOCKING
{
    return (motet_band_number){value, 1, NULL};
}

#endif /* MOTET_EFFECTS_BAND_H */
