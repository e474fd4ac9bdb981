# cmake -DFOLDER=dir -DCLASS=name -DOUTPUT=FILE -P JoinVerilated.cmake: one source that includes all that Verilator wrote for
# a class; which files those are depends on the design.
file(GLOB sources RELATIVE ${FOLDER} ${FOLDER}/${CLASS}*.cpp)
list(SORT sources)
set(text "")
foreach(source ${sources})
  if(NOT source MATCHES "__translated.cpp$")
    string(APPEND text "#include \"${source}\"\n")
  endif()
endforeach()
file(WRITE ${OUTPUT} "${text}")
