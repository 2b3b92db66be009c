#include "engine/stream_file.h"

#include "dsp/convert.h"
#include "engine/decoding.h"

#include <string.h>

enum {
    ALIGNMENT = 64,
    PIECE_FRAMES = 1024 /* decoded in one go on the way into a window */
};

/* ---------------------------------------------------------------------------------------------------- The file */

static motet_stream_file *create(motet_heap *heap)
{
    motet_stream_file *file = motet_heap_take(heap, sizeof *file, ALIGNMENT);
    if (file != NULL) {
        file->heap = heap;
        motet_store_relaxed_u64(&file->uses, 1);
    }
    return file;
}

motet_stream_file *motet_stream_file_create(motet_heap *heap, const motet_files *files, const char *path)
{
    motet_stream_file *file = create(heap);
    if (file != NULL) {
        file->files = *files;
        file->path = motet_heap_copy_text(heap, path);
    }
    if (file != NULL && file->path == NULL) {
        motet_stream_file_drop(file);
        return NULL;
    }
    return file;
}

motet_stream_file *motet_stream_file_create_memory(motet_heap *heap, void *bytes, size_t byte_count)
{
    motet_stream_file *file = create(heap);
    if (file == NULL) {
        motet_heap_give(heap, bytes, byte_count);
        return NULL;
    }
    file->bytes = bytes;
    file->byte_count = byte_count;
    return file;
}

bool motet_stream_file_describe(motet_stream_file *file, const motet_material *own, const motet_material *converted,
                                uint32_t file_channels)
{
    file->file = *own;
    file->file_channels = file_channels;
    if (converted == NULL) {
        return true;
    }
    uint32_t from_hz = own->sample_rate_hz;
    uint32_t to_hz = converted->sample_rate_hz;
    file->converted = *converted;
    file->coefficient_bytes = motet_rate_filter_size(from_hz, to_hz);
    file->coefficients = motet_heap_take(file->heap, file->coefficient_bytes, ALIGNMENT);
    if (file->coefficients != NULL) {
        motet_rate_filter_build(&file->filter, from_hz, to_hz, file->coefficients);
        /* A chunk's places lie less than one source frame beyond what its length says. */
        file->window_frames = (uint32_t)((uint64_t)MOTET_RATE_CHUNK * from_hz / to_hz) + file->filter.bank.taps + 2;
    }
    return file->coefficients != NULL;
}

bool motet_stream_file_is_own(const motet_stream_file *file)
{
    return file->path != NULL && file->files.open != NULL;
}

motet_stream_file *motet_stream_file_hold(motet_stream_file *file)
{
    motet_add_acq_rel_u64(&file->uses, 1);
    return file;
}

void motet_stream_file_drop(motet_stream_file *file)
{
    if (file == NULL || motet_add_acq_rel_u64(&file->uses, UINT64_MAX) != 1) {
        return;
    }
    motet_heap *heap = file->heap;
    motet_live_file_close(motet_exchange_acquire_pointer(&file->opened, NULL));
    motet_heap_give_text(heap, file->path);
    motet_heap_give(heap, file->bytes, file->byte_count);
    motet_heap_give(heap, file->coefficients, file->coefficient_bytes);
    motet_heap_give(heap, file, sizeof *file);
}

/* -------------------------------------------------------------------------------------------------- The reader */

void motet_stream_reader_init(motet_stream_reader *reader, motet_stream_file *file, const motet_atomic_u32 *cancelled)
{
    *reader = (motet_stream_reader){
        .file = motet_stream_file_hold(file), .cancelled = cancelled, .end = file->file.frame_count};
}

static size_t window_bytes(const motet_stream_file *file)
{
    return ((size_t)file->window_frames * file->file.channels + MOTET_KERNEL_SLACK) * sizeof(float);
}

static void close_decoder(motet_stream_reader *reader)
{
    if (reader->decoder != NULL) {
        reader->backend->close(reader->decoder);
        reader->decoder = NULL;
    }
    motet_byte_source_close(&reader->source);
}

void motet_stream_reader_close(motet_stream_reader *reader)
{
    close_decoder(reader);
    motet_heap_give(reader->file->heap, reader->window, window_bytes(reader->file));
    motet_stream_file_drop(reader->file);
    *reader = (motet_stream_reader){0};
}

/* Nothing more will be read, from a frame on. */
static void end_at(motet_stream_reader *reader, uint64_t frame, bool failed)
{
    reader->end = frame < reader->end ? frame : reader->end;
    reader->shorter = true;
    reader->failed = reader->failed || failed;
}

static motet_result find_decoder(motet_stream_reader *reader)
{
    const motet_stream_file *file = reader->file;
    char *error = reader->error;
    motet_result result = MOTET_OK;
    if (file->path != NULL) {
        result =
            motet_byte_source_open(&reader->source, file->heap, &file->files, file->path, error, sizeof reader->error);
    } else {
        motet_byte_source_open_memory(&reader->source, file->bytes, file->byte_count);
    }
    if (result != MOTET_OK) {
        return result;
    }
    reader->source.cancelled = reader->cancelled;
    do {
        result = motet_decoder_find(&reader->source.source, &reader->backend, &reader->decoder, &reader->info, error,
                                    sizeof reader->error);
    } while (result == MOTET_ERROR_FORMAT && motet_byte_source_shorten(&reader->source));
    reader->decoder = result == MOTET_OK ? reader->decoder : NULL;
    return motet_byte_source_judge(&reader->source, result, error, sizeof reader->error);
}

/* One that is shorter because it has been cut since is still the same. */
static bool is_same_file(const motet_stream_reader *reader)
{
    const motet_decoder_info *now = &reader->info;
    const motet_stream_file *file = reader->file;
    uint64_t frames = file->file.frame_count;
    bool same_length = now->frame_count == 0 || now->frame_count == frames;
    return now->channels == file->file_channels && now->sample_rate_hz == file->file.sample_rate_hz &&
           (same_length || (now->frame_count < frames && reader->backend->truncated(reader->decoder)));
}

static void open_decoder(motet_stream_reader *reader)
{
    const motet_decoder_info *now = &reader->info;
    const motet_material *was = &reader->file->file;
    motet_result result = find_decoder(reader);
    if (result == MOTET_OK && !is_same_file(reader)) {
        snprintf(reader->error, sizeof reader->error,
                 "another file than it was: %u channels, %u Hz, %llu frames, not %u, %u, %llu", now->channels,
                 now->sample_rate_hz, (unsigned long long)now->frame_count, reader->file->file_channels,
                 was->sample_rate_hz, (unsigned long long)was->frame_count);
        result = MOTET_ERROR_FORMAT;
    }
    if (result != MOTET_OK) {
        close_decoder(reader);
        end_at(reader, 0, true);
        return;
    }
    reader->at = 0;
    if (now->frame_count != 0 && now->frame_count < reader->end) {
        end_at(reader, now->frame_count, false);
    }
}

static size_t frame_bytes(const motet_material *material)
{
    return material->channels * (material->format == MOTET_FORMAT_S16 ? sizeof(int16_t) : sizeof(float));
}

/* The file's own frames as a loaded sound keeps them. */
static void read_own(motet_stream_reader *reader, void *scratch, uint64_t first, uint32_t count, void *out)
{
    const motet_material *file = &reader->file->file;
    motet_result result = MOTET_OK;
    if (first < reader->end && reader->decoder == NULL) {
        open_decoder(reader);
    }
    uint32_t there = first >= reader->end ? 0 : reader->end - first < count ? (uint32_t)(reader->end - first) : count;
    uint32_t got = 0;
    if (there > 0 && reader->at != first) {
        result = reader->backend->seek(reader->decoder, first, reader->error, sizeof reader->error);
        reader->at = first;
    }
    if (there > 0 && result == MOTET_OK) {
        size_t non_finite = 0;
        result = motet_decode_some(reader->backend, reader->decoder, &reader->info, file, scratch, out, there, &got,
                                   &non_finite, reader->error, sizeof reader->error);
        reader->at += got;
        reader->non_finite += non_finite;
    }
    if (got < there) {
        result = motet_byte_source_judge(&reader->source, result, reader->error, sizeof reader->error);
        end_at(reader, first + got, result != MOTET_OK && result != MOTET_ERROR_FORMAT);
        if (result != MOTET_OK) {
            close_decoder(reader); /* what lies before is read by another one */
        }
    }
    memset((uint8_t *)out + got * frame_bytes(file), 0, (count - got) * frame_bytes(file));
}

/* Brings the window to a span; its frames outside the file are silent. */
static void move_window(motet_stream_reader *reader, const motet_kernels *kernels, void *scratch, uint64_t first,
                        uint32_t count)
{
    const motet_material *file = &reader->file->file;
    uint32_t channels = file->channels;
    uint64_t behind = reader->window_first + reader->window_count;
    if (first < reader->window_first || first > behind) {
        reader->window_count = 0;
    } else {
        uint32_t dropped = (uint32_t)(first - reader->window_first);
        reader->window_count -= dropped;
        memmove(reader->window, reader->window + (size_t)dropped * channels,
                (size_t)reader->window_count * channels * sizeof(float));
    }
    reader->window_first = first;
    while (reader->window_count < count) {
        union {
            int16_t s16[2 * PIECE_FRAMES];
            float f32[2 * PIECE_FRAMES];
        } piece;
        uint32_t left = count - reader->window_count;
        uint32_t frames = left < PIECE_FRAMES ? left : PIECE_FRAMES;
        float *to = reader->window + (size_t)reader->window_count * channels;
        read_own(reader, scratch, first + reader->window_count, frames, &piece);
        if (file->format == MOTET_FORMAT_S16) {
            kernels->convert_s16_to_f32(to, piece.s16, (size_t)frames * channels);
        } else {
            memcpy(to, piece.f32, (size_t)frames * channels * sizeof *to);
        }
        reader->window_count += frames;
    }
}

/* One chunk of converted frames, at most MOTET_RATE_CHUNK. */
static void read_converted(motet_stream_reader *reader, const motet_kernels *kernels, void *scratch, uint64_t first,
                           uint32_t count, void *out)
{
    const motet_stream_file *file = reader->file;
    uint32_t channels = file->file.channels;
    float chunk[2 * MOTET_RATE_CHUNK];
    motet_rate_span span = motet_rate_filter_span(&file->filter, first, count);
    uint32_t silent = span.first < 0 ? (uint32_t)-span.first : 0;
    move_window(reader, kernels, scratch, span.first < 0 ? 0 : (uint64_t)span.first, (uint32_t)span.count - silent);
    const float *window = reader->window;
    float *padded = NULL;
    if (silent > 0) { /* only at the very start */
        padded = reader->window + (size_t)silent * channels;
        memmove(padded, reader->window, (size_t)reader->window_count * channels * sizeof *padded);
        memset(reader->window, 0, (size_t)silent * channels * sizeof *padded);
    }
    motet_rate_convert(&file->filter, channels == 2 ? kernels->sinc_stereo : kernels->sinc_mono, chunk, window, first,
                       count);
    if (padded != NULL) {
        memmove(reader->window, padded, (size_t)reader->window_count * channels * sizeof *padded);
    }
    size_t samples = (size_t)count * channels;
    motet_clean_f32(chunk, samples); /* next to nothing becomes nothing */
    if (file->converted.format == MOTET_FORMAT_S16) {
        motet_pack_s16(out, chunk, samples);
    } else {
        memcpy(out, chunk, samples * sizeof *chunk);
    }
}

size_t motet_stream_scratch_bytes(void)
{
    return motet_decode_scratch_bytes();
}

void motet_stream_reader_read(motet_stream_reader *reader, const motet_kernels *kernels, void *scratch, bool own,
                              uint64_t first, uint32_t count, void *out)
{
    const motet_stream_file *file = reader->file;
    if (own) {
        read_own(reader, scratch, first, count, out);
        return;
    }
    if (reader->window == NULL) {
        reader->window = motet_heap_take(file->heap, window_bytes(file), ALIGNMENT);
        if (reader->window == NULL) {
            snprintf(reader->error, sizeof reader->error, "out of memory");
            end_at(reader, 0, true);
            memset(out, 0, count * frame_bytes(&file->converted));
            return;
        }
    }
    for (uint32_t done = 0; done < count;) {
        uint32_t chunk = count - done < MOTET_RATE_CHUNK ? count - done : MOTET_RATE_CHUNK;
        read_converted(reader, kernels, scratch, first + done, chunk,
                       (uint8_t *)out + done * frame_bytes(&file->converted));
        done += chunk;
    }
}
