#include "effects/reverb_early.h"

#include <math.h>
#include <stdlib.h>

enum { AXES = 3, FURTHEST = 2 };

/* In lengths of the room: nothing lies in the middle, or reflections would meet. */
static const double room[AXES] = {0.83, 1, 0.46};
static const double sources[2][AXES] = {{0.27, 0.71, 0.19}, {0.59, 0.74, 0.2}};
static const double ears[2][AXES] = {{0.36, 0.29, 0.17}, {0.45, 0.28, 0.17}};
static const double wall_gain = 0.84;
static const double longest_path = 2;

/* Where the source seems to be that is heard over `count` reflections on the walls of an axis. */
static double image(double at, double length, int count)
{
    return (count % 2 == 0 ? at : length - at) + count * length;
}

static double distance(const double a[AXES], const double b[AXES])
{
    double x = a[0] - b[0], y = a[1] - b[1], z = a[2] - b[2];
    return sqrt(x * x + y * y + z * z);
}

/* Takes its place among the strongest, in order. */
static void insert(motet_early_tap taps[MOTET_EARLY_TAPS], motet_early_tap tap)
{
    for (int i = 0; i < MOTET_EARLY_TAPS; i++) {
        if (tap.gain > taps[i].gain) {
            motet_early_tap weaker = taps[i];
            taps[i] = tap;
            tap = weaker;
        }
    }
}

static void add_image(motet_early_tap taps[MOTET_EARLY_TAPS], uint32_t input, const double ear[AXES],
                      const int counts[AXES])
{
    int order = abs(counts[0]) + abs(counts[1]) + abs(counts[2]);
    if (order == 0 || order > FURTHEST) {
        return;
    }
    double at[AXES];
    for (int axis = 0; axis < AXES; axis++) {
        at[axis] = image(sources[input][axis], room[axis], counts[axis]);
    }
    double direct = distance(sources[input], ear), way = distance(at, ear);
    double gain = direct / way;
    for (int i = 0; i < order; i++) {
        gain *= wall_gain;
    }
    if (way - direct < longest_path) {
        insert(taps, (motet_early_tap){way - direct, (float)gain, input});
    }
}

void motet_early_pattern_make(motet_early_pattern *pattern)
{
    *pattern = (motet_early_pattern){0};
    for (int ear = 0; ear < 2; ear++) {
        motet_early_tap *taps = pattern->taps[ear];
        for (uint32_t input = 0; input < 2; input++) {
            for (int x = -FURTHEST; x <= FURTHEST; x++) {
                for (int y = -FURTHEST; y <= FURTHEST; y++) {
                    for (int z = -FURTHEST; z <= FURTHEST; z++) {
                        add_image(taps, input, ears[ear], (int[AXES]){x, y, z});
                    }
                }
            }
        }
        double energy = 0;
        for (int i = 0; i < MOTET_EARLY_TAPS; i++) {
            energy += (double)taps[i].gain * (double)taps[i].gain;
        }
        for (int i = 0; i < MOTET_EARLY_TAPS; i++) {
            taps[i].gain = (float)((double)taps[i].gain / sqrt(energy));
        }
    }
}
