/* Renders a timeline faster than real time, in blocks of any size with the same result. */
#ifndef MOTET_CLI_OFFLINE_H
#define MOTET_CLI_OFFLINE_H

#include "player.h"
#include "watch.h"

/* Takes the next frames of a rendering, interleaved; false stops it (the taker says why). */
typedef bool motet_sink_fn(void *user, const float *interleaved, uint32_t frame_count);

typedef struct motet_offline_request {
    uint32_t block_frames; /* 0: 512 */
    bool has_seconds;      /* replaces the timeline's "end" */
    double seconds;
    motet_sink_fn *sink;
    void *user;
    motet_watch *watch; /* NULL: nobody looks at the "expect" lines */
    /* Called now and then with the frames done and to do (0: not known); may be NULL. False stops the rendering. */
    bool (*progress)(void *user, uint64_t done, uint64_t total);
} motet_offline_request;

typedef struct motet_offline {
    const motet_timeline *timeline;
    motet_problems *problems;
    motet_engine *engine;
    motet_loaded loaded;
    motet_player *player;
    uint64_t frames; /* of the result; likewise below */
    double peak;     /* linear */
    double cpu_seconds;
    double wall_seconds;
} motet_offline;

/* Makes an engine and loads the timeline's material. False: `problems` says why, and there is nothing to free. */
bool motet_offline_create(motet_offline *offline, const motet_timeline *timeline, motet_problems *problems);
void motet_offline_destroy(motet_offline *offline);

/* Renders; once for each motet_offline_create. False when it failed (told in `problems`) or was stopped. */
bool motet_offline_run(motet_offline *offline, const motet_offline_request *request);

/* Whether the timeline comes to an end by itself: found out by rendering as much of it as that takes, on an engine of
 * its own, where the lines alone do not tell. False: `problems` names the voice that never ends. `effects_too`: or the
 * effect, which else fails motet_offline_run. */
bool motet_offline_comes_to_end(const motet_timeline *timeline, bool effects_too, motet_problems *problems);

#endif /* MOTET_CLI_OFFLINE_H */
