/* The sound of a room: a pause, first reflections from its walls, and a dense tail that dies away as fast as is asked
 * for at low, middle and high frequencies.
 *
 *   in -> line -> predelay -> 4 all-passes -> feedback delay network of 16 lines (dsp/fdn.h) -> late -+-> width -> out
 *           +----> 12 reflections an ear (reverb_early.h) ---------------------------------> early -+
 *
 * The lines' lengths are primes, spread evenly in their logarithm. `modulation` turns pairs of lines into each other by
 * slow angles before they are mixed (S. J. Schlecht and E. A. P. Habets, "Time-varying feedback matrices in feedback
 * delay networks and their application in artificial reverberation", 2015): the modes wander, and no pitch does.
 *
 * All settings are read at multiples of 64 engine frames, a cell, and reached at the end of the cell that follows.
 * Another size or predelay fades over from the old places of reading to the new ones. */
#include "dsp/cell_ring.h"
#include "dsp/math.h"
#include "effects/effects.h"
#include "effects/reverb_early.h"
#include "effects/reverb_presets.h"

#include <math.h>
#include <string.h>

enum { LINES = MOTET_FDN_LINES, CELL = MOTET_CELL, DIFFUSERS = 4, FILTER_STEP = 4 };

#define PREDELAY_MOST_SECONDS 0.5
#define EARLY_MOST_SECONDS 0.25
#define METRES_A_SECOND 343.0
#define SMOOTHING_SECONDS 0.025
#define DECAY_SMOOTHING_SECONDS 0.06 /* longer, as filters go over in steps */
#define FADE_SECONDS 0.06

static const motet_parameter parameters[MOTET_REVERB_PARAMETERS] = {
    [MOTET_REVERB_RT60_SECONDS] = {"rt60_seconds", "s", 0.1f, 20, 1.8f, MOTET_PARAMETER_LOG, NULL,
                                   "Time in which the tail falls by 60 dB, at middle frequencies."},
    [MOTET_REVERB_RT60_LOW] = {"rt60_low", "", 0.1f, 3, 1.15f, MOTET_PARAMETER_LOG, NULL,
                               "The same far below low_hz, in times of rt60_seconds."},
    [MOTET_REVERB_RT60_HIGH] = {"rt60_high", "", 0.05f, 2, 0.5f, MOTET_PARAMETER_LOG, NULL,
                                "The same far above high_hz, in times of rt60_seconds."},
    [MOTET_REVERB_LOW_HZ] = {"low_hz", "Hz", 50, 1000, 250, MOTET_PARAMETER_LOG, NULL,
                             "Where low frequencies begin; here the rate of decay is halfway."},
    [MOTET_REVERB_HIGH_HZ] = {"high_hz", "Hz", 1000, 16000, 4500, MOTET_PARAMETER_LOG, NULL,
                              "Where high frequencies begin; here the rate of decay is halfway."},
    [MOTET_REVERB_SIZE] = {"size", "", 0, 1, 0.55f, MOTET_PARAMETER_LINEAR, NULL,
                           "How large the room is, from a closet to a cathedral; changes no decay."},
    [MOTET_REVERB_PREDELAY_SECONDS] = {"predelay_seconds", "s", 0, (float)PREDELAY_MOST_SECONDS, 0.01f,
                                       MOTET_PARAMETER_LINEAR, NULL, "Time before the room answers."},
    [MOTET_REVERB_EARLY_DB] = {"early_db", "dB", MOTET_VOLUME_MIN_DB, 12, -4, MOTET_PARAMETER_LINEAR, NULL,
                               "Volume of the first reflections, which tell how near the walls are."},
    [MOTET_REVERB_LATE_DB] = {"late_db", "dB", MOTET_VOLUME_MIN_DB, 12, 0, MOTET_PARAMETER_LINEAR, NULL,
                              "Volume of the tail."},
    [MOTET_REVERB_DIFFUSION] = {"diffusion", "", 0, 1, 0.8f, MOTET_PARAMETER_LINEAR, NULL,
                                "How soon the tail is dense; with little, single echoes are heard in its beginning."},
    [MOTET_REVERB_WIDTH] = {"width", "", 0, 1, 1, MOTET_PARAMETER_LINEAR, NULL, "From the middle to all of the stage."},
    [MOTET_REVERB_MODULATION] = {"modulation", "", 0, 1, 0.5f, MOTET_PARAMETER_LINEAR, NULL,
                                 "How much the tail's own tones wander, against ringing."},
};

/* Parameters that are followed with a time constant, on a scale of their own. */
enum { RT60, LOW, HIGH, LOW_HZ, HIGH_HZ, DIFFUSION, WIDTH, MODULATION, EARLY, LATE, SMOOTHED };

/* A value that goes evenly through a cell. */
typedef struct ramp {
    float now, step, next;
} ramp;

/* Places of reading. */
typedef struct places {
    uint32_t lines[LINES];
    uint32_t predelay;
    uint32_t early[2][MOTET_EARLY_TAPS];
} places;

typedef struct reverb {
    motet_fdn_state network;
    motet_fdn_filters filters, from_filters, to_filters;
    const motet_kernels *kernels;
    double sample_rate, follow, follow_decay;
    uint32_t channels, fade_cells, turn_frames[2];
    bool started, filters_move;

    float seen[MOTET_REVERB_PARAMETERS]; /* as they were read last */
    double wanted[SMOOTHED], followed[SMOOTHED];
    places now, next;
    uint32_t fade; /* from `now` to `next`: the cell that is under way, 1 ... fade_cells; 0: none is */
    ramp early, late, feed, side, diffusion[2][DIFFUSERS], cosine[2], sine[2];

    motet_early_pattern pattern;
    uint32_t diffuser_frames[2][DIFFUSERS];
    motet_cell_ring input[2], diffusers[2][DIFFUSERS], lines[LINES];
} reverb;

/* -------------------------------------------------------------------------------------------------------- Places */

static uint32_t whole_frames(double seconds, double sample_rate) MOTET_NONBLOCKING
{
    return (uint32_t)(seconds * sample_rate + 0.5);
}

static bool is_prime(uint32_t number) MOTET_NONBLOCKING
{
    for (uint32_t divisor = 3; divisor * divisor <= number; divisor += 2) {
        if (number % divisor == 0) {
            return false;
        }
    }
    return number % 2 == 1;
}

/* Different primes from CELL on, ascending. */
static void place_lines(uint32_t lines[LINES], double size, double sample_rate) MOTET_NONBLOCKING
{
    const double shortest_seconds = 0.012, octaves_of_size = 2.3, octaves_of_lines = 1.45;
    uint32_t before = CELL;
    for (int i = 0; i < LINES; i++) {
        double octaves = octaves_of_size * size + octaves_of_lines * i / (LINES - 1);
        uint32_t frames = whole_frames(shortest_seconds * motet_exp2(octaves), sample_rate);
        frames = frames > before ? frames : before + 1;
        while (!is_prime(frames)) {
            frames++;
        }
        lines[i] = before = frames;
    }
}

static places places_of(const reverb *r, double size, double predelay) MOTET_NONBLOCKING
{
    const double shortest_room_metres = 2.5, octaves_of_size = 3.7;
    places at;
    place_lines(at.lines, size, r->sample_rate);
    at.predelay = whole_frames(predelay, r->sample_rate);
    double seconds_a_path = shortest_room_metres * motet_exp2(octaves_of_size * size) / METRES_A_SECOND;
    for (int ear = 0; ear < 2; ear++) {
        for (int i = 0; i < MOTET_EARLY_TAPS; i++) {
            double seconds = seconds_a_path * r->pattern.taps[ear][i].path;
            seconds = seconds < EARLY_MOST_SECONDS ? seconds : EARLY_MOST_SECONDS;
            at.early[ear][i] = whole_frames(predelay + seconds, r->sample_rate);
        }
    }
    return at;
}

/* --------------------------------------------------------------------------------------------------------- Rings */

/* Calls `each` on all rings with the delay that they must hold; used to count, to hand out and to clear. */
typedef void ring_fn(void *context, motet_cell_ring *each, uint32_t delay) MOTET_NONBLOCKING;

static void go_through_rings(reverb *r, ring_fn *each, void *context) MOTET_NONBLOCKING
{
    uint32_t longest[LINES];
    place_lines(longest, 1, r->sample_rate);
    for (int i = 0; i < LINES; i++) {
        each(context, &r->lines[i], longest[LINES - 1]);
    }
    for (uint32_t c = 0; c < 2; c++) {
        each(context, &r->input[c], whole_frames(PREDELAY_MOST_SECONDS + EARLY_MOST_SECONDS, r->sample_rate) + 1);
        for (int i = 0; i < DIFFUSERS; i++) {
            each(context, &r->diffusers[c][i], r->diffuser_frames[c][i]);
        }
    }
}

static void count_ring(void *context, motet_cell_ring *each, uint32_t delay) MOTET_NONBLOCKING
{
    size_t *samples = context;
    (void)each;
    *samples += motet_cell_ring_capacity(delay) + CELL;
}

static void place_ring(void *context, motet_cell_ring *each, uint32_t delay) MOTET_NONBLOCKING
{
    float **samples = context;
    each->capacity = motet_cell_ring_capacity(delay);
    each->samples = *samples;
    *samples += each->capacity + CELL;
}

static void clear_ring(void *context, motet_cell_ring *each, uint32_t delay) MOTET_NONBLOCKING
{
    const uint32_t *write = context;
    (void)delay;
    memset(each->samples, 0, (each->capacity + CELL) * sizeof(float));
    each->write = *write;
}

static void set_rate(reverb *r, const motet_effect_setup *setup)
{
    static const double diffuser_seconds[2][DIFFUSERS] = {{0.0019, 0.0031, 0.0047, 0.0079},
                                                          {0.0021, 0.0029, 0.0051, 0.0073}};
    static const double turns_a_second[2] = {0.71, 0.43};
    r->kernels = setup->kernels;
    r->channels = setup->channels;
    r->sample_rate = setup->sample_rate_hz;
    r->follow = CELL / (SMOOTHING_SECONDS * r->sample_rate + CELL);
    r->follow_decay = CELL / (DECAY_SMOOTHING_SECONDS * r->sample_rate + CELL);
    r->fade_cells = whole_frames(FADE_SECONDS, r->sample_rate) / CELL + 1;
    for (int c = 0; c < 2; c++) {
        r->turn_frames[c] = whole_frames(1 / turns_a_second[c], r->sample_rate) + 1;
        for (int i = 0; i < DIFFUSERS; i++) {
            uint32_t frames = whole_frames(diffuser_seconds[c][i], r->sample_rate);
            r->diffuser_frames[c][i] = frames > CELL ? frames : CELL + (uint32_t)i;
        }
    }
}

static size_t size(const motet_effect_setup *setup)
{
    reverb counted = {0};
    size_t samples = 0;
    set_rate(&counted, setup);
    go_through_rings(&counted, count_ring, &samples);
    return sizeof(reverb) + samples * sizeof(float);
}

static void init(void *state, const motet_effect_setup *setup)
{
    reverb *r = state;
    float *samples = (float *)(r + 1);
    set_rate(r, setup);
    motet_early_pattern_make(&r->pattern);
    go_through_rings(r, place_ring, &samples);
}

static void reset(void *state) MOTET_NONBLOCKING
{
    reverb *r = state;
    uint32_t write = 0;
    go_through_rings(r, clear_ring, &write);
    memset(&r->network, 0, sizeof r->network);
    r->fade = 0;
    r->started = false;
}

/* -------------------------------------------------------------------------------------------------------- Settings */

static double log2_of(const float *values, motet_reverb_parameter parameter) MOTET_NONBLOCKING
{
    return motet_log2((double)values[parameter]);
}

/* Takes over what is asked for; whether the places of reading may be other ones. */
static bool take_values(reverb *r, const float values[MOTET_REVERB_PARAMETERS]) MOTET_NONBLOCKING
{
    bool moved = values[MOTET_REVERB_SIZE] != r->seen[MOTET_REVERB_SIZE] ||
                 values[MOTET_REVERB_PREDELAY_SECONDS] != r->seen[MOTET_REVERB_PREDELAY_SECONDS];
    memcpy(r->seen, values, sizeof r->seen);
    r->wanted[RT60] = log2_of(values, MOTET_REVERB_RT60_SECONDS);
    r->wanted[LOW] = log2_of(values, MOTET_REVERB_RT60_LOW);
    r->wanted[HIGH] = log2_of(values, MOTET_REVERB_RT60_HIGH);
    r->wanted[LOW_HZ] = log2_of(values, MOTET_REVERB_LOW_HZ);
    r->wanted[HIGH_HZ] = log2_of(values, MOTET_REVERB_HIGH_HZ);
    r->wanted[DIFFUSION] = (double)values[MOTET_REVERB_DIFFUSION];
    r->wanted[WIDTH] = (double)values[MOTET_REVERB_WIDTH];
    r->wanted[MODULATION] = (double)values[MOTET_REVERB_MODULATION];
    r->wanted[EARLY] = motet_db_to_gain((double)values[MOTET_REVERB_EARLY_DB]);
    r->wanted[LATE] = motet_db_to_gain((double)values[MOTET_REVERB_LATE_DB]);
    return moved;
}

/* Whether the decay has changed. */
static bool follow_values(reverb *r) MOTET_NONBLOCKING
{
    const double there = 1e-5;
    bool decay = false;
    for (int i = 0; i < SMOOTHED; i++) {
        double distance = r->wanted[i] - r->followed[i];
        if (distance != 0) {
            double follow = i <= HIGH_HZ ? r->follow_decay : r->follow;
            r->followed[i] = fabs(distance) < there ? r->wanted[i] : r->followed[i] + follow * distance;
            decay = decay || i <= HIGH_HZ;
        }
    }
    return decay;
}

/* Another size or predelay: fades over, one change after the other. */
static void move_places(reverb *r) MOTET_NONBLOCKING
{
    if (r->fade > 0 && r->fade < r->fade_cells) {
        r->fade++;
        return;
    }
    r->now = r->next;
    r->fade = 0;
    places wanted = places_of(r, (double)r->seen[MOTET_REVERB_SIZE], (double)r->seen[MOTET_REVERB_PREDELAY_SECONDS]);
    if (memcmp(&wanted, &r->now, sizeof wanted) != 0) {
        r->next = wanted;
        r->fade = 1;
    }
}

static double smooth(double t) MOTET_NONBLOCKING
{
    return t * t * (3 - 2 * t);
}

/* The lines' lengths at the end of the cell, as far as the fade has come. */
static void lengths_of(const reverb *r, uint32_t lengths[LINES]) MOTET_NONBLOCKING
{
    double share = smooth((double)r->fade / r->fade_cells);
    for (int i = 0; i < LINES; i++) {
        double now = r->now.lines[i], next = r->next.lines[i];
        lengths[i] = (uint32_t)(now + share * (next - now) + 0.5);
    }
}

static void design(reverb *r, motet_fdn_filters *filters) MOTET_NONBLOCKING
{
    uint32_t lengths[LINES];
    lengths_of(r, lengths);
    motet_fdn_decay decay = {
        .mid_seconds = motet_exp2(r->followed[RT60]),
        .low_seconds = motet_exp2(r->followed[RT60] + r->followed[LOW]),
        .high_seconds = motet_exp2(r->followed[RT60] + r->followed[HIGH]),
        .low_hz = motet_exp2(r->followed[LOW_HZ]),
        .high_hz = motet_exp2(r->followed[HIGH_HZ]),
    };
    motet_fdn_design(filters, lengths, &decay, r->sample_rate);
}

static void aim(ramp *at, double value, bool at_once) MOTET_NONBLOCKING
{
    at->now = at_once ? (float)value : at->next;
    at->next = (float)value;
    at->step = (at->next - at->now) * (1.0f / CELL);
}

/* Where an angle is at an engine frame. */
static double angle_turns(const reverb *r, int group, uint64_t frame) MOTET_NONBLOCKING
{
    const double most_turns = 0.5;
    double phase = (double)(frame % r->turn_frames[group]) / r->turn_frames[group];
    return most_turns * r->followed[MODULATION] * motet_sin_turns(phase);
}

/* Values at the end of the cell that begins at `frame` or, at_once, everywhere in it. */
static void aim_ramps(reverb *r, uint64_t frame, bool at_once) MOTET_NONBLOCKING
{
    const double longest_diffuser = 0.5, log2_of_60_db = -9.96578428466208704362;
    double seconds = motet_exp2(r->followed[RT60]), mean = 0;
    double shortest = r->followed[HIGH] < 0 ? seconds * motet_exp2(r->followed[HIGH]) : seconds;
    for (int i = 0; i < LINES; i++) {
        mean += (double)r->next.lines[i] / r->sample_rate / LINES;
    }
    /* Rings as loudly however long and in whatever lines: each pass keeps the share p of the energy, and all that come
     * out of an impulse are p / (1 - p) of it. */
    double kept = motet_exp2(2 * log2_of_60_db * (mean < seconds ? mean / seconds : 1));
    double energy = kept < 0.2 ? 4 : (1 - kept) / kept;
    aim(&r->feed, sqrt(0.5 * energy), at_once);
    aim(&r->early, r->followed[EARLY], at_once);
    aim(&r->late, r->followed[LATE], at_once);
    aim(&r->side, r->followed[WIDTH], at_once);
    for (int c = 0; c < 2; c++) {
        for (int i = 0; i < DIFFUSERS; i++) {
            /* An all-pass rings by itself: shorter than the tail. */
            double pass = (double)r->diffuser_frames[c][i] / r->sample_rate / (longest_diffuser * shortest);
            double most = pass < 12 ? motet_exp2(log2_of_60_db * pass) : 0;
            double gain = 0.7 * r->followed[DIFFUSION];
            aim(&r->diffusion[c][i], gain < most ? gain : most, at_once);
        }
        double turns = r->followed[MODULATION] == 0 ? 0 : angle_turns(r, c, frame + (at_once ? 0 : CELL));
        aim(&r->cosine[c], turns == 0 ? 1 : motet_cos_turns(turns), at_once);
        aim(&r->sine[c], turns == 0 ? 0 : motet_sin_turns(turns), at_once);
    }
}

static void start(reverb *r, const float *values, uint64_t frame) MOTET_NONBLOCKING
{
    uint32_t write = (uint32_t)(frame % CELL);
    r->started = true;
    take_values(r, values);
    memcpy(r->followed, r->wanted, sizeof r->followed);
    r->now = r->next = places_of(r, (double)values[MOTET_REVERB_SIZE], (double)values[MOTET_REVERB_PREDELAY_SECONDS]);
    r->fade = 0;
    design(r, &r->filters);
    r->to_filters = r->filters;
    r->filters_move = false;
    aim_ramps(r, frame, true);
    for (int i = 0; i < LINES; i++) {
        r->lines[i].write = write;
    }
    for (int c = 0; c < 2; c++) {
        r->input[c].write = write;
        for (int i = 0; i < DIFFUSERS; i++) {
            r->diffusers[c][i].write = write;
        }
    }
}

static void begin_cell(reverb *r, const float *values, uint64_t frame) MOTET_NONBLOCKING
{
    bool places_changed = take_values(r, values);
    bool redesign = follow_values(r) || r->fade > 0;
    if (places_changed || r->fade > 0) {
        move_places(r);
    }
    r->filters_move = redesign || r->fade > 0;
    r->filters = r->to_filters;
    if (r->filters_move) {
        r->from_filters = r->filters;
        design(r, &r->to_filters);
    }
    aim_ramps(r, frame, false);
    motet_fdn_settle(&r->network);
}

/* Filters go over in steps of a few frames, each a mean of two good ones. */
static void step_filters(reverb *r, uint32_t frame_in_cell) MOTET_NONBLOCKING
{
    float share = (float)(frame_in_cell / FILTER_STEP + 1) * ((float)FILTER_STEP / CELL);
    const float *from = (const float *)&r->from_filters, *to = (const float *)&r->to_filters;
    float *at = (float *)&r->filters;
    for (size_t i = 0; i < sizeof r->filters / sizeof *at; i++) {
        at[i] = from[i] + share * (to[i] - from[i]);
    }
}

/* --------------------------------------------------------------------------------------------------------- Sound */

typedef float block[CELL];

static void write_ramp(block out, ramp at, uint32_t first, uint32_t count) MOTET_NONBLOCKING
{
    for (uint32_t k = 0; k < count; k++) {
        out[k] = at.now + at.step * (float)(int32_t)(first + k);
    }
}

static void fade_over(float *out, const float *from, const float *to, const block share,
                      uint32_t count) MOTET_NONBLOCKING
{
    for (uint32_t k = 0; k < count; k++) {
        out[k] = from[k] + share[k] * (to[k] - from[k]);
    }
}

static void write_shares(const reverb *r, block shares, uint32_t first, uint32_t count) MOTET_NONBLOCKING
{
    for (uint32_t k = 0; k < count && r->fade > 0; k++) {
        double done = (double)((r->fade - 1) * CELL + first + k + 1);
        shares[k] = (float)smooth(done / ((double)r->fade_cells * CELL));
    }
}

/* What enters the network: delayed, as loud as it must be, diffused. */
static void feed(reverb *r, block in[2], const block shares, uint32_t first, uint32_t count) MOTET_NONBLOCKING
{
    for (uint32_t c = 0; c < 2; c++) {
        const motet_cell_ring *from = &r->input[c < r->channels ? c : 0];
        const float *delayed = motet_cell_ring_read(from, r->now.predelay);
        block faded;
        if (r->fade > 0) {
            fade_over(faded, delayed, motet_cell_ring_read(from, r->next.predelay), shares, count);
            delayed = faded;
        }
        r->kernels->slope_run(in[c], delayed, r->feed.now, r->feed.step, first, count);
        for (int i = 0; i < DIFFUSERS; i++) {
            motet_cell_ring *line = &r->diffusers[c][i];
            ramp gain = r->diffusion[c][i];
            r->kernels->allpass_run(in[c], motet_cell_ring_read(line, r->diffuser_frames[c][i]),
                                    motet_cell_ring_place(line), gain.now, gain.step, first, count);
            motet_cell_ring_wrote(line, count);
        }
    }
}

static void run_network(reverb *r, block in[2], block out[2], const block shares, uint32_t first,
                        uint32_t count) MOTET_NONBLOCKING
{
    block cosine[2], sine[2], faded[LINES];
    motet_fdn_cell cell = {.in = {in[0], in[1]}, .out = {out[0], out[1]}, .count = count};
    for (int c = 0; c < 2; c++) {
        write_ramp(cosine[c], r->cosine[c], first, count);
        write_ramp(sine[c], r->sine[c], first, count);
        cell.cosine[c] = cosine[c];
        cell.sine[c] = sine[c];
    }
    for (int i = 0; i < LINES; i++) {
        cell.read[i] = motet_cell_ring_read(&r->lines[i], r->now.lines[i]);
        cell.write[i] = motet_cell_ring_place(&r->lines[i]);
        if (r->fade > 0) {
            fade_over(faded[i], cell.read[i], motet_cell_ring_read(&r->lines[i], r->next.lines[i]), shares, count);
            cell.read[i] = faded[i];
        }
    }
    r->kernels->fdn_run(&r->filters, &r->network, &cell);
    for (int i = 0; i < LINES; i++) {
        motet_cell_ring_wrote(&r->lines[i], count);
    }
}

static void reflect(const reverb *r, const places *at, uint32_t ear, block out, uint32_t count) MOTET_NONBLOCKING
{
    memset(out, 0, count * sizeof(float));
    for (int i = 0; i < MOTET_EARLY_TAPS; i++) {
        const motet_early_tap *tap = &r->pattern.taps[ear][i];
        const motet_cell_ring *from = &r->input[tap->input < r->channels ? tap->input : 0];
        r->kernels->tap_add(out, motet_cell_ring_read(from, at->early[ear][i]), tap->gain, count);
    }
}

static void run_early(const reverb *r, uint32_t ear, block early, const block shares, uint32_t count) MOTET_NONBLOCKING
{
    block later;
    if (r->early.now == 0 && r->early.next == 0) {
        memset(early, 0, count * sizeof(float));
        return;
    }
    reflect(r, &r->now, ear, early, count);
    if (r->fade > 0) {
        reflect(r, &r->next, ear, later, count);
        fade_over(early, early, later, shares, count);
    }
}

/* `count` frames of one cell, and while the filters move of one of their steps. */
static void process_some(reverb *r, float *left, float *right, uint32_t first, uint32_t count) MOTET_NONBLOCKING
{
    block shares, in[2], late[2], early[2], unheard;
    memcpy(motet_cell_ring_place(&r->input[0]), left, count * sizeof(float));
    memcpy(motet_cell_ring_place(&r->input[1]), right, count * sizeof(float));
    motet_cell_ring_repeat(&r->input[0], count); /* now, as delays shorter than a cell are read from it */
    motet_cell_ring_repeat(&r->input[1], count);
    if (r->filters_move) {
        step_filters(r, first);
    }
    write_shares(r, shares, first, count);
    feed(r, in, shares, first, count);
    run_network(r, in, late, shares, first, count);
    run_early(r, 0, early[0], shares, count);
    run_early(r, 1, early[1], shares, count);
    motet_room_blend blend = {
        .late = {late[0], late[1]},
        .early = {early[0], early[1]},
        .late_now = r->late.now,
        .late_step = r->late.step,
        .early_now = r->early.now,
        .early_step = r->early.step,
        .side_now = r->side.now,
        .side_step = r->side.step,
        .first = first,
        .count = count,
    };
    r->kernels->room_blend(left, r->channels == 2 ? right : unheard, &blend);
    motet_cell_ring_go_on(&r->input[0], count);
    motet_cell_ring_go_on(&r->input[1], count);
}

static void process(void *state, const motet_effect_run *run) MOTET_NONBLOCKING
{
    reverb *r = state;
    if (!r->started) {
        start(r, run->values, run->frame);
    }
    uint32_t count;
    for (uint32_t done = 0; done < run->frame_count; done += count) {
        uint32_t first = (uint32_t)((run->frame + done) % CELL);
        if (first == 0) {
            float values[MOTET_REVERB_PARAMETERS];
            for (uint32_t i = 0; i < MOTET_REVERB_PARAMETERS; i++) {
                values[i] = motet_effect_value(run, i, done);
            }
            begin_cell(r, values, run->frame + done);
        }
        uint32_t whole = r->filters_move ? FILTER_STEP - first % FILTER_STEP : CELL - first;
        count = run->frame_count - done < whole ? run->frame_count - done : whole;
        float *left = run->channels[0] + done;
        process_some(r, left, run->channel_count == 2 ? run->channels[1] + done : left, first, count);
    }
}

static double longest_seconds(double seconds, double low, double high) MOTET_NONBLOCKING
{
    double most = low > high ? low : high;
    return seconds * (most > 1 ? most : 1);
}

static double tail_seconds(const void *state, const float *values) MOTET_NONBLOCKING
{
    const reverb *r = state;
    double longest = longest_seconds((double)values[MOTET_REVERB_RT60_SECONDS], (double)values[MOTET_REVERB_RT60_LOW],
                                     (double)values[MOTET_REVERB_RT60_HIGH]);
    if (r->started) {
        double followed =
            longest_seconds(motet_exp2(r->followed[RT60]), motet_exp2(r->followed[LOW]), motet_exp2(r->followed[HIGH]));
        longest = followed > longest ? followed : longest;
    }
    return 2.2 * longest + 1 + PREDELAY_MOST_SECONDS;
}

const motet_effect_type motet_effect_reverb = {
    .name = "reverb",
    .text = "The sound of a room, from a closet to a cathedral.",
    .parameters = parameters,
    .parameter_count = MOTET_REVERB_PARAMETERS,
    .wet = 0.3f,
    .size = size,
    .init = init,
    .process = process,
    .reset = reset,
    .tail_seconds = tail_seconds,
};
