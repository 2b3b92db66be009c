/* Runs of bytes that a timeline brings along: files of raw samples, and base64 text. */
#ifndef MOTET_CLI_BYTES_H
#define MOTET_CLI_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

typedef struct motet_bytes {
    unsigned char *data;
    size_t size, capacity;
} motet_bytes;

void motet_bytes_free(motet_bytes *bytes);
void motet_bytes_append(motet_bytes *bytes, const void *data, size_t size);

/* Appends all that is left of a file; false with errno set when reading fails. */
bool motet_bytes_append_stream(motet_bytes *bytes, FILE *file);

/* Appends what a base64 text (RFC 4648, with its padding) stands for; false and nothing appended when it is not
 * one. */
bool motet_bytes_append_base64(motet_bytes *bytes, const char *text);

#endif /* MOTET_CLI_BYTES_H */
