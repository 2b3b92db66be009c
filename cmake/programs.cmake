# The command line tool and the examples: programs that see the public header only.

file(GLOB tool_sources CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/cli/*.c" "${PROJECT_SOURCE_DIR}/cli/*.h")
if(MOTET_TOOL AND MOTET_ADAPTERS AND tool_sources)
    pkg_check_modules(JANSSON IMPORTED_TARGET jansson)
    # libebur128's pkg-config file has come and gone between releases; its header and library have not.
    find_path(EBUR128_INCLUDE_DIR ebur128.h)
    find_library(EBUR128_LIBRARY ebur128)
    mark_as_advanced(EBUR128_INCLUDE_DIR EBUR128_LIBRARY)
    if(NOT JANSSON_FOUND OR NOT EBUR128_INCLUDE_DIR OR NOT EBUR128_LIBRARY)
        message(FATAL_ERROR "The tool needs (as Debian names them) libjansson-dev libebur128-dev. Install them, on "
            "Debian with scripts/setup, or leave the tool out with -DMOTET_TOOL=OFF.")
    endif()

    add_executable(motet_tool ${tool_sources})
    target_include_directories(motet_tool PRIVATE "${PROJECT_SOURCE_DIR}/cli")
    target_include_directories(motet_tool SYSTEM PRIVATE "${EBUR128_INCLUDE_DIR}")
    # The static library, so that the tool is one file that can be copied.
    target_link_libraries(motet_tool PRIVATE motet_flags motet_static PkgConfig::SNDFILE PkgConfig::JANSSON
        "${EBUR128_LIBRARY}" "$<$<BOOL:${MOTET_HAVE_LIBM}>:m>")
    set_target_properties(motet_tool PROPERTIES OUTPUT_NAME motet RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}")
    add_executable(motet::tool ALIAS motet_tool)
endif()

# The analysis behind `motet lint`, for the tests and the programs that measure.
add_library(motet_lint STATIC EXCLUDE_FROM_ALL cli/lint.c cli/lint_clicks.c cli/lint_seams.c cli/memory.c)
target_include_directories(motet_lint PUBLIC "${PROJECT_SOURCE_DIR}/cli")
target_link_libraries(motet_lint PRIVATE motet_flags "$<$<BOOL:${MOTET_HAVE_LIBM}>:m>")

file(GLOB example_sources CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/examples/*.c")
set(MOTET_EXAMPLE_NAMES "")
if(MOTET_EXAMPLES AND MOTET_ADAPTERS)
    foreach(source IN LISTS example_sources)
        cmake_path(GET source STEM name)
        add_executable(example_${name} "${source}")
        target_link_libraries(example_${name} PRIVATE motet_flags motet::motet "$<$<BOOL:${MOTET_HAVE_LIBM}>:m>")
        set_target_properties(example_${name} PROPERTIES OUTPUT_NAME ${name}
            RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/examples")
        list(APPEND MOTET_EXAMPLE_NAMES ${name})
    endforeach()
endif()
