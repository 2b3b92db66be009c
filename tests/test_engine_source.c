/* What a voice reads, frame by frame, worked out by hand: at other pitches, and out of a feed. */
#include "support/by_hand.h"

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(pitch_steps_through_the_sound),
        TEST(cubic_reads_four_frames),
        TEST(loop_is_interpolated_across),
        TEST(pitch_glides),
        TEST(pitch_steps),
        TEST(feed_plays_what_it_holds),
        TEST(feed_waits_for_enough),
        TEST(feed_goes_on_after_a_gap_at_a_high_pitch),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
