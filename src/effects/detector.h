/* How loud a sound is, frame by frame: what compressor and gate listen to. Of the side-chain where there is one, else
 * of the sound itself; of both channels together, so that both are treated alike; above a high-pass, so that bass need
 * not count. In two ways:
 *   peak   the largest magnitude of the last 5 ms: at once when it rises, and steady for tones above 100 Hz
 *   rms    the root of the mean square, over 10 ms (a first-order mean); of a full-scale sine -3 dB */
#ifndef MOTET_EFFECTS_DETECTOR_H
#define MOTET_EFFECTS_DETECTOR_H

#include "dsp/sliding_max.h"
#include "effects/band.h"

enum { MOTET_DETECTOR_PEAK, MOTET_DETECTOR_RMS };

enum { MOTET_RUN_FRAMES = 512 }; /* the most */

/* The high-pass is off at the lowest cutoff. */
#define MOTET_KEY_HIGHPASS_MIN_HZ 10.0f
#define MOTET_KEY_HIGHPASS                                                                                        \
    {                                                                                                             \
        "key_highpass_hz", "Hz", MOTET_KEY_HIGHPASS_MIN_HZ, 2000, MOTET_KEY_HIGHPASS_MIN_HZ, MOTET_PARAMETER_LOG, \
            NULL, "What is below it does not count for the level; 10: everything counts."                         \
    }

typedef struct motet_detector {
    motet_band highpass;
    motet_sliding_max peaks;
    double mean_square, mean_keep;
    uint32_t kind;
    uint32_t sample_rate_hz;
} motet_detector;

/* Of its memory behind it. */
size_t motet_detector_size(uint32_t sample_rate_hz);
/* `window`: so many bytes, zeroed. */
void motet_detector_init(motet_detector *detector, uint32_t *window, uint32_t sample_rate_hz);
void motet_detector_reset(motet_detector *detector) MOTET_NONBLOCKING;

/* The linear level in each frame of a run. `highpass` is the parameter's index; `kind` likewise, or UINT32_MAX for peak. */
void motet_detector_run(motet_detector *detector, float *levels, const motet_effect_run *run, uint32_t highpass,
                        uint32_t kind) MOTET_NONBLOCKING;

/* A time as the factor that leaves 1/e of a distance after it: 63 % of the way. */
typedef struct motet_pace {
    float seconds; /* of `keep`; 0: none yet */
    double keep;
} motet_pace;

double motet_pace_keep(motet_pace *pace, float seconds, uint32_t sample_rate_hz) MOTET_NONBLOCKING;

/* A frame on the way: what is left of it at last is nothing. */
static inline double motet_pace_follow(double now, double wanted, double keep) MOTET_NONBLOCKING
{
    now = wanted + (now - wanted) * keep;
    double left = now - wanted;
    return left < 1e-9 && left > -1e-9 ? wanted : now;
}

/* Decibels of a level above 0. */
double motet_detector_db(float level) MOTET_NONBLOCKING;

#endif /* MOTET_EFFECTS_DETECTOR_H */
