#include "dsp/true_peak.h"

#include <string.h>

/* Four frames beside each other, which gcc and clang make vectors of wherever there are any. */
typedef float quad __attribute__((vector_size(16)));
typedef int32_t quad_bits __attribute__((vector_size(16)));

enum { TAPS = 12, HALF = TAPS / 2, QUAD = 4 };

/* The first two of the four phases; the others are these backwards. */
static const float phases[2][TAPS] = {
    {0.0017089843750f, 0.0109863281250f, -0.0196533203125f, 0.0332031250000f, -0.0594482421875f, 0.1373291015625f,
     0.9721679687500f, -0.1022949218750f, 0.0476074218750f, -0.0266113281250f, 0.0148925781250f, -0.0083007812500f},
    {-0.0291748046875f, 0.0292968750000f, -0.0517578125000f, 0.0891113281250f, -0.1665039062500f, 0.4650878906250f,
     0.7797851562500f, -0.2003173828125f, 0.1015625000000f, -0.0582275390625f, 0.0330810546875f, -0.0189208984375f},
};

static quad quad_load(const float *from) MOTET_NONBLOCKING
{
    quad v;
    memcpy(&v, from, sizeof v);
    return v;
}

static quad magnitude(quad v) MOTET_NONBLOCKING
{
    return (quad)((quad_bits)v & 0x7fffffff);
}

static quad larger(quad a, quad b) MOTET_NONBLOCKING
{
    quad_bits above = a > b;
    return (quad)(((quad_bits)a & above) | ((quad_bits)b & ~above));
}

/* A phase and its reverse are e + o and e - o, where e works on the sums of samples that lie alike around the middle and o
 * on their differences. The larger magnitude of the two is |e| + |o|: half the products, and no comparison. */
static quad peak_of_phases(const quad *sums, const quad *differences, const float *taps) MOTET_NONBLOCKING
{
    quad even = sums[0] * (0.5f * (taps[0] + taps[TAPS - 1]));
    quad odd = differences[0] * (0.5f * (taps[0] - taps[TAPS - 1]));
    for (int i = 1; i < HALF; i++) {
        even = even + sums[i] * (0.5f * (taps[i] + taps[TAPS - 1 - i]));
        odd = odd + differences[i] * (0.5f * (taps[i] - taps[TAPS - 1 - i]));
    }
    return magnitude(even) + magnitude(odd);
}

void motet_true_peak_raise(float *peaks, const float *samples, uint32_t count) MOTET_NONBLOCKING
{
    for (uint32_t k = 0; k < count; k += QUAD) {
        quad sums[HALF], differences[HALF];
        for (int i = 0; i < HALF; i++) {
            quad near = quad_load(samples + (int32_t)k - i), far = quad_load(samples + (int32_t)k - (TAPS - 1 - i));
            sums[i] = near + far;
            differences[i] = near - far;
        }
        quad first = peak_of_phases(sums, differences, phases[0]);
        quad second = peak_of_phases(sums, differences, phases[1]);
        quad sample = magnitude(quad_load(samples + (int32_t)k - MOTET_TRUE_PEAK_DELAY));
        quad peak = larger(larger(first, second), larger(sample, quad_load(peaks + k)));
        memcpy(peaks + k, &peak, sizeof peak);
    }
}
