/* A mono sound at 8 kHz that says where it is: frame n is n / 65536. */
#ifndef MOTET_TESTS_SUPPORT_RAMP_SOUND_H
#define MOTET_TESTS_SUPPORT_RAMP_SOUND_H

#include "motet/motet.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

enum { RATE = 8000 };

static inline motet_sound ramp(motet_engine *engine, uint32_t frames, const motet_sound_def *def)
{
    float *samples = malloc(frames * sizeof *samples);
    for (uint32_t i = 0; i < frames; i++) {
        samples[i] = (float)i / 65536;
    }
    motet_pcm pcm = {samples, MOTET_FORMAT_F32, 1, RATE, frames};
    motet_sound sound = motet_sound_from_pcm(engine, &pcm, def);
    free(samples);
    assert_int_not_equal(sound.id, 0);
    return sound;
}

#endif /* MOTET_TESTS_SUPPORT_RAMP_SOUND_H */
