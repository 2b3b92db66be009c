#include "options.h"

#include "memory.h"
#include "motet/motet.h"
#include "output.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_NAMES = 32 };

static const motet_option *find(const motet_option *options, size_t count, const char *name, size_t length)
{
    for (size_t i = 0; i < count; i++) {
        if (strlen(options[i].name) == length && strncmp(options[i].name, name, length) == 0) {
            return &options[i];
        }
    }
    return NULL;
}

static void complain_of_unknown(const char *verb, const motet_option *options, size_t count, const char *name)
{
    const char *names[MAX_NAMES] = {"--help"};
    size_t filled = 1;
    for (size_t i = 0; i < count && filled < MAX_NAMES; i++) {
        names[filled++] = options[i].name;
    }
    const char *nearest = motet_nearest_name(name, names, filled);
    if (nearest != NULL) {
        fprintf(stderr, "motet: unknown option \"%s\" in \"%s\"; did you mean \"%s\"?\n", name, verb, nearest);
    } else {
        fprintf(stderr, "motet: unknown option \"%s\" in \"%s\"; \"motet %s --help\" lists them\n", name, verb, verb);
    }
}

static bool complain_of_value(const motet_option *option, const char *text, const char *expected)
{
    fprintf(stderr, "motet: \"%s\" is \"%s\"; expected %s\n", option->name, text, expected);
    return false;
}

static bool read_number(const motet_option *option, const char *text, double *number)
{
    char *end = NULL;
    errno = 0;
    *number = strtod(text, &end);
    /* strtod also takes hexadecimal, NaN and infinity, which nobody means here. */
    bool plain = strspn(text, "+-.0123456789eE") == strlen(text);
    bool whole = option->kind != MOTET_OPTION_WHOLE || *number == floor(*number);
    bool low = option->above_min ? *number > option->min : *number >= option->min;
    if (*text != '\0' && *end == '\0' && plain && isfinite(*number) && whole && low && *number <= option->max) {
        return true;
    }
    char *expected = NULL;
    const char *noun = option->kind == MOTET_OPTION_WHOLE ? "a whole number" : "a number";
    if (option->above_min) {
        expected = motet_string_format("%s above %.10g", noun, option->min);
    } else if (option->max > 1e9) {
        expected = motet_string_format("%s, %.10g or above", noun, option->min);
    } else {
        expected = motet_string_format("%s from %.10g to %.10g", noun, option->min, option->max);
    }
    (void)complain_of_value(option, text, expected);
    free(expected);
    return false;
}

static bool read_choice(const motet_option *option, const char *text)
{
    size_t count = 0;
    char *expected = motet_string_copy("");
    for (; option->choices[count] != NULL; count++) {
        if (strcmp(option->choices[count], text) == 0) {
            *(uint32_t *)option->value = (uint32_t)count;
            free(expected);
            return true;
        }
        char *longer = motet_string_format("%s%s\"%s\"", expected, count > 0 ? ", " : "", option->choices[count]);
        free(expected);
        expected = longer;
    }
    (void)complain_of_value(option, text, expected);
    free(expected);
    return false;
}

const char *const motet_options_simd[] = {"c", "sse2", "avx2", "avx512", "neon", NULL};

void motet_options_tell_simd(const char *asked, const char *used)
{
    const char *wanted = getenv("MOTET_SIMD");
    if (asked == NULL && wanted != NULL && *wanted != '\0' && strcmp(wanted, used) != 0) {
        motet_output_error("warning: MOTET_SIMD is \"%s\", which cannot be had here; %s is used", wanted, used);
    }
}

static bool read_value(const motet_option *option, const char *text)
{
    double number = 0;
    switch (option->kind) {
    case MOTET_OPTION_TEXT:
        *(const char **)option->value = text;
        return *text != '\0' || complain_of_value(option, text, "a text that is not empty");
    case MOTET_OPTION_NUMBER:
        if (!read_number(option, text, &number)) {
            return false;
        }
        *(double *)option->value = number;
        return true;
    case MOTET_OPTION_WHOLE:
        if (!read_number(option, text, &number)) {
            return false;
        }
        *(uint32_t *)option->value = (uint32_t)number;
        return true;
    case MOTET_OPTION_CHOICE: return read_choice(option, text);
    case MOTET_OPTION_FLAG: break;
    }
    return false;
}

/* Reads the option at arguments[*i], and its value, which may be the next argument or follow a "=". */
static int read_option(const char *verb, const motet_option *options, size_t option_count, int count,
                       char *const *arguments, int *i)
{
    const char *name = arguments[*i];
    const char *equals = strncmp(name, "--", 2) == 0 ? strchr(name, '=') : NULL;
    const motet_option *option =
        find(options, option_count, name, equals != NULL ? (size_t)(equals - name) : strlen(name));
    bool good = false;
    if (option == NULL) {
        complain_of_unknown(verb, options, option_count, name);
        return MOTET_EXIT_USAGE;
    }
    if (option->given != NULL) {
        *option->given = true;
    }
    if (option->kind == MOTET_OPTION_FLAG) {
        *(bool *)option->value = true;
        good = equals == NULL || complain_of_value(option, equals + 1, "no value");
    } else if (equals != NULL) {
        good = read_value(option, equals + 1);
    } else if (*i + 1 < count) {
        *i += 1;
        good = read_value(option, arguments[*i]);
    } else {
        fprintf(stderr, "motet: \"%s\" in \"%s\" has no value; expected one after it\n", option->name, verb);
    }
    return good ? MOTET_EXIT_OK : MOTET_EXIT_USAGE;
}

int motet_options_read(const char *verb, const motet_option *options, size_t option_count, int count,
                       char *const *arguments, motet_operands *operands)
{
    bool ended = false;
    int result = MOTET_EXIT_OK;
    for (int i = 0; i < count && result == MOTET_EXIT_OK; i++) {
        const char *argument = arguments[i];
        if (!ended && strcmp(argument, "--") == 0) {
            ended = true;
        } else if (ended || argument[0] != '-' || argument[1] == '\0') {
            operands->list[operands->count++] = argument;
        } else {
            result = read_option(verb, options, option_count, count, arguments, &i);
        }
    }
    return result;
}

bool motet_options_expect(const char *verb, bool right, const char *expected)
{
    if (!right) {
        fprintf(stderr, "motet: wrong use of \"%s\"; expected: motet %s %s\n", verb, verb, expected);
    }
    return right;
}
