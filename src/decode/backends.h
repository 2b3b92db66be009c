/* The decoder adapters, in the order in which they are asked. */
#ifndef MOTET_DECODE_BACKENDS_H
#define MOTET_DECODE_BACKENDS_H

#include "engine/decoder.h"

extern const motet_decoder_backend motet_vorbis_decoder_backend;  /* Ogg Vorbis */
extern const motet_decoder_backend motet_mpeg_decoder_backend;    /* MP3 */
extern const motet_decoder_backend motet_sndfile_decoder_backend; /* WAV, AIFF, CAF, FLAC, Opus; names the unknown */

#endif /* MOTET_DECODE_BACKENDS_H */
