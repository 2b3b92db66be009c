/* What commands do to buses, routes and effects. Audio thread. */
#ifndef MOTET_ENGINE_DESK_H
#define MOTET_ENGINE_DESK_H

#include "engine/topology.h"

/* In the index of a MOTET_COMMAND_ROUTE_SET. */
enum {
    MOTET_ROUTE_FADES_AWAY = 1, /* it goes when its gain has come to 0 */
    MOTET_ROUTE_IS_PARENT = 2   /* it is the way to its bus's parent from now on */
};

static inline bool motet_desk_has(const motet_command *command) MOTET_NONBLOCKING
{
    return command->kind >= MOTET_COMMAND_BUS_SET_VOLUME && command->kind <= MOTET_COMMAND_EFFECT_SET;
}

/* Applies a command at the start of a block, or chains it for later in it; whether the block must end before it
 * instead. */
void motet_desk_apply_now(motet_engine *engine, uint32_t index) MOTET_NONBLOCKING;
void motet_desk_apply_later(motet_engine *engine, uint32_t index) MOTET_NONBLOCKING;
bool motet_desk_ends_block(const motet_engine *engine, const motet_command *command) MOTET_NONBLOCKING;
/* At the end of the block: what the command is of has no chain any more. */
void motet_desk_unchain(motet_engine *engine, uint32_t index) MOTET_NONBLOCKING;

/* The volume or the mute gate of a bus. */
void motet_desk_apply_to_bus(motet_bus_node *node, const motet_command *command, uint64_t frame) MOTET_NONBLOCKING;
/* Applies what is due of a route at `done` frames into a block; returns up to where nothing else is, at most `count`. */
uint32_t motet_desk_apply_route(motet_engine *engine, motet_route *route, uint64_t block_start, uint32_t done,
                                uint32_t count) MOTET_NONBLOCKING;

/* Moves the gates of all buses to what is soloed now. */
void motet_desk_open_solo_gates(motet_engine *engine, uint64_t frame, uint32_t fade_frames,
                                motet_curve curve) MOTET_NONBLOCKING;

#endif /* MOTET_ENGINE_DESK_H */
