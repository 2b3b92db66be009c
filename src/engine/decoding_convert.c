#include "dsp/convert.h"
#include "dsp/convert_rate.h"
#include "dsp/kernels.h"
#include "engine/decoding.h"

#include <string.h>

enum {
    ALIGNMENT = 64,
    WINDOW_FRAMES = 32768, /* about so many source frames are looked at in one go */
    /* Material of a rate lower than the engine's by more than this keeps it: nothing that low is recorded, but a broken
     * header must not turn a small file into gigabytes. */
    MOST_EXPANSION = 16,
    /* Longer sounds loop on their converted frames, with a length rounded to one of them. */
    MOST_ORIGINAL_SECONDS = 60
};

/* One conversion's memory. */
typedef struct conversion {
    motet_heap *heap;
    const motet_kernels *kernels;
    motet_rate_filter filter;
    float *coefficients;
    size_t coefficient_bytes;
    uint32_t chunk_frames;
    float *chunk, *window; /* interleaved, in one piece */
    size_t scratch_bytes;
} conversion;

static bool begin(conversion *c, motet_heap *heap, const motet_kernels *kernels, uint32_t channels, uint32_t from_hz,
                  uint32_t to_hz)
{
    uint64_t chunk = (uint64_t)WINDOW_FRAMES * to_hz / from_hz;
    *c = (conversion){.heap = heap, .kernels = kernels, .chunk_frames = chunk < 1 ? 1 : (uint32_t)chunk};
    c->chunk_frames = chunk > MOTET_RATE_CHUNK ? MOTET_RATE_CHUNK : c->chunk_frames;
    c->coefficient_bytes = motet_rate_filter_size(from_hz, to_hz);
    c->coefficients = motet_heap_take(heap, c->coefficient_bytes, ALIGNMENT);
    if (c->coefficients == NULL) {
        return false;
    }
    motet_rate_filter_build(&c->filter, from_hz, to_hz, c->coefficients);
    /* A chunk's places lie less than one source frame beyond what its length says. */
    size_t window_frames = (size_t)((uint64_t)c->chunk_frames * from_hz / to_hz) + c->filter.bank.taps + 2;
    size_t chunk_samples = (size_t)MOTET_RATE_CHUNK * channels;
    c->scratch_bytes = (chunk_samples + window_frames * channels + MOTET_KERNEL_SLACK) * sizeof(float);
    c->chunk = motet_heap_take(heap, c->scratch_bytes, ALIGNMENT);
    if (c->chunk == NULL) {
        return false;
    }
    c->window = c->chunk + chunk_samples;
    return true;
}

static void end(conversion *c)
{
    motet_heap_give(c->heap, c->coefficients, c->coefficient_bytes);
    motet_heap_give(c->heap, c->chunk, c->scratch_bytes);
}

/* Fills the window with the span's frames; silence before the first and behind the last. */
static void fill_window(const conversion *c, const motet_material *material, motet_rate_span span)
{
    uint32_t channels = material->channels;
    uint64_t silent = span.first < 0 ? (uint64_t)-span.first : 0;
    uint64_t first = span.first < 0 ? 0 : (uint64_t)span.first;
    silent = silent < span.count ? silent : span.count;
    uint64_t there = first < material->frame_count ? material->frame_count - first : 0;
    there = there < span.count - silent ? there : span.count - silent;
    float *window = c->window;
    memset(window, 0, (size_t)silent * channels * sizeof *window);
    window += silent * channels;
    size_t sample = (size_t)first * channels;
    size_t samples = (size_t)there * channels;
    if (material->format == MOTET_FORMAT_S16) {
        c->kernels->convert_s16_to_f32(window, (const int16_t *)material->samples + sample, samples);
    } else {
        memcpy(window, (const float *)material->samples + sample, samples * sizeof *window);
    }
    memset(window + samples, 0, (size_t)(span.count - silent - there) * channels * sizeof *window);
}

static void convert(const conversion *c, const motet_material *from, motet_material *to)
{
    motet_sinc_fn *dot_products = to->channels == 2 ? c->kernels->sinc_stereo : c->kernels->sinc_mono;
    for (uint64_t done = 0; done < to->frame_count;) {
        uint64_t rest = to->frame_count - done;
        uint32_t count = rest < c->chunk_frames ? (uint32_t)rest : c->chunk_frames;
        fill_window(c, from, motet_rate_filter_span(&c->filter, done, count));
        motet_rate_convert(&c->filter, dot_products, c->chunk, c->window, done, count);
        size_t samples = (size_t)count * to->channels;
        motet_clean_f32(c->chunk, samples); /* next to nothing becomes nothing */
        size_t first = (size_t)done * to->channels;
        if (to->format == MOTET_FORMAT_S16) {
            motet_pack_s16((int16_t *)to->samples + first, c->chunk, samples);
        } else {
            memcpy((float *)to->samples + first, c->chunk, samples * sizeof *c->chunk);
        }
        done += count;
    }
}

static bool is_wanted(const motet_decoded *decoded, uint32_t rate_hz)
{
    const motet_material *material = &decoded->material;
    return material->sample_rate_hz != rate_hz && material->frame_count > 0 && decoded->info.loop_end_frame == 0 &&
           rate_hz / MOST_EXPANSION <= material->sample_rate_hz;
}

/* Keeps the file's own frames beside the converted ones, or lets them go. */
static bool settle_original(motet_heap *heap, motet_material *converted, const motet_material *original)
{
    if (original->frame_count > (uint64_t)MOST_ORIGINAL_SECONDS * original->sample_rate_hz) {
        motet_heap_give(heap, original->samples, motet_material_bytes(original));
        return true;
    }
    converted->original = motet_heap_take(heap, sizeof *original, _Alignof(motet_material));
    if (converted->original != NULL) {
        *converted->original = *original;
    }
    return converted->original != NULL;
}

motet_result motet_decoded_convert(motet_heap *heap, const motet_kernels *kernels, motet_decoded *decoded,
                                   motet_store store, uint32_t rate_hz)
{
    if (!is_wanted(decoded, rate_hz)) {
        return MOTET_OK;
    }
    const motet_material original = decoded->material;
    motet_material converted = original;
    conversion c;
    converted.samples = NULL;
    converted.sample_rate_hz = rate_hz;
    converted.format = store == MOTET_STORE_S16 ? MOTET_FORMAT_S16 : MOTET_FORMAT_F32;
    bool complete = begin(&c, heap, kernels, original.channels, original.sample_rate_hz, rate_hz);
    if (complete) {
        converted.frame_count = motet_rate_frames(&c.filter, original.frame_count);
        bool fits = converted.frame_count <= SIZE_MAX / 16;
        converted.samples = fits ? motet_heap_take(heap, motet_material_bytes(&converted), ALIGNMENT) : NULL;
        complete = converted.samples != NULL;
    }
    if (complete) {
        convert(&c, &original, &converted);
        complete = settle_original(heap, &converted, &original);
    }
    end(&c);
    if (!complete) {
        motet_heap_give(heap, converted.samples, motet_material_bytes(&converted));
        return MOTET_ERROR_MEMORY;
    }
    decoded->material = converted;
    decoded->info.format = (motet_format)converted.format;
    decoded->info.memory_bytes = motet_material_bytes(&converted);
    if (converted.original != NULL) {
        decoded->info.memory_bytes += motet_material_bytes(converted.original);
    }
    return MOTET_OK;
}

motet_result motet_decoded_convert_later(motet_heap *heap, motet_decoded *decoded, motet_store store, uint32_t rate_hz)
{
    const motet_material own = decoded->material;
    motet_material converted = own;
    bool wanted = is_wanted(decoded, rate_hz);
    if (wanted) {
        converted.sample_rate_hz = rate_hz;
        converted.format = store == MOTET_STORE_S16 ? MOTET_FORMAT_S16 : MOTET_FORMAT_F32;
    }
    if (!motet_stream_file_describe(decoded->streamed, &own, wanted ? &converted : NULL, decoded->info.file_channels)) {
        return MOTET_ERROR_MEMORY;
    }
    if (wanted) {
        converted.frame_count = motet_rate_frames(&decoded->streamed->filter, own.frame_count);
        if (!settle_original(heap, &converted, &own)) {
            return MOTET_ERROR_MEMORY;
        }
        decoded->material = converted;
        decoded->info.format = (motet_format)converted.format;
    }
    return MOTET_OK;
}
