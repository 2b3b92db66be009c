/* labels: threads */
/* Sounds that are decoded while they play have the samples, and the events, of the same sounds loaded: random sessions
 * with fixed seeds for every format, rendered by hand. And what streams alone do: limits, files that break or go, gaps.
 *
 * MOTET_TEST_SEEDS in the environment sets how many sessions are tried for each format. */
#include "motet/motet.h"
#include "support/audio_files.h"
#include "support/streams.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum {
    RATE = 48000,
    FRAMES = 4 * RATE,
    MOST_EVENTS = 2000,
    VOICES = 6,
    CALLS = 60,
    LEAD = RATE / 10 /* how far ahead things are asked for, where they are to be on time without being prepared */
};

/* ------------------------------------------------------------------------------------------------------- Files */

typedef struct material {
    const char *name;
    int format, channels, rate;
    double seconds;
    bool no_convert;
    motet_store store;
} material;

static const material materials[] = {
    {"WAV", SF_FORMAT_WAV | SF_FORMAT_PCM_16, 2, 48000, 3, false, MOTET_STORE_AUTO},
    {"WAV f32 44.1", SF_FORMAT_WAV | SF_FORMAT_FLOAT, 1, 44100, 3, false, MOTET_STORE_AUTO},
    {"WAV kept", SF_FORMAT_WAV | SF_FORMAT_PCM_16, 1, 22050, 3, true, MOTET_STORE_AUTO},
    {"WAV long", SF_FORMAT_WAV | SF_FORMAT_PCM_16, 1, 8000, 61, false, MOTET_STORE_S16},
    {"WAV 96", SF_FORMAT_WAV | SF_FORMAT_PCM_24, 2, 96000, 2, false, MOTET_STORE_AUTO},
    {"WAV 5.1", SF_FORMAT_WAV | SF_FORMAT_PCM_16, 6, 48000, 2, false, MOTET_STORE_AUTO},
    {"AIFF", SF_FORMAT_AIFF | SF_FORMAT_PCM_16, 2, 32000, 2, false, MOTET_STORE_AUTO},
    {"FLAC", SF_FORMAT_FLAC | SF_FORMAT_PCM_16, 2, 48000, 3, false, MOTET_STORE_AUTO},
    {"FLAC 24 44.1", SF_FORMAT_FLAC | SF_FORMAT_PCM_24, 2, 44100, 3, false, MOTET_STORE_AUTO},
    {"Vorbis", SF_FORMAT_OGG | SF_FORMAT_VORBIS, 2, 48000, 3, false, MOTET_STORE_AUTO},
    {"Vorbis f32 44.1", SF_FORMAT_OGG | SF_FORMAT_VORBIS, 1, 44100, 3, false, MOTET_STORE_F32},
    {"MP3", SF_FORMAT_MPEG | SF_FORMAT_MPEG_LAYER_III, 2, 48000, 3, false, MOTET_STORE_AUTO},
    {"MP3 22.05", SF_FORMAT_MPEG | SF_FORMAT_MPEG_LAYER_III, 1, 22050, 3, false, MOTET_STORE_AUTO},
};
enum { MATERIALS = sizeof materials / sizeof *materials };

static audio_bytes file_of(const material *m)
{
    const audio_recipe recipe = {.format = m->format, .channels = m->channels, .rate = m->rate};
    return audio_write_tones(&recipe, (size_t)(m->seconds * m->rate) & ~(size_t)1);
}

/* ----------------------------------------------------------------------------------------------------- Chance */

static uint32_t below(uint64_t *chance, uint32_t count)
{
    return (uint32_t)((uint64_t)audio_random(chance) * count >> 32);
}

/* --------------------------------------------------------------------------------------------------- Sessions */

typedef struct session {
    uint32_t lead; /* 0: everything is prepared by hand */
    motet_engine *engine;
    motet_sound sound;
    motet_bus bus;
    motet_voice voices[VOICES];
    float *output;
    motet_event events[MOST_EVENTS];
    uint32_t event_count;
    motet_stats stats;
} session;

static void open_session(session *s, const audio_bytes *file, const material *m, bool stream)
{
    const motet_engine_def def = {.device = MOTET_DEVICE_MANUAL, .max_voices = 4, .no_limiter = true};
    const motet_sound_def sound = {.stream = stream, .no_convert = m->no_convert, .store = m->store};
    s->engine = motet_engine_create(&def);
    assert_non_null(s->engine);
    s->sound = motet_sound_load_memory(s->engine, file->data, file->size, &sound);
    assert_true(s->sound.id != 0);
    motet_sound_info info;
    assert_int_equal(motet_sound_get_info(s->engine, s->sound, &info), MOTET_OK);
    assert_true(stream ? info.memory_bytes == file->size : info.memory_bytes > info.frame_count);
    s->bus = motet_bus_create(s->engine, "Other", NULL);
    s->output = audio_allocate(FRAMES * 2 * sizeof *s->output);
}

static void collect(session *s)
{
    motet_event event;
    while (motet_engine_poll_event(s->engine, &event)) {
        assert_true(s->event_count < MOST_EVENTS);
        s->events[s->event_count++] = event;
    }
}

static void play(session *s, uint64_t *chance, uint32_t voice, uint64_t at)
{
    motet_sound_info info;
    assert_int_equal(motet_sound_get_info(s->engine, s->sound, &info), MOTET_OK);
    uint32_t frames = (uint32_t)info.frame_count;
    static const double pitches[] = {1, 1, 1, 0.5, 1.37, 2.9, 11};
    static const motet_quality qualities[] = {MOTET_QUALITY_DEFAULT, MOTET_QUALITY_LINEAR, MOTET_QUALITY_CUBIC,
                                              MOTET_QUALITY_SINC32};
    motet_voice_def def = {.pitch = pitches[below(chance, 7)], .quality = qualities[below(chance, 4)]};
    def.volume_db = -(float)below(chance, 30);
    def.loop = below(chance, 2) != 0;
    def.from_frame = below(chance, 2) != 0 ? below(chance, frames) : 0;
    if (below(chance, 2) != 0) {
        def.loop_start_frame = below(chance, frames - 1);
        uint32_t length = below(chance, 3) == 0 ? below(chance, 300) + 1 : below(chance, frames) + 1;
        def.loop_end_frame = def.loop_start_frame + length;
        def.loop_crossfade_seconds = below(chance, 2) * 0.3;
    }
    def.loop_count = below(chance, 2) * below(chance, 5);
    def.paused = below(chance, 8) == 0;
    def.timing.at_frame = at;
    s->voices[voice] = motet_voice_play(s->engine, s->sound, &def);
    assert_true(s->voices[voice].id != 0);
}

/* One call for a frame; both sessions make the same ones. */
static void call(session *s, uint64_t *chance, uint64_t at)
{
    uint32_t voice = below(chance, VOICES);
    motet_voice v = s->voices[voice];
    motet_timing timing = {.at_frame = at};
    motet_sound_info info;
    assert_int_equal(motet_sound_get_info(s->engine, s->sound, &info), MOTET_OK);
    uint32_t frames = (uint32_t)info.frame_count;
    uint64_t place = below(chance, frames - 1);
    double fades[] = {0, 0, 0.3, MOTET_FADE_NONE};
    timing.fade_seconds = fades[below(chance, 4)];
    switch (below(chance, 10)) {
    case 0:
    case 1:
    case 2: motet_voice_seek(s->engine, v, place, timing); break;
    case 3: motet_voice_set_pitch(s->engine, v, 0.3 + below(chance, 4000) * 0.001, timing); break;
    case 4: motet_voice_set_loop(s->engine, v, below(chance, 2) != 0, timing); break;
    case 5: motet_voice_set_loop_range(s->engine, v, place, place + 1 + below(chance, frames), timing); break;
    case 6: motet_voice_pause(s->engine, v, timing); break;
    case 7: motet_voice_resume(s->engine, v, timing); break;
    case 8:
        motet_voice_set_bus(s->engine, v, below(chance, 2) != 0 ? s->bus : motet_bus_master(s->engine), timing);
        break;
    default:
        motet_voice_stop(s->engine, v, timing);
        play(s, chance, voice, at + below(chance, 2) * below(chance, 4000));
        break;
    }
}

/* `block` frames are rendered at once; 0: what one call prepares. */
static void run(session *s, uint64_t seed, uint32_t block)
{
    uint64_t chance = seed;
    for (uint32_t i = 0; i < VOICES; i++) {
        play(s, &chance, i, s->lead + below(&chance, 2) * below(&chance, RATE));
    }
    uint32_t done = 0;
    for (uint32_t i = 0; i <= CALLS; i++) {
        uint32_t until = i < CALLS ? (uint32_t)((uint64_t)FRAMES * (i + 1) / (CALLS + 1)) : FRAMES;
        while (done < until) {
            uint32_t count = block != 0 && block < until - done ? block : until - done;
            if (s->lead == 0) {
                count = motet_engine_prepare(s->engine, count);
                assert_true(count > 0);
            } else {
                streams_let_fill(s->engine);
            }
            motet_engine_render_f32(s->engine, s->output + 2 * (size_t)done, count);
            done += count;
            collect(s);
        }
        call(s, &chance, until + s->lead + below(&chance, 2) * below(&chance, 5000));
    }
    assert_int_equal(motet_engine_get_stats(s->engine, &s->stats), MOTET_OK);
}

/* What is told in which block depends on how frames are spread over calls; what happens when does not. */
static int by_frame(const void *a, const void *b)
{
    const motet_event *x = a, *y = b;
    if (x->frame != y->frame) {
        return x->frame < y->frame ? -1 : 1;
    }
    uint32_t slot_x = (uint32_t)x->voice.id & 0xffffff, slot_y = (uint32_t)y->voice.id & 0xffffff;
    return slot_x != slot_y ? (slot_x < slot_y ? -1 : 1) : (int)y->type - (int)x->type;
}

static void close_session(session *s)
{
    motet_engine_destroy(s->engine);
    free(s->output);
    free(s);
}

static session *run_session(const audio_bytes *file, const material *m, bool stream, uint64_t seed, uint32_t block,
                            uint32_t lead)
{
    session *s = audio_allocate(sizeof *s);
    memset(s, 0, sizeof *s);
    s->lead = lead;
    open_session(s, file, m, stream);
    run(s, seed, block);
    qsort(s->events, s->event_count, sizeof *s->events, by_frame);
    return s;
}

static void compare(const session *loaded, const session *streamed, const char *name, uint64_t seed)
{
    uint32_t sounding = 0;
    for (uint32_t i = 0; i < FRAMES * 2; i++) {
        sounding += loaded->output[i] != 0;
        if (memcmp(&loaded->output[i], &streamed->output[i], sizeof(float)) != 0) {
            fail_msg("%s, seed %llu: frame %u is %.9g loaded and %.9g streamed (%llu gaps)", name,
                     (unsigned long long)seed, i / 2, (double)loaded->output[i], (double)streamed->output[i],
                     (unsigned long long)streamed->stats.stream_gaps);
        }
    }
    if (sounding < FRAMES / 2) {
        fail_msg("%s, seed %llu: %u samples sound", name, (unsigned long long)seed, sounding);
    }
    assert_int_equal(streamed->stats.stream_gaps, 0);
    assert_int_equal(loaded->event_count, streamed->event_count);
    for (uint32_t i = 0; i < loaded->event_count; i++) {
        const motet_event *a = &loaded->events[i], *b = &streamed->events[i];
        assert_int_equal(a->type, b->type);
        assert_int_equal(a->reason, b->reason);
        assert_int_equal(a->frame, b->frame);
        assert_int_equal(a->count, b->count);
    }
}

static void streams_are_as_loaded(void **state)
{
    (void)state;
    const char *seeds = getenv("MOTET_TEST_SEEDS");
    uint64_t count = seeds != NULL ? strtoull(seeds, NULL, 10) : 4;
    for (size_t i = 0; i < MATERIALS; i++) {
        audio_bytes file = file_of(&materials[i]);
        for (uint64_t seed = 1; seed <= count; seed++) {
            static const uint32_t blocks[] = {0, 480, 37};
            session *loaded = run_session(&file, &materials[i], false, seed, 512, 0);
            session *streamed = run_session(&file, &materials[i], true, seed, blocks[seed % 3], 0);
            compare(loaded, streamed, materials[i].name, seed);
            close_session(loaded);
            close_session(streamed);
        }
        audio_bytes_free(&file);
    }
}

/* What is asked for a tenth of a second ahead, seeks, loops, pitches and starts, and what comes back from being
 * virtual, is on time without being prepared, as long as decoding keeps up. */
static void on_time_when_told_ahead(void **state)
{
    (void)state;
    for (size_t i = 0; i < MATERIALS; i++) {
        audio_bytes file = file_of(&materials[i]);
        uint64_t seed = 100 + i;
        session *loaded = run_session(&file, &materials[i], false, seed, 480, LEAD);
        session *streamed = run_session(&file, &materials[i], true, seed, 480, LEAD);
        compare(loaded, streamed, materials[i].name, seed);
        close_session(loaded);
        close_session(streamed);
        audio_bytes_free(&file);
    }
}

/* ------------------------------------------------------------------------------------------------- Alone */

static const material plain_wav = {"WAV", SF_FORMAT_WAV | SF_FORMAT_PCM_16, 1, 48000, 2, false, MOTET_STORE_AUTO};

static motet_engine *engine_by_hand(void)
{
    motet_engine *engine =
        motet_engine_create(&(motet_engine_def){.device = MOTET_DEVICE_MANUAL, .no_limiter = true, .channels = 1});
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
    while (frames > 0) {
        uint32_t count = motet_engine_prepare(engine, frames);
        assert_true(count > 0);
        motet_engine_render_f32(engine, out, count);
        out += count;
        frames -= count;
    }
}

static motet_event wait_for(motet_engine *engine, motet_event_type type, bool prepare)
{
    static float out[4096];
    motet_event event;
    for (int i = 0; i < 5000; i++) {
        if (prepare) {
            render(engine, out, 4096);
        } else {
            motet_engine_render_f32(engine, out, 256);
            motet_sleep_ms(1);
        }
        while (motet_engine_poll_event(engine, &event)) {
            if (event.type == type) {
                return event;
            }
        }
    }
    fail_msg("no event of type %d", (int)type);
    return (motet_event){0};
}

/* More are refused; those that have ended make room. */
static void as_many_as_allowed(void **state)
{
    (void)state;
    audio_bytes file = file_of(&plain_wav);
    motet_engine *engine = engine_by_hand();
    motet_sound sound = load(engine, &file, true), loaded = load(engine, &file, false);
    motet_voice voices[64];
    const motet_voice_def def = {.volume_db = -36};
    for (int i = 0; i < 64; i++) {
        voices[i] = motet_voice_play(engine, sound, &def);
        assert_true(voices[i].id != 0);
    }
    assert_true(motet_voice_play(engine, sound, &def).id == 0);
    assert_int_equal(motet_last_result(), MOTET_ERROR_LIMIT);
    assert_string_equal(motet_last_error(), "memory: all 64 streams are in use (max_streams)");
    assert_true(motet_voice_play(engine, loaded, &(motet_voice_def){.volume_db = -80}).id != 0);

    float *all = audio_allocate(RATE * sizeof *all), *one = audio_allocate(RATE * sizeof *one);
    render(engine, all, RATE);
    motet_engine *other = engine_by_hand();
    motet_sound single = load(other, &file, false);
    for (int i = 0; i < 64; i++) {
        assert_true(motet_voice_play(other, single, &def).id != 0);
    }
    render(other, one, RATE);
    assert_memory_equal(all, one, RATE * sizeof *all);

    for (int i = 0; i < 64; i++) {
        assert_int_equal(motet_voice_stop(engine, voices[i], motet_now()), MOTET_OK);
    }
    render(engine, all, RATE / 10);
    assert_true(motet_voice_play(engine, sound, &def).id != 0);
    motet_engine_destroy(engine);
    motet_engine_destroy(other);
    free(all);
    free(one);
    audio_bytes_free(&file);
}

/* Its voices play to their end, as those of a loaded sound; and an engine may go in the middle of it. */
static void released_in_the_middle(void **state)
{
    (void)state;
    audio_bytes file = file_of(&plain_wav);
    motet_engine *engine = engine_by_hand();
    motet_sound sound = load(engine, &file, true);
    assert_true(motet_voice_play(engine, sound, NULL).id != 0);
    float out[1000];
    render(engine, out, 1000);
    assert_int_equal(motet_sound_release(engine, sound), MOTET_OK);
    motet_event event = wait_for(engine, MOTET_EVENT_VOICE_ENDED, true);
    assert_int_equal(event.reason, MOTET_END_ENDED);
    assert_int_equal(event.frame, 2 * RATE);
    sound = load(engine, &file, true);
    for (int i = 0; i < 10; i++) {
        assert_true(motet_voice_play(engine, sound, NULL).id != 0);
    }
    assert_int_equal(motet_sound_release(engine, sound), MOTET_OK);
    motet_engine_destroy(engine);
    audio_bytes_free(&file);
}

/* What is decoded whole up to a broken place is played, as of a loaded sound. */
static void broken_in_the_middle(void **state)
{
    (void)state;
    static const material flac = {"FLAC", SF_FORMAT_FLAC | SF_FORMAT_PCM_16, 1, 48000, 2, false, MOTET_STORE_AUTO};
    audio_bytes file = file_of(&flac);
    memset(file.data + file.size / 2, 0x55, 3000);
    float *samples[2];
    motet_event ends[2];
    for (int stream = 0; stream < 2; stream++) {
        motet_engine *engine = engine_by_hand();
        motet_sound sound = load(engine, &file, stream != 0);
        assert_true(motet_voice_play(engine, sound, NULL).id != 0);
        samples[stream] = audio_allocate(2 * RATE * sizeof(float));
        render(engine, samples[stream], 2 * RATE);
        ends[stream] = wait_for(engine, MOTET_EVENT_VOICE_ENDED, true);
        motet_engine_destroy(engine);
    }
    assert_true(ends[0].frame > RATE / 2 && ends[0].frame < 3 * RATE / 2);
    assert_int_equal(ends[0].frame, ends[1].frame);
    assert_int_equal(ends[1].reason, MOTET_END_ENDED);
    assert_memory_equal(samples[0], samples[1], 2 * RATE * sizeof(float));
    free(samples[0]);
    free(samples[1]);
    audio_bytes_free(&file);
}

static void write_file(const char *path, const audio_bytes *file)
{
    FILE *out = fopen(path, "wb");
    assert_non_null(out);
    assert_int_equal(fwrite(file->data, 1, file->size, out), file->size);
    assert_int_equal(fclose(out), 0);
}

/* A file that is gone, or another, when a voice wants it. */
static void file_that_has_gone(void **state)
{
    (void)state;
    char path[] = "/tmp/motet-stream-XXXXXX";
    int handle = mkstemp(path);
    assert_true(handle >= 0);
    close(handle);
    audio_bytes file = file_of(&plain_wav), other = file_of(&materials[2]);
    write_file(path, &file);
    motet_engine *engine = engine_by_hand();
    motet_sound sound = motet_sound_load(engine, path, &(motet_sound_def){.stream = true});
    assert_true(sound.id != 0);
    motet_sound_info info;
    assert_int_equal(motet_sound_get_info(engine, sound, &info), MOTET_OK);
    assert_int_equal(info.frame_count, 2 * RATE);
    assert_int_equal(info.memory_bytes, 0);
    float frame;
    assert_int_equal(motet_sound_read_f32(engine, sound, 0, &frame, 1, NULL), MOTET_ERROR_UNSUPPORTED);

    assert_true(motet_voice_play(engine, sound, NULL).id != 0);
    assert_int_equal(wait_for(engine, MOTET_EVENT_VOICE_ENDED, true).reason, MOTET_END_ENDED);
    write_file(path, &other);
    assert_true(motet_voice_play(engine, sound, NULL).id != 0);
    assert_int_equal(wait_for(engine, MOTET_EVENT_VOICE_ENDED, true).reason, MOTET_END_FAILED);
    assert_int_equal(unlink(path), 0);
    assert_true(motet_voice_play(engine, sound, &(motet_voice_def){.loop = true}).id != 0);
    assert_int_equal(wait_for(engine, MOTET_EVENT_VOICE_ENDED, false).reason, MOTET_END_FAILED);
    motet_engine_destroy(engine);
    audio_bytes_free(&file);
    audio_bytes_free(&other);
}

/* Opus sounds as loaded as long as it is not sent elsewhere, and then differs by what its predictors remember. */
static void opus(void **state)
{
    (void)state;
    static const material opus = {"Opus", SF_FORMAT_OGG | SF_FORMAT_OPUS, 2, 48000, 6, false, MOTET_STORE_AUTO};
    audio_bytes file = file_of(&opus);
    static float samples[2][6 * RATE];
    for (int seeks = 0; seeks < 2; seeks++) {
        for (int stream = 0; stream < 2; stream++) {
            motet_engine *engine = engine_by_hand();
            const motet_voice_def def = {.loop = seeks != 0, .loop_start_frame = 70001, .loop_end_frame = 200003};
            motet_voice voice = motet_voice_play(engine, load(engine, &file, stream != 0), &def);
            for (uint64_t i = 0; seeks != 0 && i < 30; i++) {
                assert_int_equal(motet_voice_seek(engine, voice, i * 104729 % (5 * RATE), motet_at(i * 9001)),
                                 MOTET_OK);
            }
            render(engine, samples[stream], 6 * RATE);
            motet_engine_destroy(engine);
        }
        double largest = 0;
        for (uint32_t i = 0; i < 6 * RATE; i++) {
            largest = fmax(largest, fabs((double)samples[0][i] - (double)samples[1][i]));
        }
        assert_true(largest <= (seeks == 0 ? 0 : 3.16e-5)); /* -90 dB */
    }
    audio_bytes_free(&file);
}

/* Without prepare the stream thread does it: the voice waits until it can start, at its first frame, and goes on from
 * the very next one after each gap. Rendered as fast as the machine can, it runs dry all the time. */
static void gaps_skip_nothing(void **state)
{
    (void)state;
    static const material ramp = {"ramp", SF_FORMAT_WAV | SF_FORMAT_PCM_16, 1, 48000, 20, false, MOTET_STORE_AUTO};
    uint32_t length = 20 * RATE;
    int16_t *frames = audio_allocate(length * sizeof *frames);
    for (uint32_t i = 0; i < length; i++) {
        frames[i] = (int16_t)(1 + i % 30000);
    }
    audio_bytes file =
        audio_write(&(audio_recipe){.format = ramp.format, .channels = 1, .rate = RATE}, AUDIO_S16, frames, length);
    motet_engine *engine = engine_by_hand();
    motet_voice voice = motet_voice_play(engine, load(engine, &file, true), NULL);
    float out[64];
    uint32_t played = 0, starved = 0;
    motet_event event;
    motet_voice_state state_now;
    double most_buffered = 0;
    bool ended = false;
    while (!ended) {
        motet_engine_render_f32(engine, out, 64);
        bool alive = motet_voice_get_state(engine, voice, &state_now) == MOTET_OK;
        most_buffered = alive ? fmax(most_buffered, state_now.buffered_seconds) : most_buffered;
        for (uint32_t i = 0; i < 64; i++) {
            played += out[i] != 0;
        }
        while (motet_engine_poll_event(engine, &event)) {
            bool ran_dry = event.type == MOTET_EVENT_STREAM_STARVED && event.voice.id == voice.id;
            assert_true(!ran_dry || !alive || state_now.buffered_seconds * RATE < 64);
            starved += ran_dry;
            ended = ended || event.type == MOTET_EVENT_VOICE_ENDED;
        }
    }
    motet_stats stats;
    assert_int_equal(motet_engine_get_stats(engine, &stats), MOTET_OK);
    assert_int_equal(stats.stream_gaps, starved);
    assert_true(most_buffered > 0.1 && most_buffered <= 1); /* what it takes to start, at least */
    /* The first frame of each fade in after a gap has no gain. */
    assert_int_equal(played, length - starved);
    motet_engine_destroy(engine);
    free(frames);
    audio_bytes_free(&file);
}

/* On a device's clock, with all that goes with it. */
static void on_the_clock(void **state)
{
    (void)state;
    audio_bytes file = file_of(&materials[9]);
    motet_engine *engine = motet_engine_create(&(motet_engine_def){.device = MOTET_DEVICE_NULL});
    assert_non_null(engine);
    motet_sound sound = load(engine, &file, true);
    motet_voice voices[32];
    uint64_t chance = 7;
    for (int i = 0; i < 32; i++) {
        voices[i] = motet_voice_play(engine, sound, &(motet_voice_def){.loop = true, .volume_db = -30});
        assert_true(voices[i].id != 0);
    }
    for (int i = 0; i < 60; i++) {
        uint32_t which = below(&chance, 32);
        motet_voice_seek(engine, voices[which], below(&chance, 100000), motet_now());
        if (i % 4 == 0) {
            motet_voice_stop(engine, voices[which], motet_now());
            motet_voice voice = motet_voice_play(engine, sound, &(motet_voice_def){.pitch = 2});
            voices[which] = voice.id != 0 ? voice : voices[which];
        }
        motet_sleep_ms(10);
    }
    assert_int_equal(motet_sound_release(engine, sound), MOTET_OK);
    motet_engine_destroy(engine);
    audio_bytes_free(&file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(streams_are_as_loaded),
        cmocka_unit_test(on_time_when_told_ahead),
        cmocka_unit_test(as_many_as_allowed),
        cmocka_unit_test(released_in_the_middle),
        cmocka_unit_test(broken_in_the_middle),
        cmocka_unit_test(file_that_has_gone),
        cmocka_unit_test(opus),
        cmocka_unit_test(gaps_skip_nothing),
        cmocka_unit_test(on_the_clock),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
