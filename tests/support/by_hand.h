/* Engines whose every frame can be worked out by hand: 8 Hz, with a declick of half a second, so that a fade has four
 * frames: it stands at 0, 0.15625, 0.5, 0.84375 of its way, and has arrived in the fifth. Nearly all numbers are exact
 * in float; there is no tolerance. */
#ifndef MOTET_TESTS_SUPPORT_BY_HAND_H
#define MOTET_TESTS_SUPPORT_BY_HAND_H

#include "motet/motet.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

enum { RATE = 8 };

static const motet_timing step_now = {0, MOTET_FADE_NONE, MOTET_CURVE_SMOOTH};

static inline motet_timing step_at(uint64_t frame)
{
    return motet_at_fade(frame, MOTET_FADE_NONE);
}

static inline motet_timing curve_at(uint64_t frame, motet_curve curve)
{
    return (motet_timing){frame, 0.5, curve};
}

static inline motet_engine *make_engine(motet_engine_def def)
{
    def.sample_rate_hz = def.sample_rate_hz == 0 ? RATE : def.sample_rate_hz;
    def.device = MOTET_DEVICE_MANUAL;
    def.declick_seconds = 0.5;
    motet_engine *engine = motet_engine_create(&def);
    assert_non_null(engine);
    return engine;
}

static inline int set_up(void **state)
{
    *state = make_engine((motet_engine_def){.no_limiter = true, .max_voices = 8, .no_virtual_voices = true});
    return 0;
}

static inline int tear_down(void **state)
{
    motet_engine_destroy(*state);
    return 0;
}

static inline motet_sound make_sound(motet_engine *engine, uint32_t channels, uint32_t rate, uint64_t frames,
                                     const float *samples)
{
    motet_pcm pcm = {samples, MOTET_FORMAT_F32, channels, rate, frames};
    const motet_sound_def def = {.no_convert = true};
    motet_sound sound = motet_sound_from_pcm(engine, &pcm, &def);
    assert_int_not_equal(sound.id, 0);
    return sound;
}

#define FRAMES(...)                                                 \
    sizeof((float[]){__VA_ARGS__}) / sizeof(float), (const float[]) \
    {                                                               \
        __VA_ARGS__                                                 \
    }
#define MONO(engine, ...) make_sound(engine, 1, RATE, FRAMES(__VA_ARGS__))
/* 1, 2, 3 ... 16: what is heard is the position + 1. */
#define COUNTING(engine) MONO(engine, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16)

static inline motet_voice play(motet_engine *engine, motet_sound sound, motet_voice_def def)
{
    motet_voice voice = motet_voice_play(engine, sound, &def);
    assert_int_not_equal(voice.id, 0);
    return voice;
}

/* A constant, for as long as it is needed. */
static inline motet_voice play_level(motet_engine *engine, float level, motet_bus bus)
{
    return play(engine, make_sound(engine, 1, RATE, 1, &level), (motet_voice_def){.loop = true, .bus = bus});
}

static inline void hear_sides(motet_engine *engine, const char *file, int line, size_t count, const float *left,
                              const float *right)
{
    float heard[2 * 64];
    assert_in_range(count, 1, 64);
    motet_engine_render_f32(engine, heard, (uint32_t)count);
    for (size_t i = 0; i < count; i++) {
        if (heard[2 * i] != left[i] || heard[2 * i + 1] != right[i]) {
            print_error("%s:%d: frame %zu is (%.9g, %.9g); expected (%.9g, %.9g)\n", file, line, i,
                        (double)heard[2 * i], (double)heard[2 * i + 1], (double)left[i], (double)right[i]);
            fail();
        }
    }
}

/* Renders as many frames as there are values, which both sides have. */
#define HEAR(engine, ...) hear_both(engine, __FILE__, __LINE__, FRAMES(__VA_ARGS__))

static inline void hear_both(motet_engine *engine, const char *file, int line, size_t count, const float *values)
{
    hear_sides(engine, file, line, count, values, values);
}

/* That a voice went round its loop is told elsewhere. */
static inline bool next_event(motet_engine *engine, motet_event *event)
{
    bool found = motet_engine_poll_event(engine, event);
    while (found && event->type == MOTET_EVENT_VOICE_LOOPED) {
        found = motet_engine_poll_event(engine, event);
    }
    return found;
}

static inline void assert_ended(motet_engine *engine, motet_voice voice, uint64_t frame, motet_end_reason reason)
{
    motet_event event;
    assert_true(next_event(engine, &event));
    assert_int_equal(event.type, MOTET_EVENT_VOICE_ENDED);
    assert_int_equal(event.voice.id, voice.id);
    assert_int_equal(event.frame, frame);
    assert_string_equal(motet_end_reason_text(event.reason), motet_end_reason_text(reason));
    assert_false(motet_voice_is_active(engine, voice));
}

static inline void assert_no_event(motet_engine *engine)
{
    motet_event event;
    assert_false(next_event(engine, &event));
}

#define DO(call) assert_int_equal(call, MOTET_OK)

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

#endif /* MOTET_TESTS_SUPPORT_BY_HAND_H */
