/* Every kernel of a table against the C reference: the same bits (any NaN for a NaN), nothing written beside the
 * output, nothing read beyond the input. Needs no test framework, so that it also runs where there is none. */
#ifndef MOTET_TESTS_SUPPORT_KERNEL_CHECK_H
#define MOTET_TESTS_SUPPORT_KERNEL_CHECK_H

#include "dsp/kernels.h"

/* Returns the number of runs that differ; tells the first few on standard error. A read beyond an input ends the
 * process by a signal. */
uint32_t motet_kernel_check(const motet_kernels *kernels);

#endif /* MOTET_TESTS_SUPPORT_KERNEL_CHECK_H */
