/* motet: the command line. Finds the verb; everything else is in verb_*.c. */
#include "motet/motet.h"
#include "options.h"
#include "output.h"
#include "verbs.h"

#include <stdio.h>
#include <string.h>

static const motet_tool_verb *const verbs[] = {
    &motet_tool_play, &motet_tool_render,  &motet_tool_check,   &motet_tool_compare,
    &motet_tool_info, &motet_tool_devices, &motet_tool_version, &motet_tool_lint,
    &motet_tool_draw, &motet_tool_effects, &motet_tool_bench,
};

enum { VERB_COUNT = sizeof verbs / sizeof *verbs };

static void print_usage(FILE *file)
{
    fputs("Usage: motet VERB [OPTION]... [FILE]...\n\n", file);
    for (size_t i = 0; i < VERB_COUNT; i++) {
        fprintf(file, "  %-9s %s\n", verbs[i]->name, verbs[i]->summary);
    }
    fputs("\n\"motet VERB --help\" tells more. Exit status: 0 success, 1 the work failed, 2 wrong usage.\n", file);
}

static const motet_tool_verb *find(const char *name)
{
    for (size_t i = 0; i < VERB_COUNT; i++) {
        if (strcmp(verbs[i]->name, name) == 0) {
            return verbs[i];
        }
    }
    return NULL;
}

static int complain_of_unknown(const char *name)
{
    const char *names[VERB_COUNT];
    for (size_t i = 0; i < VERB_COUNT; i++) {
        names[i] = verbs[i]->name;
    }
    const char *nearest = motet_nearest_name(name, names, VERB_COUNT);
    if (nearest != NULL) {
        motet_output_error("unknown verb \"%s\"; did you mean \"%s\"?", name, nearest);
    } else {
        motet_output_error("unknown verb \"%s\"; \"motet --help\" lists them", name);
    }
    return MOTET_EXIT_USAGE;
}

static bool asks_for_help(int count, char *const *arguments)
{
    for (int i = 0; i < count && strcmp(arguments[i], "--") != 0; i++) {
        if (strcmp(arguments[i], "--help") == 0 || strcmp(arguments[i], "-h") == 0) {
            return true;
        }
    }
    return false;
}

static int run(const motet_tool_verb *verb, int count, char *const *arguments)
{
    if (asks_for_help(count, arguments)) {
        fputs(verb->help, stdout);
        return motet_output_flush() ? MOTET_EXIT_OK : MOTET_EXIT_FAILED;
    }
    return verb->run(count, arguments);
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        print_usage(stderr);
        return MOTET_EXIT_USAGE;
    }
    const char *name = argv[1];
    if (strcmp(name, "--version") == 0) {
        name = motet_tool_version.name;
    }
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0 || (strcmp(name, "help") == 0 && argc == 2)) {
        print_usage(stdout);
        return motet_output_flush() ? MOTET_EXIT_OK : MOTET_EXIT_FAILED;
    }
    if (strcmp(name, "help") == 0) {
        static char help[] = "--help";
        char *const arguments[] = {help};
        const motet_tool_verb *verb = find(argv[2]);
        return verb != NULL ? run(verb, 1, arguments) : complain_of_unknown(argv[2]);
    }
    const motet_tool_verb *verb = find(name);
    return verb != NULL ? run(verb, argc - 2, argv + 2) : complain_of_unknown(name);
}
