/* What a sound is made of: from its file to its edition. */
#include "engine/markers.h"
#include "engine/sound.h"
#include "engine/stream.h"
#include "engine/stream_live.h"

#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

/* ------------------------------------------------------------------------------------------------------ Options */

motet_files motet_sound_files(const motet_engine *engine, const motet_sound_def *def)
{
    return def->files != NULL ? *def->files : engine->def.files;
}

void motet_sound_set_options(const motet_engine *engine, motet_sound_entry *entry, const motet_sound_def *def)
{
    entry->store = def->store;
    entry->no_convert = def->no_convert;
    entry->files = motet_sound_files(engine, def);
    entry->in_memory = def->in_memory;
    entry->streams = def->stream;
    entry->async = def->async;
    entry->markers_of_def = def->marker_count > 0;
    double interval = motet_clamp(def->min_interval_seconds, 0, 60) * engine->def.sample_rate_hz;
    entry->rules = (motet_sound_rules){.max_voices = def->max_voices,
                                       .min_interval_frames = (uint32_t)floor(interval + 0.5),
                                       .yield = (uint8_t)def->yield,
                                       .oldest = MOTET_NO_SLOT,
                                       .newest = MOTET_NO_SLOT};
    entry->has_rules = def->max_voices > 0 || entry->rules.min_interval_frames > 0;
    entry->tempo_bpm = motet_clamp(def->tempo_bpm, 0, 1000);
    entry->beats_per_bar = def->beats_per_bar == 0 ? 4 : def->beats_per_bar;
    entry->first_beat_frame = def->first_beat_frame;
}

bool motet_sound_is_as_asked(const motet_engine *engine, const motet_sound_entry *entry, const char *path,
                             const char *name, const motet_sound_def *def)
{
    motet_sound_entry asked = {0};
    motet_sound_set_options(engine, &asked, def);
    return entry->path != NULL && strcmp(entry->path, path) == 0 && strcmp(entry->name, name) == 0 &&
           entry->store == asked.store && entry->streams == asked.streams && entry->no_convert == asked.no_convert &&
           entry->files.open == asked.files.open && entry->files.user == asked.files.user &&
           entry->in_memory == asked.in_memory && entry->rules.max_voices == asked.rules.max_voices &&
           entry->rules.min_interval_frames == asked.rules.min_interval_frames &&
           entry->rules.yield == asked.rules.yield && entry->tempo_bpm == asked.tempo_bpm &&
           entry->beats_per_bar == asked.beats_per_bar && entry->first_beat_frame == asked.first_beat_frame &&
           motet_markers_are_as_asked(entry, def);
}

/* ------------------------------------------------------------------------------------------------------ Reading */

/* Behind the making of what a sound is streamed from: gives all back when there was no memory for that. */
static motet_result keep_streamed(motet_engine *engine, motet_decoded *decoded, char *error, size_t error_size)
{
    if (decoded->streamed != NULL) {
        return MOTET_OK;
    }
    motet_decoded_free(&engine->heap, decoded);
    snprintf(error, error_size, "out of memory");
    return MOTET_ERROR_MEMORY;
}

/* Decodes a source whole, or for a sound to be streamed as far as its header. */
static motet_result decode_source(motet_engine *engine, motet_byte_source *source, const motet_sound_def *def,
                                  motet_decoded *decoded, char *error, size_t error_size)
{
    motet_result result;
    do {
        result = def->stream
                     ? motet_decode_outline(&engine->heap, &source->source, def->store, decoded, error, error_size)
                     : motet_decode(&engine->heap, &source->source, def->store, decoded, error, error_size);
    } while (result == MOTET_ERROR_FORMAT && motet_byte_source_shorten(source));
    motet_result judged = motet_byte_source_judge(source, result, error, error_size);
    if (result == MOTET_OK && judged != MOTET_OK) {
        motet_decoded_free(&engine->heap, decoded);
    }
    return judged;
}

/* The same for bytes that are in the heap: kept where the sound is streamed from them, else given back. */
static motet_result decode_bytes(motet_engine *engine, void *bytes, size_t byte_count, const motet_sound_def *def,
                                 motet_decoded *decoded, char *error, size_t error_size)
{
    motet_byte_source source;
    motet_byte_source_open_memory(&source, bytes, byte_count);
    motet_result result = decode_source(engine, &source, def, decoded, error, error_size);
    if (result == MOTET_OK && def->stream) {
        decoded->info.memory_bytes = byte_count;
        decoded->streamed = motet_stream_file_create_memory(&engine->heap, bytes, byte_count);
        result = keep_streamed(engine, decoded, error, error_size);
        bytes = NULL;
    }
    motet_heap_give(&engine->heap, bytes, byte_count);
    return result;
}

/* Decodes a file, from a copy in memory where that is asked for or the file cannot be moved. */
static motet_result decode_file(motet_engine *engine, motet_byte_source *source, const char *path,
                                const motet_sound_def *def, motet_decoded *decoded, char *error, size_t error_size)
{
    if (source->cannot_seek && def->stream && !def->in_memory) {
        motet_files files = motet_sound_files(engine, def);
        return motet_live_file_describe(&engine->heap, source, &files, path, def->store, decoded, error, error_size);
    }
    if (source->cannot_seek || def->in_memory) {
        void *bytes;
        size_t byte_count;
        motet_result result = motet_byte_source_read_all(source, &engine->heap, &bytes, &byte_count, error, error_size);
        return result == MOTET_OK ? decode_bytes(engine, bytes, byte_count, def, decoded, error, error_size) : result;
    }
    motet_result result = decode_source(engine, source, def, decoded, error, error_size);
    if (result == MOTET_OK && def->stream) {
        motet_files files = motet_sound_files(engine, def);
        decoded->streamed = motet_stream_file_create(&engine->heap, &files, path);
        result = keep_streamed(engine, decoded, error, error_size);
    }
    return result;
}

motet_result motet_sound_complete(motet_engine *engine, const char *name, const motet_sound_def *def,
                                  motet_decoded *decoded)
{
    motet_result result = motet_markers_take_def(engine, decoded, name, def);
    if (result != MOTET_OK) {
        motet_decoded_free(&engine->heap, decoded);
        return result;
    }
    if (def->stream) {
        /* Of a sound that keeps its rate, no rate is another than its own. */
        uint32_t rate_hz = def->no_convert ? decoded->material.sample_rate_hz : engine->def.sample_rate_hz;
        result = motet_decoded_convert_later(&engine->heap, decoded, def->store, rate_hz);
    } else if (!def->no_convert) {
        result = motet_decoded_convert(&engine->heap, engine->mixer.kernels, decoded, def->store,
                                       engine->def.sample_rate_hz);
    }
    if (result == MOTET_OK) {
        result = motet_markers_place(&engine->heap, decoded);
    }
    if (result != MOTET_OK) {
        motet_fail(&engine->log, result, "%s: out of memory for %llu frames at %u Hz", name,
                   (unsigned long long)decoded->material.frame_count, engine->def.sample_rate_hz);
        motet_decoded_free(&engine->heap, decoded);
    }
    return result;
}

/* Bytes of the program's, which are its own again behind the call. */
static motet_result decode_memory(motet_engine *engine, const void *bytes, size_t byte_count,
                                  const motet_sound_def *def, const motet_atomic_u32 *cancelled, motet_decoded *decoded,
                                  char *error, size_t error_size)
{
    if (def->stream) {
        void *copy = motet_heap_take(&engine->heap, byte_count, _Alignof(max_align_t));
        if (copy == NULL) {
            snprintf(error, error_size, "out of memory");
            return MOTET_ERROR_MEMORY;
        }
        memcpy(copy, bytes, byte_count);
        return decode_bytes(engine, copy, byte_count, def, decoded, error, error_size);
    }
    motet_byte_source source;
    motet_byte_source_open_memory(&source, bytes, byte_count);
    source.cancelled = cancelled;
    return decode_source(engine, &source, def, decoded, error, error_size);
}

motet_result motet_sound_read(motet_engine *engine, const char *path, const void *bytes, size_t byte_count,
                              const motet_sound_def *def, const motet_atomic_u32 *cancelled, motet_decoded *decoded)
{
    char error[256] = "";
    motet_result result;
    *decoded = (motet_decoded){0};
    if (path != NULL) {
        motet_byte_source source;
        motet_files files = motet_sound_files(engine, def);
        result = motet_byte_source_open(&source, &engine->heap, &files, path, error, sizeof error);
        if (result == MOTET_OK) {
            source.cancelled = cancelled;
            result = decode_file(engine, &source, path, def, decoded, error, sizeof error);
            motet_byte_source_close(&source);
        }
    } else {
        result = decode_memory(engine, bytes, byte_count, def, cancelled, decoded, error, sizeof error);
    }
    if (result != MOTET_OK) {
        return motet_fail(&engine->log, result, "%s: %s", path != NULL ? path : def->name, error);
    }
    return motet_sound_complete(engine, def->name, def, decoded);
}

/* ------------------------------------------------------------------------------------------------------- Making */

static void tell_loaded(motet_engine *engine, const motet_sound_entry *entry, size_t non_finite, uint32_t left_out)
{
    motet_event event = {.sound = motet_sound_id(engine, entry), .frame = motet_load_relaxed_u64(&engine->frame)};
    if (entry->info.truncated) {
        motet_log_write(&engine->log, MOTET_LOG_WARNING, "%s: cut short; it plays to its last whole frame, %llu",
                        entry->name, (unsigned long long)entry->info.frame_count);
        event.type = MOTET_EVENT_SOUND_TRUNCATED;
        if (entry->streamed != NULL) {
            motet_store_relaxed_u64(&entry->streamed->told_truncated, 1);
        }
        motet_event_append_locked(engine, &event);
    }
    if (non_finite > 0) {
        motet_log_write(&engine->log, MOTET_LOG_WARNING, "%s: %zu samples were NaN or infinite; they are 0 now",
                        entry->name, non_finite);
        event.type = MOTET_EVENT_NON_FINITE;
        event.count = non_finite > UINT32_MAX ? UINT32_MAX : (uint32_t)non_finite;
        motet_event_append_locked(engine, &event);
    }
    if (left_out > 0) {
        motet_log_write(&engine->log, MOTET_LOG_WARNING, "%s: %u markers beyond the first %d are left out", entry->name,
                        left_out, MOTET_MAX_MARKERS);
    }
}

static void tell(motet_engine *engine, const motet_sound_entry *entry, motet_event_type type)
{
    const motet_event event = {.type = type,
                               .sound = motet_sound_id(engine, entry),
                               .frame = motet_load_relaxed_u64(&engine->frame),
                               .result = entry->error};
    motet_event_append_locked(engine, &event);
}

static void set_error(motet_engine *engine, motet_sound_entry *entry, motet_result result)
{
    motet_heap_give_text(&engine->heap, entry->error_text);
    entry->error = result;
    entry->error_text = result != MOTET_OK ? motet_heap_copy_text(&engine->heap, motet_last_error()) : NULL;
}

/* Voices that wait for the sound: those of a stream get one, and those with a loop of nothing are told of. What is
 * wrong with one, the audio thread finds by itself. */
static void serve_waiting(motet_engine *engine, motet_sound_entry *entry)
{
    uint32_t left = entry->voice_count;
    for (uint32_t i = 0; left > 0 && i < engine->voice_limit; i++) {
        motet_voice_record *record = &engine->voices[i];
        if (record->sound != entry) {
            continue;
        }
        left--;
        motet_loop_range range = record->start.range;
        if (!motet_material_settle_loop(&entry->edition->material, record->start.loop_whole,
                                        record->start.loop_crossfade_seconds, &range)) {
            motet_log_write(&engine->log, MOTET_LOG_ERROR,
                            "%s: a loop from frame %llu to %llu; expected start < end: the voice fails", entry->name,
                            (unsigned long long)range.start, (unsigned long long)range.end);
        } else if (entry->streamed != NULL) {
            motet_voice_start start = record->start;
            start.range = range;
            motet_stream *stream = motet_stream_create(engine, entry, i);
            record->stream = stream;
            if (stream != NULL && stream->feed != NULL) {
                record->start.feed = stream->feed; /* to the audio thread it is a fed voice */
            } else {
                record->start.stream = stream;
            }
            if (stream != NULL) {
                motet_stream_send(engine, stream, &start, 0);
            }
        }
    }
}

static void set_material(motet_edition *edition, const motet_decoded *decoded)
{
    edition->material = decoded->material;
    edition->material.loop_start = decoded->info.loop_start_frame;
    edition->material.loop_end = decoded->info.loop_end_frame;
}

/* All but the material. */
static void set_rest(motet_sound_entry *entry, const motet_decoded *decoded, const motet_file_stamp *stamp)
{
    entry->info = decoded->info;
    entry->tags = decoded->tags;
    entry->tag_count = decoded->tag_count;
    entry->markers = decoded->markers;
    entry->streamed = decoded->streamed;
    entry->stamp = stamp != NULL ? *stamp : (motet_file_stamp){0};
}

void motet_sound_fulfil(motet_engine *engine, motet_sound_entry *entry, motet_decoded *decoded,
                        const motet_file_stamp *stamp)
{
    set_material(entry->edition, decoded);
    set_rest(entry, decoded, stamp);
    tell_loaded(engine, entry, decoded->non_finite, decoded->markers_left_out);
    *decoded = (motet_decoded){0};
    serve_waiting(engine, entry);
    motet_store_release_u32(&entry->edition->state, MOTET_SOUND_READY);
    if (entry->async) {
        tell(engine, entry, MOTET_EVENT_SOUND_READY);
    }
}

void motet_sound_fail(motet_engine *engine, motet_sound_entry *entry, motet_result result)
{
    set_error(engine, entry, result);
    tell(engine, entry, MOTET_EVENT_SOUND_FAILED);
    if (motet_sound_state_of(entry) == MOTET_SOUND_LOADING) { /* else it stays as it was */
        motet_store_release_u32(&entry->edition->state, MOTET_SOUND_FAILED);
    }
}

/* ----------------------------------------------------------------------------------------------------- Once more */

bool motet_sound_is_crossing_over(const motet_engine *engine, const motet_sound_entry *entry)
{
    for (const motet_reload *reload = engine->reloads; reload != NULL; reload = reload->next) {
        if (reload->new_edition == entry->edition) {
            return true;
        }
    }
    return false;
}

/* Plays that wait in a group come behind the command: they begin with the new edition. */
static void renew_groups(motet_engine *engine, const motet_edition *old_edition, motet_edition *edition)
{
    for (uint32_t i = 0; engine->commands.open_groups > 0 && i < engine->voice_limit; i++) {
        motet_voice_record *record = &engine->voices[i];
        if (record->edition == old_edition && record->group != 0) {
            motet_edition_drop(engine, record->edition);
            edition->hold_count++;
            record->edition = edition;
            record->start.edition = edition;
            record->start.material = &edition->material;
            record->start.range = (motet_loop_range){record->start.asked_start, record->start.asked_end, 0};
        }
    }
}

/* Has the voices cross over; takes over the sound's hold of its edition. */
static motet_result send_over(motet_engine *engine, const motet_sound_entry *entry, motet_edition *edition,
                              motet_timing timing)
{
    motet_command command = {.kind = MOTET_COMMAND_RELOAD};
    if (motet_sound_is_crossing_over(engine, entry)) { /* a thread has read it at the same time */
        return motet_fail(NULL, MOTET_ERROR_BUSY, "%s: its voices are crossing over to a new file now", entry->name);
    }
    motet_result result = motet_command_time(engine, &command, timing);
    result = result == MOTET_OK ? motet_command_reserve(engine, 1) : result;
    if (result != MOTET_OK) {
        return result;
    }
    motet_reload *reload = motet_heap_take(&engine->heap, sizeof *reload, _Alignof(motet_reload));
    if (reload == NULL) {
        return motet_fail(&engine->log, MOTET_ERROR_MEMORY, "%s: out of memory", entry->name);
    }
    reload->old_edition = entry->edition;
    reload->new_edition = edition;
    edition->hold_count++;
    motet_reload **link = &engine->reloads;
    while (*link != NULL) {
        link = &(*link)->next;
    }
    *link = reload;
    renew_groups(engine, entry->edition, edition);
    command.value.pointer = reload;
    return motet_command_send(engine, &command);
}

motet_result motet_sound_renew(motet_engine *engine, motet_sound_entry *entry, motet_decoded *decoded,
                               const motet_file_stamp *stamp, motet_timing timing)
{
    motet_edition *edition = motet_edition_create(engine);
    motet_result result = MOTET_OK;
    if (edition == NULL) {
        return motet_fail(&engine->log, MOTET_ERROR_MEMORY, "%s: out of memory", entry->name);
    }
    set_material(edition, decoded);
    bool has_voices = entry->voice_count > 0 && entry->streamed == NULL;
    if (has_voices) {
        result = send_over(engine, entry, edition, timing);
    }
    if (result != MOTET_OK) {
        motet_heap_give(&engine->heap, edition, sizeof *edition);
        return result;
    }
    if (!has_voices) { /* streamed ones stay with what they have */
        motet_edition_drop(engine, entry->edition);
    }
    motet_sound_tags_free(&engine->heap, entry->tags, entry->tag_count);
    motet_markers_free(&engine->heap, entry->markers, entry->info.marker_count);
    motet_stream_file_drop(entry->streamed);
    entry->edition = edition;
    set_rest(entry, decoded, stamp);
    set_error(engine, entry, MOTET_OK);
    tell_loaded(engine, entry, decoded->non_finite, decoded->markers_left_out);
    *decoded = (motet_decoded){0};
    if (entry->async) {
        tell(engine, entry, MOTET_EVENT_SOUND_READY);
    }
    return MOTET_OK;
}
