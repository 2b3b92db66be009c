/* How good and how cheap the filters, dynamics and distortions are: measured through the effects themselves, beside the
 * figures to reach.
 *
 *     make effects_filters
 *
 * The program fails when a quality misses its mark; the marks of costs are for a look. */
#include "dsp/kernels.h"
#include "motet/effect.h"
#include "support/cookbook.h"

#include <complex.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { RATE = 48000, BLOCK = 512, LONGEST = 30 * RATE };

static const double PI = 3.14159265358979323846;

static bool failed;

static const char *verdict(bool good)
{
    failed = failed || !good;
    return good ? "" : "   <-- missed";
}

/* ------------------------------------------------------------------------------------------------------ An effect */

typedef struct unit {
    const motet_effect_type *type;
    void *state;
    uint32_t channels;
    uint64_t frame;
    float values[MOTET_MAX_PARAMETERS];
} unit;

typedef struct setting {
    const char *name; /* NULL: none further */
    double value;
} setting;

static unit open_unit(const char *type, uint32_t channels, const setting *settings)
{
    unit u = {.type = motet_effect_type_find(type), .channels = channels};
    for (uint32_t i = 0; i < u.type->parameter_count; i++) {
        u.values[i] = u.type->parameters[i].initial;
        for (const setting *s = settings; s != NULL && s->name != NULL; s++) {
            if (strcmp(s->name, u.type->parameters[i].name) == 0) {
                u.values[i] = (float)s->value;
            }
        }
    }
    motet_effect_setup setup = {RATE, channels, u.values, motet_kernels_choose(NULL)};
    size_t size = (u.type->size(&setup) + 64) / 64 * 64;
    u.state = aligned_alloc(64, size);
    if (u.state == NULL) {
        exit(1);
    }
    memset(u.state, 0, size);
    u.type->init(u.state, &setup);
    return u;
}

static void close_unit(unit *u)
{
    free(u->state);
}

static void run_unit(unit *u, float *left, float *right, const float *key, uint32_t count)
{
    static const float *const standing[MOTET_MAX_PARAMETERS];
    for (uint32_t at = 0; at < count; at += BLOCK) {
        motet_effect_run run = {.channels = {left + at, right != NULL ? right + at : NULL},
                                .channel_count = u->channels,
                                .frame_count = count - at < BLOCK ? count - at : BLOCK,
                                .frame = u->frame,
                                .values = u->values,
                                .moving = standing};
        run.key[0] = run.key[1] = key != NULL ? key + at : NULL;
        u->type->process(u->state, &run);
        u->frame += run.frame_count;
    }
}

/* -------------------------------------------------------------------------------------------------------- Filters */

static float response[LONGEST];

static double worst_response(const char *type, double cutoff_hz, double q, double gain_db)
{
    setting settings[] = {{"cutoff_hz", cutoff_hz}, {"q", q}, {"gain_db", gain_db}, {NULL, 0}};
    unit u = open_unit(type, 1, settings);
    uint32_t frames = (uint32_t)(u.type->tail_seconds(u.state, u.values) * RATE) + 10;
    frames = frames < LONGEST ? frames : LONGEST;
    memset(response, 0, frames * sizeof *response);
    response[0] = 1;
    run_unit(&u, response, NULL, NULL, frames);
    close_unit(&u);
    double worst = 0;
    for (int i = 0; i < 32; i++) {
        double hz = 10 * pow(0.4 * RATE / 10, i / 31.0);
        double expected = cookbook_db(type, cutoff_hz, q, gain_db, RATE, hz);
        if (expected > -80) {
            worst = fmax(worst, fabs(response_db(response, frames, RATE, hz) - expected));
        }
    }
    return worst;
}

static void measure_filters(void)
{
    static const char *const types[] = {"lowpass", "highpass", "bandpass", "notch", "peak", "lowshelf", "highshelf"};
    static const double cutoffs[] = {10, 40, 200, 1000, 4000, 10000, 16000, 22000};
    static const double qs[] = {0.1, 0.5, 0.70710678, 2, 8};
    static const double gains[] = {-24, -6, 3, 24};
    printf("Responses against the cookbook's, 10 Hz ... 0.8 Nyquist, down to -80 dB; cutoffs 10 Hz ... 22 kHz, q 0.1 "
           "... 8,\n"
           "gains -24 ... 24 dB, at %d Hz. Mark: 0.1 dB\n",
           RATE);
    for (int t = 0; t < 7; t++) {
        double worst = 0;
        for (int i = 0; i < 8 * 5 * (t < 4 ? 1 : 4); i++) {
            worst = fmax(worst, worst_response(types[t], cutoffs[i % 8], qs[i / 8 % 5], gains[i / 40]));
        }
        printf("  %-10s worst %.5f dB%s\n", types[t], worst, verdict(worst <= 0.1));
    }
}

/* ------------------------------------------------------------------------------------------------------- Dynamics */

static float key[8 * RATE], gains_db[8 * RATE];

/* The gain, in decibels, for a key of a 1 kHz tone whose level changes. */
static void take_gains(const char *type, const setting *settings, double first_db, uint32_t change, double then_db,
                       uint32_t count)
{
    unit u = open_unit(type, 1, settings);
    for (uint32_t k = 0; k < count; k++) {
        key[k] = (float)(pow(10, (k < change ? first_db : then_db) / 20) * sin(2 * PI * 1000 * k / RATE));
        gains_db[k] = 1;
    }
    run_unit(&u, gains_db, NULL, key, count);
    close_unit(&u);
    for (uint32_t k = 0; k < count; k++) {
        gains_db[k] = (float)(20 * log10((double)gains_db[k] + 1e-30));
    }
}

static double compressed_db(double over, double ratio, double knee)
{
    double slope = 1 / ratio - 1;
    return 2 * over <= -knee ? 0 : 2 * over < knee ? slope * pow(over + knee / 2, 2) / (2 * knee) : slope * over;
}

static void measure_curves(void)
{
    static const double knees[] = {0, 6, 24}, ratios[] = {1.5, 4, 100};
    static const char *const detectors[] = {"peak", "rms"};
    printf("\nStatic curves, tones of 1 kHz at -60 ... 6 dB, threshold -20 dB. Mark: 0.1 dB\n");
    for (int detector = 0; detector < 2; detector++) {
        double worst = 0;
        for (int i = 0; i < 9; i++) {
            setting settings[] = {{"threshold_db", -20},
                                  {"knee_db", knees[i % 3]},
                                  {"ratio", ratios[i / 3]},
                                  {"detector", detector},
                                  {NULL, 0}};
            for (double level = -60; level <= 6; level += 3) {
                take_gains("compressor", settings, level, 0, level, RATE);
                double seen = detector == 1 ? level - 3.0103 : level;
                double expected = compressed_db(seen + 20, ratios[i / 3], knees[i % 3]);
                worst = fmax(worst, fabs((double)gains_db[RATE - 1] - expected));
            }
        }
        printf("  compressor %-5s worst %.4f dB%s\n", detectors[detector], worst, verdict(worst <= 0.1));
    }
    double worst = 0;
    for (double ratio = 1.5; ratio < 100; ratio *= 4) {
        setting settings[] = {{"threshold_db", -20}, {"ratio", ratio}, {"range_db", 70}, {NULL, 0}};
        for (double level = -75; level <= 0; level += 5) {
            take_gains("gate", settings, level, 0, level, 2 * RATE);
            double expected = -fmax(0, fmin(70, (-20 - level) * (ratio - 1)));
            worst = fmax(worst, fabs((double)gains_db[2 * RATE - 1] - expected));
        }
    }
    printf("  gate             worst %.4f dB%s\n", worst, verdict(worst <= 0.1));
}

static void measure_time(const char *type, const char *parameter, double seconds, bool rises, double delay)
{
    setting settings[] = {{"threshold_db", -30},     {"knee_db", 0}, {"hold_seconds", 0}, {"attack_seconds", 0.001},
                          {"release_seconds", 0.02}, {NULL, 0}};
    settings[strcmp(parameter, "attack_seconds") == 0 ? 3 : 4].value = seconds;
    uint32_t change = RATE, count = change + (uint32_t)(12 * seconds * RATE) + 4800;
    take_gains(type, settings, rises ? -60 : 0, change, rises ? 0 : -60, count);
    double from = (double)gains_db[change - 1], to = (double)gains_db[count - 1];
    uint32_t k = change;
    while (k < count && fabs((double)gains_db[k] - from) < fabs(to - from) * (1 - exp(-1))) {
        k++;
    }
    double heard = (double)(k - change) / RATE - delay;
    printf("  %-10s %-16s %6.3f s asked, %8.5f s measured, %+5.2f %%%s\n", type, parameter, seconds, heard,
           100 * (heard / seconds - 1), verdict(fabs(heard / seconds - 1) <= 0.05));
}

static void measure_times(void)
{
    printf("\nAttack and release: 63 %% of the decibels; releases count from the end of the detector's 5 ms. Mark: 5 "
           "%%\n");
    for (int i = 0; i < 3; i++) {
        static const double seconds[] = {0.01, 0.1, 0.5};
        measure_time("compressor", "attack_seconds", seconds[i], true, 0.00025); /* a quarter of a period to its peak */
        measure_time("compressor", "release_seconds", seconds[i], false, 0.005);
        measure_time("gate", "attack_seconds", seconds[i], true, 0);
        measure_time("gate", "release_seconds", seconds[i], false, 0.005);
    }
}

/* -------------------------------------------------------------------------------------------------------- Limiter */

/* Four points to a frame: by the table of ITU-R BS.1770-4's Annex 2 (its other two phases are these backwards), or by a
 * sinc of `half` frames to each side in a Hann window. */
static double peak_db(const float *x, uint32_t count, int points, int half)
{
    static const double itu[2][12] = {
        {0.0017089843750, 0.0109863281250, -0.0196533203125, 0.0332031250000, -0.0594482421875, 0.1373291015625,
         0.9721679687500, -0.1022949218750, 0.0476074218750, -0.0266113281250, 0.0148925781250, -0.0083007812500},
        {-0.0291748046875, 0.0292968750000, -0.0517578125000, 0.0891113281250, -0.1665039062500, 0.4650878906250,
         0.7797851562500, -0.2003173828125, 0.1015625000000, -0.0582275390625, 0.0330810546875, -0.0189208984375}};
    double taps[256], peak = 0;
    int length = half == 0 ? 12 : 2 * half;
    for (int p = 0; p < points; p++) {
        for (int i = 0; i < length; i++) {
            double t = i - half + (double)p / points;
            taps[i] = half == 0 ? (p < 2 ? itu[p][i] : itu[3 - p][11 - i])
                                : (fabs(t) < 1e-9 ? 1 : sin(PI * t) / (PI * t)) * 0.5 * (1 + cos(PI * t / half));
        }
        for (uint32_t k = (uint32_t)length; k < count; k++) {
            double y = 0;
            for (int i = 0; i < length; i++) {
                y += taps[i] * (double)x[(int)k - i];
            }
            peak = fmax(peak, fabs(y));
        }
    }
    return 20 * log10(peak);
}

static double noise(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return (double)(*seed >> 8) * 0x1p-23 - 1;
}

static double nasty(int which, uint32_t k, uint32_t *seed)
{
    double n = noise(seed) + noise(seed) + noise(seed);
    switch (which) {
    case 0: return k % 1000 < 500 ? 1 : -1;
    case 1: return sin(PI / 2 * k + PI / 4);
    case 2: return k / 3000 % 2 == 0 ? 2 * sin(PI / 2 * k + 0.98) : 0;
    case 3: return fmax(-1, fmin(1, 3 * n));
    case 4: return k % 997 == 0 ? 4 : 0.05 * n;
    default: return 2 * sin(2 * PI * 19001.3 * k / RATE);
    }
}

static void measure_limiter(void)
{
    static const char *const names[] = {"full-scale steps", "tone at fs/4", "bursts of fs/4",
                                        "clipped noise",    "clicks",       "19 kHz"};
    static float left[RATE], right[RATE];
    printf("\nTrue peaks above the ceiling of -1 dB, signals 3.5 dB over full scale. Mark: 0.1 dB by ITU-R BS.1770-4's "
           "filter\n"
           "  %-18s %9s %14s %14s\n",
           "", "BS.1770-4", "sinc, 24 taps", "32 x, 96 taps");
    for (int which = 0; which < 6; which++) {
        uint32_t seed = 7;
        setting settings[] = {{"ceiling_db", -1}, {NULL, 0}};
        unit u = open_unit("limiter", 2, settings);
        for (uint32_t k = 0; k < RATE; k++) {
            left[k] = (float)(1.5 * nasty(which, k, &seed));
            right[k] = 0.3f * left[k];
        }
        run_unit(&u, left, right, NULL, RATE);
        close_unit(&u);
        double by_itu = peak_db(left, RATE, 4, 0) + 1;
        printf("  %-18s %+9.3f %+14.3f %+14.3f%s\n", names[which], by_itu, peak_db(left, RATE, 4, 12) + 1,
               peak_db(left, RATE, 32, 48) + 1, verdict(by_itu <= 0.1));
    }
    double worst = 0;
    for (double level = -30; level <= 12; level += 3) {
        setting settings[] = {{"ceiling_db", -6}, {NULL, 0}};
        unit u = open_unit("limiter", 2, settings);
        for (uint32_t k = 0; k < RATE; k++) {
            left[k] = right[k] = (float)(pow(10, level / 20) * sin(2 * PI * 997 * k / RATE));
        }
        run_unit(&u, left, right, NULL, RATE);
        close_unit(&u);
        worst = fmax(worst, fabs(peak_db(left + RATE / 2, RATE / 2, 4, 0) - fmin(level, -6)));
    }
    printf("  static curve, tones of 997 Hz: worst %.3f dB%s\n", worst, verdict(worst <= 0.1));
}

/* ----------------------------------------------------------------------------------------------------- Distortion */

/* Power of mirrored overtones against that of the others up to 20 kHz, in a second of a tone of whole hertz. */
static double mirrored_db(const float *x, uint32_t tone)
{
    static bool seen[RATE];
    double own = 0, mirrored = 0;
    memset(seen, 0, sizeof seen);
    for (uint32_t n = 1; n < 200; n++) {
        uint32_t hz = n * tone % RATE;
        hz = hz > RATE / 2 ? RATE - hz : hz;
        if (!seen[hz] && hz <= 20000) {
            seen[hz] = true;
            *(hz % tone == 0 ? &own : &mirrored) += pow(10, response_db(x, RATE, RATE, hz) / 10);
        }
    }
    return 10 * log10(mirrored / own);
}

/* The curves at the engine's own rate. */
static double bent(int mode, double x)
{
    return mode == 0   ? (fabs(x) < 3 ? x * (27 + x * x) / (27 + 9 * x * x) : copysign(1, x))
           : mode == 1 ? fmax(-1, fmin(1, x))
                       : asin(sin(x * PI / 2)) * 2 / PI;
}

static void measure_distortion(void)
{
    static const char *const modes[] = {"soft", "hard", "fold"};
    static const double most_db[] = {-70, -50, -45};
    static float heard[2 * RATE];
    printf(
        "\nOvertones mirrored back below 20 kHz, against the others: with four times the rate, and without. Mark: of\n"
        "1249 Hz at 12 dB, soft -70, hard -50, fold -45 dB\n");
    for (int i = 0; i < 12; i++) {
        int mode = i / 4;
        uint32_t tone = i % 2 == 0 ? 1249 : 5003;
        double drive = i / 2 % 2 == 0 ? 12 : 30, mirrored[2];
        for (int plain = 0; plain < 2; plain++) {
            setting settings[] = {{"mode", mode}, {"drive_db", drive}, {NULL, 0}};
            unit u = open_unit("distortion", 1, settings);
            for (uint32_t k = 0; k < 2 * RATE; k++) {
                double x = sin(2 * PI * tone * (k % RATE) / RATE);
                heard[k] = (float)(plain ? bent(mode, x * pow(10, drive / 20)) : x);
            }
            if (!plain) {
                run_unit(&u, heard, NULL, NULL, 2 * RATE);
            }
            close_unit(&u);
            mirrored[plain] = mirrored_db(heard + RATE, tone);
        }
        bool marked = tone == 1249 && drive == 12;
        printf("  %s, %u Hz, drive %2.0f dB: %6.1f dB (%6.1f dB)%s\n", modes[mode], tone, drive, mirrored[0],
               mirrored[1], verdict(!marked || mirrored[0] <= most_db[mode]));
    }
}

/* ---------------------------------------------------------------------------------------------------------- Costs */

static double now_ns(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

static int by_size(const void *a, const void *b)
{
    double left = *(const double *)a, right = *(const double *)b;
    return (left > right) - (left < right);
}

/* The median of many rounds of noise, in ns a stereo frame. */
static double cost_ns(const char *type, const setting *settings)
{
    enum { ROUNDS = 101, BLOCKS = 10 };
    static float left[BLOCK], right[BLOCK];
    double rounds[ROUNDS];
    uint32_t seed = 1;
    unit u = open_unit(type, 2, settings);
    for (int round = 0; round < ROUNDS; round++) {
        double spent = 0;
        for (int block = 0; block < BLOCKS; block++) {
            for (int k = 0; k < BLOCK; k++) {
                left[k] = (float)noise(&seed);
                right[k] = (float)noise(&seed);
            }
            double start = now_ns();
            run_unit(&u, left, right, NULL, BLOCK);
            spent += now_ns() - start;
        }
        rounds[round] = spent / (BLOCKS * BLOCK);
    }
    close_unit(&u);
    qsort(rounds, ROUNDS, sizeof *rounds, by_size);
    return rounds[ROUNDS / 2];
}

typedef struct cost {
    const char *label, *type;
    double mark_ns; /* 0: none */
    setting settings[10];
} cost;

static void measure_costs(void)
{
    static const cost costs[] = {
        {"lowpass", "lowpass", 3, {{0}}},
        {"lowpass, 24 dB", "lowpass", 0, {{"slope", 1}}},
        {"peak", "peak", 0, {{"gain_db", 6}}},
        {"eq, all off", "eq", 0, {{0}}},
        {"eq, one band", "eq", 0, {{"band1_type", 1}}},
        {"eq, eight bands",
         "eq",
         0,
         {{"band1_type", 1},
          {"band2_type", 1},
          {"band3_type", 1},
          {"band4_type", 1},
          {"band5_type", 1},
          {"band6_type", 1},
          {"band7_type", 1},
          {"band8_type", 1}}},
        {"dc_blocker", "dc_blocker", 0, {{0}}},
        {"width", "width", 0, {{"width", 1.5}}},
        {"balance", "balance", 0, {{"balance", 0.3}}},
        {"mono", "mono", 0, {{0}}},
        {"compressor, peak", "compressor", 0, {{0}}},
        {"compressor, rms", "compressor", 0, {{"detector", 1}}},
        {"gate, open", "gate", 0, {{0}}},
        {"limiter, at work", "limiter", 8, {{"ceiling_db", -12}}},
        {"distortion, soft", "distortion", 0, {{0}}},
        {"distortion, hard", "distortion", 0, {{"mode", 1}}},
        {"distortion, fold", "distortion", 0, {{"mode", 2}}},
        {"crusher", "crusher", 0, {{0}}},
    };
    printf("\nCosts, ns a stereo frame of noise in blocks of %d, by %s\n", BLOCK, motet_kernels_choose(NULL)->name);
    for (size_t i = 0; i < sizeof costs / sizeof *costs; i++) {
        printf("  %-18s %7.2f", costs[i].label, cost_ns(costs[i].type, costs[i].settings));
        if (costs[i].mark_ns > 0) {
            printf("   mark %g", costs[i].mark_ns);
        }
        printf("\n");
    }
}

int main(void)
{
    measure_filters();
    measure_curves();
    measure_times();
    measure_limiter();
    measure_distortion();
    measure_costs();
    if (failed) {
        printf("\nMarks were missed.\n");
    }
    return failed ? 1 : 0;
}
