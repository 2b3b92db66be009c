# Programs that measure; built when they are asked for.
foreach(name purity loops voices)
    add_executable(motet_${name} EXCLUDE_FROM_ALL "${PROJECT_SOURCE_DIR}/bench/${name}.c")
    target_link_libraries(motet_${name} PRIVATE motet_flags motet::core "$<$<BOOL:${MOTET_HAVE_LIBM}>:m>")
    set_target_properties(motet_${name} PROPERTIES
        OUTPUT_NAME ${name} RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/bench")
endforeach()

# Looks inside the engine for what one slice of decoding takes.
if(TARGET motet_static)
    pkg_check_modules(SNDFILE IMPORTED_TARGET sndfile)
    add_executable(motet_streams EXCLUDE_FROM_ALL "${PROJECT_SOURCE_DIR}/bench/streams.c"
        "${PROJECT_SOURCE_DIR}/bench/stream_files.c" "${PROJECT_SOURCE_DIR}/bench/stream_times.c")
    target_include_directories(motet_streams PRIVATE "${PROJECT_SOURCE_DIR}/src")
    target_link_libraries(motet_streams PRIVATE motet_flags motet_static PkgConfig::SNDFILE Threads::Threads
        "$<$<BOOL:${MOTET_HAVE_LIBM}>:m>")
    set_target_properties(motet_streams PROPERTIES
        OUTPUT_NAME streams RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/bench")
endif()

# Effects by themselves, without an engine: from the inside.
foreach(name effects_filters effects_space effects_convolution)
    add_executable(motet_${name} EXCLUDE_FROM_ALL "${PROJECT_SOURCE_DIR}/bench/${name}.c")
    target_include_directories(motet_${name} PRIVATE "${PROJECT_SOURCE_DIR}/src" "${PROJECT_SOURCE_DIR}/tests")
    target_link_libraries(motet_${name} PRIVATE motet_flags motet::core "$<$<BOOL:${MOTET_HAVE_LIBM}>:m>")
    set_target_properties(motet_${name} PROPERTIES
        OUTPUT_NAME ${name} RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/bench")
endforeach()

if(TARGET motet_lint)
    add_executable(motet_clicks EXCLUDE_FROM_ALL "${PROJECT_SOURCE_DIR}/bench/clicks.c"
        "${PROJECT_SOURCE_DIR}/bench/click_rules.c")
    target_link_libraries(motet_clicks PRIVATE motet_flags motet_lint motet::core "$<$<BOOL:${MOTET_HAVE_LIBM}>:m>")
    set_target_properties(motet_clicks PROPERTIES
        OUTPUT_NAME clicks RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/bench")
endif()

# The same workloads through the mixers that Debian has packages of. bench/peers is asked for by name only, so they are
# looked for when it is configured with -DMOTET_PEERS=ON (make bench-peers).
option(MOTET_PEERS "Build the comparison with other mixers: FAudio, OpenAL Soft, SDL2_mixer" OFF)
if(MOTET_PEERS AND TARGET motet_tool)
    pkg_check_modules(PEERS REQUIRED IMPORTED_TARGET FAudio openal SDL2_mixer sdl2)
    file(GLOB peer_sources CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/bench/peers/*.c" "${PROJECT_SOURCE_DIR}/cli/bench*.c")
    add_executable(motet_peers EXCLUDE_FROM_ALL ${peer_sources}
        cli/memory.c cli/options.c cli/output.c cli/svg.c)
    target_include_directories(motet_peers PRIVATE "${PROJECT_SOURCE_DIR}/cli" "${PROJECT_SOURCE_DIR}/bench/peers")
    target_link_libraries(motet_peers PRIVATE motet_flags motet::core PkgConfig::PEERS PkgConfig::JANSSON Threads::Threads
        "$<$<BOOL:${MOTET_HAVE_LIBM}>:m>")
    set_target_properties(motet_peers PROPERTIES
        OUTPUT_NAME peers RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/bench")
endif()
