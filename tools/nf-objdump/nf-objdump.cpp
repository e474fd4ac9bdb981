// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// nf-objdump [--raw [--target NAME|FILE.json]] PROGRAM.nfb
//
// Prints a NeuFlow program as the text from which nf-as makes the same file again. With --raw the file is a historic
// image of memory. "-" is the standard input. The exit code is 0, or 1 if the file is wrong, or 2 for wrong usage.
#include "runtime/neuflow/machine/Assembly.h"
#include "tools/neuflow/Files.h"

#include <cstdio>
#include <string_view>

using namespace cnn::neuflow;

static int usage() {
  std::fputs("usage: nf-objdump [--raw [--target NAME|FILE.json]] PROGRAM.nfb\n", stderr);
  return 2;
}

int main(int count, char **arguments) {
  bool raw = false;
  std::string input, targetName;
  for (int i = 1; i < count; ++i) {
    std::string_view argument = arguments[i];
    if (argument == "--raw")
      raw = true;
    else if (argument == "--target" && i + 1 < count && targetName.empty())
      targetName = arguments[++i];
    else if ((argument == "-" || !argument.starts_with("-")) && input.empty())
      input = argument;
    else
      return usage();
  }
  if (input.empty() || (!raw && !targetName.empty()))
    return usage();
  std::string bytes;
  if (!readFile(input, bytes))
    return failTool("nf-objdump", "cannot read " + input);
  Result<Program> program = Error{""};
  if (raw) {
    if (targetName.empty())
      targetName = "neuflow-ml605";
    std::string json;
    bool isFile = targetName.ends_with(".json");
    if (isFile && !readFile(targetName, json))
      return failTool("nf-objdump", "cannot read " + targetName);
    Result<Target> target = isFile ? parseTarget(json) : presetTarget(targetName);
    if (!target)
      return failTool("nf-objdump", (isFile ? targetName + ": " : "") + target.message());
    program = programOfImage(bytes, *target);
  } else
    program = readContainer(bytes);
  if (!program)
    return failTool("nf-objdump", input + ": " + program.message());
  return writeFile("-", disassemble(*program)) ? 0 : failTool("nf-objdump", "cannot write the standard output");
}
