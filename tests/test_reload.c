/* labels: threads */
/* A sound's file is read again while it plays: where voices go over to, how they fade, what stays when it fails, and
 * when the old samples go. */
#include "base/atomics.h"
#include "motet/motet.h"
#include "support/audio_files.h"

#include <math.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { RATE = 48000, FRAMES = RATE, AT = 10000, DECLICK = 480 };

static char folder[] = "/tmp/motet-reload-XXXXXX";
static char path[64];

static int make_folder(void **state)
{
    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/sound.wav", folder);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    unlink(path);
    return rmdir(folder);
}

static void write_tone(int rate, int channels, size_t frames)
{
    const audio_recipe recipe = {.format = SF_FORMAT_WAV | SF_FORMAT_PCM_16, .channels = channels, .rate = rate};
    audio_bytes bytes = audio_write_tones(&recipe, frames);
    audio_bytes_save(&bytes, path);
    audio_bytes_free(&bytes);
}

static void write_level(float level, size_t frames)
{
    const audio_recipe recipe = {.format = SF_FORMAT_WAV | SF_FORMAT_FLOAT, .channels = 1, .rate = RATE};
    float *samples = audio_allocate(frames * sizeof *samples);
    for (size_t i = 0; i < frames; i++) {
        samples[i] = level;
    }
    audio_bytes bytes = audio_write(&recipe, AUDIO_F32, samples, frames);
    audio_bytes_save(&bytes, path);
    audio_bytes_free(&bytes);
    free(samples);
}

static void hush(void *user, motet_log_level level, const char *text)
{
    (void)user;
    (void)level;
    (void)text;
}

static motet_engine *make_engine(void)
{
    motet_engine *engine = motet_engine_create(
        &(motet_engine_def){.device = MOTET_DEVICE_MANUAL, .no_limiter = true, .max_voices = 4, .log = hush});
    assert_non_null(engine);
    return engine;
}

static motet_sound load(motet_engine *engine, const motet_sound_def *def)
{
    motet_sound sound = motet_sound_load(engine, path, def);
    assert_true(sound.id != 0);
    return sound;
}

static void render(motet_engine *engine, float *out, uint32_t frames, uint32_t block)
{
    for (uint32_t done = 0; done < frames;) {
        uint32_t count = frames - done < block ? frames - done : block;
        count = motet_engine_prepare(engine, count);
        assert_true(count > 0);
        motet_engine_render_f32(engine, out + 2 * (size_t)done, count);
        done += count;
    }
}

static bool next_event(motet_engine *engine, motet_event_type type, motet_event *event)
{
    while (motet_engine_poll_event(engine, event)) {
        if (event->type == type) {
            return true;
        }
    }
    return false;
}

static uint64_t memory_of(motet_engine *engine)
{
    motet_stats stats;
    assert_int_equal(motet_engine_get_stats(engine, &stats), MOTET_OK);
    return stats.memory_bytes;
}

/* A file that is the same again: nothing is heard of it, at any pitch, in a loop, and converted. */
static void the_same_again(void **state)
{
    (void)state;
    static float plain[2 * FRAMES], again[2 * FRAMES];
    static const struct {
        int rate, channels;
        motet_voice_def def;
    } cases[] = {
        {48000, 1, {.pitch = 1}},
        {48000, 2, {.pitch = 1.37}},
        {44100, 2, {.pitch = 0.7}},
        {44100, 1, {.loop = true, .loop_end_frame = 5000}},
        {22050, 1, {.loop = true, .pitch = 1.5}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        write_tone(cases[i].rate, cases[i].channels, (size_t)cases[i].rate);
        for (int k = 0; k < 2; k++) {
            motet_engine *engine = make_engine();
            motet_sound sound = load(engine, NULL);
            assert_true(motet_voice_play(engine, sound, &cases[i].def).id != 0);
            float *out = k == 0 ? plain : again;
            render(engine, out, AT - 300, 512);
            if (k == 1) {
                assert_int_equal(motet_sound_reload(engine, sound, motet_at(AT)), MOTET_OK);
            }
            render(engine, out + 2 * (AT - 300), FRAMES - AT + 300, 512);
            motet_engine_destroy(engine);
        }
        for (int f = 0; f < 2 * FRAMES; f++) {
            if (fabsf(plain[f] - again[f]) > (f / 2 >= AT && f / 2 < AT + DECLICK ? 2e-6f : 1e-6f)) {
                fail_msg("case %zu: frame %d is %g and %g", i, f / 2, (double)plain[f], (double)again[f]);
            }
        }
        assert_true(plain[2 * AT] != 0 || plain[2 * AT + 20] != 0);
    }
}

/* From one level to another along the fade's curve, on the frame that was asked for, whatever the blocks. */
static void crosses_over_by_the_fade(void **state)
{
    (void)state;
    static float out[2][2 * FRAMES];
    for (int i = 0; i < 4; i++) {
        uint32_t fade = i < 2 ? DECLICK : 4800;
        write_level(0.5f, FRAMES);
        motet_engine *engine = make_engine();
        motet_sound sound = load(engine, &(motet_sound_def){.async = i == 1});
        motet_voice voice = motet_voice_play(engine, sound, NULL);
        /* Plays that wait for their frame, and in a group, have the new one. */
        motet_voice_def later = {.timing = {.at_frame = 20000}, .pan = -1};
        assert_true(motet_voice_play(engine, sound, &later).id != 0);
        render(engine, out[i % 2], 5000, i % 2 == 0 ? 512 : 37);
        assert_int_equal(motet_engine_begin(engine), MOTET_OK);
        later.timing.at_frame = 30000;
        later.loop = true;
        assert_true(motet_voice_play(engine, sound, &later).id != 0);
        write_level(-0.25f, FRAMES + 7);
        assert_true(motet_sound_has_changed(engine, sound));
        motet_timing timing = {.at_frame = AT, .fade_seconds = i < 2 ? 0 : 0.1};
        assert_int_equal(motet_engine_commit(engine), MOTET_OK);
        assert_int_equal(motet_sound_reload(engine, sound, timing), MOTET_OK);
        motet_event event;
        for (int wait = 0; i == 1 && wait < 10000; wait++) {
            if (next_event(engine, MOTET_EVENT_SOUND_READY, &event) && wait > 0) {
                break;
            }
            motet_sleep_ms(1);
        }
        assert_false(motet_sound_has_changed(engine, sound));
        motet_sound_info info;
        assert_int_equal(motet_sound_get_info(engine, sound, &info), MOTET_OK);
        assert_int_equal(info.frame_count, FRAMES + 7);
        render(engine, out[i % 2] + 2 * 5000, FRAMES - 5000, i % 2 == 0 ? 512 : 37);
        for (uint32_t f = 0; f < FRAMES; f++) {
            double t = f < AT ? 0 : f > AT + fade ? 1 : (double)(f - AT) / fade;
            double c = t * t * (3 - 2 * t);
            double right = 0.5 * (1 - c) - 0.25 * c;
            double left = right - (f >= 20000 ? 0.25 : 0) - (f >= 30000 ? 0.25 : 0);
            const float *frame = out[i % 2] + 2 * (size_t)f;
            if (fabs((double)frame[0] - left) > 1e-6 || fabs((double)frame[1] - right) > 1e-6) {
                fail_msg("case %d: frame %u is %g, %g; expected %g, %g", i, f, (double)frame[0], (double)frame[1], left,
                         right);
            }
        }
        if (i % 2 == 1) {
            assert_memory_equal(out[0], out[1], sizeof out[0]);
        }
        assert_true(motet_voice_is_active(engine, voice));
        motet_engine_destroy(engine);
    }
}

/* Of another rate, and of more channels: the tone goes on. */
static void keeps_its_place_in_seconds(void **state)
{
    (void)state;
    static float out[2 * FRAMES];
    static const int rates[][2] = {{48000, 44100}, {44100, 48000}, {44100, 22050}, {22050, 48000}};
    for (size_t i = 0; i < sizeof rates / sizeof *rates; i++) {
        write_tone(rates[i][0], 1, (size_t)rates[i][0]);
        motet_engine *engine = make_engine();
        motet_sound sound = load(engine, &(motet_sound_def){.no_convert = i == 3});
        motet_voice voice = motet_voice_play(engine, sound, &(motet_voice_def){.loop = i == 2});
        render(engine, out, AT, 512);
        write_tone(rates[i][1], 2, (size_t)rates[i][1]); /* the right channel has twice the pitch */
        assert_int_equal(motet_sound_reload(engine, sound, motet_now()), MOTET_OK);
        render(engine, out + 2 * AT, FRAMES - AT - 100, 512);
        motet_voice_state at;
        assert_int_equal(motet_voice_get_state(engine, voice, &at), MOTET_OK);
        assert_true(fabs(at.position_frames / rates[i][1] - (FRAMES - 100.0) / RATE) < 1e-4);
        for (int f = 100; f < FRAMES - 200; f++) {
            double expected = 0.5 * sin(2 * 3.14159265358979 * 220 * f / RATE);
            if (fabs((double)out[2 * f] - expected) > 0.003) {
                fail_msg("case %zu: frame %d is %g, expected %g", i, f, (double)out[2 * f], expected);
            }
        }
        int f = AT + 1000;
        assert_true(fabs((double)out[2 * f + 1] - 0.5 * sin(2 * 3.14159265358979 * 440 * f / RATE)) < 0.003);
        motet_engine_destroy(engine);
    }
}

static void ends_where_it_is_shorter(void **state)
{
    (void)state;
    static float out[2 * FRAMES];
    write_level(0.5f, FRAMES);
    motet_engine *engine = make_engine();
    motet_sound sound = load(engine, NULL);
    motet_voice voices[2] = {motet_voice_play(engine, sound, NULL),
                             motet_voice_play(engine, sound, &(motet_voice_def){.loop = true})};
    render(engine, out, AT, 512);
    write_level(0.25f, 4000);
    assert_int_equal(motet_sound_reload(engine, sound, motet_now()), MOTET_OK);
    render(engine, out, 2000, 512);
    motet_event event;
    for (int i = 0; i < 2; i++) { /* the loop of the whole sound lies before it now */
        assert_true(next_event(engine, MOTET_EVENT_VOICE_ENDED, &event));
        assert_true(event.voice.id == voices[0].id || event.voice.id == voices[1].id);
        assert_int_equal(event.reason, MOTET_END_ENDED);
        assert_int_equal(event.frame, AT);
    }
    assert_true(out[2 * 100] < 1 && out[2 * 100] > 0.5f); /* the tails of both */
    assert_true(out[2 * DECLICK] == 0);
    motet_engine_destroy(engine);
}

/* The whole sound stays the whole sound, what was asked for stays where it is in seconds. */
static void loops_go_with_it(void **state)
{
    (void)state;
    static float out[2 * FRAMES];
    write_level(0.5f, 4000);
    motet_engine *engine = make_engine();
    motet_sound sound = load(engine, NULL);
    motet_voice whole = motet_voice_play(engine, sound, &(motet_voice_def){.loop = true});
    motet_voice some = motet_voice_play(
        engine, sound, &(motet_voice_def){.loop = true, .loop_start_frame = 1000, .loop_end_frame = 3000});
    render(engine, out, 3900, 512);
    write_tone(RATE / 2, 1, 4000);
    assert_int_equal(motet_sound_reload(engine, sound, motet_now()), MOTET_OK);
    render(engine, out, 3000, 512); /* 6900 engine frames: 3450 of the file; round after 4000 */
    motet_voice_state state_of_whole, state_of_some;
    assert_int_equal(motet_voice_get_state(engine, whole, &state_of_whole), MOTET_OK);
    assert_int_equal(motet_voice_get_state(engine, some, &state_of_some), MOTET_OK);
    assert_true(fabs(state_of_whole.position_frames - 3450) < 2);
    assert_true(state_of_some.position_frames >= 500 && state_of_some.position_frames < 1500);
    render(engine, out, 2000, 512);
    assert_int_equal(motet_voice_get_state(engine, whole, &state_of_whole), MOTET_OK);
    assert_true(fabs(state_of_whole.position_frames - 450) < 2);
    motet_engine_destroy(engine);
}

/* Virtual voices and paused ones go over too, without a sound. */
static void silent_voices(void **state)
{
    (void)state;
    static float out[2 * FRAMES];
    write_level(0.5f, FRAMES);
    motet_engine *engine = make_engine();
    motet_sound sound = load(engine, NULL);
    motet_voice voices[8];
    for (int i = 0; i < 8; i++) {
        voices[i] = motet_voice_play(engine, sound, &(motet_voice_def){.volume_db = -(float)i});
    }
    render(engine, out, 1000, 512);
    for (int i = 0; i < 7; i++) {
        assert_int_equal(motet_voice_pause(engine, voices[i], motet_now()), MOTET_OK);
    }
    render(engine, out, 5000, 512);
    write_level(-0.125f, FRAMES);
    assert_int_equal(motet_sound_reload(engine, sound, motet_now()), MOTET_OK);
    render(engine, out, 2000, 512);
    for (int i = 0; i < 7; i++) {
        assert_int_equal(motet_voice_stop(engine, voices[i], motet_now()), MOTET_OK);
    }
    render(engine, out, 2000, 512);
    assert_true(fabs((double)out[2 * 1500] + 0.125 * pow(10, -7 / 20.0)) < 1e-6);
    render(engine, out, FRAMES, 512);
    motet_event event;
    uint64_t last = 0;
    while (next_event(engine, MOTET_EVENT_VOICE_ENDED, &event)) {
        last = event.frame;
    }
    assert_int_equal(last, FRAMES);
    motet_engine_destroy(engine);
}

/* The old samples go when their last tail has gone. */
static void the_old_one_goes(void **state)
{
    (void)state;
    static float out[2 * FRAMES];
    write_level(0.5f, FRAMES);
    motet_engine *engine = make_engine();
    motet_sound sound = load(engine, NULL);
    assert_true(motet_voice_play(engine, sound, &(motet_voice_def){.loop = true}).id != 0);
    render(engine, out, AT, 512);
    uint64_t before = memory_of(engine);
    for (int i = 0; i < 5; i++) {
        assert_int_equal(motet_sound_reload(engine, sound, motet_now()), MOTET_OK);
        assert_true(memory_of(engine) >= before + FRAMES * sizeof(float));
        assert_int_equal(motet_sound_reload(engine, sound, motet_now()), MOTET_ERROR_BUSY);
        render(engine, out, 100, 100);
        assert_true(memory_of(engine) >= before + FRAMES * sizeof(float)); /* a tail reads it */
        render(engine, out, 1000, 100);
        assert_int_equal(memory_of(engine), before);
    }
    /* The id may go meanwhile, and the engine. */
    assert_int_equal(motet_sound_reload(engine, sound, motet_now()), MOTET_OK);
    assert_int_equal(motet_sound_release(engine, sound), MOTET_OK);
    assert_int_equal(motet_sound_reload(engine, sound, motet_now()), MOTET_ERROR_STALE);
    render(engine, out, 100, 100);
    assert_true(out[50] == 0.5f || fabsf(out[50] - 0.5f) < 1e-6f);
    motet_engine_destroy(engine);
}

static void nothing_changes_when_it_fails(void **state)
{
    (void)state;
    static float out[2 * FRAMES];
    for (int async = 0; async < 2; async++) {
        write_level(0.5f, FRAMES);
        motet_engine *engine = make_engine();
        motet_sound sound = load(engine, &(motet_sound_def){.async = async != 0});
        assert_true(motet_voice_play(engine, sound, &(motet_voice_def){.loop = true}).id != 0);
        render(engine, out, AT, 512);
        motet_event event;
        assert_int_equal(next_event(engine, MOTET_EVENT_SOUND_READY, &event), async != 0);
        FILE *broken = fopen(path, "wb");
        assert_non_null(broken);
        fputs("RIFF and nothing else", broken);
        fclose(broken);
        motet_result result = motet_sound_reload(engine, sound, motet_now());
        if (async != 0) {
            assert_int_equal(result, MOTET_OK);
            for (int i = 0; i < 10000 && !next_event(engine, MOTET_EVENT_SOUND_FAILED, &event); i++) {
                motet_sleep_ms(1);
            }
            assert_int_equal(event.sound.id, sound.id);
            result = event.result;
            char text[200];
            assert_int_equal(motet_sound_get_error(engine, sound, text, sizeof text), result);
            assert_non_null(strstr(text, "sound.wav: "));
        }
        assert_int_equal(result, MOTET_ERROR_FORMAT);
        motet_sound_info info;
        assert_int_equal(motet_sound_get_info(engine, sound, &info), MOTET_OK);
        assert_int_equal(info.state, MOTET_SOUND_READY);
        assert_int_equal(info.frame_count, FRAMES);
        assert_int_equal(unlink(path), 0);
        assert_false(motet_sound_has_changed(engine, sound));
        if (async == 0) {
            assert_int_equal(motet_sound_reload(engine, sound, motet_now()), MOTET_ERROR_NOT_FOUND);
        }
        render(engine, out, 1000, 512);
        assert_true(out[2 * 500] == 0.5f);
        assert_true(motet_voice_play(engine, sound, NULL).id != 0);
        float sample = 0;
        const motet_pcm pcm = {&sample, MOTET_FORMAT_F32, 1, RATE, 1};
        motet_sound made = motet_sound_from_pcm(engine, &pcm, NULL);
        assert_int_equal(motet_sound_reload(engine, made, motet_now()), MOTET_ERROR_INVALID);
        assert_false(motet_sound_has_changed(engine, made));
        assert_int_equal(motet_sound_reload(engine, sound, motet_fade(-3)), MOTET_ERROR_INVALID);
        motet_engine_destroy(engine);
    }
}

/* Voices of a stream stay with the file that they began. */
static void streams_play_the_old_file(void **state)
{
    (void)state;
    static float out[2 * 4000];
    char moved[80];
    snprintf(moved, sizeof moved, "%s.old", path);
    write_level(0.5f, FRAMES);
    motet_engine *engine = make_engine();
    motet_sound sound = load(engine, &(motet_sound_def){.stream = true});
    assert_true(motet_voice_play(engine, sound, NULL).id != 0);
    render(engine, out, 2000, 512);
    assert_int_equal(rename(path, moved), 0); /* as an editor does that saves */
    write_level(-0.25f, 3000);
    assert_int_equal(motet_sound_reload(engine, sound, motet_now()), MOTET_OK);
    assert_true(motet_voice_play(engine, sound, &(motet_voice_def){.pan = 1}).id != 0);
    render(engine, out, 4000, 512);
    assert_true(out[2 * 1000] == 0.5f && out[2 * 1000 + 1] == 0.25f);
    assert_true(out[2 * 3999] == 0.5f && out[2 * 3999 + 1] == 0.5f);
    motet_event event;
    for (int i = 0; i < 20; i++) {
        render(engine, out, 4000, 512);
    }
    assert_true(next_event(engine, MOTET_EVENT_VOICE_ENDED, &event));
    assert_int_equal(event.frame, 5000);
    assert_true(next_event(engine, MOTET_EVENT_VOICE_ENDED, &event));
    assert_int_equal(event.frame, FRAMES);
    assert_int_equal(event.reason, MOTET_END_ENDED);
    unlink(moved);
    motet_engine_destroy(engine);
}

/* A thread that has played in a group, and commits it when it is told to. */
typedef struct group_thread {
    motet_engine *engine;
    motet_sound sound;
    motet_atomic_u32 step;
} group_thread;

static void *play_in_group(void *user)
{
    group_thread *group = user;
    bool good = motet_engine_begin(group->engine) == MOTET_OK;
    good = motet_voice_play(group->engine, group->sound, &(motet_voice_def){.loop = true}).id != 0 && good;
    motet_store_release_u32(&group->step, 1);
    while (motet_load_acquire_u32(&group->step) != 2) {
        motet_sleep_ms(1);
    }
    good = motet_engine_commit(group->engine) == MOTET_OK && good;
    return good ? group : NULL;
}

/* It comes behind the reload, and has nothing of the old file, which is gone by then. */
static void groups_of_others(void **state)
{
    (void)state;
    static float out[2 * 4000];
    write_level(0.5f, 4000);
    motet_engine *engine = make_engine();
    group_thread group = {.engine = engine, .sound = load(engine, NULL)};
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, play_in_group, &group), 0);
    while (motet_load_acquire_u32(&group.step) != 1) {
        motet_sleep_ms(1);
    }
    write_level(-0.25f, 100);
    assert_int_equal(motet_sound_reload(engine, group.sound, motet_now()), MOTET_OK);
    render(engine, out, 4000, 512);
    motet_store_release_u32(&group.step, 2);
    void *good;
    assert_int_equal(pthread_join(thread, &good), 0);
    assert_non_null(good);
    render(engine, out, 4000, 512);
    for (int f = 0; f < 4000; f++) {
        assert_true(out[2 * f] == -0.25f); /* round the new one */
    }
    assert_int_equal(motet_sound_reload(engine, group.sound, motet_now()), MOTET_OK);
    motet_engine_destroy(engine);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_again),
        cmocka_unit_test(crosses_over_by_the_fade),
        cmocka_unit_test(keeps_its_place_in_seconds),
        cmocka_unit_test(ends_where_it_is_shorter),
        cmocka_unit_test(loops_go_with_it),
        cmocka_unit_test(silent_voices),
        cmocka_unit_test(the_old_one_goes),
        cmocka_unit_test(nothing_changes_when_it_fails),
        cmocka_unit_test(streams_play_the_old_file),
        cmocka_unit_test(groups_of_others),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
