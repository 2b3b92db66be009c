#include "draw.h"

#include "draw_private.h"

#include <math.h>
#include <stdlib.h>

/* Pixels, from the top down. */
enum {
    HEADER = 62,
    CHANNEL_ALONE = 150,
    CHANNEL = 104,
    CHANNEL_GAP = 12,
    LANES_GAP = 18,
    AXIS = 30,
    TICK_APART = 66, /* at least, between labels of the time axis */
    TENTHS = 10      /* heights in a waveform are whole tenths of a pixel */
};

/* A card of its own in light or dark, as the viewer prefers: readable on any page. Fonts are those of the system. */
static const char style[] =
    "<style>"
    "text{font:11px system-ui,-apple-system,'Segoe UI',Roboto,'Helvetica Neue',Arial,sans-serif;fill:#59636e}"
    ".title{font-size:16px;font-weight:600;fill:#1f2328}.name{font-size:12px;fill:#1f2328}.bar{fill:#fff;font-size:10."
    "5px}"
    ".small{font-size:10px}.end{text-anchor:end}.mid{text-anchor:middle}"
    ".card{fill:#fff;stroke:#d1d9e0}.panel{fill:#f4f7fa}.grid{stroke:#dde4eb}.level{stroke:#d3dce5}"
    ".zero{stroke:#b9c5d1}.wave{fill:#8fbce8}.rms{fill:#2c6fbb}.over{fill:#d1242f}"
    ".loop{fill:#bf8700;stroke:#bf8700}.range{fill:#bf8700;fill-opacity:.14}.pause{fill:#fff;fill-opacity:.62}"
    ".b0{fill:#2c6fbb}.b1{fill:#1a7f54}.b2{fill:#b35900}.b3{fill:#8250df}.b4{fill:#bf3989}.b5{fill:#0f7b8a}"
    ".b6{fill:#7d7008}.b7{fill:#6e7781}.gain{fill-opacity:.13}.fader{fill:none;stroke:#fff;stroke-opacity:.75}"
    "@media (prefers-color-scheme:dark){"
    "text{fill:#9198a1}.title,.name{fill:#f0f6fc}.bar{fill:#fff}"
    ".card{fill:#0d1117;stroke:#3d444d}.panel{fill:#151b23}.grid{stroke:#232b35}.level{stroke:#2b343f}"
    ".zero{stroke:#3d4855}.wave{fill:#2b5a8c}.rms{fill:#6cb0f5}.over{fill:#ff6a69}"
    ".loop{fill:#d29922;stroke:#d29922}.range{fill:#d29922}.pause{fill:#0d1117}"
    ".b0{fill:#3a7fcf}.b1{fill:#238c5f}.b2{fill:#c0691c}.b3{fill:#8e64e6}.b4{fill:#c64a97}.b5{fill:#1f8b9b}"
    ".b6{fill:#8f821c}.b7{fill:#7a838d}.gain{fill-opacity:.2}}"
    "</style>\n";

/* -------------------------------------------------------------------------------------------------------- Waveform */

/* What one column of pixels shows of a channel. */
typedef struct column {
    double low, high, rms;
    bool over; /* beyond full scale */
} column;

static double sample_at(const motet_picture *picture, uint32_t channel, uint64_t frame)
{
    double sample = (double)picture->samples[(size_t)frame * picture->channels + channel];
    return isfinite(sample) ? sample : 0;
}

/* The wave between two frames, on a straight line. */
static double wave_at(const motet_picture *picture, uint32_t channel, double frame)
{
    uint64_t before = (uint64_t)frame;
    if (before + 1 >= picture->frames) {
        return sample_at(picture, channel, picture->frames - 1);
    }
    double first = sample_at(picture, channel, before);
    return first + (frame - (double)before) * (sample_at(picture, channel, before + 1) - first);
}

static void take(column *here, double value)
{
    here->low = value < here->low ? value : here->low;
    here->high = value > here->high ? value : here->high;
    here->over = here->over || fabs(value) > 1;
}

static column measure_column(const motet_picture *picture, uint32_t channel, uint32_t place)
{
    double scale = (double)picture->frames / motet_draw_columns(picture);
    double from = place * scale;
    double to = (place + 1) * scale;
    double first = wave_at(picture, channel, from);
    column here = {.low = first, .high = first};
    take(&here, wave_at(picture, channel, to));
    double power = 0;
    uint64_t frame = (uint64_t)from;
    uint64_t count = 0;
    for (; (double)frame < to && frame < picture->frames; frame++, count++) {
        double value = sample_at(picture, channel, frame);
        power += value * value;
        if ((double)frame >= from) {
            take(&here, value);
        }
    }
    here.rms = count > 0 ? sqrt(power / (double)count) : 0;
    return here;
}

/* The height of a level on the page, in tenths of a pixel upwards. */
static int tenths_of(double level, double half_height)
{
    double inside = level > 1 ? 1 : level < -1 ? -1 : level;
    return (int)lround(inside * half_height * TENTHS);
}

/* A closed shape: along `upper` to the right, along `lower` back. */
static void add_shape(motet_svg *svg, const char *class, const int *upper, const int *lower, uint32_t count)
{
    motet_svg_add(svg, "<path class=\"%s\" d=\"M0 %d", class, -upper[0]);
    for (uint32_t i = 1; i < count; i++) {
        motet_svg_add(svg, upper[i] == upper[i - 1] ? "h1" : "l1 %d", upper[i - 1] - upper[i]);
    }
    motet_svg_add(svg, "V%d", -lower[count - 1]);
    for (uint32_t i = count - 1; i-- > 0;) {
        motet_svg_add(svg, lower[i] == lower[i + 1] ? "h-1" : "l-1 %d", lower[i + 1] - lower[i]);
    }
    motet_svg_add(svg, "z\"/>\n");
}

/* Where the wave goes beyond full scale, at the panel's upper edge. */
static void add_over(motet_svg *svg, const column *columns, uint32_t count, double half_height)
{
    bool any = false;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t end = i;
        while (end < count && columns[end].over) {
            end++;
        }
        if (end > i) {
            motet_svg_add(svg, any ? "" : "<path class=\"over\" d=\"");
            motet_svg_add(svg, "M%d %dh%dv30h-%dz", (int)i - 1, -(int)(half_height * TENTHS), (int)(end - i + 1),
                          (int)(end - i + 1));
            any = true;
            i = end;
        }
    }
    motet_svg_add(svg, any ? "\"/>\n" : "");
}

static void add_levels(motet_svg *svg, const motet_picture *picture, double middle, double half_height)
{
    static const struct {
        double level;
        const char *label;
    } levels[] = {{1, "0 dB"}, {0.5011872336272722, "-6"}, {0.251188643150958, "-12"}};
    double left = motet_draw_left(picture);
    double right = picture->width - MOTET_DRAW_RIGHT;
    for (size_t i = 0; i < sizeof levels / sizeof *levels; i++) {
        double height = levels[i].level * half_height;
        motet_svg_add(svg, "<path class=\"level\" d=\"M%.0f %.1fH%.0fM%.0f %.1fH%.0f\"/>", left, middle - height, right,
                      left, middle + height, right);
        motet_svg_add(svg, "<text class=\"small\" x=\"%.0f\" y=\"%.1f\">%s%s</text>\n", right + 6,
                      middle - height + 3.5, levels[i].label[0] == '-' ? "\xE2\x88\x92" : "",
                      levels[i].label + (levels[i].label[0] == '-'));
    }
    motet_svg_add(svg, "<path class=\"zero\" d=\"M%.0f %.1fH%.0f\"/>\n", left, middle, right);
}

static void add_wave(motet_svg *svg, const motet_picture *picture, uint32_t channel, double middle, double half_height)
{
    uint32_t count = motet_draw_columns(picture);
    bool line = picture->frames <= 4 * (uint64_t)count; /* so few samples a column make a line, not an area */
    int thinnest = line ? TENTHS + 4 : TENTHS / 2;      /* and silence is a hairline */
    column *columns = motet_memory_take(count, sizeof *columns);
    int *heights = motet_memory_take(4 * (size_t)count, sizeof *heights);
    int *high = heights;
    int *low = heights + count;
    int *rms = heights + 2 * (size_t)count;
    int *rms_low = heights + 3 * (size_t)count;
    for (uint32_t i = 0; i < count; i++) {
        columns[i] = measure_column(picture, channel, i);
        high[i] = tenths_of(columns[i].high, half_height);
        low[i] = tenths_of(columns[i].low, half_height);
        int missing = thinnest - (high[i] - low[i]);
        high[i] += missing > 0 ? (missing + 1) / 2 : 0;
        low[i] -= missing > 0 ? missing / 2 : 0;
        rms[i] = tenths_of(columns[i].rms, half_height);
        rms[i] = rms[i] < high[i] ? rms[i] : high[i];
        rms_low[i] = -tenths_of(columns[i].rms, half_height);
        rms_low[i] = rms_low[i] > low[i] ? rms_low[i] : low[i];
        rms[i] = rms[i] > rms_low[i] ? rms[i] : rms_low[i];
    }
    motet_svg_add(svg, "<g transform=\"translate(%u.5 %.1f) scale(1 .1)\">\n", (unsigned)motet_draw_left(picture),
                  middle);
    add_shape(svg, line ? "rms" : "wave", high, low, count);
    if (!line) {
        add_shape(svg, "rms", rms, rms_low, count);
    }
    add_over(svg, columns, count, half_height);
    motet_svg_add(svg, "</g>\n");
    free(columns);
    free(heights);
}

static double channel_height(const motet_picture *picture)
{
    return picture->channels == 1 ? CHANNEL_ALONE : CHANNEL;
}

/* Adds the channels below one another; returns where they end. */
static double add_channels(motet_svg *svg, const motet_picture *picture, double top)
{
    double height = channel_height(picture);
    for (uint32_t channel = 0; channel < picture->channels; channel++) {
        double middle = top + height / 2;
        if (picture->channels > 1) {
            motet_svg_add(svg, "<text class=\"name end\" x=\"%u\" y=\"%.1f\">%s</text>\n",
                          (unsigned)motet_draw_left(picture) - 12, middle + 4, channel == 0 ? "left" : "right");
        }
        add_levels(svg, picture, middle, height / 2);
        if (picture->frames > 0) {
            add_wave(svg, picture, channel, middle, height / 2);
        }
        top += height + CHANNEL_GAP;
    }
    return top - CHANNEL_GAP;
}

/* ------------------------------------------------------------------------------------------------------------ Time */

static double seconds_of(const motet_picture *picture, uint64_t frames)
{
    return (double)frames / picture->rate_hz;
}

/* The least round number of seconds whose labels have room. */
static double find_step(const motet_picture *picture)
{
    static const double long_steps[] = {15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 18000, 36000, 86400};
    static const double round[] = {1, 2, 5};
    double total = seconds_of(picture, picture->frames);
    double least = total * TICK_APART / motet_draw_columns(picture);
    for (int exponent = -6; exponent <= 1; exponent++) {
        for (size_t i = 0; i < 3; i++) {
            double step = round[i] * pow(10, exponent);
            if (step >= least && step <= 10) {
                return step;
            }
        }
    }
    for (size_t i = 0; i < sizeof long_steps / sizeof *long_steps; i++) {
        if (long_steps[i] >= least) {
            return long_steps[i];
        }
    }
    return least;
}

static char *time_text(double seconds, double step, double total)
{
    if (total < 1) {
        return motet_string_format("%.6g ms", round(seconds * 1e6) / 1e3);
    }
    if (total >= 100) {
        uint64_t whole = (uint64_t)(seconds + 0.5);
        return motet_string_format("%llu:%02u", (unsigned long long)(whole / 60), (unsigned)(whole % 60));
    }
    return motet_string_format(step < 0.1 ? "%.2f s" : step < 1 ? "%.1f s" : "%.0f s", seconds);
}

/* Times, and lines for them; everything else is drawn over the lines. */
static void add_time(motet_svg *svg, const motet_picture *picture, double top, double bottom)
{
    double total = seconds_of(picture, picture->frames);
    double step = find_step(picture);
    if (picture->frames == 0) {
        return;
    }
    for (uint32_t i = 0; i * step <= total * (1 + 1e-9); i++) {
        double x = motet_draw_left(picture) + i * step / total * motet_draw_columns(picture);
        char *text = time_text(i * step, step, total);
        motet_svg_add(svg, "<path class=\"grid\" d=\"M%.1f %.0fV%.0f\"/>", x, top, bottom);
        motet_svg_add(svg, "<text class=\"mid\" x=\"%.1f\" y=\"%.0f\">%s</text>\n", x, bottom + 16, text);
        free(text);
    }
}

/* The ground of everything that has a time, and the levels of the channels on it. */
static void add_ground(motet_svg *svg, const motet_picture *picture, const motet_draw_lanes *lanes, double bottom)
{
    double top = HEADER;
    double height = channel_height(picture);
    for (uint32_t channel = 0; channel < picture->channels; channel++, top += height + CHANNEL_GAP) {
        motet_draw_ground(svg, picture, top, height);
        if (picture->has_loop) {
            double from = motet_draw_x(picture, picture->loop.from);
            double to = motet_draw_x(picture, picture->loop.to);
            motet_svg_add(svg, "<rect class=\"range\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"/>\n", from,
                          top, to - from, height);
        }
    }
    if (lanes != NULL) {
        motet_draw_lanes_add_ground(lanes, svg, top - CHANNEL_GAP + LANES_GAP);
    }
    add_time(svg, picture, HEADER, bottom + 4);
}

static void add_loop_marks(motet_svg *svg, const motet_picture *picture, double top, double bottom)
{
    double from = motet_draw_x(picture, picture->loop.from);
    double to = motet_draw_x(picture, picture->loop.to);
    motet_svg_add(svg, "<path class=\"loop\" d=\"M%.1f %.0fV%.0fM%.1f %.0fV%.0f\"/>", from, top - 5, bottom, to,
                  top - 5, bottom);
    motet_svg_add(svg, "<path class=\"loop\" d=\"M%.1f %.0fl7 4l-7 4zM%.1f %.0fl-7 4l7 4z\"/>\n", from, top - 5, to,
                  top - 5);
}

/* ---------------------------------------------------------------------------------------------------------- Header */

static char *length_text(double seconds)
{
    if (seconds < 1) {
        return motet_string_format("%.4g ms", seconds * 1000);
    }
    if (seconds < 100) {
        return motet_string_format("%.2f s", seconds);
    }
    return motet_string_format("%u:%04.1f", (unsigned)(seconds / 60), floor(fmod(seconds, 60) * 10) / 10);
}

/* As it is printed before a level with one decimal. */
static const char *sign_of(double level)
{
    return level <= -0.05 ? "\xE2\x88\x92" : level >= 0.05 ? "+" : "";
}

static void add_header(motet_svg *svg, const motet_picture *picture)
{
    double right = picture->width - 24;
    size_t most = (picture->width - 260) / 9;
    char *length = length_text(seconds_of(picture, picture->frames));
    motet_svg_add(svg, "<text class=\"title\" x=\"24\" y=\"31\">");
    motet_svg_add_short(svg, picture->title, most > 8 ? most : 8);
    motet_svg_add(svg, "</text>\n<text x=\"24\" y=\"49\">%s \xC2\xB7 %.6g kHz \xC2\xB7 %s", length,
                  picture->rate_hz / 1000.0, picture->channels == 1 ? "mono" : "stereo");
    free(length);
    if (picture->voice_count > 0) {
        motet_svg_add(svg, " \xC2\xB7 %zu voice%s", picture->voice_count, picture->voice_count == 1 ? "" : "s");
    }
    if (picture->has_loop) {
        double scale = picture->frames < picture->rate_hz ? 1000 : 1; /* in the unit of the whole */
        motet_svg_add(svg, " \xC2\xB7 loop %.2f \xE2\x80\x93 %.2f %s", scale * seconds_of(picture, picture->loop.from),
                      scale * seconds_of(picture, picture->loop.to), scale > 1 ? "ms" : "s");
    }
    motet_svg_add(svg, "</text>\n");
    if (isfinite(picture->peak_dbfs)) {
        motet_svg_add(svg, "<text class=\"end\" x=\"%.0f\" y=\"31\">peak %s%.1f dBFS</text>\n", right,
                      sign_of(picture->peak_dbfs), fabs(picture->peak_dbfs));
    } else {
        motet_svg_add(svg, "<text class=\"end\" x=\"%.0f\" y=\"31\">silence</text>\n", right);
    }
    if (isfinite(picture->lufs)) {
        motet_svg_add(svg, "<text class=\"end\" x=\"%.0f\" y=\"49\">%s%.1f LUFS</text>\n", right,
                      sign_of(picture->lufs), fabs(picture->lufs));
    }
}

void motet_draw(motet_svg *svg, const motet_picture *picture)
{
    double waves = picture->channels * (channel_height(picture) + CHANNEL_GAP) - CHANNEL_GAP;
    motet_draw_lanes *lanes = motet_draw_lanes_create(picture);
    double lanes_height = lanes != NULL ? LANES_GAP + motet_draw_lanes_height(lanes) : 0;
    double bottom = HEADER + waves + lanes_height;
    unsigned width = picture->width;
    double height = bottom + AXIS;
    motet_svg_add(svg,
                  "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%u\" height=\"%.0f\" viewBox=\"0 0 %u %.0f\" "
                  "role=\"img\">\n<title>",
                  width, height, width, height);
    motet_svg_add_text(svg, picture->title);
    motet_svg_add(svg, "</title>\n%s", style);
    motet_svg_add(svg, "<rect class=\"card\" x=\".5\" y=\".5\" width=\"%u\" height=\"%.0f\" rx=\"8\"/>\n", width - 1,
                  height - 1);
    add_header(svg, picture);
    add_ground(svg, picture, lanes, bottom);
    double end = add_channels(svg, picture, HEADER);
    if (lanes != NULL) {
        motet_draw_lanes_add(lanes, svg, end + LANES_GAP);
        motet_draw_lanes_destroy(lanes);
    }
    if (picture->has_loop) {
        add_loop_marks(svg, picture, HEADER, end);
    }
    motet_svg_add(svg, "</svg>\n");
}
