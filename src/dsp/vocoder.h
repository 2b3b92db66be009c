/* The phase vocoder under dsp/stretch.h and the effect pitch_shift: takes windows of a sound at any places, and lays
 * them one over the other in time so that each partial goes on where it was.
 *
 * Each hop brings two windows: the one that is to sound, and one that lies as much earlier in the source as the last
 * hop lies earlier in the result. The phase at a peak of the spectrum moves on by what it moved between these two, so
 * nothing is estimated: a steady tone keeps its frequency exactly (M. Puckette, "Phase-locked vocoder", 1995). What
 * lies around the peak is turned by the same angle (J. Laroche and M. Dolson, "Improved phase vocoder time-scale
 * modification of audio", 1999). Both channels are turned alike, so they keep their relation. A peak that was not there
 * before keeps the phase it has, which leaves attacks whole.
 *
 * Windows are Hann's, on the way in and on the way out; the result is divided by the sum of their squares. */
#ifndef MOTET_DSP_VOCODER_H
#define MOTET_DSP_VOCODER_H

#include "dsp/fft.h"

enum { MOTET_VOCODER_LEAST = 256, MOTET_VOCODER_OVERLAP = 8 };

typedef struct motet_vocoder {
    uint32_t channels, frames; /* of a window */
    const motet_kernels *kernels;
    motet_fft fft;
    float *hann; /* of `frames`, and the first point again */
    float *window;
    uint32_t window_frames;
    float *windowed, *work, *power;
    motet_complexes now[2], back[2], last[2];
    float *sums[2], *weights; /* rings of `frames`, from `head` on */
    uint32_t head;
} motet_vocoder;

/* Frames of a window: 30 to 60 ms, a power of two. */
uint32_t motet_vocoder_frames(uint32_t sample_rate_hz);

/* Bytes of memory, zeroed, aligned to 64. Not for the audio thread. */
size_t motet_vocoder_size(uint32_t channels, uint32_t frames);
void motet_vocoder_init(motet_vocoder *vocoder, uint32_t channels, uint32_t frames, const motet_kernels *kernels,
                        float *memory);
void motet_vocoder_reset(motet_vocoder *vocoder) MOTET_NONBLOCKING;

/* Lays a window over the next `frames` frames of the result. `now` and `back` are `frames` each for every channel; only
 * the `window_frames` in their middle count. */
void motet_vocoder_hop(motet_vocoder *vocoder, const float *const now[2], const float *const back[2],
                       uint32_t window_frames) MOTET_NONBLOCKING;

/* The next frames of the result, at most as many as there are to the next hop. */
void motet_vocoder_take(motet_vocoder *vocoder, float *const channels[2], uint32_t count) MOTET_NONBLOCKING;

#endif /* MOTET_DSP_VOCODER_H */
