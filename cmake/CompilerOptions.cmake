# Warnings, sanitizers and ccache, for every target.

set(CNN_SANITIZE "" CACHE STRING "Sanitizers, as in -fsanitize=")

find_program(CCACHE ccache)
if(CCACHE)
  # Precompiled headers need time stamps to be ignored; build folders may differ.
  set(launcher ${CMAKE_COMMAND} -E env CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=1
    CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime ${CCACHE})
  set(CMAKE_C_COMPILER_LAUNCHER ${launcher})
  set(CMAKE_CXX_COMPILER_LAUNCHER ${launcher})
endif()

add_compile_options(-Wall -Wextra -Wno-unused-parameter)
add_compile_options($<$<CXX_COMPILER_ID:Clang>:-fcolor-diagnostics>)
add_compile_options($<$<COMPILE_LANG_AND_ID:CXX,Clang>:-Xclang> $<$<COMPILE_LANG_AND_ID:CXX,Clang>:-fno-pch-timestamp>)
# LLVM is built with run-time type information and without exceptions.
add_compile_options($<$<COMPILE_LANGUAGE:CXX>:-fno-exceptions>)
add_link_options($<$<CXX_COMPILER_ID:Clang>:-fuse-ld=lld>)

if(CNN_SANITIZE)
  # UBSan's vptr check needs type information for classes defined inside libLLVM; it does not reach our own code.
  add_compile_options(-fsanitize=${CNN_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all -fno-sanitize=vptr)
  string(REPLACE "fuzzer-no-link," "" link_sanitize ${CNN_SANITIZE})
  add_link_options(-fsanitize=${link_sanitize} -fno-sanitize=vptr)
endif()
