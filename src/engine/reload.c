#include "engine/reload.h"

#include "engine/engine.h"
#include "engine/late.h"
#include "engine/slot_private.h"
#include "engine/source.h"

/* ------------------------------------------------------------------------------------------------ Audio thread */

static void take_voice_over(motet_engine *engine, motet_slot *slot, const motet_edition *edition,
                            const motet_command *command) MOTET_NONBLOCKING
{
    if (slot->phase == MOTET_SLOT_PLAYING) {
        if (slot->place.is_virtual) {
            motet_virtual_advance(engine, slot, engine->now);
        }
        if (slot->phase == MOTET_SLOT_PLAYING) {
            motet_slot_cross_over(engine, slot, edition, command);
        }
    } else if (slot->phase == MOTET_SLOT_WAITING && slot->supply == MOTET_SUPPLY_THERE) {
        motet_source_change_material(slot, &edition->material);
        slot->edition = edition;
        slot->channels = edition->material.channels;
        slot->marked = edition->material.marker_count > 0;
        slot->from_frame = motet_source_position(slot) >> 16;
    } else {
        slot->edition = edition;
        slot->material = &edition->material;
    }
}

void motet_reload_apply(motet_engine *engine, const motet_command *command) MOTET_NONBLOCKING
{
    motet_reload *reload = command->value.pointer;
    for (uint32_t i = 0; i < engine->slots.voice_count; i++) {
        motet_slot *slot = &engine->slots.slots[i];
        bool is_alive = slot->phase == MOTET_SLOT_WAITING || slot->phase == MOTET_SLOT_PLAYING;
        if (is_alive && slot->edition == reload->old_edition) {
            take_voice_over(engine, slot, reload->new_edition, command);
        }
    }
    motet_reload **link = &engine->leaving;
    while (*link != NULL) {
        link = &(*link)->next_leaving;
    }
    *link = reload;
}

static bool is_read_by_tail(const motet_engine *engine, const motet_edition *edition) MOTET_NONBLOCKING
{
    const motet_slot *slots = engine->slots.slots;
    for (uint32_t t = engine->slots.oldest_tail; t != MOTET_NO_SLOT; t = slots[t].place.newer_tail) {
        if (slots[t].edition == edition && !slots[t].place.is_reserved) {
            return true;
        }
    }
    return false;
}

void motet_reload_look(motet_engine *engine) MOTET_NONBLOCKING
{
    while (engine->leaving != NULL && !is_read_by_tail(engine, engine->leaving->old_edition)) {
        motet_reload *reload = engine->leaving;
        engine->leaving = reload->next_leaving;
        motet_store_release_u32(&reload->over, 1);
    }
}

/* ------------------------------------------------------------------------------------------------ Control side */

/* Besides the reload only voices hold the old edition. */
static void finish(motet_engine *engine, motet_reload *reload)
{
    for (uint32_t i = 0; reload->old_edition->hold_count > 1 && i < engine->voice_limit; i++) {
        motet_voice_record *record = &engine->voices[i];
        if (record->edition == reload->old_edition) {
            record->edition = reload->new_edition;
            reload->new_edition->hold_count++;
            motet_edition_drop(engine, reload->old_edition);
        }
    }
    motet_edition_drop(engine, reload->old_edition);
    motet_edition_drop(engine, reload->new_edition);
    motet_heap_give(&engine->heap, reload, sizeof *reload);
}

void motet_reload_tidy(motet_engine *engine)
{
    for (motet_reload **link = &engine->reloads; *link != NULL;) {
        motet_reload *reload = *link;
        if (motet_load_acquire_u32(&reload->over) != 0) {
            *link = reload->next;
            finish(engine, reload);
        } else {
            link = &reload->next;
        }
    }
}

void motet_reload_free_all(motet_engine *engine)
{
    while (engine->reloads != NULL) {
        motet_reload *reload = engine->reloads;
        engine->reloads = reload->next;
        finish(engine, reload);
    }
}
