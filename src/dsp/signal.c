#include "dsp/signal.h"

#include "dsp/math.h"

#include <assert.h>

/* Counts from here on would not fit; they are far beyond any memory. */
static const double most_frames = 9223372036854775808.0;

uint64_t motet_signal_frame_count(double seconds, uint32_t sample_rate_hz)
{
    double frames = seconds * (double)sample_rate_hz + 0.5;
    if (!(frames >= 1.0)) {
        return 0;
    }
    return frames < most_frames ? (uint64_t)frames : UINT64_MAX;
}

/* From 2^52 on a double has no fraction. */
static double fraction_of(double x)
{
    return x < 4503599627370496.0 ? x - (double)(uint64_t)x : 0.0;
}

/* Sebastiano Vigna's splitmix64: the state advances by an odd constant, and a mix of it is the output. */
static uint64_t mixed(uint64_t state)
{
    state = (state ^ (state >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    state = (state ^ (state >> 27)) * UINT64_C(0x94d049bb133111eb);
    return state ^ (state >> 31);
}

/* The interleaved samples of a noise are the successive outputs of a splitmix64 generator started with the seed.
 * Sample k = frame * channels + channel is therefore known without the ones before it:
 *   state = seed + 0x9e3779b97f4a7c15 * (k + 1) modulo 2^64, and its mix z as above;
 *   value = amplitude * (floor(z / 2^11) / 2^52 - 1), the first factor uniform in [-1, 1) and exact. */
static double noise_at(const motet_signal *signal, uint64_t k)
{
    uint64_t z = mixed(signal->seed + UINT64_C(0x9e3779b97f4a7c15) * (k + 1));
    return signal->amplitude * ((double)(z >> 11) * (1.0 / 4503599627370496.0) - 1.0);
}

static double value_at(const motet_signal *signal, uint64_t frame, uint32_t channel, uint64_t frame_count)
{
    double n = (double)frame;
    switch (signal->kind) {
    case MOTET_SIGNAL_SINE:
        return signal->amplitude * motet_sin_turns(fraction_of(signal->hz * n / (double)signal->sample_rate_hz));
    case MOTET_SIGNAL_NOISE: return noise_at(signal, frame * signal->channels + channel);
    case MOTET_SIGNAL_CONSTANT: return signal->from;
    case MOTET_SIGNAL_RAMP:
        if (frame_count == 1) {
            return signal->from;
        }
        return signal->from + (signal->to - signal->from) * n / (double)(frame_count - 1);
    case MOTET_SIGNAL_IMPULSE: return frame == signal->at_frame ? signal->amplitude : 0.0;
    }
    return 0.0;
}

void motet_signal_render(const motet_signal *signal, float *interleaved, uint64_t frame_count)
{
    assert(signal->channels != 0 && signal->sample_rate_hz != 0);
    bool channels_differ = signal->kind == MOTET_SIGNAL_NOISE;
    for (uint64_t frame = 0; frame < frame_count; frame++) {
        float sample = 0.0f;
        for (uint32_t channel = 0; channel < signal->channels; channel++) {
            if (channel == 0 || channels_differ) {
                sample = (float)value_at(signal, frame, channel, frame_count);
            }
            *interleaved++ = sample;
        }
    }
}
