#include "dsp/impulse.h"

#include "dsp/convert_rate.h"
#include "dsp/math.h"

#include <math.h>
#include <string.h>

const motet_impulse_shape motet_impulse_shapes[MOTET_IMPULSE_LEVELS] = {
    {64, 64, 1024}, {512, 1024, 16384}, {8192, 16384, UINT32_MAX}};

enum { MOST_RESPONSES = 4, MOST_CHANNELS = 8, ALIGNMENT = 64 };

uint32_t motet_impulse_parts(uint32_t level, uint32_t frames) MOTET_NONBLOCKING
{
    const motet_impulse_shape *shape = &motet_impulse_shapes[level];
    uint32_t end = frames < shape->end ? frames : shape->end;
    return end > shape->first ? (end - shape->first + shape->block - 1) / shape->block : 0;
}

void motet_impulse_turns(float *turns, uint32_t block)
{
    for (uint32_t n = 0; n < block; n++) {
        turns[n] = (float)motet_cos_turns(n / (4.0 * block));
        turns[block + n] = (float)motet_sin_turns(n / (4.0 * block));
        turns[2 * block + n] = -turns[block + n];
    }
}

/* ------------------------------------------------------------------------------------------------------ Memory */

static uint32_t response_count(const motet_pcm *pcm, uint32_t channels)
{
    return channels == 1 || pcm->channels == 1 ? 1 : pcm->channels == 4 ? 4 : 2;
}

uint32_t motet_impulse_frames(const motet_pcm *pcm, uint32_t sample_rate_hz)
{
    uint64_t most = (uint64_t)MOTET_IMPULSE_MOST_SECONDS * sample_rate_hz;
    uint64_t source = (uint64_t)MOTET_IMPULSE_MOST_SECONDS * pcm->sample_rate_hz;
    source = pcm->frame_count < source ? pcm->frame_count : source;
    uint64_t frames = (source * sample_rate_hz + pcm->sample_rate_hz - 1) / pcm->sample_rate_hz;
    return (uint32_t)(frames < most ? frames : most);
}

/* What the impulse's memory is made of, in floats from its start on; what is behind `kept` serves while it is built. */
typedef struct layout {
    size_t heads, spectra[MOTET_IMPULSE_LEVELS], kept;
    size_t tables, turns, work, taps, coefficients, window, end;
} layout;

static size_t take(size_t *at, size_t floats)
{
    size_t start = *at;
    *at += (floats + ALIGNMENT / sizeof(float) - 1) / (ALIGNMENT / sizeof(float)) * (ALIGNMENT / sizeof(float));
    return start;
}

static layout lay_out(const motet_pcm *pcm, uint32_t channels, uint32_t rate)
{
    layout l = {0};
    size_t at = 0;
    uint32_t responses = response_count(pcm, channels);
    uint32_t frames = motet_impulse_frames(pcm, rate);
    uint32_t largest = motet_impulse_shapes[0].block;
    (void)take(&at, sizeof(motet_impulse) / sizeof(float) + 1);
    l.heads = take(&at, (size_t)responses * MOTET_IMPULSE_HEAD);
    for (uint32_t level = 0; level < MOTET_IMPULSE_LEVELS; level++) {
        uint32_t parts = motet_impulse_parts(level, frames);
        uint32_t block = motet_impulse_shapes[level].block;
        l.spectra[level] = take(&at, (size_t)responses * parts * 2 * block);
        largest = parts > 0 ? block : largest;
    }
    l.kept = at;
    l.tables = take(&at, motet_fft_size(largest) / sizeof(float));
    l.turns = take(&at, 3 * (size_t)largest);
    l.work = take(&at, 2 * (size_t)largest);
    l.taps = take(&at, largest);
    if (pcm->sample_rate_hz != rate) {
        l.coefficients = take(&at, motet_rate_filter_size(pcm->sample_rate_hz, rate) / sizeof(float));
        size_t span = (size_t)MOTET_RATE_CHUNK * pcm->sample_rate_hz / rate + 2 + 65536 + 64;
        l.window = take(&at, span + MOTET_KERNEL_SLACK);
    }
    l.end = at;
    return l;
}

size_t motet_impulse_size(const motet_pcm *pcm, uint32_t channels, uint32_t sample_rate_hz)
{
    return lay_out(pcm, channels, sample_rate_hz).end * sizeof(float);
}

/* ----------------------------------------------------------------------------------------------------- Reading */

typedef struct reader {
    const motet_pcm *pcm;
    float weights[MOST_CHANNELS]; /* of the source's channels in this response */
    bool converts;
    motet_rate_filter filter;
    float *window;
    const motet_kernels *kernels;
    uint32_t frames;
} reader;

static void choose_channels(reader *r, uint32_t channels, uint32_t response)
{
    uint32_t sides = r->pcm->channels == 1 ? 1 : r->pcm->channels == 4 ? 4 : 2;
    memset(r->weights, 0, sizeof r->weights);
    if (channels == 1) { /* what a sound on both sides would come out as on the mean of both */
        for (uint32_t c = 0; c < sides; c++) {
            r->weights[c] = sides == 1 ? 1 : 0.5f;
        }
    } else {
        r->weights[response] = 1;
    }
}

static float source_sample(const reader *r, int64_t frame)
{
    const motet_pcm *pcm = r->pcm;
    if (frame < 0 || (uint64_t)frame >= pcm->frame_count) {
        return 0;
    }
    float sum = 0;
    for (uint32_t c = 0; c < pcm->channels && c < MOST_CHANNELS; c++) {
        if (r->weights[c] != 0) {
            size_t at = (size_t)frame * pcm->channels + c;
            float sample = pcm->format == MOTET_FORMAT_S16 ? (float)((const int16_t *)pcm->samples)[at] * 0x1p-15f
                                                           : ((const float *)pcm->samples)[at];
            sum += r->weights[c] * sample;
        }
    }
    return sum;
}

/* Taps from `first` on at the wanted rate; 0 behind the end. A response that is read at another rate keeps its gain at
 * each frequency only when it is also scaled by the ratio of the rates. */
static void read_taps(const reader *r, float *taps, uint32_t first, uint32_t count)
{
    uint32_t rest = first < r->frames ? r->frames - first : 0;
    uint32_t sounding = count < rest ? count : rest;
    memset(taps + sounding, 0, (count - sounding) * sizeof *taps);
    if (!r->converts) {
        for (uint32_t k = 0; k < sounding; k++) {
            taps[k] = source_sample(r, (int64_t)first + k);
        }
        return;
    }
    float ratio = (float)((double)r->filter.from / r->filter.to);
    for (uint32_t done = 0; done < sounding;) {
        uint32_t chunk = sounding - done < MOTET_RATE_CHUNK ? sounding - done : MOTET_RATE_CHUNK;
        motet_rate_span span = motet_rate_filter_span(&r->filter, first + done, chunk);
        for (uint64_t k = 0; k < span.count; k++) {
            r->window[k] = source_sample(r, span.first + (int64_t)k);
        }
        motet_rate_convert(&r->filter, r->kernels->sinc_mono, taps + done, r->window, first + done, chunk);
        for (uint32_t k = 0; k < chunk; k++) {
            taps[done + k] *= ratio;
        }
        done += chunk;
    }
}

/* ---------------------------------------------------------------------------------------------------- Building */

typedef struct builder {
    motet_impulse *impulse;
    reader reader;
    uint32_t channels;
    float *heads, *tables, *turns, *work, *taps;
    double energy[MOST_RESPONSES];
} builder;

static void count_energy(builder *b, uint32_t response, uint32_t count)
{
    for (uint32_t k = 0; k < count; k++) {
        b->energy[response] += (double)b->taps[k] * (double)b->taps[k];
    }
}

static void build_head(builder *b, uint32_t response)
{
    choose_channels(&b->reader, b->channels, response);
    read_taps(&b->reader, b->taps, 0, MOTET_IMPULSE_HEAD);
    memcpy(b->heads + (size_t)response * MOTET_IMPULSE_HEAD, b->taps, MOTET_IMPULSE_HEAD * sizeof(float));
    count_energy(b, response, MOTET_IMPULSE_HEAD);
}

/* With the division by the size that the inverse transform leaves out. */
static void build_part(builder *b, const motet_fft *fft, uint32_t level, uint32_t response, uint32_t part)
{
    uint32_t block = fft->points;
    motet_complexes result = motet_impulse_spectrum(b->impulse, level, response, part);
    motet_complexes other = {b->work, b->work + block};
    bool even = fft->pass_count % 2 == 0;
    motet_complexes start = even ? result : other;
    read_taps(&b->reader, b->taps, motet_impulse_shapes[level].first + part * block, block);
    count_energy(b, response, block);
    float scale = 1 / (float)block;
    for (uint32_t n = 0; n < block; n++) {
        start.re[n] = b->taps[n] * scale * b->turns[n];
        start.im[n] = b->taps[n] * scale * b->turns[block + n];
    }
    (void)motet_fft_run(fft, b->reader.kernels, start, even ? other : result);
}

static void build_level(builder *b, uint32_t level)
{
    motet_fft fft;
    uint32_t block = motet_impulse_shapes[level].block;
    if (b->impulse->parts[level] == 0) {
        return;
    }
    motet_fft_build(&fft, block, b->tables);
    motet_impulse_turns(b->turns, block);
    for (uint32_t response = 0; response < b->impulse->response_count; response++) {
        choose_channels(&b->reader, b->channels, response);
        for (uint32_t part = 0; part < b->impulse->parts[level]; part++) {
            build_part(b, &fft, level, response, part);
        }
    }
}

static float normal_scale(const builder *b)
{
    double loudest = 0;
    for (int to = 0; to < 2; to++) {
        double energy = 0;
        for (int from = 0; from < 2; from++) {
            int response = b->impulse->path[to][from];
            energy += response >= 0 ? b->energy[response] : 0;
        }
        loudest = energy > loudest ? energy : loudest;
    }
    return loudest > 1e-30 ? (float)(1 / sqrt(loudest)) : 1;
}

void motet_impulse_build(motet_impulse *impulse, const motet_pcm *pcm, uint32_t channels, uint32_t sample_rate_hz,
                         const motet_kernels *kernels)
{
    layout l = lay_out(pcm, channels, sample_rate_hz);
    float *memory = (float *)(void *)impulse;
    builder b = {.impulse = impulse,
                 .reader = {.pcm = pcm, .kernels = kernels, .frames = motet_impulse_frames(pcm, sample_rate_hz)},
                 .channels = channels,
                 .heads = memory + l.heads,
                 .tables = memory + l.tables,
                 .turns = memory + l.turns,
                 .work = memory + l.work,
                 .taps = memory + l.taps};
    *impulse = (motet_impulse){.frames = b.reader.frames,
                               .response_count = response_count(pcm, channels),
                               .path = {{0, -1}, {-1, -1}},
                               .heads = b.heads};
    if (channels == 2) {
        impulse->path[1][1] = (int)impulse->response_count - 1;
        if (impulse->response_count == 4) {
            impulse->path[1][0] = 1;
            impulse->path[0][1] = 2;
        }
    }
    if (pcm->sample_rate_hz != sample_rate_hz) {
        b.reader.converts = true;
        b.reader.window = memory + l.window;
        motet_rate_filter_build(&b.reader.filter, pcm->sample_rate_hz, sample_rate_hz, memory + l.coefficients);
    }
    for (uint32_t response = 0; response < impulse->response_count; response++) {
        build_head(&b, response);
    }
    for (uint32_t level = 0; level < MOTET_IMPULSE_LEVELS; level++) {
        impulse->parts[level] = motet_impulse_parts(level, impulse->frames);
        impulse->spectra[level] = memory + l.spectra[level];
        build_level(&b, level);
    }
    impulse->scale = normal_scale(&b);
}
