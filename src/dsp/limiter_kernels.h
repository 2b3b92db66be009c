/* Those loops of dsp/limiter.h whose frames do not depend on one another. These are the reference; dsp/kernels.h has
 * faster ones with the same bits. */
#ifndef MOTET_DSP_LIMITER_KERNELS_H
#define MOTET_DSP_LIMITER_KERNELS_H

#include "base/nonblocking.h"

#include <stdint.h>

/* Reductions are counted in steps of 2^-30. */
enum { MOTET_LIMITER_FULL_REDUCTION = 1 << 30 };

/* The wanted reduction of each frame of a finite signal, 0 up to the ceiling: FULL - floor(ceiling / peak * FULL). */
typedef void motet_limiter_reductions_fn(uint32_t *reductions, float ceiling, const float *left, const float *right,
                                         uint32_t count) MOTET_NONBLOCKING;
motet_limiter_reductions_fn motet_limiter_reductions;

/* samples[k] = delayed[k] gains[k], in double, rounded once; delayed[k] = what samples[k] was. No two arrays overlap. */
typedef void motet_limiter_exchange_fn(float *samples, float *delayed, const double *gains,
                                       uint32_t count) MOTET_NONBLOCKING;
motet_limiter_exchange_fn motet_limiter_exchange;

#endif /* MOTET_DSP_LIMITER_KERNELS_H */
