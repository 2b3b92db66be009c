#include "dsp/sinc.h"

uint32_t motet_sinc_bank_of(const motet_sinc *sinc, uint64_t step) MOTET_NONBLOCKING
{
    uint32_t low = 0;
    uint32_t high = MOTET_SINC_BANKS - 1;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (step <= sinc->steps[middle]) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return low;
}

/* A dot product of coefficients between two rows with every `stride`th sample. */
static float dot(const float *in, uint32_t stride, motet_sinc_place at, uint32_t taps) MOTET_NONBLOCKING
{
    float sums[MOTET_SINC_LANES];
    const float *next = at.row + taps;
    for (uint32_t tap = 0; tap < taps; tap += MOTET_SINC_LANES) {
        for (uint32_t lane = 0; lane < MOTET_SINC_LANES; lane++) {
            float c = at.row[tap + lane];
            float product = in[(size_t)(tap + lane) * stride] * (c + at.f * (next[tap + lane] - c));
            sums[lane] = tap == 0 ? product : sums[lane] + product;
        }
    }
    for (uint32_t half = MOTET_SINC_LANES / 2; half > 0; half /= 2) {
        for (uint32_t lane = 0; lane < half; lane++) {
            sums[lane] += sums[lane + half];
        }
    }
    return sums[0];
}

void motet_sinc_mono(float *out, const float *in, const uint64_t *positions, uint32_t count,
                     const motet_sinc_bank *bank) MOTET_NONBLOCKING
{
    uint32_t before = motet_sinc_before(bank);
    for (uint32_t k = 0; k < count; k++) {
        motet_sinc_place at = motet_sinc_place_of(bank, positions[k]);
        out[k] = dot(in + (positions[k] >> 32) - before, 1, at, bank->taps);
    }
}

void motet_sinc_stereo(float *out, const float *in, const uint64_t *positions, uint32_t count,
                       const motet_sinc_bank *bank) MOTET_NONBLOCKING
{
    uint32_t before = motet_sinc_before(bank);
    for (uint32_t k = 0; k < count; k++) {
        motet_sinc_place at = motet_sinc_place_of(bank, positions[k]);
        const float *from = in + 2 * ((positions[k] >> 32) - before);
        out[2 * k] = dot(from, 2, at, bank->taps);
        out[2 * k + 1] = dot(from + 1, 2, at, bank->taps);
    }
}
