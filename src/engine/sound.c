#include "engine/sound.h"

#include "engine/markers.h"
#include "engine/sound_cache.h"
#include "engine/stream_file.h"
#include "engine/variations.h"

#include <stdio.h>

/* --------------------------------------------------------------------------------------------------- The table */

motet_sound_entry *motet_sound_get(motet_engine *engine, motet_sound sound)
{
    uint32_t index, generation;
    if (motet_id_split(engine, sound.id, &index, &generation) && index < engine->sound_count) {
        motet_sound_entry *entry = engine->sounds[index].entry;
        if (entry != NULL && !entry->released && entry->generation == generation) {
            return entry;
        }
    }
    motet_fail(&engine->log, MOTET_ERROR_STALE, "%s",
               sound.id == 0 ? "the sound is {0}: it was not loaded" : "the sound has been released");
    return NULL;
}

static bool grow_table(motet_engine *engine)
{
    uint32_t capacity = engine->sound_capacity == 0 ? 64 : 2 * engine->sound_capacity;
    if (capacity > MOTET_MAX_INDEX) {
        return false;
    }
    motet_sound_place *grown = motet_heap_resize(&engine->heap, engine->sounds, engine->sound_capacity * sizeof *grown,
                                                 capacity * sizeof *grown, _Alignof(motet_sound_place));
    if (grown != NULL) {
        engine->sounds = grown;
        engine->sound_capacity = capacity;
    }
    return grown != NULL;
}

bool motet_sound_place_entry(motet_engine *engine, motet_sound_entry *entry)
{
    bool full = engine->free_sound == MOTET_NO_SLOT && engine->sound_count == engine->sound_capacity;
    if (full && !grow_table(engine)) {
        return false;
    }
    entry->index = engine->free_sound;
    if (entry->index != MOTET_NO_SLOT) {
        engine->free_sound = engine->sounds[entry->index].next_free;
    } else {
        entry->index = engine->sound_count++;
    }
    motet_sound_place *place = &engine->sounds[entry->index];
    entry->generation = ++place->generation;
    place->entry = entry;
    return true;
}

motet_sound_entry *motet_sound_take_entry(motet_engine *engine)
{
    motet_sound_entry *entry = motet_heap_take(&engine->heap, sizeof *entry, _Alignof(motet_sound_entry));
    if (entry == NULL) {
        return NULL;
    }
    entry->edition = motet_edition_create(engine);
    if (entry->edition == NULL || !motet_sound_place_entry(engine, entry)) {
        motet_heap_give(&engine->heap, entry->edition, sizeof *entry->edition);
        motet_heap_give(&engine->heap, entry, sizeof *entry);
        return NULL;
    }
    return entry;
}

motet_edition *motet_edition_create(motet_engine *engine)
{
    motet_edition *edition = motet_heap_take(&engine->heap, sizeof *edition, _Alignof(motet_edition));
    if (edition != NULL) {
        edition->hold_count = 1;
    }
    return edition;
}

void motet_edition_free(motet_engine *engine, motet_edition *edition)
{
    motet_material_free(&engine->heap, &edition->material);
    motet_heap_give(&engine->heap, edition, sizeof *edition);
}

void motet_edition_drop(motet_engine *engine, motet_edition *edition)
{
    if (--edition->hold_count == 0) {
        edition->next_garbage = engine->garbage.editions;
        engine->garbage.editions = edition;
    }
}

motet_sound_state motet_sound_state_of(const motet_sound_entry *entry)
{
    return (motet_sound_state)motet_load_relaxed_u32(&entry->edition->state);
}

motet_sound motet_sound_id(const motet_engine *engine, const motet_sound_entry *entry)
{
    return (motet_sound){motet_id_make(engine, entry->index, entry->generation)};
}

void motet_sound_free(motet_engine *engine, motet_sound_entry *sound)
{
    motet_heap_give(&engine->heap, sound->variations, sizeof *sound->variations);
    if (sound->edition != NULL) {
        motet_edition_free(engine, sound->edition);
    }
    motet_heap_give_text(&engine->heap, sound->error_text);
    motet_heap_give_text(&engine->heap, sound->name);
    motet_heap_give_text(&engine->heap, sound->path);
    if (sound->tags != NULL) {
        motet_sound_tags_free(&engine->heap, sound->tags, sound->tag_count);
    }
    motet_markers_free(&engine->heap, sound->markers, sound->info.marker_count);
    motet_stream_file_drop(sound->streamed);
    motet_heap_give(&engine->heap, sound, sizeof *sound);
}

/* Takes an entry out of the table, to be kept or to be freed outside the lock. */
static void bury(motet_engine *engine, motet_sound_entry *entry)
{
    if (entry->load != NULL) {
        motet_loader_cancel(engine, entry);
    }
    if (entry->variations != NULL) {
        motet_variations_release(engine, entry->variations);
    }
    motet_sound_place *place = &engine->sounds[entry->index];
    place->entry = NULL;
    place->next_free = engine->free_sound;
    engine->free_sound = entry->index;
    if (motet_sound_cache_keep(engine, entry)) {
        return;
    }
    motet_edition_drop(engine, entry->edition); /* a reload under way may hold it */
    entry->edition = NULL;
    entry->next_garbage = engine->garbage.sounds;
    engine->garbage.sounds = entry;
}

void motet_sound_drop_voice(motet_engine *engine, motet_sound_entry *sound)
{
    sound->voice_count--;
    if (sound->released && sound->voice_count == 0) {
        bury(engine, sound);
    }
}

void motet_sound_let_go(motet_engine *engine, motet_sound_entry *sound)
{
    if (--sound->load_count == 0) {
        sound->released = true;
        if (sound->voice_count == 0) {
            bury(engine, sound);
        }
    }
}

/* ------------------------------------------------------------------------------------------ Release, stop, ask */

motet_result motet_sound_release(motet_engine *engine, motet_sound sound)
{
    motet_result result;
    if (!motet_engine_enter(engine, &result)) {
        return result;
    }
    motet_sound_entry *entry = motet_sound_get(engine, sound);
    if (entry == NULL) {
        result = MOTET_ERROR_STALE;
    } else {
        motet_sound_let_go(engine, entry);
    }
    motet_engine_leave(engine);
    return result;
}

motet_result motet_sound_stop(motet_engine *engine, motet_sound sound, motet_timing timing)
{
    motet_result result;
    motet_command command = {.kind = MOTET_COMMAND_STOP_SOUND};
    if (!motet_engine_enter(engine, &result)) {
        return result;
    }
    motet_sound_entry *entry = motet_sound_get(engine, sound);
    result = entry == NULL ? MOTET_ERROR_STALE : motet_command_time(engine, &command, timing);
    if (result == MOTET_OK) {
        command.value.pointer = entry; /* only compared, so it may be gone by then */
        result = motet_command_send(engine, &command);
    }
    motet_engine_leave(engine);
    return result;
}

/* Runs under the lock, as every question does. */
typedef void sound_question(motet_sound_entry *entry, void *answer);

static motet_result ask(const motet_engine *const_engine, motet_sound sound, sound_question *question, void *answer)
{
    motet_engine *engine = (motet_engine *)const_engine;
    motet_result result;
    if (!motet_engine_enter(engine, &result)) {
        return result;
    }
    motet_sound_entry *entry = motet_sound_get(engine, sound);
    if (entry != NULL) {
        question(entry, answer);
    } else {
        result = MOTET_ERROR_STALE;
    }
    motet_engine_leave(engine);
    return result;
}

static void answer_info(motet_sound_entry *entry, void *answer)
{
    motet_sound_info *info = answer;
    *info = entry->info;
    info->use_count = entry->voice_count;
    info->state = motet_sound_state_of(entry);
}

motet_result motet_sound_get_info(const motet_engine *engine, motet_sound sound, motet_sound_info *info)
{
    return info != NULL ? ask(engine, sound, answer_info, info) : motet_fail(NULL, MOTET_ERROR_INVALID, "info is NULL");
}

typedef struct error_question {
    char *text;
    size_t size;
    motet_result result;
} error_question;

static void answer_error(motet_sound_entry *entry, void *answer)
{
    error_question *question = answer;
    question->result = entry->error;
    snprintf(question->text, question->size, "%s", entry->error_text != NULL ? entry->error_text : "");
}

motet_result motet_sound_get_error(const motet_engine *engine, motet_sound sound, char *text, size_t size)
{
    error_question question = {text, size, MOTET_OK};
    if (text == NULL || size == 0) {
        return motet_fail(NULL, MOTET_ERROR_INVALID, "there is no room for a text");
    }
    text[0] = '\0';
    motet_result result = ask(engine, sound, answer_error, &question);
    return result == MOTET_OK ? question.result : result;
}

typedef struct tag_question {
    uint32_t index;
    motet_tag tag;
} tag_question;

static void answer_tag(motet_sound_entry *entry, void *answer)
{
    tag_question *question = answer;
    question->tag = question->index < entry->tag_count ? entry->tags[question->index] : (motet_tag){NULL, NULL};
}

motet_result motet_sound_get_tag(const motet_engine *engine, motet_sound sound, uint32_t index, motet_tag *tag)
{
    tag_question question = {.index = index};
    if (tag == NULL) {
        return motet_fail(NULL, MOTET_ERROR_INVALID, "tag is NULL");
    }
    motet_result result = ask(engine, sound, answer_tag, &question);
    *tag = question.tag;
    return result;
}

typedef struct marker_question {
    uint32_t index;
    motet_marker marker;
} marker_question;

static void answer_marker(motet_sound_entry *entry, void *answer)
{
    marker_question *question = answer;
    question->marker = question->index < entry->info.marker_count ? entry->markers[question->index] : (motet_marker){0};
}

motet_result motet_sound_get_marker(const motet_engine *engine, motet_sound sound, uint32_t index, motet_marker *marker)
{
    marker_question question = {.index = index};
    if (marker == NULL) {
        return motet_fail(NULL, MOTET_ERROR_INVALID, "marker is NULL");
    }
    motet_result result = ask(engine, sound, answer_marker, &question);
    *marker = question.marker;
    return result;
}

typedef struct read_question {
    uint64_t from;
    float *out;
    uint32_t count, read;
    bool kept; /* the file's own frames are */
    bool streamed;
    bool ready;
} read_question;

static void answer_read(motet_sound_entry *entry, void *answer)
{
    read_question *question = answer;
    const motet_material *material = &entry->edition->material;
    question->ready = motet_sound_state_of(entry) == MOTET_SOUND_READY;
    if (!question->ready) {
        return;
    }
    if (material->original != NULL) {
        material = material->original;
    }
    question->kept = material->file_rate_hz == material->sample_rate_hz;
    question->streamed = entry->streamed != NULL;
    if (!question->kept || question->streamed || question->from >= material->frame_count) {
        return;
    }
    uint64_t left = material->frame_count - question->from;
    question->read = left < question->count ? (uint32_t)left : question->count;
    size_t first = (size_t)question->from * material->channels;
    for (size_t i = 0; i < (size_t)question->read * material->channels; i++) {
        question->out[i] = material->format == MOTET_FORMAT_S16
                               ? (float)((const int16_t *)material->samples)[first + i] * 0x1p-15f
                               : ((const float *)material->samples)[first + i];
    }
}

motet_result motet_sound_read_f32(const motet_engine *engine, motet_sound sound, uint64_t from_frame,
                                  float *interleaved, uint32_t frame_count, uint32_t *read)
{
    read_question question = {.from = from_frame, .out = interleaved, .count = frame_count};
    if (interleaved == NULL && frame_count > 0) {
        return motet_fail(NULL, MOTET_ERROR_INVALID, "interleaved is NULL");
    }
    motet_result result = ask(engine, sound, answer_read, &question);
    if (read != NULL) {
        *read = question.read;
    }
    if (result == MOTET_OK && !question.ready) {
        return motet_fail(NULL, MOTET_ERROR_BUSY, "the sound is not loaded (yet)");
    }
    if (result == MOTET_OK && question.streamed) {
        return motet_fail(NULL, MOTET_ERROR_UNSUPPORTED, "the sound is streamed; expected one that was loaded");
    }
    if (result == MOTET_OK && !question.kept) {
        return motet_fail(NULL, MOTET_ERROR_UNSUPPORTED,
                          "the sound was converted to the engine's rate on loading; expected one loaded with "
                          "no_convert");
    }
    return result;
}
