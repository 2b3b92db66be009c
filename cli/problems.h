/* What is wrong with an input, collected so that everything is told at once. */
#ifndef MOTET_CLI_PROBLEMS_H
#define MOTET_CLI_PROBLEMS_H

#include "memory.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct motet_problem {
    uint32_t line; /* 0: of the file as a whole */
    bool warning;
    bool placed; /* told with FILE:LINE in front; else `text` says by itself which file it is about */
    bool printed;
    char *text;
} motet_problem;

typedef struct motet_problems {
    const char *file; /* as it was given on the command line */
    motet_problem *list;
    size_t count, capacity;
    size_t errors;
} motet_problems;

void motet_problems_init(motet_problems *problems, const char *file);
void motet_problems_free(motet_problems *problems);

void motet_problems_error(motet_problems *problems, uint32_t line, const char *format, ...) MOTET_PRINTF_LIKE(3, 4);
void motet_problems_warn(motet_problems *problems, uint32_t line, const char *format, ...) MOTET_PRINTF_LIKE(3, 4);

/* An error whose text names the file that it is about ("music.ogg: no such file"); `line` is where it is used. */
void motet_problems_error_file(motet_problems *problems, uint32_t line, const char *format, ...)
    MOTET_PRINTF_LIKE(3, 4);

/* Takes out the warnings from the place `from` on. */
void motet_problems_forget_warnings(motet_problems *problems, size_t from);

/* Writes those that have not been written yet to standard error, in the order of the lines: "motet: FILE:LINE: text". */
void motet_problems_print(motet_problems *problems);

/* [{"file", "line", "message"}, ...] of the warnings or of the errors. */
json_t *motet_problems_to_json(motet_problems *problems, bool warnings);

#endif /* MOTET_CLI_PROBLEMS_H */
