#include "engine/source.h"

#include "dsp/interpolate.h"
#include "engine/engine.h"

#include <string.h>

static const uint64_t STEP_ONE = UINT64_C(1) << 32;

uint64_t motet_source_step(double pitch, uint32_t source_rate_hz, uint32_t engine_rate_hz) MOTET_NONBLOCKING
{
    return (uint64_t)(pitch * source_rate_hz / engine_rate_hz * 4294967296.0 + 0.5);
}

static uint32_t rate_of(const motet_slot *slot) MOTET_NONBLOCKING
{
    return slot->feed != NULL ? slot->feed->sample_rate_hz : slot->material->sample_rate_hz;
}

static uint64_t step_of(const motet_engine *engine, const motet_slot *slot) MOTET_NONBLOCKING
{
    return motet_source_step(slot->pitch.to, rate_of(slot), engine->def.sample_rate_hz);
}

/* Inside its loop, or still on the way to it; one that has been moved past it plays to the end. */
static bool is_looping(const motet_slot *slot) MOTET_NONBLOCKING
{
    return slot->loop && slot->position < slot->loop_end;
}

static void wrap(motet_slot *slot) MOTET_NONBLOCKING
{
    if (slot->position >= slot->loop_end) {
        slot->position = slot->loop_start + (slot->position - slot->loop_end) % (slot->loop_end - slot->loop_start);
        slot->wrapped = true;
    }
}

/* ---------------------------------------------------------------------------------- From frames to floats */

/* A run of consecutive source frames, or of silence. */
typedef struct source_piece {
    bool silent;
    uint64_t frame;
    uint64_t frames;
} source_piece;

/* Which frames are heard from `at` on, where `at` counts on past the loop's end as if it were unrolled. */
static source_piece piece_of_sound(const motet_slot *slot, int64_t at) MOTET_NONBLOCKING
{
    uint64_t length = slot->loop_end - slot->loop_start;
    /* Before a whole sound that loops lies its end, on the first pass too: each pass has the same samples. */
    bool follows_end = slot->wrapped || (slot->loop_start == 0 && is_looping(slot));
    if (follows_end && at < (int64_t)slot->loop_start) {
        uint64_t back = (uint64_t)((int64_t)slot->loop_start - 1 - at) % length;
        return (source_piece){false, slot->loop_end - 1 - back, back + 1};
    }
    if (at < 0) {
        return (source_piece){true, 0, (uint64_t)-at};
    }
    uint64_t frame = (uint64_t)at;
    if (is_looping(slot)) {
        if (frame < slot->loop_end) {
            return (source_piece){false, frame, slot->loop_end - frame};
        }
        uint64_t past = (frame - slot->loop_end) % length;
        return (source_piece){false, slot->loop_start + past, length - past};
    }
    if (frame < slot->material->frame_count) {
        return (source_piece){false, frame, slot->material->frame_count - frame};
    }
    return (source_piece){true, 0, UINT64_MAX};
}

static source_piece piece_of_feed(const motet_feed *feed, int64_t at) MOTET_NONBLOCKING
{
    if (at < 0) {
        return (source_piece){true, 0, (uint64_t)-at};
    }
    if ((uint64_t)at >= feed->available) {
        return (source_piece){true, 0, UINT64_MAX};
    }
    uint64_t place = (uint64_t)at % feed->capacity;
    uint64_t to_end = feed->capacity - place;
    uint64_t there = feed->available - (uint64_t)at;
    return (source_piece){false, place, there < to_end ? there : to_end};
}

static void unpack_s16(float *left, float *right, const int16_t *frames, uint32_t channels,
                       uint32_t count) MOTET_NONBLOCKING
{
    for (uint32_t k = 0; k < count; k++) {
        left[k] = (float)frames[k * channels] * 0x1p-15f;
    }
    for (uint32_t k = 0; channels == 2 && k < count; k++) {
        right[k] = (float)frames[k * 2 + 1] * 0x1p-15f;
    }
}

static void unpack_f32(float *left, float *right, const float *frames, uint32_t channels,
                       uint32_t count) MOTET_NONBLOCKING
{
    for (uint32_t k = 0; k < count; k++) {
        left[k] = frames[k * channels];
    }
    for (uint32_t k = 0; channels == 2 && k < count; k++) {
        right[k] = frames[k * 2 + 1];
    }
}

/* Writes `count` frames from `at` on as planar floats, wherever they lie. */
static void gather(const motet_slot *slot, int64_t at, float *left, float *right, uint32_t count) MOTET_NONBLOCKING
{
    uint32_t done = 0;
    while (done < count) {
        source_piece piece =
            slot->feed != NULL ? piece_of_feed(slot->feed, at + done) : piece_of_sound(slot, at + done);
        uint32_t frames = piece.frames < count - done ? (uint32_t)piece.frames : count - done;
        if (piece.silent) {
            memset(left + done, 0, frames * sizeof *left);
            memset(right + done, 0, frames * sizeof *right);
        } else if (slot->feed != NULL) {
            unpack_f32(left + done, right + done, slot->feed->samples + piece.frame * slot->channels, slot->channels,
                       frames);
        } else if (slot->material->format == MOTET_FORMAT_S16) {
            unpack_s16(left + done, right + done,
                       (const int16_t *)slot->material->samples + piece.frame * slot->channels, slot->channels, frames);
        } else {
            unpack_f32(left + done, right + done, (const float *)slot->material->samples + piece.frame * slot->channels,
                       slot->channels, frames);
        }
        done += frames;
    }
}

/* --------------------------------------------------------------------------------------------- Two readers */

/* The first frame that may not be played (yet), where `after` frames behind each played one must be there. */
static uint64_t limit_of(const motet_slot *slot, uint32_t after) MOTET_NONBLOCKING
{
    if (slot->feed == NULL) {
        return is_looping(slot) ? UINT64_MAX : slot->material->frame_count;
    }
    uint64_t available = slot->feed->available;
    uint32_t held_back = slot->feed->complete ? 0 : after;
    return available > held_back ? available - held_back : 0;
}

static bool is_plain(const motet_engine *engine, const motet_slot *slot) MOTET_NONBLOCKING
{
    return slot->fraction == 0 && motet_ramp_done(&slot->pitch, slot->now) && step_of(engine, slot) == STEP_ONE;
}

/* At a ratio of exactly 1: the source's own frames. */
static uint32_t copy_frames(motet_slot *slot, float *left, float *right, uint32_t count) MOTET_NONBLOCKING
{
    uint64_t limit = limit_of(slot, 0);
    uint64_t left_to_play = limit > slot->position ? limit - slot->position : 0;
    uint32_t frames = left_to_play < count ? (uint32_t)left_to_play : count;
    bool looping = is_looping(slot);
    gather(slot, (int64_t)slot->position, left, right, frames);
    slot->position += frames;
    if (looping) {
        wrap(slot);
    }
    return frames;
}

static uint32_t frames_before(const motet_slot *slot) MOTET_NONBLOCKING
{
    return slot->quality == MOTET_QUALITY_LINEAR ? MOTET_LINEAR_BEFORE : MOTET_CUBIC_BEFORE;
}

static uint32_t frames_after(const motet_slot *slot) MOTET_NONBLOCKING
{
    return slot->quality == MOTET_QUALITY_LINEAR ? MOTET_LINEAR_AFTER : MOTET_CUBIC_AFTER;
}

/* At any other ratio, as many frames as one window of the source gives. `frame` is the engine frame of the first. */
static uint32_t interpolate_frames(motet_engine *engine, motet_slot *slot, uint64_t frame, float *left, float *right,
                                   uint32_t count) MOTET_NONBLOCKING
{
    motet_mixer *mixer = &engine->mixer;
    uint32_t before = frames_before(slot);
    uint32_t after = frames_after(slot);
    uint64_t limit = limit_of(slot, after);
    bool looping = is_looping(slot);
    bool gliding = !motet_ramp_done(&slot->pitch, frame);
    uint64_t step = step_of(engine, slot);
    uint32_t rate = rate_of(slot);
    uint64_t at = (uint64_t)before << 32 | slot->fraction; /* counted from the window's first frame */
    uint32_t made = 0;
    if (gliding) {
        motet_ramp_write(mixer->gains, &slot->pitch, frame, count);
    }
    while (made < count) {
        uint64_t whole = at >> 32;
        if (whole + after >= MOTET_WINDOW_FRAMES || slot->position + (whole - before) >= limit) {
            break;
        }
        mixer->positions[made] = at;
        at += gliding ? motet_source_step(mixer->gains[made], rate, engine->def.sample_rate_hz) : step;
        made++;
    }
    if (made == 0) {
        return 0;
    }
    uint32_t window = (uint32_t)(mixer->positions[made - 1] >> 32) + after + 1;
    motet_interpolate_fn *interpolate =
        slot->quality == MOTET_QUALITY_LINEAR ? motet_interpolate_linear : motet_interpolate_cubic;
    gather(slot, (int64_t)slot->position - (int64_t)before, mixer->window_left, mixer->window_right, window);
    interpolate(left, mixer->window_left, mixer->positions, made);
    if (slot->channels == 2) {
        interpolate(right, mixer->window_right, mixer->positions, made);
    }
    slot->position += (at >> 32) - before;
    slot->fraction = (uint32_t)at;
    if (looping) {
        wrap(slot);
    }
    return made;
}

static uint32_t read_frames(motet_engine *engine, motet_slot *slot, float *left, float *right,
                            uint32_t count) MOTET_NONBLOCKING
{
    uint32_t done = 0;
    bool plain = is_plain(engine, slot);
    while (done < count) {
        uint32_t made =
            plain ? copy_frames(slot, left + done, right + done, count - done)
                  : interpolate_frames(engine, slot, slot->now + done, left + done, right + done, count - done);
        if (made == 0) {
            break;
        }
        done += made;
    }
    return done;
}

/* ---------------------------------------------------------------------------------------------------- Feeds */

void motet_source_look(motet_feed *feed, uint64_t block_start) MOTET_NONBLOCKING
{
    if (feed->looked_at != block_start + 1) {
        feed->looked_at = block_start + 1;
        feed->complete = motet_load_acquire_u32(&feed->finished) != 0; /* first: nothing is written after it */
        feed->available = motet_load_acquire_u64(&feed->written);
    }
}

static bool leaves_gap(const motet_engine *engine, const motet_slot *slot) MOTET_NONBLOCKING
{
    const motet_feed *feed = slot->feed;
    uint64_t held = feed->available > slot->position ? feed->available - slot->position : 0;
    uint64_t needed = is_plain(engine, slot) ? 1 : frames_after(slot) + 1;
    return feed->complete || held >= (feed->start_frames > needed ? feed->start_frames : needed);
}

static motet_source_run read_feed(motet_engine *engine, motet_slot *slot, float *left, float *right,
                                  uint32_t count) MOTET_NONBLOCKING
{
    motet_source_run run = {0};
    if (slot->gap && leaves_gap(engine, slot)) {
        slot->gap = false;
    }
    if (!slot->gap) {
        run.frames = read_frames(engine, slot, left, right, count);
        slot->sounded = slot->sounded || run.frames > 0;
        if (run.frames == count || slot->feed->complete) {
            return run;
        }
        slot->gap = true;
        run.starved = slot->sounded;
        run.starved_frame = slot->now + run.frames;
    }
    memset(left + run.frames, 0, (count - run.frames) * sizeof *left);
    memset(right + run.frames, 0, (count - run.frames) * sizeof *right);
    run.frames = count;
    return run;
}

/* ---------------------------------------------------------------------------------------------------- Doors */

bool motet_source_is_over(const motet_slot *slot) MOTET_NONBLOCKING
{
    if (slot->feed != NULL) {
        return slot->feed->complete && slot->position >= slot->feed->available;
    }
    return !is_looping(slot) && slot->position >= slot->material->frame_count;
}

motet_source_run motet_source_read(motet_engine *engine, motet_slot *slot, float *left, float *right,
                                   uint32_t count) MOTET_NONBLOCKING
{
    if (slot->feed != NULL) {
        return read_feed(engine, slot, left, right, count);
    }
    return (motet_source_run){.frames = read_frames(engine, slot, left, right, count)};
}

const void *motet_source_direct(const motet_engine *engine, const motet_slot *slot, uint32_t count) MOTET_NONBLOCKING
{
    if (slot->feed != NULL || !is_plain(engine, slot)) {
        return NULL;
    }
    uint64_t limit = is_looping(slot) ? slot->loop_end : slot->material->frame_count;
    if (slot->position > limit || limit - slot->position < count) {
        return NULL;
    }
    uint64_t sample = slot->position * slot->channels;
    return slot->material->format == MOTET_FORMAT_S16
               ? (const void *)((const int16_t *)slot->material->samples + sample)
               : (const void *)((const float *)slot->material->samples + sample);
}

void motet_source_skip(motet_slot *slot, uint32_t count) MOTET_NONBLOCKING
{
    bool looping = is_looping(slot);
    slot->position += count;
    if (looping) {
        wrap(slot);
    }
}
