#ifndef _GNU_SOURCE
#    define _GNU_SOURCE /* MAP_ANONYMOUS, madvise */
#endif
#include "base/pages.h"

#if defined(__linux__)
#    include <sys/mman.h>
#endif

#if defined(MADV_HUGEPAGE)

#    include "base/guard.h"
#    include "base/thread.h"

#    include <assert.h>
#    include <stdint.h>
#    include <stdlib.h>
#    include <string.h>

#    define HUGE_PAGE ((size_t)2 << 20)
/* Address space that is mapped at a time, of which only what is used becomes memory. */
#    define CHUNK ((size_t)(sizeof(void *) < 8 ? 8 : 32) << 20)
/* Two cache lines, as processors fetch them in pairs. */
#    define GRAIN ((size_t)128)
/* So many unused huge pages in one place go back to the system. A single one stays: else the working memory of each
 * load might cost a fault and a page of zeros. */
#    define FEWEST_RETURNED 2

/* Bytes, counted from the chunk's beginning. */
typedef struct place {
    size_t at, size;
} place;

typedef struct chunk {
    unsigned char *base;
    size_t size;
    size_t blocks;
    /* By rising address, no two of them adjacent, so at most one more than blocks. There is always room for one more
     * than that: giving back allocates nothing and cannot fail. */
    place *free;
    size_t free_count, free_room;
    uint32_t used[]; /* of each huge page: of how many of its first bytes it is not known that they are zero */
} chunk;

struct motet_pages {
    motet_mutex mutex;
    uint32_t fork_count;
    chunk **chunks; /* the oldest first, so that the newest become empty */
    size_t count, room;
};

static size_t round_up(size_t size, size_t unit)
{
    return (size + unit - 1) / unit * unit;
}

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* An odd number of grains: blocks of equal size side by side begin in different sets of the caches. No
 * gain was measured on the machine at hand; it costs a grain. */
static size_t reserved(size_t size)
{
    return round_up(size, GRAIN) | GRAIN;
}

/* False in a fork's child when somebody held the lock as it was copied: nothing in here can be trusted. */
static bool enter(motet_pages *pages)
{
    assert(!motet_on_audio_thread());
    if (pages->fork_count != motet_fork_count()) {
        return motet_mutex_try_lock(&pages->mutex);
    }
    motet_mutex_lock(&pages->mutex);
    return true;
}

/* -------------------------------------------------------------------------------------------------------- Chunks */

/* Memory beginning at a huge page, or NULL. */
static unsigned char *map(size_t size)
{
    size_t mapped = size + HUGE_PAGE;
    unsigned char *all = mmap(NULL, mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (all == MAP_FAILED) {
        return NULL;
    }
    size_t before = (0 - (uintptr_t)all) % HUGE_PAGE;
    if (before != 0) {
        (void)munmap(all, before);
    }
    (void)munmap(all + before + size, HUGE_PAGE - before);
    (void)madvise(all + before, size, MADV_HUGEPAGE); /* without huge pages it is memory all the same */
    return all + before;
}

static void chunk_free(chunk *c)
{
    if (c != NULL) {
        (void)munmap(c->base, c->size);
        free(c->free);
        free(c);
    }
}

static chunk *chunk_create(size_t size)
{
    enum { FIRST_ROOM = 16 };
    unsigned char *base = map(size);
    if (base == NULL) {
        return NULL;
    }
    chunk *c = calloc(1, sizeof *c + size / HUGE_PAGE * sizeof *c->used);
    place *room = malloc(FIRST_ROOM * sizeof *room);
    if (c == NULL || room == NULL) {
        (void)munmap(base, size);
        free(c);
        free(room);
        return NULL;
    }
    *c = (chunk){.base = base, .size = size, .free = room, .free_count = 1, .free_room = FIRST_ROOM};
    room[0] = (place){0, size};
    return c;
}

/* A chunk with a place of at least that size, or NULL. */
static chunk *add_chunk(motet_pages *pages, size_t size)
{
    if (pages->count == pages->room) {
        size_t room = pages->room == 0 ? 8 : 2 * pages->room;
        chunk **grown = realloc(pages->chunks, room * sizeof(chunk *));
        if (grown == NULL) {
            return NULL;
        }
        pages->chunks = grown;
        pages->room = room;
    }
    chunk *c = size < CHUNK ? chunk_create(CHUNK) : NULL;
    if (c == NULL) {
        c = chunk_create(round_up(size, HUGE_PAGE)); /* a large one, or as much as there may be left */
    }
    if (c != NULL) {
        pages->chunks[pages->count++] = c;
    }
    return c;
}

static bool make_room(chunk *c)
{
    if (c->free_room < c->blocks + 3) {
        place *grown = realloc(c->free, 2 * c->free_room * sizeof *grown);
        if (grown == NULL) {
            return false;
        }
        c->free = grown;
        c->free_room *= 2;
    }
    return true;
}

/* -------------------------------------------------------------------------------------------------------- Places */

static void insert_place(chunk *c, size_t index, place it)
{
    memmove(&c->free[index + 1], &c->free[index], (c->free_count - index) * sizeof it);
    c->free[index] = it;
    c->free_count++;
}

static void remove_place(chunk *c, size_t index)
{
    c->free_count--;
    memmove(&c->free[index], &c->free[index + 1], (c->free_count - index) * sizeof *c->free);
}

/* Takes the first place that is large enough. */
static bool carve(chunk *c, size_t size, size_t alignment, size_t *found)
{
    for (size_t i = 0; i < c->free_count; i++) {
        place it = c->free[i];
        size_t at = round_up(it.at, alignment);
        if (at - it.at > it.size || it.size - (at - it.at) < size) {
            continue;
        }
        if (!make_room(c)) {
            return false;
        }
        place rest = {at + size, it.at + it.size - (at + size)};
        remove_place(c, i);
        if (rest.size != 0) {
            insert_place(c, i, rest);
        }
        if (at != it.at) {
            insert_place(c, i, (place){it.at, at - it.at});
        }
        c->blocks++;
        *found = at;
        return true;
    }
    return false;
}

/* The free place that results, together with its neighbours. */
static place put_back(chunk *c, place it)
{
    size_t next = 0;
    for (size_t high = c->free_count; next < high;) {
        size_t middle = (next + high) / 2;
        if (c->free[middle].at < it.at) {
            next = middle + 1;
        } else {
            high = middle;
        }
    }
    assert(next == 0 || c->free[next - 1].at + c->free[next - 1].size <= it.at);
    assert(next == c->free_count || it.at + it.size <= c->free[next].at);
    if (next < c->free_count && c->free[next].at == it.at + it.size) {
        it.size += c->free[next].size;
        remove_place(c, next);
    }
    if (next > 0 && c->free[next - 1].at + c->free[next - 1].size == it.at) {
        next--;
        it = (place){c->free[next].at, c->free[next].size + it.size};
        remove_place(c, next);
    }
    insert_place(c, next, it);
    c->blocks--;
    return it;
}

/* ----------------------------------------------------------------------------------------------------- Zero or not */

/* Returns the huge pages within a free place to the system. They come back as zeros, at a price that is no higher than
 * that of zeroing them. */
static void return_pages(chunk *c, place it)
{
    size_t first = (it.at + HUGE_PAGE - 1) / HUGE_PAGE;
    size_t end = (it.at + it.size) / HUGE_PAGE;
    size_t used = 0;
    for (size_t p = first; p < end; p++) {
        used += c->used[p] != 0;
    }
    if (used < FEWEST_RETURNED) {
        return;
    }
    for (size_t p = first; p < end;) {
        size_t run = p;
        while (run < end && c->used[run] != 0) {
            run++;
        }
        /* Fails where the program has locked its memory. */
        if (run > p && madvise(c->base + p * HUGE_PAGE, (run - p) * HUGE_PAGE, MADV_DONTNEED) == 0) {
            memset(&c->used[p], 0, (run - p) * sizeof c->used[0]);
        }
        p = run + 1;
    }
}

/* Zeroes what lies in both the block and the first `used` bytes of a huge page, and returns how much of the page is
 * used now. */
static uint32_t clean_page(const chunk *c, size_t page, place block, uint32_t used, bool write)
{
    size_t start = page * HUGE_PAGE;
    size_t from = block.at > start ? block.at - start : 0;
    size_t to = smaller(block.at + block.size - start, HUGE_PAGE);
    if (write && from < used) {
        memset(c->base + start + from, 0, smaller(to, used) - from);
    }
    return to > used ? (uint32_t)to : used;
}

/* -------------------------------------------------------------------------------------------------------- The pool */

motet_pages *motet_pages_create_always(void)
{
    motet_pages *pages = calloc(1, sizeof *pages);
    if (pages != NULL && !motet_mutex_init(&pages->mutex)) {
        free(pages);
        return NULL;
    }
    if (pages != NULL) {
        pages->fork_count = motet_fork_count();
    }
    return pages;
}

/* There if the program was linked with AddressSanitizer or LeakSanitizer, whatever the library was compiled with. */
extern void __lsan_do_leak_check(void) __attribute__((weak));

motet_pages *motet_pages_create(void)
{
    return __lsan_do_leak_check == NULL ? motet_pages_create_always() : NULL;
}

void motet_pages_destroy(motet_pages *pages)
{
    if (pages == NULL || !enter(pages)) {
        return;
    }
    for (size_t i = 0; i < pages->count; i++) {
        chunk_free(pages->chunks[i]);
    }
    free(pages->chunks);
    motet_mutex_unlock(&pages->mutex);
    motet_mutex_destroy(&pages->mutex);
    free(pages);
}

static chunk *find_room(motet_pages *pages, size_t size, size_t alignment, size_t *at)
{
    for (size_t i = 0; i < pages->count; i++) {
        if (carve(pages->chunks[i], size, alignment, at)) {
            return pages->chunks[i];
        }
    }
    chunk *c = add_chunk(pages, size);
    return c != NULL && carve(c, size, alignment, at) ? c : NULL;
}

void *motet_pages_take(motet_pages *pages, size_t size, size_t alignment)
{
    if (size > SIZE_MAX / 2 || alignment > HUGE_PAGE || !enter(pages)) {
        return NULL;
    }
    place block = {0, reserved(size)};
    chunk *c = find_room(pages, block.size, alignment > GRAIN ? alignment : GRAIN, &block.at);
    if (c == NULL) {
        motet_mutex_unlock(&pages->mutex);
        return NULL;
    }
    /* Its first and its last page it may share with other blocks, those between are its own: so that nobody waits for
     * a long zeroing. */
    size_t first = block.at / HUGE_PAGE;
    size_t last = (block.at + block.size - 1) / HUGE_PAGE;
    uint32_t first_used = c->used[first];
    uint32_t last_used = c->used[last];
    c->used[first] = clean_page(c, first, block, first_used, false);
    c->used[last] = clean_page(c, last, block, c->used[last], false);
    motet_mutex_unlock(&pages->mutex);
    (void)clean_page(c, first, block, first_used, true);
    for (size_t p = first + 1; p < last; p++) {
        c->used[p] = clean_page(c, p, block, c->used[p], true);
    }
    if (last != first) {
        (void)clean_page(c, last, block, last_used, true);
    }
    return c->base + block.at;
}

/* One empty chunk stays mapped, for the next sound. */
static bool is_spare(const motet_pages *pages, const chunk *c)
{
    for (size_t i = 0; i < pages->count; i++) {
        if (pages->chunks[i] != c && pages->chunks[i]->blocks == 0) {
            return false;
        }
    }
    return c->size == CHUNK;
}

bool motet_pages_give(motet_pages *pages, void *memory, size_t size)
{
    if (!enter(pages)) {
        return true; /* whose it is cannot be found out: a child that only ends does without */
    }
    size_t i = 0;
    while (i < pages->count && (uintptr_t)memory - (uintptr_t)pages->chunks[i]->base >= pages->chunks[i]->size) {
        i++;
    }
    chunk *empty = NULL;
    bool found = i < pages->count;
    if (found) {
        chunk *c = pages->chunks[i];
        place it = put_back(c, (place){(size_t)((unsigned char *)memory - c->base), reserved(size)});
        if (c->blocks == 0 && !is_spare(pages, c)) {
            pages->count--;
            memmove(&pages->chunks[i], &pages->chunks[i + 1], (pages->count - i) * sizeof(chunk *));
            empty = c;
        } else {
            return_pages(c, it);
        }
    }
    motet_mutex_unlock(&pages->mutex);
    chunk_free(empty);
    return found;
}

motet_pages_state motet_pages_look(motet_pages *pages)
{
    motet_pages_state state = {0};
    if (!enter(pages)) {
        return state;
    }
    for (size_t i = 0; i < pages->count; i++) {
        const chunk *c = pages->chunks[i];
        state.chunks++;
        state.mapped_bytes += c->size;
        state.blocks += c->blocks;
        state.free_places += c->free_count;
        for (size_t p = 0; p < c->size / HUGE_PAGE; p++) {
            state.used_bytes += c->used[p];
        }
    }
    motet_mutex_unlock(&pages->mutex);
    return state;
}

#else

motet_pages *motet_pages_create(void)
{
    return NULL;
}

motet_pages *motet_pages_create_always(void)
{
    return NULL;
}

void motet_pages_destroy(motet_pages *pages)
{
    (void)pages;
}

void *motet_pages_take(motet_pages *pages, size_t size, size_t alignment)
{
    (void)pages;
    (void)size;
    (void)alignment;
    return NULL;
}

bool motet_pages_give(motet_pages *pages, void *memory, size_t size)
{
    (void)pages;
    (void)memory;
    (void)size;
    return false;
}

motet_pages_state motet_pages_look(motet_pages *pages)
{
    (void)pages;
    return (motet_pages_state){0};
}

#endif
