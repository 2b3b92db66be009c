/* An engine that plays through the sound device, with a line of time and level meters: what both ways of
 * `motet play` share. */
#ifndef MOTET_CLI_LIVE_H
#define MOTET_CLI_LIVE_H

#include "motet/motet.h"

#include <stdatomic.h>

typedef struct motet_live_options {
    const char *device; /* NULL: the default */
    bool has_seconds;
    double seconds;
    bool quiet;
    const char *simd; /* NULL: the best */
    /* Of sound files. */
    double volume_db;
    double pan;
    double pitch;
    bool loop;
    const char *bus; /* NULL: Master */
} motet_live_options;

typedef struct motet_live {
    const motet_live_options *options;
    motet_engine *engine;
    uint32_t rate_hz;
    uint64_t start_frame;    /* of what is played: soon after the engine's creation */
    uint64_t deadline_frame; /* UINT64_MAX: none */
    uint32_t declick_frames;
    atomic_bool muted; /* the engine's warnings are told in other words */
} motet_live;

/* Opens the device and says where there is none. False after a message. `def` is what the engine needs beside that. */
bool motet_live_open(motet_live *live, motet_engine_def def, const motet_live_options *options);

/* Sets the start to a little from now, and the deadline where --seconds asks for one. */
void motet_live_start(motet_live *live);

/* Fades out at a frame and ends there. */
void motet_live_end_at(motet_live *live, uint64_t frame);

/* Sleeps a little. False when it is time to end: interrupted, or past the deadline. */
bool motet_live_wait(motet_live *live);

/* Shows a line of time, where `done` and `total` are in seconds (total 0: not known), and the level of Master. */
void motet_live_show(const motet_live *live, const char *name, double done, double total);

/* The engine's next frame. */
uint64_t motet_live_frame(const motet_live *live);

/* Fades out what still plays and closes. Returns what to exit with. */
int motet_live_close(motet_live *live, bool good);

/* The two ways; what they return is what to exit with. The list of paths is changed. */
int motet_live_play_timeline(const char *path, const motet_live_options *options);
int motet_live_play_files(const char **paths, size_t count, const motet_live_options *options);

#endif /* MOTET_CLI_LIVE_H */
