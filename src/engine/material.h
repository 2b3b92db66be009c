/* What a voice plays: the samples of a loaded sound, or the ring of a feed. Both are read by the audio thread. */
#ifndef MOTET_ENGINE_MATERIAL_H
#define MOTET_ENGINE_MATERIAL_H

#include "base/atomics.h"
#include "base/nonblocking.h"
#include "motet/motet.h"

/* Where a marker lies in the frames of a material; in converted ones it falls between two of them as a rule. */
typedef struct motet_marker_place {
    uint64_t frame;
    uint32_t fraction; /* of a frame, in 2^-32 */
} motet_marker_place;

/* The samples of a sound: never changed once made. */
typedef struct motet_material {
    void *samples; /* interleaved */
    uint64_t frame_count;
    uint32_t sample_rate_hz;
    uint8_t channels; /* 1 or 2 */
    uint8_t format;   /* motet_format */
    /* Of the file: other than the above where the material was converted to the engine's rate on loading. Positions
     * in the API are in these frames. */
    uint32_t file_rate_hz;
    uint64_t file_frame_count;
    uint64_t loop_start, loop_end; /* the file's loop points, in its frames; both 0 without */
    /* Of converted material that is not too long: the file's own frames, for voices that loop. */
    struct motet_material *original;
    motet_marker_place *markers; /* in rising order */
    uint32_t marker_count;
} motet_material;

/* Where a voice goes round, in the file's frames. */
typedef struct motet_loop_range {
    uint64_t start, end; /* the end is exclusive */
    uint64_t crossfade;
} motet_loop_range;

/* What a voice's range is in a material: `range` has the frames that the program asked for, 0 and 0 for the file's loop
 * points, unless `whole`, or for the whole sound where it has none. False, with the range as far as it is known, when
 * it is empty. */
bool motet_material_settle_loop(const motet_material *material, bool whole, double crossfade_seconds,
                                motet_loop_range *range) MOTET_NONBLOCKING;

/* How many voices of a sound may play, and which one yields. Set by the control side before the first play, counted by
 * the audio thread. */
typedef struct motet_sound_rules {
    uint32_t max_voices;          /* 0: any number */
    uint32_t min_interval_frames; /* engine frames between two starts; 0: none */
    uint8_t yield;                /* motet_yield */
    uint32_t voice_count;
    uint32_t oldest, newest; /* slots, linked by older_of_sound and newer_of_sound */
    bool has_started;
    uint64_t last_start; /* engine frame */
} motet_sound_rules;

/* Frames in flight from one writer to the audio thread. Frame n of the feed lies at n - `base` modulo `capacity`; a
 * frame belongs to the reader from `written` on until `played` has passed it by MOTET_FEED_HISTORY_FRAMES. Always f32:
 * what is written as s16 is converted exactly. The writer is the program, a thread of the engine (feed_thread.h), or
 * the audio thread itself (generator.h). */
typedef struct motet_feed {
    struct motet_feed *next_garbage;
    float *samples;         /* interleaved */
    uint32_t capacity;      /* frames: the buffer and the history */
    uint32_t buffer_frames; /* the most that a writer may be ahead */
    uint32_t start_frames;  /* held before it starts and after each gap */
    uint32_t sample_rate_hz;
    uint8_t channels;         /* as kept: 1 or 2 */
    uint8_t written_channels; /* as they are written */
    bool of_stream;           /* a stream's thread writes it: of a file that cannot seek */
    /* Of a feed that the program does not write itself; both NULL otherwise. */
    struct motet_generator *generator; /* frames are made on the audio thread, as they are needed */
    struct motet_feed_thread *thread;  /* by a thread that fills the feed */
    /* Under the API lock, of a generator on a thread: its voice, and what that needs for the next frames. */
    struct motet_feed *next_awaited;
    uint32_t voice;
    uint64_t awaited_frame;
    /* Under the API lock: a call is copying frames into it, what shall happen when it has. */
    bool is_written_to, finish_then, free_then;
    _Alignas(MOTET_CACHE_LINE) motet_atomic_u64 written;
    motet_atomic_u32 finished; /* set after the last write */
    motet_atomic_u32 failed;   /* set before `finished`: the voice ends as MOTET_END_FAILED */
    motet_atomic_u64 bad;      /* frames with NaN or infinity, where it is not the program that is told by a write */
    _Alignas(MOTET_CACHE_LINE) motet_atomic_u64 played;
    motet_atomic_u32 gaps;
    /* Audio thread: what was there when the block began, so that a voice and its tails see the same. */
    uint64_t available;
    uint64_t looked_at; /* the block's first frame + 1 */
    bool complete;      /* `available` is all that will ever come */
    uint64_t base;      /* 0 unless a generator has moved its frames to the front */
    uint64_t bad_told;  /* of `bad` */
    uint64_t bad_frame; /* of a generator: the engine frame at which the first one not told of was needed */
} motet_feed;

/* True where the engine has the feed written, and not the program. */
static inline bool motet_feed_is_made(const motet_feed *feed) MOTET_NONBLOCKING
{
    return feed->generator != NULL || feed->thread != NULL;
}

#endif /* MOTET_ENGINE_MATERIAL_H */
