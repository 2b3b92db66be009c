/* Kaiser's window, which filters are designed with. Not for the audio thread. */
#ifndef MOTET_DSP_WINDOW_H
#define MOTET_DSP_WINDOW_H

/* I0(b sqrt(1 - u^2)) / I0(b), from 1 at u = 0 to 1 / I0(b) at u = 1; |u| may exceed 1 by a little. J. F. Kaiser,
 * "Nonrecursive digital filter design using the I0-sinh window function", 1974. */
double motet_kaiser(double b, double u);

#endif /* MOTET_DSP_WINDOW_H */
