/* Paths and opening files for reading, with the messages that people get. */
#ifndef MOTET_CLI_FILES_H
#define MOTET_CLI_FILES_H

#include "bytes.h"

#include <stdbool.h>

/* The folder of a path ("." where it has none); give it back with free(). */
char *motet_path_folder(const char *path);

/* `path` as seen from `folder`; give it back with free(). */
char *motet_path_join(const char *folder, const char *path);

/* True when `path` ends with `ending` (".wav"), upper or lower case. */
bool motet_path_has_ending(const char *path, const char *ending);

/* Whether `path`, seen from `folder`, is a file that can be opened. Else NULL is not returned but what is wrong, as
 * "music.ogg: no such file (looked in /home/me/game)"; give it back with free(). */
char *motet_file_complaint(const char *folder, const char *path);

/* Reads a whole file ("-": standard input). NULL, or what is wrong as above. */
char *motet_file_read(const char *folder, const char *path, motet_bytes *bytes);

#endif /* MOTET_CLI_FILES_H */
