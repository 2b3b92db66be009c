/* What a voice does, frame by frame, worked out by hand: how it starts and ends, volume and pan, stop, pause, seek. */
#include "support/by_hand.h"

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(sound_is_heard_as_it_is),
        TEST(s16_is_exact),
        TEST(nothing_to_play_ends_at_once),
        TEST(loops_have_no_seam),
        TEST(start_inside_fades_in),
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
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
