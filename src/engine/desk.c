#include "engine/desk.h"

#include "engine/effect_unit.h"
#include "engine/engine.h"
#include "engine/pause.h"

/* ------------------------------------------------------------------------------------------------------- Buses */

void motet_desk_apply_to_bus(motet_bus_node *node, const motet_command *command, uint64_t frame) MOTET_NONBLOCKING
{
    motet_ramp *ramp = command->kind == MOTET_COMMAND_BUS_SET_VOLUME ? &node->volume : &node->mute_gate;
    motet_ramp_start(ramp, frame, command->fade_frames, (motet_curve)command->curve, command->value.number);
}

static bool is_soloed(const motet_topology *topology, const motet_bus_node *node) MOTET_NONBLOCKING
{
    while (!node->solo && node->index != MOTET_MASTER) {
        node = topology->by_index[node->parent];
    }
    return node->solo;
}

void motet_desk_open_solo_gates(motet_engine *engine, uint64_t frame, uint32_t fade_frames,
                                motet_curve curve) MOTET_NONBLOCKING
{
    const motet_topology *topology = engine->mixer.topology;
    bool any = false;
    for (uint32_t i = 0; i < topology->count; i++) {
        any = any || topology->by_index[i]->solo;
    }
    for (uint32_t i = 0; i < topology->count; i++) {
        motet_bus_node *node = topology->by_index[i];
        double open = !any || is_soloed(topology, node) ? 1 : 0;
        if (node->solo_gate.to != open) {
            motet_ramp_start(&node->solo_gate, frame, fade_frames, curve, open);
        }
    }
}

/* ------------------------------------------------------------------------------------------- Routes and effects */

/* NULL where it has been taken out since. */
static motet_route *route_of(const motet_engine *engine, const motet_command *command) MOTET_NONBLOCKING
{
    const motet_topology *topology = engine->mixer.topology;
    motet_route *route = command->target < topology->route_count ? topology->routes[command->target] : NULL;
    return route != NULL && route->generation == command->generation ? route : NULL;
}

static motet_effect_unit *unit_of(const motet_engine *engine, const motet_command *command) MOTET_NONBLOCKING
{
    const motet_topology *topology = engine->mixer.topology;
    motet_effect_unit *unit = command->target < topology->unit_count ? topology->units[command->target] : NULL;
    return unit != NULL && unit->generation == command->generation ? unit : NULL;
}

static void apply_to_route(motet_engine *engine, motet_route *route, const motet_command *command,
                           uint64_t frame) MOTET_NONBLOCKING
{
    motet_curve curve = (motet_curve)command->curve;
    route->fades_away = (command->index & MOTET_ROUTE_FADES_AWAY) != 0;
    if (!route->fades_away) {
        motet_store_relaxed_u32(&route->gone, 0);
    }
    motet_ramp_start(&route->gain, frame, command->fade_frames, curve, command->value.number);
    if ((command->index & MOTET_ROUTE_IS_PARENT) != 0) {
        engine->mixer.topology->by_index[route->from]->parent = route->to;
        motet_desk_open_solo_gates(engine, frame, command->fade_frames, curve);
        motet_pause_settle_buses(engine, command->fade_frames, curve);
    }
}

uint32_t motet_desk_apply_route(motet_engine *engine, motet_route *route, uint64_t block_start, uint32_t done,
                                uint32_t count) MOTET_NONBLOCKING
{
    while (route->chain.next != MOTET_NO_COMMAND) {
        const motet_command *command = &engine->commands.commands[route->chain.next];
        if (command->frame > block_start + done) {
            return (uint32_t)(command->frame - block_start);
        }
        apply_to_route(engine, route, command, command->frame);
        route->chain.next = command->next;
    }
    return count;
}

/* ------------------------------------------------------------------------------------------------------ Commands */

void motet_desk_apply_now(motet_engine *engine, uint32_t index) MOTET_NONBLOCKING
{
    const motet_command *command = &engine->commands.commands[index];
    uint64_t frame = engine->now;
    if (command->kind == MOTET_COMMAND_ROUTE_SET) {
        motet_route *route = route_of(engine, command);
        if (route != NULL) {
            apply_to_route(engine, route, command, frame);
        }
    } else if (command->kind == MOTET_COMMAND_EFFECT_SET) {
        motet_effect_unit *unit = unit_of(engine, command);
        if (unit != NULL) {
            motet_effect_unit_apply(unit, command, engine->def.sample_rate_hz, frame);
        }
    } else if (command->kind == MOTET_COMMAND_BUS_SET_SOLO) {
        engine->mixer.topology->by_index[command->target]->solo = command->index != 0;
        motet_desk_open_solo_gates(engine, frame, command->fade_frames, (motet_curve)command->curve);
    } else if (command->kind == MOTET_COMMAND_BUS_SET_PAUSED) {
        engine->mixer.topology->by_index[command->target]->paused = command->index != 0;
        motet_pause_settle_buses(engine, command->fade_frames, (motet_curve)command->curve);
    } else {
        motet_desk_apply_to_bus(engine->mixer.topology->by_index[command->target], command, frame);
    }
}

bool motet_desk_ends_block(const motet_engine *engine, const motet_command *command) MOTET_NONBLOCKING
{
    if (command->kind == MOTET_COMMAND_EFFECT_SET) {
        return false;
    }
    if (engine->quiet.threshold > 0) {
        return true; /* it may give any voice its own filter back */
    }
    /* Rare, and they move the gates of any number of buses or voices. */
    return command->kind == MOTET_COMMAND_BUS_SET_SOLO || command->kind == MOTET_COMMAND_BUS_SET_PAUSED ||
           (command->kind == MOTET_COMMAND_ROUTE_SET && (command->index & MOTET_ROUTE_IS_PARENT) != 0);
}

/* NULL where what it is of has been taken out since. */
static motet_chain *chain_of(const motet_engine *engine, const motet_command *command) MOTET_NONBLOCKING
{
    if (command->kind == MOTET_COMMAND_ROUTE_SET) {
        motet_route *route = route_of(engine, command);
        return route != NULL ? &route->chain : NULL;
    }
    if (command->kind == MOTET_COMMAND_EFFECT_SET) {
        motet_effect_unit *unit = unit_of(engine, command);
        return unit != NULL ? &unit->chain : NULL;
    }
    return &engine->mixer.topology->by_index[command->target]->chain;
}

void motet_desk_apply_later(motet_engine *engine, uint32_t index) MOTET_NONBLOCKING
{
    motet_command *commands = engine->commands.commands;
    motet_chain *chain = chain_of(engine, &commands[index]);
    if (chain != NULL) {
        commands[index].next = MOTET_NO_COMMAND;
        *(chain->last != MOTET_NO_COMMAND ? &commands[chain->last].next : &chain->next) = index;
        chain->last = index;
    }
}

void motet_desk_unchain(motet_engine *engine, uint32_t index) MOTET_NONBLOCKING
{
    motet_chain *chain = chain_of(engine, &engine->commands.commands[index]);
    if (chain != NULL) {
        *chain = motet_chain_empty();
    }
}
