#include "base/alloc.h"

#include <assert.h>
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
    if (heap->allocator.allocate == NULL) {
        heap->allocator = (motet_allocator){allocate_by_libc, free_by_libc, NULL};
    }
    motet_store_relaxed_u64(&heap->bytes, 0);
}

/* A size of 0 still gives a place of its own, so that NULL only ever means "out of memory". */
static size_t at_least_one(size_t size)
{
    return size == 0 ? 1 : size;
}

void *motet_heap_take(motet_heap *heap, size_t size, size_t alignment)
{
    assert(alignment != 0 && (alignment & (alignment - 1)) == 0);
    void *memory = heap->allocator.allocate(heap->allocator.user, at_least_one(size), alignment);
    if (memory != NULL) {
        memset(memory, 0, at_least_one(size));
        motet_add_relaxed_u64(&heap->bytes, at_least_one(size));
    }
    return memory;
}

void motet_heap_give(motet_heap *heap, void *memory, size_t size)
{
    if (memory != NULL) {
        motet_add_relaxed_u64(&heap->bytes, 0 - (uint64_t)at_least_one(size));
        heap->allocator.free(heap->allocator.user, memory, at_least_one(size));
    }
}

void *motet_heap_resize(motet_heap *heap, void *memory, size_t old_size, size_t new_size, size_t alignment)
{
    void *moved = motet_heap_take(heap, new_size, alignment);
    if (moved != NULL && memory != NULL) {
        memcpy(moved, memory, old_size < new_size ? old_size : new_size);
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
