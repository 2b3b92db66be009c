#include "engine/variations.h"

#include "dsp/math.h"

motet_variations_def motet_default_variations_def(void)
{
    return (motet_variations_def){0};
}

/* The next of the engine's random numbers, uniform in [0, 1): splitmix64. */
static double draw(motet_engine *engine)
{
    engine->random += 0x9e3779b97f4a7c15u;
    uint64_t z = engine->random;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    z ^= z >> 31;
    return (double)(z >> 11) * 0x1p-53;
}

/* By weight, among all but the last one. */
static uint32_t pick_index(motet_engine *engine, const motet_variations *set)
{
    double total = 0;
    for (uint32_t i = 0; i < set->count; i++) {
        total += i == set->last && set->count > 1 ? 0 : set->weights[i];
    }
    double at = draw(engine) * total;
    uint32_t picked = 0;
    for (uint32_t i = 0; i < set->count; i++) {
        if (i == set->last && set->count > 1) {
            continue;
        }
        picked = i; /* the last of them also where rounding leaves a rest */
        at -= set->weights[i];
        if (at < 0) {
            break;
        }
    }
    return picked;
}

motet_sound_entry *motet_variations_pick(motet_engine *engine, motet_variations *set, motet_voice_def *def)
{
    set->last = pick_index(engine, set);
    /* All three are drawn for every play, so that a jitter that is switched off moves no later choice. */
    double volume = (2 * draw(engine) - 1) * set->volume_jitter_db;
    double pitch = (2 * draw(engine) - 1) * set->pitch_jitter_semitones;
    def->volume_db = (float)((double)def->volume_db + volume);
    def->pitch = (def->pitch == 0 ? 1 : def->pitch) * motet_exp2(pitch / 12);
    return set->sounds[set->last];
}

void motet_variations_release(motet_engine *engine, motet_variations *set)
{
    for (uint32_t i = 0; i < set->count; i++) {
        motet_sound_let_go(engine, set->sounds[i]);
    }
    set->count = 0;
}

static bool is_good_def(motet_engine *engine, uint32_t count, const motet_variations_def *def)
{
    if (count == 0 || count > MOTET_MAX_VARIATIONS) {
        motet_fail(&engine->log, MOTET_ERROR_INVALID, "a set of %u sounds; expected 1 ... %d", count,
                   MOTET_MAX_VARIATIONS);
        return false;
    }
    if (!motet_check_number(engine, (double)def->volume_jitter_db, "volume_jitter_db") ||
        !motet_check_number(engine, (double)def->pitch_jitter_semitones, "pitch_jitter_semitones")) {
        return false;
    }
    for (uint32_t i = 0; def->weights != NULL && i < count; i++) {
        if (!motet_check_number(engine, (double)def->weights[i], "a weight")) {
            return false;
        }
        if (def->weights[i] <= 0) {
            motet_fail(&engine->log, MOTET_ERROR_INVALID, "weight %u is %g; expected above 0", i,
                       (double)def->weights[i]);
            return false;
        }
    }
    return true;
}

/* Under the lock: looks the sounds up; false, with the failure told, when one will not do. */
static bool find_sounds(motet_engine *engine, motet_variations *set, const motet_sound *sounds, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        set->sounds[i] = motet_sound_get(engine, sounds[i]);
        if (set->sounds[i] == NULL) {
            return false;
        }
        if (set->sounds[i]->variations != NULL) {
            motet_fail(&engine->log, MOTET_ERROR_INVALID, "sound %u is a set itself; expected single sounds", i);
            return false;
        }
    }
    return true;
}

motet_sound motet_sound_variations(motet_engine *engine, const motet_sound *sounds, uint32_t count,
                                   const motet_variations_def *given)
{
    motet_sound none = {0};
    motet_variations_def def = given != NULL ? *given : motet_default_variations_def();
    motet_result result;
    if (!motet_engine_enter(engine, &result)) {
        return none;
    }
    motet_variations *set = motet_heap_take(&engine->heap, sizeof *set, _Alignof(motet_variations));
    bool good =
        set != NULL && sounds != NULL && is_good_def(engine, count, &def) && find_sounds(engine, set, sounds, count);
    if (set == NULL) {
        motet_fail(&engine->log, MOTET_ERROR_MEMORY, "out of memory for a set of sounds");
    } else if (sounds == NULL) {
        motet_fail(&engine->log, MOTET_ERROR_INVALID, "sounds is NULL");
    }
    if (good) {
        set->count = set->last = count;
        set->volume_jitter_db = motet_clamp((double)def.volume_jitter_db, 0, 24);
        set->pitch_jitter_semitones = motet_clamp((double)def.pitch_jitter_semitones, 0, 24);
        for (uint32_t i = 0; i < count; i++) {
            set->weights[i] = def.weights != NULL ? (double)def.weights[i] : 1;
            set->sounds[i]->load_count++;
        }
    }
    motet_engine_leave(engine);
    if (!good) {
        motet_heap_give(&engine->heap, set, sizeof *set);
        return none;
    }
    motet_sound_def sound_def = {.name = def.name != NULL ? def.name : "variations",
                                 .max_voices = def.max_voices,
                                 .yield = def.yield,
                                 .min_interval_seconds = def.min_interval_seconds};
    return motet_sound_add_variations(engine, set, &sound_def);
}
