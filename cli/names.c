#include "names.h"

#include "memory.h"
#include "motet/motet.h"

#include <jansson.h>
#include <stdlib.h>

/* A JSON object is the hash table that the tool already links. */

void motet_names_init(motet_names *names)
{
    names->table = json_object();
}

void motet_names_free(motet_names *names)
{
    json_decref(names->table);
    names->table = NULL;
}

void motet_names_set(motet_names *names, const char *name, size_t index)
{
    (void)json_object_set_new(names->table, name, json_integer((json_int_t)index));
}

bool motet_names_find(const motet_names *names, const char *name, size_t *index)
{
    const json_t *number = json_object_get(names->table, name);
    if (number == NULL) {
        return false;
    }
    *index = (size_t)json_integer_value(number);
    return true;
}

const char *motet_names_nearest(const motet_names *names, const char *word)
{
    size_t count = json_object_size(names->table);
    const char **list = motet_memory_take(count, sizeof *list);
    size_t filled = 0;
    const char *name = NULL;
    json_t *number = NULL;
    json_object_foreach(names->table, name, number)
    {
        list[filled++] = name;
    }
    const char *nearest = motet_nearest_name(word, list, filled);
    free(list);
    return nearest;
}
