/* The operations of dsp/kernels_body.h and dsp/resample_body.h by AVX2. */
#ifndef MOTET_DSP_VECTOR_AVX2_H
#define MOTET_DSP_VECTOR_AVX2_H

#include <immintrin.h>
#include <stdint.h>

typedef __m256 floats;
typedef __m256d doubles;
typedef __m256i ints;

enum { FLOATS = 8, DOUBLES = 4 };

/* ------------------------------------------------------------------------------------------------------ Floats */

static inline floats floats_load(const float *from)
{
    return _mm256_loadu_ps(from);
}

static inline void floats_store(float *to, floats v)
{
    _mm256_storeu_ps(to, v);
}

static inline floats floats_load_s16(const int16_t *from)
{
    return _mm256_cvtepi32_ps(_mm256_cvtepi16_epi32(_mm_loadu_si128((const __m128i *)(const void *)from)));
}

static inline floats floats_fill(float value)
{
    return _mm256_set1_ps(value);
}

static inline floats floats_fill_pair(float even, float odd)
{
    return _mm256_blend_ps(_mm256_set1_ps(even), _mm256_set1_ps(odd), 0xaa);
}

static inline floats floats_add(floats a, floats b)
{
    return _mm256_add_ps(a, b);
}

static inline floats floats_subtract(floats a, floats b)
{
    return _mm256_sub_ps(a, b);
}

static inline floats floats_multiply(floats a, floats b)
{
    return _mm256_mul_ps(a, b);
}

static inline floats floats_smaller(floats a, floats b)
{
    return _mm256_min_ps(a, b);
}

static inline floats floats_larger(floats a, floats b)
{
    return _mm256_max_ps(a, b);
}

static inline floats floats_magnitude(floats v)
{
    return _mm256_andnot_ps(_mm256_set1_ps(-0.0f), v);
}

static inline floats floats_larger_bits(floats a, floats b)
{
    return _mm256_castsi256_ps(_mm256_max_epi32(_mm256_castps_si256(a), _mm256_castps_si256(b)));
}

static inline floats floats_number_or_zero(floats v)
{
    return _mm256_and_ps(v, _mm256_cmp_ps(v, v, _CMP_ORD_Q));
}

static inline void floats_interleave(floats even, floats odd, floats out[2])
{
    floats low = _mm256_unpacklo_ps(even, odd); /* frames 0 1, 4 5 */
    floats high = _mm256_unpackhi_ps(even, odd);
    out[0] = _mm256_permute2f128_ps(low, high, 0x20);
    out[1] = _mm256_permute2f128_ps(low, high, 0x31);
}

static inline floats floats_reverse(floats v)
{
    return _mm256_permutevar8x32_ps(v, _mm256_setr_epi32(7, 6, 5, 4, 3, 2, 1, 0));
}

static inline void floats_interleave_fours(floats even, floats odd, floats out[2])
{
    out[0] = _mm256_permute2f128_ps(even, odd, 0x20);
    out[1] = _mm256_permute2f128_ps(even, odd, 0x31);
}

static inline void floats_split(floats low, floats high, floats out[2])
{
    floats first = _mm256_permute2f128_ps(low, high, 0x20); /* frames 0 1, 4 5 */
    floats second = _mm256_permute2f128_ps(low, high, 0x31);
    out[0] = _mm256_shuffle_ps(first, second, _MM_SHUFFLE(2, 0, 2, 0));
    out[1] = _mm256_shuffle_ps(first, second, _MM_SHUFFLE(3, 1, 3, 1));
}

/* ----------------------------------------------------------------------------------------------------- Doubles */

static inline doubles doubles_load(const double *from)
{
    return _mm256_loadu_pd(from);
}

static inline void doubles_store(double *to, doubles v)
{
    _mm256_storeu_pd(to, v);
}

static inline doubles doubles_fill(double value)
{
    return _mm256_set1_pd(value);
}

static inline doubles doubles_count_up(void)
{
    return _mm256_setr_pd(0, 1, 2, 3);
}

static inline doubles doubles_add(doubles a, doubles b)
{
    return _mm256_add_pd(a, b);
}

static inline doubles doubles_subtract(doubles a, doubles b)
{
    return _mm256_sub_pd(a, b);
}

static inline doubles doubles_multiply(doubles a, doubles b)
{
    return _mm256_mul_pd(a, b);
}

static inline doubles doubles_divide(doubles a, doubles b)
{
    return _mm256_div_pd(a, b);
}

static inline doubles doubles_smaller(doubles a, doubles b)
{
    return _mm256_min_pd(a, b);
}

static inline doubles doubles_larger(doubles a, doubles b)
{
    return _mm256_max_pd(a, b);
}

static inline doubles doubles_magnitude(doubles v)
{
    return _mm256_andnot_pd(_mm256_set1_pd(-0.0), v);
}

static inline doubles doubles_with_sign_of(doubles magnitude, doubles sign)
{
    return _mm256_or_pd(magnitude, _mm256_and_pd(sign, _mm256_set1_pd(-0.0)));
}

static inline doubles doubles_if_less(doubles a, doubles b, doubles v)
{
    return _mm256_and_pd(_mm256_cmp_pd(a, b, _CMP_LT_OQ), v);
}

static inline doubles doubles_unless_less(doubles a, doubles b, doubles v)
{
    return _mm256_andnot_pd(_mm256_cmp_pd(a, b, _CMP_LT_OQ), v);
}

static inline doubles doubles_of_low(floats v)
{
    return _mm256_cvtps_pd(_mm256_castps256_ps128(v));
}

static inline doubles doubles_of_high(floats v)
{
    return _mm256_cvtps_pd(_mm256_extractf128_ps(v, 1));
}

static inline floats floats_of_doubles(doubles low, doubles high)
{
    return _mm256_insertf128_ps(_mm256_castps128_ps256(_mm256_cvtpd_ps(low)), _mm256_cvtpd_ps(high), 1);
}

/* -------------------------------------------------------------------------------------------------------- Ints */

static inline ints ints_of_doubles(doubles low, doubles high)
{
    return _mm256_inserti128_si256(_mm256_castsi128_si256(_mm256_cvttpd_epi32(low)), _mm256_cvttpd_epi32(high), 1);
}

static inline ints ints_subtract_from(int32_t value, ints v)
{
    return _mm256_sub_epi32(_mm256_set1_epi32(value), v);
}

static inline void ints_store_u32(uint32_t *to, ints v)
{
    _mm256_storeu_si256((__m256i *)(void *)to, v);
}

static inline void ints_store_s16(int16_t *to, ints v)
{
    __m128i packed = _mm_packs_epi32(_mm256_castsi256_si128(v), _mm256_extracti128_si256(v, 1));
    _mm_storeu_si128((__m128i *)(void *)to, packed);
}

#endif /* MOTET_DSP_VECTOR_AVX2_H */
