#include "dsp/interpolate.h"

/* The top 24 bits of the fraction: exact as a float, and never 1. */
static float fraction_of(uint64_t position) MOTET_NONBLOCKING
{
    return (float)((uint32_t)position >> 8) * 0x1p-24f;
}

void motet_interpolate_linear(float *out, const float *in, const uint64_t *positions, uint32_t count) MOTET_NONBLOCKING
{
    for (uint32_t k = 0; k < count; k++) {
        const float *at = in + (positions[k] >> 32);
        out[k] = at[0] + fraction_of(positions[k]) * (at[1] - at[0]);
    }
}

void motet_interpolate_cubic(float *out, const float *in, const uint64_t *positions, uint32_t count) MOTET_NONBLOCKING
{
    for (uint32_t k = 0; k < count; k++) {
        const float *at = in + (positions[k] >> 32);
        float f = fraction_of(positions[k]);
        float a = at[-1];
        float b = at[0];
        float c = at[1];
        float d = at[2];
        float c1 = 0.5f * (c - a);
        float c2 = (a - 2.5f * b) + (2.0f * c - 0.5f * d);
        float c3 = 0.5f * (d - a) + 1.5f * (b - c);
        out[k] = ((c3 * f + c2) * f + c1) * f + b;
    }
}
