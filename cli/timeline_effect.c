/* The lines that define effects and sends, and the parameters of effects, whose keys depend on the type. */
#include "effect_table.h"
#include "timeline_parser.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

bool motet_parser_find_effect(motet_parser *parser, const char *name, uint32_t *effect)
{
    size_t index = 0;
    if (motet_names_find(&parser->effects, name, &index)) {
        *effect = (uint32_t)index;
        return true;
    }
    const char *nearest = motet_names_nearest(&parser->effects, name);
    if (nearest != NULL) {
        motet_parser_error(parser, "unknown effect \"%s\" in \"%s\"; did you mean \"%s\"?", name, parser->verb,
                           nearest);
    } else {
        motet_parser_error(parser, "unknown effect \"%s\" in \"%s\"; expected one that an earlier line defines", name,
                           parser->verb);
    }
    return false;
}

/* ---------------------------------------------------------------------------------------------------- Parameters */

static bool is_of_seconds(const motet_parameter *parameter)
{
    return strcmp(parameter->unit, "s") == 0;
}

static size_t count_choices(const motet_parameter *parameter)
{
    size_t count = 0;
    while (parameter->choices[count] != NULL) {
        count++;
    }
    return count;
}

/* What a text says of a parameter: the number of a choice, or a time. NaN: nothing. */
static double number_of_text(const motet_parser *parser, const motet_parameter *parameter, const char *text)
{
    motet_duration duration;
    if (parameter->choices != NULL) {
        for (size_t i = 0; parameter->choices[i] != NULL; i++) {
            if (strcmp(parameter->choices[i], text) == 0) {
                return (double)parameter->minimum + (double)i;
            }
        }
    } else if (is_of_seconds(parameter) && motet_duration_parse(text, &duration) &&
               duration.unit != MOTET_UNIT_FRAMES) {
        uint64_t frames = motet_duration_frames(duration, &parser->base);
        return frames != UINT64_MAX ? (double)frames / parser->base.rate_hz : (double)NAN;
    }
    return (double)NAN;
}

static char *list_choices(const motet_parameter *parameter)
{
    char *text = motet_string_copy("");
    for (size_t i = 0; parameter->choices[i] != NULL; i++) {
        const char *join = i == 0 ? "" : parameter->choices[i + 1] == NULL ? " or " : ", ";
        char *longer = motet_string_format("%s%s\"%s\"", text, join, parameter->choices[i]);
        free(text);
        text = longer;
    }
    return text;
}

static char *expected_of(const motet_parameter *parameter)
{
    if (parameter->choices != NULL) {
        return list_choices(parameter);
    }
    if (motet_effect_is_switch(parameter)) {
        return motet_string_copy("true or false");
    }
    return motet_string_format(
        "%s from %.7g to %.7g%s%s%s", parameter->curve == MOTET_PARAMETER_STEP ? "a whole number" : "a number",
        (double)parameter->minimum, (double)parameter->maximum, *parameter->unit != '\0' ? " " : "", parameter->unit,
        is_of_seconds(parameter) ? ", or a string like \"10ms\"" : "");
}

static void complain(motet_parser *parser, const motet_parameter *parameter, const json_t *value)
{
    char *shown = motet_value_text(value);
    char *expected = expected_of(parameter);
    const char *text = json_string_value(value);
    const char *nearest = parameter->choices != NULL && text != NULL
                              ? motet_nearest_name(text, parameter->choices, count_choices(parameter))
                              : NULL;
    if (nearest != NULL) {
        motet_parser_error(parser, "\"%s\" in \"%s\" is %s; expected %s; did you mean \"%s\"?", parameter->name,
                           parser->verb, shown, expected, nearest);
    } else {
        motet_parser_error(parser, "\"%s\" in \"%s\" is %s; expected %s", parameter->name, parser->verb, shown,
                           expected);
    }
    free(expected);
    free(shown);
}

static bool read_parameter(motet_parser *parser, const motet_parameter *parameter, const json_t *value, float *result)
{
    const double largest = 1e30; /* of what is made a float */
    double number = (double)NAN;
    if (json_is_number(value)) {
        number = json_number_value(value);
    } else if (json_is_boolean(value) && motet_effect_is_switch(parameter)) {
        number = json_is_true(value) ? 1 : 0;
    } else if (json_is_string(value)) {
        number = number_of_text(parser, parameter, json_string_value(value));
    }
    bool good = fabs(number) <= largest; /* and no NaN */
    *result = good ? (float)number : 0;
    good = good && *result >= parameter->minimum && *result <= parameter->maximum &&
           (parameter->curve != MOTET_PARAMETER_STEP || number == floor(number));
    if (!good) {
        complain(parser, parameter, value);
    }
    return good;
}

static bool is_key_of(const motet_keys *keys, const char *name)
{
    for (size_t i = 0; i < keys->count; i++) {
        if (strcmp(keys->keys[i].name, name) == 0) {
            return true;
        }
    }
    return strcmp(name, "at") == 0; /* told already where it is wrong */
}

static void complain_of_unknown(motet_parser *parser, const motet_keys *keys, const motet_effect_type *type,
                                const char *name)
{
    enum { FIXED_KEYS = 8 };
    const char *names[MOTET_MAX_PARAMETERS + MOTET_EFFECT_COMMON_COUNT + FIXED_KEYS];
    size_t count = 0;
    char *list = motet_string_copy("");
    for (uint32_t i = 0; i < type->parameter_count + MOTET_EFFECT_COMMON_COUNT; i++) {
        const motet_parameter *parameter =
            i < type->parameter_count ? &type->parameters[i] : &motet_effect_common[i - type->parameter_count];
        names[count++] = parameter->name;
        char *longer = motet_string_format("%s%s\"%s\"", list, i > 0 ? ", " : "", parameter->name);
        free(list);
        list = longer;
    }
    for (size_t i = 0; i < keys->count && i < FIXED_KEYS; i++) {
        names[count++] = keys->keys[i].name;
    }
    const char *nearest = motet_nearest_name(name, names, count);
    if (nearest != NULL) {
        motet_parser_error(parser, "unknown key \"%s\" in \"%s\" of type \"%s\"; did you mean \"%s\"?", name,
                           parser->verb, type->name, nearest);
    } else {
        motet_parser_error(parser, "unknown key \"%s\" in \"%s\" of type \"%s\"; expected one of %s", name,
                           parser->verb, type->name, list);
    }
    free(list);
}

bool motet_parser_read_settings(motet_parser *parser, motet_verb verb, const motet_effect_type *type,
                                motet_timeline_range *settings)
{
    motet_timeline *timeline = parser->timeline;
    const char *name = NULL;
    json_t *value = NULL;
    bool good = true;
    settings->first = (uint32_t)timeline->effect_setting_count;
    json_object_foreach(parser->object, name, value)
    {
        if (is_key_of(&motet_verb_keys[verb], name)) {
            continue;
        }
        const motet_parameter *parameter = motet_effect_parameter(type, name);
        motet_effect_setting setting = {0};
        if (parameter == NULL) {
            complain_of_unknown(parser, &motet_verb_keys[verb], type, name);
        }
        if (parameter == NULL || !read_parameter(parser, parameter, value, &setting.value)) {
            good = false;
            continue;
        }
        setting.parameter = parameter->name;
        timeline->effect_settings = motet_memory_grow(timeline->effect_settings, timeline->effect_setting_count,
                                                      &timeline->effect_setting_capacity, sizeof setting);
        timeline->effect_settings[timeline->effect_setting_count++] = setting;
    }
    settings->count = (uint32_t)timeline->effect_setting_count - settings->first;
    return good;
}

/* --------------------------------------------------------------------------------------------------- Definitions */

static const motet_effect_type *find_type(motet_parser *parser, const char *name)
{
    const char *nearest = NULL;
    const motet_effect_type *type = motet_effect_type_of(name, &nearest);
    if (type == NULL && nearest != NULL) {
        motet_parser_error(parser, "unknown type \"%s\" in \"effect\"; did you mean \"%s\"?", name, nearest);
    } else if (type == NULL) {
        motet_parser_error(parser, "unknown type \"%s\" in \"effect\"; expected one that \"motet effects\" lists",
                           name);
    }
    return type;
}

static void read_key(motet_parser *parser, motet_timeline_effect *effect)
{
    const motet_value *key = &parser->values[MOTET_FIELD_KEY];
    if (!key->present || !motet_parser_find_bus(parser, key->text, &effect->key)) {
        return;
    }
    effect->has_key = true;
    if (effect->type != NULL && !effect->type->has_key) {
        motet_parser_error(parser, "\"key\" in \"effect\" of type \"%s\", which listens to none; expected no \"key\"",
                           effect->type->name);
    }
}

void motet_parser_define_effect(motet_parser *parser)
{
    motet_timeline *timeline = parser->timeline;
    const motet_value *values = parser->values;
    const char *name = values[MOTET_FIELD_NAME].text;
    motet_timeline_effect effect = {.line = parser->line};
    if (values[MOTET_FIELD_ON].present) {
        (void)motet_parser_find_bus(parser, values[MOTET_FIELD_ON].text, &effect.bus);
    }
    if (values[MOTET_FIELD_TYPE].present) {
        effect.type = find_type(parser, values[MOTET_FIELD_TYPE].text);
    }
    read_key(parser, &effect);
    if (effect.type != NULL) {
        (void)motet_parser_read_settings(parser, MOTET_VERB_EFFECT, effect.type, &effect.settings);
    }
    size_t earlier = 0;
    if (name != NULL && motet_names_find(&parser->effects, name, &earlier)) {
        motet_parser_error(parser, "effect \"%s\" is already defined in line %u; expected another name", name,
                           (unsigned)timeline->effects[earlier].line);
    } else if (name != NULL) {
        effect.name = motet_parser_keep(parser, name);
        timeline->effects =
            motet_memory_grow(timeline->effects, timeline->effect_count, &timeline->effect_capacity, sizeof effect);
        motet_names_set(&parser->effects, name, timeline->effect_count);
        timeline->effects[timeline->effect_count++] = effect;
    }
}

void motet_parser_define_send(motet_parser *parser)
{
    motet_timeline *timeline = parser->timeline;
    const motet_value *values = parser->values;
    const motet_value *from = &values[MOTET_FIELD_NAME];
    const motet_value *to = &values[MOTET_FIELD_TO];
    motet_timeline_send send = {
        .line = parser->line,
        .volume_db = motet_parser_clamp(values[MOTET_FIELD_VOLUME_DB].number, MOTET_VOLUME_MIN_DB, MOTET_VOLUME_MAX_DB),
        .pre = values[MOTET_FIELD_PRE].whole != 0,
    };
    bool good = from->present && motet_parser_find_bus(parser, from->text, &send.from);
    good = to->present && motet_parser_find_bus(parser, to->text, &send.to) && good;
    if (!good || !parser->good) {
        return;
    }
    for (size_t i = 0; i < timeline->send_count; i++) {
        const motet_timeline_send *earlier = &timeline->sends[i];
        if (earlier->from != send.from || earlier->to != send.to || earlier->pre != send.pre) {
            continue;
        }
        if (earlier->volume_db != send.volume_db) {
            motet_parser_error(parser,
                               "the send of \"%s\" to \"%s\" is already defined in line %u with another "
                               "\"volume_db\"; expected the same value",
                               from->text, to->text, (unsigned)earlier->line);
        }
        return;
    }
    timeline->sends = motet_memory_grow(timeline->sends, timeline->send_count, &timeline->send_capacity, sizeof send);
    timeline->sends[timeline->send_count++] = send;
}
