/* The figures of the bench as bars. Each workload has a scale of its own: what is to be seen is how Motet stands to the
 * limit and to the others, and from workload to workload times differ by a hundred. */
#include "bench.h"
#include "output.h"
#include "svg.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Pixels. */
enum {
    WIDTH = 960,
    LEFT = 216,
    RIGHT = 84, /* room for the figure behind the longest bar */
    HEADER = 78,
    BAR = 13,
    GAP = 12, /* between workloads */
    FOOT = 14,
    LEGEND_SQUARE = 10,
    LETTER = 7 /* about, of the legend */
};

static const char style[] =
    "<style>"
    "text{font:11px system-ui,-apple-system,'Segoe UI',Roboto,'Helvetica Neue',Arial,sans-serif;fill:#59636e}"
    ".title{font-size:16px;font-weight:600;fill:#1f2328}.name{font-size:12px;fill:#1f2328}.end{text-anchor:end}"
    ".card{fill:#fff;stroke:#d1d9e0}.motet{fill:#2c6fbb}.limit{fill:#b9c5d1}"
    ".p0{fill:#b35900}.p1{fill:#1a7f54}.p2{fill:#8250df}.p3{fill:#bf3989}.p4{fill:#7d7008}.p5{fill:#6e7781}"
    "@media (prefers-color-scheme:dark){text{fill:#9198a1}.title,.name{fill:#f0f6fc}"
    ".card{fill:#0d1117;stroke:#3d444d}.motet{fill:#6cb0f5}.limit{fill:#3d4855}"
    ".p0{fill:#c0691c}.p1{fill:#238c5f}.p2{fill:#8e64e6}.p3{fill:#c64a97}.p4{fill:#8f821c}.p5{fill:#7a838d}}"
    "</style>\n";

typedef struct bar {
    const char *name;
    char css[8];
    double ns; /* NAN: not in this workload */
} bar;

static double number(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    return json_is_number(value) ? json_number_value(value) : NAN;
}

static const char *text(const json_t *object, const char *key)
{
    const char *value = json_string_value(json_object_get(object, key));
    return value != NULL ? value : "";
}

/* The bars of a workload, the limit first; with a NULL row, what there is in any. */
static size_t bars_of(const json_t *document, const json_t *row, bar *bars)
{
    const json_t *peers = json_object_get(document, "peers");
    size_t count = 2;
    bars[0] = (bar){.name = "the limit", .css = "limit", .ns = number(row, "limit_ns")};
    bars[1] = (bar){.name = "Motet", .css = "motet", .ns = number(row, "ns")};
    for (size_t i = 0; i < json_array_size(peers) && count < MOTET_BENCH_MAX_SIDES; i++) {
        const char *name = json_string_value(json_array_get(peers, i));
        if (name != NULL) {
            bar *b = &bars[count++];
            *b = (bar){.name = name, .ns = number(json_object_get(row, "peers"), name)};
            (void)snprintf(b->css, sizeof b->css, "p%u", (unsigned)(i % 6));
        }
    }
    return count;
}

static size_t shown(const bar *bars, size_t count)
{
    size_t some = 0;
    for (size_t i = 0; i < count; i++) {
        some += isfinite(bars[i].ns);
    }
    return some;
}

static void draw_header(motet_svg *svg, const json_t *document)
{
    bar bars[MOTET_BENCH_MAX_SIDES];
    size_t count = bars_of(document, NULL, bars);
    int x = 24;
    motet_svg_add(svg, "<text class=\"title\" x=\"24\" y=\"30\">ns for each voice and frame, %.0f voices</text>\n",
                  number(document, "voices"));
    motet_svg_add(svg, "<text class=\"end\" x=\"%d\" y=\"30\">", WIDTH - 24);
    motet_svg_add_text(svg, text(document, "processor"));
    motet_svg_add(svg, "</text>\n");
    for (size_t i = 0; i < count; i++) {
        motet_svg_add(svg, "<rect class=\"%s\" x=\"%d\" y=\"47\" width=\"%d\" height=\"%d\"/><text x=\"%d\" y=\"56\">",
                      bars[i].css, x, LEGEND_SQUARE, LEGEND_SQUARE, x + LEGEND_SQUARE + 5);
        motet_svg_add_text(svg, bars[i].name);
        motet_svg_add(svg, "</text>\n");
        x += LEGEND_SQUARE + 22 + LETTER * (int)motet_svg_width(bars[i].name);
    }
}

static int draw_row(motet_svg *svg, const json_t *document, const json_t *row, int y)
{
    bar bars[MOTET_BENCH_MAX_SIDES];
    size_t count = bars_of(document, row, bars);
    double most = 0;
    for (size_t i = 0; i < count; i++) {
        most = isfinite(bars[i].ns) && bars[i].ns > most ? bars[i].ns : most;
    }
    motet_svg_add(svg, "<text class=\"name end\" x=\"%d\" y=\"%d\">", LEFT - 12, y + BAR - 2);
    motet_svg_add_text(svg, text(row, "name"));
    motet_svg_add(svg, "</text>\n");
    if (shown(bars, count) > 1) {
        motet_svg_add(svg, "<text class=\"end\" x=\"%d\" y=\"%d\">", LEFT - 12, y + 2 * BAR - 1);
        motet_svg_add_short(svg, text(row, "what"), 34);
        motet_svg_add(svg, "</text>\n");
    }
    for (size_t i = 0; i < count; i++) {
        if (isfinite(bars[i].ns)) {
            double width = most > 0 ? bars[i].ns / most * (WIDTH - LEFT - RIGHT) : 0;
            motet_svg_add(svg,
                          "<rect class=\"%s\" x=\"%d\" y=\"%d\" width=\"%.1f\" height=\"%d\"/>"
                          "<text x=\"%.1f\" y=\"%d\">%.*f</text>\n",
                          bars[i].css, LEFT, y, width, BAR - 2, LEFT + width + 6, y + BAR - 3, bars[i].ns < 10 ? 2 : 1,
                          bars[i].ns);
            y += BAR;
        }
    }
    return y + GAP;
}

static void draw(motet_svg *svg, const json_t *document)
{
    const json_t *workloads = json_object_get(document, "workloads");
    bar bars[MOTET_BENCH_MAX_SIDES];
    int height = HEADER + FOOT;
    for (size_t i = 0; i < json_array_size(workloads); i++) {
        const json_t *row = json_array_get(workloads, i);
        height += BAR * (int)shown(bars, bars_of(document, row, bars)) + GAP;
    }
    motet_svg_add(svg,
                  "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" viewBox=\"0 0 %d %d\">\n%s"
                  "<rect class=\"card\" x=\"0.5\" y=\"0.5\" width=\"%d\" height=\"%d\" rx=\"8\"/>\n",
                  WIDTH, height, WIDTH, height, style, WIDTH - 1, height - 1);
    draw_header(svg, document);
    int y = HEADER;
    for (size_t i = 0; i < json_array_size(workloads); i++) {
        y = draw_row(svg, document, json_array_get(workloads, i), y);
    }
    motet_svg_add(svg, "</svg>\n");
}

bool motet_bench_draw(const json_t *document, const char *path)
{
    motet_svg svg = {0};
    draw(&svg, document);
    FILE *file = fopen(path, "wb");
    bool good = file != NULL && fwrite(svg.text, 1, svg.length, file) == svg.length;
    good = file != NULL && fclose(file) == 0 && good;
    if (!good) {
        motet_output_error("%s: writing failed: %s", path, strerror(errno));
    }
    free(svg.text);
    return good;
}
