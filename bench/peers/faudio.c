/* FAudio: XAudio2 for everybody else. It plays into an SDL device; here that is SDL's dummy, whose thread is only asked for
 * FAudio's mixing function (its own extension for that gives it). The bench then calls that function by itself, as often
 * as it likes: nothing but mixing is measured.
 *
 * It interpolates linearly, so it stands beside Motet's linear tier only. */
#include "memory.h"
#include "output.h"
#include "peers.h"

#include <F3DAudio.h>
#include <FAudio.h>
#include <SDL2/SDL.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_FRAMES = 4 * MOTET_BENCH_BLOCK };

typedef _Atomic(FAudioEngineCallEXT) mixing_function;

typedef struct side {
    const motet_bench_setup *setup;
    FAudio *audio;
    FAudioMasteringVoice *master;
    FAudioSourceVoice **voices;
    mixing_function mix;
    uint32_t frames; /* of one pass */
    F3DAUDIO_HANDLE space;
} side;

static bool can(const motet_bench_case *which)
{
    return which->quality <= MOTET_QUALITY_LINEAR && which->buses == 0;
}

/* On the device's thread: silence, and the function that would have mixed. */
static void take_function(FAudioEngineCallEXT mix, FAudio *audio, float *output, void *user)
{
    (void)audio;
    (void)output;
    atomic_store(&((side *)user)->mix, mix);
}

static void set_gains(FAudioSourceVoice *voice, FAudioVoice *master, uint32_t channels, float pan)
{
    float left = pan > 0 ? 1 - pan : 1;
    float right = pan < 0 ? 1 + pan : 1;
    /* Rows are outputs. */
    const float mono[2] = {left, right};
    const float stereo[4] = {left, 0, 0, right};
    (void)FAudioVoice_SetOutputMatrix(voice, master, channels, 2, channels == 1 ? mono : stereo, FAUDIO_COMMIT_NOW);
}

static bool play(side *s, size_t place)
{
    const motet_bench_case *which = &s->setup->which;
    const motet_bench_voice *from = &s->setup->voices[place];
    const motet_bench_clip *clip = &s->setup->clips[from->clip];
    bool f32 = which->format == MOTET_FORMAT_F32;
    uint32_t size = which->channels * (f32 ? 4 : 2);
    const FAudioWaveFormatEx format = {.wFormatTag = f32 ? FAUDIO_FORMAT_IEEE_FLOAT : FAUDIO_FORMAT_PCM,
                                       .nChannels = (uint16_t)which->channels,
                                       .nSamplesPerSec = MOTET_BENCH_RATE,
                                       .nAvgBytesPerSec = MOTET_BENCH_RATE * size,
                                       .nBlockAlign = (uint16_t)size,
                                       .wBitsPerSample = f32 ? 32 : 16};
    const FAudioBuffer buffer = {.Flags = FAUDIO_END_OF_STREAM,
                                 .AudioBytes = clip->frames * size,
                                 .pAudioData = f32 ? (const uint8_t *)clip->f32 : (const uint8_t *)clip->s16,
                                 .PlayBegin = from->from_frame,
                                 .LoopCount = FAUDIO_LOOP_INFINITE};
    FAudioSourceVoice *voice = NULL;
    if (FAudio_CreateSourceVoice(s->audio, &voice, &format, 0, 2.0F, NULL, NULL, NULL) != 0) {
        return false;
    }
    s->voices[place] = voice;
    set_gains(voice, s->master, which->channels, from->pan);
    return FAudioVoice_SetVolume(voice, from->gain, FAUDIO_COMMIT_NOW) == 0 &&
           FAudioSourceVoice_SetFrequencyRatio(voice, (float)from->pitch, FAUDIO_COMMIT_NOW) == 0 &&
           FAudioSourceVoice_SubmitSourceBuffer(voice, &buffer, NULL) == 0 &&
           FAudioSourceVoice_Start(voice, 0, FAUDIO_COMMIT_NOW) == 0;
}

static void side_close(void *state)
{
    side *s = state;
    for (size_t i = 0; i < s->setup->which.voices; i++) {
        if (s->voices[i] != NULL) {
            FAudioVoice_DestroyVoice(s->voices[i]);
        }
    }
    if (s->master != NULL) {
        FAudioVoice_DestroyVoice(s->master);
    }
    if (s->audio != NULL) {
        (void)FAudio_Release(s->audio);
    }
    free(s->voices);
    free(s);
}

static bool wait_for_function(side *s)
{
    for (int i = 0; i < 1000 && atomic_load(&s->mix) == NULL; i++) {
        motet_sleep_ms(2);
    }
    return atomic_load(&s->mix) != NULL;
}

static void *side_open(const motet_bench_setup *setup)
{
    side *s = motet_memory_take(1, sizeof *s);
    uint32_t rate = 0;
    s->setup = setup;
    s->voices = motet_memory_take(setup->which.voices, sizeof(FAudioSourceVoice *));
    (void)setenv("SDL_AUDIODRIVER", "dummy", 1);
    bool good = FAudioCreate(&s->audio, 0, FAUDIO_DEFAULT_PROCESSOR) == 0;
    if (good) {
        FAudio_SetEngineProcedureEXT(s->audio, take_function, s);
        good = FAudio_CreateMasteringVoice(s->audio, &s->master, 2, MOTET_BENCH_RATE, 0, 0, NULL) == 0;
    }
    for (size_t i = 0; good && i < setup->which.voices; i++) {
        good = play(s, i);
    }
    good = good && wait_for_function(s);
    if (good) {
        FAudio_GetProcessingQuantum(s->audio, &s->frames, &rate);
        F3DAudioInitialize(SPEAKER_STEREO, 343.3F, s->space);
    }
    if (!good || s->frames > MOST_FRAMES || rate != MOTET_BENCH_RATE) {
        motet_output_error("FAudio cannot be used");
        side_close(s);
        return NULL;
    }
    return s;
}

/* Distance, pan and Doppler by its own calculation, and what that says set on the voice. */
static void side_push(void *state)
{
    side *s = state;
    float matrix[2];
    F3DAUDIO_LISTENER listener = {.OrientFront = {0, 0, 1}, .OrientTop = {0, 1, 0}};
    F3DAUDIO_EMITTER emitter = {.OrientFront = {0, 0, 1},
                                .OrientTop = {0, 1, 0},
                                .ChannelCount = 1,
                                .CurveDistanceScaler = 1,
                                .DopplerScaler = 1};
    F3DAUDIO_DSP_SETTINGS settings = {.pMatrixCoefficients = matrix, .SrcChannelCount = 1, .DstChannelCount = 2};
    for (size_t i = 0; i < s->setup->which.voices; i++) {
        const motet_bench_voice *voice = &s->setup->voices[i];
        /* Its front is the other way. */
        emitter.Position = (F3DAUDIO_VECTOR){voice->position[0], voice->position[1], -voice->position[2]};
        emitter.Velocity = (F3DAUDIO_VECTOR){voice->velocity[0], voice->velocity[1], -voice->velocity[2]};
        F3DAudioCalculate(s->space, &listener, &emitter, F3DAUDIO_CALCULATE_MATRIX | F3DAUDIO_CALCULATE_DOPPLER,
                          &settings);
        (void)FAudioVoice_SetOutputMatrix(s->voices[i], s->master, 1, 2, matrix, FAUDIO_COMMIT_NOW);
        (void)FAudioSourceVoice_SetFrequencyRatio(s->voices[i], settings.DopplerFactor, FAUDIO_COMMIT_NOW);
    }
}

static uint32_t side_render(void *state, float *out)
{
    side *s = state;
    memset(out, 0, s->frames * 2 * sizeof *out); /* it adds to what is there */
    atomic_load_explicit(&s->mix, memory_order_relaxed)(s->audio, out);
    return s->frames;
}

const motet_bench_side motet_peer_faudio = {
    .name = "FAudio", .can = can, .open = side_open, .push = side_push, .render = side_render, .close = side_close};
