#include "svg.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void append(motet_svg *svg, const char *text, size_t length)
{
    svg->text = motet_memory_reserve(svg->text, svg->length + length + 1, &svg->capacity, 1);
    memcpy(svg->text + svg->length, text, length);
    svg->length += length;
    svg->text[svg->length] = '\0';
}

void motet_svg_add(motet_svg *svg, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    char *text = motet_string_format_list(format, arguments);
    va_end(arguments);
    append(svg, text, strlen(text));
    free(text);
}

/* The length of the valid UTF-8 character at `text`, one that XML allows; 0 where there is none. */
static size_t character_length(const unsigned char *text)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t length = text[0] < 0x80 ? 1 : text[0] >> 5 == 6 ? 2 : text[0] >> 4 == 14 ? 3 : text[0] >> 3 == 30 ? 4 : 0;
    if (length == 0) {
        return 0;
    }
    uint32_t code = length == 1 ? text[0] : text[0] & (0x7FU >> length);
    for (size_t i = 1; i < length; i++) {
        if (text[i] >> 6 != 2) {
            return 0;
        }
        code = code << 6 | (text[i] & 0x3F);
    }
    bool good = code >= least[length] && code <= 0x10FFFF && (code >= 0x20 || code == '\t') && code != 0x7F &&
                (code < 0xD800 || code > 0xDFFF) && code != 0xFFFE && code != 0xFFFF;
    return good ? length : 0;
}

size_t motet_svg_width(const char *text)
{
    size_t width = 0;
    for (const unsigned char *at = (const unsigned char *)text; *at != '\0'; width++) {
        size_t length = character_length(at);
        at += length > 0 ? length : 1;
    }
    return width;
}

void motet_svg_add_short(motet_svg *svg, const char *text, size_t most)
{
    const unsigned char *at = (const unsigned char *)text;
    size_t width = motet_svg_width(text);
    size_t shown = width <= most ? width : most > 0 ? most - 1 : 0;
    for (size_t i = 0; i < shown; i++) {
        size_t length = character_length(at);
        switch (*at) {
        case '<': append(svg, "&lt;", 4); break;
        case '>': append(svg, "&gt;", 4); break;
        case '&': append(svg, "&amp;", 5); break;
        case '"': append(svg, "&quot;", 6); break;
        case '\t': append(svg, " ", 1); break;
        default: append(svg, length > 0 ? (const char *)at : "?", length > 0 ? length : 1);
        }
        at += length > 0 ? length : 1;
    }
    if (shown < width) {
        append(svg, "\xE2\x80\xA6", 3);
    }
}

void motet_svg_add_text(motet_svg *svg, const char *text)
{
    motet_svg_add_short(svg, text, SIZE_MAX);
}
