/* The adapters of motet::motet. */
#include "engine/adapters.h"

#include "decode/backends.h"
#include "device/sdl.h"

static const motet_decoder_backend *const decoders[] = {
    &motet_vorbis_decoder_backend,
    &motet_mpeg_decoder_backend,
    &motet_sndfile_decoder_backend, /* last: it has the words for files that nobody knows */
    NULL,
};

static const motet_device_backend *const devices[] = {
    &motet_sdl_device_backend,
    NULL,
};

const motet_adapters motet_adapters_linked = {decoders, devices};
