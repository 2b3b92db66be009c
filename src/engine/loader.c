#include "engine/loader.h"

#include "engine/sound.h"
#include "engine/stream.h"

#include <string.h>

enum {
    POLL_NS = 5000000,
    IDLE_NS = 1000000000,
    PATIENCE = 50,        /* times that a lock is tried before it is waited for */
    PATIENCE_NS = 200000, /* in between */
    DELIVERIES = 20       /* tries to send a command while too many wait; nobody may wait for the loader meanwhile */
};

/* ------------------------------------------------------------------------------------------------------- Loads */

static bool copy_markers(motet_engine *engine, motet_load *load, const motet_sound_def *def)
{
    motet_marker *markers = motet_heap_take(&engine->heap, def->marker_count * sizeof *markers, _Alignof(motet_marker));
    load->def.markers = markers;
    load->def.marker_count = markers != NULL ? def->marker_count : 0;
    bool complete = markers != NULL;
    for (uint32_t i = 0; complete && i < def->marker_count; i++) {
        markers[i].frame = def->markers[i].frame;
        markers[i].name = motet_heap_copy_text(&engine->heap, def->markers[i].name != NULL ? def->markers[i].name : "");
        complete = markers[i].name != NULL;
    }
    return complete;
}

motet_load *motet_load_create(motet_engine *engine, const char *path, const void *bytes, size_t byte_count,
                              const motet_sound_def *def)
{
    motet_load *load = motet_heap_take(&engine->heap, sizeof *load, _Alignof(motet_load));
    if (load == NULL) {
        return NULL;
    }
    load->due = UINT64_MAX;
    load->def = *def;
    load->files = motet_sound_files(engine, def);
    load->def.files = &load->files;
    load->def.name = motet_heap_copy_text(&engine->heap, def->name);
    bool complete = load->def.name != NULL && copy_markers(engine, load, def);
    if (path != NULL) {
        load->path = motet_heap_copy_text(&engine->heap, path);
        complete = complete && load->path != NULL;
    } else {
        load->byte_count = byte_count;
        load->bytes = motet_heap_take(&engine->heap, byte_count, 1);
        complete = complete && load->bytes != NULL;
        if (load->bytes != NULL && byte_count > 0) {
            memcpy(load->bytes, bytes, byte_count);
        }
    }
    if (!complete) {
        motet_load_destroy(engine, load);
        return NULL;
    }
    return load;
}

motet_file_stamp motet_load_stamp(const motet_load *load)
{
    return motet_file_stamp_of(load->files.open == NULL ? load->path : NULL);
}

void motet_load_destroy(motet_engine *engine, motet_load *load)
{
    if (load == NULL) {
        return;
    }
    motet_heap *heap = &engine->heap;
    for (uint32_t i = 0; load->def.markers != NULL && i < load->def.marker_count; i++) {
        motet_heap_give_text(heap, (char *)load->def.markers[i].name);
    }
    motet_heap_give(heap, (motet_marker *)load->def.markers, load->def.marker_count * sizeof(motet_marker));
    motet_heap_give_text(heap, (char *)load->def.name);
    motet_heap_give_text(heap, load->path);
    motet_heap_give(heap, load->bytes, load->byte_count);
    motet_heap_give(heap, load, sizeof *load);
}

void motet_loader_add(motet_engine *engine, motet_load *load, motet_sound_entry *entry)
{
    motet_load **link = &engine->loader.first;
    while (*link != NULL) {
        link = &(*link)->next;
    }
    *link = load;
    load->entry = entry;
    entry->load = load;
    motet_loader_wake(engine);
}

void motet_loader_cancel(motet_engine *engine, motet_sound_entry *entry)
{
    motet_load *load = entry->load;
    if (load == NULL) {
        return;
    }
    entry->load = NULL;
    load->entry = NULL;
    if (load == engine->loader.current) {
        motet_store_release_u32(&load->cancelled, 1);
        return; /* its result is thrown away */
    }
    motet_load **link = &engine->loader.first;
    while (*link != load) {
        link = &(*link)->next;
    }
    *link = load->next;
    motet_load_destroy(engine, load);
}

void motet_loader_hurry(motet_sound_entry *entry, uint64_t frame)
{
    entry->load->due = frame < entry->load->due ? frame : entry->load->due;
}

/* ------------------------------------------------------------------------------------------------------ Thread */

void motet_loader_wake(motet_engine *engine)
{
    motet_signal_flag_raise(&engine->loader.wake);
}

/* The program's calls go first. */
static void lock_politely(motet_engine *engine)
{
    for (int i = 0; i < PATIENCE; i++) {
        if (motet_mutex_try_lock(&engine->lock)) {
            return;
        }
        motet_sleep_until_ns(motet_monotonic_ns() + PATIENCE_NS);
    }
    motet_mutex_lock(&engine->lock);
}

/* Takes the load out of the list that a play needs first; of those that none needs the oldest. */
static motet_load *choose(motet_loader *loader)
{
    motet_load **best = &loader->first;
    for (motet_load **link = &loader->first; *link != NULL; link = &(*link)->next) {
        best = (*link)->due < (*best)->due ? link : best;
    }
    motet_load *load = *best;
    if (load != NULL) {
        *best = load->next;
        load->next = NULL;
    }
    return load;
}

/* Hands over what was read; false when it can be tried again, and is to be. */
static bool deliver(motet_engine *engine, motet_load *load, motet_result result, motet_decoded *decoded,
                    const motet_file_stamp *stamp, bool is_last_try)
{
    motet_sound_entry *entry = load->entry;
    if (entry == NULL) {
        return true;
    }
    if (result == MOTET_OK && load->is_reload) {
        result = motet_sound_renew(engine, entry, decoded, stamp, load->timing);
        if (result == MOTET_ERROR_BUSY && !is_last_try) {
            return false;
        }
    }
    entry->load = NULL;
    load->entry = NULL;
    if (result != MOTET_OK) {
        motet_sound_fail(engine, entry, result);
    } else if (!load->is_reload) {
        motet_sound_fulfil(engine, entry, decoded, stamp);
    }
    return true;
}

/* Reads one sound; false when there is none to read. */
static bool load_one(motet_engine *engine)
{
    motet_loader *loader = &engine->loader;
    lock_politely(engine);
    motet_load *load = choose(loader);
    loader->current = load;
    motet_mutex_unlock(&engine->lock);
    if (load == NULL) {
        return false;
    }
    motet_decoded decoded;
    motet_file_stamp stamp = motet_load_stamp(load);
    motet_result result =
        motet_sound_read(engine, load->path, load->bytes, load->byte_count, &load->def, &load->cancelled, &decoded);
    bool over = false;
    for (int tries = 1; !over; tries++) {
        lock_politely(engine);
        bool is_last_try = tries >= DELIVERIES || motet_load_acquire_u32(&loader->closing) != 0;
        over = deliver(engine, load, result, &decoded, &stamp, is_last_try);
        loader->current = over ? NULL : load;
        motet_mutex_unlock(&engine->lock);
        if (!over) {
            motet_sleep_until_ns(motet_monotonic_ns() + POLL_NS);
        }
    }
    if (result == MOTET_OK) {
        motet_decoded_free(&engine->heap, &decoded);
    }
    motet_load_destroy(engine, load);
    motet_signal_flag_raise(&loader->done);
    return true;
}

/* Frees what voices leave behind; true while more is to come. An engine that is rendered by hand does so in its calls,
 * so that the order in which things are used again is the same each time. */
static bool tidy_up(motet_engine *engine)
{
    if (engine->def.device == MOTET_DEVICE_MANUAL || !motet_mutex_try_lock(&engine->lock)) {
        return engine->def.device != MOTET_DEVICE_MANUAL;
    }
    motet_engine_tidy(engine);
    bool more = engine->commands.free_count < engine->commands.shared_count ||
                motet_load_relaxed_u64(&engine->counters.voices_active) > 0;
    motet_garbage garbage = motet_engine_take_garbage(engine);
    motet_mutex_unlock(&engine->lock);
    motet_engine_free_garbage(engine, garbage);
    return more;
}

/* Looks every 5 ms while commands or voices are on their way, else sleeps until a call wakes it. */
static void *run_loader(void *user)
{
    motet_engine *engine = user;
    motet_loader *loader = &engine->loader;
    bool work = true;
    while (motet_load_acquire_u32(&loader->closing) == 0) {
        motet_store_release_u32(&loader->idle, !work);
        motet_signal_flag_wait(&loader->wake, work ? POLL_NS : IDLE_NS);
        work = tidy_up(engine);
        while (motet_load_acquire_u32(&loader->closing) == 0 && load_one(engine)) {
            work = tidy_up(engine);
        }
    }
    return NULL;
}

bool motet_loader_init(motet_loader *loader)
{
    return motet_signal_flag_init(&loader->wake) && motet_signal_flag_init(&loader->done);
}

bool motet_loader_start(motet_engine *engine)
{
    motet_loader *loader = &engine->loader;
    if (loader->thread.running || motet_thread_start(&loader->thread, "motet-loader", run_loader, engine)) {
        return true;
    }
    motet_fail(NULL, MOTET_ERROR_MEMORY, "no thread could be started");
    return false;
}

void motet_loader_stop(motet_engine *engine)
{
    motet_loader *loader = &engine->loader;
    if (loader->thread.running) {
        motet_store_release_u32(&loader->closing, 1);
        motet_mutex_lock(&engine->lock);
        if (loader->current != NULL) {
            motet_store_release_u32(&loader->current->cancelled, 1);
        }
        motet_mutex_unlock(&engine->lock);
        motet_loader_wake(engine);
        motet_thread_join(&loader->thread);
    }
}

void motet_loader_destroy(motet_engine *engine, bool forked)
{
    motet_loader *loader = &engine->loader;
    while (loader->first != NULL) {
        motet_load *load = loader->first;
        loader->first = load->next;
        motet_load_destroy(engine, load);
    }
    motet_load_destroy(engine, loader->current); /* of a parent that was reading when it forked */
    if (!forked) {                               /* a child's copies may be locked for ever */
        motet_signal_flag_destroy(&loader->wake);
        motet_signal_flag_destroy(&loader->done);
    }
}
