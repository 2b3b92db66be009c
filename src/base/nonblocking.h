/* MOTET_NONBLOCKING marks a function that runs on the audio thread: where the compiler knows the attribute, it
 * checks that nothing called from there allocates, locks or enters the kernel, and RealtimeSanitizer traps it. */
#ifndef MOTET_BASE_NONBLOCKING_H
#define MOTET_BASE_NONBLOCKING_H

#if defined(__clang__) && __clang_major__ >= 20
#    define MOTET_NONBLOCKING __attribute__((nonblocking))
#else
#    define MOTET_NONBLOCKING
#endif

#endif /* MOTET_BASE_NONBLOCKING_H */
