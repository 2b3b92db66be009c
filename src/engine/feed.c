#include "dsp/convert.h"
#include "engine/engine.h"

#include <math.h>
#include <string.h>

/* The least buffer, so that every tier finds the frames around a position in it. */
enum { LEAST_BUFFER_FRAMES = 64 };

motet_feed_def motet_default_feed_def(void)
{
    return (motet_feed_def){.sample_rate_hz = 0, .channels = 2, .buffer_seconds = 0.5, .voice = {.pitch = 1}};
}

/* ---------------------------------------------------------------------------------------------------- Opening */

static bool complete_def(motet_engine *engine, motet_feed_def *def)
{
    def->sample_rate_hz = def->sample_rate_hz == 0 ? engine->def.sample_rate_hz : def->sample_rate_hz;
    def->channels = def->channels == 0 ? 2 : def->channels;
    if (!motet_check_number(engine, def->buffer_seconds, "buffer_seconds") ||
        !motet_check_number(engine, def->start_after_seconds, "start_after_seconds")) {
        return false;
    }
    def->buffer_seconds = def->buffer_seconds == 0 ? 0.5 : motet_clamp(def->buffer_seconds, 0.01, 60);
    def->start_after_seconds = motet_clamp(def->start_after_seconds, 0, def->buffer_seconds);
    if (def->sample_rate_hz > MOTET_MAX_SAMPLE_RATE_HZ || def->channels > MOTET_MAX_CHANNELS) {
        motet_fail(&engine->log, MOTET_ERROR_INVALID, "a feed of %u Hz and %u channels; expected at most %d and %d",
                   def->sample_rate_hz, def->channels, MOTET_MAX_SAMPLE_RATE_HZ, MOTET_MAX_CHANNELS);
        return false;
    }
    if (def->voice.loop || def->voice.from_frame != 0) {
        motet_fail(&engine->log, MOTET_ERROR_INVALID, "a fed voice cannot %s",
                   def->voice.loop ? "loop" : "start inside its material");
        return false;
    }
    return true;
}

static size_t feed_bytes(const motet_feed *feed)
{
    return (size_t)feed->capacity * feed->channels * sizeof(float);
}

static motet_feed *create_feed(motet_engine *engine, const motet_feed_def *def)
{
    motet_feed *feed = motet_heap_take(&engine->heap, sizeof *feed, MOTET_CACHE_LINE);
    if (feed == NULL) {
        return NULL;
    }
    uint32_t frames = (uint32_t)floor(def->buffer_seconds * def->sample_rate_hz + 0.5);
    feed->sample_rate_hz = def->sample_rate_hz;
    feed->channels = def->channels >= 2 ? 2 : 1;
    feed->written_channels = (uint8_t)def->channels;
    feed->buffer_frames = frames < LEAST_BUFFER_FRAMES ? LEAST_BUFFER_FRAMES : frames;
    feed->start_frames = (uint32_t)floor(def->start_after_seconds * def->sample_rate_hz + 0.5);
    feed->capacity = feed->buffer_frames + MOTET_FEED_HISTORY_FRAMES;
    feed->samples = motet_heap_take(&engine->heap, feed_bytes(feed), MOTET_CACHE_LINE);
    if (feed->samples == NULL) {
        motet_heap_give(&engine->heap, feed, sizeof *feed);
        return NULL;
    }
    return feed;
}

void motet_feed_free(motet_engine *engine, motet_feed *feed)
{
    motet_heap_give(&engine->heap, feed->samples, feed_bytes(feed));
    motet_heap_give(&engine->heap, feed, sizeof *feed);
}

motet_voice motet_feed_open(motet_engine *engine, const motet_feed_def *given)
{
    motet_voice voice = {0};
    motet_feed_def def = given != NULL ? *given : motet_default_feed_def();
    motet_result result;
    if (!motet_engine_enter(engine, &result)) {
        return voice;
    }
    motet_engine_leave(engine); /* the buffer is made outside the lock */
    if (!complete_def(engine, &def) || motet_voice_check(engine, &def.voice) != MOTET_OK) {
        return voice;
    }
    motet_feed *feed = create_feed(engine, &def);
    if (feed == NULL) {
        motet_fail(&engine->log, MOTET_ERROR_MEMORY, "out of memory for a feed of %g s", def.buffer_seconds);
        return voice;
    }
    if (motet_engine_enter(engine, &result)) {
        voice = motet_voice_begin(engine, NULL, (motet_sound){0}, NULL, feed, &def.voice);
        motet_command_publish(engine);
        motet_engine_leave(engine);
    }
    if (voice.id == 0) {
        motet_feed_free(engine, feed);
    }
    return voice;
}

/* ---------------------------------------------------------------------------------------------------- Writing */

/* Under the lock: the feed of a voice. */
static motet_feed *feed_of(motet_engine *engine, motet_voice voice, motet_result *result)
{
    uint32_t slot;
    const motet_voice_record *record = motet_voice_get(engine, voice, &slot);
    if (record == NULL) {
        *result = MOTET_ERROR_STALE;
        return NULL;
    }
    if (record->feed == NULL) {
        *result = motet_fail(&engine->log, MOTET_ERROR_INVALID, "the voice plays a sound; expected a fed voice");
    }
    return record->feed;
}

/* Written and not yet played. At a high pitch a voice that runs dry has stepped past the last frame: it will skip the
 * next ones to come. */
static uint32_t held_frames(const motet_feed *feed)
{
    uint64_t written = motet_load_relaxed_u64(&feed->written);
    uint64_t played = motet_load_acquire_u64(&feed->played);
    return written > played ? (uint32_t)(written - played) : 0;
}

static uint32_t free_frames(const motet_feed *feed)
{
    uint32_t held = held_frames(feed);
    return held < feed->buffer_frames ? feed->buffer_frames - held : 0;
}

/* Writes one frame in the feed's channels from one in the program's. Returns whether a sample was not finite. */
static bool put_frame(motet_feed *feed, uint64_t at, float *frame)
{
    bool bad = motet_clean_f32(frame, feed->written_channels) > 0;
    if (feed->written_channels > 2) {
        motet_fold_to_stereo(frame, frame, feed->written_channels, 1);
    }
    memcpy(feed->samples + at % feed->capacity * feed->channels, frame, feed->channels * sizeof *frame);
    return bad;
}

static void tell_non_finite(motet_engine *engine, motet_voice voice, uint32_t frames)
{
    motet_event event = {.type = MOTET_EVENT_NON_FINITE,
                         .frame = motet_load_relaxed_u64(&engine->frame),
                         .voice = voice,
                         .count = frames};
    motet_event_append_locked(engine, &event);
}

static motet_result write_frames(motet_engine *engine, motet_voice voice, const int16_t *s16, const float *f32,
                                 uint32_t count, uint32_t *taken)
{
    motet_result result;
    if (taken != NULL) {
        *taken = 0;
    }
    if (!motet_engine_enter(engine, &result)) {
        return result;
    }
    motet_feed *feed = feed_of(engine, voice, &result);
    if (feed != NULL && motet_load_relaxed_u32(&feed->finished) != 0) {
        result = motet_fail(&engine->log, MOTET_ERROR_INVALID, "the feed was finished");
    } else if (feed != NULL && s16 == NULL && f32 == NULL && count > 0) {
        result = motet_fail(&engine->log, MOTET_ERROR_INVALID, "the frames are NULL");
    } else if (feed != NULL) {
        uint32_t room = free_frames(feed);
        uint32_t frames = count < room ? count : room;
        uint64_t written = motet_load_relaxed_u64(&feed->written);
        uint32_t channels = feed->written_channels;
        uint32_t bad = 0;
        for (uint32_t i = 0; i < frames; i++) {
            float frame[MOTET_MAX_CHANNELS];
            for (uint32_t c = 0; c < channels; c++) {
                frame[c] = s16 != NULL ? (float)s16[i * channels + c] * 0x1p-15f : f32[i * channels + c];
            }
            bad += put_frame(feed, written + i, frame);
        }
        motet_store_release_u64(&feed->written, written + frames);
        if (bad > 0) {
            tell_non_finite(engine, voice, bad);
        }
        if (taken != NULL) {
            *taken = frames;
        }
    }
    motet_engine_leave(engine);
    return result;
}

motet_result motet_feed_write_s16(motet_engine *engine, motet_voice voice, const int16_t *interleaved,
                                  uint32_t frame_count, uint32_t *taken)
{
    return write_frames(engine, voice, interleaved, NULL, frame_count, taken);
}

motet_result motet_feed_write_f32(motet_engine *engine, motet_voice voice, const float *interleaved,
                                  uint32_t frame_count, uint32_t *taken)
{
    return write_frames(engine, voice, NULL, interleaved, frame_count, taken);
}

motet_result motet_feed_finish(motet_engine *engine, motet_voice voice)
{
    motet_result result;
    if (!motet_engine_enter(engine, &result)) {
        return result;
    }
    motet_feed *feed = feed_of(engine, voice, &result);
    if (feed != NULL) {
        motet_store_release_u32(&feed->finished, 1);
    }
    motet_engine_leave(engine);
    return result;
}

motet_result motet_feed_get_state(const motet_engine *const_engine, motet_voice voice, motet_feed_state *state)
{
    motet_engine *engine = (motet_engine *)const_engine;
    motet_result result;
    if (state == NULL) {
        return motet_fail(NULL, MOTET_ERROR_INVALID, "state is NULL");
    }
    if (!motet_engine_enter(engine, &result)) {
        return result;
    }
    const motet_feed *feed = feed_of(engine, voice, &result);
    if (feed != NULL) {
        *state = (motet_feed_state){.queued_frames = held_frames(feed),
                                    .free_frames = free_frames(feed),
                                    .underruns = motet_load_relaxed_u32(&feed->gaps),
                                    .finished = motet_load_relaxed_u32(&feed->finished) != 0};
    }
    motet_engine_leave(engine);
    return result;
}
