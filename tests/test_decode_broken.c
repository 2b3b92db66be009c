/* Files that are cut, damaged, empty, lying or of an unknown kind: each gets a right result and a sentence, or plays as
 * far as it goes, and nothing hangs, leaks or writes to standard error. */
#include "support/audio_files.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FRAMES = 20000 };

/* More than any of these files may give: a decoder that makes sound out of nothing is stopped, and the test fails. */
static const uint64_t frames_limit = UINT64_C(4) << 20;

static const struct {
    const char *name;
    int format, rate, channels;
    bool counted; /* the file says how long it is, or closes itself, so that a cut is noticed */
    bool checked; /* the format has checksums */
} kinds[] = {
    {"WAV", SF_FORMAT_WAV | SF_FORMAT_PCM_16, 44100, 2, true, false},
    {"WAV, float", SF_FORMAT_WAV | SF_FORMAT_FLOAT, 44100, 1, true, false},
    {"WAV, ADPCM", SF_FORMAT_WAV | SF_FORMAT_IMA_ADPCM, 44100, 2, true, false},
    {"RF64", SF_FORMAT_RF64 | SF_FORMAT_PCM_24, 44100, 2, true, false},
    {"AIFF", SF_FORMAT_AIFF | SF_FORMAT_PCM_16, 44100, 2, true, false},
    {"CAF", SF_FORMAT_CAF | SF_FORMAT_PCM_16, 44100, 2, true, false},
    {"FLAC", SF_FORMAT_FLAC | SF_FORMAT_PCM_16, 44100, 2, true, true},
    {"FLAC, 24 bits", SF_FORMAT_FLAC | SF_FORMAT_PCM_24, 44100, 1, true, true},
    {"Vorbis", SF_FORMAT_OGG | SF_FORMAT_VORBIS, 44100, 2, true, true},
    {"Opus", SF_FORMAT_OGG | SF_FORMAT_OPUS, 48000, 2, true, true},
    {"MP3", SF_FORMAT_MPEG | SF_FORMAT_MPEG_LAYER_III, 44100, 2, true, false},
    {"MP3, low rate", SF_FORMAT_MPEG | SF_FORMAT_MPEG_LAYER_III, 22050, 1, true, false},
};
enum { KINDS = sizeof(kinds) / sizeof(kinds[0]) };

static audio_bytes make(size_t kind)
{
    audio_recipe recipe = {
        .format = kinds[kind].format, .channels = kinds[kind].channels, .rate = kinds[kind].rate, .title = "a title"};
    return audio_write_tones(&recipe, FRAMES);
}

static bool is_sentence(const char *text)
{
    return text[0] != '\0' && text[strlen(text) - 1] != '\n' && strstr(text, "(null)") == NULL;
}

/* What came of a file. */
typedef struct {
    motet_result result; /* of opening or of reading */
    uint64_t frames;
    bool opened, truncated;
    uint32_t channels;
    float *samples; /* to be freed */
    char error[512];
} outcome;

/* Opens and decodes, and moves about in what opens. */
static outcome take(const audio_bytes *file)
{
    outcome out = {0};
    audio_decoder decoder;
    uint64_t random = file->size;
    out.result = audio_open(&decoder, file);
    out.opened = out.result == MOTET_OK;
    if (out.opened) {
        out.channels = decoder.info.channels;
        assert_in_range(decoder.info.channels, 1, 8);
        assert_in_range(decoder.info.sample_rate_hz, 1, 768000);
        assert_true(decoder.info.loop_start_frame <= decoder.info.loop_end_frame);
        assert_true(decoder.info.frame_count <= file->size * 1024 + (1 << 20));
        out.result = audio_read_f32(&decoder, &out.samples, &out.frames, frames_limit);
        out.truncated = decoder.backend->truncated(decoder.decoder);
        memcpy(out.error, decoder.error, sizeof(out.error));

        uint64_t claimed = decoder.info.frame_count;
        for (int i = 0; i < 6; i++) {
            int16_t piece[8 * 100];
            uint32_t read;
            uint64_t place = i == 0 ? claimed : i == 1 ? UINT64_C(1) << 60 : audio_random(&random) % (claimed + 2);
            if (decoder.backend->seek(decoder.decoder, place, decoder.error, sizeof(decoder.error)) != MOTET_OK) {
                assert_true(is_sentence(decoder.error));
                break;
            }
            motet_result result =
                decoder.backend->read_s16(decoder.decoder, piece, 100, &read, decoder.error, sizeof(decoder.error));
            if (result != MOTET_OK) {
                assert_true(is_sentence(decoder.error));
                break;
            }
        }
    } else {
        memcpy(out.error, decoder.error, sizeof(out.error));
    }
    audio_close(&decoder);
    if (out.result != MOTET_OK && !is_sentence(out.error))
        fail_msg("no sentence for %s", motet_result_text(out.result));
    return out;
}

static void expect(const audio_bytes *file, motet_result result, const char *sentence)
{
    outcome out = take(file);
    if (out.result != result || strcmp(out.error, sentence) != 0) {
        fail_msg("%s: \"%s\"; expected %s: \"%s\"", motet_result_text(out.result), out.error, motet_result_text(result),
                 sentence);
    }
    free(out.samples);
}

static void expect_bytes(const void *data, size_t size, motet_result result, const char *sentence)
{
    audio_bytes file = {.data = (unsigned char *)(uintptr_t)data, .size = size};
    audio_bytes copy = audio_bytes_copy(&file, size);
    expect(&copy, result, sentence);
    audio_bytes_free(&copy);
}

/* --------------------------------------------------------------------------------------------------- Sentences */

static void test_unknown(void **state)
{
    (void)state;
#define READ_FORMATS "WAV, AIFF, CAF, FLAC, Ogg Vorbis, Opus, MP3"
    static const char text[] = "Dear mixer, this is a letter and no sound.\n";
    static const unsigned char elf[] = {0x7F, 'E', 'L', 'F', 2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0};
    static const unsigned char mp4[] = {0, 0, 0, 32, 'f', 't', 'y', 'p', 'M', '4', 'A', ' ', 0, 0, 0, 0};
    expect_bytes("", 0, MOTET_ERROR_FORMAT, "an empty file");
    expect_bytes(text, sizeof(text) - 1, MOTET_ERROR_FORMAT,
                 "no known sound format (starts with \"Dear\"; expected " READ_FORMATS ")");
    expect_bytes("%PDF-1.4 and so on", 18, MOTET_ERROR_FORMAT,
                 "no known sound format (starts with \"%PDF\"; expected " READ_FORMATS ")");
    expect_bytes(elf, sizeof(elf), MOTET_ERROR_FORMAT,
                 "no known sound format (starts with bytes 7F 45 4C 46; expected " READ_FORMATS ")");
    expect_bytes("x", 1, MOTET_ERROR_FORMAT, "no known sound format (starts with \"x\"; expected " READ_FORMATS ")");
    expect_bytes("MThd\0\0\0\6\0\1\0\1", 12, MOTET_ERROR_UNSUPPORTED,
                 "MIDI is not a format that Motet reads (" READ_FORMATS ")");
    expect_bytes(mp4, sizeof(mp4), MOTET_ERROR_UNSUPPORTED,
                 "MP4 (AAC or ALAC) is not a format that Motet reads (" READ_FORMATS ")");
    expect_bytes("ID3\4\0\0\0\0\1\0 and no more", 22, MOTET_ERROR_FORMAT,
                 "an ID3 tag that needs 138 bytes, cut at byte 22");

    /* libsndfile reads this, Motet does not. */
    audio_recipe recipe = {.format = SF_FORMAT_AU | SF_FORMAT_PCM_16, .channels = 1, .rate = 44100};
    audio_bytes file = audio_write_tones(&recipe, 100);
    expect(&file, MOTET_ERROR_UNSUPPORTED, "AU is not a format that Motet reads (" READ_FORMATS ")");
    audio_bytes_free(&file);
}

static void append_wav(audio_bytes *file, uint32_t encoding, uint32_t channels, uint32_t data_size, size_t held)
{
    audio_bytes_append_text(file, "RIFF");
    audio_bytes_append_le(file, 36 + (uint64_t)data_size, 4);
    audio_bytes_append_text(file, "WAVEfmt ");
    audio_bytes_append_le(file, 16, 4);
    audio_bytes_append_le(file, encoding, 2);
    audio_bytes_append_le(file, channels, 2);
    audio_bytes_append_le(file, 44100, 4);
    audio_bytes_append_le(file, 44100u * channels * 2, 4);
    audio_bytes_append_le(file, channels * 2, 2);
    audio_bytes_append_le(file, 16, 2);
    audio_bytes_append_text(file, "data");
    audio_bytes_append_le(file, data_size, 4);
    for (size_t i = 0; i < held; i++) audio_bytes_append_le(file, i & 1 ? i >> 1 & 255 : 0, 1);
}

static void test_headers(void **state)
{
    (void)state;
    audio_bytes file = {0};
    append_wav(&file, 1, 1, 2000, 2000);
    for (size_t cut = 12; cut < 44; cut++) {
        audio_bytes part = audio_bytes_copy(&file, cut);
        char sentence[100];
        snprintf(sentence, sizeof(sentence), "WAV header cut at byte %zu", cut);
        if (cut == 12) snprintf(sentence, sizeof(sentence), "WAV without a \"fmt \" chunk (the file ends at byte 12)");
        if (cut == 36) snprintf(sentence, sizeof(sentence), "WAV without a \"data\" chunk (the file ends at byte 36)");
        expect(&part, MOTET_ERROR_FORMAT, sentence);
        audio_bytes_free(&part);
    }
    for (size_t cut = 4; cut < 12; cut++) {
        audio_bytes part = audio_bytes_copy(&file, cut);
        char sentence[100];
        snprintf(sentence, sizeof(sentence), "WAV header cut at byte %zu", cut);
        expect(&part, MOTET_ERROR_FORMAT, sentence);
        audio_bytes_free(&part);
    }
    audio_bytes no_format = audio_bytes_copy(&file, file.size);
    memcpy(no_format.data + 12, "junk", 4);
    expect(&no_format, MOTET_ERROR_FORMAT, "WAV without a \"fmt \" chunk before its sound at byte 36");
    audio_bytes_free(&no_format);
    audio_bytes_free(&file);

    append_wav(&file, 1, 0, 2000, 2000);
    expect(&file, MOTET_ERROR_FORMAT, "WAV that says it has 0 channels");
    audio_bytes_free(&file);
    append_wav(&file, 1, 9, 1800, 1800);
    expect(&file, MOTET_ERROR_UNSUPPORTED, "9 channels; expected 1 to 8");
    audio_bytes_free(&file);
    append_wav(&file, 0x55, 2, 2000, 2000);
    expect(&file, MOTET_ERROR_FORMAT, "a WAV that says it holds MP3, and holds none");
    audio_bytes_free(&file);

    /* libsndfile reads these, they are not let through. */
    audio_recipe recipe = {.format = SF_FORMAT_WAV | SF_FORMAT_GSM610, .channels = 1, .rate = 8000};
    file = audio_write_tones(&recipe, 1000);
    expect(&file, MOTET_ERROR_UNSUPPORTED,
           "WAV with encoding 0x0031 is not read; expected PCM, float, A-law, mu-law, IMA or Microsoft ADPCM, MP3");
    audio_bytes_free(&file);
    recipe.format = SF_FORMAT_CAF | SF_FORMAT_ALAC_16;
    file = audio_write_tones(&recipe, 1000);
    expect(&file, MOTET_ERROR_UNSUPPORTED,
           "CAF with encoding \"alac\" is not read; expected PCM, float, A-law, mu-law");
    audio_bytes_free(&file);
    recipe.format = SF_FORMAT_AIFF | SF_FORMAT_DWVW_16;
    file = audio_write_tones(&recipe, 1000);
    expect(&file, MOTET_ERROR_UNSUPPORTED,
           "AIFF with encoding \"DWVW\" is not read; expected PCM, float, A-law, mu-law");
    audio_bytes_free(&file);

    audio_bytes_append_text(&file, "fLaC");
    audio_bytes_append_be(&file, 0x00000022, 4);
    expect(&file, MOTET_ERROR_FORMAT, "FLAC header cut at byte 8");
    audio_bytes_free(&file);
}

static void test_ogg_sentences(void **state)
{
    (void)state;
    audio_recipe recipe = {.format = SF_FORMAT_OGG | SF_FORMAT_VORBIS, .channels = 2, .rate = 44100};
    audio_bytes file = audio_write_tones(&recipe, 100000);
    size_t setup = audio_bytes_find(&file, "\x05vorbis");
    assert_true(setup != SIZE_MAX);

    audio_bytes part = audio_bytes_copy(&file, setup + 100);
    char sentence[100];
    snprintf(sentence, sizeof(sentence), "Vorbis comment header cut at byte %zu", part.size);
    /* Comments and setup share a page. */
    expect(&part, MOTET_ERROR_FORMAT, sentence);
    audio_bytes_free(&part);
    part = audio_bytes_copy(&file, 20);
    expect(&part, MOTET_ERROR_FORMAT, "Ogg header cut at byte 20");
    audio_bytes_free(&part);

    /* A bit in the sound: what comes before its page plays. */
    part = audio_bytes_copy(&file, file.size);
    part.data[file.size - 200] ^= 0x10;
    outcome out = take(&part);
    assert_int_equal(out.result, MOTET_ERROR_FORMAT);
    assert_true(strncmp(out.error, "a damaged Ogg page (its checksum is wrong) at byte ", 51) == 0);
    assert_true(out.frames > 50000 && out.frames < 100000);
    free(out.samples);

    /* The same in a header. */
    part.data[file.size - 200] ^= 0x10;
    part.data[setup + 100] ^= 0x10;
    expect(&part, MOTET_ERROR_FORMAT, "a damaged Ogg page (its checksum is wrong) at byte 58");
    part.data[setup + 100] ^= 0x10;

    /* Something between two pages. */
    size_t page = SIZE_MAX;
    for (size_t i = 58; i < part.size && page == SIZE_MAX; i++) {
        if (i > setup && memcmp(part.data + i, "OggS", 4) == 0 && memcmp(part.data + i + 6, "\0\0\0\0", 4) != 0)
            page = i;
    }
    assert_true(page != SIZE_MAX);
    part.data[page] = 'o';
    out = take(&part);
    snprintf(sentence, sizeof(sentence), "no Ogg page where the next one should start, at byte %zu", page);
    assert_string_equal(out.error, sentence);
    free(out.samples);
    audio_bytes_free(&part);
    audio_bytes_free(&file);

    /* A stream of another kind, with its checksum right. */
    recipe.format = SF_FORMAT_OGG | SF_FORMAT_OPUS;
    recipe.rate = 48000;
    file = audio_write_tones(&recipe, 10000);
    memcpy(file.data + 28, "Speex   ", 8);
    audio_mend_ogg(file.data, file.size);
    expect(&file, MOTET_ERROR_UNSUPPORTED, "an Ogg file with Speex is not read; expected Vorbis or Opus");
    audio_bytes_free(&file);
}

/* ----------------------------------------------------------------------------------------------------- Lies */

static void test_two_gigabytes(void **state)
{
    (void)state;
    static const uint32_t claims[] = {0x7FFFFFC8, 0x80000000, 0xFFFFFFF0, 0x7FFFFFFF};
    for (size_t i = 0; i < sizeof(claims) / sizeof(claims[0]); i++) {
        audio_bytes file = {0};
        append_wav(&file, 1, 1, claims[i], 68);
        assert_int_equal(file.size, 112);
        audio_decoder decoder;
        audio_open_whole(&decoder, &file);
        assert_int_equal(decoder.info.frame_count, 34);
        audio_close(&decoder);
        outcome out = take(&file);
        assert_int_equal(out.result, MOTET_OK);
        assert_int_equal(out.frames, 34);
        assert_true(out.truncated);
        free(out.samples);
        audio_bytes_free(&file);
    }
    /* A header that was written before its sound, into a pipe. */
    audio_bytes file = {0};
    append_wav(&file, 1, 1, UINT32_MAX, 68);
    outcome out = take(&file);
    assert_int_equal(out.frames, 34);
    assert_false(out.truncated);
    free(out.samples);
    audio_bytes_free(&file);
}

/* Counts of frames that no file of this size can hold. */
static void test_frame_counts(void **state)
{
    (void)state;
    audio_recipe recipe = {.format = SF_FORMAT_FLAC | SF_FORMAT_PCM_16, .channels = 2, .rate = 44100};
    audio_bytes file = audio_write_tones(&recipe, FRAMES);
    for (size_t i = 0; i < 5; i++) file.data[21 + i] |= i == 0 ? 0x0F : 0xFF;
    audio_decoder decoder;
    audio_open_whole(&decoder, &file);
    assert_true(decoder.info.frame_count < 16u << 20);
    audio_close(&decoder);
    outcome out = take(&file);
    assert_int_equal(out.frames, FRAMES);
    assert_true(out.truncated);
    free(out.samples);

    /* FLAC that doesn't know how long it is. */
    for (size_t i = 0; i < 5; i++) file.data[21 + i] &= i == 0 ? 0xF0 : 0;
    out = take(&file);
    assert_int_equal(out.result, MOTET_OK);
    assert_int_equal(out.frames, FRAMES);
    assert_false(out.truncated);
    free(out.samples);
    audio_bytes_free(&file);

    recipe.format = SF_FORMAT_AIFF | SF_FORMAT_PCM_16;
    file = audio_write_tones(&recipe, FRAMES);
    memset(file.data + 22, 0xFF, 4);
    out = take(&file);
    assert_int_equal(out.frames, FRAMES);
    free(out.samples);
    audio_bytes_free(&file);

    recipe.format = SF_FORMAT_MPEG | SF_FORMAT_MPEG_LAYER_III;
    file = audio_write_tones(&recipe, FRAMES);
    size_t tag = audio_bytes_find(&file, "Xing");
    if (tag == SIZE_MAX) tag = audio_bytes_find(&file, "Info");
    assert_true(tag != SIZE_MAX);
    memcpy(file.data + tag + 8, "\x0F\xFF\xFF\xFF", 4);
    audio_open_whole(&decoder, &file);
    assert_true(decoder.info.frame_count < 16u << 20);
    audio_close(&decoder);
    out = take(&file);
    assert_in_range(out.frames, FRAMES, FRAMES + 4000);
    assert_true(out.truncated);
    free(out.samples);
    audio_bytes_free(&file);
}

/* Opus pages whose positions contradict their packets, with right checksums: libsndfile would hand out memory that
 * nobody wrote, or never end. */
static void test_opus_positions(void **state)
{
    (void)state;
    static const uint64_t positions[] = {0,          1,         960, UINT64_MAX, UINT64_C(1) << 63, UINT64_C(1) << 62,
                                         0x7FFFFFFF, 0xFFFFFFFF};
    audio_recipe recipe = {.format = SF_FORMAT_OGG | SF_FORMAT_OPUS, .channels = 2, .rate = 48000};
    audio_bytes file = audio_write_tones(&recipe, 200000);
    for (size_t i = 0; i + 27 < file.size; i++) {
        if (memcmp(file.data + i, "OggS", 4) != 0) continue;
        for (size_t k = 0; k < sizeof(positions) / sizeof(positions[0]); k++) {
            audio_bytes copy = audio_bytes_copy(&file, file.size);
            for (size_t b = 0; b < 8; b++) copy.data[i + 6 + b] = (unsigned char)(positions[k] >> 8 * b);
            audio_mend_ogg(copy.data, copy.size);
            outcome out = take(&copy);
            assert_true(out.frames <= 210000);
            assert_true(out.result == MOTET_OK || out.result == MOTET_ERROR_FORMAT);
            free(out.samples);
            audio_bytes_free(&copy);
        }
    }
    audio_bytes_free(&file);
}

/* ------------------------------------------------------------------------------------------------------ Cuts */

/* What a cut file gives is what the whole one gives, as far as it goes. */
static void check_cut(size_t kind, const audio_bytes *file, const outcome *whole, size_t cut)
{
    audio_bytes part = audio_bytes_copy(file, cut);
    outcome out = take(&part);
    if (out.result != MOTET_OK && out.result != MOTET_ERROR_FORMAT) {
        fail_msg("%s cut at %zu: %s: %s", kinds[kind].name, cut, motet_result_text(out.result), out.error);
    }
    if (out.frames > whole->frames) fail_msg("%s cut at %zu: more than whole", kinds[kind].name, cut);
    if (out.opened && out.result != MOTET_OK) fail_msg("%s cut at %zu: %s", kinds[kind].name, cut, out.error);
    if (out.opened && out.frames < whole->frames && !out.truncated) {
        fail_msg("%s cut at %zu: %d frames, and no word of the cut", kinds[kind].name, cut, (int)out.frames);
    }
    /* The last packets of lossy formats and the last block of ADPCM differ where the next one is missing. */
    bool lossy = strstr(kinds[kind].name, "MP3") != NULL || strcmp(kinds[kind].name, "Vorbis") == 0 ||
                 strcmp(kinds[kind].name, "Opus") == 0 || strstr(kinds[kind].name, "ADPCM") != NULL;
    uint64_t same = lossy ? (out.frames > 3000 ? out.frames - 3000 : 0) : out.frames;
    if (same > 0 && memcmp(out.samples, whole->samples, same * whole->channels * sizeof(float)) != 0) {
        fail_msg("%s cut at %zu: other samples", kinds[kind].name, cut);
    }
    free(out.samples);
    audio_bytes_free(&part);
}

static void test_cuts(void **state)
{
    (void)state;
    for (size_t kind = 0; kind < KINDS; kind++) {
        audio_bytes file = make(kind);
        outcome whole = take(&file);
        assert_int_equal(whole.result, MOTET_OK);
        assert_true(whole.frames >= FRAMES);
        assert_false(whole.truncated);
        for (size_t cut = 0; cut < 30; cut++) check_cut(kind, &file, &whole, cut * 5);
        for (size_t i = 1; i < 30; i++) check_cut(kind, &file, &whole, file.size * i / 30);
        for (size_t i = 1; i < 10; i++) check_cut(kind, &file, &whole, file.size - i);
        free(whole.samples);
        audio_bytes_free(&file);
    }
}

/* An MP3 that does not say how long it is: a cut inside a frame shows, one between frames cannot. */
static void test_cut_mp3_without_count(void **state)
{
    (void)state;
    audio_recipe recipe = {.format = SF_FORMAT_MPEG | SF_FORMAT_MPEG_LAYER_III, .channels = 2, .rate = 44100};
    audio_bytes counted = audio_write_tones(&recipe, FRAMES);
    /* The count is in a frame of its own. */
    size_t second = 4;
    while (counted.data[second] != 0xFF || counted.data[second + 1] != counted.data[1]) second++;
    audio_bytes file = {.data = counted.data + second, .size = counted.size - second};
    outcome out = take(&file);
    assert_int_equal(out.result, MOTET_OK);
    assert_true(out.frames >= FRAMES);
    assert_false(out.truncated);
    free(out.samples);
    size_t noticed = 0;
    for (size_t cut = file.size - 300; cut < file.size; cut++) {
        audio_bytes part = audio_bytes_copy(&file, cut);
        out = take(&part);
        assert_int_equal(out.result, MOTET_OK);
        if (out.truncated) noticed++;
        free(out.samples);
        audio_bytes_free(&part);
    }
    assert_in_range(noticed, 290, 300);
    audio_bytes_free(&counted);
}

/* --------------------------------------------------------------------------------------------------- Damage */

static void test_damage(void **state)
{
    (void)state;
    for (size_t kind = 0; kind < KINDS; kind++) {
        audio_bytes file = make(kind);
        outcome whole = take(&file);
        uint64_t random = kind;
        size_t unnoticed = 0;
        for (size_t i = 0; i < 300; i++) {
            /* Half of them in the header, where most can go wrong. */
            size_t place = audio_random(&random) % (i % 2 == 0 && file.size > 600 ? 600 : file.size);
            unsigned char before = file.data[place];
            file.data[place] = (unsigned char)(i % 3 == 0   ? 0xFFu
                                               : i % 3 == 1 ? before ^ 1u << audio_random(&random) % 8
                                                            : audio_random(&random));
            outcome out = take(&file);
            if (out.frames >= frames_limit) fail_msg("%s, byte %zu: no end", kinds[kind].name, place);
            if (out.result == MOTET_ERROR_MEMORY || out.result == MOTET_ERROR_IO) {
                fail_msg("%s, byte %zu: %s: %s", kinds[kind].name, place, motet_result_text(out.result), out.error);
            }
            if (kinds[kind].checked && out.result == MOTET_OK && out.frames == whole.frames &&
                memcmp(out.samples, whole.samples, whole.frames * whole.channels * sizeof(float)) != 0) {
                unnoticed++;
            }
            free(out.samples);
            file.data[place] = before;
        }
        /* The headers of FLAC have no checksum. */
        if (unnoticed > 20) fail_msg("%s: %zu times other samples and no error", kinds[kind].name, unnoticed);
        free(whole.samples);
        audio_bytes_free(&file);
    }
}

/* Ogg drops what has a wrong checksum, so that damage never reaches the decoders; with a right one it does. */
static void test_damage_in_ogg(void **state)
{
    (void)state;
    for (size_t kind = 0; kind < KINDS; kind++) {
        if ((kinds[kind].format & SF_FORMAT_TYPEMASK) != SF_FORMAT_OGG) continue;
        audio_bytes file = make(kind);
        uint64_t random = kind;
        for (size_t i = 0; i < 1000; i++) {
            audio_bytes copy = audio_bytes_copy(&file, file.size);
            for (size_t k = 0; k <= i % 4; k++) {
                size_t place = audio_random(&random) % (i % 3 == 0 ? 400 : file.size);
                copy.data[place] = (unsigned char)audio_random(&random);
            }
            audio_mend_ogg(copy.data, copy.size);
            outcome out = take(&copy);
            if (out.frames >= frames_limit) fail_msg("%s: no end", kinds[kind].name);
            assert_true(out.result == MOTET_OK || out.result == MOTET_ERROR_FORMAT ||
                        out.result == MOTET_ERROR_UNSUPPORTED);
            free(out.samples);
            audio_bytes_free(&copy);
        }
        audio_bytes_free(&file);
    }
}

/* ------------------------------------------------------------------------------------------------ Around it */

/* A source that fails is told from a file that is broken, wherever it happens. */
static void test_failing_source(void **state)
{
    (void)state;
    for (size_t kind = 0; kind < KINDS; kind++) {
        audio_bytes file = make(kind);
        for (size_t i = 0; i < 40; i++) {
            audio_decoder decoder;
            audio_source_init(&decoder.source, file.data, file.size);
            decoder.source.fail_at = i < 20 ? i * 4 : file.size * (i - 19) / 21;
            motet_result result = audio_open_source(&decoder);
            if (result == MOTET_OK) {
                float *samples;
                uint64_t frames;
                result = audio_read_f32(&decoder, &samples, &frames, frames_limit);
                free(samples);
            }
            if (result != MOTET_ERROR_IO || strncmp(decoder.error, "reading failed near byte ", 25) != 0) {
                fail_msg("%s failing at %d: %s: %s", kinds[kind].name, (int)decoder.source.fail_at,
                         motet_result_text(result), decoder.error);
            }
            audio_close(&decoder);
        }
        audio_bytes_free(&file);
    }
}

/* libmpg123 likes to tell the world. */
static void test_silence(void **state)
{
    (void)state;
    FILE *seen = tmpfile();
    assert_non_null(seen);
    fflush(stderr);
    int kept = dup(STDERR_FILENO);
    dup2(fileno(seen), STDERR_FILENO);
    fputs("control\n", stderr);
    for (size_t kind = 0; kind < KINDS; kind++) {
        audio_bytes file = make(kind);
        uint64_t random = kind;
        for (size_t i = 0; i < 100; i++) {
            audio_bytes copy = audio_bytes_copy(&file, i % 4 == 0 ? file.size * i / 100 : file.size);
            for (size_t k = 0; k < 1 + i && copy.size > 200; k++) {
                copy.data[100 + audio_random(&random) % (copy.size - 100)] = (unsigned char)audio_random(&random);
            }
            if (i % 2 == 0) audio_mend_ogg(copy.data, copy.size);
            outcome out = take(&copy);
            free(out.samples);
            audio_bytes_free(&copy);
        }
        audio_bytes_free(&file);
    }
    fflush(stderr);
    dup2(kept, STDERR_FILENO);
    close(kept);
    char text[1000] = "";
    rewind(seen);
    size_t size = fread(text, 1, sizeof(text) - 1, seen);
    text[size] = '\0';
    fclose(seen);
    if (strcmp(text, "control\n") != 0) fail_msg("written to standard error: %s", text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_unknown),        cmocka_unit_test(test_headers),
        cmocka_unit_test(test_ogg_sentences),  cmocka_unit_test(test_two_gigabytes),
        cmocka_unit_test(test_frame_counts),   cmocka_unit_test(test_opus_positions),
        cmocka_unit_test(test_cuts),           cmocka_unit_test(test_cut_mp3_without_count),
        cmocka_unit_test(test_damage),         cmocka_unit_test(test_damage_in_ogg),
        cmocka_unit_test(test_failing_source), cmocka_unit_test(test_silence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
