#include "dsp/convert_rate.h"

#include "dsp/math.h"
#include "dsp/window.h"

#include <assert.h>

enum {
    LEAST_TAPS = 128,
    MOST_TAPS = 65536, /* for a five-hundredth of the rate; beyond, the band is not narrowed any more */
    MOST_PHASES = 1024,
    WINDOW_POINTS = 1024
};

/* Kaiser's b for 125 dB. */
static const double BESSEL = 12.8;
static const double PI = 3.14159265358979323846;

/* ----------------------------------------------------------------------------------------------------- The filter */

static uint32_t common_factor(uint32_t a, uint32_t b)
{
    while (b != 0) {
        uint32_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

/* The kernel is as much wider than at equal rates as the rate falls. */
static uint32_t taps_of(uint32_t from, uint32_t to)
{
    assert(to > 0);
    uint64_t taps = from <= to ? LEAST_TAPS : ((uint64_t)LEAST_TAPS * from + to - 1) / to;
    taps = (taps + MOTET_SINC_LANES - 1) / MOTET_SINC_LANES * MOTET_SINC_LANES;
    return taps < MOST_TAPS ? (uint32_t)taps : MOST_TAPS;
}

/* One for each place that a frame can have, if these are not too many; else as many as make the error of linear
 * interpolation between them 130 dB small. A wider kernel is as much smoother. */
static uint32_t phases_of(uint32_t to, uint32_t taps)
{
    uint32_t most = (MOST_PHASES * LEAST_TAPS + taps - 1) / taps;
    return to < most ? to : most;
}

static motet_rate_filter plan(uint32_t from_hz, uint32_t to_hz)
{
    assert(from_hz > 0 && to_hz > 0);
    uint32_t factor = common_factor(from_hz, to_hz);
    motet_rate_filter filter = {.from = from_hz / factor, .to = to_hz / factor};
    filter.bank.taps = taps_of(filter.from, filter.to);
    filter.bank.phases = phases_of(filter.to, filter.bank.taps);
    return filter;
}

size_t motet_rate_filter_size(uint32_t from_hz, uint32_t to_hz)
{
    motet_rate_filter filter = plan(from_hz, to_hz);
    return (size_t)(filter.bank.phases + 1) * filter.bank.taps * sizeof(float);
}

/* The window at u from 0 to 1, from points at every 1/1024 of that with one more on either side: cubic interpolation
 * is exact to 1e-10, and ten times faster than the series. */
static double window_at(const double *points, double u)
{
    double x = u * WINDOW_POINTS;
    uint32_t i = (uint32_t)x;
    i = i < WINDOW_POINTS ? i : WINDOW_POINTS - 1;
    double f = x - i;
    const double *p = points + i;
    double below = p[0] * (1 - f) * (2 - f) * f / -6 + p[1] * (1 - f) * (2 - f) * (1 + f) / 2;
    double above = p[2] * (1 + f) * (2 - f) * f / 2 - p[3] * (1 + f) * (1 - f) * f / 6;
    return below + above;
}

/* The part of the source's band that is let through. */
static double band_of(const motet_rate_filter *filter)
{
    const double least = (double)LEAST_TAPS / MOST_TAPS;
    double band = filter->from <= filter->to ? 1 : (double)filter->to / filter->from;
    return band > least ? band : least;
}

static double kernel_at(const double *window, double band, double half, double t)
{
    double u = t < 0 ? -t / half : t / half;
    double sine = t == 0 ? band : motet_sin_turns(band * t / 2) / (PI * t);
    return sine * window_at(window, u);
}

void motet_rate_filter_build(motet_rate_filter *filter, uint32_t from_hz, uint32_t to_hz, float *coefficients)
{
    double window[WINDOW_POINTS + 3];
    *filter = plan(from_hz, to_hz);
    filter->bank.rows = coefficients;
    for (int i = 0; i < WINDOW_POINTS + 3; i++) {
        window[i] = motet_kaiser(BESSEL, (double)(i - 1) / WINDOW_POINTS);
    }
    uint32_t taps = filter->bank.taps;
    uint32_t phases = filter->bank.phases;
    uint32_t half = taps / 2;
    double band = band_of(filter);
    for (uint32_t phase = 0; phase <= phases / 2; phase++) {
        double first = -(double)(half - 1) - (double)phase / phases;
        double sum = 0;
        for (uint32_t k = 0; k < taps; k++) {
            sum += kernel_at(window, band, half, first + k);
        }
        for (uint32_t k = 0; k < taps; k++) {
            float coefficient = (float)(kernel_at(window, band, half, first + k) / sum);
            coefficients[(size_t)phase * taps + k] = coefficient;
            /* The fraction p / P read forwards is 1 - p / P read backwards. */
            coefficients[(size_t)(phases - phase) * taps + taps - 1 - k] = coefficient;
        }
    }
}

/* --------------------------------------------------------------------------------------------------- Converting */

uint64_t motet_rate_frames(const motet_rate_filter *filter, uint64_t frames)
{
    uint64_t product = frames * filter->to;
    return product / filter->from + (product % filter->from != 0);
}

motet_rate_span motet_rate_filter_span(const motet_rate_filter *filter, uint64_t first, uint32_t count)
{
    uint64_t from = first * filter->from / filter->to;
    uint64_t last = (first + count - 1) * filter->from / filter->to;
    return (motet_rate_span){(int64_t)from - motet_sinc_before(&filter->bank), last - from + filter->bank.taps};
}

void motet_rate_convert(const motet_rate_filter *filter, motet_sinc_fn *dot_products, float *out, const float *window,
                        uint64_t first, uint32_t count)
{
    uint64_t positions[MOTET_RATE_CHUNK];
    assert(count <= MOTET_RATE_CHUNK);
    uint64_t start = first * filter->from;
    uint64_t rest = start % filter->to;
    uint64_t whole = motet_sinc_before(&filter->bank);
    for (uint32_t k = 0; k < count; k++) {
        /* Rounded up to 2^-32 of a frame: never short of the row that it stands for. */
        positions[k] = whole << 32 | ((rest << 32) + filter->to - 1) / filter->to;
        rest += filter->from;
        whole += rest / filter->to;
        rest %= filter->to;
    }
    dot_products(out, window, positions, count, &filter->bank);
}
