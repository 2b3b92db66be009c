/* labels: threads */
/* How things come and go: voices that are too many, events, sounds and their memory, forks, two renderers, the FPU's
 * mode. */
#include "base/atomics.h"
#include "base/guard.h"
#include "motet/motet.h"
#include "support/levels.h"

#include <fenv.h>
#include <float.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static void late_commands_are_counted(void **state)
{
    (void)state;
    motet_engine *engine = make_engine((motet_engine_def){0});
    motet_sound sound = make_sound(engine, 1, 1);
    render(engine, 100);
    play(engine, sound, (motet_voice_def){.timing = motet_at(50)});
    play(engine, sound, (motet_voice_def){.timing = motet_at(100)});
    play(engine, sound, (motet_voice_def){0});
    assert_true(hear(engine) == 3);
    assert_int_equal(stats_of(engine).commands_late, 1);
    motet_engine_destroy(engine);
}

/* ------------------------------------------------------------------------------------------------------ Voices */

static void voices_are_limited(void **state)
{
    (void)state;
    motet_engine *engine = make_engine((motet_engine_def){.max_voices = 4, .no_virtual_voices = true});
    motet_sound sound = make_sound(engine, 1, 1);
    motet_voice voices[4];
    for (int i = 0; i < 4; i++) {
        voices[i] = play(engine, sound, (motet_voice_def){.paused = i == 1, .timing = motet_at(i == 2 ? 100000 : 0)});
    }
    assert_int_equal(motet_voice_play(engine, sound, NULL).id, 0);
    assert_int_equal(motet_last_result(), MOTET_ERROR_LIMIT);
    assert_int_equal(motet_feed_open(engine, NULL).id, 0);
    assert_int_equal(motet_last_result(), MOTET_ERROR_LIMIT);
    assert_true(hear(engine) == 2); /* the others play on */
    for (int i = 0; i < 4; i++) {
        DO(motet_voice_stop(engine, voices[i], motet_now()));
    }
    render(engine, 1000);
    for (int i = 0; i < 4; i++) {
        play(engine, sound, (motet_voice_def){0});
    }
    assert_int_equal(stats_of(engine).voices_peak, 3);
    motet_engine_destroy(engine);
}

/* A stop that takes over a steep fade holds its gate at 0 before its time; whoever stops the voice again there, twice
 * in one frame, finds nothing left to fade. */
static void stops_meet_stops(void **state)
{
    (void)state;
    motet_engine *engine = make_engine((motet_engine_def){.sample_rate_hz = 8});
    motet_voice voice = play(engine, make_sound(engine, 1, 1), (motet_voice_def){.loop = true});
    assert_true(hear(engine) == 1);
    DO(motet_voice_stop(engine, voice, (motet_timing){1, 2, MOTET_CURVE_POWER})); /* to frame 17, steepest there */
    render(engine, 15);
    DO(motet_voice_stop(engine, voice, motet_fade(8)));
    render(engine, 5);
    assert_true(hear(engine) == 0);
    assert_true(motet_voice_is_active(engine, voice));
    for (int i = 0; i < 3; i++) {
        motet_result result = motet_voice_stop(engine, voice, motet_fade(1));
        assert_true(result == MOTET_OK);
    }
    render(engine, 1);
    motet_event event;
    do {
        assert_true(motet_engine_poll_event(engine, &event));
    } while (event.type == MOTET_EVENT_VOICE_LOOPED);
    assert_int_equal(event.reason, MOTET_END_STOPPED);
    assert_int_equal(event.frame, 22);
    render(engine, 100);
    motet_engine_destroy(engine);
}

/* ------------------------------------------------------------------------------------------------------ Events */

static void every_voice_ends_once(void **state)
{
    (void)state;
    motet_engine *engine = make_engine((motet_engine_def){.max_voices = 64});
    motet_sound sound = make_sound(engine, 0.1f, 0.01);
    bool seen[64] = {false};
    for (uint64_t i = 0; i < 64; i++) {
        motet_voice voice = play(engine, sound, (motet_voice_def){.user = i, .timing = motet_at(i * 20)});
        if (i % 3 == 0) {
            DO(motet_voice_stop(engine, voice, motet_at(i * 20 + (i % 2) * 50)));
        }
        if (i % 5 == 0) {
            DO(motet_voice_seek(engine, voice, 10000, motet_at(i * 20 + 60)));
        }
    }
    motet_sound_release(engine, sound);
    render(engine, 3000);
    motet_event event;
    while (motet_engine_poll_event(engine, &event)) {
        assert_int_equal(event.type, MOTET_EVENT_VOICE_ENDED);
        assert_in_range(event.user, 0, 63);
        assert_false(seen[event.user]);
        assert_int_equal(event.sound.id, sound.id); /* stale by now, but it is the one that was played */
        seen[event.user] = true;
    }
    for (int i = 0; i < 64; i++) {
        assert_true(seen[i]);
    }
    motet_engine_destroy(engine);
}

static void unread_events_are_lost_from_the_oldest(void **state)
{
    (void)state;
    enum { PLAYS = 5000, KEPT = 4096, BATCH = 8 };
    motet_engine *engine = make_engine((motet_engine_def){.no_virtual_voices = true});
    motet_sound sound = make_sound(engine, 1, 0);
    for (uint64_t i = 0; i < PLAYS; i++) {
        play(engine, sound, (motet_voice_def){.user = i});
        if (i % BATCH == BATCH - 1) {
            render(engine, 1);
        }
    }
    motet_event event;
    assert_true(motet_engine_poll_event(engine, &event));
    assert_int_equal(event.type, MOTET_EVENT_OVERFLOW);
    assert_int_equal(event.count, PLAYS - KEPT);
    for (uint64_t i = PLAYS - KEPT; i < PLAYS; i++) {
        assert_true(motet_engine_poll_event(engine, &event));
        assert_int_equal(event.type, MOTET_EVENT_VOICE_ENDED);
        assert_int_equal(event.user / BATCH, i / BATCH); /* those of one frame come in no order */
    }
    assert_false(motet_engine_poll_event(engine, &event));
    assert_int_equal(stats_of(engine).events_lost, PLAYS - KEPT);
    motet_engine_destroy(engine);
}

/* So are those for which the way out of the audio thread had no room, while the program made no call at all. */
static void events_without_room_are_told(void **state)
{
    (void)state;
    enum { VOICES = 10, BLOCKS = 200, BLOCK = 512 };
    motet_engine *engine = make_engine((motet_engine_def){.max_voices = VOICES, .no_virtual_voices = true});
    motet_sound sound = make_sound(engine, 1, 0.01);
    for (uint32_t i = 0; i < VOICES; i++) {
        play(engine, sound, (motet_voice_def){.loop = true});
    }
    for (uint32_t i = 0; i < BLOCKS; i++) {
        render(engine, BLOCK);
    }
    motet_event event;
    assert_true(motet_engine_poll_event(engine, &event));
    assert_int_equal(event.type, MOTET_EVENT_OVERFLOW);
    assert_int_equal(event.count, stats_of(engine).events_lost);
    uint32_t told = 0;
    while (motet_engine_poll_event(engine, &event)) {
        assert_int_equal(event.type, MOTET_EVENT_VOICE_LOOPED);
        told++;
    }
    assert_int_equal(told + stats_of(engine).events_lost, VOICES * BLOCKS);
    motet_engine_destroy(engine);
}

/* A bus whose sum is not finite is silenced and told; what plays elsewhere is heard. */
static void overflow_is_contained(void **state)
{
    (void)state;
    motet_engine *engine = make_engine((motet_engine_def){0});
    motet_bus bus = motet_bus_master(engine);
    for (int i = 0; i < 30; i++) {
        char name[8];
        snprintf(name, sizeof name, "%d", i);
        motet_bus_def def = {.parent = bus, .volume_db = 24};
        bus = motet_bus_create(engine, name, &def);
    }
    play(engine, make_sound(engine, 1e6f, 1), (motet_voice_def){.bus = bus, .volume_db = 24});
    play(engine, make_sound(engine, 0.5f, 1), (motet_voice_def){0});
    assert_true(hear(engine) == 0.5f);
    motet_event event;
    assert_true(motet_engine_poll_event(engine, &event));
    assert_int_equal(event.type, MOTET_EVENT_NON_FINITE);
    assert_int_not_equal(event.bus.id, 0);
    assert_int_equal(event.count, 1);
    assert_false(motet_engine_poll_event(engine, &event));
    render(engine, 100);
    assert_false(motet_engine_poll_event(engine, &event)); /* once a second */
    assert_int_equal(stats_of(engine).non_finite_frames, 101);
    motet_engine_destroy(engine);
}

/* Sides that are finite make a mono output that is, also where their sum is not. 1e6 at +24 dB through 26 buses at +24
 * dB and one at +2 dB is 3.2e38; twice as much is no float. */
static void mono_output_is_finite(void **state)
{
    (void)state;
    motet_engine *engine = make_engine((motet_engine_def){.channels = 1});
    motet_bus bus = motet_bus_master(engine);
    for (int i = 0; i < 27; i++) {
        char name[8];
        snprintf(name, sizeof name, "%d", i);
        motet_bus_def def = {.parent = bus, .volume_db = i == 0 ? 2 : 24};
        bus = motet_bus_create(engine, name, &def);
    }
    play(engine, make_sound(engine, 1e6f, 1), (motet_voice_def){.bus = bus, .volume_db = 24});
    float heard[1];
    motet_engine_render_f32(engine, heard, 1);
    assert_int_equal(stats_of(engine).non_finite_frames, 0);
    assert_true(heard[0] > FLT_MAX / 2 && heard[0] <= FLT_MAX);
    motet_engine_destroy(engine);
}

/* ------------------------------------------------------------------------------------------------------ Sounds */

static motet_sound_info info_of(motet_engine *engine, motet_sound sound)
{
    motet_sound_info info;
    DO(motet_sound_get_info(engine, sound, &info));
    return info;
}

static void released_sound_plays_to_its_end(void **state)
{
    (void)state;
    motet_engine *engine = make_engine((motet_engine_def){0});
    render(engine, 1);
    uint64_t before = stats_of(engine).memory_bytes;
    motet_sound sound = make_sound(engine, 1, 0.01);
    motet_voice voice = play(engine, sound, (motet_voice_def){.timing = motet_at(100)});
    play(engine, sound, (motet_voice_def){0});
    assert_int_equal(info_of(engine, sound).use_count, 2);
    assert_true(stats_of(engine).memory_bytes > before + 480 * sizeof(float));
    DO(motet_sound_release(engine, sound));
    motet_sound_info info;
    assert_int_equal(motet_sound_get_info(engine, sound, &info), MOTET_ERROR_STALE);
    assert_int_equal(motet_voice_play(engine, sound, NULL).id, 0);
    render(engine, 500);
    assert_true(motet_voice_is_active(engine, voice));
    assert_true(hear(engine) == 1);
    assert_true(stats_of(engine).memory_bytes > before);
    render(engine, 100);
    assert_false(motet_voice_is_active(engine, voice));
    assert_true(stats_of(engine).memory_bytes < before + 1024 * 16); /* but for the table of sounds, which stays */
    sound = make_sound(engine, 1, 0.01);
    DO(motet_sound_release(engine, sound));
    uint64_t after = stats_of(engine).memory_bytes;
    sound = make_sound(engine, 1, 1);
    DO(motet_sound_release(engine, sound));
    assert_int_equal(stats_of(engine).memory_bytes, after);
    motet_engine_destroy(engine);
}

static void use_counts_follow_voices(void **state)
{
    (void)state;
    motet_engine *engine = make_engine((motet_engine_def){0});
    motet_sound sound = make_sound(engine, 1, 0.01);
    for (uint32_t i = 1; i <= 3; i++) {
        play(engine, sound, (motet_voice_def){0});
        assert_int_equal(info_of(engine, sound).use_count, i);
    }
    render(engine, 481);
    assert_int_equal(info_of(engine, sound).use_count, 0);
    motet_engine_destroy(engine);
}

static void write_wav(const char *path)
{
    static const uint8_t wav[] = {
        'R', 'I', 'F', 'F', 44, 0, 0,    0,    'W', 'A', 'V',  'E',  'f', 'm', 't', ' ', 16, 0,
        0,   0,   1,   0,   1,  0, 0x40, 0x1f, 0,   0,   0x80, 0x3e, 0,   0,   2,   0,   16, 0,
        'd', 'a', 't', 'a', 8,  0, 0,    0,    0,   64,  0,    32,   0,   16,  0,   8,
    };
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(wav, 1, sizeof wav, file), sizeof wav);
    fclose(file);
}

/* The same path with the same def is one sound, which lives until it has been released as often. */
static void path_is_loaded_once(void **state)
{
    (void)state;
    char path[] = "/tmp/motet-test-XXXXXX";
    int file = mkstemp(path);
    assert_true(file >= 0);
    close(file);
    write_wav(path);
    motet_engine *engine = make_engine((motet_engine_def){0});
    motet_sound_def f32 = {.store = MOTET_STORE_F32}, named = {.name = "boom"};
    motet_sound sound = motet_sound_load(engine, path, NULL);
    assert_int_not_equal(sound.id, 0);
    assert_int_equal(motet_sound_load(engine, path, NULL).id, sound.id);
    assert_int_not_equal(motet_sound_load(engine, path, &f32).id, sound.id);
    assert_int_not_equal(motet_sound_load(engine, path, &named).id, sound.id);
    assert_int_equal(info_of(engine, sound).frame_count, 4);
    DO(motet_sound_release(engine, sound));
    play(engine, sound, (motet_voice_def){0});
    DO(motet_sound_release(engine, sound));
    assert_int_equal(motet_sound_release(engine, sound), MOTET_ERROR_STALE);
    assert_int_not_equal(motet_sound_load(engine, path, NULL).id, sound.id); /* a new one beside the old one's voice */
    render(engine, 100);
    motet_engine_destroy(engine);
    unlink(path);
}

static void sounds_can_be_read(void **state)
{
    (void)state;
    motet_engine *engine = make_engine((motet_engine_def){0});
    const int16_t samples[] = {16384, -16384, 8192, 0};
    motet_pcm pcm = {samples, MOTET_FORMAT_S16, 2, 8000, 2};
    motet_sound sound = motet_sound_from_pcm(engine, &pcm, &(motet_sound_def){.no_convert = true});
    float read[4] = {9, 9, 9, 9};
    uint32_t count = 9;
    DO(motet_sound_read_f32(engine, sound, 1, read, 2, &count));
    assert_int_equal(count, 1);
    assert_true(read[0] == 0.25f && read[1] == 0 && read[2] == 9);
    DO(motet_sound_read_f32(engine, sound, UINT64_MAX, read, 2, &count));
    assert_int_equal(count, 0);
    motet_tag tag;
    DO(motet_sound_get_tag(engine, sound, 0, &tag));
    assert_null(tag.key);
    motet_sound_info info = info_of(engine, sound);
    assert_int_equal(info.channels, 2);
    assert_int_equal(info.format, MOTET_FORMAT_S16);
    assert_true(info.seconds == 2.0 / 8000);
    motet_engine_destroy(engine);
}

/* ------------------------------------------------------------------------------------------------------ Memory */

static void *count_allocation(void *user, size_t size, size_t alignment)
{
    motet_add_relaxed_u64(user, size);
    return aligned_alloc(alignment < 16 ? 16 : alignment, (size + 4095) / 4096 * 4096);
}

static void count_free(void *user, void *memory, size_t size)
{
    motet_add_relaxed_u64(user, 0 - (uint64_t)size);
    free(memory);
}

static motet_engine *make_counted(motet_atomic_u64 *bytes)
{
    motet_store_relaxed_u64(bytes, 0);
    motet_engine *engine = make_engine((motet_engine_def){.allocator = {count_allocation, count_free, bytes}});
    assert_int_equal(stats_of(engine).memory_bytes, motet_load_relaxed_u64(bytes));
    return engine;
}

/* An engine with everything on its way. */
static void fill_engine(motet_engine *engine)
{
    motet_sound sound = make_sound(engine, 0.1f, 0.5);
    motet_bus bus = motet_bus_create(engine, "A", NULL);
    motet_voice voice = play(engine, sound, (motet_voice_def){.loop = true});
    render(engine, 100);
    DO(motet_voice_set_bus(engine, voice, bus, motet_fade(1)));
    render(engine, 100);
    motet_bus_def def = {.parent = bus};
    assert_int_not_equal(motet_bus_create(engine, "B", &def).id, 0); /* its order is still in the queue */
    assert_int_not_equal(motet_feed_open(engine, NULL).id, 0);
    play(engine, sound, (motet_voice_def){.timing = motet_at(100000)});
    motet_voice stopped = play(engine, make_sound(engine, 0.2f, 0.1), (motet_voice_def){0});
    DO(motet_voice_stop(engine, stopped, motet_at(100000)));
    DO(motet_sound_release(engine, sound));
    DO(motet_engine_begin(engine));
    assert_int_not_equal(motet_feed_open(engine, NULL).id, 0);
}

static void destroy_gives_everything_back(void **state)
{
    (void)state;
    motet_atomic_u64 bytes;
    motet_engine *engine = make_counted(&bytes);
    fill_engine(engine);
    assert_int_equal(stats_of(engine).memory_bytes, motet_load_relaxed_u64(&bytes));
    motet_engine_destroy(engine);
    assert_int_equal(motet_load_relaxed_u64(&bytes), 0);
}

/* -------------------------------------------------------------------------------------------------------- Fork */

/* In the child: 0 when everything is as it should be, else the number of what is not. */
static int use_after_fork(motet_engine *engine, motet_sound sound, motet_voice voice, motet_atomic_u64 *bytes)
{
    const motet_result refused = MOTET_ERROR_UNSUPPORTED;
    const motet_timing now = motet_now();
    const motet_bus master = motet_bus_master(engine);
    motet_clock clock;
    motet_engine_info info;
    motet_stats stats;
    motet_event event;
    motet_voice_state voice_state;
    motet_sound_info sound_info;
    float heard[20];
    const bool as_it_should_be[] = {
        motet_engine_get_clock(engine, &clock) == refused,
        motet_engine_get_info(engine, &info) == refused,
        motet_engine_get_stats(engine, &stats) == refused,
        motet_engine_begin(engine) == refused,
        motet_engine_commit(engine) == refused,
        motet_engine_set_device(engine, NULL) == refused,
        !motet_engine_poll_event(engine, &event),
        motet_sound_load(engine, "x.wav", NULL).id == 0 && motet_last_result() == refused,
        motet_sound_release(engine, sound) == refused,
        motet_sound_stop(engine, sound, now) == refused,
        motet_sound_get_info(engine, sound, &sound_info) == refused,
        motet_voice_play(engine, sound, NULL).id == 0 && motet_last_result() == refused,
        motet_voice_stop(engine, voice, now) == refused,
        motet_voice_set_pitch(engine, voice, 2, now) == refused,
        motet_voice_get_state(engine, voice, &voice_state) == refused,
        !motet_voice_is_active(engine, voice),
        motet_feed_open(engine, NULL).id == 0 && motet_last_result() == refused,
        motet_bus_create(engine, "C", NULL).id == 0 && motet_last_result() == refused,
        motet_bus_set_mute(engine, master, true, now) == refused,
        motet_bus_next(engine, master).id == 0 && motet_last_result() == refused,
    };
    for (int i = 0; i < (int)(sizeof as_it_should_be / sizeof as_it_should_be[0]); i++) {
        if (!as_it_should_be[i]) {
            return i + 1;
        }
    }
    memset(heard, 1, sizeof heard);
    motet_engine_render_f32(engine, heard, 10);
    for (int i = 0; i < 20; i++) {
        if (heard[i] != 0) {
            return 100;
        }
    }
    motet_engine_destroy(engine);
    return bytes != NULL && motet_load_relaxed_u64(bytes) != 0 ? 101 : 0;
}

static void child_of_a_fork_gets_errors(void **state)
{
    (void)state;
    motet_atomic_u64 bytes;
    for (int device = 0; device < 2; device++) {
        motet_engine_def def = {.device = MOTET_DEVICE_NULL, .log = hush};
        motet_engine *engine = device == 0 ? make_counted(&bytes) : motet_engine_create(&def);
        assert_non_null(engine);
        motet_sound sound = make_sound(engine, 0.25f, 1);
        motet_voice voice = play(engine, sound, (motet_voice_def){.loop = true});
        if (device == 0) {
            fill_engine(engine);
        }
        fflush(NULL);
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0) {
            _exit(use_after_fork(engine, sound, voice, device == 0 ? &bytes : NULL));
        }
        int status;
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFEXITED(status));
        assert_int_equal(WEXITSTATUS(status), 0);
        assert_true(motet_voice_is_active(engine, voice)); /* the parent's plays on */
        assert_true(device != 0 || hear(engine) > 0);
        motet_engine_destroy(engine);
    }
}

/* --------------------------------------------------------------------------------------------------- Rendering */

static motet_atomic_u32 inside, let_out;

/* Keeps the renderer inside until it is let out. */
static void wait_inside(bool entered)
{
    if (entered) {
        motet_store_release_u32(&inside, 1);
        while (motet_load_acquire_u32(&let_out) == 0) {
            /* Not even a yield: RealtimeSanitizer watches here. */
        }
    }
}

static void *render_elsewhere(void *user)
{
    render(user, 10);
    return NULL;
}

static void second_renderer_gets_silence(void **state)
{
    (void)state;
    motet_engine *engine = make_engine((motet_engine_def){0});
    play(engine, make_sound(engine, 1, 1), (motet_voice_def){0});
    motet_guard = wait_inside;
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, render_elsewhere, engine), 0);
    while (motet_load_acquire_u32(&inside) == 0) {
        sched_yield();
    }
    float f32[20];
    int16_t s16[20];
    memset(f32, 1, sizeof f32);
    memset(s16, 1, sizeof s16);
    motet_engine_render_f32(engine, f32, 10);
    motet_engine_render_s16(engine, s16, 10);
    for (int i = 0; i < 20; i++) {
        assert_true(f32[i] == 0 && s16[i] == 0);
    }
    /* Nor does any call wait for the one inside. */
    motet_clock clock;
    DO(motet_engine_get_clock(engine, &clock));
    assert_int_equal(clock.frame, 0);
    play(engine, make_sound(engine, 2, 1), (motet_voice_def){0});
    assert_int_equal(stats_of(engine).frames_rendered, 0);
    motet_store_release_u32(&let_out, 1);
    pthread_join(thread, NULL);
    motet_guard = NULL;
    assert_true(hear(engine) == 3);
    motet_engine_destroy(engine);
}

static void with_a_device_only_it_renders(void **state)
{
    (void)state;
    motet_engine_def def = {.device = MOTET_DEVICE_NULL, .log = hush};
    motet_engine *engine = motet_engine_create(&def);
    assert_non_null(engine);
    motet_engine_info info;
    DO(motet_engine_get_info(engine, &info));
    assert_true(info.is_null);
    assert_string_equal(info.device_name, "null");
    play(engine, make_sound(engine, 1, 1), (motet_voice_def){0});
    float f32[20];
    memset(f32, 1, sizeof f32);
    motet_engine_render_f32(engine, f32, 10);
    for (int i = 0; i < 20; i++) {
        assert_true(f32[i] == 0);
    }
    motet_clock before, after;
    DO(motet_engine_get_clock(engine, &before));
    do { /* time goes on by itself */
        motet_sleep_ms(2);
        DO(motet_engine_get_clock(engine, &after));
        assert_true(after.heard_frame <= after.frame);
        assert_true(after.monotonic_ns >= before.monotonic_ns);
    } while (after.frame < before.frame + 2000);
    motet_engine_destroy(engine);
}

static void clock_counts_frames(void **state)
{
    (void)state;
    motet_engine_def def = {.device = MOTET_DEVICE_MANUAL};
    motet_engine *engine = motet_engine_create(&def);
    motet_clock clock;
    DO(motet_engine_get_clock(engine, &clock));
    assert_int_equal(clock.frame, 0);
    assert_int_equal(clock.heard_frame, 0);
    assert_int_equal(clock.latency_frames, 96);
    render(engine, 50);
    DO(motet_engine_get_clock(engine, &clock));
    assert_int_equal(clock.frame, 50);
    assert_int_equal(clock.heard_frame, 0);
    render(engine, 950);
    DO(motet_engine_get_clock(engine, &clock));
    assert_int_equal(clock.frame, 1000);
    assert_int_equal(clock.heard_frame, 904);
    assert_true(clock.monotonic_ns > 0);
    motet_engine_render_f32(engine, (float[1]){0}, 0);
    DO(motet_engine_get_clock(engine, &clock));
    assert_int_equal(clock.frame, 1000);
    motet_engine_destroy(engine);
}

static void engines_do_not_meet(void **state)
{
    (void)state;
    motet_engine *a = make_engine((motet_engine_def){0});
    motet_engine *b = make_engine((motet_engine_def){.sample_rate_hz = 8000});
    play(a, make_sound(a, 1, 1), (motet_voice_def){0});
    play(b, make_sound(b, 2, 1), (motet_voice_def){0});
    assert_true(hear(a) == 1 && hear(b) == 2 && hear(a) == 1);
    motet_engine_destroy(a);
    assert_true(hear(b) == 2);
    motet_engine_destroy(b);
}

/* ---------------------------------------------------------------------------------------------------------- FPU */

static motet_engine *make_mix(void)
{
    motet_engine_def def = {.device = MOTET_DEVICE_MANUAL, .sample_rate_hz = 8000};
    motet_engine *engine = motet_engine_create(&def);
    assert_non_null(engine);
    motet_signal noise = {.kind = MOTET_SIGNAL_NOISE, .amplitude = 0.9, .seconds = 0.1};
    motet_sound sound = motet_sound_from_signal(engine, &noise, NULL);
    play(engine, sound, (motet_voice_def){.pitch = 1.3, .pan = 0.3f, .volume_db = -2});
    play(engine, sound, (motet_voice_def){.pitch = 0.7, .timing = motet_fade(0.05)});
    return engine;
}

/* Whatever mode the thread is in, it gives the same samples and is in that mode again afterwards. */
static void fpu_mode_is_the_threads_own(void **state)
{
    (void)state;
    enum { FRAMES = 600 };
    static const int modes[] = {FE_UPWARD, FE_DOWNWARD, FE_TOWARDZERO};
    static float expected[2 * FRAMES], heard[2 * FRAMES];
    volatile float smallest = FLT_MIN;
    motet_engine *engine = make_mix();
    motet_engine_render_f32(engine, expected, FRAMES);
    motet_engine_destroy(engine);
    assert_true(smallest / 2 > 0); /* denormals are there again */
    for (int i = 0; i < 3; i++) {
        engine = make_mix();
        assert_int_equal(fesetround(modes[i]), 0);
        motet_engine_render_f32(engine, heard, FRAMES);
        int after = fegetround();
        fesetround(FE_TONEAREST);
        assert_int_equal(after, modes[i]);
        assert_true(smallest / 2 > 0);
        assert_memory_equal(heard, expected, sizeof heard);
        motet_engine_destroy(engine);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(late_commands_are_counted),
        cmocka_unit_test(voices_are_limited),
        cmocka_unit_test(stops_meet_stops),
        cmocka_unit_test(every_voice_ends_once),
        cmocka_unit_test(unread_events_are_lost_from_the_oldest),
        cmocka_unit_test(events_without_room_are_told),
        cmocka_unit_test(overflow_is_contained),
        cmocka_unit_test(mono_output_is_finite),
        cmocka_unit_test(released_sound_plays_to_its_end),
        cmocka_unit_test(use_counts_follow_voices),
        cmocka_unit_test(path_is_loaded_once),
        cmocka_unit_test(sounds_can_be_read),
        cmocka_unit_test(destroy_gives_everything_back),
        cmocka_unit_test(child_of_a_fork_gets_errors),
        cmocka_unit_test(second_renderer_gets_silence),
        cmocka_unit_test(with_a_device_only_it_renders),
        cmocka_unit_test(clock_counts_frames),
        cmocka_unit_test(engines_do_not_meet),
        cmocka_unit_test(fpu_mode_is_the_threads_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
