/* The limit by AVX-512: see bench_limit.h. */
#include "bench_limit.h"

#if MOTET_LIMIT_X86

#    include <immintrin.h>

#    define TARGET __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl")))
#    define INLINE MOTET_LIMIT_INLINE TARGET
#    define UNROLL MOTET_LIMIT_UNROLL

enum { LANES = 16 };

/* Fractions within a block of lanes have 23 bits: as many as a float holds, and room for whole frames above. */
enum { FRACTION_BITS = 23 };

INLINE __m512 load(const void *data, ptrdiff_t at, bool f32)
{
    if (f32) {
        return _mm512_loadu_ps((const float *)data + at);
    }
    return _mm512_cvtepi32_ps(_mm512_cvtepi16_epi32(_mm256_loadu_si256((const void *)((const int16_t *)data + at))));
}

INLINE const char *start_of(const motet_limit_voice *voice, size_t frame_bytes)
{
    return (const char *)voice->data + (voice->position >> 32) * frame_bytes;
}

INLINE __m512 pair(float left, float right)
{
    return _mm512_mask_blend_ps(0xAAAA, _mm512_set1_ps(left), _mm512_set1_ps(right));
}

/* ----------------------------------------------------------------------------------------------------------- Pitch 1 */

INLINE void copy_stereo(motet_limit_mix *mix, const motet_limit_voice *voices, size_t count, bool f32)
{
    const size_t size = f32 ? 8 : 4;
    for (size_t v = 0; v < count; v += MOTET_LIMIT_GROUP) {
        const char *in[MOTET_LIMIT_GROUP];
        const char *next[MOTET_LIMIT_GROUP];
        __m512 gain[MOTET_LIMIT_GROUP];
        UNROLL for (size_t k = 0; k < MOTET_LIMIT_GROUP; k++)
        {
            in[k] = start_of(&voices[v + k], size);
            next[k] = start_of(&voices[v + k + MOTET_LIMIT_GROUP], size);
            gain[k] = pair(voices[v + k].left, voices[v + k].right);
        }
        for (ptrdiff_t i = 0; i < 2 * MOTET_BENCH_BLOCK; i += 2 * LANES) {
            __m512 a = _mm512_load_ps(mix->both + i);
            __m512 b = _mm512_load_ps(mix->both + i + LANES);
            UNROLL for (size_t k = 0; k < MOTET_LIMIT_GROUP; k++)
            {
                a = _mm512_add_ps(a, _mm512_mul_ps(load(in[k], i, f32), gain[k]));
                b = _mm512_add_ps(b, _mm512_mul_ps(load(in[k], i + LANES, f32), gain[k]));
                const char *ahead = next[k] + (size_t)i * (size / 2);
                _mm_prefetch(ahead, _MM_HINT_T0);
                if (f32) {
                    _mm_prefetch(ahead + MOTET_LIMIT_LINE, _MM_HINT_T0);
                }
            }
            _mm512_store_ps(mix->both + i, a);
            _mm512_store_ps(mix->both + i + LANES, b);
        }
    }
}

INLINE void copy_mono(motet_limit_mix *mix, const motet_limit_voice *voices, size_t count, bool f32)
{
    const size_t size = f32 ? 4 : 2;
    for (size_t v = 0; v < count; v += MOTET_LIMIT_GROUP) {
        const char *in[MOTET_LIMIT_GROUP];
        const char *next[MOTET_LIMIT_GROUP];
        __m512 left[MOTET_LIMIT_GROUP];
        __m512 right[MOTET_LIMIT_GROUP];
        UNROLL for (size_t k = 0; k < MOTET_LIMIT_GROUP; k++)
        {
            in[k] = start_of(&voices[v + k], size);
            next[k] = start_of(&voices[v + k + MOTET_LIMIT_GROUP], size);
            left[k] = _mm512_set1_ps(voices[v + k].left);
            right[k] = _mm512_set1_ps(voices[v + k].right);
        }
        for (ptrdiff_t i = 0; i < MOTET_BENCH_BLOCK; i += 2 * LANES) {
            __m512 a = _mm512_load_ps(mix->left + i);
            __m512 b = _mm512_load_ps(mix->left + i + LANES);
            __m512 c = _mm512_load_ps(mix->right + i);
            __m512 d = _mm512_load_ps(mix->right + i + LANES);
            UNROLL for (size_t k = 0; k < MOTET_LIMIT_GROUP; k++)
            {
                __m512 x = load(in[k], i, f32);
                __m512 y = load(in[k], i + LANES, f32);
                a = _mm512_add_ps(a, _mm512_mul_ps(x, left[k]));
                b = _mm512_add_ps(b, _mm512_mul_ps(y, left[k]));
                c = _mm512_add_ps(c, _mm512_mul_ps(x, right[k]));
                d = _mm512_add_ps(d, _mm512_mul_ps(y, right[k]));
                const char *ahead = next[k] + (size_t)i * size;
                _mm_prefetch(ahead, _MM_HINT_T0);
                if (f32) {
                    _mm_prefetch(ahead + MOTET_LIMIT_LINE, _MM_HINT_T0);
                }
            }
            _mm512_store_ps(mix->left + i, a);
            _mm512_store_ps(mix->left + i + LANES, b);
            _mm512_store_ps(mix->right + i, c);
            _mm512_store_ps(mix->right + i + LANES, d);
        }
    }
}

/* -------------------------------------------------------------------------------------------------- Linear and cubic */

INLINE __m512 mix_linear(__m512 a, __m512 b, __m512 f)
{
    return _mm512_add_ps(a, _mm512_mul_ps(f, _mm512_sub_ps(b, a)));
}

/* Catmull and Rom's. */
INLINE __m512 mix_cubic(__m512 a, __m512 b, __m512 c, __m512 d, __m512 f)
{
    const __m512 half = _mm512_set1_ps(0.5F);
    __m512 c1 = _mm512_mul_ps(half, _mm512_sub_ps(c, a));
    __m512 bc = _mm512_sub_ps(b, c);
    __m512 c3 = _mm512_add_ps(_mm512_mul_ps(half, _mm512_sub_ps(d, a)), _mm512_mul_ps(_mm512_set1_ps(1.5F), bc));
    __m512 c2 = _mm512_sub_ps(_mm512_sub_ps(_mm512_setzero_ps(), bc), _mm512_add_ps(c1, c3));
    __m512 sum = _mm512_add_ps(_mm512_mul_ps(c3, f), c2);
    sum = _mm512_add_ps(_mm512_mul_ps(sum, f), c1);
    return _mm512_add_ps(_mm512_mul_ps(sum, f), b);
}

/* 16 frames of a mono clip from a position on; `steps` are those of the lanes. */
INLINE __m512 read_mono(const motet_limit_voice *voice, uint64_t position, __m512i steps, bool cubic, bool f32)
{
    const __m512i one = _mm512_set1_epi32(1);
    __m512i place = _mm512_add_epi32(steps, _mm512_set1_epi32((int)((uint32_t)position >> (32 - FRACTION_BITS))));
    __m512i whole = _mm512_srli_epi32(place, FRACTION_BITS);
    __m512 f = _mm512_mul_ps(_mm512_cvtepi32_ps(_mm512_and_si512(place, _mm512_set1_epi32((1 << FRACTION_BITS) - 1))),
                             _mm512_set1_ps(0x1p-23F));
    ptrdiff_t at = (ptrdiff_t)(position >> 32) - cubic;
    if (f32) {
        const float *in = (const float *)voice->data + at;
        __m512 low = _mm512_loadu_ps(in);
        __m512 high = _mm512_loadu_ps(in + LANES);
        __m512i second = _mm512_add_epi32(whole, one);
        __m512 a = _mm512_permutex2var_ps(low, whole, high);
        __m512 b = _mm512_permutex2var_ps(low, second, high);
        if (!cubic) {
            return mix_linear(a, b, f);
        }
        __m512i third = _mm512_add_epi32(second, one);
        __m512 c = _mm512_permutex2var_ps(low, third, high);
        __m512 d = _mm512_permutex2var_ps(low, _mm512_add_epi32(third, one), high);
        return mix_cubic(a, b, c, d, f);
    }
    /* Two neighbours at once, as the halves of 32 bits. */
    __m512i in = _mm512_loadu_si512((const int16_t *)voice->data + at);
    __m512i both = _mm512_add_epi32(_mm512_or_si512(whole, _mm512_slli_epi32(whole, 16)), _mm512_set1_epi32(1 << 16));
    __m512i ab = _mm512_permutexvar_epi16(both, in);
    __m512 a = _mm512_cvtepi32_ps(_mm512_srai_epi32(_mm512_slli_epi32(ab, 16), 16));
    __m512 b = _mm512_cvtepi32_ps(_mm512_srai_epi32(ab, 16));
    if (!cubic) {
        return mix_linear(a, b, f);
    }
    __m512i cd = _mm512_permutexvar_epi16(_mm512_add_epi32(both, _mm512_set1_epi32(0x20002)), in);
    __m512 c = _mm512_cvtepi32_ps(_mm512_srai_epi32(_mm512_slli_epi32(cd, 16), 16));
    __m512 d = _mm512_cvtepi32_ps(_mm512_srai_epi32(cd, 16));
    return mix_cubic(a, b, c, d, f);
}

INLINE __m512i steps_of(const motet_limit_voice *voice, __m512i lanes)
{
    return _mm512_mullo_epi32(lanes, _mm512_set1_epi32((int)(voice->step >> (32 - FRACTION_BITS))));
}

INLINE __m512i ascending(void)
{
    return _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
}

/* The gain of each lane, and what it changes by from one vector to the next. */
typedef struct ramp {
    __m512 gain, step;
} ramp;

INLINE ramp ramp_of(float gain, float step)
{
    __m512 lanes = _mm512_cvtepi32_ps(ascending());
    return (ramp){_mm512_add_ps(_mm512_set1_ps(gain), _mm512_mul_ps(lanes, _mm512_set1_ps(step))),
                  _mm512_set1_ps(step * LANES)};
}

enum { PITCHED = 2 }; /* voices in a pass */

INLINE void pitched_mono(motet_limit_mix *mix, const motet_limit_voice *voices, size_t count, bool cubic, bool f32)
{
    for (size_t v = 0; v < count; v += PITCHED) {
        __m512i steps[PITCHED];
        uint64_t position[PITCHED];
        ramp left[PITCHED];
        ramp right[PITCHED];
        UNROLL for (size_t k = 0; k < PITCHED; k++)
        {
            const motet_limit_voice *voice = &voices[v + k];
            steps[k] = steps_of(voice, ascending());
            position[k] = voice->position;
            left[k] = ramp_of(voice->left, voice->left_step);
            right[k] = ramp_of(voice->right, voice->right_step);
        }
        for (size_t i = 0; i < MOTET_BENCH_BLOCK; i += LANES) {
            __m512 l = _mm512_load_ps(mix->left + i);
            __m512 r = _mm512_load_ps(mix->right + i);
            UNROLL for (size_t k = 0; k < PITCHED; k++)
            {
                const motet_limit_voice *next = &voices[v + k + PITCHED];
                __m512 x = read_mono(&voices[v + k], position[k], steps[k], cubic, f32);
                l = _mm512_add_ps(l, _mm512_mul_ps(x, left[k].gain));
                r = _mm512_add_ps(r, _mm512_mul_ps(x, right[k].gain));
                left[k].gain = _mm512_add_ps(left[k].gain, left[k].step);
                right[k].gain = _mm512_add_ps(right[k].gain, right[k].step);
                position[k] += LANES * voices[v + k].step;
                uint64_t ahead = (next->position + i * next->step) >> 32;
                _mm_prefetch((const char *)next->data + ahead * (f32 ? 4 : 2), _MM_HINT_T0);
            }
            _mm512_store_ps(mix->left + i, l);
            _mm512_store_ps(mix->right + i, r);
        }
    }
}

/* Frames of s16 are 32 bits wide: 16 of them are picked at once, and their halves are the channels. */
INLINE void pitched_stereo_s16(motet_limit_mix *mix, const motet_limit_voice *voices, size_t count, bool cubic)
{
    const __m512i one = _mm512_set1_epi32(1);
    for (size_t v = 0; v < count; v++) {
        const motet_limit_voice *voice = &voices[v];
        const motet_limit_voice *next = &voices[v + 1];
        __m512i steps = steps_of(voice, ascending());
        __m512 left = _mm512_set1_ps(voice->left);
        __m512 right = _mm512_set1_ps(voice->right);
        uint64_t position = voice->position;
        uint64_t ahead = next->position;
        for (size_t i = 0; i < MOTET_BENCH_BLOCK; i += LANES) {
            const int16_t *in = (const int16_t *)voice->data + 2 * ((ptrdiff_t)(position >> 32) - cubic);
            __m512i place =
                _mm512_add_epi32(steps, _mm512_set1_epi32((int)((uint32_t)position >> (32 - FRACTION_BITS))));
            __m512i whole = _mm512_srli_epi32(place, FRACTION_BITS);
            __m512 f =
                _mm512_mul_ps(_mm512_cvtepi32_ps(_mm512_and_si512(place, _mm512_set1_epi32((1 << FRACTION_BITS) - 1))),
                              _mm512_set1_ps(0x1p-23F));
            __m512i low = _mm512_loadu_si512(in);
            __m512i high = _mm512_loadu_si512(in + 2 * LANES);
            __m512 l[4];
            __m512 r[4];
            UNROLL for (size_t k = 0; k < 4; k++)
            {
                if (k < 2 || cubic) {
                    __m512i x = _mm512_permutex2var_epi32(low, whole, high);
                    l[k] = _mm512_cvtepi32_ps(_mm512_srai_epi32(_mm512_slli_epi32(x, 16), 16));
                    r[k] = _mm512_cvtepi32_ps(_mm512_srai_epi32(x, 16));
                    whole = _mm512_add_epi32(whole, one);
                } else {
                    l[k] = r[k] = _mm512_setzero_ps();
                }
            }
            __m512 x = cubic ? mix_cubic(l[0], l[1], l[2], l[3], f) : mix_linear(l[0], l[1], f);
            __m512 y = cubic ? mix_cubic(r[0], r[1], r[2], r[3], f) : mix_linear(r[0], r[1], f);
            _mm512_store_ps(mix->left + i, _mm512_add_ps(_mm512_load_ps(mix->left + i), _mm512_mul_ps(x, left)));
            _mm512_store_ps(mix->right + i, _mm512_add_ps(_mm512_load_ps(mix->right + i), _mm512_mul_ps(y, right)));
            position += LANES * voice->step;
            _mm_prefetch((const char *)next->data + (ahead >> 32) * 4, _MM_HINT_T0);
            _mm_prefetch((const char *)next->data + (ahead >> 32) * 4 + MOTET_LIMIT_LINE, _MM_HINT_T0);
            ahead += LANES * next->step;
        }
    }
}

/* Frames of f32 are 64 bits wide: 8 of them at once, interleaved. */
INLINE void pitched_stereo_f32(motet_limit_mix *mix, const motet_limit_voice *voices, size_t count, bool cubic)
{
    const __m512i lanes = _mm512_setr_epi32(0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7);
    const __m512i one = _mm512_set1_epi32(1);
    for (size_t v = 0; v < count; v++) {
        const motet_limit_voice *voice = &voices[v];
        const motet_limit_voice *next = &voices[v + 1];
        __m512i steps = steps_of(voice, lanes);
        __m512 gain = pair(voice->left, voice->right);
        uint64_t position = voice->position;
        uint64_t ahead = next->position;
        for (size_t i = 0; i < MOTET_BENCH_BLOCK; i += LANES / 2) {
            const float *in = (const float *)voice->data + 2 * ((ptrdiff_t)(position >> 32) - cubic);
            __m512i place =
                _mm512_add_epi32(steps, _mm512_set1_epi32((int)((uint32_t)position >> (32 - FRACTION_BITS))));
            __m512i whole = _mm512_srli_epi32(place, FRACTION_BITS);
            __m512 f =
                _mm512_mul_ps(_mm512_cvtepi32_ps(_mm512_and_si512(place, _mm512_set1_epi32((1 << FRACTION_BITS) - 1))),
                              _mm512_set1_ps(0x1p-23F));
            __m512d low = _mm512_castps_pd(_mm512_loadu_ps(in));
            __m512d high = _mm512_castps_pd(_mm512_loadu_ps(in + LANES));
            __m512 x[4];
            UNROLL for (size_t k = 0; k < 4; k++)
            {
                if (k < 2 || cubic) {
                    x[k] = _mm512_castpd_ps(_mm512_permutex2var_pd(low, whole, high));
                    whole = _mm512_add_epi32(whole, one);
                } else {
                    x[k] = _mm512_setzero_ps();
                }
            }
            __m512 y = cubic ? mix_cubic(x[0], x[1], x[2], x[3], f) : mix_linear(x[0], x[1], f);
            float *out = mix->both + 2 * i;
            _mm512_store_ps(out, _mm512_add_ps(_mm512_load_ps(out), _mm512_mul_ps(y, gain)));
            position += LANES / 2 * voice->step;
            _mm_prefetch((const char *)next->data + (ahead >> 32) * 8, _MM_HINT_T0);
            _mm_prefetch((const char *)next->data + (ahead >> 32) * 8 + MOTET_LIMIT_LINE, _MM_HINT_T0);
            ahead += LANES / 2 * next->step;
        }
    }
}

/* ----------------------------------------------------------------------------------------------------------- Filters */

/* The sums of 16 vectors, in the order of a tree: lanes 8 apart, then 4, 2 and 1. */
INLINE __m512 fold(__m512 *sums)
{
    __m512 a[8];
    __m512 b[4];
    UNROLL for (size_t i = 0; i < 8; i++)
    {
        __m512 x = sums[2 * i];
        __m512 y = sums[2 * i + 1];
        a[i] = _mm512_add_ps(_mm512_shuffle_f32x4(x, y, 0x44), _mm512_shuffle_f32x4(x, y, 0xEE));
    }
    UNROLL for (size_t i = 0; i < 4; i++)
    {
        b[i] = _mm512_add_ps(_mm512_shuffle_f32x4(a[2 * i], a[2 * i + 1], 0x88),
                             _mm512_shuffle_f32x4(a[2 * i], a[2 * i + 1], 0xDD));
    }
    /* Each b[i] has outputs 4i to 4i + 3, one in each quarter. */
    __m512 c = _mm512_add_ps(_mm512_shuffle_ps(b[0], b[1], 0x44), _mm512_shuffle_ps(b[0], b[1], 0xEE));
    __m512 d = _mm512_add_ps(_mm512_shuffle_ps(b[2], b[3], 0x44), _mm512_shuffle_ps(b[2], b[3], 0xEE));
    __m512 e = _mm512_add_ps(_mm512_shuffle_ps(c, d, 0x88), _mm512_shuffle_ps(c, d, 0xDD));
    /* Quarter q of e has outputs q, 4 + q, 8 + q and 12 + q. */
    return _mm512_permutexvar_ps(_mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15), e);
}

/* The window of a block as floats, from the first tap of the first frame on. */
INLINE const float *window_mono(float *room, const motet_limit_voice *voice, size_t taps, bool f32)
{
    ptrdiff_t first = (ptrdiff_t)(voice->position >> 32) - (ptrdiff_t)(taps / 2 - 1);
    if (f32) {
        return (const float *)voice->data + first;
    }
    size_t frames = (size_t)((MOTET_BENCH_BLOCK * voice->step) >> 32) + taps + 1;
    for (size_t i = 0; i < frames; i += LANES) {
        _mm512_store_ps(room + i, load(voice->data, first + (ptrdiff_t)i, false));
    }
    return room;
}

INLINE void window_stereo(float *left, float *right, const motet_limit_voice *voice, size_t taps, bool f32)
{
    const __m512i evens = _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
    const __m512i odds = _mm512_add_epi32(evens, _mm512_set1_epi32(1));
    ptrdiff_t first = (ptrdiff_t)(voice->position >> 32) - (ptrdiff_t)(taps / 2 - 1);
    size_t frames = (size_t)((MOTET_BENCH_BLOCK * voice->step) >> 32) + taps + 1;
    for (size_t i = 0; i < frames; i += LANES) {
        ptrdiff_t at = 2 * (first + (ptrdiff_t)i);
        if (f32) {
            __m512 low = load(voice->data, at, true);
            __m512 high = load(voice->data, at + LANES, true);
            _mm512_store_ps(left + i, _mm512_permutex2var_ps(low, evens, high));
            _mm512_store_ps(right + i, _mm512_permutex2var_ps(low, odds, high));
        } else {
            __m512i x = _mm512_loadu_si512((const int16_t *)voice->data + at);
            _mm512_store_ps(left + i, _mm512_cvtepi32_ps(_mm512_srai_epi32(_mm512_slli_epi32(x, 16), 16)));
            _mm512_store_ps(right + i, _mm512_cvtepi32_ps(_mm512_srai_epi32(x, 16)));
        }
    }
}

INLINE void filtered(motet_limit_mix *mix, const motet_limit_voice *voices, size_t count, size_t taps, size_t channels,
                     bool f32)
{
    _Alignas(64) float room[2][MOTET_LIMIT_WINDOW];
    _Alignas(64) float part[LANES];
    _Alignas(64) uint32_t frame[LANES];
    _Alignas(64) uint32_t row[LANES];
    for (size_t v = 0; v < count; v++) {
        const motet_limit_voice *voice = &voices[v];
        const motet_limit_voice *next = &voices[v + 1];
        const float *in = room[0];
        if (channels == 1) {
            in = window_mono(room[0], voice, taps, f32);
        } else {
            window_stereo(room[0], room[1], voice, taps, f32);
        }
        __m512i steps = steps_of(voice, ascending());
        ramp left = ramp_of(voice->left, voice->left_step);
        ramp right = ramp_of(voice->right, voice->right_step);
        uint64_t position = (uint32_t)voice->position;
        for (size_t i = 0; i < MOTET_BENCH_BLOCK; i += LANES) {
            __m512i place =
                _mm512_add_epi32(steps, _mm512_set1_epi32((int)((uint32_t)position >> (32 - FRACTION_BITS))));
            const __m512i rest = _mm512_set1_epi32((1 << (FRACTION_BITS - 7)) - 1);
            _mm512_store_ps(part,
                            _mm512_mul_ps(_mm512_cvtepi32_ps(_mm512_and_si512(place, rest)), _mm512_set1_ps(0x1p-16F)));
            _mm512_store_si512(frame, _mm512_srli_epi32(place, FRACTION_BITS));
            __m512i phase = _mm512_and_si512(_mm512_srli_epi32(place, FRACTION_BITS - 7), _mm512_set1_epi32(127));
            _mm512_store_si512(row, _mm512_mullo_epi32(phase, _mm512_set1_epi32((int)(2 * taps))));
            const float *at = in + (position >> 32);
            const float *other = room[1] + (position >> 32);
            __m512 x[LANES];
            __m512 y[LANES];
            UNROLL for (size_t k = 0; k < LANES; k++)
            {
                const float *c = voice->rows + row[k];
                __m512 f = _mm512_set1_ps(part[k]);
                __m512 h = _mm512_add_ps(_mm512_load_ps(c), _mm512_mul_ps(f, _mm512_load_ps(c + taps)));
                x[k] = _mm512_mul_ps(h, _mm512_loadu_ps(at + frame[k]));
                y[k] = channels == 2 ? _mm512_mul_ps(h, _mm512_loadu_ps(other + frame[k])) : x[k];
                if (taps == 32) {
                    h = _mm512_add_ps(_mm512_load_ps(c + 16), _mm512_mul_ps(f, _mm512_load_ps(c + taps + 16)));
                    x[k] = _mm512_add_ps(x[k], _mm512_mul_ps(h, _mm512_loadu_ps(at + frame[k] + 16)));
                    if (channels == 2) {
                        y[k] = _mm512_add_ps(y[k], _mm512_mul_ps(h, _mm512_loadu_ps(other + frame[k] + 16)));
                    }
                }
            }
            __m512 l = fold(x);
            __m512 r = channels == 2 ? fold(y) : l;
            _mm512_store_ps(mix->left + i, _mm512_add_ps(_mm512_load_ps(mix->left + i), _mm512_mul_ps(l, left.gain)));
            _mm512_store_ps(mix->right + i,
                            _mm512_add_ps(_mm512_load_ps(mix->right + i), _mm512_mul_ps(r, right.gain)));
            left.gain = _mm512_add_ps(left.gain, left.step);
            right.gain = _mm512_add_ps(right.gain, right.step);
            position += LANES * voice->step;
            uint64_t ahead = (next->position + i * next->step) >> 32;
            size_t size = channels * (f32 ? 4 : 2);
            _mm_prefetch((const char *)next->data + ahead * size, _MM_HINT_T0);
            _mm_prefetch((const char *)next->data + ahead * size + MOTET_LIMIT_LINE, _MM_HINT_T0);
        }
    }
}

/* ------------------------------------------------------------------------------------------------------------- Table */

INLINE void copy(motet_limit_mix *mix, const motet_limit_voice *voices, size_t count, size_t channels, bool f32)
{
    if (channels == 1) {
        copy_mono(mix, voices, count, f32);
    } else {
        copy_stereo(mix, voices, count, f32);
    }
}

INLINE void pitched(motet_limit_mix *mix, const motet_limit_voice *voices, size_t count, size_t channels, bool cubic,
                    bool f32)
{
    if (channels == 1) {
        pitched_mono(mix, voices, count, cubic, f32);
    } else if (f32) {
        pitched_stereo_f32(mix, voices, count, cubic);
    } else {
        pitched_stereo_s16(mix, voices, count, cubic);
    }
}

#    include "bench_limit_table.h"

const motet_limit_kernels motet_limit_avx512 = LIMIT_TABLE;

#else
typedef int motet_limit_no_avx512; /* ISO C wants something in every file */
#endif
