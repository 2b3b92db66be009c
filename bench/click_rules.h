/* What the rules of fades themselves give, without an engine: the measure of two changes, worst over all places of a
 * wave. A figure of the engine may be as high, and no higher, without the engine adding anything of its own. */
#ifndef MOTET_BENCH_CLICK_RULES_H
#define MOTET_BENCH_CLICK_RULES_H

#include <stdint.h>

typedef enum motet_rules_change {
    MOTET_RULES_NONE, /* or one that bends less than the others */
    MOTET_RULES_GATE, /* a gain that goes to 0 by the declick: stop, pause, mute, a volume or a side's share of the pan */
    MOTET_RULES_JUMP, /* to another place: the old one fades out by the declick, the new one in */
    MOTET_RULES_NEW   /* the voice fades out, a new one at another place in */
} motet_rules_change;

/* A change into the fade of another that came `ago` frames before, of a sine as high as before; gates are different
 * ones. Over its own second difference, or that of a 60 Hz sine where that is larger. */
double motet_rules_measure(motet_rules_change first, motet_rules_change second, uint32_t ago, double hz,
                           uint32_t rate_hz, uint32_t declick_frames);

#endif /* MOTET_BENCH_CLICK_RULES_H */
