/* A delay that is written and read in whole runs: at most a cell of 64 engine frames at a time, and none across a
 * multiple of 64. No run ends at the ring's end, as that lies between two cells; none that is read does, as the first
 * cell stands a second time behind the last. */
#ifndef MOTET_DSP_CELL_RING_H
#define MOTET_DSP_CELL_RING_H

#include "base/nonblocking.h"

#include <stdint.h>
#include <string.h>

enum { MOTET_CELL = 64 };

typedef struct motet_cell_ring {
    float *samples;           /* capacity + MOTET_CELL */
    uint32_t capacity, write; /* `write` starts at the engine frame's place in its cell */
} motet_cell_ring;

/* Room for a delay beside the cell that is being written, as an odd number of cells: were it a multiple of a page, the
 * places of rings that lie behind each other would all want the same lines of the cache. */
static inline uint32_t motet_cell_ring_capacity(uint32_t delay) MOTET_NONBLOCKING
{
    return ((delay + 2 * MOTET_CELL) / MOTET_CELL | 1) * MOTET_CELL;
}

/* A run that was written so many frames ago; below the run's length it is, in part, what was written last. */
static inline const float *motet_cell_ring_read(const motet_cell_ring *ring, uint32_t delay) MOTET_NONBLOCKING
{
    return ring->samples + (ring->write >= delay ? ring->write - delay : ring->write + ring->capacity - delay);
}

/* Where the run is to be written. */
static inline float *motet_cell_ring_place(const motet_cell_ring *ring) MOTET_NONBLOCKING
{
    return ring->samples + ring->write;
}

/* After the run was written, and before a delay shorter than a cell is read. */
static inline void motet_cell_ring_repeat(motet_cell_ring *ring, uint32_t count) MOTET_NONBLOCKING
{
    if (ring->write < MOTET_CELL) {
        memcpy(ring->samples + ring->capacity + ring->write, ring->samples + ring->write, count * sizeof(float));
    }
}

static inline void motet_cell_ring_go_on(motet_cell_ring *ring, uint32_t count) MOTET_NONBLOCKING
{
    ring->write = ring->write + count < ring->capacity ? ring->write + count : 0;
}

/* Both. */
static inline void motet_cell_ring_wrote(motet_cell_ring *ring, uint32_t count) MOTET_NONBLOCKING
{
    motet_cell_ring_repeat(ring, count);
    motet_cell_ring_go_on(ring, count);
}

#endif /* MOTET_DSP_CELL_RING_H */
