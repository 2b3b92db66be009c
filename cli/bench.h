/* What `motet bench` and the comparison with other libraries (bench/peers) have in common: the workloads, their
 * material, and how turns are taken. A *side* is one of those measured: Motet, the bare-kernel limit, a peer. */
#ifndef MOTET_CLI_BENCH_H
#define MOTET_CLI_BENCH_H

#include "motet/motet.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    MOTET_BENCH_RATE = 48000,
    MOTET_BENCH_BLOCK = 512,
    MOTET_BENCH_CLIPS = 64,
    MOTET_BENCH_MAX_SIDES = 8,
    MOTET_BENCH_MAX_CASES = 64
};

/* One thing to measure. */
typedef struct motet_bench_case {
    char name[32];         /* "A/s16", "C/linear/f32" */
    char workload;         /* 'A', 'B', 'C', 'D', 'M' */
    bool one_clip;         /* all voices play the same */
    uint32_t channels;     /* of the clips */
    motet_format format;   /* of the clips */
    motet_quality quality; /* MOTET_QUALITY_DEFAULT: pitch 1, nothing is interpolated */
    uint32_t voices;
    uint32_t buses; /* that the voices are spread over; 0: they play into Master */
    double pitch;   /* of every voice; 0: the workload's own */
} motet_bench_case;

/* All cases of the named workloads ("A,C/linear", prefixes by parts; NULL: all). The count, or 0 and a message. */
size_t motet_bench_cases(motet_bench_case *cases, const char *names, uint32_t voices);
/* "stereo, pitch 1, volume and pan". */
const char *motet_bench_describe(const motet_bench_case *which);
/* "linear" ...; "" where nothing is interpolated. */
const char *motet_bench_quality_name(motet_quality quality);

/* ---------------------------------------------------------------------------------------------------------- Material */

/* A looping sound of about 2 s: a quiet sine in noise. */
typedef struct motet_bench_clip {
    uint32_t frames;
    float *f32;   /* interleaved */
    int16_t *s16; /* the same, rounded */
} motet_bench_clip;

typedef struct motet_bench_voice {
    uint32_t clip;
    uint32_t from_frame;
    float gain, pan;
    double pitch;
    float centre[2], height, radius, angle, speed; /* a circle round `centre`, in metres and radians */
    float position[3], velocity[3];                /* on it now; right, up, back of the listener */
} motet_bench_voice;

/* What a side plays. */
typedef struct motet_bench_setup {
    motet_bench_case which;
    const motet_bench_clip *clips; /* MOTET_BENCH_CLIPS of them */
    motet_bench_voice *voices;
} motet_bench_setup;

/* Makes the clips and voices of a case: the same ones at each call. Clips are made once and kept. */
motet_bench_setup motet_bench_setup_create(const motet_bench_case *which);
void motet_bench_setup_free(motet_bench_setup *setup);
/* Gives back what is kept. */
void motet_bench_material_free(void);

/* Moves the voices to where they are at a time. */
void motet_bench_move(motet_bench_setup *setup, double seconds);

/* Where a voice is heard by a program that places sounds by itself. */
typedef struct motet_bench_placing {
    float gain, pan;
    double pitch;
} motet_bench_placing;
motet_bench_placing motet_bench_place(const motet_bench_voice *voice);

/* ------------------------------------------------------------------------------------------------------------- Sides */

typedef struct motet_bench_side {
    const char *name;
    /* Whether it can do the case at all. NULL: every one. */
    bool (*can)(const motet_bench_case *which);
    /* With all voices playing, or NULL after a message. The setup stays valid until `close`. */
    void *(*open)(const motet_bench_setup *setup);
    /* Takes over where the voices are now: workload D, before each block. */
    void (*push)(void *state);
    /* Renders about MOTET_BENCH_BLOCK frames; how many. `out` has room for 4 times as many in stereo. What it does not
     * write (a peer that has its own thread and device) stays. */
    uint32_t (*render)(void *state, float *out);
    /* What does not count as rendering but has to be done after a block. May be NULL. */
    void (*rest)(void *state);
    /* CPU time that rendering has taken so far, where not the calling thread does it; else NULL. */
    double (*render_ns)(void *state);
    void (*close)(void *state);
} motet_bench_side;

extern const motet_bench_side motet_bench_engine;
extern const motet_bench_side motet_bench_limit;

/* Chooses the level of vector instructions, of Motet (by its environment) and of the limit. False after a message. */
bool motet_bench_choose_simd(const char *name);
/* What the limit uses: "avx512", "avx2", "vector" (what every machine of its kind has). */
const char *motet_bench_limit_simd(void);

/* ---------------------------------------------------------------------------------------------------------- Measuring */

double motet_bench_cpu_ns(void);  /* of the calling thread */
double motet_bench_wall_ns(void); /* monotonic */
/* Of `count` numbers, which are sorted; `part` 0.5 is the median. */
double motet_bench_quantile(double *numbers, size_t count, double part);

/* Of one side in one case; ns are for a voice and a frame. */
typedef struct motet_bench_figure {
    bool measured;
    double ns, low_ns, high_ns; /* median, and the tenths at either end */
    double push_ns;             /* of the median: what giving the changes took */
    double worst_block_us;
    double level_db; /* RMS of some of the output: that something was mixed, and as loud as by others */
    size_t slices;
} motet_bench_figure;

typedef struct motet_bench_run {
    const motet_bench_case *cases;
    size_t case_count;
    const motet_bench_side *const *sides;
    size_t side_count;
    uint32_t rounds;
    double seconds; /* of measuring, about, for all together */
} motet_bench_run;

/* Lets every side take a turn in every case, and all that again in each round, so that whatever else the machine does
 * hits all alike. `figures` has `side_count` for each case. False after a message. */
bool motet_bench_measure(const motet_bench_run *run, motet_bench_figure *figures);

/* How far Motet and the limit are from each other, in dB of the output, over the first blocks; NAN where their
 * arithmetic is not meant to be the same. */
double motet_bench_difference_db(const motet_bench_case *which);

/* ------------------------------------------------------------------------------------------------- Other measurements */

typedef struct motet_bench_costs {
    double start_ns, stop_ns;   /* of one call */
    double churn_percent;       /* of a core, for 10,000 plays and stops a second with all that follows of them */
    double churn_calls_percent; /* of it, the calls alone */
    double create_ms;           /* an engine with defaults */
    uint64_t engine_bytes;      /* of it */
    double voice_bytes;         /* for each of max_voices */
    double second_bytes[2][2];  /* of a second of sound: s16, f32; mono, stereo */
} motet_bench_costs;

/* False after a message. */
bool motet_bench_measure_costs(motet_bench_costs *costs);

/* ------------------------------------------------------------------------------------------------------------ Reports */

/* The document of --json: {"version", ..., "workloads": [{"name", "ns", ...}]}. `costs` may be NULL. */
json_t *motet_bench_document(const motet_bench_run *run, const motet_bench_figure *figures,
                             const motet_bench_costs *costs);
void motet_bench_print(const json_t *document);
/* How cost grows: "voices", "pitch" or "buses". False after a message. */
bool motet_bench_sweep(const char *kind, const char *workloads, uint32_t voices, double seconds, bool json);
/* Draws the document. False after a message. */
bool motet_bench_draw(const json_t *document, const char *path);

#endif /* MOTET_CLI_BENCH_H */
