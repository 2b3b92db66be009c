/* motet check: reads a timeline and opens its files. */
#include "offline.h"
#include "options.h"
#include "output.h"
#include "verbs.h"

#include <stdio.h>
#include <stdlib.h>

static const char help[] =
    "Usage: motet check TIMELINE [--json]\n"
    "\n"
    "Reads a timeline (\"-\": standard input), opens and decodes the files that it names, and tells every error at\n"
    "once, each with its line. Says nothing where there is none but how much it has found.\n"
    "\n"
    "  --json   one JSON document: {\"ok\", \"file\", \"errors\", \"warnings\", \"sounds\", \"buses\", \"voices\",\n"
    "           \"commands\"}; an error is {\"file\", \"line\", \"message\"}\n"
    "\n"
    "Exit status: 0 no error, 1 errors, 2 wrong usage.\n";

static json_t *document(const motet_timeline *timeline, motet_problems *problems)
{
    json_t *result = json_object();
    (void)json_object_set_new(result, "ok", json_boolean(problems->errors == 0));
    (void)json_object_set_new(result, "file", motet_json_text(problems->file));
    (void)json_object_set_new(result, "errors", motet_problems_to_json(problems, false));
    (void)json_object_set_new(result, "warnings", motet_problems_to_json(problems, true));
    (void)json_object_set_new(result, "sounds", json_integer((json_int_t)timeline->sound_count));
    (void)json_object_set_new(result, "buses", json_integer((json_int_t)timeline->bus_count));
    (void)json_object_set_new(result, "voices", json_integer((json_int_t)timeline->voice_count));
    (void)json_object_set_new(result, "commands", json_integer((json_int_t)timeline->command_count));
    return result;
}

static int check(const char *path, bool json)
{
    motet_problems problems;
    motet_timeline timeline;
    motet_offline offline;
    motet_problems_init(&problems, path);
    (void)motet_timeline_read(&timeline, path, 0, &problems);
    timeline.loads_now = true;
    if (timeline.header.rate_hz != 0 && motet_offline_create(&offline, &timeline, &problems)) {
        motet_offline_destroy(&offline);
    }
    motet_problems_print(&problems);
    bool good = problems.errors == 0;
    bool written = true;
    if (json) {
        written = motet_output_json(document(&timeline, &problems));
    } else if (good) {
        printf("%s: no errors: %zu sounds, %zu buses, %zu voices, %zu commands\n", path, timeline.sound_count,
               timeline.bus_count, timeline.voice_count, timeline.command_count);
        written = motet_output_flush();
    }
    motet_timeline_free(&timeline);
    motet_problems_free(&problems);
    return good && written ? MOTET_EXIT_OK : MOTET_EXIT_FAILED;
}

static int run(int count, char *const *arguments)
{
    bool json = false;
    const motet_option options[] = {{.name = "--json", .kind = MOTET_OPTION_FLAG, .value = &json}};
    motet_operands operands = {.list = motet_memory_take((size_t)count, sizeof(char *))};
    int result = motet_options_read("check", options, 1, count, arguments, &operands);
    if (result == MOTET_EXIT_OK) {
        result = motet_options_expect("check", operands.count == 1, "TIMELINE [--json]") ? check(operands.list[0], json)
                                                                                         : MOTET_EXIT_USAGE;
    }
    free(operands.list);
    return result;
}

const motet_tool_verb motet_tool_check = {
    .name = "check", .summary = "tell every error of a timeline", .help = help, .run = run};
