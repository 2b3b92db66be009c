#include "engine/live_source.h"

#include "engine/decoding.h"

#include <string.h>

enum {
    ALIGNMENT = 64,
    SKIP_BYTES = 4096,  /* read in one go on the way to a later place */
    HEAD_MOST = 1 << 24 /* bytes that may stand before the sound: pictures in tags */
};

/* No decoder may do arithmetic with it that overflows. */
static const uint64_t size_bound = UINT64_C(1) << 50;

/* Reads on in the file, and keeps what it gives as long as a decoder may come back to it. */
static int64_t read_on(motet_live_source *live, void *bytes, size_t size)
{
    const motet_source *from = &live->bytes->source;
    int64_t got = from->read(from->user, bytes, size);
    if (got <= 0 || live->opened) {
        live->read += got > 0 ? (uint64_t)got : 0;
        return got;
    }
    size_t needed = live->head_size + (size_t)got;
    if (needed > live->head_capacity) {
        size_t larger = needed > 2 * live->head_capacity ? needed : 2 * live->head_capacity;
        void *moved = needed <= HEAD_MOST
                          ? motet_heap_resize(live->heap, live->head, live->head_capacity, larger, ALIGNMENT)
                          : NULL;
        if (moved == NULL) {
            return -1;
        }
        live->head = moved;
        live->head_capacity = larger;
    }
    memcpy(live->head + live->head_size, bytes, (size_t)got);
    live->head_size = needed;
    live->read += (uint64_t)got;
    return got;
}

static int64_t read_live(void *user, void *bytes, size_t size)
{
    motet_live_source *live = user;
    if (live->head != NULL && live->at < live->head_size) {
        size_t left = live->head_size - (size_t)live->at;
        size_t count = left < size ? left : size;
        memcpy(bytes, live->head + live->at, count);
        live->at += count;
        return (int64_t)count;
    }
    if (live->opened && live->head != NULL) { /* behind it now */
        motet_heap_give(live->heap, live->head, live->head_capacity);
        live->head = NULL;
    }
    if (live->at < live->read) {
        return -1;
    }
    while (live->at > live->read) {
        uint8_t passed[SKIP_BYTES];
        uint64_t left = live->at - live->read;
        int64_t got = read_on(live, passed, left < SKIP_BYTES ? (size_t)left : SKIP_BYTES);
        if (got <= 0) {
            return got;
        }
    }
    int64_t got = read_on(live, bytes, size);
    live->at += got > 0 ? (uint64_t)got : 0;
    return got;
}

static bool seek_live(void *user, uint64_t offset)
{
    motet_live_source *live = user;
    bool can = offset >= live->read || (live->head != NULL && offset <= live->head_size);
    live->at = can ? offset : live->at;
    return can;
}

static uint64_t tell_live(void *user)
{
    return ((motet_live_source *)user)->at;
}

void motet_live_source_begin(motet_live_source *live, motet_heap *heap, motet_byte_source *bytes)
{
    uint64_t size = bytes->source.size < size_bound ? bytes->source.size : size_bound;
    *live = (motet_live_source){.bytes = bytes, .heap = heap};
    live->source = (motet_source){.read = read_live,
                                  .seek = seek_live,
                                  .tell = tell_live,
                                  .size = size,
                                  .user = live,
                                  .name = bytes->source.name,
                                  .live = true};
}

void motet_live_source_settle(motet_live_source *live)
{
    live->opened = true;
}

void motet_live_source_end(motet_live_source *live)
{
    motet_heap_give(live->heap, live->head, live->head_capacity);
    live->head = NULL;
}

/* ------------------------------------------------------------------------------------------- With its decoder */

motet_result motet_live_file_open(motet_heap *heap, motet_byte_source *bytes, motet_live_file **opened, char *error,
                                  size_t error_size)
{
    motet_live_file *live = motet_heap_take(heap, sizeof *live, ALIGNMENT);
    if (live == NULL) {
        motet_byte_source_close(bytes);
        snprintf(error, error_size, "out of memory");
        return MOTET_ERROR_MEMORY;
    }
    live->heap = heap;
    motet_byte_source_move(&live->bytes, bytes);
    motet_live_source_begin(&live->window, heap, &live->bytes);
    motet_result result =
        motet_decoder_find(&live->window.source, &live->backend, &live->decoder, &live->info, error, error_size);
    result = motet_byte_source_judge(&live->bytes, result, error, error_size);
    motet_live_source_settle(&live->window);
    if (result != MOTET_OK) {
        live->decoder = NULL;
        motet_live_file_close(live);
        return result;
    }
    *opened = live;
    return MOTET_OK;
}

void motet_live_file_close(motet_live_file *live)
{
    if (live == NULL) {
        return;
    }
    if (live->decoder != NULL) {
        live->backend->close(live->decoder);
    }
    motet_live_source_end(&live->window);
    motet_byte_source_close(&live->bytes);
    motet_heap_give(live->heap, live, sizeof *live);
}
