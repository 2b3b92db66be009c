#include "engine/feed_ring.h"

#include "dsp/convert.h"
#include "engine/limits.h"

#include <math.h>
#include <string.h>

enum {
    /* The least buffer, so that every tier finds the frames around a position in it. */
    LEAST_BUFFER_FRAMES = 64,
    /* Frames cleaned and folded at once, on the stack. */
    CHUNK_FRAMES = 256
};

static size_t feed_bytes(const motet_feed *feed)
{
    return (size_t)feed->capacity * feed->channels * sizeof(float);
}

motet_feed *motet_feed_create(motet_heap *heap, const motet_feed_shape *shape)
{
    motet_feed *feed = motet_heap_take(heap, sizeof *feed, MOTET_CACHE_LINE);
    if (feed == NULL) {
        return NULL;
    }
    uint32_t frames = shape->buffer_frames;
    feed->sample_rate_hz = shape->sample_rate_hz;
    feed->channels = shape->channels >= 2 ? 2 : 1;
    feed->written_channels = (uint8_t)shape->channels;
    feed->buffer_frames = frames < LEAST_BUFFER_FRAMES ? LEAST_BUFFER_FRAMES : frames;
    feed->start_frames = shape->start_frames;
    feed->capacity = feed->buffer_frames + shape->spare_frames + MOTET_FEED_HISTORY_FRAMES;
    feed->samples = motet_heap_take(heap, feed_bytes(feed), MOTET_CACHE_LINE);
    if (feed->samples == NULL) {
        motet_heap_give(heap, feed, sizeof *feed);
        return NULL;
    }
    return feed;
}

void motet_feed_destroy(motet_heap *heap, motet_feed *feed)
{
    motet_heap_give(heap, feed->samples, feed_bytes(feed));
    motet_heap_give(heap, feed, sizeof *feed);
}

uint32_t motet_feed_held(const motet_feed *feed)
{
    uint64_t written = motet_load_relaxed_u64(&feed->written);
    uint64_t played = motet_load_acquire_u64(&feed->played);
    return written > played ? (uint32_t)(written - played) : 0;
}

uint32_t motet_feed_room(const motet_feed *feed)
{
    uint32_t held = motet_feed_held(feed);
    return held < feed->buffer_frames ? feed->buffer_frames - held : 0;
}

/* ------------------------------------------------------------------------------------------------------ Writing */

static uint32_t count_bad(const float *interleaved, uint32_t channels, uint32_t frames)
{
    uint32_t bad = 0;
    for (uint32_t i = 0; i < frames; i++) {
        bool finite = true;
        for (uint32_t c = 0; c < channels; c++) {
            finite = finite && isfinite(interleaved[i * channels + c]);
        }
        bad += !finite;
    }
    return bad;
}

/* Frames in the feed's own channels, from frame `at` on. */
static void store(motet_feed *feed, uint64_t at, const float *frames, uint32_t count)
{
    size_t frame_bytes = feed->channels * sizeof *frames;
    uint32_t place = (uint32_t)((at - feed->base) % feed->capacity);
    uint32_t to_end = feed->capacity - place;
    uint32_t first = count < to_end ? count : to_end;
    memcpy(feed->samples + (size_t)place * feed->channels, frames, first * frame_bytes);
    memcpy(feed->samples, frames + (size_t)first * feed->channels, (count - first) * frame_bytes);
}

static uint32_t put(motet_feed *feed, const float *f32, const int16_t *s16, uint32_t frame_count)
{
    float chunk[CHUNK_FRAMES * MOTET_MAX_CHANNELS];
    uint32_t channels = feed->written_channels;
    uint64_t written = motet_load_relaxed_u64(&feed->written);
    uint32_t bad = 0;
    for (uint32_t done = 0, count; done < frame_count; done += count) {
        count = frame_count - done < CHUNK_FRAMES ? frame_count - done : CHUNK_FRAMES;
        size_t from = (size_t)done * channels;
        size_t samples = (size_t)count * channels;
        if (s16 != NULL) {
            motet_convert_s16_to_f32(chunk, s16 + from, samples);
        } else {
            memcpy(chunk, f32 + from, samples * sizeof *chunk);
            bad += motet_clean_f32(chunk, samples) > 0 ? count_bad(f32 + from, channels, count) : 0;
        }
        if (channels > 2) {
            motet_fold_to_stereo(chunk, chunk, channels, count);
        }
        store(feed, written + done, chunk, count);
    }
    motet_store_release_u64(&feed->written, written + frame_count);
    return bad;
}

uint32_t motet_feed_put_f32(motet_feed *feed, const float *interleaved, uint32_t frame_count)
{
    return put(feed, interleaved, NULL, frame_count);
}

uint32_t motet_feed_put_s16(motet_feed *feed, const int16_t *interleaved, uint32_t frame_count)
{
    return put(feed, NULL, interleaved, frame_count);
}

void motet_feed_end(motet_feed *feed, bool failed)
{
    motet_store_relaxed_u32(&feed->failed, failed);
    motet_store_release_u32(&feed->finished, 1);
}
