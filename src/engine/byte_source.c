#ifndef _FILE_OFFSET_BITS
#    define _FILE_OFFSET_BITS 64 /* files above 2 GB on 32-bit machines */
#endif
#ifndef _POSIX_C_SOURCE
#    define _POSIX_C_SOURCE 200809L /* fseeko */
#endif
#include "engine/byte_source.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int64_t read_file(void *user, void *bytes, size_t size)
{
    motet_byte_source *source = user;
    size_t got = fread(bytes, 1, size, source->file);
    return got == 0 && ferror(source->file) ? -1 : (int64_t)got;
}

static bool seek_file(void *user, uint64_t offset)
{
    motet_byte_source *source = user;
    return offset <= INT64_MAX && fseeko(source->file, (off_t)offset, SEEK_SET) == 0;
}

static uint64_t tell_file(void *user)
{
    motet_byte_source *source = user;
    off_t at = ftello(source->file);
    return at < 0 ? 0 : (uint64_t)at;
}

static int64_t read_memory(void *user, void *bytes, size_t size)
{
    motet_byte_source *source = user;
    uint64_t left = source->source.size - source->at;
    size_t count = left < size ? (size_t)left : size;
    if (count > 0) { /* nothing may be copied from a NULL of no bytes */
        memcpy(bytes, source->bytes + source->at, count);
    }
    source->at += count;
    return (int64_t)count;
}

static bool seek_memory(void *user, uint64_t offset)
{
    motet_byte_source *source = user;
    source->at = offset < source->source.size ? offset : source->source.size;
    return offset <= source->source.size;
}

static uint64_t tell_memory(void *user)
{
    return ((motet_byte_source *)user)->at;
}

static motet_result explain_open(const char *path, char *error, size_t error_size)
{
    char folder[512];
    int reason = errno;
    if (reason != ENOENT) {
        snprintf(error, error_size, "cannot be opened: %s", strerror(reason));
        return MOTET_ERROR_IO;
    }
    if (path[0] != '/' && getcwd(folder, sizeof folder) != NULL) {
        snprintf(error, error_size, "no such file (looked in %s)", folder);
    } else {
        snprintf(error, error_size, "no such file");
    }
    return MOTET_ERROR_NOT_FOUND;
}

motet_result motet_byte_source_open_file(motet_byte_source *source, const char *path, char *error, size_t error_size)
{
    struct stat status;
    *source = (motet_byte_source){0};
    source->file = fopen(path, "rb");
    if (source->file == NULL) {
        return explain_open(path, error, error_size);
    }
    if (fstat(fileno(source->file), &status) != 0 || !S_ISREG(status.st_mode)) {
        snprintf(error, error_size, "%s; expected a sound file",
                 S_ISDIR(status.st_mode) ? "a directory" : "not a regular file");
        motet_byte_source_close(source);
        return MOTET_ERROR_IO;
    }
    source->source = (motet_source){read_file, seek_file, tell_file, (uint64_t)status.st_size, source, path};
    return MOTET_OK;
}

void motet_byte_source_open_memory(motet_byte_source *source, const void *bytes, size_t byte_count)
{
    *source = (motet_byte_source){.bytes = bytes};
    source->source = (motet_source){read_memory, seek_memory, tell_memory, byte_count, source, "memory"};
}

void motet_byte_source_close(motet_byte_source *source)
{
    if (source->file != NULL) {
        fclose(source->file);
        source->file = NULL;
    }
}
