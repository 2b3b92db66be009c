#include "engine/loop.h"

#include "engine/source_gather.h"

static uint64_t length_of(const motet_slot *slot) MOTET_NONBLOCKING
{
    return slot->loop_end - slot->loop_start;
}

/* How often it will still go round. */
static uint64_t rounds_left(const motet_slot *slot) MOTET_NONBLOCKING
{
    return slot->passes == 0 ? UINT64_MAX : slot->passes - 1;
}

bool motet_material_settle_loop(const motet_material *material, bool whole, double crossfade_seconds,
                                motet_loop_range *range) MOTET_NONBLOCKING
{
    uint64_t frames = material->file_frame_count;
    if (range->start == 0 && range->end == 0 && !whole) { /* also where the loop is switched on later */
        range->start = material->loop_start;
        range->end = material->loop_end;
    }
    range->end = range->end == 0 || range->end > frames ? frames : range->end;
    double seconds = crossfade_seconds < 0 ? 0 : crossfade_seconds > 86400 ? 86400 : crossfade_seconds;
    range->crossfade = (uint64_t)(seconds * material->file_rate_hz + 0.5);
    return range->start < range->end || frames == 0;
}

uint64_t motet_loop_limit(const motet_slot *slot) MOTET_NONBLOCKING
{
    uint64_t end = motet_source_material(slot)->frame_count;
    if (!motet_loop_is_on(slot)) {
        return end;
    }
    return slot->passes == 0 ? UINT64_MAX : end + rounds_left(slot) * length_of(slot);
}

void motet_loop_wrap(motet_slot *slot) MOTET_NONBLOCKING
{
    if (slot->position < slot->loop_end) {
        return;
    }
    uint64_t rounds = (slot->position - slot->loop_end) / length_of(slot) + 1;
    if (slot->passes != 0) {
        rounds = rounds < rounds_left(slot) ? rounds : rounds_left(slot);
        slot->passes -= (uint32_t)rounds;
    }
    slot->position -= rounds * length_of(slot);
    slot->rounds = rounds < UINT32_MAX - slot->rounds ? slot->rounds + (uint32_t)rounds : UINT32_MAX;
    slot->laps += rounds < UINT32_MAX - slot->laps ? (uint32_t)rounds : 0;
}

int64_t motet_loop_first(const motet_slot *slot) MOTET_NONBLOCKING
{
    if (slot->loop_start == 0 && slot->loop && slot->position < slot->loop_end) {
        return INT64_MIN;
    }
    return (int64_t)slot->loop_start - (int64_t)(slot->rounds * length_of(slot));
}

motet_loop_piece motet_loop_piece_at(const motet_slot *slot, int64_t at) MOTET_NONBLOCKING
{
    bool on = motet_loop_is_on(slot);
    int64_t first = motet_loop_first(slot);
    if (at < (int64_t)slot->loop_start && at >= first) {
        uint64_t back = (uint64_t)((int64_t)slot->loop_start - 1 - at) % length_of(slot);
        return (motet_loop_piece){false, true, slot->loop_end - 1 - back, back + 1};
    }
    if (at < first) { /* before the first pass */
        int64_t frame = at + ((int64_t)slot->loop_start - first);
        return frame < 0 ? (motet_loop_piece){true, false, 0, (uint64_t)-frame}
                         : (motet_loop_piece){false, false, (uint64_t)frame, (uint64_t)(first - at)};
    }
    uint64_t frame = (uint64_t)at;
    if (on && frame < slot->loop_end) {
        return (motet_loop_piece){false, true, frame, slot->loop_end - frame};
    }
    if (on) {
        uint64_t past = frame - slot->loop_end;
        uint64_t rounds = past / length_of(slot) + 1;
        if (rounds <= rounds_left(slot)) {
            uint64_t inside = past % length_of(slot);
            return (motet_loop_piece){false, rounds < rounds_left(slot), slot->loop_start + inside,
                                      length_of(slot) - inside};
        }
        frame -= rounds_left(slot) * length_of(slot);
    }
    if (frame < motet_source_material(slot)->frame_count) {
        return (motet_loop_piece){false, false, frame, motet_source_material(slot)->frame_count - frame};
    }
    return (motet_loop_piece){true, false, 0, UINT64_MAX};
}

static float sample_at(const motet_slot *slot, uint64_t frame, uint32_t channel) MOTET_NONBLOCKING
{
    const motet_material *material = motet_source_material(slot);
    const void *samples = material->samples;
    if (slot->stream != NULL) {
        samples = motet_stream_find(slot->stream, slot->from_original, frame / MOTET_STREAM_PAGE_FRAMES);
        frame %= MOTET_STREAM_PAGE_FRAMES;
        if (samples == NULL) {
            return 0;
        }
    }
    uint64_t at = frame * slot->channels + channel;
    return material->format == MOTET_FORMAT_S16 ? (float)((const int16_t *)samples)[at] * 0x1p-15f
                                                : ((const float *)samples)[at];
}

void motet_loop_crossfade(const motet_slot *slot, motet_loop_piece piece, float *frames,
                          uint32_t count) MOTET_NONBLOCKING
{
    uint64_t length = slot->loop_crossfade;
    if (slot->feed != NULL || length == 0 || !piece.goes_round || piece.frame + count <= slot->loop_end - length) {
        return;
    }
    uint64_t first = slot->loop_end - length;
    for (uint64_t frame = piece.frame < first ? first : piece.frame; frame < piece.frame + count; frame++) {
        float *at = frames + (frame - piece.frame) * slot->channels;
        double t = (double)(frame - first) / (double)length;
        float share = (float)(t * t * (3 - 2 * t));
        uint64_t before = frame - length_of(slot); /* as far before the start as `frame` is before the end */
        for (uint32_t channel = 0; channel < slot->channels; channel++) {
            at[channel] += share * (sample_at(slot, before, channel) - at[channel]);
        }
    }
}
