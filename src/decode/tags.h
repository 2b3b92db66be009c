/* A file's tags, as UTF-8 text, and the loop points that some of them hold. */
#ifndef MOTET_DECODE_TAGS_H
#define MOTET_DECODE_TAGS_H

#include "engine/decoder.h"

typedef struct motet_tag_list {
    motet_tag *tags;
    uint32_t count;
    bool no_memory;
    bool has_loop_start, has_loop_end, has_loop_length;
    uint64_t loop_start, loop_end, loop_length;
} motet_tag_list;

/* Adds a tag; the key becomes upper case, text that is no UTF-8 is taken for Latin-1. Empty, huge and binary ones are
 * left out. LOOPSTART, LOOPEND (exclusive) and LOOPLENGTH, also written with _ or -, are understood. */
void motet_tags_add(motet_tag_list *list, const char *key, size_t key_size, const char *value, size_t value_size);

/* Adds a Vorbis comment "KEY=value". */
void motet_tags_add_comment(motet_tag_list *list, const char *comment, size_t size);

/* Adds what a Vorbis comment block holds (also FLAC's and Opus's), as far as it is whole. */
void motet_tags_add_block(motet_tag_list *list, const unsigned char *bytes, size_t size);

/* Writes tags and loop points into `info`, whose frame count must be set; loop points that lie outside are dropped.
 * Loop points that `info` already has stay. */
void motet_tags_write(const motet_tag_list *list, motet_decoder_info *info);

void motet_tags_free(motet_tag_list *list);

#endif /* MOTET_DECODE_TAGS_H */
