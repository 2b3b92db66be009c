#include "engine/engine.h"
#include "engine/feed_ring.h"
#include "engine/feed_thread.h"
#include "engine/generator.h"

#include <math.h>

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

static motet_feed *create_feed(motet_engine *engine, const motet_feed_def *def)
{
    motet_feed_shape shape = {
        .sample_rate_hz = def->sample_rate_hz,
        .channels = def->channels,
        .buffer_frames = (uint32_t)floor(def->buffer_seconds * def->sample_rate_hz + 0.5),
        .start_frames = (uint32_t)floor(def->start_after_seconds * def->sample_rate_hz + 0.5),
    };
    return motet_feed_create(&engine->heap, &shape);
}

void motet_feed_free(motet_engine *engine, motet_feed *feed)
{
    if (feed->thread != NULL && engine->fork_count == motet_fork_count()) {
        motet_feed_thread_leave(feed->thread);
    }
    motet_generator_close(engine, feed);
    motet_feed_destroy(&engine->heap, feed);
}

void motet_feed_let_go(motet_engine *engine, motet_feed *feed)
{
    motet_generator_let_go(engine, feed);
    if (feed->is_written_to) {
        feed->free_then = true;
        return;
    }
    feed->next_garbage = engine->garbage.feeds;
    engine->garbage.feeds = feed;
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
static motet_feed *find_feed(motet_engine *engine, motet_voice voice, motet_result *result)
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

/* The same for those who write into it. */
static motet_feed *feed_of(motet_engine *engine, motet_voice voice, motet_result *result)
{
    motet_feed *feed = find_feed(engine, voice, result);
    if (feed != NULL && motet_feed_is_made(feed)) {
        *result = motet_fail(&engine->log, MOTET_ERROR_INVALID, "the voice makes its own frames; expected a fed voice");
        return NULL;
    }
    return feed;
}

static void tell_non_finite(motet_engine *engine, motet_voice voice, uint32_t frames)
{
    motet_event event = {.type = MOTET_EVENT_NON_FINITE,
                         .frame = motet_load_relaxed_u64(&engine->frame),
                         .voice = voice,
                         .count = frames};
    motet_event_append_locked(engine, &event);
}

/* Under the lock: whether a call may write into the feed now. */
static motet_result check_writable(motet_engine *engine, const motet_feed *feed, bool has_frames)
{
    if (feed->finish_then || motet_load_relaxed_u32(&feed->finished) != 0) {
        return motet_fail(&engine->log, MOTET_ERROR_INVALID, "the feed was finished");
    }
    if (!has_frames) {
        return motet_fail(&engine->log, MOTET_ERROR_INVALID, "the frames are NULL");
    }
    if (feed->is_written_to) {
        return motet_fail(&engine->log, MOTET_ERROR_INVALID,
                          "another thread writes to the voice; expected one at a time");
    }
    return MOTET_OK;
}

/* A long write takes its time, so the frames are copied outside the lock: the feed is marked meanwhile, and whoever
 * wants it finished or freed leaves that to the end of the write. */
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
    if (feed != NULL) {
        result = check_writable(engine, feed, s16 != NULL || f32 != NULL || count == 0);
    }
    if (feed == NULL || result != MOTET_OK) {
        motet_engine_leave(engine);
        return result;
    }
    uint32_t room = motet_feed_room(feed);
    uint32_t frames = count < room ? count : room;
    feed->is_written_to = true;
    motet_engine_leave(engine);

    uint32_t bad = s16 != NULL ? motet_feed_put_s16(feed, s16, frames) : motet_feed_put_f32(feed, f32, frames);
    if (taken != NULL) {
        *taken = frames;
    }

    motet_mutex_lock(&engine->lock);
    if (bad > 0) {
        tell_non_finite(engine, voice, bad);
    }
    feed->is_written_to = false;
    if (feed->finish_then) {
        motet_feed_end(feed, false);
    }
    bool orphaned = feed->free_then;
    motet_mutex_unlock(&engine->lock);
    if (orphaned) {
        motet_feed_free(engine, feed);
    }
    return MOTET_OK;
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
    if (feed != NULL && feed->is_written_to) {
        feed->finish_then = true;
    } else if (feed != NULL) {
        motet_feed_end(feed, false);
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
    const motet_feed *feed = find_feed(engine, voice, &result);
    if (feed != NULL) {
        *state = (motet_feed_state){.queued_frames = motet_feed_held(feed),
                                    .free_frames = motet_feed_is_made(feed) ? 0 : motet_feed_room(feed),
                                    .underruns = motet_load_relaxed_u32(&feed->gaps),
                                    .finished = feed->finish_then || motet_load_relaxed_u32(&feed->finished) != 0};
    }
    motet_engine_leave(engine);
    return result;
}
