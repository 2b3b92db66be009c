/* labels: threads */
/* Files of the program's own: whatever they do, decoders see whole reads, what fails is named, and each file that was
 * opened is closed once. */
#include "engine/byte_source.h"
#include "motet/motet.h"
#include "support/audio_files.h"
#include "support/own_files.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { RATE = 48000 };

typedef struct kind {
    const char *name;
    int format;
    bool from_seekless; /* can be streamed from a file that cannot seek */
} kind;

static const kind kinds[] = {
    {"a.wav", SF_FORMAT_WAV | SF_FORMAT_PCM_16, true},   {"b.wav", SF_FORMAT_WAV | SF_FORMAT_FLOAT, true},
    {"c.aiff", SF_FORMAT_AIFF | SF_FORMAT_PCM_24, true}, {"d.caf", SF_FORMAT_CAF | SF_FORMAT_PCM_16, true},
    {"e.flac", SF_FORMAT_FLAC | SF_FORMAT_PCM_16, true}, {"f.ogg", SF_FORMAT_OGG | SF_FORMAT_VORBIS, true},
    {"g.opus", SF_FORMAT_OGG | SF_FORMAT_OPUS, false},   {"h.mp3", SF_FORMAT_MPEG | SF_FORMAT_MPEG_LAYER_III, true},
};
enum { KINDS = sizeof kinds / sizeof *kinds };

static audio_bytes file_of(const kind *k, size_t frames)
{
    const audio_recipe recipe = {.format = k->format, .channels = 2, .rate = RATE};
    return audio_write_tones(&recipe, frames);
}

/* One file, and an engine that finds it. */
typedef struct setup {
    own_file file;
    own_files files;
    audio_bytes bytes;
    motet_engine *engine;
} setup;

static void discard(void *user, motet_log_level level, const char *text)
{
    (void)user, (void)level, (void)text;
}

static void begin(setup *s, const kind *k, size_t frames)
{
    *s = (setup){.bytes = file_of(k, frames)};
    s->file = (own_file){.path = k->name, .data = s->bytes.data, .size = s->bytes.size};
    s->files = (own_files){.files = &s->file, .count = 1};
    s->engine = motet_engine_create(&(motet_engine_def){
        .device = MOTET_DEVICE_MANUAL, .no_limiter = true, .files = own_files_table(&s->files), .log = discard});
    assert_non_null(s->engine);
}

static void end(setup *s)
{
    motet_engine_destroy(s->engine);
    assert_true(own_files_are_at_rest(&s->files));
    audio_bytes_free(&s->bytes);
}

/* The samples of a sound as it was loaded; the caller frees. */
static float *samples_of(motet_engine *engine, motet_sound sound, size_t *count)
{
    motet_sound_info info;
    assert_int_equal(motet_sound_get_info(engine, sound, &info), MOTET_OK);
    *count = (size_t)info.frame_count * info.channels;
    float *samples = audio_allocate((*count + 1) * sizeof *samples);
    uint32_t read;
    assert_int_equal(motet_sound_read_f32(engine, sound, 0, samples, (uint32_t)info.frame_count, &read), MOTET_OK);
    assert_int_equal(read, info.frame_count);
    return samples;
}

static void check_load(setup *s, const char *what)
{
    size_t wanted_count, count;
    motet_sound wanted = motet_sound_load_memory(s->engine, s->bytes.data, s->bytes.size, NULL);
    motet_sound sound = motet_sound_load(s->engine, s->file.path, NULL);
    if (sound.id == 0) {
        fail_msg("%s, %s: %s", s->file.path, what, motet_last_error());
    }
    float *a = samples_of(s->engine, wanted, &wanted_count), *b = samples_of(s->engine, sound, &count);
    if (count != wanted_count || count == 0 || memcmp(a, b, count * sizeof *a) != 0) {
        fail_msg("%s, %s: other samples than from memory (%zu, not %zu)", s->file.path, what, count, wanted_count);
    }
    assert_int_equal(motet_sound_release(s->engine, sound), MOTET_OK);
    assert_int_equal(motet_sound_release(s->engine, wanted), MOTET_OK);
    assert_true(own_files_are_at_rest(&s->files));
    free(a);
    free(b);
}

static void short_reads_change_nothing(void **state)
{
    (void)state;
    static const size_t pieces[] = {1, 2, 3, 5, 17, 1000, 0};
    for (size_t k = 0; k < KINDS; k++) {
        setup s;
        begin(&s, &kinds[k], RATE / 4);
        for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
            char what[32];
            snprintf(what, sizeof what, "%zu bytes a read", pieces[i]);
            s.file.piece = pieces[i];
            check_load(&s, what);
        }
        s.file.piece = 0;
        s.file.no_seek = true;
        check_load(&s, "without a seek");
        s.file.unknown_size = true;
        s.file.piece = 10007;
        motet_store_release_u32(&s.file.seldom, 1);
        check_load(&s, "without a seek and a size, and late");
        end(&s);
    }
}

static void expect_refused(setup *s, const motet_sound_def *def, motet_result result, const char *sentence)
{
    motet_sound sound = motet_sound_load(s->engine, s->file.path, def);
    char wanted[300];
    snprintf(wanted, sizeof wanted, "%s: %s", s->file.path, sentence);
    assert_true(sound.id == 0);
    assert_string_equal(motet_last_error(), wanted);
    assert_int_equal(motet_last_result(), result);
    assert_true(own_files_are_at_rest(&s->files));
}

static void opens_that_fail(void **state)
{
    (void)state;
    setup s;
    begin(&s, &kinds[0], 1000);
    s.file.open_result = MOTET_ERROR_NOT_FOUND;
    expect_refused(&s, NULL, MOTET_ERROR_NOT_FOUND, "no such file");
    s.file.open_result = MOTET_ERROR_MEMORY;
    expect_refused(&s, NULL, MOTET_ERROR_MEMORY, "cannot be opened: out of memory");
    s.file.open_result = (motet_result)1234;
    expect_refused(&s, NULL, MOTET_ERROR_IO, "cannot be opened: the program's open returned no motet_result");
    s.file.open_result = MOTET_OK;
    assert_int_equal(motet_load_relaxed_u64(&s.files.opened), 0);
    s.file.no_read = true;
    expect_refused(&s, NULL, MOTET_ERROR_IO, "the program's open gave no function to read with");
    assert_int_equal(motet_load_relaxed_u64(&s.files.closed), 1);
    s.file.no_read = false;
    s.file.size = SIZE_MAX;
    expect_refused(&s, NULL, MOTET_ERROR_IO, "the program's open gave a size of more than 2^63 bytes");
    s.file.size = s.bytes.size;
    check_load(&s, "after all");
    end(&s);
}

/* A file that fails somewhere is not half a sound: it is refused, and by what it was that failed. */
static void reads_that_fail(void **state)
{
    (void)state;
    for (size_t k = 0; k < KINDS; k++) {
        setup s;
        begin(&s, &kinds[k], RATE / 4);
        for (int part = 0; part < 8; part++) {
            uint64_t at = part == 0 ? 1 : s.bytes.size * (uint64_t)part / 8;
            char sentence[64];
            snprintf(sentence, sizeof sentence, "reading failed at byte %llu", (unsigned long long)at);
            motet_store_release_u64(&s.file.fail_at, at);
            s.file.no_seek = false;
            expect_refused(&s, NULL, MOTET_ERROR_IO, sentence);
            s.file.no_seek = true;
            expect_refused(&s, NULL, MOTET_ERROR_IO, sentence);
            s.file.no_seek = false;
            expect_refused(&s, &(motet_sound_def){.stream = true, .in_memory = true}, MOTET_ERROR_IO, sentence);
        }
        motet_store_release_u64(&s.file.fail_at, 0);
        s.file.odd = true;
        expect_refused(&s, NULL, MOTET_ERROR_IO, "reading failed at byte 0");
        s.file.odd = false;
        s.file.greedy = true;
        assert_true(motet_sound_load(s.engine, s.file.path, NULL).id == 0);
        assert_int_equal(motet_last_result(), MOTET_ERROR_IO);
        unsigned long long got, asked;
        const char *sentence = motet_last_error() + strlen(s.file.path);
        assert_int_equal(sscanf(sentence, ": read returned %llu for %llu bytes at byte 0", &got, &asked), 2);
        assert_int_equal(got, asked + 1);
        end(&s);
    }
}

/* One that ends before its size says is a file that is cut: as from memory. */
static void file_that_ends_early(void **state)
{
    (void)state;
    for (size_t k = 0; k < KINDS; k++) {
        setup s;
        size_t wanted_count, count;
        if ((kinds[k].format & SF_FORMAT_TYPEMASK) == SF_FORMAT_CAF) {
            continue; /* libsndfile has none that is cut */
        }
        begin(&s, &kinds[k], 4 * RATE);
        size_t half = s.bytes.size / 2;
        motet_sound wanted = motet_sound_load_memory(s.engine, s.bytes.data, half, NULL);
        motet_store_release_u64(&s.file.ends_at, half);
        motet_sound sound = motet_sound_load(s.engine, s.file.path, NULL);
        if (wanted.id == 0 || sound.id == 0) {
            fail_msg("%s: %s", s.file.path, motet_last_error());
        }
        float *a = samples_of(s.engine, wanted, &wanted_count), *b = samples_of(s.engine, sound, &count);
        /* What lies across the end is half there: some decoders find that, too. */
        size_t same = count < wanted_count ? count : wanted_count;
        if (same < RATE / 4 || memcmp(a, b, same * sizeof *a) != 0) {
            fail_msg("%s: %zu and %zu samples of a half", s.file.path, wanted_count, count);
        }
        motet_sound_info info;
        assert_int_equal(motet_sound_get_info(s.engine, sound, &info), MOTET_OK);
        assert_true(info.truncated);
        free(a);
        free(b);
        end(&s);
    }
}

/* One that is given up reads nothing more, even where it waits. */
static void given_up(void **state)
{
    (void)state;
    setup s;
    begin(&s, &kinds[0], 1000);
    motet_heap heap;
    motet_heap_init(&heap, &(motet_allocator){0});
    motet_files table = own_files_table(&s.files), system = {0};
    motet_atomic_u32 cancelled = {0};
    motet_byte_source source;
    char error[256] = "", bytes[64];
    for (int way = 0; way < 3; way++) {
        motet_store_release_u32(&s.file.deaf, way == 1);
        const motet_files *files = way == 2 ? &system : &table;
        const char *path = way == 2 ? "/proc/self/exe" : s.file.path;
        assert_int_equal(motet_byte_source_open(&source, &heap, files, path, error, sizeof error), MOTET_OK);
        source.cancelled = &cancelled;
        const motet_source *from = &source.source;
        motet_store_release_u32(&cancelled, way == 1);
        if (way != 1) {
            assert_int_equal(from->read(from->user, bytes, sizeof bytes), sizeof bytes);
            motet_store_release_u32(&cancelled, 1);
        }
        assert_int_equal(from->read(from->user, bytes, sizeof bytes), -1);
        motet_store_release_u32(&cancelled, 0);
        assert_int_equal(from->read(from->user, bytes, sizeof bytes), -1);
        assert_int_equal(motet_byte_source_judge(&source, MOTET_OK, error, sizeof error), MOTET_ERROR_IO);
        assert_string_equal(error, way == 1 ? "given up at byte 0" : "given up at byte 64");
        motet_byte_source_close(&source);
    }
    motet_heap_destroy(&heap);
    end(&s);
}

/* A path means something with its files only. */
static void same_path_other_files(void **state)
{
    (void)state;
    setup s, other;
    begin(&s, &kinds[0], 1000);
    begin(&other, &kinds[0], 2000);
    motet_files table = own_files_table(&other.files), system = {0};
    motet_sound a = motet_sound_load(s.engine, "a.wav", NULL);
    motet_sound again = motet_sound_load(s.engine, "a.wav", &(motet_sound_def){.files = NULL});
    motet_sound b = motet_sound_load(s.engine, "a.wav", &(motet_sound_def){.files = &table});
    motet_sound b_again = motet_sound_load(s.engine, "a.wav", &(motet_sound_def){.files = &table});
    motet_sound streamed = motet_sound_load(s.engine, "a.wav", &(motet_sound_def){.files = &table, .stream = true});
    motet_sound held =
        motet_sound_load(s.engine, "a.wav", &(motet_sound_def){.files = &table, .stream = true, .in_memory = true});
    assert_true(a.id != 0 && b.id != 0 && streamed.id != 0 && held.id != 0);
    assert_true(a.id == again.id && b.id == b_again.id);
    assert_true(a.id != b.id && b.id != streamed.id && streamed.id != held.id);
    motet_sound_info info;
    assert_int_equal(motet_sound_get_info(s.engine, b, &info), MOTET_OK);
    assert_int_equal(info.frame_count, 2000);
    /* Zeroed ones are the file system, where there is no such file. */
    assert_true(motet_sound_load(s.engine, "a.wav", &(motet_sound_def){.files = &system}).id == 0);
    assert_int_equal(motet_last_result(), MOTET_ERROR_NOT_FOUND);
    assert_non_null(strstr(motet_last_error(), "looked in"));
    end(&s);
    end(&other);
}

/* --------------------------------------------------------------------------------------------------- Streams */

static void render(motet_engine *engine, float *out, uint32_t frames)
{
    while (frames > 0) {
        uint32_t count = motet_engine_prepare(engine, frames);
        assert_true(count > 0);
        motet_engine_render_f32(engine, out, count);
        out += 2 * (size_t)count;
        frames -= count;
    }
}

/* Plays a sound by itself from its start on, and makes a seek on the way. */
static void render_alone(setup *s, const motet_sound_def *def, float *out)
{
    motet_sound sound = motet_sound_load(s->engine, s->file.path, def);
    if (sound.id == 0) {
        fail_msg("%s: %s", s->file.path, motet_last_error());
    }
    motet_voice voice = motet_voice_play(s->engine, sound, NULL);
    assert_true(voice.id != 0);
    render(s->engine, out, RATE / 2);
    assert_int_equal(motet_voice_seek(s->engine, voice, 1000, motet_now()), MOTET_OK);
    render(s->engine, out + RATE, RATE / 2);
    assert_int_equal(motet_sound_release(s->engine, sound), MOTET_OK);
    assert_int_equal(motet_voice_stop(s->engine, voice, motet_now()), MOTET_OK);
    float rest[2 * 1000];
    render(s->engine, rest, 1000);
}

static void streams_of_own_files(void **state)
{
    (void)state;
    static float loaded[2 * RATE], streamed[2 * RATE];
    for (size_t k = 0; k < KINDS; k++) {
        setup s;
        begin(&s, &kinds[k], RATE);
        if ((kinds[k].format & SF_FORMAT_SUBMASK) == SF_FORMAT_OPUS) {
            end(&s); /* differs behind a seek */
            continue;
        }
        render_alone(&s, NULL, loaded);
        static const size_t pieces[] = {0, 7, 999};
        for (size_t i = 0; i < 3; i++) {
            s.file.piece = pieces[i];
            render_alone(&s, &(motet_sound_def){.stream = true}, streamed);
            assert_memory_equal(loaded, streamed, sizeof loaded);
        }
        uint64_t reads = motet_load_relaxed_u64(&s.files.reads);
        assert_true(reads > 0);
        end(&s);
    }
}

/* Read once, on loading; from then on the file may be gone. */
static void held_in_memory(void **state)
{
    (void)state;
    static float loaded[2 * RATE], streamed[2 * RATE];
    setup s;
    begin(&s, &kinds[5], RATE);
    assert_true(motet_sound_load(s.engine, s.file.path, &(motet_sound_def){.in_memory = true}).id == 0);
    assert_int_equal(motet_last_result(), MOTET_ERROR_INVALID);
    assert_string_equal(motet_last_error(),
                        "in_memory without stream; a sound that is not streamed has its samples in memory");
    render_alone(&s, NULL, loaded);
    const motet_sound_def def = {.stream = true, .in_memory = true};
    motet_sound sound = motet_sound_load(s.engine, s.file.path, &def);
    assert_true(sound.id != 0);
    motet_sound_info info;
    assert_int_equal(motet_sound_get_info(s.engine, sound, &info), MOTET_OK);
    assert_int_equal(info.memory_bytes, s.bytes.size);
    assert_int_equal(info.frame_count, RATE);
    assert_true(own_files_are_at_rest(&s.files));
    uint64_t reads = motet_load_relaxed_u64(&s.files.reads);
    s.file.open_result = MOTET_ERROR_NOT_FOUND;
    render_alone(&s, &def, streamed);
    assert_memory_equal(loaded, streamed, sizeof loaded);
    assert_int_equal(motet_load_relaxed_u64(&s.files.reads), reads);
    end(&s);
}

/* ---------------------------------------------------------------------------------------------------- Radio */

/* Renders at the pace at which the voice is written, until it ends: the frames that it played, without those of its
 * gaps. */
static size_t render_live(setup *s, float *out, size_t most, motet_event *ended)
{
    size_t heard = 0;
    for (int i = 0; i < 20000; i++) {
        float block[2 * 256];
        motet_event event;
        motet_engine_render_f32(s->engine, block, 256);
        bool over = false;
        while (motet_engine_poll_event(s->engine, &event)) {
            if (event.type == MOTET_EVENT_VOICE_ENDED) {
                *ended = event;
                over = true;
            }
        }
        for (int n = 0; n < 256; n++) {
            if (block[2 * n] != 0 || block[2 * n + 1] != 0) {
                assert_true(heard < most);
                memcpy(out + 2 * heard++, block + 2 * n, 2 * sizeof *out);
            }
        }
        if (over) {
            return heard;
        }
        motet_sleep_ms(1);
    }
    fail_msg("%s: the voice does not end", s->file.path);
    return 0;
}

/* The frames of a sound that are not silent. */
static size_t without_silence(float *samples, size_t frames)
{
    size_t kept = 0;
    for (size_t i = 0; i < frames; i++) {
        if (samples[2 * i] != 0 || samples[2 * i + 1] != 0) {
            memmove(samples + 2 * kept++, samples + 2 * i, 2 * sizeof *samples);
        }
    }
    return kept;
}

/* What comes from a file that cannot seek has the samples of the loaded sound. */
static void radio_of_every_format(void **state)
{
    (void)state;
    const motet_sound_def def = {.stream = true};
    for (size_t k = 0; k < KINDS; k++) {
        setup s;
        begin(&s, &kinds[k], RATE);
        s.file.no_seek = s.file.unknown_size = true;
        s.file.piece = 777;
        if (!kinds[k].from_seekless) {
            expect_refused(&s, &def, MOTET_ERROR_UNSUPPORTED,
                           "Opus is not read from a file that cannot seek; expected Vorbis, MP3, FLAC or WAV");
            end(&s);
            continue;
        }
        motet_sound loaded = motet_sound_load_memory(s.engine, s.bytes.data, s.bytes.size, NULL);
        size_t count;
        float *wanted = samples_of(s.engine, loaded, &count);
        count = without_silence(wanted, count / 2);
        motet_sound radio = motet_sound_load(s.engine, s.file.path, &def);
        if (radio.id == 0) {
            fail_msg("%s", motet_last_error());
        }
        motet_sound_info info;
        assert_int_equal(motet_sound_get_info(s.engine, loaded, &info), MOTET_OK);
        assert_true(info.seekable);
        assert_int_equal(motet_sound_get_info(s.engine, radio, &info), MOTET_OK);
        assert_true(!info.seekable && info.frame_count == 0 && info.channels == 2 && info.sample_rate_hz == RATE);
        /* The first voice has the file that loading has opened, the second opens it again. */
        for (int turn = 1; turn <= 2; turn++) {
            float *heard = audio_allocate(4 * RATE * sizeof *heard);
            motet_event ended = {0};
            assert_true(motet_voice_play(s.engine, radio, NULL).id != 0);
            size_t frames = render_live(&s, heard, 2 * RATE, &ended);
            assert_int_equal(ended.reason, MOTET_END_ENDED);
            if (frames != count || memcmp(heard, wanted, count * 2 * sizeof *heard) != 0) {
                size_t at = 0;
                while (at < frames && at < count && memcmp(heard + 2 * at, wanted + 2 * at, 8) == 0) at++;
                fail_msg("%s: %zu frames of %zu, alike up to %zu", s.file.path, frames, count, at);
            }
            free(heard);
            assert_int_equal(motet_load_relaxed_u64(&s.files.opened), turn);
        }
        free(wanted);
        end(&s);
    }
}

/* What such a voice cannot do is refused by name. */
static void radio_goes_one_way(void **state)
{
    (void)state;
    setup s;
    begin(&s, &kinds[5], RATE);
    s.file.no_seek = true;
    motet_sound radio = motet_sound_load(s.engine, s.file.path, &(motet_sound_def){.stream = true});
    assert_true(radio.id != 0);
    const char *const words[] = {"f.ogg cannot seek: a voice of it cannot loop",
                                 "f.ogg cannot seek: a voice of it cannot start inside it",
                                 "f.ogg cannot seek: a voice of it cannot seek"};
    assert_true(motet_voice_play(s.engine, radio, &(motet_voice_def){.loop = true}).id == 0);
    assert_string_equal(motet_last_error(), words[0]);
    assert_true(motet_voice_play(s.engine, radio, &(motet_voice_def){.from_frame = 1}).id == 0);
    assert_string_equal(motet_last_error(), words[1]);
    motet_voice voice = motet_voice_play(s.engine, radio, &(motet_voice_def){.pitch = 1.5, .loop_count = 3});
    assert_true(voice.id != 0);
    assert_int_equal(motet_voice_seek(s.engine, voice, 0, motet_now()), MOTET_ERROR_INVALID);
    assert_string_equal(motet_last_error(), words[2]);
    assert_int_equal(motet_voice_set_loop(s.engine, voice, true, motet_now()), MOTET_ERROR_INVALID);
    assert_string_equal(motet_last_error(), words[0]);
    assert_int_equal(motet_voice_set_loop(s.engine, voice, false, motet_now()), MOTET_OK);
    assert_int_equal(motet_voice_set_loop_range(s.engine, voice, 0, 100, motet_now()), MOTET_ERROR_INVALID);
    uint32_t taken;
    const float frame[2] = {0};
    assert_int_equal(motet_feed_write_f32(s.engine, voice, frame, 1, &taken), MOTET_ERROR_INVALID);
    assert_int_equal(motet_voice_pause(s.engine, voice, motet_now()), MOTET_OK);
    assert_int_equal(motet_voice_resume(s.engine, voice, motet_now()), MOTET_OK);
    motet_voice_state now;
    assert_int_equal(motet_voice_get_state(s.engine, voice, &now), MOTET_OK);
    assert_int_equal(now.sound.id, radio.id);
    char text[200];
    assert_int_equal(motet_voice_explain(s.engine, voice, text, sizeof text), MOTET_OK);
    assert_int_equal(motet_sound_stop(s.engine, radio, motet_now()), MOTET_OK);
    static float heard[2 * 2 * RATE];
    motet_event ended;
    render_live(&s, heard, 2 * RATE, &ended);
    assert_int_equal(ended.reason, MOTET_END_STOPPED);
    assert_int_equal(ended.sound.id, radio.id);
    end(&s);
}

static void wait_for(setup *s, motet_event_type type, motet_event *event)
{
    for (int i = 0; i < 20000; i++) {
        float block[2 * 256];
        motet_engine_render_f32(s->engine, block, 256);
        while (motet_engine_poll_event(s->engine, event)) {
            if (event->type == type) {
                return;
            }
        }
        motet_sleep_ms(1);
    }
    fail_msg("no event of type %d", (int)type);
}

/* Nothing for a while is a gap, an error is a failure, and a file that says "later" for ever holds up nobody who leaves
 * it. */
static void radio_that_stutters(void **state)
{
    (void)state;
    setup s;
    motet_event event;
    begin(&s, &kinds[0], 2 * RATE);
    s.file.no_seek = s.file.unknown_size = true;
    motet_store_release_u64(&s.file.open_at, s.file.size / 2);
    motet_sound radio = motet_sound_load(s.engine, s.file.path, &(motet_sound_def){.stream = true});
    assert_true(radio.id != 0);
    motet_voice voice = motet_voice_play(s.engine, radio, NULL);
    wait_for(&s, MOTET_EVENT_STREAM_STARVED, &event);
    assert_int_equal(event.voice.id, voice.id);
    motet_stats stats;
    assert_int_equal(motet_engine_get_stats(s.engine, &stats), MOTET_OK);
    assert_int_equal(stats.stream_gaps, 1);
    assert_int_equal(stats.feed_gaps, 0);
    assert_true(motet_voice_is_active(s.engine, voice));
    char text[200];
    assert_int_equal(motet_voice_explain(s.engine, voice, text, sizeof text), MOTET_OK);
    assert_non_null(strstr(text, "; silent: its file gives nothing"));
    motet_store_release_u64(&s.file.open_at, 0);
    wait_for(&s, MOTET_EVENT_VOICE_ENDED, &event);
    assert_int_equal(event.reason, MOTET_END_ENDED);

    motet_store_release_u64(&s.file.fail_at, s.file.size / 2);
    voice = motet_voice_play(s.engine, radio, NULL);
    wait_for(&s, MOTET_EVENT_VOICE_ENDED, &event);
    assert_int_equal(event.reason, MOTET_END_FAILED);
    s.file.open_result = MOTET_ERROR_IO;
    voice = motet_voice_play(s.engine, radio, NULL);
    wait_for(&s, MOTET_EVENT_VOICE_ENDED, &event);
    assert_int_equal(event.reason, MOTET_END_FAILED);
    s.file.open_result = MOTET_OK;

    motet_store_release_u64(&s.file.fail_at, 0);
    motet_store_release_u32(&s.file.deaf, 1);
    for (int i = 0; i < 3; i++) {
        voice = motet_voice_play(s.engine, radio, NULL);
        assert_true(voice.id != 0);
    }
    assert_int_equal(motet_voice_stop(s.engine, voice, motet_now()), MOTET_OK);
    wait_for(&s, MOTET_EVENT_VOICE_ENDED, &event);
    assert_int_equal(event.reason, MOTET_END_STOPPED);
    assert_int_equal(motet_sound_release(s.engine, radio), MOTET_OK);
    end(&s); /* two of them wait */
}

/* A sound that nobody plays gives its open file back with its release, or with the engine. */
static void radio_that_nobody_hears(void **state)
{
    (void)state;
    setup s;
    begin(&s, &kinds[7], RATE);
    s.file.no_seek = true;
    for (int i = 0; i < 2; i++) {
        motet_sound radio = motet_sound_load(s.engine, s.file.path, &(motet_sound_def){.stream = true});
        assert_true(radio.id != 0);
        assert_false(own_files_are_at_rest(&s.files));
        if (i == 0) {
            assert_int_equal(motet_sound_release(s.engine, radio), MOTET_OK);
            assert_true(own_files_are_at_rest(&s.files));
        }
    }
    motet_store_release_u64(&s.file.fail_at, 100);
    assert_true(motet_sound_load(s.engine, s.file.path, &(motet_sound_def){.stream = true, .name = "x"}).id == 0);
    assert_int_equal(motet_last_result(), MOTET_ERROR_IO);
    assert_string_equal(motet_last_error(), "h.mp3: reading failed at byte 100");
    end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(short_reads_change_nothing),
        cmocka_unit_test(opens_that_fail),
        cmocka_unit_test(reads_that_fail),
        cmocka_unit_test(file_that_ends_early),
        cmocka_unit_test(given_up),
        cmocka_unit_test(same_path_other_files),
        cmocka_unit_test(streams_of_own_files),
        cmocka_unit_test(held_in_memory),
        cmocka_unit_test(radio_of_every_format),
        cmocka_unit_test(radio_goes_one_way),
        cmocka_unit_test(radio_that_stutters),
        cmocka_unit_test(radio_that_nobody_hears),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
