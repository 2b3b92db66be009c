/* Markers: named places in a sound. The control side keeps them with the sound (sound_markers.c); the audio thread
 * tells which of them a voice passes (markers.c).
 *
 * A voice passes a marker at its first engine frame whose place is at or behind it. A frame that is rendered takes the
 * voice from its place up to the next frame's: markers at the former are passed there, those between both at the
 * latter. So a start or a seek onto a marker passes it, and one beyond it does not. */
#ifndef MOTET_ENGINE_MARKERS_H
#define MOTET_ENGINE_MARKERS_H

#include "engine/decoding.h"
#include "engine/slot.h"

/* ------------------------------------------------------------------------------------------------ Control side */

/* Whether a def's markers can be a sound's, as far as that is known without it. */
motet_result motet_markers_check(motet_engine *engine, const motet_sound_def *def);
/* Copies a decoder's markers: sorted, without those that lie outside, and no more than a sound may have. False when out
 * of memory. */
bool motet_markers_keep(motet_heap *heap, const motet_decoder_info *info, motet_decoded *decoded);
/* Puts a def's markers, if it has any, in the place of the file's. */
motet_result motet_markers_take_def(motet_engine *engine, motet_decoded *decoded, const char *name,
                                    const motet_sound_def *def);
/* Writes the markers into the material, once it is as it will be played; the frames are the material's own. */
motet_result motet_markers_place(motet_heap *heap, motet_decoded *decoded);
/* Whether a loaded sound has the markers that a def would give it. */
bool motet_markers_are_as_asked(const motet_sound_entry *entry, const motet_sound_def *def);
void motet_markers_unplace(motet_heap *heap, const motet_material *material);
void motet_markers_free(motet_heap *heap, motet_marker *markers, uint32_t count);

/* ------------------------------------------------------------------------------------------------ Audio thread */

/* Where a slot stood before it moved. */
typedef struct motet_marker_walk {
    motet_marker_place from;
    uint32_t passes; /* of the loop, as the slot has it */
} motet_marker_walk;

static inline motet_marker_walk motet_markers_walk_from(const motet_slot *slot) MOTET_NONBLOCKING
{
    return (motet_marker_walk){{slot->position, slot->fraction}, slot->passes};
}

/* Of a slot with markers: notes those that it has passed in the `count` engine frames from its own on, in which it has
 * moved by equal steps, or along its pitch. */
void motet_markers_note_evenly(motet_slot *slot, motet_marker_walk walk, uint64_t step,
                               uint64_t count) MOTET_NONBLOCKING;
void motet_markers_note(const motet_engine *engine, motet_slot *slot, motet_marker_walk walk,
                        uint64_t count) MOTET_NONBLOCKING;

/* The same for any slot. */
static inline void motet_markers_pass_evenly(motet_slot *slot, motet_marker_walk walk, uint64_t step,
                                             uint64_t count) MOTET_NONBLOCKING
{
    if (slot->marked) {
        motet_markers_note_evenly(slot, walk, step, count);
    }
}

static inline void motet_markers_pass(const motet_engine *engine, motet_slot *slot, motet_marker_walk walk,
                                      uint64_t count) MOTET_NONBLOCKING
{
    if (slot->marked) {
        motet_markers_note(engine, slot, walk, count);
    }
}

/* Raises an event if the voice has passed markers since the last one. At multiples of MOTET_BLOCK_FRAMES, and at its
 * end: so which markers share an event does not depend on blocks. */
void motet_markers_tell(motet_engine *engine, motet_slot *slot) MOTET_NONBLOCKING;

/* Of a virtual voice: the multiple of MOTET_BLOCK_FRAMES at which it has markers to tell, or to look for them;
 * UINT64_MAX: none. */
uint64_t motet_markers_alarm(const motet_engine *engine, const motet_slot *slot) MOTET_NONBLOCKING;

#endif /* MOTET_ENGINE_MARKERS_H */
