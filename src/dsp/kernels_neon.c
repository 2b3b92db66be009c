/* The level neon of dsp/kernels.h. */
#include "dsp/kernels.h"
#include "dsp/resample.h"

#if defined(MOTET_KERNELS_NEON)
#    include "dsp/vector_neon.h"

#    include "dsp/kernels_body.h"

const motet_kernels motet_kernels_neon = {
    .name = "neon",
    KERNELS_OF_THIS_LEVEL,
    MOTET_RESAMPLE_ENTRIES(neon),
};

#endif
