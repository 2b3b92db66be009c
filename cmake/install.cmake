# Install rules, find_package(motet) and pkg-config. The static library has export files of its own, because only its
# users need the decoders' development files.
include(CMakePackageConfigHelpers)

set(package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/motet")
set(MOTET_EXPORTS core)

install(DIRECTORY include/motet TYPE INCLUDE FILES_MATCHING PATTERN "*.h")
install(TARGETS motet_core_static EXPORT motet-core)
if(MOTET_ADAPTERS)
    if(MOTET_SHARED)
        install(TARGETS motet_shared EXPORT motet-shared)
        list(APPEND MOTET_EXPORTS shared)
    endif()
    install(TARGETS motet_static EXPORT motet-static)
    list(APPEND MOTET_EXPORTS static)
    if(TARGET motet_tool)
        install(TARGETS motet_tool)
    endif()

    # Paths in the file are relative to its own place, so that the installed tree can be moved.
    file(RELATIVE_PATH MOTET_PC_PREFIX "/p/${CMAKE_INSTALL_LIBDIR}/pkgconfig" "/p")
    configure_file(cmake/motet.pc.in motet.pc @ONLY)
    install(FILES "${PROJECT_BINARY_DIR}/motet.pc" DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig")
endif()
foreach(export IN LISTS MOTET_EXPORTS)
    install(EXPORT motet-${export} NAMESPACE motet:: FILE motet-${export}.cmake DESTINATION "${package_dir}")
endforeach()

configure_package_config_file(cmake/motet-config.cmake.in motet-config.cmake INSTALL_DESTINATION "${package_dir}")
# Until 1.0 a minor version may change the interface.
write_basic_package_version_file(motet-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES "${PROJECT_BINARY_DIR}/motet-config.cmake" "${PROJECT_BINARY_DIR}/motet-config-version.cmake"
    DESTINATION "${package_dir}")
install(FILES LICENSE README.md CHANGELOG.md TYPE DOC OPTIONAL)
