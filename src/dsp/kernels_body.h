/* The kernels of one SIMD level but for the resampling ones, as functions and a macro that lists them for its table.
 * dsp/kernels_<level>.c includes its vectors (dsp/vector_<level>.h), then this. The formulas and their order are those
 * of the references (dsp/mix.c, convert.c, ramp_kernels.c, limiter_kernels.c, true_peak.c, biquad.c, fft_kernels.c):
 * lane by lane the same bits. What a vector's length leaves over at the end is the references' own work.
 *
 * A vector header defines the types `floats`, `doubles` and `ints` with FLOATS, DOUBLES and FLOATS lanes, where FLOATS
 * = 2 DOUBLES, and functions on them:
 *   load, store             without alignment; load_s16 gives whole numbers
 *   load_part, store_part   the first `count` lanes, below FLOATS, and no memory beyond; only with VECTOR_HAS_PARTS
 *   fill, fill_pair         every lane; even and odd lanes
 *   smaller, larger         a < b ? a : b; a > b ? a : b
 *   larger_bits             the larger of two as whole numbers with a sign
 *   number_or_zero          0 in place of NaN
 *   interleave, split       even0 odd0 even1 odd1 ...; and back
 *   interleave_fours        the same with groups of four in place of elements
 *   reverse                 the last lane first
 *   count_up                0 1 2 ...
 *   if_less, unless_less    a < b ? v : 0; a < b ? 0 : v
 *   of_low, of_high         the first and the second half of the floats, widened; floats_of_doubles rounds back
 *   ints_of_doubles         towards 0 */
#ifndef MOTET_DSP_KERNELS_BODY_H
#define MOTET_DSP_KERNELS_BODY_H

#include "dsp/convert.h"
#include "dsp/kernels.h"

#include <stdbool.h>

#define INLINE static inline __attribute__((always_inline))

/* ------------------------------------------------------------------------------------------------------- Voices */

typedef enum sample_format { S16, F32 } sample_format;

/* One to MOTET_MIX_VOICES voices of a pass. */
typedef struct pass_voice {
    const char *frames, *next;
    floats gain_left, gain_right;
} pass_voice;

/* FLOATS samples, or `part` of them. */
INLINE floats samples_at(const char *frames, size_t at, sample_format format, uint32_t part)
{
    const float *f32 = (const float *)(const void *)frames + at;
    const int16_t *s16 = (const int16_t *)(const void *)frames + at;
#if defined(VECTOR_HAS_PARTS)
    if (part < FLOATS) {
        return format == S16 ? floats_load_s16_part(s16, part) : floats_load_part(f32, part);
    }
#endif
    (void)part;
    return format == S16 ? floats_load_s16(s16) : floats_load(f32);
}

INLINE floats sum_at(const float *sum, uint32_t part)
{
#if defined(VECTOR_HAS_PARTS)
    if (part < FLOATS) {
        return floats_load_part(sum, part);
    }
#endif
    (void)part;
    return floats_load(sum);
}

INLINE void set_sum(float *sum, floats v, uint32_t part)
{
#if defined(VECTOR_HAS_PARTS)
    if (part < FLOATS) {
        floats_store_part(sum, v, part);
        return;
    }
#endif
    (void)part;
    floats_store(sum, v);
}

/* A pass asks for a line of the next pass's frames whenever it has used up one of its own. Over material that lies in
 * the third cache that takes a third or more off stereo s16 and mono f32, and nothing off mono s16, which has half the
 * lines; stereo f32 becomes dearer by a sixth. So the first two do it. */
INLINE void bring_near(const char *next, size_t at, sample_format format)
{
    enum { LINE_BYTES = 64 };
    size_t bytes = at * (format == S16 ? sizeof(int16_t) : sizeof(float));
    if (bytes % LINE_BYTES == 0) {
        __builtin_prefetch(next + bytes);
    }
}

/* Only a full pass does it; where there is nothing to bring, it is the voice's own frames, which are here. */
INLINE bool brings_near(const motet_mix_voice *voices, uint32_t voice_count)
{
    return voice_count == MOTET_MIX_VOICES && voices[0].next != NULL;
}

INLINE const char *next_of(const motet_mix_voice *voice)
{
    return voice->next != NULL ? voice->next : voice->frames;
}

/* The power of two that makes samples of s16 goes into the gain: that is exact, and so each product is rounded as it
 * would be after it. */
INLINE float unit_of(sample_format format)
{
    return format == S16 ? 0x1p-15f : 1;
}

INLINE void mono_step(motet_stereo_sum sum, const pass_voice *voices, uint32_t voice_count, uint32_t at,
                      sample_format format, bool brings, uint32_t part)
{
    floats left = sum_at(sum.left + at, part);
    floats right = sum_at(sum.right + at, part);
    for (uint32_t v = 0; v < voice_count; v++) {
        floats samples = samples_at(voices[v].frames, at, format, part);
        left = floats_add(left, floats_multiply(samples, voices[v].gain_left));
        right = floats_add(right, floats_multiply(samples, voices[v].gain_right));
        if (brings) {
            bring_near(voices[v].next, at, format);
        }
    }
    set_sum(sum.left + at, left, part);
    set_sum(sum.right + at, right, part);
}

/* The whole vectors of a pass, and the rest too where the level has parts; returns the frames done. The number of
 * voices is a constant wherever this is called, so that each count has a loop of its own without a loop inside. */
INLINE uint32_t mono_pass(motet_stereo_sum sum, const motet_mix_voice *voices, uint32_t voice_count, uint32_t count,
                          sample_format format)
{
    pass_voice pass[MOTET_MIX_VOICES];
    for (uint32_t v = 0; v < voice_count; v++) {
        pass[v].frames = voices[v].frames;
        pass[v].next = next_of(&voices[v]);
        pass[v].gain_left = floats_fill(voices[v].gain_left * unit_of(format));
        pass[v].gain_right = floats_fill(voices[v].gain_right * unit_of(format));
    }
    uint32_t at = 0;
    if (format == F32 && brings_near(voices, voice_count)) {
        for (; count - at >= FLOATS; at += FLOATS) {
            mono_step(sum, pass, voice_count, at, format, true, FLOATS);
        }
    }
    for (; count - at >= FLOATS; at += FLOATS) {
        mono_step(sum, pass, voice_count, at, format, false, FLOATS);
    }
#if defined(VECTOR_HAS_PARTS)
    if (at < count) {
        mono_step(sum, pass, voice_count, at, format, false, count - at);
        at = count;
    }
#endif
    return at;
}

INLINE void stereo_step(float *sum, const pass_voice *voices, uint32_t voice_count, uint32_t at, sample_format format,
                        bool brings, uint32_t part)
{
    floats total = sum_at(sum + at, part);
    for (uint32_t v = 0; v < voice_count; v++) {
        floats samples = samples_at(voices[v].frames, at, format, part);
        total = floats_add(total, floats_multiply(samples, voices[v].gain_left)); /* both sides' gains in turn */
        if (brings) {
            bring_near(voices[v].next, at, format);
        }
    }
    set_sum(sum + at, total, part);
}

INLINE uint32_t stereo_pass(float *sum, const motet_mix_voice *voices, uint32_t voice_count, uint32_t count,
                            sample_format format)
{
    pass_voice pass[MOTET_MIX_VOICES];
    for (uint32_t v = 0; v < voice_count; v++) {
        pass[v].frames = voices[v].frames;
        pass[v].next = next_of(&voices[v]);
        pass[v].gain_left =
            floats_fill_pair(voices[v].gain_left * unit_of(format), voices[v].gain_right * unit_of(format));
    }
    uint32_t at = 0;
    if (format == S16 && brings_near(voices, voice_count)) {
        for (; 2 * count - at >= FLOATS; at += FLOATS) {
            stereo_step(sum, pass, voice_count, at, format, true, FLOATS);
        }
    }
    for (; 2 * count - at >= FLOATS; at += FLOATS) {
        stereo_step(sum, pass, voice_count, at, format, false, FLOATS);
    }
#if defined(VECTOR_HAS_PARTS)
    if (at < 2 * count) {
        stereo_step(sum, pass, voice_count, at, format, false, 2 * count - at);
        at = 2 * count;
    }
#endif
    return at / 2;
}

/* The voices of a pass, further on. */
INLINE void advance(motet_mix_voice *later, const motet_mix_voice *voices, uint32_t voice_count, size_t bytes)
{
    for (uint32_t v = 0; v < voice_count; v++) {
        later[v] = voices[v];
        later[v].frames = (const char *)voices[v].frames + bytes;
    }
}

INLINE size_t sample_bytes(sample_format format)
{
    return format == S16 ? sizeof(int16_t) : sizeof(float);
}

INLINE void mono_pass_and_rest(motet_stereo_sum sum, const motet_mix_voice *voices, uint32_t voice_count,
                               uint32_t count, sample_format format)
{
    uint32_t done = mono_pass(sum, voices, voice_count, count, format);
    if (done < count) {
        motet_mix_voice later[MOTET_MIX_VOICES];
        advance(later, voices, voice_count, done * sample_bytes(format));
        motet_stereo_sum rest = {sum.left + done, sum.right + done};
        (format == S16 ? motet_mix_mono_s16 : motet_mix_mono_f32)(rest, later, voice_count, count - done);
    }
}

INLINE void stereo_pass_and_rest(float *sum, const motet_mix_voice *voices, uint32_t voice_count, uint32_t count,
                                 sample_format format)
{
    uint32_t done = stereo_pass(sum, voices, voice_count, count, format);
    if (done < count) {
        motet_mix_voice later[MOTET_MIX_VOICES];
        advance(later, voices, voice_count, 2 * done * sample_bytes(format));
        (format == S16 ? motet_mix_stereo_s16 : motet_mix_stereo_f32)(sum + 2 * (size_t)done, later, voice_count,
                                                                      count - done);
    }
}

/* Any number of voices as passes of 8, 4, 2 and 1. */
#define IN_PASSES(pass, sum, format)                      \
    for (; voice_count >= 8; voice_count -= 8) {          \
        pass(sum, voices, 8, count, format), voices += 8; \
    }                                                     \
    if (voice_count >= 4) {                               \
        pass(sum, voices, 4, count, format), voices += 4; \
    }                                                     \
    if (voice_count % 4 >= 2) {                           \
        pass(sum, voices, 2, count, format), voices += 2; \
    }                                                     \
    if (voice_count % 2 != 0) {                           \
        pass(sum, voices, 1, count, format);              \
    }

static void mix_mono_s16(motet_stereo_sum sum, const motet_mix_voice *voices, uint32_t voice_count,
                         uint32_t count) MOTET_NONBLOCKING
{
    IN_PASSES(mono_pass_and_rest, sum, S16)
}

static void mix_mono_f32(motet_stereo_sum sum, const motet_mix_voice *voices, uint32_t voice_count,
                         uint32_t count) MOTET_NONBLOCKING
{
    IN_PASSES(mono_pass_and_rest, sum, F32)
}

static void mix_stereo_s16(float *sum, const motet_mix_voice *voices, uint32_t voice_count,
                           uint32_t count) MOTET_NONBLOCKING
{
    IN_PASSES(stereo_pass_and_rest, sum, S16)
}

static void mix_stereo_f32(float *sum, const motet_mix_voice *voices, uint32_t voice_count,
                           uint32_t count) MOTET_NONBLOCKING
{
    IN_PASSES(stereo_pass_and_rest, sum, F32)
}

/* ------------------------------------------------------------------------------------------ Sums of one and all */

static void mix_mono_ramped(motet_stereo_sum sum, const float *frames, const float *gains_left,
                            const float *gains_right, uint32_t count) MOTET_NONBLOCKING
{
    uint32_t at = 0;
    for (; count - at >= FLOATS; at += FLOATS) {
        floats samples = floats_load(frames + at);
        floats left = floats_multiply(samples, floats_load(gains_left + at));
        floats right = floats_multiply(samples, floats_load(gains_right + at));
        floats_store(sum.left + at, floats_add(floats_load(sum.left + at), left));
        floats_store(sum.right + at, floats_add(floats_load(sum.right + at), right));
    }
    motet_stereo_sum rest = {sum.left + at, sum.right + at};
    motet_mix_mono_ramped(rest, frames + at, gains_left + at, gains_right + at, count - at);
}

static void mix_stereo_ramped(float *sum, const float *frames, const float *gains_left, const float *gains_right,
                              uint32_t count) MOTET_NONBLOCKING
{
    uint32_t at = 0;
    for (; count - at >= FLOATS; at += FLOATS) {
        floats gains[2];
        floats_interleave(floats_load(gains_left + at), floats_load(gains_right + at), gains);
        for (int half = 0; half < 2; half++) {
            size_t first = 2 * (size_t)at + (size_t)half * FLOATS;
            floats scaled = floats_multiply(floats_load(frames + first), gains[half]);
            floats_store(sum + first, floats_add(floats_load(sum + first), scaled));
        }
    }
    motet_mix_stereo_ramped(sum + 2 * (size_t)at, frames + 2 * (size_t)at, gains_left + at, gains_right + at,
                            count - at);
}

static void add(float *out, const float *in, uint32_t count) MOTET_NONBLOCKING
{
    uint32_t at = 0;
    for (; count - at >= FLOATS; at += FLOATS) {
        floats_store(out + at, floats_add(floats_load(out + at), floats_load(in + at)));
    }
    motet_add(out + at, in + at, count - at);
}

static void add_split(motet_stereo_sum sum, const float *interleaved, uint32_t count) MOTET_NONBLOCKING
{
    uint32_t at = 0;
    for (; count - at >= FLOATS; at += FLOATS) {
        const float *frames = interleaved + 2 * (size_t)at;
        floats sides[2];
        floats_split(floats_load(frames), floats_load(frames + FLOATS), sides);
        floats_store(sum.left + at, floats_add(floats_load(sum.left + at), sides[0]));
        floats_store(sum.right + at, floats_add(floats_load(sum.right + at), sides[1]));
    }
    motet_stereo_sum rest = {sum.left + at, sum.right + at};
    motet_add_split(rest, interleaved + 2 * (size_t)at, count - at);
}

static void scale(float *samples, float gain, uint32_t count) MOTET_NONBLOCKING
{
    uint32_t at = 0;
    for (; count - at >= FLOATS; at += FLOATS) {
        floats_store(samples + at, floats_multiply(floats_load(samples + at), floats_fill(gain)));
    }
    motet_scale(samples + at, gain, count - at);
}

static void scale_ramped(float *samples, const float *gains, uint32_t count) MOTET_NONBLOCKING
{
    uint32_t at = 0;
    for (; count - at >= FLOATS; at += FLOATS) {
        floats_store(samples + at, floats_multiply(floats_load(samples + at), floats_load(gains + at)));
    }
    motet_scale_ramped(samples + at, gains + at, count - at);
}

static void swap(float *a, float *b, uint32_t count) MOTET_NONBLOCKING
{
    uint32_t at = 0;
    for (; count - at >= FLOATS; at += FLOATS) {
        floats aside = floats_load(a + at);
        floats_store(a + at, floats_load(b + at));
        floats_store(b + at, aside);
    }
    motet_swap(a + at, b + at, count - at);
}

/* ------------------------------------------------------------------------------------------------------- Meters */

static float largest(const float *samples, uint32_t count) MOTET_NONBLOCKING
{
    floats peaks = floats_fill(0);
    uint32_t at = 0;
    for (; count - at >= FLOATS; at += FLOATS) {
        peaks = floats_larger_bits(peaks, floats_magnitude(floats_load(samples + at)));
    }
    float lanes[2 * FLOATS]; /* the peaks, then the rest */
    floats_store(lanes, peaks);
    for (uint32_t rest = 0; rest < count - at; rest++) {
        lanes[FLOATS + rest] = samples[at + rest];
    }
    return motet_largest(lanes, FLOATS + count - at);
}

static double sum_of_squares(const float *samples, uint32_t count) MOTET_NONBLOCKING
{
    enum { VECTORS = MOTET_SQUARE_SUMS / FLOATS };
    doubles low[VECTORS], high[VECTORS];
    for (int v = 0; v < VECTORS; v++) {
        low[v] = high[v] = doubles_fill(0);
    }
    uint32_t at = 0;
    for (; count - at >= MOTET_SQUARE_SUMS; at += MOTET_SQUARE_SUMS) {
        for (int v = 0; v < VECTORS; v++) {
            floats x = floats_load(samples + at + v * FLOATS);
            doubles first = doubles_of_low(x);
            doubles second = doubles_of_high(x);
            low[v] = doubles_add(low[v], doubles_multiply(first, first));
            high[v] = doubles_add(high[v], doubles_multiply(second, second));
        }
    }
    double sums[MOTET_SQUARE_SUMS];
    for (int v = 0; v < VECTORS; v++) {
        doubles_store(sums + v * FLOATS, low[v]);
        doubles_store(sums + v * FLOATS + DOUBLES, high[v]);
    }
    return motet_fold_squares(sums, samples + at, count - at);
}

/* --------------------------------------------------------------------------------------------------- Conversion */

static void convert_s16_to_f32(float *out, const int16_t *in, size_t sample_count) MOTET_NONBLOCKING
{
    size_t at = 0;
    for (; sample_count - at >= FLOATS; at += FLOATS) {
        floats_store(out + at, floats_multiply(floats_load_s16(in + at), floats_fill(0x1p-15f)));
    }
    motet_convert_s16_to_f32(out + at, in + at, sample_count - at);
}

/* The step by which motet_f32_to_s16 rounds. */
INLINE doubles scaled_and_half_a_step_on(doubles clamped)
{
    doubles scaled = doubles_multiply(clamped, doubles_fill(32767));
    return doubles_add(scaled, doubles_with_sign_of(doubles_fill(0.5), scaled));
}

static void convert_f32_to_s16(int16_t *out, const float *in, size_t sample_count) MOTET_NONBLOCKING
{
    size_t at = 0;
    for (; sample_count - at >= FLOATS; at += FLOATS) {
        floats number = floats_number_or_zero(floats_load(in + at));
        floats clamped = floats_larger(floats_smaller(number, floats_fill(1)), floats_fill(-1));
        doubles low = scaled_and_half_a_step_on(doubles_of_low(clamped));
        doubles high = scaled_and_half_a_step_on(doubles_of_high(clamped));
        ints_store_s16(out + at, ints_of_doubles(low, high));
    }
    motet_convert_f32_to_s16(out + at, in + at, sample_count - at);
}

static void interleave(float *out, const float *left, const float *right, size_t frame_count) MOTET_NONBLOCKING
{
    size_t at = 0;
    for (; frame_count - at >= FLOATS; at += FLOATS) {
        floats pairs[2];
        floats_interleave(floats_load(left + at), floats_load(right + at), pairs);
        floats_store(out + 2 * at, pairs[0]);
        floats_store(out + 2 * at + FLOATS, pairs[1]);
    }
    motet_interleave(out + 2 * at, left + at, right + at, frame_count - at);
}

/* -------------------------------------------------------------------------------------------------------- Ramps */

/* Indices are counted in double, which is exact up to 2^53. */

static void smooth_weights(double *out, uint64_t first, uint32_t length, uint32_t count) MOTET_NONBLOCKING
{
    doubles index = doubles_add(doubles_fill((double)first), doubles_count_up());
    uint32_t at = 0;
    for (; count - at >= DOUBLES; at += DOUBLES) {
        doubles t = doubles_divide(index, doubles_fill((double)length));
        doubles rest = doubles_subtract(doubles_fill(3), doubles_multiply(doubles_fill(2), t));
        doubles_store(out + at, doubles_multiply(doubles_multiply(t, t), rest));
        index = doubles_add(index, doubles_fill(DOUBLES));
    }
    motet_smooth_weights(out + at, first + at, length, count - at);
}

static void shed_weights(double *out, uint64_t first, uint32_t length, uint32_t count) MOTET_NONBLOCKING
{
    doubles index = doubles_add(doubles_fill((double)first), doubles_count_up());
    doubles end = doubles_fill((double)length);
    uint32_t at = 0;
    for (; count - at >= DOUBLES; at += DOUBLES) {
        doubles s = doubles_divide(index, end);
        doubles rest = doubles_subtract(doubles_fill(1), s);
        doubles weight = doubles_multiply(doubles_multiply(s, rest), rest);
        doubles_store(out + at, doubles_if_less(index, end, weight));
        index = doubles_add(index, doubles_fill(DOUBLES));
    }
    motet_shed_weights(out + at, first + at, length, count - at);
}

/* A run in registers: the compiler could not tell that what is written is not part of it. */
typedef struct lane_run {
    doubles from, distance, lift, low, high;
    const double *smooth, *shed;
} lane_run;

INLINE lane_run lanes_of_run(const motet_ramp_run *run)
{
    return (lane_run){doubles_fill(run->from),
                      doubles_fill(run->distance),
                      doubles_fill(run->lift),
                      doubles_fill(run->low),
                      doubles_fill(run->high),
                      run->smooth,
                      run->shed};
}

INLINE doubles run_at(const lane_run *run, uint32_t at, bool sheds)
{
    doubles value = doubles_add(run->from, doubles_multiply(run->distance, doubles_load(run->smooth + at)));
    if (sheds) {
        value = doubles_add(value, doubles_multiply(run->lift, doubles_load(run->shed + at)));
    }
    return doubles_smaller(run->high, doubles_larger(run->low, value));
}

/* As far as whole vectors go; returns where that ends. */
INLINE uint32_t run_lanes(double *out, const motet_ramp_run *run, uint32_t count, bool multiplies, bool sheds)
{
    const lane_run lanes = lanes_of_run(run);
    uint32_t at = 0;
    for (; count - at >= DOUBLES; at += DOUBLES) {
        doubles value = run_at(&lanes, at, sheds);
        doubles_store(out + at, multiplies ? doubles_multiply(doubles_load(out + at), value) : value);
    }
    return at;
}

INLINE motet_ramp_run rest_of_run(const motet_ramp_run *run, uint32_t at)
{
    motet_ramp_run rest = *run;
    rest.smooth += at;
    rest.shed = run->shed != NULL ? run->shed + at : NULL;
    return rest;
}

static void ramp_write(double *out, const motet_ramp_run *run, uint32_t count) MOTET_NONBLOCKING
{
    uint32_t at =
        run->shed != NULL ? run_lanes(out, run, count, false, true) : run_lanes(out, run, count, false, false);
    motet_ramp_run rest = rest_of_run(run, at);
    motet_ramp_run_write(out + at, &rest, count - at);
}

static void ramp_multiply(double *out, const motet_ramp_run *run, uint32_t count) MOTET_NONBLOCKING
{
    uint32_t at = run->shed != NULL ? run_lanes(out, run, count, true, true) : run_lanes(out, run, count, true, false);
    motet_ramp_run rest = rest_of_run(run, at);
    motet_ramp_run_multiply(out + at, &rest, count - at);
}

INLINE doubles floored_product(const double *level, const double *share)
{
    doubles gain = doubles_multiply(doubles_load(level), doubles_load(share));
    return doubles_unless_less(gain, doubles_fill(MOTET_GAIN_FLOOR), gain);
}

static void ramp_gains(float *left, float *right, const double *level, const double *share_left,
                       const double *share_right, uint32_t count) MOTET_NONBLOCKING
{
    uint32_t at = 0;
    for (; count - at >= FLOATS; at += FLOATS) {
        uint32_t next = at + DOUBLES;
        floats_store(left + at, floats_of_doubles(floored_product(level + at, share_left + at),
                                                  floored_product(level + next, share_left + next)));
        floats_store(right + at, floats_of_doubles(floored_product(level + at, share_right + at),
                                                   floored_product(level + next, share_right + next)));
    }
    motet_ramp_gains(left + at, right + at, level + at, share_left + at, share_right + at, count - at);
}

/* ------------------------------------------------------------------------------------------------------ Limiter */

INLINE doubles remaining_gain(doubles ceiling, doubles peak)
{
    return doubles_multiply(doubles_divide(ceiling, peak), doubles_fill(MOTET_LIMITER_FULL_REDUCTION));
}

static void limiter_reductions(uint32_t *reductions, float ceiling, const float *left, const float *right,
                               uint32_t count) MOTET_NONBLOCKING
{
    doubles most = doubles_fill((double)ceiling);
    uint32_t at = 0;
    for (; count - at >= FLOATS; at += FLOATS) {
        floats sides =
            floats_larger(floats_magnitude(floats_load(left + at)), floats_magnitude(floats_load(right + at)));
        floats peak = floats_larger(sides, floats_fill(ceiling));
        ints remaining =
            ints_of_doubles(remaining_gain(most, doubles_of_low(peak)), remaining_gain(most, doubles_of_high(peak)));
        ints_store_u32(reductions + at, ints_subtract_from(MOTET_LIMITER_FULL_REDUCTION, remaining));
    }
    motet_limiter_reductions(reductions + at, ceiling, left + at, right + at, count - at);
}

static void limiter_exchange(float *samples, float *delayed, const double *gains, uint32_t count) MOTET_NONBLOCKING
{
    uint32_t at = 0;
    for (; count - at >= FLOATS; at += FLOATS) {
        floats out = floats_load(delayed + at);
        doubles low = doubles_multiply(doubles_of_low(out), doubles_load(gains + at));
        doubles high = doubles_multiply(doubles_of_high(out), doubles_load(gains + at + DOUBLES));
        floats_store(delayed + at, floats_load(samples + at));
        floats_store(samples + at, floats_of_doubles(low, high));
    }
    motet_limiter_exchange(samples + at, delayed + at, gains + at, count - at);
}

/* --------------------------------------------------------------------------------------------------- True peaks */

INLINE floats peak_of_phase(const floats *sums, const floats *differences, uint32_t phase)
{
    floats even = floats_multiply(sums[0], floats_fill(motet_true_peak_even[phase][0]));
    floats odd = floats_multiply(differences[0], floats_fill(motet_true_peak_odd[phase][0]));
    for (int i = 1; i < MOTET_TRUE_PEAK_PAIRS; i++) {
        even = floats_add(even, floats_multiply(sums[i], floats_fill(motet_true_peak_even[phase][i])));
        odd = floats_add(odd, floats_multiply(differences[i], floats_fill(motet_true_peak_odd[phase][i])));
    }
    return floats_add(floats_magnitude(even), floats_magnitude(odd));
}

static void true_peak(float *peaks, const float *samples, uint32_t count) MOTET_NONBLOCKING
{
    uint32_t at = 0;
    for (; count - at >= FLOATS; at += FLOATS) {
        const float *last = samples + at;
        floats sums[MOTET_TRUE_PEAK_PAIRS], differences[MOTET_TRUE_PEAK_PAIRS];
        for (int i = 0; i < MOTET_TRUE_PEAK_PAIRS; i++) {
            floats near = floats_load(last - i), far = floats_load(last + i - MOTET_TRUE_PEAK_PAST);
            sums[i] = floats_add(near, far);
            differences[i] = floats_subtract(near, far);
        }
        floats points = floats_larger_bits(peak_of_phase(sums, differences, 0), peak_of_phase(sums, differences, 1));
        floats sample = floats_magnitude(floats_load(last - MOTET_TRUE_PEAK_DELAY));
        floats_store(peaks + at, floats_larger_bits(points, floats_larger_bits(sample, floats_load(peaks + at))));
    }
    motet_true_peak_raise(peaks + at, samples + at, count - at);
}

/* ------------------------------------------------------------------------------------------------------ Biquads */

/* DOUBLES channels. */
typedef struct biquad_lanes {
    doubles b0, b1, b2, a1, a2, s1, s2;
} biquad_lanes;

INLINE biquad_lanes lanes_of(const motet_biquad_bank *bank, uint32_t channel)
{
    return (biquad_lanes){.b0 = doubles_load(bank->b0 + channel),
                          .b1 = doubles_load(bank->b1 + channel),
                          .b2 = doubles_load(bank->b2 + channel),
                          .a1 = doubles_load(bank->a1 + channel),
                          .a2 = doubles_load(bank->a2 + channel),
                          .s1 = doubles_load(bank->s1 + channel),
                          .s2 = doubles_load(bank->s2 + channel)};
}

INLINE doubles filtered(biquad_lanes *f, doubles x)
{
    doubles y = doubles_add(doubles_multiply(f->b0, x), f->s1);
    doubles next = doubles_add(doubles_multiply(f->b1, x), f->s2);
    f->s1 = doubles_subtract(next, doubles_multiply(f->a1, y));
    f->s2 = doubles_subtract(doubles_multiply(f->b2, x), doubles_multiply(f->a2, y));
    return doubles_unless_less(doubles_magnitude(y), doubles_fill(MOTET_BIQUAD_FLOOR), y);
}

static void biquad_bank(float *samples, uint32_t count, motet_biquad_bank *bank) MOTET_NONBLOCKING
{
    for (uint32_t channel = 0; channel < MOTET_BIQUAD_CHANNELS; channel += FLOATS) {
        biquad_lanes low = lanes_of(bank, channel);
        biquad_lanes high = lanes_of(bank, channel + DOUBLES);
        float *frame = samples + channel;
        for (uint32_t k = 0; k < count; k++, frame += MOTET_BIQUAD_CHANNELS) {
            floats x = floats_load(frame);
            doubles first = filtered(&low, doubles_of_low(x));
            doubles second = filtered(&high, doubles_of_high(x));
            floats_store(frame, floats_of_doubles(first, second));
        }
        doubles_store(bank->s1 + channel, low.s1);
        doubles_store(bank->s2 + channel, low.s2);
        doubles_store(bank->s1 + channel + DOUBLES, high.s1);
        doubles_store(bank->s2 + channel + DOUBLES, high.s2);
    }
}

/* ---------------------------------------------------------------------------------------------------- Transforms */

#include "dsp/fft_body.h"

/* --------------------------------------------------------------------------------------------------------- List */

/* For the level's table. */
/* clang-format off */
#define KERNELS_OF_THIS_LEVEL                   \
    .mix_mono_s16 = mix_mono_s16,               \
    .mix_mono_f32 = mix_mono_f32,               \
    .mix_stereo_s16 = mix_stereo_s16,           \
    .mix_stereo_f32 = mix_stereo_f32,           \
    .mix_mono_ramped = mix_mono_ramped,         \
    .mix_stereo_ramped = mix_stereo_ramped,     \
    .add = add,                                 \
    .add_split = add_split,                     \
    .scale = scale,                             \
    .scale_ramped = scale_ramped,               \
    .swap = swap,                               \
    .largest = largest,                         \
    .sum_of_squares = sum_of_squares,           \
    .convert_s16_to_f32 = convert_s16_to_f32,   \
    .convert_f32_to_s16 = convert_f32_to_s16,   \
    .interleave = interleave,                   \
    .smooth_weights = smooth_weights,           \
    .shed_weights = shed_weights,               \
    .ramp_write = ramp_write,                   \
    .ramp_multiply = ramp_multiply,             \
    .ramp_gains = ramp_gains,                   \
    .limiter_reductions = limiter_reductions,   \
    .limiter_exchange = limiter_exchange,       \
    .true_peak = true_peak,                     \
    .biquad_bank = biquad_bank,                 \
    .fft_four = fft_four,                       \
    .fft_two = fft_two,                         \
    .fft_split_real = fft_split_real,           \
    .fft_join_real = fft_join_real,             \
    .add_products = add_products,               \
    .multiply_complex = multiply_complex,       \
    .add_filtered = add_filtered
/* clang-format on */

#endif /* MOTET_DSP_KERNELS_BODY_H */
