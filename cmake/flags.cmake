# motet_flags: what every source of the project is compiled and linked with.
include(CheckCSourceCompiles)

set(CMAKE_C_STANDARD 11)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS OFF)
set(CMAKE_C_VISIBILITY_PRESET hidden)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

set(THREADS_PREFER_PTHREAD_FLAG ON)
find_package(Threads REQUIRED)

add_library(motet_flags INTERFACE)
# -std=c11 hides POSIX without this; the source that needs more than POSIX says so itself.
target_compile_definitions(motet_flags INTERFACE _POSIX_C_SOURCE=200809L _FILE_OFFSET_BITS=64)

# The bits of every sample are part of the contract: no fused multiply-add unless the source asks for one, and no
# x87 arithmetic with its wider intermediate results.
target_compile_options(motet_flags INTERFACE -ffp-contract=off)
check_c_source_compiles("
    #ifndef __i386__
    #error not i386
    #endif
    int main(void) { return 0; }" MOTET_TARGET_I386)
if(MOTET_TARGET_I386)
    target_compile_options(motet_flags INTERFACE -msse2 -mfpmath=sse)
endif()

if(MOTET_SANITIZE MATCHES realtime)
    # The other presets look after warnings; here a newer clang sees what runs later, before it runs: a
    # MOTET_NONBLOCKING function that calls one that is not.
    target_compile_options(motet_flags INTERFACE -Wfunction-effects -Werror=function-effects)
else()
    target_compile_options(motet_flags INTERFACE
        -Wall -Wextra -Wpedantic -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wconversion -Wno-sign-conversion
        -Wundef -Wvla -Wwrite-strings -Wpointer-arith -Wformat=2 -Wimplicit-fallthrough
        # Messages are cut to their room on purpose, and what gcc says of it depends on its optimisation.
        $<$<C_COMPILER_ID:GNU>:-Wno-format-truncation>)
endif()
if(MOTET_WERROR)
    target_compile_options(motet_flags INTERFACE -Werror)
endif()

if(MOTET_SANITIZE)
    target_compile_options(motet_flags INTERFACE
        -fsanitize=${MOTET_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
    target_link_options(motet_flags INTERFACE -fsanitize=${MOTET_SANITIZE})
endif()
