/* How good the effects that make room and movement are, measured, beside the figures to reach:
 *
 *   reverb    the time in which it falls by 60 dB in each octave, against what was asked for; how soon its echoes are
 *   as
 *             dense as noise; how far its loudest tone stands above those beside it; whether its tail ends
 *   delay     where its echo lies and how loud it is
 *   all       nanoseconds of CPU for a stereo frame at 48 kHz
 *
 *     make effects-space
 *
 * The program fails when a figure is missed; no time is one of them. */
#include "dsp/kernels.h"
#include "effects/effects.h"
#include "effects/reverb_presets.h"

#include <complex.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { RATE = 48000, BLOCK = 512, BANDS = 7 };

static const double PI = 3.14159265358979323846;
static const double centres[BANDS] = {125, 250, 500, 1000, 2000, 4000, 8000};
static const double RT60_MOST_ERROR = 0.05, DENSE_BY_SECONDS = 0.1, RINGING_MOST_DB = 12;

static int missed;

static void *must(void *memory)
{
    if (memory == NULL) {
        fprintf(stderr, "out of memory\n");
        exit(1);
    }
    return memory;
}

/* " " or "!", counted. */
static const char *mark(bool reached)
{
    missed += !reached;
    return reached ? " " : "!";
}

/* ---------------------------------------------------------------------------------------------------- An effect */

typedef struct unit {
    const motet_effect_type *type;
    void *state;
    float values[MOTET_MAX_PARAMETERS];
    uint64_t frame;
} unit;

static uint32_t parameter_of(const motet_effect_type *type, const char *name)
{
    for (uint32_t i = 0; i < type->parameter_count; i++) {
        if (strcmp(type->parameters[i].name, name) == 0) {
            return i;
        }
    }
    fprintf(stderr, "%s has no %s\n", type->name, name);
    exit(1);
}

static unit make_unit(const char *name)
{
    unit made = {.type = motet_effect_type_find(name)};
    must((void *)(uintptr_t)made.type);
    for (uint32_t i = 0; i < made.type->parameter_count; i++) {
        made.values[i] = made.type->parameters[i].initial;
    }
    return made;
}

static void start_unit(unit *u, const motet_kernels *kernels)
{
    motet_effect_setup setup = {RATE, 2, u->values, kernels};
    size_t size = (u->type->size(&setup) + 64) / 64 * 64;
    u->state = must(aligned_alloc(64, size));
    memset(u->state, 0, size);
    u->type->init(u->state, &setup);
}

static void run_unit(unit *u, float *left, float *right, uint32_t count)
{
    const float *moving[MOTET_MAX_PARAMETERS] = {0};
    for (uint32_t done = 0; done < count; done += BLOCK, u->frame += BLOCK) {
        uint32_t now = count - done < BLOCK ? count - done : BLOCK;
        motet_effect_run run = {{left + done, right + done}, 2, now, u->frame, u->values, moving, {NULL, NULL}};
        u->type->process(u->state, &run);
    }
}

/* What both sides answer to an impulse on the left or on the right. */
typedef struct response {
    float *left, *right;
    uint32_t count;
} response;

static response respond(unit *u, double seconds, bool from_right)
{
    uint32_t count = ((uint32_t)(seconds * RATE) / BLOCK + 1) * BLOCK;
    response made = {must(calloc(count, sizeof(float))), must(calloc(count, sizeof(float))), count};
    (from_right ? made.right : made.left)[0] = 1;
    start_unit(u, motet_kernels_choose(NULL));
    run_unit(u, made.left, made.right, count);
    free(u->state);
    return made;
}

static void free_response(response r)
{
    free(r.left);
    free(r.right);
}

/* -------------------------------------------------------------------------------------------------------- Decay */

typedef struct section {
    double b0, b1, b2, a1, a2;
} section;

/* Second-order low- or high-pass by the bilinear transform. */
static section make_section(bool high, double hz, double q)
{
    double k = tan(PI * hz / RATE), scale = 1 / (1 + k / q + k * k);
    section s = {.a1 = 2 * (k * k - 1) * scale, .a2 = (1 - k / q + k * k) * scale};
    s.b0 = high ? scale : k * k * scale;
    s.b1 = high ? -2 * s.b0 : 2 * s.b0;
    s.b2 = s.b0;
    return s;
}

enum { SECTIONS = 4 };

/* An octave: a high-pass and a low-pass of fourth order (Butterworth) at its ends. */
static void make_octave(double centre, section sections[SECTIONS])
{
    static const double q[2] = {0.54119610014619698, 1.3065629648763766};
    for (int i = 0; i < SECTIONS; i++) {
        sections[i] = make_section(i < 2, centre * (i < 2 ? sqrt(0.5) : sqrt(2)), q[i % 2]);
    }
}

static double octave_power(const section sections[SECTIONS], double hz)
{
    double complex z = cexp(-2 * PI * I * hz / RATE), h = 1;
    for (int i = 0; i < SECTIONS; i++) {
        const section *s = &sections[i];
        h *= (s->b0 + s->b1 * z + s->b2 * z * z) / (1 + s->a1 * z + s->a2 * z * z);
    }
    return creal(h * conj(h));
}

/* Adds the energy of a filtered side, frame by frame. */
static void add_energy(const float *samples, uint32_t count, const section sections[SECTIONS], double *energy)
{
    double s1[SECTIONS] = {0}, s2[SECTIONS] = {0};
    for (uint32_t k = 0; k < count; k++) {
        double x = (double)samples[k];
        for (int i = 0; i < SECTIONS; i++) {
            const section *s = &sections[i];
            double y = s->b0 * x + s1[i];
            s1[i] = s->b1 * x - s->a1 * y + s2[i];
            s2[i] = s->b2 * x - s->a2 * y;
            x = y;
        }
        energy[k] += x * x;
    }
}

/* The time for 60 dB by the straight line through what lies between -5 and -35 dB of an energy that is still to come
 * (M. R. Schroeder, "New method of measuring reverberation time", 1965; ISO 3382's T30). */
static double fit(const double *to_come, uint32_t count, double step_seconds)
{
    double n = 0, sum_t = 0, sum_y = 0, sum_tt = 0, sum_ty = 0;
    for (uint32_t k = 0; k < count; k++) {
        double db = to_come[k] > 0 ? 10 * log10(to_come[k] / to_come[0]) : -1000;
        if (db <= -5 && db >= -35) {
            double t = k * step_seconds;
            n++;
            sum_t += t;
            sum_y += db;
            sum_tt += t * t;
            sum_ty += t * db;
        }
    }
    return -60 * (n * sum_tt - sum_t * sum_t) / (n * sum_ty - sum_t * sum_y);
}

/* Of the energy of several responses, as a room is measured in several places: one alone is a matter of luck. */
static double measured_rt60(const response *responses, uint32_t response_count, double centre)
{
    uint32_t count = responses[0].count;
    section sections[SECTIONS];
    make_octave(centre, sections);
    double *energy = must(calloc(count, sizeof(double)));
    for (uint32_t i = 0; i < response_count; i++) {
        add_energy(responses[i].left, count, sections, energy);
        add_energy(responses[i].right, count, sections, energy);
    }
    for (uint32_t k = count - 1; k > 0; k--) {
        energy[k - 1] += energy[k];
    }
    double seconds = fit(energy, count, 1.0 / RATE);
    free(energy);
    return seconds;
}

static double longest_rt60(const float *values)
{
    double factor = fmax((double)values[MOTET_REVERB_RT60_LOW], (double)values[MOTET_REVERB_RT60_HIGH]);
    return (double)values[MOTET_REVERB_RT60_SECONDS] * fmax(1, factor);
}

/* Of noise that decays as the parameters' texts say, measured in the same way. */
static double asked_rt60(const float *values, double centre)
{
    enum { TONES = 400, STEPS = 4000 };
    static double to_come[STEPS];
    double mid = (double)values[MOTET_REVERB_RT60_SECONDS];
    double low = mid * (double)values[MOTET_REVERB_RT60_LOW], high = mid * (double)values[MOTET_REVERB_RT60_HIGH];
    double step = 1.5 * fmax(mid, fmax(low, high)) / STEPS;
    section sections[SECTIONS];
    make_octave(centre, sections);
    memset(to_come, 0, sizeof to_come);
    for (int i = 0; i < TONES; i++) {
        double hz = centre / 4 + (fmin(centre * 4, RATE * 0.49) - centre / 4) * (i + 0.5) / TONES;
        double low_share = 1 / (1 + pow(hz / (double)values[MOTET_REVERB_LOW_HZ], 2));
        double high_share = 1 / (1 + pow((double)values[MOTET_REVERB_HIGH_HZ] / hz, 2));
        double rate = 60 / mid + (60 / low - 60 / mid) * low_share + (60 / high - 60 / mid) * high_share;
        double power = octave_power(sections, hz) / rate;
        for (int k = 0; k < STEPS; k++) {
            to_come[k] += power * pow(10, -rate * k * step / 10);
        }
    }
    return fit(to_come, STEPS, step);
}

/* ------------------------------------------------------------------------------------------------------- Density */

/* When the share of samples beyond one standard deviation in 20 ms first is 0.9 of that of noise (J. S. Abel and
 * P. Huang, "A simple, robust measure of reverberation echo density", 2006). */
static double dense_seconds(const float *samples, uint32_t count)
{
    enum { HALF = RATE / 100 };
    const double of_noise = 0.31731050786291415;
    uint32_t first = 0;
    while (samples[first] == 0) {
        first++;
    }
    for (uint32_t middle = first + HALF; middle + HALF < count; middle += 24) {
        double energy = 0;
        uint32_t beyond = 0;
        for (uint32_t k = middle - HALF; k < middle + HALF; k++) {
            energy += (double)samples[k] * (double)samples[k];
        }
        double deviation = sqrt(energy / (2 * HALF));
        for (uint32_t k = middle - HALF; k < middle + HALF; k++) {
            beyond += fabs((double)samples[k]) > deviation;
        }
        if (beyond >= 0.9 * of_noise * 2 * HALF) {
            return (double)(middle - first) / RATE;
        }
    }
    return INFINITY;
}

/* ------------------------------------------------------------------------------------------------------- Ringing */

enum { FFT_SIZE = 32768 };

static void fft(double complex *x, uint32_t count)
{
    for (uint32_t i = 1, j = 0; i < count; i++) {
        uint32_t bit = count >> 1;
        for (; j & bit; bit >>= 1) {
            j ^= bit;
        }
        j |= bit;
        if (i < j) {
            double complex t = x[i];
            x[i] = x[j];
            x[j] = t;
        }
    }
    for (uint32_t length = 2; length <= count; length *= 2) {
        double complex turn = cexp(-2 * PI * I / length);
        for (uint32_t at = 0; at < count; at += length) {
            double complex w = 1;
            for (uint32_t k = 0; k < length / 2; k++, w *= turn) {
                double complex a = x[at + k], b = x[at + k + length / 2] * w;
                x[at + k] = a + b;
                x[at + k + length / 2] = a - b;
            }
        }
    }
}

/* How far the loudest tone between 100 Hz and 10 kHz stands above the mean of those within a sixth of an octave, in the
 * 0.68 s from `from_seconds` on, which fade out. Of noise it would be about 10 dB. */
static double ringing_db(const float *samples, uint32_t count, double from_seconds)
{
    static double complex x[FFT_SIZE];
    static double power[FFT_SIZE / 2];
    uint32_t from = (uint32_t)(from_seconds * RATE);
    for (uint32_t k = 0; k < FFT_SIZE; k++) {
        double window = 0.5 + 0.5 * cos(PI * k / FFT_SIZE);
        x[k] = from + k < count ? window * (double)samples[from + k] : 0;
    }
    fft(x, FFT_SIZE);
    for (uint32_t i = 0; i < FFT_SIZE / 2; i++) {
        power[i] = creal(x[i] * conj(x[i]));
    }
    double most = 0;
    for (uint32_t i = 100 * FFT_SIZE / RATE; i < 10000 * (FFT_SIZE / 2) / (RATE / 2); i++) {
        uint32_t reach = (uint32_t)(i * 0.0595) + 6;
        double sum = 0;
        for (uint32_t j = i - reach; j <= i + reach; j++) {
            sum += power[j];
        }
        most = fmax(most, power[i] * (2 * reach + 1) / sum);
    }
    return 10 * log10(most);
}

/* Noise that dies away is as good as it can be. */
static double ringing_of_noise(double rt60)
{
    enum { COUNT = 2 * RATE };
    float *samples = must(calloc(COUNT, sizeof(float)));
    uint32_t random = 7;
    for (uint32_t k = 0; k < COUNT; k++) {
        double sum = -6;
        for (int i = 0; i < 12; i++) {
            random = random * 1664525u + 1013904223u;
            sum += random * 0x1p-32;
        }
        samples[k] = (float)(sum * pow(10, -3.0 * k / (rt60 * RATE)));
    }
    double db = ringing_db(samples, COUNT, 0.1);
    free(samples);
    return db;
}

/* A single line with feedback must be seen. */
static double ringing_of_comb(void)
{
    enum { COUNT = 2 * RATE };
    float *samples = must(calloc(COUNT, sizeof(float)));
    for (uint32_t k = 0; k < COUNT; k += 331) {
        samples[k] = (float)pow(0.99, k / 331);
    }
    double db = ringing_db(samples, COUNT, 0.1);
    free(samples);
    return db;
}

/* ------------------------------------------------------------------------------------------------------- Tables */

/* Seconds until nothing but zeros comes, of a response that is long enough. */
static double silent_from(response r)
{
    uint32_t last = r.count;
    while (last > 0 && r.left[last - 1] == 0 && r.right[last - 1] == 0) {
        last--;
    }
    return last == r.count ? INFINITY : (double)last / RATE;
}

/* The tail by itself, from both sides and at several engine frames, as the modulation is another each time. */
static double decay_error(const float *values)
{
    enum { RESPONSES = 10 };
    response tails[RESPONSES];
    double worst = 0;
    for (uint32_t i = 0; i < RESPONSES; i++) {
        unit u = make_unit("reverb");
        memcpy(u.values, values, MOTET_REVERB_PARAMETERS * sizeof *values);
        u.values[MOTET_REVERB_EARLY_DB] = MOTET_VOLUME_MIN_DB;
        u.frame = (uint64_t)i * 40 * BLOCK;
        tails[i] = respond(&u, 1.5 * longest_rt60(values) + 1, i % 2 == 1);
    }
    for (int i = 0; i < BANDS; i++) {
        double asked = asked_rt60(values, centres[i]), measured = measured_rt60(tails, RESPONSES, centres[i]);
        worst = fabs(measured / asked - 1) > fabs(worst) ? measured / asked - 1 : worst;
        printf("%6.2f/%-6.2f", asked, measured);
    }
    for (uint32_t i = 0; i < RESPONSES; i++) {
        free_response(tails[i]);
    }
    return worst;
}

static void measure_reverb(const char *name, const float *values, bool is_default)
{
    printf("%-12s", name);
    double error = decay_error(values);
    unit u = make_unit("reverb");
    memcpy(u.values, values, MOTET_REVERB_PARAMETERS * sizeof *values);
    response r = respond(&u, 7.5 * longest_rt60(values) + 2, false); /* to the floor of 1e-20 there are 400 dB */
    double dense = dense_seconds(r.left, r.count);
    double ringing = fmax(ringing_db(r.left, r.count, 0.1), ringing_db(r.right, r.count, 0.1));
    double silent = silent_from(r);
    printf("%+6.1f %%%s%6.0f ms%s%6.1f dB%s%7.1f s%s\n", 100 * error, mark(fabs(error) <= RT60_MOST_ERROR),
           1000 * dense, mark(!is_default || dense <= DENSE_BY_SECONDS), ringing, mark(ringing <= RINGING_MOST_DB),
           silent, mark(isfinite(silent)));
    free_response(r);
}

/* The default with one thing changed. */
static void measure_variations(void)
{
    static const struct {
        const char *name;
        motet_reverb_parameter parameter;
        float value;
    } variations[] = {
        {"rt60 0.5 s", MOTET_REVERB_RT60_SECONDS, 0.5f}, {"rt60 6 s", MOTET_REVERB_RT60_SECONDS, 6},
        {"low x 0.3", MOTET_REVERB_RT60_LOW, 0.3f},      {"low x 2", MOTET_REVERB_RT60_LOW, 2},
        {"high x 0.25", MOTET_REVERB_RT60_HIGH, 0.25f},  {"high x 1.5", MOTET_REVERB_RT60_HIGH, 1.5f},
    };
    for (size_t i = 0; i < sizeof variations / sizeof *variations; i++) {
        unit u = make_unit("reverb");
        u.values[variations[i].parameter] = variations[i].value;
        measure_reverb(variations[i].name, u.values, false);
    }
}

static void print_reverb(void)
{
    printf("Reverb: seconds for 60 dB in each octave, asked for / measured; the largest error (5 %%); until the echoes "
           "are\n"
           "dense (the default: 100 ms); the loudest tone above its neighbours after 100 ms (12 dB); until exact "
           "silence.\n\n"
           "%-12s",
           "");
    for (int i = 0; i < BANDS; i++) {
        printf("%7.0f Hz   ", centres[i]);
    }
    printf("   error    dense    ringing   silent\n");
    unit u = make_unit("reverb");
    measure_reverb("default", u.values, true);
    measure_variations();
    for (int i = 0; i < MOTET_REVERB_PRESETS; i++) {
        measure_reverb(motet_reverb_presets[i].name, motet_reverb_presets[i].values, false);
    }
    printf("%-12s%*s%6.1f dB\n", "noise, 2 s", 13 * BANDS + 19, "", ringing_of_noise(2));
    printf("%-12s%*s%6.1f dB\n", "noise, 0.4 s", 13 * BANDS + 19, "", ringing_of_noise(0.4));
    double comb = ringing_of_comb();
    printf("%-12s%*s%6.1f dB%s\n\n", "a comb", 13 * BANDS + 19, "", comb, mark(comb > RINGING_MOST_DB));
}

static void print_delay(void)
{
    static const double times[] = {0.001, 0.02, 0.1234567, 1, 4};
    printf("Delay: asked for, where the echo lies (within half a frame), its gain (0 dB), the second one's "
           "(feedback).\n\n");
    for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
        unit u = make_unit("delay");
        u.values[parameter_of(u.type, "delay_seconds")] = (float)times[i];
        u.values[parameter_of(u.type, "feedback")] = 0.5f;
        response r = respond(&u, 9, false);
        uint32_t at = 0;
        while (r.left[at] == 0) {
            at++;
        }
        double error = at - times[i] * RATE;
        printf("  %10.7f s  %+6.3f frames%s  %8.4f dB%s  %8.4f dB%s\n", times[i], error, mark(fabs(error) <= 0.501),
               20 * log10((double)r.left[at]), mark(r.left[at] == 1), 20 * log10((double)r.left[2 * at]),
               mark(r.left[2 * at] == 0.5f));
        free_response(r);
    }
    printf("\n");
}

/* -------------------------------------------------------------------------------------------------------- Costs */

static double now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static double cost_ns(const char *name, const motet_kernels *kernels)
{
    enum { COUNT = RATE / BLOCK * BLOCK, TIMES = 9 };
    static float noise[COUNT], left[COUNT], right[COUNT];
    uint32_t random = 1;
    for (uint32_t k = 0; k < COUNT; k++) {
        random = random * 1664525u + 1013904223u;
        noise[k] = (float)(int32_t)random * 0x1p-32f;
    }
    unit u = make_unit(name);
    start_unit(&u, kernels);
    double least = INFINITY;
    for (int i = 0; i < TIMES; i++) {
        memcpy(left, noise, sizeof left);
        memcpy(right, noise, sizeof right);
        double before = now_ns();
        run_unit(&u, left, right, COUNT);
        least = fmin(least, (now_ns() - before) / COUNT);
    }
    free(u.state);
    return least;
}

static void print_costs(void)
{
    static const char *const names[] = {"delay", "reverb", "chorus", "flanger", "phaser", "tremolo"};
    printf("Nanoseconds for a stereo frame at 48 kHz, at the default settings:\n\n%-12s", "");
    for (uint32_t level = 0; level < motet_kernels_count(); level++) {
        printf("%10s", motet_kernels_at(level)->name);
    }
    printf("\n");
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        printf("%-12s", names[i]);
        for (uint32_t level = 0; level < motet_kernels_count(); level++) {
            printf("%10.1f", cost_ns(names[i], motet_kernels_at(level)));
        }
        printf("\n");
    }
}

int main(void)
{
    printf("Motet %s.\n\n", motet_version());
    print_reverb();
    print_delay();
    print_costs();
    printf("\n%s\n", missed == 0 ? "Every figure is reached." : "Figures marked with ! are not reached.");
    return missed != 0;
}
