#include "decode/ogg.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    PAGE_HEADER_SIZE = 27,
    PAGE_SEGMENTS_MAX = 255,
    PAGE_SIZE_MAX = PAGE_HEADER_SIZE + PAGE_SEGMENTS_MAX + PAGE_SEGMENTS_MAX * 255,
    FIRST_PAGES_MAX = 16, /* streams that may start beside one another */
    OPUS_TAGS_MAX = 1 << 20,
    OPUS_PACKET_FRAMES_MAX = 5760 /* 120 ms at 48 kHz (RFC 6716, 3.4) */
};

#define GRANULE_NONE UINT64_MAX
/* Positions beyond this (three million years) are refused, so that sums of them stay far from overflow. */
#define GRANULE_MAX (UINT64_C(1) << 62)

typedef struct {
    uint64_t offset;
    uint64_t granule;
    uint32_t serial, sequence;
    bool continued, first, last; /* the header's flags */
    uint32_t segment_count;
    const unsigned char *segments;
    const unsigned char *body;
    uint32_t body_size;
} ogg_page;

typedef enum { PAGE_WHOLE, PAGE_NONE, PAGE_CUT, PAGE_DAMAGED, PAGE_FOREIGN } page_state;

typedef struct {
    motet_input *input;
    uint32_t crc[8][256];
    unsigned char bytes[PAGE_SIZE_MAX];
} page_reader;

static page_reader *reader_create(motet_input *input)
{
    page_reader *reader = malloc(sizeof(*reader));
    if (reader == NULL) return NULL;
    reader->input = input;
    /* CRC-32 with Ogg's polynomial, most significant bit first; table k is for a byte that k more bytes follow. */
    for (uint32_t i = 0; i < 256; i++) {
        uint32_t crc = i << 24;
        for (int bit = 0; bit < 8; bit++) crc = crc << 1 ^ ((crc & 0x80000000u) != 0 ? 0x04C11DB7u : 0);
        reader->crc[0][i] = crc;
    }
    for (int k = 1; k < 8; k++) {
        for (int i = 0; i < 256; i++) {
            uint32_t before = reader->crc[k - 1][i];
            reader->crc[k][i] = before << 8 ^ reader->crc[0][before >> 24];
        }
    }
    return reader;
}

static uint32_t checksum(const page_reader *reader, const unsigned char *bytes, size_t size)
{
    const uint32_t(*table)[256] = reader->crc;
    uint32_t crc = 0;
    for (; size >= 8; bytes += 8, size -= 8) {
        crc ^= motet_be32(bytes);
        crc = table[7][crc >> 24] ^ table[6][crc >> 16 & 255] ^ table[5][crc >> 8 & 255] ^ table[4][crc & 255] ^
              table[3][bytes[4]] ^ table[2][bytes[5]] ^ table[1][bytes[6]] ^ table[0][bytes[7]];
    }
    for (; size > 0; bytes++, size--) crc = crc << 8 ^ table[0][crc >> 24 ^ *bytes];
    return crc;
}

/* Reads the page at `offset`; its pointers hold until the next one is read. */
static page_state read_page(page_reader *reader, uint64_t offset, ogg_page *page)
{
    unsigned char *bytes = reader->bytes;
    size_t held = motet_input_read_at(reader->input, offset, bytes, PAGE_HEADER_SIZE);
    if (held == 0) return PAGE_NONE;
    if (memcmp(bytes, "OggS", held < 4 ? held : 4) != 0) return PAGE_FOREIGN;
    if (held < PAGE_HEADER_SIZE) return PAGE_CUT;

    uint32_t segment_count = bytes[26], body_size = 0;
    unsigned char *segments = bytes + PAGE_HEADER_SIZE;
    if (motet_input_read(reader->input, segments, segment_count) < segment_count) return PAGE_CUT;
    for (uint32_t i = 0; i < segment_count; i++) body_size += segments[i];
    unsigned char *body = segments + segment_count;
    if (motet_input_read(reader->input, body, body_size) < body_size) return PAGE_CUT;

    /* The checksum is taken with its own place as zero. */
    uint32_t stored = motet_le32(bytes + 22);
    memset(bytes + 22, 0, 4);
    size_t size = PAGE_HEADER_SIZE + segment_count + body_size;
    if (checksum(reader, bytes, size) != stored || bytes[4] != 0) return PAGE_DAMAGED;

    *page = (ogg_page){
        .offset = offset,
        .granule = motet_le64(bytes + 6),
        .serial = motet_le32(bytes + 14),
        .sequence = motet_le32(bytes + 18),
        .continued = (bytes[5] & 1) != 0,
        .first = (bytes[5] & 2) != 0,
        .last = (bytes[5] & 4) != 0,
        .segment_count = segment_count,
        .segments = segments,
        .body = body,
        .body_size = body_size,
    };
    return PAGE_WHOLE;
}

static uint64_t page_end(const ogg_page *page)
{
    return page->offset + PAGE_HEADER_SIZE + page->segment_count + page->body_size;
}

static motet_ogg_codec codec_of(const ogg_page *page)
{
    static const struct {
        const char *magic;
        size_t size;
        motet_ogg_codec codec;
    } codecs[] = {
        {"\x01vorbis", 7, MOTET_OGG_VORBIS},
        {"OpusHead", 8, MOTET_OGG_OPUS},
        {"\x7F"
         "FLAC",
         5, MOTET_OGG_FLAC},
        {"Speex   ", 8, MOTET_OGG_SPEEX},
    };
    for (size_t i = 0; i < sizeof(codecs) / sizeof(codecs[0]); i++) {
        if (page->body_size >= codecs[i].size && memcmp(page->body, codecs[i].magic, codecs[i].size) == 0) {
            return codecs[i].codec;
        }
    }
    return MOTET_OGG_OTHER;
}

static motet_result fail_at(const motet_input *input, uint64_t offset, char *error, size_t error_size, const char *what)
{
    return motet_input_fail(input, MOTET_ERROR_FORMAT, error, error_size, "%s at byte %" PRIu64, what,
                            input->start + offset);
}

motet_result motet_ogg_identify(motet_input *input, motet_ogg_codec *codec, char *error, size_t error_size)
{
    page_reader *reader = reader_create(input);
    if (reader == NULL) return motet_decode_fail(MOTET_ERROR_MEMORY, error, error_size, "no memory to read Ogg pages");

    motet_result result = MOTET_OK;
    uint64_t offset = 0;
    ogg_page page;
    *codec = MOTET_OGG_OTHER;
    for (int i = 0; i < FIRST_PAGES_MAX; i++) {
        page_state state = read_page(reader, offset, &page);
        if (i == 0 && (state == PAGE_CUT || input->failed)) {
            result = fail_at(input, input->size, error, error_size, "Ogg header cut");
        } else if (i == 0 && (state != PAGE_WHOLE || !page.first)) {
            result = fail_at(input, 0, error, error_size,
                             state != PAGE_WHOLE ? "a damaged Ogg page (its checksum is wrong)"
                                                 : "an Ogg stream whose start is missing");
        }
        if (state != PAGE_WHOLE || !page.first) break;
        motet_ogg_codec found = codec_of(&page);
        if (i == 0 || found == MOTET_OGG_VORBIS || found == MOTET_OGG_OPUS) *codec = found;
        if (found == MOTET_OGG_VORBIS || found == MOTET_OGG_OPUS) break;
        offset = page_end(&page);
    }
    free(reader);
    return result;
}

/* The walk through all pages, and what it remembers of the stream that it follows. */
typedef struct {
    motet_input *input;
    motet_ogg_codec codec;
    motet_ogg_scan *scan;
    char *error;
    size_t error_size;

    uint64_t offset; /* of the page that is looked at */
    bool following;  /* a stream has been found */
    bool starting;   /* the last page was a stream's first: streams beside one another start so */
    uint32_t stream_count;
    uint32_t serial, sequence;
    uint32_t packets; /* completed in this stream, headers included */
    bool packet_open; /* the last page ended inside a packet */
    bool last_seen;

    /* Opus. */
    unsigned char packet_start[2]; /* of the packet that is read now */
    uint32_t packet_bytes;
    unsigned char *tags; /* the second packet, gathered from its pages */
    size_t tags_size;
    uint64_t granule, first_granule; /* GRANULE_NONE before the first page with sound */
    uint32_t preskip;
} page_walk;

static motet_result walk_fail(const page_walk *walk, const ogg_page *page, const char *what)
{
    return fail_at(walk->input, page->offset, walk->error, walk->error_size, what);
}

static uint32_t header_packets(const page_walk *walk)
{
    return walk->codec == MOTET_OGG_VORBIS ? 3 : 2;
}

/* The length of an Opus packet in frames at 48 kHz from its first two bytes; 0 where they are wrong (RFC 6716, 3.1
 * and 3.2). */
static uint32_t opus_packet_frames(const unsigned char *start, uint32_t size)
{
    if (size == 0) return 0;
    uint32_t config = start[0] >> 3, length;
    if (config < 12) {
        static const uint16_t silk[4] = {480, 960, 1920, 2880};
        length = silk[config & 3];
    } else if (config < 16) {
        length = (config & 1) != 0 ? 960 : 480;
    } else {
        length = 120u << (config & 3);
    }
    uint32_t count = (start[0] & 3) == 0 ? 1 : 2;
    if ((start[0] & 3) == 3) {
        if (size < 2) return 0;
        count = start[1] & 63;
    }
    return count * length <= OPUS_PACKET_FRAMES_MAX ? count * length : 0;
}

static motet_result opus_head(page_walk *walk, const ogg_page *page)
{
    const unsigned char *head = page->body;
    if (page->body_size < 19 || (page->body_size < 21 && head[18] != 0)) {
        return walk_fail(walk, page, "an Opus header that is too short");
    }
    walk->preskip = motet_le16(head + 10);
    walk->scan->mapping_family = head[18];
    if (head[18] > 1 && head[18] != 255) {
        return motet_decode_fail(MOTET_ERROR_UNSUPPORTED, walk->error, walk->error_size,
                                 "Opus with channel mapping %d is not read; expected 0, 1 or 255", head[18]);
    }
    return MOTET_OK;
}

static motet_result opus_tags(page_walk *walk, const unsigned char *bytes, size_t size, bool complete)
{
    if (walk->tags_size + size <= OPUS_TAGS_MAX) {
        unsigned char *grown = realloc(walk->tags, walk->tags_size + size + 1);
        if (grown == NULL) {
            return motet_decode_fail(MOTET_ERROR_MEMORY, walk->error, walk->error_size, "no memory for the Opus tags");
        }
        memcpy(grown + walk->tags_size, bytes, size);
        walk->tags = grown;
        walk->tags_size += size;
    }
    if (complete && walk->tags_size > 8 && memcmp(walk->tags, "OpusTags", 8) == 0) {
        motet_tags_add_block(&walk->scan->tags, walk->tags + 8, walk->tags_size - 8);
    }
    return MOTET_OK;
}

/* Holds a page with sound against the position that it says it ends at. libsndfile subtracts the two without a look
 * at the sign. */
static motet_result opus_position(page_walk *walk, const ogg_page *page, uint64_t frames, bool gap)
{
    motet_ogg_scan *scan = walk->scan;
    uint64_t granule = page->granule;
    if (granule > GRANULE_MAX) return walk_fail(walk, page, "an Opus page without a position");

    if (walk->first_granule == GRANULE_NONE) {
        /* A stream may start late (cut out of a longer one), but not when its first page with sound is its last, whose
         * position says how much of the end is padding. */
        if (page->last ? granule > frames : granule < frames) {
            return walk_fail(walk, page, "an Opus page whose position does not fit its packets");
        }
        walk->first_granule = page->last ? 0 : granule - frames;
    } else if (granule < walk->granule || (gap && granule < frames) ||
               (!gap && !page->last && granule - walk->granule < frames)) {
        return walk_fail(walk, page, "an Opus page whose position does not fit its packets");
    }
    walk->granule = granule;
    scan->frame_limit += frames;
    return MOTET_OK;
}

static motet_result follow_page(page_walk *walk, const ogg_page *page)
{
    motet_ogg_scan *scan = walk->scan;
    bool opus = walk->codec == MOTET_OGG_OPUS;
    bool gap = walk->packets > 0 && page->sequence != walk->sequence;
    if (gap && walk->packets < header_packets(walk))
        return walk_fail(walk, page, "Ogg pages are missing in the headers");
    if (gap) scan->gaps = true;
    walk->sequence = page->sequence + 1;
    walk->last_seen = page->last;

    /* The end of a packet whose start is lost counts for nothing, nor does the start of one whose end is lost. */
    bool lost = page->continued ? !walk->packet_open || gap : false;
    if (!page->continued || lost) walk->packet_bytes = 0;

    uint64_t frames = 0;
    uint32_t completed = 0;
    const unsigned char *body = page->body;
    for (uint32_t i = 0; i < page->segment_count; i++) {
        uint32_t size = page->segments[i];
        for (uint32_t k = 0; k < size && walk->packet_bytes + k < 2; k++) {
            walk->packet_start[walk->packet_bytes + k] = body[k];
        }
        walk->packet_bytes += size;
        if (opus && walk->packets == 1) {
            motet_result result = opus_tags(walk, body, size, size < 255);
            if (result != MOTET_OK) return result;
        }
        body += size;
        if (size == 255) continue;

        if (!lost && walk->packets >= header_packets(walk)) {
            uint32_t packet_frames = opus ? opus_packet_frames(walk->packet_start, walk->packet_bytes) : 0;
            if (opus && packet_frames == 0) return walk_fail(walk, page, "a damaged Opus packet on the page");
            frames += packet_frames;
            completed++;
            scan->packet_count++;
        }
        if (!lost) walk->packets++;
        lost = false;
        walk->packet_bytes = 0;
    }
    walk->packet_open = page->segment_count > 0 && page->segments[page->segment_count - 1] == 255;
    return opus && completed > 0 ? opus_position(walk, page, frames, gap) : MOTET_OK;
}

static motet_result start_stream(page_walk *walk, const ogg_page *page)
{
    bool beside = walk->starting;
    walk->starting = true;
    walk->stream_count++;
    if (codec_of(page) != walk->codec) return MOTET_OK;
    /* Of two that run beside each other the first is played. */
    if (walk->following && beside && page->serial != walk->serial) return MOTET_OK;

    walk->following = true;
    walk->serial = page->serial;
    walk->packets = 0;
    walk->packet_bytes = 0;
    walk->packet_open = false;
    walk->first_granule = walk->granule = GRANULE_NONE;
    if (walk->codec == MOTET_OGG_OPUS) {
        motet_result result = opus_head(walk, page);
        if (result != MOTET_OK) return result;
    }
    return follow_page(walk, page);
}

static motet_result headers_cut(const page_walk *walk)
{
    static const char *const vorbis[] = {"Vorbis identification header", "Vorbis comment header",
                                         "Vorbis setup header"};
    static const char *const opus[] = {"Opus header", "Opus tags"};
    const char *const *names = walk->codec == MOTET_OGG_VORBIS ? vorbis : opus;
    return motet_input_fail(walk->input, MOTET_ERROR_FORMAT, walk->error, walk->error_size, "%s cut at byte %" PRIu64,
                            names[walk->packets], walk->input->start + walk->input->size);
}

static motet_result walk_pages(page_walk *walk, page_reader *reader)
{
    for (;;) {
        uint64_t offset = walk->offset;
        ogg_page page;
        page_state state = read_page(reader, offset, &page);
        if (walk->input->failed) return fail_at(walk->input, offset, walk->error, walk->error_size, "");
        /* What follows the end of a stream and is no page was put there by somebody else. */
        if (state == PAGE_DAMAGED || (state == PAGE_FOREIGN && !walk->last_seen)) {
            return fail_at(walk->input, offset, walk->error, walk->error_size,
                           state == PAGE_DAMAGED ? "a damaged Ogg page (its checksum is wrong)"
                                                 : "no Ogg page where the next one should start,");
        }
        if (state != PAGE_WHOLE) {
            walk->scan->end = offset;
            walk->scan->closed = walk->last_seen && state != PAGE_CUT;
            return walk->packets < header_packets(walk) ? headers_cut(walk) : MOTET_OK;
        }

        motet_result result = MOTET_OK;
        if (page.first) {
            result = start_stream(walk, &page);
        } else {
            walk->starting = false;
            if (walk->following && page.serial == walk->serial) result = follow_page(walk, &page);
        }
        if (result != MOTET_OK) return result;
        walk->offset = page_end(&page);
    }
}

motet_result motet_ogg_read(motet_input *input, motet_ogg_codec codec, motet_ogg_scan *scan, char *error,
                            size_t error_size)
{
    *scan = (motet_ogg_scan){0};
    page_reader *reader = reader_create(input);
    if (reader == NULL) return motet_decode_fail(MOTET_ERROR_MEMORY, error, error_size, "no memory to read Ogg pages");

    page_walk walk = {.input = input,
                      .codec = codec,
                      .scan = scan,
                      .error = error,
                      .error_size = error_size,
                      .first_granule = GRANULE_NONE};
    motet_result result = walk_pages(&walk, reader);
    free(walk.tags);
    free(reader);
    bool sound = codec == MOTET_OGG_OPUS ? walk.first_granule != GRANULE_NONE : scan->packet_count > 0;
    if (result == MOTET_ERROR_FORMAT && walk.packets > header_packets(&walk) && sound) {
        snprintf(scan->damage, sizeof(scan->damage), "%s", error);
        scan->end = walk.offset;
        result = MOTET_OK;
    }
    if (result != MOTET_OK || codec != MOTET_OGG_OPUS) return result;

    if (walk.stream_count > 1) {
        return motet_decode_fail(MOTET_ERROR_UNSUPPORTED, error, error_size,
                                 "an Ogg file of %" PRIu32 " streams with Opus is not read; expected one stream",
                                 walk.stream_count);
    }
    if (scan->packet_count == 0) {
        return motet_decode_fail(MOTET_ERROR_FORMAT, error, error_size, "an Opus stream without any sound");
    }
    uint64_t length = walk.first_granule == GRANULE_NONE ? 0 : walk.granule - walk.first_granule;
    scan->frame_count = length > walk.preskip ? length - walk.preskip : 0;
    return MOTET_OK;
}
