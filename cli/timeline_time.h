/* Times as a timeline writes them, turned into frames exactly: no floating point on the way. */
#ifndef MOTET_CLI_TIMELINE_TIME_H
#define MOTET_CLI_TIMELINE_TIME_H

#include <stdbool.h>
#include <stdint.h>

/* The longest time that a timeline may name: the largest number of frames that a double holds exactly. */
#define MOTET_TIME_MAX_FRAMES (((uint64_t)1 << 53) - 1)

/* What turns times into frames. */
typedef struct motet_time_base {
    uint32_t rate_hz;
    uint32_t tempo_millionths; /* of a beat in a minute: MOTET_TEMPO_MIN ... MOTET_TEMPO_MAX, in beats */
    uint32_t beats_per_bar;    /* 1 ... MOTET_BEATS_PER_BAR_MAX */
} motet_time_base;

#define MOTET_TEMPO_MIN 1.0
#define MOTET_TEMPO_MAX 1000.0
#define MOTET_BEATS_PER_BAR_MAX 1000.0

/* A time or source position before it is known at which rate it counts. */
typedef struct motet_duration {
    uint64_t whole;       /* in the unit */
    uint64_t trillionths; /* of one of it */
    enum { MOTET_UNIT_FRAMES, MOTET_UNIT_MILLISECONDS, MOTET_UNIT_SECONDS, MOTET_UNIT_BEATS, MOTET_UNIT_BARS } unit;
} motet_duration;

/* Reads "480", "10ms", "1.5s", "2beats", "4bars"; false when it is none of that. */
bool motet_duration_parse(const char *text, motet_duration *duration);

/* In frames, rounded half up; UINT64_MAX where that is more than MOTET_TIME_MAX_FRAMES. */
uint64_t motet_duration_frames(motet_duration duration, const motet_time_base *base);

/* A number of seconds in frames: floor(seconds * rate + 0.5). `seconds` is finite and not negative; UINT64_MAX as
 * above. */
uint64_t motet_seconds_frames(double seconds, uint32_t rate_hz);

#endif /* MOTET_CLI_TIMELINE_TIME_H */
