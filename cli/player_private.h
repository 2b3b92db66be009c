/* The player's insides: player.c keeps the order and the time, player_command.c gives commands to the engine,
 * player_feed.c hands over the data of feeds. */
#ifndef MOTET_CLI_PLAYER_PRIVATE_H
#define MOTET_CLI_PLAYER_PRIVATE_H

#include "player.h"

typedef struct motet_player_voice {
    motet_voice id;
    enum { VOICE_WAITING, VOICE_ACTIVE, VOICE_OVER } phase;
    size_t active_place;  /* in the list of active voices */
    uint64_t start_frame; /* of the timeline; likewise below */
    uint64_t end_frame;   /* UINT64_MAX while it is active */
    uint32_t follower;    /* the place of the voice queued behind it + 1; 0: none */
    uint64_t overlap;     /* of a queued voice: the frames of its crossfade */
    bool cancelled;       /* stopped before its first frame */
    /* What the commands so far make of it. */
    bool loops; /* for ever */
    bool paused;
    bool stopping;
    motet_frame_range loop;
    /* Of a fed voice. */
    motet_bytes pending; /* given by the timeline, not yet taken by the engine */
    size_t pending_start;
    size_t feed_bytes; /* all that the timeline feeds */
    bool finish_wanted;
    bool finished;
} motet_player_voice;

struct motet_player {
    const motet_timeline *timeline;
    const motet_loaded *loaded;
    motet_engine *engine;
    motet_problems *problems;
    uint64_t start;
    bool live;
    bool group_open; /* commands of the next line wait to be committed */
    motet_bus *buses;
    motet_effect *effects;
    motet_player_voice *voices;
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

/* The engine frame of a place in the list of commands; UINT64_MAX behind the last. */
uint64_t motet_player_frame_of(const motet_player *player, size_t place);

/* The first place from `place` on whose command is one of a feed ("feed", "finish"), or is not. */
size_t motet_player_skip_to(const motet_player *player, size_t place, bool of_feed);

/* A voice of the timeline has got its engine's voice. */
void motet_player_start_voice(motet_player *player, uint32_t place, motet_voice id);

/* Gives one command that is not of a feed. A voice that has ended is no error. */
motet_result motet_player_command(motet_player *player, const motet_timeline_command *command);

/* Makes the buses, the sends and the effects. False: `problems` says why. */
bool motet_player_create_desk(motet_player *player);

/* What "set_effect" and "set_send" ask of the engine, and a "set_bus" with a new parent. */
motet_result motet_player_set_effect(motet_player *player, const motet_timeline_command *command, motet_timing timing);
motet_result motet_player_set_send(motet_player *player, const motet_timeline_command *command, motet_timing timing);
/* Whether a command is given when the engine stands at its frame, as ways that have faded out are free by then. */
bool motet_player_is_way(const motet_timeline_command *command);

/* Hands over what feeds still hold, as far as there is room. */
void motet_player_flush_feeds(motet_player *player);

/* Takes the feed lines that are due at frame `now`; live, those before `until` too where that is not heard. */
void motet_player_take_feeds(motet_player *player, uint64_t now, uint64_t until);

/* Forgets what a feed still holds. */
void motet_player_drop_feed(motet_player *player, motet_player_voice *voice);

#endif /* MOTET_CLI_PLAYER_PRIVATE_H */
