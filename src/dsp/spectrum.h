/* What frequencies a stretch of sound is made of, for meters. Not for the audio thread.
 *
 * Levels are those of sines: a full-scale one reads 0 dB in its bin. Under Hann's window one that lies half-way between
 * two bins reads up to 1.42 dB less in both, and each has a little of itself in the bins beside. Constant 1 reads 0 dB
 * in bin 0. */
#ifndef MOTET_DSP_SPECTRUM_H
#define MOTET_DSP_SPECTRUM_H

#include "dsp/fft.h"

#define MOTET_SPECTRUM_FLOOR_DB (-200.0f)

typedef struct motet_spectrum motet_spectrum;

/* Bytes for stretches of `frames`, a power of two from 64 to 65536; zeroed, aligned to 64. */
size_t motet_spectrum_size(uint32_t frames);
void motet_spectrum_init(motet_spectrum *spectrum, uint32_t frames, const motet_kernels *kernels);

/* The level of each bin, frames / 2 + 1 of them: bin k is at k * rate / frames Hz. Never below MOTET_SPECTRUM_FLOOR_DB;
 * where a sample is not finite, all are that. */
void motet_spectrum_measure(motet_spectrum *spectrum, float *levels_db, const float *samples);

#endif /* MOTET_DSP_SPECTRUM_H */
