/* The pages of an Ogg file, checked before a library sees them. libogg skips what is damaged, libvorbisfile and
 * libsndfile hide where a file ends early, and libsndfile's Opus decoder trusts the positions in the pages so far that
 * wrong ones come out as samples of memory that nobody wrote. */
#ifndef MOTET_DECODE_OGG_H
#define MOTET_DECODE_OGG_H

#include "decode/input.h"
#include "decode/tags.h"

typedef enum motet_ogg_codec {
    MOTET_OGG_OTHER,
    MOTET_OGG_VORBIS,
    MOTET_OGG_OPUS,
    MOTET_OGG_FLAC,
    MOTET_OGG_SPEEX
} motet_ogg_codec;

/* Which codec the first stream is of that Motet reads, or else the first. MOTET_ERROR_FORMAT where the first page is
 * cut or damaged. */
motet_result motet_ogg_identify(motet_input *input, motet_ogg_codec *codec, char *error, size_t error_size);

typedef struct motet_ogg_scan {
    uint64_t end;          /* the byte after the last page of use */
    char damage[128];      /* what is wrong with the next one; "" where nothing is */
    uint64_t packet_count; /* of sound, in all streams of the codec */
    bool closed;           /* the last stream ends as it says */
    bool gaps;             /* pages are missing inside */

    /* Opus alone. */
    uint64_t frame_count;    /* as the positions say, at 48 kHz */
    uint64_t frame_limit;    /* that the packets can give, at 48 kHz */
    uint32_t mapping_family; /* 0: mono or stereo, 1: Vorbis's channel order, 255: no order */
    motet_tag_list tags;     /* to be freed, also after a failure */
} motet_ogg_scan;

/* Reads all pages up to the first that is damaged: a wrong checksum, something between two pages, an Opus position that
 * contradicts its packets. MOTET_ERROR_FORMAT where headers are cut or damaged, or no sound comes before the damage;
 * MOTET_ERROR_UNSUPPORTED for Opus streams that libsndfile cannot read whole. */
motet_result motet_ogg_read(motet_input *input, motet_ogg_codec codec, motet_ogg_scan *scan, char *error,
                            size_t error_size);

#endif /* MOTET_DECODE_OGG_H */
