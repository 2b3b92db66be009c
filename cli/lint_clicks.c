/* Clicks.
 *
 * A click is a step or a corner in the wave: one or two samples at which the second difference |x[n-1] - 2x[n] +
 * x[n+1]| is large, in a place where it is small before and after. Loud is not enough: a snare or a plosive has second
 * differences as large as any click, but hundreds of them in a row. So a peak is a click where it is
 *
 *   - high enough to be heard where nothing else sounds: MOTET_LINT_FLOOR, -60 dBFS;
 *   - at least TIMES_LEVEL times the level around it: the second difference that 95 % of the samples stay below, in
 *     the 20 ms before and in the 20 ms after, whichever is higher. A percentile, because a maximum would let one click
 *     hide its neighbours, and a mean would be lifted by the click itself;
 *   - alone: nothing within 1 ms reaches a quarter of it, but for the other end of a gap. What was recorded through
 *     a converter or a codec is band-limited, so its sharpest onset rings on for some samples, and a digital fault does
 *     not. This takes away most of the false alarms.
 *
 * Two things of that shape are no fault. The steps of square, pulse and sawtooth waves: at equal distances, and as high
 * as the wave itself. And a corner at the edge of digital silence: a sine that starts or ends at zero.
 *
 * Tried on 342 sounds of Debian's packages, of each the first minute (music, drums, speech, noise, water, fire):
 * reports in nine. Five are a record's crackle, samples called glitch and cuts in the middle of a wave; four are single
 * peaks in a synthetic bass, a drum, a beep and bubbling lava. Of steps planted at random places in all of them, 36 %
 * are found at -40 dBFS and 65 % at -20 dBFS: all that reach TIMES_LEVEL and TIMES_NEAR there, and louder sound covers
 * the others. Rejected: the residual of a linear predictor (32 taps, every 20 ms) in place of the second difference.
 * Where it finds as many, it reports five times as much in sound as it is, above all in synthetic basses, whose
 * oscillators it sees through. */
#include "lint.h"

#include "lint_private.h"
#include "memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const float TIMES_LEVEL = 5;
static const float TIMES_NEAR = 4;
static const float TIMES_NEAR_GAP = 8;

enum {
    BLOCK = 32,       /* frames from which at most one peak is looked at */
    CHUNK = 2048,     /* blocks looked at in one go */
    LEVEL_PERCENT = 5 /* of samples that may be above the level */
};

/* A piece of one channel with the frames around it, and what is known of its blocks. */
typedef struct scan {
    const motet_lint_sound *sound;
    uint32_t channel;
    size_t level_frames; /* 20 ms; likewise below */
    size_t near_frames;
    size_t wave_frames;
    float floor;
    uint64_t first; /* frame of x[0] */
    size_t count;
    float *x;
    float *d; /* |second difference|; 0 at the ends */
    size_t block_count;
    float *block_peak;
    double *sum_before; /* of d, before each block and behind the last */
} scan;

static float largest(const float *values, size_t from, size_t to)
{
    float result = 0;
    for (size_t i = from; i < to; i++) {
        result = values[i] > result ? values[i] : result;
    }
    return result;
}

/* Straight lines in place of what is not finite: that is told by itself, and must not look like clicks too. */
static void bridge(float *x, size_t count)
{
    for (size_t i = 0; i < count;) {
        size_t end = i;
        while (end < count && !isfinite(x[end])) {
            end++;
        }
        float before = i > 0 ? x[i - 1] : 0;
        float after = end < count ? x[end] : before;
        float length = (float)(end - i + 1);
        for (size_t k = i; k < end; k++) {
            x[k] = before + (after - before) * ((float)(k - i + 1) / length);
        }
        i = end + 1;
    }
}

static void fill(scan *s, uint64_t first, uint64_t end)
{
    s->first = first;
    s->count = (size_t)(end - first);
    const float *samples = s->sound->samples + (size_t)first * s->sound->channels + s->channel;
    bool finite = true;
    for (size_t i = 0; i < s->count; i++) {
        s->x[i] = samples[i * s->sound->channels];
        finite = finite && isfinite(s->x[i]);
    }
    if (!finite) {
        bridge(s->x, s->count);
    }
    motet_lint_differ(s->x, s->count, s->d);
    s->block_count = (s->count + BLOCK - 1) / BLOCK;
    double sum = 0;
    for (size_t b = 0; b < s->block_count; b++) {
        size_t from = b * BLOCK;
        size_t to = from + BLOCK < s->count ? from + BLOCK : s->count;
        float peak = 0;
        float block_sum = 0;
        for (size_t i = from; i < to; i++) {
            peak = s->d[i] > peak ? s->d[i] : peak;
            block_sum += s->d[i];
        }
        s->block_peak[b] = peak;
        s->sum_before[b] = sum;
        sum += (double)block_sum;
    }
    s->sum_before[s->block_count] = sum;
}

/* The quick look: whether a block's peak is so far above the mean around it that a closer look is worth it. */
static bool stands_out(const scan *s, size_t block)
{
    static const double times_mean = 3; /* the level is at least the mean but for peaks as high as this one */
    size_t reach = s->level_frames / BLOCK + 1;
    size_t from = block > reach ? block - reach : 0;
    size_t to = block + reach + 1 < s->block_count ? block + reach + 1 : s->block_count;
    size_t own_from = block > from ? block - 1 : block;
    size_t own_to = block + 2 < to ? block + 2 : to;
    size_t others = to - from - (own_to - own_from);
    if (others == 0) {
        return true;
    }
    double sum = s->sum_before[to] - s->sum_before[from] - (s->sum_before[own_to] - s->sum_before[own_from]);
    return (double)s->block_peak[block] * (double)(others * BLOCK) >= times_mean * sum;
}

/* Whether nearly all of [from, to) is below `limit`. */
static bool stays_below(const scan *s, size_t from, size_t to, float limit)
{
    size_t above = 0;
    for (size_t i = from; i < to; i++) {
        above += s->d[i] > limit ? 1 : 0;
    }
    return above * 100 <= (to - from) * LEVEL_PERCENT;
}

static int compare_floats(const void *a, const void *b)
{
    float first = *(const float *)a;
    float second = *(const float *)b;
    return first < second ? -1 : first > second;
}

static float level_of(const scan *s, size_t from, size_t to)
{
    if (from >= to) {
        return 0;
    }
    float *sorted = motet_memory_take(to - from, sizeof *sorted);
    memcpy(sorted, s->d + from, (to - from) * sizeof *sorted);
    qsort(sorted, to - from, sizeof *sorted, compare_floats);
    float level = sorted[(to - from - 1) * (100 - LEVEL_PERCENT) / 100];
    free(sorted);
    return level;
}

/* The frames around a peak. */
typedef struct surroundings {
    size_t from, before; /* [from, before) */
    size_t after, to;    /* [after, to) */
} surroundings;

static surroundings around(const scan *s, size_t peak, size_t reach)
{
    surroundings result = {.before = peak > MOTET_LINT_WIDTH ? peak - MOTET_LINT_WIDTH : 0,
                           .after = peak + MOTET_LINT_WIDTH + 1};
    result.from = result.before > reach ? result.before - reach : 0;
    result.after = result.after < s->count ? result.after : s->count;
    result.to = result.after + reach < s->count ? result.after + reach : s->count;
    return result;
}

static bool is_alone(const scan *s, size_t peak)
{
    surroundings near = around(s, peak, s->near_frames);
    float limit = s->d[peak] / TIMES_NEAR;
    size_t other = near.from; /* the highest but the peak itself */
    for (size_t i = near.from; i < near.to; i++) {
        bool own = i >= near.before && i < near.after;
        other = !own && s->d[i] > s->d[other] ? i : other;
    }
    if (s->d[other] <= limit) {
        return true;
    }
    /* Two peaks may be the two ends of a gap, if all else is so much quieter. */
    limit = s->d[peak] / TIMES_NEAR_GAP;
    for (size_t i = near.from; i < near.to; i++) {
        bool own = i >= near.before && i < near.after;
        bool far_end = i + MOTET_LINT_WIDTH >= other && i <= other + MOTET_LINT_WIDTH;
        if (!own && !far_end && s->d[i] > limit) {
            return false;
        }
    }
    return s->d[other] >= s->d[peak] / 2;
}

/* Whether there is a peak like the one at `peak` at `place`, or up to `slack` frames beside it: alone too, and neither
 * half nor twice as high. */
static bool has_like(const scan *s, size_t peak, ptrdiff_t place, ptrdiff_t slack)
{
    enum { APART = MOTET_LINT_NEAR / 4 };
    float limit = s->d[peak] / 2;
    ptrdiff_t at = place;
    if (place < slack + APART || place + slack + APART >= (ptrdiff_t)s->count) {
        return false;
    }
    for (ptrdiff_t i = place - slack; i <= place + slack; i++) {
        at = s->d[i] > s->d[at] ? i : at;
    }
    size_t before = (size_t)(at - APART);
    size_t after = (size_t)(at + APART);
    return s->d[at] > limit && s->d[at] < 4 * limit && largest(s->d, before, (size_t)at - MOTET_LINT_WIDTH) <= limit &&
           largest(s->d, (size_t)at + MOTET_LINT_WIDTH + 1, after + 1) <= limit;
}

/* Whether the peak is one of at least three alike at equal distances. */
static bool is_regular(const scan *s, size_t peak)
{
    ptrdiff_t at = (ptrdiff_t)peak;
    for (ptrdiff_t period = MOTET_LINT_NEAR / 2; period <= (ptrdiff_t)s->wave_frames; period++) {
        ptrdiff_t slack = 2 + period / 32;
        for (ptrdiff_t side = -period; side <= period; side += 2 * period) {
            bool two = has_like(s, peak, at + side, 0);
            if (two && (has_like(s, peak, at - side, slack) || has_like(s, peak, at + 2 * side, slack))) {
                return true;
            }
        }
    }
    return false;
}

/* Regular steps, each as high as the wave between them: its own. */
static bool is_wave(const scan *s, size_t peak)
{
    if (!is_regular(s, peak)) {
        return false;
    }
    surroundings wide = around(s, peak, s->wave_frames);
    size_t count = wide.to - wide.from;
    float *sorted = motet_memory_take(count, sizeof *sorted);
    memcpy(sorted, s->x + wide.from, count * sizeof *sorted);
    qsort(sorted, count, sizeof *sorted, compare_floats);
    float height = sorted[count * 95 / 100] - sorted[count * 5 / 100];
    free(sorted);
    return s->d[peak] >= height / 4 && s->d[peak] <= height * 1.25F;
}

/* Whether `count` samples from x on, every `step`, are silence: below the step of a 16-bit sample, or one value. */
static bool is_silence(const float *x, ptrdiff_t step, size_t count)
{
    static const float silence = 1.0F / 32768;
    for (size_t i = 0; i < count; i++) {
        if (fabsf(x[(ptrdiff_t)i * step]) > silence) {
            return false;
        }
    }
    return true;
}

/* Whether x[0] follows silence, which the caller knows, and the wave leaves it by its own slope, which goes on. */
static bool is_corner(const float *x, ptrdiff_t step)
{
    float slope = x[step] - x[0];
    float next = x[2 * step] - x[step];
    return x[0] != 0 && motet_lint_leaves_zero(x[0], x[step]) && fabsf(next - slope) <= 0.5F * fabsf(slope);
}

/* A wave that comes out of silence, or goes into it, where its own slope leads to zero. */
static bool is_natural_edge(const scan *s, size_t peak)
{
    size_t quiet = s->near_frames * 2;
    /* The first sample that is not silent may be this one or one beside it. */
    for (size_t i = peak > 0 ? peak - 1 : peak; i <= peak + 1; i++) {
        if (i >= quiet && i + 2 < s->count && is_silence(s->x + i - 1, -1, quiet) && is_corner(s->x + i, 1)) {
            return true;
        }
        if (i >= 2 && i + quiet < s->count && is_silence(s->x + i + 1, 1, quiet) && is_corner(s->x + i, -1)) {
            return true;
        }
    }
    return false;
}

/* Whether the peak is the corner of a clipped wave: three equal samples near full scale begin or end there. */
static bool is_clipped(const scan *s, size_t peak)
{
    for (size_t i = peak > 3 ? peak - 3 : 0; i <= peak + 1 && i + 2 < s->count; i++) {
        const float *x = s->x + i;
        if (fabsf(x[0]) >= MOTET_LINT_NEAR_FULL && x[0] == x[1] && x[1] == x[2]) {
            return true;
        }
    }
    return false;
}

/* The first frame behind the step, or the frame of the impulse or corner, that a peak belongs to. */
static uint64_t frame_of_peak(const scan *s, size_t peak)
{
    float half = s->d[peak] / 2;
    bool goes_on = s->d[peak + 1] > half && s->d[peak + 1] > s->d[peak - 1];
    return s->first + peak + (goes_on && s->d[peak - 1] < half / 2 ? 1 : 0);
}

static bool look_closer(const scan *s, size_t peak, motet_lint_finding *finding)
{
    float height = s->d[peak];
    size_t from = peak > MOTET_LINT_WIDTH ? peak - MOTET_LINT_WIDTH : 0;
    size_t to = peak + MOTET_LINT_WIDTH + 1 < s->count ? peak + MOTET_LINT_WIDTH + 1 : s->count;
    if (largest(s->d, from, to) > height || !is_alone(s, peak)) {
        return false;
    }
    surroundings near = around(s, peak, s->level_frames);
    if (!stays_below(s, near.from, near.before, height / TIMES_LEVEL) ||
        !stays_below(s, near.after, near.to, height / TIMES_LEVEL) || is_wave(s, peak) || is_natural_edge(s, peak) ||
        is_clipped(s, peak)) {
        return false;
    }
    float before = level_of(s, near.from, near.before);
    float after = level_of(s, near.after, near.to);
    float level = before > after ? before : after;
    *finding = (motet_lint_finding){.kind = MOTET_LINT_CLICK,
                                    .channel = s->channel,
                                    .frame = frame_of_peak(s, peak),
                                    .frame_count = 1,
                                    .count = 1,
                                    .size = (double)height,
                                    .times = level > 0 ? (double)height / (double)level : INFINITY};
    return true;
}

double motet_lint_quantum(const motet_lint_sound *sound, uint32_t channel)
{
    enum { BITS = 14 };
    uint32_t used = 0;
    for (uint64_t i = 0; i < sound->frames; i++) {
        double scaled = fabs((double)motet_lint_sample(sound, i, channel)) * (1 << BITS);
        if (scaled != floor(scaled) || scaled > 1e9) {
            return 0;
        }
        used |= (uint32_t)scaled;
        if ((used & 1) != 0) {
            return 0;
        }
    }
    uint32_t lowest = used & (~used + 1);
    return used != 0 ? (double)lowest / (1 << BITS) : 0;
}

static void scan_chunk(scan *s, uint64_t from, uint64_t to, motet_lint_report *report)
{
    uint64_t reach = 2 * s->wave_frames + BLOCK;
    uint64_t first = from > reach ? from - reach : 0;
    first -= first % BLOCK; /* the same blocks, wherever the search starts */
    uint64_t end = s->sound->frames - to > reach ? to + reach : s->sound->frames;
    fill(s, first, end);
    uint64_t last_frame = UINT64_MAX;
    for (size_t b = 0; b < s->block_count; b++) {
        if (s->block_peak[b] < s->floor || !stands_out(s, b)) {
            continue;
        }
        size_t peak = b * BLOCK;
        while (s->d[peak] < s->block_peak[b]) {
            peak++;
        }
        motet_lint_finding finding;
        if (first + peak < from || first + peak >= to || !look_closer(s, peak, &finding)) {
            continue;
        }
        if (last_frame == UINT64_MAX || finding.frame > last_frame + s->near_frames) {
            motet_lint_add(report, &finding);
        }
        last_frame = finding.frame;
    }
}

size_t motet_lint_find_clicks(const motet_lint_sound *sound, uint64_t from, uint64_t to, motet_lint_report *report)
{
    size_t before = report->count;
    uint64_t edge =
        motet_lint_frames(sound, 2) > 2 * MOTET_LINT_WIDTH ? motet_lint_frames(sound, 2) : 2 * MOTET_LINT_WIDTH;
    if (sound->frames <= 2 * edge) {
        return 0;
    }
    from = from > edge ? from : edge;
    to = to < sound->frames - edge ? to : sound->frames - edge;
    scan s = {.sound = sound,
              .level_frames = motet_lint_frames(sound, 20),
              .near_frames =
                  motet_lint_frames(sound, 1) > MOTET_LINT_NEAR ? motet_lint_frames(sound, 1) : MOTET_LINT_NEAR,
              .wave_frames = motet_lint_frames(sound, 30) /* the period of a sawtooth of 33 Hz */};
    size_t most = (size_t)CHUNK * BLOCK + 2 * (2 * s.wave_frames + BLOCK) + BLOCK;
    s.x = motet_memory_take(most, sizeof *s.x);
    s.d = motet_memory_take(most, sizeof *s.d);
    s.block_peak = motet_memory_take(most / BLOCK + 1, sizeof *s.block_peak);
    s.sum_before = motet_memory_take(most / BLOCK + 2, sizeof *s.sum_before);
    for (uint32_t channel = 0; channel < sound->channels; channel++) {
        float coarse = (float)(3 * motet_lint_quantum(sound, channel));
        s.channel = channel;
        s.floor = coarse > MOTET_LINT_FLOOR ? coarse : MOTET_LINT_FLOOR;
        for (uint64_t at = from; at < to; at += (uint64_t)CHUNK * BLOCK) {
            uint64_t end = to - at > (uint64_t)CHUNK * BLOCK ? at + (uint64_t)CHUNK * BLOCK : to;
            scan_chunk(&s, at, end, report);
        }
    }
    free(s.x);
    free(s.d);
    free(s.block_peak);
    free(s.sum_before);
    motet_lint_merge(report, before, sound->channels);
    return report->count - before;
}
