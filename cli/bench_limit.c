#include "bench_limit.h"

#include "memory.h"
#include "output.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#ifdef __linux__
#    include <sys/mman.h>
#endif

static const size_t HUGE_PAGE = (size_t)2 << 20;
static const double PI = 3.14159265358979323846;

/* ------------------------------------------------------------------------------------------------------------ Choice */

typedef struct level {
    const char *name;
    const motet_limit_kernels *kernels;
} level;

static level chosen;

static level best_level(void)
{
#if MOTET_LIMIT_X86
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
        __builtin_cpu_supports("avx512vl")) {
        return (level){"avx512", &motet_limit_avx512};
    }
    if (__builtin_cpu_supports("avx2")) {
        return (level){"avx2", &motet_limit_avx2};
    }
#endif
    return (level){"vector", &motet_limit_vector};
}

bool motet_bench_choose_simd(const char *name)
{
    chosen = best_level();
    if (name == NULL) {
        return true;
    }
    if (setenv("MOTET_SIMD", name, 1) != 0) {
        motet_output_error("the environment has no room for MOTET_SIMD");
        return false;
    }
#if MOTET_LIMIT_X86
    if (strcmp(name, "avx2") == 0 && __builtin_cpu_supports("avx2")) {
        chosen = (level){"avx2", &motet_limit_avx2};
    }
#endif
    if (strcmp(name, "c") == 0 || strcmp(name, "sse2") == 0 || strcmp(name, "neon") == 0) {
        chosen = (level){"vector", &motet_limit_vector};
    }
    return true;
}

const char *motet_bench_limit_simd(void)
{
    return chosen.name;
}

/* ----------------------------------------------------------------------------------------------------------- Filters */

enum { BANKS = 15 }; /* up to ratio 1.42, as Motet's tiers have them */

static double bank_ratio(size_t bank)
{
    return 1 + 0.03 * (double)bank;
}

static size_t bank_of(double ratio)
{
    size_t bank = 0;
    while (bank + 1 < BANKS && bank_ratio(bank) < ratio) {
        bank++;
    }
    return bank;
}

/* A sine cardinal under Blackman's window: what the coefficients are makes no difference to the time. */
static double coefficient(double x, size_t taps, double cutoff)
{
    double part = x / ((double)taps / 2);
    double angle = PI * cutoff * x;
    double window = fabs(part) < 1 ? 0.42 + 0.5 * cos(PI * part) + 0.08 * cos(2 * PI * part) : 0;
    return cutoff * window * (fabs(angle) < 1e-9 ? 1 : sin(angle) / angle);
}

static void build_bank(float *rows, size_t taps, double cutoff)
{
    for (size_t phase = 0; phase < MOTET_LIMIT_PHASES; phase++) {
        float *row = rows + phase * 2 * taps;
        for (size_t k = 0; k < taps; k++) {
            double x = (double)k - (double)(taps / 2 - 1) - (double)phase / MOTET_LIMIT_PHASES;
            row[k] = (float)coefficient(x, taps, cutoff);
            row[taps + k] = (float)coefficient(x - 1.0 / MOTET_LIMIT_PHASES, taps, cutoff) - row[k];
        }
    }
}

/* -------------------------------------------------------------------------------------------------------------- Side */

typedef struct side {
    const motet_bench_setup *setup;
    motet_limit_kernel *kernel;
    void *memory;
    size_t memory_bytes;
    motet_limit_voice *voices; /* to whole groups, and one more */
    motet_limit_mix *mix;
    float *rows;
    size_t taps;
} side;

static size_t round_up(size_t bytes, size_t to)
{
    return (bytes + to - 1) / to * to;
}

static void *take(size_t alignment, size_t bytes)
{
    void *memory = NULL;
    if (posix_memalign(&memory, alignment, bytes) != 0) {
        motet_output_error("out of memory");
        exit(1);
    }
    memset(memory, 0, bytes);
    return memory;
}

static size_t frame_bytes(const motet_bench_case *which)
{
    return which->channels * (which->format == MOTET_FORMAT_S16 ? sizeof(int16_t) : sizeof(float));
}

/* Copies the clips, each with the frames around it; `places` are their first frames. */
static void place_clips(side *s, const char **places)
{
    const motet_bench_setup *setup = s->setup;
    size_t size = frame_bytes(&setup->which);
    for (size_t i = 0; i < MOTET_BENCH_CLIPS; i++) {
        s->memory_bytes +=
            round_up((setup->clips[i].frames + MOTET_LIMIT_BEFORE + MOTET_LIMIT_AFTER) * size, MOTET_LIMIT_LINE);
    }
    s->memory_bytes = round_up(s->memory_bytes, HUGE_PAGE);
    if (posix_memalign(&s->memory, HUGE_PAGE, s->memory_bytes) != 0) {
        motet_output_error("out of memory");
        exit(1);
    }
#if defined(__linux__) && defined(MADV_HUGEPAGE)
    (void)madvise(s->memory, s->memory_bytes, MADV_HUGEPAGE);
#endif
    char *at = s->memory;
    for (size_t i = 0; i < MOTET_BENCH_CLIPS; i++) {
        const motet_bench_clip *clip = &setup->clips[i];
        const char *from = setup->which.format == MOTET_FORMAT_S16 ? (const char *)clip->s16 : (const char *)clip->f32;
        char *first = at + MOTET_LIMIT_BEFORE * size;
        memcpy(at, from + (clip->frames - MOTET_LIMIT_BEFORE) * size, MOTET_LIMIT_BEFORE * size);
        memcpy(first, from, clip->frames * size);
        memcpy(first + clip->frames * size, from, MOTET_LIMIT_AFTER * size);
        places[i] = first;
        at += round_up((clip->frames + MOTET_LIMIT_BEFORE + MOTET_LIMIT_AFTER) * size, MOTET_LIMIT_LINE);
    }
}

/* Motet's plain pan: a balance. */
static float side_gain(const side *s, float gain, float pan)
{
    float unit = s->setup->which.format == MOTET_FORMAT_S16 ? 0x1p-15F : 1;
    return gain * (pan > 0 ? 1 - pan : 1) * unit;
}

static uint64_t step_of(double pitch)
{
    return (uint64_t)(pitch * 0x1p32 + 0.5);
}

static void side_close(void *state)
{
    side *s = state;
    free(s->memory);
    free(s->voices);
    free(s->mix);
    free(s->rows);
    free(s);
}

static bool side_can(const motet_bench_case *which)
{
    /* Higher pitches need longer filters and windows; buses are what it has not. */
    return which->buses == 0 && which->pitch <= 1.42;
}

static void *side_open(const motet_bench_setup *setup)
{
    side *s = motet_memory_take(1, sizeof *s);
    const motet_bench_case *which = &setup->which;
    const char *places[MOTET_BENCH_CLIPS];
    size_t padded = round_up(which->voices, MOTET_LIMIT_GROUP) + MOTET_LIMIT_GROUP;
    s->setup = setup;
    s->kernel = (*chosen.kernels)[which->quality][which->channels - 1][which->format == MOTET_FORMAT_F32];
    s->voices = take(64, padded * sizeof *s->voices);
    s->mix = take(64, sizeof *s->mix);
    s->taps = which->quality == MOTET_QUALITY_SINC32 ? 32 : 16;
    s->rows = take(64, BANKS * MOTET_LIMIT_PHASES * 2 * s->taps * sizeof(float));
    for (size_t bank = 0; bank < BANKS; bank++) {
        build_bank(s->rows + bank * MOTET_LIMIT_PHASES * 2 * s->taps, s->taps, 0.9 / bank_ratio(bank));
    }
    place_clips(s, places);
    for (size_t i = 0; i < padded; i++) {
        const motet_bench_voice *from = &setup->voices[i < which->voices ? i : 0];
        motet_limit_voice *voice = &s->voices[i];
        voice->data = places[from->clip];
        voice->frames = setup->clips[from->clip].frames;
        voice->position = (uint64_t)from->from_frame << 32;
        voice->step = step_of(from->pitch);
        voice->rows = s->rows + bank_of(from->pitch) * MOTET_LIMIT_PHASES * 2 * s->taps;
        if (i < which->voices) {
            voice->left = side_gain(s, from->gain, from->pan);
            voice->right = side_gain(s, from->gain, -from->pan);
        }
    }
    return s;
}

static void side_push(void *state)
{
    side *s = state;
    for (size_t i = 0; i < s->setup->which.voices; i++) {
        motet_limit_voice *voice = &s->voices[i];
        motet_bench_placing place = motet_bench_place(&s->setup->voices[i]);
        voice->left_step = (side_gain(s, place.gain, place.pan) - voice->left) / MOTET_BENCH_BLOCK;
        voice->right_step = (side_gain(s, place.gain, -place.pan) - voice->right) / MOTET_BENCH_BLOCK;
        voice->step = step_of(place.pitch);
        voice->rows = s->rows + bank_of(place.pitch) * MOTET_LIMIT_PHASES * 2 * s->taps;
    }
}

static uint32_t side_render(void *state, float *out)
{
    side *s = state;
    motet_limit_mix *mix = s->mix;
    size_t count = s->setup->which.voices;
    memset(mix, 0, sizeof *mix);
    s->kernel(mix, s->voices, round_up(count, MOTET_LIMIT_GROUP));
    for (size_t i = 0; i < count; i++) {
        motet_limit_voice *voice = &s->voices[i];
        voice->left += voice->left_step * MOTET_BENCH_BLOCK;
        voice->right += voice->right_step * MOTET_BENCH_BLOCK;
        voice->position += voice->step * MOTET_BENCH_BLOCK;
        if (voice->position >> 32 >= voice->frames) {
            voice->position -= (uint64_t)voice->frames << 32;
        }
    }
    for (size_t i = 0; i < MOTET_BENCH_BLOCK; i++) {
        out[2 * i] = mix->both[2 * i] + mix->left[i];
        out[2 * i + 1] = mix->both[2 * i + 1] + mix->right[i];
    }
    return MOTET_BENCH_BLOCK;
}

const motet_bench_side motet_bench_limit = {
    .name = "limit", .can = side_can, .open = side_open, .push = side_push, .render = side_render, .close = side_close};
