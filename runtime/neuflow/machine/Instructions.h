// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The instructions of the control processor, docs/neuflow.md "The control processor". One table says what the fields of
// each are; the assembler, the disassembler and the simulators read it.
#ifndef CNN_RUNTIME_NEUFLOW_MACHINE_INSTRUCTIONS_H
#define CNN_RUNTIME_NEUFLOW_MACHINE_INSTRUCTIONS_H

#include "runtime/neuflow/machine/Target.h"
#include "runtime/neuflow/machine/Trap.h"

#include <span>

namespace cnn::neuflow {

enum class Opcode : uint8_t {
  writeConfig,
  getStatus,
  writeStream,
  routeStream,
  writeWord,
  readWord,
  setReg,
  jump, // "goto" in text
  add,
  control,
  bitAnd,
  bitOr,
  comp,
  shr,
  nop,
  term,
  configBurst,
};

struct Instruction {
  Opcode opcode = Opcode::nop; // any byte: a program may hold opcodes that are none
  uint8_t a1 = 0, a2 = 0, a3 = 0;
  uint32_t imm = 0;
  friend bool operator==(const Instruction &, const Instruction &) = default;
};

uint64_t encode(const Instruction &instruction);
Instruction decodeInstruction(uint64_t word);

// What a field holds. Fields that hold nothing are 0.
enum class Field { none, content, status, wait, io, type, reg, condition, mode, code, word, count, value, target };

struct InstructionForm {
  Opcode opcode;
  std::string_view name;
  Field a1, a2, a3, imm;
  bool built; // otherwise it only assembles
};

std::span<const InstructionForm> instructionForms();
// Null for a byte that is no opcode.
const InstructionForm *formOf(Opcode opcode);

// Values of fields that have names. `names` is empty for fields of numbers; a value without a name is "".
std::span<const std::string_view> namesOf(Field field);

// Values of fields, by name.
enum class Content : uint8_t { nothing, select, instruction, data };
enum class Status : uint8_t { notAddressed, idle, busy, done, primed, unconfigured, misconfigured };
enum class Condition : uint8_t { always, nonzero, zero };

// The trap that executing this instruction causes on the target, whatever the machine's state; nothing if none.
std::optional<Trap> checkInstruction(const Instruction &instruction, const Target &target);

// How many of the words after it belong to an instruction: the inline words of a burst.
inline int64_t inlineWords(const Instruction &instruction) {
  return instruction.opcode == Opcode::configBurst ? (int64_t(instruction.imm) + 1) / 2 : 0;
}

} // namespace cnn::neuflow
#endif
