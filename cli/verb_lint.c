/* motet lint: what is wrong with sound files and renderings. */
#include "clip.h"
#include "lint.h"
#include "options.h"
#include "output.h"
#include "timeline.h"
#include "verbs.h"

#include <math.h>
#include <sndfile.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char help[] =
    "Usage: motet lint FILE... [--loop] [--all] [--json]\n"
    "\n"
    "Looks for what is heard as a fault, and tells where: clicks, clipping, samples beyond full scale, DC, hard "
    "starts\n"
    "and ends, silence at the edges, seams at loop points, NaN. A timeline (.jsonl, or \"-\": one on standard input) "
    "is\n"
    "rendered first, and not looked at for its edges. Files with more than two channels are folded to stereo.\n"
    "docs/lint.md says what each kind means and where its limit is.\n"
    "\n"
    "  --loop   looks at the seam from the end to the start too: the sound is played as a loop\n"
    "  --all    every finding; else of each kind the first 10 of a file, and how many more there are\n"
    "  --json   one JSON document: for one FILE {\"file\", \"rate\", \"channels\", \"frames\", \"seconds\", "
    "\"findings\":\n"
    "           [{\"kind\", \"seconds\", \"frame\", \"frames\", \"channel\", \"count\", \"level_dbfs\", \"times\", "
    "\"message\"}]},\n"
    "           for several {\"files\": [...]}; a file that cannot be read is {\"file\", \"error\"}\n"
    "\n"
    "Exit status: 0 nothing found, 1 something found or a file could not be read, 2 wrong usage.\n";

enum { USUAL_MOST = 10, MOST_TIMES = 1000 };

typedef struct lint_options {
    bool loop;
    bool all;
    bool json;
} lint_options;

/* One file and what was found in it. */
typedef struct subject {
    const char *path;
    motet_clip clip;
    motet_lint_loop loops[2];
    size_t loop_count;
    bool scene;
    bool truncated;
    motet_lint_report report;
} subject;

/* ---------------------------------------------------------------------------------------------------------- Reading */

/* The library silences NaN and infinity when it loads a file, and says only that there were some: they are put back
 * from the file itself. */
static void restore_non_finite(motet_clip *clip, const char *path)
{
    enum { PIECE_FRAMES = 4096 };
    SF_INFO info = {0};
    SNDFILE *file = sf_open(path, SFM_READ, &info);
    if (file == NULL || info.channels < 1) {
        (void)sf_close(file);
        return;
    }
    size_t width = (size_t)info.channels;
    float *piece = motet_memory_take(PIECE_FRAMES * width, sizeof *piece);
    uint64_t frame = 0;
    for (sf_count_t got = 0; (got = sf_readf_float(file, piece, PIECE_FRAMES)) > 0; frame += (uint64_t)got) {
        for (size_t i = 0; i < (size_t)got * width && frame + i / width < clip->frames; i++) {
            if (!isfinite(piece[i])) {
                size_t channel = width == clip->channels ? i % width : 0;
                clip->samples[(size_t)(frame + i / width) * clip->channels + channel] = piece[i];
            }
        }
    }
    free(piece);
    (void)sf_close(file);
}

static bool has_non_finite(motet_engine *engine)
{
    bool found = false;
    motet_event event;
    while (motet_engine_poll_event(engine, &event)) {
        found = found || event.type == MOTET_EVENT_NON_FINITE;
    }
    return found;
}

static bool read_file(subject *s, motet_problems *problems)
{
    motet_engine *engine = motet_clip_engine(problems);
    if (engine == NULL) {
        return false;
    }
    motet_sound sound = motet_clip_load(engine, s->path, problems);
    motet_sound_info info;
    bool good = sound.id != 0 && motet_clip_read_sound(&s->clip, engine, sound, problems) &&
                motet_sound_get_info(engine, sound, &info) == MOTET_OK;
    if (good) {
        s->truncated = info.truncated;
        if (info.loop_end_frame > info.loop_start_frame) {
            s->loops[s->loop_count++] = (motet_lint_loop){info.loop_start_frame, info.loop_end_frame};
        }
        if (has_non_finite(engine)) {
            restore_non_finite(&s->clip, s->path);
        }
    }
    motet_engine_destroy(engine);
    return good;
}

/* False after a message. */
static bool look(subject *s, const lint_options *options, motet_problems *problems)
{
    s->scene = motet_timeline_is_file(s->path);
    if (!(s->scene ? motet_clip_read(&s->clip, s->path, problems) : read_file(s, problems))) {
        return false;
    }
    const motet_lint_loop whole = {0, s->clip.frames};
    bool known = s->loop_count > 0 && s->loops[0].start == 0 && s->loops[0].end == whole.end;
    if (options->loop && !known) {
        s->loops[s->loop_count++] = whole;
    }
    const motet_lint_request request = {
        .sound = {s->clip.samples, s->clip.frames, s->clip.channels, s->clip.rate_hz},
        .loops = s->loops,
        .loop_count = s->loop_count,
        .scene = s->scene,
    };
    motet_lint_run(&request, &s->report);
    if (s->truncated) {
        motet_lint_add(&s->report, &(motet_lint_finding){.kind = MOTET_LINT_CUT_SHORT,
                                                         .channel = MOTET_LINT_ALL_CHANNELS,
                                                         .frame = s->clip.frames,
                                                         .count = 1});
    }
    return true;
}

/* ------------------------------------------------------------------------------------------------------------ Words */

/* "left"; "" where there is only one channel. */
static const char *channel_text(const subject *s, uint32_t channel)
{
    static const char *const names[] = {"left", "right"};
    if (s->clip.channels < 2) {
        return "";
    }
    return channel < 2 ? names[channel] : "both channels";
}

/* "14 x"; beyond that the sound around it is silence. */
static char *times_text(double times)
{
    if (times < 10) {
        return motet_string_format("%.1f x", times);
    }
    return times < MOST_TIMES ? motet_string_format("%.0f x", times)
                              : motet_string_format("more than %d x", MOST_TIMES);
}

static double seconds_of(const subject *s, uint64_t frames)
{
    return (double)frames / s->clip.rate_hz;
}

static char *describe(const subject *s, const motet_lint_finding *f)
{
    double level = motet_level_db(fabs(f->size));
    level = fabs(level) < 0.05 ? 0 : level; /* not "-0.0" */
    unsigned long long count = (unsigned long long)f->count;
    char *times = times_text(f->times);
    char *text = NULL;
    switch (f->kind) {
    case MOTET_LINT_CLICK: text = motet_string_format("click, %s the level around it (%.1f dBFS)", times, level); break;
    case MOTET_LINT_CLIPPING:
        text = motet_string_format("clipping, %llu samples at %.1f dBFS within %.1f ms", count, level,
                                   1000 * seconds_of(s, f->frame_count));
        break;
    case MOTET_LINT_OVER:
        text = motet_string_format("beyond full scale, %llu %s, the highest %+.1f dBFS here", count,
                                   count == 1 ? "sample" : "samples", level);
        break;
    case MOTET_LINT_DC: text = motet_string_format("DC offset of %+.4f (%.1f dBFS)", f->size, level); break;
    case MOTET_LINT_HARD_START:
        text = motet_string_format("hard start, the first sample is at %.1f dBFS", level);
        break;
    case MOTET_LINT_HARD_END: text = motet_string_format("hard end, the last sample is at %.1f dBFS", level); break;
    case MOTET_LINT_SILENT_START:
    case MOTET_LINT_SILENT_END:
    case MOTET_LINT_SILENT:
        text = motet_string_format("%s, %.3f s", motet_lint_kind_text(f->kind), seconds_of(s, f->frame_count));
        break;
    case MOTET_LINT_LOOP_SEAM:
        text = motet_string_format("loop seam to frame %llu, %s the sound's own peak there (%.1f dBFS)",
                                   (unsigned long long)f->loop_start, times, level);
        break;
    case MOTET_LINT_NON_FINITE:
        text =
            motet_string_format("not a number, %llu %s of NaN or infinity", count, count == 1 ? "sample" : "samples");
        break;
    case MOTET_LINT_CUT_SHORT: text = motet_string_copy("cut short, the header says that more follows"); break;
    case MOTET_LINT_KIND_COUNT: break;
    }
    free(times);
    return text;
}

static void print_finding(const subject *s, const motet_lint_finding *f)
{
    const char *channel = channel_text(s, f->channel);
    char *text = describe(s, f);
    printf("%s:%.3f s (frame %llu%s%s): %s\n", s->path, seconds_of(s, f->frame), (unsigned long long)f->frame,
           *channel != '\0' ? ", " : "", channel, text);
    free(text);
}

static void print(const subject *s, bool all)
{
    for (size_t i = 0; i < s->report.count;) {
        motet_lint_kind kind = s->report.list[i].kind;
        size_t end = i;
        while (end < s->report.count && s->report.list[end].kind == kind) {
            if (all || end - i < USUAL_MOST) {
                print_finding(s, &s->report.list[end]);
            }
            end++;
        }
        if (!all && end - i > USUAL_MOST) {
            printf("%s: %s: %zu more; --all lists them\n", s->path, motet_lint_kind_text(kind), end - i - USUAL_MOST);
        }
        i = end;
    }
    if (s->report.count == 0) {
        printf("%s: nothing found\n", s->path);
    }
}

static json_t *finding_to_json(const subject *s, const motet_lint_finding *f)
{
    json_t *entry = json_object();
    bool measured = f->kind == MOTET_LINT_CLICK || f->kind == MOTET_LINT_LOOP_SEAM;
    const char *channel = channel_text(s, f->channel);
    char *text = describe(s, f);
    (void)json_object_set_new(entry, "kind", json_string(motet_lint_kind_text(f->kind)));
    (void)json_object_set_new(entry, "seconds", json_real(seconds_of(s, f->frame)));
    (void)json_object_set_new(entry, "frame", json_integer((json_int_t)f->frame));
    (void)json_object_set_new(entry, "frames", json_integer((json_int_t)f->frame_count));
    (void)json_object_set_new(entry, "channel", *channel != '\0' ? json_string(channel) : json_null());
    (void)json_object_set_new(entry, "count", json_integer((json_int_t)f->count));
    (void)json_object_set_new(entry, "level_dbfs", motet_json_number(motet_level_db(fabs(f->size))));
    (void)json_object_set_new(entry, "times", measured ? motet_json_number(f->times) : json_null());
    (void)json_object_set_new(entry, "message", json_string(text));
    free(text);
    return entry;
}

static json_t *to_json(const subject *s)
{
    json_t *document = json_object();
    json_t *findings = json_array();
    for (size_t i = 0; i < s->report.count; i++) {
        (void)json_array_append_new(findings, finding_to_json(s, &s->report.list[i]));
    }
    (void)json_object_set_new(document, "file", motet_json_text(s->path));
    (void)json_object_set_new(document, "rate", json_integer(s->clip.rate_hz));
    (void)json_object_set_new(document, "channels", json_integer(s->clip.file_channels));
    (void)json_object_set_new(document, "frames", json_integer((json_int_t)s->clip.frames));
    (void)json_object_set_new(document, "seconds", json_real(seconds_of(s, s->clip.frames)));
    (void)json_object_set_new(document, "findings", findings);
    return document;
}

/* ------------------------------------------------------------------------------------------------------------- Verb */

/* Tells what is found in a file, or adds it to `files`. False when there is anything, or when it cannot be read. */
static bool lint_file(const char *path, const lint_options *options, json_t *files)
{
    subject s = {.path = path};
    motet_problems problems;
    motet_problems_init(&problems, path);
    bool good = look(&s, options, &problems);
    motet_problems_print(&problems);
    if (!good) {
        const char *error = problems.count > 0 ? problems.list[0].text : motet_last_error();
        json_t *document = json_object();
        (void)json_object_set_new(document, "file", motet_json_text(path));
        (void)json_object_set_new(document, "error", motet_json_text(error));
        (void)json_array_append_new(files, document);
    } else if (options->json) {
        (void)json_array_append_new(files, to_json(&s));
    } else {
        print(&s, options->all);
    }
    good = good && s.report.count == 0;
    motet_lint_free(&s.report);
    motet_clip_free(&s.clip);
    motet_problems_free(&problems);
    return good;
}

static int lint(const motet_operands *operands, const lint_options *options)
{
    bool clean = true;
    bool written = true;
    json_t *files = json_array();
    for (size_t i = 0; i < operands->count; i++) {
        clean = lint_file(operands->list[i], options, files) && clean;
    }
    if (!options->json) {
        written = motet_output_flush();
    } else if (operands->count == 1) {
        written = motet_output_json(json_incref(json_array_get(files, 0)));
    } else {
        written = motet_output_json(json_pack("{s:O}", "files", files));
    }
    json_decref(files);
    return clean && written ? MOTET_EXIT_OK : MOTET_EXIT_FAILED;
}

static int run(int count, char *const *arguments)
{
    lint_options o = {0};
    const motet_option options[] = {
        {.name = "--loop", .kind = MOTET_OPTION_FLAG, .value = &o.loop},
        {.name = "--all", .kind = MOTET_OPTION_FLAG, .value = &o.all},
        {.name = "--json", .kind = MOTET_OPTION_FLAG, .value = &o.json},
    };
    motet_operands operands = {.list = motet_memory_take((size_t)count, sizeof(char *))};
    int result = motet_options_read("lint", options, sizeof options / sizeof *options, count, arguments, &operands);
    if (result == MOTET_EXIT_OK) {
        result = motet_options_expect("lint", operands.count > 0, "FILE... [--loop] [--all] [--json]")
                     ? lint(&operands, &o)
                     : MOTET_EXIT_USAGE;
    }
    free(operands.list);
    return result;
}

const motet_tool_verb motet_tool_lint = {
    .name = "lint", .summary = "clicks, clipping, DC and loop seams of sound files", .help = help, .run = run};
