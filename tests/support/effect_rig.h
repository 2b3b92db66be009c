/* One effect by itself, without an engine: driven as the engine drives it, cut into runs of any length. */
#ifndef MOTET_TESTS_EFFECT_RIG_H
#define MOTET_TESTS_EFFECT_RIG_H

#include "effects/effects.h"

typedef struct effect_move {
    float from, to;
    uint64_t first; /* engine frame from which it moves, evenly by the parameter's curve, ... */
    uint32_t length;
} effect_move;

typedef struct effect_rig {
    const motet_effect_type *type;
    void *state;
    size_t size;
    uint32_t sample_rate_hz, channels;
    uint64_t frame; /* the next */
    float values[MOTET_MAX_PARAMETERS];
    effect_move moves[MOTET_MAX_PARAMETERS]; /* length 0: it stands at `values` */
    const motet_kernels *kernels;
    const float *key[2]; /* as long as what is run */
    float *moving[MOTET_MAX_PARAMETERS];
} effect_rig;

/* All parameters at their initial values; `simd` as motet_engine_def.simd. Set values before effect_rig_start. */
effect_rig *effect_rig_create(const char *type, uint32_t sample_rate_hz, uint32_t channels, const char *simd);
void effect_rig_destroy(effect_rig *rig);

/* By name, in range; the test fails when there is no such parameter. Before the start it is the start value. */
void effect_rig_set(effect_rig *rig, const char *parameter, float value);
void effect_rig_glide(effect_rig *rig, const char *parameter, float to, uint32_t frames);
uint32_t effect_rig_parameter(const effect_rig *rig, const char *parameter);

/* Makes the state. */
void effect_rig_start(effect_rig *rig);

/* Processes planar frames in place, in runs of at most `run_frames` (0: of random lengths); `right` is NULL for one
 * channel. */
void effect_rig_run(effect_rig *rig, float *left, float *right, uint32_t frame_count, uint32_t run_frames);

/* Its tail at the present values, in frames, at most ten minutes. */
uint64_t effect_rig_tail_frames(const effect_rig *rig);

#endif /* MOTET_TESTS_EFFECT_RIG_H */
