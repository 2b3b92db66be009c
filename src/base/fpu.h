/* The floating-point environment of the audio thread: rounding to nearest, and denormals flushed for speed.
 *
 * Flushing changes no result that the engine gives: every recursive state is set to 0 by an explicit compare far
 * above the denormals. A plugin host or a program may have set another mode on the thread, so both are set at
 * render entry and the thread's own are restored after.
 *
 * Compilers know nothing of the mode and may move arithmetic across the change: what is to be computed under it stands
 * in functions that are called between the two, not beside them. */
#ifndef MOTET_BASE_FPU_H
#define MOTET_BASE_FPU_H

#include "base/nonblocking.h"

#include <stdint.h>

#if defined(__x86_64__) || defined(__SSE2__)
#    include <xmmintrin.h>
#endif

typedef struct motet_fpu_state {
    uint64_t saved;
} motet_fpu_state;

static inline motet_fpu_state motet_fpu_enter(void) MOTET_NONBLOCKING
{
    motet_fpu_state state = {0};
#if defined(__x86_64__) || defined(__SSE2__)
    enum { DENORMALS_ARE_ZERO = 0x0040, ROUNDING = 0x6000, FLUSH_TO_ZERO = 0x8000, MASKED = 0x1f80 };
    state.saved = _mm_getcsr();
    _mm_setcsr(((uint32_t)state.saved & ~(uint32_t)ROUNDING) | DENORMALS_ARE_ZERO | FLUSH_TO_ZERO | MASKED);
#elif defined(__aarch64__)
    uint64_t control;
    __asm__ volatile("mrs %0, fpcr" : "=r"(control));
    state.saved = control;
    control = (control & ~(UINT64_C(3) << 22)) | (UINT64_C(1) << 24); /* RMode nearest, FZ */
    __asm__ volatile("msr fpcr, %0" : : "r"(control));
#endif
    return state;
}

static inline void motet_fpu_leave(motet_fpu_state state) MOTET_NONBLOCKING
{
#if defined(__x86_64__) || defined(__SSE2__)
    _mm_setcsr((uint32_t)state.saved);
#elif defined(__aarch64__)
    __asm__ volatile("msr fpcr, %0" : : "r"(state.saved));
#else
    (void)state;
#endif
}

#endif /* MOTET_BASE_FPU_H */
