/* What is done with the two sides of a sound: wider and narrower by its middle and sides (M. Gerzon's "shuffling": the
 * middle (L + R) / 2 stays, the difference (L - R) / 2 is scaled), a balance as voices have it, and both sides made
 * one. A sound of one channel has no sides and passes through. */
#include "effects/effects.h"

static size_t no_size(const motet_effect_setup *setup)
{
    (void)setup;
    return 0;
}

static void no_init(void *state, const motet_effect_setup *setup)
{
    (void)state;
    (void)setup;
}

static void no_reset(void *state) MOTET_NONBLOCKING
{
    (void)state;
}

/* --------------------------------------------------------------------------------------------------------- Width */

enum { WIDTH };

static const motet_parameter width_parameters[] = {
    [WIDTH] = {"width", "", 0, 2, 1, MOTET_PARAMETER_LINEAR, NULL,
               "0 is mono, 1 as it was, 2 twice as wide; what is in the middle stays."},
};

static void width_process(void *state, const motet_effect_run *run) MOTET_NONBLOCKING
{
    (void)state;
    if (run->channel_count < 2 || (run->moving[WIDTH] == NULL && run->values[WIDTH] == 1)) {
        return;
    }
    float *left = run->channels[0], *right = run->channels[1];
    for (uint32_t k = 0; k < run->frame_count; k++) {
        float own = 0.5f + 0.5f * motet_effect_value(run, WIDTH, k), other = 1 - own;
        if (own == 1) {
            continue; /* as it is: the sum would lose the sign of a zero */
        }
        float l = left[k], r = right[k];
        left[k] = own * l + other * r;
        right[k] = own * r + other * l;
    }
}

const motet_effect_type motet_effect_width = {
    .name = "width",
    .text = "Makes a stereo sound wider or narrower.",
    .parameters = width_parameters,
    .parameter_count = 1,
    .wet = 1,
    .size = no_size,
    .init = no_init,
    .process = width_process,
    .reset = no_reset,
};

/* ------------------------------------------------------------------------------------------------------- Balance */

enum { BALANCE };

static const motet_parameter balance_parameters[] = {
    [BALANCE] = {"balance", "", -1, 1, 0, MOTET_PARAMETER_LINEAR, NULL,
                 "-1 leaves the left side alone, 1 the right; in between the other one is quieter."},
};

static void balance_process(void *state, const motet_effect_run *run) MOTET_NONBLOCKING
{
    (void)state;
    if (run->channel_count < 2 || (run->moving[BALANCE] == NULL && run->values[BALANCE] == 0)) {
        return;
    }
    for (uint32_t k = 0; k < run->frame_count; k++) {
        float balance = motet_effect_value(run, BALANCE, k);
        run->channels[0][k] *= balance > 0 ? 1 - balance : 1;
        run->channels[1][k] *= balance < 0 ? 1 + balance : 1;
    }
}

const motet_effect_type motet_effect_balance = {
    .name = "balance",
    .text = "Makes one side quieter.",
    .parameters = balance_parameters,
    .parameter_count = 1,
    .wet = 1,
    .size = no_size,
    .init = no_init,
    .process = balance_process,
    .reset = no_reset,
};

/* ---------------------------------------------------------------------------------------------------------- Mono */

enum { SOURCE };

static const char *const sources[] = {"both", "left", "right", NULL};

static const motet_parameter mono_parameters[] = {
    [SOURCE] = {"source", "", 0, 2, 0, MOTET_PARAMETER_STEP, sources,
                "What both sides play: the mean of both, or one of them."},
};

/* Shares of the left side in what is played; the right one has the rest. */
static const float shares[] = {0.5f, 1, 0};

typedef struct mono {
    uint32_t fade_frames; /* of the declick */
    uint32_t fade_at;     /* `fade_frames`: none is under way */
    uint32_t source;
    bool started;
    float from, share;
} mono;

static size_t mono_size(const motet_effect_setup *setup)
{
    (void)setup;
    return sizeof(mono);
}

static void mono_init(void *state, const motet_effect_setup *setup)
{
    mono *m = state;
    m->fade_frames = setup->sample_rate_hz / 100 > 0 ? setup->sample_rate_hz / 100 : 1;
    m->fade_at = m->fade_frames;
}

static void mono_reset(void *state) MOTET_NONBLOCKING
{
    mono *m = state;
    *m = (mono){.fade_frames = m->fade_frames, .fade_at = m->fade_frames};
}

static void mono_choose(mono *m, uint32_t source) MOTET_NONBLOCKING
{
    if (!m->started) {
        m->started = true;
        m->share = shares[source];
    } else if (source != m->source) {
        m->from = m->share;
        m->fade_at = 0;
    }
    m->source = source;
}

static void mono_process(void *state, const motet_effect_run *run) MOTET_NONBLOCKING
{
    mono *m = state;
    if (run->channel_count < 2) {
        return;
    }
    for (uint32_t k = 0; k < run->frame_count; k++) {
        mono_choose(m, (uint32_t)motet_effect_value(run, SOURCE, k));
        if (m->fade_at < m->fade_frames) {
            m->fade_at++;
            float t = (float)m->fade_at / (float)m->fade_frames;
            m->share = m->from + (shares[m->source] - m->from) * (t * t * (3 - 2 * t));
        }
        float both = m->share * run->channels[0][k] + (1 - m->share) * run->channels[1][k];
        run->channels[0][k] = both;
        run->channels[1][k] = both;
    }
}

const motet_effect_type motet_effect_mono = {
    .name = "mono",
    .text = "Plays the same on both sides.",
    .parameters = mono_parameters,
    .parameter_count = 1,
    .wet = 1,
    .size = mono_size,
    .init = mono_init,
    .process = mono_process,
    .reset = mono_reset,
};
