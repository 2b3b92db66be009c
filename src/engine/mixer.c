#include "engine/mixer.h"

#include "dsp/convert.h"
#include "dsp/math.h"
#include "engine/desk.h"
#include "engine/effect_unit.h"
#include "engine/engine.h"

#include <assert.h>
#include <string.h>

/* ----------------------------------------------------------------------------------------- Made by control */

enum { ALIGNMENT = 64 };

typedef struct scratch_buffer {
    void **buffer;
    size_t size;
} scratch_buffer;

enum { SCRATCH_COUNT = 16 };

static void list_scratch(motet_mixer *mixer, scratch_buffer *list)
{
    const size_t block = MOTET_BLOCK_FRAMES;
    const size_t window = MOTET_WINDOW_FRAMES;
    scratch_buffer buffers[SCRATCH_COUNT] = {
        {(void **)&mixer->stereo, 2 * block * sizeof(float)},
        {(void **)&mixer->frames, 2 * block * sizeof(float)},
        {(void **)&mixer->levels, block * sizeof(double)},
        {(void **)&mixer->ones, block * sizeof(double)},
        {(void **)&mixer->shares_left, block * sizeof(double)},
        {(void **)&mixer->shares_right, block * sizeof(double)},
        {(void **)&mixer->gains_left, block * sizeof(float)},
        {(void **)&mixer->gains_right, block * sizeof(float)},
        {(void **)&mixer->positions, block * sizeof(uint64_t)},
        {(void **)&mixer->window, (2 * window + MOTET_KERNEL_SLACK) * sizeof(float)},
        {(void **)&mixer->ramp_tables, sizeof *mixer->ramp_tables},
        {(void **)&mixer->output, 2 * block * sizeof(float)},
        {(void **)&mixer->dry, 2 * block * sizeof(float)},
        {(void **)&mixer->moving, MOTET_MAX_PARAMETERS * block * sizeof(float)},
        {(void **)&mixer->sinc16_coefficients, motet_sinc_size(16)},
        {(void **)&mixer->sinc32_coefficients, motet_sinc_size(32)},
    };
    memcpy(list, buffers, sizeof buffers);
}

bool motet_mixer_create(motet_mixer *mixer, motet_heap *heap, const motet_engine_def *def)
{
    scratch_buffer buffers[SCRATCH_COUNT];
    bool complete = true;
    list_scratch(mixer, buffers);
    for (int i = 0; i < SCRATCH_COUNT; i++) {
        *buffers[i].buffer = motet_heap_take(heap, buffers[i].size, ALIGNMENT);
        complete = complete && *buffers[i].buffer != NULL;
    }
    mixer->kernels = motet_kernels_choose(def->simd);
    if (complete) {
        mixer->ramp_tables->kernels = mixer->kernels;
        for (uint32_t k = 0; k < MOTET_BLOCK_FRAMES; k++) {
            mixer->ones[k] = 1;
        }
        motet_sinc_build(&mixer->sinc16, 16, mixer->sinc16_coefficients);
        motet_sinc_build(&mixer->sinc32, 32, mixer->sinc32_coefficients);
    }
    /* 20 dB in 1.5 s. */
    mixer->level_fall = motet_db_to_gain(-20.0 / (1.5 * def->sample_rate_hz));
    if (!def->no_limiter) {
        mixer->limiter = motet_heap_take(heap, motet_limiter_size(def->sample_rate_hz), ALIGNMENT);
        complete = complete && mixer->limiter != NULL;
        if (mixer->limiter != NULL) {
            motet_limiter_init(mixer->limiter, mixer->kernels, def->sample_rate_hz, motet_db_to_gain(def->ceiling_db));
        }
    }
    return complete;
}

void motet_mixer_destroy(motet_mixer *mixer, motet_heap *heap, uint32_t sample_rate_hz)
{
    scratch_buffer buffers[SCRATCH_COUNT];
    list_scratch(mixer, buffers);
    for (int i = 0; i < SCRATCH_COUNT; i++) {
        motet_heap_give(heap, *buffers[i].buffer, buffers[i].size);
    }
    motet_heap_give(heap, mixer->limiter, motet_limiter_size(sample_rate_hz));
}

/* ------------------------------------------------------------------------------------------- Lists of slots */

static motet_slot_list *list_of(const motet_engine *engine, const motet_slot *slot) MOTET_NONBLOCKING
{
    motet_bus_node *node = engine->mixer.topology->by_index[slot->place.bus];
    return slot->channels == 2 ? &node->stereo : &node->mono;
}

/* A voice before its tails, the newest tail first. */
static bool sounds_before(const motet_slot *a, const motet_slot *b) MOTET_NONBLOCKING
{
    if (a->play_number != b->play_number) {
        return a->play_number < b->play_number;
    }
    return !a->place.is_tail || (b->place.is_tail && a->place.rank > b->place.rank);
}

void motet_bus_insert_slot(motet_engine *engine, motet_slot *slot) MOTET_NONBLOCKING
{
    motet_slot *slots = engine->slots.slots;
    motet_slot_list *list = list_of(engine, slot);
    uint32_t after = list->last; /* a new voice belongs at the end */
    while (after != MOTET_NO_SLOT && sounds_before(slot, &slots[after])) {
        after = slots[after].place.previous;
    }
    uint32_t before = after == MOTET_NO_SLOT ? list->first : slots[after].place.next;
    slot->place.previous = after;
    slot->place.next = before;
    *(after == MOTET_NO_SLOT ? &list->first : &slots[after].place.next) = slot->place.index;
    *(before == MOTET_NO_SLOT ? &list->last : &slots[before].place.previous) = slot->place.index;
}

void motet_bus_remove_slot(motet_engine *engine, motet_slot *slot) MOTET_NONBLOCKING
{
    motet_slot *slots = engine->slots.slots;
    motet_slot_list *list = list_of(engine, slot);
    uint32_t previous = slot->place.previous;
    uint32_t next = slot->place.next;
    *(previous == MOTET_NO_SLOT ? &list->first : &slots[previous].place.next) = next;
    *(next == MOTET_NO_SLOT ? &list->last : &slots[next].place.previous) = previous;
}

/* --------------------------------------------------------------------------------------------------- Mixing */

static float floored(double gain) MOTET_NONBLOCKING
{
    return gain < MOTET_GAIN_FLOOR ? 0 : (float)gain;
}

/* Multiplies a run of frames by the product of two ramps, each frame's rounded once. */
static void scale_by_ramps(const motet_mixer *mixer, motet_stereo_sum sum, const motet_ramp *a, const motet_ramp *b,
                           uint64_t frame, uint32_t count) MOTET_NONBLOCKING
{
    if (motet_ramp_done(a, frame) && motet_ramp_done(b, frame)) {
        float gain = floored(a->to * b->to);
        if (gain != 1) {
            mixer->kernels->scale(sum.left, gain, count);
            mixer->kernels->scale(sum.right, gain, count);
        }
        return;
    }
    motet_ramp_write(mixer->ramp_tables, mixer->levels, a, frame, count);
    motet_ramp_multiply(mixer->ramp_tables, mixer->levels, b, frame, count);
    for (uint32_t k = 0; k < count; k++) {
        mixer->gains_left[k] = floored(mixer->levels[k]);
    }
    mixer->kernels->scale_ramped(sum.left, mixer->gains_left, count);
    mixer->kernels->scale_ramped(sum.right, mixer->gains_left, count);
}

static const motet_ramp OPEN = {.shape = MOTET_RAMP_HOLD, .to = 1};

/* The fader and the mute gate, cut where a command of the bus applies inside the block; before the fader what `pre`
 * takes, which the gate closes too. */
static void apply_fader(motet_engine *engine, motet_bus_node *node, float *pre, uint64_t block_start,
                        uint32_t count) MOTET_NONBLOCKING
{
    uint32_t done = 0;
    while (done < count) {
        uint32_t end = count;
        while (node->chain.next != MOTET_NO_COMMAND) {
            const motet_command *command = &engine->commands.commands[node->chain.next];
            if (command->frame > block_start + done) {
                end = (uint32_t)(command->frame - block_start);
                break;
            }
            motet_desk_apply_to_bus(node, command, command->frame);
            node->chain.next = command->next;
        }
        uint64_t frame = block_start + done;
        motet_stereo_sum run = {node->left + done, node->right + done};
        if (pre != NULL) {
            motet_stereo_sum tap = {pre + done, pre + MOTET_BLOCK_FRAMES + done};
            memcpy(tap.left, run.left, (end - done) * sizeof(float));
            memcpy(tap.right, run.right, (end - done) * sizeof(float));
            scale_by_ramps(&engine->mixer, tap, &OPEN, &node->mute_gate, frame, end - done);
        }
        scale_by_ramps(&engine->mixer, run, &node->volume, &node->mute_gate, frame, end - done);
        done = end;
    }
}

/* (mono voices + stereo voices), gated by solo. A sum that starts from +0 is never -0, so leaving out an empty one
 * changes no bit. */
static void sum_own_voices(motet_engine *engine, motet_bus_node *node, uint64_t block_start,
                           uint32_t count) MOTET_NONBLOCKING
{
    motet_mixer *mixer = &engine->mixer;
    motet_stereo_sum own = {node->left, node->right};
    bool any_mono = node->mono.first != MOTET_NO_SLOT;
    bool any_stereo = node->stereo.first != MOTET_NO_SLOT;
    memset(own.left, 0, count * sizeof *own.left);
    memset(own.right, 0, count * sizeof *own.right);
    if (any_mono) {
        motet_steady_sum_list(engine, &node->mono, (motet_voice_sum){.mono = own}, block_start, count);
    }
    if (any_stereo) {
        memset(mixer->stereo, 0, 2 * count * sizeof *mixer->stereo);
        motet_steady_sum_list(engine, &node->stereo, (motet_voice_sum){.stereo = mixer->stereo}, block_start, count);
        mixer->kernels->add_split(own, mixer->stereo, count);
    }
    if (any_mono || any_stereo) {
        scale_by_ramps(mixer, own, &node->solo_gate, &OPEN, block_start, count);
    }
}

static bool is_finite(float sample) MOTET_NONBLOCKING
{
    return sample - sample == 0;
}

static float largest_of(const motet_mixer *mixer, motet_stereo_sum sum, uint32_t count) MOTET_NONBLOCKING
{
    float left = mixer->kernels->largest(sum.left, count);
    float right = mixer->kernels->largest(sum.right, count);
    return left > right || !is_finite(left) ? left : right;
}

static void contain_non_finite(motet_engine *engine, motet_bus_node *node, uint64_t block_start,
                               uint32_t count) MOTET_NONBLOCKING
{
    motet_stereo_sum sum = {node->left, node->right};
    float peak = largest_of(&engine->mixer, sum, count);
    uint32_t silenced = 0;
    if (!is_finite(peak)) {
        silenced = motet_silence_non_finite(sum, count);
        peak = largest_of(&engine->mixer, sum, count);
    }
    if (node->index != MOTET_MASTER) { /* whose output is that of its limiter */
        motet_raise_relaxed_f32(&node->peak, peak);
    }
    if (silenced == 0) {
        return;
    }
    motet_count_u64(&engine->counters.non_finite_frames, silenced);
    if (node->non_finite_told == 0 || block_start >= node->non_finite_told + engine->def.sample_rate_hz) {
        node->non_finite_told = block_start + 1;
        motet_event event = {.type = MOTET_EVENT_NON_FINITE,
                             .frame = block_start,
                             .bus = {motet_id_make(engine, node->index, 1)},
                             .count = silenced};
        motet_event_stage(engine, &event);
    }
}

/* Adds what comes by a route, cut where a command of it applies inside the block. */
static void add_route(motet_engine *engine, motet_bus_node *node, motet_route *route, uint64_t block_start,
                      uint32_t count) MOTET_NONBLOCKING
{
    motet_mixer *mixer = &engine->mixer;
    const motet_bus_node *source = mixer->topology->by_index[route->from];
    const float *pre = mixer->topology->buses[route->from].pre;
    const float *left = route->kind == MOTET_ROUTE_SEND_PRE ? pre : source->left;
    const float *right = route->kind == MOTET_ROUTE_SEND_PRE ? pre + MOTET_BLOCK_FRAMES : source->right;
    for (uint32_t done = 0, end; done < count; done = end) {
        end = motet_desk_apply_route(engine, route, block_start, done, count);
        uint64_t frame = block_start + done;
        uint32_t frames = end - done;
        if (motet_ramp_done(&route->gain, frame)) {
            float gain = floored(route->gain.to);
            if (gain == 1) {
                mixer->kernels->add(node->left + done, left + done, frames);
                mixer->kernels->add(node->right + done, right + done, frames);
            } else if (gain != 0) {
                motet_add_scaled(node->left + done, left + done, gain, frames);
                motet_add_scaled(node->right + done, right + done, gain, frames);
            } else if (route->fades_away) {
                motet_store_release_u32(&route->gone, 1);
            }
            continue;
        }
        motet_ramp_write(mixer->ramp_tables, mixer->levels, &route->gain, frame, frames);
        for (uint32_t k = 0; k < frames; k++) {
            mixer->gains_left[k] = floored(mixer->levels[k]);
        }
        motet_add_scaled_ramped(node->left + done, left + done, mixer->gains_left, frames);
        motet_add_scaled_ramped(node->right + done, right + done, mixer->gains_left, frames);
    }
}

static void run_effects(motet_engine *engine, motet_bus_node *node, const motet_desk_bus *of, uint64_t block_start,
                        uint32_t count) MOTET_NONBLOCKING
{
    const motet_topology *topology = engine->mixer.topology;
    float *channels[2] = {node->left, node->right};
    for (uint32_t i = 0; i < of->effect_count; i++) {
        const motet_placed_effect *effect = &topology->effects[of->first_effect + i];
        motet_effect_unit_run(engine, effect->unit, channels, effect->key, block_start, count);
    }
}

static void mix_bus(motet_engine *engine, motet_bus_node *node, uint64_t block_start, uint32_t count) MOTET_NONBLOCKING
{
    const motet_topology *topology = engine->mixer.topology;
    const motet_desk_bus *of = &topology->buses[node->index];
    sum_own_voices(engine, node, block_start, count);
    for (uint32_t i = 0; i < of->in_count; i++) {
        motet_route *route = topology->ins[of->first_in + i];
        if (route->kind != MOTET_ROUTE_KEY) {
            add_route(engine, node, route, block_start, count);
        }
    }
    run_effects(engine, node, of, block_start, count);
    apply_fader(engine, node, of->pre, block_start, count);
    contain_non_finite(engine, node, block_start, count);
}

static void meter(motet_engine *engine, motet_bus_node *master, uint32_t count) MOTET_NONBLOCKING
{
    const float *sides[2] = {master->left, master->right};
    double fall = motet_exp2(motet_log2(engine->mixer.level_fall) * count);
    for (int side = 0; side < 2; side++) {
        motet_atomic_f32 *level = &engine->counters.master_level[side];
        float peak = engine->mixer.kernels->largest(sides[side], count);
        motet_raise_relaxed_f32(&master->peak, peak);
        float fallen = (float)((double)motet_load_relaxed_f32(level) * fall);
        motet_store_relaxed_f32(level, peak > fallen ? peak : fallen < 1e-9f ? 0 : fallen);
        if (peak > motet_load_relaxed_f32(&engine->counters.master_peak)) {
            motet_store_relaxed_f32(&engine->counters.master_peak, peak);
        }
    }
}

void motet_mixer_render(motet_engine *engine, float *interleaved, uint64_t block_start,
                        uint32_t count) MOTET_NONBLOCKING
{
    assert(count <= MOTET_BLOCK_FRAMES);
    const motet_topology *topology = engine->mixer.topology;
    for (uint32_t i = 0; i < topology->count; i++) {
        mix_bus(engine, topology->order[i], block_start, count);
    }
    motet_bus_node *master = topology->by_index[MOTET_MASTER];
    if (engine->mixer.limiter != NULL) {
        motet_limiter_process(engine->mixer.limiter, master->left, master->right, count);
    }
    meter(engine, master, count);
    if (engine->def.channels == 2) {
        engine->mixer.kernels->interleave(interleaved, master->left, master->right, count);
    } else {
        motet_fold_to_mono(interleaved, master->left, master->right, count);
    }
}
