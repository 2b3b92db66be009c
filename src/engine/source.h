/* Reads a slot's material at its pitch: the step from source frames to engine frames. Audio thread. */
#ifndef MOTET_ENGINE_SOURCE_H
#define MOTET_ENGINE_SOURCE_H

#include "engine/slot.h"

/* Source frames per engine frame as 32.32: round(pitch * (source_rate / engine_rate * 2^32)). */
uint64_t motet_source_step(double pitch, uint32_t source_rate_hz, uint32_t engine_rate_hz) MOTET_NONBLOCKING;

/* Puts a slot at a frame of its material's file, which for converted material falls between its own frames as a rule.
 * At or past the end it is over. */
void motet_source_seek(motet_slot *slot, uint64_t file_frame) MOTET_NONBLOCKING;
/* The same for a slot that has not read yet. One that loops reads the file's own frames where they are kept: the
 * length of a loop is not a whole number of converted ones. */
void motet_source_begin(motet_slot *slot, uint64_t file_frame, motet_loop_range range, bool loop) MOTET_NONBLOCKING;
/* Moves the range that it goes round, in the file's frames. */
void motet_source_set_loop_range(motet_slot *slot, uint64_t start, uint64_t end) MOTET_NONBLOCKING;
/* Switches the loop over the whole sound. A slot on converted material goes over to the file's own frames when it
 * starts to loop, at exactly the same place. */
void motet_source_set_loop(motet_slot *slot, bool loop) MOTET_NONBLOCKING;
/* Goes over to the same place, in seconds, in other material. The loop's range goes with it: the whole sound and the
 * file's loop points become those of the new one. */
void motet_source_change_material(motet_slot *slot, const motet_material *material) MOTET_NONBLOCKING;
/* Takes it in that a streamed sound has turned out shorter than its file says. */
void motet_source_shorten(motet_slot *slot) MOTET_NONBLOCKING;
/* Lets a streamed voice that waits for frames go on, once they are there: it comes in as after a jump. One that starts
 * with its sound has its first frame as it is. Tails wait for nothing. */
void motet_source_come_in(const motet_engine *engine, motet_slot *slot) MOTET_NONBLOCKING;
/* The place of the next frame, as 48.16 in the file's frames. */
uint64_t motet_source_position(const motet_slot *slot) MOTET_NONBLOCKING;

/* Where a frame of the file lies in a material: the place to which a seek goes. */
motet_marker_place motet_source_place(const motet_material *material, uint64_t file_frame) MOTET_NONBLOCKING;

typedef struct motet_source_run {
    uint32_t frames; /* written; fewer than asked for only at the end of the material */
    bool starved;    /* a gap of a feed or a stream began in them */
    uint64_t starved_frame;
} motet_source_run;

/* Writes the next `count` frames (at most MOTET_BLOCK_FRAMES) from the slot's engine frame on as floats, interleaved
 * where they are stereo, and moves its position past them. */
motet_source_run motet_source_read(motet_engine *engine, motet_slot *slot, float *out,
                                   uint32_t count) MOTET_NONBLOCKING;

/* Where the slot's position would be read out of memory in its own format, when its next `count` frames are plain
 * copies of consecutive frames; else NULL. */
const void *motet_source_direct(const motet_engine *engine, const motet_slot *slot, uint32_t count) MOTET_NONBLOCKING;
/* Moves the position past frames read that way. */
void motet_source_skip(motet_slot *slot, uint32_t count) MOTET_NONBLOCKING;

/* How a slot whose pitch stands still reads its material from its present frame on; where it is resampled, `filter`
 * receives how. What follows frame by frame is for the caller to see. */
motet_steadiness motet_source_steadiness(const motet_engine *engine, const motet_slot *slot,
                                         motet_steady_filter *filter) MOTET_NONBLOCKING;

/* True when the material has no further frame, now or ever. */
bool motet_source_is_over(const motet_slot *slot) MOTET_NONBLOCKING;
/* Why a voice ends that is over: its file may have failed. */
motet_end_reason motet_source_end_reason(const motet_slot *slot) MOTET_NONBLOCKING;

/* Moves the position on by `count` engine frames from the slot's own on, by arithmetic alone; a voice of a sound.
 * Returns how many, fewer than asked for where one step at a time would be too many. */
uint64_t motet_source_advance(motet_engine *engine, motet_slot *slot, uint64_t count) MOTET_NONBLOCKING;
/* Engine frames until the material ends, or the loop's end comes, at the present pitch; UINT64_MAX: never. */
uint64_t motet_source_frames_left(const motet_engine *engine, const motet_slot *slot) MOTET_NONBLOCKING;
/* Engine frames until the material ends, all passes of a loop included; UINT64_MAX: never. */
uint64_t motet_source_frames_to_end(const motet_engine *engine, const motet_slot *slot) MOTET_NONBLOCKING;
/* What the slot moves by in its present engine frame, in frames of what it reads, and in the file's. */
uint64_t motet_source_present_step(const motet_engine *engine, const motet_slot *slot) MOTET_NONBLOCKING;
uint64_t motet_source_file_step(const motet_engine *engine, const motet_slot *slot) MOTET_NONBLOCKING;

/* What the pitch stays below as it moves now. */
double motet_source_highest_pitch(const motet_slot *slot) MOTET_NONBLOCKING;
/* Frames that must be there from a position on, that one included, for a voice of a feed to sound at a pitch. */
uint32_t motet_source_needed(const motet_engine *engine, const motet_slot *slot, double pitch) MOTET_NONBLOCKING;

/* Takes a look at how much a feed holds, once a block. */
void motet_source_look(motet_feed *feed, uint64_t block_start) MOTET_NONBLOCKING;

#endif /* MOTET_ENGINE_SOURCE_H */
