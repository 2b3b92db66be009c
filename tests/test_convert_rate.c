/* Conversion of a sound's rate: the filter against the formula and its figures, any part by itself, extreme pairs; and
 * sounds that were converted on loading: what they tell of themselves, where their voices are, how they loop. */
#include "dsp/convert_rate.h"

#include "motet/motet.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static const double PI = 3.14159265358979323846;

/* ----------------------------------------------------------------------------------------------------- The filter */

typedef struct converter {
    motet_rate_filter filter;
    float *coefficients;
} converter;

static converter make_converter(uint32_t from_hz, uint32_t to_hz)
{
    converter c = {.coefficients = malloc(motet_rate_filter_size(from_hz, to_hz))};
    assert_non_null(c.coefficients);
    motet_rate_filter_build(&c.filter, from_hz, to_hz, c.coefficients);
    return c;
}

typedef double source_fn(int64_t frame, const void *user);

/* Frames [first, first + count) of the result, from a source that is a function. */
static void convert(const converter *c, float *out, uint64_t first, uint32_t count, source_fn *source, const void *user)
{
    for (uint32_t done = 0; done < count;) {
        uint32_t chunk = count - done < 100 ? count - done : 100;
        motet_rate_span span = motet_rate_filter_span(&c->filter, first + done, chunk);
        float *window = malloc(span.count * sizeof *window);
        assert_non_null(window);
        for (uint64_t k = 0; k < span.count; k++) {
            window[k] = (float)source(span.first + (int64_t)k, user);
        }
        motet_rate_convert(&c->filter, motet_sinc_mono, out + done, window, first + done, chunk);
        free(window);
        done += chunk;
    }
}

typedef struct tone {
    double hz;
    uint32_t rate_hz;
} tone;

static double tone_at(int64_t frame, const void *user)
{
    const tone *t = user;
    return 0.5 * sin(2 * PI * fmod(t->hz * (double)frame / t->rate_hz, 1));
}

/* THD+N of a tone far into a sound, in dB. */
static double noise_of(uint32_t from_hz, uint32_t to_hz, double hz, double *gain_db)
{
    enum { COUNT = 6000 };
    static float out[COUNT];
    const uint64_t first = 1000003;
    const tone t = {hz, from_hz};
    converter c = make_converter(from_hz, to_hz);
    convert(&c, out, first, COUNT, tone_at, &t);
    free(c.coefficients);
    double cc = 0, cs = 0, ss = 0, xc = 0, xs = 0, noise = 0;
    for (int k = 0; k < COUNT; k++) {
        double angle = 2 * PI * fmod(hz * (double)(first + (uint64_t)k) / to_hz, 1);
        double co = cos(angle), si = sin(angle), x = (double)out[k];
        cc += co * co, cs += co * si, ss += si * si, xc += x * co, xs += x * si;
    }
    double determinant = cc * ss - cs * cs;
    double a = (xc * ss - xs * cs) / determinant;
    double b = (xs * cc - xc * cs) / determinant;
    for (int k = 0; k < COUNT; k++) {
        double angle = 2 * PI * fmod(hz * (double)(first + (uint64_t)k) / to_hz, 1);
        double rest = (double)out[k] - a * cos(angle) - b * sin(angle);
        noise += rest * rest;
    }
    *gain_db = 10 * log10((a * a + b * b) / 0.25);
    return 10 * log10(noise / (a * xc + b * xs));
}

static void tones_are_as_clean_as_promised(void **state)
{
    (void)state;
    static const struct {
        uint32_t from_hz, to_hz;
        double hz, noise_db;
    } cases[] = {
        {44100, 48000, 997, -130},   {44100, 48000, 10000, -130},  {44100, 48000, 18000, -120},
        {44100, 48000, 20000, -115}, {48000, 44100, 997, -130},    {48000, 44100, 18000, -120},
        {96000, 44100, 10000, -130}, {96000, 44100, 20000, -120},  {8000, 48000, 3000, -120},
        {22050, 48000, 9000, -120},  {32000, 44100, 14000, -115},  {44100, 48001, 18000, -115},
        {44056, 47999, 997, -125},   {48000, 192000, 20000, -115}, {192000, 48000, 997, -130},
        {11025, 384000, 4000, -115}, {1, 384000, 0.3, -115},       {767999, 8000, 1000, -120},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        double gain_db;
        double noise_db = noise_of(cases[i].from_hz, cases[i].to_hz, cases[i].hz, &gain_db);
        if (!(noise_db < cases[i].noise_db && fabs(gain_db) < 0.002)) {
            fail_msg("%u to %u Hz, %g Hz: THD+N %.1f dB, level %.4f dB", cases[i].from_hz, cases[i].to_hz, cases[i].hz,
                     noise_db, gain_db);
        }
    }
}

/* What would fold back is gone: tones above the new Nyquist frequency by 7 % and more. */
static void nothing_folds_back(void **state)
{
    (void)state;
    static const uint32_t pairs[][2] = {{96000, 44100}, {48000, 8000}, {48000, 44100}, {768000, 48000}};
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        for (double above = 1.07; above * pairs[i][1] < pairs[i][0]; above *= 1.3) {
            float out[500];
            const tone t = {above * pairs[i][1] / 2, pairs[i][0]};
            converter c = make_converter(pairs[i][0], pairs[i][1]);
            convert(&c, out, 100000, 500, tone_at, &t);
            free(c.coefficients);
            for (int k = 0; k < 500; k++) {
                assert_true(fabs((double)out[k]) < 1e-6);
            }
        }
    }
}

static double noise_at(int64_t frame, const void *user)
{
    (void)user;
    uint64_t z = (uint64_t)frame * UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    return (double)(float)((double)(int64_t)(z ^ (z >> 31)) * 0x1p-63);
}

static double bessel(double x)
{
    double sum = 1, term = 1;
    for (int k = 1; k < 100; k++) {
        term *= x * x / 4 / ((double)k * k);
        sum += term;
    }
    return sum;
}

/* The formula again: a sine cardinal as wide as the lower rate asks for, under Kaiser's window. */
static double stated_frame(uint64_t n, uint32_t from_hz, uint32_t to_hz, uint32_t taps)
{
    double band = from_hz <= to_hz ? 1 : (double)to_hz / from_hz;
    uint64_t whole = n * from_hz / to_hz;
    double fraction = (double)(n * from_hz % to_hz) / to_hz;
    double sum = 0, weights = 0;
    for (uint32_t k = 0; k < taps; k++) {
        double t = (double)k - (taps / 2 - 1) - fraction;
        double u = t / (taps / 2);
        double sine = t == 0 ? band : sin(PI * band * t) / (PI * t);
        double h = sine * bessel(12.8 * sqrt(fmax(0, 1 - u * u))) / bessel(12.8);
        sum += h * noise_at((int64_t)whole + k - (taps / 2 - 1), NULL);
        weights += h;
    }
    return sum / weights;
}

static void frames_follow_the_formula(void **state)
{
    (void)state;
    static const uint32_t pairs[][2] = {{44100, 48000}, {48000, 44100}, {96000, 44100}, {8000, 48000},
                                        {44100, 47999}, {1, 384000},    {384000, 48000}};
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        converter c = make_converter(pairs[i][0], pairs[i][1]);
        bool every_place_has_a_row = c.filter.bank.phases == c.filter.to;
        for (uint64_t first = 0; first < 3; first++) {
            float out[101];
            uint64_t from = first * first * 10000019;
            convert(&c, out, from, 101, noise_at, NULL);
            for (uint32_t k = 0; k < 101; k++) {
                double stated = stated_frame(from + k, pairs[i][0], pairs[i][1], c.filter.bank.taps);
                assert_true(fabs((double)out[k] - stated) < (every_place_has_a_row ? 1e-6 : 1e-5));
            }
        }
        free(c.coefficients);
    }
}

/* Frames of the source that a frame of the result falls on are taken over as they are, where the rate rises. */
static void frames_that_meet_are_the_same(void **state)
{
    (void)state;
    converter c = make_converter(44100, 48000);
    float out[1];
    for (uint64_t n = 0; n < 20; n++) {
        convert(&c, out, n * 160, 1, noise_at, NULL);
        assert_true((double)out[0] == noise_at((int64_t)n * 147, NULL));
    }
    free(c.coefficients);
}

static void any_part_has_the_same_bits(void **state)
{
    (void)state;
    static const uint32_t pairs[][2] = {{44100, 48000}, {96000, 44100}, {44100, 47999}, {8000, 48000}, {768000, 8000}};
    enum { COUNT = 900 };
    static float whole[COUNT], part[COUNT], both[2 * MOTET_RATE_CHUNK];
    uint32_t seed = 5;
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        converter c = make_converter(pairs[i][0], pairs[i][1]);
        convert(&c, whole, 0, COUNT, noise_at, NULL);
        for (int attempt = 0; attempt < 30; attempt++) {
            seed = seed * 1664525u + 1013904223u;
            uint32_t first = (seed >> 8) % COUNT;
            uint32_t count = 1 + (seed >> 20) % (COUNT - first);
            convert(&c, part, first, count, noise_at, NULL);
            assert_memory_equal(part, whole + first, count * sizeof(float));
        }
        /* Both sides at once. */
        motet_rate_span span = motet_rate_filter_span(&c.filter, 7, MOTET_RATE_CHUNK);
        float *window = malloc(2 * span.count * sizeof *window);
        assert_non_null(window);
        for (uint64_t k = 0; k < 2 * span.count; k++) {
            window[k] = (float)noise_at(span.first + (int64_t)(k / 2), NULL);
        }
        motet_rate_convert(&c.filter, motet_sinc_stereo, both, window, 7, MOTET_RATE_CHUNK);
        for (uint32_t k = 0; k < 2 * MOTET_RATE_CHUNK; k++) {
            assert_true(both[k] == whole[7 + k / 2]);
        }
        free(window);
        free(c.coefficients);
    }
}

static double one_at_zero(int64_t frame, const void *user)
{
    (void)user;
    return frame == 0 ? 1 : 0;
}

static void every_pair_of_rates_works(void **state)
{
    (void)state;
    static const uint32_t rates[] = {1, 2, 7, 999, 8000, 44100, 47999, 96000, 384000, 767999, 768000};
    for (size_t i = 0; i < sizeof rates / sizeof *rates; i++) {
        for (size_t k = 0; k < sizeof rates / sizeof *rates; k++) {
            size_t size = motet_rate_filter_size(rates[i], rates[k]);
            assert_true(size <= 4 << 20);
            converter c = make_converter(rates[i], rates[k]);
            uint64_t frames = motet_rate_frames(&c.filter, 1000);
            assert_int_equal(frames, (1000 * (uint64_t)rates[k] + rates[i] - 1) / rates[i]);
            float out[3];
            convert(&c, out, 0, 3, one_at_zero, NULL);
            assert_true(isfinite(out[0]) && isfinite(out[1]) && isfinite(out[2]));
            double peak = rates[i] <= rates[k] ? 1 : fmax((double)rates[k] / rates[i], 128.0 / 65536);
            assert_true(fabs((double)out[0] - peak) < 0.01 * peak + 1e-6);
            free(c.coefficients);
        }
    }
}

/* ---------------------------------------------------------------------------------------------- Sounds of an engine */

enum { RATE = 48000, OTHER_RATE = 44100 };

static void drop_log(void *user, motet_log_level level, const char *text)
{
    (void)user, (void)level, (void)text;
}

static motet_engine *make_engine(motet_allocator allocator)
{
    motet_engine_def def = {.device = MOTET_DEVICE_MANUAL,
                            .sample_rate_hz = RATE,
                            .channels = 2,
                            .no_limiter = true,
                            .max_voices = 8,
                            .allocator = allocator,
                            .log = drop_log};
    motet_engine *engine = motet_engine_create(&def);
    assert_non_null(engine);
    return engine;
}

static motet_sound make_sound(motet_engine *engine, motet_format format, uint32_t channels, uint32_t rate_hz,
                              uint32_t frames, const motet_sound_def *def)
{
    size_t samples = (size_t)frames * channels;
    float *f32 = malloc(samples * sizeof *f32 + 1);
    int16_t *s16 = malloc(samples * sizeof *s16 + 1);
    if (f32 == NULL || s16 == NULL) {
        abort();
    }
    for (size_t k = 0; k < samples; k++) {
        double x = noise_at((int64_t)k, NULL) * 0.5;
        f32[k] = (float)x;
        s16[k] = (int16_t)(x * 32767);
    }
    motet_pcm pcm = {format == MOTET_FORMAT_F32 ? (const void *)f32 : (const void *)s16, format, channels, rate_hz,
                     frames};
    motet_sound sound = motet_sound_from_pcm(engine, &pcm, def);
    free(f32);
    free(s16);
    return sound;
}

static motet_sound_info info_of(motet_engine *engine, motet_sound sound)
{
    motet_sound_info info;
    assert_int_equal(motet_sound_get_info(engine, sound, &info), MOTET_OK);
    return info;
}

static motet_voice play(motet_engine *engine, motet_sound sound, motet_voice_def def)
{
    motet_voice voice = motet_voice_play(engine, sound, &def);
    assert_int_not_equal(voice.id, 0);
    return voice;
}

/* The frame of the next end of a voice. */
static uint64_t end_of_voice(motet_engine *engine)
{
    motet_event event;
    while (motet_engine_poll_event(engine, &event)) {
        if (event.type == MOTET_EVENT_VOICE_ENDED) {
            return event.frame;
        }
    }
    fail_msg("no voice has ended");
    return 0;
}

typedef struct samples {
    const float *frames;
    uint32_t channels, count, channel;
} samples;

static double sample_at(int64_t frame, const void *user)
{
    const samples *s = user;
    bool inside = frame >= 0 && frame < s->count;
    return inside ? (double)s->frames[(size_t)frame * s->channels + s->channel] : 0;
}

/* At pitch 1 a voice is the conversion, from the first frame to the last, and ends with it. */
static void voices_play_the_conversion(void **state)
{
    (void)state;
    enum { FRAMES = 3001, CONVERTED = 3267 };
    static float source[2 * FRAMES], heard[2 * CONVERTED + 200], expected[2][CONVERTED];
    converter c = make_converter(OTHER_RATE, RATE);
    assert_int_equal(motet_rate_frames(&c.filter, FRAMES), CONVERTED);
    for (uint32_t channels = 1; channels <= 2; channels++) {
        for (int wide = 0; wide < 2; wide++) {
            motet_engine *engine = make_engine((motet_allocator){0});
            motet_sound sound =
                make_sound(engine, wide ? MOTET_FORMAT_F32 : MOTET_FORMAT_S16, channels, OTHER_RATE, FRAMES, NULL);
            uint32_t read;
            assert_int_equal(motet_sound_read_f32(engine, sound, 0, source, FRAMES, &read), MOTET_OK);
            assert_int_equal(read, FRAMES); /* the file's own */
            for (uint32_t side = 0; side < channels; side++) {
                convert(&c, expected[side], 0, CONVERTED, sample_at, &(samples){source, channels, FRAMES, side});
            }
            play(engine, sound, (motet_voice_def){0});
            motet_engine_render_f32(engine, heard, CONVERTED + 100);
            for (uint32_t k = 0; k < CONVERTED; k++) {
                assert_true(heard[2 * k] == expected[0][k] && heard[2 * k + 1] == expected[channels - 1][k]);
            }
            assert_int_equal(end_of_voice(engine), CONVERTED);
            motet_engine_destroy(engine);
        }
    }
    free(c.coefficients);
}

static void sounds_tell_of_their_file(void **state)
{
    (void)state;
    motet_engine *engine = make_engine((motet_allocator){0});
    motet_sound_info info = info_of(engine, make_sound(engine, MOTET_FORMAT_S16, 2, OTHER_RATE, 441, NULL));
    assert_int_equal(info.sample_rate_hz, OTHER_RATE);
    assert_int_equal(info.frame_count, 441);
    assert_true(info.seconds == 0.01);
    assert_int_equal(info.format, MOTET_FORMAT_F32);
    assert_int_equal(info.memory_bytes, 480 * 2 * sizeof(float) + 441 * 2 * sizeof(int16_t));
    /* s16 by name stays s16. */
    motet_sound_def def = {.store = MOTET_STORE_S16};
    info = info_of(engine, make_sound(engine, MOTET_FORMAT_F32, 2, OTHER_RATE, 441, &def));
    assert_int_equal(info.format, MOTET_FORMAT_S16);
    assert_int_equal(info.memory_bytes, (480 + 441) * 2 * sizeof(int16_t));
    /* Not converted: on request, at the engine's rate, far below it, and nothing at all. */
    def = (motet_sound_def){.no_convert = true};
    info = info_of(engine, make_sound(engine, MOTET_FORMAT_S16, 1, OTHER_RATE, 441, &def));
    assert_int_equal(info.format, MOTET_FORMAT_S16);
    assert_int_equal(info.memory_bytes, 441 * sizeof(int16_t));
    assert_int_equal(info_of(engine, make_sound(engine, MOTET_FORMAT_S16, 1, RATE, 441, NULL)).memory_bytes, 882);
    assert_int_equal(info_of(engine, make_sound(engine, MOTET_FORMAT_S16, 1, 2999, 441, NULL)).memory_bytes, 882);
    assert_int_equal(info_of(engine, make_sound(engine, MOTET_FORMAT_S16, 1, OTHER_RATE, 0, NULL)).memory_bytes, 0);
    motet_engine_destroy(engine);
}

static void put(uint8_t **at, const char *tag, uint32_t value)
{
    memcpy(*at, tag, strlen(tag));
    *at += strlen(tag);
    for (int i = 0; i < 4; i++) {
        *(*at)++ = (uint8_t)(value >> 8 * i);
    }
}

/* A WAV of 44.1 kHz, mono, 16 bits, with a loop from 10 to 49, its last frame included. */
static void sounds_with_loop_points_are_not_converted(void **state)
{
    (void)state;
    enum { FRAMES = 100 };
    uint8_t bytes[512] = {0};
    uint8_t *at = bytes;
    put(&at, "RIFF", 4 + 24 + 8 + 60 + 8 + 2 * FRAMES);
    memcpy(at, "WAVE", 4);
    at += 4;
    put(&at, "fmt ", 16);
    put(&at, "", 1 | 1 << 16); /* PCM, one channel */
    put(&at, "", OTHER_RATE);
    put(&at, "", 2 * OTHER_RATE);
    put(&at, "", 2 | 16 << 16);
    put(&at, "smpl", 60);
    for (int i = 0; i < 7; i++) {
        put(&at, "", i == 2 ? 22676 : i == 3 ? 60 : 0);
    }
    put(&at, "", 1);
    put(&at, "", 0);
    for (int i = 0; i < 6; i++) {
        put(&at, "", i == 2 ? 10 : i == 3 ? 49 : 0);
    }
    put(&at, "data", 2 * FRAMES);
    size_t size = (size_t)(at - bytes) + 2 * FRAMES;
    motet_engine *engine = make_engine((motet_allocator){0});
    motet_sound sound = motet_sound_load_memory(engine, bytes, size, NULL);
    if (sound.id == 0) {
        fail_msg("%s", motet_last_error());
    }
    motet_sound_info info = info_of(engine, sound);
    assert_int_equal(info.loop_start_frame, 10);
    assert_int_equal(info.loop_end_frame, 50);
    assert_int_equal(info.format, MOTET_FORMAT_S16);
    assert_int_equal(info.memory_bytes, 2 * FRAMES);
    /* From a path, with another `no_convert` it is another sound. */
    char path[] = "/tmp/motet-test-XXXXXX";
    int file = mkstemp(path);
    assert_true(file >= 0 && write(file, bytes, size) == (ssize_t)size);
    close(file);
    motet_sound loaded = motet_sound_load(engine, path, NULL);
    assert_int_not_equal(loaded.id, 0);
    assert_int_equal(motet_sound_load(engine, path, NULL).id, loaded.id);
    assert_int_not_equal(motet_sound_load(engine, path, &(motet_sound_def){.no_convert = true}).id, loaded.id);
    unlink(path);
    motet_engine_destroy(engine);
}

/* ------------------------------------------------------------------------------------------------------ Positions */

static double position_of(motet_engine *engine, motet_voice voice)
{
    motet_voice_state voice_state;
    assert_int_equal(motet_voice_get_state(engine, voice, &voice_state), MOTET_OK);
    return voice_state.position_frames;
}

/* A voice stands at exactly the frame of the file that was asked for, whatever the engine's rate makes of it. */
static void positions_are_the_files_own(void **state)
{
    (void)state;
    static const uint32_t rates[] = {44100, 22050, 96000, 47999, 8000};
    enum { FRAMES = 5000 };
    float frame[2];
    for (size_t r = 0; r < sizeof rates / sizeof *rates; r++) {
        motet_engine *engine = make_engine((motet_allocator){0});
        motet_sound sound = make_sound(engine, MOTET_FORMAT_S16, 1, rates[r], FRAMES, NULL);
        motet_voice voice = play(engine, sound, (motet_voice_def){.paused = true, .from_frame = 17});
        for (uint64_t p = 17; p < FRAMES; p += 83) {
            motet_engine_render_f32(engine, frame, 1);
            assert_true(position_of(engine, voice) == (double)p);
            assert_int_equal(motet_voice_seek(engine, voice, p + 83, motet_now()), MOTET_OK);
        }
        motet_engine_render_f32(engine, frame, 1); /* at or past the end: over */
        assert_false(motet_voice_is_active(engine, voice));
        /* A second of the engine's is a second of the file's. */
        voice = play(engine, sound, (motet_voice_def){.from_frame = 100});
        static float second[2 * RATE / 100];
        motet_engine_render_f32(engine, second, RATE / 100);
        assert_true(fabs(position_of(engine, voice) - 100 - rates[r] / 100.0) < 1e-4);
        motet_engine_destroy(engine);
    }
}

/* What is heard from a frame between two converted ones is the tone as it is there, not at the next whole one. */
static void starts_between_frames_are_exact(void **state)
{
    (void)state;
    static float out[2 * 600];
    motet_engine *engine = make_engine((motet_allocator){0});
    motet_signal signal = {
        .kind = MOTET_SIGNAL_SINE, .hz = 1000, .amplitude = 0.5, .seconds = 1, .sample_rate_hz = OTHER_RATE};
    motet_sound sound = motet_sound_from_signal(engine, &signal, NULL);
    for (uint64_t from = 1000; from < 1010; from++) {
        motet_voice_def def = {.from_frame = from, .timing.fade_seconds = MOTET_FADE_NONE};
        motet_voice voice = play(engine, sound, def);
        motet_engine_render_f32(engine, out, 600);
        for (int k = 0; k < 600; k++) {
            double seconds = (double)from / OTHER_RATE + (double)k / RATE;
            assert_true(fabs((double)out[2 * k] - 0.5 * sin(2 * PI * 1000 * seconds)) < 3e-5);
        }
        (void)motet_voice_stop(engine, voice, (motet_timing){.fade_seconds = MOTET_FADE_NONE});
    }
    motet_engine_destroy(engine);
}

/* ---------------------------------------------------------------------------------------------------------- Loops */

/* 441 frames at 44.1 kHz are 480 of the engine's, and 100 of them 441.0 of 44.1: the tone goes on without a seam. */
static void loops_are_exact(void **state)
{
    (void)state;
    enum { FRAMES = 100, COUNT = 48000 };
    static float samples_of_loop[FRAMES], out[2 * COUNT];
    for (int k = 0; k < FRAMES; k++) {
        samples_of_loop[k] = (float)(0.5 * sin(2 * PI * 3 * k / FRAMES));
    }
    motet_engine *engine = make_engine((motet_allocator){0});
    motet_pcm pcm = {samples_of_loop, MOTET_FORMAT_F32, 1, OTHER_RATE, FRAMES};
    motet_sound sound = motet_sound_from_pcm(engine, &pcm, NULL);
    motet_voice looped = play(engine, sound, (motet_voice_def){.loop = true});
    motet_engine_render_f32(engine, out, COUNT);
    for (int k = 0; k < COUNT; k++) {
        assert_true(fabs((double)out[2 * k] - 0.5 * sin(2 * PI * fmod(1323.0 * k / RATE, 1))) < 2e-6);
    }
    assert_true(position_of(engine, looped) < FRAMES);
    motet_engine_destroy(engine);
}

/* A voice that starts to loop while it plays goes over to the file's own frames where it is. */
static void looping_can_begin_at_any_time(void **state)
{
    (void)state;
    enum { FRAMES = 441, COUNT = 3000 };
    static float samples_of_loop[FRAMES], out[2 * COUNT];
    for (int k = 0; k < FRAMES; k++) {
        samples_of_loop[k] = (float)(0.5 * sin(2 * PI * 10 * k / FRAMES));
    }
    for (uint64_t at = 0; at < 470; at += 93) {
        motet_engine *engine = make_engine((motet_allocator){0});
        motet_pcm pcm = {samples_of_loop, MOTET_FORMAT_F32, 1, OTHER_RATE, FRAMES};
        motet_sound sound = motet_sound_from_pcm(engine, &pcm, NULL);
        motet_voice voice = play(engine, sound, (motet_voice_def){0});
        assert_int_equal(motet_voice_set_loop(engine, voice, true, motet_at(at)), MOTET_OK);
        assert_int_equal(motet_voice_set_loop(engine, voice, false, motet_at(2000)), MOTET_OK);
        motet_engine_render_f32(engine, out, COUNT);
        /* Near its first frame silence lies before it; so does it before its last, once it loops no more. */
        for (int k = 24; k < 2350; k++) {
            bool near_end_of_plain_copy = at > 440 && k > 440 && k < (int)at + 24;
            double error = fabs((double)out[2 * k] - 0.5 * sin(2 * PI * fmod(1000.0 * k / RATE, 1)));
            assert_true(near_end_of_plain_copy || error < 2e-3);
        }
        /* The fifth pass is the last; the ratio is a few 2^-32 below 147/160, so it may take one frame more. */
        uint64_t end = end_of_voice(engine);
        assert_true(end == 5 * 480 || end == 5 * 480 + 1);
        motet_engine_destroy(engine);
    }
}

/* More than a minute: the file's own frames are not kept, and a loop is a whole number of converted ones. */
static void long_sounds_loop_on_converted_frames(void **state)
{
    (void)state;
    enum { FRAMES = 61 * 8000 };
    float frame[2], read[2];
    motet_engine *engine = make_engine((motet_allocator){0});
    motet_sound sound = make_sound(engine, MOTET_FORMAT_S16, 1, 8000, FRAMES, NULL);
    assert_int_equal(info_of(engine, sound).memory_bytes, FRAMES * 6 * sizeof(float));
    assert_int_equal(motet_sound_read_f32(engine, sound, 0, read, 2, NULL), MOTET_ERROR_UNSUPPORTED);
    motet_voice voice = play(engine, sound, (motet_voice_def){.loop = true, .from_frame = FRAMES - 1});
    for (int k = 0; k < 12; k++) {
        motet_engine_render_f32(engine, frame, 1);
    }
    assert_true(fabs(position_of(engine, voice) - 1) < 1e-4);
    motet_engine_destroy(engine);
}

/* --------------------------------------------------------------------------------------------------------- Memory */

static int allocations_left;
static size_t bytes_held;

static void *take_some(void *user, size_t size, size_t alignment)
{
    (void)user;
    if (allocations_left == 0) {
        return NULL;
    }
    allocations_left -= allocations_left > 0 ? 1 : 0;
    bytes_held += size;
    return aligned_alloc(alignment < 16 ? 16 : alignment, (size + 4095) / 4096 * 4096);
}

static void give_back(void *user, void *memory, size_t size)
{
    (void)user;
    bytes_held -= size;
    free(memory);
}

/* Whichever allocation of a load fails: an error, nothing left behind. */
static void loading_fails_cleanly(void **state)
{
    (void)state;
    allocations_left = -1;
    bytes_held = 0;
    motet_engine *engine = make_engine((motet_allocator){take_some, give_back, NULL});
    size_t before = bytes_held;
    int failures = 0;
    motet_sound sound = {0};
    for (int allowed = 0; sound.id == 0; allowed++) {
        allocations_left = allowed;
        sound = make_sound(engine, MOTET_FORMAT_S16, 2, OTHER_RATE, 2000, NULL);
        allocations_left = -1;
        if (sound.id == 0) {
            assert_int_equal(motet_last_result(), MOTET_ERROR_MEMORY);
            assert_int_equal(bytes_held, before);
            failures++;
        }
    }
    assert_true(failures >= 5);
    motet_engine_destroy(engine);
    assert_int_equal(bytes_held, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tones_are_as_clean_as_promised),
        cmocka_unit_test(nothing_folds_back),
        cmocka_unit_test(frames_follow_the_formula),
        cmocka_unit_test(frames_that_meet_are_the_same),
        cmocka_unit_test(any_part_has_the_same_bits),
        cmocka_unit_test(every_pair_of_rates_works),
        cmocka_unit_test(voices_play_the_conversion),
        cmocka_unit_test(sounds_tell_of_their_file),
        cmocka_unit_test(sounds_with_loop_points_are_not_converted),
        cmocka_unit_test(positions_are_the_files_own),
        cmocka_unit_test(starts_between_frames_are_exact),
        cmocka_unit_test(loops_are_exact),
        cmocka_unit_test(looping_can_begin_at_any_time),
        cmocka_unit_test(long_sounds_loop_on_converted_frames),
        cmocka_unit_test(loading_fails_cleanly),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
