#include "engine/pause.h"

#include "engine/engine.h"
#include "engine/slot_private.h"
#include "engine/stems.h"

static bool stands(const motet_engine *engine, const motet_slot *slot) MOTET_NONBLOCKING
{
    return engine->mixer.topology->by_index[slot->place.bus]->stands;
}

static bool is_wanted_for_voice(const motet_engine *engine, const motet_slot *voice) MOTET_NONBLOCKING
{
    const motet_slot *slots = engine->slots.slots;
    bool wanted = stands(engine, voice);
    for (uint32_t s = voice->place.next_stem; s != MOTET_NO_SLOT && s != voice->place.index && !wanted;
         s = slots[s].place.next_stem) {
        wanted = stands(engine, &slots[s]);
    }
    return wanted;
}

bool motet_pause_wanted_by_bus(const motet_engine *engine, const motet_slot *slot) MOTET_NONBLOCKING
{
    if (!slot->place.is_tail) {
        return is_wanted_for_voice(engine, slot);
    }
    const motet_slot *owner = &engine->slots.slots[slot->place.owner];
    bool follows = motet_slot_is_alive(owner) && owner->place.bus == slot->place.bus;
    return follows ? is_wanted_for_voice(engine, owner) : stands(engine, slot);
}

bool motet_pause_meets(const motet_engine *engine, const motet_slot *slot, uint32_t bus) MOTET_NONBLOCKING
{
    return (slot->pauses & MOTET_PAUSED_BY_BUS) != 0 || engine->mixer.topology->by_index[bus]->stands;
}

static void settle(motet_engine *engine, motet_slot *slot, uint32_t fade_frames, motet_curve curve) MOTET_NONBLOCKING
{
    bool wanted = motet_pause_wanted_by_bus(engine, slot);
    if (wanted == ((slot->pauses & MOTET_PAUSED_BY_BUS) != 0)) {
        return;
    }
    motet_command command = {.kind = wanted ? MOTET_COMMAND_HOLD : MOTET_COMMAND_LET_GO,
                             .frame = engine->now,
                             .fade_frames = fade_frames,
                             .curve = (uint8_t)curve};
    if (slot->place.is_tail) {
        motet_slot_apply(engine, slot, &command);
    } else {
        motet_slot_apply_own(engine, slot, &command);
    }
}

static void settle_tails(motet_engine *engine, const motet_slot *voice, uint32_t fade_frames,
                         motet_curve curve) MOTET_NONBLOCKING
{
    motet_slot *slots = engine->slots.slots;
    for (uint32_t t = voice->place.first_tail; t != MOTET_NO_SLOT; t = slots[t].place.next_sibling) {
        if (!slots[t].place.is_reserved) {
            settle(engine, &slots[t], fade_frames, curve);
        }
    }
}

/* Every slot, by what its bus is now. */
static void settle_all(motet_engine *engine, uint32_t fade_frames, motet_curve curve) MOTET_NONBLOCKING
{
    for (uint32_t i = 0; i < engine->slots.voice_count; i++) {
        motet_slot *slot = &engine->slots.slots[i];
        if (slot->phase == MOTET_SLOT_FREE) {
            continue;
        }
        settle_tails(engine, slot, fade_frames, curve);
        if (motet_slot_is_alive(slot)) {
            settle(engine, slot, fade_frames, curve);
        }
    }
}

/* By a fade of its own, whatever comes next. */
static void let_go_of_left(motet_engine *engine) MOTET_NONBLOCKING
{
    if (engine->stem_left) {
        engine->stem_left = false;
        settle_all(engine, engine->declick_frames, MOTET_CURVE_SMOOTH);
    }
}

static bool is_paused(const motet_topology *topology, const motet_bus_node *node) MOTET_NONBLOCKING
{
    while (!node->paused && node->index != MOTET_MASTER) {
        node = topology->by_index[node->parent];
    }
    return node->paused;
}

void motet_pause_settle_buses(motet_engine *engine, uint32_t fade_frames, motet_curve curve) MOTET_NONBLOCKING
{
    const motet_topology *topology = engine->mixer.topology;
    bool changes = false;
    for (uint32_t i = 0; i < topology->count && !changes; i++) {
        changes = topology->by_index[i]->stands != is_paused(topology, topology->by_index[i]);
    }
    if (!changes) { /* a topology may come in any block, so nothing else may happen then */
        return;
    }
    let_go_of_left(engine);
    for (uint32_t i = 0; i < topology->count; i++) {
        topology->by_index[i]->stands = is_paused(topology, topology->by_index[i]);
    }
    settle_all(engine, fade_frames, curve);
}

void motet_pause_settle_voice(motet_engine *engine, motet_slot *slot, uint32_t fade_frames,
                              motet_curve curve) MOTET_NONBLOCKING
{
    motet_slot *stem = slot;
    do {
        if (motet_slot_is_alive(stem)) {
            settle_tails(engine, stem, fade_frames, curve);
            settle(engine, stem, fade_frames, curve);
        }
        stem = motet_stems_next(engine, stem);
    } while (stem != slot);
}

void motet_pause_stem_left(motet_engine *engine, const motet_slot *slot) MOTET_NONBLOCKING
{
    engine->stem_left = engine->stem_left || (slot->pauses & MOTET_PAUSED_BY_BUS) != 0;
}

void motet_pause_look(motet_engine *engine) MOTET_NONBLOCKING
{
    if (engine->now % MOTET_BLOCK_FRAMES == 0) {
        let_go_of_left(engine);
    }
}
