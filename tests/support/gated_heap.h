/* An allocator that stops every thread but the one that made it, until it is opened: so that a test can have a sound
 * that is still being read, for as long as it likes. */
#ifndef MOTET_TESTS_GATED_HEAP_H
#define MOTET_TESTS_GATED_HEAP_H

#include "base/atomics.h"
#include "motet/motet.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

typedef struct gated_heap {
    pthread_t owner;
    motet_atomic_u32 closed;
    motet_atomic_u64 stopped; /* calls that have had to wait */
    motet_atomic_u64 bytes;
} gated_heap;

static inline void *gated_allocate(void *user, size_t size, size_t alignment)
{
    gated_heap *heap = user;
    if (motet_load_acquire_u32(&heap->closed) != 0 && !pthread_equal(pthread_self(), heap->owner)) {
        motet_add_relaxed_u64(&heap->stopped, 1);
        while (motet_load_acquire_u32(&heap->closed) != 0) {
            motet_sleep_ms(1);
        }
    }
    void *memory = NULL;
    if (posix_memalign(&memory, alignment < sizeof(void *) ? sizeof(void *) : alignment, size) != 0) {
        return NULL;
    }
    memset(memory, 0, size);
    motet_add_relaxed_u64(&heap->bytes, size);
    return memory;
}

static inline void gated_free(void *user, void *memory, size_t size)
{
    gated_heap *heap = user;
    motet_add_relaxed_u64(&heap->bytes, (uint64_t)0 - size);
    free(memory);
}

static inline void gated_heap_init(gated_heap *heap)
{
    memset(heap, 0, sizeof *heap);
    heap->owner = pthread_self();
}

static inline motet_allocator gated_allocator(gated_heap *heap)
{
    return (motet_allocator){gated_allocate, gated_free, heap};
}

static inline void gated_heap_close(gated_heap *heap)
{
    motet_store_relaxed_u64(&heap->stopped, 0);
    motet_store_release_u32(&heap->closed, 1);
}

static inline void gated_heap_open(gated_heap *heap)
{
    motet_store_release_u32(&heap->closed, 0);
}

/* Waits until a thread has been stopped; false after ten seconds. */
static inline bool gated_heap_wait(gated_heap *heap)
{
    for (int i = 0; i < 10000 && motet_load_relaxed_u64(&heap->stopped) == 0; i++) {
        motet_sleep_ms(1);
    }
    return motet_load_relaxed_u64(&heap->stopped) != 0;
}

#endif /* MOTET_TESTS_GATED_HEAP_H */
