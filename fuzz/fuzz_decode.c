/* A libFuzzer target for files: each input is loaded as a sound through the public API, as a program does it, and then
 * moved about in through the decoder that knows it. To run, from the tree's root:
 *
 *     clang -g -O1 -std=c11 -D_POSIX_C_SOURCE=200809L -D_FILE_OFFSET_BITS=64 -ffp-contract=off -pthread \
 *         -fsanitize=fuzzer,address,undefined -Iinclude -Isrc fuzz/fuzz_decode.c \
 *         $(find src -name '*.c' ! -path src/adapters/core.c) \
 *         $(pkg-config --cflags --libs sndfile vorbisfile libmpg123 sdl2) -ldl -lm -o /tmp/fuzz_decode
 *     mkdir -p /tmp/corpus && cp SMALL-FILES-OF-EVERY-FORMAT /tmp/corpus
 *     ASAN_OPTIONS=allocator_may_return_null=1 /tmp/fuzz_decode -max_len=16384 -timeout=10 /tmp/corpus
 *
 * Ogg pages have checksums, which libogg and Motet both check: without the mutator below nothing that it changes would
 * reach a decoder. */
#include "engine/adapters.h"

#include "motet/motet.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed);
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);

typedef struct {
    const uint8_t *data;
    uint64_t size, position;
} memory;

/* libvorbisfile loses a few bytes when a later stream of a chain is broken. What it has open, libvorbis has too, so
 * that a forgotten close would still be seen. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
    return "leak:libvorbisfile\n";
}

static int64_t memory_read(void *user, void *bytes, size_t size)
{
    memory *from = user;
    uint64_t left = from->size - from->position;
    if (size > left) size = (size_t)left;
    memcpy(bytes, from->data + from->position, size);
    from->position += size;
    return (int64_t)size;
}

static bool memory_seek(void *user, uint64_t offset)
{
    memory *from = user;
    if (offset > from->size) return false;
    from->position = offset;
    return true;
}

static uint64_t memory_tell(void *user)
{
    const memory *from = user;
    return from->position;
}

static void quiet(void *user, motet_log_level level, const char *text)
{
    (void)user, (void)level, (void)text;
}

static void fail(const char *what)
{
    fprintf(stderr, "%s\n", what);
    abort();
}

/* Reads here and there; where depends on the input alone. */
static void move_about(const motet_decoder_backend *backend, motet_decoder *decoder, const motet_decoder_info *info,
                       uint32_t seed)
{
    char error[256] = "";
    float floats[8 * 64];
    int16_t shorts[8 * 64];
    for (int i = 0; i < 8; i++) {
        uint32_t read = 0;
        seed = seed * 1664525u + 1013904223u;
        uint64_t place = i == 4 ? UINT64_MAX : info->frame_count * (seed >> 8) >> 24;
        if (backend->seek(decoder, place, error, sizeof(error)) != MOTET_OK) break;
        if (backend->read_f32(decoder, floats, 1 + seed % 64, &read, error, sizeof(error)) != MOTET_OK) break;
        if (backend->read_s16(decoder, shorts, 1 + seed % 64, &read, error, sizeof(error)) != MOTET_OK) break;
        (void)backend->truncated(decoder);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static motet_engine *engine;
    if (engine == NULL) {
        motet_engine_def def = {.device = MOTET_DEVICE_MANUAL, .log = quiet};
        engine = motet_engine_create(&def);
        if (engine == NULL) fail(motet_last_error());
    }
    motet_sound sound = motet_sound_load_memory(engine, data, size, NULL);
    if (sound.id != 0) {
        motet_sound_release(engine, sound);
    } else if (motet_last_error()[0] == '\0') {
        fail("a failure without a sentence");
    }

    uint32_t seed = (uint32_t)size;
    for (size_t i = 0; i < size && i < 64; i++) seed = seed * 31 + data[i];
    memory from = {data, size, 0};
    motet_source source = {memory_read, memory_seek, memory_tell, size, &from, "fuzz"};
    for (const motet_decoder_backend *const *each = motet_adapters_linked.decoders; *each != NULL; each++) {
        motet_decoder *decoder;
        motet_decoder_info info;
        char error[256] = "";
        motet_result result = (*each)->open(&source, &decoder, &info, error, sizeof(error));
        if (result == MOTET_OK) {
            move_about(*each, decoder, &info, seed);
            (*each)->close(decoder);
        }
        if (result != MOTET_ERROR_FORMAT || error[0] != '\0') break;
    }
    return 0;
}

/* Makes the checksums of Ogg pages right, as far as they follow one another. */
static void mend_ogg(uint8_t *data, size_t size)
{
    for (size_t offset = 0; offset + 27 <= size && memcmp(data + offset, "OggS", 4) == 0;) {
        size_t body = offset + 27 + data[offset + 26], end = body;
        if (body > size) return;
        for (size_t i = offset + 27; i < body; i++) end += data[i];
        if (end > size) return;
        memset(data + offset + 22, 0, 4);
        uint32_t crc = 0;
        for (size_t i = offset; i < end; i++) {
            crc ^= (uint32_t)data[i] << 24;
            for (int bit = 0; bit < 8; bit++) crc = crc << 1 ^ ((crc & 0x80000000u) != 0 ? 0x04C11DB7u : 0);
        }
        for (size_t i = 0; i < 4; i++) data[offset + 22 + i] = (uint8_t)(crc >> 8 * i);
        offset = end;
    }
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed)
{
    size = LLVMFuzzerMutate(data, size, max_size);
    if (seed % 16 != 0) mend_ogg(data, size);
    return size;
}
