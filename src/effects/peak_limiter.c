/* Nothing gets above the ceiling, not even between the samples, and nothing is heard of it: the look-ahead limiter that
 * Master has (dsp/limiter.h) by true peaks, found by ITU-R BS.1770-4's method (dsp/true_peak.h), and the samples
 * themselves. It aims a little below the ceiling, as meters with other filters read a little more. While no true peak
 * is above, each sample comes out as it was, later by the look-ahead and the filter's delay. The release is that of the
 * limiter: the reduction of the linear gain falls to 1/e, exponentially. */
#include "dsp/limiter.h"
#include "dsp/math.h"
#include "dsp/true_peak.h"
#include "effects/effects.h"

#include <string.h>

enum { CEILING_DB, RELEASE_SECONDS, PARAMETER_COUNT };
enum { CHUNK_FRAMES = 128, GRID_FRAMES = 64, LINE = 64 };

static const double margin_db = 0.08;

static const motet_parameter parameters[PARAMETER_COUNT] = {
    [CEILING_DB] = {"ceiling_db", "dB", -40, 0, -1, MOTET_PARAMETER_LINEAR, NULL,
                    "The highest true peak that comes out."},
    [RELEASE_SECONDS] = {"release_seconds", "s", 0.005f, 2, 0.1f, MOTET_PARAMETER_LOG, NULL,
                         "How soon it is as loud as before after a peak: 63 % of the gain. Short ones distort."},
};

typedef struct peak_limiter {
    motet_limiter *limiter; /* behind this */
    const motet_kernels *kernels;
    uint32_t sample_rate_hz;
    float release_seconds; /* that it has; 0: none yet */
    float past[2][MOTET_TRUE_PEAK_PAST];
} peak_limiter;

static size_t own_size(void)
{
    return (sizeof(peak_limiter) + LINE - 1) / LINE * LINE;
}

static size_t size(const motet_effect_setup *setup)
{
    return own_size() + motet_limiter_size(setup->sample_rate_hz);
}

static void init(void *state, const motet_effect_setup *setup)
{
    peak_limiter *p = state;
    p->sample_rate_hz = setup->sample_rate_hz;
    p->kernels = setup->kernels;
    p->limiter = (motet_limiter *)(void *)((char *)state + own_size());
    motet_limiter_init(p->limiter, setup->kernels, setup->sample_rate_hz, 1);
}

static void reset(void *state) MOTET_NONBLOCKING
{
    peak_limiter *p = state;
    memset(p->past, 0, sizeof p->past);
    p->release_seconds = 0;
    motet_limiter_reset(p->limiter);
}

/* The samples of a chunk with those before it. */
typedef struct channel {
    float samples[MOTET_TRUE_PEAK_PAST + CHUNK_FRAMES];
    float *late; /* as they go on into the limiter */
} channel;

static void take_in(peak_limiter *p, channel *c, uint32_t index, const float *samples, uint32_t count) MOTET_NONBLOCKING
{
    memcpy(c->samples, p->past[index], sizeof p->past[index]);
    memcpy(c->samples + MOTET_TRUE_PEAK_PAST, samples, count * sizeof(float));
    memcpy(p->past[index], c->samples + count, sizeof p->past[index]);
    c->late = c->samples + MOTET_TRUE_PEAK_PAST - MOTET_TRUE_PEAK_DELAY;
}

/* How much more than 1 a peak of 1 is, by the ceiling: one number for the chunk, or one for each frame where it moves. */
typedef struct scale {
    float largest;
    bool moves;
    float each[CHUNK_FRAMES];
} scale;

static float scale_of(float ceiling_db) MOTET_NONBLOCKING
{
    return (float)motet_db_to_gain(margin_db - (double)ceiling_db);
}

static void find_scale(scale *s, const motet_effect_run *run, uint32_t at, uint32_t count) MOTET_NONBLOCKING
{
    s->moves = run->moving[CEILING_DB] != NULL;
    s->largest = s->moves ? 0 : scale_of(run->values[CEILING_DB]);
    for (uint32_t k = 0; s->moves && k < count; k++) {
        s->each[k] = scale_of(run->moving[CEILING_DB][at + k]);
        s->largest = s->each[k] > s->largest ? s->each[k] : s->largest;
    }
}

/* In parts of the ceiling. Where no true peak can reach it, 0 does as well as any: the limiter then asks for nothing. */
static void find_peaks(const peak_limiter *p, float *peaks, const channel *channels, uint32_t channel_count,
                       const scale *s, uint32_t count) MOTET_NONBLOCKING
{
    memset(peaks, 0, count * sizeof *peaks);
    for (uint32_t c = 0; c < channel_count; c++) {
        float largest = p->kernels->largest(channels[c].samples, MOTET_TRUE_PEAK_PAST + count);
        if (!(largest * s->largest * MOTET_TRUE_PEAK_MOST <= 1)) {
            p->kernels->true_peak(peaks, channels[c].samples + MOTET_TRUE_PEAK_PAST, count);
        }
    }
    for (uint32_t k = 0; k < count; k++) {
        peaks[k] *= s->moves ? s->each[k] : s->largest;
    }
}

static void process_chunk(peak_limiter *p, const motet_effect_run *run, uint32_t at, uint32_t count) MOTET_NONBLOCKING
{
    channel channels[2];
    float peaks[CHUNK_FRAMES], silence[CHUNK_FRAMES];
    scale s;
    channels[0].late = channels[1].late = silence;
    for (uint32_t c = 0; c < run->channel_count; c++) {
        take_in(p, &channels[c], c, run->channels[c] + at, count);
    }
    if (run->channel_count == 1) {
        memset(silence, 0, count * sizeof *silence);
    }
    find_scale(&s, run, at, count);
    find_peaks(p, peaks, channels, run->channel_count, &s, count);
    motet_limiter_process_peaks(p->limiter, channels[0].late, channels[1].late, peaks, count);
    for (uint32_t c = 0; c < run->channel_count; c++) {
        memcpy(run->channels[c] + at, channels[c].late, count * sizeof(float));
    }
}

/* Another release counts from the next multiple of GRID_FRAMES on. */
static void process(void *state, const motet_effect_run *run) MOTET_NONBLOCKING
{
    peak_limiter *p = state;
    for (uint32_t at = 0; at < run->frame_count;) {
        uint64_t frame = run->frame + at;
        float seconds = motet_effect_value(run, RELEASE_SECONDS, at);
        if (seconds != p->release_seconds && (frame % GRID_FRAMES == 0 || p->release_seconds == 0)) {
            p->release_seconds = seconds;
            motet_limiter_set_release(p->limiter, (double)seconds, p->sample_rate_hz);
        }
        bool settled = run->moving[RELEASE_SECONDS] == NULL && seconds == p->release_seconds;
        uint32_t most = settled ? CHUNK_FRAMES : GRID_FRAMES - (uint32_t)(frame % GRID_FRAMES);
        uint32_t count = run->frame_count - at < most ? run->frame_count - at : most;
        process_chunk(p, run, at, count);
        at += count;
    }
}

static uint32_t latency_frames(const motet_effect_setup *setup)
{
    return motet_limiter_latency_frames(setup->sample_rate_hz) + MOTET_TRUE_PEAK_DELAY;
}

/* What is still on its way, and the release, that it be not forgotten. */
static double tail_seconds(const void *state, const float *values) MOTET_NONBLOCKING
{
    const peak_limiter *p = state;
    return 0.01 + 16 / (double)p->sample_rate_hz + 6 * (double)values[RELEASE_SECONDS];
}

const motet_effect_type motet_effect_limiter = {
    .name = "limiter",
    .text = "Keeps true peaks below a ceiling, by looking ahead.",
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
