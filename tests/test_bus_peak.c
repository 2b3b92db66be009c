/* The peak of a bus: of its output, behind its fader and gates, since it was taken last. */
#include "motet/motet.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static motet_engine *create(bool limiter, uint32_t channels)
{
    motet_engine_def def = {
        .sample_rate_hz = 8000, .channels = channels, .device = MOTET_DEVICE_MANUAL, .no_limiter = !limiter};
    motet_engine *engine = motet_engine_create(&def);
    assert_non_null(engine);
    return engine;
}

static motet_sound impulse(motet_engine *engine, double level, uint64_t at)
{
    const motet_signal signal = {
        .kind = MOTET_SIGNAL_IMPULSE, .amplitude = level, .at_frame = at, .seconds = 0.25, .channels = 1};
    motet_sound sound = motet_sound_from_signal(engine, &signal, NULL);
    assert_int_not_equal(sound.id, 0);
    return sound;
}

static void render(motet_engine *engine, uint32_t frames)
{
    float output[2 * 64];
    while (frames > 0) {
        uint32_t count = frames < 64 ? frames : 64;
        motet_engine_render_f32(engine, output, count);
        frames -= count;
    }
}

static float taken(motet_engine *engine, motet_bus bus)
{
    float peak = -1;
    assert_int_equal(motet_bus_take_peak(engine, bus, &peak), MOTET_OK);
    return peak;
}

static void counts_from_the_last_call(void **state)
{
    (void)state;
    motet_engine *engine = create(false, 2);
    motet_bus outer = motet_bus_create(engine, "Outer", &(motet_bus_def){.volume_db = -20});
    motet_bus inner = motet_bus_create(engine, "Inner", &(motet_bus_def){.parent = outer, .volume_db = -20});
    motet_bus other = motet_bus_create(engine, "Other", NULL);
    motet_bus master = motet_bus_master(engine);
    /* One sample of -0.5 on the left at frame 1000. */
    (void)motet_voice_play(engine, impulse(engine, -0.5, 1000), &(motet_voice_def){.bus = inner, .pan = -1});
    render(engine, 1000);
    assert_true(taken(engine, inner) == 0 && taken(engine, outer) == 0 && taken(engine, master) == 0);
    render(engine, 1);
    assert_float_equal(taken(engine, inner), 0.05f, 1e-7f);
    assert_true(taken(engine, inner) == 0);
    render(engine, 500); /* taken later, it is still the same */
    assert_float_equal(taken(engine, outer), 0.005f, 1e-8f);
    assert_float_equal(taken(engine, master), 0.005f, 1e-8f);
    assert_true(taken(engine, inner) == 0 && taken(engine, outer) == 0 && taken(engine, master) == 0);
    assert_true(taken(engine, other) == 0);
    motet_engine_destroy(engine);
}

static void is_behind_gates_and_limiter(void **state)
{
    (void)state;
    motet_engine *engine = create(true, 1);
    motet_bus loud = motet_bus_create(engine, "Loud", NULL);
    motet_bus mute = motet_bus_create(engine, "Mute", &(motet_bus_def){.mute = true});
    motet_sound sound = impulse(engine, 4, 100);
    (void)motet_voice_play(engine, sound, &(motet_voice_def){.bus = loud});
    (void)motet_voice_play(engine, sound, &(motet_voice_def){.bus = mute});
    render(engine, 1000);
    float limited = taken(engine, motet_bus_master(engine));
    assert_true(taken(engine, loud) == 4 && taken(engine, mute) == 0);
    assert_true(limited > 0.9f && limited <= 1);
    motet_engine_destroy(engine);
}

static void refuses_what_is_wrong(void **state)
{
    (void)state;
    motet_engine *engine = create(false, 2);
    float peak = 7;
    assert_int_equal(motet_bus_take_peak(engine, (motet_bus){0}, &peak), MOTET_ERROR_STALE);
    assert_int_equal(motet_bus_take_peak(engine, motet_bus_find(engine, "Master"), NULL), MOTET_ERROR_INVALID);
    assert_int_equal(motet_bus_take_peak(NULL, (motet_bus){1}, &peak), MOTET_ERROR_INVALID);
    assert_true(peak == 7);
    motet_engine_destroy(engine);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_from_the_last_call),
        cmocka_unit_test(is_behind_gates_and_limiter),
        cmocka_unit_test(refuses_what_is_wrong),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
