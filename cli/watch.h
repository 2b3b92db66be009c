/* Looks at a rendering on behalf of the "expect" lines of its timeline, and says which of them it does not meet.
 *
 * Each line looks at the time since the last one of an earlier frame. What the result is made of (Master's peak,
 * clicks) is seen in the frames that are handed over; the peaks of other buses are taken from the engine when it stands
 * at a line's frame, so blocks have to be cut there; voices are counted afterwards, by their starts and ends. */
#ifndef MOTET_CLI_WATCH_H
#define MOTET_CLI_WATCH_H

#include "player.h"

typedef struct motet_watch motet_watch;

motet_watch *motet_watch_create(const motet_timeline *timeline);
void motet_watch_destroy(motet_watch *watch);

/* The first frame after `now` at which the engine must stand; UINT64_MAX: none. */
uint64_t motet_watch_next_cut(const motet_watch *watch, uint64_t now);

/* The engine stands at frame `now`; from frame 0 on, before each block and behind the last. */
void motet_watch_stand(motet_watch *watch, const motet_player *player, motet_engine *engine, uint64_t now);

/* The next frames of the result, interleaved. */
void motet_watch_take(motet_watch *watch, const float *interleaved, uint32_t frame_count);

/* The rendering is over. Adds an error to `problems` for each expectation that it does not meet, and a warning for each
 * line that lies behind its end where it was cut off (`cut`); without that, silence goes on. */
void motet_watch_judge(motet_watch *watch, motet_player *player, motet_engine *engine, bool cut,
                       motet_problems *problems);

#endif /* MOTET_CLI_WATCH_H */
