/* How cost grows: with the number of voices, with the pitch, with the number of buses. */
#include "bench.h"

#include "memory.h"
#include "output.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_ROWS = 16, SWEEP_ROUNDS = 5 };

typedef struct sweep_kind {
    const char *name;
    const char *workloads; /* where none are asked for */
    double rows[MOST_ROWS];
} sweep_kind;

static const sweep_kind kinds[] = {
    {"voices", "A/s16,B/s16,M/linear/s16,M/sinc16/s16", {32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384}},
    {"pitch",
     "M/linear/s16,M/cubic/s16,M/sinc16/s16,M/sinc32/s16",
     {0.25, 0.5, 0.7, 1, 1.2, 1.4, 2, 3, 4, 6, 8, 12, 16}},
    {"buses", "A/s16,B/s16,M/linear/s16", {1, 2, 4, 8, 16, 32, 64, 128, 256}},
};

static void change(motet_bench_case *which, const char *kind, double value)
{
    if (strcmp(kind, "voices") == 0) {
        which->voices = (uint32_t)value;
    } else if (strcmp(kind, "pitch") == 0) {
        which->pitch = value;
    } else {
        which->buses = (uint32_t)value;
    }
}

typedef struct table {
    const sweep_kind *kind;
    motet_bench_case columns[MOTET_BENCH_MAX_CASES];
    size_t column_count, row_count;
    double ns[MOST_ROWS][MOTET_BENCH_MAX_CASES];
} table;

static bool fill(table *t, double seconds)
{
    static const motet_bench_side *const sides[] = {&motet_bench_engine};
    size_t count = t->row_count * t->column_count;
    motet_bench_case *cases = motet_memory_take(count, sizeof *cases);
    motet_bench_figure *figures = motet_memory_take(count, sizeof *figures);
    for (size_t i = 0; i < count; i++) {
        cases[i] = t->columns[i % t->column_count];
        change(&cases[i], t->kind->name, t->kind->rows[i / t->column_count]);
    }
    motet_bench_run run = {.cases = cases,
                           .case_count = count,
                           .sides = sides,
                           .side_count = 1,
                           .rounds = SWEEP_ROUNDS,
                           .seconds = seconds};
    bool good = motet_bench_measure(&run, figures);
    for (size_t i = 0; i < count; i++) {
        t->ns[i / t->column_count][i % t->column_count] = figures[i].ns;
    }
    free(cases);
    free(figures);
    return good;
}

static json_t *to_json(const table *t, uint32_t voices)
{
    json_t *document = json_object();
    json_t *rows = json_array();
    (void)json_object_set_new(document, "sweep", json_string(t->kind->name));
    (void)json_object_set_new(document, "voices",
                              strcmp(t->kind->name, "voices") == 0 ? json_null() : json_integer(voices));
    for (size_t r = 0; r < t->row_count; r++) {
        json_t *row = json_object();
        json_t *ns = json_object();
        (void)json_object_set_new(row, t->kind->name, motet_json_number(t->kind->rows[r]));
        for (size_t c = 0; c < t->column_count; c++) {
            (void)json_object_set_new(ns, t->columns[c].name, motet_json_number(t->ns[r][c]));
        }
        (void)json_object_set_new(row, "ns", ns);
        (void)json_array_append_new(rows, row);
    }
    (void)json_object_set_new(document, "rows", rows);
    return document;
}

/* In Markdown, for the documentation. */
static void print(const table *t)
{
    printf("| %s |", t->kind->name);
    for (size_t c = 0; c < t->column_count; c++) {
        printf(" %s |", t->columns[c].name);
    }
    printf("\n|---|");
    for (size_t c = 0; c < t->column_count; c++) {
        printf("---|");
    }
    for (size_t r = 0; r < t->row_count; r++) {
        printf("\n| %.10g |", t->kind->rows[r]);
        for (size_t c = 0; c < t->column_count; c++) {
            double ns = t->ns[r][c];
            printf(" %.*f |", ns < 1 ? 3 : ns < 10 ? 2 : 1, ns);
        }
    }
    putchar('\n');
}

bool motet_bench_sweep(const char *kind, const char *workloads, uint32_t voices, double seconds, bool json)
{
    table t = {.kind = kinds};
    while (strcmp(t.kind->name, kind) != 0) {
        t.kind++;
    }
    while (t.row_count < MOST_ROWS && t.kind->rows[t.row_count] > 0) {
        t.row_count++;
    }
    t.column_count = motet_bench_cases(t.columns, workloads != NULL ? workloads : t.kind->workloads, voices);
    if (t.column_count == 0 || !fill(&t, seconds)) {
        return false;
    }
    if (json) {
        return motet_output_json(to_json(&t, voices));
    }
    print(&t);
    return motet_output_flush();
}
