/* labels: threads */
/* Groups, and a queue of commands that is full. */
#include "base/atomics.h"
#include "motet/motet.h"
#include "support/levels.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

/* ------------------------------------------------------------------------------------------------------ Groups */

static void group_lands_on_one_frame(void **state)
{
    (void)state;
    motet_engine *engine = make_engine((motet_engine_def){0});
    motet_sound sound = make_sound(engine, 1, 1);
    DO(motet_engine_begin(engine));
    motet_voice first = play(engine, sound, (motet_voice_def){0});
    assert_true(motet_voice_is_active(engine, first));
    assert_true(hear(engine) == 0 && hear(engine) == 0);
    play(engine, sound, (motet_voice_def){0});
    DO(motet_voice_set_volume_db(engine, first, 20, motet_now())); /* before its first frame: its start value */
    play(engine, sound, (motet_voice_def){.timing = motet_at(4)});
    assert_true(hear(engine) == 0);
    DO(motet_engine_commit(engine));
    assert_true(hear(engine) == 11); /* frame 3 */
    assert_true(hear(engine) == 12);
    motet_engine_destroy(engine);
}

static void groups_open_and_close_in_turn(void **state)
{
    (void)state;
    motet_engine *engine = make_engine((motet_engine_def){0});
    assert_int_equal(motet_engine_commit(engine), MOTET_ERROR_INVALID);
    DO(motet_engine_begin(engine));
    assert_int_equal(motet_engine_begin(engine), MOTET_ERROR_INVALID);
    DO(motet_engine_commit(engine)); /* of nothing */
    assert_int_equal(motet_engine_commit(engine), MOTET_ERROR_INVALID);
    DO(motet_engine_begin(engine));
    motet_engine_destroy(engine); /* with one open */
}

static void *play_from_elsewhere(void *user)
{
    motet_engine *engine = user;
    motet_sound sound = make_sound(engine, 4, 1);
    play(engine, sound, (motet_voice_def){0});
    return NULL;
}

static void group_belongs_to_its_thread(void **state)
{
    (void)state;
    motet_engine *engine = make_engine((motet_engine_def){0});
    motet_sound sound = make_sound(engine, 1, 1);
    DO(motet_engine_begin(engine));
    play(engine, sound, (motet_voice_def){0});
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, play_from_elsewhere, engine), 0);
    pthread_join(thread, NULL);
    assert_true(hear(engine) == 4);
    DO(motet_engine_commit(engine));
    assert_true(hear(engine) == 5);
    motet_engine_destroy(engine);
}

typedef struct stopping {
    motet_engine *engine;
    motet_voice voice;
} stopping;

static void *stop_from_elsewhere(void *user)
{
    const stopping *it = user;
    DO(motet_voice_stop(it->engine, it->voice, motet_now()));
    return NULL;
}

/* Another thread may use a voice whose play waits in a group: its stop does not arrive before the play. */
static void stop_waits_for_its_play(void **state)
{
    (void)state;
    motet_engine *engine = make_engine((motet_engine_def){0});
    DO(motet_engine_begin(engine));
    motet_voice voice = play(engine, make_sound(engine, 1, 1), (motet_voice_def){.loop = true});
    stopping it = {engine, voice};
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, stop_from_elsewhere, &it), 0);
    pthread_join(thread, NULL);
    assert_true(hear(engine) == 0);
    DO(motet_engine_commit(engine));
    assert_true(hear(engine) == 0);
    motet_event event;
    assert_true(motet_engine_poll_event(engine, &event));
    assert_int_equal(event.reason, MOTET_END_STOPPED);
    assert_int_equal(event.voice.id, voice.id);
    motet_engine_destroy(engine);
}

static void *crossfade_from_elsewhere(void *user)
{
    const stopping *it = user;
    motet_sound sound = make_sound(it->engine, 4, 1);
    assert_int_not_equal(motet_voice_crossfade(it->engine, it->voice, sound, NULL).id, 0);
    return NULL;
}

/* So does the stop of a voice that another one replaces. */
static void crossfade_waits_for_its_play(void **state)
{
    (void)state;
    motet_engine *engine = make_engine((motet_engine_def){0});
    DO(motet_engine_begin(engine));
    motet_voice voice = play(engine, make_sound(engine, 1, 1), (motet_voice_def){.loop = true});
    stopping it = {engine, voice};
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, crossfade_from_elsewhere, &it), 0);
    pthread_join(thread, NULL);
    render(engine, 1000); /* what replaces it has faded in */
    assert_true(hear(engine) == 4);
    DO(motet_engine_commit(engine));
    assert_true(hear(engine) == 4);
    assert_false(motet_voice_is_active(engine, voice));
    motet_engine_destroy(engine);
}

typedef struct setting {
    motet_engine *engine;
    motet_voice free, waiting;
} setting;

static void *set_from_elsewhere(void *user)
{
    const setting *it = user;
    motet_voice_values values[3] = {{it->free, -6, 0, 1}, {it->waiting, -6, 0, 1}, {it->waiting, -12, 0, 1}};
    assert_int_equal(motet_voices_set(it->engine, values, 3, motet_now()), MOTET_ERROR_LIMIT);
    return NULL;
}

/* Many voices' values change all or not at all, also where another thread's group has room for some of them only. */
static void values_find_room_for_all(void **state)
{
    (void)state;
    motet_engine *engine = make_engine((motet_engine_def){.max_scheduled = 16});
    motet_sound sound = make_sound(engine, 1, 1);
    motet_voice heard = play(engine, sound, (motet_voice_def){.loop = true});
    render(engine, 1);
    DO(motet_engine_begin(engine));
    motet_voice waiting = play(engine, sound, (motet_voice_def){.loop = true});
    for (int i = 0; i < 14; i++) {
        DO(motet_voice_set_pan(engine, heard, 0, motet_now()));
    }
    setting it = {engine, heard, waiting};
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, set_from_elsewhere, &it), 0);
    pthread_join(thread, NULL);
    motet_voice_state now;
    DO(motet_voice_get_state(engine, heard, &now));
    assert_true(now.volume_db == 0);
    DO(motet_voice_get_state(engine, waiting, &now));
    assert_true(now.volume_db == 0);
    motet_engine_destroy(engine);
}

/* Without room for all of a group none of it is sent, and it can be sent later. */
static void busy_group_is_kept(void **state)
{
    (void)state;
    motet_engine *engine = make_engine((motet_engine_def){.max_scheduled = 16});
    motet_sound sound = make_sound(engine, 1, 1);
    motet_voice voice = play(engine, sound, (motet_voice_def){0});
    render(engine, 1);
    for (int i = 0; i < 10; i++) {
        DO(motet_voice_set_pan(engine, voice, 0, motet_at(100)));
    }
    DO(motet_engine_begin(engine));
    for (int i = 0; i < 8; i++) {
        play(engine, sound, (motet_voice_def){0});
    }
    assert_int_equal(motet_engine_commit(engine), MOTET_ERROR_BUSY);
    assert_int_equal(stats_of(engine).commands_refused, 1);
    assert_true(hear(engine) == 1);
    render(engine, 200);
    DO(motet_engine_commit(engine));
    assert_true(hear(engine) == 9);
    motet_engine_destroy(engine);
}

/* More than can ever be sent at once is refused at the call, and the rest of the group stands. */
static void group_is_limited(void **state)
{
    (void)state;
    motet_engine *engine = make_engine((motet_engine_def){.max_scheduled = 16});
    motet_sound sound = make_sound(engine, 1, 1);
    motet_voice voice = play(engine, sound, (motet_voice_def){0});
    render(engine, 1);
    DO(motet_engine_begin(engine));
    for (int i = 0; i < 16; i++) {
        DO(motet_voice_set_pan(engine, voice, -1, (motet_timing){.fade_seconds = MOTET_FADE_NONE}));
    }
    assert_int_equal(motet_voice_set_pan(engine, voice, 0, motet_now()), MOTET_ERROR_LIMIT);
    assert_int_equal(motet_voice_play(engine, sound, NULL).id, 0);
    assert_int_equal(motet_last_result(), MOTET_ERROR_LIMIT);
    DO(motet_engine_commit(engine));
    render(engine, 1);
    motet_voice_state now;
    DO(motet_voice_get_state(engine, voice, &now));
    assert_true(now.pan == -1);
    motet_engine_destroy(engine);
}

typedef struct group_threads {
    motet_engine *engine;
    pthread_barrier_t all_began;
    motet_atomic_u64 opened, refused;
} group_threads;

static void *open_group(void *user)
{
    group_threads *it = user;
    motet_result result = motet_engine_begin(it->engine);
    motet_add_relaxed_u64(result == MOTET_OK ? &it->opened : &it->refused, 1);
    pthread_barrier_wait(&it->all_began);
    if (result == MOTET_OK) {
        motet_engine_commit(it->engine);
    }
    return NULL;
}

static void groups_are_limited(void **state)
{
    (void)state;
    enum { THREADS = 66 };
    group_threads it = {.engine = make_engine((motet_engine_def){0})};
    pthread_t threads[THREADS];
    pthread_barrier_init(&it.all_began, NULL, THREADS);
    for (int i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, open_group, &it), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
    }
    assert_int_equal(motet_load_relaxed_u64(&it.opened), 64);
    assert_int_equal(motet_load_relaxed_u64(&it.refused), 2);
    DO(motet_engine_begin(it.engine));
    pthread_barrier_destroy(&it.all_began);
    motet_engine_destroy(it.engine);
}

/* ------------------------------------------------------------------------------------------------ A full queue */

static void stops_go_through_a_full_queue(void **state)
{
    (void)state;
    motet_engine *engine = make_engine((motet_engine_def){.max_scheduled = 16});
    motet_sound sound = make_sound(engine, 1, 1);
    motet_voice voices[8];
    for (int i = 0; i < 8; i++) {
        voices[i] = play(engine, sound, (motet_voice_def){0});
    }
    int sent = 0;
    while (motet_voice_set_pan(engine, voices[0], 0, motet_at(1000)) == MOTET_OK) {
        sent++;
    }
    assert_int_equal(sent, 8);
    assert_int_equal(motet_last_result(), MOTET_ERROR_BUSY);
    assert_int_equal(motet_voice_play(engine, sound, NULL).id, 0);
    assert_int_equal(motet_last_result(), MOTET_ERROR_BUSY);
    assert_int_equal(motet_sound_stop(engine, sound, motet_now()), MOTET_ERROR_BUSY);
    assert_int_equal(motet_bus_create(engine, "A", NULL).id, 0);
    assert_int_equal(motet_last_result(), MOTET_ERROR_BUSY);
    assert_int_equal(stats_of(engine).commands_refused, 4);
    for (int i = 0; i < 8; i++) {
        DO(motet_voice_stop(engine, voices[i], motet_now()));
    }
    assert_int_equal(motet_voice_stop(engine, voices[0], motet_now()), MOTET_ERROR_BUSY); /* one is kept for each */
    assert_int_equal(stats_of(engine).commands_waiting, 24);
    render(engine, 1001);
    assert_int_equal(stats_of(engine).commands_waiting, 0);
    assert_int_equal(stats_of(engine).voices_active, 0);
    assert_int_not_equal(motet_bus_create(engine, "A", NULL).id, 0);
    play(engine, sound, (motet_voice_def){0});
    motet_engine_destroy(engine);
}

/* A stop given for a frame that its voice did not live to see does not stand in the way of the next voice's. */
static void each_voice_has_its_own_stop(void **state)
{
    (void)state;
    motet_engine *engine = make_engine((motet_engine_def){.max_scheduled = 16, .max_voices = 1});
    motet_sound tiny = make_sound(engine, 1, 0.001), sound = make_sound(engine, 1, 1);
    for (int i = 0; i < 3; i++) {
        motet_voice voice = play(engine, tiny, (motet_voice_def){0});
        DO(motet_voice_stop(engine, voice, motet_at(UINT64_MAX)));
        render(engine, 100);
        assert_false(motet_voice_is_active(engine, voice));
    }
    motet_voice voice = play(engine, sound, (motet_voice_def){0});
    while (motet_voice_set_pan(engine, voice, 0, motet_at(UINT64_MAX)) == MOTET_OK) {}
    DO(motet_voice_stop(engine, voice, motet_now()));
    render(engine, 1000);
    assert_false(motet_voice_is_active(engine, voice));
    motet_engine_destroy(engine);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(group_lands_on_one_frame),     cmocka_unit_test(groups_open_and_close_in_turn),
        cmocka_unit_test(group_belongs_to_its_thread),  cmocka_unit_test(stop_waits_for_its_play),
        cmocka_unit_test(crossfade_waits_for_its_play), cmocka_unit_test(values_find_room_for_all),
        cmocka_unit_test(busy_group_is_kept),           cmocka_unit_test(group_is_limited),
        cmocka_unit_test(groups_are_limited),           cmocka_unit_test(stops_go_through_a_full_queue),
        cmocka_unit_test(each_voice_has_its_own_stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
