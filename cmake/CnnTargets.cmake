# cnn_add_library(NAME SOURCES... [MLIR])
#
# A static library `cnn_NAME`, alias `cnn::NAME`, one per folder. With MLIR it is compiled against libMLIR and the
# precompiled MLIR headers. Includes are rooted at the source tree and, for generated files, at the build tree.
function(cnn_add_library name)
  cmake_parse_arguments(ARG "MLIR" "" "SOURCES" ${ARGN})
  add_library(cnn_${name} STATIC ${ARG_SOURCES})
  add_library(cnn::${name} ALIAS cnn_${name})
  cnn_target_defaults(cnn_${name} ${ARG_MLIR})
endfunction()

if(CNN_SANITIZE MATCHES "address")
  add_library(cnn_sanitizer_options OBJECT ${CMAKE_SOURCE_DIR}/cmake/SanitizerOptions.c)
endif()

# cnn_add_tool(NAME SOURCES... [MLIR] LINK libs...): an executable in bin/.
function(cnn_add_tool name)
  cmake_parse_arguments(ARG "MLIR" "" "SOURCES;LINK" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  # As the libraries are compiled, so that the precompiled headers fit (CMake says -fPIE to executables).
  set_target_properties(${name} PROPERTIES POSITION_INDEPENDENT_CODE OFF)
  target_compile_options(${name} PRIVATE -fPIC)
  cnn_target_defaults(${name} ${ARG_MLIR})
  target_link_libraries(${name} PRIVATE ${ARG_LINK})
  if(CNN_SANITIZE MATCHES "address")
    target_link_libraries(${name} PRIVATE cnn_sanitizer_options)
  endif()
endfunction()

# cnn_add_gtest(NAME SOURCES... [MLIR] LINK libs...): a GoogleTest executable, registered as one ctest test.
function(cnn_add_gtest name)
  cmake_parse_arguments(ARG "MLIR" "" "SOURCES;LINK" ${ARGN})
  cnn_add_tool(${name} SOURCES ${ARG_SOURCES} LINK ${ARG_LINK} GTest::gtest_main)
  if(ARG_MLIR)
    cnn_use_mlir(${name})
  endif()
  add_test(NAME ${name} COMMAND ${name})
endfunction()

function(cnn_target_defaults target mlir)
  target_include_directories(${target} PUBLIC ${CMAKE_SOURCE_DIR} ${CMAKE_BINARY_DIR})
  if(mlir)
    cnn_use_mlir(${target})
  endif()
endfunction()

function(cnn_use_mlir target)
  target_include_directories(${target} SYSTEM PUBLIC ${MLIR_INCLUDE_DIRS} ${LLVM_INCLUDE_DIRS})
  target_link_libraries(${target} PUBLIC MLIR LLVM)
  target_precompile_headers(${target} REUSE_FROM cnn_mlir_headers)
endfunction()

# The headers nearly every MLIR source needs, parsed once (an MLIR file compiles three times faster with them).
file(WRITE ${CMAKE_BINARY_DIR}/mlir_headers.cpp "")
add_library(cnn_mlir_headers STATIC ${CMAKE_BINARY_DIR}/mlir_headers.cpp)
target_include_directories(cnn_mlir_headers SYSTEM PUBLIC ${MLIR_INCLUDE_DIRS} ${LLVM_INCLUDE_DIRS})
target_precompile_headers(cnn_mlir_headers PRIVATE
  <mlir/Dialect/Arith/IR/Arith.h>
  <mlir/Dialect/Func/IR/FuncOps.h>
  <mlir/IR/Builders.h>
  <mlir/IR/BuiltinOps.h>
  <mlir/IR/BuiltinTypes.h>
  <mlir/IR/Dialect.h>
  <mlir/IR/PatternMatch.h>
  <mlir/Interfaces/InferTypeOpInterface.h>
  <mlir/Interfaces/SideEffectInterfaces.h>
  <mlir/Pass/Pass.h>
  <mlir/Pass/PassManager.h>
  <mlir/Transforms/DialectConversion.h>)
