/* A file's tags, as UTF-8 text, the loop points and chapters that some of them hold, and its markers. */
#ifndef MOTET_DECODE_TAGS_H
#define MOTET_DECODE_TAGS_H

#include "engine/decoder.h"

/* A chapter of Vorbis comments: a marker, once the rate is known. */
typedef struct motet_chapter {
    bool has_time;
    uint64_t milliseconds;
    char *name; /* NULL: none */
} motet_chapter;

typedef struct motet_tag_list {
    motet_tag *tags;
    uint32_t count;
    bool no_memory;
    bool has_loop_start, has_loop_end, has_loop_length;
    uint64_t loop_start, loop_end, loop_length;
    motet_chapter *chapters; /* by number; NULL: none */
    motet_marker *markers;
    uint32_t marker_count;
} motet_tag_list;

/* Adds a tag; the key becomes upper case, text that is no UTF-8 is taken for Latin-1. Empty, huge and binary ones are
 * left out. LOOPSTART, LOOPEND (exclusive) and LOOPLENGTH, also written with _ or -, and the chapters CHAPTER001 =
 * HH:MM:SS.mmm and CHAPTER001NAME, with two or three digits, are understood. */
void motet_tags_add(motet_tag_list *list, const char *key, size_t key_size, const char *value, size_t value_size);

/* Whether there is one with this key, in upper case. */
bool motet_tags_have(const motet_tag_list *list, const char *key);

/* Adds a Vorbis comment "KEY=value". */
void motet_tags_add_comment(motet_tag_list *list, const char *comment, size_t size);

/* Adds what a Vorbis comment block holds (also FLAC's and Opus's), as far as it is whole. */
void motet_tags_add_block(motet_tag_list *list, const unsigned char *bytes, size_t size);

/* Adds a marker; its name may be empty. More than any sound keeps are left out. */
void motet_tags_add_marker(motet_tag_list *list, uint64_t frame, const char *name, size_t name_size);

/* Writes tags, markers and loop points into `info`, whose rate and frame count must be set; loop points that lie
 * outside are dropped. Loop points that `info` already has stay. Afterwards `no_memory` may be set. */
void motet_tags_write(motet_tag_list *list, motet_decoder_info *info);

void motet_tags_free(motet_tag_list *list);

#endif /* MOTET_DECODE_TAGS_H */
