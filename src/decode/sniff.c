#include "decode/sniff.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define FORMATS_READ "WAV, AIFF, CAF, FLAC, Ogg Vorbis, Opus, MP3"

enum {
    HEAD_SIZE = 16,
    /* How far into a file, or behind an ID3 tag, the first MPEG frame is looked for: encoders pad tags and cutters
     * leave parts of frames, but the further one looks the more likely other material passes for sound. */
    MPEG_SEARCH_SIZE = 8192,
    MPEG_FRAMES_NEEDED = 3
};

/* Kinds that people try, to be named instead of shown as bytes. */
static const struct {
    uint8_t offset, size;
    char magic[8];
    const char *name;
} others[] = {
    {0, 4, "MThd", "MIDI"},
    {4, 4, "ftyp", "MP4 (AAC or ALAC)"},
    {0, 4, ".snd", "AU"},
    {0, 4, "riff", "Wave64"},
    {0, 4, "wvPk", "WavPack"},
    {0, 4, "MAC ", "Monkey's Audio"},
    {0, 4, "TTA1", "True Audio"},
    {0, 4, "MPCK", "Musepack"},
    {0, 3, "MP+", "Musepack"},
    {0, 4, "\x30\x26\xB2\x75", "WMA"},
    {0, 4, "\x1A\x45\xDF\xA3", "WebM or Matroska"},
    {0, 8, "Extended", "XM (a tracker module)"},
    {0, 4, "IMPM", "IT (a tracker module)"},
    {0, 5, "#!AMR", "AMR"},
    {0, 4, "ADIF", "AAC"},
};

bool motet_mpeg_frame_read(const unsigned char *bytes, motet_mpeg_frame *frame)
{
    static const uint16_t kbps[5][15] = {
        {0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448}, /* MPEG 1, layer 1 */
        {0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384},    /* MPEG 1, layer 2 */
        {0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320},     /* MPEG 1, layer 3 */
        {0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256},    /* MPEG 2 and 2.5, layer 1 */
        {0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160},         /* MPEG 2 and 2.5, layers 2 and 3 */
    };
    static const uint16_t rates[3] = {44100, 48000, 32000};

    uint32_t version = bytes[1] >> 3 & 3, layer = bytes[1] >> 1 & 3;
    uint32_t rate = bytes[2] >> 4 & 15, frequency = bytes[2] >> 2 & 3, padding = bytes[2] >> 1 & 1;
    if (bytes[0] != 0xFF || (bytes[1] & 0xE0) != 0xE0) return false;
    if (version == 1 || layer == 0 || rate == 0 || rate == 15 || frequency == 3 || (bytes[3] & 3) == 2) return false;

    frame->version = version == 3 ? 1 : version == 2 ? 2 : 3;
    frame->layer = 4 - layer;
    frame->sample_rate_hz = (uint32_t)rates[frequency] >> (frame->version - 1);
    frame->channels = bytes[3] >> 6 == 3 ? 1 : 2;

    uint32_t row = frame->version == 1 ? frame->layer - 1 : frame->layer == 1 ? 3 : 4;
    uint32_t bits_per_second = kbps[row][rate] * 1000u;
    if (frame->layer == 1) {
        frame->frame_count = 384;
        frame->size = (12 * bits_per_second / frame->sample_rate_hz + padding) * 4;
    } else {
        frame->frame_count = frame->layer == 3 && frame->version != 1 ? 576 : 1152;
        frame->size = frame->frame_count / 8 * bits_per_second / frame->sample_rate_hz + padding;
    }
    return true;
}

/* True where a few frames of one kind follow one another from `offset` on, or as many as the input has room for. */
static bool mpeg_frames_at(motet_input *input, uint64_t offset)
{
    motet_mpeg_frame first = {0};
    for (int i = 0; i < MPEG_FRAMES_NEEDED; i++) {
        unsigned char bytes[4];
        motet_mpeg_frame frame;
        if (motet_input_read_at(input, offset, bytes, 4) < 4) return i > 0 && offset >= input->size;
        if (!motet_mpeg_frame_read(bytes, &frame)) return false;
        if (i == 0) first = frame;
        if (frame.version != first.version || frame.layer != first.layer ||
            frame.sample_rate_hz != first.sample_rate_hz) {
            return false;
        }
        offset += frame.size;
        /* A file cut inside a frame after at least one whole one. */
        if (offset > input->size) return i > 0;
    }
    return true;
}

static bool find_mpeg(motet_input *input, uint64_t from, uint64_t *found)
{
    unsigned char bytes[MPEG_SEARCH_SIZE];
    size_t size = motet_input_read_at(input, from, bytes, sizeof(bytes));
    for (size_t i = 0; i + 4 <= size; i++) {
        motet_mpeg_frame frame;
        if (bytes[i] != 0xFF || !motet_mpeg_frame_read(bytes + i, &frame)) continue;
        if (mpeg_frames_at(input, from + i)) {
            *found = from + i;
            return true;
        }
    }
    return false;
}

static motet_file_kind kind_of(const unsigned char *head, size_t size)
{
    if (size >= 12 && memcmp(head + 8, "WAVE", 4) == 0 &&
        (memcmp(head, "RIFF", 4) == 0 || memcmp(head, "RIFX", 4) == 0 || memcmp(head, "RF64", 4) == 0)) {
        return MOTET_FILE_WAV;
    }
    if (size >= 12 && memcmp(head, "FORM", 4) == 0 &&
        (memcmp(head + 8, "AIFF", 4) == 0 || memcmp(head + 8, "AIFC", 4) == 0)) {
        return MOTET_FILE_AIFF;
    }
    if (size >= 4 && memcmp(head, "caff", 4) == 0) return MOTET_FILE_CAF;
    if (size >= 4 && memcmp(head, "fLaC", 4) == 0) return MOTET_FILE_FLAC;
    if (size >= 4 && memcmp(head, "OggS", 4) == 0) return MOTET_FILE_OGG;
    return MOTET_FILE_UNKNOWN;
}

static motet_result describe_unknown(const unsigned char *head, size_t size, char *error, size_t error_size)
{
    /* The start of a WAV and no more. */
    if (size >= 4 && size < 12 && (memcmp(head, "RIFF", 4) == 0 || memcmp(head, "FORM", 4) == 0)) {
        return motet_decode_fail(MOTET_ERROR_FORMAT, error, error_size, "%s header cut at byte %zu",
                                 head[0] == 'R' ? "WAV" : "AIFF", size);
    }
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        if (others[i].offset + (size_t)others[i].size <= size &&
            memcmp(head + others[i].offset, others[i].magic, others[i].size) == 0) {
            return motet_decode_fail(MOTET_ERROR_UNSUPPORTED, error, error_size,
                                     "%s is not a format that Motet reads (" FORMATS_READ ")", others[i].name);
        }
    }

    char start[64] = "";
    bool printable = true;
    size_t shown = size < 4 ? size : 4;
    for (size_t i = 0; i < shown; i++) {
        if (head[i] < 0x20 || head[i] > 0x7E || head[i] == '"' || head[i] == '\\') printable = false;
    }
    if (printable) {
        snprintf(start, sizeof(start), "\"%.*s\"", (int)shown, (const char *)head);
    } else {
        snprintf(start, sizeof(start), "bytes");
        for (size_t i = 0; i < shown; i++) snprintf(start + 5 + 3 * i, sizeof(start) - 5 - 3 * i, " %02X", head[i]);
    }
    return motet_decode_fail(MOTET_ERROR_FORMAT, error, error_size,
                             "no known sound format (starts with %s; expected " FORMATS_READ ")", start);
}

motet_result motet_sniff(motet_input *input, motet_sniffed *sniffed, char *error, size_t error_size)
{
    *sniffed = (motet_sniffed){MOTET_FILE_UNKNOWN, 0};
    if (input->size == 0) return motet_decode_fail(MOTET_ERROR_FORMAT, error, error_size, "an empty file");

    /* ID3 tags stand in front of MP3, and are put in front of everything else by tools that know no better. */
    unsigned char head[HEAD_SIZE] = {0};
    size_t size = motet_input_read_at(input, 0, head, sizeof(head));
    while (size >= 10 && memcmp(head, "ID3", 3) == 0 && ((head[6] | head[7] | head[8] | head[9]) & 0x80) == 0) {
        uint64_t length = (uint64_t)head[6] << 21 | (uint64_t)head[7] << 14 | (uint64_t)head[8] << 7 | head[9];
        sniffed->offset += length + ((head[5] & 0x10) != 0 ? 20 : 10);
        if (sniffed->offset >= input->size) {
            return motet_decode_fail(MOTET_ERROR_FORMAT, error, error_size,
                                     "an ID3 tag that needs %" PRIu64 " bytes, cut at byte %" PRIu64, sniffed->offset,
                                     input->size);
        }
        size = motet_input_read_at(input, sniffed->offset, head, sizeof(head));
    }

    sniffed->kind = kind_of(head, size);
    if (sniffed->kind == MOTET_FILE_UNKNOWN && find_mpeg(input, sniffed->offset, &sniffed->offset)) {
        sniffed->kind = MOTET_FILE_MPEG;
    }
    if (input->failed) return motet_input_fail(input, MOTET_ERROR_IO, error, error_size, "%s", "");
    if (sniffed->kind != MOTET_FILE_UNKNOWN) return MOTET_OK;
    if (size == 0) return motet_decode_fail(MOTET_ERROR_FORMAT, error, error_size, "an empty file");
    return describe_unknown(head, size, error, error_size);
}
