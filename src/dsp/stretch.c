#include "dsp/stretch.h"

#include <string.h>

struct motet_stretch {
    uint32_t channels, frames, hop;
    motet_vocoder vocoder;
    /* The source's last 4 * frames, frame f at f & mask. Windows lie at most 2.5 windows in front of what sounds, and
     * reach back less than one behind it. */
    float *history[2];
    uint32_t mask;
    float *now[2], *back[2];
    uint64_t position, pulled;
    uint32_t to_hop; /* frames of the result up to the next hop */
    bool begun;
};

static size_t rounded(size_t bytes)
{
    return (bytes + 63) / 64 * 64;
}

size_t motet_stretch_size(uint32_t channels, uint32_t sample_rate_hz)
{
    uint32_t frames = motet_vocoder_frames(sample_rate_hz);
    return rounded(sizeof(motet_stretch)) + rounded(motet_vocoder_size(channels, frames)) +
           6 * (size_t)channels * frames * sizeof(float);
}

void motet_stretch_init(motet_stretch *stretch, uint32_t channels, uint32_t sample_rate_hz,
                        const motet_kernels *kernels)
{
    uint32_t frames = motet_vocoder_frames(sample_rate_hz);
    char *memory = (char *)stretch + rounded(sizeof *stretch);
    *stretch = (motet_stretch){
        .channels = channels, .frames = frames, .hop = frames / MOTET_VOCODER_OVERLAP, .mask = 4 * frames - 1};
    motet_vocoder_init(&stretch->vocoder, channels, frames, kernels, (float *)(void *)memory);
    float *rest = (float *)(void *)(memory + rounded(motet_vocoder_size(channels, frames)));
    for (uint32_t c = 0; c < channels; c++, rest += 6 * (size_t)frames) {
        stretch->history[c] = rest;
        stretch->now[c] = rest + 4 * (size_t)frames;
        stretch->back[c] = rest + 5 * (size_t)frames;
    }
}

void motet_stretch_reset(motet_stretch *stretch) MOTET_NONBLOCKING
{
    for (uint32_t c = 0; c < stretch->channels; c++) {
        memset(stretch->history[c], 0, 4 * (size_t)stretch->frames * sizeof(float));
    }
    motet_vocoder_reset(&stretch->vocoder);
    stretch->position = stretch->pulled = 0;
    stretch->to_hop = 0;
    stretch->begun = false;
}

/* Reads the source up to frame `end`. */
static void pull_until(motet_stretch *s, int64_t end, motet_stretch_pull_fn *pull, void *user) MOTET_NONBLOCKING
{
    while ((int64_t)s->pulled < end) {
        uint32_t at = (uint32_t)s->pulled & s->mask;
        uint64_t wanted = (uint64_t)end - s->pulled;
        uint32_t room = s->mask + 1 - at < MOTET_STRETCH_PULL ? s->mask + 1 - at : MOTET_STRETCH_PULL;
        uint32_t count = wanted < room ? (uint32_t)wanted : room;
        float *const to[2] = {s->history[0] + at, s->channels == 2 ? s->history[1] + at : NULL};
        pull(user, to, count);
        s->pulled += count;
    }
}

static void read_window(const motet_stretch *s, float *const out[2], int64_t first) MOTET_NONBLOCKING
{
    uint32_t at = (uint32_t)((uint64_t)first & s->mask);
    uint32_t before_seam = s->mask + 1 - at < s->frames ? s->mask + 1 - at : s->frames;
    for (uint32_t c = 0; c < s->channels; c++) {
        memcpy(out[c], s->history[c] + at, before_seam * sizeof(float));
        memcpy(out[c] + before_seam, s->history[c], (s->frames - before_seam) * sizeof(float));
    }
}

/* Lays the window that sounds half its length from now on, around the place that will then be heard at this step. `ago`
 * frames before the next one. */
static void hop(motet_stretch *s, uint64_t step, uint32_t ago, motet_stretch_pull_fn *pull,
                void *user) MOTET_NONBLOCKING
{
    int64_t later = ((int64_t)(s->frames / 2) - (int64_t)ago) * (int64_t)step;
    int64_t centre = (int64_t)s->position + later;
    int64_t whole = (centre - (int64_t)((uint64_t)centre & 0xffffffffu)) / (int64_t)MOTET_STRETCH_ONE;
    int64_t first = whole - s->frames / 2;
    pull_until(s, first + s->frames, pull, user);
    read_window(s, s->now, first);
    read_window(s, s->back, first - s->hop);
    motet_vocoder_hop(&s->vocoder, (const float *const *)s->now, (const float *const *)s->back, s->frames);
}

/* The windows that would have been laid before the first frame, and reach into it. */
static void begin(motet_stretch *s, uint64_t step, motet_stretch_pull_fn *pull, void *user) MOTET_NONBLOCKING
{
    float *const unheard[2] = {s->now[0], s->now[1]};
    for (uint32_t ago = s->frames - s->hop; ago > 0; ago -= s->hop) {
        hop(s, step, ago, pull, user);
        motet_vocoder_take(&s->vocoder, unheard, s->hop);
    }
    s->begun = true;
}

static uint64_t allowed(uint64_t step) MOTET_NONBLOCKING
{
    return step < MOTET_STRETCH_MOST_STEP ? step : MOTET_STRETCH_MOST_STEP;
}

void motet_stretch_run(motet_stretch *stretch, float *const channels[2], const uint64_t *steps, uint32_t count,
                       motet_stretch_pull_fn *pull, void *user) MOTET_NONBLOCKING
{
    for (uint32_t done = 0; done < count;) {
        if (!stretch->begun) {
            begin(stretch, allowed(steps[done]), pull, user);
        }
        if (stretch->to_hop == 0) {
            hop(stretch, allowed(steps[done]), 0, pull, user);
            stretch->to_hop = stretch->hop;
        }
        uint32_t piece = count - done < stretch->to_hop ? count - done : stretch->to_hop;
        float *const out[2] = {channels[0] + done, stretch->channels == 2 ? channels[1] + done : NULL};
        motet_vocoder_take(&stretch->vocoder, out, piece);
        for (uint32_t k = 0; k < piece; k++) {
            stretch->position += allowed(steps[done + k]);
        }
        stretch->to_hop -= piece;
        done += piece;
    }
}

uint64_t motet_stretch_position(const motet_stretch *stretch) MOTET_NONBLOCKING
{
    return stretch->position;
}

uint64_t motet_stretch_pulled(const motet_stretch *stretch) MOTET_NONBLOCKING
{
    return stretch->pulled;
}
