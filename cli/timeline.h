/* A timeline in memory: typed definitions and commands, names already resolved to places in the lists. */
#ifndef MOTET_CLI_TIMELINE_H
#define MOTET_CLI_TIMELINE_H

#include "bytes.h"
#include "motet/effect.h"
#include "motet/motet.h"
#include "pcm.h"
#include "problems.h"
#include "timeline_keys.h"
#include "timeline_time.h"

typedef struct motet_timeline_header {
    uint32_t rate_hz;
    uint32_t channels;
    bool limiter;
    float ceiling_db;
    float quiet_voice_db;   /* 0: off */
    double declick_seconds; /* as motet_engine_def has it */
    uint64_t seed;
    uint32_t max_voices;
    uint32_t max_virtual_voices; /* 0: none */
    uint32_t tempo_millionths;   /* as motet_time_base has it */
    uint32_t beats_per_bar;
} motet_timeline_header;

typedef struct motet_timeline_marker {
    motet_duration at; /* in the sound's own rate */
    const char *name;  /* "" without */
} motet_timeline_marker;

typedef struct motet_timeline_sound {
    const char *name;
    uint32_t line;
    enum {
        MOTET_MATERIAL_NONE /* its line is wrong */,
        MOTET_MATERIAL_FILE,
        MOTET_MATERIAL_PCM,
        MOTET_MATERIAL_SIGNAL,
        MOTET_MATERIAL_SET
    } kind;
    const char *file; /* of FILE and PCM, as written */
    motet_store store;
    bool no_convert;
    bool stream;
    bool async;
    motet_signal signal;
    motet_sample_format format; /* of PCM; likewise below */
    uint32_t channels;
    uint32_t rate_hz;
    uint32_t *members; /* of SET: places in the list; likewise below */
    float *weights;    /* NULL: all alike */
    size_t member_count;
    float volume_jitter_db;
    float pitch_jitter_semitones;
    uint32_t max_voices; /* of any; 0: any number; likewise below */
    uint64_t min_interval_frames;
    motet_yield yield;
    motet_timeline_marker *markers; /* of any but SET */
    size_t marker_count;
} motet_timeline_sound;

typedef struct motet_timeline_bus {
    const char *name;
    uint32_t line;   /* 0 for Master */
    uint32_t parent; /* place in the list; Master's is its own */
    float volume_db;
    bool mute;
    bool solo;
    bool paused;
} motet_timeline_bus;

/* Parameters of an effect line: places in the list of settings. */
typedef struct motet_timeline_range {
    uint32_t first, count;
} motet_timeline_range;

typedef struct motet_timeline_effect {
    const char *name;
    uint32_t line;
    const motet_effect_type *type; /* NULL: its line is wrong */
    uint32_t bus;
    bool has_key;
    uint32_t key; /* a bus */
    motet_timeline_range settings;
} motet_timeline_effect;

typedef struct motet_timeline_send {
    uint32_t line;
    uint32_t from, to; /* buses */
    float volume_db;
    bool pre;
} motet_timeline_send;

/* What "open" says of a fed voice beyond what "play" says too. */
typedef struct motet_timeline_feed {
    uint32_t rate_hz;
    uint32_t channels;
    motet_sample_format format;
    uint64_t buffer_frames; /* engine frames; likewise below */
    uint64_t start_after_frames;
} motet_timeline_feed;

/* A voice of the file: one "play" or "open", or one of the plays of a line that repeats. The flags are what its last
 * commands leave behind, however long it lives: they tell whether it must come to an end. */
typedef struct motet_timeline_voice {
    const char *name; /* NULL without "as" */
    uint32_t line;
    bool fed;
    uint32_t sound; /* where it is not fed */
    uint32_t feed;  /* where it is: place in the list */
    uint64_t start_frame;
    bool counts_passes; /* its loop ends by itself */
    bool loops;         /* for ever */
    bool paused;
    bool stopped;
    uint32_t finish_line; /* of its "finish", 0 without */
    uint32_t first_stem;  /* of "play_stems": the place of the first of them, and how many they are; 0: none */
    uint32_t stem_count;
} motet_timeline_voice;

/* The loop of a "play" or "set"; ends in the sound's own rate. */
typedef struct motet_timeline_loop {
    motet_duration start, end;
    bool whole;
    uint32_t count;
    double crossfade_seconds;
} motet_timeline_loop;

#define MOTET_NO_LOOP UINT32_MAX

/* Which values a "set" or "set_bus" names. */
enum {
    MOTET_CHANGE_VOLUME = 1,
    MOTET_CHANGE_PAN = 2,
    MOTET_CHANGE_PITCH = 4,
    MOTET_CHANGE_LOOP = 8,
    MOTET_CHANGE_BUS = 16,
    MOTET_CHANGE_MUTE = 32,
    MOTET_CHANGE_SOLO = 64,
    MOTET_CHANGE_LOOP_START = 128,
    MOTET_CHANGE_LOOP_END = 256,
    MOTET_CHANGE_PARENT = 512,
    MOTET_CHANGE_LOOP_RANGE = MOTET_CHANGE_LOOP_START | MOTET_CHANGE_LOOP_END
};

/* Values of "play", "open", "set", "set_bus" and "set_send". */
typedef struct motet_timeline_settings {
    float volume_db;
    float pan;
    double pitch;
    uint32_t bus; /* of set_bus its new parent, of set_send where it goes */
    bool loop;
    bool pre;
    bool paused;
    bool mute;
    bool solo;
    motet_quality quality;
    float priority;
} motet_timeline_settings;

typedef struct motet_timeline_command {
    uint64_t at;
    double fade_seconds; /* as motet_timing has it */
    motet_curve curve;
    motet_verb verb;
    uint32_t line;
    uint32_t target;  /* place of the voice, the bus (also of its sends), the effect or the sound */
    uint32_t changes; /* MOTET_CHANGE_ bits */
    motet_timeline_settings settings;
    motet_duration position; /* "from" of play, "to" of seek */
    uint32_t loop;           /* of play and set: place in the list, or MOTET_NO_LOOP */
    uint32_t chunk;          /* of feed: place of its data */
    bool is_after;           /* of play: queued behind the voice in place `after` */
    uint32_t after;
    motet_timeline_range effect_settings; /* of set_effect */
} motet_timeline_command;

/* The data of one "feed". */
typedef struct motet_timeline_chunk {
    uint32_t line;
    const char *file; /* as written, or NULL: then */
    const char *base64;
} motet_timeline_chunk;

/* What an "expect" says of the time since the last one of an earlier frame, or since the start. */
typedef struct motet_timeline_expect {
    uint64_t at;
    uint32_t line;
    uint32_t bus;
    bool has_peak, has_voices, has_clicks, has_markers;
    double peak_low_db, peak_high_db;
    uint64_t voices_low, voices_high;
    uint64_t clicks_high;
    uint64_t markers_low, markers_high;
} motet_timeline_expect;

typedef struct motet_timeline {
    char *folder; /* that paths start from */
    motet_timeline_header header;
    motet_timeline_sound *sounds;
    motet_timeline_bus *buses;      /* Master first, parents before children */
    motet_timeline_effect *effects; /* in the order in which they stand on their buses */
    motet_timeline_send *sends;
    motet_effect_setting *effect_settings;
    motet_timeline_voice *voices;
    motet_timeline_command
        *commands; /* in the order of `at`; definitions, "expect", "note", "end" are not among them */
    motet_timeline_feed *feeds;
    motet_timeline_loop *loops;
    motet_timeline_chunk *chunks;
    motet_timeline_expect *expects; /* in the order of `at` */
    size_t sound_count, bus_count, voice_count, command_count, feed_count, loop_count, chunk_count, expect_count;
    size_t effect_count, send_count, effect_setting_count;
    size_t effect_capacity, send_capacity, effect_setting_capacity;
    size_t sound_capacity, bus_capacity, voice_capacity, command_capacity, feed_capacity, loop_capacity, chunk_capacity,
        expect_capacity;
    const char *simd;     /* as motet_engine_def has it: set by whoever plays the timeline */
    bool loads_now;       /* nothing in the background: set by whoever only checks the timeline */
    size_t busiest_frame; /* the most commands that one frame has */
    bool has_end;
    uint64_t end_frame;
    char **texts; /* owned strings that the fields above point to */
    size_t text_count, text_capacity;
} motet_timeline;

/* Whether a file is a timeline: by its ending .jsonl, by being "-", or by a first line with the key "motet". */
bool motet_timeline_is_file(const char *path);

/* Reads a whole timeline; "-" is standard input. `rate_hz` replaces the header's where it is not 0. False when there
 * is an error among `problems`, where warnings go too; the timeline is then only good for being freed. */
bool motet_timeline_read(motet_timeline *timeline, const char *path, uint32_t rate_hz, motet_problems *problems);

void motet_timeline_free(motet_timeline *timeline);

/* What turns a time of the timeline into frames at a rate: the header's own, or a sound's for places in it. */
motet_time_base motet_timeline_base(const motet_timeline *timeline, uint32_t rate_hz);

/* True when every voice is certain to end. False when it depends on how long a voice lives, or when one lasts for
 * ever: only a rendering tells. */
bool motet_timeline_surely_ends(const motet_timeline *timeline);

/* What to call a voice in a message: "m", or of "theme" where it has no name. Give it back with free(). */
char *motet_timeline_voice_text(const motet_timeline *timeline, uint32_t voice);

#endif /* MOTET_CLI_TIMELINE_H */
