#include "dsp/fft.h"

#include "dsp/math.h"

#include <assert.h>

/* ------------------------------------------------------------------------------------------------------- Tables */

/* A column for each butterfly in the passes where a vector meets several p. */
static uint32_t columns_of(uint32_t points, uint32_t stride)
{
    return stride < 16 ? points / 4 : points / 4 / stride;
}

size_t motet_fft_size(uint32_t points)
{
    size_t floats = 2 * ((size_t)points + 1);
    for (uint32_t stride = 1; points / stride >= 4; stride *= 4) {
        floats += 6 * (size_t)columns_of(points, stride);
    }
    return floats * sizeof(float);
}

/* w = e^(-2 pi i / n) for a pass whose transforms have n = points / stride points. */
static float *build_pass(motet_fft_pass *pass, uint32_t points, uint32_t stride, float *tables)
{
    *pass = (motet_fft_pass){points, stride, tables, columns_of(points, stride)};
    for (uint32_t power = 1; power <= 3; power++) {
        for (uint32_t column = 0; column < pass->columns; column++) {
            uint32_t p = stride < 16 ? column / stride : column;
            double turns = (double)power * p * stride / points;
            tables[column] = (float)motet_cos_turns(turns);
            tables[pass->columns + column] = (float)-motet_sin_turns(turns);
        }
        tables += 2 * (size_t)pass->columns;
    }
    return tables;
}

void motet_fft_build(motet_fft *fft, uint32_t points, float *tables)
{
    assert(points >= MOTET_FFT_LEAST && points <= MOTET_FFT_MOST && (points & (points - 1)) == 0);
    *fft = (motet_fft){.points = points, .half_turns = {tables, tables + points + 1}};
    for (uint32_t k = 0; k <= points; k++) {
        fft->half_turns.re[k] = (float)motet_cos_turns(0.5 * k / points);
        fft->half_turns.im[k] = (float)-motet_sin_turns(0.5 * k / points);
    }
    tables += 2 * ((size_t)points + 1);
    uint32_t stride = 1;
    for (; points / stride >= 4; stride *= 4) {
        tables = build_pass(&fft->passes[fft->pass_count++], points, stride, tables);
    }
    if (points / stride == 2) {
        fft->passes[fft->pass_count++] = (motet_fft_pass){points, stride, NULL, 0};
    }
}

/* --------------------------------------------------------------------------------------------------- Transforms */

void motet_fft_part(const motet_fft *fft, const motet_kernels *kernels, uint32_t pass, motet_complexes a,
                    motet_complexes b, uint32_t part, uint32_t parts) MOTET_NONBLOCKING
{
    const motet_fft_pass *what = &fft->passes[pass];
    bool is_two = what->points == 2 * what->stride;
    uint32_t count = fft->points / (is_two ? 2 : 4) / parts;
    (is_two ? kernels->fft_two : kernels->fft_four)(what, pass % 2 == 0 ? a : b, pass % 2 == 0 ? b : a, part * count,
                                                    count);
}

motet_complexes motet_fft_result(const motet_fft *fft, motet_complexes a, motet_complexes b) MOTET_NONBLOCKING
{
    return fft->pass_count % 2 == 0 ? a : b;
}

motet_complexes motet_fft_run(const motet_fft *fft, const motet_kernels *kernels, motet_complexes a,
                              motet_complexes b) MOTET_NONBLOCKING
{
    for (uint32_t pass = 0; pass < fft->pass_count; pass++) {
        motet_fft_part(fft, kernels, pass, a, b, 0, 1);
    }
    return motet_fft_result(fft, a, b);
}

/* ------------------------------------------------------------------------------------------------- Real samples */

/* Of the spectrum Z of the samples taken in pairs as complex numbers, the part (Z[k] + conj Z[N-k]) / 2 belongs to the
 * even ones, and -i (Z[k] - conj Z[N-k]) / 2 to the odd ones, which are half a turn of k / N later. */
void motet_fft_of_real(const motet_fft *fft, const motet_kernels *kernels, motet_complexes bins, const float *samples,
                       float *work) MOTET_NONBLOCKING
{
    uint32_t points = fft->points;
    motet_complexes a = {work, work + points};
    motet_complexes b = {work + 2 * (size_t)points, work + 3 * (size_t)points};
    for (uint32_t n = 0; n < points; n++) {
        a.re[n] = samples[2 * n];
        a.im[n] = samples[2 * n + 1];
    }
    motet_complexes z = motet_fft_run(fft, kernels, a, b);
    for (uint32_t k = 0; k <= points; k++) {
        uint32_t near = k % points;
        uint32_t far = (points - k) % points;
        float even_re = 0.5f * (z.re[near] + z.re[far]);
        float even_im = 0.5f * (z.im[near] - z.im[far]);
        float odd_re = 0.5f * (z.im[near] + z.im[far]);
        float odd_im = 0.5f * (z.re[far] - z.re[near]);
        float c = fft->half_turns.re[k];
        float s = fft->half_turns.im[k];
        bins.re[k] = even_re + (odd_re * c - odd_im * s);
        bins.im[k] = even_im + (odd_re * s + odd_im * c);
    }
}

void motet_fft_to_real(const motet_fft *fft, const motet_kernels *kernels, float *samples, motet_complexes bins,
                       float *work) MOTET_NONBLOCKING
{
    uint32_t points = fft->points;
    motet_complexes a = {work, work + points};
    motet_complexes b = {work + 2 * (size_t)points, work + 3 * (size_t)points};
    float scale = 1 / (float)(2 * points);
    for (uint32_t k = 0; k < points; k++) {
        uint32_t far = points - k;
        float near_im = k == 0 ? 0 : bins.im[k];
        float far_im = k == 0 ? 0 : bins.im[far];
        float even_re = bins.re[k] + bins.re[far];
        float even_im = near_im - far_im;
        float later_re = bins.re[k] - bins.re[far];
        float later_im = near_im + far_im;
        float c = fft->half_turns.re[k];
        float s = -fft->half_turns.im[k];
        float odd_re = later_re * c - later_im * s;
        float odd_im = later_re * s + later_im * c;
        a.re[k] = scale * (even_re - odd_im);
        a.im[k] = scale * (even_im + odd_re);
    }
    motet_complexes z = motet_fft_run(fft, kernels, (motet_complexes){a.im, a.re}, (motet_complexes){b.im, b.re});
    for (uint32_t n = 0; n < points; n++) {
        samples[2 * n] = z.im[n];
        samples[2 * n + 1] = z.re[n];
    }
}
