/* The desk as the audio thread sees it: buses, the routes between them, the effects on them, and the order in which all
 * that is mixed.
 *
 * A bus, a route and an effect are made by the control side and are the audio thread's from then on, but for what says
 * otherwise. What belongs together and in which order is a *topology*: built aside, handed over as one pointer. It
 * always changes at once: what is to be heard later is there silently before, and only its gain waits for its frame. */
#ifndef MOTET_ENGINE_TOPOLOGY_H
#define MOTET_ENGINE_TOPOLOGY_H

#include "base/alloc.h"
#include "dsp/ramp.h"
#include "engine/command.h"
#include "engine/slot.h"

struct motet_effect_unit;

/* Commands that apply inside a block to one thing, in their order. */
typedef struct motet_chain {
    uint32_t next, last; /* MOTET_NO_COMMAND: there is none */
} motet_chain;

static inline motet_chain motet_chain_empty(void) MOTET_NONBLOCKING
{
    return (motet_chain){MOTET_NO_COMMAND, MOTET_NO_COMMAND};
}

typedef struct motet_bus_node {
    uint32_t index;
    uint32_t parent; /* of Master: itself */
    bool solo, paused;
    bool stands; /* it, or a bus above it, is paused */
    motet_ramp volume;
    motet_ramp mute_gate;
    motet_ramp solo_gate; /* of the bus's own voices */
    motet_slot_list mono, stereo;
    motet_chain chain;
    uint64_t non_finite_told; /* frame of the last event about it + 1 */
    motet_atomic_f32 peak;    /* out: the highest sample of its output since it was taken last */
    float *left, *right;      /* MOTET_BLOCK_FRAMES each: own voices, then the bus's output */
} motet_bus_node;

typedef enum motet_route_kind {
    MOTET_ROUTE_PARENT,   /* a child's output */
    MOTET_ROUTE_SEND,     /* a part of a bus's output */
    MOTET_ROUTE_SEND_PRE, /* the same of what comes to its fader */
    MOTET_ROUTE_KEY       /* nothing is added: an effect listens */
} motet_route_kind;

/* A way from one bus into another. */
typedef struct motet_route {
    uint32_t index, generation;
    uint32_t order;    /* among the sends into its bus: a pair of buses keeps it for good */
    uint32_t from, to; /* buses */
    uint8_t kind;      /* motet_route_kind */
    motet_ramp gain;
    motet_chain chain;
    bool fades_away;       /* it is to go when its gain is 0 */
    motet_atomic_u32 gone; /* out: that has happened */
    /* Control side. */
    float volume_db;  /* of a send: the goal of the last call */
    uint32_t uses;    /* of a key: who listens */
    bool leaves;      /* the last command made it fade away */
    uint64_t left_by; /* number of the first topology without it */
    struct motet_route *next_garbage;
} motet_route;

/* One bus in a topology. */
typedef struct motet_desk_bus {
    float *pre; /* two channels of MOTET_BLOCK_FRAMES: what its sends before the fader take; NULL: it has none */
    uint32_t first_in, in_count;   /* routes into it: children first, then sends, each in the order of creation */
    uint32_t first_out, out_count; /* routes out of it */
    uint32_t first_effect, effect_count;
} motet_desk_bus;

typedef struct motet_placed_effect {
    struct motet_effect_unit *unit;
    const motet_bus_node *key; /* NULL: it listens to nobody */
} motet_placed_effect;

typedef struct motet_topology {
    struct motet_topology *next_garbage;
    uint64_t number; /* counted from 1 */
    size_t size;
    uint32_t count;
    motet_bus_node **by_index; /* count */
    motet_bus_node **order;    /* where a route begins before where it ends; Master last */
    motet_desk_bus *buses;     /* by index */
    motet_route **ins, **outs;
    motet_route **routes; /* by index; NULL: none */
    uint32_t route_count;
    motet_placed_effect *effects;     /* those of a bus in their order */
    struct motet_effect_unit **units; /* by index; NULL: none */
    uint32_t unit_count;
} motet_topology;

typedef struct motet_send_pair {
    uint32_t from, to, kind;
} motet_send_pair;

/* The control side of it, under the API lock. */
typedef struct motet_desk {
    motet_route **routes; /* by index; NULL: free */
    uint32_t route_count, route_capacity;
    struct motet_effect_unit **units; /* likewise */
    uint32_t unit_count, unit_capacity;
    motet_send_pair *pairs; /* all that ever had a send, in the order of their first ones */
    uint32_t pair_count, pair_capacity;
    uint32_t generations;     /* given to routes and effects so far */
    float **pres;             /* by bus */
    uint64_t number;          /* of the last topology made */
    uint64_t applied_number;  /* the audio thread has at least this one */
    uint32_t leaving;         /* so many fade away */
    motet_route *left_routes; /* taken out, but the audio thread may not know yet */
    struct motet_effect_unit *left_units;
} motet_desk;

/* -------------------------------------------------------------------------------------------- Control side */

bool motet_desk_create(motet_engine *engine);
void motet_desk_destroy(motet_engine *engine);

motet_bus_node *motet_bus_node_create(motet_heap *heap, uint32_t index, uint32_t parent, const motet_bus_def *def);
void motet_bus_node_destroy(motet_heap *heap, motet_bus_node *node);

/* A route in the desk, with a gain; NULL when out of memory. Heard from the next topology on. */
motet_route *motet_desk_add_route(motet_engine *engine, motet_route_kind kind, uint32_t from, uint32_t to, double gain);
bool motet_desk_add_unit(motet_engine *engine, struct motet_effect_unit *unit);
/* Takes one back that no topology has. */
void motet_desk_drop_route(motet_engine *engine, motet_route *route);
/* One more, or one less, effect of a bus listens to another; MEMORY: told. */
motet_result motet_desk_add_key(motet_engine *engine, uint32_t key, uint32_t bus);
void motet_desk_drop_key(motet_engine *engine, uint32_t key, uint32_t bus);
/* The live route of a kind between two buses, or NULL. */
motet_route *motet_desk_find_route(const motet_engine *engine, motet_route_kind kind, uint32_t from, uint32_t to);
/* Whether sound of one bus, or its key, comes to another by any way. */
bool motet_desk_leads(const motet_engine *engine, uint32_t from, uint32_t to);

/* Sends the audio thread what the desk is now, past any open group. MEMORY, BUSY: told. */
motet_result motet_desk_send(motet_engine *engine);
/* Takes out what has left, and gives back what the audio thread does not have any more. */
void motet_desk_tidy(motet_engine *engine);
/* Effects that process or ring out now. */
uint32_t motet_desk_count_awake(const motet_desk *desk);
/* A topology that the audio thread has given back. */
void motet_topology_take_back(motet_engine *engine, motet_topology *topology);
void motet_topology_destroy(motet_heap *heap, motet_topology *topology);

/* ------------------------------------------------------------------------------------------- Audio thread */

/* Whether a bus is another one, or lies below it. */
static inline bool motet_topology_is_under(const motet_topology *topology, uint32_t bus,
                                           uint32_t above) MOTET_NONBLOCKING
{
    while (bus != above && bus != MOTET_MASTER) {
        bus = topology->by_index[bus]->parent;
    }
    return bus == above;
}

/* For every bus, by index: how much of what it sums comes to Master by the loudest of its ways. `value` says where a
 * ramp is taken to be. */
typedef double motet_ramp_reading(const motet_ramp *ramp, uint64_t frame) MOTET_NONBLOCKING;
void motet_topology_measure(const motet_topology *topology, uint64_t frame, motet_ramp_reading *value,
                            double *levels) MOTET_NONBLOCKING;

#endif /* MOTET_ENGINE_TOPOLOGY_H */
