/* What is not mixing: starts and stops, memory, creation. */
#include "bench.h"

#include "output.h"

#include <math.h>
#include <stdlib.h>

enum {
    BATCH = 64,    /* calls that are timed together */
    BATCHES = 100, /* of which the median is taken */
    CREATIONS = 7, /* engines */
    PLAYS_A_SECOND = 10000,
    CHURN_SECONDS = 3,
    CHURN_ROUNDS = 3,
    MOST_PLAYS = 256 /* in a block */
};

static motet_engine_def engine_def(void)
{
    return (motet_engine_def){
        .sample_rate_hz = MOTET_BENCH_RATE, .device = MOTET_DEVICE_MANUAL, .log = motet_output_drop_log};
}

static motet_sound sound_of(motet_engine *engine, size_t place, uint32_t channels, motet_format format)
{
    motet_bench_case which = {.channels = channels, .voices = 1};
    motet_bench_setup setup = motet_bench_setup_create(&which);
    const motet_bench_clip *clip = &setup.clips[place];
    motet_pcm pcm = {.samples = format == MOTET_FORMAT_S16 ? (const void *)clip->s16 : clip->f32,
                     .format = format,
                     .channels = channels,
                     .sample_rate_hz = MOTET_BENCH_RATE,
                     .frame_count = clip->frames};
    motet_sound sound = motet_sound_from_pcm(engine, &pcm, NULL);
    motet_bench_setup_free(&setup);
    return sound;
}

static void render(motet_engine *engine)
{
    static float out[2 * MOTET_BENCH_BLOCK];
    motet_engine_render_f32(engine, out, MOTET_BENCH_BLOCK);
}

static void drain(motet_engine *engine)
{
    motet_event event;
    while (motet_engine_poll_event(engine, &event)) {}
}

/* An engine with 64 mono clips of s16; NULL when something fails. */
static motet_engine *create_engine(motet_sound *sounds)
{
    motet_engine_def def = engine_def();
    motet_engine *engine = motet_engine_create(&def);
    for (size_t i = 0; engine != NULL && i < MOTET_BENCH_CLIPS; i++) {
        sounds[i] = sound_of(engine, i, 1, MOTET_FORMAT_S16);
        if (sounds[i].id == 0) {
            motet_engine_destroy(engine);
            engine = NULL;
        }
    }
    return engine;
}

/* Batches of plays, and of stops two blocks later. */
static bool measure_calls(motet_engine *engine, const motet_sound *sounds, motet_bench_costs *costs)
{
    static double starts[BATCHES];
    static double stops[BATCHES];
    bool good = true;
    for (size_t b = 0; b < BATCHES; b++) {
        motet_voice voices[BATCH];
        double before = motet_bench_wall_ns();
        for (size_t i = 0; i < BATCH; i++) {
            voices[i] = motet_voice_play(engine, sounds[i % MOTET_BENCH_CLIPS], NULL);
        }
        starts[b] = (motet_bench_wall_ns() - before) / BATCH;
        render(engine);
        render(engine);
        before = motet_bench_wall_ns();
        for (size_t i = 0; i < BATCH; i++) {
            good = motet_voice_stop(engine, voices[i], motet_now()) == MOTET_OK && good;
        }
        stops[b] = (motet_bench_wall_ns() - before) / BATCH;
        render(engine);
        render(engine);
        drain(engine);
    }
    costs->start_ns = motet_bench_quantile(starts, BATCHES, 0.5);
    costs->stop_ns = motet_bench_quantile(stops, BATCHES, 0.5);
    return good;
}

/* So many plays and stops a second for some seconds of the engine's time, each voice for a block and its fade out. CPU
 * time as parts of that time: of everything, and of the calls. */
static bool churn(motet_engine *engine, const motet_sound *sounds, double plays_a_second, double *all, double *calls)
{
    motet_voice voices[MOST_PLAYS];
    size_t playing = 0;
    double due = 0;
    double call_ns = 0;
    double render_ns = 0;
    bool good = true;
    const size_t blocks = (size_t)CHURN_SECONDS * MOTET_BENCH_RATE / MOTET_BENCH_BLOCK;
    for (size_t k = 0; k < blocks; k++) {
        due += plays_a_second * MOTET_BENCH_BLOCK / MOTET_BENCH_RATE;
        double before = motet_bench_cpu_ns();
        for (size_t i = 0; i < playing; i++) {
            good = motet_voice_stop(engine, voices[i], motet_now()) == MOTET_OK && good;
        }
        for (playing = 0; due >= 1 && playing < MOST_PLAYS; due--) {
            voices[playing] = motet_voice_play(engine, sounds[(k + playing) % MOTET_BENCH_CLIPS], NULL);
            good = voices[playing++].id != 0 && good;
        }
        double between = motet_bench_cpu_ns();
        render(engine);
        render_ns += motet_bench_cpu_ns() - between;
        call_ns += between - before;
        drain(engine);
    }
    *all = (call_ns + render_ns) * 1e-9 / CHURN_SECONDS;
    *calls = call_ns * 1e-9 / CHURN_SECONDS;
    return good;
}

static bool measure_churn(motet_engine *engine, const motet_sound *sounds, motet_bench_costs *costs)
{
    double all[CHURN_ROUNDS];
    double calls[CHURN_ROUNDS];
    bool good = true;
    for (size_t i = 0; i < CHURN_ROUNDS; i++) {
        good = churn(engine, sounds, PLAYS_A_SECOND, &all[i], &calls[i]) && good;
    }
    costs->churn_percent = 100 * motet_bench_quantile(all, CHURN_ROUNDS, 0.5);
    costs->churn_calls_percent = 100 * motet_bench_quantile(calls, CHURN_ROUNDS, 0.5);
    return good;
}

static uint64_t bytes_of(uint32_t max_voices)
{
    motet_engine_def def = engine_def();
    motet_stats stats = {0};
    def.max_voices = max_voices;
    motet_engine *engine = motet_engine_create(&def);
    if (engine != NULL) {
        (void)motet_engine_get_stats(engine, &stats);
    }
    motet_engine_destroy(engine);
    return stats.memory_bytes;
}

static bool measure_memory(motet_engine *engine, motet_bench_costs *costs)
{
    const uint32_t few = 64;
    const uint32_t many = 1088;
    costs->engine_bytes = bytes_of(0);
    costs->voice_bytes = ((double)bytes_of(many) - (double)bytes_of(few)) / (many - few);
    bool good = costs->engine_bytes > 0;
    for (uint32_t channels = 1; channels <= 2; channels++) {
        for (uint32_t f32 = 0; f32 < 2; f32++) {
            motet_sound_info info = {0};
            motet_sound sound = sound_of(engine, 0, channels, f32 != 0 ? MOTET_FORMAT_F32 : MOTET_FORMAT_S16);
            good = motet_sound_get_info(engine, sound, &info) == MOTET_OK && good;
            costs->second_bytes[f32][channels - 1] = (double)info.memory_bytes / info.seconds;
            good = motet_sound_release(engine, sound) == MOTET_OK && good;
        }
    }
    return good;
}

static bool measure_creation(motet_bench_costs *costs)
{
    double times[CREATIONS];
    for (size_t i = 0; i < CREATIONS; i++) {
        motet_engine_def def = engine_def();
        double before = motet_bench_cpu_ns();
        motet_engine *engine = motet_engine_create(&def);
        times[i] = motet_bench_cpu_ns() - before;
        if (engine == NULL) {
            return false;
        }
        motet_engine_destroy(engine);
    }
    costs->create_ms = 1e-6 * motet_bench_quantile(times, CREATIONS, 0.5);
    return true;
}

bool motet_bench_measure_costs(motet_bench_costs *costs)
{
    motet_sound sounds[MOTET_BENCH_CLIPS];
    motet_output_progress("starts and stops, memory, creation");
    motet_engine *engine = create_engine(sounds);
    bool good = engine != NULL && measure_calls(engine, sounds, costs) && measure_churn(engine, sounds, costs) &&
                measure_memory(engine, costs) && measure_creation(costs);
    motet_engine_destroy(engine);
    motet_output_progress(NULL);
    if (!good) {
        motet_output_error("%s", motet_last_error());
    }
    return good;
}
