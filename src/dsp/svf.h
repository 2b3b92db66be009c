/* The state-variable filter in trapezoidal integration: A. Simper, "Linear Trapezoidal Integrated State Variable Filter
 * with Low Noise Optimisation" (Cytomic, 2013); V. Zavalishin, "The Art of VA Filter Design", chapters 3 and 4.
 *
 * Two integrators in a loop, by g = tan(pi cutoff / rate) and the damping k = 1 / q, give a band-pass v1 and a low-pass
 * v2 of the input x, and the output is m0 x + m1 v1 + m2 v2. The trapezoidal rule is the bilinear transform, so the
 * responses are those of R. Bristow-Johnson's cookbook ("Audio EQ Cookbook") exactly, with its meanings of q and of a
 * shelf's gain. What the state remembers is the integrators' sums, and one frame multiplies them by (1 + M) / (1 - M),
 * M = g [-k -1; 1 0]: a contraction for every g, k > 0, whatever they were the frame before. So it is stable however
 * fast they move, where a biquad's direct form is not. */
#ifndef MOTET_DSP_SVF_H
#define MOTET_DSP_SVF_H

#include "base/nonblocking.h"
#include "dsp/pair.h"

typedef enum motet_svf_type {
    MOTET_SVF_OFF, /* the input */
    MOTET_SVF_PEAK,
    MOTET_SVF_LOWSHELF,
    MOTET_SVF_HIGHSHELF,
    MOTET_SVF_LOWPASS,
    MOTET_SVF_HIGHPASS,
    MOTET_SVF_NOTCH,
    MOTET_SVF_BANDPASS /* 0 dB at its centre */
} motet_svf_type;

/* What a filter is, in numbers that may be mixed: any mixture of two shapes is stable too, and lies between them. */
typedef struct motet_svf_shape {
    double g, k, m0, m1, m2;
} motet_svf_shape;

/* `tangent` is motet_svf_tangent; `amplitude` is 10^(gain_db / 40), for peak and shelves. */
motet_svf_shape motet_svf_shape_of(motet_svf_type type, double tangent, double q, double amplitude) MOTET_NONBLOCKING;
/* Of cutoffs from 0 up; those near half of the rate and above count as 0.49 of it. */
double motet_svf_tangent(double cutoff_hz, double sample_rate_hz) MOTET_NONBLOCKING;
double motet_svf_amplitude(double gain_db) MOTET_NONBLOCKING;
/* From a (0) to b (1). */
motet_svf_shape motet_svf_mixed(const motet_svf_shape *a, const motet_svf_shape *b, double share) MOTET_NONBLOCKING;

/* A shape as its steps use it: the state's matrix is A = [p -b; b 1-r], and x comes in by B = [b; r]. Then the output's
 * factors, and A^2 = [p2 -b2; b2 c2] and A B = [x1; x2]. */
typedef struct motet_svf {
    double p, b, r, m0, h1, h2;
    double p2, b2, c2, x1, x2;
} motet_svf;

motet_svf motet_svf_of(const motet_svf_shape *shape) MOTET_NONBLOCKING;

/* Frames until the state has shrunk by `factor` (1e-8, say) when the input is silent. */
double motet_svf_decay_frames(const motet_svf_shape *shape, double factor) MOTET_NONBLOCKING;

/* The integrators of two channels, and behind an even frame (of the engine's count) what A makes of them once more. */
typedef struct motet_svf_state {
    motet_pair s1, s2;
    motet_pair ahead1, ahead2;
} motet_svf_state;

static inline motet_pair motet_svf_output(const motet_svf *f, motet_svf_state *state, motet_pair x, motet_pair s1,
                                          motet_pair s2) MOTET_NONBLOCKING
{
    motet_pair y = (f->m0 * x + f->h1 * (state->s1 + s1)) + f->h2 * (state->s2 + s2);
    state->s1 = s1;
    state->s2 = s2;
    return y;
}

/* One frame. */
static inline motet_pair motet_svf_step(const motet_svf *f, motet_svf_state *state, motet_pair x) MOTET_NONBLOCKING
{
    motet_pair v = x - state->s2;
    motet_pair s1 = f->p * state->s1 + f->b * v;
    motet_pair s2 = (state->s2 + f->b * state->s1) + f->r * v;
    return motet_svf_output(f, state, x, s1, s2);
}

/* Each frame waits for the sums of the one before it. So an even frame also works out what an odd one after it, if that
 * has the same filter, finds of it and of all before: the odd one only adds its own sample. Then two frames wait as
 * long as one did. */
static inline motet_pair motet_svf_step_even(const motet_svf *f, motet_svf_state *state, motet_pair x) MOTET_NONBLOCKING
{
    state->ahead1 = (f->p2 * state->s1 - f->b2 * state->s2) + f->x1 * x;
    state->ahead2 = (f->b2 * state->s1 + f->c2 * state->s2) + f->x2 * x;
    return motet_svf_step(f, state, x);
}

/* `same` is whether the frame before had the same p, b and r. */
static inline motet_pair motet_svf_step_odd(const motet_svf *f, motet_svf_state *state, motet_pair x,
                                            int same) MOTET_NONBLOCKING
{
    return same ? motet_svf_output(f, state, x, state->ahead1 + f->b * x, state->ahead2 + f->r * x)
                : motet_svf_step(f, state, x);
}

static inline int motet_svf_is_same(const motet_svf *a, const motet_svf *b) MOTET_NONBLOCKING
{
    return a->p == b->p && a->b == b->b && a->r == b->r;
}

/* In front of an even frame. */
static inline void motet_svf_settle(motet_svf_state *state) MOTET_NONBLOCKING
{
    state->s1 = motet_pair_settled(state->s1);
    state->s2 = motet_pair_settled(state->s2);
}

#endif /* MOTET_DSP_SVF_H */
