#include "dsp/svf.h"

#include "dsp/math.h"

#include <math.h>

double motet_svf_tangent(double cutoff_hz, double sample_rate_hz) MOTET_NONBLOCKING
{
    double turns = 0.5 * cutoff_hz / sample_rate_hz;
    return motet_tan_turns(turns < 0.245 ? turns : 0.245);
}

double motet_svf_amplitude(double gain_db) MOTET_NONBLOCKING
{
    const double log2_10_over_40 = 0.0830482023721840586966;
    return gain_db == 0 ? 1 : motet_exp2(gain_db * log2_10_over_40);
}

motet_svf_shape motet_svf_shape_of(motet_svf_type type, double tangent, double q, double amplitude) MOTET_NONBLOCKING
{
    double a = amplitude;
    double k = 1 / q;
    switch (type) {
    case MOTET_SVF_PEAK: k = 1 / (q * a); return (motet_svf_shape){tangent, k, 1, k * (a * a - 1), 0};
    case MOTET_SVF_LOWSHELF: return (motet_svf_shape){tangent / sqrt(a), k, 1, k * (a - 1), a * a - 1};
    case MOTET_SVF_HIGHSHELF: return (motet_svf_shape){tangent * sqrt(a), k, a * a, k * (1 - a) * a, 1 - a * a};
    case MOTET_SVF_LOWPASS: return (motet_svf_shape){tangent, k, 0, 0, 1};
    case MOTET_SVF_HIGHPASS: return (motet_svf_shape){tangent, k, 1, -k, -1};
    case MOTET_SVF_NOTCH: return (motet_svf_shape){tangent, k, 1, -k, 0};
    case MOTET_SVF_BANDPASS: return (motet_svf_shape){tangent, k, 0, k, 0};
    default: return (motet_svf_shape){tangent, k, 1, 0, 0};
    }
}

motet_svf_shape motet_svf_mixed(const motet_svf_shape *a, const motet_svf_shape *b, double share) MOTET_NONBLOCKING
{
    return (motet_svf_shape){a->g + (b->g - a->g) * share, a->k + (b->k - a->k) * share,
                             a->m0 + (b->m0 - a->m0) * share, a->m1 + (b->m1 - a->m1) * share,
                             a->m2 + (b->m2 - a->m2) * share};
}

/* v1 = a1 s1 + a2 (x - s2), v2 = s2 + a2 s1 + a3 (x - s2) with a1 = 1 / (1 + g (g + k)), a2 = g a1, a3 = g a2; the sums
 * become 2 v1 - s1 and 2 v2 - s2, so that v1 and v2 are the means of the old and the new ones. */
motet_svf motet_svf_of(const motet_svf_shape *shape) MOTET_NONBLOCKING
{
    double a1 = 1 / (1 + shape->g * (shape->g + shape->k));
    double b = 2 * shape->g * a1;
    double p = 2 * a1 - 1, r = shape->g * b, c = 1 - r;
    return (motet_svf){.p = p,
                       .b = b,
                       .r = r,
                       .m0 = shape->m0,
                       .h1 = 0.5 * shape->m1,
                       .h2 = 0.5 * shape->m2,
                       .p2 = p * p - b * b,
                       .b2 = b * (p + c),
                       .c2 = c * c - b * b,
                       .x1 = b * (p - r),
                       .x2 = b * b + c * r};
}

/* The poles are where the integrators' loop has s^2 + k s + 1 = 0, and the bilinear transform takes them to
 * (1 + g s) / (1 - g s). */
double motet_svf_decay_frames(const motet_svf_shape *shape, double factor) MOTET_NONBLOCKING
{
    double g = shape->g, k = shape->k;
    double radius; /* squared, of the slower pole */
    if (k < 2) {
        radius = (1 - g * k + g * g) / (1 + g * k + g * g);
    } else {
        double root = 0.5 * sqrt(k * k - 4);
        double slow = 1 / (0.5 * k + root), fast = 0.5 * k + root;
        double first = (1 - g * slow) / (1 + g * slow), second = (1 - g * fast) / (1 + g * fast);
        radius = first * first > second * second ? first * first : second * second;
    }
    return radius > 1e-12 ? 2 * motet_log2(factor) / motet_log2(radius) : 2;
}
