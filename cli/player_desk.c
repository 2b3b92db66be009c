/* The buses of a timeline in an engine, with what stands on them and goes between them. */
#include "player_private.h"

#include <stdlib.h>

static bool fail(motet_player *player, uint32_t line)
{
    motet_problems_error(player->problems, line, "%s", motet_last_error());
    return false;
}

static bool create_buses(motet_player *player)
{
    const motet_timeline *timeline = player->timeline;
    player->buses[0] = motet_bus_master(player->engine);
    for (size_t i = 1; i < timeline->bus_count; i++) {
        const motet_timeline_bus *bus = &timeline->buses[i];
        const motet_bus_def def = {.parent = player->buses[bus->parent],
                                   .volume_db = bus->volume_db,
                                   .mute = bus->mute,
                                   .solo = bus->solo,
                                   .paused = bus->paused};
        player->buses[i] = motet_bus_create(player->engine, bus->name, &def);
        if (player->buses[i].id == 0) {
            return fail(player, bus->line);
        }
    }
    return true;
}

static motet_result set_send(motet_player *player, uint32_t from, uint32_t to, bool pre, float volume_db,
                             motet_timing timing)
{
    return pre ? motet_send_set_pre(player->engine, player->buses[from], player->buses[to], volume_db, timing)
               : motet_send_set(player->engine, player->buses[from], player->buses[to], volume_db, timing);
}

static bool create_sends(motet_player *player)
{
    const motet_timeline *timeline = player->timeline;
    const motet_timing at_once = {.fade_seconds = MOTET_FADE_NONE};
    for (size_t i = 0; i < timeline->send_count; i++) {
        const motet_timeline_send *send = &timeline->sends[i];
        if (set_send(player, send->from, send->to, send->pre, send->volume_db, at_once) != MOTET_OK) {
            return fail(player, send->line);
        }
    }
    return true;
}

static bool create_effects(motet_player *player)
{
    const motet_timeline *timeline = player->timeline;
    for (size_t i = 0; i < timeline->effect_count; i++) {
        const motet_timeline_effect *effect = &timeline->effects[i];
        const motet_effect_def def = {
            .settings = timeline->effect_settings + effect->settings.first,
            .setting_count = effect->settings.count,
            .key = effect->has_key ? player->buses[effect->key] : (motet_bus){0},
            .timing = {.fade_seconds = MOTET_FADE_NONE},
        };
        player->effects[i] = motet_effect_add_own(player->engine, player->buses[effect->bus], effect->type, &def);
        if (player->effects[i].id == 0) {
            return fail(player, effect->line);
        }
    }
    return true;
}

bool motet_player_create_desk(motet_player *player)
{
    return create_buses(player) && create_sends(player) && create_effects(player);
}

motet_result motet_player_set_effect(motet_player *player, const motet_timeline_command *command, motet_timing timing)
{
    const motet_effect_setting *settings = player->timeline->effect_settings + command->effect_settings.first;
    motet_result result = MOTET_OK;
    for (uint32_t i = 0; i < command->effect_settings.count && result == MOTET_OK; i++) {
        result = motet_effect_set(player->engine, player->effects[command->target], settings[i].parameter,
                                  settings[i].value, timing);
    }
    return result;
}

motet_result motet_player_set_send(motet_player *player, const motet_timeline_command *command, motet_timing timing)
{
    const motet_timeline_settings *settings = &command->settings;
    return set_send(player, command->target, settings->bus, settings->pre, settings->volume_db, timing);
}

bool motet_player_is_way(const motet_timeline_command *command)
{
    return command->verb == MOTET_VERB_SET_SEND ||
           (command->verb == MOTET_VERB_SET_BUS && (command->changes & MOTET_CHANGE_PARENT) != 0);
}
