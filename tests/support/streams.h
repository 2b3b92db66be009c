/* For tests that render by hand without preparing: lets the stream thread do what a device would leave it time for. */
#ifndef MOTET_TESTS_STREAMS_H
#define MOTET_TESTS_STREAMS_H

#include "engine/engine.h"
#include "engine/stream.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static inline bool streams_has_page(motet_stream *stream, motet_stream_key key)
{
    for (uint32_t i = 0; i < motet_load_acquire_u32(&stream->page_count); i++) {
        if (motet_load_acquire_u64(&stream->pages[i].key) == key) {
            return true;
        }
    }
    return false;
}

/* Waits until all that is planned by now is there. */
static inline void streams_let_fill(motet_engine *engine)
{
    for (motet_stream *stream = engine->first_stream; stream != NULL; stream = stream->next_here) {
        for (uint32_t i = 0; i < stream->plan_count; i++) {
            int tries = 0;
            while (!streams_has_page(stream, stream->plan[i].key)) {
                assert_true(++tries < 20000);
                motet_sleep_ms(1);
            }
        }
    }
}

#endif /* MOTET_TESTS_STREAMS_H */
