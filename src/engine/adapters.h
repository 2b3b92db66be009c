/* The adapters that a build of the library carries, fixed when it is linked: src/adapters/core.c (none) in
 * motet::core, src/adapters/full.c (decoders and devices) in motet::motet. */
#ifndef MOTET_ENGINE_ADAPTERS_H
#define MOTET_ENGINE_ADAPTERS_H

#include "engine/decoder.h"
#include "engine/device.h"

typedef struct motet_adapters {
    const motet_decoder_backend *const *decoders; /* asked in this order; ends with NULL */
    const motet_device_backend *const *devices;   /* tried in this order; ends with NULL */
} motet_adapters;

extern const motet_adapters motet_adapters_linked;

#endif /* MOTET_ENGINE_ADAPTERS_H */
