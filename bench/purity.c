/* How clean pitched voices are: sines through voices of every tier, measured, beside the figures to reach.
 *
 *     make purity
 *
 * THD+N is all that a voice adds to a tone, from 0 Hz to the Nyquist frequency, against the tone. An alias is what
 * comes out of a tone that should not be heard at all, against the tone as recorded. The program fails when a figure is
 * not reached. */
#include "motet/motet.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

enum { RATE = 48000, SETTLE = 4800, MEASURED = 48000 };

static const double PI = 3.14159265358979323846;
static const double AMPLITUDE = 0.5;
static const double UNMARKED = 1e9; /* a figure without a bound */

static int missed;

/* ------------------------------------------------------------------------------------------------- Rendering */

typedef struct tone {
    double hz; /* as recorded */
    uint32_t rate_hz;
    double pitch;
    motet_quality quality;
    bool no_convert;
} played_tone;

static motet_engine *create_engine(void)
{
    motet_engine_def def = {.device = MOTET_DEVICE_MANUAL, .channels = 1, .sample_rate_hz = RATE, .no_limiter = true};
    motet_engine *engine = motet_engine_create(&def);
    if (engine == NULL) {
        fprintf(stderr, "%s\n", motet_last_error());
        exit(1);
    }
    return engine;
}

/* The first `count` frames of a tone. */
static float *render_tone(const played_tone *tone, uint32_t count)
{
    motet_engine *engine = create_engine();
    motet_signal signal = {.kind = MOTET_SIGNAL_SINE,
                           .hz = tone->hz,
                           .amplitude = AMPLITUDE,
                           .seconds = (double)count / RATE * tone->pitch + 0.2,
                           .sample_rate_hz = tone->rate_hz};
    motet_sound sound = motet_sound_from_signal(engine, &signal, &(motet_sound_def){.no_convert = tone->no_convert});
    motet_voice voice =
        motet_voice_play(engine, sound, &(motet_voice_def){.pitch = tone->pitch, .quality = tone->quality});
    float *frames = malloc(count * sizeof *frames);
    if (voice.id == 0 || frames == NULL) {
        fprintf(stderr, "%s\n", motet_last_error());
        exit(1);
    }
    motet_engine_render_f32(engine, frames, count);
    motet_engine_destroy(engine);
    return frames;
}

/* ------------------------------------------------------------------------------------------------- Measuring */

static double decibels(double ratio)
{
    return 20 * log10(ratio + 1e-12);
}

typedef struct measure {
    double gain_db;
    double noise_db; /* THD+N */
    double total_db; /* all that comes out, against the tone as recorded */
    double phase;    /* at the middle, in radians */
} measure;

/* Fits a sine of a known frequency, in turns a frame, by least squares; the rest is noise. */
static measure fit(const float *frames, uint32_t count, double turns)
{
    double cc = 0, cs = 0, ss = 0, c1 = 0, s1 = 0, n = count;
    double xc = 0, xs = 0, x1 = 0, power = 0;
    double middle = (count - 1) / 2.0;
    for (uint32_t k = 0; k < count; k++) {
        double angle = 2 * PI * fmod(turns * (k - middle), 1);
        double c = cos(angle), s = sin(angle), x = (double)frames[k];
        cc += c * c, cs += c * s, ss += s * s, c1 += c, s1 += s;
        xc += x * c, xs += x * s, x1 += x, power += x * x;
    }
    /* Sine and cosine alone: an offset is part of the noise. */
    double determinant = cc * ss - cs * cs;
    double a = (xc * ss - xs * cs) / determinant;
    double b = (xs * cc - xc * cs) / determinant;
    double tone_power = a * xc + b * xs;
    double noise_power = 0;
    for (uint32_t k = 0; k < count; k++) {
        double angle = 2 * PI * fmod(turns * (k - middle), 1);
        double rest = (double)frames[k] - a * cos(angle) - b * sin(angle);
        noise_power += rest * rest;
    }
    return (measure){.gain_db = decibels(sqrt(a * a + b * b) / AMPLITUDE),
                     .noise_db = decibels(sqrt(noise_power / tone_power)),
                     .total_db = decibels(sqrt(2 * power / n) / AMPLITUDE),
                     .phase = atan2(-b, a)};
}

static measure measure_tone(const played_tone *tone)
{
    float *frames = render_tone(tone, SETTLE + MEASURED);
    measure measured = fit(frames + SETTLE, MEASURED, tone->hz * tone->pitch / RATE);
    free(frames);
    return measured;
}

/* By how many millionths a tone is off, from its phase at the start and ten seconds later. */
static double frequency_error(const played_tone *tone)
{
    enum { SPAN = 10 * RATE };
    float *frames = render_tone(tone, SETTLE + SPAN + MEASURED);
    double turns = tone->hz * tone->pitch / RATE;
    double drift = fit(frames + SETTLE + SPAN, MEASURED, turns).phase - fit(frames + SETTLE, MEASURED, turns).phase;
    double error = remainder(drift / (2 * PI) - fmod(turns * SPAN, 1), 1);
    free(frames);
    return error / (turns * SPAN) * 1e6;
}

/* --------------------------------------------------------------------------------------------------- Printing */

/* A figure and what it must not exceed, which is given in whole decibels; it counts as missed when it does. */
static void print_figure(double figure, double mark)
{
    char text[32];
    if (mark >= UNMARKED) {
        printf("%8.2f%11s", figure, "");
        return;
    }
    bool good = figure <= mark || (mark <= -1 && round(figure) <= mark);
    missed += good ? 0 : 1;
    snprintf(text, sizeof text, "(%g)%s", mark, good ? "" : " !");
    printf("%8.2f %-10s", figure, text);
}

static void print_heading(const char *title, const char *const *columns, int count)
{
    printf("\n%-44s", title);
    for (int i = 0; i < count; i++) {
        printf("%8s%11s", columns[i], "");
    }
    printf("\n");
}

/* ------------------------------------------------------------------------------------------------------ Tables */

enum { TIERS = 4 };
static const motet_quality tiers[TIERS] = {MOTET_QUALITY_LINEAR, MOTET_QUALITY_CUBIC, MOTET_QUALITY_SINC16,
                                           MOTET_QUALITY_SINC32};

typedef enum figure_kind { NOISE, GAIN, ALIAS, PPM } figure_kind;

typedef struct pitch_row {
    const char *name;
    double hz, pitch;
    figure_kind kind;
    double marks[TIERS];
} pitch_row;

/* A tone that is heard at 1 kHz, and one that would land at 13/12 of the Nyquist frequency. */
#define HEARD(pitch) 1000.0 / (pitch), pitch
#define BEYOND(pitch) 26000.0 / (pitch), pitch

static const pitch_row pitch_rows[] = {
    {"1 kHz at pitch 1.3: THD+N, dB", 1000, 1.3, NOISE, {UNMARKED, -92, -85, -107}},
    {"10 kHz at pitch 1.3: THD+N, dB", 10000, 1.3, NOISE, {UNMARKED, -29, -82, -105}},
    {"10 kHz at pitch 1.3: off its level by, dB", 10000, 1.3, GAIN, {UNMARKED, UNMARKED, 2, 0.05}},
    {"20 kHz at pitch 1.3: alias, dB", 20000, 1.3, ALIAS, {UNMARKED, UNMARKED, -66, -95}},
    {"1 kHz at pitch 1.3: off its frequency by, ppm", 1000, 1.3, PPM, {0.001, 0.001, 0.001, 0.001}},
    {"1 kHz at pitch 0.2: off its frequency by, ppm", 1000, 0.2, PPM, {0.001, 0.001, 0.001, 0.001}},
    {"heard at 1 kHz at pitch 0.5: THD+N, dB", HEARD(0.5), NOISE, {UNMARKED, UNMARKED, -76, -98}},
    {"heard at 1 kHz at pitch 0.9: THD+N, dB", HEARD(0.9), NOISE, {UNMARKED, UNMARKED, -82, -104}},
    {"heard at 1 kHz at pitch 1.01: THD+N, dB", HEARD(1.01), NOISE, {UNMARKED, UNMARKED, -82, -104}},
    {"heard at 1 kHz at pitch 2: THD+N, dB", HEARD(2.0), NOISE, {UNMARKED, UNMARKED, -82, -104}},
    {"heard at 1 kHz at pitch 3.7: THD+N, dB", HEARD(3.7), NOISE, {UNMARKED, UNMARKED, -82, -104}},
    {"heard at 1 kHz at pitch 60: THD+N, dB", HEARD(60.0), NOISE, {UNMARKED, UNMARKED, -82, -104}},
    {"would land at 26 kHz at pitch 2: alias, dB", BEYOND(2.0), ALIAS, {UNMARKED, UNMARKED, -63, -92}},
    {"would land at 26 kHz at pitch 3.7: alias, dB", BEYOND(3.7), ALIAS, {UNMARKED, UNMARKED, -63, -92}},
    {"would land at 26 kHz at pitch 60: alias, dB", BEYOND(60.0), ALIAS, {UNMARKED, UNMARKED, -63, -92}},
    {"15 kHz just above pitch 1: off its level by, dB",
     15000,
     1.0000001,
     GAIN,
     {UNMARKED, UNMARKED, UNMARKED, UNMARKED}},
};

static double figure_of(const pitch_row *row, motet_quality quality)
{
    played_tone tone = {.hz = row->hz, .rate_hz = RATE, .pitch = row->pitch, .quality = quality};
    if (row->kind == PPM) {
        return fabs(frequency_error(&tone));
    }
    measure measured = measure_tone(&tone);
    return row->kind == NOISE ? measured.noise_db : row->kind == ALIAS ? measured.total_db : fabs(measured.gain_db);
}

static void print_pitch_table(void)
{
    const char *const names[TIERS] = {"linear", "cubic", "sinc16", "sinc32"};
    print_heading("pitch", names, TIERS);
    for (size_t i = 0; i < sizeof pitch_rows / sizeof *pitch_rows; i++) {
        printf("%-44s", pitch_rows[i].name);
        for (int tier = 0; tier < TIERS; tier++) {
            print_figure(figure_of(&pitch_rows[i], tiers[tier]), pitch_rows[i].marks[tier]);
        }
        printf("\n");
    }
}

/* What the four-point formula itself gives of an unrounded tone, all in double: cubic voices cannot be cleaner. */
static double cubic_by_formula(double hz, double pitch)
{
    float *frames = malloc(MEASURED * sizeof *frames);
    if (frames == NULL) {
        exit(1);
    }
    for (uint32_t k = 0; k < MEASURED; k++) {
        double position = SETTLE + pitch * k;
        double whole = floor(position);
        double f = position - whole;
        double x[4];
        for (int i = 0; i < 4; i++) {
            x[i] = AMPLITUDE * sin(2 * PI * fmod(hz / RATE * (whole + i - 1), 1));
        }
        double slope = 0.5 * (x[2] - x[0]);
        double square = x[0] - 2.5 * x[1] + 2 * x[2] - 0.5 * x[3];
        double cube = 0.5 * (x[3] - x[0]) + 1.5 * (x[1] - x[2]);
        frames[k] = (float)(x[1] + f * (slope + f * (square + f * cube)));
    }
    measure measured = fit(frames, MEASURED, hz * pitch / RATE);
    free(frames);
    return measured.noise_db;
}

static void print_cubic_by_formula(void)
{
    printf("%-44s%19s%8.2f\n", "1 kHz at pitch 1.3: cubic's formula, dB", "", cubic_by_formula(1000, 1.3));
    printf("%-44s%19s%8.2f\n", "10 kHz at pitch 1.3: cubic's formula, dB", "", cubic_by_formula(10000, 1.3));
}

static void print_conversion_table(void)
{
    static const struct {
        double hz, marks[2];
    } rows[] = {{997, {-120, 0.01}}, {10000, {-120, 0.01}}, {18000, {-100, 0.01}}, {20000, {UNMARKED, UNMARKED}}};
    const char *const columns[] = {"THD+N", "level", "THD+N", "level"};
    print_heading("44.1 to 48 kHz", columns, 4);
    printf("%-44s%8s%30s%8s\n", "", "on load", "", "played by sinc32");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        printf("%5.0f Hz: dB%33s", rows[i].hz, "");
        for (int played = 0; played < 2; played++) {
            played_tone tone = {.hz = rows[i].hz,
                                .rate_hz = 44100,
                                .pitch = 1,
                                .no_convert = played != 0,
                                .quality = MOTET_QUALITY_SINC32};
            measure measured = measure_tone(&tone);
            print_figure(measured.noise_db, played ? UNMARKED : rows[i].marks[0]);
            print_figure(fabs(measured.gain_db), played ? UNMARKED : rows[i].marks[1]);
        }
        printf("\n");
    }
}

int main(void)
{
    printf("Motet %s. In brackets: what a figure must not exceed.\n", motet_version());
    print_pitch_table();
    print_cubic_by_formula();
    print_conversion_table();
    printf("\n%s\n", missed == 0 ? "Every figure is reached." : "Figures marked with ! are not reached.");
    return missed != 0;
}
