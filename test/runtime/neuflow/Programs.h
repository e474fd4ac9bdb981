// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Programs that several tests use.
#ifndef CNN_TEST_RUNTIME_NEUFLOW_PROGRAMS_H
#define CNN_TEST_RUNTIME_NEUFLOW_PROGRAMS_H

#include "runtime/neuflow/machine/Container.h"
#include "runtime/neuflow/machine/Instructions.h"

namespace cnn::neuflow {

// A program with something in every section.
inline Program fullProgram() {
  Program program;
  program.target = *presetTarget("neuflow-tiny");
  program.loadBase = 8192;
  program.entry = 8193;
  for (Instruction instruction : {Instruction{Opcode::nop}, Instruction{Opcode::configBurst, 1, 0, 0, 3}, Instruction{},
                                  Instruction{}, Instruction{Opcode::jump, 0, 0, 0, 8197}, Instruction{Opcode::term}})
    program.text.push_back(encode(instruction));
  program.text[2] = 0x0000'00FF'1001'0000;
  program.text[3] = 0x0000'0000'DEAD'BEEF;
  program.data = "kernels and the like";
  program.memory = {{SegmentKind::text, 65536, 48},
                    {SegmentKind::data, 67584, program.data.size()},
                    {SegmentKind::persistent, 69632, 4096},
                    {SegmentKind::managed, 73728, 900'000}};
  program.tensors = {{"image", 1, false, 3, 5, 7, 8, 69632, 8, 64}, {"score", 7, true, 10, 1, 1, 8, 73728, 1, 1}};
  program.relocations = {{2, RelocationKind::x, 7}, {3, RelocationKind::offset, 1}};
  program.passes = {{"conv1 0", 0, 3, 1000, 25'000, 300}, {"end", 4, 5, 10, 0, 0}};
  program.debug = {{0, "lenet5.cnn:3"}, {5, ""}};
  program.note = "a note";
  program.unknown = {{0x58585858, "whatever"}};
  return program;
}

} // namespace cnn::neuflow
#endif
