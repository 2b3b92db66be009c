#include "decode/id3.h"

#include <stdlib.h>
#include <string.h>

/* The frames are those of ID3v2.3 and 2.4 (id3.org); what is compressed, encrypted or unsynchronised is passed over. */

enum {
    CHUNKS_MAX = 1000,
    TAG_MAX = 1 << 20, /* bytes; pictures make them long, texts come first */
    HEADER_SIZE = 10,
    TEXT_MAX = 4096
};

const char *motet_id3_key(const char id[4])
{
    static const char keys[][2][16] = {
        {"TIT2", "TITLE"},      {"TPE1", "ARTIST"},      {"TALB", "ALBUM"},     {"TDRC", "DATE"},
        {"TYER", "DATE"},       {"TRCK", "TRACKNUMBER"}, {"TCON", "GENRE"},     {"TPE2", "ALBUMARTIST"},
        {"TCOM", "COMPOSER"},   {"TPOS", "DISCNUMBER"},  {"TCOP", "COPYRIGHT"}, {"TSSE", "ENCODER"},
        {"TENC", "ENCODED-BY"}, {"TBPM", "BPM"},
    };
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        if (memcmp(keys[i][0], id, 4) == 0) return keys[i][1];
    }
    return NULL;
}

static size_t put_utf8(char *out, uint32_t point)
{
    if (point < 0x80) {
        out[0] = (char)point;
        return 1;
    }
    size_t length = point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
    for (size_t i = length; i-- > 1; point >>= 6) out[i] = (char)(0x80 | (point & 0x3F));
    out[0] = (char)((length == 2 ? 0xC0 : length == 3 ? 0xE0 : 0xF0) | point);
    return length;
}

typedef struct {
    char bytes[TEXT_MAX];
    size_t size;
} text;

/* One text in an encoding of ID3 as UTF-8, or as it is where every byte is a character; returns the bytes that it takes
 * up, its end included. */
static size_t take_text(text *out, int encoding, const unsigned char *bytes, size_t size)
{
    out->size = 0;
    if (encoding == 0 || encoding == 3) {
        const unsigned char *end = memchr(bytes, 0, size);
        size_t length = end != NULL ? (size_t)(end - bytes) : size;
        out->size = length < TEXT_MAX ? length : TEXT_MAX;
        memcpy(out->bytes, bytes, out->size);
        return length < size ? length + 1 : size;
    }
    bool little = false;
    size_t at = 0;
    if (encoding == 1 && size >= 2) {
        little = bytes[0] == 0xFF && bytes[1] == 0xFE;
        at = little || (bytes[0] == 0xFE && bytes[1] == 0xFF) ? 2 : 0;
    }
    while (at + 2 <= size) {
        uint32_t unit = little ? motet_le16(bytes + at) : motet_be16(bytes + at);
        at += 2;
        if (unit == 0) return at;
        if (unit >= 0xD800 && unit < 0xDC00 && at + 2 <= size) {
            uint32_t low = little ? motet_le16(bytes + at) : motet_be16(bytes + at);
            if (low >= 0xDC00 && low < 0xE000) {
                unit = 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00);
                at += 2;
            }
        }
        if (out->size + 4 <= TEXT_MAX && (unit < 0xD800 || unit >= 0xE000)) {
            out->size += put_utf8(out->bytes + out->size, unit);
        }
    }
    return size;
}

static void add_frame(motet_tag_list *list, const unsigned char *id, const unsigned char *bytes, size_t size)
{
    text name, value;
    if (size < 2) return;
    int encoding = bytes[0];
    const char *key = motet_id3_key((const char *)id);
    bool comment = memcmp(id, "COMM", 4) == 0;
    size_t at = comment ? 4 : 1; /* behind a language */
    if (at >= size || encoding > 3 || (key == NULL && !comment && memcmp(id, "TXXX", 4) != 0)) return;
    if (key == NULL) at += take_text(&name, encoding, bytes + at, size - at);
    if (comment) {
        key = "COMMENT";
    } else if (key == NULL) {
        if (name.size == 0 || name.size > 64) return;
        take_text(&value, encoding, bytes + at, size - at);
        motet_tags_add(list, name.bytes, name.size, value.bytes, value.size);
        return;
    }
    take_text(&value, encoding, bytes + at, size - at);
    if (!motet_tags_have(list, key)) motet_tags_add(list, key, strlen(key), value.bytes, value.size);
}

static uint32_t seven_bits(const unsigned char *bytes)
{
    return (uint32_t)(bytes[0] & 0x7F) << 21 | (uint32_t)(bytes[1] & 0x7F) << 14 | (uint32_t)(bytes[2] & 0x7F) << 7 |
           (bytes[3] & 0x7Fu);
}

static void read_tag(motet_tag_list *list, const unsigned char *bytes, size_t size)
{
    if (size < HEADER_SIZE || memcmp(bytes, "ID3", 3) != 0 || bytes[3] < 3 || bytes[3] > 4) return;
    bool newer = bytes[3] == 4;
    if ((bytes[5] & 0x80) != 0) return;
    uint32_t said = seven_bits(bytes + 6);
    size_t end = said < size - HEADER_SIZE ? HEADER_SIZE + said : size;
    size_t at = HEADER_SIZE;
    if ((bytes[5] & 0x40) != 0 && end - at >= 4) { /* an extended header: the newer one counts itself */
        uint32_t extra = newer ? seven_bits(bytes + at) : motet_be32(bytes + at);
        if (extra > end - at - 4) return;
        at += newer ? extra : extra + 4;
    }
    while (end - at >= HEADER_SIZE && bytes[at] != 0) {
        const unsigned char *frame = bytes + at;
        uint32_t length = newer ? seven_bits(frame + 4) : motet_be32(frame + 4);
        at += HEADER_SIZE;
        if (length > end - at) return;
        if (frame[9] == 0) add_frame(list, frame, bytes + at, length);
        at += length;
    }
}

static void read_tag_at(motet_input *input, uint64_t offset, uint32_t size, motet_tag_list *list)
{
    if (size > TAG_MAX) size = TAG_MAX;
    unsigned char *bytes = malloc(size > 0 ? size : 1);
    if (bytes == NULL) {
        list->no_memory = true;
        return;
    }
    read_tag(list, bytes, motet_input_read_at(input, offset, bytes, size));
    free(bytes);
}

void motet_id3_read_chunk(motet_input *input, motet_tag_list *list)
{
    uint64_t position = input->position;
    unsigned char header[8] = {0};
    motet_input_read_at(input, 0, header, 4);
    bool little = memcmp(header, "RIFF", 4) == 0;
    uint64_t offset = 12;
    for (int i = 0; i < CHUNKS_MAX && motet_input_read_at(input, offset, header, 8) == 8; i++) {
        uint32_t size = little ? motet_le32(header + 4) : motet_be32(header + 4);
        offset += 8;
        if (memcmp(header, "id3 ", 4) == 0 || memcmp(header, "ID3 ", 4) == 0) {
            read_tag_at(input, offset, size, list);
            break;
        }
        offset += (uint64_t)size + (size & 1);
        if (offset >= input->size) break;
    }
    input->position = position;
}
