/* The level avx512 of dsp/kernels.h. */
#include "dsp/kernels.h"
#include "dsp/resample.h"

#if defined(MOTET_KERNELS_X86)
#    include "dsp/vector_avx512.h"

#    include "dsp/kernels_body.h"

#    define FDN_NAME(name) name##_avx512
#    include "dsp/fdn_body.h"

const motet_kernels motet_kernels_avx512 = {
    .name = "avx512",
    KERNELS_OF_THIS_LEVEL,
    .fdn_run = fdn_run_avx512,
    .allpass_run = allpass_run_avx512,
    .tap_add = tap_add_avx512,
    .slope_run = slope_run_avx512,
    .room_blend = room_blend_avx512,
    MOTET_RESAMPLE_ENTRIES(avx512),
};

#endif
