/* ID3v2 tags in chunks of WAV and AIFF files; those of MP3 are libmpg123's. */
#ifndef MOTET_DECODE_ID3_H
#define MOTET_DECODE_ID3_H

#include "decode/input.h"
#include "decode/tags.h"

/* The tag's key for a text frame ("TRCK"), or NULL where it says nothing that is kept. */
const char *motet_id3_key(const char id[4]);

/* Reads the ID3 chunk of a file, if it has one; tags that the list has already stay as they are. The input's position
 * stays. */
void motet_id3_read_chunk(motet_input *input, motet_tag_list *list);

#endif /* MOTET_DECODE_ID3_H */
