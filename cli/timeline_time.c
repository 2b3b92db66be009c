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

bool motet_duration_parse(const char *text, motet_duration *duration)
{
    static const struct {
        const char *suffix;
        int unit;
    } units[] = {
        {"", MOTET_UNIT_FRAMES},     {"ms", MOTET_UNIT_MILLISECONDS}, {"s", MOTET_UNIT_SECONDS},
        {"beats", MOTET_UNIT_BEATS}, {"beat", MOTET_UNIT_BEATS},      {"bars", MOTET_UNIT_BARS},
        {"bar", MOTET_UNIT_BARS},
    };

    if (!is_digit(*text)) {
        return false;
    }
    *duration = (motet_duration){0};
    for (; is_digit(*text); text++) {
        if (duration->whole > MOTET_TIME_MAX_FRAMES) {
            return false;
        }
        duration->whole = duration->whole * 10 + (uint64_t)(*text - '0');
    }
    if (*text == '.') {
        text++;
        if (!is_digit(*text)) {
            return false;
        }
        uint64_t place = FRACTION_ONE;
        for (; is_digit(*text); text++) {
            place /= 10;
            duration->trillionths += place * (uint64_t)(*text - '0');
        }
    }
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        if (strcmp(text, units[i].suffix) == 0) {
            duration->unit = units[i].unit;
            return true;
        }
    }
    return false;
}

/* beats * 60 * rate / tempo, with millionths of a beat: more digits are left out, so that everything fits into 64
 * bits. One beat or bar is `frames` and `rest` / `tempo` frames. */
static uint64_t musical_frames(motet_duration duration, const motet_time_base *base)
{
    const uint64_t million = 1000000;
    const uint64_t tempo = base->tempo_millionths;
    const uint64_t longest = (uint64_t)10000000000; /* beats or bars: no product below overflows */
    uint64_t beats = duration.unit == MOTET_UNIT_BARS ? base->beats_per_bar : 1;
    uint64_t parts = 60 * million * base->rate_hz * beats;
    uint64_t frames = parts / tempo;
    uint64_t rest = parts % tempo;
    uint64_t millionths = duration.trillionths / million;
    if (duration.whole > longest || (frames > 0 && duration.whole > MOTET_TIME_MAX_FRAMES / frames)) {
        return UINT64_MAX;
    }
    uint64_t sum = duration.whole * frames + duration.whole * rest / tempo + millionths * frames / million;
    /* What these three divisions leave over, in one unit: 1 / (tempo * million). */
    uint64_t left = duration.whole * rest % tempo * million + millionths * frames % million * tempo + millionths * rest;
    uint64_t one = tempo * million;
    sum += (left + one / 2) / one;
    return sum > MOTET_TIME_MAX_FRAMES ? UINT64_MAX : sum;
}

uint64_t motet_duration_frames(motet_duration duration, const motet_time_base *base)
{
    if (duration.unit == MOTET_UNIT_BEATS || duration.unit == MOTET_UNIT_BARS) {
        return musical_frames(duration, base);
    }
    uint64_t rate_hz = base->rate_hz;
    uint64_t rate = duration.unit == MOTET_UNIT_FRAMES ? 1 : rate_hz;
    if (rate == 0) {
        return 0; /* of a set of several rates: that is told where it is asked for */
    }
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
