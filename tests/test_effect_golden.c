/* One hash of what filters, dynamics and distortions make of noise at many settings: the same for every compiler, level
 * of optimisation and SIMD level. It changes only when a sound does. */
#include "support/effect_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { RATE = 48000, FRAMES = 700, SETTINGS = 9 };

static const char *const types[] = {"lowpass",    "highpass", "bandpass", "notch",      "peak",   "lowshelf",
                                    "highshelf",  "eq",       "width",    "balance",    "mono",   "dc_blocker",
                                    "compressor", "gate",     "limiter",  "distortion", "crusher"};

static float draw(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return (float)(*seed >> 8) * 0x1p-23f - 1;
}

/* Somewhere in the range, by exact arithmetic only. */
static float value_of(const motet_parameter *parameter, uint32_t setting, uint32_t index)
{
    uint32_t eighth = (setting * 3 + index) % 9;
    float value = parameter->minimum + (parameter->maximum - parameter->minimum) * (float)eighth * 0.125f;
    return parameter->curve == MOTET_PARAMETER_STEP ? (float)(int32_t)value : value;
}

static uint64_t hash_of(const char *type, const char *simd, uint64_t hash)
{
    uint32_t seed = 1;
    effect_rig *rig = effect_rig_create(type, RATE, 2, simd);
    effect_rig_start(rig);
    for (uint32_t setting = 0; setting < SETTINGS; setting++) {
        float sides[2][FRAMES];
        for (uint32_t k = 0; k < FRAMES; k++) {
            sides[0][k] = draw(&seed);
            sides[1][k] = 0.7f * draw(&seed);
        }
        for (uint32_t i = 0; i < rig->type->parameter_count; i++) {
            const motet_parameter *parameter = &rig->type->parameters[i];
            float to = value_of(parameter, setting, i);
            if (parameter->curve == MOTET_PARAMETER_LINEAR) {
                effect_rig_glide(rig, parameter->name, to, 300);
            } else {
                effect_rig_set(rig, parameter->name, to);
            }
        }
        effect_rig_run(rig, sides[0], sides[1], FRAMES, 0);
        for (uint32_t k = 0; k < 2 * FRAMES; k++) {
            uint32_t bits;
            memcpy(&bits, &sides[k / FRAMES][k % FRAMES], sizeof bits);
            for (int i = 0; i < 32; i += 8) {
                hash = (hash ^ ((bits >> i) & 0xff)) * UINT64_C(0x100000001b3);
            }
        }
    }
    effect_rig_destroy(rig);
    return hash;
}

static void the_bits_are_the_same_everywhere(void **context)
{
    (void)context;
    for (uint32_t level = 0; level < motet_kernels_count(); level++) {
        uint64_t hash = UINT64_C(0xcbf29ce484222325);
        for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
            hash = hash_of(types[i], motet_kernels_at(level)->name, hash);
        }
        assert_int_equal(hash, UINT64_C(0xefad54a625d07dd8));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(the_bits_are_the_same_everywhere)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
