/* Higher or lower without being faster or slower: choirs of one voice, giants and mice.
 *
 * At each hop two windows of the sound are read at the wanted pitch, through the filters of sinc32, and laid over the
 * result by the phase vocoder (dsp/vocoder.h), which keeps partials together, both channels in their relation, and
 * attacks whole. Where the sound gets higher, the windows cover the same stretch of the source and become shorter in
 * the result, so that the latency is the same at each pitch: a window and the filter's reach. */
#include "dsp/math.h"
#include "dsp/sinc.h"
#include "dsp/vocoder.h"
#include "effects/effects.h"

#include <assert.h>
#include <string.h>

enum { SEMITONES, PARAMETER_COUNT };
enum {
    REACH = 64, /* frames to which the filters' taps reach, at two octaves up */
    TIER = 32,
    CHUNK = 256
};

static const motet_parameter parameters[PARAMETER_COUNT] = {
    [SEMITONES] = {"semitones", "semitones", -24, 24, 0, MOTET_PARAMETER_LINEAR, NULL,
                   "How much higher it sounds; parts of a semitone count too."},
};

typedef struct pitch_shift {
    uint32_t channels, sample_rate_hz, frames;
    const motet_kernels *kernels;
    motet_sinc sinc;
    motet_vocoder vocoder;
    /* The last 2 * frames of the input, interleaved, twice one behind the other: any window of them is in one piece. */
    float *history;
    uint32_t mask;
    float *now[2], *back[2];
    uint64_t last_hop;
    bool fresh;
} pitch_shift;

/* ------------------------------------------------------------------------------------------------------- Making */

static size_t rounded(size_t bytes)
{
    return (bytes + 63) / 64 * 64;
}

static size_t history_bytes(uint32_t channels, uint32_t frames)
{
    return rounded((4 * (size_t)frames * channels + MOTET_KERNEL_SLACK) * sizeof(float));
}

static size_t size(const motet_effect_setup *setup)
{
    uint32_t frames = motet_vocoder_frames(setup->sample_rate_hz);
    return rounded(sizeof(pitch_shift)) + rounded(motet_sinc_size(TIER)) +
           rounded(motet_vocoder_size(setup->channels, frames)) + history_bytes(setup->channels, frames) +
           2 * (size_t)setup->channels * frames * sizeof(float);
}

static void init(void *state, const motet_effect_setup *setup)
{
    pitch_shift *p = state;
    char *memory = (char *)state + rounded(sizeof *p);
    uint32_t frames = motet_vocoder_frames(setup->sample_rate_hz);
    *p = (pitch_shift){.channels = setup->channels,
                       .sample_rate_hz = setup->sample_rate_hz,
                       .frames = frames,
                       .kernels = setup->kernels,
                       .mask = 2 * frames - 1,
                       .fresh = true};
    motet_sinc_build(&p->sinc, TIER, (float *)(void *)memory);
    memory += rounded(motet_sinc_size(TIER));
    motet_vocoder_init(&p->vocoder, setup->channels, frames, setup->kernels, (float *)(void *)memory);
    memory += rounded(motet_vocoder_size(setup->channels, frames));
    p->history = (float *)(void *)memory;
    memory += history_bytes(setup->channels, frames);
    for (uint32_t c = 0; c < setup->channels; c++) {
        p->now[c] = (float *)(void *)memory + 2 * (size_t)c * frames;
        p->back[c] = p->now[c] + frames;
    }
}

static void reset(void *state) MOTET_NONBLOCKING
{
    pitch_shift *p = state;
    memset(p->history, 0, 4 * (size_t)p->frames * p->channels * sizeof(float));
    motet_vocoder_reset(&p->vocoder);
    p->fresh = true;
}

static uint32_t latency_frames(const motet_effect_setup *setup)
{
    return motet_vocoder_frames(setup->sample_rate_hz) + REACH;
}

static double tail_seconds(const void *state, const float *values) MOTET_NONBLOCKING
{
    const pitch_shift *p = state;
    (void)values;
    return (2.125 * p->frames + REACH) / p->sample_rate_hz;
}

/* ------------------------------------------------------------------------------------------------------ Windows */

/* Frames from `start` on, 32.32 behind input frame `base`, each by `step` later than the one before. */
static void read_window(const pitch_shift *p, float *const out[2], uint64_t base, uint64_t start, uint64_t step,
                        uint32_t window_frames) MOTET_NONBLOCKING
{
    uint64_t positions[CHUNK];
    float read[2 * CHUNK];
    const motet_sinc_bank *bank = &p->sinc.banks[motet_sinc_bank_of(&p->sinc, step)];
    uint32_t first = (p->frames - window_frames) / 2;
    for (uint32_t done = 0; done < window_frames; done += CHUNK) {
        uint32_t count = window_frames - done < CHUNK ? window_frames - done : CHUNK;
        uint64_t from = (start >> 32) - REACH;
        const float *in = p->history + ((base + from) & p->mask) * p->channels;
        for (uint32_t k = 0; k < count; k++) {
            positions[k] = start + k * step - (from << 32);
        }
        if (p->channels == 1) {
            p->kernels->sinc_mono(out[0] + first + done, in, positions, count, bank);
        } else {
            p->kernels->sinc_stereo(read, in, positions, count, bank);
            for (uint32_t k = 0; k < count; k++) {
                out[0][first + done + k] = read[2 * k];
                out[1][first + done + k] = read[2 * k + 1];
            }
        }
        start += count * step;
    }
}

/* Before `frame`. A window that sounds around half its length from now on is read around where it can be read whole. */
static void hop(pitch_shift *p, uint64_t frame, uint64_t step) MOTET_NONBLOCKING
{
    const uint64_t one = UINT64_C(1) << 32;
    uint64_t base = frame - 2 * (uint64_t)p->frames;
    uint64_t since = p->fresh ? p->frames / MOTET_VOCODER_OVERLAP : frame - p->last_hop;
    uint32_t window = step > one ? (uint32_t)(p->frames * one / step) & ~1u : p->frames;
    uint64_t centre = (2 * (uint64_t)p->frames - p->frames / 2 - REACH) << 32;
    uint64_t start = centre - window / 2 * step;
    read_window(p, p->now, base, start, step, window);
    read_window(p, p->back, base, start - since * step, step, window);
    motet_vocoder_hop(&p->vocoder, (const float *const *)p->now, (const float *const *)p->back, window);
    p->last_hop = frame;
    p->fresh = false;
}

/* ------------------------------------------------------------------------------------------------------ Running */

static void keep_input(pitch_shift *p, float *const channels[2], uint64_t frame, uint32_t count) MOTET_NONBLOCKING
{
    size_t again = (size_t)(p->mask + 1) * p->channels;
    for (uint32_t k = 0; k < count; k++) {
        float *at = p->history + ((frame + k) & p->mask) * p->channels;
        for (uint32_t c = 0; c < p->channels; c++) {
            assert(c < 2 && channels[c] != NULL);
            at[c] = at[again + c] = channels[c][k];
        }
    }
}

/* Above an octave the windows are so short that hops must lie closer. */
static void process(void *state, const motet_effect_run *run) MOTET_NONBLOCKING
{
    pitch_shift *p = state;
    uint32_t grid = p->frames / MOTET_VOCODER_OVERLAP / 2;
    for (uint32_t done = 0; done < run->frame_count;) {
        uint64_t frame = run->frame + done;
        uint32_t to_grid = grid - (uint32_t)(frame % grid);
        uint32_t count = run->frame_count - done < to_grid ? run->frame_count - done : to_grid;
        float *const channels[2] = {run->channels[0] + done, p->channels == 2 ? run->channels[1] + done : NULL};
        if (frame % grid == 0) {
            double ratio = motet_exp2((double)motet_effect_value(run, SEMITONES, done) / 12);
            if (ratio > 2 || frame % (2 * (uint64_t)grid) == 0) {
                hop(p, frame, (uint64_t)(ratio * 4294967296.0));
            }
        }
        keep_input(p, channels, frame, count);
        motet_vocoder_take(&p->vocoder, channels, count);
        done += count;
    }
}

const motet_effect_type motet_effect_pitch_shift = {
    .name = "pitch_shift",
    .text = "Higher or lower without being faster or slower.",
    .parameters = parameters,
    .parameter_count = PARAMETER_COUNT,
    .wet = 1,
    .size = size,
    .init = init,
    .process = process,
    .reset = reset,
    .tail_seconds = tail_seconds,
    .latency_frames = latency_frames,
};
