/* What becomes of many voices, frame by frame, worked out by hand: sums, buses, the output, changes of many at once. */
#include "support/by_hand.h"

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
        TEST(sum_follows_play_order),
        TEST(play_order_is_that_of_frames),
        TEST(mono_and_stereo_are_summed_apart),
        TEST(play_order_outlives_moves),
        TEST(buses_multiply),
        TEST(voice_goes_to_another_bus),
        TEST(mute_closes_the_output),
        TEST(solo_silences_the_others),
        TEST(bus_is_born_soloed),
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
