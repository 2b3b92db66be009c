/* Taking turns, and medians. */
#include "bench.h"

#include "memory.h"
#include "output.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    SLICE_BLOCKS = 4, /* that one number is made of */
    LEAST_SLICES = 2, /* of a turn, however long they take */
    WARM_BLOCKS = 8,  /* rendered before a turn counts: caches, first ramps */
    MOST_OUT = 4 * 2 * MOTET_BENCH_BLOCK
};

static double ns_of(clockid_t clock)
{
    struct timespec time = {0};
    (void)clock_gettime(clock, &time);
    return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

double motet_bench_cpu_ns(void)
{
    return ns_of(CLOCK_THREAD_CPUTIME_ID);
}

double motet_bench_wall_ns(void)
{
    return ns_of(CLOCK_MONOTONIC);
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;
    return (x > y) - (x < y);
}

double motet_bench_quantile(double *numbers, size_t count, double part)
{
    qsort(numbers, count, sizeof *numbers, compare);
    return count == 0 ? NAN : numbers[(size_t)(part * (double)(count - 1) + 0.5)];
}

/* ------------------------------------------------------------------------------------------------------------- Turns */

/* What a side has shown in a case so far. */
typedef struct record {
    double *ns, *push_ns; /* for a voice and a frame, one of each slice */
    size_t count, ns_capacity, push_capacity;
    double worst_ns; /* of a block */
    double power;    /* of the last block of each slice, added up */
} record;

typedef struct turn {
    const motet_bench_side *side;
    void *state;
    motet_bench_setup *setup;
    float *out;
    double clock_ns; /* that reading the clock twice takes */
    double seconds;  /* of the engine's time */
} turn;

typedef struct block {
    double ns, push_ns;
    uint32_t frames;
} block;

/* Reading a thread's CPU time enters the kernel: with few voices that would show. */
static double clock_cost_ns(void)
{
    double costs[64];
    for (size_t i = 0; i < 64; i++) {
        double before = motet_bench_cpu_ns();
        costs[i] = motet_bench_cpu_ns() - before;
    }
    return motet_bench_quantile(costs, 64, 0.5);
}

static double taken(const turn *t, double before, double after)
{
    return after - before > t->clock_ns ? after - before - t->clock_ns : 0;
}

static block render_block(turn *t)
{
    block b = {0};
    if (t->setup->which.workload == 'D') {
        motet_bench_move(t->setup, t->seconds);
        double before = motet_bench_cpu_ns();
        t->side->push(t->state);
        b.push_ns = taken(t, before, motet_bench_cpu_ns());
    }
    if (t->side->render_ns != NULL) {
        double before = t->side->render_ns(t->state);
        b.frames = t->side->render(t->state, t->out);
        b.ns = t->side->render_ns(t->state) - before;
    } else {
        double before = motet_bench_cpu_ns();
        b.frames = t->side->render(t->state, t->out);
        b.ns = taken(t, before, motet_bench_cpu_ns());
    }
    b.ns += b.push_ns;
    t->seconds += (double)b.frames / MOTET_BENCH_RATE;
    if (t->side->rest != NULL) {
        t->side->rest(t->state);
    }
    return b;
}

static void take_slice(turn *t, record *r)
{
    double frames = 0;
    double ns = 0;
    double push_ns = 0;
    for (size_t i = 0; i < SLICE_BLOCKS; i++) {
        block b = render_block(t);
        double block_ns = b.ns * MOTET_BENCH_BLOCK / (b.frames > 0 ? b.frames : 1);
        r->worst_ns = block_ns > r->worst_ns ? block_ns : r->worst_ns;
        frames += b.frames;
        ns += b.ns;
        push_ns += b.push_ns;
    }
    r->ns = motet_memory_grow(r->ns, r->count, &r->ns_capacity, sizeof *r->ns);
    r->push_ns = motet_memory_grow(r->push_ns, r->count, &r->push_capacity, sizeof *r->push_ns);
    r->ns[r->count] = ns / (frames * t->setup->which.voices);
    r->push_ns[r->count] = push_ns / (frames * t->setup->which.voices);
    r->count++;
    for (size_t i = 0; i < 2 * MOTET_BENCH_BLOCK; i++) {
        r->power += (double)t->out[i] * (double)t->out[i] / (2 * MOTET_BENCH_BLOCK);
    }
}

static bool take_turn(const motet_bench_side *side, motet_bench_setup *setup, double seconds, record *r)
{
    static float out[MOST_OUT];
    turn t = {.side = side, .state = side->open(setup), .setup = setup, .out = out, .clock_ns = clock_cost_ns()};
    if (t.state == NULL) {
        return false;
    }
    double start = motet_bench_wall_ns();
    /* A slow side is warm after as many milliseconds. */
    for (size_t i = 0; i < WARM_BLOCKS && (i < 2 || motet_bench_wall_ns() - start < seconds * 0.5e9); i++) {
        (void)render_block(&t);
    }
    start = motet_bench_wall_ns();
    for (size_t i = 0; i < LEAST_SLICES || motet_bench_wall_ns() - start < seconds * 1e9; i++) {
        take_slice(&t, r);
    }
    side->close(t.state);
    return true;
}

/* ----------------------------------------------------------------------------------------------------------- Measure */

static motet_bench_figure figure_of(record *r)
{
    motet_bench_figure figure = {.measured = r->count > 0, .slices = r->count, .worst_block_us = r->worst_ns * 1e-3};
    figure.ns = motet_bench_quantile(r->ns, r->count, 0.5);
    figure.low_ns = motet_bench_quantile(r->ns, r->count, 0.1);
    figure.high_ns = motet_bench_quantile(r->ns, r->count, 0.9);
    figure.push_ns = motet_bench_quantile(r->push_ns, r->count, 0.5);
    figure.level_db = r->count > 0 ? motet_level_db(sqrt(r->power / (double)r->count)) : NAN;
    free(r->ns);
    free(r->push_ns);
    return figure;
}

static void tell(const motet_bench_run *run, uint32_t round, const motet_bench_case *which,
                 const motet_bench_side *side)
{
    if (motet_output_is_time()) {
        char *line = motet_string_format("round %u of %u: %s, %s, %u voices", (unsigned)round + 1,
                                         (unsigned)run->rounds, which->name, side->name, (unsigned)which->voices);
        motet_output_progress(line);
        free(line);
    }
}

bool motet_bench_measure(const motet_bench_run *run, motet_bench_figure *figures)
{
    size_t turns = run->case_count * run->side_count;
    record *records = motet_memory_take(turns, sizeof *records);
    double seconds = run->seconds / (double)(turns * run->rounds);
    bool good = true;
    for (uint32_t round = 0; good && round < run->rounds; round++) {
        for (size_t c = 0; good && c < run->case_count; c++) {
            motet_bench_setup setup = motet_bench_setup_create(&run->cases[c]);
            for (size_t s = 0; good && s < run->side_count; s++) {
                const motet_bench_side *side = run->sides[(s + round) % run->side_count];
                record *r = &records[c * run->side_count + (s + round) % run->side_count];
                if (side->can == NULL || side->can(&run->cases[c])) {
                    tell(run, round, &run->cases[c], side);
                    good = take_turn(side, &setup, seconds, r);
                }
            }
            motet_bench_setup_free(&setup);
        }
    }
    motet_output_progress(NULL);
    for (size_t i = 0; i < turns; i++) {
        figures[i] = figure_of(&records[i]);
    }
    free(records);
    return good;
}

/* -------------------------------------------------------------------------------------------------------- Difference */

double motet_bench_difference_db(const motet_bench_case *which)
{
    static float outs[2][MOST_OUT];
    const motet_bench_side *const sides[2] = {&motet_bench_engine, &motet_bench_limit};
    if (which->quality >= MOTET_QUALITY_SINC16 || which->workload == 'D' || !motet_bench_limit.can(which)) {
        return NAN; /* other filters, other ramps */
    }
    motet_bench_setup setup = motet_bench_setup_create(which);
    void *states[2] = {sides[0]->open(&setup), sides[1]->open(&setup)};
    double power = 0;
    double error = 0;
    for (size_t i = 0; states[0] != NULL && states[1] != NULL && i < WARM_BLOCKS; i++) {
        for (size_t s = 0; s < 2; s++) {
            (void)sides[s]->render(states[s], outs[s]);
        }
        /* Voices that start inside a sound fade in, which the limit does not. */
        for (size_t k = 0; i > 0 && k < 2 * MOTET_BENCH_BLOCK; k++) {
            double difference = (double)outs[0][k] - (double)outs[1][k];
            power += (double)outs[0][k] * (double)outs[0][k];
            error += difference * difference;
        }
    }
    for (size_t s = 0; s < 2; s++) {
        if (states[s] != NULL) {
            sides[s]->close(states[s]);
        }
    }
    motet_bench_setup_free(&setup);
    return power > 0 ? motet_level_db(sqrt(error / power)) : NAN;
}
