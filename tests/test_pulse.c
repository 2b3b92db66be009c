/* labels: pulse */
/* Through SDL into a real sound server and back: what its monitor hears is what was rendered, bit for bit; and the
 * server killed, frozen and started again while the engine plays. */
#include "motet/motet.h"
#include "support/pulse.h"
#include "support/scripted_device.h" /* for its log */

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { RATE = PULSE_RATE, PERIOD = 2048, AHEAD_FRAMES = 3 * PERIOD };

/* A frame of the ramp that tells, in a recording, which frame of the sound it is: exact in float. */
#define STEP (1.0f / 4194304)

static motet_engine *create_engine(motet_device_kind kind)
{
    motet_engine_def def = {
        .sample_rate_hz = RATE, .period_frames = PERIOD, .device = kind, .log = script_log, .no_limiter = true};
    script_begin();
    motet_engine *engine = motet_engine_create(&def);
    if (engine == NULL) {
        fail_msg("%s", motet_last_error());
    }
    return engine;
}

static uint64_t frame_of(motet_engine *engine)
{
    motet_clock clock;
    assert_int_equal(motet_engine_get_clock(engine, &clock), MOTET_OK);
    return clock.frame;
}

static motet_engine_info info_of(motet_engine *engine)
{
    motet_engine_info info;
    assert_int_equal(motet_engine_get_info(engine, &info), MOTET_OK);
    return info;
}

typedef struct device_events {
    int lost, back;
} device_events;

static void count_events(motet_engine *engine, device_events *counted)
{
    motet_event event;
    while (motet_engine_poll_event(engine, &event)) {
        counted->lost += event.type == MOTET_EVENT_DEVICE_LOST;
        counted->back += event.type == MOTET_EVENT_DEVICE_BACK;
    }
}

/* ---------------------------------------------------------------------------------------- What is heard */

static bool is_silent(const float *frame)
{
    return frame[0] == 0 && frame[1] == 0;
}

/* The part between silences, both excluded. */
static const float *trim(const float *frames, uint32_t count, uint32_t *trimmed)
{
    uint32_t first = 0;
    while (first < count && is_silent(frames + 2 * first)) {
        first++;
    }
    while (count > first && is_silent(frames + 2 * (count - 1))) {
        count--;
    }
    *trimmed = count - first;
    return frames + 2 * first;
}

/* True when both sound the same, bit for bit, silence before and after aside. */
static bool same_sound(const float *a, uint32_t a_count, const float *b, uint32_t b_count)
{
    uint32_t a_length, b_length;
    a = trim(a, a_count, &a_length);
    b = trim(b, b_count, &b_length);
    if (a_length < RATE || a_length != b_length) {
        printf("heard %u frames, rendered %u\n", a_length, b_length);
        return false;
    }
    for (uint32_t i = 0; i < a_length; i++) {
        if (a[2 * i] != b[2 * i] || a[2 * i + 1] != b[2 * i + 1]) {
            printf("frame %u: heard %.9g %.9g, rendered %.9g %.9g\n", i, (double)a[2 * i], (double)a[2 * i + 1],
                   (double)b[2 * i], (double)b[2 * i + 1]);
            return false;
        }
    }
    return true;
}

/* Runs `play_once`, which fills in whether what was heard is what was rendered, up to three times, but again only when
 * the server counted that its stream ran dry. */
static void expect_same(bool (*play_once)(void))
{
    for (int i = 0; i < 3; i++) {
        int before = pulse_underruns();
        if (play_once()) {
            return;
        }
        int underruns = pulse_underruns() - before;
        if (underruns == 0) {
            fail_msg("what was heard is not what was rendered, and no stream ran dry");
        }
        printf("%d underruns; once more\n", underruns);
    }
    fail_msg("the stream ran dry three times");
}

/* One second of sound, from 0.5 s on. */
static void play_scene(motet_engine *engine)
{
    motet_signal noise = {.kind = MOTET_SIGNAL_NOISE, .amplitude = 0.4, .seconds = 1, .seed = 3, .channels = 2};
    motet_signal sine = {.kind = MOTET_SIGNAL_SINE, .hz = 330, .amplitude = 0.3, .seconds = 0.8};
    motet_voice_def def = motet_default_voice_def();
    def.timing = motet_at(RATE / 2);
    def.pan = -0.3f;
    motet_voice hiss = motet_voice_play(engine, motet_sound_from_signal(engine, &noise, NULL), &def);
    def.timing = motet_at(RATE * 6 / 10);
    def.pitch = 1.1;
    def.pan = 0;
    motet_voice tone = motet_voice_play(engine, motet_sound_from_signal(engine, &sine, NULL), &def);
    assert_true(hiss.id != 0 && tone.id != 0);
    assert_int_equal(motet_voice_set_volume_db(engine, tone, -12, motet_at_fade(RATE * 9 / 10, 0.05)), MOTET_OK);
    assert_int_equal(motet_voice_set_pan(engine, hiss, 0.5f, motet_at(RATE)), MOTET_OK);
}

enum { SCENE_FRAMES = RATE * 2 };

static bool play_scene_once(void)
{
    pulse_record();
    motet_engine *engine = create_engine(MOTET_DEVICE_STRICT);
    play_scene(engine);
    WAIT_UNTIL(frame_of(engine) >= SCENE_FRAMES);
    motet_engine_destroy(engine);
    motet_sleep_ms(200);
    uint32_t heard_count;
    float *heard = pulse_recorded(&heard_count);

    float *rendered = calloc(2 * SCENE_FRAMES, sizeof *rendered);
    engine = create_engine(MOTET_DEVICE_MANUAL);
    play_scene(engine);
    motet_engine_render_f32(engine, rendered, SCENE_FRAMES);
    motet_engine_destroy(engine);
    bool same = same_sound(heard, heard_count, rendered, SCENE_FRAMES);
    free(heard);
    free(rendered);
    return same;
}

static void engine_is_heard_bit_for_bit(void **state)
{
    (void)state;
    expect_same(play_scene_once);
}

/* ---------------------------------------------------------------------------------------------- The tool */

static const char scene[] = "{\"motet\": 1, \"rate\": 48000}\n"
                            "{\"sound\": \"n\", \"noise\": {\"seconds\": 1.0, \"amplitude\": 0.4, \"seed\": 5, "
                            "\"channels\": 2}}\n"
                            "{\"sound\": \"s\", \"sine\": {\"hz\": 440, \"seconds\": 1.0, \"amplitude\": 0.5}}\n"
                            "{\"at\": \"500ms\", \"play\": \"n\", \"as\": \"n\", \"pan\": -0.4}\n"
                            "{\"at\": \"600ms\", \"play\": \"s\", \"as\": \"s\", \"pitch\": 1.2}\n"
                            "{\"at\": \"900ms\", \"set\": \"s\", \"volume_db\": -12, \"fade\": \"50ms\"}\n"
                            "{\"at\": \"1s\", \"stop\": \"s\", \"fade\": \"200ms\"}\n"
                            "{\"at\": \"2s\", \"end\": true}\n";

static bool play_with_tool_once(void)
{
    const char *tool = getenv("MOTET");
    char scene_path[128], render_path[128];
    snprintf(scene_path, sizeof scene_path, "%s/scene.jsonl", pulse_folder());
    snprintf(render_path, sizeof render_path, "%s/render.f32", pulse_folder());
    FILE *file = fopen(scene_path, "w");
    assert_non_null(file);
    fputs(scene, file);
    fclose(file);

    const char *const play[] = {tool, "play", "--quiet", scene_path, NULL};
    const char *const render[] = {tool, "render", scene_path, "-o", "-", NULL};
    pulse_record();
    assert_true(pulse_await(pulse_spawn(play, NULL)));
    motet_sleep_ms(200);
    uint32_t heard_count;
    float *heard = pulse_recorded(&heard_count);
    assert_true(pulse_await(pulse_spawn(render, render_path)));

    file = fopen(render_path, "rb");
    assert_non_null(file);
    float *rendered = calloc(4 * SCENE_FRAMES, sizeof *rendered);
    uint32_t count = (uint32_t)(fread(rendered, sizeof *rendered, 4 * SCENE_FRAMES, file) / 2);
    fclose(file);
    bool same = same_sound(heard, heard_count, rendered, count);
    free(heard);
    free(rendered);
    return same;
}

static void tool_plays_what_it_renders(void **state)
{
    (void)state;
    const char *tool = getenv("MOTET");
    if (tool == NULL || access(tool, X_OK) != 0) {
        printf("no tool in $MOTET\n");
        skip();
    }
    expect_same(play_with_tool_once);
}

/* ------------------------------------------------------------------------------------ A server that goes */

static void play_ramp(motet_engine *engine)
{
    uint32_t count = 60 * RATE;
    float *samples = malloc(count * sizeof *samples);
    for (uint32_t i = 0; i < count; i++) {
        samples[i] = (float)(i + 1) * STEP;
    }
    motet_pcm pcm = {samples, MOTET_FORMAT_F32, 1, RATE, count};
    motet_voice_def def = motet_default_voice_def();
    def.timing = motet_at(1);
    motet_voice voice = motet_voice_play(engine, motet_sound_from_pcm(engine, &pcm, NULL), &def);
    assert_true(voice.id != 0);
    free(samples);
}

/* Checks that a recording holds the ramp, from its first sound to its last, in one piece but for the silence of counted
 * underruns; returns which frames of the ramp those are. The fade of a closing engine is left out. */
static void check_ramp(const float *frames, uint32_t count, uint32_t *first, uint32_t *last)
{
    uint32_t length;
    uint32_t silent = 0;
    frames = trim(frames, count, &length);
    assert_true(length > RATE / 4);
    *first = (uint32_t)(frames[0] / STEP + 0.5f);
    uint32_t expected = *first;
    for (uint32_t i = 0; i + RATE / 20 < length; i++) {
        if (frames[2 * i] == (float)expected * STEP) {
            expected++;
        } else if (is_silent(frames + 2 * i)) {
            silent++;
        } else {
            fail_msg("after frame %u of the ramp comes %.3f", expected - 1, (double)(frames[2 * i] / STEP));
        }
    }
    if (silent > 0) {
        printf("%u frames of silence, %d underruns\n", silent, pulse_underruns());
        assert_true(pulse_underruns() > 0);
    }
    *last = expected - 1;
}

typedef struct moment {
    uint64_t frame, ns;
} moment;

static moment moment_of(motet_engine *engine)
{
    moment now = {frame_of(engine), now_ns()};
    return now;
}

/* While a device plays, its own clock counts, and it stands still while the stream runs dry; so time is measured from
 * a moment shortly before the device was lost. It had asked ahead by what its server holds. */
static void assert_keeps_time(motet_engine *engine, moment since)
{
    double error = 0;
    for (int i = 0; i < 2000; i++) {
        error = (double)(frame_of(engine) - since.frame) - (double)(now_ns() - since.ns) * 1e-9 * RATE;
        if (error >= -AHEAD_FRAMES && error <= AHEAD_FRAMES) {
            return;
        }
        motet_sleep_ms(1);
    }
    fail_msg("the engine is %.0f frames off", error);
}

static void killed_server_is_survived(void **state)
{
    (void)state;
    device_events counted = {0};
    uint32_t count, first, last, again, end;
    pulse_record();
    motet_engine *engine = create_engine(MOTET_DEVICE_STRICT);
    motet_engine_info info = info_of(engine);
    assert_string_equal(info.device_driver, "pulseaudio");
    assert_int_equal(info.device_sample_rate_hz, RATE);
    assert_int_equal(info.device_channels, 2);
    assert_int_equal(info.period_frames, PERIOD);
    play_ramp(engine);
    WAIT_UNTIL(frame_of(engine) >= RATE);
    moment killed = moment_of(engine);
    pulse_signal(SIGKILL);

    WAIT_UNTIL((count_events(engine, &counted), counted.lost == 1));
    uint64_t lost_frame = frame_of(engine);
    assert_true(info_of(engine).is_null);
    float *heard = pulse_recorded(&count);
    check_ramp(heard, count, &first, &last);
    free(heard);
    assert_int_equal(first, 1);
    WAIT_UNTIL(frame_of(engine) > lost_frame + RATE);
    assert_keeps_time(engine, killed);

    pulse_start();
    pulse_record();
    WAIT_UNTIL((count_events(engine, &counted), counted.back == 1));
    assert_false(info_of(engine).is_null);
    uint64_t back_frame = frame_of(engine);
    WAIT_UNTIL(frame_of(engine) > back_frame + RATE);
    count_events(engine, &counted);
    motet_engine_destroy(engine);
    heard = pulse_recorded(&count);
    check_ramp(heard, count, &again, &end);
    free(heard);
    assert_true(again > lost_frame + RATE && again <= back_frame);
    assert_true(end > back_frame);
    assert_int_equal(counted.lost, 1);
    assert_int_equal(counted.back, 1);
}

static void frozen_server_is_survived(void **state)
{
    (void)state;
    device_events counted = {0};
    motet_engine *engine = create_engine(MOTET_DEVICE_STRICT);
    play_ramp(engine);
    WAIT_UNTIL(frame_of(engine) >= RATE / 2);
    moment frozen = moment_of(engine);
    pulse_signal(SIGSTOP);
    WAIT_UNTIL((count_events(engine, &counted), counted.lost == 1));
    WAIT_UNTIL(script_log_count("hangs; it is left behind") > 0);
    uint64_t lost_frame = frame_of(engine);
    WAIT_UNTIL(frame_of(engine) > lost_frame + RATE / 2);
    assert_keeps_time(engine, frozen);
    pulse_signal(SIGCONT);
    WAIT_UNTIL((count_events(engine, &counted), counted.back == 1));
    uint64_t back_frame = frame_of(engine);
    WAIT_UNTIL(frame_of(engine) > back_frame + RATE / 4);

    /* Destroyed while the server does not answer. */
    pulse_signal(SIGSTOP);
    motet_engine_destroy(engine);
    pulse_signal(SIGCONT);
    motet_sleep_ms(300); /* what was left behind ends by itself */
}

static void devices_are_listed(void **state)
{
    (void)state;
    motet_device_info devices[4];
    assert_int_equal(motet_device_list(devices, 4), 1);
    assert_true(devices[0].is_default);
    assert_int_equal(devices[0].sample_rate_hz, RATE);
    assert_int_equal(devices[0].channels, 2);

    motet_engine_def def = {.device = MOTET_DEVICE_STRICT, .device_name = devices[0].name, .log = script_log};
    motet_engine *engine = motet_engine_create(&def);
    assert_non_null(engine);
    assert_string_equal(info_of(engine).device_name, devices[0].name);
    motet_engine_destroy(engine);

    def.device_name = "Nul Output";
    assert_null(motet_engine_create(&def));
    assert_non_null(
        strstr(motet_last_error(), "SDL: no device is called \"Nul Output\"; did you mean \"Null Output\"?"));
}

static int start_server(void **state)
{
    (void)state;
    pulse_prepare();
    pulse_start();
    return 0;
}

static int end_server(void **state)
{
    (void)state;
    pulse_clean_up();
    return 0;
}

int main(void)
{
    if (!pulse_installed()) {
        return 77;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(devices_are_listed),         cmocka_unit_test(engine_is_heard_bit_for_bit),
        cmocka_unit_test(tool_plays_what_it_renders), cmocka_unit_test(killed_server_is_survived),
        cmocka_unit_test(frozen_server_is_survived),
    };
    return cmocka_run_group_tests(tests, start_server, end_server);
}
