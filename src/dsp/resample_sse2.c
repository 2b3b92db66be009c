#include "dsp/resample_groups.h"

#if MOTET_RESAMPLE_X86

#    include "dsp/vector_sse2.h"

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

static MOTET_ALWAYS_INLINE floats fractions(__m128i bits) MOTET_NONBLOCKING
{
    return _mm_mul_ps(_mm_cvtepi32_ps(_mm_srli_epi32(bits, 8)), _mm_set1_ps(0x1p-24f));
}

/* Of four positions. */
static MOTET_ALWAYS_INLINE floats fractions_of(const uint64_t *positions) MOTET_NONBLOCKING
{
    __m128 low = _mm_loadu_ps((const float *)(const void *)positions);
    __m128 high = _mm_loadu_ps((const float *)(const void *)(positions + 2));
    return fractions(_mm_castps_si128(_mm_shuffle_ps(low, high, _MM_SHUFFLE(2, 0, 2, 0))));
}

/* Of two positions, each twice. */
static MOTET_ALWAYS_INLINE floats pair_fractions_of(const uint64_t *positions) MOTET_NONBLOCKING
{
    __m128i at = _mm_loadu_si128((const __m128i *)(const void *)positions);
    return fractions(_mm_shuffle_epi32(at, _MM_SHUFFLE(2, 2, 0, 0)));
}

static MOTET_ALWAYS_INLINE floats two_pairs(const float *in, const uint64_t *positions) MOTET_NONBLOCKING
{
    const float *first = in + (positions[0] >> 32);
    const float *second = in + (positions[1] >> 32);
    __m128 low = _mm_castsi128_ps(_mm_loadl_epi64((const __m128i *)(const void *)first));
    return _mm_loadh_pi(low, (const __m64 *)(const void *)second);
}

static MOTET_ALWAYS_INLINE floats first_halves(floats a, floats b) MOTET_NONBLOCKING
{
    return _mm_movelh_ps(a, b);
}

static MOTET_ALWAYS_INLINE floats second_halves(floats a, floats b) MOTET_NONBLOCKING
{
    return _mm_movehl_ps(b, a);
}

static MOTET_ALWAYS_INLINE void four_fours(floats frames[], const float *in,
                                           const uint64_t *positions) MOTET_NONBLOCKING
{
    floats a = floats_load(in + (positions[0] >> 32)), b = floats_load(in + (positions[1] >> 32));
    floats c = floats_load(in + (positions[2] >> 32)), d = floats_load(in + (positions[3] >> 32));
    _MM_TRANSPOSE4_PS(a, b, c, d);
    frames[0] = a;
    frames[1] = b;
    frames[2] = c;
    frames[3] = d;
}

static MOTET_ALWAYS_INLINE floats pair_sums(floats a, floats b) MOTET_NONBLOCKING
{
    floats halves[2];
    floats_split(a, b, halves);
    return floats_add(halves[0], halves[1]);
}

#    define KERNEL(name) name##_sse2

#    include "dsp/resample_quads.h"

#    include "dsp/resample_body.h"
#    include "dsp/resample_each.h"
#    include "dsp/resample_sinc.h"

#endif /* MOTET_RESAMPLE_X86 */
