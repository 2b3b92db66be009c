/* Effects: on buses, and what one is. A part of motet.h, which includes it. */
#ifndef MOTET_EFFECT_H
#define MOTET_EFFECT_H

#include "motet/motet.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ------------------------------------------------------------------------------------------------------- Effects */

typedef struct motet_effect_type motet_effect_type;

/* A parameter by name, with its value. */
typedef struct motet_effect_setting {
    const char *parameter;
    float value;
} motet_effect_setting;

typedef struct motet_effect_def {
    const motet_effect_setting *settings; /* what is not to be as in the table; "wet" and "bypass" too */
    uint32_t setting_count;
    motet_bus key;       /* the bus that a side-chain listens to; default none */
    motet_effect before; /* the effect of the same bus in front of which it goes; default: behind the last */
    motet_timing timing; /* when and how it comes in */
} motet_effect_def;

MOTET_API motet_effect_def motet_default_effect_def(void);

/* Adds an effect to a bus, which runs its effects in their order before its fader. It fades in; before the engine's
 * first frame it is there at once. docs/effects.md and `motet effects` list the types and their parameters; every
 * effect has two more: "wet", the share of the processed sound (0 ... 1), and "bypass" (0 or 1). An effect costs
 * nothing while what it would process is silent.
 * Errors ({0}): STALE; NOT_FOUND no such type; INVALID (a parameter that it does not have, a NaN, a key that gets its
 * sound from this bus, a key for an effect that listens to none); LIMIT 16384 effects; MEMORY; BUSY. */
MOTET_API MOTET_USE_RESULT motet_effect motet_effect_add(motet_engine *engine, motet_bus bus, const char *type,
                                                         const motet_effect_def *def);

/* The same with a type of the program's own (motet/effect.h), which is copied; its table must stay. */
MOTET_API MOTET_USE_RESULT motet_effect motet_effect_add_own(motet_engine *engine, motet_bus bus,
                                                             const motet_effect_type *type,
                                                             const motet_effect_def *def);

/* Fades an effect out and takes it away. The id is stale at once. Errors: STALE, INVALID, BUSY. */
MOTET_API motet_result motet_effect_remove(motet_engine *engine, motet_effect effect, motet_timing timing);

/* Moves a parameter to a value, clamped to its range, by the timing's fade: evenly in its own curve unless the timing
 * has another; one that steps is taken at once at its frame.
 * Errors: STALE, INVALID (no such parameter: the nearest is named; NaN), BUSY. */
MOTET_API motet_result motet_effect_set(motet_engine *engine, motet_effect effect, const char *parameter, float value,
                                        motet_timing timing);

/* The same as setting "bypass": a crossfade between the processed and the dry sound. */
MOTET_API motet_result motet_effect_set_bypass(motet_engine *engine, motet_effect effect, bool bypass,
                                               motet_timing timing);

/* Gives an effect the sound that it works with, as the impulse response of a "convolution"; {0}: none. It is prepared
 * on the calling thread, which takes a while, and comes in with a crossfade of the effect's own; the sound may be
 * released then. Errors: STALE, INVALID (an effect that works with none; a streamed sound), MEMORY, BUSY (the sound is
 * loading). */
MOTET_API motet_result motet_effect_set_sound(motet_engine *engine, motet_effect effect, motet_sound sound);

/* The value of a parameter by the last call, or of its table. Errors: STALE, INVALID. */
MOTET_API motet_result motet_effect_get(const motet_engine *engine, motet_effect effect, const char *parameter,
                                        float *value);

/* The effects of a bus in their order: starts with {0}; {0} after the last. */
MOTET_API MOTET_USE_RESULT motet_effect motet_effect_next(const motet_engine *engine, motet_bus bus,
                                                          motet_effect effect);

typedef struct motet_effect_info {
    const motet_effect_type *type; /* its table: valid while the effect is */
    motet_bus bus;
    motet_bus key; /* {0}: none */
    float wet;
    bool bypass;
    bool is_awake; /* processing, or ringing out; else it costs nothing */
    uint32_t latency_frames;
} motet_effect_info;

MOTET_API motet_result motet_effect_get_info(const motet_engine *engine, motet_effect effect, motet_effect_info *info);

/* ------------------------------------------------------------------------------------------------ What one is */

/* What an effect is: the table of its parameters and the functions that make its sound. Motet's own effects are these
 * structs (motet_effect_type_next goes through them), and a program's own has the same rights.
 *
 * The life of an effect on a bus or a voice: `size` and `init` on a control thread, `process` for every block on the
 * audio thread, where `reset` puts it to sleep once its tail has rung out. Mixing in the dry sound (`wet`), the
 * crossfade of a bypass, ramps of parameters, sleep, and the containment of NaN and infinity are done around it. */

/* How a parameter moves in a fade, and how a knob for it should run. */
typedef enum motet_parameter_curve {
    MOTET_PARAMETER_LINEAR = 0,
    MOTET_PARAMETER_LOG, /* even in its logarithm: frequencies, times; the minimum is above 0 */
    MOTET_PARAMETER_STEP /* whole numbers, taken at once: switches and choices */
} motet_parameter_curve;

typedef struct motet_parameter {
    const char *name; /* "cutoff_hz": what motet_effect_set and timelines call it */
    const char *unit; /* "Hz", "dB", "s", "beats" ...; "" for a bare number */
    float minimum, maximum;
    float initial; /* when nothing is said */
    motet_parameter_curve curve;
    const char *const *choices; /* of STEP: the names of its numbers from `minimum` on, NULL after the last; or NULL */
    const char *text;           /* what it does, in a sentence */
} motet_parameter;

enum { MOTET_MAX_PARAMETERS = 64 };

/* What an effect is made for. */
typedef struct motet_effect_setup {
    uint32_t sample_rate_hz;
    uint32_t channels;                   /* 2 on buses; on a voice 1 or 2, as its material */
    const float *values;                 /* of its parameters at its first frame, in the order of the table */
    const struct motet_kernels *kernels; /* of the engine's own effects; opaque to others */
} motet_effect_setup;

/* A run of frames to be processed. */
typedef struct motet_effect_run {
    float *channels[2]; /* in place; the second is NULL for one channel */
    uint32_t channel_count;
    uint32_t frame_count; /* 1 ... 512; never across a multiple of 512 engine frames */
    uint64_t frame;       /* engine frame of the first */
    const float *values;  /* of the parameters in the first frame, inside their ranges, in the order of the table */
    const float *const *moving; /* for each parameter: NULL where it stands in this run, else its value in each frame */
    const float *key[2];        /* the side-chain's two channels; NULL without */
} motet_effect_run;

/* The rule for `process`, `reset` and `tail_seconds`, which run on the audio thread: no allocation, no lock, no log, no
 * file, no system call, no waiting, no loop without a bound. The sound must not depend on how frames are spread over
 * runs: whatever is computed less often than for every frame is computed at multiples of some number of engine frames
 * (64 suits). A state that dies away is set to 0 below 1e-20, so that it never gets to the denormals, and `reset`
 * leaves it as `init` did. */
struct motet_effect_type {
    const char *name; /* "lowpass": lower case, no blanks */
    const char *text; /* what it does, in a sentence */
    const motet_parameter *parameters;
    uint32_t parameter_count; /* at most MOTET_MAX_PARAMETERS */
    float wet;                /* share of the processed sound when nothing is said: 0 ... 1 */

    /* Bytes of the state; given zeroed, aligned to 64. Any thread. */
    size_t (*size)(const motet_effect_setup *setup);
    void (*init)(void *state, const motet_effect_setup *setup);

    void (*process)(void *state, const motet_effect_run *run) MOTET_AUDIO_THREAD;
    void (*reset)(void *state) MOTET_AUDIO_THREAD;
    /* How long it goes on sounding after its input has become silent, at these values: to below -120 dB of its loudest;
     * INFINITY: it does not end. NULL: not at all. */
    double (*tail_seconds)(const void *state, const float *values) MOTET_AUDIO_THREAD;
    /* Frames by which the processed sound is late; the dry one is delayed alike. NULL: 0. Any thread. */
    uint32_t (*latency_frames)(const motet_effect_setup *setup);

    bool has_key; /* listens to a side-chain */

    /* Of an effect that works with a sound, as a convolution does with its impulse response; else all NULL. `build`
     * makes of it whatever `process` needs, in `size` zeroed bytes aligned to 64, on a background thread. `set` hands
     * that over, NULL for none, and `uses` says whether the state may still read it: while it fades over, it does. */
    size_t (*material_size)(const motet_effect_setup *setup, const motet_pcm *pcm);
    void (*material_build)(const motet_effect_setup *setup, const motet_pcm *pcm, void *material);
    void (*material_set)(void *state, void *material) MOTET_AUDIO_THREAD;
    bool (*material_uses)(const void *state, const void *material) MOTET_AUDIO_THREAD;
};

/* The types of Motet's own effects, one after the other: NULL first, NULL behind the last. */
MOTET_API MOTET_USE_RESULT const motet_effect_type *motet_effect_type_next(const motet_effect_type *type);

/* The type of a name, or NULL with motet_last_error() naming the nearest. */
MOTET_API MOTET_USE_RESULT const motet_effect_type *motet_effect_type_find(const char *name);

#ifdef __cplusplus
}
#endif

#endif /* MOTET_EFFECT_H */
