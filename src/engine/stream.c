#include "engine/stream.h"

#include "dsp/convert_rate.h"
#include "engine/engine.h"
#include "engine/source.h"
#include "engine/source_gather.h"

enum {
    HISTORY_FRAMES = MOTET_FEED_HISTORY_FRAMES, /* taps before a position, and behind it */
    PIECES_MOST = 128,                          /* of a loop that are looked at: shorter ones are whole by then */
    AHEAD_MOST = 180 * MOTET_STREAM_PAGE_FRAMES,
    REPLAN_FRAMES = 1024 /* a plan is as good for so many source frames more: it reaches further than is needed */
};

static motet_stream_key key_of(bool original, uint64_t page) MOTET_NONBLOCKING
{
    return (page << 1 | (original ? 1 : 0)) + 1;
}

/* ------------------------------------------------------------------------------------------------ What is there */

const void *motet_stream_find(motet_stream *stream, bool original, uint64_t page) MOTET_NONBLOCKING
{
    motet_stream_key key = key_of(original, page);
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

/* Of a piece's first `count` frames, those that the crossfade of the loop changes: the first of them, and where the
 * frames lie that come in; UINT64_MAX where there are none. */
static uint64_t crossfaded(const motet_slot *slot, motet_loop_piece piece, uint64_t count,
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
            uint64_t first = crossfaded(slot, piece, there, &before);
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

/* ---------------------------------------------------------------------------------------------- What is wanted */

/* Source frames in one engine frame, at the highest of the pitches on the way. */
static uint64_t fastest_step(const motet_engine *engine, const motet_slot *slot) MOTET_NONBLOCKING
{
    uint64_t now = motet_source_present_step(engine, slot);
    uint64_t later =
        motet_source_step(slot->pitch.to, motet_source_material(slot)->sample_rate_hz, engine->def.sample_rate_hz);
    return now > later ? now : later;
}

static uint64_t source_frames(uint64_t frames, uint64_t step) MOTET_NONBLOCKING
{
    frames = frames < UINT32_MAX ? frames : UINT32_MAX;
    uint64_t whole = frames * (step >> 32) + (frames * (step & UINT32_MAX) >> 32);
    return whole < AHEAD_MOST ? whole : AHEAD_MOST;
}

/* A quarter of a second at the slot's pitch, and no less than the longest filter looks at. */
static uint64_t primed_frames(const motet_engine *engine, const motet_slot *slot) MOTET_NONBLOCKING
{
    uint64_t quarter = engine->def.sample_rate_hz / 4;
    uint64_t frames = source_frames(quarter, fastest_step(engine, slot)) + HISTORY_FRAMES;
    return frames < MOTET_WINDOW_FRAMES ? MOTET_WINDOW_FRAMES : frames;
}

bool motet_stream_is_primed(const motet_engine *engine, const motet_slot *slot) MOTET_NONBLOCKING
{
    int64_t from = (int64_t)slot->position - HISTORY_FRAMES;
    int64_t to = (int64_t)(slot->position + primed_frames(engine, slot));
    return motet_stream_missing(slot, from, to) == to;
}

static void want(motet_stream *stream, motet_stream_key key, uint64_t due) MOTET_NONBLOCKING
{
    for (uint32_t i = stream->plan_count; i-- > 0;) {
        motet_stream_want *planned = &stream->plan[i];
        if (planned->key == key) {
            planned->due = due < planned->due ? due : planned->due;
            return;
        }
    }
    if (stream->plan_count < MOTET_STREAM_WANTED) {
        stream->plan[stream->plan_count++] = (motet_stream_want){key, due};
    }
}

static void want_frames(motet_stream *stream, bool original, uint64_t frame, uint64_t count, uint64_t due,
                        uint64_t step) MOTET_NONBLOCKING
{
    uint64_t whole = (original ? &stream->original : &stream->material)->frame_count;
    uint64_t end = frame + count < whole ? frame + count : whole;
    uint64_t page = frame / MOTET_STREAM_PAGE_FRAMES;
    for (uint64_t at = frame; at < end; at = ++page * MOTET_STREAM_PAGE_FRAMES) {
        want(stream, key_of(original, page), due + ((at - frame) << 32) / step);
    }
}

void motet_stream_plan(const motet_engine *engine, motet_stream *stream, const motet_slot *slot,
                       uint64_t frames) MOTET_NONBLOCKING
{
    bool original = slot->from_original;
    uint64_t step = fastest_step(engine, slot);
    uint64_t ahead = 2 * primed_frames(engine, slot) + source_frames(frames, step);
    ahead = ahead < AHEAD_MOST ? ahead : AHEAD_MOST;
    int64_t position = (int64_t)slot->position;
    int64_t end = position + (int64_t)ahead;
    int64_t at = position - HISTORY_FRAMES;
    for (uint32_t pieces = 0; at < end && pieces < PIECES_MOST; pieces++) {
        motet_loop_piece piece = motet_loop_piece_at(slot, at);
        uint64_t left = (uint64_t)(end - at);
        uint64_t count = piece.frames < left ? piece.frames : left;
        uint64_t due = slot->now + (at > position ? ((uint64_t)(at - position) << 32) / step : 0);
        uint64_t before;
        uint64_t first = piece.silent ? UINT64_MAX : crossfaded(slot, piece, count, &before);
        if (!piece.silent) {
            want_frames(stream, original, piece.frame, count, due, step);
        }
        if (first != UINT64_MAX) {
            want_frames(stream, original, before, piece.frame + count - first,
                        due + ((first - piece.frame) << 32) / step, step);
        }
        at += (int64_t)count;
    }
    if (motet_loop_is_on(slot)) {
        /* The start of the loop is kept, and where it is short what comes behind it. */
        uint64_t half = motet_source_material(slot)->sample_rate_hz / 2;
        uint64_t length = slot->loop_end - slot->loop_start;
        uint64_t due =
            slot->now + (length < AHEAD_MOST ? ((slot->loop_end - slot->position) << 32) / step : AHEAD_MOST);
        want_frames(stream, original, slot->loop_start, half < length ? half : length, due, step);
        if (slot->passes != 0 && length * slot->passes < ahead) {
            want_frames(stream, original, slot->loop_end, ahead, due, step);
        }
    }
}

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
        uint32_t wanted = 0;
        while (wanted < stream->plan_count && stream->plan[wanted].key != stream->seen[i].key) {
            wanted++;
        }
        if (wanted < stream->plan_count) {
            stream->seen[kept++] = stream->seen[i];
        } else {
            motet_store_release_u64(&stream->pages[stream->seen[i].page].key, 0);
        }
    }
    stream->seen_count = kept;
}

/* The length, once decoding has found the end. */
static void take_end(motet_stream *stream) MOTET_NONBLOCKING
{
    uint64_t end = motet_load_acquire_u64(&stream->end);
    if (end == UINT64_MAX || end >= stream->material.file_frame_count) {
        return;
    }
    bool converted = stream->material.sample_rate_hz != stream->material.file_rate_hz;
    stream->has_failed = motet_load_relaxed_u32(&stream->failed) != 0;
    stream->material.file_frame_count = end;
    stream->material.frame_count = converted ? motet_load_relaxed_u64(&stream->end_converted) : end;
    stream->original.file_frame_count = stream->original.frame_count = end;
}

void motet_stream_take(motet_stream *stream) MOTET_NONBLOCKING
{
    take_pages(stream);
    take_end(stream); /* behind the pages: what the last of them says is known with it */
    stream->plan_count = 0;
    stream->planned.made = false;
}

void motet_stream_settle_plan(motet_stream *stream) MOTET_NONBLOCKING
{
    give_pages(stream);
    motet_stream_show_plan(stream);
}

static motet_stream_place place_of(const motet_engine *engine, const motet_slot *slot) MOTET_NONBLOCKING
{
    return (motet_stream_place){.made = true,
                                .original = slot->from_original,
                                .loop = slot->loop,
                                .passes = slot->passes,
                                .rounds = slot->rounds,
                                .position = slot->position,
                                .step = fastest_step(engine, slot),
                                .loop_start = slot->loop_start,
                                .loop_end = slot->loop_end,
                                .loop_crossfade = slot->loop_crossfade,
                                .frame_count = motet_source_material(slot)->frame_count};
}

/* Whether a plan made for one place will do for another. */
static bool serves(const motet_stream_place *planned, const motet_stream_place *place) MOTET_NONBLOCKING
{
    return planned->made && place->position >= planned->position &&
           place->position - planned->position < REPLAN_FRAMES && planned->original == place->original &&
           planned->loop == place->loop && planned->passes == place->passes && planned->rounds == place->rounds &&
           planned->step == place->step && planned->loop_start == place->loop_start &&
           planned->loop_end == place->loop_end && planned->loop_crossfade == place->loop_crossfade &&
           planned->frame_count == place->frame_count;
}

void motet_stream_look(motet_engine *engine, const motet_slot *slot, uint64_t block_start) MOTET_NONBLOCKING
{
    motet_stream *stream = slot->stream;
    if (stream->looked_at == block_start + 1) {
        return;
    }
    stream->looked_at = block_start + 1;
    const motet_slot *slots = engine->slots.slots;
    const motet_slot *voice = slot->place.is_tail ? &slots[slot->place.owner] : slot;
    take_pages(stream);
    take_end(stream); /* behind the pages: what the last of them says is known with it */
    bool alone = voice->phase == MOTET_SLOT_PLAYING && !voice->place.is_virtual && voice->place.tail_count == 0;
    motet_stream_place place = place_of(engine, voice);
    place.made = alone;
    if (alone && serves(&stream->planned, &place)) {
        return;
    }
    stream->plan_count = 0;
    if (voice->phase == MOTET_SLOT_PLAYING && !voice->place.is_virtual) {
        motet_stream_plan(engine, stream, voice, 0);
    }
    for (uint32_t t = voice->place.first_tail; t != MOTET_NO_SLOT; t = slots[t].place.next_sibling) {
        if (!slots[t].place.is_reserved) {
            motet_stream_plan(engine, stream, &slots[t], 0);
        }
    }
    motet_stream_settle_plan(stream);
    stream->planned = place;
}
