/* Width, balance and mono by hand, and the DC blocker's response. */
#include "support/cookbook.h"
#include "support/effect_rig.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { RATE = 48000 };

typedef struct frame {
    float left, right;
} frame;

static frame one_frame(const char *type, const char *parameter, float value, frame in)
{
    effect_rig *rig = effect_rig_create(type, RATE, 2, NULL);
    effect_rig_set(rig, parameter, value);
    effect_rig_start(rig);
    effect_rig_run(rig, &in.left, &in.right, 1, 512);
    effect_rig_destroy(rig);
    return in;
}

static void check(const char *type, const char *parameter, float value, float left, float right)
{
    frame heard = one_frame(type, parameter, value, (frame){1, 0.5f});
    assert_true(heard.left == left && heard.right == right);
}

static void sides_by_hand(void **context)
{
    (void)context;
    check("width", "width", 1, 1, 0.5f);
    check("width", "width", 0, 0.75f, 0.75f);
    check("width", "width", 2, 1.25f, 0.25f);
    check("balance", "balance", 0, 1, 0.5f);
    check("balance", "balance", -1, 1, 0);
    check("balance", "balance", 0.5f, 0.5f, 0.5f);
    check("mono", "source", 0, 0.75f, 0.75f);
    check("mono", "source", 1, 1, 1);
    check("mono", "source", 2, 0.5f, 0.5f);
}

static void another_source_fades_in(void **context)
{
    (void)context;
    effect_rig *rig = effect_rig_create("mono", RATE, 2, NULL);
    effect_rig_set(rig, "source", 1);
    effect_rig_start(rig);
    float left[1000], right[1000];
    for (int k = 0; k < 1000; k++) {
        left[k] = 1;
        right[k] = 0;
    }
    effect_rig_run(rig, left, right, 100, 512);
    effect_rig_set(rig, "source", 2);
    effect_rig_run(rig, left + 100, right + 100, 900, 512);
    assert_true(left[99] == 1 && left[100 + 480] == 0 && fabsf(left[100 + 239] - 0.5f) < 0.01f);
    for (int k = 1; k < 1000; k++) {
        assert_true(left[k] == right[k] && left[k] <= left[k - 1] && left[k - 1] - left[k] < 0.004f);
    }
    effect_rig_destroy(rig);
}

static void an_offset_goes_and_the_rest_stays(void **context)
{
    static float heard[4 * RATE];
    (void)context;
    for (int i = 0; i < 3; i++) {
        float cutoff = i == 0 ? 20 : i == 1 ? 1 : 200;
        effect_rig *rig = effect_rig_create("dc_blocker", RATE, 1, NULL);
        effect_rig_set(rig, "cutoff_hz", cutoff);
        effect_rig_start(rig);
        memset(heard, 0, sizeof heard);
        heard[0] = 1;
        effect_rig_run(rig, heard, NULL, 4 * RATE, 512);
        for (double hz = 5; hz < 19200; hz *= 1.7) {
            double ratio = (double)cutoff / hz;
            double analogue = -10 * log10(1 + ratio * ratio);
            assert_true(fabs(response_db(heard, 4 * RATE, RATE, hz) - analogue) < 0.1);
        }
        double sum = 0;
        for (int k = 0; k < 4 * RATE; k++) {
            sum += (double)heard[k];
        }
        assert_true(fabs(sum) < 1e-6);
        effect_rig_destroy(rig);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sides_by_hand),
        cmocka_unit_test(another_source_fades_in),
        cmocka_unit_test(an_offset_goes_and_the_rest_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
