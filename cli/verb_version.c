/* motet version: what this build is made of. */
#include "options.h"
#include "output.h"
#include "verbs.h"

#include <stdio.h>
#include <stdlib.h>

static const char help[] =
    "Usage: motet version [--json]\n"
    "\n"
    "Tells the version, how it was built, its decoders and device back ends, and the SIMD level in use.\n"
    "\n"
    "  --json   one JSON document: {\"version\", \"build_options\": {\"compiler\", \"assertions\"}, \"decoders\": [],\n"
    "           \"device_backends\": [], \"simd\"}\n"
    "\n"
    "Exit status: 0 success, 2 wrong usage.\n";

enum { MAX_DECODERS = 8, MAX_BACKENDS = 4 };

static json_t *to_json(const motet_build_info *build)
{
    json_t *decoders = json_array();
    json_t *backends = json_array();
    for (size_t i = 0; i < MAX_DECODERS && build->decoders[i] != NULL; i++) {
        (void)json_array_append_new(decoders, motet_json_text(build->decoders[i]));
    }
    for (size_t i = 0; i < MAX_BACKENDS && build->device_backends[i][0] != '\0'; i++) {
        (void)json_array_append_new(backends, motet_json_text(build->device_backends[i]));
    }
    (void)json_array_append_new(backends, json_string("null"));
    (void)json_array_append_new(backends, json_string("manual"));
    json_t *options = json_object();
    (void)json_object_set_new(options, "compiler", motet_json_text(build->compiler));
#ifdef NDEBUG
    (void)json_object_set_new(options, "assertions", json_false());
#else
    (void)json_object_set_new(options, "assertions", json_true());
#endif
    json_t *document = json_object();
    (void)json_object_set_new(document, "version", motet_json_text(build->version));
    (void)json_object_set_new(document, "build_options", options);
    (void)json_object_set_new(document, "decoders", decoders);
    (void)json_object_set_new(document, "device_backends", backends);
    (void)json_object_set_new(document, "simd", motet_json_text(build->simd));
    return document;
}

static void print_list(const char *name, const json_t *list)
{
    printf("%-9s", name);
    for (size_t i = 0; i < json_array_size(list); i++) {
        printf("%s%s", i > 0 ? ", " : " ", json_string_value(json_array_get(list, i)));
    }
    putchar('\n');
}

static void print(const json_t *document)
{
    const json_t *options = json_object_get(document, "build_options");
    printf("motet %s\n", json_string_value(json_object_get(document, "version")));
    printf("%-9s %s, assertions %s\n", "build", json_string_value(json_object_get(options, "compiler")),
           json_is_true(json_object_get(options, "assertions")) ? "on" : "off");
    print_list("decoders", json_object_get(document, "decoders"));
    print_list("devices", json_object_get(document, "device_backends"));
    printf("%-9s %s\n", "simd", json_string_value(json_object_get(document, "simd")));
}

static int version(bool json)
{
    motet_build_info build;
    if (motet_get_build_info(&build) != MOTET_OK) {
        motet_output_error("%s", motet_last_error());
        return MOTET_EXIT_FAILED;
    }
    json_t *document = to_json(&build);
    if (json) {
        return motet_output_json(document) ? MOTET_EXIT_OK : MOTET_EXIT_FAILED;
    }
    print(document);
    json_decref(document);
    return motet_output_flush() ? MOTET_EXIT_OK : MOTET_EXIT_FAILED;
}

static int run(int count, char *const *arguments)
{
    bool json = false;
    const motet_option options[] = {{.name = "--json", .kind = MOTET_OPTION_FLAG, .value = &json}};
    motet_operands operands = {.list = motet_memory_take((size_t)count, sizeof(char *))};
    int result = motet_options_read("version", options, 1, count, arguments, &operands);
    if (result == MOTET_EXIT_OK) {
        result = motet_options_expect("version", operands.count == 0, "[--json]") ? version(json) : MOTET_EXIT_USAGE;
    }
    free(operands.list);
    return result;
}

const motet_tool_verb motet_tool_version = {
    .name = "version", .summary = "what this build is made of", .help = help, .run = run};
