#include "dsp/ramp_kernels.h"

#include <stddef.h>

void motet_smooth_weights(double *out, uint64_t first, uint32_t length, uint32_t count) MOTET_NONBLOCKING
{
    double n = (double)length;
    for (uint32_t k = 0; k < count; k++) {
        double t = (double)(first + k) / n;
        out[k] = t * t * (3 - 2 * t);
    }
}

void motet_shed_weights(double *out, uint64_t first, uint32_t length, uint32_t count) MOTET_NONBLOCKING
{
    double m = (double)length;
    for (uint32_t k = 0; k < count; k++) {
        double s = (double)(first + k) / m;
        double rest = 1 - s;
        out[k] = first + k < length ? s * rest * rest : 0;
    }
}

static inline double value_at(const motet_ramp_run *run, uint32_t k) MOTET_NONBLOCKING
{
    double value = run->from + run->distance * run->smooth[k];
    if (run->shed != NULL) {
        value += run->lift * run->shed[k];
    }
    return value < run->low ? run->low : value > run->high ? run->high : value;
}

void motet_ramp_run_write(double *out, const motet_ramp_run *run, uint32_t count) MOTET_NONBLOCKING
{
    for (uint32_t k = 0; k < count; k++) {
        out[k] = value_at(run, k);
    }
}

void motet_ramp_run_multiply(double *out, const motet_ramp_run *run, uint32_t count) MOTET_NONBLOCKING
{
    for (uint32_t k = 0; k < count; k++) {
        out[k] *= value_at(run, k);
    }
}

static float floored(double gain) MOTET_NONBLOCKING
{
    return gain < MOTET_GAIN_FLOOR ? 0 : (float)gain;
}

void motet_ramp_gains(float *left, float *right, const double *level, const double *share_left,
                      const double *share_right, uint32_t count) MOTET_NONBLOCKING
{
    for (uint32_t k = 0; k < count; k++) {
        left[k] = floored(level[k] * share_left[k]);
        right[k] = floored(level[k] * share_right[k]);
    }
}
