/* Times as a timeline writes them, turned into frames exactly: no floating point on the way. */
#ifndef MOTET_CLI_TIMELINE_TIME_H
#define MOTET_CLI_TIMELINE_TIME_H

#include <stdbool.h>
#include <stdint.h>

/* The longest time that a timeline may name: the largest number of frames that a double holds exactly. */
#define MOTET_TIME_MAX_FRAMES (((uint64_t)1 << 53) - 1)

/* A time or source position before it is known at which rate it counts. */
typedef struct motet_duration {
    uint64_t whole;       /* in frames, milliseconds or seconds */
    uint64_t trillionths; /* of one of them */
    enum { MOTET_UNIT_FRAMES, MOTET_UNIT_MILLISECONDS, MOTET_UNIT_SECONDS } unit;
} motet_duration;

typedef enum motet_duration_result {
    MOTET_DURATION_OK,
    MOTET_DURATION_INVALID,
    MOTET_DURATION_MUSICAL /* "2beats", "4bars" */
} motet_duration_result;

/* Reads "480", "10ms", "1.5s". */
motet_duration_result motet_duration_parse(const char *text, motet_duration *duration);

/* Frames at a rate, rounded half up; UINT64_MAX where that is more than MOTET_TIME_MAX_FRAMES. */
uint64_t motet_duration_frames(motet_duration duration, uint32_t rate_hz);

/* A number of seconds in frames: floor(seconds * rate + 0.5). `seconds` is finite and not negative; UINT64_MAX as
 * above. */
uint64_t motet_seconds_frames(double seconds, uint32_t rate_hz);

#endif /* MOTET_CLI_TIMELINE_TIME_H */
