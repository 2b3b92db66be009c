/* Raw samples as bytes: little-endian everywhere, whatever the machine is. */
#ifndef MOTET_CLI_PCM_H
#define MOTET_CLI_PCM_H

#include "motet/motet.h"

typedef enum motet_sample_format {
    MOTET_SAMPLE_S16,
    MOTET_SAMPLE_S24, /* three bytes; for output only */
    MOTET_SAMPLE_F32
} motet_sample_format;

size_t motet_sample_bytes(motet_sample_format format);

/* A sample as an integer: clamped to +-1, times 32767 or 8388607, rounded to nearest even. The product is exact in
 * double, so it is rounded once. NaN gives 0. */
int32_t motet_sample_to_s16(float sample);
int32_t motet_sample_to_s24(float sample);

/* Writes `count` samples as bytes. */
void motet_pcm_encode(motet_sample_format format, const float *samples, size_t count, unsigned char *bytes);

/* Reads `count` samples of s16 or f32 into native ones: int16_t or float. */
void motet_pcm_decode_s16(const unsigned char *bytes, size_t count, int16_t *samples);
void motet_pcm_decode_f32(const unsigned char *bytes, size_t count, float *samples);

#endif /* MOTET_CLI_PCM_H */
