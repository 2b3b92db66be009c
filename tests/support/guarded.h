/* The audio thread watched by the interposer of tests/guard, in tests of other subjects. */
#ifndef MOTET_TESTS_GUARDED_H
#define MOTET_TESTS_GUARDED_H

/* First in main: starts the program again with the interposer in front of the C library, where the build has one. */
void guarded_start(char **arguments);

/* From here on what renders is watched. Under a sanitizer these do nothing. */
void guarded_begin(void);
/* Fails the test when the audio thread has called anything that it must not. */
void guarded_end(void);

#endif /* MOTET_TESTS_GUARDED_H */
