#include "engine/effect_unit.h"

#include "dsp/math.h"
#include "engine/engine.h"

#include <string.h>

enum { ALIGNMENT = 64 };

/* ------------------------------------------------------------------------------------------------ Control side */

double motet_effect_to_ramp(const motet_parameter *parameter, float value)
{
    return parameter->curve == MOTET_PARAMETER_LOG ? motet_log2((double)value) : (double)value;
}

static size_t dry_bytes(const motet_effect_unit *unit)
{
    return (size_t)unit->latency_frames * unit->channels * sizeof(float);
}

motet_effect_unit *motet_effect_unit_create(motet_heap *heap, const motet_effect_type *type, uint32_t sample_rate_hz,
                                            uint32_t channels, const motet_kernels *kernels, const float *values,
                                            float wet, bool active)
{
    motet_effect_unit *unit = motet_heap_take(heap, sizeof *unit, ALIGNMENT);
    if (unit == NULL) {
        return NULL;
    }
    motet_effect_setup setup = {sample_rate_hz, channels, values, kernels};
    unit->type = *type;
    unit->channels = channels;
    unit->state_bytes = type->size(&setup);
    unit->latency_frames = type->latency_frames != NULL ? type->latency_frames(&setup) : 0;
    unit->state = motet_heap_take(heap, unit->state_bytes, ALIGNMENT);
    unit->dry = motet_heap_take(heap, dry_bytes(unit), ALIGNMENT);
    unit->ramps = motet_heap_take(heap, type->parameter_count * sizeof *unit->ramps, ALIGNMENT);
    unit->goals = motet_heap_take(heap, type->parameter_count * sizeof *unit->goals, ALIGNMENT);
    if (unit->state == NULL || unit->dry == NULL || unit->ramps == NULL || unit->goals == NULL) {
        motet_effect_unit_free(heap, unit);
        return NULL;
    }
    for (uint32_t i = 0; i < type->parameter_count; i++) {
        unit->goals[i] = values[i];
        unit->ramps[i] = motet_ramp_hold(MOTET_RAMP_NUMBER, motet_effect_to_ramp(&type->parameters[i], values[i]));
    }
    unit->wet_goal = wet;
    unit->wet = motet_ramp_hold(MOTET_RAMP_GAIN, (double)wet);
    unit->active = motet_ramp_hold(MOTET_RAMP_GAIN, active ? 1 : 0);
    unit->chain = motet_chain_empty();
    unit->key = MOTET_NO_SLOT;
    type->init(unit->state, &setup);
    return unit;
}

motet_effect_material *motet_effect_material_create(motet_heap *heap, const motet_effect_type *type,
                                                    const motet_effect_setup *setup, const motet_pcm *pcm)
{
    motet_effect_material *material = motet_heap_take(heap, sizeof *material, ALIGNMENT);
    if (material == NULL || pcm == NULL) {
        return material;
    }
    material->bytes = type->material_size(setup, pcm);
    material->data = motet_heap_take(heap, material->bytes, ALIGNMENT);
    if (material->data == NULL) {
        motet_heap_give(heap, material, sizeof *material);
        return NULL;
    }
    type->material_build(setup, pcm, material->data);
    return material;
}

void motet_effect_material_free(motet_heap *heap, motet_effect_material *material)
{
    if (material != NULL) {
        motet_heap_give(heap, material->data, material->bytes);
        motet_heap_give(heap, material, sizeof *material);
    }
}

void motet_effect_unit_tidy(motet_heap *heap, motet_effect_unit *unit)
{
    for (motet_effect_material **link = &unit->materials; *link != NULL;) {
        motet_effect_material *material = *link;
        if (motet_load_acquire_u32(&material->over) != 0) {
            *link = material->next;
            motet_effect_material_free(heap, material);
        } else {
            link = &material->next;
        }
    }
}

void motet_effect_unit_free(motet_heap *heap, motet_effect_unit *unit)
{
    if (unit == NULL) {
        return;
    }
    while (unit->materials != NULL) {
        motet_effect_material *next = unit->materials->next;
        motet_effect_material_free(heap, unit->materials);
        unit->materials = next;
    }
    motet_heap_give(heap, unit->state, unit->state_bytes);
    motet_heap_give(heap, unit->dry, dry_bytes(unit));
    motet_heap_give(heap, unit->ramps, unit->type.parameter_count * sizeof *unit->ramps);
    motet_heap_give(heap, unit->goals, unit->type.parameter_count * sizeof *unit->goals);
    motet_heap_give(heap, unit, sizeof *unit);
}

void motet_effect_units_free(motet_heap *heap, motet_effect_unit *units)
{
    while (units != NULL) {
        motet_effect_unit *next = units->next_garbage;
        motet_effect_unit_free(heap, units);
        units = next;
    }
}

/* ------------------------------------------------------------------------------------------- Values of parameters */

static float value_of(const motet_parameter *parameter, double at) MOTET_NONBLOCKING
{
    float value = (float)(parameter->curve == MOTET_PARAMETER_LOG ? motet_exp2(at) : at);
    return value < parameter->minimum ? parameter->minimum : value > parameter->maximum ? parameter->maximum : value;
}

/* What an effect is told of its parameters in a run. */
typedef struct run_values {
    float values[MOTET_MAX_PARAMETERS];
    const float *moving[MOTET_MAX_PARAMETERS];
} run_values;

static void find_values(const motet_mixer *mixer, const motet_effect_unit *unit, uint64_t frame, uint32_t count,
                        run_values *found) MOTET_NONBLOCKING
{
    for (uint32_t i = 0; i < unit->type.parameter_count; i++) {
        const motet_parameter *parameter = &unit->type.parameters[i];
        const motet_ramp *ramp = &unit->ramps[i];
        found->moving[i] = NULL;
        if (motet_ramp_done(ramp, frame)) {
            found->values[i] = value_of(parameter, ramp->to);
            continue;
        }
        float *moving = mixer->moving + i * MOTET_BLOCK_FRAMES;
        motet_ramp_write(mixer->ramp_tables, mixer->levels, ramp, frame, count);
        for (uint32_t k = 0; k < count; k++) {
            moving[k] = value_of(parameter, mixer->levels[k]);
        }
        found->values[i] = moving[0];
        found->moving[i] = moving;
    }
}

/* How long it sounds at the goals of its parameters. */
static uint64_t tail_frames(const motet_effect_unit *unit, uint32_t sample_rate_hz) MOTET_NONBLOCKING
{
    float goals[MOTET_MAX_PARAMETERS];
    if (!unit->type.tail_seconds) {
        return unit->latency_frames;
    }
    for (uint32_t i = 0; i < unit->type.parameter_count; i++) {
        goals[i] = value_of(&unit->type.parameters[i], unit->ramps[i].to);
    }
    double frames = unit->type.tail_seconds(unit->state, goals) * sample_rate_hz;
    return frames < 1e15 ? (uint64_t)frames + 1 + unit->latency_frames : UINT64_MAX / 2;
}

void motet_effect_unit_apply(motet_effect_unit *unit, const motet_command *command, uint32_t sample_rate_hz,
                             uint64_t frame) MOTET_NONBLOCKING
{
    motet_curve curve = (motet_curve)command->curve;
    uint32_t fade_frames = command->fade_frames;
    if (command->index == MOTET_EFFECT_MATERIAL) {
        motet_effect_material *material = command->value.pointer;
        material->next_older = unit->material;
        unit->material = material;
        unit->type.material_set(unit->state, material->data);
    } else if (command->index == MOTET_EFFECT_WET) {
        motet_ramp_start(&unit->wet, frame, fade_frames, curve, command->value.number);
    } else if (command->index == MOTET_EFFECT_ACTIVE) {
        unit->fades_away = command->value.number < 0;
        motet_ramp_start(&unit->active, frame, fade_frames, curve, command->value.number > 0 ? 1 : 0);
    } else {
        bool steps = unit->type.parameters[command->index].curve == MOTET_PARAMETER_STEP;
        motet_ramp_start(&unit->ramps[command->index], frame, steps ? 0 : fade_frames, curve, command->value.number);
    }
    if (unit->awake && unit->input_silent) { /* it may ring for longer now */
        uint64_t sleep_frame = frame + fade_frames + tail_frames(unit, sample_rate_hz);
        unit->sleep_frame = sleep_frame > unit->sleep_frame ? sleep_frame : unit->sleep_frame;
    }
}

/* ----------------------------------------------------------------------------------------------------- Processing */

/* A run of frames of one bus. */
typedef struct run_frames {
    float *channels[2];
    uint32_t channel_count;
    const float *key[2];
    uint64_t frame;
    uint32_t count;
} run_frames;

static run_frames first_of(run_frames run, uint32_t count) MOTET_NONBLOCKING
{
    run.count = count;
    return run;
}

static run_frames rest_of(run_frames run, uint32_t offset) MOTET_NONBLOCKING
{
    for (uint32_t c = 0; c < 2; c++) {
        run.channels[c] = run.channels[c] != NULL ? run.channels[c] + offset : NULL;
        run.key[c] = run.key[c] != NULL ? run.key[c] + offset : NULL;
    }
    run.frame += offset;
    run.count -= offset;
    return run;
}

/* The frames before the first one that is not silent. */
static uint32_t count_silent(const run_frames *run) MOTET_NONBLOCKING
{
    uint32_t k = 0;
    while (k < run->count && run->channels[0][k] == 0 && (run->channel_count == 1 || run->channels[1][k] == 0)) {
        k++;
    }
    return k;
}

/* The frames behind the last one that is not silent. */
static uint32_t count_silent_at_end(const run_frames *run) MOTET_NONBLOCKING
{
    uint32_t k = run->count;
    while (k > 0 && run->channels[0][k - 1] == 0 && (run->channel_count == 1 || run->channels[1][k - 1] == 0)) {
        k--;
    }
    return run->count - k;
}

/* What comes in goes out so much later. */
static void delay_dry(motet_effect_unit *unit, const run_frames *run) MOTET_NONBLOCKING
{
    uint32_t length = unit->latency_frames;
    for (uint32_t k = 0; k < run->count; k++) {
        for (uint32_t c = 0; c < run->channel_count; c++) {
            float *place = &unit->dry[c * length + unit->dry_at];
            float late = *place;
            *place = run->channels[c][k];
            run->channels[c][k] = late;
        }
        unit->dry_at = unit->dry_at + 1 == length ? 0 : unit->dry_at + 1;
    }
}

/* Silences what is left of a run from the first frame on that is not finite: returns that one. */
static uint64_t contain(motet_effect_unit *unit, const run_frames *run) MOTET_NONBLOCKING
{
    uint32_t k = 0;
    while (k < run->count && run->channels[0][k] - run->channels[0][k] == 0 &&
           (run->channel_count == 1 || run->channels[1][k] - run->channels[1][k] == 0)) {
        k++;
    }
    for (uint32_t c = 0; c < run->channel_count; c++) {
        memset(run->channels[c] + k, 0, (run->count - k) * sizeof(float));
    }
    unit->broken = true;
    unit->mend_frame = (run->frame + k) / MOTET_BLOCK_FRAMES * MOTET_BLOCK_FRAMES + MOTET_BLOCK_FRAMES;
    return run->frame + k;
}

static bool is_finite(const motet_mixer *mixer, const run_frames *run) MOTET_NONBLOCKING
{
    float peak = mixer->kernels->largest(run->channels[0], run->count);
    float other = run->channel_count == 2 ? mixer->kernels->largest(run->channels[1], run->count) : 0;
    return peak - peak == 0 && other - other == 0;
}

static void tell_broken(motet_engine *engine, motet_effect_unit *unit, uint64_t frame) MOTET_NONBLOCKING
{
    motet_count_u64(&engine->counters.non_finite_frames, unit->mend_frame - frame);
    if (unit->broken_told == 0 || frame >= unit->broken_told + engine->def.sample_rate_hz) {
        unit->broken_told = frame + 1;
        motet_event event = {.type = MOTET_EVENT_NON_FINITE,
                             .frame = frame,
                             .bus = {motet_id_make(engine, unit->bus, 1)},
                             .count = (uint32_t)(unit->mend_frame - frame)};
        motet_event_stage(engine, &event);
    }
}

/* The processed sound in the place of the dry one. */
static void process(motet_engine *engine, motet_effect_unit *unit, const run_frames *frames) MOTET_NONBLOCKING
{
    if (unit->broken) {
        for (uint32_t c = 0; c < frames->channel_count; c++) {
            memset(frames->channels[c], 0, frames->count * sizeof(float));
        }
        return;
    }
    run_values found;
    find_values(&engine->mixer, unit, frames->frame, frames->count, &found);
    motet_effect_run run = {.channels = {frames->channels[0], frames->channels[1]},
                            .channel_count = frames->channel_count,
                            .frame_count = frames->count,
                            .frame = frames->frame,
                            .values = found.values,
                            .moving = found.moving,
                            .key = {frames->key[0], frames->key[1]}};
    unit->type.process(unit->state, &run);
    if (!is_finite(&engine->mixer, frames)) {
        tell_broken(engine, unit, contain(unit, frames));
    }
}

/* Processed and dry sound, by the share of this run. */
static void process_share(motet_engine *engine, motet_effect_unit *unit, const run_frames *run) MOTET_NONBLOCKING
{
    motet_mixer *mixer = &engine->mixer;
    uint64_t frame = run->frame;
    bool steady = motet_ramp_done(&unit->wet, frame) && motet_ramp_done(&unit->active, frame);
    float share = (float)(unit->wet.to * unit->active.to);
    bool late = unit->latency_frames > 0;
    if (steady && share == 1 && !late) {
        process(engine, unit, run);
        return;
    }
    run_frames dry = *run;
    for (uint32_t c = 0; c < run->channel_count; c++) {
        dry.channels[c] = mixer->dry + c * MOTET_BLOCK_FRAMES;
        memcpy(dry.channels[c], run->channels[c], run->count * sizeof(float));
    }
    if (late) {
        delay_dry(unit, &dry);
    }
    process(engine, unit, run);
    if (!steady) { /* behind the parameters, which use the same memory */
        motet_ramp_write(mixer->ramp_tables, mixer->levels, &unit->wet, frame, run->count);
        motet_ramp_multiply(mixer->ramp_tables, mixer->levels, &unit->active, frame, run->count);
    }
    for (uint32_t c = 0; c < run->channel_count; c++) {
        float *out = run->channels[c];
        for (uint32_t k = 0; k < run->count; k++) {
            float part = steady ? share : (float)mixer->levels[k];
            out[k] = part == 1 ? out[k] : dry.channels[c][k] + (out[k] - dry.channels[c][k]) * part;
        }
    }
}

static bool is_off(const motet_effect_unit *unit, uint64_t frame) MOTET_NONBLOCKING
{
    bool silent = motet_ramp_done(&unit->wet, frame) && unit->wet.to == 0;
    return silent || (motet_ramp_done(&unit->active, frame) && unit->active.to == 0);
}

static void fall_asleep(motet_effect_unit *unit) MOTET_NONBLOCKING
{
    if (unit->awake) {
        unit->type.reset(unit->state);
        unit->awake = unit->input_silent = false;
        motet_store_relaxed_u32(&unit->rings, 0);
    }
}

/* The frame at which something about a run's share changes by itself: it becomes 0, or the effect is whole again. */
static uint64_t next_turn(const motet_effect_unit *unit, uint64_t frame) MOTET_NONBLOCKING
{
    uint64_t turn = UINT64_MAX;
    if (!motet_ramp_done(&unit->wet, frame)) {
        turn = motet_ramp_end(&unit->wet);
    }
    if (!motet_ramp_done(&unit->active, frame) && motet_ramp_end(&unit->active) < turn) {
        turn = motet_ramp_end(&unit->active);
    }
    return turn;
}

/* An effect that sleeps: what comes in goes out, up to the first frame that wakes it. Returns how many frames. */
static uint32_t run_asleep(motet_effect_unit *unit, const run_frames *run) MOTET_NONBLOCKING
{
    uint32_t silent = is_off(unit, run->frame) ? run->count : count_silent(run);
    if (unit->latency_frames > 0 && silent > 0) {
        run_frames dry = first_of(*run, silent);
        delay_dry(unit, &dry);
    }
    if (silent < run->count) {
        unit->awake = true;
        motet_store_relaxed_u32(&unit->rings, 1);
    }
    return silent;
}

/* The frames of a run before its input has been silent for as long as the tail; all of them where it never is. */
static uint32_t count_to_sleep(const run_frames *run, uint64_t tail) MOTET_NONBLOCKING
{
    uint32_t silent = 0;
    for (uint32_t k = 0; k < run->count; k++) {
        bool is_silent = run->channels[0][k] == 0 && (run->channel_count == 1 || run->channels[1][k] == 0);
        silent = is_silent ? silent + 1 : 0;
        if (silent > tail) {
            return k;
        }
    }
    return run->count;
}

/* An effect that is awake, up to the frame at which it falls asleep. Returns how many frames. */
static uint32_t run_awake(motet_engine *engine, motet_effect_unit *unit, const run_frames *run) MOTET_NONBLOCKING
{
    run_frames part = *run;
    uint32_t silent = unit->input_silent ? count_silent(run) : 0;
    if (silent > 0) {
        uint64_t left = unit->sleep_frame > run->frame ? unit->sleep_frame - run->frame : 0;
        if (left == 0) {
            fall_asleep(unit);
            return 0;
        }
        part.count = left < silent ? (uint32_t)left : silent;
    } else {
        uint64_t tail = tail_frames(unit, engine->def.sample_rate_hz);
        part.count = tail < run->count ? count_to_sleep(run, tail) : run->count;
        if (part.count == 0) { /* no tail, and silence from the first frame on */
            fall_asleep(unit);
            return 0;
        }
        silent = count_silent_at_end(&part);
        unit->input_silent = silent > 0;
        unit->sleep_frame = run->frame + part.count - silent + tail;
    }
    process_share(engine, unit, &part);
    return part.count;
}

static void run_between_commands(motet_engine *engine, motet_effect_unit *unit, run_frames run) MOTET_NONBLOCKING
{
    while (run.count > 0) {
        if (unit->broken && run.frame >= unit->mend_frame) {
            unit->type.reset(unit->state);
            unit->broken = false;
        }
        if (is_off(unit, run.frame)) {
            fall_asleep(unit);
            if (unit->fades_away && motet_ramp_done(&unit->active, run.frame)) {
                motet_store_release_u32(&unit->gone, 1);
            }
        }
        uint64_t turn = next_turn(unit, run.frame);
        uint32_t count = turn - run.frame < run.count ? (uint32_t)(turn - run.frame) : run.count;
        run_frames part = first_of(run, count);
        uint32_t done = unit->awake ? run_awake(engine, unit, &part) : run_asleep(unit, &part);
        run = rest_of(run, done);
    }
}

/* Gives back what the newest material has replaced. */
static void give_materials_back(motet_effect_unit *unit) MOTET_NONBLOCKING
{
    for (motet_effect_material **link = &unit->material->next_older; *link != NULL;) {
        motet_effect_material *older = *link;
        if (older->data == NULL || !unit->type.material_uses(unit->state, older->data)) {
            *link = older->next_older;
            motet_store_release_u32(&older->over, 1);
        } else {
            link = &older->next_older;
        }
    }
}

void motet_effect_unit_run(motet_engine *engine, motet_effect_unit *unit, float *const channels[2],
                           const motet_bus_node *key, uint64_t block_start, uint32_t count) MOTET_NONBLOCKING
{
    run_frames run = {
        .channels = {channels[0], channels[1]}, .channel_count = unit->channels, .frame = block_start, .count = count};
    if (key != NULL) {
        run.key[0] = key->left;
        run.key[1] = key->right;
    }
    if (unit->material != NULL && unit->material->next_older != NULL) {
        give_materials_back(unit);
    }
    while (run.count > 0) {
        uint32_t part = run.count;
        while (unit->chain.next != MOTET_NO_COMMAND) {
            const motet_command *command = &engine->commands.commands[unit->chain.next];
            if (command->frame > run.frame) {
                uint64_t left = command->frame - run.frame;
                part = left < part ? (uint32_t)left : part;
                break;
            }
            motet_effect_unit_apply(unit, command, engine->def.sample_rate_hz, command->frame);
            unit->chain.next = command->next;
        }
        run_between_commands(engine, unit, first_of(run, part));
        run = rest_of(run, part);
    }
}
