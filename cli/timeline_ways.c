/* The ways of the sound from bus to bus: parents, sends and keys, as they change in a timeline. None may go round. */
#include "timeline_parser.h"

#include <stdlib.h>
#include <string.h>

typedef enum way_kind { WAY_PARENT, WAY_SEND, WAY_SEND_PRE, WAY_KEY } way_kind;

typedef struct way {
    way_kind kind;
    uint32_t from, to;
    uint64_t gone_at; /* frame at which it has faded away; UINT64_MAX: it stays */
} way;

typedef struct ways {
    motet_parser *parser;
    way *list;
    size_t count, capacity;
    uint32_t *parents; /* of each bus, as they are at the time */
    uint32_t *waiting; /* for the search; likewise below */
    bool *reached;
} ways;

static void add_way(ways *all, way_kind kind, uint32_t from, uint32_t to)
{
    all->list = motet_memory_grow(all->list, all->count, &all->capacity, sizeof *all->list);
    all->list[all->count++] = (way){kind, from, to, UINT64_MAX};
}

static way *find_way(const ways *all, way_kind kind, uint32_t from, uint32_t to)
{
    for (size_t i = 0; i < all->count; i++) {
        way *one = &all->list[i];
        if (one->kind == kind && one->from == from && one->to == to) {
            return one;
        }
    }
    return NULL;
}

static bool leads(const ways *all, uint32_t from, uint32_t to)
{
    size_t buses = all->parser->timeline->bus_count;
    size_t count = 1;
    memset(all->reached, 0, buses * sizeof *all->reached);
    all->waiting[0] = from;
    all->reached[from] = true;
    while (count > 0 && !all->reached[to]) {
        uint32_t bus = all->waiting[--count];
        for (size_t i = 0; i < all->count; i++) {
            const way *one = &all->list[i];
            if (one->from == bus && !all->reached[one->to]) {
                all->reached[one->to] = true;
                all->waiting[count++] = one->to;
            }
        }
    }
    return all->reached[to];
}

static void complain(ways *all, way_kind kind, uint32_t from, uint32_t to, uint32_t line)
{
    const motet_timeline_bus *buses = all->parser->timeline->buses;
    all->parser->line = line;
    if (from == to) {
        motet_parser_error(all->parser, "the bus is \"%s\" itself; expected another bus", buses[from].name);
    } else if (kind == WAY_KEY) {
        motet_parser_error(all->parser,
                           "\"key\" is \"%s\", which the sound of \"%s\" comes to: it would go round; expected another "
                           "bus",
                           buses[from].name, buses[to].name);
    } else {
        motet_parser_error(all->parser,
                           "\"%s\" is \"%s\", whose sound comes to \"%s\": it would go round; expected another bus",
                           kind == WAY_PARENT ? "parent" : "to", buses[to].name, buses[from].name);
    }
}

/* A new way, or one that was fading away and comes back. */
static bool open_way(ways *all, way_kind kind, uint32_t from, uint32_t to, uint32_t line)
{
    way *there = find_way(all, kind, from, to);
    if (there != NULL) {
        there->gone_at = UINT64_MAX;
        return true;
    }
    if (leads(all, to, from)) {
        complain(all, kind, from, to, line);
        return false;
    }
    add_way(all, kind, from, to);
    return true;
}

/* The library knows a way as gone when it has mixed some frames without it: at most a block of its own. */
static void forget_gone(ways *all, uint64_t at)
{
    enum { BLOCK = 512 };
    size_t kept = 0;
    for (size_t i = 0; i < all->count; i++) {
        if (all->list[i].gone_at == UINT64_MAX || all->list[i].gone_at + BLOCK > at) {
            all->list[kept++] = all->list[i];
        }
    }
    all->count = kept;
}

static uint64_t fade_end(const motet_timeline *timeline, const motet_timeline_command *command)
{
    static const double usual_declick = 0.01;
    double declick = timeline->header.declick_seconds;
    double seconds = command->fade_seconds != 0 ? command->fade_seconds : declick != 0 ? declick : usual_declick;
    return command->at + (seconds > 0 ? motet_seconds_frames(seconds, timeline->header.rate_hz) : 0);
}

static void close_way(ways *all, way_kind kind, uint32_t from, uint32_t to, uint64_t gone_at)
{
    way *there = find_way(all, kind, from, to);
    if (there != NULL) {
        there->gone_at = gone_at;
    }
}

static void follow_command(ways *all, const motet_timeline_command *command)
{
    const motet_timeline *timeline = all->parser->timeline;
    uint32_t bus = command->target;
    uint32_t to = command->settings.bus;
    if (command->verb == MOTET_VERB_SET_SEND) {
        way_kind kind = command->settings.pre ? WAY_SEND_PRE : WAY_SEND;
        forget_gone(all, command->at);
        if (command->settings.volume_db > MOTET_VOLUME_MIN_DB) {
            (void)open_way(all, kind, bus, to, command->line);
        } else {
            close_way(all, kind, bus, to, fade_end(timeline, command));
        }
    } else if (command->verb == MOTET_VERB_SET_BUS && (command->changes & MOTET_CHANGE_PARENT) != 0 &&
               all->parents[bus] != to) {
        forget_gone(all, command->at);
        if (open_way(all, WAY_PARENT, bus, to, command->line)) {
            close_way(all, WAY_PARENT, bus, all->parents[bus], fade_end(timeline, command));
            all->parents[bus] = to;
        }
    }
}

void motet_parser_check_ways(motet_parser *parser)
{
    const motet_timeline *timeline = parser->timeline;
    ways all = {.parser = parser};
    all.parents = motet_memory_take(timeline->bus_count, sizeof *all.parents);
    all.waiting = motet_memory_take(timeline->bus_count, sizeof *all.waiting);
    all.reached = motet_memory_take(timeline->bus_count, sizeof *all.reached);
    for (uint32_t i = 1; i < timeline->bus_count; i++) {
        all.parents[i] = timeline->buses[i].parent;
        add_way(&all, WAY_PARENT, i, timeline->buses[i].parent);
    }
    for (size_t i = 0; i < timeline->send_count; i++) {
        const motet_timeline_send *send = &timeline->sends[i];
        if (send->volume_db > MOTET_VOLUME_MIN_DB) {
            (void)open_way(&all, send->pre ? WAY_SEND_PRE : WAY_SEND, send->from, send->to, send->line);
        }
    }
    for (size_t i = 0; i < timeline->effect_count; i++) {
        const motet_timeline_effect *effect = &timeline->effects[i];
        if (effect->has_key) {
            (void)open_way(&all, WAY_KEY, effect->key, effect->bus, effect->line);
        }
    }
    for (size_t i = 0; i < timeline->command_count; i++) {
        follow_command(&all, &timeline->commands[i]);
    }
    free(all.list);
    free(all.parents);
    free(all.waiting);
    free(all.reached);
}
