/* Functions that a sample may depend on, the same bits on every machine: only +, -, *, / and sqrt of IEEE doubles in
 * a fixed order. libm's differ from one system to the next. */
#ifndef MOTET_DSP_MATH_H
#define MOTET_DSP_MATH_H

#include "base/nonblocking.h"

/* 2^x to within 1e-15 of its value, for |x| <= 1000. */
double motet_exp2(double x) MOTET_NONBLOCKING;
/* Base-2 logarithm to within 1e-15 (absolute or relative, whichever is larger); x > 0 and normal. */
double motet_log2(double x) MOTET_NONBLOCKING;
/* sin(2 pi turns) to within 3e-16, exact at quarter turns; |turns| <= 2^50. */
double motet_sin_turns(double turns) MOTET_NONBLOCKING;
double motet_cos_turns(double turns) MOTET_NONBLOCKING;
/* tan(2 pi turns) to within 1e-15 of its value; 0 <= turns < 1/4. */
double motet_tan_turns(double turns) MOTET_NONBLOCKING;

/* Linear gain of a volume, to within 2e-15 of its value: exactly 0 at or below -80 dB and for NaN, exactly 1 at 0 dB;
 * volume_db <= 6000. */
double motet_db_to_gain(double volume_db) MOTET_NONBLOCKING;
/* Volume of a linear gain, to within 2e-14 dB: -80 at or below 1e-4 (the gain that -80 dB would have) and for NaN. */
double motet_gain_to_db(double gain) MOTET_NONBLOCKING;

#endif /* MOTET_DSP_MATH_H */
