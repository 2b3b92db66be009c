#include "dsp/math.h"
#include "engine/desk.h"
#include "engine/engine.h"
#include "engine/topology.h"

#include <string.h>

/* Buses are never destroyed, so every one keeps the first generation. */
enum { BUS_GENERATION = 1 };

static motet_bus bus_at(const motet_engine *engine, uint32_t index)
{
    return (motet_bus){motet_id_make(engine, index, BUS_GENERATION)};
}

motet_bus_entry *motet_bus_get(motet_engine *engine, motet_bus bus, uint32_t *index)
{
    uint32_t generation;
    if (motet_id_split(engine, bus.id, index, &generation) && *index < engine->bus_count &&
        generation == BUS_GENERATION) {
        return &engine->buses[*index];
    }
    motet_fail(&engine->log, MOTET_ERROR_STALE, "%s",
               bus.id == 0                  ? "the bus is {0}"
               : bus.id == MOTET_ID_UNKNOWN ? "the bus is what motet_bus_find returned for a name that no bus has"
                                            : "the bus id is not one of this engine");
    return NULL;
}

/* ------------------------------------------------------------------------------------------------------- Names */

static bool find_name(const motet_engine *engine, const char *name, uint32_t *index)
{
    for (*index = 0; *index < engine->bus_count; (*index)++) {
        if (strcmp(engine->buses[*index].name, name) == 0) {
            return true;
        }
    }
    return false;
}

static void log_unknown(motet_engine *engine, const char *name)
{
    const char *names[MOTET_MAX_BUSES];
    for (uint32_t i = 0; i < engine->bus_count; i++) {
        names[i] = engine->buses[i].name;
    }
    const char *nearest = motet_nearest_name(name, names, engine->bus_count);
    if (nearest != NULL) {
        motet_fail(&engine->log, MOTET_ERROR_NOT_FOUND, "no bus \"%s\"; did you mean \"%s\"?", name, nearest);
    } else {
        motet_fail(&engine->log, MOTET_ERROR_NOT_FOUND, "no bus \"%s\"", name);
    }
}

motet_bus motet_bus_find(const motet_engine *const_engine, const char *name)
{
    motet_engine *engine = (motet_engine *)const_engine;
    motet_bus bus = {MOTET_ID_UNKNOWN};
    motet_result result;
    uint32_t index;
    if (!motet_engine_enter(engine, &result)) {
        return bus;
    }
    if (name == NULL) {
        motet_fail(&engine->log, MOTET_ERROR_INVALID, "the bus name is NULL");
    } else if (find_name(engine, name, &index)) {
        bus = bus_at(engine, index);
    } else {
        log_unknown(engine, name);
    }
    motet_engine_leave(engine);
    return bus;
}

motet_bus motet_bus_master(const motet_engine *engine)
{
    return engine != NULL ? bus_at(engine, MOTET_MASTER) : (motet_bus){0};
}

motet_bus motet_bus_next(const motet_engine *const_engine, motet_bus bus)
{
    motet_engine *engine = (motet_engine *)const_engine;
    motet_bus next = {0};
    motet_result result;
    uint32_t index;
    if (!motet_engine_enter(engine, &result)) {
        return next;
    }
    if (bus.id == 0) {
        next = bus_at(engine, MOTET_MASTER);
    } else if (motet_bus_get(engine, bus, &index) != NULL && index + 1 < engine->bus_count) {
        next = bus_at(engine, index + 1); /* parents are made before their children */
    }
    motet_engine_leave(engine);
    return next;
}

/* ---------------------------------------------------------------------------------------------------- Creation */

motet_bus_def motet_default_bus_def(void)
{
    return (motet_bus_def){0};
}

static bool is_good_name(motet_engine *engine, const char *name)
{
    size_t length = name == NULL ? 0 : strlen(name);
    if (length == 0 || length > MOTET_MAX_BUS_NAME) {
        motet_fail(&engine->log, MOTET_ERROR_INVALID, "a bus name of %zu bytes; expected 1 ... %d", length,
                   MOTET_MAX_BUS_NAME);
        return false;
    }
    return true;
}

static motet_bus create_bus(motet_engine *engine, const char *name, motet_bus_def def)
{
    motet_bus none = {0};
    uint32_t parent = MOTET_MASTER;
    if (!motet_check_number(engine, (double)def.volume_db, "volume_db") ||
        (def.parent.id != 0 && motet_bus_get(engine, def.parent, &parent) == NULL)) {
        return none;
    }
    if (engine->bus_count == engine->def.max_buses) {
        motet_fail(&engine->log, MOTET_ERROR_LIMIT, "all %u buses are in use (max_buses)", engine->def.max_buses);
        return none;
    }
    def.volume_db = (float)motet_clamp((double)def.volume_db, (double)MOTET_VOLUME_MIN_DB, (double)MOTET_VOLUME_MAX_DB);
    uint32_t index = engine->bus_count;
    motet_bus_entry *entry = &engine->buses[index];
    entry->node = motet_bus_node_create(&engine->heap, index, parent, &def);
    motet_route *route =
        entry->node != NULL ? motet_desk_add_route(engine, MOTET_ROUTE_PARENT, index, parent, 1) : NULL;
    if (route == NULL) {
        motet_fail(&engine->log, MOTET_ERROR_MEMORY, "out of memory for a bus");
    }
    engine->bus_count++;
    if (route == NULL || motet_desk_send(engine) != MOTET_OK) {
        engine->bus_count--;
        if (route != NULL) {
            motet_desk_drop_route(engine, route);
        }
        motet_bus_node_destroy(&engine->heap, entry->node);
        return none;
    }
    strcpy(entry->name, name);
    entry->parent = bus_at(engine, parent);
    entry->volume_db = def.volume_db;
    entry->mute = def.mute;
    entry->solo = def.solo;
    entry->paused = def.paused;
    return bus_at(engine, index);
}

motet_bus motet_bus_create(motet_engine *engine, const char *name, const motet_bus_def *def)
{
    motet_bus bus = {0};
    motet_result result;
    uint32_t index;
    if (!motet_engine_enter(engine, &result)) {
        return bus;
    }
    if (is_good_name(engine, name)) {
        bus = find_name(engine, name, &index) ? bus_at(engine, index)
                                              : create_bus(engine, name, def != NULL ? *def : motet_default_bus_def());
    }
    motet_engine_leave(engine);
    return bus;
}

/* ------------------------------------------------------------------------------------------ Changes, questions */

static motet_result change_bus(motet_engine *engine, motet_bus bus, motet_command_kind kind, float volume_db, bool on,
                               motet_timing timing)
{
    motet_result result;
    motet_command command = {.kind = kind};
    if (!motet_engine_enter(engine, &result)) {
        return result;
    }
    motet_bus_entry *entry = motet_bus_get(engine, bus, &command.target);
    result = entry == NULL ? MOTET_ERROR_STALE : motet_command_time(engine, &command, timing);
    if (result == MOTET_OK) {
        command.index = on;
        command.value.number = kind == MOTET_COMMAND_BUS_SET_VOLUME ? motet_db_to_gain((double)volume_db)
                               : on                                 ? 0
                                                                    : 1; /* a gate */
        result = motet_command_send(engine, &command);
    }
    if (result == MOTET_OK) {
        entry->volume_db = kind == MOTET_COMMAND_BUS_SET_VOLUME ? volume_db : entry->volume_db;
        entry->mute = kind == MOTET_COMMAND_BUS_SET_MUTE ? on : entry->mute;
        entry->solo = kind == MOTET_COMMAND_BUS_SET_SOLO ? on : entry->solo;
        entry->paused = kind == MOTET_COMMAND_BUS_SET_PAUSED ? on : entry->paused;
    }
    motet_engine_leave(engine);
    return result;
}

motet_result motet_bus_set_volume_db(motet_engine *engine, motet_bus bus, float volume_db, motet_timing timing)
{
    if (!motet_check_number(engine, (double)volume_db, "volume_db")) {
        return MOTET_ERROR_INVALID;
    }
    volume_db = (float)motet_clamp((double)volume_db, (double)MOTET_VOLUME_MIN_DB, (double)MOTET_VOLUME_MAX_DB);
    return change_bus(engine, bus, MOTET_COMMAND_BUS_SET_VOLUME, volume_db, false, timing);
}

motet_result motet_bus_set_mute(motet_engine *engine, motet_bus bus, bool mute, motet_timing timing)
{
    return change_bus(engine, bus, MOTET_COMMAND_BUS_SET_MUTE, 0, mute, timing);
}

motet_result motet_bus_set_solo(motet_engine *engine, motet_bus bus, bool solo, motet_timing timing)
{
    return change_bus(engine, bus, MOTET_COMMAND_BUS_SET_SOLO, 0, solo, timing);
}

motet_result motet_bus_pause(motet_engine *engine, motet_bus bus, motet_timing timing)
{
    return change_bus(engine, bus, MOTET_COMMAND_BUS_SET_PAUSED, 0, true, timing);
}

motet_result motet_bus_resume(motet_engine *engine, motet_bus bus, motet_timing timing)
{
    return change_bus(engine, bus, MOTET_COMMAND_BUS_SET_PAUSED, 0, false, timing);
}

motet_result motet_bus_stop(motet_engine *engine, motet_bus bus, motet_timing timing)
{
    return change_bus(engine, bus, MOTET_COMMAND_STOP_BUS, 0, false, timing);
}

/* ---------------------------------------------------------------------------------------------------- Routes */

/* Under the lock: moves the gain of a route. */
static motet_result set_route(motet_engine *engine, const motet_route *route, const motet_command *timing, double gain,
                              uint32_t flags)
{
    motet_command command = *timing;
    command.kind = MOTET_COMMAND_ROUTE_SET;
    command.target = route->index;
    command.generation = route->generation;
    command.index = flags;
    command.value.number = gain;
    return motet_command_stage(engine, &command);
}

/* Under the lock: the route of a kind between two buses, made where there is none: NULL, with the failure told. */
static motet_route *find_or_add_route(motet_engine *engine, motet_route_kind kind, uint32_t from, uint32_t to)
{
    motet_route *route = motet_desk_find_route(engine, kind, from, to);
    if (route != NULL) {
        return route;
    }
    if (motet_desk_leads(engine, to, from)) {
        motet_fail(&engine->log, MOTET_ERROR_INVALID, "the sound of %s comes to %s already: it would go round",
                   engine->buses[to].name, engine->buses[from].name);
        return NULL;
    }
    route = motet_desk_add_route(engine, kind, from, to, 0);
    if (route == NULL) {
        motet_fail(&engine->log, MOTET_ERROR_MEMORY, "out of memory for a route");
    } else if (motet_desk_send(engine) != MOTET_OK) {
        motet_desk_drop_route(engine, route);
        route = NULL;
    }
    return route;
}

static void set_leaving(motet_engine *engine, motet_route *route, bool leaves)
{
    if (route->leaves != leaves) {
        route->leaves = leaves;
        engine->desk.leaving += leaves ? 1u : -1u;
    }
}

/* Under the lock. */
static motet_result move_bus(motet_engine *engine, uint32_t bus, uint32_t parent, const motet_command *timing)
{
    motet_bus_entry *entry = &engine->buses[bus];
    uint32_t old_parent;
    if (bus == MOTET_MASTER) {
        return motet_fail(&engine->log, MOTET_ERROR_INVALID, "Master has no parent");
    }
    motet_bus_get(engine, entry->parent, &old_parent);
    if (parent == old_parent) {
        return MOTET_OK;
    }
    motet_result result = motet_command_reserve(engine, 3);
    motet_route *to = NULL;
    if (result == MOTET_OK && (to = find_or_add_route(engine, MOTET_ROUTE_PARENT, bus, parent)) == NULL) {
        result = motet_last_result();
    }
    if (result == MOTET_OK) {
        motet_route *from = motet_desk_find_route(engine, MOTET_ROUTE_PARENT, bus, old_parent);
        set_route(engine, from, timing, 0, MOTET_ROUTE_FADES_AWAY); /* both reserved before */
        set_route(engine, to, timing, 1, MOTET_ROUTE_IS_PARENT);
        set_leaving(engine, from, true);
        set_leaving(engine, to, false);
        entry->parent = bus_at(engine, parent);
    }
    motet_command_publish(engine);
    return result;
}

motet_result motet_bus_set_parent(motet_engine *engine, motet_bus bus, motet_bus parent, motet_timing timing)
{
    motet_result result;
    motet_command command = {0};
    uint32_t index, parent_index;
    if (!motet_engine_enter(engine, &result)) {
        return result;
    }
    if (motet_bus_get(engine, bus, &index) == NULL || motet_bus_get(engine, parent, &parent_index) == NULL) {
        result = MOTET_ERROR_STALE;
    } else {
        result = motet_command_time(engine, &command, timing);
    }
    result = result == MOTET_OK ? move_bus(engine, index, parent_index, &command) : result;
    motet_engine_leave(engine);
    return result;
}

static motet_result set_send(motet_engine *engine, motet_bus from, motet_bus to, motet_route_kind kind, float volume_db,
                             motet_timing timing)
{
    motet_result result;
    motet_command command = {0};
    uint32_t from_index, to_index;
    if (!motet_engine_enter(engine, &result)) {
        return result;
    }
    if (!motet_check_number(engine, (double)volume_db, "volume_db")) {
        result = MOTET_ERROR_INVALID;
    } else if (motet_bus_get(engine, from, &from_index) == NULL || motet_bus_get(engine, to, &to_index) == NULL) {
        result = MOTET_ERROR_STALE;
    } else {
        result = motet_command_time(engine, &command, timing);
    }
    result = result == MOTET_OK ? motet_command_reserve(engine, 2) : result;
    volume_db = (float)motet_clamp((double)volume_db, (double)MOTET_VOLUME_MIN_DB, (double)MOTET_VOLUME_MAX_DB);
    bool leaves = volume_db == MOTET_VOLUME_MIN_DB;
    motet_route *route = result == MOTET_OK ? motet_desk_find_route(engine, kind, from_index, to_index) : NULL;
    if (result == MOTET_OK && route == NULL && !leaves) {
        route = find_or_add_route(engine, kind, from_index, to_index);
        result = route == NULL ? motet_last_result() : MOTET_OK;
    }
    if (route != NULL) {
        set_route(engine, route, &command, motet_db_to_gain((double)volume_db), leaves ? MOTET_ROUTE_FADES_AWAY : 0);
        set_leaving(engine, route, leaves);
        route->volume_db = volume_db;
    }
    motet_command_publish(engine);
    motet_engine_leave(engine);
    return result;
}

motet_result motet_send_set(motet_engine *engine, motet_bus from, motet_bus to, float volume_db, motet_timing timing)
{
    return set_send(engine, from, to, MOTET_ROUTE_SEND, volume_db, timing);
}

motet_result motet_send_set_pre(motet_engine *engine, motet_bus from, motet_bus to, float volume_db,
                                motet_timing timing)
{
    return set_send(engine, from, to, MOTET_ROUTE_SEND_PRE, volume_db, timing);
}

/* ------------------------------------------------------------------------------------------------- Questions */

motet_result motet_bus_take_peak(motet_engine *engine, motet_bus bus, float *peak)
{
    motet_result result;
    uint32_t index;
    if (peak == NULL) {
        return motet_fail(NULL, MOTET_ERROR_INVALID, "peak is NULL");
    }
    if (!motet_engine_enter(engine, &result)) {
        return result;
    }
    motet_bus_entry *entry = motet_bus_get(engine, bus, &index);
    if (entry != NULL) {
        *peak = motet_exchange_relaxed_f32(&entry->node->peak, 0);
    } else {
        result = MOTET_ERROR_STALE;
    }
    motet_engine_leave(engine);
    return result;
}

motet_result motet_bus_get_info(const motet_engine *const_engine, motet_bus bus, motet_bus_info *info)
{
    motet_engine *engine = (motet_engine *)const_engine;
    motet_result result;
    uint32_t index;
    if (info == NULL) {
        return motet_fail(NULL, MOTET_ERROR_INVALID, "info is NULL");
    }
    if (!motet_engine_enter(engine, &result)) {
        return result;
    }
    const motet_bus_entry *entry = motet_bus_get(engine, bus, &index);
    if (entry != NULL) {
        *info = (motet_bus_info){.parent = entry->parent,
                                 .volume_db = entry->volume_db,
                                 .mute = entry->mute,
                                 .solo = entry->solo,
                                 .paused = entry->paused};
        strcpy(info->name, entry->name);
    } else {
        result = MOTET_ERROR_STALE;
    }
    motet_engine_leave(engine);
    return result;
}
