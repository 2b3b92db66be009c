/* A bounded queue from one producer thread to one consumer thread.
 *
 * Roles: exactly one thread pushes and one pops at a time; either may be a different thread later if something else
 * orders the change (the API lock on the control side).
 * Invariant: 0 <= pushed - popped <= capacity; elements [popped, pushed) belong to the consumer, the others to the
 * producer. An element is written before `pushed` is released and read before `popped` is released, so neither side
 * ever sees a half-written or reused element.
 * Overflow: a push into a full ring does nothing and returns false. */
#ifndef MOTET_BASE_RING_H
#define MOTET_BASE_RING_H

#include "base/alloc.h"
#include "base/atomics.h"
#include "base/nonblocking.h"

typedef struct motet_ring {
    uint8_t *elements;
    uint32_t element_size;
    uint32_t capacity;
    _Alignas(MOTET_CACHE_LINE) motet_atomic_u32 pushed; /* counts modulo 2^32, as does `popped` */
    uint32_t push_at;                                   /* the producer's index of the next free element */
    uint32_t unpublished;                               /* staged by the producer, not yet visible */
    _Alignas(MOTET_CACHE_LINE) motet_atomic_u32 popped;
    uint32_t pop_at; /* the consumer's index of the oldest element */
} motet_ring;

/* `capacity` is 1 ... 2^31. False when out of memory. */
bool motet_ring_create(motet_ring *ring, motet_heap *heap, uint32_t capacity, uint32_t element_size);
void motet_ring_destroy(motet_ring *ring, motet_heap *heap);

/* Producer: how many elements can be staged. */
uint32_t motet_ring_room(const motet_ring *ring) MOTET_NONBLOCKING;
/* Producer: writes an element without showing it; motet_ring_publish shows all staged ones at once. */
bool motet_ring_stage(motet_ring *ring, const void *element) MOTET_NONBLOCKING;
void motet_ring_publish(motet_ring *ring) MOTET_NONBLOCKING;
/* Producer: stage and publish. */
bool motet_ring_push(motet_ring *ring, const void *element) MOTET_NONBLOCKING;

/* Consumer: how many elements can be popped. */
uint32_t motet_ring_count(const motet_ring *ring) MOTET_NONBLOCKING;
/* Consumer: reads the element behind the `at` oldest ones, which is there, and leaves it. */
void motet_ring_peek(const motet_ring *ring, uint32_t at, void *element) MOTET_NONBLOCKING;
bool motet_ring_pop(motet_ring *ring, void *element) MOTET_NONBLOCKING;

#endif /* MOTET_BASE_RING_H */
