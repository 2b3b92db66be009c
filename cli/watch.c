#include "watch.h"

#include "lint.h"
#include "output.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MASTER = 0 };

/* Silence: a lowest level of so much or less allows it, as everywhere a volume of so much is silence. */
static const double SILENCE_DB = -80;

typedef struct measured {
    uint64_t from; /* the frame at which its time begins */
    float peak;    /* of its bus; linear */
    uint64_t peak_frame;
} measured;

struct motet_watch {
    const motet_timeline *timeline;
    measured *of;  /* beside timeline->expects */
    bool *watched; /* buses whose peak is wanted, but for Master */
    size_t next;   /* the first line at whose frame the engine has not stood yet */
    bool any_bus, any_click;
    uint64_t frames; /* taken so far; likewise below */
    size_t place;    /* the first line that looks at the next of them */
    float *samples;  /* all of them, where clicks are counted */
    size_t capacity;
};

motet_watch *motet_watch_create(const motet_timeline *timeline)
{
    motet_watch *watch = motet_memory_take(1, sizeof *watch);
    watch->timeline = timeline;
    watch->of = motet_memory_take(timeline->expect_count, sizeof *watch->of);
    watch->watched = motet_memory_take(timeline->bus_count, sizeof *watch->watched);
    for (size_t i = 0; i < timeline->expect_count; i++) {
        const motet_timeline_expect *expect = &timeline->expects[i];
        bool same_time = i > 0 && expect[-1].at == expect->at;
        watch->of[i].from = same_time ? watch->of[i - 1].from : i > 0 ? expect[-1].at : 0;
        watch->any_click = watch->any_click || expect->has_clicks;
        if (expect->has_peak && expect->bus != MASTER) {
            watch->watched[expect->bus] = watch->any_bus = true;
        }
    }
    return watch;
}

void motet_watch_destroy(motet_watch *watch)
{
    if (watch != NULL) {
        free(watch->of);
        free(watch->watched);
        free(watch->samples);
        free(watch);
    }
}

/* ------------------------------------------------------------------------------------------- While it is rendered */

uint64_t motet_watch_next_cut(const motet_watch *watch, uint64_t now)
{
    const motet_timeline *timeline = watch->timeline;
    size_t i = watch->next;
    while (i < timeline->expect_count && timeline->expects[i].at <= now) {
        i++;
    }
    return watch->any_bus && i < timeline->expect_count ? timeline->expects[i].at : UINT64_MAX;
}

/* Takes the peaks of all buses that are watched, for the lines of one frame. */
static void take_peaks(motet_watch *watch, const motet_player *player, motet_engine *engine, size_t first, size_t end)
{
    const motet_timeline *timeline = watch->timeline;
    for (uint32_t bus = 0; bus < timeline->bus_count; bus++) {
        float peak = 0;
        if (!watch->watched[bus] || motet_bus_take_peak(engine, motet_player_bus(player, bus), &peak) != MOTET_OK) {
            continue;
        }
        for (size_t i = first; i < end; i++) {
            if (timeline->expects[i].bus == bus) {
                watch->of[i].peak = peak;
            }
        }
    }
}

void motet_watch_stand(motet_watch *watch, const motet_player *player, motet_engine *engine, uint64_t now)
{
    const motet_timeline *timeline = watch->timeline;
    while (watch->next < timeline->expect_count && timeline->expects[watch->next].at <= now) {
        size_t end = watch->next;
        while (end < timeline->expect_count && timeline->expects[end].at == timeline->expects[watch->next].at) {
            end++;
        }
        take_peaks(watch, player, engine, watch->next, end);
        watch->next = end;
    }
}

static void keep(motet_watch *watch, const float *interleaved, size_t count)
{
    size_t before = (size_t)watch->frames * watch->timeline->header.channels;
    watch->samples = motet_memory_reserve(watch->samples, before + count, &watch->capacity, sizeof *watch->samples);
    memcpy(watch->samples + before, interleaved, count * sizeof *interleaved);
}

/* The highest sample of some frames, for the lines whose time they are in. */
static void look_at(motet_watch *watch, const float *interleaved, uint32_t frame_count)
{
    const motet_timeline *timeline = watch->timeline;
    uint32_t channels = timeline->header.channels;
    float peak = 0;
    size_t at = 0;
    for (size_t i = 0; i < (size_t)frame_count * channels; i++) {
        float size = fabsf(interleaved[i]);
        at = size > peak ? i : at;
        peak = size > peak ? size : peak;
    }
    uint64_t time = timeline->expects[watch->place].at;
    for (size_t i = watch->place; i < timeline->expect_count && timeline->expects[i].at == time; i++) {
        if (timeline->expects[i].bus == MASTER && peak > watch->of[i].peak) {
            watch->of[i].peak = peak;
            watch->of[i].peak_frame = watch->frames + at / channels;
        }
    }
}

void motet_watch_take(motet_watch *watch, const float *interleaved, uint32_t frame_count)
{
    const motet_timeline *timeline = watch->timeline;
    uint32_t channels = timeline->header.channels;
    if (watch->any_click) {
        keep(watch, interleaved, (size_t)frame_count * channels);
    }
    while (frame_count > 0) {
        while (watch->place < timeline->expect_count && timeline->expects[watch->place].at <= watch->frames) {
            watch->place++;
        }
        uint64_t left =
            watch->place < timeline->expect_count ? timeline->expects[watch->place].at - watch->frames : frame_count;
        uint32_t count = left < frame_count ? (uint32_t)left : frame_count;
        if (watch->place < timeline->expect_count) {
            look_at(watch, interleaved, count);
        }
        watch->frames += count;
        interleaved += (size_t)count * channels;
        frame_count -= count;
    }
}

/* ------------------------------------------------------------------------------------------------------- Judgement */

static void judge_peak(const motet_watch *watch, size_t place, motet_problems *problems)
{
    const motet_timeline_expect *expect = &watch->timeline->expects[place];
    const measured *of = &watch->of[place];
    const char *bus = watch->timeline->buses[expect->bus].name;
    double peak_db = motet_level_db((double)of->peak);
    bool low = peak_db < expect->peak_low_db && expect->peak_low_db > SILENCE_DB;
    if (!low && peak_db <= expect->peak_high_db) {
        return;
    }
    char *found = of->peak > 0 ? motet_string_format("%.2f dB", peak_db) : motet_string_copy("silence");
    char *where = expect->bus == MASTER && of->peak > 0
                      ? motet_string_format(" at frame %llu", (unsigned long long)of->peak_frame)
                      : motet_string_copy("");
    motet_problems_error(problems, expect->line,
                         "the peak of \"%s\" since frame %llu is %s%s; expected %.10g to %.10g dB", bus,
                         (unsigned long long)of->from, found, where, expect->peak_low_db, expect->peak_high_db);
    free(found);
    free(where);
}

/* The counts of the voices of one bus, and how far they have been gone through. */
typedef struct bus_counts {
    motet_voice_count *list; /* NULL: not wanted so far */
    size_t length, place;
} bus_counts;

static void judge_voices(const motet_watch *watch, size_t place, bus_counts *counts, motet_problems *problems)
{
    const motet_timeline_expect *expect = &watch->timeline->expects[place];
    uint64_t from = watch->of[place].from;
    while (counts->place + 1 < counts->length && counts->list[counts->place + 1].frame <= from) {
        counts->place++;
    }
    /* The first count in its time starts before it. */
    motet_voice_count least = counts->list[counts->place];
    motet_voice_count most = least;
    for (size_t i = counts->place; i < counts->length && counts->list[i].frame < expect->at; i++) {
        least = counts->list[i].voices < least.voices ? counts->list[i] : least;
        most = counts->list[i].voices > most.voices ? counts->list[i] : most;
    }
    const motet_voice_count *wrong = most.voices > expect->voices_high   ? &most
                                     : least.voices < expect->voices_low ? &least
                                                                         : NULL;
    if (wrong != NULL) {
        uint64_t frame = wrong->frame > from ? wrong->frame : from;
        motet_problems_error(problems, expect->line, "%u voice%s in \"%s\" at frame %llu; expected %llu to %llu",
                             (unsigned)wrong->voices, wrong->voices == 1 ? "" : "s",
                             watch->timeline->buses[expect->bus].name, (unsigned long long)frame,
                             (unsigned long long)expect->voices_low, (unsigned long long)expect->voices_high);
    }
}

static void judge_clicks(const motet_watch *watch, size_t place, const motet_lint_report *clicks,
                         motet_problems *problems)
{
    const motet_timeline_expect *expect = &watch->timeline->expects[place];
    uint64_t from = watch->of[place].from;
    uint64_t count = 0;
    uint64_t first = 0;
    for (size_t i = 0; i < clicks->count; i++) {
        uint64_t frame = clicks->list[i].frame;
        if (frame >= from && frame < expect->at) {
            first = count == 0 || frame < first ? frame : first;
            count++;
        }
    }
    if (count > expect->clicks_high) {
        motet_problems_error(problems, expect->line,
                             "%llu click%s since frame %llu, the first at frame %llu; expected at most %llu",
                             (unsigned long long)count, count == 1 ? "" : "s", (unsigned long long)from,
                             (unsigned long long)first, (unsigned long long)expect->clicks_high);
    }
}

static void judge_markers(const motet_watch *watch, size_t place, motet_player *player, motet_problems *problems)
{
    const motet_timeline_expect *expect = &watch->timeline->expects[place];
    uint64_t from = watch->of[place].from;
    uint64_t passed = 0;
    size_t count = 0;
    const motet_player_event *events = motet_player_events(player, expect->at, &count);
    for (size_t i = 0; i < count; i++) {
        bool inside = events[i].frame >= from && events[i].frame < expect->at;
        passed += inside && events[i].marker_name != NULL ? events[i].count : 0;
    }
    if (passed < expect->markers_low || passed > expect->markers_high) {
        motet_problems_error(problems, expect->line, "%llu marker%s passed since frame %llu; expected %llu to %llu",
                             (unsigned long long)passed, passed == 1 ? "" : "s", (unsigned long long)from,
                             (unsigned long long)expect->markers_low, (unsigned long long)expect->markers_high);
    }
}

static motet_lint_report find_clicks(const motet_watch *watch)
{
    const motet_timeline_header *header = &watch->timeline->header;
    const motet_lint_sound sound = {
        .samples = watch->samples, .frames = watch->frames, .channels = header->channels, .rate_hz = header->rate_hz};
    motet_lint_report report = {0};
    if (watch->any_click && watch->frames > 0) {
        (void)motet_lint_find_clicks(&sound, 0, sound.frames, &report);
    }
    return report;
}

void motet_watch_judge(motet_watch *watch, motet_player *player, motet_engine *engine, bool cut,
                       motet_problems *problems)
{
    const motet_timeline *timeline = watch->timeline;
    motet_lint_report clicks = find_clicks(watch);
    bus_counts *of_buses = motet_memory_take(timeline->bus_count, sizeof *of_buses);
    motet_watch_stand(watch, player, engine, cut ? watch->frames : UINT64_MAX); /* behind its end it is silent */
    for (size_t i = 0; i < timeline->expect_count; i++) {
        const motet_timeline_expect *expect = &timeline->expects[i];
        bus_counts *counts = &of_buses[expect->bus];
        if (cut && expect->at > watch->frames) {
            motet_problems_warn(problems, expect->line,
                                "this \"expect\" lies behind the end, at frame %llu, and has not been looked at",
                                (unsigned long long)watch->frames);
            continue;
        }
        if (expect->has_voices && counts->list == NULL) {
            counts->list = motet_player_voice_counts(player, expect->bus, &counts->length);
        }
        if (expect->has_peak) {
            judge_peak(watch, i, problems);
        }
        if (expect->has_voices) {
            judge_voices(watch, i, counts, problems);
        }
        if (expect->has_clicks) {
            judge_clicks(watch, i, &clicks, problems);
        }
        if (expect->has_markers) {
            judge_markers(watch, i, player, problems);
        }
    }
    for (size_t i = 0; i < timeline->bus_count; i++) {
        free(of_buses[i].list);
    }
    free(of_buses);
    motet_lint_free(&clicks);
}
