/* What every effect promises, whatever it sounds like: a sound table, the same samples however it is cut, finite ones
 * at any setting that moves at any speed, silence from silence, an end where it says, a reset that leaves no trace, and
 * the same bits at every SIMD level. */
#include "support/effect_rig.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { RATE = 48000, FRAMES = 6000, MOST_TAIL = 30 * RATE };

static const char *current; /* for messages */

static uint32_t draw(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 8;
}

static float draw_unit(uint32_t *seed)
{
    return (float)draw(seed) * 0x1p-24f;
}

static void fill_noise(float *samples, uint32_t count, uint32_t seed)
{
    for (uint32_t i = 0; i < count; i++) {
        samples[i] = 2 * draw_unit(&seed) - 1;
    }
}

/* Anywhere in a parameter's range, and often at an end of it. */
static float draw_value(const motet_parameter *parameter, uint32_t *seed)
{
    float place = draw_unit(seed);
    uint32_t kind = draw(seed) % 4;
    place = kind == 0 ? 0 : kind == 1 ? 1 : place;
    float value = parameter->minimum + place * (parameter->maximum - parameter->minimum);
    if (parameter->curve == MOTET_PARAMETER_LOG) {
        value = parameter->minimum * powf(parameter->maximum / parameter->minimum, place);
    }
    value = fminf(fmaxf(value, parameter->minimum), parameter->maximum);
    return parameter->curve == MOTET_PARAMETER_STEP ? roundf(value) : value;
}

/* ---------------------------------------------------------------------------------------------------- The table */

static void check_parameter(const motet_parameter *parameter)
{
    assert_true(strspn(parameter->name, "abcdefghijklmnopqrstuvwxyz0123456789_") == strlen(parameter->name));
    assert_non_null(parameter->unit);
    assert_true(parameter->minimum < parameter->maximum);
    assert_true(parameter->initial >= parameter->minimum && parameter->initial <= parameter->maximum);
    assert_true(parameter->curve != MOTET_PARAMETER_LOG || parameter->minimum > 0);
    assert_true(parameter->text[strlen(parameter->text) - 1] == '.');
    if (parameter->curve == MOTET_PARAMETER_STEP) {
        assert_true(roundf(parameter->minimum) == parameter->minimum);
        assert_true(roundf(parameter->maximum) == parameter->maximum);
        assert_true(roundf(parameter->initial) == parameter->initial);
    }
    if (parameter->choices != NULL) {
        uint32_t count = 0;
        while (parameter->choices[count] != NULL) {
            count++;
        }
        assert_int_equal(parameter->curve, MOTET_PARAMETER_STEP);
        assert_int_equal(count, (int)(parameter->maximum - parameter->minimum) + 1);
    }
    assert_string_not_equal(parameter->name, "wet"); /* every effect has these from the engine */
    assert_string_not_equal(parameter->name, "bypass");
}

static void test_tables(void **context)
{
    (void)context;
    for (const motet_effect_type *type = motet_effect_type_next(NULL); type; type = motet_effect_type_next(type)) {
        assert_ptr_equal(motet_effect_type_find(type->name), type);
        assert_true(type->text[strlen(type->text) - 1] == '.');
        assert_true(type->wet >= 0 && type->wet <= 1);
        assert_true(type->parameter_count <= MOTET_MAX_PARAMETERS);
        for (uint32_t i = 0; i < type->parameter_count; i++) {
            check_parameter(&type->parameters[i]);
            for (uint32_t j = 0; j < i; j++) {
                assert_string_not_equal(type->parameters[i].name, type->parameters[j].name);
            }
        }
    }
    assert_null(motet_effect_type_find("gian"));
    assert_string_equal(motet_last_error(), "no effect \"gian\"; did you mean \"gain\"?");
}

/* -------------------------------------------------------------------------------------------- A wild performance */

typedef struct take {
    float *left, *right;
} take;

static take make_take(uint32_t frames)
{
    return (take){malloc(frames * sizeof(float)), malloc(frames * sizeof(float))};
}

static void free_take(take heard)
{
    free(heard.left);
    free(heard.right);
}

/* Noise through an effect at drawn settings, which move to other ones again and again. */
static take perform(const char *type, uint32_t channels, const char *simd, uint32_t seed, uint32_t run_frames)
{
    float key[2][FRAMES];
    effect_rig *rig = effect_rig_create(type, RATE, channels, simd);
    take heard = make_take(FRAMES);
    fill_noise(heard.left, FRAMES, 1);
    fill_noise(heard.right, FRAMES, 2);
    for (int c = 0; c < 2; c++) {
        fill_noise(key[c], FRAMES, 3 + (uint32_t)c);
    }
    for (uint32_t i = 0; i < rig->type->parameter_count; i++) {
        rig->values[i] = draw_value(&rig->type->parameters[i], &seed);
    }
    effect_rig_start(rig);
    for (uint32_t done = 0; done < FRAMES; done += FRAMES / 10) {
        for (uint32_t i = 0; i < rig->type->parameter_count; i++) {
            const motet_parameter *parameter = &rig->type->parameters[i];
            float to = draw_value(parameter, &seed);
            uint32_t length = 1 + draw(&seed) % (FRAMES / 10);
            if (draw(&seed) % 2 == 0) {
                effect_rig_glide(rig, parameter->name, to, length);
            }
        }
        for (int c = 0; c < 2; c++) {
            rig->key[c] = rig->type->has_key ? key[c] + done : NULL;
        }
        float *right = channels == 2 ? heard.right + done : NULL;
        effect_rig_run(rig, heard.left + done, right, FRAMES / 10, run_frames);
    }
    effect_rig_destroy(rig);
    return heard;
}

static void check_same(take a, take b, uint32_t channels)
{
    if (memcmp(a.left, b.left, FRAMES * sizeof(float)) != 0 ||
        (channels == 2 && memcmp(a.right, b.right, FRAMES * sizeof(float)) != 0)) {
        uint32_t at = 0;
        while (a.left[at] == b.left[at] && (channels == 1 || a.right[at] == b.right[at])) {
            at++;
        }
        fail_msg("%s differs at frame %u", current, at);
    }
}

static void check_finite(take heard, uint32_t channels)
{
    for (uint32_t k = 0; k < FRAMES; k++) {
        float left = heard.left[k];
        float right = channels == 2 ? heard.right[k] : 0;
        if (!(fabsf(left) < 1e5f) || !(fabsf(right) < 1e5f)) {
            fail_msg("%s has %g, %g at frame %u", current, (double)left, (double)right, k);
        }
    }
}

static void test_any_setting_any_cut(void **context)
{
    static const uint32_t cuts[] = {1, 63, 64, 0};
    (void)context;
    for (const motet_effect_type *type = motet_effect_type_next(NULL); type; type = motet_effect_type_next(type)) {
        current = type->name;
        for (uint32_t seed = 1; seed <= 12; seed++) {
            uint32_t channels = 1 + seed % 2;
            take whole = perform(type->name, channels, NULL, seed, 512);
            check_finite(whole, channels);
            take cut = perform(type->name, channels, NULL, seed, cuts[seed % 4]);
            check_same(whole, cut, channels);
            free_take(whole);
            free_take(cut);
        }
    }
}

static void test_every_simd_level(void **context)
{
    (void)context;
    for (const motet_effect_type *type = motet_effect_type_next(NULL); type; type = motet_effect_type_next(type)) {
        current = type->name;
        for (uint32_t channels = 1; channels <= 2; channels++) {
            take reference = perform(type->name, channels, "c", channels, 512);
            for (uint32_t level = 1; level < motet_kernels_count(); level++) {
                take other = perform(type->name, channels, motet_kernels_at(level)->name, channels, 512);
                check_same(reference, other, channels);
                free_take(other);
            }
            free_take(reference);
        }
    }
}

/* --------------------------------------------------------------------------------------------------- Silence */

static float peak_of(const float *samples, uint64_t count)
{
    float peak = 0;
    for (uint64_t i = 0; i < count; i++) {
        peak = fmaxf(peak, fabsf(samples[i]));
    }
    return peak;
}

static void test_silence_stays_silent(void **context)
{
    (void)context;
    for (const motet_effect_type *type = motet_effect_type_next(NULL); type; type = motet_effect_type_next(type)) {
        take heard = make_take(FRAMES);
        effect_rig *rig = effect_rig_create(type->name, RATE, 2, NULL);
        memset(heard.left, 0, FRAMES * sizeof(float));
        memset(heard.right, 0, FRAMES * sizeof(float));
        effect_rig_start(rig);
        effect_rig_run(rig, heard.left, heard.right, FRAMES, 512);
        if (peak_of(heard.left, FRAMES) != 0 || peak_of(heard.right, FRAMES) != 0) {
            fail_msg("%s makes a sound of silence", type->name);
        }
        effect_rig_destroy(rig);
        free_take(heard);
    }
}

/* A burst of noise, and silence for as long as the tail and a second more. */
static void check_tail(const motet_effect_type *type, uint32_t seed)
{
    effect_rig *rig = effect_rig_create(type->name, RATE, 2, NULL);
    for (uint32_t i = 0; seed > 0 && i < type->parameter_count; i++) {
        rig->values[i] = draw_value(&type->parameters[i], &seed);
    }
    effect_rig_start(rig);
    take burst = make_take(FRAMES);
    fill_noise(burst.left, FRAMES, 5);
    fill_noise(burst.right, FRAMES, 6);
    effect_rig_run(rig, burst.left, burst.right, FRAMES, 512);
    float loudest = fmaxf(peak_of(burst.left, FRAMES), peak_of(burst.right, FRAMES));
    uint64_t tail = effect_rig_tail_frames(rig);
    if (tail <= MOST_TAIL) {
        uint64_t frames = tail + RATE;
        take rest = {calloc(frames, sizeof(float)), calloc(frames, sizeof(float))};
        effect_rig_run(rig, rest.left, rest.right, (uint32_t)frames, 512);
        loudest = fmaxf(loudest, fmaxf(peak_of(rest.left, frames), peak_of(rest.right, frames)));
        float after = fmaxf(peak_of(rest.left + tail, RATE), peak_of(rest.right + tail, RATE));
        if (after > 1e-6f * loudest) {
            fail_msg("%s: %g of %g is left behind its tail of %g s", type->name, (double)after, (double)loudest,
                     (double)tail / RATE);
        }
        free_take(rest);
    }
    free_take(burst);
    effect_rig_destroy(rig);
}

static void test_tails_end(void **context)
{
    (void)context;
    for (const motet_effect_type *type = motet_effect_type_next(NULL); type; type = motet_effect_type_next(type)) {
        for (uint32_t seed = 0; seed < 4; seed++) {
            check_tail(type, seed);
        }
    }
}

static void test_reset_leaves_no_trace(void **context)
{
    (void)context;
    for (const motet_effect_type *type = motet_effect_type_next(NULL); type; type = motet_effect_type_next(type)) {
        take used = make_take(FRAMES), fresh = make_take(FRAMES);
        effect_rig *rig = effect_rig_create(type->name, RATE, 2, NULL);
        effect_rig *other = effect_rig_create(type->name, RATE, 2, NULL);
        effect_rig_start(rig);
        effect_rig_start(other);
        fill_noise(used.left, FRAMES, 7);
        fill_noise(used.right, FRAMES, 8);
        used.left[FRAMES / 2] = NAN;
        effect_rig_run(rig, used.left, used.right, FRAMES, 512);
        type->reset(rig->state);
        other->frame = rig->frame;
        fill_noise(used.left, FRAMES, 9);
        fill_noise(used.right, FRAMES, 10);
        memcpy(fresh.left, used.left, FRAMES * sizeof(float));
        memcpy(fresh.right, used.right, FRAMES * sizeof(float));
        effect_rig_run(rig, used.left, used.right, FRAMES, 512);
        effect_rig_run(other, fresh.left, fresh.right, FRAMES, 512);
        current = type->name;
        check_same(used, fresh, 2);
        effect_rig_destroy(rig);
        effect_rig_destroy(other);
        free_take(used);
        free_take(fresh);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tables),           cmocka_unit_test(test_any_setting_any_cut),
        cmocka_unit_test(test_every_simd_level), cmocka_unit_test(test_silence_stays_silent),
        cmocka_unit_test(test_tails_end),        cmocka_unit_test(test_reset_leaves_no_trace),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
