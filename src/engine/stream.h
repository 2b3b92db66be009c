/* A voice of a sound that is decoded while it plays.
 *
 * It reads the same material as a voice of a loaded sound, of which only some *pages* are there: runs of
 * MOTET_STREAM_PAGE_FRAMES frames at their places. So all that is said of positions, loops, filters and rates holds
 * for it as it stands, and what is heard has the same bits.
 *
 * A page belongs to one thread at a time. The audio thread works out which pages the voice and its tails hear next, in
 * the order of the frames at which they are due, and shows that list. The stream thread fills the first one that is
 * not there into a page of its own and hands it over by setting its key. The audio thread hands pages back that are in
 * the list no more, by taking the key away, at the start of a block, when nobody reads. */
#ifndef MOTET_ENGINE_STREAM_H
#define MOTET_ENGINE_STREAM_H

#include "base/log.h"
#include "base/nonblocking.h"
#include "base/thread.h"
#include "engine/loop.h"
#include "engine/material.h"
#include "engine/slot.h"
#include "engine/stream_file.h"

enum {
    MOTET_STREAM_PAGE_FRAMES = 4096,
    MOTET_STREAM_PAGES = 256,          /* half a second at the highest pitch, and more */
    MOTET_STREAM_PLACES = 512,         /* of a table of the plan: a power of two, twice as many as it has at most */
    MOTET_STREAM_WANTED = 224,         /* fewer, so that one is always free */
    MOTET_STREAM_AWAITED = 16,         /* changes of a voice at later frames that are looked at together */
    MOTET_STREAM_STARTS_PER_SECOND = 8 /* a voice starts with this part of a second in hand */
};

/* Which frames: (page number << 1 | of the file's own frames beside the converted ones) + 1; 0 is none. */
typedef uint64_t motet_stream_key;

struct motet_sound_entry;
struct motet_voice_start;

/* All streams of an engine, and their thread; made with the first sound that is streamed. */
typedef struct motet_streams motet_streams;

typedef struct motet_stream_want {
    motet_stream_key key;
    uint64_t due; /* engine frame at which it will be heard */
} motet_stream_want;

typedef struct motet_stream_page {
    motet_atomic_u64 key; /* 0: the stream thread's; else the audio thread's */
    void *samples;        /* NULL, or the stream thread's to give back, while there is no key */
} motet_stream_page;

/* A page that is there in this block. */
typedef struct motet_stream_seen {
    motet_stream_key key;
    const void *samples;
    uint32_t page;
} motet_stream_seen;

/* What a plan depends on, of a voice without tails that stands at the present frame. */
typedef struct motet_stream_place {
    bool made; /* else it says nothing */
    bool original, loop, is_virtual;
    uint32_t passes, rounds;
    uint32_t near, changes; /* of what is asked for later */
    uint64_t position, step;
    uint64_t loop_start, loop_end, loop_crossfade;
    uint64_t frame_count;
} motet_stream_place;

typedef struct motet_stream {
    uint32_t voice;

    /* Stream thread, or whoever holds the streams' lock. */
    struct motet_stream *next;
    motet_sound sound; /* for events */
    motet_stream_reader reader;
    motet_stream_key next_key; /* what follows the page filled last */
    bool is_own;               /* its file is the program's: filled by workers (stream_workers.h) */
    bool busy;                 /* by one of them, which has left the lock */
    /* Of a file that cannot seek, which has no pages: what the voice plays, and where it comes from. */
    motet_feed *feed;
    motet_live_file *live; /* NULL: not opened yet */

    /* Both. */
    motet_stream_page pages[MOTET_STREAM_PAGES];
    motet_atomic_u32 page_count; /* none behind these has memory */
    motet_atomic_u64 end;        /* of the file's frames as decoding has found it; UINT64_MAX: not yet */
    motet_atomic_u64 end_converted;
    motet_atomic_u32 failed; /* that end is a failure */
    motet_atomic_u32 over;   /* by the control side: nobody reads any more */
    motet_atomic_u32 ahead;  /* by the audio thread: engine frames that are there from the voice's place on */
    /* Two copies, of which the one that `turn` does not name is written: as in a seqlock. */
    motet_atomic_u32 turn;
    motet_atomic_u32 want_count[2];
    motet_atomic_u64 wants[2][2 * MOTET_STREAM_WANTED];

    /* Audio thread; the control side before the play is published. */
    motet_material material, original; /* the sound's, with the length that is known by now */
    uint64_t looked_at;                /* the block's first frame + 1 */
    bool has_failed;
    motet_stream_seen seen[MOTET_STREAM_PAGES];
    uint32_t seen_count, seen_last;
    motet_stream_want plan[MOTET_STREAM_WANTED];
    uint32_t plan_count;
    uint16_t plan_places[MOTET_STREAM_PLACES];      /* by key: where in the plan it is + 1 */
    uint64_t plan_delay;                            /* added to what is due: of a voice that is not heard */
    motet_stream_place planned;                     /* what the plan shown was made for */
    struct motet_stream *next_here, *previous_here; /* all whose play has arrived */
    uint64_t start_frame;                           /* of one that waits for it */
    bool ready;                                     /* a virtual voice could be heard at once */
    motet_command awaited[MOTET_STREAM_AWAITED];    /* what sends the voice elsewhere later: the first of that */
    uint32_t awaited_count;
    bool awaited_more; /* and there are others */
    uint32_t changes;  /* of that list */
} motet_stream;

/* ------------------------------------------------------------------------------------------------ Audio thread */

/* At the start of a block, once: takes in what has come, works out what is wanted and hands back the rest. `slot` is
 * the voice or one of its tails. */
void motet_stream_look(motet_engine *engine, const motet_slot *slot, uint64_t block_start) MOTET_NONBLOCKING;

/* The samples of a page, or NULL. */
const void *motet_stream_find(motet_stream *stream, bool original, uint64_t page) MOTET_NONBLOCKING;

/* The first unrolled frame from `at` on, and before `end`, that is not there; `end` if all are. */
int64_t motet_stream_missing(const motet_slot *slot, int64_t at, int64_t end) MOTET_NONBLOCKING;

/* Whether enough is there to start. */
bool motet_stream_is_primed(const motet_engine *engine, const motet_slot *slot) MOTET_NONBLOCKING;

motet_stream_key motet_stream_key_of(bool original, uint64_t page) MOTET_NONBLOCKING;
/* Of a piece's first `count` frames, those that the crossfade of the loop changes: the first of them, and where the
 * frames lie that come in; UINT64_MAX where there are none. */
uint64_t motet_stream_crossfaded(const motet_slot *slot, motet_loop_piece piece, uint64_t count,
                                 uint64_t *before) MOTET_NONBLOCKING;

/* A look step by step: takes in what has come (true: the material has turned out shorter); has a new plan made; hands
 * back what is not in it, and shows it to the stream thread. */
bool motet_stream_take(motet_stream *stream) MOTET_NONBLOCKING;
void motet_stream_empty_plan(motet_stream *stream) MOTET_NONBLOCKING;
/* What is planned with a key, or NULL; `place` (may be NULL) receives where it is, or would be, in the table. */
motet_stream_want *motet_stream_planned(motet_stream *stream, motet_stream_key key, uint32_t *place) MOTET_NONBLOCKING;
void motet_stream_settle_plan(motet_stream *stream) MOTET_NONBLOCKING;
void motet_stream_show_plan(motet_stream *stream) MOTET_NONBLOCKING;

/* stream_plan.c */

/* Adds what a slot hears in `frames` engine frames from its own on, and some more, to the stream's plan. */
void motet_stream_plan(const motet_engine *engine, motet_stream *stream, const motet_slot *slot,
                       uint64_t frames) MOTET_NONBLOCKING;
/* The same of a voice, with where it will be sent in the next seconds. */
void motet_stream_plan_ahead(motet_engine *engine, motet_stream *stream, const motet_slot *voice,
                             uint64_t frames) MOTET_NONBLOCKING;
/* A command goes into the schedule: the stream that it concerns, if any, is told. */
void motet_stream_await(motet_engine *engine, const motet_command *command) MOTET_NONBLOCKING;
/* On copies of a voice: lets a command send it elsewhere; moves it to a later frame. */
void motet_stream_try(motet_slot *copy, const motet_command *command) MOTET_NONBLOCKING;
void motet_stream_bring_up(motet_engine *engine, motet_slot *copy, uint64_t frame) MOTET_NONBLOCKING;

/* At the start of a block, on the grid of choices: looks after voices that wait for their start or are virtual. */
void motet_streams_look_aside(motet_engine *engine) MOTET_NONBLOCKING;
/* Of the slot that a play has arrived in; and when it is free again. */
void motet_stream_arrive(motet_engine *engine, motet_stream *stream, uint64_t start_frame) MOTET_NONBLOCKING;
void motet_stream_leave(motet_engine *engine, motet_stream *stream) MOTET_NONBLOCKING;

/* ------------------------------------------------------------------------------------------------ Control side */

/* Under the API lock; false, with the failure told, when it cannot be made. */
bool motet_streams_begin(motet_engine *engine);
void motet_streams_destroy(motet_engine *engine, bool forked);

/* Under the API lock: counts a voice's stream in, which may be made later. False, with the failure told, beyond
 * max_streams. */
bool motet_stream_reserve(motet_engine *engine, const struct motet_sound_entry *sound);
/* Under the API lock: counts out a stream that has not been made. */
void motet_stream_unreserve(motet_engine *engine);
/* Under the API lock: a stream for a voice. NULL, with the failure told, when out of memory. */
motet_stream *motet_stream_create(motet_engine *engine, struct motet_sound_entry *sound, uint32_t voice);
/* Under the API lock, before the play for `frame` is sent: lets the stream thread begin. */
void motet_stream_send(motet_engine *engine, motet_stream *stream, const struct motet_voice_start *start,
                       uint64_t frame);
/* Under the API lock: of one that has not been sent; counts it out. */
void motet_stream_discard(motet_engine *engine, motet_stream *stream);
/* Under the API lock: its voice and all tails are over; counts it out. */
void motet_stream_drop(motet_engine *engine, motet_stream *stream);

/* Lets the calling thread decode too: under a lock of its own. */
void motet_streams_lock(motet_streams *streams);
void motet_streams_unlock(motet_streams *streams);
/* With the lock: all streams, linked by `next`. */
motet_stream *motet_streams_first(motet_streams *streams);
/* With the lock: fills all that the plan has. */
void motet_streams_fill_plan(motet_engine *engine, motet_stream *stream);

#endif /* MOTET_ENGINE_STREAM_H */
