#include "support/own_files.h"

#include <stdlib.h>
#include <string.h>

/* An open file. */
typedef struct handle {
    own_files *files;
    own_file *file;
    uint64_t at;
    uint32_t turn;
    motet_atomic_u64 inside;
} handle;

static void enter(handle *h)
{
    if (motet_add_acq_rel_u64(&h->inside, 1) != 0) {
        motet_add_relaxed_u64(&h->files->overlaps, 1);
    }
}

static void leave(handle *h)
{
    motet_add_acq_rel_u64(&h->inside, UINT64_MAX);
}

static int64_t read_now(handle *h, void *bytes, size_t size)
{
    own_file *file = h->file;
    uint64_t ends_at = motet_load_acquire_u64(&file->ends_at), fail_at = motet_load_acquire_u64(&file->fail_at);
    uint64_t open_at = motet_load_acquire_u64(&file->open_at);
    uint64_t end = ends_at != 0 && ends_at < file->size ? ends_at : file->size;
    if (motet_load_acquire_u32(&file->deaf) != 0 ||
        (motet_load_acquire_u32(&file->seldom) != 0 && ++h->turn % 2 != 0)) {
        return MOTET_READ_LATER;
    }
    if (open_at != 0 && end > open_at) {
        if (h->at >= open_at) {
            return MOTET_READ_LATER;
        }
        end = open_at;
    }
    if (file->greedy) {
        return (int64_t)size + 1;
    }
    if (file->odd) {
        return INT64_MIN;
    }
    uint64_t left = h->at < end ? end - h->at : 0;
    size_t count = left < size ? (size_t)left : size;
    if (file->piece != 0 && count > file->piece) {
        count = file->piece;
    }
    if (fail_at != 0 && h->at + count > fail_at) {
        if (h->at >= fail_at) {
            return -1;
        }
        count = (size_t)(fail_at - h->at);
    }
    const unsigned char *data = motet_load_acquire_pointer(&file->data_now);
    memcpy(bytes, (data != NULL ? data : file->data) + h->at, count);
    h->at += count;
    return (int64_t)count;
}

static int64_t read_handle(void *file, void *bytes, size_t size)
{
    handle *h = file;
    enter(h);
    motet_add_relaxed_u64(&h->files->reads, 1);
    if (h->file->delay_ms != 0) {
        motet_sleep_ms(h->file->delay_ms);
    }
    int64_t got = read_now(h, bytes, size);
    leave(h);
    return got;
}

static bool seek_handle(void *file, uint64_t offset)
{
    handle *h = file;
    enter(h);
    bool inside = offset <= h->file->size;
    h->at = inside ? offset : h->at;
    leave(h);
    return inside;
}

/* Freed at once: a late call is a use after free for those who watch. */
static void close_handle(void *file)
{
    handle *h = file;
    enter(h);
    motet_add_acq_rel_u64(&h->files->closed, 1);
    leave(h);
    free(h);
}

static motet_result open_path(void *user, const char *path, motet_file *file)
{
    own_files *files = user;
    for (size_t i = 0; i < files->count; i++) {
        own_file *own = &files->files[i];
        if (strcmp(own->path, path) != 0) {
            continue;
        }
        if (own->open_result != MOTET_OK) {
            return own->open_result;
        }
        handle *h = audio_allocate(sizeof *h);
        *h = (handle){.files = files, .file = own};
        motet_add_acq_rel_u64(&files->opened, 1);
        *file = (motet_file){.read = own->no_read ? NULL : read_handle,
                             .seek = own->no_seek ? NULL : seek_handle,
                             .close = close_handle,
                             .size = own->unknown_size ? 0 : own->size,
                             .file = h};
        return MOTET_OK;
    }
    return MOTET_ERROR_NOT_FOUND;
}

motet_files own_files_table(own_files *files)
{
    return (motet_files){open_path, files};
}

bool own_files_are_at_rest(const own_files *files)
{
    return motet_load_acquire_u64(&files->opened) == motet_load_acquire_u64(&files->closed) &&
           motet_load_acquire_u64(&files->overlaps) == 0;
}
