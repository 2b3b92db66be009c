/* The limit by AVX2: see bench_limit.h. */
#include "bench_limit.h"

#if MOTET_LIMIT_X86

#    include <immintrin.h>

#    define TARGET __attribute__((target("avx2")))
#    define INLINE MOTET_LIMIT_INLINE TARGET
#    define UNROLL MOTET_LIMIT_UNROLL

enum { LANES = 8 };

/* As in bench_limit_avx512.c. */
enum { FRACTION_BITS = 23 };

INLINE __m256 load(const void *data, ptrdiff_t at, bool f32)
{
    if (f32) {
        return _mm256_loadu_ps((const float *)data + at);
    }
    return _mm256_cvtepi32_ps(_mm256_cvtepi16_epi32(_mm_loadu_si128((const void *)((const int16_t *)data + at))));
}

INLINE const char *start_of(const motet_limit_voice *voice, size_t frame_bytes)
{
    return (const char *)voice->data + (voice->position >> 32) * frame_bytes;
}

INLINE void add_to(float *out, __m256 value)
{
    _mm256_store_ps(out, _mm256_add_ps(_mm256_load_ps(out), value));
}

/* ----------------------------------------------------------------------------------------------------------- Pitch 1 */

enum { TOGETHER = 4 }; /* voices in a pass: there are 16 registers */

INLINE void copy_stereo(motet_limit_mix *mix, const motet_limit_voice *voices, size_t count, bool f32)
{
    const size_t size = f32 ? 8 : 4;
    for (size_t v = 0; v < count; v += TOGETHER) {
        const char *in[TOGETHER];
        const char *next[TOGETHER];
        __m256 gain[TOGETHER];
        UNROLL for (size_t k = 0; k < TOGETHER; k++)
        {
            in[k] = start_of(&voices[v + k], size);
            next[k] = start_of(&voices[v + k + TOGETHER], size);
            gain[k] = _mm256_blend_ps(_mm256_set1_ps(voices[v + k].left), _mm256_set1_ps(voices[v + k].right), 0xAA);
        }
        for (ptrdiff_t i = 0; i < 2 * MOTET_BENCH_BLOCK; i += 4 * LANES) {
            __m256 sum[4];
            UNROLL for (ptrdiff_t j = 0; j < 4; j++)
            {
                sum[j] = _mm256_load_ps(mix->both + i + j * LANES);
            }
            UNROLL for (size_t k = 0; k < TOGETHER; k++)
            {
                UNROLL for (ptrdiff_t j = 0; j < 4; j++)
                {
                    sum[j] = _mm256_add_ps(sum[j], _mm256_mul_ps(load(in[k], i + j * LANES, f32), gain[k]));
                }
                const char *ahead = next[k] + (size_t)i * (size / 2);
                _mm_prefetch(ahead, _MM_HINT_T0);
                if (f32) {
                    _mm_prefetch(ahead + MOTET_LIMIT_LINE, _MM_HINT_T0);
                }
            }
            UNROLL for (ptrdiff_t j = 0; j < 4; j++)
            {
                _mm256_store_ps(mix->both + i + j * LANES, sum[j]);
            }
        }
    }
}

INLINE void copy_mono(motet_limit_mix *mix, const motet_limit_voice *voices, size_t count, bool f32)
{
    const size_t size = f32 ? 4 : 2;
    for (size_t v = 0; v < count; v += TOGETHER) {
        const char *in[TOGETHER];
        const char *next[TOGETHER];
        __m256 left[TOGETHER];
        __m256 right[TOGETHER];
        UNROLL for (size_t k = 0; k < TOGETHER; k++)
        {
            in[k] = start_of(&voices[v + k], size);
            next[k] = start_of(&voices[v + k + TOGETHER], size);
            left[k] = _mm256_set1_ps(voices[v + k].left);
            right[k] = _mm256_set1_ps(voices[v + k].right);
        }
        for (ptrdiff_t i = 0; i < MOTET_BENCH_BLOCK; i += 2 * LANES) {
            __m256 a = _mm256_load_ps(mix->left + i);
            __m256 b = _mm256_load_ps(mix->left + i + LANES);
            __m256 c = _mm256_load_ps(mix->right + i);
            __m256 d = _mm256_load_ps(mix->right + i + LANES);
            UNROLL for (size_t k = 0; k < TOGETHER; k++)
            {
                __m256 x = load(in[k], i, f32);
                __m256 y = load(in[k], i + LANES, f32);
                a = _mm256_add_ps(a, _mm256_mul_ps(x, left[k]));
                b = _mm256_add_ps(b, _mm256_mul_ps(y, left[k]));
                c = _mm256_add_ps(c, _mm256_mul_ps(x, right[k]));
                d = _mm256_add_ps(d, _mm256_mul_ps(y, right[k]));
                _mm_prefetch(next[k] + (size_t)i * size, _MM_HINT_T0);
            }
            _mm256_store_ps(mix->left + i, a);
            _mm256_store_ps(mix->left + i + LANES, b);
            _mm256_store_ps(mix->right + i, c);
            _mm256_store_ps(mix->right + i + LANES, d);
        }
    }
}

/* -------------------------------------------------------------------------------------------------- Linear and cubic */

INLINE __m256 mix_linear(__m256 a, __m256 b, __m256 f)
{
    return _mm256_add_ps(a, _mm256_mul_ps(f, _mm256_sub_ps(b, a)));
}

INLINE __m256 mix_cubic(__m256 a, __m256 b, __m256 c, __m256 d, __m256 f)
{
    const __m256 half = _mm256_set1_ps(0.5F);
    __m256 c1 = _mm256_mul_ps(half, _mm256_sub_ps(c, a));
    __m256 bc = _mm256_sub_ps(b, c);
    __m256 c3 = _mm256_add_ps(_mm256_mul_ps(half, _mm256_sub_ps(d, a)), _mm256_mul_ps(_mm256_set1_ps(1.5F), bc));
    __m256 c2 = _mm256_sub_ps(_mm256_sub_ps(_mm256_setzero_ps(), bc), _mm256_add_ps(c1, c3));
    __m256 sum = _mm256_add_ps(_mm256_mul_ps(c3, f), c2);
    sum = _mm256_add_ps(_mm256_mul_ps(sum, f), c1);
    return _mm256_add_ps(_mm256_mul_ps(sum, f), b);
}

INLINE __m256i ascending(void)
{
    return _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
}

INLINE __m256i steps_of(const motet_limit_voice *voice)
{
    return _mm256_mullo_epi32(ascending(), _mm256_set1_epi32((int)(voice->step >> (32 - FRACTION_BITS))));
}

typedef struct ramp {
    __m256 gain, step;
} ramp;

INLINE ramp ramp_of(float gain, float step)
{
    __m256 lanes = _mm256_cvtepi32_ps(ascending());
    return (ramp){_mm256_add_ps(_mm256_set1_ps(gain), _mm256_mul_ps(lanes, _mm256_set1_ps(step))),
                  _mm256_set1_ps(step * LANES)};
}

/* Where 8 frames lie from a position on. */
typedef struct places {
    __m256i whole, place;
    __m256 part;
} places;

INLINE places places_of(uint64_t position, __m256i steps)
{
    __m256i place = _mm256_add_epi32(steps, _mm256_set1_epi32((int)((uint32_t)position >> (32 - FRACTION_BITS))));
    __m256i rest = _mm256_and_si256(place, _mm256_set1_epi32((1 << FRACTION_BITS) - 1));
    return (places){_mm256_srli_epi32(place, FRACTION_BITS), place,
                    _mm256_mul_ps(_mm256_cvtepi32_ps(rest), _mm256_set1_ps(0x1p-23F))};
}

/* Picks from 16 elements of 32 bits: the fourth bit of a place is brought to the sign. */
INLINE __m256i pick(__m256i low, __m256i high, __m256i at)
{
    __m256 sign = _mm256_castsi256_ps(_mm256_slli_epi32(at, 28));
    return _mm256_castps_si256(_mm256_blendv_ps(_mm256_castsi256_ps(_mm256_permutevar8x32_epi32(low, at)),
                                                _mm256_castsi256_ps(_mm256_permutevar8x32_epi32(high, at)), sign));
}

INLINE __m256 low_half(__m256i x)
{
    return _mm256_cvtepi32_ps(_mm256_srai_epi32(_mm256_slli_epi32(x, 16), 16));
}

INLINE __m256 high_half(__m256i x)
{
    return _mm256_cvtepi32_ps(_mm256_srai_epi32(x, 16));
}

INLINE void pitched_mono(motet_limit_mix *mix, const motet_limit_voice *voices, size_t count, bool cubic, bool f32)
{
    const __m256i one = _mm256_set1_epi32(1);
    for (size_t v = 0; v < count; v++) {
        const motet_limit_voice *voice = &voices[v];
        const motet_limit_voice *next = &voices[v + 1];
        __m256i steps = steps_of(voice);
        ramp left = ramp_of(voice->left, voice->left_step);
        ramp right = ramp_of(voice->right, voice->right_step);
        uint64_t position = voice->position;
        uint64_t ahead = next->position;
        for (size_t i = 0; i < MOTET_BENCH_BLOCK; i += LANES) {
            places at = places_of(position, steps);
            ptrdiff_t first = (ptrdiff_t)(position >> 32) - cubic;
            __m256i low = _mm256_castps_si256(load(voice->data, first, f32));
            __m256i high = _mm256_castps_si256(load(voice->data, first + LANES, f32));
            __m256 x[4];
            UNROLL for (size_t k = 0; k < 4; k++)
            {
                if (k < 2 || cubic) {
                    x[k] = _mm256_castsi256_ps(pick(low, high, at.whole));
                    at.whole = _mm256_add_epi32(at.whole, one);
                } else {
                    x[k] = _mm256_setzero_ps();
                }
            }
            __m256 y = cubic ? mix_cubic(x[0], x[1], x[2], x[3], at.part) : mix_linear(x[0], x[1], at.part);
            add_to(mix->left + i, _mm256_mul_ps(y, left.gain));
            add_to(mix->right + i, _mm256_mul_ps(y, right.gain));
            left.gain = _mm256_add_ps(left.gain, left.step);
            right.gain = _mm256_add_ps(right.gain, right.step);
            position += LANES * voice->step;
            _mm_prefetch((const char *)next->data + (ahead >> 32) * (f32 ? 4 : 2), _MM_HINT_T0);
            ahead += LANES * next->step;
        }
    }
}

INLINE void pitched_stereo_s16(motet_limit_mix *mix, const motet_limit_voice *voices, size_t count, bool cubic)
{
    const __m256i one = _mm256_set1_epi32(1);
    for (size_t v = 0; v < count; v++) {
        const motet_limit_voice *voice = &voices[v];
        const motet_limit_voice *next = &voices[v + 1];
        __m256i steps = steps_of(voice);
        __m256 left = _mm256_set1_ps(voice->left);
        __m256 right = _mm256_set1_ps(voice->right);
        uint64_t position = voice->position;
        uint64_t ahead = next->position;
        for (size_t i = 0; i < MOTET_BENCH_BLOCK; i += LANES) {
            places at = places_of(position, steps);
            const int16_t *in = (const int16_t *)voice->data + 2 * ((ptrdiff_t)(position >> 32) - cubic);
            __m256i low = _mm256_loadu_si256((const void *)in);
            __m256i high = _mm256_loadu_si256((const void *)(in + 2 * LANES));
            __m256 l[4];
            __m256 r[4];
            UNROLL for (size_t k = 0; k < 4; k++)
            {
                if (k < 2 || cubic) {
                    __m256i x = pick(low, high, at.whole);
                    l[k] = low_half(x);
                    r[k] = high_half(x);
                    at.whole = _mm256_add_epi32(at.whole, one);
                } else {
                    l[k] = r[k] = _mm256_setzero_ps();
                }
            }
            __m256 x = cubic ? mix_cubic(l[0], l[1], l[2], l[3], at.part) : mix_linear(l[0], l[1], at.part);
            __m256 y = cubic ? mix_cubic(r[0], r[1], r[2], r[3], at.part) : mix_linear(r[0], r[1], at.part);
            add_to(mix->left + i, _mm256_mul_ps(x, left));
            add_to(mix->right + i, _mm256_mul_ps(y, right));
            position += LANES * voice->step;
            _mm_prefetch((const char *)next->data + (ahead >> 32) * 4, _MM_HINT_T0);
            ahead += LANES * next->step;
        }
    }
}

/* Four frames at once, interleaved: each with its neighbour is one load of 16 bytes. */
INLINE void pitched_stereo_f32(motet_limit_mix *mix, const motet_limit_voice *voices, size_t count, bool cubic)
{
    for (size_t v = 0; v < count; v++) {
        const motet_limit_voice *voice = &voices[v];
        const motet_limit_voice *next = &voices[v + 1];
        __m256 gain = _mm256_blend_ps(_mm256_set1_ps(voice->left), _mm256_set1_ps(voice->right), 0xAA);
        uint64_t step = voice->step;
        uint64_t position = voice->position;
        uint64_t ahead = next->position;
        for (size_t i = 0; i < MOTET_BENCH_BLOCK; i += LANES / 2) {
            const float *in[4];
            float part[4];
            UNROLL for (size_t k = 0; k < 4; k++)
            {
                in[k] = (const float *)voice->data + 2 * ((ptrdiff_t)(position >> 32) - cubic);
                part[k] = (float)(int32_t)((uint32_t)position >> 9) * 0x1p-23F;
                position += step;
            }
            __m256 f = _mm256_setr_ps(part[0], part[0], part[1], part[1], part[2], part[2], part[3], part[3]);
            __m256 x[4];
            UNROLL for (ptrdiff_t k = 0; k < 4; k += 2)
            {
                if (k == 0 || cubic) {
                    __m256d a = _mm256_castps_pd(_mm256_insertf128_ps(
                        _mm256_castps128_ps256(_mm_loadu_ps(in[0] + 2 * k)), _mm_loadu_ps(in[2] + 2 * k), 1));
                    __m256d b = _mm256_castps_pd(_mm256_insertf128_ps(
                        _mm256_castps128_ps256(_mm_loadu_ps(in[1] + 2 * k)), _mm_loadu_ps(in[3] + 2 * k), 1));
                    x[k] = _mm256_castpd_ps(_mm256_unpacklo_pd(a, b));
                    x[k + 1] = _mm256_castpd_ps(_mm256_unpackhi_pd(a, b));
                } else {
                    x[k] = x[k + 1] = _mm256_setzero_ps();
                }
            }
            __m256 y = cubic ? mix_cubic(x[0], x[1], x[2], x[3], f) : mix_linear(x[0], x[1], f);
            add_to(mix->both + 2 * i, _mm256_mul_ps(y, gain));
            _mm_prefetch((const char *)next->data + (ahead >> 32) * 8, _MM_HINT_T0);
            ahead += LANES / 2 * next->step;
        }
    }
}

/* ----------------------------------------------------------------------------------------------------------- Filters */

/* The sums of 8 vectors: lanes 4 apart, then 2 and 1. */
INLINE __m256 fold(__m256 *sums)
{
    __m256 a[4];
    UNROLL for (size_t i = 0; i < 4; i++)
    {
        __m256 x = sums[i];
        __m256 y = sums[i + 4];
        a[i] = _mm256_add_ps(_mm256_permute2f128_ps(x, y, 0x20), _mm256_permute2f128_ps(x, y, 0x31));
    }
    /* Each a[i] has outputs i and i + 4. */
    __m256 b = _mm256_add_ps(_mm256_shuffle_ps(a[0], a[1], 0x44), _mm256_shuffle_ps(a[0], a[1], 0xEE));
    __m256 c = _mm256_add_ps(_mm256_shuffle_ps(a[2], a[3], 0x44), _mm256_shuffle_ps(a[2], a[3], 0xEE));
    return _mm256_add_ps(_mm256_shuffle_ps(b, c, 0x88), _mm256_shuffle_ps(b, c, 0xDD));
}

/* The window of a block as floats, from the first tap of the first frame on. */
INLINE void window_of(float *left, float *right, const motet_limit_voice *voice, size_t taps, size_t channels, bool f32)
{
    ptrdiff_t first = (ptrdiff_t)(voice->position >> 32) - (ptrdiff_t)(taps / 2 - 1);
    size_t frames = (size_t)((MOTET_BENCH_BLOCK * voice->step) >> 32) + taps + 1;
    for (size_t i = 0; i < frames; i += LANES) {
        ptrdiff_t at = (ptrdiff_t)channels * (first + (ptrdiff_t)i);
        if (channels == 1) {
            _mm256_store_ps(left + i, load(voice->data, at, f32));
        } else if (f32) {
            __m256 a = load(voice->data, at, true);
            __m256 b = load(voice->data, at + LANES, true);
            __m256 low = _mm256_permute2f128_ps(a, b, 0x20);
            __m256 high = _mm256_permute2f128_ps(a, b, 0x31);
            _mm256_store_ps(left + i, _mm256_shuffle_ps(low, high, 0x88));
            _mm256_store_ps(right + i, _mm256_shuffle_ps(low, high, 0xDD));
        } else {
            __m256i x = _mm256_loadu_si256((const void *)((const int16_t *)voice->data + at));
            _mm256_store_ps(left + i, low_half(x));
            _mm256_store_ps(right + i, high_half(x));
        }
    }
}

INLINE void filtered(motet_limit_mix *mix, const motet_limit_voice *voices, size_t count, size_t taps, size_t channels,
                     bool f32)
{
    _Alignas(32) float room[2][MOTET_LIMIT_WINDOW];
    _Alignas(32) float part[LANES];
    _Alignas(32) uint32_t frame[LANES];
    _Alignas(32) uint32_t row[LANES];
    for (size_t v = 0; v < count; v++) {
        const motet_limit_voice *voice = &voices[v];
        const motet_limit_voice *next = &voices[v + 1];
        ptrdiff_t first = (ptrdiff_t)(voice->position >> 32) - (ptrdiff_t)(taps / 2 - 1);
        const float *in = f32 && channels == 1 ? (const float *)voice->data + first : room[0];
        if (in == room[0]) {
            window_of(room[0], room[1], voice, taps, channels, f32);
        }
        __m256i steps = steps_of(voice);
        ramp left = ramp_of(voice->left, voice->left_step);
        ramp right = ramp_of(voice->right, voice->right_step);
        uint64_t position = (uint32_t)voice->position;
        uint64_t ahead = next->position;
        for (size_t i = 0; i < MOTET_BENCH_BLOCK; i += LANES) {
            __m256i place = places_of(position, steps).place;
            __m256i rest = _mm256_and_si256(place, _mm256_set1_epi32((1 << (FRACTION_BITS - 7)) - 1));
            __m256i phase = _mm256_and_si256(_mm256_srli_epi32(place, FRACTION_BITS - 7), _mm256_set1_epi32(127));
            _mm256_store_ps(part, _mm256_mul_ps(_mm256_cvtepi32_ps(rest), _mm256_set1_ps(0x1p-16F)));
            _mm256_store_si256((void *)frame, _mm256_srli_epi32(place, FRACTION_BITS));
            _mm256_store_si256((void *)row, _mm256_mullo_epi32(phase, _mm256_set1_epi32((int)(2 * taps))));
            const float *at = in + (position >> 32);
            const float *other = room[1] + (position >> 32);
            __m256 x[LANES];
            __m256 y[LANES];
            UNROLL for (size_t k = 0; k < LANES; k++)
            {
                const float *c = voice->rows + row[k];
                __m256 f = _mm256_set1_ps(part[k]);
                /* Sums s[j] and s[j + 8] of the 16 partial ones; j from 0 to 7. */
                __m256 s[2];
                __m256 t[2];
                UNROLL for (size_t half = 0; half < 2; half++)
                {
                    const float *d = c + 8 * half;
                    __m256 h = _mm256_add_ps(_mm256_load_ps(d), _mm256_mul_ps(f, _mm256_load_ps(d + taps)));
                    s[half] = _mm256_mul_ps(h, _mm256_loadu_ps(at + frame[k] + 8 * half));
                    t[half] = channels == 2 ? _mm256_mul_ps(h, _mm256_loadu_ps(other + frame[k] + 8 * half)) : s[half];
                    if (taps == 32) {
                        h = _mm256_add_ps(_mm256_load_ps(d + 16), _mm256_mul_ps(f, _mm256_load_ps(d + taps + 16)));
                        s[half] =
                            _mm256_add_ps(s[half], _mm256_mul_ps(h, _mm256_loadu_ps(at + frame[k] + 8 * half + 16)));
                        if (channels == 2) {
                            t[half] = _mm256_add_ps(
                                t[half], _mm256_mul_ps(h, _mm256_loadu_ps(other + frame[k] + 8 * half + 16)));
                        }
                    }
                }
                x[k] = _mm256_add_ps(s[0], s[1]);
                y[k] = _mm256_add_ps(t[0], t[1]);
            }
            __m256 l = fold(x);
            __m256 r = channels == 2 ? fold(y) : l;
            add_to(mix->left + i, _mm256_mul_ps(l, left.gain));
            add_to(mix->right + i, _mm256_mul_ps(r, right.gain));
            left.gain = _mm256_add_ps(left.gain, left.step);
            right.gain = _mm256_add_ps(right.gain, right.step);
            position += LANES * voice->step;
            _mm_prefetch((const char *)next->data + (ahead >> 32) * channels * (f32 ? 4 : 2), _MM_HINT_T0);
            ahead += LANES * next->step;
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

const motet_limit_kernels motet_limit_avx2 = LIMIT_TABLE;

#else
typedef int motet_limit_no_avx2; /* ISO C wants something in every file */
#endif
