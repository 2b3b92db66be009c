/* The level sse2 of dsp/kernels.h. */
#include "dsp/kernels.h"
#include "dsp/resample.h"

#if defined(MOTET_KERNELS_X86)
#    include "dsp/vector_sse2.h"

#    include "dsp/kernels_body.h"

#    define FDN_NAME(name) name##_sse2
#    include "dsp/fdn_body.h"

const motet_kernels motet_kernels_sse2 = {
    .name = "sse2",
    KERNELS_OF_THIS_LEVEL,
    .fdn_run = fdn_run_sse2,
    .allpass_run = allpass_run_sse2,
    .tap_add = tap_add_sse2,
    .slope_run = slope_run_sse2,
    .room_blend = room_blend_sse2,
    MOTET_RESAMPLE_ENTRIES(sse2),
};

#endif
