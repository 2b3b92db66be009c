#include "dsp/fft_kernels.h"

typedef struct number {
    float re, im;
} number;

static number at(motet_complexes from, uint32_t index) MOTET_NONBLOCKING
{
    return (number){from.re[index], from.im[index]};
}

static void set(motet_complexes to, uint32_t index, number value) MOTET_NONBLOCKING
{
    to.re[index] = value.re;
    to.im[index] = value.im;
}

static number sum(number a, number b) MOTET_NONBLOCKING
{
    return (number){a.re + b.re, a.im + b.im};
}

static number difference(number a, number b) MOTET_NONBLOCKING
{
    return (number){a.re - b.re, a.im - b.im};
}

static number product(number x, number u) MOTET_NONBLOCKING
{
    return (number){x.re * u.re - x.im * u.im, x.re * u.im + x.im * u.re};
}

static number twiddle(const motet_fft_pass *pass, uint32_t power, uint32_t column) MOTET_NONBLOCKING
{
    const float *row = pass->twiddles + 2 * (power - 1) * pass->columns;
    return (number){row[column], row[pass->columns + column]};
}

void motet_fft_four(const motet_fft_pass *pass, motet_complexes in, motet_complexes out, uint32_t first,
                    uint32_t count) MOTET_NONBLOCKING
{
    uint32_t quarter = pass->points / 4;
    uint32_t stride = pass->stride;
    for (uint32_t i = first; i < first + count; i++) {
        uint32_t p = i / stride;
        uint32_t column = pass->columns == quarter ? i : p;
        number a = at(in, i), b = at(in, i + quarter), c = at(in, i + 2 * quarter), d = at(in, i + 3 * quarter);
        number even = sum(a, c), odd = sum(b, d);
        number across = difference(a, c), turned = difference(b, d);
        number y1 = {across.re + turned.im, across.im - turned.re};
        number y3 = {across.re - turned.im, across.im + turned.re};
        uint32_t to = i + 3 * p * stride;
        set(out, to, sum(even, odd));
        set(out, to + stride, product(y1, twiddle(pass, 1, column)));
        set(out, to + 2 * stride, product(difference(even, odd), twiddle(pass, 2, column)));
        set(out, to + 3 * stride, product(y3, twiddle(pass, 3, column)));
    }
}

void motet_fft_two(const motet_fft_pass *pass, motet_complexes in, motet_complexes out, uint32_t first,
                   uint32_t count) MOTET_NONBLOCKING
{
    uint32_t half = pass->points / 2;
    for (uint32_t i = first; i < first + count; i++) {
        number a = at(in, i), b = at(in, i + half);
        set(out, i, sum(a, b));
        set(out, i + half, difference(a, b));
    }
}

static number scaled(number a, float scale) MOTET_NONBLOCKING
{
    return (number){scale * a.re, scale * a.im};
}

void motet_fft_split_some(motet_complexes out, motet_complexes in, motet_complexes turns, uint32_t points, float scale,
                          uint32_t first, uint32_t end) MOTET_NONBLOCKING
{
    for (uint32_t k = first; k < end; k++) {
        number near = at(in, k), far = at(in, points - k);
        number even = scaled((number){near.re + far.re, near.im - far.im}, scale);
        number odd = scaled((number){near.im + far.im, far.re - near.re}, scale);
        set(out, k, sum(even, product(odd, at(turns, k))));
    }
}

void motet_fft_join_some(motet_complexes out, motet_complexes in, motet_complexes turns, uint32_t points, float scale,
                         uint32_t first, uint32_t end) MOTET_NONBLOCKING
{
    for (uint32_t k = first; k < end; k++) {
        number near = at(in, k), far = at(in, points - k), turn = at(turns, k);
        number even = {near.re + far.re, near.im - far.im};
        number odd = product((number){near.re - far.re, near.im + far.im}, (number){turn.re, -turn.im});
        set(out, k, scaled((number){even.re - odd.im, even.im + odd.re}, scale));
    }
}

void motet_fft_split_real(motet_complexes out, motet_complexes in, motet_complexes turns, uint32_t points,
                          float scale) MOTET_NONBLOCKING
{
    motet_fft_split_some(out, in, turns, points, scale, 1, points);
}

void motet_fft_join_real(motet_complexes out, motet_complexes in, motet_complexes turns, uint32_t points,
                         float scale) MOTET_NONBLOCKING
{
    motet_fft_join_some(out, in, turns, points, scale, 1, points);
}

void motet_add_products(motet_complexes total, const motet_products *products, uint32_t count) MOTET_NONBLOCKING
{
    for (uint32_t k = 0; k < count; k++) {
        number value = at(total, k);
        for (uint32_t i = 0; i < products->count; i++) {
            value = sum(value, product(at(products->x[i], k), at(products->h[i], k)));
        }
        set(total, k, value);
    }
}

void motet_multiply_complex(motet_complexes out, motet_complexes in, motet_complexes by,
                            uint32_t count) MOTET_NONBLOCKING
{
    for (uint32_t k = 0; k < count; k++) {
        set(out, k, product(at(in, k), at(by, k)));
    }
}

void motet_add_filtered(float *out, const float *in, const float *taps, uint32_t tap_count,
                        uint32_t count) MOTET_NONBLOCKING
{
    for (uint32_t k = 0; k < count; k++) {
        float value = out[k];
        for (uint32_t j = 0; j < tap_count; j++) {
            value += taps[j] * *(in + k - j);
        }
        out[k] = value;
    }
}
