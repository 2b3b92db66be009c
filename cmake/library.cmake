# The libraries. One object library for each folder of src, so that every file is compiled once for the shared and
# the static library; scripts/check-layers watches who includes whom.

# motet_layer(NAME [LIBRARY...]): src/NAME as the object library motet_NAME.
function(motet_layer name)
    file(GLOB sources CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/src/${name}/*.c" "${PROJECT_SOURCE_DIR}/src/${name}/*.h")
    if(NOT sources MATCHES "\\.c(;|$)")
        return()
    endif()
    add_library(motet_${name} OBJECT ${sources})
    motet_compile(motet_${name})
    target_link_libraries(motet_${name} PRIVATE ${ARGN})
endfunction()

# What the library's own sources are compiled with.
function(motet_compile target)
    target_compile_definitions(${target} PRIVATE MOTET_BUILD)
    target_include_directories(${target}
        PUBLIC "$<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>" "$<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>"
        PRIVATE "${PROJECT_SOURCE_DIR}/src")
    target_link_libraries(${target} PRIVATE "$<BUILD_INTERFACE:motet_flags>" Threads::Threads)
endfunction()

# motet_library(TARGET KIND FILE LAYER...): a library of some layers and the list of adapters in src/adapters/FILE.
function(motet_library target kind adapters)
    set(objects "")
    foreach(layer IN LISTS ARGN)
        if(TARGET motet_${layer})
            list(APPEND objects "$<TARGET_OBJECTS:motet_${layer}>")
        endif()
    endforeach()
    file(GLOB adapter_list CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/src/adapters/${adapters}")
    add_library(${target} ${kind} ${adapter_list} ${objects})
    motet_compile(${target})
    target_link_libraries(${target} PRIVATE "$<$<BOOL:${MOTET_HAVE_LIBM}>:m>")
    set_target_properties(${target} PROPERTIES
        ARCHIVE_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}"
        LIBRARY_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}"
        RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}")
endfunction()

find_library(MOTET_LIBM m)
mark_as_advanced(MOTET_LIBM)
if(MOTET_LIBM)
    set(MOTET_HAVE_LIBM ON)
endif()

# The kernels of a SIMD level, src/dsp/*_LEVEL.c, are compiled for its instructions, and nothing else is: the engine
# asks the machine which level it can run. -O3 is for loops over a few vectors, which it unrolls; what -mavx512f brings
# along, fused multiply-adds among it, -ffp-contract=off keeps out.
function(motet_simd_level level)
    file(GLOB sources CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/src/dsp/*_${level}.c")
    set_source_files_properties(${sources} PROPERTIES COMPILE_OPTIONS "${ARGN};$<$<CONFIG:RelWithDebInfo>:-O3>")
endfunction()
check_c_source_compiles("
    #if !defined(__x86_64__) && !defined(__i386__)
    #error not x86
    #endif
    int main(void) { return 0; }" MOTET_TARGET_X86)
if(MOTET_TARGET_X86)
    motet_simd_level(sse2 -msse2)
    motet_simd_level(avx2 -mavx2)
    motet_simd_level(avx512 -mavx512f -mavx512bw -mavx512dq -mavx512vl)
else()
    motet_simd_level(neon "")
endif()

set(core_layers base dsp effects space engine)
set(adapter_layers decode device)

foreach(layer IN LISTS core_layers)
    motet_layer(${layer})
endforeach()

# The effects' loops are short and run for every frame: -O3 unrolls and vectorises them, which changes no bit.
set_source_files_properties("${PROJECT_SOURCE_DIR}/src/dsp/oversample.c" PROPERTIES
    COMPILE_OPTIONS "$<$<CONFIG:RelWithDebInfo>:-O3>")
if(TARGET motet_effects)
    target_compile_options(motet_effects PRIVATE "$<$<CONFIG:RelWithDebInfo>:-O3>")
endif()

motet_library(motet_core_static STATIC core.c ${core_layers})
set_target_properties(motet_core_static PROPERTIES OUTPUT_NAME motet_core EXPORT_NAME core)
add_library(motet::core ALIAS motet_core_static)

if(MOTET_ADAPTERS)
    find_package(PkgConfig REQUIRED)
    set(missing "")
    pkg_check_modules(SNDFILE IMPORTED_TARGET sndfile)
    pkg_check_modules(VORBISFILE IMPORTED_TARGET vorbisfile)
    pkg_check_modules(MPG123 IMPORTED_TARGET libmpg123)
    pkg_check_modules(SDL2 sdl2)
    foreach(part IN ITEMS "SNDFILE libsndfile1-dev" "VORBISFILE libvorbis-dev" "MPG123 libmpg123-dev"
            "SDL2 libsdl2-dev")
        string(REPLACE " " ";" part "${part}")
        list(GET part 0 prefix)
        if(NOT ${prefix}_FOUND)
            list(GET part 1 package)
            string(APPEND missing " ${package}")
        endif()
    endforeach()
    if(missing)
        message(FATAL_ERROR "motet::motet needs (as Debian names them):${missing}. Install them, on Debian with "
            "scripts/setup, or build the core alone with -DMOTET_ADAPTERS=OFF.")
    endif()

    set(decoder_libraries PkgConfig::SNDFILE PkgConfig::VORBISFILE PkgConfig::MPG123)
    motet_layer(decode ${decoder_libraries})
    if(TARGET motet_decode)
        # What `motet version` names: two of the libraries do not tell a program their version in a plain form.
        target_compile_definitions(motet_decode PRIVATE MOTET_SNDFILE_VERSION="${SNDFILE_VERSION}"
            MOTET_VORBIS_VERSION="${VORBISFILE_VERSION}" MOTET_MPG123_VERSION="${MPG123_VERSION}")
    endif()
    motet_layer(device)
    if(TARGET motet_device)
        # SDL's headers only: the library is opened at run time, so that a program starts where it is missing.
        target_include_directories(motet_device SYSTEM PRIVATE ${SDL2_INCLUDE_DIRS})
    endif()

    motet_library(motet_static STATIC full.c ${core_layers} ${adapter_layers})
    target_link_libraries(motet_static PRIVATE ${decoder_libraries} ${CMAKE_DL_LIBS})
    set_target_properties(motet_static PROPERTIES OUTPUT_NAME motet EXPORT_NAME static)
    add_library(motet::static ALIAS motet_static)

    if(MOTET_SHARED)
        motet_library(motet_shared SHARED full.c ${core_layers} ${adapter_layers})
        target_link_libraries(motet_shared PRIVATE ${decoder_libraries} ${CMAKE_DL_LIBS})
        set_target_properties(motet_shared PROPERTIES OUTPUT_NAME motet EXPORT_NAME motet
            VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR})
        if(NOT APPLE AND NOT MOTET_SANITIZE)
            target_link_options(motet_shared PRIVATE -Wl,--no-undefined)
        endif()
        add_library(motet::motet ALIAS motet_shared)
    else()
        add_library(motet::motet ALIAS motet_static)
    endif()
endif()
