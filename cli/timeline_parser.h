/* The state while a timeline is read; shared by timeline_read.c (lines, order, header) and the two files of verbs. */
#ifndef MOTET_CLI_TIMELINE_PARSER_H
#define MOTET_CLI_TIMELINE_PARSER_H

#include "names.h"
#include "timeline.h"
#include "timeline_values.h"

typedef struct motet_parser {
    motet_timeline *timeline;
    motet_problems *problems;
    uint32_t line;
    motet_names sounds, buses, voices;
    motet_value values[MOTET_FIELD_COUNT]; /* of the present line */
    const char *verb;                      /* its name */
    bool good;                             /* whether its values could be read */
    uint64_t last_at;
    uint32_t last_at_line;
    uint32_t end_line;
    uint32_t rate_override;
} motet_parser;

/* An error in the present line. */
void motet_parser_error(motet_parser *parser, const char *format, ...) MOTET_PRINTF_LIKE(2, 3);

/* A copy of a text that lives as long as the timeline. */
const char *motet_parser_keep(motet_parser *parser, const char *text);

/* A number as a float within a range. It is clamped before it becomes a float, where a large one would turn into
 * infinity. */
float motet_parser_clamp(double value, double low, double high);

/* The place of a bus or sound by name; complains and returns false when there is none. */
bool motet_parser_find_bus(motet_parser *parser, const char *name, uint32_t *bus);
bool motet_parser_find_sound(motet_parser *parser, const char *name, uint32_t *sound);

/* The verbs: each takes its line from the parser's values. A line whose values are wrong still defines its name, so
 * that one mistake is told once. */
void motet_parser_define_sound(motet_parser *parser);
void motet_parser_define_bus(motet_parser *parser);
void motet_parser_command(motet_parser *parser, motet_verb verb);

#endif /* MOTET_CLI_TIMELINE_PARSER_H */
