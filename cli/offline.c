#include "offline.h"

#include "options.h"
#include "output.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    USUAL_BLOCK_FRAMES = 512,
    LONGEST_BLOCK_FRAMES = 65536,
    PROGRESS_BLOCKS = 64,
    EVENT_FRAMES = 512 /* a voice tells of its loop and markers once in so many frames, on multiples of it */
};

/* One rendering while it goes on. Engine frames: the sample that leaves the engine at frame n belongs to frame
 * n - latency, so the first `latency` are dropped and as many more are rendered at the end. */
typedef struct run {
    motet_offline *offline;
    const motet_offline_request *request;
    uint32_t channels;
    uint32_t latency;
    uint64_t now;     /* the engine's next frame */
    uint64_t written; /* frames handed to the sink */
    uint64_t rang;    /* the engine's frame when an effect last sounded behind the last voice */
    uint64_t silent;  /* frames after the last voice's end that are held back, being silent so far */
    float *block;
    float *silence;
} run;

static double seconds_of(clockid_t clock)
{
    struct timespec time = {0};
    (void)clock_gettime(clock, &time);
    return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

bool motet_offline_create(motet_offline *offline, const motet_timeline *timeline, motet_problems *problems)
{
    *offline = (motet_offline){.timeline = timeline, .problems = problems};
    motet_engine_def def = motet_timeline_engine_def(timeline);
    /* What fails is told where it fails: the library's own lines would say it twice. */
    def.log = motet_output_drop_log;
    offline->engine = motet_engine_create(&def);
    motet_engine_info info;
    if (offline->engine == NULL || motet_engine_get_info(offline->engine, &info) != MOTET_OK) {
        motet_problems_error(problems, 0, "%s", motet_last_error());
        motet_offline_destroy(offline);
        return false;
    }
    motet_options_tell_simd(def.simd, info.simd);
    if (motet_timeline_load(timeline, offline->engine, &offline->loaded, problems) && problems->errors == 0) {
        offline->player = motet_player_create(timeline, &offline->loaded, offline->engine, 0, false, problems);
    }
    if (offline->player == NULL) {
        motet_offline_destroy(offline);
        return false;
    }
    return true;
}

void motet_offline_destroy(motet_offline *offline)
{
    motet_player_destroy(offline->player);
    motet_engine_destroy(offline->engine);
    motet_loaded_free(&offline->loaded);
    offline->player = NULL;
    offline->engine = NULL;
}

/* ---------------------------------------------------------------------------------------------------- Rendering */

static uint64_t earlier(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* Gives what is due and renders one block, at most up to engine frame `until`. Events are taken in between often enough
 * that none is lost, whatever the block's size. */
static uint32_t render_block(run *r, uint64_t until)
{
    motet_watch *watch = r->request->watch;
    uint64_t block = r->request->block_frames != 0 ? r->request->block_frames : USUAL_BLOCK_FRAMES;
    uint64_t end = earlier(r->now + block, until);
    if (watch != NULL) {
        motet_watch_stand(watch, r->offline->player, r->offline->engine, r->now);
        end = earlier(end, motet_watch_next_cut(watch, r->now));
    }
    end = motet_player_give(r->offline->player, r->now, end);
    if (end == 0) {
        return 0;
    }
    uint32_t done = 0;
    while (r->now < end) {
        uint32_t count = (uint32_t)(earlier(end, r->now - r->now % EVENT_FRAMES + EVENT_FRAMES) - r->now);
        count = motet_engine_prepare(r->offline->engine, count);
        motet_engine_render_f32(r->offline->engine, r->block + (size_t)done * r->channels, count);
        motet_player_collect(r->offline->player);
        done += count;
        r->now += count;
    }
    return done;
}

static bool send_frames(run *r, const float *frames, uint32_t count)
{
    for (size_t i = 0; i < (size_t)count * r->channels; i++) {
        double size = fabs((double)frames[i]);
        r->offline->peak = size > r->offline->peak ? size : r->offline->peak;
    }
    if (r->request->watch != NULL) {
        motet_watch_take(r->request->watch, frames, count);
    }
    r->written += count;
    return count == 0 || r->request->sink(r->request->user, frames, count);
}

/* Sends frames behind the end of the last voice: tails. Silence is held back until something sounds after it, so the
 * file ends with its last sound. */
static bool send_tail(run *r, const float *frames, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        const float *frame = frames + (size_t)i * r->channels;
        if (frame[0] == 0 && frame[r->channels - 1] == 0) {
            r->silent++;
            continue;
        }
        for (; r->silent > 0; r->silent--) {
            if (!send_frames(r, r->silence, 1)) {
                return false;
            }
        }
        if (!send_frames(r, frame, 1)) {
            return false;
        }
    }
    return true;
}

/* Sends what the last block holds of frames before `end`, and of the tails between that and `tail_end`. */
static bool send_block(run *r, uint32_t count, uint64_t end, uint64_t tail_end)
{
    uint64_t first = r->now - count; /* engine frames of the block */
    uint64_t skip = first < r->latency ? r->latency - first : 0;
    if (skip >= count) {
        return true;
    }
    const float *frames = r->block + skip * r->channels;
    uint64_t place = first + skip - r->latency; /* frame of the result */
    uint64_t left = count - skip;
    uint64_t plain = place < end ? (end - place < left ? end - place : left) : 0;
    if (!send_frames(r, frames, (uint32_t)plain)) {
        return false;
    }
    uint64_t tail_start = place + plain;
    uint64_t tail = tail_start < tail_end ? tail_end - tail_start : 0;
    tail = tail < left - plain ? tail : left - plain;
    return send_tail(r, frames + plain * r->channels, (uint32_t)tail);
}

static bool start_run(run *r)
{
    motet_engine_info info;
    if (motet_engine_get_info(r->offline->engine, &info) != MOTET_OK) {
        motet_problems_error(r->offline->problems, 0, "%s", motet_last_error());
        return false;
    }
    r->channels = info.channels;
    r->latency = info.latency_frames;
    r->block = motet_memory_take((size_t)LONGEST_BLOCK_FRAMES * r->channels, sizeof *r->block);
    r->silence = motet_memory_take(r->channels, sizeof *r->silence);
    return true;
}

static void end_run(run *r)
{
    free(r->block);
    free(r->silence);
}

static bool tell_progress(const run *r, uint64_t blocks, uint64_t total)
{
    return r->request->progress == NULL || blocks % PROGRESS_BLOCKS != 0 ||
           r->request->progress(r->request->user, r->now, total);
}

/* Markers before the end may be told behind it. */
static bool hear_markers(run *r)
{
    uint64_t told = r->now + (EVENT_FRAMES - r->now % EVENT_FRAMES) % EVENT_FRAMES;
    while (r->offline->loaded.has_markers && r->now < told) {
        if (render_block(r, told) == 0) {
            return false;
        }
    }
    return true;
}

/* Renders frames [0, length). */
static bool run_length(run *r, uint64_t length)
{
    uint64_t stop = length + r->latency;
    for (uint64_t blocks = 0; length > 0 && r->now < stop; blocks++) {
        uint32_t count = render_block(r, stop);
        if (count == 0 || !send_block(r, count, length, length) || !tell_progress(r, blocks, length)) {
            return false;
        }
    }
    return hear_markers(r);
}

/* An effect that goes on for so long behind the last voice is taken to have no end. */
static const double LONGEST_RINGING_SECONDS = 600;

/* Whether an effect rings on behind the last voice. One that does so for ever is told, and `ends` becomes false. */
static bool rings_on(run *r, bool *ends)
{
    const motet_timeline *timeline = r->offline->timeline;
    uint32_t effect = 0;
    if (!motet_player_rings(r->offline->player, &effect)) {
        return false;
    }
    r->rang = r->now;
    uint64_t longest = motet_seconds_frames(LONGEST_RINGING_SECONDS, timeline->header.rate_hz);
    if (r->now > motet_player_tail_end_frame(r->offline->player) + longest) {
        motet_problems_error(r->offline->problems, timeline->effects[effect].line,
                             "effect \"%s\" still sounds %.0f s behind the last voice; expected an \"end\" line, or "
                             "--seconds",
                             timeline->effects[effect].name, LONGEST_RINGING_SECONDS);
        *ends = false;
    }
    return true;
}

/* Renders until the last voice and its tails are silent, and what effects make of them. */
static bool run_to_end(run *r)
{
    const motet_player *player = r->offline->player;
    bool has_effects = r->offline->timeline->effect_count > 0;
    bool ends = true;
    for (uint64_t blocks = 0;; blocks++) {
        bool over = motet_player_is_over(player);
        uint64_t stop = UINT64_MAX;
        if (over && !rings_on(r, &ends)) {
            uint64_t tail_end = motet_player_tail_end_frame(player);
            stop = (r->rang > tail_end ? r->rang : tail_end) + motet_player_latency(player) + r->latency;
        }
        if (!ends || r->now >= stop) {
            return ends;
        }
        uint32_t count = render_block(r, stop);
        if (count == 0) {
            return false;
        }
        /* What has been sent so far lies before the end: the block's output is from before its own frames. */
        over = motet_player_is_over(player);
        uint64_t end = over ? motet_player_end_frame(player) : UINT64_MAX;
        uint64_t tail_end = over && !has_effects ? motet_player_tail_end_frame(player) : UINT64_MAX;
        if (!send_block(r, count, end, tail_end) || !tell_progress(r, blocks, 0)) {
            return false;
        }
    }
}

bool motet_offline_run(motet_offline *offline, const motet_offline_request *request)
{
    const motet_timeline *timeline = offline->timeline;
    run r = {.offline = offline, .request = request};
    if (!start_run(&r)) {
        return false;
    }
    double cpu = seconds_of(CLOCK_PROCESS_CPUTIME_ID);
    double wall = seconds_of(CLOCK_MONOTONIC);
    bool done = false;
    if (request->has_seconds) {
        done = run_length(&r, motet_seconds_frames(request->seconds, timeline->header.rate_hz));
    } else if (timeline->has_end) {
        done = run_length(&r, timeline->end_frame);
    } else {
        done = run_to_end(&r);
    }
    offline->cpu_seconds = seconds_of(CLOCK_PROCESS_CPUTIME_ID) - cpu;
    offline->wall_seconds = seconds_of(CLOCK_MONOTONIC) - wall;
    offline->frames = r.written;
    end_run(&r);
    if (done && request->watch != NULL) {
        motet_watch_judge(request->watch, offline->player, offline->engine, request->has_seconds || timeline->has_end,
                          offline->problems);
    }
    return done;
}

/* Renders until the last voice and the effects have ended, or until one is found that never will. */
static bool find_end(motet_offline *offline)
{
    const motet_offline_request request = {0};
    run r = {.offline = offline, .request = &request};
    bool good = start_run(&r);
    while (good) {
        uint32_t voice = 0;
        const char *why = NULL;
        if (motet_player_is_over(offline->player)) {
            if (!rings_on(&r, &good)) {
                break;
            }
            good = good && render_block(&r, UINT64_MAX) > 0;
        } else if (motet_player_finds_endless(offline->player, r.now, &voice, &why)) {
            char *name = motet_timeline_voice_text(offline->timeline, voice);
            motet_problems_error(offline->problems, offline->timeline->voices[voice].line,
                                 "%s %s; expected an \"end\" line, or --seconds", name, why);
            free(name);
            good = false;
        } else {
            good = render_block(&r, UINT64_MAX) > 0;
        }
    }
    end_run(&r);
    return good;
}

bool motet_offline_comes_to_end(const motet_timeline *timeline, bool effects_too, motet_problems *problems)
{
    motet_offline trial;
    size_t warnings = problems->count;
    if (motet_timeline_surely_ends(timeline) && (!effects_too || timeline->effect_count == 0)) {
        return true;
    }
    if (!motet_offline_create(&trial, timeline, problems)) {
        return false;
    }
    bool ends = find_end(&trial);
    motet_offline_destroy(&trial);
    /* The real rendering loads everything again, and warns again. */
    motet_problems_forget_warnings(problems, warnings);
    return ends;
}
