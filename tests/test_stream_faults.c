/* labels: threads */
/* What files do to streams, and what streams make of it: through the program's own files, with the audio thread watched
 * all the time. Nothing here depends on how fast the machine is: a slow file is one that gives nothing until the test
 * lets it. */
#include "motet/motet.h"
#include "support/audio_files.h"
#include "support/guarded.h"
#include "support/own_files.h"

#include <math.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { RATE = 48000, MOST_FILES = 8, MOST_ENDS = 256, PATIENCE = 20000 };

enum {
    WAV = SF_FORMAT_WAV | SF_FORMAT_PCM_16,
    FLOAT_WAV = SF_FORMAT_WAV | SF_FORMAT_FLOAT,
    FLAC = SF_FORMAT_FLAC | SF_FORMAT_PCM_16,
    VORBIS = SF_FORMAT_OGG | SF_FORMAT_VORBIS,
    MP3 = SF_FORMAT_MPEG | SF_FORMAT_MPEG_LAYER_III
};

/* An engine with files of the program's, and what it has told. */
typedef struct stage {
    own_file list[MOST_FILES];
    own_files files;
    audio_bytes bytes[MOST_FILES];
    motet_engine *engine;
    uint32_t truncated, non_finite, starved, ended;
    motet_event ends[MOST_ENDS];
    uint64_t sounding; /* frames that are not 0 */
} stage;

static void discard(void *user, motet_log_level level, const char *text)
{
    (void)user, (void)level, (void)text;
}

static stage *begin(void)
{
    stage *s = audio_allocate(sizeof *s);
    memset(s, 0, sizeof *s);
    s->files.files = s->list;
    s->engine = motet_engine_create(&(motet_engine_def){.device = MOTET_DEVICE_MANUAL,
                                                        .no_limiter = true,
                                                        .channels = 1,
                                                        .files = own_files_table(&s->files),
                                                        .log = discard});
    assert_non_null(s->engine);
    guarded_begin();
    return s;
}

static void end(stage *s)
{
    guarded_end();
    motet_engine_destroy(s->engine);
    assert_true(own_files_are_at_rest(&s->files));
    for (size_t i = 0; i < s->files.count; i++) {
        audio_bytes_free(&s->bytes[i]);
    }
    free(s);
}

/* A file of a tone that is never 0 for long. */
static own_file *add_file(stage *s, const char *path, int format, int rate, size_t frames)
{
    const audio_recipe recipe = {.format = format, .channels = 1, .rate = rate};
    size_t at = s->files.count++;
    s->bytes[at] = audio_write_tones(&recipe, frames);
    s->list[at] = (own_file){.path = path, .data = s->bytes[at].data, .size = s->bytes[at].size};
    return &s->list[at];
}

static motet_sound load(stage *s, const char *path)
{
    motet_sound sound = motet_sound_load(s->engine, path, &(motet_sound_def){.stream = true, .no_convert = true});
    if (sound.id == 0) {
        fail_msg("%s", motet_last_error());
    }
    return sound;
}

static motet_voice play(stage *s, motet_sound sound, const motet_voice_def *def)
{
    motet_voice voice = motet_voice_play(s->engine, sound, def);
    if (voice.id == 0) {
        fail_msg("%s", motet_last_error());
    }
    return voice;
}

static void collect(stage *s)
{
    motet_event event;
    while (motet_engine_poll_event(s->engine, &event)) {
        s->truncated += event.type == MOTET_EVENT_SOUND_TRUNCATED;
        s->non_finite += event.type == MOTET_EVENT_NON_FINITE;
        s->starved += event.type == MOTET_EVENT_STREAM_STARVED;
        if (event.type == MOTET_EVENT_VOICE_ENDED) {
            assert_true(s->ended < MOST_ENDS);
            s->ends[s->ended++] = event;
        }
    }
}

static void render(stage *s)
{
    float out[256];
    motet_engine_render_f32(s->engine, out, 256);
    for (int i = 0; i < 256; i++) {
        s->sounding += out[i] != 0;
    }
    collect(s);
}

/* Goes on until so many voices have ended, however long the streams take. */
static void play_out(stage *s, uint32_t ends)
{
    for (int i = 0; s->ended < ends; i++) {
        if (i == PATIENCE) {
            fail_msg("%u of %u voices have ended", s->ended, ends);
        }
        render(s);
        motet_sleep_ms(1);
    }
}

static void play_until(stage *s, uint64_t sounding)
{
    for (int i = 0; s->sounding < sounding; i++) {
        if (i == PATIENCE) {
            fail_msg("%llu of %llu frames have been heard", (unsigned long long)s->sounding,
                     (unsigned long long)sounding);
        }
        render(s);
        motet_sleep_ms(1);
    }
}

/* Until every file is closed that voices had open. */
static void be_at_rest(stage *s)
{
    for (int i = 0; !own_files_are_at_rest(&s->files) && i < PATIENCE; i++) {
        render(s);
        motet_sleep_ms(1);
    }
    assert_true(own_files_are_at_rest(&s->files));
}

/* ---------------------------------------------------------------------------------------------------- One file */

static void short_reads(void **state)
{
    (void)state;
    stage *s = begin();
    static const int formats[] = {WAV, FLAC, VORBIS, MP3};
    static const char *const paths[] = {"wav", "flac", "ogg", "mp3"};
    for (int i = 0; i < 4; i++) {
        add_file(s, paths[i], formats[i], RATE, RATE)->piece = 13;
    }
    for (int i = 0; i < 4; i++) {
        play(s, load(s, paths[i]), NULL);
    }
    play_out(s, 4);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(s->ends[i].reason, MOTET_END_ENDED);
    }
    assert_int_equal(s->truncated, 0);
    end(s);
}

static void error_in_mid_file(void **state)
{
    (void)state;
    stage *s = begin();
    own_file *file = add_file(s, "wav", WAV, RATE, 2 * RATE);
    add_file(s, "other", WAV, RATE, 2 * RATE);
    motet_sound sound = load(s, "wav"), other = load(s, "other");
    motet_store_release_u64(&file->fail_at, file->size / 2);
    motet_voice voice = play(s, sound, NULL);
    play(s, other, &(motet_voice_def){.volume_db = -80});
    play_out(s, 2);
    assert_int_equal(s->ends[0].voice.id, voice.id);
    assert_int_equal(s->ends[0].reason, MOTET_END_FAILED);
    assert_int_equal(s->ends[1].reason, MOTET_END_ENDED);
    /* All that was read is heard; the tone is 0 in some frames. */
    assert_true(s->sounding > RATE - 4096 && s->sounding <= RATE);
    assert_int_equal(s->truncated, 0);
    /* One that has recovered is read again. */
    motet_store_release_u64(&file->fail_at, 0);
    play(s, sound, NULL);
    play_out(s, 3);
    assert_int_equal(s->ends[2].reason, MOTET_END_ENDED);
    end(s);
}

static void cut_while_it_plays(void **state)
{
    (void)state;
    static const int formats[] = {WAV, FLAC, VORBIS, MP3};
    for (int i = 0; i < 4; i++) {
        stage *s = begin();
        own_file *file = add_file(s, "cut", formats[i], RATE, 8 * RATE);
        motet_sound sound = load(s, "cut");
        play(s, sound, NULL);
        play_until(s, RATE / 2);
        motet_store_release_u64(&file->ends_at, file->size / 2);
        play(s, sound, &(motet_voice_def){.loop = true, .volume_db = -80});
        for (int n = 0; n < 2 * RATE / 256 && s->ended == 0; n++) {
            render(s);
            motet_sleep_ms(1);
        }
        /* A voice that goes round ends at no end, and one does not need the other. */
        play_until(s, 2 * RATE);
        assert_int_equal(motet_sound_stop(s->engine, sound, motet_now()), MOTET_OK);
        play_out(s, 2);
        play(s, sound, &(motet_voice_def){.from_frame = 3 * RATE});
        play_out(s, 3);
        assert_int_equal(s->ends[2].reason, MOTET_END_ENDED);
        assert_int_equal(s->truncated, 1);
        end(s);
    }
}

/* What loading has found and told is not told again. */
static void cut_before_it_is_loaded(void **state)
{
    (void)state;
    static const int formats[] = {WAV, FLAC, VORBIS, MP3};
    for (int i = 0; i < 4; i++) {
        stage *s = begin();
        own_file *file = add_file(s, "cut", formats[i], RATE, 4 * RATE);
        file->size = file->size * 2 / 3;
        motet_sound sound = load(s, "cut");
        play(s, sound, &(motet_voice_def){.from_frame = 2 * RATE});
        play(s, sound, &(motet_voice_def){.from_frame = 3 * RATE});
        play_out(s, 2);
        assert_int_equal(s->ends[0].reason, MOTET_END_ENDED);
        assert_int_equal(s->ends[1].reason, MOTET_END_ENDED);
        assert_int_equal(s->truncated, 1);
        end(s);
    }
}

static void replaced(void **state)
{
    (void)state;
    stage *s = begin();
    own_file *file = add_file(s, "flac", FLAC, RATE, 4 * RATE);
    audio_bytes other_rate = audio_write_tones(&(audio_recipe){.format = WAV, .channels = 1, .rate = 22050}, 4 * RATE);
    audio_bytes longer = audio_write_tones(&(audio_recipe){.format = FLAC, .channels = 1, .rate = RATE}, 5 * RATE);
    motet_sound sound = load(s, "flac");
    play(s, sound, NULL);
    play_until(s, RATE / 4);
    /* What is read from now on is nonsense to the one that plays. */
    assert_true(other_rate.size >= file->size);
    motet_store_release_pointer(&file->data_now, other_rate.data);
    play_out(s, 1);
    play(s, sound, NULL);
    play_out(s, 2);
    assert_int_equal(s->ends[1].reason, MOTET_END_FAILED);
    be_at_rest(s);
    motet_store_release_pointer(&file->data_now, longer.data);
    file->size = longer.size;
    play(s, sound, &(motet_voice_def){.loop = true});
    play_out(s, 3);
    assert_int_equal(s->ends[2].reason, MOTET_END_FAILED);
    be_at_rest(s);
    motet_store_release_pointer(&file->data_now, NULL);
    file->size = s->bytes[0].size;
    play(s, sound, &(motet_voice_def){.from_frame = 3 * RATE});
    play_out(s, 4);
    assert_int_equal(s->ends[3].reason, MOTET_END_ENDED);
    end(s);
    audio_bytes_free(&other_rate);
    audio_bytes_free(&longer);
}

/* Nothing comes out of a file of which the header is all that is left. */
static void decoder_that_returns_nothing(void **state)
{
    (void)state;
    static const int formats[] = {WAV, FLAC, VORBIS, MP3};
    static const uint64_t headers[] = {44, 8192, 4200, 500};
    for (int i = 0; i < 4; i++) {
        stage *s = begin();
        own_file *file = add_file(s, "none", formats[i], RATE, 2 * RATE);
        motet_sound sound = load(s, "none");
        motet_store_release_u64(&file->ends_at, headers[i] < file->size ? headers[i] : 1);
        play(s, sound, NULL);
        play(s, sound, &(motet_voice_def){.loop = formats[i] == WAV, .from_frame = RATE});
        play_out(s, 2);
        assert_true(s->sounding < 3 * RATE / 2);
        end(s);
    }
}

/* The part before a damaged place is whole: loops and seeks stay in it. */
static void damage_is_left_behind(void **state)
{
    (void)state;
    stage *s = begin();
    own_file *file = add_file(s, "flac", FLAC, RATE, 2 * RATE);
    memset(s->bytes[0].data + file->size / 2, 0x55, 3000);
    motet_sound sound = load(s, "flac");
    motet_voice voice = play(s, sound, NULL);
    play_out(s, 1);
    assert_int_equal(s->ends[0].reason, MOTET_END_ENDED);
    assert_int_equal(s->truncated, 1);
    uint64_t heard = s->sounding;
    assert_true(heard > RATE / 2 && heard < 3 * RATE / 2);
    voice = play(s, sound, &(motet_voice_def){.loop = true, .loop_count = 3});
    for (int i = 0; i < 3; i++) {
        play_until(s, heard + (uint64_t)(i + 1) * RATE / 8);
        assert_int_equal(motet_voice_seek(s->engine, voice, RATE / 4, motet_now()), MOTET_OK);
    }
    play_out(s, 2);
    assert_int_equal(s->ends[1].reason, MOTET_END_ENDED);
    assert_true(s->sounding > 3 * heard);
    assert_int_equal(s->truncated, 1);
    end(s);
}

static void seek_past_the_end(void **state)
{
    (void)state;
    stage *s = begin();
    add_file(s, "ogg", VORBIS, RATE, RATE);
    motet_sound sound = load(s, "ogg");
    motet_voice voice = play(s, sound, NULL);
    play_until(s, RATE / 4);
    assert_int_equal(motet_voice_seek(s->engine, voice, UINT64_C(1) << 40, motet_now()), MOTET_OK);
    play(s, sound, &(motet_voice_def){.from_frame = 10 * RATE});
    play_out(s, 2);
    assert_int_equal(s->ends[0].reason, MOTET_END_ENDED);
    assert_int_equal(s->ends[1].reason, MOTET_END_ENDED);
    end(s);
}

static void nan_in_the_material(void **state)
{
    (void)state;
    stage *s = begin();
    static float samples[RATE];
    for (int i = 0; i < RATE; i++) {
        samples[i] = i % 1000 == 999 ? NAN : 0.25f;
    }
    s->bytes[0] =
        audio_write(&(audio_recipe){.format = FLOAT_WAV, .channels = 1, .rate = RATE}, AUDIO_F32, samples, RATE);
    s->list[0] = (own_file){.path = "nan", .data = s->bytes[0].data, .size = s->bytes[0].size};
    s->files.count = 1;
    motet_sound sound = load(s, "nan");
    play(s, sound, NULL);
    play(s, sound, NULL);
    play_out(s, 2);
    assert_int_equal(s->non_finite, 1);
    assert_true(s->sounding > RATE / 2);
    end(s);
}

/* --------------------------------------------------------------------------------------------------- Together */

/* Slow files starve nobody but themselves: eight play to their end while two give nothing at all. */
static void slow_files(void **state)
{
    (void)state;
    stage *s = begin();
    own_file *slow[2] = {add_file(s, "slow", WAV, RATE, RATE), add_file(s, "slower", VORBIS, RATE, RATE)};
    add_file(s, "own", VORBIS, RATE, RATE);
    motet_sound slow_sounds[2] = {load(s, "slow"), load(s, "slower")}, own = load(s, "own");
    audio_bytes bytes = audio_write_tones(&(audio_recipe){.format = FLAC, .channels = 1, .rate = RATE}, RATE);
    motet_sound plain = motet_sound_load_memory(s->engine, bytes.data, bytes.size, &(motet_sound_def){.stream = true});
    motet_voice voices[2];
    for (int i = 0; i < 2; i++) {
        motet_store_release_u32(&slow[i]->deaf, 1);
        voices[i] = play(s, slow_sounds[i], NULL);
    }
    for (int i = 0; i < 8; i++) {
        play(s, i % 2 == 0 ? plain : own, &(motet_voice_def){.volume_db = -20});
    }
    play_out(s, 8);
    for (int i = 0; i < 8; i++) {
        assert_int_equal(s->ends[i].reason, MOTET_END_ENDED);
    }
    for (int i = 0; i < 2; i++) {
        assert_true(motet_voice_is_active(s->engine, voices[i]));
        motet_store_release_u32(&slow[i]->deaf, 0);
    }
    play_out(s, 10);
    assert_int_equal(s->ends[8].reason, MOTET_END_ENDED);
    assert_int_equal(s->ends[9].reason, MOTET_END_ENDED);
    end(s);
    audio_bytes_free(&bytes);
}

/* Rendered by hand, a read that takes its time is waited for, and the samples are those of the loaded sound. */
static void slow_files_by_hand(void **state)
{
    (void)state;
    static float samples[2][RATE];
    stage *s = begin();
    own_file *file = add_file(s, "slow", FLAC, RATE, RATE);
    file->delay_ms = 5;
    for (int stream = 0; stream < 2; stream++) {
        motet_sound sound = motet_sound_load(s->engine, "slow", &(motet_sound_def){.stream = stream != 0});
        play(s, sound, NULL);
        for (uint32_t done = 0; done < RATE;) {
            uint32_t count = motet_engine_prepare(s->engine, RATE - done);
            assert_true(count > 0);
            motet_engine_render_f32(s->engine, samples[stream] + done, count);
            done += count;
        }
    }
    assert_memory_equal(samples[0], samples[1], sizeof samples[0]);
    end(s);
}

static void two_hundred_at_once(void **state)
{
    (void)state;
    stage *s = begin();
    add_file(s, "wav", WAV, RATE, RATE / 4);
    add_file(s, "ogg", VORBIS, RATE, RATE / 4);
    motet_sound sounds[2] = {load(s, "wav"), load(s, "ogg")};
    uint32_t refused = 0;
    for (int i = 0; i < 200; i++) {
        motet_voice voice = motet_voice_play(s->engine, sounds[i % 2], &(motet_voice_def){.volume_db = -36});
        assert_int_equal(voice.id != 0, i < 64);
        if (voice.id == 0) {
            refused++;
            assert_int_equal(motet_last_result(), MOTET_ERROR_LIMIT);
            assert_non_null(strstr(motet_last_error(), "all 64 streams are in use (max_streams)"));
        }
    }
    assert_int_equal(refused, 136);
    play_out(s, 64);
    for (int i = 0; i < 64; i++) {
        assert_int_equal(s->ends[i].reason, MOTET_END_ENDED);
    }
    play(s, sounds[0], NULL);
    play_out(s, 65);
    end(s);
}

static motet_atomic_u32 hogs_end;

static void *hog(void *unused)
{
    (void)unused;
    volatile uint64_t work = 0;
    while (motet_load_relaxed_u32(&hogs_end) == 0) {
        work = work + 1;
    }
    return NULL;
}

/* Nothing is skipped, however little of the processor the streams get: rendered as fast as can be, beside threads that
 * take all they can. */
static void starved_by_hogs(void **state)
{
    (void)state;
    enum { HOGS = 6, LENGTH = 2 * RATE };
    pthread_t hogs[HOGS];
    motet_store_relaxed_u32(&hogs_end, 0);
    for (int i = 0; i < HOGS; i++) {
        assert_int_equal(pthread_create(&hogs[i], NULL, hog, NULL), 0);
    }
    stage *s = begin();
    static int16_t frames[LENGTH];
    for (int i = 0; i < LENGTH; i++) {
        frames[i] = (int16_t)(1 + i % 30000);
    }
    s->bytes[0] = audio_write(&(audio_recipe){.format = WAV, .channels = 1, .rate = RATE}, AUDIO_S16, frames, LENGTH);
    s->list[0] = (own_file){.path = "ramp", .data = s->bytes[0].data, .size = s->bytes[0].size};
    s->files.count = 1;
    play(s, load(s, "ramp"), NULL);
    while (s->ended == 0) {
        render(s);
    }
    /* The first frame of each fade in after a gap has no gain. */
    assert_int_equal(s->sounding, LENGTH - s->starved);
    end(s);
    motet_store_relaxed_u32(&hogs_end, 1);
    for (int i = 0; i < HOGS; i++) {
        pthread_join(hogs[i], NULL);
    }
}

/* In every state that its voices may be in: not begun, playing, faulty, waiting for bytes that never come. */
static void released_in_the_middle(void **state)
{
    (void)state;
    for (int way = 0; way < 6; way++) {
        stage *s = begin();
        own_file *file = add_file(s, "wav", WAV, RATE, 2 * RATE);
        motet_sound sound = load(s, "wav");
        file->piece = 5000;
        motet_store_release_u32(&file->deaf, way == 1);
        motet_store_release_u64(&file->open_at, way == 2 || way == 5 ? file->size / 3 : 0);
        motet_store_release_u64(&file->fail_at, way == 3 ? file->size / 2 : 0);
        for (int i = 0; i < 5; i++) {
            play(s, sound, &(motet_voice_def){.volume_db = -20, .loop = i == 4});
        }
        if (way >= 2) {
            play_until(s, RATE / 8);
        }
        assert_int_equal(motet_sound_release(s->engine, sound), MOTET_OK);
        if (way == 4) { /* and is loaded again at once */
            play(s, load(s, "wav"), NULL);
        }
        for (int i = 0; i < 20; i++) {
            render(s);
        }
        end(s); /* while the files are open, and some of them wait */
    }
}

/* A voice that is stopped while its file gives nothing gives the file back, and the engine goes on. */
static void stopped_while_it_waits(void **state)
{
    (void)state;
    stage *s = begin();
    own_file *file = add_file(s, "wav", WAV, RATE, RATE);
    motet_sound sound = load(s, "wav");
    motet_store_release_u32(&file->deaf, 1);
    motet_voice voice = play(s, sound, NULL);
    for (int i = 0; motet_load_acquire_u64(&s->files.reads) == 0 && i < PATIENCE; i++) {
        motet_sleep_ms(1);
    }
    assert_int_equal(motet_voice_stop(s->engine, voice, motet_now()), MOTET_OK);
    play_out(s, 1);
    assert_int_equal(s->ends[0].reason, MOTET_END_STOPPED);
    be_at_rest(s);
    assert_int_equal(s->truncated, 0);
    end(s);
}

int main(int count, char **arguments)
{
    (void)count;
    guarded_start(arguments);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(short_reads),
        cmocka_unit_test(error_in_mid_file),
        cmocka_unit_test(cut_while_it_plays),
        cmocka_unit_test(cut_before_it_is_loaded),
        cmocka_unit_test(replaced),
        cmocka_unit_test(decoder_that_returns_nothing),
        cmocka_unit_test(damage_is_left_behind),
        cmocka_unit_test(seek_past_the_end),
        cmocka_unit_test(nan_in_the_material),
        cmocka_unit_test(slow_files),
        cmocka_unit_test(slow_files_by_hand),
        cmocka_unit_test(two_hundred_at_once),
        cmocka_unit_test(starved_by_hogs),
        cmocka_unit_test(released_in_the_middle),
        cmocka_unit_test(stopped_while_it_waits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
