/* Compares a level's kernels that read between frames with the C reference, bit by bit. Without cmocka, so that a small
 * program for another machine can use it too. */
#ifndef MOTET_TESTS_RESAMPLE_CHECK_H
#define MOTET_TESTS_RESAMPLE_CHECK_H

#include "dsp/kernels.h"

#include <stdbool.h>

/* False when something differs, is written outside the output or comes in from outside the window; then `text` says
 * what. A read further off ends in a signal: windows lie against memory that cannot be read. */
bool motet_check_resample(const motet_kernels *level, char *text, size_t text_size);

#endif /* MOTET_TESTS_RESAMPLE_CHECK_H */
