/* labels: threads */
/* Voices that the program's code makes while they play: bit by bit those of a sound with the same frames, however the
 * engine is rendered; contained when they go wrong; closed once; and nobody waits for those that block. */
#include "base/atomics.h"
#include "motet/motet.h"

#include <math.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define DO(call) assert_int_equal(call, MOTET_OK)

enum { RATE = 8000, FRAMES = 9000, MOST_SOURCE = 120000, PIECE = MOTET_GENERATOR_FRAMES };

static void hush(void *user, motet_log_level level, const char *text)
{
    (void)user;
    (void)level;
    (void)text;
}

static motet_engine *make_engine(motet_engine_def def)
{
    def.device = MOTET_DEVICE_MANUAL;
    def.sample_rate_hz = def.sample_rate_hz != 0 ? def.sample_rate_hz : RATE;
    def.no_limiter = true;
    def.log = hush;
    motet_engine *engine = motet_engine_create(&def);
    assert_non_null(engine);
    return engine;
}

/* --------------------------------------------------------------------------------------------------- Material */

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

/* Frame n of a channel, always the same. */
static float sample_at(uint64_t n, uint32_t channel)
{
    chance c = {n * 16 + channel};
    return (float)((double)(next(&c) >> 11) * 0x1p-54 - 0.25);
}

/* A generator of `length` frames of it. What is shared with the test's own thread is atomic. */
typedef struct maker {
    uint32_t channels;
    uint64_t length, at;
    uint64_t bad_frame; /* there it writes a NaN; UINT64_MAX: nowhere */
    bool boasts;        /* returns more than it was asked for */
    uint32_t sleep_ms;
    motet_engine *asks; /* called from inside */
    motet_atomic_u32 calls, wrong, closes;
    motet_atomic_u32 holds;   /* blocks as long as this is set, from frame `hold_at` on ... */
    motet_atomic_u32 waiting; /* ... and then says so */
    uint64_t hold_at;
} maker;

static maker make_maker(uint32_t channels, uint64_t length)
{
    return (maker){.channels = channels, .length = length, .bad_frame = UINT64_MAX};
}

static uint32_t generate(void *user, float *interleaved, uint32_t frame_count)
{
    maker *m = user;
    motet_store_relaxed_u32(&m->calls, motet_load_relaxed_u32(&m->calls) + 1);
    if (m->sleep_ms > 0) {
        motet_sleep_ms(m->sleep_ms);
    }
    motet_stats stats;
    if (m->asks != NULL && motet_engine_get_stats(m->asks, &stats) != MOTET_OK) {
        motet_store_relaxed_u32(&m->wrong, 1);
    }
    while (m->at >= m->hold_at && motet_load_acquire_u32(&m->holds) != 0) {
        motet_store_release_u32(&m->waiting, 1);
        motet_sleep_ms(1);
    }
    uint32_t made = 0;
    for (; made < frame_count && m->at < m->length; made++, m->at++) {
        for (uint32_t c = 0; c < m->channels; c++) {
            float *sample = &interleaved[made * m->channels + c];
            motet_store_relaxed_u32(&m->wrong, motet_load_relaxed_u32(&m->wrong) | (*sample != 0));
            *sample = m->at == m->bad_frame ? NAN : sample_at(m->at, c);
        }
    }
    return m->boasts ? 100000 : made;
}

static void close_maker(void *user)
{
    maker *m = user;
    motet_store_release_u32(&m->closes, motet_load_relaxed_u32(&m->closes) + 1);
}

static uint32_t closes_of(const maker *m)
{
    return motet_load_acquire_u32(&m->closes);
}

/* Only something that never happens is ended by the limit. */
#define WAIT_UNTIL(condition)                                \
    do {                                                     \
        for (int i_ = 0; !(condition) && i_ < 30000; i_++) { \
            motet_sleep_ms(1);                               \
        }                                                    \
        assert_true(condition);                              \
    } while (0)

static motet_voice open_maker(motet_engine *engine, maker *m, motet_generator_def def)
{
    def.generate = generate;
    def.close = close_maker;
    def.user = m;
    def.channels = m->channels;
    return motet_generator_open(engine, &def);
}

static motet_voice must_open(motet_engine *engine, maker *m, motet_generator_def def)
{
    motet_voice voice = open_maker(engine, m, def);
    assert_int_not_equal(voice.id, 0);
    return voice;
}

/* The same frames as a sound. */
static motet_sound sound_of(motet_engine *engine, const maker *m, uint32_t rate)
{
    float *samples = calloc((size_t)m->length * m->channels + 1, sizeof *samples);
    for (uint64_t n = 0; n < m->length; n++) {
        bool bad = m->bad_frame != UINT64_MAX && n / PIECE == m->bad_frame / PIECE;
        for (uint32_t c = 0; c < m->channels; c++) {
            samples[n * m->channels + c] = bad ? 0 : sample_at(n, c);
        }
    }
    motet_pcm pcm = {samples, MOTET_FORMAT_F32, m->channels, rate, m->length};
    motet_sound sound = motet_sound_from_pcm(engine, &pcm, &(motet_sound_def){.no_convert = true});
    assert_int_not_equal(sound.id, 0);
    free(samples);
    return sound;
}

/* ----------------------------------------------------------------------------------------------- The same bits */

typedef enum voice_kind { OF_SOUND, ON_AUDIO_THREAD, ON_OWN_THREAD } voice_kind;

typedef struct rendering {
    float output[2 * FRAMES];
    uint64_t end_frame;
    motet_end_reason reason;
    uint32_t ends, bad_count, bad_events;
    uint64_t bad_frame;
    uint32_t calls;
} rendering;

static void take_events(motet_engine *engine, rendering *r)
{
    motet_event event;
    while (motet_engine_poll_event(engine, &event)) {
        if (event.type == MOTET_EVENT_VOICE_ENDED) {
            r->ends++;
            r->end_frame = event.frame;
            r->reason = event.reason;
        } else if (event.type == MOTET_EVENT_NON_FINITE) {
            r->bad_frame = r->bad_events++ == 0 ? event.frame : r->bad_frame;
            r->bad_count += event.count;
        } else {
            fail_msg("an event of type %d", (int)event.type);
        }
    }
}

/* In pieces of `block` frames, 0: of random ones. */
static void render_all(motet_engine *engine, voice_kind kind, uint32_t block, rendering *r)
{
    chance c = {block};
    for (uint32_t done = 0, count; done < FRAMES; done += count) {
        count = block != 0 ? block : 1 + below(&c, 700);
        count = count < FRAMES - done ? count : FRAMES - done;
        if (kind == ON_OWN_THREAD) {
            count = motet_engine_prepare(engine, count);
            assert_true(count > 0);
        }
        motet_engine_render_f32(engine, r->output + 2 * (size_t)done, count);
    }
    take_events(engine, r);
}

static motet_voice start(motet_engine *engine, voice_kind kind, maker *m, uint32_t rate, double buffer_seconds,
                         motet_voice_def def)
{
    if (kind == OF_SOUND) {
        motet_voice voice = motet_voice_play(engine, sound_of(engine, m, rate), &def);
        assert_int_not_equal(voice.id, 0);
        return voice;
    }
    return must_open(engine, m,
                     (motet_generator_def){.sample_rate_hz = rate,
                                           .may_block = kind == ON_OWN_THREAD,
                                           .buffer_seconds = buffer_seconds,
                                           .voice = def});
}

/* What a random session asks of a voice. Where it is compared with a sound, no pitch is given while the voice fades
 * from one bus to another: there a generated voice's fading copy follows it, and a sound's does not. */
static void ask_for_changes(motet_engine *engine, motet_voice voice, chance *c, bool as_sound)
{
    motet_bus buses[3] = {motet_bus_master(engine), motet_bus_create(engine, "A", NULL),
                          motet_bus_create(engine, "B", NULL)};
    uint64_t frame = below(c, 300);
    uint64_t bus_until = 0;
    while (frame < FRAMES) {
        motet_timing timing = {frame,
                               below(c, 4) == 0   ? MOTET_FADE_NONE
                               : below(c, 2) == 0 ? 0
                                                  : below(c, 900) / 8000.0,
                               (motet_curve)below(c, 4)};
        motet_voice_values values = {voice, -(float)below(c, 12), (float)below(c, 100) / 50 - 1,
                                     0.3 + below(c, 30) * 0.1};
        uint32_t kind = below(c, 9);
        bool pitch_is_free = !as_sound || frame >= bus_until;
        if (kind == 0) {
            DO(motet_voice_set_volume_db(engine, voice, values.volume_db, timing));
        } else if (kind == 1) {
            DO(motet_voice_set_pan(engine, voice, values.pan, timing));
        } else if (kind <= 3 && pitch_is_free) {
            DO(motet_voice_set_pitch(engine, voice, kind == 2 ? values.pitch : below(c, 6) == 0 ? 40 : 1, timing));
        } else if (kind == 4 && pitch_is_free) {
            DO(motet_voices_set(engine, &values, 1, timing));
        } else if (kind == 5) {
            DO(motet_voice_pause(engine, voice, timing));
            timing.at_frame += below(c, 400);
            DO(motet_voice_resume(engine, voice, timing));
        } else if (kind >= 6) {
            DO(motet_voice_set_bus(engine, voice, buses[below(c, 3)], timing));
            uint64_t fade = timing.fade_seconds > 0 ? (uint64_t)(timing.fade_seconds * RATE) + 1 : 80;
            bus_until = frame + fade > bus_until ? frame + fade : bus_until;
        }
        frame += below(c, 500);
    }
    if (below(c, 4) == 0) {
        DO(motet_voice_stop(engine, voice, motet_at(FRAMES / 2 + below(c, FRAMES / 2))));
    }
}

static void render_session(uint64_t seed, voice_kind kind, uint32_t block, bool as_sound, rendering *r)
{
    static const uint32_t rates[] = {RATE, RATE, 11025, 5000, 4 * RATE};
    chance c = {seed};
    uint32_t rate = rates[below(&c, 5)];
    motet_engine *engine = make_engine((motet_engine_def){0});
    maker m = make_maker(1 + below(&c, 2), below(&c, 3) == 0 ? MOST_SOURCE : below(&c, 20000));
    m.bad_frame = seed % 3 == 2 ? below(&c, 3000) : UINT64_MAX; /* seeds begin at multiples of 100 */
    motet_voice_def def = {.quality = (motet_quality)below(&c, 5),
                           .pitch = below(&c, 2) == 0 ? 1 : 0.5 + below(&c, 20) * 0.1,
                           .timing = motet_at(below(&c, 400))};
    motet_voice voice = start(engine, kind, &m, rate, 0.5, def);
    ask_for_changes(engine, voice, &c, as_sound);
    memset(r, 0, sizeof *r);
    render_all(engine, kind, block, r);
    r->calls = motet_load_relaxed_u32(&m.calls);
    motet_engine_destroy(engine);
    assert_int_equal(closes_of(&m), kind != OF_SOUND);
    assert_int_equal(motet_load_relaxed_u32(&m.wrong), 0);
}

static void assert_same_output(uint64_t seed, uint32_t block, const rendering *x, const rendering *y)
{
    for (uint32_t i = 0; i < 2 * FRAMES; i++) {
        if (memcmp(&x->output[i], &y->output[i], sizeof(float)) != 0) {
            fail_msg("seed %llu, blocks of %u: frame %u is %.9g and %.9g", (unsigned long long)seed, block, i / 2,
                     (double)x->output[i], (double)y->output[i]);
        }
    }
    assert_int_equal(x->ends, y->ends);
    assert_int_equal(x->end_frame, y->end_frame);
    assert_int_equal(x->reason, y->reason);
}

static const uint32_t blocks[] = {512, 64, 63, 1, 0};
enum { BLOCKS = sizeof blocks / sizeof blocks[0] };

static void sounds_as_a_sound(void **state)
{
    (void)state;
    static rendering sound, made;
    uint32_t ended = 0;
    for (uint64_t seed = 0; seed < 24; seed++) {
        render_session(seed, OF_SOUND, 512, true, &sound);
        uint32_t block = blocks[seed % BLOCKS];
        render_session(seed, ON_AUDIO_THREAD, block, true, &made);
        assert_same_output(seed, block, &sound, &made);
        ended += made.ends;
    }
    assert_true(ended > 0);
}

static void blocks_change_nothing(void **state)
{
    (void)state;
    static rendering first, other;
    uint32_t bad = 0;
    for (uint64_t seed = 100; seed < 100 + 8; seed++) {
        render_session(seed, ON_AUDIO_THREAD, 512, false, &first);
        for (int b = 1; b < BLOCKS; b++) {
            render_session(seed, ON_AUDIO_THREAD, blocks[b], false, &other);
            assert_same_output(seed, blocks[b], &first, &other);
            assert_int_equal(first.calls, other.calls); /* no further ahead than the filter needs */
            assert_int_equal(first.bad_events, other.bad_events);
            assert_int_equal(first.bad_frame, other.bad_frame);
            assert_int_equal(first.bad_count, other.bad_count);
        }
        bad += first.bad_events;
    }
    assert_true(bad > 0);
}

/* A NaN silences a piece of another length there, so those sessions are left out. */
static bool has_bad_piece(const rendering *r)
{
    return r->bad_events > 0;
}

static void own_thread_makes_the_same(void **state)
{
    (void)state;
    static rendering audio, own;
    uint32_t compared = 0;
    for (uint64_t seed = 200; seed < 200 + 12; seed++) {
        render_session(seed, ON_AUDIO_THREAD, 512, false, &audio);
        uint32_t block = blocks[seed % BLOCKS];
        if (!has_bad_piece(&audio)) {
            render_session(seed, ON_OWN_THREAD, block, false, &own);
            assert_same_output(seed, block, &audio, &own);
            compared++;
        }
    }
    assert_true(compared > 2);
}

/* At the ends of what may be asked for: the highest pitch at the highest rate, while the voice fades from bus to bus;
 * eight channels; a buffer as short as may be. */
static void render_extreme(voice_kind kind, double pitch, uint32_t rate, uint32_t block, double buffer_seconds,
                           rendering *r)
{
    motet_engine *engine = make_engine((motet_engine_def){.max_voices = 4});
    maker m = make_maker(2, kind == OF_SOUND ? 4000000 : UINT64_MAX);
    motet_bus bus = motet_bus_create(engine, "A", NULL);
    memset(r, 0, sizeof *r);
    motet_voice voice = start(engine, kind, &m, rate, buffer_seconds, (motet_voice_def){.pitch = pitch});
    DO(motet_voice_set_bus(engine, voice, bus, motet_at_fade(100, 0.1)));
    DO(motet_voice_set_bus(engine, voice, motet_bus_master(engine), motet_at_fade(700, 0.1)));
    for (uint32_t done = 0, count; done < 2000; done += count) {
        count = block < 2000 - done ? block : 2000 - done;
        count = kind == ON_OWN_THREAD ? motet_engine_prepare(engine, count) : count;
        motet_engine_render_f32(engine, r->output + 2 * (size_t)done, count);
    }
    motet_engine_destroy(engine);
}

static void extremes_are_exact(void **state)
{
    (void)state;
    static rendering sound, made;
    static const double pitches[] = {64, 0.01, 64};
    static const uint32_t rates[] = {RATE, RATE, 16 * RATE};
    for (int i = 0; i < 3; i++) {
        bool last = i == 2; /* its sound would be of 130 million frames */
        render_extreme(last ? ON_AUDIO_THREAD : OF_SOUND, pitches[i], rates[i], 512, 0, &sound);
        render_extreme(ON_AUDIO_THREAD, pitches[i], rates[i], 37, 0, &made);
        assert_same_output((uint64_t)i, 37, &sound, &made);
        assert_true(made.output[2 * 1999] != 0);
        if (!last) {
            render_extreme(ON_OWN_THREAD, pitches[i], rates[i], 100, 0.5, &made);
            assert_same_output((uint64_t)i, 100, &sound, &made);
        }
    }
}

/* So a voice that is sent from bus to bus, and changes its pitch on the way, sounds as if it had stayed: one fades in
 * as the other fades out. And no pitch can take them further apart than there is room. */
static void fading_copies_follow_the_pitch(void **state)
{
    (void)state;
    static float stays[2 * FRAMES], moves[2 * FRAMES];
    for (voice_kind kind = ON_AUDIO_THREAD; kind <= ON_OWN_THREAD; kind++) {
        for (int moved = 0; moved < 2; moved++) {
            motet_engine *engine = make_engine((motet_engine_def){0});
            maker m = make_maker(1, UINT64_MAX);
            motet_voice voice = start(engine, kind, &m, RATE, 0.5, (motet_voice_def){.pitch = 0.01});
            motet_bus bus = motet_bus_create(engine, "A", NULL);
            if (moved) {
                DO(motet_voice_set_bus(engine, voice, bus, motet_at_fade(100, 0.4)));
            }
            motet_voice_values values = {voice, 0, 0, 0.7};
            DO(motet_voice_set_pitch(engine, voice, 64, motet_at_fade(200, MOTET_FADE_NONE)));
            DO(motet_voices_set(engine, &values, 1, motet_at(2500)));
            float *output = moved ? moves : stays;
            for (uint32_t done = 0, count; done < 4000; done += count) {
                count = motet_engine_prepare(engine, 4000 - done);
                motet_engine_render_f32(engine, output + 2 * (size_t)done, count);
            }
            motet_engine_destroy(engine);
        }
        for (uint32_t i = 0; i < 2 * 4000; i++) {
            assert_true(fabsf(stays[i] - moves[i]) < 1e-6f);
        }
    }
}

/* A buffer of 10 ms has to do with shorter filters, and with few frames at once. */
static void a_short_buffer_is_enough(void **state)
{
    (void)state;
    static rendering made, again;
    render_extreme(ON_OWN_THREAD, 1.7, RATE, 512, 0.01, &made);
    render_extreme(ON_OWN_THREAD, 1.7, RATE, 41, 0.01, &again);
    assert_same_output(0, 41, &made, &again);
    assert_true(made.output[2 * 1999] != 0);
}

static void channels_are_folded(void **state)
{
    (void)state;
    for (uint32_t channels = 1; channels <= 8; channels++) {
        static float of_sound[2 * 300], made[2 * 300];
        maker m = make_maker(channels, 250);
        motet_engine *engine = make_engine((motet_engine_def){0});
        start(engine, OF_SOUND, &m, RATE, 0, (motet_voice_def){.pitch = 1});
        motet_engine_render_f32(engine, of_sound, 300);
        motet_engine_destroy(engine);
        for (int threaded = 0; threaded < 2; threaded++) {
            m.at = 0;
            engine = make_engine((motet_engine_def){0});
            start(engine, threaded ? ON_OWN_THREAD : ON_AUDIO_THREAD, &m, RATE, 0, (motet_voice_def){.pitch = 1});
            assert_int_equal(motet_engine_prepare(engine, 300), 300);
            motet_engine_render_f32(engine, made, 300);
            motet_engine_destroy(engine);
            assert_memory_equal(made, of_sound, sizeof made);
        }
    }
}

/* -------------------------------------------------------------------------------------------------- When it is called */

/* Without a device there is no thread that frees what has ended: the calls do. */
static bool is_closed(motet_engine *engine, const maker *m)
{
    motet_stats stats;
    DO(motet_engine_get_stats(engine, &stats));
    return closes_of(m) == 1;
}

static void render(motet_engine *engine, uint32_t frames)
{
    static float heard[2 * FRAMES];
    assert_true(frames <= FRAMES);
    motet_engine_render_f32(engine, heard, frames);
}

static void called_as_late_as_may_be(void **state)
{
    (void)state;
    maker m = make_maker(1, UINT64_MAX);
    motet_engine *engine = make_engine((motet_engine_def){0});
    motet_voice voice = must_open(engine, &m, (motet_generator_def){.voice = {.timing = motet_at(100)}});
    render(engine, 100);
    assert_int_equal(motet_load_relaxed_u32(&m.calls), 0); /* it has not started */
    render(engine, 64);
    assert_int_equal(motet_load_relaxed_u32(&m.calls), 1);
    render(engine, 1);
    assert_int_equal(motet_load_relaxed_u32(&m.calls), 2);
    DO(motet_voice_pause(engine, voice, motet_now()));
    render(engine, 80); /* the fade */
    assert_int_equal(motet_load_relaxed_u32(&m.calls), 3);
    render(engine, 1000);
    assert_int_equal(motet_load_relaxed_u32(&m.calls), 3);
    motet_voice_state voice_state;
    DO(motet_voice_get_state(engine, voice, &voice_state));
    assert_true(voice_state.position_frames == 145);
    DO(motet_voice_resume(engine, voice, motet_now()));
    render(engine, 48);
    assert_int_equal(motet_load_relaxed_u32(&m.calls), 4);
    motet_engine_destroy(engine);
}

static void ends_where_fewer_are_returned(void **state)
{
    (void)state;
    static const uint64_t lengths[] = {0, 1, 63, 64, 65, 128, 1000};
    for (int i = 0; i < 7; i++) {
        for (voice_kind kind = ON_AUDIO_THREAD; kind <= ON_OWN_THREAD; kind++) {
            static rendering r;
            memset(&r, 0, sizeof r);
            maker m = make_maker(1, lengths[i]);
            motet_engine *engine = make_engine((motet_engine_def){0});
            motet_voice voice = start(engine, kind, &m, RATE, 0, (motet_voice_def){.pitch = 1});
            render_all(engine, kind, 100, &r);
            assert_int_equal(r.ends, 1);
            assert_int_equal(r.end_frame, lengths[i]);
            assert_int_equal(r.reason, MOTET_END_ENDED);
            assert_false(motet_voice_is_active(engine, voice));
            WAIT_UNTIL(is_closed(engine, &m)); /* the engine lives on */
            for (uint32_t n = 0; n < lengths[i]; n++) {
                assert_true(r.output[2 * n] == sample_at(n, 0));
            }
            assert_true(r.output[2 * lengths[i]] == 0);
            motet_engine_destroy(engine);
            assert_int_equal(closes_of(&m), 1);
        }
    }
}

static void more_than_asked_for_is_what_was_asked_for(void **state)
{
    (void)state;
    for (voice_kind kind = ON_AUDIO_THREAD; kind <= ON_OWN_THREAD; kind++) {
        float heard[2 * 200];
        maker m = make_maker(1, UINT64_MAX);
        m.boasts = true;
        motet_engine *engine = make_engine((motet_engine_def){0});
        start(engine, kind, &m, RATE, 0, (motet_voice_def){.pitch = 1});
        assert_int_equal(motet_engine_prepare(engine, 200), 200);
        motet_engine_render_f32(engine, heard, 200);
        for (uint32_t n = 0; n < 200; n++) {
            assert_true(heard[2 * n] == sample_at(n, 0));
        }
        motet_engine_destroy(engine);
    }
}

/* --------------------------------------------------------------------------------------------- What goes wrong */

static void not_finite_is_contained(void **state)
{
    (void)state;
    static rendering r;
    memset(&r, 0, sizeof r);
    maker bad = make_maker(1, 2000);
    bad.bad_frame = 5 * PIECE + 3;
    maker good = make_maker(1, 2000);
    good.at = 0;
    motet_engine *engine = make_engine((motet_engine_def){0});
    must_open(engine, &bad, (motet_generator_def){.voice = {.pan = -1, .user = 7}});
    must_open(engine, &good, (motet_generator_def){.voice = {.pan = 1}});
    for (uint32_t done = 0; done < 2000; done += 50) {
        motet_engine_render_f32(engine, r.output + 2 * (size_t)done, 50);
    }
    motet_event event;
    assert_true(motet_engine_poll_event(engine, &event));
    assert_int_equal(event.type, MOTET_EVENT_NON_FINITE);
    assert_int_equal(event.frame, 5 * PIECE);
    assert_int_equal(event.count, PIECE);
    assert_int_equal(event.user, 7);
    take_events(engine, &r);
    assert_int_equal(r.bad_events, 0);
    for (uint32_t n = 0; n < 2000; n++) {
        assert_true(r.output[2 * n] == (n / PIECE == 5 ? 0 : sample_at(n, 0)));
        assert_true(r.output[2 * n + 1] == sample_at(n, 0));
    }
    motet_stats stats;
    DO(motet_engine_get_stats(engine, &stats));
    assert_int_equal(stats.non_finite_frames, PIECE);
    motet_engine_destroy(engine);

    /* On a thread of its own too. */
    memset(&r, 0, sizeof r);
    bad.at = 0;
    engine = make_engine((motet_engine_def){0});
    must_open(engine, &bad, (motet_generator_def){.may_block = true});
    render_all(engine, ON_OWN_THREAD, 100, &r);
    assert_true(r.bad_events == 1 && r.bad_count > 0);
    motet_engine_destroy(engine);
}

static void assert_refused(motet_engine *engine, motet_generator_def def)
{
    maker m = make_maker(2, 100);
    def.close = close_maker;
    def.user = &m;
    motet_voice voice = motet_generator_open(engine, &def);
    assert_int_equal(voice.id, 0);
    assert_int_equal(motet_last_result(), MOTET_ERROR_INVALID);
    assert_int_equal(closes_of(&m), 0);
}

static void wrong_calls_are_refused(void **state)
{
    (void)state;
    motet_engine *engine = make_engine((motet_engine_def){.max_voices = 2, .no_virtual_voices = true});
    assert_refused(engine, (motet_generator_def){0});
    assert_refused(engine, (motet_generator_def){.generate = generate, .channels = 9});
    assert_refused(engine, (motet_generator_def){.generate = generate, .sample_rate_hz = 768001});
    assert_refused(engine, (motet_generator_def){.generate = generate, .sample_rate_hz = 17 * RATE});
    assert_refused(engine, (motet_generator_def){.generate = generate, .may_block = true, .buffer_seconds = NAN});
    assert_refused(engine, (motet_generator_def){.generate = generate, .voice = {.loop = true}});
    assert_refused(engine, (motet_generator_def){.generate = generate, .voice = {.from_frame = 1}});
    assert_refused(engine, (motet_generator_def){.generate = generate, .voice = {.pitch = -1}});
    assert_refused(engine, (motet_generator_def){.generate = generate, .may_block = true, .voice = {.pan = NAN}});
    assert_int_equal(motet_generator_open(engine, NULL).id, 0);
    assert_int_equal(motet_generator_open(NULL, NULL).id, 0);

    for (int may_block = 0; may_block < 2; may_block++) {
        maker m = make_maker(2, UINT64_MAX);
        motet_voice voice = must_open(engine, &m, (motet_generator_def){.may_block = may_block});
        static const float frames[2];
        assert_int_equal(motet_voice_seek(engine, voice, 10, motet_now()), MOTET_ERROR_INVALID);
        assert_non_null(strstr(motet_last_error(), "generated"));
        assert_int_equal(motet_voice_set_loop(engine, voice, true, motet_now()), MOTET_ERROR_INVALID);
        assert_int_equal(motet_feed_write_f32(engine, voice, frames, 1, NULL), MOTET_ERROR_INVALID);
        assert_int_equal(motet_feed_finish(engine, voice), MOTET_ERROR_INVALID);
        motet_feed_state feed;
        DO(motet_feed_get_state(engine, voice, &feed));
        assert_int_equal(feed.free_frames, 0);
        DO(motet_voice_stop(engine, voice, motet_now()));
        render(engine, 100);
        assert_false(motet_voice_is_active(engine, voice));
        WAIT_UNTIL(is_closed(engine, &m));
    }

    /* All voices are in use: nothing is called, and nothing closed. */
    maker m[4] = {make_maker(2, UINT64_MAX), make_maker(2, UINT64_MAX), make_maker(2, UINT64_MAX),
                  make_maker(2, UINT64_MAX)};
    must_open(engine, &m[0], (motet_generator_def){0});
    must_open(engine, &m[1], (motet_generator_def){0});
    for (int may_block = 0; may_block < 2; may_block++) {
        assert_int_equal(open_maker(engine, &m[2 + may_block], (motet_generator_def){.may_block = may_block}).id, 0);
        assert_int_equal(motet_last_result(), MOTET_ERROR_LIMIT);
    }
    motet_engine_destroy(engine);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(closes_of(&m[i]), i < 2);
        assert_int_equal(motet_load_relaxed_u32(&m[i].calls), 0);
    }
}

/* --------------------------------------------------------------------------------------------- Those that block */

static motet_feed_state feed_of(motet_engine *engine, motet_voice voice)
{
    motet_feed_state feed;
    DO(motet_feed_get_state(engine, voice, &feed));
    return feed;
}

static void prepare_waits_for_slow_ones(void **state)
{
    (void)state;
    static rendering sound, slow;
    memset(&sound, 0, sizeof sound);
    memset(&slow, 0, sizeof slow);
    for (int i = 0; i < 2; i++) {
        maker m = make_maker(1, 3000);
        m.sleep_ms = 2;
        motet_engine *engine = make_engine((motet_engine_def){0});
        m.asks = engine; /* it may call the engine */
        start(engine, i == 0 ? OF_SOUND : ON_OWN_THREAD, &m, 11025, 0, (motet_voice_def){.pitch = 1.3});
        render_all(engine, i == 0 ? OF_SOUND : ON_OWN_THREAD, 100, i == 0 ? &sound : &slow);
        motet_engine_destroy(engine);
        assert_int_equal(motet_load_relaxed_u32(&m.wrong), 0);
    }
    assert_same_output(0, 100, &sound, &slow);
}

static void a_late_one_goes_on_with_its_next_frame(void **state)
{
    (void)state;
    float heard[2 * 500];
    maker m = make_maker(1, UINT64_MAX);
    m.hold_at = 200; /* one piece, of a quarter of 800 frames */
    motet_store_relaxed_u32(&m.holds, 1);
    motet_engine *engine = make_engine((motet_engine_def){0});
    motet_voice voice = must_open(engine, &m, (motet_generator_def){.may_block = true});
    WAIT_UNTIL(motet_load_acquire_u32(&m.waiting) != 0);
    assert_int_equal(feed_of(engine, voice).queued_frames, 200);
    motet_engine_render_f32(engine, heard, 500);
    for (uint32_t n = 0; n < 500; n++) {
        assert_true(heard[2 * n] == (n < 200 ? sample_at(n, 0) : 0));
    }
    motet_event event;
    assert_true(motet_engine_poll_event(engine, &event));
    assert_int_equal(event.type, MOTET_EVENT_FEED_STARVED);
    assert_int_equal(event.frame, 200);
    assert_int_equal(feed_of(engine, voice).underruns, 1);
    motet_store_release_u32(&m.holds, 0);
    WAIT_UNTIL(feed_of(engine, voice).queued_frames >= 500);
    motet_engine_render_f32(engine, heard, 500);
    for (uint32_t n = 0; n < 500; n++) {
        assert_true(heard[2 * n] == sample_at(200 + n, 0));
    }
    motet_engine_destroy(engine);
    assert_int_equal(closes_of(&m), 1);
}

static void nobody_waits_for_a_blocked_one(void **state)
{
    (void)state;
    /* A stop: everything about the voice is over, but for `close`. */
    maker m = make_maker(2, UINT64_MAX);
    motet_store_relaxed_u32(&m.holds, 1);
    motet_engine *engine = make_engine((motet_engine_def){0});
    motet_voice voice = must_open(engine, &m, (motet_generator_def){.may_block = true});
    WAIT_UNTIL(motet_load_acquire_u32(&m.waiting) != 0);
    motet_stats before, after;
    DO(motet_voice_stop(engine, voice, motet_now()));
    render(engine, 100);
    assert_false(motet_voice_is_active(engine, voice));
    assert_false(is_closed(engine, &m));
    DO(motet_engine_get_stats(engine, &before));
    motet_store_release_u32(&m.holds, 0);
    WAIT_UNTIL(closes_of(&m) == 1);
    DO(motet_engine_get_stats(engine, &after));
    assert_int_equal(before.memory_bytes, after.memory_bytes); /* its ring was given back at once */

    /* A destroy: it returns while the callback does not; that one ends by itself. */
    static maker blocked[3];
    for (int i = 0; i < 3; i++) {
        blocked[i] = make_maker(2, UINT64_MAX);
        motet_store_relaxed_u32(&blocked[i].holds, 1);
        must_open(engine, &blocked[i], (motet_generator_def){.may_block = true});
        WAIT_UNTIL(motet_load_acquire_u32(&blocked[i].waiting) != 0);
    }
    motet_engine_destroy(engine);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(closes_of(&blocked[i]), 0);
        motet_store_release_u32(&blocked[i].holds, 0);
        WAIT_UNTIL(closes_of(&blocked[i]) == 1);
    }
    motet_sleep_ms(20); /* they would tell again */
    for (int i = 0; i < 3; i++) {
        assert_int_equal(closes_of(&blocked[i]), 1);
    }
}

/* A voice that is stopped before it was heard, in a group that waits, or in the schedule. */
static void closed_once_wherever_it_ends(void **state)
{
    (void)state;
    for (int may_block = 0; may_block < 2; may_block++) {
        maker m[3] = {make_maker(1, UINT64_MAX), make_maker(1, UINT64_MAX), make_maker(1, UINT64_MAX)};
        motet_engine *engine = make_engine((motet_engine_def){0});
        motet_voice voice = must_open(
            engine, &m[0], (motet_generator_def){.may_block = may_block, .voice = {.timing = motet_at(5000)}});
        DO(motet_voice_stop(engine, voice, motet_now()));
        render(engine, 10);
        assert_false(motet_voice_is_active(engine, voice));
        WAIT_UNTIL(is_closed(engine, &m[0]));
        must_open(engine, &m[1], (motet_generator_def){.may_block = may_block, .voice = {.timing = motet_at(5000)}});
        DO(motet_engine_begin(engine));
        must_open(engine, &m[2], (motet_generator_def){.may_block = may_block});
        motet_engine_destroy(engine);
        for (int i = 0; i < 3; i++) {
            assert_int_equal(closes_of(&m[i]), 1);
        }
    }
}

static void nothing_is_called_in_a_forks_child(void **state)
{
    (void)state;
    maker audio = make_maker(1, UINT64_MAX);
    maker own = make_maker(1, UINT64_MAX);
    motet_engine *engine = make_engine((motet_engine_def){0});
    must_open(engine, &audio, (motet_generator_def){0});
    motet_voice voice = must_open(engine, &own, (motet_generator_def){.may_block = true});
    render(engine, 100);
    WAIT_UNTIL(feed_of(engine, voice).queued_frames >= 700);
    pid_t child = fork();
    if (child == 0) {
        uint32_t calls = motet_load_relaxed_u32(&audio.calls) + motet_load_relaxed_u32(&own.calls);
        render(engine, 100);
        motet_engine_destroy(engine);
        bool silent = calls == motet_load_relaxed_u32(&audio.calls) + motet_load_relaxed_u32(&own.calls);
        _exit(silent && closes_of(&audio) == 0 && closes_of(&own) == 0 ? 0 : 1);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    render(engine, 100);
    motet_engine_destroy(engine);
    assert_int_equal(closes_of(&audio), 1);
    assert_int_equal(closes_of(&own), 1);
}

/* In real time, on the null device: both kinds beside one another, opened and stopped. */
static void they_play_on_a_device(void **state)
{
    (void)state;
    static maker m[12];
    motet_engine *engine = motet_engine_create(&(motet_engine_def){.device = MOTET_DEVICE_NULL, .log = hush});
    assert_non_null(engine);
    for (int i = 0; i < 12; i++) {
        m[i] = make_maker(2, i % 3 == 0 ? 3000 : UINT64_MAX);
        m[i].asks = i % 2 == 0 ? engine : NULL; /* to the very end */
        motet_voice voice = must_open(engine, &m[i], (motet_generator_def){.may_block = i % 2 == 0});
        motet_sleep_ms(10);
        if (i % 3 == 1) {
            DO(motet_voice_stop(engine, voice, motet_now()));
        }
    }
    WAIT_UNTIL(closes_of(&m[0]) == 1 && closes_of(&m[3]) == 1 && closes_of(&m[1]) == 1 && closes_of(&m[4]) == 1);
    motet_engine_destroy(engine);
    for (int i = 0; i < 12; i++) {
        assert_int_equal(closes_of(&m[i]), 1);
        assert_int_equal(motet_load_relaxed_u32(&m[i].wrong), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sounds_as_a_sound),
        cmocka_unit_test(blocks_change_nothing),
        cmocka_unit_test(own_thread_makes_the_same),
        cmocka_unit_test(extremes_are_exact),
        cmocka_unit_test(fading_copies_follow_the_pitch),
        cmocka_unit_test(a_short_buffer_is_enough),
        cmocka_unit_test(channels_are_folded),
        cmocka_unit_test(called_as_late_as_may_be),
        cmocka_unit_test(ends_where_fewer_are_returned),
        cmocka_unit_test(more_than_asked_for_is_what_was_asked_for),
        cmocka_unit_test(not_finite_is_contained),
        cmocka_unit_test(wrong_calls_are_refused),
        cmocka_unit_test(prepare_waits_for_slow_ones),
        cmocka_unit_test(a_late_one_goes_on_with_its_next_frame),
        cmocka_unit_test(nobody_waits_for_a_blocked_one),
        cmocka_unit_test(closed_once_wherever_it_ends),
        cmocka_unit_test(nothing_is_called_in_a_forks_child),
        cmocka_unit_test(they_play_on_a_device),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
