/* Voices of all qualities, heard: the figures of docs/pitch.md, loops against the same unrolled, first and last frames,
 * glides, the way into and out of a plain copy, feeds with filters longer than they. */
#include "motet/motet.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { RATE = 48000, TIERS = 4 };
static const double PI = 3.14159265358979323846;
static const motet_quality qualities[TIERS] = {MOTET_QUALITY_LINEAR, MOTET_QUALITY_CUBIC, MOTET_QUALITY_SINC16,
                                               MOTET_QUALITY_SINC32};

static motet_engine *make_engine(uint32_t channels)
{
    motet_engine_def def = {
        .device = MOTET_DEVICE_MANUAL, .sample_rate_hz = RATE, .channels = channels, .no_limiter = true};
    motet_engine *engine = motet_engine_create(&def);
    assert_non_null(engine);
    return engine;
}

static motet_sound make_sound(motet_engine *engine, const void *samples, motet_format format, uint32_t channels,
                              uint64_t frames)
{
    motet_pcm pcm = {samples, format, channels, RATE, frames};
    motet_sound sound = motet_sound_from_pcm(engine, &pcm, NULL);
    assert_int_not_equal(sound.id, 0);
    return sound;
}

static motet_voice play(motet_engine *engine, motet_sound sound, motet_voice_def def)
{
    motet_voice voice = motet_voice_play(engine, sound, &def);
    assert_int_not_equal(voice.id, 0);
    return voice;
}

static void render(motet_engine *engine, float *frames, uint32_t channels, uint32_t count, uint32_t block)
{
    for (uint32_t done = 0; done < count; done += block) {
        motet_engine_render_f32(engine, frames + (size_t)done * channels, count - done < block ? count - done : block);
    }
}

/* ------------------------------------------------------------------------------------------------------- Purity */

enum { SETTLE = 2000, MEASURED = 12000 };

typedef struct heard {
    double gain_db, noise_db, total_db;
} heard;

/* A tone through a voice, fitted by a sine of the frequency that it must have. */
static heard listen(motet_quality quality, double hz, double pitch)
{
    static float frames[SETTLE + MEASURED];
    motet_engine *engine = make_engine(1);
    motet_signal signal = {.kind = MOTET_SIGNAL_SINE,
                           .hz = hz,
                           .amplitude = 0.5,
                           .seconds = (double)(SETTLE + MEASURED) / RATE * pitch + 0.2};
    motet_sound sound = motet_sound_from_signal(engine, &signal, NULL);
    play(engine, sound, (motet_voice_def){.pitch = pitch, .quality = quality});
    render(engine, frames, 1, SETTLE + MEASURED, SETTLE + MEASURED);
    motet_engine_destroy(engine);
    double cc = 0, cs = 0, ss = 0, xc = 0, xs = 0, power = 0, noise = 0;
    double turns = hz * pitch / RATE;
    for (int pass = 0; pass < 2; pass++) {
        double determinant = cc * ss - cs * cs;
        double a = pass == 0 ? 0 : (xc * ss - xs * cs) / determinant;
        double b = pass == 0 ? 0 : (xs * cc - xc * cs) / determinant;
        for (int k = 0; k < MEASURED; k++) {
            double angle = 2 * PI * fmod(turns * (SETTLE + k), 1);
            double c = cos(angle), s = sin(angle), x = (double)frames[SETTLE + k];
            if (pass == 0) {
                cc += c * c, cs += c * s, ss += s * s, xc += x * c, xs += x * s, power += x * x;
            } else {
                noise += (x - a * c - b * s) * (x - a * c - b * s);
            }
        }
        if (pass == 1) {
            double tone = a * xc + b * xs;
            return (heard){.gain_db = 10 * log10((a * a + b * b) / 0.25 + 1e-30),
                           .noise_db = 10 * log10(noise / tone + 1e-30),
                           .total_db = 10 * log10(2 * power / MEASURED / 0.25 + 1e-30)};
        }
    }
    return (heard){0};
}

static void tones_are_as_clean_as_promised(void **state)
{
    (void)state;
    static const struct {
        double at_1_khz, at_10_khz, level_db, alias;
    } marks[TIERS] = {{-63, -21.5, 2, 0}, {-91.5, -28.5, 1, 0}, {-92, -88, 0.8, -67.5}, {-120, -105.5, 0.02, -97}};
    static const double pitches[] = {0.5, 0.9, 1.01, 2, 3.7, 9.3, 41};
    for (int tier = 0; tier < TIERS; tier++) {
        assert_true(listen(qualities[tier], 1000, 1.3).noise_db < marks[tier].at_1_khz);
        heard high = listen(qualities[tier], 10000, 1.3);
        assert_true(high.noise_db < marks[tier].at_10_khz);
        assert_true(fabs(high.gain_db) < marks[tier].level_db);
        if (marks[tier].alias == 0) {
            continue;
        }
        assert_true(listen(qualities[tier], 20000, 1.3).total_db < marks[tier].alias);
        for (size_t i = 0; i < sizeof pitches / sizeof *pitches; i++) {
            heard low = listen(qualities[tier], 1000 / pitches[i], pitches[i]);
            assert_true(low.noise_db < (tier == 2 ? -88 : -118));
            assert_true(fabs(low.gain_db) < 0.05);
            if (pitches[i] > 1.1) {
                assert_true(listen(qualities[tier], 26000 / pitches[i], pitches[i]).total_db < marks[tier].alias);
            }
        }
    }
}

/* The tones as they would be read, had the default a name. */
static void default_is_sinc16_or_sinc32(void **state)
{
    (void)state;
    enum { COUNT = 3000 };
    static float frames[2][COUNT];
    float samples[600];
    for (int k = 0; k < 600; k++) {
        samples[k] = (float)sin(k * k * 0.01);
    }
    for (int other_rate = 0; other_rate < 2; other_rate++) {
        for (int named = 0; named < 2; named++) {
            motet_engine *engine = make_engine(1);
            motet_pcm pcm = {samples, MOTET_FORMAT_F32, 1, other_rate ? 44100 : RATE, 600};
            motet_sound sound = motet_sound_from_pcm(engine, &pcm, &(motet_sound_def){.no_convert = true});
            motet_quality quality = other_rate ? MOTET_QUALITY_SINC32 : MOTET_QUALITY_SINC16;
            play(engine, sound, (motet_voice_def){.pitch = 0.77, .quality = named ? quality : MOTET_QUALITY_DEFAULT});
            render(engine, frames[named], 1, COUNT, COUNT);
            motet_engine_destroy(engine);
        }
        assert_memory_equal(frames[0], frames[1], sizeof frames[0]);
    }
}

/* -------------------------------------------------------------------------------------------------------- Loops */

static const double loop_pitches[] = {0.37, 1, 1.3, 2.9, 50};

/* A loop of `length` frames gives what as many of it, one after the other, give: to the bit, once a pass lies before it
 * in both. */
static void check_loop(motet_engine *engine, motet_quality quality, motet_format format, uint32_t channels,
                       uint32_t length, double pitch)
{
    enum { COUNT = 1200, LONGEST = 100000 };
    static float f32[2 * LONGEST], out[2][2 * COUNT];
    static int16_t s16[2 * LONGEST];
    uint32_t passes = (uint32_t)((COUNT * pitch + 4000) / length) + 1;
    assert_true(passes * length < LONGEST);
    for (uint32_t k = 0; k < length * channels; k++) {
        f32[k] = (float)sin(1 + 2.3 * k) * 0.3f;
        s16[k] = (int16_t)(f32[k] * 32767);
    }
    for (uint32_t k = length * channels; k < passes * length * channels; k++) {
        f32[k] = f32[k - length * channels];
        s16[k] = s16[k - length * channels];
    }
    const void *samples = format == MOTET_FORMAT_F32 ? (const void *)f32 : (const void *)s16;
    /* Both start where a pass or more of the longest filter's reach is behind them. */
    uint32_t behind = 800 / length + 1;
    for (int i = 0; i < 2; i++) {
        motet_sound sound = make_sound(engine, samples, format, channels, i == 0 ? length : passes * length);
        motet_voice_def def = {.pitch = pitch, .quality = quality, .loop = i == 0};
        def.from_frame = i == 0 ? 0 : behind * length;
        def.timing.fade_seconds = MOTET_FADE_NONE;
        motet_voice voice = play(engine, sound, def);
        render(engine, out[i], 2, COUNT, i == 0 ? COUNT : 77);
        (void)motet_voice_stop(engine, voice, (motet_timing){.fade_seconds = MOTET_FADE_NONE});
        motet_sound_release(engine, sound);
    }
    uint32_t compared = (uint32_t)fmin(COUNT, ((passes - behind) * length - 800) / pitch);
    assert_true(compared > COUNT / 2);
    assert_memory_equal(out[0], out[1], compared * 2 * sizeof(float));
}

static void loops_are_like_the_same_unrolled(void **state)
{
    (void)state;
    static const uint32_t lengths[] = {1, 2, 3, 4, 5, 7, 15, 16, 17, 31, 33, 64, 100, 997};
    motet_engine *engine = make_engine(2);
    for (int tier = 0; tier < TIERS; tier++) {
        for (size_t l = 0; l < sizeof lengths / sizeof *lengths; l++) {
            for (size_t p = 0; p < sizeof loop_pitches / sizeof *loop_pitches; p++) {
                uint32_t channels = 1 + (uint32_t)(l + p) % 2;
                check_loop(engine, qualities[tier], MOTET_FORMAT_F32, channels, lengths[l], loop_pitches[p]);
                check_loop(engine, qualities[tier], MOTET_FORMAT_S16, channels, lengths[l], loop_pitches[p]);
            }
        }
    }
    motet_engine_destroy(engine);
}

/* A loop of one frame is a constant, in every tier and at every pitch. */
static void one_frame_is_a_constant(void **state)
{
    (void)state;
    float one = 0.75f, out[600];
    for (int tier = 0; tier < TIERS; tier++) {
        for (size_t p = 0; p < sizeof loop_pitches / sizeof *loop_pitches; p++) {
            motet_engine *engine = make_engine(1);
            motet_sound sound = make_sound(engine, &one, MOTET_FORMAT_F32, 1, 1);
            play(engine, sound, (motet_voice_def){.pitch = loop_pitches[p], .quality = qualities[tier], .loop = true});
            render(engine, out, 1, 600, 600);
            for (int k = 0; k < 600; k++) {
                assert_true(fabs((double)out[k] - 0.75) < 2e-6);
            }
            motet_engine_destroy(engine);
        }
    }
}

/* --------------------------------------------------------------------------------------------------------- Ends */

static void first_and_last_frames_sound(void **state)
{
    (void)state;
    static const double pitches[] = {0.25, 0.5, 1, 1.2, 2};
    enum { FRAMES = 41 };
    for (int tier = 0; tier < TIERS; tier++) {
        for (size_t p = 0; p < sizeof pitches / sizeof *pitches; p++) {
            for (int last = 0; last < 2; last++) {
                float samples[FRAMES] = {0}, out[FRAMES * 4 + 8];
                samples[last ? FRAMES - 1 : 0] = 1;
                motet_engine *engine = make_engine(1);
                motet_sound sound = make_sound(engine, samples, MOTET_FORMAT_F32, 1, FRAMES);
                play(engine, sound, (motet_voice_def){.pitch = pitches[p], .quality = qualities[tier]});
                render(engine, out, 1, FRAMES * 4 + 8, 1000);
                uint32_t at = last ? (uint32_t)((FRAMES - 1) / pitches[p]) : 0;
                assert_true((double)out[at] > 0.4 / fmax(1, pitches[p]));
                /* Its last frame is the last before the sound's end. */
                motet_event event = {0};
                while (motet_engine_poll_event(engine, &event) && event.type != MOTET_EVENT_VOICE_ENDED) {}
                assert_int_equal(event.frame, (uint64_t)ceil(FRAMES / pitches[p]));
                for (uint32_t k = (uint32_t)event.frame; k < FRAMES * 4 + 8; k++) {
                    assert_true(out[k] == 0);
                }
                motet_engine_destroy(engine);
            }
        }
    }
}

/* ------------------------------------------------------------------------------------------------------- Glides */

static double largest_second_difference(const float *frames, uint32_t from, uint32_t to)
{
    double largest = 0;
    for (uint32_t k = from + 1; k + 1 < to; k++) {
        largest = fmax(largest, fabs((double)frames[k + 1] - 2 * (double)frames[k] + (double)frames[k - 1]));
    }
    return largest;
}

/* What a glide of the default curve would sound like, were there no filters in it. */
static void glide_ideally(float *frames, uint32_t count, double hz, const double *way, uint32_t at, uint32_t length)
{
    double position = 0;
    for (uint32_t k = 0; k < count; k++) {
        double t = k < at ? 0 : fmin(1, (double)(k - at) / length);
        frames[k] = (float)(0.5 * sin(2 * PI * hz * position / RATE));
        position += way[0] + (way[1] - way[0]) * t * t * (3 - 2 * t);
    }
}

/* A glide has neither steps nor corners, whichever banks it passes, and the same samples in blocks of any length. */
static void glides_are_smooth(void **state)
{
    (void)state;
    enum { COUNT = 9000, AT = 3007 };
    static const double ways[][2] = {{1, 1.05}, {1, 2}, {1.3, 1}, {0.5, 1}, {2, 1}, {1.4, 1.45}, {1, 9}, {30, 0.7}};
    static const double tones[] = {60, 200, 1000};
    static const double seconds[] = {0.01, 0.002, 0.1};
    static const uint32_t blocks[] = {COUNT, 1, 63, 64, 500};
    static float out[5][COUNT], ideal[COUNT];
    for (int tier = 2; tier < TIERS; tier++) {
        for (size_t w = 0; w < sizeof ways / sizeof *ways; w++) {
            for (int t = 0; t < 3; t++) {
                double hz = tones[t] / fmax(1, fmax(ways[w][0], ways[w][1]) / 8);
                double fade = seconds[(w + (size_t)t) % 3];
                motet_signal signal = {.kind = MOTET_SIGNAL_SINE, .hz = hz, .amplitude = 0.5, .seconds = 6};
                for (int b = 0; b < (t == 2 ? 5 : 1); b++) {
                    motet_engine *engine = make_engine(1);
                    motet_sound sound = motet_sound_from_signal(engine, &signal, NULL);
                    motet_voice voice =
                        play(engine, sound, (motet_voice_def){.pitch = ways[w][0], .quality = qualities[tier]});
                    motet_voice_set_pitch(engine, voice, ways[w][1], motet_at_fade(AT, fade));
                    render(engine, out[b], 1, COUNT, blocks[b]);
                    motet_engine_destroy(engine);
                    assert_memory_equal(out[b], out[0], sizeof out[0]);
                }
                glide_ideally(ideal, COUNT, hz, ways[w], AT, (uint32_t)(fade * RATE));
                double sharpest = largest_second_difference(out[0], 1000, COUNT);
                assert_true(sharpest <= 1.05 * fmax(largest_second_difference(ideal, 1000, COUNT), 6.2e-5 * 0.5));
                for (int k = 1000; k < COUNT; k++) {
                    assert_true(fabs((double)out[0][k] - (double)ideal[k]) < (tier == 2 ? 0.02 : 0.002));
                }
            }
        }
    }
}

/* A voice that comes to exactly pitch 1 at a whole frame copies again, after the filters have given way; from there on
 * its frames are the source's own. */
static void pitch_one_is_a_copy_again(void **state)
{
    (void)state;
    enum { COUNT = 2000, AT = 300, FRAMES = 4000 };
    static float samples[2 * FRAMES], out[2][2 * COUNT];
    for (int k = 0; k < 2 * FRAMES; k++) {
        samples[k] = (float)sin(k * 1.7) * 0.4f + (float)sin(k * 0.13) * 0.3f;
    }
    for (int tier = 2; tier < TIERS; tier++) {
        for (int b = 0; b < 2; b++) {
            motet_engine *engine = make_engine(2);
            motet_sound sound = make_sound(engine, samples, MOTET_FORMAT_F32, 2, FRAMES);
            motet_voice voice = play(engine, sound, (motet_voice_def){.pitch = 1.25, .quality = qualities[tier]});
            motet_timing step = {.at_frame = AT, .fade_seconds = MOTET_FADE_NONE};
            motet_voice_set_pitch(engine, voice, 1, step);
            render(engine, out[b], 2, COUNT, b == 0 ? COUNT : 1);
            motet_engine_destroy(engine);
        }
        assert_memory_equal(out[0], out[1], sizeof out[0]);
        /* At frame 300 the voice stands at 375. The bank changes at 320, the next multiple of 64, until 384. */
        const float *source = samples + 2 * 75;
        for (int k = 2 * 384; k < 2 * COUNT; k++) {
            assert_true(out[0][k] == source[k]);
        }
        bool filtered = false;
        for (int k = 2 * AT; k < 2 * 384; k++) {
            filtered = filtered || out[0][k] != source[k];
        }
        assert_true(filtered);
    }
}

/* -------------------------------------------------------------------------------------------------------- Feeds */

/* What a fed voice plays is what a sound of the same frames plays, however the frames come, while there are enough. */
static void feeds_play_as_sounds_do(void **state)
{
    (void)state;
    enum { COUNT = 3000, FRAMES = 12000 };
    static const double pitches[] = {0.8, 1, 1.3, 3.3};
    static float samples[FRAMES], out[2][COUNT];
    for (int k = 0; k < FRAMES; k++) {
        samples[k] = (float)sin(k * k * 1e-5) * 0.5f;
    }
    for (int tier = 2; tier < TIERS; tier++) {
        for (size_t p = 0; p < sizeof pitches / sizeof *pitches; p++) {
            motet_engine *engine = make_engine(1);
            play(engine, make_sound(engine, samples, MOTET_FORMAT_F32, 1, FRAMES),
                 (motet_voice_def){.pitch = pitches[p], .quality = qualities[tier]});
            render(engine, out[0], 1, COUNT, COUNT);
            motet_engine_destroy(engine);
            engine = make_engine(1);
            motet_feed_def def = {.channels = 1, .buffer_seconds = 0.1, .voice.pitch = pitches[p]};
            def.voice.quality = qualities[tier];
            motet_voice voice = motet_feed_open(engine, &def);
            uint32_t written = 0;
            for (uint32_t done = 0; done < COUNT; done += 100) {
                uint32_t taken = 0;
                motet_feed_write_f32(engine, voice, samples + written, FRAMES - written, &taken);
                written += taken;
                motet_engine_render_f32(engine, out[1] + done, 100);
            }
            motet_engine_destroy(engine);
            assert_memory_equal(out[1], out[0], sizeof out[0]);
        }
    }
}

/* A buffer shorter than the filter that the pitch asks for: a shorter filter, and no waiting for ever. */
static void short_feeds_go_on_at_high_pitches(void **state)
{
    (void)state;
    static float samples[480], out[512];
    motet_engine *engine = make_engine(1);
    motet_feed_def def = {
        .channels = 1, .buffer_seconds = 0.01, .voice = {.pitch = 60, .quality = MOTET_QUALITY_SINC32}};
    motet_voice voice = motet_feed_open(engine, &def);
    for (int k = 0; k < 480; k++) {
        samples[k] = 0.5f;
    }
    uint64_t written = 0;
    for (int i = 0; i < 100; i++) {
        uint32_t taken;
        motet_feed_write_f32(engine, voice, samples, 480, &taken);
        written += taken;
        render(engine, out, 1, 1, 1);
    }
    assert_true(written > 4000);
    assert_true(fabs((double)out[0] - 0.5) < 0.01);
    /* It plays out what it holds. */
    motet_feed_finish(engine, voice);
    render(engine, out, 1, 512, 512);
    assert_false(motet_voice_is_active(engine, voice));
    motet_engine_destroy(engine);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tones_are_as_clean_as_promised),    cmocka_unit_test(default_is_sinc16_or_sinc32),
        cmocka_unit_test(loops_are_like_the_same_unrolled),  cmocka_unit_test(one_frame_is_a_constant),
        cmocka_unit_test(first_and_last_frames_sound),       cmocka_unit_test(glides_are_smooth),
        cmocka_unit_test(pitch_one_is_a_copy_again),         cmocka_unit_test(feeds_play_as_sounds_do),
        cmocka_unit_test(short_feeds_go_on_at_high_pitches),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
