/* The lines that carry a time: what happens to voices, feeds, buses and effects. */
#include "timeline_parser.h"

#include <string.h>

static const double PRIORITY_MAX = 200; /* as motet_voice_def has it */

static const char *own_name(const motet_parser *parser)
{
    return parser->values[MOTET_FIELD_NAME].text;
}

/* The line's command as far as all verbs have it in common. */
static motet_timeline_command new_command(const motet_parser *parser, motet_verb verb)
{
    const motet_value *values = parser->values;
    const motet_value *fade = &values[MOTET_FIELD_FADE];
    motet_timeline_command command = {
        .at = values[MOTET_FIELD_AT].frames,
        .curve = (motet_curve)values[MOTET_FIELD_CURVE].whole,
        .verb = verb,
        .line = parser->line,
        .loop = MOTET_NO_LOOP,
        .settings =
            {
                .volume_db =
                    motet_parser_clamp(values[MOTET_FIELD_VOLUME_DB].number, MOTET_VOLUME_MIN_DB, MOTET_VOLUME_MAX_DB),
                .pan = motet_parser_clamp(values[MOTET_FIELD_PAN].number, -1, 1),
                .pitch = values[MOTET_FIELD_PITCH].number,
                .loop = values[MOTET_FIELD_LOOP].whole != 0,
                .paused = values[MOTET_FIELD_PAUSED].whole != 0,
                .mute = values[MOTET_FIELD_MUTE].whole != 0,
                .solo = values[MOTET_FIELD_SOLO].whole != 0,
                .quality = (motet_quality)values[MOTET_FIELD_QUALITY].whole,
                .priority = motet_parser_clamp(values[MOTET_FIELD_PRIORITY].number, -PRIORITY_MAX, PRIORITY_MAX),
            },
    };
    if (fade->present) {
        command.fade_seconds =
            fade->frames == 0 ? MOTET_FADE_NONE : (double)fade->frames / parser->timeline->header.rate_hz;
    }
    return command;
}

static void add_command(motet_parser *parser, motet_timeline_command command)
{
    motet_timeline *timeline = parser->timeline;
    timeline->commands =
        motet_memory_grow(timeline->commands, timeline->command_count, &timeline->command_capacity, sizeof command);
    timeline->commands[timeline->command_count++] = command;
}

/* From now on the name is that of the voices of `use`, which all have been added. */
static void use_name(motet_parser *parser, const char *name, motet_voice_name use)
{
    size_t older = 0;
    use.older = motet_names_find(&parser->voices, name, &older) ? (uint32_t)older : MOTET_NO_NAME;
    while (use.older != MOTET_NO_NAME) {
        const motet_voice_name *other = &parser->uses[use.older];
        if (other->at + (other->count - 1) * other->every > use.at) {
            break;
        }
        use.older = other->older;
    }
    parser->uses = motet_memory_grow(parser->uses, parser->use_count, &parser->use_capacity, sizeof use);
    motet_names_set(&parser->voices, name, parser->use_count);
    parser->uses[parser->use_count++] = use;
}

/* Adds `count` voices, one every `every` frames, and returns the place of the first. */
static uint32_t add_voices(motet_parser *parser, const char *name, motet_timeline_voice voice, uint32_t count,
                           uint64_t every)
{
    motet_timeline *timeline = parser->timeline;
    uint32_t first = (uint32_t)timeline->voice_count;
    uint64_t at = parser->values[MOTET_FIELD_AT].frames;
    voice.line = parser->line;
    voice.name = name != NULL ? motet_parser_keep(parser, name) : NULL;
    for (uint32_t k = 0; k < count; k++) {
        voice.start_frame = at + k * every;
        timeline->voices =
            motet_memory_grow(timeline->voices, timeline->voice_count, &timeline->voice_capacity, sizeof voice);
        timeline->voices[timeline->voice_count++] = voice;
    }
    if (name != NULL) {
        use_name(parser, name, (motet_voice_name){.first = first, .count = count, .at = at, .every = every});
    }
    return first;
}

/* The voice that a name stands for at a time: of those that have started by then, the one that did so last. */
static uint32_t resolve_name(const motet_parser *parser, size_t newest, uint64_t at)
{
    uint32_t voice = 0;
    uint64_t start = 0;
    bool found = false;
    for (uint32_t i = (uint32_t)newest; i != MOTET_NO_NAME; i = parser->uses[i].older) {
        const motet_voice_name *use = &parser->uses[i];
        uint64_t past = at > use->at ? at - use->at : 0;
        uint64_t last = use->every == 0 || past / use->every >= use->count ? use->count - 1 : past / use->every;
        if (!found || use->at + last * use->every > start) {
            voice = use->first + (uint32_t)last;
            start = use->at + last * use->every;
            found = true;
        }
    }
    return voice;
}

static motet_timeline_voice *find_named(motet_parser *parser, const char *name, uint32_t *place)
{
    size_t newest = 0;
    if (motet_names_find(&parser->voices, name, &newest)) {
        *place = resolve_name(parser, newest, parser->values[MOTET_FIELD_AT].frames);
        return &parser->timeline->voices[*place];
    }
    const char *nearest = motet_names_nearest(&parser->voices, name);
    if (nearest != NULL) {
        motet_parser_error(parser, "unknown voice \"%s\" in \"%s\"; did you mean \"%s\"?", name, parser->verb, nearest);
    } else {
        motet_parser_error(
            parser,
            "unknown voice \"%s\" in \"%s\"; expected the \"as\" of an earlier \"play\" or the name of an "
            "earlier \"open\"",
            name, parser->verb);
    }
    return NULL;
}

static motet_timeline_voice *find_voice(motet_parser *parser, uint32_t *place)
{
    return find_named(parser, own_name(parser), place);
}

/* How many voices share a voice's position, itself included, and the first of them. */
static uint32_t stems_of(const motet_timeline *timeline, uint32_t place, uint32_t *first)
{
    const motet_timeline_voice *voice = &timeline->voices[place];
    *first = voice->stem_count > 0 ? voice->first_stem : place;
    return voice->stem_count > 0 ? voice->stem_count : 1;
}

/* Keys that only a voice in space has: "play" and "set" know them, no voice of this version does. */
static bool check_plain(motet_parser *parser, const char *needed)
{
    static const struct {
        motet_field field;
        const char *name;
    } keys[] = {
        {MOTET_FIELD_POSITION, "position"},         {MOTET_FIELD_VELOCITY, "velocity"},
        {MOTET_FIELD_MIN_DISTANCE, "min_distance"}, {MOTET_FIELD_MAX_DISTANCE, "max_distance"},
        {MOTET_FIELD_ROLLOFF, "rolloff"},
    };
    bool plain = true;
    if (parser->values[MOTET_FIELD_MODE].written && !parser->values[MOTET_FIELD_MODE].present) {
        return false; /* a wrong mode, or one of a later version: told already */
    }
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        if (parser->values[keys[i].field].present) {
            motet_parser_error(parser, "\"%s\" in \"%s\" of a plain voice; expected %s", keys[i].name, parser->verb,
                               needed);
            plain = false;
        }
    }
    return plain;
}

static bool read_bus(motet_parser *parser, motet_timeline_command *command)
{
    const motet_value *bus = &parser->values[MOTET_FIELD_BUS];
    return !bus->present || motet_parser_find_bus(parser, bus->text, &command->settings.bus);
}

/* ------------------------------------------------------------------------------------------------------- Loops */

static bool is_zero(const motet_value *position)
{
    return position->duration.whole == 0 && position->duration.trillionths == 0;
}

/* Keeps what the line says of a loop; MOTET_NO_LOOP where that is nothing. */
static uint32_t add_loop(motet_parser *parser)
{
    motet_timeline *timeline = parser->timeline;
    const motet_value *values = parser->values;
    static const motet_field fields[] = {MOTET_FIELD_LOOP_START, MOTET_FIELD_LOOP_END, MOTET_FIELD_LOOP_WHOLE,
                                         MOTET_FIELD_LOOP_COUNT, MOTET_FIELD_LOOP_CROSSFADE};
    bool any = false;
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        any = any || values[fields[i]].present;
    }
    if (!any) {
        return MOTET_NO_LOOP;
    }
    const motet_timeline_loop loop = {
        .start = values[MOTET_FIELD_LOOP_START].duration,
        .end = values[MOTET_FIELD_LOOP_END].duration,
        .whole = values[MOTET_FIELD_LOOP_WHOLE].whole != 0,
        .count = (uint32_t)values[MOTET_FIELD_LOOP_COUNT].whole,
        .crossfade_seconds = (double)values[MOTET_FIELD_LOOP_CROSSFADE].frames / parser->timeline->header.rate_hz,
    };
    timeline->loops = motet_memory_grow(timeline->loops, timeline->loop_count, &timeline->loop_capacity, sizeof loop);
    timeline->loops[timeline->loop_count] = loop;
    return (uint32_t)timeline->loop_count++;
}

static bool check_loop(motet_parser *parser)
{
    const motet_value *values = parser->values;
    const motet_value *start = &values[MOTET_FIELD_LOOP_START];
    if (values[MOTET_FIELD_LOOP_WHOLE].whole != 0 && !(is_zero(start) && is_zero(&values[MOTET_FIELD_LOOP_END]))) {
        motet_parser_error(parser, "\"loop_whole\" beside \"%s\" in \"play\"; expected one of them",
                           is_zero(start) ? "loop_end" : "loop_start");
        return false;
    }
    return true;
}

/* ------------------------------------------------------------------------------------------------------ Voices */

static bool check_repeat(motet_parser *parser)
{
    const motet_value *repeat = &parser->values[MOTET_FIELD_REPEAT];
    const motet_value *every = &parser->values[MOTET_FIELD_EVERY];
    if (repeat->written != every->written) {
        motet_parser_error(parser, "\"%s\" without \"%s\" in \"play\"; expected both or none",
                           repeat->written ? "repeat" : "every", repeat->written ? "every" : "repeat");
        return false;
    }
    uint64_t left = MOTET_TIME_MAX_FRAMES - parser->values[MOTET_FIELD_AT].frames;
    if (every->frames > 0 && left / every->frames < repeat->whole) {
        motet_parser_error(parser,
                           "the last \"repeat\" in \"play\" is too late; expected fewer, or a shorter \"every\"");
        return false;
    }
    return true;
}

static bool read_after(motet_parser *parser, motet_timeline_command *command)
{
    const motet_value *after = &parser->values[MOTET_FIELD_AFTER];
    command->is_after = after->present;
    if (!after->present) {
        return true;
    }
    if (parser->values[MOTET_FIELD_REPEAT].present) {
        motet_parser_error(parser, "\"repeat\" beside \"after\" in \"play\"; expected one of them");
        return false;
    }
    return find_named(parser, after->text, &command->after) != NULL;
}

static void play(motet_parser *parser)
{
    const motet_value *values = parser->values;
    motet_timeline_command command = new_command(parser, MOTET_VERB_PLAY);
    motet_timeline_voice voice = {
        .counts_passes = values[MOTET_FIELD_LOOP_COUNT].whole > 0,
        .loops = command.settings.loop && values[MOTET_FIELD_LOOP_COUNT].whole == 0,
        .paused = command.settings.paused,
    };
    bool good = check_plain(parser, "\"mode\" to be \"2d\" or \"3d\" beside it") && parser->good;
    good = own_name(parser) != NULL && motet_parser_find_sound(parser, own_name(parser), &voice.sound) && good;
    good = read_bus(parser, &command) && good;
    good = check_loop(parser) && good;
    good = check_repeat(parser) && good;
    good = read_after(parser, &command) && good;
    uint32_t count = good ? (uint32_t)values[MOTET_FIELD_REPEAT].whole : 1;
    uint64_t every = values[MOTET_FIELD_EVERY].frames;
    command.target = add_voices(parser, values[MOTET_FIELD_AS].text, voice, count, every);
    if (!good) {
        return;
    }
    command.position = values[MOTET_FIELD_FROM].duration;
    command.loop = add_loop(parser);
    parser->repeats = parser->repeats || count > 1;
    for (uint32_t k = 0; k < count; k++) {
        add_command(parser, command);
        command.target++;
        command.at += every;
    }
}

static bool check_stems(motet_parser *parser, size_t sounds, const motet_value *names)
{
    if (sounds < 2 || sounds > 32) {
        motet_parser_error(parser, "%zu sounds in \"play_stems\"; expected 2 to 32", sounds);
        return false;
    }
    if (names->present && json_array_size(names->object) != sounds) {
        motet_parser_error(parser, "%zu names in \"as\" and %zu sounds in \"play_stems\"; expected a name for each",
                           json_array_size(names->object), sounds);
        return false;
    }
    return true;
}

/* A command for each of them, side by side. */
static void play_stems(motet_parser *parser)
{
    const motet_value *values = parser->values;
    const motet_value *names = &values[MOTET_FIELD_AS];
    const json_t *sounds = values[MOTET_FIELD_NAME].object;
    size_t count = values[MOTET_FIELD_NAME].present ? json_array_size(sounds) : 0;
    motet_timeline_command command = new_command(parser, MOTET_VERB_PLAY);
    bool good = read_bus(parser, &command) && parser->good;
    good = values[MOTET_FIELD_NAME].present && check_stems(parser, count, names) && good;
    good = check_loop(parser) && good;
    uint32_t first = (uint32_t)parser->timeline->voice_count;
    command.loop = good ? add_loop(parser) : MOTET_NO_LOOP;
    command.position = values[MOTET_FIELD_FROM].duration;
    for (size_t i = 0; i < count; i++) {
        motet_timeline_voice voice = {
            .counts_passes = values[MOTET_FIELD_LOOP_COUNT].whole > 0,
            .loops = command.settings.loop && values[MOTET_FIELD_LOOP_COUNT].whole == 0,
            .paused = command.settings.paused,
            .first_stem = first,
            .stem_count = (uint32_t)count,
        };
        good = motet_parser_find_sound(parser, json_string_value(json_array_get(sounds, i)), &voice.sound) && good;
        command.target = add_voices(parser, names->present ? json_string_value(json_array_get(names->object, i)) : NULL,
                                    voice, 1, 0);
        if (good) {
            add_command(parser, command);
        }
    }
}

static void open_feed(motet_parser *parser)
{
    const motet_value *values = parser->values;
    motet_timeline_command command = new_command(parser, MOTET_VERB_OPEN);
    motet_timeline *timeline = parser->timeline;
    const motet_timeline_feed feed = {
        .rate_hz = (uint32_t)values[MOTET_FIELD_RATE].whole,
        .channels = (uint32_t)values[MOTET_FIELD_CHANNELS].whole,
        .format = values[MOTET_FIELD_FORMAT].whole == 0 ? MOTET_SAMPLE_S16 : MOTET_SAMPLE_F32,
        .buffer_frames = values[MOTET_FIELD_BUFFER].frames,
        .start_after_frames = values[MOTET_FIELD_START_AFTER].frames,
    };
    const motet_timeline_voice voice = {
        .fed = true, .feed = (uint32_t)timeline->feed_count, .paused = command.settings.paused};
    bool good = read_bus(parser, &command) && parser->good;
    if (own_name(parser) == NULL) {
        return;
    }
    timeline->feeds = motet_memory_grow(timeline->feeds, timeline->feed_count, &timeline->feed_capacity, sizeof feed);
    timeline->feeds[timeline->feed_count++] = feed;
    command.target = add_voices(parser, own_name(parser), voice, 1, 0);
    if (good) {
        add_command(parser, command);
    }
}

static void feed(motet_parser *parser)
{
    motet_timeline *timeline = parser->timeline;
    motet_timeline_command command = new_command(parser, MOTET_VERB_FEED);
    const motet_value *file = &parser->values[MOTET_FIELD_FILE];
    const motet_value *base64 = &parser->values[MOTET_FIELD_BASE64];
    if (!parser->good) {
        return;
    }
    if (file->present == base64->present) {
        motet_parser_error(parser, "%s in \"feed\"; expected one of them",
                           file->present ? "\"file\" and \"base64\"" : "neither \"file\" nor \"base64\"");
        return;
    }
    const motet_timeline_voice *voice = find_voice(parser, &command.target);
    if (voice == NULL) {
        return;
    }
    if (!voice->fed) {
        motet_parser_error(parser,
                           "\"feed\" of \"%s\", which \"play\" started in line %u; expected the name of an \"open\"",
                           voice->name, (unsigned)voice->line);
        return;
    }
    if (voice->finish_line != 0) {
        motet_parser_error(parser, "\"feed\" of \"%s\", which line %u finished; expected it before its \"finish\"",
                           voice->name, (unsigned)voice->finish_line);
        return;
    }
    motet_timeline_chunk chunk = {.line = parser->line};
    if (file->present) {
        chunk.file = motet_parser_keep(parser, file->text);
    } else {
        chunk.base64 = motet_parser_keep(parser, base64->text);
    }
    command.chunk = (uint32_t)timeline->chunk_count;
    timeline->chunks =
        motet_memory_grow(timeline->chunks, timeline->chunk_count, &timeline->chunk_capacity, sizeof chunk);
    timeline->chunks[timeline->chunk_count++] = chunk;
    add_command(parser, command);
}

static void finish(motet_parser *parser)
{
    motet_timeline_command command = new_command(parser, MOTET_VERB_FINISH);
    motet_timeline_voice *voice = parser->good ? find_voice(parser, &command.target) : NULL;
    if (voice == NULL) {
        return;
    }
    if (!voice->fed) {
        motet_parser_error(parser,
                           "\"finish\" of \"%s\", which \"play\" started in line %u; expected the name of an \"open\"",
                           voice->name, (unsigned)voice->line);
        return;
    }
    if (voice->finish_line != 0) {
        motet_parser_error(parser, "\"finish\" of \"%s\", which line %u finished already; expected one \"finish\"",
                           voice->name, (unsigned)voice->finish_line);
        return;
    }
    voice->finish_line = parser->line;
    add_command(parser, command);
}

static void set(motet_parser *parser)
{
    static const struct {
        motet_field field;
        uint32_t change;
    } changes[] = {
        {MOTET_FIELD_VOLUME_DB, MOTET_CHANGE_VOLUME},  {MOTET_FIELD_PAN, MOTET_CHANGE_PAN},
        {MOTET_FIELD_PITCH, MOTET_CHANGE_PITCH},       {MOTET_FIELD_LOOP, MOTET_CHANGE_LOOP},
        {MOTET_FIELD_BUS, MOTET_CHANGE_BUS},           {MOTET_FIELD_LOOP_START, MOTET_CHANGE_LOOP_START},
        {MOTET_FIELD_LOOP_END, MOTET_CHANGE_LOOP_END},
    };
    motet_timeline_command command = new_command(parser, MOTET_VERB_SET);
    bool good = check_plain(parser, "a voice with \"mode\" \"2d\" or \"3d\"") && parser->good;
    motet_timeline_voice *voice = own_name(parser) != NULL ? find_voice(parser, &command.target) : NULL;
    good = read_bus(parser, &command) && good;
    if (!good || voice == NULL) {
        return;
    }
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        command.changes |= parser->values[changes[i].field].present ? changes[i].change : 0;
    }
    const uint32_t of_loop = command.changes & (MOTET_CHANGE_LOOP | MOTET_CHANGE_LOOP_RANGE);
    if (of_loop != 0 && voice->fed) {
        motet_parser_error(parser, "\"%s\" in \"set\" of \"%s\", which is fed; expected a voice of \"play\"",
                           (of_loop & MOTET_CHANGE_LOOP) != 0         ? "loop"
                           : (of_loop & MOTET_CHANGE_LOOP_START) != 0 ? "loop_start"
                                                                      : "loop_end",
                           voice->name);
        return;
    }
    uint32_t first = 0;
    uint32_t stems = stems_of(parser->timeline, command.target, &first);
    for (uint32_t i = 0; i < stems && (of_loop & MOTET_CHANGE_LOOP) != 0; i++) {
        parser->timeline->voices[first + i].loops = command.settings.loop && !voice->counts_passes;
    }
    command.loop = add_loop(parser);
    add_command(parser, command);
}

static void change_voice(motet_parser *parser, motet_verb verb)
{
    motet_timeline_command command = new_command(parser, verb);
    motet_timeline_voice *voice = own_name(parser) != NULL ? find_voice(parser, &command.target) : NULL;
    if (voice == NULL || !parser->good) {
        return;
    }
    switch (verb) {
    case MOTET_VERB_PAUSE:
    case MOTET_VERB_RESUME: {
        uint32_t first = 0;
        uint32_t stems = stems_of(parser->timeline, command.target, &first);
        for (uint32_t i = 0; i < stems; i++) {
            parser->timeline->voices[first + i].paused = verb == MOTET_VERB_PAUSE;
        }
        break;
    }
    case MOTET_VERB_STOP: voice->stopped = true; break;
    case MOTET_VERB_SEEK:
        command.position = parser->values[MOTET_FIELD_TO].duration;
        if (voice->fed) {
            motet_parser_error(parser, "\"seek\" of \"%s\", which is fed; expected a voice of \"play\"", voice->name);
            return;
        }
        break;
    default: break;
    }
    add_command(parser, command);
}

static void stop_sound(motet_parser *parser)
{
    motet_timeline *timeline = parser->timeline;
    motet_timeline_command command = new_command(parser, MOTET_VERB_STOP_SOUND);
    if (own_name(parser) == NULL || !motet_parser_find_sound(parser, own_name(parser), &command.target) ||
        !parser->good) {
        return;
    }
    for (size_t i = 0; i < timeline->voice_count; i++) {
        motet_timeline_voice *voice = &timeline->voices[i];
        bool played = !voice->fed && voice->sound == command.target && voice->start_frame <= command.at;
        voice->stopped = voice->stopped || played;
    }
    add_command(parser, command);
}

/* ------------------------------------------------------------------------------------------------------- Buses */

static void set_bus(motet_parser *parser)
{
    const motet_value *values = parser->values;
    motet_timeline_command command = new_command(parser, MOTET_VERB_SET_BUS);
    if (own_name(parser) == NULL || !motet_parser_find_bus(parser, own_name(parser), &command.target) ||
        !parser->good) {
        return;
    }
    if (values[MOTET_FIELD_PARENT].present) {
        uint32_t parent = 0;
        if (!motet_parser_find_bus(parser, values[MOTET_FIELD_PARENT].text, &parent)) {
            return;
        }
        if (command.target == 0) {
            motet_parser_error(parser, "\"parent\" in \"set_bus\" of \"Master\", which has none; expected another bus");
            return;
        }
        command.settings.bus = parent;
    }
    command.changes = (values[MOTET_FIELD_VOLUME_DB].present ? MOTET_CHANGE_VOLUME : 0U) |
                      (values[MOTET_FIELD_MUTE].present ? MOTET_CHANGE_MUTE : 0U) |
                      (values[MOTET_FIELD_SOLO].present ? MOTET_CHANGE_SOLO : 0U) |
                      (values[MOTET_FIELD_PARENT].present ? MOTET_CHANGE_PARENT : 0U);
    add_command(parser, command);
}

static void change_bus(motet_parser *parser, motet_verb verb)
{
    motet_timeline_command command = new_command(parser, verb);
    if (own_name(parser) != NULL && motet_parser_find_bus(parser, own_name(parser), &command.target) && parser->good) {
        add_command(parser, command);
    }
}

static void set_send(motet_parser *parser)
{
    motet_timeline_command command = new_command(parser, MOTET_VERB_SET_SEND);
    const motet_value *to = &parser->values[MOTET_FIELD_TO];
    bool good = own_name(parser) != NULL && motet_parser_find_bus(parser, own_name(parser), &command.target);
    good = to->present && motet_parser_find_bus(parser, to->text, &command.settings.bus) && good;
    command.settings.pre = parser->values[MOTET_FIELD_PRE].whole != 0;
    if (good && parser->good) {
        add_command(parser, command);
    }
}

static void set_effect(motet_parser *parser)
{
    motet_timeline_command command = new_command(parser, MOTET_VERB_SET_EFFECT);
    if (own_name(parser) == NULL || !motet_parser_find_effect(parser, own_name(parser), &command.target)) {
        return;
    }
    const motet_effect_type *type = parser->timeline->effects[command.target].type;
    bool good =
        type != NULL && motet_parser_read_settings(parser, MOTET_VERB_SET_EFFECT, type, &command.effect_settings);
    if (good && parser->good) {
        add_command(parser, command);
    }
}

/* --------------------------------------------------------------------------------------------------------- All */

static void end(motet_parser *parser)
{
    motet_timeline *timeline = parser->timeline;
    if (!parser->good) {
        return;
    }
    if (parser->values[MOTET_FIELD_NAME].whole == 0) {
        motet_parser_error(parser, "\"end\" in \"end\" is false; expected true");
    } else if (parser->end_line != 0) {
        motet_parser_error(parser, "a second \"end\", after that of line %u; expected one", (unsigned)parser->end_line);
    } else {
        parser->end_line = parser->line;
        timeline->has_end = true;
        timeline->end_frame = parser->values[MOTET_FIELD_AT].frames;
    }
}

void motet_parser_command(motet_parser *parser, motet_verb verb)
{
    switch (verb) {
    case MOTET_VERB_PLAY: play(parser); break;
    case MOTET_VERB_PLAY_STEMS: play_stems(parser); break;
    case MOTET_VERB_OPEN: open_feed(parser); break;
    case MOTET_VERB_FEED: feed(parser); break;
    case MOTET_VERB_FINISH: finish(parser); break;
    case MOTET_VERB_SET: set(parser); break;
    case MOTET_VERB_STOP_SOUND: stop_sound(parser); break;
    case MOTET_VERB_SET_BUS: set_bus(parser); break;
    case MOTET_VERB_PAUSE_BUS:
    case MOTET_VERB_RESUME_BUS:
    case MOTET_VERB_STOP_BUS: change_bus(parser, verb); break;
    case MOTET_VERB_SET_SEND: set_send(parser); break;
    case MOTET_VERB_SET_EFFECT: set_effect(parser); break;
    case MOTET_VERB_END: end(parser); break;
    case MOTET_VERB_PAUSE:
    case MOTET_VERB_RESUME:
    case MOTET_VERB_SEEK:
    case MOTET_VERB_STOP: change_voice(parser, verb); break;
    default: break; /* a note is for people */
    }
}
