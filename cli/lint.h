/* What is wrong with a piece of sound: clicks, clipping, DC, hard and silent edges, loop seams, NaN. Plain functions on
 * interleaved floats, without files: `motet lint` prints what they find, tests and the click table measure with
 * them. */
#ifndef MOTET_CLI_LINT_H
#define MOTET_CLI_LINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum motet_lint_kind {
    MOTET_LINT_CLICK,
    MOTET_LINT_CLIPPING,   /* runs of equal samples at the extreme */
    MOTET_LINT_OVER,       /* samples beyond full scale */
    MOTET_LINT_DC,         /* a mean away from zero */
    MOTET_LINT_HARD_START, /* the first sample is far from zero; likewise the last */
    MOTET_LINT_HARD_END,
    MOTET_LINT_SILENT_START,
    MOTET_LINT_SILENT_END,
    MOTET_LINT_SILENT, /* all of it */
    MOTET_LINT_LOOP_SEAM,
    MOTET_LINT_NON_FINITE,
    MOTET_LINT_CUT_SHORT, /* the file ends before its header said; whoever loaded it knows */
    MOTET_LINT_KIND_COUNT
} motet_lint_kind;

/* As a channel: more than one of them. */
#define MOTET_LINT_ALL_CHANNELS UINT32_MAX

typedef struct motet_lint_finding {
    motet_lint_kind kind;
    uint32_t channel;
    uint64_t frame;       /* where it begins; of a seam the loop's end */
    uint64_t frame_count; /* how far it reaches; 1 for what is at one frame */
    uint64_t count;       /* samples that are clipped, over or not finite; else 1 */
    uint64_t loop_start;  /* of a seam */
    double size;          /* linear: height of the step, of the offset, of the sample at an edge, or the peak */
    double times;         /* of a click and a seam: its second difference over that of the sound around it */
} motet_lint_finding;

typedef struct motet_lint_report {
    motet_lint_finding *list; /* in the order of kind, frame and channel after motet_lint_run */
    size_t count, capacity;
} motet_lint_report;

/* A sound to look at. */
typedef struct motet_lint_sound {
    const float *samples; /* interleaved */
    uint64_t frames;
    uint32_t channels;
    uint32_t rate_hz;
} motet_lint_sound;

typedef struct motet_lint_loop {
    uint64_t start, end; /* `end` is exclusive */
} motet_lint_loop;

/* Looks for everything. A scene (the rendering of a timeline) is not looked at for its edges. */
typedef struct motet_lint_request {
    motet_lint_sound sound;
    const motet_lint_loop *loops;
    size_t loop_count;
    bool scene;
} motet_lint_request;

void motet_lint_run(const motet_lint_request *request, motet_lint_report *report);

void motet_lint_free(motet_lint_report *report);

/* "click", "loop seam" ... */
const char *motet_lint_kind_text(motet_lint_kind kind);

/* Adds the clicks in frames [from, to), by channel; the sound outside is looked at as surroundings. What lies within
 * 2 ms of the sound's own edges is left to the edges. Returns how many there are. */
size_t motet_lint_find_clicks(const motet_lint_sound *sound, uint64_t from, uint64_t to, motet_lint_report *report);

/* Adds the seam of a loop where it stands out, by channel. */
void motet_lint_find_seam(const motet_lint_sound *sound, const motet_lint_loop *loop, motet_lint_report *report);

/* Peaks of the second difference in one channel around a transition. */
typedef struct motet_lint_transition {
    double change; /* from its first frame to its last; likewise below in the 20 ms before and after */
    double before, after;
    double slow; /* of a 60 Hz sine as high as the sound is there */
} motet_lint_transition;

/* Measures the transition that begins at frame `at` and takes `length` frames. */
motet_lint_transition motet_lint_measure(const motet_lint_sound *sound, uint32_t channel, uint64_t at, uint64_t length);

/* How much sharper the change is than the steady sound: `change` over the largest of the others. Up to 2 is clean. 0
 * for silence. */
double motet_lint_times(const motet_lint_transition *transition);

/* Adds a finding. */
void motet_lint_add(motet_lint_report *report, const motet_lint_finding *finding);

#endif /* MOTET_CLI_LINT_H */
