/* labels: threads */
/* Everything at once: threads that call whatever there is to call, against one that renders. In the end the books must
 * balance: one end event for every voice, with its own sound; every command and every voice given back; all memory
 * too. Then every allocation fails in its turn. */
#include "base/atomics.h"
#include "motet/motet.h"

#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define DO(call) assert_int_equal(call, MOTET_OK)

static void hush(void *user, motet_log_level level, const char *text)
{
    (void)user;
    (void)level;
    (void)text;
}

static uint64_t next_random(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

/* ---------------------------------------------------------------------------------------------------- A heap */

/* Counts bytes and blocks, and fails the allocation numbered `fail_at`, from 0. */
typedef struct counting_heap {
    motet_atomic_u64 bytes, blocks, taken, fail_at;
} counting_heap;

static void *heap_allocate(void *user, size_t size, size_t alignment)
{
    counting_heap *heap = user;
    if (motet_add_relaxed_u64(&heap->taken, 1) == motet_load_relaxed_u64(&heap->fail_at)) {
        return NULL;
    }
    void *memory = NULL;
    if (posix_memalign(&memory, alignment < sizeof(void *) ? sizeof(void *) : alignment, size) != 0) {
        return NULL;
    }
    memset(memory, 0xa5, size); /* what is not written is not relied on */
    motet_add_relaxed_u64(&heap->bytes, size);
    motet_add_relaxed_u64(&heap->blocks, 1);
    return memory;
}

static void heap_free(void *user, void *memory, size_t size)
{
    counting_heap *heap = user;
    motet_add_relaxed_u64(&heap->bytes, 0 - (uint64_t)size);
    motet_add_relaxed_u64(&heap->blocks, UINT64_MAX);
    free(memory);
}

static motet_allocator allocator_of(counting_heap *heap)
{
    memset(heap, 0, sizeof *heap);
    motet_store_relaxed_u64(&heap->fail_at, UINT64_MAX);
    return (motet_allocator){heap_allocate, heap_free, heap};
}

static void assert_nothing_left(const counting_heap *heap)
{
    assert_int_equal(motet_load_relaxed_u64(&heap->bytes), 0);
    assert_int_equal(motet_load_relaxed_u64(&heap->blocks), 0);
}

/* --------------------------------------------------------------------------------------------------- Hammering */

enum { CALLERS = 8, MOST_VOICES = 48, SHARED_VOICES = 64, BUSES = 12, SOUNDS = 6 };

/* Voices are known to all threads; which of them are alive nobody knows. */
typedef struct hammering {
    motet_engine *engine;
    motet_sound sounds[SOUNDS]; /* the last one of a file */
    char path[40];
    motet_bus buses[BUSES];
    motet_atomic_u64 voices[SHARED_VOICES];
    motet_atomic_u64 feeds[CALLERS]; /* each fed by its caller alone, changed by all */
    motet_atomic_u64 makers, closes; /* generators that were opened, and that have been closed */
    motet_atomic_u64 plays, ends;    /* voices that were given an id, end events that were taken */
    motet_atomic_u64 wrong;          /* things that must not be */
    motet_atomic_u32 over;
    uint32_t calls; /* that each caller makes */
} hammering;

typedef struct caller {
    hammering *all;
    uint64_t seed;
    uint32_t index;
    pthread_t thread;
} caller;

static uint32_t below(caller *c, uint32_t count)
{
    return (uint32_t)(next_random(&c->seed) % count);
}

/* The sound of a voice is told by its `user`, so that an event can be checked by whoever takes it. */
static uint64_t user_of(const hammering *all, motet_sound sound)
{
    return sound.id ^ (uintptr_t)all;
}

static void take_events(hammering *all, uint32_t most)
{
    motet_event event;
    while (most-- > 0 && motet_engine_poll_event(all->engine, &event)) {
        if (event.type == MOTET_EVENT_VOICE_ENDED) {
            motet_add_relaxed_u64(&all->ends, 1);
            motet_add_relaxed_u64(&all->wrong, event.user != user_of(all, event.sound));
        }
        motet_add_relaxed_u64(&all->wrong, event.type == MOTET_EVENT_OVERFLOW);
    }
}

static motet_timing random_timing(caller *c)
{
    motet_timing timing = {0, 0, (motet_curve)below(c, 4)};
    if (below(c, 3) == 0) {
        motet_clock clock;
        motet_engine_get_clock(c->all->engine, &clock);
        timing.at_frame = clock.frame + below(c, 4000);
    }
    timing.fade_seconds = below(c, 4) == 0 ? MOTET_FADE_NONE : below(c, 3) == 0 ? 0.02 : 0;
    return timing;
}

static motet_voice_def random_def(caller *c, motet_sound sound)
{
    return (motet_voice_def){.pitch = 0.5 + below(c, 20) * 0.1,
                             .pan = 0.5f,
                             .bus = c->all->buses[below(c, BUSES)],
                             .quality = below(c, 20) == 0 ? MOTET_QUALITY_SINC16 : MOTET_QUALITY_LINEAR,
                             .paused = below(c, 9) == 0,
                             .user = user_of(c->all, sound),
                             .timing = random_timing(c)};
}

/* Lets all know a voice. The one that is forgotten for it is stopped, or nobody would ever. */
static void show_voice(caller *c, motet_atomic_u64 *place, motet_voice voice)
{
    motet_voice old;
    do {
        old.id = motet_load_relaxed_u64(place);
    } while (!motet_claim_acquire_u64(place, old.id, voice.id));
    motet_result result = motet_voice_stop(c->all->engine, old, motet_now());
    /* BUSY: another stop of it is on its way. */
    motet_add_relaxed_u64(&c->all->wrong,
                          result != MOTET_OK && result != MOTET_ERROR_STALE && result != MOTET_ERROR_BUSY);
}

static void start_voice(caller *c)
{
    hammering *all = c->all;
    motet_sound sound = all->sounds[below(c, SOUNDS)];
    uint32_t kind = below(c, 8);
    bool own = kind < 3;
    if (kind == 0) { /* a sound that may be shared, or still be kept, or go before it has come */
        const char *names[] = {"a", "b", "c", "d"};
        motet_sound_def def = {.name = names[below(c, 4)], .async = true, .stream = below(c, 8) == 0};
        sound = motet_sound_load(all->engine, all->path, &def);
        motet_add_relaxed_u64(&all->wrong, sound.id == 0);
    } else if (own) { /* a sound of its own, which goes with its voice */
        motet_signal noise = {.kind = MOTET_SIGNAL_NOISE, .amplitude = 0.1, .seconds = 0.001 * below(c, 30)};
        sound = motet_sound_from_signal(all->engine, &noise, NULL);
        motet_add_relaxed_u64(&all->wrong, sound.id == 0);
    }
    motet_voice_def def = random_def(c, sound);
    def.loop = below(c, 8) == 0;
    def.from_frame = below(c, 100);
    def.wait_seconds = below(c, 2) * 0.01;
    def.late = (motet_late)below(c, 2);
    motet_voice voice = {0};
    bool queued = below(c, 4) == 0;
    if (queued) { /* one that has a follower already refuses another */
        motet_voice after = {motet_load_relaxed_u64(&all->voices[below(c, SHARED_VOICES)])};
        def.timing.at_frame = 0;
        voice = motet_voice_queue(all->engine, after, sound, &def);
        queued = voice.id != 0 || motet_last_result() == MOTET_ERROR_INVALID;
    }
    if (!queued) {
        voice = motet_voice_play(all->engine, sound, &def);
    }
    if (voice.id == 0 && queued) {
        motet_add_relaxed_u64(&all->wrong, motet_last_result() != MOTET_ERROR_INVALID);
    } else if (voice.id != 0) {
        motet_add_relaxed_u64(&all->plays, 1);
        show_voice(c, &all->voices[below(c, SHARED_VOICES)], voice);
    } else {
        motet_add_relaxed_u64(&all->wrong,
                              motet_last_result() != MOTET_ERROR_LIMIT && motet_last_result() != MOTET_ERROR_BUSY);
    }
    if (own) {
        motet_add_relaxed_u64(&all->wrong, motet_sound_release(all->engine, sound) != MOTET_OK);
    }
}

static void start_stems(caller *c)
{
    hammering *all = c->all;
    motet_stem stems[3];
    for (uint32_t i = 0; i < 3; i++) { /* of one rate */
        motet_sound sound = all->sounds[i == 2 ? 4 : i + 1];
        stems[i] = (motet_stem){.sound = sound, .user = user_of(all, sound)};
    }
    motet_voice voices[3];
    motet_voice_def def = random_def(c, stems[0].sound);
    motet_result result = motet_stems_play(all->engine, stems, 3, &def, voices);
    for (int i = 0; result == MOTET_OK && i < 3; i++) {
        motet_add_relaxed_u64(&all->plays, 1);
        show_voice(c, &all->voices[below(c, SHARED_VOICES)], voices[i]);
    }
    motet_add_relaxed_u64(&all->wrong, result != MOTET_OK && result != MOTET_ERROR_LIMIT && result != MOTET_ERROR_BUSY);
}

static void feed_voice(caller *c)
{
    static const float frames[2 * 400];
    hammering *all = c->all;
    motet_voice voice = {motet_load_relaxed_u64(&all->feeds[c->index])};
    uint32_t taken;
    if (motet_feed_write_f32(all->engine, voice, frames, below(c, 400), &taken) == MOTET_OK) {
        if (below(c, 10) == 0) {
            motet_feed_finish(all->engine, voice);
        }
        return;
    }
    motet_feed_def def = {.buffer_seconds = 0.05, .voice = random_def(c, (motet_sound){0})};
    voice = motet_feed_open(all->engine, &def);
    if (voice.id != 0) {
        motet_add_relaxed_u64(&all->plays, 1);
        show_voice(c, &all->feeds[c->index], voice);
    }
}

static uint32_t make_frames(void *user, float *interleaved, uint32_t frame_count)
{
    (void)user;
    interleaved[0] = 0.1f;
    return frame_count;
}

static void close_maker(void *user)
{
    hammering *all = user;
    motet_add_acq_rel_u64(&all->closes, 1);
}

static void generate_voice(caller *c)
{
    hammering *all = c->all;
    motet_generator_def def = {.generate = make_frames,
                               .user = all,
                               .close = close_maker,
                               .may_block = below(c, 4) == 0,
                               .voice = random_def(c, (motet_sound){0})};
    motet_voice voice = motet_generator_open(all->engine, &def);
    if (voice.id != 0) {
        motet_add_relaxed_u64(&all->plays, 1);
        motet_add_relaxed_u64(&all->makers, 1);
        show_voice(c, &all->voices[below(c, SHARED_VOICES)], voice);
    }
}

static void change_voice(caller *c)
{
    motet_engine *engine = c->all->engine;
    bool fed = below(c, 5) == 0;
    motet_voice voice = {
        motet_load_relaxed_u64(fed ? &c->all->feeds[below(c, CALLERS)] : &c->all->voices[below(c, SHARED_VOICES)])};
    motet_timing timing = random_timing(c);
    switch (below(c, 9)) {
    case 0: motet_voice_stop(engine, voice, timing); break;
    case 1: motet_voice_pause(engine, voice, timing); break;
    case 2: motet_voice_resume(engine, voice, timing); break;
    case 3: motet_voice_seek(engine, voice, below(c, 3000), motet_fade(0.2)); break;
    case 4: motet_voice_set_volume_db(engine, voice, -6, timing); break;
    case 5: motet_voice_set_pan(engine, voice, -0.5f, timing); break;
    case 6: motet_voice_set_pitch(engine, voice, 0.5 + below(c, 30) * 0.1, timing); break;
    case 7: motet_voice_set_loop(engine, voice, below(c, 2) == 0, timing); break;
    default: motet_voice_set_bus(engine, voice, c->all->buses[below(c, BUSES)], motet_fade(0.2));
    }
}

static void change_bus(caller *c)
{
    motet_engine *engine = c->all->engine;
    motet_bus bus = c->all->buses[below(c, BUSES)];
    motet_timing timing = random_timing(c);
    char name[8];
    switch (below(c, 11)) {
    case 5: motet_sound_reload(engine, c->all->sounds[SOUNDS - 1], timing); break;
    case 6: motet_engine_trim(engine); break;
    case 7: motet_bus_pause(engine, bus, timing); break;
    case 8: motet_bus_resume(engine, bus, timing); break;
    case 9: motet_bus_stop(engine, bus, timing); break;
    case 0: motet_bus_set_volume_db(engine, bus, -3, timing); break;
    case 1: motet_bus_set_mute(engine, bus, below(c, 2) == 0, timing); break;
    case 2: motet_bus_set_solo(engine, bus, below(c, 4) == 0, timing); break;
    case 3:
        snprintf(name, sizeof name, "%u", below(c, 30));
        motet_bus_def def = {.parent = bus};
        motet_bus made = motet_bus_create(engine, name, &def);
        (void)made;
        break;
    case 4: motet_sound_stop(engine, c->all->sounds[below(c, SOUNDS)], timing); break;
    default:
        if (motet_engine_begin(engine) == MOTET_OK) {
            start_voice(c);
            change_voice(c);
            start_voice(c);
            while (motet_engine_commit(engine) != MOTET_OK) {
                sched_yield();
            }
        }
    }
}

static void ask(caller *c)
{
    motet_engine *engine = c->all->engine;
    motet_voice voice = {motet_load_relaxed_u64(&c->all->voices[below(c, SHARED_VOICES)])};
    motet_stats stats;
    motet_clock clock;
    motet_engine_info info;
    motet_voice_state voice_state;
    motet_sound_info sound_info;
    motet_bus_info bus_info;
    motet_feed_state feed_state;
    float frames[64];
    switch (below(c, 8)) {
    case 0: motet_engine_get_stats(engine, &stats); break;
    case 1: motet_engine_get_clock(engine, &clock); break;
    case 2: motet_engine_get_info(engine, &info); break;
    case 3: motet_voice_get_state(engine, voice, &voice_state); break;
    case 4: motet_sound_get_info(engine, c->all->sounds[below(c, SOUNDS)], &sound_info); break;
    case 5: motet_bus_get_info(engine, motet_bus_next(engine, c->all->buses[below(c, BUSES)]), &bus_info); break;
    case 6:
        motet_feed_get_state(engine, (motet_voice){motet_load_relaxed_u64(&c->all->feeds[c->index])}, &feed_state);
        break;
    default: motet_sound_read_f32(engine, c->all->sounds[below(c, SOUNDS)], 3, frames, 32, NULL);
    }
    bool active = motet_voice_is_active(engine, voice);
    (void)active;
    take_events(c->all, 20);
}

static void *call_everything(void *user)
{
    caller *c = user;
    for (uint32_t i = 0; i < c->all->calls; i++) {
        uint32_t kind = below(c, 16);
        if (kind < 1) {
            start_stems(c);
        } else if (kind < 4) {
            start_voice(c);
        } else if (kind < 6 && below(c, 4) != 0) {
            feed_voice(c);
        } else if (kind < 6) {
            generate_voice(c);
        } else if (kind < 12) {
            change_voice(c);
        } else if (kind < 13) {
            change_bus(c);
        } else {
            ask(c);
        }
    }
    return NULL;
}

static void *render_all_along(void *user)
{
    hammering *all = user;
    static float f32[2 * 600];
    static int16_t s16[2 * 600];
    uint64_t seed = 1;
    while (motet_load_acquire_u32(&all->over) == 0) {
        uint32_t frames = 1 + (uint32_t)(next_random(&seed) % 600);
        if (frames % 4 == 0) {
            motet_engine_render_s16(all->engine, s16, frames);
        } else {
            motet_engine_render_f32(all->engine, f32, frames);
        }
        if (frames % 16 == 0) {
            sched_yield();
        }
    }
    return NULL;
}

/* A second of a WAV file of 8 kHz. */
static void write_wav(hammering *all)
{
    static const uint8_t head[44] = {'R', 'I', 'F', 'F', 0xa4, 0x3e, 0,   0,   'W', 'A', 'V',  'E',  'f', 'm', 't',
                                     ' ', 16,  0,   0,   0,    1,    0,   1,   0,   64,  31,   0,    0,   128, 62,
                                     0,   0,   2,   0,   16,   0,    'd', 'a', 't', 'a', 0x80, 0x3e, 0,   0};
    static int16_t samples[8000];
    for (int i = 0; i < 8000; i++) {
        samples[i] = (int16_t)(i % 100 * 30);
    }
    strcpy(all->path, "/tmp/motet-hammer-XXXXXX");
    FILE *file = fdopen(mkstemp(all->path), "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(head, 1, sizeof head, file), sizeof head);
    assert_int_equal(fwrite(samples, 1, sizeof samples, file), sizeof samples);
    assert_int_equal(fclose(file), 0);
}

static void fill_hammering(hammering *all)
{
    write_wav(all);
    all->sounds[SOUNDS - 1] = motet_sound_load(all->engine, all->path, NULL);
    assert_int_not_equal(all->sounds[SOUNDS - 1].id, 0);
    for (uint32_t i = 0; i < SOUNDS - 1; i++) {
        motet_signal noise = {.kind = MOTET_SIGNAL_NOISE,
                              .amplitude = 0.1,
                              .seconds = 0.02 * i,
                              .channels = 1 + i % 2,
                              .sample_rate_hz = i % 3 == 0 ? 44100 : 48000};
        motet_sound_def def = {.store = i % 2 == 0 ? MOTET_STORE_S16 : MOTET_STORE_F32};
        all->sounds[i] = motet_sound_from_signal(all->engine, &noise, &def);
        assert_int_not_equal(all->sounds[i].id, 0);
    }
    all->buses[0] = motet_bus_master(all->engine);
    for (uint32_t i = 1; i < BUSES; i++) {
        char name[] = {(char)('A' + i), '\0'};
        motet_bus_def def = {.parent = all->buses[i / 2]};
        all->buses[i] = motet_bus_create(all->engine, name, &def);
        assert_int_not_equal(all->buses[i].id, 0);
    }
}

/* Everything that may still sound is stopped. */
static void stop_everything(hammering *all)
{
    for (int i = 0; i < SHARED_VOICES; i++) {
        motet_voice_stop(all->engine, (motet_voice){motet_load_relaxed_u64(&all->voices[i])}, motet_now());
    }
    for (int i = 0; i < CALLERS; i++) {
        motet_voice_stop(all->engine, (motet_voice){motet_load_relaxed_u64(&all->feeds[i])}, motet_now());
    }
}

/* True when every voice has told its end and no command waits. */
static bool is_settled(hammering *all)
{
    motet_stats stats;
    take_events(all, 4096);
    DO(motet_engine_get_stats(all->engine, &stats));
    return stats.commands_waiting == 0 && motet_load_relaxed_u64(&all->ends) == motet_load_relaxed_u64(&all->plays);
}

static void assert_settled(hammering *all, const counting_heap *heap)
{
    motet_stats stats;
    motet_sound_info info;
    DO(motet_engine_get_stats(all->engine, &stats)); /* frees what has come back */
    DO(motet_engine_get_stats(all->engine, &stats));
    assert_int_equal(motet_load_relaxed_u64(&all->ends), motet_load_relaxed_u64(&all->plays));
    assert_int_equal(motet_load_relaxed_u64(&all->wrong), 0);
    assert_int_equal(stats.commands_waiting, 0);
    assert_int_equal(stats.voices_active, 0);
    assert_int_equal(stats.memory_bytes, motet_load_relaxed_u64(&heap->bytes));
    for (int i = 0; i < SOUNDS; i++) {
        DO(motet_sound_get_info(all->engine, all->sounds[i], &info));
        assert_int_equal(info.use_count, 0);
    }
    for (int i = 0; i < MOST_VOICES; i++) { /* every voice is free again */
        assert_int_not_equal(motet_voice_play(all->engine, all->sounds[1], NULL).id, 0);
    }
    assert_int_equal(motet_voice_play(all->engine, all->sounds[1], NULL).id, 0);
    /* And the hammering was one. */
    assert_true(stats.voices_started > 100);
}

static void books_balance(void **state)
{
    (void)state;
    counting_heap heap;
    hammering *all = calloc(1, sizeof *all);
    caller callers[CALLERS];
    const char *sanitizer = getenv("MOTET_SANITIZE");
    all->calls = sanitizer != NULL && sanitizer[0] != '\0' ? 2000 : 25000; /* a second or two in each case */
    /* Small enough for every limit to be met. */
    motet_engine_def def = {.device = MOTET_DEVICE_MANUAL,
                            .max_voices = MOST_VOICES / 2,
                            .max_virtual_voices = MOST_VOICES / 2,
                            .max_scheduled = 300,
                            .cache_bytes = 60000,
                            .allocator = allocator_of(&heap),
                            .log = hush};
    all->engine = motet_engine_create(&def);
    assert_non_null(all->engine);
    fill_hammering(all);
    pthread_t renderer;
    assert_int_equal(pthread_create(&renderer, NULL, render_all_along, all), 0);
    for (uint32_t i = 0; i < CALLERS; i++) {
        callers[i] = (caller){.all = all, .seed = i + 1, .index = i};
        assert_int_equal(pthread_create(&callers[i].thread, NULL, call_everything, &callers[i]), 0);
    }
    for (int i = 0; i < CALLERS; i++) {
        pthread_join(callers[i].thread, NULL);
    }
    stop_everything(all);
    for (int i = 0; i < 10000 && !is_settled(all); i++) {
        motet_sleep_ms(1);
    }
    motet_store_release_u32(&all->over, 1);
    pthread_join(renderer, NULL);
    static float rest[2 * 20000];
    motet_engine_render_f32(all->engine, rest, 20000); /* tails outlive their voices, and keep their places */
    assert_settled(all, &heap);
    motet_engine_destroy(all->engine);
    assert_nothing_left(&heap);
    assert_true(motet_load_relaxed_u64(&all->makers) > 10);
    assert_int_equal(motet_add_acq_rel_u64(&all->closes, 0), motet_load_relaxed_u64(&all->makers));
    unlink(all->path);
    free(all);
}

/* --------------------------------------------------------------------------------------------- Out of memory */

typedef struct scene {
    counting_heap heap;
    motet_engine *engine;
    motet_sound sound;
    motet_voice voice;
} scene;

/* A WAV file of two frames with a title, so that there are tags to be copied. */
static const uint8_t wav[] = {
    'R', 'I', 'F', 'F', 66, 0, 0,   0,   'W', 'A', 'V', 'E', 'f', 'm', 't', ' ', 16, 0, 0, 0,   1,   0,   1,   0,   64,
    31,  0,   0,   128, 62, 0, 0,   2,   0,   16,  0,   'L', 'I', 'S', 'T', 18,  0,  0, 0, 'I', 'N', 'F', 'O', 'I', 'N',
    'A', 'M', 5,   0,   0,  0, 'b', 'o', 'o', 'm', 0,   0,   'd', 'a', 't', 'a', 4,  0, 0, 0,   0,   64,  0,   32,
};

static bool load(scene *s)
{
    return motet_sound_load_memory(s->engine, wav, sizeof wav, NULL).id != 0;
}

/* What cannot be had at the call; what the loader does not get, it tells by an event. */
static bool load_later(scene *s)
{
    motet_sound sound = motet_sound_load_memory(s->engine, wav, sizeof wav, &(motet_sound_def){.async = true});
    motet_sound_info info = {.state = MOTET_SOUND_LOADING};
    if (sound.id == 0) {
        return false;
    }
    while (info.state == MOTET_SOUND_LOADING) {
        motet_sleep_ms(1);
        DO(motet_sound_get_info(s->engine, sound, &info));
    }
    char text[200];
    bool failed = info.state == MOTET_SOUND_FAILED;
    assert_int_equal(motet_sound_get_error(s->engine, sound, text, sizeof text),
                     failed ? MOTET_ERROR_MEMORY : MOTET_OK);
    DO(motet_sound_release(s->engine, sound));
    return true;
}

static bool make_from_pcm(scene *s)
{
    static const float samples[600];
    motet_pcm pcm = {samples, MOTET_FORMAT_F32, 6, 8000, 100};
    return motet_sound_from_pcm(s->engine, &pcm, NULL).id != 0;
}

static bool make_from_signal(scene *s)
{
    motet_signal signal = {.kind = MOTET_SIGNAL_CONSTANT, .from = 1, .seconds = 0.01};
    return motet_sound_from_signal(s->engine, &signal, NULL).id != 0;
}

/* So many sounds that their table has to grow. */
static bool make_many(scene *s)
{
    motet_pcm pcm = {.format = MOTET_FORMAT_S16, .channels = 1, .sample_rate_hz = 8000};
    static motet_sound sounds[100];
    int made = 0;
    while (made < 100 && (sounds[made] = motet_sound_from_pcm(s->engine, &pcm, NULL)).id != 0) {
        made++;
    }
    motet_result result = motet_last_result();
    for (int i = 0; i < made; i++) {
        DO(motet_sound_release(s->engine, sounds[i]));
    }
    assert_true(made == 100 || result == MOTET_ERROR_MEMORY);
    return made == 100;
}

static bool play(scene *s)
{
    return motet_voice_play(s->engine, s->sound, NULL).id != 0;
}

static bool open_feed(scene *s)
{
    return motet_feed_open(s->engine, NULL).id != 0;
}

static bool open_generator(scene *s)
{
    return motet_generator_open(s->engine, &(motet_generator_def){.generate = make_frames}).id != 0;
}

static bool open_threaded_generator(scene *s)
{
    return motet_generator_open(s->engine, &(motet_generator_def){.generate = make_frames, .may_block = true}).id != 0;
}

static bool create_bus(scene *s)
{
    return motet_bus_create(s->engine, "A", NULL).id != 0; /* works once */
}

static bool send_group(scene *s)
{
    motet_result result = MOTET_OK;
    DO(motet_engine_begin(s->engine));
    for (int i = 0; i < 300 && result == MOTET_OK; i++) {
        result = motet_voice_set_pan(s->engine, s->voice, 0, motet_now());
    }
    DO(motet_engine_commit(s->engine)); /* what is in it can be sent all the same */
    return result == MOTET_OK;
}

static void make_scene(scene *s)
{
    motet_engine_def def = {
        .device = MOTET_DEVICE_MANUAL, .max_voices = 8, .allocator = allocator_of(&s->heap), .log = hush};
    s->engine = motet_engine_create(&def);
    assert_non_null(s->engine);
    motet_signal signal = {.kind = MOTET_SIGNAL_CONSTANT, .from = 0.5, .seconds = 1};
    s->sound = motet_sound_from_signal(s->engine, &signal, NULL);
    motet_voice_def endless = {.loop = true};
    s->voice = motet_voice_play(s->engine, s->sound, &endless);
    assert_int_not_equal(s->voice.id, 0);
}

/* The voice of the scene sounds, whatever has failed. */
static void assert_plays_on(scene *s)
{
    float heard[2 * 200];
    motet_engine_render_f32(s->engine, heard, 200);
    assert_true(heard[399] != 0);
    assert_true(motet_voice_is_active(s->engine, s->voice));
}

/* The same thing with one allocation failing, the first, the second ... until it needs no more of them: then it works. */
static void fail_in_turn(const char *name, bool (*make)(scene *))
{
    scene s;
    bool made = false, all = false;
    make_scene(&s);
    for (uint64_t turn = 0; !all; turn++) {
        assert_true(turn < 1000);
        uint64_t bytes = motet_load_relaxed_u64(&s.heap.bytes);
        uint64_t fail_at = motet_load_relaxed_u64(&s.heap.taken) + turn;
        motet_store_relaxed_u64(&s.heap.fail_at, fail_at);
        made = make(&s);
        all = motet_load_relaxed_u64(&s.heap.taken) <= fail_at;
        if (!made && !all) {
            assert_int_equal(motet_last_result(), MOTET_ERROR_MEMORY);
            assert_non_null(strstr(motet_last_error(), "memory"));
        }
        if (!made && make != make_many && make != send_group &&
            make != load_later) { /* which keep what they have made room with */
            assert_int_equal(motet_load_relaxed_u64(&s.heap.bytes), bytes);
        }
        assert_plays_on(&s);
    }
    if (!made) {
        fail_msg("%s fails with all the memory that it wants: %s", name, motet_last_error());
    }
    motet_engine_destroy(s.engine);
    assert_nothing_left(&s.heap);
}

static void every_allocation_fails(void **state)
{
    (void)state;
    fail_in_turn("load", load);
    fail_in_turn("load in the background", load_later);
    fail_in_turn("from_pcm", make_from_pcm);
    fail_in_turn("from_signal", make_from_signal);
    fail_in_turn("a hundred sounds", make_many);
    fail_in_turn("play", play); /* which takes none */
    fail_in_turn("feed_open", open_feed);
    fail_in_turn("generator_open", open_generator);
    fail_in_turn("generator_open, on a thread", open_threaded_generator);
    fail_in_turn("bus_create", create_bus);
    fail_in_turn("group", send_group);
}

static void every_allocation_of_creation_fails(void **state)
{
    (void)state;
    static const motet_device_kind kinds[] = {MOTET_DEVICE_MANUAL, MOTET_DEVICE_NULL};
    for (int kind = 0; kind < 2; kind++) {
        motet_engine *engine = NULL;
        for (uint64_t turn = 0; engine == NULL; turn++) {
            counting_heap heap;
            motet_engine_def def = {
                .device = kinds[kind], .max_voices = 8, .allocator = allocator_of(&heap), .log = hush};
            motet_store_relaxed_u64(&heap.fail_at, turn);
            engine = motet_engine_create(&def);
            if (engine == NULL) {
                assert_int_equal(motet_last_result(), MOTET_ERROR_MEMORY);
                assert_nothing_left(&heap);
                continue;
            }
            assert_true(turn > 20);
            motet_engine_destroy(engine);
            assert_nothing_left(&heap);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(books_balance),
        cmocka_unit_test(every_allocation_fails),
        cmocka_unit_test(every_allocation_of_creation_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
