/* labels: threads */
/* Fed voices at the ends of what they are given: every layout and rate, the widest pitches, nothing at all, gaps while
 * they go from bus to bus; and calls that come while a write is in the middle of its copying. */
#ifndef _GNU_SOURCE
#    define _GNU_SOURCE /* MAP_ANONYMOUS */
#endif
#include "base/atomics.h"
#include "motet/motet.h"

#include <math.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#define DO(call) assert_int_equal(call, MOTET_OK)

enum { RATE = 8000, FRAMES = 3000, MOST_FRAMES = 8192 };

static void hush(void *user, motet_log_level level, const char *text)
{
    (void)user;
    (void)level;
    (void)text;
}

static motet_engine *make_engine(void)
{
    motet_engine *engine = motet_engine_create(&(motet_engine_def){
        .device = MOTET_DEVICE_MANUAL, .sample_rate_hz = RATE, .no_limiter = true, .max_voices = 8, .log = hush});
    assert_non_null(engine);
    return engine;
}

/* Sample i of a noise that both formats hold exactly. */
static int16_t s16_at(uint32_t i)
{
    return (int16_t)((i * 2654435761u >> 16) % 20000 - 10000);
}

static const void *make_material(motet_format format, uint32_t samples)
{
    static int16_t s16[8 * MOST_FRAMES];
    static float f32[8 * MOST_FRAMES];
    for (uint32_t i = 0; i < samples; i++) {
        s16[i] = s16_at(i);
        f32[i] = (float)s16_at(i) / 32768;
    }
    return format == MOTET_FORMAT_S16 ? (const void *)s16 : (const void *)f32;
}

static uint32_t write_frames(motet_engine *engine, motet_voice voice, motet_format format, const void *frames,
                             uint32_t count)
{
    uint32_t taken = 0;
    if (format == MOTET_FORMAT_S16) {
        DO(motet_feed_write_s16(engine, voice, frames, count, &taken));
    } else {
        DO(motet_feed_write_f32(engine, voice, frames, count, &taken));
    }
    return taken;
}

static motet_voice open_feed(motet_engine *engine, motet_feed_def def)
{
    motet_voice voice = motet_feed_open(engine, &def);
    assert_int_not_equal(voice.id, 0);
    return voice;
}

static uint32_t count_events(motet_engine *engine, motet_event_type type, uint64_t *frame)
{
    motet_event event;
    uint32_t count = 0;
    while (motet_engine_poll_event(engine, &event)) {
        count += event.type == type;
        *frame = event.type == type ? event.frame : *frame;
    }
    return count;
}

/* ------------------------------------------------------------------------------------------- As a sound would */

static void render_as(bool fed, motet_format format, uint32_t channels, uint32_t rate, double pitch, float *output)
{
    motet_engine *engine = make_engine();
    uint32_t frames = 4000;
    const void *material = make_material(format, frames * channels);
    if (fed) {
        double seconds = (double)frames / rate;
        motet_voice voice = open_feed(engine, (motet_feed_def){.channels = channels,
                                                               .sample_rate_hz = rate,
                                                               .buffer_seconds = seconds < 60 ? seconds : 60,
                                                               .voice = {.pitch = pitch}});
        frames = write_frames(engine, voice, format, material, frames);
        DO(motet_feed_finish(engine, voice));
    } else {
        frames = rate < 67 ? 60 * rate : frames; /* the most that a feed holds */
        motet_pcm pcm = {material, format, channels, rate, frames};
        motet_sound sound =
            motet_sound_from_pcm(engine, &pcm, &(motet_sound_def){.no_convert = true, .store = MOTET_STORE_F32});
        motet_voice_def def = {.pitch = pitch};
        assert_int_not_equal(motet_voice_play(engine, sound, &def).id, 0);
    }
    motet_engine_render_f32(engine, output, FRAMES);
    motet_engine_destroy(engine);
}

static void every_layout_rate_and_pitch(void **state)
{
    (void)state;
    static float of_sound[2 * FRAMES], of_feed[2 * FRAMES];
    static const uint32_t rates[] = {1, 50, RATE, 11025, 768000};
    static const double pitches[] = {1, 0.01, 64};
    for (uint32_t channels = 1; channels <= 8; channels++) {
        for (int r = 0; r < 5; r++) {
            for (int p = channels <= 2 ? 2 : 0; p >= 0; p--) {
                motet_format format = (r + p) % 2 == 0 ? MOTET_FORMAT_S16 : MOTET_FORMAT_F32;
                render_as(false, format, channels, rates[r], pitches[p], of_sound);
                render_as(true, format, channels, rates[r], pitches[p], of_feed);
                if (memcmp(of_sound, of_feed, sizeof of_feed) != 0) {
                    fail_msg("%u channels at %u Hz and pitch %g differ from the sound", channels, rates[r], pitches[p]);
                }
            }
        }
    }
}

/* ------------------------------------------------------------------------------------------- Nothing, and too little */

static void an_empty_feed_finishes(void **state)
{
    (void)state;
    for (int kind = 0; kind < 4; kind++) {
        motet_engine *engine = make_engine();
        motet_feed_def def = {.start_after_seconds = 0.2, .voice = {.paused = kind == 1}};
        def.voice.timing = motet_at(kind == 2 ? 500 : 0);
        def.sample_rate_hz = kind == 3 ? 11025 : RATE;
        motet_voice voice = open_feed(engine, def);
        static float heard[2 * FRAMES];
        motet_engine_render_f32(engine, heard, 100);
        assert_true(motet_voice_is_active(engine, voice));
        DO(motet_feed_finish(engine, voice));
        uint64_t frame = 0;
        uint64_t expected = 100;
        if (kind == 1) { /* it waits for its resume, as every paused voice does */
            motet_engine_render_f32(engine, heard, 100);
            assert_true(motet_voice_is_active(engine, voice));
            DO(motet_voice_resume(engine, voice, motet_at(300)));
            expected = 300;
        }
        motet_engine_render_f32(engine, heard, 1000);
        assert_int_equal(count_events(engine, MOTET_EVENT_VOICE_ENDED, &frame), 1);
        assert_int_equal(frame, kind == 2 ? 500 : expected);
        motet_engine_destroy(engine);
    }
}

/* After a gap, too, fewer than it waits for are played when nothing more will come. */
static void too_few_for_a_start_are_played(void **state)
{
    (void)state;
    motet_engine *engine = make_engine();
    const float *material = make_material(MOTET_FORMAT_F32, 2000);
    motet_voice voice =
        open_feed(engine, (motet_feed_def){.channels = 1, .buffer_seconds = 0.1, .start_after_seconds = 0.05});
    float heard[2 * 900];
    uint64_t frame = 0;
    assert_int_equal(write_frames(engine, voice, MOTET_FORMAT_F32, material, 400), 400);
    motet_engine_render_f32(engine, heard, 500);
    assert_true(heard[2 * 399] == material[399] && heard[2 * 400] == 0);
    assert_int_equal(count_events(engine, MOTET_EVENT_FEED_STARVED, &frame), 1);
    assert_int_equal(frame, 400);
    assert_int_equal(write_frames(engine, voice, MOTET_FORMAT_F32, material + 400, 399), 399);
    motet_engine_render_f32(engine, heard, 100);
    for (int i = 0; i < 200; i++) {
        assert_true(heard[i] == 0);
    }
    DO(motet_feed_finish(engine, voice));
    motet_engine_render_f32(engine, heard, 900);
    for (uint32_t i = 0; i < 399; i++) {
        assert_true(heard[2 * i] == material[400 + i]);
    }
    assert_int_equal(count_events(engine, MOTET_EVENT_VOICE_ENDED, &frame), 1);
    assert_int_equal(frame, 600 + 399);
    motet_engine_destroy(engine);
}

/* A buffer that is full lets it start, whatever it waits for. */
static void a_full_buffer_is_enough(void **state)
{
    (void)state;
    static const double pitches[] = {1, 64, 0.01, 1.5};
    for (int p = 0; p < 4; p++) {
        for (int q = MOTET_QUALITY_LINEAR; q <= MOTET_QUALITY_SINC32; q++) {
            motet_engine *engine = make_engine();
            motet_feed_def def = {.channels = 1, .buffer_seconds = 0.01, .start_after_seconds = 0.01};
            def.voice = (motet_voice_def){.pitch = pitches[p], .quality = (motet_quality)q};
            motet_voice voice = open_feed(engine, def);
            const float *material = make_material(MOTET_FORMAT_F32, 200);
            assert_int_equal(write_frames(engine, voice, MOTET_FORMAT_F32, material, 200), 80);
            float heard[2 * 10];
            motet_engine_render_f32(engine, heard, 10);
            assert_true(heard[0] != 0);
            motet_engine_destroy(engine);
        }
    }
}

/* ------------------------------------------------------------------------------------------------------ Tails */

/* Gaps before, in and behind changes of bus: whoever is rendered first, in blocks of whatever length between two writes. */
static void render_with_gaps(uint32_t block, float *output, uint32_t *gaps)
{
    motet_engine *engine = make_engine();
    motet_bus buses[2] = {motet_bus_create(engine, "A", NULL), motet_bus_create(engine, "B", NULL)};
    motet_voice voice = open_feed(engine, (motet_feed_def){.sample_rate_hz = 11025, .start_after_seconds = 0.01});
    const float *material = make_material(MOTET_FORMAT_F32, 2 * 4000);
    uint32_t written = 0;
    for (uint32_t turn = 0; turn < FRAMES / 150; turn++) {
        DO(motet_voice_set_bus(engine, voice, buses[turn % 2], motet_at_fade(turn * 150 + turn * 7 % 150, 0.03)));
        if (turn % 5 == 3) {
            DO(motet_voice_pause(engine, voice, motet_at(turn * 150 + 20)));
            DO(motet_voice_resume(engine, voice, motet_at(turn * 150 + 180)));
        }
        written +=
            write_frames(engine, voice, MOTET_FORMAT_F32, material + 2 * (size_t)written, turn % 4 == 0 ? 300 : 90);
        for (uint32_t done = 0, count; done < 150; done += count) {
            count = block < 150 - done ? block : 150 - done;
            motet_engine_render_f32(engine, output + 2 * (size_t)(turn * 150 + done), count);
        }
    }
    uint64_t frame;
    *gaps = count_events(engine, MOTET_EVENT_FEED_STARVED, &frame);
    motet_feed_state feed;
    DO(motet_feed_get_state(engine, voice, &feed));
    assert_int_equal(feed.underruns, *gaps); /* the tails' are not told */
    motet_engine_destroy(engine);
}

static void tails_cross_gaps(void **state)
{
    (void)state;
    static float first[2 * FRAMES], other[2 * FRAMES];
    static const uint32_t blocks[] = {64, 7, 1};
    uint32_t gaps, as_many;
    render_with_gaps(150, first, &gaps);
    assert_true(gaps > 3);
    for (int i = 0; i < 3; i++) {
        render_with_gaps(blocks[i], other, &as_many);
        assert_memory_equal(first, other, sizeof first);
        assert_int_equal(gaps, as_many);
    }
}

/* ------------------------------------------------------------------------------------------ In the middle of a write */

/* Memory that stops whoever reads it, until it is let go: so a write stands still in the middle of its copying. */
static struct {
    float *frames; /* all but the first page of them cannot be read */
    size_t bytes, page;
    motet_atomic_u32 reached, let_go, waited_in_vain;
} trap;

static void hold_reader(int number, siginfo_t *info, void *context)
{
    (void)context;
    const char *first = (const char *)trap.frames + trap.page;
    const char *at = info->si_addr;
    if (at < first || at >= (const char *)trap.frames + trap.bytes) {
        signal(number, SIG_DFL);
        return; /* and again, to its end */
    }
    motet_store_release_u32(&trap.reached, 1);
    int i = 0;
    for (; motet_load_acquire_u32(&trap.let_go) == 0 && i < 20000; i++) {
        usleep(1000);
    }
    motet_store_release_u32(&trap.waited_in_vain, i == 20000);
    mprotect(trap.frames, trap.bytes, PROT_READ);
}

static void set_trap(void)
{
    struct sigaction action = {.sa_sigaction = hold_reader, .sa_flags = SA_SIGINFO};
    memset(&trap, 0, sizeof trap);
    trap.page = (size_t)sysconf(_SC_PAGESIZE);
    trap.bytes = 4 * trap.page;
    trap.frames = mmap(NULL, trap.bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_true(trap.frames != MAP_FAILED);
    for (size_t i = 0; i < trap.bytes / sizeof *trap.frames; i++) {
        trap.frames[i] = 0.5f;
    }
    assert_int_equal(sigaction(SIGSEGV, &action, NULL), 0);
    assert_int_equal(mprotect((char *)trap.frames + trap.page, trap.bytes - trap.page, PROT_NONE), 0);
}

typedef struct writer {
    motet_engine *engine;
    motet_voice voice;
    motet_result result;
    uint32_t taken;
    pthread_t thread;
} writer;

static void *write_trap(void *user)
{
    writer *w = user;
    w->result =
        motet_feed_write_f32(w->engine, w->voice, trap.frames, (uint32_t)(trap.bytes / sizeof(float)), &w->taken);
    return NULL;
}

static void start_writer(writer *w)
{
    set_trap();
    assert_int_equal(pthread_create(&w->thread, NULL, write_trap, w), 0);
    for (int i = 0; motet_load_acquire_u32(&trap.reached) == 0 && i < 20000; i++) {
        motet_sleep_ms(1);
    }
    assert_int_equal(motet_load_acquire_u32(&trap.reached), 1);
}

static void end_writer(writer *w)
{
    /* Had one of the calls since then waited for the write, it would have waited until the trap gave up. */
    assert_int_equal(motet_load_acquire_u32(&trap.waited_in_vain), 0);
    motet_store_release_u32(&trap.let_go, 1);
    pthread_join(w->thread, NULL);
    assert_int_equal(w->result, MOTET_OK);
    assert_int_equal(w->taken, trap.bytes / sizeof(float));
    signal(SIGSEGV, SIG_DFL);
    munmap(trap.frames, trap.bytes);
}

/* At the pitch that it has: what is held lasts half as long at twice the speed. */
static void what_is_in_hand_is_told(void **state)
{
    (void)state;
    motet_engine *engine = make_engine();
    static float frames[4800];
    motet_voice voice = open_feed(engine, (motet_feed_def){.channels = 1, .buffer_seconds = 1, .voice = {.pitch = 2}});
    motet_voice_state told;
    DO(motet_voice_get_state(engine, voice, &told));
    assert_true(told.buffered_seconds == 0);
    assert_int_equal(write_frames(engine, voice, MOTET_FORMAT_F32, frames, 4800), 4800);
    DO(motet_voice_get_state(engine, voice, &told));
    motet_engine_info info;
    DO(motet_engine_get_info(engine, &info));
    assert_true(fabs(told.buffered_seconds - 2400.0 / info.sample_rate_hz) < 1e-9);
    float heard[2 * 1000];
    motet_engine_render_f32(engine, heard, 1000);
    DO(motet_voice_get_state(engine, voice, &told));
    assert_true(fabs(told.buffered_seconds - 1400.0 / info.sample_rate_hz) < 1e-3);
    motet_engine_destroy(engine);
}

static void a_write_holds_up_nobody(void **state)
{
    (void)state;
    motet_engine *engine = make_engine();
    motet_stats stats;
    float heard[2 * 64];
    writer w = {.engine = engine};
    w.voice = open_feed(engine, (motet_feed_def){.channels = 1, .buffer_seconds = 2});
    start_writer(&w);
    DO(motet_engine_get_stats(engine, &stats));
    DO(motet_voice_set_volume_db(engine, w.voice, -6, motet_now()));
    motet_voice other = open_feed(engine, (motet_feed_def){0});
    assert_int_equal(write_frames(engine, other, MOTET_FORMAT_F32, heard, 0), 0);
    motet_engine_render_f32(engine, heard, 64);
    motet_feed_state feed;
    DO(motet_feed_get_state(engine, w.voice, &feed));
    assert_int_equal(feed.queued_frames, 0);
    assert_false(feed.finished);
    /* There is one writer at a time, and a finish waits for it. */
    assert_int_equal(motet_feed_write_f32(engine, w.voice, heard, 1, NULL), MOTET_ERROR_INVALID);
    assert_non_null(strstr(motet_last_error(), "another thread"));
    DO(motet_feed_finish(engine, w.voice));
    DO(motet_feed_get_state(engine, w.voice, &feed));
    assert_true(feed.finished);
    assert_int_equal(motet_feed_write_f32(engine, w.voice, heard, 1, NULL), MOTET_ERROR_INVALID);
    assert_non_null(strstr(motet_last_error(), "finished"));
    motet_engine_render_f32(engine, heard, 64);
    assert_true(motet_voice_is_active(engine, w.voice));
    end_writer(&w);
    static float rest[2 * MOST_FRAMES];
    motet_engine_render_f32(engine, rest, w.taken);
    assert_true(rest[2 * (w.taken - 1)] != 0);
    assert_false(motet_voice_is_active(engine, w.voice));
    motet_engine_destroy(engine);
}

/* The voice ends, and its place goes to another one, before the frames are there. */
static void a_voice_may_end_while_it_is_written_to(void **state)
{
    (void)state;
    motet_engine *engine = make_engine();
    motet_stats before, during, after;
    float heard[2 * 200];
    DO(motet_engine_get_stats(engine, &before));
    writer w = {.engine = engine};
    w.voice = open_feed(engine, (motet_feed_def){.channels = 1, .buffer_seconds = 2});
    start_writer(&w);
    DO(motet_voice_stop(engine, w.voice, motet_now()));
    motet_engine_render_f32(engine, heard, 200);
    for (int i = 0; i < 3; i++) {
        DO(motet_engine_get_stats(engine, &during));
    }
    assert_true(during.memory_bytes > before.memory_bytes); /* the ring is still there */
    assert_int_equal(motet_feed_finish(engine, w.voice), MOTET_ERROR_STALE);
    end_writer(&w);
    DO(motet_engine_get_stats(engine, &after));
    assert_int_equal(after.memory_bytes, before.memory_bytes);
    motet_engine_destroy(engine);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_layout_rate_and_pitch),
        cmocka_unit_test(an_empty_feed_finishes),
        cmocka_unit_test(too_few_for_a_start_are_played),
        cmocka_unit_test(a_full_buffer_is_enough),
        cmocka_unit_test(tails_cross_gaps),
        cmocka_unit_test(what_is_in_hand_is_told),
        cmocka_unit_test(a_write_holds_up_nobody),
        cmocka_unit_test(a_voice_may_end_while_it_is_written_to),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
