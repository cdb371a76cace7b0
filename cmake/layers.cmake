# The dependency rule, as data. Enforced twice: on links here, at configure time, and on #includes by
# tests/tools/check_layers.py, which reads the same lines. facade/main.cpp alone may see adapters.
set(UNDERPIN_LAYERS
  "contracts        :"
  "transport        : contracts"
  "mapping          : contracts"
  "cutover          : contracts"
  "parity           : contracts"
  "legacy-adapters  : contracts transport mapping"
  "cloud-adapters   : contracts transport mapping"
  "facade           : contracts transport mapping cutover parity")

# underpin_library(<target> LAYER <layer> [SOURCES <files>|FOLDER <folders>] [DEPENDS <our targets>]
#                  [EXTERNAL <foreign targets>])
# FOLDER takes every .cpp directly in the named folders (relative to the root), except main.cpp.
function(underpin_library target)
  cmake_parse_arguments(ARG "" "LAYER" "SOURCES;FOLDER;DEPENDS;EXTERNAL" ${ARGN})
  foreach(folder IN LISTS ARG_FOLDER)
    file(GLOB found CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/${folder}/*.cpp)
    list(FILTER found EXCLUDE REGEX "/main\\.cpp$")
    list(APPEND ARG_SOURCES ${found})
  endforeach()
  if(NOT ARG_SOURCES)
    file(WRITE ${CMAKE_BINARY_DIR}/empty_${target}.cpp "")
    set(ARG_SOURCES ${CMAKE_BINARY_DIR}/empty_${target}.cpp)
  endif()
  add_library(${target} STATIC ${ARG_SOURCES})
  target_include_directories(${target} PUBLIC ${PROJECT_SOURCE_DIR})
  set_target_properties(${target} PROPERTIES UNDERPIN_LAYER ${ARG_LAYER})
  foreach(dependency IN LISTS ARG_DEPENDS)
    get_target_property(to ${dependency} UNDERPIN_LAYER)
    underpin_check_edge(${target} ${ARG_LAYER} ${dependency} ${to})
  endforeach()
  target_link_libraries(${target} PUBLIC ${ARG_DEPENDS} PRIVATE ${ARG_EXTERNAL})
endfunction()

function(underpin_check_edge target from dependency to)
  if(from STREQUAL to)
    return()
  endif()
  foreach(line IN LISTS UNDERPIN_LAYERS)
    string(REGEX MATCHALL "[a-z-]+" words "${line}")
    list(POP_FRONT words layer)
    if(layer STREQUAL from AND to IN_LIST words)
      return()
    endif()
  endforeach()
  message(FATAL_ERROR
    "${target} (${from}) may not depend on ${dependency} (${to}); see cmake/layers.cmake")
endfunction()

# An adapter folder is complete by itself: this one call builds and registers it.
# underpin_adapter(<name> [DEPENDS <our targets>] [EXTERNAL <foreign targets>] [PROFILE_TOOLS])
# PROFILE_TOOLS: it has `ProfileTools <name>_tools()` (contracts/ports/profile_tools.h).
function(underpin_adapter name)
  cmake_parse_arguments(ARG "PROFILE_TOOLS" "" "DEPENDS;EXTERNAL" ${ARGN})
  if(ARG_PROFILE_TOOLS)
    set_property(GLOBAL APPEND PROPERTY UNDERPIN_PROFILE_TOOLS ${name})
  endif()
  get_filename_component(family ${CMAKE_CURRENT_SOURCE_DIR} DIRECTORY)
  get_filename_component(family ${family} NAME)
  underpin_library(adapter_${name} LAYER ${family} FOLDER ${family}/${name}
    DEPENDS contracts contracts_json mapping transport ${ARG_DEPENDS} EXTERNAL ${ARG_EXTERNAL})
  # Mapping files and the schema of the settings are compiled in: the executable stands alone.
  file(GLOB data CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/mapping/*.json
    ${CMAKE_CURRENT_SOURCE_DIR}/settings.schema.json ${CMAKE_CURRENT_SOURCE_DIR}/features.json)
  underpin_embed(adapter_${name} ${name} ${data})
  # What its answers depend on: its code, its mapping, its code tables, what reads and writes them, the
  # protocols below it and the contracts that it fills.
  file(GLOB_RECURSE parts CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cpp
    ${CMAKE_CURRENT_SOURCE_DIR}/*.h ${CMAKE_CURRENT_SOURCE_DIR}/*.json
    ${CMAKE_CURRENT_SOURCE_DIR}/../transport/*.cpp ${CMAKE_CURRENT_SOURCE_DIR}/../transport/*.h
    ${PROJECT_SOURCE_DIR}/mapping/*.cpp ${PROJECT_SOURCE_DIR}/mapping/*.h
    ${PROJECT_SOURCE_DIR}/transport/*.cpp ${PROJECT_SOURCE_DIR}/transport/*.h
    ${PROJECT_SOURCE_DIR}/contracts/*.cpp ${PROJECT_SOURCE_DIR}/contracts/*.h)
  underpin_fingerprint(adapter_${name} ${name} ${parts})
  set_property(GLOBAL APPEND PROPERTY UNDERPIN_ADAPTERS ${name})
endfunction()

# underpin_embed(<target> <group> <files>...): std::string_view underpin::embedded::<group>(name),
# the text of the file with that file name, or empty. Declare it where it is used.
function(underpin_embed target group)
  set(output ${CMAKE_CURRENT_BINARY_DIR}/embedded_${group}.cpp)
  add_custom_command(OUTPUT ${output}
    COMMAND ${CMAKE_COMMAND} -DOUTPUT=${output} -DGROUP=${group} "-DFILES=${ARGN}"
            -P ${PROJECT_SOURCE_DIR}/cmake/embed.cmake
    DEPENDS ${ARGN} ${PROJECT_SOURCE_DIR}/cmake/embed.cmake
    VERBATIM)
  target_sources(${target} PRIVATE ${output})
endfunction()

# underpin_fingerprint(<target> <name> <files>...): std::string_view
# underpin::fingerprint::<name>(), one SHA-256 over the files. Declare it where it is used.
function(underpin_fingerprint target name)
  set(output ${CMAKE_CURRENT_BINARY_DIR}/fingerprint_${name}.cpp)
  add_custom_command(OUTPUT ${output}
    COMMAND ${CMAKE_COMMAND} -DOUTPUT=${output} -DNAME=${name} "-DFILES=${ARGN}"
            -DROOT=${PROJECT_SOURCE_DIR} -P ${PROJECT_SOURCE_DIR}/cmake/fingerprint.cmake
    DEPENDS ${ARGN} ${PROJECT_SOURCE_DIR}/cmake/fingerprint.cmake
    VERBATIM)
  target_sources(${target} PRIVATE ${output})
endfunction()

# Plain calls, no static initializers: a linker drops self-registering objects from static libraries.
function(underpin_generate_registry output)
  get_property(names GLOBAL PROPERTY UNDERPIN_ADAPTERS)
  set(text "#include \"facade/registered_adapters.h\"\nnamespace underpin {\n")
  foreach(name IN LISTS names)
    string(APPEND text
      "Result<std::unique_ptr<ErpAdapter>> make_${name}_adapter(const AdapterSettings&);\n")
    string(APPEND text "namespace embedded { std::string_view ${name}(std::string_view); }\n")
    string(APPEND text "namespace fingerprint { std::string_view ${name}(); }\n")
  endforeach()
  string(APPEND text "AdapterRegistry registered_adapters() {\n  return {\n")
  foreach(name IN LISTS names)
    string(APPEND text "    {\"${name}\", make_${name}_adapter},\n")
  endforeach()
  string(APPEND text "  };\n}\n")
  string(APPEND text
    "std::string_view adapter_settings_schema([[maybe_unused]] std::string_view adapter) {\n")
  foreach(name IN LISTS names)
    string(APPEND text
      "  if (adapter == \"${name}\") return embedded::${name}(\"settings.schema.json\");\n")
  endforeach()
  string(APPEND text "  return {};\n}\n")
  string(APPEND text
    "std::string_view adapter_fingerprint([[maybe_unused]] std::string_view adapter) {\n")
  foreach(name IN LISTS names)
    string(APPEND text "  if (adapter == \"${name}\") return fingerprint::${name}();\n")
  endforeach()
  string(APPEND text "  return {};\n}\n")
  string(APPEND text
    "std::string_view adapter_features([[maybe_unused]] std::string_view adapter) {\n")
  foreach(name IN LISTS names)
    string(APPEND text
      "  if (adapter == \"${name}\") return embedded::${name}(\"features.json\");\n")
  endforeach()
  string(APPEND text "  return {};\n}\n")
  get_property(profiles GLOBAL PROPERTY UNDERPIN_PROFILE_TOOLS)
  foreach(name IN LISTS profiles)
    string(APPEND text "ProfileTools ${name}_tools();\n")
  endforeach()
  string(APPEND text "std::vector<ProfileTools> registered_profile_tools() {\n  return {\n")
  foreach(name IN LISTS profiles)
    string(APPEND text "    ${name}_tools(),\n")
  endforeach()
  string(APPEND text "  };\n}\n}  // namespace underpin\n")
  file(CONFIGURE OUTPUT ${output} CONTENT "${text}" @ONLY)
endfunction()
