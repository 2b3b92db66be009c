/* A file that cannot seek, as decoders want it: what has been read while the decoder was opened is kept, so that it can
 * be looked at more than once; behind that there is one way only. Not for the audio thread. */
#ifndef MOTET_ENGINE_LIVE_SOURCE_H
#define MOTET_ENGINE_LIVE_SOURCE_H

#include "engine/byte_source.h"

typedef struct motet_live_source {
    motet_source source; /* what decoders see; its size is a bound and no more */
    motet_byte_source *bytes;
    motet_heap *heap;
    uint8_t *head; /* the first bytes; NULL once they are behind */
    size_t head_size, head_capacity;
    bool opened;
    uint64_t at;   /* the next byte that is asked for */
    uint64_t read; /* bytes that the file has given */
} motet_live_source;

/* `bytes` must not have been read from yet. Both must stay where they are. */
void motet_live_source_begin(motet_live_source *live, motet_heap *heap, motet_byte_source *bytes);
/* The decoder is opened: what it has seen will not be asked for again once it is behind. */
void motet_live_source_settle(motet_live_source *live);
void motet_live_source_end(motet_live_source *live);

/* A file that cannot seek with the decoder that knows it, which has read the header. */
typedef struct motet_live_file {
    motet_heap *heap;
    motet_byte_source bytes;
    motet_live_source window;
    const motet_decoder_backend *backend;
    motet_decoder *decoder;
    motet_decoder_info info;
} motet_live_file;

/* Takes over an open source, which is closed where this fails. It may wait for bytes. */
motet_result motet_live_file_open(motet_heap *heap, motet_byte_source *bytes, motet_live_file **live, char *error,
                                  size_t error_size);
void motet_live_file_close(motet_live_file *live); /* NULL does nothing */

#endif /* MOTET_ENGINE_LIVE_SOURCE_H */
