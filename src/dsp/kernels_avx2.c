/* The level avx2 of dsp/kernels.h. */
#include "dsp/kernels.h"
#include "dsp/resample.h"

#if defined(MOTET_KERNELS_X86)
#    include "dsp/vector_avx2.h"

#    include "dsp/kernels_body.h"

#    define FDN_NAME(name) name##_avx2
#    include "dsp/fdn_body.h"

const motet_kernels motet_kernels_avx2 = {
    .name = "avx2",
    KERNELS_OF_THIS_LEVEL,
    .fdn_run = fdn_run_avx2,
    .allpass_run = allpass_run_avx2,
    .tap_add = tap_add_avx2,
    .slope_run = slope_run_avx2,
    .room_blend = room_blend_avx2,
    MOTET_RESAMPLE_ENTRIES(avx2),
};

#endif
