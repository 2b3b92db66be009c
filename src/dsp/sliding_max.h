/* The maximum of the last `length` values, by van Herk's and Gil and Werman's method: time is cut into windows of that
 * length; window[i] of the past one holds the maximum of its frames i and later, and gives way to the present frame i
 * once the sliding window has left it. Its work is the same for every signal: one pass over the window whenever one is
 * full, where a queue of falling maxima would cost more the worse the signal is. */
#ifndef MOTET_DSP_SLIDING_MAX_H
#define MOTET_DSP_SLIDING_MAX_H

#include "base/nonblocking.h"

#include <stdint.h>

typedef struct motet_sliding_max {
    uint32_t *window; /* `length`, zeroed: before the start everything is 0 */
    uint32_t length;
    uint32_t at;   /* 0 ... length - 1 */
    uint32_t peak; /* of window[0 ... at - 1] */
} motet_sliding_max;

/* Floats of 0 and more are ordered as their bits. `maxima` may be `values`. */
void motet_sliding_max_run(motet_sliding_max *sliding, uint32_t *maxima, const uint32_t *values,
                           uint32_t count) MOTET_NONBLOCKING;

#endif /* MOTET_DSP_SLIDING_MAX_H */
