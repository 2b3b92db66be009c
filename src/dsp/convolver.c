#include "dsp/convolver.h"

#include "dsp/convolver_level.h"

#include <assert.h>
#include <string.h>

enum { GRID = MOTET_CONVOLVER_GRID, SLOTS = MOTET_CONVOLVER_SLOTS, RING = 32768, FADES_A_SECOND = 20 };

struct motet_convolver {
    uint32_t channels;
    uint32_t fade_frames;
    const motet_kernels *kernels;
    motet_convolver_level levels[MOTET_IMPULSE_LEVELS];
    /* The last frames of the input, frame f at f % RING; in front of them the last ones again, for sums that reach back
     * over the seam. */
    float *rings[2];
    float tails[SLOTS][2][GRID]; /* what the levels have for the present 64 frames */
    const motet_impulse *impulses[SLOTS];
    uint32_t playing;
    bool changes; /* the other slot's response is to take over, or fades in */
    bool fading;
    bool waits; /* and then `waiting` is to */
    const motet_impulse *waiting;
    uint64_t fade_start, next_frame;
    bool fresh; /* since the last reset nothing has run */
};

/* ------------------------------------------------------------------------------------------------------- Making */

static uint32_t most_frames(uint32_t sample_rate_hz)
{
    return MOTET_IMPULSE_MOST_SECONDS * sample_rate_hz;
}

static size_t header_floats(void)
{
    enum { LINE = 64 / sizeof(float) };
    return (sizeof(motet_convolver) / sizeof(float) + LINE) / LINE * LINE;
}

size_t motet_convolver_size(uint32_t channels, uint32_t sample_rate_hz)
{
    size_t floats = header_floats() + (size_t)channels * (GRID + RING);
    for (uint32_t i = 0; i < MOTET_IMPULSE_LEVELS; i++) {
        floats += motet_convolver_level_place(NULL, i, channels, most_frames(sample_rate_hz), NULL, NULL);
    }
    return floats * sizeof(float);
}

void motet_convolver_init(motet_convolver *convolver, uint32_t channels, uint32_t sample_rate_hz,
                          const motet_kernels *kernels)
{
    float *memory = (float *)(void *)convolver + header_floats();
    convolver->channels = channels;
    convolver->fade_frames = sample_rate_hz / FADES_A_SECOND + 1;
    convolver->kernels = kernels;
    for (uint32_t c = 0; c < channels; c++) {
        convolver->rings[c] = memory + GRID;
        memory += GRID + RING;
    }
    for (uint32_t i = 0; i < MOTET_IMPULSE_LEVELS; i++) {
        memory += motet_convolver_level_place(&convolver->levels[i], i, channels, most_frames(sample_rate_hz), kernels,
                                              memory);
    }
    convolver->fresh = true;
}

/* ---------------------------------------------------------------------------------------------------- Responses */

static void forget(motet_convolver *convolver, uint32_t slot) MOTET_NONBLOCKING
{
    convolver->impulses[slot] = NULL;
    for (uint32_t i = 0; i < MOTET_IMPULSE_LEVELS; i++) {
        motet_convolver_level_forget(&convolver->levels[i], slot);
    }
}

void motet_convolver_reset(motet_convolver *convolver) MOTET_NONBLOCKING
{
    if (convolver->changes) {
        const motet_impulse *newest =
            convolver->waits ? convolver->waiting : convolver->impulses[1 - convolver->playing];
        convolver->impulses[convolver->playing] = newest;
    }
    convolver->impulses[1 - convolver->playing] = convolver->waiting = NULL;
    convolver->changes = convolver->fading = convolver->waits = false;
    for (uint32_t c = 0; c < convolver->channels; c++) {
        memset(convolver->rings[c] - GRID, 0, (GRID + RING) * sizeof(float));
    }
    memset(convolver->tails, 0, sizeof convolver->tails);
    for (uint32_t i = 0; i < MOTET_IMPULSE_LEVELS; i++) {
        motet_convolver_level_reset(&convolver->levels[i]);
    }
    convolver->fresh = true;
}

void motet_convolver_set(motet_convolver *convolver, const motet_impulse *impulse) MOTET_NONBLOCKING
{
    uint32_t playing = convolver->playing;
    if (convolver->fresh) {
        convolver->impulses[playing] = impulse;
    } else if (convolver->changes) {
        convolver->waiting = impulse;
        convolver->waits = true;
    } else if (convolver->impulses[playing] != impulse) {
        convolver->impulses[1 - playing] = impulse;
        convolver->changes = true;
    }
}

bool motet_convolver_uses(const motet_convolver *convolver, const motet_impulse *impulse) MOTET_NONBLOCKING
{
    return impulse != NULL &&
           (convolver->impulses[0] == impulse || convolver->impulses[1] == impulse || convolver->waiting == impulse);
}

static uint32_t frames_of(const motet_impulse *impulse) MOTET_NONBLOCKING
{
    return impulse != NULL ? impulse->frames : 0;
}

uint32_t motet_convolver_frames(const motet_convolver *convolver) MOTET_NONBLOCKING
{
    uint32_t most = frames_of(convolver->waiting);
    for (uint32_t slot = 0; slot < SLOTS; slot++) {
        uint32_t frames = frames_of(convolver->impulses[slot]);
        most = frames > most ? frames : most;
    }
    return most;
}

/* Whether every level has what the coming response needs from `frame` on. */
static bool has_caught_up(const motet_convolver *convolver, uint64_t frame) MOTET_NONBLOCKING
{
    uint32_t coming = 1 - convolver->playing;
    const motet_impulse *impulse = convolver->impulses[coming];
    for (uint32_t i = 0; i < MOTET_IMPULSE_LEVELS; i++) {
        if (impulse->parts[i] > 0 &&
            motet_convolver_level_output(&convolver->levels[i], frame, coming, impulse, 0) == NULL) {
            return false;
        }
    }
    return true;
}

/* The next one that waits, if it is another one. */
static void take_next(motet_convolver *convolver) MOTET_NONBLOCKING
{
    const motet_impulse *next = convolver->waiting;
    bool waits = convolver->waits && next != convolver->impulses[convolver->playing];
    convolver->waiting = NULL;
    convolver->waits = false;
    convolver->changes = waits;
    convolver->impulses[1 - convolver->playing] = waits ? next : NULL;
}

/* ------------------------------------------------------------------------------------------------------ Running */

/* Where nothing sounded before, nothing is missing: the levels have no past to catch up with. */
static void begin_fade(motet_convolver *convolver, uint64_t frame) MOTET_NONBLOCKING
{
    bool into_silence = convolver->impulses[1 - convolver->playing] == NULL;
    bool from_silence = convolver->impulses[convolver->playing] == NULL;
    if (into_silence || from_silence || has_caught_up(convolver, frame)) {
        convolver->fading = true;
        convolver->fade_start = frame;
    }
}

static void gather_tails(motet_convolver *convolver, uint64_t frame) MOTET_NONBLOCKING
{
    memset(convolver->tails, 0, sizeof convolver->tails);
    for (uint32_t i = 0; i < MOTET_IMPULSE_LEVELS; i++) {
        for (uint32_t slot = 0; slot < SLOTS; slot++) {
            for (uint32_t c = 0; c < convolver->channels; c++) {
                const float *output =
                    motet_convolver_level_output(&convolver->levels[i], frame, slot, convolver->impulses[slot], c);
                if (output != NULL) {
                    convolver->kernels->add(convolver->tails[slot][c], output, GRID);
                }
            }
        }
    }
}

/* Before `frame`, a multiple of the grid. */
static void step(motet_convolver *convolver, uint64_t frame) MOTET_NONBLOCKING
{
    const float *const rings[2] = {convolver->rings[0], convolver->rings[1]};
    if (convolver->fading && frame >= convolver->fade_start + convolver->fade_frames) {
        forget(convolver, convolver->playing);
        convolver->playing = 1 - convolver->playing;
        convolver->fading = false;
        take_next(convolver);
        if (convolver->impulses[convolver->playing] == NULL && !convolver->changes) {
            motet_convolver_reset(convolver);
            convolver->fresh = false;
            return;
        }
    }
    for (uint32_t i = 0; i < MOTET_IMPULSE_LEVELS; i++) {
        motet_convolver_level_step(&convolver->levels[i], frame, convolver->impulses, rings, RING - 1);
    }
    gather_tails(convolver, frame);
    if (convolver->changes && !convolver->fading) {
        begin_fade(convolver, frame);
    }
}

static void keep_input(motet_convolver *convolver, float *const channels[2], uint32_t at,
                       uint32_t count) MOTET_NONBLOCKING
{
    for (uint32_t c = 0; c < convolver->channels; c++) {
        assert(c < 2 && channels[c] != NULL);
        memcpy(convolver->rings[c] + at, channels[c], count * sizeof(float));
        if (at >= RING - GRID) {
            memcpy(convolver->rings[c] + at - RING, channels[c], count * sizeof(float));
        }
    }
}

/* What a response is multiplied by: its scale and its share of the crossfade. */
static void make_gains(const motet_convolver *convolver, uint32_t slot, const float *normal, uint64_t frame,
                       float *gains, uint32_t count) MOTET_NONBLOCKING
{
    float more = convolver->impulses[slot]->scale - 1;
    for (uint32_t k = 0; k < count; k++) {
        gains[k] = 1 + normal[k] * more;
    }
    for (uint32_t k = 0; convolver->fading && k < count; k++) {
        uint64_t gone = frame + k - convolver->fade_start;
        double t = gone < convolver->fade_frames ? (double)gone / convolver->fade_frames : 1;
        double in = t * t * (3 - 2 * t);
        gains[k] *= (float)(slot == convolver->playing ? 1 - in : in);
    }
}

/* One response's sound, added to the channels. */
static void add_response(motet_convolver *convolver, uint32_t slot, float *const channels[2], const float *normal,
                         uint64_t frame, uint32_t count) MOTET_NONBLOCKING
{
    float gains[GRID], sum[GRID];
    const motet_impulse *impulse = convolver->impulses[slot];
    const motet_kernels *kernels = convolver->kernels;
    uint32_t at = (uint32_t)(frame % RING);
    make_gains(convolver, slot, normal, frame, gains, count);
    for (uint32_t to = 0; to < convolver->channels; to++) {
        memcpy(sum, convolver->tails[slot][to] + frame % GRID, count * sizeof(float));
        for (uint32_t from = 0; from < convolver->channels; from++) {
            if (impulse->path[to][from] >= 0) {
                const float *head = impulse->heads + (size_t)impulse->path[to][from] * MOTET_IMPULSE_HEAD;
                kernels->add_filtered(sum, convolver->rings[from] + at, head, MOTET_IMPULSE_HEAD, count);
            }
        }
        kernels->scale_ramped(sum, gains, count);
        kernels->add(channels[to], sum, count);
    }
}

static void silence(const motet_convolver *convolver, float *const channels[2], uint32_t count) MOTET_NONBLOCKING
{
    for (uint32_t c = 0; c < convolver->channels; c++) {
        assert(c < 2 && channels[c] != NULL);
        memset(channels[c], 0, count * sizeof(float));
    }
}

/* Frames between two multiples of the grid. */
static void run_piece(motet_convolver *convolver, float *const channels[2], const float *normal, uint64_t frame,
                      uint32_t count) MOTET_NONBLOCKING
{
    keep_input(convolver, channels, (uint32_t)(frame % RING), count);
    silence(convolver, channels, count);
    for (uint32_t slot = 0; slot < SLOTS; slot++) {
        if (convolver->impulses[slot] != NULL && (slot == convolver->playing || convolver->fading)) {
            add_response(convolver, slot, channels, normal, frame, count);
        }
    }
}

void motet_convolver_run(motet_convolver *convolver, float *const channels[2], const float *normal, uint64_t frame,
                         uint32_t count) MOTET_NONBLOCKING
{
    if (!convolver->fresh && frame != convolver->next_frame) {
        motet_convolver_reset(convolver);
    }
    convolver->fresh = false;
    convolver->next_frame = frame + count;
    for (uint32_t done = 0; done < count;) {
        float *const rest[2] = {channels[0] + done, channels[1] != NULL ? channels[1] + done : NULL};
        uint64_t now = frame + done;
        uint32_t to_grid = GRID - (uint32_t)(now % GRID);
        uint32_t piece = count - done < to_grid ? count - done : to_grid;
        done += piece;
        if (convolver->impulses[convolver->playing] == NULL && !convolver->changes) {
            silence(convolver, rest, piece);
            continue;
        }
        run_piece(convolver, rest, normal + done - piece, now, piece);
        if (piece == to_grid) {
            step(convolver, now + piece);
        }
    }
}
