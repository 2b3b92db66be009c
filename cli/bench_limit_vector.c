/* The limit where nothing is known of the machine but that it has four floats side by side: SSE2, NEON. See
 * bench_limit.h. */
#include "bench_limit.h"

#include <string.h>

#define INLINE MOTET_LIMIT_INLINE
#define UNROLL MOTET_LIMIT_UNROLL

enum { LANES = 4 };

#if defined(__GNUC__)
typedef float quad __attribute__((vector_size(16)));
typedef int64_t wide __attribute__((vector_size(16)));
typedef int32_t whole __attribute__((vector_size(16)));
typedef int16_t shorts __attribute__((vector_size(16)));
#    define PREFETCH(address) __builtin_prefetch(address)
#else
#    error "the limit needs the vector types of gcc and clang"
#endif

INLINE quad quad_of(float value)
{
    return (quad){value, value, value, value};
}

INLINE quad load_f32(const float *from)
{
    quad q;
    memcpy(&q, from, sizeof q);
    return q;
}

INLINE quad load(const void *data, ptrdiff_t at, bool f32)
{
    if (f32) {
        return load_f32((const float *)data + at);
    }
    /* Each in both halves of 32 bits, and shifted down with its sign. */
    int64_t four = 0;
    memcpy(&four, (const int16_t *)data + at, sizeof four);
    shorts s = (shorts)(wide){four, 0};
#if __has_builtin(__builtin_shufflevector)
    s = __builtin_shufflevector(s, s, 0, 0, 1, 1, 2, 2, 3, 3);
#else
    s = __builtin_shuffle(s, (shorts){0, 0, 1, 1, 2, 2, 3, 3});
#endif
    return __builtin_convertvector((whole)s >> 16, quad);
}

INLINE void add_to(float *out, quad value)
{
    quad q = load_f32(out) + value;
    memcpy(out, &q, sizeof q);
}

INLINE const char *start_of(const motet_limit_voice *voice, size_t frame_bytes)
{
    return (const char *)voice->data + (voice->position >> 32) * frame_bytes;
}

/* ----------------------------------------------------------------------------------------------------------- Pitch 1 */

enum { TOGETHER = 4 }; /* voices in a pass: there are 16 registers */

INLINE void copy(motet_limit_mix *mix, const motet_limit_voice *voices, size_t count, size_t channels, bool f32)
{
    const size_t size = channels * (f32 ? 4 : 2);
    const ptrdiff_t samples = (ptrdiff_t)channels * MOTET_BENCH_BLOCK;
    for (size_t v = 0; v < count; v += TOGETHER) {
        const char *in[TOGETHER];
        const char *next[TOGETHER];
        quad left[TOGETHER];
        quad right[TOGETHER];
        UNROLL for (size_t k = 0; k < TOGETHER; k++)
        {
            const motet_limit_voice *voice = &voices[v + k];
            in[k] = start_of(voice, size);
            next[k] = start_of(&voices[v + k + TOGETHER], size);
            left[k] =
                channels == 2 ? (quad){voice->left, voice->right, voice->left, voice->right} : quad_of(voice->left);
            right[k] = quad_of(voice->right);
        }
        for (ptrdiff_t i = 0; i < samples; i += LANES) {
            quad a = load_f32((channels == 2 ? mix->both : mix->left) + i);
            quad b = channels == 2 ? a : load_f32(mix->right + i);
            UNROLL for (size_t k = 0; k < TOGETHER; k++)
            {
                quad x = load(in[k], i, f32);
                a += x * left[k];
                b += x * right[k];
                if (i % 16 == 0) {
                    PREFETCH(next[k] + (size_t)i * (f32 ? 4 : 2));
                }
            }
            memcpy((channels == 2 ? mix->both : mix->left) + i, &a, sizeof a);
            if (channels == 1) {
                memcpy(mix->right + i, &b, sizeof b);
            }
        }
    }
}

/* -------------------------------------------------------------------------------------------------- Linear and cubic */

INLINE float sample_at(const void *data, ptrdiff_t at, bool f32)
{
    return f32 ? ((const float *)data)[at] : (float)((const int16_t *)data)[at];
}

INLINE quad mix_cubic(quad a, quad b, quad c, quad d, quad f)
{
    quad c1 = 0.5F * (c - a);
    quad bc = b - c;
    quad c3 = 0.5F * (d - a) + 1.5F * bc;
    quad c2 = -bc - (c1 + c3);
    return ((c3 * f + c2) * f + c1) * f + b;
}

/* Frames `further` on from four places. */
INLINE quad gather(const void *data, const ptrdiff_t *at, size_t further, bool f32)
{
    ptrdiff_t on = (ptrdiff_t)further;
    return (quad){sample_at(data, at[0] + on, f32), sample_at(data, at[1] + on, f32), sample_at(data, at[2] + on, f32),
                  sample_at(data, at[3] + on, f32)};
}

INLINE quad read_channel(const void *data, const ptrdiff_t *at, size_t channels, quad f, bool cubic, bool f32)
{
    quad a = gather(data, at, 0, f32);
    quad b = gather(data, at, channels, f32);
    if (!cubic) {
        return a + f * (b - a);
    }
    return mix_cubic(a, b, gather(data, at, 2 * channels, f32), gather(data, at, 3 * channels, f32), f);
}

INLINE void pitched(motet_limit_mix *mix, const motet_limit_voice *voices, size_t count, size_t channels, bool cubic,
                    bool f32)
{
    for (size_t v = 0; v < count; v++) {
        const motet_limit_voice *voice = &voices[v];
        const motet_limit_voice *next = &voices[v + 1];
        const quad lanes = {0, 1, 2, 3};
        quad left = voice->left + lanes * voice->left_step;
        quad right = voice->right + lanes * voice->right_step;
        uint64_t position = voice->position;
        for (size_t i = 0; i < MOTET_BENCH_BLOCK; i += LANES) {
            ptrdiff_t at[LANES];
            float part[LANES];
            UNROLL for (size_t k = 0; k < LANES; k++)
            {
                at[k] = (ptrdiff_t)channels * ((ptrdiff_t)(position >> 32) - cubic);
                part[k] = (float)((uint32_t)position >> 8) * 0x1p-24F;
                position += voice->step;
            }
            quad f = load_f32(part);
            quad l = read_channel(voice->data, at, channels, f, cubic, f32);
            quad r = channels == 2 ? read_channel((const char *)voice->data + (f32 ? 4 : 2), at, 2, f, cubic, f32) : l;
            add_to(mix->left + i, l * left);
            add_to(mix->right + i, r * right);
            left += LANES * voice->left_step;
            right += LANES * voice->right_step;
            if (i % 16 == 0) {
                uint64_t ahead = (next->position + i * next->step) >> 32;
                PREFETCH((const char *)next->data + ahead * channels * (f32 ? 4 : 2));
            }
        }
    }
}

/* ----------------------------------------------------------------------------------------------------------- Filters */

INLINE float fold(const quad *s)
{
    quad q = (s[0] + s[2]) + (s[1] + s[3]);
    return (q[0] + q[2]) + (q[1] + q[3]);
}

INLINE void filtered(motet_limit_mix *mix, const motet_limit_voice *voices, size_t count, size_t taps, size_t channels,
                     bool f32)
{
    float room[2][MOTET_LIMIT_WINDOW];
    for (size_t v = 0; v < count; v++) {
        const motet_limit_voice *voice = &voices[v];
        ptrdiff_t first = (ptrdiff_t)channels * ((ptrdiff_t)(voice->position >> 32) - (ptrdiff_t)(taps / 2 - 1));
        size_t frames = (size_t)((MOTET_BENCH_BLOCK * voice->step) >> 32) + taps + 1;
        for (size_t i = 0; i < frames; i++) {
            for (size_t c = 0; c < channels; c++) {
                room[c][i] = sample_at(voice->data, first + (ptrdiff_t)(i * channels + c), f32);
            }
        }
        uint64_t position = (uint32_t)voice->position;
        for (size_t i = 0; i < MOTET_BENCH_BLOCK; i++) {
            uint32_t fraction = (uint32_t)position;
            const float *row = voice->rows + (size_t)(fraction >> 25) * 2 * taps;
            quad f = quad_of((float)(fraction & 0x1FFFFFF) * 0x1p-25F);
            quad sums[2][4] = {0};
            UNROLL for (size_t t = 0; t < 32; t += LANES)
            {
                if (t < taps) {
                    quad h = load_f32(row + t) + f * load_f32(row + taps + t);
                    sums[0][t / LANES % 4] += h * load_f32(room[0] + (position >> 32) + t);
                    if (channels == 2) {
                        sums[1][t / LANES % 4] += h * load_f32(room[1] + (position >> 32) + t);
                    }
                }
            }
            float l = fold(sums[0]);
            float r = channels == 2 ? fold(sums[1]) : l;
            mix->left[i] += l * (voice->left + (float)i * voice->left_step);
            mix->right[i] += r * (voice->right + (float)i * voice->right_step);
            position += voice->step;
        }
    }
}

/* ------------------------------------------------------------------------------------------------------------- Table */

#define TARGET
#include "bench_limit_table.h"

const motet_limit_kernels motet_limit_vector = LIMIT_TABLE;
