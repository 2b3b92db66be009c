/* realpath is XSI. */
#define _XOPEN_SOURCE 700

#include "audio_write.h"

#include "files.h"
#include "memory.h"
#include "ogg_serial.h"

#include <errno.h>
#include <fcntl.h>
#include <sndfile.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PIECE_SAMPLES = 8192 };

struct motet_writer {
    motet_container container;
    motet_sample_format format;
    uint32_t channels;
    SNDFILE *file;   /* NULL for RAW */
    char *name;      /* the file's own */
    char *temporary; /* what it is written to; NULL: `name` itself, being no regular file */
    char *complaint;
    uint64_t frames;
    int32_t integers[PIECE_SAMPLES];
    unsigned char raw[PIECE_SAMPLES * sizeof(float)];
};

/* A WAV file counts its bytes in 32 bits; room for its header is taken off. */
static const uint64_t WAV_MAX_BYTES = 0xFFFFFFFF - 4096;

motet_container motet_container_of(const char *path)
{
    static const struct {
        const char *ending;
        motet_container container;
    } endings[] = {{".wav", MOTET_CONTAINER_WAV},
                   {".wave", MOTET_CONTAINER_WAV},
                   {".flac", MOTET_CONTAINER_FLAC},
                   {".ogg", MOTET_CONTAINER_OGG},
                   {".oga", MOTET_CONTAINER_OGG}};
    if (strcmp(path, "-") == 0) {
        return MOTET_CONTAINER_RAW;
    }
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        if (motet_path_has_ending(path, endings[i].ending)) {
            return endings[i].container;
        }
    }
    return MOTET_CONTAINER_UNKNOWN;
}

static int sndfile_format(motet_container container, motet_sample_format format)
{
    static const int samples[] = {[MOTET_SAMPLE_S16] = SF_FORMAT_PCM_16,
                                  [MOTET_SAMPLE_S24] = SF_FORMAT_PCM_24,
                                  [MOTET_SAMPLE_F32] = SF_FORMAT_FLOAT};
    switch (container) {
    case MOTET_CONTAINER_FLAC: return SF_FORMAT_FLAC | samples[format];
    case MOTET_CONTAINER_OGG: return SF_FORMAT_OGG | SF_FORMAT_VORBIS;
    default: return SF_FORMAT_WAV | samples[format];
    }
}

/* Where to write: beside the file that it will become, so that the last step is a rename. A link is followed; what is
 * no regular file (/dev/null) is written to directly. */
static int open_output(motet_writer *writer, const char *path)
{
    struct stat status;
    char *target = realpath(path, NULL);
    writer->name = target != NULL ? target : motet_string_copy(path);
    if (target != NULL && stat(target, &status) == 0 && !S_ISREG(status.st_mode)) {
        return open(target, O_WRONLY);
    }
    const char *slash = strrchr(writer->name, '/');
    int folder_length = slash != NULL ? (int)(slash - writer->name) + 1 : 0;
    writer->temporary = motet_string_format("%.*s.%s.%ld.part", folder_length, writer->name,
                                            writer->name + folder_length, (long)getpid());
    return open(writer->temporary, O_RDWR | O_CREAT | O_TRUNC, 0666);
}

static void configure(motet_writer *writer)
{
    /* A peak chunk would carry the time of writing. */
    (void)sf_command(writer->file, SFC_SET_ADD_PEAK_CHUNK, NULL, SF_FALSE);
    if (writer->container == MOTET_CONTAINER_OGG) {
        double quality = 0.6;
        (void)sf_command(writer->file, SFC_SET_VBR_ENCODING_QUALITY, &quality, sizeof quality);
    }
}

bool motet_writer_fits(motet_container container, motet_sample_format format, uint32_t channels, uint64_t frames)
{
    return container != MOTET_CONTAINER_WAV || frames <= WAV_MAX_BYTES / (channels * motet_sample_bytes(format));
}

motet_writer *motet_writer_create(const char *path, motet_container container, motet_sample_format format,
                                  uint32_t rate_hz, uint32_t channels, char **complaint)
{
    motet_writer *writer = motet_memory_take(1, sizeof *writer);
    writer->container = container;
    writer->format = format;
    writer->channels = channels;
    *complaint = NULL;
    if (container == MOTET_CONTAINER_RAW) {
        return writer;
    }
    SF_INFO info = {.samplerate = (int)rate_hz, .channels = (int)channels, .format = sndfile_format(container, format)};
    if (!sf_format_check(&info)) {
        *complaint = motet_string_format("%s: this kind of file cannot hold a rate of %u Hz", path, (unsigned)rate_hz);
        motet_writer_discard(writer);
        return NULL;
    }
    int descriptor = open_output(writer, path);
    if (descriptor < 0) {
        *complaint = motet_string_format("%s: cannot be written: %s", path, strerror(errno));
        free(writer->temporary);
        writer->temporary = NULL;
        motet_writer_discard(writer);
        return NULL;
    }
    writer->file = sf_open_fd(descriptor, SFM_WRITE, &info, SF_TRUE);
    if (writer->file == NULL) {
        *complaint = motet_string_format("%s: cannot be written: %s", path, sf_strerror(NULL));
        motet_writer_discard(writer);
        return NULL;
    }
    configure(writer);
    return writer;
}

static bool complain(motet_writer *writer, const char *what)
{
    if (writer->complaint == NULL) {
        writer->complaint = motet_string_format("%s: writing failed: %s",
                                                writer->name != NULL ? writer->name : "standard output", what);
    }
    return false;
}

static bool write_piece(motet_writer *writer, const float *samples, size_t count)
{
    if (writer->container == MOTET_CONTAINER_RAW) {
        size_t size = motet_sample_bytes(writer->format);
        motet_pcm_encode(writer->format, samples, count, writer->raw);
        return fwrite(writer->raw, size, count, stdout) == count || complain(writer, strerror(errno));
    }
    sf_count_t written = 0;
    if (writer->format == MOTET_SAMPLE_F32 || writer->container == MOTET_CONTAINER_OGG) {
        written = sf_write_float(writer->file, samples, (sf_count_t)count);
    } else {
        /* libsndfile takes the upper bits of an int. */
        for (size_t i = 0; i < count; i++) {
            writer->integers[i] = writer->format == MOTET_SAMPLE_S16 ? motet_sample_to_s16(samples[i]) * 65536
                                                                     : motet_sample_to_s24(samples[i]) * 256;
        }
        written = sf_write_int(writer->file, writer->integers, (sf_count_t)count);
    }
    return written == (sf_count_t)count || complain(writer, sf_strerror(writer->file));
}

bool motet_writer_write(motet_writer *writer, const float *interleaved, uint32_t frame_count)
{
    size_t left = (size_t)frame_count * writer->channels;
    writer->frames += frame_count;
    if (!motet_writer_fits(writer->container, writer->format, writer->channels, writer->frames)) {
        return complain(writer, MOTET_WRITER_TOO_LONG);
    }
    size_t most = PIECE_SAMPLES - PIECE_SAMPLES % writer->channels;
    while (left > 0) {
        size_t count = left < most ? left : most;
        if (!write_piece(writer, interleaved, count)) {
            return false;
        }
        interleaved += count;
        left -= count;
    }
    return true;
}

const char *motet_writer_complaint(const motet_writer *writer)
{
    return writer->complaint;
}

static void destroy(motet_writer *writer)
{
    free(writer->name);
    free(writer->temporary);
    free(writer->complaint);
    free(writer);
}

bool motet_writer_finish(motet_writer *writer, char **complaint)
{
    bool good = writer->complaint == NULL;
    if (writer->container == MOTET_CONTAINER_RAW) {
        good = (fflush(stdout) == 0 || complain(writer, strerror(errno))) && good;
    } else {
        int error = sf_close(writer->file);
        writer->file = NULL;
        good = (error == 0 || complain(writer, sf_error_number(error))) && good;
        if (good && writer->container == MOTET_CONTAINER_OGG && writer->temporary != NULL) {
            good = motet_ogg_set_serial(writer->temporary, 1) || complain(writer, strerror(errno));
        }
    }
    if (good && writer->temporary != NULL && rename(writer->temporary, writer->name) != 0) {
        good = complain(writer, strerror(errno));
    }
    if (!good && writer->temporary != NULL) {
        (void)unlink(writer->temporary);
    }
    *complaint = good ? NULL : motet_string_copy(writer->complaint);
    destroy(writer);
    return good;
}

void motet_writer_discard(motet_writer *writer)
{
    if (writer->file != NULL) {
        (void)sf_close(writer->file);
    }
    if (writer->temporary != NULL) {
        (void)unlink(writer->temporary);
    }
    destroy(writer);
}
