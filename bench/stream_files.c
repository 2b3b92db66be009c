#include "stream_files.h"

#include <fcntl.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sndfile.h>

enum { CHANNELS = 2, PIECE_FRAMES = 1024, FILES_MOST = 64 };

const stream_format stream_formats[STREAM_FORMATS] = {
    {"WAV s16", "wav", SF_FORMAT_WAV | SF_FORMAT_PCM_16, 48000, false},
    {"WAV s24", "wav", SF_FORMAT_WAV | SF_FORMAT_PCM_24, 48000, false},
    {"WAV f32, 44.1 kHz", "wav", SF_FORMAT_WAV | SF_FORMAT_FLOAT, 44100, false},
    {"AIFF", "aiff", SF_FORMAT_AIFF | SF_FORMAT_PCM_16, 48000, false},
    {"FLAC", "flac", SF_FORMAT_FLAC | SF_FORMAT_PCM_16, 48000, false},
    {"Vorbis", "ogg", SF_FORMAT_OGG | SF_FORMAT_VORBIS, 48000, false},
    {"Vorbis, 44.1 kHz", "ogg", SF_FORMAT_OGG | SF_FORMAT_VORBIS, 44100, false},
    {"MP3", "mp3", SF_FORMAT_MPEG | SF_FORMAT_MPEG_LAYER_III, 48000, false},
    {"Opus", "opus", SF_FORMAT_OGG | SF_FORMAT_OPUS, 48000, true},
};

static char folder[STREAM_PATH_SIZE / 2];
static char *written[FILES_MOST];
static int written_count;

static void fail(const char *what)
{
    fprintf(stderr, "streams: %s\n", what);
    stream_files_delete();
    exit(1);
}

/* Three tones that swell at their own rates, and a little noise: it starts with full level at its first frame. */
static void fill(float *frames, uint64_t first, int count, int rate_hz, uint32_t *noise)
{
    static const double PI2 = 6.28318530717958647692;
    for (int i = 0; i < count; i++) {
        double t = (double)(first + (uint64_t)i) / rate_hz;
        for (int channel = 0; channel < CHANNELS; channel++) {
            *noise = *noise * 1664525 + 1013904223;
            double sum = 0.05 * ((double)(*noise >> 8) / (1 << 24) - 0.5);
            for (int tone = 1; tone <= 3; tone++) {
                double swell = 0.6 + 0.4 * cos(PI2 * t * 0.37 * (tone + channel));
                sum += 0.2 * swell * cos(PI2 * t * (110.0 * tone * (1 + channel * 0.5)) + 0.4);
            }
            frames[CHANNELS * i + channel] = (float)sum;
        }
    }
}

void stream_file_write(const stream_format *format, const char *name, double seconds, char path[STREAM_PATH_SIZE])
{
    if (folder[0] == '\0') {
        const char *parent = getenv("TMPDIR");
        snprintf(folder, sizeof folder, "%.80s/motet-streams-XXXXXX", parent != NULL ? parent : "/tmp");
        if (mkdtemp(folder) == NULL) {
            folder[0] = '\0';
            fail("no folder for its files");
        }
    }
    snprintf(path, STREAM_PATH_SIZE, "%s/%s.%s", folder, name, format->ending);
    SF_INFO info = {.samplerate = format->rate_hz, .channels = CHANNELS, .format = format->format};
    SNDFILE *file = sf_open(path, SFM_WRITE, &info);
    if (file == NULL || written_count == FILES_MOST || (written[written_count++] = strdup(path)) == NULL) {
        fail("cannot write its files");
    }
    uint64_t frames = (uint64_t)(seconds * format->rate_hz);
    uint32_t noise = 1;
    for (uint64_t done = 0; done < frames; done += PIECE_FRAMES) {
        float piece[PIECE_FRAMES * CHANNELS];
        int count = frames - done < PIECE_FRAMES ? (int)(frames - done) : PIECE_FRAMES;
        fill(piece, done, count, format->rate_hz, &noise);
        if (sf_writef_float(file, piece, count) != count) {
            fail("the disk is full");
        }
    }
    sf_close(file);
}

void stream_file_forget(const char *path)
{
    int handle = open(path, O_RDONLY);
    if (handle >= 0) {
        fdatasync(handle);
        posix_fadvise(handle, 0, 0, POSIX_FADV_DONTNEED);
        close(handle);
    }
}

double stream_file_size(const char *path)
{
    struct stat found;
    return stat(path, &found) == 0 ? (double)found.st_size : 0;
}

void stream_files_delete(void)
{
    while (written_count > 0) {
        unlink(written[--written_count]);
        free(written[written_count]);
    }
    if (folder[0] != '\0') {
        rmdir(folder);
        folder[0] = '\0';
    }
}
