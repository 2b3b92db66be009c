/* labels: threads */
/* The pool of huge pages: blocks against a model, places that become one again, zeros, memory that goes back, no
 * memory, threads, forks; and which of the engine's blocks it gets. */
#include "base/alloc.h"
#include "base/pages.h"
#include "motet/motet.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#    define HAS_SHADOW 1 /* it counts as memory, and a limit of the address space ends the program */
#elif defined(__has_feature)
#    if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(realtime_sanitizer)
#        define HAS_SHADOW 1
#    endif
#endif
#ifndef HAS_SHADOW
#    define HAS_SHADOW 0
#endif

enum { KILO = 1024, MEGA = 1024 * 1024, CHUNK = 32 * MEGA };

static motet_pages *make_pool(void)
{
    motet_pages *pages = motet_pages_create_always();
    if (pages == NULL) {
        print_message("no huge pages on this system\n");
        exit(77);
    }
    return pages;
}

static uint32_t next_random(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 8;
}

static bool is_filled(const unsigned char *memory, size_t size, unsigned char with)
{
    return size == 0 || (memory[0] == with && memcmp(memory, memory + 1, size - 1) == 0);
}

static unsigned char *take(motet_pages *pages, size_t size, size_t alignment)
{
    unsigned char *memory = motet_pages_take(pages, size, alignment);
    assert_non_null(memory);
    assert_int_equal((uintptr_t)memory % (alignment > 128 ? alignment : 128), 0);
    return memory;
}

/* -------------------------------------------------------------------------------------------------- One thread */

typedef struct block {
    unsigned char *memory;
    size_t size;
    unsigned char with;
} block;

enum { BLOCKS = 60 };

/* Each block is filled with a number of its own; whoever overlaps or is not zero at first shows. */
static void random_blocks_are_apart_and_zero(void **state)
{
    (void)state;
    motet_pages *pages = make_pool();
    block blocks[BLOCKS] = {{0}};
    uint32_t seed = 1;
    size_t held = 0;
    for (int turn = 0; turn < 1500; turn++) {
        block *b = &blocks[next_random(&seed) % BLOCKS];
        if (b->memory != NULL) {
            assert_true(is_filled(b->memory, b->size, b->with));
            assert_true(motet_pages_give(pages, b->memory, b->size));
            b->memory = NULL;
            held--;
        } else {
            uint32_t kind = next_random(&seed) % 16;
            size_t most = kind == 0 ? 5 * MEGA : kind < 4 ? MEGA : 200 * KILO;
            b->size = MOTET_PAGES_SMALLEST + next_random(&seed) % most;
            b->memory = take(pages, b->size, (size_t)1 << next_random(&seed) % (turn % 50 == 0 ? 22 : 9));
            assert_true(is_filled(b->memory, b->size, 0));
            b->with = (unsigned char)(1 + turn % 255);
            memset(b->memory, b->with, b->size);
            held++;
        }
        motet_pages_state now = motet_pages_look(pages);
        assert_int_equal(now.blocks, held);
        assert_true(now.free_places <= now.blocks + now.chunks);
        assert_true(now.used_bytes <= now.mapped_bytes);
    }
    for (int i = 0; i < BLOCKS; i++) {
        if (blocks[i].memory != NULL) {
            assert_true(is_filled(blocks[i].memory, blocks[i].size, blocks[i].with));
            assert_true(motet_pages_give(pages, blocks[i].memory, blocks[i].size));
        }
    }
    motet_pages_state end = motet_pages_look(pages);
    assert_int_equal(end.blocks, 0);
    assert_int_equal(end.chunks, 1); /* the spare one, in one piece */
    assert_int_equal(end.free_places, 1);
    motet_pages_destroy(pages);
}

/* Places that were given back are one again in whatever order they come: each order of three. */
static void neighbours_become_one(void **state)
{
    (void)state;
    static const int orders[6][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
    motet_pages *pages = make_pool();
    unsigned char *before = take(pages, 100 * KILO, 16);
    unsigned char *three[3];
    for (int i = 0; i < 3; i++) {
        three[i] = take(pages, 100 * KILO, 16);
        assert_true(three[i] > (i == 0 ? before : three[i - 1]));
    }
    unsigned char *behind = take(pages, 100 * KILO, 16);
    for (int o = 0; o < 6; o++) {
        for (int i = 0; i < 3; i++) {
            assert_true(motet_pages_give(pages, three[orders[o][i]], 100 * KILO));
        }
        assert_int_equal(motet_pages_look(pages).free_places, 2); /* they, and the chunk's end */
        assert_ptr_equal(take(pages, 300 * KILO, 16), three[0]);
        assert_true(motet_pages_give(pages, three[0], 300 * KILO));
        for (int i = 0; i < 3; i++) {
            assert_ptr_equal(take(pages, 100 * KILO, 16), three[i]);
        }
    }
    /* A place that is too small is passed over. */
    assert_true(motet_pages_give(pages, three[1], 100 * KILO));
    assert_true(take(pages, 101 * KILO, 16) > behind);
    assert_ptr_equal(take(pages, 100 * KILO, 16), three[1]);
    motet_pages_destroy(pages); /* with what was not given back */
}

/* Sounds of equal length, their samples in step, must not meet in one set of a cache: of its 64 lines each start takes
 * another. */
static void equal_blocks_begin_in_different_sets(void **state)
{
    (void)state;
    motet_pages *pages = make_pool();
    static const size_t sizes[] = {64 * KILO, 64 * KILO + 1, 128 * KILO - 128, 384000};
    for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++) {
        bool met[32] = {false};
        for (int i = 0; i < 32; i++) {
            uintptr_t set = (uintptr_t)take(pages, sizes[s], 64) % 4096 / 128;
            assert_false(met[set]);
            met[set] = true;
        }
    }
    motet_pages_destroy(pages);
}

static void chunks_come_and_go(void **state)
{
    (void)state;
    motet_pages *pages = make_pool();
    assert_int_equal(motet_pages_look(pages).mapped_bytes, 0);
    unsigned char *blocks[6];
    for (int i = 0; i < 6; i++) {
        blocks[i] = take(pages, 20 * MEGA, 64);
        assert_int_equal(motet_pages_look(pages).chunks, i + 1);
    }
    size_t huge = 3 * (size_t)CHUNK + 5;
    unsigned char *large = take(pages, huge, 64);
    assert_int_equal(motet_pages_look(pages).mapped_bytes, 6 * CHUNK + 3 * (size_t)CHUNK + 2 * MEGA);
    assert_true(motet_pages_give(pages, large, huge));
    assert_int_equal(motet_pages_look(pages).mapped_bytes, 6 * CHUNK);
    for (int i = 0; i < 6; i++) {
        assert_true(motet_pages_give(pages, blocks[i], 20 * MEGA));
        assert_int_equal(motet_pages_look(pages).chunks, i < 5 ? 6 - i : 1);
    }
    assert_int_equal(motet_pages_look(pages).mapped_bytes, CHUNK);
    unsigned char *all = take(pages, CHUNK - 128, 64); /* of the one that stayed */
    assert_int_equal(motet_pages_look(pages).chunks, 1);
    memset(all, 1, CHUNK - 128);
    assert_true(motet_pages_give(pages, all, CHUNK - 128));
    /* More than there is: a chunk of its own, and the rest of that is for others. */
    take(pages, CHUNK, 64);
    assert_int_equal(motet_pages_look(pages).mapped_bytes, 2 * (size_t)CHUNK + 2 * MEGA);
    take(pages, CHUNK - 128, 64);
    take(pages, MEGA, 64);
    assert_int_equal(motet_pages_look(pages).chunks, 2);
    motet_pages_destroy(pages);
    motet_pages_destroy(NULL);
}

/* How much memory the process has, in bytes. */
static size_t resident(void)
{
    unsigned long all = 0, here = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    assert_non_null(file);
    assert_int_equal(fscanf(file, "%lu %lu", &all, &here), 2);
    fclose(file);
    return here * (size_t)sysconf(_SC_PAGESIZE);
}

static void memory_comes_by_use_and_goes_back(void **state)
{
    (void)state;
    motet_pages *pages = make_pool();
    size_t size = 20 * MEGA;
    size_t before = resident();
    unsigned char *memory = take(pages, size, 64);
    unsigned char *small = take(pages, 100 * KILO, 64);
    assert_true(HAS_SHADOW || resident() < before + 8 * MEGA); /* nothing of it was touched */
    memset(memory, 1, size);
    assert_true(resident() >= before + size);
    assert_true(motet_pages_give(pages, memory, size));
    assert_true(HAS_SHADOW || resident() < before + 8 * MEGA); /* gone, although the chunk is still there */
    assert_int_equal(motet_pages_look(pages).chunks, 1);
    assert_true(motet_pages_look(pages).used_bytes <= 2 * MEGA);
    assert_ptr_equal(take(pages, size, 64), memory);
    assert_true(is_filled(memory, size, 0));
    /* One page's worth stays for the next, and is zeroed for it. */
    assert_true(motet_pages_give(pages, memory, size));
    memory = take(pages, MEGA, 64);
    memset(memory, 1, MEGA);
    size_t used = motet_pages_look(pages).used_bytes;
    assert_true(motet_pages_give(pages, memory, MEGA));
    assert_int_equal(motet_pages_look(pages).used_bytes, used);
    assert_ptr_equal(take(pages, MEGA, 64), memory);
    assert_true(is_filled(memory, MEGA, 0));
    assert_true(motet_pages_give(pages, small, 100 * KILO));
    motet_pages_destroy(pages);
}

static void others_blocks_are_refused(void **state)
{
    (void)state;
    motet_pages *first = make_pool();
    motet_pages *second = make_pool();
    unsigned char *memory = take(first, 100 * KILO, 64);
    unsigned char *other = take(second, 100 * KILO, 64);
    int local;
    assert_false(motet_pages_give(first, other, 100 * KILO));
    assert_false(motet_pages_give(first, &local, 100 * KILO));
    assert_true(motet_pages_give(second, other, 100 * KILO));
    assert_int_equal(motet_pages_look(first).blocks, 1);
    motet_pages_destroy(second);
    memory[0] = 1; /* the first one's is still there */
    motet_pages_destroy(first);
}

/* ------------------------------------------------------------------------------------------------- Out of memory */

static int with_little_address_space(void)
{
    motet_pages *pages = motet_pages_create_always();
    unsigned long all = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    int read = file != NULL ? fscanf(file, "%lu", &all) : 0;
    if (read != 1) {
        return 1;
    }
    fclose(file);
    size_t limit = all * (size_t)sysconf(_SC_PAGESIZE) + 12 * MEGA;
    if (pages == NULL || setrlimit(RLIMIT_AS, &(struct rlimit){limit, limit}) != 0) {
        return 2;
    }
    if (motet_pages_take(pages, 20 * MEGA, 64) != NULL || motet_pages_look(pages).chunks != 0) {
        return 3;
    }
    unsigned char *little = motet_pages_take(pages, MEGA, 64); /* there is no room for a whole chunk, but for this */
    if (little == NULL || motet_pages_look(pages).mapped_bytes != 2 * MEGA) {
        return 4;
    }
    memset(little, 1, MEGA);
    size_t taken = 0;
    while (motet_pages_take(pages, MEGA, 64) != NULL) {
        taken++;
    }
    if (taken == 0 || taken > 12 || motet_pages_look(pages).blocks != taken + 1) {
        return 5;
    }
    if (!motet_pages_give(pages, little, MEGA) || motet_pages_take(pages, MEGA, 64) != little) {
        return 6;
    }
    motet_pages_destroy(pages);
    /* The heap: malloc's turn, and after that NULL. */
    motet_heap heap;
    motet_heap_init(&heap, &(motet_allocator){0});
    if (motet_heap_take(&heap, 30 * MEGA, 64) != NULL || motet_load_relaxed_u64(&heap.bytes) != 0) {
        return 7;
    }
    return 0;
}

static int wait_for(pid_t child)
{
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void out_of_memory_is_null(void **state)
{
    (void)state;
    motet_pages *pages = make_pool();
    assert_null(motet_pages_take(pages, SIZE_MAX, 1));
    assert_null(motet_pages_take(pages, SIZE_MAX / 2 + 1, 1));
    assert_null(motet_pages_take(pages, SIZE_MAX / 2, 1));
    assert_null(motet_pages_take(pages, 100 * KILO, 4 * MEGA));
    assert_int_equal(motet_pages_look(pages).blocks, 0);
    motet_pages_destroy(pages);
    if (HAS_SHADOW) {
        skip();
    }
    pid_t child = fork();
    if (child == 0) {
        _exit(with_little_address_space());
    }
    assert_int_equal(wait_for(child), 0);
}

/* ------------------------------------------------------------------------------------------------ Threads, forks */

typedef struct worker {
    motet_pages *pages;
    pthread_t thread;
    uint32_t seed;
    int wrong;
} worker;

static void *take_and_give(void *user)
{
    worker *w = user;
    block held[8] = {{0}};
    for (int turn = 0; turn < 800; turn++) {
        block *b = &held[next_random(&w->seed) % 8];
        if (b->memory != NULL) {
            w->wrong += !is_filled(b->memory, b->size, b->with);
            w->wrong += !motet_pages_give(w->pages, b->memory, b->size);
            b->memory = NULL;
        } else {
            b->size = MOTET_PAGES_SMALLEST + next_random(&w->seed) % (turn % 100 == 0 ? 6 * MEGA : 100 * KILO);
            b->memory = motet_pages_take(w->pages, b->size, 64);
            w->wrong += b->memory == NULL || !is_filled(b->memory, b->size, 0);
            b->with = (unsigned char)(w->seed % 255 + 1);
            memset(b->memory, b->with, b->size);
        }
    }
    for (int i = 0; i < 8; i++) {
        if (held[i].memory != NULL) {
            w->wrong += !motet_pages_give(w->pages, held[i].memory, held[i].size);
        }
    }
    return NULL;
}

static void threads_share_a_pool(void **state)
{
    (void)state;
    motet_pages *pages = make_pool();
    worker workers[4];
    for (uint32_t i = 0; i < 4; i++) {
        workers[i] = (worker){.pages = pages, .seed = 77 + i};
        assert_int_equal(pthread_create(&workers[i].thread, NULL, take_and_give, &workers[i]), 0);
    }
    for (int i = 0; i < 4; i++) {
        assert_int_equal(pthread_join(workers[i].thread, NULL), 0);
        assert_int_equal(workers[i].wrong, 0);
    }
    assert_int_equal(motet_pages_look(pages).blocks, 0);
    assert_int_equal(motet_pages_look(pages).free_places, 1);
    motet_pages_destroy(pages);
}

/* The child has copies: it can read, change and free them, and the parent's stay. */
static void child_of_a_fork_has_its_own(void **state)
{
    (void)state;
    motet_pages *pages = make_pool();
    unsigned char *memory = take(pages, 5 * MEGA, 64);
    unsigned char *other = take(pages, 100 * KILO, 64);
    memset(memory, 3, 5 * MEGA);
    pid_t child = fork();
    if (child == 0) {
        bool good = is_filled(memory, 5 * MEGA, 3);
        memset(memory, 4, 5 * MEGA);
        good = motet_pages_give(pages, memory, 5 * MEGA) && good;
        unsigned char *again = motet_pages_take(pages, 4 * MEGA, 64);
        good = again != NULL && is_filled(again, 4 * MEGA, 0) && good;
        motet_pages_destroy(pages);
        _exit(good ? 0 : 1);
    }
    assert_int_equal(wait_for(child), 0);
    assert_true(is_filled(memory, 5 * MEGA, 3));
    assert_true(motet_pages_give(pages, other, 100 * KILO));
    assert_true(motet_pages_give(pages, memory, 5 * MEGA));
    motet_pages_destroy(pages);
}

/* -------------------------------------------------------------------------------------------------------- The heap */

static int own_blocks;

static void *own_allocate(void *user, size_t size, size_t alignment)
{
    (void)user;
    own_blocks++;
    return aligned_alloc(alignment < 16 ? 16 : alignment, (size + 255) / 256 * 256);
}

static void own_free(void *user, void *memory, size_t size)
{
    (void)user;
    (void)size;
    own_blocks--;
    free(memory);
}

static void heap_keeps_large_blocks_there(void **state)
{
    (void)state;
    motet_heap heap, own;
    motet_heap_init(&own, &(motet_allocator){own_allocate, own_free, NULL});
    assert_null(own.pages); /* a program's own allocator gets everything */
    motet_heap_init(&heap, &(motet_allocator){0});
    if (heap.pages == NULL) {
        skip(); /* under a leak checker */
    }
    void *small = motet_heap_take(&heap, MOTET_PAGES_SMALLEST - 1, 64);
    assert_int_equal(motet_pages_look(heap.pages).blocks, 0);
    unsigned char *large = motet_heap_take(&heap, 3 * MEGA, 64);
    void *theirs = motet_heap_take(&own, 3 * MEGA, 64);
    assert_int_equal(motet_pages_look(heap.pages).blocks, 1);
    assert_int_equal(own_blocks, 1);
    assert_int_equal(motet_load_relaxed_u64(&heap.bytes), 3 * MEGA + MOTET_PAGES_SMALLEST - 1);

    /* From the pool to malloc and back, and within it: the bytes come along, zeros behind them. */
    memset(large, 7, 3 * MEGA);
    unsigned char *cut = motet_heap_resize(&heap, large, 3 * MEGA, 1000, 64);
    assert_true(is_filled(cut, 1000, 7));
    assert_int_equal(motet_pages_look(heap.pages).blocks, 0);
    unsigned char *grown = motet_heap_resize(&heap, cut, 1000, MEGA, 64);
    assert_true(is_filled(grown, 1000, 7) && is_filled(grown + 1000, MEGA - 1000, 0));
    unsigned char *more = motet_heap_resize(&heap, grown, MEGA, 2 * MEGA, 64);
    assert_true(is_filled(more, 1000, 7) && is_filled(more + 1000, 2 * MEGA - 1000, 0));
    assert_int_equal(motet_pages_look(heap.pages).blocks, 1);
    motet_heap_give(&heap, more, 2 * MEGA);
    motet_heap_give(&heap, small, MOTET_PAGES_SMALLEST - 1);
    motet_heap_give(&own, theirs, 3 * MEGA);
    assert_int_equal(motet_pages_look(heap.pages).blocks, 0);
    assert_int_equal(motet_load_relaxed_u64(&heap.bytes), 0);
    assert_int_equal(own_blocks, 0);
    motet_heap_destroy(&heap);
    motet_heap_destroy(&own);
}

/* What the audio thread is to use is there before: it must not be the one that the system stops to find a page for. */
static void taken_memory_is_there(void **state)
{
    (void)state;
    motet_heap heap;
    motet_heap_init(&heap, &(motet_allocator){0});
    size_t before = resident();
    void *memory = motet_heap_take(&heap, 20 * MEGA, 64);
    assert_non_null(memory);
    assert_true(resident() >= before + 19 * MEGA);
    motet_heap_give(&heap, memory, 20 * MEGA);
    motet_heap_destroy(&heap);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_blocks_are_apart_and_zero),
        cmocka_unit_test(neighbours_become_one),
        cmocka_unit_test(equal_blocks_begin_in_different_sets),
        cmocka_unit_test(chunks_come_and_go),
        cmocka_unit_test(memory_comes_by_use_and_goes_back),
        cmocka_unit_test(others_blocks_are_refused),
        cmocka_unit_test(out_of_memory_is_null),
        cmocka_unit_test(threads_share_a_pool),
        cmocka_unit_test(child_of_a_fork_has_its_own),
        cmocka_unit_test(heap_keeps_large_blocks_there),
        cmocka_unit_test(taken_memory_is_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
