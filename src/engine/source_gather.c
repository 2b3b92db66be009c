#include "engine/source_gather.h"

#include "engine/loop.h"

#include <string.h>

static motet_loop_piece piece_of_feed(const motet_feed *feed, int64_t at) MOTET_NONBLOCKING
{
    if (at < 0) {
        return (motet_loop_piece){true, false, 0, (uint64_t)-at};
    }
    if ((uint64_t)at >= feed->available) {
        return (motet_loop_piece){true, false, 0, UINT64_MAX};
    }
    uint64_t place = (uint64_t)at % feed->capacity;
    uint64_t to_end = feed->capacity - place;
    uint64_t there = feed->available - (uint64_t)at;
    return (motet_loop_piece){false, false, place, there < to_end ? there : to_end};
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

static void unpack(const motet_slot *slot, uint64_t frame, float *left, float *right, uint32_t count) MOTET_NONBLOCKING
{
    size_t sample = (size_t)frame * slot->channels;
    if (slot->feed != NULL) {
        unpack_f32(left, right, slot->feed->samples + sample, slot->channels, count);
        return;
    }
    const motet_material *material = motet_source_material(slot);
    if (material->format == MOTET_FORMAT_S16) {
        unpack_s16(left, right, (const int16_t *)material->samples + sample, slot->channels, count);
    } else {
        unpack_f32(left, right, (const float *)material->samples + sample, slot->channels, count);
    }
}

/* True where the frames from `at` on are those a loop's length before, `done` frames of which are written already: a
 * loop of a few frames is not put together again for each pass. */
static bool repeats(const motet_slot *slot, int64_t at, uint32_t done) MOTET_NONBLOCKING
{
    int64_t length = (int64_t)(slot->loop_end - slot->loop_start);
    return done >= length && motet_loop_is_on(slot) && slot->passes == 0 && at - length >= motet_loop_first(slot);
}

void motet_source_gather(const motet_slot *slot, int64_t at, float *left, float *right,
                         uint32_t count) MOTET_NONBLOCKING
{
    uint32_t done = 0;
    while (done < count) {
        if (slot->feed == NULL && done > 0 && repeats(slot, at + done, done)) {
            uint32_t length = (uint32_t)(slot->loop_end - slot->loop_start);
            for (; done < count; done++) {
                left[done] = left[done - length];
                right[done] = right[done - length];
            }
            return;
        }
        motet_loop_piece piece =
            slot->feed != NULL ? piece_of_feed(slot->feed, at + done) : motet_loop_piece_at(slot, at + done);
        uint32_t frames = piece.frames < count - done ? (uint32_t)piece.frames : count - done;
        if (piece.silent) {
            memset(left + done, 0, frames * sizeof *left);
            memset(right + done, 0, frames * sizeof *right);
        } else {
            unpack(slot, piece.frame, left + done, right + done, frames);
            motet_loop_crossfade(slot, piece, left + done, right + done, frames);
        }
        done += frames;
    }
}
