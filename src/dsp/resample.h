/* The kernels that read between frames, by SIMD level. The contract, and the reference whose bits they give, are in
 * dsp/interpolate.h and dsp/sinc.h, with two conditions more: positions do not fall, and MOTET_KERNEL_SLACK floats
 * behind the last frame that is needed are readable. */
#ifndef MOTET_DSP_RESAMPLE_H
#define MOTET_DSP_RESAMPLE_H

#include "dsp/interpolate.h"
#include "dsp/sinc.h"

/* The functions of a level, and what a table of dsp/kernels.h takes over from it. */
#define MOTET_RESAMPLE_DECLARE(level)                                            \
    motet_walk_fn motet_walk_##level;                                            \
    motet_glide_fn motet_glide_##level;                                          \
    motet_interpolate_fn motet_linear_mono_##level, motet_linear_stereo_##level; \
    motet_interpolate_fn motet_cubic_mono_##level, motet_cubic_stereo_##level;   \
    motet_sinc_fn motet_sinc_mono_##level, motet_sinc_stereo_##level
#define MOTET_RESAMPLE_ENTRIES(level)                                                                   \
    .walk = motet_walk_##level, .glide = motet_glide_##level, .linear_mono = motet_linear_mono_##level, \
    .linear_stereo = motet_linear_stereo_##level, .cubic_mono = motet_cubic_mono_##level,               \
    .cubic_stereo = motet_cubic_stereo_##level, .sinc_mono = motet_sinc_mono_##level,                   \
    .sinc_stereo = motet_sinc_stereo_##level

/* Each is there where the compiler builds for an architecture that can have the level; whether the machine has it is
 * asked before one is called. */
#if defined(__x86_64__) || defined(__i386__)
#    define MOTET_RESAMPLE_X86 1
MOTET_RESAMPLE_DECLARE(sse2);
MOTET_RESAMPLE_DECLARE(avx2);
MOTET_RESAMPLE_DECLARE(avx512);
#else
#    define MOTET_RESAMPLE_X86 0
#endif

/* The vectors of 32-bit ARM flush denormals to zero and so give other bits. */
#if defined(__aarch64__) && !defined(__AARCH64EB__)
#    define MOTET_RESAMPLE_NEON 1
MOTET_RESAMPLE_DECLARE(neon);
#else
#    define MOTET_RESAMPLE_NEON 0
#endif

#endif /* MOTET_DSP_RESAMPLE_H */
