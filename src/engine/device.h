/* How the engine reaches a sound device: a table of functions that each device adapter fills.
 *
 * An adapter opens a device that calls back for blocks of interleaved floats. It knows nothing of engines: losing
 * devices, going on without one and coming back are the business of engine/output.c. */
#ifndef MOTET_ENGINE_DEVICE_H
#define MOTET_ENGINE_DEVICE_H

#include "motet/motet.h"

/* Fills `frame_count` frames of `channels` interleaved floats. Called on the device's own thread. */
typedef void motet_device_render_fn(void *user, float *interleaved, uint32_t frame_count);

typedef struct motet_device_request {
    const char *name; /* NULL: the system's default */
    uint32_t sample_rate_hz;
    uint32_t channels;
    uint32_t period_frames;
    motet_device_render_fn *render;
    void *user;
} motet_device_request;

/* What was opened. The callback is always called with the rate and channels that were asked for; where the
 * hardware differs the adapter converts. */
typedef struct motet_device_opened {
    char name[128];
    char driver[32];
    uint32_t sample_rate_hz; /* of the hardware or sound server, as far as it is known */
    uint32_t channels;
    uint32_t period_frames;  /* as the callback gets them */
    uint32_t latency_frames; /* estimated, in frames of the request's rate, from callback to ear */
} motet_device_opened;

typedef struct motet_device motet_device;

/* One adapter. Functions that fail return MOTET_ERROR_DEVICE, _NOT_FOUND or _UNSUPPORTED and leave a sentence in
 * `error`. Since opening and closing may hang, they run on threads made for the call, and calls for different devices
 * may overlap; never on the audio thread. */
typedef struct motet_device_backend {
    const char *name; /* "SDL" */
    /* The library's version and driver in words for `motet version`; false where the library cannot be loaded. */
    bool (*describe)(char *text, size_t size);
    motet_result (*list)(motet_device_info *devices, uint32_t capacity, uint32_t *count, char *error,
                         size_t error_size);
    motet_result (*open)(const motet_device_request *request, motet_device **device, motet_device_opened *opened,
                         char *error, size_t error_size);
    /* True once the system has said that the device is gone. A device may also fall silent without a word: the
     * caller watches for callbacks that stop. */
    bool (*lost)(motet_device *device);
    /* Waits for a running callback, so may hang with a broken driver: the caller calls it where that does no harm. */
    void (*close)(motet_device *device);
} motet_device_backend;

#endif /* MOTET_ENGINE_DEVICE_H */
