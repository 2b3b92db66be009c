/* Where the rendered frames go: a sound device, kept alive, or the null clock in its place.
 *
 * A background thread (*device*) opens, watches, closes and reopens devices; while there is none a *clock* thread
 * renders in real time and discards, so that the engine's time always goes on. A device is taken for lost when its
 * adapter says so or when its callbacks have stopped for longer than a watchdog allows; the clock then first renders
 * what was missed (at most 8 blocks a wake-up), the device is reopened with back-off, and takes over from the clock
 * with its first callback. Changes of hands go through motet_render_claim, so an old device's late callback writes
 * silence. Closing a device that hangs is abandoned after a while, and logged. */
#ifndef MOTET_ENGINE_OUTPUT_H
#define MOTET_ENGINE_OUTPUT_H

#include "motet/motet.h"

typedef struct motet_output motet_output;

/* Opens what `def` asks for (complete: no zero fields; MOTET_DEVICE in the environment already applied). With
 * MOTET_DEVICE_DEFAULT the null clock stands in where no device opens, with one warning logged; with
 * MOTET_DEVICE_STRICT that is an error. Not called for MOTET_DEVICE_MANUAL. On failure `*output` is NULL and
 * motet_last_error is set. */
motet_result motet_output_create(motet_engine *engine, const motet_engine_def *def, motet_output **output);

/* Lets the device play what it holds (at most 100 ms), then stops the threads and closes it. After this nobody
 * renders. In a fork's child, where the threads are not, it only frees. */
void motet_output_destroy(motet_output *output);

/* See motet_engine_set_device. The name is checked against the device list. */
motet_result motet_output_set_device(motet_output *output, const char *name);

/* Fills the device fields of `info`. */
void motet_output_describe(motet_output *output, motet_engine_info *info);

typedef struct motet_output_stats {
    uint64_t device_losses;
    uint64_t blocks_missed;
    float render_load;
} motet_output_stats;

motet_output_stats motet_output_get_stats(motet_output *output);

#endif /* MOTET_ENGINE_OUTPUT_H */
