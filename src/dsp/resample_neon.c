#include "dsp/resample_groups.h"

#if MOTET_RESAMPLE_NEON

#    include "dsp/vector_neon.h"

void motet_walk_neon(uint64_t *positions, uint64_t at, uint64_t step, uint32_t count) MOTET_NONBLOCKING
{
    uint64x2_t next = vcombine_u64(vdup_n_u64(at), vdup_n_u64(at + step));
    uint64x2_t stride = vdupq_n_u64(2 * step);
    uint32_t k = 0;
    for (; count - k >= 2; k += 2) {
        vst1q_u64(positions + k, next);
        next = vaddq_u64(next, stride);
    }
    if (k < count) {
        positions[k] = at + k * step;
    }
}

uint64_t motet_glide_neon(uint64_t *positions, uint64_t at, const double *pitches, double scale,
                          uint32_t count) MOTET_NONBLOCKING
{
    uint32_t k = 0;
    for (; count - k >= 2; k += 2) {
        float64x2_t steps = vaddq_f64(vmulq_n_f64(vld1q_f64(pitches + k), scale), vdupq_n_f64(0.5));
        uint64x2_t whole = vcvtq_u64_f64(steps);
        positions[k] = at;
        positions[k + 1] = at + vgetq_lane_u64(whole, 0);
        at = positions[k + 1] + vgetq_lane_u64(whole, 1);
    }
    return motet_glide(positions + k, at, pitches + k, scale, count - k);
}

static MOTET_ALWAYS_INLINE floats fractions(uint32x4_t bits) MOTET_NONBLOCKING
{
    return vmulq_n_f32(vcvtq_f32_u32(vshrq_n_u32(bits, 8)), 0x1p-24f);
}

/* Two positions: fraction, whole part, fraction, whole part. */
static MOTET_ALWAYS_INLINE uint32x4_t load_positions(const uint64_t *positions) MOTET_NONBLOCKING
{
    return vreinterpretq_u32_u64(vld1q_u64(positions));
}

/* Of four positions. */
static MOTET_ALWAYS_INLINE floats fractions_of(const uint64_t *positions) MOTET_NONBLOCKING
{
    return fractions(vuzp1q_u32(load_positions(positions), load_positions(positions + 2)));
}

/* Of two positions, each twice. */
static MOTET_ALWAYS_INLINE floats pair_fractions_of(const uint64_t *positions) MOTET_NONBLOCKING
{
    uint32x4_t at = load_positions(positions);
    return fractions(vtrn1q_u32(at, at));
}

/* The first halves of two vectors, and the second. */
static MOTET_ALWAYS_INLINE floats first_halves(floats a, floats b) MOTET_NONBLOCKING
{
    return vreinterpretq_f32_f64(vzip1q_f64(vreinterpretq_f64_f32(a), vreinterpretq_f64_f32(b)));
}

static MOTET_ALWAYS_INLINE floats second_halves(floats a, floats b) MOTET_NONBLOCKING
{
    return vreinterpretq_f32_f64(vzip2q_f64(vreinterpretq_f64_f32(a), vreinterpretq_f64_f32(b)));
}

static MOTET_ALWAYS_INLINE floats two_pairs(const float *in, const uint64_t *positions) MOTET_NONBLOCKING
{
    return vcombine_f32(vld1_f32(in + (positions[0] >> 32)), vld1_f32(in + (positions[1] >> 32)));
}

static MOTET_ALWAYS_INLINE void four_fours(floats frames[], const float *in,
                                           const uint64_t *positions) MOTET_NONBLOCKING
{
    floats p = floats_load(in + (positions[0] >> 32)), q = floats_load(in + (positions[1] >> 32));
    floats r = floats_load(in + (positions[2] >> 32)), s = floats_load(in + (positions[3] >> 32));
    floats ac_pq = vtrn1q_f32(p, q), bd_pq = vtrn2q_f32(p, q);
    floats ac_rs = vtrn1q_f32(r, s), bd_rs = vtrn2q_f32(r, s);
    frames[0] = first_halves(ac_pq, ac_rs);
    frames[1] = first_halves(bd_pq, bd_rs);
    frames[2] = second_halves(ac_pq, ac_rs);
    frames[3] = second_halves(bd_pq, bd_rs);
}

static MOTET_ALWAYS_INLINE floats pair_sums(floats a, floats b) MOTET_NONBLOCKING
{
    return vpaddq_f32(a, b);
}

#    define KERNEL(name) name##_neon

#    include "dsp/resample_quads.h"

#    include "dsp/resample_body.h"
#    include "dsp/resample_each.h"
#    include "dsp/resample_sinc.h"

#endif /* MOTET_RESAMPLE_NEON */
