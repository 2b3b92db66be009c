#include "engine/output.h"

#include "base/log.h"
#include "engine/device_list.h"
#include "engine/engine.h"
#include "engine/output_clock.h"
#include "engine/output_link.h"
#include "engine/output_time.h"
#include "engine/render.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MS UINT64_C(1000000)

/* How often an open device is looked at. */
#define WATCH_NS (50 * MS)
/* Without a callback for this long and 8 periods a device is taken for lost. Sound servers pause for a few hundred
 * milliseconds when they change their routes. */
#define SILENCE_NS (1000 * MS)
/* A device that has been opened must ask for sound within this time. */
#define FIRST_CALLBACK_NS (2000 * MS)
/* Waiting times between attempts to reopen: doubled from the first to the second, and after a while the third, so that
 * a machine without sound is left in peace. */
#define RETRY_FIRST_NS (250 * MS)
#define RETRY_LAST_NS (5000 * MS)
#define RETRY_IDLE_NS (30000 * MS)
enum { RETRIES_BEFORE_IDLE = 16 };
/* A device that has worked this long earns a quick first attempt when it is lost. */
#define STEADY_NS (10000 * MS)
/* For so long a lost device is waited for by its name; then the system's default will do. */
#define NAME_ONLY_NS (5000 * MS)
/* What destroying an engine may wait for sound to be heard, and how much of it is still rendered: the rest of the
 * look-ahead in the limiter, and a margin. */
#define DRAIN_NS (100 * MS)
#define DRAIN_RENDER_NS (20 * MS)
#define DRAIN_POLL_NS (1 * MS)
/* Between two attempts to take the engine over from somebody who is rendering. */
#define HAND_OVER_NS (MS / 10)

/* Nobody's epoch: the engine renders no more. */
#define EPOCH_NOBODY UINT32_MAX

struct motet_output {
    motet_engine *engine;
    motet_heap *heap;
    motet_log *log;
    uint32_t fork_count;
    motet_link_def link_def; /* for the next device: all but the epoch */
    motet_device_kind kind;

    motet_null_clock clock;
    motet_mutex mutex;                                    /* guards `link` for its readers, and the wish */
    motet_link *link;                                     /* the device that renders, or NULL: the null clock does */
    bool wished;                                          /* a change of device waits for the device thread */
    char wish[sizeof((motet_device_opened *)NULL)->name]; /* likewise names below: "" is the system's default */
    char null_reason[sizeof((motet_engine_info *)NULL)->null_reason]; /* why there is no device; "": none was wanted */
    motet_atomic_u64 device_losses;

    motet_atomic_u32 stopping;
    motet_signal_flag wake;
    motet_thread thread;

    /* The device thread's own, after creation. */
    uint32_t last_epoch;                                  /* given out so far */
    uint32_t holder;                                      /* the epoch that may render */
    bool looks;                                           /* for a device, while there is none */
    char name[sizeof((motet_device_opened *)NULL)->name]; /* of the device that the program wants */
    bool by_name;                                         /* the open device was opened by it */
    uint64_t seen_callbacks, looked_ns, silent_ns;
    uint64_t retry_ns, retry_delay_ns, name_only_until_ns;
    uint32_t retries;
};

/* ------------------------------------------------------------------------------------- Who may render */

static uint64_t frames_to_ns(const motet_output *output, uint64_t frames)
{
    return motet_frames_to_ns(frames, output->link_def.sample_rate_hz);
}

static uint32_t next_epoch(motet_output *output)
{
    output->last_epoch++;
    if (output->last_epoch == EPOCH_NOBODY) {
        output->last_epoch = 1;
    }
    return output->last_epoch;
}

static void hand_over(motet_output *output, uint32_t epoch)
{
    while (!motet_render_hand_over(output->engine, output->holder, epoch)) {
        motet_sleep_until_ns(motet_monotonic_ns() + HAND_OVER_NS);
    }
    output->holder = epoch;
}

static void show_link(motet_output *output, motet_link *link)
{
    motet_mutex_lock(&output->mutex);
    output->link = link;
    motet_mutex_unlock(&output->mutex);
}

/* The device renders from its next callback on; returns the engine frame with which it begins. */
static uint64_t give_to_link(motet_output *output, motet_link *link, bool by_name)
{
    hand_over(output, link->def.epoch);
    uint64_t frame = motet_render_frame(output->engine);
    motet_link_connect(link);
    motet_null_clock_rest(&output->clock);
    show_link(output, link);
    output->by_name = by_name;
    output->seen_callbacks = motet_load_relaxed_u64(&link->callbacks);
    output->looked_ns = motet_monotonic_ns();
    output->silent_ns = 0;
    return frame;
}

/* The null clock renders, from where `link` was going to (NULL: from now); returns the first frame that is not heard. */
static uint64_t give_to_clock(motet_output *output, const motet_link *link)
{
    uint32_t epoch = next_epoch(output);
    hand_over(output, epoch);
    uint64_t due = motet_monotonic_ns();
    if (link != NULL) {
        uint64_t last = motet_load_relaxed_u64(&link->last_render_ns);
        due = last != 0 ? last + frames_to_ns(output, motet_load_relaxed_u32(&link->last_frames)) : link->connected_ns;
    }
    uint64_t frame = motet_render_frame(output->engine);
    motet_null_clock_run(&output->clock, epoch, frame, due);
    show_link(output, NULL);
    return frame;
}

/* -------------------------------------------------------------------------------------- Opening, closing */

static motet_link *open_link(motet_output *output, const char *name, motet_result *result, char *error, size_t size)
{
    motet_link_def def = output->link_def;
    def.epoch = next_epoch(output);
    return motet_link_open(&def, name[0] != '\0' ? name : NULL, &output->stopping, result, error, size);
}

static void close_link(motet_output *output, motet_link *link)
{
    char name[sizeof link->opened.name];
    snprintf(name, sizeof name, "%s", link->opened.name);
    if (!motet_link_close(link)) {
        motet_log_write(output->log, MOTET_LOG_WARNING, "closing the sound device \"%s\" hangs; it is left behind",
                        name);
    }
}

/* Opens a device and waits for its first callback, while the engine is rendered by somebody else. */
static motet_link *open_working_link(motet_output *output, const char *name, char *error, size_t size)
{
    motet_result result;
    motet_link *link = open_link(output, name, &result, error, size);
    if (link == NULL) {
        return NULL;
    }
    uint64_t until = motet_monotonic_ns() + FIRST_CALLBACK_NS;
    while (motet_load_relaxed_u64(&link->callbacks) == 0) {
        if (motet_monotonic_ns() > until || motet_load_relaxed_u32(&output->stopping) != 0) {
            snprintf(error, size, "the sound device \"%s\" opens but never asks for sound", link->opened.name);
            close_link(output, link);
            return NULL;
        }
        motet_sleep_until_ns(motet_monotonic_ns() + MS);
    }
    return link;
}

static void tell(motet_output *output, motet_event_type type, uint64_t frame)
{
    motet_event event = {.type = type, .frame = frame};
    motet_event_append(output->engine, &event);
}

/* -------------------------------------------------------------------------------------------- Watching */

static bool is_lost(motet_output *output, motet_link *link)
{
    if (link->backend->lost(link->device)) {
        return true;
    }
    uint64_t now = motet_monotonic_ns();
    uint64_t since = now - output->looked_ns;
    output->looked_ns = now;
    uint64_t callbacks = motet_load_relaxed_u64(&link->callbacks);
    if (callbacks != output->seen_callbacks) {
        output->seen_callbacks = callbacks;
        output->silent_ns = 0;
        return false;
    }
    /* Where this thread could not run either (a stopped process, a debugger), the device is not to blame. */
    output->silent_ns += since < 2 * WATCH_NS ? since : 2 * WATCH_NS;
    uint64_t patience = callbacks == 0 ? FIRST_CALLBACK_NS : SILENCE_NS;
    return output->silent_ns > patience + frames_to_ns(output, UINT64_C(8) * link->opened.period_frames);
}

static void lose(motet_output *output, motet_link *link)
{
    uint64_t now = motet_monotonic_ns();
    uint64_t frame = give_to_clock(output, link);
    motet_add_relaxed_u64(&output->device_losses, 1);
    motet_log_write(output->log, MOTET_LOG_WARNING, "the sound device \"%s\" is lost; time goes on without sound",
                    link->opened.name);
    motet_mutex_lock(&output->mutex);
    snprintf(output->null_reason, sizeof output->null_reason, "the sound device was lost");
    motet_mutex_unlock(&output->mutex);
    tell(output, MOTET_EVENT_DEVICE_LOST, frame);

    if (now - link->connected_ns > STEADY_NS || output->retry_delay_ns == 0) {
        output->retry_delay_ns = RETRY_FIRST_NS;
    } else if (output->retry_delay_ns > RETRY_LAST_NS) {
        output->retry_delay_ns = RETRY_LAST_NS;
    }
    output->retries = 0;
    output->retry_ns = now + output->retry_delay_ns;
    output->name_only_until_ns = output->by_name ? now + NAME_ONLY_NS : 0;
    close_link(output, link);
}

static void find_again(motet_output *output)
{
    char error[256];
    bool by_name = output->name[0] != '\0';
    motet_link *link = open_working_link(output, output->name, error, sizeof error);
    if (link == NULL && by_name && motet_monotonic_ns() >= output->name_only_until_ns) {
        by_name = false;
        link = open_working_link(output, "", error, sizeof error);
    }
    if (link != NULL) {
        uint64_t frame = give_to_link(output, link, by_name);
        motet_log_write(output->log, MOTET_LOG_INFO, "playing to the sound device \"%s\"", link->opened.name);
        tell(output, MOTET_EVENT_DEVICE_BACK, frame);
    }
    output->retry_delay_ns = output->retry_delay_ns < RETRY_LAST_NS / 2 ? output->retry_delay_ns * 2 : RETRY_LAST_NS;
    if (++output->retries > RETRIES_BEFORE_IDLE) {
        output->retry_delay_ns = RETRY_IDLE_NS;
    }
    output->retry_ns = motet_monotonic_ns() + output->retry_delay_ns;
}

static bool take_wish(motet_output *output, char *name, size_t size)
{
    motet_mutex_lock(&output->mutex);
    bool wished = output->wished;
    output->wished = false;
    snprintf(name, size, "%s", output->wish);
    motet_mutex_unlock(&output->mutex);
    return wished;
}

/* Opens the wished device beside the present one, and closes that one when the new one asks for sound. */
static void change_device(motet_output *output, const char *name)
{
    char error[256];
    motet_link *link = open_working_link(output, name, error, sizeof error);
    motet_link *old = output->link;
    if (link == NULL) {
        motet_log_write(output->log, MOTET_LOG_WARNING, "cannot change the sound device (%s); staying with \"%s\"",
                        error, old != NULL ? old->opened.name : "null");
        return;
    }
    snprintf(output->name, sizeof output->name, "%s", name);
    output->looks = true;
    uint64_t frame = give_to_link(output, link, name[0] != '\0');
    motet_log_write(output->log, MOTET_LOG_INFO, "playing to the sound device \"%s\"", link->opened.name);
    if (old != NULL) {
        close_link(output, old);
    } else {
        tell(output, MOTET_EVENT_DEVICE_BACK, frame);
    }
}

static void *device_thread(void *user)
{
    motet_output *output = user;
    char name[sizeof output->wish];
    while (motet_load_acquire_u32(&output->stopping) == 0) {
        uint64_t now = motet_monotonic_ns();
        uint64_t wait = RETRY_IDLE_NS;
        if (take_wish(output, name, sizeof name)) {
            change_device(output, name);
            continue;
        }
        if (output->link != NULL) {
            if (is_lost(output, output->link)) {
                lose(output, output->link);
                continue;
            }
            wait = WATCH_NS;
        } else if (output->looks) {
            if (now >= output->retry_ns) {
                find_again(output);
                continue;
            }
            wait = output->retry_ns - now;
        }
        motet_signal_flag_wait(&output->wake, wait);
    }
    return NULL;
}

/* ------------------------------------------------------------------------------------------- Creation */

/* The device that the engine starts with, or the null clock in its place. */
static motet_result open_first(motet_output *output)
{
    char error[256] = "";
    motet_result result = MOTET_OK;
    motet_link *link = NULL;
    bool by_name = output->name[0] != '\0';
    if (output->looks) {
        link = open_link(output, output->name, &result, error, sizeof error);
    }
    if (link == NULL && output->looks && by_name && output->kind == MOTET_DEVICE_DEFAULT) {
        motet_log_write(output->log, MOTET_LOG_WARNING,
                        "cannot play to the sound device \"%s\" (%s); trying the default one", output->name, error);
        by_name = false;
        link = open_link(output, "", &result, error, sizeof error);
    }
    if (link != NULL) {
        give_to_link(output, link, by_name);
        return MOTET_OK;
    }
    if (output->kind == MOTET_DEVICE_STRICT) {
        return motet_fail(NULL, MOTET_ERROR_DEVICE, "no sound device (%s)", error);
    }
    if (output->looks) {
        motet_log_write(output->log, MOTET_LOG_WARNING, "no sound device (%s); playing to the null device in real time",
                        error);
        snprintf(output->null_reason, sizeof output->null_reason, "%s", error); /* nobody reads it yet */
    }
    output->retry_delay_ns = RETRY_LAST_NS;
    output->retry_ns = motet_monotonic_ns() + output->retry_delay_ns;
    give_to_clock(output, NULL);
    return MOTET_OK;
}

/* Everything but the threads' work: false when out of memory, with nothing left behind. */
static bool make_parts(motet_output *output, const motet_engine_def *def)
{
    if (!motet_mutex_init(&output->mutex)) {
        return false;
    }
    if (motet_signal_flag_init(&output->wake)) {
        if (motet_null_clock_create(&output->clock, output->engine, output->heap, def->sample_rate_hz, def->channels,
                                    def->period_frames)) {
            return true;
        }
        motet_signal_flag_destroy(&output->wake);
    }
    motet_mutex_destroy(&output->mutex);
    return false;
}

static void free_parts(motet_output *output)
{
    hand_over(output, EPOCH_NOBODY);
    motet_null_clock_rest(&output->clock);
    motet_null_clock_destroy(&output->clock);
    motet_signal_flag_destroy(&output->wake);
    motet_mutex_destroy(&output->mutex);
}

motet_result motet_output_create(motet_engine *engine, const motet_engine_def *def, motet_output **output)
{
    *output = NULL;
    motet_output *made = motet_heap_take(&engine->heap, sizeof *made, _Alignof(motet_output));
    if (made == NULL) {
        return motet_fail(NULL, MOTET_ERROR_MEMORY, "out of memory for the output");
    }
    made->engine = engine;
    made->heap = &engine->heap;
    made->log = &engine->log;
    made->fork_count = engine->fork_count;
    made->kind = def->device;
    made->looks = def->device != MOTET_DEVICE_NULL;
    made->link_def = (motet_link_def){.engine = engine,
                                      .sample_rate_hz = def->sample_rate_hz,
                                      .channels = def->channels,
                                      .period_frames = def->period_frames};
    snprintf(made->name, sizeof made->name, "%s", def->device_name != NULL ? def->device_name : "");
    if (!make_parts(made, def)) {
        motet_heap_give(&engine->heap, made, sizeof *made);
        return motet_fail(NULL, MOTET_ERROR_MEMORY, "out of memory or threads for the output");
    }
    motet_result result = open_first(made);
    if (result == MOTET_OK && !motet_thread_start(&made->thread, "motet-device", device_thread, made)) {
        result = motet_fail(NULL, MOTET_ERROR_MEMORY, "out of threads for the output");
    }
    if (result != MOTET_OK) {
        if (made->link != NULL) {
            close_link(made, made->link);
        }
        free_parts(made);
        motet_heap_give(&engine->heap, made, sizeof *made);
        return result;
    }
    *output = made;
    return MOTET_OK;
}

/* Renders a little more, fades out, and waits until that has been heard. */
static void drain(motet_output *output, motet_link *link)
{
    uint64_t until = motet_monotonic_ns() + DRAIN_NS;
    uint64_t rate = output->link_def.sample_rate_hz;
    uint64_t goal = motet_render_frame(output->engine) + rate * DRAIN_RENDER_NS / 1000000000u + 1;
    while (motet_render_frame(output->engine) < goal && motet_monotonic_ns() < until) {
        motet_sleep_until_ns(motet_monotonic_ns() + DRAIN_POLL_NS);
    }
    motet_store_relaxed_u32(&link->ending, 1);
    while (motet_load_acquire_u32(&link->ended) == 0 && motet_monotonic_ns() < until) {
        motet_sleep_until_ns(motet_monotonic_ns() + DRAIN_POLL_NS);
    }
    uint64_t heard = motet_monotonic_ns() + frames_to_ns(output, link->opened.latency_frames);
    motet_sleep_until_ns(heard < until ? heard : until);
}

void motet_output_destroy(motet_output *output)
{
    if (output->fork_count != motet_fork_count()) {
        /* The threads are the parent's; a lock may have been held when it forked. */
        if (output->link != NULL) {
            motet_link_forget(output->link);
        }
        motet_null_clock_forget(&output->clock);
        motet_heap_give(output->heap, output, sizeof *output);
        return;
    }
    motet_store_release_u32(&output->stopping, 1);
    motet_signal_flag_raise(&output->wake);
    motet_thread_join(&output->thread);
    if (output->link != NULL) {
        drain(output, output->link);
        close_link(output, output->link);
    }
    free_parts(output);
    motet_heap_give(output->heap, output, sizeof *output);
}

/* ---------------------------------------------------------------------------------------- From the API */

motet_result motet_output_set_device(motet_output *output, const char *name)
{
    char error[256];
    const char *forced = getenv("MOTET_DEVICE");
    if (forced != NULL && strcmp(forced, "null") == 0) {
        motet_log_write(output->log, MOTET_LOG_INFO, "MOTET_DEVICE=null: the null device stays");
        return MOTET_OK;
    }
    if (name != NULL && motet_device_find(name, error, sizeof error) != MOTET_OK) {
        return motet_fail(output->log, MOTET_ERROR_NOT_FOUND, "%s", error);
    }
    motet_mutex_lock(&output->mutex);
    snprintf(output->wish, sizeof output->wish, "%s", name != NULL ? name : "");
    output->wished = true;
    motet_mutex_unlock(&output->mutex);
    motet_signal_flag_raise(&output->wake);
    return MOTET_OK;
}

void motet_output_describe(motet_output *output, motet_engine_info *info)
{
    motet_device_opened opened = {.name = "null",
                                  .sample_rate_hz = output->link_def.sample_rate_hz,
                                  .channels = output->link_def.channels,
                                  .period_frames = output->link_def.period_frames};
    motet_mutex_lock(&output->mutex);
    info->is_null = output->link == NULL;
    if (output->link != NULL) {
        opened = output->link->opened;
    } else {
        memcpy(info->null_reason, output->null_reason, sizeof info->null_reason);
    }
    motet_mutex_unlock(&output->mutex);
    snprintf(info->device_name, sizeof info->device_name, "%s", opened.name);
    snprintf(info->device_driver, sizeof info->device_driver, "%s", opened.driver);
    info->device_sample_rate_hz = opened.sample_rate_hz;
    info->device_channels = opened.channels;
    info->period_frames = opened.period_frames;
    info->device_latency_frames = opened.latency_frames;
}

motet_output_stats motet_output_get_stats(motet_output *output)
{
    motet_output_stats stats = {.device_losses = motet_load_relaxed_u64(&output->device_losses),
                                .blocks_missed = motet_load_relaxed_u64(&output->clock.blocks_missed)};
    motet_mutex_lock(&output->mutex);
    stats.render_load = motet_load_relaxed_f32(output->link != NULL ? &output->link->load : &output->clock.load);
    motet_mutex_unlock(&output->mutex);
    return stats;
}
