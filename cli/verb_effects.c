/* motet effects: the effects and the tables of their parameters. */
#include "effect_table.h"
#include "options.h"
#include "output.h"
#include "verbs.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char help[] =
    "Usage: motet effects [TYPE] [--json]\n"
    "\n"
    "Lists the effects, or tells the parameters of one: name, unit, range, default, and what each does. \"log\" says\n"
    "that it fades evenly in its logarithm, \"step\" that it changes at once, by whole numbers.\n"
    "\n"
    "  --json   one JSON document: [{\"name\", \"text\", \"wet\", \"has_key\", \"parameters\": [{\"name\", \"unit\", "
    "\"minimum\",\n"
    "           \"maximum\", \"default\", \"curve\", \"choices\", \"text\"}]}]; \"wet\" is its default; choices may be "
    "null\n"
    "\n"
    "Exit status: 0 success, 1 there is no such type, 2 wrong usage.\n";

static const char *const curve_names[] = {"linear", "log", "step"};

_Static_assert(MOTET_PARAMETER_LINEAR == 0 && MOTET_PARAMETER_LOG == 1 && MOTET_PARAMETER_STEP == 2,
               "a curve is its place");

/* ---------------------------------------------------------------------------------------------------------- JSON */

/* The number that its shortest text stands for: 0.1 and not 0.100000001. */
static json_t *json_float(float value)
{
    char text[32];
    double number = (double)value;
    for (int digits = 1; digits <= 9; digits++) {
        (void)snprintf(text, sizeof text, "%.*g", digits, number);
        if (strtof(text, NULL) == value) {
            break;
        }
    }
    number = strtod(text, NULL);
    return number == floor(number) && fabs(number) < 1e9 ? json_integer((json_int_t)number) : json_real(number);
}

static json_t *parameter_to_json(const motet_parameter *parameter)
{
    json_t *choices = parameter->choices != NULL ? json_array() : json_null();
    for (size_t i = 0; parameter->choices != NULL && parameter->choices[i] != NULL; i++) {
        (void)json_array_append_new(choices, motet_json_text(parameter->choices[i]));
    }
    json_t *document = json_object();
    (void)json_object_set_new(document, "name", motet_json_text(parameter->name));
    (void)json_object_set_new(document, "unit", motet_json_text(parameter->unit));
    (void)json_object_set_new(document, "minimum", json_float(parameter->minimum));
    (void)json_object_set_new(document, "maximum", json_float(parameter->maximum));
    (void)json_object_set_new(document, "default", json_float(parameter->initial));
    (void)json_object_set_new(document, "curve", json_string(curve_names[parameter->curve]));
    (void)json_object_set_new(document, "choices", choices);
    (void)json_object_set_new(document, "text", motet_json_text(parameter->text));
    return document;
}

static json_t *type_to_json(const motet_effect_type *type)
{
    json_t *parameters = json_array();
    for (uint32_t i = 0; i < type->parameter_count; i++) {
        (void)json_array_append_new(parameters, parameter_to_json(&type->parameters[i]));
    }
    json_t *document = json_object();
    (void)json_object_set_new(document, "name", motet_json_text(type->name));
    (void)json_object_set_new(document, "text", motet_json_text(type->text));
    (void)json_object_set_new(document, "wet", json_float(type->wet));
    (void)json_object_set_new(document, "has_key", json_boolean(type->has_key));
    (void)json_object_set_new(document, "parameters", parameters);
    return document;
}

/* ---------------------------------------------------------------------------------------------------------- Text */

enum { COLUMNS = 5 };

/* A row: name, range with unit, default, curve, what it does. Give each back with free(). */
typedef struct row {
    char *cells[COLUMNS];
} row;

/* "12", "off", "\"fold\"": a value as a timeline writes it. */
static char *value_text(const motet_parameter *parameter, float value)
{
    if (parameter->choices != NULL) {
        return motet_string_format("\"%s\"", parameter->choices[(size_t)(value - parameter->minimum)]);
    }
    if (motet_effect_is_switch(parameter)) {
        return motet_string_copy(value != 0 ? "true" : "false");
    }
    return motet_string_format("%.7g", (double)value);
}

static char *range_text(const motet_parameter *parameter)
{
    char *text = NULL;
    if (parameter->choices != NULL) {
        text = motet_string_copy("");
        for (size_t i = 0; parameter->choices[i] != NULL; i++) {
            char *longer = motet_string_format("%s%s\"%s\"", text, i > 0 ? " " : "", parameter->choices[i]);
            free(text);
            text = longer;
        }
    } else if (motet_effect_is_switch(parameter)) {
        text = motet_string_copy("false, true");
    } else {
        text = motet_string_format("%.7g ... %.7g%s%s", (double)parameter->minimum, (double)parameter->maximum,
                                   *parameter->unit != '\0' ? " " : "", parameter->unit);
    }
    return text;
}

static row row_of(const motet_parameter *parameter, float initial)
{
    return (row){{motet_string_copy(parameter->name), range_text(parameter), value_text(parameter, initial),
                  motet_string_copy(curve_names[parameter->curve]), motet_string_copy(parameter->text)}};
}

static void print_rows(const row *rows, size_t count)
{
    int widths[COLUMNS] = {0};
    for (size_t i = 0; i < count; i++) {
        for (int c = 0; c < COLUMNS; c++) {
            int width = (int)strlen(rows[i].cells[c]);
            widths[c] = width > widths[c] ? width : widths[c];
        }
    }
    for (size_t i = 0; i < count; i++) {
        fputs(" ", stdout);
        for (int c = 0; c < COLUMNS - 1; c++) {
            printf(" %-*s ", widths[c], rows[i].cells[c]);
        }
        printf(" %s\n", rows[i].cells[COLUMNS - 1]);
    }
}

static void print_type(const motet_effect_type *type)
{
    enum { ROWS = MOTET_MAX_PARAMETERS + MOTET_EFFECT_COMMON_COUNT + 1 };
    row rows[ROWS];
    size_t count = 0;
    rows[count++] = (row){{motet_string_copy("PARAMETER"), motet_string_copy("RANGE"), motet_string_copy("DEFAULT"),
                           motet_string_copy("CURVE"), motet_string_copy("WHAT IT DOES")}};
    for (uint32_t i = 0; i < type->parameter_count; i++) {
        rows[count++] = row_of(&type->parameters[i], type->parameters[i].initial);
    }
    for (size_t i = 0; i < MOTET_EFFECT_COMMON_COUNT; i++) {
        const motet_parameter *parameter = &motet_effect_common[i];
        bool wet = strcmp(parameter->name, "wet") == 0;
        rows[count++] = row_of(parameter, wet ? type->wet : parameter->initial);
    }
    printf("%s: %s\n\n", type->name, type->text);
    print_rows(rows, count);
    if (type->has_key) {
        puts("\nIt can listen to another bus: \"key\".");
    }
    for (size_t i = 0; i < count; i++) {
        for (int c = 0; c < COLUMNS; c++) {
            free(rows[i].cells[c]);
        }
    }
}

static void print_list(void)
{
    const motet_effect_type *type = NULL;
    int width = 0;
    while ((type = motet_effect_type_next(type)) != NULL) {
        int length = (int)strlen(type->name);
        width = length > width ? length : width;
    }
    while ((type = motet_effect_type_next(type)) != NULL) {
        printf("  %-*s  %s\n", width, type->name, type->text);
    }
}

/* ---------------------------------------------------------------------------------------------------------- Verb */

static void tell_unknown(const char *name, const char *nearest, bool json)
{
    char *text = nearest != NULL ? motet_string_format("no effect \"%s\"; did you mean \"%s\"?", name, nearest)
                                 : motet_string_format("no effect \"%s\"; \"motet effects\" lists them", name);
    motet_output_error("%s", text);
    if (json) {
        json_t *error = json_object();
        json_t *errors = json_array();
        json_t *document = json_object();
        (void)json_object_set_new(error, "file", json_null());
        (void)json_object_set_new(error, "line", json_null());
        (void)json_object_set_new(error, "message", motet_json_text(text));
        (void)json_array_append_new(errors, error);
        (void)json_object_set_new(document, "errors", errors);
        (void)motet_output_json(document);
    }
    free(text);
}

static int effects(const char *name, bool json)
{
    const char *nearest = NULL;
    const motet_effect_type *type = name != NULL ? motet_effect_type_of(name, &nearest) : NULL;
    if (name != NULL && type == NULL) {
        tell_unknown(name, nearest, json);
        return MOTET_EXIT_FAILED;
    }
    if (json) {
        json_t *list = json_array();
        const motet_effect_type *one = NULL;
        while ((one = motet_effect_type_next(one)) != NULL) {
            if (type == NULL || one == type) {
                (void)json_array_append_new(list, type_to_json(one));
            }
        }
        return motet_output_json(list) ? MOTET_EXIT_OK : MOTET_EXIT_FAILED;
    }
    if (type != NULL) {
        print_type(type);
    } else {
        print_list();
    }
    return motet_output_flush() ? MOTET_EXIT_OK : MOTET_EXIT_FAILED;
}

static int run(int count, char *const *arguments)
{
    bool json = false;
    const motet_option options[] = {{.name = "--json", .kind = MOTET_OPTION_FLAG, .value = &json}};
    motet_operands operands = {.list = motet_memory_take((size_t)count, sizeof(char *))};
    int result = motet_options_read("effects", options, 1, count, arguments, &operands);
    if (result == MOTET_EXIT_OK) {
        result = motet_options_expect("effects", operands.count <= 1, "[TYPE] [--json]")
                     ? effects(operands.count == 1 ? operands.list[0] : NULL, json)
                     : MOTET_EXIT_USAGE;
    }
    free(operands.list);
    return result;
}

const motet_tool_verb motet_tool_effects = {
    .name = "effects", .summary = "the effects and their parameters", .help = help, .run = run};
