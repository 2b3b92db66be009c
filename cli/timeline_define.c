/* The lines that define sounds and buses. */
#include "timeline_parser.h"

#include <stdlib.h>
#include <string.h>

enum { BUS_NAME_MAX = 63, BUS_COUNT_MAX = 1023 /* beside Master */ };

bool motet_parser_find_bus(motet_parser *parser, const char *name, uint32_t *bus)
{
    size_t index = 0;
    if (motet_names_find(&parser->buses, name, &index)) {
        *bus = (uint32_t)index;
        return true;
    }
    const char *nearest = motet_names_nearest(&parser->buses, name);
    if (nearest != NULL) {
        motet_parser_error(parser, "unknown bus \"%s\" in \"%s\"; did you mean \"%s\"?", name, parser->verb, nearest);
    } else {
        motet_parser_error(parser,
                           "unknown bus \"%s\" in \"%s\"; expected \"Master\" or one that an earlier line defines",
                           name, parser->verb);
    }
    return false;
}

bool motet_parser_find_sound(motet_parser *parser, const char *name, uint32_t *sound)
{
    size_t index = 0;
    if (motet_names_find(&parser->sounds, name, &index)) {
        *sound = (uint32_t)index;
        return true;
    }
    const char *nearest = motet_names_nearest(&parser->sounds, name);
    if (nearest != NULL) {
        motet_parser_error(parser, "unknown sound \"%s\" in \"%s\"; did you mean \"%s\"?", name, parser->verb, nearest);
    } else {
        motet_parser_error(parser, "unknown sound \"%s\" in \"%s\"; expected one that an earlier line defines", name,
                           parser->verb);
    }
    return false;
}

/* ----------------------------------------------------------------------------------------------------- Sounds */

/* The ways to say what a sound is made of. */
static const struct source {
    const char *name;
    motet_field field;
    const motet_keys *keys; /* NULL: not an object */
    motet_signal_kind signal;
} sources[] = {
    {"file", MOTET_FIELD_FILE, NULL, 0},
    {"pcm", MOTET_FIELD_PCM, &motet_pcm_keys, 0},
    {"sine", MOTET_FIELD_SINE, &motet_sine_keys, MOTET_SIGNAL_SINE},
    {"noise", MOTET_FIELD_NOISE, &motet_noise_keys, MOTET_SIGNAL_NOISE},
    {"constant", MOTET_FIELD_CONSTANT, &motet_constant_keys, MOTET_SIGNAL_CONSTANT},
    {"ramp", MOTET_FIELD_RAMP, &motet_ramp_keys, MOTET_SIGNAL_RAMP},
    {"impulse", MOTET_FIELD_IMPULSE, &motet_impulse_keys, MOTET_SIGNAL_IMPULSE},
    {"variations", MOTET_FIELD_VARIATIONS, NULL, 0},
};

/* The one source that the line names; complains and returns NULL when there are none or several. */
static const struct source *find_source(motet_parser *parser)
{
    const struct source *found = NULL;
    for (size_t i = 0; i < sizeof sources / sizeof *sources; i++) {
        if (!parser->values[sources[i].field].present) {
            continue;
        }
        if (found != NULL) {
            motet_parser_error(parser, "\"%s\" and \"%s\" in one \"sound\"; expected one of them", found->name,
                               sources[i].name);
            return NULL;
        }
        found = &sources[i];
    }
    if (found == NULL) {
        motet_parser_error(parser, "nothing to make the sound of in \"sound\"; expected \"file\", \"pcm\", \"sine\", "
                                   "\"noise\", \"constant\", \"ramp\", \"impulse\" or \"variations\"");
    }
    return found;
}

/* `channels` and `rate` of a generated sound may stand in its object or beside it. */
static uint64_t inner_or_outer(const motet_value *inner, const motet_value *outer, uint64_t fallback)
{
    return inner->present ? inner->whole : outer->present ? outer->whole : fallback;
}

static void read_signal(motet_parser *parser, motet_timeline_sound *sound, const struct source *source,
                        const motet_value *values)
{
    const motet_timeline_header *header = &parser->timeline->header;
    uint32_t rate =
        (uint32_t)inner_or_outer(&values[MOTET_FIELD_RATE], &parser->values[MOTET_FIELD_RATE], header->rate_hz);
    motet_signal *signal = &sound->signal;
    sound->kind = MOTET_MATERIAL_SIGNAL;
    signal->kind = source->signal;
    signal->sample_rate_hz = rate;
    signal->channels =
        (uint32_t)inner_or_outer(&values[MOTET_FIELD_CHANNELS], &parser->values[MOTET_FIELD_CHANNELS], 1);
    signal->hz = values[MOTET_FIELD_HZ].number;
    signal->seconds = values[MOTET_FIELD_SECONDS].number;
    signal->amplitude = values[MOTET_FIELD_AMPLITUDE].number;
    signal->from = source->signal == MOTET_SIGNAL_CONSTANT ? signal->amplitude : values[MOTET_FIELD_FROM].number;
    signal->to = values[MOTET_FIELD_TO].number;
    const motet_time_base base = motet_timeline_base(parser->timeline, rate);
    signal->at_frame = motet_duration_frames(values[MOTET_FIELD_AT].duration, &base);
    signal->seed = values[MOTET_FIELD_SEED].present ? values[MOTET_FIELD_SEED].whole : header->seed;
    if (motet_seconds_frames(signal->seconds, rate) == UINT64_MAX) {
        motet_parser_error(parser, "\"seconds\" in \"%s\" is too long", source->keys->name);
    }
}

/* ------------------------------------------------------------------------------------------------------- Sets */

enum { SET_COUNT_MAX = 256 }; /* as motet_sound_variations has it */

static bool find_member(motet_parser *parser, const char *name, uint32_t *member)
{
    if (!motet_parser_find_sound(parser, name, member)) {
        return false;
    }
    if (parser->timeline->sounds[*member].kind == MOTET_MATERIAL_SET) {
        motet_parser_error(parser, "\"%s\" in \"variations\" has variations itself; expected single sounds", name);
        return false;
    }
    return true;
}

static void read_set(motet_parser *parser, motet_timeline_sound *sound)
{
    const json_t *names = parser->values[MOTET_FIELD_VARIATIONS].object;
    const motet_value *weights = &parser->values[MOTET_FIELD_WEIGHTS];
    size_t count = json_array_size(names);
    sound->kind = MOTET_MATERIAL_SET;
    sound->volume_jitter_db = (float)parser->values[MOTET_FIELD_VOLUME_JITTER_DB].number;
    sound->pitch_jitter_semitones = (float)parser->values[MOTET_FIELD_PITCH_JITTER_SEMITONES].number;
    if (count == 0 || count > SET_COUNT_MAX) {
        motet_parser_error(parser, "\"variations\" in \"sound\" has %zu names; expected 1 to %d", count, SET_COUNT_MAX);
        return;
    }
    sound->members = motet_memory_take(count, sizeof *sound->members);
    for (size_t i = 0; i < count; i++) {
        const char *name = json_string_value(json_array_get(names, i));
        sound->member_count += find_member(parser, name, &sound->members[i]);
    }
    if (!weights->present) {
        return;
    }
    if (json_array_size(weights->object) != count) {
        motet_parser_error(parser, "\"weights\" in \"sound\" has %zu numbers; expected %zu, one for each variation",
                           json_array_size(weights->object), count);
        return;
    }
    sound->weights = motet_memory_take(count, sizeof *sound->weights);
    for (size_t i = 0; i < count; i++) {
        sound->weights[i] = (float)json_number_value(json_array_get(weights->object, i));
    }
}

/* ---------------------------------------------------------------------------------------------------- Markers */

enum { MARKER_COUNT_MAX = 1000, MARKER_NAME_MAX = 255 /* bytes: as motet_sound_def has them */ };

static void read_markers(motet_parser *parser, motet_timeline_sound *sound)
{
    const json_t *list = parser->values[MOTET_FIELD_MARKERS].object;
    size_t count = parser->values[MOTET_FIELD_MARKERS].present ? json_array_size(list) : 0;
    if (count > MARKER_COUNT_MAX) {
        motet_parser_error(parser, "\"markers\" in \"sound\" has %zu entries; expected at most %d", count,
                           MARKER_COUNT_MAX);
        return;
    }
    sound->markers = count > 0 ? motet_memory_take(count, sizeof *sound->markers) : NULL;
    for (size_t i = 0; i < count; i++) {
        motet_value values[MOTET_FIELD_COUNT];
        if (!motet_values_read(values, &motet_marker_keys, json_array_get(list, i), &parser->base, parser->problems,
                               parser->line)) {
            return;
        }
        const char *name = values[MOTET_FIELD_AS].present ? values[MOTET_FIELD_AS].text : "";
        if (strlen(name) > MARKER_NAME_MAX) {
            motet_parser_error(parser, "a \"name\" in \"markers\" is too long; expected at most %d bytes",
                               MARKER_NAME_MAX);
            return;
        }
        sound->markers[sound->marker_count++] =
            (motet_timeline_marker){values[MOTET_FIELD_AT].duration, motet_parser_keep(parser, name)};
    }
}

/* Keys that mean something for some kinds of sound only. */
static void check_company(motet_parser *parser, const struct source *source)
{
    static const struct {
        const char *name;
        motet_field field;
        enum { WITH_SIGNAL, WITH_SET, WITHOUT_SET, WITH_FILE } where;
        const char *expected;
        uint64_t fallback; /* of WITHOUT_SET and WITH_FILE: a value that says nothing */
    } keys[] = {
        {"channels", MOTET_FIELD_CHANNELS, WITH_SIGNAL, "a generated sound only", 0},
        {"rate", MOTET_FIELD_RATE, WITH_SIGNAL, "a generated sound only", 0},
        {"weights", MOTET_FIELD_WEIGHTS, WITH_SET, "\"variations\" only", 0},
        {"volume_jitter_db", MOTET_FIELD_VOLUME_JITTER_DB, WITH_SET, "\"variations\" only", 0},
        {"pitch_jitter_semitones", MOTET_FIELD_PITCH_JITTER_SEMITONES, WITH_SET, "\"variations\" only", 0},
        {"store", MOTET_FIELD_STORE, WITHOUT_SET, "the sounds that it picks from", 0},
        {"convert", MOTET_FIELD_CONVERT, WITHOUT_SET, "the sounds that it picks from", 1},
        {"stream", MOTET_FIELD_STREAM, WITH_FILE, "\"file\" only", 0},
        {"async", MOTET_FIELD_ASYNC, WITH_FILE, "\"file\" only", 0},
        {"markers", MOTET_FIELD_MARKERS, WITHOUT_SET, "the sounds that it picks from", 1},
    };
    bool is_set = source->field == MOTET_FIELD_VARIATIONS;
    bool is_file = source->field == MOTET_FIELD_FILE;
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        bool says_nothing = parser->values[keys[i].field].whole == keys[i].fallback;
        bool fits = keys[i].where == WITH_SIGNAL ? source->signal != 0
                    : keys[i].where == WITH_SET  ? is_set
                    : keys[i].where == WITH_FILE ? is_file || says_nothing
                                                 : !is_set || says_nothing;
        if (parser->values[keys[i].field].present && !fits) {
            motet_parser_error(parser, "\"%s\" in \"sound\" beside \"%s\"; expected it with %s", keys[i].name,
                               source->name, keys[i].expected);
        }
    }
}

/* -------------------------------------------------------------------------------------------------- All sounds */

static void read_rules(const motet_parser *parser, motet_timeline_sound *sound)
{
    const motet_value *values = parser->values;
    sound->max_voices = (uint32_t)values[MOTET_FIELD_MAX_VOICES].whole;
    sound->min_interval_frames = values[MOTET_FIELD_MIN_INTERVAL].frames;
    sound->yield = (motet_yield)values[MOTET_FIELD_YIELD].whole;
}

static void read_source(motet_parser *parser, motet_timeline_sound *sound)
{
    const struct source *source = find_source(parser);
    if (source == NULL) {
        return;
    }
    check_company(parser, source);
    read_rules(parser, sound);
    read_markers(parser, sound);
    sound->store = (motet_store)parser->values[MOTET_FIELD_STORE].whole;
    sound->stream = parser->values[MOTET_FIELD_STREAM].whole != 0;
    sound->async = parser->values[MOTET_FIELD_ASYNC].whole != 0;
    sound->no_convert = parser->values[MOTET_FIELD_CONVERT].whole == 0;
    if (source->field == MOTET_FIELD_FILE) {
        sound->kind = MOTET_MATERIAL_FILE;
        sound->file = motet_parser_keep(parser, parser->values[MOTET_FIELD_FILE].text);
        return;
    }
    if (source->field == MOTET_FIELD_VARIATIONS) {
        read_set(parser, sound);
        return;
    }
    motet_value values[MOTET_FIELD_COUNT];
    const json_t *object = parser->values[source->field].object;
    if (!motet_values_read(values, source->keys, object, &parser->base, parser->problems, parser->line)) {
        return;
    }
    if (source->signal != 0) {
        read_signal(parser, sound, source, values);
        return;
    }
    sound->kind = MOTET_MATERIAL_PCM;
    sound->file = motet_parser_keep(parser, values[MOTET_FIELD_FILE].text);
    sound->format = values[MOTET_FIELD_FORMAT].whole == 0 ? MOTET_SAMPLE_S16 : MOTET_SAMPLE_F32;
    sound->channels = (uint32_t)values[MOTET_FIELD_CHANNELS].whole;
    sound->rate_hz = (uint32_t)values[MOTET_FIELD_RATE].whole;
}

void motet_parser_define_sound(motet_parser *parser)
{
    motet_timeline *timeline = parser->timeline;
    const char *name = parser->values[MOTET_FIELD_NAME].text;
    motet_timeline_sound sound = {0};
    size_t errors = parser->problems->errors;
    if (parser->good) {
        read_source(parser, &sound);
    }
    size_t earlier = 0;
    bool again = name != NULL && motet_names_find(&parser->sounds, name, &earlier);
    if (!parser->good || again || parser->problems->errors > errors) {
        free(sound.members);
        free(sound.weights);
        free(sound.markers);
        sound = (motet_timeline_sound){.kind = MOTET_MATERIAL_NONE};
    }
    sound.line = parser->line;
    if (again) {
        motet_parser_error(parser, "sound \"%s\" is already defined in line %u; expected another name", name,
                           (unsigned)timeline->sounds[earlier].line);
    }
    if (name == NULL || again) {
        return;
    }
    sound.name = motet_parser_keep(parser, name);
    timeline->sounds =
        motet_memory_grow(timeline->sounds, timeline->sound_count, &timeline->sound_capacity, sizeof sound);
    motet_names_set(&parser->sounds, name, timeline->sound_count);
    timeline->sounds[timeline->sound_count++] = sound;
}

/* ------------------------------------------------------------------------------------------------------ Buses */

static void check_same_bus(motet_parser *parser, const motet_timeline_bus *earlier, const motet_timeline_bus *again)
{
    const char *different = earlier->parent != again->parent         ? "parent"
                            : earlier->volume_db != again->volume_db ? "volume_db"
                            : earlier->mute != again->mute           ? "mute"
                            : earlier->solo != again->solo           ? "solo"
                            : earlier->paused != again->paused       ? "paused"
                                                                     : NULL;
    if (different == NULL) {
        return;
    }
    if (earlier->line == 0) {
        motet_parser_error(parser,
                           "bus \"Master\" exists from the start with another \"%s\"; expected the same values "
                           "(\"set_bus\" changes them)",
                           different);
    } else {
        motet_parser_error(parser,
                           "bus \"%s\" is already defined in line %u with another \"%s\"; expected the same values",
                           earlier->name, (unsigned)earlier->line, different);
    }
}

void motet_parser_define_bus(motet_parser *parser)
{
    motet_timeline *timeline = parser->timeline;
    const motet_value *values = parser->values;
    const char *name = values[MOTET_FIELD_NAME].text;
    if (name == NULL) {
        return;
    }
    motet_timeline_bus bus = {
        .line = parser->line,
        .volume_db = motet_parser_clamp(values[MOTET_FIELD_VOLUME_DB].number, MOTET_VOLUME_MIN_DB, MOTET_VOLUME_MAX_DB),
        .mute = values[MOTET_FIELD_MUTE].whole != 0,
        .solo = values[MOTET_FIELD_SOLO].whole != 0,
        .paused = values[MOTET_FIELD_PAUSED].whole != 0,
    };
    bool placed = !parser->good || !values[MOTET_FIELD_PARENT].present ||
                  motet_parser_find_bus(parser, values[MOTET_FIELD_PARENT].text, &bus.parent);
    size_t earlier = 0;
    if (motet_names_find(&parser->buses, name, &earlier)) {
        if (parser->good && placed) {
            check_same_bus(parser, &timeline->buses[earlier], &bus);
        }
        return;
    }
    if (strlen(name) > BUS_NAME_MAX) {
        motet_parser_error(parser, "the name in \"bus\" is too long; expected at most %d bytes", BUS_NAME_MAX);
    }
    if (timeline->bus_count == BUS_COUNT_MAX + 1) {
        motet_parser_error(parser, "too many buses; expected at most %d beside Master", BUS_COUNT_MAX);
    }
    bus.name = motet_parser_keep(parser, name);
    timeline->buses = motet_memory_grow(timeline->buses, timeline->bus_count, &timeline->bus_capacity, sizeof bus);
    motet_names_set(&parser->buses, name, timeline->bus_count);
    timeline->buses[timeline->bus_count++] = bus;
}
