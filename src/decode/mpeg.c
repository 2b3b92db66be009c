/* MP3 (and MPEG audio layers 1 and 2) by libmpg123, the library that libsndfile decodes MP3 with. Used directly it can
 * be told to keep quiet: it writes about broken files to standard error, and libsndfile offers no way to stop it. It
 * also takes a longer pre-roll, so that a frame that is sought has the bits that it has in linear play. */
#include "decode/backends.h"
#include "decode/chunks.h"
#include "decode/id3.h"
#include "decode/input.h"
#include "decode/samples.h"
#include "decode/sniff.h"
#include "decode/tags.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

#include <mpg123.h>

enum {
    PIECE_SAMPLES = 4096,
    /* Frames of 576 samples in 24 bytes (8 kbit/s, 24 kHz), and some room. */
    FRAMES_PER_BYTE = 64,
    /* MPEG frames decoded before the one that is sought, a multiple of PERIOD_FRAMES; libmpg123 is told to add one
     * period. Layer 3 keeps its bits in up to 511 earlier bytes, which are 20 frames at the lowest rates. */
    PREROLL_FRAMES = 24,
    PERIOD_FRAMES = 8,
    /* Bytes that are searched for the next frame where something else stands between frames. */
    RESYNC_BYTES = 1 << 20,
    IDLE_CALLS_MAX = 4096
};

struct motet_decoder {
    motet_input input;
    mpg123_handle *handle;
    motet_tag_list tags;
    uint32_t channels;
    long sample_rate_hz;
    uint32_t frame_size; /* samples in one MPEG frame, for each channel */
    uint64_t lead;       /* MPEG frames that the encoder put in front, which are decoded when the stream is opened */
    uint64_t frame_count;
    uint64_t position;
    off_t *places; /* libmpg123's index of the file: where every place_step-th frame stands */
    off_t place_step;
    size_t place_count;
    /* Where the side information of frames stands that are read as silence during a seek, and its size. */
    uint64_t silent[PREROLL_FRAMES];
    uint32_t silent_count, silent_size;
    bool reservoir_bug;  /* of MPEG 2, layer 3, for which that is needed */
    bool short_file;     /* its last frame is cut */
    bool short_material; /* the end came before frame_count */
    bool ended;
    motet_decode_failure failure;
};

static ssize_t read_bytes(void *user, void *bytes, size_t size)
{
    motet_decoder *decoder = user;
    motet_input *input = &decoder->input;
    uint64_t start = input->position;
    size_t count = motet_input_read(input, bytes, size);
    for (uint32_t i = 0; i < decoder->silent_count; i++) {
        for (uint64_t at = decoder->silent[i]; at < decoder->silent[i] + decoder->silent_size; at++) {
            if (at >= start && at - start < count) ((unsigned char *)bytes)[at - start] = 0;
        }
    }
    return count == 0 && input->failed ? -1 : (ssize_t)count;
}

static off_t move(void *user, off_t offset, int whence)
{
    motet_decoder *decoder = user;
    if (decoder->input.source->live) return (off_t)-1; /* so libmpg123 reads straight on */
    return motet_input_move(&decoder->input, offset, whence) ? (off_t)decoder->input.position : (off_t)-1;
}

static void mpeg_close(motet_decoder *decoder)
{
    if (decoder->handle != NULL) mpg123_delete(decoder->handle);
    motet_tags_free(&decoder->tags);
    free(decoder->places);
    free(decoder);
}

/* How many frames the first MPEG frame says that follow it, in the tags of Xing (LAME) or Fraunhofer encoders; 0 where
 * it is a frame of sound. */
static uint64_t claimed_frames(motet_input *input, uint64_t offset, const motet_mpeg_frame *frame)
{
    unsigned char bytes[64];
    if (frame->layer != 3 || motet_input_read_at(input, offset, bytes, sizeof(bytes)) < sizeof(bytes)) return 0;
    const unsigned char *xing = bytes + 4;
    if (frame->version == 1) {
        xing += frame->channels == 2 ? 32 : 17;
    } else {
        xing += frame->channels == 2 ? 17 : 9;
    }
    if ((memcmp(xing, "Xing", 4) == 0 || memcmp(xing, "Info", 4) == 0) && (xing[7] & 1) != 0)
        return motet_be32(xing + 8);
    const unsigned char *vbri = bytes + 36;
    return memcmp(vbri, "VBRI", 4) == 0 ? motet_be32(vbri + 14) : 0;
}

/* True where the last frame is longer than the file. For streams that do not say how long they are. */
static bool last_frame_is_cut(motet_input *input, uint64_t offset)
{
    for (;;) {
        unsigned char header[4];
        motet_mpeg_frame frame;
        size_t held = motet_input_read_at(input, offset, header, sizeof(header));
        if (held < sizeof(header)) return held > 0 && header[0] == 0xFF;
        if (!motet_mpeg_frame_read(header, &frame)) return false;
        offset += frame.size;
        if (offset > input->size) return true;
    }
}

static void add_tag(motet_tag_list *tags, const char *key, const mpg123_string *text)
{
    if (text != NULL && text->p != NULL && text->fill > 1) {
        motet_tags_add(tags, key, strlen(key), text->p, text->fill - 1);
    }
}

static void add_old_tag(motet_tag_list *tags, const char *key, const char *text, size_t size)
{
    if (!motet_tags_have(tags, key)) motet_tags_add(tags, key, strlen(key), text, size);
}

static void read_tags(motet_decoder *decoder)
{
    mpg123_id3v1 *v1 = NULL;
    mpg123_id3v2 *v2 = NULL;
    motet_tag_list *tags = &decoder->tags;
    if (mpg123_id3(decoder->handle, &v1, &v2) != MPG123_OK) return;
    if (v2 != NULL) {
        add_tag(tags, "TITLE", v2->title);
        add_tag(tags, "ARTIST", v2->artist);
        add_tag(tags, "ALBUM", v2->album);
        add_tag(tags, "DATE", v2->year);
        add_tag(tags, "GENRE", v2->genre);
        add_tag(tags, "COMMENT", v2->comment);
        for (size_t i = 0; i < v2->texts; i++) {
            static const char told[][5] = {"TIT2", "TPE1", "TALB", "TYER", "TDRC", "TCON"}; /* above */
            const char *key = motet_id3_key(v2->text[i].id);
            for (size_t k = 0; k < sizeof(told) / sizeof(told[0]); k++) {
                if (memcmp(told[k], v2->text[i].id, 4) == 0) key = NULL;
            }
            if (key != NULL) add_tag(tags, key, &v2->text[i].text);
        }
        /* Free ones carry a name of their own: loop points come so. */
        for (size_t i = 0; i < v2->extras; i++) {
            const mpg123_text *extra = &v2->extra[i];
            if (extra->description.p != NULL) add_tag(tags, extra->description.p, &extra->text);
        }
    }
    /* The old tag fills in what the new one does not say; libmpg123 shows a new one, of nothing, where there is none. */
    if (v1 != NULL) {
        add_old_tag(tags, "TITLE", v1->title, sizeof(v1->title));
        add_old_tag(tags, "ARTIST", v1->artist, sizeof(v1->artist));
        add_old_tag(tags, "ALBUM", v1->album, sizeof(v1->album));
        add_old_tag(tags, "DATE", v1->year, sizeof(v1->year));
        add_old_tag(tags, "COMMENT", v1->comment, sizeof(v1->comment));
        /* ID3v1.1: behind a comment that ends before. */
        if (v1->comment[28] == 0 && v1->comment[29] != 0) {
            char number[4];
            int size = snprintf(number, sizeof(number), "%d", (unsigned char)v1->comment[29]);
            add_old_tag(tags, "TRACKNUMBER", number, (size_t)size);
        }
    }
}

static motet_result mpg123_failed(motet_decoder *decoder, int code, char *error, size_t error_size)
{
    if (code == MPG123_ERR && decoder->handle != NULL) code = mpg123_errcode(decoder->handle);
    motet_result result = code == MPG123_OUT_OF_MEM ? MOTET_ERROR_MEMORY : MOTET_ERROR_FORMAT;
    result = motet_input_fail(&decoder->input, result, error, error_size, "a broken MP3 at frame %" PRIu64 " (%s)",
                              decoder->position, mpg123_plain_strerror(code));
    return motet_decode_failure_keep(&decoder->failure, result, error);
}

static motet_result start(motet_decoder *decoder, uint32_t layer, char *error, size_t error_size)
{
    int code = MPG123_OK;
    mpg123_handle *handle = decoder->handle = mpg123_new(NULL, &code);
    if (handle == NULL) return mpg123_failed(decoder, code, error, error_size);

    /* A change of rate or channels inside ends the material. */
    long flags = MPG123_QUIET | MPG123_GAPLESS | MPG123_FORCE_FLOAT;
    int encoding, channels;
    mpg123_param(handle, MPG123_ADD_FLAGS, flags, 0);
    mpg123_param(handle, MPG123_REMOVE_FLAGS, MPG123_AUTO_RESAMPLE, 0);
    /* For layers 1 and 2 it would take 2 instead of 8; they need no bits of earlier frames. */
    mpg123_param(handle, MPG123_PREFRAMES, layer == 3 ? PERIOD_FRAMES : 0, 0);
    mpg123_param(handle, MPG123_RESYNC_LIMIT, RESYNC_BYTES, 0);
    if ((code = mpg123_replace_reader_handle(handle, read_bytes, move, NULL)) != MPG123_OK ||
        (code = mpg123_open_handle(handle, decoder)) != MPG123_OK ||
        (code = mpg123_getformat(handle, &decoder->sample_rate_hz, &channels, &encoding)) != MPG123_OK) {
        return mpg123_failed(decoder, code, error, error_size);
    }
    if (encoding != MPG123_ENC_FLOAT_32) return mpg123_failed(decoder, MPG123_BAD_OUTFORMAT, error, error_size);
    off_t lead = mpg123_tellframe(handle);
    decoder->lead = lead > 0 ? (uint64_t)lead : 0;
    decoder->channels = (uint32_t)channels;
    return MOTET_OK;
}

/* Finds the stream: by itself, or in a WAV around it. An empty error where it is none of ours. */
static motet_result find(motet_input *input, motet_sniffed *sniffed, bool *in_wav, char *error, size_t error_size)
{
    motet_result result = motet_sniff(input, sniffed, error, error_size);
    if (result == MOTET_ERROR_IO) return result;
    error[0] = '\0';
    *in_wav = sniffed->kind == MOTET_FILE_WAV;
    if (*in_wav) {
        motet_chunks chunks;
        motet_input_narrow(input, sniffed->offset, input->size);
        result = motet_chunks_read(input, MOTET_FILE_WAV, &chunks, error, error_size);
        if (result == MOTET_ERROR_IO) return result;
        error[0] = '\0';
        if (result != MOTET_OK || (chunks.wav_encoding != 0x55 && chunks.wav_encoding != 0x50)) {
            return MOTET_ERROR_FORMAT;
        }
        motet_input_narrow(input, chunks.data_offset, chunks.data_size);
        if (motet_sniff(input, sniffed, error, error_size) == MOTET_ERROR_IO) return MOTET_ERROR_IO;
        if (sniffed->kind == MOTET_FILE_MPEG) return MOTET_OK;
        return motet_decode_fail(MOTET_ERROR_FORMAT, error, error_size, "a WAV that says it holds MP3, and holds none");
    }
    return sniffed->kind == MOTET_FILE_MPEG ? MOTET_OK : MOTET_ERROR_FORMAT;
}

static motet_result mpeg_open(const motet_source *source, motet_decoder **decoder, motet_decoder_info *info,
                              char *error, size_t error_size)
{
    motet_input input;
    motet_sniffed sniffed;
    bool in_wav;
    error[0] = '\0';
    motet_input_init(&input, source);
    motet_result result = find(&input, &sniffed, &in_wav, error, error_size);
    if (result != MOTET_OK) return result;

    unsigned char header[4] = {0};
    motet_mpeg_frame frame = {0};
    motet_input_read_at(&input, sniffed.offset, header, sizeof(header));
    if (!motet_mpeg_frame_read(header, &frame)) {
        return motet_input_fail(&input, MOTET_ERROR_FORMAT, error, error_size, "a broken MP3");
    }
    uint64_t claimed = claimed_frames(&input, sniffed.offset, &frame);
    bool cut = claimed == 0 && !source->live && last_frame_is_cut(&input, sniffed.offset);

    motet_decoder *opened = calloc(1, sizeof(*opened));
    if (opened == NULL) return motet_decode_fail(MOTET_ERROR_MEMORY, error, error_size, "no memory for the decoder");
    opened->input = input;
    opened->input.position = 0;
    opened->frame_size = frame.frame_count;
    opened->short_file = cut;
    opened->reservoir_bug = frame.layer == 3 && frame.version != 1;
    result = start(opened, frame.layer, error, error_size);
    /* Without a count the frames are counted. With one they are not: libmpg123 would believe what it found, and forget
     * how much the encoder put in front. */
    if (result == MOTET_OK && claimed == 0 && !source->live && mpg123_scan(opened->handle) != MPG123_OK) {
        result = mpg123_failed(opened, MPG123_ERR, error, error_size);
    }
    if (result == MOTET_OK) read_tags(opened);
    if (result != MOTET_OK) {
        mpeg_close(opened);
        return result;
    }

    off_t length = source->live ? 0 : mpg123_length(opened->handle);
    uint64_t possible = opened->input.size * FRAMES_PER_BYTE;
    opened->frame_count = length < 0 ? 0 : (uint64_t)length < possible ? (uint64_t)length : possible;
    *info = (motet_decoder_info){
        .sample_rate_hz = (uint32_t)opened->sample_rate_hz,
        .channels = opened->channels,
        .frame_count = opened->frame_count,
        .lossy = true,
    };
    snprintf(info->container, sizeof(info->container), "%s", in_wav ? "WAV" : "MPEG");
    if (frame.layer == 3) {
        snprintf(info->encoding, sizeof(info->encoding), "MP3");
    } else {
        snprintf(info->encoding, sizeof(info->encoding), "MPEG audio layer %" PRIu32, frame.layer);
    }
    motet_tags_write(&opened->tags, info);
    if (opened->tags.no_memory) {
        mpeg_close(opened);
        return motet_decode_fail(MOTET_ERROR_MEMORY, error, error_size, "no memory for the tags");
    }
    *decoder = opened;
    return MOTET_OK;
}

static motet_result mpeg_read_f32(motet_decoder *decoder, float *interleaved, uint32_t frame_count, uint32_t *read,
                                  char *error, size_t error_size)
{
    *read = 0;
    if (decoder->failure.result != MOTET_OK) {
        return motet_decode_failure_repeat(&decoder->failure, error, error_size);
    }
    size_t frame_size = decoder->channels * sizeof(float);
    for (int idle = 0; *read < frame_count && !decoder->ended;) {
        size_t bytes = 0;
        int code = mpg123_read(decoder->handle, interleaved + (size_t)*read * decoder->channels,
                               (frame_count - *read) * frame_size, &bytes);
        uint32_t frames = (uint32_t)(bytes / frame_size);
        *read += frames;
        decoder->position += frames;
        idle = frames > 0 ? 0 : idle + 1;
        if (code == MPG123_OK && idle < IDLE_CALLS_MAX) continue;
        if (code == MPG123_NEW_FORMAT) {
            long rate = 0;
            int channels = 0, encoding = 0;
            if (mpg123_getformat(decoder->handle, &rate, &channels, &encoding) == MPG123_OK &&
                rate == decoder->sample_rate_hz && channels == (int)decoder->channels &&
                encoding == MPG123_ENC_FLOAT_32) {
                continue;
            }
        }
        /* Where no frame follows in a long way, what is there is another's: the material ends. */
        bool lost = code == MPG123_ERR && mpg123_errcode(decoder->handle) == MPG123_RESYNC_FAIL;
        if (decoder->input.failed || (code == MPG123_ERR && !(lost && decoder->position > 0))) {
            motet_result result = mpg123_failed(decoder, code, error, error_size);
            /* What has been decoded comes first, a failure with the next call. */
            return *read > 0 ? MOTET_OK : result;
        }
        decoder->ended = true;
        if (decoder->position < decoder->frame_count) decoder->short_material = true;
    }
    return MOTET_OK;
}

static motet_result mpeg_read_s16(motet_decoder *decoder, int16_t *interleaved, uint32_t frame_count, uint32_t *read,
                                  char *error, size_t error_size)
{
    float piece[PIECE_SAMPLES];
    uint32_t piece_frames = PIECE_SAMPLES / decoder->channels;
    for (*read = 0; *read < frame_count;) {
        uint32_t wanted = frame_count - *read < piece_frames ? frame_count - *read : piece_frames;
        uint32_t decoded;
        motet_result result = mpeg_read_f32(decoder, piece, wanted, &decoded, error, error_size);
        if (decoded == 0) return *read > 0 ? MOTET_OK : result;
        motet_round_to_s16(interleaved + (size_t)*read * decoder->channels, piece, (size_t)decoded * decoder->channels);
        *read += decoded;
    }
    return MOTET_OK;
}

/* Opens the stream anew, with what has been learnt about the places of its frames. */
static int reopen(motet_decoder *decoder)
{
    off_t *places, step;
    size_t count;
    if (mpg123_index(decoder->handle, &places, &step, &count) == MPG123_OK && count > decoder->place_count) {
        off_t *kept = realloc(decoder->places, count * sizeof(*kept));
        if (kept == NULL) return MPG123_OUT_OF_MEM;
        memcpy(kept, places, count * sizeof(*kept));
        decoder->places = kept;
        decoder->place_count = count;
        decoder->place_step = step;
    }
    mpg123_close(decoder->handle);
    decoder->input.position = 0;
    int code = mpg123_open_handle(decoder->handle, decoder);
    if (code == MPG123_OK && decoder->place_count > 0) {
        code = mpg123_set_index(decoder->handle, decoder->places, decoder->place_step, decoder->place_count);
    }
    return code;
}

/* Opens the stream anew and sends it to an MPEG frame; where that is in samples, or negative. */
static off_t restart_at(motet_decoder *decoder, uint64_t mpeg_frame, int *code)
{
    *code = reopen(decoder);
    if (*code != MPG123_OK) return -1;
    if (mpg123_seek_frame(decoder->handle, (off_t)mpeg_frame, SEEK_SET) < 0) {
        *code = MPG123_ERR;
        return -1;
    }
    return mpg123_tell(decoder->handle);
}

/* The first frames that libmpg123 decodes after a seek lack bits that stand in earlier ones. It decodes them as
 * silence, which does no harm; but for MPEG 2 it forgets to clear a byte, and now and again takes such a frame for
 * damaged and leaves it out, which upsets the order told below. So the side information of these frames is made zero on
 * its way to libmpg123: this finds where it stands, while that is at the first of them. */
static void silence_first_frames(motet_decoder *decoder)
{
    off_t place = mpg123_framepos(decoder->handle);
    uint32_t bytes_held = 0;
    while (decoder->reservoir_bug && place >= 0 && bytes_held < 255 && decoder->silent_count < PREROLL_FRAMES) {
        unsigned char header[4];
        motet_mpeg_frame frame;
        if (motet_input_read_at(&decoder->input, (uint64_t)place, header, 4) < 4) return;
        if (!motet_mpeg_frame_read(header, &frame) || frame.layer != 3) return;
        uint32_t start = (header[1] & 1) != 0 ? 4 : 6; /* behind a checksum, where there is one */
        uint32_t side = frame.channels == 2 ? 17 : 9;
        if (frame.size < start + side) return;
        /* But for the first byte: it says how much of the earlier frames is carried on to the next. */
        decoder->silent[decoder->silent_count++] = (uint64_t)place + start + 1;
        decoder->silent_size = side - 1;
        bytes_held += frame.size - start - side;
        place += frame.size;
    }
}

/* The order in which libmpg123 adds up a sample's terms depends on how many frames it has decoded since it was opened,
 * in periods of 8 frames at most. So it is opened anew and sent to a frame that has linear play's place in the period,
 * early enough for all that the decoder remembers; what comes before the frame that is sought is forgotten. */
static motet_result mpeg_seek(motet_decoder *decoder, uint64_t frame, char *error, size_t error_size)
{
    if (decoder->failure.result != MOTET_OK) {
        return motet_decode_failure_repeat(&decoder->failure, error, error_size);
    }
    if (frame >= decoder->frame_count) {
        decoder->position = decoder->frame_count;
        decoder->ended = true;
        return MOTET_OK;
    }
    /* What the encoder put in front only makes the right frame a later one. */
    uint64_t first = frame / decoder->frame_size;
    first -= first > decoder->lead ? (first - decoder->lead) % PERIOD_FRAMES : 0;
    int code;
    off_t position = 0;
    /* Where its own pre-roll would begin with the first frame of all, libmpg123 gives nothing. */
    if (first <= decoder->lead + PREROLL_FRAMES + PERIOD_FRAMES) {
        code = reopen(decoder);
    } else {
        position = restart_at(decoder, first - PREROLL_FRAMES, &code);
        silence_first_frames(decoder);
        if (decoder->silent_count > 0) position = restart_at(decoder, first - PREROLL_FRAMES, &code);
    }
    if (code != MPG123_OK || position < 0 || (uint64_t)position > frame) {
        return mpg123_failed(decoder, code, error, error_size);
    }
    decoder->position = (uint64_t)position;
    decoder->ended = false;

    float piece[PIECE_SAMPLES];
    uint32_t piece_frames = PIECE_SAMPLES / decoder->channels;
    motet_result result = MOTET_OK;
    while (result == MOTET_OK && decoder->position < frame && !decoder->ended) {
        uint64_t left = frame - decoder->position;
        uint32_t decoded;
        result = mpeg_read_f32(decoder, piece, left < piece_frames ? (uint32_t)left : piece_frames, &decoded, error,
                               error_size);
    }
    decoder->silent_count = 0;
    return result;
}

static bool mpeg_truncated(const motet_decoder *decoder)
{
    return decoder->short_file || decoder->short_material;
}

#ifdef MOTET_MPG123_VERSION
#    define BACKEND_NAME "libmpg123 " MOTET_MPG123_VERSION
#else
#    define BACKEND_NAME "libmpg123"
#endif

const motet_decoder_backend motet_mpeg_decoder_backend = {
    .name = BACKEND_NAME,
    .open = mpeg_open,
    .read_s16 = mpeg_read_s16,
    .read_f32 = mpeg_read_f32,
    .seek = mpeg_seek,
    .truncated = mpeg_truncated,
    .close = mpeg_close,
};
