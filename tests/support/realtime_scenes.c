#include "support/realtime_scenes.h"

#include "motet/effect.h"
#include "support/audio_files.h"
#include "support/own_files.h"

#include <math.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* ------------------------------------------------------------------------------------------------ Rendering */

/* Renders here, or lets the thread under the filter do it. */
bool through_thread;

render_order order;

void render_here(motet_engine *engine, uint32_t frames, bool s16)
{
    static float f32[MOST_FRAMES * 2];
    static int16_t samples[MOST_FRAMES * 2];
    if (s16) {
        motet_engine_render_s16(engine, samples, frames);
    } else {
        motet_engine_render_f32(engine, f32, frames);
    }
}

static void render_as(motet_engine *engine, uint32_t frames, bool s16)
{
    if (!through_thread) {
        render_here(engine, frames, s16);
        return;
    }
    order.engine = engine;
    order.frames = frames;
    order.s16 = s16;
    uint32_t asked = motet_load_relaxed_u32(&order.asked) + 1;
    motet_store_release_u32(&order.asked, asked);
    while (motet_load_acquire_u32(&order.done) != asked) {
        sched_yield();
    }
}

void render(motet_engine *engine, uint32_t frames)
{
    render_as(engine, frames, false);
}

/* ------------------------------------------------------------------------------------------------- Material */

motet_engine *make_engine(motet_engine_def def)
{
    def.device = MOTET_DEVICE_MANUAL;
    motet_engine *engine = motet_engine_create(&def);
    assert_non_null(engine);
    return engine;
}

static motet_sound make_sound(motet_engine *engine, motet_store store, uint32_t channels, uint32_t rate, double seconds,
                              double amplitude)
{
    motet_signal noise = {.kind = MOTET_SIGNAL_NOISE,
                          .amplitude = amplitude,
                          .seconds = seconds,
                          .channels = channels,
                          .sample_rate_hz = rate};
    uint64_t last = (uint64_t)(seconds * rate) - 1;
    const motet_marker markers[] = {{0, "first"}, {last / 3, "third"}, {last, "last"}};
    motet_sound_def def = {.store = store, .markers = markers, .marker_count = 3};
    motet_sound sound = motet_sound_from_signal(engine, &noise, &def);
    assert_int_not_equal(sound.id, 0);
    return sound;
}

motet_sound any_sound(motet_engine *engine)
{
    return make_sound(engine, MOTET_STORE_S16, 1, RATE, 1, 0.1);
}

motet_voice must_play(motet_engine *engine, motet_sound sound, const motet_voice_def *def)
{
    motet_voice voice = motet_voice_play(engine, sound, def);
    assert_int_not_equal(voice.id, 0);
    return voice;
}

motet_stats stats_of(motet_engine *engine)
{
    motet_stats stats;
    assert_int_equal(motet_engine_get_stats(engine, &stats), MOTET_OK);
    return stats;
}

static uint32_t count_events(motet_engine *engine, motet_event_type type)
{
    motet_event event;
    uint32_t count = 0;
    while (motet_engine_poll_event(engine, &event)) {
        count += event.type == type;
    }
    return count;
}

static uint32_t count_ends(motet_engine *engine)
{
    return count_events(engine, MOTET_EVENT_VOICE_ENDED);
}

/* ------------------------------------------------------------------------------------- What there is to render */

static void every_format(void)
{
    motet_engine *engine = make_engine((motet_engine_def){.max_voices = 1024});
    static const uint32_t rates[] = {RATE, 44100, 8000};
    static const double pitches[] = {1, 0.5, 1.37, 0.01, 64};
    for (uint32_t store = MOTET_STORE_S16; store <= MOTET_STORE_F32; store++) {
        for (uint32_t channels = 1; channels <= 2; channels++) {
            for (int r = 0; r < 3; r++) {
                motet_sound sound = make_sound(engine, (motet_store)store, channels, rates[r], 0.02, 0.1);
                for (int k = 0; k < 10 * MOTET_QUALITY_SINC32; k++) {
                    motet_voice_def def = {.pitch = pitches[k % 5],
                                           .loop = k % 2 == 0,
                                           .quality = (motet_quality)(1 + k / 10),
                                           .timing = motet_at_fade((uint64_t)k * 7, k % 3 == 0 ? 0.01 : 0)};
                    must_play(engine, sound, &def);
                }
            }
        }
    }
    render(engine, 1);
    render(engine, 4000);
    assert_true(stats_of(engine).voices_peak > 200);
    motet_engine_destroy(engine);
}

static void every_change(void)
{
    motet_engine *engine = make_engine((motet_engine_def){0});
    motet_bus bus = motet_bus_create(engine, "A", NULL);
    motet_sound sound = any_sound(engine);
    for (uint32_t i = 0; i < 64; i++) {
        motet_timing timing = {i * 50, i % 5 == 0 ? MOTET_FADE_NONE : i % 3 == 0 ? 0.03 : 0, (motet_curve)(i % 4)};
        motet_voice_def def = {.paused = i % 7 == 0, .loop = i % 2 == 0, .from_frame = i};
        motet_voice voice = must_play(engine, sound, &def);
        timing.at_frame += 100;
        assert_int_equal(motet_voice_set_volume_db(engine, voice, -80, timing), MOTET_OK);
        assert_int_equal(motet_voice_set_pan(engine, voice, 0.7f, timing), MOTET_OK);
        assert_int_equal(motet_voice_set_pitch(engine, voice, 1.9, timing), MOTET_OK);
        assert_int_equal(motet_voice_resume(engine, voice, timing), MOTET_OK);
        timing.at_frame += 33;
        assert_int_equal(motet_voice_set_bus(engine, voice, bus, timing), MOTET_OK);
        assert_int_equal(motet_voice_seek(engine, voice, i * 500, timing), MOTET_OK);
        assert_int_equal(motet_voice_set_volume_db(engine, voice, 6, timing), MOTET_OK);
        timing.at_frame += 333;
        assert_int_equal(motet_voice_pause(engine, voice, timing), MOTET_OK);
        assert_int_equal(motet_voice_set_loop(engine, voice, i % 2 != 0, timing), MOTET_OK);
        timing.at_frame += 1000;
        assert_int_equal(motet_voice_stop(engine, voice, timing), MOTET_OK);
    }
    render(engine, 700);
    for (int i = 0; i < 12; i++) {
        render(engine, 997);
    }
    assert_int_equal(count_ends(engine), 64);
    motet_engine_destroy(engine);
}

static void tails_run_out(void)
{
    motet_engine *engine = make_engine((motet_engine_def){.max_voices = 3});
    motet_bus buses[2] = {motet_bus_create(engine, "A", NULL), motet_bus_create(engine, "B", NULL)};
    motet_sound sound = any_sound(engine);
    motet_voice_def def = {.loop = true};
    motet_voice voices[3];
    for (int i = 0; i < 3; i++) {
        voices[i] = must_play(engine, sound, &def);
    }
    render(engine, 10);
    for (uint32_t i = 0; i < 300; i++) {
        motet_timing timing = motet_at_fade(i * 40 + i % 3, 0.02);
        assert_int_equal(motet_voice_seek(engine, voices[i % 3], i * 100, timing), MOTET_OK);
        assert_int_equal(motet_voice_set_bus(engine, voices[(i + 1) % 3], buses[i % 2], timing), MOTET_OK);
    }
    for (int i = 0; i < 5; i++) {
        render(engine, 3001);
    }
    assert_true(stats_of(engine).tails_dropped > 100);
    motet_engine_destroy(engine);
}

static void queue_runs_full(void)
{
    motet_engine *engine = make_engine((motet_engine_def){.max_scheduled = 16});
    motet_sound sound = any_sound(engine);
    motet_voice voice = must_play(engine, sound, NULL);
    motet_result result = MOTET_OK;
    for (uint32_t i = 0; i < 20; i++) {
        result = motet_voice_set_pan(engine, voice, 0.5f, motet_at(200 + i));
    }
    assert_int_equal(result, MOTET_ERROR_BUSY);
    assert_int_equal(motet_voice_stop(engine, voice, motet_at(100)), MOTET_OK);
    render(engine, 4000);
    assert_int_equal(count_ends(engine), 1);
    must_play(engine, sound, NULL);
    render(engine, 100);
    motet_engine_destroy(engine);
}

static void ten_thousand_plays(void)
{
    enum { PLAYS = 10000 };
    static motet_voice voices[PLAYS];
    motet_engine *engine = make_engine((motet_engine_def){.max_voices = PLAYS});
    motet_sound sound = any_sound(engine);
    for (int i = 0; i < PLAYS; i++) {
        voices[i] = must_play(engine, sound, NULL);
    }
    render(engine, 64);
    for (int i = 0; i < PLAYS; i++) {
        assert_int_equal(motet_voice_stop(engine, voices[i], motet_fade(0.001)), MOTET_OK);
    }
    render(engine, 64);
    assert_int_equal(stats_of(engine).voices_peak, PLAYS);
    assert_int_equal(stats_of(engine).voices_active, 0);
    motet_engine_destroy(engine);

    engine = make_engine((motet_engine_def){.no_virtual_voices = true});
    sound = any_sound(engine);
    for (int i = 0; i < PLAYS; i++) {
        motet_voice voice = motet_voice_play(engine, sound, NULL);
        assert_int_equal(voice.id != 0, i < 256);
    }
    assert_int_equal(motet_last_result(), MOTET_ERROR_LIMIT);
    render(engine, 512);
    motet_engine_destroy(engine);
}

/* Many more than are mixed, and who is mixed changes. */
static void voices_become_virtual(void)
{
    motet_engine *engine = make_engine((motet_engine_def){.max_voices = 16});
    motet_sound sound = any_sound(engine);
    motet_voice voices[200];
    for (int i = 0; i < 200; i++) {
        motet_voice_def def = {.loop = true, .volume_db = (float)(-i % 40), .pitch = 1 + i * 0.01};
        voices[i] = must_play(engine, sound, &def);
    }
    for (uint32_t turn = 0; turn < 10; turn++) {
        for (uint32_t i = 0; i < 200; i++) {
            float volume_db = -(float)((i * 7 + turn * 13) % 60);
            assert_int_equal(motet_voice_set_volume_db(engine, voices[i], volume_db, motet_at(turn * 1500 + i)),
                             MOTET_OK);
        }
        render(engine, 1500);
    }
    assert_true(stats_of(engine).voices_virtual > 0);
    assert_true(count_events(engine, MOTET_EVENT_VOICE_MARKER) >= 200); /* each passed the first one at its start */
    motet_engine_destroy(engine);
}

static void feeds_run_dry(void)
{
    motet_engine *engine = make_engine((motet_engine_def){0});
    motet_bus bus = motet_bus_create(engine, "A", NULL);
    static const uint32_t rates[] = {RATE, 44100, 96000};
    static const float f32[2 * 500];
    static const int16_t s16[8 * 500];
    motet_voice voices[3];
    for (int i = 0; i < 3; i++) {
        motet_feed_def def = {.sample_rate_hz = rates[i], .channels = i == 2 ? 8 : 2, .voice = {.pitch = 1 + 0.5 * i}};
        voices[i] = motet_feed_open(engine, &def);
        assert_int_not_equal(voices[i].id, 0);
    }
    for (int k = 0; k < 6; k++) {
        assert_int_equal(motet_feed_write_f32(engine, voices[0], f32, 500, NULL), MOTET_OK);
        assert_int_equal(motet_feed_write_s16(engine, voices[1], s16, 500, NULL), MOTET_OK);
        assert_int_equal(motet_feed_write_s16(engine, voices[2], s16, 500, NULL), MOTET_OK);
        assert_int_equal(motet_voice_set_bus(engine, voices[k % 3], bus, motet_fade(0.1)), MOTET_OK);
        motet_voice_values values = {.voice = voices[1], .volume_db = -6, .pan = 0.3f, .pitch = 0.5 + k};
        assert_int_equal(motet_voices_set(engine, &values, 1, motet_fade(0.01)), MOTET_OK);
        render(engine, 1000);
    }
    assert_true(stats_of(engine).feed_gaps > 6);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(motet_feed_finish(engine, voices[i]), MOTET_OK);
    }
    render(engine, 4000);
    assert_int_equal(count_ends(engine), 3);
    motet_engine_destroy(engine);
}

static uint32_t hum(void *user, float *interleaved, uint32_t frame_count)
{
    uint32_t *left = user;
    uint32_t frames = *left < frame_count ? *left : frame_count;
    for (uint32_t i = 0; i < 2 * frames; i++) {
        interleaved[i] = *left % 1000 < 64 ? NAN : 0.01f * (float)(i % 7);
    }
    *left -= frames;
    return frames;
}

/* At every quality and pitch, sent from bus to bus, at their end, and beside one that has a thread of its own. */
static void generators_make_voices(void)
{
    motet_engine *engine = make_engine((motet_engine_def){0});
    motet_bus bus = motet_bus_create(engine, "A", NULL);
    static const double pitches[] = {1, 0.5, 1.37, 0.01, 64};
    static uint32_t left[31];
    motet_voice voices[31];
    for (uint32_t i = 0; i < 31; i++) {
        left[i] = 500 + 1000 * i;
        motet_generator_def def = {.generate = hum,
                                   .user = &left[i],
                                   .sample_rate_hz = i % 3 == 0 ? 44100 : 0,
                                   .may_block = i == 30,
                                   .voice = {.quality = (motet_quality)(i % 5), .pitch = pitches[i / 5 % 5]}};
        voices[i] = motet_generator_open(engine, &def);
        assert_int_not_equal(voices[i].id, 0);
    }
    for (uint32_t turn = 0; turn < 12; turn++) {
        for (uint32_t i = turn % 4; i < 31; i += 4) { /* those that have ended are stale by then */
            motet_timing timing = motet_fade(i % 2 == 0 ? 0.05 : 0);
            (void)motet_voice_set_bus(engine, voices[i], turn % 2 == 0 ? bus : motet_bus_master(engine), timing);
            (void)motet_voice_set_pitch(engine, voices[i], 0.5 + 0.2 * turn, timing);
            (void)(turn % 3 == 0 ? motet_voice_pause : motet_voice_resume)(engine, voices[i], timing);
        }
        render(engine, 1500);
    }
    assert_true(stats_of(engine).non_finite_frames > 0);
    assert_true(count_ends(engine) > 3);
    motet_engine_destroy(engine);
}

/* Every type, while its parameters move, it is bypassed and replaced; on buses that send to each other and move. */
static void effects_of_every_type(void)
{
    motet_engine *engine = make_engine((motet_engine_def){.max_voices = 8});
    motet_bus music = motet_bus_create(engine, "Music", NULL), room = motet_bus_create(engine, "Room", NULL);
    motet_signal noise = {.kind = MOTET_SIGNAL_NOISE, .amplitude = 0.5, .seconds = 0.25, .channels = 2};
    motet_sound sound = motet_sound_from_signal(engine, &noise, NULL);
    must_play(engine, sound, &(motet_voice_def){.loop = true, .bus = music});
    assert_int_equal(motet_send_set(engine, music, room, -6, motet_now()), MOTET_OK);
    for (const motet_effect_type *type = motet_effect_type_next(NULL); type; type = motet_effect_type_next(type)) {
        motet_effect_def def = {.key = type->has_key ? music : (motet_bus){0}};
        motet_effect effect = motet_effect_add(engine, room, type->name, &def);
        assert_int_not_equal(effect.id, 0);
        if (type->material_build != NULL) {
            assert_int_equal(motet_effect_set_sound(engine, effect, sound), MOTET_OK);
        }
        for (uint32_t turn = 0; turn < 4; turn++) {
            for (uint32_t i = 0; i < type->parameter_count; i++) {
                const motet_parameter *parameter = &type->parameters[i];
                float value = (i + turn) % 2 == 0 ? parameter->minimum : parameter->maximum;
                assert_int_equal(motet_effect_set(engine, effect, parameter->name, value, motet_fade(0.02)), MOTET_OK);
            }
            assert_int_equal(motet_effect_set_bypass(engine, effect, turn % 2 != 0, motet_now()), MOTET_OK);
            render(engine, 1500);
        }
        if (type->material_build != NULL) {
            assert_int_equal(motet_effect_set_sound(engine, effect, (motet_sound){0}), MOTET_OK);
        }
        motet_bus parent = motet_bus_master(engine);
        assert_int_equal(motet_bus_set_parent(engine, music, parent, motet_now()), MOTET_OK);
        assert_int_equal(motet_effect_remove(engine, effect, motet_now()), MOTET_OK);
        render(engine, 1000);
    }
    motet_engine_destroy(engine);
}

/* Of the program's own: read in pieces, late, and one that cannot seek. */
static void own_files_and_a_radio(void)
{
    static const audio_recipe recipe = {.format = SF_FORMAT_OGG | SF_FORMAT_VORBIS, .channels = 2, .rate = 44100};
    audio_bytes bytes = audio_write_tones(&recipe, 44100);
    own_file list[2] = {{.path = "pak", .data = bytes.data, .size = bytes.size, .piece = 100},
                        {.path = "radio", .data = bytes.data, .size = bytes.size, .no_seek = true}};
    own_files files = {.files = list, .count = 2};
    motet_store_release_u32(&list[1].seldom, 1);
    motet_engine *engine = make_engine((motet_engine_def){.max_voices = 8, .files = own_files_table(&files)});
    const motet_sound_def def = {.stream = true};
    motet_sound pak = motet_sound_load(engine, "pak", &def), radio = motet_sound_load(engine, "radio", &def);
    assert_true(pak.id != 0 && radio.id != 0);
    for (uint32_t i = 0; i < 3; i++) {
        must_play(engine, pak, &(motet_voice_def){.loop = i == 0, .pitch = 1 + i});
        must_play(engine, radio, &(motet_voice_def){.pitch = 1 + i});
    }
    for (uint32_t turn = 0; turn < 40; turn++) {
        if (turn == 20) {
            motet_store_release_u64(&list[0].fail_at, bytes.size / 2);
            assert_int_equal(motet_sound_release(engine, radio), MOTET_OK);
        }
        motet_sleep_ms(5);
        render(engine, 2000);
    }
    motet_engine_destroy(engine);
    assert_true(own_files_are_at_rest(&files));
    audio_bytes_free(&bytes);
}

/* As fast as they can, so that they run dry, and after a while, so that they do not; sent to and fro in between. */
static void streams_start_and_run_dry(void)
{
    static const audio_recipe recipe = {.format = SF_FORMAT_OGG | SF_FORMAT_VORBIS, .channels = 2, .rate = 44100};
    audio_bytes file = audio_write_tones(&recipe, 3 * 44100);
    motet_engine *engine = make_engine((motet_engine_def){.max_voices = 24});
    motet_bus bus = motet_bus_create(engine, "A", NULL);
    motet_sound sound =
        motet_sound_load_memory(engine, file.data, file.size, &(motet_sound_def){.stream = true, .no_convert = true});
    assert_int_not_equal(sound.id, 0);
    motet_voice voices[32];
    for (uint32_t i = 0; i < 32; i++) {
        motet_voice_def def = {.loop = i % 2 == 0,
                               .loop_start_frame = 1000 * i,
                               .loop_crossfade_seconds = 0.01 * i,
                               .pitch = 0.5 + 0.2 * i,
                               .volume_db = -(float)i};
        voices[i] = must_play(engine, sound, &def);
    }
    for (uint32_t turn = 0; turn < 24; turn++) {
        for (uint32_t i = turn; i < 32; i += 3) { /* those that have ended are stale by then */
            motet_timing timing = motet_fade(i % 2 == 0 ? 0.1 : 0);
            (void)motet_voice_seek(engine, voices[i], (turn * 7919 + i * 104729) % 130000, timing);
            (void)motet_voice_set_bus(engine, voices[i], i % 2 == 0 ? bus : motet_bus_master(engine), timing);
            (void)motet_voice_set_pitch(engine, voices[i], turn == 20 ? 64 : 0.3 + turn * 0.1, timing);
            for (uint64_t ahead = 1; turn % 4 == 0 && ahead < 24; ahead++) { /* more than are looked at together */
                uint64_t frame = turn * UINT64_C(2500) + ahead * 3001;
                (void)motet_voice_seek(engine, voices[i], ahead * 50021 % 130000, motet_at(frame));
                (void)motet_voice_set_loop(engine, voices[i], ahead % 2 == 0, motet_at(frame + 700));
            }
            if (i % 4 == 0) {
                (void)motet_voice_cancel(engine, voices[i]);
            }
        }
        if (turn % 2 == 0) {
            motet_sleep_ms(10);
        }
        render(engine, 1000);
        render(engine, 1500);
    }
    assert_true(stats_of(engine).voices_active > 0);
    assert_int_equal(motet_sound_stop(engine, sound, motet_now()), MOTET_OK);
    assert_int_equal(motet_sound_release(engine, sound), MOTET_OK);
    render(engine, 2000);
    motet_engine_destroy(engine);
    audio_bytes_free(&file);
}

/* Voices whose sound comes while they wait, with all that they may do then; and a file that is read again under those
 * that play, their tails, and the virtual ones. */
static void sounds_come_late(void)
{
    static const audio_recipe recipe = {.format = SF_FORMAT_WAV | SF_FORMAT_PCM_16, .channels = 2, .rate = 44100};
    char path[] = "/tmp/motet-realtime-XXXXXX";
    assert_true(close(mkstemp(path)) == 0);
    audio_bytes file = audio_write_tones(&recipe, 44100);
    audio_bytes_save(&file, path);
    motet_engine *engine = make_engine((motet_engine_def){.max_voices = 8, .cache_bytes = 1 << 20});
    for (int turn = 0; turn < 6; turn++) {
        const motet_sound_def def = {.async = turn != 5, .stream = turn == 3, .max_voices = turn == 4 ? 3 : 0};
        motet_sound sound = motet_sound_load(engine, path, &def);
        assert_int_not_equal(sound.id, 0);
        for (uint32_t i = 0; i < 16; i++) {
            motet_voice_def voice = {.late = (motet_late)(i % 2),
                                     .loop = i % 3 == 0,
                                     .loop_start_frame = i % 6 == 0 ? 50000 : 0,
                                     .wait_seconds = i % 5 == 0 ? 0.001 : 0,
                                     .pitch = 0.5 + 0.2 * i,
                                     .timing = {.at_frame = 100 * i}};
            voice.loop_start_frame = turn == 5 ? 0 : voice.loop_start_frame;
            motet_voice played = motet_voice_play(engine, sound, &voice);
            (void)motet_voice_seek(engine, played, 1000, motet_now());
            (void)motet_voice_set_loop_range(engine, played, 10, 3000 + i, motet_now());
        }
        for (int i = 0; i < 10; i++) {
            render(engine, 100);
            motet_sleep_ms(turn % 2 == 0 ? 1 : 0);
        }
        motet_sound_info info = {.state = MOTET_SOUND_LOADING};
        for (int i = 0; i < 10000 && info.state == MOTET_SOUND_LOADING; i++) {
            motet_sleep_ms(1);
            assert_int_equal(motet_sound_get_info(engine, sound, &info), MOTET_OK);
        }
        for (int i = 0; i < 5; i++) {
            render(engine, 1000);
            motet_result result = motet_sound_reload(engine, sound, i % 2 == 0 ? motet_now() : motet_fade(0.05));
            assert_true(result == MOTET_OK || result == MOTET_ERROR_BUSY);
            render(engine, 300);
            motet_sleep_ms(5);
        }
        assert_int_equal(motet_sound_stop(engine, sound, motet_now()), MOTET_OK);
        assert_int_equal(motet_sound_release(engine, sound), MOTET_OK);
        render(engine, 2000);
    }
    assert_true(stats_of(engine).voices_started > 30);
    motet_engine_destroy(engine);
    unlink(path);
    audio_bytes_free(&file);
}

/* Chains of voices behind voices, loaded, streamed and virtual ones, that fade over, are held up and taken back; and
 * stems, of which the streamed ones run dry. */
static void voices_follow_and_go_together(void)
{
    static const audio_recipe recipe = {.format = SF_FORMAT_WAV | SF_FORMAT_PCM_16, .channels = 2, .rate = 48000};
    audio_bytes file = audio_write_tones(&recipe, 9000);
    motet_engine *engine = make_engine((motet_engine_def){.max_voices = 8});
    motet_sound sounds[2];
    for (int i = 0; i < 2; i++) {
        sounds[i] = motet_sound_load_memory(engine, file.data, file.size, &(motet_sound_def){.stream = i == 1});
        assert_int_not_equal(sounds[i].id, 0);
    }
    const motet_stem stems[] = {
        {.sound = sounds[0]}, {.sound = sounds[1], .volume_db = -6}, {.sound = sounds[1], .volume_db = -12}};
    for (uint32_t turn = 0; turn < 12; turn++) {
        motet_voice locked[3];
        motet_voice voice = must_play(engine, sounds[turn % 2], &(motet_voice_def){.pitch = 1 + 0.1 * turn});
        motet_voice last = voice;
        for (uint32_t i = 0; i < 5 && last.id != 0; i++) {
            motet_voice_def def = {.timing = motet_fade(i % 2 == 0 ? 0.05 : 0), .volume_db = -(float)turn};
            last = motet_voice_queue(engine, last, sounds[i % 2], &def);
        }
        assert_int_equal(motet_stems_play(engine, stems, 3, &(motet_voice_def){.loop = turn % 3 == 0}, locked),
                         MOTET_OK);
        last = motet_voice_queue(engine, locked[1], sounds[0], &(motet_voice_def){.timing = motet_fade(0.02)});
        assert_int_not_equal(last.id, 0);
        motet_sleep_ms(turn % 3 == 0 ? 10 : 0);
        for (uint32_t i = 0; i < 8; i++) {
            (void)motet_voice_set_pitch(engine, voice, 0.5 + 0.3 * i, motet_fade(0.01 * i));
            (void)motet_voice_set_pitch(engine, locked[i % 3], 2.0 - 0.2 * i, motet_fade(0.03));
            (void)motet_voice_seek(engine, locked[0], 1000 * i, motet_now());
            if (i == 5 && turn % 2 == 0) {
                (void)motet_voice_stop(engine, voice, motet_now());
                (void)motet_voice_stop(engine, locked[2], motet_now());
            }
            render(engine, 700);
        }
        (void)motet_sound_stop(engine, sounds[turn % 2], motet_now());
        render(engine, 3000);
    }
    assert_true(stats_of(engine).voices_started > 20);
    motet_engine_destroy(engine);
    audio_bytes_free(&file);
}

/* Samples of 1e6 through chains of buses at +24 dB each: past the largest float after 27 of them. */
static motet_engine *make_overflow(uint32_t rate, uint32_t chains)
{
    motet_engine *engine = make_engine((motet_engine_def){
        .sample_rate_hz = rate, .max_voices = 10, .no_virtual_voices = true, .max_buses = 30 * chains});
    float sample = 1e6f;
    motet_pcm pcm = {&sample, MOTET_FORMAT_F32, 1, rate, 1};
    motet_sound sound = motet_sound_from_pcm(engine, &pcm, NULL);
    for (uint32_t chain = 0; chain < chains; chain++) {
        motet_bus bus = motet_bus_master(engine);
        for (uint32_t i = 0; i < 28; i++) {
            char name[16];
            snprintf(name, sizeof name, "%u.%u", chain, i);
            motet_bus_def def = {.parent = bus, .volume_db = 24};
            bus = motet_bus_create(engine, name, &def);
            assert_int_not_equal(bus.id, 0);
        }
        motet_voice_def def = {.bus = bus, .loop = true, .volume_db = 24};
        must_play(engine, sound, &def);
    }
    return engine;
}

static void sums_overflow(void)
{
    motet_engine *engine = make_overflow(RATE, 1);
    render(engine, 600);
    render_as(engine, 600, true);
    assert_true(stats_of(engine).non_finite_frames >= 1200);
    motet_engine_destroy(engine);
}

/* Nobody takes the events out of the ring, and every chain has one a second at most, which is 8 frames long. */
static void events_run_full(void)
{
    motet_engine *engine = make_overflow(8, 10);
    for (int i = 0; i < 150; i++) {
        render(engine, 16);
    }
    assert_true(stats_of(engine).events_lost > 0);
    motet_engine_destroy(engine);
}

static void buses_come_and_change(void)
{
    motet_engine *engine = make_engine((motet_engine_def){0});
    motet_sound sound = any_sound(engine);
    motet_bus bus = motet_bus_master(engine);
    for (uint32_t i = 0; i < 60; i++) {
        char name[8];
        snprintf(name, sizeof name, "%u", i);
        motet_bus_def def = {.parent = i % 5 == 0 ? motet_bus_master(engine) : bus, .solo = i == 31};
        bus = motet_bus_create(engine, name, &def);
        assert_int_not_equal(bus.id, 0);
        motet_voice_def voice = {.bus = bus};
        must_play(engine, sound, &voice);
        motet_timing timing = motet_at(i * 100 + 17);
        assert_int_equal(motet_bus_set_volume_db(engine, bus, -3, timing), MOTET_OK);
        assert_int_equal(motet_bus_set_mute(engine, bus, i % 2 == 0, timing), MOTET_OK);
        assert_int_equal(motet_bus_set_solo(engine, bus, i % 3 == 0, timing), MOTET_OK);
        if (i % 4 == 3) {
            render(engine, 333);
        }
    }
    render(engine, 3000);
    motet_engine_destroy(engine);
}

static void buses_are_paused(void)
{
    motet_engine *engine = make_engine((motet_engine_def){.max_voices = 8});
    motet_sound sound = any_sound(engine);
    motet_bus above = motet_bus_create(engine, "above", NULL);
    motet_bus below = motet_bus_create(engine, "below", &(motet_bus_def){.parent = above, .paused = true});
    motet_voice voices[20];
    for (uint32_t i = 0; i < 20; i++) { /* more than may be real */
        voices[i] = must_play(engine, sound, &(motet_voice_def){.loop = true, .bus = i % 3 == 0 ? above : below});
    }
    const motet_stem stems[] = {{.sound = sound, .bus = below}, {.sound = sound}};
    motet_voice locked[2];
    assert_int_equal(motet_stems_play(engine, stems, 2, NULL, locked), MOTET_OK);
    for (uint32_t i = 0; i < 40; i++) {
        motet_timing timing = motet_at(i * 150 + 17);
        motet_bus bus = i % 3 == 0 ? above : below;
        assert_int_equal(i % 2 == 0 ? motet_bus_resume(engine, bus, timing) : motet_bus_pause(engine, bus, timing),
                         MOTET_OK);
        assert_int_equal(motet_voice_set_bus(engine, voices[i % 20], i % 4 == 0 ? above : below, timing), MOTET_OK);
        if (i == 20) {
            assert_int_equal(motet_voice_stop(engine, locked[0], timing), MOTET_OK);
        }
        render(engine, 150);
    }
    assert_int_equal(motet_bus_stop(engine, above, motet_now()), MOTET_OK);
    render(engine, 2000);
    assert_true(count_ends(engine) >= 20);
    motet_engine_destroy(engine);
}

static void sounds_come_and_go(void)
{
    motet_engine *engine = make_engine((motet_engine_def){.max_voices = 8});
    for (uint32_t i = 0; i < 100; i++) {
        motet_sound sound = make_sound(engine, MOTET_STORE_F32, 1 + i % 2, RATE, 0.004, 0.1);
        must_play(engine, sound, NULL);
        if (i % 3 == 0) {
            assert_int_equal(motet_sound_stop(engine, sound, motet_at(i * 200 + 77)), MOTET_OK);
        }
        assert_int_equal(motet_sound_release(engine, sound), MOTET_OK);
        render(engine, 200);
    }
    render(engine, 500);
    assert_int_equal(count_ends(engine), 100);
    motet_engine_destroy(engine);
}

static void many_commands_wait(void)
{
    motet_engine *engine = make_engine((motet_engine_def){0});
    motet_voice_def def = {.loop = true};
    motet_voice voice = must_play(engine, any_sound(engine), &def);
    for (uint32_t i = 0; i < 16000; i++) {
        uint64_t frame = i % 2 == 0 ? 4000 : (i * 7919u) % 8000;
        assert_int_equal(motet_voice_set_pan(engine, voice, 0.001f * (float)(i % 500), motet_at(frame)), MOTET_OK);
    }
    assert_int_equal(motet_engine_begin(engine), MOTET_OK);
    for (uint32_t i = 0; i < 300; i++) {
        assert_int_equal(motet_voice_seek(engine, voice, i, motet_at(i * 20)), MOTET_OK);
    }
    assert_int_equal(motet_engine_commit(engine), MOTET_OK);
    render(engine, 3999);
    render(engine, 4001);
    assert_int_equal(stats_of(engine).commands_waiting, 0);
    motet_engine_destroy(engine);
}

static void every_output(void)
{
    for (uint32_t i = 0; i < 4; i++) {
        motet_engine *engine = make_engine((motet_engine_def){.channels = 1 + i % 2, .no_limiter = i / 2 != 0});
        motet_sound sound = make_sound(engine, MOTET_STORE_F32, 2, RATE, 0.5, 3);
        must_play(engine, sound, NULL);
        render(engine, 3000);
        render_as(engine, 3000, true);
        assert_true(i / 2 != 0 || stats_of(engine).master_peak <= 1);
        motet_engine_destroy(engine);
    }
}

const realtime_scene scenes[SCENES] = {
    {"every format, quality and pitch", every_format},
    {"every change", every_change},
    {"more tails than there are", tails_run_out},
    {"a full queue of commands", queue_runs_full},
    {"10,000 plays and stops", ten_thousand_plays},
    {"more voices than are mixed", voices_become_virtual},
    {"fed voices that run dry", feeds_run_dry},
    {"generators", generators_make_voices},
    {"streams that start and run dry", streams_start_and_run_dry},
    {"files of the program's own, and a radio", own_files_and_a_radio},
    {"effects of every type", effects_of_every_type},
    {"sounds that come late, and again", sounds_come_late},
    {"voices that follow others, and stems", voices_follow_and_go_together},
    {"sums that overflow", sums_overflow},
    {"a full ring of events", events_run_full},
    {"new buses, solo and mute", buses_come_and_change},
    {"buses paused and resumed", buses_are_paused},
    {"sounds that are released while they play", sounds_come_and_go},
    {"16,000 commands at once", many_commands_wait},
    {"every output format, and the limiter", every_output},
};
