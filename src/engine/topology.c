#include "engine/topology.h"

#include "dsp/math.h"
#include "engine/effect_unit.h"
#include "engine/engine.h"

#include <string.h>

enum { LEAST_CAPACITY = 64, ALIGNMENT = 64, TAP_BYTES = 2 * MOTET_BLOCK_FRAMES * sizeof(float) };

/* ------------------------------------------------------------------------------------------------------- Buses */

motet_bus_node *motet_bus_node_create(motet_heap *heap, uint32_t index, uint32_t parent, const motet_bus_def *def)
{
    motet_bus_node *node = motet_heap_take(heap, sizeof *node, ALIGNMENT);
    float *samples = motet_heap_take(heap, TAP_BYTES, ALIGNMENT);
    if (node == NULL || samples == NULL) {
        motet_heap_give(heap, node, sizeof *node);
        motet_heap_give(heap, samples, TAP_BYTES);
        return NULL;
    }
    node->index = index;
    node->parent = parent;
    node->solo = def->solo;
    node->paused = def->paused;
    node->volume = motet_ramp_hold(MOTET_RAMP_GAIN, motet_db_to_gain((double)def->volume_db));
    node->mute_gate = motet_ramp_hold(MOTET_RAMP_GAIN, def->mute ? 0 : 1);
    node->solo_gate = motet_ramp_hold(MOTET_RAMP_GAIN, 1);
    node->mono = node->stereo = (motet_slot_list){MOTET_NO_SLOT, MOTET_NO_SLOT};
    node->chain = motet_chain_empty();
    node->left = samples;
    node->right = samples + MOTET_BLOCK_FRAMES;
    return node;
}

void motet_bus_node_destroy(motet_heap *heap, motet_bus_node *node)
{
    if (node != NULL) {
        motet_heap_give(heap, node->left, TAP_BYTES);
        motet_heap_give(heap, node, sizeof *node);
    }
}

/* -------------------------------------------------------------------------------------------------------- Routes */

static bool grow(motet_heap *heap, void ***table, uint32_t *capacity)
{
    uint32_t larger = *capacity == 0 ? LEAST_CAPACITY : 2 * *capacity;
    void **grown = motet_heap_resize(heap, *table, *capacity * sizeof *grown, larger * sizeof *grown, _Alignof(void *));
    if (grown != NULL) {
        *table = grown;
        *capacity = larger;
    }
    return grown != NULL;
}

/* A place in a table of pointers that grows; MOTET_NO_SLOT when out of memory. */
static uint32_t find_place(motet_heap *heap, void ***table, uint32_t *count, uint32_t *capacity)
{
    for (uint32_t i = 0; i < *count; i++) {
        if ((*table)[i] == NULL) {
            return i;
        }
    }
    bool room = *count < *capacity || grow(heap, table, capacity);
    return room ? (*count)++ : MOTET_NO_SLOT;
}

/* The number of a pair of buses, so that a send that goes and comes back is summed in the same place whenever it was
 * taken out; UINT32_MAX when out of memory. */
static uint32_t find_order(motet_engine *engine, motet_route_kind kind, uint32_t from, uint32_t to)
{
    motet_desk *desk = &engine->desk;
    for (uint32_t i = 0; i < desk->pair_count; i++) {
        const motet_send_pair *pair = &desk->pairs[i];
        if (pair->kind == kind && pair->from == from && pair->to == to) {
            return i;
        }
    }
    if (desk->pair_count == desk->pair_capacity) {
        uint32_t larger = desk->pair_capacity == 0 ? LEAST_CAPACITY : 2 * desk->pair_capacity;
        motet_send_pair *grown = motet_heap_resize(&engine->heap, desk->pairs, desk->pair_capacity * sizeof *grown,
                                                   larger * sizeof *grown, _Alignof(motet_send_pair));
        if (grown == NULL) {
            return UINT32_MAX;
        }
        desk->pairs = grown;
        desk->pair_capacity = larger;
    }
    desk->pairs[desk->pair_count] = (motet_send_pair){from, to, (uint32_t)kind};
    return desk->pair_count++;
}

motet_route *motet_desk_add_route(motet_engine *engine, motet_route_kind kind, uint32_t from, uint32_t to, double gain)
{
    motet_desk *desk = &engine->desk;
    if (kind == MOTET_ROUTE_SEND_PRE && desk->pres[from] == NULL) {
        desk->pres[from] = motet_heap_take(&engine->heap, TAP_BYTES, ALIGNMENT);
        if (desk->pres[from] == NULL) {
            return NULL;
        }
    }
    bool is_send = kind == MOTET_ROUTE_SEND || kind == MOTET_ROUTE_SEND_PRE;
    uint32_t order = is_send ? find_order(engine, kind, from, to) : 0;
    if (order == UINT32_MAX) {
        return NULL;
    }
    motet_route *route = motet_heap_take(&engine->heap, sizeof *route, _Alignof(motet_route));
    uint32_t place =
        route == NULL ? MOTET_NO_SLOT
                      : find_place(&engine->heap, (void ***)&desk->routes, &desk->route_count, &desk->route_capacity);
    if (place == MOTET_NO_SLOT) {
        motet_heap_give(&engine->heap, route, sizeof *route);
        return NULL;
    }
    route->index = place;
    route->generation = ++desk->generations;
    route->order = order;
    route->from = from;
    route->to = to;
    route->kind = (uint8_t)kind;
    route->gain = motet_ramp_hold(MOTET_RAMP_GAIN, gain);
    route->chain = motet_chain_empty();
    desk->routes[place] = route;
    return route;
}

void motet_desk_drop_route(motet_engine *engine, motet_route *route)
{
    engine->desk.routes[route->index] = NULL;
    motet_heap_give(&engine->heap, route, sizeof *route);
}

bool motet_desk_add_unit(motet_engine *engine, motet_effect_unit *unit)
{
    motet_desk *desk = &engine->desk;
    unit->index = find_place(&engine->heap, (void ***)&desk->units, &desk->unit_count, &desk->unit_capacity);
    if (unit->index == MOTET_NO_SLOT) {
        return false;
    }
    unit->generation = ++desk->generations;
    desk->units[unit->index] = unit;
    return true;
}

motet_route *motet_desk_find_route(const motet_engine *engine, motet_route_kind kind, uint32_t from, uint32_t to)
{
    const motet_desk *desk = &engine->desk;
    for (uint32_t i = 0; i < desk->route_count; i++) {
        motet_route *route = desk->routes[i];
        if (route != NULL && route->kind == kind && route->from == from && route->to == to) {
            return route;
        }
    }
    return NULL;
}

motet_result motet_desk_add_key(motet_engine *engine, uint32_t key, uint32_t bus)
{
    motet_route *route = motet_desk_find_route(engine, MOTET_ROUTE_KEY, key, bus);
    if (route == NULL) {
        route = motet_desk_add_route(engine, MOTET_ROUTE_KEY, key, bus, 0);
    } else if (route->leaves) {
        route->leaves = false;
        engine->desk.leaving--;
    }
    if (route == NULL) {
        return motet_fail(&engine->log, MOTET_ERROR_MEMORY, "out of memory for a key");
    }
    route->uses++;
    return MOTET_OK;
}

void motet_desk_drop_key(motet_engine *engine, uint32_t key, uint32_t bus)
{
    motet_route *route = motet_desk_find_route(engine, MOTET_ROUTE_KEY, key, bus);
    if (route != NULL && --route->uses == 0) {
        route->leaves = true;
        engine->desk.leaving++;
        motet_store_relaxed_u32(&route->gone, 1); /* nothing is heard of it */
    }
}

bool motet_desk_leads(const motet_engine *engine, uint32_t from, uint32_t to)
{
    const motet_desk *desk = &engine->desk;
    bool reached[MOTET_MAX_BUSES] = {false};
    uint32_t waiting[MOTET_MAX_BUSES];
    uint32_t count = 1;
    waiting[0] = from;
    reached[from] = true;
    while (count > 0 && !reached[to]) {
        uint32_t bus = waiting[--count];
        for (uint32_t i = 0; i < desk->route_count; i++) {
            const motet_route *route = desk->routes[i];
            if (route != NULL && route->from == bus && !reached[route->to]) {
                reached[route->to] = true;
                waiting[count++] = route->to;
            }
        }
    }
    return reached[to];
}

/* ------------------------------------------------------------------------------------------------------ Building */

/* Memory for a topology in one piece. */
static motet_topology *take_topology(motet_engine *engine)
{
    const motet_desk *desk = &engine->desk;
    size_t buses = engine->bus_count;
    size_t pointers = 2 * buses + 3 * (size_t)desk->route_count + (size_t)desk->unit_count;
    size_t size = sizeof(motet_topology) + buses * sizeof(motet_desk_bus) + pointers * sizeof(void *) +
                  desk->unit_count * sizeof(motet_placed_effect);
    motet_topology *topology = motet_heap_take(&engine->heap, size, ALIGNMENT);
    if (topology == NULL) {
        return NULL;
    }
    topology->size = size;
    topology->count = engine->bus_count;
    topology->route_count = desk->route_count;
    topology->unit_count = desk->unit_count;
    topology->buses = (motet_desk_bus *)(topology + 1);
    topology->by_index = (motet_bus_node **)(topology->buses + buses);
    topology->order = topology->by_index + buses;
    topology->routes = (motet_route **)(topology->order + buses);
    topology->ins = topology->routes + desk->route_count;
    topology->outs = topology->ins + desk->route_count;
    topology->units = (motet_effect_unit **)(topology->outs + desk->route_count);
    topology->effects = (motet_placed_effect *)(topology->units + desk->unit_count);
    return topology;
}

static bool is_child(const motet_route *route)
{
    return route->kind == MOTET_ROUTE_PARENT;
}

/* Children in the order in which their buses were made, then sends in the order of their own. */
static bool comes_before(const motet_route *a, const motet_route *b)
{
    if (is_child(a) != is_child(b)) {
        return is_child(a);
    }
    if (is_child(a)) {
        return a->from < b->from;
    }
    return a->order != b->order ? a->order < b->order : a->generation < b->generation;
}

static void list_routes_of(motet_topology *topology, uint32_t bus, uint32_t *ins, uint32_t *outs)
{
    motet_desk_bus *of = &topology->buses[bus];
    of->first_in = *ins;
    of->first_out = *outs;
    for (uint32_t i = 0; i < topology->route_count; i++) {
        motet_route *route = topology->routes[i];
        if (route != NULL && route->from == bus) {
            topology->outs[(*outs)++] = route;
        }
        if (route != NULL && route->to == bus) {
            uint32_t at = (*ins)++;
            for (; at > of->first_in && comes_before(route, topology->ins[at - 1]); at--) {
                topology->ins[at] = topology->ins[at - 1];
            }
            topology->ins[at] = route;
        }
    }
    of->in_count = *ins - of->first_in;
    of->out_count = *outs - of->first_out;
}

/* A bus is mixed when all that leads into it has been; among those that could be next, the newest. */
static void put_in_order(motet_topology *topology)
{
    uint32_t missing[MOTET_MAX_BUSES];
    bool placed[MOTET_MAX_BUSES] = {false};
    for (uint32_t bus = 0; bus < topology->count; bus++) {
        missing[bus] = topology->buses[bus].in_count;
    }
    for (uint32_t at = 0; at < topology->count; at++) {
        uint32_t bus = topology->count - 1;
        while (bus > 0 && (placed[bus] || missing[bus] > 0)) {
            bus--;
        }
        placed[bus] = true;
        topology->order[at] = topology->by_index[bus];
        const motet_desk_bus *of = &topology->buses[bus];
        for (uint32_t i = 0; i < of->out_count; i++) {
            missing[topology->outs[of->first_out + i]->to]--;
        }
    }
}

static void list_effects(motet_topology *topology)
{
    uint32_t listed = 0;
    for (uint32_t bus = 0; bus < topology->count; bus++) {
        motet_desk_bus *of = &topology->buses[bus];
        of->first_effect = listed;
        for (uint32_t i = 0; i < topology->unit_count; i++) {
            motet_effect_unit *unit = topology->units[i];
            if (unit == NULL || unit->bus != bus) {
                continue;
            }
            uint32_t at = listed++;
            for (; at > of->first_effect && unit->rank < topology->effects[at - 1].unit->rank; at--) {
                topology->effects[at] = topology->effects[at - 1];
            }
            topology->effects[at].unit = unit;
            topology->effects[at].key = unit->key != MOTET_NO_SLOT ? topology->by_index[unit->key] : NULL;
        }
        of->effect_count = listed - of->first_effect;
    }
}

static motet_topology *create_topology(motet_engine *engine)
{
    motet_desk *desk = &engine->desk;
    motet_topology *topology = take_topology(engine);
    if (topology == NULL) {
        return NULL;
    }
    for (uint32_t bus = 0; bus < topology->count; bus++) {
        topology->by_index[bus] = engine->buses[bus].node;
        topology->buses[bus].pre = desk->pres[bus];
    }
    if (desk->route_count > 0) {
        memcpy(topology->routes, desk->routes, desk->route_count * sizeof *topology->routes);
    }
    if (desk->unit_count > 0) {
        memcpy(topology->units, desk->units, desk->unit_count * sizeof *topology->units);
    }
    uint32_t ins = 0, outs = 0;
    for (uint32_t bus = 0; bus < topology->count; bus++) {
        list_routes_of(topology, bus, &ins, &outs);
    }
    put_in_order(topology);
    list_effects(topology);
    topology->number = ++desk->number;
    return topology;
}

void motet_topology_destroy(motet_heap *heap, motet_topology *topology)
{
    if (topology != NULL) {
        motet_heap_give(heap, topology, topology->size);
    }
}

motet_result motet_desk_send(motet_engine *engine)
{
    motet_topology *topology = create_topology(engine);
    if (topology == NULL) {
        return motet_fail(&engine->log, MOTET_ERROR_MEMORY, "out of memory for the order of the buses");
    }
    /* Past any open group: other threads may use what is new as soon as its id is known. */
    motet_command command = {.kind = MOTET_COMMAND_SET_TOPOLOGY, .value.pointer = topology};
    motet_result result = motet_command_send_at_once(engine, &command);
    if (result != MOTET_OK) {
        motet_topology_destroy(&engine->heap, topology);
        engine->desk.number--;
    }
    return result;
}

/* ------------------------------------------------------------------------------------------------------- Leaving */

void motet_topology_take_back(motet_engine *engine, motet_topology *topology)
{
    motet_desk *desk = &engine->desk;
    uint64_t next = topology->number + 1; /* by which it was replaced, or by a later one */
    desk->applied_number = next > desk->applied_number ? next : desk->applied_number;
    motet_topology_destroy(&engine->heap, topology);
}

/* Frees what was taken out by a topology that the audio thread has by now. */
static void free_left(motet_engine *engine)
{
    motet_desk *desk = &engine->desk;
    for (motet_route **link = &desk->left_routes; *link != NULL;) {
        motet_route *route = *link;
        if (route->left_by <= desk->applied_number) {
            *link = route->next_garbage;
            motet_heap_give(&engine->heap, route, sizeof *route);
        } else {
            link = &route->next_garbage;
        }
    }
    for (motet_effect_unit **link = &desk->left_units; *link != NULL;) {
        motet_effect_unit *unit = *link;
        if (unit->left_by <= desk->applied_number) {
            *link = unit->next_garbage;
            unit->next_garbage = engine->garbage.effects;
            engine->garbage.effects = unit;
        } else {
            link = &unit->next_garbage;
        }
    }
}

/* Takes what has faded away out of the desk, and tells the audio thread. Where that is refused it is tried again with
 * the next call. */
static void take_out(motet_engine *engine)
{
    motet_desk *desk = &engine->desk;
    motet_route *routes = NULL;
    motet_effect_unit *units = NULL;
    for (uint32_t i = 0; i < desk->route_count; i++) {
        motet_route *route = desk->routes[i];
        if (route != NULL && route->leaves && motet_load_acquire_u32(&route->gone) != 0) {
            desk->routes[i] = NULL;
            route->next_garbage = routes;
            routes = route;
        }
    }
    for (uint32_t i = 0; i < desk->unit_count; i++) {
        motet_effect_unit *unit = desk->units[i];
        if (unit != NULL && unit->leaves && motet_load_acquire_u32(&unit->gone) != 0) {
            desk->units[i] = NULL;
            unit->next_garbage = units;
            units = unit;
        }
    }
    if (routes == NULL && units == NULL) {
        return;
    }
    bool sent = motet_desk_send(engine) == MOTET_OK;
    while (routes != NULL) {
        motet_route *next = routes->next_garbage;
        if (sent) {
            routes->left_by = desk->number;
            routes->next_garbage = desk->left_routes;
            desk->left_routes = routes;
            desk->leaving--;
        } else {
            desk->routes[routes->index] = routes;
        }
        routes = next;
    }
    while (units != NULL) {
        motet_effect_unit *next = units->next_garbage;
        if (sent) {
            if (units->key != MOTET_NO_SLOT) {
                motet_desk_drop_key(engine, units->key, units->bus);
            }
            units->left_by = desk->number;
            units->next_garbage = desk->left_units;
            desk->left_units = units;
            desk->leaving--;
        } else {
            desk->units[units->index] = units;
        }
        units = next;
    }
}

void motet_desk_tidy(motet_engine *engine)
{
    if (engine->desk.left_routes != NULL || engine->desk.left_units != NULL) {
        free_left(engine);
    }
    if (engine->desk.leaving > 0) {
        take_out(engine);
    }
    for (uint32_t i = 0; i < engine->desk.unit_count; i++) {
        motet_effect_unit *unit = engine->desk.units[i];
        if (unit != NULL && unit->materials != NULL && unit->materials->next != NULL) {
            motet_effect_unit_tidy(&engine->heap, unit);
        }
    }
}

uint32_t motet_desk_count_awake(const motet_desk *desk)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < desk->unit_count; i++) {
        count += desk->units[i] != NULL && motet_load_relaxed_u32(&desk->units[i]->rings) != 0;
    }
    return count;
}

/* ------------------------------------------------------------------------------------------------ Birth and death */

bool motet_desk_create(motet_engine *engine)
{
    engine->desk.pres =
        motet_heap_take(&engine->heap, engine->def.max_buses * sizeof *engine->desk.pres, _Alignof(float *));
    motet_desk *desk = &engine->desk;
    if (desk->pres != NULL && grow(&engine->heap, (void ***)&desk->routes, &desk->route_capacity) &&
        grow(&engine->heap, (void ***)&desk->units, &desk->unit_capacity)) {
        engine->mixer.topology = create_topology(engine);
        desk->applied_number = 1;
    }
    return engine->mixer.topology != NULL;
}

void motet_desk_destroy(motet_engine *engine)
{
    motet_desk *desk = &engine->desk;
    desk->applied_number = UINT64_MAX;
    free_left(engine);
    for (uint32_t i = 0; i < desk->route_count; i++) {
        motet_heap_give(&engine->heap, desk->routes[i], sizeof **desk->routes);
    }
    for (uint32_t i = 0; i < desk->unit_count; i++) {
        motet_effect_unit_free(&engine->heap, desk->units[i]);
    }
    motet_effect_units_free(&engine->heap, engine->garbage.effects);
    engine->garbage.effects = NULL;
    for (uint32_t i = 0; desk->pres != NULL && i < engine->def.max_buses; i++) {
        motet_heap_give(&engine->heap, desk->pres[i], TAP_BYTES);
    }
    motet_heap_give(&engine->heap, desk->pres, engine->def.max_buses * sizeof *desk->pres);
    motet_heap_give(&engine->heap, desk->pairs, desk->pair_capacity * sizeof *desk->pairs);
    motet_heap_give(&engine->heap, desk->routes, desk->route_capacity * sizeof *desk->routes);
    motet_heap_give(&engine->heap, desk->units, desk->unit_capacity * sizeof *desk->units);
    motet_topology_destroy(&engine->heap, (motet_topology *)engine->mixer.topology);
}

/* ------------------------------------------------------------------------------------------------- Audio thread */

void motet_topology_measure(const motet_topology *topology, uint64_t frame, motet_ramp_reading *value,
                            double *levels) MOTET_NONBLOCKING
{
    for (uint32_t i = topology->count; i-- > 0;) { /* where a route ends before where it begins */
        const motet_bus_node *node = topology->order[i];
        const motet_desk_bus *of = &topology->buses[node->index];
        double before = value(&node->mute_gate, frame);
        double behind = before * value(&node->volume, frame);
        double most = node->index == MOTET_MASTER ? behind : 0;
        for (uint32_t k = 0; k < of->out_count; k++) {
            const motet_route *route = topology->outs[of->first_out + k];
            double tap = route->kind == MOTET_ROUTE_KEY ? 0 : route->kind == MOTET_ROUTE_SEND_PRE ? before : behind;
            double level = tap * value(&route->gain, frame) * levels[route->to];
            most = level > most ? level : most;
        }
        levels[node->index] = most;
    }
}
