// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/neuflow/machine/Instructions.h"

namespace cnn::neuflow {

namespace {

using F = Field;
constexpr InstructionForm kForms[] = {
    {Opcode::writeConfig, "writeConfig", F::content, F::none, F::none, F::word, true},
    {Opcode::getStatus, "getStatus", F::status, F::wait, F::none, F::none, true},
    {Opcode::writeStream, "writeStream", F::io, F::none, F::type, F::count, false},
    {Opcode::routeStream, "routeStream", F::io, F::io, F::type, F::count, false},
    {Opcode::writeWord, "writeWord", F::io, F::reg, F::none, F::none, false},
    {Opcode::readWord, "readWord", F::io, F::reg, F::none, F::none, false},
    {Opcode::setReg, "setReg", F::none, F::reg, F::none, F::value, true},
    {Opcode::jump, "goto", F::condition, F::reg, F::none, F::target, true},
    {Opcode::add, "add", F::reg, F::reg, F::reg, F::none, true},
    {Opcode::control, "control", F::code, F::none, F::none, F::none, false},
    {Opcode::bitAnd, "and", F::reg, F::reg, F::reg, F::none, true},
    {Opcode::bitOr, "or", F::reg, F::reg, F::reg, F::none, true},
    {Opcode::comp, "comp", F::reg, F::reg, F::reg, F::none, false},
    {Opcode::shr, "shr", F::reg, F::mode, F::reg, F::none, true},
    {Opcode::nop, "nop", F::none, F::none, F::none, F::none, true},
    {Opcode::term, "term", F::none, F::none, F::none, F::none, true},
    {Opcode::configBurst, "configBurst", F::content, F::none, F::none, F::count, true},
};

constexpr std::string_view kContents[] = {"nothing", "select", "instruction", "data"};
constexpr std::string_view kStatuses[] = {"not-addressed", "idle",         "busy",         "done",
                                          "primed",        "unconfigured", "misconfigured"};
constexpr std::string_view kIos[] = {"uart",      "uart-status", "dma", "dma-status", "ethernet", "ethernet-status",
                                     "iic",       "iic-status",  "spi", "spi-status", "gpios",    "timer",
                                     "timer-ctrl"};
constexpr std::string_view kTypes[] = {"", "uint64", "uint32", "", "uint16", "", "", "", "uint8"};
constexpr std::string_view kConditions[] = {"always", "nonzero", "zero"};
constexpr std::string_view kModes[] = {"logic", "arithmetic"};
constexpr std::string_view kRegisters[] = {"r0", "r1", "r2",  "r3",  "r4",  "r5",  "r6",  "r7",
                                           "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15"};

} // namespace

uint64_t encode(const Instruction &instruction) {
  return instruction.imm | uint64_t(instruction.a3) << 32 | uint64_t(instruction.a2) << 40 |
         uint64_t(instruction.a1) << 48 | uint64_t(static_cast<uint8_t>(instruction.opcode)) << 56;
}

Instruction decodeInstruction(uint64_t word) {
  Instruction instruction;
  instruction.imm = static_cast<uint32_t>(word);
  instruction.a3 = static_cast<uint8_t>(word >> 32);
  instruction.a2 = static_cast<uint8_t>(word >> 40);
  instruction.a1 = static_cast<uint8_t>(word >> 48);
  instruction.opcode = static_cast<Opcode>(word >> 56);
  return instruction;
}

std::span<const InstructionForm> instructionForms() { return kForms; }

const InstructionForm *formOf(Opcode opcode) {
  for (const InstructionForm &form : kForms)
    if (form.opcode == opcode)
      return &form;
  return nullptr;
}

std::span<const std::string_view> namesOf(Field field) {
  switch (field) {
  case Field::content:
    return kContents;
  case Field::status:
    return kStatuses;
  case Field::io:
    return kIos;
  case Field::type:
    return kTypes;
  case Field::reg:
    return kRegisters;
  case Field::condition:
    return kConditions;
  case Field::mode:
    return kModes;
  default:
    return {};
  }
}

std::optional<Trap> checkInstruction(const Instruction &instruction, const Target &target) {
  uint32_t opcode = static_cast<uint8_t>(instruction.opcode);
  auto refuse = [&](std::string text) { return Trap{Cause::badInstruction, opcode, std::move(text)}; };
  const InstructionForm *form = formOf(instruction.opcode);
  if (!form)
    return refuse("no instruction has opcode " + std::to_string(opcode));
  std::string name(form->name);
  if (instruction.opcode == Opcode::configBurst && !target.has(Feature::configBurst))
    return Trap{Cause::missingFeature, static_cast<uint32_t>(Feature::configBurst), "this machine has no " + name};
  if (!form->built)
    return refuse("instruction " + name + " is not built");
  const std::pair<Field, uint32_t> fields[] = {
      {form->a1, instruction.a1}, {form->a2, instruction.a2}, {form->a3, instruction.a3}, {form->imm, instruction.imm}};
  for (auto [field, value] : fields) {
    std::span<const std::string_view> names = namesOf(field);
    bool sound = field == Field::none ? value == 0
                 : names.empty()      ? true
                                      : value < names.size() && !names[value].empty();
    if (!sound)
      return refuse("instruction " + name + " has a field of " + std::to_string(value));
  }
  if (instruction.opcode == Opcode::configBurst && (instruction.imm < 1 || instruction.imm > 65535))
    return refuse("a burst of " + std::to_string(instruction.imm) + " words");
  return std::nullopt;
}

} // namespace cnn::neuflow
