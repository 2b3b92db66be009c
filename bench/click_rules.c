#include "click_rules.h"

#include <complex.h>
#include <math.h>

static const double TURN = 2 * 3.14159265358979323846;

/* The declick: 0 before it, 1 behind. */
static double rise(int64_t frame, uint32_t length)
{
    double t = (double)frame / length;
    return frame <= 0 ? 0 : frame >= length ? 1 : t * t * (3 - 2 * t);
}

static double slope_of_rise(int64_t frame, uint32_t length)
{
    double t = (double)frame / length;
    return frame <= 0 || frame >= length ? 0 : 6 * t * (1 - t) / length;
}

/* A jump that has come in for `ago` frames and goes out again: the cubic from its value and slope, not below 0. */
static double out_again(int64_t frame, uint32_t ago, uint32_t length)
{
    if (frame <= ago) {
        return rise(frame, length);
    }
    double t = (double)(frame - ago) / length;
    double value = rise(ago, length);
    double slope = slope_of_rise(ago, length);
    double cubic = t >= 1 ? 0 : value * (1 - t * t * (3 - 2 * t)) + length * slope * t * (1 - t) * (1 - t);
    return cubic > 0 ? cubic : 0;
}

enum { MOST_PARTS = 3 };

/* The gains of the parts, each at a place of its own, in one frame; the second change comes at frame `ago`. */
static void gains_at(double gains[MOST_PARTS], motet_rules_change first, motet_rules_change second, uint32_t ago,
                     int64_t frame, uint32_t length)
{
    double early = rise(frame, length);
    double late = rise(frame - ago, length);
    double common = first == MOTET_RULES_GATE ? 1 - early : 1;
    double place = first == MOTET_RULES_JUMP ? early : 0; /* the share of the place that the first jump has led to */
    gains[0] = common * (1 - place);
    gains[1] = common * place;
    gains[2] = 0;
    switch (second) {
    case MOTET_RULES_NONE: break;
    case MOTET_RULES_GATE: gains[0] *= 1 - late, gains[1] *= 1 - late; break;
    case MOTET_RULES_NEW: gains[0] *= 1 - late, gains[1] *= 1 - late, gains[2] = late; break;
    case MOTET_RULES_JUMP:
        if (first == MOTET_RULES_JUMP) {
            gains[1] = out_again(frame, ago, length); /* the older tail fades on */
        } else {
            gains[0] *= 1 - late;
        }
        gains[2] = common * late;
        break;
    }
}

double motet_rules_measure(motet_rules_change first, motet_rules_change second, uint32_t ago, double hz,
                           uint32_t rate_hz, uint32_t declick_frames)
{
    double angle = TURN * hz / rate_hz;
    double slow = TURN * 60 / rate_hz;
    double own = 2 - 2 * cos(angle);
    double most = 0;
    for (int64_t frame = -1; frame <= (int64_t)ago + declick_frames + 1; frame++) {
        double gains[3][MOST_PARTS];
        for (int i = 0; i < 3; i++) {
            gains_at(gains[i], first, second, ago, frame + i - 1, declick_frames);
        }
        double sum = 0; /* where the parts stand to each other so that their bends add up */
        for (int part = 0; part < MOST_PARTS; part++) {
            sum += cabs(gains[0][part] * cexp(-I * angle) - 2 * gains[1][part] + gains[2][part] * cexp(I * angle));
        }
        most = sum > most ? sum : most;
    }
    return most / (own > slow * slow ? own : slow * slow);
}
