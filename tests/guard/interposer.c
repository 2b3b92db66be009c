/* Preloaded (LD_PRELOAD) into a test: stands in front of the functions that may allocate, lock, wait or enter the
 * kernel, and counts the calls that a thread makes while it is marked as rendering. It calls the real function in any
 * case.
 *
 * Counting itself allocates nothing and takes no lock. The test finds what is declared in interposer.h by dlsym. */
#undef _FILE_OFFSET_BITS /* with it, defining open would define open64 */
#ifndef _GNU_SOURCE
#    define _GNU_SOURCE /* RTLD_NEXT */
#endif
#ifndef __NO_INLINE__
#    define __NO_INLINE__ 1 /* else glibc's headers define some of the functions themselves */
#endif

#pragma GCC visibility push(default)

#include "interposer.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

/* ------------------------------------------------------------------------------------------------ Counting */

typedef struct call {
    const char *name;
    atomic_uint count;
} call;

enum { MOST_CALLS = 256 };

static call *called[MOST_CALLS]; /* in the order of their first calls */
static atomic_uint called_count;

__attribute__((tls_model("initial-exec"))) static _Thread_local int marked;

void interposer_mark(bool entered)
{
    marked = entered;
}

static void note(call *it)
{
    if (marked && atomic_fetch_add(&it->count, 1) == 0) {
        unsigned at = atomic_fetch_add(&called_count, 1);
        if (at < MOST_CALLS) {
            called[at] = it;
        }
    }
}

unsigned interposer_count(void)
{
    unsigned count = atomic_load(&called_count);
    return count < MOST_CALLS ? count : MOST_CALLS;
}

const char *interposer_name(unsigned index, unsigned *count)
{
    *count = atomic_load(&called[index]->count);
    return called[index]->name;
}

void interposer_reset(void)
{
    for (unsigned i = 0; i < interposer_count(); i++) {
        atomic_store(&called[i]->count, 0);
    }
    atomic_store(&called_count, 0);
}

/* ---------------------------------------------------------------------------------------------- Allocation */

/* The allocator's own names: finding them by dlsym would allocate. */
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *memory, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);
extern void __libc_free(void *memory);

#define NOTE(name)                  \
    do {                            \
        static call it = {name, 0}; \
        note(&it);                  \
    } while (0)

void *malloc(size_t size)
{
    NOTE("malloc");
    return __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
    NOTE("calloc");
    return __libc_calloc(count, size);
}

void *realloc(void *memory, size_t size)
{
    NOTE("realloc");
    return __libc_realloc(memory, size);
}

void free(void *memory)
{
    NOTE("free");
    __libc_free(memory);
}

void *memalign(size_t alignment, size_t size);
void *memalign(size_t alignment, size_t size)
{
    NOTE("memalign");
    return __libc_memalign(alignment, size);
}

void *aligned_alloc(size_t alignment, size_t size)
{
    NOTE("aligned_alloc");
    return __libc_memalign(alignment, size);
}

int posix_memalign(void **memory, size_t alignment, size_t size)
{
    NOTE("posix_memalign");
    *memory = __libc_memalign(alignment, size);
    return *memory != NULL ? 0 : 12; /* ENOMEM */
}

/* ------------------------------------------------------------------------------------------- Everything else */

static void *find(const char *name)
{
    return dlsym(RTLD_NEXT, name);
}

/* RESULT NAME PARAMETERS, which passes ARGUMENTS on. */
#define WRAP(result, name, parameters, arguments) \
    result name parameters                        \
    {                                             \
        static result(*real) parameters;          \
        NOTE(#name);                              \
        if (real == NULL) {                       \
            *(void **)&real = find(#name);        \
        }                                         \
        return real arguments;                    \
    }

WRAP(int, pthread_mutex_lock, (pthread_mutex_t * m), (m))
WRAP(int, pthread_mutex_trylock, (pthread_mutex_t * m), (m))
WRAP(int, pthread_mutex_timedlock, (pthread_mutex_t * m, const struct timespec *t), (m, t))
WRAP(int, pthread_mutex_unlock, (pthread_mutex_t * m), (m))
WRAP(int, pthread_mutex_init, (pthread_mutex_t * m, const pthread_mutexattr_t *a), (m, a))
WRAP(int, pthread_mutex_destroy, (pthread_mutex_t * m), (m))
WRAP(int, pthread_rwlock_rdlock, (pthread_rwlock_t * l), (l))
WRAP(int, pthread_rwlock_wrlock, (pthread_rwlock_t * l), (l))
WRAP(int, pthread_rwlock_tryrdlock, (pthread_rwlock_t * l), (l))
WRAP(int, pthread_rwlock_trywrlock, (pthread_rwlock_t * l), (l))
WRAP(int, pthread_rwlock_unlock, (pthread_rwlock_t * l), (l))
WRAP(int, pthread_cond_wait, (pthread_cond_t * c, pthread_mutex_t *m), (c, m))
WRAP(int, pthread_cond_timedwait, (pthread_cond_t * c, pthread_mutex_t *m, const struct timespec *t), (c, m, t))
WRAP(int, pthread_cond_signal, (pthread_cond_t * c), (c))
WRAP(int, pthread_cond_broadcast, (pthread_cond_t * c), (c))
WRAP(int, pthread_spin_lock, (pthread_spinlock_t * l), (l))
WRAP(int, pthread_spin_trylock, (pthread_spinlock_t * l), (l))
WRAP(int, pthread_spin_unlock, (pthread_spinlock_t * l), (l))
WRAP(int, pthread_barrier_wait, (pthread_barrier_t * b), (b))
WRAP(int, pthread_once, (pthread_once_t * o, void (*f)(void)), (o, f))
WRAP(int, pthread_join, (pthread_t t, void **r), (t, r))
WRAP(int, pthread_create, (pthread_t * t, const pthread_attr_t *a, void *(*f)(void *), void *u), (t, a, f, u))
WRAP(int, pthread_setschedparam, (pthread_t t, int p, const struct sched_param *s), (t, p, s))
WRAP(int, pthread_setspecific, (pthread_key_t k, const void *v), (k, v))
WRAP(int, sem_wait, (sem_t * s), (s))
WRAP(int, sem_trywait, (sem_t * s), (s))
WRAP(int, sem_timedwait, (sem_t * s, const struct timespec *t), (s, t))
WRAP(int, sem_post, (sem_t * s), (s))

WRAP(int, nanosleep, (const struct timespec *t, struct timespec *r), (t, r))
WRAP(int, clock_nanosleep, (clockid_t c, int f, const struct timespec *t, struct timespec *r), (c, f, t, r))
WRAP(int, usleep, (useconds_t t), (t))
WRAP(unsigned, sleep, (unsigned t), (t))
WRAP(int, sched_yield, (void), ())
WRAP(int, clock_gettime, (clockid_t c, struct timespec *t), (c, t))
WRAP(int, gettimeofday, (struct timeval * t, void *z), (t, z))
WRAP(time_t, time, (time_t * t), (t))
WRAP(int, poll, (struct pollfd * p, nfds_t n, int t), (p, n, t))
WRAP(int, ppoll, (struct pollfd * p, nfds_t n, const struct timespec *t, const sigset_t *s), (p, n, t, s))
WRAP(int, select, (int n, fd_set *r, fd_set *w, fd_set *e, struct timeval *t), (n, r, w, e, t))
WRAP(int, pselect, (int n, fd_set *r, fd_set *w, fd_set *e, const struct timespec *t, const sigset_t *s),
     (n, r, w, e, t, s))
WRAP(int, epoll_wait, (int e, struct epoll_event *v, int n, int t), (e, v, n, t))

WRAP(ssize_t, read, (int f, void *b, size_t n), (f, b, n))
WRAP(ssize_t, write, (int f, const void *b, size_t n), (f, b, n))
WRAP(ssize_t, pread, (int f, void *b, size_t n, off_t o), (f, b, n, o))
WRAP(ssize_t, pwrite, (int f, const void *b, size_t n, off_t o), (f, b, n, o))
WRAP(ssize_t, readv, (int f, const struct iovec *v, int n), (f, v, n))
WRAP(ssize_t, writev, (int f, const struct iovec *v, int n), (f, v, n))
WRAP(ssize_t, send, (int f, const void *b, size_t n, int o), (f, b, n, o))
WRAP(ssize_t, recv, (int f, void *b, size_t n, int o), (f, b, n, o))
WRAP(ssize_t, sendmsg, (int f, const struct msghdr *m, int o), (f, m, o))
WRAP(ssize_t, recvmsg, (int f, struct msghdr *m, int o), (f, m, o))
WRAP(int, close, (int f), (f))
WRAP(off_t, lseek, (int f, off_t o, int w), (f, o, w))
WRAP(off64_t, lseek64, (int f, off64_t o, int w), (f, o, w))
WRAP(void *, mmap, (void *a, size_t n, int p, int l, int f, off_t o), (a, n, p, l, f, o))
WRAP(void *, mmap64, (void *a, size_t n, int p, int l, int f, off64_t o), (a, n, p, l, f, o))
WRAP(int, munmap, (void *a, size_t n), (a, n))
WRAP(int, mprotect, (void *a, size_t n, int p), (a, n, p))
WRAP(int, madvise, (void *a, size_t n, int p), (a, n, p))
WRAP(void *, sbrk, (intptr_t n), (n))

WRAP(FILE *, fopen, (const char *p, const char *m), (p, m))
WRAP(FILE *, fopen64, (const char *p, const char *m), (p, m))
WRAP(int, fclose, (FILE * f), (f))
WRAP(int, fflush, (FILE * f), (f))
WRAP(size_t, fread, (void *b, size_t s, size_t n, FILE *f), (b, s, n, f))
WRAP(size_t, fwrite, (const void *b, size_t s, size_t n, FILE *f), (b, s, n, f))
WRAP(int, fputs, (const char *t, FILE *f), (t, f))
WRAP(int, fputc, (int c, FILE *f), (c, f))
WRAP(int, puts, (const char *t), (t))
WRAP(int, putchar, (int c), (c))
WRAP(int, vprintf, (const char *t, va_list a), (t, a))
WRAP(int, vfprintf, (FILE * f, const char *t, va_list a), (f, t, a))
WRAP(int, vsprintf, (char *b, const char *t, va_list a), (b, t, a))
WRAP(int, vsnprintf, (char *b, size_t n, const char *t, va_list a), (b, n, t, a))
WRAP(int, vdprintf, (int f, const char *t, va_list a), (f, t, a))

/* A void result cannot be passed on. */
void qsort(void *base, size_t count, size_t size, int (*compare)(const void *, const void *))
{
    static void (*real)(void *, size_t, size_t, int (*)(const void *, const void *));
    NOTE("qsort"); /* glibc's sorts in memory of its own */
    if (real == NULL) {
        *(void **)&real = find("qsort");
    }
    real(base, count, size, compare);
}

/* ------------------------------------------------------------------------- Those of a varying number of arguments */

#define WRAP_OPEN(name, parameters, arguments)                                     \
    int name parameters                                                            \
    {                                                                              \
        static int(*real) parameters;                                              \
        NOTE(#name);                                                               \
        if (real == NULL) {                                                        \
            *(void **)&real = find(#name);                                         \
        }                                                                          \
        va_list rest;                                                              \
        va_start(rest, flags);                                                     \
        mode_t mode = (flags & O_CREAT) != 0 ? (mode_t)va_arg(rest, unsigned) : 0; \
        va_end(rest);                                                              \
        return real arguments;                                                     \
    }

WRAP_OPEN(open, (const char *path, int flags, ...), (path, flags, mode))
WRAP_OPEN(open64, (const char *path, int flags, ...), (path, flags, mode))
WRAP_OPEN(openat, (int at, const char *path, int flags, ...), (at, path, flags, mode))
WRAP_OPEN(openat64, (int at, const char *path, int flags, ...), (at, path, flags, mode))

/* NAME is done by the function VNAME, which takes a list of arguments. */
#define WRAP_PRINT(name, vname, parameters, real_parameters, arguments) \
    int name parameters                                                 \
    {                                                                   \
        static int(*real) real_parameters;                              \
        NOTE(#name);                                                    \
        if (real == NULL) {                                             \
            *(void **)&real = find(#vname);                             \
        }                                                               \
        va_list rest;                                                   \
        va_start(rest, t);                                              \
        int result = real arguments;                                    \
        va_end(rest);                                                   \
        return result;                                                  \
    }

WRAP_PRINT(printf, vprintf, (const char *t, ...), (const char *, va_list), (t, rest))
WRAP_PRINT(fprintf, vfprintf, (FILE * f, const char *t, ...), (FILE *, const char *, va_list), (f, t, rest))
WRAP_PRINT(sprintf, vsprintf, (char *b, const char *t, ...), (char *, const char *, va_list), (b, t, rest))
WRAP_PRINT(snprintf, vsnprintf, (char *b, size_t n, const char *t, ...), (char *, size_t, const char *, va_list),
           (b, n, t, rest))
WRAP_PRINT(dprintf, vdprintf, (int f, const char *t, ...), (int, const char *, va_list), (f, t, rest))

/* A futex has no function of its own: whoever waits on one comes through here, or through the locks above. */
long syscall(long number, ...)
{
    static long (*real)(long, ...);
    long a[6];
    NOTE("syscall");
    if (real == NULL) {
        *(void **)&real = find("syscall");
    }
    va_list rest;
    va_start(rest, number);
    for (int i = 0; i < 6; i++) {
        a[i] = va_arg(rest, long);
    }
    va_end(rest);
    return real(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

int ioctl(int file, unsigned long request, ...)
{
    static int (*real)(int, unsigned long, ...);
    NOTE("ioctl");
    if (real == NULL) {
        *(void **)&real = find("ioctl");
    }
    va_list rest;
    va_start(rest, request);
    void *argument = va_arg(rest, void *);
    va_end(rest);
    return real(file, request, argument);
}
