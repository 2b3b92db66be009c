/* Text of an SVG picture, as it grows. The same calls give the same bytes. */
#ifndef MOTET_CLI_SVG_H
#define MOTET_CLI_SVG_H

#include "memory.h"

#include <stddef.h>

typedef struct motet_svg {
    char *text; /* NULL, or ends with 0; give it back with free() */
    size_t length, capacity;
} motet_svg;

void motet_svg_add(motet_svg *svg, const char *format, ...) MOTET_PRINTF_LIKE(2, 3);

/* Adds a text that is to be read as it is: escaped, what XML cannot hold replaced by "?". */
void motet_svg_add_text(motet_svg *svg, const char *text);

/* Adds the same, cut to `most` characters, the last of them an ellipsis. */
void motet_svg_add_short(motet_svg *svg, const char *text, size_t most);

/* Characters, not bytes. */
size_t motet_svg_width(const char *text);

#endif /* MOTET_CLI_SVG_H */
