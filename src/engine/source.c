#include "engine/source.h"

#include "dsp/interpolate.h"
#include "dsp/sinc.h"
#include "engine/engine.h"
#include "engine/generator.h"
#include "engine/loop.h"
#include "engine/markers.h"
#include "engine/source_gather.h"
#include "engine/stems.h"
#include "engine/stream.h"

#include <string.h>

static const uint64_t STEP_ONE = UINT64_C(1) << 32;

/* The step of a pitch of 1. */
static double scale_of(uint32_t source_rate_hz, uint32_t engine_rate_hz) MOTET_NONBLOCKING
{
    return (double)source_rate_hz / engine_rate_hz * 4294967296.0;
}

uint64_t motet_source_step(double pitch, uint32_t source_rate_hz, uint32_t engine_rate_hz) MOTET_NONBLOCKING
{
    return (uint64_t)(pitch * scale_of(source_rate_hz, engine_rate_hz) + 0.5);
}

static uint32_t rate_of(const motet_slot *slot) MOTET_NONBLOCKING
{
    return slot->feed != NULL ? slot->feed->sample_rate_hz : motet_source_material(slot)->sample_rate_hz;
}

/* The step once the pitch is at rest. */
static uint64_t step_of(const motet_engine *engine, const motet_slot *slot) MOTET_NONBLOCKING
{
    return motet_source_step(slot->pitch.to, rate_of(slot), engine->def.sample_rate_hz);
}

/* ----------------------------------------------------------------------------------- The file's frames and ours */

/* A place in source frames, as 32.32 with room for the whole part. */
typedef struct source_place {
    uint64_t whole;
    uint32_t fraction;
} source_place;

/* A place times `rate` / `per`, rounded down to 2^-32 of a frame; both rates are below 2^20, the place below 2^44. */
static source_place scaled(source_place place, uint32_t rate, uint32_t per) MOTET_NONBLOCKING
{
    uint64_t product = place.whole * rate;
    uint64_t rest = ((product % per << 32) + (uint64_t)place.fraction * rate) / per;
    return (source_place){product / per + (rest >> 32), (uint32_t)rest};
}

static bool is_converted(const motet_slot *slot) MOTET_NONBLOCKING
{
    return slot->feed == NULL &&
           motet_source_material(slot)->file_rate_hz != motet_source_material(slot)->sample_rate_hz;
}

/* Where the slot is in the frames of its file. */
static source_place place_in_file(const motet_slot *slot) MOTET_NONBLOCKING
{
    source_place place = {slot->position, slot->fraction};
    if (!is_converted(slot)) {
        return place;
    }
    const motet_material *material = motet_source_material(slot);
    return scaled(place, material->file_rate_hz, material->sample_rate_hz);
}

motet_marker_place motet_source_place(const motet_material *material, uint64_t file_frame) MOTET_NONBLOCKING
{
    source_place place = scaled((source_place){file_frame, 0}, material->sample_rate_hz, material->file_rate_hz);
    return (motet_marker_place){place.whole, place.fraction};
}

void motet_source_seek(motet_slot *slot, uint64_t file_frame) MOTET_NONBLOCKING
{
    source_place place = {file_frame, 0};
    if (is_converted(slot)) {
        const motet_material *material = motet_source_material(slot);
        place = file_frame < material->file_frame_count
                    ? scaled(place, material->sample_rate_hz, material->file_rate_hz)
                    : (source_place){material->frame_count, 0};
    }
    slot->position = place.whole;
    slot->fraction = place.fraction;
    slot->rounds = 0;
}

/* A range of the file, for what the slot reads. */
static void place_loop(motet_slot *slot) MOTET_NONBLOCKING
{
    slot->loop_start = slot->range.start;
    slot->loop_end = slot->range.end;
    slot->loop_crossfade = slot->range.crossfade;
    if (is_converted(slot)) {
        const motet_material *material = motet_source_material(slot);
        uint32_t rate = material->sample_rate_hz;
        uint32_t file_rate = material->file_rate_hz;
        uint64_t end = scaled((source_place){slot->range.end, 0}, rate, file_rate).whole;
        slot->loop_end = slot->range.end < material->file_frame_count ? end : material->frame_count;
        slot->loop_start = scaled((source_place){slot->range.start, 0}, rate, file_rate).whole;
        slot->loop_start =
            slot->loop_start < slot->loop_end || slot->loop_end == 0 ? slot->loop_start : slot->loop_end - 1;
        slot->loop_crossfade = scaled((source_place){slot->range.crossfade, 0}, rate, file_rate).whole;
    }
    uint64_t length = slot->loop_end - slot->loop_start;
    uint64_t longest = length < slot->loop_start ? length : slot->loop_start;
    slot->loop_crossfade = slot->loop_crossfade < longest ? slot->loop_crossfade : longest;
}

void motet_source_begin(motet_slot *slot, uint64_t file_frame, motet_loop_range range, bool loop) MOTET_NONBLOCKING
{
    slot->from_original = loop && slot->feed == NULL && slot->material->original != NULL;
    slot->loop = loop;
    slot->range = range;
    slot->bank_frame = UINT64_MAX;
    place_loop(slot);
    motet_source_seek(slot, file_frame);
}

void motet_source_set_loop(motet_slot *slot, bool loop) MOTET_NONBLOCKING
{
    if (loop && slot->feed == NULL && !slot->from_original && slot->material->original != NULL) {
        source_place place = place_in_file(slot);
        slot->from_original = true;
        slot->position = place.whole;
        slot->fraction = place.fraction;
        place_loop(slot);
    }
    slot->loop = loop;
}

void motet_source_set_loop_range(motet_slot *slot, uint64_t start, uint64_t end) MOTET_NONBLOCKING
{
    if (slot->feed == NULL) { /* asked for while the sound was still loading, it was not known what it has */
        uint64_t frames = motet_source_material(slot)->file_frame_count;
        end = end < frames ? end : frames;
        if (start >= end && frames > 0) {
            return;
        }
    }
    slot->range.start = start;
    slot->range.end = end;
    slot->rounds = 0; /* what lies before the new start is what the sound has there */
    place_loop(slot);
}

/* What a range of one material is in another. */
static motet_loop_range range_in(motet_loop_range range, const motet_material *from,
                                 const motet_material *to) MOTET_NONBLOCKING
{
    uint32_t rate = to->file_rate_hz;
    bool whole = range.start == 0 && range.end == from->file_frame_count;
    bool of_file = range.start == from->loop_start && range.end == from->loop_end && to->loop_end != 0;
    motet_loop_range moved = {.end = to->file_frame_count};
    if (of_file) {
        moved = (motet_loop_range){.start = to->loop_start, .end = to->loop_end};
    } else if (!whole) {
        uint64_t end = scaled((source_place){range.end, 0}, rate, from->file_rate_hz).whole;
        moved.start = scaled((source_place){range.start, 0}, rate, from->file_rate_hz).whole;
        moved.end = end < moved.end ? end : moved.end;
        moved.start = moved.start < moved.end ? moved.start : 0;
    }
    moved.crossfade = scaled((source_place){range.crossfade, 0}, rate, from->file_rate_hz).whole;
    return moved;
}

void motet_source_change_material(motet_slot *slot, const motet_material *material) MOTET_NONBLOCKING
{
    uint32_t rate = motet_source_material(slot)->sample_rate_hz;
    source_place place = {slot->position, slot->fraction};
    slot->range = range_in(slot->range, slot->material, material);
    slot->material = material;
    slot->from_original = (slot->from_original || slot->loop) && material->original != NULL;
    place = scaled(place, motet_source_material(slot)->sample_rate_hz, rate);
    slot->position = place.whole;
    slot->fraction = place.fraction;
    slot->bank_frame = UINT64_MAX;
    place_loop(slot);
}

uint64_t motet_source_position(const motet_slot *slot) MOTET_NONBLOCKING
{
    source_place place = place_in_file(slot);
    uint64_t rounded = (uint64_t)place.fraction + (is_converted(slot) ? 1u << 15 : 0);
    return (place.whole << 16) + (rounded >> 16);
}

/* ------------------------------------------------------------------------------------------------------- Filters */

/* At a rate of its own, material is resampled by the better filter, which for most of its sound is all there is. */
static motet_quality quality_of(const motet_engine *engine, const motet_slot *slot) MOTET_NONBLOCKING
{
    if (slot->is_quiet) {
        return MOTET_QUALITY_CUBIC;
    }
    if (slot->quality != MOTET_QUALITY_DEFAULT) {
        return (motet_quality)slot->quality;
    }
    return rate_of(slot) == engine->def.sample_rate_hz ? MOTET_QUALITY_SINC16 : MOTET_QUALITY_SINC32;
}

static const motet_sinc *sinc_of(const motet_engine *engine, const motet_slot *slot) MOTET_NONBLOCKING
{
    switch (quality_of(engine, slot)) {
    case MOTET_QUALITY_SINC16: return &engine->mixer.sinc16;
    case MOTET_QUALITY_SINC32: return &engine->mixer.sinc32;
    default: return NULL;
    }
}

/* The bank for a pitch. A feed never waits for more frames than it can hold: where its buffer is shorter than the
 * filter, it gets a shorter one. */
static uint8_t bank_for(const motet_engine *engine, const motet_slot *slot, double pitch) MOTET_NONBLOCKING
{
    const motet_sinc *sinc = sinc_of(engine, slot);
    uint32_t bank = motet_sinc_bank_of(sinc, motet_source_step(pitch, rate_of(slot), engine->def.sample_rate_hz));
    while (bank > 0 && slot->feed != NULL && motet_sinc_after(&sinc->banks[bank]) >= slot->feed->buffer_frames) {
        bank--;
    }
    return (uint8_t)bank;
}

static uint8_t bank_at(const motet_engine *engine, const motet_slot *slot, uint64_t frame) MOTET_NONBLOCKING
{
    return bank_for(engine, slot, motet_ramp_value(&slot->pitch, frame));
}

/* Brings the slot's banks up to a frame and returns for how many frames, at most `count`, they hold. A slot that was
 * silent in the frame before starts with the right one. */
static uint32_t settle_banks(const motet_engine *engine, motet_slot *slot, uint64_t frame,
                             uint32_t count) MOTET_NONBLOCKING
{
    uint8_t wanted = bank_at(engine, slot, frame);
    uint32_t into_grid = (uint32_t)(frame % MOTET_GRID_FRAMES);
    if (slot->bank_frame != frame) {
        slot->bank_before = slot->bank = wanted;
    } else if (into_grid == 0) {
        slot->bank_before = slot->bank;
        slot->bank = wanted;
    }
    uint32_t held = MOTET_GRID_FRAMES - into_grid;
    if (slot->bank_before == slot->bank && slot->bank == wanted) {
        if (motet_ramp_done(&slot->pitch, frame)) {
            return count;
        }
        while (held < count && bank_at(engine, slot, frame + held) == wanted) {
            held += MOTET_GRID_FRAMES;
        }
    }
    return held < count ? held : count;
}

/* How a slot reads between its source's frames. */
typedef struct source_filter {
    motet_interpolate_fn *interpolate; /* linear and cubic, or: */
    motet_sinc_fn *sinc;
    const motet_sinc_bank *bank_before, *bank;
    uint32_t before, after; /* frames around each position */
} source_filter;

static source_filter filter_of(const motet_engine *engine, const motet_slot *slot) MOTET_NONBLOCKING
{
    const motet_kernels *kernels = engine->mixer.kernels;
    const motet_sinc *sinc = sinc_of(engine, slot);
    bool stereo = slot->channels == 2;
    source_filter filter = {0};
    if (sinc != NULL) {
        filter.sinc = stereo ? kernels->sinc_stereo : kernels->sinc_mono;
        filter.bank_before = &sinc->banks[slot->bank_before];
        filter.bank = &sinc->banks[slot->bank];
        const motet_sinc_bank *longer = filter.bank->taps > filter.bank_before->taps ? filter.bank : filter.bank_before;
        filter.before = motet_sinc_before(longer);
        filter.after = motet_sinc_after(longer);
    } else if (slot->quality == MOTET_QUALITY_LINEAR) {
        filter.interpolate = stereo ? kernels->linear_stereo : kernels->linear_mono;
        filter.before = MOTET_LINEAR_BEFORE;
        filter.after = MOTET_LINEAR_AFTER;
    } else {
        filter.interpolate = stereo ? kernels->cubic_stereo : kernels->cubic_mono;
        filter.before = MOTET_CUBIC_BEFORE;
        filter.after = MOTET_CUBIC_AFTER;
    }
    return filter;
}

/* The change of banks: linear over the grid's frames, each from its own index. `from` becomes the sum. */
static void crossfade(float *from, const float *to, uint32_t channels, uint64_t frame, uint32_t count) MOTET_NONBLOCKING
{
    for (uint32_t k = 0; k < count; k++) {
        float weight = (float)((frame + k) % MOTET_GRID_FRAMES) * (1.0f / MOTET_GRID_FRAMES);
        for (uint32_t sample = k * channels; sample < (k + 1) * channels; sample++) {
            from[sample] += weight * (to[sample] - from[sample]);
        }
    }
}

/* Writes `count` frames from the window, the first of them at engine frame `frame`. */
static void run_filter(const source_filter *filter, const float *window, const uint64_t *positions, uint32_t channels,
                       uint64_t frame, float *out, uint32_t count) MOTET_NONBLOCKING
{
    if (filter->bank == NULL) {
        filter->interpolate(out, window, positions, count);
        return;
    }
    filter->sinc(out, window, positions, count, filter->bank_before);
    if (filter->bank != filter->bank_before) { /* then `count` is at most a grid's */
        float to[2 * MOTET_GRID_FRAMES];
        filter->sinc(to, window, positions, count, filter->bank);
        crossfade(out, to, channels, frame, count);
    }
}

/* --------------------------------------------------------------------------------------------- Two readers */

/* The first frame that may not be played (yet), where `before` frames in front of each played one and `after` behind it
 * must be there. */
static uint64_t limit_of(const motet_slot *slot, uint32_t before, uint32_t after) MOTET_NONBLOCKING
{
    if (slot->stream != NULL) {
        uint64_t limit = motet_loop_limit(slot);
        int64_t end = (int64_t)slot->position + MOTET_WINDOW_FRAMES;
        int64_t missing = motet_stream_missing(slot, (int64_t)slot->position - (int64_t)before, end);
        if (missing == end) {
            return limit;
        }
        uint64_t there = missing > (int64_t)after ? (uint64_t)(missing - (int64_t)after) : 0;
        return there < limit ? there : limit;
    }
    if (slot->feed == NULL) {
        return motet_loop_limit(slot);
    }
    uint64_t available = slot->feed->available;
    uint32_t held_back = slot->feed->complete ? 0 : after;
    return available > held_back ? available - held_back : 0;
}

/* Bank 0 is the same at this ratio, to the bit. */
static bool is_plain(const motet_engine *engine, const motet_slot *slot) MOTET_NONBLOCKING
{
    if (slot->fraction != 0 || !motet_ramp_done(&slot->pitch, slot->now) || step_of(engine, slot) != STEP_ONE) {
        return false;
    }
    bool changes_bank = slot->bank_frame == slot->now && (slot->bank_before != 0 || slot->bank != 0);
    return !changes_bank || sinc_of(engine, slot) == NULL;
}

/* Wraps a position that a looping voice has been moved to; it came to the loop's end at engine frame `lap_frame`. */
static void go_round(motet_slot *slot, uint64_t lap_frame) MOTET_NONBLOCKING
{
    if (slot->position >= slot->loop_end) {
        slot->lap_frame = slot->laps == 0 ? lap_frame : slot->lap_frame;
        motet_loop_wrap(slot);
        slot->moved = slot->moved || slot->passes != 0; /* a pass less, or it leads on to the sound's end now */
    }
}

/* At a ratio of exactly 1: past the source's own frames, the last of which is followed by engine frame `frame`. */
static void pass_plainly(motet_slot *slot, uint64_t frame, uint32_t frames) MOTET_NONBLOCKING
{
    bool looping = motet_loop_is_on(slot);
    uint64_t lap_frame = frame - frames + (slot->loop_end - slot->position);
    slot->position += frames;
    if (looping) {
        go_round(slot, lap_frame);
    }
    slot->bank_before = slot->bank = 0;
    slot->bank_frame = frame;
}

/* How many of the positions, which never fall, have a whole part below `end`. */
static uint32_t count_below(const uint64_t *positions, uint32_t count, uint64_t end) MOTET_NONBLOCKING
{
    if (count == 0 || positions[count - 1] >> 32 < end) {
        return count;
    }
    uint32_t low = 0;
    uint32_t high = count - 1;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (positions[middle] >> 32 < end) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

/* Of a generator on the audio thread: has the frames made of which `count` positions, `after` frames behind each, tell. */
static void make_frames(const motet_engine *engine, const motet_slot *slot, uint64_t frame, uint32_t before,
                        uint32_t after, uint64_t longest, uint32_t count) MOTET_NONBLOCKING
{
    const uint64_t *positions = engine->mixer.positions;
    if (count == 0) {
        return;
    }
    uint64_t last = (positions[count - 1] >> 32) - before;
    last = last < longest ? last : longest - 1;
    uint64_t bad = motet_generator_reach(slot->feed, slot->position + last + after + 1);
    if (bad != UINT64_MAX) {
        uint64_t ahead = bad > slot->position + after ? bad - slot->position - after : 0;
        motet_generator_note_bad(slot->feed, frame + count_below(positions, count, before + ahead));
    }
}

static uint32_t copy_frames(const motet_engine *engine, motet_slot *slot, uint64_t frame, float *out,
                            uint32_t count) MOTET_NONBLOCKING
{
    if (slot->feed != NULL && slot->feed->generator != NULL) {
        uint64_t bad = motet_generator_reach(slot->feed, slot->position + count);
        if (bad != UINT64_MAX) {
            motet_generator_note_bad(slot->feed, frame + (bad > slot->position ? bad - slot->position : 0));
        }
    }
    uint64_t limit = limit_of(slot, 0, 0);
    uint64_t left_to_play = limit > slot->position ? limit - slot->position : 0;
    uint32_t frames = left_to_play < count ? (uint32_t)left_to_play : count;
    motet_source_gather(engine->mixer.kernels, slot, (int64_t)slot->position, out, frames);
    pass_plainly(slot, frame + frames, frames);
    return frames;
}

/* Writes the places of `count` frames into mixer->positions, from `at` on, and returns that of the frame after them. */
static uint64_t place_frames(const motet_engine *engine, const motet_slot *slot, uint64_t frame, uint64_t at,
                             uint32_t count) MOTET_NONBLOCKING
{
    const motet_mixer *mixer = &engine->mixer;
    if (motet_ramp_done(&slot->pitch, frame)) {
        uint64_t step = step_of(engine, slot);
        mixer->kernels->walk(mixer->positions, at, step, count);
        return at + count * step;
    }
    motet_ramp_write(mixer->ramp_tables, mixer->levels, &slot->pitch, frame, count);
    double scale = scale_of(rate_of(slot), engine->def.sample_rate_hz);
    return mixer->kernels->glide(mixer->positions, at, mixer->levels, scale, count);
}

/* At any other ratio, as many frames as one window of the source, and one filter, give. `frame` is the engine frame of
 * the first. */
static uint32_t interpolate_frames(motet_engine *engine, motet_slot *slot, uint64_t frame, float *out,
                                   uint32_t count) MOTET_NONBLOCKING
{
    const motet_mixer *mixer = &engine->mixer;
    if (sinc_of(engine, slot) != NULL) {
        count = settle_banks(engine, slot, frame, count);
    }
    source_filter filter = filter_of(engine, slot);
    uint64_t longest = MOTET_WINDOW_FRAMES - filter.before - filter.after;
    uint64_t at = (uint64_t)filter.before << 32 | slot->fraction; /* counted from the window's first frame */
    uint64_t after = place_frames(engine, slot, frame, at, count);
    if (slot->feed != NULL && slot->feed->generator != NULL) {
        make_frames(engine, slot, frame, filter.before, filter.after, longest, count);
    }
    uint64_t limit = limit_of(slot, filter.before, filter.after);
    uint64_t left = limit > slot->position ? limit - slot->position : 0;
    uint32_t made = count_below(mixer->positions, count, filter.before + (left < longest ? left : longest));
    if (made == 0) {
        return 0;
    }
    uint32_t window = (uint32_t)(mixer->positions[made - 1] >> 32) + filter.after + 1;
    int64_t first = (int64_t)slot->position - (int64_t)filter.before;
    const float *in = motet_source_in_place(slot, first, window);
    if (in == NULL) {
        motet_source_gather(mixer->kernels, slot, first, mixer->window, window);
        in = mixer->window;
    }
    run_filter(&filter, in, mixer->positions, slot->channels, frame, out, made);
    uint64_t next = made < count ? mixer->positions[made] : after;
    bool rounds = motet_loop_is_on(slot) && slot->position + (next >> 32) - filter.before >= slot->loop_end;
    uint64_t loop_end = rounds ? filter.before + (slot->loop_end - slot->position) : 0;
    uint64_t lap_frame = rounds ? frame + count_below(mixer->positions, made, loop_end) : 0;
    slot->position += (next >> 32) - filter.before;
    slot->fraction = (uint32_t)next;
    slot->bank_frame = frame + made;
    if (rounds) {
        go_round(slot, lap_frame);
    }
    return made;
}

static uint32_t read_frames(motet_engine *engine, motet_slot *slot, float *out, uint32_t count) MOTET_NONBLOCKING
{
    uint32_t done = 0;
    bool plain = is_plain(engine, slot);
    while (done < count) {
        uint64_t frame = slot->now + done;
        float *to = out + done * slot->channels;
        uint32_t made = plain ? copy_frames(engine, slot, frame, to, count - done)
                              : interpolate_frames(engine, slot, frame, to, count - done);
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
    if (feed->looked_at == block_start + 1) {
        return;
    }
    feed->looked_at = block_start + 1;
    if (feed->generator != NULL) {
        motet_generator_make_room(feed);
    } else {
        feed->complete = motet_load_acquire_u32(&feed->finished) != 0; /* first: nothing is written after it */
        feed->available = motet_load_acquire_u64(&feed->written);
    }
}

/* What a glide stays below: the slope that it has taken over lifts it by at most 4/27 of where that would lead. */
double motet_source_highest_pitch(const motet_slot *slot) MOTET_NONBLOCKING
{
    const motet_ramp *glide = &slot->pitch;
    if (motet_ramp_done(glide, slot->now)) {
        return glide->to;
    }
    double higher = glide->from > glide->to ? glide->from : glide->to;
    double lifted = higher + (glide->slope > 0 ? glide->slope * glide->shedding * (4.0 / 27) : 0);
    return lifted < MOTET_PITCH_MAX ? lifted : MOTET_PITCH_MAX;
}

uint32_t motet_source_needed(const motet_engine *engine, const motet_slot *slot, double pitch) MOTET_NONBLOCKING
{
    const motet_sinc *sinc = sinc_of(engine, slot);
    if (sinc == NULL) {
        return 1 + filter_of(engine, slot).after;
    }
    uint8_t bank = bank_for(engine, slot, pitch);
    if (slot->bank_frame == slot->now) { /* a longer one may still be in use */
        bank = slot->bank > bank ? slot->bank : bank;
        bank = slot->bank_before > bank ? slot->bank_before : bank;
    }
    return 1 + motet_sinc_after(&sinc->banks[bank]);
}

/* Asked when frames have been written only, and in a glide by what its highest pitch needs: so the answer does not
 * depend on where blocks begin. */
static bool leaves_gap(const motet_engine *engine, motet_slot *slot) MOTET_NONBLOCKING
{
    const motet_feed *feed = slot->feed;
    if (feed->available == slot->gap_seen && !feed->complete) {
        return false;
    }
    slot->gap_seen = feed->available;
    uint64_t held = feed->available > slot->position ? feed->available - slot->position : 0;
    uint64_t needed = is_plain(engine, slot) ? 1 : motet_source_needed(engine, slot, motet_source_highest_pitch(slot));
    return feed->complete || held >= (feed->start_frames > needed ? feed->start_frames : needed);
}

static motet_source_run read_feed(motet_engine *engine, motet_slot *slot, float *out, uint32_t count) MOTET_NONBLOCKING
{
    motet_source_run run = {0};
    if (slot->gap && leaves_gap(engine, slot)) {
        slot->gap = false;
    }
    if (!slot->gap) {
        run.frames = read_frames(engine, slot, out, count);
        slot->sounded = slot->sounded || run.frames > 0;
        if (run.frames == count || slot->feed->complete) {
            return run;
        }
        slot->gap = true;
        slot->gap_seen = slot->feed->available;
        run.starved = slot->sounded;
        run.starved_frame = slot->now + run.frames;
    }
    memset(out + run.frames * slot->channels, 0, (size_t)(count - run.frames) * slot->channels * sizeof *out);
    run.frames = count;
    return run;
}

/* -------------------------------------------------------------------------------------------------- Streams */

void motet_source_shorten(motet_slot *slot) MOTET_NONBLOCKING
{
    uint64_t end = motet_source_material(slot)->file_frame_count;
    if (slot->range.end <= end) {
        return;
    }
    bool looping = motet_loop_is_on(slot);
    if (slot->range.start < end) {
        uint32_t rounds = slot->rounds; /* what has been heard before the start stays so */
        motet_source_set_loop_range(slot, slot->range.start, end);
        slot->rounds = rounds;
    } else {
        slot->loop = false;
    }
    if (looping && slot->loop) {
        go_round(slot, slot->now);
    }
}

void motet_source_come_in(const motet_engine *engine, motet_slot *slot) MOTET_NONBLOCKING
{
    if (slot->place.is_tail || !motet_stream_is_primed(engine, slot)) {
        return;
    }
    slot->gap = false;
    slot->moved = true;
    if (slot->position > 0 || slot->fraction > 0) {
        slot->jump = motet_ramp_hold(MOTET_RAMP_GAIN, 0);
        motet_ramp_start(&slot->jump, slot->now, engine->declick_frames, MOTET_CURVE_SMOOTH, 1);
    }
}

/* One that has not sounded yet, or not where it has been taken to, starts with a quarter of a second in hand. */
static motet_source_run read_stream(motet_engine *engine, motet_slot *slot, float *out,
                                    uint32_t count) MOTET_NONBLOCKING
{
    motet_source_run run = {0};
    if (!slot->gap && (slot->sounded || motet_stream_is_primed(engine, slot))) {
        motet_marker_walk walk = motet_markers_walk_from(slot);
        run.frames = read_frames(engine, slot, out, count);
        motet_markers_pass(engine, slot, walk, run.frames);
        slot->sounded = slot->sounded || run.frames > 0;
        if (run.frames == count || motet_source_is_over(slot)) {
            return run;
        }
    }
    if (!slot->gap) {
        slot->gap = slot->moved = true;
        run.starved = slot->sounded;
        run.starved_frame = slot->now + run.frames;
    }
    memset(out + run.frames * slot->channels, 0, (size_t)(count - run.frames) * slot->channels * sizeof *out);
    run.frames = slot->locked && !slot->place.is_tail
                     ? run.frames + motet_stems_pass(engine, slot, run.frames, count - run.frames)
                     : count;
    return run;
}

/* ---------------------------------------------------------------------------------------------------- Doors */

bool motet_source_is_over(const motet_slot *slot) MOTET_NONBLOCKING
{
    if (slot->feed != NULL) {
        return slot->feed->complete && slot->position >= slot->feed->available;
    }
    return !motet_loop_is_on(slot) && slot->position >= motet_source_material(slot)->frame_count;
}

motet_end_reason motet_source_end_reason(const motet_slot *slot) MOTET_NONBLOCKING
{
    bool failed = (slot->stream != NULL && slot->stream->has_failed) ||
                  (slot->feed != NULL && motet_load_relaxed_u32(&slot->feed->failed) != 0);
    return failed ? MOTET_END_FAILED : MOTET_END_ENDED;
}

motet_source_run motet_source_read(motet_engine *engine, motet_slot *slot, float *out, uint32_t count) MOTET_NONBLOCKING
{
    if (slot->feed != NULL) {
        return read_feed(engine, slot, out, count);
    }
    if (slot->stream != NULL) {
        return read_stream(engine, slot, out, count);
    }
    motet_marker_walk walk = motet_markers_walk_from(slot);
    motet_source_run run = {.frames = read_frames(engine, slot, out, count)};
    motet_markers_pass(engine, slot, walk, run.frames);
    return run;
}

motet_steadiness motet_source_steadiness(const motet_engine *engine, const motet_slot *slot,
                                         motet_steady_filter *filter) MOTET_NONBLOCKING
{
    if (is_plain(engine, slot)) {
        return MOTET_STEADY_DIRECT;
    }
    if (sinc_of(engine, slot) != NULL && (slot->bank_frame != slot->now || slot->bank != slot->bank_before ||
                                          slot->bank != bank_at(engine, slot, slot->now))) {
        return MOTET_NOT_STEADY;
    }
    source_filter found = filter_of(engine, slot);
    *filter = (motet_steady_filter){.step = step_of(engine, slot),
                                    .interpolate = found.interpolate,
                                    .sinc = found.sinc,
                                    .bank = found.bank,
                                    .before = found.before,
                                    .after = found.after};
    return MOTET_STEADY_RESAMPLED;
}

const void *motet_source_direct(const motet_engine *engine, const motet_slot *slot, uint32_t count) MOTET_NONBLOCKING
{
    if (slot->feed != NULL || slot->stream != NULL || slot->from_original || !is_plain(engine, slot)) {
        return NULL;
    }
    uint64_t limit = motet_loop_is_on(slot) ? slot->loop_end - slot->loop_crossfade : slot->material->frame_count;
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
    motet_marker_walk walk = motet_markers_walk_from(slot);
    pass_plainly(slot, slot->now + count, count);
    motet_markers_pass_evenly(slot, walk, STEP_ONE, count);
}

/* --------------------------------------------------------------------------------------------- Without reading */

uint64_t motet_source_present_step(const motet_engine *engine, const motet_slot *slot) MOTET_NONBLOCKING
{
    return motet_source_step(motet_ramp_value(&slot->pitch, slot->now), rate_of(slot), engine->def.sample_rate_hz);
}

uint64_t motet_source_file_step(const motet_engine *engine, const motet_slot *slot) MOTET_NONBLOCKING
{
    uint32_t rate = slot->feed != NULL ? slot->feed->sample_rate_hz : slot->material->file_rate_hz;
    return motet_source_step(motet_ramp_value(&slot->pitch, slot->now), rate, engine->def.sample_rate_hz);
}

/* Engine frames at a constant step until the position is at or past a source frame that lies ahead. */
static uint64_t frames_to(const motet_slot *slot, uint64_t target, uint64_t step) MOTET_NONBLOCKING
{
    uint64_t left = target - slot->position;
    if (left >= UINT32_MAX) {
        return (left - 1) / ((step >> 32) + 1); /* a first approach, so that nothing overflows */
    }
    return ((left << 32) - slot->fraction + step - 1) / step;
}

static void add_steps(motet_slot *slot, uint64_t frame, uint64_t step, uint64_t count) MOTET_NONBLOCKING
{
    bool looping = motet_loop_is_on(slot);
    uint64_t lap_frame = frame + (looping ? frames_to(slot, slot->loop_end, step) : 0);
    uint64_t parts = (step & UINT32_MAX) * count + slot->fraction;
    slot->position += (step >> 32) * count + (parts >> 32);
    slot->fraction = (uint32_t)parts;
    if (looping) {
        go_round(slot, lap_frame);
    }
}

static uint64_t advance(motet_engine *engine, motet_slot *slot, uint64_t count) MOTET_NONBLOCKING
{
    if (motet_ramp_done(&slot->pitch, slot->now)) {
        const uint64_t most = UINT64_C(1) << 30; /* so that nothing overflows */
        count = count < most ? count : most;
        add_steps(slot, slot->now, step_of(engine, slot), count);
        return count;
    }
    count = count < MOTET_BLOCK_FRAMES ? count : MOTET_BLOCK_FRAMES;
    motet_ramp_write(engine->mixer.ramp_tables, engine->mixer.levels, &slot->pitch, slot->now, (uint32_t)count);
    uint32_t rate = rate_of(slot);
    uint64_t done = 0;
    while (done < count && !motet_source_is_over(slot)) {
        uint64_t step = motet_source_step(engine->mixer.levels[done], rate, engine->def.sample_rate_hz);
        add_steps(slot, slot->now + done++, step, 1);
    }
    return done;
}

uint64_t motet_source_advance(motet_engine *engine, motet_slot *slot, uint64_t count) MOTET_NONBLOCKING
{
    motet_marker_walk walk = motet_markers_walk_from(slot);
    count = advance(engine, slot, count);
    motet_markers_pass(engine, slot, walk, count);
    return count;
}

uint64_t motet_source_frames_left(const motet_engine *engine, const motet_slot *slot) MOTET_NONBLOCKING
{
    if (slot->feed != NULL) {
        return UINT64_MAX;
    }
    uint64_t target = motet_loop_is_on(slot) ? slot->loop_end : motet_source_material(slot)->frame_count;
    return slot->position < target ? frames_to(slot, target, motet_source_present_step(engine, slot)) : 0;
}

uint64_t motet_source_frames_to_end(const motet_engine *engine, const motet_slot *slot) MOTET_NONBLOCKING
{
    uint64_t end = slot->feed == NULL     ? motet_loop_limit(slot)
                   : slot->feed->complete ? slot->feed->available
                                          : UINT64_MAX;
    if (end == UINT64_MAX) {
        return UINT64_MAX;
    }
    return slot->position < end ? frames_to(slot, end, motet_source_present_step(engine, slot)) : 0;
}
