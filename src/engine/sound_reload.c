/* A sound's file is read again while it plays. */
#include "engine/markers.h"
#include "engine/sound.h"

/* Under the lock: a load of what the sound was made of. NULL, with the failure told, when out of memory. */
static motet_load *load_again(motet_engine *engine, const motet_sound_entry *entry, motet_timing timing)
{
    motet_sound_def def = {.name = entry->name,
                           .store = entry->store,
                           .no_convert = entry->no_convert,
                           .stream = entry->streams,
                           .in_memory = entry->in_memory,
                           .files = &entry->files};
    if (entry->markers_of_def) {
        def.markers = entry->markers;
        def.marker_count = entry->info.marker_count;
    }
    motet_load *load = motet_load_create(engine, entry->path, NULL, 0, &def);
    if (load == NULL) {
        motet_fail(&engine->log, MOTET_ERROR_MEMORY, "%s: out of memory", entry->name);
        return NULL;
    }
    load->is_reload = true;
    load->timing = timing;
    return load;
}

static motet_result check(motet_engine *engine, const motet_sound_entry *entry, motet_timing timing)
{
    motet_command command = {0};
    if (entry->path == NULL) {
        return motet_fail(&engine->log, MOTET_ERROR_INVALID, "%s is not from a file; expected a sound of a path",
                          entry->name);
    }
    if (entry->load != NULL) {
        return motet_fail(&engine->log, MOTET_ERROR_BUSY, "%s is being read now", entry->name);
    }
    if (motet_sound_is_crossing_over(engine, entry)) {
        return motet_fail(NULL, MOTET_ERROR_BUSY, "%s: its voices are crossing over to a new file now", entry->name);
    }
    if (motet_sound_state_of(entry) == MOTET_SOUND_FAILED) {
        return motet_fail(&engine->log, MOTET_ERROR_INVALID, "%s was never loaded; expected it to be loaded anew",
                          entry->name);
    }
    return motet_command_time(engine, &command, timing);
}

static motet_result read_now(motet_engine *engine, motet_sound sound, const motet_load *load)
{
    motet_decoded decoded;
    motet_file_stamp stamp = motet_load_stamp(load);
    motet_result result = motet_sound_read(engine, load->path, NULL, 0, &load->def, NULL, &decoded);
    if (result != MOTET_OK) {
        return result;
    }
    if (motet_engine_enter(engine, &result)) {
        motet_sound_entry *entry = motet_sound_get(engine, sound);
        result = entry != NULL ? motet_sound_renew(engine, entry, &decoded, &stamp, load->timing) : MOTET_ERROR_STALE;
        motet_engine_leave(engine);
    }
    motet_decoded_free(&engine->heap, &decoded);
    return result;
}

motet_result motet_sound_reload(motet_engine *engine, motet_sound sound, motet_timing timing)
{
    motet_result result;
    motet_load *load = NULL;
    if (!motet_engine_enter(engine, &result)) {
        return result;
    }
    motet_sound_entry *entry = motet_sound_get(engine, sound);
    result = entry != NULL ? check(engine, entry, timing) : MOTET_ERROR_STALE;
    if (result == MOTET_OK) {
        load = load_again(engine, entry, timing);
        result = load != NULL ? MOTET_OK : MOTET_ERROR_MEMORY;
    }
    if (load != NULL && entry->async) {
        motet_loader_add(engine, load, entry);
        load = NULL;
    }
    motet_engine_leave(engine);
    if (load != NULL) {
        result = read_now(engine, sound, load);
        motet_load_destroy(engine, load);
    }
    return result;
}

bool motet_sound_has_changed(const motet_engine *const_engine, motet_sound sound)
{
    motet_engine *engine = (motet_engine *)const_engine;
    motet_result result;
    char *path = NULL;
    motet_file_stamp then = {0};
    if (!motet_engine_enter(engine, &result)) {
        return false;
    }
    const motet_sound_entry *entry = motet_sound_get(engine, sound);
    if (entry != NULL && entry->path != NULL) {
        path = motet_heap_copy_text(&engine->heap, entry->path);
        then = entry->stamp;
    }
    motet_engine_leave(engine);
    const motet_file_stamp now = motet_file_stamp_of(path);
    motet_heap_give_text(&engine->heap, path);
    return then.known && now.known && !motet_file_stamp_equals(&then, &now);
}
