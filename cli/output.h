/* What the tool says: documents on standard output, messages and a line of progress on standard error. */
#ifndef MOTET_CLI_OUTPUT_H
#define MOTET_CLI_OUTPUT_H

#include "memory.h"
#include "motet/motet.h"

#include <jansson.h>
#include <stdbool.h>

/* Writes a JSON document and frees it. False when standard output is closed or full; that has been told. */
bool motet_output_json(json_t *document);

/* "motet: ..." on standard error, over a line of progress if there is one. */
void motet_output_error(const char *format, ...) MOTET_PRINTF_LIKE(1, 2);

/* Sends everything that is waiting to standard output; false as above. */
bool motet_output_flush(void);

/* Replaces the line of progress; does nothing unless standard error is a terminal. NULL takes the line away. */
void motet_output_progress(const char *text);
bool motet_output_has_terminal(void);

/* True when as much time has passed since the last true that a new line of progress is worth writing. */
bool motet_output_is_time(void);

/* A number as a JSON value: null where it is not finite. */
json_t *motet_json_number(double number);

/* A text as a JSON value, also where it is not valid UTF-8. */
json_t *motet_json_text(const char *text);

/* A linear level in decibels: -infinity for 0. */
double motet_level_db(double level);

/* A log function for an engine whose failures are told by who calls it. */
void motet_output_drop_log(void *user, motet_log_level level, const char *text);

#endif /* MOTET_CLI_OUTPUT_H */
