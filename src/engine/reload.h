/* A sound's file has been read again: its voices cross over from the old edition to the new one.
 *
 * The control side sends a record of both. The audio thread takes every voice over at the command's frame, leaving a
 * tail on the old edition, and says when the last of those tails is gone; the record stays the control side's
 * throughout. */
#ifndef MOTET_ENGINE_RELOAD_H
#define MOTET_ENGINE_RELOAD_H

#include "base/atomics.h"
#include "base/nonblocking.h"
#include "motet/motet.h"

struct motet_edition;
struct motet_command;

typedef struct motet_reload {
    struct motet_reload *next; /* control side: the one that was sent after it */
    struct motet_edition *old_edition, *new_edition;
    struct motet_reload *next_leaving; /* audio thread: likewise */
    motet_atomic_u32 over;             /* the audio thread does not read the old edition any more */
} motet_reload;

/* Audio thread, at a block's first frame: takes the voices over. */
void motet_reload_apply(motet_engine *engine, const struct motet_command *command) MOTET_NONBLOCKING;
/* Audio thread, at the start of a block: gives back the editions that no tail reads any more, in the order in which
 * they were left. */
void motet_reload_look(motet_engine *engine) MOTET_NONBLOCKING;

/* Under the API lock: takes what has come back; voices that have been taken over hold the new edition from now on. */
void motet_reload_tidy(motet_engine *engine);
/* When nobody renders any more: all that are under way. */
void motet_reload_free_all(motet_engine *engine);

#endif /* MOTET_ENGINE_RELOAD_H */
