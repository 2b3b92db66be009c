#include "engine/stream.h"

#include "engine/source_gather.h"

motet_stream_key motet_stream_key_of(bool original, uint64_t page) MOTET_NONBLOCKING
{
    return (page << 1 | (original ? 1 : 0)) + 1;
}

/* ------------------------------------------------------------------------------------------------ What is there */

const void *motet_stream_find(motet_stream *stream, bool original, uint64_t page) MOTET_NONBLOCKING
{
    motet_stream_key key = motet_stream_key_of(original, page);
    if (stream->seen_last < stream->seen_count && stream->seen[stream->seen_last].key == key) {
        return stream->seen[stream->seen_last].samples;
    }
    for (uint32_t i = 0; i < stream->seen_count; i++) {
        if (stream->seen[i].key == key) {
            stream->seen_last = i;
            return stream->seen[i].samples;
        }
    }
    return NULL;
}

/* How many of `count` frames of the material from `frame` on are there, one after the other. */
static uint64_t count_present(motet_stream *stream, bool original, uint64_t frame, uint64_t count) MOTET_NONBLOCKING
{
    uint64_t done = 0;
    while (done < count) {
        uint64_t page = (frame + done) / MOTET_STREAM_PAGE_FRAMES;
        if (motet_stream_find(stream, original, page) == NULL) {
            return done;
        }
        done = (page + 1) * MOTET_STREAM_PAGE_FRAMES - frame;
    }
    return count;
}

uint64_t motet_stream_crossfaded(const motet_slot *slot, motet_loop_piece piece, uint64_t count,
                                 uint64_t *before) MOTET_NONBLOCKING
{
    uint64_t length = slot->loop_crossfade;
    if (length == 0 || !piece.goes_round || piece.frame + count <= slot->loop_end - length) {
        return UINT64_MAX;
    }
    uint64_t first = piece.frame < slot->loop_end - length ? slot->loop_end - length : piece.frame;
    *before = first - (slot->loop_end - slot->loop_start);
    return first;
}

int64_t motet_stream_missing(const motet_slot *slot, int64_t at, int64_t end) MOTET_NONBLOCKING
{
    motet_stream *stream = slot->stream;
    bool original = slot->from_original;
    while (at < end) {
        motet_loop_piece piece = motet_loop_piece_at(slot, at);
        uint64_t left = (uint64_t)(end - at);
        uint64_t frames = piece.frames < left ? piece.frames : left;
        if (!piece.silent) {
            uint64_t before;
            uint64_t there = count_present(stream, original, piece.frame, frames);
            uint64_t first = motet_stream_crossfaded(slot, piece, there, &before);
            if (first != UINT64_MAX) {
                uint64_t plain = first - piece.frame;
                there = plain + count_present(stream, original, before, there - plain);
            }
            if (there < frames) {
                return at + (int64_t)there;
            }
        }
        at += (int64_t)frames;
    }
    return end;
}

/* ---------------------------------------------------------------------------------------------- What is shown */

void motet_stream_show_plan(motet_stream *stream) MOTET_NONBLOCKING
{
    uint32_t turn = motet_load_relaxed_u32(&stream->turn) + 1;
    uint32_t copy = turn & 1;
    for (uint32_t i = 0; i < stream->plan_count; i++) {
        motet_store_release_u64(&stream->wants[copy][2 * i], stream->plan[i].key);
        motet_store_release_u64(&stream->wants[copy][2 * i + 1], stream->plan[i].due);
    }
    motet_store_release_u32(&stream->want_count[copy], stream->plan_count);
    motet_store_release_u32(&stream->turn, turn);
}

/* ------------------------------------------------------------------------------------------------ Once a block */

/* Takes in the pages that have come, and hands back those that nobody wants. */
static void take_pages(motet_stream *stream) MOTET_NONBLOCKING
{
    uint32_t pages = motet_load_acquire_u32(&stream->page_count);
    stream->seen_count = 0;
    for (uint32_t i = 0; i < pages; i++) {
        motet_stream_key key = motet_load_acquire_u64(&stream->pages[i].key);
        if (key != 0) {
            stream->seen[stream->seen_count++] = (motet_stream_seen){key, stream->pages[i].samples, i};
        }
    }
}

static void give_pages(motet_stream *stream) MOTET_NONBLOCKING
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < stream->seen_count; i++) {
        if (motet_stream_planned(stream, stream->seen[i].key, NULL) != NULL) {
            stream->seen[kept++] = stream->seen[i];
        } else {
            motet_store_release_u64(&stream->pages[stream->seen[i].page].key, 0);
        }
    }
    stream->seen_count = kept;
}

/* The length, once decoding has found the end; true when that is news. */
static bool take_end(motet_stream *stream) MOTET_NONBLOCKING
{
    uint64_t end = motet_load_acquire_u64(&stream->end);
    if (end == UINT64_MAX || end >= stream->material.file_frame_count) {
        return false;
    }
    bool converted = stream->material.sample_rate_hz != stream->material.file_rate_hz;
    stream->has_failed = motet_load_relaxed_u32(&stream->failed) != 0;
    stream->material.file_frame_count = end;
    stream->material.frame_count = converted ? motet_load_relaxed_u64(&stream->end_converted) : end;
    stream->original.file_frame_count = stream->original.frame_count = end;
    return true;
}

bool motet_stream_take(motet_stream *stream) MOTET_NONBLOCKING
{
    take_pages(stream);
    return take_end(stream); /* behind the pages: what the last of them says is known with it */
}

void motet_stream_settle_plan(motet_stream *stream) MOTET_NONBLOCKING
{
    give_pages(stream);
    motet_stream_show_plan(stream);
    stream->planned.made = false;
}
