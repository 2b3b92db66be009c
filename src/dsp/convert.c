#include "dsp/convert.h"

#include <assert.h>
#include <float.h>
#include <math.h>

/* Rounding by a cast, which truncates in every rounding mode, after half a step away from 0. That is rounding to
 * nearest even, because the product is exact in double (24 + 15 bits) and a tie needs a sample of k + 1/2 over 32767,
 * of which only +-1/2 is a float: 16383.5, whose even neighbour is the one away from 0. A product in float would be
 * rounded twice, and off by one in a sample of 2000. */
int16_t motet_f32_to_s16(float sample) MOTET_NONBLOCKING
{
    float number = sample == sample ? sample : 0.0f;
    float below = number < 1.0f ? number : 1.0f;
    float clamped = below > -1.0f ? below : -1.0f;
    double scaled = (double)clamped * 32767.0;
    return (int16_t)(int32_t)(scaled < 0.0 ? scaled - 0.5 : scaled + 0.5);
}

void motet_convert_f32_to_s16(int16_t *restrict out, const float *restrict in, size_t sample_count) MOTET_NONBLOCKING
{
    for (size_t i = 0; i < sample_count; i++) {
        out[i] = motet_f32_to_s16(in[i]);
    }
}

void motet_convert_s16_to_f32(float *restrict out, const int16_t *restrict in, size_t sample_count) MOTET_NONBLOCKING
{
    for (size_t i = 0; i < sample_count; i++) {
        out[i] = (float)in[i] * (1.0f / 32768.0f);
    }
}

/* Adding and taking away 1.5 * 2^52 leaves a double's nearest whole number, ties to even. */
static double round_to_even(double number) MOTET_NONBLOCKING
{
    volatile double shifted = number + 6755399441055744.0;
    return shifted - 6755399441055744.0;
}

void motet_pack_s16(int16_t *out, const float *in, size_t sample_count) MOTET_NONBLOCKING
{
    for (size_t i = 0; i < sample_count; i++) {
        double number = round_to_even((double)in[i] * 32768.0);
        out[i] = (int16_t)(number < -32768.0 ? -32768.0 : number > 32767.0 ? 32767.0 : number);
    }
}

static const float largest_sample = 1e6f;

size_t motet_clean_f32(float *samples, size_t sample_count) MOTET_NONBLOCKING
{
    size_t not_finite = 0;
    for (size_t i = 0; i < sample_count; i++) {
        float sample = samples[i];
        float magnitude = fabsf(sample);
        int finite = magnitude <= FLT_MAX;
        not_finite += (size_t)!finite;
        float below = sample < largest_sample ? sample : largest_sample;
        float clamped = below > -largest_sample ? below : -largest_sample;
        samples[i] = finite && magnitude >= MOTET_SAMPLE_FLOOR ? clamped : 0.0f;
    }
    return not_finite;
}

/* Which channels go to a side besides the first (left) or second (right) one, at sqrt(1/2). */
typedef struct fold_layout {
    uint32_t count;
    uint8_t left[3];
    uint8_t right[3];
} fold_layout;

static const fold_layout fold_layouts[6] = {
    {1, {2}, {2}},             /* L R C */
    {1, {2}, {3}},             /* L R Ls Rs */
    {2, {2, 3}, {2, 4}},       /* L R C Ls Rs */
    {2, {2, 4}, {2, 5}},       /* L R C LFE Ls Rs */
    {3, {2, 4, 5}, {2, 4, 6}}, /* L R C LFE Cs Ls Rs */
    {3, {2, 4, 6}, {2, 5, 7}}, /* L R C LFE Lb Rb Ls Rs */
};

void motet_fold_to_stereo(float *out, const float *in, uint32_t channels, size_t frame_count) MOTET_NONBLOCKING
{
    assert(channels >= 3 && channels <= 8);
    const float sqrt_half = 0.707106781186547524401f;
    const fold_layout *layout = &fold_layouts[channels - 3];
    for (size_t frame = 0; frame < frame_count; frame++, in += channels, out += 2) {
        float left = in[0];
        float right = in[1];
        for (uint32_t i = 0; i < layout->count; i++) {
            left += in[layout->left[i]] * sqrt_half;
            right += in[layout->right[i]] * sqrt_half;
        }
        out[0] = left; /* both read first: `out` may be `in`, and never gets ahead of it */
        out[1] = right;
    }
}

void motet_interleave(float *restrict out, const float *restrict left, const float *restrict right,
                      size_t frame_count) MOTET_NONBLOCKING
{
    for (size_t i = 0; i < frame_count; i++) {
        out[2 * i] = left[i];
        out[2 * i + 1] = right[i];
    }
}

void motet_fold_to_mono(float *restrict out, const float *restrict left, const float *restrict right,
                        size_t frame_count) MOTET_NONBLOCKING
{
    for (size_t i = 0; i < frame_count; i++) {
        out[i] = 0.5f * left[i] + 0.5f * right[i];
    }
}
