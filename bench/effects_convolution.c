/* What convolution, pitch shift and the transforms under them are worth: errors against sums in double, the cost of a
 * frame, how much dearer the dearest run is than the mean, what becomes of a tone. Ends with 1 where a mark for an
 * error is missed; costs have none that fail, since they move from machine to machine. */
#include "dsp/fft.h"
#include "effects/effects.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { RATE = 48000, BLOCK = 512 };

static const double PI = 3.14159265358979323846;
static int missed;

static double now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static void *allocate(size_t bytes)
{
    size_t rounded = (bytes + 63) / 64 * 64 + 64;
    void *memory = aligned_alloc(64, rounded);
    if (memory == NULL) {
        exit(2);
    }
    memset(memory, 0, rounded);
    return memory;
}

static void fill_noise(float *samples, size_t count, uint32_t seed)
{
    for (size_t n = 0; n < count; n++) {
        seed = seed * 1664525u + 1013904223u;
        samples[n] = (float)(int32_t)seed * 0x1p-31f;
    }
}

static void mark(double figure, double most)
{
    bool good = figure <= most;
    missed += good ? 0 : 1;
    printf(" (%g)%s", most, good ? "" : " !");
}

/* --------------------------------------------------------------------------------------------------- Transforms */

static double transform_error(const motet_fft *fft, const float *samples, motet_complexes bins)
{
    uint32_t size = 2 * fft->points;
    uint32_t step = fft->points < 256 ? 1 : fft->points / 256;
    double error = 0, power = 0;
    uint32_t count = 0;
    for (uint32_t n = 0; n < size; n++) {
        power += (double)samples[n] * (double)samples[n];
    }
    for (uint32_t k = 0; k <= fft->points; k += step, count++) {
        double re = -(double)bins.re[k], im = -(double)bins.im[k];
        for (uint32_t n = 0; n < size; n++) {
            double angle = 2 * PI * (double)((uint64_t)k * n % size) / size;
            re += (double)samples[n] * cos(angle);
            im -= (double)samples[n] * sin(angle);
        }
        error += re * re + im * im;
    }
    return 10 * log10(error / count / power);
}

static void print_transforms(void)
{
    const motet_kernels *kernels = motet_kernels_choose(NULL);
    printf("Fourier transform of real samples, %s\n%8s %20s %14s %16s\n", kernels->name, "size", "error, dB",
           "ns a sample", "complex part, ns");
    for (uint32_t points = MOTET_FFT_LEAST; points <= MOTET_FFT_MOST; points *= 2) {
        motet_fft fft;
        float *tables = allocate(motet_fft_size(points));
        float *samples = allocate(2 * points * sizeof(float)), *work = allocate(4 * points * sizeof(float));
        motet_complexes bins = {allocate((points + 1) * sizeof(float)), allocate((points + 1) * sizeof(float))};
        motet_complexes a = {work, work + points}, b = {work + 2 * (size_t)points, work + 3 * (size_t)points};
        motet_fft_build(&fft, points, tables);
        fill_noise(samples, 2 * (size_t)points, points);
        motet_fft_of_real(&fft, kernels, bins, samples, work);
        double error = transform_error(&fft, samples, bins);
        double real_ns = 1e30, complex_ns = 1e30;
        for (int turn = 0; turn < 200; turn++) {
            double start = now_ns();
            motet_fft_of_real(&fft, kernels, bins, samples, work);
            double middle = now_ns();
            memset(work, 0, 2 * points * sizeof(float));
            double later = now_ns();
            (void)motet_fft_run(&fft, kernels, a, b);
            double end = now_ns();
            real_ns = fmin(real_ns, middle - start);
            complex_ns = fmin(complex_ns, end - later);
        }
        printf("%8u %12.1f", 2 * points, error);
        mark(error, -132);
        printf(" %13.2f %16.2f\n", real_ns / (2 * points), complex_ns / (2 * points));
        free(tables);
        free(samples);
        free(work);
        free(bins.re);
        free(bins.im);
    }
}

/* -------------------------------------------------------------------------------------------------- Convolution */

typedef struct machine {
    const motet_effect_type *type;
    motet_effect_setup setup;
    float values[MOTET_MAX_PARAMETERS];
    void *state, *material;
    float *response;
    uint32_t frames;
    uint64_t frame;
} machine;

static void start(machine *m, const char *name, uint32_t frames, const char *simd)
{
    *m = (machine){.type = motet_effect_type_find(name), .frames = frames};
    for (uint32_t i = 0; i < m->type->parameter_count; i++) {
        const motet_parameter *parameter = &m->type->parameters[i];
        m->values[i] = strcmp(parameter->name, "normalise") == 0 ? 0 : parameter->initial;
    }
    m->setup = (motet_effect_setup){RATE, 2, m->values, motet_kernels_choose(simd)};
    m->state = allocate(m->type->size(&m->setup));
    m->type->init(m->state, &m->setup);
    if (frames > 0) {
        m->response = allocate(2 * (size_t)frames * sizeof(float));
        fill_noise(m->response, 2 * (size_t)frames, 3);
        for (uint32_t n = 0; n < 2 * frames; n++) {
            m->response[n] *= powf(0.001f, (float)(n / 2) / (float)frames);
        }
        motet_pcm pcm = {m->response, MOTET_FORMAT_F32, 2, RATE, frames};
        m->material = allocate(m->type->material_size(&m->setup, &pcm));
        m->type->material_build(&m->setup, &pcm, m->material);
        m->type->material_set(m->state, m->material);
    }
}

static void stop(machine *m)
{
    free(m->state);
    free(m->material);
    free(m->response);
}

static void run(machine *m, float *left, float *right, uint32_t count)
{
    static const float *const still[MOTET_MAX_PARAMETERS] = {NULL};
    motet_effect_run what = {{left, right}, 2, count, m->frame, m->values, still, {NULL, NULL}};
    m->type->process(m->state, &what);
    m->frame += count;
}

/* Of every 97th frame, in dB of the loudest. */
static double convolution_error(machine *m, uint32_t count)
{
    float *left = allocate(count * sizeof(float)), *right = allocate(count * sizeof(float));
    float *dry = allocate(count * sizeof(float));
    double worst = 0, peak = 0;
    fill_noise(left, count, 1);
    fill_noise(right, count, 2);
    memcpy(dry, left, count * sizeof(float));
    for (uint32_t done = 0; done < count; done += BLOCK) {
        run(m, left + done, right + done, BLOCK);
    }
    for (uint32_t n = 0; n < count; n += 97) {
        double sum = 0;
        for (uint32_t k = 0; k <= n && k < m->frames; k++) {
            sum += (double)dry[n - k] * (double)m->response[2 * k];
        }
        worst = fmax(worst, fabs(sum - (double)left[n]));
        peak = fmax(peak, fabs(sum));
    }
    free(left);
    free(right);
    free(dry);
    return 20 * log10(worst / peak);
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

typedef struct cost {
    double mean, median, worst; /* ns a stereo frame */
} cost;

/* Each of the runs of a cycle of 8192 frames has its own least time over some cycles: what is left is what the effect
 * itself does there, not what else the machine did. */
static cost convolution_cost(machine *m, uint32_t run_frames, uint32_t cycles)
{
    enum { CYCLE = 8192 };
    static double least[CYCLE];
    static float left[CYCLE], right[CYCLE];
    uint32_t runs = CYCLE / run_frames;
    for (uint32_t i = 0; i < runs; i++) {
        least[i] = 1e30;
    }
    for (uint32_t cycle = 0; cycle < cycles; cycle++) {
        fill_noise(left, CYCLE, 1 + cycle);
        fill_noise(right, CYCLE, 1000 + cycle);
        for (uint32_t i = 0; i < runs; i++) {
            double begin = now_ns();
            run(m, left + (size_t)i * run_frames, right + (size_t)i * run_frames, run_frames);
            double taken = now_ns() - begin;
            least[i] = cycle > cycles / 2 ? fmin(least[i], taken) : least[i];
        }
    }
    cost c = {0, 0, 0};
    for (uint32_t i = 0; i < runs; i++) {
        c.mean += least[i] / CYCLE;
    }
    qsort(least, runs, sizeof *least, by_size);
    c.median = least[runs / 2] / run_frames;
    c.worst = least[runs - 1] / run_frames;
    return c;
}

static void print_convolution(void)
{
    static const double lengths[] = {0.001, 0.02, 0.3, 1, 2, 4, 10};
    printf("\nConvolution, stereo, 48 kHz\n%8s %18s %36s %26s\n", "seconds", "error, dB",
           "runs of 512: ns a frame, dearest", "runs of 64: ns, dearest");
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        machine m;
        uint32_t frames = (uint32_t)(lengths[i] * RATE);
        start(&m, "convolution", frames, NULL);
        double error = convolution_error(&m, (frames + 30000) / BLOCK * BLOCK);
        uint32_t cycles = frames / 8192 + 24;
        cost coarse = convolution_cost(&m, 512, cycles);
        cost fine = convolution_cost(&m, 64, cycles);
        printf("%8g %10.1f", lengths[i], error);
        mark(error, -120);
        printf(" %20.1f %14.2f x %16.1f %8.2f x\n", coarse.mean, coarse.worst / coarse.mean, fine.mean,
               fine.worst / fine.mean);
        stop(&m);
    }
    printf("\n2 s by SIMD level:");
    for (uint32_t level = 0; level < motet_kernels_count(); level++) {
        machine m;
        start(&m, "convolution", 2 * RATE, motet_kernels_at(level)->name);
        printf("  %s %.1f ns", motet_kernels_at(level)->name, convolution_cost(&m, 512, 40).mean);
        stop(&m);
    }
    printf("\n");
}

/* -------------------------------------------------------------------------------------------------- Pitch shift */

typedef struct tone {
    double amplitude, phase, noise_db;
} tone;

/* By least squares; what is left is noise and distortion. */
static tone fit(const float *samples, uint32_t count, double hz)
{
    double ss = 0, cc = 0, sc = 0, xs = 0, xc = 0, xx = 0;
    for (uint32_t n = 0; n < count; n++) {
        double s = sin(2 * PI * hz * n / RATE), c = cos(2 * PI * hz * n / RATE), x = (double)samples[n];
        ss += s * s;
        cc += c * c;
        sc += s * c;
        xs += x * s;
        xc += x * c;
        xx += x * x;
    }
    double determinant = ss * cc - sc * sc;
    double a = (xs * cc - xc * sc) / determinant, b = (xc * ss - xs * sc) / determinant;
    double rest = fmax(xx - (a * xs + b * xc), 1e-15 * xx);
    return (tone){hypot(a, b), atan2(b, a), 10 * log10(2 * rest / count / (a * a + b * b))};
}

static void print_shift(double hz, double semitones, double noise_mark)
{
    enum { COUNT = 96256, FROM = 24000, PART = 24000 };
    static float left[COUNT], right[COUNT];
    machine m;
    start(&m, "pitch_shift", 0, NULL);
    m.values[0] = (float)semitones;
    for (uint32_t n = 0; n < COUNT; n++) {
        left[n] = (float)(0.5 * sin(2 * PI * fmod(hz * n / RATE, 1)));
        right[n] = (float)(0.25 * cos(2 * PI * fmod(hz * n / RATE, 1)));
    }
    double begin = now_ns();
    for (uint32_t done = 0; done < COUNT; done += BLOCK) {
        run(&m, left + done, right + done, BLOCK);
    }
    double ns = (now_ns() - begin) / COUNT;
    double expected = hz * pow(2, semitones / 12);
    tone first = fit(left + FROM, PART, expected), second = fit(left + FROM + PART, PART, expected);
    tone other = fit(right + FROM, PART, expected);
    double drift = remainder(second.phase - first.phase - 2 * PI * fmod(expected * PART / RATE, 1), 2 * PI);
    double cents = fabs(1200 * log2(1 + drift / (2 * PI * PART / RATE) / expected));
    double level = fabs(20 * log10(first.amplitude / 0.5));
    double image = fabs(20 * log10(other.amplitude / first.amplitude * 2));
    printf("%6g Hz %6g %9.4f", hz, semitones, cents);
    mark(cents, 1);
    printf(" %9.3f", level);
    mark(level, 1);
    printf(" %9.1f", first.noise_db);
    mark(first.noise_db, noise_mark);
    printf(" %9.4f", image);
    mark(image, 0.1);
    printf(" %8.0f\n", ns);
    stop(&m);
}

static void print_shifts(void)
{
    static const double shifts[] = {-24, -12, -7, -1, 1, 7, 12, 24};
    printf("\nPitch shift, stereo, 48 kHz\n%9s %6s %13s %13s %17s %15s %12s\n", "tone", "by", "off, cents", "level, dB",
           "THD+N, dB", "image, dB", "ns a frame");
    for (size_t i = 0; i < sizeof shifts / sizeof *shifts; i++) {
        print_shift(440, shifts[i], shifts[i] < -12 ? -60 : -80);
        print_shift(3000, shifts[i], -90);
    }
}

int main(void)
{
    printf("Motet %s. In brackets: what a figure must not exceed.\n", motet_version());
    print_transforms();
    print_convolution();
    print_shifts();
    printf("\n%s\n", missed == 0 ? "Every figure is reached." : "Figures marked with ! are not reached.");
    return missed != 0;
}
