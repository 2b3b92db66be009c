/* What is heard, frame by frame, worked out by hand. The engine runs at 8 Hz with a declick of half a second, so that a
 * fade has four frames: it stands at 0, 0.15625, 0.5, 0.84375 of its way, and has arrived in the fifth. Nearly all
 * numbers here are exact in float; there is no tolerance. */
#include "motet/motet.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { RATE = 8 };

static const motet_timing step_now = {0, MOTET_FADE_NONE, MOTET_CURVE_SMOOTH};

static motet_timing step_at(uint64_t frame)
{
    return motet_at_fade(frame, MOTET_FADE_NONE);
}

static motet_timing curve_at(uint64_t frame, motet_curve curve)
{
    return (motet_timing){frame, 0.5, curve};
}

/* ---------------------------------------------------------------------------------------------------- Tools */

static motet_engine *make_engine(motet_engine_def def)
{
    def.sample_rate_hz = def.sample_rate_hz == 0 ? RATE : def.sample_rate_hz;
    def.device = MOTET_DEVICE_MANUAL;
    def.declick_seconds = 0.5;
    motet_engine *engine = motet_engine_create(&def);
    assert_non_null(engine);
    return engine;
}

static int set_up(void **state)
{
    *state = make_engine((motet_engine_def){.no_limiter = true, .max_voices = 8, .no_virtual_voices = true});
    return 0;
}

static int tear_down(void **state)
{
    motet_engine_destroy(*state);
    return 0;
}

static motet_sound make_sound(motet_engine *engine, uint32_t channels, uint32_t rate, uint64_t frames,
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

static motet_voice play(motet_engine *engine, motet_sound sound, motet_voice_def def)
{
    motet_voice voice = motet_voice_play(engine, sound, &def);
    assert_int_not_equal(voice.id, 0);
    return voice;
}

/* A constant, for as long as it is needed. */
static motet_voice play_level(motet_engine *engine, float level, motet_bus bus)
{
    return play(engine, make_sound(engine, 1, RATE, 1, &level), (motet_voice_def){.loop = true, .bus = bus});
}

static void hear_sides(motet_engine *engine, const char *file, int line, size_t count, const float *left,
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

static void hear_both(motet_engine *engine, const char *file, int line, size_t count, const float *values)
{
    hear_sides(engine, file, line, count, values, values);
}

/* That a voice went round its loop is told elsewhere. */
static bool next_event(motet_engine *engine, motet_event *event)
{
    bool found = motet_engine_poll_event(engine, event);
    while (found && event->type == MOTET_EVENT_VOICE_LOOPED) {
        found = motet_engine_poll_event(engine, event);
    }
    return found;
}

static void assert_ended(motet_engine *engine, motet_voice voice, uint64_t frame, motet_end_reason reason)
{
    motet_event event;
    assert_true(next_event(engine, &event));
    assert_int_equal(event.type, MOTET_EVENT_VOICE_ENDED);
    assert_int_equal(event.voice.id, voice.id);
    assert_int_equal(event.frame, frame);
    assert_string_equal(motet_end_reason_text(event.reason), motet_end_reason_text(reason));
    assert_false(motet_voice_is_active(engine, voice));
}

static void assert_no_event(motet_engine *engine)
{
    motet_event event;
    assert_false(next_event(engine, &event));
}

#define DO(call) assert_int_equal(call, MOTET_OK)

/* ---------------------------------------------------------------------------------------------------- Sounds */

static void sound_is_heard_as_it_is(void **state)
{
    motet_engine *engine = *state;
    motet_voice voice = play(engine, COUNTING(engine), (motet_voice_def){0});
    HEAR(engine, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 0, 0);
    assert_ended(engine, voice, 16, MOTET_END_ENDED);
    assert_no_event(engine);
}

/* s16 counts as sample / 32768, exactly; sides do not mix. */
static void s16_is_exact(void **state)
{
    motet_engine *engine = *state;
    const int16_t samples[] = {16384, -32768, 1, 32767, -1, 0};
    motet_pcm pcm = {samples, MOTET_FORMAT_S16, 2, RATE, 3};
    play(engine, motet_sound_from_pcm(engine, &pcm, NULL), (motet_voice_def){0});
    const float left[] = {0.5f, 0x1p-15f, -0x1p-15f, 0};
    const float right[] = {-1, 1 - 0x1p-15f, 0, 0};
    hear_sides(engine, __FILE__, __LINE__, 4, left, right);
}

static void nothing_to_play_ends_at_once(void **state)
{
    motet_engine *engine = *state;
    motet_sound empty = make_sound(engine, 1, RATE, 0, NULL);
    motet_voice a = play(engine, empty, (motet_voice_def){.loop = true, .timing = motet_at(1)});
    motet_voice b = play(engine, COUNTING(engine), (motet_voice_def){.from_frame = 16, .timing = motet_at(2)});
    motet_voice c = play(engine, COUNTING(engine), (motet_voice_def){.from_frame = UINT64_MAX, .timing = motet_at(3)});
    HEAR(engine, 0, 0, 0, 0, 0);
    assert_ended(engine, a, 1, MOTET_END_ENDED);
    assert_ended(engine, b, 2, MOTET_END_ENDED);
    assert_ended(engine, c, 3, MOTET_END_ENDED);
}

static void loops_have_no_seam(void **state)
{
    motet_engine *engine = *state;
    motet_voice voice = play(engine, MONO(engine, 1, 2, 3), (motet_voice_def){.loop = true});
    HEAR(engine, 1, 2, 3, 1, 2, 3, 1);
    /* Let go at 7 it stands before the 2, and plays to its end. */
    DO(motet_voice_set_loop(engine, voice, false, motet_now()));
    HEAR(engine, 2, 3, 0);
    assert_ended(engine, voice, 9, MOTET_END_ENDED);

    play_level(engine, 5, (motet_bus){0});
    HEAR(engine, 5, 5, 5, 5);
}

/* From inside a sound a voice fades in by the declick. */
static void start_inside_fades_in(void **state)
{
    motet_engine *engine = *state;
    play(engine, MONO(engine, 1, 2, 4), (motet_voice_def){.loop = true, .from_frame = 1});
    /*            2 * 0  4 * s1  1 * s2  2 * s3 */
    HEAR(engine, 0, 0.625f, 0.5f, 1.6875f, 4, 1, 2, 4);
}

/* ------------------------------------------------------------------------------------------------------ Sums */

static const float TINY = 0x1p-24f; /* half of the last place of 1: 1 + TINY is 1, TINY + TINY + 1 is not */
static const float ABOVE_ONE = 1 + 0x1p-23f;

/* Voices are added one by one in the order of their plays. */
static void sum_follows_play_order(void **state)
{
    motet_engine *engine = *state;
    motet_bus none = {0};
    motet_voice first = play_level(engine, TINY, none);
    motet_voice second = play_level(engine, TINY, none);
    play_level(engine, 1, none);
    HEAR(engine, ABOVE_ONE); /* (TINY + TINY) + 1 */
    DO(motet_voice_stop(engine, first, step_now));
    DO(motet_voice_stop(engine, second, step_now));
    play_level(engine, TINY, none);
    play_level(engine, TINY, none);
    HEAR(engine, 1); /* (1 + TINY) + TINY */
}

/* What counts is when a play applies, not when it was asked for. */
static void play_order_is_that_of_frames(void **state)
{
    motet_engine *engine = *state;
    const float one = 1;
    motet_sound tiny = make_sound(engine, 1, RATE, 1, &TINY);
    play(engine, tiny, (motet_voice_def){.loop = true, .timing = motet_at(1)});
    play(engine, tiny, (motet_voice_def){.loop = true, .timing = motet_at(1)});
    play(engine, make_sound(engine, 1, RATE, 1, &one), (motet_voice_def){.loop = true});
    HEAR(engine, 1, 1);
}

/* Mono and stereo voices have sums of their own. */
static void mono_and_stereo_are_summed_apart(void **state)
{
    motet_engine *engine = *state;
    const float tiny[] = {TINY, TINY};
    motet_sound stereo = make_sound(engine, 2, RATE, 1, tiny);
    play_level(engine, 1, (motet_bus){0});
    play(engine, stereo, (motet_voice_def){.loop = true});
    play(engine, stereo, (motet_voice_def){.loop = true});
    HEAR(engine, ABOVE_ONE, ABOVE_ONE); /* 1 + (TINY + TINY), where one sum of all would be 1 */
}

/* A voice keeps its place in the order when it goes to another bus and comes back. */
static void play_order_outlives_moves(void **state)
{
    motet_engine *engine = *state;
    motet_bus bus = motet_bus_create(engine, "A", NULL);
    motet_voice one = play_level(engine, 1, (motet_bus){0});
    play_level(engine, TINY, (motet_bus){0});
    play_level(engine, TINY, (motet_bus){0});
    HEAR(engine, 1);
    DO(motet_voice_set_bus(engine, one, bus, step_now));
    HEAR(engine, ABOVE_ONE); /* (TINY + TINY) of Master's own, then the child's 1 */
    DO(motet_voice_set_bus(engine, one, motet_bus_master(engine), step_now));
    HEAR(engine, 1, 1);
}

/* ---------------------------------------------------------------------------------------------- Volume and pan */

static void volume_fades(void **state)
{
    motet_engine *engine = *state;
    motet_voice voice = play_level(engine, 1, (motet_bus){0});
    DO(motet_voice_set_volume_db(engine, voice, -80, motet_at(2)));
    DO(motet_voice_set_volume_db(engine, voice, 0, step_at(8)));
    /* At T = 2 it is as it was; T + 4 is the first of the new. A step is there at once. */
    HEAR(engine, 1, 1, 1, 0.84375f, 0.5f, 0.15625f, 0, 0, 1, 1);
}

static void every_curve(void **state)
{
    motet_engine *engine = *state;
    motet_voice voice = play_level(engine, 1, (motet_bus){0});
    DO(motet_voice_set_volume_db(engine, voice, -80, curve_at(0, MOTET_CURVE_LINEAR)));
    HEAR(engine, 0, 0); /* before its first frame a change sets the start value */
    DO(motet_voice_set_volume_db(engine, voice, 0, curve_at(0, MOTET_CURVE_LINEAR)));
    HEAR(engine, 0, 0.25f, 0.5f, 0.75f, 1);
    DO(motet_voice_set_volume_db(engine, voice, -80, curve_at(0, MOTET_CURVE_DB)));
    HEAR(engine, 1, 0.1f, 0.01f, 0.001f, 0); /* silence counts as -80 dB */
    DO(motet_voice_set_volume_db(engine, voice, 0, curve_at(0, MOTET_CURVE_POWER)));
    /* sin(pi/8), sin(pi/4), sin(3 pi/8) */
    HEAR(engine, 0, 0.38268343236508977f, 0.70710678118654752f, 0.92387953251128676f, 1);
    DO(motet_voice_set_volume_db(engine, voice, -80, curve_at(0, MOTET_CURVE_POWER)));
    HEAR(engine, 1, 0.92387953251128676f, 0.70710678118654752f, 0.38268343236508977f, 0);
}

/* A fade that meets a running one goes on from its value and slope. At i = 2 of 4 on the way from 1 to 0 the value is
 * 0.5 and the slope -6 t (1 - t) / 4 = -0.375 a frame. With the way d = 0.5 back to 1:
 *   0.5 + 0.5 s(t) + 4 * -0.375 t (1 - t)^2
 *   t = 1/4: 0.5 + 0.078125 - 0.2109375   t = 1/2: 0.5 + 0.25 - 0.1875   t = 3/4: 0.5 + 0.421875 - 0.0703125 */
static void fade_meets_fade(void **state)
{
    motet_engine *engine = *state;
    motet_voice voice = play_level(engine, 1, (motet_bus){0});
    DO(motet_voice_set_volume_db(engine, voice, -80, motet_at(1)));
    DO(motet_voice_set_volume_db(engine, voice, 0, motet_at(3)));
    HEAR(engine, 1, 1, 0.84375f, 0.5f, 0.3671875f, 0.5625f, 0.8515625f, 1, 1);
}

static void pan_is_a_balance(void **state)
{
    motet_engine *engine = *state;
    const float sides[] = {1, 4};
    motet_sound stereo = make_sound(engine, 2, RATE, 1, sides);
    motet_voice voice = play(engine, stereo, (motet_voice_def){.loop = true, .pan = 0.25f});
    hear_sides(engine, __FILE__, __LINE__, 1, (const float[]){0.75f}, (const float[]){4});
    DO(motet_voice_set_pan(engine, voice, -1, step_now));
    hear_sides(engine, __FILE__, __LINE__, 1, (const float[]){1}, (const float[]){0});
}

static void pan_fades(void **state)
{
    motet_engine *engine = *state;
    motet_voice voice = play_level(engine, 1, (motet_bus){0});
    DO(motet_voice_set_pan(engine, voice, -1, motet_at(1)));
    const float left[] = {1, 1, 1, 1, 1, 1};
    const float right[] = {1, 1, 0.84375f, 0.5f, 0.15625f, 0};
    hear_sides(engine, __FILE__, __LINE__, 6, left, right);
}

/* Of several changes for one frame the last one counts, and for each value it is the calls' order. */
static void changes_apply_in_the_order_of_calls(void **state)
{
    motet_engine *engine = *state;
    motet_voice voice = play_level(engine, 1, (motet_bus){0});
    DO(motet_voice_set_volume_db(engine, voice, -80, step_at(2)));
    DO(motet_voice_set_volume_db(engine, voice, 20, step_at(2)));
    DO(motet_voice_set_volume_db(engine, voice, 20, step_at(1)));
    DO(motet_voice_set_volume_db(engine, voice, -80, step_at(1)));
    HEAR(engine, 1, 0, 10, 10);
}

/* Before the first frame, and on it, a change is where the voice begins. */
static void changes_before_the_start_do_not_fade(void **state)
{
    motet_engine *engine = *state;
    motet_sound sound = COUNTING(engine);
    motet_voice voice = play(engine, sound, (motet_voice_def){.timing = motet_at(2)});
    DO(motet_voice_set_volume_db(engine, voice, -80, motet_now()));
    DO(motet_voice_set_volume_db(engine, voice, 20, motet_at(1)));
    DO(motet_voice_set_pan(engine, voice, 1, motet_at(2)));
    const float left[] = {0, 0, 0, 0}, right[] = {0, 0, 10, 20};
    hear_sides(engine, __FILE__, __LINE__, 4, left, right);
}

/* --------------------------------------------------------------------------------------- Stop, pause, seek */

static void stop_fades_out(void **state)
{
    motet_engine *engine = *state;
    motet_voice voice = play_level(engine, 1, (motet_bus){0});
    DO(motet_voice_stop(engine, voice, motet_at(3)));
    HEAR(engine, 1, 1, 1, 1, 0.84375f, 0.5f, 0.15625f, 0, 0);
    assert_ended(engine, voice, 7, MOTET_END_STOPPED);
}

static void step_stops_at_once(void **state)
{
    motet_engine *engine = *state;
    motet_voice voice = play_level(engine, 1, (motet_bus){0});
    DO(motet_voice_stop(engine, voice, step_at(3)));
    HEAR(engine, 1, 1, 1, 0, 0);
    assert_ended(engine, voice, 3, MOTET_END_STOPPED);
}

static void sound_that_ends_in_the_fade_has_ended(void **state)
{
    motet_engine *engine = *state;
    motet_voice voice = play(engine, MONO(engine, 1, 1, 1, 1, 1), (motet_voice_def){0});
    DO(motet_voice_stop(engine, voice, motet_at(3)));
    HEAR(engine, 1, 1, 1, 1, 0.84375f, 0, 0, 0);
    assert_ended(engine, voice, 5, MOTET_END_ENDED);
}

static void stop_before_the_start_cancels(void **state)
{
    motet_engine *engine = *state;
    motet_voice voice = play(engine, COUNTING(engine), (motet_voice_def){.timing = motet_at(5)});
    motet_voice same_frame = play(engine, COUNTING(engine), (motet_voice_def){.timing = motet_at(6)});
    DO(motet_voice_stop(engine, voice, motet_at(3)));
    DO(motet_voice_stop(engine, same_frame, motet_at(6)));
    HEAR(engine, 0, 0, 0, 0, 0, 0, 0, 0);
    assert_ended(engine, voice, 3, MOTET_END_STOPPED);
    assert_ended(engine, same_frame, 6, MOTET_END_STOPPED);
}

static double position_of(motet_engine *engine, motet_voice voice)
{
    motet_voice_state state;
    DO(motet_voice_get_state(engine, voice, &state));
    return state.position_frames;
}

/* The sound runs on through the fade out; it goes on from where that has led. */
static void pause_holds_the_place(void **state)
{
    motet_engine *engine = *state;
    motet_voice voice = play(engine, COUNTING(engine), (motet_voice_def){0});
    DO(motet_voice_pause(engine, voice, motet_at(2)));
    /*                 4 * s3   5 * s2 6 * s1 */
    HEAR(engine, 1, 2, 3, 3.375f, 2.5f, 0.9375f, 0, 0, 0);
    assert_true(position_of(engine, voice) == 6);
    DO(motet_voice_pause(engine, voice, motet_now()));
    HEAR(engine, 0);
    DO(motet_voice_resume(engine, voice, motet_now()));
    /*           7 * 0  8 * s1 9 * s2 10 * s3 */
    HEAR(engine, 0, 1.25f, 4.5f, 8.4375f, 11, 12);
}

static void step_pause_skips_nothing(void **state)
{
    motet_engine *engine = *state;
    motet_voice voice = play(engine, COUNTING(engine), (motet_voice_def){0});
    DO(motet_voice_pause(engine, voice, step_at(2)));
    DO(motet_voice_resume(engine, voice, step_at(4)));
    HEAR(engine, 1, 2, 0, 0, 3, 4);
}

/* On a paused voice stop and seek act at once. */
static void paused_voice_is_silent_whatever_happens(void **state)
{
    motet_engine *engine = *state;
    motet_voice voice = play(engine, COUNTING(engine), (motet_voice_def){0});
    DO(motet_voice_pause(engine, voice, step_at(2)));
    DO(motet_voice_seek(engine, voice, 10, motet_at(3)));
    HEAR(engine, 1, 2, 0, 0);
    assert_true(position_of(engine, voice) == 10);
    DO(motet_voice_resume(engine, voice, step_now));
    HEAR(engine, 11);
    DO(motet_voice_pause(engine, voice, step_now));
    DO(motet_voice_stop(engine, voice, motet_at(6)));
    HEAR(engine, 0, 0);
    assert_ended(engine, voice, 6, MOTET_END_STOPPED);
}

/* A voice behind a paused one that seeks inside a block goes on as if nothing were. */
static void seek_while_paused_leaves_others_alone(void **state)
{
    motet_engine *engine = *state;
    motet_voice paused = play(engine, COUNTING(engine), (motet_voice_def){.paused = true});
    play_level(engine, 1, (motet_bus){0});
    HEAR(engine, 1);
    DO(motet_voice_seek(engine, paused, 4, motet_at(3)));
    DO(motet_voice_seek(engine, paused, 5, motet_at(4)));
    HEAR(engine, 1, 1, 1, 1, 1);
    HEAR(engine, 1, 1);
}

/* A voice played paused waits at its first frame, and fades in when it may go on. */
static void paused_play_waits(void **state)
{
    motet_engine *engine = *state;
    motet_voice voice = play(engine, MONO(engine, 8, 8, 8, 8, 8, 8, 8), (motet_voice_def){.paused = true});
    HEAR(engine, 0, 0, 0);
    DO(motet_voice_resume(engine, voice, motet_now()));
    HEAR(engine, 0, 1.25f, 4, 6.75f, 8, 8, 8, 0);
    assert_ended(engine, voice, 10, MOTET_END_ENDED);
}

/* The old place fades out while the new one fades in; T is the first frame of the new place. */
static void seek_crosses_over(void **state)
{
    motet_engine *engine = *state;
    motet_voice voice = play(engine, COUNTING(engine), (motet_voice_def){0});
    DO(motet_voice_seek(engine, voice, 10, motet_at(4)));
    /* 4: 5 + 11 * 0   5: 6 s3 + 12 s1   6: 7 s2 + 13 s2   7: 8 s1 + 14 s3 */
    HEAR(engine, 1, 2, 3, 4, 5, 6.9375f, 10, 13.0625f, 15, 16, 0);
    assert_ended(engine, voice, 10, MOTET_END_ENDED);
}

static void step_seek_jumps(void **state)
{
    motet_engine *engine = *state;
    motet_voice voice = play(engine, COUNTING(engine), (motet_voice_def){0});
    DO(motet_voice_seek(engine, voice, 10, step_at(2)));
    DO(motet_voice_seek(engine, voice, 0, step_at(4)));
    HEAR(engine, 1, 2, 11, 12, 1, 2);
}

/* Past the end the voice is over, and its old place still fades out. */
static void seek_past_the_end_ends(void **state)
{
    motet_engine *engine = *state;
    motet_voice voice = play(engine, COUNTING(engine), (motet_voice_def){0});
    DO(motet_voice_seek(engine, voice, 16, motet_at(4)));
    HEAR(engine, 1, 2, 3, 4, 5, 5.0625f, 3.5f, 1.25f, 0);
    assert_ended(engine, voice, 4, MOTET_END_ENDED);
    assert_no_event(engine);
}

/* A stop takes the tail of a seek along: at 5 both fade, each from its own state. The tail's jump is at s3 there. */
static void tails_follow_a_stop(void **state)
{
    motet_engine *engine = *state;
    motet_voice voice = play_level(engine, 1, (motet_bus){0});
    DO(motet_voice_seek(engine, voice, 0, motet_at(4)));
    DO(motet_voice_stop(engine, voice, motet_at(5)));
    /* Voice and tail sound the same level, so what is heard is the stop gate. */
    HEAR(engine, 1, 1, 1, 1, 1, 1, 0.84375f, 0.5f, 0.15625f, 0);
    assert_ended(engine, voice, 9, MOTET_END_STOPPED);
}

/* ------------------------------------------------------------------------------------------------------ Buses */

static motet_bus make_bus(motet_engine *engine, const char *name, motet_bus parent, float volume_db)
{
    motet_bus_def def = {.parent = parent, .volume_db = volume_db};
    motet_bus bus = motet_bus_create(engine, name, &def);
    assert_int_not_equal(bus.id, 0);
    return bus;
}

static void buses_multiply(void **state)
{
    motet_engine *engine = *state;
    motet_bus ten = make_bus(engine, "ten", (motet_bus){0}, 20);
    motet_bus hundred = make_bus(engine, "hundred", ten, 20);
    play_level(engine, 1, (motet_bus){0});
    play_level(engine, 1, ten);
    play_level(engine, 1, hundred);
    HEAR(engine, 111, 111);
    DO(motet_bus_set_volume_db(engine, ten, -80, motet_at(3)));
    /* 110 of the 111 go */
    HEAR(engine, 111, 111, 1 + 110 * 0.84375f, 56, 1 + 110 * 0.15625f, 1);
}

static void voice_goes_to_another_bus(void **state)
{
    motet_engine *engine = *state;
    motet_bus ten = make_bus(engine, "ten", (motet_bus){0}, 20);
    motet_voice voice = play_level(engine, 1, (motet_bus){0});
    DO(motet_voice_set_bus(engine, voice, ten, motet_at(4)));
    /*                       s3 + 10 s1  s2 + 10 s2  s1 + 10 s3 */
    HEAR(engine, 1, 1, 1, 1, 1, 2.40625f, 5.5f, 8.59375f, 10, 10);
    DO(motet_voice_set_bus(engine, voice, motet_bus_master(engine), step_now));
    HEAR(engine, 1, 1);
}

static void mute_closes_the_output(void **state)
{
    motet_engine *engine = *state;
    motet_bus parent = make_bus(engine, "parent", (motet_bus){0}, 0);
    motet_bus child = make_bus(engine, "child", parent, 0);
    play(engine, COUNTING(engine), (motet_voice_def){.bus = child});
    DO(motet_bus_set_mute(engine, parent, true, step_at(2)));
    DO(motet_bus_set_mute(engine, parent, false, step_at(5)));
    HEAR(engine, 1, 2, 0, 0, 0, 6, 7); /* it went on in silence */
    DO(motet_bus_set_mute(engine, child, true, motet_now()));
    /*           8  9 * s3    10 * s2 11 * s1 */
    HEAR(engine, 8, 7.59375f, 5, 1.71875f, 0);
}

static void solo_silences_the_others(void **state)
{
    motet_engine *engine = *state;
    motet_bus a = make_bus(engine, "a", (motet_bus){0}, 0);
    motet_bus under_a = make_bus(engine, "under a", a, 0);
    motet_bus b = make_bus(engine, "b", (motet_bus){0}, 0);
    play_level(engine, 1, a);
    play_level(engine, 2, under_a);
    play_level(engine, 4, b);
    play_level(engine, 8, (motet_bus){0});
    HEAR(engine, 15);
    /* a and what is under it stay; of Master's own and b's 12 nothing does */
    DO(motet_bus_set_solo(engine, a, true, motet_at(2)));
    HEAR(engine, 15, 15, 3 + 12 * 0.84375f, 9, 3 + 12 * 0.15625f, 3);
    /* Two solos add up. */
    DO(motet_bus_set_solo(engine, b, true, step_now));
    HEAR(engine, 7);
    /* Mute wins. */
    DO(motet_bus_set_mute(engine, a, true, step_now));
    HEAR(engine, 4);
    DO(motet_bus_set_mute(engine, a, false, step_now));
    DO(motet_bus_set_solo(engine, a, false, step_now));
    DO(motet_bus_set_solo(engine, b, false, step_now));
    HEAR(engine, 15);
    /* Only the child: its way to Master stays open, a's own voice does not. */
    DO(motet_bus_set_solo(engine, under_a, true, step_now));
    HEAR(engine, 2, 2);
}

/* A soloed bus that is made before the first frame silences the others from there on, later ones as well. */
static void bus_is_born_soloed(void **state)
{
    motet_engine *engine = *state;
    motet_bus_def def = {.solo = true};
    motet_bus soloed = motet_bus_create(engine, "soloed", &def);
    motet_bus other = make_bus(engine, "other", (motet_bus){0}, 0);
    play_level(engine, 1, soloed);
    play_level(engine, 2, other);
    HEAR(engine, 1, 1);
}

/* ------------------------------------------------------------------------------------------------------ Pitch */

static void pitch_steps_through_the_sound(void **state)
{
    motet_engine *engine = *state;
    motet_voice voice = play(engine, COUNTING(engine), (motet_voice_def){.pitch = 2, .quality = MOTET_QUALITY_LINEAR});
    HEAR(engine, 1, 3, 5, 7, 9, 11, 13, 15, 0);
    assert_ended(engine, voice, 8, MOTET_END_ENDED);

    /* The last frame sounds on towards silence: 16 + 0.5 (0 - 16). */
    voice = play(engine, MONO(engine, 4, 16), (motet_voice_def){.pitch = 0.5, .quality = MOTET_QUALITY_LINEAR});
    HEAR(engine, 4, 10, 16, 8, 0);
    assert_ended(engine, voice, 13, MOTET_END_ENDED);

    /* A sound of half the engine's rate. */
    const float samples[] = {4, 16};
    play(engine, make_sound(engine, 1, RATE / 2, 2, samples), (motet_voice_def){.quality = MOTET_QUALITY_LINEAR});
    HEAR(engine, 4, 10, 16, 8, 0);
}

/* Half way between b and c, with a before and d after: (9 (b + c) - (a + d)) / 16. */
static void cubic_reads_four_frames(void **state)
{
    motet_engine *engine = *state;
    play(engine, MONO(engine, 0, 0, 0, 16, 0, 0, 0), (motet_voice_def){.pitch = 0.5, .quality = MOTET_QUALITY_CUBIC});
    HEAR(engine, 0, 0, 0, -1, 0, 9, 16, 9, 0, -1, 0, 0, 0, 0, 0);
}

/* In a loop the frames around the seam are each other's neighbours, on the first pass too. */
static void loop_is_interpolated_across(void **state)
{
    motet_engine *engine = *state;
    motet_voice_def def = {.pitch = 0.5, .loop = true, .quality = MOTET_QUALITY_CUBIC};
    motet_voice voice = play(engine, MONO(engine, 0, 0, 0, 16), def);
    HEAR(engine, 0, -1, 0, -1, 0, 9, 16, 9, 0, -1, 0, -1, 0, 9, 16, 9, 0);
    DO(motet_voice_set_loop(engine, voice, false, motet_now()));
    /* From 0.5 of the last pass; behind the 16 lies silence now, which changes only the frames that reach it. */
    HEAR(engine, -1, 0, -1, 0, 9, 16, 9, 0);
}

/* A glide: each frame moves on by its own pitch. From 2, linear: 1, 1.25, 1.5, 1.75, then 2. */
static void pitch_glides(void **state)
{
    motet_engine *engine = *state;
    motet_voice voice = play(engine, COUNTING(engine), (motet_voice_def){.quality = MOTET_QUALITY_LINEAR});
    DO(motet_voice_set_pitch(engine, voice, 2, curve_at(2, MOTET_CURVE_LINEAR)));
    /* Positions:  0  1  2  3  4.25   5.75   7.5    9.5 */
    HEAR(engine, 1, 2, 3, 4, 5.25f, 6.75f, 8.5f, 10.5f);
}

static void pitch_steps(void **state)
{
    motet_engine *engine = *state;
    motet_voice voice = play(engine, COUNTING(engine), (motet_voice_def){0});
    DO(motet_voice_set_pitch(engine, voice, 2, step_at(2)));
    HEAR(engine, 1, 2, 3, 5, 7);
}

/* ------------------------------------------------------------------------------------------------------ Feeds */

static void feed_plays_what_it_holds(void **state)
{
    motet_engine *engine = *state;
    motet_feed_def def = {.channels = 1, .voice = {.user = 7}};
    motet_voice voice = motet_feed_open(engine, &def);
    uint32_t taken = 0;
    DO(motet_feed_write_f32(engine, voice, (const float[]){1, 2, 3}, 3, &taken));
    assert_int_equal(taken, 3);
    HEAR(engine, 1, 2, 3, 0, 0);
    DO(motet_feed_write_s16(engine, voice, (const int16_t[]){16384, -16384}, 2, NULL));
    HEAR(engine, 0.5f, -0.5f, 0);
    static const uint64_t gaps[] = {3, 7};
    for (int i = 0; i < 2; i++) {
        motet_event event;
        assert_true(motet_engine_poll_event(engine, &event));
        assert_int_equal(event.type, MOTET_EVENT_FEED_STARVED);
        assert_int_equal(event.frame, gaps[i]);
        assert_int_equal(event.voice.id, voice.id);
        assert_int_equal(event.user, 7);
    }
    motet_feed_state feed;
    DO(motet_feed_get_state(engine, voice, &feed));
    assert_int_equal(feed.underruns, 2);
    assert_int_equal(feed.queued_frames, 0);
    DO(motet_feed_write_f32(engine, voice, (const float[]){4}, 1, NULL));
    DO(motet_feed_finish(engine, voice));
    HEAR(engine, 4, 0);
    assert_ended(engine, voice, 9, MOTET_END_ENDED);
}

/* It waits for so much at its start and after each gap. */
static void feed_waits_for_enough(void **state)
{
    motet_engine *engine = *state;
    motet_feed_def def = {.channels = 1, .buffer_seconds = 1, .start_after_seconds = 0.5};
    motet_voice voice = motet_feed_open(engine, &def);
    DO(motet_feed_write_f32(engine, voice, (const float[]){1, 2, 3}, 3, NULL));
    HEAR(engine, 0, 0);
    assert_no_event(engine); /* what has not begun does not starve */
    DO(motet_feed_write_f32(engine, voice, (const float[]){4}, 1, NULL));
    HEAR(engine, 1, 2, 3, 4, 0);
    DO(motet_feed_write_f32(engine, voice, (const float[]){5, 6, 7}, 3, NULL));
    HEAR(engine, 0);
    DO(motet_feed_finish(engine, voice)); /* more will not come, so the rest is played */
    HEAR(engine, 5, 6, 7, 0);
}

/* At a step of 4 frames a feed that runs dry has gone past its end; it can be fed again, and the frames up to where it
 * stands are skipped. */
static void feed_goes_on_after_a_gap_at_a_high_pitch(void **state)
{
    motet_engine *engine = *state;
    motet_feed_def def = {.channels = 1, .voice = {.pitch = 4, .quality = MOTET_QUALITY_LINEAR}};
    motet_voice voice = motet_feed_open(engine, &def);
    /* 0 and 4 are read; behind 8 there is no neighbour, so it is held back. */
    DO(motet_feed_write_f32(engine, voice, (const float[]){0, 1, 2, 3, 4, 5}, 6, NULL));
    HEAR(engine, 0, 4, 0);
    uint32_t taken = 0;
    DO(motet_feed_write_f32(engine, voice, (const float[]){6, 7, 8, 9, 10, 11, 12, 13}, 8, &taken));
    assert_int_equal(taken, 8);
    HEAR(engine, 8, 12, 0);
}

/* ----------------------------------------------------------------------------------------------------- Output */

static void mono_is_half_of_both(void **state)
{
    (void)state;
    motet_engine *engine = make_engine((motet_engine_def){.no_limiter = true, .channels = 1});
    const float sides[] = {1, 4};
    play(engine, make_sound(engine, 2, RATE, 1, sides), (motet_voice_def){.loop = true});
    float heard[2];
    motet_engine_render_f32(engine, heard, 2);
    assert_true(heard[0] == 2.5f && heard[1] == 2.5f);
    motet_engine_destroy(engine);
}

static void s16_output_is_rounded_to_even(void **state)
{
    (void)state;
    motet_engine *engine = make_engine((motet_engine_def){.no_limiter = true, .channels = 1});
    play(engine, MONO(engine, 0.5f, -0.5f, 1, -1, 3, -3, 1.0f / 32767, 0), (motet_voice_def){0});
    int16_t heard[8];
    motet_engine_render_s16(engine, heard, 8);
    /* 0.5 * 32767 = 16383.5: the even one is 16384 */
    const int16_t expected[] = {16384, -16384, 32767, -32767, 32767, -32767, 1, 0};
    assert_memory_equal(heard, expected, sizeof expected);
    motet_engine_destroy(engine);
}

/* The limiter delays by its look-ahead, and changes nothing below its ceiling. */
static void limiter_only_delays(void **state)
{
    (void)state;
    motet_engine *engine = make_engine((motet_engine_def){0});
    motet_engine_info info;
    DO(motet_engine_get_info(engine, &info));
    assert_int_equal(info.latency_frames, 2);
    play(engine, MONO(engine, 0.25f, -0.5f, 1, 0.75f), (motet_voice_def){0});
    HEAR(engine, 0, 0, 0.25f, -0.5f, 1, 0.75f, 0);
    play(engine, MONO(engine, 4, 4, 4, 4), (motet_voice_def){0});
    float heard[2 * 12];
    motet_engine_render_f32(engine, heard, 12);
    for (int i = 0; i < 24; i++) {
        assert_true(heard[i] >= -1 && heard[i] <= 1);
    }
    motet_engine_destroy(engine);
}

/* ----------------------------------------------------------------------------------------------- Many at once */

static void sound_stop_reaches_all_its_voices(void **state)
{
    motet_engine *engine = *state;
    const float one = 1, ten = 10;
    motet_sound sound = make_sound(engine, 1, RATE, 1, &one);
    play(engine, sound, (motet_voice_def){.loop = true, .user = 1});
    play(engine, sound, (motet_voice_def){.loop = true, .user = 2, .timing = motet_at(50)});
    play(engine, make_sound(engine, 1, RATE, 1, &ten), (motet_voice_def){.loop = true, .user = 3});
    DO(motet_sound_stop(engine, sound, motet_at(2)));
    play(engine, sound, (motet_voice_def){.loop = true, .user = 4, .timing = step_at(2)}); /* later than the stop */
    HEAR(engine, 11, 11, 12, 11.84375f, 11.5f, 11.15625f, 11, 11);
    motet_event event;
    assert_true(next_event(engine, &event));
    assert_int_equal(event.user, 2);
    assert_int_equal(event.frame, 2);
    assert_true(next_event(engine, &event));
    assert_int_equal(event.user, 1);
    assert_int_equal(event.frame, 6);
    assert_no_event(engine);
}

/* A command that ends the block takes none of those before it in the same frame along. */
static void every_command_of_a_frame_applies(void **state)
{
    motet_engine *engine = *state;
    motet_bus bus = make_bus(engine, "a", (motet_bus){0}, 0);
    motet_voice voice = play_level(engine, 1, bus);
    motet_voice other = play_level(engine, 4, (motet_bus){0});
    motet_sound unused = COUNTING(engine);
    HEAR(engine, 5);
    DO(motet_voice_set_volume_db(engine, voice, 20, step_at(3)));
    DO(motet_bus_set_volume_db(engine, bus, 20, step_at(3)));
    DO(motet_voice_set_pan(engine, other, -1, step_at(3)));
    DO(motet_sound_stop(engine, unused, motet_at(3)));
    const float left[] = {5, 5, 104, 104}, right[] = {5, 5, 100, 100};
    hear_sides(engine, __FILE__, __LINE__, 4, left, right);
}

/* A voice in a slot whose last voice ended in the block that took it to another bus. */
static void slot_forgets_its_last_voice(void **state)
{
    (void)state;
    motet_engine *engine =
        make_engine((motet_engine_def){.no_limiter = true, .max_voices = 1, .no_virtual_voices = true});
    motet_bus bus = make_bus(engine, "a", (motet_bus){0}, 0);
    motet_voice voice = play(engine, MONO(engine, 1, 2, 3), (motet_voice_def){0});
    DO(motet_voice_set_bus(engine, voice, bus, motet_at(4)));
    HEAR(engine, 1, 2, 3, 0, 0, 0, 0, 0, 0, 0);
    play(engine, COUNTING(engine), (motet_voice_def){0});
    HEAR(engine, 1, 2, 3);
    motet_engine_destroy(engine);
}

/* With the last tail in use the oldest goes at once. */
static void oldest_tail_is_dropped(void **state)
{
    (void)state;
    motet_engine *engine =
        make_engine((motet_engine_def){.no_limiter = true, .max_voices = 1, .no_virtual_voices = true});
    motet_voice voice = play(engine, COUNTING(engine), (motet_voice_def){0});
    DO(motet_voice_seek(engine, voice, 8, motet_at(2)));
    DO(motet_voice_seek(engine, voice, 0, motet_at(4)));
    /* 2: 3 + 9 * 0   3: 4 s3 + 10 s1   4: the tail at 5 is dropped. The voice, at 11 with s2, is the new tail; its jump
     * has the slope 0.375, so that with d = -0.5 it falls by
     *   0.5 - 0.5 s(t) + 4 * 0.375 t (1 - t)^2: 0.5, 0.6328125, 0.4375, 0.1484375
     * and beside it the voice begins at 1 again. */
    HEAR(engine, 1, 2, 3, 4 * 0.84375f + 10 * 0.15625f, 11 * 0.5f, 12 * 0.6328125f + 2 * 0.15625f,
         13 * 0.4375f + 3 * 0.5f, 14 * 0.1484375f + 4 * 0.84375f, 5, 6);
    motet_stats stats;
    DO(motet_engine_get_stats(engine, &stats));
    assert_int_equal(stats.tails_dropped, 1);
    motet_engine_destroy(engine);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

/* Many voices' values in one call are those of three calls for each; stale voices are passed over. */
static void values_of_many_voices(void **state)
{
    (void)state;
    static float out[2][2 * 2000];
    for (int together = 0; together < 2; together++) {
        motet_engine *engine = motet_engine_create(&(motet_engine_def){.device = MOTET_DEVICE_MANUAL});
        assert_non_null(engine);
        motet_signal signal = {.kind = MOTET_SIGNAL_NOISE, .amplitude = 0.2, .seconds = 1};
        motet_sound sound = motet_sound_from_signal(engine, &signal, NULL);
        motet_voice_values values[12];
        for (int i = 0; i < 12; i++) {
            motet_voice voice = motet_voice_play(engine, sound, &(motet_voice_def){.pan = -0.1f * (float)i});
            values[i] = (motet_voice_values){voice, -40 + 5 * (float)i, 0.3f * (float)(i - 6), 0.5 + i * 0.1};
        }
        values[5].voice = (motet_voice){0};
        motet_timing timing = motet_at_fade(777, 0.01);
        if (together == 1) {
            assert_int_equal(motet_voices_set(engine, values, 12, timing), MOTET_OK);
            assert_int_equal(motet_voices_set(engine, NULL, 0, timing), MOTET_OK);
            assert_int_equal(motet_voices_set(engine, NULL, 1, timing), MOTET_ERROR_INVALID);
        }
        for (int i = 0; i < 12 && together == 0; i++) {
            (void)motet_voice_set_volume_db(engine, values[i].voice, values[i].volume_db, timing);
            (void)motet_voice_set_pan(engine, values[i].voice, values[i].pan, timing);
            (void)motet_voice_set_pitch(engine, values[i].voice, values[i].pitch, timing);
        }
        motet_voice_state told;
        assert_int_equal(motet_voice_get_state(engine, values[11].voice, &told), MOTET_OK);
        assert_true(told.volume_db == 15 && told.pan == 1 && told.pitch == 1.6);
        motet_engine_render_f32(engine, out[together], 2000);
        motet_engine_destroy(engine);
    }
    assert_memory_equal(out[0], out[1], sizeof out[0]);

    motet_engine *engine = motet_engine_create(&(motet_engine_def){.device = MOTET_DEVICE_MANUAL, .max_scheduled = 16});
    motet_signal signal = {.kind = MOTET_SIGNAL_CONSTANT, .from = 0.5, .seconds = 1};
    motet_sound sound = motet_sound_from_signal(engine, &signal, NULL);
    motet_voice voice = motet_voice_play(engine, sound, NULL);
    motet_voice_values many[17];
    for (int i = 0; i < 17; i++) {
        many[i] = (motet_voice_values){voice, -20, 0, 1};
    }
    assert_int_equal(motet_voices_set(engine, many, 17, motet_now()), MOTET_ERROR_BUSY);
    motet_voice_state told;
    assert_int_equal(motet_voice_get_state(engine, voice, &told), MOTET_OK);
    assert_true(told.volume_db == 0);
    motet_engine_destroy(engine);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(sound_is_heard_as_it_is),
        TEST(s16_is_exact),
        TEST(nothing_to_play_ends_at_once),
        TEST(loops_have_no_seam),
        TEST(start_inside_fades_in),
        TEST(sum_follows_play_order),
        TEST(play_order_is_that_of_frames),
        TEST(mono_and_stereo_are_summed_apart),
        TEST(play_order_outlives_moves),
        TEST(volume_fades),
        TEST(every_curve),
        TEST(fade_meets_fade),
        TEST(pan_is_a_balance),
        TEST(pan_fades),
        TEST(changes_apply_in_the_order_of_calls),
        TEST(changes_before_the_start_do_not_fade),
        TEST(stop_fades_out),
        TEST(step_stops_at_once),
        TEST(sound_that_ends_in_the_fade_has_ended),
        TEST(stop_before_the_start_cancels),
        TEST(pause_holds_the_place),
        TEST(step_pause_skips_nothing),
        TEST(paused_voice_is_silent_whatever_happens),
        TEST(seek_while_paused_leaves_others_alone),
        TEST(paused_play_waits),
        TEST(seek_crosses_over),
        TEST(step_seek_jumps),
        TEST(seek_past_the_end_ends),
        TEST(tails_follow_a_stop),
        TEST(buses_multiply),
        TEST(voice_goes_to_another_bus),
        TEST(mute_closes_the_output),
        TEST(solo_silences_the_others),
        TEST(bus_is_born_soloed),
        TEST(pitch_steps_through_the_sound),
        TEST(cubic_reads_four_frames),
        TEST(loop_is_interpolated_across),
        TEST(pitch_glides),
        TEST(pitch_steps),
        TEST(feed_plays_what_it_holds),
        TEST(feed_waits_for_enough),
        TEST(feed_goes_on_after_a_gap_at_a_high_pitch),
        TEST(sound_stop_reaches_all_its_voices),
        TEST(every_command_of_a_frame_applies),
        cmocka_unit_test(slot_forgets_its_last_voice),
        cmocka_unit_test(oldest_tail_is_dropped),
        cmocka_unit_test(mono_is_half_of_both),
        cmocka_unit_test(s16_output_is_rounded_to_even),
        cmocka_unit_test(limiter_only_delays),
        cmocka_unit_test(values_of_many_voices),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
