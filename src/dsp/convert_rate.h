/* Material from one sample rate to another, when it is loaded.
 *
 * Frame n of the result is a weighted sum of the frames around n * from / to of the source, at which place is worked
 * out in whole numbers. Nothing is remembered from one frame to the next: any part of the result can be made by itself,
 * with the same bits.
 *
 * The filter is a sine cardinal under Kaiser's window, 128 frames of the lower rate long: its noise is below -120 dB,
 * and its band ends within 6 % of the lower rate's Nyquist frequency. */
#ifndef MOTET_DSP_CONVERT_RATE_H
#define MOTET_DSP_CONVERT_RATE_H

#include "dsp/sinc.h"

#include <stdint.h>

typedef struct motet_rate_filter {
    uint32_t from, to; /* the rates without their common factor */
    motet_sinc_bank bank;
} motet_rate_filter;

/* Bytes of coefficients for a pair of rates, both 1 ... 768000: at most a few megabytes. */
size_t motet_rate_filter_size(uint32_t from_hz, uint32_t to_hz);
/* Designs the filter into that much memory: the same bits on every machine, in about a millisecond. */
void motet_rate_filter_build(motet_rate_filter *filter, uint32_t from_hz, uint32_t to_hz, float *coefficients);

/* How many frames come of `frames` of the source: all whose place is before its end. frames < 2^44. */
uint64_t motet_rate_frames(const motet_rate_filter *filter, uint64_t frames);

/* Source frames that `count` frames of the result from `first` on depend on. */
typedef struct motet_rate_span {
    int64_t first; /* may lie before the source: there it is silent, as it is behind its end */
    uint64_t count;
} motet_rate_span;

motet_rate_span motet_rate_filter_span(const motet_rate_filter *filter, uint64_t first, uint32_t count);

/* Writes `count` frames from `first` on, at most MOTET_RATE_CHUNK, from a window that holds their span, both mono or
 * both interleaved stereo, as `dot_products` reads them; of motet_kernels, whichever the machine runs best. */
enum { MOTET_RATE_CHUNK = 512 };
void motet_rate_convert(const motet_rate_filter *filter, motet_sinc_fn *dot_products, float *out, const float *window,
                        uint64_t first, uint32_t count);

#endif /* MOTET_DSP_CONVERT_RATE_H */
