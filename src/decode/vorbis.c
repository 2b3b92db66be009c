/* Ogg Vorbis by libvorbisfile: libsndfile's own way through the same library lands beside the frame asked for in some
 * files.
 *
 * Samples come out of ov_read_float and are rounded here. ov_read would round as well, but by another rule on each
 * platform and compiler, and there is no float left for those who want to keep it. */
#include "decode/backends.h"
#include "decode/input.h"
#include "decode/ogg.h"
#include "decode/samples.h"
#include "decode/sniff.h"
#include "decode/tags.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* vorbisfile.h would otherwise define ready-made callbacks in every file that includes it. */
#define OV_EXCLUDE_STATIC_CALLBACKS
#include <vorbis/vorbisfile.h>

enum {
    PIECE_FRAMES = 4096,
    /* Packets of silence take 2 bytes, with 1024 frames in them in all that encoders make; and some room. */
    FRAMES_PER_BYTE = 1024,
    FRAMES_ALWAYS_POSSIBLE = 1 << 20,
    /* Decoded before the frame that is sought: two packets of the longest kind. */
    PREROLL_FRAMES = 8192,
    /* Calls in a row that may return no frames (a hole each) before the rest is given up. */
    IDLE_CALLS_MAX = 4096
};

struct motet_decoder {
    motet_input input;
    OggVorbis_File file;
    motet_tag_list tags;
    const uint8_t *order;
    uint32_t channels;
    uint64_t frame_count; /* as the pages' positions say */
    uint64_t position;
    uint64_t frame_limit; /* no more frames than these can be in the file */
    char damage[128];     /* what is wrong at the end that was put to the file; "" where it is the file's own */
    bool short_file;      /* the last page is missing, or some inside */
    bool short_material;  /* the end came before frame_count */
    /* libvorbisfile may divide by zero when it is moved after a failure, or when nothing could be decoded. */
    bool proved; /* it has given at least one frame */
    bool empty;  /* it has ended without any */
    motet_decode_failure failure;
};

static size_t read_bytes(void *bytes, size_t size, size_t count, void *user)
{
    motet_decoder *decoder = user;
    return size == 0 ? 0 : motet_input_read(&decoder->input, bytes, size * count) / size;
}

static int move(void *user, ogg_int64_t offset, int whence)
{
    motet_decoder *decoder = user;
    return motet_input_move(&decoder->input, offset, whence) ? 0 : -1;
}

static long tell(void *user)
{
    const motet_decoder *decoder = user;
    return (long)decoder->input.position;
}

static void vorbis_close(motet_decoder *decoder)
{
    ov_clear(&decoder->file);
    motet_tags_free(&decoder->tags);
    free(decoder);
}

static motet_result open_failed(const motet_decoder *decoder, int code, char *error, size_t error_size)
{
    const char *what = code == OV_EVERSION     ? "a version of Vorbis that is not known"
                       : code == OV_EBADHEADER ? "a damaged Vorbis header"
                       : code == OV_ENOTVORBIS ? "no Vorbis in the stream that says it holds some"
                                               : "a Vorbis stream that cannot be decoded";
    return motet_input_fail(&decoder->input, code == OV_EVERSION ? MOTET_ERROR_UNSUPPORTED : MOTET_ERROR_FORMAT, error,
                            error_size, "%s", what);
}

/* A chain of streams plays as one where all are alike. */
static motet_result check_streams(motet_decoder *decoder, char *error, size_t error_size)
{
    const vorbis_info *first = ov_info(&decoder->file, 0);
    if (first == NULL) return open_failed(decoder, OV_EBADHEADER, error, error_size);
    if (first->channels < 1 || first->channels > MOTET_DECODER_MAX_CHANNELS) {
        return motet_decode_fail(MOTET_ERROR_UNSUPPORTED, error, error_size, "%d channels; expected 1 to %d",
                                 first->channels, MOTET_DECODER_MAX_CHANNELS);
    }
    if (first->rate < 1 || first->rate > 768000) {
        return motet_decode_fail(MOTET_ERROR_UNSUPPORTED, error, error_size, "a rate of %ld Hz; expected 1 to 768000",
                                 first->rate);
    }
    for (int i = 1; i < ov_streams(&decoder->file); i++) {
        const vorbis_info *next = ov_info(&decoder->file, i);
        if (next == NULL || next->rate != first->rate || next->channels != first->channels) {
            return motet_decode_fail(MOTET_ERROR_UNSUPPORTED, error, error_size,
                                     "a chain of Vorbis streams that changes from %ld Hz, %d channels to %ld Hz, %d "
                                     "channels at stream %d; expected all alike",
                                     first->rate, first->channels, next != NULL ? next->rate : 0,
                                     next != NULL ? next->channels : 0, i + 1);
        }
    }
    return MOTET_OK;
}

static motet_result describe(motet_decoder *decoder, motet_decoder_info *info, char *error, size_t error_size)
{
    motet_result result = check_streams(decoder, error, error_size);
    if (result != MOTET_OK) return result;

    vorbis_info *format = ov_info(&decoder->file, 0);
    ogg_int64_t total = ov_pcm_total(&decoder->file, -1);
    decoder->channels = (uint32_t)format->channels;
    decoder->order = motet_xiph_channel_order(decoder->channels);
    decoder->frame_limit = decoder->input.size * FRAMES_PER_BYTE + FRAMES_ALWAYS_POSSIBLE;
    decoder->frame_count = total < 0 ? 0 : (uint64_t)total;
    if (decoder->frame_count > decoder->frame_limit) decoder->frame_count = decoder->frame_limit;

    const vorbis_comment *comments = ov_comment(&decoder->file, 0);
    for (int i = 0; comments != NULL && i < comments->comments; i++) {
        motet_tags_add_comment(&decoder->tags, comments->user_comments[i], (size_t)comments->comment_lengths[i]);
    }

    *info = (motet_decoder_info){
        .sample_rate_hz = (uint32_t)format->rate,
        .channels = decoder->channels,
        .frame_count = decoder->frame_count,
        .lossy = true,
        .container = "Ogg",
        .encoding = "Vorbis",
    };
    motet_tags_write(&decoder->tags, info);
    if (decoder->tags.no_memory) {
        return motet_decode_fail(MOTET_ERROR_MEMORY, error, error_size, "no memory for the tags");
    }
    return MOTET_OK;
}

static motet_result vorbis_open(const motet_source *source, motet_decoder **decoder, motet_decoder_info *info,
                                char *error, size_t error_size)
{
    motet_input input;
    motet_sniffed sniffed;
    motet_ogg_codec codec;
    motet_ogg_scan scan;
    error[0] = '\0';
    motet_input_init(&input, source);
    /* What is wrong with other kinds is for others to say. */
    motet_result result = motet_sniff(&input, &sniffed, error, error_size);
    if (result == MOTET_ERROR_IO) return result;
    error[0] = '\0';
    if (sniffed.kind != MOTET_FILE_OGG) return MOTET_ERROR_FORMAT;

    motet_input_narrow(&input, sniffed.offset, input.size);
    result = motet_ogg_identify(&input, &codec, error, error_size);
    if (result != MOTET_OK) return result;
    if (codec != MOTET_OGG_VORBIS) return MOTET_ERROR_FORMAT;
    if (source->live) {
        scan = (motet_ogg_scan){.end = input.size, .closed = true}; /* its pages are seen as they come */
    } else {
        result = motet_ogg_read(&input, codec, &scan, error, error_size);
        if (result != MOTET_OK) return result;
    }
    motet_input_narrow(&input, 0, scan.end);

    motet_decoder *opened = calloc(1, sizeof(*opened));
    if (opened == NULL) return motet_decode_fail(MOTET_ERROR_MEMORY, error, error_size, "no memory for the decoder");
    opened->input = input;
    opened->short_file = scan.gaps || !scan.closed;
    snprintf(opened->damage, sizeof(opened->damage), "%s", scan.damage);

    const ov_callbacks callbacks = {read_bytes, source->live ? NULL : move, NULL, tell};
    int code = ov_open_callbacks(opened, &opened->file, NULL, 0, callbacks);
    if (code != 0) {
        result = open_failed(opened, code, error, error_size);
        free(opened);
        return result;
    }
    result = describe(opened, info, error, error_size);
    /* In a chain that starts with a short stream libvorbisfile begins with a later one. */
    if (result == MOTET_OK && !source->live && ov_pcm_tell(&opened->file) != 0 && ov_pcm_seek(&opened->file, 0) != 0) {
        result = open_failed(opened, OV_EBADLINK, error, error_size);
    }
    if (result != MOTET_OK) {
        vorbis_close(opened);
        return result;
    }
    *decoder = opened;
    return MOTET_OK;
}

static motet_result broken(motet_decoder *decoder, const char *what, char *error, size_t error_size)
{
    motet_result result = motet_input_fail(&decoder->input, MOTET_ERROR_FORMAT, error, error_size, "%s", what);
    return motet_decode_failure_keep(&decoder->failure, result, error);
}

static motet_result broken_at(motet_decoder *decoder, const char *what, char *error, size_t error_size)
{
    char sentence[128];
    snprintf(sentence, sizeof(sentence), "%s at frame %" PRIu64, what, decoder->position);
    return broken(decoder, sentence, error, error_size);
}

/* Decodes at most `frame_count` frames into planes that libvorbisfile owns; 0 at the end. */
static motet_result decode(motet_decoder *decoder, float ***planes, uint32_t frame_count, uint32_t *decoded,
                           char *error, size_t error_size)
{
    *decoded = 0;
    if (decoder->failure.result != MOTET_OK) {
        return motet_decode_failure_repeat(&decoder->failure, error, error_size);
    }
    if (decoder->empty) return MOTET_OK;
    for (int idle = 0; idle < IDLE_CALLS_MAX; idle++) {
        int stream = 0;
        long count = ov_read_float(&decoder->file, planes, (int)frame_count, &stream);
        if (count == 0 && !decoder->input.failed) break;
        if (count == OV_HOLE) {
            decoder->short_file = true;
            continue;
        }
        const vorbis_info *format = ov_info(&decoder->file, -1);
        if (count <= 0 || format == NULL || format->channels != (int)decoder->channels) {
            return broken_at(decoder, "a Vorbis stream that is broken", error, error_size);
        }
        if (decoder->position > decoder->frame_limit) {
            return broken_at(decoder, "a Vorbis stream with more sound than its bytes can hold", error, error_size);
        }
        decoder->proved = true;
        decoder->position += (uint64_t)count;
        *decoded = (uint32_t)count;
        return MOTET_OK;
    }
    decoder->empty = !decoder->proved;
    if (decoder->position < decoder->frame_count) decoder->short_material = true;
    return decoder->damage[0] == '\0' ? MOTET_OK : broken(decoder, decoder->damage, error, error_size);
}

static motet_result vorbis_read_f32(motet_decoder *decoder, float *interleaved, uint32_t frame_count, uint32_t *read,
                                    char *error, size_t error_size)
{
    uint32_t channels = decoder->channels;
    for (*read = 0; *read < frame_count;) {
        float **planes;
        uint32_t decoded;
        motet_result result = decode(decoder, &planes, frame_count - *read, &decoded, error, error_size);
        /* What has been decoded comes first, a failure with the next call. */
        if (decoded == 0) return *read > 0 ? MOTET_OK : result;
        float *out = interleaved + (size_t)*read * channels;
        for (uint32_t c = 0; c < channels; c++) {
            const float *in = planes[decoder->order[c]];
            for (size_t i = 0; i < decoded; i++) out[i * channels + c] = in[i];
        }
        *read += decoded;
    }
    return MOTET_OK;
}

static motet_result vorbis_read_s16(motet_decoder *decoder, int16_t *interleaved, uint32_t frame_count, uint32_t *read,
                                    char *error, size_t error_size)
{
    float piece[PIECE_FRAMES];
    uint32_t piece_frames = PIECE_FRAMES / decoder->channels;
    for (*read = 0; *read < frame_count;) {
        uint32_t wanted = frame_count - *read < piece_frames ? frame_count - *read : piece_frames;
        uint32_t decoded;
        motet_result result = vorbis_read_f32(decoder, piece, wanted, &decoded, error, error_size);
        if (decoded == 0) return *read > 0 ? MOTET_OK : result;
        motet_round_to_s16(interleaved + (size_t)*read * decoder->channels, piece, (size_t)decoded * decoder->channels);
        *read += decoded;
    }
    return MOTET_OK;
}

static motet_result vorbis_seek(motet_decoder *decoder, uint64_t frame, char *error, size_t error_size)
{
    float **planes;
    uint32_t decoded;
    motet_result result;
    if (frame > decoder->frame_count) frame = decoder->frame_count;
    if (!decoder->proved) {
        result = decode(decoder, &planes, 1, &decoded, error, error_size);
        if (result != MOTET_OK) return result;
    }
    if (decoder->empty) return MOTET_OK;
    if (decoder->failure.result != MOTET_OK) {
        return motet_decode_failure_repeat(&decoder->failure, error, error_size);
    }

    /* A packet sounds together with the one before it; one more gives room for libvorbisfile's own idea of where that
     * one starts. */
    uint64_t start = frame > PREROLL_FRAMES ? frame - PREROLL_FRAMES : 0;
    if (ov_pcm_seek(&decoder->file, (ogg_int64_t)start) != 0) {
        return broken_at(decoder, "a Vorbis stream in which the way to a frame is lost", error, error_size);
    }
    decoder->position = start;
    while (decoder->position < frame) {
        uint64_t left = frame - decoder->position;
        result =
            decode(decoder, &planes, left < PIECE_FRAMES ? (uint32_t)left : PIECE_FRAMES, &decoded, error, error_size);
        if (result != MOTET_OK) return result;
        if (decoded == 0) break;
    }
    return MOTET_OK;
}

static bool vorbis_truncated(const motet_decoder *decoder)
{
    return decoder->short_file || decoder->short_material;
}

#ifdef MOTET_VORBIS_VERSION
#    define BACKEND_NAME "libvorbisfile " MOTET_VORBIS_VERSION
#else
#    define BACKEND_NAME "libvorbisfile"
#endif

const motet_decoder_backend motet_vorbis_decoder_backend = {
    .name = BACKEND_NAME,
    .open = vorbis_open,
    .read_s16 = vorbis_read_s16,
    .read_f32 = vorbis_read_f32,
    .seek = vorbis_seek,
    .truncated = vorbis_truncated,
    .close = vorbis_close,
};
