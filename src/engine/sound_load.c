#include "dsp/signal.h"
#include "engine/decoding.h"
#include "engine/markers.h"
#include "engine/sound.h"
#include "engine/stream.h"
#include "engine/stream_live.h"
#include "engine/variations.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

motet_sound_def motet_default_sound_def(void)
{
    return (motet_sound_def){0};
}

static motet_result check_def(motet_engine *engine, const motet_sound_def *def)
{
    if (def->store < MOTET_STORE_AUTO || def->store > MOTET_STORE_F32) {
        return motet_fail(&engine->log, MOTET_ERROR_INVALID, "store is %d; expected a motet_store", (int)def->store);
    }
    if (def->yield < MOTET_YIELD_QUIETEST || def->yield > MOTET_YIELD_NEW) {
        return motet_fail(&engine->log, MOTET_ERROR_INVALID, "yield is %d; expected a motet_yield", (int)def->yield);
    }
    if (!motet_check_number(engine, def->min_interval_seconds, "min_interval_seconds") ||
        !motet_check_number(engine, def->tempo_bpm, "tempo_bpm")) {
        return MOTET_ERROR_INVALID;
    }
    if (def->min_interval_seconds < 0 || def->tempo_bpm < 0) {
        return motet_fail(&engine->log, MOTET_ERROR_INVALID, "%s is negative",
                          def->tempo_bpm < 0 ? "tempo_bpm" : "min_interval_seconds");
    }
    if (def->in_memory && !def->stream) {
        return motet_fail(&engine->log, MOTET_ERROR_INVALID,
                          "in_memory without stream; a sound that is not streamed "
                          "has its samples in memory");
    }
    return motet_markers_check(engine, def);
}

static motet_files files_of(const motet_engine *engine, const motet_sound_def *def)
{
    return def->files != NULL ? *def->files : engine->def.files;
}

/* What a def asks for beyond how its samples are kept. */
static void set_options(const motet_engine *engine, motet_sound_entry *entry, const motet_sound_def *def)
{
    entry->store = def->store;
    entry->no_convert = def->no_convert;
    entry->files = files_of(engine, def);
    entry->in_memory = def->in_memory;
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

static bool has_options(const motet_engine *engine, const motet_sound_entry *entry, const motet_sound_def *def)
{
    motet_sound_entry asked = {0};
    set_options(engine, &asked, def);
    return entry->store == asked.store && (entry->streamed != NULL) == def->stream &&
           entry->no_convert == asked.no_convert && entry->files.open == asked.files.open &&
           entry->files.user == asked.files.user && entry->in_memory == asked.in_memory &&
           entry->rules.max_voices == asked.rules.max_voices &&
           entry->rules.min_interval_frames == asked.rules.min_interval_frames &&
           entry->rules.yield == asked.rules.yield && entry->tempo_bpm == asked.tempo_bpm &&
           entry->beats_per_bar == asked.beats_per_bar && entry->first_beat_frame == asked.first_beat_frame &&
           motet_markers_are_as_asked(entry, def);
}

static motet_sound_entry *find_loaded(motet_engine *engine, const char *path, const char *name,
                                      const motet_sound_def *def)
{
    for (uint32_t i = 0; i < engine->sound_count; i++) {
        motet_sound_entry *entry = engine->sounds[i].entry;
        if (entry != NULL && !entry->released && entry->path != NULL && has_options(engine, entry, def) &&
            strcmp(entry->path, path) == 0 && strcmp(entry->name, name) == 0) {
            return entry;
        }
    }
    return NULL;
}

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

/* Makes a sound of what was decoded; frees it when that fails. `path` is NULL for material of no path. */
static motet_sound add_sound(motet_engine *engine, motet_decoded *decoded, const char *path, const char *name,
                             const motet_sound_def *def)
{
    motet_sound none = {0};
    motet_result result = motet_markers_take_def(engine, decoded, name, def);
    if (result != MOTET_OK) {
        motet_decoded_free(&engine->heap, decoded);
        return none;
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
        return none;
    }
    char *name_copy = motet_heap_copy_text(&engine->heap, name);
    char *path_copy = path != NULL ? motet_heap_copy_text(&engine->heap, path) : NULL;
    motet_sound sound = none;
    bool entered = motet_engine_enter(engine, &result);
    motet_sound_entry *entry = NULL;
    if (entered && def->stream && !motet_streams_begin(engine)) {
        motet_engine_leave(engine);
        entered = false;
    }
    if (entered && path != NULL && (entry = find_loaded(engine, path, name, def)) != NULL) {
        entry->load_count++; /* another thread was faster */
        sound = motet_sound_id(engine, entry);
    } else if (entered && name_copy != NULL && (path == NULL || path_copy != NULL) &&
               (entry = motet_sound_take_entry(engine)) != NULL) {
        entry->load_count = 1;
        entry->material = decoded->material;
        entry->info = decoded->info;
        entry->name = name_copy;
        entry->path = path_copy;
        set_options(engine, entry, def);
        entry->tags = decoded->tags;
        entry->tag_count = decoded->tag_count;
        entry->markers = decoded->markers;
        entry->streamed = decoded->streamed;
        entry->markers_of_def = def->marker_count > 0;
        sound = motet_sound_id(engine, entry);
        tell_loaded(engine, entry, decoded->non_finite, decoded->markers_left_out);
        name_copy = path_copy = NULL;
        *decoded = (motet_decoded){0};
    } else if (entered) {
        motet_fail(&engine->log, MOTET_ERROR_MEMORY, "%s: out of memory", name);
    }
    if (entered) {
        motet_engine_leave(engine);
    }
    motet_heap_give_text(&engine->heap, name_copy);
    motet_heap_give_text(&engine->heap, path_copy);
    motet_decoded_free(&engine->heap, decoded);
    return sound;
}

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
        motet_files files = files_of(engine, def);
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
        motet_files files = files_of(engine, def);
        decoded->streamed = motet_stream_file_create(&engine->heap, &files, path);
        result = keep_streamed(engine, decoded, error, error_size);
    }
    return result;
}

motet_sound motet_sound_load(motet_engine *engine, const char *path, const motet_sound_def *given)
{
    motet_sound sound = {0};
    motet_sound_def def = given != NULL ? *given : motet_default_sound_def();
    motet_result result;
    if (!motet_engine_enter(engine, &result)) {
        return sound;
    }
    if (path == NULL) {
        result = motet_fail(&engine->log, MOTET_ERROR_INVALID, "path is NULL");
    } else {
        result = check_def(engine, &def);
    }
    const char *name = def.name != NULL ? def.name : path;
    motet_sound_entry *loaded = result == MOTET_OK ? find_loaded(engine, path, name, &def) : NULL;
    if (loaded != NULL) {
        loaded->load_count++;
        sound = motet_sound_id(engine, loaded);
    }
    motet_engine_leave(engine);
    if (result != MOTET_OK || loaded != NULL) {
        return sound;
    }
    char error[256] = "";
    motet_byte_source source;
    motet_decoded decoded = {0};
    motet_files files = files_of(engine, &def);
    result = motet_byte_source_open(&source, &files, path, error, sizeof error);
    if (result == MOTET_OK) {
        result = decode_file(engine, &source, path, &def, &decoded, error, sizeof error);
        motet_byte_source_close(&source);
    }
    if (result != MOTET_OK) {
        motet_fail(&engine->log, result, "%s: %s", path, error);
        return sound;
    }
    return add_sound(engine, &decoded, path, name, &def);
}

motet_sound motet_sound_load_memory(motet_engine *engine, const void *bytes, size_t byte_count,
                                    const motet_sound_def *given)
{
    motet_sound sound = {0};
    motet_sound_def def = given != NULL ? *given : motet_default_sound_def();
    motet_result result;
    if (!motet_engine_enter(engine, &result)) {
        return sound;
    }
    motet_engine_leave(engine);
    const char *name = def.name != NULL ? def.name : "memory";
    if (bytes == NULL) {
        motet_fail(&engine->log, MOTET_ERROR_INVALID, "%s: bytes is NULL", name);
        return sound;
    }
    if (check_def(engine, &def) != MOTET_OK) {
        return sound;
    }
    char error[256] = "";
    motet_decoded decoded;
    if (def.stream) {
        void *copy = motet_heap_take(&engine->heap, byte_count, _Alignof(max_align_t));
        result = copy != NULL ? MOTET_OK : MOTET_ERROR_MEMORY;
        if (copy != NULL) {
            memcpy(copy, bytes, byte_count);
            result = decode_bytes(engine, copy, byte_count, &def, &decoded, error, sizeof error);
        } else {
            snprintf(error, sizeof error, "out of memory");
        }
    } else {
        motet_byte_source source;
        motet_byte_source_open_memory(&source, bytes, byte_count);
        result = decode_source(engine, &source, &def, &decoded, error, sizeof error);
    }
    if (result != MOTET_OK) {
        motet_fail(&engine->log, result, "%s: %s", name, error);
        return sound;
    }
    return add_sound(engine, &decoded, NULL, name, &def);
}

static bool is_good_pcm(motet_engine *engine, const motet_pcm *pcm)
{
    const char *wrong = NULL;
    if (pcm == NULL) {
        wrong = "pcm is NULL";
    } else if (pcm->samples == NULL && pcm->frame_count > 0) {
        wrong = "pcm.samples is NULL";
    } else if (pcm->format != MOTET_FORMAT_S16 && pcm->format != MOTET_FORMAT_F32) {
        wrong = "pcm.format is not a motet_format";
    } else if (pcm->channels < 1 || pcm->channels > MOTET_MAX_CHANNELS) {
        wrong = "pcm.channels is not 1 ... 8";
    } else if (pcm->sample_rate_hz < 1 || pcm->sample_rate_hz > MOTET_MAX_SAMPLE_RATE_HZ) {
        wrong = "pcm.sample_rate_hz is not 1 ... 768000";
    }
    if (wrong != NULL) {
        motet_fail(&engine->log, MOTET_ERROR_INVALID, "%s", wrong);
    }
    return wrong == NULL;
}

motet_sound motet_sound_from_pcm(motet_engine *engine, const motet_pcm *pcm, const motet_sound_def *given)
{
    motet_sound sound = {0};
    motet_sound_def def = given != NULL ? *given : motet_default_sound_def();
    motet_result result;
    if (!motet_engine_enter(engine, &result)) {
        return sound;
    }
    motet_engine_leave(engine);
    def.stream = def.in_memory = false; /* it is in memory already */
    if (!is_good_pcm(engine, pcm) || check_def(engine, &def) != MOTET_OK) {
        return sound;
    }
    motet_decoded decoded;
    const char *name = def.name != NULL ? def.name : "pcm";
    if (motet_adopt_pcm(&engine->heap, pcm, def.store, &decoded) != MOTET_OK) {
        motet_fail(&engine->log, MOTET_ERROR_MEMORY, "%s: out of memory for %llu frames", name,
                   (unsigned long long)pcm->frame_count);
        return sound;
    }
    return add_sound(engine, &decoded, NULL, name, &def);
}

static bool is_good_signal(motet_engine *engine, const motet_signal *signal)
{
    if (signal == NULL || signal->kind < MOTET_SIGNAL_SINE || signal->kind > MOTET_SIGNAL_IMPULSE) {
        motet_fail(&engine->log, MOTET_ERROR_INVALID, "signal.kind is not a motet_signal_kind");
        return false;
    }
    bool finite = motet_check_number(engine, signal->hz, "signal.hz") &&
                  motet_check_number(engine, signal->amplitude, "signal.amplitude") &&
                  motet_check_number(engine, signal->from, "signal.from") &&
                  motet_check_number(engine, signal->to, "signal.to") &&
                  motet_check_number(engine, signal->seconds, "signal.seconds");
    if (finite && (signal->seconds < 0 || signal->channels > 2 || signal->sample_rate_hz > MOTET_MAX_SAMPLE_RATE_HZ ||
                   (signal->kind == MOTET_SIGNAL_SINE && signal->hz <= 0))) {
        motet_fail(&engine->log, MOTET_ERROR_INVALID,
                   "a signal of %g s, %u channels, %u Hz, tone %g Hz; expected seconds >= 0, 1 or 2 channels, a rate "
                   "up to 768000 and a tone above 0",
                   signal->seconds, signal->channels, signal->sample_rate_hz, signal->hz);
        return false;
    }
    return finite;
}

motet_sound motet_sound_from_signal(motet_engine *engine, const motet_signal *given, const motet_sound_def *def)
{
    motet_sound sound = {0};
    motet_result result;
    if (!motet_engine_enter(engine, &result)) {
        return sound;
    }
    motet_engine_leave(engine);
    if (!is_good_signal(engine, given)) {
        return sound;
    }
    motet_signal signal = *given;
    signal.channels = signal.channels == 0 ? 1 : signal.channels;
    signal.sample_rate_hz = signal.sample_rate_hz == 0 ? engine->def.sample_rate_hz : signal.sample_rate_hz;
    double exact_frames = floor(signal.seconds * signal.sample_rate_hz + 0.5);
    uint64_t frames = exact_frames < 1e12 ? motet_signal_frame_count(signal.seconds, signal.sample_rate_hz) : 0;
    size_t size = (size_t)frames * signal.channels * sizeof(float);
    float *samples = exact_frames < 1e12 ? motet_heap_take(&engine->heap, size, _Alignof(float)) : NULL;
    if (samples == NULL) {
        motet_fail(&engine->log, MOTET_ERROR_MEMORY, "out of memory for a signal of %g s", signal.seconds);
        return sound;
    }
    motet_signal_render(&signal, samples, frames);
    motet_pcm pcm = {samples, MOTET_FORMAT_F32, signal.channels, signal.sample_rate_hz, frames};
    sound = motet_sound_from_pcm(engine, &pcm, def);
    motet_heap_give(&engine->heap, samples, size);
    return sound;
}

motet_sound motet_sound_add_variations(motet_engine *engine, motet_variations *set, const motet_sound_def *def)
{
    motet_decoded empty = {
        .material = {.channels = 1, .sample_rate_hz = 1, .file_rate_hz = 1, .format = MOTET_FORMAT_S16}};
    motet_sound sound = {0};
    motet_result result = check_def(engine, def);
    if (result == MOTET_OK) {
        sound = add_sound(engine, &empty, NULL, def->name, def);
    }
    if (motet_engine_enter(engine, &result)) {
        motet_sound_entry *entry = sound.id != 0 ? motet_sound_get(engine, sound) : NULL;
        if (entry != NULL) {
            entry->variations = set;
        } else {
            motet_variations_release(engine, set);
        }
        motet_engine_leave(engine);
    }
    if (sound.id == 0) {
        motet_heap_give(&engine->heap, set, sizeof *set);
    }
    return sound;
}
