/* The loop of the feedback delay network: that it loses nothing but what it is to absorb, and absorbs that. */
#include "dsp/cell_ring.h"
#include "dsp/fdn.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

enum { LINES = MOTET_FDN_LINES, CELL = MOTET_FDN_CELL, RATE = 48000 };

static const double PI = 3.14159265358979323846;

static float reads[LINES][CELL], writes[LINES][CELL], in[2][CELL], out[2][CELL], cosine[2][CELL], sine[2][CELL];

static motet_fdn_cell make_cell(void)
{
    motet_fdn_cell cell = {.in = {in[0], in[1]},
                           .out = {out[0], out[1]},
                           .cosine = {cosine[0], cosine[1]},
                           .sine = {sine[0], sine[1]},
                           .count = CELL};
    memset(in, 0, sizeof in);
    memset(reads, 0, sizeof reads);
    for (int i = 0; i < LINES; i++) {
        cell.read[i] = reads[i];
        cell.write[i] = writes[i];
    }
    for (int c = 0; c < 2; c++) {
        for (int k = 0; k < CELL; k++) {
            cosine[c][k] = (float)cos(0.1 * k + c);
            sine[c][k] = (float)sin(0.1 * k + c);
        }
    }
    return cell;
}

static motet_fdn_filters lossless(void)
{
    motet_fdn_filters filters;
    uint32_t delays[LINES] = {0};
    for (uint32_t i = 0; i < LINES; i++) {
        delays[i] = 1000 + 100 * i;
    }
    motet_fdn_decay never = {(double)INFINITY, (double)INFINITY, (double)INFINITY, 200, 4000};
    motet_fdn_design(&filters, delays, &never, RATE);
    return filters;
}

static double frame_energy(float rows[LINES][CELL], int k)
{
    double sum = 0;
    for (int i = 0; i < LINES; i++) {
        sum += (double)rows[i][k] * (double)rows[i][k];
    }
    return sum;
}

static void test_turning_and_mixing_lose_nothing(void **context)
{
    (void)context;
    motet_fdn_cell cell = make_cell();
    motet_fdn_filters filters = lossless();
    motet_fdn_state state = {0};
    for (int i = 0; i < LINES; i++) {
        for (int k = 0; k < CELL; k++) {
            reads[i][k] = (float)sin(i * 7.1 + k * 1.3 + i * k);
        }
    }
    motet_fdn_run(&filters, &state, &cell);
    for (int k = 0; k < CELL; k++) {
        assert_true(fabs(frame_energy(writes, k) / frame_energy(reads, k) - 1) < 1e-5);
    }
}

/* Each line goes to all others alike, and each input and output to all lines, without favour. */
static void test_everything_reaches_everything(void **context)
{
    (void)context;
    motet_fdn_filters filters = lossless();
    float columns[LINES][LINES], inputs[2][LINES], outputs[2][LINES];
    for (int from = 0; from < LINES + 2; from++) {
        motet_fdn_cell cell = make_cell();
        motet_fdn_state state = {0};
        cosine[0][0] = cosine[1][0] = 1;
        sine[0][0] = sine[1][0] = 0;
        if (from < LINES) {
            reads[from][0] = 1;
        } else {
            in[from - LINES][0] = 1;
        }
        motet_fdn_run(&filters, &state, &cell);
        for (int to = 0; to < LINES; to++) {
            float value = writes[to][0];
            assert_true(fabsf(fabsf(value) - (from < LINES ? 0.25f : 1)) < 1e-6f);
            if (from < LINES) {
                columns[from][to] = value;
            } else {
                inputs[from - LINES][to] = value;
            }
        }
        for (int c = 0; c < 2 && from < LINES; c++) {
            assert_true(fabsf(fabsf(out[c][0]) - 0.25f) < 1e-6f);
            outputs[c][from] = out[c][0];
        }
    }
    for (int i = 0; i < LINES; i++) {
        for (int j = 0; j < i; j++) {
            double product = 0;
            for (int k = 0; k < LINES; k++) {
                product += (double)columns[i][k] * (double)columns[j][k];
            }
            assert_true(fabs(product) < 1e-6);
        }
    }
    double of_inputs = 0, of_outputs = 0;
    for (int k = 0; k < LINES; k++) {
        of_inputs += (double)inputs[0][k] * (double)inputs[1][k];
        of_outputs += (double)outputs[0][k] * (double)outputs[1][k];
    }
    assert_true(fabs(of_inputs) < 1e-6 && fabs(of_outputs) < 1e-6);
}

/* What a sine loses in a pass through a line, in dB for a second. */
static double loss_db(const motet_fdn_filters *filters, int line, uint32_t delay, double hz)
{
    motet_fdn_state state = {0};
    double energy = 0;
    enum { CELLS = 600 };
    for (int at = 0; at < CELLS; at++) {
        motet_fdn_cell cell = make_cell();
        for (int k = 0; k < CELL; k++) {
            reads[line][k] = (float)sin(2 * PI * hz * (at * CELL + k) / RATE);
        }
        motet_fdn_run(filters, &state, &cell);
        for (int k = 0; k < CELL && at >= CELLS / 2; k++) {
            energy += frame_energy(writes, k);
        }
    }
    return -10 * log10(energy / (CELLS / 2 * CELL) * 2) * RATE / delay;
}

static void test_absorbs_what_was_asked_for(void **context)
{
    static const double tones[] = {40, 125, 300, 1000, 3000, 8000};
    (void)context;
    motet_fdn_filters filters;
    uint32_t delays[LINES];
    for (uint32_t i = 0; i < LINES; i++) {
        delays[i] = 1000 + 150 * i;
    }
    motet_fdn_decay decay = {2, 3, 0.8, 250, 4000};
    motet_fdn_design(&filters, delays, &decay, RATE);
    for (size_t i = 0; i < sizeof tones / sizeof *tones; i++) {
        double hz = tones[i];
        double asked = 30 + (20 - 30) / (1 + pow(hz / 250, 2)) + (75 - 30) / (1 + pow(4000 / hz, 2));
        assert_true(fabs(loss_db(&filters, 0, delays[0], hz) / asked - 1) < 0.04);
        assert_true(fabs(loss_db(&filters, 15, delays[15], hz) / asked - 1) < 0.04);
    }
}

/* An all-pass changes no energy, and no cut of a run changes it. */
static void test_allpass_passes_all(void **context)
{
    enum { DELAY = 70, COUNT = 64 * 64 };
    static float memory[10 * CELL], samples[COUNT], cut[COUNT];
    (void)context;
    static const uint32_t runs[] = {CELL, 43, 7, 1};
    for (size_t i = 0; i < sizeof runs / sizeof *runs; i++) {
        uint32_t run = runs[i];
        motet_cell_ring ring = {memory, motet_cell_ring_capacity(DELAY), 0};
        assert_true(ring.capacity + CELL <= 10 * CELL && ring.capacity >= DELAY + CELL);
        memset(memory, 0, sizeof memory);
        memset(samples, 0, sizeof samples);
        samples[5] = 1;
        for (uint32_t done = 0, count; done < COUNT; done += count) {
            uint32_t rest = CELL - done % CELL;
            count = run < rest ? run : rest;
            motet_allpass_run(samples + done, motet_cell_ring_read(&ring, DELAY), motet_cell_ring_place(&ring), 0.7f, 0,
                              done % CELL, count);
            motet_cell_ring_wrote(&ring, count);
        }
        double energy = 0;
        for (int k = 0; k < COUNT; k++) {
            energy += (double)samples[k] * (double)samples[k];
        }
        assert_true(fabs(energy - 1) < 1e-6);
        assert_true(samples[5] == -0.7f && fabsf(samples[5 + DELAY] - 0.51f) < 1e-6f);
        if (i == 0) {
            memcpy(cut, samples, sizeof cut);
        }
        assert_memory_equal(cut, samples, sizeof cut);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_turning_and_mixing_lose_nothing),
        cmocka_unit_test(test_everything_reaches_everything),
        cmocka_unit_test(test_absorbs_what_was_asked_for),
        cmocka_unit_test(test_allpass_passes_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
