/* More voices than are mixed: who is real, and that the others keep their time. Rules of sounds, and sets. */
#include "motet/motet.h"
#include "support/ramp_sound.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { DECLICK = 80 };

static motet_engine *create(uint32_t real, uint32_t virtual_voices)
{
    motet_engine_def def = motet_default_engine_def();
    def.sample_rate_hz = RATE;
    def.channels = 1;
    def.device = MOTET_DEVICE_MANUAL;
    def.no_limiter = true;
    def.max_voices = real;
    def.max_virtual_voices = virtual_voices;
    motet_engine *engine = motet_engine_create(&def);
    assert_non_null(engine);
    return engine;
}

static bool is_virtual(motet_engine *engine, motet_voice voice)
{
    motet_voice_state state;
    assert_int_equal(motet_voice_get_state(engine, voice, &state), MOTET_OK);
    return state.is_virtual;
}

static double position_of(motet_engine *engine, motet_voice voice)
{
    motet_voice_state state;
    assert_int_equal(motet_voice_get_state(engine, voice, &state), MOTET_OK);
    return state.position_frames;
}

static motet_event next_end(motet_engine *engine)
{
    motet_event event;
    while (motet_engine_poll_event(engine, &event)) {
        if (event.type == MOTET_EVENT_VOICE_ENDED) {
            return event;
        }
    }
    return (motet_event){0};
}

static void the_louder_ones_are_real(void **state)
{
    (void)state;
    static float out[RATE];
    motet_engine *engine = create(2, 10);
    motet_sound sound = ramp(engine, 60000, NULL);
    motet_voice quiet = motet_voice_play(engine, sound, &(motet_voice_def){.volume_db = -20});
    motet_voice middle = motet_voice_play(engine, sound, &(motet_voice_def){.volume_db = -10});
    motet_engine_render_f32(engine, out, 100);
    assert_false(is_virtual(engine, quiet));

    /* A louder one takes the quietest's place in its first frame; one that is quieter than both does not. */
    motet_voice loud = motet_voice_play(engine, sound, NULL);
    motet_voice faint = motet_voice_play(engine, sound, &(motet_voice_def){.volume_db = -40});
    motet_engine_render_f32(engine, out, 100);
    assert_true(is_virtual(engine, quiet) && is_virtual(engine, faint));
    assert_false(is_virtual(engine, middle) || is_virtual(engine, loud));
    assert_true(position_of(engine, quiet) == 200); /* in step with its twin, unheard */

    /* It comes back when it has become the louder by more than 3 dB, on a multiple of 512. */
    motet_voice_set_volume_db(engine, quiet, -8, motet_now());
    motet_engine_render_f32(engine, out, 1000);
    assert_true(is_virtual(engine, quiet)); /* 2 dB are not enough */
    motet_voice_set_volume_db(engine, quiet, 0, motet_now());
    motet_engine_render_f32(engine, out, 1000);
    assert_false(is_virtual(engine, quiet));
    assert_true(is_virtual(engine, middle));
    assert_true(position_of(engine, quiet) == 2200 && position_of(engine, middle) == 2200);
    motet_engine_destroy(engine);
}

static void priority_counts_as_decibels(void **state)
{
    (void)state;
    static float out[RATE];
    motet_engine *engine = create(1, 10);
    motet_sound sound = ramp(engine, 60000, NULL);
    motet_voice music = motet_voice_play(engine, sound, &(motet_voice_def){.volume_db = -30, .priority = 25});
    motet_voice shot = motet_voice_play(engine, sound, &(motet_voice_def){.volume_db = -6});
    motet_engine_render_f32(engine, out, 1024);
    assert_true(is_virtual(engine, shot));
    motet_voice horn = motet_voice_play(engine, sound, &(motet_voice_def){.volume_db = -3});
    motet_engine_render_f32(engine, out, 1024);
    assert_true(is_virtual(engine, music) && is_virtual(engine, shot));
    assert_false(is_virtual(engine, horn));
    motet_engine_destroy(engine);
}

/* Comes back at its own frame: after the fade in the samples are those of a voice that was never away. */
static void a_voice_comes_back_in_its_place(void **state)
{
    (void)state;
    static float out[6000], alone[6000];
    for (int way = 0; way < 2; way++) {
        motet_engine *engine = create(1, 10);
        motet_sound sound = ramp(engine, 60000, NULL);
        motet_voice voice =
            motet_voice_play(engine, sound, &(motet_voice_def){.volume_db = -6, .pitch = 1.25, .loop = way == 1});
        motet_voice other = motet_voice_play(engine, sound, &(motet_voice_def){.timing = motet_at(700)});
        motet_voice_stop(engine, other, motet_at_fade(2000, MOTET_FADE_NONE));
        motet_voice_set_pitch(engine, voice, 0.75, motet_at_fade(1000, 0.05)); /* while it is virtual */
        motet_engine_render_f32(engine, out, 6000);
        motet_engine_destroy(engine);

        engine = create(2, 10);
        sound = ramp(engine, 60000, NULL);
        voice = motet_voice_play(engine, sound, &(motet_voice_def){.volume_db = -6, .pitch = 1.25, .loop = way == 1});
        motet_voice_set_pitch(engine, voice, 0.75, motet_at_fade(1000, 0.05));
        motet_engine_render_f32(engine, alone, 6000);
        motet_engine_destroy(engine);

        uint32_t back = 2048 + DECLICK; /* the first choice after the place is free */
        assert_memory_equal(out, alone, 701 * sizeof *out);
        assert_memory_equal(out + back, alone + back, (6000 - back) * sizeof *out);
        assert_memory_not_equal(out + 900, alone + 900, 1000 * sizeof *out);
    }
}

static void a_virtual_voice_ends_on_its_frame(void **state)
{
    (void)state;
    static float out[RATE];
    motet_engine *engine = create(1, 10);
    motet_sound sound = ramp(engine, 1000, NULL);
    motet_voice music = motet_voice_play(engine, ramp(engine, 60000, NULL), NULL);
    motet_voice unheard = motet_voice_play(engine, sound, &(motet_voice_def){.volume_db = -20, .pitch = 2});
    motet_voice stopped = motet_voice_play(engine, sound, &(motet_voice_def){.volume_db = -20});
    motet_voice_stop(engine, stopped, motet_at(333));
    motet_engine_render_f32(engine, out, 3);
    assert_true(is_virtual(engine, unheard) && is_virtual(engine, stopped) && !is_virtual(engine, music));
    motet_engine_render_f32(engine, out, 1000);
    motet_event first = next_end(engine), second = next_end(engine);
    assert_int_equal(first.frame, 333 + DECLICK);
    assert_int_equal(first.reason, MOTET_END_STOPPED);
    assert_int_equal(second.frame, 500);
    assert_int_equal(second.reason, MOTET_END_ENDED);
    assert_int_equal(second.voice.id, unheard.id);
    motet_engine_destroy(engine);
}

/* As one without: the passes of a loop of few frames are told together. */
static void a_counted_loop_is_told_seldom_while_virtual(void **state)
{
    (void)state;
    static float out[RATE];
    motet_engine *engine = create(1, 10);
    motet_voice music = motet_voice_play(engine, ramp(engine, 60000, NULL), NULL);
    motet_voice_def def = {
        .volume_db = -20, .loop = true, .loop_start_frame = 10, .loop_end_frame = 13, .loop_count = 1001};
    motet_voice unheard = motet_voice_play(engine, ramp(engine, 100, NULL), &def);
    motet_engine_render_f32(engine, out, 2000);
    assert_true(is_virtual(engine, unheard) && !is_virtual(engine, music));
    motet_engine_render_f32(engine, out, 3000);
    uint32_t events = 0, laps = 0;
    motet_event event;
    while (motet_engine_poll_event(engine, &event) && event.type == MOTET_EVENT_VOICE_LOOPED) {
        assert_int_equal(event.frame, 13 + 3 * laps);
        laps += event.count;
        events++;
    }
    assert_int_equal(laps, 1000);
    assert_true(events <= 3100 / 512 + 1);
    assert_int_equal(event.type, MOTET_EVENT_VOICE_ENDED);
    assert_int_equal(event.frame, 3100);
    motet_engine_destroy(engine);
}

static void without_room_a_play_is_refused(void **state)
{
    (void)state;
    motet_engine *engine = create(2, 3);
    motet_sound sound = ramp(engine, 1000, NULL);
    for (int i = 0; i < 5; i++) {
        assert_int_not_equal(motet_voice_play(engine, sound, NULL).id, 0);
    }
    assert_int_equal(motet_voice_play(engine, sound, NULL).id, 0);
    assert_int_equal(motet_last_result(), MOTET_ERROR_LIMIT);
    motet_engine_destroy(engine);
}

/* ------------------------------------------------------------------------------------------------- Rules, sets */

static motet_event third_of_two(motet_yield yield, float second_db)
{
    static float out[RATE];
    motet_engine *engine = create(16, 16);
    motet_sound sound = ramp(engine, 8000, &(motet_sound_def){.max_voices = 2, .yield = yield});
    motet_voice_play(engine, sound, &(motet_voice_def){.user = 1});
    motet_voice_play(engine, sound, &(motet_voice_def){.volume_db = second_db, .user = 2});
    motet_voice_play(engine, sound, &(motet_voice_def){.user = 3, .timing = motet_at(700)});
    motet_engine_render_f32(engine, out, 2000);
    motet_event event = next_end(engine);
    assert_int_equal(next_end(engine).type, 0);
    motet_engine_destroy(engine);
    return event;
}

static void one_of_too_many_yields(void **state)
{
    (void)state;
    motet_event event = third_of_two(MOTET_YIELD_QUIETEST, -12);
    assert_true(event.user == 2 && event.reason == MOTET_END_STOLEN && event.frame == 700 + DECLICK);
    event = third_of_two(MOTET_YIELD_QUIETEST, 6);
    assert_true(event.user == 1 && event.reason == MOTET_END_STOLEN);
    event = third_of_two(MOTET_YIELD_OLDEST, -12);
    assert_true(event.user == 1 && event.reason == MOTET_END_STOLEN && event.frame == 700 + DECLICK);
    event = third_of_two(MOTET_YIELD_NEW, -12);
    assert_true(event.user == 3 && event.reason == MOTET_END_REFUSED && event.frame == 700);
}

static void plays_that_come_too_soon_are_refused(void **state)
{
    (void)state;
    static float out[RATE];
    motet_engine *engine = create(16, 16);
    motet_sound sound = ramp(engine, 8000, &(motet_sound_def){.min_interval_seconds = 0.05}); /* 400 frames */
    static const uint64_t frames[] = {100, 499, 500, 899, 901};
    for (uint64_t i = 0; i < 5; i++) {
        motet_voice_play(engine, sound, &(motet_voice_def){.user = i, .timing = motet_at(frames[i])});
    }
    motet_engine_render_f32(engine, out, 2000);
    assert_int_equal(next_end(engine).user, 1);
    motet_event event = next_end(engine);
    assert_true(event.user == 3 && event.reason == MOTET_END_REFUSED && event.frame == 899);
    assert_int_equal(next_end(engine).type, 0);
    motet_engine_destroy(engine);
}

/* Plays a set 3000 times: which of three sounds each was, told by its first sample. */
static void play_set(uint64_t seed, const float *weights, int *picked)
{
    motet_engine_def def = motet_default_engine_def();
    def.device = MOTET_DEVICE_MANUAL;
    def.no_limiter = true;
    def.channels = 1;
    def.seed = seed;
    motet_engine *engine = motet_engine_create(&def);
    motet_sound sounds[3];
    for (int i = 0; i < 3; i++) {
        motet_signal signal = {.kind = MOTET_SIGNAL_CONSTANT, .from = 0.25 * (i + 1), .seconds = 1.0 / 48000};
        sounds[i] = motet_sound_from_signal(engine, &signal, NULL);
    }
    motet_sound set = motet_sound_variations(engine, sounds, 3, &(motet_variations_def){.weights = weights});
    assert_int_not_equal(set.id, 0);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(motet_sound_release(engine, sounds[i]), MOTET_OK); /* the set still holds it */
    }
    for (int i = 0; i < 3000; i++) {
        float sample;
        assert_int_not_equal(motet_voice_play(engine, set, NULL).id, 0);
        motet_engine_render_f32(engine, &sample, 1);
        picked[i] = (int)(sample * 4 + 0.5f) - 1;
        assert_true(picked[i] >= 0 && picked[i] < 3);
    }
    assert_int_equal(motet_sound_release(engine, set), MOTET_OK);
    motet_engine_destroy(engine);
}

static void a_set_picks_by_weight_and_never_twice(void **state)
{
    (void)state;
    static int picked[3000], again[3000], other[3000];
    static const float weights[] = {6, 3, 1};
    int counts[3] = {0};
    play_set(7, weights, picked);
    play_set(7, weights, again);
    play_set(8, weights, other);
    assert_memory_equal(picked, again, sizeof picked);
    assert_memory_not_equal(picked, other, sizeof picked);
    for (int i = 0; i < 3000; i++) {
        counts[picked[i]]++;
        assert_true(i == 0 || picked[i] != picked[i - 1]);
    }
    /* Without repeats the heaviest is every second one at most. Shares by the chain's balance: 0.46, 0.38, 0.16. */
    assert_in_range(counts[0], 1290, 1470);
    assert_in_range(counts[1], 1050, 1230);
    assert_in_range(counts[2], 400, 560);
}

static void a_set_counts_and_stops_as_one_sound(void **state)
{
    (void)state;
    static float out[RATE];
    motet_engine *engine = create(16, 16);
    motet_sound sounds[2] = {ramp(engine, 8000, NULL), ramp(engine, 8000, NULL)};
    motet_sound set = motet_sound_variations(engine, sounds, 2,
                                             &(motet_variations_def){.max_voices = 2, .yield = MOTET_YIELD_OLDEST});
    for (uint64_t i = 1; i <= 3; i++) {
        motet_voice_play(engine, set, &(motet_voice_def){.user = i});
    }
    motet_engine_render_f32(engine, out, 500);
    motet_event event = next_end(engine);
    assert_true(event.user == 1 && event.reason == MOTET_END_STOLEN && event.sound.id == set.id);
    assert_int_equal(motet_sound_stop(engine, set, motet_now()), MOTET_OK);
    motet_engine_render_f32(engine, out, 500);
    assert_int_equal(next_end(engine).reason, MOTET_END_STOPPED);
    assert_int_equal(next_end(engine).reason, MOTET_END_STOPPED);
    assert_int_equal(motet_sound_variations(engine, &set, 1, NULL).id, 0);
    assert_int_equal(motet_last_result(), MOTET_ERROR_INVALID);
    motet_engine_destroy(engine);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_louder_ones_are_real),
        cmocka_unit_test(priority_counts_as_decibels),
        cmocka_unit_test(a_voice_comes_back_in_its_place),
        cmocka_unit_test(a_virtual_voice_ends_on_its_frame),
        cmocka_unit_test(a_counted_loop_is_told_seldom_while_virtual),
        cmocka_unit_test(without_room_a_play_is_refused),
        cmocka_unit_test(one_of_too_many_yields),
        cmocka_unit_test(plays_that_come_too_soon_are_refused),
        cmocka_unit_test(a_set_picks_by_weight_and_never_twice),
        cmocka_unit_test(a_set_counts_and_stops_as_one_sound),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
