#include "engine/voice_private.h"

#include "dsp/math.h"
#include "engine/feed_ring.h"
#include "engine/render.h"
#include "engine/sound.h"
#include "engine/stream.h"
#include "engine/stream_file.h"
#include "engine/variations.h"

#include <math.h>
#include <stdio.h>

/* ---------------------------------------------------------------------------------------------------- Records */

motet_voice_record *motet_voice_find(motet_engine *engine, motet_voice voice, uint32_t *slot)
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
    motet_voice_record *record = motet_voice_find(engine, voice, slot);
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

float motet_voice_clamp_volume(float volume_db)
{
    return (float)motet_clamp((double)volume_db, (double)MOTET_VOLUME_MIN_DB, (double)MOTET_VOLUME_MAX_DB);
}

double motet_voice_clamp_pitch(double pitch)
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

/* Whether a voice of a sound can be begun: false, with the failure told, when its range is empty, or the sound cannot
 * be had. Of one that is still loading that turns out when it is there. */
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

bool motet_sound_is_live(const motet_sound_entry *sound)
{
    return sound != NULL && sound->streamed != NULL && sound->streamed->is_live;
}

motet_result motet_voice_refuse_live(motet_engine *engine, const motet_sound_entry *sound, const char *what)
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
    record->volume_db = motet_voice_clamp_volume(def->volume_db);
    record->pan = (float)motet_clamp((double)def->pan, -1, 1);
    record->pitch = def->pitch == 0 ? 1 : motet_voice_clamp_pitch(def->pitch);
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

motet_result motet_voice_reserve(motet_engine *engine, uint32_t count, uint32_t group)
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
        motet_voice_reserve(engine, 1, request->group) != MOTET_OK) {
        return none;
    }
    if (motet_sound_is_live(sound) && (def->loop || def->from_frame != 0)) {
        motet_voice_refuse_live(engine, sound, def->loop ? "loop" : "start inside it");
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

bool motet_voice_is_alive(const motet_voice_record *record)
{
    uint64_t phase = motet_load_acquire_u64(&record->state) & 0xff;
    return phase == MOTET_VOICE_PENDING || phase == MOTET_VOICE_PLAYING;
}

uint32_t motet_voice_count_stems(motet_engine *engine, const motet_voice_record *record)
{
    uint32_t count = 0;
    const motet_voice_record *stem = record;
    do {
        count += motet_voice_is_alive(stem);
        stem = motet_stems_next_record(engine, stem);
    } while (stem != record);
    return count;
}

/* Stops a voice, with all its stems, by the timing of the one that takes its place; one that has ended needs no stop. */
static void stop_replaced(motet_engine *engine, motet_voice voice, motet_timing timing)
{
    uint32_t slot;
    motet_command stop = {.kind = MOTET_COMMAND_STOP};
    const motet_voice_record *record = motet_voice_find(engine, voice, &slot);
    if (record == NULL || motet_command_time(engine, &stop, timing) != MOTET_OK) {
        return;
    }
    const motet_voice_record *stem = record;
    do {
        if (motet_voice_is_alive(stem)) {
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
    const motet_voice_record *record = motet_voice_find(engine, replaced, &slot);
    motet_result result = MOTET_OK;
    uint32_t stops = record != NULL ? motet_voice_count_stems(engine, record) : 1;
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
    motet_voice_record *leader = motet_voice_find(engine, after, &slot);
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

/* What a voice could play from here on. */
static double buffered_seconds(const motet_engine *engine, const motet_voice_record *record, double step)
{
    const motet_feed *feed = record->start.feed;
    if (feed != NULL) {
        double rate_hz = step > 0 ? step * engine->def.sample_rate_hz : record->pitch * feed->sample_rate_hz;
        return motet_feed_held(feed) / rate_hz;
    }
    if (record->stream != NULL) {
        return (double)motet_load_relaxed_u32(&record->stream->ahead) / engine->def.sample_rate_hz;
    }
    return record->has_stream ? 0 : INFINITY;
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
                                 .buffered_seconds = buffered_seconds(engine, record, track.step),
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
