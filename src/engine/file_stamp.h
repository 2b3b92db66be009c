/* By what a file is known to be the one that was read: its size and when it was changed. Not for the audio thread. */
#ifndef MOTET_ENGINE_FILE_STAMP_H
#define MOTET_ENGINE_FILE_STAMP_H

#include <stdbool.h>
#include <stdint.h>

typedef struct motet_file_stamp {
    bool known; /* else there is no such file */
    uint64_t size;
    int64_t changed_ns;
} motet_file_stamp;

/* NULL gives one that is not known. */
motet_file_stamp motet_file_stamp_of(const char *path);
/* Both are known, and alike. */
bool motet_file_stamp_equals(const motet_file_stamp *a, const motet_file_stamp *b);

#endif /* MOTET_ENGINE_FILE_STAMP_H */
