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
    uint64_t place = ((uint64_t)at - feed->base) % feed->capacity;
    uint64_t to_end = feed->capacity - place;
    uint64_t there = feed->available - (uint64_t)at;
    return (motet_loop_piece){false, false, place, there < to_end ? there : to_end};
}

static void unpack_from(const motet_kernels *kernels, const motet_material *material, const void *samples, float *out,
                        size_t first, size_t count) MOTET_NONBLOCKING
{
    if (material->format == MOTET_FORMAT_S16) {
        kernels->convert_s16_to_f32(out, (const int16_t *)samples + first, count);
    } else {
        memcpy(out, (const float *)samples + first, count * sizeof *out);
    }
}

/* Out of the pages of a stream; a page that is not there is silent. */
static void unpack_pages(const motet_kernels *kernels, const motet_slot *slot, uint64_t frame, float *out,
                         uint32_t count) MOTET_NONBLOCKING
{
    size_t channels = slot->channels;
    while (count > 0) {
        uint32_t inside = (uint32_t)(frame % MOTET_STREAM_PAGE_FRAMES);
        uint32_t left = MOTET_STREAM_PAGE_FRAMES - inside;
        uint32_t frames = count < left ? count : left;
        const void *page = motet_stream_find(slot->stream, slot->from_original, frame / MOTET_STREAM_PAGE_FRAMES);
        if (page != NULL) {
            unpack_from(kernels, motet_source_material(slot), page, out, inside * channels, frames * channels);
        } else {
            memset(out, 0, frames * channels * sizeof *out);
        }
        frame += frames;
        count -= frames;
        out += frames * channels;
    }
}

static void unpack(const motet_kernels *kernels, const motet_slot *slot, uint64_t frame, float *out,
                   uint32_t count) MOTET_NONBLOCKING
{
    if (slot->stream != NULL) {
        unpack_pages(kernels, slot, frame, out, count);
        return;
    }
    size_t sample = (size_t)frame * slot->channels;
    size_t samples = (size_t)count * slot->channels;
    if (slot->feed != NULL) {
        memcpy(out, slot->feed->samples + sample, samples * sizeof *out);
        return;
    }
    const motet_material *material = motet_source_material(slot);
    unpack_from(kernels, material, material->samples, out, sample, samples);
}

/* True where the frames from `at` on are those a loop's length before, `done` frames of which are written already: a
 * loop of a few frames is not put together again for each pass. */
static bool repeats(const motet_slot *slot, int64_t at, uint32_t done) MOTET_NONBLOCKING
{
    int64_t length = (int64_t)(slot->loop_end - slot->loop_start);
    return done >= length && motet_loop_is_on(slot) && slot->passes == 0 && at - length >= motet_loop_first(slot);
}

const float *motet_source_in_place(const motet_slot *slot, int64_t at, uint32_t count) MOTET_NONBLOCKING
{
    if (slot->feed != NULL || slot->stream != NULL || motet_source_material(slot)->format != MOTET_FORMAT_F32) {
        return NULL;
    }
    const motet_material *material = motet_source_material(slot);
    motet_loop_piece piece = motet_loop_piece_at(slot, at);
    bool crossfades = piece.goes_round && slot->loop_crossfade > 0;
    if (piece.silent || crossfades || piece.frames < count ||
        piece.frame + count + MOTET_KERNEL_SLACK > material->frame_count) {
        return NULL;
    }
    return (const float *)material->samples + piece.frame * slot->channels;
}

void motet_source_gather(const motet_kernels *kernels, const motet_slot *slot, int64_t at, float *out,
                         uint32_t count) MOTET_NONBLOCKING
{
    uint32_t channels = slot->channels;
    uint32_t done = 0;
    while (done < count) {
        if (slot->feed == NULL && done > 0 && repeats(slot, at + done, done)) {
            size_t length = (size_t)(slot->loop_end - slot->loop_start) * channels;
            for (size_t k = (size_t)done * channels; k < (size_t)count * channels; k++) {
                out[k] = out[k - length];
            }
            return;
        }
        motet_loop_piece piece =
            slot->feed != NULL ? piece_of_feed(slot->feed, at + done) : motet_loop_piece_at(slot, at + done);
        uint32_t frames = piece.frames < count - done ? (uint32_t)piece.frames : count - done;
        float *to = out + (size_t)done * channels;
        if (piece.silent) {
            memset(to, 0, (size_t)frames * channels * sizeof *to);
        } else {
            unpack(kernels, slot, piece.frame, to, frames);
            motet_loop_crossfade(slot, piece, to, frames);
        }
        done += frames;
    }
}
