/* What many voices cost: blocks of an engine that mixes as many as it may, with none to 60,000 virtual ones beside
 * them.
 *
 *     make voices
 *
 * Every voice loops, over one of 16 sounds, mono and stereo. The rows are timed in turn, round after round, and each
 * figure is a median, so that what else the machine does counts for all of them alike. What polling the events of all
 * the loops takes is in them. The program fails when not all voices play. */
#include "motet/motet.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum {
    RATE = 48000,
    BLOCK = 512,
    REAL = 256,
    COUNTS = 4,
    ROWS = COUNTS + 2,
    ROUNDS = 41,
    BLOCKS_A_ROUND = 8,
    SOUNDS = 16
};

static const uint32_t virtual_counts[COUNTS] = {0, 1000, 10000, 60000};

/* The last rows: with none but so quiet ones, and with the threshold above them. */
static const float QUIET_DB = -70, QUIET_THRESHOLD_DB = -60;

static void fail(const char *what)
{
    fprintf(stderr, "%s: %s\n", what, motet_last_error());
    exit(1);
}

static double now_ns(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

typedef struct row {
    motet_engine *engine;
    uint32_t virtual_count;
    uint64_t memory_bytes;
    double times[ROUNDS]; /* ns a block */
} row;

static float frames[BLOCK * 2];

static void render(motet_engine *engine, uint32_t blocks)
{
    motet_event event;
    for (uint32_t i = 0; i < blocks; i++) {
        motet_engine_render_f32(engine, frames, BLOCK);
        while (motet_engine_poll_event(engine, &event)) {}
    }
}

static void play(motet_engine *engine, const motet_sound *sounds, uint32_t count, float volume_db)
{
    for (uint32_t i = 0; i < count; i++) {
        motet_voice_def def = {.loop = true,
                               .volume_db = volume_db - (float)(i % 7),
                               .pan = (float)(i % 11) / 5 - 1,
                               .pitch = 0.7 + 0.01 * (i % 70),
                               .from_frame = i % 1000};
        if (motet_voice_play(engine, sounds[i % SOUNDS], &def).id == 0) {
            fail("a play");
        }
        if (i % 4096 == 4095) {
            render(engine, 1); /* so many may wait, and no more */
        }
    }
    render(engine, 1);
}

static row create_row(uint32_t virtual_count, float volume_db, float quiet_voice_db)
{
    motet_engine_def def = {.device = MOTET_DEVICE_MANUAL,
                            .sample_rate_hz = RATE,
                            .max_voices = REAL,
                            .max_virtual_voices = virtual_count,
                            .no_virtual_voices = virtual_count == 0,
                            .quiet_voice_db = quiet_voice_db};
    row made = {.engine = motet_engine_create(&def), .virtual_count = virtual_count};
    if (made.engine == NULL) {
        fail("an engine");
    }
    motet_stats stats;
    (void)motet_engine_get_stats(made.engine, &stats);
    made.memory_bytes = stats.memory_bytes;
    motet_sound sounds[SOUNDS];
    for (uint32_t i = 0; i < SOUNDS; i++) {
        motet_signal signal = {
            .kind = MOTET_SIGNAL_NOISE, .amplitude = 0.01, .seconds = 2 + 0.01 * i, .seed = i, .channels = 1 + i % 2};
        sounds[i] = motet_sound_from_signal(made.engine, &signal, NULL);
        if (sounds[i].id == 0) {
            fail("a sound");
        }
    }
    play(made.engine, sounds, REAL, volume_db);
    play(made.engine, sounds, virtual_count, volume_db - 30);
    render(made.engine, 64); /* fades are over, caches warm */
    (void)motet_engine_get_stats(made.engine, &stats);
    if (stats.voices_virtual != virtual_count || stats.voices_active != REAL + virtual_count) {
        fprintf(stderr, "%u voices play, %u of them virtual; expected %u and %u\n", stats.voices_active,
                stats.voices_virtual, REAL + virtual_count, virtual_count);
        exit(1);
    }
    return made;
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *values, size_t count)
{
    qsort(values, count, sizeof *values, by_size);
    return values[count / 2];
}

int main(void)
{
    static row rows[ROWS];
    static double ratios[ROWS][ROUNDS];
    printf("Motet %s. Blocks of %d frames at %d Hz, %d voices mixed, sinc16, pitches 0.7 to 1.4.\n\n", motet_version(),
           BLOCK, RATE, REAL);
    for (int i = 0; i < COUNTS; i++) {
        rows[i] = create_row(virtual_counts[i], -10, 0);
    }
    rows[COUNTS] = create_row(0, QUIET_DB, 0);
    rows[COUNTS + 1] = create_row(0, QUIET_DB, QUIET_THRESHOLD_DB);
    for (int round = 0; round < ROUNDS; round++) {
        for (int i = 0; i < ROWS; i++) {
            double start = now_ns();
            render(rows[i].engine, BLOCKS_A_ROUND);
            rows[i].times[round] = (now_ns() - start) / BLOCKS_A_ROUND;
            ratios[i][round] = rows[i].times[round] / rows[0].times[round];
        }
    }
    printf("%14s %14s %16s %22s %14s\n", "virtual voices", "ns a block", "times as with 0", "ns a voice and block",
           "engine, MB");
    double alone = median(rows[0].times, ROUNDS);
    for (int i = 0; i < ROWS; i++) {
        double time = i == 0 ? alone : median(rows[i].times, ROUNDS);
        double ratio = median(ratios[i], ROUNDS);
        double each = rows[i].virtual_count > 0 ? (time - alone) / rows[i].virtual_count : 0;
        if (i == COUNTS) {
            printf("\nall at %g dB; and with quiet_voice_db %g:\n", (double)QUIET_DB, (double)QUIET_THRESHOLD_DB);
        }
        printf("%14u %14.0f %16.3f %22.2f %14.1f\n", rows[i].virtual_count, time, ratio, each,
               (double)rows[i].memory_bytes / 1e6);
        motet_engine_destroy(rows[i].engine);
    }
    return 0;
}
