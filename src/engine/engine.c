#include "engine/engine.h"

#include "dsp/limiter.h"
#include "dsp/math.h"
#include "engine/adapters.h"
#include "engine/effect_unit.h"
#include "engine/feed_thread.h"
#include "engine/render.h"
#include "engine/stream.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* --------------------------------------------------------------------------------------------------- Checking */

bool motet_check_number(motet_engine *engine, double value, const char *what)
{
    if (isfinite(value)) {
        return true;
    }
    motet_fail(engine != NULL ? &engine->log : NULL, MOTET_ERROR_INVALID, "%s is %s; expected a finite number", what,
               isnan(value) ? "NaN" : "infinite");
    return false;
}

double motet_clamp(double value, double low, double high)
{
    return value < low ? low : value > high ? high : value;
}

uint64_t motet_id_make(const motet_engine *engine, uint32_t index, uint32_t generation) MOTET_NONBLOCKING
{
    return (uint64_t)generation << 32 | (uint64_t)engine->tag << 24 | (index + 1);
}

bool motet_id_split(const motet_engine *engine, uint64_t id, uint32_t *index, uint32_t *generation)
{
    uint32_t place = (uint32_t)id & 0xffffff;
    *index = place - 1;
    *generation = (uint32_t)(id >> 32);
    return place != 0 && place <= MOTET_MAX_INDEX && ((uint32_t)id >> 24) == engine->tag;
}

/* --------------------------------------------------------------------------------------------------- Defaults */

motet_engine_def motet_default_engine_def(void)
{
    return (motet_engine_def){.sample_rate_hz = 48000,
                              .channels = 2,
                              .max_voices = 256,
                              .max_virtual_voices = 4096,
                              .max_buses = 64,
                              .max_streams = 64,
                              .max_scheduled = 16384,
                              .period_frames = 480,
                              .declick_seconds = 0.01};
}

typedef struct range_check {
    const char *name;
    uint32_t *value;
    uint32_t standard, lowest, highest;
} range_check;

/* Writes the defaults into zero fields and refuses what is out of range. */
static bool complete_def(motet_engine_def *def)
{
    motet_engine_def standard = motet_default_engine_def();
    range_check checks[] = {
        {"sample_rate_hz", &def->sample_rate_hz, standard.sample_rate_hz, 1, 384000},
        {"channels", &def->channels, standard.channels, 1, 2},
        {"max_voices", &def->max_voices, standard.max_voices, 1, 16384},
        {"max_virtual_voices", &def->max_virtual_voices, standard.max_virtual_voices, 1, 262144},
        {"max_buses", &def->max_buses, standard.max_buses, 1, MOTET_MAX_BUSES},
        {"max_scheduled", &def->max_scheduled, standard.max_scheduled, 16, 1048576},
        {"max_streams", &def->max_streams, standard.max_streams, 1, 1024},
        {"period_frames", &def->period_frames, 0, 16, 8192},
    };
    for (size_t i = 0; i < sizeof checks / sizeof checks[0]; i++) {
        range_check *check = &checks[i];
        if (*check->value == 0) {
            uint32_t ten_ms = def->sample_rate_hz / 100;
            *check->value = check->standard != 0 ? check->standard : (uint32_t)motet_clamp(ten_ms, 16, 8192);
        }
        if (*check->value < check->lowest || *check->value > check->highest) {
            motet_fail(NULL, MOTET_ERROR_INVALID, "%s is %u; expected %u ... %u", check->name, *check->value,
                       check->lowest, check->highest);
            return false;
        }
    }
    if (!motet_check_number(NULL, (double)def->ceiling_db, "ceiling_db") ||
        !motet_check_number(NULL, (double)def->quiet_voice_db, "quiet_voice_db") ||
        !motet_check_number(NULL, def->declick_seconds, "declick_seconds")) {
        return false;
    }
    if (def->quiet_voice_db != 0 && (def->quiet_voice_db < -120 || def->quiet_voice_db > -40)) {
        motet_fail(NULL, MOTET_ERROR_INVALID, "quiet_voice_db is %g; expected 0 (off) or -120 ... -40",
                   (double)def->quiet_voice_db);
        return false;
    }
    if (def->declick_seconds == 0) {
        def->declick_seconds = standard.declick_seconds;
    }
    if (def->device < MOTET_DEVICE_DEFAULT || def->device > MOTET_DEVICE_MANUAL) {
        motet_fail(NULL, MOTET_ERROR_INVALID, "device is %d; expected a motet_device_kind", (int)def->device);
        return false;
    }
    if ((def->allocator.allocate == NULL) != (def->allocator.free == NULL)) {
        motet_fail(NULL, MOTET_ERROR_INVALID, "allocator has one function; expected both or none");
        return false;
    }
    if (def->simd != NULL && motet_kernels_find(def->simd) == NULL) {
        char names[64];
        motet_fail(NULL, MOTET_ERROR_INVALID, "simd is \"%s\"; expected one of %s", def->simd,
                   motet_kernels_names(names, sizeof names));
        return false;
    }
    def->ceiling_db = (float)motet_clamp((double)def->ceiling_db, -24, 0);
    const char *device = getenv("MOTET_DEVICE");
    if (device != NULL && strcmp(device, "null") == 0 && def->device != MOTET_DEVICE_MANUAL) {
        def->device = MOTET_DEVICE_NULL;
    }
    return true;
}

static uint32_t frames_of(double seconds, uint32_t sample_rate_hz)
{
    return seconds <= 0 ? 0 : (uint32_t)floor(motet_clamp(seconds, 0, 1) * sample_rate_hz + 0.5);
}

/* ------------------------------------------------------------------------------------------ Birth and death */

static bool create_voices(motet_engine *engine)
{
    uint32_t count = engine->voice_limit;
    engine->voices = motet_heap_take(&engine->heap, count * sizeof *engine->voices, MOTET_CACHE_LINE);
    for (uint32_t i = 0; engine->voices != NULL && i < count; i++) {
        engine->voices[i].next_free = i + 1 < count ? i + 1 : MOTET_NO_SLOT;
    }
    engine->free_voice = 0;
    engine->last_free_voice = count - 1;
    return engine->voices != NULL;
}

static bool create_master(motet_engine *engine)
{
    motet_bus_def def = motet_default_bus_def();
    engine->buses = motet_heap_take(&engine->heap, engine->def.max_buses * sizeof *engine->buses, MOTET_CACHE_LINE);
    if (engine->buses == NULL) {
        return false;
    }
    motet_bus_entry *master = &engine->buses[MOTET_MASTER];
    strcpy(master->name, "Master");
    master->node = motet_bus_node_create(&engine->heap, MOTET_MASTER, MOTET_MASTER, &def);
    engine->bus_count = 1;
    return master->node != NULL && motet_desk_create(engine);
}

/* In one block each voice can end and tell once that it went round its loop; markers and the rest have the spare. */
static uint32_t events_of_block(const motet_engine *engine)
{
    return 2 * engine->voice_limit + MOTET_EVENT_RING_SPARE;
}

/* All that is taken from the heap; on failure what was taken is given back by destroy. */
static bool create_parts(motet_engine *engine)
{
    const motet_engine_def *def = &engine->def;
    uint32_t events = events_of_block(engine);
    uint32_t virtual_voices = engine->voice_limit - def->max_voices;
    motet_heap *heap = &engine->heap;
    engine->drained = motet_heap_take(heap, events * sizeof *engine->drained, MOTET_CACHE_LINE);
    /* A program that polls after every block loses nothing. */
    engine->queue.size = events > MOTET_EVENT_QUEUE_MIN ? events : MOTET_EVENT_QUEUE_MIN;
    engine->queue.events = motet_heap_take(heap, engine->queue.size * sizeof(motet_event), MOTET_CACHE_LINE);
    bool complete = engine->drained != NULL && engine->queue.events != NULL;
    complete = motet_command_pool_create(&engine->commands, heap, def->max_scheduled, engine->voice_limit) && complete;
    complete = motet_ring_create(&engine->events, heap, events, sizeof(motet_event)) && complete;
    complete = motet_slots_create(&engine->slots, heap, def->max_voices, virtual_voices) && complete;
    engine->waiting.first = engine->waiting.last = MOTET_NO_SLOT;
    complete = motet_choice_create(&engine->choice, heap, virtual_voices, def->max_buses) && complete;
    complete = motet_quiet_create(&engine->quiet, heap, (double)def->quiet_voice_db, def->max_buses) && complete;
    complete =
        motet_schedule_create(&engine->schedule, heap, engine->commands.commands, engine->commands.count) && complete;
    complete = motet_mixer_create(&engine->mixer, heap, def) && complete;
    complete = create_voices(engine) && complete;
    return create_master(engine) && complete;
}

motet_garbage motet_engine_take_garbage(motet_engine *engine)
{
    motet_garbage garbage = engine->garbage;
    engine->garbage = (motet_garbage){0};
    return garbage;
}

void motet_engine_free_garbage(motet_engine *engine, motet_garbage garbage)
{
    while (garbage.sounds != NULL) {
        motet_sound_entry *next = garbage.sounds->next_garbage;
        motet_sound_free(engine, garbage.sounds);
        garbage.sounds = next;
    }
    while (garbage.feeds != NULL) {
        motet_feed *next = garbage.feeds->next_garbage;
        motet_feed_free(engine, garbage.feeds);
        garbage.feeds = next;
    }
    motet_effect_units_free(&engine->heap, garbage.effects);
    while (garbage.editions != NULL) {
        motet_edition *next = garbage.editions->next_garbage;
        motet_edition_free(engine, garbage.editions);
        garbage.editions = next;
    }
}

static void take_topologies_back(motet_engine *engine)
{
    motet_topology *topology = motet_exchange_acquire_pointer(&engine->topology_garbage, NULL);
    while (topology != NULL) {
        motet_topology *next = topology->next_garbage;
        motet_topology_take_back(engine, topology);
        topology = next;
    }
}

/* Those on their way to the audio thread when the engine ended: of commands that are not among the free ones. */
static void free_sent_topologies(motet_engine *engine)
{
    motet_command_pool *pool = &engine->commands;
    if (pool->commands == NULL) {
        return;
    }
    for (uint32_t i = 0; i < pool->free_count; i++) {
        pool->commands[pool->free[i]].value.pointer = NULL;
    }
    for (uint32_t i = 0; i < pool->shared_count; i++) {
        if (pool->commands[i].kind == MOTET_COMMAND_SET_TOPOLOGY) {
            motet_topology_destroy(&engine->heap, pool->commands[i].value.pointer);
        }
    }
}

static void destroy_parts(motet_engine *engine)
{
    motet_heap *heap = &engine->heap;
    for (uint32_t i = 0; engine->voices != NULL && i < engine->voice_limit; i++) {
        if (engine->voices[i].feed != NULL) {
            motet_feed_free(engine, engine->voices[i].feed);
        }
    }
    for (uint32_t i = 0; engine->voices != NULL && i < engine->voice_limit; i++) {
        if (engine->voices[i].edition != NULL) {
            motet_edition_drop(engine, engine->voices[i].edition);
            engine->voices[i].edition = NULL;
        }
    }
    motet_sound_cache_shrink(engine, 0);
    motet_reload_free_all(engine);
    for (uint32_t i = 0; i < engine->sound_count; i++) {
        if (engine->sounds[i].entry != NULL) {
            motet_edition_drop(engine, engine->sounds[i].entry->edition);
            engine->sounds[i].entry->edition = NULL;
            motet_sound_free(engine, engine->sounds[i].entry);
        }
    }
    motet_engine_free_garbage(engine, motet_engine_take_garbage(engine));
    motet_heap_give(heap, engine->sounds, engine->sound_capacity * sizeof *engine->sounds);
    for (uint32_t i = 0; i < engine->bus_count; i++) {
        motet_bus_node_destroy(heap, engine->buses[i].node);
    }
    take_topologies_back(engine);
    motet_desk_destroy(engine);
    motet_heap_give(heap, engine->buses, engine->def.max_buses * sizeof *engine->buses);
    motet_heap_give(heap, engine->voices, engine->voice_limit * sizeof *engine->voices);
    motet_mixer_destroy(&engine->mixer, heap, engine->def.sample_rate_hz);
    motet_schedule_destroy(&engine->schedule, heap);
    motet_choice_destroy(&engine->choice, heap, engine->voice_limit - engine->def.max_voices, engine->def.max_buses);
    motet_quiet_destroy(&engine->quiet, heap, engine->def.max_buses);
    motet_slots_destroy(&engine->slots, heap);
    motet_ring_destroy(&engine->events, heap);
    motet_command_pool_destroy(&engine->commands, heap);
    motet_heap_give(heap, engine->queue.events, engine->queue.size * sizeof(motet_event));
    motet_heap_give(heap, engine->drained, events_of_block(engine) * sizeof *engine->drained);
}

static bool start_background(motet_engine *engine)
{
    if (engine->def.device == MOTET_DEVICE_MANUAL) {
        return true;
    }
    return motet_loader_start(engine) && motet_output_create(engine, &engine->def, &engine->output) == MOTET_OK;
}

/* Never 0, and different for engines that live at the same time, up to 255 of them. */
static uint32_t next_tag(void)
{
    static motet_atomic_u64 engines;
    return (uint32_t)(motet_add_relaxed_u64(&engines, 1) % 255) + 1;
}

static void warn_of_simd(motet_engine *engine)
{
    const char *unknown = motet_kernels_unknown();
    if (unknown != NULL) {
        char names[64];
        motet_log_write(&engine->log, MOTET_LOG_WARNING, "MOTET_SIMD is \"%s\"; expected one of %s; %s is used",
                        unknown, motet_kernels_names(names, sizeof names), engine->mixer.kernels->name);
    }
}

motet_engine *motet_engine_create(const motet_engine_def *given)
{
    motet_engine_def def = given != NULL ? *given : motet_default_engine_def();
    if (!complete_def(&def)) {
        return NULL;
    }
    motet_heap heap;
    motet_heap_init(&heap, &def.allocator);
    motet_engine *engine = motet_heap_take(&heap, sizeof *engine, MOTET_CACHE_LINE);
    if (engine == NULL) {
        motet_heap_destroy(&heap);
        motet_fail(NULL, MOTET_ERROR_MEMORY, "out of memory for an engine");
        return NULL;
    }
    engine->heap.allocator = heap.allocator;
    engine->heap.pages = heap.pages;
    motet_store_relaxed_u64(&engine->heap.bytes, motet_load_relaxed_u64(&heap.bytes));
    engine->def = def;
    engine->voice_limit = def.max_voices + (def.no_virtual_voices ? 0 : def.max_virtual_voices);
    engine->tag = next_tag();
    engine->fork_count = motet_fork_count();
    engine->random = def.seed;
    engine->declick_frames = frames_of(def.declick_seconds, def.sample_rate_hz);
    engine->latency_frames = def.no_limiter ? 0 : motet_limiter_latency_frames(def.sample_rate_hz);
    engine->free_sound = MOTET_NO_SLOT;
    engine->late = (motet_slot_list){MOTET_NO_SLOT, MOTET_NO_SLOT};
    bool ready = motet_log_init(&engine->log, def.log, def.log_user) && motet_mutex_init(&engine->lock) &&
                 motet_loader_init(&engine->loader);
    if (!create_parts(engine)) {
        motet_fail(NULL, MOTET_ERROR_MEMORY, "out of memory for an engine of %u voices and %u commands", def.max_voices,
                   def.max_scheduled);
        ready = false;
    }
    engine->def.simd = engine->mixer.kernels->name; /* the given one is the program's text */
    if (ready && def.simd == NULL) {
        warn_of_simd(engine);
    }
    if (!ready || !start_background(engine)) {
        motet_engine_destroy(engine);
        return NULL;
    }
    return engine;
}

/* In a fork's child: no other thread was changing the engine or rendering when it was copied. */
static bool is_at_rest(motet_engine *engine)
{
    return motet_mutex_try_lock(&engine->lock) && (motet_load_acquire_u64(&engine->claim) & 1) == 0;
}

void motet_engine_destroy(motet_engine *engine)
{
    if (engine == NULL) {
        return;
    }
    bool forked = engine->fork_count != motet_fork_count();
    if (!forked) {
        motet_feed_threads_leave(engine);
    }
    if (engine->output != NULL) {
        motet_output_destroy(engine->output);
    }
    if (forked && !is_at_rest(engine)) {
        return; /* somebody was in the middle of a change when the process forked: nothing in here can be trusted */
    }
    if (!forked) {
        motet_loader_stop(engine);
    }
    motet_loader_destroy(engine, forked);
    motet_streams_destroy(engine, forked);
    motet_heap heap = engine->heap;
    motet_command_reclaim(&engine->commands);
    free_sent_topologies(engine);
    destroy_parts(engine);
    motet_feed_threads_destroy(engine, forked);
    if (!forked) { /* a child's copies may be locked for ever */
        motet_mutex_destroy(&engine->lock);
        motet_log_destroy(&engine->log);
    }
    motet_heap_give(&heap, engine, sizeof *engine);
    motet_heap_destroy(&heap);
}

/* ------------------------------------------------------------------------------------------------ Housekeeping */

void motet_engine_tidy(motet_engine *engine)
{
    motet_command_reclaim(&engine->commands);
    /* Records first: whatever they told before they came back is in the event ring by then. */
    motet_voice_record *record = motet_exchange_acquire_pointer(&engine->voice_garbage, NULL);
    motet_event_drain(engine);
    while (record != NULL) {
        motet_voice_record *next = motet_load_acquire_pointer(&record->next_garbage);
        motet_voice_finish(engine, record);
        record = next;
    }
    take_topologies_back(engine);
    motet_desk_tidy(engine);
    motet_reload_tidy(engine);
}

/* False for NULL and in a fork's child: `*result` says so. */
static bool is_usable(const motet_engine *engine, motet_result *result)
{
    *result = MOTET_OK;
    if (engine == NULL) {
        *result = motet_fail(NULL, MOTET_ERROR_INVALID, "engine is NULL");
    } else if (engine->fork_count != motet_fork_count()) {
        *result = motet_fail(NULL, MOTET_ERROR_UNSUPPORTED, "the engine belongs to the process before the fork");
    }
    return *result == MOTET_OK;
}

bool motet_engine_enter(motet_engine *engine, motet_result *result)
{
    if (!is_usable(engine, result)) {
        return false;
    }
    motet_mutex_lock(&engine->lock);
    motet_engine_tidy(engine);
    return true;
}

void motet_engine_leave(motet_engine *engine)
{
    motet_garbage garbage = {0};
    if (engine->def.device == MOTET_DEVICE_MANUAL) { /* else the loader does so */
        garbage = motet_engine_take_garbage(engine);
    }
    motet_mutex_unlock(&engine->lock);
    motet_engine_free_garbage(engine, garbage);
}

/* ------------------------------------------------------------------------------------------------- Questions */

motet_result motet_engine_get_clock(const motet_engine *engine, motet_clock *clock)
{
    motet_result result;
    if (clock == NULL) {
        return motet_fail(NULL, MOTET_ERROR_INVALID, "clock is NULL");
    }
    if (!is_usable(engine, &result)) {
        return result;
    }
    uint64_t words[3]; /* first frame of the last call, its host time, what lay between it and the ear */
    motet_seqlock_read(&engine->clock, words, 3);
    clock->monotonic_ns = motet_monotonic_ns();
    clock->frame = motet_render_frame(engine);
    clock->latency_frames = engine->latency_frames + (uint32_t)words[2];
    uint64_t reached = clock->frame;
    if (words[1] != 0) {
        double elapsed_ns = (double)(clock->monotonic_ns - words[1]);
        uint64_t expected = words[0] + (uint64_t)(elapsed_ns * engine->def.sample_rate_hz / 1e9);
        reached = expected < clock->frame ? expected : clock->frame;
    }
    clock->heard_frame = reached > clock->latency_frames ? reached - clock->latency_frames : 0;
    return MOTET_OK;
}

motet_result motet_engine_get_info(const motet_engine *engine, motet_engine_info *info)
{
    motet_result result;
    if (info == NULL) {
        return motet_fail(NULL, MOTET_ERROR_INVALID, "info is NULL");
    }
    if (!is_usable(engine, &result)) {
        return result;
    }
    *info = (motet_engine_info){.sample_rate_hz = engine->def.sample_rate_hz,
                                .channels = engine->def.channels,
                                .latency_frames = engine->latency_frames,
                                .declick_frames = engine->declick_frames,
                                .max_voices = engine->def.max_voices,
                                .simd = engine->mixer.kernels->name,
                                .device = engine->def.device,
                                .device_name = "manual",
                                .device_sample_rate_hz = engine->def.sample_rate_hz,
                                .device_channels = engine->def.channels};
    if (engine->output != NULL) {
        motet_output_describe(engine->output, info);
    }
    return MOTET_OK;
}

motet_result motet_engine_get_stats(const motet_engine *engine, motet_stats *stats)
{
    motet_result result;
    if (stats == NULL || !motet_engine_enter((motet_engine *)engine, &result)) {
        return stats == NULL ? motet_fail(NULL, MOTET_ERROR_INVALID, "stats is NULL") : result;
    }
    const motet_counters *counters = &engine->counters;
    *stats = (motet_stats){
        .frames_rendered = motet_render_frame(engine),
        .voices_started = motet_load_relaxed_u64(&counters->voices_started),
        .voices_active = (uint32_t)motet_load_relaxed_u64(&counters->voices_active),
        .voices_virtual = (uint32_t)motet_load_relaxed_u64(&counters->voices_virtual),
        .voices_peak = (uint32_t)motet_load_relaxed_u64(&counters->voices_peak),
        .tails_dropped = (uint32_t)motet_load_relaxed_u64(&counters->tails_dropped),
        .commands_waiting = motet_command_waiting(&engine->commands),
        .commands_applied = motet_load_relaxed_u64(&counters->commands_applied),
        .commands_late = motet_load_relaxed_u64(&counters->commands_late),
        .commands_refused = engine->commands.refused,
        .events_lost = engine->queue.lost + motet_load_relaxed_u64(&counters->events_lost),
        .feed_gaps = motet_load_relaxed_u64(&counters->feed_gaps),
        .stream_gaps = motet_load_relaxed_u64(&counters->stream_gaps),
        .effects_awake = motet_desk_count_awake(&engine->desk),
        .non_finite_frames = motet_load_relaxed_u64(&counters->non_finite_frames),
        .master_level = {motet_load_relaxed_f32(&counters->master_level[0]),
                         motet_load_relaxed_f32(&counters->master_level[1])},
        .master_peak = motet_load_relaxed_f32(&counters->master_peak),
        .memory_bytes = motet_load_relaxed_u64(&engine->heap.bytes),
        .cache_bytes = engine->cache.bytes,
        .cache_hits = engine->cache.hits,
    };
    if (engine->output != NULL) {
        motet_output_stats output = motet_output_get_stats(engine->output);
        stats->device_losses = output.device_losses;
        stats->blocks_missed = output.blocks_missed;
        stats->render_load = output.render_load;
    }
    motet_engine_leave((motet_engine *)engine);
    return MOTET_OK;
}

motet_result motet_engine_set_device(motet_engine *engine, const char *name)
{
    motet_result result;
    if (!motet_engine_enter(engine, &result)) {
        return result;
    }
    motet_engine_leave(engine); /* listing devices takes its time */
    if (engine->output == NULL) {
        return motet_fail(&engine->log, MOTET_ERROR_UNSUPPORTED, "the engine was made with MOTET_DEVICE_MANUAL");
    }
    return motet_output_set_device(engine->output, name);
}

/* -------------------------------------------------------------------------------------------------- Small help */

const char *motet_result_text(motet_result result)
{
    static const char *const texts[] = {
#define MOTET_RESULT_TEXT(name, text) text,
        MOTET_RESULT_LIST(MOTET_RESULT_TEXT)
#undef MOTET_RESULT_TEXT
    };
    size_t count = sizeof texts / sizeof texts[0];
    return (size_t)result < count ? texts[result] : "no such result";
}

#define MOTET_TEXT_OF(number) #number
#define MOTET_VERSION_TEXT(major, minor, patch) MOTET_TEXT_OF(major) "." MOTET_TEXT_OF(minor) "." MOTET_TEXT_OF(patch)

const char *motet_version(void)
{
    return MOTET_VERSION_TEXT(MOTET_VERSION_MAJOR, MOTET_VERSION_MINOR, MOTET_VERSION_PATCH);
}

float motet_slider_to_db(float slider)
{
    if (!(slider > 0)) { /* NaN too */
        return MOTET_VOLUME_MIN_DB;
    }
    double position = motet_clamp((double)slider, 1e-4, 1);
    /* 40 log10, by own functions since a volume reaches samples. */
    return (float)motet_clamp(2 * motet_gain_to_db(position), (double)MOTET_VOLUME_MIN_DB, 0);
}

float motet_db_to_slider(float volume_db)
{
    if (!(volume_db > MOTET_VOLUME_MIN_DB)) {
        return 0;
    }
    return (float)motet_clamp(motet_db_to_gain((double)volume_db / 2), 0, 1);
}
