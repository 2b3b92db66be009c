/* The operations of dsp/kernels_body.h and dsp/resample_body.h by SSE2. */
#ifndef MOTET_DSP_VECTOR_SSE2_H
#define MOTET_DSP_VECTOR_SSE2_H

#include <emmintrin.h>
#include <stdint.h>

typedef __m128 floats;
typedef __m128d doubles;
typedef __m128i ints;

enum { FLOATS = 4, DOUBLES = 2 };

/* ------------------------------------------------------------------------------------------------------ Floats */

static inline floats floats_load(const float *from)
{
    return _mm_loadu_ps(from);
}

static inline void floats_store(float *to, floats v)
{
    _mm_storeu_ps(to, v);
}

static inline floats floats_load_s16(const int16_t *from)
{
    __m128i samples = _mm_loadl_epi64((const __m128i *)(const void *)from);
    return _mm_cvtepi32_ps(_mm_srai_epi32(_mm_unpacklo_epi16(samples, samples), 16));
}

static inline floats floats_fill(float value)
{
    return _mm_set1_ps(value);
}

static inline floats floats_fill_pair(float even, float odd)
{
    return _mm_setr_ps(even, odd, even, odd);
}

static inline floats floats_add(floats a, floats b)
{
    return _mm_add_ps(a, b);
}

static inline floats floats_subtract(floats a, floats b)
{
    return _mm_sub_ps(a, b);
}

static inline floats floats_multiply(floats a, floats b)
{
    return _mm_mul_ps(a, b);
}

static inline floats floats_smaller(floats a, floats b)
{
    return _mm_min_ps(a, b);
}

static inline floats floats_larger(floats a, floats b)
{
    return _mm_max_ps(a, b);
}

static inline floats floats_magnitude(floats v)
{
    return _mm_andnot_ps(_mm_set1_ps(-0.0f), v);
}

static inline floats floats_larger_bits(floats a, floats b)
{
    __m128i left = _mm_castps_si128(a);
    __m128i right = _mm_castps_si128(b);
    __m128i above = _mm_cmpgt_epi32(left, right);
    return _mm_castsi128_ps(_mm_or_si128(_mm_and_si128(above, left), _mm_andnot_si128(above, right)));
}

static inline floats floats_number_or_zero(floats v)
{
    return _mm_and_ps(v, _mm_cmpord_ps(v, v));
}

static inline void floats_interleave(floats even, floats odd, floats out[2])
{
    out[0] = _mm_unpacklo_ps(even, odd);
    out[1] = _mm_unpackhi_ps(even, odd);
}

static inline floats floats_reverse(floats v)
{
    return _mm_shuffle_ps(v, v, _MM_SHUFFLE(0, 1, 2, 3));
}

static inline void floats_interleave_fours(floats even, floats odd, floats out[2])
{
    out[0] = even;
    out[1] = odd;
}

static inline void floats_split(floats low, floats high, floats out[2])
{
    out[0] = _mm_shuffle_ps(low, high, _MM_SHUFFLE(2, 0, 2, 0));
    out[1] = _mm_shuffle_ps(low, high, _MM_SHUFFLE(3, 1, 3, 1));
}

/* ----------------------------------------------------------------------------------------------------- Doubles */

static inline doubles doubles_load(const double *from)
{
    return _mm_loadu_pd(from);
}

static inline void doubles_store(double *to, doubles v)
{
    _mm_storeu_pd(to, v);
}

static inline doubles doubles_fill(double value)
{
    return _mm_set1_pd(value);
}

static inline doubles doubles_count_up(void)
{
    return _mm_setr_pd(0, 1);
}

static inline doubles doubles_add(doubles a, doubles b)
{
    return _mm_add_pd(a, b);
}

static inline doubles doubles_subtract(doubles a, doubles b)
{
    return _mm_sub_pd(a, b);
}

static inline doubles doubles_multiply(doubles a, doubles b)
{
    return _mm_mul_pd(a, b);
}

static inline doubles doubles_divide(doubles a, doubles b)
{
    return _mm_div_pd(a, b);
}

static inline doubles doubles_smaller(doubles a, doubles b)
{
    return _mm_min_pd(a, b);
}

static inline doubles doubles_larger(doubles a, doubles b)
{
    return _mm_max_pd(a, b);
}

static inline doubles doubles_magnitude(doubles v)
{
    return _mm_andnot_pd(_mm_set1_pd(-0.0), v);
}

static inline doubles doubles_with_sign_of(doubles magnitude, doubles sign)
{
    return _mm_or_pd(magnitude, _mm_and_pd(sign, _mm_set1_pd(-0.0)));
}

static inline doubles doubles_if_less(doubles a, doubles b, doubles v)
{
    return _mm_and_pd(_mm_cmplt_pd(a, b), v);
}

static inline doubles doubles_unless_less(doubles a, doubles b, doubles v)
{
    return _mm_andnot_pd(_mm_cmplt_pd(a, b), v);
}

static inline doubles doubles_of_low(floats v)
{
    return _mm_cvtps_pd(v);
}

static inline doubles doubles_of_high(floats v)
{
    return _mm_cvtps_pd(_mm_movehl_ps(v, v));
}

static inline floats floats_of_doubles(doubles low, doubles high)
{
    return _mm_movelh_ps(_mm_cvtpd_ps(low), _mm_cvtpd_ps(high));
}

/* -------------------------------------------------------------------------------------------------------- Ints */

static inline ints ints_of_doubles(doubles low, doubles high)
{
    return _mm_unpacklo_epi64(_mm_cvttpd_epi32(low), _mm_cvttpd_epi32(high));
}

static inline ints ints_subtract_from(int32_t value, ints v)
{
    return _mm_sub_epi32(_mm_set1_epi32(value), v);
}

static inline void ints_store_u32(uint32_t *to, ints v)
{
    _mm_storeu_si128((__m128i *)(void *)to, v);
}

static inline void ints_store_s16(int16_t *to, ints v)
{
    _mm_storel_epi64((__m128i *)(void *)to, _mm_packs_epi32(v, v));
}

#endif /* MOTET_DSP_VECTOR_SSE2_H */
