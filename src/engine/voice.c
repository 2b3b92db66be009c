#include "dsp/math.h"
#include "engine/engine.h"

/* ---------------------------------------------------------------------------------------------------- Records */

motet_voice_record *motet_voice_get(motet_engine *engine, motet_voice voice, uint32_t *slot)
{
    uint32_t generation;
    if (motet_id_split(engine, voice.id, slot, &generation) && *slot < engine->def.max_voices) {
        motet_voice_record *record = &engine->voices[*slot];
        uint64_t state = motet_load_acquire_u64(&record->state);
        uint64_t phase = state & 0xff;
        if (state >> 8 == generation && (phase == MOTET_VOICE_PENDING || phase == MOTET_VOICE_PLAYING)) {
            return record;
        }
    }
    motet_fail(NULL, MOTET_ERROR_STALE, voice.id == 0 ? "the voice is {0}" : "the voice has ended");
    return NULL;
}

void motet_voice_finish(motet_engine *engine, motet_voice_record *record)
{
    uint32_t index = (uint32_t)(record - engine->voices);
    motet_store_release_u64(&record->state, (uint64_t)record->generation << 8 | MOTET_VOICE_FREE);
    if (record->sound != NULL) {
        motet_sound_drop_voice(engine, record->sound);
        record->sound = NULL;
    }
    if (record->feed != NULL) {
        record->feed->next_garbage = engine->garbage_feeds;
        engine->garbage_feeds = record->feed;
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
        !motet_check_number(engine, (double)def->pan, "pan") || !motet_check_number(engine, def->pitch, "pitch")) {
        return MOTET_ERROR_INVALID;
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

static void fill_record(motet_voice_record *record, const motet_voice_def *def, uint32_t bus)
{
    record->volume_db = clamp_volume(def->volume_db);
    record->pan = (float)motet_clamp((double)def->pan, -1, 1);
    record->pitch = def->pitch == 0 ? 1 : clamp_pitch(def->pitch);
    record->loop = def->loop;
    record->paused = def->paused;
    record->user = def->user;
    record->start = (motet_voice_start){
        .material = record->sound != NULL ? &record->sound->material : NULL,
        .feed = record->feed,
        .bus = bus,
        .gain = motet_db_to_gain((double)record->volume_db),
        .pan = (double)record->pan,
        .pitch = record->pitch,
        .loop = def->loop,
        .paused = def->paused,
        .quality = (uint8_t)def->quality,
        .from_frame = def->from_frame,
        .user = def->user,
    };
}

static motet_voice send_play(motet_engine *engine, uint32_t slot, motet_command *play)
{
    motet_voice_record *record = &engine->voices[slot];
    engine->free_voice = record->next_free;
    record->generation++;
    motet_store_relaxed_u64(&record->position, record->start.from_frame << 16);
    motet_store_release_u64(&record->state, (uint64_t)record->generation << 8 | MOTET_VOICE_PENDING);
    play->kind = MOTET_COMMAND_PLAY;
    play->target = slot;
    play->generation = record->generation;
    if (record->sound != NULL) {
        record->sound->voice_count++;
    }
    record->group = motet_command_open_group(engine);
    motet_command_send(engine, play); /* reserved before */
    return (motet_voice){motet_id_make(engine, slot, record->generation)};
}

motet_voice motet_voice_begin(motet_engine *engine, motet_sound_entry *sound, motet_sound sound_id, motet_feed *feed,
                              const motet_voice_def *def)
{
    motet_voice none = {0};
    motet_command play = {0};
    motet_bus bus = def->bus.id != 0 ? def->bus : motet_bus_master(engine);
    uint32_t bus_index;
    if (motet_bus_get(engine, bus, &bus_index) == NULL || motet_command_time(engine, &play, def->timing) != MOTET_OK ||
        motet_command_reserve(engine, 1) != MOTET_OK) {
        return none;
    }
    uint32_t slot = engine->free_voice;
    if (slot == MOTET_NO_SLOT) {
        motet_fail(NULL, MOTET_ERROR_LIMIT, "all %u voices are in use (max_voices)", engine->def.max_voices);
        return none;
    }
    motet_voice_record *record = &engine->voices[slot];
    record->sound = sound;
    record->sound_id = sound_id;
    record->feed = feed;
    record->bus = bus;
    fill_record(record, def, bus_index);
    return send_play(engine, slot, &play);
}

motet_voice motet_voice_play(motet_engine *engine, motet_sound sound, const motet_voice_def *given)
{
    motet_voice voice = {0};
    motet_voice_def def = given != NULL ? *given : motet_default_voice_def();
    motet_result result;
    if (!motet_engine_enter(engine, &result)) {
        return voice;
    }
    motet_sound_entry *entry = motet_sound_get(engine, sound);
    if (entry != NULL && motet_voice_check(engine, &def) == MOTET_OK) {
        voice = motet_voice_begin(engine, entry, sound, NULL, &def);
    }
    motet_engine_leave(engine);
    return voice;
}

/* ---------------------------------------------------------------------------------------------------- Changes */

/* A change of one voice, checked and clamped as far as that needs no lock. */
typedef struct voice_change {
    motet_command_kind kind;
    motet_timing timing;
    double number;
    uint64_t position;
    uint32_t index;
    motet_bus bus;
} voice_change;

static motet_result check_change(motet_engine *engine, const motet_voice_record *record, voice_change *change)
{
    switch (change->kind) {
    case MOTET_COMMAND_SET_BUS:
        return motet_bus_get(engine, change->bus, &change->index) != NULL ? MOTET_OK : MOTET_ERROR_STALE;
    case MOTET_COMMAND_SEEK:
    case MOTET_COMMAND_SET_LOOP:
        if (record->feed != NULL && (change->kind == MOTET_COMMAND_SEEK || change->index != 0)) {
            return motet_fail(&engine->log, MOTET_ERROR_INVALID, "a fed voice cannot %s",
                              change->kind == MOTET_COMMAND_SEEK ? "seek" : "loop");
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
    default: break;
    }
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
    command.kind = change->kind;
    command.target = slot;
    command.generation = record->generation;
    command.index = change->index;
    if (change->kind == MOTET_COMMAND_SEEK) {
        command.value.position = change->position;
    } else if (change->kind == MOTET_COMMAND_SET_VOLUME) {
        command.value.number = motet_db_to_gain(change->number);
    } else {
        command.value.number = change->number;
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

motet_result motet_voice_set_loop(motet_engine *engine, motet_voice voice, bool loop, motet_timing timing)
{
    return change_voice(engine, voice, (voice_change){.kind = MOTET_COMMAND_SET_LOOP, .timing = timing, .index = loop});
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
        !motet_id_split(engine, voice.id, &slot, &generation) || slot >= engine->def.max_voices) {
        return false;
    }
    uint64_t state = motet_load_acquire_u64(&engine->voices[slot].state);
    uint64_t phase = state & 0xff;
    return state >> 8 == generation && (phase == MOTET_VOICE_PENDING || phase == MOTET_VOICE_PLAYING);
}

static void describe(const motet_engine *engine, const motet_voice_record *record, motet_voice_state *state)
{
    uint64_t phase = motet_load_acquire_u64(&record->state) & 0xff;
    double position = (double)motet_load_relaxed_u64(&record->position) / 65536;
    uint32_t rate = record->sound != NULL ? record->sound->material.file_rate_hz : record->feed->sample_rate_hz;
    motet_clock clock;
    motet_engine_get_clock(engine, &clock);
    double behind = (double)(clock.frame - clock.heard_frame) / engine->def.sample_rate_hz * record->pitch;
    double heard = position / rate - (record->paused ? 0 : behind);
    *state = (motet_voice_state){.position_frames = position,
                                 .heard_seconds = heard > 0 ? heard : 0,
                                 .started = phase == MOTET_VOICE_PLAYING,
                                 .paused = record->paused,
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
