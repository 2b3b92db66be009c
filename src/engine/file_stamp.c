#ifndef _FILE_OFFSET_BITS
#    define _FILE_OFFSET_BITS 64 /* files above 2 GB on 32-bit machines */
#endif
#ifndef _POSIX_C_SOURCE
#    define _POSIX_C_SOURCE 200809L /* st_mtim */
#endif
#include "engine/file_stamp.h"

#include <stddef.h>
#include <sys/stat.h>

motet_file_stamp motet_file_stamp_of(const char *path)
{
    struct stat status;
    if (path == NULL || stat(path, &status) != 0) {
        return (motet_file_stamp){0};
    }
#if defined(__APPLE__)
    const struct timespec changed = status.st_mtimespec;
#else
    const struct timespec changed = status.st_mtim;
#endif
    return (motet_file_stamp){.known = true,
                              .size = (uint64_t)status.st_size,
                              .changed_ns = (int64_t)changed.tv_sec * 1000000000 + changed.tv_nsec};
}

bool motet_file_stamp_equals(const motet_file_stamp *a, const motet_file_stamp *b)
{
    return a->known && b->known && a->size == b->size && a->changed_ns == b->changed_ns;
}
