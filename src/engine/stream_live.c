#include "engine/stream_live.h"

#include "dsp/convert.h"
#include "engine/decoding.h"
#include "engine/engine.h"
#include "engine/feed_ring.h"

enum { PIECE_FRAMES = 1024 /* decoded in one go: what comes late is heard as soon as so much is there */ };

/* Held by a voice at most, and before it starts and after each gap: bytes of a radio come in lumps. */
static const double buffer_seconds = 1, start_seconds = 0.25;

motet_result motet_live_file_describe(motet_heap *heap, motet_byte_source *bytes, const motet_files *files,
                                      const char *path, motet_store store, motet_decoded *decoded, char *error,
                                      size_t error_size)
{
    motet_live_file *live;
    *decoded = (motet_decoded){0};
    motet_result result = motet_live_file_open(heap, bytes, &live, error, error_size);
    if (result != MOTET_OK) {
        return result;
    }
    result = motet_decode_describe(heap, &live->info, store, decoded);
    decoded->streamed = result == MOTET_OK ? motet_stream_file_create(heap, files, path) : NULL;
    if (decoded->streamed == NULL) {
        motet_decoded_free(heap, decoded);
        motet_live_file_close(live);
        snprintf(error, error_size, "out of memory");
        return MOTET_ERROR_MEMORY;
    }
    live->bytes.cancelled = NULL;                                                 /* that was of the load */
    live->window.source.name = live->bytes.source.name = decoded->streamed->path; /* the given one is the caller's */
    decoded->info.seekable = false;
    decoded->streamed->is_live = true;
    motet_store_release_pointer(&decoded->streamed->opened, live);
    return MOTET_OK;
}

motet_feed *motet_stream_live_feed(motet_engine *engine, const motet_stream_file *file)
{
    uint32_t rate_hz = file->file.sample_rate_hz;
    const motet_feed_shape shape = {.sample_rate_hz = rate_hz,
                                    .channels = file->file.channels,
                                    .buffer_frames = (uint32_t)(buffer_seconds * rate_hz),
                                    .start_frames = (uint32_t)(start_seconds * rate_hz)};
    motet_feed *feed = motet_feed_create(&engine->heap, &shape);
    if (feed != NULL) {
        feed->of_stream = true;
    }
    return feed;
}

motet_stream_want motet_stream_live_want(const motet_engine *engine, const motet_stream *stream)
{
    const motet_feed *feed = stream->feed;
    uint32_t room = motet_feed_room(feed);
    uint32_t least = feed->buffer_frames < PIECE_FRAMES ? feed->buffer_frames : PIECE_FRAMES;
    if (room < least || motet_load_relaxed_u32(&feed->finished) != 0) {
        return (motet_stream_want){0, UINT64_MAX};
    }
    uint64_t held = feed->buffer_frames - room;
    uint64_t ahead = held * engine->def.sample_rate_hz / feed->sample_rate_hz;
    return (motet_stream_want){1, motet_load_relaxed_u64(&engine->frame) + ahead};
}

/* The file that loading has opened, or the same once more. */
static motet_result open_live(motet_stream *stream, char *error, size_t error_size)
{
    motet_stream_file *file = stream->reader.file;
    stream->live = motet_exchange_acquire_pointer(&file->opened, NULL);
    if (stream->live == NULL) {
        motet_byte_source bytes;
        motet_result result = motet_byte_source_open(&bytes, file->heap, &file->files, file->path, error, error_size);
        if (result != MOTET_OK) {
            return result;
        }
        bytes.cancelled = &stream->over;
        result = motet_live_file_open(file->heap, &bytes, &stream->live, error, error_size);
        if (result != MOTET_OK) {
            return result;
        }
    }
    stream->live->bytes.cancelled = &stream->over;
    const motet_decoder_info *now = &stream->live->info;
    if (now->channels != file->file_channels || now->sample_rate_hz != file->file.sample_rate_hz) {
        snprintf(error, error_size, "another file than it was: %u channels, %u Hz, not %u, %u", now->channels,
                 now->sample_rate_hz, file->file_channels, file->file.sample_rate_hz);
        return MOTET_ERROR_FORMAT;
    }
    return MOTET_OK;
}

static void finish(motet_engine *engine, motet_stream *stream, motet_result result, const char *error)
{
    motet_stream_file *file = stream->reader.file;
    if (result != MOTET_OK && motet_load_relaxed_u32(&stream->over) == 0) {
        motet_log_write(&engine->log, MOTET_LOG_WARNING, "%s: the stream ends after %llu frames: %s", file->path,
                        (unsigned long long)motet_load_relaxed_u64(&stream->feed->written), error);
    }
    motet_feed_end(stream->feed, result != MOTET_OK);
}

bool motet_stream_live_fill(motet_engine *engine, motet_stream *stream, void *scratch)
{
    union {
        int16_t s16[2 * PIECE_FRAMES];
        float f32[2 * PIECE_FRAMES];
    } piece;
    float frames[2 * PIECE_FRAMES];
    char error[256] = "";
    motet_stream_file *file = stream->reader.file;
    motet_feed *feed = stream->feed;
    motet_result result = stream->live == NULL ? open_live(stream, error, sizeof error) : MOTET_OK;
    if (result != MOTET_OK) {
        finish(engine, stream, result, error);
        return true;
    }
    motet_live_file *live = stream->live;
    uint32_t room = motet_feed_room(feed);
    uint32_t wanted = room < PIECE_FRAMES ? room : PIECE_FRAMES;
    uint32_t got = 0;
    size_t non_finite = 0;
    result = motet_decode_some(live->backend, live->decoder, &live->info, &file->file, scratch, &piece, wanted, &got,
                               &non_finite, error, sizeof error);
    const float *decoded = piece.f32;
    if (file->file.format == MOTET_FORMAT_S16) {
        motet_convert_s16_to_f32(frames, piece.s16, (size_t)got * file->file.channels);
        decoded = frames;
    }
    motet_feed_put_f32(feed, decoded, got);
    stream->reader.non_finite += non_finite;
    if (got < wanted) {
        result = motet_byte_source_judge(&live->bytes, result, error, sizeof error);
        finish(engine, stream, result, error);
    }
    return true;
}
