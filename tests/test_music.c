/* Beats and bars, crossfades, loops, what is taken back and what is explained. */
#include "motet/motet.h"
#include "support/ramp_sound.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static motet_engine *create(void)
{
    motet_engine_def def = motet_default_engine_def();
    def.sample_rate_hz = RATE;
    def.channels = 1;
    def.device = MOTET_DEVICE_MANUAL;
    def.no_limiter = true;
    motet_engine *engine = motet_engine_create(&def);
    assert_non_null(engine);
    return engine;
}

static float out[20000];

static void render(motet_engine *engine, uint32_t frames)
{
    assert_true(frames <= sizeof out / sizeof *out);
    motet_engine_render_f32(engine, out, frames);
}

/* ---------------------------------------------------------------------------------------------- Beats and bars */

static void bars_are_the_musics_own(void **state)
{
    (void)state;
    motet_engine *engine = create();
    /* A beat is 4000 frames, a bar 12000; the first begins at 500. */
    motet_sound sound =
        ramp(engine, 60000, &(motet_sound_def){.tempo_bpm = 120, .beats_per_bar = 3, .first_beat_frame = 500});
    motet_voice voice = motet_voice_play(engine, sound, &(motet_voice_def){.timing = motet_at(100)});
    assert_int_equal(motet_voice_next_beat(engine, voice, 1), 0); /* has not started */
    render(engine, 1100);                                         /* at frame 1000 of the sound */
    assert_int_equal(motet_voice_next_beat(engine, voice, 1), 4600);
    assert_int_equal(motet_voice_next_beat(engine, voice, 3), 12600);
    assert_int_equal(motet_voice_next_bar(engine, voice, 1), 12600);
    assert_int_equal(motet_voice_next_bar(engine, voice, 2), 24600);
    assert_int_equal(motet_voice_next_bar(engine, voice, 6), 0); /* ends before */
    assert_int_equal(motet_last_result(), MOTET_ERROR_NOT_FOUND);

    /* At double pitch the rest takes half the time: 3500 source frames in 1750. */
    motet_voice_set_pitch(engine, voice, 2, motet_at_fade(0, MOTET_FADE_NONE));
    render(engine, 100);
    assert_int_equal(motet_voice_next_beat(engine, voice, 1), 1100 + 1750);
    motet_voice_pause(engine, voice, motet_at_fade(0, MOTET_FADE_NONE));
    render(engine, 100);
    assert_int_equal(motet_voice_next_beat(engine, voice, 1), 0); /* paused */
    assert_int_equal(motet_last_result(), MOTET_ERROR_INVALID);
    motet_voice_resume(engine, voice, motet_at_fade(0, MOTET_FADE_NONE));
    render(engine, 100);
    assert_int_equal(motet_voice_next_beat(engine, voice, 1), 1100 + 1750 + 100);

    motet_voice plain = motet_voice_play(engine, ramp(engine, 100, NULL), NULL);
    assert_int_equal(motet_voice_next_bar(engine, plain, 1), 0);
    assert_non_null(strstr(motet_last_error(), "tempo_bpm"));
    motet_engine_destroy(engine);
}

static void beats_go_round_the_loop(void **state)
{
    (void)state;
    motet_engine *engine = create();
    motet_sound sound = ramp(engine, 20000, &(motet_sound_def){.tempo_bpm = 120}); /* beats at 0, 4000 ... */
    motet_voice_def def = {.loop = true, .loop_start_frame = 3000, .loop_end_frame = 9000};
    motet_voice voice = motet_voice_play(engine, sound, &def);
    render(engine, 8500);                                                         /* 500 before the loop's end */
    assert_int_equal(motet_voice_next_beat(engine, voice, 1), 8500 + 500 + 1000); /* at source frame 4000 */
    assert_int_equal(motet_voice_next_beat(engine, voice, 2), 8500 + 500 + 5000); /* 8000 */
    assert_int_equal(motet_voice_next_beat(engine, voice, 3), 8500 + 500 + 7000); /* 4000 again */
    motet_engine_destroy(engine);
}

/* A glide may end inside a block: the place that is told goes on by the pitch that it has led to. */
static void beats_are_right_after_a_glide(void **state)
{
    (void)state;
    motet_engine *engine = create();
    motet_sound sound = ramp(engine, 60000, &(motet_sound_def){.tempo_bpm = 120}); /* beats at 0, 4000 ... */
    motet_voice voice = motet_voice_play(engine, sound, NULL);
    motet_voice_set_pitch(engine, voice, 2, motet_at(500));
    render(engine, 2000); /* at 500 + 119.5 + 2 * 1420: the declick is 80 frames */
    motet_voice_state place;
    assert_int_equal(motet_voice_get_state(engine, voice, &place), MOTET_OK);
    assert_true(fabs(place.position_frames - 3459.5) < 1e-3);
    assert_int_equal(motet_voice_next_beat(engine, voice, 1), 2000 + 271);
    motet_engine_destroy(engine);
}

static void a_crossfade_keeps_one_frame_for_both(void **state)
{
    (void)state;
    motet_engine *engine = create();
    motet_signal signal = {.kind = MOTET_SIGNAL_CONSTANT, .from = 0.5, .seconds = 2};
    motet_sound a = motet_sound_from_signal(engine, &signal, NULL);
    motet_sound b = motet_sound_from_signal(engine, &signal, NULL);
    motet_voice first = motet_voice_play(engine, a, NULL);
    motet_voice second =
        motet_voice_crossfade(engine, first, b, &(motet_voice_def){.timing = motet_at_fade(1000, 0.1)});
    assert_int_not_equal(second.id, 0);
    render(engine, 3000);
    assert_true(out[999] == 0.5f && out[1000] == 0.5f && out[1800] == 0.5f);
    for (int i = 1; i < 800; i++) { /* sin + cos: the powers add up to one */
        double t = i / 800.0 * 1.5707963267948966;
        assert_true(fabs((double)out[1000 + i] - 0.5 * (sin(t) + cos(t))) < 1e-6);
    }
    motet_event event;
    assert_true(motet_engine_poll_event(engine, &event));
    assert_true(event.voice.id == first.id && event.frame == 1800 && event.reason == MOTET_END_STOPPED);
    /* From a voice that has ended it is a start like any other. */
    assert_int_not_equal(motet_voice_crossfade(engine, first, b, NULL).id, 0);
    motet_engine_destroy(engine);
}

static void what_waits_can_be_taken_back(void **state)
{
    (void)state;
    motet_engine *engine = create();
    motet_voice voice = motet_voice_play(engine, ramp(engine, 8000, NULL), &(motet_voice_def){.timing = motet_at(10)});
    motet_voice_stop(engine, voice, motet_at(500));
    motet_voice_seek(engine, voice, 0, motet_at(400));
    assert_int_equal(motet_voice_cancel(engine, voice), MOTET_OK);
    motet_voice_pause(engine, voice, motet_at_fade(1000, MOTET_FADE_NONE)); /* given later, so it holds */
    render(engine, 2000);
    assert_true(out[9] == 0 && out[10 + 900] == 900.0f / 65536 && out[1000] == 0 && out[1999] == 0);
    assert_true(motet_voice_is_active(engine, voice));
    motet_engine_destroy(engine);
}

/* Twice from 1000 to 9000, then on: 4500 and 8500 are beats, and so is 12500 behind the loop. */
static void a_counted_loop_comes_to_its_end(void **state)
{
    (void)state;
    motet_engine *engine = create();
    motet_sound sound = ramp(engine, 20000, &(motet_sound_def){.tempo_bpm = 120, .first_beat_frame = 500});
    motet_voice_def def = {.loop = true, .loop_start_frame = 1000, .loop_end_frame = 9000, .loop_count = 2};
    motet_voice voice = motet_voice_play(engine, sound, &def);
    render(engine, 600);
    static const uint64_t beats[] = {4500, 8500, 12500, 16500, 20500, 24500, 0};
    for (uint32_t i = 0; i < sizeof beats / sizeof *beats; i++) {
        assert_int_equal(motet_voice_next_beat(engine, voice, i + 1), beats[i]);
    }
    render(engine, 9000); /* in its last pass, at 1600 */
    for (uint32_t i = 2; i < sizeof beats / sizeof *beats; i++) {
        assert_int_equal(motet_voice_next_beat(engine, voice, i - 1), beats[i]);
    }
    motet_engine_destroy(engine);
}

/* Between two of its beats it goes round 1000 times, and then on. */
static void a_counted_loop_may_have_no_beat(void **state)
{
    (void)state;
    motet_engine *engine = create();
    motet_sound sound = ramp(engine, 20000, &(motet_sound_def){.tempo_bpm = 120, .first_beat_frame = 500});
    motet_voice_def def = {.loop = true, .loop_start_frame = 1000, .loop_end_frame = 1010, .loop_count = 1000};
    motet_voice voice = motet_voice_play(engine, sound, &def);
    render(engine, 600);
    assert_int_equal(motet_voice_next_beat(engine, voice, 1), 1010 + 999 * 10 + 3490);
    motet_engine_destroy(engine);
}

/* ------------------------------------------------------------------------------------------------------- Loops */

static void intro_loop_outro(void **state)
{
    (void)state;
    motet_engine *engine = create();
    motet_voice_def def = {.loop = true, .loop_start_frame = 100, .loop_end_frame = 150, .loop_count = 3};
    motet_voice voice = motet_voice_play(engine, ramp(engine, 200, NULL), &def);
    render(engine, 400);
    for (int i = 0; i < 400; i++) {
        int frame = i < 250 ? (i < 100 ? i : 100 + i % 50) : i - 100; /* the range three times, then the rest */
        assert_true(out[i] == (i < 300 ? (float)frame / 65536 : 0));
    }
    motet_event event;
    assert_true(motet_engine_poll_event(engine, &event));
    assert_true(event.type == MOTET_EVENT_VOICE_LOOPED && event.frame == 150 && event.count == 2);
    assert_true(motet_engine_poll_event(engine, &event));
    assert_true(event.type == MOTET_EVENT_VOICE_ENDED && event.frame == 300 && event.voice.id == voice.id);
    motet_engine_destroy(engine);
}

/* What lies before the first frames of the last pass is the end of the pass before. A voice on which nothing happens is
 * rendered on a shorter way than one of a sound with markers, of which each frame is looked at. */
static void the_last_pass_begins_as_the_others(void **state)
{
    (void)state;
    static float watched[4000];
    for (int way = 0; way < 2; way++) { /* the last by its count, or because the loop is switched off in it */
        for (int run = 0; run < 2; run++) {
            float samples[2000];
            for (uint32_t i = 0; i < 2000; i++) {
                samples[i] = (float)(i * 7919 % 2003) / 4006;
            }
            motet_engine *engine = create();
            motet_pcm pcm = {samples, MOTET_FORMAT_F32, 1, RATE, 2000};
            motet_marker marker = {0, NULL};
            motet_sound_def sound_def = {.markers = &marker, .marker_count = (uint32_t)run};
            motet_voice_def def = {.loop = true,
                                   .loop_start_frame = 641,
                                   .loop_end_frame = 1241,
                                   .loop_count = way == 0 ? 2 : 0,
                                   .pitch = 0.606}; /* on frame 2048 it is 0.1 frames in its second pass */
            motet_voice voice = motet_voice_play(engine, motet_sound_from_pcm(engine, &pcm, &sound_def), &def);
            if (way == 1) {
                motet_voice_set_loop(engine, voice, false, motet_at(2048));
            }
            motet_engine_render_f32(engine, run == 0 ? out : watched, 4000);
            motet_engine_destroy(engine);
        }
        assert_memory_equal(out, watched, sizeof watched);
    }
}

static void the_told_place_leaves_a_counted_loop(void **state)
{
    (void)state;
    motet_engine *engine = create();
    motet_voice_def def = {.loop = true, .loop_end_frame = 1000, .loop_count = 3};
    motet_voice voice = motet_voice_play(engine, ramp(engine, 5000, NULL), &def);
    for (uint32_t frame = 0; frame < 6600; frame += 100) {
        motet_voice_state place;
        if (frame > 0) {
            assert_int_equal(motet_voice_get_state(engine, voice, &place), MOTET_OK);
            assert_true(place.position_frames == (frame < 3000 ? frame % 1000 : frame - 2000));
        }
        render(engine, 100);
    }
    motet_engine_destroy(engine);
}

static void a_range_can_be_moved_and_left(void **state)
{
    (void)state;
    motet_engine *engine = create();
    motet_voice voice =
        motet_voice_play(engine, ramp(engine, 1000, NULL),
                         &(motet_voice_def){.loop = true, .loop_start_frame = 10, .loop_end_frame = 20});
    motet_voice_set_loop_range(engine, voice, 40, 50, motet_at(35)); /* at source frame 15 */
    motet_voice_set_loop(engine, voice, false, motet_at(105));       /* at 45 */
    render(engine, 200);
    assert_true(out[34] == 14.0f / 65536 && out[35] == 15.0f / 65536 && out[69] == 49.0f / 65536);
    assert_true(out[70] == 40.0f / 65536 && out[105] == 45.0f / 65536 && out[115] == 55.0f / 65536);
    assert_int_equal(motet_voice_set_loop_range(engine, voice, 50, 50, motet_now()), MOTET_ERROR_INVALID);
    assert_int_equal(
        motet_voice_play(engine, ramp(engine, 9, NULL), &(motet_voice_def){.loop = true, .loop_start_frame = 9}).id, 0);
    motet_engine_destroy(engine);
}

/* The last frames before the end go over into those before the start, so that the seam is the sound's own. */
static void a_loop_is_crossfaded(void **state)
{
    (void)state;
    motet_engine *engine = create();
    motet_voice_def def = {
        .loop = true, .loop_start_frame = 100, .loop_end_frame = 200, .loop_crossfade_seconds = 40.0 / RATE};
    motet_voice_play(engine, ramp(engine, 400, NULL), &def);
    render(engine, 500);
    for (int k = 0; k < 40; k++) {
        double t = k / 40.0;
        double expected = 160 + k - 100 * t * t * (3 - 2 * t);
        assert_true(fabs((double)out[160 + k] * 65536 - expected) < 0.01);
        assert_true(out[260 + k] == out[160 + k]);
    }
    assert_true(out[159] == 159.0f / 65536 && out[200] == 100.0f / 65536);
    motet_engine_destroy(engine);
}

/* Loops of every length sound as the same frames laid one behind the other, at every quality. */
static void short_loops_are_gapless(void **state)
{
    (void)state;
    static const motet_quality qualities[] = {MOTET_QUALITY_LINEAR, MOTET_QUALITY_CUBIC, MOTET_QUALITY_SINC16,
                                              MOTET_QUALITY_SINC32};
    static float looped[4000];
    for (uint32_t length = 1; length <= 40; length += length < 8 ? 1 : 7) {
        for (int q = 0; q < 4; q++) {
            motet_engine *engine = create();
            float *samples = malloc(8000 * sizeof *samples);
            for (uint32_t i = 0; i < 8000; i++) {
                samples[i] = (float)((i % length * 7919u) % 101) / 101 - 0.5f;
            }
            motet_pcm one = {samples, MOTET_FORMAT_F32, 1, RATE, length};
            motet_pcm many = {samples, MOTET_FORMAT_F32, 1, RATE, 8000 - 8000 % length};
            motet_voice_def def = {.loop = true, .pitch = 1.37, .quality = qualities[q], .loop_whole = true};
            motet_voice_play(engine, motet_sound_from_pcm(engine, &one, NULL), &def);
            render(engine, 4000);
            memcpy(looped, out, sizeof looped);
            motet_engine_destroy(engine);
            engine = create();
            motet_voice_play(engine, motet_sound_from_pcm(engine, &many, NULL), &def);
            render(engine, 4000);
            assert_memory_equal(looped, out, sizeof looped);
            motet_engine_destroy(engine);
            free(samples);
        }
    }
}

/* ------------------------------------------------------------------------------------------------------- Words */

static void a_voice_is_explained(void **state)
{
    (void)state;
    char text[256];
    motet_engine *engine = create();
    motet_bus weather = motet_bus_create(engine, "Weather", &(motet_bus_def){.volume_db = -9});
    motet_bus rain = motet_bus_create(engine, "Rain", &(motet_bus_def){.parent = weather, .volume_db = -3});
    motet_sound sound = ramp(engine, 8000, &(motet_sound_def){.name = "rain.ogg"});
    motet_voice voice = motet_voice_play(engine, sound, &(motet_voice_def){.volume_db = -2, .bus = rain});
    assert_int_equal(motet_voice_explain(engine, voice, text, sizeof text), MOTET_OK);
    assert_non_null(strstr(text, "it has not started"));
    render(engine, 10);
    assert_int_equal(motet_voice_explain(engine, voice, text, sizeof text), MOTET_OK);
    assert_string_equal(text, "voice 1 rain.ogg on Rain: -14.0 dB = voice -2.0 + Rain -3.0 + Weather -9.0");
    motet_bus_set_mute(engine, weather, true, motet_now());
    motet_voice_pause(engine, voice, motet_now());
    render(engine, 200);
    assert_int_equal(motet_voice_explain(engine, voice, text, sizeof text), MOTET_OK);
    assert_non_null(strstr(text, "; silent: it is paused"));
    assert_non_null(strstr(text, "; silent: Weather is muted"));
    assert_int_equal(motet_voice_explain(engine, voice, text, 12), MOTET_OK);
    assert_string_equal(text, "voice 1 rai");
    motet_voice_stop(engine, voice, motet_now());
    render(engine, 10);
    assert_int_equal(motet_voice_explain(engine, voice, text, sizeof text), MOTET_ERROR_STALE);
    motet_engine_destroy(engine);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bars_are_the_musics_own),
        cmocka_unit_test(a_counted_loop_comes_to_its_end),
        cmocka_unit_test(a_counted_loop_may_have_no_beat),
        cmocka_unit_test(beats_go_round_the_loop),
        cmocka_unit_test(beats_are_right_after_a_glide),
        cmocka_unit_test(a_crossfade_keeps_one_frame_for_both),
        cmocka_unit_test(what_waits_can_be_taken_back),
        cmocka_unit_test(intro_loop_outro),
        cmocka_unit_test(the_last_pass_begins_as_the_others),
        cmocka_unit_test(the_told_place_leaves_a_counted_loop),
        cmocka_unit_test(a_range_can_be_moved_and_left),
        cmocka_unit_test(a_loop_is_crossfaded),
        cmocka_unit_test(short_loops_are_gapless),
        cmocka_unit_test(a_voice_is_explained),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
