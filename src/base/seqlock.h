/* A small record that one thread writes and any thread reads whole, without either waiting for the other.
 *
 * The writer makes `turn` odd, stores the words, makes it even again. A reader that finds it odd, or changed
 * afterwards, reads again; the writer never notices. The words are atomics so that the race is defined. */
#ifndef MOTET_BASE_SEQLOCK_H
#define MOTET_BASE_SEQLOCK_H

#include "base/atomics.h"
#include "base/nonblocking.h"

enum { MOTET_SEQLOCK_WORDS = 8 };

typedef struct motet_seqlock {
    motet_atomic_u32 turn;
    motet_atomic_u64 words[MOTET_SEQLOCK_WORDS];
} motet_seqlock;

static inline void motet_seqlock_write(motet_seqlock *lock, const uint64_t *words, int count) MOTET_NONBLOCKING
{
    uint32_t turn = motet_load_relaxed_u32(&lock->turn);
    motet_store_relaxed_u32(&lock->turn, turn + 1);
    /* The odd turn is seen before any new word: a store with release order on each word, which a reader acquires,
     * says so without a fence (fences are not understood by ThreadSanitizer). */
    for (int i = 0; i < count; i++) {
        motet_store_release_u64(&lock->words[i], words[i]);
    }
    motet_store_release_u32(&lock->turn, turn + 2);
}

static inline void motet_seqlock_read(const motet_seqlock *lock, uint64_t *words, int count)
{
    for (;;) {
        uint32_t before = motet_load_acquire_u32(&lock->turn);
        for (int i = 0; i < count; i++) {
            words[i] = motet_load_acquire_u64(&lock->words[i]);
        }
        if ((before & 1) == 0 && motet_load_relaxed_u32(&lock->turn) == before) {
            return;
        }
    }
}

#endif /* MOTET_BASE_SEQLOCK_H */
