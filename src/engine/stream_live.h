/* A voice of a file that cannot seek: a feed that a worker writes. What it is made of comes when it comes, and is heard
 * once. */
#ifndef MOTET_ENGINE_STREAM_LIVE_H
#define MOTET_ENGINE_STREAM_LIVE_H

#include "engine/stream.h"

struct motet_decoded;

/* What a sound of such a file is: all but its length. Takes over an open source. */
motet_result motet_live_file_describe(motet_heap *heap, motet_byte_source *bytes, const motet_files *files,
                                      const char *path, motet_store store, struct motet_decoded *decoded, char *error,
                                      size_t error_size);

/* A feed for a voice; NULL when out of memory. */
motet_feed *motet_stream_live_feed(motet_engine *engine, const motet_stream_file *file);

/* As motet_stream_next_want and motet_stream_fill: a key that is not 0 while there is room in the feed. */
motet_stream_want motet_stream_live_want(const motet_engine *engine, const motet_stream *stream);
bool motet_stream_live_fill(motet_engine *engine, motet_stream *stream, void *scratch);

#endif /* MOTET_ENGINE_STREAM_LIVE_H */
