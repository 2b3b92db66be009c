/* The first reflections of a room, from the images of two sources in its walls (J. B. Allen and D. A. Berkley, "Image
 * method for efficiently simulating small-room acoustics", 1979). */
#ifndef MOTET_EFFECTS_REVERB_EARLY_H
#define MOTET_EFFECTS_REVERB_EARLY_H

#include <stdint.h>

enum { MOTET_EARLY_TAPS = 12 }; /* for each ear */

typedef struct motet_early_tap {
    double path;    /* by how much its way is longer than the direct one, in lengths of the room */
    float gain;     /* all of an ear together have the energy 1 */
    uint32_t input; /* 0: the left source, 1: the right one */
} motet_early_tap;

/* The strongest ones, for the left and the right ear. Paths are below 2. */
typedef struct motet_early_pattern {
    motet_early_tap taps[2][MOTET_EARLY_TAPS];
} motet_early_pattern;

void motet_early_pattern_make(motet_early_pattern *pattern);

#endif /* MOTET_EFFECTS_REVERB_EARLY_H */
