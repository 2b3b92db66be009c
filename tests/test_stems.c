/* labels: threads */
/* Stems: voices that are locked together. */
#include "motet/motet.h"
#include "support/audio_files.h"
#include "support/by_hand.h"

#include <stdlib.h>
#include <string.h>

static const motet_voice_def plain = {0};

/* 100, 200 ... 1600: beside COUNTING the sum shows both positions. */
static motet_sound hundreds(motet_engine *engine)
{
    return MONO(engine, 100, 200, 300, 400, 500, 600, 700, 800, 900, 1000, 1100, 1200, 1300, 1400, 1500, 1600);
}

static void play_two(motet_engine *engine, motet_voice_def def, motet_voice *voices)
{
    const motet_stem stems[] = {{.sound = COUNTING(engine), .user = 1}, {.sound = hundreds(engine), .user = 2}};
    DO(motet_stems_play(engine, stems, 2, &def, voices));
}

static void what_moves_one_moves_all(void **state)
{
    motet_engine *engine = *state;
    motet_voice v[2];
    play_two(engine, (motet_voice_def){.timing = motet_at(1), .quality = MOTET_QUALITY_LINEAR}, v);
    DO(motet_voice_set_pitch(engine, v[1], 2, step_at(3)));
    DO(motet_voice_pause(engine, v[0], step_at(5)));
    DO(motet_voice_resume(engine, v[1], step_at(7)));
    DO(motet_voice_seek(engine, v[0], 1, step_at(8)));
    HEAR(engine, 0, 101, 202, 303, 505, 0, 0, 707, 202, 404);
    DO(motet_voice_set_loop_range(engine, v[1], 2, 6, step_now));
    DO(motet_voice_set_loop(engine, v[0], true, step_now));
    HEAR(engine, 606, 404, 606, 404);
    motet_voice_state state_of[2];
    for (int i = 0; i < 2; i++) {
        DO(motet_voice_get_state(engine, v[i], &state_of[i]));
        assert_true(state_of[i].loop && state_of[i].pitch == 2 && state_of[i].position_frames == 5);
    }
    const motet_voice_values values = {v[0], 0, 0, 1};
    DO(motet_voices_set(engine, &values, 1, step_now));
    HEAR(engine, 606, 303, 404, 505, 606);
    DO(motet_voice_set_loop(engine, v[1], false, step_now));
    DO(motet_voice_seek(engine, v[1], 14, step_now));
    HEAR(engine, 1515, 1616, 0);
    assert_ended(engine, v[0], 21, MOTET_END_ENDED);
    assert_ended(engine, v[1], 21, MOTET_END_ENDED);
    assert_no_event(engine);
}

static void level_and_end_are_their_own(void **state)
{
    motet_engine *engine = *state;
    motet_voice v[3];
    const motet_stem stems[] = {{.sound = COUNTING(engine)},
                                {.sound = MONO(engine, 10, 20, 30), .pan = -1},
                                {.sound = hundreds(engine), .volume_db = -80}};
    DO(motet_stems_play(engine, stems, 3, NULL, v));
    hear_sides(engine, __FILE__, __LINE__, 4, (const float[]){11, 22, 33, 4}, (const float[]){1, 2, 3, 4});
    assert_ended(engine, v[1], 3, MOTET_END_ENDED);
    DO(motet_voice_set_volume_db(engine, v[2], 0, step_now));
    HEAR(engine, 505, 606);
    DO(motet_voice_stop(engine, v[0], step_now));
    HEAR(engine, 700, 800);
    assert_ended(engine, v[0], 6, MOTET_END_STOPPED);
    DO(motet_voice_seek(engine, v[2], 15, step_now));
    HEAR(engine, 1600, 0);
    assert_ended(engine, v[2], 9, MOTET_END_ENDED);
}

/* The short one does not reach the loop's end: it is heard once. */
static void the_loop_is_that_of_the_longest(void **state)
{
    motet_engine *engine = *state;
    motet_voice v[2];
    const motet_stem stems[] = {{.sound = MONO(engine, 10, 20)}, {.sound = MONO(engine, 1, 2, 3)}};
    DO(motet_stems_play(engine, stems, 2, &(motet_voice_def){.loop = true}, v));
    HEAR(engine, 11, 22, 3, 1, 2, 3);
    assert_ended(engine, v[0], 2, MOTET_END_ENDED);
    DO(motet_voice_stop(engine, v[1], step_now));
    HEAR(engine, 0);
    assert_ended(engine, v[1], 6, MOTET_END_STOPPED);
    /* Nor when the range is moved; but both do as long as it ends in both. */
    DO(motet_stems_play(engine, stems, 2, &(motet_voice_def){.loop = true, .loop_end_frame = 2}, v));
    HEAR(engine, 11, 22, 11, 22);
    DO(motet_voice_set_loop_range(engine, v[0], 0, 3, step_now));
    HEAR(engine, 11, 22, 3, 1);
    assert_ended(engine, v[0], 13, MOTET_END_ENDED);
}

static void all_or_none(void **state)
{
    motet_engine *engine = *state;
    motet_voice v[9] = {{0}};
    motet_sound a = COUNTING(engine);
    motet_sound other = make_sound(engine, 1, 2 * RATE, FRAMES(1, 2, 3));
    motet_stem stems[9] = {{.sound = a}, {.sound = other}};
    assert_int_equal(motet_stems_play(engine, stems, 2, NULL, v), MOTET_ERROR_INVALID);
    assert_non_null(strstr(motet_last_error(), "stems[0] pcm has 8 Hz and stems[1] pcm 16 Hz"));
    stems[1].sound = (motet_sound){0};
    assert_int_equal(motet_stems_play(engine, stems, 2, NULL, v), MOTET_ERROR_STALE);
    assert_int_equal(motet_stems_play(engine, stems, 1, NULL, v), MOTET_ERROR_INVALID);
    assert_int_equal(motet_stems_play(engine, stems, 33, NULL, v), MOTET_ERROR_INVALID);
    assert_int_equal(motet_stems_play(engine, NULL, 2, NULL, v), MOTET_ERROR_INVALID);
    for (int i = 0; i < 9; i++) {
        stems[i].sound = a;
    }
    assert_int_equal(motet_stems_play(engine, stems, 9, NULL, v), MOTET_ERROR_LIMIT); /* eight voices */
    assert_int_equal(v[0].id, 0);
    motet_stats stats;
    DO(motet_engine_get_stats(engine, &stats));
    assert_int_equal(stats.commands_waiting, 0);
    DO(motet_stems_play(engine, stems, 8, NULL, v));
    HEAR(engine, 8, 16, 24);
}

/* One of the sounds may not be played again so soon: none of them is. */
static void refused_together(void **state)
{
    motet_engine *engine = *state;
    const float frames[] = {1, 2, 3, 4};
    const motet_pcm pcm = {frames, MOTET_FORMAT_F32, 1, RATE, 4};
    motet_sound rare = motet_sound_from_pcm(engine, &pcm, &(motet_sound_def){.min_interval_seconds = 1});
    motet_voice v[2];
    (void)play(engine, rare, plain);
    const motet_stem stems[] = {{.sound = COUNTING(engine)}, {.sound = rare}};
    DO(motet_stems_play(engine, stems, 2, &(motet_voice_def){.timing = motet_at(2)}, v));
    HEAR(engine, 1, 2, 3, 4, 0);
    assert_ended(engine, v[0], 2, MOTET_END_REFUSED);
    assert_ended(engine, v[1], 2, MOTET_END_REFUSED);
}

static void stopped_before_they_start(void **state)
{
    motet_engine *engine = *state;
    motet_voice v[2];
    DO(motet_engine_begin(engine));
    play_two(engine, (motet_voice_def){.timing = motet_at(2)}, v);
    DO(motet_voice_stop(engine, v[1], motet_now()));
    DO(motet_voice_seek(engine, v[0], 4, motet_now()));
    DO(motet_engine_commit(engine));
    HEAR(engine, 0, 0, 5 * 0, 6 * 0.15625f, 7 * 0.5f);
    assert_ended(engine, v[1], 0, MOTET_END_STOPPED);
}

static void they_are_followed_and_replaced_together(void **state)
{
    motet_engine *engine = *state;
    motet_voice v[2];
    const motet_stem stems[] = {{.sound = MONO(engine, 1, 2)}, {.sound = MONO(engine, 10, 20, 30)}};
    DO(motet_stems_play(engine, stems, 2, NULL, v));
    motet_voice next = motet_voice_queue(engine, v[0], MONO(engine, 7, 8), NULL);
    assert_int_not_equal(next.id, 0);
    assert_int_equal(motet_voice_queue(engine, v[1], MONO(engine, 7), NULL).id, 0);
    assert_int_equal(motet_last_result(), MOTET_ERROR_INVALID);
    HEAR(engine, 11, 22, 30, 7, 8, 0);
    assert_ended(engine, v[0], 2, MOTET_END_ENDED);
    assert_ended(engine, v[1], 3, MOTET_END_ENDED);
    assert_ended(engine, next, 5, MOTET_END_ENDED);

    play_two(engine, plain, v);
    HEAR(engine, 101, 202);
    motet_voice_def def = {.timing = {0, MOTET_FADE_NONE, MOTET_CURVE_SMOOTH}};
    next = motet_voice_crossfade(engine, v[1], MONO(engine, 5), &def);
    HEAR(engine, 5, 0);
    /* What stands behind the last of them falls with the last of them. */
    play_two(engine, plain, v);
    next = motet_voice_queue(engine, v[0], MONO(engine, 5), NULL);
    DO(motet_voice_stop(engine, v[0], step_now));
    HEAR(engine, 100, 200);
    assert_true(motet_voice_is_active(engine, next));
    DO(motet_voice_stop(engine, v[1], step_now));
    HEAR(engine, 0, 0);
    assert_false(motet_voice_is_active(engine, next));
}

static void a_crossfade_waits_for_the_longest(void **state)
{
    motet_engine *engine = *state;
    motet_voice v[2];
    const motet_stem stems[] = {{.sound = MONO(engine, 1, 1, 1, 1, 1, 1)}, {.sound = MONO(engine, 1, 1, 1, 1)}};
    DO(motet_stems_play(engine, stems, 2, NULL, v));
    motet_voice next = motet_voice_queue(engine, v[1], MONO(engine, 16, 16, 16, 16),
                                         &(motet_voice_def){.timing = curve_at(0, MOTET_CURVE_LINEAR)});
    HEAR(engine, 2, 2, 2, 4 + 1.5f, 8.5, 12.25, 0);
    assert_ended(engine, v[1], 4, MOTET_END_ENDED);
    assert_ended(engine, v[0], 6, MOTET_END_ENDED);
    assert_ended(engine, next, 6, MOTET_END_ENDED);
}

/* One is mixed, the other is not, and both glide. */
static void a_virtual_one_keeps_in_step(void **state)
{
    (void)state;
    static float samples[20000];
    motet_engine_def def = {.sample_rate_hz = 8000, .channels = 1, .device = MOTET_DEVICE_MANUAL, .max_voices = 1};
    motet_engine *engine = motet_engine_create(&def);
    const motet_pcm pcm = {samples, MOTET_FORMAT_F32, 1, 8000, 20000};
    motet_sound sound = motet_sound_from_pcm(engine, &pcm, NULL);
    const motet_stem stems[] = {{.sound = sound}, {.sound = sound, .volume_db = -20}};
    motet_voice v[2];
    DO(motet_stems_play(engine, stems, 2, &(motet_voice_def){.loop = true, .loop_end_frame = 777}, v));
    DO(motet_voice_set_pitch(engine, v[0], 1.7, motet_at_fade(100, 1)));
    DO(motet_voice_set_pitch(engine, v[1], 0.3, motet_at_fade(5000, 0.7)));
    for (int i = 0; i < 200; i++) {
        float heard[97];
        motet_voice_state seen[2];
        motet_engine_render_f32(engine, heard, i % 2 == 0 ? 97 : 31);
        if (i == 100) { /* and they change places */
            DO(motet_voice_set_volume_db(engine, v[0], -40, motet_now()));
        }
        for (int k = 0; k < 2; k++) {
            DO(motet_voice_get_state(engine, v[k], &seen[k]));
        }
        assert_true(i == 0 || seen[0].is_virtual != seen[1].is_virtual);
    }
    DO(motet_voice_set_pitch(engine, v[1], 1, step_now));
    DO(motet_voice_set_loop(engine, v[0], false, motet_now()));
    motet_event event;
    uint64_t ends[2] = {0};
    for (int i = 0; i < 500; i++) {
        float heard[97];
        motet_engine_render_f32(engine, heard, 97);
        while (motet_engine_poll_event(engine, &event)) {
            if (event.type == MOTET_EVENT_VOICE_ENDED) {
                ends[event.voice.id == v[1].id] = event.frame;
            }
        }
    }
    assert_true(ends[0] > 0);
    assert_int_equal(ends[0], ends[1]);
    motet_engine_destroy(engine);
}

/* ------------------------------------------------------------------------------------------------------ Streams */

enum { LONG = 3 * 48000 };

static audio_bytes tone_file(double hz)
{
    const audio_recipe recipe = {
        .format = SF_FORMAT_WAV | SF_FORMAT_PCM_16, .channels = 1, .rate = 48000, .tone_hz = hz};
    return audio_write_tones(&recipe, LONG);
}

static motet_engine *open_two(bool stream, motet_sound *sounds)
{
    motet_engine_def def = {.channels = 1, .device = MOTET_DEVICE_MANUAL, .no_limiter = true};
    motet_engine *engine = motet_engine_create(&def);
    for (int i = 0; i < 2; i++) {
        audio_bytes file = tone_file(i == 0 ? 220 : 330);
        sounds[i] =
            motet_sound_load_memory(engine, file.data, file.size, &(motet_sound_def){.stream = stream && i == 0});
        assert_int_not_equal(sounds[i].id, 0);
        audio_bytes_free(&file);
    }
    return engine;
}

static void streamed_stems_are_as_loaded_ones(void **state)
{
    (void)state;
    static float heard[2][LONG];
    for (int stream = 0; stream < 2; stream++) {
        motet_sound sounds[2];
        motet_voice v[2];
        motet_engine *engine = open_two(stream != 0, sounds);
        const motet_stem stems[] = {{.sound = sounds[0]}, {.sound = sounds[1]}};
        motet_voice_def def = {
            .loop = true, .loop_start_frame = 5000, .loop_end_frame = 60000, .timing = motet_at(321)};
        DO(motet_stems_play(engine, stems, 2, &def, v));
        DO(motet_voice_set_pitch(engine, v[0], 1.3, motet_at_fade(9000, 0.5)));
        DO(motet_voice_seek(engine, v[1], 30000, motet_at(50000)));
        DO(motet_voice_set_loop(engine, v[1], false, motet_at(99000)));
        assert_int_not_equal(motet_voice_queue(engine, v[0], sounds[0], NULL).id, 0);
        for (uint32_t done = 0, count; done < LONG; done += count) {
            count = motet_engine_prepare(engine, LONG - done);
            motet_engine_render_f32(engine, heard[stream] + done, count);
        }
        motet_engine_destroy(engine);
    }
    assert_memory_equal(heard[0], heard[1], sizeof heard[0]);
}

/* Rendered as fast as it goes, the streamed one cannot keep up: it is silent, and then where the other one is. */
static void one_that_starves_keeps_its_place(void **state)
{
    (void)state;
    motet_sound sounds[2];
    motet_voice v[2];
    static float heard[48000];
    motet_engine *engine = open_two(true, sounds);
    const motet_stem stems[] = {{.sound = sounds[0]}, {.sound = sounds[1], .volume_db = -80}};
    DO(motet_stems_play(engine, stems, 2, NULL, v));
    motet_voice_state seen[2] = {{0}};
    uint32_t waited = 0;
    for (; !seen[0].started && waited < 10000; waited++) { /* together, as soon as the first quarter is there */
        motet_engine_render_f32(engine, heard, 32);
        for (int i = 0; i < 2; i++) {
            DO(motet_voice_get_state(engine, v[i], &seen[i]));
        }
        assert_true(seen[0].started == seen[1].started);
        motet_sleep_ms(seen[0].started ? 0 : 1);
    }
    assert_true(seen[0].started);
    assert_true(seen[0].position_frames == 32 && seen[1].position_frames == 32);
    assert_true(heard[20] != 0); /* and it has what it starts with */
    bool starved = false;
    bool came_back = false;
    uint64_t position = 32;
    for (int i = 0; i < 40; i++) {
        uint32_t count = i < 20 ? 4800 : 960;
        motet_engine_render_f32(engine, heard, count);
        position += count;
        for (int k = 0; k < 2; k++) {
            DO(motet_voice_get_state(engine, v[k], &seen[k]));
            assert_true(seen[k].position_frames == (double)position);
        }
        motet_event event;
        while (motet_engine_poll_event(engine, &event)) {
            assert_int_equal(event.type, MOTET_EVENT_STREAM_STARVED);
            assert_int_equal(event.voice.id, v[0].id);
            starved = true;
        }
        if (i >= 20) {
            motet_sleep_ms(5);
            /* Its last frames, if it is heard again: the declick lies behind. */
            const audio_recipe recipe = {.format = SF_FORMAT_WAV, .channels = 1, .rate = 48000, .tone_hz = 220};
            double error = 0;
            for (uint32_t f = 900; f < 960; f++) {
                double expected = (double)audio_tone(&recipe, (size_t)(position - 960 + f), 0);
                double off = (double)heard[f] - expected;
                error += off * off;
            }
            came_back = came_back || error < 1e-4;
        }
    }
    if (starved) { /* a machine may be faster than this thread */
        assert_true(came_back);
    }
    motet_engine_destroy(engine);
}

static void streams_are_all_or_none_too(void **state)
{
    (void)state;
    audio_bytes file = tone_file(220);
    motet_engine_def def = {.device = MOTET_DEVICE_MANUAL, .max_streams = 2};
    motet_engine *engine = motet_engine_create(&def);
    motet_sound sound = motet_sound_load_memory(engine, file.data, file.size, &(motet_sound_def){.stream = true});
    const motet_stem stems[] = {{.sound = sound}, {.sound = sound}, {.sound = sound}};
    motet_voice v[3];
    assert_int_equal(motet_stems_play(engine, stems, 3, NULL, v), MOTET_ERROR_LIMIT);
    DO(motet_stems_play(engine, stems, 2, NULL, v)); /* none of them has taken a place */
    motet_engine_destroy(engine);
    audio_bytes_free(&file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_moves_one_moves_all),
        TEST(level_and_end_are_their_own),
        TEST(the_loop_is_that_of_the_longest),
        TEST(all_or_none),
        TEST(refused_together),
        TEST(stopped_before_they_start),
        TEST(they_are_followed_and_replaced_together),
        TEST(a_crossfade_waits_for_the_longest),
        cmocka_unit_test(a_virtual_one_keeps_in_step),
        cmocka_unit_test(streamed_stems_are_as_loaded_ones),
        cmocka_unit_test(one_that_starves_keeps_its_place),
        cmocka_unit_test(streams_are_all_or_none_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
