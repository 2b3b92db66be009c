#include "dsp/math.h"
#include "engine/desk.h"
#include "engine/effect_unit.h"
#include "engine/engine.h"
#include "engine/render.h"
#include "engine/sound.h"

#include <stdio.h>
#include <string.h>

/* --------------------------------------------------------------------------------------------------------- Ids */

static motet_effect id_of(const motet_engine *engine, const motet_effect_unit *unit)
{
    return (motet_effect){motet_id_make(engine, unit->index, unit->generation)};
}

/* Under the lock: NULL, with the failure told, for one that is stale. */
static motet_effect_unit *get_unit(motet_engine *engine, motet_effect effect)
{
    uint32_t index, generation;
    const motet_desk *desk = &engine->desk;
    if (motet_id_split(engine, effect.id, &index, &generation) && index < desk->unit_count) {
        motet_effect_unit *unit = desk->units[index];
        if (unit != NULL && unit->generation == generation && !unit->leaves) {
            return unit;
        }
    }
    motet_fail(&engine->log, MOTET_ERROR_STALE, "%s",
               effect.id == 0 ? "the effect is {0}: it was not added" : "the effect has been removed");
    return NULL;
}

/* ---------------------------------------------------------------------------------------------------- Parameters */

static motet_result fail_parameter(motet_engine *engine, const motet_effect_type *type, const char *name)
{
    const char *names[MOTET_MAX_PARAMETERS + 2];
    for (uint32_t i = 0; i < type->parameter_count; i++) {
        names[i] = type->parameters[i].name;
    }
    names[type->parameter_count] = "wet";
    names[type->parameter_count + 1] = "bypass";
    const char *nearest = motet_nearest_name(name, names, type->parameter_count + 2);
    return nearest != NULL
               ? motet_fail(&engine->log, MOTET_ERROR_INVALID, "%s has no parameter \"%s\"; did you mean \"%s\"?",
                            type->name, name, nearest)
               : motet_fail(&engine->log, MOTET_ERROR_INVALID, "%s has no parameter \"%s\"", type->name, name);
}

/* The number of a parameter: MOTET_EFFECT_WET and MOTET_EFFECT_ACTIVE for the two that every effect has. */
static motet_result find_parameter(motet_engine *engine, const motet_effect_type *type, const char *name,
                                   uint32_t *parameter)
{
    if (name == NULL) {
        return motet_fail(&engine->log, MOTET_ERROR_INVALID, "the parameter's name is NULL");
    }
    for (uint32_t i = 0; i < type->parameter_count; i++) {
        if (strcmp(type->parameters[i].name, name) == 0) {
            *parameter = i;
            return MOTET_OK;
        }
    }
    if (strcmp(name, "wet") == 0 || strcmp(name, "bypass") == 0) {
        *parameter = name[0] == 'w' ? MOTET_EFFECT_WET : MOTET_EFFECT_ACTIVE;
        return MOTET_OK;
    }
    return fail_parameter(engine, type, name);
}

static float clamp_value(const motet_effect_type *type, uint32_t parameter, float value)
{
    float low = parameter < type->parameter_count ? type->parameters[parameter].minimum : 0;
    float high = parameter < type->parameter_count ? type->parameters[parameter].maximum : 1;
    value = value < low ? low : value > high ? high : value;
    bool steps = parameter == MOTET_EFFECT_ACTIVE ||
                 (parameter < type->parameter_count && type->parameters[parameter].curve == MOTET_PARAMETER_STEP);
    return steps ? (float)(int64_t)(value < 0 ? value - 0.5f : value + 0.5f) : value;
}

/* -------------------------------------------------------------------------------------------------------- Adding */

motet_effect_def motet_default_effect_def(void)
{
    return (motet_effect_def){0};
}

/* What a def asks for. */
typedef struct wanted_effect {
    float values[MOTET_MAX_PARAMETERS];
    float wet;
    bool bypass;
    uint32_t bus, key, rank;
} wanted_effect;

static motet_result read_values(motet_engine *engine, const motet_effect_type *type, const motet_effect_def *def,
                                wanted_effect *wanted)
{
    for (uint32_t i = 0; i < type->parameter_count; i++) {
        wanted->values[i] = type->parameters[i].initial;
    }
    wanted->wet = type->wet;
    if (def->setting_count > 0 && def->settings == NULL) {
        return motet_fail(&engine->log, MOTET_ERROR_INVALID, "settings is NULL");
    }
    for (uint32_t i = 0; i < def->setting_count; i++) {
        uint32_t parameter;
        motet_result result = find_parameter(engine, type, def->settings[i].parameter, &parameter);
        if (result != MOTET_OK) {
            return result;
        }
        if (!motet_check_number(engine, (double)def->settings[i].value, def->settings[i].parameter)) {
            return MOTET_ERROR_INVALID;
        }
        float value = clamp_value(type, parameter, def->settings[i].value);
        if (parameter == MOTET_EFFECT_WET) {
            wanted->wet = value;
        } else if (parameter == MOTET_EFFECT_ACTIVE) {
            wanted->bypass = value != 0;
        } else {
            wanted->values[parameter] = value;
        }
    }
    return MOTET_OK;
}

/* Under the lock: whether a bus may be the key of an effect of another one. */
static motet_result check_key(motet_engine *engine, const motet_effect_type *type, uint32_t bus, motet_bus key,
                              uint32_t *key_index)
{
    *key_index = MOTET_NO_SLOT;
    if (key.id == 0) {
        return MOTET_OK;
    }
    const motet_bus_entry *entry = motet_bus_get(engine, key, key_index);
    if (entry == NULL) {
        return MOTET_ERROR_STALE;
    }
    if (!type->has_key) {
        return motet_fail(&engine->log, MOTET_ERROR_INVALID, "%s does not listen to a key", type->name);
    }
    if (motet_desk_leads(engine, bus, *key_index)) {
        return motet_fail(&engine->log, MOTET_ERROR_INVALID,
                          "the key %s gets its sound from %s, where the effect is: it would wait for itself",
                          entry->name, engine->buses[bus].name);
    }
    return MOTET_OK;
}

/* Under the lock: room among the effects of a bus for one in front of another, or behind the last. */
static motet_result find_rank(motet_engine *engine, motet_effect before, wanted_effect *wanted)
{
    const motet_desk *desk = &engine->desk;
    const motet_effect_unit *next = before.id != 0 ? get_unit(engine, before) : NULL;
    if (before.id != 0 && next == NULL) {
        return MOTET_ERROR_STALE;
    }
    if (next != NULL && next->bus != wanted->bus) {
        return motet_fail(&engine->log, MOTET_ERROR_INVALID, "`before` is an effect of %s, not of %s",
                          engine->buses[next->bus].name, engine->buses[wanted->bus].name);
    }
    wanted->rank = 0;
    for (uint32_t i = 0; i < desk->unit_count; i++) {
        const motet_effect_unit *unit = desk->units[i];
        if (unit != NULL && unit->bus == wanted->bus && (next == NULL || unit->rank < next->rank)) {
            wanted->rank = unit->rank >= wanted->rank ? unit->rank + 1 : wanted->rank;
        }
    }
    return MOTET_OK;
}

/* The others make room. */
static void shift_ranks(motet_desk *desk, uint32_t bus, uint32_t from, int by)
{
    for (uint32_t i = 0; i < desk->unit_count; i++) {
        motet_effect_unit *unit = desk->units[i];
        if (unit != NULL && unit->bus == bus && unit->rank >= from) {
            unit->rank += (uint32_t)by;
        }
    }
}

/* Under the lock: puts an effect into the desk and sends it; on failure it is the caller's again. */
static motet_result place_unit(motet_engine *engine, motet_effect_unit *unit, const wanted_effect *wanted,
                               const motet_command *come_in)
{
    motet_desk *desk = &engine->desk;
    if (desk->unit_count >= MOTET_MAX_EFFECTS) {
        return motet_fail(&engine->log, MOTET_ERROR_LIMIT, "all %d effects are in use", MOTET_MAX_EFFECTS);
    }
    motet_result result = come_in != NULL ? motet_command_reserve(engine, 2) : MOTET_OK;
    if (result == MOTET_OK && wanted->key != MOTET_NO_SLOT) {
        result = motet_desk_add_key(engine, wanted->key, wanted->bus);
    }
    if (result != MOTET_OK) {
        return result;
    }
    shift_ranks(desk, wanted->bus, wanted->rank, 1);
    unit->bus = wanted->bus;
    unit->key = wanted->key;
    unit->rank = wanted->rank;
    unit->bypass = wanted->bypass;
    if (!motet_desk_add_unit(engine, unit)) {
        result = motet_fail(&engine->log, MOTET_ERROR_MEMORY, "out of memory for an effect");
    } else if ((result = motet_desk_send(engine)) != MOTET_OK) {
        desk->units[unit->index] = NULL;
    }
    if (result != MOTET_OK) {
        shift_ranks(desk, wanted->bus, wanted->rank + 1, -1);
        if (wanted->key != MOTET_NO_SLOT) {
            motet_desk_drop_key(engine, wanted->key, wanted->bus);
        }
        return result;
    }
    if (come_in != NULL) {
        motet_command command = *come_in;
        command.target = unit->index;
        command.generation = unit->generation;
        motet_command_send(engine, &command); /* reserved before */
    }
    return MOTET_OK;
}

static bool is_good_type(motet_engine *engine, const motet_effect_type *type)
{
    const char *wrong = NULL;
    if (type == NULL) {
        wrong = "type is NULL";
    } else if (type->name == NULL || type->size == NULL || type->init == NULL || !type->process || !type->reset) {
        wrong = "type lacks its name, size, init, process or reset";
    } else if (type->parameter_count > MOTET_MAX_PARAMETERS ||
               (type->parameter_count > 0 && type->parameters == NULL)) {
        wrong = "type.parameters is NULL, or there are more than 64";
    }
    if (wrong != NULL) {
        motet_fail(&engine->log, MOTET_ERROR_INVALID, "%s", wrong);
    }
    return wrong == NULL;
}

/* Under the lock: all that can be wrong with an effect before it is made. */
static motet_result check_wanted(motet_engine *engine, motet_bus bus, const motet_effect_type *type,
                                 const motet_effect_def *def, wanted_effect *wanted, motet_command *come_in)
{
    if (motet_bus_get(engine, bus, &wanted->bus) == NULL) {
        return MOTET_ERROR_STALE;
    }
    motet_result result = read_values(engine, type, def, wanted);
    result = result == MOTET_OK ? check_key(engine, type, wanted->bus, def->key, &wanted->key) : result;
    result = result == MOTET_OK ? find_rank(engine, def->before, wanted) : result;
    result = result == MOTET_OK ? motet_command_time(engine, come_in, def->timing) : result;
    come_in->kind = MOTET_COMMAND_EFFECT_SET;
    come_in->index = MOTET_EFFECT_ACTIVE;
    come_in->value.number = 1;
    return result;
}

motet_effect motet_effect_add_own(motet_engine *engine, motet_bus bus, const motet_effect_type *type,
                                  const motet_effect_def *given)
{
    motet_effect effect = {0};
    motet_effect_def def = given != NULL ? *given : motet_default_effect_def();
    wanted_effect wanted = {0};
    motet_command come_in = {0};
    motet_result result;
    if (!motet_engine_enter(engine, &result)) {
        return effect;
    }
    result =
        is_good_type(engine, type) ? check_wanted(engine, bus, type, &def, &wanted, &come_in) : MOTET_ERROR_INVALID;
    motet_engine_leave(engine); /* its state, which may be large, is made outside the lock */
    if (result != MOTET_OK) {
        return effect;
    }
    bool at_once = motet_render_frame(engine) == 0 && def.timing.at_frame == 0;
    motet_effect_unit *unit =
        motet_effect_unit_create(&engine->heap, type, engine->def.sample_rate_hz, 2, engine->mixer.kernels,
                                 wanted.values, wanted.wet, at_once && !wanted.bypass);
    if (unit == NULL) {
        motet_fail(&engine->log, MOTET_ERROR_MEMORY, "out of memory for a %s", type->name);
        return effect;
    }
    if (motet_engine_enter(engine, &result)) {
        result = check_wanted(engine, bus, type, &def, &wanted, &come_in); /* another thread may have been faster */
        if (result == MOTET_OK) {
            result = place_unit(engine, unit, &wanted, at_once || wanted.bypass ? NULL : &come_in);
        }
        effect = result == MOTET_OK ? id_of(engine, unit) : effect;
        unit = result == MOTET_OK ? NULL : unit;
        motet_engine_leave(engine);
    }
    motet_effect_unit_free(&engine->heap, unit);
    return effect;
}

motet_effect motet_effect_add(motet_engine *engine, motet_bus bus, const char *type, const motet_effect_def *def)
{
    const motet_effect_type *found = motet_effect_type_find(type);
    return found != NULL ? motet_effect_add_own(engine, bus, found, def) : (motet_effect){0};
}

motet_result motet_effect_remove(motet_engine *engine, motet_effect effect, motet_timing timing)
{
    motet_result result;
    motet_command command = {.kind = MOTET_COMMAND_EFFECT_SET, .index = MOTET_EFFECT_ACTIVE, .value.number = -1};
    if (!motet_engine_enter(engine, &result)) {
        return result;
    }
    motet_effect_unit *unit = get_unit(engine, effect);
    result = unit == NULL ? MOTET_ERROR_STALE : motet_command_time(engine, &command, timing);
    if (result == MOTET_OK) {
        command.target = unit->index;
        command.generation = unit->generation;
        result = motet_command_send(engine, &command);
    }
    if (result == MOTET_OK) {
        unit->leaves = true;
        engine->desk.leaving++;
    }
    motet_engine_leave(engine);
    return result;
}

/* ------------------------------------------------------------------------------------------- Changes, questions */

motet_result motet_effect_set(motet_engine *engine, motet_effect effect, const char *parameter, float value,
                              motet_timing timing)
{
    motet_result result;
    motet_command command = {.kind = MOTET_COMMAND_EFFECT_SET};
    if (!motet_engine_enter(engine, &result)) {
        return result;
    }
    motet_effect_unit *unit = get_unit(engine, effect);
    result = unit == NULL ? MOTET_ERROR_STALE : find_parameter(engine, &unit->type, parameter, &command.index);
    if (result == MOTET_OK && !motet_check_number(engine, (double)value, parameter)) {
        result = MOTET_ERROR_INVALID;
    }
    result = result == MOTET_OK ? motet_command_time(engine, &command, timing) : result;
    if (result == MOTET_OK) {
        value = clamp_value(&unit->type, command.index, value);
        command.target = unit->index;
        command.generation = unit->generation;
        command.value.number = command.index == MOTET_EFFECT_WET ? (double)value
                               : command.index == MOTET_EFFECT_ACTIVE
                                   ? 1 - (double)value
                                   : motet_effect_to_ramp(&unit->type.parameters[command.index], value);
        result = motet_command_send(engine, &command);
    }
    if (result == MOTET_OK && command.index == MOTET_EFFECT_WET) {
        unit->wet_goal = value;
    } else if (result == MOTET_OK && command.index == MOTET_EFFECT_ACTIVE) {
        unit->bypass = value != 0;
    } else if (result == MOTET_OK) {
        unit->goals[command.index] = value;
    }
    motet_engine_leave(engine);
    return result;
}

motet_result motet_effect_set_bypass(motet_engine *engine, motet_effect effect, bool bypass, motet_timing timing)
{
    return motet_effect_set(engine, effect, "bypass", bypass ? 1 : 0, timing);
}

/* Under the lock: a sound's own frames, which stay while its edition is held. */
static motet_result find_frames(motet_engine *engine, motet_sound sound, motet_edition **edition, motet_pcm *pcm)
{
    const motet_sound_entry *entry = motet_sound_get(engine, sound);
    if (entry == NULL) {
        return MOTET_ERROR_STALE;
    }
    if (motet_sound_state_of(entry) != MOTET_SOUND_READY) {
        return motet_fail(&engine->log, MOTET_ERROR_BUSY, "%s is not loaded yet", entry->name);
    }
    if (entry->streams || entry->variations != NULL) {
        return motet_fail(&engine->log, MOTET_ERROR_INVALID, "%s is %s; expected a sound that is in memory",
                          entry->name, entry->streams ? "streamed" : "a set of variations");
    }
    const motet_material *material = &entry->edition->material;
    material = material->original != NULL ? material->original : material;
    *pcm = (motet_pcm){.samples = material->samples,
                       .format = (motet_format)material->format,
                       .channels = material->channels,
                       .sample_rate_hz = material->sample_rate_hz,
                       .frame_count = material->frame_count};
    *edition = entry->edition;
    (*edition)->hold_count++;
    return MOTET_OK;
}

/* Under the lock: hands an effect what was made for it. */
static motet_result send_material(motet_engine *engine, motet_effect effect, motet_effect_material *material)
{
    motet_effect_unit *unit = get_unit(engine, effect);
    motet_command command = {.kind = MOTET_COMMAND_EFFECT_SET, .index = MOTET_EFFECT_MATERIAL};
    if (unit == NULL) {
        return MOTET_ERROR_STALE;
    }
    command.target = unit->index;
    command.generation = unit->generation;
    command.value.pointer = material;
    motet_result result = motet_command_send(engine, &command);
    if (result == MOTET_OK) {
        material->next = unit->materials;
        unit->materials = material;
    }
    return result;
}

motet_result motet_effect_set_sound(motet_engine *engine, motet_effect effect, motet_sound sound)
{
    motet_result result;
    motet_edition *edition = NULL;
    motet_pcm pcm = {0};
    motet_effect_type type = {0}; /* the effect may go while its material is made */
    if (!motet_engine_enter(engine, &result)) {
        return result;
    }
    const motet_effect_unit *unit = get_unit(engine, effect);
    if (unit == NULL) {
        result = MOTET_ERROR_STALE;
    } else if (!unit->type.material_build) {
        result = motet_fail(&engine->log, MOTET_ERROR_INVALID, "%s works with no sound", unit->type.name);
    } else {
        type = unit->type;
        result = sound.id != 0 ? find_frames(engine, sound, &edition, &pcm) : MOTET_OK;
    }
    motet_engine_leave(engine);
    if (result != MOTET_OK) {
        return result;
    }
    motet_effect_setup setup = {engine->def.sample_rate_hz, 2, NULL, engine->mixer.kernels};
    motet_effect_material *material =
        motet_effect_material_create(&engine->heap, &type, &setup, sound.id != 0 ? &pcm : NULL);
    if (motet_engine_enter(engine, &result)) {
        if (material == NULL) {
            result = motet_fail(&engine->log, MOTET_ERROR_MEMORY, "out of memory for the sound of a %s", type.name);
        } else if ((result = send_material(engine, effect, material)) == MOTET_OK) {
            material = NULL;
        }
        if (edition != NULL) {
            motet_edition_drop(engine, edition);
        }
        motet_engine_leave(engine);
    }
    motet_effect_material_free(&engine->heap, material);
    return result;
}

motet_result motet_effect_get(const motet_engine *const_engine, motet_effect effect, const char *parameter,
                              float *value)
{
    motet_engine *engine = (motet_engine *)const_engine;
    motet_result result;
    uint32_t index;
    if (value == NULL) {
        return motet_fail(NULL, MOTET_ERROR_INVALID, "value is NULL");
    }
    if (!motet_engine_enter(engine, &result)) {
        return result;
    }
    const motet_effect_unit *unit = get_unit(engine, effect);
    result = unit == NULL ? MOTET_ERROR_STALE : find_parameter(engine, &unit->type, parameter, &index);
    if (result == MOTET_OK) {
        *value = index == MOTET_EFFECT_WET      ? unit->wet_goal
                 : index == MOTET_EFFECT_ACTIVE ? (float)unit->bypass
                                                : unit->goals[index];
    }
    motet_engine_leave(engine);
    return result;
}

motet_effect motet_effect_next(const motet_engine *const_engine, motet_bus bus, motet_effect effect)
{
    motet_engine *engine = (motet_engine *)const_engine;
    motet_effect next = {0};
    motet_result result;
    uint32_t index;
    if (!motet_engine_enter(engine, &result)) {
        return next;
    }
    const motet_effect_unit *found = NULL;
    const motet_effect_unit *last = effect.id != 0 ? get_unit(engine, effect) : NULL;
    if (motet_bus_get(engine, bus, &index) != NULL && (effect.id == 0 || last != NULL)) {
        for (uint32_t i = 0; i < engine->desk.unit_count; i++) {
            const motet_effect_unit *unit = engine->desk.units[i];
            if (unit != NULL && !unit->leaves && unit->bus == index && (last == NULL || unit->rank > last->rank) &&
                (found == NULL || unit->rank < found->rank)) {
                found = unit;
            }
        }
    }
    next = found != NULL ? id_of(engine, found) : next;
    motet_engine_leave(engine);
    return next;
}

motet_result motet_effect_get_info(const motet_engine *const_engine, motet_effect effect, motet_effect_info *info)
{
    motet_engine *engine = (motet_engine *)const_engine;
    motet_result result;
    if (info == NULL) {
        return motet_fail(NULL, MOTET_ERROR_INVALID, "info is NULL");
    }
    if (!motet_engine_enter(engine, &result)) {
        return result;
    }
    const motet_effect_unit *unit = get_unit(engine, effect);
    if (unit != NULL) {
        motet_bus none = {0};
        *info = (motet_effect_info){
            .type = &unit->type,
            .bus = {motet_id_make(engine, unit->bus, 1)},
            .key = unit->key != MOTET_NO_SLOT ? (motet_bus){motet_id_make(engine, unit->key, 1)} : none,
            .wet = unit->wet_goal,
            .bypass = unit->bypass,
            .is_awake = motet_load_relaxed_u32(&unit->rings) != 0,
            .latency_frames = unit->latency_frames,
        };
    } else {
        result = MOTET_ERROR_STALE;
    }
    motet_engine_leave(engine);
    return result;
}
