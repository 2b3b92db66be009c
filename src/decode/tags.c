#include "decode/tags.h"

#include "decode/input.h"

#include <stdlib.h>
#include <string.h>

enum {
    TAGS_MAX = 256,
    TAG_KEY_MAX = 64,
    TAG_VALUE_MAX = 16384, /* bytes; lyrics fit, pictures in base64 don't */
};

/* The length of the UTF-8 sequence at `text`, or 0 where there is none. */
static size_t utf8_length(const unsigned char *text, size_t size)
{
    unsigned char first = text[0];
    if (first < 0x80) return 1;
    size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
    if (first < 0xC2 || first > 0xF4 || length > size) return 0;
    for (size_t i = 1; i < length; i++) {
        if ((text[i] & 0xC0) != 0x80) return 0;
    }
    /* Overlong forms, surrogates, beyond the last code point. */
    if ((first == 0xE0 && text[1] < 0xA0) || (first == 0xED && text[1] > 0x9F)) return 0;
    if ((first == 0xF0 && text[1] < 0x90) || (first == 0xF4 && text[1] > 0x8F)) return 0;
    return length;
}

static bool is_utf8(const char *text, size_t size)
{
    for (size_t i = 0; i < size;) {
        size_t length = utf8_length((const unsigned char *)text + i, size - i);
        if (length == 0) return false;
        i += length;
    }
    return true;
}

/* Copies text as UTF-8, with room for 2 * size + 1 bytes. */
static void copy_text(char *out, const char *text, size_t size)
{
    if (is_utf8(text, size)) {
        memcpy(out, text, size);
        out += size;
    } else {
        for (size_t i = 0; i < size; i++) {
            unsigned char latin1 = (unsigned char)text[i];
            if (latin1 < 0x80) {
                *out++ = (char)latin1;
            } else {
                *out++ = (char)(0xC0 | latin1 >> 6);
                *out++ = (char)(0x80 | (latin1 & 0x3F));
            }
        }
    }
    *out = '\0';
}

/* A whole number and nothing else. */
static bool read_number(const char *text, size_t size, uint64_t *number)
{
    uint64_t value = 0;
    if (size == 0 || size > 18) return false;
    for (size_t i = 0; i < size; i++) {
        if (text[i] < '0' || text[i] > '9') return false;
        value = value * 10 + (uint64_t)(text[i] - '0');
    }
    *number = value;
    return true;
}

static void read_loop_point(motet_tag_list *list, const char *key, const char *value, size_t value_size)
{
    char name[16];
    size_t size = 0;
    for (; *key != '\0'; key++) {
        if (*key == '_' || *key == '-') continue;
        if (size == sizeof(name) - 1) return;
        name[size++] = *key;
    }
    name[size] = '\0';
    if (strcmp(name, "LOOPSTART") == 0) {
        list->has_loop_start = read_number(value, value_size, &list->loop_start);
    } else if (strcmp(name, "LOOPEND") == 0) {
        list->has_loop_end = read_number(value, value_size, &list->loop_end);
    } else if (strcmp(name, "LOOPLENGTH") == 0) {
        list->has_loop_length = read_number(value, value_size, &list->loop_length);
    }
}

void motet_tags_add(motet_tag_list *list, const char *key, size_t key_size, const char *value, size_t value_size)
{
    const char *nul = memchr(value, '\0', value_size);
    if (nul != NULL) value_size = (size_t)(nul - value);
    while (value_size > 0 && (value[value_size - 1] == ' ' || value[value_size - 1] == '\n')) value_size--;
    if (key_size == 0 || key_size > TAG_KEY_MAX || value_size == 0 || value_size > TAG_VALUE_MAX) return;

    char name[TAG_KEY_MAX + 1];
    for (size_t i = 0; i < key_size; i++) {
        /* What Vorbis comments allow. */
        if (key[i] < 0x20 || key[i] > 0x7D) return;
        name[i] = (char)(key[i] >= 'a' && key[i] <= 'z' ? key[i] - 'a' + 'A' : key[i]);
    }
    name[key_size] = '\0';
    if (strcmp(name, "METADATA_BLOCK_PICTURE") == 0 || strcmp(name, "COVERART") == 0) return;
    read_loop_point(list, name, value, value_size);

    if (list->count == TAGS_MAX) return;
    if (list->tags == NULL) list->tags = calloc(TAGS_MAX, sizeof(*list->tags));
    /* Key and value share one block, the key's. */
    char *text = list->tags != NULL ? malloc(key_size + 1 + 2 * value_size + 1) : NULL;
    if (text == NULL) {
        list->no_memory = true;
        return;
    }
    memcpy(text, name, key_size + 1);
    copy_text(text + key_size + 1, value, value_size);
    list->tags[list->count++] = (motet_tag){text, text + key_size + 1};
}

void motet_tags_add_comment(motet_tag_list *list, const char *comment, size_t size)
{
    const char *equals = memchr(comment, '=', size);
    if (equals == NULL) return;
    size_t key_size = (size_t)(equals - comment);
    motet_tags_add(list, comment, key_size, equals + 1, size - key_size - 1);
}

void motet_tags_add_block(motet_tag_list *list, const unsigned char *bytes, size_t size)
{
    /* The encoder's name, then how many comments, each with its length in front. */
    if (size < 8) return;
    uint64_t offset = 4 + (uint64_t)motet_le32(bytes);
    if (offset > size - 4) return;
    uint32_t count = motet_le32(bytes + offset);
    offset += 4;
    for (uint32_t i = 0; i < count && size - offset >= 4; i++) {
        uint32_t length = motet_le32(bytes + offset);
        offset += 4;
        if (length > size - offset) return;
        motet_tags_add_comment(list, (const char *)bytes + offset, length);
        offset += length;
    }
}

void motet_tags_write(const motet_tag_list *list, motet_decoder_info *info)
{
    info->tag_count = list->count;
    info->tags = list->tags;
    if (info->loop_end_frame != 0 || !(list->has_loop_start || list->has_loop_end || list->has_loop_length)) return;

    uint64_t start = list->has_loop_start ? list->loop_start : 0;
    uint64_t end = list->has_loop_length ? start + list->loop_length
                   : list->has_loop_end  ? list->loop_end
                                         : info->frame_count;
    if (start < end && end <= info->frame_count) {
        info->loop_start_frame = start;
        info->loop_end_frame = end;
    }
}

void motet_tags_free(motet_tag_list *list)
{
    for (uint32_t i = 0; i < list->count; i++) free((char *)list->tags[i].key);
    free(list->tags);
    *list = (motet_tag_list){0};
}
