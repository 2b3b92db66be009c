/* Two doubles side by side: the two channels of a recursive filter, whose frames wait for one another and whose
 * channels do not. Each lane has the bits that a double by itself would have. */
#ifndef MOTET_DSP_PAIR_H
#define MOTET_DSP_PAIR_H

#include "base/nonblocking.h"

#include <stdint.h>
#include <string.h>

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

/* The same for floats. By their bits, because SSE2 compares four of those at once, and NaN has the largest. */
static inline void motet_floats_settle(float *samples, uint32_t count) MOTET_NONBLOCKING
{
    typedef int32_t quad __attribute__((vector_size(16)));
    const int32_t magnitude = 0x7fffffff, least = 0x1e3ce508; /* 1e-20f */
    uint32_t k = 0;
    for (; k + 4 <= count; k += 4) {
        quad bits;
        memcpy(&bits, samples + k, sizeof bits);
        bits &= (bits & magnitude) >= least;
        memcpy(samples + k, &bits, sizeof bits);
    }
    for (; k < count; k++) {
        samples[k] = samples[k] > -1e-20f && samples[k] < 1e-20f ? 0 : samples[k];
    }
}

/* Two channels beside each other; `right` is NULL for one. */
static inline void motet_pair_gather(motet_pair *frames, const float *left, const float *right,
                                     uint32_t count) MOTET_NONBLOCKING
{
    if (right == 0) {
        for (uint32_t k = 0; k < count; k++) {
            frames[k] = (motet_pair){(double)left[k], 0};
        }
        return;
    }
    for (uint32_t k = 0; k < count; k++) {
        frames[k] = (motet_pair){(double)left[k], (double)right[k]};
    }
}

/* And back, settled. */
static inline void motet_pair_spread(const motet_pair *frames, float *left, float *right,
                                     uint32_t count) MOTET_NONBLOCKING
{
    for (uint32_t k = 0; k < count; k++) {
        left[k] = (float)frames[k][0];
    }
    motet_floats_settle(left, count);
    if (right != 0) {
        for (uint32_t k = 0; k < count; k++) {
            right[k] = (float)frames[k][1];
        }
        motet_floats_settle(right, count);
    }
}

#endif /* MOTET_DSP_PAIR_H */
