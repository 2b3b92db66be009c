#include "dsp/math.h"

#include <stdint.h>
#include <string.h>

/* 2^n for -1022 <= n <= 1023, by its bits. */
static double power_of_two(int64_t n) MOTET_NONBLOCKING
{
    uint64_t bits = (uint64_t)(n + 1023) << 52;
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* 2^x = 2^n e^t with |t| <= ln(2)/2. There the 14th power of e's series is below 1e-17, and every 1/k! is a constant
 * that the compiler rounds once. */
double motet_exp2(double x) MOTET_NONBLOCKING
{
    const double ln_2 = 0.693147180559945309417;
    int64_t n = (int64_t)(x < 0 ? x - 0.5 : x + 0.5); /* a cast truncates in every rounding mode */
    double t = (x - (double)n) * ln_2;
    double sum = 1.0 / 6227020800.0;
    sum = sum * t + 1.0 / 479001600.0;
    sum = sum * t + 1.0 / 39916800.0;
    sum = sum * t + 1.0 / 3628800.0;
    sum = sum * t + 1.0 / 362880.0;
    sum = sum * t + 1.0 / 40320.0;
    sum = sum * t + 1.0 / 5040.0;
    sum = sum * t + 1.0 / 720.0;
    sum = sum * t + 1.0 / 120.0;
    sum = sum * t + 1.0 / 24.0;
    sum = sum * t + 1.0 / 6.0;
    sum = sum * t + 0.5;
    sum = sum * t + 1.0;
    return (1.0 + t * sum) * power_of_two(n);
}

/* x = 2^e m with m in [sqrt(1/2), sqrt(2)), and ln(m) = 2 artanh((m - 1) / (m + 1)): the argument stays below 0.172,
 * so that twelve terms of the series are enough. Powers of two come out exact because m is 1 there. */
double motet_log2(double x) MOTET_NONBLOCKING
{
    const double sqrt_2 = 1.41421356237309504880;
    const double two_over_ln_2 = 2.88539008177792681472;
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    int64_t exponent = (int64_t)((bits >> 52) & 0x7ff) - 1023;
    bits = (bits & UINT64_C(0x000fffffffffffff)) | UINT64_C(0x3ff0000000000000);
    double m;
    memcpy(&m, &bits, sizeof m);
    if (m >= sqrt_2) {
        m *= 0.5;
        exponent++;
    }
    double s = (m - 1.0) / (m + 1.0);
    double square = s * s;
    double sum = 1.0 / 23.0;
    sum = sum * square + 1.0 / 21.0;
    sum = sum * square + 1.0 / 19.0;
    sum = sum * square + 1.0 / 17.0;
    sum = sum * square + 1.0 / 15.0;
    sum = sum * square + 1.0 / 13.0;
    sum = sum * square + 1.0 / 11.0;
    sum = sum * square + 1.0 / 9.0;
    sum = sum * square + 1.0 / 7.0;
    sum = sum * square + 1.0 / 5.0;
    sum = sum * square + 1.0 / 3.0;
    sum = s + s * square * sum;
    return (double)exponent + sum * two_over_ln_2;
}

/* Taylor series of sin(2 pi t) and cos(2 pi t) for |t| <= 1/8, in the angle a = 2 pi t <= 0.786: the first term left
 * out is below 1e-17 of the value in both. */
static double sine_of_eighth(double t) MOTET_NONBLOCKING
{
    double a = t * 6.28318530717958647693;
    double square = a * a;
    double sum = -1.0 / 1307674368000.0;
    sum = sum * square + 1.0 / 6227020800.0;
    sum = sum * square - 1.0 / 39916800.0;
    sum = sum * square + 1.0 / 362880.0;
    sum = sum * square - 1.0 / 5040.0;
    sum = sum * square + 1.0 / 120.0;
    sum = sum * square - 1.0 / 6.0;
    return a + a * square * sum;
}

static double cosine_of_eighth(double t) MOTET_NONBLOCKING
{
    double a = t * 6.28318530717958647693;
    double square = a * a;
    double sum = 1.0 / 20922789888000.0;
    sum = sum * square - 1.0 / 87178291200.0;
    sum = sum * square + 1.0 / 479001600.0;
    sum = sum * square - 1.0 / 3628800.0;
    sum = sum * square + 1.0 / 40320.0;
    sum = sum * square - 1.0 / 720.0;
    sum = sum * square + 1.0 / 24.0;
    sum = sum * square - 0.5;
    return 1.0 + square * sum;
}

/* sin(2 pi (turns + quarters / 4)). The whole turns and the nearest quarter are taken off exactly: each remainder is
 * a multiple of its operands' last place and smaller than they are. The quarter is found by truncating eighths,
 * because adding a half to the number of quarters could round. */
static double sine(double turns, int64_t quarters) MOTET_NONBLOCKING
{
    double fraction = turns - (double)(int64_t)turns;
    int64_t eighths = (int64_t)(fraction * 8.0);
    int64_t quarter = (eighths < 0 ? eighths - 1 : eighths + 1) / 2;
    double t = fraction - (double)quarter * 0.25;
    switch ((quarter + quarters) & 3) {
    case 0: return sine_of_eighth(t);
    case 1: return cosine_of_eighth(t);
    case 2: return 0.0 - sine_of_eighth(t);
    default: return 0.0 - cosine_of_eighth(t);
    }
}

double motet_sin_turns(double turns) MOTET_NONBLOCKING
{
    return sine(turns, 0);
}

double motet_cos_turns(double turns) MOTET_NONBLOCKING
{
    return sine(turns, 1);
}

/* Above an eighth it is the reciprocal of the rest's to a quarter, which is taken exactly. */
double motet_tan_turns(double turns) MOTET_NONBLOCKING
{
    double t = turns > 0.125 ? 0.25 - turns : turns;
    double s = sine_of_eighth(t);
    double c = cosine_of_eighth(t);
    return turns > 0.125 ? c / s : s / c;
}

#define SILENCE_DB (-80.0)
#define SILENCE_GAIN 1e-4

double motet_db_to_gain(double volume_db) MOTET_NONBLOCKING
{
    const double log2_10_over_20 = 0.166096404744368117394;
    if (volume_db == 0) {
        return 1; /* as it is below, and what most voices are started with */
    }
    return volume_db > SILENCE_DB ? motet_exp2(volume_db * log2_10_over_20) : 0.0;
}

double motet_gain_to_db(double gain) MOTET_NONBLOCKING
{
    const double db_of_a_doubling = 6.02059991327962390427;
    return gain > SILENCE_GAIN ? motet_log2(gain) * db_of_a_doubling : SILENCE_DB;
}
