#include "effects/detector.h"

#include "dsp/math.h"

#include <math.h>
#include <string.h>

static const double mean_seconds = 0.01;

static uint32_t window_frames(uint32_t sample_rate_hz)
{
    return sample_rate_hz / 200 > 0 ? sample_rate_hz / 200 : 1; /* 5 ms */
}

size_t motet_detector_size(uint32_t sample_rate_hz)
{
    return window_frames(sample_rate_hz) * sizeof(uint32_t);
}

void motet_detector_init(motet_detector *detector, uint32_t *window, uint32_t sample_rate_hz)
{
    motet_pace pace = {0, 0};
    detector->sample_rate_hz = sample_rate_hz;
    detector->peaks = (motet_sliding_max){.window = window, .length = window_frames(sample_rate_hz)};
    detector->mean_keep = motet_pace_keep(&pace, (float)mean_seconds, sample_rate_hz);
}

static void forget_levels(motet_detector *detector) MOTET_NONBLOCKING
{
    memset(detector->peaks.window, 0, detector->peaks.length * sizeof(uint32_t));
    detector->peaks.at = 0;
    detector->peaks.peak = 0;
    detector->mean_square = 0;
}

void motet_detector_reset(motet_detector *detector) MOTET_NONBLOCKING
{
    motet_band_reset(&detector->highpass);
    forget_levels(detector);
    detector->kind = 0;
}

/* Frames from `at` on in which the high-pass is on or off as it is there. */
static uint32_t frames_alike(const motet_effect_run *run, uint32_t highpass, uint32_t at) MOTET_NONBLOCKING
{
    bool on = motet_effect_value(run, highpass, at) > MOTET_KEY_HIGHPASS_MIN_HZ;
    uint32_t end = at + 1;
    while (end < run->frame_count && (motet_effect_value(run, highpass, end) > MOTET_KEY_HIGHPASS_MIN_HZ) == on) {
        end++;
    }
    return end - at;
}

/* `heard` is the run with the signal that is listened to. */
static void filter_key(motet_detector *detector, const motet_effect_run *heard, uint32_t highpass) MOTET_NONBLOCKING
{
    for (uint32_t at = 0; at < heard->frame_count;) {
        uint32_t count = frames_alike(heard, highpass, at);
        bool on = motet_effect_value(heard, highpass, at) > MOTET_KEY_HIGHPASS_MIN_HZ;
        motet_band_plan plan = {on ? MOTET_SVF_HIGHPASS : MOTET_SVF_OFF, 0, motet_band_number_of(heard, highpass),
                                motet_band_constant(0.70710678118654752440), motet_band_constant(0)};
        motet_bands_process(&detector->highpass, &plan, 1, detector->sample_rate_hz, heard, at, count);
        at += count;
    }
}

static void find_peaks(motet_detector *detector, float *levels, const float *left, const float *right,
                       uint32_t count) MOTET_NONBLOCKING
{
    uint32_t bits[MOTET_RUN_FRAMES];
    for (uint32_t k = 0; k < count; k++) {
        float l = fabsf(left[k]), r = fabsf(right[k]);
        levels[k] = l > r ? l : r;
    }
    memcpy(bits, levels, count * sizeof *bits);
    motet_sliding_max_run(&detector->peaks, bits, bits, count);
    memcpy(levels, bits, count * sizeof *bits);
}

static void find_means(motet_detector *detector, float *levels, const float *left, const float *right,
                       uint32_t count) MOTET_NONBLOCKING
{
    double mean = detector->mean_square, keep = detector->mean_keep;
    for (uint32_t k = 0; k < count; k++) {
        double l = (double)left[k], r = (double)right[k];
        double square = 0.5 * (l * l + r * r);
        mean = keep * mean + (1 - keep) * square;
        mean = mean < 1e-40 ? 0 : mean;
        levels[k] = (float)sqrt(mean);
    }
    detector->mean_square = mean;
}

void motet_detector_run(motet_detector *detector, float *levels, const motet_effect_run *run, uint32_t highpass,
                        uint32_t kind) MOTET_NONBLOCKING
{
    float filtered[2][MOTET_RUN_FRAMES];
    const float *left = run->key[0] != NULL ? run->key[0] : run->channels[0];
    const float *right = run->key[0] != NULL ? run->key[1] : run->channel_count == 2 ? run->channels[1] : NULL;
    bool filters = detector->highpass.type != MOTET_SVF_OFF ||
                   detector->highpass.fade_at < detector->highpass.fade_frames ||
                   run->values[highpass] > MOTET_KEY_HIGHPASS_MIN_HZ || run->moving[highpass] != NULL;
    right = right != NULL ? right : left;
    if (filters || !detector->highpass.started) {
        motet_effect_run heard = *run;
        bool one = right == left;
        memcpy(filtered[0], left, run->frame_count * sizeof(float));
        memcpy(filtered[1], right, run->frame_count * sizeof(float));
        heard.channels[0] = filtered[0];
        heard.channels[1] = one ? NULL : filtered[1];
        heard.channel_count = one ? 1 : 2;
        filter_key(detector, &heard, highpass);
        left = filtered[0];
        right = one ? filtered[0] : filtered[1];
    }
    for (uint32_t at = 0; at < run->frame_count;) {
        uint32_t now = kind != UINT32_MAX ? (uint32_t)motet_effect_value(run, kind, at) : MOTET_DETECTOR_PEAK;
        uint32_t count = kind != UINT32_MAX ? motet_effect_steady_frames(run, kind, at) : run->frame_count - at;
        if (now != detector->kind) {
            forget_levels(detector);
            detector->kind = now;
        }
        (now == MOTET_DETECTOR_RMS ? find_means : find_peaks)(detector, levels + at, left + at, right + at, count);
        at += count;
    }
}

double motet_pace_keep(motet_pace *pace, float seconds, uint32_t sample_rate_hz) MOTET_NONBLOCKING
{
    const double log2_e = 1.44269504088896340736;
    if (seconds != pace->seconds) {
        pace->seconds = seconds;
        double exponent = log2_e / ((double)seconds * (double)sample_rate_hz);
        pace->keep = exponent < 200 ? motet_exp2(-exponent) : 0;
    }
    return pace->keep;
}

double motet_detector_db(float level) MOTET_NONBLOCKING
{
    const double db_of_a_doubling = 6.02059991327962390427;
    return motet_log2((double)level) * db_of_a_doubling;
}
