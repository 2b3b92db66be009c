/* The lanes below a rendered timeline's waveform: each voice as a bar from its first frame to its end, grouped by bus.
 * The bar leans where the voice fades and is pale while it is paused; behind it stands the gain of the bus. Where a bus
 * has too many voices at once for bars, it shows how many instead. */
#include "draw.h"

#include "draw_private.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    BAR = 15, /* pixels; likewise below */
    BAR_GAP = 3,
    GROUP_GAP = 8,
    GROUP_PAD = 3,
    CROWD = 40,      /* the height of a bus that shows how many */
    MOST_LANES = 10, /* of one bus */
    MOST_BARS = 400  /* in all */
};

enum { HUES = 8, NAME_CHARACTERS = 11, NAME_GAP = 12 };

static const double CHARACTER = 5.9; /* about the width of one in a bar */
static const double CLOSE = 0.5;     /* columns */

typedef struct group {
    uint32_t bus;
    size_t voice_count;
    size_t lane_count;
    bool crowd;
} group;

struct motet_draw_lanes {
    const motet_picture *picture;
    group *groups; /* of the buses that have voices, in their order */
    size_t group_count;
    uint32_t *lane_of; /* beside the picture's voices */
};

/* ---------------------------------------------------------------------------------------------------------- Layout */

/* Puts each voice of a bus into the first lane that is free at its start. */
static size_t pack(motet_draw_lanes *lanes, uint32_t bus)
{
    const motet_picture *picture = lanes->picture;
    double *free_from = motet_memory_take(picture->voice_count, sizeof *free_from);
    size_t count = 0;
    for (size_t i = 0; i < picture->voice_count; i++) {
        const motet_draw_voice *voice = &picture->voices[i];
        if (voice->bus != bus) {
            continue;
        }
        double from = motet_draw_x(picture, voice->span.from);
        size_t lane = 0;
        while (lane < count && free_from[lane] > from) {
            lane++;
        }
        count = lane == count ? count + 1 : count;
        free_from[lane] = motet_draw_x(picture, voice->span.to);
        lanes->lane_of[i] = (uint32_t)lane;
    }
    free(free_from);
    return count;
}

motet_draw_lanes *motet_draw_lanes_create(const motet_picture *picture)
{
    if (picture->voice_count == 0) {
        return NULL;
    }
    motet_draw_lanes *lanes = motet_memory_take(1, sizeof *lanes);
    lanes->picture = picture;
    lanes->groups = motet_memory_take(picture->bus_count, sizeof *lanes->groups);
    lanes->lane_of = motet_memory_take(picture->voice_count, sizeof *lanes->lane_of);
    size_t bars = 0;
    for (uint32_t bus = 0; bus < picture->bus_count; bus++) {
        group *g = &lanes->groups[lanes->group_count];
        *g = (group){.bus = bus};
        for (size_t i = 0; i < picture->voice_count; i++) {
            g->voice_count += picture->voices[i].bus == bus ? 1 : 0;
        }
        if (g->voice_count > 0) {
            g->lane_count = bars + g->voice_count <= MOST_BARS ? pack(lanes, bus) : 0;
            g->crowd = g->lane_count == 0 || g->lane_count > MOST_LANES;
            bars += g->crowd ? 0 : g->voice_count;
            lanes->group_count++;
        }
    }
    return lanes;
}

void motet_draw_lanes_destroy(motet_draw_lanes *lanes)
{
    free(lanes->groups);
    free(lanes->lane_of);
    free(lanes);
}

static double group_height(const group *g)
{
    return g->crowd ? CROWD : 2 * GROUP_PAD + (double)g->lane_count * (BAR + BAR_GAP) - BAR_GAP;
}

double motet_draw_lanes_height(const motet_draw_lanes *lanes)
{
    double height = -GROUP_GAP;
    for (size_t i = 0; i < lanes->group_count; i++) {
        height += group_height(&lanes->groups[i]) + GROUP_GAP;
    }
    return height;
}

/* ------------------------------------------------------------------------------------------------------------ Bars */

static unsigned hue_of(const group *g)
{
    return g->bus % HUES;
}

/* Beyond the bar's right end, up to the next bar in its lane. */
static double free_behind(const motet_draw_lanes *lanes, size_t place)
{
    const motet_picture *picture = lanes->picture;
    const motet_draw_voice *voice = &picture->voices[place];
    double end = motet_draw_x(picture, voice->span.to);
    double limit = motet_draw_left(picture) + motet_draw_columns(picture);
    for (size_t i = place + 1; i < picture->voice_count; i++) {
        if (picture->voices[i].bus == voice->bus && lanes->lane_of[i] == lanes->lane_of[place]) {
            double next = motet_draw_x(picture, picture->voices[i].span.from);
            return (next < limit ? next : limit) - end;
        }
    }
    return limit - end;
}

/* The label in the bar, where it is as high as the text; else behind the bar; else nowhere. */
static void add_label(const motet_draw_lanes *lanes, motet_svg *svg, size_t place, double from, double to, double top)
{
    const motet_draw_voice *voice = &lanes->picture->voices[place];
    double needed = (double)motet_svg_width(voice->label) * CHARACTER + 10;
    double risen = motet_draw_x(lanes->picture, voice->span.from + voice->fade_in_frames);
    double falls = motet_draw_x(lanes->picture, voice->fade_out_frame);
    double high_from = from + 0.7 * (risen - from);
    double high_to = falls + 0.3 * (to - falls);
    if (needed <= high_to - high_from) {
        motet_svg_add(svg, "<text class=\"bar\" x=\"%.1f\" y=\"%.1f\">", high_from + 5, top + 11.2);
    } else if (needed <= free_behind(lanes, place)) {
        motet_svg_add(svg, "<text class=\"small\" x=\"%.1f\" y=\"%.1f\">", to + 4, top + 11.2);
    } else {
        return;
    }
    motet_svg_add_text(svg, voice->label);
    motet_svg_add(svg, "</text>\n");
}

static void add_bar(const motet_draw_lanes *lanes, motet_svg *svg, const group *g, size_t place, double top)
{
    enum { NARROWEST = 2 };
    const motet_picture *picture = lanes->picture;
    const motet_draw_voice *voice = &picture->voices[place];
    double from = motet_draw_x(picture, voice->span.from);
    double to = motet_draw_x(picture, voice->span.to);
    double risen = motet_draw_x(picture, voice->span.from + voice->fade_in_frames);
    double falls = motet_draw_x(picture, voice->fade_out_frame);
    double bottom = top + BAR;
    to = to > from + NARROWEST ? to : from + NARROWEST;
    risen = risen < to ? risen : to;
    falls = falls < from ? from : falls > to ? to : falls;
    falls = falls > risen ? falls : risen;
    motet_svg_add(svg, "<path class=\"b%u\" d=\"M%.1f %.1fL%.1f %.1fH%.1fL%.1f %.1fz\"><title>", hue_of(g), from,
                  bottom, risen, top, falls, to, bottom);
    motet_svg_add_text(svg, voice->label);
    double end = (double)(voice->span.to < picture->frames ? voice->span.to : picture->frames) / picture->rate_hz;
    motet_svg_add(svg, ": %.3f s to %.3f s</title></path>\n", (double)voice->span.from / picture->rate_hz, end);
    for (size_t i = 0; i < voice->pause_count; i++) {
        const motet_draw_span *pause = &picture->pauses[voice->first_pause + i];
        double begins = motet_draw_x(picture, pause->from);
        double ends = motet_draw_x(picture, pause->to);
        motet_svg_add(svg, "<rect class=\"pause\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%d\"/>\n", begins, top,
                      ends - begins, BAR);
    }
    add_label(lanes, svg, place, from, to, top);
}

/* ----------------------------------------------------------------------------------------------------------- Buses */

/* Adds the points of a bus's gain, as high as its group at 0 dB, after a first "M" or "L". */
static void add_gain_points(const motet_draw_lanes *lanes, motet_svg *svg, const group *g, double bottom, bool moved)
{
    const motet_picture *picture = lanes->picture;
    const motet_draw_bus *bus = &picture->buses[g->bus];
    double last = -1;
    for (size_t i = 0; i < bus->point_count; i++) {
        double x = motet_draw_x(picture, bus->points[i].frame);
        double gain = bus->points[i].gain < 1 ? bus->points[i].gain : 1;
        /* A great many points may stand in one column: the last of them tells where it goes on from. */
        bool next_near = i + 1 < bus->point_count && motet_draw_x(picture, bus->points[i + 1].frame) < last + CLOSE;
        if (!next_near) {
            motet_svg_add(svg, "%s%.1f %.1f", moved ? "L" : "M", x, bottom - gain * group_height(g));
            last = x;
            moved = true;
        }
    }
    motet_svg_add(svg, "H%u", (unsigned)(motet_draw_left(picture) + motet_draw_columns(picture)));
}

/* The gain as ground that the bars stand on. */
static void add_gain(const motet_draw_lanes *lanes, motet_svg *svg, const group *g, double top)
{
    const motet_picture *picture = lanes->picture;
    double bottom = top + group_height(g);
    motet_draw_ground(svg, picture, top, group_height(g));
    motet_svg_add(svg, "<path class=\"b%u gain\" d=\"M%u %.1f", hue_of(g), (unsigned)motet_draw_left(picture), bottom);
    add_gain_points(lanes, svg, g, bottom, true);
    motet_svg_add(svg, "V%.1fz\"/>\n", bottom);
}

/* And once more as a line over the bars, where it changes. */
static void add_gain_line(const motet_draw_lanes *lanes, motet_svg *svg, const group *g, double top)
{
    if (lanes->picture->buses[g->bus].point_count > 1) {
        motet_svg_add(svg, "<path class=\"fader\" d=\"");
        add_gain_points(lanes, svg, g, top + group_height(g), false);
        motet_svg_add(svg, "\"/>\n");
    }
}

typedef struct edge {
    uint64_t frame;
    int step;
} edge;

static int compare_edges(const void *a, const void *b)
{
    const edge *first = a;
    const edge *second = b;
    if (first->frame != second->frame) {
        return first->frame < second->frame ? -1 : 1;
    }
    return first->step - second->step;
}

/* How many voices of the bus there are at once, at most in each column. */
static uint32_t count_columns(const motet_picture *picture, uint32_t bus, uint32_t *columns)
{
    edge *edges = motet_memory_take(2 * picture->voice_count, sizeof *edges);
    size_t count = 0;
    for (size_t i = 0; i < picture->voice_count; i++) {
        if (picture->voices[i].bus == bus) {
            edges[count++] = (edge){picture->voices[i].span.from, 1};
            edges[count++] = (edge){picture->voices[i].span.to, -1};
        }
    }
    qsort(edges, count, sizeof *edges, compare_edges);
    uint32_t now = 0;
    uint32_t most = 0;
    uint32_t width = motet_draw_columns(picture);
    size_t next = 0;
    for (uint32_t i = 0; i < width; i++) {
        uint64_t end = (uint64_t)((double)(i + 1) * (double)picture->frames / width);
        columns[i] = now;
        for (; next < count && edges[next].frame < end; next++) {
            now = edges[next].step > 0 ? now + 1 : now - 1;
            columns[i] = now > columns[i] ? now : columns[i];
        }
        most = columns[i] > most ? columns[i] : most;
    }
    free(edges);
    return most;
}

static void add_crowd(const motet_draw_lanes *lanes, motet_svg *svg, const group *g, double top)
{
    const motet_picture *picture = lanes->picture;
    uint32_t width = motet_draw_columns(picture);
    uint32_t *columns = motet_memory_take(width, sizeof *columns);
    uint32_t most = count_columns(picture, g->bus, columns);
    unsigned name_end = motet_draw_left(picture) - NAME_GAP;
    double bottom = top + CROWD;
    motet_svg_add(svg, "<path class=\"b%u\" d=\"M%u %.1f", hue_of(g), (unsigned)motet_draw_left(picture), bottom);
    double last = bottom;
    for (uint32_t i = 0; i < width; i++) {
        double y = bottom - (most > 0 ? (double)columns[i] / most * (CROWD - GROUP_PAD) : 0);
        if (y < last || y > last) {
            motet_svg_add(svg, "V%.1f", y);
            last = y;
        }
        motet_svg_add(svg, "h1");
    }
    motet_svg_add(svg, "V%.1fz\"/>\n", bottom);
    motet_svg_add(svg, "<text class=\"small end\" x=\"%u\" y=\"%.1f\">%zu voices,</text>", name_end, top + 24,
                  g->voice_count);
    motet_svg_add(svg, "<text class=\"small end\" x=\"%u\" y=\"%.1f\">%u at once</text>\n", name_end, top + 36,
                  (unsigned)most);
    free(columns);
}

void motet_draw_lanes_add_ground(const motet_draw_lanes *lanes, motet_svg *svg, double top)
{
    for (size_t k = 0; k < lanes->group_count; k++) {
        add_gain(lanes, svg, &lanes->groups[k], top);
        top += group_height(&lanes->groups[k]) + GROUP_GAP;
    }
}

void motet_draw_lanes_add(const motet_draw_lanes *lanes, motet_svg *svg, double top)
{
    const motet_picture *picture = lanes->picture;
    for (size_t k = 0; k < lanes->group_count; k++) {
        const group *g = &lanes->groups[k];
        double name = g->crowd ? top + 11 : top + group_height(g) / 2 + 4;
        motet_svg_add(svg, "<text class=\"name end\" x=\"%u\" y=\"%.1f\">",
                      (unsigned)motet_draw_left(picture) - NAME_GAP, name);
        motet_svg_add_short(svg, picture->buses[g->bus].name, NAME_CHARACTERS);
        motet_svg_add(svg, "</text>\n");
        for (size_t i = 0; i < picture->voice_count && !g->crowd; i++) {
            if (picture->voices[i].bus == g->bus) {
                add_bar(lanes, svg, g, i, top + GROUP_PAD + (double)lanes->lane_of[i] * (BAR + BAR_GAP));
            }
        }
        if (g->crowd) {
            add_crowd(lanes, svg, g, top);
        }
        add_gain_line(lanes, svg, g, top);
        top += group_height(g) + GROUP_GAP;
    }
}
