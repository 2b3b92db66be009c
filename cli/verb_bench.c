/* motet bench: how fast this machine mixes. */
#include "bench.h"
#include "files.h"
#include "options.h"
#include "output.h"
#include "verbs.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char help[] =
    "Usage: motet bench [--voices N] [--workload A,B,...] [--seconds S] [--rounds N] [--simd NAME]\n"
    "                   [--sweep voices|pitch|buses] [--from FILE.json] [--json] [-o OUT.svg]\n"
    "\n"
    "Measures how fast this machine mixes: CPU time of the rendering thread for each voice and frame, beside the "
    "limit, a\n"
    "bare mixer by hand that does the same arithmetic and nothing else. All take turns in rounds, and the figures are\n"
    "medians: other work on the machine hits all alike, so ratios hold better than times. Voices loop over 64 clips "
    "of\n"
    "about 2 s from staggered starts, in blocks of 512 frames at 48 kHz. docs/performance.md says more.\n"
    "\n"
    "  --voices N       1 to 16384 (1024); every one is mixed\n"
    "  --workload LIST  A   stereo, pitch 1, volume and pan          B   the same in mono\n"
    "                   A1  the same, all voices on one clip\n"
    "                   C   stereo, pitches from 0.7 to 1.4          M   the same in mono\n"
    "                   D   mono, volume, pan and pitch of every voice set anew before each block, as of sources that\n"
    "                       move in space\n"
    "                   with \"/linear\", \"/cubic\", \"/sinc16\" or \"/sinc32\" behind C, M and D, and \"/s16\" or "
    "\"/f32\":\n"
    "                   A,C/sinc16/f32. Default: all\n"
    "  --seconds S      0.01 to 3600 (30): of measuring, about, for all together\n"
    "  --rounds N       1 to 100 (7)\n"
    "  --simd NAME      c, sse2, avx2, avx512, neon: of Motet, as by MOTET_SIMD, and of the limit\n"
    "  --sweep WHAT     how cost grows: with voices (32 to 16384), with pitch (0.25 to 16) or with buses (1 to 256)\n"
    "  --from FILE      takes the figures from a document of --json, or of make bench-peers, instead of measuring\n"
    "  --json           one JSON document\n"
    "  -o OUT.svg       also draws the figures\n"
    "\n"
    "Exit status: 0 success, 1 failed work, 2 wrong usage.\n";

static const char *const simd_names[] = {"c", "sse2", "avx2", "avx512", "neon", NULL};
static const char *const sweep_names[] = {"voices", "pitch", "buses", NULL};

typedef struct bench_options {
    uint32_t voices;
    const char *workloads;
    double seconds;
    uint32_t rounds;
    uint32_t simd;
    bool has_simd;
    uint32_t sweep;
    bool has_sweep;
    const char *from;
    bool json;
    const char *output;
} bench_options;

static int report(json_t *document, const bench_options *options)
{
    bool good = options->output == NULL || motet_bench_draw(document, options->output);
    if (options->json) {
        return motet_output_json(document) && good ? MOTET_EXIT_OK : MOTET_EXIT_FAILED;
    }
    motet_bench_print(document);
    json_decref(document);
    return motet_output_flush() && good ? MOTET_EXIT_OK : MOTET_EXIT_FAILED;
}

static int report_file(const bench_options *options)
{
    json_error_t error;
    char *complaint = motet_file_complaint(".", options->from);
    if (complaint != NULL) {
        motet_output_error("%s", complaint);
        free(complaint);
        return MOTET_EXIT_FAILED;
    }
    json_t *document = json_load_file(options->from, 0, &error);
    if (document == NULL) {
        motet_output_error("%s:%d: %s", options->from, error.line, error.text);
        return MOTET_EXIT_FAILED;
    }
    if (json_array_size(json_object_get(document, "workloads")) == 0) {
        motet_output_error("%s: no \"workloads\"; expected a document of \"motet bench --json\"", options->from);
        json_decref(document);
        return MOTET_EXIT_FAILED;
    }
    return report(document, options);
}

static int measure(const bench_options *options)
{
    static const motet_bench_side *const sides[] = {&motet_bench_engine, &motet_bench_limit};
    motet_bench_case cases[MOTET_BENCH_MAX_CASES];
    motet_bench_figure figures[2 * MOTET_BENCH_MAX_CASES];
    motet_bench_costs costs;
    motet_bench_run run = {
        .cases = cases, .sides = sides, .side_count = 2, .rounds = options->rounds, .seconds = options->seconds};
    run.case_count = motet_bench_cases(cases, options->workloads, options->voices);
    if (run.case_count == 0) {
        return MOTET_EXIT_USAGE;
    }
    bool good = motet_bench_measure(&run, figures) && motet_bench_measure_costs(&costs);
    int result = good ? report(motet_bench_document(&run, figures, &costs), options) : MOTET_EXIT_FAILED;
    motet_bench_material_free();
    return result;
}

static int sweep(const bench_options *options)
{
    motet_bench_case cases[MOTET_BENCH_MAX_CASES];
    if (motet_bench_cases(cases, options->workloads, options->voices) == 0) {
        return MOTET_EXIT_USAGE;
    }
    bool good = motet_bench_sweep(sweep_names[options->sweep], options->workloads, options->voices, options->seconds,
                                  options->json);
    motet_bench_material_free();
    return good ? MOTET_EXIT_OK : MOTET_EXIT_FAILED;
}

static int bench(const bench_options *options)
{
    if (options->output != NULL && !motet_path_has_ending(options->output, ".svg")) {
        motet_output_error("%s: unknown kind of file; expected an ending .svg", options->output);
        return MOTET_EXIT_USAGE;
    }
    if (options->has_sweep && (options->output != NULL || options->from != NULL)) {
        motet_output_error("\"--sweep\" with \"-o\" or \"--from\"; expected it without them");
        return MOTET_EXIT_USAGE;
    }
    if (options->from != NULL) {
        return report_file(options);
    }
    if (!motet_bench_choose_simd(options->has_simd ? simd_names[options->simd] : NULL)) {
        return MOTET_EXIT_FAILED;
    }
    return options->has_sweep ? sweep(options) : measure(options);
}

static int run(int count, char *const *arguments)
{
    bench_options o = {.voices = 1024, .seconds = 30, .rounds = 7};
    const motet_option options[] = {
        {.name = "--voices", .kind = MOTET_OPTION_WHOLE, .value = &o.voices, .min = 1, .max = 16384},
        {.name = "--workload", .kind = MOTET_OPTION_TEXT, .value = &o.workloads},
        {.name = "--seconds", .kind = MOTET_OPTION_NUMBER, .value = &o.seconds, .min = 0.01, .max = 3600},
        {.name = "--rounds", .kind = MOTET_OPTION_WHOLE, .value = &o.rounds, .min = 1, .max = 100},
        {.name = "--simd", .kind = MOTET_OPTION_CHOICE, .value = &o.simd, .given = &o.has_simd, .choices = simd_names},
        {.name = "--sweep",
         .kind = MOTET_OPTION_CHOICE,
         .value = &o.sweep,
         .given = &o.has_sweep,
         .choices = sweep_names},
        {.name = "--from", .kind = MOTET_OPTION_TEXT, .value = &o.from},
        {.name = "--json", .kind = MOTET_OPTION_FLAG, .value = &o.json},
        {.name = "-o", .kind = MOTET_OPTION_TEXT, .value = &o.output},
    };
    motet_operands operands = {.list = motet_memory_take((size_t)count + 1, sizeof(char *))};
    int result = motet_options_read("bench", options, sizeof options / sizeof *options, count, arguments, &operands);
    if (result == MOTET_EXIT_OK) {
        result = motet_options_expect("bench", operands.count == 0, "[OPTION]...") ? bench(&o) : MOTET_EXIT_USAGE;
    }
    free(operands.list);
    return result;
}

const motet_tool_verb motet_tool_bench = {
    .name = "bench", .summary = "how fast this machine mixes", .help = help, .run = run};
