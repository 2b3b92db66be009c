/* labels: threads */
/* From the render call to the device and back: losing devices, going on without one, changing them, and destroying the
 * engine under each. The device is a scripted one, the engine is real. */
#include "base/guard.h"
#include "engine/adapters.h"
#include "motet/motet.h"
#include "support/scripted_device.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { RATE = SCRIPT_RATE, PERIOD = SCRIPT_PERIOD, MOST_FRAMES = SCRIPT_MOST_FRAMES };

/* One frame of the ramp that the tests play: exact in float, and so a count of frames that can be read back. */
#define STEP (1.0f / 1048576)

static const motet_device_backend *const scripted_backends[] = {&scripted_device_backend, NULL};
static const motet_decoder_backend *const no_decoders[] = {NULL};

/* In place of the library's own list. */
const motet_adapters motet_adapters_linked = {no_decoders, scripted_backends};

/* -------------------------------------------------------------------------------------------- Questions */

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

static uint64_t losses_of(motet_engine *engine)
{
    motet_stats stats;
    assert_int_equal(motet_engine_get_stats(engine, &stats), MOTET_OK);
    return stats.device_losses;
}

typedef struct counted_events {
    int lost, back, ended;
    uint64_t lost_frame, back_frame; /* of the last of each */
    motet_event last_ended;
} counted_events;

static void count_events(motet_engine *engine, counted_events *counted)
{
    motet_event event;
    while (motet_engine_poll_event(engine, &event)) {
        if (event.type == MOTET_EVENT_DEVICE_LOST) {
            counted->lost++;
            counted->lost_frame = event.frame;
        }
        if (event.type == MOTET_EVENT_DEVICE_BACK) {
            counted->back++;
            counted->back_frame = event.frame;
        }
        if (event.type == MOTET_EVENT_VOICE_ENDED) {
            counted->ended++;
            counted->last_ended = event;
        }
    }
}

/* ------------------------------------------------------------------------------------------ Engines and sounds */

static int start_test(void **state)
{
    (void)state;
    script_begin();
    unsetenv("MOTET_DEVICE");
    return 0;
}

static int end_test(void **state)
{
    (void)state;
    script_set(&script.hang_open, false);
    script_set(&script.hang_close, false);
    /* Left behind or not, every device that was opened is closed in the end. */
    WAIT_UNTIL(script_closed_count() == script_opened_count());
    motet_sleep_ms(20); /* a thread that was left behind frees what it holds */
    script_end();
    return 0;
}

static motet_engine_def def_of(motet_device_kind kind)
{
    return (motet_engine_def){
        .sample_rate_hz = RATE, .period_frames = PERIOD, .device = kind, .no_limiter = true, .log = script_log};
}

static motet_engine *create_engine(motet_device_kind kind)
{
    motet_engine_def def = def_of(kind);
    motet_engine *engine = motet_engine_create(&def);
    assert_non_null(engine);
    return engine;
}

static motet_sound ramp_sound(motet_engine *engine, uint32_t frame_count)
{
    float *samples = malloc(frame_count * sizeof *samples);
    for (uint32_t i = 0; i < frame_count; i++) {
        samples[i] = (float)(i + 1) * STEP;
    }
    motet_pcm pcm = {samples, MOTET_FORMAT_F32, 1, RATE, frame_count};
    motet_sound sound = motet_sound_from_pcm(engine, &pcm, NULL);
    free(samples);
    assert_true(sound.id != 0);
    return sound;
}

static motet_voice play_ramp(motet_engine *engine)
{
    motet_voice voice = motet_voice_play(engine, ramp_sound(engine, MOST_FRAMES), NULL);
    assert_true(voice.id != 0);
    return voice;
}

/* ------------------------------------------------------------------------------------------ The null device */

static void null_device_never_looks_for_another(void **state)
{
    (void)state;
    motet_engine *engine = create_engine(MOTET_DEVICE_NULL);
    motet_engine_info info = info_of(engine);
    assert_true(info.is_null);
    assert_string_equal(info.device_name, "null");
    assert_string_equal(info.device_driver, "");
    assert_int_equal(info.period_frames, PERIOD);
    assert_int_equal(info.device_sample_rate_hz, RATE);
    WAIT_UNTIL(frame_of(engine) >= RATE / 4);
    motet_engine_destroy(engine);
    assert_int_equal(script_opens(), 0);
    assert_int_equal(script_log_count("\n"), 0);
}

static void environment_keeps_the_null_device(void **state)
{
    (void)state;
    setenv("MOTET_DEVICE", "null", 1);
    motet_engine *engine = create_engine(MOTET_DEVICE_DEFAULT);
    assert_int_equal(motet_engine_set_device(engine, "Speakers"), MOTET_OK);
    WAIT_UNTIL(frame_of(engine) > PERIOD * 10);
    assert_true(info_of(engine).is_null);
    motet_engine_destroy(engine);
    unsetenv("MOTET_DEVICE");
    assert_int_equal(script_opens(), 0);
}

static void device_is_chosen_while_the_null_clock_runs(void **state)
{
    (void)state;
    counted_events counted = {0};
    motet_engine *engine = create_engine(MOTET_DEVICE_NULL);
    play_ramp(engine);
    WAIT_UNTIL(frame_of(engine) > PERIOD * 10);
    assert_int_equal(motet_engine_set_device(engine, "Headphones"), MOTET_OK);
    WAIT_UNTIL(!info_of(engine).is_null);
    assert_string_equal(info_of(engine).device_name, "Headphones");
    WAIT_UNTIL((count_events(engine, &counted), counted.back == 1));
    motet_engine_destroy(engine);
}

/* ------------------------------------------------------------------------------------------- At the beginning */

static void device_renders_the_engine(void **state)
{
    (void)state;
    motet_engine *engine = create_engine(MOTET_DEVICE_DEFAULT);
    motet_engine_info info = info_of(engine);
    assert_false(info.is_null);
    assert_string_equal(info.device_name, "Speakers");
    assert_string_equal(info.device_driver, "fake");
    assert_int_equal(info.device_sample_rate_hz, 44100);
    assert_int_equal(info.device_channels, 2);
    assert_int_equal(info.period_frames, PERIOD);
    assert_int_equal(info.device_latency_frames, 960);

    script_set(&script.silent, true);
    play_ramp(engine);
    script_set(&script.silent, false);
    WAIT_UNTIL(frame_of(engine) >= PERIOD * 20);
    motet_engine_destroy(engine);

    /* Every frame of the engine was heard, and nothing else but silence. */
    motet_device *device = script.devices[0];
    uint32_t first = 0;
    while (first < device->heard_frames && device->heard[first] == 0) {
        first++;
    }
    assert_true(first + PERIOD * 10 < device->heard_frames);
    for (uint32_t i = 0; i < PERIOD * 10; i++) {
        assert_true(device->heard[first + i] == (float)(i + 1) * STEP);
    }
    assert_int_equal(script_closed_count(), 1);
}

static void no_device_is_told_once_and_one_is_looked_for(void **state)
{
    (void)state;
    script_set_fail_opens(1);
    motet_engine *engine = create_engine(MOTET_DEVICE_DEFAULT);
    assert_true(info_of(engine).is_null);
    assert_int_equal(
        script_log_count("no sound device (fake: the plug is out); playing to the null device in real time"), 1);
    assert_int_equal(script_log_count("\n"), 1);
    WAIT_UNTIL(frame_of(engine) >= RATE / 2);

    counted_events counted = {0};
    WAIT_UNTIL((count_events(engine, &counted), counted.back == 1));
    assert_false(info_of(engine).is_null);
    assert_int_equal(counted.lost, 0);
    motet_engine_destroy(engine);
}

static void strict_engine_needs_a_device(void **state)
{
    (void)state;
    script_set_fail_opens(-1);
    motet_engine_def def = def_of(MOTET_DEVICE_STRICT);
    assert_null(motet_engine_create(&def));
    assert_string_equal(motet_last_error(), "no sound device (fake: the plug is out)");

    script_set_fail_opens(0);
    def.device_name = "Heodphones";
    assert_null(motet_engine_create(&def));
    assert_string_equal(motet_last_error(), "no sound device (fake: no such name)");
    assert_int_equal(script_opened_count(), 0);
}

static void unknown_name_falls_back_to_the_default(void **state)
{
    (void)state;
    motet_engine_def def = def_of(MOTET_DEVICE_DEFAULT);
    def.device_name = "Moon";
    motet_engine *engine = motet_engine_create(&def);
    assert_non_null(engine);
    assert_string_equal(info_of(engine).device_name, "Speakers");
    assert_int_equal(script_log_count("cannot play to the sound device \"Moon\" (fake: no such name)"), 1);
    motet_engine_destroy(engine);
}

static void hanging_open_holds_nobody_up(void **state)
{
    (void)state;
    script_set(&script.hang_open, true);
    motet_engine *engine = create_engine(MOTET_DEVICE_DEFAULT);
    assert_true(info_of(engine).is_null);
    assert_int_equal(script_log_count("no sound device (the device library has not answered for 5 seconds)"), 1);
    WAIT_UNTIL(frame_of(engine) >= PERIOD * 10);
    motet_engine_destroy(engine);
    assert_int_equal(script_opened_count(), 0);
    script_set(&script.hang_open, false);
    /* The open that was given up ends after all, and its device is closed. */
    WAIT_UNTIL(script_opened_count() == 1 && script_closed_count() == 1);
}

/* While it renders, a second callback comes, as of a driver gone wrong. */
static bool re_enter;
static float re_entered[PERIOD * 2];

static void call_again(bool entered)
{
    if (entered && re_enter) {
        re_enter = false;
        motet_device *device = script.devices[0];
        device->request.render(device->request.user, re_entered, PERIOD);
    }
}

static void second_callback_is_silent(void **state)
{
    (void)state;
    for (int i = 0; i < PERIOD * 2; i++) {
        re_entered[i] = 99;
    }
    re_enter = true;
    motet_guard = call_again;
    motet_engine *engine = create_engine(MOTET_DEVICE_DEFAULT);
    WAIT_UNTIL(frame_of(engine) >= PERIOD * 4);
    motet_engine_destroy(engine);
    motet_guard = NULL;
    assert_false(re_enter);
    for (int i = 0; i < PERIOD * 2; i++) {
        assert_true(re_entered[i] == 0);
    }
    assert_int_equal(script.devices[0]->heard_frames % PERIOD, 0);
}

/* -------------------------------------------------------------------------------------------------- Losing */

/* The engine's frame of the first sound in a device: what the ramp says. */
static uint64_t first_heard(const motet_device *device, uint32_t *at)
{
    uint32_t i = 0;
    while (i < device->heard_frames && device->heard[i] == 0) {
        i++;
    }
    assert_true(i < device->heard_frames);
    *at = i;
    return (uint64_t)(device->heard[i] / STEP + 0.5f);
}

static uint64_t last_heard(const motet_device *device)
{
    uint32_t i = device->heard_frames;
    while (i > 0 && device->heard[i - 1] == 0) {
        i--;
    }
    assert_true(i > 0);
    return (uint64_t)(device->heard[i - 1] / STEP + 0.5f);
}

static void lose_and_find(bool told)
{
    counted_events counted = {0};
    motet_engine *engine = create_engine(MOTET_DEVICE_DEFAULT);
    motet_voice ramp = play_ramp(engine);
    motet_voice stopped = motet_voice_play(engine, ramp_sound(engine, MOST_FRAMES), &(motet_voice_def){.paused = true});
    assert_true(stopped.id != 0);
    WAIT_UNTIL(frame_of(engine) >= RATE / 4);

    script_lock();
    script.fail_opens = 2;
    script.lost = told;
    script.silent = !told;
    script_unlock();
    uint64_t lost_frame = frame_of(engine);
    uint64_t lost_ns = now_ns();
    WAIT_UNTIL(losses_of(engine) == 1);
    assert_true(info_of(engine).is_null);
    /* What was given while nobody listened is done all the same. */
    motet_voice_stop(engine, stopped, motet_now());
    WAIT_UNTIL((count_events(engine, &counted), counted.ended == 1));
    assert_int_equal(counted.last_ended.voice.id, stopped.id);
    assert_int_equal(counted.last_ended.reason, MOTET_END_STOPPED);
    assert_int_equal(counted.lost, 1);
    if (!told) {
        /* A callback may have been on its way when the device fell silent. */
        WAIT_UNTIL(frame_of(engine) > lost_frame + RATE / 2);
        double error = 0;
        for (int i = 0; i < 5000; i++) {
            error = (double)(frame_of(engine) - lost_frame) - (double)(now_ns() - lost_ns) * 1e-9 * RATE;
            if (error >= -2 * PERIOD && error <= 2 * PERIOD) {
                break;
            }
            motet_sleep_ms(1);
        }
        assert_true(error >= -2 * PERIOD && error <= 2 * PERIOD);
    }

    script_set(&script.lost, false);
    script_set(&script.silent, false);
    WAIT_UNTIL((count_events(engine, &counted), counted.back == 1));
    assert_false(info_of(engine).is_null);
    uint64_t back_frame = frame_of(engine);
    WAIT_UNTIL(frame_of(engine) > back_frame + RATE / 4);
    assert_true(motet_voice_is_active(engine, ramp));
    motet_stats stats;
    motet_engine_get_stats(engine, &stats);
    assert_int_equal(stats.blocks_missed, 0);
    count_events(engine, &counted);
    motet_engine_destroy(engine);

    assert_int_equal(counted.lost, 1);
    assert_int_equal(counted.back, 1);
    assert_int_equal(counted.ended, 1);
    assert_int_equal(script_opened_count(), 2);
    assert_int_equal(script_log_count("the sound device \"Speakers\" is lost"), 1);

    /* The sound is there again, from where the engine is, without a hole in it; and the events say at which frame it
     * went and at which it came back, which the ramp says too. */
    uint32_t at;
    const motet_device *device = script.devices[1];
    uint64_t frame = first_heard(device, &at);
    uint64_t last = last_heard(script.devices[0]);
    assert_true(frame > last + RATE / 10 && frame <= back_frame + PERIOD);
    assert_int_equal(counted.back_frame - counted.lost_frame, frame - last - 1);
    for (uint32_t i = 0; i < RATE / 8; i++) {
        assert_true(device->heard[at + i] == (float)(frame + i) * STEP);
    }
}

static void lost_device_comes_back(void **state)
{
    (void)state;
    lose_and_find(true);
}

static void silent_device_is_taken_for_lost(void **state)
{
    (void)state;
    lose_and_find(false);
}

static void hanging_close_is_left_behind(void **state)
{
    (void)state;
    motet_engine *engine = create_engine(MOTET_DEVICE_DEFAULT);
    play_ramp(engine);
    WAIT_UNTIL(frame_of(engine) >= PERIOD * 10);
    script_set(&script.hang_close, true);
    assert_int_equal(motet_engine_set_device(engine, "Headphones"), MOTET_OK);
    WAIT_UNTIL(script_log_count("closing the sound device \"Speakers\" hangs; it is left behind") == 1);

    /* The old device goes on calling, into nothing, and the engine's time is the new one's alone. */
    motet_device *old = script.devices[0];
    uint32_t callbacks = script_callbacks(0);
    WAIT_UNTIL(script_callbacks(0) > callbacks + 10);
    assert_false(info_of(engine).is_null);
    motet_engine_destroy(engine);
    callbacks = script_callbacks(0);
    WAIT_UNTIL(script_callbacks(0) > callbacks + 10);

    script_set(&script.hang_close, false);
    WAIT_UNTIL(script_closed_count() == 2);
    uint32_t last = 0;
    for (uint32_t i = 0; i < old->heard_frames; i++) {
        assert_true(old->heard[i] != 99);
        last = old->heard[i] != 0 ? i : last;
    }
    assert_true(last + 20 * PERIOD <= old->heard_frames);
}

/* ------------------------------------------------------------------------------------------------ Changing */

static void sound_goes_on_at_the_same_frame(void **state)
{
    (void)state;
    counted_events counted = {0};
    motet_engine *engine = create_engine(MOTET_DEVICE_DEFAULT);
    play_ramp(engine);
    WAIT_UNTIL(frame_of(engine) >= RATE / 10);
    assert_int_equal(motet_engine_set_device(engine, "Headphones"), MOTET_OK);
    WAIT_UNTIL(strcmp(info_of(engine).device_name, "Headphones") == 0);
    uint64_t frame = frame_of(engine);
    WAIT_UNTIL(frame_of(engine) >= frame + RATE / 10 && script_closed_count() == 1);
    count_events(engine, &counted);
    motet_engine_destroy(engine);
    assert_int_equal(counted.lost, 0);
    assert_int_equal(counted.back, 0);

    uint32_t at;
    uint64_t first = first_heard(script.devices[1], &at);
    assert_int_equal(first, last_heard(script.devices[0]) + 1);
}

static void failing_change_keeps_the_old_device(void **state)
{
    (void)state;
    motet_engine *engine = create_engine(MOTET_DEVICE_DEFAULT);
    assert_int_equal(motet_engine_set_device(engine, "Headphone"), MOTET_ERROR_NOT_FOUND);
    assert_string_equal(motet_last_error(), "no sound device is called \"Headphone\"; did you mean \"Headphones\"?");
    assert_int_equal(motet_engine_set_device(engine, "Moon"), MOTET_ERROR_NOT_FOUND);
    assert_string_equal(motet_last_error(), "no sound device is called \"Moon\"");

    script_set_fail_opens(1);
    assert_int_equal(motet_engine_set_device(engine, "Headphones"), MOTET_OK);
    WAIT_UNTIL(script_log_count("cannot change the sound device (fake: the plug is out); staying with \"Speakers\"") ==
               1);
    uint64_t frame = frame_of(engine);
    WAIT_UNTIL(frame_of(engine) > frame + PERIOD * 4);
    assert_string_equal(info_of(engine).device_name, "Speakers");
    assert_int_equal(losses_of(engine), 0);

    motet_engine *manual = create_engine(MOTET_DEVICE_MANUAL);
    assert_int_equal(motet_engine_set_device(manual, NULL), MOTET_ERROR_UNSUPPORTED);
    motet_engine_destroy(manual);
    motet_engine_destroy(engine);
}

/* ------------------------------------------------------------------------------------------- At the end */

static void destroy_fades_out(void **state)
{
    (void)state;
    motet_engine *engine = create_engine(MOTET_DEVICE_DEFAULT);
    motet_signal signal = {.kind = MOTET_SIGNAL_CONSTANT, .from = 0.5, .seconds = 10};
    motet_voice voice = motet_voice_play(engine, motet_sound_from_signal(engine, &signal, NULL), NULL);
    assert_true(voice.id != 0);
    WAIT_UNTIL(frame_of(engine) >= RATE / 10);
    motet_engine_destroy(engine);
    const motet_device *device = script.devices[0];
    uint32_t at;
    first_heard(device, &at);
    float largest = 0;
    for (uint32_t i = at; i + 1 < device->heard_frames; i++) {
        float step = device->heard[i] - device->heard[i + 1];
        assert_true(step >= 0);
        largest = step > largest ? step : largest;
    }
    assert_true(device->heard[device->heard_frames - 1] == 0);
    assert_true(largest > 0 && largest < 0.01f);
}

static void child_of_a_fork_only_frees(void **state)
{
    (void)state;
    motet_engine *engine = create_engine(MOTET_DEVICE_DEFAULT);
    motet_engine *null = create_engine(MOTET_DEVICE_NULL);
    play_ramp(engine);
    WAIT_UNTIL(frame_of(engine) >= PERIOD * 4);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        alarm(20); /* a child that hangs is ended by it */
        motet_engine_destroy(engine);
        motet_engine_destroy(null);
        _exit(7);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 7);
    /* The parent does not notice. */
    uint64_t frame = frame_of(engine);
    WAIT_UNTIL(frame_of(engine) > frame + PERIOD * 4);
    motet_engine_destroy(engine);
    motet_engine_destroy(null);
}

/* ------------------------------------------------------------------------------------------------- The list */

static void devices_are_listed(void **state)
{
    (void)state;
    motet_device_info devices[3] = {{{0}, false, 0, 0}};
    assert_int_equal(motet_device_list(devices, 3), 2);
    assert_string_equal(devices[0].name, "Speakers");
    assert_true(devices[0].is_default);
    assert_int_equal(devices[0].sample_rate_hz, 44100);
    assert_string_equal(devices[1].name, "Headphones");
    assert_false(devices[1].is_default);
    assert_string_equal(devices[2].name, "");

    memset(devices, 0, sizeof devices);
    assert_int_equal(motet_device_list(devices, 1), 2);
    assert_string_equal(devices[0].name, "Speakers");
    assert_string_equal(devices[1].name, "");
    assert_int_equal(motet_device_list(NULL, 0), 2);

    script_set(&script.no_devices, true);
    assert_int_equal(motet_device_list(devices, 3), 0);
    assert_string_equal(motet_last_error(), "no sound device (fake: all unplugged)");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, start_test, end_test)
    const struct CMUnitTest tests[] = {
        TEST(null_device_never_looks_for_another),
        TEST(environment_keeps_the_null_device),
        TEST(device_is_chosen_while_the_null_clock_runs),
        TEST(device_renders_the_engine),
        TEST(no_device_is_told_once_and_one_is_looked_for),
        TEST(strict_engine_needs_a_device),
        TEST(unknown_name_falls_back_to_the_default),
        TEST(hanging_open_holds_nobody_up),
        TEST(second_callback_is_silent),
        TEST(lost_device_comes_back),
        TEST(silent_device_is_taken_for_lost),
        TEST(hanging_close_is_left_behind),
        TEST(sound_goes_on_at_the_same_frame),
        TEST(failing_change_keeps_the_old_device),
        TEST(destroy_fades_out),
        TEST(child_of_a_fork_only_frees),
        TEST(devices_are_listed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
