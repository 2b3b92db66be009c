/* motet play of a timeline: its commands are given a little ahead of time, each with its frame, so that what is heard
 * is what `motet render` writes. */
#include "live.h"
#include "options.h"
#include "output.h"
#include "player.h"

static const double AHEAD_SECONDS = 0.2;

/* Gives commands and waits, until the timeline is over or it is time to end. */
static bool play_on(motet_live *live, motet_player *player, const char *path, double total)
{
    uint32_t effect = 0;
    for (bool on = true; on && (!motet_player_is_over(player) || motet_player_rings(player, &effect));
         on = motet_live_wait(live)) {
        uint64_t now = motet_live_frame(live);
        uint64_t until = now + (uint64_t)(AHEAD_SECONDS * live->rate_hz);
        until = until < live->deadline_frame ? until : live->deadline_frame;
        if (motet_player_give(player, now, until) == 0) {
            return false;
        }
        motet_player_collect(player);
        motet_live_show(live, path, ((double)now - (double)live->start_frame) / live->rate_hz, total);
    }
    return true;
}

static int play(const motet_timeline *timeline, const char *path, const motet_live_options *options,
                motet_problems *problems)
{
    motet_live live;
    if (!motet_live_open(&live, motet_timeline_engine_def(timeline), options)) {
        return MOTET_EXIT_FAILED;
    }
    motet_loaded loaded;
    motet_player *player = NULL;
    atomic_store(&live.muted, true); /* `problems` has it with the line */
    bool good = motet_timeline_load(timeline, live.engine, &loaded, problems);
    atomic_store(&live.muted, false);
    if (good) {
        motet_live_start(&live);
        if (timeline->has_end && !options->has_seconds) {
            motet_live_end_at(&live, live.start_frame + timeline->end_frame);
        }
        player = motet_player_create(timeline, &loaded, live.engine, live.start_frame, true, problems);
    }
    motet_problems_print(problems);
    if (player != NULL) {
        double total = options->has_seconds ? options->seconds
                       : timeline->has_end  ? (double)timeline->end_frame / live.rate_hz
                                            : 0;
        good = play_on(&live, player, path, total) && problems->errors == 0; /* of sounds that came while it played */
    }
    int result = motet_live_close(&live, good && player != NULL);
    motet_problems_print(problems);
    motet_player_destroy(player);
    motet_loaded_free(&loaded);
    return result;
}

int motet_live_play_timeline(const char *path, const motet_live_options *options)
{
    motet_problems problems;
    motet_timeline timeline;
    int result = MOTET_EXIT_FAILED;
    motet_problems_init(&problems, path);
    if (motet_timeline_read(&timeline, path, 0, &problems) && motet_timeline_find_files(&timeline, &problems)) {
        result = play(&timeline, path, options, &problems);
    }
    motet_problems_print(&problems);
    motet_timeline_free(&timeline);
    motet_problems_free(&problems);
    return result;
}
