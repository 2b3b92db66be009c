/* Writes sound files. The file appears under its name only when it is complete. */
#ifndef MOTET_CLI_AUDIO_WRITE_H
#define MOTET_CLI_AUDIO_WRITE_H

#include "pcm.h"

typedef enum motet_container {
    MOTET_CONTAINER_UNKNOWN,
    MOTET_CONTAINER_WAV,
    MOTET_CONTAINER_FLAC,
    MOTET_CONTAINER_OGG, /* Vorbis: without a sample format */
    MOTET_CONTAINER_RAW  /* to standard output */
} motet_container;

/* By the ending of a path; "-" is RAW. */
motet_container motet_container_of(const char *path);

typedef struct motet_writer motet_writer;

#define MOTET_WRITER_TOO_LONG "longer than a WAV file can be (4 GiB); expected FLAC, or - for raw samples"

/* Whether so many frames fit into a file: a WAV file counts its bytes in 32 bits. */
bool motet_writer_fits(motet_container container, motet_sample_format format, uint32_t channels, uint64_t frames);

/* Starts a file. NULL with `*complaint` set (to be freed) when that fails. */
motet_writer *motet_writer_create(const char *path, motet_container container, motet_sample_format format,
                                  uint32_t rate_hz, uint32_t channels, char **complaint);

/* False when it failed; motet_writer_complaint says why. */
bool motet_writer_write(motet_writer *writer, const float *interleaved, uint32_t frame_count);
const char *motet_writer_complaint(const motet_writer *writer);

/* Completes the file and gives it its name. False with `*complaint` set when that fails; nothing is left then. Frees
 * the writer either way. */
bool motet_writer_finish(motet_writer *writer, char **complaint);

/* Gives up: nothing is left of the file. */
void motet_writer_discard(motet_writer *writer);

#endif /* MOTET_CLI_AUDIO_WRITE_H */
