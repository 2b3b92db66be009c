/* The loader thread: reads sounds in the background, one after the other, and frees what voices leave behind while the
 * program makes no calls. It is there from the start, but for engines that are rendered by hand: those get it with
 * their first load in the background. */
#ifndef MOTET_ENGINE_LOADER_H
#define MOTET_ENGINE_LOADER_H

#include "base/atomics.h"
#include "base/thread.h"
#include "engine/file_stamp.h"
#include "motet/motet.h"

struct motet_sound_entry;

/* A sound to be read. All that it points to is its own, so that it does not depend on what becomes of the sound. */
typedef struct motet_load {
    struct motet_load *next;
    struct motet_sound_entry *entry; /* under the API lock; NULL: nobody wants it any more */
    uint64_t due;                    /* engine frame of the first play that waits for it; UINT64_MAX: none does */
    char *path;                      /* or: */
    void *bytes;
    size_t byte_count;
    motet_sound_def def;
    motet_files files;          /* that `def` points to */
    motet_atomic_u32 cancelled; /* nothing more is read: nobody wants it, or the engine goes */
    bool is_reload;
    motet_timing timing; /* of a reload */
} motet_load;

typedef struct motet_loader {
    motet_thread thread;
    motet_signal_flag wake;
    motet_signal_flag done; /* raised whenever a load is over */
    motet_atomic_u32 idle;  /* sleeps until it is woken */
    motet_atomic_u32 closing;
    motet_load *first;   /* under the API lock: waiting, in the order of the calls */
    motet_load *current; /* likewise: being read */
} motet_loader;

bool motet_loader_init(motet_loader *loader);
/* Starts the thread where it does not run yet; false, with the failure told, when there is none to be had. Under the
 * API lock, or before anybody else knows the engine. */
bool motet_loader_start(motet_engine *engine);
/* Ends it, behind the load that it is at: the rest of the list is given up. */
void motet_loader_stop(motet_engine *engine);
/* Frees what is left. In a fork's child there is no thread to be stopped first, and no flag to be trusted. */
void motet_loader_destroy(motet_engine *engine, bool forked);
void motet_loader_wake(motet_engine *engine);

/* Without the lock: a load of a file, or of bytes; copies what it is given. NULL when out of memory. */
motet_load *motet_load_create(motet_engine *engine, const char *path, const void *bytes, size_t byte_count,
                              const motet_sound_def *def);
void motet_load_destroy(motet_engine *engine, motet_load *load);
/* Of its file, unless the program opens that. */
motet_file_stamp motet_load_stamp(const motet_load *load);

/* Under the lock: takes a load over, for a sound. The thread runs. */
void motet_loader_add(motet_engine *engine, motet_load *load, struct motet_sound_entry *entry);
/* Under the lock: nobody wants the sound's load any more. */
void motet_loader_cancel(motet_engine *engine, struct motet_sound_entry *entry);
/* Under the lock: a play waits for the sound, at a frame. */
void motet_loader_hurry(struct motet_sound_entry *entry, uint64_t frame);

#endif /* MOTET_ENGINE_LOADER_H */
