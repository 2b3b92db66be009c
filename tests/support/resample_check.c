#define _DEFAULT_SOURCE /* MAP_ANONYMOUS */
#include "support/resample_check.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { MAX_COUNT = 512, MARGIN = 16, ROOM = 1 << 20, CANARY = 0x7b };

typedef struct check {
    const motet_kernels *level;
    char *text;
    size_t text_size;
    motet_sinc tiers[2];
    char *memory; /* ROOM bytes between two pages that cannot be read */
    size_t page;
    uint32_t seed;
    uint64_t positions[MAX_COUNT + MARGIN];
    float expected[2 * (MAX_COUNT + 2 * MARGIN)], made[2 * (MAX_COUNT + 2 * MARGIN)];
} check;

static bool failed(check *c, const char *format, ...) __attribute__((format(printf, 2, 3)));
static bool failed(check *c, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    int used = snprintf(c->text, c->text_size, "%s: ", c->level->name);
    if (used > 0 && (size_t)used < c->text_size) {
        (void)vsnprintf(c->text + used, c->text_size - (size_t)used, format, list);
    }
    va_end(list);
    return false;
}

static uint32_t random_bits(check *c)
{
    c->seed = c->seed * 1664525u + 1013904223u;
    return c->seed >> 8;
}

/* Mostly ordinary samples, some that are tiny, denormal, huge or a zero of either sign. */
static float random_sample(check *c)
{
    static const float odd[] = {0.0f, -0.0f, 1e-40f, -3e-45f, 1e-30f, 8e37f, -1.0f, 1.0f};
    uint32_t bits = random_bits(c);
    return bits % 16 == 0 ? odd[bits / 16 % 8] : (float)bits * 0x1p-23f - 1.0f;
}

/* -------------------------------------------------------------------------------------------------------- Kernels */

/* One kernel in both versions, with what it reads around a position. */
typedef struct subject {
    const char *name;
    uint32_t channels, before, after;
    motet_interpolate_fn *reference, *tested;
    motet_sinc_fn *sinc_reference, *sinc_tested;
    const motet_sinc_bank *bank;
} subject;

static subject interpolator(const motet_kernels *level, int index)
{
    switch (index) {
    case 0:
        return (subject){
            "linear_mono", 1,   MOTET_LINEAR_BEFORE, MOTET_LINEAR_AFTER, motet_linear_mono, level->linear_mono, NULL,
            NULL,          NULL};
    case 1:
        return (subject){"linear_stereo",
                         2,
                         MOTET_LINEAR_BEFORE,
                         MOTET_LINEAR_AFTER,
                         motet_linear_stereo,
                         level->linear_stereo,
                         NULL,
                         NULL,
                         NULL};
    case 2:
        return (subject){
            "cubic_mono", 1,   MOTET_CUBIC_BEFORE, MOTET_CUBIC_AFTER, motet_cubic_mono, level->cubic_mono, NULL,
            NULL,         NULL};
    default:
        return (subject){
            "cubic_stereo", 2,   MOTET_CUBIC_BEFORE, MOTET_CUBIC_AFTER, motet_cubic_stereo, level->cubic_stereo, NULL,
            NULL,           NULL};
    }
}

static subject sinc(const motet_kernels *level, uint32_t channels, const motet_sinc_bank *bank)
{
    subject s = {.name = channels == 1 ? "sinc_mono" : "sinc_stereo", .channels = channels, .bank = bank};
    s.before = motet_sinc_before(bank);
    s.after = motet_sinc_after(bank);
    s.sinc_reference = channels == 1 ? motet_sinc_mono : motet_sinc_stereo;
    s.sinc_tested = channels == 1 ? level->sinc_mono : level->sinc_stereo;
    return s;
}

static void run(const subject *s, bool tested, float *out, const float *in, const uint64_t *positions, uint32_t count)
{
    if (s->bank != NULL) {
        (tested ? s->sinc_tested : s->sinc_reference)(out, in, positions, count, s->bank);
    } else {
        (tested ? s->tested : s->reference)(out, in, positions, count);
    }
}

/* Same bits, or both not a number: which one it is, no rule says. */
static bool same(float a, float b)
{
    return memcmp(&a, &b, sizeof a) == 0 || (isnan(a) && isnan(b));
}

enum placement { AT_START, AT_END };

/* Runs both on a window in the guarded memory: at its start, or so that it ends MOTET_KERNEL_SLACK floats before its
 * end. Around the window there is NaN. */
static bool compare(check *c, const subject *s, const uint64_t *positions, uint32_t count, enum placement placement,
                    uint32_t out_offset)
{
    uint64_t frames = count == 0 ? 0 : (positions[count - 1] >> 32) + s->after + 1;
    size_t samples = (size_t)frames * s->channels;
    size_t room = ROOM / sizeof(float);
    if (samples + MOTET_KERNEL_SLACK > room) {
        return failed(c, "%s: a window of %zu samples", s->name, samples);
    }
    float *memory = (float *)(void *)c->memory;
    float *window = placement == AT_START ? memory : memory + room - MOTET_KERNEL_SLACK - samples;
    float *end = window + samples + MOTET_KERNEL_SLACK;
    size_t ahead = (size_t)(window - memory) < 64 ? (size_t)(window - memory) : 64;
    for (float *at = window - ahead; at < end; at++) {
        *at = at >= window && at < window + samples ? random_sample(c) : NAN;
    }

    memset(c->made, CANARY, sizeof c->made);
    memset(c->expected, CANARY, sizeof c->expected);
    uint32_t out = (MARGIN + out_offset) * s->channels;
    run(s, false, c->expected + out, window, positions, count);
    run(s, true, c->made + out, window, positions, count);
    for (size_t k = 0; k < sizeof c->made / sizeof *c->made; k++) {
        if (!same(c->made[k], c->expected[k])) {
            return failed(c, "%s: %u taps, %u positions from %#llx to %#llx: sample %lld is %a and not %a", s->name,
                          s->bank != NULL ? s->bank->taps : 0, count,
                          (unsigned long long)(count > 0 ? positions[0] : 0),
                          (unsigned long long)(count > 0 ? positions[count - 1] : 0), (long long)k - (long long)out,
                          (double)c->made[k], (double)c->expected[k]);
        }
    }
    return true;
}

/* ------------------------------------------------------------------------------------------------------ Positions */

static const double ratios[] = {0, 0.01, 0.2, 0.7, 1, 1.3, 1.42, 2, 3.7, 16, 64};
enum { RATIOS = sizeof ratios / sizeof *ratios };

static uint64_t step_of(double ratio)
{
    return (uint64_t)(ratio * 4294967296.0 + 0.5);
}

static void even_positions(check *c, uint64_t *positions, const subject *s, uint64_t step, uint32_t count)
{
    uint32_t fraction = random_bits(c) % 3 == 0 ? 0 : random_bits(c) << 8 | 0xff;
    motet_walk(positions, (uint64_t)s->before << 32 | fraction, step, count);
}

/* Steps that change from frame to frame, with rests and a few leaps. */
static void gliding_positions(check *c, uint64_t *positions, const subject *s, uint32_t count)
{
    uint64_t at = (uint64_t)s->before << 32 | random_bits(c);
    uint32_t pace = 1 + random_bits(c) % 4;
    for (uint32_t k = 0; k < count; k++) {
        positions[k] = at;
        uint64_t step = ((uint64_t)random_bits(c) << 8) * pace;
        uint32_t kind = random_bits(c) % 64;
        at += kind == 0 ? UINT64_C(200) << 32 : kind < 4 ? 0 : kind < 8 ? UINT64_C(1) << 32 : step;
    }
}

/* Whole positions, just below whole ones, and on the rows of a table. */
static void special_positions(check *c, uint64_t *positions, const subject *s, uint32_t count)
{
    for (uint32_t k = 0; k < count; k++) {
        static const uint32_t fractions[] = {0, UINT32_MAX, 0x80000000u, 0x01ffffffu, 0x02000000u, 0xff, 0x100};
        positions[k] = (uint64_t)(s->before + k) << 32 | fractions[(k + random_bits(c) % 2) % 7];
    }
}

/* One subject at `count` positions of every kind, its output and positions at an offset that goes round with it. */
static bool compare_all(check *c, const subject *s, uint32_t count)
{
    uint64_t *positions = c->positions + count % 8;
    uint32_t offset = count % MARGIN;
    for (int kind = 0; kind < RATIOS + 2; kind++) {
        if (kind < RATIOS) {
            even_positions(c, positions, s, step_of(ratios[kind]), count);
        } else if (kind == RATIOS) {
            gliding_positions(c, positions, s, count);
        } else {
            special_positions(c, positions, s, count);
        }
        if (!compare(c, s, positions, count, AT_END, offset) || !compare(c, s, positions, count, AT_START, offset)) {
            return false;
        }
    }
    return true;
}

static bool compare_counts(check *c, const subject *s)
{
    for (uint32_t count = 0; count <= 67; count++) {
        if (!compare_all(c, s, count)) {
            return false;
        }
    }
    return compare_all(c, s, MAX_COUNT);
}

/* At the ratio that a bank is for, and across what one bank serves. */
static bool compare_bank(check *c, const subject *s, uint64_t step)
{
    static const uint32_t counts[] = {1, 3, 8, 17, 64};
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        even_positions(c, c->positions, s, step, counts[i]);
        if (!compare(c, s, c->positions, counts[i], AT_END, 0)) {
            return false;
        }
        special_positions(c, c->positions, s, counts[i]);
        if (!compare(c, s, c->positions, counts[i], AT_START, 1)) {
            return false;
        }
    }
    return true;
}

/* Every offset of the output, the positions and the window's start against each other. */
static bool compare_offsets(check *c, const subject *s)
{
    for (uint32_t offset = 0; offset < MARGIN; offset++) {
        for (uint32_t shift = 0; shift < MARGIN; shift++) {
            uint64_t *positions = c->positions + shift;
            even_positions(c, positions, s, step_of(1.3), 33 + shift);
            if (!compare(c, s, positions, 33 + shift, AT_END, offset)) {
                return false;
            }
        }
    }
    return true;
}

/* --------------------------------------------------------------------------------------------------------- Checks */

static bool check_walk(check *c)
{
    static const uint64_t steps[] = {0, 1, UINT64_C(0x123456789), UINT64_C(64) << 32, UINT64_MAX};
    static uint64_t expected[MAX_COUNT + 2 * MARGIN], made[MAX_COUNT + 2 * MARGIN];
    for (uint32_t count = 0; count <= 68; count++) {
        uint32_t number = count == 68 ? MAX_COUNT : count;
        for (uint32_t i = 0; i < sizeof steps / sizeof *steps; i++) {
            uint64_t at = (uint64_t)random_bits(c) << 24;
            memset(expected, CANARY, sizeof expected);
            memset(made, CANARY, sizeof made);
            motet_walk(expected + count % MARGIN, at, steps[i], number);
            c->level->walk(made + count % MARGIN, at, steps[i], number);
            if (memcmp(made, expected, sizeof made) != 0) {
                return failed(c, "walk: %u positions, step %#llx", number, (unsigned long long)steps[i]);
            }
        }
    }
    return true;
}

static bool check_glide(check *c)
{
    static uint64_t expected[MAX_COUNT + 2 * MARGIN], made[MAX_COUNT + 2 * MARGIN];
    static double pitches[MAX_COUNT];
    for (uint32_t count = 0; count <= 68; count++) {
        uint32_t number = count == 68 ? MAX_COUNT : count;
        for (uint32_t i = 0; i < 20; i++) {
            double scale = (i % 2 == 0 ? 1 : (double)(1 + random_bits(c) % 768000) / 48000) * 4294967296.0;
            for (uint32_t k = 0; k < number; k++) {
                pitches[k] = 0.01 + (double)random_bits(c) * (i < 10 ? 0x1p-24 : 0x1p-19);
            }
            uint64_t at = (uint64_t)random_bits(c) << 24 | random_bits(c);
            memset(expected, CANARY, sizeof expected);
            memset(made, CANARY, sizeof made);
            uint64_t end = motet_glide(expected + count % MARGIN, at, pitches, scale, number);
            if (c->level->glide(made + count % MARGIN, at, pitches, scale, number) != end ||
                memcmp(made, expected, sizeof made) != 0) {
                return failed(c, "glide: %u positions, scale %g", number, scale);
            }
        }
    }
    return true;
}

static bool check_interpolators(check *c)
{
    for (int index = 0; index < 4; index++) {
        subject s = interpolator(c->level, index);
        if (!compare_counts(c, &s) || !compare_offsets(c, &s)) {
            return false;
        }
    }
    return true;
}

static bool check_sincs(check *c)
{
    for (uint32_t tier = 0; tier < 2; tier++) {
        for (uint32_t index = 0; index < MOTET_SINC_BANKS; index++) {
            for (uint32_t channels = 1; channels <= 2; channels++) {
                subject s = sinc(c->level, channels, &c->tiers[tier].banks[index]);
                bool every_count = index == 0 || index == MOTET_SINC_BASE_BANKS; /* the fewest taps, and some more */
                if (!compare_bank(c, &s, c->tiers[tier].steps[index]) ||
                    (every_count && (!compare_counts(c, &s) || !compare_offsets(c, &s)))) {
                    return false;
                }
            }
        }
    }
    return true;
}

static bool set_up(check *c)
{
    c->page = (size_t)sysconf(_SC_PAGESIZE);
    char *map = mmap(NULL, ROOM + 2 * c->page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (map == MAP_FAILED) {
        return failed(c, "no memory");
    }
    c->memory = map + c->page;
    if (mprotect(c->memory, ROOM, PROT_READ | PROT_WRITE) != 0) {
        return failed(c, "no guarded memory");
    }
    return true;
}

bool motet_check_resample(const motet_kernels *level, char *text, size_t text_size)
{
    static check c;
    c = (check){.level = level, .text = text, .text_size = text_size, .seed = 1};
    float *coefficients[2] = {NULL, NULL};
    bool good = set_up(&c);
    for (uint32_t tier = 0; good && tier < 2; tier++) {
        coefficients[tier] = aligned_alloc(64, (motet_sinc_size(16 << tier) + 63) / 64 * 64);
        good = coefficients[tier] != NULL || failed(&c, "no memory");
        if (good) {
            motet_sinc_build(&c.tiers[tier], 16 << tier, coefficients[tier]);
        }
    }
    good = good && check_walk(&c) && check_glide(&c) && check_interpolators(&c) && check_sincs(&c);
    free(coefficients[0]);
    free(coefficients[1]);
    if (c.memory != NULL) {
        (void)munmap(c.memory - c.page, ROOM + 2 * c.page);
    }
    return good;
}
