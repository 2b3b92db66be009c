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
    for (size_t i = 0; i < timeline->voice_count; i++) {
        if (timeline->voices[i].stem_count > 0) { /* what is asked of one of them goes to all */
            scheduled = USUAL_SCHEDULED + 66 * timeline->busiest_frame;
            break;
        }
    }
    size_t buses = timeline->bus_count > USUAL_BUSES ? timeline->bus_count : USUAL_BUSES;
    return (motet_engine_def){
        .sample_rate_hz = header->rate_hz,
        .channels = header->channels,
        .max_voices = header->max_voices,
        .max_virtual_voices = header->max_virtual_voices,
        .no_virtual_voices = header->max_virtual_voices == 0,
        .max_buses = (uint32_t)buses,
        .max_scheduled = (uint32_t)(scheduled < MAX_SCHEDULED ? scheduled : MAX_SCHEDULED),
        .device = MOTET_DEVICE_MANUAL,
        .no_limiter = !header->limiter,
        .ceiling_db = header->ceiling_db,
        .quiet_voice_db = header->quiet_voice_db,
        .declick_seconds = header->declick_seconds,
        .seed = header->seed,
        .simd = timeline->simd,
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

static motet_sound_def sound_def(const motet_timeline *timeline, const motet_timeline_sound *sound, const char *name)
{
    return (motet_sound_def){
        .name = name,
        .store = sound->store,
        .no_convert = sound->no_convert,
        .stream = sound->stream,
        .async = sound->async && !timeline->loads_now,
        .max_voices = sound->max_voices,
        .yield = sound->yield,
        .min_interval_seconds = (double)sound->min_interval_frames / timeline->header.rate_hz,
    };
}

/* A sound's markers for its def, once its rate is known; in the order of their frames. */
static motet_marker *place_markers(const motet_timeline *timeline, const motet_timeline_sound *sound, uint32_t rate_hz,
                                   motet_sound_def *def)
{
    const motet_time_base base = motet_timeline_base(timeline, rate_hz);
    motet_marker *markers = motet_memory_take(sound->marker_count, sizeof *markers);
    for (size_t i = 0; i < sound->marker_count; i++) {
        motet_marker marker = {motet_duration_frames(sound->markers[i].at, &base), sound->markers[i].name};
        size_t at = i;
        for (; at > 0 && markers[at - 1].frame > marker.frame; at--) {
            markers[at] = markers[at - 1];
        }
        markers[at] = marker;
    }
    def->markers = markers;
    def->marker_count = (uint32_t)sound->marker_count;
    return markers;
}

/* The rate of a file, where the times of its markers ask for it; 0 when it cannot be read. */
static uint32_t rate_of_file(const motet_timeline_sound *sound, const char *path, motet_engine *engine)
{
    bool asked = false;
    for (size_t i = 0; i < sound->marker_count; i++) {
        asked = asked || sound->markers[i].at.unit != MOTET_UNIT_FRAMES;
    }
    motet_sound_info info = {0};
    motet_sound loaded = {0};
    if (asked) {
        loaded = motet_sound_load(engine, path, &(motet_sound_def){.no_convert = true});
    }
    if (loaded.id != 0) {
        (void)motet_sound_get_info(engine, loaded, &info);
        (void)motet_sound_release(engine, loaded);
    }
    return info.sample_rate_hz;
}

/* What a sound that loads in the background will say of itself: by its header. False where that is wrong, which is
 * told. */
static bool look_ahead(motet_engine *engine, const char *path, const motet_sound_def *def, motet_sound_info *info)
{
    motet_sound_def header = *def;
    header.async = false;
    header.stream = true;
    motet_sound loaded = motet_sound_load(engine, path, &header);
    bool good = loaded.id != 0 && motet_sound_get_info(engine, loaded, info) == MOTET_OK;
    (void)motet_sound_release(engine, loaded);
    return good;
}

static motet_sound load_file(const motet_timeline *timeline, const motet_timeline_sound *sound, motet_engine *engine,
                             motet_sound_info *info, motet_problems *problems)
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
    motet_sound_def def = sound_def(timeline, sound, name);
    motet_marker *markers = place_markers(timeline, sound, rate_of_file(sound, path, engine), &def);
    if (!def.async || look_ahead(engine, path, &def, info)) {
        loaded = motet_sound_load(engine, path, &def);
    }
    if (loaded.id == 0) {
        motet_problems_error_file(problems, sound->line, "%s", motet_last_error());
    }
    free(markers);
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
    motet_sound_def def = sound_def(timeline, sound, sound->file);
    motet_marker *markers = place_markers(timeline, sound, sound->rate_hz, &def);
    loaded = motet_sound_from_pcm(engine, &pcm, &def);
    if (loaded.id == 0) {
        motet_problems_error(problems, sound->line, "%s", motet_last_error());
    }
    free(markers);
    free(samples);
    motet_bytes_free(&bytes);
    return loaded;
}

/* What is wrong with a sound that it picks from has been told. */
static motet_sound make_set(const motet_timeline *timeline, const motet_timeline_sound *sound, motet_engine *engine,
                            const motet_loaded *loaded, motet_problems *problems)
{
    motet_sound made = {0};
    motet_sound *members = motet_memory_take(sound->member_count, sizeof *members);
    bool complete = true;
    for (size_t i = 0; i < sound->member_count; i++) {
        members[i] = loaded->sounds[sound->members[i]].id;
        complete = complete && members[i].id != 0;
    }
    const motet_sound_def rules = sound_def(timeline, sound, sound->name);
    const motet_variations_def def = {
        .name = rules.name,
        .weights = sound->weights,
        .volume_jitter_db = sound->volume_jitter_db,
        .pitch_jitter_semitones = sound->pitch_jitter_semitones,
        .max_voices = rules.max_voices,
        .yield = rules.yield,
        .min_interval_seconds = rules.min_interval_seconds,
    };
    if (complete) {
        made = motet_sound_variations(engine, members, (uint32_t)sound->member_count, &def);
    }
    if (complete && made.id == 0) {
        motet_problems_error(problems, sound->line, "%s", motet_last_error());
    }
    free(members);
    return made;
}

/* `info` receives what is known of it, where the library does not know it yet. */
static motet_sound load_sound(const motet_timeline *timeline, const motet_timeline_sound *sound, motet_engine *engine,
                              const motet_loaded *loaded, motet_sound_info *info, motet_problems *problems)
{
    switch (sound->kind) {
    case MOTET_MATERIAL_SET: return make_set(timeline, sound, engine, loaded, problems);
    case MOTET_MATERIAL_PCM: return load_pcm(timeline, sound, engine, problems);
    case MOTET_MATERIAL_SIGNAL: {
        motet_sound_def def = sound_def(timeline, sound, sound->name);
        motet_marker *markers = place_markers(timeline, sound, sound->signal.sample_rate_hz, &def);
        motet_sound made = motet_sound_from_signal(engine, &sound->signal, &def);
        if (made.id == 0) {
            motet_problems_error(problems, sound->line, "%s", motet_last_error());
        }
        free(markers);
        return made;
    }
    case MOTET_MATERIAL_FILE: return load_file(timeline, sound, engine, info, problems);
    case MOTET_MATERIAL_NONE: break;
    }
    return (motet_sound){0};
}

static void describe_set(const motet_timeline_sound *sound, const motet_loaded *loaded, motet_loaded_sound *set)
{
    for (size_t i = 0; i < sound->member_count; i++) {
        const motet_loaded_sound *member = &loaded->sounds[sound->members[i]];
        if (i == 0) {
            set->rate_hz = member->rate_hz;
            set->loop = member->loop;
        }
        set->rate_hz = member->rate_hz == set->rate_hz ? set->rate_hz : 0;
        set->has_several_loops =
            set->has_several_loops || member->loop.start != set->loop.start || member->loop.end != set->loop.end;
        if (member->frames > 0 && (set->frames == 0 || member->frames < set->frames)) {
            set->frames = member->frames;
        }
    }
}

static void load_sounds(const motet_timeline *timeline, motet_engine *engine, motet_loaded *loaded,
                        motet_problems *problems)
{
    for (size_t i = 0; i < timeline->sound_count; i++) {
        const motet_timeline_sound *sound = &timeline->sounds[i];
        motet_loaded_sound *made = &loaded->sounds[i];
        motet_sound_info info = {0};
        made->id = load_sound(timeline, sound, engine, loaded, &info, problems);
        if (sound->kind == MOTET_MATERIAL_SET) {
            describe_set(sound, loaded, made);
            continue;
        }
        bool later = sound->async && !timeline->loads_now;
        if (made->id.id == 0 || (!later && motet_sound_get_info(engine, made->id, &info) != MOTET_OK)) {
            continue;
        }
        made->rate_hz = info.sample_rate_hz;
        made->frames = info.frame_count;
        made->loop = (motet_frame_range){info.loop_start_frame, info.loop_end_frame};
        loaded->has_markers = loaded->has_markers || info.marker_count > 0;
        if (info.truncated) {
            motet_problems_warn(problems, sound->line, "%s: is cut short; its first %llu frames play", sound->file,
                                (unsigned long long)info.frame_count);
        }
    }
}

/* ---------------------------------------------------------------------------------------------- Places in sounds */

uint64_t motet_loaded_frame(const motet_timeline *timeline, const motet_loaded *loaded, uint32_t sound,
                            motet_duration position)
{
    const motet_time_base base = motet_timeline_base(timeline, loaded->sounds[sound].rate_hz);
    return motet_duration_frames(position, &base);
}

static const uint64_t UNKNOWN = UINT64_MAX; /* where a set's sounds have loop points of their own */

motet_frame_range motet_loaded_loop(const motet_timeline *timeline, const motet_loaded *loaded,
                                    const motet_timeline_command *command, motet_frame_range before)
{
    uint32_t place = timeline->voices[command->target].sound;
    const motet_loaded_sound *sound = &loaded->sounds[place];
    const motet_timeline_loop *loop = command->loop != MOTET_NO_LOOP ? &timeline->loops[command->loop] : NULL;
    motet_frame_range given = {0};
    if (loop != NULL) {
        given.start = motet_loaded_frame(timeline, loaded, place, loop->start);
        given.end = motet_loaded_frame(timeline, loaded, place, loop->end);
    }
    if (command->verb == MOTET_VERB_SET) {
        return (motet_frame_range){(command->changes & MOTET_CHANGE_LOOP_START) != 0 ? given.start : before.start,
                                   (command->changes & MOTET_CHANGE_LOOP_END) != 0 ? given.end : before.end};
    }
    if (given.start != 0 || given.end != 0 || (loop != NULL && loop->whole)) {
        return given;
    }
    return sound->has_several_loops ? (motet_frame_range){UNKNOWN, UNKNOWN} : sound->loop;
}

static void check_position(const motet_timeline *timeline, const motet_loaded *loaded,
                           const motet_timeline_command *command, const char *key, motet_duration position,
                           motet_problems *problems)
{
    uint32_t sound = timeline->voices[command->target].sound;
    if (loaded->sounds[sound].rate_hz == 0 && position.unit != MOTET_UNIT_FRAMES) {
        motet_problems_error(problems, command->line,
                             "\"%s\" in \"%s\" is a time, but the sounds of \"%s\" have several rates; expected a "
                             "whole number of frames",
                             key, motet_verb_keys[command->verb].name, timeline->sounds[sound].name);
    }
}

static void check_range(const motet_timeline *timeline, const motet_loaded *loaded,
                        const motet_timeline_command *command, motet_frame_range range, motet_problems *problems)
{
    const char *verb = motet_verb_keys[command->verb].name;
    uint32_t place = timeline->voices[command->target].sound;
    uint64_t frames = loaded->sounds[place].frames;
    uint64_t end = range.end == 0 || range.end > frames ? frames : range.end;
    if (range.start == UNKNOWN || range.end == UNKNOWN) {
        motet_problems_error(problems, command->line,
                             "one end of a loop in \"%s\" of a voice of \"%s\", whose sounds have loop points of their "
                             "own; expected \"loop_start\" and \"loop_end\"",
                             verb, timeline->sounds[place].name);
    } else if (range.start >= end && frames > 0) {
        motet_problems_error(problems, command->line,
                             "a loop from frame %llu to %llu in \"%s\" of \"%s\", which has %llu frames; expected its "
                             "start before its end",
                             (unsigned long long)range.start, (unsigned long long)end, verb,
                             timeline->sounds[place].name, (unsigned long long)frames);
    }
}

static void check_stem_rate(const motet_timeline *timeline, const motet_loaded *loaded,
                            const motet_timeline_command *command, const motet_timeline_voice *first,
                            motet_problems *problems)
{
    const motet_loaded_sound *a = &loaded->sounds[first->sound];
    const motet_loaded_sound *b = &loaded->sounds[timeline->voices[command->target].sound];
    if (command->verb == MOTET_VERB_PLAY && a->id.id != 0 && b->id.id != 0 && a->rate_hz != b->rate_hz) {
        motet_problems_error(problems, command->line,
                             "\"%s\" has %u Hz and \"%s\" %u Hz in \"play_stems\"; expected sounds of one rate",
                             timeline->sounds[first->sound].name, (unsigned)a->rate_hz,
                             timeline->sounds[timeline->voices[command->target].sound].name, (unsigned)b->rate_hz);
    }
}

/* Places that can only be judged with the sounds at hand. */
static void check_places(const motet_timeline *timeline, const motet_loaded *loaded, motet_problems *problems)
{
    motet_frame_range *ranges = motet_memory_take(timeline->voice_count, sizeof *ranges);
    for (size_t i = 0; i < timeline->command_count; i++) {
        const motet_timeline_command *command = &timeline->commands[i];
        bool of_range = command->verb == MOTET_VERB_PLAY ||
                        (command->verb == MOTET_VERB_SET && (command->changes & MOTET_CHANGE_LOOP_RANGE) != 0);
        if (!of_range && command->verb != MOTET_VERB_SEEK) {
            continue;
        }
        const motet_timeline_voice *voice = &timeline->voices[command->target];
        uint32_t first = voice->stem_count > 0 ? voice->first_stem : command->target;
        check_stem_rate(timeline, loaded, command, &timeline->voices[first], problems);
        bool repeated = command->verb == MOTET_VERB_PLAY && command->target > 0 && voice[-1].line == voice->line;
        if (of_range) {
            ranges[command->target] = motet_loaded_loop(timeline, loaded, command, ranges[command->target]);
        }
        if (repeated || loaded->sounds[voice->sound].id.id == 0) {
            continue;
        }
        check_position(timeline, loaded, command, command->verb == MOTET_VERB_SEEK ? "to" : "from", command->position,
                       problems);
        if (of_range && command->loop != MOTET_NO_LOOP) {
            const motet_timeline_loop *loop = &timeline->loops[command->loop];
            check_position(timeline, loaded, command, "loop_start", loop->start, problems);
            check_position(timeline, loaded, command, "loop_end", loop->end, problems);
            if (voice->stem_count > 0) { /* a shorter one does not go round */
                continue;
            }
            if (command->verb == MOTET_VERB_SET || ranges[command->target].start != UNKNOWN) {
                check_range(timeline, loaded, command, ranges[command->target], problems);
            }
        }
    }
    free(ranges);
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
            const motet_timeline_feed *feed = &timeline->feeds[timeline->voices[command->target].feed];
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
    loaded->chunks = motet_memory_take(timeline->chunk_count, sizeof *loaded->chunks);
    load_sounds(timeline, engine, loaded, problems);
    check_places(timeline, loaded, problems);
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
    *loaded = (motet_loaded){0};
}
