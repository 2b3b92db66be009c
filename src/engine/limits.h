/* Every limit of the engine that is not a setting. */
#ifndef MOTET_ENGINE_LIMITS_H
#define MOTET_ENGINE_LIMITS_H

enum {
    /* Frames rendered at once: large enough that a voice's fixed cost vanishes in it, small enough that the buffers
     * of a few buses stay in the first cache. A block never crosses a multiple of it. */
    MOTET_BLOCK_FRAMES = 512,
    /* Source frames looked at in one go by an interpolated voice: several times the longest filter's taps. */
    MOTET_WINDOW_FRAMES = 4096,
    /* What is computed at a control rate sits on multiples of this many engine frames, with ramps in between. */
    MOTET_GRID_FRAMES = 64,
    /* Frames already played that a fed voice keeps for the taps before its position: half of the longest filter's. */
    MOTET_FEED_HISTORY_FRAMES = 736,
    /* Events beyond the end events, for which room is always kept. */
    MOTET_EVENT_RING_SPARE = 1024,
    /* Events kept at least for a program that polls late. */
    MOTET_EVENT_QUEUE_MIN = 4096,
    /* Threads that may have a group open at once. */
    MOTET_MAX_GROUPS = 64,
    MOTET_MAX_VARIATIONS = 256,
    MOTET_MAX_MARKERS = 1000,    /* of a sound */
    MOTET_MAX_MARKER_NAME = 255, /* bytes */
    MOTET_MAX_CHANNELS = 8,
    MOTET_MAX_SAMPLE_RATE_HZ = 768000,
    MOTET_MAX_BUS_NAME = 63,
    MOTET_MAX_BUSES = 1024,
    MOTET_MAX_EFFECTS = 16384,
    MOTET_MASTER = 0 /* index of the Master bus */
};

/* Longest fade, in seconds. */
#define MOTET_MAX_FADE_SECONDS 86400.0

#endif /* MOTET_ENGINE_LIMITS_H */
