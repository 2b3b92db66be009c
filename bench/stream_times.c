#include "stream_times.h"

#include "base/thread.h"
#include "engine/engine.h"
#include "stream_files.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    VOICES = 64,
    HOGS = 2,
    GAP_SECONDS = 4,
    PERIOD = 480, /* frames: 10 ms */
    TRIALS = 15,
    SETTLE_MS = 30
};

static const uint64_t PERIOD_NS = 10000000;

static void *need(void *thing)
{
    if (thing == NULL) {
        fprintf(stderr, "%s\n", motet_last_error());
        stream_files_delete();
        exit(1);
    }
    return thing;
}

static motet_sound load(motet_engine *engine, const char *path, bool stream)
{
    motet_sound sound = motet_sound_load(engine, path, &(motet_sound_def){.stream = stream});
    need(sound.id != 0 ? engine : NULL);
    return sound;
}

static uint32_t random_below(uint32_t *state, uint32_t count)
{
    *state = *state * 1664525 + 1013904223;
    return (uint32_t)(((uint64_t)(*state >> 8) * count) >> 24);
}

/* -------------------------------------------------------------------------------------------------------- Gaps */

static motet_atomic_u32 hogs_on;

static void *run_hog(void *user)
{
    volatile double *sum = user;
    while (motet_load_relaxed_u32(&hogs_on) != 0) {
        for (int i = 0; i < 100000; i++) {
            *sum = sqrt(*sum + i);
        }
    }
    return NULL;
}

typedef struct gap_run {
    uint64_t gaps, calls;
} gap_run;

/* 64 voices of all formats on the clock of the null device; in a busy one some of them are sent elsewhere, or start
 * anew, all the time. */
static gap_run run_voices(char paths[STREAM_FORMATS][STREAM_PATH_SIZE], bool busy)
{
    motet_engine *engine = need(motet_engine_create(&(motet_engine_def){.device = MOTET_DEVICE_NULL}));
    motet_sound sounds[STREAM_FORMATS];
    motet_voice voices[VOICES];
    uint32_t chance = 1;
    gap_run run = {0};
    for (int i = 0; i < STREAM_FORMATS; i++) {
        sounds[i] = load(engine, paths[i], true);
    }
    for (int i = 0; i < VOICES; i++) {
        const motet_voice_def def = {.loop = true, .volume_db = -30, .from_frame = (uint64_t)i * 5003};
        voices[i] = motet_voice_play(engine, sounds[i % STREAM_FORMATS], &def);
        need(voices[i].id != 0 ? engine : NULL);
    }
    for (int ms = 0; ms < GAP_SECONDS * 1000; ms += 20) {
        uint32_t which = random_below(&chance, VOICES);
        if (busy && ms % 60 == 0) {
            motet_voice_seek(engine, voices[which], random_below(&chance, 9 * 44100), motet_now());
            run.calls++;
        } else if (busy && ms % 100 == 0) {
            motet_voice_stop(engine, voices[which], motet_now());
            motet_sleep_ms(40);
            motet_voice_def def = {.loop = true, .volume_db = -30, .from_frame = random_below(&chance, 9 * 44100)};
            voices[which] = motet_voice_play(engine, sounds[random_below(&chance, STREAM_FORMATS)], &def);
            run.calls++;
        }
        motet_sleep_ms(20);
    }
    motet_stats stats;
    motet_engine_get_stats(engine, &stats);
    run.gaps = stats.stream_gaps;
    motet_engine_destroy(engine);
    return run;
}

int stream_gaps_show(void)
{
    static char paths[STREAM_FORMATS][STREAM_PATH_SIZE];
    static double sums[HOGS];
    int missed = 0;
    for (int i = 0; i < STREAM_FORMATS; i++) {
        char name[16];
        snprintf(name, sizeof name, "gaps%d", i);
        stream_file_write(&stream_formats[i], name, 10, paths[i]);
    }
    printf("| %d voices of all formats, %d s | alone | beside %d busy threads |\n|---|---|---|\n", VOICES, GAP_SECONDS,
           HOGS);
    for (int busy = 0; busy < 2; busy++) {
        gap_run runs[2];
        for (int hogs = 0; hogs < 2; hogs++) {
            motet_thread threads[HOGS] = {0};
            motet_store_relaxed_u32(&hogs_on, hogs != 0);
            for (int i = 0; i < HOGS && hogs != 0; i++) {
                motet_thread_start(&threads[i], "hog", run_hog, &sums[i]);
            }
            runs[hogs] = run_voices(paths, busy != 0);
            motet_store_relaxed_u32(&hogs_on, 0);
            for (int i = 0; i < HOGS && hogs != 0; i++) {
                motet_thread_join(&threads[i]);
            }
        }
        missed += runs[0].gaps > 0;
        char what[64] = "gaps, playing on";
        if (busy != 0) {
            snprintf(what, sizeof what, "gaps, with %llu seeks and new starts", (unsigned long long)runs[0].calls);
        }
        printf("| %s | %llu (0)%s | %llu |\n", what, (unsigned long long)runs[0].gaps, runs[0].gaps > 0 ? "!" : "",
               (unsigned long long)runs[1].gaps);
    }
    return missed;
}

/* ------------------------------------------------------------------------------------------------------ Starts */

/* A device as this program is one: a period each 10 ms. */
typedef struct player {
    motet_engine *engine;
    uint64_t next_ns; /* when the next period is due */
} player;

static player open_player(void)
{
    const motet_engine_def def = {.device = MOTET_DEVICE_MANUAL, .no_limiter = true};
    return (player){need(motet_engine_create(&def)), motet_monotonic_ns()};
}

/* Renders periods on time until one is not silent, at most a second of them; when its first frame is due. */
static uint64_t play_until_heard(player *p, bool until_silent)
{
    float out[2 * PERIOD];
    for (int i = 0; i < 100; i++) {
        uint64_t now_ns = motet_monotonic_ns();
        p->next_ns = now_ns > p->next_ns + PERIOD_NS ? now_ns : p->next_ns + PERIOD_NS;
        motet_sleep_until_ns(p->next_ns);
        motet_engine_render_f32(p->engine, out, PERIOD);
        uint32_t silent = 0;
        while (silent < 2 * PERIOD && out[silent] == 0) {
            silent++;
        }
        if ((silent < 2 * PERIOD) != until_silent) {
            return p->next_ns + silent / 2 * (PERIOD_NS / PERIOD);
        }
    }
    return p->next_ns;
}

typedef enum start_kind {
    LOADED,
    STREAMED,
    IN_MEMORY,
    COLD,
    LOADING,
    ASYNC,
    SEEK_LOADED,
    SEEK_STREAMED,
    KINDS
} start_kind;

static const char *const kind_names[KINDS] = {
    "loaded before",         "streamed",
    "streamed from memory",  "streamed, the first time, from a cold disk",
    "loaded by the call",    "`async`: loaded in the background, played at once",
    "a seek, loaded before", "a seek, streamed"};

/* Whether what is timed begins with the loading. */
static bool is_loaded_then(start_kind kind)
{
    return kind == LOADING || kind == ASYNC;
}

static motet_sound prepare_sound(player *p, start_kind kind, const char *path)
{
    if (is_loaded_then(kind)) {
        return (motet_sound){0};
    }
    if (kind != IN_MEMORY) {
        motet_sound sound = load(p->engine, path, kind != LOADED && kind != SEEK_LOADED);
        if (kind == COLD) {
            stream_file_forget(path);
        }
        return sound;
    }
    FILE *file = need(fopen(path, "rb"));
    size_t size = (size_t)stream_file_size(path);
    void *bytes = need(malloc(size));
    if (fread(bytes, 1, size, file) != size) {
        need(NULL);
    }
    fclose(file);
    motet_sound sound = motet_sound_load_memory(p->engine, bytes, size, &(motet_sound_def){.stream = true});
    need(sound.id != 0 ? p : NULL);
    free(bytes);
    return sound;
}

static int by_value(const void *a, const void *b)
{
    const double *x = a, *y = b;
    return *x < *y ? -1 : *x > *y;
}

/* One call at a random time between two periods, in ms until its first frame that is not silent is due. */
static double time_a_start(player *p, start_kind kind, const char *path, motet_sound sound, uint32_t *chance)
{
    motet_voice voice = {0};
    bool seeks = kind == SEEK_LOADED || kind == SEEK_STREAMED;
    if (seeks) { /* which finds a voice that plays on unheard */
        voice = motet_voice_play(p->engine, sound, &(motet_voice_def){.volume_db = -80});
        for (int i = 0; i < 12; i++) {
            play_until_heard(p, true);
        }
    }
    motet_sleep_until_ns(p->next_ns + random_below(chance, 9) * (PERIOD_NS / 10));
    uint64_t called_ns = motet_monotonic_ns();
    if (seeks) {
        motet_voice_seek(p->engine, voice, 48000 + random_below(chance, 200000), motet_now());
        motet_voice_set_volume_db(p->engine, voice, 0, (motet_timing){.fade_seconds = MOTET_FADE_NONE});
    } else if (is_loaded_then(kind)) {
        sound = motet_sound_load(p->engine, path, &(motet_sound_def){.async = kind == ASYNC});
        voice = motet_voice_play(p->engine, sound, NULL);
        motet_sound_release(p->engine, sound);
    } else {
        voice = motet_voice_play(p->engine, sound, NULL);
    }
    double ms = (double)(play_until_heard(p, false) - called_ns) * 1e-6;
    motet_voice_stop(p->engine, voice, motet_now());
    play_until_heard(p, true);
    return ms;
}

int stream_starts_show(void)
{
    static const int shown[] = {0, 4, 5, 7, 8};
    enum { SHOWN = sizeof shown / sizeof *shown };
    char paths[SHOWN][STREAM_PATH_SIZE];
    printf("| median (longest) in ms |");
    for (int i = 0; i < SHOWN; i++) {
        stream_file_write(&stream_formats[shown[i]], "starts", 10, paths[i]);
        printf(" %s |", stream_formats[shown[i]].name);
    }
    printf("\n|---|---|---|---|---|---|\n");
    for (start_kind kind = LOADED; kind < KINDS; kind++) {
        printf("| %s |", kind_names[kind]);
        for (int i = 0; i < SHOWN; i++) {
            double times[TRIALS];
            uint32_t chance = 7;
            int trials = kind == COLD ? 5 : TRIALS;
            player p = open_player();
            motet_sound sound = kind == COLD ? (motet_sound){0} : prepare_sound(&p, kind, paths[i]);
            for (int trial = 0; trial < trials; trial++) {
                if (kind == COLD) {
                    sound = prepare_sound(&p, kind, paths[i]);
                    p.next_ns = motet_monotonic_ns();
                }
                times[trial] = time_a_start(&p, kind, paths[i], sound, &chance);
                if (kind == COLD) {
                    motet_sound_release(p.engine, sound);
                }
            }
            qsort(times, (size_t)trials, sizeof *times, by_value);
            printf(" %.1f (%.1f) |", times[trials / 2], times[trials - 1]);
            fflush(stdout);
            motet_engine_destroy(p.engine);
        }
        printf("\n");
    }
    return 0;
}

/* ------------------------------------------------------------------------------------------------------ Slices */

static double take_longest_ms(motet_engine *engine)
{
    motet_sleep_ms(SETTLE_MS);
    double ms = (double)motet_load_relaxed_u64(&engine->counters.stream_slice_ns) * 1e-6;
    motet_store_relaxed_u64(&engine->counters.stream_slice_ns, 0);
    return ms;
}

/* The longest that the stream thread is held up by one page: of a voice that starts, plays on, or is sent elsewhere. */
static int show_slices(const char *name, const char *path)
{
    static float out[2 * PERIOD];
    motet_engine *engine = need(motet_engine_create(&(motet_engine_def){.device = MOTET_DEVICE_MANUAL}));
    motet_sound sound = load(engine, path, true);
    motet_sound_info info;
    motet_sound_get_info(engine, sound, &info);
    double longest[4] = {0};
    uint32_t chance = 3;
    for (int voice_number = 0; voice_number < 4; voice_number++) {
        motet_voice voice = motet_voice_play(engine, sound, &(motet_voice_def){.loop = true});
        double ms = take_longest_ms(engine);
        longest[voice_number > 0] = fmax(longest[voice_number > 0], ms);
        for (int i = 0; i < 30; i++) {
            motet_engine_render_f32(engine, out, PERIOD);
            motet_sleep_ms(2);
        }
        longest[2] = fmax(longest[2], take_longest_ms(engine));
        for (int i = 0; i < 12; i++) {
            motet_voice_seek(engine, voice, random_below(&chance, (uint32_t)info.frame_count), motet_now());
            motet_engine_render_f32(engine, out, PERIOD);
            longest[3] = fmax(longest[3], take_longest_ms(engine));
        }
        motet_voice_stop(engine, voice, motet_now());
        motet_engine_render_f32(engine, out, PERIOD);
        motet_engine_render_f32(engine, out, PERIOD);
        motet_sleep_ms(SETTLE_MS);
    }
    printf("| %s, %.0f s |", name, info.seconds);
    for (int i = 0; i < 4; i++) {
        printf(" %.2f |", longest[i]);
    }
    printf("\n");
    fflush(stdout);
    motet_engine_destroy(engine);
    return 0;
}

int stream_slices_show(void)
{
    static const struct {
        const char *name, *path;
    } songs[] = {
        {"a game's music, Vorbis", "/usr/share/games/frozen-bubble/snd/frozen-mainzik-1p.ogg"},
        {"a game's music, MP3", "/usr/share/games/asc/music/frontiers.mp3"},
    };
    printf(
        "| longest page in ms | a first voice | further ones | playing on | after a seek |\n|---|---|---|---|---|\n");
    for (int i = 0; i < STREAM_FORMATS; i++) {
        char path[STREAM_PATH_SIZE];
        stream_file_write(&stream_formats[i], "slices", 120, path);
        show_slices(stream_formats[i].name, path);
    }
    for (size_t i = 0; i < sizeof songs / sizeof *songs; i++) {
        if (stream_file_size(songs[i].path) > 0) {
            show_slices(songs[i].name, songs[i].path);
        }
    }
    return 0;
}
