/* labels: threads */
/* The null clock: it renders in real time, loses no time to late wake-ups, and lets go what cannot be made up for. */
#include "base/thread.h"
#include "engine/output_clock.h"
#include "engine/render.h"
#include "motet/motet.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

enum { RATE = 48000, PERIOD = 480 };

static uint64_t frame_of(motet_engine *engine)
{
    motet_clock clock;
    assert_int_equal(motet_engine_get_clock(engine, &clock), MOTET_OK);
    return clock.frame;
}

/* The engine's frames against the time, whose beginning lies between two moments. A late wake-up may leave the engine
 * behind for a moment, so one look within a block is asked for; ahead it may never be. */
static void assert_keeps_time(motet_engine *engine, uint64_t earliest_ns, uint64_t latest_ns)
{
    double behind = 0;
    for (int i = 0; i < 5000; i++) {
        double frame = (double)frame_of(engine);
        uint64_t now = motet_monotonic_ns();
        assert_true(frame <= (double)(now - earliest_ns) * 1e-9 * RATE + PERIOD);
        behind = (double)(now - latest_ns) * 1e-9 * RATE - frame;
        if (behind <= PERIOD) {
            return;
        }
        motet_sleep_ms(1);
    }
    fail_msg("time was lost: %.1f frames", behind);
}

static void null_clock_keeps_time(void **state)
{
    (void)state;
    motet_engine_def def = {.sample_rate_hz = RATE, .period_frames = PERIOD, .device = MOTET_DEVICE_NULL};
    uint64_t earliest = motet_monotonic_ns();
    motet_engine *engine = motet_engine_create(&def);
    uint64_t latest = motet_monotonic_ns();
    assert_non_null(engine);
    for (int i = 0; i < 10; i++) {
        motet_sleep_ms(100);
        assert_keeps_time(engine, earliest, latest);
    }
    motet_stats stats;
    motet_engine_get_stats(engine, &stats);
    assert_int_equal(stats.blocks_missed, 0);
    assert_true(stats.render_load > 0);
    motet_engine_destroy(engine);
}

/* A clock that is started `late_ns` after its first block was due; returns how many frames it makes up for. */
static uint64_t catch_up(uint64_t late_ns, uint64_t *blocks_missed)
{
    motet_engine_def def = {.sample_rate_hz = RATE, .device = MOTET_DEVICE_MANUAL};
    motet_engine *engine = motet_engine_create(&def);
    assert_non_null(engine);
    motet_heap heap;
    motet_null_clock clock;
    motet_heap_init(&heap, &(motet_allocator){0});
    assert_true(motet_null_clock_create(&clock, engine, &heap, RATE, 2, PERIOD));
    assert_true(motet_render_hand_over(engine, 0, 1));
    uint64_t begin = motet_monotonic_ns();
    motet_null_clock_run(&clock, 1, 0, begin - late_ns);
    *blocks_missed = 0;
    uint64_t elapsed, made_up;
    do {
        motet_sleep_ms(1);
        made_up = frame_of(engine); /* before the time, so that it is never ahead by more than a block */
        *blocks_missed = motet_load_relaxed_u64(&clock.blocks_missed);
        elapsed = (motet_monotonic_ns() - begin) * RATE / 1000000000u;
    } while (made_up + *blocks_missed * PERIOD < elapsed + late_ns / 1000 * RATE / 1000000 && elapsed < 30 * RATE);
    motet_null_clock_destroy(&clock);
    motet_engine_destroy(engine);
    assert_int_equal(motet_load_relaxed_u64(&heap.bytes), 0);
    motet_heap_destroy(&heap);
    return made_up > elapsed ? made_up - elapsed : 0;
}

static void late_clock_makes_up_but_not_for_ever(void **state)
{
    (void)state;
    uint64_t blocks_missed;
    uint64_t made_up = catch_up(UINT64_C(1500000000), &blocks_missed);
    assert_int_equal(blocks_missed, 0);
    assert_true(made_up >= RATE * 3 / 2 - PERIOD && made_up <= RATE * 3 / 2 + PERIOD);

    /* A process that was stopped for an hour is not to render an hour. */
    made_up = catch_up(UINT64_C(3600000000000), &blocks_missed);
    assert_true(blocks_missed >= UINT64_C(3600) * RATE / PERIOD - 1);
    assert_true(made_up <= 2 * PERIOD);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(null_clock_keeps_time),
        cmocka_unit_test(late_clock_makes_up_but_not_for_ever),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
