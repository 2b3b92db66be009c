/* A small record that one thread writes and any thread reads whole, without either waiting for the other.
 *
 * There are two copies: the writer fills the one that is not current and then makes it current by counting `turn` up. A
 * reader that finds `turn` changed afterwards reads again, but only then: a writer that was interrupted in the middle
 * leaves the other copy whole. The words are atomics so that the race is defined. */
#ifndef MOTET_BASE_SEQLOCK_H
#define MOTET_BASE_SEQLOCK_H

#include "base/atomics.h"
#include "base/nonblocking.h"

enum { MOTET_SEQLOCK_WORDS = 8 };

typedef struct motet_seqlock {
    motet_atomic_u32 turn; /* the lowest bit says which copy is current */
    motet_atomic_u64 words[2][MOTET_SEQLOCK_WORDS];
} motet_seqlock;

static inline void motet_seqlock_write(motet_seqlock *lock, const uint64_t *words, int count) MOTET_NONBLOCKING
{
    uint32_t turn = motet_load_relaxed_u32(&lock->turn) + 1;
    /* Release on each word: whoever reads one of them early also sees the turn before, in which its copy stopped being
     * current (a fence would say the same, but ThreadSanitizer does not understand those). */
    for (int i = 0; i < count; i++) {
        motet_store_release_u64(&lock->words[turn & 1][i], words[i]);
    }
    motet_store_release_u32(&lock->turn, turn);
}

static inline void motet_seqlock_read(const motet_seqlock *lock, uint64_t *words, int count)
{
    uint32_t turn;
    do {
        turn = motet_load_acquire_u32(&lock->turn);
        for (int i = 0; i < count; i++) {
            words[i] = motet_load_acquire_u64(&lock->words[turn & 1][i]);
        }
    } while (motet_load_relaxed_u32(&lock->turn) != turn);
}

#endif /* MOTET_BASE_SEQLOCK_H */
