#include "dsp/convert.h"
#include "dsp/convert_rate.h"
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
    motet_rate_filter filter;
    float *coefficients;
    size_t coefficient_bytes;
    uint32_t chunk_frames;
    float *scratch; /* two windows, then two sides of a chunk, then a chunk interleaved */
    size_t scratch_bytes;
    size_t window_frames;
} conversion;

static bool begin(conversion *c, motet_heap *heap, uint32_t from_hz, uint32_t to_hz)
{
    uint64_t chunk = (uint64_t)WINDOW_FRAMES * to_hz / from_hz;
    *c = (conversion){.heap = heap, .chunk_frames = chunk < 1 ? 1 : (uint32_t)chunk};
    c->chunk_frames = chunk > MOTET_RATE_CHUNK ? MOTET_RATE_CHUNK : c->chunk_frames;
    c->coefficient_bytes = motet_rate_filter_size(from_hz, to_hz);
    c->coefficients = motet_heap_take(heap, c->coefficient_bytes, ALIGNMENT);
    if (c->coefficients == NULL) {
        return false;
    }
    motet_rate_filter_build(&c->filter, from_hz, to_hz, c->coefficients);
    /* A chunk's places lie less than one source frame beyond what its length says. */
    c->window_frames = (size_t)((uint64_t)c->chunk_frames * from_hz / to_hz) + c->filter.bank.taps + 2;
    c->scratch_bytes = (2 * c->window_frames + 4 * (size_t)c->chunk_frames) * sizeof(float);
    c->scratch = motet_heap_take(heap, c->scratch_bytes, ALIGNMENT);
    return c->scratch != NULL;
}

static void end(conversion *c)
{
    motet_heap_give(c->heap, c->coefficients, c->coefficient_bytes);
    motet_heap_give(c->heap, c->scratch, c->scratch_bytes);
}

/* Fills the planar windows with the span's frames; silence before the first and behind the last. */
static void fill_windows(const motet_material *material, motet_rate_span span, float *left, float *right)
{
    uint32_t channels = material->channels;
    const int16_t *s16 = material->samples;
    const float *f32 = material->samples;
    for (uint64_t k = 0; k < span.count; k++) {
        int64_t frame = span.first + (int64_t)k;
        bool inside = frame >= 0 && (uint64_t)frame < material->frame_count;
        size_t sample = inside ? (size_t)frame * channels : 0;
        for (uint32_t channel = 0; channel < channels; channel++) {
            float value = !inside                                ? 0
                          : material->format == MOTET_FORMAT_S16 ? (float)s16[sample + channel] * 0x1p-15f
                                                                 : f32[sample + channel];
            *(channel == 0 ? &left[k] : &right[k]) = value;
        }
    }
}

static void convert(conversion *c, const motet_material *from, motet_material *to)
{
    float *window_left = c->scratch;
    float *window_right = window_left + c->window_frames;
    float *left = window_right + c->window_frames;
    float *right = left + c->chunk_frames;
    float *interleaved = right + c->chunk_frames;
    bool stereo = to->channels == 2;
    for (uint64_t done = 0; done < to->frame_count;) {
        uint64_t rest = to->frame_count - done;
        uint32_t count = rest < c->chunk_frames ? (uint32_t)rest : c->chunk_frames;
        fill_windows(from, motet_rate_filter_span(&c->filter, done, count), window_left, window_right);
        motet_rate_convert(&c->filter, left, right, window_left, stereo ? window_right : NULL, done, count);
        size_t samples = (size_t)count * to->channels;
        for (uint32_t k = 0; k < count; k++) {
            interleaved[k * to->channels] = left[k];
            if (stereo) {
                interleaved[k * 2 + 1] = right[k];
            }
        }
        motet_clean_f32(interleaved, samples); /* next to nothing becomes nothing */
        size_t first = (size_t)done * to->channels;
        if (to->format == MOTET_FORMAT_S16) {
            motet_pack_s16((int16_t *)to->samples + first, interleaved, samples);
        } else {
            memcpy((float *)to->samples + first, interleaved, samples * sizeof *interleaved);
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

motet_result motet_decoded_convert(motet_heap *heap, motet_decoded *decoded, motet_store store, uint32_t rate_hz)
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
    bool complete = begin(&c, heap, original.sample_rate_hz, rate_hz);
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
