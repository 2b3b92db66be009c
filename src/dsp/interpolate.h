/* Reads material at fractional positions between two or four frames: the tiers linear and cubic.
 *
 * `in` is a window of consecutive frames, stereo ones interleaved, and `positions` are 32.32 fixed point, counted from
 * the window's first frame, none before the one ahead of it; each must leave room in the window for the frames that the
 * tier reads around it. A position without a fraction gives the frame itself, to the bit. These are the reference;
 * dsp/kernels.h has faster ones with the same bits. */
#ifndef MOTET_DSP_INTERPOLATE_H
#define MOTET_DSP_INTERPOLATE_H

#include "base/nonblocking.h"

#include <stdint.h>

/* Frames that a tier reads before and after the whole part of a position. */
enum { MOTET_LINEAR_BEFORE = 0, MOTET_LINEAR_AFTER = 1, MOTET_CUBIC_BEFORE = 1, MOTET_CUBIC_AFTER = 2 };

/* The positions of a reader with an even step: positions[k] = at + k step. */
typedef void motet_walk_fn(uint64_t *positions, uint64_t at, uint64_t step, uint32_t count) MOTET_NONBLOCKING;
motet_walk_fn motet_walk;

/* The same by a step for each frame, floor(pitches[k] * scale + 0.5) below 2^51; returns the place after the last. */
typedef uint64_t motet_glide_fn(uint64_t *positions, uint64_t at, const double *pitches, double scale,
                                uint32_t count) MOTET_NONBLOCKING;
motet_glide_fn motet_glide;

typedef void motet_interpolate_fn(float *out, const float *in, const uint64_t *positions,
                                  uint32_t count) MOTET_NONBLOCKING;

/* a + f (b - a), where f is the top 24 bits of the fraction. */
motet_interpolate_fn motet_linear_mono, motet_linear_stereo;

/* Catmull-Rom: the cubic through b and c whose slopes there are those of the chords a-c and b-d:
 * ((c3 f + c2) f + c1) f + b with c1 = (c-a)/2, c2 = (a - 5/2 b) + (2c - d/2), c3 = (d-a)/2 + 3/2 (b-c). */
motet_interpolate_fn motet_cubic_mono, motet_cubic_stereo;

#endif /* MOTET_DSP_INTERPOLATE_H */
