/* A small synthesiser: a generator on the audio thread makes the samples of one voice, eight notes at once. The keys
 * are atomics, since the audio thread may wait for nobody.
 *
 *     cc synth.c -lmotet -lm && ./a.out */
#include <math.h>
#include <motet/motet.h>
#include <stdatomic.h>
#include <stdio.h>

enum { KEYS = 8, RATE = 48000 };

typedef struct key {
    _Atomic float hz; /* set before `down` */
    atomic_bool down;
    double phase; /* from here on: the audio thread's */
    float level;
} key;

typedef struct synth {
    key keys[KEYS];
    atomic_bool over;
} synth;

/* Adds a key's next frames, with a short attack and a longer release; returns whether it sounds. */
static bool play_key(key *k, float *stereo, uint32_t frame_count)
{
    bool down = atomic_load(&k->down);
    double step = (double)atomic_load(&k->hz) / RATE;
    if (!down && k->level < 1e-4f) {
        k->level = 0;
        return false;
    }
    for (uint32_t i = 0; i < frame_count; i++) {
        k->level = down ? k->level + (1 - k->level) * 0.002f : k->level * 0.9997f;
        k->phase += step - floor(k->phase + step);
        double turn = 6.283185307179586 * k->phase;
        float sample = 0.08f * k->level * (float)(sin(turn) + 0.3 * sin(2 * turn) + 0.1 * sin(3 * turn));
        stereo[2 * i] += sample; /* the memory holds zeros at first */
        stereo[2 * i + 1] += sample;
    }
    return true;
}

/* On the audio thread: nothing in here allocates, locks, waits or asks the system. */
static uint32_t generate(void *user, float *stereo, uint32_t frame_count)
{
    synth *s = user;
    bool sounds = false;
    for (int i = 0; i < KEYS; i++) {
        sounds = play_key(&s->keys[i], stereo, frame_count) || sounds;
    }
    return sounds || !atomic_load(&s->over) ? frame_count : 0; /* 0: the voice ends */
}

static void press(key *k, int note)
{
    atomic_store(&k->hz, (float)(440 * pow(2, (note - 69) / 12.0)));
    atomic_store(&k->down, true);
}

int main(void)
{
    static synth s;
    motet_engine *engine = motet_engine_create(NULL);
    motet_voice voice = motet_generator_open(
        engine,
        &(motet_generator_def){.generate = generate, .user = &s, .sample_rate_hz = RATE, .voice = {.volume_db = -3}});
    static const int chords[4][4] = {{57, 64, 67, 72}, {53, 60, 65, 69}, {48, 60, 64, 67}, {55, 59, 62, 67}};
    for (int chord = 0; chord < 4; chord++) {
        key *keys = &s.keys[chord % 2 * 4]; /* the last chord rings on meanwhile */
        for (int i = 0; i < 4; i++) {
            press(&keys[i], chords[chord][i]);
            motet_sleep_ms(90);
        }
        for (int i = 0; i < 4; i++) {
            atomic_store(&keys[i].down, false);
        }
    }
    /* It is a voice like any other: the last chord sinks by a third while it dies away. */
    motet_voice_set_pitch(engine, voice, 0.8, motet_fade(0.5));
    atomic_store(&s.over, true);
    motet_event event = {0};
    while (event.type != MOTET_EVENT_VOICE_ENDED) {
        if (!motet_engine_poll_event(engine, &event)) {
            motet_sleep_ms(10);
        }
    }
    motet_stats stats;
    motet_engine_get_stats(engine, &stats);
    printf("the voice %s; loudest sample %.2f\n", motet_end_reason_text(event.reason), (double)stats.master_peak);
    motet_engine_destroy(engine);
    return !(stats.master_peak > 0.1f && stats.master_peak < 1);
}
