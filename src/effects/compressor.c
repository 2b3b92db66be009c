/* Makes what is loud quieter: evens out a voice, glues a mix, or ducks it under a side-chain. Feed-forward, its
 * reduction worked out and smoothed in decibels (D. Giannoulis, M. Massberg, J. D. Reiss, "Digital Dynamic Range
 * Compressor Design", JAES 60, 2012): the level (effects/detector.h) above the threshold times 1 - 1 / ratio, by a
 * parabola within the knee; then a first-order way to it that is 63 % done, in decibels, after the attack's time where
 * the reduction grows and after the release's where it shrinks. The peak detector holds for 5 ms, after which a release
 * begins. */
#include "dsp/math.h"
#include "effects/detector.h"

enum {
    THRESHOLD_DB,
    RATIO,
    KNEE_DB,
    ATTACK_SECONDS,
    RELEASE_SECONDS,
    MAKEUP_DB,
    DETECTOR,
    KEY_HIGHPASS_HZ,
    PARAMETER_COUNT
};

static const char *const detectors[] = {"peak", "rms", NULL};

static const motet_parameter parameters[PARAMETER_COUNT] = {
    [THRESHOLD_DB] = {"threshold_db", "dB", -60, 0, -18, MOTET_PARAMETER_LINEAR, NULL,
                      "What is louder is made quieter."},
    [RATIO] = {"ratio", "", 1, 100, 4, MOTET_PARAMETER_LOG, NULL,
               "So many decibels above the threshold become one; 1 does nothing."},
    [KNEE_DB] = {"knee_db", "dB", 0, 24, 6, MOTET_PARAMETER_LINEAR, NULL,
                 "Width of the gradual start around the threshold; 0 is a corner."},
    [ATTACK_SECONDS] = {"attack_seconds", "s", 0.0001f, 1, 0.01f, MOTET_PARAMETER_LOG, NULL,
                        "How soon it becomes quieter: 63 % of the decibels. Longer lets the beat of a drum through."},
    [RELEASE_SECONDS] = {"release_seconds", "s", 0.005f, 5, 0.15f, MOTET_PARAMETER_LOG, NULL,
                         "How soon it is as before: 63 % of the decibels. Short ones pump."},
    [MAKEUP_DB] = {"makeup_db", "dB", -24, 36, 0, MOTET_PARAMETER_LINEAR, NULL,
                   "How much louder it all is afterwards."},
    [DETECTOR] = {"detector", "", 0, 1, 0, MOTET_PARAMETER_STEP, detectors,
                  "What counts as loud: the highest peaks, or the mean power, as the ear has it."},
    [KEY_HIGHPASS_HZ] = MOTET_KEY_HIGHPASS,
};

typedef struct compressor {
    motet_detector detector;
    motet_pace attack, release;
    double reduction_db;
    uint32_t sample_rate_hz;
    uint32_t window[]; /* the detector's */
} compressor;

static size_t size(const motet_effect_setup *setup)
{
    return sizeof(compressor) + motet_detector_size(setup->sample_rate_hz);
}

static void init(void *state, const motet_effect_setup *setup)
{
    compressor *c = state;
    c->sample_rate_hz = setup->sample_rate_hz;
    motet_detector_init(&c->detector, c->window, setup->sample_rate_hz);
}

static void reset(void *state) MOTET_NONBLOCKING
{
    compressor *c = state;
    motet_detector_reset(&c->detector);
    c->reduction_db = 0;
}

/* The static curve: by how much a level above 0 is to be reduced. A level of no number counts as the highest. */
static double wanted_db(const motet_effect_run *run, uint32_t k, double level_db) MOTET_NONBLOCKING
{
    double over = level_db - (double)motet_effect_value(run, THRESHOLD_DB, k);
    double knee = (double)motet_effect_value(run, KNEE_DB, k);
    double slope = 1 - 1 / (double)motet_effect_value(run, RATIO, k);
    over = over < 400 ? over : 400;
    if (over <= -0.5 * knee) {
        return 0;
    }
    if (over < 0.5 * knee) {
        double in = over + 0.5 * knee;
        return slope * in * in / (2 * knee);
    }
    return slope * over;
}

static float gain_of_db(double db) MOTET_NONBLOCKING
{
    const double log2_10_over_20 = 0.166096404744368117394;
    return (float)motet_exp2(db * log2_10_over_20);
}

/* In place of the levels. */
static void find_gains(compressor *c, float *gains, const motet_effect_run *run) MOTET_NONBLOCKING
{
    bool moves = motet_effect_moves(run, THRESHOLD_DB, MAKEUP_DB + 1);
    double lowest_db = (double)run->values[THRESHOLD_DB] - 0.5 * (double)run->values[KNEE_DB] - 0.01;
    float lowest = (float)motet_db_to_gain(lowest_db); /* below it, surely nothing is reduced */
    float makeup = gain_of_db((double)run->values[MAKEUP_DB]);
    double reduction = c->reduction_db;
    float known = 0; /* the level of `known_db`: a peak is held for many frames */
    double known_db = 0;
    for (uint32_t k = 0; k < run->frame_count; k++) {
        float level = gains[k];
        double wanted = 0;
        if (level > (moves ? 1e-5f : lowest)) {
            if (level != known) {
                known = level;
                known_db = motet_detector_db(level);
            }
            wanted = wanted_db(run, k, known_db);
        }
        if (wanted != reduction) {
            double keep =
                wanted > reduction
                    ? motet_pace_keep(&c->attack, motet_effect_value(run, ATTACK_SECONDS, k), c->sample_rate_hz)
                    : motet_pace_keep(&c->release, motet_effect_value(run, RELEASE_SECONDS, k), c->sample_rate_hz);
            reduction = motet_pace_follow(reduction, wanted, keep);
        }
        double makeup_db = (double)motet_effect_value(run, MAKEUP_DB, k);
        gains[k] = reduction == 0 && !moves ? makeup : gain_of_db(makeup_db - reduction);
    }
    c->reduction_db = reduction;
}

static void process(void *state, const motet_effect_run *run) MOTET_NONBLOCKING
{
    compressor *c = state;
    float gains[MOTET_RUN_FRAMES];
    motet_detector_run(&c->detector, gains, run, KEY_HIGHPASS_HZ, DETECTOR);
    find_gains(c, gains, run);
    motet_effect_scale(run, gains);
}

/* It adds nothing to the sound, but it should not forget how loud that was before the release is over. */
static double tail_seconds(const void *state, const float *values) MOTET_NONBLOCKING
{
    (void)state;
    return 0.05 + 6 * (double)values[RELEASE_SECONDS];
}

const motet_effect_type motet_effect_compressor = {
    .name = "compressor",
    .text = "Makes what is loud quieter, by itself or by a side-chain.",
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
