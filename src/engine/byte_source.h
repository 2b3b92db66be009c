/* Bytes to decode: a file on disk, a block of memory or a file of the program's own, as a motet_source. Not for the
 * audio thread.
 *
 * Decoders see none of what a program's file may do: a short read is completed, "later" is waited for, and what makes
 * no sense is a failure. It is read in large pieces, since each of its reads may take long. A source that has failed
 * stays so. */
#ifndef MOTET_ENGINE_BYTE_SOURCE_H
#define MOTET_ENGINE_BYTE_SOURCE_H

#include "base/alloc.h"
#include "engine/decoder.h"

#include <stdio.h>

typedef struct motet_byte_source motet_byte_source;

/* Up to `size` bytes, at least one, from the present place on; 0 at the end, -1 when it has failed. */
typedef int64_t motet_byte_read(motet_byte_source *source, void *bytes, size_t size);

struct motet_byte_source {
    motet_source source; /* what decoders see */
    motet_byte_read *read;
    FILE *file;           /* or */
    const uint8_t *bytes; /* or */
    motet_file own;       /* the program's */
    motet_heap *heap;     /* of the buffer */
    uint8_t *buffer;      /* what it has given from `buffer_at` on */
    uint64_t buffer_at;
    size_t buffer_size;
    bool is_open;
    bool cannot_seek;
    uint64_t at;                       /* the next byte that is asked for */
    uint64_t file_at;                  /* where the file stands; UINT64_MAX: nowhere */
    uint64_t ends_at;                  /* where it has ended before its size said; UINT64_MAX: nowhere */
    const motet_atomic_u32 *cancelled; /* not 0: nothing is read any more. NULL: never */
    bool failed;
    char error[128]; /* why, in words */
};

/* Opens a path: by the program's functions, or in the file system where those are zeroed. The sentence is left in
 * `error`, without the path. The source must stay where it is until it is closed. Errors: NOT_FOUND; IO (a directory,
 * no permission); what the program's own function returns. */
motet_result motet_byte_source_open(motet_byte_source *source, motet_heap *heap, const motet_files *files,
                                    const char *path, char *error, size_t error_size);
void motet_byte_source_open_memory(motet_byte_source *source, const void *bytes, size_t byte_count);
/* To another place, before anything is read. */
void motet_byte_source_move(motet_byte_source *to, motet_byte_source *from);
/* One that was not opened is left alone. */
void motet_byte_source_close(motet_byte_source *source);

/* What a decoder has made of a source: where that has failed, its own words, as MOTET_ERROR_IO. */
motet_result motet_byte_source_judge(const motet_byte_source *source, motet_result result, char *error,
                                     size_t error_size);

/* Where the source has ended before its size said, gives it the size that it has, so that it can be opened anew:
 * decoders know what to do with a file that is cut, but not with one that is longer than its bytes. */
bool motet_byte_source_shorten(motet_byte_source *source);

/* Reads all that is left into memory of the heap, `*size` bytes. LIMIT beyond 1 GB where the length was not known. */
motet_result motet_byte_source_read_all(motet_byte_source *source, motet_heap *heap, void **bytes, size_t *size,
                                        char *error, size_t error_size);

#endif /* MOTET_ENGINE_BYTE_SOURCE_H */
