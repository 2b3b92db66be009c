#include "base/alloc.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static void *allocate_by_libc(void *user, size_t size, size_t alignment)
{
    (void)user;
    size_t rounded = (size + alignment - 1) / alignment * alignment;
    if (rounded < size) {
        return NULL;
    }
    return alignment <= _Alignof(max_align_t) ? malloc(size) : aligned_alloc(alignment, rounded);
}

static void free_by_libc(void *user, void *memory, size_t size)
{
    (void)user;
    (void)size;
    free(memory);
}

void motet_heap_init(motet_heap *heap, const motet_allocator *allocator)
{
    heap->allocator = *allocator;
    heap->pages = NULL;
    if (heap->allocator.allocate == NULL) {
        heap->allocator = (motet_allocator){allocate_by_libc, free_by_libc, NULL};
        heap->pages = motet_pages_create();
    }
    motet_store_relaxed_u64(&heap->bytes, 0);
}

void motet_heap_destroy(motet_heap *heap)
{
    motet_pages_destroy(heap->pages);
    heap->pages = NULL;
}

/* A size of 0 still gives a place of its own, so that NULL only ever means "out of memory". */
static size_t at_least_one(size_t size)
{
    return size == 0 ? 1 : size;
}

/* Zeros but for the first `unset` bytes, which the caller is going to write. */
static void *take(motet_heap *heap, size_t size, size_t alignment, size_t unset, bool *from_pool)
{
    assert(alignment != 0 && (alignment & (alignment - 1)) == 0);
    bool large = heap->pages != NULL && size >= MOTET_PAGES_SMALLEST;
    unsigned char *memory = large ? motet_pages_take(heap->pages, size, alignment) : NULL;
    *from_pool = memory != NULL;
    if (memory == NULL) {
        memory = heap->allocator.allocate(heap->allocator.user, size, alignment);
        if (memory != NULL) {
            memset(memory + unset, 0, size - unset);
        }
    }
    if (memory != NULL) {
        motet_add_relaxed_u64(&heap->bytes, size);
    }
    return memory;
}

/* A write to each page, by the smallest that systems have, makes them memory. */
static void touch(void *memory, size_t size)
{
    volatile unsigned char *bytes = memory;
    for (size_t at = 0; at < size; at += 4096) {
        bytes[at] = 0;
    }
    bytes[size - 1] = 0;
}

void *motet_heap_take(motet_heap *heap, size_t size, size_t alignment)
{
    bool from_pool;
    void *memory = take(heap, at_least_one(size), alignment, 0, &from_pool);
    if (from_pool) {
        touch(memory, size);
    }
    return memory;
}

void motet_heap_give(motet_heap *heap, void *memory, size_t size)
{
    if (memory == NULL) {
        return;
    }
    size = at_least_one(size);
    motet_add_relaxed_u64(&heap->bytes, 0 - (uint64_t)size);
    bool large = heap->pages != NULL && size >= MOTET_PAGES_SMALLEST;
    if (!large || !motet_pages_give(heap->pages, memory, size)) {
        heap->allocator.free(heap->allocator.user, memory, size);
    }
}

void *motet_heap_resize(motet_heap *heap, void *memory, size_t old_size, size_t new_size, size_t alignment)
{
    if (memory != NULL && new_size == old_size && (uintptr_t)memory % alignment == 0) {
        return memory; /* a decoded file that was as long as its header said is not copied */
    }
    size_t kept = memory == NULL ? 0 : old_size < new_size ? old_size : new_size;
    bool from_pool;
    void *moved = take(heap, at_least_one(new_size), alignment, kept, &from_pool);
    if (moved != NULL && memory != NULL) {
        memcpy(moved, memory, kept);
        motet_heap_give(heap, memory, old_size);
    }
    return moved;
}

char *motet_heap_copy_text(motet_heap *heap, const char *text)
{
    size_t size = strlen(text) + 1;
    char *copy = motet_heap_take(heap, size, 1);
    if (copy != NULL) {
        memcpy(copy, text, size);
    }
    return copy;
}

void motet_heap_give_text(motet_heap *heap, char *text)
{
    if (text != NULL) {
        motet_heap_give(heap, text, strlen(text) + 1);
    }
}
