/* The state while a timeline is read; shared by timeline_read.c (lines, order, header) and the two files of verbs. */
#ifndef MOTET_CLI_TIMELINE_PARSER_H
#define MOTET_CLI_TIMELINE_PARSER_H

#include "names.h"
#include "timeline.h"
#include "timeline_values.h"

/* One use of a voice's name: the voices of one line, which start one after the other. */
typedef struct motet_voice_name {
    uint32_t first, count; /* places of the voices */
    uint64_t at, every;
    uint32_t older; /* an earlier use that goes on starting voices after this one's first, or MOTET_NO_NAME */
} motet_voice_name;

#define MOTET_NO_NAME UINT32_MAX

typedef struct motet_parser {
    motet_timeline *timeline;
    motet_problems *problems;
    motet_time_base base;
    uint32_t line;
    motet_names sounds, buses, effects, voices; /* a voice's name is the place of its newest use */
    motet_voice_name *uses;
    size_t use_count, use_capacity;
    bool repeats;                          /* the commands are not in the order of their times yet */
    motet_value values[MOTET_FIELD_COUNT]; /* of the present line */
    const char *verb;                      /* its name */
    json_t *object;                        /* the line itself */
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
void motet_parser_define_effect(motet_parser *parser);
void motet_parser_define_send(motet_parser *parser);
void motet_parser_command(motet_parser *parser, motet_verb verb);
void motet_parser_expect(motet_parser *parser);

/* Reads what a line says of the parameters of an effect. */
bool motet_parser_read_settings(motet_parser *parser, motet_verb verb, const motet_effect_type *type,
                                motet_timeline_range *settings);
bool motet_parser_find_effect(motet_parser *parser, const char *name, uint32_t *effect);

/* After the last line: whether sound would go round somewhere, by the sends, parents and keys of any time. */
void motet_parser_check_ways(motet_parser *parser);

/* After the last line: whether each "expect" has something to look at. */
void motet_parser_check_expects(motet_parser *parser);

#endif /* MOTET_CLI_TIMELINE_PARSER_H */
