/* What is asked of a voice that plays, or waits to. */
#include "engine/voice_private.h"

#include "dsp/math.h"
#include "engine/sound.h"

#include <math.h>

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
    if (motet_sound_is_live(record->sound)) {
        return motet_voice_refuse_live(engine, record->sound, "loop");
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
        if (motet_sound_is_live(record->sound) && (change->kind == MOTET_COMMAND_SEEK || change->index != 0)) {
            return motet_voice_refuse_live(engine, record->sound, change->kind == MOTET_COMMAND_SEEK ? "seek" : "loop");
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
    motet_result result = motet_voice_reserve(engine, each * motet_voice_count_stems(engine, record), record->group);
    if (result != MOTET_OK) {
        return result;
    }
    /* The one that was asked comes last: what ends it may not keep the others from being moved. */
    motet_voice_record *stem = record;
    do {
        stem = motet_stems_next_record(engine, stem);
        if (motet_voice_is_alive(stem)) {
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
    double number = (double)motet_voice_clamp_volume(volume_db);
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
    double number = motet_voice_clamp_pitch(pitch);
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
    motet_voice_record *record = motet_voice_find(engine, values->voice, &command.target);
    if (record == NULL) {
        return MOTET_OK;
    }
    record->volume_db = motet_voice_clamp_volume(values->volume_db);
    record->pan = (float)motet_clamp((double)values->pan, -1, 1);
    record->pitch = motet_voice_clamp_pitch(values->pitch);
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
        if (motet_voice_is_alive(stem)) {
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
        const motet_voice_record *record = motet_voice_find(engine, values[i].voice, &slot);
        needed += record != NULL ? motet_voice_count_stems(engine, record) - 1 : 0;
    }
    motet_result result = motet_command_reserve(engine, needed);
    for (uint32_t i = 0; engine->commands.open_groups > 0 && result == MOTET_OK && i < count; i++) {
        uint32_t slot;
        const motet_voice_record *record = motet_voice_find(engine, values[i].voice, &slot);
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
