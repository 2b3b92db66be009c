/* labels: threads */
/* What streams do ahead of time, and what they hold: many changes told ahead, changes taken back, a voice that comes
 * back from being virtual, memory after many seeks and high pitches. */
#include "motet/motet.h"
#include "support/audio_files.h"
#include "support/streams.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RATE = 48000, SECONDS = 20, BLOCK = 480 };

static audio_bytes file_of(int format, int rate)
{
    const audio_recipe recipe = {.format = format, .channels = 1, .rate = rate};
    return audio_write_tones(&recipe, (size_t)SECONDS * (size_t)rate);
}

static motet_engine *engine_of(const motet_engine_def *given)
{
    motet_engine_def def = given != NULL ? *given : (motet_engine_def){0};
    def.device = MOTET_DEVICE_MANUAL;
    def.no_limiter = true;
    def.channels = 1;
    motet_engine *engine = motet_engine_create(&def);
    assert_non_null(engine);
    return engine;
}

static motet_sound load(motet_engine *engine, const audio_bytes *file, bool stream)
{
    motet_sound sound = motet_sound_load_memory(engine, file->data, file->size, &(motet_sound_def){.stream = stream});
    assert_true(sound.id != 0);
    return sound;
}

static void render(motet_engine *engine, float *out, uint32_t frames)
{
    static float dropped[BLOCK];
    for (uint32_t done = 0; done < frames; done += BLOCK) {
        streams_let_fill(engine);
        motet_engine_render_f32(engine, out != NULL ? out + done : dropped, BLOCK);
    }
}

static void expect_no_gaps(motet_engine *engine)
{
    motet_stats stats;
    assert_int_equal(motet_engine_get_stats(engine, &stats), MOTET_OK);
    assert_int_equal(stats.stream_gaps, 0);
}

/* More of them than are looked at together, given in no order. */
static void many_changes_ahead(void **state)
{
    (void)state;
    enum { CHANGES = 60, FRAMES = 10 * RATE };
    audio_bytes file = file_of(SF_FORMAT_WAV | SF_FORMAT_PCM_16, RATE);
    float *samples[2];
    for (int stream = 0; stream < 2; stream++) {
        motet_engine *engine = engine_of(NULL);
        motet_voice voice = motet_voice_play(engine, load(engine, &file, stream != 0),
                                             &(motet_voice_def){.timing = motet_at(RATE / 10)});
        for (uint32_t i = 0; i < CHANGES; i++) {
            uint32_t which = i * 37 % CHANGES;
            uint64_t at = RATE / 2 + which * (uint64_t)7001;
            uint64_t to = which * (uint64_t)104729 % (SECONDS * RATE);
            assert_int_equal(motet_voice_seek(engine, voice, to, motet_at(at)), MOTET_OK);
        }
        samples[stream] = audio_allocate(FRAMES * sizeof(float));
        render(engine, samples[stream], FRAMES);
        expect_no_gaps(engine);
        motet_engine_destroy(engine);
    }
    assert_memory_equal(samples[0], samples[1], FRAMES * sizeof(float));
    free(samples[0]);
    free(samples[1]);
    audio_bytes_free(&file);
}

static uint32_t pages_in_use(motet_engine *engine)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < MOTET_STREAM_PAGES; i++) {
        count += motet_load_acquire_u64(&engine->first_stream->pages[i].key) != 0;
    }
    return count;
}

/* The pages of a change that will not come are not kept. */
static void changes_taken_back(void **state)
{
    (void)state;
    audio_bytes file = file_of(SF_FORMAT_WAV | SF_FORMAT_PCM_16, RATE);
    motet_engine *engine = engine_of(NULL);
    motet_voice voice = motet_voice_play(engine, load(engine, &file, true), NULL);
    render(engine, NULL, RATE / 2);
    uint32_t before = pages_in_use(engine);
    assert_int_equal(motet_voice_seek(engine, voice, 15 * RATE, motet_at(2 * RATE)), MOTET_OK);
    render(engine, NULL, RATE / 2);
    uint32_t ahead = pages_in_use(engine);
    assert_true(ahead > before + 4);
    assert_int_equal(motet_voice_cancel(engine, voice), MOTET_OK);
    render(engine, NULL, RATE / 10);
    assert_true(pages_in_use(engine) < before + 3);
    motet_engine_destroy(engine);
    audio_bytes_free(&file);
}

typedef struct counted {
    motet_atomic_u64 bytes;
} counted;

static void *count_taken(void *user, size_t size, size_t alignment)
{
    counted *count = user;
    void *memory = NULL;
    if (posix_memalign(&memory, alignment < sizeof(void *) ? sizeof(void *) : alignment, size) != 0) {
        return NULL;
    }
    motet_add_acq_rel_u64(&count->bytes, size);
    return memory;
}

static void count_given(void *user, void *memory, size_t size)
{
    counted *count = user;
    motet_add_acq_rel_u64(&count->bytes, (uint64_t)0 - size);
    free(memory);
}

/* What seeks in all directions and a high pitch have taken is given back. */
static void memory_goes_back(void **state)
{
    (void)state;
    static counted count;
    audio_bytes file = file_of(SF_FORMAT_WAV | SF_FORMAT_PCM_16, RATE);
    motet_engine *engine =
        engine_of(&(motet_engine_def){.allocator = {.allocate = count_taken, .free = count_given, .user = &count}});
    motet_sound sound = load(engine, &file, true);
    motet_voice voice = motet_voice_play(engine, sound, &(motet_voice_def){.loop = true});
    render(engine, NULL, RATE / 2);
    uint64_t before = motet_load_acquire_u64(&count.bytes);
    assert_int_equal(motet_voice_set_pitch(engine, voice, 40, motet_now()), MOTET_OK);
    for (uint64_t i = 0; i < 50; i++) {
        assert_int_equal(motet_voice_seek(engine, voice, i * 104729 % (SECONDS * RATE), motet_now()), MOTET_OK);
        render(engine, NULL, 2 * BLOCK);
    }
    assert_true(motet_load_acquire_u64(&count.bytes) > before + 500000);
    assert_int_equal(motet_voice_set_pitch(engine, voice, 1, motet_now()), MOTET_OK);
    for (int tries = 0; motet_load_acquire_u64(&count.bytes) > before + 100000; tries++) {
        assert_true(tries < 5000);
        render(engine, NULL, BLOCK);
        motet_sleep_ms(1);
    }
    expect_no_gaps(engine);
    motet_engine_destroy(engine);
    assert_int_equal(motet_load_acquire_u64(&count.bytes), 0);
    audio_bytes_free(&file);
}

/* One that comes back is there at once, where it would be, though another decoder has to be sent along with it; and one
 * whose file has gone ends while it is virtual. */
static void back_from_virtual(void **state)
{
    (void)state;
    enum { FRAMES = 4 * RATE };
    audio_bytes file = file_of(SF_FORMAT_OGG | SF_FORMAT_VORBIS, 44100);
    float *samples[2];
    for (int stream = 0; stream < 2; stream++) {
        motet_engine *engine = engine_of(&(motet_engine_def){.max_voices = 1});
        motet_sound sound = load(engine, &file, stream != 0), loud = load(engine, &file, false);
        const motet_voice_def quiet = {.volume_db = -20, .pitch = 1.3, .timing = motet_at(RATE / 10)};
        assert_true(motet_voice_play(engine, sound, &quiet).id != 0);
        for (uint32_t i = 1; i < 4; i++) {
            motet_voice over = motet_voice_play(engine, loud, &(motet_voice_def){.timing = motet_at(i * RATE)});
            assert_int_equal(motet_voice_stop(engine, over, motet_at(i * RATE + RATE / 2)), MOTET_OK);
        }
        samples[stream] = audio_allocate(FRAMES * sizeof(float));
        render(engine, samples[stream], FRAMES);
        motet_stats stats;
        assert_int_equal(motet_engine_get_stats(engine, &stats), MOTET_OK);
        assert_int_equal(stats.stream_gaps, 0);
        motet_engine_destroy(engine);
    }
    assert_memory_equal(samples[0], samples[1], FRAMES * sizeof(float));
    free(samples[0]);
    free(samples[1]);
    audio_bytes_free(&file);
}

/* A virtual voice whose file turns out broken ends, though nobody hears it. */
static void broken_while_virtual(void **state)
{
    (void)state;
    audio_bytes file = file_of(SF_FORMAT_FLAC | SF_FORMAT_PCM_16, RATE);
    memset(file.data + file.size / 4, 0x55, 3000);
    motet_engine *engine = engine_of(&(motet_engine_def){.max_voices = 1});
    motet_sound sound = load(engine, &file, true);
    motet_signal tone = {.kind = MOTET_SIGNAL_CONSTANT, .from = 0.5, .seconds = SECONDS + 5};
    assert_true(motet_voice_play(engine, motet_sound_from_signal(engine, &tone, NULL), NULL).id != 0);
    motet_voice voice = motet_voice_play(engine, sound, &(motet_voice_def){.volume_db = -60});
    motet_event event = {0};
    for (uint32_t i = 0; i < SECONDS * 100 && event.type != MOTET_EVENT_VOICE_ENDED; i++) {
        render(engine, NULL, BLOCK);
        while (event.type != MOTET_EVENT_VOICE_ENDED && motet_engine_poll_event(engine, &event)) {}
    }
    assert_int_equal(event.type, MOTET_EVENT_VOICE_ENDED);
    assert_true(event.voice.id == voice.id);
    assert_true(event.frame > SECONDS * RATE / 10 && event.frame < SECONDS * RATE / 2);
    motet_engine_destroy(engine);
    audio_bytes_free(&file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(many_changes_ahead),   cmocka_unit_test(changes_taken_back),
        cmocka_unit_test(memory_goes_back),     cmocka_unit_test(back_from_virtual),
        cmocka_unit_test(broken_while_virtual),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
