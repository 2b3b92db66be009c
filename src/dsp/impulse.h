/* An impulse response, made ready for dsp/convolver.h: its first taps as they are, the rest as spectra of parts that
 * grow with the distance from the start (W. G. Gardner, "Efficient convolution without input-output delay", 1995).
 *
 * A part of B taps is worked on as B complex numbers and not as 2 B real ones: x^2B + 1 has the factor x^B - i, so the
 * halves of 2 B samples, taken as real and imaginary parts and turned by e^(i pi n / 2 B), convolve by B-point
 * transforms ("right-angle convolution": the wrap-around changes its sign, where an overlap-save does not look anyway).
 * No bin is special then. */
#ifndef MOTET_DSP_IMPULSE_H
#define MOTET_DSP_IMPULSE_H

#include "dsp/fft.h"
#include "motet/motet.h"

enum { MOTET_IMPULSE_LEVELS = 3, MOTET_IMPULSE_HEAD = 64, MOTET_IMPULSE_MOST_SECONDS = 10 };

/* Taps [first, end) lie in parts of `block`. The first level's are needed as soon as a block is there (first = block),
 * those of the others a block later (first = 2 block), which is the time to work them out in. */
typedef struct motet_impulse_shape {
    uint32_t block, first, end;
} motet_impulse_shape;

extern const motet_impulse_shape motet_impulse_shapes[MOTET_IMPULSE_LEVELS];

/* Parts of a level in a response of that many frames. */
uint32_t motet_impulse_parts(uint32_t level, uint32_t frames) MOTET_NONBLOCKING;

typedef struct motet_impulse {
    uint32_t frames;
    float scale; /* times this, noise comes out of the louder side as loud as it goes in */
    /* Responses: one for both sides, one for each, or four: left to left, left to right, right to left, right to right. */
    uint32_t response_count;
    int path[2][2]; /* [to][from]: a response, or -1 for none */
    uint32_t parts[MOTET_IMPULSE_LEVELS];
    const float *heads; /* MOTET_IMPULSE_HEAD taps for each response */
    const float *spectra[MOTET_IMPULSE_LEVELS];
} motet_impulse;

static inline motet_complexes motet_impulse_spectrum(const motet_impulse *impulse, uint32_t level, uint32_t response,
                                                     uint32_t part) MOTET_NONBLOCKING
{
    uint32_t block = motet_impulse_shapes[level].block;
    float *at = (float *)impulse->spectra[level] + ((size_t)response * impulse->parts[level] + part) * 2 * block;
    return (motet_complexes){at, at + block};
}

/* Frames at that rate: at most MOTET_IMPULSE_MOST_SECONDS, beyond which it is cut. */
uint32_t motet_impulse_frames(const motet_pcm *pcm, uint32_t sample_rate_hz);

/* Bytes of a response for `channels` channels, 1 or 2, at that rate, and the work of building it into that much memory:
 * not for the audio thread. Of 1 channel it works on both sides alike, of 2 or 3 the first two are a side each, of 4 it
 * is true stereo, of more the first two count. Where the sound has one channel, it is the mean of both sides. */
size_t motet_impulse_size(const motet_pcm *pcm, uint32_t channels, uint32_t sample_rate_hz);
void motet_impulse_build(motet_impulse *impulse, const motet_pcm *pcm, uint32_t channels, uint32_t sample_rate_hz,
                         const motet_kernels *kernels);

/* The turns of a level, `block` each of cos, sin and -sin of pi n / (2 block). */
void motet_impulse_turns(float *turns, uint32_t block);

#endif /* MOTET_DSP_IMPULSE_H */
