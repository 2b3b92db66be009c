/* What the audio thread is asked to render in tests of what it never does: a scene for each subject. */
#ifndef MOTET_TESTS_REALTIME_SCENES_H
#define MOTET_TESTS_REALTIME_SCENES_H

#include "base/atomics.h"
#include "motet/motet.h"

enum { RATE = 48000, MOST_FRAMES = 4096, SCENES = 20 };

typedef struct realtime_scene {
    const char *name;
    void (*run)(void);
} realtime_scene;

extern const realtime_scene scenes[SCENES];

/* Scenes render in their own thread, or let another one do it that takes these orders. */
typedef struct render_order {
    motet_atomic_u32 asked, done;
    motet_engine *engine;
    uint32_t frames;
    bool s16;
} render_order;

extern bool through_thread;
extern render_order order;

void render_here(motet_engine *engine, uint32_t frames, bool s16);
void render(motet_engine *engine, uint32_t frames);
motet_engine *make_engine(motet_engine_def def);
motet_sound any_sound(motet_engine *engine);
motet_voice must_play(motet_engine *engine, motet_sound sound, const motet_voice_def *def);
motet_stats stats_of(motet_engine *engine);

#endif /* MOTET_TESTS_REALTIME_SCENES_H */
