/* The bench's document, and the same as a table. */
#include "bench.h"

#include "output.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* -------------------------------------------------------------------------------------------------------- Document */

/* As the system calls the processor. */
static json_t *processor_name(void)
{
    char line[256];
    json_t *name = NULL;
    FILE *file = fopen("/proc/cpuinfo", "r");
    while (file != NULL && name == NULL && fgets(line, sizeof line, file) != NULL) {
        char *colon = strchr(line, ':');
        if (strncmp(line, "model name", 10) == 0 && colon != NULL) {
            line[strcspn(line, "\n")] = '\0';
            name = motet_json_text(colon + 1 + strspn(colon + 1, " "));
        }
    }
    if (file != NULL) {
        (void)fclose(file);
    }
    return name != NULL ? name : json_string("unknown");
}

static void set_number(json_t *object, const char *key, double number)
{
    (void)json_object_set_new(object, key, motet_json_number(number));
}

static json_t *workload_of(const motet_bench_run *run, size_t place, const motet_bench_figure *figures)
{
    const motet_bench_case *which = &run->cases[place];
    const motet_bench_figure *motet = &figures[0];
    const char *quality = motet_bench_quality_name(which->quality);
    json_t *row = json_object();
    json_t *peers = json_object();
    json_t *levels = json_object();
    (void)json_object_set_new(row, "name", json_string(which->name));
    (void)json_object_set_new(row, "what", json_string(motet_bench_describe(which)));
    (void)json_object_set_new(row, "quality", *quality != '\0' ? json_string(quality) : json_null());
    (void)json_object_set_new(row, "format", json_string(which->format == MOTET_FORMAT_S16 ? "s16" : "f32"));
    set_number(row, "ns", motet->ns);
    set_number(row, "low_ns", motet->low_ns);
    set_number(row, "high_ns", motet->high_ns);
    set_number(row, "push_ns", which->workload == 'D' ? motet->push_ns : NAN);
    set_number(row, "worst_block_us", motet->worst_block_us);
    set_number(row, "voices_per_core", floor(1e9 / MOTET_BENCH_RATE / motet->ns));
    (void)json_object_set_new(row, "slices", json_integer((json_int_t)motet->slices));
    for (size_t s = 0; s < run->side_count; s++) {
        if (figures[s].measured) {
            set_number(levels, run->sides[s]->name, figures[s].level_db);
        }
        if (run->sides[s] == &motet_bench_limit) {
            set_number(row, "limit_ns", figures[s].measured ? figures[s].ns : NAN);
            set_number(row, "ratio", figures[s].measured ? motet->ns / figures[s].ns : NAN);
            set_number(row, "difference_db", motet_bench_difference_db(which));
        } else if (s > 0 && figures[s].measured) {
            set_number(peers, run->sides[s]->name, figures[s].ns);
        }
    }
    (void)json_object_set_new(row, "peers", peers);
    (void)json_object_set_new(row, "levels_db", levels);
    return row;
}

static json_t *costs_to_json(const motet_bench_costs *costs)
{
    static const char *const names[2][2] = {{"s16_mono", "s16_stereo"}, {"f32_mono", "f32_stereo"}};
    json_t *object = json_object();
    json_t *seconds = json_object();
    set_number(object, "start_ns", costs->start_ns);
    set_number(object, "stop_ns", costs->stop_ns);
    set_number(object, "churn_percent", costs->churn_percent);
    set_number(object, "churn_calls_percent", costs->churn_calls_percent);
    set_number(object, "create_ms", costs->create_ms);
    (void)json_object_set_new(object, "engine_bytes", json_integer((json_int_t)costs->engine_bytes));
    set_number(object, "voice_bytes", costs->voice_bytes);
    for (size_t f = 0; f < 2; f++) {
        for (size_t c = 0; c < 2; c++) {
            set_number(seconds, names[f][c], costs->second_bytes[f][c]);
        }
    }
    (void)json_object_set_new(object, "second_bytes", seconds);
    return object;
}

json_t *motet_bench_document(const motet_bench_run *run, const motet_bench_figure *figures,
                             const motet_bench_costs *costs)
{
    motet_build_info build = {0};
    (void)motet_get_build_info(&build);
    json_t *document = json_object();
    json_t *workloads = json_array();
    json_t *peers = json_array();
    (void)json_object_set_new(document, "version", motet_json_text(build.version));
    (void)json_object_set_new(document, "processor", processor_name());
    (void)json_object_set_new(document, "compiler", motet_json_text(build.compiler));
    (void)json_object_set_new(document, "simd", motet_json_text(build.simd));
    (void)json_object_set_new(document, "limit_simd", json_string(motet_bench_limit_simd()));
    (void)json_object_set_new(document, "voices", json_integer(run->cases[0].voices));
    (void)json_object_set_new(document, "rate", json_integer(MOTET_BENCH_RATE));
    (void)json_object_set_new(document, "block_frames", json_integer(MOTET_BENCH_BLOCK));
    (void)json_object_set_new(document, "clips", json_integer(MOTET_BENCH_CLIPS));
    (void)json_object_set_new(document, "rounds", json_integer(run->rounds));
    for (size_t s = 1; s < run->side_count; s++) {
        if (run->sides[s] != &motet_bench_limit) {
            (void)json_array_append_new(peers, json_string(run->sides[s]->name));
        }
    }
    (void)json_object_set_new(document, "peers", peers);
    for (size_t c = 0; c < run->case_count; c++) {
        (void)json_array_append_new(workloads, workload_of(run, c, figures + c * run->side_count));
    }
    (void)json_object_set_new(document, "workloads", workloads);
    (void)json_object_set_new(document, "costs", costs != NULL ? costs_to_json(costs) : json_null());
    return document;
}

/* ----------------------------------------------------------------------------------------------------------- Table */

static double number(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    return json_is_number(value) ? json_number_value(value) : NAN;
}

static const char *text(const json_t *object, const char *key)
{
    const char *value = json_string_value(json_object_get(object, key));
    return value != NULL ? value : "";
}

/* Three digits that say something. */
static void print_ns(double ns, int width)
{
    if (isnan(ns)) {
        printf("%*s", width, "-");
    } else {
        printf("%*.*f", width, ns < 1 ? 3 : ns < 10 ? 2 : 1, ns);
    }
}

static void print_ratio(double ratio, int width)
{
    if (isnan(ratio)) {
        printf("%*s", width, "-");
    } else {
        printf("%*.2f", width, ratio);
    }
}

static void print_peer_names(const json_t *peers)
{
    for (size_t i = 0; i < json_array_size(peers); i++) {
        printf("  %15s", json_string_value(json_array_get(peers, i)));
    }
    putchar('\n');
}

static void print_row(const json_t *row, const json_t *peers)
{
    printf("%-16s", text(row, "name"));
    print_ns(number(row, "ns"), 8);
    print_ns(number(row, "limit_ns"), 9);
    print_ratio(number(row, "ratio"), 8);
    printf("%11.0f%9.0f us", number(row, "voices_per_core"), number(row, "worst_block_us"));
    for (size_t i = 0; i < json_array_size(peers); i++) {
        double ns = number(json_object_get(row, "peers"), json_string_value(json_array_get(peers, i)));
        printf("  ");
        print_ns(ns, 7);
        print_ratio(ns / number(row, "ns"), 7);
        printf("%s", isnan(ns) ? " " : "x");
    }
    putchar('\n');
}

static void print_costs(const json_t *costs)
{
    const json_t *seconds = json_object_get(costs, "second_bytes");
    printf("\n%-48s%10.0f ns\n", "starting a voice", number(costs, "start_ns"));
    printf("%-48s%10.0f ns\n", "stopping a voice", number(costs, "stop_ns"));
    printf("%-48s%10.2f %% of a core, the calls %.2f %%\n", "10,000 plays and stops a second",
           number(costs, "churn_percent"), number(costs, "churn_calls_percent"));
    printf("%-48s%10.1f ms\n", "creating an engine", number(costs, "create_ms"));
    printf("%-48s%10.1f MB\n", "memory of an engine with defaults", number(costs, "engine_bytes") * 1e-6);
    printf("%-48s%10.0f bytes\n", "memory of each voice that may be mixed", number(costs, "voice_bytes"));
    printf("%-48s%10.0f kB s16 mono, %.0f s16 stereo, %.0f f32 mono, %.0f f32 stereo\n",
           "memory of a second of sound at 48 kHz", number(seconds, "s16_mono") * 1e-3,
           number(seconds, "s16_stereo") * 1e-3, number(seconds, "f32_mono") * 1e-3,
           number(seconds, "f32_stereo") * 1e-3);
}

void motet_bench_print(const json_t *document)
{
    const json_t *workloads = json_object_get(document, "workloads");
    const json_t *peers = json_object_get(document, "peers");
    const json_t *costs = json_object_get(document, "costs");
    const char *what = "";
    printf("motet %s, simd %s; the limit by %s; %s\n", text(document, "version"), text(document, "simd"),
           text(document, "limit_simd"), text(document, "processor"));
    printf("%.0f voices over %.0f clips of about 2 s, blocks of %.0f frames, %.0f Hz; medians of %.0f rounds\n\n",
           number(document, "voices"), number(document, "clips"), number(document, "block_frames"),
           number(document, "rate"), number(document, "rounds"));
    printf("%-16s%8s%9s%8s%11s%12s", "ns/voice/frame", "Motet", "limit", "ratio", "voices", "worst block");
    print_peer_names(peers);
    for (size_t i = 0; i < json_array_size(workloads); i++) {
        const json_t *row = json_array_get(workloads, i);
        if (strcmp(text(row, "what"), what) != 0) {
            what = text(row, "what");
            printf("%s\n", what);
        }
        print_row(row, peers);
        if (!isnan(number(row, "push_ns"))) {
            printf("  of it the calls%8.3f\n", number(row, "push_ns"));
        }
    }
    if (json_is_object(costs)) {
        print_costs(costs);
    }
}
