/* The responses that filters are measured against, written from R. Bristow-Johnson's "Audio EQ Cookbook" and evaluated
 * on the unit circle: nothing of it is shared with the filters. */
#ifndef MOTET_TESTS_SUPPORT_COOKBOOK_H
#define MOTET_TESTS_SUPPORT_COOKBOOK_H

#include <complex.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

/* In decibels; `type` is "peak", "lowshelf", "highshelf", "lowpass", "highpass", "notch" or "bandpass". */
static inline double cookbook_db(const char *type, double cutoff_hz, double q, double gain_db, double rate_hz,
                                 double hz)
{
    const double pi = 3.14159265358979323846;
    double w = 2 * pi * fmin(cutoff_hz, 0.49 * rate_hz) / rate_hz;
    double c = cos(w), alpha = sin(w) / (2 * q), a = pow(10, gain_db / 40), root = 2 * sqrt(a) * alpha;
    double b0 = 0, b1 = 0, b2 = 0, a0 = 1 + alpha, a1 = -2 * c, a2 = 1 - alpha;
    if (strcmp(type, "lowpass") == 0) {
        b0 = b2 = (1 - c) / 2, b1 = 1 - c;
    } else if (strcmp(type, "highpass") == 0) {
        b0 = b2 = (1 + c) / 2, b1 = -1 - c;
    } else if (strcmp(type, "bandpass") == 0) {
        b0 = alpha, b2 = -alpha;
    } else if (strcmp(type, "notch") == 0) {
        b0 = b2 = 1, b1 = -2 * c;
    } else if (strcmp(type, "peak") == 0) {
        b0 = 1 + alpha * a, b1 = -2 * c, b2 = 1 - alpha * a;
        a0 = 1 + alpha / a, a2 = 1 - alpha / a;
    } else if (strcmp(type, "lowshelf") == 0) {
        b0 = a * (a + 1 - (a - 1) * c + root), b1 = 2 * a * (a - 1 - (a + 1) * c);
        b2 = a * (a + 1 - (a - 1) * c - root);
        a0 = a + 1 + (a - 1) * c + root, a1 = -2 * (a - 1 + (a + 1) * c), a2 = a + 1 + (a - 1) * c - root;
    } else if (strcmp(type, "highshelf") == 0) {
        b0 = a * (a + 1 + (a - 1) * c + root), b1 = -2 * a * (a - 1 + (a + 1) * c);
        b2 = a * (a + 1 + (a - 1) * c - root);
        a0 = a + 1 - (a - 1) * c + root, a1 = 2 * (a - 1 - (a + 1) * c), a2 = a + 1 - (a - 1) * c - root;
    }
    double complex z = cexp(-2 * pi * hz / rate_hz * I);
    return 20 * log10(cabs((b0 + b1 * z + b2 * z * z) / (a0 + a1 * z + a2 * z * z)));
}

/* Of an impulse response. */
static inline double response_db(const float *response, uint32_t count, double rate_hz, double hz)
{
    const double complex turn = cexp(-2 * 3.14159265358979323846 * hz / rate_hz * I);
    double complex sum = 0;
    for (uint32_t k = count; k > 0; k--) {
        sum = sum * turn + (double)response[k - 1];
    }
    return 20 * log10(cabs(sum));
}

#endif /* MOTET_TESTS_SUPPORT_COOKBOOK_H */
