/* Files of a program's own for tests: in memory, with every fault that such a file may have. */
#ifndef MOTET_TESTS_OWN_FILES_H
#define MOTET_TESTS_OWN_FILES_H

#include "base/atomics.h"
#include "support/audio_files.h"

/* One file and how it behaves. What is atomic may be changed while it is read. */
typedef struct own_file {
    const char *path;
    const unsigned char *data;
    size_t size;
    size_t piece;      /* bytes that one read gives at most; 0: any number */
    uint32_t delay_ms; /* of each read */
    bool no_seek, unknown_size;
    bool greedy;                   /* a read says that it gave more than was asked for */
    bool odd;                      /* it returns a negative number that means nothing */
    bool no_read;                  /* none of the functions is there */
    motet_result open_result;      /* other than MOTET_OK: what open returns */
    motet_atomic_u64 fail_at;      /* reading this byte fails; 0: none */
    motet_atomic_u64 ends_at;      /* it ends there, whatever its size says; 0: it does not */
    motet_atomic_u64 open_at;      /* more than so many bytes come later; 0: no */
    motet_atomic_u32 deaf;         /* reads say "later" */
    motet_atomic_u32 seldom;       /* every second read says "later" */
    motet_atomic_pointer data_now; /* read in place of `data`, and as long */
} own_file;

/* How often what was called, by all threads. */
typedef struct own_files {
    own_file *files;
    size_t count;
    motet_atomic_u64 opened, closed, reads, overlaps;
} own_files;

/* What goes into a def. */
motet_files own_files_table(own_files *files);

/* True when each file that was opened has been closed once, and no two calls for one overlapped. */
bool own_files_are_at_rest(const own_files *files);

#endif /* MOTET_TESTS_OWN_FILES_H */
