/* Echoes: the sound comes back after a while, and again and again, each time more quietly and, by the filters in the
 * loop, more dully. A moving time either glides, with the change of pitch that a tape makes whose head is moved, or
 * fades over from one echo to the other.
 *
 *   in -> (+) -> line -> high-pass -> low-pass -> out
 *          ^                                   |
 *          +------- bound <- feedback <--------+      with ping_pong each side's loop ends in the other's line
 *
 * The line is read on whole frames once the time stands, so that going round costs nothing but what the filters
 * take. */
#include "dsp/delay_line.h"
#include "effects/effects.h"

#include <math.h>
#include <string.h>

enum { DELAY_SECONDS, BEATS, TEMPO_BPM, FEEDBACK, PING_PONG, LOWPASS_HZ, HIGHPASS_HZ, CHANGE, PARAMETER_COUNT };

enum { GLIDE, CROSSFADE };

enum { SETTLE_FRAMES = 64 };

#define LONGEST_SECONDS 4.0
#define LOWPASS_OFF_HZ 20000.0 /* from LOWPASS_LEAVES_HZ up to here the filter leaves */
#define LOWPASS_LEAVES_HZ 16000.0
#define HIGHPASS_OFF_HZ 10.0
#define HIGHPASS_WHOLE_HZ 20.0
#define FADE_SECONDS 0.05
#define GLIDE_SECONDS 0.08    /* time constant of a small change */
#define GLIDE_MOST_SPEED 0.75 /* the pitch stays within 0.25 ... 1.75 */
#define GLIDE_ENDS 1e-5       /* frames, and frames a frame */
#define BOUND_KNEE 4.0        /* gain up to which the loop is straight; it ends at twice this */

static const char *const off_on[] = {"off", "on", NULL};
static const char *const changes[] = {"glide", "crossfade", NULL};

static const motet_parameter parameters[PARAMETER_COUNT] = {
    [DELAY_SECONDS] = {"delay_seconds", "s", 0.001f, (float)LONGEST_SECONDS, 0.3f, MOTET_PARAMETER_LOG, NULL,
                       "Time until the echo, and from one echo to the next; not used while beats is above 0."},
    [BEATS] = {"beats", "beats", 0, 16, 0, MOTET_PARAMETER_LINEAR, NULL,
               "Time of an echo in beats of tempo_bpm, at most 4 s; 0: delay_seconds says it."},
    [TEMPO_BPM] = {"tempo_bpm", "bpm", 20, 400, 120, MOTET_PARAMETER_LOG, NULL, "Beats a minute, for beats."},
    [FEEDBACK] = {"feedback", "", 0, 1, 0.4f, MOTET_PARAMETER_LINEAR, NULL,
                  "Gain from each echo to the next; at 1 they do not end, and stay below 18 dB."},
    [PING_PONG] = {"ping_pong", "", 0, 1, 0, MOTET_PARAMETER_STEP, off_on,
                   "Echoes of both sides together, on the left and on the right by turns."},
    [LOWPASS_HZ] = {"lowpass_hz", "Hz", 20, (float)LOWPASS_OFF_HZ, (float)LOWPASS_OFF_HZ, MOTET_PARAMETER_LOG, NULL,
                    "Each echo is duller by 6 dB an octave above it; 20000: off."},
    [HIGHPASS_HZ] = {"highpass_hz", "Hz", (float)HIGHPASS_OFF_HZ, 10000, (float)HIGHPASS_OFF_HZ, MOTET_PARAMETER_LOG,
                     NULL, "Each echo is thinner by 6 dB an octave below it; 10: off."},
    [CHANGE] = {"change", "", 0, 1, GLIDE, MOTET_PARAMETER_STEP, changes,
                "How another time is reached: gliding with a change of pitch, as tape does, or fading over."},
};

/* One channel. */
typedef struct side {
    motet_delay_line line;
    motet_one_pole low, high;
} side;

typedef struct delay {
    double sample_rate;
    uint32_t fade_frames;
    bool started;
    double now, speed; /* delay in frames, and its change in a frame */
    double to;         /* the other delay of a crossfade, ... */
    uint32_t fade;     /* of which so many frames are done; 0: none is under way */
    uint32_t route;    /* 0 ... fade_frames: from straight to ping-pong */
    side sides[2];
} delay;

/* What the parameters of one frame come to. */
typedef struct setting {
    double target, feedback, low, high, low_leaves, high_share;
    bool ping_pong, glides;
} setting;

static uint32_t capacity(uint32_t sample_rate_hz) MOTET_NONBLOCKING
{
    return (uint32_t)(LONGEST_SECONDS * sample_rate_hz) + MOTET_DELAY_MARGIN + 1;
}

static size_t size(const motet_effect_setup *setup)
{
    return sizeof(delay) + setup->channels * capacity(setup->sample_rate_hz) * sizeof(float);
}

static void init(void *state, const motet_effect_setup *setup)
{
    delay *d = state;
    d->sample_rate = setup->sample_rate_hz;
    d->fade_frames = (uint32_t)(FADE_SECONDS * d->sample_rate) + 1;
    for (uint32_t c = 0; c < setup->channels; c++) {
        d->sides[c].line.capacity = capacity(setup->sample_rate_hz);
        d->sides[c].line.samples = (float *)(d + 1) + (size_t)c * d->sides[c].line.capacity;
    }
}

static void reset(void *state) MOTET_NONBLOCKING
{
    delay *d = state;
    d->started = false;
    d->speed = 0;
    d->fade = 0;
    for (int c = 0; c < 2; c++) {
        side *s = &d->sides[c];
        s->low.state = s->high.state = 0;
        s->line.write = 0;
        if (s->line.samples != NULL) {
            memset(s->line.samples, 0, s->line.capacity * sizeof(float));
        }
    }
}

static double clamp(double value, double least, double most) MOTET_NONBLOCKING
{
    return value < least ? least : value > most ? most : value;
}

/* In whole frames, whether it moves or stands: what moves is smoothed anyway. */
static double target_frames(const delay *d, double seconds, double beats, double tempo) MOTET_NONBLOCKING
{
    seconds = beats > 0 ? beats * 60 / tempo : seconds;
    double frames = clamp(seconds, 0, LONGEST_SECONDS) * d->sample_rate + 0.5;
    return (double)(uint32_t)(frames < 1 ? 1 : frames);
}

static setting setting_at(const delay *d, const motet_effect_run *run, uint32_t k) MOTET_NONBLOCKING
{
    setting s;
    s.target = target_frames(d, (double)motet_effect_value(run, DELAY_SECONDS, k),
                             (double)motet_effect_value(run, BEATS, k), (double)motet_effect_value(run, TEMPO_BPM, k));
    s.feedback = (double)motet_effect_value(run, FEEDBACK, k);
    s.ping_pong = motet_effect_value(run, PING_PONG, k) >= 0.5f;
    s.glides = motet_effect_value(run, CHANGE, k) < 0.5f;
    double low_hz = (double)motet_effect_value(run, LOWPASS_HZ, k);
    double high_hz = (double)motet_effect_value(run, HIGHPASS_HZ, k);
    s.low = motet_one_pole_coefficient(low_hz, d->sample_rate);
    s.high = motet_one_pole_coefficient(high_hz, d->sample_rate);
    s.low_leaves = clamp((low_hz - LOWPASS_LEAVES_HZ) / (LOWPASS_OFF_HZ - LOWPASS_LEAVES_HZ), 0, 1);
    s.high_share = clamp((high_hz - HIGHPASS_OFF_HZ) / (HIGHPASS_WHOLE_HZ - HIGHPASS_OFF_HZ), 0, 1);
    return s;
}

/* One frame nearer to the wanted delay. */
static void move_delay(delay *d, const setting *s) MOTET_NONBLOCKING
{
    if (d->fade > 0) {
        d->fade++;
        if (d->fade > d->fade_frames) {
            d->now = d->to;
            d->fade = 0;
        }
    } else if (d->now != s->target && !s->glides) {
        d->to = s->target;
        d->speed = 0;
        d->fade = 1;
    } else if (d->now != s->target) {
        /* Critically damped: the wanted speed falls with the distance, the speed follows it four times as fast. */
        double nearer = clamp(1 / (GLIDE_SECONDS * d->sample_rate), 0, 0.25);
        double wanted = clamp((s->target - d->now) * nearer, -GLIDE_MOST_SPEED, GLIDE_MOST_SPEED);
        d->speed += (wanted - d->speed) * (4 * nearer);
        d->now = clamp(d->now + d->speed, 1, LONGEST_SECONDS * d->sample_rate + 1);
        if (fabs(d->now - s->target) < GLIDE_ENDS && fabs(d->speed) < GLIDE_ENDS) {
            d->now = s->target;
            d->speed = 0;
        }
    }
    d->route += s->ping_pong && d->route < d->fade_frames;
    d->route -= !s->ping_pong && d->route > 0;
}

static double read_echo(const delay *d, side *s, const setting *set) MOTET_NONBLOCKING
{
    double in = (double)motet_delay_between(&s->line, d->now);
    if (d->fade > 0) {
        in += ((double)motet_delay_between(&s->line, d->to) - in) * motet_delay_fade(d->fade, d->fade_frames);
    }
    in -= set->high_share * motet_one_pole_low(&s->high, set->high, in);
    double low = motet_one_pole_low(&s->low, set->low, in);
    double out = set->low_leaves == 1 ? in : low + set->low_leaves * (in - low);
    return out > -MOTET_DELAY_FLOOR && out < MOTET_DELAY_FLOOR ? 0 : out;
}

/* Straight up to the knee, then ever flatter: no feedback makes the loop louder than that. */
static double bound(double value) MOTET_NONBLOCKING
{
    double size = fabs(value);
    if (size <= BOUND_KNEE) {
        return value;
    }
    double over = size - BOUND_KNEE;
    double bent = BOUND_KNEE + BOUND_KNEE * over / (over + BOUND_KNEE);
    return value < 0 ? -bent : bent;
}

static void process_frame(delay *d, const setting *s, const motet_effect_run *run, uint32_t k) MOTET_NONBLOCKING
{
    move_delay(d, s);
    if (run->channel_count == 1) {
        double out = read_echo(d, &d->sides[0], s);
        motet_delay_write(&d->sides[0].line, bound((double)run->channels[0][k] + s->feedback * out));
        run->channels[0][k] = (float)out;
        return;
    }
    double left_in = (double)run->channels[0][k], right_in = (double)run->channels[1][k];
    double left = read_echo(d, &d->sides[0], s), right = read_echo(d, &d->sides[1], s);
    double left_back = left, right_back = right;
    if (d->route > 0) {
        double route = motet_delay_fade(d->route, d->fade_frames);
        left_in += route * (0.5 * (left_in + right_in) - left_in);
        right_in *= 1 - route;
        left_back += route * (right - left);
        right_back += route * (left - right);
    }
    motet_delay_write(&d->sides[0].line, bound(left_in + s->feedback * left_back));
    motet_delay_write(&d->sides[1].line, bound(right_in + s->feedback * right_back));
    run->channels[0][k] = (float)left;
    run->channels[1][k] = (float)right;
}

static void process(void *state, const motet_effect_run *run) MOTET_NONBLOCKING
{
    delay *d = state;
    bool moves = motet_effect_moves(run, 0, PARAMETER_COUNT);
    setting s = setting_at(d, run, 0);
    if (!d->started) {
        d->started = true;
        d->now = s.target;
        d->route = s.ping_pong ? d->fade_frames : 0;
    }
    for (uint32_t k = 0; k < run->frame_count; k++) {
        if (moves && k > 0) {
            s = setting_at(d, run, k);
        }
        if ((run->frame + k) % SETTLE_FRAMES == 0) {
            for (int c = 0; c < 2; c++) {
                motet_one_pole_settle(&d->sides[c].low);
                motet_one_pole_settle(&d->sides[c].high);
            }
        }
        process_frame(d, &s, run, k);
    }
}

static double tail_seconds(const void *state, const float *values) MOTET_NONBLOCKING
{
    const delay *d = state;
    const double last_echo = -24, filters_ring = 0.5; /* 2^-24 is -144 dB */
    if (values[FEEDBACK] > 0.9999f) {
        return (double)INFINITY;
    }
    double longest = target_frames(d, (double)values[DELAY_SECONDS], (double)values[BEATS], (double)values[TEMPO_BPM]);
    longest = d->started && d->now > longest ? d->now : longest;
    longest = d->fade > 0 && d->to > longest ? d->to : longest;
    double echoes = values[FEEDBACK] > 1e-7f ? last_echo / motet_log2((double)values[FEEDBACK]) : 0;
    return (2 + echoes) * longest / d->sample_rate + filters_ring;
}

const motet_effect_type motet_effect_delay = {
    .name = "delay",
    .text = "Echoes that repeat, filtered, in time or side by side.",
    .parameters = parameters,
    .parameter_count = PARAMETER_COUNT,
    .wet = 0.35f,
    .size = size,
    .init = init,
    .process = process,
    .reset = reset,
    .tail_seconds = tail_seconds,
};
