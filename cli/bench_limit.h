/* The bare-kernel limit: the least work by which this machine can mix the bench's voices. It is no mixer that anybody
 * could use. There are no commands, ids, events, buses or ends of sounds; a voice is a pointer, a position, a step and
 * two gains; every clip is followed by a copy of its beginning, so that nothing ever looks for a loop's end within a
 * block; all clips lie in one piece of memory in huge pages; and several voices go through in one pass, with the next
 * ones' frames asked for in advance. The arithmetic is Motet's: floats, no fused multiply-add, the sum voice by voice,
 * filters of as many taps and phases. What Motet takes above this is the price of being an engine.
 *
 * A kernel adds so many voices to a mix of MOTET_BENCH_BLOCK frames. The three sets do the same: bench_limit_avx512.c,
 * bench_limit_avx2.c and bench_limit_vector.c, which needs nothing but four floats side by side. */
#ifndef MOTET_CLI_BENCH_LIMIT_H
#define MOTET_CLI_BENCH_LIMIT_H

#include "bench.h"

enum {
    MOTET_LIMIT_GROUP = 8,    /* voices that a kernel may take in one pass; counts are multiples of it */
    MOTET_LIMIT_BEFORE = 64,  /* frames that stand before a clip's first: taps, and whole vectors */
    MOTET_LIMIT_AFTER = 1280, /* and behind its last: a block at the highest pitch, taps, and whole vectors */
    MOTET_LIMIT_PHASES = 128, /* of a filter */
    MOTET_LIMIT_MAX_TAPS = 32,
    MOTET_LIMIT_WINDOW = 1024, /* frames that a block reads at the highest pitch, and more */
    MOTET_LIMIT_LINE = 64      /* bytes that memory is fetched in */
};

typedef struct motet_limit_voice {
    const void *data;        /* the clip's first frame */
    uint64_t position, step; /* 32.32 */
    uint32_t frames;
    float left, right;           /* gains at the block's first frame; of s16 with 2^-15 in them */
    float left_step, right_step; /* and what they change by in a frame: mono only */
    const float *rows;           /* of its filter: for each phase the coefficients, and the differences to the next */
} motet_limit_voice;

/* Added up at the block's end. */
typedef struct motet_limit_mix {
    _Alignas(64) float both[2 * MOTET_BENCH_BLOCK]; /* interleaved */
    _Alignas(64) float left[MOTET_BENCH_BLOCK];
    _Alignas(64) float right[MOTET_BENCH_BLOCK];
} motet_limit_mix;

/* Reads MOTET_LIMIT_GROUP voices past the count, for what it fetches in advance. */
typedef void motet_limit_kernel(motet_limit_mix *mix, const motet_limit_voice *voices, size_t count);

/* By quality (of pitch 1: MOTET_QUALITY_DEFAULT), channels - 1, and whether the clips are f32. */
typedef motet_limit_kernel *motet_limit_kernels[MOTET_QUALITY_SINC32 + 1][2][2];

extern const motet_limit_kernels motet_limit_vector;
#if defined(__x86_64__) && defined(__GNUC__)
#    define MOTET_LIMIT_X86 1
extern const motet_limit_kernels motet_limit_avx2;
extern const motet_limit_kernels motet_limit_avx512;
#else
#    define MOTET_LIMIT_X86 0
#endif

/* Loops over voices of a group, and over vectors, are to become straight code. */
#if defined(__clang__)
#    define MOTET_LIMIT_UNROLL _Pragma("clang loop unroll(full)")
#    define MOTET_LIMIT_INLINE static inline __attribute__((always_inline))
#elif defined(__GNUC__)
#    define MOTET_LIMIT_UNROLL _Pragma("GCC unroll 16")
#    define MOTET_LIMIT_INLINE static inline __attribute__((always_inline))
#else
#    define MOTET_LIMIT_UNROLL
#    define MOTET_LIMIT_INLINE static inline
#endif

#endif /* MOTET_CLI_BENCH_LIMIT_H */
