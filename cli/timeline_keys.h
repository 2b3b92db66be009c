/* What a line of a timeline may say: a table of keys for each verb. docs/timeline.md is the same for people. */
#ifndef MOTET_CLI_TIMELINE_KEYS_H
#define MOTET_CLI_TIMELINE_KEYS_H

#include <stdbool.h>
#include <stddef.h>

/* The verbs in the order in which a line is searched for its verb: "bus" is the last, being a key of others too. */
typedef enum motet_verb {
    MOTET_VERB_HEADER,
    MOTET_VERB_PLAY,
    MOTET_VERB_PLAY_STEMS,
    MOTET_VERB_SET,
    MOTET_VERB_PAUSE,
    MOTET_VERB_RESUME,
    MOTET_VERB_SEEK,
    MOTET_VERB_STOP,
    MOTET_VERB_OPEN,
    MOTET_VERB_FEED,
    MOTET_VERB_FINISH,
    MOTET_VERB_SET_BUS,
    MOTET_VERB_PAUSE_BUS,
    MOTET_VERB_RESUME_BUS,
    MOTET_VERB_STOP_BUS,
    MOTET_VERB_STOP_SOUND,
    MOTET_VERB_SET_EFFECT,
    MOTET_VERB_SET_SEND,
    MOTET_VERB_SET_SNAPSHOT,
    MOTET_VERB_SET_LISTENER,
    MOTET_VERB_NOTE,
    MOTET_VERB_EXPECT,
    MOTET_VERB_END,
    MOTET_VERB_SOUND,
    MOTET_VERB_EFFECT,
    MOTET_VERB_SEND,
    MOTET_VERB_DUCK,
    MOTET_VERB_SNAPSHOT,
    MOTET_VERB_LISTENER,
    MOTET_VERB_BUS,
    MOTET_VERB_COUNT
} motet_verb;

/* Where the value of a key is put when a line is read. */
typedef enum motet_field {
    MOTET_FIELD_NONE, /* nowhere: a key whose only value in this version is its default */
    MOTET_FIELD_NAME, /* the value of the verb's own key */
    MOTET_FIELD_AT,
    MOTET_FIELD_AS,
    MOTET_FIELD_FADE,
    MOTET_FIELD_CURVE,
    MOTET_FIELD_VOLUME_DB,
    MOTET_FIELD_PAN,
    MOTET_FIELD_PITCH,
    MOTET_FIELD_LOOP,
    MOTET_FIELD_LOOP_WHOLE,
    MOTET_FIELD_LOOP_START,
    MOTET_FIELD_LOOP_END,
    MOTET_FIELD_LOOP_COUNT,
    MOTET_FIELD_LOOP_CROSSFADE,
    MOTET_FIELD_FROM,
    MOTET_FIELD_TO,
    MOTET_FIELD_BUS,
    MOTET_FIELD_AFTER,
    MOTET_FIELD_PRIORITY,
    MOTET_FIELD_QUALITY,
    MOTET_FIELD_MODE,
    MOTET_FIELD_PAUSED,
    MOTET_FIELD_POSITION,
    MOTET_FIELD_VELOCITY,
    MOTET_FIELD_MIN_DISTANCE,
    MOTET_FIELD_MAX_DISTANCE,
    MOTET_FIELD_ROLLOFF,
    MOTET_FIELD_REPEAT,
    MOTET_FIELD_EVERY,
    MOTET_FIELD_RATE,
    MOTET_FIELD_CHANNELS,
    MOTET_FIELD_FORMAT,
    MOTET_FIELD_BUFFER,
    MOTET_FIELD_START_AFTER,
    MOTET_FIELD_FILE,
    MOTET_FIELD_BASE64,
    MOTET_FIELD_CONVERT,
    MOTET_FIELD_STREAM,
    MOTET_FIELD_ASYNC,
    MOTET_FIELD_STORE,
    MOTET_FIELD_VARIATIONS,
    MOTET_FIELD_WEIGHTS,
    MOTET_FIELD_VOLUME_JITTER_DB,
    MOTET_FIELD_PITCH_JITTER_SEMITONES,
    MOTET_FIELD_MIN_INTERVAL,
    MOTET_FIELD_YIELD,
    MOTET_FIELD_PARENT,
    MOTET_FIELD_MUTE,
    MOTET_FIELD_SOLO,
    MOTET_FIELD_SINE,
    MOTET_FIELD_NOISE,
    MOTET_FIELD_CONSTANT,
    MOTET_FIELD_RAMP,
    MOTET_FIELD_IMPULSE,
    MOTET_FIELD_PCM,
    MOTET_FIELD_HZ,
    MOTET_FIELD_SECONDS,
    MOTET_FIELD_AMPLITUDE,
    MOTET_FIELD_SEED,
    MOTET_FIELD_LIMITER,
    MOTET_FIELD_CEILING_DB,
    MOTET_FIELD_QUIET_VOICE_DB,
    MOTET_FIELD_DECLICK,
    MOTET_FIELD_TEMPO,
    MOTET_FIELD_BEATS_PER_BAR,
    MOTET_FIELD_MAX_VOICES,
    MOTET_FIELD_MAX_VIRTUAL_VOICES,
    MOTET_FIELD_PEAK_DB,
    MOTET_FIELD_VOICES,
    MOTET_FIELD_CLICKS,
    MOTET_FIELD_MARKERS,
    MOTET_FIELD_ON,
    MOTET_FIELD_TYPE,
    MOTET_FIELD_KEY,
    MOTET_FIELD_PRE,
    MOTET_FIELD_COUNT
} motet_field;

typedef enum motet_key_kind {
    MOTET_KEY_TEXT,     /* a string that is not empty */
    MOTET_KEY_NOTE,     /* any string */
    MOTET_KEY_TIME,     /* in engine frames, or a string */
    MOTET_KEY_POSITION, /* in frames of the sound, or a string */
    MOTET_KEY_NUMBER,
    MOTET_KEY_POSITIVE, /* a number above 0 */
    MOTET_KEY_WHOLE,
    MOTET_KEY_FLAG,
    MOTET_KEY_CHOICE,  /* one of some words */
    MOTET_KEY_NAMES,   /* a list of strings that are not empty */
    MOTET_KEY_WEIGHTS, /* a list of numbers above 0 */
    MOTET_KEY_RANGE,   /* two numbers, the lowest first */
    MOTET_KEY_COUNTS,  /* two whole numbers, likewise */
    MOTET_KEY_OBJECTS, /* a list of them */
    MOTET_KEY_OBJECT,
    MOTET_KEY_ANY
} motet_key_kind;

typedef struct motet_key {
    const char *name;
    motet_key_kind kind;
    motet_field field;
    bool required;
    bool later;                 /* not in this version, but for its default */
    bool no_default;            /* with `later`: no value of it is in this version */
    double fallback;            /* its default: a number, a flag as 0 or 1, a choice by its place */
    double min, max;            /* of a number; both 0: any. Of a time: `max` in seconds, 0: any */
    const char *const *choices; /* of MOTET_KEY_CHOICE; ends with NULL */
    size_t choices_now;         /* how many of them are in this version; the others come later */
} motet_key;

/* The keys of a verb, or of an object inside a line. */
typedef struct motet_keys {
    const char *name; /* as it is written in the file */
    const motet_key *keys;
    size_t count;
    bool later;   /* the whole verb is not in this version */
    bool command; /* carries `at` */
    bool open;    /* has more keys, by the type of an effect: timeline_effect.c reads them */
} motet_keys;

extern const motet_keys motet_verb_keys[MOTET_VERB_COUNT];

/* Of the generated sounds, of "pcm", of a marker, and of what is expected. */
extern const motet_keys motet_sine_keys, motet_noise_keys, motet_constant_keys, motet_ramp_keys, motet_impulse_keys,
    motet_pcm_keys, motet_marker_keys, motet_expect_keys;

#endif /* MOTET_CLI_TIMELINE_KEYS_H */
