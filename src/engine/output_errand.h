/* Something that may hang (opening a device of a frozen sound server, closing one of a broken driver) is run on a
 * thread of its own and waited for with a limit; past it the thread is left to end by itself. */
#ifndef MOTET_ENGINE_OUTPUT_ERRAND_H
#define MOTET_ENGINE_OUTPUT_ERRAND_H

#include "base/atomics.h"

typedef void motet_errand_fn(void *work);

/* Runs `run(work)` and waits at most `limit_ns`, or until `*cancel` is not 0 (NULL: never). True when it has ended:
 * `work` is the caller's again. False when it was left behind: `work` is the errand's then, which calls
 * `discard(work)` should `run` ever end. */
bool motet_errand_run(const char *thread_name, motet_errand_fn *run, motet_errand_fn *discard, void *work,
                      uint64_t limit_ns, const motet_atomic_u32 *cancel);

#endif /* MOTET_ENGINE_OUTPUT_ERRAND_H */
