#include "decode/samples.h"

#include "engine/decoder.h"

#include <string.h>

void motet_round_to_s16(int16_t *out, const float *in, size_t sample_count)
{
    /* Adding 1.5 * 2^23 leaves no bit below the unit, so the sum is rounded to nearest even in one instruction; the
     * product by a power of two is exact. */
    const float unit = 12582912.0f;
    for (size_t i = 0; i < sample_count; i++) {
        float sample = in[i] * 32768.0f;
        sample = sample == sample ? sample : 0.0f;
        sample = sample < 32767.0f ? sample : 32767.0f;
        sample = sample > -32768.0f ? sample : -32768.0f;
        sample = (sample + unit) - unit;
        out[i] = (int16_t)sample;
    }
}

const uint8_t *motet_xiph_channel_order(uint32_t channels)
{
    /* Vorbis I specification, 4.3.9. Row n-1 is for n channels. */
    static const uint8_t order[MOTET_DECODER_MAX_CHANNELS][MOTET_DECODER_MAX_CHANNELS] = {
        {0},
        {0, 1},
        {0, 2, 1},
        {0, 1, 2, 3},
        {0, 2, 1, 3, 4},
        {0, 2, 1, 5, 3, 4},
        {0, 2, 1, 6, 5, 3, 4},
        {0, 2, 1, 7, 5, 6, 3, 4},
    };
    return order[channels - 1];
}

void motet_reorder_channels(float *interleaved, const uint8_t *order, uint32_t channels, size_t frame_count)
{
    for (size_t frame = 0; frame < frame_count; frame++) {
        float *samples = interleaved + frame * channels;
        float before[MOTET_DECODER_MAX_CHANNELS];
        memcpy(before, samples, channels * sizeof(float));
        for (uint32_t c = 0; c < channels; c++) samples[c] = before[order[c]];
    }
}
