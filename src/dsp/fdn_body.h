/* The loops of dsp/fdn.h, written once in plain C: every level compiles this text for its own instructions, and as each
 * lane is a line or a frame of its own, the compiler makes vectors of them without changing a bit. The name of a
 * level's functions ends in what FDN_NAME adds. */
#include "dsp/fdn.h"

#include <math.h>

#define FDN_FLOOR 1e-20f
#define FDN_BOUND 1000.0f

enum { FDN_LINES = MOTET_FDN_LINES };

typedef float fdn_rows[FDN_LINES][MOTET_FDN_CELL];

static inline float FDN_NAME(fdn_cleaned)(float x) MOTET_NONBLOCKING
{
    return fabsf(x) < FDN_FLOOR ? 0 : x;
}

static inline void FDN_NAME(fdn_absorb)(fdn_rows rows, const motet_fdn_filters *restrict f,
                                        motet_fdn_state *restrict state, const motet_fdn_cell *cell) MOTET_NONBLOCKING
{
    motet_fdn_state s = *state;
    for (uint32_t k = 0; k < cell->count; k++) {
        float v[FDN_LINES];
        for (int i = 0; i < FDN_LINES; i++) {
            v[i] = cell->read[i][k];
        }
        for (int i = 0; i < FDN_LINES; i++) {
            float x = FDN_NAME(fdn_cleaned)(v[i]);
            x = x < FDN_BOUND ? x : FDN_BOUND;
            x = x > -FDN_BOUND ? x : -FDN_BOUND;
            s.low[i] = f->low_pole[i] * s.low[i] + f->low_feed[i] * (x + s.low_before[i]);
            s.low_before[i] = x;
            x = f->gain[i] * x + f->low_mix[i] * s.low[i];
            s.high[i] = f->high_pole[i] * s.high[i] + f->high_feed[i] * (x + s.high_before[i]);
            s.high_before[i] = x;
            v[i] = f->high_through[i] * x + f->high_mix[i] * s.high[i];
        }
        for (int i = 0; i < FDN_LINES; i++) {
            rows[i][k] = v[i];
        }
    }
    *state = s;
}

/* Rows j, j + 4, j + 8, j + 12: their share of the sums (signs (-1)^(h = 3), times (-1)^(h odd) on the right, of
 * h = 0 ... 3 and alike of j: bent functions, which no row of the matrix resembles), turned, and half of the mixing. */
static inline void FDN_NAME(fdn_mix_far)(fdn_rows rows, int j, float left_sign, float right_sign,
                                         const motet_fdn_cell *cell) MOTET_NONBLOCKING
{
    float *restrict r0 = rows[j], *restrict r1 = rows[j + 4], *restrict r2 = rows[j + 8], *restrict r3 = rows[j + 12];
    float *restrict left = cell->out[0], *restrict right = cell->out[1];
    const float *restrict cos0 = cell->cosine[0], *restrict sin0 = cell->sine[0];
    const float *restrict cos1 = cell->cosine[1], *restrict sin1 = cell->sine[1];
    for (uint32_t k = 0; k < cell->count; k++) {
        float a = r0[k], b = r1[k], c = r2[k], d = r3[k];
        float ac = a + c, bd = b - d;
        left[k] = left[k] + left_sign * (ac + bd);
        right[k] = right[k] + right_sign * (ac - bd);
        float turned_a = cos0[k] * a - sin0[k] * c, turned_c = sin0[k] * a + cos0[k] * c;
        float turned_b = cos1[k] * b - sin1[k] * d, turned_d = sin1[k] * b + cos1[k] * d;
        float even = turned_a + turned_b, odd = turned_a - turned_b;
        float even2 = turned_c + turned_d, odd2 = turned_c - turned_d;
        r0[k] = even + even2;
        r1[k] = odd + odd2;
        r2[k] = even - even2;
        r3[k] = odd - odd2;
    }
}

/* Rows 4 j ... 4 j + 3: the other half, and what enters. */
static inline void FDN_NAME(fdn_mix_near)(fdn_rows rows, int j, const motet_fdn_cell *cell) MOTET_NONBLOCKING
{
    const float *restrict r0 = rows[4 * j], *restrict r1 = rows[4 * j + 1], *restrict r2 = rows[4 * j + 2],
                          *restrict r3 = rows[4 * j + 3];
    float *restrict w0 = cell->write[4 * j], *restrict w1 = cell->write[4 * j + 1],
                    *restrict w2 = cell->write[4 * j + 2], *restrict w3 = cell->write[4 * j + 3];
    const float *restrict left = cell->in[0], *restrict right = cell->in[1];
    float odd_sign = j % 2 == 0 ? 1.0f : -1.0f, upper_sign = j / 2 == 0 ? 1.0f : -1.0f;
    for (uint32_t k = 0; k < cell->count; k++) {
        float a = r0[k], b = r1[k], c = r2[k], d = r3[k];
        float even = a + b, odd = a - b, even2 = c + d, odd2 = c - d;
        float sum = left[k] + right[k], difference = left[k] - right[k];
        w0[k] = (even + even2) + sum;
        w1[k] = (odd + odd2) + odd_sign * sum;
        w2[k] = (even - even2) + upper_sign * difference;
        w3[k] = (odd - odd2) + odd_sign * upper_sign * difference;
    }
}

static void FDN_NAME(fdn_run)(const motet_fdn_filters *filters, motet_fdn_state *state,
                              const motet_fdn_cell *cell) MOTET_NONBLOCKING
{
    fdn_rows rows;
    FDN_NAME(fdn_absorb)(rows, filters, state, cell);
    for (uint32_t k = 0; k < cell->count; k++) {
        cell->out[0][k] = 0;
        cell->out[1][k] = 0;
    }
    FDN_NAME(fdn_mix_far)(rows, 0, 1, 1, cell);
    FDN_NAME(fdn_mix_far)(rows, 1, 1, -1, cell);
    FDN_NAME(fdn_mix_far)(rows, 2, 1, 1, cell);
    FDN_NAME(fdn_mix_far)(rows, 3, -1, 1, cell);
    for (int j = 0; j < 4; j++) {
        FDN_NAME(fdn_mix_near)(rows, j, cell);
    }
}

static void FDN_NAME(allpass_run)(float *samples, const float *delayed, float *line, float gain, float slope,
                                  uint32_t first, uint32_t count) MOTET_NONBLOCKING
{
    float *restrict x = samples, *restrict v = line;
    const float *restrict d = delayed;
    for (uint32_t k = 0; k < count; k++) {
        float g = gain + (float)(int32_t)(first + k) * slope;
        float in = FDN_NAME(fdn_cleaned)(x[k] + g * d[k]);
        x[k] = d[k] - g * in;
        v[k] = in;
    }
}

static void FDN_NAME(tap_add)(float *sum, const float *in, float gain, uint32_t count) MOTET_NONBLOCKING
{
    float *restrict to = sum;
    const float *restrict from = in;
    for (uint32_t k = 0; k < count; k++) {
        to[k] = to[k] + gain * from[k];
    }
}

static void FDN_NAME(slope_run)(float *out, const float *in, float now, float step, uint32_t first,
                                uint32_t count) MOTET_NONBLOCKING
{
    float *restrict to = out;
    const float *restrict from = in;
    for (uint32_t k = 0; k < count; k++) {
        to[k] = from[k] * (now + (float)(int32_t)(first + k) * step);
    }
}

static void FDN_NAME(room_blend)(float *left, float *right, const motet_room_blend *blend) MOTET_NONBLOCKING
{
    float *restrict to_left = left, *restrict to_right = right;
    const float *restrict late_left = blend->late[0], *restrict late_right = blend->late[1];
    const float *restrict early_left = blend->early[0], *restrict early_right = blend->early[1];
    motet_room_blend b = *blend;
    for (uint32_t k = 0; k < b.count; k++) {
        float at = (float)(int32_t)(b.first + k);
        float late = b.late_now + at * b.late_step, early = b.early_now + at * b.early_step;
        float l = late_left[k] * late + early_left[k] * early, r = late_right[k] * late + early_right[k] * early;
        float middle = 0.5f * (l + r), side = 0.5f * (l - r) * (b.side_now + at * b.side_step);
        to_left[k] = FDN_NAME(fdn_cleaned)(middle + side);
        to_right[k] = FDN_NAME(fdn_cleaned)(middle - side);
    }
}
