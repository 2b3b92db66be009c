#include "dsp/interpolate.h"

void motet_walk(uint64_t *positions, uint64_t at, uint64_t step, uint32_t count) MOTET_NONBLOCKING
{
    for (uint32_t k = 0; k < count; k++) {
        positions[k] = at + k * step;
    }
}

uint64_t motet_glide(uint64_t *positions, uint64_t at, const double *pitches, double scale,
                     uint32_t count) MOTET_NONBLOCKING
{
    for (uint32_t k = 0; k < count; k++) {
        positions[k] = at;
        at += (uint64_t)(pitches[k] * scale + 0.5);
    }
    return at;
}

/* The top 24 bits of the fraction: exact as a float, and never 1. */
static float fraction_of(uint64_t position) MOTET_NONBLOCKING
{
    return (float)((uint32_t)position >> 8) * 0x1p-24f;
}

void motet_linear_mono(float *out, const float *in, const uint64_t *positions, uint32_t count) MOTET_NONBLOCKING
{
    for (uint32_t k = 0; k < count; k++) {
        const float *at = in + (positions[k] >> 32);
        out[k] = at[0] + fraction_of(positions[k]) * (at[1] - at[0]);
    }
}

void motet_linear_stereo(float *out, const float *in, const uint64_t *positions, uint32_t count) MOTET_NONBLOCKING
{
    for (uint32_t k = 0; k < count; k++) {
        const float *at = in + 2 * (positions[k] >> 32);
        float f = fraction_of(positions[k]);
        out[2 * k] = at[0] + f * (at[2] - at[0]);
        out[2 * k + 1] = at[1] + f * (at[3] - at[1]);
    }
}

static float cubic(float a, float b, float c, float d, float f) MOTET_NONBLOCKING
{
    float c1 = 0.5f * (c - a);
    float c2 = (a - 2.5f * b) + (2.0f * c - 0.5f * d);
    float c3 = 0.5f * (d - a) + 1.5f * (b - c);
    return ((c3 * f + c2) * f + c1) * f + b;
}

void motet_cubic_mono(float *out, const float *in, const uint64_t *positions, uint32_t count) MOTET_NONBLOCKING
{
    for (uint32_t k = 0; k < count; k++) {
        const float *at = in + (positions[k] >> 32);
        out[k] = cubic(at[-1], at[0], at[1], at[2], fraction_of(positions[k]));
    }
}

void motet_cubic_stereo(float *out, const float *in, const uint64_t *positions, uint32_t count) MOTET_NONBLOCKING
{
    for (uint32_t k = 0; k < count; k++) {
        const float *at = in + 2 * (positions[k] >> 32);
        float f = fraction_of(positions[k]);
        out[2 * k] = cubic(at[-2], at[0], at[2], at[4], f);
        out[2 * k + 1] = cubic(at[-1], at[1], at[3], at[5], f);
    }
}
