/* What kind of file the first bytes are. Every adapter asks this first and opens its own kinds alone, so that no
 * library is let loose on material that nobody checked. */
#ifndef MOTET_DECODE_SNIFF_H
#define MOTET_DECODE_SNIFF_H

#include "decode/input.h"

typedef enum motet_file_kind {
    MOTET_FILE_UNKNOWN,
    MOTET_FILE_WAV, /* RIFF, RIFX and RF64 */
    MOTET_FILE_AIFF,
    MOTET_FILE_CAF,
    MOTET_FILE_FLAC,
    MOTET_FILE_OGG,
    MOTET_FILE_MPEG
} motet_file_kind;

typedef struct motet_sniffed {
    motet_file_kind kind;
    uint64_t offset; /* where the material starts, after an ID3 tag; for MPEG, its first frame */
} motet_sniffed;

/* Looks at the input. For an unknown kind `error` says what it is instead, and the result is MOTET_ERROR_FORMAT;
 * otherwise MOTET_OK, or what a failing source gives. */
motet_result motet_sniff(motet_input *input, motet_sniffed *sniffed, char *error, size_t error_size);

/* The header of an MPEG audio frame. */
typedef struct motet_mpeg_frame {
    uint32_t version; /* 1, 2 or 3 for 2.5 */
    uint32_t layer;   /* 1, 2 or 3 */
    uint32_t sample_rate_hz;
    uint32_t channels;
    uint32_t size;        /* in bytes, the header included */
    uint32_t frame_count; /* of samples, for each channel */
} motet_mpeg_frame;

/* Reads 4 bytes; false where they are no frame header (free-format ones count as none: their size is not told). */
bool motet_mpeg_frame_read(const unsigned char *bytes, motet_mpeg_frame *frame);

#endif /* MOTET_DECODE_SNIFF_H */
