/* motet play: sound files or a timeline through the sound device. */
#include "live.h"
#include "memory.h"
#include "options.h"
#include "output.h"
#include "timeline.h"
#include "verbs.h"

#include <stdlib.h>

static const char help[] =
    "Usage: motet play FILE... [OPTION]...\n"
    "\n"
    "Plays sound files, one after the other, or one timeline (.jsonl, or \"-\": one on standard input), through the "
    "sound\n"
    "device. Without a device it says so and plays in real time to the null device. On a terminal it shows time, "
    "level\n"
    "and voices. Ctrl-C fades out and ends.\n"
    "\n"
    "  --volume-db DB   -80 (silence) to 24 (0); this and the next four are for sound files\n"
    "  --pan P          -1 left to 1 right (0)\n"
    "  --pitch P        playback rate factor, 0.01 to 64 (1)\n"
    "  --loop           plays one file over and over\n"
    "  --bus NAME       plays into a bus of that name\n"
    "  --device NAME    the output device, as \"motet devices\" lists it\n"
    "  --seconds S      ends after so long\n"
    "  --simd LEVEL     of the mixing code: c, sse2, avx2, avx512 or neon (the best that the CPU has)\n"
    "  --quiet          says nothing but errors\n"
    "\n"
    "Exit status: 0 success, 1 a file could not be played, 2 wrong usage, 130 ended by Ctrl-C.\n";

typedef struct given {
    bool volume, pan, pitch, bus;
} given;

static int play(const motet_operands *files, const motet_live_options *options, const given *g)
{
    size_t timelines = 0;
    for (size_t i = 0; i < files->count; i++) {
        timelines += motet_timeline_is_file(files->list[i]) ? 1 : 0;
    }
    if (timelines == 0) {
        if (options->loop && files->count > 1) {
            motet_output_error("\"--loop\" with several files; expected one FILE");
            return MOTET_EXIT_USAGE;
        }
        return motet_live_play_files(files->list, files->count, options);
    }
    if (files->count > 1) {
        motet_output_error("a timeline among several files; expected one timeline, or sound files");
        return MOTET_EXIT_USAGE;
    }
    const char *sound_only = g->volume ? "--volume-db" : g->pan ? "--pan" : g->pitch ? "--pitch" : NULL;
    sound_only = sound_only != NULL ? sound_only : options->loop ? "--loop" : g->bus ? "--bus" : NULL;
    if (sound_only != NULL) {
        motet_output_error("\"%s\" with a timeline; expected it with sound files only", sound_only);
        return MOTET_EXIT_USAGE;
    }
    return motet_live_play_timeline(files->list[0], options);
}

static int run(int count, char *const *arguments)
{
    motet_live_options chosen = {.pitch = 1};
    given g = {0};
    uint32_t simd = 0;
    bool has_simd = false;
    const motet_option options[] = {
        {.name = "--volume-db",
         .kind = MOTET_OPTION_NUMBER,
         .value = &chosen.volume_db,
         .given = &g.volume,
         .min = -80,
         .max = 24},
        {.name = "--pan", .kind = MOTET_OPTION_NUMBER, .value = &chosen.pan, .given = &g.pan, .min = -1, .max = 1},
        {.name = "--pitch",
         .kind = MOTET_OPTION_NUMBER,
         .value = &chosen.pitch,
         .given = &g.pitch,
         .min = 0.01,
         .max = 64},
        {.name = "--loop", .kind = MOTET_OPTION_FLAG, .value = &chosen.loop},
        {.name = "--bus", .kind = MOTET_OPTION_TEXT, .value = &chosen.bus, .given = &g.bus},
        {.name = "--device", .kind = MOTET_OPTION_TEXT, .value = &chosen.device},
        {.name = "--seconds",
         .kind = MOTET_OPTION_NUMBER,
         .value = &chosen.seconds,
         .given = &chosen.has_seconds,
         .max = 1e8},
        {.name = "--simd",
         .kind = MOTET_OPTION_CHOICE,
         .value = &simd,
         .given = &has_simd,
         .choices = motet_options_simd},
        {.name = "--quiet", .kind = MOTET_OPTION_FLAG, .value = &chosen.quiet},
    };
    motet_operands operands = {.list = motet_memory_take((size_t)count, sizeof(char *))};
    int result = motet_options_read("play", options, sizeof options / sizeof *options, count, arguments, &operands);
    chosen.simd = has_simd ? motet_options_simd[simd] : NULL;
    if (result == MOTET_EXIT_OK) {
        result = motet_options_expect("play", operands.count > 0, "FILE... [OPTION]...") ? play(&operands, &chosen, &g)
                                                                                         : MOTET_EXIT_USAGE;
    }
    free(operands.list);
    return result;
}

const motet_tool_verb motet_tool_play = {
    .name = "play", .summary = "play sound files or a timeline", .help = help, .run = run};
