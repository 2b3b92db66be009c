/* From a file's bytes to a sound's samples, by whichever decoder knows them. Not for the audio thread. */
#ifndef MOTET_ENGINE_DECODING_H
#define MOTET_ENGINE_DECODING_H

#include "dsp/kernels.h"
#include "engine/byte_source.h"
#include "engine/engine.h"
#include "engine/stream_file.h"

typedef struct motet_decoded {
    motet_material material; /* its samples are the caller's */
    motet_sound_info info;
    motet_tag *tags; /* the caller's, as are the texts */
    uint32_t tag_count;
    motet_marker *markers; /* the caller's: `info.marker_count` of them, sorted, all inside the sound */
    uint32_t markers_left_out;
    struct motet_stream_file *streamed; /* of a sound that is decoded while it plays; else NULL */
    size_t non_finite;                  /* samples that were NaN or infinite and are 0 now */
} motet_decoded;

/* Decodes everything. On failure nothing is left to free, and `error` holds a sentence without the source's name. */
motet_result motet_decode(motet_heap *heap, const motet_source *source, motet_store store, motet_decoded *decoded,
                          char *error, size_t error_size);

/* The same without samples: the material has its length only. Where a header does not say that, it is counted. */
motet_result motet_decode_outline(motet_heap *heap, const motet_source *source, motet_store wanted,
                                  motet_decoded *decoded, char *error, size_t error_size);

/* The same of what is known of a file that cannot seek: no length, and no markers. */
motet_result motet_decode_describe(motet_heap *heap, const motet_decoder_info *info, motet_store wanted,
                                   motet_decoded *decoded);

/* The decoder that knows a source, opened. */
motet_result motet_decoder_find(const motet_source *source, const motet_decoder_backend **backend,
                                motet_decoder **decoder, motet_decoder_info *info, char *error, size_t error_size);
/* Decodes up to `count` frames in the format of `kept`, as motet_decode would keep them; fewer at the end, and before a
 * failure. `scratch` is memory for the call alone; `non_finite` receives how many samples were NaN or infinite. */
motet_result motet_decode_some(const motet_decoder_backend *backend, motet_decoder *decoder,
                               const motet_decoder_info *info, const motet_material *kept, void *scratch, void *out,
                               uint32_t count, uint32_t *read, size_t *non_finite, char *error, size_t error_size);
size_t motet_decode_scratch_bytes(void);

/* Samples in memory as a sound keeps them: folded to stereo, cleaned, in the format of `wanted`. */
motet_result motet_adopt_pcm(motet_heap *heap, const motet_pcm *pcm, motet_store wanted, motet_decoded *decoded);

/* Converts what was decoded to the engine's rate: to f32, unless s16 is asked for by name. Does nothing to material of
 * that rate, or with loop points, whose length would not be a whole number of frames. On failure it stays as it was. */
motet_result motet_decoded_convert(motet_heap *heap, const motet_kernels *kernels, motet_decoded *decoded,
                                   motet_store store, uint32_t rate_hz);

/* The same for what has no samples: says how its frames will be converted while it plays. */
motet_result motet_decoded_convert_later(motet_heap *heap, motet_decoded *decoded, motet_store store, uint32_t rate_hz);

/* Bytes of the samples; the original's not included. */
size_t motet_material_bytes(const motet_material *material);
/* Frees samples, and those of the original. */
void motet_material_free(motet_heap *heap, const motet_material *material);
void motet_decoded_free(motet_heap *heap, motet_decoded *decoded);
void motet_sound_tags_free(motet_heap *heap, motet_tag *tags, uint32_t count);

#endif /* MOTET_ENGINE_DECODING_H */
