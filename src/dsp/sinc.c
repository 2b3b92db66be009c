#include "dsp/sinc.h"

#include <string.h>

uint32_t motet_sinc_bank_of(const motet_sinc *sinc, uint64_t step) MOTET_NONBLOCKING
{
    uint32_t low = 0;
    uint32_t high = MOTET_SINC_BANKS - 1;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (step <= sinc->steps[middle]) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return low;
}

/* ------------------------------------------------------------------------------------------ Sixteen partial sums */

/* Four floats side by side. Where the compiler knows such a type it keeps them in a register, whatever its level of
 * optimisation; loops over arrays it turns into vectors at some levels only. */
#if defined(__GNUC__)
typedef float quad __attribute__((vector_size(16)));

static inline quad quad_add(quad a, quad b) MOTET_NONBLOCKING
{
    return a + b;
}

static inline quad quad_subtract(quad a, quad b) MOTET_NONBLOCKING
{
    return a - b;
}

static inline quad quad_multiply(quad a, quad b) MOTET_NONBLOCKING
{
    return a * b;
}

static inline quad quad_of(float value) MOTET_NONBLOCKING
{
    return (quad){value, value, value, value};
}

static inline float quad_fold(quad q) MOTET_NONBLOCKING
{
    return (q[0] + q[2]) + (q[1] + q[3]);
}
#else
typedef struct quad {
    float at[4];
} quad;

static inline quad quad_add(quad a, quad b)
{
    return (quad){{a.at[0] + b.at[0], a.at[1] + b.at[1], a.at[2] + b.at[2], a.at[3] + b.at[3]}};
}

static inline quad quad_subtract(quad a, quad b)
{
    return (quad){{a.at[0] - b.at[0], a.at[1] - b.at[1], a.at[2] - b.at[2], a.at[3] - b.at[3]}};
}

static inline quad quad_multiply(quad a, quad b)
{
    return (quad){{a.at[0] * b.at[0], a.at[1] * b.at[1], a.at[2] * b.at[2], a.at[3] * b.at[3]}};
}

static inline quad quad_of(float value)
{
    return (quad){{value, value, value, value}};
}

static inline float quad_fold(quad q)
{
    return (q.at[0] + q.at[2]) + (q.at[1] + q.at[3]);
}
#endif

static inline quad quad_load(const float *from) MOTET_NONBLOCKING
{
    quad q;
    memcpy(&q, from, sizeof q); /* wherever it lies */
    return q;
}

typedef struct lanes {
    quad a, b, c, d;
} lanes;

static inline quad blend_quad(const float *row, const float *next, quad f) MOTET_NONBLOCKING
{
    quad c = quad_load(row);
    return quad_add(c, quad_multiply(f, quad_subtract(quad_load(next), c)));
}

/* The coefficients of 16 taps. */
static inline lanes blend(const float *row, const float *next, quad f) MOTET_NONBLOCKING
{
    return (lanes){blend_quad(row, next, f), blend_quad(row + 4, next + 4, f), blend_quad(row + 8, next + 8, f),
                   blend_quad(row + 12, next + 12, f)};
}

static inline lanes product(const float *in, lanes h) MOTET_NONBLOCKING
{
    return (lanes){quad_multiply(quad_load(in), h.a), quad_multiply(quad_load(in + 4), h.b),
                   quad_multiply(quad_load(in + 8), h.c), quad_multiply(quad_load(in + 12), h.d)};
}

static inline lanes sum(lanes s, lanes t) MOTET_NONBLOCKING
{
    return (lanes){quad_add(s.a, t.a), quad_add(s.b, t.b), quad_add(s.c, t.c), quad_add(s.d, t.d)};
}

/* By halves: lanes 8 apart, then 4, 2 and 1. */
static inline float fold(lanes s) MOTET_NONBLOCKING
{
    return quad_fold(quad_add(quad_add(s.a, s.c), quad_add(s.b, s.d)));
}

/* ---------------------------------------------------------------------------------------------------- The kernels */

/* Where a position's coefficients lie: between a row and the next, a part `f` of the way. */
typedef struct place {
    const float *row;
    quad f;
} place;

static inline place place_of(const motet_sinc_bank *bank, uint64_t position) MOTET_NONBLOCKING
{
    uint64_t phase = (uint64_t)(uint32_t)position * bank->phases;
    float f = (float)((uint32_t)phase >> 8) * 0x1p-24f; /* 24 bits: exact as a float, and never 1 */
    return (place){bank->rows + (phase >> 32) * bank->taps, quad_of(f)};
}

void motet_sinc_mono(float *out, const float *in, const uint64_t *positions, uint32_t count,
                     const motet_sinc_bank *bank) MOTET_NONBLOCKING
{
    uint32_t taps = bank->taps;
    uint32_t before = motet_sinc_before(bank);
    for (uint32_t k = 0; k < count; k++) {
        place at = place_of(bank, positions[k]);
        const float *from = in + (positions[k] >> 32) - before;
        lanes total = product(from, blend(at.row, at.row + taps, at.f));
        for (uint32_t tap = MOTET_SINC_LANES; tap < taps; tap += MOTET_SINC_LANES) {
            total = sum(total, product(from + tap, blend(at.row + tap, at.row + taps + tap, at.f)));
        }
        out[k] = fold(total);
    }
}

void motet_sinc_stereo(float *out_left, float *out_right, const float *in_left, const float *in_right,
                       const uint64_t *positions, uint32_t count, const motet_sinc_bank *bank) MOTET_NONBLOCKING
{
    uint32_t taps = bank->taps;
    uint32_t before = motet_sinc_before(bank);
    for (uint32_t k = 0; k < count; k++) {
        place at = place_of(bank, positions[k]);
        uint64_t first = (positions[k] >> 32) - before;
        const float *left = in_left + first;
        const float *right = in_right + first;
        lanes h = blend(at.row, at.row + taps, at.f);
        lanes total_left = product(left, h);
        lanes total_right = product(right, h);
        for (uint32_t tap = MOTET_SINC_LANES; tap < taps; tap += MOTET_SINC_LANES) {
            h = blend(at.row + tap, at.row + taps + tap, at.f);
            total_left = sum(total_left, product(left + tap, h));
            total_right = sum(total_right, product(right + tap, h));
        }
        out_left[k] = fold(total_left);
        out_right[k] = fold(total_right);
    }
}
