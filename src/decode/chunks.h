/* The chunks of WAV, AIFF and CAF files and the metadata blocks of FLAC, read before libsndfile sees the file: it takes
 * a header's word quietly, or mends it quietly; here a cut or contradictory header gets its own sentence, and what the
 * header claims is compared with what is there. */
#ifndef MOTET_DECODE_CHUNKS_H
#define MOTET_DECODE_CHUNKS_H

#include "decode/input.h"
#include "decode/sniff.h"
#include "decode/tags.h"

typedef struct motet_chunks {
    bool truncated;        /* the header claims more sound than the file holds */
    uint64_t data_offset;  /* of the sound */
    uint64_t data_size;    /* of the sound, as far as it is there */
    uint32_t wav_encoding; /* WAV's format tag, that of the subformat where it is extensible */
    uint64_t frame_count;  /* FLAC, AIFF: as the header claims, 0 where it doesn't */
    uint32_t bits;         /* FLAC only */
    motet_tag_list tags;   /* FLAC only: to be freed, also after a failure */
} motet_chunks;

motet_result motet_chunks_read(motet_input *input, motet_file_kind kind, motet_chunks *chunks, char *error,
                               size_t error_size);

#endif /* MOTET_DECODE_CHUNKS_H */
