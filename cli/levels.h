/* How loud a sound is on the whole. */
#ifndef MOTET_CLI_LEVELS_H
#define MOTET_CLI_LEVELS_H

#include "clip.h"

typedef struct motet_levels {
    double peak_dbfs; /* -infinity for silence; likewise below */
    double lufs;      /* integrated, by EBU R 128 */
} motet_levels;

motet_levels motet_levels_measure(const motet_clip *clip);

#endif /* MOTET_CLI_LEVELS_H */
