/* motet render: a timeline to a sound file, faster than real time. */
#include "audio_write.h"
#include "interrupt.h"
#include "offline.h"
#include "options.h"
#include "output.h"
#include "verbs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char help[] =
    "Usage: motet render TIMELINE -o OUT [OPTION]...\n"
    "\n"
    "Renders a timeline (\"-\": standard input) to a sound file, faster than real time. Frame N of the file is frame "
    "N\n"
    "of the timeline. The file appears when it is complete; the same timeline always gives the same bytes, whatever "
    "the\n"
    "block size is.\n"
    "\n"
    "  -o OUT          a .wav, .flac or .ogg (Vorbis) file; \"-\": raw interleaved little-endian samples on standard "
    "output\n"
    "  --rate HZ       replaces the rate of the timeline's header, before its times are read\n"
    "  --seconds S     renders so long, whatever the timeline says; it must be given where a voice never ends\n"
    "  --format F      s16, s24 or f32 (the default; for FLAC, which has no floats, s24)\n"
    "  --block N       frames of one render call, 1 to 65536 (512)\n"
    "  --simd LEVEL    of the mixing code: c, sse2, avx2, avx512 or neon (the best that the CPU has); all make the "
    "same "
    "bytes\n"
    "  --stats         what was rendered: frames, voices, peak, time, and what became of each voice\n"
    "  --json          the same as one JSON document: {\"frames\", \"seconds\", \"rate\", \"channels\", "
    "\"voices_started\",\n"
    "                  \"peak_voices\", \"peak_dbfs\", \"cpu_seconds\", \"realtime_factor\", \"tails_dropped\", "
    "\"events\":\n"
    "                  [{\"frame\", \"event\", \"reason\", \"voice\", \"line\", of some \"count\", \"marker\",\n"
    "                  \"marker_name\"}]}; when it failed {\"errors\": [{\"file\", \"line\", \"message\"}], "
    "\"warnings\":\n"
    "                  [...]}\n"
    "\n"
    "Exit status: 0 success, 1 errors in the timeline or failed work, 2 wrong usage.\n";

typedef struct render_options {
    const char *timeline;
    const char *output;
    motet_container container;
    motet_sample_format format;
    uint32_t rate_hz;
    uint32_t block_frames;
    const char *simd; /* NULL: the best */
    bool has_seconds;
    double seconds;
    bool stats;
    bool json;
} render_options;

/* ------------------------------------------------------------------------------------------------------- Stats */

static json_t *event_to_json(const motet_timeline *timeline, const motet_player_event *event)
{
    json_t *entry = json_object();
    (void)json_object_set_new(entry, "frame", json_integer((json_int_t)event->frame));
    (void)json_object_set_new(entry, "event", json_string(event->event));
    (void)json_object_set_new(entry, "reason", event->reason != NULL ? json_string(event->reason) : json_null());
    const motet_timeline_voice *voice = event->voice != MOTET_PLAYER_NO_VOICE ? &timeline->voices[event->voice] : NULL;
    (void)json_object_set_new(entry, "voice",
                              voice != NULL && voice->name != NULL ? motet_json_text(voice->name) : json_null());
    (void)json_object_set_new(entry, "line", voice != NULL ? json_integer(voice->line) : json_null());
    if (event->count > 0) {
        (void)json_object_set_new(entry, "count", json_integer(event->count));
    }
    if (event->marker_name != NULL) {
        (void)json_object_set_new(entry, "marker", json_integer(event->marker));
        (void)json_object_set_new(entry, "marker_name", motet_json_text(event->marker_name));
    }
    return entry;
}

static double realtime_factor(const motet_offline *offline)
{
    double rendered = (double)offline->frames / offline->timeline->header.rate_hz;
    return rendered / (offline->wall_seconds > 1e-9 ? offline->wall_seconds : 1e-9);
}

static json_t *stats_to_json(const motet_offline *offline, const motet_stats *stats)
{
    const motet_timeline *timeline = offline->timeline;
    json_t *document = json_object();
    size_t count = 0;
    size_t started = 0;
    size_t most_at_once = 0;
    motet_player_count_voices(offline->player, offline->frames, &started, &most_at_once);
    const motet_player_event *events = motet_player_events(offline->player, offline->frames, &count);
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++) {
        (void)json_array_append_new(list, event_to_json(timeline, &events[i]));
    }
    (void)json_object_set_new(document, "frames", json_integer((json_int_t)offline->frames));
    (void)json_object_set_new(document, "seconds", json_real((double)offline->frames / timeline->header.rate_hz));
    (void)json_object_set_new(document, "rate", json_integer(timeline->header.rate_hz));
    (void)json_object_set_new(document, "channels", json_integer(timeline->header.channels));
    (void)json_object_set_new(document, "voices_started", json_integer((json_int_t)started));
    (void)json_object_set_new(document, "peak_voices", json_integer((json_int_t)most_at_once));
    (void)json_object_set_new(document, "peak_dbfs", motet_json_number(motet_level_db(offline->peak)));
    (void)json_object_set_new(document, "cpu_seconds", json_real(offline->cpu_seconds));
    (void)json_object_set_new(document, "realtime_factor", json_real(realtime_factor(offline)));
    (void)json_object_set_new(document, "tails_dropped", json_integer(stats->tails_dropped));
    (void)json_object_set_new(document, "events", list);
    return document;
}

static void print_stats(FILE *file, const motet_offline *offline)
{
    const motet_timeline *timeline = offline->timeline;
    uint32_t rate = timeline->header.rate_hz;
    size_t started = 0;
    size_t most_at_once = 0;
    motet_player_count_voices(offline->player, offline->frames, &started, &most_at_once);
    fprintf(file, "frames           %llu (%.3f s at %u Hz)\n", (unsigned long long)offline->frames,
            (double)offline->frames / rate, (unsigned)rate);
    fprintf(file, "voices started   %zu\n", started);
    fprintf(file, "peak voices      %zu\n", most_at_once);
    if (offline->peak > 0) {
        fprintf(file, "peak             %.2f dBFS\n", motet_level_db(offline->peak));
    } else {
        fprintf(file, "peak             silence\n");
    }
    fprintf(file, "cpu              %.3f s\n", offline->cpu_seconds);
    fprintf(file, "realtime factor  %.0f\n", realtime_factor(offline));
    size_t count = 0;
    const motet_player_event *events = motet_player_events(offline->player, offline->frames, &count);
    for (size_t i = 0; i < count; i++) {
        char *voice = events[i].voice != MOTET_PLAYER_NO_VOICE ? motet_timeline_voice_text(timeline, events[i].voice)
                                                               : motet_string_copy("");
        char *times =
            events[i].count > 1 ? motet_string_format(" %u times", (unsigned)events[i].count) : motet_string_copy("");
        char *marker = events[i].marker_name == NULL      ? motet_string_copy("")
                       : events[i].marker_name[0] != '\0' ? motet_string_format(" \"%s\"", events[i].marker_name)
                                                          : motet_string_format(" %u", (unsigned)events[i].marker);
        fprintf(file, "  %10.3f s  frame %-10llu %s%s%s%s%s  %s\n", (double)events[i].frame / rate,
                (unsigned long long)events[i].frame, events[i].event, events[i].reason != NULL ? " " : "",
                events[i].reason != NULL ? events[i].reason : "", marker, times, voice);
        free(marker);
        free(times);
        free(voice);
    }
}

static void add_problems(json_t *document, motet_problems *problems)
{
    (void)json_object_set_new(document, "errors", motet_problems_to_json(problems, false));
    (void)json_object_set_new(document, "warnings", motet_problems_to_json(problems, true));
}

/* Of a rendering that is complete, whether or not it is as its timeline expects. */
static bool report_stats(const motet_offline *offline, const render_options *options, motet_problems *problems)
{
    motet_stats stats;
    if (motet_engine_get_stats(offline->engine, &stats) != MOTET_OK) {
        motet_output_error("%s", motet_last_error());
        return false;
    }
    if (options->json) {
        json_t *document = stats_to_json(offline, &stats);
        if (problems->errors > 0) {
            add_problems(document, problems);
        }
        return motet_output_json(document);
    }
    if (options->stats) {
        /* Standard output may be the sound. */
        print_stats(options->container == MOTET_CONTAINER_RAW ? stderr : stdout, offline);
        return motet_output_flush();
    }
    return true;
}

/* --------------------------------------------------------------------------------------------------- Rendering */

typedef struct rendering {
    motet_writer *writer;
    uint32_t rate_hz;
} rendering;

static bool take_frames(void *user, const float *interleaved, uint32_t frame_count)
{
    const rendering *r = user;
    return motet_writer_write(r->writer, interleaved, frame_count);
}

static bool show_progress(void *user, uint64_t done, uint64_t total)
{
    const rendering *r = user;
    if (motet_output_has_terminal() && motet_output_is_time()) {
        char text[80];
        if (total > 0) {
            (void)snprintf(text, sizeof text, "%.1f s of %.1f s", (double)done / r->rate_hz,
                           (double)total / r->rate_hz);
        } else {
            (void)snprintf(text, sizeof text, "%.1f s", (double)done / r->rate_hz);
        }
        motet_output_progress(text);
    }
    return !motet_interrupt_came();
}

/* Renders into the writer and completes the file. What it is not, though its timeline expects it, is among the problems
 * then; the file stays, to be listened to. */
static bool render_to(motet_offline *offline, motet_writer *writer, const render_options *options,
                      motet_problems *problems)
{
    rendering r = {.writer = writer, .rate_hz = offline->timeline->header.rate_hz};
    motet_watch *watch = motet_watch_create(offline->timeline);
    const motet_offline_request request = {
        .block_frames = options->block_frames,
        .has_seconds = options->has_seconds,
        .seconds = options->seconds,
        .sink = take_frames,
        .progress = show_progress,
        .user = &r,
        .watch = watch,
    };
    bool done = motet_offline_run(offline, &request);
    motet_watch_destroy(watch);
    motet_output_progress(NULL);
    if (!done) {
        if (motet_writer_complaint(writer) != NULL) {
            motet_problems_error_file(problems, 0, "%s", motet_writer_complaint(writer));
        } else if (motet_interrupt_came()) {
            motet_problems_error_file(problems, 0, "interrupted; nothing was written");
        }
        motet_writer_discard(writer);
        return false;
    }
    char *complaint = NULL;
    bool finished = motet_writer_finish(writer, &complaint);
    if (!finished) {
        motet_problems_error_file(problems, 0, "%s", complaint);
        free(complaint);
    }
    return finished;
}

/* Where the length is known, a file that could not hold it is not begun. */
static bool fits(const motet_timeline *timeline, const render_options *options, motet_problems *problems)
{
    const motet_timeline_header *header = &timeline->header;
    uint64_t frames = options->has_seconds ? motet_seconds_frames(options->seconds, header->rate_hz)
                      : timeline->has_end  ? timeline->end_frame
                                           : 0;
    if (motet_writer_fits(options->container, options->format, header->channels, frames)) {
        return true;
    }
    motet_problems_error_file(problems, 0, "%s: %s", options->output, MOTET_WRITER_TOO_LONG);
    return false;
}

/* `*complete`: all has been written and told, though it may not be as the timeline expects. */
static bool render(motet_offline *offline, const render_options *options, motet_problems *problems, bool *complete)
{
    const motet_timeline_header *header = &offline->timeline->header;
    char *complaint = NULL;
    if (!fits(offline->timeline, options, problems)) {
        return false;
    }
    motet_writer *writer = motet_writer_create(options->output, options->container, options->format, header->rate_hz,
                                               header->channels, &complaint);
    if (writer == NULL) {
        motet_problems_error_file(problems, 0, "%s", complaint);
        free(complaint);
        return false;
    }
    motet_interrupt_catch();
    *complete = render_to(offline, writer, options, problems);
    return *complete && report_stats(offline, options, problems) && problems->errors == 0;
}

static int render_timeline(const render_options *options)
{
    motet_problems problems;
    motet_timeline timeline;
    motet_offline offline;
    bool good = false;
    bool complete = false;
    motet_problems_init(&problems, options->timeline);
    (void)motet_timeline_read(&timeline, options->timeline, options->rate_hz, &problems);
    timeline.simd = options->simd;
    /* Files are opened even when lines are wrong, so that everything is told at once. */
    if (timeline.header.rate_hz != 0 && motet_offline_create(&offline, &timeline, &problems)) {
        /* Nothing may be written of a timeline that has no end. */
        bool raw = strcmp(options->output, "-") == 0; /* a file appears when it is complete */
        good = (options->has_seconds || timeline.has_end || motet_offline_comes_to_end(&timeline, raw, &problems)) &&
               render(&offline, options, &problems, &complete);
        motet_offline_destroy(&offline);
    }
    motet_problems_print(&problems);
    if (!complete && options->json && problems.errors > 0) {
        json_t *document = json_object();
        add_problems(document, &problems);
        (void)motet_output_json(document);
    }
    motet_timeline_free(&timeline);
    motet_problems_free(&problems);
    return good ? MOTET_EXIT_OK : motet_interrupt_came() ? MOTET_EXIT_INTERRUPTED : MOTET_EXIT_FAILED;
}

/* ----------------------------------------------------------------------------------------------------- Options */

/* What goes together with what; false after a message. */
static bool check_options(render_options *options, bool has_format)
{
    if (options->container == MOTET_CONTAINER_UNKNOWN) {
        motet_output_error("%s: unknown kind of file; expected an ending .wav, .flac or .ogg, or - for raw samples",
                           options->output);
        return false;
    }
    if (options->container == MOTET_CONTAINER_RAW && options->json) {
        motet_output_error("\"-o -\" and \"--json\" both need standard output; expected one of them");
        return false;
    }
    if (options->container == MOTET_CONTAINER_RAW && isatty(STDOUT_FILENO) == 1) {
        motet_output_error("standard output is a terminal; expected a pipe or a file for raw samples");
        return false;
    }
    if (options->container == MOTET_CONTAINER_FLAC && !has_format) {
        options->format = MOTET_SAMPLE_S24;
    }
    if (options->container == MOTET_CONTAINER_FLAC && options->format == MOTET_SAMPLE_F32) {
        motet_output_error("%s: FLAC cannot hold f32; expected --format s16 or s24", options->output);
        return false;
    }
    if (options->container == MOTET_CONTAINER_OGG && has_format) {
        motet_output_error("%s: Ogg Vorbis has no sample format; expected no --format", options->output);
        return false;
    }
    return true;
}

static int run(int count, char *const *arguments)
{
    static const char *const formats[] = {"s16", "s24", "f32", NULL}; /* in the order of motet_sample_format */
    render_options chosen = {0};
    uint32_t format = MOTET_SAMPLE_F32;
    bool has_format = false;
    uint32_t simd = 0;
    bool has_simd = false;
    const motet_option options[] = {
        {.name = "-o", .kind = MOTET_OPTION_TEXT, .value = &chosen.output},
        {.name = "--rate", .kind = MOTET_OPTION_WHOLE, .value = &chosen.rate_hz, .min = 1, .max = 384000},
        {.name = "--seconds",
         .kind = MOTET_OPTION_NUMBER,
         .value = &chosen.seconds,
         .given = &chosen.has_seconds,
         .max = 1e10},
        {.name = "--format", .kind = MOTET_OPTION_CHOICE, .value = &format, .given = &has_format, .choices = formats},
        {.name = "--block", .kind = MOTET_OPTION_WHOLE, .value = &chosen.block_frames, .min = 1, .max = 65536},
        {.name = "--stats", .kind = MOTET_OPTION_FLAG, .value = &chosen.stats},
        {.name = "--json", .kind = MOTET_OPTION_FLAG, .value = &chosen.json},
        {.name = "--simd",
         .kind = MOTET_OPTION_CHOICE,
         .value = &simd,
         .given = &has_simd,
         .choices = motet_options_simd},
    };
    motet_operands operands = {.list = motet_memory_take((size_t)count, sizeof(char *))};
    int result = motet_options_read("render", options, sizeof options / sizeof *options, count, arguments, &operands);
    if (result == MOTET_EXIT_OK &&
        !motet_options_expect("render", operands.count == 1 && chosen.output != NULL, "TIMELINE -o OUT [OPTION]...")) {
        result = MOTET_EXIT_USAGE;
    }
    if (result == MOTET_EXIT_OK) {
        chosen.timeline = operands.list[0];
        chosen.container = motet_container_of(chosen.output);
        chosen.format = (motet_sample_format)format;
        chosen.simd = has_simd ? motet_options_simd[simd] : NULL;
        result = check_options(&chosen, has_format) ? render_timeline(&chosen) : MOTET_EXIT_USAGE;
    }
    free(operands.list);
    return result;
}

const motet_tool_verb motet_tool_render = {
    .name = "render", .summary = "a timeline to a sound file, faster than real time", .help = help, .run = run};
