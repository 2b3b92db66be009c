#include "timeline_load.h"

#include "files.h"

#include <stdlib.h>
#include <string.h>

motet_engine_def motet_timeline_engine_def(const motet_timeline *timeline)
{
    enum { MAX_SCHEDULED = 1048576, USUAL_SCHEDULED = 16384, USUAL_BUSES = 64 };
    const motet_timeline_header *header = &timeline->header;
    /* A frame's commands are given before that frame is rendered, so all of them must be able to wait. */
    size_t scheduled = USUAL_SCHEDULED + 2 * timeline->busiest_frame;
    size_t buses = timeline->bus_count > USUAL_BUSES ? timeline->bus_count : USUAL_BUSES;
    return (motet_engine_def){
        .sample_rate_hz = header->rate_hz,
        .channels = header->channels,
        .max_voices = header->max_voices,
        .max_buses = (uint32_t)buses,
        .max_scheduled = (uint32_t)(scheduled < MAX_SCHEDULED ? scheduled : MAX_SCHEDULED),
        .device = MOTET_DEVICE_MANUAL,
        .no_limiter = !header->limiter,
        .ceiling_db = header->ceiling_db,
        .declick_seconds = header->declick_seconds,
        .seed = header->seed,
    };
}

/* ------------------------------------------------------------------------------------------------------ Sounds */

/* The library shares what it loads by path and name. Two sounds of a timeline stay two, so that "stop_sound" of one
 * leaves the other alone: the second gets a name of its own. */
static char *unshared_name(const motet_timeline *timeline, const motet_timeline_sound *sound)
{
    for (const motet_timeline_sound *other = timeline->sounds; other < sound; other++) {
        if (other->kind == MOTET_MATERIAL_FILE && strcmp(other->file, sound->file) == 0) {
            return motet_string_format("%s (\"%s\")", sound->file, sound->name);
        }
    }
    return motet_string_copy(sound->file);
}

static motet_sound load_file(const motet_timeline *timeline, const motet_timeline_sound *sound, motet_engine *engine,
                             motet_problems *problems)
{
    motet_sound loaded = {0};
    char *complaint = motet_file_complaint(timeline->folder, sound->file);
    if (complaint != NULL) {
        motet_problems_error_file(problems, sound->line, "%s", complaint);
        free(complaint);
        return loaded;
    }
    char *path = motet_path_join(timeline->folder, sound->file);
    char *name = unshared_name(timeline, sound);
    const motet_sound_def def = {.name = name, .store = sound->store, .no_convert = sound->no_convert};
    loaded = motet_sound_load(engine, path, &def);
    if (loaded.id == 0) {
        motet_problems_error_file(problems, sound->line, "%s", motet_last_error());
    }
    free(name);
    free(path);
    return loaded;
}

static motet_sound load_pcm(const motet_timeline *timeline, const motet_timeline_sound *sound, motet_engine *engine,
                            motet_problems *problems)
{
    motet_sound loaded = {0};
    motet_bytes bytes = {0};
    char *complaint = motet_file_complaint(timeline->folder, sound->file);
    if (complaint == NULL) {
        complaint = motet_file_read(timeline->folder, sound->file, &bytes);
    }
    if (complaint != NULL) {
        motet_problems_error_file(problems, sound->line, "%s", complaint);
        free(complaint);
        motet_bytes_free(&bytes);
        return loaded;
    }
    size_t frame_bytes = motet_sample_bytes(sound->format) * sound->channels;
    size_t frames = bytes.size / frame_bytes;
    if (bytes.size % frame_bytes != 0) {
        motet_problems_warn(problems, sound->line, "%s: its last %zu bytes are not a whole frame and are left out",
                            sound->file, bytes.size % frame_bytes);
    }
    void *samples = motet_memory_take(frames * sound->channels, sizeof(float));
    if (sound->format == MOTET_SAMPLE_S16) {
        motet_pcm_decode_s16(bytes.data, frames * sound->channels, samples);
    } else {
        motet_pcm_decode_f32(bytes.data, frames * sound->channels, samples);
    }
    const motet_pcm pcm = {
        .samples = samples,
        .format = sound->format == MOTET_SAMPLE_S16 ? MOTET_FORMAT_S16 : MOTET_FORMAT_F32,
        .channels = sound->channels,
        .sample_rate_hz = sound->rate_hz,
        .frame_count = frames,
    };
    const motet_sound_def def = {.name = sound->file, .store = sound->store, .no_convert = sound->no_convert};
    loaded = motet_sound_from_pcm(engine, &pcm, &def);
    if (loaded.id == 0) {
        motet_problems_error(problems, sound->line, "%s", motet_last_error());
    }
    free(samples);
    motet_bytes_free(&bytes);
    return loaded;
}

static motet_sound load_sound(const motet_timeline *timeline, const motet_timeline_sound *sound, motet_engine *engine,
                              motet_problems *problems)
{
    switch (sound->kind) {
    case MOTET_MATERIAL_PCM: return load_pcm(timeline, sound, engine, problems);
    case MOTET_MATERIAL_SIGNAL: {
        const motet_sound_def def = {.name = sound->name, .store = sound->store, .no_convert = sound->no_convert};
        motet_sound made = motet_sound_from_signal(engine, &sound->signal, &def);
        if (made.id == 0) {
            motet_problems_error(problems, sound->line, "%s", motet_last_error());
        }
        return made;
    }
    case MOTET_MATERIAL_FILE: return load_file(timeline, sound, engine, problems);
    case MOTET_MATERIAL_NONE: break;
    }
    return (motet_sound){0};
}

/* Whether the sound is looped by a voice that expects the loop points of the file. */
static bool is_looped_by_points(const motet_timeline *timeline, size_t sound)
{
    for (size_t i = 0; i < timeline->voice_count; i++) {
        const motet_timeline_voice *voice = &timeline->voices[i];
        if (!voice->fed && voice->sound == sound && voice->wants_loop_points) {
            return true;
        }
    }
    return false;
}

static void load_sounds(const motet_timeline *timeline, motet_engine *engine, motet_loaded *loaded,
                        motet_problems *problems)
{
    for (size_t i = 0; i < timeline->sound_count; i++) {
        const motet_timeline_sound *sound = &timeline->sounds[i];
        loaded->sounds[i] = load_sound(timeline, sound, engine, problems);
        motet_sound_info info = {0};
        if (loaded->sounds[i].id == 0 || motet_sound_get_info(engine, loaded->sounds[i], &info) != MOTET_OK) {
            continue;
        }
        loaded->sound_rates[i] = info.sample_rate_hz;
        if (info.truncated) {
            motet_problems_warn(problems, sound->line, "%s: is cut short; its first %llu frames play", sound->file,
                                (unsigned long long)info.frame_count);
        }
        if (info.loop_end_frame > info.loop_start_frame && is_looped_by_points(timeline, i)) {
            motet_problems_warn(problems, sound->line,
                                "%s: its loop points are not in this version; \"loop\" repeats the whole sound",
                                sound->file);
        }
    }
}

/* ------------------------------------------------------------------------------------------------------- Feeds */

static void load_chunk(const motet_timeline *timeline, const motet_timeline_chunk *chunk, motet_bytes *bytes,
                       motet_problems *problems)
{
    if (chunk->base64 != NULL) {
        if (!motet_bytes_append_base64(bytes, chunk->base64)) {
            motet_problems_error(problems, chunk->line,
                                 "\"base64\" in \"feed\" is not base64; expected a text like \"AAA=\"");
        }
        return;
    }
    char *complaint = motet_file_complaint(timeline->folder, chunk->file);
    if (complaint == NULL) {
        complaint = motet_file_read(timeline->folder, chunk->file, bytes);
    }
    if (complaint != NULL) {
        motet_problems_error_file(problems, chunk->line, "%s", complaint);
        free(complaint);
    }
}

/* Bytes of a frame that its feeds never complete: told at the "finish". */
static void check_whole_frames(const motet_timeline *timeline, const motet_loaded *loaded, motet_problems *problems)
{
    size_t *sizes = motet_memory_take(timeline->voice_count, sizeof *sizes);
    for (size_t i = 0; i < timeline->command_count; i++) {
        const motet_timeline_command *command = &timeline->commands[i];
        if (command->verb == MOTET_VERB_FEED) {
            sizes[command->target] += loaded->chunks[command->chunk].size;
        } else if (command->verb == MOTET_VERB_FINISH) {
            const motet_timeline_feed *feed = &timeline->voices[command->target].feed;
            size_t rest = sizes[command->target] % (motet_sample_bytes(feed->format) * feed->channels);
            if (rest != 0) {
                motet_problems_warn(problems, command->line,
                                    "the last %zu bytes fed are not a whole frame and are left out", rest);
            }
        }
    }
    free(sizes);
}

bool motet_timeline_load(const motet_timeline *timeline, motet_engine *engine, motet_loaded *loaded,
                         motet_problems *problems)
{
    size_t errors = problems->errors;
    *loaded = (motet_loaded){.sound_count = timeline->sound_count, .chunk_count = timeline->chunk_count};
    loaded->sounds = motet_memory_take(timeline->sound_count, sizeof *loaded->sounds);
    loaded->sound_rates = motet_memory_take(timeline->sound_count, sizeof *loaded->sound_rates);
    loaded->chunks = motet_memory_take(timeline->chunk_count, sizeof *loaded->chunks);
    load_sounds(timeline, engine, loaded, problems);
    for (size_t i = 0; i < timeline->chunk_count; i++) {
        load_chunk(timeline, &timeline->chunks[i], &loaded->chunks[i], problems);
    }
    check_whole_frames(timeline, loaded, problems);
    return problems->errors == errors;
}

static void find_file(const motet_timeline *timeline, const char *file, uint32_t line, motet_problems *problems)
{
    char *complaint = file != NULL ? motet_file_complaint(timeline->folder, file) : NULL;
    if (complaint != NULL) {
        motet_problems_error_file(problems, line, "%s", complaint);
        free(complaint);
    }
}

bool motet_timeline_find_files(const motet_timeline *timeline, motet_problems *problems)
{
    size_t errors = problems->errors;
    for (size_t i = 0; i < timeline->sound_count; i++) {
        find_file(timeline, timeline->sounds[i].file, timeline->sounds[i].line, problems);
    }
    for (size_t i = 0; i < timeline->chunk_count; i++) {
        find_file(timeline, timeline->chunks[i].file, timeline->chunks[i].line, problems);
    }
    return problems->errors == errors;
}

void motet_loaded_free(motet_loaded *loaded)
{
    for (size_t i = 0; i < loaded->chunk_count; i++) {
        motet_bytes_free(&loaded->chunks[i]);
    }
    free(loaded->chunks);
    free(loaded->sounds);
    free(loaded->sound_rates);
    *loaded = (motet_loaded){0};
}
