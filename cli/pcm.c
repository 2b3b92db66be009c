#include "pcm.h"

#include <math.h>
#include <string.h>

size_t motet_sample_bytes(motet_sample_format format)
{
    static const size_t bytes[] = {[MOTET_SAMPLE_S16] = 2, [MOTET_SAMPLE_S24] = 3, [MOTET_SAMPLE_F32] = 4};
    return bytes[format];
}

static int32_t to_integer(float sample, double scale)
{
    if (isnan(sample)) {
        return 0;
    }
    double clamped = sample < -1.0F ? -1.0 : sample > 1.0F ? 1.0 : (double)sample;
    return (int32_t)lrint(clamped * scale);
}

int32_t motet_sample_to_s16(float sample)
{
    return to_integer(sample, 32767.0);
}

int32_t motet_sample_to_s24(float sample)
{
    return to_integer(sample, 8388607.0);
}

static void put_little(uint32_t value, size_t size, unsigned char *bytes)
{
    for (size_t i = 0; i < size; i++) {
        bytes[i] = (unsigned char)(value >> (8 * i));
    }
}

void motet_pcm_encode(motet_sample_format format, const float *samples, size_t count, unsigned char *bytes)
{
    size_t size = motet_sample_bytes(format);
    for (size_t i = 0; i < count; i++) {
        uint32_t value = 0;
        switch (format) {
        case MOTET_SAMPLE_S16: value = (uint32_t)motet_sample_to_s16(samples[i]); break;
        case MOTET_SAMPLE_S24: value = (uint32_t)motet_sample_to_s24(samples[i]); break;
        case MOTET_SAMPLE_F32: memcpy(&value, &samples[i], sizeof value); break;
        }
        put_little(value, size, bytes + i * size);
    }
}

void motet_pcm_decode_s16(const unsigned char *bytes, size_t count, int16_t *samples)
{
    for (size_t i = 0; i < count; i++) {
        uint16_t value = (uint16_t)(bytes[2 * i] | bytes[2 * i + 1] << 8);
        memcpy(&samples[i], &value, sizeof value);
    }
}

void motet_pcm_decode_f32(const unsigned char *bytes, size_t count, float *samples)
{
    for (size_t i = 0; i < count; i++) {
        const unsigned char *b = bytes + 4 * i;
        uint32_t value = b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
        memcpy(&samples[i], &value, sizeof value);
    }
}
