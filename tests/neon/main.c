/* Checks the SIMD levels of a machine that is only emulated: scripts/test-neon builds this without a test framework. */
#include "dsp/kernels.h"
#include "support/kernel_check.h"

#include <stdio.h>

int main(void)
{
    uint32_t faults = 0;
    for (uint32_t i = 0; i < motet_kernels_count(); i++) {
        const motet_kernels *kernels = motet_kernels_at(i);
        uint32_t found = motet_kernel_check(kernels);
        printf("%s: %u runs differ\n", kernels->name, found);
        faults += found;
    }
    return faults == 0 && motet_kernels_find("neon") != NULL ? 0 : 1;
}
