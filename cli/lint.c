#include "lint.h"

#include "lint_private.h"
#include "memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char *const kind_texts[MOTET_LINT_KIND_COUNT] = {
    [MOTET_LINT_CLICK] = "click",
    [MOTET_LINT_CLIPPING] = "clipping",
    [MOTET_LINT_OVER] = "beyond full scale",
    [MOTET_LINT_DC] = "DC offset",
    [MOTET_LINT_HARD_START] = "hard start",
    [MOTET_LINT_HARD_END] = "hard end",
    [MOTET_LINT_SILENT_START] = "silence at the start",
    [MOTET_LINT_SILENT_END] = "silence at the end",
    [MOTET_LINT_SILENT] = "silence",
    [MOTET_LINT_LOOP_SEAM] = "loop seam",
    [MOTET_LINT_NON_FINITE] = "not a number",
    [MOTET_LINT_CUT_SHORT] = "cut short",
};

const char *motet_lint_kind_text(motet_lint_kind kind)
{
    return kind < MOTET_LINT_KIND_COUNT ? kind_texts[kind] : "";
}

/* ----------------------------------------------------------------------------------------------------------- Report */

void motet_lint_free(motet_lint_report *report)
{
    free(report->list);
    *report = (motet_lint_report){0};
}

void motet_lint_add(motet_lint_report *report, const motet_lint_finding *finding)
{
    report->list = motet_memory_grow(report->list, report->count, &report->capacity, sizeof *report->list);
    report->list[report->count++] = *finding;
}

static int compare_findings(const void *a, const void *b)
{
    const motet_lint_finding *first = a;
    const motet_lint_finding *second = b;
    if (first->kind != second->kind) {
        return first->kind < second->kind ? -1 : 1;
    }
    if (first->frame != second->frame) {
        return first->frame < second->frame ? -1 : 1;
    }
    return first->channel < second->channel ? -1 : first->channel > second->channel;
}

/* How many findings from `first` on are the same thing in one channel after the other; 0 where a channel is missing. */
static size_t count_same(const motet_lint_finding *first, size_t left, uint32_t channels)
{
    enum { APART = 2 };
    if (channels < 2 || left < channels) {
        return 0;
    }
    for (size_t i = 1; i < channels; i++) {
        bool same = first[i].kind == first->kind && first[i].frame <= first->frame + APART &&
                    first[i].loop_start == first->loop_start && first[i].channel != first[i - 1].channel;
        if (!same) {
            return 0;
        }
    }
    return channels;
}

void motet_lint_merge(motet_lint_report *report, size_t from, uint32_t channels)
{
    size_t kept = from;
    if (report->count > from) {
        qsort(report->list + from, report->count - from, sizeof *report->list, compare_findings);
    }
    for (size_t i = from; i < report->count;) {
        motet_lint_finding finding = report->list[i];
        size_t same = finding.kind == MOTET_LINT_DC ? 0 : count_same(report->list + i, report->count - i, channels);
        for (size_t k = 1; k < same; k++) {
            const motet_lint_finding *other = &report->list[i + k];
            finding.size = other->size > finding.size ? other->size : finding.size;
            finding.times = other->times > finding.times ? other->times : finding.times;
            finding.count = other->count > finding.count ? other->count : finding.count;
            finding.frame_count = other->frame_count > finding.frame_count ? other->frame_count : finding.frame_count;
            finding.channel = MOTET_LINT_ALL_CHANNELS;
        }
        report->list[kept++] = finding;
        i += same > 0 ? same : 1;
    }
    report->count = kept;
}

/* ----------------------------------------------------------------------------------------------------------- Levels */

/* What one channel is like on the whole. */
typedef struct summary {
    float highest, lowest;
    uint64_t highest_frame, lowest_frame;
    uint64_t over;
    uint64_t first_over, last_over;
    double sums[2]; /* of its halves */
    uint64_t not_finite;
} summary;

static summary summarize(const motet_lint_sound *sound, uint32_t channel)
{
    summary result = {0};
    const float *samples = sound->samples + channel;
    for (uint64_t i = 0; i < sound->frames; i++, samples += sound->channels) {
        float sample = *samples;
        if (!isfinite(sample)) {
            result.not_finite++;
            continue;
        }
        result.sums[i < sound->frames / 2 ? 0 : 1] += (double)sample;
        if (sample > result.highest) {
            result.highest = sample;
            result.highest_frame = i;
        }
        if (sample < result.lowest) {
            result.lowest = sample;
            result.lowest_frame = i;
        }
        if (sample > 1 || sample < -1) {
            result.first_over = result.over == 0 ? i : result.first_over;
            result.last_over = i;
            result.over++;
        }
    }
    return result;
}

static void find_over(const summary *about, uint32_t channel, motet_lint_report *report)
{
    static const double allowance = 1.0116; /* 0.1 dB: what a lossy codec adds to a full-scale master is no fault */
    bool up = about->highest >= -about->lowest;
    double peak = (double)(up ? about->highest : -about->lowest);
    if (peak > allowance) {
        motet_lint_add(report, &(motet_lint_finding){.kind = MOTET_LINT_OVER,
                                                     .channel = channel,
                                                     .frame = up ? about->highest_frame : about->lowest_frame,
                                                     .frame_count = 1,
                                                     .count = about->over,
                                                     .size = peak});
    }
}

/* The mean of a short sound is seldom 0, so both halves must agree. */
static void find_dc(const motet_lint_sound *sound, const summary *about, uint32_t channel, motet_lint_report *report)
{
    static const double limit = 0.01; /* -40 dBFS */
    uint64_t half = sound->frames / 2;
    if (half == 0) {
        return;
    }
    double mean = (about->sums[0] + about->sums[1]) / (double)sound->frames;
    double first = about->sums[0] / (double)half;
    double second = about->sums[1] / (double)(sound->frames - half);
    if (fabs(mean) > limit && fabs(first) > limit / 2 && fabs(second) > limit / 2 && (first > 0) == (second > 0)) {
        motet_lint_add(
            report,
            &(motet_lint_finding){
                .kind = MOTET_LINT_DC, .channel = channel, .frame_count = sound->frames, .count = 1, .size = mean});
    }
}

/* Adds a run of samples to the last finding of the kind where that is less than 100 ms away. */
static void add_run(const motet_lint_sound *sound, motet_lint_finding run, motet_lint_report *report)
{
    motet_lint_finding *last = report->count > 0 ? &report->list[report->count - 1] : NULL;
    if (last != NULL && last->kind == run.kind && last->channel == run.channel &&
        run.frame < last->frame + last->frame_count + sound->rate_hz / 10) {
        last->frame_count = run.frame + run.frame_count - last->frame;
        last->count += run.count;
        last->size = run.size > last->size ? run.size : last->size;
    } else {
        motet_lint_add(report, &run);
    }
}

/* Runs of at least three equal samples at the channel's highest or lowest value, if that is near full scale. At the
 * top of a slow wave a few samples round to one value too; but there its slope is small. */
static void find_clipping(const motet_lint_sound *sound, const summary *about, uint32_t channel,
                          motet_lint_report *report)
{
    enum { RUN = 3 };
    float coarse = (float)(3 * motet_lint_quantum(sound, channel));
    float slope = coarse > 8.0F / 32768 ? coarse : 8.0F / 32768;
    if (about->highest < MOTET_LINT_NEAR_FULL && about->lowest > -MOTET_LINT_NEAR_FULL) {
        return;
    }
    for (uint64_t i = 1; i < sound->frames;) {
        float sample = motet_lint_sample(sound, i, channel);
        bool extreme = sample == about->highest || sample == about->lowest;
        uint64_t end = i + 1;
        while (extreme && end < sound->frames && motet_lint_sample(sound, end, channel) == sample) {
            end++;
        }
        if (extreme && end - i >= RUN && end < sound->frames && fabsf(sample) >= MOTET_LINT_NEAR_FULL) {
            float before = fabsf(sample - motet_lint_sample(sound, i - 1, channel));
            float after = fabsf(sample - motet_lint_sample(sound, end, channel));
            if (before >= slope || after >= slope) {
                add_run(sound,
                        (motet_lint_finding){.kind = MOTET_LINT_CLIPPING,
                                             .channel = channel,
                                             .frame = i,
                                             .frame_count = end - i,
                                             .count = end - i,
                                             .size = (double)fabsf(sample)},
                        report);
            }
        }
        i = end;
    }
}

static void find_non_finite(const motet_lint_sound *sound, uint32_t channel, motet_lint_report *report)
{
    for (uint64_t i = 0; i < sound->frames; i++) {
        if (!isfinite(sound->samples[(size_t)i * sound->channels + channel])) {
            add_run(sound,
                    (motet_lint_finding){
                        .kind = MOTET_LINT_NON_FINITE, .channel = channel, .frame = i, .frame_count = 1, .count = 1},
                    report);
        }
    }
}

/* ------------------------------------------------------------------------------------------------------------ Edges */

/* The sample at an edge, where it is not the wave's own slope that leads there from zero. */
static double edge_size(const motet_lint_sound *sound, uint32_t channel, uint64_t edge, uint64_t inner)
{
    float sample = motet_lint_sample(sound, edge, channel);
    bool natural = motet_lint_leaves_zero(sample, motet_lint_sample(sound, inner, channel));
    return natural ? 0 : (double)fabsf(sample);
}

static void find_hard_edges(const motet_lint_request *request, uint32_t channel, motet_lint_report *report)
{
    static const double limit = 0.0316; /* -30 dBFS: a tick that is heard when the sound plays alone */
    const motet_lint_sound *sound = &request->sound;
    bool start_loops = false;
    bool end_loops = false;
    for (size_t i = 0; i < request->loop_count; i++) {
        start_loops = start_loops || request->loops[i].start == 0;
        end_loops = end_loops || request->loops[i].end == sound->frames;
    }
    if (sound->frames < 2) {
        return;
    }
    uint64_t last = sound->frames - 1;
    motet_lint_finding finding = {.channel = channel, .frame_count = 1, .count = 1};
    finding.kind = MOTET_LINT_HARD_START;
    finding.size = start_loops ? 0 : edge_size(sound, channel, 0, 1);
    if (finding.size >= limit) {
        motet_lint_add(report, &finding);
    }
    finding.kind = MOTET_LINT_HARD_END;
    finding.frame = last;
    finding.size = end_loops ? 0 : edge_size(sound, channel, last, last - 1);
    if (finding.size >= limit) {
        motet_lint_add(report, &finding);
    }
}

static bool is_silent(const motet_lint_sound *sound, uint64_t frame)
{
    static const float limit = 1e-4F; /* -80 dBFS */
    for (uint32_t channel = 0; channel < sound->channels; channel++) {
        if (!(fabsf(sound->samples[(size_t)frame * sound->channels + channel]) < limit)) {
            return false;
        }
    }
    return true;
}

/* A sound that begins late is heard late; silence at its end keeps a voice busy. */
static void find_silence(const motet_lint_sound *sound, motet_lint_report *report)
{
    uint64_t longest_start = sound->rate_hz / 20;
    uint64_t longest_end = sound->rate_hz / 4;
    uint64_t start = 0;
    while (start < sound->frames && is_silent(sound, start)) {
        start++;
    }
    uint64_t end = sound->frames;
    while (end > start && is_silent(sound, end - 1)) {
        end--;
    }
    motet_lint_finding finding = {.channel = MOTET_LINT_ALL_CHANNELS, .frame_count = start, .count = 1};
    if (start == sound->frames) {
        finding.kind = MOTET_LINT_SILENT;
        motet_lint_add(report, &finding);
        return;
    }
    if (start > longest_start) {
        finding.kind = MOTET_LINT_SILENT_START;
        motet_lint_add(report, &finding);
    }
    if (sound->frames - end > longest_end) {
        finding.kind = MOTET_LINT_SILENT_END;
        finding.frame = end;
        finding.frame_count = sound->frames - end;
        motet_lint_add(report, &finding);
    }
}

void motet_lint_run(const motet_lint_request *request, motet_lint_report *report)
{
    const motet_lint_sound *sound = &request->sound;
    size_t before = report->count;
    for (uint32_t channel = 0; channel < sound->channels; channel++) {
        summary about = summarize(sound, channel);
        find_over(&about, channel, report);
        find_dc(sound, &about, channel, report);
        find_clipping(sound, &about, channel, report);
        if (about.not_finite > 0) {
            find_non_finite(sound, channel, report);
        }
        if (!request->scene) {
            find_hard_edges(request, channel, report);
        }
    }
    if (!request->scene) {
        find_silence(sound, report);
    }
    (void)motet_lint_find_clicks(sound, 0, sound->frames, report);
    for (size_t i = 0; i < request->loop_count; i++) {
        motet_lint_find_seam(sound, &request->loops[i], report);
    }
    motet_lint_merge(report, before, sound->channels);
}
