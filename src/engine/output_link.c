#include "engine/output_link.h"

#include "base/thread.h"
#include "engine/adapters.h"
#include "engine/output_errand.h"
#include "engine/output_time.h"
#include "engine/render.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OPEN_LIMIT_NS UINT64_C(5000000000)
#define CLOSE_LIMIT_NS UINT64_C(1000000000)
/* Between two looks at a gate while a block is being rendered. */
enum { GATE_POLL_NS = 200000 };

enum { GATE_SHUT, GATE_OPEN, GATE_BUSY };

/* ------------------------------------------------------------------------------------------ The callback */

/* Multiplies by 1 - (3t^2 - 2t^3) over `length` frames, of which `link->faded_frames` lie behind, then by 0. */
static void fade_out(motet_link *link, float *interleaved, uint32_t frame_count)
{
    uint32_t channels = link->def.channels;
    uint32_t length = link->def.sample_rate_hz / 100 + 1;
    for (uint32_t i = 0; i < frame_count; i++) {
        float t = link->faded_frames < length ? (float)link->faded_frames++ / (float)length : 1.0f;
        float gain = 1.0f - t * t * (3.0f - 2.0f * t);
        for (uint32_t c = 0; c < channels; c++) {
            interleaved[i * channels + c] *= gain;
        }
    }
    if (link->faded_frames == length) {
        motet_store_release_u32(&link->ended, 1);
    }
}

/* False when it is not this device's turn. */
static bool render_block(motet_link *link, uint64_t begun_ns, float *interleaved, uint32_t frame_count)
{
    if (motet_load_relaxed_u32(&link->ended) != 0 || !motet_render_claim(link->def.engine, link->def.epoch)) {
        return false;
    }
    motet_render_f32(link->def.engine, interleaved, frame_count, begun_ns, link->opened.latency_frames);
    motet_store_relaxed_u64(&link->last_render_ns, begun_ns);
    motet_store_relaxed_u32(&link->last_frames, frame_count);
    motet_render_release(link->def.engine, link->def.epoch);
    if (motet_load_relaxed_u32(&link->ending) != 0) {
        fade_out(link, interleaved, frame_count);
    }
    motet_load_measure(&link->load, begun_ns, frame_count, link->def.sample_rate_hz);
    return true;
}

static void link_callback(void *user, float *interleaved, uint32_t frame_count)
{
    motet_link *link = user;
    uint64_t begun_ns = motet_monotonic_ns(); /* before the claim: behind it, not even the clock is asked */
    bool rendered = false;
    if (motet_claim_acquire_u64(&link->gate, GATE_OPEN, GATE_BUSY)) {
        rendered = render_block(link, begun_ns, interleaved, frame_count);
        motet_store_release_u64(&link->gate, GATE_OPEN);
    }
    if (!rendered) {
        memset(interleaved, 0, (size_t)frame_count * link->def.channels * sizeof *interleaved);
    }
    motet_add_relaxed_u64(&link->callbacks, 1);
}

void motet_link_connect(motet_link *link)
{
    link->connected_ns = motet_monotonic_ns();
    motet_store_release_u64(&link->gate, GATE_OPEN);
}

static void shut_gate(motet_link *link)
{
    while (motet_load_relaxed_u64(&link->gate) != GATE_SHUT &&
           !motet_claim_acquire_u64(&link->gate, GATE_OPEN, GATE_SHUT)) {
        motet_sleep_until_ns(motet_monotonic_ns() + GATE_POLL_NS);
    }
}

/* --------------------------------------------------------------------------------------- Opening, closing */

typedef struct opening {
    motet_link *link;
    motet_result result;
    char name[sizeof((motet_device_opened *)NULL)->name]; /* "": the default */
    char error[256];
} opening;

static void run_open(void *work)
{
    opening *it = work;
    const motet_link_def *def = &it->link->def;
    motet_device_request request = {.name = it->name[0] != '\0' ? it->name : NULL,
                                    .sample_rate_hz = def->sample_rate_hz,
                                    .channels = def->channels,
                                    .period_frames = def->period_frames,
                                    .render = link_callback,
                                    .user = it->link};
    it->result = MOTET_ERROR_DEVICE;
    snprintf(it->error, sizeof it->error, "this build has no device library");
    for (const motet_device_backend *const *at = motet_adapters_linked.devices; at != NULL && *at != NULL; at++) {
        char reason[200] = "";
        it->result = (*at)->open(&request, &it->link->device, &it->link->opened, reason, sizeof reason);
        if (it->result == MOTET_OK) {
            it->link->backend = *at;
            return;
        }
        snprintf(it->error, sizeof it->error, "%s: %s", (*at)->name, reason);
    }
}

static void run_close(void *work)
{
    motet_link *link = work;
    link->backend->close(link->device);
}

static void discard_opening(void *work)
{
    opening *it = work;
    if (it->result == MOTET_OK) {
        run_close(it->link);
    }
    free(it->link);
    free(it);
}

motet_link *motet_link_open(const motet_link_def *def, const char *name, const motet_atomic_u32 *cancel,
                            motet_result *result, char *error, size_t error_size)
{
    opening *it = calloc(1, sizeof *it);
    /* Not from the engine's heap: see output_errand.c. */
    motet_link *link = calloc(1, sizeof *link);
    if (it == NULL || link == NULL) {
        free(it);
        free(link);
        snprintf(error, error_size, "out of memory");
        *result = MOTET_ERROR_MEMORY;
        return NULL;
    }
    link->def = *def;
    it->link = link;
    snprintf(it->name, sizeof it->name, "%s", name != NULL ? name : "");
    if (!motet_errand_run("motet-open", run_open, discard_opening, it, OPEN_LIMIT_NS, cancel)) {
        snprintf(error, error_size, "the device library has not answered for %u seconds",
                 (unsigned)(OPEN_LIMIT_NS / 1000000000u));
        *result = MOTET_ERROR_DEVICE;
        return NULL;
    }
    *result = it->result;
    if (it->result != MOTET_OK) {
        snprintf(error, error_size, "%s", it->error);
        free(link);
        link = NULL;
    }
    free(it);
    return link;
}

bool motet_link_close(motet_link *link)
{
    shut_gate(link);
    bool closed = motet_errand_run("motet-close", run_close, free, link, CLOSE_LIMIT_NS, NULL);
    if (closed) {
        free(link);
    }
    return closed;
}

void motet_link_forget(motet_link *link)
{
    free(link);
}
