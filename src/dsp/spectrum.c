#include "dsp/spectrum.h"

#include "dsp/math.h"

struct motet_spectrum {
    uint32_t frames;
    const motet_kernels *kernels;
    motet_fft fft;
    float *window, *windowed, *work;
    motet_complexes bins;
};

/* Floats behind the struct; gives out those of `memory`, unless it is NULL. */
static size_t lay_out(motet_spectrum *s, uint32_t frames, float *memory)
{
    size_t tables = motet_fft_size(frames / 2) / sizeof(float);
    size_t bins = frames / 2 + 1;
    if (memory != NULL) {
        motet_fft_build(&s->fft, frames / 2, memory);
        s->window = memory + tables;
        s->windowed = s->window + frames;
        s->work = s->windowed + frames;
        s->bins = (motet_complexes){s->work + 2 * (size_t)frames, s->work + 2 * (size_t)frames + bins};
    }
    return tables + 4 * (size_t)frames + 2 * bins;
}

static size_t header_bytes(void)
{
    return (sizeof(motet_spectrum) + 63) / 64 * 64;
}

size_t motet_spectrum_size(uint32_t frames)
{
    return header_bytes() + lay_out(NULL, frames, NULL) * sizeof(float);
}

void motet_spectrum_init(motet_spectrum *spectrum, uint32_t frames, const motet_kernels *kernels)
{
    *spectrum = (motet_spectrum){.frames = frames, .kernels = kernels};
    (void)lay_out(spectrum, frames, (float *)(void *)((char *)spectrum + header_bytes()));
    for (uint32_t n = 0; n < frames; n++) {
        spectrum->window[n] = (float)(0.5 - 0.5 * motet_cos_turns((double)n / frames));
    }
}

/* A sine of amplitude 1 has frames / 4 in its bin: half of it is at the negative frequency, half the window's sum is
 * gone. Bins without a negative counterpart have twice that. */
void motet_spectrum_measure(motet_spectrum *spectrum, float *levels_db, const float *samples)
{
    const double db_of_a_doubling_of_power = 3.01029995663981195214;
    uint32_t last = spectrum->frames / 2;
    for (uint32_t n = 0; n < spectrum->frames; n++) {
        spectrum->windowed[n] = spectrum->window[n] * samples[n];
    }
    motet_fft_of_real(&spectrum->fft, spectrum->kernels, spectrum->bins, spectrum->windowed, spectrum->work);
    for (uint32_t k = 0; k <= last; k++) {
        double scale = (k == 0 || k == last ? 2.0 : 4.0) / spectrum->frames;
        double re = (double)spectrum->bins.re[k] * scale, im = (double)spectrum->bins.im[k] * scale;
        double power = re * re + im * im;
        bool measurable = power > 1e-20 && power < 1e80;
        levels_db[k] = measurable ? (float)(motet_log2(power) * db_of_a_doubling_of_power) : MOTET_SPECTRUM_FLOOR_DB;
    }
}
