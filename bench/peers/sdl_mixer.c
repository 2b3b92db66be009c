/* SDL2_mixer. It mixes on the thread of an SDL device only, so here that thread is let through block by block: its hook for
 * music, the first thing in a pass, waits for the bench and looks at the thread's CPU time, and its hook behind the mix
 * looks again. Calls would wait for a pass that waits, so while voices are started the passes run freely. The device is
 * SDL's `disk` driver into /dev/null, which does not wait for the clock.
 *
 * It has no pitch and keeps every sound in the device's format and channels: workloads A, A1 and B only, and mono costs
 * what stereo does. A sound always starts at its first frame, so the starts are staggered in time; volumes have 128 steps. */
#include "memory.h"
#include "output.h"
#include "peers.h"

#include <SDL2/SDL.h>
#include <SDL2/SDL_mixer.h>
#include <math.h>
#include <sched.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum { STAGGER_BLOCKS = 188 /* 2 s */ };

typedef struct side {
    const motet_bench_setup *setup;
    Mix_Chunk *chunks[MOTET_BENCH_CLIPS];
    Uint8 *samples[MOTET_BENCH_CLIPS];
    bool opened;
    atomic_bool held; /* passes wait for `go` */
    atomic_uint passes;
    sem_t go, done;
    bool waited;                /* the present pass has */
    double before_ns, taken_ns; /* of the device's thread */
    float *out;
    size_t out_samples;
} side;

static bool can(const motet_bench_case *which)
{
    return which->quality == MOTET_QUALITY_DEFAULT && which->buses == 0;
}

/* On the device's thread, first in a pass. */
static void begin_pass(void *user, Uint8 *stream, int bytes)
{
    side *s = user;
    (void)stream;
    (void)bytes;
    s->waited = atomic_load(&s->held);
    while (s->waited && sem_wait(&s->go) != 0) {}
    s->before_ns = motet_bench_cpu_ns();
}

/* And last. */
static void end_pass(void *user, Uint8 *stream, int bytes)
{
    side *s = user;
    (void)atomic_fetch_add(&s->passes, 1);
    if (!s->waited) {
        return;
    }
    s->taken_ns += motet_bench_cpu_ns() - s->before_ns;
    bool f32 = s->setup->which.format == MOTET_FORMAT_F32;
    size_t size = f32 ? sizeof(float) : sizeof(int16_t);
    s->out_samples = (size_t)bytes / size;
    for (size_t i = 0; i < s->out_samples; i++) {
        int16_t s16 = 0;
        memcpy(f32 ? (void *)&s->out[i] : &s16, stream + i * size, size);
        s->out[i] = f32 ? s->out[i] : (float)s16 * 0x1p-15F;
    }
    (void)sem_post(&s->done);
}

static uint32_t side_render(void *state, float *out)
{
    side *s = state;
    s->out = out;
    (void)sem_post(&s->go);
    while (sem_wait(&s->done) != 0) {}
    return (uint32_t)(s->out_samples / 2);
}

static double side_render_ns(void *state)
{
    return ((side *)state)->taken_ns;
}

/* In the device's format: stereo. */
static bool load(side *s, size_t place)
{
    const motet_bench_case *which = &s->setup->which;
    const motet_bench_clip *clip = &s->setup->clips[place];
    size_t size = which->format == MOTET_FORMAT_F32 ? sizeof(float) : sizeof(int16_t);
    const char *from = which->format == MOTET_FORMAT_F32 ? (const char *)clip->f32 : (const char *)clip->s16;
    size_t bytes = 2 * size * clip->frames;
    s->samples[place] = motet_memory_take(bytes, 1);
    for (size_t i = 0; i < 2 * (size_t)clip->frames; i++) {
        memcpy(s->samples[place] + i * size, from + (which->channels == 2 ? i : i / 2) * size, size);
    }
    s->chunks[place] = Mix_QuickLoad_RAW(s->samples[place], (Uint32)bytes);
    return s->chunks[place] != NULL;
}

static bool play(side *s, size_t place)
{
    const motet_bench_voice *from = &s->setup->voices[place];
    int channel = (int)place;
    float steps = roundf(from->gain * MIX_MAX_VOLUME);
    float left = from->pan > 0 ? 1 - from->pan : 1;
    float right = from->pan < 0 ? 1 + from->pan : 1;
    (void)Mix_Volume(channel, steps < 1 ? 1 : (int)steps); /* 0 would not be mixed */
    return Mix_PlayChannel(channel, s->chunks[from->clip], -1) == channel &&
           Mix_SetPanning(channel, (Uint8)(255 * left), (Uint8)(255 * right)) != 0;
}

/* The disk driver writes two lines of warning each time. */
static void drop_log(void *user, int category, SDL_LogPriority priority, const char *text)
{
    (void)user;
    (void)category;
    (void)priority;
    (void)text;
}

static void side_close(void *state)
{
    side *s = state;
    if (s->opened) {
        atomic_store(&s->held, false);
        (void)sem_post(&s->go); /* for a pass that waits */
        Mix_HookMusic(NULL, NULL);
        Mix_SetPostMix(NULL, NULL);
        (void)Mix_HaltChannel(-1);
        Mix_CloseAudio();
    }
    SDL_QuitSubSystem(SDL_INIT_AUDIO);
    for (size_t i = 0; i < MOTET_BENCH_CLIPS; i++) {
        if (s->chunks[i] != NULL) {
            Mix_FreeChunk(s->chunks[i]);
        }
        free(s->samples[i]);
    }
    (void)sem_destroy(&s->go);
    (void)sem_destroy(&s->done);
    free(s);
}

static void *side_open(const motet_bench_setup *setup)
{
    side *s = motet_memory_take(1, sizeof *s);
    const motet_bench_case *which = &setup->which;
    Uint16 format = which->format == MOTET_FORMAT_F32 ? AUDIO_F32SYS : AUDIO_S16SYS;
    s->setup = setup;
    (void)sem_init(&s->go, 0, 0);
    (void)sem_init(&s->done, 0, 0);
    (void)setenv("SDL_AUDIODRIVER", "disk", 1);
    (void)setenv("SDL_DISKAUDIOFILE", "/dev/null", 1);
    (void)setenv("SDL_DISKAUDIODELAY", "0", 1);
    SDL_LogSetOutputFunction(drop_log, NULL);
    bool good = SDL_InitSubSystem(SDL_INIT_AUDIO) == 0;
    s->opened = good && Mix_OpenAudioDevice(MOTET_BENCH_RATE, format, 2, MOTET_BENCH_BLOCK, NULL, 0) == 0;
    good = s->opened && Mix_AllocateChannels((int)which->voices) == (int)which->voices;
    for (size_t i = 0; good && i < MOTET_BENCH_CLIPS; i++) {
        good = load(s, i);
    }
    if (good) {
        Mix_SetPostMix(end_pass, s);
        Mix_HookMusic(begin_pass, s);
    }
    size_t started = 0;
    for (size_t block = 1; good && block <= STAGGER_BLOCKS; block++) {
        while (good && started < which->voices * block / STAGGER_BLOCKS) {
            good = play(s, started++);
        }
        unsigned pass = atomic_load(&s->passes);
        for (int i = 0; i < 10000 && atomic_load(&s->passes) == pass; i++) {
            (void)sched_yield();
        }
    }
    atomic_store(&s->held, true);
    if (!good) {
        motet_output_error("SDL2_mixer cannot be used: %s", SDL_GetError());
        side_close(s);
        return NULL;
    }
    return s;
}

const motet_bench_side motet_peer_sdl_mixer = {.name = "SDL2_mixer",
                                               .can = can,
                                               .open = side_open,
                                               .render = side_render,
                                               .render_ns = side_render_ns,
                                               .close = side_close};
