#include "timeline_values.h"

#include "memory.h"
#include "motet/motet.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One object while it is read. */
typedef struct reader {
    motet_value *values;
    const motet_keys *keys;
    const motet_time_base *base;
    motet_problems *problems;
    uint32_t line;
} reader;

static const double LARGEST_EXACT = 9007199254740991.0; /* 2^53 - 1 */

char *motet_value_text(const json_t *value)
{
    enum { LONGEST = 60 };
    char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_REAL_PRECISION(9));
    if (text == NULL) {
        return motet_string_copy("(unreadable)");
    }
    if (strlen(text) > LONGEST) {
        size_t cut = LONGEST - 3;
        while (cut > 0 && ((unsigned char)text[cut] & 0xC0U) == 0x80U) {
            cut--; /* not in the middle of a UTF-8 character */
        }
        memcpy(text + cut, "...", 4);
    }
    return text;
}

/* ------------------------------------------------------------------------------------------ What was expected */

static char *expected_number(const motet_key *key)
{
    const char *noun = key->kind == MOTET_KEY_WHOLE ? "a whole number" : "a number";
    if (key->kind == MOTET_KEY_POSITIVE) {
        return key->max > 0 ? motet_string_format("%s above 0, at most %.10g", noun, key->max)
                            : motet_string_format("%s above 0", noun);
    }
    if (key->min == 0 && key->max == 0) {
        return motet_string_copy(noun);
    }
    if (key->max >= LARGEST_EXACT) {
        return motet_string_format("%s, %.10g or above", noun, key->min);
    }
    return motet_string_format("%s from %.10g to %.10g", noun, key->min, key->max);
}

static char *expected_choice(const motet_key *key)
{
    char *text = motet_string_copy("");
    for (size_t i = 0; key->choices[i] != NULL; i++) {
        const char *join = i == 0 ? "" : key->choices[i + 1] == NULL ? " or " : ", ";
        char *longer = motet_string_format("%s%s\"%s\"", text, join, key->choices[i]);
        free(text);
        text = longer;
    }
    return text;
}

static char *expected_text(const motet_key *key)
{
    static const char *const texts[] = {
        [MOTET_KEY_TEXT] = "a string that is not empty",
        [MOTET_KEY_NOTE] = "a string",
        [MOTET_KEY_TIME] = "a whole number of frames, 0 or above, or a string like \"10ms\", \"1.5s\" or \"2beats\"",
        [MOTET_KEY_POSITION] =
            "a whole number of the sound's frames, 0 or above, or a string like \"10ms\", \"1.5s\" or \"2beats\"",
        [MOTET_KEY_FLAG] = "true or false",
        [MOTET_KEY_NAMES] = "a list of names",
        [MOTET_KEY_WEIGHTS] = "a list of numbers above 0, at most 1000000",
        [MOTET_KEY_RANGE] = "two numbers like [-40, -1], the lowest and the highest",
        [MOTET_KEY_COUNTS] = "two whole numbers like [0, 12], the least and the most",
        [MOTET_KEY_OBJECTS] = "a list of objects",
        [MOTET_KEY_OBJECT] = "an object",
        [MOTET_KEY_ANY] = "a value",
    };
    switch (key->kind) {
    case MOTET_KEY_NUMBER:
    case MOTET_KEY_POSITIVE:
    case MOTET_KEY_WHOLE: return expected_number(key);
    case MOTET_KEY_CHOICE: return expected_choice(key);
    default: return motet_string_copy(texts[key->kind]);
    }
}

static void complain(const reader *in, const motet_key *key, const json_t *value, const char *expected)
{
    char *shown = motet_value_text(value);
    motet_problems_error(in->problems, in->line, "\"%s\" in \"%s\" is %s; expected %s", key->name, in->keys->name,
                         shown, expected);
    free(shown);
}

static bool refuse(const reader *in, const motet_key *key, const json_t *value)
{
    char *expected = expected_text(key);
    complain(in, key, value, expected);
    free(expected);
    return false;
}

static bool refuse_later(const reader *in, const motet_key *key, const json_t *value)
{
    char *shown = motet_value_text(value);
    motet_problems_error(in->problems, in->line, "\"%s\" %s in \"%s\" is not in this version", key->name, shown,
                         in->keys->name);
    free(shown);
    return false;
}

/* ----------------------------------------------------------------------------------------------------- Values */

/* A number that is whole, written as 480 or 480.0. */
static bool read_whole(const json_t *value, uint64_t *whole)
{
    if (json_is_integer(value) && json_integer_value(value) >= 0) {
        *whole = (uint64_t)json_integer_value(value);
        return true;
    }
    double real = json_is_real(value) ? json_real_value(value) : -1;
    if (real >= 0 && real <= LARGEST_EXACT && real == floor(real)) {
        *whole = (uint64_t)real;
        return true;
    }
    return false;
}

static bool read_duration(const reader *in, const motet_key *key, const json_t *value, motet_value *result)
{
    uint64_t whole = 0;
    if (read_whole(value, &whole)) {
        result->duration = (motet_duration){.whole = whole, .unit = MOTET_UNIT_FRAMES};
        if (whole > MOTET_TIME_MAX_FRAMES) {
            return refuse(in, key, value);
        }
    } else if (!json_is_string(value) || !motet_duration_parse(json_string_value(value), &result->duration)) {
        return refuse(in, key, value);
    }
    /* A position is checked at the engine's rate too: it only has to be sane here. */
    result->frames = motet_duration_frames(result->duration, in->base);
    if (result->frames == UINT64_MAX) {
        return refuse(in, key, value);
    }
    if (key->max > 0 && (double)result->frames > key->max * in->base->rate_hz) {
        char *expected = motet_string_format("at most %.0f s", key->max);
        complain(in, key, value, expected);
        free(expected);
        return false;
    }
    return true;
}

static bool read_number(const reader *in, const motet_key *key, const json_t *value, motet_value *result)
{
    if (!json_is_number(value)) {
        return refuse(in, key, value);
    }
    result->number = json_number_value(value);
    bool positive = key->kind != MOTET_KEY_POSITIVE || result->number > 0;
    bool in_range = (key->min == 0 && key->max == 0) || (result->number >= key->min && result->number <= key->max);
    return (isfinite(result->number) && positive && in_range) || refuse(in, key, value);
}

static bool read_choice(const reader *in, const motet_key *key, const json_t *value, motet_value *result)
{
    const char *text = json_string_value(value);
    size_t count = 0;
    for (; key->choices[count] != NULL; count++) {
        if (text != NULL && strcmp(text, key->choices[count]) == 0) {
            result->whole = count;
            return count < key->choices_now || refuse_later(in, key, value);
        }
    }
    char *expected = expected_choice(key);
    const char *nearest = text != NULL ? motet_nearest_name(text, key->choices, count) : NULL;
    if (nearest != NULL) {
        char *longer = motet_string_format("%s; did you mean \"%s\"?", expected, nearest);
        free(expected);
        expected = longer;
    }
    complain(in, key, value, expected);
    free(expected);
    return false;
}

static bool is_list_of(const json_t *value, motet_key_kind kind)
{
    const double smallest = 1e-30; /* that is above 0 as a float too */
    const double largest = 1e6;
    bool good = json_is_array(value);
    for (size_t i = 0; good && i < json_array_size(value); i++) {
        const json_t *item = json_array_get(value, i);
        good = kind == MOTET_KEY_NAMES     ? json_is_string(item) && json_string_length(item) > 0
               : kind == MOTET_KEY_OBJECTS ? json_is_object(item)
                                           : json_number_value(item) >= smallest && json_number_value(item) <= largest;
    }
    return good;
}

static bool read_pair(const reader *in, const motet_key *key, const json_t *value, motet_value *result)
{
    const json_t *low = json_array_get(value, 0); /* NULL where it is no list */
    const json_t *high = json_array_get(value, 1);
    bool good = json_array_size(value) == 2 && json_is_number(low) && json_is_number(high);
    result->number = json_number_value(low);
    result->second = json_number_value(high);
    if (key->kind == MOTET_KEY_COUNTS) {
        uint64_t whole = 0;
        good = good && read_whole(low, &whole) && read_whole(high, &whole);
    }
    return (good && isfinite(result->number) && isfinite(result->second) && result->number <= result->second) ||
           refuse(in, key, value);
}

static bool read_value(const reader *in, const motet_key *key, const json_t *value, motet_value *result)
{
    switch (key->kind) {
    case MOTET_KEY_TEXT:
    case MOTET_KEY_NOTE:
        result->text = json_string_value(value);
        if (result->text == NULL || (key->kind == MOTET_KEY_TEXT && *result->text == '\0')) {
            return refuse(in, key, value);
        }
        return true;
    case MOTET_KEY_TIME:
    case MOTET_KEY_POSITION: return read_duration(in, key, value, result);
    case MOTET_KEY_NUMBER:
    case MOTET_KEY_POSITIVE: return read_number(in, key, value, result);
    case MOTET_KEY_WHOLE:
        return (read_whole(value, &result->whole) && (double)result->whole >= key->min &&
                (key->max == 0 || (double)result->whole <= key->max)) ||
               refuse(in, key, value);
    case MOTET_KEY_FLAG:
        result->whole = json_is_true(value) ? 1 : 0;
        return json_is_boolean(value) || refuse(in, key, value);
    case MOTET_KEY_CHOICE: return read_choice(in, key, value, result);
    case MOTET_KEY_NAMES:
    case MOTET_KEY_OBJECTS:
    case MOTET_KEY_WEIGHTS: result->object = value; return is_list_of(value, key->kind) || refuse(in, key, value);
    case MOTET_KEY_RANGE:
    case MOTET_KEY_COUNTS: return read_pair(in, key, value, result);
    case MOTET_KEY_OBJECT: result->object = value; return json_is_object(value) || refuse(in, key, value);
    case MOTET_KEY_ANY: result->object = value; return true;
    }
    return false;
}

/* Whether a value is the key's default, which is all that this version knows of some keys. */
static bool is_default(const motet_key *key, const motet_value *value)
{
    switch (key->kind) {
    case MOTET_KEY_TIME:
    case MOTET_KEY_POSITION: return value->duration.whole == 0 && value->duration.trillionths == 0;
    case MOTET_KEY_WHOLE:
    case MOTET_KEY_FLAG:
    case MOTET_KEY_CHOICE: return (double)value->whole == key->fallback;
    default: return value->number == key->fallback;
    }
}

static bool read_key(const reader *in, const motet_key *key, const json_t *value)
{
    motet_value result = {.written = true, .present = true};
    in->values[key->field].written = true;
    if (key->no_default) {
        motet_problems_error(in->problems, in->line, "\"%s\" in \"%s\" is not in this version", key->name,
                             in->keys->name);
        return false;
    }
    if (!read_value(in, key, value, &result)) {
        return false;
    }
    if (key->later && !is_default(key, &result)) {
        return refuse_later(in, key, value);
    }
    in->values[key->field] = result;
    return true;
}

/* ------------------------------------------------------------------------------------------------------ Tables */

static const motet_key *find_key(const motet_keys *keys, const char *name)
{
    for (size_t i = 0; i < keys->count; i++) {
        if (strcmp(keys->keys[i].name, name) == 0) {
            return &keys->keys[i];
        }
    }
    return NULL;
}

static bool is_verb(const char *name)
{
    for (size_t v = 0; v < MOTET_VERB_COUNT; v++) {
        if (strcmp(motet_verb_keys[v].name, name) == 0) {
            return true;
        }
    }
    return false;
}

static bool refuse_unknown(const reader *in, const char *name)
{
    const char *names[MOTET_FIELD_COUNT];
    size_t count = 0;
    char *list = motet_string_copy("");
    for (size_t i = 0; i < in->keys->count && i < MOTET_FIELD_COUNT; i++) {
        names[count++] = in->keys->keys[i].name;
        char *longer = motet_string_format("%s%s\"%s\"", list, i > 0 ? ", " : "", in->keys->keys[i].name);
        free(list);
        list = longer;
    }
    const char *nearest = motet_nearest_name(name, names, count);
    if (strcmp(name, "at") == 0) {
        motet_problems_error(in->problems, in->line,
                             "unknown key \"at\" in \"%s\"; expected none: a definition holds from frame 0",
                             in->keys->name);
    } else if (is_verb(name)) {
        motet_problems_error(in->problems, in->line, "unknown key \"%s\" in \"%s\"; expected one verb a line", name,
                             in->keys->name);
    } else if (nearest != NULL) {
        motet_problems_error(in->problems, in->line, "unknown key \"%s\" in \"%s\"; did you mean \"%s\"?", name,
                             in->keys->name, nearest);
    } else {
        motet_problems_error(in->problems, in->line, "unknown key \"%s\" in \"%s\"; expected one of %s", name,
                             in->keys->name, list);
    }
    free(list);
    return false;
}

static void set_defaults(motet_value values[MOTET_FIELD_COUNT], const motet_keys *keys)
{
    memset(values, 0, sizeof(motet_value) * MOTET_FIELD_COUNT);
    for (size_t i = 0; i < keys->count; i++) {
        const motet_key *key = &keys->keys[i];
        values[key->field].number = key->fallback;
        values[key->field].whole = (uint64_t)key->fallback;
    }
}

bool motet_values_read(motet_value values[MOTET_FIELD_COUNT], const motet_keys *keys, const json_t *object,
                       const motet_time_base *base, motet_problems *problems, uint32_t line)
{
    const reader in = {.values = values, .keys = keys, .base = base, .problems = problems, .line = line};
    bool good = true;
    set_defaults(values, keys);
    /* jansson's iteration takes no const object but changes nothing. */
    json_t *iterated = (json_t *)(uintptr_t)object;
    for (void *i = json_object_iter(iterated); i != NULL; i = json_object_iter_next(iterated, i)) {
        const char *name = json_object_iter_key(i);
        const motet_key *key = find_key(keys, name);
        if (key == NULL && keys->open && strcmp(name, "at") != 0) {
            continue;
        }
        good = (key != NULL ? read_key(&in, key, json_object_iter_value(i)) : refuse_unknown(&in, name)) && good;
    }
    for (size_t i = 0; i < keys->count; i++) {
        const motet_key *key = &keys->keys[i];
        if (key->required && json_object_get(object, key->name) == NULL) {
            char *expected = expected_text(key);
            motet_problems_error(problems, line, "no \"%s\" in \"%s\"; expected %s", key->name, keys->name, expected);
            free(expected);
            good = false;
        }
    }
    return good;
}
