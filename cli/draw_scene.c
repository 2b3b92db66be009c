#include "draw_scene.h"

#include <math.h>
#include <stdlib.h>

static const double USUAL_DECLICK_SECONDS = 0.01;

static uint64_t fade_frames(const motet_timeline *timeline, const motet_timeline_command *command)
{
    const motet_timeline_header *header = &timeline->header;
    double seconds = command->fade_seconds;
    if (seconds == 0) {
        seconds = header->declick_seconds == 0 ? USUAL_DECLICK_SECONDS : header->declick_seconds;
    }
    return seconds > 0 ? (uint64_t)(seconds * header->rate_hz + 0.5) : 0;
}

/* ----------------------------------------------------------------------------------------------------------- Buses */

/* A value on its way. */
typedef struct ramp {
    double from, to;
    uint64_t at, length;
    motet_curve curve;
} ramp;

static double value_of(const ramp *r, uint64_t frame)
{
    if (frame >= r->at + r->length) {
        return r->to;
    }
    double t = (double)(frame - r->at) / (double)r->length;
    switch (r->curve) {
    case MOTET_CURVE_SMOOTH: t = t * t * (3 - 2 * t); break;
    case MOTET_CURVE_LINEAR: break;
    case MOTET_CURVE_DB: {
        double low = r->from > 1e-4 ? r->from : 1e-4;
        double high = r->to > 1e-4 ? r->to : 1e-4;
        return low * pow(high / low, t);
    }
    case MOTET_CURVE_POWER: t = r->to > r->from ? sin(t * 1.5707963267948966) : 1 - cos(t * 1.5707963267948966); break;
    }
    return r->from + (r->to - r->from) * t;
}

static void turn(ramp *r, double to, const motet_timeline_command *command, uint64_t length)
{
    *r = (ramp){value_of(r, command->at), to, command->at, length, command->curve};
}

static double gain_of(float volume_db)
{
    return volume_db <= MOTET_VOLUME_MIN_DB ? 0 : pow(10, (double)volume_db / 20);
}

static void add_point(motet_draw_bus *bus, uint64_t frame, double gain)
{
    bus->points = motet_memory_grow(bus->points, bus->point_count, &bus->point_capacity, sizeof *bus->points);
    bus->points[bus->point_count++] = (motet_draw_point){frame, gain};
}

/* The points of what is on its way from `frame` on, up to `until`, where something else begins. */
static void add_points(motet_draw_bus *bus, const ramp *volume, const ramp *gate, uint64_t frame, uint64_t until)
{
    enum { PIECES = 12 };
    uint64_t end = volume->at + volume->length;
    end = gate->at + gate->length > end ? gate->at + gate->length : end;
    end = end > until ? until : end;
    add_point(bus, frame, value_of(volume, frame) * value_of(gate, frame));
    for (uint64_t i = 1; i <= PIECES && end > frame; i++) {
        uint64_t place = frame + (end - frame) * i / PIECES;
        add_point(bus, place, value_of(volume, place) * value_of(gate, place));
    }
}

static bool changes_gain(const motet_timeline_command *command, uint32_t bus)
{
    return command->verb == MOTET_VERB_SET_BUS && command->target == bus &&
           (command->changes & (MOTET_CHANGE_VOLUME | MOTET_CHANGE_MUTE)) != 0;
}

static size_t next_change(const motet_timeline *timeline, uint32_t bus, size_t from)
{
    while (from < timeline->command_count && !changes_gain(&timeline->commands[from], bus)) {
        from++;
    }
    return from;
}

static void follow_bus(motet_draw_bus *drawn, const motet_timeline *timeline, uint32_t bus)
{
    const motet_timeline_bus *defined = &timeline->buses[bus];
    ramp volume = {.to = gain_of(defined->volume_db)};
    ramp gate = {.to = defined->mute ? 0 : 1};
    drawn->name = defined->name;
    add_point(drawn, 0, volume.to * gate.to);
    size_t place = next_change(timeline, bus, 0);
    while (place < timeline->command_count) {
        const motet_timeline_command *command = &timeline->commands[place];
        uint64_t length = fade_frames(timeline, command);
        if ((command->changes & MOTET_CHANGE_VOLUME) != 0) {
            turn(&volume, gain_of(command->settings.volume_db), command, length);
        }
        if ((command->changes & MOTET_CHANGE_MUTE) != 0) {
            turn(&gate, command->settings.mute ? 0 : 1, command, length);
        }
        place = next_change(timeline, bus, place + 1);
        uint64_t until = place < timeline->command_count ? timeline->commands[place].at : UINT64_MAX;
        add_points(drawn, &volume, &gate, command->at, until);
    }
}

/* ---------------------------------------------------------------------------------------------------------- Voices */

/* What the commands say of a voice, while they are gone through in their order. */
typedef struct life {
    bool lived;
    motet_draw_voice drawn;
    bool paused;          /* by itself */
    uint64_t paused_from; /* UINT64_MAX: not paused */
    motet_draw_span *pauses;
    size_t pause_count, pause_capacity;
} life;

static void begin_pause(life *l, uint64_t frame)
{
    l->paused_from = l->paused_from == UINT64_MAX ? frame : l->paused_from;
}

static void end_pause(life *l, uint64_t frame)
{
    uint64_t end = frame < l->drawn.span.to ? frame : l->drawn.span.to;
    if (l->paused_from < end) {
        l->pauses = motet_memory_grow(l->pauses, l->pause_count, &l->pause_capacity, sizeof *l->pauses);
        l->pauses[l->pause_count++] = (motet_draw_span){l->paused_from, end};
    }
    l->paused_from = UINT64_MAX;
}

static bool is_below(const motet_timeline *timeline, uint32_t bus, uint32_t above)
{
    while (bus != above && bus != 0) {
        bus = timeline->buses[bus].parent;
    }
    return bus == above;
}

static bool has_paused_bus(const motet_timeline *timeline, const bool *paused, uint32_t bus)
{
    while (!paused[bus] && bus != 0) {
        bus = timeline->buses[bus].parent;
    }
    return paused[bus];
}

static void begin_life(life *l, const motet_offline *offline, const motet_timeline_command *command, const bool *paused)
{
    const motet_timeline *timeline = offline->timeline;
    const motet_timeline_voice *voice = &timeline->voices[command->target];
    bool inside = command->position.whole != 0 || command->position.trillionths != 0;
    l->drawn.bus = command->settings.bus;
    l->drawn.label = voice->name != NULL || voice->fed ? voice->name : timeline->sounds[voice->sound].name;
    l->drawn.label = l->drawn.label != NULL ? l->drawn.label : "feed";
    l->drawn.fade_in_frames = command->fade_seconds != 0 || inside ? fade_frames(timeline, command) : 0;
    l->drawn.fade_out_frame = l->drawn.span.to;
    l->paused = command->settings.paused;
    bool waits = l->paused || has_paused_bus(timeline, paused, l->drawn.bus);
    l->paused_from = waits ? l->drawn.span.from : UINT64_MAX;
}

static void stop_life(life *l, uint64_t frame)
{
    const motet_draw_span *span = &l->drawn.span;
    if (frame >= span->from && frame < span->to && frame < l->drawn.fade_out_frame) {
        l->drawn.fade_out_frame = frame;
    }
}

static void follow_bus_command(life *lives, const motet_timeline *timeline, const motet_timeline_command *command,
                               bool *paused)
{
    paused[command->target] =
        command->verb == MOTET_VERB_STOP_BUS ? paused[command->target] : command->verb == MOTET_VERB_PAUSE_BUS;
    for (size_t i = 0; i < timeline->voice_count; i++) {
        life *l = &lives[i];
        if (l->drawn.label == NULL || !is_below(timeline, l->drawn.bus, command->target)) {
            continue; /* of a later line, or elsewhere */
        }
        if (command->verb == MOTET_VERB_STOP_BUS) {
            stop_life(l, command->at);
        } else if (command->verb == MOTET_VERB_PAUSE_BUS) {
            begin_pause(l, command->at + fade_frames(timeline, command));
        } else if (!l->paused && !has_paused_bus(timeline, paused, l->drawn.bus)) {
            end_pause(l, command->at);
        }
    }
}

static void follow(life *lives, const motet_offline *offline, const motet_timeline_command *command, bool *paused)
{
    const motet_timeline *timeline = offline->timeline;
    uint32_t target = command->target; /* a voice, but for stop_sound */
    switch (command->verb) {
    case MOTET_VERB_PLAY:
    case MOTET_VERB_OPEN: begin_life(&lives[target], offline, command, paused); break;
    case MOTET_VERB_PAUSE:
        lives[target].paused = true;
        begin_pause(&lives[target], command->at + fade_frames(timeline, command));
        break;
    case MOTET_VERB_RESUME:
        lives[target].paused = false;
        if (!has_paused_bus(timeline, paused, lives[target].drawn.bus)) {
            end_pause(&lives[target], command->at);
        }
        break;
    case MOTET_VERB_PAUSE_BUS:
    case MOTET_VERB_RESUME_BUS:
    case MOTET_VERB_STOP_BUS: follow_bus_command(lives, timeline, command, paused); break;
    case MOTET_VERB_STOP: stop_life(&lives[target], command->at); break;
    case MOTET_VERB_STOP_SOUND:
        for (size_t i = 0; i < timeline->voice_count; i++) {
            if (!timeline->voices[i].fed && timeline->voices[i].sound == target) {
                stop_life(&lives[i], command->at);
            }
        }
        break;
    default: break;
    }
}

static int compare_voices(const void *a, const void *b)
{
    const motet_draw_voice *first = a;
    const motet_draw_voice *second = b;
    if (first->span.from != second->span.from) {
        return first->span.from < second->span.from ? -1 : 1;
    }
    return first->place < second->place ? -1 : first->place > second->place;
}

static void keep(motet_draw_scene *scene, life *l, uint64_t frames)
{
    if (l->lived && l->drawn.label != NULL && l->drawn.span.from < frames) {
        end_pause(l, UINT64_MAX);
        l->drawn.first_pause = scene->pause_count;
        l->drawn.pause_count = l->pause_count;
        for (size_t i = 0; i < l->pause_count; i++) {
            scene->pauses =
                motet_memory_grow(scene->pauses, scene->pause_count, &scene->pause_capacity, sizeof *scene->pauses);
            scene->pauses[scene->pause_count++] = l->pauses[i];
        }
        scene->voices[scene->voice_count++] = l->drawn;
    }
    free(l->pauses);
}

void motet_draw_scene_create(motet_draw_scene *scene, const motet_offline *offline)
{
    const motet_timeline *timeline = offline->timeline;
    *scene = (motet_draw_scene){.bus_count = timeline->bus_count};
    scene->buses = motet_memory_take(timeline->bus_count, sizeof *scene->buses);
    scene->voices = motet_memory_take(timeline->voice_count, sizeof *scene->voices);
    for (uint32_t i = 0; i < timeline->bus_count; i++) {
        follow_bus(&scene->buses[i], timeline, i);
    }
    life *lives = motet_memory_take(timeline->voice_count, sizeof *lives);
    bool *paused = motet_memory_take(timeline->bus_count, sizeof *paused);
    for (uint32_t i = 0; i < timeline->bus_count; i++) {
        paused[i] = timeline->buses[i].paused;
    }
    for (uint32_t i = 0; i < timeline->voice_count; i++) {
        motet_draw_span *span = &lives[i].drawn.span;
        lives[i].paused_from = UINT64_MAX;
        lives[i].drawn.place = i;
        lives[i].lived = motet_player_voice_span(offline->player, i, &span->from, &span->to);
        span->to = span->to < offline->frames ? span->to : offline->frames;
    }
    for (size_t i = 0; i < timeline->command_count; i++) {
        follow(lives, offline, &timeline->commands[i], paused);
    }
    for (size_t i = 0; i < timeline->voice_count; i++) {
        keep(scene, &lives[i], offline->frames);
    }
    free(lives);
    free(paused);
    if (scene->voice_count > 0) {
        qsort(scene->voices, scene->voice_count, sizeof *scene->voices, compare_voices);
    }
}

void motet_draw_scene_free(motet_draw_scene *scene)
{
    for (size_t i = 0; i < scene->bus_count; i++) {
        free(scene->buses[i].points);
    }
    free(scene->buses);
    free(scene->voices);
    free(scene->pauses);
    *scene = (motet_draw_scene){0};
}
