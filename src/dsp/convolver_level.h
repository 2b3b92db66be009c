/* One level of parts of a convolution (dsp/convolver.h): the spectra of past blocks, and the work on the present one. */
#ifndef MOTET_DSP_CONVOLVER_LEVEL_H
#define MOTET_DSP_CONVOLVER_LEVEL_H

#include "dsp/impulse.h"

enum {
    MOTET_CONVOLVER_GRID = 64, /* frames: what happens less often than in each frame happens at multiples of it */
    MOTET_CONVOLVER_SLOTS = 2, /* responses at work: one that sounds and one that comes or goes */
    MOTET_CONVOLVER_SECTIONS = 10
};

typedef enum motet_convolver_work { MOTET_WORK_FORWARD, MOTET_WORK_PRODUCTS, MOTET_WORK_INVERSE } motet_convolver_work;

/* A run of units of about the same cost, of one kind. */
typedef struct motet_convolver_section {
    motet_convolver_work work;
    uint32_t slot, channel, units;
} motet_convolver_section;

typedef struct motet_convolver_level {
    uint32_t index, block, channels;
    const motet_kernels *kernels;
    motet_fft fft;
    float *turns;
    float *inputs[2]; /* spectra of the last `places` blocks of each channel */
    uint32_t places;  /* 0: the level is not needed at this rate */
    uint32_t newest, known;
    float *work[2];
    float *outputs[2][MOTET_CONVOLVER_SLOTS][2]; /* [side][slot][channel] */
    /* Whose they are, NULL for nobody's; of the side that is being made, whose they are going to be. */
    const motet_impulse *of[2][MOTET_CONVOLVER_SLOTS];
    uint32_t sounding;                  /* the side that is finished */
    const float *earlier[2], *later[2]; /* the two blocks of each channel that are being transformed */
    motet_convolver_section sections[MOTET_CONVOLVER_SECTIONS];
    uint32_t section_count, section, unit; /* where the work has got to */
    uint32_t total, done;
} motet_convolver_level;

/* Floats of memory that a level takes; with `memory`, also makes it. */
size_t motet_convolver_level_place(motet_convolver_level *level, uint32_t index, uint32_t channels, uint32_t frames,
                                   const motet_kernels *kernels, float *memory);

void motet_convolver_level_reset(motet_convolver_level *level) MOTET_NONBLOCKING;

/* A response that is not to be read any more. */
void motet_convolver_level_forget(motet_convolver_level *level, uint32_t slot) MOTET_NONBLOCKING;

/* At a multiple of the grid: does the share of work that is due, and goes on to the next block where one ends. The
 * rings hold the channels' last frames, frame f at f & mask. */
void motet_convolver_level_step(motet_convolver_level *level, uint64_t frame,
                                const motet_impulse *const impulses[MOTET_CONVOLVER_SLOTS], const float *const rings[2],
                                uint32_t mask) MOTET_NONBLOCKING;

/* What it has for the next MOTET_CONVOLVER_GRID frames of a response; NULL for nothing yet. */
const float *motet_convolver_level_output(const motet_convolver_level *level, uint64_t frame, uint32_t slot,
                                          const motet_impulse *impulse, uint32_t channel) MOTET_NONBLOCKING;

#endif /* MOTET_DSP_CONVOLVER_LEVEL_H */
