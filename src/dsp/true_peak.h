/* True peaks: how high a signal gets between its samples, by Annex 2 of ITU-R BS.1770-4: four points to a frame, through
 * the interpolating filter of 48 taps that is given there. */
#ifndef MOTET_DSP_TRUE_PEAK_H
#define MOTET_DSP_TRUE_PEAK_H

#include "base/nonblocking.h"

#include <stdint.h>

enum {
    MOTET_TRUE_PEAK_PAST = 11, /* frames that must lie in front of the first */
    MOTET_TRUE_PEAK_DELAY = 6, /* the four points of frame k lie behind frame k - 6, and in front of the next */
    MOTET_TRUE_PEAK_SLACK = 4  /* floats that may be read behind the last, and change nothing; and written to `peaks` */
};

/* No point is higher than so many times the highest sample of the 12 that it is made of. */
#define MOTET_TRUE_PEAK_MOST 2.03f

/* peaks[k] = the largest of what it was and the magnitudes of samples[k - 6] and of the four points behind it, which are
 * made of samples[k - 11] ... samples[k]. */
void motet_true_peak_raise(float *peaks, const float *samples, uint32_t count) MOTET_NONBLOCKING;

#endif /* MOTET_DSP_TRUE_PEAK_H */
