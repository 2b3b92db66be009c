/* The operations of dsp/kernels_body.h and dsp/resample_body.h by the NEON of AArch64, whose arithmetic follows FPCR as
 * scalar code does. */
#ifndef MOTET_DSP_VECTOR_NEON_H
#define MOTET_DSP_VECTOR_NEON_H

#include <arm_neon.h>
#include <stdint.h>

typedef float32x4_t floats;
typedef float64x2_t doubles;
typedef int32x4_t ints;

enum { FLOATS = 4, DOUBLES = 2 };

/* ------------------------------------------------------------------------------------------------------ Floats */

static inline floats floats_load(const float *from)
{
    return vld1q_f32(from);
}

static inline void floats_store(float *to, floats v)
{
    vst1q_f32(to, v);
}

static inline floats floats_load_s16(const int16_t *from)
{
    return vcvtq_f32_s32(vmovl_s16(vld1_s16(from)));
}

static inline floats floats_fill(float value)
{
    return vdupq_n_f32(value);
}

static inline floats floats_fill_pair(float even, float odd)
{
    return vtrn1q_f32(vdupq_n_f32(even), vdupq_n_f32(odd));
}

static inline floats floats_add(floats a, floats b)
{
    return vaddq_f32(a, b);
}

static inline floats floats_subtract(floats a, floats b)
{
    return vsubq_f32(a, b);
}

static inline floats floats_multiply(floats a, floats b)
{
    return vmulq_f32(a, b);
}

/* Not vminq and vmaxq, which order -0 below 0 and give NaN for a NaN on either side. */
static inline floats floats_smaller(floats a, floats b)
{
    return vbslq_f32(vcltq_f32(a, b), a, b);
}

static inline floats floats_larger(floats a, floats b)
{
    return vbslq_f32(vcgtq_f32(a, b), a, b);
}

static inline floats floats_magnitude(floats v)
{
    return vabsq_f32(v);
}

static inline floats floats_larger_bits(floats a, floats b)
{
    return vreinterpretq_f32_s32(vmaxq_s32(vreinterpretq_s32_f32(a), vreinterpretq_s32_f32(b)));
}

static inline floats floats_number_or_zero(floats v)
{
    return vreinterpretq_f32_u32(vandq_u32(vreinterpretq_u32_f32(v), vceqq_f32(v, v)));
}

static inline void floats_interleave(floats even, floats odd, floats out[2])
{
    out[0] = vzip1q_f32(even, odd);
    out[1] = vzip2q_f32(even, odd);
}

static inline floats floats_reverse(floats v)
{
    floats pairs = vrev64q_f32(v);
    return vextq_f32(pairs, pairs, 2);
}

static inline void floats_interleave_fours(floats even, floats odd, floats out[2])
{
    out[0] = even;
    out[1] = odd;
}

static inline void floats_split(floats low, floats high, floats out[2])
{
    out[0] = vuzp1q_f32(low, high);
    out[1] = vuzp2q_f32(low, high);
}

/* ----------------------------------------------------------------------------------------------------- Doubles */

static inline doubles doubles_load(const double *from)
{
    return vld1q_f64(from);
}

static inline void doubles_store(double *to, doubles v)
{
    vst1q_f64(to, v);
}

static inline doubles doubles_fill(double value)
{
    return vdupq_n_f64(value);
}

static inline doubles doubles_count_up(void)
{
    return vsetq_lane_f64(1, vdupq_n_f64(0), 1);
}

static inline doubles doubles_add(doubles a, doubles b)
{
    return vaddq_f64(a, b);
}

static inline doubles doubles_subtract(doubles a, doubles b)
{
    return vsubq_f64(a, b);
}

static inline doubles doubles_multiply(doubles a, doubles b)
{
    return vmulq_f64(a, b);
}

static inline doubles doubles_divide(doubles a, doubles b)
{
    return vdivq_f64(a, b);
}

static inline doubles doubles_smaller(doubles a, doubles b)
{
    return vbslq_f64(vcltq_f64(a, b), a, b);
}

static inline doubles doubles_larger(doubles a, doubles b)
{
    return vbslq_f64(vcgtq_f64(a, b), a, b);
}

static inline doubles doubles_magnitude(doubles v)
{
    return vabsq_f64(v);
}

static inline doubles doubles_with_sign_of(doubles magnitude, doubles sign)
{
    return vbslq_f64(vdupq_n_u64(UINT64_C(1) << 63), sign, magnitude);
}

static inline doubles doubles_if_less(doubles a, doubles b, doubles v)
{
    return vreinterpretq_f64_u64(vandq_u64(vcltq_f64(a, b), vreinterpretq_u64_f64(v)));
}

static inline doubles doubles_unless_less(doubles a, doubles b, doubles v)
{
    return vreinterpretq_f64_u64(vbicq_u64(vreinterpretq_u64_f64(v), vcltq_f64(a, b)));
}

static inline doubles doubles_of_low(floats v)
{
    return vcvt_f64_f32(vget_low_f32(v));
}

static inline doubles doubles_of_high(floats v)
{
    return vcvt_high_f64_f32(v);
}

static inline floats floats_of_doubles(doubles low, doubles high)
{
    return vcvt_high_f32_f64(vcvt_f32_f64(low), high);
}

/* -------------------------------------------------------------------------------------------------------- Ints */

static inline ints ints_of_doubles(doubles low, doubles high)
{
    return vuzp1q_s32(vreinterpretq_s32_s64(vcvtq_s64_f64(low)), vreinterpretq_s32_s64(vcvtq_s64_f64(high)));
}

static inline ints ints_subtract_from(int32_t value, ints v)
{
    return vsubq_s32(vdupq_n_s32(value), v);
}

static inline void ints_store_u32(uint32_t *to, ints v)
{
    vst1q_u32(to, vreinterpretq_u32_s32(v));
}

static inline void ints_store_s16(int16_t *to, ints v)
{
    vst1_s16(to, vmovn_s32(v));
}

#endif /* MOTET_DSP_VECTOR_NEON_H */
