/* The discrete Fourier transform, for sizes that are powers of two: X[k] = sum over n of x[n] e^(-2 pi i k n / N).
 *
 * Passes of radix 4 over separate arrays of real and imaginary parts, and one of radix 2 where the size asks for it.
 * Twiddles are worked out in double and rounded once, and the tree of operations is the same everywhere: so are the
 * bits. The error is about 1e-7 of the whole (root of the mean square). */
#ifndef MOTET_DSP_FFT_H
#define MOTET_DSP_FFT_H

#include "dsp/kernels.h"

#include <stddef.h>

enum {
    MOTET_FFT_LEAST = 32, /* complex points; a transform of real samples has half as many */
    MOTET_FFT_MOST = 32768,
    MOTET_FFT_MOST_PASSES = 8
};

typedef struct motet_fft {
    uint32_t points;
    uint32_t pass_count;
    motet_fft_pass passes[MOTET_FFT_MOST_PASSES];
    motet_complexes half_turns; /* e^(-pi i k / points), for real samples */
} motet_fft;

/* Bytes of tables for that many complex points, a power of two from MOTET_FFT_LEAST to MOTET_FFT_MOST. */
size_t motet_fft_size(uint32_t points);
/* Works the tables out into that much memory, which stays with the transform. Not for the audio thread. */
void motet_fft_build(motet_fft *fft, uint32_t points, float *tables);

/* Part `part` of `parts`, a power of two, of pass `pass`, which goes from `a` to `b` where its number is even and back
 * where it is odd. Where all parts of a pass are done, in any order, the next can be. */
void motet_fft_part(const motet_fft *fft, const motet_kernels *kernels, uint32_t pass, motet_complexes a,
                    motet_complexes b, uint32_t part, uint32_t parts) MOTET_NONBLOCKING;

/* The whole of it, from `a`; returns `a` or `b`, where the result is: always the same one for a size. With re and im of
 * both exchanged it is the inverse, times the number of points. */
motet_complexes motet_fft_run(const motet_fft *fft, const motet_kernels *kernels, motet_complexes a,
                              motet_complexes b) MOTET_NONBLOCKING;
motet_complexes motet_fft_result(const motet_fft *fft, motet_complexes a, motet_complexes b) MOTET_NONBLOCKING;

/* Of 2 * points real samples: bins 0 ... points, points + 1 of them. `work` is for 4 * points floats. */
void motet_fft_of_real(const motet_fft *fft, const motet_kernels *kernels, motet_complexes bins, const float *samples,
                       float *work) MOTET_NONBLOCKING;
/* The inverse: samples again. The imaginary parts of the first and the last bin are taken as 0. */
void motet_fft_to_real(const motet_fft *fft, const motet_kernels *kernels, float *samples, motet_complexes bins,
                       float *work) MOTET_NONBLOCKING;

#endif /* MOTET_DSP_FFT_H */
