#include "engine/steady.h"

#include "engine/engine.h"
#include "engine/loop.h"
#include "engine/slot_private.h"
#include "engine/source.h"
#include "engine/source_gather.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>

enum {
    PREFETCHED_LINES = 4, /* of a voice's frames; the hardware sees then where it goes on */
    SLOTS_AHEAD = 8
};

_Static_assert(offsetof(motet_slot, place.next) + sizeof(uint32_t) <= 64, "what is asked in each block is in one line");

static inline void prefetch(const void *at) MOTET_NONBLOCKING
{
#if defined(__GNUC__)
    __builtin_prefetch(at, 1);
#else
    (void)at;
#endif
}

/* ------------------------------------------------------------------------------------------- Coming and going */

void motet_steady_leave(motet_slot *slot) MOTET_NONBLOCKING
{
    if (slot->steady.kind != MOTET_NOT_STEADY) {
        slot->steady.kind = MOTET_NOT_STEADY;
        slot->bank_frame = slot->now; /* its banks have been in use all the time */
    }
}

/* Nothing moves, nothing waits, and nothing has still to be told. */
static bool is_at_rest(const motet_slot *slot) MOTET_NONBLOCKING
{
    return slot->phase == MOTET_SLOT_PLAYING && !slot->place.is_tail && slot->feed == NULL && slot->stream == NULL &&
           slot->begun && !slot->marked && !slot->paused && !slot->stopping && slot->laps == 0 && !slot->moved &&
           slot->cursor == MOTET_NO_COMMAND && slot->dry_until == MOTET_NO_COMMAND &&
           slot->voice_until == MOTET_NO_COMMAND && motet_ramp_done(&slot->pitch, slot->now) &&
           motet_slot_gains_rest(slot);
}

void motet_steady_settle(const motet_engine *engine, motet_slot *slot) MOTET_NONBLOCKING
{
    motet_steady_filter *filter = &slot->steady_filter;
    motet_steadiness kind = is_at_rest(slot) ? motet_source_steadiness(engine, slot, filter) : MOTET_NOT_STEADY;
    if (kind == MOTET_NOT_STEADY) {
        return;
    }
    const motet_material *material = motet_source_material(slot);
    bool loops = motet_loop_is_on(slot);
    motet_mix_voice voice = motet_slot_steady_voice(slot, NULL);
    slot->steady = (motet_steady){.samples = material->samples,
                                  .end = loops ? slot->loop_end - slot->loop_crossfade : material->frame_count,
                                  .gain_left = voice.gain_left,
                                  .gain_right = voice.gain_right,
                                  .kind = (uint8_t)kind,
                                  .format = material->format,
                                  .channels = slot->channels};
    /* What lies before the start of a loop is heard there in the first pass only: the last one too begins behind the
     * loop's end. */
    filter->first = slot->rounds > 0 ? slot->loop_start : 0;
}

/* --------------------------------------------------------------------------------------------------- Resampled */

static const void *frames_at(const motet_steady *steady, uint64_t frame) MOTET_NONBLOCKING
{
    uint64_t sample = frame * steady->channels;
    return steady->format == MOTET_FORMAT_S16 ? (const void *)((const int16_t *)steady->samples + sample)
                                              : (const void *)((const float *)steady->samples + sample);
}

static motet_mix_voice voice_of(const motet_steady *steady, const void *frames) MOTET_NONBLOCKING
{
    return (motet_mix_voice){.frames = frames, .gain_left = steady->gain_left, .gain_right = steady->gain_right};
}

/* Adds a resampled voice if the frames for the whole block lie in memory as they are heard. */
static bool add_resampled(const motet_mixer *mixer, motet_slot *slot, motet_voice_sum sum,
                          uint32_t count) MOTET_NONBLOCKING
{
    const motet_steady *steady = &slot->steady;
    const motet_steady_filter *filter = &slot->steady_filter;
    const motet_kernels *kernels = mixer->kernels;
    uint64_t at = (uint64_t)filter->before << 32 | slot->fraction;
    uint64_t window = ((at + (count - 1) * filter->step) >> 32) + filter->after + 1;
    uint64_t next = at + count * filter->step;
    if (slot->position < filter->first + filter->before || window > MOTET_WINDOW_FRAMES) {
        return false;
    }
    uint64_t from = slot->position - filter->before;
    /* Float frames are read where they are, and the kernels may read on behind them. */
    bool in_place = steady->format == MOTET_FORMAT_F32;
    if (from + window + (in_place ? MOTET_KERNEL_SLACK : 0) >= steady->end ||
        slot->position + (next >> 32) - filter->before >= steady->end) {
        return false;
    }
    const float *in = frames_at(steady, from);
    if (!in_place) {
        kernels->convert_s16_to_f32(mixer->window, frames_at(steady, from), window * steady->channels);
        in = mixer->window;
    }
    kernels->walk(mixer->positions, at, filter->step, count);
    if (filter->bank != NULL) {
        filter->sinc(mixer->frames, in, mixer->positions, count, filter->bank);
    } else {
        filter->interpolate(mixer->frames, in, mixer->positions, count);
    }
    motet_mix_voice voice = voice_of(steady, mixer->frames);
    if (steady->channels == 2) {
        kernels->mix_stereo_f32(sum.stereo, &voice, 1, count);
    } else {
        kernels->mix_mono_f32(sum.mono, &voice, 1, count);
    }
    slot->position += (next >> 32) - filter->before;
    slot->fraction = (uint32_t)next;
    slot->now += count;
    return true;
}

/* ------------------------------------------------------------------------------------------------------ Direct */

/* Voices of one format, found but not added yet: their first frames are on their way into the cache. */
typedef struct pending_voices {
    motet_mix_voice voices[2 * MOTET_MIX_VOICES];
    uint32_t count;
    uint8_t format;
} pending_voices;

static void add_voices(const motet_mixer *mixer, motet_voice_sum sum, const pending_voices *pending, uint32_t voices,
                       uint32_t count) MOTET_NONBLOCKING
{
    const motet_kernels *kernels = mixer->kernels;
    bool s16 = pending->format == MOTET_FORMAT_S16;
    if (sum.stereo != NULL) {
        (s16 ? kernels->mix_stereo_s16 : kernels->mix_stereo_f32)(sum.stereo, pending->voices, voices, count);
    } else {
        (s16 ? kernels->mix_mono_s16 : kernels->mix_mono_f32)(sum.mono, pending->voices, voices, count);
    }
}

/* Adds the oldest, as many as one pass takes. */
static void add_oldest(const motet_mixer *mixer, motet_voice_sum sum, pending_voices *pending,
                       uint32_t count) MOTET_NONBLOCKING
{
    uint32_t voices = pending->count < MOTET_MIX_VOICES ? pending->count : MOTET_MIX_VOICES;
    for (uint32_t i = MOTET_MIX_VOICES; i < pending->count; i++) {
        pending->voices[i - MOTET_MIX_VOICES].next = pending->voices[i].frames;
    }
    add_voices(mixer, sum, pending, voices, count);
    pending->count -= voices;
    memmove(pending->voices, pending->voices + voices, pending->count * sizeof *pending->voices);
}

static void add_all(const motet_mixer *mixer, motet_voice_sum sum, pending_voices *pending,
                    uint32_t count) MOTET_NONBLOCKING
{
    while (pending->count > 0) {
        add_oldest(mixer, sum, pending, count);
    }
}

/* Appends a voice; when there are twice as many as one pass takes, the older half is added. */
static void append(const motet_mixer *mixer, motet_voice_sum sum, pending_voices *pending, motet_slot *slot,
                   uint32_t count) MOTET_NONBLOCKING
{
    const motet_steady *steady = &slot->steady;
    if (pending->count > 0 && pending->format != steady->format) {
        add_all(mixer, sum, pending, count);
    }
    const void *frames = frames_at(steady, slot->position);
    for (uint32_t line = 0; line < PREFETCHED_LINES; line++) {
        prefetch((const char *)frames + line * 64);
    }
    pending->format = steady->format;
    pending->voices[pending->count++] = voice_of(steady, frames);
    slot->position += count;
    slot->now += count;
    if (pending->count == 2 * MOTET_MIX_VOICES) {
        add_oldest(mixer, sum, pending, count);
    }
}

void motet_steady_sum_list(motet_engine *engine, const motet_slot_list *list, motet_voice_sum sum, uint64_t block_start,
                           uint32_t count) MOTET_NONBLOCKING
{
    const motet_mixer *mixer = &engine->mixer;
    pending_voices pending = {.count = 0};
    uint32_t next;
    for (uint32_t index = list->first; index != MOTET_NO_SLOT; index = next) {
        motet_slot *slot = &engine->slots.slots[index];
        next = slot->place.next;
        prefetch(slot + SLOTS_AHEAD); /* voices that were played one after the other stand so, too */
        assert(slot->steady.kind == MOTET_NOT_STEADY || (slot->now == block_start && is_at_rest(slot)));
        if (slot->steady.kind == MOTET_STEADY_DIRECT && slot->position + count < slot->steady.end) {
            append(mixer, sum, &pending, slot, count);
            continue;
        }
        add_all(mixer, sum, &pending, count);
        if (slot->steady.kind != MOTET_STEADY_RESAMPLED || !add_resampled(mixer, slot, sum, count)) {
            motet_steady_leave(slot);
            motet_slot_render(engine, slot, sum, block_start, block_start + count);
        }
    }
    add_all(mixer, sum, &pending, count);
}
