/* The ring of a feed from its writer's side: one writer at a time, which needs no lock, since the audio thread takes
 * what `written` has passed and no more. Not for the audio thread. */
#ifndef MOTET_ENGINE_FEED_RING_H
#define MOTET_ENGINE_FEED_RING_H

#include "base/alloc.h"
#include "engine/material.h"

typedef struct motet_feed_shape {
    uint32_t sample_rate_hz;
    uint32_t channels;      /* as they are written: 1 ... MOTET_MAX_CHANNELS */
    uint32_t buffer_frames; /* the most that may be held; made larger where no filter could work with so few */
    uint32_t spare_frames;  /* room behind that, for a writer that has to put pieces of one length */
    uint32_t start_frames;  /* held before it starts */
} motet_feed_shape;

/* NULL when out of memory. */
motet_feed *motet_feed_create(motet_heap *heap, const motet_feed_shape *shape);
/* The ring alone: motet_feed_free of engine.h ends whatever writes into it first. */
void motet_feed_destroy(motet_heap *heap, motet_feed *feed);

/* Written and not yet played. At a high pitch a voice that runs dry has stepped past the last frame: it will skip the
 * next ones to come. */
uint32_t motet_feed_held(const motet_feed *feed);
/* Frames that may be written now. */
uint32_t motet_feed_room(const motet_feed *feed);

/* Copies frames in, of which there must be room for all (the spare ones included), and shows them to the audio thread:
 * cleaned, folded, as floats. Returns how many held NaN or infinity. */
uint32_t motet_feed_put_f32(motet_feed *feed, const float *interleaved, uint32_t frame_count);
uint32_t motet_feed_put_s16(motet_feed *feed, const int16_t *interleaved, uint32_t frame_count);

/* Says that no frame will follow. */
void motet_feed_end(motet_feed *feed, bool failed);

#endif /* MOTET_ENGINE_FEED_RING_H */
