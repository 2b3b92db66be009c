/* labels: threads */
/* Queued voices: the first frame of one is the frame behind the last of the other. */
#include "motet/motet.h"
#include "support/audio_files.h"
#include "support/by_hand.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static motet_voice queue(motet_engine *engine, motet_voice after, motet_sound sound, motet_voice_def def)
{
    motet_voice voice = motet_voice_queue(engine, after, sound, &def);
    assert_int_not_equal(voice.id, 0);
    return voice;
}

static const motet_voice_def plain = {0};

/* ------------------------------------------------------------------------------------------------------- Gapless */

static void one_follows_the_other(void **state)
{
    motet_engine *engine = *state;
    motet_sound a = MONO(engine, 1, 2, 3);
    motet_sound b = MONO(engine, 10, 20);
    motet_voice first = play(engine, a, plain);
    motet_voice second = queue(engine, first, b, plain);
    motet_voice third = queue(engine, second, a, plain);
    assert_true(motet_voice_is_active(engine, third));
    HEAR(engine, 1, 2, 3, 10, 20, 1, 2, 3, 0);
    assert_ended(engine, first, 3, MOTET_END_ENDED);
    assert_ended(engine, second, 5, MOTET_END_ENDED);
    assert_ended(engine, third, 8, MOTET_END_ENDED);
    assert_no_event(engine);
}

static void what_moves_the_end_moves_the_start(void **state)
{
    motet_engine *engine = *state;
    motet_sound a = COUNTING(engine);
    motet_sound b = MONO(engine, -1, -2);
    motet_voice first = play(engine, a, (motet_voice_def){.quality = MOTET_QUALITY_LINEAR});
    motet_voice second = queue(engine, first, b, plain);
    DO(motet_voice_set_pitch(engine, first, 2, step_at(2)));
    DO(motet_voice_pause(engine, first, step_at(4)));
    DO(motet_voice_resume(engine, first, step_at(7)));
    DO(motet_voice_seek(engine, first, 14, step_at(9)));
    HEAR(engine, 1, 2, 3, 5, 0, 0, 0, 7, 9, 15, -1, -2, 0);
    assert_ended(engine, first, 10, MOTET_END_ENDED);
    assert_ended(engine, second, 12, MOTET_END_ENDED);
}

static void a_loop_ends_first(void **state)
{
    motet_engine *engine = *state;
    motet_sound a = MONO(engine, 1, 2, 3);
    motet_sound b = MONO(engine, 10);
    motet_voice first = play(engine, a, (motet_voice_def){.loop = true, .loop_start_frame = 1, .loop_count = 2});
    motet_voice second = queue(engine, first, b, plain);
    HEAR(engine, 1, 2, 3, 2, 3, 10, 0);
    assert_ended(engine, first, 5, MOTET_END_ENDED);
    assert_ended(engine, second, 6, MOTET_END_ENDED);

    first = play(engine, a, (motet_voice_def){.loop = true});
    second = queue(engine, first, b, plain);
    HEAR(engine, 1, 2, 3, 1, 2, 3, 1);
    DO(motet_voice_set_loop(engine, first, false, motet_now()));
    HEAR(engine, 2, 3, 10, 0);
    assert_ended(engine, first, 16, MOTET_END_ENDED);
    assert_ended(engine, second, 17, MOTET_END_ENDED);
}

static void start_values_are_set_while_it_waits(void **state)
{
    motet_engine *engine = *state;
    motet_sound a = MONO(engine, 1, 2, 3);
    motet_voice first = play(engine, a, plain);
    motet_voice second = queue(engine, first, COUNTING(engine), (motet_voice_def){.user = 7});
    DO(motet_voice_set_pan(engine, second, -1, motet_now()));
    DO(motet_voice_seek(engine, second, 14, motet_at(1)));
    motet_voice_state seen;
    DO(motet_voice_get_state(engine, second, &seen));
    assert_false(seen.started);
    assert_int_equal(seen.user, 7);
    hear_sides(engine, __FILE__, __LINE__, 4, (const float[]){1, 2, 3, 0}, (const float[]){1, 2, 3, 0});
    (void)second; /* it starts inside its sound: from silence, by the declick */
    hear_sides(engine, __FILE__, __LINE__, 2, (const float[]){16 * 0.15625f, 0}, (const float[]){0, 0});
}

static void after_one_that_has_ended(void **state)
{
    motet_engine *engine = *state;
    motet_sound a = MONO(engine, 1, 2);
    motet_voice first = play(engine, a, plain);
    HEAR(engine, 1, 2);
    motet_voice second = queue(engine, first, a, plain);
    HEAR(engine, 1, 2, 0);
    assert_ended(engine, first, 2, MOTET_END_ENDED);
    assert_ended(engine, second, 4, MOTET_END_ENDED);
    /* One that is over before its first frame. */
    first = play(engine, a, (motet_voice_def){.from_frame = 2, .timing = motet_at(7)});
    second = queue(engine, first, a, plain);
    HEAR(engine, 0, 0, 1, 2, 0);
    assert_ended(engine, first, 7, MOTET_END_ENDED);
    assert_ended(engine, second, 9, MOTET_END_ENDED);
}

static void a_feed_is_followed(void **state)
{
    motet_engine *engine = *state;
    const motet_feed_def def = {.channels = 1};
    const float frames[] = {1, 2, 3};
    motet_voice feed = motet_feed_open(engine, &def);
    motet_voice second = queue(engine, feed, MONO(engine, 10, 20), plain);
    DO(motet_feed_write_f32(engine, feed, frames, 3, NULL));
    HEAR(engine, 1, 2, 3, 0);
    DO(motet_feed_write_f32(engine, feed, frames, 2, NULL));
    DO(motet_feed_finish(engine, feed));
    HEAR(engine, 1, 2, 10, 20, 0);
    assert_true(motet_voice_is_active(engine, feed) == false);
    (void)second;
}

static void an_empty_feed_is_followed_at_once(void **state)
{
    motet_engine *engine = *state;
    motet_voice feed = motet_feed_open(engine, &(motet_feed_def){.channels = 1});
    motet_voice second = queue(engine, feed, MONO(engine, 10), plain);
    HEAR(engine, 0, 0);
    DO(motet_feed_finish(engine, feed));
    HEAR(engine, 10, 0);
    assert_ended(engine, feed, 2, MOTET_END_ENDED);
    assert_ended(engine, second, 3, MOTET_END_ENDED);
}

/* -------------------------------------------------------------------------------------------------- Taken back */

static void a_stop_cancels_what_follows(void **state)
{
    motet_engine *engine = *state;
    motet_sound a = COUNTING(engine);
    motet_voice first = play(engine, a, plain);
    motet_voice second = queue(engine, first, a, plain);
    motet_voice third = queue(engine, second, a, plain);
    DO(motet_voice_stop(engine, first, step_at(2)));
    HEAR(engine, 1, 2, 0, 0);
    assert_ended(engine, first, 2, MOTET_END_STOPPED);
    assert_ended(engine, second, 2, MOTET_END_STOPPED);
    assert_ended(engine, third, 2, MOTET_END_STOPPED);
    assert_no_event(engine);
    assert_int_equal(motet_voice_get_state(engine, third, &(motet_voice_state){0}), MOTET_ERROR_STALE);
}

static void an_end_inside_the_stops_fade_is_an_end(void **state)
{
    motet_engine *engine = *state;
    motet_sound a = MONO(engine, 1, 1, 1);
    motet_voice first = play(engine, a, plain);
    motet_voice second = queue(engine, first, a, plain);
    DO(motet_voice_stop(engine, first, motet_at_fade(2, 1)));
    HEAR(engine, 1, 1, 1, 1, 1, 1, 0);
    assert_ended(engine, first, 3, MOTET_END_ENDED);
    assert_ended(engine, second, 6, MOTET_END_ENDED);
}

static void the_waiting_one_can_leave(void **state)
{
    motet_engine *engine = *state;
    motet_sound a = MONO(engine, 1, 2, 3);
    motet_voice first = play(engine, a, plain);
    motet_voice second = queue(engine, first, a, plain);
    assert_int_equal(motet_voice_queue(engine, first, a, NULL).id, 0);
    assert_int_equal(motet_last_result(), MOTET_ERROR_INVALID);
    assert_non_null(strstr(motet_last_error(), "queued after this one already"));
    DO(motet_voice_stop(engine, second, motet_now()));
    motet_voice third = queue(engine, first, MONO(engine, 10), plain);
    HEAR(engine, 1, 2, 3, 10, 0);
    assert_ended(engine, second, 0, MOTET_END_STOPPED);
    assert_ended(engine, first, 3, MOTET_END_ENDED);
    assert_ended(engine, third, 4, MOTET_END_ENDED);
}

static void nonsense_is_refused(void **state)
{
    motet_engine *engine = *state;
    motet_sound a = MONO(engine, 1, 2, 3);
    motet_voice first = play(engine, a, plain);
    assert_int_equal(motet_voice_queue(engine, first, a, &(motet_voice_def){.timing = motet_at(4)}).id, 0);
    assert_int_equal(motet_last_result(), MOTET_ERROR_INVALID);
    assert_int_equal(motet_voice_queue(engine, first, (motet_sound){0}, NULL).id, 0);
    assert_int_equal(motet_last_result(), MOTET_ERROR_STALE);
    assert_int_equal(motet_voice_queue(engine, first, a, &(motet_voice_def){.pitch = -1}).id, 0);
    motet_voice second = queue(engine, first, a, plain); /* none of these has left anything behind */
    HEAR(engine, 1, 2, 3, 1, 2, 3, 0);
    assert_ended(engine, first, 3, MOTET_END_ENDED);
    assert_ended(engine, second, 6, MOTET_END_ENDED);
}

static void groups_hold_it_back(void **state)
{
    motet_engine *engine = *state;
    motet_sound a = MONO(engine, 1, 2);
    DO(motet_engine_begin(engine));
    motet_voice first = play(engine, a, plain);
    motet_voice second = queue(engine, first, MONO(engine, 10, 20), plain);
    DO(motet_voice_set_pan(engine, second, 0, motet_now()));
    HEAR(engine, 0, 0);
    DO(motet_engine_commit(engine));
    HEAR(engine, 1, 2, 10, 20, 0);
    assert_ended(engine, first, 4, MOTET_END_ENDED);
    assert_ended(engine, second, 6, MOTET_END_ENDED);
}

/* --------------------------------------------------------------------------------------------------- Crossfades */

/* Linear, over four frames: it begins when four are left, and whoever ends it has come to its end. */
static void it_may_fade_over(void **state)
{
    motet_engine *engine = *state;
    motet_sound a = MONO(engine, 1, 1, 1, 1, 1, 1);
    motet_sound b = MONO(engine, 16, 16, 16, 16, 16, 16);
    motet_voice first = play(engine, a, plain);
    motet_voice second = queue(engine, first, b, (motet_voice_def){.timing = curve_at(0, MOTET_CURVE_LINEAR)});
    HEAR(engine, 1, 1, 1, 4.75, 8.5, 12.25, 16, 16, 0);
    assert_ended(engine, first, 6, MOTET_END_ENDED);
    assert_ended(engine, second, 8, MOTET_END_ENDED);
}

/* Two frames are left: it fades over those. */
static void a_late_one_is_shorter(void **state)
{
    motet_engine *engine = *state;
    motet_sound a = MONO(engine, 1, 1, 1, 1);
    motet_voice first = play(engine, a, plain);
    HEAR(engine, 1, 1);
    motet_voice second =
        queue(engine, first, MONO(engine, 16, 16, 16), (motet_voice_def){.timing = curve_at(0, MOTET_CURVE_LINEAR)});
    HEAR(engine, 1, 8.5, 16, 0);
    assert_ended(engine, first, 4, MOTET_END_ENDED);
    assert_ended(engine, second, 5, MOTET_END_ENDED);
}

static void a_pause_holds_a_crossfade_back(void **state)
{
    motet_engine *engine = *state;
    motet_sound a = MONO(engine, 1, 1, 1, 1, 1, 1);
    motet_voice first = play(engine, a, plain);
    motet_voice second = queue(engine, first, MONO(engine, 16, 16, 16, 16, 16, 16),
                               (motet_voice_def){.timing = curve_at(0, MOTET_CURVE_LINEAR)});
    DO(motet_voice_pause(engine, first, step_at(2))); /* the frame at which it would begin */
    DO(motet_voice_resume(engine, first, step_at(5)));
    HEAR(engine, 1, 1, 0, 0, 0, 1, 4.75, 8.5, 12.25, 16, 16, 0);
    assert_ended(engine, first, 9, MOTET_END_ENDED);
    assert_ended(engine, second, 11, MOTET_END_ENDED);
}

/* ------------------------------------------------------------------------------------------------- Virtual ones */

static void virtual_voices_keep_their_end(void **state)
{
    (void)state;
    for (uint32_t block = 1; block <= 64; block += 63) {
        float heard[2 * 64] = {0};
        motet_engine *engine = make_engine((motet_engine_def){.no_limiter = true, .max_voices = 1});
        motet_voice loud = play(engine, COUNTING(engine), (motet_voice_def){.priority = 20, .volume_db = -80});
        motet_voice first = play(engine, MONO(engine, 1, 1, 1, 1, 1, 1, 1), (motet_voice_def){.pitch = 0.5});
        DO(motet_voice_set_pitch(engine, first, 1, motet_at_fade(2, 1.5)));
        motet_voice second = queue(engine, first, MONO(engine, 2, 2), (motet_voice_def){.priority = 90});
        DO(motet_voice_set_volume_db(engine, loud, -70, motet_now()));
        for (uint32_t done = 0; done < 64; done += block) {
            motet_engine_render_f32(engine, heard + 2 * done, block);
        }
        motet_event event;
        uint64_t ends[3] = {0};
        while (next_event(engine, &event)) {
            for (int i = 0; i < 3; i++) {
                ends[i] = event.voice.id == (motet_voice[]){loud, first, second}[i].id ? event.frame : ends[i];
            }
        }
        assert_int_equal(ends[0], 16);
        assert_int_equal(ends[1], 12);
        assert_int_equal(ends[2], ends[1] + 2);
        assert_true(heard[2 * ends[1]] >= 2 && heard[2 * ends[1] - 2] < 2); /* it took the place of the quiet one */
        motet_engine_destroy(engine);
    }
}

/* A glide ends the first one somewhere; wherever blocks begin, it is the same frame. */
static void blocks_do_not_matter(void **state)
{
    (void)state;
    enum { FRAMES_HEARD = 3000 };
    static float heard[4][FRAMES_HEARD];
    for (int run = 0; run < 4; run++) {
        static const uint32_t blocks[] = {1, 63, 512, 3000};
        motet_engine_def def = {.sample_rate_hz = 8000, .channels = 1, .device = MOTET_DEVICE_MANUAL};
        motet_engine *engine = motet_engine_create(&def);
        motet_signal sine = {.kind = MOTET_SIGNAL_SINE, .hz = 443, .amplitude = 0.25, .seconds = 0.1};
        motet_sound sound = motet_sound_from_signal(engine, &sine, NULL);
        motet_voice voice = play(engine, sound, (motet_voice_def){.pitch = 0.7});
        DO(motet_voice_set_pitch(engine, voice, 1.9, motet_at_fade(100, 0.09)));
        motet_voice next = queue(engine, voice, sound, (motet_voice_def){.timing = motet_fade(0.03)});
        DO(motet_voice_set_pitch(engine, next, 0.8, motet_at_fade(600, 0.2)));
        (void)queue(engine, next, sound, plain);
        for (uint32_t done = 0; done < FRAMES_HEARD;) {
            uint32_t count = blocks[run] < FRAMES_HEARD - done ? blocks[run] : FRAMES_HEARD - done;
            motet_engine_render_f32(engine, heard[run] + done, count);
            done += count;
        }
        motet_stats stats;
        DO(motet_engine_get_stats(engine, &stats));
        assert_int_equal(stats.voices_started, 3);
        motet_engine_destroy(engine);
        assert_memory_equal(heard[run], heard[0], sizeof heard[0]);
    }
}

/* -------------------------------------------------------------------------------------------------------- Files */

/* A piece in two files: decoded, they are as long as it was, and the seam is where it was cut. */
static void a_split_file_has_no_seam(int format, bool stream)
{
    enum { WHOLE = 96000, CUT = 41234 };
    const audio_recipe recipe = {.format = format, .channels = 1, .rate = 48000};
    static float samples[WHOLE], heard[WHOLE + 512], decoded[WHOLE];
    for (size_t i = 0; i < WHOLE; i++) {
        samples[i] = 0.4f * sinf((float)i * 0.031f);
    }
    audio_bytes parts[2] = {audio_write(&recipe, AUDIO_F32, samples, CUT),
                            audio_write(&recipe, AUDIO_F32, samples + CUT, WHOLE - CUT)};
    motet_engine_def def = {.channels = 1, .device = MOTET_DEVICE_MANUAL, .no_limiter = true};
    motet_engine *engine = motet_engine_create(&def);
    motet_sound sounds[2], loaded[2];
    for (int i = 0; i < 2; i++) {
        sounds[i] = motet_sound_load_memory(engine, parts[i].data, parts[i].size, &(motet_sound_def){.stream = stream});
        loaded[i] = motet_sound_load_memory(engine, parts[i].data, parts[i].size, NULL);
        motet_sound_info info;
        DO(motet_sound_get_info(engine, sounds[i], &info));
        assert_int_equal(info.frame_count, i == 0 ? CUT : WHOLE - CUT);
        audio_bytes_free(&parts[i]);
    }
    motet_voice first = play(engine, sounds[0], plain);
    (void)queue(engine, first, sounds[1], plain);
    for (uint32_t done = 0, count; done < WHOLE + 512; done += count) {
        count = motet_engine_prepare(engine, WHOLE + 512 - done);
        motet_engine_render_f32(engine, heard + done, count);
    }
    for (int i = 0; i < 2; i++) { /* bit for bit what the files hold, at the places where it was */
        uint32_t from = i == 0 ? 0 : CUT, frames = i == 0 ? CUT : WHOLE - CUT, read = 0;
        DO(motet_sound_read_f32(engine, loaded[i], 0, decoded, frames, &read));
        assert_int_equal(read, frames);
        assert_memory_equal(heard + from, decoded, frames * sizeof *decoded);
    }
    for (uint32_t i = 0; i < WHOLE; i++) {
        if (fabs((double)heard[i] - (double)samples[i]) > 0.1) { /* 9 frames off, and it would be */
            fail_msg("format %x: frame %u is %g; expected %g", format, i, (double)heard[i], (double)samples[i]);
        }
    }
    for (uint32_t i = WHOLE; i < WHOLE + 512; i++) {
        assert_true(heard[i] == 0);
    }
    motet_event event;
    while (motet_engine_poll_event(engine, &event)) {
        assert_int_equal(event.type, MOTET_EVENT_VOICE_ENDED);
        assert_int_equal(event.frame, event.voice.id == first.id ? CUT : WHOLE);
    }
    motet_engine_destroy(engine);
}

static void split_files_have_no_seam(void **state)
{
    (void)state;
    for (int stream = 0; stream < 2; stream++) {
        a_split_file_has_no_seam(SF_FORMAT_FLAC | SF_FORMAT_PCM_16, stream != 0);
        a_split_file_has_no_seam(SF_FORMAT_OGG | SF_FORMAT_VORBIS, stream != 0);
        a_split_file_has_no_seam(SF_FORMAT_MPEG | SF_FORMAT_MPEG_LAYER_III, stream != 0);
    }
}

static void write_file(const char *path, const void *data, size_t size)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(data, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

/* The file of the first is gone when it should play: the second is heard at once. */
static void a_failure_does_not_stop_the_music(void **state)
{
    (void)state;
    const audio_recipe recipe = {.format = SF_FORMAT_WAV | SF_FORMAT_PCM_16, .channels = 1, .rate = 48000};
    char path[] = "queue_XXXXXX";
    int file = mkstemp(path);
    assert_true(file >= 0);
    close(file);
    audio_bytes bytes = audio_write_tones(&recipe, 48000);
    write_file(path, bytes.data, bytes.size);
    motet_engine_def def = {.channels = 1, .device = MOTET_DEVICE_MANUAL};
    motet_engine *engine = motet_engine_create(&def);
    motet_sound gone = motet_sound_load(engine, path, &(motet_sound_def){.stream = true});
    motet_sound here = motet_sound_load_memory(engine, bytes.data, bytes.size, NULL);
    assert_int_equal(unlink(path), 0);
    motet_voice first = play(engine, gone, plain);
    motet_voice second = queue(engine, first, here, plain);
    float heard[512];
    assert_int_equal(motet_engine_prepare(engine, 512), 512);
    motet_engine_render_f32(engine, heard, 512);
    assert_ended(engine, first, 0, MOTET_END_FAILED);
    assert_true(motet_voice_is_active(engine, second));
    motet_voice_state seen;
    DO(motet_voice_get_state(engine, second, &seen));
    assert_true(seen.position_frames == 512);
    motet_engine_destroy(engine);
    audio_bytes_free(&bytes);
}

/* Without prepare, at a device's pace: the stream thread has it ready by its bar, or by the end of the one before. */
static void streams_are_there_in_time(void **state)
{
    (void)state;
    const audio_recipe recipe = {.format = SF_FORMAT_OGG | SF_FORMAT_VORBIS, .channels = 1, .rate = 48000};
    audio_bytes bytes = audio_write_tones(&recipe, 48000);
    motet_engine_def def = {.channels = 1, .device = MOTET_DEVICE_MANUAL};
    motet_engine *engine = motet_engine_create(&def);
    motet_sound music =
        motet_sound_load_memory(engine, bytes.data, bytes.size, &(motet_sound_def){.stream = true, .tempo_bpm = 480});
    motet_voice first = play(engine, music, (motet_voice_def){.loop = true});
    motet_voice_state seen = {0};
    float heard[480];
    for (int i = 0; i < 5000 && seen.position_frames < 4800; i++) { /* a bar has 24000 frames */
        motet_engine_render_f32(engine, heard, 48);
        DO(motet_voice_get_state(engine, first, &seen));
        motet_sleep_ms(1);
    }
    uint64_t bar = motet_voice_next_bar(engine, first, 1);
    assert_true(bar > 0);
    motet_voice second = motet_voice_crossfade(engine, first, music, &(motet_voice_def){.timing = motet_at(bar)});
    motet_voice third = queue(engine, second, music, plain);
    motet_clock clock = {0};
    while (clock.frame < bar + 60000) {
        motet_engine_render_f32(engine, heard, 480);
        DO(motet_engine_get_clock(engine, &clock));
        motet_voice voice = clock.frame < bar + 48000 ? second : third;
        uint64_t from = voice.id == second.id ? bar : bar + 48000;
        if (clock.frame > from) {
            DO(motet_voice_get_state(engine, voice, &seen));
            assert_true(seen.started);
            assert_true(seen.position_frames == (double)(clock.frame - from));
        }
        motet_sleep_ms(5);
    }
    motet_stats stats;
    DO(motet_engine_get_stats(engine, &stats));
    assert_int_equal(stats.stream_gaps, 0);
    motet_engine_destroy(engine);
    audio_bytes_free(&bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(one_follows_the_other),
        TEST(what_moves_the_end_moves_the_start),
        TEST(a_loop_ends_first),
        TEST(start_values_are_set_while_it_waits),
        TEST(after_one_that_has_ended),
        TEST(a_feed_is_followed),
        TEST(an_empty_feed_is_followed_at_once),
        TEST(a_stop_cancels_what_follows),
        TEST(an_end_inside_the_stops_fade_is_an_end),
        TEST(the_waiting_one_can_leave),
        TEST(nonsense_is_refused),
        TEST(groups_hold_it_back),
        TEST(it_may_fade_over),
        TEST(a_late_one_is_shorter),
        TEST(a_pause_holds_a_crossfade_back),
        cmocka_unit_test(virtual_voices_keep_their_end),
        cmocka_unit_test(blocks_do_not_matter),
        cmocka_unit_test(split_files_have_no_seam),
        cmocka_unit_test(a_failure_does_not_stop_the_music),
        cmocka_unit_test(streams_are_there_in_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
