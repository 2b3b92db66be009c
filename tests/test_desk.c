/* Buses moved, sent and processed: every frame by hand, with sounds of one level. */
#include "dsp/ramp.h"
#include "support/levels.h"

#include "motet/effect.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { RATE = 48000, DECLICK = 480, FRAMES = 2048 };

typedef struct desk {
    motet_engine *engine;
    motet_bus music, sfx, reverb;
    motet_voice voice; /* 0.5 on music, both sides alike */
    float heard[2 * FRAMES];
} desk;

static motet_voice play_level(motet_engine *engine, float level, motet_bus bus)
{
    float samples[16];
    for (int i = 0; i < 16; i++) {
        samples[i] = level;
    }
    motet_pcm pcm = {samples, MOTET_FORMAT_F32, 1, RATE, 16};
    motet_sound sound = motet_sound_from_pcm(engine, &pcm, NULL);
    motet_voice voice = motet_voice_play(engine, sound, &(motet_voice_def){.loop = true, .bus = bus});
    assert_int_not_equal(voice.id, 0);
    return voice;
}

static desk *make_desk(void)
{
    desk *d = calloc(1, sizeof *d);
    d->engine = make_engine((motet_engine_def){.sample_rate_hz = RATE});
    d->music = motet_bus_create(d->engine, "Music", NULL);
    d->sfx = motet_bus_create(d->engine, "SFX", NULL);
    d->reverb = motet_bus_create(d->engine, "Verb", NULL);
    d->voice = play_level(d->engine, 0.5f, d->music);
    return d;
}

static void free_desk(desk *d)
{
    motet_engine_destroy(d->engine);
    free(d);
}

static void listen(desk *d, uint32_t frames)
{
    assert_in_range(frames, 1, FRAMES);
    motet_engine_render_f32(d->engine, d->heard, frames);
}

static void assert_left(const desk *d, uint32_t frame, double expected)
{
    double heard = (double)d->heard[2 * frame];
    if (fabs(heard - expected) > 1e-6) {
        fail_msg("frame %u is %.9g; expected %.9g", frame, heard, expected);
    }
}

static double smooth(uint32_t i, uint32_t n)
{
    double t = i < n ? (double)i / n : 1;
    return t * t * (3 - 2 * t);
}

/* --------------------------------------------------------------------------------------------------------- Sends */

static void test_sends_before_and_behind_the_fader(void **context)
{
    (void)context;
    desk *d = make_desk();
    DO(motet_bus_set_volume_db(d->engine, d->music, -6, motet_now()));
    DO(motet_send_set(d->engine, d->music, d->reverb, -20, (motet_timing){.fade_seconds = MOTET_FADE_NONE}));
    listen(d, 1000);
    double fader = pow(10, -6 / 20.0);
    assert_left(d, 999, 0.5 * fader * 1.1);
    DO(motet_send_set(d->engine, d->music, d->reverb, MOTET_VOLUME_MIN_DB, motet_now()));
    DO(motet_send_set_pre(d->engine, d->music, d->reverb, 0, motet_at(1200)));
    listen(d, 1000);
    assert_left(d, 200, 0.5 * fader * (1 + 0.1 * (1 - smooth(200, DECLICK))));
    assert_left(d, 480, 0.5 * (fader + smooth(280, DECLICK)));
    assert_left(d, 999, 0.5 * (fader + 1));
    DO(motet_bus_set_volume_db(d->engine, d->music, -80, motet_now()));
    listen(d, 1000);
    assert_left(d, 999, 0.5); /* only what is taken before the fader */
    DO(motet_bus_set_mute(d->engine, d->music, true, motet_now()));
    listen(d, 1000);
    assert_left(d, 999, 0); /* closes both kinds */
    free_desk(d);
}

static void test_a_circle_is_refused(void **context)
{
    (void)context;
    desk *d = make_desk();
    DO(motet_send_set(d->engine, d->music, d->reverb, 0, motet_now()));
    assert_int_equal(motet_send_set(d->engine, d->reverb, d->music, 0, motet_now()), MOTET_ERROR_INVALID);
    assert_string_equal(motet_last_error(), "the sound of Music comes to Verb already: it would go round");
    assert_int_equal(motet_send_set(d->engine, d->music, d->music, 0, motet_now()), MOTET_ERROR_INVALID);
    assert_int_equal(motet_bus_set_parent(d->engine, d->reverb, d->music, motet_now()), MOTET_ERROR_INVALID);
    assert_int_equal(motet_bus_set_parent(d->engine, motet_bus_master(d->engine), d->music, motet_now()),
                     MOTET_ERROR_INVALID);
    listen(d, 1000);
    assert_left(d, 999, 1);
    DO(motet_send_set(d->engine, d->music, d->reverb, -80, motet_now()));
    listen(d, 1000);
    motet_bus_info info;
    DO(motet_bus_get_info(d->engine, d->reverb, &info)); /* any call clears away what has gone */
    DO(motet_bus_set_parent(d->engine, d->reverb, d->music, motet_now()));
    free_desk(d);
}

/* ------------------------------------------------------------------------------------------------------- Parents */

static void test_a_bus_moves_without_a_step(void **context)
{
    (void)context;
    desk *d = make_desk();
    DO(motet_bus_set_volume_db(d->engine, d->sfx, -80, (motet_timing){.fade_seconds = MOTET_FADE_NONE}));
    listen(d, 100);
    assert_left(d, 99, 0.5);
    DO(motet_bus_set_parent(d->engine, d->music, d->sfx, motet_at_fade(300, 0.01)));
    listen(d, 1000);
    assert_left(d, 200, 0.5);
    assert_left(d, 200 + 100, 0.5 * (1 - smooth(100, DECLICK)));
    assert_left(d, 200 + DECLICK, 0);
    DO(motet_bus_set_parent(d->engine, d->music, motet_bus_master(d->engine), motet_now()));
    listen(d, 1000);
    assert_left(d, 0, 0);
    assert_left(d, 240, 0.5 * smooth(240, DECLICK));
    assert_left(d, 999, 0.5);
    motet_bus_info info;
    DO(motet_bus_get_info(d->engine, d->music, &info));
    assert_int_equal(info.parent.id, motet_bus_master(d->engine).id);
    free_desk(d);
}

static void test_solo_follows_the_parent(void **context)
{
    (void)context;
    desk *d = make_desk();
    DO(motet_bus_set_solo(d->engine, d->sfx, true, motet_now()));
    listen(d, 1000);
    assert_left(d, 999, 0);
    DO(motet_bus_set_parent(d->engine, d->music, d->sfx, motet_now()));
    listen(d, 1000);
    assert_left(d, 999, 0.5);
    free_desk(d);
}

/* ------------------------------------------------------------------------------------------------------- Effects */

static motet_effect add_gain(desk *d, motet_bus bus, float volume_db)
{
    motet_effect_setting setting = {"volume_db", volume_db};
    motet_effect effect =
        motet_effect_add(d->engine, bus, "gain", &(motet_effect_def){.settings = &setting, .setting_count = 1});
    assert_int_not_equal(effect.id, 0);
    return effect;
}

static void test_an_effect_moves_by_its_fades(void **context)
{
    (void)context;
    desk *d = make_desk();
    motet_effect gain = add_gain(d, d->music, 6); /* before the first frame: no fade */
    double six = pow(10, 6 / 20.0);
    listen(d, 100);
    assert_left(d, 0, 0.5 * six);
    DO(motet_effect_set(d->engine, gain, "volume_db", 0, motet_at(200)));
    listen(d, 1000);
    assert_left(d, 100, 0.5 * six);
    assert_left(d, 100 + 120, 0.5 * pow(10, 6 * (1 - smooth(120, DECLICK)) / 20.0));
    assert_left(d, 999, 0.5);
    DO(motet_effect_set(d->engine, gain, "volume_db", 6, (motet_timing){.fade_seconds = MOTET_FADE_NONE}));
    DO(motet_effect_set(d->engine, gain, "wet", 0.5f, (motet_timing){.fade_seconds = MOTET_FADE_NONE}));
    listen(d, 10);
    assert_left(d, 0, 0.5 * (0.5 + 0.5 * six));
    DO(motet_effect_set_bypass(d->engine, gain, true, motet_now()));
    listen(d, 1000);
    assert_left(d, 100, 0.5 * (1 + (six - 1) * 0.5 * (1 - smooth(100, DECLICK))));
    assert_left(d, 999, 0.5);
    float value;
    DO(motet_effect_get(d->engine, gain, "bypass", &value));
    assert_true(value == 1);
    DO(motet_effect_set_bypass(d->engine, gain, false, (motet_timing){.fade_seconds = MOTET_FADE_NONE}));
    DO(motet_effect_remove(d->engine, gain, motet_now()));
    assert_int_equal(motet_effect_set(d->engine, gain, "wet", 1, motet_now()), MOTET_ERROR_STALE);
    listen(d, 1000);
    assert_left(d, 100, 0.5 * (1 + (six - 1) * 0.5 * (1 - smooth(100, DECLICK))));
    assert_left(d, 999, 0.5);
    free_desk(d);
}

/* x + 1: with a gain of -6 dB, what is done first is heard. */
static void add_one(void *state, const motet_effect_run *run) MOTET_AUDIO_THREAD
{
    (void)state;
    for (uint32_t c = 0; c < run->channel_count; c++) {
        for (uint32_t k = 0; k < run->frame_count; k++) {
            run->channels[c][k] += 1;
        }
    }
}

static size_t no_state(const motet_effect_setup *setup)
{
    (void)setup;
    return 0;
}

static void init_nothing(void *state, const motet_effect_setup *setup)
{
    (void)state;
    (void)setup;
}

static void reset_nothing(void *state) MOTET_AUDIO_THREAD
{
    (void)state;
}

static const motet_effect_type one = {.name = "one",
                                      .text = "Adds 1.",
                                      .wet = 1,
                                      .size = no_state,
                                      .init = init_nothing,
                                      .process = add_one,
                                      .reset = reset_nothing};

static void test_effects_have_an_order(void **context)
{
    (void)context;
    desk *d = make_desk();
    double half = pow(10, -6 / 20.0);
    motet_effect gain = add_gain(d, d->music, -6);
    motet_effect own = motet_effect_add_own(d->engine, d->music, &one, NULL);
    assert_int_not_equal(own.id, 0);
    listen(d, 10);
    assert_left(d, 9, 0.5 * half + 1);
    assert_int_equal(motet_effect_next(d->engine, d->music, (motet_effect){0}).id, gain.id);
    assert_int_equal(motet_effect_next(d->engine, d->music, gain).id, own.id);
    assert_int_equal(motet_effect_next(d->engine, d->music, own).id, 0);
    motet_effect first = motet_effect_add_own(
        d->engine, d->music, &one, &(motet_effect_def){.before = gain, .timing = {.fade_seconds = MOTET_FADE_NONE}});
    listen(d, 10);
    assert_left(d, 9, 1.5 * half + 1);
    assert_int_equal(motet_effect_next(d->engine, d->music, (motet_effect){0}).id, first.id);
    motet_effect_info info;
    DO(motet_effect_get_info(d->engine, gain, &info));
    assert_string_equal(info.type->name, "gain");
    assert_int_equal(info.bus.id, d->music.id);
    assert_true(info.is_awake && info.wet == 1 && !info.bypass);
    free_desk(d);
}

/* Repeats what comes in 700 frames later, once. */
typedef struct echo_state {
    float ring[2][700];
    uint32_t at;
} echo_state;

static size_t echo_size(const motet_effect_setup *setup)
{
    (void)setup;
    return sizeof(echo_state);
}

static void echo(void *state, const motet_effect_run *run) MOTET_AUDIO_THREAD
{
    echo_state *echo = state;
    for (uint32_t k = 0; k < run->frame_count; k++) {
        for (uint32_t c = 0; c < run->channel_count; c++) {
            float late = echo->ring[c][echo->at];
            echo->ring[c][echo->at] = run->channels[c][k];
            run->channels[c][k] += late;
        }
        echo->at = (echo->at + 1) % 700;
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
    return 700.0 / RATE;
}

static const motet_effect_type echo_type = {.name = "own_echo",
                                            .text = "Once again.",
                                            .wet = 1,
                                            .size = echo_size,
                                            .init = init_nothing,
                                            .process = echo,
                                            .reset = reset_echo,
                                            .tail_seconds = echo_tail};

static void test_an_effect_rings_out_and_sleeps(void **context)
{
    (void)context;
    desk *d = make_desk();
    motet_stats stats;
    assert_int_not_equal(motet_effect_add_own(d->engine, d->music, &echo_type, NULL).id, 0);
    listen(d, 1000);
    assert_left(d, 699, 0.5);
    assert_left(d, 700, 1);
    DO(motet_voice_stop(d->engine, d->voice, (motet_timing){.fade_seconds = MOTET_FADE_NONE}));
    listen(d, 700);
    assert_left(d, 0, 0.5);
    assert_left(d, 699, 0.5);
    DO(motet_engine_get_stats(d->engine, &stats));
    assert_int_equal(stats.effects_awake, 1);
    listen(d, 10);
    assert_left(d, 0, 0);
    DO(motet_engine_get_stats(d->engine, &stats));
    assert_int_equal(stats.effects_awake, 0);
    free_desk(d);
}

/* One that has no tail sleeps at once, also where a run of frames begins in silence. */
static void test_no_tail_no_time(void **context)
{
    (void)context;
    for (uint32_t block = 1; block <= 512; block += 511) {
        desk *d = make_desk();
        add_gain(d, d->music, 6);
        DO(motet_voice_stop(d->engine, d->voice, (motet_timing){.at_frame = 512, .fade_seconds = MOTET_FADE_NONE}));
        for (uint32_t at = 0; at < 1024; at += block) {
            motet_engine_render_f32(d->engine, d->heard + 2 * at, block);
        }
        assert_left(d, 511, 0.5 * pow(10, 6 / 20.0));
        assert_left(d, 512, 0);
        motet_stats stats;
        DO(motet_engine_get_stats(d->engine, &stats));
        assert_int_equal(stats.effects_awake, 0);
        free_desk(d);
    }
}

/* One sample of NaN in frame 1000. */
static void break_once(void *state, const motet_effect_run *run) MOTET_AUDIO_THREAD
{
    (void)state;
    if (run->frame <= 1000 && run->frame + run->frame_count > 1000) {
        run->channels[0][1000 - run->frame] = NAN;
    }
}

static void test_nan_is_contained(void **context)
{
    static const motet_effect_type breaks = {.name = "breaks",
                                             .text = "Breaks.",
                                             .wet = 1,
                                             .size = no_state,
                                             .init = init_nothing,
                                             .process = break_once,
                                             .reset = reset_nothing};
    (void)context;
    for (uint32_t block = 1; block <= 512; block += 511) {
        desk *d = make_desk();
        play_level(d->engine, 0.25f, d->sfx);
        assert_int_not_equal(motet_effect_add_own(d->engine, d->music, &breaks, NULL).id, 0);
        for (uint32_t at = 0; at < FRAMES; at += block) {
            motet_engine_render_f32(d->engine, d->heard + 2 * at, block);
        }
        assert_left(d, 999, 0.75);
        assert_left(d, 1000, 0.25); /* the others play on */
        assert_left(d, 1023, 0.25);
        assert_left(d, 1024, 0.75);
        motet_event event;
        uint32_t told = 0;
        while (motet_engine_poll_event(d->engine, &event)) {
            if (event.type == MOTET_EVENT_NON_FINITE) {
                assert_int_equal(event.bus.id, d->music.id);
                assert_int_equal(event.count, 24);
                told++;
            }
        }
        assert_int_equal(told, 1);
        free_desk(d);
    }
}

/* What the key has, in the place of what came in. */
static void take_key(void *state, const motet_effect_run *run) MOTET_AUDIO_THREAD
{
    (void)state;
    for (uint32_t c = 0; c < run->channel_count; c++) {
        for (uint32_t k = 0; k < run->frame_count; k++) {
            run->channels[c][k] = run->key[c] != NULL ? run->key[c][k] : 0;
        }
    }
}

static void test_a_key_is_heard_in_the_same_frame(void **context)
{
    static const motet_effect_type keyed = {.name = "keyed",
                                            .text = "Another's sound.",
                                            .wet = 1,
                                            .size = no_state,
                                            .init = init_nothing,
                                            .process = take_key,
                                            .reset = reset_nothing,
                                            .has_key = true};
    (void)context;
    desk *d = make_desk();
    motet_bus late = motet_bus_create(d->engine, "Late", NULL); /* whichever was made first */
    play_level(d->engine, 0.25f, late);
    motet_effect effect = motet_effect_add_own(d->engine, d->music, &keyed, &(motet_effect_def){.key = late});
    assert_int_not_equal(effect.id, 0);
    play_level(d->engine, 0.125f, d->sfx);
    effect = motet_effect_add_own(d->engine, late, &keyed, &(motet_effect_def){.key = d->sfx});
    assert_int_not_equal(effect.id, 0);
    listen(d, 10);
    assert_left(d, 0, 3 * 0.125);
    effect = motet_effect_add_own(d->engine, d->sfx, &keyed, &(motet_effect_def){.key = d->music});
    assert_int_equal(effect.id, 0);
    assert_string_equal(motet_last_error(),
                        "the key Music gets its sound from SFX, where the effect is: it would wait for itself");
    effect = motet_effect_add(d->engine, d->sfx, "gain", &(motet_effect_def){.key = d->reverb});
    assert_int_equal(effect.id, 0);
    assert_string_equal(motet_last_error(), "gain does not listen to a key");
    free_desk(d);
}

static motet_sound make_impulse(desk *d, float value)
{
    const float samples[4] = {value};
    motet_pcm pcm = {samples, MOTET_FORMAT_F32, 1, RATE, 4};
    return motet_sound_from_pcm(d->engine, &pcm, NULL);
}

static void test_an_effect_works_with_a_sound(void **context)
{
    (void)context;
    desk *d = make_desk();
    motet_effect_setting settings[] = {{"normalise", 0}};
    motet_effect room = motet_effect_add(
        d->engine, d->music, "convolution",
        &(motet_effect_def){.settings = settings, .setting_count = 1, .timing = {.fade_seconds = MOTET_FADE_NONE}});
    assert_int_not_equal(room.id, 0);
    motet_sound half = make_impulse(d, 0.5f), third = make_impulse(d, 0.25f);
    DO(motet_effect_set(d->engine, room, "wet", 1, (motet_timing){.fade_seconds = MOTET_FADE_NONE}));
    DO(motet_effect_set_sound(d->engine, room, half));
    DO(motet_sound_release(d->engine, half));
    motet_stats stats;
    uint64_t bytes = 0;
    for (int i = 0; i < 12; i++) {
        for (int k = 0; k < 4; k++) {
            listen(d, 2000);
        }
        assert_left(d, 1999, i % 2 == 0 ? 0.25 : 0.125);
        DO(motet_engine_get_stats(d->engine, &stats));
        assert_true(i < 2 || stats.memory_bytes == bytes); /* each one that is replaced is given back */
        bytes = stats.memory_bytes;
        motet_sound next = i % 2 == 0 ? third : make_impulse(d, 0.5f);
        DO(motet_effect_set_sound(d->engine, room, next));
        if (i % 2 != 0) {
            DO(motet_sound_release(d->engine, next));
        }
    }
    DO(motet_effect_set_sound(d->engine, room, (motet_sound){0}));
    for (int k = 0; k < 4; k++) {
        listen(d, 2000);
    }
    assert_left(d, 1999, 0);
    motet_effect gain = add_gain(d, d->music, 0);
    assert_int_equal(motet_effect_set_sound(d->engine, gain, third), MOTET_ERROR_INVALID);
    assert_string_equal(motet_last_error(), "gain works with no sound");
    assert_int_equal(motet_effect_set_sound(d->engine, room, half), MOTET_ERROR_STALE);
    free_desk(d);
}

static void test_what_is_wrong_is_named(void **context)
{
    (void)context;
    desk *d = make_desk();
    assert_int_equal(motet_effect_add(d->engine, d->music, "gian", NULL).id, 0);
    assert_string_equal(motet_last_error(), "no effect \"gian\"; did you mean \"gain\"?");
    motet_effect gain = add_gain(d, d->music, 0);
    assert_int_equal(motet_effect_set(d->engine, gain, "volum_db", 0, motet_now()), MOTET_ERROR_INVALID);
    assert_string_equal(motet_last_error(), "gain has no parameter \"volum_db\"; did you mean \"volume_db\"?");
    assert_int_equal(motet_effect_set(d->engine, gain, "volume_db", NAN, motet_now()), MOTET_ERROR_INVALID);
    DO(motet_effect_set(d->engine, gain, "volume_db", 1000, motet_now()));
    float value;
    DO(motet_effect_get(d->engine, gain, "volume_db", &value));
    assert_true(value == MOTET_VOLUME_MAX_DB);
    free_desk(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sends_before_and_behind_the_fader),
        cmocka_unit_test(test_a_circle_is_refused),
        cmocka_unit_test(test_a_bus_moves_without_a_step),
        cmocka_unit_test(test_solo_follows_the_parent),
        cmocka_unit_test(test_an_effect_moves_by_its_fades),
        cmocka_unit_test(test_effects_have_an_order),
        cmocka_unit_test(test_an_effect_rings_out_and_sleeps),
        cmocka_unit_test(test_no_tail_no_time),
        cmocka_unit_test(test_nan_is_contained),
        cmocka_unit_test(test_a_key_is_heard_in_the_same_frame),
        cmocka_unit_test(test_an_effect_works_with_a_sound),
        cmocka_unit_test(test_what_is_wrong_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
