/* The level sse2 of dsp/kernels.h. */
#include "dsp/kernels.h"
#include "dsp/resample.h"

#if defined(MOTET_KERNELS_X86)
#    include "dsp/vector_sse2.h"

#    include "dsp/kernels_body.h"

const motet_kernels motet_kernels_sse2 = {
    .name = "sse2",
    KERNELS_OF_THIS_LEVEL,
    MOTET_RESAMPLE_ENTRIES(sse2),
};

#endif
