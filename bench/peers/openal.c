/* OpenAL Soft, through its loopback device: the program asks for the samples. Its resamplers "Linear", "Cubic", "11th order
 * Sinc" (bsinc12) and "23rd order Sinc" (bsinc24) stand beside Motet's linear, cubic, sinc16 and sinc32.
 *
 * A mono voice is panned by its position. Stereo voices have no pan there, and take the direct way to the output, the
 * cheapest. */
#include "memory.h"
#include "output.h"
#include "peers.h"

#include <AL/al.h>
#include <AL/alc.h>
#include <AL/alext.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct side {
    const motet_bench_setup *setup;
    ALCdevice *device;
    ALCcontext *context;
    ALuint buffers[MOTET_BENCH_CLIPS];
    ALuint *sources;
} side;

static LPALCLOOPBACKOPENDEVICESOFT open_loopback;
static LPALCRENDERSAMPLESSOFT render_samples;
static LPALGETSTRINGISOFT get_string;
static LPALDEFERUPDATESSOFT defer_updates;
static LPALPROCESSUPDATESSOFT process_updates;

static bool can(const motet_bench_case *which)
{
    return which->buses == 0;
}

/* ISO C knows no conversion between the two kinds of pointers; their bits are the same here. */
static void take_function(void *pointer, void *function)
{
    memcpy(pointer, &function, sizeof function);
}

static bool open_device(side *s)
{
    const motet_bench_case *which = &s->setup->which;
    const ALCint attributes[] = {ALC_FORMAT_CHANNELS_SOFT,
                                 ALC_STEREO_SOFT,
                                 ALC_FORMAT_TYPE_SOFT,
                                 ALC_FLOAT_SOFT,
                                 ALC_FREQUENCY,
                                 MOTET_BENCH_RATE,
                                 ALC_MONO_SOURCES,
                                 (ALCint)(which->channels == 1 ? which->voices : 0),
                                 ALC_STEREO_SOURCES,
                                 (ALCint)(which->channels == 2 ? which->voices : 1),
                                 ALC_HRTF_SOFT,
                                 ALC_FALSE,
                                 ALC_OUTPUT_LIMITER_SOFT,
                                 ALC_FALSE,
                                 0};
    take_function(&open_loopback, alcGetProcAddress(NULL, "alcLoopbackOpenDeviceSOFT"));
    take_function(&render_samples, alcGetProcAddress(NULL, "alcRenderSamplesSOFT"));
    s->device = open_loopback != NULL && render_samples != NULL ? open_loopback(NULL) : NULL;
    s->context = s->device != NULL ? alcCreateContext(s->device, attributes) : NULL;
    if (s->context == NULL || alcMakeContextCurrent(s->context) == ALC_FALSE) {
        return false;
    }
    take_function(&get_string, alGetProcAddress("alGetStringiSOFT"));
    take_function(&defer_updates, alGetProcAddress("alDeferUpdatesSOFT"));
    take_function(&process_updates, alGetProcAddress("alProcessUpdatesSOFT"));
    return get_string != NULL && defer_updates != NULL && process_updates != NULL;
}

/* Its number for the tier; -1 when there is none of that name. */
static ALint resampler_of(motet_quality quality)
{
    static const char *const names[] = {"Linear", "Linear", "Cubic", "11th order Sinc", "23rd order Sinc"};
    for (ALint i = 0; i < alGetInteger(AL_NUM_RESAMPLERS_SOFT); i++) {
        if (strcmp(get_string(AL_RESAMPLER_NAME_SOFT, i), names[quality]) == 0) {
            return i;
        }
    }
    return -1;
}

static void load(side *s)
{
    static const ALenum formats[2][2] = {{AL_FORMAT_MONO16, AL_FORMAT_MONO_FLOAT32},
                                         {AL_FORMAT_STEREO16, AL_FORMAT_STEREO_FLOAT32}};
    const motet_bench_case *which = &s->setup->which;
    bool f32 = which->format == MOTET_FORMAT_F32;
    alGenBuffers(MOTET_BENCH_CLIPS, s->buffers);
    for (size_t i = 0; i < MOTET_BENCH_CLIPS; i++) {
        const motet_bench_clip *clip = &s->setup->clips[i];
        size_t bytes = (size_t)clip->frames * which->channels * (f32 ? sizeof(float) : sizeof(int16_t));
        alBufferData(s->buffers[i], formats[which->channels - 1][f32],
                     f32 ? (const void *)clip->f32 : (const void *)clip->s16, (ALsizei)bytes, MOTET_BENCH_RATE);
    }
}

static void play(side *s, size_t place, ALint resampler)
{
    const motet_bench_voice *from = &s->setup->voices[place];
    ALuint source = s->sources[place];
    alSourcei(source, AL_BUFFER, (ALint)s->buffers[from->clip]);
    alSourcei(source, AL_LOOPING, AL_TRUE);
    alSourcei(source, AL_SOURCE_RESAMPLER_SOFT, resampler);
    alSourcei(source, AL_SAMPLE_OFFSET, (ALint)from->from_frame);
    alSourcef(source, AL_GAIN, from->gain);
    alSourcef(source, AL_PITCH, (float)from->pitch);
    if (s->setup->which.channels == 2) {
        alSourcei(source, AL_DIRECT_CHANNELS_SOFT, AL_TRUE);
    } else if (s->setup->which.workload != 'D') {
        alSourcei(source, AL_SOURCE_RELATIVE, AL_TRUE);
        alSource3f(source, AL_POSITION, from->pan, 0, -sqrtf(1 - from->pan * from->pan));
    }
}

static void side_close(void *state)
{
    side *s = state;
    if (s->context != NULL) {
        alDeleteSources((ALsizei)s->setup->which.voices, s->sources);
        alDeleteBuffers(MOTET_BENCH_CLIPS, s->buffers);
        (void)alcMakeContextCurrent(NULL);
        alcDestroyContext(s->context);
    }
    if (s->device != NULL) {
        (void)alcCloseDevice(s->device);
    }
    free(s->sources);
    free(s);
}

static void side_push(void *state)
{
    side *s = state;
    defer_updates();
    for (size_t i = 0; i < s->setup->which.voices; i++) {
        alSourcefv(s->sources[i], AL_POSITION, s->setup->voices[i].position);
        alSourcefv(s->sources[i], AL_VELOCITY, s->setup->voices[i].velocity);
    }
    process_updates();
}

static void *side_open(const motet_bench_setup *setup)
{
    side *s = motet_memory_take(1, sizeof *s);
    s->setup = setup;
    s->sources = motet_memory_take(setup->which.voices, sizeof *s->sources);
    bool good = open_device(s);
    ALint resampler = good ? resampler_of(setup->which.quality) : -1;
    if (good && resampler >= 0) {
        load(s);
        alGenSources((ALsizei)setup->which.voices, s->sources);
        alDistanceModel(setup->which.workload == 'D' ? AL_INVERSE_DISTANCE_CLAMPED : AL_NONE);
        for (size_t i = 0; i < setup->which.voices; i++) {
            play(s, i, resampler);
        }
        if (setup->which.workload == 'D') {
            side_push(s);
        }
        alSourcePlayv((ALsizei)setup->which.voices, s->sources);
    }
    if (!good || resampler < 0 || alGetError() != AL_NO_ERROR) {
        motet_output_error("OpenAL Soft cannot be used");
        side_close(s);
        return NULL;
    }
    return s;
}

static uint32_t side_render(void *state, float *out)
{
    render_samples(((side *)state)->device, out, MOTET_BENCH_BLOCK);
    return MOTET_BENCH_BLOCK;
}

const motet_bench_side motet_peer_openal = {.name = "OpenAL Soft",
                                            .can = can,
                                            .open = side_open,
                                            .push = side_push,
                                            .render = side_render,
                                            .close = side_close};
