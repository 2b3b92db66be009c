/* All of an engine's memory passes through one heap: the program's allocator, or malloc with a pool of huge pages for
 * large blocks; and a count of bytes. */
#ifndef MOTET_BASE_ALLOC_H
#define MOTET_BASE_ALLOC_H

#include "base/atomics.h"
#include "base/pages.h"
#include "motet/motet.h"

typedef struct motet_heap {
    motet_allocator allocator;
    motet_pages *pages; /* NULL: all is the allocator's */
    motet_atomic_u64 bytes;
} motet_heap;

/* A zeroed allocator means malloc, free and the pool. */
void motet_heap_init(motet_heap *heap, const motet_allocator *allocator);
/* The last call: all that was taken has been given back. */
void motet_heap_destroy(motet_heap *heap);

/* Zeroed memory, or NULL. `alignment` is a power of two; the size may be 0. All of it is there already: the audio
 * thread must not be stopped by the system finding a page at its first use. */
void *motet_heap_take(motet_heap *heap, size_t size, size_t alignment);
/* `size` as it was taken; NULL does nothing. */
void motet_heap_give(motet_heap *heap, void *memory, size_t size);
/* The same bytes in a larger or smaller place, zeros behind them; NULL leaves the old one as it was. What is not copied
 * may become memory at its first use only, so that a place as large as a file claims to be costs what is put there. */
void *motet_heap_resize(motet_heap *heap, void *memory, size_t old_size, size_t new_size, size_t alignment);
/* A copy of a string; give it back with strlen + 1. */
char *motet_heap_copy_text(motet_heap *heap, const char *text);
void motet_heap_give_text(motet_heap *heap, char *text);

#endif /* MOTET_BASE_ALLOC_H */
