/* The tables of effects, as the tool reads them. */
#ifndef MOTET_CLI_EFFECT_TABLE_H
#define MOTET_CLI_EFFECT_TABLE_H

#include "motet/effect.h"

/* The parameters that every effect has beside its own: "wet" and "bypass". The default of "wet" is the type's. */
enum { MOTET_EFFECT_COMMON_COUNT = 2 };
extern const motet_parameter motet_effect_common[MOTET_EFFECT_COMMON_COUNT];

/* The parameter of a name, of the type or of all; NULL: there is none. */
const motet_parameter *motet_effect_parameter(const motet_effect_type *type, const char *name);

/* The type of a name, or NULL; then `nearest` is the one that was probably meant, or NULL. */
const motet_effect_type *motet_effect_type_of(const char *name, const char **nearest);

/* Whether it is a switch: 0 or 1. */
bool motet_effect_is_switch(const motet_parameter *parameter);

#endif /* MOTET_CLI_EFFECT_TABLE_H */
