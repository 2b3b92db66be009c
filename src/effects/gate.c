/* Makes what is quiet quieter still: noise between words, the room behind a drum. A downward expander with a switch:
 * open from the threshold up, closed once the level has been below threshold - hysteresis for the time of the hold, so
 * that it does not flutter. Open, nothing is reduced; closed, each decibel below the threshold becomes `ratio` of them,
 * down to `range_db`. The reduction goes there in decibels, 63 % of the way in the attack's time where it opens and in
 * the release's where it closes. The level is the peak of 5 ms (effects/detector.h). */
#include "dsp/math.h"
#include "effects/detector.h"

enum {
    THRESHOLD_DB,
    RATIO,
    RANGE_DB,
    HYSTERESIS_DB,
    ATTACK_SECONDS,
    HOLD_SECONDS,
    RELEASE_SECONDS,
    KEY_HIGHPASS_HZ,
    PARAMETER_COUNT
};

static const motet_parameter parameters[PARAMETER_COUNT] = {
    [THRESHOLD_DB] = {"threshold_db", "dB", -90, 0, -40, MOTET_PARAMETER_LINEAR, NULL,
                      "What is louder passes as it is; what is quieter is made quieter."},
    [RATIO] = {"ratio", "", 1, 100, 10, MOTET_PARAMETER_LOG, NULL,
               "A decibel below the threshold becomes so many: 2 is gentle, 100 is a gate."},
    [RANGE_DB] = {"range_db", "dB", 0, 80, 60, MOTET_PARAMETER_LINEAR, NULL,
                  "How much quieter it gets at most; 80 is silence."},
    [HYSTERESIS_DB] = {"hysteresis_db", "dB", 0, 24, 3, MOTET_PARAMETER_LINEAR, NULL,
                       "How far below the threshold it must fall before it closes again."},
    [ATTACK_SECONDS] = {"attack_seconds", "s", 0.0001f, 0.5f, 0.001f, MOTET_PARAMETER_LOG, NULL,
                        "How soon it opens: 63 % of the decibels."},
    [HOLD_SECONDS] = {"hold_seconds", "s", 0, 2, 0.05f, MOTET_PARAMETER_LINEAR, NULL,
                      "How long it stays open after the last loud moment."},
    [RELEASE_SECONDS] = {"release_seconds", "s", 0.005f, 5, 0.1f, MOTET_PARAMETER_LOG, NULL,
                         "How soon it closes: 63 % of the decibels."},
    [KEY_HIGHPASS_HZ] = MOTET_KEY_HIGHPASS,
};

typedef struct gate {
    motet_detector detector;
    motet_pace attack, release;
    double reduction_db;
    uint32_t quiet_frames; /* since the last above the lower threshold */
    bool is_open;
    bool started;
    float known; /* the level of `known_db`: a peak is held for many frames */
    double known_db;
    uint32_t sample_rate_hz;
    uint32_t window[]; /* the detector's */
} gate;

static size_t size(const motet_effect_setup *setup)
{
    return sizeof(gate) + motet_detector_size(setup->sample_rate_hz);
}

static void init(void *state, const motet_effect_setup *setup)
{
    gate *g = state;
    g->sample_rate_hz = setup->sample_rate_hz;
    g->known_db = -200;
    motet_detector_init(&g->detector, g->window, setup->sample_rate_hz);
}

static void reset(void *state) MOTET_NONBLOCKING
{
    gate *g = state;
    motet_detector_reset(&g->detector);
    g->reduction_db = 0;
    g->quiet_frames = 0;
    g->is_open = false;
    g->started = false;
    g->known = 0;
    g->known_db = -200;
}

/* The static curve of the closed gate. */
static double closed_db(const motet_effect_run *run, uint32_t k, double below) MOTET_NONBLOCKING
{
    double range = (double)motet_effect_value(run, RANGE_DB, k);
    double wanted = below * ((double)motet_effect_value(run, RATIO, k) - 1);
    return wanted < 0 ? 0 : wanted < range ? wanted : range;
}

static double wanted_db(gate *g, const motet_effect_run *run, uint32_t k, float level) MOTET_NONBLOCKING
{
    if (level != g->known) {
        g->known = level;
        g->known_db = level > 1e-10f ? motet_detector_db(level) : -200;
    }
    double below = (double)motet_effect_value(run, THRESHOLD_DB, k) - g->known_db;
    if (below <= 0) {
        g->is_open = true;
        g->quiet_frames = 0;
    } else if (below <= (double)motet_effect_value(run, HYSTERESIS_DB, k)) {
        g->quiet_frames = 0;
    } else if (g->is_open) {
        double hold = (double)motet_effect_value(run, HOLD_SECONDS, k) * (double)g->sample_rate_hz;
        g->is_open = ++g->quiet_frames <= hold;
    }
    return g->is_open ? 0 : closed_db(run, k, below);
}

/* In place of the levels. It starts closed, as it is in silence. */
static void find_gains(gate *g, float *gains, const motet_effect_run *run) MOTET_NONBLOCKING
{
    if (!g->started) {
        g->started = true;
        g->reduction_db = closed_db(run, 0, 200);
    }
    double reduction = g->reduction_db;
    for (uint32_t k = 0; k < run->frame_count; k++) {
        double wanted = wanted_db(g, run, k, gains[k]);
        if (wanted != reduction) {
            double keep =
                wanted < reduction
                    ? motet_pace_keep(&g->attack, motet_effect_value(run, ATTACK_SECONDS, k), g->sample_rate_hz)
                    : motet_pace_keep(&g->release, motet_effect_value(run, RELEASE_SECONDS, k), g->sample_rate_hz);
            reduction = motet_pace_follow(reduction, wanted, keep);
        }
        gains[k] = reduction == 0 ? 1 : (float)motet_db_to_gain(-reduction);
    }
    g->reduction_db = reduction;
}

static void process(void *state, const motet_effect_run *run) MOTET_NONBLOCKING
{
    gate *g = state;
    float gains[MOTET_RUN_FRAMES];
    motet_detector_run(&g->detector, gains, run, KEY_HIGHPASS_HZ, UINT32_MAX);
    find_gains(g, gains, run);
    motet_effect_scale(run, gains);
}

/* It adds nothing to the sound, but it should not be closed before its time. */
static double tail_seconds(const void *state, const float *values) MOTET_NONBLOCKING
{
    (void)state;
    return 0.05 + (double)values[HOLD_SECONDS] + 6 * (double)values[RELEASE_SECONDS];
}

const motet_effect_type motet_effect_gate = {
    .name = "gate",
    .text = "Makes what is quiet quieter still, by itself or by a side-chain.",
    .parameters = parameters,
    .parameter_count = PARAMETER_COUNT,
    .wet = 1,
    .size = size,
    .init = init,
    .process = process,
    .reset = reset,
    .tail_seconds = tail_seconds,
    .has_key = true,
};
