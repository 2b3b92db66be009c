#include "dsp/resample_groups.h"

#if MOTET_RESAMPLE_X86

#    include "dsp/vector_avx512.h"

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

/* ------------------------------------------------------------------------------------------------------ Frames */

static MOTET_ALWAYS_INLINE floats fractions(__m512i bits) MOTET_NONBLOCKING
{
    return _mm512_mul_ps(_mm512_cvtepi32_ps(_mm512_srli_epi32(bits, 8)), _mm512_set1_ps(0x1p-24f));
}

/* Of 16 positions. */
static MOTET_ALWAYS_INLINE floats fractions_of(const uint64_t *positions) MOTET_NONBLOCKING
{
    const __m512i even = _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
    return fractions(_mm512_permutex2var_epi32(_mm512_loadu_si512(positions), even, _mm512_loadu_si512(positions + 8)));
}

/* Of 8 positions, each twice. */
static MOTET_ALWAYS_INLINE floats pair_fractions_of(const uint64_t *positions) MOTET_NONBLOCKING
{
    return fractions(_mm512_shuffle_epi32(_mm512_loadu_si512(positions), _MM_PERM_CCAA));
}

/* Positions whose frames lie within two vectors from the first one's on. */
static MOTET_ALWAYS_INLINE void mono_frames(floats frames[], uint32_t frame_count, const float *in,
                                            const uint64_t *positions) MOTET_NONBLOCKING
{
    const __m512i odd = _mm512_setr_epi32(1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31);
    const uint64_t first = positions[0] >> 32;
    __m512i whole = _mm512_permutex2var_epi32(_mm512_loadu_si512(positions), odd, _mm512_loadu_si512(positions + 8));
    __m512i index = _mm512_sub_epi32(whole, _mm512_set1_epi32((int)first));
    floats low = floats_load(in + first);
    floats high = floats_load(in + first + 16);
    MOTET_WRITE_OUT
    for (uint32_t j = 0; j < frame_count; j++) {
        __m512i at = j == 0 ? index : _mm512_add_epi32(index, _mm512_set1_epi32((int)j));
        frames[j] = _mm512_permutex2var_ps(low, at, high);
    }
}

/* A frame is two lanes: a double. */
static MOTET_ALWAYS_INLINE void stereo_frames(floats frames[], uint32_t frame_count, const float *in,
                                              const uint64_t *positions) MOTET_NONBLOCKING
{
    const uint64_t first = positions[0] >> 32;
    __m512i whole = _mm512_srli_epi64(_mm512_loadu_si512(positions), 32);
    __m512i index = _mm512_sub_epi64(whole, _mm512_set1_epi64((long long)first));
    doubles low = _mm512_castps_pd(floats_load(in + 2 * first));
    doubles high = _mm512_castps_pd(floats_load(in + 2 * first + 16));
    MOTET_WRITE_OUT
    for (uint32_t j = 0; j < frame_count; j++) {
        __m512i at = j == 0 ? index : _mm512_add_epi64(index, _mm512_set1_epi64(j));
        frames[j] = _mm512_castpd_ps(_mm512_permutex2var_pd(low, at, high));
    }
}

/* -------------------------------------------------------------------------------------------------------- Sums */

static MOTET_ALWAYS_INLINE void each_twice(floats v, floats out[2]) MOTET_NONBLOCKING
{
    const __m512i first_twice = _mm512_setr_epi32(0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7);
    const __m512i last_twice = _mm512_setr_epi32(8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13, 14, 14, 15, 15);
    out[0] = _mm512_permutexvar_ps(first_twice, v);
    out[1] = _mm512_permutexvar_ps(last_twice, v);
}

/* Sums of halves. `fold_8` takes 16 lanes of each and leaves 8 of a, then 8 of b; the next leave 4, 2 and 1 of each of
 * the vectors that went into them. Where it spares a shuffle one half is added with its sides changed: a sum's bits do
 * not depend on which side is first. */
static MOTET_ALWAYS_INLINE floats fold_8(floats a, floats b) MOTET_NONBLOCKING
{
    return _mm512_add_ps(_mm512_mask_blend_ps(0xff00, a, b), _mm512_shuffle_f32x4(a, b, _MM_SHUFFLE(1, 0, 3, 2)));
}

static MOTET_ALWAYS_INLINE floats fold_4(floats ab, floats cd) MOTET_NONBLOCKING
{
    return _mm512_add_ps(_mm512_shuffle_f32x4(ab, cd, _MM_SHUFFLE(2, 0, 2, 0)),
                         _mm512_shuffle_f32x4(ab, cd, _MM_SHUFFLE(3, 1, 3, 1)));
}

static MOTET_ALWAYS_INLINE floats fold_2(floats a, floats b) MOTET_NONBLOCKING
{
    return _mm512_add_ps(_mm512_mask_blend_ps(0xcccc, a, b), _mm512_shuffle_ps(a, b, _MM_SHUFFLE(1, 0, 3, 2)));
}

static MOTET_ALWAYS_INLINE floats fold_1(floats a, floats b) MOTET_NONBLOCKING
{
    return _mm512_add_ps(_mm512_shuffle_ps(a, b, _MM_SHUFFLE(2, 0, 2, 0)),
                         _mm512_shuffle_ps(a, b, _MM_SHUFFLE(3, 1, 3, 1)));
}

/* In the order that leaves the outputs in their own. */
static MOTET_ALWAYS_INLINE floats mono_fold(const floats sums[]) MOTET_NONBLOCKING
{
    floats quads[4];
    MOTET_WRITE_OUT
    for (uint32_t k = 0; k < 4; k++) {
        quads[k] = fold_4(fold_8(sums[k], sums[k + 4]), fold_8(sums[k + 8], sums[k + 12]));
    }
    return fold_1(fold_2(quads[0], quads[1]), fold_2(quads[2], quads[3]));
}

/* A tap is two lanes wide here: the folds are of taps 4, 2 and 1 apart. */
static MOTET_ALWAYS_INLINE floats stereo_fold(const floats sums[]) MOTET_NONBLOCKING
{
    return fold_2(fold_4(fold_8(sums[0], sums[2]), fold_8(sums[4], sums[6])),
                  fold_4(fold_8(sums[1], sums[3]), fold_8(sums[5], sums[7])));
}

#    define KERNEL(name) name##_avx512

#    include "dsp/resample_body.h"

/* -------------------------------------------------------------------------------------------- Linear and cubic */

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

static MOTET_ALWAYS_INLINE motet_sinc_place place_of(const motet_sinc_bank *bank, uint64_t position,
                                                     float f) MOTET_NONBLOCKING
{
    return (motet_sinc_place){bank->rows + ((uint64_t)(uint32_t)position * bank->phases >> 32) * bank->taps, f};
}

static MOTET_ALWAYS_INLINE floats mono_group(const float *from, const uint64_t *positions, const float *f,
                                             const motet_sinc_bank *bank) MOTET_NONBLOCKING
{
    floats sums[16];
    MOTET_WRITE_OUT
    for (uint32_t k = 0; k < 16; k++) {
        sums[k] = mono_sums(from + (positions[k] >> 32), place_of(bank, positions[k], f[k]), bank->taps);
    }
    return mono_fold(sums);
}

static MOTET_ALWAYS_INLINE floats stereo_group(const float *from, const uint64_t *positions, const float *f,
                                               const motet_sinc_bank *bank) MOTET_NONBLOCKING
{
    floats sums[8];
    MOTET_WRITE_OUT
    for (uint32_t k = 0; k < 8; k++) {
        sums[k] = stereo_sums(from + 2 * (positions[k] >> 32), place_of(bank, positions[k], f[2 * k]), bank->taps);
    }
    return stereo_fold(sums);
}

typedef floats sinc_group(const float *from, const uint64_t *positions, const float *f,
                          const motet_sinc_bank *bank) MOTET_NONBLOCKING;

/* Whole groups; returns for how many positions. Fractions are stored a group ahead: what has just been stored as one
 * vector cannot be read at once as single floats. */
static MOTET_ALWAYS_INLINE uint32_t sinc_groups(sinc_group *group, uint32_t channels, float *out, const float *in,
                                                const uint64_t *positions, uint32_t count, const motet_sinc_bank *bank,
                                                uint32_t taps, uint32_t phases) MOTET_NONBLOCKING
{
    const uint32_t size = 16 / channels;
    const float *from = in - channels * (taps / 2 - 1);
    const motet_sinc_bank own = {bank->rows, taps, phases}; /* which no output can overlap */
    float f[2][16] __attribute__((aligned(64)));
    uint32_t left = count;
    uint32_t turn = 0;
    if (left >= size) {
        row_fractions(f[turn], positions, size, phases);
    }
    for (; left >= size; left -= size) {
        const uint64_t *next = positions + (left >= 2 * size ? size : 0);
        row_fractions(f[1 - turn], next, size, phases);
        floats_store(out, group(from, positions, f[turn], &own));
        out += 16;
        positions += size;
        turn = 1 - turn;
    }
    return count - left;
}

#    include "dsp/resample_sinc.h"

#endif /* MOTET_RESAMPLE_X86 */
