/* How frames are spread over render calls changes nothing: random sessions with fixed seeds, rendered frame by frame
 * and in blocks of other lengths, give the same bits, the same results of the calls and the same events.
 *
 * A session is a list of calls made at checkpoints; what they ask for lies at frames between them. MOTET_TEST_SEEDS in
 * the environment sets how many sessions are tried. */
#include "motet/motet.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum {
    RATE = 8000, /* the declick is 80 frames */
    CHECKPOINTS = 5,
    SPAN = 3001, /* frames between two checkpoints: no multiple of anything */
    FRAMES = CHECKPOINTS * SPAN,
    CALLS = 36, /* at each checkpoint */
    MOST_VOICES = CHECKPOINTS * CALLS * 2,
    MOST_EVENTS = 4096,
    MOST_RESULTS = CHECKPOINTS * CALLS * 5,
    SOUNDS = 11,
    BUSES = 5
};

/* ------------------------------------------------------------------------------------------------- Chance */

typedef struct chance {
    uint64_t state;
} chance;

static uint64_t next(chance *c)
{
    uint64_t z = c->state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static uint32_t below(chance *c, uint32_t count)
{
    return (uint32_t)(next(c) % count);
}

static double between(chance *c, double low, double high)
{
    return low + (high - low) * ((double)(next(c) >> 11) * 0x1p-53);
}

/* ------------------------------------------------------------------------------------------------- Session */

typedef struct session {
    uint64_t seed;
    uint32_t block; /* frames rendered at once; 0: a random number of them */
    chance chance;  /* of the calls: the same in every rendering */
    chance blocks;
    motet_engine *engine;
    uint32_t channels;
    motet_sound sounds[SOUNDS];
    motet_bus buses[BUSES];
    motet_voice voices[MOST_VOICES];
    bool fed[MOST_VOICES];
    uint32_t voice_count;
    bool buses_move;

    float output[FRAMES * 2];
    uint32_t rendered;
    motet_event events[MOST_EVENTS];
    uint32_t event_count;
    uint32_t results[MOST_RESULTS];
    uint32_t result_count;
    motet_stats stats;
} session;

static void note(session *s, uint32_t result)
{
    assert_true(s->result_count < MOST_RESULTS);
    s->results[s->result_count++] = result;
}

/* Every third session has rules for its sounds. */
static motet_sound_def random_rules(session *s, uint32_t frames)
{
    motet_sound_def def = motet_default_sound_def();
    if (s->seed % 3 == 0) {
        def.max_voices = frames % 4;
        def.yield = (motet_yield)(frames % 3);
        def.min_interval_seconds = frames % 5 == 0 ? 0.01 : 0;
    }
    return def;
}

static uint8_t *put_le(uint8_t *to, uint64_t value, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        *to++ = (uint8_t)(value >> 8 * i);
    }
    return to;
}

/* The same frames as a file that is decoded while it plays. */
static motet_sound load_wav(session *s, const motet_pcm *pcm, const motet_sound_def *def)
{
    uint8_t file[44 + 2 * 4096 * sizeof(float)];
    uint32_t frame_size = pcm->channels * (pcm->format == MOTET_FORMAT_S16 ? 2 : 4);
    uint32_t size = (uint32_t)pcm->frame_count * frame_size;
    memcpy(file, "RIFF....WAVEfmt ", 16);
    put_le(file + 4, 36 + size, 4);
    uint8_t *at = put_le(file + 16, 16, 4);
    at = put_le(at, pcm->format == MOTET_FORMAT_S16 ? 1 : 3, 2);
    at = put_le(at, pcm->channels, 2);
    at = put_le(at, pcm->sample_rate_hz, 4);
    at = put_le(at, (uint64_t)pcm->sample_rate_hz * frame_size, 4);
    at = put_le(at, frame_size, 2);
    at = put_le(at, 8 * frame_size / pcm->channels, 2);
    memcpy(at, "data", 4);
    at = put_le(at + 4, size, 4);
    for (uint32_t i = 0; i < pcm->frame_count * pcm->channels; i++) {
        if (pcm->format == MOTET_FORMAT_S16) {
            at = put_le(at, (uint16_t)((const int16_t *)pcm->samples)[i], 2);
        } else {
            uint32_t bits;
            memcpy(&bits, (const float *)pcm->samples + i, sizeof bits);
            at = put_le(at, bits, 4);
        }
    }
    return motet_sound_load_memory(s->engine, file, (size_t)(at - file), def);
}

static motet_sound make_sound(session *s, motet_format format, uint32_t channels, uint32_t rate, uint32_t frames)
{
    float f32[2 * 4096];
    int16_t s16[2 * 4096];
    chance c = {frames * 977u + rate};
    for (uint32_t i = 0; i < frames * channels; i++) {
        double sample = between(&c, -0.3, 0.3);
        f32[i] = (float)sample;
        s16[i] = (int16_t)(sample * 32767);
    }
    motet_pcm pcm = {format == MOTET_FORMAT_S16 ? (const void *)s16 : (const void *)f32, format, channels, rate,
                     frames};
    motet_sound_def def = random_rules(s, frames);
    motet_marker markers[5] = {{0}};
    for (uint32_t i = 0; i < 5 && frames > 0; i++) { /* in their order: each in a fifth of its own */
        markers[i].frame = frames / 5 * i + below(&c, frames < 5 ? 1 : frames / 5);
    }
    def.markers = markers;
    def.marker_count = below(&s->chance, 2) == 0 ? 0 : frames >= 5 ? 5 : frames > 0;
    def.stream = frames > 0 && below(&s->chance, 2) == 0;
    motet_sound sound = def.stream ? load_wav(s, &pcm, &def) : motet_sound_from_pcm(s->engine, &pcm, &def);
    assert_int_not_equal(sound.id, 0);
    return sound;
}

static void begin(session *s)
{
    motet_engine_def def = motet_default_engine_def();
    def.max_streams = 1024; /* as many as there are plays */
    s->channels = 2 - below(&s->chance, 2);
    def.sample_rate_hz = RATE;
    def.channels = s->channels;
    def.device = MOTET_DEVICE_MANUAL;
    def.no_limiter = below(&s->chance, 2) == 0;
    /* With few voices there are few tails, and the oldest have to go. */
    static const uint32_t voice_counts[] = {1, 1, 2, 3, 64};
    def.max_voices = voice_counts[below(&s->chance, 5)];
    def.max_virtual_voices = 1 + below(&s->chance, 100);
    def.no_virtual_voices = below(&s->chance, 3) == 0;
    def.quiet_voice_db = below(&s->chance, 2) == 0 ? 0 : -40 - (float)below(&s->chance, 30);
    def.seed = s->seed;
    s->engine = motet_engine_create(&def);
    assert_non_null(s->engine);
    const motet_format s16 = MOTET_FORMAT_S16, f32 = MOTET_FORMAT_F32;
    motet_sound sounds[] = {
        make_sound(s, s16, 1, RATE, 4000),  make_sound(s, s16, 2, RATE, 2500),  make_sound(s, f32, 1, RATE, 1),
        make_sound(s, f32, 2, RATE, 333),   make_sound(s, s16, 1, 11025, 4001), make_sound(s, f32, 2, 11025, 37),
        make_sound(s, f32, 1, 96000, 4096), make_sound(s, s16, 2, 4000, 2048),  make_sound(s, f32, 1, 7999, 2),
        make_sound(s, s16, 1, RATE, 0),
    };
    memcpy(s->sounds, sounds, sizeof sounds);
    motet_variations_def set = {.volume_jitter_db = 3, .pitch_jitter_semitones = 2, .max_voices = 3};
    s->sounds[SOUNDS - 1] = motet_sound_variations(s->engine, s->sounds, 5, &set);
    assert_int_not_equal(s->sounds[SOUNDS - 1].id, 0);
    s->buses[0] = motet_bus_master(s->engine);
    for (uint32_t i = 1; i < BUSES; i++) {
        char name[2] = {(char)('A' + i), '\0'};
        motet_bus_def bus = {.parent = s->buses[below(&s->chance, i)], .volume_db = (float)between(&s->chance, -6, 3)};
        s->buses[i] = motet_bus_create(s->engine, name, &bus);
        assert_int_not_equal(s->buses[i].id, 0);
    }
}

/* Frames often meet, in every second session nearly all: a call's frame is taken from few places, or lies a declick
 * behind another. */
static motet_timing random_timing(session *s)
{
    chance *c = &s->chance;
    static const double fades[] = {0, 0, 0, MOTET_FADE_NONE, 0.001, 0.02, 0.13};
    uint64_t frame = s->rendered + below(c, SPAN);
    switch (s->seed % 2 == 0 ? below(c, 6) : 2 + 2 * below(c, 2)) {
    case 0: frame = 0; break;
    case 1: frame = s->rendered + below(c, 8) * 400; break;
    case 2: frame = s->rendered + 400 + 80 * below(c, 4); break;
    case 3: frame = s->rendered + 512 * (1 + below(c, 4)); break;
    case 4: frame = s->rendered + 1000 + below(c, 6); break;
    default: break;
    }
    motet_timing timing = {frame, fades[below(c, 7)], (motet_curve)below(c, 4)};
    return timing;
}

static motet_voice_def random_voice(session *s)
{
    chance *c = &s->chance;
    static const double pitches[] = {0, 0, 1, 0.5, 2, 1.37, 0.01, 8};
    motet_voice_def def = motet_default_voice_def();
    def.volume_db = (float)(below(c, 8) == 0 ? -85 : between(c, -30, 6));
    def.pan = (float)between(c, -1.2, 1.2);
    def.pitch = pitches[below(c, 8)];
    def.bus = s->buses[below(c, BUSES)];
    def.paused = below(c, 8) == 0;
    def.priority = below(c, 3) == 0 ? between(c, -20, 20) : 0;
    def.quality = (motet_quality)below(c, MOTET_QUALITY_SINC32 + 1);
    def.user = s->voice_count;
    def.timing = random_timing(s);
    return def;
}

static void keep_voice(session *s, motet_voice voice, bool fed)
{
    s->fed[s->voice_count] = fed;
    s->voices[s->voice_count++] = voice;
    note(s, voice.id != 0 ? 100u : (uint32_t)motet_last_result());
}

/* Mostly a voice that has not ended. */
static uint32_t random_voice_index(session *s)
{
    uint32_t index = below(&s->chance, s->voice_count);
    bool any = below(&s->chance, 6) == 0;
    for (uint32_t i = 0; i < s->voice_count && !any; i++) {
        index = (index + 1) % s->voice_count;
        any = motet_voice_is_active(s->engine, s->voices[index]);
    }
    return index;
}

/* Sounds of one rate. */
static void play_stems(session *s)
{
    static const uint32_t first[] = {0, 4}, most[] = {4, 2};
    chance *c = &s->chance;
    motet_voice_def def = random_voice(s);
    motet_stem stems[4];
    memset(stems, 0, sizeof stems);
    motet_voice voices[4] = {{0}};
    uint32_t rate = below(c, 2);
    uint32_t count = 2 + below(c, 2) * (most[rate] - 2);
    for (uint32_t i = 0; i < count; i++) {
        stems[i].sound = s->sounds[first[rate] + below(c, most[rate])];
        stems[i].volume_db = (float)between(c, -12, 0);
        stems[i].bus = s->buses[below(c, BUSES)];
        stems[i].user = s->voice_count + i;
    }
    def.loop = below(c, 2) == 0;
    def.loop_start_frame = def.loop ? below(c, 20) : 0;
    def.loop_count = below(c, 4);
    def.from_frame = below(c, 3) == 0 ? below(c, 500) : 0;
    motet_result result = motet_stems_play(s->engine, stems, count, &def, voices);
    note(s, (uint32_t)result);
    for (uint32_t i = 0; result == MOTET_OK && i < count; i++) {
        keep_voice(s, voices[i], false);
    }
}

static void play(session *s)
{
    motet_voice_def def = random_voice(s);
    chance *c = &s->chance;
    def.loop = below(c, 3) == 0;
    if (below(c, 2) == 0) {
        def.loop_start_frame = below(c, 300);
        def.loop_end_frame = def.loop_start_frame + 1 + below(c, below(c, 2) == 0 ? 10 : 2000);
        def.loop_count = below(c, 4);
        def.loop_crossfade_seconds = below(c, 2) == 0 ? between(c, 0, 0.05) : 0;
    }
    def.from_frame = below(&s->chance, 3) == 0 ? below(&s->chance, 3000) : 0;
    motet_sound sound = s->sounds[below(c, SOUNDS)];
    if (s->voice_count > 0 && below(c, 6) == 0) {
        keep_voice(s, motet_voice_crossfade(s->engine, s->voices[below(c, s->voice_count)], sound, &def), false);
    } else if (s->voice_count > 0 && below(c, 3) == 0) {
        def.timing.at_frame = 0;
        keep_voice(s, motet_voice_queue(s->engine, s->voices[random_voice_index(s)], sound, &def), false);
    } else {
        keep_voice(s, motet_voice_play(s->engine, sound, &def), false);
    }
}

static void write_feed(session *s, motet_voice voice)
{
    float frames[2 * 2048];
    uint32_t taken = 0;
    uint32_t count = below(&s->chance, 2048);
    for (uint32_t i = 0; i < 2 * count; i++) {
        frames[i] = (float)between(&s->chance, -0.3, 0.3);
    }
    note(s, (uint32_t)motet_feed_write_f32(s->engine, voice, frames, count, &taken));
    note(s, taken);
    if (below(&s->chance, 3) == 0) {
        note(s, (uint32_t)motet_feed_finish(s->engine, voice));
    }
}

static void open_feed(session *s)
{
    static const uint32_t rates[] = {RATE, RATE, 11025, 96000, 3000};
    motet_feed_def def = motet_default_feed_def();
    def.sample_rate_hz = rates[below(&s->chance, 5)];
    def.channels = 1 + below(&s->chance, 2);
    def.start_after_seconds = below(&s->chance, 3) == 0 ? 0.05 : 0;
    def.voice = random_voice(s);
    motet_voice voice = motet_feed_open(s->engine, &def);
    keep_voice(s, voice, true);
    if (voice.id != 0) {
        write_feed(s, voice);
    }
}

static void change_voice(session *s)
{
    chance *c = &s->chance;
    if (s->voice_count == 0) {
        return;
    }
    uint32_t index = random_voice_index(s);
    motet_voice voice = s->voices[index];
    motet_engine *e = s->engine;
    motet_timing timing = random_timing(s);
    switch (below(c, 14)) {
    case 11: note(s, (uint32_t)motet_voice_cancel(e, voice)); break;
    case 12: {
        uint64_t start = below(c, 1000);
        note(s, (uint32_t)motet_voice_set_loop_range(e, voice, start, start + below(c, 800), timing));
        break;
    }
    case 0: note(s, (uint32_t)motet_voice_stop(e, voice, timing)); break;
    case 1: note(s, (uint32_t)motet_voice_pause(e, voice, timing)); break;
    case 2: note(s, (uint32_t)motet_voice_resume(e, voice, timing)); break;
    case 3:
    case 4: note(s, (uint32_t)motet_voice_seek(e, voice, below(c, 4000), timing)); break;
    case 5:
    case 6:
    case 7: note(s, (uint32_t)motet_voice_set_bus(e, voice, s->buses[below(c, BUSES)], timing)); break;
    case 8:
        if (below(c, 2) == 0) {
            motet_voice_values values[2] = {{s->voices[0], -10, 0.5f, 1.5},
                                            {voice, (float)between(c, -30, 6), (float)between(c, -1, 1), 1}};
            note(s, (uint32_t)motet_voices_set(e, values, 2, timing));
            break;
        }
        note(s, (uint32_t)motet_voice_set_pitch(e, voice, below(c, 2) == 0 ? 1 : between(c, 0.02, 9), timing));
        break;
    case 9: note(s, (uint32_t)motet_voice_set_volume_db(e, voice, (float)between(c, -90, 6), timing)); break;
    case 10: note(s, (uint32_t)motet_voice_set_pan(e, voice, (float)between(c, -1, 1), timing)); break;
    default:
        if (s->fed[index]) {
            write_feed(s, voice);
        } else {
            note(s, (uint32_t)motet_voice_set_loop(e, voice, below(c, 2) == 0, timing));
        }
    }
}

static void change_other(session *s)
{
    chance *c = &s->chance;
    motet_bus bus = s->buses[below(c, BUSES)];
    motet_timing timing = random_timing(s);
    switch (below(c, 9)) {
    case 0: note(s, (uint32_t)motet_bus_set_volume_db(s->engine, bus, (float)between(c, -85, 6), timing)); break;
    case 1: note(s, (uint32_t)motet_bus_set_mute(s->engine, bus, below(c, 2) == 0, timing)); break;
    case 2: note(s, (uint32_t)motet_bus_set_solo(s->engine, bus, below(c, 3) == 0, timing)); break;
    case 3: note(s, (uint32_t)motet_sound_stop(s->engine, s->sounds[below(c, SOUNDS)], timing)); break;
    case 4: note(s, (uint32_t)motet_bus_pause(s->engine, bus, timing)); break;
    case 5:
    case 6: note(s, (uint32_t)motet_bus_resume(s->engine, bus, timing)); break;
    case 7:
        if (below(c, 4) == 0) {
            note(s, (uint32_t)motet_bus_stop(s->engine, bus, timing));
        } else {
            motet_bus parent = s->buses[below(c, BUSES)];
            note(s, (uint32_t)motet_bus_set_parent(s->engine, bus, parent, timing));
            s->buses_move = true;
        }
        break;
    default:
        if (motet_engine_begin(s->engine) == MOTET_OK) {
            for (uint32_t i = below(c, 4); i > 0; i--) {
                change_voice(s);
            }
            note(s, (uint32_t)motet_engine_commit(s->engine));
        }
    }
}

static void make_calls(session *s)
{
    for (int i = 0; i < CALLS && s->result_count + 16 < MOST_RESULTS; i++) {
        uint32_t kind = below(&s->chance, 16);
        if (kind < 1 && s->voice_count + 4 < MOST_VOICES) {
            play_stems(s);
        } else if (kind < 4) {
            play(s);
        } else if (kind < 5) {
            open_feed(s);
        } else if (kind < 7) {
            change_other(s);
        } else {
            change_voice(s);
        }
    }
}

static void take_events(session *s)
{
    motet_event event;
    while (motet_engine_poll_event(s->engine, &event)) {
        assert_true(s->event_count < MOST_EVENTS);
        s->events[s->event_count++] = event;
    }
}

static void render_span(session *s)
{
    uint32_t end = s->rendered + SPAN;
    while (s->rendered < end) {
        uint32_t count = s->block != 0 ? s->block : 1 + below(&s->blocks, 700);
        count = count < end - s->rendered ? count : end - s->rendered;
        count = motet_engine_prepare(s->engine, count);
        assert_true(count > 0);
        motet_engine_render_f32(s->engine, s->output + (size_t)s->rendered * s->channels, count);
        s->rendered += count;
    }
}

/* Several events of one frame come in no fixed order, and which slot a voice got is nobody's business. */
static int compare_events(const void *a, const void *b)
{
    const motet_event *x = a, *y = b;
    if (x->frame != y->frame) {
        return x->frame < y->frame ? -1 : 1;
    }
    if (x->type != y->type) {
        return x->type < y->type ? -1 : 1;
    }
    if (x->user != y->user) {
        return x->user < y->user ? -1 : 1;
    }
    return x->marker < y->marker ? -1 : x->marker > y->marker;
}

static session *run_session(uint64_t seed, uint32_t block)
{
    session *s = calloc(1, sizeof *s);
    assert_non_null(s);
    s->seed = seed;
    s->block = block;
    s->chance.state = seed * 7919;
    s->blocks.state = seed + 1;
    begin(s);
    for (int i = 0; i < CHECKPOINTS; i++) {
        make_calls(s);
        render_span(s);
        take_events(s);
    }
    assert_int_equal(motet_engine_get_stats(s->engine, &s->stats), MOTET_OK);
    motet_engine_destroy(s->engine);
    qsort(s->events, s->event_count, sizeof s->events[0], compare_events);
    return s;
}

/* ---------------------------------------------------------------------------------------------- Comparison */

static void assert_same_output(const session *a, const session *b)
{
    for (uint32_t i = 0; i < FRAMES * a->channels; i++) {
        if (memcmp(&a->output[i], &b->output[i], sizeof a->output[i]) != 0) {
            fail_msg("seed %llu, blocks of %u: frame %u is %.9g, in blocks of %u %.9g", (unsigned long long)a->seed,
                     b->block, i / a->channels, (double)b->output[i], a->block, (double)a->output[i]);
        }
    }
}

/* Ids differ from engine to engine. */
static int sound_of(const session *s, const motet_event *event)
{
    for (int i = 0; i < SOUNDS; i++) {
        if (event->sound.id == s->sounds[i].id) {
            return i;
        }
    }
    return event->sound.id == 0 ? -1 : -2;
}

static void assert_same_events(const session *a, const session *b)
{
    for (uint32_t i = 0; i < a->event_count && i < b->event_count; i++) {
        const motet_event *x = &a->events[i], *y = &b->events[i];
        if (compare_events(x, y) != 0 || x->reason != y->reason || sound_of(a, x) != sound_of(b, y) ||
            x->count != y->count) {
            fail_msg(
                "seed %llu, blocks of %u: event %u is of type %d at frame %llu for voice %llu, reason %d; in blocks "
                "of %u type %d at %llu for %llu, reason %d",
                (unsigned long long)a->seed, b->block, i, (int)y->type, (unsigned long long)y->frame,
                (unsigned long long)y->user, (int)y->reason, a->block, (int)x->type, (unsigned long long)x->frame,
                (unsigned long long)x->user, (int)x->reason);
        }
    }
    assert_int_equal(a->event_count, b->event_count);
}

static void assert_same(const session *a, const session *b)
{
    assert_same_output(a, b);
    assert_same_events(a, b);
    assert_int_equal(a->result_count, b->result_count);
    for (uint32_t i = 0; i < a->result_count; i++) {
        if (a->results[i] != b->results[i]) {
            fail_msg("seed %llu, blocks of %u: call %u gave %u, in blocks of %u %u", (unsigned long long)a->seed,
                     b->block, i, b->results[i], a->block, a->results[i]);
        }
    }
    assert_int_equal(a->stats.voices_started, b->stats.voices_started);
    assert_int_equal(a->stats.tails_dropped, b->stats.tails_dropped);
    if (!a->buses_move) { /* what is left behind is cleared away by commands of the engine's own, sooner or later */
        assert_int_equal(a->stats.commands_applied, b->stats.commands_applied);
    }
    assert_int_equal(a->stats.commands_late, b->stats.commands_late);
    assert_int_equal(a->stats.feed_gaps, b->stats.feed_gaps);
    assert_int_equal(a->stats.stream_gaps, 0);
    assert_int_equal(b->stats.stream_gaps, 0);
}

static void blocks_are_not_audible(void **state)
{
    (void)state;
    static const uint32_t blocks[] = {63, 64, 512, 4096, 0};
    const char *wanted = getenv("MOTET_TEST_SEEDS");
    uint64_t seeds = wanted != NULL ? strtoull(wanted, NULL, 10) : 60;
    uint64_t started = 0, dropped = 0, gaps = 0, loud = 0;
    for (uint64_t seed = 1; seed <= seeds; seed++) {
        session *a = run_session(seed, 1);
        for (size_t i = 0; i < sizeof blocks / sizeof blocks[0]; i++) {
            session *b = run_session(seed, blocks[i]);
            assert_same(a, b);
            free(b);
        }
        started += a->stats.voices_started;
        dropped += a->stats.tails_dropped;
        gaps += a->stats.feed_gaps;
        loud += a->stats.master_peak > 0.01f;
        free(a);
    }
    /* The sessions are worth comparing: they are heard, run out of tails, and starve. */
    assert_true(started > 10 * seeds);
    assert_true(dropped > 0);
    assert_true(gaps > 0);
    assert_true(loud > seeds / 2);
}

/* The s16 output is the f32 output, converted, in any blocks. */
static void s16_is_the_same_session(void **state)
{
    (void)state;
    static const int steps[2][4] = {{1, 1, 1, 1}, {700, 33, 512, 1000}};
    int16_t out[2][4000];
    memset(out, 0, sizeof out);
    for (int run = 0; run < 2; run++) {
        motet_engine_def def = {.sample_rate_hz = RATE, .channels = 1, .device = MOTET_DEVICE_MANUAL};
        motet_engine *engine = motet_engine_create(&def);
        assert_non_null(engine);
        motet_signal sine = {.kind = MOTET_SIGNAL_SINE, .hz = 443, .amplitude = 1.4, .seconds = 1};
        motet_sound sound = motet_sound_from_signal(engine, &sine, NULL);
        motet_voice_def voice = {.pitch = 1.1, .timing = motet_at(100)};
        assert_int_not_equal(motet_voice_play(engine, sound, &voice).id, 0);
        for (int done = 0, i = 0; done < 4000; i++) {
            int count = steps[run][i % 4];
            count = count < 4000 - done ? count : 4000 - done;
            motet_engine_render_s16(engine, out[run] + done, (uint32_t)count);
            done += count;
        }
        motet_engine_destroy(engine);
    }
    assert_memory_equal(out[0], out[1], sizeof out[0]);
    int16_t highest = 0;
    for (int i = 0; i < 4000; i++) {
        highest = out[0][i] > highest ? out[0][i] : highest;
    }
    assert_true(highest > 32000); /* the limiter was at work */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks_are_not_audible),
        cmocka_unit_test(s16_is_the_same_session),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
