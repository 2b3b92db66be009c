/* The file behind streamed voices: what all voices of a sound share, and each voice's own way through it. Not for the
 * audio thread. */
#ifndef MOTET_ENGINE_STREAM_FILE_H
#define MOTET_ENGINE_STREAM_FILE_H

#include "base/alloc.h"
#include "base/log.h"
#include "dsp/convert_rate.h"
#include "dsp/kernels.h"
#include "engine/byte_source.h"
#include "engine/live_source.h"
#include "engine/material.h"

/* Of a sound; counted, since a voice's decoder may be closed after the sound has gone. */
typedef struct motet_stream_file {
    motet_heap *heap;
    motet_atomic_u64 uses;
    char *path; /* opened by `files`; or */
    motet_files files;
    void *bytes; /* of the heap */
    size_t byte_count;
    bool is_live;                /* it cannot seek: see stream_live.h */
    motet_atomic_pointer opened; /* a motet_live_file for the first voice that comes */
    motet_material file;         /* of the file's own frames; no samples */
    motet_material converted;    /* of the same at the engine's rate; a rate of 0: it is not converted */
    uint32_t file_channels;
    motet_rate_filter filter;
    float *coefficients;
    size_t coefficient_bytes;
    uint32_t window_frames; /* of the file, around one chunk of converted ones */
    /* Set by the first of its voices that finds it, and tells. */
    motet_atomic_u64 told_truncated, told_non_finite;
} motet_stream_file;

/* NULL when out of memory. The path is copied; the bytes, which are of the heap, are taken over, and freed then too. */
motet_stream_file *motet_stream_file_create(motet_heap *heap, const motet_files *files, const char *path);
motet_stream_file *motet_stream_file_create_memory(motet_heap *heap, void *bytes, size_t byte_count);
/* Says what the frames are, once that is known; `converted` is NULL where they are played as they are. */
bool motet_stream_file_describe(motet_stream_file *file, const motet_material *own, const motet_material *converted,
                                uint32_t file_channels);
/* Whether it is read by the program's functions, which may block. */
bool motet_stream_file_is_own(const motet_stream_file *file);
motet_stream_file *motet_stream_file_hold(motet_stream_file *file);
void motet_stream_file_drop(motet_stream_file *file); /* NULL does nothing */

/* One voice's decoder. */
typedef struct motet_stream_reader {
    motet_stream_file *file;
    const motet_atomic_u32 *cancelled; /* not 0: nothing is read any more */
    motet_byte_source source;
    const motet_decoder_backend *backend;
    motet_decoder *decoder; /* NULL: it is opened for the next frame that is there */
    motet_decoder_info info;
    uint64_t at;         /* the decoder's next frame */
    uint64_t end;        /* no frames from here on: as the header says, or as it has turned out */
    bool shorter;        /* it has turned out */
    bool failed;         /* by a failure of the file, not by its end or damage */
    uint64_t non_finite; /* samples that were NaN or infinite */
    float *window;       /* the file's frames around those converted last */
    uint64_t window_first;
    uint32_t window_count;
    char error[256];
} motet_stream_reader;

void motet_stream_reader_init(motet_stream_reader *reader, motet_stream_file *file, const motet_atomic_u32 *cancelled);
void motet_stream_reader_close(motet_stream_reader *reader);

/* Memory for one call, shared by all readers that do not run at once. */
size_t motet_stream_scratch_bytes(void);

/* Writes `count` frames from `first` on, in the format of the material: the file's own, or the converted ones. What
 * lies behind the end is silent. */
void motet_stream_reader_read(motet_stream_reader *reader, const motet_kernels *kernels, void *scratch, bool own,
                              uint64_t first, uint32_t count, void *out);

#endif /* MOTET_ENGINE_STREAM_FILE_H */
