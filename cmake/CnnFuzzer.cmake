# cnn_add_fuzzer(NAME SOURCES sources... CORPUS dirs... [MLIR] LINK libs...)
#
# A fuzz target: a source with LLVMFuzzerTestOneInput. In the `fuzz` preset it is a libFuzzer program, run by hand:
#
#   build-fuzz/bin/NAME -max_total_time=600 [-dict=FILE] NEW_CORPUS_DIR CORPUS_DIR
#
# In every preset the committed corpus is replayed as the ctest test NAME.
function(cnn_add_fuzzer name)
  cmake_parse_arguments(ARG "MLIR" "" "SOURCES;CORPUS;LINK" ${ARGN})
  set(main ${CMAKE_SOURCE_DIR}/test/support/ReplayFuzzer.cpp)
  set(mlir)
  if(ARG_MLIR)
    set(mlir MLIR)
  endif()
  if(CNN_SANITIZE MATCHES "fuzzer")
    set(main)
  endif()
  cnn_add_tool(${name} SOURCES ${ARG_SOURCES} ${main} LINK ${ARG_LINK} ${mlir})
  if(CNN_SANITIZE MATCHES "fuzzer")
    target_link_options(${name} PRIVATE -fsanitize=fuzzer)
    list(TRANSFORM ARG_CORPUS APPEND "/*" OUTPUT_VARIABLE patterns)
    file(GLOB_RECURSE corpus CONFIGURE_DEPENDS ${patterns})
    add_test(NAME ${name} COMMAND ${name} -close_fd_mask=1 ${corpus})
  else()
    add_test(NAME ${name} COMMAND ${name} ${ARG_CORPUS})
  endif()
  set_tests_properties(${name} PROPERTIES LABELS fuzz TIMEOUT 300)
endfunction()
