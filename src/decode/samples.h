/* From what the decoders give to what the engine keeps. */
#ifndef MOTET_DECODE_SAMPLES_H
#define MOTET_DECODE_SAMPLES_H

#include <stddef.h>
#include <stdint.h>

/* Decoded floats to s16: times 32768 (the inverse of the engine's reading), rounded to nearest even, clamped; NaN
 * gives 0. The libraries' own roundings differ from one another, between builds, and some wrap around. */
void motet_round_to_s16(int16_t *out, const float *in, size_t sample_count);

/* Where each channel of WAV's order comes from in the order that Vorbis and Opus share, for 1 ... 8 channels. */
const uint8_t *motet_xiph_channel_order(uint32_t channels);

/* Reorders interleaved frames in place: channel c of the result is channel order[c]. */
void motet_reorder_channels(float *interleaved, const uint8_t *order, uint32_t channels, size_t frame_count);

#endif /* MOTET_DECODE_SAMPLES_H */
