#include "engine/markers.h"

#include "engine/engine.h"
#include "engine/source.h"
#include "engine/source_gather.h"

/* ----------------------------------------------------------------------------------------- Places and distances */

static bool is_before(motet_marker_place a, motet_marker_place b) MOTET_NONBLOCKING
{
    return a.frame != b.frame ? a.frame < b.frame : a.fraction < b.fraction;
}

static motet_marker_place sum(motet_marker_place a, motet_marker_place b) MOTET_NONBLOCKING
{
    uint64_t parts = (uint64_t)a.fraction + b.fraction;
    return (motet_marker_place){a.frame + b.frame + (parts >> 32), (uint32_t)parts};
}

/* `b` is not behind `a`. */
static motet_marker_place difference(motet_marker_place a, motet_marker_place b) MOTET_NONBLOCKING
{
    return (motet_marker_place){a.frame - b.frame - (a.fraction < b.fraction), a.fraction - b.fraction};
}

/* `count` steps of 32.32; it is at most 2^30, as motet_source_advance has it. */
static motet_marker_place steps(uint64_t step, uint64_t count) MOTET_NONBLOCKING
{
    uint64_t parts = (step & UINT32_MAX) * count;
    return (motet_marker_place){(step >> 32) * count + (parts >> 32), (uint32_t)parts};
}

/* ------------------------------------------------------------------------------------------------ What is passed */

typedef struct passage {
    uint64_t count;
    uint32_t first;              /* number of the first marker ... */
    motet_marker_place distance; /* ... and how far it is from where the walk began */
} passage;

static uint32_t count_before(const motet_material *material, motet_marker_place place) MOTET_NONBLOCKING
{
    uint32_t low = 0;
    uint32_t high = material->marker_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (is_before(material->markers[middle], place)) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

/* On a way of `length` that does not go round. */
static passage straight(const motet_material *material, motet_marker_place from,
                        motet_marker_place length) MOTET_NONBLOCKING
{
    uint32_t first = count_before(material, from);
    uint32_t last = count_before(material, sum(from, length));
    passage found = {.count = last - first, .first = first};
    if (first < last) {
        found.distance = difference(material->markers[first], from);
    }
    return found;
}

/* The two one after the other, `way` from the start of the first to that of the second. */
static passage then(passage found, passage next, motet_marker_place way) MOTET_NONBLOCKING
{
    if (found.count == 0) {
        found.first = next.first;
        found.distance = sum(way, next.distance);
    }
    found.count += next.count;
    return found;
}

/* On a way of `length`, round the loop as often as the slot goes: to the loop's end, through whole passes, and on from
 * its start, which after the last round may lead past its end. */
static passage find(const motet_slot *slot, motet_marker_walk walk, motet_marker_place length) MOTET_NONBLOCKING
{
    const motet_material *material = motet_source_material(slot);
    const motet_marker_place start = {slot->loop_start, 0};
    const motet_marker_place end = {slot->loop_end, 0};
    bool looping = slot->loop && walk.passes != 1 && walk.from.frame < slot->loop_end;
    if (!looping || is_before(sum(walk.from, length), end)) {
        return straight(material, walk.from, length);
    }
    motet_marker_place way = difference(end, walk.from);
    passage found = straight(material, walk.from, way);
    motet_marker_place rest = difference(length, way);
    uint64_t range = slot->loop_end - slot->loop_start;
    uint64_t rounds = rest.frame / range;
    if (walk.passes != 0 && rounds > walk.passes - 2) { /* to go round once was the first of passes - 1 */
        rounds = walk.passes - 2;
    }
    passage round = straight(material, start, (motet_marker_place){range, 0});
    if (rounds > 0) {
        round.count *= rounds < UINT32_MAX ? rounds : UINT32_MAX;
        found = then(found, round, way);
        way.frame += rounds * range;
        rest.frame -= rounds * range;
    }
    return then(found, straight(material, start, rest), way);
}

static void note(motet_slot *slot, passage found, uint64_t frame) MOTET_NONBLOCKING
{
    if (slot->markers_passed == 0) {
        slot->marker = found.first;
        slot->marker_frame = frame;
    }
    uint64_t room = UINT32_MAX - slot->markers_passed;
    slot->markers_passed += (uint32_t)(found.count < room ? found.count : room);
}

void motet_markers_note_evenly(motet_slot *slot, motet_marker_walk walk, uint64_t step,
                               uint64_t count) MOTET_NONBLOCKING
{
    passage found = find(slot, walk, steps(step, count));
    if (found.count == 0) {
        return;
    }
    uint64_t low = 0; /* the frame is the first to which so many steps lead far enough */
    uint64_t high = count;
    while (low < high) {
        uint64_t middle = low + (high - low) / 2;
        if (is_before(steps(step, middle), found.distance)) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    note(slot, found, slot->now + low);
}

/* How far `count` frames of a glide lead; it stops at the first that reaches `far`, and returns how many that took. */
static uint64_t glide(const motet_engine *engine, const motet_slot *slot, uint64_t count, motet_marker_place far,
                      motet_marker_place *length) MOTET_NONBLOCKING
{
    double pitches[MOTET_GRID_FRAMES];
    uint32_t rate = motet_source_material(slot)->sample_rate_hz;
    uint64_t done = 0;
    *length = (motet_marker_place){0, 0};
    while (done < count && is_before(*length, far)) {
        uint32_t at = (uint32_t)(done % MOTET_GRID_FRAMES);
        if (at == 0) {
            uint64_t left = count - done;
            uint32_t wanted = left < MOTET_GRID_FRAMES ? (uint32_t)left : MOTET_GRID_FRAMES;
            motet_ramp_write(engine->mixer.ramp_tables, pitches, &slot->pitch, slot->now + done, wanted);
        }
        *length = sum(*length, steps(motet_source_step(pitches[at], rate, engine->def.sample_rate_hz), 1));
        done++;
    }
    return done;
}

void motet_markers_note(const motet_engine *engine, motet_slot *slot, motet_marker_walk walk,
                        uint64_t count) MOTET_NONBLOCKING
{
    if (motet_ramp_done(&slot->pitch, slot->now)) {
        motet_markers_note_evenly(slot, walk, motet_source_present_step(engine, slot), count);
        return;
    }
    motet_marker_place length, reached;
    glide(engine, slot, count, (motet_marker_place){UINT64_MAX, 0}, &length);
    passage found = find(slot, walk, length);
    if (found.count > 0) {
        note(slot, found, slot->now + glide(engine, slot, count, found.distance, &reached));
    }
}

/* --------------------------------------------------------------------------------------------------------- Telling */

void motet_markers_tell(motet_engine *engine, motet_slot *slot) MOTET_NONBLOCKING
{
    if (slot->marked && slot->markers_passed > 0) {
        motet_event event = {.type = MOTET_EVENT_VOICE_MARKER,
                             .frame = slot->marker_frame,
                             .voice = {motet_id_make(engine, slot->place.index, slot->generation)},
                             .user = slot->user,
                             .count = slot->markers_passed,
                             .marker = slot->marker};
        motet_event_stage(engine, &event);
        slot->markers_passed = 0;
    }
}

/* Engine frames after which a place so far ahead has been rendered, at a constant step; fewer where it is very far. */
static uint64_t frames_past(motet_marker_place distance, uint64_t step) MOTET_NONBLOCKING
{
    if (distance.frame >= UINT32_MAX) {
        return distance.frame / ((step >> 32) + 1);
    }
    return (distance.frame << 32 | distance.fraction) / step + 1;
}

uint64_t motet_markers_alarm(const motet_engine *engine, const motet_slot *slot) MOTET_NONBLOCKING
{
    const motet_marker_place far = {UINT64_C(1) << 50, 0}; /* longer than any sound; nothing overflows */
    uint64_t frames = 1;
    if (!slot->marked || (slot->held && slot->markers_passed == 0)) {
        return UINT64_MAX;
    }
    if (slot->markers_passed == 0 && motet_ramp_done(&slot->pitch, slot->now)) {
        passage next = find(slot, motet_markers_walk_from(slot), far);
        if (next.count == 0) {
            return UINT64_MAX;
        }
        frames = frames_past(next.distance, motet_source_present_step(engine, slot));
    }
    uint64_t until = slot->now + frames + MOTET_BLOCK_FRAMES - 1;
    return until - until % MOTET_BLOCK_FRAMES;
}
