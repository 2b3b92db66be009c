#include "dsp/resample_groups.h"

#if MOTET_RESAMPLE_X86

#    include <immintrin.h>

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

/* ----------------------------------------------------------------------------------------------- Linear and cubic */

static MOTET_ALWAYS_INLINE __m256 fractions(__m256i bits) MOTET_NONBLOCKING
{
    return _mm256_mul_ps(_mm256_cvtepi32_ps(_mm256_srli_epi32(bits, 8)), _mm256_set1_ps(0x1p-24f));
}

/* Four floats from one place and four from another. */
static MOTET_ALWAYS_INLINE __m256 two_fours(const float *low, const float *high) MOTET_NONBLOCKING
{
    return _mm256_insertf128_ps(_mm256_castps128_ps256(_mm_loadu_ps(low)), _mm_loadu_ps(high), 1);
}

/* Of eight positions. */
static MOTET_ALWAYS_INLINE __m256 fractions_of(const uint64_t *positions) MOTET_NONBLOCKING
{
    const float *at = (const float *)(const void *)positions;
    __m256 low = two_fours(at, at + 8);
    __m256 high = two_fours(at + 4, at + 12);
    return fractions(_mm256_castps_si256(_mm256_shuffle_ps(low, high, _MM_SHUFFLE(2, 0, 2, 0))));
}

/* Of four positions, each twice. */
static MOTET_ALWAYS_INLINE __m256 pair_fractions_of(const uint64_t *positions) MOTET_NONBLOCKING
{
    return fractions(_mm256_shuffle_epi32(load_positions(positions), _MM_SHUFFLE(2, 2, 0, 0)));
}

static MOTET_ALWAYS_INLINE __m256 linear(__m256 a, __m256 b, __m256 f) MOTET_NONBLOCKING
{
    return _mm256_add_ps(a, _mm256_mul_ps(f, _mm256_sub_ps(b, a)));
}

static MOTET_ALWAYS_INLINE __m256 cubic(__m256 a, __m256 b, __m256 c, __m256 d, __m256 f) MOTET_NONBLOCKING
{
    const __m256 half = _mm256_set1_ps(0.5f);
    __m256 c1 = _mm256_mul_ps(half, _mm256_sub_ps(c, a));
    __m256 c2 = _mm256_add_ps(_mm256_sub_ps(a, _mm256_mul_ps(_mm256_set1_ps(2.5f), b)),
                              _mm256_sub_ps(_mm256_add_ps(c, c), _mm256_mul_ps(half, d)));
    __m256 c3 = _mm256_add_ps(_mm256_mul_ps(half, _mm256_sub_ps(d, a)),
                              _mm256_mul_ps(_mm256_set1_ps(1.5f), _mm256_sub_ps(b, c)));
    __m256 sum = _mm256_add_ps(_mm256_mul_ps(c3, f), c2);
    sum = _mm256_add_ps(_mm256_mul_ps(sum, f), c1);
    return _mm256_add_ps(_mm256_mul_ps(sum, f), b);
}

/* Four frames, two of them from `next` on, each with the one behind it. */
static MOTET_ALWAYS_INLINE __m128 two_pairs(const float *in, const uint64_t *positions) MOTET_NONBLOCKING
{
    const float *first = in + (positions[0] >> 32);
    const float *second = in + (positions[1] >> 32);
    __m128 low = _mm_castsi128_ps(_mm_loadl_epi64((const __m128i *)(const void *)first));
    return _mm_loadh_pi(low, (const __m64 *)(const void *)second);
}

static MOTET_ALWAYS_INLINE __m256 four_pairs(const float *in, const uint64_t *positions) MOTET_NONBLOCKING
{
    return _mm256_insertf128_ps(_mm256_castps128_ps256(two_pairs(in, positions)), two_pairs(in, positions + 4), 1);
}

static MOTET_ALWAYS_INLINE void linear_mono_group(float *out, const float *in,
                                                  const uint64_t *positions) MOTET_NONBLOCKING
{
    __m256 low = four_pairs(in, positions);
    __m256 high = four_pairs(in, positions + 2);
    __m256 a = _mm256_shuffle_ps(low, high, _MM_SHUFFLE(2, 0, 2, 0));
    __m256 b = _mm256_shuffle_ps(low, high, _MM_SHUFFLE(3, 1, 3, 1));
    _mm256_storeu_ps(out, linear(a, b, fractions_of(positions)));
}

/* Two frames of stereo from each of four places: the first of each, and the second. */
typedef struct stereo_frames {
    __m256 first, second;
} stereo_frames;

static MOTET_ALWAYS_INLINE stereo_frames frames_of(const float *in, const uint64_t *positions) MOTET_NONBLOCKING
{
    __m256 even = two_fours(in + 2 * (positions[0] >> 32), in + 2 * (positions[2] >> 32));
    __m256 odd = two_fours(in + 2 * (positions[1] >> 32), in + 2 * (positions[3] >> 32));
    return (stereo_frames){_mm256_shuffle_ps(even, odd, _MM_SHUFFLE(1, 0, 1, 0)),
                           _mm256_shuffle_ps(even, odd, _MM_SHUFFLE(3, 2, 3, 2))};
}

static MOTET_ALWAYS_INLINE void linear_stereo_group(float *out, const float *in,
                                                    const uint64_t *positions) MOTET_NONBLOCKING
{
    stereo_frames ab = frames_of(in, positions);
    _mm256_storeu_ps(out, linear(ab.first, ab.second, pair_fractions_of(positions)));
}

static MOTET_ALWAYS_INLINE __m256 fours_at(const float *in, const uint64_t *positions) MOTET_NONBLOCKING
{
    return two_fours(in + (positions[0] >> 32) - 1, in + (positions[4] >> 32) - 1);
}

/* Eight times four frames, transposed. */
static MOTET_ALWAYS_INLINE void cubic_mono_group(float *out, const float *in,
                                                 const uint64_t *positions) MOTET_NONBLOCKING
{
    __m256 p = fours_at(in, positions), q = fours_at(in, positions + 1);
    __m256 r = fours_at(in, positions + 2), s = fours_at(in, positions + 3);
    __m256 ab_pq = _mm256_unpacklo_ps(p, q), cd_pq = _mm256_unpackhi_ps(p, q);
    __m256 ab_rs = _mm256_unpacklo_ps(r, s), cd_rs = _mm256_unpackhi_ps(r, s);
    __m256 a = _mm256_shuffle_ps(ab_pq, ab_rs, _MM_SHUFFLE(1, 0, 1, 0));
    __m256 b = _mm256_shuffle_ps(ab_pq, ab_rs, _MM_SHUFFLE(3, 2, 3, 2));
    __m256 c = _mm256_shuffle_ps(cd_pq, cd_rs, _MM_SHUFFLE(1, 0, 1, 0));
    __m256 d = _mm256_shuffle_ps(cd_pq, cd_rs, _MM_SHUFFLE(3, 2, 3, 2));
    _mm256_storeu_ps(out, cubic(a, b, c, d, fractions_of(positions)));
}

static MOTET_ALWAYS_INLINE void cubic_stereo_group(float *out, const float *in,
                                                   const uint64_t *positions) MOTET_NONBLOCKING
{
    stereo_frames ab = frames_of(in - 2, positions), cd = frames_of(in + 2, positions);
    _mm256_storeu_ps(out, cubic(ab.first, ab.second, cd.first, cd.second, pair_fractions_of(positions)));
}

void motet_linear_mono_avx2(float *out, const float *in, const uint64_t *positions, uint32_t count) MOTET_NONBLOCKING
{
    motet_interpolate_in_groups(motet_linear_mono_avx2, linear_mono_group, 8, 1, out, in, positions, count);
}

void motet_linear_stereo_avx2(float *out, const float *in, const uint64_t *positions, uint32_t count) MOTET_NONBLOCKING
{
    motet_interpolate_in_groups(motet_linear_stereo_avx2, linear_stereo_group, 4, 2, out, in, positions, count);
}

void motet_cubic_mono_avx2(float *out, const float *in, const uint64_t *positions, uint32_t count) MOTET_NONBLOCKING
{
    motet_interpolate_in_groups(motet_cubic_mono_avx2, cubic_mono_group, 8, 1, out, in, positions, count);
}

void motet_cubic_stereo_avx2(float *out, const float *in, const uint64_t *positions, uint32_t count) MOTET_NONBLOCKING
{
    motet_interpolate_in_groups(motet_cubic_stereo_avx2, cubic_stereo_group, 4, 2, out, in, positions, count);
}

/* -------------------------------------------------------------------------------------------------------- Sinc */

/* Sums of halves, as in the kernels for AVX-512; `fold_4` leaves 4 lanes of a, then 4 of b. */
static MOTET_ALWAYS_INLINE __m256 fold_4(__m256 a, __m256 b) MOTET_NONBLOCKING
{
    return _mm256_add_ps(_mm256_blend_ps(a, b, 0xf0), _mm256_permute2f128_ps(a, b, 0x21));
}

static MOTET_ALWAYS_INLINE __m256 fold_2(__m256 a, __m256 b) MOTET_NONBLOCKING
{
    return _mm256_add_ps(_mm256_blend_ps(a, b, 0xcc), _mm256_shuffle_ps(a, b, _MM_SHUFFLE(1, 0, 3, 2)));
}

static MOTET_ALWAYS_INLINE __m256 fold_1(__m256 a, __m256 b) MOTET_NONBLOCKING
{
    return _mm256_add_ps(_mm256_shuffle_ps(a, b, _MM_SHUFFLE(2, 0, 2, 0)),
                         _mm256_shuffle_ps(a, b, _MM_SHUFFLE(3, 1, 3, 1)));
}

/* 8 coefficients between two rows: c - f (c - n) has the bits of c + f (n - c), as in no table both are -0. */
static MOTET_ALWAYS_INLINE __m256 coefficients(const float *row, uint32_t taps, __m256 f) MOTET_NONBLOCKING
{
    __m256 c = _mm256_loadu_ps(row);
    return _mm256_sub_ps(c, _mm256_mul_ps(_mm256_sub_ps(c, _mm256_loadu_ps(row + taps)), f));
}

/* The partial sums of an output, folded to 8. */
static MOTET_ALWAYS_INLINE __m256 mono_sums(const float *from, uint64_t position, const motet_sinc_bank *bank,
                                            uint32_t taps) MOTET_NONBLOCKING
{
    motet_sinc_place place = motet_sinc_place_of(bank, position);
    const float *frame = from + (position >> 32);
    __m256 f = _mm256_set1_ps(place.f);
    __m256 low = _mm256_mul_ps(coefficients(place.row, taps, f), _mm256_loadu_ps(frame));
    __m256 high = _mm256_mul_ps(coefficients(place.row + 8, taps, f), _mm256_loadu_ps(frame + 8));
    for (uint32_t tap = 16; tap < taps; tap += 16) {
        __m256 h = coefficients(place.row + tap, taps, f);
        low = _mm256_add_ps(low, _mm256_mul_ps(h, _mm256_loadu_ps(frame + tap)));
        h = coefficients(place.row + tap + 8, taps, f);
        high = _mm256_add_ps(high, _mm256_mul_ps(h, _mm256_loadu_ps(frame + tap + 8)));
    }
    return _mm256_add_ps(low, high);
}

/* 8 outputs, folded in the order that leaves them in their own. */
static MOTET_ALWAYS_INLINE __m256 mono_group(const float *from, const uint64_t *positions, const motet_sinc_bank *bank,
                                             uint32_t taps) MOTET_NONBLOCKING
{
    __m256 sums[8];
    MOTET_WRITE_OUT
    for (uint32_t k = 0; k < 8; k++) {
        sums[k] = mono_sums(from, positions[k], bank, taps);
    }
    return fold_1(fold_2(fold_4(sums[0], sums[4]), fold_4(sums[1], sums[5])),
                  fold_2(fold_4(sums[2], sums[6]), fold_4(sums[3], sums[7])));
}

/* The same in stereo, channels side by side, folded to 4. */
static MOTET_ALWAYS_INLINE __m256 stereo_sums(const float *from, uint64_t position, const motet_sinc_bank *bank,
                                              uint32_t taps) MOTET_NONBLOCKING
{
    const __m256i first_twice = _mm256_setr_epi32(0, 0, 1, 1, 2, 2, 3, 3);
    const __m256i last_twice = _mm256_setr_epi32(4, 4, 5, 5, 6, 6, 7, 7);
    motet_sinc_place place = motet_sinc_place_of(bank, position);
    const float *frame = from + 2 * (position >> 32);
    __m256 f = _mm256_set1_ps(place.f);
    __m256 sums[4];
    MOTET_WRITE_OUT
    for (uint32_t j = 0; j < 2; j++) {
        __m256 h = coefficients(place.row + 8 * j, taps, f);
        sums[2 * j] = _mm256_mul_ps(_mm256_permutevar8x32_ps(h, first_twice), _mm256_loadu_ps(frame + 16 * j));
        sums[2 * j + 1] = _mm256_mul_ps(_mm256_permutevar8x32_ps(h, last_twice), _mm256_loadu_ps(frame + 16 * j + 8));
    }
    for (uint32_t tap = 16; tap < taps; tap += 16) {
        frame += 32;
        MOTET_WRITE_OUT
        for (uint32_t j = 0; j < 2; j++) {
            __m256 h = coefficients(place.row + tap + 8 * j, taps, f);
            __m256 low = _mm256_mul_ps(_mm256_permutevar8x32_ps(h, first_twice), _mm256_loadu_ps(frame + 16 * j));
            __m256 high = _mm256_mul_ps(_mm256_permutevar8x32_ps(h, last_twice), _mm256_loadu_ps(frame + 16 * j + 8));
            sums[2 * j] = _mm256_add_ps(sums[2 * j], low);
            sums[2 * j + 1] = _mm256_add_ps(sums[2 * j + 1], high);
        }
    }
    return _mm256_add_ps(_mm256_add_ps(sums[0], sums[2]), _mm256_add_ps(sums[1], sums[3]));
}

/* A tap is two lanes wide here: the folds are of taps 2 and 1 apart. */
static MOTET_ALWAYS_INLINE __m256 stereo_group(const float *from, const uint64_t *positions,
                                               const motet_sinc_bank *bank, uint32_t taps) MOTET_NONBLOCKING
{
    __m256 sums[4];
    MOTET_WRITE_OUT
    for (uint32_t k = 0; k < 4; k++) {
        sums[k] = stereo_sums(from, positions[k], bank, taps);
    }
    return fold_2(fold_4(sums[0], sums[2]), fold_4(sums[1], sums[3]));
}

typedef __m256 sinc_group(const float *from, const uint64_t *positions, const motet_sinc_bank *bank,
                          uint32_t taps) MOTET_NONBLOCKING;

/* Whole groups; returns for how many positions. */
static MOTET_ALWAYS_INLINE uint32_t sinc_groups(sinc_group *group, uint32_t channels, float *out, const float *in,
                                                const uint64_t *positions, uint32_t count, const motet_sinc_bank *bank,
                                                uint32_t taps, uint32_t phases) MOTET_NONBLOCKING
{
    const motet_sinc_bank own = {bank->rows, taps, phases}; /* which no output can overlap */
    const float *from = in - channels * (taps / 2 - 1);
    const uint32_t size = 8 / channels;
    uint32_t k = 0;
    for (; count - k >= size; k += size) {
        _mm256_storeu_ps(out + k * channels, group(from, positions + k, &own, taps));
    }
    return k;
}

/* The banks for ordinary ratios are faster as constants. */
static MOTET_ALWAYS_INLINE uint32_t sinc(sinc_group *group, uint32_t channels, float *out, const float *in,
                                         const uint64_t *positions, uint32_t count,
                                         const motet_sinc_bank *bank) MOTET_NONBLOCKING
{
    if (bank->taps == 16 && bank->phases == 128) {
        return sinc_groups(group, channels, out, in, positions, count, bank, 16, 128);
    }
    if (bank->taps == 32 && bank->phases == 128) {
        return sinc_groups(group, channels, out, in, positions, count, bank, 32, 128);
    }
    return sinc_groups(group, channels, out, in, positions, count, bank, bank->taps, bank->phases);
}

void motet_sinc_mono_avx2(float *out, const float *in, const uint64_t *positions, uint32_t count,
                          const motet_sinc_bank *bank) MOTET_NONBLOCKING
{
    uint32_t done = sinc(mono_group, 1, out, in, positions, count, bank);
    if (done < count) {
        motet_sinc_rest(motet_sinc_mono_avx2, 8, 1, out + done, in, positions + done, count - done, bank);
    }
}

void motet_sinc_stereo_avx2(float *out, const float *in, const uint64_t *positions, uint32_t count,
                            const motet_sinc_bank *bank) MOTET_NONBLOCKING
{
    uint32_t done = sinc(stereo_group, 2, out, in, positions, count, bank);
    if (done < count) {
        motet_sinc_rest(motet_sinc_stereo_avx2, 4, 2, out + 2 * done, in, positions + done, count - done, bank);
    }
}

#endif /* MOTET_RESAMPLE_X86 */
