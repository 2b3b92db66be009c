#ifndef _FILE_OFFSET_BITS
#    define _FILE_OFFSET_BITS 64 /* files above 2 GB on 32-bit machines */
#endif
#ifndef _POSIX_C_SOURCE
#    define _POSIX_C_SOURCE 200809L /* fseeko */
#endif
#include "engine/byte_source.h"

#include "base/log.h"
#include "base/thread.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    BUFFER_BYTES = 1 << 15, /* asked of a file of the program's at once */
    BUFFER_ALIGNMENT = 64,
    LATER_NS = 3000000,          /* between two questions to a file that has nothing yet */
    PIECE_BYTES = 1 << 16,       /* read in one go into memory: a cancelled source goes on for so long at most */
    UNKNOWN_BYTES_MOST = 1 << 30 /* into memory, of a file that may never end */
};

static void MOTET_PRINTF(2, 3) give_up(motet_byte_source *source, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    vsnprintf(source->error, sizeof source->error, format, values);
    va_end(values);
    source->failed = true;
}

static bool is_cancelled(const motet_byte_source *source)
{
    return source->cancelled != NULL && motet_load_relaxed_u32(source->cancelled) != 0;
}

/* ------------------------------------------------------------------------------------------- The kinds of bytes */

static int64_t read_file(motet_byte_source *source, void *bytes, size_t size)
{
    if (source->file_at != source->at &&
        (source->at > INT64_MAX || fseeko(source->file, (off_t)source->at, SEEK_SET) != 0)) {
        give_up(source, "moving to byte %" PRIu64 " failed: %s", source->at, strerror(errno));
        return -1;
    }
    size_t got = fread(bytes, 1, size, source->file);
    source->file_at = source->at + got;
    if (got == 0 && ferror(source->file)) {
        give_up(source, "reading failed at byte %" PRIu64 ": %s", source->at, strerror(errno));
        return -1;
    }
    return (int64_t)got;
}

static int64_t read_memory(motet_byte_source *source, void *bytes, size_t size)
{
    uint64_t left = source->at < source->source.size ? source->source.size - source->at : 0;
    size_t count = left < size ? (size_t)left : size;
    if (count > 0) { /* nothing may be copied from a NULL of no bytes */
        memcpy(bytes, source->bytes + source->at, count);
    }
    return (int64_t)count;
}

/* Asks the program's file for bytes from the present place on. */
static int64_t ask_own(motet_byte_source *source, void *bytes, size_t size)
{
    const motet_file *own = &source->own;
    if (source->file_at != source->at && (own->seek == NULL || !own->seek(own->file, source->at))) {
        give_up(source, "moving to byte %" PRIu64 " failed", source->at);
        return -1;
    }
    source->file_at = UINT64_MAX;
    int64_t got = own->read(own->file, bytes, size);
    while (got == MOTET_READ_LATER && !is_cancelled(source)) {
        motet_sleep_until_ns(motet_monotonic_ns() + LATER_NS);
        got = own->read(own->file, bytes, size);
    }
    if (got == MOTET_READ_LATER) {
        give_up(source, "given up at byte %" PRIu64, source->at);
        return -1;
    }
    if (got < 0) {
        give_up(source, "reading failed at byte %" PRIu64, source->at);
        return -1;
    }
    if ((uint64_t)got > size) {
        give_up(source, "read returned %" PRId64 " for %zu bytes at byte %" PRIu64, got, size, source->at);
        return -1;
    }
    source->file_at = source->at + (uint64_t)got;
    return got;
}

static int64_t read_own(motet_byte_source *source, void *bytes, size_t size)
{
    uint64_t end = source->buffer_at + source->buffer_size;
    if (source->at < source->buffer_at || source->at >= end) {
        if (size >= BUFFER_BYTES) {
            return ask_own(source, bytes, size);
        }
        source->buffer_size = 0;
        int64_t got = ask_own(source, source->buffer, BUFFER_BYTES);
        if (got <= 0) {
            return got;
        }
        source->buffer_at = source->at;
        source->buffer_size = (size_t)got;
        end = source->at + (uint64_t)got;
    }
    size_t count = end - source->at < size ? (size_t)(end - source->at) : size;
    memcpy(bytes, source->buffer + (source->at - source->buffer_at), count);
    return (int64_t)count;
}

/* ------------------------------------------------------------------------------------------- What decoders see */

/* As many bytes as were asked for, unless the end comes first. What came before a failure is handed out. */
static int64_t read_bytes(void *user, void *bytes, size_t size)
{
    motet_byte_source *source = user;
    size_t done = 0;
    while (done < size && !source->failed) {
        if (is_cancelled(source)) {
            give_up(source, "given up at byte %" PRIu64, source->at);
            break;
        }
        int64_t got = source->read(source, (uint8_t *)bytes + done, size - done);
        if (got == 0 && source->at < source->source.size) {
            source->ends_at = source->at;
        }
        if (got <= 0) {
            break;
        }
        done += (size_t)got;
        source->at += (uint64_t)got;
    }
    return done == 0 && size > 0 && source->failed ? -1 : (int64_t)done;
}

static bool seek_bytes(void *user, uint64_t offset)
{
    motet_byte_source *source = user;
    source->at = offset;
    return !source->failed && offset <= source->source.size;
}

static uint64_t tell_bytes(void *user)
{
    return ((motet_byte_source *)user)->at;
}

/* ----------------------------------------------------------------------------------------------------- Opening */

static void begin(motet_byte_source *source, motet_byte_read *read, uint64_t size, const char *name)
{
    source->read = read;
    source->is_open = true;
    source->ends_at = UINT64_MAX;
    source->source = (motet_source){
        .read = read_bytes, .seek = seek_bytes, .tell = tell_bytes, .size = size, .user = source, .name = name};
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

static motet_result open_file(motet_byte_source *source, const char *path, char *error, size_t error_size)
{
    struct stat status;
    source->file = fopen(path, "rb");
    if (source->file == NULL) {
        return explain_open(path, error, error_size);
    }
    begin(source, read_file, 0, path);
    if (fstat(fileno(source->file), &status) != 0 || !S_ISREG(status.st_mode)) {
        snprintf(error, error_size, "%s; expected a sound file",
                 S_ISDIR(status.st_mode) ? "a directory" : "not a regular file");
        motet_byte_source_close(source);
        return MOTET_ERROR_IO;
    }
    source->source.size = (uint64_t)status.st_size;
    return MOTET_OK;
}

static motet_result open_own(motet_byte_source *source, const motet_files *files, const char *path, char *error,
                             size_t error_size)
{
    motet_file *own = &source->own;
    motet_result result = files->open(files->user, path, own);
    if (result == MOTET_ERROR_NOT_FOUND) {
        snprintf(error, error_size, "no such file");
        return result;
    }
    if (result != MOTET_OK) {
        bool known = result > MOTET_OK && result <= MOTET_ERROR_UNSUPPORTED;
        snprintf(error, error_size, "cannot be opened: %s",
                 known ? motet_result_text(result) : "the program's open returned no motet_result");
        return known ? result : MOTET_ERROR_IO;
    }
    source->cannot_seek = own->seek == NULL;
    begin(source, read_own, source->cannot_seek && own->size == 0 ? INT64_MAX : own->size, path);
    if (own->read == NULL || own->size > INT64_MAX) {
        snprintf(error, error_size, "the program's open gave %s",
                 own->read == NULL ? "no function to read with" : "a size of more than 2^63 bytes");
        motet_byte_source_close(source);
        return MOTET_ERROR_IO;
    }
    source->buffer = motet_heap_take(source->heap, BUFFER_BYTES, BUFFER_ALIGNMENT);
    if (source->buffer == NULL) {
        snprintf(error, error_size, "out of memory");
        motet_byte_source_close(source);
        return MOTET_ERROR_MEMORY;
    }
    return MOTET_OK;
}

motet_result motet_byte_source_open(motet_byte_source *source, motet_heap *heap, const motet_files *files,
                                    const char *path, char *error, size_t error_size)
{
    *source = (motet_byte_source){.heap = heap};
    return files->open != NULL ? open_own(source, files, path, error, error_size)
                               : open_file(source, path, error, error_size);
}

void motet_byte_source_open_memory(motet_byte_source *source, const void *bytes, size_t byte_count)
{
    *source = (motet_byte_source){.bytes = bytes};
    begin(source, read_memory, byte_count, "memory");
}

void motet_byte_source_move(motet_byte_source *to, motet_byte_source *from)
{
    *to = *from;
    to->source.user = to;
    from->is_open = false;
}

void motet_byte_source_close(motet_byte_source *source)
{
    if (!source->is_open) {
        return;
    }
    source->is_open = false;
    if (source->file != NULL) {
        fclose(source->file);
        source->file = NULL;
    } else if (source->bytes == NULL && source->own.close != NULL) {
        source->own.close(source->own.file);
    }
    if (source->buffer != NULL) {
        motet_heap_give(source->heap, source->buffer, BUFFER_BYTES);
        source->buffer = NULL;
    }
}

motet_result motet_byte_source_judge(const motet_byte_source *source, motet_result result, char *error,
                                     size_t error_size)
{
    if (!source->failed || result == MOTET_ERROR_MEMORY) {
        return result;
    }
    snprintf(error, error_size, "%s", source->error);
    return MOTET_ERROR_IO;
}

bool motet_byte_source_shorten(motet_byte_source *source)
{
    if (source->failed || source->ends_at >= source->source.size) {
        return false;
    }
    source->source.size = source->ends_at;
    source->at = 0;
    return true;
}

/* --------------------------------------------------------------------------------------------------- Into memory */

motet_result motet_byte_source_read_all(motet_byte_source *source, motet_heap *heap, void **bytes, size_t *size,
                                        char *error, size_t error_size)
{
    const motet_source *from = &source->source;
    bool known = from->size != INT64_MAX;
    uint64_t most = known ? from->size : UNKNOWN_BYTES_MOST;
    size_t capacity = most < PIECE_BYTES ? (size_t)most + 1 : PIECE_BYTES;
    uint8_t *memory = motet_heap_take(heap, capacity, 64);
    motet_result result = memory != NULL && most < SIZE_MAX / 2 ? MOTET_OK : MOTET_ERROR_MEMORY;
    *size = 0;
    while (result == MOTET_OK) {
        if (*size == capacity) {
            size_t larger = 2 * capacity < most + 1 ? 2 * capacity : (size_t)most + 1;
            void *moved = motet_heap_resize(heap, memory, capacity, larger, 64);
            if (moved == NULL) {
                result = MOTET_ERROR_MEMORY;
                break;
            }
            memory = moved;
            capacity = larger;
        }
        size_t room = capacity - *size;
        int64_t got = from->read(from->user, memory + *size, room < PIECE_BYTES ? room : PIECE_BYTES);
        if (got <= 0) {
            result = got < 0 ? MOTET_ERROR_IO : MOTET_OK;
            break;
        }
        *size += (size_t)got;
        if (*size > most && !known) {
            result = MOTET_ERROR_LIMIT;
        } else if (*size >= most && known) {
            *size = (size_t)most; /* as decoders see it, it ends there */
            break;
        }
    }
    void *fitting = result == MOTET_OK ? motet_heap_resize(heap, memory, capacity, *size, 64) : NULL;
    if (fitting != NULL) {
        *bytes = fitting;
        return MOTET_OK;
    }
    motet_heap_give(heap, memory, capacity);
    result = result == MOTET_OK ? MOTET_ERROR_MEMORY : result;
    if (result == MOTET_ERROR_LIMIT) {
        snprintf(error, error_size, "more than 1 GB in a file that does not say how long it is; expected `stream`");
    } else {
        snprintf(error, error_size, "out of memory after %zu bytes", *size);
    }
    return motet_byte_source_judge(source, result, error, error_size);
}
