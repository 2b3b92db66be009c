/* The adapters of motet::core: none. */
#include "engine/adapters.h"

static const motet_decoder_backend *const decoders[] = {NULL};
static const motet_device_backend *const devices[] = {NULL};

const motet_adapters motet_adapters_linked = {decoders, devices};
