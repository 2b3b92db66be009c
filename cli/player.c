#include "player.h"

#include <stdlib.h>
#include <string.h>

typedef struct player_voice {
    motet_voice id;
    enum { VOICE_WAITING, VOICE_ACTIVE, VOICE_OVER } phase;
    size_t active_place; /* in the list of active voices */
    /* What the commands so far make of it. */
    bool loops;
    bool paused;
    bool stopping;
    /* Of a fed voice. */
    motet_bytes pending; /* given by the timeline, not yet taken by the engine */
    size_t pending_start;
    size_t feed_bytes; /* all that the timeline feeds */
    bool finish_wanted;
    bool finished;
} player_voice;

struct motet_player {
    const motet_timeline *timeline;
    const motet_loaded *loaded;
    motet_engine *engine;
    motet_problems *problems;
    uint64_t start;
    bool live;
    bool group_open; /* commands of the next line wait to be committed */
    motet_bus *buses;
    player_voice *voices;
    uint32_t *active;
    size_t active_count;
    size_t voices_to_come;
    size_t next_command;  /* the next to give that is not of a feed; likewise below */
    size_t next_feed;     /* the next "feed" or "finish" */
    size_t pending_feeds; /* voices with pending bytes */
    uint64_t end_frame, tail_end_frame, settled_frame;
    motet_player_event *events;
    size_t event_count, event_capacity;
    bool events_sorted;
};

enum { PIECE_FRAMES = 4096 };

static bool is_of_feed(const motet_timeline_command *command)
{
    return command->verb == MOTET_VERB_FEED || command->verb == MOTET_VERB_FINISH;
}

static size_t skip_to(const motet_player *player, size_t place, bool of_feed)
{
    const motet_timeline *timeline = player->timeline;
    while (place < timeline->command_count && is_of_feed(&timeline->commands[place]) != of_feed) {
        place++;
    }
    return place;
}

static uint64_t frame_of(const motet_player *player, size_t place)
{
    return place < player->timeline->command_count ? player->start + player->timeline->commands[place].at : UINT64_MAX;
}

static bool fail(motet_player *player, uint32_t line, const char *what)
{
    motet_problems_error(player->problems, line, "%s", what);
    return false;
}

/* ------------------------------------------------------------------------------------------------ Coming and going */

static bool create_buses(motet_player *player)
{
    const motet_timeline *timeline = player->timeline;
    player->buses[0] = motet_bus_master(player->engine);
    for (size_t i = 1; i < timeline->bus_count; i++) {
        const motet_timeline_bus *bus = &timeline->buses[i];
        const motet_bus_def def = {
            .parent = player->buses[bus->parent], .volume_db = bus->volume_db, .mute = bus->mute, .solo = bus->solo};
        player->buses[i] = motet_bus_create(player->engine, bus->name, &def);
        if (player->buses[i].id == 0) {
            return fail(player, bus->line, motet_last_error());
        }
    }
    return true;
}

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
    player->next_command = skip_to(player, 0, false);
    player->next_feed = skip_to(player, 0, true);
    player->settled_frame = find_settled_frame(player);
    for (size_t i = player->next_feed; i < timeline->command_count; i = skip_to(player, i + 1, true)) {
        const motet_timeline_command *command = &timeline->commands[i];
        if (command->verb == MOTET_VERB_FEED) {
            player->voices[command->target].feed_bytes += loaded->chunks[command->chunk].size;
        }
    }
    if (!create_buses(player)) {
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
    free(player->voices);
    free(player->active);
    free(player->events);
    free(player);
}

static void add_event(motet_player *player, uint64_t frame, const char *event, const char *reason, uint32_t voice)
{
    player->events =
        motet_memory_grow(player->events, player->event_count, &player->event_capacity, sizeof *player->events);
    player->events[player->event_count++] = (motet_player_event){
        .frame = frame > player->start ? frame - player->start : 0, .event = event, .reason = reason, .voice = voice};
    player->events_sorted = false;
}

static void drop_pending(motet_player *player, player_voice *voice)
{
    player->pending_feeds -= voice->pending.size > 0 ? 1 : 0;
    motet_bytes_free(&voice->pending);
    voice->pending_start = 0;
}

static void start_voice(motet_player *player, uint32_t place, motet_voice id)
{
    player_voice *voice = &player->voices[place];
    voice->id = id;
    voice->phase = VOICE_ACTIVE;
    voice->active_place = player->active_count;
    player->active[player->active_count++] = place;
    player->voices_to_come--;
}

static void end_voice(motet_player *player, uint32_t place)
{
    player_voice *voice = &player->voices[place];
    if (voice->phase == VOICE_ACTIVE) {
        uint32_t last = player->active[--player->active_count];
        player->active[voice->active_place] = last;
        player->voices[last].active_place = voice->active_place;
        drop_pending(player, voice);
    }
    voice->phase = VOICE_OVER;
}

/* ---------------------------------------------------------------------------------------------------- Commands */

static motet_timing timing_of(const motet_player *player, const motet_timeline_command *command)
{
    return (motet_timing){
        .at_frame = player->start + command->at, .fade_seconds = command->fade_seconds, .curve = command->curve};
}

static motet_voice_def voice_def(const motet_player *player, const motet_timeline_command *command)
{
    const motet_timeline_settings *settings = &command->settings;
    return (motet_voice_def){
        .volume_db = settings->volume_db,
        .pan = settings->pan,
        .pitch = settings->pitch,
        .bus = player->buses[settings->bus],
        .loop = settings->loop,
        .paused = settings->paused,
        .quality = settings->quality,
        .user = command->target,
        .timing = timing_of(player, command),
    };
}

static uint64_t source_frame(const motet_player *player, const motet_timeline_command *command)
{
    uint32_t sound = player->timeline->voices[command->target].sound;
    return motet_duration_frames(command->position, player->loaded->sound_rates[sound]);
}

static motet_result play(motet_player *player, const motet_timeline_command *command)
{
    const motet_timeline_voice *voice = &player->timeline->voices[command->target];
    motet_voice_def def = voice_def(player, command);
    def.from_frame = source_frame(player, command);
    motet_voice id = motet_voice_play(player->engine, player->loaded->sounds[voice->sound], &def);
    if (id.id == 0) {
        return motet_last_result();
    }
    start_voice(player, command->target, id);
    return MOTET_OK;
}

/* All that the timeline feeds has to find room when it comes, so the buffer is as large as that; what is longer than
 * the longest buffer waits here. */
static double buffer_seconds(const motet_player *player, const motet_timeline_command *command)
{
    static const double longest = 60;
    static const double spare = 0.1;
    const motet_timeline_feed *feed = &player->timeline->voices[command->target].feed;
    size_t frame_bytes = motet_sample_bytes(feed->format) * feed->channels;
    double needed = (double)(player->voices[command->target].feed_bytes / frame_bytes) / feed->rate_hz;
    double asked = (double)feed->buffer_frames / player->timeline->header.rate_hz;
    double least = (double)feed->start_after_frames / player->timeline->header.rate_hz;
    double seconds = (needed > asked ? needed : asked) + spare;
    seconds = least + spare > seconds ? least + spare : seconds;
    return seconds < longest ? seconds : longest;
}

static motet_result open_feed(motet_player *player, const motet_timeline_command *command)
{
    const motet_timeline_feed *feed = &player->timeline->voices[command->target].feed;
    const motet_feed_def def = {
        .sample_rate_hz = feed->rate_hz,
        .channels = feed->channels,
        .buffer_seconds = buffer_seconds(player, command),
        .start_after_seconds = (double)feed->start_after_frames / player->timeline->header.rate_hz,
        .voice = voice_def(player, command),
    };
    motet_voice id = motet_feed_open(player->engine, &def);
    if (id.id == 0) {
        return motet_last_result();
    }
    start_voice(player, command->target, id);
    return MOTET_OK;
}

static motet_result set_values(motet_player *player, const motet_timeline_command *command)
{
    const motet_timeline_settings *settings = &command->settings;
    const motet_timing timing = timing_of(player, command);
    motet_engine *engine = player->engine;
    motet_voice voice = player->voices[command->target].id;
    motet_result result = MOTET_OK;
    if (result == MOTET_OK && (command->changes & MOTET_CHANGE_VOLUME) != 0) {
        result = motet_voice_set_volume_db(engine, voice, settings->volume_db, timing);
    }
    if (result == MOTET_OK && (command->changes & MOTET_CHANGE_PAN) != 0) {
        result = motet_voice_set_pan(engine, voice, settings->pan, timing);
    }
    if (result == MOTET_OK && (command->changes & MOTET_CHANGE_PITCH) != 0) {
        result = motet_voice_set_pitch(engine, voice, settings->pitch, timing);
    }
    if (result == MOTET_OK && (command->changes & MOTET_CHANGE_LOOP) != 0) {
        result = motet_voice_set_loop(engine, voice, settings->loop, timing);
        player->voices[command->target].loops = settings->loop;
    }
    if (result == MOTET_OK && (command->changes & MOTET_CHANGE_BUS) != 0) {
        result = motet_voice_set_bus(engine, voice, player->buses[settings->bus], timing);
    }
    return result;
}

static motet_result set_bus_values(motet_player *player, const motet_timeline_command *command)
{
    const motet_timeline_settings *settings = &command->settings;
    const motet_timing timing = timing_of(player, command);
    motet_bus bus = player->buses[command->target];
    motet_result result = MOTET_OK;
    if ((command->changes & MOTET_CHANGE_VOLUME) != 0) {
        result = motet_bus_set_volume_db(player->engine, bus, settings->volume_db, timing);
    }
    if (result == MOTET_OK && (command->changes & MOTET_CHANGE_MUTE) != 0) {
        result = motet_bus_set_mute(player->engine, bus, settings->mute, timing);
    }
    if (result == MOTET_OK && (command->changes & MOTET_CHANGE_SOLO) != 0) {
        result = motet_bus_set_solo(player->engine, bus, settings->solo, timing);
    }
    return result;
}

/* The values of one line are one group. A commit that finds no room leaves the group open, to be committed later. */
static motet_result give_group(motet_player *player, const motet_timeline_command *command)
{
    if (!player->group_open) {
        motet_result begun = motet_engine_begin(player->engine);
        if (begun != MOTET_OK) {
            return begun;
        }
        motet_result result =
            command->verb == MOTET_VERB_SET ? set_values(player, command) : set_bus_values(player, command);
        if (result != MOTET_OK && result != MOTET_ERROR_STALE) {
            (void)motet_engine_commit(player->engine);
            return result;
        }
        player->group_open = true;
    }
    motet_result committed = motet_engine_commit(player->engine);
    player->group_open = committed == MOTET_ERROR_BUSY;
    return committed;
}

static void mark_sound_stopping(motet_player *player, uint32_t sound)
{
    for (size_t i = 0; i < player->active_count; i++) {
        uint32_t place = player->active[i];
        const motet_timeline_voice *voice = &player->timeline->voices[place];
        player->voices[place].stopping = player->voices[place].stopping || (!voice->fed && voice->sound == sound);
    }
}

/* A jump leaves a tail behind, which may outlast its voice. */
static void note_tail(motet_player *player, const motet_timeline_command *command)
{
    double seconds = command->fade_seconds > 0 ? command->fade_seconds : 0;
    motet_engine_info info;
    uint64_t frames = motet_seconds_frames(seconds, player->timeline->header.rate_hz);
    if (command->fade_seconds == 0 && motet_engine_get_info(player->engine, &info) == MOTET_OK) {
        frames = info.declick_frames;
    }
    uint64_t end = player->start + command->at + frames;
    player->tail_end_frame = end > player->tail_end_frame ? end : player->tail_end_frame;
}

static motet_result change_voice(motet_player *player, const motet_timeline_command *command)
{
    player_voice *voice = &player->voices[command->target];
    const motet_timing timing = timing_of(player, command);
    motet_result result = MOTET_OK;
    if (voice->phase != VOICE_ACTIVE) {
        return MOTET_OK;
    }
    switch (command->verb) {
    case MOTET_VERB_PAUSE:
        result = motet_voice_pause(player->engine, voice->id, timing);
        voice->paused = true;
        break;
    case MOTET_VERB_RESUME:
        result = motet_voice_resume(player->engine, voice->id, timing);
        voice->paused = false;
        break;
    case MOTET_VERB_SEEK:
        result = motet_voice_seek(player->engine, voice->id, source_frame(player, command), timing);
        note_tail(player, command);
        break;
    case MOTET_VERB_STOP:
        result = motet_voice_stop(player->engine, voice->id, timing);
        voice->stopping = true;
        break;
    default:
        result = give_group(player, command);
        if ((command->changes & MOTET_CHANGE_BUS) != 0) {
            note_tail(player, command);
        }
        break;
    }
    return result;
}

static motet_result give(motet_player *player, const motet_timeline_command *command)
{
    motet_result result = MOTET_OK;
    switch (command->verb) {
    case MOTET_VERB_PLAY:
    case MOTET_VERB_OPEN:
        result = command->verb == MOTET_VERB_PLAY ? play(player, command) : open_feed(player, command);
        player->voices[command->target].loops = command->settings.loop;
        player->voices[command->target].paused = command->settings.paused;
        break;
    case MOTET_VERB_SET_BUS: result = give_group(player, command); break;
    case MOTET_VERB_STOP_SOUND:
        result = motet_sound_stop(player->engine, player->loaded->sounds[command->target], timing_of(player, command));
        mark_sound_stopping(player, command->target);
        break;
    default: result = change_voice(player, command); break;
    }
    return result == MOTET_ERROR_STALE ? MOTET_OK : result; /* a voice that has ended */
}

/* Gives the next command. False: not now. */
static bool give_next(motet_player *player, uint64_t now, bool *failed)
{
    const motet_timeline_command *command = &player->timeline->commands[player->next_command];
    bool early = player->start + command->at > now;
    motet_result result = give(player, command);
    bool starts = command->verb == MOTET_VERB_PLAY || command->verb == MOTET_VERB_OPEN;
    if (result == MOTET_ERROR_LIMIT && starts && !early) {
        end_voice(player, command->target);
        player->voices_to_come--;
        add_event(player, player->start + command->at, "voice_ended", "refused", command->target);
        result = MOTET_OK;
    }
    bool again = (result == MOTET_ERROR_LIMIT && starts) || (result == MOTET_ERROR_BUSY && (early || player->live));
    if (result != MOTET_OK && !again) {
        *failed = !fail(player, command->line, motet_last_error());
    }
    if (result == MOTET_OK) {
        player->next_command = skip_to(player, player->next_command + 1, false);
    }
    return result == MOTET_OK;
}

/* ------------------------------------------------------------------------------------------------------- Feeds */

/* Hands pending bytes to the engine, as far as they are whole frames and find room. */
static bool write_pending(motet_player *player, uint32_t place)
{
    player_voice *voice = &player->voices[place];
    const motet_timeline_feed *feed = &player->timeline->voices[place].feed;
    size_t frame_bytes = motet_sample_bytes(feed->format) * feed->channels;
    union {
        int16_t s16[PIECE_FRAMES];
        float f32[PIECE_FRAMES];
    } piece;
    size_t piece_frames = PIECE_FRAMES / feed->channels;
    for (;;) {
        size_t frames = (voice->pending.size - voice->pending_start) / frame_bytes;
        frames = frames < piece_frames ? frames : piece_frames;
        if (frames == 0) {
            return true;
        }
        const unsigned char *bytes = voice->pending.data + voice->pending_start;
        uint32_t taken = 0;
        motet_result result = MOTET_OK;
        if (feed->format == MOTET_SAMPLE_S16) {
            motet_pcm_decode_s16(bytes, frames * feed->channels, piece.s16);
            result = motet_feed_write_s16(player->engine, voice->id, piece.s16, (uint32_t)frames, &taken);
        } else {
            motet_pcm_decode_f32(bytes, frames * feed->channels, piece.f32);
            result = motet_feed_write_f32(player->engine, voice->id, piece.f32, (uint32_t)frames, &taken);
        }
        if (result != MOTET_OK) {
            drop_pending(player, voice); /* the voice is over */
            return true;
        }
        voice->pending_start += taken * frame_bytes;
        if (taken < frames) {
            return false;
        }
    }
}

/* All that fits now; finishes feeds whose last frame has been handed over. */
static void flush(motet_player *player, uint32_t place)
{
    player_voice *voice = &player->voices[place];
    bool all = voice->pending.size == 0 || write_pending(player, place);
    if (all && voice->pending.size > 0) {
        /* Bytes of a frame that is not complete yet stay in front of what comes. */
        size_t rest = voice->pending.size - voice->pending_start;
        memmove(voice->pending.data, voice->pending.data + voice->pending_start, rest);
        voice->pending.size = rest;
        voice->pending_start = 0;
        player->pending_feeds -= rest == 0 ? 1 : 0;
    }
    if (all && voice->finish_wanted && !voice->finished) {
        voice->finished = true;
        (void)motet_feed_finish(player->engine, voice->id);
        drop_pending(player, voice);
    }
}

static void flush_all(motet_player *player)
{
    for (size_t i = 0; player->pending_feeds > 0 && i < player->active_count; i++) {
        flush(player, player->active[i]);
    }
}

/* Live: whether data for a later frame may be handed over now without being heard too early. */
static bool may_come_early(const motet_player *player, const motet_timeline_command *command, uint64_t now)
{
    const player_voice *voice = &player->voices[command->target];
    motet_voice_state state;
    motet_feed_state feed;
    if (motet_voice_get_state(player->engine, voice->id, &state) != MOTET_OK ||
        motet_feed_get_state(player->engine, voice->id, &feed) != MOTET_OK) {
        return true;
    }
    uint64_t period = player->timeline->header.rate_hz / 50;
    return (!state.started && voice->pending.size == 0 && feed.queued_frames == 0) || feed.queued_frames > 0 ||
           player->start + command->at <= now + period;
}

static void take_feed(motet_player *player, const motet_timeline_command *command)
{
    player_voice *voice = &player->voices[command->target];
    if (voice->phase == VOICE_ACTIVE && command->verb == MOTET_VERB_FEED) {
        const motet_bytes *chunk = &player->loaded->chunks[command->chunk];
        player->pending_feeds += voice->pending.size == 0 && chunk->size > 0 ? 1 : 0;
        motet_bytes_append(&voice->pending, chunk->data, chunk->size);
    } else if (voice->phase == VOICE_ACTIVE) {
        voice->finish_wanted = true;
    }
    if (voice->phase == VOICE_ACTIVE) {
        flush(player, command->target);
    }
}

static void take_feeds(motet_player *player, uint64_t now, uint64_t until)
{
    for (;;) {
        uint64_t frame = frame_of(player, player->next_feed);
        bool due = frame <= now || (player->live && frame < until);
        if (!due) {
            return;
        }
        const motet_timeline_command *command = &player->timeline->commands[player->next_feed];
        if (player->voices[command->target].phase == VOICE_WAITING ||
            (frame > now && !may_come_early(player, command, now))) {
            return;
        }
        take_feed(player, command);
        player->next_feed = skip_to(player, player->next_feed + 1, true);
    }
}

/* --------------------------------------------------------------------------------------------------------- Time */

uint64_t motet_player_give(motet_player *player, uint64_t now, uint64_t until)
{
    bool failed = false;
    while (frame_of(player, player->next_command) < until) {
        uint64_t frame = frame_of(player, player->next_command);
        if (!give_next(player, now, &failed)) {
            until = frame > now ? frame : now + 1;
            break;
        }
    }
    if (failed) {
        return 0;
    }
    flush_all(player);
    take_feeds(player, now, until);
    uint64_t next_feed = frame_of(player, player->next_feed);
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
            end_voice(player, place);
        }
    }
}

/* NaN and infinity in a sound's material, which the library has set to 0. */
static void warn_of_sound(const motet_player *player, motet_sound sound)
{
    for (size_t i = 0; i < player->loaded->sound_count; i++) {
        if (player->loaded->sounds[i].id == sound.id) {
            motet_problems_warn(player->problems, player->timeline->sounds[i].line,
                                "sound \"%s\" has NaN or infinity in it; silence is in its place",
                                player->timeline->sounds[i].name);
        }
    }
}

void motet_player_collect(motet_player *player)
{
    bool lost = false;
    motet_event event;
    while (motet_engine_poll_event(player->engine, &event)) {
        uint32_t voice = event.voice.id != 0 ? (uint32_t)event.user : MOTET_PLAYER_NO_VOICE;
        switch (event.type) {
        case MOTET_EVENT_VOICE_ENDED:
            end_voice(player, voice);
            player->end_frame = event.frame > player->end_frame ? event.frame : player->end_frame;
            add_event(player, event.frame, "voice_ended", motet_end_reason_text(event.reason), voice);
            break;
        case MOTET_EVENT_FEED_STARVED: add_event(player, event.frame, "feed_starved", NULL, voice); break;
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
        case MOTET_EVENT_SOUND_TRUNCATED: /* told when it was loaded */
        case MOTET_EVENT_DEVICE_LOST:
        case MOTET_EVENT_DEVICE_BACK: break;
        }
    }
    if (lost) {
        find_ended(player);
    }
}

bool motet_player_is_over(const motet_player *player)
{
    return player->voices_to_come == 0 && player->active_count == 0;
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

bool motet_player_finds_endless(const motet_player *player, uint64_t now, uint32_t *voice, const char **why)
{
    const motet_timeline *timeline = player->timeline;
    if (player->voices_to_come > 0 || player->next_command < timeline->command_count ||
        player->next_feed < timeline->command_count || now < player->settled_frame) {
        return false;
    }
    for (size_t i = 0; i < player->active_count; i++) {
        const player_voice *active = &player->voices[player->active[i]];
        const motet_timeline_voice *line = &timeline->voices[player->active[i]];
        *voice = player->active[i];
        *why = active->loops                         ? "loops for ever"
               : active->paused                      ? "stays paused"
               : line->fed && !active->finish_wanted ? "is never finished"
                                                     : NULL;
        if (*why != NULL && !active->stopping) {
            return true;
        }
    }
    return false;
}

size_t motet_player_active_count(const motet_player *player)
{
    return player->active_count;
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
    return strcmp(first->event, second->event);
}

const motet_player_event *motet_player_events(motet_player *player, size_t *count)
{
    if (!player->events_sorted && player->event_count > 0) {
        qsort(player->events, player->event_count, sizeof *player->events, compare_events);
        player->events_sorted = true;
    }
    *count = player->event_count;
    return player->events;
}
