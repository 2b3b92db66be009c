/* Threads, locks and the clock, as thin as they can be. Nothing here may be called on the audio thread but what says
 * so. */
#ifndef MOTET_BASE_THREAD_H
#define MOTET_BASE_THREAD_H

#include "base/nonblocking.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

typedef pthread_mutex_t motet_mutex;

/* A lock that lends its waiters' priority to its holder where the system can. */
bool motet_mutex_init(motet_mutex *mutex);
void motet_mutex_destroy(motet_mutex *mutex);
void motet_mutex_lock(motet_mutex *mutex);
bool motet_mutex_try_lock(motet_mutex *mutex);
void motet_mutex_unlock(motet_mutex *mutex);

/* A flag that a thread can sleep on for at most some time. */
typedef struct motet_signal_flag {
    pthread_mutex_t mutex;
    pthread_cond_t condition;
    bool raised;
} motet_signal_flag;

bool motet_signal_flag_init(motet_signal_flag *flag);
void motet_signal_flag_destroy(motet_signal_flag *flag);
void motet_signal_flag_raise(motet_signal_flag *flag);
/* Sleeps until the flag is raised or the time is over, and lowers it; true if it was raised. */
bool motet_signal_flag_wait(motet_signal_flag *flag, uint64_t timeout_ns);

typedef struct motet_thread {
    pthread_t handle;
    bool running;
} motet_thread;

/* `name` is shown by debuggers (at most 15 characters). */
bool motet_thread_start(motet_thread *thread, const char *name, void *(*run)(void *), void *user);
void motet_thread_join(motet_thread *thread);
/* Lets it end by itself, later or never. */
void motet_thread_abandon(motet_thread *thread);
/* Asks for real-time scheduling of the calling thread, and goes on without where that is not allowed. */
void motet_thread_prefer_realtime(void);

uint64_t motet_monotonic_ns(void);
void motet_sleep_until_ns(uint64_t monotonic_ns);

/* How often this process is a fork's child: an engine made under another count belongs to the parent. */
uint32_t motet_fork_count(void);
/* The same for the audio thread, once motet_fork_count has been called. */
uint32_t motet_fork_count_seen(void) MOTET_NONBLOCKING;

#endif /* MOTET_BASE_THREAD_H */
