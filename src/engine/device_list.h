/* The sound devices by name, asked of every adapter. */
#ifndef MOTET_ENGINE_DEVICE_LIST_H
#define MOTET_ENGINE_DEVICE_LIST_H

#include "motet/motet.h"

/* MOTET_OK when a device of that name is there, else MOTET_ERROR_NOT_FOUND with a sentence in `error`. */
motet_result motet_device_find(const char *name, char *error, size_t error_size);

#endif /* MOTET_ENGINE_DEVICE_LIST_H */
