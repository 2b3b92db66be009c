/* Mixing: from voices by way of the buses to the output. Audio thread, but for its creation. */
#ifndef MOTET_ENGINE_MIXER_H
#define MOTET_ENGINE_MIXER_H

#include "dsp/kernels.h"
#include "dsp/limiter.h"
#include "engine/topology.h"

/* The audio thread's own memory. */
typedef struct motet_mixer {
    const motet_topology *topology;
    const motet_kernels *kernels;
    motet_limiter *limiter; /* NULL: none */
    float *stereo;          /* the second partial sum of the bus in hand, interleaved */
    float *frames;          /* a voice's own, interleaved where it is stereo */
    double *levels, *shares_left, *shares_right;
    double *ones; /* a block of them */
    float *gains_left, *gains_right;
    motet_ramp_tables *ramp_tables;
    motet_sinc sinc16, sinc32;
    float *sinc16_coefficients, *sinc32_coefficients;
    uint64_t *positions;
    float *window;     /* of source frames, interleaved where they are stereo */
    float *output;     /* interleaved, for s16 */
    float *dry;        /* two channels: what an effect has before it */
    float *moving;     /* for each parameter of an effect its values in a block */
    double level_fall; /* of the level meter: factor per frame */
} motet_mixer;

bool motet_mixer_create(motet_mixer *mixer, motet_heap *heap, const motet_engine_def *def);
void motet_mixer_destroy(motet_mixer *mixer, motet_heap *heap, uint32_t sample_rate_hz);

/* Puts a slot into its place in its bus's list, and takes it out. */
void motet_bus_insert_slot(motet_engine *engine, motet_slot *slot) MOTET_NONBLOCKING;
void motet_bus_remove_slot(motet_engine *engine, motet_slot *slot) MOTET_NONBLOCKING;

/* Mixes one block, of at most MOTET_BLOCK_FRAMES, into interleaved output of the engine's channel count. */
void motet_mixer_render(motet_engine *engine, float *interleaved, uint64_t block_start,
                        uint32_t count) MOTET_NONBLOCKING;

#endif /* MOTET_ENGINE_MIXER_H */
