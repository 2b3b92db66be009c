#include "support/audio_files.h"

#include "engine/adapters.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *need(void *memory)
{
    if (memory == NULL) {
        fprintf(stderr, "no memory for a test\n");
        abort();
    }
    return memory;
}

void *audio_allocate(size_t size)
{
    return need(malloc(size > 0 ? size : 1));
}

static void put(audio_bytes *bytes, size_t position, const void *data, size_t size)
{
    size_t end = position + size;
    if (end > bytes->capacity) {
        bytes->capacity = end * 2;
        bytes->data = need(realloc(bytes->data, bytes->capacity));
    }
    if (position > bytes->size) memset(bytes->data + bytes->size, 0, position - bytes->size);
    if (size > 0) memcpy(bytes->data + position, data, size);
    if (end > bytes->size) bytes->size = end;
}

void audio_bytes_append(audio_bytes *bytes, const void *data, size_t size)
{
    put(bytes, bytes->size, data, size);
}

void audio_bytes_append_text(audio_bytes *bytes, const char *text)
{
    audio_bytes_append(bytes, text, strlen(text));
}

void audio_bytes_append_le(audio_bytes *bytes, uint64_t value, size_t size)
{
    unsigned char data[8];
    for (size_t i = 0; i < size; i++) data[i] = (unsigned char)(value >> 8 * i);
    audio_bytes_append(bytes, data, size);
}

void audio_bytes_append_be(audio_bytes *bytes, uint64_t value, size_t size)
{
    unsigned char data[8];
    for (size_t i = 0; i < size; i++) data[i] = (unsigned char)(value >> 8 * (size - 1 - i));
    audio_bytes_append(bytes, data, size);
}

audio_bytes audio_bytes_copy(const audio_bytes *bytes, size_t size)
{
    /* Of exactly this size, so that AddressSanitizer sees a read past the end. */
    audio_bytes copy = {.data = need(malloc(size > 0 ? size : 1)), .size = size, .capacity = size};
    memcpy(copy.data, bytes->data, size);
    return copy;
}

size_t audio_bytes_find(const audio_bytes *bytes, const char *text)
{
    size_t length = strlen(text);
    for (size_t i = 0; i + length <= bytes->size; i++) {
        if (memcmp(bytes->data + i, text, length) == 0) return i;
    }
    return SIZE_MAX;
}

void audio_bytes_free(audio_bytes *bytes)
{
    free(bytes->data);
    *bytes = (audio_bytes){0};
}

audio_bytes audio_bytes_load(const char *path)
{
    audio_bytes bytes = {0};
    unsigned char piece[65536];
    FILE *file = fopen(path, "rb");
    if (file == NULL) return bytes;
    for (size_t size; (size = fread(piece, 1, sizeof(piece), file)) > 0;) audio_bytes_append(&bytes, piece, size);
    fclose(file);
    return bytes;
}

void audio_bytes_save(const audio_bytes *bytes, const char *path)
{
    FILE *file = need(fopen(path, "wb"));
    bool written = fwrite(bytes->data, 1, bytes->size, file) == bytes->size;
    written = fclose(file) == 0 && written;
    assert_true(written);
}

uint32_t audio_random(uint64_t *state)
{
    /* splitmix64 */
    uint64_t z = *state += UINT64_C(0x9E3779B97F4A7C15);
    z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
    return (uint32_t)(z >> 32);
}

static sf_count_t written_size(void *user)
{
    const audio_bytes *bytes = user;
    return (sf_count_t)bytes->size;
}

static sf_count_t written_move(sf_count_t offset, int whence, void *user)
{
    audio_bytes *bytes = user;
    sf_count_t from = whence == SEEK_SET   ? 0
                      : whence == SEEK_CUR ? (sf_count_t)bytes->position
                                           : (sf_count_t)bytes->size;
    bytes->position = (size_t)(from + offset);
    return (sf_count_t)bytes->position;
}

static sf_count_t written_read(void *data, sf_count_t size, void *user)
{
    audio_bytes *bytes = user;
    size_t left = bytes->position < bytes->size ? bytes->size - bytes->position : 0;
    size_t count = (size_t)size < left ? (size_t)size : left;
    if (count > 0) memcpy(data, bytes->data + bytes->position, count);
    bytes->position += count;
    return (sf_count_t)count;
}

static sf_count_t written_write(const void *data, sf_count_t size, void *user)
{
    audio_bytes *bytes = user;
    put(bytes, bytes->position, data, (size_t)size);
    bytes->position += (size_t)size;
    return size;
}

static sf_count_t written_tell(void *user)
{
    const audio_bytes *bytes = user;
    return (sf_count_t)bytes->position;
}

audio_bytes audio_write(const audio_recipe *recipe, audio_sample kind, const void *samples, size_t frames)
{
    audio_bytes bytes = {0};
    SF_VIRTUAL_IO calls = {written_size, written_move, written_read, written_write, written_tell};
    SF_INFO info = {.samplerate = recipe->rate, .channels = recipe->channels, .format = recipe->format};
    SNDFILE *file = sf_open_virtual(&calls, SFM_WRITE, &info, &bytes);
    if (file == NULL) fail_msg("libsndfile cannot write format %x: %s", (unsigned)recipe->format, sf_strerror(NULL));
    if (recipe->title != NULL) sf_set_string(file, SF_STR_TITLE, recipe->title);
    if (recipe->artist != NULL) sf_set_string(file, SF_STR_ARTIST, recipe->artist);
    /* In pieces: libsndfile's encoders need stack in proportion. */
    const char *next = samples;
    size_t frame_size = (kind == AUDIO_S16 ? 2 : kind == AUDIO_F64 ? 8 : 4) * (size_t)recipe->channels;
    for (size_t done = 0; done < frames;) {
        sf_count_t count = frames - done < 1024 ? (sf_count_t)(frames - done) : 1024;
        sf_count_t written = kind == AUDIO_S16   ? sf_writef_short(file, (const short *)(const void *)next, count)
                             : kind == AUDIO_S32 ? sf_writef_int(file, (const int *)(const void *)next, count)
                             : kind == AUDIO_F32 ? sf_writef_float(file, (const float *)(const void *)next, count)
                                                 : sf_writef_double(file, (const double *)(const void *)next, count);
        if (written != count) fail_msg("libsndfile stopped writing format %x", (unsigned)recipe->format);
        next += (size_t)count * frame_size;
        done += (size_t)count;
    }
    sf_close(file);
    return bytes;
}

float audio_tone(const audio_recipe *recipe, size_t frame, int channel)
{
    double hz = (recipe->tone_hz != 0 ? recipe->tone_hz : 220.0) * (1 + channel);
    return (float)(0.5 * sin(2 * 3.14159265358979323846 * hz * (double)frame / recipe->rate));
}

audio_bytes audio_write_tones(const audio_recipe *recipe, size_t frames)
{
    float *samples = need(malloc((frames * (size_t)recipe->channels + 1) * sizeof(float)));
    for (size_t i = 0; i < frames; i++) {
        for (int c = 0; c < recipe->channels; c++) {
            samples[i * (size_t)recipe->channels + (size_t)c] = audio_tone(recipe, i, c);
        }
    }
    audio_bytes bytes = audio_write(recipe, AUDIO_F32, samples, frames);
    free(samples);
    return bytes;
}

void audio_mend_ogg(unsigned char *data, size_t size)
{
    for (size_t offset = 0; offset + 27 <= size && memcmp(data + offset, "OggS", 4) == 0;) {
        size_t end = offset + 27 + data[offset + 26];
        for (size_t i = offset + 27; i < offset + 27 + data[offset + 26] && i < size; i++) end += data[i];
        if (end > size) return;
        memset(data + offset + 22, 0, 4);
        uint32_t crc = 0;
        for (size_t i = offset; i < end; i++) {
            crc ^= (uint32_t)data[i] << 24;
            for (int bit = 0; bit < 8; bit++) crc = crc << 1 ^ ((crc & 0x80000000u) != 0 ? 0x04C11DB7u : 0);
        }
        for (int i = 0; i < 4; i++) data[offset + 22 + (size_t)i] = (unsigned char)(crc >> 8 * i);
        offset = end;
    }
}

/* libvorbisenc loses a few bytes when it makes files with many channels. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
    return "leak:libvorbisenc\n";
}

static int64_t source_read(void *user, void *data, size_t size)
{
    audio_source *source = user;
    uint64_t left = source->source.size - source->position;
    if (size > left) size = (size_t)left;
    if (size > source->piece) size = source->piece;
    if (source->position + size > source->fail_at) return -1;
    memcpy(data, source->data + source->position, size);
    source->position += size;
    return (int64_t)size;
}

static bool source_seek(void *user, uint64_t offset)
{
    audio_source *source = user;
    if (offset > source->source.size) return false;
    source->position = offset;
    return true;
}

static uint64_t source_tell(void *user)
{
    const audio_source *source = user;
    return source->position;
}

void audio_source_init(audio_source *source, const void *data, size_t size)
{
    *source = (audio_source){
        .source = {source_read, source_seek, source_tell, size, NULL, "memory", false},
        .data = data,
        .fail_at = UINT64_MAX,
        .piece = 1021,
    };
}

motet_result audio_open_source(audio_decoder *decoder)
{
    decoder->source.source.user = &decoder->source;
    decoder->decoder = NULL;
    decoder->error[0] = '\0';
    for (const motet_decoder_backend *const *backend = motet_adapters_linked.decoders; *backend != NULL; backend++) {
        decoder->backend = *backend;
        motet_result result = (*backend)->open(&decoder->source.source, &decoder->decoder, &decoder->info,
                                               decoder->error, sizeof(decoder->error));
        if (result != MOTET_ERROR_FORMAT || decoder->error[0] != '\0') return result;
    }
    return MOTET_ERROR_FORMAT;
}

motet_result audio_open(audio_decoder *decoder, const audio_bytes *bytes)
{
    audio_source_init(&decoder->source, bytes->data, bytes->size);
    return audio_open_source(decoder);
}

void audio_close(audio_decoder *decoder)
{
    if (decoder->decoder != NULL) decoder->backend->close(decoder->decoder);
    decoder->decoder = NULL;
}

static motet_result read_all(audio_decoder *decoder, bool floats, void **samples, uint64_t *frames, uint64_t limit)
{
    static const uint32_t pieces[] = {1, 1000, 7, 4096, 333, 20000};
    size_t frame_size = decoder->info.channels * (floats ? sizeof(float) : sizeof(int16_t));
    size_t capacity = 0;
    char *out = NULL;
    *frames = 0;
    *samples = NULL;
    for (size_t i = 0; *frames < limit; i++) {
        uint32_t wanted = pieces[i % (sizeof(pieces) / sizeof(pieces[0]))], read = 0;
        if (wanted > limit - *frames) wanted = (uint32_t)(limit - *frames);
        if (*frames + wanted > capacity) {
            capacity = 2 * capacity + wanted;
            out = need(realloc(out, capacity * frame_size));
        }
        void *place = out + *frames * frame_size;
        motet_result result = floats ? decoder->backend->read_f32(decoder->decoder, place, wanted, &read,
                                                                  decoder->error, sizeof(decoder->error))
                                     : decoder->backend->read_s16(decoder->decoder, place, wanted, &read,
                                                                  decoder->error, sizeof(decoder->error));
        *samples = out;
        if (result != MOTET_OK) return result;
        *frames += read;
        if (read == 0) break;
    }
    return MOTET_OK;
}

motet_result audio_read_f32(audio_decoder *decoder, float **samples, uint64_t *frames, uint64_t limit)
{
    void *out;
    motet_result result = read_all(decoder, true, &out, frames, limit);
    *samples = out;
    return result;
}

motet_result audio_read_s16(audio_decoder *decoder, int16_t **samples, uint64_t *frames, uint64_t limit)
{
    void *out;
    motet_result result = read_all(decoder, false, &out, frames, limit);
    *samples = out;
    return result;
}

void audio_open_whole(audio_decoder *decoder, const audio_bytes *bytes)
{
    motet_result result = audio_open(decoder, bytes);
    if (result != MOTET_OK) fail_msg("open: %s: %s", motet_result_text(result), decoder->error);
}

float *audio_decode_f32(audio_decoder *decoder, uint64_t *frames)
{
    float *samples;
    motet_result result = audio_read_f32(decoder, &samples, frames, UINT32_MAX);
    if (result != MOTET_OK) fail_msg("read: %s: %s", motet_result_text(result), decoder->error);
    return samples;
}

int16_t *audio_decode_s16(audio_decoder *decoder, uint64_t *frames)
{
    int16_t *samples;
    motet_result result = audio_read_s16(decoder, &samples, frames, UINT32_MAX);
    if (result != MOTET_OK) fail_msg("read: %s: %s", motet_result_text(result), decoder->error);
    return samples;
}

void audio_check_seeks(const char *name, const audio_bytes *bytes, int places, double tolerance)
{
    audio_decoder decoder;
    uint64_t frames, random = 4;
    audio_open_whole(&decoder, bytes);
    uint32_t channels = decoder.info.channels;
    float *linear = audio_decode_f32(&decoder, &frames);
    for (int i = 0; i < places; i++) {
        uint64_t place = i == 0 ? 0 : i == 1 ? frames - 1 : i == 2 ? frames : audio_random(&random) % frames;
        uint64_t length = 1 + audio_random(&random) % 3000, got;
        if (length > frames - place) length = frames - place;
        motet_result result = decoder.backend->seek(decoder.decoder, place, decoder.error, sizeof(decoder.error));
        if (result != MOTET_OK) fail_msg("%s: seek to %d: %s", name, (int)place, decoder.error);
        float *samples;
        result = audio_read_f32(&decoder, &samples, &got, length);
        if (result != MOTET_OK) fail_msg("%s: read at %d: %s", name, (int)place, decoder.error);
        if (got != length) fail_msg("%s: %d of %d frames at %d", name, (int)got, (int)length, (int)place);
        for (size_t k = 0; k < length * channels; k++) {
            double difference = fabs((double)samples[k] - (double)linear[place * channels + k]);
            if (!(difference <= tolerance)) {
                fail_msg("%s: after a seek to %d sample %d differs by %g", name, (int)place, (int)k, difference);
            }
        }
        free(samples);
    }
    free(linear);
    audio_close(&decoder);
}
