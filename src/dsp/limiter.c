#include "dsp/limiter.h"

#include "dsp/math.h"
#include "dsp/sliding_max.h"

#include <assert.h>
#include <stdbool.h>
#include <string.h>

/* Frames worked on at once, so that the passes over them keep their arrays on the stack and in L1. */
enum { CHUNK_FRAMES = 128 };

/* In its steps a peak 180 dB above the ceiling is still told from one a little higher, and every sum below stays under
 * 2^53, so that it is exact in 64 bits and as a double. */
enum { FULL_REDUCTION = MOTET_LIMITER_FULL_REDUCTION };

/* Time in which the gain's distance from 1 falls to 1/e. */
static const double default_release_seconds = 0.1;

/* Frame n's wanted reduction w[n] passes through
 *   the maximum of the last N + 1:     m[n] = max(w[n - N] ... w[n])
 *   hold and release:                  r[n] = max(m[n], r[n - 1] * release)
 *   two running sums over H = N/2 + 1: a[n] = r[n - H + 1] + ... + r[n], b[n] = a[n - H + 1] + ... + a[n]
 * and b[n] / H^2 is what the frame n - N, which comes out now, is reduced by. Every r that b[n] sums up, r[n - N] ...
 * r[n], is a maximum over a window with n - N in it, so their mean is no less than w[n - N]. */
struct motet_limiter {
    const motet_kernels *kernels;
    float ceiling;
    uint32_t latency;    /* N */
    uint32_t half;       /* H */
    uint32_t delay_at;   /* 0 ... N-1 */
    uint32_t mean_at;    /* 0 ... H-1 */
    uint32_t released;   /* r of the last frame */
    uint64_t release;    /* factor a frame, in steps of 2^-32, below 2^32 */
    uint64_t first_sum;  /* a */
    uint64_t second_sum; /* b; 0 says that everything below is 0 but the delayed samples */
    uint64_t full_sum;   /* b of a full reduction: H^2 FULL_REDUCTION */

    motet_sliding_max window; /* of N + 1 */
    float *delayed_left;      /* N */
    float *delayed_right;     /* N */
    uint32_t *reductions;     /* H of r */
    uint64_t *first_sums;     /* H of a */
};

uint32_t motet_limiter_latency_frames(uint32_t sample_rate_hz)
{
    uint32_t pairs = sample_rate_hz / 1000 + (sample_rate_hz % 1000 != 0);
    return pairs == 0 ? 2 : 2 * pairs;
}

static size_t rounded_to_line(size_t size)
{
    return (size + 63) / 64 * 64;
}

/* The arrays stand behind the struct, each at the start of a line. Returns the size of it all; places them in `limiter`
 * unless that is NULL. */
static size_t lay_out(motet_limiter *limiter, uint32_t latency)
{
    size_t half = latency / 2 + 1;
    size_t left = rounded_to_line(sizeof(motet_limiter));
    size_t right = left + rounded_to_line(latency * sizeof(float));
    size_t window = right + rounded_to_line(latency * sizeof(float));
    size_t reductions = window + rounded_to_line((latency + (size_t)1) * sizeof(uint32_t));
    size_t first_sums = reductions + rounded_to_line(half * sizeof(uint32_t));
    size_t end = first_sums + rounded_to_line(half * sizeof(uint64_t));
    if (limiter != NULL) {
        char *base = (char *)limiter;
        limiter->delayed_left = (float *)(void *)(base + left);
        limiter->delayed_right = (float *)(void *)(base + right);
        limiter->window.window = (uint32_t *)(void *)(base + window);
        limiter->window.length = latency + 1;
        limiter->reductions = (uint32_t *)(void *)(base + reductions);
        limiter->first_sums = (uint64_t *)(void *)(base + first_sums);
    }
    return end;
}

size_t motet_limiter_size(uint32_t sample_rate_hz)
{
    return lay_out(NULL, motet_limiter_latency_frames(sample_rate_hz));
}

void motet_limiter_init(motet_limiter *limiter, const motet_kernels *kernels, uint32_t sample_rate_hz,
                        double ceiling_gain)
{
    assert(ceiling_gain > 0.0 && ceiling_gain <= 1.0);
    uint32_t latency = motet_limiter_latency_frames(sample_rate_hz);
    memset(limiter, 0, lay_out(NULL, latency));
    lay_out(limiter, latency);
    limiter->kernels = kernels;

    float ceiling = (float)ceiling_gain;
    if ((double)ceiling > ceiling_gain) { /* the next float towards 0, which has the next lower bits */
        uint32_t bits;
        memcpy(&bits, &ceiling, sizeof bits);
        bits--;
        memcpy(&ceiling, &bits, sizeof bits);
    }
    limiter->ceiling = ceiling;
    limiter->latency = latency;
    limiter->half = latency / 2 + 1;
    motet_limiter_set_release(limiter, default_release_seconds, sample_rate_hz);
    limiter->full_sum = (uint64_t)limiter->half * limiter->half * FULL_REDUCTION;
}

void motet_limiter_set_release(motet_limiter *limiter, double seconds, uint32_t sample_rate_hz) MOTET_NONBLOCKING
{
    const double log2_e = 1.44269504088896340736;
    double exponent = log2_e / (seconds * (double)sample_rate_hz);
    double factor = exponent < 40 ? motet_exp2(-exponent) : 0;
    limiter->release = (uint64_t)(factor * 4294967296.0);
}

void motet_limiter_reset(motet_limiter *limiter) MOTET_NONBLOCKING
{
    memset(limiter->delayed_left, 0, limiter->latency * sizeof(float));
    memset(limiter->delayed_right, 0, limiter->latency * sizeof(float));
    memset(limiter->window.window, 0, limiter->window.length * sizeof(uint32_t));
    memset(limiter->reductions, 0, limiter->half * sizeof(uint32_t));
    memset(limiter->first_sums, 0, limiter->half * sizeof(uint64_t));
    limiter->window.at = 0;
    limiter->window.peak = 0;
    limiter->delay_at = 0;
    limiter->mean_at = 0;
    limiter->released = 0;
    limiter->first_sum = 0;
    limiter->second_sum = 0;
}

/* The factor for each frame that comes out. */
static void find_gains(motet_limiter *limiter, double *gains, const uint32_t *reductions,
                       uint32_t count) MOTET_NONBLOCKING
{
    uint32_t wanted[CHUNK_FRAMES];
    motet_sliding_max_run(&limiter->window, wanted, reductions, count);
    /* What the loop reads is copied: as far as the compiler knows, its stores might change the struct. */
    uint32_t *restrict reductions_held = limiter->reductions;
    uint64_t *restrict sums_held = limiter->first_sums;
    const uint32_t half = limiter->half;
    const uint64_t release = limiter->release;
    const double full_sum =
        (double)(int64_t)limiter->full_sum; /* the conversion of signed numbers is one instruction */
    uint64_t released = limiter->released;
    uint64_t first_sum = limiter->first_sum;
    uint64_t second_sum = limiter->second_sum;
    uint32_t at = limiter->mean_at;
    for (uint32_t i = 0; i < count; i++) {
        /* Rounded down, so that it falls by a step or more a frame and ends at 0. */
        uint64_t falling = (released * release) >> 32;
        released = wanted[i] > falling ? wanted[i] : falling;
        first_sum += released - reductions_held[at];
        reductions_held[at] = (uint32_t)released;
        second_sum += first_sum - sums_held[at];
        sums_held[at] = first_sum;
        gains[i] = (full_sum - (double)(int64_t)second_sum) / full_sum; /* all whole numbers below 2^53 */
        at = at + 1 == half ? 0 : at + 1;
    }
    limiter->released = (uint32_t)released;
    limiter->first_sum = first_sum;
    limiter->second_sum = second_sum;
    limiter->mean_at = at;
}

/* NaN counts as above: the chunk is looked at frame by frame. */
static bool is_above(const motet_limiter *limiter, const float *left, const float *right,
                     uint32_t count) MOTET_NONBLOCKING
{
    motet_largest_fn *largest = limiter->kernels->largest;
    return !(largest(left, count) <= limiter->ceiling && largest(right, count) <= limiter->ceiling);
}

/* At most CHUNK_FRAMES, and no further than the end of the delay lines. `heard` are the two signals that are limited. */
static void process_chunk(motet_limiter *limiter, float *left, float *right, const float *heard_left,
                          const float *heard_right, uint32_t count) MOTET_NONBLOCKING
{
    float *delayed_left = limiter->delayed_left + limiter->delay_at;
    float *delayed_right = limiter->delayed_right + limiter->delay_at;
    if (limiter->second_sum == 0 && !is_above(limiter, heard_left, heard_right, count)) {
        /* At rest every reduction in sight is 0, in whatever order: the rings may stand still. */
        limiter->kernels->swap(left, delayed_left, count);
        limiter->kernels->swap(right, delayed_right, count);
    } else {
        uint32_t reductions[CHUNK_FRAMES];
        double gains[CHUNK_FRAMES];
        limiter->kernels->limiter_reductions(reductions, limiter->ceiling, heard_left, heard_right, count);
        find_gains(limiter, gains, reductions, count);
        limiter->kernels->limiter_exchange(left, delayed_left, gains, count);
        limiter->kernels->limiter_exchange(right, delayed_right, gains, count);
    }
    limiter->delay_at = limiter->delay_at + count == limiter->latency ? 0 : limiter->delay_at + count;
}

static uint32_t chunk_of(const motet_limiter *limiter, size_t frame_count) MOTET_NONBLOCKING
{
    uint32_t count = limiter->latency - limiter->delay_at;
    count = count < CHUNK_FRAMES ? count : CHUNK_FRAMES;
    return count < frame_count ? count : (uint32_t)frame_count;
}

void motet_limiter_process(motet_limiter *limiter, float *left, float *right, size_t frame_count) MOTET_NONBLOCKING
{
    while (frame_count > 0) {
        uint32_t count = chunk_of(limiter, frame_count);
        process_chunk(limiter, left, right, left, right, count);
        left += count;
        right += count;
        frame_count -= count;
    }
}

void motet_limiter_process_peaks(motet_limiter *limiter, float *left, float *right, const float *peaks,
                                 size_t frame_count) MOTET_NONBLOCKING
{
    while (frame_count > 0) {
        uint32_t count = chunk_of(limiter, frame_count);
        process_chunk(limiter, left, right, peaks, peaks, count);
        left += count;
        right += count;
        peaks += count;
        frame_count -= count;
    }
}
