#include "dsp/true_peak.h"

#include <math.h>
#include <string.h>

const float motet_true_peak_even[2][MOTET_TRUE_PEAK_PAIRS] = {
    {-0.0032958984375f, 0.012939453125f, -0.02313232421875f, 0.0404052734375f, -0.08087158203125f, 0.55474853515625f},
    {-0.0240478515625f, 0.03118896484375f, -0.05499267578125f, 0.0953369140625f, -0.18341064453125f, 0.6224365234375f},
};
const float motet_true_peak_odd[2][MOTET_TRUE_PEAK_PAIRS] = {
    {0.0050048828125f, -0.001953125f, 0.00347900390625f, -0.0072021484375f, 0.02142333984375f, -0.41741943359375f},
    {-0.005126953125f, -0.00189208984375f, 0.00323486328125f, -0.0062255859375f, 0.01690673828125f, -0.1573486328125f},
};

/* As whole numbers: magnitudes are ordered alike, and denormals stay what they are whatever the processor makes of them. */
static float larger(float a, float b) MOTET_NONBLOCKING
{
    int32_t bits_a, bits_b;
    memcpy(&bits_a, &a, sizeof bits_a);
    memcpy(&bits_b, &b, sizeof bits_b);
    return bits_a > bits_b ? a : b;
}

/* Of a phase and its reverse. */
static float peak_of_phase(const float *last, uint32_t phase) MOTET_NONBLOCKING
{
    float even = (last[0] + last[-11]) * motet_true_peak_even[phase][0];
    float odd = (last[0] - last[-11]) * motet_true_peak_odd[phase][0];
    for (int i = 1; i < MOTET_TRUE_PEAK_PAIRS; i++) {
        even += (last[-i] + last[i - 11]) * motet_true_peak_even[phase][i];
        odd += (last[-i] - last[i - 11]) * motet_true_peak_odd[phase][i];
    }
    return fabsf(even) + fabsf(odd);
}

void motet_true_peak_raise(float *peaks, const float *samples, uint32_t count) MOTET_NONBLOCKING
{
    for (uint32_t k = 0; k < count; k++) {
        const float *last = samples + k;
        float points = larger(peak_of_phase(last, 0), peak_of_phase(last, 1));
        peaks[k] = larger(points, larger(fabsf(last[-MOTET_TRUE_PEAK_DELAY]), peaks[k]));
    }
}
