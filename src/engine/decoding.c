#include "engine/decoding.h"

#include "dsp/convert.h"
#include "engine/adapters.h"
#include "engine/markers.h"

#include <string.h>

enum { CHUNK_FRAMES = 4096, SAMPLE_ALIGNMENT = 64 };

static size_t sample_size(motet_format format)
{
    return format == MOTET_FORMAT_S16 ? sizeof(int16_t) : sizeof(float);
}

size_t motet_material_bytes(const motet_material *material)
{
    return (size_t)material->frame_count * material->channels * sample_size((motet_format)material->format);
}

void motet_sound_tags_free(motet_heap *heap, motet_tag *tags, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        motet_heap_give_text(heap, (char *)tags[i].key);
        motet_heap_give_text(heap, (char *)tags[i].value);
    }
    motet_heap_give(heap, tags, count * sizeof *tags);
}

void motet_material_free(motet_heap *heap, const motet_material *material)
{
    if (material->original != NULL) {
        motet_markers_unplace(heap, material->original);
        motet_heap_give(heap, material->original->samples, motet_material_bytes(material->original));
        motet_heap_give(heap, material->original, sizeof *material->original);
    }
    motet_markers_unplace(heap, material);
    motet_heap_give(heap, material->samples, motet_material_bytes(material));
}

void motet_decoded_free(motet_heap *heap, motet_decoded *decoded)
{
    motet_material_free(heap, &decoded->material);
    if (decoded->tags != NULL) {
        motet_sound_tags_free(heap, decoded->tags, decoded->tag_count);
    }
    motet_markers_free(heap, decoded->markers, decoded->info.marker_count);
    motet_stream_file_drop(decoded->streamed);
}

/* ------------------------------------------------------------------------------------ Growing while it decodes */

/* Samples in their final format, growing as they come: what a header says of its length is only a first guess. */
typedef struct sample_store {
    motet_heap *heap;
    motet_material material;
    uint64_t capacity; /* frames */
    size_t non_finite;
} sample_store;

static size_t bytes_of(const sample_store *store, uint64_t frames)
{
    return (size_t)frames * store->material.channels * sample_size((motet_format)store->material.format);
}

static bool set_capacity(sample_store *store, uint64_t frames)
{
    void *moved = motet_heap_resize(store->heap, store->material.samples, bytes_of(store, store->capacity),
                                    bytes_of(store, frames), SAMPLE_ALIGNMENT);
    if (moved != NULL) {
        store->material.samples = moved;
        store->capacity = frames;
    }
    return moved != NULL;
}

static bool make_room(sample_store *store, uint64_t frames)
{
    uint64_t needed = store->material.frame_count + frames;
    return needed <= store->capacity ||
           set_capacity(store, needed > 2 * store->capacity ? needed : 2 * store->capacity);
}

/* Appends floats of the material's own channels; `frames` is changed. */
static bool append_f32(sample_store *store, float *frames, uint64_t count)
{
    size_t samples = (size_t)count * store->material.channels;
    if (!make_room(store, count)) {
        return false;
    }
    store->non_finite += motet_clean_f32(frames, samples);
    void *at = (uint8_t *)store->material.samples + bytes_of(store, store->material.frame_count);
    if (store->material.format == MOTET_FORMAT_S16) {
        motet_pack_s16(at, frames, samples);
    } else {
        memcpy(at, frames, samples * sizeof *frames);
    }
    store->material.frame_count += count;
    return true;
}

static bool append_s16(sample_store *store, const int16_t *frames, uint64_t count)
{
    if (!make_room(store, count)) {
        return false;
    }
    size_t samples = (size_t)count * store->material.channels;
    memcpy((uint8_t *)store->material.samples + bytes_of(store, store->material.frame_count), frames,
           samples * sizeof *frames);
    store->material.frame_count += count;
    return true;
}

/* A chunk in the channels of the file, on its way into the store. */
typedef struct chunk_buffer {
    float f32[CHUNK_FRAMES * MOTET_MAX_CHANNELS];
    int16_t s16[CHUNK_FRAMES * MOTET_MAX_CHANNELS];
} chunk_buffer;

/* s16 goes in as it is only when nothing has to be done to it. */
static bool append_chunk(sample_store *store, chunk_buffer *chunk, motet_format format, uint32_t channels,
                         uint32_t count)
{
    if (format == MOTET_FORMAT_S16 && channels <= 2 && store->material.format == MOTET_FORMAT_S16) {
        return append_s16(store, chunk->s16, count);
    }
    if (format == MOTET_FORMAT_S16) {
        motet_convert_s16_to_f32(chunk->f32, chunk->s16, (size_t)count * channels);
    }
    if (channels > 2) {
        store->non_finite += motet_clean_f32(chunk->f32, (size_t)count * channels);
        motet_fold_to_stereo(chunk->f32, chunk->f32, channels, count);
    }
    return append_f32(store, chunk->f32, count);
}

/* -------------------------------------------------------------------------------------------------- Decoding */

static motet_format format_for(motet_store store, bool wide)
{
    bool f32 = store == MOTET_STORE_F32 || (store == MOTET_STORE_AUTO && wide);
    return f32 ? MOTET_FORMAT_F32 : MOTET_FORMAT_S16;
}

/* A lossy decoder works in floats: kept as such, nothing is rounded on the way. */
static bool decodes_to_f32(const motet_decoder_info *info, const motet_material *kept)
{
    return info->wide || (info->lossy && kept->format == MOTET_FORMAT_F32);
}

static motet_result read_everything(const motet_decoder_backend *backend, motet_decoder *decoder,
                                    const motet_decoder_info *info, sample_store *store, char *error, size_t error_size)
{
    chunk_buffer *chunk = motet_heap_take(store->heap, sizeof *chunk, SAMPLE_ALIGNMENT);
    bool as_f32 = decodes_to_f32(info, &store->material);
    motet_format format = as_f32 ? MOTET_FORMAT_F32 : MOTET_FORMAT_S16;
    motet_result result = chunk == NULL ? MOTET_ERROR_MEMORY : MOTET_OK;
    uint32_t count = 1;
    while (result == MOTET_OK && count > 0) {
        result = as_f32 ? backend->read_f32(decoder, chunk->f32, CHUNK_FRAMES, &count, error, error_size)
                        : backend->read_s16(decoder, chunk->s16, CHUNK_FRAMES, &count, error, error_size);
        if (result == MOTET_OK && count > 0 && !append_chunk(store, chunk, format, info->channels, count)) {
            result = MOTET_ERROR_MEMORY;
        }
    }
    if (result == MOTET_ERROR_MEMORY) {
        snprintf(error, error_size, "out of memory after %llu frames", (unsigned long long)store->material.frame_count);
    }
    motet_heap_give(store->heap, chunk, sizeof *chunk);
    return result;
}

static bool copy_tags(motet_heap *heap, const motet_decoder_info *info, motet_decoded *decoded)
{
    decoded->tags = motet_heap_take(heap, info->tag_count * sizeof *decoded->tags, _Alignof(motet_tag));
    if (decoded->tags == NULL) {
        return false;
    }
    decoded->tag_count = info->tag_count;
    bool complete = true;
    for (uint32_t i = 0; i < info->tag_count; i++) {
        decoded->tags[i].key = motet_heap_copy_text(heap, info->tags[i].key);
        decoded->tags[i].value = motet_heap_copy_text(heap, info->tags[i].value);
        complete = complete && decoded->tags[i].key != NULL && decoded->tags[i].value != NULL;
    }
    return complete;
}

static void fill_info(motet_decoded *decoded)
{
    motet_material *material = &decoded->material;
    motet_sound_info *info = &decoded->info;
    material->file_rate_hz = material->sample_rate_hz;
    material->file_frame_count = material->frame_count;
    info->frame_count = material->frame_count;
    info->sample_rate_hz = material->sample_rate_hz;
    info->seconds = (double)material->frame_count / material->sample_rate_hz;
    info->channels = material->channels;
    info->format = (motet_format)material->format;
    info->memory_bytes = motet_material_bytes(material);
    info->seekable = true;
}

static bool has_sane_loop(const motet_decoder_info *info, uint64_t frame_count)
{
    return info->loop_start_frame < info->loop_end_frame && info->loop_end_frame <= frame_count;
}

/* What a sound tells of its file, once its material is known. */
static void describe(motet_decoded *decoded, const motet_decoder_info *info)
{
    decoded->info.lossy = info->lossy;
    decoded->info.file_channels = info->channels;
    memcpy(decoded->info.container, info->container, sizeof decoded->info.container);
    memcpy(decoded->info.encoding, info->encoding, sizeof decoded->info.encoding);
    if (has_sane_loop(info, decoded->material.frame_count)) {
        decoded->info.loop_start_frame = info->loop_start_frame;
        decoded->info.loop_end_frame = info->loop_end_frame;
    }
    fill_info(decoded);
}

static motet_result decode_with(const motet_decoder_backend *backend, motet_decoder *decoder,
                                const motet_decoder_info *info, motet_heap *heap, motet_store wanted,
                                motet_decoded *decoded, char *error, size_t error_size)
{
    sample_store store = {.heap = heap};
    store.material.channels = info->channels >= 2 ? 2 : 1;
    store.material.sample_rate_hz = info->sample_rate_hz;
    store.material.format = (uint8_t)format_for(wanted, info->wide);
    if (!set_capacity(&store, info->frame_count)) {
        set_capacity(&store, 0); /* the header may lie: grow with what really comes */
    }
    motet_result result = read_everything(backend, decoder, info, &store, error, error_size);
    /* What came before the first broken place is kept, if anything did. */
    bool cut = result != MOTET_OK && result != MOTET_ERROR_MEMORY && store.material.frame_count > 0;
    if ((result == MOTET_OK || cut) && set_capacity(&store, store.material.frame_count)) {
        decoded->material = store.material;
        decoded->non_finite = store.non_finite;
        decoded->info.truncated = cut || backend->truncated(decoder);
        describe(decoded, info);
        if (copy_tags(heap, info, decoded) && motet_markers_keep(heap, info, decoded)) {
            return MOTET_OK;
        }
        motet_decoded_free(heap, decoded);
        store.material.samples = NULL;
        result = MOTET_ERROR_MEMORY;
    }
    motet_heap_give(heap, store.material.samples, bytes_of(&store, store.capacity));
    return result == MOTET_OK ? MOTET_ERROR_MEMORY : result;
}

motet_result motet_decoder_find(const motet_source *source, const motet_decoder_backend **backend,
                                motet_decoder **decoder, motet_decoder_info *info, char *error, size_t error_size)
{
    motet_result result = MOTET_ERROR_UNSUPPORTED;
    snprintf(error, error_size, "this build of the library has no decoders");
    for (const motet_decoder_backend *const *each = motet_adapters_linked.decoders; *each != NULL; each++) {
        *info = (motet_decoder_info){0};
        *backend = *each;
        if (each != motet_adapters_linked.decoders) {
            source->seek(source->user, 0);
        }
        result = (*each)->open(source, decoder, info, error, error_size);
        /* Without a sentence the material is another decoder's. */
        if (result != MOTET_ERROR_FORMAT || error[0] != '\0') {
            return result;
        }
    }
    return result;
}

motet_result motet_decode(motet_heap *heap, const motet_source *source, motet_store store, motet_decoded *decoded,
                          char *error, size_t error_size)
{
    const motet_decoder_backend *backend;
    motet_decoder *decoder;
    motet_decoder_info info;
    *decoded = (motet_decoded){0};
    motet_result result = motet_decoder_find(source, &backend, &decoder, &info, error, error_size);
    if (result == MOTET_OK) {
        result = decode_with(backend, decoder, &info, heap, store, decoded, error, error_size);
        backend->close(decoder);
    }
    return result;
}

/* ------------------------------------------------------------------------------------------- A little at a time */

size_t motet_decode_scratch_bytes(void)
{
    return sizeof(chunk_buffer);
}

motet_result motet_decode_some(const motet_decoder_backend *backend, motet_decoder *decoder,
                               const motet_decoder_info *info, const motet_material *kept, void *scratch, void *out,
                               uint32_t count, uint32_t *read, size_t *non_finite, char *error, size_t error_size)
{
    chunk_buffer *chunk = scratch;
    sample_store store = {.material = *kept, .capacity = count};
    bool as_f32 = decodes_to_f32(info, kept);
    store.material.samples = out;
    store.material.frame_count = 0;
    motet_result result = MOTET_OK;
    uint32_t got = 1;
    while (result == MOTET_OK && got > 0 && store.material.frame_count < count) {
        uint32_t left = count - (uint32_t)store.material.frame_count;
        uint32_t wanted = left < CHUNK_FRAMES ? left : CHUNK_FRAMES;
        got = 0;
        result = as_f32 ? backend->read_f32(decoder, chunk->f32, wanted, &got, error, error_size)
                        : backend->read_s16(decoder, chunk->s16, wanted, &got, error, error_size);
        if (result == MOTET_OK && got > 0) {
            append_chunk(&store, chunk, as_f32 ? MOTET_FORMAT_F32 : MOTET_FORMAT_S16, info->channels, got);
        }
    }
    *read = (uint32_t)store.material.frame_count;
    *non_finite = store.non_finite;
    return result;
}

/* Decodes everything for its length alone. */
static motet_result count_frames(const motet_decoder_backend *backend, motet_decoder *decoder, motet_heap *heap,
                                 uint64_t *frames, char *error, size_t error_size)
{
    chunk_buffer *chunk = motet_heap_take(heap, sizeof *chunk, SAMPLE_ALIGNMENT);
    motet_result result = chunk == NULL ? MOTET_ERROR_MEMORY : MOTET_OK;
    uint32_t count = 1;
    *frames = 0;
    while (result == MOTET_OK && count > 0) {
        result = backend->read_f32(decoder, chunk->f32, CHUNK_FRAMES, &count, error, error_size);
        *frames += result == MOTET_OK ? count : 0;
    }
    motet_heap_give(heap, chunk, sizeof *chunk);
    return result == MOTET_ERROR_MEMORY || *frames == 0 ? result : MOTET_OK;
}

motet_result motet_decode_outline(motet_heap *heap, const motet_source *source, motet_store wanted,
                                  motet_decoded *decoded, char *error, size_t error_size)
{
    const motet_decoder_backend *backend;
    motet_decoder *decoder;
    motet_decoder_info info;
    *decoded = (motet_decoded){0};
    motet_result result = motet_decoder_find(source, &backend, &decoder, &info, error, error_size);
    if (result != MOTET_OK) {
        return result;
    }
    uint64_t frames = info.frame_count;
    if (frames == 0) {
        result = count_frames(backend, decoder, heap, &frames, error, error_size);
    }
    if (result == MOTET_OK) {
        decoded->material = (motet_material){.channels = info.channels >= 2 ? 2 : 1,
                                             .sample_rate_hz = info.sample_rate_hz,
                                             .format = (uint8_t)format_for(wanted, info.wide),
                                             .frame_count = frames};
        decoded->info.truncated = backend->truncated(decoder);
        describe(decoded, &info);
        decoded->info.memory_bytes = 0;
        if (!copy_tags(heap, &info, decoded) || !motet_markers_keep(heap, &info, decoded)) {
            motet_decoded_free(heap, decoded);
            result = MOTET_ERROR_MEMORY;
        }
    }
    backend->close(decoder);
    return result;
}

motet_result motet_decode_describe(motet_heap *heap, const motet_decoder_info *info, motet_store wanted,
                                   motet_decoded *decoded)
{
    *decoded = (motet_decoded){0};
    decoded->material = (motet_material){.channels = info->channels >= 2 ? 2 : 1,
                                         .sample_rate_hz = info->sample_rate_hz,
                                         .format = (uint8_t)format_for(wanted, info->wide)};
    describe(decoded, info);
    decoded->info.memory_bytes = 0;
    if (!copy_tags(heap, info, decoded)) {
        motet_decoded_free(heap, decoded);
        return MOTET_ERROR_MEMORY;
    }
    return MOTET_OK;
}

/* ------------------------------------------------------------------------------------------------ From memory */

motet_result motet_adopt_pcm(motet_heap *heap, const motet_pcm *pcm, motet_store wanted, motet_decoded *decoded)
{
    *decoded = (motet_decoded){0};
    sample_store store = {.heap = heap};
    store.material.channels = pcm->channels >= 2 ? 2 : 1;
    store.material.sample_rate_hz = pcm->sample_rate_hz;
    store.material.format = (uint8_t)format_for(wanted, pcm->format == MOTET_FORMAT_F32);
    chunk_buffer *chunk = motet_heap_take(heap, sizeof *chunk, SAMPLE_ALIGNMENT);
    bool complete = chunk != NULL && pcm->frame_count <= SIZE_MAX / 64 && set_capacity(&store, pcm->frame_count);
    for (uint64_t done = 0; complete && done < pcm->frame_count;) {
        uint64_t left = pcm->frame_count - done;
        uint32_t count = left < CHUNK_FRAMES ? (uint32_t)left : CHUNK_FRAMES;
        size_t frame_size = pcm->channels * sample_size(pcm->format);
        void *to = pcm->format == MOTET_FORMAT_S16 ? (void *)chunk->s16 : (void *)chunk->f32;
        memcpy(to, (const uint8_t *)pcm->samples + done * frame_size, count * frame_size);
        complete = append_chunk(&store, chunk, pcm->format, pcm->channels, count);
        done += count;
    }
    motet_heap_give(heap, chunk, sizeof *chunk);
    if (!complete) {
        motet_heap_give(heap, store.material.samples, bytes_of(&store, store.capacity));
        return MOTET_ERROR_MEMORY;
    }
    decoded->material = store.material;
    decoded->non_finite = store.non_finite;
    decoded->info.file_channels = pcm->channels;
    fill_info(decoded);
    return MOTET_OK;
}
