#include "engine/sound.h"

#include "engine/decoding.h"
#include "engine/markers.h"
#include "engine/stream_file.h"
#include "engine/variations.h"

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

motet_sound_entry *motet_sound_take_entry(motet_engine *engine)
{
    bool full = engine->free_sound == MOTET_NO_SLOT && engine->sound_count == engine->sound_capacity;
    motet_sound_entry *entry = motet_heap_take(&engine->heap, sizeof *entry, _Alignof(motet_sound_entry));
    if (entry == NULL || (full && !grow_table(engine))) {
        motet_heap_give(&engine->heap, entry, sizeof *entry);
        return NULL;
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
    return entry;
}

motet_sound motet_sound_id(const motet_engine *engine, const motet_sound_entry *entry)
{
    return (motet_sound){motet_id_make(engine, entry->index, entry->generation)};
}

void motet_sound_free(motet_engine *engine, motet_sound_entry *sound)
{
    motet_heap_give(&engine->heap, sound->variations, sizeof *sound->variations);
    motet_material_free(&engine->heap, &sound->material);
    motet_heap_give_text(&engine->heap, sound->name);
    motet_heap_give_text(&engine->heap, sound->path);
    if (sound->tags != NULL) {
        motet_sound_tags_free(&engine->heap, sound->tags, sound->tag_count);
    }
    motet_markers_free(&engine->heap, sound->markers, sound->info.marker_count);
    motet_stream_file_drop(sound->streamed);
    motet_heap_give(&engine->heap, sound, sizeof *sound);
}

/* Takes an entry out of the table, to be freed outside the lock. */
static void bury(motet_engine *engine, motet_sound_entry *entry)
{
    if (entry->variations != NULL) {
        motet_variations_release(engine, entry->variations);
    }
    motet_sound_place *place = &engine->sounds[entry->index];
    place->entry = NULL;
    place->next_free = engine->free_sound;
    engine->free_sound = entry->index;
    entry->next_garbage = engine->garbage_sounds;
    engine->garbage_sounds = entry;
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
        command.value.pointer = &entry->material; /* only compared, so it may be gone by then */
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
}

motet_result motet_sound_get_info(const motet_engine *engine, motet_sound sound, motet_sound_info *info)
{
    return info != NULL ? ask(engine, sound, answer_info, info) : motet_fail(NULL, MOTET_ERROR_INVALID, "info is NULL");
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
} read_question;

static void answer_read(motet_sound_entry *entry, void *answer)
{
    read_question *question = answer;
    const motet_material *material = &entry->material;
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
