/* How smooth every default transition is, measured, beside the figure to reach.
 *
 *     make clicks
 *
 * The measure is that of motet_lint_measure: the peak second difference of the output from the change to the end of its
 * fade, over the largest of that just before, just after, and of a 60 Hz sine as high. Each figure is the worst of a
 * change at several places of the wave, in both channels: by itself, and while the fade of another change is running.
 * Then what the sound would be with either change alone counts as steady too: a higher pitch bends more.
 *
 * Where two fades overlap at 60 Hz, the curves and lengths that the rules of fades fix can themselves bend a little
 * more than is to be reached (click_rules.h): such a figure is marked *, and must not exceed what the rules give. The
 * program fails when another figure is above 2, or when it does not see the step of its control. */
#include "click_rules.h"
#include "lint.h"
#include "motet/motet.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RATE = 48000, CHANNELS = 2, DECLICK = RATE / 100, AT = 3200, TOTAL = 6400, PLACES = 8 };

/* A voice's filter spreads a change over so many frames before and after its fade. */
enum { SPREAD = 48 };

enum { MAX_VOICES = 4 };

/* At which a new voice is at another place of the wave than one that has played since the scene began. */
enum { ELSEWHERE = 2431 };

/* Which voices are virtual is decided every so many frames. */
enum { VIRTUAL_GRID = 512 };

static const double TO_REACH = 2;
static const double SEEN = 20; /* what the control must exceed */
static const double NOT_MEASURED = -1;
static const double ROUNDING = 1.01; /* of f32 and of positions, against the rules in double */

static int missed;
static bool explain; /* each change that is too sharp, with what was running */

static void fail(void)
{
    fprintf(stderr, "%s\n", motet_last_error());
    exit(1);
}

static void check(motet_result result)
{
    if (result != MOTET_OK && result != MOTET_ERROR_STALE) { /* a voice may have been stopped before */
        fail();
    }
}

/* ------------------------------------------------------------------------------------------------------------ Scenes */

typedef struct signal_row {
    const char *name;
    double hz; /* 0: a constant */
} signal_row;

static const signal_row signals[] = {{"60 Hz", 60}, {"200 Hz", 200}, {"1 kHz", 1000}, {"constant", 0}};
enum { SIGNALS = sizeof signals / sizeof *signals };

/* One engine for all changes of a signal, one after the other: making one takes longer than rendering with it. */
typedef struct scene {
    motet_engine *engine;
    motet_sound sound;
    motet_sound lone;   /* the same, of which one voice may play */
    motet_sound silent; /* counts as loud, and adds nothing */
    motet_voice voice;
    motet_bus here, quieter;
    motet_voice_def def; /* what the voice was played with */
    uint64_t origin;     /* engine frame of the scene's frame 0 */
    uint64_t shift;      /* of the place in the wave, in frames */
} scene;

static motet_timing step_now(void)
{
    return (motet_timing){.fade_seconds = MOTET_FADE_NONE};
}

/* A change at a frame of the scene, with the default fade. */
static motet_timing at(const scene *s, uint64_t frame)
{
    return motet_at(s->origin + frame);
}

static scene create_scene(const signal_row *signal)
{
    motet_engine_def def = {.device = MOTET_DEVICE_MANUAL,
                            .sample_rate_hz = RATE,
                            .channels = CHANNELS,
                            .no_limiter = true,
                            .max_voices = MAX_VOICES,
                            .max_buses = 4,
                            .max_scheduled = 64};
    scene s = {.engine = motet_engine_create(&def)};
    motet_signal material = {.kind = signal->hz > 0 ? MOTET_SIGNAL_SINE : MOTET_SIGNAL_CONSTANT,
                             .hz = signal->hz,
                             .amplitude = 0.5,
                             .from = 0.5,
                             .seconds = 0.2};
    s.sound = s.engine != NULL ? motet_sound_from_signal(s.engine, &material, NULL) : (motet_sound){0};
    if (s.sound.id == 0) {
        fail();
    }
    const motet_sound_def one = {.max_voices = 1, .yield = MOTET_YIELD_OLDEST};
    s.lone = motet_sound_from_signal(s.engine, &material, &one);
    material = (motet_signal){.kind = MOTET_SIGNAL_CONSTANT, .seconds = 1};
    s.silent = motet_sound_from_signal(s.engine, &material, NULL);
    s.here = motet_bus_create(s.engine, "here", NULL);
    s.quieter = motet_bus_create(s.engine, "quieter", &(motet_bus_def){.volume_db = -12});
    return s;
}

static void render(const scene *s, float *frames, uint32_t count)
{
    motet_event event;
    motet_engine_render_f32(s->engine, frames, count);
    while (motet_engine_poll_event(s->engine, &event)) {}
}

/* Plays a sound so many frames further on than the scene's voice has started. */
static motet_voice play(const scene *s, motet_sound sound, uint64_t further, motet_timing timing)
{
    motet_voice_def def = s->def;
    def.from_frame += further;
    def.timing = timing;
    motet_voice voice = motet_voice_play(s->engine, sound, &def);
    if (voice.id == 0) {
        fail();
    }
    return voice;
}

/* Silence, buses as at first, and then the voice from a place in the wave. */
static void begin_scene(scene *s, motet_quality quality, double pitch, uint64_t shift)
{
    static float rest[2 * DECLICK * CHANNELS];
    check(motet_sound_stop(s->engine, s->sound, step_now()));
    check(motet_sound_stop(s->engine, s->lone, step_now()));
    check(motet_sound_stop(s->engine, s->silent, step_now()));
    check(motet_bus_set_volume_db(s->engine, s->here, 0, step_now()));
    check(motet_bus_set_mute(s->engine, s->here, false, step_now()));
    check(motet_bus_set_solo(s->engine, s->quieter, false, step_now()));
    render(s, rest, 2 * DECLICK);
    motet_clock clock;
    check(motet_engine_get_clock(s->engine, &clock));
    s->origin = clock.frame;
    s->shift = shift;
    s->def = (motet_voice_def){.loop = true,
                               .bus = s->here,
                               .quality = quality,
                               .pitch = pitch,
                               .from_frame = 2400 + shift,
                               .timing = step_now()};
    s->voice = play(s, s->sound, 0, step_now());
}

/* ------------------------------------------------------------------------------------------------------- Transitions */

typedef void change_fn(const scene *s, motet_timing timing);

static void stop(const scene *s, motet_timing timing)
{
    check(motet_voice_stop(s->engine, s->voice, timing));
}

static void pause_voice(const scene *s, motet_timing timing)
{
    check(motet_voice_pause(s->engine, s->voice, timing));
}

static void resume(const scene *s, motet_timing timing)
{
    check(motet_voice_resume(s->engine, s->voice, timing));
}

static void seek(const scene *s, motet_timing timing)
{
    check(motet_voice_seek(s->engine, s->voice, 6000 + 3 * s->shift + 17, timing));
}

static void seek_back(const scene *s, motet_timing timing)
{
    check(motet_voice_seek(s->engine, s->voice, 11, timing));
}

static void move(const scene *s, motet_timing timing)
{
    check(motet_voice_set_bus(s->engine, s->voice, s->quieter, timing));
}

static void volume_down(const scene *s, motet_timing timing)
{
    check(motet_voice_set_volume_db(s->engine, s->voice, -20, timing));
}

static void volume_off(const scene *s, motet_timing timing)
{
    check(motet_voice_set_volume_db(s->engine, s->voice, MOTET_VOLUME_MIN_DB, timing));
}

static void volume_up(const scene *s, motet_timing timing)
{
    check(motet_voice_set_volume_db(s->engine, s->voice, 6, timing));
}

static void pan_left(const scene *s, motet_timing timing)
{
    check(motet_voice_set_pan(s->engine, s->voice, -1, timing));
}

static void pan_right(const scene *s, motet_timing timing)
{
    check(motet_voice_set_pan(s->engine, s->voice, 1, timing));
}

static void pitch_up(const scene *s, motet_timing timing)
{
    check(motet_voice_set_pitch(s->engine, s->voice, 1.5, timing));
}

static void pitch_down(const scene *s, motet_timing timing)
{
    check(motet_voice_set_pitch(s->engine, s->voice, 0.7, timing));
}

static void everything(const scene *s, motet_timing timing)
{
    volume_down(s, timing);
    pan_right(s, timing);
    pitch_up(s, timing);
    move(s, timing);
}

static void loop_off(const scene *s, motet_timing timing)
{
    check(motet_voice_set_loop(s->engine, s->voice, false, timing));
}

static void bus_down(const scene *s, motet_timing timing)
{
    check(motet_bus_set_volume_db(s->engine, s->here, -20, timing));
}

static void bus_mute(const scene *s, motet_timing timing)
{
    check(motet_bus_set_mute(s->engine, s->here, true, timing));
}

static void bus_unmute(const scene *s, motet_timing timing)
{
    check(motet_bus_set_mute(s->engine, s->here, false, timing));
}

static void bus_solo(const scene *s, motet_timing timing)
{
    check(motet_bus_set_solo(s->engine, s->quieter, true, timing));
}

static void move_loop(const scene *s, motet_timing timing)
{
    check(motet_voice_set_loop_range(s->engine, s->voice, 0, 1600, timing));
}

static void start(const scene *s, motet_timing timing)
{
    (void)play(s, s->sound, ELSEWHERE, timing);
}

static void steal(const scene *s, motet_timing timing)
{
    (void)play(s, s->lone, ELSEWHERE, timing);
}

static void crossfade(const scene *s, motet_timing timing)
{
    motet_voice_def def = s->def;
    def.from_frame += ELSEWHERE;
    def.timing = timing;
    if (motet_voice_crossfade(s->engine, s->voice, s->sound, &def).id == 0) {
        fail();
    }
}

/* More voices than are mixed, all of them louder. */
static void crowd(const scene *s, motet_timing timing)
{
    for (size_t i = 0; i < MAX_VOICES; i++) {
        motet_voice_def def = {.volume_db = 12, .loop = true, .timing = timing};
        if (motet_voice_play(s->engine, s->silent, &def).id == 0) {
            fail();
        }
    }
}

static void uncrowd(const scene *s, motet_timing timing)
{
    check(motet_sound_stop(s->engine, s->silent, timing));
}

/* What comes before: */
static void stop_early(scene *s)
{
    check(motet_voice_stop(s->engine, s->voice, step_now()));
}

static void pause_early(scene *s)
{
    check(motet_voice_pause(s->engine, s->voice, at(s, 500)));
}

static void mute_early(scene *s)
{
    check(motet_bus_set_mute(s->engine, s->here, true, at(s, 500)));
}

static void play_lone(scene *s)
{
    check(motet_voice_stop(s->engine, s->voice, step_now()));
    s->voice = play(s, s->lone, 0, step_now());
}

static void crowd_early(scene *s)
{
    crowd(s, at(s, 500));
}

static void pan_early(scene *s)
{
    check(motet_voice_set_pan(s->engine, s->voice, -1, at(s, 500)));
}

typedef void prepare_fn(scene *s);

typedef struct transition {
    const char *name;
    change_fn *change;
    prepare_fn *prepare;  /* long before; may be NULL */
    bool alone;           /* not into a running fade: there is none of this voice */
    uint32_t late_frames; /* by which it may come later */
    bool several;         /* changes on one frame, whose bends add up: shown, and nothing is to be reached */
    motet_rules_change rules;
} transition;

static const transition transitions[] = {
    {.name = "start in mid-sound", .change = start, .prepare = stop_early, .alone = true},
    {.name = "start in mid-sound, another playing", .change = start, .alone = true},
    {.name = "stop", .rules = MOTET_RULES_GATE, .change = stop},
    {.name = "pause", .rules = MOTET_RULES_GATE, .change = pause_voice},
    {.name = "resume", .change = resume, .prepare = pause_early},
    {.name = "seek", .rules = MOTET_RULES_JUMP, .change = seek},
    {.name = "seek to the first frames", .rules = MOTET_RULES_JUMP, .change = seek_back},
    {.name = "stolen for a new one", .rules = MOTET_RULES_NEW, .change = steal, .prepare = play_lone},
    {.name = "becomes virtual", .rules = MOTET_RULES_GATE, .change = crowd, .late_frames = VIRTUAL_GRID},
    {.name = "comes back from virtual", .change = uncrowd, .prepare = crowd_early, .late_frames = 2 * VIRTUAL_GRID},
    {.name = "crossfade to another place", .rules = MOTET_RULES_NEW, .change = crossfade},
    {.name = "bus change", .rules = MOTET_RULES_JUMP, .change = move},
    {.name = "volume 0 to -20 dB", .rules = MOTET_RULES_GATE, .change = volume_down},
    {.name = "volume 0 dB to silence", .rules = MOTET_RULES_GATE, .change = volume_off},
    {.name = "volume 0 to +6 dB", .change = volume_up},
    {.name = "pan to the left", .rules = MOTET_RULES_GATE, .change = pan_left},
    {.name = "pan to the right", .rules = MOTET_RULES_GATE, .change = pan_right},
    {.name = "pan from the left to the right", .rules = MOTET_RULES_GATE, .change = pan_right, .prepare = pan_early},
    {.name = "pitch x 1.5", .change = pitch_up},
    {.name = "pitch x 0.7", .change = pitch_down},
    {.name = "volume, pan, pitch and bus at once", .several = true, .change = everything},
    {.name = "loop switched off", .change = loop_off},
    {.name = "loop range moved past the voice", .change = move_loop},
    {.name = "bus volume 0 to -20 dB", .rules = MOTET_RULES_GATE, .change = bus_down},
    {.name = "bus mute", .rules = MOTET_RULES_GATE, .change = bus_mute},
    {.name = "bus unmute", .change = bus_unmute, .prepare = mute_early},
    {.name = "solo of another bus", .rules = MOTET_RULES_GATE, .change = bus_solo},
};
enum { TRANSITIONS = sizeof transitions / sizeof *transitions };

/* What may be under way when a change comes. */
static const struct {
    const char *name;
    change_fn *change;
    motet_rules_change rules;
} running[] = {
    {"volume 0 to -20 dB", volume_down, MOTET_RULES_GATE},
    {"volume 0 dB to silence", volume_off, MOTET_RULES_GATE},
    {"pan to the left", pan_left, MOTET_RULES_GATE},
    {"pitch x 1.5", pitch_up, MOTET_RULES_NONE},
    {"seek", seek, MOTET_RULES_JUMP},
    {"bus change", move, MOTET_RULES_JUMP},
    {"pause", pause_voice, MOTET_RULES_GATE},
    {"resume", resume, MOTET_RULES_NONE},
    {"bus volume", bus_down, MOTET_RULES_GATE},
};
enum { RUNNING = sizeof running / sizeof *running };
static const uint32_t frames_ago[] = {1, 120, 240, 420};
enum { AGES = sizeof frames_ago / sizeof *frames_ago };

/* --------------------------------------------------------------------------------------------------------- Measuring */

typedef struct tier {
    const char *name;
    motet_quality quality;
    double pitch;
} tier;

typedef struct figure {
    double times;
    bool missed;
} figure;

typedef struct measured {
    motet_lint_transition channels[CHANNELS];
} measured;

/* Renders a scene and measures it from `from` on for `length` frames. */
static measured measure(const scene *s, uint64_t from, uint64_t length)
{
    static float frames[TOTAL * CHANNELS];
    render(s, frames, TOTAL);
    const motet_lint_sound sound = {frames, TOTAL, CHANNELS, RATE};
    measured result;
    for (uint32_t channel = 0; channel < CHANNELS; channel++) {
        result.channels[channel] = motet_lint_measure(&sound, channel, from, length);
    }
    return result;
}

static double worse_channel(const measured *m)
{
    double left = motet_lint_times(&m->channels[0]);
    double right = motet_lint_times(&m->channels[1]);
    return left > right ? left : right;
}

typedef struct trial {
    const tier *tier;
    const signal_row *signal;
    scene *scene;
} trial;

static uint64_t shift_of(const signal_row *signal, uint64_t place)
{
    uint64_t period = signal->hz > 0 ? (uint64_t)(RATE / signal->hz) : PLACES;
    return period * place / PLACES;
}

/* A change by itself, or `ago` frames after another. */
static measured try_once(const trial *t, const transition *what, change_fn *before, uint32_t ago, uint64_t place)
{
    scene *s = t->scene;
    begin_scene(s, t->tier->quality, t->tier->pitch, shift_of(t->signal, place));
    if (what->prepare != NULL) {
        what->prepare(s);
    }
    if (before != NULL) {
        before(s, at(s, AT - ago));
    }
    what->change(s, at(s, AT));
    uint64_t from = AT - (before != NULL ? ago : 0) - SPREAD;
    return measure(s, from, AT + what->late_frames + DECLICK + SPREAD - from);
}

static void add_steady(measured *m, const measured *alone)
{
    for (uint32_t channel = 0; channel < CHANNELS; channel++) {
        motet_lint_transition *to = &m->channels[channel];
        double after = alone->channels[channel].after;
        double slow = alone->channels[channel].slow;
        to->after = after > to->after ? after : to->after;
        to->slow = slow > to->slow ? slow : to->slow;
    }
}

/* The worst over the places in the wave; what was measured at each goes to `alone`. */
static figure try_alone(const trial *t, const transition *what, measured alone[PLACES])
{
    figure worst = {0};
    for (uint64_t place = 0; place < PLACES; place++) {
        alone[place] = try_once(t, what, NULL, 0, place);
        double times = worse_channel(&alone[place]);
        worst.times = times > worst.times ? times : worst.times;
    }
    worst.missed = worst.times > TO_REACH;
    return worst;
}

/* What a change into a running fade must not exceed: the figure to reach, or what the rules themselves give. */
static double bound_of(const trial *t, const transition *what, size_t fade, size_t age)
{
    motet_rules_change before = running[fade].rules;
    bool same_gate = running[fade].change == what->change && what->rules == MOTET_RULES_GATE;
    if (same_gate || before == MOTET_RULES_NONE || what->rules == MOTET_RULES_NONE) {
        return TO_REACH;
    }
    double hz = t->signal->hz * t->tier->pitch;
    return fmax(TO_REACH, motet_rules_measure(before, what->rules, frames_ago[age], hz, RATE, DECLICK));
}

/* The worst figure, and which of its marks it deserves. */
static figure try_fades(const trial *t, const transition *what, const measured alone[PLACES])
{
    figure worst = {0};
    for (size_t i = 0; i < RUNNING; i++) {
        const transition running_alone = {.change = running[i].change, .prepare = what->prepare};
        for (uint64_t place = 0; place < PLACES; place++) {
            measured other = try_once(t, &running_alone, NULL, 0, place);
            for (size_t k = 0; k < AGES; k++) {
                measured both = try_once(t, what, running[i].change, frames_ago[k], place);
                add_steady(&both, &alone[place]);
                add_steady(&both, &other);
                double times = worse_channel(&both);
                double bound = bound_of(t, what, i, k);
                if (explain && times > TO_REACH) {
                    printf("    %.2f %s on %s, %u frames after %s, place %u; the rules: %.2f\n", times, what->name,
                           t->signal->name, (unsigned)frames_ago[k], running[i].name, (unsigned)place, bound);
                }
                worst.times = times > worst.times ? times : worst.times;
                worst.missed = worst.missed || times > bound * ROUNDING;
            }
        }
    }
    return worst;
}

/* ---------------------------------------------------------------------------------------------------------- Printing */

static void print_figure(figure worst, bool several)
{
    if (worst.times == NOT_MEASURED) {
        printf(" %9s", "-");
        return;
    }
    bool bad = worst.missed && !several;
    missed += bad;
    printf(" %8.2f%s", worst.times, bad ? "!" : worst.times <= TO_REACH ? " " : several ? "+" : "*");
}

static void print_table(const tier *t, scene scenes[SIGNALS])
{
    measured alone[SIGNALS][PLACES];
    printf("\n%-36s %-40s %s\n%s, pitch %-*g", "", "by itself", "into a running fade", t->name,
           (int)(28 - strlen(t->name)), t->pitch);
    for (size_t k = 0; k < 2 * SIGNALS; k++) {
        printf(" %9s", signals[k % SIGNALS].name);
    }
    putchar('\n');
    for (size_t i = 0; i < TRANSITIONS; i++) {
        const transition *what = &transitions[i];
        printf("%-36s", what->name);
        for (size_t k = 0; k < SIGNALS; k++) {
            const trial here = {t, &signals[k], &scenes[k]};
            print_figure(try_alone(&here, what, alone[k]), what->several);
        }
        for (size_t k = 0; k < SIGNALS; k++) {
            const trial here = {t, &signals[k], &scenes[k]};
            print_figure(what->alone ? (figure){.times = NOT_MEASURED} : try_fades(&here, what, alone[k]),
                         what->several);
        }
        putchar('\n');
        (void)fflush(stdout);
    }
}

/* A stop without a fade, where the wave is high: what the measure says of a click. */
static void print_control(scene scenes[SIGNALS])
{
    printf("\n%-36s", "control: stop with fade 0");
    for (size_t k = 0; k < SIGNALS; k++) {
        double worst = 0;
        for (uint64_t place = 0; place < PLACES; place++) {
            scene *s = &scenes[k];
            begin_scene(s, MOTET_QUALITY_DEFAULT, 1, shift_of(&signals[k], place));
            stop(s, (motet_timing){.at_frame = s->origin + AT, .fade_seconds = MOTET_FADE_NONE});
            measured result = measure(s, AT - SPREAD, 2 * SPREAD);
            double times = worse_channel(&result);
            worst = times > worst ? times : worst;
        }
        printf(" %8.0f%s", worst, worst >= SEEN ? " " : "!");
        missed += worst >= SEEN ? 0 : 1;
    }
    putchar('\n');
}

int main(int argc, char **argv)
{
    static const tier tiers[] = {
        {"as recorded", MOTET_QUALITY_DEFAULT, 1}, {"linear", MOTET_QUALITY_LINEAR, 1.1},
        {"cubic", MOTET_QUALITY_CUBIC, 1.1},       {"sinc16", MOTET_QUALITY_SINC16, 1.1},
        {"sinc32", MOTET_QUALITY_SINC32, 1.1},
    };
    scene scenes[SIGNALS];
    explain = argc > 1 && strcmp(argv[1], "--explain") == 0;
    printf("Motet %s. The worst second difference of each change, against the steady sound; to reach: at most %.0f.\n"
           "* what the rules of fades give by themselves; + several changes at once; ! not reached.\n",
           motet_version(), TO_REACH);
    for (size_t k = 0; k < SIGNALS; k++) {
        scenes[k] = create_scene(&signals[k]);
    }
    for (size_t i = 0; i < sizeof tiers / sizeof *tiers; i++) {
        print_table(&tiers[i], scenes);
    }
    print_control(scenes);
    for (size_t k = 0; k < SIGNALS; k++) {
        motet_engine_destroy(scenes[k].engine);
    }
    printf("\n%s\n", missed == 0 ? "Every figure is reached." : "Figures marked with ! are not reached.");
    return missed != 0;
}
