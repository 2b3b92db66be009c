/* Sound files for bench/streams: the same music-like sound in every format that is streamed, in a folder of their own. */
#ifndef MOTET_BENCH_STREAM_FILES_H
#define MOTET_BENCH_STREAM_FILES_H

#include <stdbool.h>
#include <stddef.h>

enum { STREAM_FORMATS = 9, STREAM_PATH_SIZE = 256, STREAM_FILE_HZ = 48000 };

typedef struct stream_format {
    const char *name;
    const char *ending;
    int format; /* libsndfile's */
    int rate_hz;
    bool forgets; /* Opus: what follows a seek is the same by and by */
} stream_format;

extern const stream_format stream_formats[STREAM_FORMATS];

/* Writes a file of so many seconds, stereo, and its path; ends the program where that cannot be done. */
void stream_file_write(const stream_format *format, const char *name, double seconds, char path[STREAM_PATH_SIZE]);
/* Takes the file out of the system's memory, so that the next reader has to wait for the disk. */
void stream_file_forget(const char *path);
/* Bytes of the file. */
double stream_file_size(const char *path);
/* Deletes the folder and all files in it. */
void stream_files_delete(void);

#endif /* MOTET_BENCH_STREAM_FILES_H */
