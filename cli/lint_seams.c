/* Places that are known: the seam of a loop, and a transition that is meant to be smooth. Nothing has to be told from
 * sound as it is there, so the limits are lower than a click's. */
#include "lint.h"

#include "lint_private.h"
#include "memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double TIMES_SEAM = 2;

void motet_lint_differ(const float *x, size_t count, float *d)
{
    if (count < 3) {
        memset(d, 0, count * sizeof *d);
        return;
    }
    d[0] = 0;
    d[count - 1] = 0;
    for (size_t i = 1; i + 1 < count; i++) {
        d[i] = fabsf((x[i - 1] - x[i]) + (x[i + 1] - x[i]));
    }
}

void motet_lint_find_seam(const motet_lint_sound *sound, const motet_lint_loop *loop, motet_lint_report *report)
{
    size_t before = report->count;
    uint64_t length = loop->end - loop->start;
    size_t reach = motet_lint_frames(sound, 20) > MOTET_LINT_NEAR ? motet_lint_frames(sound, 20) : MOTET_LINT_NEAR;
    if (loop->end > sound->frames || loop->start >= loop->end || length <= 2 * MOTET_LINT_WIDTH + 1) {
        return;
    }
    size_t count = 2 * reach;
    float *x = motet_memory_take(count, sizeof *x);
    float *d = motet_memory_take(count, sizeof *d);
    for (uint32_t channel = 0; channel < sound->channels; channel++) {
        /* Round the loop as often as it takes: x[reach] is its first frame. */
        uint64_t place = length - reach % length;
        for (size_t i = 0; i < count; i++) {
            x[i] = motet_lint_sample(sound, loop->start + (place + i) % length, channel);
        }
        motet_lint_differ(x, count, d);
        float own = 0; /* peak away from every seam */
        for (size_t i = 1; i + 1 < count; i++) {
            uint64_t phase = (place + i) % length;
            bool at_seam = phase < MOTET_LINT_WIDTH || phase >= length - MOTET_LINT_WIDTH;
            own = !at_seam && d[i] > own ? d[i] : own;
        }
        float seam = d[reach - 1] > d[reach] ? d[reach - 1] : d[reach];
        if (seam >= MOTET_LINT_FLOOR && (double)seam > TIMES_SEAM * (double)own) {
            motet_lint_add(report, &(motet_lint_finding){.kind = MOTET_LINT_LOOP_SEAM,
                                                         .channel = channel,
                                                         .frame = loop->end,
                                                         .frame_count = 1,
                                                         .count = 1,
                                                         .loop_start = loop->start,
                                                         .size = (double)seam,
                                                         .times = own > 0 ? (double)(seam / own) : INFINITY});
        }
    }
    free(x);
    free(d);
    motet_lint_merge(report, before, sound->channels);
}

/* ------------------------------------------------------------------------------------------------------ Transitions */

/* The largest |second difference| around frames [from, to), and the largest sample there. */
static double peak_between(const motet_lint_sound *sound, uint32_t channel, uint64_t from, uint64_t to, double *height)
{
    double peak = 0;
    to = to + 1 < sound->frames ? to : sound->frames - 1;
    for (uint64_t i = from > 1 ? from : 1; i < to; i++) {
        double here = (double)motet_lint_sample(sound, i, channel);
        double bend = (double)motet_lint_sample(sound, i - 1, channel) - 2 * here +
                      (double)motet_lint_sample(sound, i + 1, channel);
        peak = fabs(bend) > peak ? fabs(bend) : peak;
        *height = fabs(here) > *height ? fabs(here) : *height;
    }
    return peak;
}

motet_lint_transition motet_lint_measure(const motet_lint_sound *sound, uint32_t channel, uint64_t at, uint64_t length)
{
    static const double pi = 3.14159265358979323846;
    motet_lint_transition result = {0};
    if (sound->frames < 3) {
        return result;
    }
    uint64_t reach = motet_lint_frames(sound, 20);
    uint64_t first = at > MOTET_LINT_WIDTH ? at - MOTET_LINT_WIDTH : 0;
    uint64_t last = at + length + MOTET_LINT_WIDTH + 1;
    double height = 0;
    result.before = peak_between(sound, channel, first > reach ? first - reach : 0, first, &height);
    result.after = peak_between(sound, channel, last, last + reach, &height);
    result.change = peak_between(sound, channel, first, last, &height);
    double step = 2 * pi * 60 / sound->rate_hz;
    result.slow = step * step * height;
    return result;
}

double motet_lint_times(const motet_lint_transition *transition)
{
    double steady = transition->before > transition->after ? transition->before : transition->after;
    steady = transition->slow > steady ? transition->slow : steady;
    return steady > 0 ? transition->change / steady : 0;
}
