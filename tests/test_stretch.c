/* Faster and slower at the same pitch: what comes out when, tones, the source itself at its own speed, and the same
 * bits for any cut and SIMD level. */
#include "dsp/stretch.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { RATE = 48000, COUNT = 48000 };
static const double PI = 3.14159265358979323846;

typedef enum source_kind { TONE, NOISE, CLICK } source_kind;

typedef struct source {
    source_kind kind;
    uint64_t frame; /* the next */
    uint64_t end;   /* silence from there on; 0: never */
    double hz;      /* of the tone */
    uint64_t click;
} source;

static float source_at(const source *s, uint64_t frame, uint32_t channel)
{
    if (s->end > 0 && frame >= s->end) {
        return 0;
    }
    if (s->kind == TONE) {
        return (float)(0.5 * sin(2 * PI * s->hz * (double)frame / RATE - 0.3 * channel));
    }
    if (s->kind == CLICK) {
        return frame == s->click ? 1 : 0;
    }
    uint32_t bits = (uint32_t)frame * 2654435761u + channel * 40503u;
    bits = (bits ^ bits >> 15) * 2246822519u;
    return (float)(int32_t)(bits ^ bits >> 13) * 0x1p-31f;
}

static void pull(void *user, float *const channels[2], uint32_t count) MOTET_NONBLOCKING
{
    source *s = user;
    for (uint32_t k = 0; k < count; k++) {
        for (uint32_t c = 0; c < 2 && channels[c] != NULL; c++) {
            channels[c][k] = source_at(s, s->frame + k, c);
        }
    }
    s->frame += count;
}

static motet_stretch *make(uint32_t channels, const char *simd)
{
    size_t bytes = (motet_stretch_size(channels, RATE) + 63) / 64 * 64;
    motet_stretch *stretch = aligned_alloc(64, bytes);
    memset(stretch, 0, bytes);
    motet_stretch_init(stretch, channels, RATE, motet_kernels_choose(simd));
    return stretch;
}

static uint64_t step_of(double speed)
{
    return (uint64_t)(speed * (double)MOTET_STRETCH_ONE);
}

static void run_evenly(motet_stretch *stretch, float *left, float *right, uint32_t count, double speed, source *from)
{
    uint64_t steps[500];
    for (uint32_t k = 0; k < 500; k++) {
        steps[k] = step_of(speed);
    }
    for (uint32_t done = 0; done < count; done += 500) {
        float *const to[2] = {left + done, right != NULL ? right + done : NULL};
        motet_stretch_run(stretch, to, steps, count - done < 500 ? count - done : 500, pull, from);
    }
}

static void at_its_own_speed_it_is_the_source(void **state)
{
    (void)state;
    static float left[COUNT], right[COUNT];
    motet_stretch *stretch = make(2, NULL);
    source noise = {.kind = NOISE};
    run_evenly(stretch, left, right, COUNT, 1, &noise);
    for (uint32_t n = 0; n < COUNT; n++) {
        assert_true(fabsf(left[n] - source_at(&noise, n, 0)) < 2e-6f);
        assert_true(fabsf(right[n] - source_at(&noise, n, 1)) < 2e-6f);
    }
    free(stretch);
}

typedef struct tone {
    double amplitude, phase, noise_db;
} tone;

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
    double rest = fmax(xx - (a * xs + b * xc), 1e-30);
    return (tone){hypot(a, b), atan2(b, a), 10 * log10(2 * rest / count / (a * a + b * b))};
}

static void tones_keep_pitch_and_level(void **state)
{
    (void)state;
    enum { FROM = 8000, PART = 16000 };
    static float left[COUNT], right[COUNT];
    static const double speeds[] = {0, 0.25, 0.5, 0.8, 0.99, 1.1, 1.5, 2, 4};
    static const double tones[] = {220, 440, 3000};
    for (size_t i = 0; i < sizeof speeds / sizeof *speeds; i++) {
        for (size_t j = 0; j < sizeof tones / sizeof *tones; j++) {
            motet_stretch *stretch = make(2, NULL);
            source sine = {.kind = TONE, .hz = tones[j]};
            run_evenly(stretch, left, right, 4000, 1, &sine);
            run_evenly(stretch, left, right, COUNT, speeds[i], &sine);
            tone first = fit(left + FROM, PART, sine.hz), second = fit(left + FROM + PART, PART, sine.hz);
            tone other = fit(right + FROM, PART, sine.hz);
            double drift = remainder(second.phase - first.phase - 2 * PI * fmod(sine.hz * PART / RATE, 1), 2 * PI);
            double cents = 1200 * log2(1 + drift / (2 * PI * PART / RATE) / sine.hz);
            print_message("%6.0f Hz at %4.2f: %8.5f cents, %6.3f dB, THD+N %6.1f dB\n", sine.hz, speeds[i], cents,
                          20 * log10(first.amplitude / 0.5), first.noise_db);
            assert_true(fabs(cents) < 0.1);
            assert_true(fabs(20 * log10(first.amplitude / 0.5)) < 0.05);
            assert_true(first.noise_db < (speeds[i] == 0 ? -50 : -80));
            assert_true(fabs(20 * log10(other.amplitude / first.amplitude)) < 0.01);
            assert_true(fabs(remainder(other.phase - first.phase + 0.3, 2 * PI)) < 0.01);
            free(stretch);
        }
    }
}

/* The middle of a click's energy is where the click is, divided by the speed. */
static void things_come_out_at_their_time(void **state)
{
    (void)state;
    static float samples[COUNT];
    static const double speeds[] = {0.5, 0.75, 1.25, 2, 3};
    for (size_t i = 0; i < sizeof speeds / sizeof *speeds; i++) {
        motet_stretch *stretch = make(1, NULL);
        source click = {.kind = CLICK, .click = (uint64_t)(20000 * speeds[i])};
        run_evenly(stretch, samples, NULL, COUNT, speeds[i], &click);
        double power = 0, place = 0;
        for (uint32_t n = 0; n < COUNT; n++) {
            power += (double)samples[n] * (double)samples[n];
            place += (double)samples[n] * (double)samples[n] * n;
        }
        print_message("%.2f: a click is off by %.2f ms\n", speeds[i], (place / power - 20000) * 1000 / RATE);
        assert_true(fabs(place / power - 20000) < 0.01 * RATE);
        assert_true(motet_stretch_position(stretch) == COUNT * step_of(speeds[i]));
        uint64_t heard = motet_stretch_position(stretch) >> 32;
        assert_true(motet_stretch_pulled(stretch) == click.frame);
        assert_true(click.frame >= heard && click.frame - heard <= 9 * motet_vocoder_frames(RATE) / 2);
        free(stretch);
    }
}

/* Steps that wander, cut as asked. */
static void perform(const char *simd, uint32_t cut, float *left, float *right)
{
    static uint64_t steps[COUNT];
    source noise = {.kind = NOISE, .end = 40000};
    motet_stretch *stretch = make(2, simd);
    for (uint32_t n = 0; n < COUNT; n++) {
        steps[n] = n < 20000 ? step_of(2 + 2 * sin(n * 0.001)) : n % 3000 < 1500 ? step_of(0.3) : step_of(3.9);
    }
    for (uint32_t done = 0; done < COUNT;) {
        uint32_t count = cut > 0 ? cut : 1 + done * 7919 % 700;
        count = COUNT - done < count ? COUNT - done : count;
        float *const to[2] = {left + done, right + done};
        motet_stretch_run(stretch, to, steps + done, count, pull, &noise);
        done += count;
    }
    free(stretch);
}

static void cuts_and_levels_give_the_same_bits(void **state)
{
    (void)state;
    static float whole[2][COUNT], other[2][COUNT];
    perform("c", 512, whole[0], whole[1]);
    for (uint32_t n = 0; n < COUNT; n++) {
        assert_true(fabsf(whole[0][n]) < 10);
    }
    assert_true(whole[0][COUNT - 1] == 0);
    for (uint32_t i = 0; i < 3 + motet_kernels_count(); i++) {
        static const uint32_t cuts[] = {0, 1, 64};
        perform(i < 3 ? NULL : motet_kernels_at(i - 3)->name, i < 3 ? cuts[i] : 512, other[0], other[1]);
        assert_memory_equal(other, whole, sizeof whole);
    }
}

static void a_reset_begins_anew(void **state)
{
    (void)state;
    static float once[COUNT], again[COUNT];
    motet_stretch *stretch = make(1, NULL);
    source noise = {.kind = NOISE};
    run_evenly(stretch, once, NULL, COUNT, 1.3, &noise);
    motet_stretch_reset(stretch);
    assert_true(motet_stretch_position(stretch) == 0 && motet_stretch_pulled(stretch) == 0);
    noise.frame = 0;
    run_evenly(stretch, again, NULL, COUNT, 1.3, &noise);
    assert_memory_equal(once, again, sizeof once);
    free(stretch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(at_its_own_speed_it_is_the_source),
        cmocka_unit_test(tones_keep_pitch_and_level),
        cmocka_unit_test(things_come_out_at_their_time),
        cmocka_unit_test(cuts_and_levels_give_the_same_bits),
        cmocka_unit_test(a_reset_begins_anew),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
