/* WAV, AIFF, CAF, FLAC and Opus by libsndfile. It is the last adapter that is asked, so it also has the words for files
 * that nobody knows.
 */
#include "decode/backends.h"
#include "decode/chunks.h"
#include "decode/id3.h"
#include "decode/input.h"
#include "decode/ogg.h"
#include "decode/samples.h"
#include "decode/sniff.h"
#include "decode/tags.h"

#include "base/thread.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sndfile.h>

enum {
    PIECE_SAMPLES = 4096,
    FLAC_PIECE_FRAMES = 512,
    CUES_MAX = 4096,
    OPUS_RATE_HZ = 48000,
    /* Opus decodes a second before the frame that is sought: its predictors forget by and by. */
    OPUS_PREROLL_FRAMES = OPUS_RATE_HZ,
    /* Silence in FLAC, as encoders write it, has 4096 frames in 11 bytes; and some room. */
    PACKED_FRAMES_PER_BYTE = 1024,
    PACKED_FRAMES_ALWAYS_POSSIBLE = 1 << 20
};

struct motet_decoder {
    motet_input input;
    SNDFILE *file;
    motet_tag_list tags;
    motet_file_kind kind;
    char name[32];        /* of the container and encoding, for messages */
    const uint8_t *order; /* of the channels, NULL where it is WAV's */
    uint32_t channels;
    bool floats; /* decoded as floats, and rounded here for s16 */
    bool opus;
    uint64_t frame_count; /* as the header says, 0 where it does not */
    uint64_t frame_limit; /* no more frames than these can be in the file */
    uint64_t position;
    char damage[128];    /* what is wrong at the end that was put to the file; "" where it is the file's own */
    bool short_file;     /* the file is shorter than its header says */
    bool short_material; /* the end came before frame_count */
    bool ended;
    motet_decode_failure failure;
};

typedef struct {
    int subtype;
    const char *name;
    uint32_t sample_bits; /* of one channel; 0 where it varies */
    bool wide, lossy;
} encoding_facts;

static const encoding_facts *find_encoding(int subtype)
{
    static const encoding_facts encodings[] = {
        {SF_FORMAT_PCM_S8, "8-bit PCM", 8, false, false},
        {SF_FORMAT_PCM_U8, "8-bit PCM", 8, false, false},
        {SF_FORMAT_PCM_16, "16-bit PCM", 16, false, false},
        {SF_FORMAT_PCM_24, "24-bit PCM", 24, true, false},
        {SF_FORMAT_PCM_32, "32-bit PCM", 32, true, false},
        {SF_FORMAT_FLOAT, "32-bit float", 32, true, false},
        {SF_FORMAT_DOUBLE, "64-bit float", 64, true, false},
        {SF_FORMAT_ALAW, "A-law", 8, false, true},
        {SF_FORMAT_ULAW, "mu-law", 8, false, true},
        {SF_FORMAT_IMA_ADPCM, "IMA ADPCM", 0, false, true},
        {SF_FORMAT_MS_ADPCM, "Microsoft ADPCM", 0, false, true},
        {SF_FORMAT_OPUS, "Opus", 0, true, true},
    };
    for (size_t i = 0; i < sizeof(encodings) / sizeof(encodings[0]); i++) {
        if (encodings[i].subtype == subtype) return &encodings[i];
    }
    return NULL;
}

static sf_count_t file_size(void *user)
{
    const motet_input *input = user;
    return (sf_count_t)input->size;
}

static sf_count_t file_move(sf_count_t offset, int whence, void *user)
{
    motet_input *input = user;
    return motet_input_move(input, offset, whence) ? (sf_count_t)input->position : -1;
}

static sf_count_t file_read(void *bytes, sf_count_t size, void *user)
{
    motet_input *input = user;
    return size < 0 ? 0 : (sf_count_t)motet_input_read(input, bytes, (size_t)size);
}

static sf_count_t file_write(const void *bytes, sf_count_t size, void *user)
{
    (void)bytes, (void)size, (void)user;
    return 0;
}

static sf_count_t file_tell(void *user)
{
    const motet_input *input = user;
    return (sf_count_t)input->position;
}

static motet_result sndfile_failed(const motet_input *input, const char *name, int code, char *error, size_t error_size)
{
    const char *why = sf_error_number(code);
    /* libsndfile's own number for this is not public, its text is as old as the library. */
    bool memory = strstr(why, "malloc") != NULL;
    motet_result result = memory                                ? MOTET_ERROR_MEMORY
                          : code == SF_ERR_UNSUPPORTED_ENCODING ? MOTET_ERROR_UNSUPPORTED
                                                                : MOTET_ERROR_FORMAT;
    return motet_input_fail(input, result, error, error_size, "a broken %s (libsndfile: %s)", name, why);
}

/* Why opening failed is kept in one place for the whole process: one thread at a time opens and asks. */
static SNDFILE *open_file(motet_input *input, SF_INFO *format, int *code)
{
    static motet_mutex lock = PTHREAD_MUTEX_INITIALIZER;
    SF_VIRTUAL_IO calls = {file_size, file_move, file_read, file_write, file_tell};
    *format = (SF_INFO){0};
    input->position = 0;
    motet_mutex_lock(&lock);
    SNDFILE *file = sf_open_virtual(&calls, SFM_READ, format, input);
    *code = file == NULL ? sf_error(NULL) : 0;
    motet_mutex_unlock(&lock);
    return file;
}

static void sndfile_close(motet_decoder *decoder)
{
    if (decoder->file != NULL) sf_close(decoder->file);
    motet_tags_free(&decoder->tags);
    free(decoder);
}

static void read_tags(motet_decoder *decoder)
{
    static const struct {
        int id;
        const char *key;
    } texts[] = {
        {SF_STR_TITLE, "TITLE"},       {SF_STR_ARTIST, "ARTIST"},           {SF_STR_ALBUM, "ALBUM"},
        {SF_STR_DATE, "DATE"},         {SF_STR_TRACKNUMBER, "TRACKNUMBER"}, {SF_STR_GENRE, "GENRE"},
        {SF_STR_COMMENT, "COMMENT"},   {SF_STR_COPYRIGHT, "COPYRIGHT"},     {SF_STR_LICENSE, "LICENSE"},
        {SF_STR_SOFTWARE, "SOFTWARE"},
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        const char *text = sf_get_string(decoder->file, texts[i].id);
        if (text != NULL) motet_tags_add(&decoder->tags, texts[i].key, strlen(texts[i].key), text, strlen(text));
    }
}

/* The loop points of a sampler: WAV's "smpl", AIFF's "INST". libsndfile gives the end as the first frame after the
 * loop for both, though WAV stores the last frame of it. */
static void read_instrument(motet_decoder *decoder, motet_decoder_info *info)
{
    SF_INSTRUMENT instrument;
    memset(&instrument, 0, sizeof(instrument));
    if (sf_command(decoder->file, SFC_GET_INSTRUMENT, &instrument, sizeof(instrument)) != SF_TRUE) return;
    for (int i = 0; i < instrument.loop_count && i < 16; i++) {
        uint64_t loop_start = instrument.loops[i].start, loop_end = instrument.loops[i].end;
        /* Loops that run backwards or to and fro are no loops of ours. */
        if (instrument.loops[i].mode != SF_LOOP_FORWARD || loop_start >= loop_end) continue;
        if (loop_end > info->frame_count) continue;
        info->loop_start_frame = loop_start;
        info->loop_end_frame = loop_end;
        return;
    }
}

/* The name of a cue point: what libsndfile has cut off inside a character loses that one. */
static size_t cue_name_length(const SF_CUE_POINT *cue)
{
    size_t size = strnlen(cue->name, sizeof(cue->name));
    if (size < sizeof(cue->name) - 1) return size;
    for (size_t back = 1; back < 4; back++) {
        unsigned char byte = (unsigned char)cue->name[size - back];
        size_t length = byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : byte >= 0xC0 ? 2 : 0;
        if (length > 0) return length > back ? size - back : size;
        if (byte < 0x80) break;
    }
    return size;
}

/* The cue points of WAV, the markers of AIFF. Both count frames from the start of the sound. */
static void read_cues(motet_decoder *decoder)
{
    uint32_t count = 0;
    if (sf_command(decoder->file, SFC_GET_CUE_COUNT, &count, sizeof(count)) != SF_TRUE || count == 0) return;
    if (count > CUES_MAX) count = CUES_MAX;
    size_t size = offsetof(SF_CUES, cue_points) + count * sizeof(SF_CUE_POINT);
    SF_CUES *cues = calloc(1, size > sizeof(SF_CUES) ? size : sizeof(SF_CUES));
    if (cues == NULL) {
        decoder->tags.no_memory = true;
        return;
    }
    if (sf_command(decoder->file, SFC_GET_CUE, cues, (int)size) == SF_TRUE) {
        const SF_CUE_POINT *cue = cues->cue_points;
        for (uint32_t i = 0; i < count && i < cues->cue_count; i++, cue++) {
            motet_tags_add_marker(&decoder->tags, cue->sample_offset, cue->name, cue_name_length(cue));
        }
    }
    free(cues);
}

/* Opens the file and holds what it says against what Motet reads. */
static motet_result describe(motet_decoder *decoder, const char *container, const motet_chunks *chunks,
                             const motet_ogg_scan *scan, motet_decoder_info *info, char *error, size_t error_size)
{
    SF_INFO format;
    int code;
    decoder->file = open_file(&decoder->input, &format, &code);
    if (decoder->file == NULL) return sndfile_failed(&decoder->input, container, code, error, error_size);

    /* Opus has no rate of its own but 48 kHz. What the header remembers of the source is often 0, and libsndfile would
     * then decode at 8 kHz. */
    int rate = OPUS_RATE_HZ;
    if (decoder->opus && sf_command(decoder->file, SFC_SET_ORIGINAL_SAMPLERATE, &rate, sizeof(rate)) == SF_TRUE) {
        sf_command(decoder->file, SFC_GET_CURRENT_SF_INFO, &format, sizeof(format));
    }

    const encoding_facts *encoding = find_encoding(format.format & SF_FORMAT_SUBMASK);
    if (encoding == NULL) {
        return motet_decode_fail(MOTET_ERROR_UNSUPPORTED, error, error_size,
                                 "%s with an encoding that is not read; expected PCM, float, A-law, mu-law, ADPCM",
                                 container);
    }
    if (format.channels < 1 || format.channels > MOTET_DECODER_MAX_CHANNELS) {
        return motet_decode_fail(MOTET_ERROR_UNSUPPORTED, error, error_size, "%d channels; expected 1 to %d",
                                 format.channels, MOTET_DECODER_MAX_CHANNELS);
    }
    if (format.samplerate < 1 || format.samplerate > 768000) {
        return motet_decode_fail(MOTET_ERROR_UNSUPPORTED, error, error_size, "a rate of %d Hz; expected 1 to 768000",
                                 format.samplerate);
    }

    decoder->channels = (uint32_t)format.channels;
    decoder->floats = encoding->wide;
    if (scan->mapping_family == 1) decoder->order = motet_xiph_channel_order(decoder->channels);

    uint64_t claimed = format.frames < 0 ? 0 : (uint64_t)format.frames;
    if (decoder->opus) {
        decoder->frame_limit = scan->frame_limit;
        claimed = scan->frame_count;
    } else if (decoder->kind == MOTET_FILE_FLAC || encoding->sample_bits == 0) {
        decoder->frame_limit = chunks->data_size * PACKED_FRAMES_PER_BYTE + PACKED_FRAMES_ALWAYS_POSSIBLE;
        if (decoder->kind == MOTET_FILE_FLAC) claimed = chunks->frame_count;
    } else {
        decoder->frame_limit = chunks->data_size / (encoding->sample_bits / 8 * decoder->channels);
        /* AIFF says it twice, and libsndfile takes the size of the chunk for it. */
        if (chunks->frame_count != 0 && chunks->frame_count < claimed) claimed = chunks->frame_count;
    }
    decoder->frame_count = claimed;

    *info = (motet_decoder_info){
        .sample_rate_hz = (uint32_t)format.samplerate,
        .channels = decoder->channels,
        .frame_count = claimed < decoder->frame_limit ? claimed : decoder->frame_limit,
        .lossy = encoding->lossy,
        .wide = encoding->wide && !encoding->lossy,
    };
    snprintf(info->container, sizeof(info->container), "%s", container);
    if (decoder->kind == MOTET_FILE_FLAC) {
        snprintf(info->encoding, sizeof(info->encoding), "%" PRIu32 "-bit FLAC", encoding->sample_bits);
    } else {
        snprintf(info->encoding, sizeof(info->encoding), "%s", encoding->name);
    }
    snprintf(decoder->name, sizeof(decoder->name), "%s", decoder->opus ? "Opus" : container);
    /* FLAC's and Opus's have been read with all their keys. */
    if (decoder->tags.count == 0) read_tags(decoder);
    if (decoder->kind == MOTET_FILE_WAV || decoder->kind == MOTET_FILE_AIFF) {
        motet_id3_read_chunk(&decoder->input, &decoder->tags);
    }
    read_instrument(decoder, info);
    read_cues(decoder);
    motet_tags_write(&decoder->tags, info);
    if (decoder->tags.no_memory) {
        return motet_decode_fail(MOTET_ERROR_MEMORY, error, error_size, "no memory for the tags");
    }
    return MOTET_OK;
}

/* Checks the file with our own eyes before libsndfile gets it. */
static motet_result inspect(motet_decoder *decoder, const char **container, motet_chunks *chunks, motet_ogg_scan *scan,
                            char *error, size_t error_size)
{
    static const char *const names[] = {
        [MOTET_FILE_WAV] = "WAV",   [MOTET_FILE_AIFF] = "AIFF", [MOTET_FILE_CAF] = "CAF",
        [MOTET_FILE_FLAC] = "FLAC", [MOTET_FILE_OGG] = "Ogg",   [MOTET_FILE_MPEG] = "MPEG"};
    motet_sniffed sniffed;
    motet_input *input = &decoder->input;
    motet_result result = motet_sniff(input, &sniffed, error, error_size);
    if (result != MOTET_OK) return result;
    decoder->kind = sniffed.kind;
    *container = names[sniffed.kind];

    if (sniffed.kind == MOTET_FILE_MPEG) {
        return motet_decode_fail(MOTET_ERROR_UNSUPPORTED, error, error_size, "MP3 is not read by this decoder");
    }
    motet_input_narrow(input, sniffed.offset, input->size);
    if (sniffed.kind == MOTET_FILE_OGG) {
        motet_ogg_codec codec;
        result = motet_ogg_identify(input, &codec, error, error_size);
        if (result != MOTET_OK) return result;
        if (codec != MOTET_OGG_OPUS) {
            return motet_decode_fail(MOTET_ERROR_UNSUPPORTED, error, error_size,
                                     "an Ogg file with %s is not read; expected Vorbis or Opus",
                                     codec == MOTET_OGG_FLAC    ? "FLAC"
                                     : codec == MOTET_OGG_SPEEX ? "Speex"
                                                                : "something else");
        }
        decoder->opus = true;
        if (input->source->live) {
            return motet_decode_fail(
                MOTET_ERROR_UNSUPPORTED, error, error_size,
                "Opus is not read from a file that cannot seek; expected Vorbis, MP3, FLAC or WAV");
        }
        result = motet_ogg_read(input, codec, scan, error, error_size);
        decoder->tags = scan->tags;
        decoder->short_file = scan->gaps || !scan->closed;
        snprintf(decoder->damage, sizeof(decoder->damage), "%s", scan->damage);
        motet_input_narrow(input, 0, scan->end);
        return result;
    }

    result = motet_chunks_read(input, sniffed.kind, chunks, error, error_size);
    decoder->tags = chunks->tags;
    decoder->short_file = chunks->truncated;
    if (result != MOTET_OK) return result;
    /* What stands behind the sound comes too late. */
    if (input->source->live) motet_input_narrow(input, 0, chunks->data_offset + chunks->data_size);
    if (sniffed.kind == MOTET_FILE_FLAC && chunks->bits != 8 && chunks->bits != 16 && chunks->bits != 24) {
        return motet_decode_fail(MOTET_ERROR_UNSUPPORTED, error, error_size,
                                 "FLAC of %" PRIu32 " bits is not read; expected 8, 16 or 24", chunks->bits);
    }
    return MOTET_OK;
}

static motet_result sndfile_open(const motet_source *source, motet_decoder **decoder, motet_decoder_info *info,
                                 char *error, size_t error_size)
{
    motet_decoder *opened = calloc(1, sizeof(*opened));
    if (opened == NULL) return motet_decode_fail(MOTET_ERROR_MEMORY, error, error_size, "no memory for the decoder");
    motet_chunks chunks = {0};
    motet_ogg_scan scan = {0};
    const char *container = "";
    error[0] = '\0';
    motet_input_init(&opened->input, source);
    motet_result result = inspect(opened, &container, &chunks, &scan, error, error_size);
    if (result == MOTET_OK) result = describe(opened, container, &chunks, &scan, info, error, error_size);
    if (result != MOTET_OK) {
        sndfile_close(opened);
        return result;
    }
    *decoder = opened;
    return MOTET_OK;
}

static motet_result at_end(motet_decoder *decoder, char *error, size_t error_size)
{
    if (decoder->damage[0] == '\0') return MOTET_OK;
    motet_result result = motet_decode_fail(MOTET_ERROR_FORMAT, error, error_size, "%s", decoder->damage);
    return motet_decode_failure_keep(&decoder->failure, result, error);
}

/* Decodes frames as floats or, where `out_s16` is given and the material allows it, as s16. */
static motet_result decode(motet_decoder *decoder, float *out_f32, int16_t *out_s16, uint32_t frame_count,
                           uint32_t *read, char *error, size_t error_size)
{
    *read = 0;
    if (decoder->failure.result != MOTET_OK) {
        return motet_decode_failure_repeat(&decoder->failure, error, error_size);
    }
    /* Past the last frame there may be other people's tags, in which FLAC would look for sound. */
    uint64_t last = decoder->frame_count > 0 && decoder->frame_count < decoder->frame_limit ? decoder->frame_count
                                                                                            : decoder->frame_limit;
    uint64_t left = decoder->position < last ? last - decoder->position : 0;
    if (decoder->ended || frame_count == 0 || left == 0) {
        if (left == 0 && decoder->frame_count > decoder->position) decoder->short_material = true;
        return frame_count == 0 ? MOTET_OK : at_end(decoder, error, error_size);
    }
    if (frame_count > left) frame_count = (uint32_t)left;
    /* Where a call fails, none of its frames can be trusted. */
    if (decoder->kind == MOTET_FILE_FLAC && frame_count > FLAC_PIECE_FRAMES) frame_count = FLAC_PIECE_FRAMES;

    sf_count_t count = out_s16 != NULL ? sf_readf_short(decoder->file, out_s16, frame_count)
                                       : sf_readf_float(decoder->file, out_f32, frame_count);
    int code = sf_error(decoder->file);
    if (count < 0) count = 0;
    /* A frame that the end of the file has cut looks damaged to libFLAC. It reads ahead, so a frame that is damaged
     * shortly before the end counts as cut, too. */
    if (code != SF_ERR_NO_ERROR && decoder->kind == MOTET_FILE_FLAC && !decoder->input.failed &&
        decoder->input.position == decoder->input.size) {
        decoder->ended = decoder->short_file = true;
        return MOTET_OK;
    }
    if (code != SF_ERR_NO_ERROR || decoder->input.failed) {
        motet_result result =
            motet_input_fail(&decoder->input, MOTET_ERROR_FORMAT, error, error_size,
                             "damaged %s between frames %" PRIu64 " and %" PRIu64 " (libsndfile: %s)", decoder->name,
                             decoder->position, decoder->position + frame_count, sf_error_number(code));
        return motet_decode_failure_keep(&decoder->failure, result, error);
    }
    if (decoder->order != NULL && out_f32 != NULL) {
        motet_reorder_channels(out_f32, decoder->order, decoder->channels, (size_t)count);
    }
    decoder->position += (uint64_t)count;
    *read = (uint32_t)count;
    if (count == 0) {
        decoder->ended = true;
        if (decoder->position < decoder->frame_count) decoder->short_material = true;
        return at_end(decoder, error, error_size);
    }
    return MOTET_OK;
}

static motet_result sndfile_read_f32(motet_decoder *decoder, float *interleaved, uint32_t frame_count, uint32_t *read,
                                     char *error, size_t error_size)
{
    for (*read = 0; *read < frame_count;) {
        uint32_t decoded;
        motet_result result = decode(decoder, interleaved + (size_t)*read * decoder->channels, NULL,
                                     frame_count - *read, &decoded, error, error_size);
        /* What has been decoded comes first, a failure with the next call. */
        if (decoded == 0) return *read > 0 ? MOTET_OK : result;
        *read += decoded;
    }
    return MOTET_OK;
}

static motet_result sndfile_read_s16(motet_decoder *decoder, int16_t *interleaved, uint32_t frame_count, uint32_t *read,
                                     char *error, size_t error_size)
{
    float piece[PIECE_SAMPLES];
    uint32_t piece_frames = PIECE_SAMPLES / decoder->channels;
    for (*read = 0; *read < frame_count;) {
        int16_t *out = interleaved + (size_t)*read * decoder->channels;
        uint32_t wanted = frame_count - *read, decoded;
        if (decoder->floats && wanted > piece_frames) wanted = piece_frames;
        motet_result result = decoder->floats ? decode(decoder, piece, NULL, wanted, &decoded, error, error_size)
                                              : decode(decoder, NULL, out, wanted, &decoded, error, error_size);
        if (decoded == 0) return *read > 0 ? MOTET_OK : result;
        if (decoder->floats) motet_round_to_s16(out, piece, (size_t)decoded * decoder->channels);
        *read += decoded;
    }
    return MOTET_OK;
}

/* Decodes up to a frame and forgets what comes out. */
static motet_result skip_to(motet_decoder *decoder, uint64_t frame, char *error, size_t error_size)
{
    float piece[PIECE_SAMPLES];
    uint32_t piece_frames = PIECE_SAMPLES / decoder->channels;
    while (decoder->position < frame) {
        uint64_t left = frame - decoder->position;
        uint32_t decoded;
        motet_result result = decode(decoder, piece, NULL, left < piece_frames ? (uint32_t)left : piece_frames,
                                     &decoded, error, error_size);
        if (result != MOTET_OK || decoded == 0) return result;
    }
    return MOTET_OK;
}

/* Where libsndfile cannot find a place (FLAC, in the part that a cut file has lost), the way from the start leads
 * there, or to the end that there is. */
static motet_result reopen(motet_decoder *decoder, char *error, size_t error_size)
{
    SF_INFO format;
    int code, rate = OPUS_RATE_HZ;
    sf_close(decoder->file);
    decoder->file = open_file(&decoder->input, &format, &code);
    decoder->position = 0;
    if (decoder->file == NULL) {
        motet_result result = sndfile_failed(&decoder->input, decoder->name, code, error, error_size);
        return motet_decode_failure_keep(&decoder->failure, result, error);
    }
    if (decoder->opus) sf_command(decoder->file, SFC_SET_ORIGINAL_SAMPLERATE, &rate, sizeof(rate));
    return MOTET_OK;
}

static motet_result sndfile_seek(motet_decoder *decoder, uint64_t frame, char *error, size_t error_size)
{
    if (decoder->failure.result != MOTET_OK) {
        return motet_decode_failure_repeat(&decoder->failure, error, error_size);
    }
    uint64_t last = decoder->frame_count > 0 && decoder->frame_count < decoder->frame_limit ? decoder->frame_count
                                                                                            : decoder->frame_limit;
    if (frame >= last) {
        decoder->position = last;
        decoder->ended = true;
        return MOTET_OK;
    }
    decoder->ended = false;

    uint64_t start = frame;
    if (decoder->opus) start = frame > OPUS_PREROLL_FRAMES ? frame - OPUS_PREROLL_FRAMES : 0;
    if (sf_seek(decoder->file, (sf_count_t)start, SEEK_SET) == (sf_count_t)start) {
        decoder->position = start;
    } else {
        motet_result result = reopen(decoder, error, error_size);
        if (result != MOTET_OK) return result;
    }
    return skip_to(decoder, frame, error, error_size);
}

static bool sndfile_truncated(const motet_decoder *decoder)
{
    return decoder->short_file || decoder->short_material;
}

#ifdef MOTET_SNDFILE_VERSION
#    define BACKEND_NAME "libsndfile " MOTET_SNDFILE_VERSION
#else
#    define BACKEND_NAME "libsndfile"
#endif

const motet_decoder_backend motet_sndfile_decoder_backend = {
    .name = BACKEND_NAME,
    .open = sndfile_open,
    .read_s16 = sndfile_read_s16,
    .read_f32 = sndfile_read_f32,
    .seek = sndfile_seek,
    .truncated = sndfile_truncated,
    .close = sndfile_close,
};
