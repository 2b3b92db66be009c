#include "effect_table.h"

#include <string.h>

const motet_parameter motet_effect_common[MOTET_EFFECT_COMMON_COUNT] = {
    {"wet", "", 0, 1, 1, MOTET_PARAMETER_LINEAR, NULL, "The share of the processed sound; the rest is the dry one."},
    {"bypass", "", 0, 1, 0, MOTET_PARAMETER_STEP, NULL, "Takes the effect out, and back in, by a crossfade."},
};

const motet_parameter *motet_effect_parameter(const motet_effect_type *type, const char *name)
{
    for (uint32_t i = 0; i < type->parameter_count; i++) {
        if (strcmp(type->parameters[i].name, name) == 0) {
            return &type->parameters[i];
        }
    }
    for (size_t i = 0; i < MOTET_EFFECT_COMMON_COUNT; i++) {
        if (strcmp(motet_effect_common[i].name, name) == 0) {
            return &motet_effect_common[i];
        }
    }
    return NULL;
}

const motet_effect_type *motet_effect_type_of(const char *name, const char **nearest)
{
    enum { MOST = 256 };
    const char *names[MOST];
    size_t count = 0;
    const motet_effect_type *type = NULL;
    while ((type = motet_effect_type_next(type)) != NULL) {
        if (strcmp(type->name, name) == 0) {
            return type;
        }
        if (count < MOST) {
            names[count++] = type->name;
        }
    }
    *nearest = motet_nearest_name(name, names, count);
    return NULL;
}

bool motet_effect_is_switch(const motet_parameter *parameter)
{
    return parameter->curve == MOTET_PARAMETER_STEP && parameter->choices == NULL && parameter->minimum == 0 &&
           parameter->maximum == 1;
}
