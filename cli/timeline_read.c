/* From the file to lines, from lines to verbs: the header, the order of times, and everything that is wrong with a
 * line before its verb is known. */
#include "timeline_parser.h"

#include "files.h"

#include <stdlib.h>
#include <string.h>

void motet_parser_error(motet_parser *parser, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    char *text = motet_string_format_list(format, arguments);
    va_end(arguments);
    motet_problems_error(parser->problems, parser->line, "%s", text);
    free(text);
}

const char *motet_parser_keep(motet_parser *parser, const char *text)
{
    motet_timeline *timeline = parser->timeline;
    timeline->texts =
        motet_memory_grow(timeline->texts, timeline->text_count, &timeline->text_capacity, sizeof *timeline->texts);
    char *kept = motet_string_copy(text);
    timeline->texts[timeline->text_count++] = kept;
    return kept;
}

float motet_parser_clamp(double value, double low, double high)
{
    return (float)(value < low ? low : value > high ? high : value);
}

/* ------------------------------------------------------------------------------------------------------ Header */

static bool has_header(const motet_parser *parser)
{
    return parser->timeline->header.rate_hz != 0;
}

static uint32_t millionths(double tempo)
{
    return (uint32_t)(tempo * 1e6 + 0.5);
}

/* Sets the header from the parser's values, which are the defaults where nothing was read. */
static void take_header(motet_parser *parser)
{
    const motet_value *values = parser->values;
    const motet_value *declick = &values[MOTET_FIELD_DECLICK];
    motet_timeline_header *header = &parser->timeline->header;
    header->rate_hz = parser->rate_override != 0 ? parser->rate_override : (uint32_t)values[MOTET_FIELD_RATE].whole;
    header->tempo_millionths = millionths(values[MOTET_FIELD_TEMPO].number);
    header->beats_per_bar = (uint32_t)values[MOTET_FIELD_BEATS_PER_BAR].whole;
    parser->base = motet_timeline_base(parser->timeline, header->rate_hz);
    header->channels = (uint32_t)values[MOTET_FIELD_CHANNELS].whole;
    header->limiter = values[MOTET_FIELD_LIMITER].whole != 0;
    header->ceiling_db = (float)values[MOTET_FIELD_CEILING_DB].number;
    header->quiet_voice_db = (float)values[MOTET_FIELD_QUIET_VOICE_DB].number;
    header->seed = values[MOTET_FIELD_SEED].whole;
    header->max_voices = (uint32_t)values[MOTET_FIELD_MAX_VOICES].whole;
    header->max_virtual_voices = (uint32_t)values[MOTET_FIELD_MAX_VIRTUAL_VOICES].whole;
    header->declick_seconds = !declick->present      ? 0
                              : declick->frames == 0 ? MOTET_FADE_NONE
                                                     : (double)declick->frames / header->rate_hz;
}

/* The header's own times count in its own rate and tempo, so these come first. Wrong ones are told later. */
static motet_time_base find_base(const motet_parser *parser, const json_t *object)
{
    const json_t *rate = json_object_get(object, "rate");
    json_int_t own = json_is_integer(rate) ? json_integer_value(rate) : 0;
    double tempo = json_number_value(json_object_get(object, "tempo"));
    double beats = json_number_value(json_object_get(object, "beats_per_bar"));
    bool has_tempo = tempo >= MOTET_TEMPO_MIN && tempo <= MOTET_TEMPO_MAX;
    bool has_beats = beats >= 1 && beats <= MOTET_BEATS_PER_BAR_MAX;
    return (motet_time_base){.rate_hz = parser->rate_override != 0  ? parser->rate_override
                                        : own >= 1 && own <= 384000 ? (uint32_t)own
                                                                    : 48000,
                             .tempo_millionths = millionths(has_tempo ? tempo : 120),
                             .beats_per_bar = has_beats ? (uint32_t)beats : 4};
}

static void read_header(motet_parser *parser, const json_t *object)
{
    const motet_keys *keys = &motet_verb_keys[MOTET_VERB_HEADER];
    const motet_time_base base = find_base(parser, object);
    parser->good = motet_values_read(parser->values, keys, object, &base, parser->problems, parser->line);
    if (parser->values[MOTET_FIELD_NAME].present && parser->values[MOTET_FIELD_NAME].whole != 1) {
        motet_parser_error(parser, "\"motet\" is %llu; expected 1, the version that this program reads",
                           (unsigned long long)parser->values[MOTET_FIELD_NAME].whole);
    }
    double *quiet_db = &parser->values[MOTET_FIELD_QUIET_VOICE_DB].number;
    if (*quiet_db < 0 && *quiet_db > -40) {
        motet_parser_error(parser, "\"quiet_voice_db\" is %g; expected 0 (off) or a number from -120 to -40",
                           *quiet_db);
        *quiet_db = 0;
    }
    take_header(parser);
}

/* Reads an empty header, for a file without one: what follows can still be checked. */
static void assume_header(motet_parser *parser)
{
    json_t *nothing = json_pack("{s:i}", "motet", 1);
    const motet_time_base base = find_base(parser, nothing);
    (void)motet_values_read(parser->values, &motet_verb_keys[MOTET_VERB_HEADER], nothing, &base, parser->problems,
                            parser->line);
    json_decref(nothing);
    take_header(parser);
}

/* ------------------------------------------------------------------------------------------------------- Verbs */

static bool is_key_of_any_verb(const char *name)
{
    for (size_t v = 0; v < MOTET_VERB_COUNT; v++) {
        for (size_t i = 0; i < motet_verb_keys[v].count; i++) {
            if (strcmp(motet_verb_keys[v].keys[i].name, name) == 0) {
                return true;
            }
        }
    }
    return false;
}

static void complain_of_no_verb(motet_parser *parser, json_t *object)
{
    const char *names[MOTET_VERB_COUNT];
    for (size_t v = 0; v < MOTET_VERB_COUNT; v++) {
        names[v] = motet_verb_keys[v].name;
    }
    const char *unknown = NULL;
    const char *nearest = NULL;
    const char *key = NULL;
    json_t *value = NULL;
    json_object_foreach(object, key, value)
    {
        if (nearest == NULL && !is_key_of_any_verb(key)) {
            nearest = motet_nearest_name(key, names, MOTET_VERB_COUNT);
            unknown = unknown == NULL || nearest != NULL ? key : unknown;
        }
    }
    if (nearest != NULL) {
        motet_parser_error(parser, "unknown verb \"%s\"; did you mean \"%s\"?", unknown, nearest);
        return;
    }
    static const char expected[] =
        "expected a definition (\"sound\", \"bus\", \"effect\", \"send\") or a command (\"play\", \"set\", \"stop\", "
        "\"seek\", \"pause\", \"resume\", \"open\", \"feed\", \"finish\", \"set_bus\", "
        "\"pause_bus\", \"resume_bus\", \"stop_bus\", \"set_effect\", \"set_send\", \"stop_sound\", \"expect\", "
        "\"note\", \"end\")";
    if (unknown != NULL) {
        motet_parser_error(parser, "unknown verb \"%s\"; %s", unknown, expected);
    } else {
        motet_parser_error(parser, "no verb in the line; %s", expected);
    }
}

static void check_order(motet_parser *parser)
{
    uint64_t at = parser->values[MOTET_FIELD_AT].frames;
    if (at < parser->last_at) {
        motet_parser_error(parser, "\"at\" is %llu, but line %u was already at %llu", (unsigned long long)at,
                           (unsigned)parser->last_at_line, (unsigned long long)parser->last_at);
    }
    /* Going on from here tells each step backwards once. */
    parser->last_at = at;
    parser->last_at_line = parser->line;
}

static void read_object(motet_parser *parser, json_t *object)
{
    motet_verb verb = MOTET_VERB_HEADER;
    while (verb < MOTET_VERB_COUNT && json_object_get(object, motet_verb_keys[verb].name) == NULL) {
        verb++;
    }
    if (verb == MOTET_VERB_HEADER) {
        if (has_header(parser)) {
            motet_parser_error(parser, "\"motet\" stands here again; expected the header once, as the first line");
        } else {
            read_header(parser, object);
        }
        return;
    }
    if (!has_header(parser)) {
        motet_parser_error(parser, "no header before this line; expected {\"motet\": 1} as the first line");
        assume_header(parser);
    }
    if (verb == MOTET_VERB_COUNT) {
        complain_of_no_verb(parser, object);
        return;
    }
    const motet_keys *keys = &motet_verb_keys[verb];
    parser->verb = keys->name;
    parser->object = object;
    if (keys->later) {
        motet_parser_error(parser, "\"%s\" is not in this version", keys->name);
        return;
    }
    parser->good = motet_values_read(parser->values, keys, object, &parser->base, parser->problems, parser->line);
    const json_t *at = json_object_get(object, "at");
    if (keys->command && (at == NULL || parser->values[MOTET_FIELD_AT].present)) {
        check_order(parser);
    }
    switch (verb) {
    case MOTET_VERB_SOUND: motet_parser_define_sound(parser); break;
    case MOTET_VERB_BUS: motet_parser_define_bus(parser); break;
    case MOTET_VERB_EFFECT: motet_parser_define_effect(parser); break;
    case MOTET_VERB_SEND: motet_parser_define_send(parser); break;
    case MOTET_VERB_EXPECT: motet_parser_expect(parser); break;
    default: motet_parser_command(parser, verb); break;
    }
}

/* ------------------------------------------------------------------------------------------------------- Lines */

/* Whether a line could not be read because of a number that JSON does not have; "-Infinity" is reported as "-". */
static bool is_not_finite(const json_error_t *error, const char *text, size_t length)
{
    static const char minus[] = "-Infinity";
    size_t place = error->position > 0 ? (size_t)error->position - 1 : 0;
    return strstr(error->text, "'NaN'") != NULL || strstr(error->text, "'Infinity'") != NULL ||
           (place + strlen(minus) <= length && memcmp(text + place, minus, strlen(minus)) == 0);
}

static void complain_of_json(motet_parser *parser, const json_error_t *error, const char *text, size_t length)
{
    if (is_not_finite(error, text, length)) {
        motet_parser_error(parser, "NaN and Infinity are no numbers in JSON (column %d); expected a finite number",
                           error->column);
    } else if (strstr(error->text, "overflow") != NULL || strstr(error->text, "too big") != NULL) {
        motet_parser_error(parser, "%s (column %d); expected a number that is not so large", error->text,
                           error->column);
    } else {
        motet_parser_error(parser, "not valid JSON: %s (column %d); expected one object a line", error->text,
                           error->column);
    }
}

static bool is_skipped(const char *text, size_t length)
{
    size_t i = 0;
    while (i < length && (text[i] == ' ' || text[i] == '\t' || text[i] == '\r')) {
        i++;
    }
    return i == length || text[i] == '#';
}

static void read_line(motet_parser *parser, const char *text, size_t length, bool cut)
{
    if (is_skipped(text, length)) {
        return;
    }
    json_error_t error;
    json_t *value = json_loadb(text, length, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);
    if (value == NULL && cut) {
        motet_problems_warn(parser->problems, parser->line, "the last line is cut off and has been dropped");
    } else if (value == NULL) {
        complain_of_json(parser, &error, text, length);
    } else if (!json_is_object(value)) {
        char *shown = motet_value_text(value);
        motet_parser_error(parser, "the line is %s; expected an object like {\"at\": 0, \"play\": \"name\"}", shown);
        free(shown);
    } else {
        read_object(parser, value);
    }
    json_decref(value);
}

static void read_lines(motet_parser *parser, const motet_bytes *bytes)
{
    static const char byte_order_mark[] = "\xEF\xBB\xBF";
    const char *text = (const char *)bytes->data;
    size_t place = bytes->size >= 3 && memcmp(text, byte_order_mark, 3) == 0 ? 3 : 0;
    while (place < bytes->size) {
        const char *newline = memchr(text + place, '\n', bytes->size - place);
        size_t length = newline != NULL ? (size_t)(newline - text) - place : bytes->size - place;
        parser->line++;
        read_line(parser, text + place, length, newline == NULL);
        place += length + 1;
    }
    if (!has_header(parser)) {
        parser->line = 0;
        motet_parser_error(parser, "nothing in it; expected a timeline, whose first line is {\"motet\": 1}");
        assume_header(parser);
    }
}

/* By time; those of one time stay in the order of their lines, and of their voices where one line repeats. */
static int compare_commands(const void *a, const void *b)
{
    const motet_timeline_command *first = a;
    const motet_timeline_command *second = b;
    if (first->at != second->at) {
        return first->at < second->at ? -1 : 1;
    }
    if (first->line != second->line) {
        return first->line < second->line ? -1 : 1;
    }
    return first->target < second->target ? -1 : first->target > second->target;
}

/* How many commands the busiest frame has; a "set" is one for each of its values, and a new way takes some more. */
static size_t count_busiest(const motet_timeline *timeline)
{
    size_t busiest = 0;
    size_t count = 0;
    for (size_t i = 0; i < timeline->command_count; i++) {
        const motet_timeline_command *command = &timeline->commands[i];
        count = i > 0 && command[-1].at == command->at ? count : 0;
        uint32_t parts = 1;
        for (uint32_t bits = command->changes; bits != 0; bits &= bits - 1) {
            parts++;
        }
        parts += (command->changes & MOTET_CHANGE_PARENT) != 0 || command->verb == MOTET_VERB_SET_SEND ? 3 : 0;
        count += parts + command->effect_settings.count;
        busiest = count > busiest ? count : busiest;
    }
    return busiest;
}

bool motet_timeline_read(motet_timeline *timeline, const char *path, uint32_t rate_hz, motet_problems *problems)
{
    *timeline = (motet_timeline){0};
    motet_bytes bytes = {0};
    char *complaint = motet_file_read(".", path, &bytes);
    timeline->folder = motet_path_folder(path);
    if (complaint != NULL) {
        motet_problems_error_file(problems, 0, "%s", complaint);
        free(complaint);
        motet_bytes_free(&bytes);
        return false;
    }
    motet_parser parser = {.timeline = timeline, .problems = problems, .rate_override = rate_hz};
    motet_names_init(&parser.sounds);
    motet_names_init(&parser.buses);
    motet_names_init(&parser.voices);
    motet_names_init(&parser.effects);
    timeline->buses = motet_memory_grow(NULL, 0, &timeline->bus_capacity, sizeof *timeline->buses);
    timeline->buses[timeline->bus_count++] = (motet_timeline_bus){.name = "Master"};
    motet_names_set(&parser.buses, "Master", 0);

    read_lines(&parser, &bytes);
    motet_parser_check_expects(&parser);
    if (parser.repeats) {
        qsort(timeline->commands, timeline->command_count, sizeof *timeline->commands, compare_commands);
    }
    motet_parser_check_ways(&parser);
    timeline->busiest_frame = count_busiest(timeline);

    motet_names_free(&parser.sounds);
    motet_names_free(&parser.buses);
    motet_names_free(&parser.voices);
    motet_names_free(&parser.effects);
    free(parser.uses);
    motet_bytes_free(&bytes);
    return problems->errors == 0;
}
