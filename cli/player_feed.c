/* The data of feeds: it arrives at its frame, and waits here where the engine has no room for it. */
#include "player_private.h"

#include <string.h>

enum { PIECE_SAMPLES = 4096 };

void motet_player_drop_feed(motet_player *player, motet_player_voice *voice)
{
    player->pending_feeds -= voice->pending.size > 0 ? 1 : 0;
    motet_bytes_free(&voice->pending);
    voice->pending_start = 0;
}

/* Hands pending bytes to the engine, as far as they are whole frames and find room. */
static bool write_pending(motet_player *player, uint32_t place)
{
    motet_player_voice *voice = &player->voices[place];
    const motet_timeline *timeline = player->timeline;
    const motet_timeline_feed *feed = &timeline->feeds[timeline->voices[place].feed];
    size_t frame_bytes = motet_sample_bytes(feed->format) * feed->channels;
    union {
        int16_t s16[PIECE_SAMPLES];
        float f32[PIECE_SAMPLES];
    } piece;
    size_t piece_frames = PIECE_SAMPLES / feed->channels;
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
            motet_player_drop_feed(player, voice); /* the voice is over */
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
    motet_player_voice *voice = &player->voices[place];
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
        motet_player_drop_feed(player, voice);
    }
}

void motet_player_flush_feeds(motet_player *player)
{
    for (size_t i = 0; player->pending_feeds > 0 && i < player->active_count; i++) {
        flush(player, player->active[i]);
    }
}

/* Live: whether data for a later frame may be handed over now without being heard too early. */
static bool may_come_early(const motet_player *player, const motet_timeline_command *command, uint64_t now)
{
    const motet_player_voice *voice = &player->voices[command->target];
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
    motet_player_voice *voice = &player->voices[command->target];
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

void motet_player_take_feeds(motet_player *player, uint64_t now, uint64_t until)
{
    for (;;) {
        uint64_t frame = motet_player_frame_of(player, player->next_feed);
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
        player->next_feed = motet_player_skip_to(player, player->next_feed + 1, true);
    }
}
