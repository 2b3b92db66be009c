/* Reads the options of a verb. What is wrong with them is told at once, as "motet: ..." on standard error. */
#ifndef MOTET_CLI_OPTIONS_H
#define MOTET_CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Exit codes of the tool. */
enum { MOTET_EXIT_OK = 0, MOTET_EXIT_FAILED = 1, MOTET_EXIT_USAGE = 2, MOTET_EXIT_INTERRUPTED = 130 };

typedef enum motet_option_kind {
    MOTET_OPTION_FLAG,   /* bool */
    MOTET_OPTION_TEXT,   /* const char * */
    MOTET_OPTION_NUMBER, /* double */
    MOTET_OPTION_WHOLE,  /* uint32_t */
    MOTET_OPTION_CHOICE  /* uint32_t: the place of the word */
} motet_option_kind;

typedef struct motet_option {
    const char *name; /* "--rate", "-o" */
    motet_option_kind kind;
    void *value; /* as the kind says */
    bool *given; /* set where the option is given; may be NULL */
    double min, max;
    bool above_min;             /* `min` itself is too little */
    const char *const *choices; /* ends with NULL */
} motet_option;

typedef struct motet_operands {
    const char **list; /* of the caller, with room for all arguments */
    size_t count;
} motet_operands;

/* Reads `count` arguments; those that are no options go to `operands`. "--" ends the options, "-" is an operand.
 * MOTET_EXIT_OK, or after a message what to exit with. */
int motet_options_read(const char *verb, const motet_option *options, size_t option_count, int count,
                       char *const *arguments, motet_operands *operands);

/* The choices of --simd; the machine need not have them all. */
extern const char *const motet_options_simd[];
/* Warns where MOTET_SIMD in the environment, which counts if no level was asked for, named another than is used. */
void motet_options_tell_simd(const char *asked, const char *used);

/* Where the operands are not `right`, says how the verb is used. Returns `right`. */
bool motet_options_expect(const char *verb, bool right, const char *expected);

#endif /* MOTET_CLI_OPTIONS_H */
