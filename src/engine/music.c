/* When the music of a voice comes to its next beat or bar. */
#include "engine/engine.h"

#include <math.h>

/* Where its beats or bars stand, in frames of its sound: first + k * length. */
typedef struct beat_grid {
    double first, length;
} beat_grid;

/* The first point of the grid at or after a position. */
static double next_on_grid(beat_grid grid, double position)
{
    double steps = ceil((position - grid.first) / grid.length);
    return grid.first + (steps > 0 ? steps : 0) * grid.length;
}

/* Engine frames, exact as far as a double is, from the track's frame to the `count`th point of the grid that is at
 * least `lead` frames away; negative when the voice never comes there. */
static double frames_to_point(const motet_track *track, beat_grid grid, double end, uint32_t count, double lead)
{
    double position = track->position;
    double elapsed = 0;
    bool looping = track->looping;
    uint64_t passes = track->passes;
    bool passed_loop_without = false;
    while (count > 0) {
        double point = next_on_grid(grid, position);
        double limit = looping ? (double)track->loop_end : end;
        if (point < limit) {
            double at = elapsed + (point - position) / track->step;
            passed_loop_without = false;
            if (at >= lead && --count == 0) {
                return at;
            }
            elapsed = at;
            position = point + 1e-6; /* past it: points are a frame apart at least */
        } else if (looping && (passes != 0 || !passed_loop_without)) {
            /* A pass without a point is like all that follow. */
            uint64_t rounds = passed_loop_without ? passes - 1 : 1;
            double length = (double)(track->loop_end - track->loop_start);
            elapsed += (limit - position + (double)(rounds - 1) * length) / track->step;
            position = (double)track->loop_start;
            passes -= passes != 0 ? rounds : 0;
            looping = passes != 1;
            passed_loop_without = true;
        } else {
            return -1;
        }
    }
    return -1;
}

static uint64_t next_point(const motet_engine *const_engine, motet_voice voice, uint32_t count, bool bars)
{
    motet_engine *engine = (motet_engine *)const_engine;
    motet_result result;
    uint32_t slot;
    uint64_t frame = 0;
    motet_engine_info info;
    if (!motet_engine_enter(engine, &result)) {
        return 0;
    }
    const motet_voice_record *record = motet_voice_get(engine, voice, &slot);
    const motet_sound_entry *sound = record != NULL ? record->sound : NULL;
    motet_track track = {0};
    if (sound != NULL) {
        track = motet_voice_track(engine, record);
    }
    if (record == NULL) {
        /* told already */
    } else if (sound == NULL || sound->tempo_bpm == 0) {
        motet_fail(&engine->log, MOTET_ERROR_INVALID, "%s has no tempo (tempo_bpm)",
                   sound != NULL ? sound->name : "a fed voice");
    } else if (track.step == 0 || sound->edition->material.file_rate_hz == 0) {
        motet_fail(&engine->log, MOTET_ERROR_INVALID, "the voice does not play now: it is paused or has not started");
    } else {
        double beat = 60.0 * sound->edition->material.file_rate_hz / sound->tempo_bpm;
        beat_grid grid = {(double)sound->first_beat_frame, bars ? beat * sound->beats_per_bar : beat};
        double lead =
            engine->output != NULL && motet_engine_get_info(engine, &info) == MOTET_OK ? 2.0 * info.period_frames : 0;
        double end = (double)sound->edition->material.file_frame_count;
        double away = frames_to_point(&track, grid, end, count > 0 ? count : 1, lead);
        if (away < 0) {
            motet_fail(&engine->log, MOTET_ERROR_NOT_FOUND, "the voice ends before that");
        } else {
            frame = track.frame + (uint64_t)ceil(away - 1e-6);
        }
    }
    motet_engine_leave(engine);
    return frame;
}

uint64_t motet_voice_next_beat(const motet_engine *engine, motet_voice voice, uint32_t beats)
{
    return next_point(engine, voice, beats, false);
}

uint64_t motet_voice_next_bar(const motet_engine *engine, motet_voice voice, uint32_t bars)
{
    return next_point(engine, voice, bars, true);
}
