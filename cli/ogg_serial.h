/* The stream number of an Ogg file. libsndfile draws one at random; with a fixed one the same sound gives the same
 * bytes. */
#ifndef MOTET_CLI_OGG_SERIAL_H
#define MOTET_CLI_OGG_SERIAL_H

#include <stdbool.h>
#include <stdint.h>

/* Rewrites the number in every page of a file with one stream; false where it cannot be read or written. */
bool motet_ogg_set_serial(const char *path, uint32_t serial);

#endif /* MOTET_CLI_OGG_SERIAL_H */
