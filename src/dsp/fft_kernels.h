/* The loops of dsp/fft.h and of convolution by it. These are the reference; dsp/kernels.h has faster ones with the same
 * bits. */
#ifndef MOTET_DSP_FFT_KERNELS_H
#define MOTET_DSP_FFT_KERNELS_H

#include "base/nonblocking.h"

#include <stdint.h>

/* Complex numbers as two arrays. */
typedef struct motet_complexes {
    float *re, *im;
} motet_complexes;

/* One pass of T. G. Stockham's transform, which sorts as it goes ("High-speed convolution and correlation", 1966). With
 * a quarter (half) of `points` between its inputs, butterfly i = q + stride p, q < stride, writes its four (two)
 * outputs to q + stride (4 p + j):
 *   y0 = (a + c) + (b + d)             y1 = w^p ((a - c) - i (b - d))
 *   y2 = w^2p ((a + c) - (b + d))      y3 = w^3p ((a - c) + i (b - d))
 * where a product (x, y) (u, v) is (x u - y v, x v + y u), each operation rounded once. */
typedef struct motet_fft_pass {
    uint32_t points, stride;
    /* re and im of w^p, then of w^2p, then of w^3p: six rows. The first two passes have a column for each butterfly,
     * the others for each p. */
    const float *twiddles;
    uint32_t columns;
} motet_fft_pass;

/* Butterflies [first, first + count); in and out do not overlap. From 16 butterflies on, fast if `first` is a multiple
 * of 16. Strides are 1, 4, or multiples of 16. */
typedef void motet_fft_pass_fn(const motet_fft_pass *pass, motet_complexes in, motet_complexes out, uint32_t first,
                               uint32_t count) MOTET_NONBLOCKING;
motet_fft_pass_fn motet_fft_four; /* of radix 4 */
motet_fft_pass_fn motet_fft_two;  /* of radix 2: the last one, of a stride of half the points, without twiddles */

/* Between the spectrum Z of real samples that were taken in pairs as complex numbers and their own, X, for all bins k
 * from 1 to points - 1, with j = points - k and (c, s) = turns[k]:
 *   even = (Z.re[k] + Z.re[j], Z.im[k] - Z.im[j]) / 2    odd = (Z.im[k] + Z.im[j], Z.re[j] - Z.re[k]) / 2
 *   X[k] = even + odd (c, s)                                                                        (split)
 *   even = (X.re[k] + X.re[j], X.im[k] - X.im[j])        odd = (X.re[k] - X.re[j], X.im[k] + X.im[j]) (c, -s)
 *   Z[k] = scale (even.re - odd.im, even.im + odd.re)                                               (join) */
typedef void motet_fft_real_fn(motet_complexes out, motet_complexes in, motet_complexes turns, uint32_t points,
                               float scale) MOTET_NONBLOCKING;
motet_fft_real_fn motet_fft_split_real; /* its scale is 0.5 */
motet_fft_real_fn motet_fft_join_real;

/* The same for bins [first, end) only. */
void motet_fft_split_some(motet_complexes out, motet_complexes in, motet_complexes turns, uint32_t points, float scale,
                          uint32_t first, uint32_t end) MOTET_NONBLOCKING;
void motet_fft_join_some(motet_complexes out, motet_complexes in, motet_complexes turns, uint32_t points, float scale,
                         uint32_t first, uint32_t end) MOTET_NONBLOCKING;

/* sum[k] += x[0][k] h[0][k], then += x[1][k] h[1][k] ... : (xr hr - xi hi, xr hi + xi hr). No arrays overlap. */
enum { MOTET_PRODUCTS = 4 };
typedef struct motet_products {
    motet_complexes x[MOTET_PRODUCTS], h[MOTET_PRODUCTS];
    uint32_t count; /* 1 ... MOTET_PRODUCTS */
} motet_products;
typedef void motet_add_products_fn(motet_complexes sum, const motet_products *products,
                                   uint32_t count) MOTET_NONBLOCKING;
motet_add_products_fn motet_add_products;

/* out[k] = in[k] by[k]. */
typedef void motet_multiply_complex_fn(motet_complexes out, motet_complexes in, motet_complexes by,
                                       uint32_t count) MOTET_NONBLOCKING;
motet_multiply_complex_fn motet_multiply_complex;

/* out[k] += taps[0] in[k], then += taps[1] in[k - 1] ... : reads tap_count - 1 samples in front of `in`. */
typedef void motet_add_filtered_fn(float *out, const float *in, const float *taps, uint32_t tap_count,
                                   uint32_t count) MOTET_NONBLOCKING;
motet_add_filtered_fn motet_add_filtered;

#endif /* MOTET_DSP_FFT_KERNELS_H */
