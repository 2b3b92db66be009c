/* Whether loops have a seam: a loop against as many copies of it, one after the other, played as one long sound. Every
 * quality, lengths from one frame up, at pitches that go round thousands of times and that pass the end once.
 *
 *     make loops
 *
 * The program fails when a sample differs, or when it does not see the seam of its control, a loop that is played one
 * frame short. */
#include "motet/motet.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

enum { RATE = 48000, COUNT = 24000, CHANNELS = 2, TIERS = 4 };

/* A voice starts so many frames of output before the end of a long loop. */
enum { BEFORE_END = 4000 };

/* More taps than any filter has. */
enum { LONGEST_FILTER = 2048 };

static const double PI = 3.14159265358979323846;
static const double SEEN = 1e-3; /* what the control must exceed */

static const motet_quality tiers[TIERS] = {MOTET_QUALITY_LINEAR, MOTET_QUALITY_CUBIC, MOTET_QUALITY_SINC16,
                                           MOTET_QUALITY_SINC32};

static void fail(void)
{
    fprintf(stderr, "%s\n", motet_last_error());
    exit(1);
}

typedef struct material {
    float *frames;
    uint32_t count;
} material;

static void play(material what, const motet_voice_def *def, float *rendered)
{
    motet_engine_def engine_def = {.device = MOTET_DEVICE_MANUAL,
                                   .sample_rate_hz = RATE,
                                   .no_limiter = true,
                                   .max_voices = 1,
                                   .no_virtual_voices = true,
                                   .max_buses = 1};
    motet_engine *engine = motet_engine_create(&engine_def);
    if (engine == NULL) {
        fail();
    }
    motet_pcm pcm = {what.frames, MOTET_FORMAT_F32, CHANNELS, RATE, what.count};
    if (motet_voice_play(engine, motet_sound_from_pcm(engine, &pcm, NULL), def).id == 0) {
        fail();
    }
    motet_engine_render_f32(engine, rendered, COUNT);
    motet_engine_destroy(engine);
}

/* Something that repeats after `length` frames, differently on both sides, so many frames of it. */
static material make_material(uint32_t length, uint32_t count)
{
    material made = {malloc(count * CHANNELS * sizeof *made.frames), count};
    if (made.frames == NULL) {
        exit(1);
    }
    for (uint32_t k = 0; k < count; k++) {
        double turn = 2 * PI * (k % length) / length;
        made.frames[CHANNELS * k] = (float)(0.5 * sin(turn + 0.4) + 0.1 * cos(2 * turn));
        made.frames[CHANNELS * k + 1] = (float)(0.4 * sin(turn - 1) + 0.2 * (k % length == 0));
    }
    return made;
}

/* The largest difference; with `cut` the loop ends so many frames too early. A whole sound that loops has its own end
 * before its first frame, so the unrolled one starts where a few passes lie before. */
static double difference(motet_quality quality, uint32_t length, double pitch, uint32_t cut)
{
    static float looped[COUNT * CHANNELS], unrolled[COUNT * CHANNELS];
    uint64_t lead = (uint64_t)(BEFORE_END * pitch);
    uint64_t from = length > lead ? length - lead : 0;
    uint32_t history = length * ((LONGEST_FILTER - 1) / length + 1);
    motet_voice_def def = {
        .pitch = pitch, .quality = quality, .from_frame = history + from, .timing = {.fade_seconds = MOTET_FADE_NONE}};
    material all = make_material(length, history + (uint32_t)(COUNT * pitch) + length + LONGEST_FILTER);
    play(all, &def, unrolled);
    all.count = length;
    def.loop = true;
    def.loop_end_frame = length - cut;
    def.from_frame = from;
    play(all, &def, looped);
    free(all.frames);
    double largest = 0;
    for (int k = 0; k < COUNT * CHANNELS; k++) {
        largest = fmax(largest, fabs((double)looped[k] - (double)unrolled[k]));
    }
    return largest;
}

int main(void)
{
    static const uint32_t lengths[] = {1, 2, 3, 7, 64, 100, 1000, 48000};
    static const double pitches[] = {0.37, 1, 1.3, 5, 40};
    int missed = 0;
    printf("Motet %s. The largest difference between a loop and the same unrolled by hand, at pitches 0.37, 1, 1.3, 5\n"
           "and 40; in brackets: what it must not exceed.\n\n%-24s%12s%16s%16s%16s\n",
           motet_version(), "", "linear", "cubic", "sinc16", "sinc32");
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        printf("%8u %-15s", lengths[i], lengths[i] == 1 ? "frame" : "frames");
        for (int tier = 0; tier < TIERS; tier++) {
            double largest = 0;
            for (size_t p = 0; p < sizeof pitches / sizeof *pitches; p++) {
                largest = fmax(largest, difference(tiers[tier], lengths[i], pitches[p], 0));
            }
            missed += largest > 0;
            printf("%11.3g (0)%s ", largest, largest > 0 ? "!" : " ");
        }
        printf("\n");
    }
    printf("%-24s", "control: a frame short");
    for (int tier = 0; tier < TIERS; tier++) {
        double seen = difference(tiers[tier], 1000, 1.3, 1);
        missed += seen < SEEN;
        printf("%11.3g    %s ", seen, seen < SEEN ? "!" : " ");
    }
    printf("\n\n%s\n", missed == 0 ? "Every figure is reached." : "Figures marked with ! are not reached.");
    return missed != 0;
}
