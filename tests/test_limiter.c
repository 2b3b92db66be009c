/* The look-ahead limiter: what it may never do (touch what is below the ceiling, let anything above it, depend on the
 * sizes of calls, move with a corner), and what it does against a plain restatement in double. */
#include "dsp/kernels.h"
#include "dsp/limiter.h"

#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { CANARY = 64 };

static const motet_kernels *kernels; /* those under test */

typedef struct subject {
    motet_limiter *limiter;
    unsigned char *memory;
    size_t size;
} subject;

static subject create(uint32_t rate, double ceiling)
{
    subject s = {.size = motet_limiter_size(rate)};
    s.memory = aligned_alloc(64, s.size + CANARY);
    assert_non_null(s.memory);
    assert_int_equal(s.size % 64, 0);
    memset(s.memory, 0, s.size);
    memset(s.memory + s.size, 0xa5, CANARY);
    s.limiter = (motet_limiter *)(void *)s.memory;
    motet_limiter_init(s.limiter, kernels, rate, ceiling);
    return s;
}

static void destroy(subject s)
{
    for (int i = 0; i < CANARY; i++) {
        assert_int_equal(s.memory[s.size + (size_t)i], 0xa5);
    }
    free(s.memory);
}

static uint64_t random_bits(uint64_t *state)
{
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return *state >> 33;
}

/* Uniform in [-1, 1). */
static float random_sample(uint64_t *state)
{
    return (float)((double)random_bits(state) / 1073741824.0 - 1.0);
}

enum { FRAMES = 60000 };
static float left[FRAMES], right[FRAMES], in_left[FRAMES], in_right[FRAMES];

static void keep_input(void)
{
    memcpy(in_left, left, sizeof left);
    memcpy(in_right, right, sizeof right);
}

/* Bursts of noise at many levels, with quiet between and single peaks of up to `highest`. */
static void make_bursts(uint64_t seed, float highest)
{
    float level = 0.5f;
    for (int n = 0; n < FRAMES; n++) {
        if (random_bits(&seed) % 700 == 0) {
            level = 3.0f * fabsf(random_sample(&seed));
        }
        left[n] = level * random_sample(&seed);
        right[n] = 0.7f * level * random_sample(&seed);
        if (random_bits(&seed) % 3000 == 0) {
            right[n] = highest * powf(fabsf(random_sample(&seed)) + 1e-6f, 8);
        }
    }
    keep_input();
}

static void latencies(void **state)
{
    (void)state;
    assert_int_equal(motet_limiter_latency_frames(48000), 96);
    assert_int_equal(motet_limiter_latency_frames(44100), 90); /* 88.2 */
    assert_int_equal(motet_limiter_latency_frames(22050), 46); /* 44.1 */
    assert_int_equal(motet_limiter_latency_frames(8000), 16);
    assert_int_equal(motet_limiter_latency_frames(1001), 4);
    assert_int_equal(motet_limiter_latency_frames(1000), 2);
    assert_int_equal(motet_limiter_latency_frames(1), 2);
    assert_int_equal(motet_limiter_latency_frames(384000), 768);
}

static void nothing_below_the_ceiling_is_touched(void **state)
{
    (void)state;
    static const uint32_t rates[] = {1, 1500, 8000, 44100, 48000, 384000};
    static const float ceilings[] = {1.0f, 0.5f, 0.8912509f};
    for (int r = 0; r < 6; r++) {
        for (int c = 0; c < 3; c++) {
            float ceiling = ceilings[c];
            uint64_t seed = 11;
            uint32_t latency = motet_limiter_latency_frames(rates[r]);
            for (int n = 0; n < FRAMES; n++) {
                left[n] = ceiling * random_sample(&seed);
                right[n] = n % 97 == 0 ? ceiling : n % 89 == 0 ? -ceiling : n % 83 == 0 ? -0.0f : 1e-17f;
            }
            keep_input();
            subject s = create(rates[r], ceiling);
            motet_limiter_process(s.limiter, left, right, FRAMES);
            size_t rest = (FRAMES - latency) * sizeof *left;
            assert_memory_equal(left + latency, in_left, rest);
            assert_memory_equal(right + latency, in_right, rest);
            for (uint32_t n = 0; n < latency; n++) {
                assert_true(left[n] == 0 && right[n] == 0);
            }
            destroy(s);
        }
    }
}

static void nothing_comes_out_above_the_ceiling(void **state)
{
    (void)state;
    static const uint32_t rates[] = {1, 1500, 8000, 44100, 48000, 384000};
    static const double ceilings[] = {1.0, 0.98855309465693884, 1.0 / 3.0, 0.0630957344480193, 0.9999999999};
    static const float highest[] = {1.2f, 100.0f, 1e6f, 1e12f, FLT_MAX};
    for (int r = 0; r < 6; r++) {
        for (int c = 0; c < 5; c++) {
            make_bursts((uint64_t)(10 * r + c), highest[(r + c) % 5]);
            subject s = create(rates[r], ceilings[c]);
            motet_limiter_process(s.limiter, left, right, FRAMES);
            destroy(s);
            for (int n = 0; n < FRAMES; n++) {
                assert_true(fabs((double)left[n]) <= ceilings[c]);
                assert_true(fabs((double)right[n]) <= ceilings[c]);
            }
        }
    }
}

/* Every peak alone, over the whole range of floats: the gain that it gets is the last link of the chain of roundings. */
static void single_peaks_of_every_size(void **state)
{
    (void)state;
    subject s = create(1000, 1.0); /* a latency of 2 frames */
    float peak = 1.0f;
    for (int i = 0; i < 20000; i++) {
        motet_limiter_init(s.limiter, kernels, 1000, 1.0);
        float l[5] = {0, 0, 0, 0, 0}, r[5] = {peak, 0, 0, 0, 0};
        motet_limiter_process(s.limiter, l, r, 5);
        assert_true(r[2] <= 1.0f);
        assert_true(r[2] >= (peak < 1000 ? 0.99999f : peak < 1e6f ? 0.999f : 0.0f)); /* and no lower than needed */
        float next = i < 1000 ? nextafterf(peak, INFINITY) : peak * 1.0048f;
        peak = next < FLT_MAX ? next : FLT_MAX;
    }
    assert_true(peak == FLT_MAX);
    destroy(s);
}

static void calls_of_any_size_give_the_same(void **state)
{
    (void)state;
    static float whole_left[FRAMES], whole_right[FRAMES];
    static const uint32_t rates[] = {1, 8000, 48000};
    for (int r = 0; r < 3; r++) {
        make_bursts(5, 40.0f);
        for (int n = 20000; n < 59000; n++) { /* quiet for long enough to come to rest, at the lower rates */
            left[n] *= 0.1f;
            right[n] = n % 30011 == 0 ? 3.0f : 0.01f;
        }
        keep_input();
        subject s = create(rates[r], 0.7);
        motet_limiter_process(s.limiter, left, right, FRAMES);
        memcpy(whole_left, left, sizeof left);
        memcpy(whole_right, right, sizeof right);
        for (uint64_t seed = 0; seed < 4; seed++) {
            memcpy(left, in_left, sizeof left);
            memcpy(right, in_right, sizeof right);
            motet_limiter_init(s.limiter, kernels, rates[r], 0.7);
            static const size_t longest[] = {1, 7, 200, 3000};
            uint64_t random = seed;
            for (size_t n = 0, count; n < FRAMES; n += count) {
                count = 1 + random_bits(&random) % longest[seed];
                count = count > FRAMES - n ? FRAMES - n : count;
                motet_limiter_process(s.limiter, left + n, right + n, count);
                motet_limiter_process(s.limiter, left + n, right + n, 0);
            }
            assert_memory_equal(left, whole_left, sizeof left);
            assert_memory_equal(right, whole_right, sizeof right);
        }
        destroy(s);
    }
}

/* Wanted reduction, maximum, hold and release, two means: as the header says it, in double, the slow way. */
static void gains_follow_the_description(void **state)
{
    (void)state;
    enum { COUNT = 4000, N = 16, H = N / 2 + 1, RATE = 8000 };
    static double wanted[COUNT], released[COUNT], mean[COUNT];
    const double ceiling = 0.75;
    make_bursts(78, 9.0f);
    for (int n = 0; n < FRAMES; n++) {
        left[n] *= 1.5f;
    }
    keep_input();
    subject s = create(RATE, ceiling);
    motet_limiter_process(s.limiter, left, right, COUNT);
    destroy(s);
    double release = exp(-1.0 / (0.1 * RATE));
    int reduced = 0;
    for (int n = 0; n < COUNT; n++) {
        double peak = fmax(fabs((double)in_left[n]), fabs((double)in_right[n]));
        wanted[n] = peak > ceiling ? 1 - ceiling / peak : 0;
        double most = n == 0 ? 0 : released[n - 1] * release;
        for (int i = n < N ? 0 : n - N; i <= n; i++) {
            most = fmax(most, wanted[i]);
        }
        released[n] = most;
        double sum = 0;
        for (int i = 0; i < H; i++) {
            for (int j = 0; j < H; j++) {
                sum += i + j <= n ? released[n - i - j] : 0;
            }
        }
        mean[n] = sum / (H * H);
        if (n >= N) {
            reduced += mean[n] > 0;
            assert_true(fabs(left[n] - in_left[n - N] * (1 - mean[n])) <= 2e-6);
            assert_true(fabs(right[n] - in_right[n - N] * (1 - mean[n])) <= 2e-6);
        }
    }
    assert_in_range(reduced, COUNT / 4, COUNT - N - 1);
}

/* The gain's second difference stays below that of two means over H of a full step, where a gain that jumped or turned
 * a corner would be 50 times above; both channels get the same gain. */
static void gain_moves_without_corners(void **state)
{
    (void)state;
    enum { RATE = 48000, N = 96, H = 49 };
    for (int n = 0; n < FRAMES; n++) {
        double level = n >= 30000 && n < 30100 ? 5.0 : n >= 34000 && n % 5000 < 40 ? 2.0 : 0.9;
        left[n] = (float)level;
        right[n] = (float)(level * 0.125);
    }
    keep_input();
    subject s = create(RATE, 1.0);
    motet_limiter_process(s.limiter, left, right, FRAMES);
    destroy(s);
    double before[3] = {1, 1, 1};
    double worst = 0, lowest = 1;
    for (int n = N; n < FRAMES; n++) {
        double gain = (double)left[n] / in_left[n - N];
        double other = (double)right[n] / in_right[n - N];
        assert_true(fabs(gain - other) <= 2e-7);
        before[0] = before[1];
        before[1] = before[2];
        before[2] = gain;
        worst = fmax(worst, fabs(before[0] - 2 * before[1] + before[2]));
        lowest = fmin(lowest, gain);
    }
    assert_true(fabs(lowest - 0.2) < 1e-6);
    assert_true(worst <= 0.8 / (H * H) + 3e-7); /* the roundings of float are 2e-7 */
    assert_true(worst >= 0.5 / (H * H));
}

static void recovery_is_exponential_and_ends_at_rest(void **state)
{
    (void)state;
    enum { RATE = 8000, N = 16 };
    for (int n = 0; n < FRAMES; n++) {
        left[n] = n < 1000 ? 2.0f : 0.37f;
        right[n] = n < 1000 ? -2.0f : -0.61f;
    }
    keep_input();
    subject s = create(RATE, 1.0);
    motet_limiter_process(s.limiter, left, right, FRAMES);
    for (int n = 900; n < 1000 + N; n++) { /* the last loud frame comes out at 999 + N */
        assert_true(n == 1000 + N - 1 || fabsf(left[n]) > 0.99f);
    }
    double early = 1 - left[2000] / 0.37, late = 1 - left[2800] / 0.37;
    assert_true(fabs(late / early - exp(-1)) < 1e-3);
    int last = 0;
    for (int n = 1000 + N; n < FRAMES; n++) {
        last = memcmp(&left[n], &in_left[n - N], sizeof *left) != 0 ? n : last;
    }
    assert_in_range(last, 1000 + RATE, 1000 + 3 * RATE); /* exp(-t / 0.1) meets a float's precision after 1.7 s */
    for (int n = 0; n < 1000; n++) {
        left[n] = right[n] = 0.999f;
    }
    keep_input();
    motet_limiter_process(s.limiter, left, right, 1000);
    assert_memory_equal(left + N, in_left, (1000 - N) * sizeof *left);
    destroy(s);
}

static void drift_is_none_however_long(void **state)
{
    (void)state;
    subject s = create(8000, 1.0);
    for (int round = 0; round < 40; round++) {
        make_bursts((uint64_t)round, 1e6f);
        motet_limiter_process(s.limiter, left, right, FRAMES);
    }
    memset(left, 0, sizeof left);
    memset(right, 0, sizeof right);
    motet_limiter_process(s.limiter, left, right, FRAMES);
    uint64_t seed = 3;
    for (int n = 0; n < FRAMES; n++) {
        left[n] = random_sample(&seed);
        right[n] = random_sample(&seed);
    }
    keep_input();
    motet_limiter_process(s.limiter, left, right, FRAMES);
    assert_memory_equal(left + 16, in_left, (FRAMES - 16) * sizeof *left);
    assert_memory_equal(right + 16, in_right, (FRAMES - 16) * sizeof *right);
    destroy(s);
}

/* The caller keeps these out; should one pass, it must not stay. */
static void a_stray_infinity_passes(void **state)
{
    (void)state;
    enum { N = 16 };
    for (int n = 0; n < FRAMES; n++) {
        left[n] = right[n] = 0.5f;
    }
    left[100] = INFINITY;
    right[300] = NAN;
    subject s = create(8000, 1.0);
    motet_limiter_process(s.limiter, left, right, FRAMES);
    for (int n = N; n < FRAMES; n++) {
        assert_true(n == 100 + N || n == 300 + N || (fabsf(left[n]) <= 0.5f && fabsf(right[n]) <= 0.5f));
    }
    assert_true(left[FRAMES - 1] == 0.5f && right[FRAMES - 1] == 0.5f);
    destroy(s);
}

/* A golden value: it changes only when the limiter does, and every golden render with it. */
static void bits_are_the_same_everywhere(void **state)
{
    (void)state;
    make_bursts(2024, 1.0f); /* no power of a peak: powf is libm's */
    for (int n = 0; n < FRAMES; n++) {
        right[n] = 0.7f * left[n];
    }
    subject s = create(44100, 0.9);
    motet_limiter_process(s.limiter, left, right, FRAMES);
    destroy(s);
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (int n = 0; n < FRAMES; n++) {
        uint32_t bits[2];
        memcpy(&bits[0], &left[n], 4);
        memcpy(&bits[1], &right[n], 4);
        hash = (hash ^ bits[0]) * UINT64_C(0x100000001b3);
        hash = (hash ^ bits[1]) * UINT64_C(0x100000001b3);
    }
    assert_int_equal(hash, UINT64_C(0x4374d3be4951e964));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(latencies),
        cmocka_unit_test(nothing_below_the_ceiling_is_touched),
        cmocka_unit_test(nothing_comes_out_above_the_ceiling),
        cmocka_unit_test(single_peaks_of_every_size),
        cmocka_unit_test(calls_of_any_size_give_the_same),
        cmocka_unit_test(gains_follow_the_description),
        cmocka_unit_test(gain_moves_without_corners),
        cmocka_unit_test(recovery_is_exponential_and_ends_at_rest),
        cmocka_unit_test(drift_is_none_however_long),
        cmocka_unit_test(a_stray_infinity_passes),
        cmocka_unit_test(bits_are_the_same_everywhere),
    };
    int failures = 0;
    for (uint32_t level = 0; level < motet_kernels_count(); level++) {
        kernels = motet_kernels_at(level);
        failures += cmocka_run_group_tests_name(kernels->name, tests, NULL, NULL);
    }
    return failures;
}
