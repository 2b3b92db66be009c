#include "dsp/mix.h"
#include "engine/engine.h"
#include "engine/generator.h"
#include "engine/markers.h"
#include "engine/slot.h"
#include "engine/slot_private.h"
#include "engine/source.h"
#include "engine/stream.h"

#include <assert.h>

/* The level of a voice in one frame is volume * fade in * jump * pause * stop, in double and in this order; each
 * side's gain is that times its share of the pan, rounded once to float. The same product serves a block with
 * constant values and one in which they move, so the bits do not depend on where a block begins. */

bool motet_slot_gains_rest(const motet_slot *slot) MOTET_NONBLOCKING
{
    uint64_t now = slot->now;
    return motet_ramp_done(&slot->volume, now) && motet_ramp_done(&slot->share_left, now) &&
           motet_ramp_done(&slot->share_right, now) && motet_ramp_done(&slot->fade_in, now) &&
           motet_ramp_done(&slot->jump, now) && motet_ramp_done(&slot->pause_gate, now) &&
           motet_ramp_done(&slot->stop_gate, now);
}

static float gain_of(double level, double share) MOTET_NONBLOCKING
{
    double gain = level * share;
    return gain < MOTET_GAIN_FLOOR ? 0 : (float)gain;
}

motet_mix_voice motet_slot_steady_voice(const motet_slot *slot, const void *frames) MOTET_NONBLOCKING
{
    double level = slot->volume.to * slot->fade_in.to * slot->jump.to * slot->pause_gate.to * slot->stop_gate.to;
    return (motet_mix_voice){.frames = frames,
                             .gain_left = gain_of(level, slot->share_left.to),
                             .gain_right = gain_of(level, slot->share_right.to)};
}

static void mix_steadily(const motet_mixer *mixer, const motet_slot *slot, motet_voice_sum sum, const void *frames,
                         motet_format format, uint32_t count) MOTET_NONBLOCKING
{
    const motet_kernels *kernels = mixer->kernels;
    motet_mix_voice voice = motet_slot_steady_voice(slot, frames);
    if (slot->channels == 2) {
        (format == MOTET_FORMAT_S16 ? kernels->mix_stereo_s16 : kernels->mix_stereo_f32)(sum.stereo, &voice, 1, count);
    } else {
        (format == MOTET_FORMAT_S16 ? kernels->mix_mono_s16 : kernels->mix_mono_f32)(sum.mono, &voice, 1, count);
    }
}

/* The values of a ramp; those of most pans and gates are 1 throughout. */
static const double *values_of(const motet_mixer *mixer, double *scratch, const motet_ramp *ramp, uint64_t frame,
                               uint32_t count) MOTET_NONBLOCKING
{
    if (ramp->to == 1 && motet_ramp_done(ramp, frame)) {
        return mixer->ones;
    }
    motet_ramp_write(mixer->ramp_tables, scratch, ramp, frame, count);
    return scratch;
}

static void mix_moving(const motet_mixer *mixer, const motet_slot *slot, motet_voice_sum sum,
                       uint32_t count) MOTET_NONBLOCKING
{
    motet_ramp_tables *tables = mixer->ramp_tables;
    motet_ramp_write(tables, mixer->levels, &slot->volume, slot->now, count);
    motet_ramp_multiply(tables, mixer->levels, &slot->fade_in, slot->now, count);
    motet_ramp_multiply(tables, mixer->levels, &slot->jump, slot->now, count);
    motet_ramp_multiply(tables, mixer->levels, &slot->pause_gate, slot->now, count);
    motet_ramp_multiply(tables, mixer->levels, &slot->stop_gate, slot->now, count);
    const double *left = values_of(mixer, mixer->shares_left, &slot->share_left, slot->now, count);
    const double *right = values_of(mixer, mixer->shares_right, &slot->share_right, slot->now, count);
    mixer->kernels->ramp_gains(mixer->gains_left, mixer->gains_right, mixer->levels, left, right, count);
    if (slot->channels == 2) {
        mixer->kernels->mix_stereo_ramped(sum.stereo, mixer->frames, mixer->gains_left, mixer->gains_right, count);
    } else {
        mixer->kernels->mix_mono_ramped(sum.mono, mixer->frames, mixer->gains_left, mixer->gains_right, count);
    }
}

static void tell_starved(motet_engine *engine, const motet_slot *slot, uint64_t frame) MOTET_NONBLOCKING
{
    bool fed = slot->feed != NULL && !slot->feed->of_stream;
    motet_event event = {.type = fed ? MOTET_EVENT_FEED_STARVED : MOTET_EVENT_STREAM_STARVED,
                         .frame = frame,
                         .voice = {motet_id_make(engine, slot->place.index, slot->generation)},
                         .user = slot->user};
    motet_event_stage(engine, &event);
    if (!fed) {
        motet_count_u64(&engine->counters.stream_gaps, 1);
        return;
    }
    motet_count_u64(&engine->counters.feed_gaps, 1);
    motet_store_relaxed_u32(&slot->feed->gaps, motet_load_relaxed_u32(&slot->feed->gaps) + 1);
}

/* Renders up to `count` frames in which no command applies and no gate closes; ends the slot where its material does. */
static void render_run(motet_engine *engine, motet_slot *slot, motet_voice_sum sum, uint32_t count) MOTET_NONBLOCKING
{
    const motet_mixer *mixer = &engine->mixer;
    if (slot->stream != NULL && slot->gap) {
        motet_source_come_in(engine, slot);
    }
    bool steady = motet_slot_gains_rest(slot);
    bool dry = slot->dry_until != MOTET_NO_COMMAND;
    const void *direct = steady && !dry ? motet_source_direct(engine, slot, count) : NULL;
    motet_source_run run = {.frames = count};
    if (direct != NULL) {
        motet_source_skip(slot, count);
    } else {
        run = motet_source_read(engine, slot, mixer->frames, count);
    }
    if (!dry && direct != NULL) {
        mix_steadily(mixer, slot, sum, direct, (motet_format)slot->material->format, count);
    } else if (!dry && steady) {
        mix_steadily(mixer, slot, sum, mixer->frames, MOTET_FORMAT_F32, run.frames);
    } else if (!dry) {
        mix_moving(mixer, slot, sum, run.frames);
    }
    if (run.starved && !slot->place.is_tail) {
        tell_starved(engine, slot, run.starved_frame);
    }
    slot->now += run.frames;
    slot->begun = true;
    if (motet_source_is_over(slot)) { /* at once, so that its end does not wait for the next block */
        motet_slot_end(engine, slot, slot->now, motet_source_end_reason(slot));
    }
}

static uint64_t earlier(uint64_t a, uint64_t b) MOTET_NONBLOCKING
{
    return a < b ? a : b;
}

uint64_t motet_slot_next_cut(const motet_engine *engine, const motet_slot *slot, uint64_t end) MOTET_NONBLOCKING
{
    if (slot->cursor != MOTET_NO_COMMAND) {
        end = earlier(end, engine->commands.commands[slot->cursor].frame);
    }
    /* At a ratio of 1 a feed plays on to its very last frame, and a virtual voice is counted on by one step. */
    if ((slot->feed != NULL || slot->place.is_virtual) && !motet_ramp_done(&slot->pitch, slot->now)) {
        end = earlier(end, motet_ramp_end(&slot->pitch));
    }
    if (slot->paused && !slot->held) {
        end = earlier(end, motet_ramp_end(&slot->pause_gate));
    }
    if (slot->stopping) {
        end = earlier(end, motet_ramp_end(&slot->stop_gate));
    }
    if (slot->place.is_tail && slot->jump.to == 0 && slot->voice_until == MOTET_NO_COMMAND) {
        end = earlier(end, motet_ramp_end(&slot->jump));
    }
    return end;
}

void motet_slot_settle(motet_engine *engine, motet_slot *slot) MOTET_NONBLOCKING
{
    if (slot->paused && !slot->held && motet_ramp_done(&slot->pause_gate, slot->now)) {
        slot->held = true;
        slot->moved = true;
    }
    if (slot->stopping && motet_ramp_done(&slot->stop_gate, slot->now)) {
        motet_slot_end(engine, slot, slot->now, (motet_end_reason)slot->end_reason);
    } else if (slot->place.is_tail && slot->jump.to == 0 && slot->voice_until == MOTET_NO_COMMAND &&
               motet_ramp_done(&slot->jump, slot->now)) {
        motet_slot_end(engine, slot, slot->now, MOTET_END_NONE);
    }
}

/* Lets the writer of a feed go on where the voice and every tail of it have passed. */
static void tell_played(motet_engine *engine, const motet_slot *slot) MOTET_NONBLOCKING
{
    const motet_slot *voice = slot->place.is_tail ? &engine->slots.slots[slot->place.owner] : slot;
    if (voice->phase != MOTET_SLOT_PLAYING) {
        return; /* nobody may write any more, and the feed may be gone with its last tail */
    }
    uint64_t played = voice->position;
    for (uint32_t t = voice->place.first_tail; t != MOTET_NO_SLOT; t = engine->slots.slots[t].place.next_sibling) {
        if (!engine->slots.slots[t].place.is_reserved) {
            played = earlier(played, engine->slots.slots[t].position);
        }
    }
    motet_store_release_u64(&voice->feed->played, played);
}

static motet_voice_sum rest_of(motet_voice_sum sum, uint32_t channels, uint64_t offset) MOTET_NONBLOCKING
{
    if (channels == 2) {
        return (motet_voice_sum){.stereo = sum.stereo + 2 * offset};
    }
    return (motet_voice_sum){.mono = {sum.mono.left + offset, sum.mono.right + offset}};
}

void motet_slot_render(motet_engine *engine, motet_slot *slot, motet_voice_sum sum, uint64_t block_start,
                       uint64_t end) MOTET_NONBLOCKING
{
    if (slot->place.is_reserved) { /* its voice ended, or was paused, before it came to the seek */
        motet_slot_end(engine, slot, block_start, MOTET_END_NONE);
        return;
    }
    motet_feed *feed = slot->feed;
    if (feed != NULL) {
        motet_source_look(feed, block_start);
    }
    if (slot->stream != NULL) {
        motet_stream_look(engine, slot, block_start);
        motet_source_shorten(slot);
    }
    while (slot->phase == MOTET_SLOT_PLAYING && slot->now < end) {
        motet_slot_apply_due(engine, slot);
        if (slot->phase != MOTET_SLOT_PLAYING) {
            break;
        }
        uint64_t cut = motet_slot_next_cut(engine, slot, end);
        assert(cut > slot->now);
        uint64_t offset = slot->now - block_start;
        if (slot->held) {
            slot->now = cut;
        } else {
            render_run(engine, slot, rest_of(sum, slot->channels, offset), (uint32_t)(cut - slot->now));
        }
        if (slot->phase == MOTET_SLOT_PLAYING) {
            motet_slot_settle(engine, slot);
        }
    }
    if (feed != NULL) {
        tell_played(engine, slot);
    }
    if (slot->phase != MOTET_SLOT_PLAYING || slot->place.is_tail) {
        return; /* the record of one that ended is the control side's again */
    }
    double level = motet_ramp_value(&slot->volume, end) * motet_ramp_value(&slot->fade_in, end) *
                   motet_ramp_value(&slot->pause_gate, end) * motet_ramp_value(&slot->stop_gate, end);
    motet_store_relaxed_f32(&engine->voices[slot->place.index].level, (float)level);
    if (end % MOTET_BLOCK_FRAMES == 0) {
        motet_slot_tell_laps(engine, slot); /* at most once in so many frames */
        motet_markers_tell(engine, slot);
        motet_generator_tell_bad(engine, slot);
    }
    if (slot->moved || feed != NULL) {
        motet_slot_tell_track(engine, slot);
    }
    motet_steady_settle(engine, slot);
}
