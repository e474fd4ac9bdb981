# Hardware: Verilog of backends/neuflow/rtl, made into C++ by Verilator for tests.

find_program(VERILATOR verilator REQUIRED)
find_program(YOSYS yosys REQUIRED)
get_filename_component(VERILATOR_INCLUDE ${VERILATOR}/../../share/verilator/include ABSOLUTE)
set(CNN_RTL_DIR ${CMAKE_SOURCE_DIR}/backends/neuflow/rtl)
file(GLOB CNN_RTL_FILES CONFIGURE_DEPENDS ${CNN_RTL_DIR}/*.v)
# The constants of each machine.
set(CNN_RTL_TARGETS)
file(GLOB targets CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/runtime/neuflow/machine/targets/*.json)
foreach(target ${targets})
  get_filename_component(name ${target} NAME_WE)
  list(APPEND CNN_RTL_TARGETS ${CMAKE_BINARY_DIR}/runtime/neuflow/machine/${name}.vh)
endforeach()

# What all translated modules share.
function(cnn_add_verilated_runtime)
  add_library(cnn_verilated STATIC
    ${VERILATOR_INCLUDE}/verilated.cpp
    ${VERILATOR_INCLUDE}/verilated_threads.cpp
    ${VERILATOR_INCLUDE}/verilated_vcd_c.cpp)
  target_include_directories(cnn_verilated SYSTEM PUBLIC ${VERILATOR_INCLUDE} ${VERILATOR_INCLUDE}/vltstd)
  target_compile_definitions(cnn_verilated PUBLIC VM_COVERAGE=0 VM_SC=0 VM_TRACE=1 VM_TRACE_VCD=1 VM_TRACE_FST=0)
  target_compile_options(cnn_verilated PRIVATE -w)
  target_link_libraries(cnn_verilated PUBLIC Threads::Threads)
endfunction()

# cnn_verilate(TARGET MODULE [CLASS name] [MACHINE name] [SMALL] [PARAMETERS K=3 ...]): compiles the module into TARGET as
# the class VMODULE, or as CLASS, whose header is "CLASS.h"; with the constants of a machine, and, for large designs, without
# waveforms and with little optimization. One translation unit, because that compiles fastest.
function(cnn_verilate target module)
  cmake_parse_arguments(ARG "SMALL" "CLASS;MACHINE" "PARAMETERS" ${ARGN})
  set(constants)
  if(ARG_MACHINE)
    set(constants ${CMAKE_BINARY_DIR}/runtime/neuflow/machine/${ARG_MACHINE}.vh)
  endif()
  set(trace --trace)
  set(options -w)
  if(ARG_SMALL)
    set(trace)
    set(options -w -O1)
  endif()
  if(NOT ARG_CLASS)
    set(ARG_CLASS V${module})
  endif()
  set(folder ${CMAKE_CURRENT_BINARY_DIR}/verilated/${target}/${ARG_CLASS})
  set(source ${folder}/${ARG_CLASS}__translated.cpp)
  list(TRANSFORM ARG_PARAMETERS PREPEND -G OUTPUT_VARIABLE parameters)
  add_custom_command(
    OUTPUT ${source}
    COMMAND ${VERILATOR} --cc ${trace} --no-timing -Wall -O3 --top-module ${module} --prefix ${ARG_CLASS} --Mdir ${folder}
      ${parameters} -y ${CNN_RTL_DIR} ${constants} ${CNN_RTL_DIR}/${module}.v
    COMMAND ${CMAKE_COMMAND} -DFOLDER=${folder} -DCLASS=${ARG_CLASS} -DOUTPUT=${source}
      -P ${CMAKE_SOURCE_DIR}/cmake/JoinVerilated.cmake
    DEPENDS ${CNN_RTL_FILES} ${constants} ${CMAKE_SOURCE_DIR}/cmake/JoinVerilated.cmake
    COMMENT "Translating ${module} for ${target}"
    VERBATIM)
  set_source_files_properties(${source} PROPERTIES COMPILE_OPTIONS "${options}" SKIP_PRECOMPILE_HEADERS ON)
  target_sources(${target} PRIVATE ${source})
  target_include_directories(${target} SYSTEM PRIVATE ${folder})
  target_link_libraries(${target} PRIVATE cnn_verilated)
endfunction()
