/* The cheaper filter of quiet voices: off unless asked for, which voices get it, when they give it back, and that block
 * sizes don't matter. Each rendering is compared with one whose voice asks for a filter by name. */
#include "motet/motet.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { RATE = 48000, GRID = 512, FRAMES = 20 * GRID };

typedef struct scene {
    float quiet_voice_db;
    motet_quality quality;
    float volume_db, bus_db;
    float bus_later_db; /* at LATER, by a step; 0: none */
    float own_later_db;
    double fade_in_seconds;
    bool resumed; /* it is paused long before LATER, and resumed then */
    uint32_t block;
} scene;

enum { LATER = 10 * GRID + 100 };

static void ok(motet_result result)
{
    assert_int_equal(result, MOTET_OK);
}

static void render(const scene *s, float *frames)
{
    motet_engine_def def = {.sample_rate_hz = RATE,
                            .channels = 1,
                            .device = MOTET_DEVICE_MANUAL,
                            .no_limiter = true,
                            .quiet_voice_db = s->quiet_voice_db};
    motet_engine *engine = motet_engine_create(&def);
    assert_non_null(engine);
    motet_bus above = motet_bus_create(engine, "above", &(motet_bus_def){.volume_db = s->bus_db});
    motet_bus bus = motet_bus_create(engine, "bus", &(motet_bus_def){.parent = above});
    motet_signal noise = {.kind = MOTET_SIGNAL_NOISE, .amplitude = 0.5, .seconds = 1};
    motet_sound sound = motet_sound_from_signal(engine, &noise, NULL);
    motet_timing step = {.at_frame = LATER, .fade_seconds = MOTET_FADE_NONE};
    motet_voice_def voice_def = {.volume_db = s->volume_db,
                                 .pitch = 1.23,
                                 .bus = bus,
                                 .quality = s->quality,
                                 .timing = {.fade_seconds = s->fade_in_seconds}};
    motet_voice voice = motet_voice_play(engine, sound, &voice_def);
    assert_int_not_equal(voice.id, 0);
    if (s->bus_later_db != 0) {
        ok(motet_bus_set_volume_db(engine, above, s->bus_later_db, step));
    }
    if (s->own_later_db != 0) {
        ok(motet_voice_set_volume_db(engine, voice, s->own_later_db, step));
    }
    if (s->resumed) {
        ok(motet_voice_pause(engine, voice, motet_at(GRID)));
        ok(motet_voice_resume(engine, voice, step));
    }
    for (uint32_t done = 0; done < FRAMES;) {
        uint32_t count = s->block != 0 && s->block < FRAMES - done ? s->block : FRAMES - done;
        motet_engine_render_f32(engine, frames + done, count);
        done += count;
    }
    motet_engine_destroy(engine);
}

/* Whether a scene's frames from `from` to `to` are those of a quality. */
static bool is_read_by(const scene *s, motet_quality quality, uint32_t from, uint32_t to)
{
    static float frames[FRAMES], by_name[FRAMES];
    scene named = *s;
    named.quality = quality;
    named.quiet_voice_db = 0;
    render(s, frames);
    render(&named, by_name);
    return memcmp(frames + from, by_name + from, (to - from) * sizeof *frames) == 0;
}

static void it_is_off_unless_asked_for(void **state)
{
    (void)state;
    scene s = {.quality = MOTET_QUALITY_SINC16, .volume_db = -79};
    assert_true(is_read_by(&s, MOTET_QUALITY_SINC16, 0, FRAMES));
    assert_false(is_read_by(&s, MOTET_QUALITY_CUBIC, 0, FRAMES)); /* they do differ */
}

static void voices_below_the_threshold_are_read_by_the_cubic(void **state)
{
    (void)state;
    static const motet_quality sincs[] = {MOTET_QUALITY_DEFAULT, MOTET_QUALITY_SINC16, MOTET_QUALITY_SINC32};
    for (size_t i = 0; i < 3; i++) {
        scene s = {.quiet_voice_db = -60, .quality = sincs[i], .volume_db = -61};
        assert_true(is_read_by(&s, MOTET_QUALITY_CUBIC, 0, FRAMES));
        s.volume_db = -59;
        assert_true(is_read_by(&s, sincs[i], 0, FRAMES));
    }
    scene linear = {.quiet_voice_db = -60, .quality = MOTET_QUALITY_LINEAR, .volume_db = -61};
    assert_true(is_read_by(&linear, MOTET_QUALITY_LINEAR, 0, FRAMES));
}

static void buses_count(void **state)
{
    (void)state;
    scene s = {.quiet_voice_db = -60, .quality = MOTET_QUALITY_SINC16, .volume_db = -31, .bus_db = -30};
    assert_true(is_read_by(&s, MOTET_QUALITY_CUBIC, 0, FRAMES));
    s.bus_db = -28;
    assert_true(is_read_by(&s, MOTET_QUALITY_SINC16, 0, FRAMES));
}

static void a_bus_that_is_raised_gives_the_filter_back_at_once_but_for_6_db(void **state)
{
    (void)state;
    scene s = {.quiet_voice_db = -60, .quality = MOTET_QUALITY_SINC16, .volume_db = -31, .bus_db = -30};
    s.bus_later_db = -24;
    assert_true(is_read_by(&s, MOTET_QUALITY_CUBIC, 0, FRAMES)); /* -55 dB: not yet */
    s.bus_later_db = -22;
    assert_true(is_read_by(&s, MOTET_QUALITY_CUBIC, 0, LATER));
    assert_true(is_read_by(&s, MOTET_QUALITY_SINC16, LATER, FRAMES));
}

static void a_change_of_its_own_gives_the_filter_back_until_the_grid(void **state)
{
    (void)state;
    scene s = {.quiet_voice_db = -60, .quality = MOTET_QUALITY_SINC32, .volume_db = -70, .own_later_db = -10};
    assert_true(is_read_by(&s, MOTET_QUALITY_CUBIC, 0, LATER));
    assert_true(is_read_by(&s, MOTET_QUALITY_SINC32, LATER, FRAMES));
    s.own_later_db = -65;
    assert_true(is_read_by(&s, MOTET_QUALITY_SINC32, LATER, 11 * GRID));
    assert_true(is_read_by(&s, MOTET_QUALITY_CUBIC, 11 * GRID, FRAMES));
}

/* Where a fade goes counts, not only where it is. */
static void a_fade_in_and_a_resume_sound_by_their_own_filter(void **state)
{
    (void)state;
    scene s = {.quiet_voice_db = -40, .quality = MOTET_QUALITY_SINC16, .fade_in_seconds = 0.1};
    assert_true(is_read_by(&s, MOTET_QUALITY_SINC16, 0, FRAMES));
    s = (scene){.quiet_voice_db = -40, .quality = MOTET_QUALITY_SINC16, .resumed = true};
    assert_true(is_read_by(&s, MOTET_QUALITY_SINC16, 0, FRAMES));
}

static void block_sizes_do_not_matter(void **state)
{
    (void)state;
    static const uint32_t blocks[] = {1, 63, 64, 512, 4096};
    static float whole[FRAMES], parts[FRAMES];
    scene scenes[] = {
        {.quiet_voice_db = -60, .volume_db = -61, .own_later_db = -20},
        {.quiet_voice_db = -60, .volume_db = -31, .bus_db = -30, .bus_later_db = -3},
        {.quiet_voice_db = -60, .volume_db = -20, .bus_db = -3, .bus_later_db = -79},
        {.quiet_voice_db = -60, .resumed = true},
    };
    for (size_t i = 0; i < sizeof scenes / sizeof *scenes; i++) {
        render(&scenes[i], whole);
        for (size_t b = 0; b < sizeof blocks / sizeof *blocks; b++) {
            scenes[i].block = blocks[b];
            render(&scenes[i], parts);
            assert_memory_equal(parts, whole, sizeof whole);
        }
    }
}

static void a_threshold_out_of_range_is_refused(void **state)
{
    (void)state;
    static const float wrong[] = {-39, -121, 1, (float)NAN};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        assert_null(
            motet_engine_create(&(motet_engine_def){.device = MOTET_DEVICE_MANUAL, .quiet_voice_db = wrong[i]}));
        assert_int_equal(motet_last_result(), MOTET_ERROR_INVALID);
        assert_non_null(strstr(motet_last_error(), "quiet_voice_db"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_off_unless_asked_for),
        cmocka_unit_test(voices_below_the_threshold_are_read_by_the_cubic),
        cmocka_unit_test(buses_count),
        cmocka_unit_test(a_bus_that_is_raised_gives_the_filter_back_at_once_but_for_6_db),
        cmocka_unit_test(a_change_of_its_own_gives_the_filter_back_until_the_grid),
        cmocka_unit_test(a_fade_in_and_a_resume_sound_by_their_own_filter),
        cmocka_unit_test(block_sizes_do_not_matter),
        cmocka_unit_test(a_threshold_out_of_range_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
