/* The operations of dsp/kernels_body.h and dsp/resample_body.h by AVX-512 F, BW, DQ and VL. */
#ifndef MOTET_DSP_VECTOR_AVX512_H
#define MOTET_DSP_VECTOR_AVX512_H

#include <immintrin.h>
#include <stdint.h>

typedef __m512 floats;
typedef __m512d doubles;
typedef __m512i ints;

enum { FLOATS = 16, DOUBLES = 8 };

/* ------------------------------------------------------------------------------------------------------ Floats */

static inline floats floats_load(const float *from)
{
    return _mm512_loadu_ps(from);
}

static inline void floats_store(float *to, floats v)
{
    _mm512_storeu_ps(to, v);
}

static inline floats floats_load_s16(const int16_t *from)
{
    return _mm512_cvtepi32_ps(_mm512_cvtepi16_epi32(_mm256_loadu_si256((const __m256i *)(const void *)from)));
}

#define VECTOR_HAS_PARTS 1

static inline __mmask16 part_mask(uint32_t count)
{
    return (__mmask16)((1u << count) - 1);
}

static inline floats floats_load_part(const float *from, uint32_t count)
{
    return _mm512_maskz_loadu_ps(part_mask(count), from);
}

static inline void floats_store_part(float *to, floats v, uint32_t count)
{
    _mm512_mask_storeu_ps(to, part_mask(count), v);
}

static inline floats floats_load_s16_part(const int16_t *from, uint32_t count)
{
    return _mm512_cvtepi32_ps(_mm512_cvtepi16_epi32(_mm256_maskz_loadu_epi16(part_mask(count), from)));
}

static inline floats floats_fill(float value)
{
    return _mm512_set1_ps(value);
}

static inline floats floats_fill_pair(float even, float odd)
{
    return _mm512_mask_blend_ps(0xaaaa, _mm512_set1_ps(even), _mm512_set1_ps(odd));
}

static inline floats floats_add(floats a, floats b)
{
    return _mm512_add_ps(a, b);
}

static inline floats floats_subtract(floats a, floats b)
{
    return _mm512_sub_ps(a, b);
}

static inline floats floats_multiply(floats a, floats b)
{
    return _mm512_mul_ps(a, b);
}

static inline floats floats_smaller(floats a, floats b)
{
    return _mm512_min_ps(a, b);
}

static inline floats floats_larger(floats a, floats b)
{
    return _mm512_max_ps(a, b);
}

static inline floats floats_magnitude(floats v)
{
    return _mm512_abs_ps(v);
}

static inline floats floats_larger_bits(floats a, floats b)
{
    return _mm512_castsi512_ps(_mm512_max_epi32(_mm512_castps_si512(a), _mm512_castps_si512(b)));
}

static inline floats floats_number_or_zero(floats v)
{
    return _mm512_maskz_mov_ps(_mm512_cmp_ps_mask(v, v, _CMP_ORD_Q), v);
}

static inline void floats_interleave(floats even, floats odd, floats out[2])
{
    const __m512i low = _mm512_setr_epi32(0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
    const __m512i high = _mm512_setr_epi32(8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
    out[0] = _mm512_permutex2var_ps(even, low, odd);
    out[1] = _mm512_permutex2var_ps(even, high, odd);
}

static inline floats floats_reverse(floats v)
{
    return _mm512_permutexvar_ps(_mm512_setr_epi32(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0), v);
}

static inline void floats_interleave_fours(floats even, floats odd, floats out[2])
{
    floats low = _mm512_shuffle_f32x4(even, odd, _MM_SHUFFLE(1, 0, 1, 0)); /* even 0 1, odd 0 1 */
    floats high = _mm512_shuffle_f32x4(even, odd, _MM_SHUFFLE(3, 2, 3, 2));
    out[0] = _mm512_shuffle_f32x4(low, low, _MM_SHUFFLE(3, 1, 2, 0));
    out[1] = _mm512_shuffle_f32x4(high, high, _MM_SHUFFLE(3, 1, 2, 0));
}

static inline void floats_split(floats low, floats high, floats out[2])
{
    const __m512i even = _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
    const __m512i odd = _mm512_setr_epi32(1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31);
    out[0] = _mm512_permutex2var_ps(low, even, high);
    out[1] = _mm512_permutex2var_ps(low, odd, high);
}

/* ----------------------------------------------------------------------------------------------------- Doubles */

static inline doubles doubles_load(const double *from)
{
    return _mm512_loadu_pd(from);
}

static inline void doubles_store(double *to, doubles v)
{
    _mm512_storeu_pd(to, v);
}

static inline doubles doubles_fill(double value)
{
    return _mm512_set1_pd(value);
}

static inline doubles doubles_count_up(void)
{
    return _mm512_setr_pd(0, 1, 2, 3, 4, 5, 6, 7);
}

static inline doubles doubles_add(doubles a, doubles b)
{
    return _mm512_add_pd(a, b);
}

static inline doubles doubles_subtract(doubles a, doubles b)
{
    return _mm512_sub_pd(a, b);
}

static inline doubles doubles_multiply(doubles a, doubles b)
{
    return _mm512_mul_pd(a, b);
}

static inline doubles doubles_divide(doubles a, doubles b)
{
    return _mm512_div_pd(a, b);
}

static inline doubles doubles_smaller(doubles a, doubles b)
{
    return _mm512_min_pd(a, b);
}

static inline doubles doubles_larger(doubles a, doubles b)
{
    return _mm512_max_pd(a, b);
}

static inline doubles doubles_magnitude(doubles v)
{
    return _mm512_abs_pd(v);
}

static inline doubles doubles_with_sign_of(doubles magnitude, doubles sign)
{
    return _mm512_or_pd(magnitude, _mm512_and_pd(sign, _mm512_set1_pd(-0.0)));
}

static inline doubles doubles_if_less(doubles a, doubles b, doubles v)
{
    return _mm512_maskz_mov_pd(_mm512_cmp_pd_mask(a, b, _CMP_LT_OQ), v);
}

static inline doubles doubles_unless_less(doubles a, doubles b, doubles v)
{
    return _mm512_maskz_mov_pd(_mm512_cmp_pd_mask(a, b, _CMP_NLT_UQ), v);
}

static inline doubles doubles_of_low(floats v)
{
    return _mm512_cvtps_pd(_mm512_castps512_ps256(v));
}

static inline doubles doubles_of_high(floats v)
{
    return _mm512_cvtps_pd(_mm512_extractf32x8_ps(v, 1));
}

static inline floats floats_of_doubles(doubles low, doubles high)
{
    return _mm512_insertf32x8(_mm512_castps256_ps512(_mm512_cvtpd_ps(low)), _mm512_cvtpd_ps(high), 1);
}

/* -------------------------------------------------------------------------------------------------------- Ints */

static inline ints ints_of_doubles(doubles low, doubles high)
{
    return _mm512_inserti32x8(_mm512_castsi256_si512(_mm512_cvttpd_epi32(low)), _mm512_cvttpd_epi32(high), 1);
}

static inline ints ints_subtract_from(int32_t value, ints v)
{
    return _mm512_sub_epi32(_mm512_set1_epi32(value), v);
}

static inline void ints_store_u32(uint32_t *to, ints v)
{
    _mm512_storeu_si512(to, v);
}

static inline void ints_store_s16(int16_t *to, ints v)
{
    _mm256_storeu_si256((__m256i *)(void *)to, _mm512_cvtepi32_epi16(v));
}

#endif /* MOTET_DSP_VECTOR_AVX512_H */
