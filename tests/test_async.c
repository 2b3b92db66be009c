/* labels: threads */
/* Sounds that are loaded in the background: random sessions have the samples and the events of the same sounds loaded
 * before; and what such sounds alone do: voices that wait, and wait too long, failures, the order, and giving up.
 *
 * MOTET_TEST_SEEDS in the environment sets how many sessions are tried. */
#include "motet/motet.h"
#include "support/audio_files.h"
#include "support/gated_heap.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

enum { RATE = 48000, FRAMES = RATE, LENGTH = RATE / 2, SOUNDS = 4, VOICES = 6, CALLS = 40, MOST_EVENTS = 1000 };

/* ------------------------------------------------------------------------------------------------------- Files */

static char folder[] = "/tmp/motet-async-XXXXXX";
static char paths[SOUNDS][64];
static gated_heap heap;

static int make_files(void **state)
{
    (void)state;
    static const audio_recipe recipes[SOUNDS] = {
        {.format = SF_FORMAT_WAV | SF_FORMAT_PCM_16, .channels = 1, .rate = 48000},
        {.format = SF_FORMAT_FLAC | SF_FORMAT_PCM_16, .channels = 2, .rate = 44100},
        {.format = SF_FORMAT_WAV | SF_FORMAT_FLOAT, .channels = 2, .rate = 48000},
        {.format = SF_FORMAT_WAV | SF_FORMAT_PCM_16, .channels = 1, .rate = 22050},
    };
    assert_non_null(mkdtemp(folder));
    for (int i = 0; i < SOUNDS; i++) {
        snprintf(paths[i], sizeof paths[i], "%s/%d.wav", folder, i);
        audio_bytes file = audio_write_tones(&recipes[i], LENGTH);
        audio_bytes_save(&file, paths[i]);
        audio_bytes_free(&file);
    }
    gated_heap_init(&heap);
    return 0;
}

static int remove_files(void **state)
{
    (void)state;
    for (int i = 0; i < SOUNDS; i++) {
        unlink(paths[i]);
    }
    return rmdir(folder);
}

static void hush(void *user, motet_log_level level, const char *text)
{
    (void)user;
    (void)level;
    (void)text;
}

static motet_engine *make_engine(void)
{
    motet_engine *engine = motet_engine_create(&(motet_engine_def){.device = MOTET_DEVICE_MANUAL,
                                                                   .max_voices = 4,
                                                                   .no_limiter = true,
                                                                   .allocator = gated_allocator(&heap),
                                                                   .log = hush});
    assert_non_null(engine);
    return engine;
}

static void end_engine(motet_engine *engine)
{
    motet_engine_destroy(engine);
    assert_int_equal(motet_load_relaxed_u64(&heap.bytes), 0);
}

static motet_sound load(motet_engine *engine, int file, bool async)
{
    motet_sound sound = motet_sound_load(engine, paths[file], &(motet_sound_def){.async = async});
    assert_true(sound.id != 0);
    return sound;
}

static motet_sound_state state_of(motet_engine *engine, motet_sound sound)
{
    motet_sound_info info;
    assert_int_equal(motet_sound_get_info(engine, sound, &info), MOTET_OK);
    return info.state;
}

/* The next event of a type; rendering nothing. */
static motet_event wait_for(motet_engine *engine, motet_event_type type)
{
    motet_event event;
    for (int i = 0; i < 10000; i++) {
        while (motet_engine_poll_event(engine, &event)) {
            if (event.type == type) {
                return event;
            }
        }
        motet_sleep_ms(1);
    }
    fail_msg("no event of type %d", (int)type);
    return (motet_event){0};
}

static void assert_no_event(motet_engine *engine)
{
    motet_event event;
    if (motet_engine_poll_event(engine, &event)) {
        fail_msg("an event of type %d", (int)event.type);
    }
}

static void render(motet_engine *engine, float *out, uint32_t frames, uint32_t block)
{
    for (uint32_t done = 0; done < frames;) {
        uint32_t count = frames - done < block ? frames - done : block;
        motet_engine_render_f32(engine, out + 2 * (size_t)done, count);
        done += count;
    }
}

static void assert_same(const float *a, const float *b, uint32_t frames, const char *what)
{
    for (uint32_t i = 0; i < 2 * frames; i++) {
        if (memcmp(&a[i], &b[i], sizeof *a) != 0) {
            fail_msg("%s: frame %u is %.9g and %.9g", what, i / 2, (double)a[i], (double)b[i]);
        }
    }
}

/* --------------------------------------------------------------------------------------------- Random sessions */

typedef struct session {
    motet_engine *engine;
    motet_sound sounds[SOUNDS + 1]; /* the last one is a set */
    motet_bus bus;
    motet_voice voices[VOICES];
    uint64_t chance;
    float output[2 * FRAMES];
    motet_event events[MOST_EVENTS];
    uint32_t event_count;
} session;

static uint32_t below(session *s, uint32_t count)
{
    return (uint32_t)((uint64_t)audio_random(&s->chance) * count >> 32);
}

static void play(session *s, uint32_t voice, uint64_t at)
{
    static const double pitches[] = {1, 1, 0.5, 1.37, 2.9};
    motet_voice_def def = {.pitch = pitches[below(s, 5)], .volume_db = -(float)below(s, 30)};
    uint32_t sound = below(s, SOUNDS + 1);
    def.loop = below(s, 2) != 0;
    def.from_frame = below(s, 2) * below(s, LENGTH);
    if (below(s, 2) != 0) {
        def.loop_start_frame = below(s, LENGTH - 1);
        def.loop_end_frame = def.loop_start_frame + 1 + below(s, LENGTH);
        def.loop_crossfade_seconds = below(s, 2) * 0.1;
    }
    def.loop_count = below(s, 2) * below(s, 5);
    def.paused = below(s, 8) == 0;
    def.timing.at_frame = at;
    s->voices[voice] = motet_voice_play(s->engine, s->sounds[sound], &def);
    assert_true(s->voices[voice].id != 0);
}

static void call(session *s, uint64_t at)
{
    static const double fades[] = {0, 0, 0.1, MOTET_FADE_NONE};
    uint32_t index = below(s, VOICES);
    motet_voice voice = s->voices[index];
    motet_timing timing = {.at_frame = at, .fade_seconds = fades[below(s, 4)]};
    uint64_t place = below(s, LENGTH - 1);
    switch (below(s, 10)) {
    case 0:
    case 1: motet_voice_seek(s->engine, voice, place, timing); break;
    case 2: motet_voice_set_volume_db(s->engine, voice, -(float)below(s, 40), timing); break;
    case 3: motet_voice_set_pitch(s->engine, voice, 0.3 + below(s, 4000) * 0.001, timing); break;
    case 4: motet_voice_set_loop(s->engine, voice, below(s, 2) != 0, timing); break;
    case 5: motet_voice_set_loop_range(s->engine, voice, place, place + 1 + below(s, LENGTH), timing); break;
    case 6: motet_voice_pause(s->engine, voice, timing); break;
    case 7: motet_voice_resume(s->engine, voice, timing); break;
    case 8:
        motet_voice_set_bus(s->engine, voice, below(s, 2) != 0 ? s->bus : motet_bus_master(s->engine), timing);
        break;
    default:
        motet_voice_stop(s->engine, voice, timing);
        play(s, index, at + below(s, 2) * below(s, 4000));
        break;
    }
}

static session *run_session(uint64_t seed, bool async, bool stream, uint32_t block)
{
    session *s = audio_allocate(sizeof *s);
    memset(s, 0, sizeof *s);
    s->chance = seed;
    s->engine = make_engine();
    s->bus = motet_bus_create(s->engine, "Other", NULL);
    for (int i = 0; i < SOUNDS; i++) {
        s->sounds[i] =
            motet_sound_load(s->engine, paths[i], &(motet_sound_def){.async = async, .stream = stream && i % 2 == 0});
        assert_true(s->sounds[i].id != 0);
    }
    s->sounds[SOUNDS] = motet_sound_variations(s->engine, s->sounds, SOUNDS, NULL);
    for (uint32_t i = 0; i < VOICES; i++) {
        uint64_t at = below(s, 2) * below(s, FRAMES / 2);
        play(s, i, at);
        if (below(s, 2) != 0) {
            call(s, at / 2); /* most often before its first frame */
        }
    }
    for (uint32_t done = 0, calls = 0; done < FRAMES; calls++) {
        uint32_t until = calls < CALLS ? FRAMES * (calls + 1) / (CALLS + 1) : FRAMES;
        while (done < until) {
            uint32_t count = motet_engine_prepare(s->engine, until - done < block ? until - done : block);
            assert_true(count > 0);
            motet_engine_render_f32(s->engine, s->output + 2 * (size_t)done, count);
            done += count;
        }
        call(s, until + below(s, 2) * below(s, 3000));
    }
    motet_event event;
    while (motet_engine_poll_event(s->engine, &event)) {
        if (event.type != MOTET_EVENT_SOUND_READY) {
            assert_true(s->event_count < MOST_EVENTS);
            s->events[s->event_count++] = event;
        }
    }
    end_engine(s->engine);
    return s;
}

static void async_is_as_loaded(void **state)
{
    (void)state;
    const char *seeds = getenv("MOTET_TEST_SEEDS");
    uint64_t count = seeds != NULL ? strtoull(seeds, NULL, 10) : 24;
    for (uint64_t seed = 1; seed <= count; seed++) {
        bool stream = seed % 3 == 0;
        session *loaded = run_session(seed, false, stream, 512);
        session *async = run_session(seed, true, stream, seed % 2 == 0 ? 512 : 4800);
        char what[40];
        snprintf(what, sizeof what, "seed %llu", (unsigned long long)seed);
        assert_same(loaded->output, async->output, FRAMES, what);
        assert_int_equal(loaded->event_count, async->event_count);
        uint64_t told[2] = {0, 0}; /* the order inside a frame is that of blocks */
        for (uint32_t i = 0; i < loaded->event_count; i++) {
            told[0] += loaded->events[i].frame * 8 + (uint64_t)loaded->events[i].reason;
            told[1] += async->events[i].frame * 8 + (uint64_t)async->events[i].reason;
        }
        assert_int_equal(told[0], told[1]);
        free(loaded);
        free(async);
    }
}

/* ------------------------------------------------------------------------------------------------ Voices that wait */

/* A voice whose sound comes after `ready` frames, and which is stopped by nothing; `twin` plays the loaded sound. */
typedef struct late_case {
    motet_voice_def def;
    uint64_t seek_to;
    double pitch;
} late_case;

static void play_late(const late_case *c, bool async, uint32_t ready, uint32_t block, float *out, motet_voice *voice,
                      motet_engine *engine)
{
    if (async) {
        gated_heap_close(&heap);
    }
    motet_sound sound = load(engine, 0, async);
    *voice = motet_voice_play(engine, sound, &c->def);
    assert_true(voice->id != 0);
    assert_true(motet_voice_is_active(engine, *voice));
    assert_int_equal(motet_voice_set_volume_db(engine, *voice, -6, motet_now()), MOTET_OK);
    assert_int_equal(motet_voice_set_pan(engine, *voice, 0.5f, motet_at(ready / 2)), MOTET_OK);
    if (c->seek_to != 0) {
        assert_int_equal(motet_voice_seek(engine, *voice, c->seek_to, motet_now()), MOTET_OK);
    }
    if (c->pitch != 0) {
        assert_int_equal(motet_voice_set_pitch(engine, *voice, c->pitch, motet_at(ready / 2)), MOTET_OK);
    }
    render(engine, out, ready, block);
    if (async) {
        motet_voice_state state;
        assert_int_equal(motet_voice_get_state(engine, *voice, &state), MOTET_OK);
        assert_false(state.started);
        assert_int_equal(state_of(engine, sound), MOTET_SOUND_LOADING);
        char text[200];
        assert_int_equal(motet_voice_explain(engine, *voice, text, sizeof text), MOTET_OK);
        assert_non_null(strstr(text, "silent: its sound is still loading"));
        gated_heap_open(&heap);
        wait_for(engine, MOTET_EVENT_SOUND_READY);
        assert_int_equal(state_of(engine, sound), MOTET_SOUND_READY);
    }
    render(engine, out + 2 * (size_t)ready, FRAMES - ready, block);
}

/* From its first frame, at the first block behind; what was asked of it meanwhile sets its start. */
static void starts_when_it_can(void **state)
{
    (void)state;
    enum { READY = 1000 };
    static float late[2][2 * FRAMES], in_time[2 * FRAMES];
    motet_voice voice;
    const late_case c = {.def = {.timing = {.at_frame = 100}}, .seek_to = 3000, .pitch = 1.5};
    for (int i = 0; i < 2; i++) {
        motet_engine *engine = make_engine();
        play_late(&c, true, READY, i == 0 ? 512 : 37, late[i], &voice, engine);
        assert_int_equal(wait_for(engine, MOTET_EVENT_VOICE_ENDED).reason, MOTET_END_ENDED);
        end_engine(engine);
    }
    assert_same(late[0], late[1], FRAMES, "in blocks of 512 and 37");
    motet_engine *engine = make_engine();
    const motet_voice_def def = {
        .volume_db = -6, .pan = 0.5f, .pitch = 1.5, .from_frame = 3000, .timing = {.at_frame = READY}};
    assert_true(motet_voice_play(engine, load(engine, 0, false), &def).id != 0);
    render(engine, in_time, FRAMES, 512);
    end_engine(engine);
    assert_same(late[0], in_time, FRAMES, "late and in time");
}

/* Where it would be by now: behind the declick it has the samples of one that started on its frame. */
static void skips_what_it_has_missed(void **state)
{
    (void)state;
    enum { READY = 1000 };
    static float late[2 * FRAMES], in_time[2 * FRAMES];
    for (int i = 0; i < 3; i++) {
        late_case c = {.def = {.late = MOTET_LATE_SKIP, .timing = {.at_frame = 100}, .pitch = 1.37}};
        c.def.loop = i == 1;
        c.def.loop_end_frame = i == 1 ? 300 : 0;
        c.seek_to = i == 2 ? 5000 : 0;
        motet_voice voice;
        motet_engine *engine = make_engine();
        play_late(&c, true, READY, 512, late, &voice, engine);
        end_engine(engine);
        engine = make_engine();
        play_late(&c, false, READY, 512, in_time, &voice, engine);
        end_engine(engine);
        for (int k = 0; k < 2 * READY; k++) {
            assert_true(late[k] == 0);
        }
        assert_true(late[2 * (READY + 240)] != 0 && late[2 * (READY + 240)] != in_time[2 * (READY + 240)]);
        size_t behind = 2 * (size_t)(READY + RATE / 100);
        assert_same(late + behind, in_time + behind, FRAMES / 8, "behind the declick");
    }
}

static void waits_no_longer_than_asked(void **state)
{
    (void)state;
    static float out[2 * FRAMES];
    for (int i = 0; i < 2; i++) {
        motet_engine *engine = make_engine();
        gated_heap_close(&heap);
        motet_sound sound = load(engine, 0, true);
        motet_voice_def def = {.wait_seconds = 0.01, .timing = {.at_frame = 100}};
        motet_voice a = motet_voice_play(engine, sound, &def);
        def.wait_seconds = MOTET_WAIT_NONE;
        motet_voice b = motet_voice_play(engine, sound, &def);
        def.wait_seconds = 100;
        motet_voice c = motet_voice_play(engine, sound, &def);
        render(engine, out, 2000, i == 0 ? 512 : 41);
        gated_heap_open(&heap);
        motet_event event = wait_for(engine, MOTET_EVENT_VOICE_ENDED);
        assert_int_equal(event.voice.id, b.id);
        assert_int_equal(event.reason, MOTET_END_LATE);
        assert_string_equal(motet_end_reason_text(event.reason), "late");
        assert_int_equal(event.frame, 100);
        event = wait_for(engine, MOTET_EVENT_VOICE_ENDED);
        assert_int_equal(event.voice.id, a.id);
        assert_int_equal(event.frame, 580);
        wait_for(engine, MOTET_EVENT_SOUND_READY);
        render(engine, out, 100, 100);
        assert_true(out[20] != 0);
        assert_int_equal(motet_voice_stop(engine, c, motet_now()), MOTET_OK);
        assert_true(motet_voice_play(engine, sound, &(motet_voice_def){.wait_seconds = (double)NAN}).id == 0);
        end_engine(engine);
    }
}

/* The last frame at which it may start is still one. */
static void waits_as_long_as_asked(void **state)
{
    (void)state;
    static float out[2 * 1000];
    motet_engine *engine = make_engine();
    gated_heap_close(&heap);
    motet_sound sound = load(engine, 0, true);
    motet_voice voice =
        motet_voice_play(engine, sound, &(motet_voice_def){.wait_seconds = 0.01, .timing = {.at_frame = 100}});
    render(engine, out, 580, 512);
    gated_heap_open(&heap);
    wait_for(engine, MOTET_EVENT_SOUND_READY);
    render(engine, out, 1000, 512);
    assert_true(motet_voice_is_active(engine, voice));
    assert_true(out[2 * 20] != 0);
    end_engine(engine);
}

/* A stream whose header comes while its voice waits has what the voice will hear by then: also where that was sent
 * elsewhere. */
static void streams_are_there_in_time(void **state)
{
    (void)state;
    enum { PLAYED = 3000, READY = 1000 };
    static float out[2][2 * 8000];
    static const audio_recipe recipe = {.format = SF_FORMAT_FLAC | SF_FORMAT_PCM_16, .channels = 2, .rate = 44100};
    char path[64];
    snprintf(path, sizeof path, "%s/long.flac", folder);
    audio_bytes file = audio_write_tones(&recipe, 4 * 44100); /* longer than is decoded ahead */
    audio_bytes_save(&file, path);
    audio_bytes_free(&file);
    for (int later = 0; later < 2; later++) {
        motet_engine *engine = make_engine();
        if (later != 0) {
            gated_heap_close(&heap);
        }
        motet_sound sound =
            motet_sound_load(engine, path, &(motet_sound_def){.async = later != 0, .stream = later != 0});
        motet_voice voice = motet_voice_play(engine, sound, &(motet_voice_def){.timing = {.at_frame = PLAYED}});
        assert_int_equal(motet_voice_seek(engine, voice, 3 * 44100, motet_now()), MOTET_OK);
        render(engine, out[later], READY, 512);
        if (later != 0) {
            gated_heap_open(&heap);
            wait_for(engine, MOTET_EVENT_SOUND_READY);
        }
        for (uint32_t done = READY; done < 8000;) {
            uint32_t count = motet_engine_prepare(engine, 8000 - done);
            motet_engine_render_f32(engine, out[later] + 2 * (size_t)done, count);
            done += count;
        }
        motet_stats stats;
        assert_int_equal(motet_engine_get_stats(engine, &stats), MOTET_OK);
        assert_int_equal(stats.stream_gaps, 0);
        end_engine(engine);
    }
    unlink(path);
    assert_same(out[0], out[1], 8000, "loaded and streamed");
    assert_true(out[0][2 * 5000] != 0);
}

/* A stop, and the end of another voice by a crossfade, reach a voice that waits. */
static void can_be_stopped(void **state)
{
    (void)state;
    static float out[2 * 1000];
    motet_engine *engine = make_engine();
    gated_heap_close(&heap);
    motet_sound sound = load(engine, 0, true);
    motet_voice voice = motet_voice_play(engine, sound, NULL);
    motet_voice other = motet_voice_play(engine, sound, NULL);
    render(engine, out, 500, 500);
    assert_int_equal(motet_voice_stop(engine, voice, motet_now()), MOTET_OK);
    render(engine, out, 1, 1);
    motet_event event = wait_for(engine, MOTET_EVENT_VOICE_ENDED);
    assert_int_equal(event.voice.id, voice.id);
    assert_int_equal(event.reason, MOTET_END_STOPPED);
    assert_int_equal(event.frame, 500);
    motet_voice next = motet_voice_crossfade(engine, other, sound, NULL);
    assert_true(next.id != 0);
    assert_int_equal(motet_sound_stop(engine, sound, motet_at(700)), MOTET_OK);
    render(engine, out, 400, 100);
    assert_int_equal(wait_for(engine, MOTET_EVENT_VOICE_ENDED).voice.id, other.id);
    event = wait_for(engine, MOTET_EVENT_VOICE_ENDED);
    assert_int_equal(event.voice.id, next.id);
    assert_int_equal(event.frame, 700);
    gated_heap_open(&heap);
    end_engine(engine);
}

/* ---------------------------------------------------------------------------------------------------- Failures */

static void fails_by_event(void **state)
{
    (void)state;
    static float out[2 * 600];
    char path[100], text[300];
    snprintf(path, sizeof path, "%s/none.wav", folder);
    motet_engine *engine = make_engine();
    gated_heap_close(&heap);
    motet_sound held = load(engine, 0, true); /* what stands behind it waits */
    motet_sound sound = motet_sound_load(engine, path, &(motet_sound_def){.async = true});
    assert_true(held.id != 0 && sound.id != 0);
    motet_voice voice = motet_voice_play(engine, sound, &(motet_voice_def){.timing = {.at_frame = 200}, .user = 7});
    gated_heap_open(&heap);
    motet_event event = wait_for(engine, MOTET_EVENT_SOUND_FAILED);
    assert_int_equal(event.sound.id, sound.id);
    assert_int_equal(event.result, MOTET_ERROR_NOT_FOUND);
    assert_int_equal(state_of(engine, sound), MOTET_SOUND_FAILED);
    assert_int_equal(motet_sound_get_error(engine, sound, text, sizeof text), MOTET_ERROR_NOT_FOUND);
    assert_non_null(strstr(text, "none.wav: no such file"));
    render(engine, out, 600, 600);
    event = wait_for(engine, MOTET_EVENT_VOICE_ENDED);
    assert_int_equal(event.voice.id, voice.id);
    assert_int_equal(event.reason, MOTET_END_FAILED);
    assert_int_equal(event.frame, 200);
    assert_int_equal(event.user, 7);
    assert_true(motet_voice_play(engine, sound, NULL).id == 0);
    assert_int_equal(motet_last_result(), MOTET_ERROR_NOT_FOUND);
    assert_int_equal(motet_sound_get_error(engine, held, text, sizeof text), MOTET_OK);
    assert_string_equal(text, "");
    /* It may be there the next time. */
    motet_sound again = motet_sound_load(engine, path, &(motet_sound_def){.async = true});
    assert_true(again.id != 0 && again.id != sound.id);
    assert_true(motet_sound_load(engine, NULL, &(motet_sound_def){.async = true}).id == 0);
    assert_int_equal(motet_last_result(), MOTET_ERROR_INVALID);
    end_engine(engine);
}

/* What cannot be said at the call is said at the voice's frame: a range that has nothing in it. */
static void empty_loops_fail(void **state)
{
    (void)state;
    static float out[2 * 600];
    motet_engine *engine = make_engine();
    gated_heap_close(&heap);
    motet_sound sound = load(engine, 0, true);
    motet_voice_def def = {.loop = true, .loop_start_frame = LENGTH + 10, .loop_end_frame = LENGTH + 20};
    motet_voice voices[3] = {motet_voice_play(engine, sound, &def), motet_voice_play(engine, sound, NULL),
                             motet_voice_play(engine, sound, NULL)};
    assert_int_equal(motet_voice_set_loop_range(engine, voices[1], LENGTH, 0, motet_now()), MOTET_OK);
    assert_int_equal(motet_voice_set_loop_range(engine, voices[2], 10, LENGTH * 2, motet_now()), MOTET_OK);
    assert_int_equal(motet_voice_set_loop_range(engine, voices[2], 20, 10, motet_now()), MOTET_ERROR_INVALID);
    render(engine, out, 100, 100);
    gated_heap_open(&heap);
    wait_for(engine, MOTET_EVENT_SOUND_READY);
    render(engine, out, 100, 100);
    for (int i = 0; i < 2; i++) {
        motet_event event = wait_for(engine, MOTET_EVENT_VOICE_ENDED);
        assert_int_equal(event.voice.id, voices[i].id);
        assert_int_equal(event.reason, MOTET_END_FAILED);
    }
    assert_true(motet_voice_is_active(engine, voices[2]));
    assert_true(out[20] != 0);
    end_engine(engine);
}

/* ------------------------------------------------------------------------------------------------------- The list */

static void the_needed_first(void **state)
{
    (void)state;
    motet_engine *engine = make_engine();
    gated_heap_close(&heap);
    motet_sound sounds[SOUNDS];
    sounds[0] = load(engine, 0, true);
    assert_true(gated_heap_wait(&heap)); /* it is begun */
    for (int i = 1; i < SOUNDS; i++) {
        sounds[i] = load(engine, i, true);
    }
    assert_true(motet_voice_play(engine, sounds[2], &(motet_voice_def){.timing = {.at_frame = 9000}}).id != 0);
    assert_true(motet_voice_play(engine, sounds[3], &(motet_voice_def){.timing = {.at_frame = 5000}}).id != 0);
    gated_heap_open(&heap);
    static const int order[SOUNDS] = {0, 3, 2, 1};
    for (int i = 0; i < SOUNDS; i++) {
        assert_int_equal(wait_for(engine, MOTET_EVENT_SOUND_READY).sound.id, sounds[order[i]].id);
    }
    end_engine(engine);
}

static void given_up_when_released(void **state)
{
    (void)state;
    static float out[2 * 600];
    motet_engine *engine = make_engine();
    gated_heap_close(&heap);
    motet_sound begun = load(engine, 0, true);
    assert_true(gated_heap_wait(&heap));
    motet_sound waiting = load(engine, 1, true), played = load(engine, 2, true), last = load(engine, 3, true);
    motet_voice voice = motet_voice_play(engine, played, NULL);
    assert_int_equal(motet_sound_release(engine, begun), MOTET_OK);
    assert_int_equal(motet_sound_release(engine, waiting), MOTET_OK);
    assert_int_equal(motet_sound_release(engine, played), MOTET_OK); /* its voice is to be heard all the same */
    assert_int_equal(motet_sound_release(engine, waiting), MOTET_ERROR_STALE);
    gated_heap_open(&heap);
    assert_int_equal(wait_for(engine, MOTET_EVENT_SOUND_READY).sound.id, played.id);
    assert_int_equal(wait_for(engine, MOTET_EVENT_SOUND_READY).sound.id, last.id);
    render(engine, out, 600, 600);
    assert_true(out[400] != 0);
    assert_true(motet_voice_is_active(engine, voice));
    assert_no_event(engine);
    /* An engine that goes in the middle of its list waits for one file at most. */
    gated_heap_close(&heap);
    load(engine, 0, true);
    assert_true(gated_heap_wait(&heap));
    for (int i = 0; i < 100; i++) {
        char name[20];
        snprintf(name, sizeof name, "copy %d", i);
        assert_true(motet_sound_load(engine, paths[i % SOUNDS], &(motet_sound_def){.async = true, .name = name}).id);
    }
    gated_heap_open(&heap);
    end_engine(engine);
}

/* One sound, however often and in whatever way it is asked for. */
static void shared_by_path(void **state)
{
    (void)state;
    motet_engine *engine = make_engine();
    const motet_marker marker = {5, "here"};
    const motet_sound_def marked = {.async = true, .markers = &marker, .marker_count = 1};
    gated_heap_close(&heap);
    motet_sound first = load(engine, 0, true), other = motet_sound_load(engine, paths[0], &marked);
    assert_true(other.id != 0 && other.id != first.id);
    assert_int_equal(load(engine, 0, true).id, first.id);
    assert_int_equal(motet_sound_load(engine, paths[0], &marked).id, other.id);
    assert_true(gated_heap_wait(&heap));
    assert_int_equal(load(engine, 0, false).id, first.id); /* read on this thread, and given to all */
    assert_int_equal(state_of(engine, first), MOTET_SOUND_READY);
    assert_int_equal(state_of(engine, other), MOTET_SOUND_LOADING);
    assert_int_equal(wait_for(engine, MOTET_EVENT_SOUND_READY).sound.id, first.id);
    gated_heap_open(&heap);
    assert_int_equal(wait_for(engine, MOTET_EVENT_SOUND_READY).sound.id, other.id);
    assert_int_equal(load(engine, 0, true).id, first.id);
    assert_int_equal(wait_for(engine, MOTET_EVENT_SOUND_READY).sound.id, first.id);
    motet_marker found;
    assert_int_equal(motet_sound_get_marker(engine, other, 0, &found), MOTET_OK);
    assert_string_equal(found.name, "here");
    for (int i = 0; i < 4; i++) {
        assert_int_equal(motet_sound_release(engine, first), MOTET_OK);
    }
    assert_int_equal(motet_sound_release(engine, first), MOTET_ERROR_STALE);
    end_engine(engine);
}

/* Streams count from the play on, and memory can be read in the background too. */
static void streams_and_memory(void **state)
{
    (void)state;
    static float out[2 * 600];
    audio_bytes file = audio_bytes_load(paths[1]);
    motet_engine *engine = motet_engine_create(&(motet_engine_def){
        .device = MOTET_DEVICE_MANUAL, .max_streams = 1, .allocator = gated_allocator(&heap), .log = hush});
    gated_heap_close(&heap);
    motet_sound sound =
        motet_sound_load_memory(engine, file.data, file.size, &(motet_sound_def){.async = true, .stream = true});
    memset(file.data, 0, file.size); /* not needed any more */
    motet_voice voice = motet_voice_play(engine, sound, NULL);
    assert_true(voice.id != 0);
    assert_true(motet_voice_play(engine, sound, NULL).id == 0);
    assert_int_equal(motet_last_result(), MOTET_ERROR_LIMIT);
    assert_int_equal(motet_voice_stop(engine, voice, motet_now()), MOTET_OK);
    render(engine, out, 10, 10);
    wait_for(engine, MOTET_EVENT_VOICE_ENDED);
    voice = motet_voice_play(engine, sound, NULL);
    assert_true(voice.id != 0);
    float frame;
    assert_int_equal(motet_sound_read_f32(engine, sound, 0, &frame, 1, NULL), MOTET_ERROR_BUSY);
    gated_heap_open(&heap);
    for (uint32_t done = 0; done < 600;) {
        uint32_t count = motet_engine_prepare(engine, 600 - done);
        motet_engine_render_f32(engine, out, count);
        done += count;
    }
    assert_true(out[0] != 0 || out[100] != 0);
    motet_sound_info info;
    assert_int_equal(motet_sound_get_info(engine, sound, &info), MOTET_OK);
    assert_int_equal(info.state, MOTET_SOUND_READY);
    assert_int_equal(info.frame_count, LENGTH);
    audio_bytes_free(&file);
    end_engine(engine);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(async_is_as_loaded),       cmocka_unit_test(starts_when_it_can),
        cmocka_unit_test(skips_what_it_has_missed), cmocka_unit_test(waits_no_longer_than_asked),
        cmocka_unit_test(waits_as_long_as_asked),   cmocka_unit_test(streams_are_there_in_time),
        cmocka_unit_test(can_be_stopped),           cmocka_unit_test(fails_by_event),
        cmocka_unit_test(empty_loops_fail),         cmocka_unit_test(the_needed_first),
        cmocka_unit_test(given_up_when_released),   cmocka_unit_test(shared_by_path),
        cmocka_unit_test(streams_and_memory),
    };
    return cmocka_run_group_tests(tests, make_files, remove_files);
}
