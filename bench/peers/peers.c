/* Motet, the limit and other mixers, in one run.
 *
 *     make bench-peers
 *     build/bench/peers [--voices N] [--workload A,B,...] [--seconds S] [--rounds N] [--json FILE]
 *
 * The options are those of `motet bench`; --json also writes the document, of which `motet bench --from FILE -o OUT.svg`
 * makes a picture. Everybody plays the same clips from the same places with the same pitches, and takes turns in rounds.
 * What a peer cannot do is left out; how each is used stands at the head of its file. */
#include "peers.h"

#include "memory.h"
#include "options.h"
#include "output.h"

#include <stdio.h>
#include <stdlib.h>

static const motet_bench_side *const sides[] = {&motet_bench_engine, &motet_bench_limit, &motet_peer_faudio,
                                                &motet_peer_openal, &motet_peer_sdl_mixer};
enum { SIDES = sizeof sides / sizeof *sides };

typedef struct peers_options {
    uint32_t voices;
    const char *workloads;
    double seconds;
    uint32_t rounds;
    const char *json;
} peers_options;

static int measure(const peers_options *options)
{
    static motet_bench_case cases[MOTET_BENCH_MAX_CASES];
    static motet_bench_figure figures[SIDES * MOTET_BENCH_MAX_CASES];
    motet_bench_run run = {
        .cases = cases, .sides = sides, .side_count = SIDES, .rounds = options->rounds, .seconds = options->seconds};
    run.case_count = motet_bench_cases(cases, options->workloads, options->voices);
    if (run.case_count == 0 || !motet_bench_choose_simd(NULL)) {
        return MOTET_EXIT_USAGE;
    }
    if (!motet_bench_measure(&run, figures)) {
        return MOTET_EXIT_FAILED;
    }
    json_t *document = motet_bench_document(&run, figures, NULL);
    bool good =
        options->json == NULL || json_dump_file(document, options->json, JSON_INDENT(2) | JSON_REAL_PRECISION(12)) == 0;
    if (!good) {
        motet_output_error("%s: writing failed", options->json);
    }
    motet_bench_print(document);
    json_decref(document);
    motet_bench_material_free();
    return motet_output_flush() && good ? MOTET_EXIT_OK : MOTET_EXIT_FAILED;
}

int main(int argc, char **argv)
{
    peers_options o = {.voices = 1024, .seconds = 60, .rounds = 7};
    const motet_option options[] = {
        {.name = "--voices", .kind = MOTET_OPTION_WHOLE, .value = &o.voices, .min = 1, .max = 16384},
        {.name = "--workload", .kind = MOTET_OPTION_TEXT, .value = &o.workloads},
        {.name = "--seconds", .kind = MOTET_OPTION_NUMBER, .value = &o.seconds, .min = 0.01, .max = 3600},
        {.name = "--rounds", .kind = MOTET_OPTION_WHOLE, .value = &o.rounds, .min = 1, .max = 100},
        {.name = "--json", .kind = MOTET_OPTION_TEXT, .value = &o.json},
    };
    motet_operands operands = {.list = motet_memory_take((size_t)argc, sizeof(char *))};
    int result = motet_options_read("peers", options, sizeof options / sizeof *options, argc - 1, argv + 1, &operands);
    if (result == MOTET_EXIT_OK) {
        result = motet_options_expect("peers", operands.count == 0, "[OPTION]...") ? measure(&o) : MOTET_EXIT_USAGE;
    }
    free(operands.list);
    return result;
}
