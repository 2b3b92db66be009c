/* True peaks: how high a signal gets between its samples, by Annex 2 of ITU-R BS.1770-4: four points to a frame,
 * through the interpolating filter of 48 taps that is given there. This is the reference; dsp/kernels.h has faster ones
 * with the same bits.
 *
 * Of the four phases two are the others backwards. A phase and its reverse are e + o and e - o, where e works on the
 * sums of samples that lie alike around the middle and o on their differences; the larger magnitude of the two is |e| +
 * |o|. That is half the products, and no comparison. */
#ifndef MOTET_DSP_TRUE_PEAK_H
#define MOTET_DSP_TRUE_PEAK_H

#include "base/nonblocking.h"

#include <stdint.h>

enum {
    MOTET_TRUE_PEAK_PAST = 11, /* frames that must lie in front of the first */
    MOTET_TRUE_PEAK_DELAY = 6, /* the four points of frame k lie behind frame k - 6, and in front of the next */
    MOTET_TRUE_PEAK_PAIRS = 6  /* of taps */
};

/* No point is higher than so many times the highest sample of the 12 that it is made of. */
#define MOTET_TRUE_PEAK_MOST 2.03f

/* e's and o's taps of both phases, (h[i] + h[11 - i]) / 2 and (h[i] - h[11 - i]) / 2: 16 binary places, exact. */
extern const float motet_true_peak_even[2][MOTET_TRUE_PEAK_PAIRS], motet_true_peak_odd[2][MOTET_TRUE_PEAK_PAIRS];

/* peaks[k] = the largest of what it was, of the magnitude of samples[k - 6], and of those of the four points behind
 * that, which are made of samples[k - 11] ... samples[k]. Sums start with the outermost pair; numbers are compared by
 * their bits, so that NaN is the largest. */
typedef void motet_true_peak_fn(float *peaks, const float *samples, uint32_t count) MOTET_NONBLOCKING;
motet_true_peak_fn motet_true_peak_raise;

#endif /* MOTET_DSP_TRUE_PEAK_H */
