#include "ogg_serial.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

/* A page (RFC 3533): a header of 27 bytes, a table of segment lengths, the segments. */
enum {
    HEADER_BYTES = 27,
    SERIAL_AT = 14,
    CHECKSUM_AT = 22,
    COUNT_AT = 26,
    MAX_SEGMENTS = 255,
    MAX_SEGMENT_BYTES = 255
};
enum { MAX_PAGE_BYTES = HEADER_BYTES + MAX_SEGMENTS + MAX_SEGMENTS * MAX_SEGMENT_BYTES };

static void put_little(unsigned char *bytes, uint32_t value)
{
    for (int i = 0; i < 4; i++) {
        bytes[i] = (unsigned char)(value >> (8 * i));
    }
}

/* The page's checksum: CRC-32 with the polynomial 0x04c11db7, not reflected, from 0, over the page with 0 in its
 * place. */
static uint32_t checksum(const unsigned char *page, size_t size)
{
    uint32_t crc = 0;
    for (size_t i = 0; i < size; i++) {
        crc ^= (uint32_t)page[i] << 24;
        for (int bit = 0; bit < 8; bit++) {
            crc = (crc & 0x80000000U) != 0 ? crc << 1 ^ 0x04c11db7U : crc << 1;
        }
    }
    return crc;
}

/* Reads the next page; 0 at the end of the file, or where there is none. */
static size_t read_page(FILE *file, unsigned char *page)
{
    if (fread(page, 1, HEADER_BYTES, file) != HEADER_BYTES || memcmp(page, "OggS", 4) != 0) {
        return 0;
    }
    size_t segments = page[COUNT_AT];
    if (fread(page + HEADER_BYTES, 1, segments, file) != segments) {
        return 0;
    }
    size_t body = 0;
    for (size_t i = 0; i < segments; i++) {
        body += page[HEADER_BYTES + i];
    }
    size_t head = HEADER_BYTES + segments;
    return fread(page + head, 1, body, file) == body ? head + body : 0;
}

static bool rewrite(FILE *file, unsigned char *page, uint32_t serial)
{
    long place = 0;
    for (size_t size = read_page(file, page); size > 0; size = read_page(file, page)) {
        put_little(page + SERIAL_AT, serial);
        put_little(page + CHECKSUM_AT, 0);
        put_little(page + CHECKSUM_AT, checksum(page, size));
        long after = place + (long)size;
        if (fseek(file, place, SEEK_SET) != 0 || fwrite(page, 1, HEADER_BYTES, file) != HEADER_BYTES ||
            fseek(file, after, SEEK_SET) != 0) {
            return false;
        }
        place = after;
    }
    return ferror(file) == 0;
}

bool motet_ogg_set_serial(const char *path, uint32_t serial)
{
    static unsigned char page[MAX_PAGE_BYTES];
    FILE *file = fopen(path, "r+b");
    if (file == NULL) {
        return false;
    }
    bool good = rewrite(file, page, serial);
    return fclose(file) == 0 && good;
}
