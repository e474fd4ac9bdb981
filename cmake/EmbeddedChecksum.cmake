# cmake -DOUTPUT=FILE.h -DINPUTS=a;b -P EmbeddedChecksum.cmake: a declaration that changes with the files.
#
# A source that #embeds them includes it: compiler caches do not see what #embed reads, and would answer with an object of
# older files.
set(sums "")
foreach(input ${INPUTS})
  file(SHA256 ${input} sum)
  string(APPEND sums "${sum}")
endforeach()
string(SHA256 sum "${sums}")
file(WRITE ${OUTPUT} "extern const char cnnEmbedded${sum};\n")
