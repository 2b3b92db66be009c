#include "support/effect_rig.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { BLOCK_FRAMES = 512, ALIGNMENT = 64 };

effect_rig *effect_rig_create(const char *type, uint32_t sample_rate_hz, uint32_t channels, const char *simd)
{
    effect_rig *rig = calloc(1, sizeof *rig);
    assert_non_null(rig);
    rig->type = motet_effect_type_find(type);
    assert_non_null(rig->type);
    rig->sample_rate_hz = sample_rate_hz;
    rig->channels = channels;
    rig->kernels = motet_kernels_choose(simd);
    for (uint32_t i = 0; i < rig->type->parameter_count; i++) {
        rig->values[i] = rig->type->parameters[i].initial;
        rig->moving[i] = malloc(BLOCK_FRAMES * sizeof(float));
    }
    return rig;
}

void effect_rig_destroy(effect_rig *rig)
{
    for (uint32_t i = 0; i < rig->type->parameter_count; i++) {
        free(rig->moving[i]);
    }
    free(rig->state);
    free(rig);
}

uint32_t effect_rig_parameter(const effect_rig *rig, const char *parameter)
{
    for (uint32_t i = 0; i < rig->type->parameter_count; i++) {
        if (strcmp(rig->type->parameters[i].name, parameter) == 0) {
            return i;
        }
    }
    fail_msg("%s has no parameter %s", rig->type->name, parameter);
    return 0;
}

void effect_rig_set(effect_rig *rig, const char *parameter, float value)
{
    uint32_t at = effect_rig_parameter(rig, parameter);
    rig->values[at] = value;
    rig->moves[at].length = 0;
}

void effect_rig_glide(effect_rig *rig, const char *parameter, float to, uint32_t frames)
{
    uint32_t at = effect_rig_parameter(rig, parameter);
    rig->moves[at] = (effect_move){rig->values[at], to, rig->frame, frames};
}

void effect_rig_start(effect_rig *rig)
{
    motet_effect_setup setup = {rig->sample_rate_hz, rig->channels, rig->values, rig->kernels};
    rig->size = rig->type->size(&setup);
    size_t rounded = (rig->size + ALIGNMENT) / ALIGNMENT * ALIGNMENT;
    free(rig->state);
    rig->state = aligned_alloc(ALIGNMENT, rounded);
    assert_non_null(rig->state);
    memset(rig->state, 0, rounded);
    rig->type->init(rig->state, &setup);
}

static float value_at(const effect_rig *rig, uint32_t parameter, uint64_t frame)
{
    const effect_move *move = &rig->moves[parameter];
    if (move->length == 0) {
        return rig->values[parameter];
    }
    if (frame >= move->first + move->length) {
        return move->to;
    }
    double t = (double)(frame - move->first) / move->length;
    switch (rig->type->parameters[parameter].curve) {
    case MOTET_PARAMETER_LOG: return (float)(move->from * pow((double)move->to / move->from, t));
    case MOTET_PARAMETER_STEP: return move->to;
    default: return (float)(move->from + (move->to - move->from) * t);
    }
}

static void run_some(effect_rig *rig, float *left, float *right, uint32_t offset, uint32_t count)
{
    float values[MOTET_MAX_PARAMETERS] = {0};
    const float *moving[MOTET_MAX_PARAMETERS] = {0};
    for (uint32_t i = 0; i < rig->type->parameter_count; i++) {
        values[i] = value_at(rig, i, rig->frame);
        if (rig->moves[i].length > 0 && rig->frame < rig->moves[i].first + rig->moves[i].length) {
            for (uint32_t k = 0; k < count; k++) {
                rig->moving[i][k] = value_at(rig, i, rig->frame + k);
            }
            moving[i] = rig->moving[i];
        }
    }
    motet_effect_run run = {
        .channels = {left + offset, right != NULL ? right + offset : NULL},
        .channel_count = rig->channels,
        .frame_count = count,
        .frame = rig->frame,
        .values = values,
        .moving = moving,
        .key = {rig->key[0] != NULL ? rig->key[0] + offset : NULL, rig->key[1] != NULL ? rig->key[1] + offset : NULL},
    };
    rig->type->process(rig->state, &run);
    rig->frame += count;
    for (uint32_t i = 0; i < rig->type->parameter_count; i++) {
        effect_move *move = &rig->moves[i];
        if (move->length > 0 && rig->frame >= move->first + move->length) {
            rig->values[i] = move->to;
            move->length = 0;
        }
    }
}

void effect_rig_run(effect_rig *rig, float *left, float *right, uint32_t frame_count, uint32_t run_frames)
{
    uint32_t random = 12345;
    for (uint32_t done = 0; done < frame_count;) {
        random = random * 1664525 + 1013904223;
        uint32_t wanted = run_frames > 0 ? run_frames : 1 + (random >> 8) % BLOCK_FRAMES;
        uint32_t to_grid = BLOCK_FRAMES - (uint32_t)(rig->frame % BLOCK_FRAMES);
        uint32_t count = frame_count - done;
        count = count < wanted ? count : wanted;
        count = count < to_grid ? count : to_grid;
        run_some(rig, left, right, done, count);
        done += count;
    }
}

uint64_t effect_rig_tail_frames(const effect_rig *rig)
{
    double seconds = rig->type->tail_seconds ? rig->type->tail_seconds(rig->state, rig->values) : 0;
    seconds = seconds < 600 ? seconds : 600;
    return (uint64_t)ceil(seconds * rig->sample_rate_hz);
}
