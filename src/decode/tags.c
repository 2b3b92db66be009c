#include "decode/tags.h"

#include "decode/input.h"

#include <stdlib.h>
#include <string.h>

enum {
    TAGS_MAX = 256,
    TAG_KEY_MAX = 64,
    TAG_VALUE_MAX = 16384, /* bytes; lyrics fit, pictures in base64 don't */
    CHAPTERS = 1000,       /* numbered with three digits */
    MARKERS_MAX = 4096,
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

/* HH:MM:SS with up to three digits of its parts. */
static bool read_time(const char *text, size_t size, uint64_t *milliseconds)
{
    uint64_t parts[3];
    size_t at = 0;
    for (int i = 0; i < 3; i++) {
        size_t start = at;
        while (at < size && text[at] >= '0' && text[at] <= '9') at++;
        if (at - start > 4 || !read_number(text + start, at - start, &parts[i]) || (i > 0 && parts[i] > 59))
            return false;
        if (i < 2 && (at == size || text[at++] != ':')) return false;
    }
    *milliseconds = ((parts[0] * 60 + parts[1]) * 60 + parts[2]) * 1000;
    if (at == size) return true;
    uint64_t fraction;
    size_t digits = size - at - 1;
    if (text[at] != '.' || digits > 3 || !read_number(text + at + 1, digits, &fraction)) return false;
    for (; digits < 3; digits++) fraction *= 10;
    *milliseconds += fraction;
    return true;
}

static char *make_text(const char *text, size_t size)
{
    char *copy = malloc(2 * size + 1);
    if (copy != NULL) copy_text(copy, text, size);
    return copy;
}

static void read_chapter(motet_tag_list *list, const char *key, const char *value, size_t value_size)
{
    uint64_t number;
    size_t digits = 0;
    if (strncmp(key, "CHAPTER", 7) != 0) return;
    key += 7;
    while (key[digits] >= '0' && key[digits] <= '9') digits++;
    bool is_name = strcmp(key + digits, "NAME") == 0;
    if (digits < 2 || digits > 3 || !read_number(key, digits, &number) || (key[digits] != '\0' && !is_name)) return;
    if (list->chapters == NULL) list->chapters = calloc(CHAPTERS, sizeof(*list->chapters));
    if (list->chapters == NULL) {
        list->no_memory = true;
        return;
    }
    motet_chapter *chapter = &list->chapters[number];
    if (!is_name) {
        chapter->has_time = read_time(value, value_size, &chapter->milliseconds);
        return;
    }
    free(chapter->name);
    chapter->name = make_text(value, value_size);
    list->no_memory = list->no_memory || chapter->name == NULL;
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
    read_chapter(list, name, value, value_size);

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

bool motet_tags_have(const motet_tag_list *list, const char *key)
{
    for (uint32_t i = 0; i < list->count; i++) {
        if (strcmp(list->tags[i].key, key) == 0) return true;
    }
    return false;
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

void motet_tags_add_marker(motet_tag_list *list, uint64_t frame, const char *name, size_t name_size)
{
    if (list->marker_count == MARKERS_MAX) return;
    if (list->markers == NULL) list->markers = calloc(MARKERS_MAX, sizeof(*list->markers));
    char *copy = list->markers != NULL ? make_text(name, name_size) : NULL;
    if (copy == NULL) {
        list->no_memory = true;
        return;
    }
    list->markers[list->marker_count++] = (motet_marker){frame, copy};
}

void motet_tags_write(motet_tag_list *list, motet_decoder_info *info)
{
    for (int i = 0; list->chapters != NULL && i < CHAPTERS; i++) {
        const motet_chapter *chapter = &list->chapters[i];
        if (!chapter->has_time) continue;
        const char *name = chapter->name != NULL ? chapter->name : "";
        uint64_t frame = (chapter->milliseconds * info->sample_rate_hz + 500) / 1000;
        motet_tags_add_marker(list, frame, name, strlen(name));
    }
    info->marker_count = list->marker_count;
    info->markers = list->markers;
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
    for (int i = 0; list->chapters != NULL && i < CHAPTERS; i++) free(list->chapters[i].name);
    free(list->chapters);
    for (uint32_t i = 0; i < list->marker_count; i++) free((char *)list->markers[i].name);
    free(list->markers);
    *list = (motet_tag_list){0};
}
