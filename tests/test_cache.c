/* labels: threads */
/* Sounds that stay decoded after their release: within a budget, the one released first going first, and never in place
 * of a file that has changed. */
#include "motet/motet.h"
#include "support/audio_files.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { RATE = 48000, FILES = 4, LENGTH = 10000 };

static char folder[] = "/tmp/motet-cache-XXXXXX";
static char paths[FILES][64];

static void write_tone(int file, size_t frames, double hz)
{
    const audio_recipe recipe = {
        .format = SF_FORMAT_WAV | SF_FORMAT_PCM_16, .channels = 1, .rate = RATE, .tone_hz = hz};
    audio_bytes bytes = audio_write_tones(&recipe, frames);
    audio_bytes_save(&bytes, paths[file]);
    audio_bytes_free(&bytes);
}

static int make_files(void **state)
{
    (void)state;
    assert_non_null(mkdtemp(folder));
    for (int i = 0; i < FILES; i++) {
        snprintf(paths[i], sizeof paths[i], "%s/%d.wav", folder, i);
        write_tone(i, LENGTH, 220 * (i + 1));
    }
    return 0;
}

static int remove_files(void **state)
{
    (void)state;
    for (int i = 0; i < FILES; i++) {
        unlink(paths[i]);
    }
    return rmdir(folder);
}

static motet_engine *make_engine(uint64_t cache_bytes)
{
    motet_engine *engine = motet_engine_create(
        &(motet_engine_def){.device = MOTET_DEVICE_MANUAL, .no_limiter = true, .cache_bytes = cache_bytes});
    assert_non_null(engine);
    return engine;
}

static motet_stats stats_of(motet_engine *engine)
{
    motet_stats stats;
    assert_int_equal(motet_engine_get_stats(engine, &stats), MOTET_OK);
    return stats;
}

static motet_sound load(motet_engine *engine, int file, const motet_sound_def *def)
{
    motet_sound sound = motet_sound_load(engine, paths[file], def);
    assert_true(sound.id != 0);
    return sound;
}

/* Loads and releases; how many loads were found kept. */
static uint64_t touch(motet_engine *engine, int file, const motet_sound_def *def)
{
    uint64_t hits = stats_of(engine).cache_hits;
    assert_int_equal(motet_sound_release(engine, load(engine, file, def)), MOTET_OK);
    return stats_of(engine).cache_hits - hits;
}

static void kept_by_path_and_def(void **state)
{
    (void)state;
    motet_engine *engine = make_engine(1 << 20);
    uint64_t before = stats_of(engine).memory_bytes;
    motet_sound first = load(engine, 0, NULL);
    assert_int_equal(motet_sound_release(engine, first), MOTET_OK);
    assert_int_equal(motet_sound_release(engine, first), MOTET_ERROR_STALE);
    assert_true(stats_of(engine).cache_bytes >= LENGTH * 2);
    motet_sound again = load(engine, 0, NULL);
    assert_true(again.id != first.id);
    assert_int_equal(stats_of(engine).cache_hits, 1);
    assert_int_equal(stats_of(engine).cache_bytes, 0);
    float samples[2] = {0};
    assert_int_equal(motet_sound_read_f32(engine, again, 30, samples, 2, NULL), MOTET_OK);
    assert_true(samples[1] != 0);
    assert_true(motet_voice_play(engine, again, NULL).id != 0);
    static float out[2 * 2 * LENGTH];
    assert_int_equal(motet_sound_release(engine, again), MOTET_OK);
    assert_int_equal(stats_of(engine).cache_bytes, 0); /* its voice has it still */
    motet_engine_render_f32(engine, out, 2 * LENGTH);
    assert_true(out[2000] != 0);
    assert_true(stats_of(engine).cache_bytes > 0);

    assert_int_equal(touch(engine, 0, &(motet_sound_def){.store = MOTET_STORE_F32}), 0);
    assert_int_equal(touch(engine, 0, &(motet_sound_def){.store = MOTET_STORE_F32}), 1);
    assert_int_equal(touch(engine, 0, &(motet_sound_def){.name = "other"}), 0);
    assert_int_equal(touch(engine, 1, NULL), 0);
    assert_int_equal(touch(engine, 1, &(motet_sound_def){.async = true}), 1);
    motet_event event;
    bool told = false;
    while (motet_engine_poll_event(engine, &event)) {
        told = told || event.type == MOTET_EVENT_SOUND_READY;
    }
    assert_true(told);
    assert_int_equal(touch(engine, 2, &(motet_sound_def){.stream = true}), 0);
    assert_int_equal(touch(engine, 2, &(motet_sound_def){.stream = true}), 0); /* there is nothing to keep */
    assert_int_equal(motet_engine_trim(engine), MOTET_OK);
    assert_int_equal(stats_of(engine).cache_bytes, 0);
    assert_int_equal(motet_engine_trim(NULL), MOTET_ERROR_INVALID);
    assert_int_equal(touch(engine, 1, NULL), 0);
    assert_int_equal(motet_engine_trim(engine), MOTET_OK);
    /* But for the table of sounds, and what streams have, which stay. */
    assert_true(stats_of(engine).memory_bytes < before + 200000);
    motet_engine_destroy(engine);
}

/* Rules start anew: nothing of what voices did before is left in them. */
static void rules_start_anew(void **state)
{
    (void)state;
    motet_engine *engine = make_engine(1 << 20);
    const motet_sound_def def = {.max_voices = 1, .yield = MOTET_YIELD_NEW, .min_interval_seconds = 10};
    float out[2 * 64];
    motet_voice voice[2];
    for (int i = 0; i < 2; i++) {
        motet_sound sound = load(engine, 0, &def);
        voice[i] = motet_voice_play(engine, sound, NULL);
        motet_engine_render_f32(engine, out, 64);
        assert_true(motet_voice_is_active(engine, voice[i]));
        assert_int_equal(motet_voice_stop(engine, voice[i], motet_at_fade(0, MOTET_FADE_NONE)), MOTET_OK);
        motet_engine_render_f32(engine, out, 64);
        assert_int_equal(motet_sound_release(engine, sound), MOTET_OK);
    }
    assert_int_equal(stats_of(engine).cache_hits, 1);
    motet_engine_destroy(engine);
}

static void never_more_than_the_budget(void **state)
{
    (void)state;
    motet_engine *engine = make_engine(2 * 2 * LENGTH + 4096); /* two of them */
    for (int i = 0; i < 3; i++) {
        assert_int_equal(touch(engine, i, NULL), 0);
        assert_true(stats_of(engine).cache_bytes <= 2 * 2 * LENGTH + 4096);
    }
    assert_int_equal(touch(engine, 1, NULL), 1); /* now 2 is the one that was released first */
    assert_int_equal(touch(engine, 0, NULL), 0);
    assert_int_equal(touch(engine, 1, NULL), 1);
    assert_int_equal(touch(engine, 2, NULL), 0);
    motet_engine_destroy(engine);
    engine = make_engine(2 * LENGTH); /* not even one */
    assert_int_equal(touch(engine, 0, NULL), 0);
    assert_int_equal(touch(engine, 0, NULL), 0);
    assert_int_equal(stats_of(engine).cache_bytes, 0);
    motet_engine_destroy(engine);
    engine = make_engine(0);
    assert_int_equal(touch(engine, 0, NULL), 0);
    assert_int_equal(touch(engine, 0, NULL), 0);
    motet_engine_destroy(engine);
}

static void not_where_the_file_has_changed(void **state)
{
    (void)state;
    motet_engine *engine = make_engine(1 << 20);
    assert_int_equal(touch(engine, 3, NULL), 0);
    write_tone(3, LENGTH + 100, 99);
    assert_int_equal(touch(engine, 3, NULL), 0);
    motet_sound sound = load(engine, 3, NULL);
    assert_int_equal(stats_of(engine).cache_hits, 1);
    motet_sound_info info;
    assert_int_equal(motet_sound_get_info(engine, sound, &info), MOTET_OK);
    assert_int_equal(info.frame_count, LENGTH + 100);
    assert_int_equal(motet_sound_release(engine, sound), MOTET_OK);
    assert_int_equal(unlink(paths[3]), 0);
    assert_true(motet_sound_load(engine, paths[3], NULL).id == 0);
    assert_int_equal(motet_last_result(), MOTET_ERROR_NOT_FOUND);
    assert_int_equal(stats_of(engine).cache_bytes, 0);
    motet_engine_destroy(engine);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kept_by_path_and_def),
        cmocka_unit_test(rules_start_anew),
        cmocka_unit_test(never_more_than_the_budget),
        cmocka_unit_test(not_where_the_file_has_changed),
    };
    return cmocka_run_group_tests(tests, make_files, remove_files);
}
