/* The workloads, their clips and voices. */
#include "bench.h"

#include "memory.h"
#include "output.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const double TWO_PI = 6.283185307179586;
static const float SPEED_OF_SOUND = 343.3F; /* metres a second, as most libraries have it */

/* --------------------------------------------------------------------------------------------------------- Workloads */

static const struct {
    const char *name;
    char workload;
    bool one_clip;
    uint32_t channels;
    bool pitched;
    const char *text;
} workloads[] = {
    {"A", 'A', false, 2, false, "stereo, pitch 1, volume and pan"},
    {"A1", 'A', true, 2, false, "the same, all voices on one clip"},
    {"B", 'B', false, 1, false, "mono, pitch 1, volume and pan"},
    {"C", 'C', false, 2, true, "stereo, pitches 0.7 to 1.4"},
    {"M", 'M', false, 1, true, "mono, pitches 0.7 to 1.4"},
    {"D", 'D', false, 1, true, "mono, moved every block"},
};
enum { WORKLOADS = sizeof workloads / sizeof *workloads };

static const char *const qualities[] = {"", "linear", "cubic", "sinc16", "sinc32"};
static const motet_format formats[] = {MOTET_FORMAT_S16, MOTET_FORMAT_F32};

const char *motet_bench_quality_name(motet_quality quality)
{
    return qualities[quality];
}

const char *motet_bench_describe(const motet_bench_case *which)
{
    for (size_t i = 0; i < WORKLOADS; i++) {
        if (workloads[i].workload == which->workload && workloads[i].one_clip == which->one_clip) {
            return workloads[i].text;
        }
    }
    return "";
}

/* Whether `word` is the name, or its first parts. */
static bool begins(const char *name, const char *word, size_t length)
{
    return strncmp(name, word, length) == 0 && (name[length] == '\0' || name[length] == '/');
}

/* Whether the case is meant by one of the words between commas; `used` notes which words have meant any. */
static bool is_named(const char *name, const char *names, uint64_t *used)
{
    bool named = false;
    uint64_t bit = 1;
    for (const char *word = names; word != NULL; bit <<= 1) {
        size_t length = strcspn(word, ",");
        if (begins(name, word, length)) {
            named = true;
            *used |= bit;
        }
        word = word[length] == ',' ? word + length + 1 : NULL;
    }
    return named || names == NULL;
}

/* False after a message, when one of the words has meant no case. */
static bool all_used(const char *names, uint64_t used)
{
    const char *word = names;
    for (uint64_t bit = 1; word != NULL; bit <<= 1) {
        size_t length = strcspn(word, ",");
        if ((used & bit) == 0) {
            motet_output_error(
                "\"--workload\" has \"%.*s\"; expected A, A1, B, C, M or D, with \"/linear\", \"/cubic\", "
                "\"/sinc16\" or \"/sinc32\" behind C, M and D, and \"/s16\" or \"/f32\"",
                (int)length, word);
            return false;
        }
        word = word[length] == ',' ? word + length + 1 : NULL;
    }
    return true;
}

size_t motet_bench_cases(motet_bench_case *cases, const char *names, uint32_t voices)
{
    size_t count = 0;
    uint64_t used = 0;
    for (size_t w = 0; w < WORKLOADS; w++) {
        uint32_t first = workloads[w].pitched ? MOTET_QUALITY_LINEAR : MOTET_QUALITY_DEFAULT;
        uint32_t last = workloads[w].pitched ? MOTET_QUALITY_SINC32 : MOTET_QUALITY_DEFAULT;
        for (uint32_t q = first; q <= last; q++) {
            for (size_t f = 0; f < 2; f++) {
                motet_bench_case *which = &cases[count];
                *which = (motet_bench_case){.workload = workloads[w].workload,
                                            .one_clip = workloads[w].one_clip,
                                            .channels = workloads[w].channels,
                                            .format = formats[f],
                                            .quality = (motet_quality)q,
                                            .voices = voices};
                (void)snprintf(which->name, sizeof which->name, "%s%s%s/%s", workloads[w].name, q > 0 ? "/" : "",
                               qualities[q], f == 0 ? "s16" : "f32");
                count += is_named(which->name, names, &used);
            }
        }
    }
    return all_used(names, used) ? count : 0;
}

/* ------------------------------------------------------------------------------------------------------------- Clips */

/* A linear congruential generator (Knuth's MMIX) of which the high half is used. */
static uint32_t next_random(uint64_t *state)
{
    *state = *state * 6364136223846793005ULL + 1442695040888963407ULL;
    return (uint32_t)(*state >> 32);
}

/* 0 to below 1. */
static float next_part(uint64_t *state)
{
    return (float)(next_random(state) >> 8) * 0x1p-24F;
}

static motet_bench_clip *kept[2]; /* mono, stereo */

static void make_clip(motet_bench_clip *clip, uint32_t channels, uint64_t *state)
{
    clip->frames = 86400 + next_random(state) % 19200;
    size_t samples = (size_t)clip->frames * channels;
    clip->f32 = motet_memory_take(samples, sizeof(float));
    clip->s16 = motet_memory_take(samples, sizeof(int16_t));
    double turns = (100 + 2000 * (double)next_part(state)) / MOTET_BENCH_RATE; /* of the sine, in a frame */
    for (size_t i = 0; i < samples; i++) {
        double turn = turns * (double)(i / channels);
        float angle = (float)(TWO_PI * (turn - (double)(int64_t)turn)) + (float)(i % channels);
        clip->f32[i] = 0.15F * sinf(angle) + 0.2F * (next_part(state) - 0.5F);
        clip->s16[i] = (int16_t)lrintf(clip->f32[i] * 32767);
    }
}

static const motet_bench_clip *clips_of(uint32_t channels)
{
    motet_bench_clip **clips = &kept[channels - 1];
    if (*clips == NULL) {
        uint64_t state = channels;
        *clips = motet_memory_take(MOTET_BENCH_CLIPS, sizeof **clips);
        for (size_t i = 0; i < MOTET_BENCH_CLIPS; i++) {
            make_clip(&(*clips)[i], channels, &state);
        }
    }
    return *clips;
}

void motet_bench_material_free(void)
{
    for (size_t channels = 0; channels < 2; channels++) {
        for (size_t i = 0; kept[channels] != NULL && i < MOTET_BENCH_CLIPS; i++) {
            free(kept[channels][i].f32);
            free(kept[channels][i].s16);
        }
        free(kept[channels]);
        kept[channels] = NULL;
    }
}

/* ------------------------------------------------------------------------------------------------------------ Voices */

static double pitch_of(const motet_bench_case *which, uint64_t *state)
{
    double pitch = 0.7 + 0.7 * (double)next_part(state);
    if (which->pitch > 0) {
        return which->pitch;
    }
    if (which->workload != 'C' && which->workload != 'M') {
        return 1;
    }
    return fabs(pitch - 1) < 0.02 ? 1.05 : pitch; /* none that could be copied by chance */
}

motet_bench_setup motet_bench_setup_create(const motet_bench_case *which)
{
    motet_bench_setup setup = {.which = *which, .clips = clips_of(which->channels)};
    setup.voices = motet_memory_take(which->voices, sizeof *setup.voices);
    uint64_t state = 7;
    float loudness = 1 / sqrtf((float)which->voices);
    for (size_t i = 0; i < which->voices; i++) {
        motet_bench_voice *voice = &setup.voices[i];
        voice->clip = which->one_clip ? 0 : (uint32_t)(i % MOTET_BENCH_CLIPS);
        voice->from_frame = next_random(&state) % (setup.clips[voice->clip].frames - 8);
        voice->gain = (0.2F + 0.6F * next_part(&state)) * loudness;
        voice->pan = 1.8F * next_part(&state) - 0.9F;
        voice->pitch = pitch_of(which, &state);
        voice->radius = 2 + 18 * next_part(&state);
        voice->angle = (float)TWO_PI * next_part(&state);
        voice->speed = 2 * next_part(&state) - 1;
        voice->height = 2 * next_part(&state) - 1;
        voice->centre[0] = 10 * next_part(&state) - 5;
        voice->centre[1] = 10 * next_part(&state) - 5;
    }
    motet_bench_move(&setup, 0);
    return setup;
}

void motet_bench_setup_free(motet_bench_setup *setup)
{
    free(setup->voices);
    setup->voices = NULL;
}

void motet_bench_move(motet_bench_setup *setup, double seconds)
{
    for (size_t i = 0; i < setup->which.voices; i++) {
        motet_bench_voice *voice = &setup->voices[i];
        float angle = voice->angle + voice->speed * (float)seconds;
        float x = voice->radius * cosf(angle);
        float z = voice->radius * sinf(angle);
        memcpy(voice->position, (float[3]){voice->centre[0] + x, voice->height, voice->centre[1] + z},
               sizeof voice->position);
        memcpy(voice->velocity, (float[3]){-voice->speed * z, 0, voice->speed * x}, sizeof voice->velocity);
    }
}

motet_bench_placing motet_bench_place(const motet_bench_voice *voice)
{
    const float *p = voice->position;
    const float *v = voice->velocity;
    float near = 1 / sqrtf(p[0] * p[0] + p[1] * p[1] + p[2] * p[2] + 1e-6F);
    float away = (p[0] * v[0] + p[1] * v[1] + p[2] * v[2]) * near; /* metres a second */
    return (motet_bench_placing){.gain = voice->gain * (near < 1 ? near : 1),
                                 .pan = p[0] * near,
                                 .pitch = (double)(SPEED_OF_SOUND / (SPEED_OF_SOUND + away))};
}
