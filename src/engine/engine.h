/* The engine, whole: which thread owns what, and the doors between them.
 *
 * Control side: any of the program's threads, one at a time under `lock`. Audio side: whoever renders. Nothing is
 * written by both; what crosses does so through the two command rings, the event ring, the garbage list and the
 * read-backs. */
#ifndef MOTET_ENGINE_ENGINE_H
#define MOTET_ENGINE_ENGINE_H

#include "base/alloc.h"
#include "base/log.h"
#include "base/ring.h"
#include "base/seqlock.h"
#include "base/thread.h"
#include "engine/command.h"
#include "engine/event.h"
#include "engine/loader.h"
#include "engine/material.h"
#include "engine/mixer.h"
#include "engine/output.h"
#include "engine/queue.h"
#include "engine/quiet.h"
#include "engine/reload.h"
#include "engine/schedule.h"
#include "engine/slot.h"
#include "engine/sound_cache.h"
#include "engine/stems.h"
#include "engine/virtual.h"

/* ----------------------------------------------------------------------------------------- Control side */

/* What a sound's file held when it was read. Stays where it is, since voices point to it. */
typedef struct motet_edition {
    motet_material material; /* nobody reads it before `state` says that it is there */
    motet_atomic_u32 state;  /* motet_sound_state */
    uint32_t hold_count;     /* control side: the sound itself, and voices */
    struct motet_edition *next_garbage;
} motet_edition;

/* A sound: one place in the table, or kept after its release. */
typedef struct motet_sound_entry {
    uint32_t index, generation;
    bool released;       /* its id is stale; it goes with its last voice */
    uint32_t load_count; /* releases still to come */
    uint32_t voice_count;
    motet_edition *edition;  /* the newest */
    struct motet_load *load; /* that it waits for; NULL: none */
    motet_sound_rules rules; /* the audio thread's, once a voice has been played */
    bool has_rules;
    struct motet_variations *variations; /* of a set: its material is empty */
    double tempo_bpm;
    uint32_t beats_per_bar;
    uint64_t first_beat_frame;
    motet_sound_info info;
    char *name;
    char *path; /* NULL: not from a path */
    motet_store store;
    bool no_convert;
    motet_files files; /* that `path` was opened with */
    bool in_memory;
    bool streams; /* as its def asked */
    bool async;
    motet_result error; /* of the last time that it was read in the background */
    char *error_text;
    motet_file_stamp stamp; /* of its file, when that was read */
    motet_tag *tags;
    uint32_t tag_count;
    motet_marker *markers; /* `info.marker_count` of them */
    bool markers_of_def;
    struct motet_stream_file *streamed;     /* decoded while it plays; NULL: it is loaded */
    struct motet_sound_entry *next_garbage; /* or, among those kept after their release, the next older one */
} motet_sound_entry;

/* Where a sound stands in the table: what an id's index means. */
typedef struct motet_sound_place {
    motet_sound_entry *entry; /* NULL: free */
    uint32_t generation;      /* of the newest entry here */
    uint32_t next_free;
} motet_sound_place;

/* What a play hands to the audio thread; written before the command is published. */
typedef struct motet_voice_start {
    const motet_edition *edition;
    const motet_material *material; /* the edition's */
    motet_feed *feed;
    struct motet_stream *stream; /* of a sound that is still loading: there when its edition is */
    uint32_t bus;
    double gain, pan, pitch;
    bool loop, paused;
    motet_loop_range range;          /* of a sound that is still loading: as the def has it */
    uint64_t asked_start, asked_end; /* as the def has it */
    double loop_crossfade_seconds;
    bool loop_whole;
    uint32_t loop_count;
    uint8_t late;         /* motet_late */
    uint64_t wait_frames; /* UINT64_MAX: as long as it takes */
    uint8_t quality;
    uint64_t from_frame;
    double weight; /* of its priority */
    motet_sound_rules *rules;
    bool streams;                    /* its sound is decoded while it plays */
    const motet_sound_entry *sound;  /* only compared; likewise ... */
    const motet_sound_entry *played; /* ... the one that the program named: the set, where it is one */
    uint32_t after;                  /* of a queued voice: the one that it follows */
    uint32_t after_generation;       /* 0: it is not queued */
    bool is_stem, is_last_stem;
    uint32_t previous_stem; /* MOTET_NO_SLOT: it is the first */
    uint64_t user;
} motet_voice_start;

/* A voice as the control side sees it, and what the audio side reports of it. */
struct motet_voice_record {
    motet_atomic_u64 state; /* generation << 8 | motet_voice_phase */
    uint32_t generation;
    uint32_t next_free;
    uint32_t group;           /* in which its play waits to be committed; 0: none */
    motet_sound_entry *sound; /* NULL: a fed voice */
    motet_edition *edition;   /* of it, that the voice holds */
    motet_sound sound_id;
    motet_feed *feed;
    struct motet_stream *stream; /* NULL: its sound is not streamed */
    bool has_stream;             /* or will have: it counts among the streams that may be open */
    motet_voice_start start;
    float volume_db, pan; /* the goals of the last calls */
    double pitch;
    bool loop, paused;
    bool is_leaving; /* a stop is on its way that does not wait for a later frame */
    bool is_stem;
    bool loop_fits;     /* of a stem: the loop that they share ends inside its sound */
    uint32_t next_stem; /* a ring */
    motet_bus bus;
    uint64_t user;
    uint32_t follower, follower_generation; /* the voice queued after it last; generation 0: none */
    motet_seqlock track;                    /* where it is and how it moves on: see motet_slot_tell_track */
    motet_atomic_f32 level;                 /* its volume and fades at the end of the last block; linear */
    motet_atomic_pointer next_garbage;
};

typedef enum motet_voice_phase {
    MOTET_VOICE_FREE,    /* written by control */
    MOTET_VOICE_PENDING, /* by control: asked for, not started */
    MOTET_VOICE_PLAYING, /* by audio */
    MOTET_VOICE_ENDED    /* by audio */
} motet_voice_phase;

/* A bus as the control side sees it: never destroyed, so its generation is always 1. */
typedef struct motet_bus_entry {
    char name[MOTET_MAX_BUS_NAME + 1];
    motet_bus parent;
    float volume_db;
    bool mute, solo, paused;
    motet_bus_node *node;
} motet_bus_entry;

/* Counters that the audio thread alone writes. */
typedef struct motet_counters {
    motet_atomic_u64 voices_started;
    motet_atomic_u64 voices_active, voices_virtual, voices_peak;
    motet_atomic_u64 tails_dropped;
    motet_atomic_u64 commands_applied, commands_late;
    motet_atomic_u64 events_lost;
    motet_atomic_u64 feed_gaps, stream_gaps;
    motet_atomic_u64 stream_slice_ns; /* the longest that a page has taken to fill, an opened file included */
    motet_atomic_u64 non_finite_frames;
    motet_atomic_f32 master_level[2];
    motet_atomic_f32 master_peak;
} motet_counters;

/* To be freed outside the lock. */
typedef struct motet_garbage {
    motet_sound_entry *sounds;
    motet_feed *feeds;
    motet_edition *editions;
    struct motet_effect_unit *effects;
} motet_garbage;

struct motet_engine {
    /* Fixed at creation. */
    motet_heap heap;
    motet_log log;
    motet_engine_def def; /* complete: every default written out */
    uint32_t voice_limit; /* real and virtual */
    uint32_t declick_frames;
    uint32_t latency_frames;
    uint32_t tag;        /* in every id, so that another engine's ids are not taken for this one's */
    uint32_t fork_count; /* at creation */

    /* Control side. */
    motet_mutex lock;
    motet_sound_place *sounds; /* by index */
    uint32_t sound_count, sound_capacity;
    uint32_t free_sound;
    motet_garbage garbage; /* each list linked by `next_garbage` */
    motet_sound_cache cache;
    motet_reload *reloads; /* under way, the oldest first */
    struct motet_feed_thread *feed_threads;
    motet_feed *awaited_feeds; /* those of generators on threads; linked by `next_awaited` */
    motet_voice_record *voices;
    uint32_t free_voice, last_free_voice; /* oldest first, so that ids are reused late */
    motet_bus_entry *buses;
    uint32_t bus_count;
    motet_desk desk;
    uint64_t random; /* state of every random choice */
    motet_event_queue queue;
    motet_event *drained; /* where a ring's worth of events is sorted */

    /* Doors. */
    motet_command_pool commands;
    motet_ring events;                  /* out */
    motet_atomic_pointer voice_garbage; /* out: records whose slot is free again, linked by next_garbage */
    motet_atomic_pointer topology_garbage;
    motet_seqlock clock;    /* out: frame, block start, host time, device latency */
    motet_atomic_u64 frame; /* out: the next to be rendered */
    motet_counters counters;
    _Alignas(MOTET_CACHE_LINE) motet_atomic_u64 claim; /* epoch << 1 | somebody is inside */

    /* Audio side. */
    _Alignas(MOTET_CACHE_LINE) motet_slots slots;
    motet_waiting waiting;
    motet_choice choice;
    motet_quiet quiet;
    motet_schedule schedule;
    motet_mixer mixer;
    uint64_t now; /* the block's first frame */
    uint64_t sequence;
    uint32_t first_in_block;           /* commands chained in this block, linked by next_in_block */
    motet_voice_record *finished;      /* in this block, linked by next_garbage */
    uint32_t live;                     /* voices playing */
    bool stem_left;                    /* one whose bus may have held others back; see engine/pause.h */
    struct motet_stream *first_stream; /* linked by next_here */
    uint64_t streams_searched;         /* the frame at which the schedule was searched for one of them + 1 */
    motet_slot_list late;              /* voices that wait for their sound past their frame, as they came */
    motet_reload *leaving;             /* whose old editions tails may read; the oldest first */

    /* Background. */
    motet_output *output; /* NULL: MOTET_DEVICE_MANUAL */
    motet_loader loader;
    struct motet_streams *streams; /* NULL until a sound is streamed */
};

/* ------------------------------------------------------------------------------------- Into every API call */

/* Takes the API lock and does the housekeeping: commands, events and garbage that have come back. False in a fork's
 * child, or for NULL: `*result` says so. */
bool motet_engine_enter(motet_engine *engine, motet_result *result);
void motet_engine_leave(motet_engine *engine);

/* The housekeeping by itself, under the lock. */
void motet_engine_tidy(motet_engine *engine);

/* What is to be freed outside the lock: taken under it. */
motet_garbage motet_engine_take_garbage(motet_engine *engine);
void motet_engine_free_garbage(motet_engine *engine, motet_garbage garbage);

/* Ids: generation << 32 | tag << 24 | index + 1. */
enum { MOTET_MAX_INDEX = 0xfffffe };
#define MOTET_ID_UNKNOWN UINT64_MAX /* what a failed search returns: never valid, never Master */
uint64_t motet_id_make(const motet_engine *engine, uint32_t index, uint32_t generation) MOTET_NONBLOCKING;
/* False when it is not an id of this engine. */
bool motet_id_split(const motet_engine *engine, uint64_t id, uint32_t *index, uint32_t *generation);

/* Under the lock: the thing of an id, or NULL with the failure told. */
motet_sound_entry *motet_sound_get(motet_engine *engine, motet_sound sound);
motet_voice_record *motet_voice_get(motet_engine *engine, motet_voice voice, uint32_t *slot);
motet_bus_entry *motet_bus_get(motet_engine *engine, motet_bus bus, uint32_t *index);

/* Under the lock: a voice of a sound or a feed; `sound_id` and `played` are what the program named, which may be
 * a set. Its command is staged, not published. */
motet_voice motet_voice_begin(motet_engine *engine, motet_sound_entry *sound, motet_sound sound_id,
                              const motet_sound_entry *played, motet_feed *feed, const motet_voice_def *def);

/* A voice that is played. */
typedef struct motet_voice_request {
    motet_sound_entry *sound; /* NULL: a fed voice */
    motet_sound sound_id;     /* what the program named, which may be a set; likewise: */
    const motet_sound_entry *played;
    motet_feed *feed;
    const motet_voice_def *def;
    motet_voice_record *after;   /* that it is queued after, or NULL */
    uint32_t group;              /* in which it waits to be committed; 0: none */
    struct motet_stream *stream; /* made for it already, or NULL */
    bool is_stem, is_last_stem;
    uint32_t previous_stem;
} motet_voice_request;
/* Under the lock: plays it. Its command is staged, not published. */
motet_voice motet_voice_send(motet_engine *engine, const motet_voice_request *request);
/* Under the lock: the loop that a def asks of a sound: false, with the failure told, when it is empty. */
bool motet_voice_find_loop(motet_engine *engine, const motet_sound_entry *sound, const motet_voice_def *def,
                           motet_loop_range *range);

/* Where a voice is at the next engine frame to be rendered, and how it moves on, in frames of its material. */
typedef struct motet_track {
    uint64_t frame; /* the engine frame */
    double position, step;
    bool looping, is_virtual, begun;
    uint64_t loop_start, loop_end;
    uint64_t passes; /* of the loop still to be heard, this one included; 0: no end */
} motet_track;
motet_track motet_voice_track(const motet_engine *engine, const motet_voice_record *record);
/* Without the lock: checks a voice's def. */
motet_result motet_voice_check(motet_engine *engine, const motet_voice_def *def);

/* Under the lock: a voice's slot has come back. */
void motet_voice_finish(motet_engine *engine, motet_voice_record *record);
/* Under the lock: one voice of a sound less; its memory goes after the lock is left, if it was the last. */
void motet_sound_drop_voice(motet_engine *engine, motet_sound_entry *sound);
void motet_sound_free(motet_engine *engine, motet_sound_entry *sound);
/* Under the lock: one holder of an edition less; what is left goes after the lock is left. */
void motet_edition_drop(motet_engine *engine, motet_edition *edition);
void motet_edition_free(motet_engine *engine, motet_edition *edition);
/* Under the lock: one load less; the last makes the id stale. */
void motet_sound_let_go(motet_engine *engine, motet_sound_entry *sound);
/* Without the lock: a sound of a set, which it takes over; on failure it is given back. */
motet_sound motet_sound_add_variations(motet_engine *engine, struct motet_variations *set, const motet_sound_def *def);
/* Under the lock: a feed's voice has come back; it is freed after the lock is left. */
void motet_feed_let_go(motet_engine *engine, motet_feed *feed);
/* Without the lock: ends what writes into it, and frees it. */
void motet_feed_free(motet_engine *engine, motet_feed *feed);

/* False, with the failure told, unless a number is finite. */
bool motet_check_number(motet_engine *engine, double value, const char *what);
double motet_clamp(double value, double low, double high);

#endif /* MOTET_ENGINE_ENGINE_H */
