/* Motet in the bench, as any program would use it. */
#include "bench.h"

#include "memory.h"
#include "output.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

typedef struct side {
    const motet_bench_setup *setup;
    motet_engine *engine;
    motet_voice *voices;
    motet_voice_values *values; /* what is pushed, one for each voice */
} side;

static motet_bus bus_of(const side *s, uint32_t place)
{
    char name[32];
    (void)snprintf(name, sizeof name, "Bus %u", (unsigned)place);
    return motet_bus_create(s->engine, name, NULL);
}

static bool play(side *s)
{
    const motet_bench_setup *setup = s->setup;
    bool good = true;
    motet_sound sounds[MOTET_BENCH_CLIPS];
    for (size_t i = 0; good && i < MOTET_BENCH_CLIPS; i++) {
        const motet_bench_clip *clip = &setup->clips[i];
        bool s16 = setup->which.format == MOTET_FORMAT_S16;
        motet_pcm pcm = {.samples = s16 ? (const void *)clip->s16 : clip->f32,
                         .format = setup->which.format,
                         .channels = setup->which.channels,
                         .sample_rate_hz = MOTET_BENCH_RATE,
                         .frame_count = clip->frames};
        sounds[i] = motet_sound_from_pcm(s->engine, &pcm, NULL);
        good = sounds[i].id != 0;
    }
    good = good && motet_engine_begin(s->engine) == MOTET_OK;
    for (size_t i = 0; good && i < setup->which.voices; i++) {
        const motet_bench_voice *voice = &setup->voices[i];
        motet_voice_def def = {.volume_db = 20 * log10f(voice->gain),
                               .pan = voice->pan,
                               .pitch = voice->pitch,
                               .loop = true,
                               .quality = setup->which.quality,
                               .from_frame = voice->from_frame};
        if (setup->which.buses > 0) {
            def.bus = bus_of(s, (uint32_t)(i % setup->which.buses));
        }
        s->voices[i] = motet_voice_play(s->engine, sounds[voice->clip], &def);
        good = s->voices[i].id != 0;
    }
    return good && motet_engine_commit(s->engine) == MOTET_OK;
}

static void side_close(void *state)
{
    side *s = state;
    motet_engine_destroy(s->engine);
    free(s->values);
    free(s->voices);
    free(s);
}

static void *side_open(const motet_bench_setup *setup)
{
    side *s = motet_memory_take(1, sizeof *s);
    uint32_t count = setup->which.voices;
    s->setup = setup;
    s->voices = motet_memory_take(count, sizeof *s->voices);
    s->values = motet_memory_take(count, sizeof *s->values);
    motet_engine_def def = {.sample_rate_hz = MOTET_BENCH_RATE,
                            .device = MOTET_DEVICE_MANUAL,
                            .max_voices = count,
                            .no_virtual_voices = true,
                            .max_buses = 1024,
                            .max_scheduled = 8 * count + 1024,
                            .no_limiter = true,
                            .log = motet_output_drop_log};
    s->engine = motet_engine_create(&def);
    if (s->engine == NULL || !play(s)) {
        motet_output_error("%s", motet_last_error());
        side_close(s);
        return NULL;
    }
    return s;
}

static void side_push(void *state)
{
    side *s = state;
    for (size_t i = 0; i < s->setup->which.voices; i++) {
        motet_bench_placing place = motet_bench_place(&s->setup->voices[i]);
        s->values[i] = (motet_voice_values){s->voices[i], 20 * log10f(place.gain), place.pan, place.pitch};
    }
    (void)motet_voices_set(s->engine, s->values, s->setup->which.voices, motet_now());
}

static uint32_t side_render(void *state, float *out)
{
    side *s = state;
    motet_engine_render_f32(s->engine, out, MOTET_BENCH_BLOCK);
    return MOTET_BENCH_BLOCK;
}

static void side_rest(void *state)
{
    side *s = state;
    motet_event event;
    while (motet_engine_poll_event(s->engine, &event)) {}
}

const motet_bench_side motet_bench_engine = {.name = "Motet",
                                             .open = side_open,
                                             .push = side_push,
                                             .render = side_render,
                                             .rest = side_rest,
                                             .close = side_close};
