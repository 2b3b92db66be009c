/* A voice as the audio thread sees it: where it reads, how loud it is, when that changes. Audio thread only, but for
 * motet_slots_create and _destroy.
 *
 * The first slots are the program's voices, real and virtual; as many more as may be real are *tails*: fading copies of
 * a voice at the place that it has left by a seek, for another bus, or for another voice. A real voice and each tail
 * stand in a list of their bus, in the order in which sums are made: by play number, a voice before its tails, the
 * newest tail first. Virtual voices: engine/virtual.h.
 *
 * A command inside a block does not cut the block of others. Before the block is mixed the commands due in it are
 * chained to their voice, and the voice applies them as its own rendering reaches their frames. A few commands do end
 * the block for all, so that everything stands at their frame: see motet_slot_ends_block. Taking a voice to another bus
 * inside a block leaves a copy in the old place, which sounds until that command and is a tail from then on, while the
 * voice itself runs along silently (*dry*) in the new bus until it gets there. */
#ifndef MOTET_ENGINE_SLOT_H
#define MOTET_ENGINE_SLOT_H

#include "base/alloc.h"
#include "dsp/mix.h"
#include "dsp/ramp.h"
#include "engine/command.h"
#include "engine/material.h"
#include "engine/steady.h"

#define MOTET_NO_SLOT UINT32_MAX

typedef enum motet_slot_phase {
    MOTET_SLOT_FREE,
    MOTET_SLOT_WAITING, /* its play has arrived and waits for its frame */
    MOTET_SLOT_PLAYING, /* in a bus's list: sounding, paused or fading */
    MOTET_SLOT_ENDED    /* not in a list any more; tails of it may be */
} motet_slot_phase;

/* Whether what a voice plays is there: while its sound is still loading it is not. */
typedef enum motet_slot_supply { MOTET_SUPPLY_THERE, MOTET_SUPPLY_MISSING, MOTET_SUPPLY_FAILED } motet_slot_supply;

/* Who has paused a slot: while any of them has, it does not run. */
typedef enum motet_pause { MOTET_PAUSED_ITSELF = 1, MOTET_PAUSED_BY_BUS = 2 /* see engine/pause.h */ } motet_pause;

/* Where a slot stands: what a copy of a voice does not take over. */
typedef struct motet_slot_place {
    uint32_t next, previous; /* in the bus's list */
    uint32_t index;
    uint32_t bus;
    bool is_tail;                      /* raises no event and is freed when it has faded out */
    bool is_reserved;                  /* a tail set aside for a seek later in this block: not yet a copy of anything */
    uint64_t rank;                     /* of a tail: the newer, the higher */
    uint32_t owner;                    /* of a tail: its voice */
    uint32_t tail_count;               /* of a voice */
    uint32_t first_tail, next_sibling; /* the voice's tails, in no order */
    uint32_t older_tail, newer_tail;   /* all tails, by age */
    bool is_virtual;                   /* of a voice: keeps its time without being mixed */
    uint32_t crowd_at;                 /* of a voice: where it stands among the real or the virtual ones */
    uint32_t alarm_at;                 /* of a virtual voice: where its alarm stands; MOTET_NO_SLOT: it has none */
    uint32_t older_of_sound, newer_of_sound; /* voices of a sound with rules, in the order of their starts */
    uint32_t follower;                       /* of a voice: the one that starts when it has come to its end */
    uint32_t leader;                         /* of one that is queued so: the voice that it waits for */
    uint32_t next_waiting, previous_waiting; /* of a voice that waits for others; see engine/queue.h */
    uint8_t waits;                           /* motet_wait */
    uint32_t next_stem;                      /* of a stem: a ring; see engine/stems.h */
} motet_slot_place;

typedef struct motet_slot {
    /* One line, up to the link to the next slot: all that a steady voice is asked for. */
    _Alignas(64) motet_steady steady;
    uint64_t position; /* the next source frame ... */
    uint32_t fraction; /* ... and its 2^-32 parts */
    uint64_t now;      /* engine frame up to which it has been rendered */
    motet_slot_place place;

    motet_steady_filter steady_filter;
    uint32_t generation;
    uint8_t phase; /* motet_slot_phase */
    uint8_t channels;
    uint8_t quality; /* motet_quality */
    bool paused;     /* the pause gate is closed or closing */
    uint8_t pauses;  /* why: of motet_pause */
    bool held;       /* it is closed: the position stands */
    bool stopping;
    uint8_t end_reason; /* motet_end_reason of a stop: by a call, or by another voice of the sound */
    uint8_t ended_as;   /* of a voice that is over: its motet_end_reason */
    bool moved;         /* its track has changed since it was told */
    bool loop;
    uint32_t rounds;   /* times gone round the loop: so many passes of it lie before its start */
    bool gap;          /* a fed or streamed voice that waits for frames */
    uint64_t gap_seen; /* what there was when it was last asked whether it can go on; UINT64_MAX: never */
    bool sounded;      /* a fed or streamed voice that has played a frame, of where it is */
    bool is_quiet;     /* read by a cheaper filter: engine/quiet.h */
    bool begun;        /* its first frame has been rendered: one that was played paused waits there */
    bool locked;       /* a stem: its position goes on where it has no frames */

    uint8_t supply; /* motet_slot_supply; engine/late.h */
    bool is_late;   /* waits past its frame; likewise below */
    uint32_t late_next, late_previous;
    uint64_t late_frame, late_until; /* what it misses is counted from the one on, and it may start up to the other */
    double missed;                   /* before that, in frames at a pitch of 1 */
    uint64_t from_frame;             /* where it starts, in the file's frames */

    const struct motet_edition *edition; /* NULL: a feed's */
    const motet_material *material;      /* of it; or a feed */
    motet_feed *feed;
    struct motet_stream *stream;   /* or the sound is decoded while it plays: NULL otherwise */
    bool from_original;            /* reads the file's own frames of a sound that was converted on loading */
    motet_loop_range range;        /* in the file's frames */
    uint64_t loop_start, loop_end; /* the same in source frames */
    uint64_t loop_crossfade;
    uint32_t passes;         /* of the loop still to be heard, this one included; 0: no end */
    uint32_t laps;           /* times gone round since it was told; the first of them at ... */
    uint64_t lap_frame;      /* ... this engine frame */
    bool marked;             /* a voice of a sound with markers */
    uint32_t marker;         /* the first one passed since that was told ... */
    uint64_t marker_frame;   /* ... at this engine frame ... */
    uint32_t markers_passed; /* ... and how many in all */
    /* The sinc filter in use, and the one that it gives way to over 64 frames; the engine frame that follows the last
     * one read. */
    uint8_t bank_before, bank;
    uint64_t bank_frame;

    motet_ramp volume, pitch;
    /* Each side's share of the pan moves by itself: a pan that crosses the centre would have a corner there. */
    motet_ramp share_left, share_right;
    motet_ramp fade_in; /* of the play */
    motet_ramp jump;    /* in after a seek or a change of bus; out on a tail */
    motet_ramp pause_gate, stop_gate;

    uint64_t start_frame;     /* engine frame of its first frame */
    uint64_t play_number;     /* order of summing: given at the first frame */
    uint64_t sequence;        /* of its play among all commands */
    uint64_t cancelled;       /* commands up to this sequence that still wait are void */
    uint64_t alarm;           /* of a virtual voice: the frame at which something happens to it */
    double weight;            /* of its priority: what its level counts for against others */
    motet_sound_rules *rules; /* NULL: none */
    /* Only compared: its sound, and the one that the program named, which may be a set. */
    const struct motet_sound_entry *sound, *played;
    uint64_t user;

    uint32_t fade_in_frames; /* as the play asked for */
    uint8_t fade_in_curve;
    bool fade_in_default; /* it left the fade open */

    uint32_t cursor;      /* the next command of this block's chain to apply */
    uint32_t chain_last;  /* of a voice: the last of its chain; MOTET_NO_COMMAND: there is none */
    uint32_t dry_until;   /* silent until it has applied this command */
    uint32_t voice_until; /* of a copy left in another bus: acts as the voice until this command */
} motet_slot;

/* The real voices, or the virtual ones, in no order. */
typedef struct motet_crowd {
    uint32_t *slots;
    uint32_t count;
} motet_crowd;

typedef struct motet_slot_list {
    uint32_t first, last;
} motet_slot_list;

typedef struct motet_slots {
    motet_slot *slots;
    uint32_t voice_count, slot_count; /* voices real and virtual; with the tails */
    motet_crowd real, virtual;
    uint32_t free_tail; /* linked by `next` */
    uint32_t free_tail_count;
    uint32_t oldest_tail, newest_tail;
    uint64_t plays; /* play numbers given */
    uint64_t tails; /* ranks given */
} motet_slots;

bool motet_slots_create(motet_slots *slots, motet_heap *heap, uint32_t max_real, uint32_t max_virtual);
void motet_slots_destroy(motet_slots *slots, motet_heap *heap);

/* Takes a slot for a play that has arrived, from the voice's record. */
void motet_slot_prepare(motet_engine *engine, const motet_command *play) MOTET_NONBLOCKING;
/* Its first frame: gives it a play number and a place in its bus. */
void motet_slot_start(motet_engine *engine, motet_slot *slot, uint64_t frame) MOTET_NONBLOCKING;

/* Whether nothing is left of the voice that a command is for. */
bool motet_slot_is_over(motet_engine *engine, const motet_command *command) MOTET_NONBLOCKING;

/* Applies a command at the slot's present frame; all slots stand at the start of a block. */
void motet_slot_apply_now(motet_engine *engine, uint32_t index) MOTET_NONBLOCKING;
/* What the commands asked about so far for one frame may need. */
typedef struct motet_block_needs {
    uint32_t tails;  /* where they are not there, the oldest have to be given up first */
    uint32_t starts; /* likewise places of real voices, and of voices of a sound */
} motet_block_needs;

/* Whether the block must end before a command instead. */
bool motet_slot_ends_block(motet_engine *engine, const motet_command *command,
                           motet_block_needs *needs) MOTET_NONBLOCKING;
/* Chains a command that does not end the block to its voice, for later in it. */
void motet_slot_apply_later(motet_engine *engine, uint32_t index) MOTET_NONBLOCKING;

/* What a bus's voices are added to: mono voices to one sum, stereo voices to an interleaved other one. */
typedef struct motet_voice_sum {
    motet_stereo_sum mono;
    float *stereo;
} motet_voice_sum;

/* Renders a slot up to engine frame `end` into a sum whose first frame is `block_start`. */
void motet_slot_render(motet_engine *engine, motet_slot *slot, motet_voice_sum sum, uint64_t block_start,
                       uint64_t end) MOTET_NONBLOCKING;

#endif /* MOTET_ENGINE_SLOT_H */
