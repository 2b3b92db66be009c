/* Buses as the audio thread sees them: their sums, gains and order. */
#ifndef MOTET_ENGINE_MIXER_H
#define MOTET_ENGINE_MIXER_H

#include "dsp/kernels.h"
#include "dsp/limiter.h"
#include "engine/slot.h"

/* One bus. Made by the control side, then the audio thread's until the engine goes. */
typedef struct motet_bus_node {
    uint32_t index;
    uint32_t parent; /* of Master: itself */
    bool solo;
    motet_ramp volume;
    motet_ramp mute_gate;
    motet_ramp solo_gate; /* of the bus's own voices */
    motet_slot_list mono, stereo;
    uint32_t cursor, chain_last; /* commands of this block, as a voice's */
    uint64_t non_finite_told;    /* frame of the last event about it + 1 */
    motet_atomic_f32 peak;       /* out: the highest sample of its output since it was taken last */
    float *left, *right;         /* MOTET_BLOCK_FRAMES each: own voices, then the bus's output */
} motet_bus_node;

/* The order of mixing: built aside by the control side, handed over by one pointer. */
typedef struct motet_topology {
    struct motet_topology *next_garbage;
    uint32_t count;
    motet_bus_node **by_index; /* count */
    motet_bus_node **order;    /* children before their parents, Master last */
    uint32_t *first_child;     /* by index: into `children`, `child_count` of them in creation order */
    uint32_t *child_count;
    motet_bus_node **children;
    size_t size;
} motet_topology;

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
    double level_fall; /* of the level meter: factor per frame */
} motet_mixer;

bool motet_mixer_create(motet_mixer *mixer, motet_heap *heap, const motet_engine_def *def);
void motet_mixer_destroy(motet_mixer *mixer, motet_heap *heap, uint32_t sample_rate_hz);

motet_bus_node *motet_bus_node_create(motet_heap *heap, uint32_t index, uint32_t parent, const motet_bus_def *def);
void motet_bus_node_destroy(motet_heap *heap, motet_bus_node *node);
/* `nodes` by index, Master first; NULL when out of memory. */
motet_topology *motet_topology_create(motet_heap *heap, motet_bus_node *const *nodes, uint32_t count);
void motet_topology_destroy(motet_heap *heap, motet_topology *topology);

/* Applies a bus command at the start of a block, or chains it for later in it. */
void motet_bus_apply_now(motet_engine *engine, uint32_t index, uint64_t frame) MOTET_NONBLOCKING;
void motet_bus_apply_later(motet_engine *engine, uint32_t index) MOTET_NONBLOCKING;
/* Whether the block must end before a command instead. */
bool motet_bus_ends_block(const motet_engine *engine, const motet_command *command) MOTET_NONBLOCKING;
/* At the end of the block: the command's bus has no chain any more. */
void motet_bus_unchain(motet_engine *engine, uint32_t index) MOTET_NONBLOCKING;
/* Moves the gates of all buses to what is soloed now. */
void motet_mixer_open_solo_gates(motet_engine *engine, uint64_t frame, uint32_t fade_frames,
                                 motet_curve curve) MOTET_NONBLOCKING;

/* Puts a slot into its place in its bus's list, and takes it out. */
void motet_bus_insert_slot(motet_engine *engine, motet_slot *slot) MOTET_NONBLOCKING;
void motet_bus_remove_slot(motet_engine *engine, motet_slot *slot) MOTET_NONBLOCKING;

/* Mixes one block, of at most MOTET_BLOCK_FRAMES, into interleaved output of the engine's channel count. */
void motet_mixer_render(motet_engine *engine, float *interleaved, uint64_t block_start,
                        uint32_t count) MOTET_NONBLOCKING;

#endif /* MOTET_ENGINE_MIXER_H */
