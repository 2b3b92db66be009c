/* Bad input at the C API: every argument of every call with what it must not be. A call that fails says so by its
 * result and in words, and changes nothing. */
#include "motet/motet.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define DO(call) assert_int_equal(call, MOTET_OK)

/* The call gives a result, and the words about it hold a text. */
#define REFUSED(call, result, words)       \
    do {                                   \
        assert_int_equal(call, result);    \
        assert_said(result, words, #call); \
    } while (0)

/* The same of a call that returns an id. */
#define REFUSED_ID(call, result, words)    \
    do {                                   \
        assert_int_equal((call).id, 0);    \
        assert_said(result, words, #call); \
    } while (0)

static void assert_said(motet_result result, const char *words, const char *call)
{
    assert_int_equal(motet_last_result(), result);
    if (strstr(motet_last_error(), words) == NULL) {
        fail_msg("%s says \"%s\", without \"%s\"", call, motet_last_error(), words);
    }
}

static void hush(void *user, motet_log_level level, const char *text)
{
    (void)user;
    (void)level;
    (void)text;
}

static void free_nothing(void *user, void *memory, size_t size)
{
    (void)user;
    (void)memory;
    (void)size;
}

static motet_engine *make_engine(motet_engine_def def)
{
    def.device = MOTET_DEVICE_MANUAL;
    def.log = hush;
    motet_engine *engine = motet_engine_create(&def);
    assert_non_null(engine);
    return engine;
}

static void render(motet_engine *engine, uint32_t frames)
{
    static float heard[2 * 4800];
    assert_in_range(frames, 1, 4800);
    motet_engine_render_f32(engine, heard, frames);
}

static motet_sound make_sound(motet_engine *engine, double seconds)
{
    motet_signal signal = {.kind = MOTET_SIGNAL_CONSTANT, .from = 0.5, .seconds = seconds};
    motet_sound sound = motet_sound_from_signal(engine, &signal, NULL);
    assert_int_not_equal(sound.id, 0);
    return sound;
}

static motet_voice play(motet_engine *engine, motet_sound sound, motet_voice_def def)
{
    motet_voice voice = motet_voice_play(engine, sound, &def);
    assert_int_not_equal(voice.id, 0);
    return voice;
}

/* What most tests need. */
typedef struct set {
    motet_engine *engine;
    motet_sound sound;
    motet_voice voice, fed;
    motet_bus bus;
} set;

static int set_up(void **state)
{
    set *s = calloc(1, sizeof *s);
    s->engine = make_engine((motet_engine_def){.max_voices = 16});
    s->sound = make_sound(s->engine, 1);
    s->bus = motet_bus_create(s->engine, "Music", NULL);
    s->voice = play(s->engine, s->sound, (motet_voice_def){.loop = true});
    s->fed = motet_feed_open(s->engine, NULL);
    assert_int_not_equal(s->fed.id, 0);
    *state = s;
    return 0;
}

static int tear_down(void **state)
{
    set *s = *state;
    motet_engine_destroy(s->engine);
    free(s);
    return 0;
}

static const float not_finite[] = {NAN, INFINITY, -INFINITY};
static const char *const not_finite_words[] = {"NaN", "infinite", "infinite"};
enum { NOT_FINITE = 3 };

/* ----------------------------------------------------------------------------------------------- Creation */

static void engine_defs_are_checked(void **state)
{
    (void)state;
    const struct {
        motet_engine_def def;
        const char *words;
    } bad[] = {
        {{.sample_rate_hz = 384001}, "sample_rate_hz is 384001; expected 1 ... 384000"},
        {{.channels = 3}, "channels is 3"},
        {{.max_voices = 16385}, "max_voices is 16385"},
        {{.max_buses = 1025}, "max_buses is 1025"},
        {{.max_scheduled = 15}, "max_scheduled is 15"},
        {{.max_scheduled = 1048577}, "max_scheduled is 1048577"},
        {{.period_frames = 15}, "period_frames is 15"},
        {{.period_frames = 8193}, "period_frames is 8193"},
        {{.ceiling_db = NAN}, "ceiling_db is NaN"},
        {{.ceiling_db = -INFINITY}, "ceiling_db is infinite"},
        {{.declick_seconds = (double)NAN}, "declick_seconds is NaN"},
        {{.declick_seconds = (double)INFINITY}, "declick_seconds is infinite"},
        {{.device = (motet_device_kind)99}, "device is 99"},
        {{.allocator = {.free = free_nothing}}, "allocator"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        motet_engine_def def = bad[i].def;
        if (def.device == MOTET_DEVICE_DEFAULT) {
            def.device = MOTET_DEVICE_MANUAL;
        }
        assert_null(motet_engine_create(&def));
        assert_said(MOTET_ERROR_INVALID, bad[i].words, "motet_engine_create");
    }
}

/* Both ends of each range work. */
static void engine_defs_at_their_limits(void **state)
{
    (void)state;
    const motet_engine_def good[] = {
        {.sample_rate_hz = 1, .channels = 1, .max_voices = 1, .max_buses = 1, .max_scheduled = 16},
        {.sample_rate_hz = 384000, .max_voices = 16384, .max_buses = 1024, .declick_seconds = 1e9, .ceiling_db = 1e9f},
        {.max_scheduled = 1048576, .declick_seconds = MOTET_FADE_NONE, .ceiling_db = -1e9f, .no_limiter = true},
    };
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        motet_engine *engine = make_engine(good[i]);
        play(engine, make_sound(engine, 1), (motet_voice_def){0});
        render(engine, 600);
        motet_engine_destroy(engine);
    }
    motet_engine *engine = make_engine((motet_engine_def){.max_buses = 1});
    REFUSED_ID(motet_bus_create(engine, "A", NULL), MOTET_ERROR_LIMIT, "all 1 buses");
    motet_engine_destroy(engine);
    motet_engine_destroy(NULL);
}

/* A def of zeros is the default def. */
static void zero_is_the_default(void **state)
{
    (void)state;
    motet_engine_info zeroed, written;
    for (int i = 0; i < 2; i++) {
        motet_engine_def def = i == 0 ? (motet_engine_def){0} : motet_default_engine_def();
        motet_engine *engine = make_engine(def);
        DO(motet_engine_get_info(engine, i == 0 ? &zeroed : &written));
        motet_engine_destroy(engine);
    }
    assert_int_equal(zeroed.sample_rate_hz, 48000);
    assert_int_equal(zeroed.declick_frames, 480);
    assert_int_equal(zeroed.max_voices, 256);
    assert_int_equal(zeroed.channels, 2);
    assert_int_equal(zeroed.latency_frames, written.latency_frames);
    assert_int_equal(zeroed.max_voices, written.max_voices);
    assert_int_equal(zeroed.declick_frames, written.declick_frames);
    assert_string_equal(zeroed.device_name, "manual");
    assert_true(motet_default_voice_def().pitch == 1);
    assert_true(motet_default_feed_def().buffer_seconds == 0.5);
}

/* -------------------------------------------------------------------------------------------------- No engine */

static void null_engine_is_refused(void **state)
{
    (void)state;
    motet_clock clock;
    motet_engine_info engine_info;
    motet_stats stats;
    motet_event event;
    motet_sound_info sound_info;
    motet_tag tag;
    motet_voice_state voice_state;
    motet_feed_state feed_state;
    motet_bus_info bus_info;
    motet_pcm pcm = {"", MOTET_FORMAT_S16, 1, 8000, 0};
    motet_signal signal = {.kind = MOTET_SIGNAL_CONSTANT};
    float f32[2] = {99, 99};
    int16_t s16[2] = {99, 99};
    const motet_sound sound = {1};
    const motet_voice voice = {1};
    const motet_bus bus = {1};
    const motet_timing now = motet_now();
    const motet_result invalid = MOTET_ERROR_INVALID;
#define NONE(call) REFUSED(call, invalid, "engine is NULL")
#define NO_ID(call) REFUSED_ID(call, invalid, "engine is NULL")
    NONE(motet_engine_get_clock(NULL, &clock));
    NONE(motet_engine_get_info(NULL, &engine_info));
    NONE(motet_engine_get_stats(NULL, &stats));
    NONE(motet_engine_begin(NULL));
    NONE(motet_engine_commit(NULL));
    NONE(motet_engine_set_device(NULL, NULL));
    NO_ID(motet_sound_load(NULL, "a.wav", NULL));
    NO_ID(motet_sound_load_memory(NULL, "a", 1, NULL));
    NO_ID(motet_sound_from_pcm(NULL, &pcm, NULL));
    NO_ID(motet_sound_from_signal(NULL, &signal, NULL));
    NONE(motet_sound_release(NULL, sound));
    NONE(motet_sound_stop(NULL, sound, now));
    NONE(motet_sound_get_info(NULL, sound, &sound_info));
    NONE(motet_sound_get_tag(NULL, sound, 0, &tag));
    NONE(motet_sound_read_f32(NULL, sound, 0, f32, 1, NULL));
    NO_ID(motet_voice_play(NULL, sound, NULL));
    NONE(motet_voice_stop(NULL, voice, now));
    NONE(motet_voice_pause(NULL, voice, now));
    NONE(motet_voice_resume(NULL, voice, now));
    NONE(motet_voice_seek(NULL, voice, 0, now));
    NONE(motet_voice_set_volume_db(NULL, voice, 0, now));
    NONE(motet_voice_set_pan(NULL, voice, 0, now));
    NONE(motet_voice_set_pitch(NULL, voice, 1, now));
    NONE(motet_voices_set(NULL, &(motet_voice_values){.voice = voice, .pitch = 1}, 1, now));
    NONE(motet_voice_set_loop(NULL, voice, true, now));
    NONE(motet_voice_set_bus(NULL, voice, bus, now));
    NONE(motet_voice_get_state(NULL, voice, &voice_state));
    NO_ID(motet_feed_open(NULL, NULL));
    NONE(motet_feed_write_s16(NULL, voice, s16, 1, NULL));
    NONE(motet_feed_write_f32(NULL, voice, f32, 1, NULL));
    NONE(motet_feed_finish(NULL, voice));
    NONE(motet_feed_get_state(NULL, voice, &feed_state));
    NO_ID(motet_bus_create(NULL, "A", NULL));
    NO_ID(motet_bus_next(NULL, bus));
    NONE(motet_bus_get_info(NULL, bus, &bus_info));
    NONE(motet_bus_set_volume_db(NULL, bus, 0, now));
    NONE(motet_bus_set_mute(NULL, bus, true, now));
    NONE(motet_bus_set_solo(NULL, bus, true, now));
    NONE(motet_bus_pause(NULL, bus, now));
    NONE(motet_bus_resume(NULL, bus, now));
    NONE(motet_bus_stop(NULL, bus, now));
#undef NONE
#undef NO_ID
    assert_int_equal(motet_bus_master(NULL).id, 0);
    assert_int_not_equal(motet_bus_find(NULL, "Master").id, 0); /* never valid, and not "none" either */
    assert_false(motet_voice_is_active(NULL, voice));
    assert_false(motet_engine_poll_event(NULL, &event));
    motet_engine_render_f32(NULL, f32, 1);
    motet_engine_render_s16(NULL, s16, 1);
    assert_true(f32[0] == 99);
    assert_int_equal(s16[0], 99);
}

/* ------------------------------------------------------------------------------------------------ NULL arguments */

static void null_arguments_are_refused(void **state)
{
    set *s = *state;
    motet_engine *e = s->engine;
    const motet_result invalid = MOTET_ERROR_INVALID;
    REFUSED(motet_engine_get_clock(e, NULL), invalid, "clock is NULL");
    REFUSED(motet_engine_get_info(e, NULL), invalid, "info is NULL");
    REFUSED(motet_engine_get_stats(e, NULL), invalid, "stats is NULL");
    assert_false(motet_engine_poll_event(e, NULL));
    REFUSED_ID(motet_sound_load(e, NULL, NULL), invalid, "path is NULL");
    REFUSED_ID(motet_sound_load_memory(e, NULL, 0, NULL), invalid, "bytes is NULL");
    REFUSED_ID(motet_sound_from_pcm(e, NULL, NULL), invalid, "pcm is NULL");
    REFUSED_ID(motet_sound_from_signal(e, NULL, NULL), invalid, "signal");
    REFUSED(motet_sound_get_info(e, s->sound, NULL), invalid, "info is NULL");
    REFUSED(motet_sound_get_tag(e, s->sound, 0, NULL), invalid, "tag is NULL");
    REFUSED(motet_sound_read_f32(e, s->sound, 0, NULL, 1, NULL), invalid, "interleaved is NULL");
    DO(motet_sound_read_f32(e, s->sound, 0, NULL, 0, NULL));
    REFUSED(motet_voice_get_state(e, s->voice, NULL), invalid, "state is NULL");
    REFUSED(motet_feed_write_f32(e, s->fed, NULL, 1, NULL), invalid, "NULL");
    REFUSED(motet_feed_write_s16(e, s->fed, NULL, 1, NULL), invalid, "NULL");
    DO(motet_feed_write_f32(e, s->fed, NULL, 0, NULL));
    REFUSED(motet_feed_get_state(e, s->fed, NULL), invalid, "state is NULL");
    REFUSED_ID(motet_bus_create(e, NULL, NULL), invalid, "bus name");
    assert_int_not_equal(motet_bus_find(e, NULL).id, 0);
    assert_said(invalid, "NULL", "motet_bus_find");
    REFUSED(motet_bus_get_info(e, s->bus, NULL), invalid, "info is NULL");
    REFUSED(motet_get_build_info(NULL), invalid, "NULL");
    motet_engine_render_f32(e, NULL, 100);
    motet_engine_render_s16(e, NULL, 100);
    motet_clock clock;
    DO(motet_engine_get_clock(e, &clock));
    assert_int_equal(clock.frame, 0);
}

/* -------------------------------------------------------------------------------------------- NaN and infinity */

static motet_voice_state state_of(set *s)
{
    motet_voice_state state;
    DO(motet_voice_get_state(s->engine, s->voice, &state));
    return state;
}

static void voice_numbers_must_be_finite(void **state)
{
    set *s = *state;
    motet_engine *e = s->engine;
    for (int i = 0; i < NOT_FINITE; i++) {
        const float bad = not_finite[i];
        const char *words = not_finite_words[i];
        const motet_result invalid = MOTET_ERROR_INVALID;
        REFUSED(motet_voice_set_volume_db(e, s->voice, bad, motet_now()), invalid, words);
        REFUSED(motet_voice_set_volume_db(e, s->voice, bad, motet_now()), invalid, "volume_db");
        REFUSED(motet_voice_set_pan(e, s->voice, bad, motet_now()), invalid, words);
        REFUSED(motet_voice_set_pitch(e, s->voice, (double)bad, motet_now()), invalid, words);
        REFUSED(motet_bus_set_volume_db(e, s->bus, bad, motet_now()), invalid, words);
        motet_voice_values values[] = {{.voice = s->voice, .pitch = 1}, {.voice = s->voice, .pitch = (double)bad}};
        REFUSED(motet_voices_set(e, values, 2, motet_now()), invalid, "values[1]");
        values[1] = (motet_voice_values){.voice = s->voice, .pitch = 1, .pan = bad};
        REFUSED(motet_voices_set(e, values, 2, motet_now()), invalid, words);
        values[1] = (motet_voice_values){.voice = s->voice, .pitch = 1, .volume_db = bad};
        REFUSED(motet_voices_set(e, values, 2, motet_now()), invalid, words);
        motet_voice_def defs[] = {
            {.volume_db = bad}, {.pan = bad}, {.pitch = (double)bad}, {.timing = {.fade_seconds = (double)bad}}};
        for (size_t k = 0; k < sizeof defs / sizeof defs[0]; k++) {
            motet_feed_def feed = {.voice = defs[k]};
            REFUSED_ID(motet_voice_play(e, s->sound, &defs[k]), invalid, words);
            REFUSED_ID(motet_feed_open(e, &feed), invalid, words);
        }
        motet_feed_def feeds[] = {{.buffer_seconds = (double)bad}, {.start_after_seconds = (double)bad}};
        REFUSED_ID(motet_feed_open(e, &feeds[0]), invalid, "buffer_seconds");
        REFUSED_ID(motet_feed_open(e, &feeds[1]), invalid, "start_after_seconds");
        motet_bus_def bus = {.volume_db = bad};
        REFUSED_ID(motet_bus_create(e, "B", &bus), invalid, words);
    }
    motet_voice_state now = state_of(s);
    assert_true(now.volume_db == 0 && now.pan == 0 && now.pitch == 1);
    motet_bus_info bus;
    DO(motet_bus_get_info(e, s->bus, &bus));
    assert_true(bus.volume_db == 0);
    motet_stats stats;
    DO(motet_engine_get_stats(e, &stats));
    assert_int_equal(stats.commands_waiting, 3); /* the bus, the play and the feed of the set: nothing else was sent */
}

/* Each call that takes a timing, with each timing that there must not be. */
static void timings_are_checked(void **state)
{
    set *s = *state;
    motet_engine *e = s->engine;
    const struct {
        motet_timing timing;
        const char *words;
    } bad[] = {
        {{.fade_seconds = (double)NAN}, "timing.fade_seconds is NaN"},
        {{.fade_seconds = (double)INFINITY}, "timing.fade_seconds is infinite"},
        {{.fade_seconds = -0.5}, "timing.fade_seconds is -0.5"},
        {{.curve = (motet_curve)4}, "timing.curve is 4"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        motet_timing timing = bad[i].timing;
        const char *words = bad[i].words;
        const motet_result invalid = MOTET_ERROR_INVALID;
        motet_voice_def def = {.timing = timing};
        REFUSED_ID(motet_voice_play(e, s->sound, &def), invalid, words);
        REFUSED(motet_sound_stop(e, s->sound, timing), invalid, words);
        REFUSED(motet_voice_stop(e, s->voice, timing), invalid, words);
        REFUSED(motet_voice_pause(e, s->voice, timing), invalid, words);
        REFUSED(motet_voice_resume(e, s->voice, timing), invalid, words);
        REFUSED(motet_voice_seek(e, s->voice, 0, timing), invalid, words);
        REFUSED(motet_voice_set_volume_db(e, s->voice, 0, timing), invalid, words);
        REFUSED(motet_voice_set_pan(e, s->voice, 0, timing), invalid, words);
        REFUSED(motet_voice_set_pitch(e, s->voice, 1, timing), invalid, words);
        REFUSED(motet_voice_set_loop(e, s->voice, false, timing), invalid, words);
        REFUSED(motet_voice_set_bus(e, s->voice, s->bus, timing), invalid, words);
        REFUSED(motet_bus_set_volume_db(e, s->bus, 0, timing), invalid, words);
        REFUSED(motet_bus_set_mute(e, s->bus, true, timing), invalid, words);
        REFUSED(motet_bus_set_solo(e, s->bus, true, timing), invalid, words);
        REFUSED(motet_bus_pause(e, s->bus, timing), invalid, words);
        REFUSED(motet_bus_resume(e, s->bus, timing), invalid, words);
        REFUSED(motet_bus_stop(e, s->bus, timing), invalid, words);
    }
    motet_voice_state now = state_of(s);
    assert_true(now.loop && !now.paused && now.bus.id == motet_bus_master(e).id);
    /* Far frames and long fades are no error. */
    DO(motet_voice_set_pan(e, s->voice, 0, motet_at_fade(UINT64_MAX, 1e300)));
    DO(motet_voice_set_pan(e, s->voice, 0.5f, motet_fade(86400)));
    render(e, 100);
}

static void signals_are_checked(void **state)
{
    set *s = *state;
    const motet_signal good = {.kind = MOTET_SIGNAL_SINE, .hz = 440, .amplitude = 0.5, .seconds = 0.01};
    motet_signal bad[16];
    size_t count = 0;
    for (int i = 0; i < NOT_FINITE; i++) {
        double number = (double)not_finite[i];
        for (int k = 0; k < 5; k++) {
            motet_signal signal = good;
            double *fields[] = {&signal.hz, &signal.amplitude, &signal.from, &signal.to, &signal.seconds};
            *fields[k] = number;
            REFUSED_ID(motet_sound_from_signal(s->engine, &signal, NULL), MOTET_ERROR_INVALID, not_finite_words[i]);
        }
    }
    bad[count] = good, bad[count++].kind = (motet_signal_kind)0;
    bad[count] = good, bad[count++].kind = (motet_signal_kind)6;
    bad[count] = good, bad[count++].hz = 0;
    bad[count] = good, bad[count++].hz = -1;
    bad[count] = good, bad[count++].seconds = -1;
    bad[count] = good, bad[count++].channels = 3;
    bad[count] = good, bad[count++].sample_rate_hz = 768001;
    for (size_t i = 0; i < count; i++) {
        REFUSED_ID(motet_sound_from_signal(s->engine, &bad[i], NULL), MOTET_ERROR_INVALID, "signal");
    }
    motet_signal endless = good;
    endless.seconds = 1e18;
    REFUSED_ID(motet_sound_from_signal(s->engine, &endless, NULL), MOTET_ERROR_MEMORY, "memory");
    motet_sound_def def = {.store = (motet_store)3};
    REFUSED_ID(motet_sound_from_signal(s->engine, &good, &def), MOTET_ERROR_INVALID, "store is 3");
}

static void pcm_is_checked(void **state)
{
    set *s = *state;
    const int16_t samples[8] = {0};
    const motet_pcm good = {samples, MOTET_FORMAT_S16, 1, 8000, 8};
    motet_pcm bad[] = {good, good, good, good, good, good, good};
    bad[0].samples = NULL;
    bad[1].format = (motet_format)0;
    bad[2].format = (motet_format)3;
    bad[3].channels = 0;
    bad[4].channels = 9;
    bad[5].sample_rate_hz = 0;
    bad[6].sample_rate_hz = 768001;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        REFUSED_ID(motet_sound_from_pcm(s->engine, &bad[i], NULL), MOTET_ERROR_INVALID, "pcm.");
    }
    motet_pcm endless = good;
    endless.frame_count = UINT64_MAX;
    REFUSED_ID(motet_sound_from_pcm(s->engine, &endless, NULL), MOTET_ERROR_MEMORY, "memory");
    motet_pcm nothing = {.format = MOTET_FORMAT_F32, .channels = 8, .sample_rate_hz = 1};
    assert_int_not_equal(motet_sound_from_pcm(s->engine, &nothing, NULL).id, 0);
}

/* ------------------------------------------------------------------------------------------------------ Ranges */

static void numbers_are_clamped(void **state)
{
    set *s = *state;
    motet_engine *e = s->engine;
    DO(motet_voice_set_volume_db(e, s->voice, 1e9f, motet_now()));
    DO(motet_voice_set_pan(e, s->voice, 5, motet_now()));
    DO(motet_voice_set_pitch(e, s->voice, 1e9, motet_now()));
    assert_true(state_of(s).volume_db == 24 && state_of(s).pan == 1 && state_of(s).pitch == 64);
    DO(motet_voice_set_volume_db(e, s->voice, -1e9f, motet_now()));
    DO(motet_voice_set_pan(e, s->voice, -5, motet_now()));
    DO(motet_voice_set_pitch(e, s->voice, 1e-9, motet_now()));
    assert_true(state_of(s).volume_db == -80 && state_of(s).pan == -1 && state_of(s).pitch == 0.01);
    DO(motet_bus_set_volume_db(e, s->bus, 99, motet_now()));
    motet_bus_info info;
    DO(motet_bus_get_info(e, s->bus, &info));
    assert_true(info.volume_db == 24);

    s->voice = play(e, s->sound, (motet_voice_def){.volume_db = 99, .pan = -9, .pitch = 1e9});
    assert_true(state_of(s).volume_db == 24 && state_of(s).pan == -1 && state_of(s).pitch == 64);
    motet_bus_def def = {.volume_db = -1000};
    DO(motet_bus_get_info(e, motet_bus_create(e, "low", &def), &info));
    assert_true(info.volume_db == -80);
    render(e, 1000);
}

static void pitch_is_above_zero(void **state)
{
    set *s = *state;
    REFUSED(motet_voice_set_pitch(s->engine, s->voice, 0, motet_now()), MOTET_ERROR_INVALID, "pitch is 0");
    REFUSED(motet_voice_set_pitch(s->engine, s->voice, -1, motet_now()), MOTET_ERROR_INVALID, "pitch is -1");
    motet_voice_def def = {.pitch = -2};
    REFUSED_ID(motet_voice_play(s->engine, s->sound, &def), MOTET_ERROR_INVALID, "pitch is -2");
    assert_true(state_of(s).pitch == 1);
    s->voice = play(s->engine, s->sound, (motet_voice_def){.pitch = 0}); /* in a def: the default */
    assert_true(state_of(s).pitch == 1);
    def = (motet_voice_def){.quality = (motet_quality)99};
    REFUSED_ID(motet_voice_play(s->engine, s->sound, &def), MOTET_ERROR_INVALID, "quality is 99");
}

/* What was set is what is told, at once. */
static void getters_follow_setters(void **state)
{
    set *s = *state;
    motet_engine *e = s->engine;
    motet_timing later = motet_at(100000);
    DO(motet_voice_set_volume_db(e, s->voice, -6.5f, later));
    DO(motet_voice_set_pan(e, s->voice, -0.25f, later));
    DO(motet_voice_set_pitch(e, s->voice, 1.5, later));
    DO(motet_voice_set_loop(e, s->voice, false, later));
    DO(motet_voice_set_bus(e, s->voice, s->bus, later));
    DO(motet_voice_pause(e, s->voice, later));
    motet_voice_state now = state_of(s);
    assert_true(now.volume_db == -6.5f && now.pan == -0.25f && now.pitch == 1.5 && !now.loop && now.paused);
    assert_int_equal(now.bus.id, s->bus.id);
    assert_int_equal(now.sound.id, s->sound.id);
    assert_false(now.started);
    render(e, 48);
    assert_true(state_of(s).started);
    assert_true(state_of(s).position_frames == 48);
    DO(motet_bus_set_volume_db(e, s->bus, -3, later));
    DO(motet_bus_set_mute(e, s->bus, true, later));
    DO(motet_bus_set_solo(e, s->bus, true, later));
    motet_bus_info info;
    DO(motet_bus_get_info(e, s->bus, &info));
    assert_true(info.volume_db == -3 && info.mute && info.solo);
    assert_int_equal(info.parent.id, motet_bus_master(e).id);
    assert_string_equal(info.name, "Music");
}

static void a_voice_has_started_with_its_first_frame(void **state)
{
    set *s = *state;
    motet_engine *e = s->engine;
    motet_timing step = {.fade_seconds = MOTET_FADE_NONE};
    s->voice = motet_voice_play(e, s->sound, &(motet_voice_def){.paused = true, .loop = true});
    assert_false(state_of(s).started);
    render(e, 48);
    assert_false(state_of(s).started); /* waits there */
    DO(motet_voice_resume(e, s->voice, step));
    assert_false(state_of(s).started);
    render(e, 1);
    assert_true(state_of(s).started);
    DO(motet_voice_pause(e, s->voice, step));
    render(e, 48);
    assert_true(state_of(s).started);
}

/* -------------------------------------------------------------------------------------------------------- Ids */

static void assert_voice_stale(motet_engine *e, motet_voice voice)
{
    const motet_result stale = MOTET_ERROR_STALE;
    const motet_timing now = motet_now();
    motet_voice_state state;
    motet_feed_state feed;
    uint32_t taken = 77;
    float frame[2] = {0};
    REFUSED(motet_voice_stop(e, voice, now), stale, "voice");
    REFUSED(motet_voice_pause(e, voice, now), stale, "voice");
    REFUSED(motet_voice_resume(e, voice, now), stale, "voice");
    REFUSED(motet_voice_seek(e, voice, 0, now), stale, "voice");
    REFUSED(motet_voice_set_volume_db(e, voice, 0, now), stale, "voice");
    REFUSED(motet_voice_set_pan(e, voice, 0, now), stale, "voice");
    REFUSED(motet_voice_set_pitch(e, voice, 1, now), stale, "voice");
    REFUSED(motet_voice_set_loop(e, voice, true, now), stale, "voice");
    REFUSED(motet_voice_set_bus(e, voice, motet_bus_master(e), now), stale, "voice");
    REFUSED(motet_voice_get_state(e, voice, &state), stale, "voice");
    REFUSED(motet_feed_write_f32(e, voice, frame, 1, &taken), stale, "voice");
    REFUSED(motet_feed_write_s16(e, voice, (const int16_t[]){0, 0}, 1, NULL), stale, "voice");
    REFUSED(motet_feed_finish(e, voice), stale, "voice");
    REFUSED(motet_feed_get_state(e, voice, &feed), stale, "voice");
    assert_int_equal(taken, 0);
    assert_false(motet_voice_is_active(e, voice));
}

static void assert_sound_stale(motet_engine *e, motet_sound sound)
{
    const motet_result stale = MOTET_ERROR_STALE;
    motet_sound_info info;
    motet_tag tag;
    float frame[2];
    REFUSED_ID(motet_voice_play(e, sound, NULL), stale, "sound");
    REFUSED(motet_sound_release(e, sound), stale, "sound");
    REFUSED(motet_sound_stop(e, sound, motet_now()), stale, "sound");
    REFUSED(motet_sound_get_info(e, sound, &info), stale, "sound");
    REFUSED(motet_sound_get_tag(e, sound, 0, &tag), stale, "sound");
    REFUSED(motet_sound_read_f32(e, sound, 0, frame, 1, NULL), stale, "sound");
}

static void assert_bus_stale(set *s, motet_bus bus, const char *words)
{
    motet_engine *e = s->engine;
    const motet_result stale = MOTET_ERROR_STALE;
    motet_bus_info info;
    REFUSED(motet_bus_set_volume_db(e, bus, 0, motet_now()), stale, words);
    REFUSED(motet_bus_set_mute(e, bus, true, motet_now()), stale, words);
    REFUSED(motet_bus_set_solo(e, bus, true, motet_now()), stale, words);
    REFUSED(motet_bus_pause(e, bus, motet_now()), stale, words);
    REFUSED(motet_bus_resume(e, bus, motet_now()), stale, words);
    REFUSED(motet_bus_stop(e, bus, motet_now()), stale, words);
    REFUSED(motet_bus_get_info(e, bus, &info), stale, words);
    REFUSED(motet_voice_set_bus(e, s->voice, bus, motet_now()), stale, words);
    if (bus.id != 0) { /* none, in a def, is Master; and the walk begins with it */
        motet_voice_def voice = {.bus = bus};
        motet_feed_def feed = {.voice = voice};
        motet_bus_def def = {.parent = bus};
        REFUSED_ID(motet_voice_play(e, s->sound, &voice), stale, words);
        REFUSED_ID(motet_feed_open(e, &feed), stale, words);
        REFUSED_ID(motet_bus_create(e, "under it", &def), stale, words);
        REFUSED_ID(motet_bus_next(e, bus), stale, words);
    }
    assert_int_equal(state_of(s).bus.id, motet_bus_master(e).id);
}

static void ids_of_nothing_are_stale(void **state)
{
    set *s = *state;
    const uint64_t ids[] = {0,
                            1,
                            UINT64_MAX,
                            UINT64_MAX - 1,
                            0xffffff,
                            UINT64_C(1) << 32,
                            s->voice.id + 5,
                            s->voice.id + (UINT64_C(1) << 32),
                            s->voice.id ^ 0x1000000};
    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
        assert_voice_stale(s->engine, (motet_voice){ids[i]});
        assert_sound_stale(s->engine, (motet_sound){ids[i] + 0x40});
        assert_bus_stale(s, (motet_bus){ids[i] + (ids[i] == 0 ? 0 : 0x40)}, "bus");
    }
}

static void ids_of_another_engine_are_stale(void **state)
{
    set *s = *state;
    motet_engine *other = make_engine((motet_engine_def){0});
    motet_sound sound = make_sound(other, 1);
    motet_voice voice = play(other, sound, (motet_voice_def){0});
    motet_bus bus = motet_bus_create(other, "Music", NULL);
    assert_voice_stale(s->engine, voice);
    assert_sound_stale(s->engine, sound);
    assert_bus_stale(s, bus, "bus");
    assert_bus_stale(s, motet_bus_master(other), "bus");
    motet_engine_destroy(other);
}

/* The slot is used again; the old id does not reach the new voice. */
static void ids_are_not_used_again(void **state)
{
    (void)state;
    motet_engine *engine = make_engine((motet_engine_def){.max_voices = 1});
    motet_sound sound = make_sound(engine, 0.001);
    motet_voice last = {0};
    for (int i = 0; i < 5; i++) {
        motet_voice voice = play(engine, sound, (motet_voice_def){0});
        assert_int_not_equal(voice.id, last.id);
        assert_voice_stale(engine, last);
        assert_true(motet_voice_is_active(engine, voice));
        render(engine, 100);
        assert_voice_stale(engine, voice);
        last = voice;
    }
    motet_sound_release(engine, sound);
    assert_sound_stale(engine, sound);
    motet_sound next = make_sound(engine, 0.001);
    assert_int_not_equal(next.id, sound.id);
    assert_sound_stale(engine, sound);
    motet_engine_destroy(engine);
}

/* ------------------------------------------------------------------------------------------------------- Buses */

static void unknown_bus_is_an_error_everywhere(void **state)
{
    set *s = *state;
    motet_bus bus = motet_bus_find(s->engine, "Musik");
    assert_int_not_equal(bus.id, 0); /* or it would mean Master */
    assert_said(MOTET_ERROR_NOT_FOUND, "no bus \"Musik\"; did you mean \"Music\"?", "motet_bus_find");
    assert_bus_stale(s, bus, "a name that no bus has");
    assert_int_not_equal(motet_bus_find(s->engine, "").id, 0);
    assert_int_not_equal(motet_bus_find(s->engine, "music").id, s->bus.id); /* case matters */
    assert_int_equal(motet_bus_find(s->engine, "Music").id, s->bus.id);
    assert_int_equal(motet_bus_find(s->engine, "Master").id, motet_bus_master(s->engine).id);
}

static void bus_names_are_checked(void **state)
{
    set *s = *state;
    char name[65];
    memset(name, 'x', sizeof name);
    name[64] = '\0';
    REFUSED_ID(motet_bus_create(s->engine, "", NULL), MOTET_ERROR_INVALID, "a bus name of 0 bytes");
    REFUSED_ID(motet_bus_create(s->engine, name, NULL), MOTET_ERROR_INVALID, "a bus name of 64 bytes");
    name[63] = '\0';
    motet_bus bus = motet_bus_create(s->engine, name, NULL);
    motet_bus_info info;
    DO(motet_bus_get_info(s->engine, bus, &info));
    assert_string_equal(info.name, name);
    /* A name in use is that bus, as it is. */
    motet_bus_def def = {.volume_db = -20, .mute = true};
    assert_int_equal(motet_bus_create(s->engine, "Music", &def).id, s->bus.id);
    DO(motet_bus_get_info(s->engine, s->bus, &info));
    assert_true(info.volume_db == 0 && !info.mute);
    assert_int_equal(motet_bus_create(s->engine, "Master", NULL).id, motet_bus_master(s->engine).id);
}

static void buses_are_walked_parents_first(void **state)
{
    (void)state;
    motet_engine *engine = make_engine((motet_engine_def){.max_buses = 5});
    motet_bus made[5] = {motet_bus_master(engine)};
    for (int i = 1; i < 5; i++) {
        char name[] = {(char)('A' + i), '\0'};
        motet_bus_def def = {.parent = made[(i - 1) / 2]};
        made[i] = motet_bus_create(engine, name, &def);
        assert_int_not_equal(made[i].id, 0);
    }
    REFUSED_ID(motet_bus_create(engine, "F", NULL), MOTET_ERROR_LIMIT, "all 5 buses");
    int count = 0;
    for (motet_bus bus = motet_bus_next(engine, (motet_bus){0}); bus.id != 0; bus = motet_bus_next(engine, bus)) {
        assert_int_equal(bus.id, made[count++].id);
    }
    assert_int_equal(count, 5);
    motet_bus_info info;
    DO(motet_bus_get_info(engine, made[0], &info));
    assert_int_equal(info.parent.id, 0);
    assert_string_equal(info.name, "Master");
    motet_engine_destroy(engine);
}

/* ------------------------------------------------------------------------------------------------------- Feeds */

static void feeds_are_checked(void **state)
{
    set *s = *state;
    motet_engine *e = s->engine;
    const motet_result invalid = MOTET_ERROR_INVALID;
    const motet_feed_def bad[] = {{.sample_rate_hz = 768001},
                                  {.channels = 9},
                                  {.voice = {.loop = true}},
                                  {.voice = {.from_frame = 1}},
                                  {.voice = {.pitch = -1}}};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        REFUSED_ID(motet_feed_open(e, &bad[i]), invalid, "");
    }
    REFUSED(motet_voice_seek(e, s->fed, 0, motet_now()), invalid, "a fed voice cannot seek");
    REFUSED(motet_voice_set_loop(e, s->fed, true, motet_now()), invalid, "a fed voice cannot loop");
    motet_feed_state feed;
    float frame[2] = {0};
    REFUSED(motet_feed_write_f32(e, s->voice, frame, 1, NULL), invalid, "expected a fed voice");
    REFUSED(motet_feed_finish(e, s->voice), invalid, "expected a fed voice");
    REFUSED(motet_feed_get_state(e, s->voice, &feed), invalid, "expected a fed voice");
    DO(motet_feed_finish(e, s->fed));
    REFUSED(motet_feed_write_f32(e, s->fed, frame, 1, NULL), invalid, "finished");
    DO(motet_feed_get_state(e, s->fed, &feed));
    assert_true(feed.finished);
    render(e, 10);
    assert_voice_stale(e, s->fed);
}

static void full_feed_takes_what_fits(void **state)
{
    set *s = *state;
    static const float frames[2 * 30000];
    uint32_t taken;
    DO(motet_feed_write_f32(s->engine, s->fed, frames, 10000, &taken));
    assert_int_equal(taken, 10000);
    DO(motet_feed_write_f32(s->engine, s->fed, frames, 30000, &taken)); /* half a second is held */
    assert_int_equal(taken, 14000);
    DO(motet_feed_write_f32(s->engine, s->fed, frames, 1, &taken));
    assert_int_equal(taken, 0);
    motet_feed_state feed;
    DO(motet_feed_get_state(s->engine, s->fed, &feed));
    assert_int_equal(feed.queued_frames, 24000);
    assert_int_equal(feed.free_frames, 0);
    render(s->engine, 480);
    DO(motet_feed_write_f32(s->engine, s->fed, frames, 1000, &taken));
    assert_int_equal(taken, 480);
}

/* Samples that are not finite become 0, and an event says so; huge ones are clamped. */
static void material_is_cleaned(void **state)
{
    (void)state;
    motet_engine *engine = make_engine((motet_engine_def){.no_limiter = true});
    const float samples[] = {NAN, 1, INFINITY, -INFINITY, 1e30f, 1e-30f};
    motet_pcm pcm = {samples, MOTET_FORMAT_F32, 1, 48000, 6};
    motet_sound sound = motet_sound_from_pcm(engine, &pcm, NULL);
    float read[6];
    DO(motet_sound_read_f32(engine, sound, 0, read, 6, NULL));
    const float expected[] = {0, 1, 0, 0, 1e6f, 0};
    assert_memory_equal(read, expected, sizeof expected);
    motet_event event;
    assert_true(motet_engine_poll_event(engine, &event));
    assert_int_equal(event.type, MOTET_EVENT_NON_FINITE);
    assert_int_equal(event.sound.id, sound.id);
    assert_int_equal(event.count, 3);

    motet_feed_def def = {.channels = 1};
    motet_voice voice = motet_feed_open(engine, &def);
    DO(motet_feed_write_f32(engine, voice, samples, 6, NULL));
    float heard[12];
    motet_engine_render_f32(engine, heard, 6);
    for (int i = 0; i < 6; i++) {
        assert_true(heard[2 * i] == expected[i] && heard[2 * i + 1] == expected[i]);
    }
    assert_true(motet_engine_poll_event(engine, &event));
    assert_int_equal(event.type, MOTET_EVENT_NON_FINITE);
    assert_int_equal(event.voice.id, voice.id);
    motet_engine_destroy(engine);
}

/* ------------------------------------------------------------------------------------------------- Small things */

static void files_that_are_none(void **state)
{
    set *s = *state;
    REFUSED_ID(motet_sound_load(s->engine, "no such file.wav", NULL), MOTET_ERROR_NOT_FOUND, "no such file.wav");
    REFUSED_ID(motet_sound_load(s->engine, "", NULL), MOTET_ERROR_NOT_FOUND, "no such file");
    REFUSED_ID(motet_sound_load(s->engine, "/", NULL), MOTET_ERROR_IO, "directory");
    REFUSED_ID(motet_sound_load_memory(s->engine, "", 0, NULL), MOTET_ERROR_FORMAT, "memory");
    motet_sound_def def = {.name = "boom", .store = (motet_store)9};
    REFUSED_ID(motet_sound_load(s->engine, "a.wav", &def), MOTET_ERROR_INVALID, "store is 9");
    REFUSED(motet_engine_set_device(s->engine, NULL), MOTET_ERROR_UNSUPPORTED, "MOTET_DEVICE_MANUAL");
}

static void texts_are_there_for_everything(void **state)
{
    (void)state;
    for (int result = -1; result < 20; result++) {
        assert_non_null(motet_result_text((motet_result)result));
        assert_non_null(motet_end_reason_text((motet_end_reason)result));
    }
    assert_string_equal(motet_result_text(MOTET_OK), "ok");
    assert_string_equal(motet_end_reason_text(MOTET_END_STOPPED), "stopped");
    assert_true(motet_slider_to_db(NAN) == -80 && motet_slider_to_db(-1) == -80 && motet_slider_to_db(2) == 0);
    assert_true(motet_db_to_slider(NAN) == 0 && motet_db_to_slider(99) == 1 && motet_db_to_slider(-INFINITY) == 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(engine_defs_are_checked),
        cmocka_unit_test(engine_defs_at_their_limits),
        cmocka_unit_test(zero_is_the_default),
        cmocka_unit_test(null_engine_is_refused),
        TEST(null_arguments_are_refused),
        TEST(voice_numbers_must_be_finite),
        TEST(timings_are_checked),
        TEST(signals_are_checked),
        TEST(pcm_is_checked),
        TEST(numbers_are_clamped),
        TEST(pitch_is_above_zero),
        TEST(getters_follow_setters),
        TEST(a_voice_has_started_with_its_first_frame),
        TEST(ids_of_nothing_are_stale),
        TEST(ids_of_another_engine_are_stale),
        cmocka_unit_test(ids_are_not_used_again),
        TEST(unknown_bus_is_an_error_everywhere),
        TEST(bus_names_are_checked),
        cmocka_unit_test(buses_are_walked_parents_first),
        TEST(feeds_are_checked),
        TEST(full_feed_takes_what_fits),
        cmocka_unit_test(material_is_cleaned),
        TEST(files_that_are_none),
        cmocka_unit_test(texts_are_there_for_everything),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
