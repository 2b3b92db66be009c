#include "problems.h"

#include <stdio.h>
#include <stdlib.h>

void motet_problems_init(motet_problems *problems, const char *file)
{
    *problems = (motet_problems){.file = file};
}

void motet_problems_free(motet_problems *problems)
{
    for (size_t i = 0; i < problems->count; i++) {
        free(problems->list[i].text);
    }
    free(problems->list);
    motet_problems_init(problems, problems->file);
}

/* A message is one line, whatever the file has in its names. */
static void make_printable(char *text)
{
    for (; *text != '\0'; text++) {
        if ((unsigned char)*text < 0x20 || *text == 0x7F) {
            *text = '?';
        }
    }
}

static void add(motet_problems *problems, motet_problem problem)
{
    make_printable(problem.text);
    problems->list = motet_memory_grow(problems->list, problems->count, &problems->capacity, sizeof problem);
    problems->list[problems->count++] = problem;
    problems->errors += problem.warning ? 0 : 1;
}

void motet_problems_error(motet_problems *problems, uint32_t line, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    add(problems, (motet_problem){.line = line, .placed = true, .text = motet_string_format_list(format, arguments)});
    va_end(arguments);
}

void motet_problems_warn(motet_problems *problems, uint32_t line, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    add(problems,
        (motet_problem){
            .line = line, .warning = true, .placed = true, .text = motet_string_format_list(format, arguments)});
    va_end(arguments);
}

void motet_problems_error_file(motet_problems *problems, uint32_t line, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    add(problems, (motet_problem){.line = line, .text = motet_string_format_list(format, arguments)});
    va_end(arguments);
}

void motet_problems_forget_warnings(motet_problems *problems, size_t from)
{
    size_t kept = from;
    for (size_t i = from; i < problems->count; i++) {
        if (problems->list[i].warning) {
            free(problems->list[i].text);
        } else {
            problems->list[kept++] = problems->list[i];
        }
    }
    problems->count = kept < problems->count ? kept : problems->count;
}

/* Files are opened after all lines have been read, so problems do not come in the order of the lines. An insertion
 * sort keeps those of one line in their order and costs nothing where nothing has to move. */
static void sort(motet_problems *problems)
{
    for (size_t i = 1; i < problems->count; i++) {
        motet_problem problem = problems->list[i];
        size_t place = i;
        while (place > 0 && problems->list[place - 1].line > problem.line) {
            problems->list[place] = problems->list[place - 1];
            place--;
        }
        problems->list[place] = problem;
    }
}

void motet_problems_print(motet_problems *problems)
{
    sort(problems);
    for (size_t i = 0; i < problems->count; i++) {
        motet_problem *problem = &problems->list[i];
        if (problem->printed) {
            continue;
        }
        problem->printed = true;
        fputs("motet: ", stderr);
        if (problem->placed && problem->line > 0) {
            fprintf(stderr, "%s:%u: ", problems->file, (unsigned)problem->line);
        } else if (problem->placed) {
            fprintf(stderr, "%s: ", problems->file);
        }
        fprintf(stderr, "%s%s\n", problem->warning ? "warning: " : "", problem->text);
    }
}

json_t *motet_problems_to_json(motet_problems *problems, bool warnings)
{
    sort(problems);
    json_t *list = json_array();
    for (size_t i = 0; i < problems->count; i++) {
        const motet_problem *problem = &problems->list[i];
        if (problem->warning != warnings) {
            continue;
        }
        json_t *entry = json_object();
        (void)json_object_set_new(entry, "file", json_string(problems->file));
        (void)json_object_set_new(entry, "line", problem->line > 0 ? json_integer(problem->line) : json_null());
        json_t *text = json_string(problem->text);
        (void)json_object_set_new(entry, "message", text != NULL ? text : json_string("(not valid UTF-8)"));
        (void)json_array_append_new(list, entry);
    }
    return list;
}
