/* The level neon of dsp/kernels.h. */
#include "dsp/kernels.h"

#if defined(MOTET_KERNELS_NEON)
#    include "dsp/vector_neon.h"

#    include "dsp/kernels_body.h"

const motet_kernels motet_kernels_neon = {
    .name = "neon",
    KERNELS_OF_THIS_LEVEL,
    .linear_mono = motet_linear_mono,
    .linear_stereo = motet_linear_stereo,
    .cubic_mono = motet_cubic_mono,
    .cubic_stereo = motet_cubic_stereo,
    .sinc_mono = motet_sinc_mono,
    .sinc_stereo = motet_sinc_stereo,
};

#endif
