#include "dsp/sliding_max.h"

void motet_sliding_max_run(motet_sliding_max *sliding, uint32_t *maxima, const uint32_t *values,
                           uint32_t count) MOTET_NONBLOCKING
{
    uint32_t *window = sliding->window;
    const uint32_t last = sliding->length - 1;
    uint32_t at = sliding->at;
    uint32_t peak = sliding->peak;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t value = values[i];
        peak = peak > value ? peak : value;
        if (at < last) {
            maxima[i] = peak > window[at + 1] ? peak : window[at + 1];
            window[at++] = value;
        } else {
            maxima[i] = peak;
            window[at] = value;
            peak = value;
            for (; at > 0; at--) {
                peak = peak > window[at - 1] ? peak : window[at - 1];
                window[at - 1] = peak;
            }
            peak = 0;
        }
    }
    sliding->at = at;
    sliding->peak = peak;
}
