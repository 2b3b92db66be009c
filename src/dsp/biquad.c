#include "dsp/biquad.h"

#include <math.h>
#include <stddef.h>

/* The rounding of a sample is no part of the state. */
static float filtered(float sample, const motet_biquad *filter, motet_biquad_state *state) MOTET_NONBLOCKING
{
    double x = (double)sample;
    double y = filter->b0 * x + state->s1;
    state->s1 = (filter->b1 * x + state->s2) - filter->a1 * y;
    state->s2 = filter->b2 * x - filter->a2 * y;
    return fabs(y) < MOTET_BIQUAD_FLOOR ? 0 : (float)y;
}

void motet_biquad_mono(float *samples, uint32_t count, const motet_biquad *filter,
                       motet_biquad_state *state) MOTET_NONBLOCKING
{
    motet_biquad_state now = *state;
    for (uint32_t k = 0; k < count; k++) {
        samples[k] = filtered(samples[k], filter, &now);
    }
    *state = now;
}

void motet_biquad_stereo(float *left, float *right, uint32_t count, const motet_biquad *filter,
                         motet_biquad_state state[2]) MOTET_NONBLOCKING
{
    motet_biquad_state now[2] = {state[0], state[1]};
    for (uint32_t k = 0; k < count; k++) { /* in turn, so that neither waits for the other's products */
        left[k] = filtered(left[k], filter, &now[0]);
        right[k] = filtered(right[k], filter, &now[1]);
    }
    state[0] = now[0];
    state[1] = now[1];
}

void motet_biquad_bank_run(float *samples, uint32_t count, motet_biquad_bank *bank) MOTET_NONBLOCKING
{
    for (uint32_t c = 0; c < MOTET_BIQUAD_CHANNELS; c++) {
        const motet_biquad filter = {bank->b0[c], bank->b1[c], bank->b2[c], bank->a1[c], bank->a2[c]};
        motet_biquad_state state = {bank->s1[c], bank->s2[c]};
        for (uint32_t k = 0; k < count; k++) {
            float *sample = &samples[(size_t)k * MOTET_BIQUAD_CHANNELS + c];
            *sample = filtered(*sample, &filter, &state);
        }
        bank->s1[c] = state.s1;
        bank->s2[c] = state.s2;
    }
}

void motet_biquad_bank_settle(motet_biquad_bank *bank) MOTET_NONBLOCKING
{
    for (uint32_t c = 0; c < MOTET_BIQUAD_CHANNELS; c++) {
        motet_biquad_state state = {bank->s1[c], bank->s2[c]};
        motet_biquad_settle(&state);
        bank->s1[c] = state.s1;
        bank->s2[c] = state.s2;
    }
}
