/* The filters of the sinc tiers.
 *
 * Bank 0 is the sine cardinal of the source's own band under Kaiser's window: only a sine cardinal of exactly this
 * width is 1 at its centre and 0 at every other frame.
 *
 * The others are least-squares designs (the method: Tufts and Francis, "Designing digital low-pass filters", 1970).
 * A windowed sine cardinal errs as much in the pass band as in the stop band; here errors of 0.3 dB (sinc16) and
 * 0.02 dB (sinc32) are allowed in the one, which makes the other 20 to 40 dB better at the same length. A kernel of
 * `taps` frames is a sum of cosines that fit into it,
 *
 *     h(t) = sum over m < M of a[m] (-1)^m cos(2 pi m t / taps),   |t| <= taps / 2,
 *
 * and at x periods in its length its spectrum is, but for a common factor,
 *
 *     H(x) = sum over m < M of a[m] sin(pi x) x / (x^2 - m^2).
 *
 * The a[m] minimise the integral of W(x) (H(x) - D(x))^2 with D = 1 up to the pass band's end, 0 from the stop band's
 * start, and nothing asked for in between. */
#include "dsp/math.h"
#include "dsp/sinc.h"
#include "dsp/window.h"

#include <assert.h>

enum { PHASES = 128, BANKS_PER_OCTAVE = 6, MAX_TERMS = 32 };

/* How a tier is designed. Lengths on the scale of frequencies are in periods in a kernel's length. */
typedef struct tier_design {
    double bessel;      /* bank 0: the window's b */
    double transition;  /* from the pass band's end to the stop band's start */
    double pass_weight; /* of an error in the pass band against one in the stop band */
    double edge;        /* errors this near to the edge of a band weigh more: 1 + EDGE_WEIGHT / (1 + (d / edge)^2) */
} tier_design;

static const double EDGE_WEIGHT = 10;
/* How far into the stop band errors are looked at one by one. */
static const double REACH = 16;

/* Found by a search over all base banks: sinc16 for a stop band 68 dB down and a pass band even to 0.3 dB, sinc32 for
 * 98 dB and 0.03 dB, each with the shortest transition. */
static const tier_design design_16 = {8.2, 11.0 / 48 * 16, 2e-5, 0.125};
static const tier_design design_32 = {11.6, 8.15 / 48 * 32, 7.5e-7, 0.7};

static const double PI = 3.14159265358979323846;

/* --------------------------------------------------------------------------------------------------- The banks */

/* The highest ratio that a bank serves: 1, 1.03 ... 1.42, then six to an octave. */
static double ratio_of(uint32_t bank)
{
    const uint32_t last = MOTET_SINC_BASE_BANKS - 1;
    if (bank <= last) {
        return (100 + 3 * bank) / 100.0;
    }
    return 1.42 * motet_exp2((double)(bank - last) / BANKS_PER_OCTAVE);
}

/* How many times wider than a base bank its kernel is. */
static double stretch_of(uint32_t bank)
{
    const uint32_t last = MOTET_SINC_BASE_BANKS - 1;
    return bank <= last ? 1 : motet_exp2((double)(bank - last) / BANKS_PER_OCTAVE);
}

static uint32_t rounded_up(double value)
{
    uint32_t whole = (uint32_t)value;
    return (double)whole < value ? whole + 1 : whole;
}

static uint32_t taps_of(uint32_t bank, uint32_t least_taps)
{
    return least_taps * rounded_up(stretch_of(bank));
}

static uint32_t phases_of(uint32_t bank)
{
    return rounded_up(PHASES / stretch_of(bank));
}

/* Where the stop band of a ratio starts, in periods in a frame of the source. From 1.3 on it is 13/12 of the output's
 * Nyquist frequency: what folds back from between the two lies within a twelfth below it. At 1 nothing can fold back,
 * and the band lies around the source's own Nyquist frequency as bank 0's does; in between it moves evenly. */
static double stop_of(double ratio)
{
    return ratio < 1.3 ? (29 - 30 * (ratio - 1)) / 48 : 26.0 / 48 / ratio;
}

/* --------------------------------------------------------------------------------------------- Bank 0's kernel */

static double windowed(const tier_design *design, uint32_t taps, double t)
{
    double sine = t == 0 ? 1 : motet_sin_turns(t / 2) / (PI * t);
    return sine * motet_kaiser(design->bessel, t / (taps / 2));
}

/* --------------------------------------------------------------------------------------- The other banks' kernels */

typedef struct cosines {
    uint32_t count;
    double weights[MAX_TERMS]; /* a[m] (-1)^m */
} cosines;

/* The normal equations of a design: A a = b. */
typedef struct normal_equations {
    uint32_t count;
    double matrix[MAX_TERMS][MAX_TERMS]; /* the lower half */
    double right[MAX_TERMS];
} normal_equations;

/* Asks for the sum of the terms, each times its a[m], to be `goal`. */
static void ask(normal_equations *equations, const double *terms, double goal, double weight)
{
    for (uint32_t i = 0; i < equations->count; i++) {
        double weighted = weight * terms[i];
        for (uint32_t j = 0; j <= i; j++) {
            equations->matrix[i][j] += weighted * terms[j];
        }
        equations->right[i] += weighted * goal;
    }
}

/* Asks for H(x) = `goal`. */
static void ask_at(normal_equations *equations, double x, double goal, double weight)
{
    double common = motet_sin_turns(x / 2) * x;
    double terms[MAX_TERMS] = {0};
    for (uint32_t m = 0; m < equations->count; m++) {
        double distance = x - m;
        terms[m] = distance == 0 ? 0 : common / (distance * (x + m)); /* a single point more or less is no matter */
    }
    ask(equations, terms, goal, weight);
}

/* Asks for H = 0 from `x` on: far out it is sin(pi x) / x times the sum of all a[m], which is the step at the kernel's
 * ends, and the integral of its square is half that of 1 / x^2. */
static void ask_beyond(normal_equations *equations, double x)
{
    double terms[MAX_TERMS] = {0};
    for (uint32_t m = 0; m < equations->count; m++) {
        terms[m] = 1;
    }
    ask(equations, terms, 0, 0.5 / x);
}

static double edge_weight(const tier_design *design, double distance)
{
    double d = distance / design->edge;
    return 1 + EDGE_WEIGHT / (1 + d * d);
}

/* Solves them as L D L', with a in the place of b. */
static void solve(normal_equations *equations)
{
    double(*matrix)[MAX_TERMS] = equations->matrix;
    double *b = equations->right;
    uint32_t count = equations->count;
    for (uint32_t i = 0; i < count; i++) {
        for (uint32_t j = 0; j < i; j++) {
            for (uint32_t k = 0; k < j; k++) {
                matrix[i][j] -= matrix[i][k] * matrix[j][k] * matrix[k][k];
            }
            matrix[i][j] /= matrix[j][j];
        }
        for (uint32_t k = 0; k < i; k++) {
            matrix[i][i] -= matrix[i][k] * matrix[i][k] * matrix[k][k];
            b[i] -= matrix[i][k] * b[k];
        }
        assert(matrix[i][i] > 0);
    }
    for (uint32_t i = count; i-- > 0;) {
        b[i] /= matrix[i][i];
        for (uint32_t k = i + 1; k < count; k++) {
            b[i] -= matrix[k][i] * b[k];
        }
    }
}

/* In even steps from both edges, so that all banks of a tier come out alike. */
static cosines least_squares(const tier_design *design, double stop_start)
{
    const double pass_step = 0.125;
    const double stop_step = 0.25;
    double pass_end = stop_start - design->transition;
    normal_equations equations = {.count = (uint32_t)stop_start + 2};
    assert(equations.count <= MAX_TERMS && pass_end > 0);
    for (double d = pass_step / 2; d < pass_end; d += pass_step) {
        ask_at(&equations, pass_end - d, 1, pass_step * design->pass_weight * edge_weight(design, d));
    }
    for (double d = stop_step / 2; d < REACH; d += stop_step) {
        ask_at(&equations, stop_start + d, 0, stop_step * edge_weight(design, d));
    }
    ask_beyond(&equations, stop_start + REACH);
    solve(&equations);
    cosines kernel = {.count = equations.count};
    for (uint32_t m = 0; m < kernel.count; m++) {
        kernel.weights[m] = m % 2 == 0 ? equations.right[m] : -equations.right[m];
    }
    return kernel;
}

/* The sum of cosines at an angle, by Clenshaw's recurrence. */
static double cosine_sum(const cosines *kernel, double turns)
{
    double twice = 2 * motet_cos_turns(turns);
    double b1 = 0;
    double b2 = 0;
    for (uint32_t m = kernel->count; m-- > 1;) {
        double b = kernel->weights[m] + twice * b1 - b2;
        b2 = b1;
        b1 = b;
    }
    return kernel->weights[0] + twice / 2 * b1 - b2;
}

/* ------------------------------------------------------------------------------------------------------ The tables */

/* Writes a row and its mirror: the fraction p / P read forwards is 1 - p / P read backwards. Each sums to 1. */
static void write_rows(float *rows, uint32_t taps, uint32_t phases, uint32_t phase, const double *kernel)
{
    double sum = 0;
    for (uint32_t k = 0; k < taps; k++) {
        sum += kernel[k];
    }
    for (uint32_t k = 0; k < taps; k++) {
        float coefficient = (float)(kernel[k] / sum);
        rows[(size_t)phase * taps + k] = coefficient;
        rows[(size_t)(phases - phase) * taps + taps - 1 - k] = coefficient;
    }
}

static void build_bank(float *rows, const tier_design *design, uint32_t bank, uint32_t taps, uint32_t phases)
{
    double kernel[MOTET_SINC_MAX_TAPS];
    cosines sum = {0};
    if (bank > 0) {
        sum = least_squares(design, taps * stop_of(ratio_of(bank)));
    }
    for (uint32_t phase = 0; phase <= phases / 2; phase++) {
        for (uint32_t k = 0; k < taps; k++) {
            double t = (double)k - (taps / 2 - 1) - (double)phase / phases;
            kernel[k] = bank > 0 ? cosine_sum(&sum, t / taps) : windowed(design, taps, t);
        }
        write_rows(rows, taps, phases, phase, kernel);
    }
}

static size_t floats_of(uint32_t bank, uint32_t least_taps)
{
    return (size_t)(phases_of(bank) + 1) * taps_of(bank, least_taps);
}

size_t motet_sinc_size(uint32_t least_taps)
{
    size_t floats = 0;
    for (uint32_t bank = 0; bank < MOTET_SINC_BANKS; bank++) {
        floats += floats_of(bank, least_taps);
    }
    return floats * sizeof(float);
}

void motet_sinc_build(motet_sinc *sinc, uint32_t least_taps, float *coefficients)
{
    const tier_design *design = least_taps == 16 ? &design_16 : &design_32;
    assert(least_taps == 16 || least_taps == 32);
    for (uint32_t bank = 0; bank < MOTET_SINC_BANKS; bank++) {
        uint32_t taps = taps_of(bank, least_taps);
        uint32_t phases = phases_of(bank);
        sinc->steps[bank] = (uint64_t)(ratio_of(bank) * 4294967296.0 + 0.5);
        sinc->banks[bank] = (motet_sinc_bank){coefficients, taps, phases};
        build_bank(coefficients, design, bank, taps, phases);
        coefficients += floats_of(bank, least_taps);
    }
}
