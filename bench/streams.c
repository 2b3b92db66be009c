/* Streams from disk beside the same sounds loaded: whether they have the same samples, whether they ever run dry, how
 * soon they sound, what holds up the stream thread, and what they take in memory.
 *
 *     make streams                  all of it
 *     build/bench/streams gaps      one part: samples, gaps, starts, slices, memory, hour
 *
 * The program fails when a sample differs, a voice has a gap while nothing else runs, memory grows within an hour, or
 * its control, a stream that is a frame late, is not seen. */
#include "stream_files.h"
#include "stream_times.h"

#include "motet/motet.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifdef __GLIBC__
#    include <malloc.h>
#endif

enum { RATE = 48000, FRAMES = 5 * RATE, BLOCK = 480, CALLS = 40, SONG_SECONDS = 300 };

static const double FORGETS_DB = -90; /* what Opus must be below after a seek */

static void fail(void)
{
    fprintf(stderr, "%s\n", motet_last_error());
    stream_files_delete();
    exit(1);
}

static void render(motet_engine *engine, float *out, uint32_t frames)
{
    static float dropped[2 * BLOCK];
    for (uint32_t done = 0, count; done < frames; done += count) {
        count = frames - done < BLOCK ? frames - done : BLOCK;
        count = motet_engine_prepare(engine, count);
        motet_engine_render_f32(engine, out != NULL ? out + 2 * (size_t)done : dropped, count);
    }
}

/* ----------------------------------------------------------------------------------------------------- Samples */

typedef enum way { PLAY, SEEKS, LOOPS, PITCHES, WAYS } way;

static void play(const char *path, bool stream, way how, uint64_t from, float *out)
{
    motet_engine *engine =
        motet_engine_create(&(motet_engine_def){.device = MOTET_DEVICE_MANUAL, .no_limiter = true, .max_voices = 8});
    motet_sound sound = {0};
    if (engine != NULL) {
        sound = motet_sound_load(engine, path, &(motet_sound_def){.stream = stream});
    }
    motet_voice_def def = {.from_frame = from, .timing = {.fade_seconds = MOTET_FADE_NONE}};
    if (how == LOOPS) {
        def.loop = true;
        def.loop_start_frame = 30011;
        def.loop_end_frame = 90017;
    } else if (how == PITCHES) {
        def.pitch = 1.37;
    }
    motet_voice voice = motet_voice_play(engine, sound, &def);
    if (voice.id == 0) {
        fail();
    }
    for (uint64_t i = 0; i < CALLS; i++) {
        if (how == SEEKS) {
            motet_voice_seek(engine, voice, i * 104729 % (8 * 44100), motet_at(i * (FRAMES / CALLS)));
        } else if (how == PITCHES && i > CALLS / 2) {
            motet_voice_set_pitch(engine, voice, 0.5 + (double)i * 0.03, motet_at(i * (FRAMES / CALLS)));
        }
    }
    render(engine, out, FRAMES);
    motet_engine_destroy(engine);
}

static double difference(const char *path, way how, uint64_t late)
{
    static float loaded[2 * FRAMES], streamed[2 * FRAMES];
    play(path, false, how, 1000, loaded);
    play(path, true, how, 1000 + late, streamed);
    double largest = 0;
    for (int i = 0; i < 2 * FRAMES; i++) {
        largest = fmax(largest, fabs((double)loaded[i] - (double)streamed[i]));
    }
    return largest;
}

static int show_samples(void)
{
    int missed = 0;
    char path[STREAM_PATH_SIZE];
    printf("| largest difference from loaded | playing on | after seeks | looped | pitched |\n|---|---|---|---|---|\n");
    for (int i = 0; i < STREAM_FORMATS; i++) {
        stream_file_write(&stream_formats[i], "samples", 10, path);
        printf("| %s |", stream_formats[i].name);
        for (way how = PLAY; how < WAYS; how++) {
            double largest = difference(path, how, 0);
            bool forgets = stream_formats[i].forgets && (how == SEEKS || how == LOOPS);
            bool good = forgets ? 20 * log10(largest + 1e-12) <= FORGETS_DB : largest == 0;
            missed += !good;
            if (largest == 0) {
                printf(" 0 |");
            } else {
                printf(" %.1f dB (%s)%s |", 20 * log10(largest), forgets ? "-90" : "0", good ? "" : "!");
            }
            fflush(stdout);
        }
        printf("\n");
    }
    double seen = difference(path, PLAY, 1);
    missed += seen < 1e-3;
    printf("| control: a frame late | %.1f dB%s | | | |\n", 20 * log10(seen), seen < 1e-3 ? "!" : "");
    return missed;
}

/* ------------------------------------------------------------------------------------------------------ Memory */

/* Of the process, in MB. */
static double resident_mb(void)
{
    long pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (file != NULL) {
        if (fscanf(file, "%*s %ld", &pages) != 1) {
            pages = 0;
        }
        fclose(file);
    }
    return (double)pages * (double)sysconf(_SC_PAGESIZE) / 1e6;
}

/* What malloc keeps for later would hide what is taken anew. */
static void give_back(void)
{
#ifdef __GLIBC__
    malloc_trim(0);
#endif
}

static int show_memory(void)
{
    static const int formats[] = {0, 4, 5};
    enum { VOICES = 64 };
    printf("| MB | the file | loaded | 1 voice streamed | %d voices streamed |\n|---|---|---|---|---|\n", VOICES);
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
        char path[STREAM_PATH_SIZE];
        double used[3];
        stream_file_write(&stream_formats[formats[i]], "song", SONG_SECONDS, path);
        for (int part = 0; part < 3; part++) {
            motet_engine *engine = motet_engine_create(&(motet_engine_def){.device = MOTET_DEVICE_MANUAL});
            render(engine, NULL, RATE / 10);
            give_back();
            double before = resident_mb();
            motet_sound sound = motet_sound_load(engine, path, &(motet_sound_def){.stream = part > 0});
            for (uint64_t v = 0; v < (part == 2 ? VOICES : 1); v++) {
                if (motet_voice_play(engine, sound, &(motet_voice_def){.from_frame = v * RATE}).id == 0) {
                    fail();
                }
            }
            render(engine, NULL, RATE);
            used[part] = resident_mb() - before;
            motet_engine_destroy(engine);
        }
        printf("| %s, %d s | %.1f | %.1f | %.1f | %.1f |\n", stream_formats[formats[i]].name, SONG_SECONDS,
               stream_file_size(path) / 1e6, used[0], used[1], used[2]);
        fflush(stdout);
    }
    return 0;
}

/* What is played, not how long, is what memory goes by: a song of five minutes, over and over. */
static int show_hour(void)
{
    char path[STREAM_PATH_SIZE];
    double minutes[60];
    stream_file_write(&stream_formats[4], "hour", SONG_SECONDS, path);
    motet_engine *engine = motet_engine_create(&(motet_engine_def){.device = MOTET_DEVICE_MANUAL});
    motet_sound sound = motet_sound_load(engine, path, &(motet_sound_def){.stream = true});
    if (motet_voice_play(engine, sound, &(motet_voice_def){.loop = true}).id == 0) {
        fail();
    }
    for (int minute = 0; minute < 60; minute++) {
        render(engine, NULL, 60 * RATE);
        minutes[minute] = resident_mb();
    }
    motet_stats stats;
    motet_engine_get_stats(engine, &stats);
    motet_engine_destroy(engine);
    bool good = minutes[59] - minutes[0] < 1 && stats.stream_gaps == 0;
    printf("| an hour of a streamed song, as fast as it goes | |\n|---|---|\n");
    printf("| resident after the first minute | %.1f MB |\n", minutes[0]);
    printf("| resident after the last | %.1f MB%s |\n", minutes[59], good ? "" : "!");
    return !good;
}

int main(int count, char **words)
{
    static const struct {
        const char *name;
        int (*show)(void);
    } parts[] = {{"samples", show_samples},      {"gaps", stream_gaps_show}, {"starts", stream_starts_show},
                 {"slices", stream_slices_show}, {"memory", show_memory},    {"hour", show_hour}};
    int missed = 0;
    bool shown = false;
    printf("Motet %s. Figures in brackets are those to reach.\n", motet_version());
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        bool asked = count < 2;
        for (int k = 1; k < count; k++) {
            asked = asked || strcmp(words[k], parts[i].name) == 0;
        }
        if (asked) {
            printf("\n== %s\n", parts[i].name);
            fflush(stdout);
            missed += parts[i].show();
            stream_files_delete();
            shown = true;
        }
    }
    if (!shown) {
        fprintf(stderr, "streams: expected samples, gaps, starts, slices, memory or hour\n");
        return 2;
    }
    printf("\n%s\n", missed == 0 ? "Every figure is reached." : "Figures marked with ! are not reached.");
    return missed != 0;
}
