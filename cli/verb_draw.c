/* motet draw: a picture of a sound or of a rendered timeline. */
#include "draw_scene.h"
#include "files.h"
#include "levels.h"
#include "options.h"
#include "output.h"
#include "verbs.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char help[] =
    "Usage: motet draw FILE -o OUT.svg [--seconds S] [--width PIXELS]\n"
    "\n"
    "Draws the waveform of a sound file: peaks and, darker, RMS of each channel over time, with its loop points, its\n"
    "peak and its loudness. A timeline (.jsonl, or \"-\": one on standard input) is rendered; below its waveform the\n"
    "picture shows when each voice plays, fades and pauses, bus by bus, before the bus's own gain. The picture is an "
    "SVG\n"
    "of its own, light or dark as the viewer prefers; the same sound always gives the same bytes.\n"
    "\n"
    "  -o OUT.svg       where to; \"-\": standard output\n"
    "  --seconds S      of a timeline: renders so long, whatever it says; it must be given where a voice never ends\n"
    "  --width PIXELS   320 to 4000 (960)\n"
    "\n"
    "Exit status: 0 success, 1 failed work, 2 wrong usage.\n";

typedef struct draw_options {
    const char *input;
    const char *output;
    bool has_seconds;
    double seconds;
    uint32_t width;
} draw_options;

/* ---------------------------------------------------------------------------------------------------------- Drawing */

static const char *title_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return strcmp(path, "-") == 0 ? "timeline" : slash != NULL && slash[1] != '\0' ? slash + 1 : path;
}

static motet_picture picture_of(const motet_clip *clip, const draw_options *options)
{
    motet_levels levels = motet_levels_measure(clip);
    return (motet_picture){.title = title_of(options->input),
                           .samples = clip->samples,
                           .frames = clip->frames,
                           .channels = clip->channels,
                           .rate_hz = clip->rate_hz,
                           .peak_dbfs = levels.peak_dbfs,
                           .lufs = levels.lufs,
                           .width = options->width};
}

static bool draw_sound(motet_svg *svg, const draw_options *options, motet_problems *problems)
{
    motet_clip clip = {0};
    motet_sound_info info;
    motet_engine *engine = motet_clip_engine(problems);
    if (engine == NULL) {
        return false;
    }
    motet_sound sound = motet_clip_load(engine, options->input, problems);
    bool good = sound.id != 0 && motet_clip_read_sound(&clip, engine, sound, problems) &&
                motet_sound_get_info(engine, sound, &info) == MOTET_OK;
    if (good) {
        motet_picture picture = picture_of(&clip, options);
        picture.has_loop = info.loop_end_frame > info.loop_start_frame;
        picture.loop = (motet_draw_span){info.loop_start_frame, info.loop_end_frame};
        motet_draw(svg, &picture);
    }
    motet_clip_free(&clip);
    motet_engine_destroy(engine);
    return good;
}

static bool take_frames(void *user, const float *interleaved, uint32_t frame_count)
{
    motet_clip_append(user, interleaved, frame_count);
    return true;
}

static bool draw_rendering(motet_svg *svg, const draw_options *options, motet_offline *offline)
{
    const motet_timeline_header *header = &offline->timeline->header;
    motet_clip clip = {.rate_hz = header->rate_hz, .channels = header->channels};
    const motet_offline_request request = {
        .has_seconds = options->has_seconds, .seconds = options->seconds, .sink = take_frames, .user = &clip};
    bool good = motet_offline_run(offline, &request);
    if (good) {
        motet_draw_scene scene;
        motet_picture picture = picture_of(&clip, options);
        motet_draw_scene_create(&scene, offline);
        picture.buses = scene.buses;
        picture.bus_count = scene.bus_count;
        picture.voices = scene.voices;
        picture.voice_count = scene.voice_count;
        picture.pauses = scene.pauses;
        motet_draw(svg, &picture);
        motet_draw_scene_free(&scene);
    }
    motet_clip_free(&clip);
    return good;
}

static bool draw_timeline(motet_svg *svg, const draw_options *options, motet_problems *problems)
{
    motet_timeline timeline;
    motet_offline offline;
    bool good = false;
    (void)motet_timeline_read(&timeline, options->input, 0, problems);
    if (timeline.header.rate_hz != 0 && motet_offline_create(&offline, &timeline, problems)) {
        good = (options->has_seconds || timeline.has_end || motet_offline_comes_to_end(&timeline, false, problems)) &&
               draw_rendering(svg, options, &offline);
        motet_offline_destroy(&offline);
    }
    motet_timeline_free(&timeline);
    return good;
}

/* ------------------------------------------------------------------------------------------------------------ Verb */

static bool write_picture(const char *path, const motet_svg *svg)
{
    if (strcmp(path, "-") == 0) {
        (void)fwrite(svg->text, 1, svg->length, stdout);
        return motet_output_flush();
    }
    FILE *file = fopen(path, "wb");
    bool good = file != NULL && fwrite(svg->text, 1, svg->length, file) == svg->length;
    good = file != NULL && fclose(file) == 0 && good;
    if (!good) {
        motet_output_error("%s: writing failed: %s", path, strerror(errno));
    }
    return good;
}

static int draw(const draw_options *options)
{
    motet_svg svg = {0};
    motet_problems problems;
    motet_problems_init(&problems, options->input);
    bool scene = motet_timeline_is_file(options->input);
    bool good = scene ? draw_timeline(&svg, options, &problems) : draw_sound(&svg, options, &problems);
    motet_problems_print(&problems);
    good = good && write_picture(options->output, &svg);
    free(svg.text);
    motet_problems_free(&problems);
    return good ? MOTET_EXIT_OK : MOTET_EXIT_FAILED;
}

static int run(int count, char *const *arguments)
{
    draw_options o = {.width = MOTET_DRAW_WIDTH};
    const motet_option options[] = {
        {.name = "-o", .kind = MOTET_OPTION_TEXT, .value = &o.output},
        {.name = "--seconds",
         .kind = MOTET_OPTION_NUMBER,
         .value = &o.seconds,
         .given = &o.has_seconds,
         .min = 0,
         .max = 1e6},
        {.name = "--width",
         .kind = MOTET_OPTION_WHOLE,
         .value = &o.width,
         .min = MOTET_DRAW_WIDTH_MIN,
         .max = MOTET_DRAW_WIDTH_MAX},
    };
    motet_operands operands = {.list = motet_memory_take((size_t)count, sizeof(char *))};
    int result = motet_options_read("draw", options, sizeof options / sizeof *options, count, arguments, &operands);
    if (result == MOTET_EXIT_OK &&
        !motet_options_expect("draw", operands.count == 1 && o.output != NULL, "FILE -o OUT.svg [OPTION]...")) {
        result = MOTET_EXIT_USAGE;
    }
    if (result == MOTET_EXIT_OK) {
        o.input = operands.list[0];
        if (o.has_seconds && !motet_timeline_is_file(o.input)) {
            motet_output_error("\"--seconds\" with a sound file; expected it with a timeline only");
            result = MOTET_EXIT_USAGE;
        } else if (strcmp(o.output, "-") != 0 && !motet_path_has_ending(o.output, ".svg")) {
            motet_output_error("%s: unknown kind of file; expected an ending .svg, or - for standard output", o.output);
            result = MOTET_EXIT_USAGE;
        } else {
            result = draw(&o);
        }
    }
    free(operands.list);
    return result;
}

const motet_tool_verb motet_tool_draw = {
    .name = "draw", .summary = "a picture of a sound or a timeline", .help = help, .run = run};
