#include "dsp/fft.h"

#include "dsp/math.h"

#include <assert.h>
#include <string.h>

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

/* Pairs of samples as complex numbers. Of their spectrum Z the part (Z[k] + conj Z[N-k]) / 2 belongs to the even
 * samples, and -i (Z[k] - conj Z[N-k]) / 2 to the odd ones, which are half a turn of k / N later. */
void motet_fft_of_real(const motet_fft *fft, const motet_kernels *kernels, motet_complexes bins, const float *samples,
                       float *work) MOTET_NONBLOCKING
{
    uint32_t points = fft->points;
    motet_complexes a = {work, work + points};
    motet_complexes b = {work + 2 * (size_t)points, work + 3 * (size_t)points};
    memset(work, 0, 2 * (size_t)points * sizeof *work);
    kernels->add_split((motet_stereo_sum){a.re, a.im}, samples, points);
    motet_complexes z = motet_fft_run(fft, kernels, a, b);
    kernels->fft_split_real(bins, z, fft->half_turns, points, 0.5f);
    bins.re[0] = z.re[0] + z.im[0];
    bins.re[points] = z.re[0] - z.im[0];
    bins.im[0] = bins.im[points] = 0;
}

void motet_fft_to_real(const motet_fft *fft, const motet_kernels *kernels, float *samples, motet_complexes bins,
                       float *work) MOTET_NONBLOCKING
{
    uint32_t points = fft->points;
    motet_complexes a = {work, work + points};
    motet_complexes b = {work + 2 * (size_t)points, work + 3 * (size_t)points};
    float scale = 1 / (float)(2 * points);
    kernels->fft_join_real(a, bins, fft->half_turns, points, scale);
    a.re[0] = scale * (bins.re[0] + bins.re[points]);
    a.im[0] = scale * (bins.re[0] - bins.re[points]);
    motet_complexes z = motet_fft_run(fft, kernels, (motet_complexes){a.im, a.re}, (motet_complexes){b.im, b.re});
    kernels->interleave(samples, z.im, z.re, points);
}
