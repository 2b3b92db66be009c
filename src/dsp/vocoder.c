#include "dsp/vocoder.h"

#include "dsp/math.h"

#include <math.h>
#include <string.h>

/* Of a window's sum of squares: what is less belongs to the very first hops, and is not blown up. */
static const float least_weight = 0.25f;
/* A peak whose power has grown by this much since the last hop is a new one. */
static const float new_peak = 6;

/* ------------------------------------------------------------------------------------------------------- Making */

uint32_t motet_vocoder_frames(uint32_t sample_rate_hz)
{
    uint32_t frames = MOTET_VOCODER_LEAST;
    while ((uint64_t)frames * 100 < (uint64_t)sample_rate_hz * 3 && frames < MOTET_FFT_MOST) {
        frames *= 2;
    }
    return frames;
}

static float *take(float *memory, size_t *at, size_t floats)
{
    enum { LINE = 64 / sizeof(float) };
    float *start = memory != NULL ? memory + *at : NULL;
    *at += (floats + LINE - 1) / LINE * LINE;
    return start;
}

static motet_complexes take_bins(float *memory, size_t *at, uint32_t frames)
{
    float *re = take(memory, at, frames / 2 + 1);
    return (motet_complexes){re, take(memory, at, frames / 2 + 1)};
}

/* Floats of memory; gives out those of `memory`, unless it is NULL. */
static size_t lay_out(motet_vocoder *v, uint32_t channels, uint32_t frames, float *memory)
{
    size_t at = 0;
    float *tables = take(memory, &at, motet_fft_size(frames / 2) / sizeof(float));
    v->hann = take(memory, &at, frames + 1);
    v->window = take(memory, &at, frames);
    v->windowed = take(memory, &at, frames);
    v->work = take(memory, &at, 2 * (size_t)frames);
    v->power = take(memory, &at, frames / 2 + 1);
    v->weights = take(memory, &at, frames);
    for (uint32_t c = 0; c < channels; c++) {
        v->now[c] = take_bins(memory, &at, frames);
        v->back[c] = take_bins(memory, &at, frames);
        v->last[c] = take_bins(memory, &at, frames);
        v->sums[c] = take(memory, &at, frames);
    }
    if (memory != NULL) {
        motet_fft_build(&v->fft, frames / 2, tables);
        for (uint32_t n = 0; n <= frames; n++) {
            v->hann[n] = (float)(0.5 - 0.5 * motet_cos_turns((double)n / frames));
        }
    }
    return at;
}

size_t motet_vocoder_size(uint32_t channels, uint32_t frames)
{
    motet_vocoder none = {0};
    return lay_out(&none, channels, frames, NULL) * sizeof(float);
}

void motet_vocoder_init(motet_vocoder *vocoder, uint32_t channels, uint32_t frames, const motet_kernels *kernels,
                        float *memory)
{
    *vocoder = (motet_vocoder){.channels = channels, .frames = frames, .kernels = kernels};
    (void)lay_out(vocoder, channels, frames, memory);
}

void motet_vocoder_reset(motet_vocoder *vocoder) MOTET_NONBLOCKING
{
    size_t bins = (vocoder->frames / 2 + 1) * sizeof(float);
    for (uint32_t c = 0; c < vocoder->channels; c++) {
        memset(vocoder->sums[c], 0, vocoder->frames * sizeof(float));
        memset(vocoder->last[c].re, 0, bins);
        memset(vocoder->last[c].im, 0, bins);
    }
    memset(vocoder->weights, 0, vocoder->frames * sizeof(float));
    vocoder->head = 0;
}

/* ------------------------------------------------------------------------------------------------------ Windows */

/* Linear between the points of the longest one: within 1e-6 of Hann's. */
static void make_window(motet_vocoder *v, uint32_t window_frames) MOTET_NONBLOCKING
{
    uint32_t first = (v->frames - window_frames) / 2;
    memset(v->window, 0, v->frames * sizeof(float));
    for (uint32_t n = 0; n < window_frames; n++) {
        uint64_t place = ((uint64_t)n * v->frames << 16) / window_frames;
        const float *point = v->hann + (place >> 16);
        v->window[first + n] = point[0] + (float)(place & 0xffff) * 0x1p-16f * (point[1] - point[0]);
    }
    v->window_frames = window_frames;
}

static void transform(motet_vocoder *v, motet_complexes bins, const float *samples) MOTET_NONBLOCKING
{
    memcpy(v->windowed, samples, v->frames * sizeof(float));
    v->kernels->scale_ramped(v->windowed, v->window, v->frames);
    motet_fft_of_real(&v->fft, v->kernels, bins, v->windowed, v->work);
}

/* Adds what `windowed` holds, windowed once more, to a ring. */
static void lay_over(motet_vocoder *v, float *ring) MOTET_NONBLOCKING
{
    uint32_t before_seam = v->frames - v->head;
    v->kernels->scale_ramped(v->windowed, v->window, v->frames);
    v->kernels->add(ring + v->head, v->windowed, before_seam);
    v->kernels->add(ring, v->windowed + before_seam, v->head);
}

/* ------------------------------------------------------------------------------------------------------- Phases */

typedef struct turn {
    float re, im;
} turn;

static float power_at(const motet_complexes bins[2], uint32_t channels, uint32_t k) MOTET_NONBLOCKING
{
    float power = 0;
    for (uint32_t c = 0; c < channels; c++) {
        power += bins[c].re[k] * bins[c].re[k] + bins[c].im[k] * bins[c].im[k];
    }
    return power;
}

/* From the earlier window's phase to what the last hop made of it: the louder channel decides. */
static turn turn_of(const motet_vocoder *v, uint32_t peak) MOTET_NONBLOCKING
{
    double re = 0, im = 0;
    for (uint32_t c = 0; c < v->channels; c++) {
        double last_re = (double)v->last[c].re[peak], last_im = (double)v->last[c].im[peak];
        double back_re = (double)v->back[c].re[peak], back_im = (double)v->back[c].im[peak];
        re += last_re * back_re + last_im * back_im;
        im += last_im * back_re - last_re * back_im;
    }
    double size = sqrt(re * re + im * im);
    if (!(size > 1e-30) || v->power[peak] > new_peak * power_at(v->last, v->channels, peak)) {
        return (turn){1, 0};
    }
    return (turn){(float)(re / size), (float)(im / size)};
}

/* Bins [first, end) become the last hop's. */
static void turn_bins(motet_vocoder *v, turn by, uint32_t first, uint32_t end) MOTET_NONBLOCKING
{
    for (uint32_t c = 0; c < v->channels; c++) {
        for (uint32_t k = first; k < end; k++) {
            v->last[c].re[k] = v->now[c].re[k] * by.re - v->now[c].im[k] * by.im;
            v->last[c].im[k] = v->now[c].re[k] * by.im + v->now[c].im[k] * by.re;
        }
    }
}

/* A window's main lobe reaches two of its own bins to either side. Within that no other peak counts, so that none of
 * the lobes beside it does, each of which has a higher neighbour. */
static bool is_peak(const float *power, uint32_t k, uint32_t last, uint32_t reach) MOTET_NONBLOCKING
{
    for (uint32_t distance = 1; distance <= reach; distance++) {
        if ((k >= distance && power[k - distance] >= power[k]) ||
            (k + distance <= last && power[k + distance] > power[k])) {
            return false;
        }
    }
    return true;
}

/* The power around a bin: a lobe beside the main one is not taken for the end of it, although it lies behind a gap. */
static float power_around(const float *power, uint32_t k, uint32_t last, uint32_t distance) MOTET_NONBLOCKING
{
    uint32_t first = k > distance ? k - distance : 0;
    uint32_t end = k + distance < last ? k + distance : last;
    float most = 0;
    for (uint32_t i = first; i <= end; i++) {
        most = power[i] > most ? power[i] : most;
    }
    return most;
}

/* The angles of two neighbouring peaks meet in the valley between them; so the bins of a peak are turned when the next
 * one is found. */
static void lock_phases(motet_vocoder *v) MOTET_NONBLOCKING
{
    uint32_t bins = v->frames / 2 + 1;
    uint32_t reach = (2 * v->frames + v->window_frames - 1) / v->window_frames;
    uint32_t first = 0, valley = 0;
    float depth = 0;
    turn by = {1, 0};
    bool found = false;
    for (uint32_t k = 0; k < bins; k++) {
        float around = power_around(v->power, k, bins - 1, reach / 2);
        if (around < depth) {
            valley = k;
            depth = around;
        }
        if (!is_peak(v->power, k, bins - 1, reach)) {
            continue;
        }
        turn next = turn_of(v, k);
        if (found) {
            turn_bins(v, by, first, valley);
            first = valley;
        }
        by = next;
        found = true;
        valley = k;
        depth = around;
    }
    turn_bins(v, by, first, bins);
}

void motet_vocoder_hop(motet_vocoder *vocoder, const float *const now[2], const float *const back[2],
                       uint32_t window_frames) MOTET_NONBLOCKING
{
    if (window_frames != vocoder->window_frames) {
        make_window(vocoder, window_frames);
    }
    for (uint32_t c = 0; c < vocoder->channels; c++) {
        transform(vocoder, vocoder->now[c], now[c]);
        transform(vocoder, vocoder->back[c], back[c]);
    }
    for (uint32_t k = 0; k <= vocoder->frames / 2; k++) {
        vocoder->power[k] = power_at(vocoder->now, vocoder->channels, k);
    }
    lock_phases(vocoder);
    for (uint32_t c = 0; c < vocoder->channels; c++) {
        motet_fft_to_real(&vocoder->fft, vocoder->kernels, vocoder->windowed, vocoder->last[c], vocoder->work);
        lay_over(vocoder, vocoder->sums[c]);
    }
    memcpy(vocoder->windowed, vocoder->window, vocoder->frames * sizeof(float));
    lay_over(vocoder, vocoder->weights);
}

void motet_vocoder_take(motet_vocoder *vocoder, float *const channels[2], uint32_t count) MOTET_NONBLOCKING
{
    for (uint32_t k = 0; k < count; k++) {
        uint32_t at = (vocoder->head + k) & (vocoder->frames - 1);
        float weight = vocoder->weights[at] > least_weight ? vocoder->weights[at] : least_weight;
        for (uint32_t c = 0; c < vocoder->channels; c++) {
            channels[c][k] = vocoder->sums[c][at] / weight;
            vocoder->sums[c][at] = 0;
        }
        vocoder->weights[at] = 0;
    }
    vocoder->head = (vocoder->head + count) & (vocoder->frames - 1);
}
