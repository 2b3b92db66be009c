/* How the engine reads files: a table of functions that each decoder adapter fills.
 *
 * The adapters (src/decode) are the only users of their libraries; the engine sees bytes go in through a
 * motet_source and interleaved frames come out. All of it runs on control or background threads, never on the
 * audio thread. */
#ifndef MOTET_ENGINE_DECODER_H
#define MOTET_ENGINE_DECODER_H

#include "motet/motet.h"

/* A seekable run of bytes: a file or memory. */
typedef struct motet_source {
    /* Reads up to `size` bytes at the present place; the number read, 0 at the end, negative on an error. */
    int64_t (*read)(void *user, void *bytes, size_t size);
    /* Moves to `offset` from the start; false when that fails. */
    bool (*seek)(void *user, uint64_t offset);
    uint64_t (*tell)(void *user);
    uint64_t size;
    void *user;
    const char *name; /* for messages: the path, or "memory" */
    /* It cannot be moved but to where it has been while it was opened, and nobody knows its end: `size` is more than
     * there will be. Decoders read their way through it, and go to no other place. */
    bool live;
} motet_source;

enum { MOTET_DECODER_MAX_CHANNELS = 8 };

/* What a decoder knows once it has opened its source. Channels come in the order of WAV's channel mask (L R C LFE
 * ...) whatever the format's own order is. */
typedef struct motet_decoder_info {
    uint32_t sample_rate_hz; /* 1 ... 768000 */
    uint32_t channels;       /* 1 ... 8 */
    uint64_t frame_count;    /* as the header claims; 0 where it does not say. It may lie, but it is never more than
                                that many bytes can hold in this format: a hint for the first allocation */
    bool lossy;
    bool wide; /* more than 16 bits of precision: s24, s32, float, double */
    char container[32];
    char encoding[32];
    uint64_t loop_start_frame, loop_end_frame; /* end exclusive; both 0 without loop points */
    uint32_t tag_count;
    motet_tag *tags; /* UTF-8; owned by the decoder until it is closed */
    uint32_t marker_count;
    motet_marker *markers; /* in no order, wherever they lie; UTF-8, owned likewise */
} motet_decoder_info;

typedef struct motet_decoder motet_decoder;

/* One adapter. Functions that fail return a result and leave a full sentence in `error` (of `error_size` bytes),
 * without the source's name in front: the caller puts it there. */
typedef struct motet_decoder_backend {
    const char *name; /* "libsndfile 1.2.0" */
    /* Opens `source`, which must stay until close. MOTET_ERROR_FORMAT with an empty `error` says that the material is
     * not this backend's: the next one is asked then. Every other failure is final: MOTET_ERROR_FORMAT broken,
     * MOTET_ERROR_UNSUPPORTED whole but of a kind that is not read, MOTET_ERROR_IO, MOTET_ERROR_MEMORY. */
    motet_result (*open)(const motet_source *source, motet_decoder **decoder, motet_decoder_info *info, char *error,
                         size_t error_size);
    /* Decodes the next frames, interleaved, at most `frame_count`. `*read` is 0 only at the end of the material. Where
     * it is damaged inside, that is an error at that place: what was read before stays good. After an error the decoder
     * may only be closed. Both kinds work for all material; s16 loses bits where the info says wide, and f32 keeps
     * what lossy material has beyond full scale. */
    motet_result (*read_s16)(motet_decoder *decoder, int16_t *interleaved, uint32_t frame_count, uint32_t *read,
                             char *error, size_t error_size);
    motet_result (*read_f32)(motet_decoder *decoder, float *interleaved, uint32_t frame_count, uint32_t *read,
                             char *error, size_t error_size);
    /* Moves to a frame, exactly. MOTET_ERROR_UNSUPPORTED where the material cannot. Not for live sources. */
    motet_result (*seek)(motet_decoder *decoder, uint64_t frame, char *error, size_t error_size);
    /* True once the material has turned out shorter than its header says. */
    bool (*truncated)(const motet_decoder *decoder);
    void (*close)(motet_decoder *decoder);
} motet_decoder_backend;

#endif /* MOTET_ENGINE_DECODER_H */
