#include "dsp/resample_groups.h"

#if MOTET_RESAMPLE_X86

#    include "dsp/vector_avx2.h"

static MOTET_ALWAYS_INLINE __m256i load_positions(const uint64_t *positions) MOTET_NONBLOCKING
{
    return _mm256_loadu_si256((const __m256i *)(const void *)positions);
}

void motet_walk_avx2(uint64_t *positions, uint64_t at, uint64_t step, uint32_t count) MOTET_NONBLOCKING
{
    uint64_t first[4] = {at, at + step, at + 2 * step, at + 3 * step};
    __m256i next = load_positions(first);
    __m256i stride = _mm256_set1_epi64x((long long)(4 * step));
    uint32_t k = 0;
    for (; count - k >= 4; k += 4) {
        _mm256_storeu_si256((__m256i *)(void *)(positions + k), next);
        next = _mm256_add_epi64(next, stride);
    }
    for (; k < count; k++) {
        positions[k] = at + k * step;
    }
}

/* A double of 2^52 and more has its whole number in its lowest bits. */
static inline __m256i whole_of(__m256d v)
{
    const __m256d shift = _mm256_set1_pd(0x1p52);
    __m256d whole = _mm256_round_pd(v, _MM_FROUND_TO_ZERO | _MM_FROUND_NO_EXC);
    return _mm256_xor_si256(_mm256_castpd_si256(_mm256_add_pd(whole, shift)), _mm256_castpd_si256(shift));
}

/* Sums of the lanes up to each. */
static inline __m256i running_sums(__m256i v)
{
    v = _mm256_add_epi64(v, _mm256_slli_si256(v, 8));
    __m256i low = _mm256_permute4x64_epi64(v, 0x50); /* the second half gets the sum of the first */
    return _mm256_add_epi64(v, _mm256_blend_epi32(_mm256_setzero_si256(), low, 0xf0));
}

uint64_t motet_glide_avx2(uint64_t *positions, uint64_t at, const double *pitches, double scale,
                          uint32_t count) MOTET_NONBLOCKING
{
    __m256i next = _mm256_set1_epi64x((long long)at);
    uint32_t k = 0;
    for (; count - k >= 4; k += 4) {
        __m256d steps =
            _mm256_add_pd(_mm256_mul_pd(_mm256_loadu_pd(pitches + k), _mm256_set1_pd(scale)), _mm256_set1_pd(0.5));
        __m256i sums = running_sums(whole_of(steps));
        __m256i before = _mm256_blend_epi32(_mm256_permute4x64_epi64(sums, 0x90), _mm256_setzero_si256(), 0x03);
        _mm256_storeu_si256((__m256i *)(void *)(positions + k), _mm256_add_epi64(next, before));
        next = _mm256_add_epi64(next, _mm256_permute4x64_epi64(sums, 0xff)); /* all that one turn waits for */
    }
    uint64_t rest[4];
    _mm256_storeu_si256((__m256i *)(void *)rest, next);
    return motet_glide(positions + k, rest[0], pitches + k, scale, count - k);
}

/* ------------------------------------------------------------------------------------------------------ Frames */

static MOTET_ALWAYS_INLINE floats fractions(__m256i bits) MOTET_NONBLOCKING
{
    return _mm256_mul_ps(_mm256_cvtepi32_ps(_mm256_srli_epi32(bits, 8)), _mm256_set1_ps(0x1p-24f));
}

/* Four floats from one place and four from another. */
static MOTET_ALWAYS_INLINE floats two_fours(const float *low, const float *high) MOTET_NONBLOCKING
{
    return _mm256_insertf128_ps(_mm256_castps128_ps256(_mm_loadu_ps(low)), _mm_loadu_ps(high), 1);
}

/* Of eight positions. */
static MOTET_ALWAYS_INLINE floats fractions_of(const uint64_t *positions) MOTET_NONBLOCKING
{
    const float *at = (const float *)(const void *)positions;
    __m256 low = two_fours(at, at + 8);
    __m256 high = two_fours(at + 4, at + 12);
    return fractions(_mm256_castps_si256(_mm256_shuffle_ps(low, high, _MM_SHUFFLE(2, 0, 2, 0))));
}

/* Of four positions, each twice. */
static MOTET_ALWAYS_INLINE floats pair_fractions_of(const uint64_t *positions) MOTET_NONBLOCKING
{
    return fractions(_mm256_shuffle_epi32(load_positions(positions), _MM_SHUFFLE(2, 2, 0, 0)));
}

/* Four frames, two of them from `next` on, each with the one behind it. */
static MOTET_ALWAYS_INLINE __m128 two_pairs(const float *in, const uint64_t *positions) MOTET_NONBLOCKING
{
    const float *first = in + (positions[0] >> 32);
    const float *second = in + (positions[1] >> 32);
    __m128 low = _mm_castsi128_ps(_mm_loadl_epi64((const __m128i *)(const void *)first));
    return _mm_loadh_pi(low, (const __m64 *)(const void *)second);
}

static MOTET_ALWAYS_INLINE floats four_pairs(const float *in, const uint64_t *positions) MOTET_NONBLOCKING
{
    return _mm256_insertf128_ps(_mm256_castps128_ps256(two_pairs(in, positions)), two_pairs(in, positions + 4), 1);
}

static MOTET_ALWAYS_INLINE floats fours_at(const float *in, const uint64_t *positions) MOTET_NONBLOCKING
{
    return two_fours(in + (positions[0] >> 32), in + (positions[4] >> 32));
}

static MOTET_ALWAYS_INLINE void mono_frames(floats frames[], uint32_t frame_count, const float *in,
                                            const uint64_t *positions) MOTET_NONBLOCKING
{
    if (frame_count == 2) {
        floats low = four_pairs(in, positions);
        floats high = four_pairs(in, positions + 2);
        frames[0] = _mm256_shuffle_ps(low, high, _MM_SHUFFLE(2, 0, 2, 0));
        frames[1] = _mm256_shuffle_ps(low, high, _MM_SHUFFLE(3, 1, 3, 1));
        return;
    }
    floats p = fours_at(in, positions), q = fours_at(in, positions + 1);
    floats r = fours_at(in, positions + 2), s = fours_at(in, positions + 3);
    floats ab_pq = _mm256_unpacklo_ps(p, q), cd_pq = _mm256_unpackhi_ps(p, q);
    floats ab_rs = _mm256_unpacklo_ps(r, s), cd_rs = _mm256_unpackhi_ps(r, s);
    frames[0] = _mm256_shuffle_ps(ab_pq, ab_rs, _MM_SHUFFLE(1, 0, 1, 0));
    frames[1] = _mm256_shuffle_ps(ab_pq, ab_rs, _MM_SHUFFLE(3, 2, 3, 2));
    frames[2] = _mm256_shuffle_ps(cd_pq, cd_rs, _MM_SHUFFLE(1, 0, 1, 0));
    frames[3] = _mm256_shuffle_ps(cd_pq, cd_rs, _MM_SHUFFLE(3, 2, 3, 2));
}

static MOTET_ALWAYS_INLINE void stereo_frames(floats frames[], uint32_t frame_count, const float *in,
                                              const uint64_t *positions) MOTET_NONBLOCKING
{
    MOTET_WRITE_OUT
    for (uint32_t j = 0; j < frame_count; j += 2) {
        const float *from = in + 2 * j;
        floats even = two_fours(from + 2 * (positions[0] >> 32), from + 2 * (positions[2] >> 32));
        floats odd = two_fours(from + 2 * (positions[1] >> 32), from + 2 * (positions[3] >> 32));
        frames[j] = _mm256_shuffle_ps(even, odd, _MM_SHUFFLE(1, 0, 1, 0));
        frames[j + 1] = _mm256_shuffle_ps(even, odd, _MM_SHUFFLE(3, 2, 3, 2));
    }
}

/* -------------------------------------------------------------------------------------------------------- Sinc */

static MOTET_ALWAYS_INLINE void each_twice(floats v, floats out[2]) MOTET_NONBLOCKING
{
    out[0] = _mm256_permutevar8x32_ps(v, _mm256_setr_epi32(0, 0, 1, 1, 2, 2, 3, 3));
    out[1] = _mm256_permutevar8x32_ps(v, _mm256_setr_epi32(4, 4, 5, 5, 6, 6, 7, 7));
}

/* Sums of halves, as in the kernels for AVX-512; `fold_4` leaves 4 lanes of a, then 4 of b. */
static MOTET_ALWAYS_INLINE floats fold_4(floats a, floats b) MOTET_NONBLOCKING
{
    return _mm256_add_ps(_mm256_blend_ps(a, b, 0xf0), _mm256_permute2f128_ps(a, b, 0x21));
}

static MOTET_ALWAYS_INLINE floats fold_2(floats a, floats b) MOTET_NONBLOCKING
{
    return _mm256_add_ps(_mm256_blend_ps(a, b, 0xcc), _mm256_shuffle_ps(a, b, _MM_SHUFFLE(1, 0, 3, 2)));
}

static MOTET_ALWAYS_INLINE floats fold_1(floats a, floats b) MOTET_NONBLOCKING
{
    return _mm256_add_ps(_mm256_shuffle_ps(a, b, _MM_SHUFFLE(2, 0, 2, 0)),
                         _mm256_shuffle_ps(a, b, _MM_SHUFFLE(3, 1, 3, 1)));
}

/* In the order that leaves the outputs in their own. */
static MOTET_ALWAYS_INLINE floats mono_fold(const floats sums[]) MOTET_NONBLOCKING
{
    return fold_1(fold_2(fold_4(sums[0], sums[4]), fold_4(sums[1], sums[5])),
                  fold_2(fold_4(sums[2], sums[6]), fold_4(sums[3], sums[7])));
}

/* A tap is two lanes wide here: the folds are of taps 2 and 1 apart. */
static MOTET_ALWAYS_INLINE floats stereo_fold(const floats sums[]) MOTET_NONBLOCKING
{
    return fold_2(fold_4(sums[0], sums[2]), fold_4(sums[1], sums[3]));
}

/* ----------------------------------------------------------------------------------------------------- Kernels */

#    define KERNEL(name) name##_avx2

#    include "dsp/resample_body.h"
#    include "dsp/resample_each.h"
#    include "dsp/resample_sinc.h"

#endif /* MOTET_RESAMPLE_X86 */
