/* The verbs of the command line, one file each. */
#ifndef MOTET_CLI_VERBS_H
#define MOTET_CLI_VERBS_H

typedef struct motet_tool_verb {
    const char *name;
    const char *summary; /* one line, for the list of verbs */
    const char *help;    /* the page of --help */
    /* Gets the arguments after the verb; returns what to exit with. */
    int (*run)(int count, char *const *arguments);
} motet_tool_verb;

extern const motet_tool_verb motet_tool_play;
extern const motet_tool_verb motet_tool_render;
extern const motet_tool_verb motet_tool_check;
extern const motet_tool_verb motet_tool_compare;
extern const motet_tool_verb motet_tool_lint;
extern const motet_tool_verb motet_tool_draw;
extern const motet_tool_verb motet_tool_info;
extern const motet_tool_verb motet_tool_effects;
extern const motet_tool_verb motet_tool_devices;
extern const motet_tool_verb motet_tool_bench;
extern const motet_tool_verb motet_tool_version;

#endif /* MOTET_CLI_VERBS_H */
