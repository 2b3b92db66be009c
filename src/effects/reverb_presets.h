/* The reverb's parameters by number, and rooms that are worth a name. */
#ifndef MOTET_EFFECTS_REVERB_PRESETS_H
#define MOTET_EFFECTS_REVERB_PRESETS_H

#include <stdint.h>

typedef enum motet_reverb_parameter {
    MOTET_REVERB_RT60_SECONDS,
    MOTET_REVERB_RT60_LOW,
    MOTET_REVERB_RT60_HIGH,
    MOTET_REVERB_LOW_HZ,
    MOTET_REVERB_HIGH_HZ,
    MOTET_REVERB_SIZE,
    MOTET_REVERB_PREDELAY_SECONDS,
    MOTET_REVERB_EARLY_DB,
    MOTET_REVERB_LATE_DB,
    MOTET_REVERB_DIFFUSION,
    MOTET_REVERB_WIDTH,
    MOTET_REVERB_MODULATION,
    MOTET_REVERB_PARAMETERS
} motet_reverb_parameter;

typedef struct motet_reverb_preset {
    const char *name; /* "small_room" */
    const char *text;
    float values[MOTET_REVERB_PARAMETERS];
} motet_reverb_preset;

enum { MOTET_REVERB_PRESETS = 7 };

extern const motet_reverb_preset motet_reverb_presets[MOTET_REVERB_PRESETS];

#endif /* MOTET_EFFECTS_REVERB_PRESETS_H */
