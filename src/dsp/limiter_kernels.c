#include "dsp/limiter_kernels.h"

#include <math.h>

static float larger(float a, float b) MOTET_NONBLOCKING
{
    return a > b ? a : b;
}

/* The gain that remains is rounded down, and the roundings after it are by less than 2^-50 of a sample: too little to
 * lift the float that comes out above the ceiling. */
void motet_limiter_reductions(uint32_t *reductions, float ceiling, const float *left, const float *right,
                              uint32_t count) MOTET_NONBLOCKING
{
    for (uint32_t i = 0; i < count; i++) {
        float peak = larger(larger(fabsf(left[i]), fabsf(right[i])), ceiling);
        double gain = (double)ceiling / (double)peak;
        int32_t remaining = (int32_t)(gain * (double)MOTET_LIMITER_FULL_REDUCTION);
        reductions[i] = (uint32_t)(MOTET_LIMITER_FULL_REDUCTION - remaining);
    }
}

void motet_limiter_exchange(float *restrict samples, float *restrict delayed, const double *restrict gains,
                            uint32_t count) MOTET_NONBLOCKING
{
    for (uint32_t i = 0; i < count; i++) {
        float sample = (float)((double)delayed[i] * gains[i]);
        delayed[i] = samples[i];
        samples[i] = sample;
    }
}
