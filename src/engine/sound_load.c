#include "dsp/signal.h"
#include "engine/markers.h"
#include "engine/sound.h"
#include "engine/sound_cache.h"
#include "engine/stream.h"
#include "engine/variations.h"

#include <math.h>

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

static motet_sound_entry *find_loaded(motet_engine *engine, const char *path, const char *name,
                                      const motet_sound_def *def)
{
    for (uint32_t i = 0; i < engine->sound_count; i++) {
        motet_sound_entry *entry = engine->sounds[i].entry;
        if (entry != NULL && !entry->released && motet_sound_state_of(entry) != MOTET_SOUND_FAILED &&
            motet_sound_is_as_asked(engine, entry, path, name, def)) {
            return entry;
        }
    }
    return NULL;
}

/* Under the lock: a sound with nothing in it yet. NULL, with the failure told, when out of memory. */
static motet_sound_entry *make_entry(motet_engine *engine, const char *path, const char *name,
                                     const motet_sound_def *def, motet_sound_state state)
{
    char *name_copy = motet_heap_copy_text(&engine->heap, name);
    char *path_copy = path != NULL ? motet_heap_copy_text(&engine->heap, path) : NULL;
    bool complete = name_copy != NULL && (path == NULL || path_copy != NULL);
    motet_sound_entry *entry = complete ? motet_sound_take_entry(engine) : NULL;
    if (entry == NULL) {
        motet_heap_give_text(&engine->heap, name_copy);
        motet_heap_give_text(&engine->heap, path_copy);
        motet_fail(&engine->log, MOTET_ERROR_MEMORY, "%s: out of memory", name);
        return NULL;
    }
    entry->load_count = 1;
    entry->name = name_copy;
    entry->path = path_copy;
    motet_sound_set_options(engine, entry, def);
    motet_store_relaxed_u32(&entry->edition->state, state);
    return entry;
}

/* Makes a sound of what was decoded, which it takes over. `path` is NULL for material of no path. */
static motet_sound add_sound(motet_engine *engine, motet_decoded *decoded, const char *path,
                             const motet_file_stamp *stamp, const char *name, const motet_sound_def *def)
{
    motet_sound sound = {0};
    motet_result result;
    if (motet_engine_enter(engine, &result)) {
        motet_sound_entry *entry = NULL;
        if (!def->stream || motet_streams_begin(engine)) {
            entry = path != NULL ? find_loaded(engine, path, name, def) : NULL;
            if (entry != NULL) {
                entry->load_count++; /* another thread was faster, or has just begun */
            } else {
                entry = make_entry(engine, path, name, def, MOTET_SOUND_LOADING);
            }
        }
        if (entry != NULL && motet_sound_state_of(entry) == MOTET_SOUND_LOADING) {
            motet_loader_cancel(engine, entry);
            motet_sound_fulfil(engine, entry, decoded, stamp);
        }
        sound = entry != NULL ? motet_sound_id(engine, entry) : sound;
        motet_engine_leave(engine);
    }
    motet_decoded_free(&engine->heap, decoded);
    return sound;
}

static void tell_ready(motet_engine *engine, const motet_sound_entry *entry)
{
    const motet_event event = {.type = MOTET_EVENT_SOUND_READY,
                               .sound = motet_sound_id(engine, entry),
                               .frame = motet_load_relaxed_u64(&engine->frame)};
    motet_event_append_locked(engine, &event);
}

/* Under the lock: the sound of a path that is there already, or was released and is kept. */
static motet_sound_entry *find_again(motet_engine *engine, const char *path, const char *name,
                                     const motet_sound_def *def, const motet_file_stamp *stamp)
{
    motet_sound_entry *entry = find_loaded(engine, path, name, def);
    if (entry != NULL) {
        bool loading = motet_sound_state_of(entry) == MOTET_SOUND_LOADING;
        if (loading && !def->async) {
            return NULL; /* whoever has read it first gives it to both */
        }
        entry->load_count++;
    } else {
        entry = motet_sound_cache_take(engine, path, name, def, stamp);
        if (entry == NULL) {
            return NULL;
        }
        entry->load_count = 1;
    }
    if (def->async && motet_sound_state_of(entry) == MOTET_SOUND_READY) {
        tell_ready(engine, entry);
    }
    return entry;
}

/* A sound whose file, or bytes, the loader will read. */
static motet_sound load_later(motet_engine *engine, const char *path, const void *bytes, size_t byte_count,
                              const char *name, const motet_sound_def *def)
{
    motet_sound sound = {0};
    motet_result result;
    motet_sound_def named = *def;
    named.name = name;
    motet_load *load = motet_load_create(engine, path, bytes, byte_count, &named);
    if (load == NULL) {
        motet_fail(&engine->log, MOTET_ERROR_MEMORY, "%s: out of memory", name);
        return sound;
    }
    if (motet_engine_enter(engine, &result)) {
        bool ready = motet_loader_start(engine) && (!def->stream || motet_streams_begin(engine));
        motet_sound_entry *entry = ready && path != NULL ? find_loaded(engine, path, name, def) : NULL;
        if (entry != NULL) { /* another thread was faster */
            entry->load_count++;
            sound = motet_sound_id(engine, entry);
        } else if (ready && (entry = make_entry(engine, path, name, def, MOTET_SOUND_LOADING)) != NULL) {
            motet_loader_add(engine, load, entry);
            load = NULL;
            sound = motet_sound_id(engine, entry);
        }
        motet_engine_leave(engine);
    }
    motet_load_destroy(engine, load);
    return sound;
}

/* Nothing is known of files that the program opens. */
static motet_file_stamp stamp_of(const motet_engine *engine, const char *path, const motet_sound_def *def)
{
    bool is_own = engine == NULL || motet_sound_files(engine, def).open != NULL;
    return motet_file_stamp_of(is_own ? NULL : path);
}

motet_sound motet_sound_load(motet_engine *engine, const char *path, const motet_sound_def *given)
{
    motet_sound sound = {0};
    motet_sound_def def = given != NULL ? *given : motet_default_sound_def();
    motet_result result;
    motet_file_stamp stamp = stamp_of(engine, path, &def);
    if (!motet_engine_enter(engine, &result)) {
        return sound;
    }
    if (path == NULL) {
        result = motet_fail(&engine->log, MOTET_ERROR_INVALID, "path is NULL");
    } else {
        result = check_def(engine, &def);
    }
    const char *name = def.name != NULL ? def.name : path;
    motet_sound_entry *again = result == MOTET_OK ? find_again(engine, path, name, &def, &stamp) : NULL;
    if (again != NULL) {
        sound = motet_sound_id(engine, again);
    }
    motet_engine_leave(engine);
    if (result != MOTET_OK || again != NULL) {
        return sound;
    }
    if (def.async) {
        return load_later(engine, path, NULL, 0, name, &def);
    }
    motet_decoded decoded;
    def.name = name;
    result = motet_sound_read(engine, path, NULL, 0, &def, NULL, &decoded);
    return result == MOTET_OK ? add_sound(engine, &decoded, path, &stamp, name, &def) : sound;
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
    def.name = def.name != NULL ? def.name : "memory";
    if (bytes == NULL) {
        motet_fail(&engine->log, MOTET_ERROR_INVALID, "%s: bytes is NULL", def.name);
        return sound;
    }
    if (check_def(engine, &def) != MOTET_OK) {
        return sound;
    }
    if (def.async) {
        return load_later(engine, NULL, bytes, byte_count, def.name, &def);
    }
    motet_decoded decoded;
    result = motet_sound_read(engine, NULL, bytes, byte_count, &def, NULL, &decoded);
    return result == MOTET_OK ? add_sound(engine, &decoded, NULL, NULL, def.name, &def) : sound;
}

/* Makes a sound of material that is in memory. */
static motet_sound add_ready(motet_engine *engine, motet_decoded *decoded, const motet_sound_def *def)
{
    motet_result result = motet_sound_complete(engine, def->name, def, decoded);
    return result == MOTET_OK ? add_sound(engine, decoded, NULL, NULL, def->name, def) : (motet_sound){0};
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
    def.name = def.name != NULL ? def.name : "pcm";
    if (motet_adopt_pcm(&engine->heap, pcm, def.store, &decoded) != MOTET_OK) {
        motet_fail(&engine->log, MOTET_ERROR_MEMORY, "%s: out of memory for %llu frames", def.name,
                   (unsigned long long)pcm->frame_count);
        return sound;
    }
    return add_ready(engine, &decoded, &def);
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
        sound = add_ready(engine, &empty, def);
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
