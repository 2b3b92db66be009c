#include "dsp/mix.h"

#include <string.h>

void motet_mix_mono_s16(motet_stereo_sum sum, const int16_t *frames, float gain_left, float gain_right,
                        uint32_t count) MOTET_NONBLOCKING
{
    for (uint32_t k = 0; k < count; k++) {
        float sample = (float)frames[k] * 0x1p-15f;
        sum.left[k] += sample * gain_left;
        sum.right[k] += sample * gain_right;
    }
}

void motet_mix_mono_f32(motet_stereo_sum sum, const float *frames, float gain_left, float gain_right,
                        uint32_t count) MOTET_NONBLOCKING
{
    motet_mix_planar(sum, frames, frames, gain_left, gain_right, count);
}

void motet_mix_stereo_s16(motet_stereo_sum sum, const int16_t *frames, float gain_left, float gain_right,
                          uint32_t count) MOTET_NONBLOCKING
{
    for (uint32_t k = 0; k < count; k++) {
        sum.left[k] += ((float)frames[2 * k] * 0x1p-15f) * gain_left;
        sum.right[k] += ((float)frames[2 * k + 1] * 0x1p-15f) * gain_right;
    }
}

void motet_mix_stereo_f32(motet_stereo_sum sum, const float *frames, float gain_left, float gain_right,
                          uint32_t count) MOTET_NONBLOCKING
{
    for (uint32_t k = 0; k < count; k++) {
        sum.left[k] += frames[2 * k] * gain_left;
        sum.right[k] += frames[2 * k + 1] * gain_right;
    }
}

void motet_mix_planar(motet_stereo_sum sum, const float *left, const float *right, float gain_left, float gain_right,
                      uint32_t count) MOTET_NONBLOCKING
{
    for (uint32_t k = 0; k < count; k++) {
        sum.left[k] += left[k] * gain_left;
        sum.right[k] += right[k] * gain_right;
    }
}

void motet_mix_planar_ramped(motet_stereo_sum sum, const float *left, const float *right, const float *gains_left,
                             const float *gains_right, uint32_t count) MOTET_NONBLOCKING
{
    for (uint32_t k = 0; k < count; k++) {
        sum.left[k] += left[k] * gains_left[k];
        sum.right[k] += right[k] * gains_right[k];
    }
}

void motet_add(float *out, const float *in, uint32_t count) MOTET_NONBLOCKING
{
    for (uint32_t k = 0; k < count; k++) {
        out[k] += in[k];
    }
}

void motet_scale(float *samples, float gain, uint32_t count) MOTET_NONBLOCKING
{
    for (uint32_t k = 0; k < count; k++) {
        samples[k] *= gain;
    }
}

void motet_scale_ramped(float *samples, const float *gains, uint32_t count) MOTET_NONBLOCKING
{
    for (uint32_t k = 0; k < count; k++) {
        samples[k] *= gains[k];
    }
}

static float magnitude(float sample) MOTET_NONBLOCKING
{
    return sample < 0 ? -sample : sample;
}

/* x - x is 0 for every finite x and NaN for all others. */
static float nothing_if_finite(float sample) MOTET_NONBLOCKING
{
    return sample - sample;
}

static int32_t magnitude_bits(float sample) MOTET_NONBLOCKING
{
    int32_t bits;
    memcpy(&bits, &sample, sizeof bits);
    return bits & INT32_MAX;
}

/* The largest magnitude as its bits: these order as the magnitudes do, with infinity and NaN above all others. */
static int32_t largest_bits(motet_stereo_sum sum, uint32_t count) MOTET_NONBLOCKING
{
    enum { LANES = 8 };
    int32_t largest[LANES] = {0};
    uint32_t k = 0;
    for (; k + LANES <= count; k += LANES) {
        for (uint32_t lane = 0; lane < LANES; lane++) {
            int32_t left = magnitude_bits(sum.left[k + lane]);
            int32_t right = magnitude_bits(sum.right[k + lane]);
            int32_t larger = left > right ? left : right;
            largest[lane] = larger > largest[lane] ? larger : largest[lane];
        }
    }
    int32_t result = 0;
    for (; k < count; k++) {
        int32_t left = magnitude_bits(sum.left[k]);
        int32_t right = magnitude_bits(sum.right[k]);
        result = left > result ? left : result;
        result = right > result ? right : result;
    }
    for (uint32_t lane = 0; lane < LANES; lane++) {
        result = largest[lane] > result ? largest[lane] : result;
    }
    return result;
}

uint32_t motet_silence_non_finite(motet_stereo_sum sum, uint32_t count, float *peak) MOTET_NONBLOCKING
{
    int32_t largest = largest_bits(sum, count);
    memcpy(peak, &largest, sizeof *peak);
    if (nothing_if_finite(*peak) == 0) {
        return 0;
    }
    uint32_t silenced = 0;
    for (uint32_t k = 0; k < count; k++) {
        if (nothing_if_finite(sum.left[k]) != 0 || nothing_if_finite(sum.right[k]) != 0) {
            sum.left[k] = 0;
            sum.right[k] = 0;
            silenced++;
        }
    }
    largest = largest_bits(sum, count);
    memcpy(peak, &largest, sizeof *peak);
    return silenced;
}

float motet_peak(const float *samples, uint32_t count) MOTET_NONBLOCKING
{
    float peak = 0;
    for (uint32_t k = 0; k < count; k++) {
        float m = magnitude(samples[k]);
        peak = m > peak ? m : peak;
    }
    return peak;
}
