/* Two doubles side by side: the two channels of a recursive filter, whose frames wait for one another and whose channels
 * do not. Each lane has the bits that a double by itself would have. */
#ifndef MOTET_DSP_PAIR_H
#define MOTET_DSP_PAIR_H

#include "base/nonblocking.h"

#include <stdint.h>

typedef double motet_pair __attribute__((vector_size(16)));
typedef int64_t motet_pair_mask __attribute__((vector_size(16)));

/* What dies away ends here, long before the denormals. */
#define MOTET_PAIR_FLOOR 1e-20

/* 0 in place of what is below the floor; NaN stays. */
static inline motet_pair motet_pair_settled(motet_pair v) MOTET_NONBLOCKING
{
    const motet_pair floor = {MOTET_PAIR_FLOOR, MOTET_PAIR_FLOOR};
    motet_pair_mask below = (v > -floor) & (v < floor);
    return (motet_pair)(~below & (motet_pair_mask)v);
}

/* `right` is NULL for one channel. */
static inline motet_pair motet_pair_load(const float *left, const float *right, uint32_t k) MOTET_NONBLOCKING
{
    return (motet_pair){(double)left[k], right != 0 ? (double)right[k] : 0.0};
}

static inline void motet_pair_store(float *left, float *right, uint32_t k, motet_pair v) MOTET_NONBLOCKING
{
    left[k] = (float)v[0];
    if (right != 0) {
        right[k] = (float)v[1];
    }
}

#endif /* MOTET_DSP_PAIR_H */
