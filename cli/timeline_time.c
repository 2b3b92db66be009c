#include "timeline_time.h"

#include <math.h>
#include <string.h>

/* Digits after the point that count; with them the product by the highest rate (768000, 20 bits) still fits into
 * 64 bits. More digits are read and ignored. */

static const uint64_t FRACTION_ONE = 1000000000000;

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

motet_duration_result motet_duration_parse(const char *text, motet_duration *duration)
{
    static const struct {
        const char *suffix;
        int unit;
    } units[] = {{"", MOTET_UNIT_FRAMES}, {"ms", MOTET_UNIT_MILLISECONDS}, {"s", MOTET_UNIT_SECONDS}};
    static const char *const musical[] = {"beat", "beats", "bar", "bars"};

    if (!is_digit(*text)) {
        return MOTET_DURATION_INVALID;
    }
    *duration = (motet_duration){0};
    for (; is_digit(*text); text++) {
        if (duration->whole > MOTET_TIME_MAX_FRAMES) {
            return MOTET_DURATION_INVALID;
        }
        duration->whole = duration->whole * 10 + (uint64_t)(*text - '0');
    }
    if (*text == '.') {
        text++;
        if (!is_digit(*text)) {
            return MOTET_DURATION_INVALID;
        }
        uint64_t place = FRACTION_ONE;
        for (; is_digit(*text); text++) {
            place /= 10;
            duration->trillionths += place * (uint64_t)(*text - '0');
        }
    }
    for (size_t i = 0; i < sizeof musical / sizeof *musical; i++) {
        if (strcmp(text, musical[i]) == 0) {
            return MOTET_DURATION_MUSICAL;
        }
    }
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        if (strcmp(text, units[i].suffix) == 0) {
            duration->unit = units[i].unit;
            return MOTET_DURATION_OK;
        }
    }
    return MOTET_DURATION_INVALID;
}

uint64_t motet_duration_frames(motet_duration duration, uint32_t rate_hz)
{
    uint64_t rate = duration.unit == MOTET_UNIT_FRAMES ? 1 : rate_hz;
    uint64_t divisor = duration.unit == MOTET_UNIT_MILLISECONDS ? 1000 : 1;
    if (duration.whole > MOTET_TIME_MAX_FRAMES || duration.whole > UINT64_MAX / rate) {
        return UINT64_MAX;
    }
    /* time * rate / divisor in two parts: whole frames, and what is left over in trillionths. */
    uint64_t product = duration.whole * rate;
    uint64_t frames = product / divisor;
    uint64_t rest = (product % divisor) * FRACTION_ONE + duration.trillionths * rate;
    uint64_t one = divisor * FRACTION_ONE;
    frames += (rest + one / 2) / one;
    return frames > MOTET_TIME_MAX_FRAMES ? UINT64_MAX : frames;
}

uint64_t motet_seconds_frames(double seconds, uint32_t rate_hz)
{
    double frames = floor(seconds * rate_hz + 0.5);
    return frames > (double)MOTET_TIME_MAX_FRAMES ? UINT64_MAX : (uint64_t)frames;
}
