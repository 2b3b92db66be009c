#include "levels.h"

#include "output.h"

#include <ebur128.h>
#include <math.h>

motet_levels motet_levels_measure(const motet_clip *clip)
{
    motet_levels result = {.lufs = -INFINITY};
    double peak = 0;
    for (size_t i = 0; i < (size_t)clip->frames * clip->channels; i++) {
        double size = fabs((double)clip->samples[i]);
        peak = size > peak ? size : peak;
    }
    result.peak_dbfs = motet_level_db(peak);
    ebur128_state *state = ebur128_init(clip->channels, clip->rate_hz, EBUR128_MODE_I);
    if (state != NULL) {
        if (ebur128_add_frames_float(state, clip->samples, (size_t)clip->frames) != EBUR128_SUCCESS ||
            ebur128_loudness_global(state, &result.lufs) != EBUR128_SUCCESS) {
            result.lufs = -INFINITY;
        }
        ebur128_destroy(&state);
    }
    return result;
}
