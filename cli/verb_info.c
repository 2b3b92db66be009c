/* motet info: what is in a sound file. */
#include "levels.h"
#include "options.h"
#include "output.h"
#include "verbs.h"

#include <stdio.h>
#include <stdlib.h>

static const char help[] =
    "Usage: motet info FILE... [--json]\n"
    "\n"
    "Tells what is in sound files: kind, rate, channels, length, sample format, loop points, markers,\n"
    "tags, peak and loudness.\n"
    "Peak and loudness of a file with more than two channels are those of its fold to stereo.\n"
    "\n"
    "  --json   one JSON document: for one FILE {\"file\", \"format\", \"sample_format\", \"rate\", \"channels\", "
    "\"frames\",\n"
    "           \"seconds\", \"lossy\", \"truncated\", \"loop_points\": {\"start\", \"end\"}, "
    "\"markers\":\n"
    "           [{\"frame\", \"name\"}...], \"tags\": {}, "
    "\"peak_dbfs\",\n"
    "           \"integrated_lufs\"}, for several {\"files\": [...]}; what is not there is null, a file that cannot "
    "be\n"
    "           read is {\"file\", \"error\"}\n"
    "\n"
    "Exit status: 0 success, 1 a file could not be read, 2 wrong usage.\n";

static json_t *tags_to_json(const motet_engine *engine, motet_sound sound)
{
    json_t *tags = json_object();
    motet_tag tag = {0};
    for (uint32_t i = 0; motet_sound_get_tag(engine, sound, i, &tag) == MOTET_OK && tag.key != NULL; i++) {
        const char *earlier = json_string_value(json_object_get(tags, tag.key));
        char *value =
            earlier != NULL ? motet_string_format("%s; %s", earlier, tag.value) : motet_string_copy(tag.value);
        (void)json_object_set_new(tags, tag.key, motet_json_text(value));
        free(value);
    }
    return tags;
}

static json_t *markers_to_json(const motet_engine *engine, motet_sound sound)
{
    json_t *markers = json_array();
    motet_marker marker = {0};
    for (uint32_t i = 0; motet_sound_get_marker(engine, sound, i, &marker) == MOTET_OK && marker.name != NULL; i++) {
        json_t *entry = json_pack("{s:I}", "frame", (json_int_t)marker.frame);
        (void)json_object_set_new(entry, "name", motet_json_text(marker.name));
        (void)json_array_append_new(markers, entry);
    }
    return markers;
}

static json_t *to_json(const char *path, const motet_engine *engine, motet_sound sound, const motet_sound_info *info,
                       const motet_levels *measured)
{
    json_t *document = json_object();
    json_t *points = json_null();
    if (info->loop_end_frame > info->loop_start_frame) {
        points = json_pack("{s:I,s:I}", "start", (json_int_t)info->loop_start_frame, "end",
                           (json_int_t)info->loop_end_frame);
    }
    (void)json_object_set_new(document, "file", motet_json_text(path));
    (void)json_object_set_new(document, "format", motet_json_text(info->container));
    (void)json_object_set_new(document, "sample_format", motet_json_text(info->encoding));
    (void)json_object_set_new(document, "rate", json_integer(info->sample_rate_hz));
    (void)json_object_set_new(document, "channels", json_integer(info->file_channels));
    (void)json_object_set_new(document, "frames", json_integer((json_int_t)info->frame_count));
    (void)json_object_set_new(document, "seconds", json_real((double)info->frame_count / info->sample_rate_hz));
    (void)json_object_set_new(document, "lossy", json_boolean(info->lossy));
    (void)json_object_set_new(document, "truncated", json_boolean(info->truncated));
    (void)json_object_set_new(document, "loop_points", points);
    (void)json_object_set_new(document, "markers", markers_to_json(engine, sound));
    (void)json_object_set_new(document, "tags", tags_to_json(engine, sound));
    (void)json_object_set_new(document, "peak_dbfs", motet_json_number(measured->peak_dbfs));
    (void)json_object_set_new(document, "integrated_lufs", motet_json_number(measured->lufs));
    return document;
}

static void print_level(const char *name, const json_t *level, const char *unit)
{
    if (json_is_null(level)) {
        printf("  %-13s silence\n", name);
    } else {
        printf("  %-13s %.2f %s\n", name, json_number_value(level), unit);
    }
}

static void print(json_t *document)
{
    const json_t *points = json_object_get(document, "loop_points");
    printf("%s\n", json_string_value(json_object_get(document, "file")));
    printf("  %-13s %s\n", "format", json_string_value(json_object_get(document, "format")));
    printf("  %-13s %s\n", "sample format", json_string_value(json_object_get(document, "sample_format")));
    printf("  %-13s %lld Hz\n", "rate", (long long)json_integer_value(json_object_get(document, "rate")));
    printf("  %-13s %lld\n", "channels", (long long)json_integer_value(json_object_get(document, "channels")));
    printf("  %-13s %lld%s\n", "frames", (long long)json_integer_value(json_object_get(document, "frames")),
           json_is_true(json_object_get(document, "truncated")) ? " (the file is cut short)" : "");
    printf("  %-13s %.3f\n", "seconds", json_real_value(json_object_get(document, "seconds")));
    if (json_is_object(points)) {
        printf("  %-13s %lld to %lld\n", "loop points", (long long)json_integer_value(json_object_get(points, "start")),
               (long long)json_integer_value(json_object_get(points, "end")));
    }
    size_t i = 0;
    json_t *marker = NULL;
    json_array_foreach(json_object_get(document, "markers"), i, marker)
    {
        printf("  %-13s %lld%s%s\n", i == 0 ? "markers" : "",
               (long long)json_integer_value(json_object_get(marker, "frame")),
               json_string_length(json_object_get(marker, "name")) > 0 ? "  " : "",
               json_string_value(json_object_get(marker, "name")));
    }
    print_level("peak", json_object_get(document, "peak_dbfs"), "dBFS");
    print_level("loudness", json_object_get(document, "integrated_lufs"), "LUFS");
    const char *key = NULL;
    json_t *value = NULL;
    json_object_foreach(json_object_get(document, "tags"), key, value)
    {
        printf("  %-13s %s\n", key, json_string_value(value));
    }
}

/* What is known of a file, or {"file", "error"}. */
static json_t *describe(const char *path, bool *good)
{
    motet_problems problems;
    motet_problems_init(&problems, path);
    json_t *document = NULL;
    motet_engine *engine = motet_clip_engine(&problems);
    motet_sound sound = {0};
    if (engine != NULL) {
        sound = motet_clip_load(engine, path, &problems);
    }
    motet_clip clip = {0};
    motet_sound_info info;
    if (sound.id != 0 && motet_clip_read_sound(&clip, engine, sound, &problems) &&
        motet_sound_get_info(engine, sound, &info) == MOTET_OK) {
        motet_levels measured = motet_levels_measure(&clip);
        document = to_json(path, engine, sound, &info, &measured);
    }
    if (document == NULL) {
        *good = false;
        document = json_object();
        (void)json_object_set_new(document, "file", motet_json_text(path));
        (void)json_object_set_new(document, "error",
                                  motet_json_text(problems.count > 0 ? problems.list[0].text : motet_last_error()));
    }
    motet_problems_print(&problems);
    motet_clip_free(&clip);
    motet_engine_destroy(engine);
    motet_problems_free(&problems);
    return document;
}

static int info(const motet_operands *operands, bool json)
{
    bool good = true;
    json_t *files = json_array();
    for (size_t i = 0; i < operands->count; i++) {
        json_t *document = describe(operands->list[i], &good);
        if (!json && json_object_get(document, "error") == NULL) {
            print(document);
        }
        (void)json_array_append_new(files, document);
    }
    bool written = true;
    if (!json) {
        written = motet_output_flush();
    } else if (operands->count == 1) {
        written = motet_output_json(json_incref(json_array_get(files, 0)));
    } else {
        written = motet_output_json(json_pack("{s:O}", "files", files));
    }
    json_decref(files);
    return good && written ? MOTET_EXIT_OK : MOTET_EXIT_FAILED;
}

static int run(int count, char *const *arguments)
{
    bool json = false;
    const motet_option options[] = {{.name = "--json", .kind = MOTET_OPTION_FLAG, .value = &json}};
    motet_operands operands = {.list = motet_memory_take((size_t)count, sizeof(char *))};
    int result = motet_options_read("info", options, 1, count, arguments, &operands);
    if (result == MOTET_EXIT_OK) {
        result = motet_options_expect("info", operands.count > 0, "FILE... [--json]") ? info(&operands, json)
                                                                                      : MOTET_EXIT_USAGE;
    }
    free(operands.list);
    return result;
}

const motet_tool_verb motet_tool_info = {.name = "info", .summary = "what is in sound files", .help = help, .run = run};
