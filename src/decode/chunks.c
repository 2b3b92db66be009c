#include "decode/chunks.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum {
    CHUNKS_MAX = 10000,         /* before the sound; more is no honest file */
    COMMENT_BLOCK_MAX = 1 << 20 /* bytes of a FLAC comment block that are looked at */
};

/* A run of chunks, in the way of one container. */
typedef struct {
    const char *name;
    uint64_t first;     /* where the first chunk starts */
    uint32_t header;    /* bytes of a chunk's header */
    bool little_endian; /* sizes */
    bool wide_size;     /* 8 bytes and not 4 */
    bool padded;        /* to even sizes */
    bool any_order;     /* the sound may come before what says what it is like */
    char format[5];     /* the chunk that says what the sound is like */
    char data[5];
    uint32_t format_size; /* the least that it holds */
} container_form;

static uint64_t chunk_size(const container_form *container, const unsigned char *header)
{
    if (container->wide_size) return motet_be64(header + 4);
    return container->little_endian ? motet_le32(header + 4) : motet_be32(header + 4);
}

static motet_result cut(const motet_input *input, const container_form *container, char *error, size_t error_size)
{
    return motet_input_fail(input, MOTET_ERROR_FORMAT, error, error_size, "%s header cut at byte %" PRIu64,
                            container->name, input->start + input->size);
}

/* Walks to the chunk that holds the sound. `format` receives the first bytes of the format chunk, `declared` the
 * size that the sound is said to have. */
static motet_result walk(motet_input *input, const container_form *container, unsigned char *format, uint64_t *declared,
                         motet_chunks *chunks, char *error, size_t error_size)
{
    bool has_format = false;
    uint64_t offset = container->first;
    uint64_t rf64_size = UINT64_MAX;
    for (int i = 0; i < CHUNKS_MAX; i++) {
        unsigned char header[12];
        if (motet_input_read_at(input, offset, header, container->header) < container->header) {
            /* A file whose chunks end exactly where it ends is whole, and yet there is no sound in it. */
            if (offset != input->size || input->failed) return cut(input, container, error, error_size);
            return motet_decode_fail(MOTET_ERROR_FORMAT, error, error_size,
                                     "%s without a \"%s\" chunk (the file ends at byte %" PRIu64 ")", container->name,
                                     has_format ? container->data : container->format, input->start + offset);
        }
        uint64_t size = chunk_size(container, header);
        offset += container->header;
        if (memcmp(header, container->data, 4) == 0 && chunks->data_offset == 0) {
            chunks->data_offset = offset;
            *declared = size == UINT32_MAX && rf64_size != UINT64_MAX ? rf64_size : size;
            if (!has_format && !container->any_order) {
                return motet_decode_fail(MOTET_ERROR_FORMAT, error, error_size,
                                         "%s without a \"%s\" chunk before its sound at byte %" PRIu64, container->name,
                                         container->format, input->start + offset - container->header);
            }
            if (has_format) return MOTET_OK;
        }
        if (memcmp(header, container->format, 4) == 0) {
            if (size < container->format_size) {
                return motet_decode_fail(MOTET_ERROR_FORMAT, error, error_size,
                                         "%s with a \"%s\" chunk of %" PRIu64 " bytes at byte %" PRIu64
                                         "; expected at least %" PRIu32,
                                         container->name, container->format, size,
                                         input->start + offset - container->header, container->format_size);
            }
            size_t wanted = size < 40 ? (size_t)size : 40;
            if (motet_input_read(input, format, wanted) < wanted) return cut(input, container, error, error_size);
            has_format = true;
            if (chunks->data_offset != 0) return MOTET_OK;
        } else if (container->little_endian && memcmp(header, "ds64", 4) == 0 && size >= 16) {
            unsigned char sizes[16];
            if (motet_input_read(input, sizes, 16) < 16) return cut(input, container, error, error_size);
            rf64_size = motet_le64(sizes + 8);
        }
        if (container->padded) size += size & 1;
        if (size > input->size - offset) return cut(input, container, error, error_size);
        offset += size;
    }
    return motet_decode_fail(MOTET_ERROR_FORMAT, error, error_size, "%s with more than %d chunks before its sound",
                             container->name, CHUNKS_MAX);
}

/* Where the sound's size isn't known when a header is written (into a pipe), this stands for "to the end". */
static bool to_the_end(const container_form *container, uint64_t declared)
{
    return container->wide_size ? declared == UINT64_MAX : declared == UINT32_MAX;
}

static uint32_t wav_encoding(const container_form *container, const unsigned char *format)
{
    uint32_t tag = container->little_endian ? motet_le16(format) : motet_be16(format);
    /* The extensible form: the tag moves into the subformat's first bytes. */
    return tag != 0xFFFE ? tag : container->little_endian ? motet_le16(format + 24) : motet_be16(format + 24);
}

/* libsndfile reads more encodings than these, some of them with prints to standard output (ALAC) and all of them with
 * code that broken files can reach: none that a game ships. */
static motet_result check_encoding(const container_form *container, motet_file_kind kind, const unsigned char *format,
                                   char *error, size_t error_size)
{
    static const uint16_t wav[] = {1, 2, 3, 6, 7, 0x11, 0x50, 0x55}; /* the last two go to the MP3 decoder */
    static const char aiff[][5] = {"NONE", "twos", "sowt", "raw ", "in24", "in32", "23ni", "42n1",
                                   "fl32", "FL32", "fl64", "FL64", "alaw", "ulaw", "ALAW", "ULAW"};
    static const char caf[][5] = {"lpcm", "alaw", "ulaw"};
    if (kind == MOTET_FILE_WAV) {
        uint32_t tag = wav_encoding(container, format);
        for (size_t i = 0; i < sizeof(wav) / sizeof(wav[0]); i++) {
            if (wav[i] == tag) return MOTET_OK;
        }
        return motet_decode_fail(MOTET_ERROR_UNSUPPORTED, error, error_size,
                                 "WAV with encoding 0x%04" PRIX32 " is not read; expected PCM, float, A-law, mu-law, "
                                 "IMA or Microsoft ADPCM, MP3",
                                 tag);
    }
    const char(*names)[5] = kind == MOTET_FILE_CAF ? caf : aiff;
    size_t count = kind == MOTET_FILE_CAF ? sizeof(caf) / sizeof(caf[0]) : sizeof(aiff) / sizeof(aiff[0]);
    const unsigned char *name = kind == MOTET_FILE_CAF ? format + 8 : format + 18;
    /* The older kind of AIFF has no name there. */
    if (kind == MOTET_FILE_AIFF && memcmp(name, "\0\0\0\0", 4) == 0) return MOTET_OK;
    for (size_t i = 0; i < count; i++) {
        if (memcmp(names[i], name, 4) == 0) return MOTET_OK;
    }
    char shown[5] = "????";
    for (size_t i = 0; i < 4; i++) {
        if (name[i] >= 0x20 && name[i] < 0x7F) shown[i] = (char)name[i];
    }
    return motet_decode_fail(MOTET_ERROR_UNSUPPORTED, error, error_size,
                             "%s with encoding \"%s\" is not read; expected PCM, float, A-law, mu-law", container->name,
                             shown);
}

static motet_result read_container(motet_input *input, motet_file_kind kind, motet_chunks *chunks, char *error,
                                   size_t error_size)
{
    static const container_form wav = {"WAV", 12, 8, true, false, true, false, "fmt ", "data", 16};
    static const container_form rifx = {"WAV", 12, 8, false, false, true, false, "fmt ", "data", 16};
    static const container_form aiff = {"AIFF", 12, 8, false, false, true, true, "COMM", "SSND", 18};
    static const container_form caf = {"CAF", 8, 12, false, true, false, false, "desc", "data", 32};
    unsigned char head[8] = {0};
    motet_input_read_at(input, 0, head, 8);
    const container_form *container = kind == MOTET_FILE_AIFF        ? &aiff
                                      : kind == MOTET_FILE_CAF       ? &caf
                                      : memcmp(head, "RIFX", 4) == 0 ? &rifx
                                                                     : &wav;
    unsigned char format[40] = {0};
    uint64_t declared = 0;
    motet_result result = walk(input, container, format, &declared, chunks, error, error_size);
    if (result != MOTET_OK) return result;

    uint64_t held = input->size - chunks->data_offset;
    if (to_the_end(container, declared)) declared = held;
    /* A writer that died left zeros in both places; a size of 0 in a header that is otherwise right is meant. */
    if (container == &wav && declared == 0 && (uint64_t)motet_le32(head + 4) + 8 != input->size) declared = held;
    chunks->truncated = declared > held;
    chunks->data_size = declared < held ? declared : held;

    motet_result readable = check_encoding(container, kind, format, error, error_size);
    if (readable != MOTET_OK) return readable;

    uint64_t channels;
    if (kind == MOTET_FILE_WAV) {
        bool little = container->little_endian;
        chunks->wav_encoding = wav_encoding(container, format);
        channels = little ? motet_le16(format + 2) : motet_be16(format + 2);
    } else if (kind == MOTET_FILE_AIFF) {
        channels = motet_be16(format);
        /* SSND starts with an offset and a block size. A sound of no frames may do without either. */
        chunks->frame_count = motet_be32(format + 2);
        if (chunks->frame_count > 0 && chunks->data_size < 8) return cut(input, container, error, error_size);
    } else {
        channels = motet_be32(format + 24);
        if (chunks->data_size < 4) return cut(input, container, error, error_size);
    }
    if (channels == 0) {
        return motet_decode_fail(MOTET_ERROR_FORMAT, error, error_size, "%s that says it has 0 channels",
                                 container->name);
    }
    return MOTET_OK;
}

static motet_result read_flac_comments(motet_input *input, uint64_t offset, uint32_t size, motet_chunks *chunks,
                                       char *error, size_t error_size)
{
    if (size > COMMENT_BLOCK_MAX) size = COMMENT_BLOCK_MAX;
    unsigned char *bytes = malloc(size > 0 ? size : 1);
    if (bytes == NULL) return motet_decode_fail(MOTET_ERROR_MEMORY, error, error_size, "no memory for the FLAC tags");
    size_t held = motet_input_read_at(input, offset, bytes, size);
    motet_tags_add_block(&chunks->tags, bytes, held);
    free(bytes);
    return MOTET_OK;
}

static motet_result read_flac(motet_input *input, motet_chunks *chunks, char *error, size_t error_size)
{
    uint64_t offset = 4;
    bool last = false, has_info = false;
    while (!last) {
        unsigned char header[4];
        uint32_t size = 0;
        if (motet_input_read_at(input, offset, header, 4) == 4) size = motet_be32(header) & 0xFFFFFF;
        if (input->failed || input->size - offset < 4 || input->size - offset - 4 < size) {
            return motet_input_fail(input, MOTET_ERROR_FORMAT, error, error_size, "FLAC header cut at byte %" PRIu64,
                                    input->start + input->size);
        }
        uint32_t type = header[0] & 0x7F;
        last = (header[0] & 0x80) != 0;
        offset += 4;
        if (type == 0 && size >= 34) {
            unsigned char info[34];
            if (motet_input_read(input, info, 34) < 34) {
                return motet_input_fail(input, MOTET_ERROR_FORMAT, error, error_size,
                                        "FLAC header cut at byte %" PRIu64, input->start + input->size);
            }
            has_info = true;
            chunks->bits = ((info[12] & 1u) << 4 | info[13] >> 4) + 1;
            chunks->frame_count = motet_be64(info + 10) & 0xFFFFFFFFFull;
        } else if (type == 4) {
            motet_result result = read_flac_comments(input, offset, size, chunks, error, error_size);
            if (result != MOTET_OK) return result;
        }
        if (!has_info) {
            return motet_decode_fail(MOTET_ERROR_FORMAT, error, error_size,
                                     "FLAC without a STREAMINFO block at byte %" PRIu64, input->start + offset - 4);
        }
        offset += size;
    }
    chunks->data_offset = offset;
    chunks->data_size = input->size - offset;
    return MOTET_OK;
}

motet_result motet_chunks_read(motet_input *input, motet_file_kind kind, motet_chunks *chunks, char *error,
                               size_t error_size)
{
    *chunks = (motet_chunks){0};
    return kind == MOTET_FILE_FLAC ? read_flac(input, chunks, error, error_size)
                                   : read_container(input, kind, chunks, error, error_size);
}
