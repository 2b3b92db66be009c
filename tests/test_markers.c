/* Markers: what of a def's is taken, and which frames tell that a voice passes them. Nearly all positions here are
 * exact, and so are the frames. */
#include "motet/motet.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { RATE = 8000, CELL = 512, MOST_EVENTS = 4096 };

static motet_engine *create(uint32_t real)
{
    motet_engine_def def = motet_default_engine_def();
    def.sample_rate_hz = RATE;
    def.channels = 1;
    def.device = MOTET_DEVICE_MANUAL;
    def.no_limiter = true;
    def.max_voices = real;
    motet_engine *engine = motet_engine_create(&def);
    assert_non_null(engine);
    return engine;
}

static motet_sound make_sound(motet_engine *engine, uint32_t rate, uint32_t frames, const motet_sound_def *def)
{
    float *samples = calloc(frames + 1, sizeof *samples);
    for (uint32_t i = 0; i < frames; i++) {
        samples[i] = (float)(i % 100) / 1000;
    }
    motet_pcm pcm = {samples, MOTET_FORMAT_F32, 1, rate, frames};
    motet_sound sound = motet_sound_from_pcm(engine, &pcm, def);
    free(samples);
    return sound;
}

/* A sound with markers at the given frames. */
#define MARKED(engine, rate, frames, ...) \
    marked(engine, rate, frames, sizeof((uint64_t[]){__VA_ARGS__}) / sizeof(uint64_t), (const uint64_t[]){__VA_ARGS__})

static motet_sound marked(motet_engine *engine, uint32_t rate, uint32_t frames, size_t count, const uint64_t *at)
{
    motet_marker markers[64] = {{0}};
    for (size_t i = 0; i < count; i++) {
        markers[i].frame = at[i];
    }
    motet_sound sound =
        make_sound(engine, rate, frames, &(motet_sound_def){.markers = markers, .marker_count = (uint32_t)count});
    assert_int_not_equal(sound.id, 0);
    return sound;
}

static void render(motet_engine *engine, uint32_t frames, uint32_t block)
{
    static float out[4096];
    for (uint32_t done = 0; done < frames;) {
        uint32_t count = frames - done < block ? frames - done : block;
        motet_engine_render_f32(engine, out, count);
        done += count;
    }
}

static motet_voice play(motet_engine *engine, motet_sound sound, motet_voice_def def)
{
    motet_voice voice = motet_voice_play(engine, sound, &def);
    assert_int_not_equal(voice.id, 0);
    return voice;
}

/* The next event of a marker or of a voice's end. */
static bool next_event(motet_engine *engine, motet_event *event)
{
    while (motet_engine_poll_event(engine, event)) {
        if (event->type == MOTET_EVENT_VOICE_MARKER || event->type == MOTET_EVENT_VOICE_ENDED) {
            return true;
        }
    }
    return false;
}

static void expect_marker(motet_engine *engine, uint64_t frame, uint32_t marker, uint32_t count)
{
    motet_event event = {0};
    if (!next_event(engine, &event) || event.type != MOTET_EVENT_VOICE_MARKER || event.frame != frame ||
        event.marker != marker || event.count != count) {
        fail_msg("event %d at frame %llu, marker %u, count %u; expected marker %u at %llu, count %u", (int)event.type,
                 (unsigned long long)event.frame, event.marker, event.count, marker, (unsigned long long)frame, count);
    }
}

static void expect_end(motet_engine *engine, uint64_t frame)
{
    motet_event event = {0};
    assert_true(next_event(engine, &event));
    assert_int_equal(event.type, MOTET_EVENT_VOICE_ENDED);
    assert_int_equal(event.frame, frame);
}

static void expect_nothing(motet_engine *engine)
{
    motet_event event;
    if (next_event(engine, &event)) {
        fail_msg("event %d at frame %llu", (int)event.type, (unsigned long long)event.frame);
    }
}

/* ----------------------------------------------------------------------------------------------------------- Defs */

static void markers_are_copied_and_read(void **state)
{
    (void)state;
    motet_engine *engine = create(8);
    char name[] = "verse";
    motet_marker markers[] = {{0, NULL}, {40, name}, {40, "again"}, {99, "last"}};
    motet_sound sound = make_sound(engine, RATE, 100, &(motet_sound_def){.markers = markers, .marker_count = 4});
    assert_int_not_equal(sound.id, 0);
    memset(name, 'x', 5);
    memset(markers, 0, sizeof markers);
    motet_sound_info info;
    assert_int_equal(motet_sound_get_info(engine, sound, &info), MOTET_OK);
    assert_int_equal(info.marker_count, 4);
    static const motet_marker wanted[] = {{0, ""}, {40, "verse"}, {40, "again"}, {99, "last"}};
    for (uint32_t i = 0; i < 4; i++) {
        motet_marker marker;
        assert_int_equal(motet_sound_get_marker(engine, sound, i, &marker), MOTET_OK);
        assert_int_equal(marker.frame, wanted[i].frame);
        assert_string_equal(marker.name, wanted[i].name);
    }
    motet_marker none = {1, "x"};
    assert_int_equal(motet_sound_get_marker(engine, sound, 4, &none), MOTET_OK);
    assert_true(none.frame == 0 && none.name == NULL);
    assert_int_equal(motet_sound_get_marker(engine, sound, 0, NULL), MOTET_ERROR_INVALID);
    assert_int_equal(motet_sound_release(engine, sound), MOTET_OK);
    assert_int_equal(motet_sound_get_marker(engine, sound, 0, &none), MOTET_ERROR_STALE);
    motet_engine_destroy(engine);
}

static void refuse(motet_engine *engine, const motet_marker *markers, uint32_t count, const char *why)
{
    uint64_t before, after;
    motet_stats stats;
    motet_engine_get_stats(engine, &stats);
    before = stats.memory_bytes;
    motet_sound sound = make_sound(engine, RATE, 100, &(motet_sound_def){.markers = markers, .marker_count = count});
    assert_int_equal(sound.id, 0);
    assert_int_equal(motet_last_result(), MOTET_ERROR_INVALID);
    if (strstr(motet_last_error(), why) == NULL) {
        fail_msg("\"%s\"; expected \"%s\"", motet_last_error(), why);
    }
    motet_engine_get_stats(engine, &stats);
    after = stats.memory_bytes;
    assert_int_equal(after, before);
}

static void bad_markers_are_refused(void **state)
{
    (void)state;
    motet_engine *engine = create(8);
    motet_marker *many = calloc(1001, sizeof *many);
    char longest[257];
    memset(longest, 'n', sizeof longest);
    longest[256] = '\0';
    refuse(engine, NULL, 1, "marker_count is 1, but markers is NULL");
    refuse(engine, many, 1001, "1001 markers; expected at most 1000");
    refuse(engine, (motet_marker[]){{5, NULL}, {4, NULL}}, 2, "marker 1 is at frame 4, but marker 0 at 5");
    refuse(engine, (motet_marker[]){{5, NULL}, {100, NULL}}, 2, "marker 1 is at frame 100 of a sound of 100 frames");
    refuse(engine, (motet_marker[]){{5, longest}}, 1, "the name of marker 0 is too long; expected at most 255 bytes");
    longest[255] = '\0';
    motet_marker good = {5, longest};
    assert_int_not_equal(make_sound(engine, RATE, 100, &(motet_sound_def){.markers = &good, .marker_count = 1}).id, 0);
    assert_int_not_equal(make_sound(engine, RATE, 100, &(motet_sound_def){.markers = many, .marker_count = 1000}).id,
                         0);
    free(many);
    motet_engine_destroy(engine);
}

/* ---------------------------------------------------------------------------------------------------- Exact frames */

static void at_pitch_1(void **state)
{
    (void)state;
    for (uint32_t block = 1; block <= 4096; block = block * 7 + 1) {
        motet_engine *engine = create(8);
        play(engine, MARKED(engine, RATE, 2000, 0, 511, 512, 1300, 1999),
             (motet_voice_def){.user = 7, .timing = motet_at(0)});
        render(engine, 2048, block);
        expect_marker(engine, 0, 0, 2);
        expect_marker(engine, 512, 2, 1);
        expect_marker(engine, 1300, 3, 1);
        expect_marker(engine, 1999, 4, 1);
        expect_end(engine, 2000);
        expect_nothing(engine);
        motet_engine_destroy(engine);
    }
}

static void at_other_pitches(void **state)
{
    (void)state;
    motet_engine *engine = create(8);
    motet_sound sound = MARKED(engine, RATE, 2000, 0, 600, 1301, 1999);
    play(engine, sound, (motet_voice_def){.pitch = 0.5, .timing = motet_at(3)});
    render(engine, 4608, 100);
    expect_marker(engine, 3, 0, 1);
    expect_marker(engine, 3 + 1200, 1, 1);
    expect_marker(engine, 3 + 2602, 2, 1);
    expect_marker(engine, 3 + 3998, 3, 1);
    expect_end(engine, 3 + 4000);
    /* At 1.3: 600 / 1.3 = 461.5, 1301 / 1.3 = 1000.8, 1999 / 1.3 = 1537.7, 2000 / 1.3 = 1538.5. */
    play(engine, sound, (motet_voice_def){.pitch = 1.3, .timing = motet_at(5120)});
    render(engine, 2560, 100);
    expect_marker(engine, 5120, 0, 2);
    expect_marker(engine, 5120 + 1001, 2, 1);
    expect_marker(engine, 5120 + 1538, 3, 1);
    expect_end(engine, 5120 + 1539);
    /* At 64 it passes the last marker on its way past the end: before the end is told, in the same frame. */
    play(engine, sound, (motet_voice_def){.pitch = 64, .timing = motet_at(10000)});
    render(engine, 4096, 100);
    expect_marker(engine, 10000, 0, 4);
    expect_end(engine, 10032);
    expect_nothing(engine);
    play(engine, sound, (motet_voice_def){.pitch = 64, .from_frame = 1990, .timing = motet_at(12000)});
    render(engine, 4096, 100);
    expect_marker(engine, 12001, 3, 1);
    expect_end(engine, 12001);
    motet_engine_destroy(engine);
}

static void across_a_loop(void **state)
{
    (void)state;
    motet_engine *engine = create(8);
    motet_sound sound = MARKED(engine, RATE, 3000, 10, 1000, 1599, 1600, 2999);
    /* The range is heard three times. */
    motet_voice_def def = {.loop = true, .loop_start_frame = 1000, .loop_end_frame = 1600, .loop_count = 3};
    play(engine, sound, def);
    render(engine, 4608, 63);
    expect_marker(engine, 10, 0, 1);
    expect_marker(engine, 1000, 1, 1);
    expect_marker(engine, 1599, 2, 2); /* and 1000 again, at 1600 */
    expect_marker(engine, 2199, 2, 2); /* likewise, at 2200 */
    expect_marker(engine, 2799, 2, 2); /* and 1600 */
    expect_marker(engine, 4199, 4, 1);
    expect_end(engine, 4200);
    /* A loop of one frame with a marker on it, for 700 frames. */
    motet_voice voice = play(engine, sound,
                             (motet_voice_def){.loop = true,
                                               .loop_start_frame = 1000,
                                               .loop_end_frame = 1001,
                                               .from_frame = 1000,
                                               .timing = motet_at(5120)});
    motet_voice_stop(engine, voice, motet_at_fade(5820, MOTET_FADE_NONE));
    render(engine, 2048, 63);
    expect_marker(engine, 5120, 1, 512);
    expect_marker(engine, 5632, 1, 188);
    expect_end(engine, 5820);
    expect_nothing(engine);
    motet_engine_destroy(engine);
}

static void a_seek_passes_where_it_leads_to(void **state)
{
    (void)state;
    motet_engine *engine = create(8);
    motet_sound sound = MARKED(engine, RATE, 4000, 50, 1000, 2000, 3000);
    motet_voice voice = play(engine, sound, (motet_voice_def){.from_frame = 60});
    motet_voice_seek(engine, voice, 2000, motet_at(700)); /* onto a marker, over one */
    motet_voice_seek(engine, voice, 3001, motet_at(800)); /* right behind one */
    motet_voice_seek(engine, voice, 1000, motet_at(900)); /* back, and away before a frame has been rendered */
    motet_voice_seek(engine, voice, 2990, motet_at(900));
    motet_voice_stop(engine, voice, motet_at_fade(910, MOTET_FADE_NONE)); /* at the marker's frame: not reached */
    render(engine, 1024, 64);
    expect_marker(engine, 700, 2, 1);
    expect_end(engine, 910);
    expect_nothing(engine);
    motet_engine_destroy(engine);
}

static void a_paused_voice_passes_nothing(void **state)
{
    (void)state;
    motet_engine *engine = create(8);
    motet_sound sound = MARKED(engine, RATE, 4000, 0, 100, 1000);
    motet_voice voice = play(engine, sound, (motet_voice_def){.paused = true});
    motet_voice_resume(engine, voice, motet_at(600));
    motet_voice_pause(engine, voice, motet_at_fade(700, MOTET_FADE_NONE)); /* stands at the marker */
    render(engine, 2048, 64);
    expect_marker(engine, 600, 0, 1);
    expect_nothing(engine);
    motet_voice_resume(engine, voice, motet_at(2100));
    motet_voice_pause(engine, voice, motet_at_fade(3000, 0.02)); /* runs on for 160 frames: passes it on the way */
    render(engine, 2048, 64);
    expect_marker(engine, 2100, 1, 1);
    expect_marker(engine, 3000, 2, 1);
    expect_nothing(engine);
    motet_engine_destroy(engine);
}

static void a_bus_change_is_told_once(void **state)
{
    (void)state;
    motet_engine *engine = create(8);
    motet_bus bus = motet_bus_create(engine, "B", NULL);
    motet_voice voice = play(engine, MARKED(engine, RATE, 4000, 100, 200, 230, 600), (motet_voice_def){0});
    motet_voice_set_bus(engine, voice, bus, motet_at(199));
    render(engine, 1024, 1024);
    expect_marker(engine, 100, 0, 3);
    expect_marker(engine, 600, 3, 1);
    expect_nothing(engine);
    motet_engine_destroy(engine);
}

/* A glide from 1 to 3 and back, whose frames lie where get_state says that the voice is. */
static void along_a_glide(void **state)
{
    (void)state;
    motet_engine *engine = create(8);
    motet_voice quiet = play(engine, make_sound(engine, RATE, 8000, NULL), (motet_voice_def){0});
    motet_voice_set_pitch(engine, quiet, 3, motet_at_fade(100, 0.1));
    motet_voice_set_pitch(engine, quiet, 0.7, motet_at_fade(1200, 0.2));
    uint64_t wanted[3] = {0};
    static const uint64_t at[3] = {900, 3500, 5000};
    for (uint64_t frame = 0; frame < 4096; frame++) {
        motet_voice_state track;
        assert_int_equal(motet_voice_get_state(engine, quiet, &track), MOTET_OK);
        for (int i = 0; i < 3; i++) {
            wanted[i] = wanted[i] == 0 && track.position_frames >= (double)at[i] ? frame : wanted[i];
        }
        render(engine, 1, 1);
    }
    motet_engine_destroy(engine);
    for (int real = 0; real < 2; real++) {
        engine = create(1);
        if (real == 0) {
            play(engine, make_sound(engine, RATE, 10, NULL), (motet_voice_def){.loop = true, .priority = 100});
        }
        motet_voice voice = play(engine, MARKED(engine, RATE, 8000, 900, 3500, 5000),
                                 (motet_voice_def){.timing = {0, MOTET_FADE_NONE, MOTET_CURVE_SMOOTH}});
        motet_voice_set_pitch(engine, voice, 3, motet_at_fade(100, 0.1));
        motet_voice_set_pitch(engine, voice, 0.7, motet_at_fade(1200, 0.2));
        render(engine, 4096, 37);
        for (uint32_t i = 0; i < 3; i++) {
            expect_marker(engine, wanted[i], i, 1);
        }
        expect_nothing(engine);
        motet_engine_destroy(engine);
    }
}

static void of_a_converted_sound(void **state)
{
    (void)state;
    motet_engine *engine = create(8);
    /* 11025 to 8000: frame m of the file lies at 8000 m / 11025. */
    motet_sound sound = MARKED(engine, 11025, 6000, 0, 441, 442, 3000, 5999);
    motet_sound_info info;
    motet_sound_get_info(engine, sound, &info);
    assert_int_equal(info.marker_count, 5);
    play(engine, sound, (motet_voice_def){0});
    render(engine, 4608, 100);
    expect_marker(engine, 0, 0, 3);    /* 320 and 320.7 */
    expect_marker(engine, 2177, 3, 1); /* 2176.9 */
    expect_marker(engine, 4354, 4, 1); /* 4353.02 */
    expect_end(engine, 4354);
    /* A start and a seek onto a marker between two frames. */
    motet_voice voice = play(engine, sound, (motet_voice_def){.from_frame = 442, .timing = motet_at(5120)});
    motet_voice_seek(engine, voice, 3000, motet_at(5700));
    motet_voice_seek(engine, voice, 3001, motet_at(6200));
    render(engine, 1536, 100);
    expect_marker(engine, 5120, 2, 1);
    expect_marker(engine, 5700, 3, 1);
    expect_nothing(engine);
    /* Round a loop it reads the file's own frames. */
    play(
        engine, sound,
        (motet_voice_def){
            .loop = true, .loop_start_frame = 441, .loop_end_frame = 442, .from_frame = 441, .timing = motet_at(6656)});
    render(engine, 1024, 100);
    expect_marker(engine, 6656, 1, 706); /* 512 frames are 705.6 of the file's */
    motet_engine_destroy(engine);
}

/* Of a set, the sound of the event is the one that was picked. */
static void of_a_set(void **state)
{
    (void)state;
    motet_engine *engine = create(8);
    motet_sound sounds[2] = {MARKED(engine, RATE, 100, 3), MARKED(engine, RATE, 100, 5, 7)};
    motet_sound set = motet_sound_variations(engine, sounds, 2, NULL);
    uint32_t seen[2] = {0};
    for (int i = 0; i < 8; i++) {
        play(engine, set, (motet_voice_def){0});
        render(engine, 512, 512);
        motet_event event;
        while (next_event(engine, &event)) {
            if (event.type == MOTET_EVENT_VOICE_MARKER) {
                int which = event.sound.id == sounds[1].id;
                assert_int_equal(event.sound.id, sounds[which].id);
                assert_int_equal(event.frame, 512 * i + (which ? 5 : 3));
                assert_int_equal(event.count, 1 + which);
                seen[which]++;
            } else {
                assert_int_equal(event.sound.id, set.id);
            }
        }
    }
    assert_int_equal(seen[0] + seen[1], 8);
    assert_true(seen[0] > 0 && seen[1] > 0);
    motet_engine_destroy(engine);
}

/* ---------------------------------------------------------------------------------------------------- By brute force */

/* What a voice does, worked out frame by frame in 32.32: the events that it raises up to a frame. */
typedef struct walk {
    uint64_t start, pitch_32; /* engine frame; step */
    uint64_t from;
    bool loop;
    uint64_t loop_start, loop_end;
    uint32_t passes;
} walk;

typedef struct told {
    uint64_t frame;
    uint32_t marker, count;
} told;

static uint32_t walk_it(walk w, const uint64_t *at, uint32_t markers, uint64_t frames, uint64_t until, told *out)
{
    uint64_t position = w.from << 32;
    uint32_t events = 0;
    told cell = {0};
    for (uint64_t frame = w.start; frame < until && position >> 32 < frames; frame++) {
        uint64_t place = position; /* of this frame: a marker here is passed now, those behind it with the next frame */
        uint64_t next = position + w.pitch_32;
        for (bool whole = false, rounds = false; !whole; rounds = true) {
            bool loops = w.loop && w.passes != 1 && position >> 32 < w.loop_end;
            whole = !loops || next < w.loop_end << 32;
            for (uint32_t i = 0; i < markers; i++) {
                uint64_t marker = at[i] << 32;
                if (marker >= position && marker < (whole ? next : w.loop_end << 32)) {
                    cell.frame = cell.count > 0 ? cell.frame : frame + (rounds || marker != place);
                    cell.marker = cell.count > 0 ? cell.marker : i;
                    cell.count++;
                }
            }
            if (!whole) {
                next -= (w.loop_end - w.loop_start) << 32;
                position = w.loop_start << 32;
                w.passes -= w.passes > 0;
            }
        }
        position = next;
        if (cell.count > 0 && (frame + 1) % CELL == 0) {
            out[events++] = cell;
            cell = (told){0};
        }
    }
    if (cell.count > 0 && position >> 32 >= frames) {
        out[events++] = cell;
    }
    return events;
}

static uint64_t draw(uint64_t *chance, uint64_t below)
{
    uint64_t z = *chance += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return (z ^ (z >> 31)) % below;
}

static int by_number(const void *a, const void *b)
{
    const uint64_t *x = a, *y = b;
    return *x < *y ? -1 : *x > *y;
}

static void try_seed(uint64_t seed)
{
    enum { VOICES = 6, UNTIL = 20 * CELL, MARKERS = 12 };
    static const double pitches[] = {1, 0.5, 1.3, 2, 0.01, 7.25, 64, 0.999};
    static told expected[MOST_EVENTS];
    static const motet_quality qualities[] = {MOTET_QUALITY_LINEAR, MOTET_QUALITY_SINC16};
    uint64_t chance = seed;
    motet_engine *engine = create(1 + (uint32_t)draw(&chance, VOICES)); /* the others are virtual */
    uint32_t frames = 1 + (uint32_t)draw(&chance, draw(&chance, 2) ? 20 : 4000);
    uint32_t markers = 1 + (uint32_t)draw(&chance, MARKERS);
    uint64_t at[MARKERS];
    for (uint32_t i = 0; i < markers; i++) {
        at[i] = draw(&chance, frames);
    }
    qsort(at, markers, sizeof at[0], by_number);
    motet_sound sound = marked(engine, RATE, frames, markers, at);
    walk walks[VOICES];
    for (uint32_t i = 0; i < VOICES; i++) {
        double pitch = pitches[draw(&chance, 8)];
        walk w = {.start = draw(&chance, 3000), .pitch_32 = (uint64_t)(pitch * 4294967296.0 + 0.5)};
        w.from = draw(&chance, 3) == 0 ? draw(&chance, frames) : 0;
        w.loop = draw(&chance, 2) == 0;
        w.loop_start = draw(&chance, frames);
        w.loop_end = w.loop_start + 1 + draw(&chance, frames - w.loop_start);
        w.passes = draw(&chance, 2) == 0 ? 0 : 1 + (uint32_t)draw(&chance, 50);
        motet_voice_def def = {.pitch = pitch,
                               .loop = w.loop,
                               .loop_start_frame = w.loop_start,
                               .loop_end_frame = w.loop_end,
                               .loop_count = w.passes,
                               .from_frame = w.from,
                               .volume_db = -(float)draw(&chance, 40),
                               .quality = qualities[draw(&chance, 2)],
                               .user = i,
                               .timing = motet_at(w.start)};
        play(engine, sound, def);
        walks[i] = w;
    }
    motet_event *events = calloc(MOST_EVENTS, sizeof *events);
    uint32_t event_count = 0;
    uint32_t block = 1 + (uint32_t)draw(&chance, 700);
    for (uint32_t done = 0; done < UNTIL;) {
        uint32_t count = UNTIL - done < block ? UNTIL - done : block;
        render(engine, count, count);
        done += count;
        while (event_count < MOST_EVENTS && motet_engine_poll_event(engine, &events[event_count])) {
            event_count += events[event_count].type == MOTET_EVENT_VOICE_MARKER;
        }
    }
    for (uint32_t i = 0; i < VOICES; i++) {
        uint32_t count = walk_it(walks[i], at, markers, frames, UNTIL, expected);
        uint32_t found = 0;
        for (uint32_t k = 0; k < event_count; k++) {
            const motet_event *event = &events[k];
            if (event->user != i) {
                continue;
            }
            const told *wanted = &expected[found++];
            if (found > count || event->frame != wanted->frame || event->marker != wanted->marker ||
                event->count != wanted->count) {
                fail_msg("seed %llu, voice %u, event %u of %u: marker %u at frame %llu, count %u; expected %u at %llu, "
                         "count %u",
                         (unsigned long long)seed, i, found, count, event->marker, (unsigned long long)event->frame,
                         event->count, wanted->marker, (unsigned long long)wanted->frame, wanted->count);
            }
        }
        if (found != count) {
            fail_msg("seed %llu, voice %u: %u events; expected %u", (unsigned long long)seed, i, found, count);
        }
    }
    free(events);
    motet_engine_destroy(engine);
}

static void as_one_frame_after_the_other(void **state)
{
    (void)state;
    const char *seeds = getenv("MOTET_TEST_SEEDS");
    for (uint64_t seed = 1; seed <= (seeds != NULL ? strtoull(seeds, NULL, 10) : 300); seed++) {
        try_seed(seed);
    }
}

/* -------------------------------------------------------------------------------------------------------- In hours */

/* A virtual voice is not moved between its markers, however long it takes from one to the next. */
static void after_a_long_time(void **state)
{
    (void)state;
    motet_engine *engine = create(1);
    play(engine, make_sound(engine, RATE, 10, NULL), (motet_voice_def){.loop = true, .priority = 100});
    motet_voice_def def = {.pitch = 0.01, .timing = motet_at(7)};
    motet_voice voice = play(engine, MARKED(engine, RATE, 20000, 19000), def);
    render(engine, 100, 100);
    motet_voice_state state_now;
    assert_int_equal(motet_voice_get_state(engine, voice, &state_now), MOTET_OK);
    assert_true(state_now.is_virtual);
    render(engine, 1899900, 4096);
    expect_nothing(engine);
    render(engine, 1024, 1024); /* 1900000.5 steps: 0.01 is a little less in 2^-32 */
    motet_event event;
    assert_true(next_event(engine, &event));
    assert_int_equal(event.type, MOTET_EVENT_VOICE_MARKER);
    uint64_t step = (uint64_t)(0.01 * 4294967296.0 + 0.5);
    assert_int_equal(event.frame, 7 + ((UINT64_C(19000) << 32) + step - 1) / step);
    motet_engine_destroy(engine);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(markers_are_copied_and_read),
        cmocka_unit_test(bad_markers_are_refused),
        cmocka_unit_test(at_pitch_1),
        cmocka_unit_test(at_other_pitches),
        cmocka_unit_test(across_a_loop),
        cmocka_unit_test(a_seek_passes_where_it_leads_to),
        cmocka_unit_test(a_paused_voice_passes_nothing),
        cmocka_unit_test(a_bus_change_is_told_once),
        cmocka_unit_test(along_a_glide),
        cmocka_unit_test(of_a_converted_sound),
        cmocka_unit_test(of_a_set),
        cmocka_unit_test(as_one_frame_after_the_other),
        cmocka_unit_test(after_a_long_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
