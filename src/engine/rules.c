#include "engine/rules.h"

#include "engine/engine.h"
#include "engine/slot_private.h"

static motet_slot *slot_at(motet_engine *engine, uint32_t index) MOTET_NONBLOCKING
{
    return &engine->slots.slots[index];
}

void motet_rules_join(motet_engine *engine, motet_slot *slot) MOTET_NONBLOCKING
{
    motet_sound_rules *rules = slot->rules;
    if (rules == NULL) {
        return;
    }
    slot->place.older_of_sound = rules->newest;
    slot->place.newer_of_sound = MOTET_NO_SLOT;
    *(rules->newest != MOTET_NO_SLOT ? &slot_at(engine, rules->newest)->place.newer_of_sound : &rules->oldest) =
        slot->place.index;
    rules->newest = slot->place.index;
    rules->voice_count++;
    rules->has_started = true;
    rules->last_start = slot->start_frame;
}

void motet_rules_leave(motet_engine *engine, motet_slot *slot) MOTET_NONBLOCKING
{
    motet_sound_rules *rules = slot->rules;
    if (rules == NULL) {
        return;
    }
    uint32_t older = slot->place.older_of_sound;
    uint32_t newer = slot->place.newer_of_sound;
    *(older != MOTET_NO_SLOT ? &slot_at(engine, older)->place.newer_of_sound : &rules->oldest) = newer;
    *(newer != MOTET_NO_SLOT ? &slot_at(engine, newer)->place.older_of_sound : &rules->newest) = older;
    rules->voice_count--;
    slot->rules = NULL;
}

static bool is_too_soon(const motet_sound_rules *rules, uint64_t frame) MOTET_NONBLOCKING
{
    return rules->has_started && frame < rules->last_start + rules->min_interval_frames;
}

static bool is_crowded(const motet_sound_rules *rules) MOTET_NONBLOCKING
{
    return rules->max_voices != 0 && rules->voice_count >= rules->max_voices;
}

bool motet_rules_may_bind(const motet_slot *slot, uint32_t starts) MOTET_NONBLOCKING
{
    const motet_sound_rules *rules = slot->rules;
    return rules != NULL && rules->max_voices != 0 && rules->voice_count + starts >= rules->max_voices;
}

/* Ties go to the oldest. */
static motet_slot *quietest(motet_engine *engine, const motet_sound_rules *rules) MOTET_NONBLOCKING
{
    motet_slot *found = NULL;
    double lowest = 0;
    motet_virtual_measure(engine);
    for (uint32_t i = rules->oldest; i != MOTET_NO_SLOT; i = slot_at(engine, i)->place.newer_of_sound) {
        double score = motet_virtual_score_now(engine, slot_at(engine, i));
        if (found == NULL || score < lowest) {
            found = slot_at(engine, i);
            lowest = score;
        }
    }
    return found;
}

bool motet_rules_refuse(const motet_slot *slot, uint64_t frame) MOTET_NONBLOCKING
{
    const motet_sound_rules *rules = slot->rules;
    return rules != NULL && (is_too_soon(rules, frame) || (is_crowded(rules) && rules->yield == MOTET_YIELD_NEW));
}

bool motet_rules_admit(motet_engine *engine, motet_slot *slot, uint64_t frame) MOTET_NONBLOCKING
{
    const motet_sound_rules *rules = slot->rules;
    if (rules == NULL) {
        return true;
    }
    if (motet_rules_refuse(slot, frame)) {
        return false;
    }
    if (is_crowded(rules)) {
        motet_slot_steal(engine,
                         rules->yield == MOTET_YIELD_OLDEST ? slot_at(engine, rules->oldest) : quietest(engine, rules));
    }
    return true;
}
