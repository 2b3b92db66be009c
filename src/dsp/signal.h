/* Test signals (motet_signal), computed in double and rounded once. */
#ifndef MOTET_DSP_SIGNAL_H
#define MOTET_DSP_SIGNAL_H

#include "motet/motet.h"

/* floor(seconds * rate + 0.5); UINT64_MAX where that is 2^63 or more, 0 for NaN. */
uint64_t motet_signal_frame_count(double seconds, uint32_t sample_rate_hz);

/* Writes all `frame_count` frames, interleaved. `signal` is valid and complete: its channels and rate are not 0. The
 * samples are raw: like all float material they pass through motet_clean_f32 before a voice may play them. */
void motet_signal_render(const motet_signal *signal, float *interleaved, uint64_t frame_count);

#endif /* MOTET_DSP_SIGNAL_H */
