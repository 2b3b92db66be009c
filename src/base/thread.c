#ifndef _GNU_SOURCE
#    define _GNU_SOURCE /* pthread_setname_np */
#endif
#include "base/thread.h"

#include "base/atomics.h"
#include "motet/motet.h"

#include <errno.h>
#include <sched.h>
#include <string.h>
#include <time.h>

bool motet_mutex_init(motet_mutex *mutex)
{
    pthread_mutexattr_t attributes;
    if (pthread_mutexattr_init(&attributes) != 0) {
        return false;
    }
#ifdef _POSIX_THREAD_PRIO_INHERIT
    pthread_mutexattr_setprotocol(&attributes, PTHREAD_PRIO_INHERIT);
#endif
    bool made = pthread_mutex_init(mutex, &attributes) == 0;
    pthread_mutexattr_destroy(&attributes);
    return made;
}

void motet_mutex_destroy(motet_mutex *mutex)
{
    pthread_mutex_destroy(mutex);
}

void motet_mutex_lock(motet_mutex *mutex)
{
    pthread_mutex_lock(mutex);
}

bool motet_mutex_try_lock(motet_mutex *mutex)
{
    return pthread_mutex_trylock(mutex) == 0;
}

void motet_mutex_unlock(motet_mutex *mutex)
{
    pthread_mutex_unlock(mutex);
}

bool motet_signal_flag_init(motet_signal_flag *flag)
{
    pthread_condattr_t attributes;
    flag->raised = false;
    if (pthread_mutex_init(&flag->mutex, NULL) != 0) {
        return false;
    }
    bool made = pthread_condattr_init(&attributes) == 0;
    if (made) {
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
        made = pthread_cond_init(&flag->condition, &attributes) == 0;
        pthread_condattr_destroy(&attributes);
    }
    if (!made) {
        pthread_mutex_destroy(&flag->mutex);
    }
    return made;
}

void motet_signal_flag_destroy(motet_signal_flag *flag)
{
    pthread_cond_destroy(&flag->condition);
    pthread_mutex_destroy(&flag->mutex);
}

void motet_signal_flag_raise(motet_signal_flag *flag)
{
    pthread_mutex_lock(&flag->mutex);
    flag->raised = true;
    pthread_cond_signal(&flag->condition);
    pthread_mutex_unlock(&flag->mutex);
}

static struct timespec to_timespec(uint64_t ns)
{
    return (struct timespec){.tv_sec = (time_t)(ns / 1000000000u), .tv_nsec = (long)(ns % 1000000000u)};
}

bool motet_signal_flag_wait(motet_signal_flag *flag, uint64_t timeout_ns)
{
    struct timespec until = to_timespec(motet_monotonic_ns() + timeout_ns);
    pthread_mutex_lock(&flag->mutex);
    while (!flag->raised) {
        if (pthread_cond_timedwait(&flag->condition, &flag->mutex, &until) == ETIMEDOUT) {
            break;
        }
    }
    bool raised = flag->raised;
    flag->raised = false;
    pthread_mutex_unlock(&flag->mutex);
    return raised;
}

bool motet_thread_start(motet_thread *thread, const char *name, void *(*run)(void *), void *user)
{
    thread->running = pthread_create(&thread->handle, NULL, run, user) == 0;
#if defined(__linux__)
    if (thread->running) {
        pthread_setname_np(thread->handle, name);
    }
#else
    (void)name;
#endif
    return thread->running;
}

void motet_thread_join(motet_thread *thread)
{
    if (thread->running) {
        pthread_join(thread->handle, NULL);
        thread->running = false;
    }
}

void motet_thread_abandon(motet_thread *thread)
{
    if (thread->running) {
        pthread_detach(thread->handle);
        thread->running = false;
    }
}

void motet_thread_prefer_realtime(void)
{
    struct sched_param parameters = {.sched_priority = sched_get_priority_min(SCHED_FIFO)};
    (void)pthread_setschedparam(pthread_self(), SCHED_FIFO, &parameters);
}

uint64_t motet_monotonic_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

void motet_sleep_until_ns(uint64_t monotonic_ns)
{
    struct timespec until = to_timespec(monotonic_ns);
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) == EINTR) {}
}

void motet_sleep_ms(uint32_t milliseconds)
{
    motet_sleep_until_ns(motet_monotonic_ns() + (uint64_t)milliseconds * 1000000u);
}

static motet_atomic_u32 fork_count;

static void count_fork(void)
{
    motet_store_relaxed_u32(&fork_count, motet_load_relaxed_u32(&fork_count) + 1);
}

static void watch_forks(void)
{
    pthread_atfork(NULL, NULL, count_fork);
}

uint32_t motet_fork_count(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, watch_forks);
    return motet_load_relaxed_u32(&fork_count);
}

uint32_t motet_fork_count_seen(void) MOTET_NONBLOCKING
{
    return motet_load_relaxed_u32(&fork_count);
}
