#include "dsp/resample_groups.h"

#if MOTET_RESAMPLE_NEON

#    include <arm_neon.h>

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

/* ----------------------------------------------------------------------------------------------- Linear and cubic */

static MOTET_ALWAYS_INLINE float32x4_t fractions(uint32x4_t bits) MOTET_NONBLOCKING
{
    return vmulq_n_f32(vcvtq_f32_u32(vshrq_n_u32(bits, 8)), 0x1p-24f);
}

/* Two positions: fraction, whole part, fraction, whole part. */
static MOTET_ALWAYS_INLINE uint32x4_t load_positions(const uint64_t *positions) MOTET_NONBLOCKING
{
    return vreinterpretq_u32_u64(vld1q_u64(positions));
}

/* Of four positions. */
static MOTET_ALWAYS_INLINE float32x4_t fractions_of(const uint64_t *positions) MOTET_NONBLOCKING
{
    return fractions(vuzp1q_u32(load_positions(positions), load_positions(positions + 2)));
}

/* Of two positions, each twice. */
static MOTET_ALWAYS_INLINE float32x4_t pair_fractions_of(const uint64_t *positions) MOTET_NONBLOCKING
{
    uint32x4_t at = load_positions(positions);
    return fractions(vtrn1q_u32(at, at));
}

static MOTET_ALWAYS_INLINE float32x4_t linear(float32x4_t a, float32x4_t b, float32x4_t f) MOTET_NONBLOCKING
{
    return vaddq_f32(a, vmulq_f32(f, vsubq_f32(b, a)));
}

static MOTET_ALWAYS_INLINE float32x4_t cubic(float32x4_t a, float32x4_t b, float32x4_t c, float32x4_t d,
                                             float32x4_t f) MOTET_NONBLOCKING
{
    float32x4_t c1 = vmulq_n_f32(vsubq_f32(c, a), 0.5f);
    float32x4_t c2 = vaddq_f32(vsubq_f32(a, vmulq_n_f32(b, 2.5f)), vsubq_f32(vaddq_f32(c, c), vmulq_n_f32(d, 0.5f)));
    float32x4_t c3 = vaddq_f32(vmulq_n_f32(vsubq_f32(d, a), 0.5f), vmulq_n_f32(vsubq_f32(b, c), 1.5f));
    float32x4_t sum = vaddq_f32(vmulq_f32(c3, f), c2);
    sum = vaddq_f32(vmulq_f32(sum, f), c1);
    return vaddq_f32(vmulq_f32(sum, f), b);
}

/* The first halves of two vectors, and the second. */
static MOTET_ALWAYS_INLINE float32x4_t first_halves(float32x4_t a, float32x4_t b) MOTET_NONBLOCKING
{
    return vreinterpretq_f32_f64(vzip1q_f64(vreinterpretq_f64_f32(a), vreinterpretq_f64_f32(b)));
}

static MOTET_ALWAYS_INLINE float32x4_t second_halves(float32x4_t a, float32x4_t b) MOTET_NONBLOCKING
{
    return vreinterpretq_f32_f64(vzip2q_f64(vreinterpretq_f64_f32(a), vreinterpretq_f64_f32(b)));
}

static MOTET_ALWAYS_INLINE float32x4_t two_pairs(const float *in, const uint64_t *positions) MOTET_NONBLOCKING
{
    return vcombine_f32(vld1_f32(in + (positions[0] >> 32)), vld1_f32(in + (positions[1] >> 32)));
}

static MOTET_ALWAYS_INLINE void linear_mono_group(float *out, const float *in,
                                                  const uint64_t *positions) MOTET_NONBLOCKING
{
    float32x4_t low = two_pairs(in, positions);
    float32x4_t high = two_pairs(in, positions + 2);
    vst1q_f32(out, linear(vuzp1q_f32(low, high), vuzp2q_f32(low, high), fractions_of(positions)));
}

static MOTET_ALWAYS_INLINE void linear_stereo_group(float *out, const float *in,
                                                    const uint64_t *positions) MOTET_NONBLOCKING
{
    float32x4_t first = vld1q_f32(in + 2 * (positions[0] >> 32));
    float32x4_t second = vld1q_f32(in + 2 * (positions[1] >> 32));
    vst1q_f32(out, linear(first_halves(first, second), second_halves(first, second), pair_fractions_of(positions)));
}

/* Four times four frames, transposed. */
static MOTET_ALWAYS_INLINE void cubic_mono_group(float *out, const float *in,
                                                 const uint64_t *positions) MOTET_NONBLOCKING
{
    float32x4_t p = vld1q_f32(in + (positions[0] >> 32) - 1), q = vld1q_f32(in + (positions[1] >> 32) - 1);
    float32x4_t r = vld1q_f32(in + (positions[2] >> 32) - 1), s = vld1q_f32(in + (positions[3] >> 32) - 1);
    float32x4_t ac_pq = vtrn1q_f32(p, q), bd_pq = vtrn2q_f32(p, q);
    float32x4_t ac_rs = vtrn1q_f32(r, s), bd_rs = vtrn2q_f32(r, s);
    vst1q_f32(out, cubic(first_halves(ac_pq, ac_rs), first_halves(bd_pq, bd_rs), second_halves(ac_pq, ac_rs),
                         second_halves(bd_pq, bd_rs), fractions_of(positions)));
}

static MOTET_ALWAYS_INLINE void cubic_stereo_group(float *out, const float *in,
                                                   const uint64_t *positions) MOTET_NONBLOCKING
{
    const float *first = in + 2 * (positions[0] >> 32);
    const float *second = in + 2 * (positions[1] >> 32);
    float32x4_t ab0 = vld1q_f32(first - 2), cd0 = vld1q_f32(first + 2);
    float32x4_t ab1 = vld1q_f32(second - 2), cd1 = vld1q_f32(second + 2);
    vst1q_f32(out, cubic(first_halves(ab0, ab1), second_halves(ab0, ab1), first_halves(cd0, cd1),
                         second_halves(cd0, cd1), pair_fractions_of(positions)));
}

void motet_linear_mono_neon(float *out, const float *in, const uint64_t *positions, uint32_t count) MOTET_NONBLOCKING
{
    motet_interpolate_in_groups(motet_linear_mono_neon, linear_mono_group, 4, 1, out, in, positions, count);
}

void motet_linear_stereo_neon(float *out, const float *in, const uint64_t *positions, uint32_t count) MOTET_NONBLOCKING
{
    motet_interpolate_in_groups(motet_linear_stereo_neon, linear_stereo_group, 2, 2, out, in, positions, count);
}

void motet_cubic_mono_neon(float *out, const float *in, const uint64_t *positions, uint32_t count) MOTET_NONBLOCKING
{
    motet_interpolate_in_groups(motet_cubic_mono_neon, cubic_mono_group, 4, 1, out, in, positions, count);
}

void motet_cubic_stereo_neon(float *out, const float *in, const uint64_t *positions, uint32_t count) MOTET_NONBLOCKING
{
    motet_interpolate_in_groups(motet_cubic_stereo_neon, cubic_stereo_group, 2, 2, out, in, positions, count);
}

/* -------------------------------------------------------------------------------------------------------- Sinc */

/* 4 coefficients between two rows. */
static MOTET_ALWAYS_INLINE float32x4_t coefficients(const float *row, uint32_t taps, float f) MOTET_NONBLOCKING
{
    float32x4_t c = vld1q_f32(row);
    return vaddq_f32(c, vmulq_n_f32(vsubq_f32(vld1q_f32(row + taps), c), f));
}

/* The partial sums of an output, folded to 4. */
static MOTET_ALWAYS_INLINE float32x4_t mono_sums(const float *from, uint64_t position, const motet_sinc_bank *bank,
                                                 uint32_t taps) MOTET_NONBLOCKING
{
    motet_sinc_place place = motet_sinc_place_of(bank, position);
    const float *frame = from + (position >> 32);
    float32x4_t sums[4];
    MOTET_WRITE_OUT
    for (uint32_t j = 0; j < 4; j++) {
        sums[j] = vmulq_f32(coefficients(place.row + 4 * j, taps, place.f), vld1q_f32(frame + 4 * j));
    }
    for (uint32_t tap = 16; tap < taps; tap += 16) {
        MOTET_WRITE_OUT
        for (uint32_t j = 0; j < 4; j++) {
            float32x4_t h = coefficients(place.row + tap + 4 * j, taps, place.f);
            sums[j] = vaddq_f32(sums[j], vmulq_f32(h, vld1q_f32(frame + tap + 4 * j)));
        }
    }
    return vaddq_f32(vaddq_f32(sums[0], sums[2]), vaddq_f32(sums[1], sums[3]));
}

/* Folds 2 and 1 of four outputs. */
static MOTET_ALWAYS_INLINE float32x4_t mono_group(const float *from, const uint64_t *positions,
                                                  const motet_sinc_bank *bank, uint32_t taps) MOTET_NONBLOCKING
{
    float32x4_t a = mono_sums(from, positions[0], bank, taps), b = mono_sums(from, positions[1], bank, taps);
    float32x4_t ab = vaddq_f32(first_halves(a, b), second_halves(a, b));
    float32x4_t c = mono_sums(from, positions[2], bank, taps), d = mono_sums(from, positions[3], bank, taps);
    float32x4_t cd = vaddq_f32(first_halves(c, d), second_halves(c, d));
    return vpaddq_f32(ab, cd);
}

/* The same in stereo, channels side by side, folded to 2. */
static MOTET_ALWAYS_INLINE float32x4_t stereo_sums(const float *from, uint64_t position, const motet_sinc_bank *bank,
                                                   uint32_t taps) MOTET_NONBLOCKING
{
    motet_sinc_place place = motet_sinc_place_of(bank, position);
    const float *frame = from + 2 * (position >> 32);
    float32x4_t sums[8];
    MOTET_WRITE_OUT
    for (uint32_t j = 0; j < 4; j++) {
        float32x4_t h = coefficients(place.row + 4 * j, taps, place.f);
        sums[2 * j] = vmulq_f32(vzip1q_f32(h, h), vld1q_f32(frame + 8 * j));
        sums[2 * j + 1] = vmulq_f32(vzip2q_f32(h, h), vld1q_f32(frame + 8 * j + 4));
    }
    for (uint32_t tap = 16; tap < taps; tap += 16) {
        frame += 32;
        MOTET_WRITE_OUT
        for (uint32_t j = 0; j < 4; j++) {
            float32x4_t h = coefficients(place.row + tap + 4 * j, taps, place.f);
            float32x4_t low = vmulq_f32(vzip1q_f32(h, h), vld1q_f32(frame + 8 * j));
            float32x4_t high = vmulq_f32(vzip2q_f32(h, h), vld1q_f32(frame + 8 * j + 4));
            sums[2 * j] = vaddq_f32(sums[2 * j], low);
            sums[2 * j + 1] = vaddq_f32(sums[2 * j + 1], high);
        }
    }
    float32x4_t low = vaddq_f32(vaddq_f32(sums[0], sums[4]), vaddq_f32(sums[2], sums[6]));
    float32x4_t high = vaddq_f32(vaddq_f32(sums[1], sums[5]), vaddq_f32(sums[3], sums[7]));
    return vaddq_f32(low, high);
}

static MOTET_ALWAYS_INLINE float32x4_t stereo_group(const float *from, const uint64_t *positions,
                                                    const motet_sinc_bank *bank, uint32_t taps) MOTET_NONBLOCKING
{
    float32x4_t a = stereo_sums(from, positions[0], bank, taps), b = stereo_sums(from, positions[1], bank, taps);
    return vaddq_f32(first_halves(a, b), second_halves(a, b));
}

typedef float32x4_t sinc_group(const float *from, const uint64_t *positions, const motet_sinc_bank *bank,
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
        vst1q_f32(out + k * channels, group(from, positions + k, &own, taps));
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

void motet_sinc_mono_neon(float *out, const float *in, const uint64_t *positions, uint32_t count,
                          const motet_sinc_bank *bank) MOTET_NONBLOCKING
{
    uint32_t done = sinc(mono_group, 1, out, in, positions, count, bank);
    if (done < count) {
        motet_sinc_rest(motet_sinc_mono_neon, 4, 1, out + done, in, positions + done, count - done, bank);
    }
}

void motet_sinc_stereo_neon(float *out, const float *in, const uint64_t *positions, uint32_t count,
                            const motet_sinc_bank *bank) MOTET_NONBLOCKING
{
    uint32_t done = sinc(stereo_group, 2, out, in, positions, count, bank);
    if (done < count) {
        motet_sinc_rest(motet_sinc_stereo_neon, 2, 2, out + 2 * done, in, positions + done, count - done, bank);
    }
}

#endif /* MOTET_RESAMPLE_NEON */
