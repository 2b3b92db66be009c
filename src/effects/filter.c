/* The filters that take a part of the spectrum away, or raise or lower it: muffled and bright, thin and full, narrow
 * and hollow. Each is a state-variable filter of second order (dsp/svf.h) with the responses of R. Bristow-Johnson's
 * cookbook; low-pass and high-pass have a second section for 24 dB an octave, with the poles of Butterworth's fourth
 * order where q is 0.7071. There the first section's q stands and the second's moves, so that q is the gain at the
 * cutoff with both slopes. */
#include "effects/band.h"

/* Where a filter has no such parameter: NONE. */
enum { CUTOFF_HZ, Q, SLOPE, GAIN_DB = 2, NONE = 99 };

typedef struct filter {
    uint32_t sample_rate_hz;
    motet_band bands[2];
} filter;

static const char *const slopes[] = {"12", "24", NULL};

#define CUTOFF_OF(initial, text) [CUTOFF_HZ] = {"cutoff_hz", "Hz", 10, 22000, initial, MOTET_PARAMETER_LOG, NULL, text}
#define Q_OF(text) [Q] = {"q", "", 0.1f, 30, 0.70710678f, MOTET_PARAMETER_LOG, NULL, text}
#define SLOPE_OF(text) [SLOPE] = {"slope", "", 0, 1, 0, MOTET_PARAMETER_STEP, slopes, text}
#define GAIN_OF(text) [GAIN_DB] = {"gain_db", "dB", -24, 24, 0, MOTET_PARAMETER_LINEAR, NULL, text}

#define RESONANCE "Gain at the cutoff: 0.7 is flat up to it, above it rings."
#define WIDTH "The higher, the narrower."

static const motet_parameter lowpass_parameters[] = {
    CUTOFF_OF(5000, "Above it the sound is taken away: the lower, the duller."),
    Q_OF(RESONANCE),
    SLOPE_OF("How steeply it falls above the cutoff, in decibels an octave."),
};

static const motet_parameter highpass_parameters[] = {
    CUTOFF_OF(200, "Below it the sound is taken away: the higher, the thinner."),
    Q_OF(RESONANCE),
    SLOPE_OF("How steeply it falls below the cutoff, in decibels an octave."),
};

static const motet_parameter bandpass_parameters[] = {
    CUTOFF_OF(1000, "What is around it stays, as it was."),
    Q_OF(WIDTH),
};

static const motet_parameter notch_parameters[] = {
    CUTOFF_OF(1000, "What is around it goes away."),
    Q_OF(WIDTH),
};

static const motet_parameter peak_parameters[] = {
    CUTOFF_OF(1000, "What is around it becomes louder or quieter."),
    Q_OF(WIDTH),
    GAIN_OF("How much louder it is there."),
};

static const motet_parameter lowshelf_parameters[] = {
    CUTOFF_OF(200, "What is below it becomes louder or quieter; half of the decibels are reached at it."),
    Q_OF("How sudden the step is: 0.7 has no bump."),
    GAIN_OF("How much louder the lows are."),
};

static const motet_parameter highshelf_parameters[] = {
    CUTOFF_OF(4000, "What is above it becomes louder or quieter; half of the decibels are reached at it."),
    Q_OF("How sudden the step is: 0.7 has no bump."),
    GAIN_OF("How much louder the highs are."),
};

static size_t size(const motet_effect_setup *setup)
{
    (void)setup;
    return sizeof(filter);
}

static void init(void *state, const motet_effect_setup *setup)
{
    filter *f = state;
    f->sample_rate_hz = setup->sample_rate_hz;
}

static void reset(void *state) MOTET_NONBLOCKING
{
    filter *f = state;
    motet_band_reset(&f->bands[0]);
    motet_band_reset(&f->bands[1]);
}

/* Of Butterworth's fourth order: 1 / (2 cos(pi / 8)), and 1 / (2 cos(3 pi / 8)) over sqrt(1/2). */
static const double first_q = 0.541196100146196984400;
static const double second_q_factor = 1.847759065022573512257;

static void process_one(filter *f, motet_svf_type type, uint32_t gain_db, const motet_effect_run *run) MOTET_NONBLOCKING
{
    motet_band_plan plan = {type, 0, motet_band_number_of(run, CUTOFF_HZ), motet_band_number_of(run, Q),
                            gain_db == NONE ? motet_band_constant(0) : motet_band_number_of(run, gain_db)};
    motet_bands_process(f->bands, &plan, 1, f->sample_rate_hz, run, 0, run->frame_count);
}

static void process_two(filter *f, motet_svf_type type, const motet_effect_run *run) MOTET_NONBLOCKING
{
    const motet_band_plan plan = {type, 0, motet_band_number_of(run, CUTOFF_HZ), motet_band_number_of(run, Q),
                                  motet_band_constant(0)};
    for (uint32_t at = 0; at < run->frame_count;) {
        uint32_t count = motet_effect_steady_frames(run, SLOPE, at);
        motet_band_plan plans[2] = {plan, plan};
        plans[1].q.factor = second_q_factor;
        if (motet_effect_value(run, SLOPE, at) > 0.5f) {
            plans[0].variant = 1; /* its q jumps */
            plans[0].q = motet_band_constant(first_q);
        } else {
            plans[1].type = MOTET_SVF_OFF;
        }
        motet_bands_process(f->bands, plans, 2, f->sample_rate_hz, run, at, count);
        at += count;
    }
}

/* An effect of one section; `gain` is GAIN_DB or NONE. */
#define FILTER_OF_ONE(name_, type, gain, text_)                                                          \
    static void name_##_process(void *state, const motet_effect_run *run) MOTET_NONBLOCKING              \
    {                                                                                                    \
        process_one(state, type, gain, run);                                                             \
    }                                                                                                    \
    static double name_##_tail(const void *state, const float *values) MOTET_NONBLOCKING                 \
    {                                                                                                    \
        const filter *f = state;                                                                         \
        return motet_band_tail_seconds(type, (double)values[CUTOFF_HZ], (double)values[Q],               \
                                       (gain) == NONE ? 0 : (double)values[GAIN_DB], f->sample_rate_hz); \
    }                                                                                                    \
    FILTER(name_, text_)

/* An effect of two. */
#define FILTER_OF_TWO(name_, type, text_)                                                   \
    static void name_##_process(void *state, const motet_effect_run *run) MOTET_NONBLOCKING \
    {                                                                                       \
        process_two(state, type, run);                                                      \
    }                                                                                       \
    static double name_##_tail(const void *state, const float *values) MOTET_NONBLOCKING    \
    {                                                                                       \
        return tail_of_two(state, type, values);                                            \
    }                                                                                       \
    FILTER(name_, text_)

#define FILTER(name_, text_)                                                       \
    const motet_effect_type motet_effect_##name_ = {                               \
        .name = #name_,                                                            \
        .text = text_,                                                             \
        .parameters = name_##_parameters,                                          \
        .parameter_count = sizeof name_##_parameters / sizeof *name_##_parameters, \
        .wet = 1,                                                                  \
        .size = size,                                                              \
        .init = init,                                                              \
        .process = name_##_process,                                                \
        .reset = reset,                                                            \
        .tail_seconds = name_##_tail,                                              \
    };

/* As if both slopes sounded: one may be fading into the other. */
static double tail_of_two(const filter *f, motet_svf_type type, const float *values) MOTET_NONBLOCKING
{
    double cutoff_hz = (double)values[CUTOFF_HZ], q = (double)values[Q];
    return motet_band_tail_seconds(type, cutoff_hz, q, 0, f->sample_rate_hz) +
           motet_band_tail_seconds(type, cutoff_hz, q * second_q_factor, 0, f->sample_rate_hz);
}

FILTER_OF_TWO(lowpass, MOTET_SVF_LOWPASS, "Takes away what is above a frequency.")
FILTER_OF_TWO(highpass, MOTET_SVF_HIGHPASS, "Takes away what is below a frequency.")
FILTER_OF_ONE(bandpass, MOTET_SVF_BANDPASS, NONE, "Leaves what is around a frequency.")
FILTER_OF_ONE(notch, MOTET_SVF_NOTCH, NONE, "Takes away what is around a frequency.")
FILTER_OF_ONE(peak, MOTET_SVF_PEAK, GAIN_DB, "Raises or lowers what is around a frequency.")
FILTER_OF_ONE(lowshelf, MOTET_SVF_LOWSHELF, GAIN_DB, "Raises or lowers what is below a frequency.")
FILTER_OF_ONE(highshelf, MOTET_SVF_HIGHSHELF, GAIN_DB, "Raises or lowers what is above a frequency.")
