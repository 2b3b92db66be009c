/* Why a voice sounds as it does, in words. */
#include "dsp/math.h"
#include "engine/engine.h"
#include "engine/voice_private.h"

#include <stdarg.h>
#include <stdio.h>

/* A text that grows up to its size and is cut there. */
typedef struct explanation {
    char *text;
    size_t size, length;
} explanation;

static void MOTET_PRINTF(2, 3) say(explanation *to, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    size_t room = to->size > to->length ? to->size - to->length : 0;
    int written = vsnprintf(room > 0 ? to->text + to->length : NULL, room, format, arguments);
    to->length += written > 0 ? (size_t)written : 0;
    va_end(arguments);
}

/* The buses from a voice's own to Master. */
static uint32_t path_to_master(motet_engine *engine, motet_bus bus, motet_bus_entry **path)
{
    uint32_t index;
    uint32_t count = 0;
    motet_bus_entry *entry = motet_bus_get(engine, bus, &index);
    while (entry != NULL) {
        path[count++] = entry;
        entry = index != MOTET_MASTER ? motet_bus_get(engine, entry->parent, &index) : NULL;
    }
    return count;
}

static bool any_solo(const motet_engine *engine)
{
    bool any = false;
    for (uint32_t i = 0; i < engine->bus_count; i++) {
        any = any || engine->buses[i].solo;
    }
    return any;
}

/* The nearest bus that holds a voice back, or NULL: its own or one above that, or that of a stem locked to it. */
static const motet_bus_entry *find_paused(motet_engine *engine, const motet_voice_record *record)
{
    const motet_voice_record *stem = record;
    do {
        motet_bus_entry *path[MOTET_MAX_BUSES];
        uint32_t count = motet_voice_is_alive(stem) ? path_to_master(engine, stem->bus, path) : 0;
        for (uint32_t i = 0; i < count; i++) {
            if (path[i]->paused) {
                return path[i];
            }
        }
        stem = motet_stems_next_record(engine, stem);
    } while (stem != record);
    return NULL;
}

static void say_level(explanation *to, const motet_voice_record *record, motet_bus_entry **path, uint32_t count)
{
    double total = (double)record->volume_db;
    for (uint32_t i = 0; i < count; i++) {
        total += (double)path[i]->volume_db;
    }
    say(to, ": %.1f dB = voice %.1f", total, (double)record->volume_db);
    for (uint32_t i = 0; i < count; i++) {
        if (path[i]->volume_db != 0) {
            say(to, " %c %s %.1f", '+', path[i]->name, (double)path[i]->volume_db);
        }
    }
    double level = motet_gain_to_db((double)motet_load_relaxed_f32(&record->level));
    double fade = level - (double)record->volume_db;
    if (fade < -0.05 || fade > 0.05) {
        say(to, " (its fades are at %+.1f now)", fade);
    }
}

static void say_reasons(motet_engine *engine, explanation *to, const motet_voice_record *record, motet_bus_entry **path,
                        uint32_t count)
{
    motet_track track = motet_voice_track(engine, record);
    uint64_t phase = motet_load_acquire_u64(&record->state) & 0xff;
    bool soloed = false;
    if (phase == MOTET_VOICE_PENDING) {
        bool loading = record->sound != NULL && motet_load_relaxed_u32(&record->edition->state) == MOTET_SOUND_LOADING;
        say(to, loading ? "; silent: its sound is still loading" : "; silent: it has not started");
    }
    if (record->paused) {
        say(to, "; silent: it is paused");
    }
    const motet_bus_entry *paused = find_paused(engine, record);
    if (paused != NULL) {
        say(to, "; silent: %s is paused", paused->name);
    }
    if (record->volume_db <= MOTET_VOLUME_MIN_DB) {
        say(to, "; silent: its volume is");
    }
    for (uint32_t i = 0; i < count; i++) {
        if (path[i]->mute) {
            say(to, "; silent: %s is muted", path[i]->name);
        }
        if (path[i]->volume_db <= MOTET_VOLUME_MIN_DB) {
            say(to, "; silent: the volume of %s is", path[i]->name);
        }
        soloed = soloed || path[i]->solo;
    }
    if (!soloed && any_solo(engine)) {
        say(to, "; silent: other buses are soloed");
    }
    if (track.is_virtual) {
        say(to, "; silent: virtual, %u others are louder or more important", engine->def.max_voices);
    }
    if (record->start.feed != NULL && phase == MOTET_VOICE_PLAYING && track.step == 0 && !record->paused &&
        paused == NULL) {
        say(to, "; silent: %s",
            record->feed == NULL               ? "its file gives nothing"
            : motet_feed_is_made(record->feed) ? "nothing has been made for it in time"
                                               : "nothing has been written to it");
    }
    if (engine->output != NULL) {
        motet_engine_info info;
        if (motet_engine_get_info(engine, &info) == MOTET_OK && info.is_null) {
            say(to, "; nothing is heard: there is no sound device");
        }
    }
}

motet_result motet_voice_explain(const motet_engine *const_engine, motet_voice voice, char *text, size_t size)
{
    motet_engine *engine = (motet_engine *)const_engine;
    motet_result result;
    uint32_t slot;
    if (text == NULL || size == 0) {
        return motet_fail(NULL, MOTET_ERROR_INVALID, "there is no room for a text");
    }
    text[0] = '\0';
    if (!motet_engine_enter(engine, &result)) {
        return result;
    }
    const motet_voice_record *record = motet_voice_get(engine, voice, &slot);
    if (record != NULL) {
        motet_bus_entry *path[MOTET_MAX_BUSES] = {&engine->buses[MOTET_MASTER]};
        explanation to = {.text = text, .size = size};
        uint32_t count = path_to_master(engine, record->bus, path);
        say(&to, "voice %u %s on %s", slot + 1, record->sound != NULL ? record->sound->name : "(fed)", path[0]->name);
        say_level(&to, record, path, count);
        say_reasons(engine, &to, record, path, count);
    } else {
        result = MOTET_ERROR_STALE;
    }
    motet_engine_leave(engine);
    return result;
}
