/* The Fourier transform against a plain sum in double: accuracy at every size, the inverse, passes in parts, and the
 * same bits at every SIMD level. */
#include "dsp/fft.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const double PI = 3.14159265358979323846;

typedef struct transform {
    motet_fft fft;
    float *tables, *work, *samples;
    motet_complexes bins;
} transform;

static void fill(float *samples, uint32_t count, uint32_t seed)
{
    for (uint32_t n = 0; n < count; n++) {
        seed = seed * 1664525u + 1013904223u;
        samples[n] = (float)(int32_t)seed * 0x1p-31f;
    }
}

static transform make(uint32_t points)
{
    transform t = {.tables = malloc(motet_fft_size(points)),
                   .work = malloc(4 * (size_t)points * sizeof(float)),
                   .samples = malloc(2 * (size_t)points * sizeof(float)),
                   .bins = {malloc((points + 1) * sizeof(float)), malloc((points + 1) * sizeof(float))}};
    motet_fft_build(&t.fft, points, t.tables);
    fill(t.samples, 2 * points, points);
    return t;
}

static void drop(transform *t)
{
    free(t->tables);
    free(t->work);
    free(t->samples);
    free(t->bins.re);
    free(t->bins.im);
}

static const motet_kernels *fastest(void)
{
    return motet_kernels_at(motet_kernels_count() - 1);
}

/* The error at up to 300 bins, as a share of all bins' mean power. */
static double error_of(const transform *t)
{
    uint32_t points = t->fft.points;
    uint32_t size = 2 * points;
    uint32_t step = points < 300 ? 1 : points / 300;
    double *cosines = malloc(size * sizeof *cosines);
    double error = 0, power = 0;
    uint32_t count = 0;
    for (uint32_t n = 0; n < size; n++) {
        cosines[n] = cos(2 * PI * n / size);
        power += (double)t->samples[n] * (double)t->samples[n];
    }
    for (uint32_t k = 0; k <= points; k += step, count++) {
        double re = 0, im = 0;
        for (uint32_t n = 0; n < size; n++) {
            uint32_t turn = (uint32_t)((uint64_t)k * n % size);
            re += (double)t->samples[n] * cosines[turn];
            im += (double)t->samples[n] * cosines[(turn + size / 4) % size]; /* cos(a + 90 degrees) = -sin a */
        }
        re -= (double)t->bins.re[k];
        im -= (double)t->bins.im[k];
        error += re * re + im * im;
    }
    free(cosines);
    return sqrt(error / count / power);
}

static void spectra_are_right_at_every_size(void **state)
{
    (void)state;
    for (uint32_t points = MOTET_FFT_LEAST; points <= MOTET_FFT_MOST; points *= 2) {
        transform t = make(points);
        motet_fft_of_real(&t.fft, fastest(), t.bins, t.samples, t.work);
        double error = error_of(&t);
        assert_true(error < 2.5e-7);
        assert_true(t.bins.im[0] == 0 && t.bins.im[points] == 0);
        drop(&t);
    }
}

static void the_inverse_gives_the_samples_back(void **state)
{
    (void)state;
    for (uint32_t points = MOTET_FFT_LEAST; points <= MOTET_FFT_MOST; points *= 2) {
        transform t = make(points);
        float *back = malloc(2 * (size_t)points * sizeof(float));
        motet_fft_of_real(&t.fft, fastest(), t.bins, t.samples, t.work);
        motet_fft_to_real(&t.fft, fastest(), back, t.bins, t.work);
        double error = 0, power = 0;
        for (uint32_t n = 0; n < 2 * points; n++) {
            double off = (double)back[n] - (double)t.samples[n];
            error += off * off;
            power += (double)t.samples[n] * (double)t.samples[n];
        }
        assert_true(sqrt(error / power) < 4e-7);
        free(back);
        drop(&t);
    }
}

/* A cosine and a sine of one bin, worked out by hand. */
static void a_cosine_is_one_bin(void **state)
{
    (void)state;
    transform t = make(64);
    for (uint32_t n = 0; n < 128; n++) {
        t.samples[n] = (float)(0.5 * cos(2 * PI * 5 * n / 128) + 0.25 * sin(2 * PI * 9 * n / 128));
    }
    motet_fft_of_real(&t.fft, fastest(), t.bins, t.samples, t.work);
    for (uint32_t k = 0; k <= 64; k++) {
        assert_true(fabs((double)t.bins.re[k] - (k == 5 ? 32 : 0)) < 1e-5);
        assert_true(fabs((double)t.bins.im[k] - (k == 9 ? -16 : 0)) < 1e-5);
    }
    drop(&t);
}

static void levels_and_parts_give_the_same_bits(void **state)
{
    (void)state;
    for (uint32_t points = MOTET_FFT_LEAST; points <= 8192; points *= 2) {
        transform t = make(points);
        motet_complexes a = {t.work, t.work + points};
        motet_complexes b = {t.work + 2 * (size_t)points, t.work + 3 * (size_t)points};
        float *whole = malloc(2 * (size_t)points * sizeof(float));
        memcpy(t.work, t.samples, 2 * (size_t)points * sizeof(float));
        motet_complexes end = motet_fft_run(&t.fft, motet_kernels_find("c"), a, b);
        memcpy(whole, end.re, 2 * (size_t)points * sizeof(float));
        for (uint32_t level = 0; level < motet_kernels_count(); level++) {
            memcpy(t.work, t.samples, 2 * (size_t)points * sizeof(float));
            for (uint32_t pass = 0; pass < t.fft.pass_count; pass++) {
                for (uint32_t part = 0; part < 8; part++) {
                    motet_fft_part(&t.fft, motet_kernels_at(level), pass, a, b, 7 - part, 8);
                }
            }
            assert_memory_equal(motet_fft_result(&t.fft, a, b).re, whole, 2 * (size_t)points * sizeof(float));
        }
        free(whole);
        drop(&t);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(spectra_are_right_at_every_size),
        cmocka_unit_test(the_inverse_gives_the_samples_back),
        cmocka_unit_test(a_cosine_is_one_bin),
        cmocka_unit_test(levels_and_parts_give_the_same_bits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
