/* What each verb of a timeline asks of the engine. */
#include "player_private.h"

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
        .priority = (double)settings->priority,
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
    return motet_loaded_frame(player->timeline, player->loaded, sound, command->position);
}

/* The last of them plays them all. */
static motet_result play_stems(motet_player *player, const motet_timeline_command *command, const motet_voice_def *def)
{
    const motet_timeline_voice *voice = &player->timeline->voices[command->target];
    motet_stem stems[32];
    motet_voice ids[32];
    uint32_t first = voice->first_stem;
    if (command->target + 1 < first + voice->stem_count) {
        return MOTET_OK;
    }
    motet_voice_def common = *def;
    for (uint32_t i = 0; i < voice->stem_count; i++) {
        uint32_t sound = player->timeline->voices[first + i].sound;
        stems[i] = (motet_stem){.sound = player->loaded->sounds[sound].id, .user = first + i};
    }
    common.user = first; /* where a stem's own is 0 */
    motet_result result = motet_stems_play(player->engine, stems, voice->stem_count, &common, ids);
    for (uint32_t i = 0; result == MOTET_OK && i < voice->stem_count; i++) {
        motet_player_start_voice(player, first + i, ids[i]);
    }
    return result;
}

/* The line's own frame has come. Where the new voice starts is known when the other one has ended. */
static motet_voice queue(motet_player *player, const motet_timeline_command *command, motet_player_voice *leader,
                         motet_sound sound, motet_voice_def *def)
{
    motet_player_voice *voice = &player->voices[command->target];
    double seconds = command->fade_seconds > 0 ? command->fade_seconds : 0;
    def->timing.at_frame = 0;
    motet_voice id = motet_voice_queue(player->engine, leader->id, sound, def);
    if (id.id != 0) {
        leader->follower = command->target + 1;
        voice->overlap = motet_seconds_frames(seconds, player->timeline->header.rate_hz);
    }
    return id;
}

static motet_result play(motet_player *player, const motet_timeline_command *command)
{
    const motet_timeline *timeline = player->timeline;
    const motet_timeline_voice *voice = &timeline->voices[command->target];
    motet_voice_def def = voice_def(player, command);
    def.from_frame = source_frame(player, command);
    player->voices[command->target].loop = motet_loaded_loop(timeline, player->loaded, command, (motet_frame_range){0});
    if (command->loop != MOTET_NO_LOOP) {
        const motet_timeline_loop *loop = &timeline->loops[command->loop];
        def.loop_start_frame = motet_loaded_frame(timeline, player->loaded, voice->sound, loop->start);
        def.loop_end_frame = motet_loaded_frame(timeline, player->loaded, voice->sound, loop->end);
        def.loop_whole = loop->whole;
        def.loop_count = loop->count;
        def.loop_crossfade_seconds = loop->crossfade_seconds;
    }
    if (voice->stem_count > 0) {
        return play_stems(player, command, &def);
    }
    motet_sound sound = player->loaded->sounds[voice->sound].id;
    motet_player_voice *leader = command->is_after ? &player->voices[command->after] : NULL;
    bool queued = leader != NULL && leader->phase == VOICE_ACTIVE;
    if (leader != NULL && def.timing.fade_seconds > 0 && def.timing.curve == MOTET_CURVE_SMOOTH) {
        def.timing.curve = MOTET_CURVE_POWER; /* as a queued voice has it, also where it starts at once */
    }
    motet_voice id =
        queued ? queue(player, command, leader, sound, &def) : motet_voice_play(player->engine, sound, &def);
    if (id.id == 0) {
        return motet_last_result();
    }
    motet_player_start_voice(player, command->target, id);
    return MOTET_OK;
}

/* All that the timeline feeds has to find room when it comes, so the buffer is as large as that; what is longer than
 * the longest buffer waits here. */
static double buffer_seconds(const motet_player *player, const motet_timeline_command *command)
{
    static const double longest = 60;
    static const double spare = 0.1;
    const motet_timeline *timeline = player->timeline;
    const motet_timeline_feed *feed = &timeline->feeds[timeline->voices[command->target].feed];
    size_t frame_bytes = motet_sample_bytes(feed->format) * feed->channels;
    size_t fed_frames = player->voices[command->target].feed_bytes / frame_bytes;
    double needed = (double)fed_frames / feed->rate_hz;
    double asked = (double)feed->buffer_frames / timeline->header.rate_hz;
    double least = (double)feed->start_after_frames / timeline->header.rate_hz;
    double seconds = (needed > asked ? needed : asked) + spare;
    seconds = least + spare > seconds ? least + spare : seconds;
    return seconds < longest ? seconds : longest;
}

static motet_result open_feed(motet_player *player, const motet_timeline_command *command)
{
    const motet_timeline *timeline = player->timeline;
    const motet_timeline_feed *feed = &timeline->feeds[timeline->voices[command->target].feed];
    const motet_feed_def def = {
        .sample_rate_hz = feed->rate_hz,
        .channels = feed->channels,
        .buffer_seconds = buffer_seconds(player, command),
        .start_after_seconds = (double)feed->start_after_frames / timeline->header.rate_hz,
        .voice = voice_def(player, command),
    };
    motet_voice id = motet_feed_open(player->engine, &def);
    if (id.id == 0) {
        return motet_last_result();
    }
    motet_player_start_voice(player, command->target, id);
    return MOTET_OK;
}

static void mark_looping(motet_player *player, uint32_t place, bool loop)
{
    const motet_timeline_voice *voice = &player->timeline->voices[place];
    player->voices[place].loops = loop && !voice->counts_passes;
    for (uint32_t i = 0; i < voice->stem_count; i++) {
        player->voices[voice->first_stem + i].loops = loop && !voice->counts_passes;
    }
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
        mark_looping(player, command->target, settings->loop);
    }
    if (result == MOTET_OK && (command->changes & MOTET_CHANGE_LOOP_RANGE) != 0) {
        motet_frame_range *range = &player->voices[command->target].loop;
        *range = motet_loaded_loop(player->timeline, player->loaded, command, *range);
        result = motet_voice_set_loop_range(engine, voice, range->start, range->end, timing);
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
    if ((command->changes & MOTET_CHANGE_PARENT) != 0) { /* the one that may be refused comes first */
        result = motet_bus_set_parent(player->engine, bus, player->buses[settings->bus], timing);
    }
    if (result == MOTET_OK && (command->changes & MOTET_CHANGE_VOLUME) != 0) {
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
        motet_result result = command->verb == MOTET_VERB_SET ? set_values(player, command)
                              : command->verb == MOTET_VERB_SET_BUS
                                  ? set_bus_values(player, command)
                                  : motet_player_set_effect(player, command, timing_of(player, command));
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

static motet_result change_bus(motet_player *player, const motet_timeline_command *command)
{
    const motet_timing timing = timing_of(player, command);
    motet_bus bus = player->buses[command->target];
    if (command->verb == MOTET_VERB_STOP_BUS) {
        return motet_bus_stop(player->engine, bus, timing);
    }
    return command->verb == MOTET_VERB_PAUSE_BUS ? motet_bus_pause(player->engine, bus, timing)
                                                 : motet_bus_resume(player->engine, bus, timing);
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

static void mark_paused(motet_player *player, uint32_t place, bool paused)
{
    const motet_timeline_voice *voice = &player->timeline->voices[place];
    player->voices[place].paused = paused;
    for (uint32_t i = 0; i < voice->stem_count; i++) {
        player->voices[voice->first_stem + i].paused = paused;
    }
}

static motet_result change_voice(motet_player *player, const motet_timeline_command *command)
{
    motet_player_voice *voice = &player->voices[command->target];
    const motet_timing timing = timing_of(player, command);
    motet_result result = MOTET_OK;
    if (voice->phase != VOICE_ACTIVE) {
        return MOTET_OK;
    }
    switch (command->verb) {
    case MOTET_VERB_PAUSE:
        result = motet_voice_pause(player->engine, voice->id, timing);
        mark_paused(player, command->target, true);
        break;
    case MOTET_VERB_RESUME:
        result = motet_voice_resume(player->engine, voice->id, timing);
        mark_paused(player, command->target, false);
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

/* Whether a voice has been queued, and when it starts is still to be seen. */
static bool waits(const motet_player *player, const motet_timeline_command *command)
{
    return command->is_after && player->voices[command->after].follower == command->target + 1;
}

motet_result motet_player_command(motet_player *player, const motet_timeline_command *command)
{
    motet_result result = MOTET_OK;
    switch (command->verb) {
    case MOTET_VERB_PLAY:
    case MOTET_VERB_OPEN:
        result = command->verb == MOTET_VERB_PLAY ? play(player, command) : open_feed(player, command);
        player->voices[command->target].start_frame =
            player->voices[command->target].overlap == 0 && waits(player, command) ? UINT64_MAX : command->at;
        player->voices[command->target].loops =
            command->settings.loop && !player->timeline->voices[command->target].counts_passes;
        player->voices[command->target].paused = command->settings.paused;
        break;
    case MOTET_VERB_SET_BUS:
    case MOTET_VERB_SET_EFFECT: result = give_group(player, command); break;
    case MOTET_VERB_PAUSE_BUS:
    case MOTET_VERB_RESUME_BUS:
    case MOTET_VERB_STOP_BUS: result = change_bus(player, command); break;
    case MOTET_VERB_SET_SEND: result = motet_player_set_send(player, command, timing_of(player, command)); break;
    case MOTET_VERB_STOP_SOUND:
        result =
            motet_sound_stop(player->engine, player->loaded->sounds[command->target].id, timing_of(player, command));
        mark_sound_stopping(player, command->target);
        break;
    default: result = change_voice(player, command); break;
    }
    return result == MOTET_ERROR_STALE ? MOTET_OK : result; /* a voice that has ended */
}
