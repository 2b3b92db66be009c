/* Between voice.c (coming, playing, questions) and voice_change.c (what is asked of a voice). Under the API lock. */
#ifndef MOTET_ENGINE_VOICE_PRIVATE_H
#define MOTET_ENGINE_VOICE_PRIVATE_H

#include "engine/engine.h"

/* NULL for one that is stale. */
motet_voice_record *motet_voice_find(motet_engine *engine, motet_voice voice, uint32_t *slot);
float motet_voice_clamp_volume(float volume_db);
double motet_voice_clamp_pitch(double pitch);
/* Of a file that cannot seek. */
bool motet_sound_is_live(const motet_sound_entry *sound);
/* Tells that a voice of it cannot do something. */
motet_result motet_voice_refuse_live(motet_engine *engine, const motet_sound_entry *sound, const char *what);
/* Room for so many commands: in a group by its number, or for 0 as motet_command_reserve has it. */
motet_result motet_voice_reserve(motet_engine *engine, uint32_t count, uint32_t group);
/* One that has not ended; records of others stay in a ring until they are finished. */
bool motet_voice_is_alive(const motet_voice_record *record);
/* Those of a voice's stems that have not ended, itself included. */
uint32_t motet_voice_count_stems(motet_engine *engine, const motet_voice_record *record);

#endif /* MOTET_ENGINE_VOICE_PRIVATE_H */
