/* Bytes to decode: a file on disk or a block of memory, as a motet_source. Not for the audio thread. */
#ifndef MOTET_ENGINE_BYTE_SOURCE_H
#define MOTET_ENGINE_BYTE_SOURCE_H

#include "engine/decoder.h"

#include <stdio.h>

typedef struct motet_byte_source {
    motet_source source; /* what decoders see */
    FILE *file;          /* or */
    const uint8_t *bytes;
    uint64_t at;
} motet_byte_source;

/* NOT_FOUND, IO (a directory, no permission); the sentence is left in `error`, without the path. The source must stay
 * where it is until it is closed. */
motet_result motet_byte_source_open_file(motet_byte_source *source, const char *path, char *error, size_t error_size);
void motet_byte_source_open_memory(motet_byte_source *source, const void *bytes, size_t byte_count);
void motet_byte_source_close(motet_byte_source *source);

#endif /* MOTET_ENGINE_BYTE_SOURCE_H */
