/* Sound files for tests: made in memory in every format, broken on purpose, and decoded as the engine does it. */
#ifndef MOTET_TESTS_AUDIO_FILES_H
#define MOTET_TESTS_AUDIO_FILES_H

#include "engine/decoder.h"

#include <sndfile.h>

/* A file in memory. */
typedef struct audio_bytes {
    unsigned char *data;
    size_t size, capacity;
    size_t position; /* while it is written */
} audio_bytes;

void audio_bytes_append(audio_bytes *bytes, const void *data, size_t size);
void audio_bytes_append_text(audio_bytes *bytes, const char *text);
void audio_bytes_append_le(audio_bytes *bytes, uint64_t value, size_t size);
void audio_bytes_append_be(audio_bytes *bytes, uint64_t value, size_t size);
/* A new copy of the first `size` bytes. */
audio_bytes audio_bytes_copy(const audio_bytes *bytes, size_t size);
/* Where a text first stands, or SIZE_MAX. */
size_t audio_bytes_find(const audio_bytes *bytes, const char *text);
void audio_bytes_free(audio_bytes *bytes);

/* A file from disk; data is NULL where it cannot be read. */
audio_bytes audio_bytes_load(const char *path);
/* Writes one; fails the test where it cannot be written. */
void audio_bytes_save(const audio_bytes *bytes, const char *path);

/* Random numbers that are the same on every machine. */
uint32_t audio_random(uint64_t *state);

typedef enum audio_sample { AUDIO_S16, AUDIO_S32, AUDIO_F32, AUDIO_F64 } audio_sample;

/* What a file is made with, beside its samples. */
typedef struct audio_recipe {
    int format; /* libsndfile's */
    int channels, rate;
    const char *title, *artist; /* tags, or NULL */
    double tone_hz;             /* of the first channel, the n-th has n times as much; 0: 220 */
} audio_recipe;

/* Writes a file; fails the test where libsndfile cannot. */
audio_bytes audio_write(const audio_recipe *recipe, audio_sample kind, const void *samples, size_t frames);

/* The same of a melody with a different tone in each channel, about half of full scale. */
audio_bytes audio_write_tones(const audio_recipe *recipe, size_t frames);
float audio_tone(const audio_recipe *recipe, size_t frame, int channel);

/* Makes the checksums of all Ogg pages right again. */
void audio_mend_ogg(unsigned char *data, size_t size);

/* A source over bytes that can fail and that hands out little at a time. */
typedef struct audio_source {
    motet_source source;
    const unsigned char *data;
    uint64_t position;
    uint64_t fail_at; /* reading this byte fails */
    size_t piece;     /* bytes that one read gives at most */
} audio_source;

void audio_source_init(audio_source *source, const void *data, size_t size);

/* An opened file. */
typedef struct audio_decoder {
    audio_source source;
    const motet_decoder_backend *backend;
    motet_decoder *decoder;
    motet_decoder_info info;
    char error[512];
} audio_decoder;

/* Asks the linked decoders one after the other. `source` must be set up. */
motet_result audio_open_source(audio_decoder *decoder);
motet_result audio_open(audio_decoder *decoder, const audio_bytes *bytes);
void audio_close(audio_decoder *decoder);

/* Decodes from the present place to the end, or to `limit` frames, in pieces of odd sizes; the caller frees, also after
 * a failure. */
motet_result audio_read_f32(audio_decoder *decoder, float **samples, uint64_t *frames, uint64_t limit);
motet_result audio_read_s16(audio_decoder *decoder, int16_t **samples, uint64_t *frames, uint64_t limit);

/* The same for files that must open and decode whole: anything else fails the test. */
void audio_open_whole(audio_decoder *decoder, const audio_bytes *bytes);
float *audio_decode_f32(audio_decoder *decoder, uint64_t *frames);
int16_t *audio_decode_s16(audio_decoder *decoder, uint64_t *frames);

/* Goes to many places, reads a little at each and compares it with linear play: none of the samples may differ by more
 * than `tolerance`. */
void audio_check_seeks(const char *name, const audio_bytes *bytes, int places, double tolerance);

/* Memory that is there, or the program ends. */
void *audio_allocate(size_t size);

#endif /* MOTET_TESTS_AUDIO_FILES_H */
