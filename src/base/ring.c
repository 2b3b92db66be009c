#include "base/ring.h"

#include <assert.h>
#include <string.h>

bool motet_ring_create(motet_ring *ring, motet_heap *heap, uint32_t capacity, uint32_t element_size)
{
    assert(capacity >= 1 && capacity <= 1u << 31);
    memset(ring, 0, sizeof *ring);
    ring->elements = motet_heap_take(heap, (size_t)capacity * element_size, MOTET_CACHE_LINE);
    ring->element_size = element_size;
    ring->capacity = capacity;
    return ring->elements != NULL;
}

void motet_ring_destroy(motet_ring *ring, motet_heap *heap)
{
    motet_heap_give(heap, ring->elements, (size_t)ring->capacity * ring->element_size);
    ring->elements = NULL;
}

uint32_t motet_ring_room(const motet_ring *ring) MOTET_NONBLOCKING
{
    uint32_t used = motet_load_relaxed_u32(&ring->pushed) + ring->unpublished - motet_load_acquire_u32(&ring->popped);
    return ring->capacity - used;
}

bool motet_ring_stage(motet_ring *ring, const void *element) MOTET_NONBLOCKING
{
    if (motet_ring_room(ring) == 0) {
        return false;
    }
    memcpy(ring->elements + (size_t)ring->push_at * ring->element_size, element, ring->element_size);
    ring->push_at = ring->push_at + 1 == ring->capacity ? 0 : ring->push_at + 1;
    ring->unpublished++;
    return true;
}

void motet_ring_publish(motet_ring *ring) MOTET_NONBLOCKING
{
    motet_store_release_u32(&ring->pushed, motet_load_relaxed_u32(&ring->pushed) + ring->unpublished);
    ring->unpublished = 0;
}

bool motet_ring_push(motet_ring *ring, const void *element) MOTET_NONBLOCKING
{
    bool staged = motet_ring_stage(ring, element);
    if (staged) {
        motet_ring_publish(ring);
    }
    return staged;
}

uint32_t motet_ring_count(const motet_ring *ring) MOTET_NONBLOCKING
{
    return motet_load_acquire_u32(&ring->pushed) - motet_load_relaxed_u32(&ring->popped);
}

void motet_ring_peek(const motet_ring *ring, uint32_t at, void *element) MOTET_NONBLOCKING
{
    uint64_t index = ((uint64_t)ring->pop_at + at) % ring->capacity;
    memcpy(element, ring->elements + (size_t)index * ring->element_size, ring->element_size);
}

bool motet_ring_pop(motet_ring *ring, void *element) MOTET_NONBLOCKING
{
    if (motet_ring_count(ring) == 0) {
        return false;
    }
    memcpy(element, ring->elements + (size_t)ring->pop_at * ring->element_size, ring->element_size);
    ring->pop_at = ring->pop_at + 1 == ring->capacity ? 0 : ring->pop_at + 1;
    motet_store_release_u32(&ring->popped, motet_load_relaxed_u32(&ring->popped) + 1);
    return true;
}
