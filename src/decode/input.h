/* The bytes that a decoder reads: a motet_source or a part of it. It remembers when the source has failed, since the
 * libraries take that for the end of the file or for damage. */
#ifndef MOTET_DECODE_INPUT_H
#define MOTET_DECODE_INPUT_H

#include "engine/decoder.h"

typedef struct motet_input {
    const motet_source *source;
    uint64_t start; /* of the part, in the source */
    uint64_t size;  /* of the part */
    uint64_t position;
    uint64_t source_position;
    bool failed; /* the source could not be read or moved */
} motet_input;

void motet_input_init(motet_input *input, const motet_source *source);

/* Narrows the input to `size` bytes from `offset` on and goes to their start. */
void motet_input_narrow(motet_input *input, uint64_t offset, uint64_t size);

/* Reads until `size` bytes are there, the end or a failure; returns how many are. */
size_t motet_input_read(motet_input *input, void *bytes, size_t size);

/* Reads at a place; returns how many bytes are there. */
size_t motet_input_read_at(motet_input *input, uint64_t offset, void *bytes, size_t size);

/* Moves as fseek does, within 0 ... size; false outside. */
bool motet_input_move(motet_input *input, int64_t offset, int whence);

/* Why a decoder has stopped, for every later call. */
typedef struct motet_decode_failure {
    motet_result result;
    char text[192];
} motet_decode_failure;

/* Keeps what a call is about to return; returns the result. */
motet_result motet_decode_failure_keep(motet_decode_failure *failure, motet_result result, const char *error);
motet_result motet_decode_failure_repeat(const motet_decode_failure *failure, char *error, size_t error_size);

/* Writes a sentence and returns `result`. */
motet_result motet_decode_fail(motet_result result, char *error, size_t error_size, const char *format, ...)
#if defined(__GNUC__)
    __attribute__((format(printf, 4, 5)))
#endif
    ;

/* As above where the input has failed, which wins: `result` is what it looks like otherwise. */
motet_result motet_input_fail(const motet_input *input, motet_result result, char *error, size_t error_size,
                              const char *format, ...)
#if defined(__GNUC__)
    __attribute__((format(printf, 5, 6)))
#endif
    ;

static inline uint32_t motet_be16(const unsigned char *bytes)
{
    return (uint32_t)bytes[0] << 8 | bytes[1];
}

static inline uint32_t motet_be32(const unsigned char *bytes)
{
    return motet_be16(bytes) << 16 | motet_be16(bytes + 2);
}

static inline uint64_t motet_be64(const unsigned char *bytes)
{
    return (uint64_t)motet_be32(bytes) << 32 | motet_be32(bytes + 4);
}

static inline uint32_t motet_le16(const unsigned char *bytes)
{
    return (uint32_t)bytes[1] << 8 | bytes[0];
}

static inline uint32_t motet_le32(const unsigned char *bytes)
{
    return motet_le16(bytes + 2) << 16 | motet_le16(bytes);
}

static inline uint64_t motet_le64(const unsigned char *bytes)
{
    return (uint64_t)motet_le32(bytes + 4) << 32 | motet_le32(bytes);
}

#endif /* MOTET_DECODE_INPUT_H */
