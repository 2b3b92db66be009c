#include "dsp/math.h"
#include "engine/engine.h"
#include "engine/render.h"
#include "engine/sound.h"
#include "engine/stream.h"
#include "engine/stream_file.h"
#include "engine/variations.h"

#include <math.h>
#include <stdio.h>

/* ---------------------------------------------------------------------------------------------------- Records */

/* NULL for one that is stale. */
static motet_voice_record *find_voice(motet_engine *engine, motet_voice voice, uint32_t *slot)
{
    uint32_t generation;
    if (motet_id_split(engine, voice.id, slot, &generation) && *slot < engine->voice_limit) {
        motet_voice_record *record = &engine->voices[*slot];
        uint64_t state = motet_load_acquire_u64(&record->state);
        uint64_t phase = state & 0xff;
        if (state >> 8 == generation && (phase == MOTET_VOICE_PENDING || phase == MOTET_VOICE_PLAYING)) {
            return record;
        }
    }
    return NULL;
}

motet_voice_record *motet_voice_get(motet_engine *engine, motet_voice voice, uint32_t *slot)
{
    motet_voice_record *record = find_voice(engine, voice, slot);
    if (record == NULL) {
        motet_fail(NULL, MOTET_ERROR_STALE, voice.id == 0 ? "the voice is {0}" : "the voice has ended");
    }
    return record;
}

void motet_voice_finish(motet_engine *engine, motet_voice_record *record)
{
    uint32_t index = (uint32_t)(record - engine->voices);
    motet_store_release_u64(&record->state, (uint64_t)record->generation << 8 | MOTET_VOICE_FREE);
    if (record->is_stem) {
        motet_stems_forget(engine, record);
    }
    if (record->stream != NULL) {
        motet_stream_drop(engine, record->stream);
        record->stream = NULL;
    } else if (record->has_stream) {
        motet_stream_unreserve(engine);
    }
    record->has_stream = false;
    if (record->sound != NULL) {
        motet_edition_drop(engine, record->edition);
        record->edition = NULL;
        motet_sound_drop_voice(engine, record->sound);
        record->sound = NULL;
    }
    if (record->feed != NULL) {
        motet_feed_let_go(engine, record->feed);
        record->feed = NULL;
    }
    record->next_free = MOTET_NO_SLOT;
    *(engine->free_voice == MOTET_NO_SLOT ? &engine->free_voice : &engine->voices[engine->last_free_voice].next_free) =
        index;
    engine->last_free_voice = index;
}

/* ------------------------------------------------------------------------------------------------------- Play */

motet_voice_def motet_default_voice_def(void)
{
    return (motet_voice_def){.pitch = 1};
}

motet_result motet_voice_check(motet_engine *engine, const motet_voice_def *def)
{
    if (!motet_check_number(engine, (double)def->volume_db, "volume_db") ||
        !motet_check_number(engine, (double)def->pan, "pan") || !motet_check_number(engine, def->pitch, "pitch") ||
        !motet_check_number(engine, def->priority, "priority") ||
        !motet_check_number(engine, def->loop_crossfade_seconds, "loop_crossfade_seconds") ||
        !motet_check_number(engine, def->wait_seconds, "wait_seconds")) {
        return MOTET_ERROR_INVALID;
    }
    if (def->late < MOTET_LATE_START || def->late > MOTET_LATE_SKIP) {
        return motet_fail(&engine->log, MOTET_ERROR_INVALID, "late is %d; expected a motet_late", (int)def->late);
    }
    if (def->pitch < 0) {
        return motet_fail(&engine->log, MOTET_ERROR_INVALID, "pitch is %g; expected above 0", def->pitch);
    }
    if (def->quality < MOTET_QUALITY_DEFAULT || def->quality > MOTET_QUALITY_SINC32) {
        return motet_fail(&engine->log, MOTET_ERROR_INVALID, "quality is %d; expected a motet_quality",
                          (int)def->quality);
    }
    return MOTET_OK;
}

static float clamp_volume(float volume_db)
{
    return (float)motet_clamp((double)volume_db, (double)MOTET_VOLUME_MIN_DB, (double)MOTET_VOLUME_MAX_DB);
}

static double clamp_pitch(double pitch)
{
    return motet_clamp(pitch, MOTET_PITCH_MIN, MOTET_PITCH_MAX);
}

/* Those of the set, or else of the sound picked from it. */
static motet_sound_rules *rules_of(motet_sound_entry *sound, const motet_sound_entry *played)
{
    if (played != NULL && played->has_rules) {
        return (motet_sound_rules *)&played->rules;
    }
    return sound != NULL && sound->has_rules ? &sound->rules : NULL;
}

/* Whether a voice of a sound can be begun: false, with the failure told, when its range is empty, or the sound cannot be
 * had. Of one that is still loading that turns out when it is there. */
bool motet_voice_find_loop(motet_engine *engine, const motet_sound_entry *sound, const motet_voice_def *def,
                           motet_loop_range *range)
{
    *range = (motet_loop_range){.start = def->loop_start_frame, .end = def->loop_end_frame};
    motet_sound_state state = motet_sound_state_of(sound);
    if (state == MOTET_SOUND_FAILED) {
        motet_fail(NULL, sound->error, "%s", sound->error_text != NULL ? sound->error_text : sound->name);
        return false;
    }
    if (state == MOTET_SOUND_READY &&
        !motet_material_settle_loop(&sound->edition->material, def->loop_whole, def->loop_crossfade_seconds, range)) {
        motet_fail(&engine->log, MOTET_ERROR_INVALID, "a loop from frame %llu to %llu of %s; expected start < end",
                   (unsigned long long)range->start, (unsigned long long)range->end, sound->name);
        return false;
    }
    return true;
}

/* Of a file that cannot seek. */
static bool is_live(const motet_sound_entry *sound)
{
    return sound != NULL && sound->streamed != NULL && sound->streamed->is_live;
}

static motet_result refuse_live(motet_engine *engine, const motet_sound_entry *sound, const char *what)
{
    return motet_fail(&engine->log, MOTET_ERROR_INVALID, "%s cannot seek: a voice of it cannot %s", sound->name, what);
}

/* How long a voice may wait for its sound. */
static uint64_t wait_frames(const motet_engine *engine, double seconds)
{
    if (seconds == 0) {
        return UINT64_MAX;
    }
    return (uint64_t)floor(motet_clamp(seconds, 0, MOTET_MAX_FADE_SECONDS) * engine->def.sample_rate_hz + 0.5);
}

static void fill_record(const motet_engine *engine, motet_voice_record *record, const motet_voice_def *def,
                        uint32_t bus, const motet_sound_entry *played)
{
    record->volume_db = clamp_volume(def->volume_db);
    record->pan = (float)motet_clamp((double)def->pan, -1, 1);
    record->pitch = def->pitch == 0 ? 1 : clamp_pitch(def->pitch);
    record->loop = def->loop;
    record->paused = def->paused;
    record->is_leaving = record->is_stem = false;
    record->follower_generation = 0;
    record->user = def->user;
    record->start = (motet_voice_start){
        .edition = record->edition,
        .material = record->sound != NULL ? &record->edition->material : NULL,
        .feed = record->feed,
        .stream = record->stream,
        .bus = bus,
        .gain = motet_db_to_gain((double)record->volume_db),
        .pan = (double)record->pan,
        .pitch = record->pitch,
        .loop = def->loop,
        .paused = def->paused,
        .asked_start = def->loop_start_frame,
        .asked_end = def->loop_end_frame,
        .loop_crossfade_seconds = def->loop_crossfade_seconds,
        .loop_whole = def->loop_whole,
        .loop_count = def->loop_count,
        .late = (uint8_t)def->late,
        .wait_frames = wait_frames(engine, def->wait_seconds),
        .quality = (uint8_t)def->quality,
        .from_frame = def->from_frame,
        .weight = motet_exp2(motet_clamp(def->priority, -200, 200) * 0.16609640474436812), /* log2(10) / 20 */
        .rules = rules_of(record->sound, played),
        .sound = record->sound,
        .played = played,
        .user = def->user,
    };
}

static motet_voice send_play(motet_engine *engine, uint32_t slot, motet_command *play, uint32_t group)
{
    motet_voice_record *record = &engine->voices[slot];
    engine->free_voice = record->next_free;
    record->generation++;
    uint64_t track[7] = {0, record->start.from_frame}; /* stands there until it starts */
    motet_seqlock_write(&record->track, track, 7);
    motet_store_release_u64(&record->state, (uint64_t)record->generation << 8 | MOTET_VOICE_PENDING);
    play->kind = MOTET_COMMAND_PLAY;
    play->target = slot;
    play->generation = record->generation;
    if (record->sound != NULL) {
        record->sound->voice_count++;
        record->edition->hold_count++;
    }
    record->group = group;
    motet_command_stage_behind(engine, play, group); /* reserved before */
    return (motet_voice){motet_id_make(engine, slot, record->generation)};
}

static motet_result reserve(motet_engine *engine, uint32_t count, uint32_t group)
{
    return group != 0 ? motet_command_reserve_behind(engine, count, group) : motet_command_reserve(engine, count);
}

motet_voice motet_voice_send(motet_engine *engine, const motet_voice_request *request)
{
    motet_sound_entry *sound = request->sound;
    const motet_voice_def *def = request->def;
    motet_voice none = {0};
    motet_command play = {0};
    motet_bus bus = def->bus.id != 0 ? def->bus : motet_bus_master(engine);
    uint32_t bus_index;
    if (motet_bus_get(engine, bus, &bus_index) == NULL || motet_command_time(engine, &play, def->timing) != MOTET_OK ||
        reserve(engine, 1, request->group) != MOTET_OK) {
        return none;
    }
    if (is_live(sound) && (def->loop || def->from_frame != 0)) {
        refuse_live(engine, sound, def->loop ? "loop" : "start inside it");
        return none;
    }
    motet_loop_range range = {0};
    if (sound != NULL && !motet_voice_find_loop(engine, sound, def, &range)) {
        return none;
    }
    uint32_t slot = engine->free_voice;
    if (slot == MOTET_NO_SLOT) {
        motet_fail(NULL, MOTET_ERROR_LIMIT, "all %u voices are in use (max_voices, max_virtual_voices)",
                   engine->voice_limit);
        return none;
    }
    motet_stream *stream = request->stream;
    bool has_stream = sound != NULL && sound->streams;
    if (has_stream && stream == NULL) {
        if (!motet_stream_reserve(engine, sound)) {
            return none;
        }
        stream = sound->streamed != NULL ? motet_stream_create(engine, sound, slot) : NULL;
    }
    if (has_stream && stream == NULL && sound->streamed != NULL) {
        motet_stream_unreserve(engine);
        return none;
    }
    motet_voice_record *record = &engine->voices[slot];
    record->stream = stream;
    record->has_stream = has_stream;
    record->sound = sound;
    record->sound_id = request->sound_id;
    record->edition = sound != NULL ? sound->edition : NULL;
    record->feed = request->feed;
    record->bus = bus;
    fill_record(engine, record, def, bus_index, request->played);
    record->start.range = range;
    record->start.streams = has_stream;
    if (stream != NULL && stream->feed != NULL) {
        record->start.feed = stream->feed;
        record->start.stream = NULL; /* to the audio thread it is a fed voice */
    }
    record->start.is_stem = request->is_stem;
    record->start.is_last_stem = request->is_last_stem;
    record->start.previous_stem = request->previous_stem;
    if (stream != NULL) {
        motet_stream_send(engine, stream, &record->start, play.frame);
    }
    if (sound != NULL && sound->load != NULL) {
        motet_loader_hurry(sound, play.frame);
    }
    if (request->after != NULL) {
        record->start.after = (uint32_t)(request->after - engine->voices);
        record->start.after_generation = request->after->generation;
        request->after->follower = slot;
        request->after->follower_generation = record->generation + 1;
    }
    return send_play(engine, slot, &play, request->group);
}

motet_voice motet_voice_begin(motet_engine *engine, motet_sound_entry *sound, motet_sound sound_id,
                              const motet_sound_entry *played, motet_feed *feed, const motet_voice_def *def)
{
    return motet_voice_send(engine, &(motet_voice_request){.sound = sound,
                                                           .sound_id = sound_id,
                                                           .played = played,
                                                           .feed = feed,
                                                           .def = def,
                                                           .group = motet_command_open_group(engine)});
}

static motet_voice begin_of_sound(motet_engine *engine, motet_sound sound, const motet_voice_def *given,
                                  motet_voice_record *after, uint32_t group)
{
    motet_voice_def def = *given;
    motet_sound_entry *entry = motet_sound_get(engine, sound);
    if (entry == NULL || motet_voice_check(engine, &def) != MOTET_OK) {
        return (motet_voice){0};
    }
    motet_voice_request request = {
        .sound = entry, .sound_id = sound, .played = entry, .def = &def, .after = after, .group = group};
    if (entry->variations == NULL) {
        return motet_voice_send(engine, &request);
    }
    /* A play that fails leaves no trace in the choices to come. */
    motet_variations *set = entry->variations;
    uint64_t random = engine->random;
    uint32_t last = set->last;
    request.sound = motet_variations_pick(engine, set, &def);
    motet_voice voice = motet_voice_send(engine, &request);
    if (voice.id == 0) {
        engine->random = random;
        set->last = last;
    }
    return voice;
}

motet_voice motet_voice_play(motet_engine *engine, motet_sound sound, const motet_voice_def *given)
{
    motet_voice voice = {0};
    motet_voice_def def = given != NULL ? *given : motet_default_voice_def();
    motet_result result;
    if (!motet_engine_enter(engine, &result)) {
        return voice;
    }
    voice = begin_of_sound(engine, sound, &def, NULL, motet_command_open_group(engine));
    motet_command_publish(engine);
    motet_engine_leave(engine);
    return voice;
}

/* One that has not ended; records of others stay in a ring until they are finished. */
static bool is_alive(const motet_voice_record *record)
{
    uint64_t phase = motet_load_acquire_u64(&record->state) & 0xff;
    return phase == MOTET_VOICE_PENDING || phase == MOTET_VOICE_PLAYING;
}

/* Those of a voice's stems that have not ended, itself included. */
static uint32_t count_stems(motet_engine *engine, const motet_voice_record *record)
{
    uint32_t count = 0;
    const motet_voice_record *stem = record;
    do {
        count += is_alive(stem);
        stem = motet_stems_next_record(engine, stem);
    } while (stem != record);
    return count;
}

/* Stops a voice, with all its stems, by the timing of the one that takes its place; one that has ended needs no stop. */
static void stop_replaced(motet_engine *engine, motet_voice voice, motet_timing timing)
{
    uint32_t slot;
    motet_command stop = {.kind = MOTET_COMMAND_STOP};
    const motet_voice_record *record = find_voice(engine, voice, &slot);
    if (record == NULL || motet_command_time(engine, &stop, timing) != MOTET_OK) {
        return;
    }
    const motet_voice_record *stem = record;
    do {
        if (is_alive(stem)) {
            stop.target = (uint32_t)(stem - engine->voices);
            stop.generation = stem->generation;
            motet_command_stage_behind(engine, &stop, stem->group); /* reserved before */
        }
        stem = motet_stems_next_record(engine, stem);
    } while (stem != record);
}

/* Room for a play and for the stops of the voice that it replaces, which may wait behind a play in another group. */
static motet_result reserve_replacement(motet_engine *engine, motet_voice replaced)
{
    uint32_t slot;
    const motet_voice_record *record = find_voice(engine, replaced, &slot);
    motet_result result = MOTET_OK;
    uint32_t stops = record != NULL ? count_stems(engine, record) : 1;
    if (record != NULL && record->group != 0) {
        result = motet_command_reserve_behind(engine, stops, record->group);
    }
    return result == MOTET_OK ? motet_command_reserve(engine, 1 + stops) : result;
}

motet_voice motet_voice_crossfade(motet_engine *engine, motet_voice from, motet_sound to, const motet_voice_def *given)
{
    motet_voice voice = {0};
    motet_voice_def def = given != NULL ? *given : motet_default_voice_def();
    motet_result result;
    if (!motet_engine_enter(engine, &result)) {
        return voice;
    }
    if (def.timing.fade_seconds == 0) {
        def.timing.fade_seconds = engine->def.declick_seconds; /* a start has no fade by itself */
    } else if (def.timing.curve == MOTET_CURVE_SMOOTH) {
        def.timing.curve = MOTET_CURVE_POWER; /* too steep for so short a fade as the declick */
    }
    if (reserve_replacement(engine, from) == MOTET_OK) {
        voice = begin_of_sound(engine, to, &def, NULL, motet_command_open_group(engine));
    }
    if (voice.id != 0) {
        stop_replaced(engine, from, def.timing);
    }
    motet_command_publish(engine); /* both at once, so that both get one frame */
    motet_engine_leave(engine);
    return voice;
}

/* Whether a voice is queued after another one, and still waits. */
static bool has_follower(motet_engine *engine, const motet_voice_record *record)
{
    if (record->follower_generation == 0) {
        return false;
    }
    const motet_voice_record *follower = &engine->voices[record->follower];
    uint64_t pending = (uint64_t)record->follower_generation << 8 | MOTET_VOICE_PENDING;
    return motet_load_acquire_u64(&follower->state) == pending && !follower->is_leaving;
}

motet_voice motet_voice_queue(motet_engine *engine, motet_voice after, motet_sound next, const motet_voice_def *given)
{
    motet_voice voice = {0};
    motet_voice_def def = given != NULL ? *given : motet_default_voice_def();
    motet_result result;
    uint32_t slot;
    if (!motet_engine_enter(engine, &result)) {
        return voice;
    }
    motet_voice_record *leader = find_voice(engine, after, &slot);
    bool is_followed = leader != NULL && has_follower(engine, leader);
    for (motet_voice_record *stem = leader != NULL ? motet_stems_next_record(engine, leader) : NULL; stem != leader;
         stem = motet_stems_next_record(engine, stem)) {
        is_followed = is_followed || has_follower(engine, stem);
    }
    uint32_t group = leader != NULL && leader->group != 0 ? leader->group : motet_command_open_group(engine);
    if (def.timing.at_frame != 0) {
        motet_fail(&engine->log, MOTET_ERROR_INVALID,
                   "timing.at_frame of a queued voice is %llu; expected 0: it starts where the voice before it ends",
                   (unsigned long long)def.timing.at_frame);
    } else if (is_followed) {
        motet_fail(&engine->log, MOTET_ERROR_INVALID,
                   "a voice is queued after this one already; queue the sound after that one, or stop that one first");
    } else {
        if (def.timing.fade_seconds > 0 && def.timing.curve == MOTET_CURVE_SMOOTH) {
            def.timing.curve = MOTET_CURVE_POWER;
        }
        voice = begin_of_sound(engine, next, &def, leader, group);
    }
    motet_command_publish(engine);
    motet_engine_leave(engine);
    return voice;
}

/* ---------------------------------------------------------------------------------------------------- Changes */

/* A change of one voice, checked and clamped as far as that needs no lock. */
typedef struct voice_change {
    motet_command_kind kind;
    motet_timing timing;
    double number;
    uint64_t position, end;
    uint32_t index;
    motet_bus bus;
} voice_change;

static motet_result check_range(motet_engine *engine, const motet_voice_record *record, voice_change *change)
{
    if (is_live(record->sound)) {
        return refuse_live(engine, record->sound, "loop");
    }
    uint64_t frames = record->sound != NULL ? motet_stems_longest(engine, record) : 0;
    if (record->sound != NULL && motet_sound_state_of(record->sound) != MOTET_SOUND_READY) {
        frames = UINT32_MAX; /* the voice sees to the rest when its sound is there */
        change->end = change->end == 0 ? frames : change->end;
    }
    if (record->sound != NULL && frames == 0) {
        change->position = change->end = 0; /* as with a play, there is nothing to go round */
        return MOTET_OK;
    }
    change->end = change->end == 0 || change->end > frames ? frames : change->end;
    if (change->position >= change->end || change->end > UINT32_MAX) {
        return motet_fail(&engine->log, MOTET_ERROR_INVALID, "a loop from frame %llu to %llu; expected start < end",
                          (unsigned long long)change->position, (unsigned long long)change->end);
    }
    return MOTET_OK;
}

static motet_result check_change(motet_engine *engine, const motet_voice_record *record, voice_change *change)
{
    switch (change->kind) {
    case MOTET_COMMAND_SET_BUS:
        return motet_bus_get(engine, change->bus, &change->index) != NULL ? MOTET_OK : MOTET_ERROR_STALE;
    case MOTET_COMMAND_SET_LOOP_RANGE: return check_range(engine, record, change);
    case MOTET_COMMAND_SEEK:
    case MOTET_COMMAND_SET_LOOP:
        if (record->feed != NULL && (change->kind == MOTET_COMMAND_SEEK || change->index != 0)) {
            return motet_fail(&engine->log, MOTET_ERROR_INVALID, "a %s voice cannot %s",
                              motet_feed_is_made(record->feed) ? "generated" : "fed",
                              change->kind == MOTET_COMMAND_SEEK ? "seek" : "loop");
        }
        if (is_live(record->sound) && (change->kind == MOTET_COMMAND_SEEK || change->index != 0)) {
            return refuse_live(engine, record->sound, change->kind == MOTET_COMMAND_SEEK ? "seek" : "loop");
        }
        return MOTET_OK;
    default: return MOTET_OK;
    }
}

/* What the getters tell from now on. */
static void remember(motet_voice_record *record, const voice_change *change)
{
    switch (change->kind) {
    case MOTET_COMMAND_SET_VOLUME: record->volume_db = (float)change->number; break;
    case MOTET_COMMAND_SET_PAN: record->pan = (float)change->number; break;
    case MOTET_COMMAND_SET_PITCH: record->pitch = change->number; break;
    case MOTET_COMMAND_SET_LOOP: record->loop = change->index != 0; break;
    case MOTET_COMMAND_SET_BUS: record->bus = change->bus; break;
    case MOTET_COMMAND_PAUSE:
    case MOTET_COMMAND_RESUME: record->paused = change->kind == MOTET_COMMAND_PAUSE; break;
    case MOTET_COMMAND_STOP: record->is_leaving = record->is_leaving || change->timing.at_frame == 0; break;
    default: break;
    }
}

/* What moves the position of a stem moves all of them. */
static bool moves_all(motet_command_kind kind)
{
    return kind == MOTET_COMMAND_SEEK || kind == MOTET_COMMAND_SET_PITCH || kind == MOTET_COMMAND_PAUSE ||
           kind == MOTET_COMMAND_RESUME || kind == MOTET_COMMAND_SET_LOOP || kind == MOTET_COMMAND_SET_LOOP_RANGE ||
           kind == MOTET_COMMAND_CANCEL;
}

static void fill_command(motet_command *command, const voice_change *change)
{
    command->kind = change->kind;
    command->index = change->index;
    if (change->kind == MOTET_COMMAND_SEEK) {
        command->value.position = change->position;
    } else if (change->kind == MOTET_COMMAND_SET_LOOP_RANGE) {
        command->value.range.start = (uint32_t)change->position;
        command->value.range.end = (uint32_t)change->end;
    } else if (change->kind == MOTET_COMMAND_SET_VOLUME) {
        command->value.number = motet_db_to_gain(change->number);
    } else {
        command->value.number = change->number;
    }
}

/* Makes a command one of a stem's, where another one may have been asked: that one must not have ended by then. */
static void share(motet_engine *engine, motet_command *command, const motet_voice_record *stem,
                  const motet_voice_record *asked)
{
    command->target = (uint32_t)(stem - engine->voices);
    command->generation = stem->generation;
    command->is_shared = stem != asked;
    command->asked = (uint32_t)(asked - engine->voices);
    command->asked_generation = asked->generation;
}

/* A stem goes round only where the loop ends inside its sound. Room has been reserved. */
static void stage_stem(motet_engine *engine, motet_voice_record *record, motet_command command,
                       const voice_change *change)
{
    if (change->kind == MOTET_COMMAND_SET_LOOP) {
        command.index = change->index != 0 && record->loop_fits;
    }
    if (change->kind != MOTET_COMMAND_SET_LOOP_RANGE) {
        motet_command_stage_behind(engine, &command, record->group);
        return;
    }
    uint64_t frames = record->sound->edition->material.file_frame_count;
    if (change->position < frames) {
        command.value.range.end = (uint32_t)(change->end < frames ? change->end : frames);
        motet_command_stage_behind(engine, &command, record->group);
    }
    record->loop_fits = change->end <= frames;
    command.kind = MOTET_COMMAND_SET_LOOP;
    command.index = record->loop && record->loop_fits;
    motet_command_stage_behind(engine, &command, record->group);
}

static motet_result send_to_stems(motet_engine *engine, motet_voice_record *record, const motet_command *command,
                                  const voice_change *change)
{
    uint32_t each = change->kind == MOTET_COMMAND_SET_LOOP_RANGE ? 2 : 1;
    motet_result result = reserve(engine, each * count_stems(engine, record), record->group);
    if (result != MOTET_OK) {
        return result;
    }
    /* The one that was asked comes last: what ends it may not keep the others from being moved. */
    motet_voice_record *stem = record;
    do {
        stem = motet_stems_next_record(engine, stem);
        if (is_alive(stem)) {
            motet_command shared = *command;
            share(engine, &shared, stem, record);
            stage_stem(engine, stem, shared, change);
            remember(stem, change);
        }
    } while (stem != record);
    motet_command_publish(engine);
    return MOTET_OK;
}

static motet_result send_change(motet_engine *engine, motet_voice voice, voice_change *change)
{
    uint32_t slot;
    motet_command command = {0};
    motet_voice_record *record = motet_voice_get(engine, voice, &slot);
    if (record == NULL) {
        return MOTET_ERROR_STALE;
    }
    motet_result result = motet_command_time(engine, &command, change->timing);
    if (result == MOTET_OK) {
        result = check_change(engine, record, change);
    }
    if (result != MOTET_OK) {
        return result;
    }
    fill_command(&command, change);
    command.target = slot;
    command.generation = record->generation;
    if (record->is_stem && moves_all(change->kind)) {
        return send_to_stems(engine, record, &command, change);
    }
    result = motet_command_send_behind(engine, &command, record->group);
    if (result == MOTET_OK) {
        remember(record, change);
    }
    return result;
}

static motet_result change_voice(motet_engine *engine, motet_voice voice, voice_change change)
{
    motet_result result;
    if (!motet_engine_enter(engine, &result)) {
        return result;
    }
    result = send_change(engine, voice, &change);
    motet_engine_leave(engine);
    return result;
}

motet_result motet_voice_stop(motet_engine *engine, motet_voice voice, motet_timing timing)
{
    return change_voice(engine, voice, (voice_change){.kind = MOTET_COMMAND_STOP, .timing = timing});
}

motet_result motet_voice_pause(motet_engine *engine, motet_voice voice, motet_timing timing)
{
    return change_voice(engine, voice, (voice_change){.kind = MOTET_COMMAND_PAUSE, .timing = timing});
}

motet_result motet_voice_resume(motet_engine *engine, motet_voice voice, motet_timing timing)
{
    return change_voice(engine, voice, (voice_change){.kind = MOTET_COMMAND_RESUME, .timing = timing});
}

motet_result motet_voice_cancel(motet_engine *engine, motet_voice voice)
{
    return change_voice(engine, voice, (voice_change){.kind = MOTET_COMMAND_CANCEL});
}

motet_result motet_voice_seek(motet_engine *engine, motet_voice voice, uint64_t to_frame, motet_timing timing)
{
    return change_voice(engine, voice,
                        (voice_change){.kind = MOTET_COMMAND_SEEK, .timing = timing, .position = to_frame});
}

motet_result motet_voice_set_volume_db(motet_engine *engine, motet_voice voice, float volume_db, motet_timing timing)
{
    if (!motet_check_number(engine, (double)volume_db, "volume_db")) {
        return MOTET_ERROR_INVALID;
    }
    double number = (double)clamp_volume(volume_db);
    return change_voice(engine, voice,
                        (voice_change){.kind = MOTET_COMMAND_SET_VOLUME, .timing = timing, .number = number});
}

motet_result motet_voice_set_pan(motet_engine *engine, motet_voice voice, float pan, motet_timing timing)
{
    if (!motet_check_number(engine, (double)pan, "pan")) {
        return MOTET_ERROR_INVALID;
    }
    double number = motet_clamp((double)pan, -1, 1);
    return change_voice(engine, voice,
                        (voice_change){.kind = MOTET_COMMAND_SET_PAN, .timing = timing, .number = number});
}

motet_result motet_voice_set_pitch(motet_engine *engine, motet_voice voice, double pitch, motet_timing timing)
{
    if (!motet_check_number(engine, pitch, "pitch")) {
        return MOTET_ERROR_INVALID;
    }
    if (pitch <= 0) {
        return motet_fail(engine != NULL ? &engine->log : NULL, MOTET_ERROR_INVALID, "pitch is %g; expected above 0",
                          pitch);
    }
    double number = clamp_pitch(pitch);
    return change_voice(engine, voice,
                        (voice_change){.kind = MOTET_COMMAND_SET_PITCH, .timing = timing, .number = number});
}

/* Names the first entry that has a value out of place. */
static motet_result check_values(motet_engine *engine, const motet_voice_values *values, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        const motet_voice_values *v = &values[i];
        char what[40];
        if (isfinite((double)v->volume_db) && isfinite((double)v->pan) && isfinite(v->pitch) && v->pitch > 0) {
            continue;
        }
        snprintf(what, sizeof what, "values[%u].%s", i,
                 !isfinite((double)v->volume_db) ? "volume_db"
                 : !isfinite((double)v->pan)     ? "pan"
                                                 : "pitch");
        if (motet_check_number(engine, (double)v->volume_db, what) &&
            motet_check_number(engine, (double)v->pan, what) && motet_check_number(engine, v->pitch, what)) {
            motet_fail(&engine->log, MOTET_ERROR_INVALID, "%s is %g; expected above 0", what, v->pitch);
        }
        return MOTET_ERROR_INVALID;
    }
    return MOTET_OK;
}

/* The command is as motet_command_time has left it. */
static motet_result stage_values(motet_engine *engine, motet_command command, const motet_voice_values *values)
{
    motet_voice_record *record = find_voice(engine, values->voice, &command.target);
    if (record == NULL) {
        return MOTET_OK;
    }
    record->volume_db = clamp_volume(values->volume_db);
    record->pan = (float)motet_clamp((double)values->pan, -1, 1);
    record->pitch = clamp_pitch(values->pitch);
    command.kind = MOTET_COMMAND_SET_VALUES;
    command.generation = record->generation;
    command.value.values.gain = motet_db_to_gain((double)record->volume_db);
    command.value.values.pan = record->pan;
    command.value.values.pitch = record->pitch;
    motet_result result = motet_command_stage_behind(engine, &command, record->group);
    command.kind = MOTET_COMMAND_SET_PITCH;
    command.value.number = record->pitch;
    for (motet_voice_record *stem = motet_stems_next_record(engine, record); result == MOTET_OK && stem != record;
         stem = motet_stems_next_record(engine, stem)) {
        if (is_alive(stem)) {
            stem->pitch = record->pitch;
            share(engine, &command, stem, record);
            result = motet_command_stage_behind(engine, &command, stem->group);
        }
    }
    return result;
}

/* Room for all, so that none can fail when others have been staged: also behind plays that wait in groups. */
static motet_result reserve_values(motet_engine *engine, const motet_voice_values *values, uint32_t count)
{
    uint32_t needed = count;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t slot;
        const motet_voice_record *record = find_voice(engine, values[i].voice, &slot);
        needed += record != NULL ? count_stems(engine, record) - 1 : 0;
    }
    motet_result result = motet_command_reserve(engine, needed);
    for (uint32_t i = 0; engine->commands.open_groups > 0 && result == MOTET_OK && i < count; i++) {
        uint32_t slot;
        const motet_voice_record *record = find_voice(engine, values[i].voice, &slot);
        if (record != NULL && record->group != 0) {
            result = motet_command_reserve_behind(engine, needed, record->group);
        }
    }
    return result;
}

motet_result motet_voices_set(motet_engine *engine, const motet_voice_values *values, uint32_t count,
                              motet_timing timing)
{
    motet_result result;
    motet_command command = {0};
    if (!motet_engine_enter(engine, &result)) {
        return result;
    }
    if (values == NULL && count > 0) {
        result = motet_fail(&engine->log, MOTET_ERROR_INVALID, "values is NULL, count %u", count);
    }
    if (result == MOTET_OK) {
        result = motet_command_time(engine, &command, timing);
    }
    if (result == MOTET_OK) {
        result = check_values(engine, values, count);
    }
    if (result == MOTET_OK) {
        result = reserve_values(engine, values, count);
    }
    for (uint32_t i = 0; result == MOTET_OK && i < count; i++) {
        result = stage_values(engine, command, &values[i]);
    }
    motet_command_publish(engine);
    motet_engine_leave(engine);
    return result;
}

motet_result motet_voice_set_loop(motet_engine *engine, motet_voice voice, bool loop, motet_timing timing)
{
    return change_voice(engine, voice, (voice_change){.kind = MOTET_COMMAND_SET_LOOP, .timing = timing, .index = loop});
}

motet_result motet_voice_set_loop_range(motet_engine *engine, motet_voice voice, uint64_t start_frame,
                                        uint64_t end_frame, motet_timing timing)
{
    return change_voice(
        engine, voice,
        (voice_change){
            .kind = MOTET_COMMAND_SET_LOOP_RANGE, .timing = timing, .position = start_frame, .end = end_frame});
}

motet_result motet_voice_set_bus(motet_engine *engine, motet_voice voice, motet_bus bus, motet_timing timing)
{
    return change_voice(engine, voice, (voice_change){.kind = MOTET_COMMAND_SET_BUS, .timing = timing, .bus = bus});
}

/* -------------------------------------------------------------------------------------------------- Questions */

bool motet_voice_is_active(const motet_engine *engine, motet_voice voice)
{
    uint32_t slot, generation;
    if (engine == NULL || engine->fork_count != motet_fork_count() ||
        !motet_id_split(engine, voice.id, &slot, &generation) || slot >= engine->voice_limit) {
        return false;
    }
    uint64_t state = motet_load_acquire_u64(&engine->voices[slot].state);
    uint64_t phase = state & 0xff;
    return state >> 8 == generation && (phase == MOTET_VOICE_PENDING || phase == MOTET_VOICE_PLAYING);
}

motet_track motet_voice_track(const motet_engine *engine, const motet_voice_record *record)
{
    uint64_t words[7];
    motet_seqlock_read(&record->track, words, 7);
    motet_track track = {.frame = motet_render_frame(engine),
                         .position = (double)words[1] + (double)(uint32_t)words[2] * 0x1p-32,
                         .step = (double)words[3] * 0x1p-32,
                         .looping = (words[2] >> 32 & 1) != 0 && words[1] < words[5],
                         .is_virtual = (words[2] >> 33 & 1) != 0,
                         .begun = (words[2] >> 34 & 1) != 0,
                         .loop_start = words[4],
                         .loop_end = words[5],
                         .passes = words[6]};
    if (track.frame > words[0]) {
        track.begun = track.begun || track.step > 0;
        track.position += (double)(track.frame - words[0]) * track.step;
    }
    double length = (double)(track.loop_end - track.loop_start);
    if (track.looping && track.position >= (double)track.loop_end) {
        double rounds = floor((track.position - (double)track.loop_end) / length) + 1;
        double most = track.passes != 0 ? (double)(track.passes - 1) : rounds;
        rounds = rounds < most ? rounds : most;
        track.position -= rounds * length;
        track.passes -= track.passes != 0 ? (uint64_t)rounds : 0;
        track.looping = track.passes != 1;
    }
    if (!track.looping && record->sound != NULL && motet_sound_state_of(record->sound) == MOTET_SOUND_READY &&
        track.position > (double)record->sound->edition->material.file_frame_count) {
        track.position = (double)record->sound->edition->material.file_frame_count;
    }
    return track;
}

static void describe(const motet_engine *engine, const motet_voice_record *record, motet_voice_state *state)
{
    uint64_t phase = motet_load_acquire_u64(&record->state) & 0xff;
    motet_track track = motet_voice_track(engine, record);
    uint32_t rate =
        record->sound != NULL ? record->sound->edition->material.file_rate_hz : record->feed->sample_rate_hz;
    motet_clock clock;
    motet_engine_get_clock(engine, &clock);
    rate = rate == 0 ? 1 : rate; /* of a sound that is still loading */
    double heard = (track.position - (double)(clock.frame - clock.heard_frame) * track.step) / rate;
    *state = (motet_voice_state){.position_frames = track.position,
                                 .heard_seconds = heard > 0 ? heard : 0,
                                 .started = phase == MOTET_VOICE_PLAYING && track.begun,
                                 .paused = record->paused,
                                 .is_virtual = track.is_virtual,
                                 .level_db = (float)motet_gain_to_db((double)motet_load_relaxed_f32(&record->level)),
                                 .loop = record->loop,
                                 .volume_db = record->volume_db,
                                 .pan = record->pan,
                                 .pitch = record->pitch,
                                 .sound = record->sound_id,
                                 .bus = record->bus,
                                 .user = record->user};
}

motet_result motet_voice_get_state(const motet_engine *const_engine, motet_voice voice, motet_voice_state *state)
{
    motet_engine *engine = (motet_engine *)const_engine;
    motet_result result;
    if (state == NULL) {
        return motet_fail(NULL, MOTET_ERROR_INVALID, "state is NULL");
    }
    if (!motet_engine_enter(engine, &result)) {
        return result;
    }
    uint32_t slot;
    const motet_voice_record *record = motet_voice_get(engine, voice, &slot);
    if (record != NULL) {
        describe(engine, record, state);
    } else {
        result = MOTET_ERROR_STALE;
    }
    motet_engine_leave(engine);
    return result;
}
