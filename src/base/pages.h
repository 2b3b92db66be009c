/* A pool of large blocks in huge pages: what voices read from end to end, block by block, needs few address
 * translations there. Any thread but the audio thread. */
#ifndef MOTET_BASE_PAGES_H
#define MOTET_BASE_PAGES_H

#include <stdbool.h>
#include <stddef.h>

/* Smaller blocks would gain nothing and leave holes: they are for malloc. Bytes. */
#define MOTET_PAGES_SMALLEST 65536

typedef struct motet_pages motet_pages;

/* NULL when out of memory, where the system has no such pages, and where a leak checker is part of the program: it
 * follows pointers and finds overruns in malloc's blocks only. */
motet_pages *motet_pages_create(void);
/* The same, leak checker or not. */
motet_pages *motet_pages_create_always(void);
/* Unmaps everything, blocks that were not given back too. NULL does nothing. */
void motet_pages_destroy(motet_pages *pages);

/* A zeroed block; what of it nobody has had before is not touched, and becomes memory at its first use. NULL when out
 * of memory. */
void *motet_pages_take(motet_pages *pages, size_t size, size_t alignment);
/* `size` as it was taken. False: the block is not of this pool. */
bool motet_pages_give(motet_pages *pages, void *memory, size_t size);

typedef struct motet_pages_state {
    size_t chunks, mapped_bytes;
    size_t blocks;      /* taken now */
    size_t free_places; /* between them, and at the ends of chunks */
    size_t used_bytes;  /* that have become memory, by the pool's reckoning: what was touched and not given back */
} motet_pages_state;

/* Not while other threads use the pool. */
motet_pages_state motet_pages_look(motet_pages *pages);

#endif /* MOTET_BASE_PAGES_H */
