/* The kernels of dsp/fft_kernels.h for one SIMD level; dsp/kernels_body.h includes it and says what it is made of. */
#ifndef MOTET_DSP_FFT_BODY_H
#define MOTET_DSP_FFT_BODY_H

#include "dsp/fft_kernels.h"

#include <stdbool.h>

/* FLOATS complex numbers. */
typedef struct numbers {
    floats re, im;
} numbers;

INLINE numbers numbers_at(motet_complexes from, uint32_t index)
{
    return (numbers){floats_load(from.re + index), floats_load(from.im + index)};
}

INLINE void set_numbers(motet_complexes to, uint32_t index, numbers v)
{
    floats_store(to.re + index, v.re);
    floats_store(to.im + index, v.im);
}

INLINE numbers numbers_sum(numbers a, numbers b)
{
    return (numbers){floats_add(a.re, b.re), floats_add(a.im, b.im)};
}

INLINE numbers numbers_difference(numbers a, numbers b)
{
    return (numbers){floats_subtract(a.re, b.re), floats_subtract(a.im, b.im)};
}

INLINE numbers numbers_product(numbers x, numbers u)
{
    return (numbers){floats_subtract(floats_multiply(x.re, u.re), floats_multiply(x.im, u.im)),
                     floats_add(floats_multiply(x.re, u.im), floats_multiply(x.im, u.re))};
}

/* The four outputs before the twiddles. */
INLINE void cross_four(motet_complexes in, uint32_t i, uint32_t quarter, numbers y[4])
{
    numbers a = numbers_at(in, i);
    numbers b = numbers_at(in, i + quarter);
    numbers c = numbers_at(in, i + 2 * quarter);
    numbers d = numbers_at(in, i + 3 * quarter);
    numbers even = numbers_sum(a, c);
    numbers odd = numbers_sum(b, d);
    numbers across = numbers_difference(a, c);
    numbers turned = numbers_difference(b, d);
    y[0] = numbers_sum(even, odd);
    y[1] = (numbers){floats_add(across.re, turned.im), floats_subtract(across.im, turned.re)};
    y[2] = numbers_difference(even, odd);
    y[3] = (numbers){floats_subtract(across.re, turned.im), floats_add(across.im, turned.re)};
}

/* Four vectors' elements in turn, by ones or by fours. */
INLINE void store_in_turn(float *to, floats a, floats b, floats c, floats d, bool by_fours)
{
    floats even[2], odd[2], out[4];
    if (by_fours) {
        floats_interleave_fours(a, c, even);
        floats_interleave_fours(b, d, odd);
        floats_interleave_fours(even[0], odd[0], out);
        floats_interleave_fours(even[1], odd[1], out + 2);
    } else {
        floats_interleave(a, c, even);
        floats_interleave(b, d, odd);
        floats_interleave(even[0], odd[0], out);
        floats_interleave(even[1], odd[1], out + 2);
    }
    for (int v = 0; v < 4; v++) {
        floats_store(to + v * FLOATS, out[v]);
    }
}

/* A pass of stride 1 or 4: neighbours have twiddles of their own, and their outputs lie among one another. Returns
 * where whole vectors end. */
INLINE uint32_t four_side_by_side(const motet_fft_pass *pass, motet_complexes in, motet_complexes out, uint32_t first,
                                  uint32_t end, bool by_fours)
{
    uint32_t columns = pass->columns;
    uint32_t i = first;
    for (; end - i >= FLOATS; i += FLOATS) {
        numbers y[4];
        cross_four(in, i, pass->points / 4, y);
        const float *w = pass->twiddles + i;
        for (uint32_t j = 1; j < 4; j++, w += 2 * (size_t)columns) {
            y[j] = numbers_product(y[j], (numbers){floats_load(w), floats_load(w + columns)});
        }
        store_in_turn(out.re + 4 * (size_t)i, y[0].re, y[1].re, y[2].re, y[3].re, by_fours);
        store_in_turn(out.im + 4 * (size_t)i, y[0].im, y[1].im, y[2].im, y[3].im, by_fours);
    }
    return i;
}

/* Butterflies [first, end) of one p. */
INLINE uint32_t four_in_column(const motet_fft_pass *pass, motet_complexes in, motet_complexes out, uint32_t p,
                               uint32_t first, uint32_t end)
{
    uint32_t stride = pass->stride;
    numbers w[3];
    for (uint32_t j = 0; j < 3; j++) {
        const float *row = pass->twiddles + 2 * (size_t)j * pass->columns + p;
        w[j] = (numbers){floats_fill(row[0]), floats_fill(row[pass->columns])};
    }
    uint32_t i = first;
    for (; end - i >= FLOATS; i += FLOATS) {
        numbers y[4];
        cross_four(in, i, pass->points / 4, y);
        uint32_t to = i + 3 * p * stride;
        set_numbers(out, to, y[0]);
        for (uint32_t j = 1; j < 4; j++) {
            set_numbers(out, to + j * stride, numbers_product(y[j], w[j - 1]));
        }
    }
    return i;
}

static void fft_four(const motet_fft_pass *pass, motet_complexes in, motet_complexes out, uint32_t first,
                     uint32_t count) MOTET_NONBLOCKING
{
    uint32_t end = first + count;
    uint32_t done = first;
    if (pass->stride == 1) {
        done = four_side_by_side(pass, in, out, first, end, false);
    } else if (pass->stride == 4 && first % 4 == 0) {
        done = four_side_by_side(pass, in, out, first, end, true);
    } else if (pass->stride != 4) {
        while (done < end) {
            uint32_t p = done / pass->stride;
            uint32_t column_end = (p + 1) * pass->stride;
            uint32_t stop = column_end < end ? column_end : end;
            done = four_in_column(pass, in, out, p, done, stop);
            if (done < stop) {
                motet_fft_four(pass, in, out, done, stop - done);
                done = stop;
            }
        }
    }
    if (done < end) {
        motet_fft_four(pass, in, out, done, end - done);
    }
}

static void fft_two(const motet_fft_pass *pass, motet_complexes in, motet_complexes out, uint32_t first,
                    uint32_t count) MOTET_NONBLOCKING
{
    uint32_t half = pass->points / 2;
    uint32_t end = first + count;
    uint32_t i = first;
    for (; end - i >= FLOATS; i += FLOATS) {
        numbers a = numbers_at(in, i);
        numbers b = numbers_at(in, i + half);
        set_numbers(out, i, numbers_sum(a, b));
        set_numbers(out, i + half, numbers_difference(a, b));
    }
    motet_fft_two(pass, in, out, i, end - i);
}

INLINE numbers numbers_scaled(numbers a, floats scale)
{
    return (numbers){floats_multiply(scale, a.re), floats_multiply(scale, a.im)};
}

/* Bins points - k, points - k - 1 ... */
INLINE numbers numbers_from_behind(motet_complexes from, uint32_t points, uint32_t k)
{
    uint32_t lowest = points - k - (FLOATS - 1);
    return (numbers){floats_reverse(floats_load(from.re + lowest)), floats_reverse(floats_load(from.im + lowest))};
}

static void fft_split_real(motet_complexes out, motet_complexes in, motet_complexes turns, uint32_t points,
                           float scale) MOTET_NONBLOCKING
{
    floats factor = floats_fill(scale);
    uint32_t k = 1;
    for (; points - k >= FLOATS; k += FLOATS) {
        numbers near = numbers_at(in, k);
        numbers far = numbers_from_behind(in, points, k);
        numbers even = {floats_add(near.re, far.re), floats_subtract(near.im, far.im)};
        numbers odd = {floats_add(near.im, far.im), floats_subtract(far.re, near.re)};
        numbers turned = numbers_product(numbers_scaled(odd, factor), numbers_at(turns, k));
        set_numbers(out, k, numbers_sum(numbers_scaled(even, factor), turned));
    }
    motet_fft_split_some(out, in, turns, points, scale, k, points);
}

static void fft_join_real(motet_complexes out, motet_complexes in, motet_complexes turns, uint32_t points,
                          float scale) MOTET_NONBLOCKING
{
    floats factor = floats_fill(scale), negative = floats_fill(-1);
    uint32_t k = 1;
    for (; points - k >= FLOATS; k += FLOATS) {
        numbers near = numbers_at(in, k);
        numbers far = numbers_from_behind(in, points, k);
        numbers turn = numbers_at(turns, k);
        numbers even = {floats_add(near.re, far.re), floats_subtract(near.im, far.im)};
        numbers later = {floats_subtract(near.re, far.re), floats_add(near.im, far.im)};
        numbers odd = numbers_product(later, (numbers){turn.re, floats_multiply(negative, turn.im)});
        numbers z = {floats_subtract(even.re, odd.im), floats_add(even.im, odd.re)};
        set_numbers(out, k, numbers_scaled(z, factor));
    }
    motet_fft_join_some(out, in, turns, points, scale, k, points);
}

INLINE motet_complexes further(motet_complexes v, uint32_t by)
{
    return (motet_complexes){v.re + by, v.im + by};
}

/* The number of products is a constant wherever this is called. */
INLINE uint32_t products_added(motet_complexes sum, const motet_products *products, uint32_t product_count,
                               uint32_t count)
{
    motet_complexes x[MOTET_PRODUCTS], h[MOTET_PRODUCTS];
    for (uint32_t i = 0; i < product_count; i++) {
        x[i] = products->x[i];
        h[i] = products->h[i];
    }
    uint32_t k = 0;
    for (; count - k >= FLOATS; k += FLOATS) {
        numbers value = numbers_at(sum, k);
        for (uint32_t i = 0; i < product_count; i++) {
            value = numbers_sum(value, numbers_product(numbers_at(x[i], k), numbers_at(h[i], k)));
        }
        set_numbers(sum, k, value);
    }
    return k;
}

static void add_products(motet_complexes sum, const motet_products *products, uint32_t count) MOTET_NONBLOCKING
{
    uint32_t done = 0;
    switch (products->count) {
    case 1: done = products_added(sum, products, 1, count); break;
    case 2: done = products_added(sum, products, 2, count); break;
    case 3: done = products_added(sum, products, 3, count); break;
    default: done = products_added(sum, products, 4, count); break;
    }
    if (done < count) {
        motet_products rest = {.count = products->count};
        for (uint32_t i = 0; i < rest.count; i++) {
            rest.x[i] = further(products->x[i], done);
            rest.h[i] = further(products->h[i], done);
        }
        motet_add_products(further(sum, done), &rest, count - done);
    }
}

static void multiply_complex(motet_complexes out, motet_complexes in, motet_complexes by,
                             uint32_t count) MOTET_NONBLOCKING
{
    uint32_t k = 0;
    for (; count - k >= FLOATS; k += FLOATS) {
        set_numbers(out, k, numbers_product(numbers_at(in, k), numbers_at(by, k)));
    }
    motet_multiply_complex(further(out, k), further(in, k), further(by, k), count - k);
}

/* `vectors` beside each other, because each waits for its sum so far. */
INLINE void filtered_vectors(float *out, const float *in, const float *taps, uint32_t tap_count, int vectors)
{
    floats value[4];
    for (int v = 0; v < vectors; v++) {
        value[v] = floats_load(out + v * FLOATS);
    }
    for (uint32_t j = 0; j < tap_count; j++) {
        floats tap = floats_fill(taps[j]);
        for (int v = 0; v < vectors; v++) {
            value[v] = floats_add(value[v], floats_multiply(tap, floats_load(in + v * FLOATS - j)));
        }
    }
    for (int v = 0; v < vectors; v++) {
        floats_store(out + v * FLOATS, value[v]);
    }
}

static void add_filtered(float *out, const float *in, const float *taps, uint32_t tap_count,
                         uint32_t count) MOTET_NONBLOCKING
{
    uint32_t k = 0;
    for (; count - k >= 4 * FLOATS; k += 4 * FLOATS) {
        filtered_vectors(out + k, in + k, taps, tap_count, 4);
    }
    for (; count - k >= FLOATS; k += FLOATS) {
        filtered_vectors(out + k, in + k, taps, tap_count, 1);
    }
    motet_add_filtered(out + k, in + k, taps, tap_count, count - k);
}

#endif /* MOTET_DSP_FFT_BODY_H */
