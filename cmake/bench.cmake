# Programs that measure; built when they are asked for.
foreach(name purity loops voices)
    add_executable(motet_${name} EXCLUDE_FROM_ALL "${PROJECT_SOURCE_DIR}/bench/${name}.c")
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
