#include "clip.h"

#include "files.h"
#include "offline.h"
#include "output.h"

#include <stdlib.h>
#include <string.h>

void motet_clip_free(motet_clip *clip)
{
    free(clip->samples);
    *clip = (motet_clip){0};
}

void motet_clip_append(motet_clip *clip, const float *interleaved, uint32_t frame_count)
{
    size_t before = (size_t)clip->frames * clip->channels;
    size_t count = (size_t)frame_count * clip->channels;
    clip->samples = motet_memory_reserve(clip->samples, before + count, &clip->capacity, sizeof *clip->samples);
    memcpy(clip->samples + before, interleaved, count * sizeof *interleaved);
    clip->frames += frame_count;
}

/* ---------------------------------------------------------------------------------------------- Sound files */

motet_engine *motet_clip_engine(motet_problems *problems)
{
    const motet_engine_def def = {.device = MOTET_DEVICE_MANUAL, .max_voices = 1, .log = motet_output_drop_log};
    motet_engine *engine = motet_engine_create(&def);
    if (engine == NULL) {
        motet_problems_error_file(problems, 0, "%s", motet_last_error());
    }
    return engine;
}

motet_sound motet_clip_load(motet_engine *engine, const char *path, motet_problems *problems)
{
    char *complaint = motet_file_complaint(".", path);
    if (complaint != NULL) {
        motet_problems_error_file(problems, 0, "%s", complaint);
        free(complaint);
        return (motet_sound){0};
    }
    /* As floats, so that lossy files are seen before they are rounded, and at the rate of the file. */
    const motet_sound_def def = {.store = MOTET_STORE_F32, .no_convert = true};
    motet_sound sound = motet_sound_load(engine, path, &def);
    if (sound.id == 0) {
        motet_problems_error_file(problems, 0, "%s", motet_last_error());
    }
    return sound;
}

bool motet_clip_read_sound(motet_clip *clip, motet_engine *engine, motet_sound sound, motet_problems *problems)
{
    enum { PIECE_FRAMES = 4096, MAX_CHANNELS = 2 };
    float piece[PIECE_FRAMES * MAX_CHANNELS];
    motet_sound_info info;
    *clip = (motet_clip){0};
    bool good = motet_sound_get_info(engine, sound, &info) == MOTET_OK;
    if (good) {
        clip->rate_hz = info.sample_rate_hz;
        clip->channels = info.channels;
        clip->file_channels = info.file_channels;
    }
    while (good && clip->frames < info.frame_count) {
        uint32_t got = 0;
        good = motet_sound_read_f32(engine, sound, clip->frames, piece, PIECE_FRAMES, &got) == MOTET_OK && got > 0;
        if (good) {
            motet_clip_append(clip, piece, got);
        }
    }
    if (!good) {
        motet_problems_error_file(problems, 0, "%s", motet_last_error());
        motet_clip_free(clip);
    }
    return good;
}

static bool read_file(motet_clip *clip, const char *path, motet_problems *problems)
{
    motet_engine *engine = motet_clip_engine(problems);
    if (engine == NULL) {
        return false;
    }
    motet_sound sound = motet_clip_load(engine, path, problems);
    bool good = sound.id != 0 && motet_clip_read_sound(clip, engine, sound, problems);
    motet_engine_destroy(engine);
    return good;
}

/* ------------------------------------------------------------------------------------------------- Timelines */

static bool take_frames(void *user, const float *interleaved, uint32_t frame_count)
{
    motet_clip_append(user, interleaved, frame_count);
    return true;
}

static bool render(motet_clip *clip, const motet_timeline *timeline, motet_problems *problems)
{
    motet_offline offline;
    if (!motet_offline_create(&offline, timeline, problems)) {
        return false;
    }
    clip->rate_hz = timeline->header.rate_hz;
    clip->channels = clip->file_channels = timeline->header.channels;
    const motet_offline_request request = {.sink = take_frames, .user = clip};
    bool good = motet_offline_run(&offline, &request);
    motet_offline_destroy(&offline);
    return good;
}

static bool read_timeline(motet_clip *clip, const char *path, motet_problems *problems)
{
    motet_timeline timeline;
    (void)motet_timeline_read(&timeline, path, 0, problems);
    bool good = timeline.header.rate_hz != 0 &&
                (timeline.has_end || motet_offline_comes_to_end(&timeline, false, problems)) &&
                render(clip, &timeline, problems);
    motet_timeline_free(&timeline);
    return good;
}

bool motet_clip_read(motet_clip *clip, const char *path, motet_problems *problems)
{
    *clip = (motet_clip){0};
    return motet_timeline_is_file(path) ? read_timeline(clip, path, problems) : read_file(clip, path, problems);
}
