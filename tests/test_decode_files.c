/* Loop points and tags, files that are odd but whole, and real files. */
#include "support/audio_files.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---------------------------------------------------------------------------------------- Loop points and tags */

static void append_wav_start(audio_bytes *file, int frames)
{
    audio_bytes_append_text(file, "RIFF");
    audio_bytes_append_le(file, 0, 4);
    audio_bytes_append_text(file, "WAVEfmt ");
    audio_bytes_append_le(file, 16, 4);
    audio_bytes_append_le(file, 1, 2);     /* PCM */
    audio_bytes_append_le(file, 1, 2);     /* channels */
    audio_bytes_append_le(file, 44100, 4); /* rate */
    audio_bytes_append_le(file, 88200, 4); /* bytes a second */
    audio_bytes_append_le(file, 2, 2);     /* bytes a frame */
    audio_bytes_append_le(file, 16, 2);    /* bits */
    audio_bytes_append_text(file, "data");
    audio_bytes_append_le(file, (uint64_t)frames * 2, 4);
    for (int i = 0; i < frames; i++) audio_bytes_append_le(file, (uint64_t)i, 2);
}

static void finish_riff(audio_bytes *file)
{
    for (size_t i = 0; i < 4; i++) file->data[4 + i] = (unsigned char)((file->size - 8) >> 8 * i);
}

/* A "smpl" chunk byte by byte: its end is the last frame of the loop, ours is the frame after it. */
static void test_loop_wav(void **state)
{
    (void)state;
    static const struct {
        uint32_t type, start, end;
        uint64_t wanted_start, wanted_end;
    } cases[] = {
        {0, 100, 899, 100, 900}, {0, 0, 999, 0, 1000}, {0, 5, 5, 5, 6},
        {0, 100, 1000, 0, 0},    {0, 900, 100, 0, 0},  {1, 100, 899, 0, 0}, /* to and fro */
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        audio_bytes file = {0};
        append_wav_start(&file, 1000);
        audio_bytes_append_text(&file, "smpl");
        audio_bytes_append_le(&file, 36 + 24, 4);
        for (int k = 0; k < 7; k++) audio_bytes_append_le(&file, k == 3 ? 60 : 0, 4);
        audio_bytes_append_le(&file, 1, 4); /* loops */
        audio_bytes_append_le(&file, 0, 4); /* further bytes */
        audio_bytes_append_le(&file, 0, 4); /* name */
        audio_bytes_append_le(&file, cases[i].type, 4);
        audio_bytes_append_le(&file, cases[i].start, 4);
        audio_bytes_append_le(&file, cases[i].end, 4);
        audio_bytes_append_le(&file, 0, 4);
        audio_bytes_append_le(&file, 0, 4);
        finish_riff(&file);
        audio_decoder decoder;
        audio_open_whole(&decoder, &file);
        assert_int_equal(decoder.info.frame_count, 1000);
        assert_int_equal(decoder.info.loop_start_frame, cases[i].wanted_start);
        assert_int_equal(decoder.info.loop_end_frame, cases[i].wanted_end);
        audio_close(&decoder);
        audio_bytes_free(&file);
    }
}

/* 1000 frames with markers at 100 and 900. */
static audio_bytes make_aiff(bool loop)
{
    audio_bytes file = {0};
    audio_bytes_append_text(&file, "FORM");
    audio_bytes_append_be(&file, 0, 4);
    audio_bytes_append_text(&file, "AIFFCOMM");
    audio_bytes_append_be(&file, 18, 4);
    audio_bytes_append_be(&file, 1, 2);
    audio_bytes_append_be(&file, 1000, 4);
    audio_bytes_append_be(&file, 16, 2);
    audio_bytes_append(&file, "\x40\x0E\xAC\x44\0\0\0\0\0\0", 10); /* 44100 */
    audio_bytes_append_text(&file, "MARK");
    audio_bytes_append_be(&file, 2 + 2 * 8, 4);
    audio_bytes_append_be(&file, 2, 2);
    for (uint64_t k = 1; k <= 2; k++) {
        audio_bytes_append_be(&file, k, 2);
        audio_bytes_append_be(&file, k == 1 ? 100 : 900, 4);
        audio_bytes_append_be(&file, 1, 1);
        audio_bytes_append_text(&file, k == 1 ? "a" : "b");
    }
    if (loop) {
        audio_bytes_append_text(&file, "INST");
        audio_bytes_append_be(&file, 20, 4);
        audio_bytes_append(&file, "\x3C\0\0\x7F\0\x7F\0\0", 8);
        audio_bytes_append_be(&file, 1, 2); /* sustain loop forward */
        audio_bytes_append_be(&file, 1, 2);
        audio_bytes_append_be(&file, 2, 2);
        for (int k = 0; k < 3; k++) audio_bytes_append_be(&file, 0, 2);
    }
    audio_bytes_append_text(&file, "SSND");
    audio_bytes_append_be(&file, 8 + 2000, 4);
    audio_bytes_append_be(&file, 0, 8);
    for (uint64_t i = 0; i < 1000; i++) audio_bytes_append_be(&file, i, 2);
    for (size_t i = 0; i < 4; i++) file.data[4 + i] = (unsigned char)((file.size - 8) >> 8 * (3 - i));
    return file;
}

/* AIFF keeps loops as markers between frames: the end is the frame after the loop already. */
static void test_loop_aiff(void **state)
{
    (void)state;
    audio_bytes file = make_aiff(true);
    audio_decoder decoder;
    uint64_t frames;
    audio_open_whole(&decoder, &file);
    assert_int_equal(decoder.info.loop_start_frame, 100);
    assert_int_equal(decoder.info.loop_end_frame, 900);
    int16_t *samples = audio_decode_s16(&decoder, &frames);
    assert_int_equal(frames, 1000);
    assert_int_equal(samples[999], 999);
    free(samples);
    audio_close(&decoder);
    audio_bytes_free(&file);
}

/* ------------------------------------------------------------------------------------------------------- Markers */

static void append_cues(audio_bytes *file, uint32_t claimed, size_t count, const uint32_t *frames)
{
    audio_bytes_append_text(file, "cue ");
    audio_bytes_append_le(file, 4 + 24 * count, 4);
    audio_bytes_append_le(file, claimed, 4);
    for (size_t i = 0; i < count; i++) {
        audio_bytes_append_le(file, i + 1, 4);
        audio_bytes_append_le(file, 0, 4); /* in the play list */
        audio_bytes_append_text(file, "data");
        audio_bytes_append_le(file, 0, 8);
        audio_bytes_append_le(file, frames[i], 4);
    }
}

static void append_label(audio_bytes *file, uint32_t cue, const char *name)
{
    size_t size = strlen(name) + 1;
    audio_bytes_append_text(file, "LIST");
    audio_bytes_append_le(file, 4 + 8 + 4 + size + size % 2, 4);
    audio_bytes_append_text(file, "adtllabl");
    audio_bytes_append_le(file, 4 + size, 4);
    audio_bytes_append_le(file, cue, 4);
    audio_bytes_append(file, name, size);
    audio_bytes_append_le(file, 0, size % 2);
}

/* Loads the file as a program does. */
static motet_sound load(motet_engine **engine, const audio_bytes *file, const motet_sound_def *def)
{
    motet_engine_def engine_def = {.device = MOTET_DEVICE_MANUAL};
    *engine = motet_engine_create(&engine_def);
    assert_non_null(*engine);
    return motet_sound_load_memory(*engine, file->data, file->size, def);
}

static void expect_markers(const audio_bytes *file, size_t count, const motet_marker *wanted)
{
    motet_engine *engine;
    motet_sound sound = load(&engine, file, NULL);
    motet_sound_info info = {0};
    assert_int_equal(motet_sound_get_info(engine, sound, &info), MOTET_OK);
    assert_int_equal(info.marker_count, count);
    for (uint32_t i = 0; i < count; i++) {
        motet_marker marker;
        assert_int_equal(motet_sound_get_marker(engine, sound, i, &marker), MOTET_OK);
        assert_int_equal(marker.frame, wanted[i].frame);
        assert_string_equal(marker.name, wanted[i].name);
    }
    motet_engine_destroy(engine);
}

static void test_markers_wav(void **state)
{
    (void)state;
    audio_bytes file = {0};
    /* Out of order, two of one frame, the last frame, and three outside. */
    static const uint32_t frames[] = {500, 0, 999, 500, 1000, 0x80000000, UINT32_MAX};
    append_wav_start(&file, 1000);
    append_cues(&file, 7, 7, frames);
    append_label(&file, 1, "Caf\xE9"); /* Latin-1 */
    append_label(&file, 2,
                 "d\xC3\xA9"
                 "but");
    append_label(&file, 5, "outside");
    append_label(&file, 77, "of nothing");
    finish_riff(&file);
    static const motet_marker wanted[] = {
        {0, "d\xC3\xA9"
            "but"},
        {500, "Caf\xC3\xA9"},
        {500, ""},
        {999, ""},
    };
    expect_markers(&file, 4, wanted);

    /* A def's are in the place of the file's. */
    motet_engine *engine;
    const motet_marker own = {7, "own"};
    motet_sound sound = load(&engine, &file, &(motet_sound_def){.markers = &own, .marker_count = 1});
    motet_marker marker;
    assert_int_equal(motet_sound_get_marker(engine, sound, 0, &marker), MOTET_OK);
    assert_true(marker.frame == 7 && strcmp(marker.name, "own") == 0);
    assert_int_equal(motet_sound_get_marker(engine, sound, 1, &marker), MOTET_OK);
    assert_null(marker.name);
    motet_engine_destroy(engine);
    audio_bytes_free(&file);
}

static void test_markers_aiff(void **state)
{
    (void)state;
    audio_bytes file = make_aiff(false);
    expect_markers(&file, 2, (const motet_marker[]){{100, "a"}, {900, "b"}});
    audio_bytes_free(&file);
}

/* Names longer than libsndfile keeps, or than Motet does, end with a whole character. */
static void test_marker_names(void **state)
{
    (void)state;
    for (size_t shift = 0; shift < 4; shift++) {
        char name[600], wanted[600] = "";
        const char *const character = "\xE2\x99\xAA"; /* a note: three bytes */
        memset(name, 'x', shift);
        for (size_t i = 0; i < 120; i++) memcpy(name + shift + 3 * i, character, 3);
        name[shift + 360] = '\0';
        strcpy(wanted, name);
        wanted[shift + (255 - shift) / 3 * 3] = '\0';
        audio_bytes file = {0};
        append_wav_start(&file, 10);
        append_cues(&file, 1, 1, (const uint32_t[]){3});
        append_label(&file, 1, name);
        finish_riff(&file);
        expect_markers(&file, 1, &(motet_marker){3, wanted});
        /* Latin-1 doubles. */
        memset(name, '\xE9', 200);
        name[200] = '\0';
        for (size_t i = 0; i < 127; i++) memcpy(wanted + 2 * i, "\xC3\xA9", 2);
        wanted[254] = '\0';
        file.size = 0;
        append_wav_start(&file, 10);
        append_cues(&file, 1, 1, (const uint32_t[]){3});
        append_label(&file, 1, name);
        finish_riff(&file);
        expect_markers(&file, 1, &(motet_marker){3, wanted});
        audio_bytes_free(&file);
    }
}

/* Chunks that claim more cue points than they have, and more than there may be. */
static void test_broken_cues(void **state)
{
    (void)state;
    static const uint32_t claims[] = {0, 1, 4, 3000, 0x7fffffff, 0xffffffff};
    static const uint32_t frames[] = {1, 2, 3};
    for (size_t i = 0; i < sizeof(claims) / sizeof(claims[0]); i++) {
        audio_bytes file = {0};
        append_wav_start(&file, 1000);
        append_cues(&file, claims[i], 3, frames);
        finish_riff(&file);
        motet_engine *engine;
        motet_sound sound = load(&engine, &file, NULL);
        motet_marker marker = {0};
        assert_int_not_equal(sound.id, 0);
        for (uint32_t k = 0; motet_sound_get_marker(engine, sound, k, &marker) == MOTET_OK && marker.name != NULL;
             k++) {
            assert_in_range(marker.frame, 0, 999);
        }
        motet_engine_destroy(engine);
        /* Cut anywhere. */
        for (size_t size = 44 + 2000; size < file.size; size++) {
            audio_bytes cut = audio_bytes_copy(&file, size);
            sound = load(&engine, &cut, NULL);
            motet_engine_destroy(engine);
            audio_bytes_free(&cut);
        }
        audio_bytes_free(&file);
    }
    audio_bytes file = {0};
    uint32_t many[1500];
    static motet_marker wanted[1000];
    for (uint32_t i = 0; i < 1500; i++) many[i] = 1499 - i;
    for (uint32_t i = 0; i < 1000; i++) wanted[i] = (motet_marker){i, ""};
    append_wav_start(&file, 2000);
    append_cues(&file, 1500, 1500, many);
    finish_riff(&file);
    expect_markers(&file, 1000, wanted); /* the first of them; a warning tells of the others */
    audio_bytes_free(&file);
}

/* Puts another comment of the same length into the place of one. */
static void replace(audio_bytes *file, const char *old, const char *new)
{
    size_t at = audio_bytes_find(file, old);
    assert_true(at != SIZE_MAX);
    assert_int_equal(strlen(old), strlen(new));
    memcpy(file->data + at, new, strlen(new));
    audio_mend_ogg(file->data, file->size);
}

static const char *find_tag(const audio_decoder *decoder, const char *key)
{
    for (uint32_t i = 0; i < decoder->info.tag_count; i++) {
        if (strcmp(decoder->info.tags[i].key, key) == 0) return decoder->info.tags[i].value;
    }
    return "";
}

static void test_loop_comments(void **state)
{
    (void)state;
    static const int formats[] = {SF_FORMAT_OGG | SF_FORMAT_VORBIS, SF_FORMAT_OGG | SF_FORMAT_OPUS,
                                  SF_FORMAT_FLAC | SF_FORMAT_PCM_16};
    /* The title's place and the artist's. */
    static const struct {
        const char *first, *second;
        uint64_t start, end;
    } cases[] = {
        {"LOOPSTART=01000", "LOOPLENGTH=05000", 1000, 6000}, {"loopstart=01000", "LoopLength=05000", 1000, 6000},
        {"LOOP_START=1000", "LOOP_END=0006000", 1000, 6000}, {"LOOPSTART=01000", "COMMENT=nonsense", 1000, 20000},
        {"LOOPLENGTH=5000", "COMMENT=nonsense", 0, 5000},    {"LOOPSTART=01000", "LOOPEND=00020000", 1000, 20000},
        {"LOOPSTART=01000", "LOOPEND=00020001", 0, 0},       {"LOOPSTART=01000", "LOOPEND=00001000", 0, 0},
        {"LOOPSTART=-1000", "LOOPEND=00001000", 0, 1000},    {"LOOPSTART=01.00", "LOOPEND=halfway!", 0, 0},
    };
    for (size_t f = 0; f < 3; f++) {
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
            audio_recipe recipe = {
                .format = formats[f], .channels = 1, .rate = 48000, .title = "first tag", .artist = "second ta"};
            audio_bytes file = audio_write_tones(&recipe, 20000);
            /* Keys are written in one case or another by different formats. */
            bool upper = audio_bytes_find(&file, "TITLE=") != SIZE_MAX;
            replace(&file, upper ? "TITLE=first tag" : "title=first tag", cases[i].first);
            replace(&file, upper ? "ARTIST=second ta" : "artist=second ta", cases[i].second);
            audio_decoder decoder;
            audio_open_whole(&decoder, &file);
            if (decoder.info.loop_start_frame != cases[i].start || decoder.info.loop_end_frame != cases[i].end) {
                fail_msg("format %zu, case %zu: loop %d to %d", f, i, (int)decoder.info.loop_start_frame,
                         (int)decoder.info.loop_end_frame);
            }
            if (i == 3) assert_string_equal(find_tag(&decoder, "COMMENT"), "nonsense");
            audio_close(&decoder);
            audio_bytes_free(&file);
        }
    }
}

static void test_chapters(void **state)
{
    (void)state;
    static const int formats[] = {SF_FORMAT_OGG | SF_FORMAT_VORBIS, SF_FORMAT_OGG | SF_FORMAT_OPUS,
                                  SF_FORMAT_FLAC | SF_FORMAT_PCM_16};
    static const struct {
        const char *first, *second;
        size_t count;
        motet_marker marker;
    } cases[] = {
        {"CHAPTER001=00:00:00.250", "CHAPTER001NAME=here", 1, {12000, "here"}},
        {"chapter01=0:00:00.2500x", "chapter01name= Here", 0, {0}},
        {"Chapter01=00:00:00.0005", "Chapter01Name=Herea", 0, {0}},
        {"CHAPTER02=000:00:00.001", "CHAPTER03NAME=other", 1, {48, ""}},
        {"CHAPTER999=0000:00:00.1", "CHAPTER999NAME=last", 1, {4800, "last"}},
        {"CHAPTER001=00:00:00.416", "CHAPTER002=0:0:00.4", 2, {19200, ""}},
        {"CHAPTER001=00:00:00.417", "CHAPTER001NAME=late", 0, {0}}, /* behind the end */
        {"CHAPTER001=00:60:00.000", "CHAPTER1NAME=one: 1", 0, {0}},
        {"CHAPTER1000=00:00:00.00", "CHAPTERNAME=nothing", 0, {0}},
        {"CHAPTER001=9999:59:59.9", "CHAPTER001NAME=late", 0, {0}},
    };
    for (size_t f = 0; f < 3; f++) {
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
            audio_recipe recipe = {.format = formats[f],
                                   .channels = 1,
                                   .rate = 48000,
                                   .title = "the first comment",
                                   .artist = "another com."};
            audio_bytes file = audio_write_tones(&recipe, 20000);
            bool upper = audio_bytes_find(&file, "TITLE=") != SIZE_MAX;
            replace(&file, upper ? "TITLE=the first comment" : "title=the first comment", cases[i].first);
            replace(&file, upper ? "ARTIST=another com." : "artist=another com.", cases[i].second);
            motet_marker wanted[2] = {cases[i].marker, {19968, ""}};
            expect_markers(&file, cases[i].count, wanted);
            audio_bytes_free(&file);
        }
    }
}

static void test_tags(void **state)
{
    (void)state;
    static const int formats[] = {
        SF_FORMAT_WAV | SF_FORMAT_PCM_16,  SF_FORMAT_AIFF | SF_FORMAT_PCM_16, SF_FORMAT_CAF | SF_FORMAT_PCM_16,
        SF_FORMAT_FLAC | SF_FORMAT_PCM_16, SF_FORMAT_OGG | SF_FORMAT_VORBIS,  SF_FORMAT_OGG | SF_FORMAT_OPUS,
    };
    for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
        audio_recipe recipe = {.format = formats[i],
                               .channels = 2,
                               .rate = 48000,
                               .title = "Ein St\xC3\xBC"
                                        "ck",
                               .artist = "Somebody"};
        audio_bytes file = audio_write_tones(&recipe, 5000);
        audio_decoder decoder;
        audio_open_whole(&decoder, &file);
        assert_string_equal(find_tag(&decoder, "TITLE"), recipe.title);
        assert_string_equal(find_tag(&decoder, "ARTIST"), recipe.artist);
        audio_close(&decoder);

        /* What is no UTF-8 is Latin-1. */
        size_t at = audio_bytes_find(&file, "Ein St\xC3\xBC");
        if (at != SIZE_MAX) {
            memcpy(file.data + at, "Ein St\xFC!", 8);
            audio_mend_ogg(file.data, file.size);
            audio_open_whole(&decoder, &file);
            assert_string_equal(find_tag(&decoder, "TITLE"), "Ein St\xC3\xBC!ck");
            audio_close(&decoder);
        }
        audio_bytes_free(&file);
    }
}

static void append_id3_frame(audio_bytes *file, const char *id, const char *text, size_t size)
{
    audio_bytes_append_text(file, id);
    audio_bytes_append_be(file, size + 1, 4);
    audio_bytes_append_be(file, 0, 2);
    audio_bytes_append_be(file, 3, 1); /* UTF-8 */
    audio_bytes_append(file, text, size);
}

/* ID3 tags written by hand, with loop points in the frames that name themselves. */
static void test_tags_mp3(void **state)
{
    (void)state;
    audio_recipe recipe = {.format = SF_FORMAT_MPEG | SF_FORMAT_MPEG_LAYER_III, .channels = 2, .rate = 44100};
    audio_bytes inner = audio_write_tones(&recipe, 20000), file = {0};
    audio_bytes_append(&file, "ID3\x04\0\0\0\0\0\0", 10);
    append_id3_frame(&file, "TIT2",
                     "Ein St\xC3\xBC"
                     "ck",
                     10);
    append_id3_frame(&file, "TPE1", "Somebody", 8);
    append_id3_frame(&file, "TRCK", "3", 1);
    append_id3_frame(&file, "TXXX",
                     "LOOPSTART\0"
                     "1000",
                     14);
    append_id3_frame(&file, "TXXX",
                     "LOOPLENGTH\0"
                     "5000",
                     15);
    file.data[9] = (unsigned char)(file.size - 10);
    assert_true(file.size - 10 < 128);
    audio_bytes_append(&file, inner.data, inner.size);

    audio_decoder decoder;
    uint64_t frames;
    audio_open_whole(&decoder, &file);
    assert_string_equal(find_tag(&decoder, "TITLE"), "Ein St\xC3\xBC"
                                                     "ck");
    assert_string_equal(find_tag(&decoder, "ARTIST"), "Somebody");
    assert_string_equal(find_tag(&decoder, "TRACKNUMBER"), "3");
    assert_int_equal(decoder.info.loop_start_frame, 1000);
    assert_int_equal(decoder.info.loop_end_frame, 6000);
    float *samples = audio_decode_f32(&decoder, &frames);
    assert_int_equal(frames, 20000);
    free(samples);
    audio_close(&decoder);
    audio_bytes_free(&file);
    audio_bytes_free(&inner);
}

/* What stands in an ID3v1 tag, behind the sound. */
static void test_tags_mp3_old(void **state)
{
    (void)state;
    audio_recipe recipe = {.format = SF_FORMAT_MPEG | SF_FORMAT_MPEG_LAYER_III, .channels = 2, .rate = 44100};
    audio_bytes file = audio_write_tones(&recipe, 20000);
    unsigned char tag[128] = "TAGAn old one";
    memcpy(tag + 33, "Anybody", 7);
    memcpy(tag + 93, "1999", 4);
    memcpy(tag + 97, "remark", 6);
    tag[126] = 7;
    audio_bytes_append(&file, tag, sizeof(tag));
    audio_decoder decoder;
    audio_open_whole(&decoder, &file);
    assert_string_equal(find_tag(&decoder, "TITLE"), "An old one");
    assert_string_equal(find_tag(&decoder, "ARTIST"), "Anybody");
    assert_string_equal(find_tag(&decoder, "DATE"), "1999");
    assert_string_equal(find_tag(&decoder, "COMMENT"), "remark");
    assert_string_equal(find_tag(&decoder, "TRACKNUMBER"), "7");
    audio_close(&decoder);
    audio_bytes_free(&file);
}

/* In a chunk behind the sound of a WAV, or of an AIFF: all encodings of text, loop points in frames of their own; what
 * a LIST/INFO chunk says counts first, and a frame that is longer than its tag ends it. */
static void test_tags_in_chunks(void **state)
{
    (void)state;
    for (int aiff = 0; aiff < 2; aiff++) {
        audio_bytes id3 = {0}, file = {0};
        audio_bytes_append(&id3, "ID3\x03\0\0\0\0\0\0", 10);
        append_id3_frame(&id3, "TIT2", "Hidden", 6);
        append_id3_frame(&id3, "TRCK", "3/9", 3);
        append_id3_frame(&id3, "TXXX",
                         "LOOPSTART\0"
                         "100",
                         13);
        append_id3_frame(&id3, "TXXX",
                         "LOOPLENGTH\0"
                         "500",
                         14);
        append_id3_frame(&id3, "APIC", "picture", 7);
        audio_bytes_append(&id3, "TPE1\0\0\0\x09\0\0\x01\xFF\xFE\xDC\0\x3D\xD8\0\xDE", 19); /* UTF-16 */
        audio_bytes_append(&id3, "COMM\0\0\0\x0A\0\0\0eng\0Caf\xE9s", 20);                  /* Latin-1 */
        audio_bytes_append(&id3, "TALB\0\0\xFF\xFF\0\0\0cut", 14);
        id3.data[9] = (unsigned char)((id3.size - 10) & 0x7F);
        id3.data[8] = (unsigned char)((id3.size - 10) >> 7);
        if (aiff) {
            file = make_aiff(false);
            audio_bytes_append_text(&file, "ID3 ");
            audio_bytes_append_be(&file, id3.size, 4);
        } else {
            append_wav_start(&file, 1000);
            audio_bytes_append_text(&file, "LIST");
            audio_bytes_append_le(&file, 18, 4);
            audio_bytes_append(&file, "INFOINAM\x06\0\0\0Shown\0", 18);
            audio_bytes_append_text(&file, "id3 ");
            audio_bytes_append_le(&file, id3.size, 4);
        }
        audio_bytes_append(&file, id3.data, id3.size);
        if (file.size % 2 != 0) audio_bytes_append(&file, "", 1);
        for (size_t i = 0; i < 4; i++) {
            file.data[4 + i] = (unsigned char)((file.size - 8) >> 8 * (aiff ? 3 - i : i));
        }
        audio_decoder decoder;
        uint64_t frames;
        audio_open_whole(&decoder, &file);
        assert_string_equal(find_tag(&decoder, "TITLE"), aiff ? "Hidden" : "Shown");
        assert_string_equal(find_tag(&decoder, "TRACKNUMBER"), "3/9");
        assert_string_equal(find_tag(&decoder, "ARTIST"), "\xC3\x9C\xF0\x9F\x98\x80");
        assert_string_equal(find_tag(&decoder, "COMMENT"), "Caf\xC3\xA9s");
        assert_string_equal(find_tag(&decoder, "ALBUM"), "");
        assert_int_equal(decoder.info.loop_start_frame, 100);
        assert_int_equal(decoder.info.loop_end_frame, 600);
        int16_t *samples = audio_decode_s16(&decoder, &frames);
        assert_int_equal(frames, 1000);
        assert_int_equal(samples[999], 999);
        free(samples);
        audio_close(&decoder);
        audio_bytes_free(&file);
        audio_bytes_free(&id3);
    }
}

/* ----------------------------------------------------------------------------------------------- Odd but whole */

static void test_zero_frames(void **state)
{
    (void)state;
    static const int formats[] = {
        SF_FORMAT_WAV | SF_FORMAT_PCM_16,  SF_FORMAT_WAV | SF_FORMAT_FLOAT,   SF_FORMAT_RF64 | SF_FORMAT_PCM_16,
        SF_FORMAT_AIFF | SF_FORMAT_PCM_16, SF_FORMAT_AIFF | SF_FORMAT_DOUBLE, SF_FORMAT_CAF | SF_FORMAT_PCM_16,
        SF_FORMAT_OGG | SF_FORMAT_VORBIS,
    };
    for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
        audio_recipe recipe = {.format = formats[i], .channels = 2, .rate = 48000};
        audio_bytes file = audio_write(&recipe, AUDIO_F32, "", 0);
        audio_decoder decoder;
        audio_open_whole(&decoder, &file);
        assert_int_equal(decoder.info.frame_count, 0);
        for (int k = 0; k < 2; k++) {
            uint64_t frames;
            float *samples = audio_decode_f32(&decoder, &frames);
            assert_int_equal(frames, 0);
            free(samples);
            assert_int_equal(decoder.backend->seek(decoder.decoder, 0, decoder.error, sizeof(decoder.error)), MOTET_OK);
        }
        assert_false(decoder.backend->truncated(decoder.decoder));
        audio_close(&decoder);
        audio_bytes_free(&file);
    }

    /* An Opus file of headers alone, and a FLAC file. libsndfile writes nothing at all for the latter. */
    audio_recipe recipe = {.format = SF_FORMAT_OGG | SF_FORMAT_OPUS, .channels = 2, .rate = 48000};
    audio_bytes file = audio_write(&recipe, AUDIO_F32, "", 0);
    audio_decoder decoder;
    assert_int_equal(audio_open(&decoder, &file), MOTET_ERROR_FORMAT);
    assert_string_equal(decoder.error, "an Opus stream without any sound");
    audio_bytes_free(&file);

    audio_bytes_append_text(&file, "fLaC");
    audio_bytes_append_be(&file, 0x80000022, 4);
    audio_bytes_append_be(&file, 0x10001000, 4);
    audio_bytes_append_be(&file, 0, 6);
    audio_bytes_append_be(&file, UINT64_C(44100) << 44 | UINT64_C(1) << 41 | UINT64_C(15) << 36, 8);
    for (int i = 0; i < 16; i++) audio_bytes_append_be(&file, 0, 1);
    audio_open_whole(&decoder, &file);
    assert_int_equal(decoder.info.channels, 2);
    assert_string_equal(decoder.info.encoding, "16-bit FLAC");
    uint64_t frames;
    free(audio_decode_s16(&decoder, &frames));
    assert_int_equal(frames, 0);
    assert_int_equal(decoder.backend->seek(decoder.decoder, 0, decoder.error, sizeof(decoder.error)), MOTET_OK);
    audio_close(&decoder);
    audio_bytes_free(&file);
}

/* An AIFF with its sound in front of what says what it is like, of an odd number of bytes. */
static void test_aiff_order(void **state)
{
    (void)state;
    audio_bytes file = {0};
    audio_bytes_append_text(&file, "FORM");
    audio_bytes_append_be(&file, 4 + 8 + 8 + 4 + 8 + 18, 4);
    audio_bytes_append_text(&file, "AIFFSSND");
    audio_bytes_append_be(&file, 8 + 3, 4);
    audio_bytes_append_be(&file, 0, 8);
    audio_bytes_append(&file, "\x01\xFF\x7F\0", 4);
    audio_bytes_append_text(&file, "COMM");
    audio_bytes_append_be(&file, 18, 4);
    audio_bytes_append_be(&file, 1, 2);
    audio_bytes_append_be(&file, 3, 4);
    audio_bytes_append_be(&file, 8, 2);
    audio_bytes_append(&file, "\x40\x0E\xAC\x44\0\0\0\0\0\0", 10);
    audio_decoder decoder;
    uint64_t frames;
    audio_open_whole(&decoder, &file);
    int16_t *samples = audio_decode_s16(&decoder, &frames);
    assert_int_equal(frames, 3);
    assert_int_equal(samples[0], 256);
    assert_int_equal(samples[1], -256);
    assert_int_equal(samples[2], 127 * 256);
    free(samples);
    audio_close(&decoder);
    audio_bytes_free(&file);
}

/* Chunks after the sound that a cut has taken do no harm, and a data chunk of no size is believed when the rest of the
 * header is right. */
static void test_trailing_chunks(void **state)
{
    (void)state;
    audio_bytes file = {0};
    audio_decoder decoder;
    uint64_t frames;
    append_wav_start(&file, 1000);
    size_t end = file.size;
    audio_bytes_append_text(&file, "LIST");
    audio_bytes_append_le(&file, 26, 4);
    audio_bytes_append_text(&file, "INFOINAM");
    audio_bytes_append_le(&file, 14, 4);
    audio_bytes_append_text(&file, "somebody's song");
    finish_riff(&file);
    for (size_t cut = end; cut <= file.size; cut++) {
        audio_bytes part = audio_bytes_copy(&file, cut);
        audio_open_whole(&decoder, &part);
        int16_t *samples = audio_decode_s16(&decoder, &frames);
        assert_int_equal(frames, 1000);
        assert_int_equal(samples[999], 999);
        assert_false(decoder.backend->truncated(decoder.decoder));
        free(samples);
        audio_close(&decoder);
        audio_bytes_free(&part);
    }
    audio_bytes_free(&file);

    append_wav_start(&file, 0);
    audio_bytes_append_text(&file, "LIST");
    audio_bytes_append_le(&file, 4, 4);
    audio_bytes_append_text(&file, "INFO");
    finish_riff(&file);
    audio_open_whole(&decoder, &file);
    int16_t *samples = audio_decode_s16(&decoder, &frames);
    assert_int_equal(frames, 0);
    free(samples);
    audio_close(&decoder);
    audio_bytes_free(&file);
}

/* ID3 tags in front of other formats, a tag behind FLAC, and an MP3 stream inside a WAV. */
static void test_wrapped(void **state)
{
    (void)state;
    static const int formats[] = {SF_FORMAT_WAV | SF_FORMAT_PCM_16, SF_FORMAT_FLAC | SF_FORMAT_PCM_16,
                                  SF_FORMAT_OGG | SF_FORMAT_VORBIS, SF_FORMAT_MPEG | SF_FORMAT_MPEG_LAYER_III};
    char trailer[128] = "TAG";
    for (size_t i = 0; i < 4; i++) {
        audio_recipe recipe = {.format = formats[i], .channels = 2, .rate = 44100};
        audio_bytes inner = audio_write_tones(&recipe, 20000), file = {0};
        audio_bytes_append(&file, "ID3\x04\0\0\0\0\x02\x00", 10);
        for (int k = 0; k < 256; k++) audio_bytes_append_le(&file, 0, 1);
        audio_bytes_append(&file, inner.data, inner.size);
        audio_bytes_append(&file, trailer, sizeof(trailer));
        audio_decoder plain, wrapped;
        uint64_t frames, more;
        audio_open_whole(&plain, &inner);
        audio_open_whole(&wrapped, &file);
        float *expected = audio_decode_f32(&plain, &frames), *samples = audio_decode_f32(&wrapped, &more);
        assert_int_equal(frames, 20000);
        assert_int_equal(more, 20000);
        assert_memory_equal(samples, expected, 2 * 20000 * sizeof(float));
        assert_false(wrapped.backend->truncated(wrapped.decoder));
        free(expected);
        free(samples);
        audio_close(&plain);
        audio_close(&wrapped);
        audio_bytes_free(&file);

        if (i == 3) {
            audio_bytes_append_text(&file, "RIFF");
            audio_bytes_append_le(&file, 0, 4);
            audio_bytes_append_text(&file, "WAVEfmt ");
            audio_bytes_append_le(&file, 30, 4);
            audio_bytes_append_le(&file, 0x55, 2);
            audio_bytes_append_le(&file, 2, 2);
            audio_bytes_append_le(&file, 44100, 4);
            audio_bytes_append_le(&file, 16000, 4);
            for (int k = 0; k < 9; k++) audio_bytes_append_le(&file, 1, 2);
            audio_bytes_append_text(&file, "data");
            audio_bytes_append_le(&file, inner.size, 4);
            audio_bytes_append(&file, inner.data, inner.size);
            finish_riff(&file);
            audio_open_whole(&wrapped, &file);
            assert_string_equal(wrapped.info.container, "WAV");
            assert_string_equal(wrapped.info.encoding, "MP3");
            samples = audio_decode_f32(&wrapped, &more);
            assert_int_equal(more, 20000);
            free(samples);
            audio_close(&wrapped);
            audio_bytes_free(&file);
        }
        audio_bytes_free(&inner);
    }
}

static void renumber(audio_bytes *file, unsigned char serial)
{
    for (size_t i = 0; i + 27 < file->size; i++) {
        if (memcmp(file->data + i, "OggS", 4) == 0) file->data[i + 14] = serial;
    }
    audio_mend_ogg(file->data, file->size);
}

/* Two Vorbis streams after one another play as one where they are alike. */
static void test_chain(void **state)
{
    (void)state;
    audio_recipe recipe = {.format = SF_FORMAT_OGG | SF_FORMAT_VORBIS, .channels = 2, .rate = 44100};
    audio_recipe other = {.format = SF_FORMAT_OGG | SF_FORMAT_VORBIS, .channels = 1, .rate = 22050};
    audio_bytes first = audio_write_tones(&recipe, 20000), second = audio_write_tones(&recipe, 10000);
    audio_bytes third = audio_write_tones(&other, 10000);
    audio_decoder decoder;
    uint64_t frames;

    /* No two streams of a chain have the same number. */
    renumber(&second, 2);
    renumber(&third, 3);
    audio_bytes chain = audio_bytes_copy(&first, first.size);
    audio_bytes_append(&chain, second.data, second.size);
    audio_open_whole(&decoder, &chain);
    assert_int_equal(decoder.info.frame_count, 30000);
    float *samples = audio_decode_f32(&decoder, &frames);
    assert_int_equal(frames, 30000);
    assert_false(decoder.backend->truncated(decoder.decoder));
    free(samples);
    audio_close(&decoder);
    audio_check_seeks("chain", &chain, 100, 0);
    audio_bytes_free(&chain);

    chain = audio_bytes_copy(&first, first.size);
    audio_bytes_append(&chain, third.data, third.size);
    assert_int_equal(audio_open(&decoder, &chain), MOTET_ERROR_UNSUPPORTED);
    assert_string_equal(decoder.error, "a chain of Vorbis streams that changes from 44100 Hz, 2 channels to 22050 Hz, "
                                       "1 channels at stream 2; expected all alike");
    audio_bytes_free(&chain);
    audio_bytes_free(&first);
    audio_bytes_free(&second);
    audio_bytes_free(&third);
}

/* -------------------------------------------------------------------------------------------------- Real files */

static float *decode_with_libsndfile(const char *path, uint64_t *frames, uint32_t *channels)
{
    SF_INFO info = {0};
    SNDFILE *file = sf_open(path, SFM_READ, &info);
    if (file == NULL) fail_msg("%s: %s", path, sf_strerror(NULL));
    float *samples = audio_allocate((size_t)info.frames * (size_t)info.channels * sizeof(float));
    *frames = (uint64_t)sf_readf_float(file, samples, info.frames);
    *channels = (uint32_t)info.channels;
    sf_close(file);
    return samples;
}

/* Decodes the files of a pattern, compares them with what libsndfile makes of them and seeks in them. Returns how many
 * there were. */
static size_t check_real(const char *pattern, size_t every, int places)
{
    glob_t found;
    if (glob(pattern, 0, NULL, &found) != 0) return 0;
    size_t count = 0;
    for (size_t i = 0; i < found.gl_pathc; i += every) {
        const char *path = found.gl_pathv[i];
        audio_bytes file = audio_bytes_load(path);
        audio_decoder decoder;
        uint64_t frames, expected_frames;
        uint32_t channels;
        if (audio_open(&decoder, &file) != MOTET_OK) fail_msg("%s: %s", path, decoder.error);
        float *samples;
        if (audio_read_f32(&decoder, &samples, &frames, UINT32_MAX) != MOTET_OK)
            fail_msg("%s: %s", path, decoder.error);
        if (decoder.backend->truncated(decoder.decoder)) fail_msg("%s is taken for cut", path);
        if (frames != decoder.info.frame_count) fail_msg("%s: other frames than announced", path);
        audio_close(&decoder);

        float *expected = decode_with_libsndfile(path, &expected_frames, &channels);
        if (frames != expected_frames) fail_msg("%s: %d frames, not %d", path, (int)frames, (int)expected_frames);
        if (memcmp(samples, expected, frames * channels * sizeof(float)) != 0) fail_msg("%s: other samples", path);
        audio_check_seeks(path, &file, places, 0);
        free(expected);
        free(samples);
        audio_bytes_free(&file);
        count++;
    }
    globfree(&found);
    return count;
}

static void test_real_vorbis(void **state)
{
    (void)state;
    if (check_real("/usr/share/sounds/freedesktop/stereo/*.oga", 1, 40) == 0) skip();
}

static void test_real_flac(void **state)
{
    (void)state;
    if (check_real("/usr/share/sonic-pi/samples/*.flac", 11, 20) == 0) skip();
}

static void test_real_wav(void **state)
{
    (void)state;
    if (check_real("/usr/share/sounds/alsa/*.wav", 1, 20) == 0) skip();
}

static void test_real_mp3(void **state)
{
    (void)state;
    if (check_real("/usr/share/games/asc/music/*.mp3", 2, 40) == 0) skip();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_loop_wav),
        cmocka_unit_test(test_loop_aiff),
        cmocka_unit_test(test_markers_wav),
        cmocka_unit_test(test_markers_aiff),
        cmocka_unit_test(test_marker_names),
        cmocka_unit_test(test_broken_cues),
        cmocka_unit_test(test_chapters),
        cmocka_unit_test(test_loop_comments),
        cmocka_unit_test(test_tags),
        cmocka_unit_test(test_tags_mp3),
        cmocka_unit_test(test_tags_mp3_old),
        cmocka_unit_test(test_tags_in_chunks),
        cmocka_unit_test(test_zero_frames),
        cmocka_unit_test(test_aiff_order),
        cmocka_unit_test(test_trailing_chunks),
        cmocka_unit_test(test_wrapped),
        cmocka_unit_test(test_chain),
        cmocka_unit_test(test_real_vorbis),
        cmocka_unit_test(test_real_flac),
        cmocka_unit_test(test_real_wav),
        cmocka_unit_test(test_real_mp3),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
