/* Reads the values of one JSON object by a table of keys, and says everything that is wrong with them. */
#ifndef MOTET_CLI_TIMELINE_VALUES_H
#define MOTET_CLI_TIMELINE_VALUES_H

#include "problems.h"
#include "timeline_keys.h"
#include "timeline_time.h"

#include <jansson.h>

typedef struct motet_value {
    bool written;            /* the line has the key, with whatever value */
    bool present;            /* and a good value; else the default is here */
    double number;           /* of NUMBER, POSITIVE; of RANGE and COUNTS the first */
    double second;           /* of RANGE and COUNTS */
    uint64_t whole;          /* of WHOLE; of FLAG 0 or 1; of CHOICE its place */
    uint64_t frames;         /* of TIME */
    motet_duration duration; /* of TIME and POSITION */
    const char *text;        /* of TEXT and NOTE; lives as long as the object */
    const json_t *object;    /* of OBJECT, OBJECTS, ANY, NAMES and WEIGHTS */
} motet_value;

/* Fills values[field] for each key of the table. `base` is the engine's. False when something was wrong; then it has
 * been added to `problems`. */
bool motet_values_read(motet_value values[MOTET_FIELD_COUNT], const motet_keys *keys, const json_t *object,
                       const motet_time_base *base, motet_problems *problems, uint32_t line);

/* A JSON value as it is written, cut short where it is long; give it back with free(). */
char *motet_value_text(const json_t *value);

#endif /* MOTET_CLI_TIMELINE_VALUES_H */
