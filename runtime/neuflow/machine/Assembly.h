// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Programs as text, one line per word; docs/neuflow.md "Assembly". What disassemble() writes, assemble() reads back as
// the same program, whatever its words are.
#ifndef CNN_RUNTIME_NEUFLOW_MACHINE_ASSEMBLY_H
#define CNN_RUNTIME_NEUFLOW_MACHINE_ASSEMBLY_H

#include "runtime/neuflow/machine/Container.h"

namespace cnn::neuflow {

std::string disassemble(const Program &program);

// An error begins with the line: "line 7: ...".
Result<Program> assemble(std::string_view text);

// A raw image as a program: its text is the image from 64 kB on, or all of it if something stands before.
Result<Program> programOfImage(std::string_view image, const Target &target);

} // namespace cnn::neuflow
#endif
