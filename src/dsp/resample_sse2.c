#include "dsp/resample_groups.h"

#if MOTET_RESAMPLE_X86

#    include <emmintrin.h>

void motet_walk_sse2(uint64_t *positions, uint64_t at, uint64_t step, uint32_t count) MOTET_NONBLOCKING
{
    uint64_t first[2] = {at, at + step}, stride[2] = {2 * step, 2 * step};
    __m128i next = _mm_loadu_si128((const __m128i *)(const void *)first);
    __m128i by = _mm_loadu_si128((const __m128i *)(const void *)stride);
    uint32_t k = 0;
    for (; count - k >= 2; k += 2) {
        _mm_storeu_si128((__m128i *)(void *)(positions + k), next);
        next = _mm_add_epi64(next, by);
    }
    if (k < count) {
        positions[k] = at + k * step;
    }
}

/* SSE2 has no conversion to 64-bit whole numbers but one by one. */
uint64_t motet_glide_sse2(uint64_t *positions, uint64_t at, const double *pitches, double scale,
                          uint32_t count) MOTET_NONBLOCKING
{
    return motet_glide(positions, at, pitches, scale, count);
}

/* ----------------------------------------------------------------------------------------------- Linear and cubic */

static MOTET_ALWAYS_INLINE __m128 fractions(__m128i bits) MOTET_NONBLOCKING
{
    return _mm_mul_ps(_mm_cvtepi32_ps(_mm_srli_epi32(bits, 8)), _mm_set1_ps(0x1p-24f));
}

/* Of four positions. */
static MOTET_ALWAYS_INLINE __m128 fractions_of(const uint64_t *positions) MOTET_NONBLOCKING
{
    __m128 low = _mm_loadu_ps((const float *)(const void *)positions);
    __m128 high = _mm_loadu_ps((const float *)(const void *)(positions + 2));
    return fractions(_mm_castps_si128(_mm_shuffle_ps(low, high, _MM_SHUFFLE(2, 0, 2, 0))));
}

/* Of two positions, each twice. */
static MOTET_ALWAYS_INLINE __m128 pair_fractions_of(const uint64_t *positions) MOTET_NONBLOCKING
{
    __m128i at = _mm_loadu_si128((const __m128i *)(const void *)positions);
    return fractions(_mm_shuffle_epi32(at, _MM_SHUFFLE(2, 2, 0, 0)));
}

static MOTET_ALWAYS_INLINE __m128 linear(__m128 a, __m128 b, __m128 f) MOTET_NONBLOCKING
{
    return _mm_add_ps(a, _mm_mul_ps(f, _mm_sub_ps(b, a)));
}

static MOTET_ALWAYS_INLINE __m128 cubic(__m128 a, __m128 b, __m128 c, __m128 d, __m128 f) MOTET_NONBLOCKING
{
    const __m128 half = _mm_set1_ps(0.5f);
    __m128 c1 = _mm_mul_ps(half, _mm_sub_ps(c, a));
    __m128 c2 =
        _mm_add_ps(_mm_sub_ps(a, _mm_mul_ps(_mm_set1_ps(2.5f), b)), _mm_sub_ps(_mm_add_ps(c, c), _mm_mul_ps(half, d)));
    __m128 c3 = _mm_add_ps(_mm_mul_ps(half, _mm_sub_ps(d, a)), _mm_mul_ps(_mm_set1_ps(1.5f), _mm_sub_ps(b, c)));
    __m128 sum = _mm_add_ps(_mm_mul_ps(c3, f), c2);
    sum = _mm_add_ps(_mm_mul_ps(sum, f), c1);
    return _mm_add_ps(_mm_mul_ps(sum, f), b);
}

static MOTET_ALWAYS_INLINE __m128 two_pairs(const float *first, const float *second) MOTET_NONBLOCKING
{
    __m128 low = _mm_castsi128_ps(_mm_loadl_epi64((const __m128i *)(const void *)first));
    return _mm_loadh_pi(low, (const __m64 *)(const void *)second);
}

static MOTET_ALWAYS_INLINE void linear_mono_group(float *out, const float *in,
                                                  const uint64_t *positions) MOTET_NONBLOCKING
{
    __m128 low = two_pairs(in + (positions[0] >> 32), in + (positions[1] >> 32));
    __m128 high = two_pairs(in + (positions[2] >> 32), in + (positions[3] >> 32));
    __m128 a = _mm_shuffle_ps(low, high, _MM_SHUFFLE(2, 0, 2, 0));
    __m128 b = _mm_shuffle_ps(low, high, _MM_SHUFFLE(3, 1, 3, 1));
    _mm_storeu_ps(out, linear(a, b, fractions_of(positions)));
}

static MOTET_ALWAYS_INLINE void linear_stereo_group(float *out, const float *in,
                                                    const uint64_t *positions) MOTET_NONBLOCKING
{
    __m128 first = _mm_loadu_ps(in + 2 * (positions[0] >> 32));
    __m128 second = _mm_loadu_ps(in + 2 * (positions[1] >> 32));
    __m128 a = _mm_movelh_ps(first, second);
    __m128 b = _mm_movehl_ps(second, first);
    _mm_storeu_ps(out, linear(a, b, pair_fractions_of(positions)));
}

static MOTET_ALWAYS_INLINE void cubic_mono_group(float *out, const float *in,
                                                 const uint64_t *positions) MOTET_NONBLOCKING
{
    __m128 a = _mm_loadu_ps(in + (positions[0] >> 32) - 1);
    __m128 b = _mm_loadu_ps(in + (positions[1] >> 32) - 1);
    __m128 c = _mm_loadu_ps(in + (positions[2] >> 32) - 1);
    __m128 d = _mm_loadu_ps(in + (positions[3] >> 32) - 1);
    _MM_TRANSPOSE4_PS(a, b, c, d);
    _mm_storeu_ps(out, cubic(a, b, c, d, fractions_of(positions)));
}

static MOTET_ALWAYS_INLINE void cubic_stereo_group(float *out, const float *in,
                                                   const uint64_t *positions) MOTET_NONBLOCKING
{
    const float *first = in + 2 * (positions[0] >> 32);
    const float *second = in + 2 * (positions[1] >> 32);
    __m128 ab0 = _mm_loadu_ps(first - 2), cd0 = _mm_loadu_ps(first + 2);
    __m128 ab1 = _mm_loadu_ps(second - 2), cd1 = _mm_loadu_ps(second + 2);
    __m128 sum = cubic(_mm_movelh_ps(ab0, ab1), _mm_movehl_ps(ab1, ab0), _mm_movelh_ps(cd0, cd1),
                       _mm_movehl_ps(cd1, cd0), pair_fractions_of(positions));
    _mm_storeu_ps(out, sum);
}

void motet_linear_mono_sse2(float *out, const float *in, const uint64_t *positions, uint32_t count) MOTET_NONBLOCKING
{
    motet_interpolate_in_groups(motet_linear_mono_sse2, linear_mono_group, 4, 1, out, in, positions, count);
}

void motet_linear_stereo_sse2(float *out, const float *in, const uint64_t *positions, uint32_t count) MOTET_NONBLOCKING
{
    motet_interpolate_in_groups(motet_linear_stereo_sse2, linear_stereo_group, 2, 2, out, in, positions, count);
}

void motet_cubic_mono_sse2(float *out, const float *in, const uint64_t *positions, uint32_t count) MOTET_NONBLOCKING
{
    motet_interpolate_in_groups(motet_cubic_mono_sse2, cubic_mono_group, 4, 1, out, in, positions, count);
}

void motet_cubic_stereo_sse2(float *out, const float *in, const uint64_t *positions, uint32_t count) MOTET_NONBLOCKING
{
    motet_interpolate_in_groups(motet_cubic_stereo_sse2, cubic_stereo_group, 2, 2, out, in, positions, count);
}

/* -------------------------------------------------------------------------------------------------------- Sinc */

/* 4 coefficients between two rows: c - f (c - n) has the bits of c + f (n - c), as in no table both are -0. */
static MOTET_ALWAYS_INLINE __m128 coefficients(const float *row, uint32_t taps, __m128 f) MOTET_NONBLOCKING
{
    __m128 c = _mm_loadu_ps(row);
    return _mm_sub_ps(c, _mm_mul_ps(_mm_sub_ps(c, _mm_loadu_ps(row + taps)), f));
}

/* The partial sums of an output, folded to 4. */
static MOTET_ALWAYS_INLINE __m128 mono_sums(const float *from, uint64_t position, const motet_sinc_bank *bank,
                                            uint32_t taps) MOTET_NONBLOCKING
{
    motet_sinc_place place = motet_sinc_place_of(bank, position);
    const float *frame = from + (position >> 32);
    __m128 f = _mm_set1_ps(place.f);
    __m128 sums[4];
    MOTET_WRITE_OUT
    for (uint32_t j = 0; j < 4; j++) {
        sums[j] = _mm_mul_ps(coefficients(place.row + 4 * j, taps, f), _mm_loadu_ps(frame + 4 * j));
    }
    for (uint32_t tap = 16; tap < taps; tap += 16) {
        MOTET_WRITE_OUT
        for (uint32_t j = 0; j < 4; j++) {
            __m128 h = coefficients(place.row + tap + 4 * j, taps, f);
            sums[j] = _mm_add_ps(sums[j], _mm_mul_ps(h, _mm_loadu_ps(frame + tap + 4 * j)));
        }
    }
    return _mm_add_ps(_mm_add_ps(sums[0], sums[2]), _mm_add_ps(sums[1], sums[3]));
}

/* Folds 2 and 1 of four outputs. */
static MOTET_ALWAYS_INLINE __m128 mono_group(const float *from, const uint64_t *positions, const motet_sinc_bank *bank,
                                             uint32_t taps) MOTET_NONBLOCKING
{
    __m128 a = mono_sums(from, positions[0], bank, taps), b = mono_sums(from, positions[1], bank, taps);
    __m128 ab = _mm_add_ps(_mm_movelh_ps(a, b), _mm_movehl_ps(b, a));
    __m128 c = mono_sums(from, positions[2], bank, taps), d = mono_sums(from, positions[3], bank, taps);
    __m128 cd = _mm_add_ps(_mm_movelh_ps(c, d), _mm_movehl_ps(d, c));
    return _mm_add_ps(_mm_shuffle_ps(ab, cd, _MM_SHUFFLE(2, 0, 2, 0)), _mm_shuffle_ps(ab, cd, _MM_SHUFFLE(3, 1, 3, 1)));
}

/* The same in stereo, channels side by side, folded to 2. */
static MOTET_ALWAYS_INLINE __m128 stereo_sums(const float *from, uint64_t position, const motet_sinc_bank *bank,
                                              uint32_t taps) MOTET_NONBLOCKING
{
    motet_sinc_place place = motet_sinc_place_of(bank, position);
    const float *frame = from + 2 * (position >> 32);
    __m128 f = _mm_set1_ps(place.f);
    __m128 sums[8];
    MOTET_WRITE_OUT
    for (uint32_t j = 0; j < 4; j++) {
        __m128 h = coefficients(place.row + 4 * j, taps, f);
        sums[2 * j] = _mm_mul_ps(_mm_unpacklo_ps(h, h), _mm_loadu_ps(frame + 8 * j));
        sums[2 * j + 1] = _mm_mul_ps(_mm_unpackhi_ps(h, h), _mm_loadu_ps(frame + 8 * j + 4));
    }
    for (uint32_t tap = 16; tap < taps; tap += 16) {
        frame += 32;
        MOTET_WRITE_OUT
        for (uint32_t j = 0; j < 4; j++) {
            __m128 h = coefficients(place.row + tap + 4 * j, taps, f);
            __m128 low = _mm_mul_ps(_mm_unpacklo_ps(h, h), _mm_loadu_ps(frame + 8 * j));
            __m128 high = _mm_mul_ps(_mm_unpackhi_ps(h, h), _mm_loadu_ps(frame + 8 * j + 4));
            sums[2 * j] = _mm_add_ps(sums[2 * j], low);
            sums[2 * j + 1] = _mm_add_ps(sums[2 * j + 1], high);
        }
    }
    __m128 low = _mm_add_ps(_mm_add_ps(sums[0], sums[4]), _mm_add_ps(sums[2], sums[6]));
    __m128 high = _mm_add_ps(_mm_add_ps(sums[1], sums[5]), _mm_add_ps(sums[3], sums[7]));
    return _mm_add_ps(low, high);
}

static MOTET_ALWAYS_INLINE __m128 stereo_group(const float *from, const uint64_t *positions,
                                               const motet_sinc_bank *bank, uint32_t taps) MOTET_NONBLOCKING
{
    __m128 a = stereo_sums(from, positions[0], bank, taps), b = stereo_sums(from, positions[1], bank, taps);
    return _mm_add_ps(_mm_movelh_ps(a, b), _mm_movehl_ps(b, a));
}

typedef __m128 sinc_group(const float *from, const uint64_t *positions, const motet_sinc_bank *bank,
                          uint32_t taps) MOTET_NONBLOCKING;

/* Whole groups; returns for how many positions. */
static MOTET_ALWAYS_INLINE uint32_t sinc_groups(sinc_group *group, uint32_t channels, float *out, const float *in,
                                                const uint64_t *positions, uint32_t count, const motet_sinc_bank *bank,
                                                uint32_t taps) MOTET_NONBLOCKING
{
    const motet_sinc_bank own = {bank->rows, taps, bank->phases}; /* which no output can overlap */
    const float *from = in - channels * (taps / 2 - 1);
    const uint32_t size = 4 / channels;
    uint32_t k = 0;
    for (; count - k >= size; k += size) {
        _mm_storeu_ps(out + k * channels, group(from, positions + k, &own, taps));
    }
    return k;
}

static MOTET_ALWAYS_INLINE uint32_t sinc(sinc_group *group, uint32_t channels, float *out, const float *in,
                                         const uint64_t *positions, uint32_t count,
                                         const motet_sinc_bank *bank) MOTET_NONBLOCKING
{
    if (bank->taps == 16) {
        return sinc_groups(group, channels, out, in, positions, count, bank, 16);
    }
    return sinc_groups(group, channels, out, in, positions, count, bank, bank->taps);
}

void motet_sinc_mono_sse2(float *out, const float *in, const uint64_t *positions, uint32_t count,
                          const motet_sinc_bank *bank) MOTET_NONBLOCKING
{
    uint32_t done = sinc(mono_group, 1, out, in, positions, count, bank);
    if (done < count) {
        motet_sinc_rest(motet_sinc_mono_sse2, 4, 1, out + done, in, positions + done, count - done, bank);
    }
}

void motet_sinc_stereo_sse2(float *out, const float *in, const uint64_t *positions, uint32_t count,
                            const motet_sinc_bank *bank) MOTET_NONBLOCKING
{
    uint32_t done = sinc(stereo_group, 2, out, in, positions, count, bank);
    if (done < count) {
        motet_sinc_rest(motet_sinc_stereo_sse2, 2, 2, out + 2 * done, in, positions + done, count - done, bank);
    }
}

#endif /* MOTET_RESAMPLE_X86 */
