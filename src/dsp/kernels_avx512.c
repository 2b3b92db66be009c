/* The level avx512 of dsp/kernels.h. */
#include "dsp/kernels.h"
#include "dsp/resample.h"

#if defined(MOTET_KERNELS_X86)
#    include "dsp/vector_avx512.h"

#    include "dsp/kernels_body.h"

const motet_kernels motet_kernels_avx512 = {
    .name = "avx512",
    KERNELS_OF_THIS_LEVEL,
    MOTET_RESAMPLE_ENTRIES(avx512),
};

#endif
