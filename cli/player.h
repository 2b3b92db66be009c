/* Gives the commands of a timeline to an engine, exactly in time, and follows what becomes of its voices.
 *
 * A rendering asks it before each block: commands of all frames of the block are given in advance, with their frame.
 * What cannot be given in advance cuts the block: the data of a feed arrives when the engine stands at its frame, and
 * a play for which no voice is free is tried again there, when the voices before it have ended. So what is refused
 * depends on the timeline alone and not on the blocks. */
#ifndef MOTET_CLI_PLAYER_H
#define MOTET_CLI_PLAYER_H

#include "timeline_load.h"

typedef struct motet_player motet_player;

typedef struct motet_player_event {
    uint64_t frame;          /* of the timeline */
    const char *event;       /* "voice_ended", "voice_looped", "voice_marker", "feed_starved", "stream_starved" ... */
    const char *reason;      /* "ended", "stopped", "stolen", "refused", "failed"; NULL where it does not apply */
    uint32_t voice;          /* place in the timeline, or MOTET_PLAYER_NO_VOICE */
    uint32_t count;          /* times that it looped, or markers that it passed; else 0 */
    uint32_t marker;         /* number of the first of those */
    const char *marker_name; /* lives as long as the engine; NULL: it is no marker */
} motet_player_event;

#define MOTET_PLAYER_NO_VOICE UINT32_MAX

/* The timeline's frame 0 is engine frame `start`. Live: time goes on by itself, and data for a feed is handed over
 * before it is due where that makes no difference. NULL when a bus could not be made; `problems` says why. */
motet_player *motet_player_create(const motet_timeline *timeline, const motet_loaded *loaded, motet_engine *engine,
                                  uint64_t start, bool live, motet_problems *problems);
void motet_player_destroy(motet_player *player);

/* The engine stands at frame `now`: gives it what happens before `until`. Returns the frame up to which may be rendered
 * before the next call, at least now + 1; 0 when a command failed, which `problems` says. */
uint64_t motet_player_give(motet_player *player, uint64_t now, uint64_t until);

/* Takes in what has happened; once after each rendered block. */
void motet_player_collect(motet_player *player);

/* True when no voice sounds and none will. */
bool motet_player_is_over(const motet_player *player);

/* True while an effect processes or rings out: `effect` is one of them. */
bool motet_player_rings(const motet_player *player, uint32_t *effect);

/* By how much the effects delay a sound at most. */
uint64_t motet_player_latency(const motet_player *player);

/* The first frame of the timeline in which no voice sounds any more, but for tails: these have faded out by the
 * second. Only when it is over. */
uint64_t motet_player_end_frame(const motet_player *player);
uint64_t motet_player_tail_end_frame(const motet_player *player);

/* When all commands have had their effect by frame `now`, a voice that will never end: it loops, stays paused, or its
 * feed is never finished. `voice` and `why` are set. */
bool motet_player_finds_endless(const motet_player *player, uint64_t now, uint32_t *voice, const char **why);

/* In the first `frames` of the timeline: voices that have started, and the most that sounded or were paused at once.
 * Counted by frames and not by blocks, as the library's own figures are. */
void motet_player_count_voices(const motet_player *player, uint64_t frames, size_t *started, size_t *most_at_once);

/* From which frame of the timeline on a voice sounded or was paused, and up to which; UINT64_MAX while it goes on.
 * False where it never did. */
bool motet_player_voice_span(const motet_player *player, uint32_t voice, uint64_t *from, uint64_t *to);

/* From `frame` on, until the next one, so many voices sound or are paused. */
typedef struct motet_voice_count {
    uint64_t frame;
    uint32_t voices;
} motet_voice_count;

/* The counts of the voices in a bus and in those below it, in the order of their frames; the first is of frame 0. Give
 * them back with free(). */
motet_voice_count *motet_player_voice_counts(const motet_player *player, uint32_t bus, size_t *length);

/* The engine's bus of a place in the timeline. */
motet_bus motet_player_bus(const motet_player *player, uint32_t bus);

/* The events of the same frames, in their order; one at the very end is among them. */
const motet_player_event *motet_player_events(motet_player *player, uint64_t frames, size_t *count);

#endif /* MOTET_CLI_PLAYER_H */
