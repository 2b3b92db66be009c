#include "engine/quiet.h"

#include "engine/engine.h"

#include "dsp/math.h"

bool motet_quiet_create(motet_quiet *quiet, motet_heap *heap, double threshold_db, uint32_t max_buses)
{
    const double octaves_per_db = 0.16609640474436812; /* log2(10) / 20 */
    quiet->threshold = threshold_db < 0 ? motet_exp2(threshold_db * octaves_per_db) : 0;
    quiet->bus_levels = motet_heap_take(heap, max_buses * sizeof *quiet->bus_levels, MOTET_CACHE_LINE);
    return quiet->bus_levels != NULL;
}

void motet_quiet_destroy(motet_quiet *quiet, motet_heap *heap, uint32_t max_buses)
{
    motet_heap_give(heap, quiet->bus_levels, max_buses * sizeof *quiet->bus_levels);
}

/* The higher of where a ramp is and where it goes. */
static double most_of(const motet_ramp *ramp, uint64_t now) MOTET_NONBLOCKING
{
    double value = motet_ramp_value(ramp, now);
    return value > ramp->to ? value : ramp->to;
}

static double level_of(const motet_engine *engine, const motet_slot *slot) MOTET_NONBLOCKING
{
    uint64_t now = engine->now;
    const motet_bus_node *node = engine->mixer.topology->by_index[slot->place.bus];
    return most_of(&slot->volume, now) * most_of(&slot->fade_in, now) * most_of(&slot->pause_gate, now) *
           most_of(&slot->stop_gate, now) * most_of(&node->solo_gate, now) * engine->quiet.bus_levels[slot->place.bus];
}

static bool may_be_quiet(const motet_slot *slot) MOTET_NONBLOCKING
{
    return slot->feed == NULL && slot->quality != MOTET_QUALITY_LINEAR && slot->quality != MOTET_QUALITY_CUBIC;
}

void motet_quiet_choose(motet_engine *engine) MOTET_NONBLOCKING
{
    motet_quiet *quiet = &engine->quiet;
    bool on_grid = engine->now % MOTET_CHOICE_FRAMES == 0;
    if (quiet->threshold == 0 || (!on_grid && !quiet->bus_moved)) {
        return;
    }
    quiet->bus_moved = false;
    motet_topology_measure(engine->mixer.topology, engine->now, most_of, quiet->bus_levels);
    const motet_crowd *real = &engine->slots.real;
    for (uint32_t i = 0; i < real->count; i++) {
        motet_slot *slot = &engine->slots.slots[real->slots[i]];
        if (slot->is_quiet && level_of(engine, slot) >= quiet->threshold * MOTET_QUIET_MARGIN) {
            motet_quiet_rouse(slot);
        } else if (on_grid && !slot->is_quiet && may_be_quiet(slot) && level_of(engine, slot) < quiet->threshold) {
            motet_steady_leave(slot);
            slot->is_quiet = true;
        }
    }
}
