/* A sound as a picture: its waveform, and for a rendered timeline when each voice plays. Plain data in, SVG text out;
 * the same data give the same bytes. */
#ifndef MOTET_CLI_DRAW_H
#define MOTET_CLI_DRAW_H

#include "svg.h"

#include <stdbool.h>
#include <stdint.h>

/* A stretch of frames; `to` is exclusive. */
typedef struct motet_draw_span {
    uint64_t from, to;
} motet_draw_span;

/* One voice of a rendered timeline. */
typedef struct motet_draw_voice {
    const char *label;
    uint32_t place; /* in the timeline */
    uint32_t bus;   /* place in the list */
    motet_draw_span span;
    uint64_t fade_in_frames;
    uint64_t fade_out_frame; /* where its last fade begins; `span.to` without */
    size_t first_pause, pause_count;
} motet_draw_voice;

/* The gain of a bus, in straight lines from point to point. */
typedef struct motet_draw_point {
    uint64_t frame;
    double gain;
} motet_draw_point;

typedef struct motet_draw_bus {
    const char *name;
    motet_draw_point *points; /* the first at frame 0 */
    size_t point_count, point_capacity;
} motet_draw_bus;

typedef struct motet_picture {
    const char *title;
    const float *samples; /* interleaved */
    uint64_t frames;
    uint32_t channels; /* 1 or 2 */
    uint32_t rate_hz;
    double peak_dbfs, lufs; /* -infinity: silence */
    uint32_t width;         /* pixels */
    bool has_loop;
    motet_draw_span loop;
    const motet_draw_bus *buses;
    const motet_draw_voice *voices; /* in the order of their starts */
    const motet_draw_span *pauses;
    size_t bus_count, voice_count;
} motet_picture;

enum { MOTET_DRAW_WIDTH = 960, MOTET_DRAW_WIDTH_MIN = 320, MOTET_DRAW_WIDTH_MAX = 4000 };

/* Adds the whole picture. */
void motet_draw(motet_svg *svg, const motet_picture *picture);

#endif /* MOTET_CLI_DRAW_H */
