/* How many voices of a sound may play at once, how soon after each other they may start, and which one yields. Audio
 * thread. */
#ifndef MOTET_ENGINE_RULES_H
#define MOTET_ENGINE_RULES_H

#include "engine/slot.h"

/* Whether a voice may start now by its sound's rules; one of the others may be let go for it. */
bool motet_rules_refuse(const motet_slot *slot, uint64_t frame) MOTET_NONBLOCKING;
bool motet_rules_admit(motet_engine *engine, motet_slot *slot, uint64_t frame) MOTET_NONBLOCKING;
/* Whether that start, after `starts` others, may meet the limit: then all voices must stand at its frame, so that those
 * that have ended by then do not count. */
bool motet_rules_may_bind(const motet_slot *slot, uint32_t starts) MOTET_NONBLOCKING;

/* A voice counts for its sound from its start until it ends or is let go. */
void motet_rules_join(motet_engine *engine, motet_slot *slot) MOTET_NONBLOCKING;
void motet_rules_leave(motet_engine *engine, motet_slot *slot) MOTET_NONBLOCKING;

#endif /* MOTET_ENGINE_RULES_H */
