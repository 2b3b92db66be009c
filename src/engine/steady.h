/* Voices on which nothing happens: gains, ratio and filter stand still and the next frames lie in memory as they are
 * heard. Most voices are so in most blocks. What a block needs of one is in the first line of its slot, and those that
 * are read as they are, without resampling, are added several at once. */
#ifndef MOTET_ENGINE_STEADY_H
#define MOTET_ENGINE_STEADY_H

#include "dsp/interpolate.h"
#include "dsp/sinc.h"

#include <stdint.h>

typedef struct motet_engine motet_engine;
typedef struct motet_slot motet_slot;
typedef struct motet_slot_list motet_slot_list;
typedef struct motet_voice_sum motet_voice_sum;

typedef enum motet_steadiness {
    MOTET_NOT_STEADY, /* must be looked at in full */
    MOTET_STEADY_DIRECT,
    MOTET_STEADY_RESAMPLED
} motet_steadiness;

/* Of a slot. True as long as nobody calls motet_steady_leave: everything that changes more of a slot than its position
 * does so first. */
typedef struct motet_steady {
    const void *samples; /* of what it reads, from frame 0 on */
    uint64_t end;        /* frames before this one, and from `first` on, are heard one after the other */
    float gain_left, gain_right;
    uint8_t kind; /* motet_steadiness */
    uint8_t format;
    uint8_t channels;
} motet_steady;

/* The rest of it, which resampling needs. */
typedef struct motet_steady_filter {
    uint64_t first;
    uint64_t step;
    motet_interpolate_fn *interpolate; /* or, with a bank: */
    motet_sinc_fn *sinc;
    const motet_sinc_bank *bank;
    uint32_t before, after;
} motet_steady_filter;

/* After a slot has been rendered in full: whether it is steady from its present frame on. */
void motet_steady_settle(const motet_engine *engine, motet_slot *slot) MOTET_NONBLOCKING;

/* Before anything about a slot is changed. */
void motet_steady_leave(motet_slot *slot) MOTET_NONBLOCKING;

/* Adds the voices of a list, in its order, onto a sum of zeroes. */
void motet_steady_sum_list(motet_engine *engine, const motet_slot_list *list, motet_voice_sum sum, uint64_t block_start,
                           uint32_t count) MOTET_NONBLOCKING;

#endif /* MOTET_ENGINE_STEADY_H */
