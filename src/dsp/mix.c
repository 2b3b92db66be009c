#include "dsp/mix.h"

#include <string.h>

void motet_mix_mono_s16(motet_stereo_sum sum, const motet_mix_voice *voices, uint32_t voice_count,
                        uint32_t count) MOTET_NONBLOCKING
{
    for (const motet_mix_voice *voice = voices; voice < voices + voice_count; voice++) {
        const int16_t *frames = voice->frames;
        for (uint32_t k = 0; k < count; k++) {
            float sample = (float)frames[k] * 0x1p-15f;
            sum.left[k] += sample * voice->gain_left;
            sum.right[k] += sample * voice->gain_right;
        }
    }
}

void motet_mix_mono_f32(motet_stereo_sum sum, const motet_mix_voice *voices, uint32_t voice_count,
                        uint32_t count) MOTET_NONBLOCKING
{
    for (const motet_mix_voice *voice = voices; voice < voices + voice_count; voice++) {
        const float *frames = voice->frames;
        for (uint32_t k = 0; k < count; k++) {
            sum.left[k] += frames[k] * voice->gain_left;
            sum.right[k] += frames[k] * voice->gain_right;
        }
    }
}

void motet_mix_stereo_s16(float *sum, const motet_mix_voice *voices, uint32_t voice_count,
                          uint32_t count) MOTET_NONBLOCKING
{
    for (const motet_mix_voice *voice = voices; voice < voices + voice_count; voice++) {
        const int16_t *frames = voice->frames;
        for (uint32_t k = 0; k < count; k++) {
            sum[2 * k] += ((float)frames[2 * k] * 0x1p-15f) * voice->gain_left;
            sum[2 * k + 1] += ((float)frames[2 * k + 1] * 0x1p-15f) * voice->gain_right;
        }
    }
}

void motet_mix_stereo_f32(float *sum, const motet_mix_voice *voices, uint32_t voice_count,
                          uint32_t count) MOTET_NONBLOCKING
{
    for (const motet_mix_voice *voice = voices; voice < voices + voice_count; voice++) {
        const float *frames = voice->frames;
        for (uint32_t k = 0; k < count; k++) {
            sum[2 * k] += frames[2 * k] * voice->gain_left;
            sum[2 * k + 1] += frames[2 * k + 1] * voice->gain_right;
        }
    }
}

void motet_mix_mono_ramped(motet_stereo_sum sum, const float *frames, const float *gains_left, const float *gains_right,
                           uint32_t count) MOTET_NONBLOCKING
{
    for (uint32_t k = 0; k < count; k++) {
        sum.left[k] += frames[k] * gains_left[k];
        sum.right[k] += frames[k] * gains_right[k];
    }
}

void motet_mix_stereo_ramped(float *sum, const float *frames, const float *gains_left, const float *gains_right,
                             uint32_t count) MOTET_NONBLOCKING
{
    for (uint32_t k = 0; k < count; k++) {
        sum[2 * k] += frames[2 * k] * gains_left[k];
        sum[2 * k + 1] += frames[2 * k + 1] * gains_right[k];
    }
}

void motet_add(float *out, const float *in, uint32_t count) MOTET_NONBLOCKING
{
    for (uint32_t k = 0; k < count; k++) {
        out[k] += in[k];
    }
}

void motet_add_split(motet_stereo_sum sum, const float *interleaved, uint32_t count) MOTET_NONBLOCKING
{
    for (uint32_t k = 0; k < count; k++) {
        sum.left[k] += interleaved[2 * k];
        sum.right[k] += interleaved[2 * k + 1];
    }
}

void motet_add_scaled(float *to, const float *from, float gain, uint32_t count) MOTET_NONBLOCKING
{
    for (uint32_t k = 0; k < count; k++) {
        to[k] += from[k] * gain;
    }
}

void motet_add_scaled_ramped(float *to, const float *from, const float *gains, uint32_t count) MOTET_NONBLOCKING
{
    for (uint32_t k = 0; k < count; k++) {
        to[k] += from[k] * gains[k];
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

void motet_swap(float *restrict a, float *restrict b, uint32_t count) MOTET_NONBLOCKING
{
    for (uint32_t k = 0; k < count; k++) {
        float aside = a[k];
        a[k] = b[k];
        b[k] = aside;
    }
}

/* As whole numbers the bits of magnitudes are in the order of the magnitudes, with infinity and NaN above all. */
float motet_largest(const float *samples, uint32_t count) MOTET_NONBLOCKING
{
    int32_t largest = 0;
    for (uint32_t k = 0; k < count; k++) {
        int32_t bits;
        memcpy(&bits, &samples[k], sizeof bits);
        bits &= INT32_MAX;
        largest = bits > largest ? bits : largest;
    }
    float result;
    memcpy(&result, &largest, sizeof result);
    return result;
}

double motet_fold_squares(double sums[MOTET_SQUARE_SUMS], const float *rest, uint32_t rest_count) MOTET_NONBLOCKING
{
    for (uint32_t k = 0; k < rest_count; k++) {
        sums[k] += (double)rest[k] * (double)rest[k];
    }
    for (uint32_t half = MOTET_SQUARE_SUMS / 2; half > 0; half /= 2) {
        for (uint32_t j = 0; j < half; j++) {
            sums[j] += sums[j + half];
        }
    }
    return sums[0];
}

double motet_sum_of_squares(const float *samples, uint32_t count) MOTET_NONBLOCKING
{
    double sums[MOTET_SQUARE_SUMS] = {0};
    uint32_t at = 0;
    for (; count - at >= MOTET_SQUARE_SUMS; at += MOTET_SQUARE_SUMS) {
        for (uint32_t j = 0; j < MOTET_SQUARE_SUMS; j++) {
            sums[j] += (double)samples[at + j] * (double)samples[at + j];
        }
    }
    return motet_fold_squares(sums, samples + at, count - at);
}

/* x - x is 0 for every finite x and NaN for all others. */
static float nothing_if_finite(float sample) MOTET_NONBLOCKING
{
    return sample - sample;
}

uint32_t motet_silence_non_finite(motet_stereo_sum sum, uint32_t count) MOTET_NONBLOCKING
{
    uint32_t silenced = 0;
    for (uint32_t k = 0; k < count; k++) {
        if (nothing_if_finite(sum.left[k]) != 0 || nothing_if_finite(sum.right[k]) != 0) {
            sum.left[k] = 0;
            sum.right[k] = 0;
            silenced++;
        }
    }
    return silenced;
}
