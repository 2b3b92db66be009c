#include "engine/stems.h"

#include "engine/engine.h"
#include "engine/pause.h"
#include "engine/rules.h"
#include "engine/slot_private.h"
#include "engine/sound.h"
#include "engine/source.h"
#include "engine/stream.h"

#include <stdio.h>

/* ------------------------------------------------------------------------------------------------ Audio thread */

static motet_slot *slot_at(motet_engine *engine, uint32_t index) MOTET_NONBLOCKING
{
    return &engine->slots.slots[index];
}

motet_slot *motet_stems_next(motet_engine *engine, const motet_slot *slot) MOTET_NONBLOCKING
{
    uint32_t next = slot->place.next_stem;
    return slot_at(engine, next != MOTET_NO_SLOT ? next : slot->place.index);
}

void motet_stems_link(motet_engine *engine, motet_slot *last) MOTET_NONBLOCKING
{
    motet_slot *slot = last;
    for (;;) {
        uint32_t previous = engine->voices[slot->place.index].start.previous_stem;
        if (previous == MOTET_NO_SLOT) {
            last->place.next_stem = slot->place.index;
            motet_pause_settle_voice(engine, last, 0, MOTET_CURVE_SMOOTH); /* what one of them meets meets all */
            return;
        }
        slot_at(engine, previous)->place.next_stem = slot->place.index;
        slot = slot_at(engine, previous);
    }
}

void motet_stems_leave(motet_engine *engine, motet_slot *slot) MOTET_NONBLOCKING
{
    if (slot->place.next_stem == MOTET_NO_SLOT) {
        return;
    }
    motet_slot *before = slot;
    while (motet_stems_next(engine, before) != slot) {
        before = motet_stems_next(engine, before);
    }
    before->place.next_stem = slot->place.next_stem;
    slot->place.next_stem = MOTET_NO_SLOT;
    motet_pause_stem_left(engine, slot);
}

bool motet_stems_have_lost(motet_engine *engine, const motet_command *command) MOTET_NONBLOCKING
{
    const motet_slot *asked = slot_at(engine, command->asked);
    return asked->generation != command->asked_generation ||
           (asked->phase != MOTET_SLOT_PLAYING && asked->phase != MOTET_SLOT_WAITING);
}

/* Whether a stem that waits could be heard from here on. */
static bool is_ready(motet_engine *engine, motet_slot *slot) MOTET_NONBLOCKING
{
    if (slot->place.waits != MOTET_WAITS_FOR_STEMS) {
        return false;
    }
    if (slot->stream == NULL) {
        return true;
    }
    slot->now = engine->now;
    motet_stream_take(slot->stream);
    motet_source_shorten(slot);
    motet_stream_plan(engine, slot->stream, slot, 0);
    motet_stream_settle_plan(slot->stream);
    return motet_stream_is_primed(engine, slot);
}

/* The stems of a ring in the order of their plays. */
static uint32_t list_stems(motet_engine *engine, motet_slot *slot, motet_slot **stems) MOTET_NONBLOCKING
{
    motet_slot *first = slot;
    uint32_t count = 0;
    for (motet_slot *s = motet_stems_next(engine, slot); s != slot; s = motet_stems_next(engine, s)) {
        first = s->sequence < first->sequence ? s : first;
    }
    motet_slot *s = first;
    do {
        stems[count++] = s;
        s = motet_stems_next(engine, s);
    } while (s != first && count < MOTET_MAX_STEMS);
    return count;
}

/* All of them, or none where the rules of a sound refuse one. */
static void start_if_ready(motet_engine *engine, motet_slot *slot) MOTET_NONBLOCKING
{
    motet_slot *stems[MOTET_MAX_STEMS];
    uint32_t count = list_stems(engine, slot, stems);
    bool ready = true;
    bool admitted = true;
    for (uint32_t i = 0; i < count; i++) {
        ready = is_ready(engine, stems[i]) && ready; /* each says what it wants */
        admitted = admitted && !motet_rules_refuse(stems[i], engine->now);
    }
    for (uint32_t i = 0; ready && i < count; i++) {
        if (admitted) {
            motet_waiting_remove(engine, stems[i]);
            motet_slot_start(engine, stems[i], engine->now);
        } else {
            motet_slot_end(engine, stems[i], engine->now, MOTET_END_REFUSED);
        }
    }
}

void motet_stems_arrive(motet_engine *engine, motet_slot *slot) MOTET_NONBLOCKING
{
    motet_waiting_append(engine, slot, MOTET_WAITS_FOR_STEMS);
    for (const motet_slot *s = motet_stems_next(engine, slot); s != slot; s = motet_stems_next(engine, s)) {
        if (s->place.waits != MOTET_WAITS_FOR_STEMS) {
            return; /* its play is the next one, and it will look */
        }
    }
    if (slot->place.next_stem != MOTET_NO_SLOT) {
        start_if_ready(engine, slot);
    }
}

void motet_stems_start_ready(motet_engine *engine) MOTET_NONBLOCKING
{
    uint32_t i = engine->waiting.first;
    while (i != MOTET_NO_SLOT) {
        motet_slot *slot = slot_at(engine, i);
        /* The first of each ring stands for it. */
        bool is_first = slot->place.waits == MOTET_WAITS_FOR_STEMS;
        for (const motet_slot *s = motet_stems_next(engine, slot); is_first && s != slot;
             s = motet_stems_next(engine, s)) {
            is_first = s->sequence > slot->sequence;
        }
        if (is_first) {
            start_if_ready(engine, slot);
        }
        /* Those that have started are gone from the list, and may have taken others with them. */
        i = slot->place.waits != MOTET_WAITS_FOR_NONE ? slot->place.next_waiting : engine->waiting.first;
    }
}

uint32_t motet_stems_pass(motet_engine *engine, motet_slot *slot, uint32_t offset, uint32_t count) MOTET_NONBLOCKING
{
    uint64_t now = slot->now;
    uint32_t done = 0;
    slot->now += offset;
    while (done < count && !motet_source_is_over(slot)) {
        uint64_t frames = count - done;
        uint64_t most = motet_ramp_done(&slot->pitch, slot->now) ? motet_source_frames_to_end(engine, slot)
                                                                 : motet_ramp_end(&slot->pitch) - slot->now;
        frames = motet_source_advance(engine, slot, frames < most ? frames : most);
        slot->now += frames;
        done += (uint32_t)frames;
    }
    slot->now = now;
    return done;
}

/* ------------------------------------------------------------------------------------------------ Control side */

motet_voice_record *motet_stems_next_record(motet_engine *engine, const motet_voice_record *record)
{
    return record->is_stem ? &engine->voices[record->next_stem] : (motet_voice_record *)record;
}

void motet_stems_forget(motet_engine *engine, motet_voice_record *record)
{
    motet_voice_record *before = record;
    while (motet_stems_next_record(engine, before) != record) {
        before = motet_stems_next_record(engine, before);
    }
    before->next_stem = record->next_stem;
    record->is_stem = false;
}

uint64_t motet_stems_longest(motet_engine *engine, const motet_voice_record *record)
{
    uint64_t longest = 0;
    const motet_voice_record *stem = record;
    do {
        uint64_t frames = stem->sound->edition->material.file_frame_count;
        longest = frames > longest ? frames : longest;
        stem = motet_stems_next_record(engine, stem);
    } while (stem != record);
    return longest;
}

/* What all stems of a call have in common, and what each of them is. */
typedef struct stem_set {
    uint32_t count;
    motet_sound_entry *sounds[MOTET_MAX_STEMS];
    motet_voice_def defs[MOTET_MAX_STEMS];
    motet_stream *streams[MOTET_MAX_STEMS];
    bool loop_fits[MOTET_MAX_STEMS];
} stem_set;

static motet_result invalid(motet_engine *engine, const char *what)
{
    return motet_fail(&engine->log, MOTET_ERROR_INVALID, "%s", what);
}

static motet_result check_sounds(motet_engine *engine, const stem_set *set)
{
    const motet_sound_entry *first = set->sounds[0];
    for (uint32_t i = 0; i < set->count; i++) {
        const motet_sound_entry *sound = set->sounds[i];
        if (sound->variations != NULL) {
            return motet_fail(&engine->log, MOTET_ERROR_INVALID,
                              "stems[%u] %s is a set of variations; expected a sound", i, sound->name);
        }
        if (motet_sound_state_of(sound) != MOTET_SOUND_READY) {
            return motet_fail(&engine->log, MOTET_ERROR_BUSY,
                              "stems[%u] %s is not loaded yet; expected one that is ready", i, sound->name);
        }
        if (sound->streamed != NULL && sound->streamed->is_live) {
            return motet_fail(&engine->log, MOTET_ERROR_INVALID,
                              "stems[%u] %s cannot seek; expected one that can keep a common position", i, sound->name);
        }
        const motet_material *a = &first->edition->material;
        const motet_material *b = &sound->edition->material;
        if (a->file_rate_hz != b->file_rate_hz) {
            return motet_fail(&engine->log, MOTET_ERROR_INVALID,
                              "stems[0] %s has %u Hz and stems[%u] %s %u Hz; expected stems of one rate", first->name,
                              a->file_rate_hz, i, sound->name, b->file_rate_hz);
        }
        if (a->sample_rate_hz != b->sample_rate_hz || (a->original == NULL) != (b->original == NULL)) {
            return motet_fail(
                &engine->log, MOTET_ERROR_INVALID,
                "stems[0] %s and stems[%u] %s are not converted to the engine's rate alike; load both with "
                "no_convert",
                first->name, i, sound->name);
        }
    }
    return MOTET_OK;
}

static bool check_numbers(motet_engine *engine, const motet_stem *stem, uint32_t i)
{
    char volume[40], pan[40];
    snprintf(volume, sizeof volume, "stems[%u].volume_db", i);
    snprintf(pan, sizeof pan, "stems[%u].pan", i);
    return motet_check_number(engine, (double)stem->volume_db, volume) &&
           motet_check_number(engine, (double)stem->pan, pan);
}

static uint64_t frames_of(const motet_sound_entry *sound)
{
    return sound->edition->material.file_frame_count;
}

/* The loop is that of the longest one: a shorter one that does not reach its end does not go round. */
static motet_result share_loop(motet_engine *engine, stem_set *set, const motet_voice_def *def)
{
    const motet_sound_entry *longest = set->sounds[0];
    for (uint32_t i = 1; i < set->count; i++) {
        bool is_longer = frames_of(set->sounds[i]) > frames_of(longest);
        longest = is_longer ? set->sounds[i] : longest;
    }
    motet_loop_range range = {0};
    if (!motet_voice_find_loop(engine, longest, def, &range)) {
        return MOTET_ERROR_INVALID;
    }
    for (uint32_t i = 0; i < set->count; i++) {
        uint64_t frames = frames_of(set->sounds[i]);
        motet_voice_def *own = &set->defs[i];
        bool begins = range.start < frames;
        own->loop_whole = true;
        own->loop_start_frame = begins ? range.start : 0;
        own->loop_end_frame = begins ? range.end : 0;
        set->loop_fits[i] = range.end <= frames;
        own->loop = def->loop && set->loop_fits[i];
    }
    return MOTET_OK;
}

static motet_result fill_set(motet_engine *engine, const motet_stem *stems, const motet_voice_def *def, stem_set *set)
{
    motet_command command;
    motet_result result = motet_voice_check(engine, def);
    if (result == MOTET_OK) {
        result = motet_command_time(engine, &command, def->timing);
    }
    for (uint32_t i = 0; result == MOTET_OK && i < set->count; i++) {
        uint32_t bus;
        motet_voice_def *own = &set->defs[i];
        *own = *def;
        own->volume_db += stems[i].volume_db;
        own->pan += stems[i].pan;
        own->bus = stems[i].bus.id != 0 ? stems[i].bus : def->bus;
        own->user = stems[i].user != 0 ? stems[i].user : def->user;
        set->sounds[i] = motet_sound_get(engine, stems[i].sound);
        if (!check_numbers(engine, &stems[i], i)) {
            result = MOTET_ERROR_INVALID;
        } else if (set->sounds[i] == NULL || (own->bus.id != 0 && motet_bus_get(engine, own->bus, &bus) == NULL)) {
            result = MOTET_ERROR_STALE;
        }
    }
    if (result == MOTET_OK) {
        result = check_sounds(engine, set);
    }
    return result == MOTET_OK ? share_loop(engine, set, def) : result;
}

/* Streams for those that need one, for the voices that will be next; all or none. */
static motet_result create_streams(motet_engine *engine, stem_set *set)
{
    uint32_t voice = engine->free_voice;
    for (uint32_t i = 0; i < set->count; i++, voice = engine->voices[voice].next_free) {
        if (voice == MOTET_NO_SLOT) {
            motet_fail(NULL, MOTET_ERROR_LIMIT,
                       "not enough voices are free for %u stems (max_voices, max_virtual_voices)", set->count);
        } else if (set->sounds[i]->streamed != NULL && motet_stream_reserve(engine, set->sounds[i])) {
            set->streams[i] = motet_stream_create(engine, set->sounds[i], voice);
            if (set->streams[i] == NULL) {
                motet_stream_unreserve(engine);
            }
        }
        if (voice == MOTET_NO_SLOT || (set->sounds[i]->streamed != NULL && set->streams[i] == NULL)) {
            motet_result result = motet_last_result();
            while (i-- > 0) {
                if (set->streams[i] != NULL) {
                    motet_stream_discard(engine, set->streams[i]);
                }
            }
            return result;
        }
    }
    return MOTET_OK;
}

static void play_set(motet_engine *engine, const stem_set *set, const motet_stem *stems, bool loop, motet_voice *voices)
{
    uint32_t first = engine->free_voice;
    uint32_t previous = MOTET_NO_SLOT;
    for (uint32_t i = 0; i < set->count; i++) {
        uint32_t voice = engine->free_voice;
        motet_voice_record *record = &engine->voices[voice];
        voices[i] = motet_voice_send(engine, &(motet_voice_request){.sound = set->sounds[i],
                                                                    .sound_id = stems[i].sound,
                                                                    .played = set->sounds[i],
                                                                    .def = &set->defs[i],
                                                                    .group = motet_command_open_group(engine),
                                                                    .stream = set->streams[i],
                                                                    .is_stem = true,
                                                                    .is_last_stem = i + 1 == set->count,
                                                                    .previous_stem = previous});
        record->is_stem = true;
        record->next_stem = first;
        record->loop_fits = set->loop_fits[i];
        record->loop = loop;
        if (previous != MOTET_NO_SLOT) {
            engine->voices[previous].next_stem = voice;
        }
        previous = voice;
    }
}

motet_result motet_stems_play(motet_engine *engine, const motet_stem *stems, uint32_t count,
                              const motet_voice_def *given, motet_voice *voices)
{
    motet_voice_def def = given != NULL ? *given : motet_default_voice_def();
    stem_set set = {.count = count};
    motet_result result;
    if (!motet_engine_enter(engine, &result)) {
        return result;
    }
    if (stems == NULL || voices == NULL) {
        result = invalid(engine, stems == NULL ? "stems is NULL" : "voices is NULL");
    } else if (count < 2 || count > MOTET_MAX_STEMS) {
        result = motet_fail(&engine->log, MOTET_ERROR_INVALID, "%u stems; expected 2 to %d", count, MOTET_MAX_STEMS);
    } else {
        result = fill_set(engine, stems, &def, &set);
    }
    if (result == MOTET_OK) {
        result = motet_command_reserve(engine, count);
    }
    if (result == MOTET_OK) {
        result = create_streams(engine, &set);
    }
    if (result == MOTET_OK) {
        play_set(engine, &set, stems, def.loop, voices);
        motet_command_publish(engine);
    }
    motet_engine_leave(engine);
    return result;
}
