#include "bytes.h"

#include "memory.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

void motet_bytes_free(motet_bytes *bytes)
{
    free(bytes->data);
    *bytes = (motet_bytes){0};
}

void motet_bytes_append(motet_bytes *bytes, const void *data, size_t size)
{
    if (size > 0) {
        bytes->data = motet_memory_reserve(bytes->data, bytes->size + size, &bytes->capacity, 1);
        memcpy(bytes->data + bytes->size, data, size);
        bytes->size += size;
    }
}

bool motet_bytes_append_stream(motet_bytes *bytes, FILE *file)
{
    enum { PIECE = 1 << 16 };
    size_t got = 0;
    do {
        bytes->data = motet_memory_reserve(bytes->data, bytes->size + PIECE, &bytes->capacity, 1);
        got = fread(bytes->data + bytes->size, 1, PIECE, file);
        bytes->size += got;
    } while (got > 0);
    return ferror(file) == 0;
}

/* The six bits of a base64 character, or -1. */
static int six_bits(char c)
{
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *place = c != '\0' ? strchr(alphabet, c) : NULL;
    return place != NULL ? (int)(place - alphabet) : -1;
}

bool motet_bytes_append_base64(motet_bytes *bytes, const char *text)
{
    size_t before = bytes->size;
    size_t length = strlen(text);
    bool valid = length % 4 == 0;
    for (size_t i = 0; valid && i < length; i += 4) {
        bool last = i + 4 == length;
        size_t padding = last && text[i + 3] == '=' ? (text[i + 2] == '=' ? 2 : 1) : 0;
        uint32_t bits = 0;
        for (size_t k = 0; k < 4; k++) {
            int six = k < 4 - padding ? six_bits(text[i + k]) : 0;
            valid = valid && six >= 0;
            bits = bits << 6 | ((uint32_t)six & 63U);
        }
        unsigned char three[] = {(unsigned char)(bits >> 16), (unsigned char)(bits >> 8), (unsigned char)bits};
        motet_bytes_append(bytes, three, 3 - padding);
    }
    if (!valid) {
        bytes->size = before;
    }
    return valid;
}
