/* An effect at its place: its type's state, the ramps of its parameters, and all that is done around its processing.
 *
 * What comes out is dry + (processed - dry) w, where w is the share of the processed sound times the gate that a bypass
 * closes. An effect whose input has been silent for as long as its tail, or whose w has come to 0, sleeps: it costs
 * nothing, and starts from a reset state with the first frame that is not silent. NaN and infinity that come out of one
 * silence it up to the next multiple of MOTET_BLOCK_FRAMES, where it is reset. None of that depends on blocks. */
#ifndef MOTET_ENGINE_EFFECT_UNIT_H
#define MOTET_ENGINE_EFFECT_UNIT_H

#include "dsp/kernels.h"
#include "engine/topology.h"
#include "motet/effect.h"

/* What a command on an effect changes, beside its parameters. */
enum { MOTET_EFFECT_MATERIAL = 0xfffd, MOTET_EFFECT_WET = 0xfffe, MOTET_EFFECT_ACTIVE = 0xffff };

/* What an effect has made of a sound. */
typedef struct motet_effect_material {
    struct motet_effect_material *next; /* control side: of the effect, the newest first */
    size_t bytes;
    void *data;                               /* NULL: no sound */
    struct motet_effect_material *next_older; /* audio thread: those that may still be read */
    motet_atomic_u32 over;                    /* out: it is not read any more */
} motet_effect_material;

typedef struct motet_effect_unit {
    uint32_t index, generation;
    uint32_t bus;
    uint32_t rank; /* its place among the effects of its bus */
    motet_effect_type type;
    uint32_t channels;
    uint32_t latency_frames;
    size_t state_bytes;
    void *state;
    float *dry; /* what comes in is late by the latency in here: two channels, a ring */

    /* Audio thread. */
    uint32_t dry_at;
    motet_ramp wet, active;
    motet_ramp *ramps; /* of the parameters; of MOTET_PARAMETER_LOG in octaves */
    motet_chain chain;
    bool awake;
    uint64_t sleep_frame; /* an awake one with silent input sleeps from here on ... */
    bool input_silent;    /* ... which it has been up to now */
    bool broken;          /* NaN or infinity came out: it is silent and will be reset at ... */
    uint64_t mend_frame;
    uint64_t broken_told;            /* frame of the last event about it + 1 */
    motet_effect_material *material; /* the newest, and those that it replaces */
    bool fades_away;
    motet_atomic_u32 gone;  /* out: it has faded away */
    motet_atomic_u32 rings; /* out: it is awake */

    /* Control side. */
    float *goals; /* of the parameters, by the last calls */
    float wet_goal;
    bool bypass, leaves;
    uint32_t key; /* the bus that it listens to; MOTET_NO_SLOT: none */
    motet_effect_material *materials;
    uint64_t left_by;
    struct motet_effect_unit *next_garbage;
} motet_effect_unit;

/* ------------------------------------------------------------------------------------------------ Control side */

/* An effect with the values of its table; NULL when out of memory. `values` are in the order of the parameters. */
motet_effect_unit *motet_effect_unit_create(motet_heap *heap, const motet_effect_type *type, uint32_t sample_rate_hz,
                                            uint32_t channels, const motet_kernels *kernels, const float *values,
                                            float wet, bool active);
void motet_effect_unit_free(motet_heap *heap, motet_effect_unit *unit);   /* NULL does nothing */
void motet_effect_units_free(motet_heap *heap, motet_effect_unit *units); /* all that are linked by next_garbage */

/* What an effect makes of a sound, or of none; NULL when out of memory. */
motet_effect_material *motet_effect_material_create(motet_heap *heap, const motet_effect_type *type,
                                                    const motet_effect_setup *setup, const motet_pcm *pcm);
void motet_effect_material_free(motet_heap *heap, motet_effect_material *material); /* NULL does nothing */
/* Frees those of an effect that the audio thread does not read any more. */
void motet_effect_unit_tidy(motet_heap *heap, motet_effect_unit *unit);

/* A parameter's value as its ramp has it. */
double motet_effect_to_ramp(const motet_parameter *parameter, float value);

/* ------------------------------------------------------------------------------------------------- Audio thread */

/* At the frame of a command of it: what it says. */
void motet_effect_unit_apply(motet_effect_unit *unit, const motet_command *command, uint32_t sample_rate_hz,
                             uint64_t frame) MOTET_NONBLOCKING;

/* Processes a block of its bus, in place. `key` is NULL where it listens to nobody. */
void motet_effect_unit_run(motet_engine *engine, motet_effect_unit *unit, float *const channels[2],
                           const motet_bus_node *key, uint64_t block_start, uint32_t count) MOTET_NONBLOCKING;

#endif /* MOTET_ENGINE_EFFECT_UNIT_H */
