/* What the parts of a picture have in common: where on the page a frame is. */
#ifndef MOTET_CLI_DRAW_PRIVATE_H
#define MOTET_CLI_DRAW_PRIVATE_H

#include "draw.h"

/* The margin right of everything that has a time. */
enum { MOTET_DRAW_RIGHT = 42 };

/* The left one, with room for the names of buses, of channels, or of nothing. */
static inline uint32_t motet_draw_left(const motet_picture *picture)
{
    return picture->voice_count > 0 ? 92 : picture->channels > 1 ? 58 : 24;
}

static inline uint32_t motet_draw_columns(const motet_picture *picture)
{
    return picture->width - motet_draw_left(picture) - MOTET_DRAW_RIGHT;
}

static inline double motet_draw_x(const motet_picture *picture, uint64_t frame)
{
    uint64_t inside = frame < picture->frames ? frame : picture->frames;
    double part = picture->frames > 0 ? (double)inside / (double)picture->frames : 0;
    return motet_draw_left(picture) + part * motet_draw_columns(picture);
}

/* The ground of a channel or of a bus. */
static inline void motet_draw_ground(motet_svg *svg, const motet_picture *picture, double top, double height)
{
    motet_svg_add(svg, "<rect class=\"panel\" x=\"%u\" y=\"%.1f\" width=\"%u\" height=\"%.1f\"/>\n",
                  (unsigned)motet_draw_left(picture), top, (unsigned)motet_draw_columns(picture), height);
}

/* The lanes of a picture's voices, packed: which voice is in which. */
typedef struct motet_draw_lanes motet_draw_lanes;

/* NULL where there is no voice to show. */
motet_draw_lanes *motet_draw_lanes_create(const motet_picture *picture);
void motet_draw_lanes_destroy(motet_draw_lanes *lanes);

double motet_draw_lanes_height(const motet_draw_lanes *lanes);
void motet_draw_lanes_add_ground(const motet_draw_lanes *lanes, motet_svg *svg, double top);
void motet_draw_lanes_add(const motet_draw_lanes *lanes, motet_svg *svg, double top);

#endif /* MOTET_CLI_DRAW_PRIVATE_H */
