/* Buses paused, resumed and stopped: every frame by hand. */
#include "motet/effect.h"
#include "support/by_hand.h"

#include <string.h>

typedef struct rig {
    motet_engine *engine;
    motet_bus sfx, feet, music; /* Feet lies below SFX */
} rig;

static rig make_rig(void **state)
{
    rig r = {.engine = *state};
    r.sfx = motet_bus_create(r.engine, "SFX", NULL);
    r.feet = motet_bus_create(r.engine, "Feet", &(motet_bus_def){.parent = r.sfx});
    r.music = motet_bus_create(r.engine, "Music", NULL);
    return r;
}

static motet_voice count_on(const rig *r, motet_bus bus)
{
    return play(r->engine, COUNTING(r->engine), (motet_voice_def){.bus = bus});
}

static double position_of(motet_engine *engine, motet_voice voice)
{
    motet_voice_state state;
    DO(motet_voice_get_state(engine, voice, &state));
    return state.position_frames;
}

static void a_step_loses_no_frame(void **state)
{
    rig r = make_rig(state);
    motet_voice voice = count_on(&r, r.feet);
    DO(motet_bus_pause(r.engine, r.sfx, step_at(3)));
    DO(motet_bus_resume(r.engine, r.sfx, step_at(6)));
    HEAR(r.engine, 1, 2, 3, 0, 0);
    motet_voice_state told;
    DO(motet_voice_get_state(r.engine, voice, &told));
    assert_true(told.position_frames == 3 && !told.paused);
    HEAR(r.engine, 0, 4, 5);
}

static void a_fade_runs_on_and_comes_back(void **state)
{
    rig r = make_rig(state);
    count_on(&r, r.feet);
    DO(motet_bus_pause(r.engine, r.feet, motet_at(2)));
    DO(motet_bus_resume(r.engine, r.feet, motet_at(8)));
    HEAR(r.engine, 1, 2, 3, 4 * 0.84375f, 5 * 0.5f, 6 * 0.15625f, 0, 0, 0, 8 * 0.15625f, 9 * 0.5f, 10 * 0.84375f, 11);
}

static void each_reason_holds_by_itself(void **state)
{
    rig r = make_rig(state);
    motet_voice voice = count_on(&r, r.feet);
    HEAR(r.engine, 1);
    DO(motet_voice_pause(r.engine, voice, step_now));
    DO(motet_bus_pause(r.engine, r.sfx, step_now));
    HEAR(r.engine, 0);
    DO(motet_bus_resume(r.engine, r.sfx, step_now));
    HEAR(r.engine, 0);
    DO(motet_bus_pause(r.engine, r.feet, step_now));
    DO(motet_voice_resume(r.engine, voice, step_now));
    HEAR(r.engine, 0);
    DO(motet_bus_pause(r.engine, r.sfx, step_now));
    DO(motet_bus_resume(r.engine, r.feet, step_now));
    HEAR(r.engine, 0);
    DO(motet_bus_pause(r.engine, motet_bus_master(r.engine), step_now));
    DO(motet_bus_resume(r.engine, r.sfx, step_now));
    HEAR(r.engine, 0);
    DO(motet_bus_resume(r.engine, motet_bus_master(r.engine), step_now));
    HEAR(r.engine, 2, 3);
    DO(motet_bus_pause(r.engine, r.music, step_now)); /* another one */
    HEAR(r.engine, 4);
}

static void what_starts_there_waits_at_its_first_frame(void **state)
{
    rig r = make_rig(state);
    motet_bus shut = motet_bus_create(r.engine, "Shut", &(motet_bus_def){.parent = r.music, .paused = true});
    motet_voice voice = count_on(&r, shut);
    HEAR(r.engine, 0, 0);
    motet_voice_state told;
    DO(motet_voice_get_state(r.engine, voice, &told));
    assert_true(!told.started && told.position_frames == 0);
    DO(motet_voice_set_pan(r.engine, voice, 1, motet_fade(10))); /* where it starts, whatever the fade */
    DO(motet_bus_resume(r.engine, shut, step_at(3)));
    hear_sides(r.engine, __FILE__, __LINE__, 3, (const float[]){0, 0, 0}, (const float[]){0, 1, 2});
    DO(motet_voice_stop(r.engine, voice, step_now));
    /* One that comes on the frame of the resume has not waited: no ramp. */
    DO(motet_bus_pause(r.engine, shut, step_now));
    DO(motet_bus_resume(r.engine, shut, motet_at(8)));
    play(r.engine, COUNTING(r.engine), (motet_voice_def){.bus = shut, .timing = motet_at(8)});
    HEAR(r.engine, 0, 0, 0, 1, 2);
    DO(motet_bus_stop(r.engine, shut, step_now));
    DO(motet_bus_pause(r.engine, shut, step_now));
    voice = play(r.engine, COUNTING(r.engine), (motet_voice_def){.bus = shut, .paused = true});
    DO(motet_bus_resume(r.engine, shut, step_at(11)));
    DO(motet_voice_resume(r.engine, voice, motet_at(12)));
    HEAR(r.engine, 0, 0, 0, 2 * 0.15625f, 3 * 0.5f);
}

static void a_voice_that_changes_its_bus(void **state)
{
    rig r = make_rig(state);
    motet_voice voice = count_on(&r, r.music);
    DO(motet_bus_pause(r.engine, r.sfx, step_now));
    /* It fades out of the one, is not heard in the other, and is held where the fade ends. */
    DO(motet_voice_set_bus(r.engine, voice, r.feet, motet_at(2)));
    HEAR(r.engine, 1, 2, 3, 4 * 0.84375f, 5 * 0.5f, 6 * 0.15625f, 0, 0);
    assert_true(position_of(r.engine, voice) == 6);
    DO(motet_bus_resume(r.engine, r.sfx, step_now));
    HEAR(r.engine, 7, 8);
    DO(motet_bus_pause(r.engine, r.sfx, step_now));
    HEAR(r.engine, 0);
    DO(motet_voice_set_bus(r.engine, voice, r.music, motet_now()));
    HEAR(r.engine, 0, 10 * 0.15625f, 11 * 0.5f, 12 * 0.84375f, 13);
    DO(motet_voice_set_bus(r.engine, voice, r.feet, step_now));
    HEAR(r.engine, 0);
    DO(motet_voice_set_bus(r.engine, voice, r.music, step_now));
    HEAR(r.engine, 14, 15);
}

static void it_comes_back_before_it_is_held(void **state)
{
    rig r = make_rig(state);
    motet_voice voice = count_on(&r, r.music);
    DO(motet_bus_pause(r.engine, r.sfx, step_now));
    DO(motet_voice_set_bus(r.engine, voice, r.sfx, motet_at(1)));
    DO(motet_bus_resume(r.engine, r.sfx, step_at(3)));
    /* From there on at once, while its tail is at 0.5, and then at 0.15625. */
    HEAR(r.engine, 1, 2, 3 * 0.84375f, 4 * 1.5f, 5 * 1.15625f, 6, 7);
}

static void what_is_left_behind_follows_its_own_bus(void **state)
{
    rig r = make_rig(state);
    float level = 1;
    motet_voice voice =
        play(r.engine, make_sound(r.engine, 1, RATE, 1, &level), (motet_voice_def){.loop = true, .bus = r.sfx});
    HEAR(r.engine, 1);
    DO(motet_voice_set_bus(r.engine, voice, r.music, (motet_timing){0, 1, MOTET_CURVE_LINEAR})); /* 8 frames */
    DO(motet_bus_set_mute(r.engine, r.music, true, step_now));
    HEAR(r.engine, 1, 0.875f, 0.75f);
    DO(motet_bus_pause(r.engine, r.music, step_now));
    HEAR(r.engine, 0.625f);
    DO(motet_bus_pause(r.engine, r.sfx, step_now));
    HEAR(r.engine, 0);
    DO(motet_bus_resume(r.engine, r.sfx, step_now));
    HEAR(r.engine, 0.375f);
    DO(motet_bus_resume(r.engine, r.music, step_now));
    DO(motet_voice_pause(r.engine, voice, step_now)); /* and its voice */
    HEAR(r.engine, 0);
}

static void a_bus_that_moves(void **state)
{
    rig r = make_rig(state);
    count_on(&r, r.feet);
    DO(motet_bus_pause(r.engine, r.music, step_now));
    HEAR(r.engine, 1, 2);
    DO(motet_bus_set_parent(r.engine, r.feet, r.music, step_at(3)));
    HEAR(r.engine, 3, 0, 0);
    DO(motet_bus_set_parent(r.engine, r.feet, r.sfx, step_now));
    HEAR(r.engine, 4, 5);
    DO(motet_bus_set_parent(r.engine, r.feet, r.music, step_now));
    HEAR(r.engine, 0);
    DO(motet_bus_resume(r.engine, r.music, step_now));
    HEAR(r.engine, 6);
}

static void play_stems(const rig *r, motet_voice *voices)
{
    motet_sound tens = MONO(r->engine, 100, 200, 300, 400, 500, 600, 700, 800, 900, 1000, 1100, 1200, 1300, 1400, 1500);
    const motet_stem stems[] = {{.sound = COUNTING(r->engine), .bus = r->sfx}, {.sound = tens, .bus = r->music}};
    DO(motet_stems_play(r->engine, stems, 2, NULL, voices));
}

static void stems_stay_together(void **state)
{
    rig r = make_rig(state);
    motet_voice v[2];
    DO(motet_bus_pause(r.engine, r.music, step_now));
    play_stems(&r, v);
    HEAR(r.engine, 0, 0);
    DO(motet_bus_resume(r.engine, r.music, step_now));
    HEAR(r.engine, 101, 202);
    DO(motet_bus_pause(r.engine, r.sfx, step_now));
    HEAR(r.engine, 0);
    char text[200];
    DO(motet_voice_explain(r.engine, v[1], text, sizeof text));
    assert_non_null(strstr(text, "; silent: SFX is paused"));
    DO(motet_voice_set_bus(r.engine, v[0], r.music, step_now)); /* out of it: both go on */
    HEAR(r.engine, 303, 404);
    DO(motet_voice_set_bus(r.engine, v[1], r.sfx, motet_now())); /* both are held where the fade ends */
    HEAR(r.engine, 505, 606 * 0.84375f, 707 * 0.5f, 808 * 0.15625f, 0);
    assert_true(position_of(r.engine, v[0]) == 8 && position_of(r.engine, v[1]) == 8);
    DO(motet_bus_resume(r.engine, r.sfx, step_now));
    HEAR(r.engine, 909);
}

/* The others go on at the next multiple of 512 frames, by the declick. */
static void a_stem_that_holds_others_is_stopped(void **state)
{
    for (uint32_t block = 1; block <= 64; block += 63) {
        rig r = make_rig(state);
        motet_voice v[2];
        motet_clock clock;
        DO(motet_engine_get_clock(r.engine, &clock));
        uint64_t grid = (clock.frame / 512 + 1) * 512;
        play_stems(&r, v);
        DO(motet_bus_pause(r.engine, r.music, motet_at_fade(grid - 500, MOTET_FADE_NONE)));
        DO(motet_voice_stop(r.engine, v[1], step_at(grid - 400)));
        float heard[2 * 64];
        for (uint64_t frame = clock.frame; frame < grid; frame += block) {
            motet_engine_render_f32(r.engine, heard, block < grid - frame ? block : (uint32_t)(grid - frame));
        }
        assert_true(position_of(r.engine, v[0]) == (double)(grid - 500 - clock.frame));
        float next = (float)(grid - 500 - clock.frame);
        HEAR(r.engine, 0, (next + 2) * 0.15625f, (next + 3) * 0.5f);
        DO(motet_bus_resume(r.engine, r.music, step_now));
        DO(motet_voice_stop(r.engine, v[0], step_now));
        HEAR(r.engine, 0);
    }
}

static void a_queued_voice(void **state)
{
    rig r = make_rig(state);
    motet_voice first = play(r.engine, MONO(r.engine, 1, 2, 3), (motet_voice_def){.bus = r.feet});
    motet_voice second = motet_voice_queue(r.engine, first, MONO(r.engine, 4, 5), &(motet_voice_def){.bus = r.music});
    assert_int_not_equal(second.id, 0);
    DO(motet_bus_pause(r.engine, r.sfx, step_at(2)));
    DO(motet_bus_pause(r.engine, r.music, step_at(3)));
    HEAR(r.engine, 1, 2, 0, 0);
    DO(motet_bus_resume(r.engine, r.sfx, step_now));
    HEAR(r.engine, 3, 0, 0);
    DO(motet_bus_resume(r.engine, r.music, step_now));
    HEAR(r.engine, 4, 5, 0);
}

static void a_fed_voice(void **state)
{
    rig r = make_rig(state);
    const float frames[] = {1, 2, 3, 4};
    uint32_t taken;
    motet_feed_def def = motet_default_feed_def();
    def.sample_rate_hz = RATE;
    def.channels = 1;
    def.voice.bus = r.sfx;
    motet_voice voice = motet_feed_open(r.engine, &def);
    DO(motet_feed_write_f32(r.engine, voice, frames, 4, &taken));
    HEAR(r.engine, 1, 2);
    DO(motet_bus_pause(r.engine, r.sfx, step_now));
    HEAR(r.engine, 0, 0);
    assert_no_event(r.engine); /* it is not starved */
    char text[200];
    DO(motet_voice_explain(r.engine, voice, text, sizeof text));
    assert_non_null(strstr(text, "; silent: SFX is paused"));
    assert_null(strstr(text, "written"));
    DO(motet_bus_resume(r.engine, r.sfx, step_now));
    HEAR(r.engine, 3, 4);
}

static void a_virtual_voice_keeps_its_place(void **state)
{
    (void)state;
    motet_engine *engine = make_engine((motet_engine_def){.no_limiter = true, .max_voices = 1});
    motet_bus sfx = motet_bus_create(engine, "SFX", NULL);
    motet_sound sound = COUNTING(engine);
    float level = 100;
    motet_voice loud = play(engine, make_sound(engine, 1, RATE, 1, &level), (motet_voice_def){.loop = true});
    HEAR(engine, 100);
    motet_voice voice = play(engine, sound, (motet_voice_def){.bus = sfx, .volume_db = -20});
    HEAR(engine, 100, 100);
    motet_voice_state told;
    DO(motet_voice_get_state(engine, voice, &told));
    assert_true(told.is_virtual && told.position_frames == 2);
    DO(motet_bus_pause(engine, sfx, motet_at(4))); /* held at frame 8 */
    HEAR(engine, 100, 100, 100, 100, 100, 100, 100, 100, 100);
    assert_true(position_of(engine, voice) == 7);
    DO(motet_bus_resume(engine, sfx, motet_at(14)));
    HEAR(engine, 100, 100, 100, 100);
    assert_true(position_of(engine, voice) == 9);
    DO(motet_voice_stop(engine, loud, step_now));
    motet_engine_destroy(engine);
}

static void stop_reaches_all_below(void **state)
{
    rig r = make_rig(state);
    motet_voice own = play_level(r.engine, 1, r.sfx);
    motet_voice below = play_level(r.engine, 2, r.feet);
    motet_voice other = play_level(r.engine, 4, r.music);
    float level = 8;
    motet_sound sound = make_sound(r.engine, 1, RATE, 1, &level);
    motet_voice later = play(r.engine, sound, (motet_voice_def){.loop = true, .bus = r.feet, .timing = motet_at(9)});
    DO(motet_bus_stop(r.engine, r.sfx, motet_at(2)));
    HEAR(r.engine, 7, 7, 7, 4 + 3 * 0.84375f, 4 + 3 * 0.5f, 4 + 3 * 0.15625f, 4);
    assert_ended(r.engine, later, 2, MOTET_END_STOPPED);
    assert_ended(r.engine, own, 6, MOTET_END_STOPPED);
    assert_ended(r.engine, below, 6, MOTET_END_STOPPED);
    assert_no_event(r.engine);
    below = play_level(r.engine, 2, r.feet);
    HEAR(r.engine, 6);
    DO(motet_bus_pause(r.engine, r.feet, step_now));
    DO(motet_bus_stop(r.engine, r.feet, motet_fade(10))); /* at once: it is paused */
    HEAR(r.engine, 4);
    assert_ended(r.engine, below, 8, MOTET_END_STOPPED);
    DO(motet_bus_stop(r.engine, motet_bus_master(r.engine), step_now));
    HEAR(r.engine, 0);
    assert_ended(r.engine, other, 9, MOTET_END_STOPPED);
}

/* Repeats what comes in two frames later, once. */
typedef struct echo_state {
    float ring[2][2];
    uint32_t at;
} echo_state;

static size_t echo_size(const motet_effect_setup *setup)
{
    (void)setup;
    return sizeof(echo_state);
}

static void init_nothing(void *state, const motet_effect_setup *setup)
{
    (void)state;
    (void)setup;
}

static void echo(void *state, const motet_effect_run *run) MOTET_AUDIO_THREAD
{
    echo_state *e = state;
    for (uint32_t k = 0; k < run->frame_count; k++) {
        for (uint32_t c = 0; c < run->channel_count; c++) {
            float late = e->ring[c][e->at];
            e->ring[c][e->at] = run->channels[c][k];
            run->channels[c][k] += late;
        }
        e->at = 1 - e->at;
    }
}

static void reset_echo(void *state) MOTET_AUDIO_THREAD
{
    *(echo_state *)state = (echo_state){.at = 0};
}

static double echo_tail(const void *state, const float *values) MOTET_AUDIO_THREAD
{
    (void)state;
    (void)values;
    return 2.0 / RATE;
}

static void effects_ring_out(void **state)
{
    static const motet_effect_type type = {.name = "own_echo",
                                           .text = "Once again.",
                                           .wet = 1,
                                           .size = echo_size,
                                           .init = init_nothing,
                                           .process = echo,
                                           .reset = reset_echo,
                                           .tail_seconds = echo_tail};
    rig r = make_rig(state);
    assert_int_not_equal(motet_effect_add_own(r.engine, r.sfx, &type, NULL).id, 0);
    count_on(&r, r.sfx);
    HEAR(r.engine, 1, 2, 4, 6);
    DO(motet_bus_pause(r.engine, r.sfx, step_now));
    HEAR(r.engine, 3, 4, 0, 0);
    DO(motet_bus_resume(r.engine, r.sfx, step_now));
    HEAR(r.engine, 5, 6, 12);
}

static void it_is_told(void **state)
{
    rig r = make_rig(state);
    motet_voice voice = count_on(&r, r.feet);
    motet_bus_info info;
    DO(motet_bus_pause(r.engine, r.sfx, motet_at(100)));
    DO(motet_bus_get_info(r.engine, r.sfx, &info));
    assert_true(info.paused);
    DO(motet_bus_get_info(r.engine, r.feet, &info));
    assert_false(info.paused);
    char text[200];
    DO(motet_voice_explain(r.engine, voice, text, sizeof text));
    assert_non_null(strstr(text, "; silent: SFX is paused"));
    DO(motet_bus_resume(r.engine, r.sfx, step_now));
    DO(motet_voice_explain(r.engine, voice, text, sizeof text));
    assert_null(strstr(text, "paused"));
    assert_int_equal(motet_bus_pause(r.engine, (motet_bus){0}, motet_now()), MOTET_ERROR_STALE);
    assert_int_equal(motet_bus_resume(r.engine, r.sfx, motet_fade(-3)), MOTET_ERROR_INVALID);
    assert_int_equal(motet_bus_stop(NULL, r.sfx, motet_now()), MOTET_ERROR_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_step_loses_no_frame),
        TEST(a_fade_runs_on_and_comes_back),
        TEST(each_reason_holds_by_itself),
        TEST(what_starts_there_waits_at_its_first_frame),
        TEST(a_voice_that_changes_its_bus),
        TEST(it_comes_back_before_it_is_held),
        TEST(what_is_left_behind_follows_its_own_bus),
        TEST(a_bus_that_moves),
        TEST(stems_stay_together),
        TEST(a_stem_that_holds_others_is_stopped),
        TEST(a_queued_voice),
        TEST(a_fed_voice),
        cmocka_unit_test(a_virtual_voice_keeps_its_place),
        TEST(stop_reaches_all_below),
        TEST(effects_ring_out),
        TEST(it_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
