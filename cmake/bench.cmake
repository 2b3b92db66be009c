# Programs that measure; built when they are asked for.
add_executable(motet_purity EXCLUDE_FROM_ALL "${PROJECT_SOURCE_DIR}/bench/purity.c")
target_link_libraries(motet_purity PRIVATE motet_flags motet::core "$<$<BOOL:${MOTET_HAVE_LIBM}>:m>")
set_target_properties(motet_purity PROPERTIES OUTPUT_NAME purity RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/bench")

if(TARGET motet_lint)
    add_executable(motet_clicks EXCLUDE_FROM_ALL "${PROJECT_SOURCE_DIR}/bench/clicks.c")
    target_link_libraries(motet_clicks PRIVATE motet_flags motet_lint motet::core "$<$<BOOL:${MOTET_HAVE_LIBM}>:m>")
    set_target_properties(motet_clicks PROPERTIES
        OUTPUT_NAME clicks RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/bench")
endif()
