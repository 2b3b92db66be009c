#include "player_private.h"

#include <stdlib.h>
#include <string.h>

static bool is_of_feed(const motet_timeline_command *command)
{
    return command->verb == MOTET_VERB_FEED || command->verb == MOTET_VERB_FINISH;
}

size_t motet_player_skip_to(const motet_player *player, size_t place, bool of_feed)
{
    const motet_timeline *timeline = player->timeline;
    while (place < timeline->command_count && is_of_feed(&timeline->commands[place]) != of_feed) {
        place++;
    }
    return place;
}

uint64_t motet_player_frame_of(const motet_player *player, size_t place)
{
    return place < player->timeline->command_count ? player->start + player->timeline->commands[place].at : UINT64_MAX;
}

static bool fail(motet_player *player, uint32_t line, const char *what)
{
    motet_problems_error(player->problems, line, "%s", what);
    return false;
}

/* ------------------------------------------------------------------------------------------------ Coming and going */

/* When the last command with its fade has had its effect. */
static uint64_t find_settled_frame(const motet_player *player)
{
    const motet_timeline *timeline = player->timeline;
    const motet_timeline_header *header = &timeline->header;
    uint64_t settled = 0;
    for (size_t i = 0; i < timeline->command_count; i++) {
        const motet_timeline_command *command = &timeline->commands[i];
        double fade = command->fade_seconds > 0 ? command->fade_seconds : 1; /* the longest declick */
        uint64_t end = command->at + (uint64_t)(fade * header->rate_hz) + 1;
        settled = end > settled ? end : settled;
    }
    return settled + player->start;
}

motet_player *motet_player_create(const motet_timeline *timeline, const motet_loaded *loaded, motet_engine *engine,
                                  uint64_t start, bool live, motet_problems *problems)
{
    motet_player *player = motet_memory_take(1, sizeof *player);
    player->timeline = timeline;
    player->loaded = loaded;
    player->engine = engine;
    player->problems = problems;
    player->start = player->end_frame = player->tail_end_frame = start;
    player->live = live;
    player->buses = motet_memory_take(timeline->bus_count, sizeof *player->buses);
    player->voices = motet_memory_take(timeline->voice_count, sizeof *player->voices);
    player->active = motet_memory_take(timeline->voice_count, sizeof *player->active);
    player->voices_to_come = timeline->voice_count;
    player->next_command = motet_player_skip_to(player, 0, false);
    player->next_feed = motet_player_skip_to(player, 0, true);
    player->settled_frame = find_settled_frame(player);
    for (size_t i = player->next_feed; i < timeline->command_count; i = motet_player_skip_to(player, i + 1, true)) {
        const motet_timeline_command *command = &timeline->commands[i];
        if (command->verb == MOTET_VERB_FEED) {
            player->voices[command->target].feed_bytes += loaded->chunks[command->chunk].size;
        }
    }
    player->effects = motet_memory_take(timeline->effect_count, sizeof *player->effects);
    if (!motet_player_create_desk(player)) {
        motet_player_destroy(player);
        return NULL;
    }
    return player;
}

void motet_player_destroy(motet_player *player)
{
    if (player == NULL) {
        return;
    }
    for (size_t i = 0; i < player->timeline->voice_count; i++) {
        motet_bytes_free(&player->voices[i].pending);
    }
    free(player->buses);
    free(player->effects);
    free(player->voices);
    free(player->active);
    free(player->events);
    free(player);
}

/* A frame of the engine as one of the timeline. */
static uint64_t own_frame(const motet_player *player, uint64_t frame)
{
    return frame > player->start ? frame - player->start : 0;
}

static motet_player_event *add_event(motet_player *player, uint64_t frame, const char *event, const char *reason,
                                     uint32_t voice)
{
    player->events =
        motet_memory_grow(player->events, player->event_count, &player->event_capacity, sizeof *player->events);
    motet_player_event *added = &player->events[player->event_count++];
    *added = (motet_player_event){.frame = own_frame(player, frame), .event = event, .reason = reason, .voice = voice};
    player->events_sorted = false;
    return added;
}

void motet_player_start_voice(motet_player *player, uint32_t place, motet_voice id)
{
    motet_player_voice *voice = &player->voices[place];
    voice->id = id;
    voice->phase = VOICE_ACTIVE;
    voice->end_frame = UINT64_MAX;
    voice->active_place = player->active_count;
    player->active[player->active_count++] = place;
    player->voices_to_come--;
}

static void end_voice(motet_player *player, uint32_t place, uint64_t frame, motet_end_reason reason)
{
    motet_player_voice *voice = &player->voices[place];
    voice->end_frame = own_frame(player, frame);
    if (voice->follower != 0 && (reason == MOTET_END_ENDED || reason == MOTET_END_FAILED)) {
        motet_player_voice *next = &player->voices[voice->follower - 1];
        uint64_t began = voice->end_frame > next->overlap ? voice->end_frame - next->overlap : 0;
        next->start_frame = next->start_frame == UINT64_MAX || began > next->start_frame ? began : next->start_frame;
    }
    voice->cancelled = reason != MOTET_END_ENDED && voice->end_frame <= voice->start_frame;
    if (voice->phase == VOICE_ACTIVE) {
        uint32_t last = player->active[--player->active_count];
        player->active[voice->active_place] = last;
        player->voices[last].active_place = voice->active_place;
        motet_player_drop_feed(player, voice);
    }
    voice->phase = VOICE_OVER;
}

/* A voice has ended or has been refused: nothing is over before that. */
static void note_end(motet_player *player, uint64_t frame)
{
    player->end_frame = frame > player->end_frame ? frame : player->end_frame;
}

/* Gives the next command. False: not now. */
static bool give_next(motet_player *player, uint64_t now, bool *failed)
{
    const motet_timeline_command *command = &player->timeline->commands[player->next_command];
    bool early = player->start + command->at > now;
    motet_result result = motet_player_command(player, command);
    bool starts = command->verb == MOTET_VERB_PLAY || command->verb == MOTET_VERB_OPEN;
    if (result == MOTET_ERROR_LIMIT && starts && !early) {
        const motet_timeline_voice *voice = &player->timeline->voices[command->target];
        uint32_t first = voice->stem_count > 0 ? voice->first_stem : command->target;
        for (uint32_t place = first; place <= command->target; place++) {
            end_voice(player, place, player->start + command->at, MOTET_END_NONE);
            player->voices_to_come--;
            add_event(player, player->start + command->at, "voice_ended", "refused", place);
        }
        note_end(player, player->start + command->at);
        result = MOTET_OK;
    }
    bool again = (result == MOTET_ERROR_LIMIT && starts) || (result == MOTET_ERROR_BUSY && (early || player->live)) ||
                 (result == MOTET_ERROR_INVALID && early && motet_player_is_way(command));
    if (result != MOTET_OK && !again) {
        *failed = !fail(player, command->line, motet_last_error());
    }
    if (result == MOTET_OK) {
        player->next_command = motet_player_skip_to(player, player->next_command + 1, false);
    }
    return result == MOTET_OK;
}

/* --------------------------------------------------------------------------------------------------------- Time */

uint64_t motet_player_give(motet_player *player, uint64_t now, uint64_t until)
{
    bool failed = false;
    while (motet_player_frame_of(player, player->next_command) < until) {
        uint64_t frame = motet_player_frame_of(player, player->next_command);
        const motet_timeline_command *next = &player->timeline->commands[player->next_command];
        bool waits = next->is_after || motet_player_is_way(next);
        if (waits && frame > now && !player->live) { /* what it does depends on when it is given */
            until = frame;
            break;
        }
        if (!give_next(player, now, &failed)) {
            until = frame > now ? frame : now + 1;
            break;
        }
    }
    if (failed) {
        return 0;
    }
    motet_player_flush_feeds(player);
    motet_player_take_feeds(player, now, until);
    uint64_t next_feed = motet_player_frame_of(player, player->next_feed);
    if (!player->live && next_feed < until) {
        until = next_feed > now ? next_feed : now + 1;
    }
    if (player->pending_feeds > 0) {
        /* At the highest pitch a full buffer of 60 s lasts 60/64 s: come back before it is empty. */
        uint64_t soon = now + player->timeline->header.rate_hz / 4 + 1;
        until = soon < until ? soon : until;
    }
    return until > now ? until : now + 1;
}

/* After events have been lost: the voices that have ended without a word. The oldest events are lost first, so the
 * end of the last voice is among those that are left. */
static void find_ended(motet_player *player)
{
    for (size_t i = player->active_count; i-- > 0;) {
        uint32_t place = player->active[i];
        if (!motet_voice_is_active(player->engine, player->voices[place].id)) {
            end_voice(player, place, player->end_frame, MOTET_END_NONE);
        }
    }
}

/* NaN and infinity in a sound's material, which the library has set to 0. */
static void warn_of_sound(const motet_player *player, motet_sound sound)
{
    for (size_t i = 0; i < player->loaded->sound_count; i++) {
        if (player->loaded->sounds[i].id.id == sound.id) {
            motet_problems_warn(player->problems, player->timeline->sounds[i].line,
                                "sound \"%s\" has NaN or infinity in it; silence is in its place",
                                player->timeline->sounds[i].name);
        }
    }
}

/* One that was loaded in the background. */
static void tell_failed(motet_player *player, motet_sound sound)
{
    char text[256];
    for (size_t i = 0; i < player->loaded->sound_count; i++) {
        if (player->loaded->sounds[i].id.id == sound.id) {
            (void)motet_sound_get_error(player->engine, sound, text, sizeof text);
            motet_problems_error_file(player->problems, player->timeline->sounds[i].line, "%s", text);
        }
    }
}

static void add_marker(motet_player *player, const motet_event *event, uint32_t voice)
{
    motet_player_event *added = add_event(player, event->frame, "voice_marker", NULL, voice);
    motet_marker marker = {0};
    (void)motet_sound_get_marker(player->engine, event->sound, event->marker, &marker);
    added->count = event->count;
    added->marker = event->marker;
    added->marker_name = marker.name;
}

void motet_player_collect(motet_player *player)
{
    bool lost = false;
    motet_event event;
    while (motet_engine_poll_event(player->engine, &event)) {
        uint32_t voice = event.voice.id != 0 ? (uint32_t)event.user : MOTET_PLAYER_NO_VOICE;
        switch (event.type) {
        case MOTET_EVENT_VOICE_ENDED:
            end_voice(player, voice, event.frame, event.reason);
            note_end(player, event.frame);
            add_event(player, event.frame, "voice_ended", motet_end_reason_text(event.reason), voice);
            break;
        case MOTET_EVENT_VOICE_LOOPED:
            add_event(player, event.frame, "voice_looped", NULL, voice)->count = event.count;
            break;
        case MOTET_EVENT_VOICE_MARKER: add_marker(player, &event, voice); break;
        case MOTET_EVENT_FEED_STARVED: add_event(player, event.frame, "feed_starved", NULL, voice); break;
        case MOTET_EVENT_STREAM_STARVED: add_event(player, event.frame, "stream_starved", NULL, voice); break;
        case MOTET_EVENT_NON_FINITE:
            if (event.sound.id != 0) {
                warn_of_sound(player, event.sound);
            } else {
                add_event(player, event.frame, "non_finite", NULL, voice);
            }
            break;
        case MOTET_EVENT_OVERFLOW:
            add_event(player, event.frame, "overflow", NULL, MOTET_PLAYER_NO_VOICE);
            lost = true;
            break;
        case MOTET_EVENT_SOUND_FAILED: tell_failed(player, event.sound); break;
        case MOTET_EVENT_SOUND_TRUNCATED: /* told when it was loaded */
        case MOTET_EVENT_SOUND_READY:
        case MOTET_EVENT_DEVICE_LOST:
        case MOTET_EVENT_DEVICE_BACK: break;
        }
    }
    if (lost) {
        find_ended(player);
    }
}

motet_bus motet_player_bus(const motet_player *player, uint32_t bus)
{
    return player->buses[bus];
}

bool motet_player_is_over(const motet_player *player)
{
    return player->voices_to_come == 0 && player->active_count == 0;
}

bool motet_player_rings(const motet_player *player, uint32_t *effect)
{
    motet_stats stats;
    if (player->timeline->effect_count == 0 || motet_engine_get_stats(player->engine, &stats) != MOTET_OK ||
        stats.effects_awake == 0) {
        return false;
    }
    for (size_t i = 0; i < player->timeline->effect_count; i++) {
        motet_effect_info info;
        if (motet_effect_get_info(player->engine, player->effects[i], &info) == MOTET_OK && info.is_awake) {
            *effect = (uint32_t)i;
            return true;
        }
    }
    return false;
}

uint64_t motet_player_latency(const motet_player *player)
{
    uint64_t frames = 0;
    for (size_t i = 0; i < player->timeline->effect_count; i++) {
        motet_effect_info info;
        if (motet_effect_get_info(player->engine, player->effects[i], &info) == MOTET_OK) {
            frames += info.latency_frames;
        }
    }
    return frames;
}

uint64_t motet_player_end_frame(const motet_player *player)
{
    return player->end_frame - player->start;
}

uint64_t motet_player_tail_end_frame(const motet_player *player)
{
    uint64_t end = player->tail_end_frame > player->end_frame ? player->tail_end_frame : player->end_frame;
    return end - player->start;
}

/* Whether the bus of a voice, or one above it, is paused. */
static bool has_paused_bus(const motet_player *player, uint32_t place)
{
    motet_voice_state state;
    motet_bus_info info = {.paused = false};
    bool found = motet_voice_get_state(player->engine, player->voices[place].id, &state) == MOTET_OK;
    for (motet_bus bus = state.bus; found && bus.id != 0 && !info.paused; bus = info.parent) {
        found = motet_bus_get_info(player->engine, bus, &info) == MOTET_OK;
    }
    return found && info.paused;
}

/* The same of a voice and its stems. */
static bool is_held_by_bus(const motet_player *player, uint32_t place)
{
    const motet_timeline_voice *voice = &player->timeline->voices[place];
    bool held = has_paused_bus(player, place);
    for (uint32_t i = 0; i < voice->stem_count && !held; i++) {
        uint32_t stem = voice->first_stem + i;
        held = player->voices[stem].phase == VOICE_ACTIVE && has_paused_bus(player, stem);
    }
    return held;
}

bool motet_player_finds_endless(const motet_player *player, uint64_t now, uint32_t *voice, const char **why)
{
    const motet_timeline *timeline = player->timeline;
    if (player->voices_to_come > 0 || player->next_command < timeline->command_count ||
        player->next_feed < timeline->command_count || now < player->settled_frame) {
        return false;
    }
    for (size_t i = 0; i < player->active_count; i++) {
        const motet_player_voice *active = &player->voices[player->active[i]];
        const motet_timeline_voice *line = &timeline->voices[player->active[i]];
        *voice = player->active[i];
        *why = active->loops                         ? "loops for ever"
               : active->paused                      ? "stays paused"
               : is_held_by_bus(player, *voice)      ? "stays in a paused bus"
               : line->fed && !active->finish_wanted ? "is never finished"
                                                     : NULL;
        if (*why != NULL && !active->stopping) {
            return true;
        }
    }
    return false;
}

static int compare_events(const void *a, const void *b)
{
    const motet_player_event *first = a;
    const motet_player_event *second = b;
    if (first->frame != second->frame) {
        return first->frame < second->frame ? -1 : 1;
    }
    if (first->voice != second->voice) {
        return first->voice < second->voice ? -1 : 1;
    }
    bool ends = strcmp(first->event, "voice_ended") == 0;
    if (ends != (strcmp(second->event, "voice_ended") == 0)) {
        return ends ? 1 : -1; /* nothing comes behind it */
    }
    int by_name = strcmp(first->event, second->event);
    return by_name != 0 ? by_name : first->marker < second->marker ? -1 : first->marker > second->marker;
}

const motet_player_event *motet_player_events(motet_player *player, uint64_t frames, size_t *count)
{
    if (!player->events_sorted && player->event_count > 0) {
        qsort(player->events, player->event_count, sizeof *player->events, compare_events);
        player->events_sorted = true;
    }
    *count = player->event_count;
    while (*count > 0 && player->events[*count - 1].frame > frames) {
        *count -= 1;
    }
    return player->events;
}
