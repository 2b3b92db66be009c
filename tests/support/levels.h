/* Engines rendered by hand that play sounds of one level: what is heard is the sum of the levels. */
#ifndef MOTET_TESTS_SUPPORT_LEVELS_H
#define MOTET_TESTS_SUPPORT_LEVELS_H

#include "motet/motet.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define DO(call) assert_int_equal(call, MOTET_OK)

enum { MOST_FRAMES = 4800 };

static inline void hush(void *user, motet_log_level level, const char *text)
{
    (void)user;
    (void)level;
    (void)text;
}

static inline motet_engine *make_engine(motet_engine_def def)
{
    def.device = MOTET_DEVICE_MANUAL;
    def.no_limiter = true;
    def.log = hush;
    motet_engine *engine = motet_engine_create(&def);
    assert_non_null(engine);
    return engine;
}

static inline void render(motet_engine *engine, uint32_t frames)
{
    float heard[2 * MOST_FRAMES];
    assert_in_range(frames, 1, MOST_FRAMES);
    motet_engine_render_f32(engine, heard, frames);
}

/* One frame's left sample. */
static inline float hear(motet_engine *engine)
{
    float heard[2];
    motet_engine_render_f32(engine, heard, 1);
    return heard[0];
}

static inline motet_sound make_sound(motet_engine *engine, float level, double seconds)
{
    motet_signal signal = {.kind = MOTET_SIGNAL_CONSTANT, .from = (double)level, .seconds = seconds};
    motet_sound sound = motet_sound_from_signal(engine, &signal, NULL);
    assert_int_not_equal(sound.id, 0);
    return sound;
}

static inline motet_voice play(motet_engine *engine, motet_sound sound, motet_voice_def def)
{
    motet_voice voice = motet_voice_play(engine, sound, &def);
    assert_int_not_equal(voice.id, 0);
    return voice;
}

static inline motet_stats stats_of(motet_engine *engine)
{
    motet_stats stats;
    DO(motet_engine_get_stats(engine, &stats));
    return stats;
}

#endif /* MOTET_TESTS_SUPPORT_LEVELS_H */
