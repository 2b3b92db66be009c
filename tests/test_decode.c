/* labels: threads */
/* Samples and positions: what files made here in every format decode to, from the start and after a seek. Loop points,
 * tags and real files are test_decode_files.c's, broken files test_decode_broken.c's. */
#include "support/audio_files.h"

#include "decode/samples.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Even: libsndfile writes a frame too many into the header of an AIFF of odd size. */
enum { FRAMES = 1010 };

/* ---------------------------------------------------------------------------------------------- Exact samples */

typedef struct {
    int format;
    int bits; /* of an integer format; 0: f32, 1: f64 */
    const char *container, *encoding;
} exact_format;

static const exact_format exact_formats[] = {
    {SF_FORMAT_WAV | SF_FORMAT_PCM_U8, 8, "WAV", "8-bit PCM"},
    {SF_FORMAT_WAV | SF_FORMAT_PCM_16, 16, "WAV", "16-bit PCM"},
    {SF_FORMAT_WAV | SF_FORMAT_PCM_24, 24, "WAV", "24-bit PCM"},
    {SF_FORMAT_WAV | SF_FORMAT_PCM_32, 32, "WAV", "32-bit PCM"},
    {SF_FORMAT_WAV | SF_FORMAT_FLOAT, 0, "WAV", "32-bit float"},
    {SF_FORMAT_WAV | SF_FORMAT_DOUBLE, 1, "WAV", "64-bit float"},
    {SF_FORMAT_WAVEX | SF_FORMAT_PCM_16, 16, "WAV", "16-bit PCM"},
    {SF_FORMAT_WAVEX | SF_FORMAT_PCM_24, 24, "WAV", "24-bit PCM"},
    {SF_FORMAT_RF64 | SF_FORMAT_PCM_16, 16, "WAV", "16-bit PCM"},
    {SF_FORMAT_WAV | SF_ENDIAN_BIG | SF_FORMAT_PCM_16, 16, "WAV", "16-bit PCM"},
    {SF_FORMAT_AIFF | SF_FORMAT_PCM_S8, 8, "AIFF", "8-bit PCM"},
    {SF_FORMAT_AIFF | SF_FORMAT_PCM_16, 16, "AIFF", "16-bit PCM"},
    {SF_FORMAT_AIFF | SF_ENDIAN_LITTLE | SF_FORMAT_PCM_16, 16, "AIFF", "16-bit PCM"},
    {SF_FORMAT_AIFF | SF_FORMAT_PCM_24, 24, "AIFF", "24-bit PCM"},
    {SF_FORMAT_AIFF | SF_FORMAT_PCM_32, 32, "AIFF", "32-bit PCM"},
    {SF_FORMAT_AIFF | SF_ENDIAN_LITTLE | SF_FORMAT_PCM_24, 24, "AIFF", "24-bit PCM"},
    {SF_FORMAT_AIFF | SF_ENDIAN_LITTLE | SF_FORMAT_PCM_32, 32, "AIFF", "32-bit PCM"},
    {SF_FORMAT_AIFF | SF_FORMAT_FLOAT, 0, "AIFF", "32-bit float"},
    {SF_FORMAT_AIFF | SF_FORMAT_DOUBLE, 1, "AIFF", "64-bit float"},
    {SF_FORMAT_CAF | SF_FORMAT_PCM_S8, 8, "CAF", "8-bit PCM"},
    {SF_FORMAT_CAF | SF_FORMAT_PCM_16, 16, "CAF", "16-bit PCM"},
    {SF_FORMAT_CAF | SF_ENDIAN_LITTLE | SF_FORMAT_PCM_24, 24, "CAF", "24-bit PCM"},
    {SF_FORMAT_CAF | SF_FORMAT_PCM_32, 32, "CAF", "32-bit PCM"},
    {SF_FORMAT_CAF | SF_FORMAT_FLOAT, 0, "CAF", "32-bit float"},
    {SF_FORMAT_CAF | SF_FORMAT_DOUBLE, 1, "CAF", "64-bit float"},
    {SF_FORMAT_FLAC | SF_FORMAT_PCM_S8, 8, "FLAC", "8-bit FLAC"},
    {SF_FORMAT_FLAC | SF_FORMAT_PCM_16, 16, "FLAC", "16-bit FLAC"},
    {SF_FORMAT_FLAC | SF_FORMAT_PCM_24, 24, "FLAC", "24-bit FLAC"},
};

/* Noise with both extremes in it, of which each format keeps the upper bits. */
static int32_t *make_integers(size_t count)
{
    int32_t *samples = audio_allocate(count * sizeof(*samples));
    uint64_t state = 1;
    for (size_t i = 0; i < count; i++) samples[i] = (int32_t)audio_random(&state);
    samples[0] = INT32_MIN;
    samples[count / 2] = INT32_MAX;
    samples[count - 1] = INT32_MIN;
    return samples;
}

/* Floats far beyond full scale, tiny, negative zero, infinite and none at all. */
static double *make_reals(size_t count)
{
    static const double odd[] = {0.0, -0.0, 1.0, -1.0, 3.5, -7.25, 1e30, -1e-30, 1.0 / 3, 0x1.fffffep-1, 1e-42};
    double *samples = audio_allocate(count * sizeof(*samples));
    uint64_t state = 2;
    for (size_t i = 0; i < count; i++) {
        samples[i] = i % 3 == 0 ? odd[i / 3 % (sizeof(odd) / sizeof(odd[0]))]
                                : (audio_random(&state) / 2147483648.0 - 1.0) * 4.0;
    }
    samples[count / 2] = INFINITY;
    samples[count / 3] = NAN;
    return samples;
}

static void check_integers(const exact_format *exact, int channels)
{
    size_t count = FRAMES * (size_t)channels;
    int32_t *integers = make_integers(count);
    audio_recipe recipe = {.format = exact->format, .channels = channels, .rate = 44100};
    audio_bytes file = audio_write(&recipe, AUDIO_S32, integers, FRAMES);
    audio_decoder decoder;
    uint64_t frames;

    audio_open_whole(&decoder, &file);
    assert_string_equal(decoder.info.container, exact->container);
    assert_string_equal(decoder.info.encoding, exact->encoding);
    assert_int_equal(decoder.info.sample_rate_hz, 44100);
    assert_int_equal(decoder.info.channels, channels);
    assert_int_equal(decoder.info.frame_count, FRAMES);
    assert_int_equal(decoder.info.wide, exact->bits > 16);
    assert_false(decoder.info.lossy);
    assert_int_equal(decoder.info.loop_end_frame, 0);

    float *floats = audio_decode_f32(&decoder, &frames);
    assert_int_equal(frames, FRAMES);
    for (size_t i = 0; i < count; i++) {
        /* One rounding, and none up to 24 bits. */
        double kept = (double)(integers[i] >> (32 - exact->bits)) / (double)(INT64_C(1) << (exact->bits - 1));
        if (floats[i] != (float)kept) {
            fail_msg("%s, %d channels: sample %zu is %.9g, not %.9g", exact->encoding, channels, i, (double)floats[i],
                     kept);
        }
    }
    free(floats);
    assert_false(decoder.backend->truncated(decoder.decoder));

    if (exact->bits <= 16) {
        assert_int_equal(decoder.backend->seek(decoder.decoder, 0, decoder.error, sizeof(decoder.error)), MOTET_OK);
        int16_t *shorts = audio_decode_s16(&decoder, &frames);
        assert_int_equal(frames, FRAMES);
        for (size_t i = 0; i < count; i++) {
            int32_t kept = (integers[i] >> (32 - exact->bits)) * (1 << (16 - exact->bits));
            if (shorts[i] != kept) fail_msg("sample %zu is %d, not %d", i, shorts[i], (int)kept);
        }
        free(shorts);
    }
    audio_close(&decoder);
    audio_bytes_free(&file);
    free(integers);
}

static void check_reals(const exact_format *exact, int channels)
{
    size_t count = FRAMES * (size_t)channels;
    double *reals = make_reals(count);
    float *rounded = audio_allocate(count * sizeof(*rounded));
    for (size_t i = 0; i < count; i++) rounded[i] = (float)reals[i];
    audio_recipe recipe = {.format = exact->format, .channels = channels, .rate = 96000};
    audio_bytes file = exact->bits == 0 ? audio_write(&recipe, AUDIO_F32, rounded, FRAMES)
                                        : audio_write(&recipe, AUDIO_F64, reals, FRAMES);
    audio_decoder decoder;
    uint64_t frames;
    audio_open_whole(&decoder, &file);
    assert_true(decoder.info.wide);
    assert_int_equal(decoder.info.channels, channels);
    float *floats = audio_decode_f32(&decoder, &frames);
    assert_int_equal(frames, FRAMES);
    for (size_t i = 0; i < count; i++) {
        if (memcmp(&floats[i], &rounded[i], sizeof(float)) != 0 && !(isnan(floats[i]) && isnan(rounded[i]))) {
            fail_msg("sample %zu is %.9g, not %.9g", i, (double)floats[i], (double)rounded[i]);
        }
    }
    free(floats);
    audio_close(&decoder);
    audio_bytes_free(&file);
    free(rounded);
    free(reals);
}

static void test_exact(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(exact_formats) / sizeof(exact_formats[0]); i++) {
        for (int channels = 1; channels <= 8; channels++) {
            if (exact_formats[i].bits > 1) {
                check_integers(&exact_formats[i], channels);
            } else {
                check_reals(&exact_formats[i], channels);
            }
        }
    }
}

/* The companded and ADPCM kinds, against libsndfile's own reading. */
static void test_small_encodings(void **state)
{
    (void)state;
    static const struct {
        int format;
        const char *encoding;
    } kinds[] = {
        {SF_FORMAT_WAV | SF_FORMAT_ALAW, "A-law"},          {SF_FORMAT_WAV | SF_FORMAT_ULAW, "mu-law"},
        {SF_FORMAT_WAV | SF_FORMAT_IMA_ADPCM, "IMA ADPCM"}, {SF_FORMAT_WAV | SF_FORMAT_MS_ADPCM, "Microsoft ADPCM"},
        {SF_FORMAT_AIFF | SF_FORMAT_ALAW, "A-law"},         {SF_FORMAT_CAF | SF_FORMAT_ULAW, "mu-law"},
    };
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        audio_recipe recipe = {.format = kinds[i].format, .channels = 2, .rate = 22050};
        audio_bytes file = audio_write_tones(&recipe, 5000);
        audio_decoder decoder;
        uint64_t frames;
        audio_open_whole(&decoder, &file);
        assert_string_equal(decoder.info.encoding, kinds[i].encoding);
        assert_true(decoder.info.lossy);
        assert_false(decoder.info.wide);
        int16_t *samples = audio_decode_s16(&decoder, &frames);
        assert_int_equal(frames, decoder.info.frame_count);
        assert_true(frames >= 5000 && frames < 7100); /* ADPCM fills its last block */
        /* ADPCM needs a moment to find the size of its steps. */
        for (size_t k = 500; k < 5000; k++) {
            for (int c = 0; c < 2; c++) {
                double wanted = (double)audio_tone(&recipe, k, c) * 32768;
                assert_true(fabs(samples[2 * k + (size_t)c] - wanted) < 1500);
            }
        }
        assert_false(decoder.backend->truncated(decoder.decoder));
        free(samples);
        audio_close(&decoder);
        audio_bytes_free(&file);
    }
}

/* --------------------------------------------------------------------------------------------- Lossy formats */

/* Of Opus after a seek: -90 dB. All else is exact. */
static const double opus_tolerance = 3.17e-5;

static const struct {
    const char *name;
    int format, rate, channels;
    const char *container, *encoding;
    double least_db; /* signal over error */
} lossy_formats[] = {
    {"Vorbis, mono", SF_FORMAT_OGG | SF_FORMAT_VORBIS, 44100, 1, "Ogg", "Vorbis", 20},
    {"Vorbis, stereo", SF_FORMAT_OGG | SF_FORMAT_VORBIS, 22050, 2, "Ogg", "Vorbis", 20},
    {"Opus, mono", SF_FORMAT_OGG | SF_FORMAT_OPUS, 48000, 1, "Ogg", "Opus", 20},
    {"Opus, stereo", SF_FORMAT_OGG | SF_FORMAT_OPUS, 48000, 2, "Ogg", "Opus", 20},
    {"MP3, mono", SF_FORMAT_MPEG | SF_FORMAT_MPEG_LAYER_III, 44100, 1, "MPEG", "MP3", 20},
    {"MP3, stereo", SF_FORMAT_MPEG | SF_FORMAT_MPEG_LAYER_III, 48000, 2, "MPEG", "MP3", 20},
    {"MP3, low rate", SF_FORMAT_MPEG | SF_FORMAT_MPEG_LAYER_III, 22050, 2, "MPEG", "MP3", 20},
};
enum { LOSSY_COUNT = sizeof(lossy_formats) / sizeof(lossy_formats[0]) };

static audio_bytes write_lossy(size_t i, size_t frames, audio_recipe *recipe)
{
    *recipe = (audio_recipe){
        .format = lossy_formats[i].format, .channels = lossy_formats[i].channels, .rate = lossy_formats[i].rate};
    return audio_write_tones(recipe, frames);
}

/* Every frame comes out where it went in, and not one more or less. */
static void test_lossy(void **state)
{
    (void)state;
    for (size_t i = 0; i < LOSSY_COUNT; i++) {
        audio_recipe recipe;
        audio_bytes file = write_lossy(i, 30011, &recipe);
        audio_decoder decoder;
        uint64_t frames;
        audio_open_whole(&decoder, &file);
        assert_string_equal(decoder.info.container, lossy_formats[i].container);
        assert_string_equal(decoder.info.encoding, lossy_formats[i].encoding);
        assert_int_equal(decoder.info.sample_rate_hz, recipe.rate);
        assert_int_equal(decoder.info.channels, recipe.channels);
        assert_int_equal(decoder.info.frame_count, 30011);
        assert_true(decoder.info.lossy);
        assert_false(decoder.info.wide);

        float *samples = audio_decode_f32(&decoder, &frames);
        assert_int_equal(frames, 30011);
        assert_false(decoder.backend->truncated(decoder.decoder));
        double signal = 0, error = 0;
        for (size_t k = 0; k < frames; k++) {
            for (int c = 0; c < recipe.channels; c++) {
                double wanted = (double)audio_tone(&recipe, k, c);
                double difference = (double)samples[k * (size_t)recipe.channels + (size_t)c] - wanted;
                signal += wanted * wanted;
                error += difference * difference;
            }
        }
        double db = 10 * log10(signal / error);
        if (db < lossy_formats[i].least_db) fail_msg("%s: only %.1f dB", lossy_formats[i].name, db);
        free(samples);
        audio_close(&decoder);
        audio_bytes_free(&file);
    }
}

/* Opus remembers the rate of what it was made from, which has no meaning for what comes out. */
static void test_opus_rates(void **state)
{
    (void)state;
    static const int rates[] = {8000, 12000, 16000, 24000};
    for (size_t i = 0; i < 4; i++) {
        audio_recipe recipe = {.format = SF_FORMAT_OGG | SF_FORMAT_OPUS, .channels = 1, .rate = rates[i]};
        audio_recipe heard = {.channels = 1, .rate = 48000};
        audio_bytes file = audio_write_tones(&recipe, (size_t)rates[i]);
        audio_decoder decoder;
        uint64_t frames;
        audio_open_whole(&decoder, &file);
        assert_int_equal(decoder.info.sample_rate_hz, 48000);
        assert_int_equal(decoder.info.frame_count, 48000);
        float *samples = audio_decode_f32(&decoder, &frames);
        assert_int_equal(frames, 48000);
        double error = 0;
        for (size_t k = 4800; k < 43200; k++) error += fabs((double)samples[k] - (double)audio_tone(&heard, k, 0));
        assert_true(error / 38400 < 0.05);
        free(samples);
        audio_close(&decoder);
        audio_check_seeks("Opus", &file, 50, opus_tolerance);
        audio_bytes_free(&file);
    }
}

static int16_t rounded_by_hand(float sample)
{
    double scaled = (double)sample * 32768.0;
    if (isnan(scaled)) return 0;
    if (scaled >= 32767.0) return 32767;
    if (scaled <= -32768.0) return -32768;
    double below = floor(scaled), rest = scaled - below;
    bool up = rest > 0.5 || (rest == 0.5 && fmod(below, 2.0) != 0.0);
    return (int16_t)(up ? below + 1 : below);
}

static void test_rounding(void **state)
{
    (void)state;
    static const float odd[] = {0.0f,
                                -0.0f,
                                1.0f,
                                -1.0f,
                                0.99999f,
                                2.0f,
                                -2.0f,
                                1e30f,
                                -1e30f,
                                1e-30f,
                                0.5f / 32768,
                                1.5f / 32768,
                                2.5f / 32768,
                                -0.5f / 32768,
                                -1.5f / 32768,
                                32766.5f / 32768,
                                32767.5f / 32768,
                                -32768.5f / 32768,
                                -32767.5f / 32768};
    float in[4096];
    int16_t out[4096];
    uint64_t random = 3;
    for (size_t i = 0; i < 4096; i++) {
        in[i] =
            i < sizeof(odd) / sizeof(odd[0]) ? odd[i] : ((float)audio_random(&random) / 2147483648.0f - 1.0f) * 1.1f;
    }
    in[100] = NAN;
    in[101] = INFINITY;
    in[102] = -INFINITY;
    motet_round_to_s16(out, in, 4096);
    for (size_t i = 0; i < 4096; i++) {
        if (out[i] != rounded_by_hand(in[i])) fail_msg("%.9g gave %d", (double)in[i], out[i]);
    }
}

/* A square wave of full scale overshoots in every lossy format: s16 clamps it, f32 keeps it. */
static void test_lossy_overshoot(void **state)
{
    (void)state;
    for (size_t i = 0; i < LOSSY_COUNT; i++) {
        audio_recipe recipe = {
            .format = lossy_formats[i].format, .channels = lossy_formats[i].channels, .rate = lossy_formats[i].rate};
        size_t count = 20000 * (size_t)recipe.channels;
        float *square = audio_allocate(count * sizeof(float));
        for (size_t k = 0; k < count; k++) {
            square[k] = k / (size_t)recipe.channels % 100 < 50 ? 0.9999f : -0.9999f;
        }
        audio_bytes file = audio_write(&recipe, AUDIO_F32, square, 20000);
        audio_decoder floats, shorts;
        uint64_t frames, more;
        audio_open_whole(&floats, &file);
        audio_open_whole(&shorts, &file);
        float *f32 = audio_decode_f32(&floats, &frames);
        int16_t *s16 = audio_decode_s16(&shorts, &more);
        assert_int_equal(frames, more);
        size_t beyond = 0;
        for (size_t k = 0; k < frames * (size_t)recipe.channels; k++) {
            if (fabsf(f32[k]) > 1.0f) beyond++;
            if (s16[k] != rounded_by_hand(f32[k])) fail_msg("sample %zu: %.9g gave %d", k, (double)f32[k], s16[k]);
        }
        if (beyond < 100) fail_msg("%s: nothing overshoots", lossy_formats[i].name);
        free(f32);
        free(s16);
        free(square);
        audio_close(&floats);
        audio_close(&shorts);
        audio_bytes_free(&file);
    }
}

/* libsndfile writes channels as they come, that is in Vorbis's order; they must come back in WAV's. The centre and the
 * LFE are told apart by their tones. */
static void test_surround_order(void **state)
{
    (void)state;
    static const int formats[] = {SF_FORMAT_OGG | SF_FORMAT_VORBIS, SF_FORMAT_OGG | SF_FORMAT_OPUS};
    /* By the tables of the Vorbis specification and of WAV's channel mask: which of the file's channels is heard as the
     * n-th of WAV. */
    static const int heard[9][8] = {
        {0},
        {0},
        {0, 1},
        {0, 2, 1},
        {0, 1, 2, 3},
        {0, 2, 1, 3, 4},
        {0, 2, 1, 5, 3, 4},
        {0, 2, 1, 6, 5, 3, 4},
        {0, 2, 1, 7, 5, 6, 3, 4},
    };
    for (int f = 0; f < 2; f++) {
        for (int channels = 1; channels <= 8; channels++) {
            /* All are low, for the LFE lets nothing else through. */
            audio_recipe recipe = {.format = formats[f], .channels = channels, .rate = 48000, .tone_hz = 20};
            audio_bytes file = audio_write_tones(&recipe, 24000);
            audio_decoder decoder;
            uint64_t frames;
            audio_open_whole(&decoder, &file);
            float *samples = audio_decode_f32(&decoder, &frames);
            assert_int_equal(frames, 24000);
            for (int c = 0; c < channels; c++) {
                int loudest = -1;
                double most = 0;
                for (int tone = 0; tone < channels; tone++) {
                    double product = 0;
                    for (size_t k = 4800; k < 19200; k++) { /* whole periods of all tones */
                        product +=
                            (double)samples[k * (size_t)channels + (size_t)c] * (double)audio_tone(&recipe, k, tone);
                    }
                    if (fabs(product) > most) {
                        most = fabs(product);
                        loudest = tone;
                    }
                }
                if (loudest != heard[channels][c]) {
                    fail_msg("format %d, %d channels: channel %d is the file's %d", f, channels, c, loudest);
                }
            }
            free(samples);
            audio_close(&decoder);
            audio_bytes_free(&file);
        }
    }
}

/* ----------------------------------------------------------------------------------------------------- Seeking */

static void test_seek_made(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(exact_formats) / sizeof(exact_formats[0]); i++) {
        audio_recipe recipe = {.format = exact_formats[i].format, .channels = 2, .rate = 44100};
        audio_bytes file = audio_write_tones(&recipe, 30011);
        audio_check_seeks(exact_formats[i].encoding, &file, 60, 0);
        audio_bytes_free(&file);
    }
    static const int others[] = {SF_FORMAT_WAV | SF_FORMAT_IMA_ADPCM, SF_FORMAT_WAV | SF_FORMAT_MS_ADPCM,
                                 SF_FORMAT_WAV | SF_FORMAT_ULAW};
    for (size_t i = 0; i < 3; i++) {
        audio_recipe recipe = {.format = others[i], .channels = 2, .rate = 44100};
        audio_bytes file = audio_write_tones(&recipe, 30011);
        audio_check_seeks("ADPCM", &file, 60, 0);
        audio_bytes_free(&file);
    }
    for (size_t i = 0; i < LOSSY_COUNT; i++) {
        audio_recipe recipe;
        audio_bytes file = write_lossy(i, 200003, &recipe);
        bool opus = strcmp(lossy_formats[i].encoding, "Opus") == 0;
        audio_check_seeks(lossy_formats[i].name, &file, 200, opus ? opus_tolerance : 0);
        audio_bytes_free(&file);
    }
}

/* Noise fills the bit reservoir of MP3 and keeps Opus's predictors busy, as tones do not. */
static void test_seek_noise(void **state)
{
    (void)state;
    for (size_t i = 0; i < LOSSY_COUNT; i++) {
        audio_recipe recipe = {
            .format = lossy_formats[i].format, .channels = lossy_formats[i].channels, .rate = lossy_formats[i].rate};
        size_t count = 200003 * (size_t)recipe.channels;
        float *noise = audio_allocate(count * sizeof(float));
        uint64_t random = 5;
        for (size_t k = 0; k < count; k++) {
            float loud = k / (size_t)recipe.channels % 9000 < 2000 ? 0.7f : 0.05f;
            noise[k] = ((float)audio_random(&random) / 2147483648.0f - 1.0f) * loud;
        }
        audio_bytes file = audio_write(&recipe, AUDIO_F32, noise, 200003);
        bool opus = strcmp(lossy_formats[i].encoding, "Opus") == 0;
        audio_check_seeks(lossy_formats[i].name, &file, 200, opus ? opus_tolerance : 0);
        audio_bytes_free(&file);
        free(noise);
    }
}

/* ----------------------------------------------------------------------------------------------------- Threads */

typedef struct {
    const audio_bytes *files;
    const uint64_t *sums;
    size_t count, first;
    bool failed;
} thread_work;

/* Decodes a file and sums up its bits; UINT64_MAX where that fails. */
static uint64_t decoded_sum(const audio_bytes *file)
{
    audio_decoder decoder;
    int16_t *samples = NULL;
    uint64_t frames = 0, sum = 0;
    if (audio_open(&decoder, file) != MOTET_OK) return UINT64_MAX;
    if (audio_read_s16(&decoder, &samples, &frames, UINT32_MAX) != MOTET_OK) sum = UINT64_MAX;
    for (size_t i = 0; i < frames * decoder.info.channels; i++) sum = sum * 31 + (uint16_t)samples[i];
    free(samples);
    audio_close(&decoder);
    return sum;
}

static void *work(void *user)
{
    thread_work *worker = user;
    for (size_t i = 0; i < 3 * worker->count; i++) {
        size_t k = (worker->first + i) % worker->count;
        if (decoded_sum(&worker->files[k]) != worker->sums[k]) worker->failed = true;
    }
    return NULL;
}

static void test_threads(void **state)
{
    (void)state;
    static const int formats[] = {
        SF_FORMAT_WAV | SF_FORMAT_PCM_16, SF_FORMAT_FLAC | SF_FORMAT_PCM_16,         SF_FORMAT_OGG | SF_FORMAT_VORBIS,
        SF_FORMAT_OGG | SF_FORMAT_OPUS,   SF_FORMAT_MPEG | SF_FORMAT_MPEG_LAYER_III,
    };
    enum { COUNT = sizeof(formats) / sizeof(formats[0]), BROKEN = 1, THREADS = 4 };
    audio_bytes files[COUNT + BROKEN] = {0};
    uint64_t sums[COUNT + BROKEN];
    for (size_t i = 0; i < COUNT; i++) {
        audio_recipe recipe = {.format = formats[i], .channels = 2, .rate = 48000};
        files[i] = audio_write_tones(&recipe, 20000);
    }
    /* Failures meet in libsndfile's one place for errors. */
    files[COUNT] = audio_bytes_copy(&files[1], 60);
    for (size_t i = 0; i < COUNT + BROKEN; i++) sums[i] = decoded_sum(&files[i]);
    assert_true(sums[COUNT] == UINT64_MAX);

    pthread_t threads[THREADS];
    thread_work workers[THREADS];
    for (size_t i = 0; i < THREADS; i++) {
        workers[i] = (thread_work){files, sums, COUNT + BROKEN, i, false};
        assert_int_equal(pthread_create(&threads[i], NULL, work, &workers[i]), 0);
    }
    for (size_t i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        assert_false(workers[i].failed);
    }
    for (size_t i = 0; i < COUNT + BROKEN; i++) audio_bytes_free(&files[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_exact),          cmocka_unit_test(test_small_encodings),
        cmocka_unit_test(test_opus_rates),     cmocka_unit_test(test_rounding),
        cmocka_unit_test(test_lossy),          cmocka_unit_test(test_lossy_overshoot),
        cmocka_unit_test(test_surround_order), cmocka_unit_test(test_seek_made),
        cmocka_unit_test(test_seek_noise),     cmocka_unit_test(test_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
