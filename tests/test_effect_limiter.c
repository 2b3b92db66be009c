/* The limiter against two meters of its own kind: the filter of ITU-R BS.1770-4's Annex 2, and a windowed sinc with the
 * samples as one of its four phases, as libebur128 has it. */
#include "support/effect_rig.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { RATE = 48000, FRAMES = 48000 };

static const double PI = 3.14159265358979323846;

/* Rows of the table in the recommendation: one tap of each phase. */
static const double itu[12][4] = {
    {0.0017089843750, -0.0291748046875, -0.0189208984375, -0.0083007812500},
    {0.0109863281250, 0.0292968750000, 0.0330810546875, 0.0148925781250},
    {-0.0196533203125, -0.0517578125000, -0.0582275390625, -0.0266113281250},
    {0.0332031250000, 0.0891113281250, 0.1015625000000, 0.0476074218750},
    {-0.0594482421875, -0.1665039062500, -0.2003173828125, -0.1022949218750},
    {0.1373291015625, 0.4650878906250, 0.7797851562500, 0.9721679687500},
    {0.9721679687500, 0.7797851562500, 0.4650878906250, 0.1373291015625},
    {-0.1022949218750, -0.2003173828125, -0.1665039062500, -0.0594482421875},
    {0.0476074218750, 0.1015625000000, 0.0891113281250, 0.0332031250000},
    {-0.0266113281250, -0.0582275390625, -0.0517578125000, -0.0196533203125},
    {0.0148925781250, 0.0330810546875, 0.0292968750000, 0.0109863281250},
    {-0.0083007812500, -0.0189208984375, -0.0291748046875, 0.0017089843750},
};

static double itu_peak(const float *x, uint32_t count)
{
    double peak = 0;
    for (uint32_t k = 11; k < count; k++) {
        for (int p = 0; p < 4; p++) {
            double y = 0;
            for (int i = 0; i < 12; i++) {
                y += itu[i][p] * (double)x[(int)k - i];
            }
            peak = fmax(peak, fabs(y));
        }
    }
    return peak;
}

static double sinc_peak(const float *x, uint32_t count)
{
    double taps[49], peak = 0;
    for (int j = 0; j < 49; j++) {
        double t = (j - 24) * PI / 4;
        taps[j] = (j == 24 ? 1 : sin(t) / t) * 0.5 * (1 - cos(2 * PI * j / 48));
    }
    for (uint32_t k = 12; k < count; k++) {
        for (int p = 0; p < 4; p++) {
            double y = 0;
            for (int j = p; j < 49; j += 4) {
                y += taps[j] * (double)x[(int)k - j / 4];
            }
            peak = fmax(peak, fabs(y));
        }
    }
    return peak;
}

typedef struct take {
    float left[FRAMES], right[FRAMES];
} take;

static take heard;

static void limit(float ceiling_db, float release_seconds, double sample_rate_hz)
{
    effect_rig *rig = effect_rig_create("limiter", (uint32_t)sample_rate_hz, 2, NULL);
    effect_rig_set(rig, "ceiling_db", ceiling_db);
    effect_rig_set(rig, "release_seconds", release_seconds);
    effect_rig_start(rig);
    effect_rig_run(rig, heard.left, heard.right, FRAMES, 0);
    effect_rig_destroy(rig);
}

static uint32_t latency(void)
{
    motet_effect_setup setup = {.sample_rate_hz = RATE, .channels = 2};
    return motet_effect_type_find("limiter")->latency_frames(&setup);
}

enum { NASTY = 8 };

static double noise(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return (double)(*seed >> 8) * 0x1p-23 - 1;
}

static float nasty(int which, uint32_t k, uint32_t *seed)
{
    double n = noise(seed) + noise(seed) + noise(seed);
    switch (which) {
    case 0: return k % 1000 < 500 ? 1 : -1;                                       /* full-scale steps */
    case 1: return (float)sin(PI / 2 * k + PI / 4);                               /* fs/4, all samples at -3 dB */
    case 2: return (float)(sin(PI / 2 * k + 0.98) * (k / 3000 % 2 == 0 ? 2 : 0)); /* bursts of it */
    case 3: return (float)fmax(-1, fmin(1, 3 * n));                               /* clipped noise */
    case 4: return (float)fmax(-1, fmin(1, 100 * n));                             /* -1 or 1 at random */
    case 5: return (float)(k % 997 == 0 ? 4 : 0.1 * n);                           /* clicks */
    case 6: return (float)(sin(2 * PI * 19001.3 * k / RATE) * 2);
    default: return (float)(sin(2 * PI * 50 * k / RATE) + sin(2 * PI * 11000 * k / RATE) * sin(k * 1e-4) * 3);
    }
}

static void no_true_peak_is_above_the_ceiling(void **context)
{
    (void)context;
    for (int which = 0; which < NASTY; which++) {
        for (int pass = 0; pass < 3; pass++) {
            uint32_t seed = 1 + (uint32_t)which;
            float ceiling = pass == 0 ? -1 : -12, release = pass == 2 ? 0.005f : 0.1f;
            for (uint32_t k = 0; k < FRAMES; k++) {
                heard.left[k] = 1.5f * nasty(which, k, &seed);
                heard.right[k] = 0.3f * heard.left[k];
            }
            limit(ceiling, release, RATE);
            double by_itu = 20 * log10(itu_peak(heard.left, FRAMES)) - (double)ceiling;
            double by_sinc = 20 * log10(sinc_peak(heard.left, FRAMES)) - (double)ceiling;
            if (by_itu > 0.1 || by_sinc > 0.3) { /* the limiter goes by the former */
                fail_msg("signal %d at %g dB: %g dB above by the recommendation's filter, %g by the sinc", which,
                         (double)ceiling, by_itu, by_sinc);
            }
            for (uint32_t k = 0; k < FRAMES; k++) {
                assert_true(fabsf(heard.left[k]) <= powf(10, ceiling / 20));
            }
        }
    }
}

static void tones_reach_the_ceiling(void **context)
{
    (void)context;
    for (double level = -30; level <= 12; level += 3) {
        double amplitude = pow(10, level / 20);
        for (uint32_t k = 0; k < FRAMES; k++) {
            heard.left[k] = heard.right[k] = (float)(amplitude * sin(2 * PI * 997 * k / RATE));
        }
        limit(-6, 0.1f, RATE);
        double out = 20 * log10(itu_peak(heard.left + FRAMES / 2, FRAMES / 2));
        assert_true(fabs(out - fmin(level, -6)) < 0.1);
    }
}

static void below_the_ceiling_nothing_changes(void **context)
{
    static take original;
    (void)context;
    uint32_t seed = 3;
    for (uint32_t k = 0; k < FRAMES; k++) {
        original.left[k] = heard.left[k] = (float)(0.4 * noise(&seed));
        original.right[k] = heard.right[k] = (float)(0.1 * noise(&seed));
    }
    limit(0, 0.1f, RATE);
    uint32_t late = latency();
    assert_memory_equal(heard.left + late, original.left, (FRAMES - late) * sizeof(float));
    assert_memory_equal(heard.right + late, original.right, (FRAMES - late) * sizeof(float));
    for (uint32_t k = 0; k < late; k++) {
        assert_true(heard.left[k] == 0);
    }
}

/* A loud constant on the left for a while, a quiet one on the right: the right's gain comes back with the release. */
static void the_release_is_as_asked(void **context)
{
    static const float releases[] = {0.02f, 0.1f, 0.15f};
    (void)context;
    for (int i = 0; i < 3; i++) {
        for (uint32_t k = 0; k < FRAMES; k++) {
            heard.left[k] = k < FRAMES / 4 ? 4 : 0;
            heard.right[k] = 1e-3f;
        }
        limit(0, releases[i], RATE);
        uint32_t first = FRAMES / 4 + 2 * latency(); /* on its way: the look-ahead is over */
        double start = 1 - (double)heard.right[first] / 1e-3;
        assert_true(start > 0.2);
        uint32_t k = first;
        while (1 - (double)heard.right[k] / 1e-3 > start * exp(-1)) {
            k++;
        }
        double seconds = (k - first) / (double)RATE;
        assert_true(fabs(seconds / (double)releases[i] - 1) < 0.05);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_true_peak_is_above_the_ceiling),
        cmocka_unit_test(tones_reach_the_ceiling),
        cmocka_unit_test(below_the_ceiling_nothing_changes),
        cmocka_unit_test(the_release_is_as_asked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
