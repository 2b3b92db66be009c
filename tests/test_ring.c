/* labels: threads */
/* The ring and the sequence lock: by hand at tiny sizes, then between threads with a million elements. */
#include "base/ring.h"
#include "base/seqlock.h"
#include "base/thread.h"

#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static motet_heap libc_heap(void)
{
    motet_heap heap;
    motet_allocator none = {NULL, NULL, NULL};
    motet_heap_init(&heap, &none);
    return heap;
}

/* ------------------------------------------------------------------------------------------- One thread */

static void fills_and_empties_in_order(void **state)
{
    (void)state;
    motet_heap heap = libc_heap();
    for (uint32_t capacity = 1; capacity <= 9; capacity++) {
        motet_ring ring;
        assert_true(motet_ring_create(&ring, &heap, capacity, sizeof(uint16_t)));
        assert_int_equal(motet_load_relaxed_u64(&heap.bytes), capacity * sizeof(uint16_t));
        uint16_t next_in = 0, next_out = 0, value = 77;
        assert_false(motet_ring_pop(&ring, &value));
        assert_int_equal(value, 77);
        for (uint32_t turn = 0; turn < 40; turn++) {
            uint32_t held = (uint32_t)(next_in - next_out);
            for (uint32_t i = held; i < capacity; i++) {
                assert_int_equal(motet_ring_room(&ring), capacity - i);
                assert_true(motet_ring_push(&ring, &next_in));
                next_in++;
                assert_int_equal(motet_ring_count(&ring), i + 1);
            }
            assert_int_equal(motet_ring_room(&ring), 0);
            assert_false(motet_ring_push(&ring, &next_in)); /* full: nothing happens */
            assert_false(motet_ring_stage(&ring, &next_in));
            assert_int_equal(motet_ring_count(&ring), capacity);
            for (uint32_t i = 0; i <= turn % capacity; i++) {
                assert_true(motet_ring_pop(&ring, &value));
                assert_int_equal(value, next_out++);
            }
        }
        motet_ring_destroy(&ring, &heap);
        assert_int_equal(motet_load_relaxed_u64(&heap.bytes), 0);
    }
    motet_heap_destroy(&heap);
}

static void staged_elements_show_at_once(void **state)
{
    (void)state;
    motet_heap heap = libc_heap();
    motet_ring ring;
    assert_true(motet_ring_create(&ring, &heap, 5, sizeof(int)));
    int value = -1;
    for (int round = 0; round < 7; round++) {
        for (int i = 0; i < 3; i++) {
            int element = 10 * round + i;
            assert_true(motet_ring_stage(&ring, &element));
            assert_int_equal(motet_ring_room(&ring), 5 - i - 1);
            assert_int_equal(motet_ring_count(&ring), 0);
            assert_false(motet_ring_pop(&ring, &value));
        }
        motet_ring_publish(&ring);
        motet_ring_publish(&ring); /* nothing more is staged */
        assert_int_equal(motet_ring_count(&ring), 3);
        for (int i = 0; i < 3; i++) {
            assert_true(motet_ring_pop(&ring, &value));
            assert_int_equal(value, 10 * round + i);
        }
    }
    /* Staged ones count as room taken, and a push publishes them too. */
    for (int i = 0; i < 4; i++) {
        assert_true(motet_ring_stage(&ring, &i));
    }
    value = 4;
    assert_true(motet_ring_push(&ring, &value));
    assert_false(motet_ring_stage(&ring, &value));
    assert_int_equal(motet_ring_count(&ring), 5);
    for (int i = 0; i < 5; i++) {
        assert_true(motet_ring_pop(&ring, &value));
        assert_int_equal(value, i);
    }
    motet_ring_destroy(&ring, &heap);
    motet_heap_destroy(&heap);
}

static void elements_of_any_size_are_kept_whole(void **state)
{
    (void)state;
    motet_heap heap = libc_heap();
    for (uint32_t size = 1; size <= 80; size += 13) {
        motet_ring ring;
        assert_true(motet_ring_create(&ring, &heap, 3, size));
        for (int i = 0; i < 20; i++) {
            unsigned char in[80], out[82];
            memset(in, i + 1, sizeof in);
            memset(out, 0xee, sizeof out);
            assert_true(motet_ring_push(&ring, in));
            assert_true(motet_ring_pop(&ring, out + 1));
            assert_memory_equal(out + 1, in, size);
            assert_true(out[0] == 0xee && out[size + 1] == 0xee);
        }
        motet_ring_destroy(&ring, &heap);
    }
    motet_heap_destroy(&heap);
}

/* As if so many elements had passed before. */
static void preset(motet_ring *ring, uint32_t passed)
{
    motet_store_relaxed_u32(&ring->pushed, passed);
    motet_store_relaxed_u32(&ring->popped, passed);
}

static void counts_wrap(void **state)
{
    (void)state;
    motet_heap heap = libc_heap();
    motet_ring ring;
    assert_true(motet_ring_create(&ring, &heap, 7, sizeof(int)));
    preset(&ring, UINT32_MAX - 10);
    int next_in = 0, next_out = 0, value;
    for (int turn = 0; turn < 10; turn++) {
        while (motet_ring_stage(&ring, &next_in)) {
            next_in++;
        }
        motet_ring_publish(&ring);
        assert_int_equal(motet_ring_count(&ring), 7);
        assert_int_equal(motet_ring_room(&ring), 0);
        for (int i = 0; i < 4 && motet_ring_pop(&ring, &value); i++) {
            assert_int_equal(value, next_out++);
        }
        assert_int_equal(motet_ring_count(&ring), 3);
        assert_int_equal(motet_ring_room(&ring), 4);
    }
    assert_true(motet_load_relaxed_u32(&ring.popped) < 100); /* it did wrap */
    motet_ring_destroy(&ring, &heap);
    motet_heap_destroy(&heap);
}

static void *no_memory(void *user, size_t size, size_t alignment)
{
    (void)user;
    (void)size;
    (void)alignment;
    return NULL;
}

static void never_freed(void *user, void *memory, size_t size)
{
    (void)user;
    (void)size;
    fail_msg("%p was never taken", memory);
}

static void creation_without_memory(void **state)
{
    (void)state;
    motet_heap heap;
    motet_allocator allocator = {no_memory, never_freed, NULL};
    motet_heap_init(&heap, &allocator);
    motet_ring ring;
    assert_false(motet_ring_create(&ring, &heap, 5, 5));
    motet_ring_destroy(&ring, &heap);
}

/* ------------------------------------------------------------------------------------------ Two threads */

enum { ELEMENTS = 1000000 };

/* Odd in size on purpose; every word follows from the number, so that a torn element shows. */
typedef struct element {
    uint32_t words[5];
} element;

static element element_of(uint32_t number)
{
    element e;
    for (uint32_t i = 0; i < 5; i++) {
        e.words[i] = (number + i) * 2654435761u;
    }
    return e;
}

typedef struct traffic {
    motet_ring ring;
    uint32_t group; /* elements published at once; 0: of changing number */
    uint32_t refused;
} traffic;

static uint32_t group_at(const traffic *t, uint32_t number, uint32_t capacity)
{
    uint32_t size = t->group != 0 ? t->group : 1 + (number * 2654435761u >> 20) % capacity;
    return size < ELEMENTS - number ? size : ELEMENTS - number;
}

static void *generate(void *user)
{
    traffic *t = user;
    for (uint32_t number = 0; number < ELEMENTS;) {
        uint32_t size = group_at(t, number, t->ring.capacity);
        while (motet_ring_room(&t->ring) < size) {
            t->refused++;
            sched_yield();
        }
        for (uint32_t i = 0; i < size; i++) {
            element e = element_of(number++);
            if (!motet_ring_stage(&t->ring, &e)) {
                return user; /* room was promised */
            }
        }
        motet_ring_publish(&t->ring);
    }
    return NULL;
}

static void *generate_thread(void *user)
{
    traffic *t = user;
    t->refused |= generate(user) != NULL ? UINT32_C(1) << 31 : 0;
    return NULL;
}

/* Every element arrives once, in order and whole; a group's first never without its last. */
static void verify(traffic *t)
{
    uint32_t capacity = t->ring.capacity;
    uint32_t empty = 0;
    for (uint32_t number = 0; number < ELEMENTS;) {
        uint32_t count = motet_ring_count(&t->ring);
        if (count == 0) {
            empty++;
            sched_yield();
            continue;
        }
        assert_true(count <= capacity);
        uint32_t size = group_at(t, number, capacity);
        assert_true(count >= size);
        for (uint32_t i = 0; i < size; i++) {
            element e, expected = element_of(number++);
            assert_true(motet_ring_pop(&t->ring, &e));
            assert_memory_equal(&e, &expected, sizeof e);
        }
    }
    assert_int_equal(motet_ring_count(&t->ring), 0);
}

static void run_traffic(uint32_t capacity, uint32_t group, uint32_t passed_before)
{
    motet_heap heap = libc_heap();
    traffic t = {.group = group};
    assert_true(motet_ring_create(&t.ring, &heap, capacity, sizeof(element)));
    preset(&t.ring, passed_before);
    motet_thread thread;
    assert_true(motet_thread_start(&thread, "motet-test", generate_thread, &t));
    verify(&t);
    motet_thread_join(&thread);
    assert_true(t.refused < UINT32_C(1) << 31);
    motet_ring_destroy(&t.ring, &heap);
    motet_heap_destroy(&heap);
}

static void passes_a_million_between_threads(void **state)
{
    (void)state;
    run_traffic(1021, 1, 0);
}

static void passes_groups_of_changing_size_whole(void **state)
{
    (void)state;
    run_traffic(97, 0, 0);
}

static void passes_more_than_a_full_count(void **state)
{
    (void)state;
    run_traffic(333, 3, UINT32_MAX - ELEMENTS / 2);
}

/* ---------------------------------------------------------------------------------------- Sequence lock */

static void record_is_read_as_written(void **state)
{
    (void)state;
    motet_seqlock lock;
    memset(&lock, 0, sizeof lock);
    uint64_t in[MOTET_SEQLOCK_WORDS], out[MOTET_SEQLOCK_WORDS];
    motet_seqlock_read(&lock, out, MOTET_SEQLOCK_WORDS);
    for (int i = 0; i < MOTET_SEQLOCK_WORDS; i++) {
        assert_int_equal(out[i], 0);
        in[i] = UINT64_C(0x123456789abcdef) * (uint64_t)(i + 1);
        out[i] = 99;
    }
    motet_seqlock_write(&lock, in, 3);
    motet_seqlock_read(&lock, out, 3);
    assert_memory_equal(out, in, 3 * sizeof *in);
    assert_int_equal(out[3], 99);
    motet_seqlock_write(&lock, in, MOTET_SEQLOCK_WORDS);
    motet_seqlock_read(&lock, out, MOTET_SEQLOCK_WORDS);
    assert_memory_equal(out, in, sizeof in);

    /* A writer that is interrupted in the middle of the next record keeps nobody waiting. */
    motet_store_relaxed_u64(&lock.words[(motet_load_relaxed_u32(&lock.turn) + 1) & 1][0], 99);
    motet_seqlock_read(&lock, out, MOTET_SEQLOCK_WORDS);
    assert_memory_equal(out, in, sizeof in);

    motet_store_relaxed_u32(&lock.turn, UINT32_MAX); /* the turn wraps */
    motet_seqlock_write(&lock, in + 1, 2);
    assert_int_equal(motet_load_relaxed_u32(&lock.turn), 0);
    motet_seqlock_read(&lock, out, 2);
    assert_memory_equal(out, in + 1, 2 * sizeof *in);
}

typedef struct record {
    motet_seqlock lock;
    motet_atomic_u32 over;
    motet_atomic_u32 torn;
    motet_atomic_u32 whole;
} record;

static void *read_records(void *user)
{
    record *r = user;
    uint64_t last = 0;
    while (motet_load_acquire_u32(&r->over) == 0) {
        uint64_t words[MOTET_SEQLOCK_WORDS];
        motet_seqlock_read(&r->lock, words, MOTET_SEQLOCK_WORDS);
        bool torn = words[0] < last; /* time does not run backwards either */
        for (uint64_t i = 0; i < MOTET_SEQLOCK_WORDS; i++) {
            torn |= words[i] != words[0] * (i + 1);
        }
        if (torn) {
            motet_store_relaxed_u32(&r->torn, 1);
        }
        if (words[0] != last) {
            motet_store_relaxed_u32(&r->whole, 1);
        }
        last = words[0];
    }
    return NULL;
}

static void records_are_read_whole_between_threads(void **state)
{
    (void)state;
    static record r;
    motet_thread readers[2];
    for (int i = 0; i < 2; i++) {
        assert_true(motet_thread_start(&readers[i], "motet-test", read_records, &r));
    }
    /* As often as a million times, and until the readers have seen a change. */
    for (uint64_t n = 1; n <= 1000000 || motet_load_relaxed_u32(&r.whole) == 0; n++) {
        uint64_t words[MOTET_SEQLOCK_WORDS];
        for (uint64_t i = 0; i < MOTET_SEQLOCK_WORDS; i++) {
            words[i] = n * (i + 1);
        }
        motet_seqlock_write(&r.lock, words, MOTET_SEQLOCK_WORDS);
        if (n % 4096 == 0) {
            sched_yield();
        }
    }
    motet_store_release_u32(&r.over, 1);
    for (int i = 0; i < 2; i++) {
        motet_thread_join(&readers[i]);
    }
    assert_int_equal(motet_load_relaxed_u32(&r.torn), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fills_and_empties_in_order),
        cmocka_unit_test(staged_elements_show_at_once),
        cmocka_unit_test(elements_of_any_size_are_kept_whole),
        cmocka_unit_test(counts_wrap),
        cmocka_unit_test(creation_without_memory),
        cmocka_unit_test(passes_a_million_between_threads),
        cmocka_unit_test(passes_groups_of_changing_size_whole),
        cmocka_unit_test(passes_more_than_a_full_count),
        cmocka_unit_test(record_is_read_as_written),
        cmocka_unit_test(records_are_read_whole_between_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
