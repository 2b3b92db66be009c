#include "dsp/resample_groups.h"

#if MOTET_RESAMPLE_X86

#    include <immintrin.h>
#    include <stdbool.h>

/* ------------------------------------------------------------------------------------------------- Positions */

void motet_walk_avx512(uint64_t *positions, uint64_t at, uint64_t step, uint32_t count) MOTET_NONBLOCKING
{
    uint64_t first[8];
    for (uint32_t k = 0; k < 8; k++) {
        first[k] = at + k * step;
    }
    __m512i next = _mm512_loadu_si512(first);
    __m512i stride = _mm512_set1_epi64((long long)(8 * step));
    uint32_t k = 0;
    for (; count - k >= 8; k += 8) {
        _mm512_storeu_si512(positions + k, next);
        next = _mm512_add_epi64(next, stride);
    }
    _mm512_mask_storeu_epi64(positions + k, (__mmask8)((1u << (count - k)) - 1), next);
}

/* Sums of the lanes up to each. */
static inline __m512i running_sums(__m512i v)
{
    const __m512i zero = _mm512_setzero_si512();
    v = _mm512_add_epi64(v, _mm512_alignr_epi64(v, zero, 7));
    v = _mm512_add_epi64(v, _mm512_alignr_epi64(v, zero, 6));
    return _mm512_add_epi64(v, _mm512_alignr_epi64(v, zero, 4));
}

uint64_t motet_glide_avx512(uint64_t *positions, uint64_t at, const double *pitches, double scale,
                            uint32_t count) MOTET_NONBLOCKING
{
    const __m512i last = _mm512_set1_epi64(7);
    __m512i next = _mm512_set1_epi64((long long)at);
    uint32_t k = 0;
    for (; count - k >= 8; k += 8) {
        __m512d steps =
            _mm512_add_pd(_mm512_mul_pd(_mm512_loadu_pd(pitches + k), _mm512_set1_pd(scale)), _mm512_set1_pd(0.5));
        __m512i sums = running_sums(_mm512_cvttpd_epu64(steps));
        __m512i before = _mm512_alignr_epi64(sums, _mm512_setzero_si512(), 7);
        _mm512_storeu_si512(positions + k, _mm512_add_epi64(next, before));
        next = _mm512_add_epi64(next, _mm512_permutexvar_epi64(last, sums)); /* all that one turn waits for */
    }
    uint64_t rest[8];
    _mm512_storeu_si512(rest, next);
    return motet_glide(positions + k, rest[0], pitches + k, scale, count - k);
}

/* 16 positions: whole parts and fractions apart. */
typedef struct places {
    __m512i whole;
    __m512 f;
} places;

static MOTET_ALWAYS_INLINE __m512 fractions(__m512i bits) MOTET_NONBLOCKING
{
    return _mm512_mul_ps(_mm512_cvtepi32_ps(_mm512_srli_epi32(bits, 8)), _mm512_set1_ps(0x1p-24f));
}

static MOTET_ALWAYS_INLINE places places_of(const uint64_t *positions) MOTET_NONBLOCKING
{
    const __m512i even = _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
    const __m512i odd = _mm512_setr_epi32(1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31);
    __m512i low = _mm512_loadu_si512(positions);
    __m512i high = _mm512_loadu_si512(positions + 8);
    return (places){_mm512_permutex2var_epi32(low, odd, high), fractions(_mm512_permutex2var_epi32(low, even, high))};
}

/* 8 positions for stereo: each fraction twice, whole parts as 64 bits. */
static MOTET_ALWAYS_INLINE places pair_places_of(const uint64_t *positions) MOTET_NONBLOCKING
{
    __m512i at = _mm512_loadu_si512(positions);
    return (places){_mm512_srli_epi64(at, 32), fractions(_mm512_shuffle_epi32(at, _MM_PERM_CCAA))};
}

/* -------------------------------------------------------------------------------------------- Linear and cubic */

static MOTET_ALWAYS_INLINE __m512 linear(__m512 a, __m512 b, __m512 f) MOTET_NONBLOCKING
{
    return _mm512_add_ps(a, _mm512_mul_ps(f, _mm512_sub_ps(b, a)));
}

static MOTET_ALWAYS_INLINE __m512 cubic(__m512 a, __m512 b, __m512 c, __m512 d, __m512 f) MOTET_NONBLOCKING
{
    const __m512 half = _mm512_set1_ps(0.5f);
    __m512 c1 = _mm512_mul_ps(half, _mm512_sub_ps(c, a));
    __m512 c2 = _mm512_add_ps(_mm512_sub_ps(a, _mm512_mul_ps(_mm512_set1_ps(2.5f), b)),
                              _mm512_sub_ps(_mm512_add_ps(c, c), _mm512_mul_ps(half, d)));
    __m512 c3 = _mm512_add_ps(_mm512_mul_ps(half, _mm512_sub_ps(d, a)),
                              _mm512_mul_ps(_mm512_set1_ps(1.5f), _mm512_sub_ps(b, c)));
    __m512 sum = _mm512_add_ps(_mm512_mul_ps(c3, f), c2);
    sum = _mm512_add_ps(_mm512_mul_ps(sum, f), c1);
    return _mm512_add_ps(_mm512_mul_ps(sum, f), b);
}

/* The frames at 16 positions and behind them, the first of which lies at `from`. */
static MOTET_ALWAYS_INLINE void pick_mono(__m512 frames[], uint32_t frame_count, const float *from, __m512i whole,
                                          uint64_t first) MOTET_NONBLOCKING
{
    __m512i index = _mm512_sub_epi32(whole, _mm512_set1_epi32((int)first));
    __m512 low = _mm512_loadu_ps(from);
    __m512 high = _mm512_loadu_ps(from + 16);
    MOTET_WRITE_OUT
    for (uint32_t j = 0; j < frame_count; j++) {
        __m512i at = j == 0 ? index : _mm512_add_epi32(index, _mm512_set1_epi32((int)j));
        frames[j] = _mm512_permutex2var_ps(low, at, high);
    }
}

/* At 8 positions, where a frame is two lanes. */
static MOTET_ALWAYS_INLINE void pick_stereo(__m512 frames[], uint32_t frame_count, const float *from, __m512i whole,
                                            uint64_t first) MOTET_NONBLOCKING
{
    __m512i index = _mm512_sub_epi64(whole, _mm512_set1_epi64((long long)first));
    __m512d low = _mm512_castps_pd(_mm512_loadu_ps(from));
    __m512d high = _mm512_castps_pd(_mm512_loadu_ps(from + 16));
    MOTET_WRITE_OUT
    for (uint32_t j = 0; j < frame_count; j++) {
        __m512i at = j == 0 ? index : _mm512_add_epi64(index, _mm512_set1_epi64(j));
        frames[j] = _mm512_castpd_ps(_mm512_permutex2var_pd(low, at, high));
    }
}

static MOTET_ALWAYS_INLINE void linear_mono_group(float *out, const float *in,
                                                  const uint64_t *positions) MOTET_NONBLOCKING
{
    places at = places_of(positions);
    uint64_t first = positions[0] >> 32;
    __m512 frames[2];
    pick_mono(frames, 2, in + first, at.whole, first);
    _mm512_storeu_ps(out, linear(frames[0], frames[1], at.f));
}

static MOTET_ALWAYS_INLINE void linear_stereo_group(float *out, const float *in,
                                                    const uint64_t *positions) MOTET_NONBLOCKING
{
    places at = pair_places_of(positions);
    uint64_t first = positions[0] >> 32;
    __m512 frames[2];
    pick_stereo(frames, 2, in + 2 * first, at.whole, first);
    _mm512_storeu_ps(out, linear(frames[0], frames[1], at.f));
}

static MOTET_ALWAYS_INLINE void cubic_mono_group(float *out, const float *in,
                                                 const uint64_t *positions) MOTET_NONBLOCKING
{
    places at = places_of(positions);
    uint64_t first = positions[0] >> 32;
    __m512 frames[4];
    pick_mono(frames, 4, in + first - 1, at.whole, first);
    _mm512_storeu_ps(out, cubic(frames[0], frames[1], frames[2], frames[3], at.f));
}

static MOTET_ALWAYS_INLINE void cubic_stereo_group(float *out, const float *in,
                                                   const uint64_t *positions) MOTET_NONBLOCKING
{
    places at = pair_places_of(positions);
    uint64_t first = positions[0] >> 32;
    __m512 frames[4];
    pick_stereo(frames, 4, in + 2 * first - 2, at.whole, first);
    _mm512_storeu_ps(out, cubic(frames[0], frames[1], frames[2], frames[3], at.f));
}

/* How many frames two registers hold. */
enum { MONO_FRAMES = 32, STEREO_FRAMES = 16 };

/* What a kernel works with: how many positions in a group, samples and frames for each. */
typedef struct group_shape {
    uint32_t size, channels, frame_count;
} group_shape;

/* Whether all frames of a group lie within two registers. */
static MOTET_ALWAYS_INLINE bool is_near(const uint64_t *positions, group_shape shape) MOTET_NONBLOCKING
{
    uint64_t between = (positions[shape.size - 1] >> 32) - (positions[0] >> 32);
    return between + shape.frame_count <= (shape.channels == 1 ? MONO_FRAMES : STEREO_FRAMES);
}

/* Groups as long as they are near; returns for how many positions. */
static MOTET_ALWAYS_INLINE uint32_t near_groups(motet_interpolate_group *group, group_shape shape, float *out,
                                                const float *in, const uint64_t *positions,
                                                uint32_t count) MOTET_NONBLOCKING
{
    uint32_t k = 0;
    for (; count - k >= shape.size && is_near(positions + k, shape); k += shape.size) {
        group(out + k * shape.channels, in, positions + k);
    }
    return k;
}

/* A kernel in two parts. Groups whose frames lie further apart, at ratios above 1.7 to 2, are left to the kernel for
 * AVX2, which loads each by itself: to gather them takes twice as long. The near part stays a function by itself, as a
 * call beside its loop would have the loop's constants loaded again and again. */
typedef struct two_parts {
    uint32_t (*near)(float *out, const float *in, const uint64_t *positions, uint32_t count) MOTET_NONBLOCKING;
    motet_interpolate_fn *far;
    group_shape shape;
} two_parts;

static void interpolate(const two_parts *parts, motet_interpolate_fn *kernel, float *out, const float *in,
                        const uint64_t *positions, uint32_t count) MOTET_NONBLOCKING
{
    const group_shape shape = parts->shape;
    uint32_t k = 0;
    while (count - k >= shape.size) {
        k += parts->near(out + k * shape.channels, in, positions + k, count - k);
        uint32_t run = 0;
        while (count - k - run >= shape.size && !is_near(positions + k + run, shape)) {
            run += shape.size;
        }
        if (run > 0) {
            parts->far(out + k * shape.channels, in, positions + k, run);
            k += run;
        }
    }
    if (k < count) {
        motet_interpolate_rest(kernel, shape.size, shape.channels, out + k * shape.channels, in, positions + k,
                               count - k);
    }
}

#    define NOT_INLINED __attribute__((noinline))

static const group_shape linear_mono = {16, 1, 2}, linear_stereo = {8, 2, 2};
static const group_shape cubic_mono = {16, 1, 4}, cubic_stereo = {8, 2, 4};

static NOT_INLINED uint32_t linear_mono_near(float *out, const float *in, const uint64_t *positions,
                                             uint32_t count) MOTET_NONBLOCKING
{
    return near_groups(linear_mono_group, linear_mono, out, in, positions, count);
}

static NOT_INLINED uint32_t linear_stereo_near(float *out, const float *in, const uint64_t *positions,
                                               uint32_t count) MOTET_NONBLOCKING
{
    return near_groups(linear_stereo_group, linear_stereo, out, in, positions, count);
}

static NOT_INLINED uint32_t cubic_mono_near(float *out, const float *in, const uint64_t *positions,
                                            uint32_t count) MOTET_NONBLOCKING
{
    return near_groups(cubic_mono_group, cubic_mono, out, in, positions, count);
}

static NOT_INLINED uint32_t cubic_stereo_near(float *out, const float *in, const uint64_t *positions,
                                              uint32_t count) MOTET_NONBLOCKING
{
    return near_groups(cubic_stereo_group, cubic_stereo, out, in, positions, count);
}

void motet_linear_mono_avx512(float *out, const float *in, const uint64_t *positions, uint32_t count) MOTET_NONBLOCKING
{
    const two_parts parts = {linear_mono_near, motet_linear_mono_avx2, linear_mono};
    interpolate(&parts, motet_linear_mono_avx512, out, in, positions, count);
}

void motet_linear_stereo_avx512(float *out, const float *in, const uint64_t *positions,
                                uint32_t count) MOTET_NONBLOCKING
{
    const two_parts parts = {linear_stereo_near, motet_linear_stereo_avx2, linear_stereo};
    interpolate(&parts, motet_linear_stereo_avx512, out, in, positions, count);
}

void motet_cubic_mono_avx512(float *out, const float *in, const uint64_t *positions, uint32_t count) MOTET_NONBLOCKING
{
    const two_parts parts = {cubic_mono_near, motet_cubic_mono_avx2, cubic_mono};
    interpolate(&parts, motet_cubic_mono_avx512, out, in, positions, count);
}

void motet_cubic_stereo_avx512(float *out, const float *in, const uint64_t *positions, uint32_t count) MOTET_NONBLOCKING
{
    const two_parts parts = {cubic_stereo_near, motet_cubic_stereo_avx2, cubic_stereo};
    interpolate(&parts, motet_cubic_stereo_avx512, out, in, positions, count);
}

/* -------------------------------------------------------------------------------------------------------- Sinc */

/* Sums of halves. `fold_8` takes 16 lanes of each and leaves 8 of a, then 8 of b; the next leave 4, 2 and 1 of each of
 * the vectors that went into them. Where it spares a shuffle one half is added with its sides changed: a sum's bits do
 * not depend on which side is first. */
static MOTET_ALWAYS_INLINE __m512 fold_8(__m512 a, __m512 b) MOTET_NONBLOCKING
{
    return _mm512_add_ps(_mm512_mask_blend_ps(0xff00, a, b), _mm512_shuffle_f32x4(a, b, _MM_SHUFFLE(1, 0, 3, 2)));
}

static MOTET_ALWAYS_INLINE __m512 fold_4(__m512 ab, __m512 cd) MOTET_NONBLOCKING
{
    return _mm512_add_ps(_mm512_shuffle_f32x4(ab, cd, _MM_SHUFFLE(2, 0, 2, 0)),
                         _mm512_shuffle_f32x4(ab, cd, _MM_SHUFFLE(3, 1, 3, 1)));
}

static MOTET_ALWAYS_INLINE __m512 fold_2(__m512 a, __m512 b) MOTET_NONBLOCKING
{
    return _mm512_add_ps(_mm512_mask_blend_ps(0xcccc, a, b), _mm512_shuffle_ps(a, b, _MM_SHUFFLE(1, 0, 3, 2)));
}

static MOTET_ALWAYS_INLINE __m512 fold_1(__m512 a, __m512 b) MOTET_NONBLOCKING
{
    return _mm512_add_ps(_mm512_shuffle_ps(a, b, _MM_SHUFFLE(2, 0, 2, 0)),
                         _mm512_shuffle_ps(a, b, _MM_SHUFFLE(3, 1, 3, 1)));
}

/* The parts of the way between two rows, of 16 positions; of 8, each twice. */
static MOTET_ALWAYS_INLINE void row_fractions(float *f, const uint64_t *positions, uint32_t size,
                                              uint32_t phases) MOTET_NONBLOCKING
{
    const __m512i even = _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
    const __m512i factor = _mm512_set1_epi64(phases);
    __m512i low = _mm512_mul_epu32(_mm512_loadu_si512(positions), factor);
    if (size == 8) {
        _mm512_store_ps(f, fractions(low));
    } else {
        __m512i high = _mm512_mul_epu32(_mm512_loadu_si512(positions + 8), factor);
        _mm512_store_ps(f, fractions(_mm512_permutex2var_epi32(low, even, high)));
    }
}

/* 16 coefficients between two rows. c - f (c - n) has the bits of c + f (n - c), as in no table both are -0, and
 * spares an instruction: what is subtracted may come from memory. */
static MOTET_ALWAYS_INLINE __m512 coefficients(const float *row, uint32_t taps, float f) MOTET_NONBLOCKING
{
    __m512 c = _mm512_loadu_ps(row);
    __m512 fall = _mm512_sub_ps(c, _mm512_loadu_ps(row + taps));
    return _mm512_sub_ps(c, _mm512_mul_ps(fall, _mm512_set1_ps(f)));
}

/* The 16 partial sums of an output. */
static MOTET_ALWAYS_INLINE __m512 mono_sums(const float *from, uint64_t position, float f, const float *rows,
                                            uint32_t taps, uint32_t phases) MOTET_NONBLOCKING
{
    const float *row = rows + ((uint64_t)(uint32_t)position * phases >> 32) * taps;
    const float *frame = from + (position >> 32);
    __m512 sums = _mm512_mul_ps(coefficients(row, taps, f), _mm512_loadu_ps(frame));
    for (uint32_t tap = 16; tap < taps; tap += 16) {
        __m512 h = coefficients(row + tap, taps, f);
        sums = _mm512_add_ps(sums, _mm512_mul_ps(h, _mm512_loadu_ps(frame + tap)));
    }
    return sums;
}

/* 16 outputs, folded in the order that leaves them in their own. */
static MOTET_ALWAYS_INLINE __m512 mono_group(const float *from, const uint64_t *positions, const float *f,
                                             const float *rows, uint32_t taps, uint32_t phases) MOTET_NONBLOCKING
{
    __m512 sums[16];
    __m512 quads[4];
    MOTET_WRITE_OUT
    for (uint32_t k = 0; k < 16; k++) {
        sums[k] = mono_sums(from, positions[k], f[k], rows, taps, phases);
    }
    MOTET_WRITE_OUT
    for (uint32_t k = 0; k < 4; k++) {
        quads[k] = fold_4(fold_8(sums[k], sums[k + 4]), fold_8(sums[k + 8], sums[k + 12]));
    }
    return fold_1(fold_2(quads[0], quads[1]), fold_2(quads[2], quads[3]));
}

/* The same in stereo: the channels' partial sums lie side by side, and the first fold is the sum of two vectors. */
static MOTET_ALWAYS_INLINE __m512 stereo_sums(const float *from, uint64_t position, float f, const float *rows,
                                              uint32_t taps, uint32_t phases) MOTET_NONBLOCKING
{
    const __m512i first_twice = _mm512_setr_epi32(0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7);
    const __m512i last_twice = _mm512_setr_epi32(8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13, 14, 14, 15, 15);
    const float *row = rows + ((uint64_t)(uint32_t)position * phases >> 32) * taps;
    const float *frame = from + 2 * (position >> 32);
    __m512 h = coefficients(row, taps, f);
    __m512 low = _mm512_mul_ps(_mm512_permutexvar_ps(first_twice, h), _mm512_loadu_ps(frame));
    __m512 high = _mm512_mul_ps(_mm512_permutexvar_ps(last_twice, h), _mm512_loadu_ps(frame + 16));
    for (uint32_t tap = 16; tap < taps; tap += 16) {
        h = coefficients(row + tap, taps, f);
        frame += 32;
        low = _mm512_add_ps(low, _mm512_mul_ps(_mm512_permutexvar_ps(first_twice, h), _mm512_loadu_ps(frame)));
        high = _mm512_add_ps(high, _mm512_mul_ps(_mm512_permutexvar_ps(last_twice, h), _mm512_loadu_ps(frame + 16)));
    }
    return _mm512_add_ps(low, high);
}

/* A tap is two lanes wide here: the folds are of taps 4, 2 and 1 apart. */
static MOTET_ALWAYS_INLINE __m512 stereo_group(const float *from, const uint64_t *positions, const float *f,
                                               const float *rows, uint32_t taps, uint32_t phases) MOTET_NONBLOCKING
{
    __m512 sums[8];
    MOTET_WRITE_OUT
    for (uint32_t k = 0; k < 8; k++) {
        sums[k] = stereo_sums(from, positions[k], f[2 * k], rows, taps, phases);
    }
    return fold_2(fold_4(fold_8(sums[0], sums[2]), fold_8(sums[4], sums[6])),
                  fold_4(fold_8(sums[1], sums[3]), fold_8(sums[5], sums[7])));
}

typedef __m512 sinc_group(const float *from, const uint64_t *positions, const float *f, const float *rows,
                          uint32_t taps, uint32_t phases) MOTET_NONBLOCKING;

/* Whole groups; returns for how many positions. Fractions are stored a group ahead: what has just been stored as one
 * vector cannot be read at once as single floats. */
static MOTET_ALWAYS_INLINE uint32_t sinc_groups(sinc_group *group, uint32_t channels, float *out, const float *in,
                                                const uint64_t *positions, uint32_t count, const motet_sinc_bank *bank,
                                                uint32_t taps, uint32_t phases) MOTET_NONBLOCKING
{
    const uint32_t size = 16 / channels;
    const float *from = in - channels * (taps / 2 - 1);
    const float *rows = bank->rows;
    float f[2][16] __attribute__((aligned(64)));
    uint32_t left = count;
    uint32_t turn = 0;
    if (left >= size) {
        row_fractions(f[turn], positions, size, phases);
    }
    for (; left >= size; left -= size) {
        const uint64_t *next = positions + (left >= 2 * size ? size : 0);
        row_fractions(f[1 - turn], next, size, phases);
        _mm512_storeu_ps(out, group(from, positions, f[turn], rows, taps, phases));
        out += 16;
        positions += size;
        turn = 1 - turn;
    }
    return count - left;
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

void motet_sinc_mono_avx512(float *out, const float *in, const uint64_t *positions, uint32_t count,
                            const motet_sinc_bank *bank) MOTET_NONBLOCKING
{
    uint32_t done = sinc(mono_group, 1, out, in, positions, count, bank);
    if (done < count) {
        motet_sinc_rest(motet_sinc_mono_avx512, 16, 1, out + done, in, positions + done, count - done, bank);
    }
}

void motet_sinc_stereo_avx512(float *out, const float *in, const uint64_t *positions, uint32_t count,
                              const motet_sinc_bank *bank) MOTET_NONBLOCKING
{
    uint32_t done = sinc(stereo_group, 2, out, in, positions, count, bank);
    if (done < count) {
        motet_sinc_rest(motet_sinc_stereo_avx512, 8, 2, out + 2 * done, in, positions + done, count - done, bank);
    }
}

#endif /* MOTET_RESAMPLE_X86 */
