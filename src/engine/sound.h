/* The table of an engine's sounds, and how one gets into it. Control side. */
#ifndef MOTET_ENGINE_SOUND_H
#define MOTET_ENGINE_SOUND_H

#include "engine/decoding.h"
#include "engine/engine.h"

/* Under the lock: a new entry with a place, an id and an empty edition; NULL when out of memory. */
motet_sound_entry *motet_sound_take_entry(motet_engine *engine);
/* Under the lock: gives an entry that has none a place, and so an id; false when out of memory. */
bool motet_sound_place_entry(motet_engine *engine, motet_sound_entry *entry);
motet_sound motet_sound_id(const motet_engine *engine, const motet_sound_entry *entry);
motet_edition *motet_edition_create(motet_engine *engine);
motet_sound_state motet_sound_state_of(const motet_sound_entry *entry);

/* Whether an entry is what a def would make of its path. */
bool motet_sound_is_as_asked(const motet_engine *engine, const motet_sound_entry *entry, const char *path,
                             const char *name, const motet_sound_def *def);
/* By which functions the path of a def is opened. */
motet_files motet_sound_files(const motet_engine *engine, const motet_sound_def *def);
/* Rules and the rest of a def, but for what depends on the material. */
void motet_sound_set_options(const motet_engine *engine, motet_sound_entry *entry, const motet_sound_def *def);

/* Without the lock: reads a file or bytes, as far as `def` asks, and makes of them what is played; nothing is read
 * any more once `*cancelled` is not 0 (NULL: never). The failure is told. */
motet_result motet_sound_read(motet_engine *engine, const char *path, const void *bytes, size_t byte_count,
                              const motet_sound_def *def, const motet_atomic_u32 *cancelled, motet_decoded *decoded);
/* Without the lock: the same for what is decoded already; on failure it is freed. */
motet_result motet_sound_complete(motet_engine *engine, const char *name, const motet_sound_def *def,
                                  motet_decoded *decoded);

/* Under the lock: gives a sound its material, which it takes over, and lets the voices go that wait for it. */
void motet_sound_fulfil(motet_engine *engine, motet_sound_entry *entry, motet_decoded *decoded,
                        const motet_file_stamp *stamp);
/* Under the lock: it cannot be had; the sentence is motet_last_error's. */
void motet_sound_fail(motet_engine *engine, motet_sound_entry *entry, motet_result result);
/* Under the lock: voices of it are on their way to its newest edition. */
bool motet_sound_is_crossing_over(const motet_engine *engine, const motet_sound_entry *entry);
/* Under the lock: its file has been read again. BUSY: not now, and `decoded` is still the caller's. */
motet_result motet_sound_renew(motet_engine *engine, motet_sound_entry *entry, motet_decoded *decoded,
                               const motet_file_stamp *stamp, motet_timing timing);

#endif /* MOTET_ENGINE_SOUND_H */
