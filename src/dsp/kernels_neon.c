/* The level neon of dsp/kernels.h. */
#include "dsp/kernels.h"
#include "dsp/resample.h"

#if defined(MOTET_KERNELS_NEON)
#    include "dsp/vector_neon.h"

#    include "dsp/kernels_body.h"

#    define FDN_NAME(name) name##_neon
#    include "dsp/fdn_body.h"

const motet_kernels motet_kernels_neon = {
    .name = "neon",
    KERNELS_OF_THIS_LEVEL,
    .fdn_run = fdn_run_neon,
    .allpass_run = allpass_run_neon,
    .tap_add = tap_add_neon,
    .slope_run = slope_run_neon,
    .room_blend = room_blend_neon,
    MOTET_RESAMPLE_ENTRIES(neon),
};

#endif
