/* Names and the numbers that they stand for: the sounds, buses and voices of a timeline. */
#ifndef MOTET_CLI_NAMES_H
#define MOTET_CLI_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct motet_names {
    void *table;
} motet_names;

void motet_names_init(motet_names *names);
void motet_names_free(motet_names *names);

/* Gives `name` the number `index`, also where it had another one. */
void motet_names_set(motet_names *names, const char *name, size_t index);

/* False when there is no such name. */
bool motet_names_find(const motet_names *names, const char *name, size_t *index);

/* The name that `word` was probably meant to be, or NULL. Valid until the names change. */
const char *motet_names_nearest(const motet_names *names, const char *word);

#endif /* MOTET_CLI_NAMES_H */
