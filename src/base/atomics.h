/* C11 atomics under names that carry their order, so that every access says what it relies on. */
#ifndef MOTET_BASE_ATOMICS_H
#define MOTET_BASE_ATOMICS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* Indices written by different threads stand this far apart, so that they never share a cache line (two lines,
 * because x86 prefetches them in pairs). */
#define MOTET_CACHE_LINE 128

typedef struct motet_atomic_u32 {
    _Atomic uint32_t value;
} motet_atomic_u32;
typedef struct motet_atomic_u64 {
    _Atomic uint64_t value;
} motet_atomic_u64;
typedef struct motet_atomic_pointer {
    _Atomic(void *) value;
} motet_atomic_pointer;

static inline uint32_t motet_load_relaxed_u32(const motet_atomic_u32 *a)
{
    return atomic_load_explicit(&a->value, memory_order_relaxed);
}
static inline uint32_t motet_load_acquire_u32(const motet_atomic_u32 *a)
{
    return atomic_load_explicit(&a->value, memory_order_acquire);
}
static inline void motet_store_relaxed_u32(motet_atomic_u32 *a, uint32_t v)
{
    atomic_store_explicit(&a->value, v, memory_order_relaxed);
}
static inline void motet_store_release_u32(motet_atomic_u32 *a, uint32_t v)
{
    atomic_store_explicit(&a->value, v, memory_order_release);
}
static inline uint64_t motet_load_relaxed_u64(const motet_atomic_u64 *a)
{
    return atomic_load_explicit(&a->value, memory_order_relaxed);
}
static inline uint64_t motet_load_acquire_u64(const motet_atomic_u64 *a)
{
    return atomic_load_explicit(&a->value, memory_order_acquire);
}
static inline void motet_store_relaxed_u64(motet_atomic_u64 *a, uint64_t v)
{
    atomic_store_explicit(&a->value, v, memory_order_relaxed);
}
static inline void motet_store_release_u64(motet_atomic_u64 *a, uint64_t v)
{
    atomic_store_explicit(&a->value, v, memory_order_release);
}
static inline uint64_t motet_add_relaxed_u64(motet_atomic_u64 *a, uint64_t v)
{
    return atomic_fetch_add_explicit(&a->value, v, memory_order_relaxed);
}
/* For counts of users: the last one sees what all others have done. Returns the old value. */
static inline uint64_t motet_add_acq_rel_u64(motet_atomic_u64 *a, uint64_t v)
{
    return atomic_fetch_add_explicit(&a->value, v, memory_order_acq_rel);
}
/* Succeeds with acquire: what the last releaser wrote is visible. */
static inline bool motet_claim_acquire_u64(motet_atomic_u64 *a, uint64_t expected, uint64_t desired)
{
    return atomic_compare_exchange_strong_explicit(&a->value, &expected, desired, memory_order_acquire,
                                                   memory_order_relaxed);
}
static inline void *motet_load_acquire_pointer(const motet_atomic_pointer *a)
{
    return atomic_load_explicit(&a->value, memory_order_acquire);
}
static inline void motet_store_release_pointer(motet_atomic_pointer *a, void *v)
{
    atomic_store_explicit(&a->value, v, memory_order_release);
}
static inline void *motet_exchange_acquire_pointer(motet_atomic_pointer *a, void *v)
{
    return atomic_exchange_explicit(&a->value, v, memory_order_acquire);
}
static inline bool motet_replace_release_pointer(motet_atomic_pointer *a, void *expected, void *desired)
{
    return atomic_compare_exchange_strong_explicit(&a->value, &expected, desired, memory_order_release,
                                                   memory_order_relaxed);
}

/* Only one thread writes `a`: a plain add, without a locked instruction. */
static inline void motet_count_u64(motet_atomic_u64 *a, uint64_t v)
{
    motet_store_relaxed_u64(a, motet_load_relaxed_u64(a) + v);
}

/* A float published by one thread for any reader. */
typedef struct motet_atomic_f32 {
    _Atomic float value;
} motet_atomic_f32;
static inline float motet_load_relaxed_f32(const motet_atomic_f32 *a)
{
    return atomic_load_explicit(&a->value, memory_order_relaxed);
}
static inline void motet_store_relaxed_f32(motet_atomic_f32 *a, float v)
{
    atomic_store_explicit(&a->value, v, memory_order_relaxed);
}
static inline float motet_exchange_relaxed_f32(motet_atomic_f32 *a, float v)
{
    return atomic_exchange_explicit(&a->value, v, memory_order_relaxed);
}
/* Raises `a` to `v` where it is lower. One thread raises; it goes round once for each time that another one has taken
 * the value in between. */
static inline void motet_raise_relaxed_f32(motet_atomic_f32 *a, float v)
{
    float old = motet_load_relaxed_f32(a);
    while (v > old &&
           !atomic_compare_exchange_strong_explicit(&a->value, &old, v, memory_order_relaxed, memory_order_relaxed)) {}
}

#endif /* MOTET_BASE_ATOMICS_H */
