/* One opened device, and the callback that renders for it.
 *
 * Whatever a device does, its callback may only touch its link: the gate in it says whether the engine behind may be
 * entered. A link is made with its gate shut; the owner opens it, and shuts it before the engine may go. So a callback
 * that comes late, from a device whose close hangs, finds the gate shut and writes silence. */
#ifndef MOTET_ENGINE_OUTPUT_LINK_H
#define MOTET_ENGINE_OUTPUT_LINK_H

#include "base/atomics.h"
#include "engine/device.h"

typedef struct motet_link_def {
    motet_engine *engine;
    uint32_t epoch; /* under which it claims the engine (engine/render.h) */
    uint32_t sample_rate_hz;
    uint32_t channels;
    uint32_t period_frames;
} motet_link_def;

typedef struct motet_link {
    motet_link_def def;
    const motet_device_backend *backend;
    motet_device *device;
    motet_device_opened opened; /* written before the gate is first opened */
    uint64_t connected_ns;

    motet_atomic_u64 gate;
    motet_atomic_u32 ending; /* set by the owner: fade out, then silence */

    /* Written by the callback alone. */
    motet_atomic_u64 callbacks;
    motet_atomic_u64 last_render_ns; /* when its last block was begun; 0 before the first */
    motet_atomic_u32 last_frames;    /* frames of that block */
    motet_atomic_u32 ended;          /* the fade out is over */
    motet_atomic_f32 load;
    uint32_t faded_frames;
} motet_link;

/* Opens a device by the first adapter that can; NULL is the system's default. Waits at most 5 s, and less when
 * `*cancel` turns non-zero. On failure NULL, with a sentence that names the adapter in `error`; `*result` tells
 * MOTET_ERROR_NOT_FOUND (no device of that name) from MOTET_ERROR_DEVICE. */
motet_link *motet_link_open(const motet_link_def *def, const char *name, const motet_atomic_u32 *cancel,
                            motet_result *result, char *error, size_t error_size);

/* Lets the callback through to the engine. */
void motet_link_connect(motet_link *link);

/* Shuts the gate, waits for a block that is being rendered, then closes the device and frees the link. Where the close
 * hangs for longer than a second it is left behind, and the return is false. */
bool motet_link_close(motet_link *link);

/* In a fork's child: frees the link and leaves the device, which is the parent's. */
void motet_link_forget(motet_link *link);

#endif /* MOTET_ENGINE_OUTPUT_LINK_H */
