# Typed C++ from WSDL at build time.

set(UNDERPIN_GSOAP_FOLDER ${CMAKE_CURRENT_LIST_DIR})

function(underpin_find_gsoap)
  find_program(WSDL2H wsdl2h REQUIRED)
  find_program(SOAPCPP2 soapcpp2 REQUIRED)
  find_library(GSOAP_LIBRARY gsoap++ REQUIRED)
endfunction()

# Target gsoap_runtime: the library, and the SOAP header and fault that it expects to be generated.
function(underpin_gsoap_runtime)
  underpin_find_gsoap()
  set(folder ${CMAKE_CURRENT_BINARY_DIR}/gsoap)
  file(MAKE_DIRECTORY ${folder})
  file(CONFIGURE OUTPUT ${folder}/env.h CONTENT "")
  file(CONFIGURE OUTPUT ${folder}/namespaces.cpp CONTENT "#include \"soap.nsmap\"\n")
  add_custom_command(OUTPUT ${folder}/envC.cpp ${folder}/soap.nsmap
    COMMAND ${SOAPCPP2} -c++11 -C -L -w -x -1 -penv -d${folder} ${folder}/env.h > ${folder}/env.log
    DEPENDS ${folder}/env.h WORKING_DIRECTORY ${folder} VERBATIM)
  add_library(gsoap_runtime STATIC ${folder}/envC.cpp ${folder}/namespaces.cpp ${folder}/soap.nsmap)
  target_include_directories(gsoap_runtime PRIVATE ${folder})
  target_compile_options(gsoap_runtime PRIVATE -w -O1)
  target_link_libraries(gsoap_runtime PUBLIC ${GSOAP_LIBRARY})
  # The library calls back into what was generated; a linker takes nothing out of an archive for a
  # shared library that it meets later, unless it is told that it is needed.
  target_link_options(gsoap_runtime INTERFACE
    "LINKER:-u,_Z13soap_getfaultP4soap" "LINKER:-u,namespaces")
  set_target_properties(gsoap_runtime PROPERTIES UNDERPIN_LAYER legacy-adapters)
endfunction()

# underpin_gsoap_service(<prefix> <wsdl> <typemap>): target gsoap_<prefix>, with <prefix>H.h (types and
# serialisers in namespace <prefix>) and <prefix>_members.h (each_member() of every type).
function(underpin_gsoap_service prefix wsdl typemap)
  underpin_find_gsoap()
  set(folder ${CMAKE_CURRENT_BINARY_DIR}/gsoap_${prefix})
  file(MAKE_DIRECTORY ${folder})
  set(header ${folder}/${prefix}.h)
  add_custom_command(
    OUTPUT ${folder}/${prefix}C.cpp ${folder}/${prefix}H.h ${folder}/${prefix}Stub.h
           ${folder}/${prefix}.nsmap ${folder}/${prefix}_members.h
    COMMAND ${WSDL2H} -c++11 -P -x -L -W -t${typemap} -o${header} ${wsdl} 2> ${folder}/wsdl2h.log
    COMMAND ${SOAPCPP2} -c++11 -C -L -w -x -1 -n -q${prefix} -p${prefix} -d${folder} ${header}
            > ${folder}/soapcpp2.log
    COMMAND ${CMAKE_COMMAND} -DHEADER=${header} -DPREFIX=${prefix}
            -DOUTPUT=${folder}/${prefix}_members.h -P ${UNDERPIN_GSOAP_FOLDER}/members.cmake
    DEPENDS ${wsdl} ${typemap} ${UNDERPIN_GSOAP_FOLDER}/members.cmake
    WORKING_DIRECTORY ${folder} VERBATIM)
  # gsoap_sources generates and does not compile: enough for clang-tidy.
  if(NOT TARGET gsoap_sources)
    add_custom_target(gsoap_sources)
  endif()
  add_custom_target(gsoap_sources_${prefix} DEPENDS ${folder}/${prefix}_members.h)
  add_dependencies(gsoap_sources gsoap_sources_${prefix})
  file(CONFIGURE OUTPUT ${folder}/namespaces.cpp CONTENT "#include \"${prefix}.nsmap\"\n")
  add_library(gsoap_${prefix} STATIC ${folder}/${prefix}C.cpp ${folder}/namespaces.cpp
    ${folder}/${prefix}.nsmap ${folder}/${prefix}_members.h)
  target_include_directories(gsoap_${prefix} SYSTEM PUBLIC ${folder})
  target_compile_options(gsoap_${prefix} PRIVATE -w -O1)
  target_link_libraries(gsoap_${prefix} PUBLIC gsoap_runtime)
  set_target_properties(gsoap_${prefix} PROPERTIES UNDERPIN_LAYER legacy-adapters)
endfunction()
