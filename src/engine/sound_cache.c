#include "engine/sound_cache.h"

#include "engine/sound.h"

/* All that goes with it. */
static uint64_t bytes_of(const motet_sound_entry *entry)
{
    const motet_material *material = &entry->edition->material;
    uint64_t original = material->original != NULL ? motet_material_bytes(material->original) : 0;
    return motet_material_bytes(material) + original + sizeof *entry + sizeof *entry->edition;
}

/* Takes out what a link of the list leads to. */
static motet_sound_entry *unlink_entry(motet_engine *engine, motet_sound_entry **link)
{
    motet_sound_entry *entry = *link;
    *link = entry->next_garbage;
    entry->next_garbage = NULL;
    engine->cache.bytes -= bytes_of(entry);
    return entry;
}

static void give_up(motet_engine *engine, motet_sound_entry **link)
{
    motet_sound_entry *entry = unlink_entry(engine, link);
    motet_edition_drop(engine, entry->edition);
    entry->edition = NULL;
    entry->next_garbage = engine->garbage.sounds;
    engine->garbage.sounds = entry;
}

void motet_sound_cache_shrink(motet_engine *engine, uint64_t bytes)
{
    while (engine->cache.bytes > bytes) {
        motet_sound_entry **oldest = &engine->cache.newest;
        while ((*oldest)->next_garbage != NULL) {
            oldest = &(*oldest)->next_garbage;
        }
        give_up(engine, oldest);
    }
}

bool motet_sound_cache_keep(motet_engine *engine, motet_sound_entry *entry)
{
    bool whole = motet_sound_state_of(entry) == MOTET_SOUND_READY && entry->streamed == NULL;
    /* One whose reload is under way is still in somebody's hands. */
    if (!whole || !entry->stamp.known || entry->edition->hold_count != 1 || bytes_of(entry) > engine->def.cache_bytes) {
        return false;
    }
    motet_sound_cache_shrink(engine, engine->def.cache_bytes - bytes_of(entry));
    entry->next_garbage = engine->cache.newest;
    engine->cache.newest = entry;
    engine->cache.bytes += bytes_of(entry);
    return true;
}

motet_sound_entry *motet_sound_cache_take(motet_engine *engine, const char *path, const char *name,
                                          const motet_sound_def *def, const motet_file_stamp *stamp)
{
    motet_sound_entry **link = &engine->cache.newest;
    while (*link != NULL && !motet_sound_is_as_asked(engine, *link, path, name, def)) {
        link = &(*link)->next_garbage;
    }
    if (*link == NULL) {
        return NULL;
    }
    if (!motet_file_stamp_equals(&(*link)->stamp, stamp)) {
        give_up(engine, link);
        return NULL;
    }
    if (!motet_sound_place_entry(engine, *link)) {
        return NULL; /* it may be kept for another time */
    }
    motet_sound_entry *entry = unlink_entry(engine, link);
    entry->released = false;
    motet_sound_set_options(engine, entry, def); /* with rules that no voice has a part in */
    engine->cache.hits++;
    return entry;
}

motet_result motet_engine_trim(motet_engine *engine)
{
    motet_result result;
    if (motet_engine_enter(engine, &result)) {
        motet_sound_cache_shrink(engine, 0);
        motet_engine_leave(engine);
    }
    return result;
}
