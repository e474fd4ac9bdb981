// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// nf-as [--raw] PROGRAM.s -o PROGRAM.nfb
//
// Assembles a NeuFlow program; --raw writes the historic image of memory instead of a container. "-" is standard input
// or output. The exit code is 0, or 1 if a file is wrong, or 2 for wrong usage.
#include "runtime/neuflow/machine/Assembly.h"
#include "tools/neuflow/Files.h"

#include <cstdio>
#include <string_view>

using namespace cnn::neuflow;

static int usage() {
  std::fputs("usage: nf-as [--raw] PROGRAM.s -o PROGRAM.nfb\n", stderr);
  return 2;
}

int main(int count, char **arguments) {
  bool raw = false;
  std::string input, output;
  for (int i = 1; i < count; ++i) {
    std::string_view argument = arguments[i];
    if (argument == "--raw")
      raw = true;
    else if (argument == "-o" && i + 1 < count && output.empty())
      output = arguments[++i];
    else if ((argument == "-" || !argument.starts_with("-")) && input.empty())
      input = argument;
    else
      return usage();
  }
  if (input.empty() || output.empty())
    return usage();
  std::string text;
  if (!readFile(input, text))
    return failTool("nf-as", "cannot read " + input);
  Result<Program> program = assemble(text);
  if (!program)
    return failTool("nf-as", input + ": " + program.message());
  if (!writeFile(output, raw ? rawImage(*program) : writeContainer(*program)))
    return failTool("nf-as", "cannot write " + output);
  return 0;
}
