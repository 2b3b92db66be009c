#include "effects/effects.h"

#include "base/log.h"

#include <string.h>

static const motet_effect_type *const types[] = {
#define MOTET_EFFECT_ADDRESS(name) &name,
    MOTET_EFFECT_LIST(MOTET_EFFECT_ADDRESS)
#undef MOTET_EFFECT_ADDRESS
};

enum { TYPE_COUNT = sizeof types / sizeof *types };

const motet_effect_type *motet_effect_type_next(const motet_effect_type *type)
{
    for (size_t i = 0; type != NULL && i < TYPE_COUNT; i++) {
        if (types[i] == type) {
            return i + 1 < TYPE_COUNT ? types[i + 1] : NULL;
        }
    }
    return type == NULL ? types[0] : NULL;
}

const motet_effect_type *motet_effect_type_find(const char *name)
{
    const char *names[TYPE_COUNT];
    for (size_t i = 0; i < TYPE_COUNT; i++) {
        names[i] = types[i]->name;
        if (name != NULL && strcmp(names[i], name) == 0) {
            return types[i];
        }
    }
    const char *nearest = name != NULL ? motet_nearest_name(name, names, TYPE_COUNT) : NULL;
    if (nearest != NULL) {
        motet_fail(NULL, MOTET_ERROR_NOT_FOUND, "no effect \"%s\"; did you mean \"%s\"?", name, nearest);
    } else {
        motet_fail(NULL, MOTET_ERROR_NOT_FOUND, "no effect \"%s\"", name != NULL ? name : "(NULL)");
    }
    return NULL;
}
