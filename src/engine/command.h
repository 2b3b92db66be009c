/* Commands: every change asked for through the API, on its one way to the audio thread.
 *
 * A call takes a command from the pool under the API lock, fills it in and publishes its index through a ring that
 * is as large as the pool: taking one is the only step that can be refused (MOTET_ERROR_BUSY), before anything has
 * changed. The audio thread applies a command at its frame and hands the index back through a second ring. Each
 * voice has one command of its own for a stop, so that a stop is never refused.
 * A group is a list of commands put aside by its thread and published all at once. */
#ifndef MOTET_ENGINE_COMMAND_H
#define MOTET_ENGINE_COMMAND_H

#include "base/ring.h"
#include "base/thread.h"
#include "engine/limits.h"
#include "motet/motet.h"

typedef enum motet_command_kind {
    MOTET_COMMAND_PLAY,
    MOTET_COMMAND_STOP,
    MOTET_COMMAND_PAUSE,
    MOTET_COMMAND_RESUME,
    MOTET_COMMAND_SEEK,
    MOTET_COMMAND_SET_VOLUME, /* number: linear gain */
    MOTET_COMMAND_SET_PAN,
    MOTET_COMMAND_SET_PITCH,
    MOTET_COMMAND_SET_VALUES, /* values: the three above */
    MOTET_COMMAND_SET_LOOP,   /* index: 0 or 1 */
    MOTET_COMMAND_SET_LOOP_RANGE,
    MOTET_COMMAND_SET_BUS, /* index: the bus */
    MOTET_COMMAND_CANCEL,
    MOTET_COMMAND_STOP_SOUND, /* pointer: the sound, only compared */
    MOTET_COMMAND_STOP_BUS,   /* target: the bus */
    MOTET_COMMAND_HOLD,       /* a bus has paused the voice: made by the audio thread; likewise: */
    MOTET_COMMAND_LET_GO,     /* none does any more */
    MOTET_COMMAND_RELOAD,     /* pointer: the motet_reload */
    MOTET_COMMAND_BUS_SET_VOLUME,
    MOTET_COMMAND_BUS_SET_MUTE,
    MOTET_COMMAND_BUS_SET_SOLO,
    MOTET_COMMAND_BUS_SET_PAUSED, /* index: 0 or 1 */
    MOTET_COMMAND_ROUTE_SET,      /* number: linear gain; index: see engine/desk.h */
    MOTET_COMMAND_EFFECT_SET,     /* number: as its ramp has it; index: the parameter */
    MOTET_COMMAND_SET_TOPOLOGY    /* pointer: the new one */
} motet_command_kind;

#define MOTET_NO_COMMAND UINT32_MAX

typedef struct motet_command {
    uint64_t frame;      /* engine frame at which it applies; 0: as soon as possible */
    uint64_t sequence;   /* order among commands of one frame: given by the audio thread as they arrive */
    uint32_t kind;       /* motet_command_kind */
    uint32_t target;     /* slot of the voice; index of the bus, the route or the effect */
    uint32_t generation; /* of the voice, the route or the effect */
    uint32_t fade_frames;
    uint8_t curve;     /* motet_curve */
    bool default_fade; /* the fade was left open */
    bool is_shared;    /* asked of another stem, which is: */
    uint8_t unused;
    uint32_t asked, asked_generation;
    uint32_t index;
    union {
        double number;
        uint64_t position;
        void *pointer;
        struct {
            uint32_t start, end;
        } range;
        struct {
            double gain, pitch;
            float pan;
        } values;
    } value;
    uint32_t next;          /* audio thread: the target's next command in this block */
    uint32_t next_in_block; /* audio thread: the next of all commands chained in this block */
    uint32_t tail;          /* audio thread: the slot set aside for the tail that it makes */
} motet_command;

/* A group that a thread has open. */
typedef struct motet_group {
    pthread_t thread;
    bool open;
    motet_command *commands;
    uint32_t count, capacity;
} motet_group;

/* The control side of the commands, under the API lock. */
typedef struct motet_command_pool {
    motet_command *commands; /* [0, shared_count) for all, then one for each voice's stop */
    uint32_t shared_count, count;
    uint32_t *free; /* a stack of the shared ones */
    uint32_t free_count;
    bool *stop_taken;    /* for each voice: its own command is on its way */
    motet_ring inbox;    /* to the audio thread: indices */
    motet_ring returned; /* back from it */
    motet_group groups[MOTET_MAX_GROUPS];
    uint32_t open_groups;
    uint64_t refused;
} motet_command_pool;

bool motet_command_pool_create(motet_command_pool *pool, motet_heap *heap, uint32_t max_scheduled, uint32_t voices);
void motet_command_pool_destroy(motet_command_pool *pool, motet_heap *heap);

/* Checks a timing and writes it into a command. */
motet_result motet_command_time(motet_engine *engine, motet_command *command, motet_timing timing);

/* Under the API lock: whether `count` more commands can be sent now (in a group: always, it is weighed at commit). */
motet_result motet_command_reserve(motet_engine *engine, uint32_t count);
/* The same of a group, by its number. */
motet_result motet_command_reserve_behind(motet_engine *engine, uint32_t count, uint32_t group);
/* Under the API lock: as motet_command_send, but nothing is shown to the audio thread until motet_command_publish. */
motet_result motet_command_stage(motet_engine *engine, const motet_command *command);
void motet_command_publish(motet_engine *engine);
/* Under the API lock: sends a command, or puts it into the thread's group. Refused (BUSY) only without reserve. */
motet_result motet_command_send(motet_engine *engine, const motet_command *command);
/* The same, both ways, behind a play that waits in a group (by its number): whoever sends it, it must not arrive before
 * the play. */
motet_result motet_command_send_behind(motet_engine *engine, const motet_command *command, uint32_t group);
motet_result motet_command_stage_behind(motet_engine *engine, const motet_command *command, uint32_t group);
/* Under the API lock: the number, from 1, of the group that the calling thread has open; 0 without one. */
uint32_t motet_command_open_group(motet_engine *engine);
/* The same past any open group. */
motet_result motet_command_send_at_once(motet_engine *engine, const motet_command *command);

/* Under the API lock: takes back what the audio thread has applied. */
void motet_command_reclaim(motet_command_pool *pool);

/* Commands given and not yet applied. */
uint32_t motet_command_waiting(const motet_command_pool *pool);

#endif /* MOTET_ENGINE_COMMAND_H */
