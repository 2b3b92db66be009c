#include "dsp/window.h"

/* The modified Bessel function I0 of 2 sqrt(quarter), by its power series: of an argument x, give x^2 / 4. */
static double bessel_i0(double quarter)
{
    double term = 1;
    double sum = 1;
    for (int k = 1; term > sum * 1e-17 || term < sum * -1e-17; k++) {
        term *= quarter / ((double)k * k);
        sum += term;
    }
    return sum;
}

double motet_kaiser(double b, double u)
{
    double quarter = b * b / 4;
    return bessel_i0(quarter * (1 - u * u)) / bessel_i0(quarter);
}
