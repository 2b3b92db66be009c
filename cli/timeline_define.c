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

/* The six ways to say what a sound is made of. */
static const struct source {
    motet_field field;
    const motet_keys *keys; /* NULL: a file */
    motet_signal_kind signal;
} sources[] = {
    {MOTET_FIELD_FILE, NULL, 0},
    {MOTET_FIELD_PCM, &motet_pcm_keys, 0},
    {MOTET_FIELD_SINE, &motet_sine_keys, MOTET_SIGNAL_SINE},
    {MOTET_FIELD_NOISE, &motet_noise_keys, MOTET_SIGNAL_NOISE},
    {MOTET_FIELD_CONSTANT, &motet_constant_keys, MOTET_SIGNAL_CONSTANT},
    {MOTET_FIELD_RAMP, &motet_ramp_keys, MOTET_SIGNAL_RAMP},
    {MOTET_FIELD_IMPULSE, &motet_impulse_keys, MOTET_SIGNAL_IMPULSE},
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
            motet_parser_error(parser, "\"%s\" and \"%s\" in one \"sound\"; expected one of them",
                               found->keys != NULL ? found->keys->name : "file", sources[i].keys->name);
            return NULL;
        }
        found = &sources[i];
    }
    if (found == NULL) {
        motet_parser_error(parser, "nothing to make the sound of in \"sound\"; expected \"file\", \"pcm\", \"sine\", "
                                   "\"noise\", \"constant\", \"ramp\" or \"impulse\"");
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
    signal->at_frame = motet_duration_frames(values[MOTET_FIELD_AT].duration, rate);
    signal->seed = values[MOTET_FIELD_SEED].present ? values[MOTET_FIELD_SEED].whole : header->seed;
    if (motet_seconds_frames(signal->seconds, rate) == UINT64_MAX) {
        motet_parser_error(parser, "\"seconds\" in \"%s\" is too long", source->keys->name);
    }
}

static void read_source(motet_parser *parser, motet_timeline_sound *sound)
{
    const struct source *source = find_source(parser);
    if (source == NULL) {
        return;
    }
    if (source->signal == 0) {
        static const motet_field generated_only[] = {MOTET_FIELD_CHANNELS, MOTET_FIELD_RATE};
        static const char *const names[] = {"channels", "rate"};
        for (size_t i = 0; i < 2; i++) {
            if (parser->values[generated_only[i]].present) {
                motet_parser_error(parser, "\"%s\" in \"sound\" beside \"%s\"; expected it with a generated sound only",
                                   names[i], source->keys != NULL ? source->keys->name : "file");
            }
        }
    }
    sound->store = (motet_store)parser->values[MOTET_FIELD_STORE].whole;
    sound->no_convert = parser->values[MOTET_FIELD_CONVERT].whole == 0;
    if (source->keys == NULL) {
        sound->kind = MOTET_MATERIAL_FILE;
        sound->file = motet_parser_keep(parser, parser->values[MOTET_FIELD_FILE].text);
        return;
    }
    motet_value values[MOTET_FIELD_COUNT];
    const json_t *object = parser->values[source->field].object;
    if (!motet_values_read(values, source->keys, object, parser->timeline->header.rate_hz, parser->problems,
                           parser->line)) {
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
    if (!parser->good || parser->problems->errors > errors) {
        sound = (motet_timeline_sound){.kind = MOTET_MATERIAL_NONE};
    }
    sound.line = parser->line;
    if (name == NULL) {
        return;
    }
    size_t earlier = 0;
    if (motet_names_find(&parser->sounds, name, &earlier)) {
        motet_parser_error(parser, "sound \"%s\" is already defined in line %u; expected another name", name,
                           (unsigned)timeline->sounds[earlier].line);
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
