# The tests, by name: tests/test_*.c are cmocka programs linked with the static library, whose internal functions
# they reach; tests/test_*.sh and .py are scripts that use what was built. Each may name its labels in its first lines:
#
#   threads     is worth running under ThreadSanitizer (which runs nothing else)
#   pulse       starts a sound server of its own: never beside another test
#   guard       preloads the interposer of tests/guard: not under a sanitizer, which has one of its own
#   project     checks the tree or the build and not the program: once is enough
include(CTest)

if(MOTET_TESTS STREQUAL OFF OR NOT BUILD_TESTING OR NOT MOTET_ADAPTERS)
    return()
endif()

pkg_check_modules(CMOCKA IMPORTED_TARGET cmocka)
if(NOT CMOCKA_FOUND)
    if(MOTET_TESTS STREQUAL AUTO)
        message(STATUS "No cmocka (libcmocka-dev): the tests are left out")
        return()
    endif()
    message(FATAL_ERROR "The tests need cmocka. Install libcmocka-dev, on Debian with scripts/setup --test.")
endif()

# motet_test_labels(FILE VARIABLE): the labels in a comment of the file's first lines: "labels: threads, pulse".
function(motet_test_labels file variable)
    file(STRINGS "${file}" lines LIMIT_COUNT 5)
    set(labels "")
    foreach(line IN LISTS lines)
        if(line MATCHES "^(/\\*|#|//) *labels: *([a-z, ]+)")
            string(REGEX MATCHALL "[a-z]+" labels "${CMAKE_MATCH_2}")
        endif()
    endforeach()
    set(${variable} "${labels}" PARENT_SCOPE)
endfunction()

# motet_register_test(NAME FILE COMMAND...): a test with the environment and the labels that all of them get.
function(motet_register_test name file)
    motet_test_labels("${file}" labels)
    add_test(NAME ${name} COMMAND ${ARGN})
    set_tests_properties(${name} PROPERTIES
        ENVIRONMENT "${test_environment}" LABELS "${labels}" TIMEOUT 300 SKIP_RETURN_CODE 77)
    if("pulse" IN_LIST labels)
        set_tests_properties(${name} PROPERTIES RUN_SERIAL ON)
    endif()
endfunction()

set(test_environment "MOTET_SOURCE=${PROJECT_SOURCE_DIR}" "MOTET_BUILD=${PROJECT_BINARY_DIR}" "CC=${CMAKE_C_COMPILER}"
    "MOTET_SANITIZE=${MOTET_SANITIZE}"
    "ASAN_OPTIONS=detect_leaks=1:abort_on_error=0:allocator_may_return_null=1"
    "LSAN_OPTIONS=suppressions=${PROJECT_SOURCE_DIR}/cmake/lsan.supp:print_suppressions=0"
    "UBSAN_OPTIONS=print_stacktrace=1"
    "TSAN_OPTIONS=halt_on_error=1:allocator_may_return_null=1")
# clang 22's runtime looks for a symbolizer of its own version, which need not be there.
find_program(MOTET_SYMBOLIZER NAMES llvm-symbolizer llvm-symbolizer-14)
mark_as_advanced(MOTET_SYMBOLIZER)
if(MOTET_SYMBOLIZER)
    list(APPEND test_environment "RTSAN_SYMBOLIZER_PATH=${MOTET_SYMBOLIZER}")
endif()
if(TARGET motet_tool)
    list(APPEND test_environment "MOTET=$<TARGET_FILE:motet_tool>")
endif()

file(GLOB guard_sources CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/tests/guard/*.c")
if(guard_sources AND NOT MOTET_SANITIZE)
    add_library(motet_guard MODULE ${guard_sources})
    target_include_directories(motet_guard PRIVATE "${PROJECT_SOURCE_DIR}/include" "${PROJECT_SOURCE_DIR}/src")
    target_link_libraries(motet_guard PRIVATE motet_flags Threads::Threads ${CMAKE_DL_LIBS})
    set_target_properties(motet_guard PROPERTIES LIBRARY_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/tests")
    list(APPEND test_environment "MOTET_GUARD=$<TARGET_FILE:motet_guard>")
endif()

file(GLOB support_sources CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/tests/support/*.[ch]")
if(support_sources MATCHES "\\.c(;|$)")
    add_library(motet_test_support STATIC ${support_sources})
    target_include_directories(motet_test_support PRIVATE "${PROJECT_SOURCE_DIR}/src" "${PROJECT_SOURCE_DIR}/tests")
    target_link_libraries(motet_test_support PRIVATE motet_flags motet_static PkgConfig::CMOCKA PkgConfig::SNDFILE)
endif()

file(GLOB test_sources CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/tests/test_*.c")
foreach(source IN LISTS test_sources)
    cmake_path(GET source STEM name)
    add_executable(${name} "${source}")
    target_include_directories(${name} PRIVATE "${PROJECT_SOURCE_DIR}/src" "${PROJECT_SOURCE_DIR}/tests")
    target_link_libraries(${name} PRIVATE motet_flags $<TARGET_NAME_IF_EXISTS:motet_test_support> motet_lint motet_static
        PkgConfig::CMOCKA PkgConfig::SNDFILE Threads::Threads ${CMAKE_DL_LIBS} m)
    set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/tests")
    motet_register_test(${name} "${source}" ${name})
endforeach()

file(GLOB test_scripts CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/tests/test_*.sh" "${PROJECT_SOURCE_DIR}/tests/test_*.py")
foreach(script IN LISTS test_scripts)
    cmake_path(GET script STEM name)
    if(script MATCHES "\\.py$")
        # Debian's own Python, which sees Debian's numpy.
        motet_register_test(${name} "${script}" /usr/bin/python3 "${script}")
    else()
        motet_register_test(${name} "${script}" bash "${script}")
    endif()
endforeach()

foreach(name IN LISTS MOTET_EXAMPLE_NAMES)
    motet_register_test(example_${name} "${PROJECT_SOURCE_DIR}/examples/${name}.c"
        bash "${PROJECT_SOURCE_DIR}/scripts/run-example" $<TARGET_FILE:example_${name}>)
endforeach()
