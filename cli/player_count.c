/* How many voices there are at once: counted by frames, from where each one starts, moves and ends. */
#include "player_private.h"

#include <stdlib.h>

/* Whether a voice ever sounded, or was paused, in some frame. */
static bool has_lived(const motet_player_voice *voice)
{
    return voice->phase != VOICE_WAITING && !voice->cancelled && voice->end_frame > voice->start_frame;
}

bool motet_player_voice_span(const motet_player *player, uint32_t voice, uint64_t *from, uint64_t *to)
{
    *from = player->voices[voice].start_frame;
    *to = player->voices[voice].end_frame;
    return has_lived(&player->voices[voice]);
}

/* By the parents that buses have at some time; Master's is itself. */
static bool is_below(const uint32_t *parents, uint32_t bus, uint32_t ancestor)
{
    while (bus != ancestor && bus != parents[bus]) {
        bus = parents[bus];
    }
    return bus == ancestor;
}

typedef struct change {
    uint64_t frame;
    int step;
} change;

typedef struct changes {
    change *list;
    size_t count, capacity;
} changes;

static void add(changes *all, uint64_t frame, int step)
{
    all->list = motet_memory_grow(all->list, all->count, &all->capacity, sizeof *all->list);
    all->list[all->count++] = (change){frame, step};
}

static int compare_changes(const void *a, const void *b)
{
    const change *first = a;
    const change *second = b;
    return first->frame < second->frame ? -1 : first->frame > second->frame;
}

/* Where the voices are while the commands go by. */
typedef struct places {
    const motet_player *player;
    uint32_t bus;      /* the one whose voices are counted */
    uint32_t *parents; /* of each bus */
    uint32_t *buses;   /* of each voice; likewise below */
    bool *inside;
} places;

static void place_voice(places *p, changes *all, uint32_t voice, uint64_t frame)
{
    const motet_player_voice *placed = &p->player->voices[voice];
    bool comes = is_below(p->parents, p->buses[voice], p->bus);
    if (has_lived(placed) && frame < placed->end_frame && comes != p->inside[voice]) {
        add(all, frame, comes ? 1 : -1);
        p->inside[voice] = comes;
    }
}

static void move_bus(places *p, changes *all, const motet_timeline_command *command)
{
    p->parents[command->target] = command->settings.bus;
    for (uint32_t i = 0; i < p->player->timeline->voice_count; i++) {
        if (p->buses[i] != UINT32_MAX) {
            place_voice(p, all, i, command->at);
        }
    }
}

/* All that moves the count of a bus, in no order. */
static changes find_changes(const motet_player *player, uint32_t bus)
{
    const motet_timeline *timeline = player->timeline;
    changes all = {0};
    bool *inside = motet_memory_take(timeline->voice_count, sizeof *inside);
    places p = {.player = player, .bus = bus, .inside = inside};
    p.parents = motet_memory_take(timeline->bus_count, sizeof *p.parents);
    p.buses = motet_memory_take(timeline->voice_count, sizeof *p.buses);
    for (size_t i = 0; i < timeline->bus_count; i++) {
        p.parents[i] = timeline->buses[i].parent;
    }
    for (size_t i = 0; i < timeline->voice_count; i++) {
        p.buses[i] = UINT32_MAX;
    }
    for (size_t i = 0; i < timeline->command_count; i++) {
        const motet_timeline_command *command = &timeline->commands[i];
        bool starts = command->verb == MOTET_VERB_PLAY || command->verb == MOTET_VERB_OPEN;
        if (starts || (command->verb == MOTET_VERB_SET && (command->changes & MOTET_CHANGE_BUS) != 0)) {
            p.buses[command->target] = command->settings.bus;
            place_voice(&p, &all, command->target, command->at);
        } else if (command->verb == MOTET_VERB_SET_BUS && (command->changes & MOTET_CHANGE_PARENT) != 0) {
            move_bus(&p, &all, command);
        }
    }
    free(p.parents);
    free(p.buses);
    for (size_t i = 0; i < timeline->voice_count; i++) {
        if (inside[i] && player->voices[i].end_frame != UINT64_MAX) {
            add(&all, player->voices[i].end_frame, -1);
        }
    }
    free(inside);
    return all;
}

motet_voice_count *motet_player_voice_counts(const motet_player *player, uint32_t bus, size_t *length)
{
    changes all = find_changes(player, bus);
    motet_voice_count *counts = motet_memory_take(all.count + 1, sizeof *counts);
    size_t last = 0;
    if (all.count > 0) {
        qsort(all.list, all.count, sizeof *all.list, compare_changes);
    }
    /* What ends at a frame and what starts there are weighed against each other first: one makes room for the other. */
    for (size_t i = 0; i < all.count; i++) {
        if (all.list[i].frame != counts[last].frame) {
            counts[last + 1] = (motet_voice_count){all.list[i].frame, counts[last].voices};
            last++;
        }
        counts[last].voices += (uint32_t)all.list[i].step; /* never falls below 0 at the end of a frame */
    }
    *length = last + 1;
    free(all.list);
    return counts;
}

void motet_player_count_voices(const motet_player *player, uint64_t frames, size_t *started, size_t *most_at_once)
{
    *started = 0;
    *most_at_once = 0;
    for (size_t i = 0; i < player->timeline->voice_count; i++) {
        const motet_player_voice *voice = &player->voices[i];
        *started += voice->phase != VOICE_WAITING && !voice->cancelled && voice->start_frame < frames ? 1 : 0;
    }
    size_t length = 0;
    motet_voice_count *counts = motet_player_voice_counts(player, 0, &length);
    for (size_t i = 0; i < length && counts[i].frame < frames; i++) {
        *most_at_once = counts[i].voices > *most_at_once ? counts[i].voices : *most_at_once;
    }
    free(counts);
}
