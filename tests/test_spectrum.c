/* The spectrum's levels: sines of known ones, silence, noise, and samples that are no numbers. */
#include "dsp/spectrum.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { MOST = 65536 };
static const double PI = 3.14159265358979323846;

static float samples[MOST], levels[MOST / 2 + 1];

static void measure(uint32_t frames)
{
    motet_spectrum *spectrum = aligned_alloc(64, (motet_spectrum_size(frames) + 63) / 64 * 64);
    motet_spectrum_init(spectrum, frames, motet_kernels_choose(NULL));
    motet_spectrum_measure(spectrum, levels, samples);
    free(spectrum);
}

static void fill_sine(uint32_t frames, double bin, double amplitude)
{
    for (uint32_t n = 0; n < frames; n++) {
        samples[n] = (float)(amplitude * sin(2 * PI * fmod(bin * n / frames, 1) + 1));
    }
}

static void a_full_scale_sine_reads_0_db(void **state)
{
    (void)state;
    for (uint32_t frames = 64; frames <= MOST; frames *= 2) {
        uint32_t bin = frames / 5;
        fill_sine(frames, bin, 1);
        measure(frames);
        assert_true(fabsf(levels[bin]) < 1e-3f);
        assert_true(fabsf(levels[bin - 1] + 6.0206f) < 1e-2f); /* the window's own bins */
        assert_true(fabsf(levels[bin + 1] + 6.0206f) < 1e-2f);
        assert_true(levels[bin + 3] < -120 && levels[bin - 3] < -120);
        fill_sine(frames, bin + 0.5, 0.1);
        measure(frames);
        assert_true(fabsf(levels[bin] + 21.42f) < 0.02f && fabsf(levels[bin + 1] + 21.42f) < 0.02f);
    }
}

static void the_ends_read_their_level_too(void **state)
{
    (void)state;
    for (uint32_t n = 0; n < 1024; n++) {
        samples[n] = 0.5f + (n % 2 == 0 ? 0.25f : -0.25f);
    }
    measure(1024);
    assert_true(fabsf(levels[0] + 6.0206f) < 1e-3f);
    assert_true(fabsf(levels[512] + 12.0412f) < 1e-3f);
}

static void silence_and_no_numbers_read_the_floor(void **state)
{
    (void)state;
    memset(samples, 0, sizeof samples);
    measure(2048);
    for (int k = 0; k <= 1024; k++) {
        assert_true(levels[k] == MOTET_SPECTRUM_FLOOR_DB);
    }
    samples[700] = NAN;
    measure(2048);
    for (int k = 0; k <= 1024; k++) {
        assert_true(levels[k] == MOTET_SPECTRUM_FLOOR_DB);
    }
    samples[700] = INFINITY;
    measure(2048);
    for (int k = 0; k <= 1024; k++) {
        assert_true(levels[k] == MOTET_SPECTRUM_FLOOR_DB);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_full_scale_sine_reads_0_db),
        cmocka_unit_test(the_ends_read_their_level_too),
        cmocka_unit_test(silence_and_no_numbers_read_the_floor),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
